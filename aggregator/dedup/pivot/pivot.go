// Package pivot turns words of any language into concepts that can be compared
// across languages: small lexicons lead to English stems, names to their
// consonants. It knows words, not texts; how texts are compared is dedup's.
//
// The lexicons are learned, by internal/gen, from open data that docs/data.md
// names.
package pivot

import (
	"embed"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"

	"communique/aggregator/dedup/pivot/internal/word"
)

// A Concept is a hash of an English stem. Equal concepts mean about the same,
// whatever language they came from.
type Concept uint32

// A Sense is what a word may mean, and how surely: P is above 0 and at most 1.
type Sense struct {
	Concept Concept
	P       float32
}

//go:generate go run ./internal/gen $SENTENCES $PACKAGES

//go:embed lexicon
var files embed.FS

var languages = []string{"en", "fr", "es", "pt", "ar", "ru", "de", "it"}

// A Lexicon is what there is to know of a language's words.
type Lexicon struct {
	functions map[string]bool
	table     *word.Table
}

// What each language has; read when its first word comes.
var lexicons = func() map[string]func() Lexicon {
	all := map[string]func() Lexicon{}
	for _, language := range languages {
		all[language] = sync.OnceValue(func() Lexicon {
			l := Lexicon{functions: word.Functions(language), table: new(word.Table)}
			in, err := files.ReadFile("lexicon/" + language + ".bin")
			if err != nil {
				return l // English, which is what the others lead to
			}
			if l.table, err = word.Decode(in); err != nil {
				panic("pivot: " + language + ": " + err.Error()) // embedded: the build is broken
			}
			return l
		})
	}
	return all
}()

// Of gives the lexicon of a language, a BCP 47 tag or empty; of one that nobody
// has learned, it is empty.
func Of(language string) Lexicon {
	if load := lexicons[base(language)]; load != nil {
		return load()
	}
	return Lexicon{table: &none}
}

var none word.Table

// base gives the language of a language tag: pt for pt-BR.
func base(language string) string {
	if i := strings.IndexByte(language, '-'); i >= 0 {
		return language[:i]
	}
	return language
}

// Senses appends what a word of a language may mean, at most three senses,
// likeliest first. The word is folded (see Fold), the language a BCP 47 tag or
// empty. A function word means nothing. A word in Latin letters that no lexicon
// knows, and a number, stand for themselves, as cognates and names do; a word in
// another script means nothing then.
func Senses(dst []Sense, language string, folded []byte) []Sense {
	dst, _ = Of(language).Meaning(dst, folded)
	return dst
}

// Meaning appends the senses of a folded word (see Senses), or says that it is a
// function word and means nothing.
func (l Lexicon) Meaning(dst []Sense, folded []byte) (senses []Sense, function bool) {
	switch {
	case len(folded) == 0:
		return dst, false
	case l.functions[string(folded)]:
		return dst, true
	}
	key := word.Key(word.Stem(folded))
	if found, ok := l.table.Find(key); ok {
		for _, s := range found {
			dst = append(dst, Sense{Concept(s.Concept), float32(s.P) / 255})
		}
		return dst, false
	}
	if word.IsLatin(folded) || word.IsNumber(folded) {
		dst = append(dst, Sense{Concept(key), 1})
	}
	return dst, false
}

// Fold appends the folded form of a word: lower case; Latin and Greek letters
// without accents (œ is oe, ß ss, ø o); Arabic without vowel marks and tatweel,
// the forms of alef, yeh and teh as one, digits as 0…9; ё as е. Bytes that are
// no UTF-8 are left out. Folding what is folded changes nothing.
func Fold(dst, w []byte) []byte { return word.Fold(dst, w) }

// Listed reports whether the words that mean nothing by themselves are listed for
// a language.
func Listed(language string) bool { return slices.Contains(languages, base(language)) }

// Function reports whether a folded word is one that means nothing by itself in
// the language (article, pronoun, preposition, auxiliary); false where the
// language has no list.
func Function(language string, folded []byte) bool {
	return Of(language).functions[string(folded)]
}

// Fingerprint changes when the lexicons or the way of reading words do, so
// that what was computed with others can be told.
var Fingerprint = sync.OnceValue(func() uint64 {
	h := fnv.New64a()
	for _, language := range languages {
		in, err := files.ReadFile("lexicon/" + language + ".bin")
		if err != nil && language != "en" {
			panic("pivot: " + err.Error()) // embedded: the build is broken
		}
		h.Write(in)
	}
	// How words are read shows in what they become.
	for _, language := range languages {
		for _, w := range append(slices.Sorted(maps.Keys(word.Functions(language))), probes...) {
			folded := Fold(nil, []byte(w))
			skeleton, _ := Skeleton(folded)
			fmt.Fprintf(h, "%s %s %x\n", folded, word.Stem(folded), skeleton)
		}
	}
	return h.Sum64()
})

// Words that every rule of folding, stemming and skeletons is about.
var probes = []string{
	"Œuvres", "Straßen", "København", "Internationalisation", "Ångström", "Əliyev", "ğüşı", "chechtschphquckghzhkhdjdhth", "Maximilian", "Cecilia", "Georgia",
	"Международными", "Каддафи", "Ёлками", "ться", "Джибути", "Хартумом", "учреждениях", "ѓґқғһ",
	"والمستشفيات", "القذافي", "للأطفال", "بمساعدتهم", "إِلَىٰ", "کابلی", "٠۹", "ؤئةآ", "ڤپچگ", "Αθήνας",
}

package words

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/turkish"
)

var stemmers = map[string]func(*snowballstem.Env) bool{
	"ar": arabic.Stem, "da": danish.Stem, "de": german.Stem, "en": english.Stem, "es": spanish.Stem, "fi": finnish.Stem,
	"fr": french.Stem, "hu": hungarian.Stem, "it": italian.Stem, "nb": norwegian.Stem, "nl": dutch.Stem, "nn": norwegian.Stem,
	"no": norwegian.Stem, "pt": portuguese.Stem, "ro": romanian.Stem, "ru": russian.Stem, "sv": swedish.Stem, "tr": turkish.Stem,
}

// Stems gives a language in the form that Part.Match wants it, "" when the
// language has no stems. It takes a BCP 47 tag.
func Stems(language string) string {
	primary := language
	if i := strings.IndexAny(language, "-_"); i >= 0 {
		primary = language[:i]
	}
	primary = strings.ToLower(primary)
	if stemmers[primary] == nil {
		return ""
	}
	return primary
}

// Folding takes away what some stemmers look for, and some forms they do not
// know. What stands here is put right before: a word that ends so, or is so.
var (
	endings = map[string][][2]string{
		"pt": {{"coes", "cao"}, {"soes", "sao"}, {"aes", "ao"}, {"oes", "ao"}, {"ais", "al"}, {"eis", "el"}, {"ois", "ol"}, {"ns", "m"}},
		"es": {{"iones", "ion"}, {"ces", "z"}},
		"fr": {{"aux", "al"}, {"ees", "e"}, {"ee", "e"}, {"es", "e"}},
		"de": {{"innen", "in"}},
	}
	irregular = map[string]map[string]string{
		"en": {"women": "woman", "men": "man", "children": "child", "crises": "crisis", "analyses": "analysis", "lives": "life"},
	}
)

var envs = sync.Pool{New: func() any { return snowballstem.NewEnv("") }}

// stem gives the stem of a folded word in a language that has a stemmer. The
// stemmer runs until it changes nothing, so that stems of stems are the same.
func stem(word, language string) string {
	if base := irregular[language][word]; base != "" {
		word = base
	}
	for _, e := range endings[language] {
		if head, ok := strings.CutSuffix(word, e[0]); ok && len(head) >= 2 {
			word = head + e[1]
			break
		}
	}
	run := stemmers[language]
	env := envs.Get().(*snowballstem.Env)
	defer envs.Put(env)
	for range 4 {
		env.SetCurrent(word)
		run(env)
		next := env.Current()
		if next == word || utf8.RuneCountInString(next) < 2 {
			break
		}
		word = next
	}
	return word
}

// The words that Arabic writes together with the next one. With the article
// they are clear; a single letter may be one or a part of the word.
var (
	articles   = []string{"وبال", "وال", "فال", "بال", "كال", "ولل", "فلل", "ال", "لل"}
	proclitics = []string{"و", "ب", "ل", "ف", "ك", "وب", "ول"}
)

// bare gives what an Arabic word may be without the article and what is written
// with it, as far as three letters remain; "for the" (لل) swallows an initial
// ل of the word, so there are two ways to read it.
func bare(word string) []string {
	for _, a := range articles {
		if rest, ok := strings.CutPrefix(word, a); ok && len(rest) >= 6 {
			if strings.HasSuffix(a, "لل") {
				return []string{rest, "ل" + rest}
			}
			return []string{rest}
		}
	}
	return []string{word}
}

// isArabic reports whether a folded word is of the Arabic script.
func isArabic(word string) bool { return len(word) >= 2 && word[0] >= 0xD8 && word[0] <= 0xDB }

// maxTail is how many letters two forms of a word may have behind what they
// share: "intern" and "international" have one stem but are no forms of one word.
const maxTail = 4

// near reports whether two words with one stem are close enough to be forms of
// one word.
func near(a, b string) bool {
	n := shared(a, b)
	return utf8.RuneCountInString(a[n:]) <= maxTail && utf8.RuneCountInString(b[n:]) <= maxTail
}

// shared gives how many octets of whole characters a and b have in common at
// their start.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) || n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

package words

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// AppendTerm appends what a word of a text is kept as: the word, a zero and
// the language that it has forms in, as Stems gives it. A word with digits has
// none.
func AppendTerm(b, word []byte, language string) []byte {
	b = append(append(b, word...), 0)
	for _, c := range word {
		if c >= '0' && c <= '9' {
			return b
		}
	}
	return append(b, language...)
}

// Pattern finds the terms that a part of a search stands for.
type Pattern struct {
	// Starts are what the terms start with, sorted; none is the start of another.
	Starts []string

	part  Part
	known map[string]bool // by term
	bases []based
}

// based is what the part's word is compared as in a language, and its stem.
type based struct{ language, base, stem string }

// Pattern compiles a part for texts in the languages, as Stems gives them.
func (p Part) Pattern(languages []string) *Pattern {
	t := &Pattern{part: p}
	exact := p.Word + "\x00"
	switch {
	case p.Match == Prefix:
		t.Starts = []string{p.Word}
		return t
	case isArabic(p.Word):
		// A letter that is a word of its own is no other form.
		for _, c := range append(proclitics, "") {
			t.Starts = append(t.Starts, c+exact)
		}
	default:
		t.Starts = []string{exact}
	}
	if p.Match == Exact || strings.ContainsAny(p.Word, "0123456789") {
		t.known = map[string]bool{}
		slices.Sort(t.Starts)
		return t
	}
	t.known = map[string]bool{}
	starts := map[string]bool{}
	for _, l := range languages {
		if stemmers[l] == nil || isArabic(p.Word) != (l == "ar") {
			continue
		}
		for _, base := range bases(p.Word, l) {
			s := stem(base, l)
			t.bases = append(t.bases, based{l, base, s})
			start := common(base, s)
			for _, e := range endings[l] {
				for _, end := range e {
					if head, ok := strings.CutSuffix(base, end); ok && len(head) < len(start) && len(head) >= 2 {
						start = head
					}
				}
			}
			for form, of := range irregular[l] {
				if form == base || of == base || of == irregular[l][base] {
					starts[form], starts[of] = true, true
				}
			}
			if utf8.RuneCountInString(s) < 2 {
				continue // longer words have longer stems
			}
			if l != "ar" {
				starts[start] = true
				continue
			}
			for _, c := range slices.Concat(proclitics, articles, []string{""}) {
				starts[c+start] = true
			}
		}
	}
	for s := range starts {
		t.Starts = append(t.Starts, s)
	}
	slices.Sort(t.Starts)
	// What starts so also starts with what it starts with.
	kept := t.Starts[:0]
	for _, s := range t.Starts {
		if len(kept) == 0 || !strings.HasPrefix(s, kept[len(kept)-1]) {
			kept = append(kept, s)
		}
	}
	t.Starts = kept
	return t
}

// bases gives what a word is compared as in a language.
func bases(word, language string) []string {
	if language == "ar" {
		return bare(word)
	}
	return []string{word}
}

// common gives what all forms of a word start with: what it shares with its
// stem, three letters at least, and not more than maxTail less than it.
func common(word, stem string) string {
	n := shared(word, stem)
	letters, total := utf8.RuneCountInString(word[:n]), utf8.RuneCountInString(word)
	for want := min(total, max(3, total-maxTail)); letters < want; letters++ {
		_, size := utf8.DecodeRuneInString(word[n:])
		n += size
	}
	return word[:n]
}

// Match reports whether a term that starts with one of Starts is one of the
// pattern's.
func (t *Pattern) Match(term []byte) bool {
	if t.part.Match == Prefix {
		return true
	}
	if t.tooLong(term) {
		return false
	}
	yes, ok := t.known[string(term)]
	if !ok {
		s := string(term)
		yes = t.match(s)
		t.known[s] = yes
	}
	return yes
}

// Glance is Match as far as it can be told at once; sure is false when it cannot.
func (t *Pattern) Glance(term []byte) (yes, sure bool) {
	n := len(t.part.Word)
	switch {
	case t.part.Match == Prefix, len(term) > n && term[n] == 0 && string(term[:n]) == t.part.Word:
		return true, true
	case t.tooLong(term):
		return false, true
	}
	yes, sure = t.known[string(term)]
	return yes, sure
}

// Before reports whether a term comes before the part's word in the order of terms.
func (t *Pattern) Before(term []byte) bool { return string(term) < t.part.Word }

// Finds reports whether a term is one of the pattern's.
func (t *Pattern) Finds(term string) bool {
	return slices.ContainsFunc(t.Starts, func(start string) bool { return strings.HasPrefix(term, start) }) && t.Match([]byte(term))
}

// tooLong reports whether the term is so much longer than the part that it is
// none of its forms. It is for the many that only start alike.
func (t *Pattern) tooLong(term []byte) bool {
	n, word := 0, t.part.Word
	for n < len(word) && n < len(term) && word[n] == term[n] {
		n++
	}
	if n == 0 || word[0] >= 0x80 { // written together with something, or of a script with long characters
		return false
	}
	if end := wordEnd(term); end-n <= maxTail {
		return false
	}
	tail := 0
	for ; n < len(term) && term[n] != 0 && tail <= maxTail; n++ {
		if utf8.RuneStart(term[n]) {
			tail++
		}
	}
	return tail > maxTail
}

// wordEnd gives where the word of a term ends.
func wordEnd(term []byte) int {
	const language = 2 // octets have the names of languages with stems
	if n := len(term) - language - 1; n >= 0 && term[n] == 0 {
		return n
	}
	return bytes.IndexByte(term, 0)
}

// mayCome reports whether a word may have the stem, which is quicker told than
// which it has: stemmers change no more than the last letters of what they leave,
// but for those of Arabic, and for irregular forms.
func mayCome(word, stem, language string) bool {
	return irregular[language][word] != "" || shared(word, stem) >= len(stem)-3
}

func (t *Pattern) match(term string) bool {
	word, language, _ := strings.Cut(term, "\x00")
	if word == t.part.Word {
		return true
	}
	if isArabic(word) && slices.ContainsFunc(proclitics, func(c string) bool { return word == c+t.part.Word }) {
		return true
	}
	if t.part.Match == Exact {
		return false
	}
	for i := range t.bases {
		if p := &t.bases[i]; p.language == language && p.finds(word) {
			return true
		}
	}
	return false
}

// finds reports whether a word of a text has the stem.
func (p *based) finds(word string) bool {
	has := func(word string) bool { return near(p.base, word) && stem(word, p.language) == p.stem }
	if p.language != "ar" {
		return mayCome(word, p.stem, p.language) && has(word)
	}
	for _, b := range bare(word) {
		if has(b) {
			return true
		}
		for _, c := range proclitics {
			if rest, ok := strings.CutPrefix(b, c); ok && len(rest) >= 6 && has(rest) {
				return true
			}
		}
	}
	return false
}

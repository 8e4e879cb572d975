package tag

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// how says how a word of a pattern is matched.
type how uint8

const (
	asWritten   how = iota // the folded word
	asStem                 // any word with the same stem in the pattern's language
	asBeginning            // any word that begins so
)

// pattern is a phrase to look for. Its text form is described at Rule.Patterns.
type pattern struct {
	words    []patternWord
	weight   float32 // 0 when the pattern does not say
	negative bool
}

type patternWord struct {
	text string // as the author wrote it
	how  how
	need uint8 // capital or shouting, what the text's word must have
}

const maxPhrase = 16 // words

// parsePattern reads a pattern. inflect says that plain words stand for their
// inflections (topics); otherwise capitals count.
func parsePattern(s string, inflect bool, f *folding) (pattern, error) {
	var p pattern
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "!"); ok {
		p.negative, s = true, strings.TrimSpace(rest)
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 {
		w, err := strconv.ParseFloat(s[i+1:], 32)
		if err != nil || w <= 0 || w > 100 {
			return p, fmt.Errorf("weight %q is no number above 0 and up to 100", s[i+1:])
		}
		p.weight, s = float32(w), s[:i]
	}
	exact := false
	if rest, ok := strings.CutPrefix(s, "="); ok {
		exact, s = true, rest
	}
	if strings.IndexByte(s, '=') >= 0 || strings.IndexByte(s, '!') >= 0 {
		return p, errors.New(`"=" and "!" stand only at the beginning`)
	}
	if s = strings.TrimSpace(s); s == "" {
		return p, errors.New("it holds no word")
	}
	var room [8]token
	tokens := f.tokenize(room[:0], s, 0)
	p.words = make([]patternWord, 0, len(tokens))
	for _, t := range tokens {
		w := patternWord{text: s[t.start:t.end]}
		if len(w.text) > maxWord {
			return p, fmt.Errorf("%q is too long for a word", w.text)
		}
		star := int(t.end) < len(s) && s[t.end] == '*'
		acronym := t.flags&shouting != 0 && t.flags&caseless == 0 && t.end-t.start > 1
		switch {
		case star && len(f.letters(nil, w.text)) < 3:
			return p, fmt.Errorf("%q begins too many words: give at least three letters before the star", w.text+"*")
		case star:
			w.how = asBeginning
		case inflect && !exact && !acronym:
			w.how = asStem
		}
		switch {
		case acronym && utf8.RuneCountInString(w.text) < 5, !inflect && t.flags&shouting != 0 && t.flags&caseless == 0 && len(s) < 12 && strings.Contains(s, "."):
			// "WHO" is not "who", and "U.S." not "u s"; longer ones are written "Unesco" too.
			w.need = shouting
		case t.flags&capital != 0 && (!inflect || exact || acronym):
			w.need = capital
		}
		p.words = append(p.words, w)
	}
	switch {
	case len(p.words) == 0:
		return p, errors.New("it holds no word")
	case len(p.words) > maxPhrase:
		return p, fmt.Errorf("it has %d words, more than %d", len(p.words), maxPhrase)
	}
	if i := strings.IndexByte(s, '*'); i >= 0 {
		if r, _ := utf8.DecodeLastRuneInString(s[:i]); !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) {
			return p, errors.New("a star stands at the end of a word")
		}
		if i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '-' {
			return p, errors.New("a star stands at the end of a word")
		}
	}
	return p, nil
}

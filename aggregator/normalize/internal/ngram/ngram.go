// Package ngram cuts text into the runs of letters that languages are told by,
// and holds the table of how much each run speaks for each language.
//
// The detector (package normalize) and the generator of the table (gen) both
// use it, so that they cannot cut differently.
package ngram

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Script is a script or a set of scripts that share a table.
type Script uint8

// The scripts that several languages share come first, up to Ethiopic: only
// they need the table.
const (
	None Script = iota
	Latin
	Cyrillic
	Arabic
	Devanagari
	Ethiopic
	Hebrew
	Han
	Kana
	Hangul
	Greek
	Thai
	Lao
	Khmer
	Myanmar
	Georgian
	Armenian
	Bengali
	Gurmukhi
	Gujarati
	Odia
	Tamil
	Telugu
	Kannada
	Malayalam
	Sinhala
	Tibetan
	Thaana
	Scripts // how many there are
)

// ScriptOf gives the script of a letter or mark, None for all else.
func ScriptOf(r rune) Script {
	switch {
	case r < 0x80:
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return Latin
		}
	case r < 0x250:
		if r >= 0xc0 && r != 0xd7 && r != 0xf7 || r == 0xaa || r == 0xba {
			return Latin
		}
	case r < 0x2b0:
		return Latin
	case r < 0x300:
	case r < 0x370: // combining marks, of any script
	case r < 0x400:
		return Greek
	case r < 0x530:
		return Cyrillic
	case r < 0x590:
		return Armenian
	case r < 0x600:
		return Hebrew
	case r < 0x700, r >= 0x750 && r < 0x780, r >= 0x8a0 && r < 0x900:
		// Punctuation, digits and tatweel are not letters.
		if r >= 0x620 && r != 0x640 && !(r >= 0x64b && r <= 0x66d) && r != 0x670 && r != 0x6d4 && !(r >= 0x6f0 && r <= 0x6f9) {
			return Arabic
		}
	case r < 0x780:
	case r < 0x7c0:
		return Thaana
	case r < 0x900:
	case r < 0x980:
		if r != 0x964 && r != 0x965 && !(r >= 0x966 && r <= 0x96f) {
			return Devanagari
		}
	case r < 0xa00:
		return Bengali
	case r < 0xa80:
		return Gurmukhi
	case r < 0xb00:
		return Gujarati
	case r < 0xb80:
		return Odia
	case r < 0xc00:
		return Tamil
	case r < 0xc80:
		return Telugu
	case r < 0xd00:
		return Kannada
	case r < 0xd80:
		return Malayalam
	case r < 0xe00:
		return Sinhala
	case r < 0xe80:
		return Thai
	case r < 0xf00:
		return Lao
	case r < 0x1000:
		return Tibetan
	case r < 0x10a0:
		return Myanmar
	case r < 0x1100, r >= 0x1c90 && r < 0x1cc0, r >= 0x2d00 && r < 0x2d30:
		return Georgian
	case r < 0x1200:
		return Hangul
	case r < 0x13a0:
		if r < 0x1361 || r >= 0x1380 { // not the punctuation and numbers
			return Ethiopic
		}
	case r >= 0x1780 && r < 0x1800:
		return Khmer
	case r >= 0x1e00 && r < 0x1f00:
		return Latin
	case r >= 0x1f00 && r < 0x2000:
		return Greek
	case r >= 0x3041 && r < 0x3100 && r != 0x30fb:
		return Kana
	case r >= 0x3130 && r < 0x3190, r >= 0xac00 && r < 0xd7b0:
		return Hangul
	case r >= 0x3400 && r < 0xa000, r >= 0xf900 && r < 0xfb00, r >= 0x20000 && r < 0x32000, r == 0x3005:
		return Han
	case r >= 0xfb50 && r < 0xfe00, r >= 0xfe70 && r < 0xff00:
		return Arabic
	}
	return None
}

// Words appends the words of text to dst in lower case, one script only, with one
// space before, between and after them. Tokens that are addresses, numbers or
// codes are left out. It stops at the end of dst's capacity.
//
// lowerOnly leaves out the words that begin with a capital: they are names, or
// as good as names.
func Words(dst []rune, text string, script Script, lowerOnly bool) []rune {
	if len(dst) == 0 {
		dst = append(dst, ' ')
	}
	for len(text) > 0 {
		var token string
		token, text = Token(text)
		if !Plain(token) {
			continue
		}
		first := true // of a word
		skip := false
		for _, r := range token {
			if len(dst)+2 > cap(dst) {
				break
			}
			switch s := ScriptOf(r); {
			case s == script:
				if l := Lower(r); first {
					skip = lowerOnly && l != r
					first = false
					r = l
				} else {
					r = l
				}
				if !skip {
					dst = append(dst, r)
				}
			case (r == '\'' || r == '’' || r == 'ʼ' || r == 'ʻ' || r == '‘') && !first && !skip && script <= Cyrillic:
				dst = append(dst, '\'')
			case r >= 0x300 && unicode.Is(unicode.Mn, r) || r == 0x200c || r == 0x200d || r == 0x640: // belongs to the letter before; invisible
			default:
				if dst[len(dst)-1] != ' ' {
					dst = append(dst, ' ')
				}
				first = true
			}
		}
		if dst[len(dst)-1] == '\'' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] != ' ' {
			dst = append(dst, ' ')
		}
		if len(dst)+2 > cap(dst) {
			break
		}
	}
	return dst
}

// Token cuts the first run without white space off text.
func Token(text string) (token, rest string) {
	start := 0
	for start < len(text) && text[start] <= ' ' {
		start++
	}
	end := start
	for end < len(text) && text[end] > ' ' {
		end++
	}
	return text[start:end], text[end:]
}

// Plain tells whether a token is made of words: not an address, an e-mail, a
// handle, a number or a code.
func Plain(token string) bool {
	if len(token) > 200 { // a script without spaces, or no text at all
		return token[0] >= utf8.RuneSelf || token[len(token)/2] >= utf8.RuneSelf
	}
	digit, wide := false, false
	for i := 0; i < len(token); i++ {
		switch c := token[i]; {
		case c == '@' || c == '_' || c == '\\' || c == '=' || c == '{' || c == '<':
			return false
		case '0' <= c && c <= '9':
			digit = true
		case c >= utf8.RuneSelf:
			wide = true
		case c == '#' && i == 0:
			return false
		case c == ':' && strings.HasPrefix(token[i:], "://"):
			return false
		case c == '.' && i > 0 && i+1 < len(token) && token[i-1]|0x20 >= 'a' && token[i+1]|0x20 >= 'a' && token[i+1] < utf8.RuneSelf:
			return false // example.org
		}
	}
	return !digit || wide // a sentence without spaces may have its year in it
}

// Lower gives the lower-case form of a letter.
func Lower(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r | 0x20
		}
		return r
	case r == 'İ':
		return 'i'
	case r < 0x590 || r >= 0x10a0 && r < 0x1100 || r >= 0x1e00 && r < 0x2000:
		return unicode.ToLower(r)
	case r >= 0xfb50 && r < 0xff00:
		return r
	}
	return r
}

// The runs are 1 to 4 letters inside a word, its spaces included, and whole words
// of up to MaxWord letters.
const (
	MaxRun  = 4
	MaxWord = 7
)

// Runs calls fn with the key and length of every run in words (as Words makes
// them). Whole words have length MaxRun+1.
func Runs(words []rune, fn func(key uint32, length int)) {
	wordStart, wordHash := 0, uint32(seed)
	for i := 0; i < len(words); i++ {
		if words[i] == ' ' {
			if n := i - wordStart; n >= 1 && n <= MaxWord {
				fn(wordHash^wordSeed, MaxRun+1)
			}
			wordStart, wordHash = i+1, seed
		} else {
			wordHash = step(wordHash, words[i])
		}
		h := uint32(seed)
		for n := 1; n <= MaxRun && i+n <= len(words); n++ {
			r := words[i+n-1]
			h = step(h, r)
			if n == 1 && r == ' ' {
				continue
			}
			fn(h, n)
			if r == ' ' {
				break
			}
		}
	}
}

const (
	seed     = 0x811c9dc5
	wordSeed = 0x5bd1e995
)

func step(h uint32, r rune) uint32 {
	h = (h ^ uint32(r)) * 0x01000193
	return h ^ h>>15
}

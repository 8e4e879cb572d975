package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// class is what a character is in a text.
type class uint8

const (
	apart      class = iota // between words
	digit                   // part of a word
	letter                  // part of a word too, and marks that belong to one
	dropped                 // neither, as if it were not there: accents, vowel signs, soft hyphens
	solid                   // of a script that has no spaces between words
	apostrophe              // between the parts of one word
	several                 // stands for several characters, some of them solid: ㍿ is 株式会社, ㋋ is 12月
)

// folded is a character as it is compared.
type folded struct {
	class class
	text  string // of letter, digit and solid; what several stands for
}

// table has the scripts that fold: Latin, Greek, Cyrillic, Hebrew, Arabic.
var table = func() (t [0x700]folded) {
	for r := range rune(len(t)) {
		t[r] = foldRune(r)
	}
	return t
}()

// alike are letters that no decomposition makes equal to what people type for
// them.
var alike = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "n", 'ŧ': "t", 'ĸ': "k", 'ſ': "s",
	'ς': "σ", 'ё': "е", 'ґ': "г", 'є': "е", 'ў': "у",
	'أ': "ا", 'إ': "ا", 'آ': "ا", 'ٱ': "ا", 'ى': "ي", 'ة': "ه", 'ک': "ك", 'ی': "ي", 'ہ': "ه", 'ۀ': "ه",
	'й': "й", 'ї': "ї", 'ئ': "ئ", 'ؤ': "ؤ", // letters of their own, not letters with a mark
}

// foldRune folds a character that stands alone: compatibility forms (NFKC),
// case, diacritics, digits of any script.
func foldRune(r rune) folded {
	switch {
	case r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '＇':
		return folded{class: apostrophe}
	case r == 'ـ' || r == '\u00ad' || unicode.Is(unicode.Cf, r):
		return folded{class: dropped}
	case unicode.Is(unicode.Mn, r) && droppedMark(r):
		return folded{class: dropped}
	case spaceless(r):
		return folded{solid, string(r)}
	}
	if text, ok := alike[unicode.ToLower(r)]; ok {
		return folded{letter, text}
	}
	var b strings.Builder
	out := folded{}
	for _, d := range norm.NFKD.String(strings.ToLower(norm.NFKC.String(string(r)))) {
		if text, ok := alike[d]; ok {
			out.class = letter
			b.WriteString(text)
			continue
		}
		switch {
		case unicode.Is(unicode.Nd, d):
			b.WriteByte(decimal(d))
			out.class = max(out.class, digit)
		case unicode.Is(unicode.Mn, d) && droppedMark(d), d == 'ـ', d == 'ʼ', unicode.Is(unicode.Cf, d):
		case spaceless(d):
			if text := norm.NFKC.String(string(r)); utf8.RuneCountInString(text) > 1 {
				return folded{several, text}
			} else {
				return folded{solid, text}
			}
		case unicode.In(d, unicode.L, unicode.M, unicode.Nl):
			b.WriteRune(d)
			out.class = max(out.class, letter)
		default: // a fraction, a formula
			return folded{}
		}
	}
	if out.class == apart {
		return folded{}
	}
	out.text = norm.NFC.String(b.String())
	return out
}

// droppedMark reports whether a mark is one that people leave out. Those of the
// scripts of India and their like are vowels.
func droppedMark(r rune) bool {
	return r < 0x700 || r >= 0x1AB0 && r < 0x1B00 || r >= 0x1DC0 && r < 0x1E00 || r >= 0x20D0 && r < 0x2100 ||
		r == 0x3099 || r == 0x309A || // of a half-width kana: with any other they are one character
		r >= 0xFE00
}

// decimal gives a digit of any script as ASCII: the ranges of Nd begin with a
// zero and run on in tens.
func decimal(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	return '0'
}

// spaceless reports whether the character's script has no spaces between words.
func spaceless(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r < 0x0F00: // Thai, Lao
		return unicode.In(r, unicode.L, unicode.M)
	case r >= 0x1000 && r < 0x10A0, r >= 0x1780 && r < 0x1800: // Myanmar, Khmer
		return unicode.In(r, unicode.L, unicode.M)
	case r < 0x2E80:
		return false
	case r == 'ー' || r == '々' || r == '〇':
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.In(r, unicode.L, unicode.M)
}

// look reads the character at the start of s, whose first octet is not ASCII.
func look(s string) (folded, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r < rune(len(table)) {
		return table[r], n
	}
	if r >= 0x4E00 && r <= 0x9FFF { // most of Chinese and Japanese
		return folded{solid, s[:n]}, n
	}
	if r >= 0xAC00 && r <= 0xD7A3 { // Korean
		return folded{letter, s[:n]}, n
	}
	if r >= 0x2010 && r <= 0x201F && r != '’' && r != '‘' || r == utf8.RuneError {
		return folded{}, n
	}
	return foldRune(r), n
}

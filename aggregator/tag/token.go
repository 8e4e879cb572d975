package tag

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"communique/internal/fnv1a"
)

// token is one word of a text: a run of letters and digits. Apostrophes and
// hyphens part words, in texts as in patterns, so "d’Ivoire" is "d" "ivoire".
// Chinese characters are words of their own, as nothing parts them.
type token struct {
	hash       uint64 // of the folded letters
	start, end uint32 // bytes of the zone's text
	senses     uint32 // what the vocabulary knows of it: senses[:n] in the matcher's arena
	n          uint16
	near       nearby // what it says of a place beside it
	zone       zone
	flags      uint8
}

// Flags of a token.
const (
	capital  = 1 << iota // its first letter is a capital
	shouting             // two letters or more, all capitals
	caseless             // it has no letters that could be capitals
	fresh                // a sentence, line or bracket ends before it: no phrase goes across
)

// folding maps a rune below its length to the letter that it counts as (bits
// 0–14; 0 for what is no part of a word, silent for what is and does not
// count) and says whether it is a capital (bit 15). It drops case and accents,
// evens out the Arabic alef, ya and ta marbuta and drops vowel signs and
// tatweel.
type folding [0x700]uint16

const (
	silent    = 1
	isCapital = 1 << 15
	twoLetter = 2 // and up: index into twoLetters; no letter has so low a number
)

var twoLetters = [...][2]rune{{'s', 's'}, {'a', 'e'}, {'o', 'e'}, {'t', 'h'}}

var foldTable = sync.OnceValue(func() *folding {
	var f folding
	single := map[rune]rune{
		'ø': 'o', 'đ': 'd', 'ð': 'd', 'ł': 'l', 'ı': 'i', 'ħ': 'h', 'ŋ': 'n', 'ŧ': 't',
		'ة': 'ه', 'ى': 'ي', 'ک': 'ك', 'ی': 'ي', 'ٱ': 'ا',
		'ß': twoLetter, 'æ': twoLetter + 1, 'œ': twoLetter + 2, 'þ': twoLetter + 3,
	}
	for r := rune(0); r < rune(len(f)); r++ {
		switch {
		case unicode.Is(unicode.Mn, r) || r == 'ـ':
			f[r] = silent
		case unicode.IsDigit(r):
			f[r] = uint16('0' + digitValue(r))
		case unicode.IsLetter(r):
			l := unicode.ToLower(r)
			if d := []rune(norm.NFD.String(string(l))); len(d) > 1 && unicode.Is(unicode.Mn, d[1]) {
				l = d[0]
			}
			if s, ok := single[l]; ok {
				l = s
			}
			f[r] = uint16(l)
			if unicode.IsUpper(r) {
				f[r] |= isCapital
			}
		}
	}
	return &f
})

// digitValue gives the value of a decimal digit of any script: digits stand in
// runs of ten that begin with zero.
func digitValue(r rune) rune {
	v := rune(0)
	for v < 9 && unicode.IsDigit(r-v-1) {
		v++
	}
	return v
}

// fold does for any rune what the table does for the common ones.
func (f *folding) fold(r rune) uint32 {
	if int(r) < len(f) {
		v := f[r]
		return uint32(v&^isCapital) | uint32(v&isCapital)<<16
	}
	if r >= 0x2000 && r < 0x2070 { // dashes, quotation marks and bullets
		return 0
	}
	switch {
	case unicode.Is(unicode.Mn, r):
		return silent
	case !unicode.IsLetter(r) && !unicode.IsDigit(r):
		return 0
	}
	l := unicode.ToLower(r)
	if r < 0x2000 { // Latin with two accents, as in Vietnamese
		if d, _ := utf8.DecodeRuneInString(norm.NFD.String(string(l))); d != utf8.RuneError {
			l = d
		}
	}
	v := uint32(l)
	if unicode.IsUpper(r) {
		v |= isCapital << 16
	}
	return v
}

// hashLetter goes by letters in place of octets.
func hashLetter(h uint64, letter rune) uint64 { return fnv1a.Add(h, uint64(letter)) }

// hashWord hashes a word of folded letters as tokens are.
func hashWord(folded []rune) uint64 {
	h := fnv1a.Seed
	for _, r := range folded {
		h = hashLetter(h, r)
	}
	return h
}

// letters appends the folded letters of a word.
func (f *folding) letters(buf []rune, word string) []rune {
	for _, r := range word {
		switch v := f.fold(r) & 0x1FFFFF; {
		case v <= silent:
		case v >= twoLetter && v < twoLetter+uint32(len(twoLetters)):
			p := twoLetters[v-twoLetter]
			buf = append(buf, p[0], p[1])
		default:
			buf = append(buf, rune(v))
		}
	}
	return buf
}

// tokenize appends the words of a text. It allocates nothing but dst's growth.
func (f *folding) tokenize(dst []token, text string, z zone) []token {
	flags := uint8(fresh)
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r == ' ' {
			i++
			continue
		}
		var v uint32
		if r < utf8.RuneSelf {
			v = uint32(f[r])
		} else {
			r, size = utf8.DecodeRuneInString(text[i:])
			v = f.fold(r)
		}
		if v&^(isCapital|isCapital<<16) <= silent {
			flags |= parts(r, text, i, dst)
			i += size
			continue
		}
		if han(r) {
			dst = append(dst, token{hash: hashLetter(fnv1a.Seed, r), start: uint32(i), end: uint32(i + size), zone: z, flags: flags | caseless})
			flags = 0
			i += size
			continue
		}

		start, h := i, fnv1a.Seed
		if v&(isCapital|isCapital<<16) != 0 {
			flags |= capital
		}
		n, capitals, cased := 0, uint32(0), false
		for {
			// Most words are ASCII to their end, where no letter is silent or two.
			run, seen := i, uint32(0)
			for i < len(text) && text[i] < utf8.RuneSelf {
				w := uint32(f[text[i]])
				if w == 0 {
					break
				}
				seen |= w
				capitals += w >> 15
				h = hashLetter(h, rune(w&^isCapital))
				i++
			}
			n += i - run
			cased = cased || seen&0x40 != 0 // letters have this bit, digits have not
			if i == len(text) || text[i] < utf8.RuneSelf {
				break
			}
			r, size = utf8.DecodeRuneInString(text[i:])
			v = f.fold(r)
			if v == 0 || han(r) {
				break
			}
			capitals += v >> 31
			switch v &^= isCapital << 16; {
			case v == silent:
			case v >= twoLetter && v < twoLetter+uint32(len(twoLetters)):
				p := twoLetters[v-twoLetter]
				h = hashLetter(hashLetter(h, p[0]), p[1])
				n++
			default:
				h = hashLetter(h, rune(v))
				n++
				cased = cased || v >= 'a' && v < 0x590
			}
			i += size
		}
		if int(capitals) == n || capitals > 1 && !hasLower(text[start:i]) {
			flags |= shouting
		}
		if !cased {
			flags |= caseless
		}
		dst = append(dst, token{hash: h, start: uint32(start), end: uint32(i), zone: z, flags: flags})
		flags = 0
	}
	return dst
}

// han reports whether a rune is a Chinese character.
func han(r rune) bool {
	return r >= 0x3400 && (r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x323AF)
}

// hasLower reports whether a word holds a small letter; digits are neither.
func hasLower(word string) bool {
	for _, r := range word {
		if unicode.IsLower(r) {
			return true
		}
	}
	return false
}

// aside reports whether the bracket at text[i] is one of two around a single
// Chinese character, which is part of a name: 刚果（布） is not 刚果（金）.
func aside(text string, i int) bool {
	const bracket = len("（")
	if strings.HasPrefix(text[i:], "（") {
		r, n := utf8.DecodeRuneInString(text[i+bracket:])
		return han(r) && strings.HasPrefix(text[i+bracket+n:], "）")
	}
	r, n := utf8.DecodeLastRuneInString(text[:i])
	return han(r) && strings.HasSuffix(text[:i-n], "（")
}

// parts gives fresh when the rune at text[i] ends what a phrase may stand in.
// A full stop only does so after a word of four letters or more: "St. Lucia"
// and "U.S." go on. Commas do not: "safe, orderly and regular".
func parts(r rune, text string, i int, before []token) uint8 {
	if (r == '（' || r == '）') && aside(text, i) {
		return 0
	}
	switch r {
	case '\n', '!', '?', ';', '(', ')', '[', ']', '|', '•', '؟', '؛', '…', '“', '”', '«', '»', '—', '。', '！', '？', '；', '：', '（', '）', '《', '》', '「', '」':
		return fresh
	case '–', '-':
		if i > 0 && text[i-1] == ' ' { // a dash, not a hyphen
			return fresh
		}
	case ':':
		if i+1 >= len(text) || text[i+1] == ' ' {
			return fresh
		}
	case '.':
		if len(before) == 0 {
			return fresh
		}
		if last := &before[len(before)-1]; int(last.end) == i && last.end-last.start > 3 && (i+1 >= len(text) || text[i+1] == ' ' || text[i+1] == '\n') {
			return fresh
		}
	}
	return 0
}

// Package word holds what the lexicons and those who look words up in them must
// do alike: how a word is folded, what its stem is, what a table looks like.
package word

import (
	"unicode"
	"unicode/utf8"
)

// The letter under the accent for U+00C0…U+024F and U+1E00…U+1EFF; a full stop
// where there is none, or two.
const (
	latin = "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs" +
		"bbbb...cc.ddd....ffg...ikkl..nnooo..pp.....ttttuu.vyyzz......................aaiioouuuuuuuuuu.aaaa..ggggkkoooo..j...gg..nnaa..oo" +
		"aaaaeeeeiiiioooorrrruuuusstt..hhnd..zzaaeeooooooooyylnt...accltsz..b..eejj.qrryy"
	latinMore = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv" +
		"wwwwwwwwwwxxxxyyzzzzzzhtwyas....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy....yy"
)

// Fold appends the folded form of a word: lower case, without the accents of
// Latin and Greek letters, Arabic letters and digits in one form. Folding twice
// is folding once; bytes that are no UTF-8 are left out.
func Fold(dst, word []byte) []byte {
	for i := 0; i < len(word); {
		c := word[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(word[i:])
		i += n
		switch {
		case r == utf8.RuneError && n == 1:
		case r < 0x250 && r >= 0xc0:
			dst = foldLatin(dst, r, latin[r-0xc0])
		case r >= 0x1e00 && r < 0x1f00:
			dst = foldLatin(dst, r, latinMore[r-0x1e00])
		case r >= 0x300 && r < 0x370: // marks that stand on the letter before
		case r >= 0x600 && r < 0x700:
			if r = foldArabic(r); r >= 0 {
				dst = utf8.AppendRune(dst, r)
			}
		default:
			dst = utf8.AppendRune(dst, foldOther(r))
		}
	}
	return dst
}

func foldLatin(dst []byte, r rune, letter byte) []byte {
	if letter != '.' {
		return append(dst, letter)
	}
	var two string
	switch r {
	case 'Æ', 'æ', 'Ǣ', 'ǣ', 'Ǽ', 'ǽ':
		two = "ae"
	case 'Œ', 'œ':
		two = "oe"
	case 'ß', 'ẞ':
		two = "ss"
	case 'Þ', 'þ':
		two = "th"
	case 'Ĳ', 'ĳ':
		two = "ij"
	case 'Ǆ', 'ǅ', 'ǆ', 'Ǳ', 'ǲ', 'ǳ':
		two = "dz"
	case 'Ǉ', 'ǈ', 'ǉ':
		two = "lj"
	case 'Ǌ', 'ǋ', 'ǌ':
		two = "nj"
	case 'Ə', 'ə', 'ǝ', 'Ǝ':
		two = "e"
	case 'Ɔ':
		two = "o"
	case 'Ɛ':
		two = "e"
	default:
		if low := unicode.ToLower(r); low != r && low >= 0xc0 && low < 0x250 {
			return foldLatin(dst, low, latin[low-0xc0])
		}
		return utf8.AppendRune(dst, unicode.ToLower(r))
	}
	return append(dst, two...)
}

// foldArabic gives the one form of an Arabic letter or digit, and -1 for what
// is written above, below or between letters.
func foldArabic(r rune) rune {
	switch r {
	case 'أ', 'إ', 'آ', 'ٱ':
		return 'ا'
	case 'ى', 'ی', 'ئ', 'ې', 'ے':
		return 'ي'
	case 'ؤ':
		return 'و'
	case 'ة', 'ۀ', 'ہ', 'ھ':
		return 'ه'
	case 'ک', 'ڪ':
		return 'ك'
	case 'ـ', 'ء':
		return -1
	}
	switch {
	case r >= 0x660 && r <= 0x669:
		return '0' + r - 0x660
	case r >= 0x6f0 && r <= 0x6f9:
		return '0' + r - 0x6f0
	case r >= 0x610 && r <= 0x61a || r >= 0x64b && r <= 0x65f || r == 0x670 || r >= 0x6d6 && r <= 0x6dc || r >= 0x6df && r <= 0x6e8 || r >= 0x6ea && r <= 0x6ed:
		return -1
	}
	return r
}

func foldOther(r rune) rune {
	r = unicode.ToLower(r)
	switch r {
	case 'ё':
		return 'е'
	case 'ά':
		return 'α'
	case 'έ':
		return 'ε'
	case 'ή':
		return 'η'
	case 'ί', 'ϊ', 'ΐ':
		return 'ι'
	case 'ό':
		return 'ο'
	case 'ύ', 'ϋ', 'ΰ':
		return 'υ'
	case 'ώ':
		return 'ω'
	case 'ς':
		return 'σ'
	}
	if r == 'å' { // of the Ångström sign
		return 'a'
	}
	return r
}

package pivot

import (
	"unicode/utf8"

	"communique/aggregator/dedup/pivot/internal/word"
)

// Consonants as classes that transliteration keeps apart; the others stand for
// themselves. w, y and the vowels are in none, as و and ي are both.
const (
	labial   = 'p' // b p: Arabic has only ب
	dental   = 'd' // d dh
	fricate  = 'f' // f v
	guttural = 'k' // k q c g j: Gaddafi is Qaddafi, Нигерия Nigeria, and ج both g and j
	aspirate = 'h' // h kh
	sibilant = 's' // s z sh ch ts
)

// Skeleton gives a hash of the consonants of a folded name that is the same
// after transliteration between Latin, Cyrillic and Arabic ("mohammed",
// "muhammad", "мухаммед", "محمد"); false when there are fewer than three, which
// would say nothing, or when the word is in another script.
func Skeleton(folded []byte) (uint32, bool) {
	var to [24]byte
	n := 0
	add := func(c byte) {
		if n < len(to) && (n == 0 || to[n-1] != c) {
			to[n] = c
			n++
		}
	}
	if len(folded) == 0 {
		return 0, false
	}
	switch r, _ := utf8.DecodeRune(folded); {
	case r >= 'a' && r <= 'z':
		if !latinSkeleton(folded, add) {
			return 0, false
		}
	case r >= 0x430 && r < 0x530:
		if !cyrillicSkeleton(folded, add) {
			return 0, false
		}
	case r >= 0x620 && r < 0x6d5:
		if !arabicSkeleton(folded, add) {
			return 0, false
		}
	}
	if n < 3 {
		return 0, false
	}
	return word.Key(to[:n]), true
}

func latinSkeleton(w []byte, add func(byte)) bool {
	for i := 0; i < len(w); i++ {
		next := byte(0)
		if i+1 < len(w) {
			next = w[i+1]
		}
		switch c := w[i]; c {
		case 'a', 'e', 'i', 'o', 'u', 'w', 'y', '\'', '-':
		case 'm', 'n', 'r', 'l':
			add(c)
		case 'b':
			add(labial)
		case 'p':
			if next == 'h' {
				add(fricate)
				i++
			} else {
				add(labial)
			}
		case 'd':
			if next == 'j' {
				continue
			}
			add(dental)
			if next == 'h' {
				i++
			}
		case 'f', 'v':
			add(fricate)
		case 't':
			switch {
			case next == 'h':
				add('t')
				i++
			case next == 's' || next == 'c' && i+2 < len(w) && w[i+2] == 'h' || next == 'z': // ts, tsh, tch, tz
			default:
				add('t')
			}
		case 'k':
			if next == 'h' {
				add(aspirate)
				i++
			} else {
				add(guttural)
			}
		case 'q':
			add(guttural)
		case 'c':
			switch next {
			case 'h':
				add(sibilant)
				i++
			case 'e', 'i', 'y':
				add(sibilant)
			default:
				add(guttural)
			}
		case 'g':
			switch next {
			case 'h':
				add(guttural)
				i++
			case 'e', 'i', 'y':
				add(guttural)
			default:
				add(guttural)
			}
		case 'h':
			if i+1 < len(w) { // a last h is not heard
				add(aspirate)
			}
		case 'j':
			add(guttural)
		case 's':
			if next == 'c' && i+2 < len(w) && w[i+2] == 'h' {
				i += 2
			} else if next == 'h' {
				i++
			}
			add(sibilant)
		case 'x':
			add(guttural)
			add(sibilant)
		case 'z':
			if next == 'h' {
				add(guttural)
				i++
			} else {
				add(sibilant)
			}
		default:
			if c >= utf8.RuneSelf || c < 'a' {
				return false
			}
		}
	}
	return true
}

func cyrillicSkeleton(w []byte, add func(byte)) bool {
	var last rune
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRune(w[i:])
		i += n
		switch r {
		case 'б', 'п':
			add(labial)
		case 'в', 'ф':
			add(fricate)
		case 'г', 'к', 'ґ', 'қ', 'ғ':
			add(guttural)
		case 'д':
			if next, _ := utf8.DecodeRune(w[i:]); next != 'ж' { // дж is one sound
				add(dental)
			}
		case 'ж':
			add(guttural)
		case 'з', 'с', 'ц', 'ч', 'ш', 'щ':
			add(sibilant)
		case 'л':
			add('l')
		case 'м':
			if i == len(w) && (last == 'о' || last == 'ы') { // -ом, -ым: a case
				return true
			}
			add('m')
		case 'н', 'ң':
			add('n')
		case 'р':
			add('r')
		case 'т':
			if next, _ := utf8.DecodeRune(w[i:]); next != 'с' && next != 'ц' && next != 'ч' {
				add('t')
			}
		case 'х', 'һ', 'ҳ':
			add(aspirate)
		default:
			if (r < 0x400 || r >= 0x530) && r != '-' {
				return false
			}
		}
		last = r
	}
	return true
}

func arabicSkeleton(w []byte, add func(byte)) bool {
	const article = "ال"
	if len(w) >= len(article)+6 && string(w[:len(article)]) == article {
		w = w[len(article):]
	}
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRune(w[i:])
		i += n
		switch r {
		case 'ب', 'پ':
			add(labial)
		case 'ت', 'ث', 'ط':
			if next, _ := utf8.DecodeRune(w[i:]); next != 'ش' && next != 'س' {
				add('t')
			}
		case 'ج', 'چ', 'ژ':
			add(guttural)
		case 'ح', 'خ':
			add(aspirate)
		case 'ه':
			if i < len(w) { // a last one is mostly a teh marbuta
				add(aspirate)
			}
		case 'د', 'ذ', 'ض':
			if next, _ := utf8.DecodeRune(w[i:]); next != 'ج' {
				add(dental)
			}
		case 'ر':
			add('r')
		case 'ز', 'س', 'ش', 'ص', 'ظ':
			add(sibilant)
		case 'غ', 'ق', 'ك', 'گ':
			add(guttural)
		case 'ف', 'ڤ':
			add(fricate)
		case 'ل':
			add('l')
		case 'م':
			add('m')
		case 'ن':
			add('n')
		default:
			if r < 0x600 || r >= 0x700 {
				return false
			}
		}
	}
	return true
}

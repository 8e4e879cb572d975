package word

import "unicode/utf8"

// Latin, Arabic and Cyrillic words have stems; the others are taken whole.
type script uint8

const (
	noScript script = iota // digits and what is no letter
	latinScript
	arabicScript
	cyrillicScript
	otherScript
)

func scriptOf(word []byte) script {
	for i := 0; i < len(word); {
		c := word[i]
		if c < utf8.RuneSelf {
			if c >= 'a' && c <= 'z' {
				return latinScript
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(word[i:])
		i += n
		switch {
		case r < 0x250 || r >= 0x1e00 && r < 0x1f00:
			return latinScript
		case r >= 0x400 && r < 0x530:
			return cyrillicScript
		case r >= 0x600 && r < 0x780:
			return arabicScript
		}
		return otherScript
	}
	return noScript
}

// IsLatin reports whether a folded word is written with Latin letters.
func IsLatin(word []byte) bool { return scriptOf(word) == latinScript }

// IsNumber reports whether a folded word starts with a digit.
func IsNumber(word []byte) bool { return len(word) > 0 && word[0] >= '0' && word[0] <= '9' }

// Stem gives the part of a folded word that its inflections share, within word.
func Stem(word []byte) []byte {
	switch scriptOf(word) {
	case latinScript:
		return firstLetters(lightLatin(word), 6)
	case arabicScript:
		return firstLetters(lightArabic(word), 5)
	case cyrillicScript:
		return firstLetters(lightCyrillic(word), 6)
	}
	return word
}

func firstLetters(word []byte, n int) []byte {
	for i := range word {
		if word[i]&0xc0 != 0x80 {
			if n == 0 {
				return word[:i]
			}
			n--
		}
	}
	return word
}

// lightLatin takes off a plural and the vowels at the end of a short word; a
// long one loses its end anyway.
func lightLatin(word []byte) []byte {
	n := len(word)
	if n > 3 && word[n-1] == 's' && word[n-2] != 's' {
		n--
	}
	for n > 3 && isVowel(word[n-1]) {
		n--
	}
	return word[:n]
}

func isVowel(c byte) bool { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' }

var cyrillicSuffixes = []string{
	"иями", "ями", "ами", "ией", "иям", "ием", "иях", "ого", "его", "ому", "ему", "ыми", "ими", "ться", "тся",
	"ов", "ев", "ей", "ий", "ый", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ам", "ям", "ах", "ях", "ом", "ем", "ым", "им", "ых", "их", "ую", "юю", "ью", "ия", "ии", "ию", "ть", "ют", "ет", "ит", "ла", "ло", "ли",
	"а", "я", "о", "е", "и", "ы", "у", "ю", "ь", "й",
}

// lightCyrillic takes off the ending of a Russian noun or adjective, and the
// commonest ones of a verb.
func lightCyrillic(word []byte) []byte {
	for _, s := range cyrillicSuffixes {
		if len(word) >= len(s)+6 && string(word[len(word)-len(s):]) == s {
			return word[:len(word)-len(s)]
		}
	}
	return word
}

var (
	arabicPrefixes = []string{"وال", "بال", "كال", "فال", "ولل", "لل", "ال", "و", "ف", "ب", "ل", "ك"}
	arabicSuffixes = []string{"تها", "تهم", "هما", "ها", "هم", "ان", "ات", "ون", "ين", "يه", "ته", "نا", "ه", "ي"}
)

// lightArabic takes off one prefix (and, article, preposition) and one suffix,
// where at least three letters are left.
func lightArabic(word []byte) []byte {
	for _, p := range arabicPrefixes {
		if len(word) >= len(p)+6 && string(word[:len(p)]) == p {
			word = word[len(p):]
			break
		}
	}
	for _, s := range arabicSuffixes {
		if len(word) >= len(s)+6 && string(word[len(word)-len(s):]) == s {
			return word[:len(word)-len(s)]
		}
	}
	return word
}

// Key gives the number by which a stem is known: FNV-1a, mixed so that its low
// bits can index a table. It is never 0.
func Key(stem []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range stem {
		h = (h ^ uint32(c)) * 16777619
	}
	h ^= h >> 15
	h *= 0x2c1b3c6d
	h ^= h >> 12
	if h == 0 {
		return 1
	}
	return h
}

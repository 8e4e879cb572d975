package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// skipDateline gives how many bytes of a paragraph its dateline takes: "Geneva
// – ", "GENÈVE, le 3 mars 2022 — ", "NEW YORK (UN News), 5 June 2022 – ",
// "جنيف - ". It is 0 when there is none.
//
// A dateline is short, stands first, and holds nothing but names (words with a
// capital, or a few of a script without), dates and the small words between
// them. Where it came from says nothing about what is told, so tag and dedup
// do not see it.
func skipDateline(s string) int {
	const longest = 130 // bytes of the head
	opened := strings.IndexByte("([", s[0]) >= 0
	if !opened && !startsName(s) && !unicode.IsDigit(firstRune(s)) {
		return 0
	}
	limit := min(len(s), longest)
	for i := 1; i < limit; {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch r {
		case '–', '—', '―', '‒', '−', '-':
			// A hyphen inside of a word is none; "--" is one dash.
			end := i + size
			for end < len(s) && s[end] == '-' {
				end++
			}
			spaced := s[i-1] == ' ' || s[i-1] == ')' || s[i-1] == ']'
			if spaced || r != '-' && (end < len(s) && s[end] == ' ') || r == '-' && end < len(s) && s[end] == ' ' && endsWithYearOrParen(s[:i]) {
				head, rest := s[:i], strings.TrimLeft(s[end:], " –—―-")
				if isDateline(head, rest, true) {
					return len(s) - len(rest)
				}
				if spaced && r != '-' {
					return 0
				}
			}
		case ':', '.', ';', '،', '|':
			// After a date only: "Lima, 20 dic. ", "Genève, 3 mars 2022: ".
			if end := i + size; end < len(s) && s[end] == ' ' && endsDate(s[:i]) && (hasYear(s[:i]) || hasMonth(s[:i])) {
				head, rest := s[:i], strings.TrimLeft(s[end:], " –—―-|")
				if isDateline(head, rest, false) {
					return len(s) - len(rest)
				}
			}
		case ')', ']':
			if end := i + size; opened && end < len(s) && s[end] == ' ' && hasYear(s[:i]) {
				head, rest := s[:end], strings.TrimLeft(s[end:], " –—―-:.,")
				if isDateline(head, rest, false) {
					return len(s) - len(rest)
				}
				opened = false
			}
		}
		i += size
	}
	return 0
}

// isDatelineAlone reports whether a whole paragraph is a dateline: "Geneva, 3
// March 2022", "Posted: 10 June 2022", "14:00. Lima, dic. 20."
func isDatelineAlone(s string) bool {
	return len(s) <= 80 && (hasYear(s) || hasMonth(s)) && s != "" && (startsName(s) || unicode.IsDigit(firstRune(s)) || s[0] == '(') && isDateline(strings.TrimRight(s, ".:;- "), "", false)
}

// smallWords stand in names and dates without a capital.
var smallWords = set("de du des da das do dos del della di delle la le les el los las lo the of and et y e i und à a en em in au aux al alla d l sur sous am le los près " +
	"near via with st nd rd th er ère º ª o a.m p.m am pm h gmt utc local time hrs hours heure heures hora horas uhr ore ore or ou")

// articles open sentences; only a few places are called so.
var articles = set("the le la les l' el los las der die das un une une a an o os as il gli i lo il this ce cette este esta estos il")

var placesWithArticle = set("the hague gambia bahamas valley le caire cap mans havre la haye paz habana havane haya plata valette réunion rochelle paix rioja serena " +
	"el salvador cairo alto paso fasher obeid geneina los ángeles angeles cabos las vegas palmas o cairo lo a haia il cairo")

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// isDateline judges the head that stands before a separator, and what follows.
func isDateline(head, rest string, dash bool) bool {
	vocabulary := dateVocabulary()
	names, caseless, numbers, months := 0, 0, 0, 0
	bracket := 0
	first := true
	year := hasYear(head)
	for word := range strings.FieldsFuncSeq(head, func(r rune) bool {
		return r == ' ' || r == ',' || r == '/' || r == '|' || r == '،' || r == ';' || r == '\u00b7' || r == '&' || r == '–' || r == '-' || r == ':'
	}) {
		if strings.ContainsAny(word, "\"“”«»‘?!…=@*<>") {
			return false
		}
		opens := strings.ContainsAny(word, "([")
		if opens {
			bracket++
		}
		bare := strings.Trim(word, "()[].'’")
		closes := strings.ContainsAny(word, ")]")
		inside := bracket > 0
		if closes && bracket > 0 {
			bracket--
		}
		if bare == "" {
			continue
		}
		folded := foldDate(bare)
		low := strings.ToLower(bare)
		meaning := vocabulary.words[strings.TrimRight(folded, ".")]
		r := firstRune(bare)
		switch {
		case first && articles[low]:
			_, after, _ := strings.Cut(head, " ")
			next, _, _ := strings.Cut(strings.TrimLeft(after, " "), " ")
			next = strings.ToLower(strings.Trim(next, ",.()"))
			if !year && (!placesWithArticle[low] || !placesWithArticle[next]) {
				return false
			}
			if year && next != "" && !placesWithArticle[next] && !unicode.IsDigit(firstRune(next)) && vocabulary.words[foldDate(next)].weekday == 0 {
				return false
			}
		case unicode.IsDigit(r):
			numbers++
		case meaning.month != 0 && (year || numbers > 0 || utf8.RuneCountInString(bare) > 3):
			months++
		case meaning.weekday != 0 && year:
		case smallWords[low]:
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			names++
		case inside: // "(agencia EFE)", "(noticias ONU)"
		case strings.HasPrefix(low, "d'") || strings.HasPrefix(low, "l'") || strings.HasPrefix(low, "d’") || strings.HasPrefix(low, "l’"):
			names++
		case unicode.IsLetter(r) && !unicode.IsLower(r):
			caseless++
		default:
			return false
		}
		first = false
	}
	dated := year || months > 0 && numbers > 0
	switch {
	case names+caseless+months == 0: // "In 2022: "
		return false
	case dated && names > 10, !dated && names > 6:
		return false
	case caseless > 3 && !dated, caseless > 8:
		return false
	case !dated && (!dash || numbers > 0 || len(head) > 70):
		return false
	}
	if rest == "" {
		return dated
	}
	// "Malala Yousafzai – who won the prize – said": what follows a dateline
	// is a new sentence.
	if r := firstRune(rest); unicode.IsLower(r) && !dated {
		return false
	}
	// A head alone before a very short rest is a heading ("Haiti - Flash update").
	return dated || len(rest) >= 60
}

func startsName(s string) bool {
	r := firstRune(s)
	return unicode.IsUpper(r) || unicode.IsLetter(r) && !unicode.IsLower(r)
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// hasYear reports whether a year of our time stands in s, alone.
func hasYear(s string) bool {
	run := 0
	value := 0
	for _, r := range s + " " {
		d := digitOf(r)
		if d >= 0 {
			run++
			value = value*10 + d
			continue
		}
		if run == 4 && value >= 1900 && value < 2100 {
			return true
		}
		run, value = 0, 0
	}
	return false
}

func digitOf(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '٠' && r <= '٩':
		return int(r - '٠')
	case r >= '۰' && r <= '۹':
		return int(r - '۰')
	}
	return -1
}

// hasMonth reports whether a month and a number stand in s.
func hasMonth(s string) bool {
	v := dateVocabulary()
	month, number := false, false
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		if unicode.IsDigit(firstRune(w)) {
			number = true
		} else if v.words[foldDate(w)].month != 0 {
			month = true
		}
	}
	return month && number
}

// endsDate reports whether s ends as a date does, or the agency after it:
// "Ms." does not.
func endsDate(s string) bool {
	s = strings.TrimRight(s, " ")
	r, _ := utf8.DecodeLastRuneInString(s)
	return r == ')' || digitOf(r) >= 0
}

func endsWithYearOrParen(s string) bool {
	n := len(s)
	return n > 0 && (s[n-1] == ')' || n >= 4 && hasYear(s[n-4:]))
}

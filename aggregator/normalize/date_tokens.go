package normalize

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// token is a number, a word or one sign of a folded date.
type token struct {
	kind   byte   // '0' a number, 'a' a word, else the sign itself
	text   string // as folded
	n      int    // value of a number
	at     int    // where it starts in the folded text
	spaced bool   // white space before it
}

func (t token) digits() int { return len(t.text) }

const maxDateTokens = 48

// tokenize cuts a folded date. A run of Chinese, Japanese or Korean letters is
// cut into the longest words that the vocabulary has, as nobody puts spaces there.
func tokenize(f string, v *vocabulary, to []token) ([]token, bool) {
	spaced := false
	for i := 0; i < len(f); {
		if len(to) == cap(to) {
			return nil, false
		}
		t := token{at: i, spaced: spaced}
		spaced = false
		r, size := utf8.DecodeRuneInString(f[i:])
		switch {
		case r == ' ' || r < ' ':
			spaced = true
			i++
			continue
		case isDigit(f[i]):
			for i < len(f) && isDigit(f[i]) {
				if t.n < 1e9 {
					t.n = t.n*10 + int(f[i]-'0')
				}
				i++
			}
			t.kind, t.text = '0', f[t.at:i]
		case unicode.IsLetter(r):
			end := i
			for end < len(f) {
				q, s := utf8.DecodeRuneInString(f[end:])
				if !unicode.IsLetter(q) && !unicode.Is(unicode.Mc, q) {
					break
				}
				end += s
			}
			if unbroken(r) {
				end = v.longest(f[i:end]) + i
			}
			t.kind, t.text = 'a', f[i:end]
			i = end
		default:
			t.kind, t.text = ';', f[i:i+size]
			switch {
			case r < utf8.RuneSelf:
				t.kind = byte(r)
			case r == '、' || r == '،' || r == '，':
				t.kind = ','
			case r == '–' || r == '—':
				t.kind = '~' // a dash between parts, never a sign
			}
			i += size
		}
		to = append(to, t)
	}
	return to, true
}

// unbroken tells the scripts that are written without spaces, after folding.
func unbroken(r rune) bool {
	return r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul))
}

// longest gives the length of the longest word at the start of s that the
// vocabulary has, all of s if there is none.
func (v *vocabulary) longest(s string) int {
	for end := min(len(s), 40); end > 0; end-- {
		if end < len(s) && !utf8.RuneStart(s[end]) {
			continue
		}
		if _, ok := v.words[s[:end]]; ok {
			return end
		}
	}
	return len(s)
}

// dateReader walks over the tokens once and sorts them into a clock time, a zone and
// the parts of a date; assemble then decides which number is what.
type dateReader struct {
	v         *vocabulary
	languages []string
	raw       string // as given, if it is as long as the folded text (for zone names with capitals), else ""
	ts        []token

	nums [3]token // the date's numbers without a unit, in order
	n    int

	month       int         // by name, when only a month can be meant, else 0
	maybe       [3]dateWord // words that may be a month or a weekday
	maybes      int
	weekday     int  // 1 is Sunday, 0 unknown, 8 open
	foreign     bool // a month, a weekday or digits that are not English
	korean      bool
	y, m, d     int  // by unit, -1 unknown
	monthNumber bool // the next number is the month
	unknown     int  // words passed over at the start

	clock             bool
	h, min, sec, nano int
	am, pm            bool

	zoned    bool
	offset   int    // seconds east
	area     string // or the name in the tz database
	american bool   // an American zone
}

// parseDateWords reads a date with words, or with numbers in any order.
func parseDateWords(s, f string, languages []string) (time.Time, bool) {
	v := dateVocabulary()
	var buf [maxDateTokens]token
	ts, ok := tokenize(f, v, buf[:0])
	if !ok {
		return time.Time{}, false
	}
	r := dateReader{v: v, languages: languages, ts: ts, y: -1, m: -1, d: -1}
	if len(s) == len(f) {
		r.raw = s
	}
	r.foreign = strings.ContainsFunc(s, func(c rune) bool { return c >= '٠' && c <= '٩' || c >= '۰' && c <= '۹' })
	if !r.read() {
		return time.Time{}, false
	}
	return r.assemble()
}

func (r *dateReader) at(i int) token {
	if i < len(r.ts) {
		return r.ts[i]
	}
	return token{}
}

// word gives the meaning of the word at i and how many tokens it takes.
func (r *dateReader) word(i int) (w dateWord, n int, ok bool) {
	t := r.at(i)
	// Names of two words: "تشرين الثاني", "a las", "terça-feira".
	if u := r.at(i + 1); u.kind == 'a' {
		if w, ok = r.v.words[t.text+" "+u.text]; ok {
			return w, 2, true
		}
	} else if x := r.at(i + 2); (u.kind == '-' || u.kind == '.') && x.kind == 'a' {
		if w, ok = r.v.words[t.text+" "+x.text]; ok {
			return w, 3, true
		}
	}
	w, ok = r.v.look(t.text, r.languages)
	return w, 1, ok
}

// read sorts all tokens; it fails on what it cannot place.
func (r *dateReader) read() bool {
	timeNext := false // a word such as "kl." was just read: 14.30 is a time
	for i := 0; i < len(r.ts); {
		t := r.ts[i]
		switch t.kind {
		case '0':
			n, ok := r.readClock(i, timeNext)
			if !ok {
				return false
			}
			if n == 0 {
				n, ok = r.readNumber(i)
				if !ok {
					return false
				}
			}
			timeNext = false
			i += n
		case 'a':
			n, ok := r.readWord(i, &timeNext)
			if !ok {
				return false
			}
			i += n
		case '(', '[':
			i = r.skipBracket(i)
		case '-', '/', '.', ',', '~', ':', ';', '|', '\'', '@', ')', '"':
			i++
		default:
			return false
		}
	}
	return true
}

// skipBracket passes over a bracket, taking a zone from it if none is known:
// "(PST)", "(Coordinated Universal Time)", "(土)".
func (r *dateReader) skipBracket(i int) int {
	if w, _, ok := r.word(i + 1); ok && w.zone && !r.zoned && r.clock && len(r.at(i+1).text) > 1 && r.at(i+2).kind == ')' {
		r.setZone(w)
	}
	for depth := 0; i < len(r.ts); i++ { // RFC 5322 §3.2.2: comments nest and have quoted pairs
		switch r.ts[i].kind {
		case '\\':
			i++
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(r.ts)
}

// readClock reads a time of day at the number i, with what belongs to it: the
// half of the day and the zone. It takes no tokens when there is no time.
func (r *dateReader) readClock(i int, timeNext bool) (n int, ok bool) {
	t, j := r.ts[i], i+1
	h, m, s, nano := t.n, 0, 0, 0
	colon := r.at(j).kind == ':' && r.at(j+1).kind == '0' && t.digits() <= 2
	w, _, _ := r.word(j)
	isWord := r.at(j).kind == 'a'
	switch {
	case colon:
		m = r.at(j + 1).n
		if r.at(j+1).digits() > 2 {
			return 0, false
		}
		j += 2
		if r.at(j).kind == ':' && r.at(j+1).kind == '0' {
			if s = r.at(j + 1).n; r.at(j+1).digits() > 2 {
				return 0, false
			}
			j += 2
			if f := r.at(j + 1); (r.at(j).kind == '.' || r.at(j).kind == ',') && f.kind == '0' && !f.spaced {
				nano, _, _ = fraction(f.text, 0)
				j += 2
			} else if r.at(j).kind == ':' && f.kind == '0' && f.digits() <= 3 { // frames, or milliseconds after a colon
				j += 2
			} else if r.at(j).kind == ':' {
				j++
			}
		}
	case isWord && w.roles&roleHour != 0 && t.digits() <= 2 && r.m <= 12:
		j++
		if x := r.at(j); x.kind == '0' && x.digits() <= 2 && r.hasUnit(j+1, roleMinute) || x.kind == '0' && x.digits() == 2 && !(x.spaced && r.n < 2 && r.y < 0 && r.d < 0) {
			m = x.n
			j++
			if u, _, _ := r.word(j); r.at(j).kind == 'a' && u.roles&roleMinute != 0 {
				j++
				if x := r.at(j); x.kind == '0' && x.digits() <= 2 && r.hasUnit(j+1, roleSecond) {
					s = x.n
					j += 2
				}
			}
		}
	case t.digits() <= 2 && r.halfDay(j) > 0 && h >= 1 && h <= 12 && !r.clock && !r.german() && r.at(j+r.halfDay(j)).kind != '0':
		// A number after "am" or "오후" is the hour, and this is the day.
	case r.at(j).kind == '.' && r.at(j+1).kind == '0' && r.at(j+1).digits() == 2 && !r.at(j+1).spaced && t.digits() <= 2 && !r.clock &&
		(timeNext && !(r.at(j+2).kind == '.' && r.at(j+3).kind == '0' && r.at(j+3).digits() == 4) || r.hasUnit(j+2, roleHour)):
		m = r.at(j + 1).n
		j += 2
		if r.at(j).kind == '.' && r.at(j+1).kind == '0' && r.at(j+1).digits() == 2 && !r.at(j+1).spaced {
			s = r.at(j + 1).n
			j += 2
		}
	case t.digits() == 4 && timeNext && i > 0 && r.ts[i-1].text == "t" || t.digits() == 6 && i > 0 && r.ts[i-1].text == "t":
		h, m = digits2(t.text, 0), digits2(t.text, 2)
		if t.digits() == 6 {
			s = digits2(t.text, 4)
		}
	case timeNext && t.digits() <= 2 && r.halfDay(j) > 0:
	default:
		return 0, true
	}
	if h > 24 || m > 59 || s > 60 {
		return 0, false
	}
	// A second time is the first again, or the one that was meant if the first is
	// midnight ("2006-01-02 00:00:00 15:04:05"); a span of hours is no date.
	if r.clock && !(r.h == h && r.min == m && r.sec == s) && r.h|r.min|r.sec != 0 {
		return 0, false
	}
	r.clock = true
	r.h, r.min, r.sec, r.nano = h, m, s, nano
	if n := r.halfDay(j); n > 0 {
		r.setHalf(j)
		j += n
	}
	n, ok = r.readZone(j)
	return j + n - i, ok
}

func (r *dateReader) hasUnit(i int, unit role) bool {
	w, _, ok := r.word(i)
	return ok && r.at(i).kind == 'a' && w.roles&unit != 0
}

// german tells whether "am" is more likely "on the".
func (r *dateReader) german() bool {
	return len(r.languages) > 0 && strings.HasPrefix(r.languages[0], "de")
}

// halfDay gives the number of tokens of "am", "p.m.", "p. m.", "مساء" at i, 0 if there is none.
func (r *dateReader) halfDay(i int) int {
	t := r.at(i)
	if t.kind != 'a' {
		return 0
	}
	if w, n, ok := r.word(i); ok && w.roles&(roleAM|rolePM) != 0 {
		return n
	}
	if t.text == "a" || t.text == "p" || t.text == "π" || t.text == "μ" {
		j := i + 1
		if r.at(j).kind == '.' {
			j++
		}
		if x := r.at(j); x.kind == 'a' && (x.text == "m" || x.text == "μ") && j > i+1 || x.text == "m" && x.kind == 'a' {
			j++
			if r.at(j).kind == '.' {
				j++
			}
			return j - i
		}
		if !t.spaced && t.text != "μ" && r.at(i+1).kind != 'a' { // 3:04p
			return 1
		}
	}
	return 0
}

func (r *dateReader) setHalf(i int) {
	w, _, _ := r.word(i)
	switch t := r.at(i).text; {
	case w.roles&roleAM != 0 || w.roles&rolePM == 0 && (t == "a" || t == "π"):
		r.am = true
	default:
		r.pm = true
	}
	r.korean = r.korean || w.roles&roleKorean != 0
}

func (r *dateReader) setZone(w dateWord) {
	r.zoned, r.offset, r.area = true, int(w.offset), w.area
	r.american = r.american || w.american
}

// readZone reads the zone that may follow a time; it fails on a zone that is
// begun and broken ("+00:zz").
func (r *dateReader) readZone(i int) (n int, ok bool) {
	j := i
	t := r.at(j)
	if t.kind == '0' && t.text == "0000" { // the sign was lost
		r.zoned = true
		return 1, true
	}
	if t.kind == 'a' {
		if area, n := r.areaAt(j); n > 0 {
			r.zoned, r.area, r.offset = true, area, 0
			return n, true
		}
		w, k, known := r.word(j)
		switch {
		case known && w.roles&(roleHour|roleTime|roleFiller|roleSecond) != 0 && (!w.zone || !r.isUpper(t) || t.text == "h"):
			return 0, true // "15:30 h", "10:00 at"; but AT is a zone
		case known && w.zone && (w.month == 0) && (w.weekday == 0 || j+1 == len(r.ts)):
			r.setZone(w)
			j += k
			if r.at(j).text == "dst" { // "MET DST"
				r.offset += 3600
				j++
			}
		case known:
			return 0, true
		case len(t.text) >= 2 && len(t.text) <= 5 && r.isUpper(t): // a zone that nobody knows
			j++
			r.zoned = true
		default:
			return 0, true
		}
	}
	offset, n, ok := r.offsetAt(j)
	if !ok {
		return 0, false
	}
	if n > 0 {
		r.zoned, r.offset, r.area = true, offset, ""
		j += n
		// What is said again after an offset: "+0000 GMT", "+02:00Z", "+0000 UTC m=+0.01".
		for r.at(j).kind == 'a' {
			if r.at(j).text == "m" && r.at(j+1).kind == '=' {
				return len(r.ts) - i, true
			}
			w, k, known := r.word(j)
			if !known && len(r.at(j).text) <= 5 && r.isUpper(r.at(j)) {
				j++
				continue
			}
			if !known || !w.zone || w.month != 0 || w.weekday != 0 {
				break
			}
			r.american = r.american || w.american
			j += k
		}
	}
	return j - i, true
}

// isUpper tells whether a token was written in ASCII capitals.
func (r *dateReader) isUpper(t token) bool {
	if r.raw == "" {
		return false
	}
	for i := t.at; i < t.at+len(t.text); i++ {
		if r.raw[i] < 'A' || r.raw[i] > 'Z' {
			return false
		}
	}
	return true
}

// areaAt gives the name of a zone in the tz database, such as Europe/Brussels or
// Etc/GMT-2, and its tokens.
func (r *dateReader) areaAt(i int) (name string, n int) {
	if r.raw == "" || r.at(i+1).kind != '/' || r.at(i+1).spaced || r.at(i+2).kind != 'a' || r.at(i+2).spaced {
		return "", 0
	}
	switch r.at(i).text {
	case "africa", "america", "antarctica", "arctic", "asia", "atlantic", "australia", "europe", "indian", "pacific", "etc", "us", "canada":
	default:
		return "", 0
	}
	j := i + 1
	for j < len(r.ts) && !r.ts[j].spaced && r.ts[j].kind != ')' && r.ts[j].kind != ',' {
		j++
	}
	end := len(r.raw)
	if j < len(r.ts) {
		end = r.ts[j].at
	}
	return strings.TrimRight(r.raw[r.at(i).at:end], " "), j - i
}

// offsetAt reads +0200, +02:00, +2, +530, -0700 (also with a second sign before
// it) at i: seconds east of UTC. It fails if there is a sign with something else
// glued to it that could have been an offset.
func (r *dateReader) offsetAt(i int) (offset, n int, ok bool) {
	sign, j := r.at(i), i+1
	if sign.kind != '+' && sign.kind != '-' {
		return 0, 0, true
	}
	if r.at(j).kind == '-' && !r.at(j).spaced { // 15:04:05--0700
		sign.kind = '-'
		j++
	}
	t := r.at(j)
	if t.spaced && sign.kind == '-' || t.kind == 0 {
		return 0, 0, sign.kind == '-'
	}
	if t.kind != '0' {
		return 0, 0, sign.kind == '-' && r.at(j+1).kind != ':'
	}
	next := r.at(j + 1)
	j++
	var h, m int
	switch t.digits() {
	case 1, 2:
		h = t.n
		if next.kind == ':' && !next.spaced {
			x := r.at(j + 1)
			if x.kind != '0' || x.digits() != 2 && x.text != "0" { // "+00:0" was cut off
				return 0, 0, false
			}
			m = x.n
			j += 2
			if r.at(j).kind == ':' && r.at(j+1).kind == '0' && r.at(j+1).n == 0 { // -07:00:00
				j += 2
			}
		} else if next.kind == '/' || next.kind == '-' || next.kind == '.' {
			return 0, 0, sign.kind == '-' // 15:04 -05/04/2020
		} else if next.kind == 'a' && !next.spaced {
			return 0, 0, false
		}
	case 3, 4:
		h, m = t.n/100, t.n%100
	case 6:
		h, m = t.n/10000, t.n/100%100
	default:
		return 0, 0, false
	}
	if m > 59 || h > 15 {
		return 0, 0, false
	}
	offset = h*3600 + m*60
	if sign.kind == '-' {
		offset = -offset
	}
	return offset, j - i, true
}

// readNumber keeps a number of the date, with the unit or ordinal sign that
// belongs to it.
func (r *dateReader) readNumber(i int) (n int, ok bool) {
	t := r.ts[i]
	if t.digits() > 4 {
		return 0, false
	}
	if r.monthNumber {
		r.monthNumber = false
		r.m = t.n
		return 1, true
	}
	if u := r.at(i + 1); u.kind == 'a' {
		w, k, known := r.word(i + 1)
		field := (*int)(nil)
		switch {
		case !known:
		case w.roles&roleYear != 0:
			field = &r.y
		case w.roles&roleMonth != 0:
			field = &r.m
		case w.roles&roleDay != 0:
			field = &r.d
		}
		if field != nil {
			if *field >= 0 || field == &r.y && (t.digits() < 2 || t.digits() == 2 && r.unknown > 0) { // 令和2年 is 2020
				return 0, false
			}
			*field = t.n
			if field == &r.y && t.digits() == 2 {
				r.y = twoDigitYear(t.n)
			}
			r.korean = r.korean || w.roles&roleKorean != 0
			return 1 + k, true
		}
		if known && w.roles&roleOrdinal != 0 && !u.spaced && t.digits() <= 2 {
			return 2, r.keep(t)
		}
	}
	return 1, r.keep(t)
}

func (r *dateReader) keep(t token) bool {
	if r.n == len(r.nums) {
		return false
	}
	r.nums[r.n] = t
	r.n++
	return true
}

// readWord places a word: month, weekday, half of the day before the time, zone
// after a date without time, or nothing. One unknown word is passed over at the
// start, where a weekday stands.
func (r *dateReader) readWord(i int, timeNext *bool) (n int, ok bool) {
	t := r.ts[i]
	w, n, ok := r.word(i)
	if !ok {
		if r.n == 0 && r.month == 0 && !r.clock && r.unknown == 0 && r.y < 0 {
			r.unknown++
			return 1, true
		}
		return 0, false
	}
	switch {
	case w.month != 0 && w.weekday != 0:
		if r.maybes == len(r.maybe) {
			return 0, false
		}
		r.maybe[r.maybes] = w
		r.maybes++
	case w.month != 0:
		if r.month != 0 && r.month != int(w.month) {
			return 0, false
		}
		r.month = int(w.month)
		r.foreign = r.foreign || !w.english
	case w.roles&roleMonthNum != 0:
		r.monthNumber = true
	case w.roles&(roleAM|rolePM) != 0 && w.roles&roleFiller == 0 && !r.clock:
		r.setHalf(i)
	case w.roles&roleT != 0:
		*timeNext = true
	case w.roles&roleTime != 0:
		*timeNext = true
		if m := r.at(i + n); m.kind == '.' { // "kl."
			n++
		}
	case w.weekday != 0 && (r.weekday == 0 || w.roles == 0):
		if r.weekday == 0 {
			r.weekday = int(w.weekday)
		}
		r.foreign = r.foreign || !w.english
		r.korean = r.korean || w.roles&roleKorean != 0
	case w.zone && w.roles == 0 && !r.zoned && (r.n > 0 || r.y >= 0 || r.clock) && len(t.text) > 1:
		k, ok := r.readZone(i)
		return max(k, n), ok
	case w.roles&(roleFiller|roleHour|roleMinute|roleSecond) != 0:
	case w.zone && t.text == "z":
	default:
		return 0, false
	}
	return n, true
}

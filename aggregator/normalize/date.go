package normalize

import (
	"slices"
	"strings"
	"time"
)

// ParseDate reads a date as publishers write it and gives it in UTC. A date
// without a zone is taken as UTC (as +09:00 when it is written in Korean, which
// has one zone); a date without a time as midnight; a year or a month alone as
// its first day.
//
// It knows RFC 3339 and ISO 8601 (weeks, days of the year, basic format,
// hour 24), RFC 822/5322, RFC 850 and asctime with their usual damage, seconds
// and milliseconds since 1970, and dates in words in some thirty languages, in
// any order of their parts. A wrong weekday is ignored. Parts that no calendar
// has (hour 25, 31 February) and texts with anything left over give false: a
// wrong date is worse than none. Whether the year is plausible is for the caller
// to say.
//
// Two-digit years follow RFC 5322 §4.3 (49 is 2049, 50 is 1950). For 04/05/2017
// the order is decided by, in turn: which number can be a month; the weekday,
// if it fits one reading only; dots (day first); an American zone (month first);
// the first of the languages (BCP 47 tags, best known first) that has an opinion:
// "en" and "en-US" month first, other English and other languages day first;
// words of another language in the date itself. If nothing decides, the answer is
// false.
func ParseDate(s string, languages ...string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if c, ok := rfc3339(s); ok {
		return c.time()
	}
	if c, ok := rfc1123(s); ok {
		return c.time()
	}
	if len(s) == 0 || len(s) > maxDateBytes {
		return time.Time{}, false
	}
	f := foldDate(s)
	if c, ok := iso8601(f); ok {
		return c.time()
	}
	if c, ok := numericDate(f); ok {
		return c.time()
	}
	return parseDateWords(s, f, slices.Clone(languages)) // a clone, so that the fast paths allocate nothing
}

const (
	maxDateBytes = 200
	// For dates of two-digit numbers alone, such as 03-12-31, a reading is
	// believed only if it falls in these years and no other reading does. When
	// the horizon is passed, more of them are ambiguous and none gets wrong.
	firstPlausible, lastPlausible = 1990, 2030
)

// civil is a date and time of day as written, offset in seconds east of UTC.
type civil struct {
	year, month, day     int
	hour, min, sec, nano int
	offset               int
}

// time checks every part and gives the instant in UTC.
func (c civil) time() (time.Time, bool) {
	if c.year < 0 || c.year > 9999 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > daysIn(c.year, c.month) ||
		c.hour < 0 || c.hour > 24 || c.min < 0 || c.min > 59 || c.sec < 0 || c.sec > 60 || // 60: a leap second
		c.hour == 24 && (c.min > 0 || c.sec > 0 || c.nano > 0) ||
		c.offset <= -maxOffset || c.offset >= maxOffset {
		return time.Time{}, false
	}
	t := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.min, c.sec, c.nano, time.UTC)
	if c.offset != 0 {
		t = t.Add(-time.Duration(c.offset) * time.Second)
	}
	if c.year < 2 || c.year > 9998 { // only here can the offset leave the years that RFC 3339 can write
		if y := t.Year(); y < 1 || y > 9999 || t.IsZero() {
			return time.Time{}, false
		}
	}
	return t, true
}

// maxOffset is beyond every zone that ever was (+14:00, and -15:13:42 for a
// while in Alaska), in seconds.
const maxOffset = 16 * 3600

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// digits2 reads the two digits at i, -1 if they are none.
func digits2(s string, i int) int {
	a, b := s[i]-'0', s[i+1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

func digits4(s string, i int) int {
	a, b := digits2(s, i), digits2(s, i+2)
	if a < 0 || b < 0 {
		return -1
	}
	return a*100 + b
}

// rfc3339 is the fast path for the whole form with seconds and zone; the other
// variants of ISO 8601 go to iso8601.
func rfc3339(s string) (c civil, ok bool) {
	if len(s) < 20 || s[4] != '-' || s[7] != '-' || s[10]|0x20 != 't' && s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return c, false
	}
	c.year, c.month, c.day = digits4(s, 0), digits2(s, 5), digits2(s, 8)
	c.hour, c.min, c.sec = digits2(s, 11), digits2(s, 14), digits2(s, 17)
	if c.year|c.month|c.day|c.hour|c.min|c.sec < 0 {
		return c, false
	}
	i := 19
	if s[i] == '.' {
		c.nano, i, ok = fraction(s, i+1)
		if !ok || i == len(s) {
			return c, false
		}
	}
	if s[i]|0x20 == 'z' && i+1 == len(s) {
		return c, true
	}
	if (s[i] == '+' || s[i] == '-') && i+6 == len(s) && s[i+3] == ':' {
		h, m := digits2(s, i+1), digits2(s, i+4)
		if h|m < 0 || m > 59 {
			return c, false
		}
		c.offset = h*3600 + m*60
		if s[i] == '-' {
			c.offset = -c.offset
		}
		return c, true
	}
	return c, false
}

// fraction reads the digits at i as the decimals of a second, in nanoseconds;
// digits beyond the ninth are dropped.
func fraction(s string, i int) (nano, end int, ok bool) {
	unit := 100_000_000
	for end = i; end < len(s) && isDigit(s[end]); end++ {
		nano += int(s[end]-'0') * unit
		unit /= 10
	}
	return nano, end, end > i
}

// rfc1123 is the fast path for "Mon, 2 Jan 2006 15:04:05 GMT" with a weekday of
// three letters and a zone of GMT, UTC, Z or four digits.
func rfc1123(s string) (c civil, ok bool) {
	if len(s) < 24 || s[3] != ',' || s[4] != ' ' || !isDigit(s[5]) {
		return c, false
	}
	i := 6
	c.day = int(s[5] - '0')
	if isDigit(s[6]) {
		c.day = digits2(s, 5)
		i = 7
	}
	if len(s) < i+18 || s[i] != ' ' || s[i+4] != ' ' || s[i+9] != ' ' || s[i+12] != ':' || s[i+15] != ':' {
		return c, false
	}
	switch (uint32(s[i+1])<<16 | uint32(s[i+2])<<8 | uint32(s[i+3])) | 0x202020 {
	case 'j'<<16 | 'a'<<8 | 'n':
		c.month = 1
	case 'f'<<16 | 'e'<<8 | 'b':
		c.month = 2
	case 'm'<<16 | 'a'<<8 | 'r':
		c.month = 3
	case 'a'<<16 | 'p'<<8 | 'r':
		c.month = 4
	case 'm'<<16 | 'a'<<8 | 'y':
		c.month = 5
	case 'j'<<16 | 'u'<<8 | 'n':
		c.month = 6
	case 'j'<<16 | 'u'<<8 | 'l':
		c.month = 7
	case 'a'<<16 | 'u'<<8 | 'g':
		c.month = 8
	case 's'<<16 | 'e'<<8 | 'p':
		c.month = 9
	case 'o'<<16 | 'c'<<8 | 't':
		c.month = 10
	case 'n'<<16 | 'o'<<8 | 'v':
		c.month = 11
	case 'd'<<16 | 'e'<<8 | 'c':
		c.month = 12
	default:
		return c, false
	}
	c.year, c.hour, c.min, c.sec = digits4(s, i+5), digits2(s, i+10), digits2(s, i+13), digits2(s, i+16)
	if c.year|c.hour|c.min|c.sec < 0 {
		return c, false
	}
	switch zone := s[i+18:]; {
	case zone == " GMT" || zone == " UTC" || zone == " Z" || zone == "Z":
		return c, true
	case len(zone) == 6 && zone[0] == ' ' && (zone[1] == '+' || zone[1] == '-'):
		h, m := digits2(zone, 2), digits2(zone, 4)
		if h|m < 0 || m > 59 {
			return c, false
		}
		c.offset = h*3600 + m*60
		if zone[1] == '-' {
			c.offset = -c.offset
		}
		return c, true
	}
	return c, false
}

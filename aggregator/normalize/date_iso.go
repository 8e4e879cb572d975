package normalize

import (
	"strings"
	"time"
)

// iso8601 reads the forms of ISO 8601 that begin with a year, except those that
// rfc3339 has taken; the text is folded.
func iso8601(s string) (c civil, ok bool) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	c.month, c.day = 1, 1
	i := n
	switch {
	case n == 0 && len(s) == 5 && s[0] == '-' && digits4(s, 1) >= 0: // -yymm
		c.year, c.month = twoDigitYear(digits2(s, 1)), digits2(s, 3)
		return c, true
	case n == 0 && len(s) == 6 && s[0] == '-' && s[3] == '-' && digits2(s, 1) >= 0 && digits2(s, 4) >= 0: // -yy-mm
		c.year, c.month = twoDigitYear(digits2(s, 1)), digits2(s, 4)
		return c, true
	case n == 2 && len(s) == 6 && s[2] == '-' && isDigit(s[3]) && digits2(s, 4) >= 0: // yy-ddd
		c.year = twoDigitYear(digits2(s, 0))
		c.month, c.day, ok = dayOfYear(c.year, int(s[3]-'0')*100+digits2(s, 4))
		return c, ok
	case n == 4:
		c.year = digits4(s, 0)
		i, ok = c.isoAfterYear(s, i)
	case n == 7:
		c.year = digits4(s, 0)
		c.month, c.day, ok = dayOfYear(c.year, int(s[4]-'0')*100+digits2(s, 5))
	case n == 8 || n == 12 || n == 14:
		c.year, c.month, c.day, ok = digits4(s, 0), digits2(s, 4), digits2(s, 6), true
		if n >= 12 {
			c.hour, c.min = digits2(s, 8), digits2(s, 10)
		}
		if n == 14 {
			c.sec = digits2(s, 12)
		}
	}
	if !ok {
		return c, false
	}
	if n >= 12 {
		return c.isoZone(s, i)
	}
	if i == len(s) {
		return c, true
	}
	if s[i] == 't' || s[i] == '_' || s[i] == ' ' {
		j := i + 1
		for s[i] == ' ' && j < len(s) && s[j] == ' ' {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			if i, ok = c.isoTime(s, j); !ok {
				return c, false
			}
			return c.isoZone(s, i)
		}
	}
	// A date alone may have a zone (XML Schema), but 2022-06-10-12 is none.
	if rest := s[i:]; rest == "z" || len(rest) == 6 && rest[3] == ':' {
		return c.isoZone(s, i)
	}
	return c, false
}

// isoAfterYear reads month and day, week and day or day of the year.
func (c *civil) isoAfterYear(s string, i int) (end int, ok bool) {
	dashed := i < len(s) && s[i] == '-'
	if dashed {
		i++
	}
	if i < len(s) && s[i] == 'w' {
		i++
		if i+2 > len(s) || digits2(s, i) < 0 {
			return i, false
		}
		week, weekday := digits2(s, i), 1
		i += 2
		if dashed && i+1 < len(s) && s[i] == '-' && isDigit(s[i+1]) {
			weekday = int(s[i+1] - '0')
			i += 2
		} else if !dashed && i < len(s) && isDigit(s[i]) {
			weekday = int(s[i] - '0')
			i++
		}
		return i, c.setWeek(week, weekday)
	}
	if !dashed {
		return i, i == len(s) // a year alone
	}
	n := i
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	switch n - i {
	case 3:
		c.month, c.day, ok = dayOfYear(c.year, int(s[i]-'0')*100+digits2(s, i+1))
		return n, ok
	case 1:
		c.month = int(s[i] - '0')
	case 2:
		c.month = digits2(s, i)
	default:
		return n, false
	}
	if n == len(s) {
		return n, true
	}
	if s[n] != '-' {
		return n, false
	}
	i = n + 1
	for n = i; n < len(s) && isDigit(s[n]); n++ {
	}
	switch n - i {
	case 1:
		c.day = int(s[i] - '0')
	case 2:
		c.day = digits2(s, i)
	default:
		return n, false
	}
	return n, true
}

// setWeek turns week and weekday (1 is Monday) of the ISO year c.year into a
// calendar date.
func (c *civil) setWeek(week, weekday int) bool {
	if week < 1 || week > 53 || weekday < 1 || weekday > 7 {
		return false
	}
	jan4 := time.Date(c.year, 1, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	t := jan4.AddDate(0, 0, -(int(jan4.Weekday()+6)%7)+(week-1)*7+weekday-1)
	if y, w := t.ISOWeek(); y != c.year || w != week { // week 53 of a year that has none
		return false
	}
	c.year, c.month, c.day = t.Year(), int(t.Month()), t.Day()
	return true
}

// isoTime reads hh, hh:mm, hh:mm:ss, hhmm or hhmmss with decimals after a dot or
// comma; decimals of an hour or a minute are not read.
func (c *civil) isoTime(s string, i int) (end int, ok bool) {
	n := i
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	switch n - i {
	case 6:
		c.hour, c.min, c.sec = digits2(s, i), digits2(s, i+2), digits2(s, i+4)
		return c.isoFraction(s, n)
	case 4:
		c.hour, c.min = digits2(s, i), digits2(s, i+2)
		return n, true
	case 2:
		c.hour = digits2(s, i)
	case 1:
		c.hour = int(s[i] - '0')
	default:
		return n, false
	}
	if n == len(s) || s[n] != ':' {
		return n, n-i == 2
	}
	if n+3 > len(s) || digits2(s, n+1) < 0 {
		return n, false
	}
	c.min = digits2(s, n+1)
	n += 3
	if n+3 > len(s) || s[n] != ':' || digits2(s, n+1) < 0 {
		return n, true
	}
	c.sec = digits2(s, n+1)
	return c.isoFraction(s, n+3)
}

func (c *civil) isoFraction(s string, i int) (end int, ok bool) {
	if i < len(s) && (s[i] == '.' || s[i] == ',') {
		c.nano, end, ok = fraction(s, i+1)
		return end, ok
	}
	return i, true
}

// isoZone reads nothing, z, an offset, or an offset and z, to the end of s.
func (c *civil) isoZone(s string, i int) (civil, bool) {
	z := strings.TrimLeft(s[i:], " ")
	if z == "" || z == "z" {
		return *c, true
	}
	z = strings.TrimSuffix(z, "z")
	if z[0] != '+' && z[0] != '-' {
		return *c, false
	}
	h, m := 0, 0
	switch {
	case len(z) == 3:
		h = digits2(z, 1)
	case len(z) == 5:
		h, m = digits2(z, 1), digits2(z, 3)
	case len(z) == 6 && z[3] == ':':
		h, m = digits2(z, 1), digits2(z, 4)
	default:
		return *c, false
	}
	if h < 0 || m < 0 || m > 59 {
		return *c, false
	}
	c.offset = h*3600 + m*60
	if z[0] == '-' {
		c.offset = -c.offset
	}
	return *c, true
}

// numericDate reads a text of digits alone: seconds since 1970 (10 digits, with
// decimals or not), milli-, micro- and nanoseconds (13, 16, 19), and the basic
// forms of ISO 8601 with two-digit years, where they have one plausible reading.
func numericDate(s string) (c civil, ok bool) {
	n, v := 0, int64(0)
	for ; n < len(s) && isDigit(s[n]) && n < 20; n++ {
		v = v*10 + int64(s[n]-'0')
	}
	rest := s[n:]
	switch n {
	case 10, 13, 16, 19:
		var sec, nano int64
		switch n {
		case 10:
			sec = v
			if h := int(v % 100); v >= 19e8 && h < 24 { // or is it yyyymmddhh?
				if _, ok := (civil{year: int(v / 1e6), month: int(v / 1e4 % 100), day: int(v / 100 % 100)}).time(); ok {
					return c, false
				}
			}
			if len(rest) > 0 {
				f, end, ok := fraction(rest, 1)
				if rest[0] != '.' || !ok || end != len(rest) {
					return c, false
				}
				nano = int64(f)
			}
		case 13:
			sec, nano = v/1e3, v%1e3*1e6
		case 16:
			sec, nano = v/1e6, v%1e6*1e3
		case 19:
			sec, nano = v/1e9, v%1e9
		}
		if n > 10 && rest != "" || s[0] == '0' {
			return c, false
		}
		t := time.Unix(sec, nano).UTC()
		return civil{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), 0}, true
	case 5: // yyddd
		if rest != "" {
			return c, false
		}
		c.year = twoDigitYear(int(v / 1000))
		c.month, c.day, ok = dayOfYear(c.year, int(v%1000))
		return c, ok && plausible(c.year)
	case 6: // yymmdd, if it cannot be anything else
		if rest != "" {
			return c, false
		}
		a, b, d := int(v/10000), int(v/100%100), int(v%100)
		if y := int(v / 100); plausible(y) && d >= 1 && d <= 12 { // yyyymm
			return c, false
		}
		return twoDigitDate(a, b, d)
	}
	return c, false
}

func plausible(year int) bool { return firstPlausible <= year && year <= lastPlausible }

// twoDigitYear gives the year that two digits stand for (RFC 5322 §4.3).
func twoDigitYear(y int) int {
	if y < 50 {
		return 2000 + y
	}
	return 1900 + y
}

// twoDigitDate reads three two-digit numbers as year-month-day, if that is the
// only plausible order.
func twoDigitDate(a, b, d int) (civil, bool) {
	var found civil
	readings := 0
	for _, r := range [...][3]int{{a, b, d}, {d, b, a}, {d, a, b}} {
		c := civil{year: twoDigitYear(r[0]), month: r[1], day: r[2]}
		if plausible(c.year) && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= daysIn(c.year, c.month) && c != found {
			found = c
			readings++
		}
	}
	return found, readings == 1
}

// dayOfYear gives month and day of an ordinal date.
func dayOfYear(year, n int) (month, day int, ok bool) {
	if n < 1 {
		return 0, 0, false
	}
	for month = 1; month <= 12; month++ {
		d := daysIn(year, month)
		if n <= d {
			return month, n, true
		}
		n -= d
	}
	return 0, 0, false
}

package normalize

import (
	"strings"
	"time"
	_ "time/tzdata" // so that Europe/Brussels is known in an image without a zone database
)

// assemble decides what the numbers are.
func (r *dateReader) assemble() (time.Time, bool) {
	c := civil{year: r.y, month: r.m, day: r.d, hour: r.h, min: r.min, sec: r.sec, nano: r.nano, offset: r.offset}
	if !r.settleMonth() || !r.settleDate(&c) {
		return time.Time{}, false
	}
	if c.year >= 1300 && c.year <= 1500 { // years of another calendar
		return time.Time{}, false
	}
	if r.am || r.pm {
		if r.am && r.pm || !r.clock || c.hour > 12 && r.am || c.hour == 24 {
			return time.Time{}, false
		}
		if c.hour < 12 && r.pm {
			c.hour += 12
		} else if c.hour == 12 && r.am {
			c.hour = 0
		}
	}
	if r.korean && !r.zoned {
		c.offset = 9 * 3600
	}
	t, ok := c.time()
	if ok && r.area != "" {
		loc, err := time.LoadLocation(r.area)
		if err != nil {
			return t, true // as if no zone were said
		}
		t = time.Date(c.year, time.Month(c.month), c.day, c.hour, c.min, c.sec, c.nano, loc).UTC()
		ok = t.Year() >= 1 && t.Year() <= 9999 && !t.IsZero()
	}
	return t, ok
}

// settleMonth decides which of the words that may be a month or a weekday ("mar"
// is March or mardi, martes, martedì) are months.
func (r *dateReader) settleMonth() bool {
	if r.month == 0 && r.maybes > 0 && r.m < 0 && r.n < 3 {
		r.maybes-- // the last, as the weekday comes first
		r.month = int(r.maybe[r.maybes].month)
	}
	for i := range r.maybes {
		if w := r.maybe[i]; r.weekday == 0 {
			r.weekday = int(w.weekday)
		}
	}
	if r.month != 0 {
		if r.m >= 0 && r.m != r.month {
			return false
		}
		r.m = r.month
	}
	return true
}

// settleDate fills year, month and day of c from the numbers.
func (r *dateReader) settleDate(c *civil) bool {
	c.month = r.m
	nums := r.nums[:r.n]
	if r.y >= 0 || r.d >= 0 { // 2004年05月28日; nothing may be left
		if c.day < 0 && r.month == 0 && r.m >= 0 && len(nums) == 0 {
			c.day = 1
		}
		if c.year < 0 && len(nums) == 1 && nums[0].digits() == 4 {
			c.year, nums = nums[0].n, nil
		}
		if c.day < 0 && len(nums) == 1 && nums[0].digits() <= 2 {
			c.day, nums = nums[0].n, nil
		}
		return len(nums) == 0 && c.year >= 0 && c.month >= 0 && c.day >= 0
	}
	if r.m >= 0 {
		return r.settleNamed(c, nums)
	}
	switch len(nums) {
	case 3:
		return r.settleNumbers(c, nums[0], nums[1], nums[2])
	case 2: // 05/2004
		a, b := nums[0], nums[1]
		if b.digits() == 4 && a.digits() <= 2 && !r.clock {
			c.year, c.month, c.day = b.n, a.n, 1
			return true
		}
	}
	return false
}

// settleNamed fills year and day beside a month that is known.
func (r *dateReader) settleNamed(c *civil, nums []token) bool {
	switch len(nums) {
	case 1: // Nov. 2020
		c.year, c.day = nums[0].n, 1
		return nums[0].digits() == 4 && !r.clock
	case 2:
		day, year := nums[0], nums[1]
		if day.digits() > 2 || day.n > 31 && year.n <= 31 {
			day, year = year, day
		}
		if day.digits() > 2 || year.digits() < 2 {
			return false
		}
		c.day = day.n
		switch year.digits() {
		case 2:
			c.year = twoDigitYear(year.n)
		case 3: // RFC 5322 §4.3: counted from 1900
			c.year = 1900 + year.n
		default:
			c.year = year.n
		}
		return true
	}
	return false
}

// settleNumbers decides the order of three numbers.
func (r *dateReader) settleNumbers(c *civil, a, b, d token) bool {
	dotted := r.between(a, b) == '.' && r.between(b, d) == '.'
	switch {
	case a.digits() == 4:
		if b.digits() > 2 || d.digits() > 2 {
			return false
		}
		c.year, c.month, c.day = a.n, b.n, d.n
		return true
	case a.digits() > 2 || b.digits() > 2 || d.digits() == 3 || d.digits() == 1:
		return false
	case d.digits() == 4:
		c.year = d.n
	default:
		// Three numbers of two digits: dashes are ISO 8601's, if that is the one
		// plausible reading; dots and slashes put the year last.
		if r.between(a, b) == '-' && r.weekday == 0 {
			if iso, ok := twoDigitDate(a.n, b.n, d.n); ok {
				c.year, c.month, c.day = iso.year, iso.month, iso.day
				return true
			}
			return false
		}
		c.year = twoDigitYear(d.n)
	}
	dayFirst := civil{year: c.year, month: b.n, day: a.n}
	monthFirst := civil{year: c.year, month: a.n, day: b.n}
	_, canDay := dayFirst.time()
	_, canMonth := monthFirst.time()
	switch {
	case !canDay && !canMonth:
		return false
	case canDay && canMonth && a.n != b.n:
		first, known := r.dayFirst(dayFirst, monthFirst, dotted)
		if !known {
			return false
		}
		canDay = first
	}
	if canDay {
		c.month, c.day = b.n, a.n
	} else {
		c.month, c.day = a.n, b.n
	}
	return true
}

// between gives the sign between two numbers of the date, 0 if it is not just one.
func (r *dateReader) between(a, b token) byte {
	for i := range r.ts {
		if r.ts[i].at == a.at && r.at(i+2).at == b.at {
			return r.at(i + 1).kind
		}
	}
	return 0
}

// dayFirst decides between two readings that the calendar allows, by the rules
// in ParseDate's comment.
func (r *dateReader) dayFirst(dayFirst, monthFirst civil, dotted bool) (first, known bool) {
	if r.weekday > 0 && r.weekday < 8 {
		td, _ := dayFirst.time()
		tm, _ := monthFirst.time()
		d, m := int(td.Weekday())+1 == r.weekday, int(tm.Weekday())+1 == r.weekday
		if d != m {
			return d, true
		}
	}
	switch {
	case dotted:
		return true, true
	case r.american:
		return false, true
	}
	for _, l := range r.languages {
		l = strings.ToLower(strings.ReplaceAll(l, "_", "-"))
		primary, region, _ := strings.Cut(l, "-")
		switch primary {
		case "":
		case "en":
			return region != "" && region != "us" && region != "ph", true
		case "zh", "ja", "ko", "hu", "lt", "mn", "fa": // year first; the rest is open
		default:
			return true, true
		}
	}
	return true, r.foreign
}

package tag

import (
	"fmt"
	"time"
)

// window is when a statement must have been published: between two days, or
// between two days of any year. Zero is always.
type window struct {
	from, to        time.Time // to is the first moment after it
	fromDay, toDay  int       // month*100+day, both included; to < from goes over New Year
	yearly, limited bool
}

func newWindow(w Window) (window, error) {
	var out window
	for _, d := range []struct {
		name, text string
		to         *time.Time
	}{{"from", w.From, &out.from}, {"to", w.To, &out.to}} {
		if d.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, d.text)
		if err != nil {
			return out, fmt.Errorf("%s: %q is no day; write it as 2022-06-10", d.name, d.text)
		}
		*d.to = t
		out.limited = true
	}
	if !out.to.IsZero() {
		out.to = out.to.AddDate(0, 0, 1)
		if !out.from.Before(out.to) {
			return out, fmt.Errorf("it ends (%s) before it begins (%s)", w.To, w.From)
		}
	}
	return out, nil
}

func newDays(from, to string) (window, error) {
	a, err := time.Parse("01-02", from)
	if err != nil {
		return window{}, fmt.Errorf("%q is no day of the year; write it as 06-20", from)
	}
	b, err := time.Parse("01-02", to)
	if err != nil {
		return window{}, fmt.Errorf("%q is no day of the year; write it as 06-20", to)
	}
	return window{fromDay: dayOf(a), toDay: dayOf(b), yearly: true, limited: true}, nil
}

func dayOf(t time.Time) int { return int(t.Month())*100 + t.Day() }

// holds reports whether a statement published at t falls in the window. One
// without a date falls in every window.
func (w window) holds(t time.Time) bool {
	switch {
	case !w.limited || t.IsZero():
		return true
	case w.yearly && w.fromDay <= w.toDay:
		return w.fromDay <= dayOf(t) && dayOf(t) <= w.toDay
	case w.yearly:
		return w.fromDay <= dayOf(t) || dayOf(t) <= w.toDay
	}
	return !t.Before(w.from) && (w.to.IsZero() || t.Before(w.to))
}

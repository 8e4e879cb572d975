package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	mostFresh = 24 * time.Hour
	mostAsked = 10 * 365 * 24 * time.Hour // keeps sums with it from overflowing; schedule obeys far less
)

// FreshFor returns how long the origin lets us wait before asking again, as of
// now (RFC 9111 §4.2): max-age, else Expires minus Date, less Age, else 0.
// s-maxage is not for us. It is never negative and is capped at a day, as some
// origins say a year. said reports whether the origin spoke of it at all.
func FreshFor(h http.Header, now time.Time) (fresh time.Duration, said bool) {
	control := h.Values("Cache-Control")
	maxAge, stated, never := time.Duration(-1), false, false
	for _, line := range control {
		for len(line) > 0 {
			var one string
			one, line = cutList(line, ',')
			name, value, _ := strings.Cut(one, "=")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "no-store"), strings.EqualFold(name, "no-cache") && value == "":
				never = true
			case strings.EqualFold(name, "max-age"):
				// Two that differ: the shorter (§4.2.1 lets us take the whole for stale).
				d, ok := deltaSeconds(strings.Trim(strings.TrimSpace(value), `"`))
				if !ok {
					d = 0
				}
				if maxAge < 0 || d < maxAge {
					maxAge = d
				}
				stated = true
			}
		}
	}
	switch {
	case never:
		return 0, true
	case stated:
		fresh = maxAge
	case h.Get("Expires") != "":
		expires, err := http.ParseTime(h.Get("Expires"))
		if err != nil {
			return 0, true // "0" and other junk mean: already (§5.3)
		}
		fresh, stated = expires.Sub(dateOf(h, now)), true
	default:
		return 0, len(control) > 0
	}
	if age, ok := deltaSeconds(h.Get("Age")); ok {
		fresh -= age
	}
	return min(max(fresh, 0), mostFresh), true
}

// deltaSeconds reads a count of seconds (RFC 9111 §1.2.2); one too large to
// hold is very long, not wrong.
func deltaSeconds(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > int64(mostAsked/time.Second) {
		return mostAsked, true
	}
	return time.Duration(n) * time.Second, true
}

// RetryAfter returns how long the origin asks us to stay away (RFC 9110
// §10.2.3), from seconds or a date, 0 when it does not or has passed.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if d, ok := deltaSeconds(value); ok {
		return d
	}
	t, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(dateOf(h, now)), 0), mostAsked)
}

// dateOf gives the origin's own idea of now, so that a wrong clock on either
// side does not matter.
func dateOf(h http.Header, now time.Time) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		return t
	}
	return now
}

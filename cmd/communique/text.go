package main

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// What people are shown: times, durations, and foreign text.

// stamp gives RFC 3339 in UTC, "" for a time that nobody said.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// minute shortens a stamp for people.
func minute(stamp string) string {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return ""
	}
	return t.Format("2006-01-02 15:04Z")
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// since gives a stamp in relation to now: "5m ago", "in 3h", "-" for never.
func since(stamp string, now time.Time) string {
	t, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return "-"
	}
	if t.After(now) {
		return "in " + about(t.Sub(now))
	}
	return about(now.Sub(t)) + " ago"
}

// about gives a duration in its largest unit.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + "d"
}

func rate(perWeek float64) string {
	switch {
	case perWeek == 0:
		return "-"
	case perWeek < 0.1:
		return "<0.1"
	}
	return strconv.FormatFloat(perWeek, 'f', 1, 64)
}

// printable puts foreign text on one line of a terminal, without the
// characters that move its cursor or change its colours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\ufffd'
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

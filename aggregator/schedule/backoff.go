package schedule

import "time"

// backOff gives how long to wait after v.Failures failures in a row: a first
// step that depends on what went wrong, doubled by each failure, never below
// the floor and never above the ceiling (a longer interval of the operator's
// is its own ceiling). It never gives up: an office that comes back after a
// year is found within a day.
func backOff(v Visit) time.Duration {
	wait := max(firstStep(v), v.Floor)
	most := max(v.Ceiling, v.Schedule.every)
	for n := 1; n < v.Failures && wait < most; n++ {
		wait *= 2
	}
	return min(wait, most)
}

// firstStep gives the wait after a first failure: short for what heals by
// itself, long for what needs a human, or that more asking makes worse.
func firstStep(v Visit) time.Duration {
	if v.RetryAfter > 0 {
		return 0 // the origin has said it better than a table can
	}
	switch v.Class {
	case "timeout", "connect", "cancelled", "protocol":
		return 10 * time.Minute
	case "dns":
		return 15 * time.Minute
	case "empty", "html", "not-feed", "too-deep", "encoding":
		return 30 * time.Minute // somebody is publishing, or has broken the template
	case "tls", "redirect", "policy", "too-large":
		return time.Hour
	case "blocked":
		return 2 * time.Hour // asking a wall again and again builds it higher
	}
	switch {
	case v.Status == 401 || v.Status == 403 || v.Status == 451:
		return 2 * time.Hour
	case v.Status == 404 || v.Status == 429:
		return time.Hour
	case v.Status >= 500:
		return 10 * time.Minute
	case v.Status >= 400:
		return time.Hour
	}
	return 15 * time.Minute
}

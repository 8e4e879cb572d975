package push

import (
	"hash/fnv"
	"time"

	"communique/feeds"
)

// The steps between tries: they double from the first to the longest.
const (
	firstStep   = 3 * time.Second
	longestStep = 6 * time.Hour
	// longestAsked is how long a receiver's Retry-After is obeyed at most.
	longestAsked = 24 * time.Hour
)

// backOff says how long to wait after a number of failures in a row, lengthened
// by up to a fifth so that those who failed together do not come back together.
func backOff(key string, failures int, asked time.Duration) time.Duration {
	wait := longestStep
	if failures < 14 {
		wait = min(firstStep<<max(failures-1, 0), longestStep)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	_, _ = h.Write([]byte{byte(failures)})
	wait += time.Duration(h.Sum64() % uint64(wait/5))
	return max(wait, min(asked, longestAsked))
}

// failed notes a failure. The next try is due by back-off, unless it has failed
// for longer than the limit, 0 for none: then there is no further one.
func failed(s *feeds.Standing, key string, now time.Time, err error, asked, limit time.Duration) {
	if s.Failures == 0 {
		s.Failing = now
	}
	s.Failures++
	s.Error = short(err.Error())
	s.Due = now.Add(backOff(key, s.Failures, asked))
	if limit > 0 && s.Due.Sub(s.Failing) > limit {
		s.Due = time.Time{}
	}
}

// reached notes a success, and reports whether that is worth remembering.
func reached(s *feeds.Standing, now time.Time) bool {
	was := s.Failures > 0 || !s.Due.IsZero()
	*s = feeds.Standing{Reached: now}
	return was
}

func short(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

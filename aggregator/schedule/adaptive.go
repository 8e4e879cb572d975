package schedule

import (
	"slices"
	"time"
)

const (
	unknownRhythm = time.Hour // while fewer than two gaps are known

	// sixth and twelfth: a source is asked six times within its usual gap, which
	// finds an item after a twelfth of it on average; once it has been silent
	// for more than two gaps, the silence counts instead, and asking thins out.
	sixth   = 6
	twelfth = 12

	mostGaps = 16
	burst    = 10 * time.Minute // items closer than this came in one go
)

// adaptive gives the wait that a source's own rhythm suggests: a sixth of the
// median gap between its new items, or a twelfth of its present silence when
// that is more. Bounds are the caller's.
func adaptive(gaps []uint32, now, news time.Time) time.Duration {
	wait := unknownRhythm
	if len(gaps) >= 2 {
		sorted := slices.Sorted(slices.Values(gaps))
		wait = time.Duration(sorted[len(sorted)/2]) * time.Minute / sixth
	}
	if !news.IsZero() {
		wait = max(wait, now.Sub(news)/twelfth)
	}
	return wait
}

// Learn gives a source's gaps after a visit that found new items: those
// between the times of the new items, and from last (the newest before them,
// zero when there was none) to the oldest of them, in minutes, newest first,
// before the gaps known so far; 16 in all. Items that came in one go, within
// ten minutes, count as one. Times may come in any order; zero ones are passed
// over. It does not change gaps.
func Learn(gaps []uint32, last time.Time, items ...time.Time) []uint32 {
	times := make([]time.Time, 0, len(items)+1)
	if !last.IsZero() {
		times = append(times, last)
	}
	for _, t := range items {
		if !t.IsZero() && t.After(last) { // older ones were dug out, they are no rhythm
			times = append(times, t)
		}
	}
	slices.SortFunc(times, func(a, b time.Time) int { return b.Compare(a) })
	out := make([]uint32, 0, mostGaps)
	for i := 1; i < len(times) && len(out) < mostGaps; i++ {
		if gap := times[i-1].Sub(times[i]); gap >= burst {
			out = append(out, uint32(min(gap/time.Minute, 1<<31)))
		}
	}
	return append(out, gaps[:min(len(gaps), mostGaps-len(out))]...)
}

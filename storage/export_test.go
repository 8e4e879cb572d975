package storage

import (
	"testing"

	"communique/feeds"
)

// ShrinkLatest makes Latest keep and look at fewer statements during a test.
func ShrinkLatest(t testing.TB, kept, few int) {
	k, f := keptLatest, fewEnough
	keptLatest, fewEnough = kept, few
	t.Cleanup(func() { keptLatest, fewEnough = k, f })
}

// Forget forgets what searches found before.
func Forget(s *Store) {
	s.answers = newAnswers()
}

// AlwaysArrange makes Arrange find every index out of order during a test.
func AlwaysArrange(t testing.TB) {
	was := maxSpread
	maxSpread = 0
	t.Cleanup(func() { maxSpread = was })
}

// Opened gives how many segments are opened for the newest n statements.
func Opened(t testing.TB, s *Store, n int) int {
	t.Helper()
	segments := map[uint32]bool{}
	err := s.view(func(tb *tables) error {
		c, _, err := tb.condition(&feeds.Query{})
		if err != nil {
			return err
		}
		m, err := tb.merge(c, nil)
		for ; n > 0 && err == nil; n-- {
			var at *run
			if at, err = m.next(); at == nil {
				break
			}
			segments[at.number] = true
		}
		for _, r := range m.segments {
			if r.reach > 0 {
				segments[r.number] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(segments)
}

package schedule

import (
	"testing"
	"time"
)

// Never edit, only add: when a source is asked must not jump with a release.
func TestJitterStays(t *testing.T) {
	for _, c := range []struct {
		round uint64
		want  time.Duration
	}{{0, 3034392613993}, {7, 3586822920613}} {
		if got := Jitter("harbour", c.round, time.Hour); got != c.want {
			t.Errorf("round %d: %d, want %d", c.round, got, c.want)
		}
	}
}

package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGCPercent(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 1620}, {4 << 20, 420}, {20 << 20, 100}, {100 << 20, 36}, {2 << 30, 20}} {
		if got := gcPercent(c.live); got != c.want {
			t.Errorf("gcPercent(%d) = %d, want %d", c.live, got, c.want)
		}
	}
}

// TestPaceGarbage lives through two collections, because the second must be
// paced, too.
func TestPaceGarbage(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	old := debug.SetGCPercent(100)
	defer debug.SetGCPercent(old)
	set := func() int {
		p := debug.SetGCPercent(old)
		debug.SetGCPercent(p)
		return p
	}
	paceGarbage()
	if got := set(); got != 400 {
		t.Errorf("before a collection %d, want 400", got)
	}
	for round := range 2 {
		debug.SetGCPercent(1) // what the pace must not leave as it is
		for tries := 0; set() == 1; tries++ {
			if tries == 1000 {
				t.Fatalf("round %d: nothing set the pace after a collection", round+1)
			}
			runtime.GC()
			runtime.Gosched()
		}
	}
}

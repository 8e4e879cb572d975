package fetch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestHostsKeepConcurrencyAndGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(2, time.Second)
		var mu sync.Mutex
		inside, most := map[string]int{}, map[string]int{}
		starts := map[string][]time.Duration{}
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 20 {
			name := fmt.Sprint("host", i%2)
			wg.Go(func() {
				leave, err := hs.enter(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inside[name]++
				most[name] = max(most[name], inside[name])
				starts[name] = append(starts[name], time.Since(began))
				mu.Unlock()
				time.Sleep(5 * time.Second)
				mu.Lock()
				inside[name]--
				mu.Unlock()
				leave()
			})
		}
		wg.Wait()
		for name, s := range starts {
			if most[name] > 2 || len(s) != 10 {
				t.Errorf("%s: %d at once, %d in all", name, most[name], len(s))
			}
			for i := 1; i < len(s); i++ {
				if gap := s[i] - s[i-1]; gap < time.Second-time.Millisecond {
					t.Errorf("%s: %s between two starts", name, gap)
				}
			}
			if s[0] != 0 || s[9] > 21*time.Second {
				t.Errorf("%s: starts at %v; the first should not wait, and none longer than it must", name, s)
			}
		}
	})
}

func TestHostsWithoutGapDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(2, 0)
		began := time.Now()
		for range 1000 {
			leave, err := hs.enter(t.Context(), "host")
			if err != nil {
				t.Fatal(err)
			}
			leave()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("waited for %s", took)
		}
	})
}

func TestHostsLetGoOfTheImpatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hs := newHosts(1, time.Minute)
		leave, err := hs.enter(t.Context(), "host")
		if err != nil {
			t.Fatal(err)
		}
		if !hs.busy("host") || hs.busy("other") {
			t.Error("busy is wrong while somebody is inside")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hs.enter(ctx, "host"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		leave()
		if !hs.busy("host") {
			t.Error("not busy within the gap")
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hs.enter(ctx, "host"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		if hs.busy("host") {
			t.Error("busy after the gap")
		}
		leave, err = hs.enter(t.Context(), "host")
		if err != nil {
			t.Fatal(err)
		}
		leave()
	})
}

func TestHostsForgetTheIdle(t *testing.T) {
	hs := newHosts(1, 0)
	stay, err := hs.enter(t.Context(), "stays")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100000 {
		leave, err := hs.enter(t.Context(), fmt.Sprint("host", i))
		if err != nil {
			t.Fatal(err)
		}
		leave()
	}
	if n := len(hs.known); n > 2048 {
		t.Errorf("%d hosts are remembered", n)
	}
	if !hs.busy("stays") {
		t.Error("a host in use was forgotten")
	}
	stay()
}

package push

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"communique/feeds"
)

// receiver is a line whose calls take a while and fail or not.
type receiver struct {
	mu    sync.Mutex
	takes time.Duration
	err   error
	calls []time.Duration // since the start
	cut   int             // how often a call was broken off to make room

	standing feeds.Standing
	slow     bool
	served   int
}

func (r *receiver) line(c *courier, host, key string, start time.Time, limit time.Duration) *line {
	return newLine(host, func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.slow }, func(ctx context.Context) time.Time {
		r.mu.Lock()
		r.calls = append(r.calls, time.Since(start))
		takes, err := r.takes, r.err
		r.mu.Unlock()
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case errors.Is(err, errSlow):
			r.cut++
			r.slow = true
			return time.Now()
		case err != nil:
			r.slow = true
			failed(&r.standing, key, time.Now(), err, 0, limit)
			return r.standing.Due
		}
		r.served++
		reached(&r.standing, time.Now())
		return time.Time{}
	})
}

func TestRetriesSlowDownOverDaysAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := newCourier(ctx, 10, 5, 10*time.Second, time.Second, time.Now)
		go c.run(ctx)
		start := time.Now()
		r := &receiver{err: errors.New("answers 500")}
		c.ask(r.line(c, "a.example", "a", start, 72*time.Hour), start)
		time.Sleep(10 * 24 * time.Hour)
		synctest.Wait()
		r.mu.Lock()
		n := len(r.calls)
		if n < 20 || n > 40 {
			t.Errorf("%d tries in three days: %v", n, r.calls)
		}
		for i := 1; i < n; i++ {
			wait := r.calls[i] - r.calls[i-1]
			if least := min(firstStep<<min(i-1, 13), longestStep); wait < least || wait > least*6/5+time.Second {
				t.Errorf("before try %d it waits %v, want %v and up to a fifth more", i+1, wait, least)
			}
		}
		if last := r.calls[n-1]; last > 72*time.Hour || last < 60*time.Hour {
			t.Errorf("the last try is after %v, want it within three days", last)
		}
		if r.standing.Failures != n || !r.standing.Due.IsZero() {
			t.Errorf("it stands at %+v", r.standing)
		}
		r.err = nil
		r.mu.Unlock()
		c.ask(r.line(c, "a.example", "a", start, 0), time.Now()) // there is new content
		synctest.Wait()
		if r.served != 1 || r.standing.Failures != 0 {
			t.Errorf("new content after the end of the tries: served %d, %+v", r.served, r.standing)
		}
	})
}

func TestBackOffObeysRetryAfterWithinADay(t *testing.T) {
	for _, c := range []struct{ asked, least, most time.Duration }{
		{0, 3 * time.Second, 4 * time.Second}, {time.Hour, time.Hour, time.Hour}, {100 * time.Hour, 24 * time.Hour, 24 * time.Hour},
	} {
		if got := backOff("x", 1, c.asked); got < c.least || got > c.most {
			t.Errorf("asked to wait %v: waits %v", c.asked, got)
		}
	}
	if backOff("x", 3, 0) == backOff("y", 3, 0) {
		t.Error("two receivers come back at the same moment")
	}
	if backOff("x", 1_000_000, 0) < longestStep {
		t.Error("after very many failures it does not wait longest")
	}
}

// Whoever hangs, on whatever host, the others are served at once.
func TestSlowReceiversHoldUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := newCourier(ctx, 20, 10, 10*time.Second, 500*time.Millisecond, time.Now)
		go c.run(ctx)
		start := time.Now()
		var quick, hanging []*receiver
		var lines []*line
		for i := range 1000 {
			r := &receiver{takes: time.Millisecond}
			host := "good.example"
			if i%50 < 2 { // 40 of them, half on the host of the good ones
				r.takes = time.Hour
				if i%50 == 0 {
					host = fmt.Sprintf("bad-%d.example", i%7)
				}
				hanging = append(hanging, r)
			} else {
				quick = append(quick, r)
			}
			lines = append(lines, r.line(c, host, fmt.Sprint(i), start, time.Hour))
		}
		for round := range 3 {
			begun := time.Now()
			c.askAll(lines)
			time.Sleep(5 * time.Second)
			late := time.Duration(0)
			for _, r := range quick {
				r.mu.Lock()
				if r.served != round+1 || len(r.calls) <= round {
					t.Errorf("round %d: a quick one was served %d times", round, r.served)
				} else {
					late = max(late, r.calls[round]+start.Sub(begun))
				}
				r.mu.Unlock()
			}
			if late > 3*time.Second || round > 0 && late > 500*time.Millisecond {
				t.Errorf("round %d: a quick one waited %v", round, late)
			}
		}
		time.Sleep(time.Minute)
		for _, r := range hanging {
			r.mu.Lock()
			if r.standing.Failures == 0 || r.cut > 1 {
				t.Errorf("one that hangs stands at %+v, cut %d times", r.standing, r.cut)
			}
			r.mu.Unlock()
		}
	})
}

func TestLineIsCalledOnceAtATimeAndAgainWhenAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := newCourier(ctx, 5, 5, 10*time.Second, time.Second, time.Now)
		go c.run(ctx)
		var mu sync.Mutex
		running, most, calls := 0, 0, 0
		called := func() int { mu.Lock(); defer mu.Unlock(); return calls }
		l := newLine("a", func() bool { return false }, func(context.Context) time.Time {
			mu.Lock()
			running++
			calls++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(100 * time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return time.Time{}
		})
		for range 50 {
			c.ask(l, time.Now())
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		mu.Lock()
		if most != 1 || calls < 5 || calls > 7 {
			t.Errorf("called %d times, %d at a time", calls, most)
		}
		mu.Unlock()
		c.ask(l, time.Now().Add(time.Hour))
		c.ask(l, time.Now().Add(time.Minute)) // earlier counts
		before := called()
		time.Sleep(2 * time.Minute)
		if called() != before+1 {
			t.Errorf("called %d times within two minutes, want once", called()-before)
		}
		c.ask(l, time.Now().Add(time.Hour))
		c.drop(l)
		time.Sleep(2 * time.Hour)
		if called() != before+1 {
			t.Error("called after it was dropped")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.quick.hosts)+len(c.slow.hosts) != 0 || c.quick.free != 5 || c.slow.free != 5 {
			t.Errorf("the lanes are not empty: %+v %+v", c.quick, c.slow)
		}
	})
}

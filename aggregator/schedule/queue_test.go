package schedule

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"communique/feeds"
)

func TestQueueHandsOutInOrderOfDue(t *testing.T) {
	q := NewQueue()
	q.Set("b", monday)
	q.Set("c", monday.Add(2*time.Minute))
	q.Set("a", monday)
	q.Set("d", monday.Add(-time.Minute))
	q.Set("c", monday.Add(-time.Hour)) // moved
	var got []feeds.SourceID
	for {
		id, _, ok := q.Next(monday)
		if !ok {
			break
		}
		got = append(got, id)
	}
	if fmt.Sprint(got) != "[c d a b]" {
		t.Errorf("got %v, want c d a b", got)
	}
	if w, out := q.Len(); w != 0 || out != 4 {
		t.Errorf("%d wait, %d are out", w, out)
	}
}

func TestQueueTellsWhenTheFirstIsDue(t *testing.T) {
	q := NewQueue()
	if _, due, ok := q.Next(monday); ok || !due.IsZero() {
		t.Errorf("an empty queue gives %s, %v", due, ok)
	}
	q.Set("a", monday.Add(time.Hour))
	if _, due, ok := q.Next(monday); ok || !due.Equal(monday.Add(time.Hour)) {
		t.Errorf("got %s, %v; want the time of a", due, ok)
	}
}

func TestQueueKeepsASourceThatIsOut(t *testing.T) {
	q := NewQueue()
	q.Set("a", monday)
	q.Next(monday)
	q.Set("a", monday) // a push says that there is something new
	if id, _, ok := q.Next(monday); ok {
		t.Fatalf("%s is out twice", id)
	}
	q.Done("a", monday.Add(time.Hour))
	if id, due, ok := q.Next(monday); !ok || id != "a" || !due.Equal(monday) {
		t.Errorf("got %q %s %v; want a at once, as it was asked for meanwhile", id, due, ok)
	}
	q.Done("a", monday.Add(time.Hour))
	q.Done("a", monday) // not out: nothing
	if _, due, ok := q.Next(monday); ok || !due.Equal(monday.Add(time.Hour)) {
		t.Errorf("got %s %v; want a in an hour", due, ok)
	}
}

func TestQueueRemove(t *testing.T) {
	q := NewQueue()
	q.Set("a", monday)
	q.Set("b", monday.Add(time.Minute))
	q.Remove("b")
	q.Remove("nobody")
	q.Next(monday)
	q.Remove("a")
	q.Done("a", monday)
	if w, out := q.Len(); w+out != 0 {
		t.Errorf("%d wait, %d are out; want none", w, out)
	}
	// Removed and configured again while it is out: not out twice, and back after.
	q.Set("a", monday)
	q.Next(monday)
	q.Remove("a")
	q.Set("a", monday.Add(time.Minute))
	if _, _, ok := q.Next(monday.Add(time.Hour)); ok {
		t.Error("a is out twice")
	}
	q.Done("a", monday.Add(2*time.Minute))
	if _, due, _ := q.Next(monday); !due.Equal(monday.Add(time.Minute)) {
		t.Errorf("a is due at %s, want as it was set last", due)
	}
	// Gone: a zero due is never.
	q.Next(monday.Add(time.Hour))
	q.Done("a", time.Time{})
	q.Set("c", monday)
	q.Set("c", time.Time{})
	if w, out := q.Len(); w+out != 0 {
		t.Errorf("%d wait, %d are out; a zero due should mean never", w, out)
	}
}

// The loop of a caller: it sleeps until the first due time, and wakes for one
// that is set earlier.
func TestQueueWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, start := NewQueue(), time.Now()
		q.Set("slow", start.Add(time.Hour))
		got := make(chan string, 2)
		go func() {
			for range 2 {
				for {
					id, due, ok := q.Next(time.Now())
					if ok {
						got <- fmt.Sprint(id, " after ", time.Since(start))
						break
					}
					select {
					case <-time.After(time.Until(due)):
					case <-q.Wake():
					}
				}
			}
		}()
		time.Sleep(time.Minute)
		q.Set("soon", start.Add(2*time.Minute))
		for _, want := range []string{"soon after 2m0s", "slow after 1h0m0s"} {
			if g := <-got; g != want {
				t.Errorf("got %s, want %s", g, want)
			}
		}
	})
}

// Whatever workers and the configuration do at once, a source is out at most
// once and the heap keeps its order.
func TestQueueUnderConcurrency(t *testing.T) {
	q := NewQueue()
	id := func(n int) feeds.SourceID { return feeds.SourceID(fmt.Sprint("s", n)) }
	var out sync.Map
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 2000 {
				due := monday.Add(time.Duration(r.IntN(100)) * time.Second)
				switch r.IntN(4) {
				case 0:
					q.Set(id(r.IntN(20)), due)
				case 1:
					if r.IntN(5) == 0 {
						q.Remove(id(r.IntN(20)))
					}
				default:
					if s, _, ok := q.Next(monday.Add(50 * time.Second)); ok {
						if _, twice := out.LoadOrStore(s, true); twice {
							t.Errorf("%s is out twice", s)
						}
						out.Delete(s)
						q.Done(s, due)
					}
				}
			}
		})
	}
	wg.Wait()
	last := time.Time{}
	for {
		_, due, ok := q.Next(monday.Add(time.Hour))
		if !ok {
			break
		}
		if due.Before(last) {
			t.Fatalf("%s comes after %s", due, last)
		}
		last = due
	}
	if w, _ := q.Len(); w != 0 {
		t.Errorf("%d sources never came out", w)
	}
}

func BenchmarkQueue(b *testing.B) {
	q, now := NewQueue(), monday
	for i := range 10000 {
		id := feeds.SourceID(fmt.Sprint("s", i))
		q.Set(id, First(id, now, Schedule{}, time.Hour))
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		if id, _, ok := q.Next(now); ok {
			q.Done(id, now.Add(time.Hour))
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "visits/s")
}

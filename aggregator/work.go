package aggregator

import (
	"context"
	"net/url"
	"sync"
	"time"

	"communique/aggregator/schedule"
	"communique/feeds"
)

// look is how often a host that had no room is looked at again.
const look = 50 * time.Millisecond

// longestWait is how long the dispatcher sleeps at most: a timer does not see
// that the clock was set.
const longestWait = time.Minute

// work refreshes what the queue gives out, each source again when again says,
// until none is left or ctx ends. A source whose host has no room for another
// visit steps aside, so that a slow host holds up nobody else. It fails only
// when a refresh does.
func (e *Engine) work(ctx context.Context, q *schedule.Queue, again func(Outcome) time.Time) error {
	outer := ctx
	ctx, stop := context.WithCancelCause(outer)
	defer stop(nil)
	work := make(chan feeds.SourceID)
	done := make(chan feeds.SourceID, e.o.Workers)
	var workers sync.WaitGroup
	for range e.o.Workers {
		workers.Go(func() {
			for id := range work {
				out, err := e.Refresh(ctx, id)
				if err != nil && ctx.Err() == nil {
					// The store or the journal refused as a whole: to go on fetching would
					// only throw away what publishers send.
					stop(err)
				}
				q.Done(id, again(out))
				done <- id // never blocks: the dispatcher counts what is out
			}
		})
	}
	defer workers.Wait()
	defer close(work)
	timer := time.NewTimer(0)
	defer timer.Stop()
	out, atHost := 0, map[string]int{}
	aside := &asides{waiting: map[string][]feeds.SourceID{}}
	back := func(id feeds.SourceID) {
		out--
		atHost[e.hostOf(id)]--
	}
	room := func(host string, id feeds.SourceID) bool {
		return atHost[host] < e.o.PerHost && !e.o.Fetcher.Busy(e.sources[id].URL)
	}
	for {
		if ctx.Err() != nil { // before anything else: a failure must not look like the end of the work
			if outer.Err() != nil {
				return nil
			}
			return context.Cause(ctx)
		}
		select {
		case <-e.drained:
			// What is under way ends by itself; a store that refuses it then will
			// refuse whoever comes next, too.
			return nil
		default:
		}
		id, ok := aside.next(room)
		var due time.Time
		for !ok {
			var ready bool
			if id, due, ready = q.Next(e.o.Now()); !ready {
				break
			}
			if host := e.hostOf(id); aside.has(host) || !room(host, id) {
				aside.add(host, id)
				continue
			}
			ok = true
		}
		if ok && out < e.o.Workers {
			out++
			atHost[e.hostOf(id)]++
			work <- id // a worker is free
			continue
		}
		if ok {
			aside.first(e.hostOf(id), id)
		} else if out == 0 && aside.empty() && due.IsZero() {
			return nil
		}
		wait := longestWait
		if !due.IsZero() {
			wait = min(wait, due.Sub(e.o.Now()))
		}
		if !aside.empty() && out < e.o.Workers {
			wait = min(wait, look)
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-q.Wake():
		case <-e.drained:
		case id := <-done:
			back(id)
		case <-ctx.Done():
		}
	}
}

// hostOf gives what a source's visits share with others.
func (e *Engine) hostOf(id feeds.SourceID) string { return e.hosts[id] }

// host gives the host and port of a URL.
func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw // the visit will say what is wrong with it
	}
	return u.Host
}

// asides are the sources that are due but whose host has no room, by host; the
// host that has waited longest comes first.
type asides struct {
	waiting map[string][]feeds.SourceID
	hosts   []string
}

func (a *asides) empty() bool          { return len(a.hosts) == 0 }
func (a *asides) has(host string) bool { return len(a.waiting[host]) > 0 }

func (a *asides) add(host string, id feeds.SourceID) {
	if !a.has(host) {
		a.hosts = append(a.hosts, host)
	}
	a.waiting[host] = append(a.waiting[host], id)
}

// first puts a source back that was taken too early.
func (a *asides) first(host string, id feeds.SourceID) {
	if !a.has(host) {
		a.hosts = append(a.hosts, host)
	}
	a.waiting[host] = append([]feeds.SourceID{id}, a.waiting[host]...)
}

// next takes a source whose host has room.
func (a *asides) next(room func(host string, id feeds.SourceID) bool) (feeds.SourceID, bool) {
	for i, h := range a.hosts {
		id := a.waiting[h][0]
		if !room(h, id) {
			continue
		}
		a.hosts = append(a.hosts[:i], a.hosts[i+1:]...)
		if a.waiting[h] = a.waiting[h][1:]; len(a.waiting[h]) > 0 {
			a.hosts = append(a.hosts, h) // behind the others
		} else {
			delete(a.waiting, h)
		}
		return id, true
	}
	return "", false
}

package fetch

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// hosts keeps us to a number of requests at once, and a pause between their
// starts, at each host and port. Safe for concurrent use.
type hosts struct {
	perHost int
	gap     time.Duration

	mu    sync.Mutex
	known map[string]*host
	sweep int // forget idle hosts when so many are known
}

type host struct {
	slots chan struct{}
	pace  *rate.Limiter // nil without a gap
	users int           // inside or waiting; guarded by hosts.mu
}

func newHosts(perHost int, gap time.Duration) *hosts {
	return &hosts{perHost: perHost, gap: gap, known: map[string]*host{}, sweep: 1024}
}

// enter waits for the turn at a host and gives what to call when the answer
// has been read.
func (hs *hosts) enter(ctx context.Context, name string) (leave func(), err error) {
	hs.mu.Lock()
	h := hs.known[name]
	if h == nil {
		hs.forgetIdle()
		h = &host{slots: make(chan struct{}, hs.perHost)}
		if hs.gap > 0 {
			h.pace = rate.NewLimiter(rate.Every(hs.gap), 1)
		}
		hs.known[name] = h
	}
	h.users++
	hs.mu.Unlock()

	gone := func() {
		hs.mu.Lock()
		h.users--
		hs.mu.Unlock()
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
	leave = func() {
		<-h.slots
		gone()
	}
	if h.pace != nil {
		if err := h.pace.Wait(ctx); err != nil {
			leave()
			// The limiter sees in advance that the deadline comes first.
			if ctx.Err() == nil {
				return nil, context.DeadlineExceeded
			}
			return nil, ctx.Err()
		}
	}
	return leave, nil
}

// busy reports whether enter would have to wait now.
func (hs *hosts) busy(name string) bool {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	h := hs.known[name]
	return h != nil && (h.users >= hs.perHost || h.pace != nil && h.pace.Tokens() < 1)
}

// forgetIdle keeps the map from growing with every host that ever redirected
// us: hosts that nobody uses and whose gap is over are as good as unknown.
func (hs *hosts) forgetIdle() {
	if len(hs.known) < hs.sweep {
		return
	}
	for name, h := range hs.known {
		if h.users == 0 && (h.pace == nil || h.pace.Tokens() >= 1) {
			delete(hs.known, name)
		}
	}
	hs.sweep = max(1024, 2*len(hs.known))
}

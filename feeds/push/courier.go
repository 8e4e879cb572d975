package push

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// courier calls receivers when they are due, many at a time, and sees to it
// that none of them costs another its turn. There are two lanes with places of
// their own. Who is quick goes in the first. Who was slow or failed before goes
// in the second, and who turns out to be slow moves there on the way; where that
// lane is full, the call is broken off and made again there later. In each lane a host has a bounded share.
type courier struct {
	timeout  time.Duration // for one call
	patience time.Duration // how long a call may hold a place in the quick lane
	now      func() time.Time

	mu      sync.Mutex
	quick   lane
	slow    lane
	waiting lineHeap
	calls   sync.WaitGroup
	closed  bool
	wake    chan struct{}   // the first due time may have become earlier
	ctx     context.Context // of the calls
}

// line is one receiver in the courier's books. Its fields are the courier's,
// but for key, host, call and isSlow.
type line struct {
	host string
	// call does what is due and says when to be called again: zero for not before
	// ask. It is never run twice at a time.
	call func(ctx context.Context) (again time.Time)
	// isSlow says that the receiver is known to be slow or to fail.
	isSlow func() bool

	lane  *lane // while it is queued or out
	out   bool
	again bool // asked for while it was out
	due   time.Time
	index int // in the heap, -1 when it does not wait for a time
}

func newLine(host string, isSlow func() bool, call func(context.Context) time.Time) *line {
	return &line{host: host, isSlow: isSlow, call: call, index: -1}
}

// errSlow is the cause of a call's end when it was slow at a time when all places
// for slow ones were taken. It is to be made again, by a line that is known to be
// slow then and waits for a place among those.
var errSlow = errors.New("too slow, while many others are slow as well")

func newCourier(ctx context.Context, places, perHost int, timeout, patience time.Duration, now func() time.Time) *courier {
	c := &courier{timeout: timeout, patience: patience, now: now, ctx: ctx, wake: make(chan struct{}, 1)}
	c.quick = lane{free: places, perHost: perHost, hosts: map[string]*berth{}}
	c.slow = lane{free: places, perHost: max(1, perHost/2), hosts: map[string]*berth{}}
	return c
}

// ask has a line called at a time, or now when that is past. A line that is out
// is called again; one that waits for a later time comes earlier.
func (c *courier) ask(l *line, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.askLocked(l, at)
	c.start()
}

// askAll has many lines called now, with one look at the places.
func (c *courier) askAll(lines []*line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	for _, l := range lines {
		c.askLocked(l, now)
	}
	c.start()
}

func (c *courier) askLocked(l *line, at time.Time) {
	switch {
	case c.closed:
	case l.out:
		l.again = true
	case l.lane != nil: // queued already
	case at.After(c.now()):
		if l.index >= 0 {
			if at.Before(l.due) {
				l.due = at
				heap.Fix(&c.waiting, l.index)
			}
		} else {
			l.due = at
			heap.Push(&c.waiting, l)
		}
		c.nudge()
	default:
		if l.index >= 0 {
			heap.Remove(&c.waiting, l.index)
		}
		l.lane = &c.quick
		if l.isSlow() {
			l.lane = &c.slow
		}
		l.lane.add(l)
	}
}

// drop takes a line out of the books; a call that is under way goes on.
func (c *courier) drop(l *line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.again = false
	if l.index >= 0 {
		heap.Remove(&c.waiting, l.index)
	}
	if l.lane != nil && !l.out {
		l.lane.remove(l)
		l.lane = nil
	}
}

func (c *courier) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run moves lines whose time has come into their lanes, until ctx ends.
func (c *courier) run(ctx context.Context) {
	const longest = time.Minute // a timer does not see that the clock was set
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for {
		c.mu.Lock()
		now := c.now()
		for len(c.waiting) > 0 && !c.waiting[0].due.After(now) {
			c.askLocked(c.waiting[0], now)
		}
		c.start()
		wait := longest
		if len(c.waiting) > 0 {
			wait = min(wait, c.waiting[0].due.Sub(now))
		}
		c.mu.Unlock()
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-c.wake:
		case <-ctx.Done():
			return
		}
	}
}

// close takes no further calls and waits for those that are under way.
func (c *courier) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.calls.Wait()
}

// start lets go whoever has a place. c.mu is held.
func (c *courier) start() {
	for _, ln := range []*lane{&c.quick, &c.slow} {
		for !c.closed {
			l := ln.next()
			if l == nil {
				break
			}
			l.out, l.again = true, false
			c.calls.Add(1)
			go c.call(l)
		}
	}
}

// call makes one call and puts the line back.
func (c *courier) call(l *line) {
	defer c.calls.Done()
	ctx, stop := context.WithCancelCause(c.ctx)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	impatient := time.AfterFunc(c.patience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !l.out || l.lane != &c.quick {
			return
		}
		if !c.slow.take(l.host) {
			stop(errSlow)
			return
		}
		c.quick.leave(l.host)
		l.lane = &c.slow
		c.start()
	})
	again := l.call(ctx)
	impatient.Stop()
	wasCut := errors.Is(context.Cause(ctx), errSlow)
	cancel()
	stop(nil)

	c.mu.Lock()
	defer c.mu.Unlock()
	l.lane.leave(l.host)
	l.lane, l.out = nil, false
	if l.again {
		now := c.now()
		if again.IsZero() || !again.After(now) {
			again = now
		}
		// Else it failed: what it was asked for meanwhile goes with the retry.
	}
	switch {
	case again.IsZero():
	case wasCut && l.isSlow() && !again.After(c.now()):
		// Before those who are known to hang or fail: it may only have been unlucky.
		l.lane = &c.slow
		c.slow.addFirst(l)
	default:
		c.askLocked(l, again)
	}
	c.start()
}

// lane is a number of places, of which one host has a share at most.
type lane struct {
	free    int
	perHost int
	hosts   map[string]*berth
	ready   []*berth // those with somebody in the queue and a place of their share, each once
}

// berth is a host's part of a lane.
type berth struct {
	host   string
	queue  []*line
	out    int
	listed bool // in ready
}

func (n *lane) berth(host string) *berth {
	b := n.hosts[host]
	if b == nil {
		b = &berth{host: host}
		n.hosts[host] = b
	}
	return b
}

func (n *lane) list(b *berth) {
	if !b.listed && len(b.queue) > 0 && b.out < n.perHost {
		b.listed = true
		n.ready = append(n.ready, b)
	}
}

func (n *lane) add(l *line) {
	b := n.berth(l.host)
	b.queue = append(b.queue, l)
	n.list(b)
}

func (n *lane) addFirst(l *line) {
	b := n.berth(l.host)
	b.queue = append([]*line{l}, b.queue...)
	n.list(b)
}

// next takes a place for the next line, hosts in turn; nil when there is no
// line or no place.
func (n *lane) next() *line {
	for n.free > 0 && len(n.ready) > 0 {
		b := n.ready[0]
		n.ready = n.ready[1:]
		b.listed = false
		if len(b.queue) == 0 || b.out >= n.perHost {
			n.forget(b)
			continue
		}
		l := b.queue[0]
		b.queue = b.queue[1:]
		b.out++
		n.free--
		n.list(b)
		return l
	}
	return nil
}

// take takes a place past the queue.
func (n *lane) take(host string) bool {
	b := n.berth(host)
	if n.free == 0 || b.out >= n.perHost {
		n.forget(b)
		return false
	}
	b.out++
	n.free--
	return true
}

func (n *lane) leave(host string) {
	b := n.hosts[host]
	b.out--
	n.free++
	n.list(b)
	n.forget(b)
}

func (n *lane) remove(l *line) {
	b := n.berth(l.host)
	for i, q := range b.queue {
		if q == l {
			b.queue = append(b.queue[:i:i], b.queue[i+1:]...)
			break
		}
	}
	n.forget(b)
}

// forget lets go of a host that nobody waits for.
func (n *lane) forget(b *berth) {
	if b.out == 0 && len(b.queue) == 0 && !b.listed {
		delete(n.hosts, b.host)
	}
}

// lineHeap is a heap by due time.
type lineHeap []*line

func (h lineHeap) Len() int           { return len(h) }
func (h lineHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h lineHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *lineHeap) Push(x any) {
	l := x.(*line)
	l.index = len(*h)
	*h = append(*h, l)
}
func (h *lineHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	l.index = -1
	return l
}

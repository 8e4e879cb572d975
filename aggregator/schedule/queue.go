package schedule

import (
	"container/heap"
	"sync"
	"time"

	"communique/feeds"
)

// Queue holds sources by when they are due, and sees to it that a source is
// worked on once at a time. It has no clock of its own. Safe for concurrent
// use; made by NewQueue.
type Queue struct {
	mu      sync.Mutex
	waiting dueHeap
	places  map[feeds.SourceID]*place
	wake    chan struct{}
}

// place is a source in the queue. While it is out, due is when it was asked
// for in the meantime, zero when it was not.
type place struct {
	id      feeds.SourceID
	due     time.Time
	index   int // in the heap, -1 while out
	removed bool
}

// NewQueue makes an empty queue.
func NewQueue() *Queue {
	return &Queue{places: map[feeds.SourceID]*place{}, wake: make(chan struct{}, 1)}
}

// Set puts a source into the queue or moves it. A source that is out keeps
// out: it comes again at the earlier of this due and the one that Done gives.
// A zero due, which is Next's word for never, takes the source out of the
// queue.
func (q *Queue) Set(id feeds.SourceID, due time.Time) {
	if due.IsZero() {
		q.Remove(id)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.places[id]
	switch {
	case p == nil:
		p = &place{id: id, due: due}
		q.places[id] = p
		heap.Push(&q.waiting, p)
	case p.index < 0:
		p.removed = false
		if p.due.IsZero() || due.Before(p.due) {
			p.due = due
		}
		return
	default:
		p.due = due
		heap.Fix(&q.waiting, p.index)
	}
	q.wakeIfFirst(p)
}

// Next hands out the source that has been due longest: it is out until Done.
// When none is due, ok is false and due is when the first will be, zero when
// the queue is empty: sleep until then or until Wake.
func (q *Queue) Next(now time.Time) (id feeds.SourceID, due time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return "", time.Time{}, false
	}
	p := q.waiting[0]
	if p.due.After(now) {
		return "", p.due, false
	}
	heap.Pop(&q.waiting)
	due, p.due = p.due, time.Time{}
	return p.id, due, true
}

// Done brings a source back that Next gave out; a zero due lets it go for
// good, unless Set asked for it in the meantime. A source that was removed
// while it was out, or that is not out, is left as it is.
func (q *Queue) Done(id feeds.SourceID, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.places[id]
	if p == nil || p.index >= 0 {
		return
	}
	if p.due.IsZero() || !due.IsZero() && due.Before(p.due) {
		p.due = due
	}
	if p.removed || p.due.IsZero() {
		delete(q.places, id)
		return
	}
	heap.Push(&q.waiting, p)
	q.wakeIfFirst(p)
}

// Remove takes a source out of the queue; one that is out does not come back.
func (q *Queue) Remove(id feeds.SourceID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.places[id]
	switch {
	case p == nil:
	case p.index < 0:
		// Kept until Done, or a Set right after would hand it out a second time.
		p.removed, p.due = true, time.Time{}
	default:
		heap.Remove(&q.waiting, p.index)
		delete(q.places, id)
	}
}

// Wake gets a value when the first due time may have become earlier.
func (q *Queue) Wake() <-chan struct{} { return q.wake }

// Len gives how many sources wait and how many are out.
func (q *Queue) Len() (waiting, out int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), len(q.places) - len(q.waiting)
}

func (q *Queue) wakeIfFirst(p *place) {
	if p.index == 0 {
		select {
		case q.wake <- struct{}{}:
		default: // somebody was told already and has not looked yet
		}
	}
}

// dueHeap is a heap by due time, then by id so that the order is the same on
// every run.
type dueHeap []*place

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].id < h[j].id
}
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *dueHeap) Push(x any) {
	p := x.(*place)
	p.index = len(*h)
	*h = append(*h, p)
}
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	p.index = -1
	return p
}

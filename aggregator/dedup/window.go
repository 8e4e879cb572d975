package dedup

import (
	"cmp"
	"slices"
	"time"

	"communique/feeds"
)

// window holds what is compared with: the copies that were seen lately, by what
// they have in common. It is a cache of the features that the journal keeps,
// bounded in memory: about 0.8 KB a copy.
//
// Copies have numbers in order of arrival, and stand in segments, which are let
// go as a whole when all their copies have become too old.
type window struct {
	segments  []*segment
	first     uint32   // number of the first copy that is held
	docs      []doc    // from first on
	tongues   []uint8  // their languages, close together; dead ones are of none
	owners    []uint32 // their statements, close together
	stmts     []stmt
	free      []uint32 // slots of stmts
	byID      map[feeds.StatementID]uint32
	aliases   map[uint32][]feeds.StatementID // ids that were joined to a statement
	df        []uint16                       // by the lowest bits of a concept's id: copies that speak of it
	counted   int                            // copies that df was counted over
	normed    int                            // counted when the norms were last made anew
	filling   bool                           // copies are added that have no norms yet,
	settled   int                            // from this one on
	lot       lot                            // of them, those that do not stand in the indexes yet
	rarest    float32                        // weight of what no copy speaks of
	hits      counter
	found     []concept // room for keywords
	homes     []home    // room for add
	languages []string
}

// doc is a copy in the window.
type doc struct {
	item     feeds.ItemKey
	next     uint32 // the statement's next copy, plus one
	date     int32  // hours since 1970
	at       uint32 // of its vector in the segment
	size     uint16 // tokens
	shingles uint16 // that were sampled
	norms    norms
	concepts uint8
	language uint8
	dead     bool // it was corrected since, and stands further on
}

// stmt is a statement with copies in the window.
type stmt struct {
	id   feeds.StatementID
	head uint32 // first copy, plus one
	tail uint32
	docs int32
}

const (
	dfBits       = 19
	segmentDocs  = 1 << 15
	firstSegment = 1 << 12
	perDoc       = 104 // shingles that a segment has room for

	usualConcepts = 64
)

// segment is a run of copies with the indexes over them.
type segment struct {
	from     uint32 // number of its first copy
	docs     int
	room     int
	newest   int32 // when its latest copy was seen, in hours
	shingles table
	concepts postings
	vectors  []concept
}

// close ends a segment: nothing will be added to it.
func (g *segment) close() {
	g.vectors = slices.Clone(g.vectors)
	g.concepts.close()
}

func newWindow() *window {
	return &window{byID: map[feeds.StatementID]uint32{}, aliases: map[uint32][]feeds.StatementID{}, df: make([]uint16, 1<<dfBits), rarest: logs(imagined)}
}

// statement gives the slot of a statement, a new one when it is not held.
func (w *window) statement(id feeds.StatementID) uint32 {
	if s, ok := w.byID[id]; ok {
		return s
	}
	var s uint32
	if n := len(w.free); n > 0 {
		s, w.free = w.free[n-1], w.free[:n-1]
	} else {
		s = uint32(len(w.stmts))
		w.stmts = append(w.stmts, stmt{})
	}
	w.stmts[s] = stmt{id: id}
	w.byID[id] = s
	return s
}

// join makes two statements one; winner's id stays, and loser's leads to it.
func (w *window) join(winner, loser feeds.StatementID) {
	l, ok := w.byID[loser]
	if !ok {
		return
	}
	a := w.statement(winner)
	if a == l {
		return
	}
	A, L := &w.stmts[a], &w.stmts[l]
	for n := L.head; n != 0; n = w.doc(n - 1).next {
		w.owners[n-1-w.first] = a
	}
	switch {
	case L.head == 0:
	case A.head == 0:
		A.head, A.tail = L.head, L.tail
	default:
		w.doc(A.tail-1).next, A.tail = L.head, L.tail
	}
	A.docs += L.docs
	for _, id := range append(w.aliases[l], L.id) {
		w.byID[id] = a
		w.aliases[a] = append(w.aliases[a], id)
	}
	delete(w.aliases, l)
	*L = stmt{}
	w.free = append(w.free, l)
}

func (w *window) doc(n uint32) *doc { return &w.docs[n-w.first] }

// owner gives the slot of a copy's statement.
func (w *window) owner(n uint32) uint32 { return w.owners[n-w.first] }

// copies calls each with the numbers of a statement's copies that are held, in
// order of arrival.
func (w *window) copies(s uint32, each func(n uint32)) {
	for n := w.stmts[s].head; n != 0; {
		d := w.doc(n - 1)
		if !d.dead {
			each(n - 1)
		}
		n = d.next
	}
}

func (w *window) segmentOf(n uint32) *segment {
	i, ok := slices.BinarySearchFunc(w.segments, n, func(s *segment, n uint32) int { return cmp.Compare(s.from, n) })
	if !ok {
		i--
	}
	return w.segments[i]
}

func (w *window) vector(n uint32) []concept {
	d := w.doc(n)
	return w.segmentOf(n).vectors[d.at:][:d.concepts]
}

// add puts a copy in that was published at date and seen at the time.
func (w *window) add(item feeds.ItemKey, id feeds.StatementID, language uint8, date, seen time.Time, f *sketch) uint32 {
	n := w.first + uint32(len(w.docs))
	if w.filling {
		w.makeWay()
	}
	var g *segment
	if k := len(w.segments); k > 0 && w.segments[k-1].docs < w.segments[k-1].room && !w.segments[k-1].shingles.full() {
		g = w.segments[k-1]
	} else {
		room, arena := firstSegment, 0
		if k > 0 {
			last := w.segments[k-1]
			room = min(2*last.room, segmentDocs)
			arena = len(last.concepts.arena) * room / last.docs
			last.close()
		}
		g = &segment{from: n, room: room, shingles: newTable(room * perDoc), newest: -1 << 31}
		g.concepts.arena = make([]uint16, 0, arena)
		w.segments = append(w.segments, g)
		// Room for all of it: to grow little by little copies it several times.
		w.docs, w.tongues, w.owners = slices.Grow(w.docs, room), slices.Grow(w.tongues, room), slices.Grow(w.owners, room)
		g.vectors = make([]concept, 0, room*usualConcepts)
	}
	s := w.statement(id)
	hours := hoursOf(date)
	w.docs = append(w.docs, doc{item: item, date: hours, at: uint32(len(g.vectors)), size: uint16(min(f.size, 1<<16-1)),
		shingles: uint16(len(f.shingles)), concepts: uint8(len(f.vector)), language: language})
	w.tongues = append(w.tongues, language)
	w.owners = append(w.owners, s)
	S := &w.stmts[s]
	if S.head == 0 {
		S.head = n + 1
	} else {
		w.doc(S.tail - 1).next = n + 1
	}
	S.tail = n + 1
	S.docs++
	g.vectors = append(g.vectors, f.vector...)
	local := uint16(n - g.from)
	g.docs++
	g.newest = max(g.newest, hoursOf(seen))
	keywords := f.keywords
	if keywords == nil {
		keywords = w.keywords(f.vector)
	}
	if w.filling {
		w.lot.take(local, f.shingles, keywords)
	} else {
		owners := w.owners[g.from-w.first:]
		w.homes = g.shingles.homes(w.homes[:0], f.shingles) // so that the waits of put overlap
		for _, h := range f.shingles {
			g.shingles.put(h, local, owners, len(g.shingles.tags))
		}
		for _, c := range keywords {
			g.concepts.add(c.key(), local)
		}
	}
	w.count(f.vector)
	if !w.filling {
		w.docs[n-w.first].norms = w.normsOf(f.vector)
	}
	if 4*w.counted > 5*w.normed+8 { // concepts have become rarer by then
		w.norm()
	}
	return n
}

// count notes that one more copy speaks of these concepts.
func (w *window) count(v []concept) {
	for _, c := range v {
		if d := &w.df[c.id()&(1<<dfBits-1)]; *d < 1<<16-1 {
			*d++
		}
	}
	w.counted++
	w.rarest = logs(w.counted + imagined)
}

// uncount takes that back.
func (w *window) uncount(v []concept) {
	for _, c := range v {
		if d := &w.df[c.id()&(1<<dfBits-1)]; *d > 0 {
			*d--
		}
	}
	w.counted--
	w.rarest = logs(w.counted + imagined)
}

// norm makes all norms anew.
func (w *window) norm() {
	w.normed = w.counted
	if w.filling {
		return // who filled does: see settle
	}
	for i := range w.docs {
		w.docs[i].norms = w.normsOf(w.vector(w.first + uint32(i)))
	}
}

// hoursOf gives a date in hours since 1970; the least number for none.
func hoursOf(t time.Time) int32 {
	if t.IsZero() {
		return -1 << 31
	}
	return int32(t.Unix() / 3600)
}

// key is a concept with its kind: what copies are found by.
func (c concept) key() uint32 { return uint32(c) >> kindShift }

// expire lets go of segments all of whose copies were seen before the time, but
// never of the last two: a window is no use empty. It goes by when they were
// seen, as what fills the window after a start does.
func (w *window) expire(before time.Time) {
	limit := hoursOf(before)
	for len(w.segments) > 2 && w.segments[0].newest < limit {
		w.drop()
		w.norm()
	}
}

func (w *window) drop() {
	g := w.segments[0]
	for i := range g.docs {
		n := g.from + uint32(i)
		s := w.owner(n)
		S := &w.stmts[s]
		S.docs--
		if S.docs == 0 {
			w.forget(s)
			continue
		}
		// Copies are in order of arrival but for joins: take this one out.
		if S.head == n+1 {
			S.head = w.doc(n).next
			continue
		}
		for at := S.head; at != 0; at = w.doc(at - 1).next {
			if d := w.doc(at - 1); d.next == n+1 {
				if d.next = w.doc(n).next; d.next == 0 {
					S.tail = at
				}
				break
			}
		}
	}
	for i := range g.docs {
		w.uncount(w.vector(g.from + uint32(i)))
	}
	w.docs = slices.Clone(w.docs[g.docs:])
	w.tongues = slices.Clone(w.tongues[g.docs:])
	w.owners = slices.Clone(w.owners[g.docs:])
	w.first += uint32(g.docs)
	w.segments = slices.Delete(w.segments, 0, 1)
}

// forget frees a statement without copies.
func (w *window) forget(s uint32) {
	for _, id := range append(w.aliases[s], w.stmts[s].id) {
		delete(w.byID, id)
	}
	delete(w.aliases, s)
	w.stmts[s] = stmt{}
	w.free = append(w.free, s)
}

// counter adds up weights by copy, for one search at a time.
type counter struct {
	sums    []float32 // by number, from the window's first on; 0 for what was not touched
	touched []uint32
}

// reset begins a search among n copies.
func (c *counter) reset(n int) {
	for _, i := range c.touched {
		c.sums[i] = 0
	}
	c.touched = c.touched[:0]
	if len(c.sums) < n {
		c.sums = make([]float32, n+n/2)
	}
}

// add adds a weight, which is above 0, to a copy's sum.
func (c *counter) add(i uint32, w float32) {
	s := &c.sums[i]
	if *s == 0 {
		c.touched = append(c.touched, i)
	}
	*s += w
}

// sum gives what a copy that was touched has.
func (c *counter) sum(i uint32) float32 { return c.sums[i] }

// leaders keeps the few with the highest weights, the older first among equals.
type leaders struct {
	list []leader
	most int
}

type leader struct {
	n uint32
	w float32
}

func (l *leaders) add(n uint32, w float32) {
	if len(l.list) == l.most {
		if last := l.list[l.most-1]; last.w > w || last.w == w && last.n < n {
			return
		}
		l.list = l.list[:l.most-1]
	}
	i := len(l.list)
	for i > 0 && (l.list[i-1].w < w || l.list[i-1].w == w && l.list[i-1].n > n) {
		i--
	}
	l.list = slices.Insert(l.list, i, leader{n, w})
}

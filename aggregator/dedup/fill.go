package dedup

import "slices"

// fill says that many copies will be added before anything is compared: their norms
// and their places in the indexes can wait.
func (w *window) fill() {
	if !w.filling {
		w.filling, w.settled = true, len(w.docs)
	}
}

// settle does what fill put off. Each norm is as it would have been made: a start in
// between changes no decision.
func (w *window) settle() {
	if !w.filling {
		return
	}
	w.flush()
	w.lot = lot{}
	w.filling = false
	all := w.counted
	from := w.settled
	if w.normed > from {
		from = w.normed
	}
	for i := from; i < all; i++ {
		w.uncount(w.vector(w.first + uint32(i)))
	}
	if w.normed > w.settled {
		w.norm()
	}
	for i := from; i < all; i++ {
		v := w.vector(w.first + uint32(i))
		w.count(v)
		w.docs[i].norms = w.normsOf(v)
	}
}

// lot is what copies are found by that do not stand in the indexes of their segment,
// the last, yet. One by one, each shingle and keyword would wait for memory; in the order of
// the indexes they walk through it.
type lot struct {
	shingles []entry
	keywords []entry
	sorted   [2][]entry // room
	late     [2][]entry // room
}

// entry is what one copy is found by: its number in its segment, and in the lowest 32
// bits a shingle or the key of a concept.
type entry uint64

func (e entry) doc() uint16  { return uint16(e >> 32) }
func (e entry) what() uint32 { return uint32(e) }

const (
	mostInLot = 1 << 18 // shingles: to sort them takes four megabytes
	fewInLot  = 1 << 12 // shingles that need no order
)

// take notes what a copy is to be found by.
func (l *lot) take(doc uint16, shingles []uint32, keywords []concept) {
	for _, h := range shingles {
		l.shingles = append(l.shingles, entry(doc)<<32|entry(h))
	}
	for _, c := range keywords {
		l.keywords = append(l.keywords, entry(doc)<<32|entry(c.key()))
	}
}

// makeWay flushes the lot when it is large, and when only that tells whether its
// segment is full.
func (w *window) makeWay() {
	if len(w.segments) == 0 {
		return
	}
	l, g := &w.lot, w.segments[len(w.segments)-1]
	if g.docs == g.room || len(l.shingles) >= mostInLot || len(l.keywords) >= mostInLot || g.shingles.fullWith(len(l.shingles)) {
		w.flush()
	}
}

// flush puts the lot into the indexes. What they answer is the same as if all had been
// put in one by one.
func (w *window) flush() {
	if len(w.segments) == 0 {
		return
	}
	l, g := &w.lot, w.segments[len(w.segments)-1]
	owners := w.owners[g.from-w.first:]
	if len(l.shingles) < fewInLot {
		for _, e := range l.shingles {
			g.shingles.put(e.what(), e.doc(), owners, len(g.shingles.tags))
		}
	} else {
		l.sorted[0] = scatter(l.sorted[0], l.shingles, placeMix, 32-partBits, partBits)
		l.place(&g.shingles, owners)
	}
	const half = keyBits / 2
	l.sorted[0] = scatter(l.sorted[0], l.keywords, 1, 0, half)
	l.sorted[1] = scatter(l.sorted[1], l.sorted[0], 1, half, half)
	different := 0
	for i, e := range l.sorted[1] {
		if i == 0 || e.what() != l.sorted[1][i-1].what() {
			different++
		}
	}
	g.concepts.expect(different)
	for _, e := range l.sorted[1] {
		g.concepts.add(e.what(), e.doc())
	}
	l.shingles, l.keywords = l.shingles[:0], l.keywords[:0]
}

// partBits says in how many parts a table is filled: each fits into the processor's
// caches.
const partBits = 8

// place puts the sorted shingles into a table, part by part, and the copies in each
// part in order of arrival. What has no room in its part comes late: it takes its
// turn among the shingles of the next one, as it arrived.
func (l *lot) place(to *table, owners []uint32) {
	left := l.sorted[0]
	late, later := l.late[0][:0], l.late[1][:0]
	for part := range uint64(1 << partBits) {
		n := 0
		for n < len(left) && uint64(left[n].what()*placeMix>>(32-partBits)) == part {
			n++
		}
		own := left[:n]
		left = left[n:]
		end := int((part + 1) << (32 - partBits) * uint64(len(to.tags)) >> 32)
		for len(own) > 0 || len(late) > 0 {
			var e entry
			if len(late) == 0 || len(own) > 0 && own[0] < late[0] {
				e, own = own[0], own[1:]
			} else {
				e, late = late[0], late[1:]
			}
			if !to.put(e.what(), e.doc(), owners, end) {
				later = append(later, e)
			}
		}
		late, later = later, late[:0]
	}
	l.late = [2][]entry{late, later}
}

// scatter gives entries in the order of a digit of so many bits, those with the same
// one in the order they were in. The digit begins at the bit shift of what they are
// found by, times a factor. dst is room for them.
func scatter(dst, in []entry, times uint32, shift, digit uint) []entry {
	var places [1 << (keyBits / 2)]uint32
	mask := uint32(1)<<digit - 1
	for _, e := range in {
		places[e.what()*times>>shift&mask]++
	}
	at := uint32(0)
	for d, n := range places {
		places[d] = at
		at += n
	}
	dst = slices.Grow(dst[:0], len(in))[:len(in)]
	for _, e := range in {
		to := &places[e.what()*times>>shift&mask]
		dst[*to] = e
		*to++
	}
	return dst
}

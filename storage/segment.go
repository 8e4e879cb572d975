package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
	"sort"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// The index of published statements. A statement gets the next slot when it is
// published, or when its Order changes. Slots are cut into segments of 4,096,
// and a segment is an index of its own:
//
//	bucketSegments  segment → ranks, entries
//	bucketPostings  segment, term number → the slots of the segment that carry the term
//
// An entry tells a slot's statement; the ranks are the slots in the order that
// readers want. So news touches the end of the file only, where a tree of term
// and time would touch a page for each term; a selection merges the segments,
// and opens only those that reach up to what it looks for. A slot that was
// given up stands in no posting; its entry stays.

// slot is a place in the index.
type slot uint32

const (
	segmentBits = 12
	segmentSize = 1 << segmentBits

	rankSize  = 2
	entryKey  = 8 + maxID // inverted order, id filled up with zeros
	entrySize = entryKey + 4

	// allTerm is carried by every published statement.
	allTerm = 0
)

func (s slot) segment() uint32 { return uint32(s) >> segmentBits }
func (s slot) place() uint16   { return uint16(s) & (segmentSize - 1) }

// appendTime appends the inverted time: later times sort first.
func appendTime(b []byte, t stamp) []byte {
	return binary.BigEndian.AppendUint64(b, ^(uint64(t) ^ 1<<63))
}

// appendEntryKey appends what entries are ordered by: newest first, then by id.
func appendEntryKey(b []byte, order stamp, id feeds.StatementID) []byte {
	b = append(appendTime(b, order), id...)
	return append(b, make([]byte, maxID-len(id))...)
}

// segment is a value of bucketSegments taken apart; it shares its memory.
type segment struct {
	ranks   []byte
	entries []byte
}

var errSegment = errors.New("a segment of the index is damaged")

func parseSegment(b []byte) (segment, error) {
	n := len(b) / (rankSize + entrySize)
	if len(b) != n*(rankSize+entrySize) || n > segmentSize {
		return segment{}, errSegment
	}
	return segment{b[:n*rankSize], b[n*rankSize:]}, nil
}

func (s segment) len() int { return len(s.ranks) / rankSize }

// rank gives the place of the i-th entry in order.
func (s segment) rank(i int) uint16 {
	return binary.BigEndian.Uint16(s.ranks[i*rankSize:]) % segmentSize
}

func (s segment) key(place uint16) []byte {
	at := int(place) * entrySize
	return s.entries[at : at+entryKey]
}

// row gives the number of the row of the statement in the place.
func (s segment) row(place uint16) uint32 {
	return binary.BigEndian.Uint32(s.entries[int(place)*entrySize+entryKey:])
}

// orderAndID reads an entry's key.
func orderAndID(k []byte) (stamp, feeds.StatementID) {
	order := stamp(^binary.BigEndian.Uint64(k) ^ 1<<63)
	return order, feeds.StatementID(bytes.TrimRight(k[8:], "\x00"))
}

// with makes the segment's value with more entries at its end.
func (s segment) with(more []byte) []byte {
	old, n := s.len(), s.len()+len(more)/entrySize
	out := make([]byte, 0, n*(rankSize+entrySize))
	entries := slices.Concat(s.entries, more)
	all := segment{entries: entries}
	added := make([]uint16, n-old)
	for i := range added {
		added[i] = uint16(old + i)
	}
	slices.SortFunc(added, func(a, b uint16) int { return bytes.Compare(all.key(a), all.key(b)) })
	for i := 0; i < old || len(added) > 0; {
		if i < old && (len(added) == 0 || bytes.Compare(all.key(s.rank(i)), all.key(added[0])) <= 0) {
			out = append(out, s.ranks[i*rankSize:(i+1)*rankSize]...)
			i++
		} else {
			out = binary.BigEndian.AppendUint16(out, added[0])
			added = added[1:]
		}
	}
	return append(out, entries...)
}

// bitmap is a set of places of a segment.
type bitmap [segmentSize / 64]uint64

func (b *bitmap) has(place uint16) bool { return b[place/64]>>(place%64)&1 != 0 }
func (b *bitmap) put(place uint16)      { b[place/64] |= 1 << (place % 64) }
func (b *bitmap) cut(place uint16)      { b[place/64] &^= 1 << (place % 64) }

func (b *bitmap) len() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// A posting is stored as the differences between its places, as varints, or as
// a bitmap when that is shorter. The first octet tells which.
const (
	postingList   = 0
	postingBitmap = 1
)

var errPosting = errors.New("a posting of the index is damaged")

// add puts a stored posting's places into b; of nil, none.
func (b *bitmap) add(posting []byte) error {
	if len(posting) == 0 {
		return nil
	}
	rest := posting[1:]
	switch posting[0] {
	case postingList:
		return b.addList(rest)
	case postingBitmap:
		return b.addBits(rest)
	default:
		return errPosting
	}
}

// postingHas reports whether a posting that is a bitmap has the place; false for lists.
func postingHas(posting []byte, place uint16) bool {
	return len(posting) == 1+segmentSize/8 && posting[0] == postingBitmap && posting[1+place/8]>>(place%8)&1 != 0
}

func (b *bitmap) addBits(stored []byte) error {
	if len(stored) != segmentSize/8 {
		return errPosting
	}
	for i := range b {
		b[i] |= binary.LittleEndian.Uint64(stored[8*i:])
	}
	return nil
}

// posting gives b in the stored form, nil when it is empty.
func (b *bitmap) posting() []byte {
	n := b.len()
	if n == 0 {
		return nil
	}
	if n < segmentSize/8 {
		out := make([]byte, 1, 1+2*n)
		out[0] = postingList
		before := -1
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				place := i*64 + bits.TrailingZeros64(w)
				out = binary.AppendUvarint(out, uint64(place-before-1))
				before = place
			}
		}
		if len(out) <= segmentSize/8 {
			return out
		}
	}
	out := make([]byte, 1, 1+segmentSize/8)
	out[0] = postingBitmap
	for _, w := range b {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}

func postingKey(segment, term uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(make([]byte, 0, 8), segment), term)
}

// indexer gathers what a batch changes in the index.
type indexer struct {
	next    slot              // the next free slot
	entries map[uint32][]byte // to add to segments
	edits   []edit
	terms   map[uint32]*tally
}

// edit puts a slot into a term's posting or cuts it out.
type edit struct {
	key   uint64 // segment, term
	place uint16
	put   bool
}

// tally is what a batch changes in a term's count.
type tally struct {
	n       int
	newest  stamp // of those put
	cut     bool
	removed stamp // the newest of those cut
}

func newIndexer(next slot) *indexer {
	return &indexer{next: next, entries: map[uint32][]byte{}, terms: map[uint32]*tally{}}
}

// place gives a row the next slot.
func (x *indexer) place(r *row) {
	r.slot = x.next
	x.next++
	e := appendEntryKey(x.entries[r.slot.segment()], r.view.order, r.id)
	x.entries[r.slot.segment()] = binary.BigEndian.AppendUint32(e, r.number)
}

func (x *indexer) edit(s slot, order stamp, term uint32, put bool) {
	x.edits = append(x.edits, edit{uint64(s.segment())<<32 | uint64(term), s.place(), put})
	t := x.terms[term]
	if t == nil {
		t = &tally{}
		x.terms[term] = t
	}
	if put {
		t.n++
		t.newest = max(t.newest, order)
	} else {
		t.n--
		t.cut = true
		t.removed = max(t.removed, order)
	}
}

// note brings the index in line with a row's view.
func (x *indexer) note(r *row) {
	was, is := &r.was, &r.view
	old := r.slot
	moved := is.published && (!was.published || was.order != is.order || r.moves)
	if moved {
		x.place(r)
	} else if !is.published {
		r.slot = 0
	}
	stays := was.published && is.published && !moved
	if was.published && !stays {
		x.edit(old, was.order, allTerm, false)
	}
	if moved {
		x.edit(r.slot, is.order, allTerm, true)
	}
	if was.published {
		for _, t := range was.terms {
			if _, still := slices.BinarySearch(is.terms, t); !stays || !still {
				x.edit(old, was.order, t, false)
			}
		}
	}
	if is.published {
		for _, t := range is.terms {
			if _, already := slices.BinarySearch(was.terms, t); !stays || !already {
				x.edit(r.slot, is.order, t, true)
			}
		}
	}
}

// write puts what was gathered into the file.
func (x *indexer) write(t *tables) error {
	var changed ops
	for number, more := range x.entries {
		key := binary.BigEndian.AppendUint32(nil, number)
		s, err := parseSegment(t.segments.Get(key))
		if err != nil {
			return unread(err, "segment %d of the index", number)
		}
		changed = append(changed, op{key, s.with(more)})
	}
	if err := changed.do(t.segments); err != nil {
		return err
	}

	slices.SortFunc(x.edits, func(a, b edit) int { return cmp.Compare(a.key, b.key) })
	changed = changed[:0]
	for edits := x.edits; len(edits) > 0; {
		key := binary.BigEndian.AppendUint64(nil, edits[0].key)
		var b bitmap
		if err := b.add(t.postings.Get(key)); err != nil {
			return unread(err, "segment %d of the index", edits[0].key>>32)
		}
		first := edits[0].key
		for len(edits) > 0 && edits[0].key == first {
			if edits[0].put {
				b.put(edits[0].place)
			} else {
				b.cut(edits[0].place)
			}
			edits = edits[1:]
		}
		changed = append(changed, op{key, b.posting()})
	}
	if err := changed.do(t.postings); err != nil {
		return err
	}

	changed = changed[:0]
	for term, d := range x.terms {
		n, newest := t.count(term)
		n += d.n
		if d.cut && d.removed >= newest && d.removed > d.newest { // the newest may be gone
			var err error
			if newest, err = t.newest(term); err != nil {
				return err
			}
		}
		newest = max(newest, d.newest)
		value := binary.BigEndian.AppendUint64(nil, uint64(n))
		value = binary.BigEndian.AppendUint64(value, uint64(newest))
		if n == 0 {
			value = nil
		}
		changed = append(changed, op{binary.BigEndian.AppendUint32(nil, term), value})
	}
	return changed.do(t.counts)
}

// count gives how many published statements carry a term, and the newest Order
// among them.
func (t *tables) count(term uint32) (int, stamp) {
	v := t.counts.Get(binary.BigEndian.AppendUint32(nil, term))
	if len(v) != 16 {
		return 0, 0
	}
	return int(binary.BigEndian.Uint64(v)), stamp(binary.BigEndian.Uint64(v[8:]))
}

// newest looks for the newest Order of those that carry the term.
func (t *tables) newest(term uint32) (stamp, error) {
	m, err := t.merge(&condition{fields: []field{{terms: []uint32{term}}}}, nil)
	if err != nil {
		return 0, err
	}
	at, err := m.next()
	if at == nil || err != nil {
		return 0, err
	}
	order, _ := orderAndID(at.key())
	return order, nil
}

// merger gives the statements that meet a condition, newest first, from all
// segments.
type merger struct {
	*condition
	postings *bbolt.Cursor
	search   searcher
	segments []*run // the one that goes on first is last
	head     *run   // the one that next returned and that must move on
	first    int    // how many of a segment's newest are looked at in the first step; 0 for all
	blank    int    // how many steps in a row found nothing
	phrase   bool   // it asks for one
}

// firstReach is of how many of a segment's newest a selection by words finds out
// first whether they meet it; each next step is nextReach times as long.
const (
	firstReach = 64
	nextReach  = 8

	// maxBlank is after how many steps without anything what is looked for counts
	// as rare: segments are looked through at once then, or for a phrase, from the
	// next step on.
	maxBlank = 4
)

// merger prepares to look for what meets a condition. Of words, as many terms may
// have to be passed for the newest of a segment as for all, but most of them only
// to see that none of those has them. What is frequent is found among the newest;
// what is not costs a second look. It is the places of a phrase's words that cost, and
// those of texts that nobody wants are passed over.
func (t *tables) merger(c *condition) *merger {
	m := &merger{condition: c, postings: t.postings.Cursor(), search: searcher{tables: t, chunks: t.words.Cursor()}}
	var some bool
	if some, m.phrase = c.hasWords(); some {
		m.first = firstReach
		all, _ := t.count(allTerm)
		for n := c.size(); n > 0 && nextReach*n < 2*all; n *= nextReach {
			m.first *= nextReach // the other fields leave few of them
		}
	}
	return m
}

// run is the part of a selection that lies in one segment.
type run struct {
	segment
	number uint32
	at     int     // rank
	reach  int     // before which rank it is known what meets the condition
	found  bool    // some did when it was last looked at
	bits   *bitmap // the places that do; nil when those from at on are to be found out
}

// newest gives the places of the ranks up to the reach.
func (r *run) newest() bitmap {
	var b bitmap
	for i := range r.reach {
		b.put(r.rank(i))
	}
	return b
}

func (r *run) key() []byte { return r.segment.key(r.rank(r.at)) }

// merge starts a selection at the first entry key not before start.
func (t *tables) merge(c *condition, start []byte) (*merger, error) {
	m := t.merger(c)
	all := t.segments.Cursor()
	for k, v := all.First(); k != nil; k, v = all.Next() {
		s, err := parseSegment(v)
		if err != nil {
			if err := t.leave(unread(err, "segment %d of the index", binary.BigEndian.Uint32(k))); err != nil {
				return nil, err
			}
			continue
		}
		r := &run{segment: s, number: binary.BigEndian.Uint32(k)}
		if start != nil {
			r.at = sort.Search(s.len(), func(i int) bool { return bytes.Compare(s.key(s.rank(i)), start) >= 0 })
		}
		if r.at < s.len() {
			m.segments = append(m.segments, r)
		}
	}
	slices.SortFunc(m.segments, later)
	return m, nil
}

func later(a, b *run) int { return bytes.Compare(b.key(), a.key()) }

// next gives the run that stands at the next statement, nil at the end. It is
// good until the next call.
func (m *merger) next() (*run, error) {
	if m.head != nil {
		m.head.at++
		m.back(m.head)
		m.head = nil
	}
	for len(m.segments) > 0 {
		r := m.segments[len(m.segments)-1]
		m.segments = m.segments[:len(m.segments)-1]
		if r.bits != nil {
			m.head = r
			return r, nil
		}
		// Only now is it known that the segment reaches up to here.
		passed, err := m.pass(r)
		if passed {
			m.insert(r)
			continue
		}
		some := false
		if err == nil {
			some, err = m.open(r)
		}
		if err != nil {
			if err := m.search.tables.leave(unread(err, "segment %d of the index", r.number)); err != nil {
				return nil, err
			}
			continue
		}
		if some || r.reach < r.len() {
			m.back(r)
		}
	}
	return nil, nil
}

// back sorts a run in again at its next match, or where it is to be looked at again.
func (m *merger) back(r *run) {
	for ; r.at < r.reach; r.at++ {
		if r.bits.has(r.rank(r.at)) {
			break
		}
	}
	if r.at == r.reach {
		r.bits = nil
	}
	m.insert(r)
}

// insert sorts a run in where it stands, unless it is at its end.
func (m *merger) insert(r *run) {
	if r.at < r.len() {
		i, _ := slices.BinarySearchFunc(m.segments, r, later)
		m.segments = slices.Insert(m.segments, i, r)
	}
}

// pass moves a run on to the next slot that was not given up; false when it stands at
// one. A segment need not be opened for news that lie in another by now.
func (m *merger) pass(r *run) (bool, error) {
	var key [8]byte // as postingKey has it
	binary.BigEndian.PutUint32(key[:], r.number)
	k, posting := m.postings.Seek(key[:])
	if !bytes.Equal(k, key[:]) {
		posting = nil
	}
	if postingHas(posting, r.rank(r.at)) {
		return false, nil // as nearly always
	}
	var live bitmap
	if err := live.add(posting); err != nil {
		return false, err
	}
	at := r.at
	for r.at < r.len() && !live.has(r.rank(r.at)) {
		r.at++
	}
	return r.at > at, nil
}

// open finds out which places of the segment meet the condition, up to a new
// reach; false when none does. When a step has found nothing, the next is the last,
// but of a phrase.
func (m *merger) open(r *run) (bool, error) {
	last, n := r.reach, r.len()
	r.reach = m.first
	for r.reach > 0 && r.reach <= max(last, 2*r.at) {
		r.reach *= nextReach
	}
	if r.reach == 0 || last > 0 && !r.found && !m.phrase || nextReach*r.reach > n {
		r.reach = n
	}
	r.bits = new(bitmap)
	var err error
	r.found, err = m.meet(r, r.bits, m)
	m.note(r.found)
	return r.found, err
}

// note notes whether a step found something.
func (m *merger) note(found bool) {
	if m.blank++; found {
		m.blank = 0
	}
	if m.blank < maxBlank {
		return
	}
	m.blank = 0
	if m.phrase {
		m.first = min(m.first*nextReach, segmentSize)
	} else {
		m.first = 0
	}
}

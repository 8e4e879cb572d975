package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"
)

// The word index. Each segment of the index of statements (segment.go) has its
// words in runs:
//
//	bucketRuns   segment → its runs, the oldest first: number, covered places
//	bucketWords  segment, run, term → a chunk: this term and those behind it
//
// A run holds all words of the statements in the places that it covers, and
// takes the place of what older runs say of those. A batch adds a run to each
// segment that it touches; when many small ones have gathered, they become one
// (wordindex.go), so a posting is written a few times and not with every batch.
//
// A term (words.AppendTerm) stands in a chunk as
//
//	shared, rest      four bits each: how many octets it has in common with the
//	                  term before it, and how many of its own; 15 is followed by
//	                  a uvarint of what there is more, shared before rest
//	                  the octets of its own
//	lengths           of what follows: one octet when the places are a list of at
//	                  most 4 octets (less one, in the bits 5 and 6) and the rest
//	                  has less than 32 (bits 0 to 4); else 0x80, with 1 more when
//	                  the places are a bitmap, and two uvarints
//	places            those that have the term: a posting without its first octet
//	where             bits: for each place, where the term stands in its text
//	                  (wordbits.go)
const chunkSize = 512

// maxTerm is about how many octets a term has at most.
const maxTerm = 96

var errChunk = errors.New("a chunk of the word index is damaged")

// wordRun is a run that is being made. Places come in order, and the words of
// each in the order of the text. It may be used again after reset.
type wordRun struct {
	seed   maphash.Seed
	names  []byte   // all terms, one behind the other
	ends   []uint32 // of each term in names
	counts []uint32 // of each term, how often it was added
	table  []uint32 // a hash table of terms, each by its number and 1
	said   []uint64 // what was added: term, place, place in the text
	covers bitmap

	sorted []uint64 // for chunks
	order  []termOrder
}

// termOrder is a term and its first eight octets, which decide most of the time.
type termOrder struct {
	head uint64
	term uint32
}

func newWordRun() *wordRun {
	return &wordRun{seed: maphash.MakeSeed(), table: make([]uint32, 1<<10)}
}

func (r *wordRun) reset() {
	r.names, r.ends, r.counts, r.said = r.names[:0], r.ends[:0], r.counts[:0], r.said[:0]
	clear(r.table)
	r.covers = bitmap{}
}

// cover begins a place. Later ones must be greater.
func (r *wordRun) cover(place uint16) { r.covers.put(place) }

func (r *wordRun) name(term uint32) []byte {
	start := uint32(0)
	if term > 0 {
		start = r.ends[term-1]
	}
	return r.names[start:r.ends[term]]
}

func (r *wordRun) add(place uint16, term []byte, at int) {
	number := r.number(term)
	r.counts[number]++
	r.said = append(r.said, uint64(number)<<32|uint64(place)<<16|uint64(uint16(at)))
}

// number gives a term's number, a new one when it is new.
func (r *wordRun) number(term []byte) uint32 {
	mask := uint64(len(r.table) - 1)
	slot := maphash.Bytes(r.seed, term) & mask
	for ; r.table[slot] != 0; slot = (slot + 1) & mask {
		if n := r.table[slot] - 1; bytes.Equal(r.name(n), term) {
			return n
		}
	}
	n := uint32(len(r.ends))
	r.names = append(r.names, term...)
	r.ends = append(r.ends, uint32(len(r.names)))
	r.counts = append(r.counts, 0)
	r.table[slot] = n + 1
	if 2*len(r.ends) > len(r.table) {
		r.grow()
	}
	return n
}

func (r *wordRun) grow() {
	r.table = make([]uint32, 2*len(r.table))
	mask := uint64(len(r.table) - 1)
	for n := range r.ends {
		slot := maphash.Bytes(r.seed, r.name(uint32(n))) & mask
		for r.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		r.table[slot] = uint32(n) + 1
	}
}

// chunks calls put with the run's terms in order.
func (r *wordRun) chunks(put func(first, chunk []byte) error) error {
	// All that was said of a term together, in the order in which it was.
	starts := make([]uint32, len(r.counts)+1)
	for i, n := range r.counts {
		starts[i+1] = starts[i] + n
	}
	r.sorted = slices.Grow(r.sorted[:0], len(r.said))[:len(r.said)]
	next := slices.Clone(starts)
	for _, x := range r.said {
		n := &next[x>>32]
		r.sorted[*n] = x
		*n++
	}
	r.order = r.order[:0]
	for n := range r.ends {
		var head [8]byte
		copy(head[:], r.name(uint32(n)))
		r.order = append(r.order, termOrder{binary.BigEndian.Uint64(head[:]), uint32(n)})
	}
	slices.SortFunc(r.order, func(a, b termOrder) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return bytes.Compare(r.name(a.term), r.name(b.term))
	})
	w := chunker{put: put}
	var list []byte
	var at bitWriter
	for _, o := range r.order {
		at.reset()
		list = encodeSaid(list[:0], &at, r.sorted[starts[o.term]:starts[o.term+1]])
		if err := w.add(r.name(o.term), list, at.end()); err != nil {
			return err
		}
	}
	return w.flush()
}

// encodeSaid writes what was said of one term: the list of its places, and
// where it stands in their texts.
func encodeSaid(list []byte, at *bitWriter, said []uint64) []byte {
	place := -1
	for len(said) > 0 {
		n := 1
		for n < len(said) && uint16(said[n]>>16) == uint16(said[0]>>16) {
			n++
		}
		p := int(uint16(said[0] >> 16))
		list = binary.AppendUvarint(list, uint64(p-place-1))
		place = p
		at.said(said[:n])
		said = said[n:]
	}
	return list
}

// chunker packs terms that come in order into chunks.
type chunker struct {
	put   func(first, chunk []byte) error
	first []byte
	last  []byte
	b     []byte
}

// add adds a term: the list of its places, and where it stands in their texts.
func (w *chunker) add(term, list, at []byte) error {
	places, isBitmap := list, byte(0)
	if len(list) > segmentSize/8 {
		var b bitmap
		if err := b.addList(list); err != nil {
			return err
		}
		places, isBitmap = b.posting()[1:], 1
	}
	size := len(places) + len(at)
	if len(w.b) > 0 && len(w.b)+size+len(term)/2 > chunkSize {
		if err := w.flush(); err != nil {
			return err
		}
	}
	n := 0
	if len(w.b) == 0 {
		w.b = make([]byte, 0, max(chunkSize, size+len(term)+16))
		w.first = append(w.first[:0], term...)
	} else {
		for n < len(term) && n < len(w.last) && term[n] == w.last[n] {
			n++
		}
	}
	w.last = append(w.last[:0], term...)
	rest := len(term) - n
	w.b = append(w.b, byte(min(n, 15)<<4|min(rest, 15)))
	if n >= 15 {
		w.b = binary.AppendUvarint(w.b, uint64(n-15))
	}
	if rest >= 15 {
		w.b = binary.AppendUvarint(w.b, uint64(rest-15))
	}
	w.b = append(w.b, term[n:]...)
	if isBitmap == 0 && len(places) <= 4 && len(at) < 32 {
		w.b = append(w.b, byte((len(places)-1)<<5|len(at)))
	} else {
		w.b = append(w.b, 0x80|isBitmap)
		w.b = binary.AppendUvarint(w.b, uint64(len(places)))
		w.b = binary.AppendUvarint(w.b, uint64(len(at)))
	}
	w.b = append(append(w.b, places...), at...)
	return nil
}

func (w *chunker) flush() error {
	if len(w.b) == 0 {
		return nil
	}
	err := w.put(w.first, w.b)
	w.b = nil // put may keep it
	return err
}

// addList puts the places of a posting's list, without its first octet, into b.
func (b *bitmap) addList(list []byte) error {
	for l := (placeList{list, -1}); len(l.rest) > 0; {
		place := l.next()
		if place >= segmentSize {
			return errPosting
		}
		b.put(uint16(place))
	}
	return nil
}

// entry is a term of a chunk; it shares the chunk's memory.
type entry struct {
	docs     []byte // the places that have the term
	isBitmap bool   // and how they are written
	at       []byte
}

// addEntry puts the places of an entry into b.
func (b *bitmap) addEntry(e *entry) error {
	if e.isBitmap {
		return b.addBits(e.docs)
	}
	return b.addList(e.docs)
}

// hasAny reports whether any of the places has the term.
func (e *entry) hasAny(places *bitmap) (bool, error) {
	if e.isBitmap {
		var b bitmap
		err := b.addBits(e.docs)
		return b.and(places), err
	}
	return listHasAny(e.docs, places)
}

// cutEntry cuts the places of an entry out of b.
func (b *bitmap) cutEntry(e *entry) error {
	if e.isBitmap {
		var docs bitmap
		err := docs.addBits(e.docs)
		b.without(&docs)
		return err
	}
	for l := (placeList{e.docs, -1}); len(l.rest) > 0; {
		place := l.next()
		if place >= segmentSize {
			return errPosting
		}
		b.cut(uint16(place))
	}
	return nil
}

// placeList reads the list of a posting.
type placeList struct {
	rest []byte
	last int // -1 before the first
}

// next gives the next place of a list that has more; segmentSize or more when the
// list is damaged. No difference has more than two octets.
func (l *placeList) next() int {
	d, n := int(l.rest[0]), 1
	if d >= 0x80 {
		if d, n = segmentSize, len(l.rest); n > 1 {
			d, n = int(l.rest[0]&0x7F)|int(l.rest[1])<<7, 2
		}
	}
	l.rest = l.rest[n:]
	l.last += d + 1
	return l.last
}

// chunk reads a stored one, term by term. What next finds out is kept as numbers:
// most terms that a search passes are none of its words, and need no slices.
type chunk struct {
	b        []byte
	behind   int // where the next term begins in b
	buf      []byte
	size     int // of the term, which buf begins with
	shared   int // how many octets of the term the one before it has
	docs, at int // where in b its places begin, and where it stands in their texts
	isBitmap bool
}

// newChunk reads a chunk from its start. It may take over a buffer.
func newChunk(b, buf []byte) chunk {
	if len(buf) < maxTerm {
		buf = make([]byte, 2*maxTerm)
	}
	return chunk{b: b, buf: buf}
}

// term gives the term; it is good until next.
func (c *chunk) term() []byte { return c.buf[:c.size] }

// entry gives what the chunk says of the term.
func (c *chunk) entry() entry {
	return entry{docs: c.b[c.docs:c.at:c.at], isBitmap: c.isBitmap, at: c.b[c.at:c.behind:c.behind]}
}

// hasAny reports whether any of the places has the term.
func (c *chunk) hasAny(places *bitmap) (bool, error) {
	e := entry{docs: c.b[c.docs:c.at], isBitmap: c.isBitmap}
	return e.hasAny(places)
}

// listHasAny reports whether a posting's list, without its first octet, has any of
// the places.
func listHasAny(list []byte, places *bitmap) (bool, error) {
	place := -1
	for i := 0; i < len(list); i++ {
		d := int(list[i])
		if d >= 0x80 {
			if i++; i == len(list) {
				return false, errPosting
			}
			d = d&0x7F | int(list[i])<<7
		}
		if place += d + 1; place >= segmentSize {
			return false, errPosting
		}
		if places[place/64]>>(place%64)&1 != 0 {
			return true, nil
		}
	}
	return false, nil
}

// next reads the next term; false at the end. Searches spend their time here.
func (c *chunk) next() (bool, error) {
	i := c.behind
	b := c.b[i:]
	if len(b) == 0 {
		return false, nil
	}
	shared, n := int(b[0]>>4), int(b[0]&15)
	const room = 16 // for what most terms have of their own, which is copied as one then
	if len(b) > 2*room && shared < 15 && n < 15 && shared <= c.size && shared+room <= len(c.buf) {
		lengths := int(b[1+n])
		behind, docs, at := 2+n, lengths>>5+1, lengths&31
		if lengths >= 0x80 {
			behind, docs, at = 4+n, int(b[2+n]), int(b[3+n])
		}
		if docs|at < 0x80 && docs > 0 {
			*(*[room]byte)(c.buf[shared:]) = *(*[room]byte)(b[1:])
			c.shared, c.size, c.isBitmap = shared, shared+n, lengths == 0x81
			c.docs = i + behind
			c.at = c.docs + docs
			c.behind = c.at + at
			if c.behind > len(c.b) {
				return false, errChunk
			}
			return true, nil
		}
	}
	b = b[1:]
	if shared == 15 {
		var more int
		more, b = length(b)
		shared += more
	}
	if n == 15 {
		var more int
		more, b = length(b)
		n += more
	}
	if shared > c.size || n >= len(b) {
		return false, errChunk
	}
	c.shared = shared
	c.buf = append(c.buf[:shared], b[:n]...)
	c.size = len(c.buf)
	c.buf = c.buf[:cap(c.buf)]
	lengths := b[n]
	b = b[n+1:]
	docs, at := int(lengths>>5)+1, int(lengths&31)
	c.isBitmap = false
	if lengths >= 0x80 {
		docs, b = length(b)
		at, b = length(b)
		c.isBitmap = lengths&1 == 1
	}
	if docs == 0 || docs+at > len(b) {
		return false, errChunk
	}
	c.docs = len(c.b) - len(b)
	c.at = c.docs + docs
	c.behind = c.at + at
	return true, nil
}

// length reads the length that b starts with; too long a one when there is none.
func length(b []byte) (int, []byte) {
	if len(b) > 0 && b[0] < 0x80 {
		return int(b[0]), b[1:]
	}
	v, n := binary.Uvarint(b)
	if n <= 0 || v > 1<<30 {
		return 1 << 30, nil
	}
	return int(v), b[n:]
}

// places appends where the term stands in the texts of the wanted places: a
// place of the segment in the upper half, one of the text in the lower.
func (e *entry) places(dst []uint32, wanted *bitmap) ([]uint32, error) {
	var docs bitmap
	if err := docs.addEntry(e); err != nil {
		return dst, err
	}
	r, err := newBitReader(e.at)
	if err != nil {
		return dst, err
	}
	return r.places(dst, &docs, wanted)
}

// runInfo is what the list of a segment's runs tells of one.
type runInfo struct {
	number uint32
	size   int // places that it covers
	covers bitmap
}

func parseRuns(b []byte) ([]runInfo, error) {
	var out []runInfo
	d := reader{b: b}
	for len(d.b) > 0 {
		r := runInfo{number: uint32(d.uvarint())}
		n := d.length()
		if d.bad {
			return nil, errChunk
		}
		if err := r.covers.add(d.b[:n]); err != nil {
			return nil, err
		}
		d.b = d.b[n:]
		r.size = r.covers.len()
		out = append(out, r)
	}
	if d.bad {
		return nil, errChunk
	}
	return out, nil
}

func appendRuns(b []byte, runs []runInfo) []byte {
	for i := range runs {
		b = binary.AppendUvarint(b, uint64(runs[i].number))
		p := runs[i].covers.posting()
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// chunkKey is a key of bucketWords.
func chunkKey(dst []byte, segment, run uint32, term []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, segment)
	dst = binary.BigEndian.AppendUint32(dst, run)
	return append(dst, term...)
}

// merged calls each with the terms of a segment's runs, in order, with what the
// runs say of the places in live. chunks are each run's, in order.
func merged(runs []runInfo, chunks [][][]byte, live *bitmap, each func(term, list, at []byte) error) error {
	type source struct {
		chunks [][]byte
		chunk
		keep  bitmap
		whole bool // all places of the run are kept
		done  bool
	}
	sources := make([]source, len(runs))
	advance := func(s *source) error {
		for {
			if ok, err := s.next(); err != nil || ok {
				return err
			}
			if len(s.chunks) == 0 {
				s.done = true
				return nil
			}
			s.chunk = newChunk(s.chunks[0], s.buf)
			s.chunks = s.chunks[1:]
		}
	}
	keep := *live
	for i := len(runs) - 1; i >= 0; i-- {
		s := &sources[i]
		s.chunks = chunks[i]
		s.keep = runs[i].covers
		s.keep.and(&keep)
		keep.without(&runs[i].covers)
		s.whole = s.keep == runs[i].covers
		if err := advance(s); err != nil {
			return err
		}
	}
	var term, list []byte
	var at bitWriter
	var parts []placed
	var has []int
	for {
		least := -1
		for i := range sources {
			if !sources[i].done && (least < 0 || bytes.Compare(sources[i].term(), sources[least].term()) < 0) {
				least = i
			}
		}
		if least < 0 {
			return nil
		}
		term = append(term[:0], sources[least].term()...)
		has = has[:0]
		plain, last := true, -1 // each source's places lie behind the ones before, and none is left out
		list = list[:0]
		at.reset()
		for i := least; i < len(sources); i++ {
			s := &sources[i]
			if s.done || !bytes.Equal(s.term(), term) {
				continue
			}
			has = append(has, i)
			if plain = plain && s.whole; plain {
				var err error
				e := s.entry()
				if list, last, err = e.appendPlaces(list, last); err != nil {
					return err
				}
				if last < 0 {
					plain = false
					continue
				}
				r, err := newBitReader(e.at)
				if err != nil {
					return err
				}
				at.copy(&r, r.left())
			}
		}
		if plain {
			for _, i := range has {
				if err := advance(&sources[i]); err != nil {
					return err
				}
			}
			if err := each(term, list, at.end()); err != nil {
				return err
			}
			continue
		}
		parts = parts[:0]
		for _, i := range has {
			s := &sources[i]
			var docs bitmap
			e := s.entry()
			if err := docs.addEntry(&e); err != nil {
				return err
			}
			r, err := newBitReader(e.at)
			if err != nil {
				return err
			}
			for place := range docs.all() {
				here := r
				r.skip()
				if r.bad() {
					return errChunk
				}
				if s.whole || s.keep.has(place) {
					parts = append(parts, placed{place, here, here.left() - r.left()})
				}
			}
			if err := advance(s); err != nil {
				return err
			}
		}
		if len(parts) == 0 {
			continue
		}
		if !slices.IsSortedFunc(parts, byPlace) {
			slices.SortFunc(parts, byPlace)
		}
		list = list[:0]
		at.reset()
		before := -1
		for i := range parts {
			p := &parts[i]
			list = binary.AppendUvarint(list, uint64(int(p.place)-before-1))
			at.copy(&p.at, p.size)
			before = int(p.place)
		}
		if err := each(term, list, at.end()); err != nil {
			return err
		}
	}
}

// appendPlaces appends the places of an entry to a list that ends with last, and
// gives the new last; -1 when some are not behind the old one.
func (e *entry) appendPlaces(dst []byte, last int) ([]byte, int, error) {
	if e.isBitmap {
		var docs bitmap
		if err := docs.addBits(e.docs); err != nil {
			return dst, -1, err
		}
		for place := range docs.all() {
			if int(place) <= last {
				return dst, -1, nil
			}
			dst = binary.AppendUvarint(dst, uint64(int(place)-last-1))
			last = int(place)
		}
		return dst, last, nil
	}
	end := -1
	for rest := e.docs; len(rest) > 0; {
		d, n := binary.Uvarint(rest)
		if n <= 0 || d >= segmentSize {
			return dst, -1, errPosting
		}
		rest = rest[n:]
		first := end < 0
		if end += int(d) + 1; first {
			if end <= last {
				return dst, -1, nil
			}
			dst = append(binary.AppendUvarint(dst, uint64(end-last-1)), rest...)
		}
	}
	return dst, end, nil
}

// placed is what a term has in one place.
type placed struct {
	place uint16
	at    bitReader
	size  int // in bits
}

func byPlace(a, b placed) int { return int(a.place) - int(b.place) }

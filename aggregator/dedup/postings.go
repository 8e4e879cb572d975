package dedup

import "slices"

// postings are lists of copies by concept. A list of one copy, which most are,
// stands in its slot; the others stand in one arena, each with room for the next
// power of two, so that a list's length says when it has to move. Nothing in it
// is a pointer.
type postings struct {
	slots []posting
	arena []uint16
	used  int
}

// posting is a slot: free when at is zero.
type posting struct {
	key uint32 // of 24 bits
	at  uint32 // of the length in the arena, before the list; or the one copy with the highest bit set
}

const (
	single  = 1 << 31
	keyBits = 32 - kindShift
)

// slot finds where a key is or belongs. Keys are hashes: their highest bits say
// where.
func (p *postings) slot(key uint32) int {
	i := int(uint64(key) * uint64(len(p.slots)) >> keyBits)
	for p.slots[i].at != 0 && p.slots[i].key != key {
		if i++; i == len(p.slots) {
			i = 0
		}
	}
	return i
}

// add appends a copy to a key's list.
func (p *postings) add(key uint32, doc uint16) {
	if 4*p.used >= 3*len(p.slots) {
		p.resize(max(64, 2*len(p.slots)))
	}
	s := &p.slots[p.slot(key)]
	switch {
	case s.at == 0:
		*s = posting{key, single | uint32(doc)}
		p.used++
	case s.at&single != 0:
		at := p.room(2)
		p.arena[at], p.arena[at+1], p.arena[at+2] = 2, uint16(s.at), doc
		s.at = at
	default:
		n := uint32(p.arena[s.at])
		if n&(n-1) == 0 { // the room is used up
			at := p.room(2 * n)
			copy(p.arena[at:], p.arena[s.at:s.at+1+n])
			s.at = at
		}
		p.arena[s.at]++
		p.arena[s.at+1+n] = doc
	}
}

// expect makes room for so many more keys. Who adds keys in order has to call it: in
// a table that grows meanwhile they would crowd at the beginning.
func (p *postings) expect(keys int) {
	n := max(64, len(p.slots))
	for 4*(p.used+keys) >= 3*n {
		n *= 2
	}
	if n > len(p.slots) {
		p.resize(n)
	}
}

// room gives the place of a new list.
func (p *postings) room(n uint32) uint32 {
	if len(p.arena) == 0 {
		p.arena = append(p.arena, 0) // 0 is a free slot
	}
	at := uint32(len(p.arena))
	p.arena = slices.Grow(p.arena, int(n)+1)[:int(at+n)+1]
	return at
}

// spot is where a key's list is looked for.
type spot struct {
	key  uint32
	slot int
	held posting // what stands in the slot
	n    uint16  // of the list, when it is not a single copy
}

// place finds the first slot that a key may stand in, and resolve whether it
// does; list gives its list, in order. One after the other for many keys, each
// waits for memory once for all of them. one is room for a list of one copy.
func (p *postings) place(key uint32) spot {
	if len(p.slots) == 0 {
		return spot{}
	}
	i := int(uint64(key) * uint64(len(p.slots)) >> keyBits)
	return spot{key: key, slot: i, held: p.slots[i]}
}

func (p *postings) resolve(at *spot) {
	if at.held.at != 0 && at.held.key != at.key {
		at.held = p.slots[p.slot(at.key)]
	}
	if at.held.at&single == 0 && at.held.at != 0 {
		at.n = p.arena[at.held.at]
	}
}

func (p *postings) list(at *spot, one *[1]uint16) []uint16 {
	switch {
	case at.held.at == 0:
		return nil
	case at.held.at&single != 0:
		one[0] = uint16(at.held.at)
		return one[:]
	}
	return p.arena[at.held.at+1:][:at.n]
}

func (p *postings) resize(n int) {
	old := p.slots
	p.slots = make([]posting, n)
	for _, s := range old {
		if s.at != 0 {
			p.slots[p.slot(s.key)] = s
		}
	}
}

// close takes out all room that is left: nothing will be added.
func (p *postings) close() {
	p.resize(p.used*4/3 + 1)
	n := 1
	for _, s := range p.slots {
		if s.at != 0 && s.at&single == 0 {
			n += 1 + int(p.arena[s.at])
		}
	}
	arena := make([]uint16, 1, n)
	for i := range p.slots {
		if s := &p.slots[i]; s.at != 0 && s.at&single == 0 {
			list := p.arena[s.at:][:1+p.arena[s.at]]
			s.at = uint32(len(arena))
			arena = append(arena, list...)
		}
	}
	p.arena = arena
}

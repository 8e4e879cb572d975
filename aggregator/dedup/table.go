package dedup

import (
	"encoding/binary"
	"math/bits"
)

// table is a set of (shingle, copy) in open addressing: of a shingle, its place
// and eight bits of it are kept, so that one in some hundred answers is wrong.
// Of a statement, only the first copy that has the shingle is held; so the
// number of entries is that of the statements it stands in, up to a few.
//
// A table is far larger than the processor's caches: what a look-up costs is
// the wait for memory. So whoever has many shingles to look up asks for their
// homes first, all in one go, and the waits overlap.
type table struct {
	tags []uint8
	docs []uint16
	used int
}

// mostEntries is how many statements a segment remembers of one shingle.
const mostEntries = 6

func newTable(entries int) table {
	n := entries * 5 / 4
	return table{tags: make([]uint8, n), docs: make([]uint16, n)}
}

func (t *table) full() bool { return t.fullWith(0) }

// fullWith reports whether the table would be full with more entries, if none of them
// is left out.
func (t *table) fullWith(more int) bool { return t.used+more > len(t.tags)*4/5 }

// place gives where a shingle's entries begin, and its tag.
func (t *table) place(h uint32) (at int, tag uint8) {
	tag = uint8(h >> 3) // the lowest bits of most shingles are 0 (sampled), the highest say where
	if tag == 0 {
		tag = 1 // 0 is an empty slot
	}
	return int(uint64(h*placeMix) * uint64(len(t.tags)) >> 32), tag
}

// placeMix times a shingle says where it belongs. The shingle itself does not, since
// of long texts the smallest are kept: they would crowd at the beginning.
const placeMix = 0x9E3779B1

// home says which of the eight slots from a shingle's place on have its tag: the
// highest bit of a byte is set for each, the lowest of all when the entries go
// on behind them. Nothing has it where home is 0.
type home uint64

const goesOn home = 1

// look gives the home of a tag in the eight slots from at on; at the end of the
// table, where there are less, it only says that one has to look.
func (t *table) look(at int, tag uint8) home {
	if at+8 > len(t.tags) {
		return goesOn
	}
	found, free := eightOf(t.tags[at:], tag)
	if free != 0 {
		return home(found)
	}
	return home(found) | goesOn
}

// eightOf has the highest bit set, in found, of each of the first eight tags that
// is the one and stands before the first free slot; in free, of each free slot.
func eightOf(tags []uint8, tag uint8) (found, free uint64) {
	const ones = 0x0101010101010101
	eight := binary.LittleEndian.Uint64(tags)
	free = zeros(eight)
	return zeros(eight^uint64(tag)*ones) & (free&-free - 1), free
}

// homes appends the homes of shingles. No step waits for the one before.
func (t *table) homes(dst []home, shingles []uint32) []home {
	for _, h := range shingles {
		dst = append(dst, t.look(t.place(h)))
	}
	return dst
}

// put adds an entry, unless there is one of the same owner or there are enough. It
// reports false, and has done nothing, when the entry would come to stand at end or
// behind it.
func (t *table) put(h uint32, doc uint16, owners []uint32, end int) bool {
	if t.used >= len(t.tags)*7/8 {
		return true
	}
	i, tag := t.place(h)
	held := 0
	for ; i+8 <= len(t.tags); i += 8 {
		found, free := eightOf(t.tags[i:], tag)
		for ; found != 0; found &= found - 1 {
			if owners[t.docs[i+bits.TrailingZeros64(found)/8]] == owners[doc] {
				return true
			}
			if held++; held >= mostEntries {
				return true
			}
		}
		if free != 0 {
			return t.set(i+bits.TrailingZeros64(free)/8, tag, doc, end)
		}
	}
	if i == len(t.tags) {
		i = 0
	}
	for ; t.tags[i] != 0; i++ {
		if t.tags[i] == tag {
			if owners[t.docs[i]] == owners[doc] {
				return true
			}
			if held++; held >= mostEntries {
				return true
			}
		}
		if i+1 == len(t.tags) {
			i = -1
		}
	}
	return t.set(i, tag, doc, end)
}

func (t *table) set(i int, tag uint8, doc uint16, end int) bool {
	if i >= end {
		return false
	}
	t.tags[i], t.docs[i] = tag, doc
	t.used++
	return true
}

// get appends the copies under a shingle whose home was found to be in, and not 0.
func (t *table) get(dst []uint16, h uint32, in home) []uint16 {
	i, tag := t.place(h)
	for i+8 <= len(t.tags) {
		for found := uint64(in &^ goesOn); found != 0; found &= found - 1 {
			dst = append(dst, t.docs[i+bits.TrailingZeros64(found)/8])
		}
		if in&goesOn == 0 {
			return dst
		}
		i += 8
		in = t.look(i, tag)
	}
	if i == len(t.tags) {
		i = 0
	}
	for ; t.tags[i] != 0; i++ {
		if t.tags[i] == tag {
			dst = append(dst, t.docs[i])
		}
		if i+1 == len(t.tags) {
			i = -1
		}
	}
	return dst
}

// zeros has the highest bit set of each byte that is zero in x.
func zeros(x uint64) uint64 {
	const low = 0x7F7F7F7F7F7F7F7F
	return ^(x&low + low | x | low)
}

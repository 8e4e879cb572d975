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

func (t *table) full() bool { return t.used > len(t.tags)*4/5 }

// home is where a shingle's entries begin.
type home struct {
	at  uint32
	tag uint8
	hit bool // something is there
}

func (t *table) home(h uint32) home {
	tag := uint8(h >> 3) // the lowest bits of most shingles are 0 (sampled), the highest say where
	if tag == 0 {
		tag = 1 // 0 is an empty slot
	}
	// Mixed, since of long texts the smallest hashes are kept: they would crowd at
	// the beginning.
	at := uint32(uint64(h*0x9E3779B1) * uint64(len(t.tags)) >> 32)
	return home{at, tag, t.tags[at] != 0}
}

// homes appends the homes of shingles. No step waits for the one before.
func (t *table) homes(dst []home, shingles []uint32) []home {
	for _, h := range shingles {
		dst = append(dst, t.home(h))
	}
	return dst
}

// put adds an entry, unless there is one of the same statement or there are
// enough.
func (t *table) put(at home, doc uint16, same func(uint16) bool) {
	if t.used >= len(t.tags)*7/8 {
		return
	}
	i := int(at.at)
	held := 0
	for ; t.tags[i] != 0; i++ {
		if t.tags[i] == at.tag {
			if same(t.docs[i]) {
				return
			}
			if held++; held >= mostEntries {
				return
			}
		}
		if i+1 == len(t.tags) {
			i = -1
		}
	}
	t.tags[i], t.docs[i] = at.tag, doc
	t.used++
}

// get appends the copies under a shingle.
func (t *table) get(dst []uint16, at home) []uint16 {
	if !at.hit {
		return dst
	}
	i := int(at.at)
	const ones = 0x0101010101010101
	for wanted := uint64(at.tag) * ones; i+8 <= len(t.tags); i += 8 {
		eight := binary.LittleEndian.Uint64(t.tags[i:])
		end, found := zeros(eight), zeros(eight^wanted)
		if end != 0 {
			found &= end&-end - 1
		}
		for ; found != 0; found &= found - 1 {
			dst = append(dst, t.docs[i+bits.TrailingZeros64(found)/8])
		}
		if end != 0 {
			return dst
		}
	}
	if i == len(t.tags) {
		i = 0
	}
	for ; t.tags[i] != 0; i++ {
		if t.tags[i] == at.tag {
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

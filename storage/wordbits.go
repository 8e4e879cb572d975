package storage

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Where a term stands in texts is written in bits, the lowest of an octet
// first: for each place how often it stands there, less one, and then how far it
// is from the start of the text to the first, and from each to the next, less
// one. All numbers are in exponential Golomb codes: of the number and 2^k, the
// length in binary as zeros, as far as it is more than that of 2^k, a one, and
// the digits behind the leading one. The number of times has k = 0; the distances
// one that fits texts of some hundred words, as most are: the more often a term
// stands in a text, the smaller they are. A one ends it all, so that bits can be
// put behind others without being understood.
//
// Where a term stands manyTimes or more, the zeros of all its distances come before
// them, counted: from those follows how long they are, and who looks for it in other
// texts passes over them at once.

// maxTimes bounds how often a term may stand in one text, against damage.
const maxTimes = 1 << 16

// manyTimes is how often a term stands in a text of which it is written how long
// the distances are.
const manyTimes = 6

// zerosOf gives k for the zeros of n distances, of which there are about half as many.
func zerosOf(n int) int { return bits.Len(uint(n)) - 1 }

// golombOf gives k for a term that stands n times in a text.
func golombOf(n int) int { return max(8-bits.Len(uint(n-1)), 0) }

// bitWriter gathers bits. It may be used again after reset.
type bitWriter struct {
	b   []byte
	acc uint64
	n   int // bits of acc, less than 32 between calls
}

func (w *bitWriter) reset() { w.b, w.acc, w.n = w.b[:0], 0, 0 }

// put appends the size lowest bits of v, at most 32 and no others set.
func (w *bitWriter) put(v uint64, size int) {
	w.acc |= v << w.n
	if w.n += size; w.n >= 32 {
		w.b = binary.LittleEndian.AppendUint32(w.b, uint32(w.acc))
		w.acc >>= 32
		w.n -= 32
	}
}

func (w *bitWriter) golomb(v uint64, k int) {
	v += 1 << k
	size := bits.Len64(v)
	w.put(1<<(size-k-1), size-k)
	w.put(v&(1<<(size-1)-1), size-1)
}

// said writes where a term stands in one text; those are the lowest 16 bits.
func (w *bitWriter) said(said []uint64) {
	w.golomb(uint64(len(said)-1), 0)
	k := golombOf(len(said))
	if len(said) >= manyTimes {
		zeros, next := 0, uint64(0)
		for _, x := range said {
			at := uint64(uint16(x))
			zeros += bits.Len64(at-next+1<<k) - k - 1
			next = at + 1
		}
		w.golomb(uint64(zeros), zerosOf(len(said)))
	}
	next := uint64(0)
	for _, x := range said {
		at := uint64(uint16(x))
		w.golomb(at-next, k)
		next = at + 1
	}
}

// copy moves size bits of r to the end.
func (w *bitWriter) copy(r *bitReader, size int) {
	for ; size >= 32; size -= 32 {
		w.put(r.peek()&(1<<32-1), 32)
		r.at += 32
	}
	w.put(r.peek()&(1<<size-1), size)
	r.at += size
}

// end gives what was written; it is good until reset.
func (w *bitWriter) end() []byte {
	w.put(1, 1)
	for ; w.n > 0; w.n -= 8 {
		w.b = append(w.b, byte(w.acc))
		w.acc >>= 8
	}
	w.acc, w.n = 0, 0
	return w.b
}

// bitReader reads bits.
type bitReader struct {
	b    []byte
	at   int
	size int // in bits
}

func newBitReader(b []byte) (bitReader, error) {
	if len(b) == 0 || b[len(b)-1] == 0 {
		return bitReader{}, errChunk
	}
	return bitReader{b: b, size: 8*(len(b)-1) + bits.Len8(b[len(b)-1]) - 1}, nil
}

// left gives how many bits there still are.
func (r *bitReader) left() int { return r.size - r.at }

// bad reports whether more was read than there is.
func (r *bitReader) bad() bool { return r.at > r.size }

// peek gives the next bits, at least 57 of them; zeros behind the end.
func (r *bitReader) peek() uint64 {
	i := r.at >> 3
	if i+8 <= len(r.b) {
		return binary.LittleEndian.Uint64(r.b[i:]) >> (r.at & 7)
	}
	var tail [8]byte
	if i < len(r.b) {
		copy(tail[:], r.b[i:])
	}
	return binary.LittleEndian.Uint64(tail[:]) >> (r.at & 7)
}

func (r *bitReader) golomb(k int) uint32 {
	v := r.peek()
	zeros := bits.TrailingZeros64(v)
	if zeros > 20 {
		r.at = r.size + 1
		return 0
	}
	size := zeros + k
	r.at += zeros + 1 + size
	return uint32(v>>(zeros+1)&(1<<size-1) + 1<<size - 1<<k)
}

// count reads how often a term stands in the next place, and what k its
// distances have.
func (r *bitReader) count() (n, k int) {
	if n = int(r.golomb(0)) + 1; n > maxTimes {
		r.at = r.size + 1
		return 0, 0
	}
	return n, golombOf(n)
}

// skip goes on to the place behind the next.
func (r *bitReader) skip() {
	n, k := r.count()
	if n >= manyTimes {
		r.at += lengthOf(n, k, int(r.golomb(zerosOf(n))))
		return
	}
	for ; n > 0 && !r.bad(); n-- {
		r.golomb(k)
	}
}

// lengthOf gives how many bits n distances have.
func lengthOf(n, k, zeros int) int { return n*(k+1) + 2*zeros }

// places reads to the end: for each place of docs where the term stands there.
// It appends those of the wanted ones, a place of the segment in the upper half
// and one of the text in the lower. It is what a phrase of frequent words spends
// its time in, so what is read next stays in a register.
func (r *bitReader) places(dst []uint32, docs, wanted *bitmap) ([]uint32, error) {
	const (
		most   = 17         // digits of a number
		enough = 2*most + 1 // bits of one with k = 0
	)
	var v uint64
	at, have := r.at, 0
	for word, left := range docs {
		for ; left != 0; left &= left - 1 {
			if have < enough {
				v, have = r.from(at)
			}
			zeros := bits.TrailingZeros64(v)
			if zeros >= most {
				return dst, errChunk
			}
			n := int(v>>(zeros+1)&(1<<zeros-1) + 1<<zeros)
			used := 2*zeros + 1
			v, have, at = v>>used, have-used, at+used
			k := golombOf(n)
			longest := enough - k
			passed := wanted[word]&left&-left == 0
			if n >= manyTimes {
				z := zerosOf(n)
				used := 2*bits.TrailingZeros64(v) + 1 + z
				if used > have {
					v, have = r.from(at)
					used = 2*bits.TrailingZeros64(v) + 1 + z
				}
				if used > enough+z {
					return dst, errChunk
				}
				if passed {
					size := (used - 1 + z) / 2
					at += used + lengthOf(n, k, int(v>>((used-size)&63)&(1<<size-1)|1<<size)-1<<z)
					if at > r.size {
						return dst, errChunk
					}
					have = 0
					continue
				}
				v, have, at = v>>(used&63), have-used, at+used
			}
			if passed {
				for ; n > 0; n-- {
					used := 2*bits.TrailingZeros64(v) + 1 + k
					if used > have {
						v, have = r.from(at)
						used = 2*bits.TrailingZeros64(v) + 1 + k
					}
					if used > longest {
						return dst, errChunk
					}
					v, have, at = v>>(used&63), have-used, at+used
				}
				continue
			}
			first := len(dst)
			dst = slices.Grow(dst, n)[:first+n]
			base := uint32(word*64+bits.TrailingZeros64(left)) << 16
			text, less := ^uint32(0), uint32(1)<<(k&31)-1
			for i := range dst[first:] {
				zeros := bits.TrailingZeros64(v)
				used := 2*zeros + 1 + k
				if used > have { // or so it looks, as there are zeros behind what v has
					v, have = r.from(at)
					zeros = bits.TrailingZeros64(v)
					used = 2*zeros + 1 + k
				}
				if used > longest {
					return dst, errChunk
				}
				size := (zeros + k) & 63
				text += uint32(v>>((zeros+1)&63)&(1<<size-1)|1<<size) - less
				v, have, at = v>>(used&63), have-used, at+used
				dst[first+i] = base | text&0xFFFF
			}
			if at > r.size {
				return dst, errChunk
			}
		}
	}
	if r.at = at; at != r.size {
		return dst, errChunk
	}
	return dst, nil
}

// from gives the bits from at on, and how many of them there are.
func (r *bitReader) from(at int) (v uint64, have int) {
	if i := at >> 3; i+8 <= len(r.b) {
		return binary.LittleEndian.Uint64(r.b[i:]) >> (at & 7), 64 - at&7
	}
	tail := bitReader{b: r.b, at: at}
	return tail.peek(), 64 - at&7
}

package storage

import (
	"encoding/binary"
	"math/bits"
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

// maxTimes bounds how often a term may stand in one text, against damage.
const maxTimes = 1 << 16

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
	for ; n > 0 && !r.bad(); n-- {
		r.golomb(k)
	}
}

// next reads the next place; with keep it appends where the term stands there,
// in the lower half, below what base has in the upper.
func (r *bitReader) next(dst []uint32, base uint32, keep bool) []uint32 {
	n, k := r.count()
	text := ^uint32(0)
	for ; n > 0; n-- {
		i := r.at >> 3
		if i+8 > len(r.b) {
			break // near the end it is read with more care
		}
		v := binary.LittleEndian.Uint64(r.b[i:]) >> (r.at & 7)
		zeros := bits.TrailingZeros64(v)
		if zeros > 20 {
			break
		}
		size := zeros + k
		text += uint32(v>>((zeros+1)&63)&(1<<(size&63)-1)+1<<(size&63)-1<<(k&63)) + 1
		r.at += zeros + 1 + size
		if keep {
			dst = append(dst, base|text&0xFFFF)
		}
	}
	for ; n > 0 && !r.bad(); n-- {
		text += r.golomb(k) + 1
		if keep {
			dst = append(dst, base|text&0xFFFF)
		}
	}
	return dst
}

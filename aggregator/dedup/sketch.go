package dedup

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// sketch is what is kept of a text to find it by and to compare it with texts
// in other languages: a sample of its shingles and its concepts. Its encoded
// form travels in feeds.Observed.Features.
type sketch struct {
	size     int      // tokens
	shingles []uint32 // sampled, sorted
	vector   []concept
	keywords []concept // of them, those that it is found by; nil when nobody said
}

// One shingle in sampling is kept, chosen by its hash, so that two texts that
// share it both keep it or both do not; of the beginning of a text, which is
// what excerpts are made of, all are.
const (
	sampling   = 4
	dense      = 4 // shingles at the beginning of the body that are all kept
	mostSketch = 600
)

func sampled(h uint32) bool { return h%sampling == 0 }

// sketchOf makes the sketch of a reading.
func sketchOf(r *reading) sketch {
	f := sketch{size: len(r.tokens), vector: r.vector, keywords: r.keywords}
	var room [maxTitle + dense]uint32
	lead := append(room[:0], r.shingles[:min(len(r.shingles), r.titled+dense)]...)
	slices.Sort(lead)
	f.shingles = make([]uint32, 0, len(r.shingles)/3+len(lead))
	for _, h := range r.distinct() {
		for len(lead) > 0 && lead[0] < h {
			lead = lead[1:]
		}
		if sampled(h) || len(lead) > 0 && lead[0] == h {
			f.shingles = append(f.shingles, h)
		}
	}
	if len(f.shingles) > mostSketch {
		f.shingles = f.shingles[:mostSketch] // the smallest hashes: again the same ones in both texts
	}
	return f
}

// sketchVersion is to be raised when sketches are made or encoded differently;
// those of another version are left aside.
const sketchVersion = 3

// encode gives the sketch's bytes: version, tokens, number of shingles, their
// differences, number of concepts, their differences, as varints.
func (f *sketch) encode() []byte {
	b := make([]byte, 0, 16+4*len(f.shingles)+4*len(f.vector))
	b = append(b, sketchVersion)
	b = binary.AppendUvarint(b, uint64(f.size))
	b = appendSorted(b, f.shingles)
	v := make([]uint32, len(f.vector))
	for i, c := range f.vector {
		v[i] = uint32(c)
	}
	return appendSorted(b, v)
}

func appendSorted(b []byte, v []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	last := uint32(0)
	for _, x := range v {
		b = binary.AppendUvarint(b, uint64(x-last))
		last = x
	}
	return b
}

var errSketch = errors.New("no sketch of this version")

// decode reads what encode wrote.
func (f *sketch) decode(b []byte) error {
	if len(b) == 0 || b[0] != sketchVersion {
		return errSketch
	}
	b = b[1:]
	size, n := binary.Uvarint(b)
	if n <= 0 {
		return errSketch
	}
	f.size = int(min(size, 1<<20))
	var err error
	if f.shingles, b, err = sorted(f.shingles[:0], b[n:], mostSketch); err != nil {
		return err
	}
	var room [mostConcepts]uint32
	v := room[:0]
	if v, b, err = sorted(v, b, mostConcepts); err != nil || len(b) != 0 {
		return errSketch
	}
	f.vector = slices.Grow(f.vector[:0], len(v))
	for _, x := range v {
		f.vector = append(f.vector, concept(x))
	}
	return nil
}

func sorted(dst []uint32, b []byte, most uint64) ([]uint32, []byte, error) {
	count, n := binary.Uvarint(b)
	if n <= 0 || count > most {
		return nil, nil, errSketch
	}
	b = b[n:]
	last := uint64(0)
	for range count {
		// Numbers of up to five bytes are taken all at once: there are millions at a start.
		if len(b) >= 8 {
			x := binary.LittleEndian.Uint64(b)
			if n = bits.TrailingZeros64(^x&0x80_80808080)/8 + 1; n <= 5 {
				x &= 1<<(8*n) - 1
				last += x&0x7F | x>>1&(0x7F<<7) | x>>2&(0x7F<<14) | x>>3&(0x7F<<21) | x>>4&(0x7F<<28)
				if last > 1<<32-1 {
					return nil, nil, errSketch
				}
				dst, b = append(dst, uint32(last)), b[n:]
				continue
			}
		}
		d, n := binary.Uvarint(b)
		if n <= 0 || d > 1<<32-1 || last+d > 1<<32-1 {
			return nil, nil, errSketch
		}
		last += d
		dst, b = append(dst, uint32(last)), b[n:]
	}
	return dst, b, nil
}

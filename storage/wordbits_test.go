package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Of what was written of many texts, each alone is read, and passed over, as it was
// written; however often the term stands in it, and however far apart.
func TestWhereATermStandsIsReadOfAnyText(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var w bitWriter
		var docs, wanted bitmap
		var want, all []uint32
		widest := 1 + r.IntN(1<<(1+r.IntN(12)))
		place := r.IntN(40)
		for ; place < segmentSize; place += 1 + r.IntN(200) {
			docs.put(uint16(place))
			if r.IntN(3) == 0 {
				wanted.put(uint16(place))
			}
			var said []uint64
			for at, n := r.IntN(widest), 1+r.IntN(1<<r.IntN(8)); n > 0 && at < 1<<16; n-- {
				said = append(said, uint64(at))
				all = append(all, uint32(place)<<16|uint32(at))
				if wanted.has(uint16(place)) {
					want = append(want, all[len(all)-1])
				}
				at += 1 + r.IntN(widest)
			}
			w.said(said)
		}
		reader, err := newBitReader(w.end())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			wanted *bitmap
			want   []uint32
		}{{&docs, all}, {&wanted, want}, {new(bitmap), nil}} {
			one := reader
			got, err := one.places(nil, &docs, c.wanted)
			if err != nil || !slices.Equal(got, c.want) {
				t.Fatalf("places are %x, %v, want %x", got, err, c.want)
			}
		}
		passed := reader
		for range docs.len() {
			passed.skip()
		}
		if passed.bad() || passed.left() != 0 {
			t.Fatalf("after all texts were passed over there are %d bits left", passed.left())
		}
	}
}

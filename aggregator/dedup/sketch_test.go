package dedup

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSketchIsReadAsWritten(t *testing.T) {
	k := &desk{}
	w := newWindow()
	for _, l := range languages {
		d := flood[l].at("f", monday)
		r := k.draft(&d, w.weigh)
		f := sketchOf(r)
		if len(f.shingles) < 20 || len(f.vector) < 30 || f.size != r.size() {
			t.Fatalf("%s: %d tokens, %d shingles, %d concepts: want more of a text of this length", l, f.size, len(f.shingles), len(f.vector))
		}
		var got sketch
		got.shingles = make([]uint32, 3, 900) // of the text before
		if err := got.decode(f.encode()); err != nil {
			t.Fatal(err)
		}
		if got.size != f.size || !slices.Equal(got.shingles, f.shingles) || !slices.Equal(got.vector, f.vector) {
			t.Errorf("%s: read %+v, want %+v", l, got, f)
		}
	}
}

func TestSketchOfALongTextIsBounded(t *testing.T) {
	k := &desk{}
	d := say("l", "en", "A long report", words(1, 3000), monday)
	f := sketchOf(k.draft(&d, newWindow().weigh))
	if len(f.shingles) != mostSketch || len(f.vector) > mostConcepts || f.size > maxTokens {
		t.Errorf("%d tokens, %d shingles, %d concepts", f.size, len(f.shingles), len(f.vector))
	}
	if b := f.encode(); len(b) > 2500 {
		t.Errorf("%d bytes are stored with each copy", len(b))
	}
	if !slices.IsSorted(f.shingles) || !slices.IsSorted(f.vector) {
		t.Error("not sorted")
	}
}

func TestSampleIsTheSameInBothTexts(t *testing.T) {
	k := &desk{}
	shingles := func(title, body string) []uint32 {
		d := say("x", "en", title, body, monday)
		return sketchOf(k.read("en", &d.Text, false)).shingles
	}
	long := flood["en"]
	all, part := shingles(long.title, long.body), shingles("Another title", lines(long.body, 1, 2, 3))
	common := 0
	for _, h := range part {
		if sampled(h) && slices.Contains(all, h) {
			common++
		}
	}
	if common < 8 {
		t.Errorf("%d sampled shingles in common, of %d: the same ones must be chosen in both", common, len(part))
	}
}

func FuzzSketch(f *testing.F) {
	k := &desk{}
	w := newWindow()
	for _, l := range languages {
		d := flood[l].at("f", monday)
		s := sketchOf(k.draft(&d, w.weigh))
		f.Add(s.encode())
	}
	f.Add([]byte{})
	f.Add([]byte{sketchVersion})
	f.Add([]byte{sketchVersion, 0x80})
	f.Add([]byte{sketchVersion, 1, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0})
	f.Add(append([]byte{sketchVersion, 1}, bytes.Repeat([]byte{0xff}, 12)...))
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		b := make([]byte, r.IntN(60))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		f.Add(append([]byte{sketchVersion}, b...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again sketch
		if s.decode(b) != nil {
			return
		}
		if len(s.shingles) > mostSketch || len(s.vector) > mostConcepts || !slices.IsSorted(s.shingles) || !slices.IsSorted(s.vector) {
			t.Fatalf("what is no sketch is taken for one: %+v", s)
		}
		if err := again.decode(s.encode()); err != nil {
			t.Fatalf("what we wrote is not read: %v", err)
		}
		if again.size != s.size || !slices.Equal(again.shingles, s.shingles) || !slices.Equal(again.vector, s.vector) {
			t.Fatalf("%+v, want %+v", again, s)
		}
		newWindow().add("s/1", "a", 0, monday, monday, &s) // foreign bytes harm no window
	})
}

func TestSortingAndChoosingAreRight(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{0, 1, 7, 49, 199, 200, 3000} {
		shingles, weights := make([]uint32, n), make([]uint64, n)
		for i := range shingles {
			shingles[i], weights[i] = r.Uint32()>>(32-shingleBits), r.Uint64()>>(60*(i%2)) // half of them often the same
		}
		before, want := slices.Clone(shingles), slices.Sorted(slices.Values(shingles))
		if got := sortShingles(shingles); !slices.Equal(got, want) || !slices.Equal(shingles, before) {
			t.Errorf("%d shingles are not in order, or were changed", n)
		}
		sorted := slices.Sorted(slices.Values(weights))
		for _, k := range []int{1, 48, n / 2} {
			if k > 0 {
				got := slices.Sorted(slices.Values(least(slices.Clone(weights), k)))
				if want := sorted[:min(k, n)]; !slices.Equal(got, want) {
					t.Errorf("the least %d of %d are %v, want %v", k, n, got, want)
				}
			}
		}
		var f few
		for range 2 { // the second time, what was in it is gone
			some := shingles[:min(len(shingles), maxTitle+ledeTokens)]
			f.set(some)
			for _, h := range some {
				if !f.has(h) {
					t.Errorf("%08x is not in the set", h)
				}
			}
			if shingles = shingles[len(some):]; len(shingles) > 0 && f.has(shingles[0]) && !slices.Contains(some, shingles[0]) {
				t.Errorf("%08x is in the set", shingles[0])
			}
		}
	}
}

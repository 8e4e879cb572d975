package word

import (
	"slices"
	"testing"
)

func TestTableFindsWhatWasEncoded(t *testing.T) {
	entries := []Entry{
		{Key: 7, Senses: []Sense{{Concept: 9, P: 200}, {Concept: 1 << 31, P: 20}}},
		{Key: 1<<32 - 1, Senses: []Sense{{Concept: 9, P: 1}}},
		{Key: 7 + 1<<20, Senses: []Sense{{Concept: 3, P: 255}, {Concept: 2, P: 9}, {Concept: 1, P: 8}}},
	}
	table, err := Decode(Encode(entries))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if got, ok := table.Find(e.Key); !ok || !slices.Equal(got, e.Senses) {
			t.Errorf("Find(%d) = %v %v, want %v", e.Key, got, ok, e.Senses)
		}
	}
	if got, ok := table.Find(8); ok {
		t.Errorf("Find(8) = %v, want nothing", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(Encode(nil))
	f.Add(Encode([]Entry{{Key: 5, Senses: []Sense{{2, 3}}}, {Key: 1 << 30, Senses: []Sense{{2, 3}, {1, 1}}}}))
	f.Fuzz(func(t *testing.T, in []byte) {
		table, err := Decode(in)
		if err != nil {
			return
		}
		for k := range uint32(300) {
			if senses, _ := table.Find(k); len(senses) > Most {
				t.Errorf("%d has %d senses", k, len(senses))
			}
		}
	})
}

package word

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Most senses that a table keeps for a stem.
const Most = 3

// A Sense is what a stem may mean: the key of an English stem, and how surely,
// of 255.
type Sense struct {
	Concept uint32
	P       uint8
}

// An Entry is a stem's key with its senses, likeliest first. One without any is
// known to mean nothing.
type Entry struct {
	Key    uint32
	Senses []Sense
}

// Encode gives a lexicon as a table: the concepts in order, then the entries in
// order of their keys, keys and concepts as differences.
func Encode(entries []Entry) []byte {
	var concepts []uint32
	for _, e := range entries {
		for _, s := range e.Senses {
			concepts = append(concepts, s.Concept)
		}
	}
	slices.Sort(concepts)
	concepts = slices.Compact(concepts)
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b Entry) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	out := binary.AppendUvarint(nil, uint64(len(concepts)))
	out = appendDifferences(out, concepts)
	out = binary.AppendUvarint(out, uint64(len(entries)))
	last := uint32(0)
	for _, e := range entries {
		// The number of senses shares the difference's bytes: it is 0…3.
		out = binary.AppendUvarint(out, uint64(e.Key-last)<<2|uint64(len(e.Senses)))
		last = e.Key
		for _, s := range e.Senses {
			i, _ := slices.BinarySearch(concepts, s.Concept)
			out = append(binary.AppendUvarint(out, uint64(i)), s.P)
		}
	}
	return out
}

func appendDifferences(out []byte, sorted []uint32) []byte {
	last := uint32(0)
	for _, v := range sorted {
		out = binary.AppendUvarint(out, uint64(v-last))
		last = v
	}
	return out
}

// A Table answers what a stem may mean. The zero value knows nothing.
type Table struct {
	slots  []slot // by the low bits of the key, then the next free one; key 0 is free
	senses []Sense
}

type slot struct {
	key   uint32
	where uint32 // index into senses<<2 | how many
}

var errTable = errors.New("lexicon table is cut short or damaged")

// Decode reads what Encode wrote.
func Decode(in []byte) (*Table, error) {
	number := func() (uint64, bool) {
		v, n := binary.Uvarint(in)
		if n <= 0 {
			return 0, false
		}
		in = in[n:]
		return v, true
	}
	n, ok := number()
	if !ok || n > uint64(len(in)) {
		return nil, errTable
	}
	concepts := make([]uint32, n)
	last := uint64(0)
	for i := range concepts {
		d, ok := number()
		if !ok {
			return nil, errTable
		}
		last += d
		concepts[i] = uint32(last)
	}
	n, ok = number()
	if !ok || n > uint64(len(in)) {
		return nil, errTable
	}
	size := 1
	for size < int(n)*3/2 {
		size *= 2
	}
	t := &Table{slots: make([]slot, size), senses: make([]Sense, 0, n+n/4)}
	last = 0
	for range n {
		d, ok := number()
		if !ok {
			return nil, errTable
		}
		last += d >> 2
		many := uint32(d & 3)
		t.put(slot{uint32(last), uint32(len(t.senses))<<2 | many})
		for range many {
			c, ok := number()
			if !ok || c >= uint64(len(concepts)) || len(in) == 0 {
				return nil, errTable
			}
			t.senses = append(t.senses, Sense{concepts[c], in[0]})
			in = in[1:]
		}
	}
	t.senses = slices.Clip(t.senses)
	return t, nil
}

func (t *Table) put(s slot) {
	i := int(s.key) & (len(t.slots) - 1)
	for t.slots[i].key != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = s
}

// Find gives a stem's senses, and whether the table knows the stem at all.
func (t *Table) Find(key uint32) ([]Sense, bool) {
	if len(t.slots) == 0 {
		return nil, false
	}
	mask := len(t.slots) - 1
	for i := int(key) & mask; ; i = (i + 1) & mask {
		switch s := t.slots[i]; s.key {
		case key:
			from := s.where >> 2
			return t.senses[from : from+s.where&3], true
		case 0:
			return nil, false
		}
	}
}

// Bytes gives how much memory the table takes.
func (t *Table) Bytes() int { return len(t.slots)*8 + cap(t.senses)*8 }

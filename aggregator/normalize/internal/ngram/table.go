package ngram

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// Unit is what one step of a weight is worth: natural logarithms of odds.
const Unit = 1.0 / 24

// MaxModels is how many models a table can have.
const MaxModels = 128

// Model is one language in one script, as learned from one or more texts. A
// language may have more than one model (two standards of one language).
type Model struct {
	Language string
	Script   Script
	Prior    int8 // in Units: how much the language is expected before the text is read
}

// Weight says how much a run speaks for a model (or against it), in Units.
type Weight struct {
	Model  uint8
	Weight int8
}

// Table holds the models and the weights of their runs. What a table lacks
// speaks for nobody.
type Table struct {
	Models  []Model
	slots   []slot // open addressing, a power of two
	shift   uint
	weights []Weight
}

type slot struct{ key, at uint32 } // at: offset in weights << 8 | count; 0 is empty

// Build makes a table of the weights by key; every list must be sorted by model.
func Build(models []Model, weights map[uint32][]Weight) *Table {
	keys := make([]uint32, 0, len(weights))
	for k := range weights {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	t := &Table{Models: models}
	t.grow(len(keys))
	for _, k := range keys {
		t.put(k, weights[k])
	}
	return t
}

func (t *Table) grow(n int) {
	size := 1 << bits.Len(uint(n*4/3))
	t.slots, t.shift = make([]slot, size), uint(32-bits.TrailingZeros(uint(size)))
}

func (t *Table) put(key uint32, w []Weight) {
	i := t.home(key)
	for t.slots[i].at != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = slot{key, uint32(len(t.weights)<<8 | len(w))}
	t.weights = append(t.weights, w...)
}

func (t *Table) home(key uint32) int { return int(key * spread >> t.shift) }

const spread = 0x9e3779b1 // 2³² divided by the golden ratio

// Score adds up, for every model, what the runs of words (as Words makes them)
// say for it, in Units.
func (t *Table) Score(words []rune, to *[MaxModels]int32) {
	wordStart, wordHash := 0, uint32(seed)
	for i, c := range words {
		if c == ' ' {
			if n := i - wordStart; n >= 1 && n <= MaxWord {
				t.add(wordHash^wordSeed, to)
			}
			wordStart, wordHash = i+1, seed
		} else {
			wordHash = step(wordHash, c)
		}
		h := uint32(seed)
		for n, r := range words[i:min(i+MaxRun, len(words))] {
			h = step(h, r)
			if n == 0 && r == ' ' {
				continue
			}
			t.add(h, to)
			if r == ' ' {
				break
			}
		}
	}
}

func (t *Table) add(key uint32, to *[MaxModels]int32) {
	for i := t.home(key); ; i = (i + 1) & (len(t.slots) - 1) {
		s := t.slots[i]
		if s.at == 0 {
			return
		}
		if s.key == key {
			for _, w := range t.weights[s.at>>8:][:s.at&0xff] {
				to[w.Model&(MaxModels-1)] += int32(w.Weight)
			}
			return
		}
	}
}

// The encoded form is flate over: magic; the number of models, each as length
// and bytes of its language, script, prior; the number of keys; the keys in
// order as uvarint differences; the number of weights of each key, a byte; then
// all models of the weights, a byte each; then all their weights.
const magic = "runs 1\n"

// Encode gives the table's bytes; the same table always gives the same.
func (t *Table) Encode() ([]byte, error) {
	keyed := slices.DeleteFunc(slices.Clone(t.slots), func(s slot) bool { return s.at == 0 })
	slices.SortFunc(keyed, func(a, b slot) int { return int(int64(a.key) - int64(b.key)) })
	b := []byte(magic)
	b = append(b, byte(len(t.Models)))
	for _, m := range t.Models {
		b = append(b, byte(len(m.Language)))
		b = append(b, m.Language...)
		b = append(b, byte(m.Script), byte(m.Prior))
	}
	b = binary.AppendUvarint(b, uint64(len(keyed)))
	last := uint32(0)
	for _, s := range keyed {
		b = binary.AppendUvarint(b, uint64(s.key-last))
		last = s.key
	}
	for _, s := range keyed {
		b = append(b, byte(s.at))
	}
	for _, s := range keyed {
		for _, w := range t.weights[s.at>>8:][:s.at&0xff] {
			b = append(b, w.Model)
		}
	}
	for _, s := range keyed {
		for _, w := range t.weights[s.at>>8:][:s.at&0xff] {
			b = append(b, byte(w.Weight))
		}
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

var errShort = errors.New("table of runs: too short")

// Decode reads what Encode wrote.
func Decode(encoded []byte) (*Table, error) {
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(encoded)))
	if err != nil {
		return nil, fmt.Errorf("table of runs: %w", err)
	}
	if len(b) < len(magic)+1 || string(b[:len(magic)]) != magic {
		return nil, errors.New("table of runs: not of this version")
	}
	models := int(b[len(magic)])
	b = b[len(magic)+1:]
	t := &Table{}
	for range models {
		if len(b) < 1 || len(b) < int(b[0])+3 {
			return nil, errShort
		}
		n := int(b[0]) + 1
		t.Models = append(t.Models, Model{string(b[1:n]), Script(b[n]), int8(b[n+1])})
		b = b[n+2:]
	}
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)) || models > MaxModels {
		return nil, errShort
	}
	b = b[used:]
	keys := make([]uint32, n)
	last := uint32(0)
	for i := range keys {
		d, used := binary.Uvarint(b)
		if used <= 0 {
			return nil, errShort
		}
		b = b[used:]
		last += uint32(d)
		keys[i] = last
	}
	if len(b) < len(keys) {
		return nil, errShort
	}
	counts := b[:len(keys)]
	b = b[len(keys):]
	if len(b)%2 != 0 {
		return nil, errShort
	}
	total := len(b) / 2
	t.grow(len(keys))
	t.weights = make([]Weight, 0, total)
	w := make([]Weight, 0, MaxModels)
	for i, k := range keys {
		from := len(t.weights)
		if from+int(counts[i]) > total {
			return nil, errShort
		}
		w = w[:0]
		for j := from; j < from+int(counts[i]); j++ {
			w = append(w, Weight{b[j], int8(b[total+j])})
		}
		t.put(k, w)
	}
	return t, nil
}

package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// words checks the word index against the texts of the published rows, segment
// by segment: what all runs of a segment come to must be what one run would be
// that was made of the texts.
func (v *verifier) words(published []*row) {
	slices.SortFunc(published, func(a, b *row) int { return cmp.Compare(a.slot, b.slot) })
	sp := speech{store: v.store, tables: v.tables, get: v.p.row}
	for number, i := uint32(0), 0; i < len(published); number++ {
		first := i
		want := newWordRun()
		for ; i < len(published) && published[i].slot.segment() == number; i++ {
			place := published[i].slot.place()
			want.cover(place)
			if err := sp.speak(published[i], func(term []byte, at int) { want.add(place, term, at) }); err != nil {
				v.fault("%w", err)
				return
			}
		}
		if i == first {
			continue
		}
		if err := v.segmentWords(number, want); err != nil {
			v.fault("words of segment %d: %w", number, err)
		}
	}
	chunks, listed := map[string]bool{}, 0
	c := v.tables.words.Cursor()
	for k, _ := c.First(); len(k) >= 8; k, _ = c.Next() {
		chunks[string(k[:8])] = true
	}
	c = v.runs.Cursor()
	for k, b := c.First(); k != nil; k, b = c.Next() {
		infos, err := parseRuns(b)
		if err != nil {
			v.fault("runs of segment %x: %w", k, err)
		}
		for _, r := range infos {
			if chunks[string(binary.BigEndian.AppendUint32(bytes.Clone(k), r.number))] {
				listed++
			}
		}
	}
	v.same("listed runs of words", listed, len(chunks))
}

// segmentWords compares what a segment's runs say of its published places.
func (v *verifier) segmentWords(number uint32, want *wordRun) error {
	runs, err := parseRuns(v.runs.Get(binary.BigEndian.AppendUint32(nil, number)))
	if err != nil {
		return err
	}
	chunks, _ := v.chunksOf(number, runs)
	var b, w bytes.Buffer
	both := func(out *bytes.Buffer) func(first, chunk []byte) error {
		return func(first, chunk []byte) error {
			out.Write(binary.AppendUvarint(nil, uint64(len(first))))
			out.Write(first)
			out.Write(chunk)
			return nil
		}
	}
	got := chunker{put: both(&b)}
	if err := merged(runs, chunks, &want.covers, got.add); err != nil {
		return err
	}
	if err := got.flush(); err != nil {
		return err
	}
	if err := want.chunks(both(&w)); err != nil {
		return err
	}
	if !bytes.Equal(b.Bytes(), w.Bytes()) {
		return fmt.Errorf("its texts lead to other words than its %d runs hold", len(runs))
	}
	return nil
}

package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"

	"communique/feeds"
	"communique/feeds/words"
)

// mergeAt is how many runs a segment may have, about; twice as many while it fills up.
const mergeAt = 8

// all gives the places in order.
func (b *bitmap) all() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for i, w := range b {
			for ; w != 0; w &= w - 1 {
				if !yield(uint16(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// reword notes which statements have other words, or the same in another order,
// because of a record; old is the row that it replaces.
func (b *batch) reword(r *record, old logRow) error {
	if old.kind == kindObserved || old.kind == kindGone {
		was, err := old.statement()
		if err != nil {
			return fmt.Errorf("the record before %q: %w", r.key, err)
		}
		if f, ok := r.fact.(*feeds.Observed); ok && f.Statement == was {
			if same, err := b.sameWords(f, r.hash, old); err != nil || same {
				b.speech.said[r.seq] = &f.Copy
				return err
			}
		}
		b.reworded[was] = true
	}
	switch f := r.fact.(type) {
	case *feeds.Observed:
		b.reworded[f.Statement] = true
		b.speech.said[r.seq] = &f.Copy
	case *feeds.Gone:
		b.reworded[f.Statement] = true
	case *feeds.Joined:
		loser, err := b.p.row(f.Loser)
		if err != nil {
			return err
		}
		b.reworded[f.Loser] = true
		if was := loser.parent(); was != "" {
			b.reworded[was] = true
		}
	}
	return nil
}

// sameWords reports whether an Observed leaves the words of its statement, and
// their order, as the row before it had them.
func (b *batch) sameWords(f *feeds.Observed, content partHash, old logRow) (bool, error) {
	if old.kind != kindObserved {
		return false, nil
	}
	var want wanted
	if old.content.hash != content {
		want = withContent
	}
	before, err := b.store.read(b.tables, old, want)
	if err != nil {
		return false, fmt.Errorf("the record before that of %q: %w", f.Item, err)
	}
	o, ok := before.(*feeds.Observed)
	return ok && o.Withheld == f.Withheld && stampOf(o.FirstSeen) == stampOf(f.FirstSeen) && (o.Relation == feeds.IsOrigin) == (f.Relation == feeds.IsOrigin) &&
		o.Copy.Language == f.Copy.Language && o.Copy.Title == f.Copy.Title &&
		(want == 0 || o.Copy.Summary == f.Copy.Summary && o.Copy.Content == f.Copy.Content), nil
}

// respoken gives the rows that speak for what was reworded.
func (b *batch) respoken() (map[*row]bool, error) {
	out := make(map[*row]bool, len(b.reworded))
	for id := range b.reworded {
		_, root, err := b.p.rowAndRoot(id)
		if err != nil {
			return nil, err
		}
		out[root] = true
	}
	return out, nil
}

// speech reads the words of statements.
type speech struct {
	store  *Store
	tables *tables
	get    func(feeds.StatementID) (*row, error)
	said   map[uint64]*feeds.Copy // what need not be read from the file
	reader words.Reader
}

// textSeed is for telling equal texts of one statement, in memory only.
var textSeed = maphash.MakeSeed()

// speak calls word with the terms of the statement that root speaks for, and
// where they stand in its texts.
func (s *speech) speak(root *row, word func(term []byte, at int)) error {
	t, err := treeOf(s.get, root)
	if err != nil {
		return err
	}
	var (
		term     []byte
		language string
		known    []uint64 // texts that came before
	)
	s.reader.Word = func(w []byte, at int) {
		term = words.AppendTerm(term[:0], w, language)
		word(term, at)
	}
	s.reader.Reset()
	for i := range t.items {
		if !t.items[i].live {
			continue
		}
		c := s.said[t.items[i].said.seq]
		if c == nil {
			f, err := s.store.factAt(s.tables, t.items[i].said.seq, withContent)
			if err != nil {
				return fmt.Errorf("statement %s: %w", root.id, err)
			}
			o, ok := f.(*feeds.Observed)
			if !ok {
				return fmt.Errorf("statement %s: record %d is of no live item", root.id, t.items[i].said.seq)
			}
			c = &o.Copy
		}
		language = words.Stems(c.Language)
		var h maphash.Hash
		h.SetSeed(textSeed)
		for _, text := range []string{language, c.Title, c.Summary, c.Content} {
			h.WriteString(text)
			h.WriteByte(0)
		}
		if sum := h.Sum64(); !slices.Contains(known, sum) {
			known = append(known, sum)
			s.reader.Article(c.Title, c.Summary, c.Content)
		}
	}
	return nil
}

// writeWords puts the words of published rows, by their slots, into the index.
func (b *batch) writeWords(spoken []*row) error {
	slices.SortFunc(spoken, func(x, y *row) int { return cmp.Compare(x.slot, y.slot) })
	for len(spoken) > 0 {
		segment := spoken[0].slot.segment()
		n := 0
		run := b.store.run
		run.reset()
		for n < len(spoken) && spoken[n].slot.segment() == segment {
			place := spoken[n].slot.place()
			run.cover(place)
			if err := b.speech.speak(spoken[n], func(term []byte, at int) { run.add(place, term, at) }); err != nil {
				return err
			}
			n++
		}
		spoken = spoken[n:]
		if err := b.addRun(segment, run); err != nil {
			return fmt.Errorf("words of segment %d: %w", segment, err)
		}
	}
	return nil
}

// addRun adds a run to a segment, and makes one of many when there are.
func (t *tables) addRun(segment uint32, run *wordRun) error {
	key := binary.BigEndian.AppendUint32(nil, segment)
	runs, err := parseRuns(t.runs.Get(key))
	if err != nil {
		return err
	}
	info := runInfo{covers: run.covers, size: run.covers.len()}
	if len(runs) > 0 {
		info.number = runs[len(runs)-1].number + 1
	}
	runs = append(runs, info)
	if first := gathered(runs); first < len(runs)-1 {
		runs, err = t.mergeRuns(segment, runs, first, run)
	} else {
		err = run.chunks(t.putChunk(segment, info.number))
	}
	if err != nil {
		return err
	}
	return t.runs.Put(key, appendRuns(nil, runs))
}

// gathered gives the first of the newest runs that are to become one. It is all of
// them when the newest brings the last place, so that a search has one run to read
// in a segment of which nothing was edited.
func gathered(runs []runInfo) int {
	first := len(runs) - 1
	covers, size := runs[first].covers, runs[first].size
	filled := func(r runInfo) bool { return r.covers.has(segmentSize - 1) }
	full := slices.ContainsFunc(runs[:first], filled)
	if !full && filled(runs[first]) {
		return 0
	}
	for limit := mergeAt; limit <= segmentSize; limit *= mergeAt {
		from := first
		if size < limit {
			for from > 0 && runs[from-1].size < limit {
				from--
			}
		}
		if n := first - from + 1; n >= mergeAt {
			all := covers
			for i := from; i < first; i++ {
				all.or(&runs[i].covers)
			}
			if !full && n < 2*mergeAt && (limit == segmentSize || all.len() > segmentSize/2) {
				break // most of it soon becomes one run anyway
			}
			first, covers, size = from, all, all.len()
		}
	}
	return first
}

// putChunk gives the function that puts chunks of a run.
func (t *tables) putChunk(segment, run uint32) func(first, chunk []byte) error {
	return func(first, chunk []byte) error { return t.words.Put(chunkKey(nil, segment, run, first), chunk) }
}

// mergeRuns makes one run of those from first on, of which the last is still
// being made. What no longer counts is left out.
func (t *tables) mergeRuns(segment uint32, runs []runInfo, first int, last *wordRun) ([]runInfo, error) {
	old := runs[first:]
	one := runInfo{number: old[len(old)-1].number}
	chunks, keys := t.chunksOf(segment, old[:len(old)-1])
	var made [][]byte
	if err := last.chunks(func(_, chunk []byte) error { made = append(made, chunk); return nil }); err != nil {
		return nil, err
	}
	chunks = append(chunks, made)
	for i := range old {
		one.covers.or(&old[i].covers)
	}
	live, err := t.live(segment)
	if err != nil {
		return nil, err
	}
	// The last first, and all before the new ones: else bbolt moves what lies
	// behind for each of them. What was read of them stays until the end of the
	// transaction.
	for _, k := range slices.Backward(keys) {
		if err := t.words.Delete(k); err != nil {
			return nil, err
		}
	}
	// What older runs say of places that are given up must stay covered, or
	// be forgotten by being no place of anything: it is masked either way.
	w := chunker{put: t.putChunk(segment, one.number)}
	if err := merged(old, chunks, live, w.add); err != nil {
		return nil, err
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	one.size = one.covers.len()
	return append(runs[:first:first], one), nil
}

// chunksOf reads the chunks of runs, and their keys.
func (t *tables) chunksOf(segment uint32, runs []runInfo) (chunks [][][]byte, keys [][]byte) {
	c := t.words.Cursor()
	for i := range runs {
		var of [][]byte
		prefix := chunkKey(nil, segment, runs[i].number, nil)
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			of = append(of, v)
			keys = append(keys, bytes.Clone(k))
		}
		chunks = append(chunks, of)
	}
	return chunks, keys
}

// live gives the places of a segment that published statements have.
func (t *tables) live(segment uint32) (*bitmap, error) {
	var b bitmap
	return &b, b.add(t.postings.Get(postingKey(segment, allTerm)))
}

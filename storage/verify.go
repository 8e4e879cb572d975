package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// maxFaults is how many faults Verify names before it gives up.
const maxFaults = 20

// Verify checks every invariant of the file: its pages, that every record can
// be read with its content, and that all that is derived is what the records
// lead to. It reads everything and holds the whole projection in memory.
func (s *Store) Verify() error {
	v := verifier{store: s}
	err := s.look(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			v.fault("pages: %w", err)
		}
		if v.faults != nil {
			return nil // nothing else can be trusted
		}
		v.tables = tablesOf(tx)
		return v.run()
	})
	return errors.Join(append(v.faults, err)...)
}

type verifier struct {
	*tables
	store  *Store
	faults []error

	p     *projection
	state state // as the records lead to
}

var errFaults = errors.New("and more")

func (v *verifier) fault(format string, args ...any) {
	if len(v.faults) < maxFaults {
		v.faults = append(v.faults, fmt.Errorf(format, args...))
	} else if len(v.faults) == maxFaults {
		v.faults = append(v.faults, errFaults)
	}
}

func (v *verifier) run() error {
	v.p = newProjection(
		func(id feeds.StatementID) (*row, error) { return &row{id: id}, nil },
		func(term string) (uint32, error) {
			n, ok := v.number(term)
			if !ok {
				v.fault("the term %q has no number", term)
			}
			return n, nil
		})
	stored, err := decodeState(v.meta.Get(stateKey))
	if err != nil {
		return err
	}
	v.state.position, v.state.next = stored.position, stored.next
	if err := v.records(); err != nil {
		return err
	}
	if err := v.p.settle(); err != nil {
		return err
	}
	v.statements()
	v.register()
	if v.state != stored {
		v.fault("the state says %+v, the records %+v", stored, v.state)
	}
	return nil
}

// records checks the log and the contents, and puts every record into a new
// projection.
func (v *verifier) records() error {
	var (
		scratch            bytes.Buffer
		content            []byte
		contents, features int
	)
	c := v.log.Cursor()
	for k, raw := c.First(); k != nil; k, raw = c.Next() {
		seq := binary.BigEndian.Uint64(k)
		if seq > v.state.position {
			v.fault("record %d stands behind the position %d", seq, v.state.position)
		}
		row, err := parseLogRow(raw)
		if err != nil {
			v.fault("record %d: %w", seq, err)
			continue
		}
		v.state.records++
		v.state.digest.toggle(digestOf(seq, raw, &scratch))
		content = nil
		if n := row.content.number; n != 0 {
			contents++
			if content, err = v.store.content(v.tables, row); err != nil {
				v.fault("record %d: %w", seq, err)
				continue
			}
			if hashOf(content) != row.content.hash {
				v.fault("record %d: content %d is another one", seq, n)
			}
		}
		likeness, err := v.featuresOf(row)
		if err != nil {
			v.fault("record %d: %w", seq, err)
		} else if n := row.features.number; n != 0 {
			features++
			if hashOf(likeness) != row.features.hash {
				v.fault("record %d: features %d are others", seq, n)
			}
		}
		f, err := row.fact(content, likeness)
		if err != nil {
			v.fault("record %d: %w", seq, err)
			continue
		}
		if latest := v.latest.Get([]byte(f.Key())); !bytes.Equal(latest, k) {
			v.fault("record %d: the latest of its key %q is %x", seq, f.Key(), latest)
		}
		if err := v.p.record(touch{seq, row.at}, f, ""); err != nil {
			return err
		}
	}
	v.same("records by key", size(v.latest), v.state.records)
	stored, err := v.contents()
	if err != nil {
		v.fault("%w", err)
	}
	v.same("contents", stored, contents)
	v.same("features", size(v.features), features)
	return nil
}

// statements checks rows, keys, index and counts against the projection.
func (v *verifier) statements() {
	var rows, published, keys, postings int
	var spoken []*row
	counts := map[uint32]int{}
	newest := map[uint32]stamp{}
	for id, want := range v.p.rows {
		if want.isEmpty() {
			continue
		}
		rows++
		v.state.copies += want.view.copies
		got, err := v.row(id)
		if err != nil {
			v.fault("%w", err)
			continue
		}
		want.number, want.slot = got.number, got.slot
		v.compare(got, want)
		for _, k := range want.keys() {
			keys++
			if v.tables.keys.get(foundKey(k, got.number)) == nil {
				v.fault("statement %s: not found by its key %c%016x", id, k.Kind, k.Hash)
			}
		}
		if !want.view.published {
			continue
		}
		published++
		spoken = append(spoken, want)
		v.indexed(got)
		for _, term := range append([]uint32{allTerm}, want.view.terms...) {
			postings++
			if counts[term]++; counts[term] == 1 || want.view.order > newest[term] {
				newest[term] = want.view.order
			}
			var b bitmap
			if err := b.add(v.postings.Get(postingKey(got.slot.segment(), term))); err != nil || !b.has(got.slot.place()) {
				v.fault("statement %s: the index of term %d lacks it (%v)", id, term, err)
			}
		}
	}
	v.words(spoken)
	v.state.statements = published
	v.same("ids", v.ids.len(), rows)
	v.same("rows", size(v.rows), rows)
	v.same("dedup keys", v.tables.keys.len(), keys)
	v.same("postings", v.segmentsHold(), postings)
	v.same("counted terms", size(v.counts), len(counts))
	for term, n := range counts {
		stored, at := v.count(term)
		v.same(fmt.Sprintf("statements of term %d", term), stored, n)
		if at != newest[term] {
			v.fault("term %d: the newest is stored as of %v, the records lead to %v", term, at.time(), newest[term].time())
		}
	}
}

// indexed checks the entry of a published row.
func (v *verifier) indexed(r *row) {
	s, err := parseSegment(v.segments.Get(binary.BigEndian.AppendUint32(nil, r.slot.segment())))
	if err != nil || int(r.slot.place()) >= s.len() {
		v.fault("statement %s: the index lacks its slot %d (%v)", r.id, r.slot, err)
		return
	}
	if order, id := orderAndID(s.key(r.slot.place())); id != r.id || order != r.view.order || s.row(r.slot.place()) != r.number {
		v.fault("statement %s: its slot %d is of %s, row %d", r.id, r.slot, id, s.row(r.slot.place()))
	}
}

// segmentsHold checks every segment for itself and gives how many places all
// postings have together.
func (v *verifier) segmentsHold() int {
	entries := 0
	c := v.segments.Cursor()
	for k, b := c.First(); k != nil; k, b = c.Next() {
		s, err := parseSegment(b)
		if err != nil {
			v.fault("segment %x: %w", k, err)
			continue
		}
		entries += s.len()
		var all bitmap
		for i := range s.len() {
			all.put(s.rank(i))
			if i > 0 && bytes.Compare(s.key(s.rank(i-1)), s.key(s.rank(i))) > 0 {
				v.fault("segment %x: the ranks %d and %d are in disorder", k, i-1, i)
			}
		}
		v.same(fmt.Sprintf("segment %x: ranked places", k), all.len(), s.len())
	}
	v.same("entries of segments", entries, int(v.state.next))
	places := 0
	c = v.postings.Cursor()
	for k, posting := c.First(); k != nil; k, posting = c.Next() {
		var b bitmap
		if err := b.add(posting); err != nil {
			v.fault("posting %x: %w", k, err)
		}
		places += b.len()
	}
	return places
}

// compare checks a stored row against what the records lead to. The last touch
// may be later: what was taken away left no other trace.
func (v *verifier) compare(got, want *row) {
	if later := got.touched; later.seq > want.view.said.seq {
		want.view.said = later
		if later.seq > v.state.position {
			v.fault("statement %s: touched by %d, behind the position %d", got.id, later.seq, v.state.position)
		}
	}
	want.touched = got.touched
	if g, w := got.encode(), want.encode(); !bytes.Equal(g, w) {
		v.fault("statement %s: stored as %+v, the records lead to %+v", got.id, *got, *want)
	}
	root, err := rootOf(v.row, got)
	if err != nil {
		v.fault("statement %s: %w", got.id, err)
	} else if at, err := rootOf(v.row, root); err != nil || at.id != root.id {
		v.fault("statement %s: it redirects to %s, which redirects further", got.id, root.id)
	}
}

func (v *verifier) same(what string, got, want int) {
	if got != want {
		v.fault("%s: %d are stored, the records lead to %d", what, got, want)
	}
}

func size(b *bbolt.Bucket) int {
	n := 0
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		n++
	}
	return n
}

package storage

import (
	"bytes"
	"crypto/sha256"
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
	err := s.db.View(func(tx *bbolt.Tx) error {
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
	v.state.position = stored.position
	if err := v.records(); err != nil {
		return err
	}
	if err := v.p.settle(); err != nil {
		return err
	}
	v.statements()
	if v.state != stored {
		v.fault("the state says %+v, the records %+v", stored, v.state)
	}
	return nil
}

// records checks the log, the contents and the dedup keys, and puts every
// record into a new projection.
func (v *verifier) records() error {
	var (
		scratch           bytes.Buffer
		content, unpacked []byte
		contents, keys    int
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
		if row.number != 0 {
			contents++
			if content, err = v.store.packer.unpack(unpacked[:0], v.content.Get(be(row.number))); err != nil {
				v.fault("record %d: content %d: %w", seq, row.number, err)
				continue
			}
			unpacked = content
			if sum := sha256.Sum256(content); contentHash(sum[:]) != row.hash {
				v.fault("record %d: content %d is another one", seq, row.number)
			}
		}
		f, err := row.fact(content)
		if err != nil {
			v.fault("record %d: %w", seq, err)
			continue
		}
		if latest := v.latest.Get([]byte(f.Key())); !bytes.Equal(latest, k) {
			v.fault("record %d: the latest of its key %q is %x", seq, f.Key(), latest)
		}
		if err := v.p.record(touch{seq, row.at}, f, logRow{}); err != nil {
			return err
		}
		for key := range v.p.keys {
			keys++
			if !has(v.tables.keys, []byte(key)) {
				v.fault("record %d: the item is not found by the key %x", seq, key[:9])
			}
		}
		clear(v.p.keys)
	}
	v.same("records by key", size(v.latest), v.state.records)
	v.same("contents", size(v.content), contents)
	v.same("dedup keys", size(v.tables.keys), keys)
	return nil
}

// statements checks rows, indexes and counts against the projection.
func (v *verifier) statements() {
	var ids, published, entries int
	counts := map[uint32]int{}
	for id, want := range v.p.rows {
		if want.isEmpty() {
			continue
		}
		ids++
		v.state.copies += want.view.copies
		if want.view.published {
			published++
		}
		got, err := v.row(id)
		if err != nil {
			v.fault("%w", err)
			continue
		}
		if place := v.ids.Get([]byte(id)); want.view.published != (len(place) == 8) {
			v.fault("statement %s: published is %t, its place is %x", id, want.view.published, place)
		}
		v.compare(got, want)
		if !want.view.published {
			continue
		}
		for _, term := range want.view.terms {
			entries++
			counts[term]++
			if !has(v.index, append(appendNumber(nil, term), publishedKey(want.view.order, id)...)) {
				v.fault("statement %s: the index of term %d lacks it", id, term)
			}
		}
	}
	v.state.statements = published
	v.same("ids", size(v.ids), ids)
	v.same("published statements", size(v.published), published)
	v.same("dormant rows", size(v.dormant), ids-published)
	v.same("index entries", size(v.index), entries)
	v.same("counted terms", size(v.counts), len(counts))
	for term, n := range counts {
		v.same(fmt.Sprintf("statements of term %d", term), v.count(term), n)
	}
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
	if root, err := rootOf(v.row, got.id); err != nil {
		v.fault("statement %s: %w", got.id, err)
	} else if at, err := rootOf(v.row, root); err != nil || at != root {
		v.fault("statement %s: redirects to %s, which redirects to %s", got.id, root, at)
	}
}

func (v *verifier) same(what string, got, want int) {
	if got != want {
		v.fault("%s: %d are stored, the records lead to %d", what, got, want)
	}
}

func has(b *bbolt.Bucket, key []byte) bool {
	k, _ := b.Cursor().Seek(key)
	return bytes.Equal(k, key)
}

func size(b *bbolt.Bucket) int {
	n := 0
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		n++
	}
	return n
}

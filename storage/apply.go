package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// The buckets. The first four are what was said; the others are derived from
// them and can be made anew (rebuild.go). Numbers are big-endian.
var (
	bucketMeta     = []byte("meta")     // format and index version, state
	bucketLog      = []byte("log")      // seq → row, of the latest record of every key
	bucketContent  = []byte("content")  // number of the first → lot of packed contents; lot.go
	bucketFeatures = []byte("features") // number → features

	bucketLatest   = []byte("latest")                              // fact key → seq
	bucketRows     = []byte("rows")                                // row number → row of a statement
	bucketsIDs     = [2][]byte{[]byte("ids-new"), []byte("ids")}   // statement id → row number; tiered.go
	bucketsKeys    = [2][]byte{[]byte("keys-new"), []byte("keys")} // dedup key, row number → nothing; tiered.go
	bucketSegments = []byte("segments")                            // segment.go
	bucketPostings = []byte("postings")                            // segment.go
	bucketTerms    = []byte("terms")                               // term → term number
	bucketCounts   = []byte("counts")                              // term number → published statements, newest Order
	bucketRuns     = []byte("word-runs")                           // wordrun.go
	bucketWords    = []byte("words")                               // wordrun.go

	original = [][]byte{bucketMeta, bucketLog, bucketContent, bucketFeatures}
	derived  = [][]byte{bucketLatest, bucketRows, bucketsIDs[0], bucketsIDs[1], bucketsKeys[0], bucketsKeys[1],
		bucketSegments, bucketPostings, bucketTerms, bucketCounts, bucketRuns, bucketWords,
		bucketLists, bucketPending, bucketGone, bucketKept}
)

// Terms are what statements are indexed by. The first octet tells the kind.
const (
	termTag      = 't' // and the tag as "scheme/slug"
	termSource   = 's' // and the source's id
	termLanguage = 'l' // and the primary subtag in lower case
)

func tagTerm(t feeds.Tag) string          { return string(termTag) + t.String() }
func sourceTerm(id feeds.SourceID) string { return string(termSource) + string(id) }
func languageTerm(tag string) string {
	return string(termLanguage) + strings.ToLower(feeds.PrimaryLanguage(tag))
}

// be is the eight octets of a number as a key.
func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func appendKey(b []byte, k feeds.Key) []byte {
	return binary.BigEndian.AppendUint64(append(b, k.Kind), k.Hash)
}

// state is what is known of the whole, kept in one value.
type state struct {
	position   uint64
	digest     digest
	statements int
	copies     int
	records    int
	next       slot // the next free slot of the index
}

var stateKey = []byte("state")

const stateSize = 56

func (s *state) encode() []byte {
	b := make([]byte, 0, stateSize)
	b = binary.BigEndian.AppendUint64(b, s.position)
	b = append(b, s.digest[:]...)
	for _, n := range []int{s.statements, s.copies, s.records, int(s.next)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func decodeState(b []byte) (s state, err error) {
	if b == nil {
		return s, nil // nothing was said yet
	}
	if len(b) != stateSize {
		return s, fmt.Errorf("%w: the state has %d octets, want %d", ErrUnsafe, len(b), stateSize)
	}
	s.position = binary.BigEndian.Uint64(b)
	copy(s.digest[:], b[8:])
	s.statements = int(binary.BigEndian.Uint64(b[24:]))
	s.copies = int(binary.BigEndian.Uint64(b[32:]))
	s.records = int(binary.BigEndian.Uint64(b[40:]))
	s.next = slot(binary.BigEndian.Uint64(b[48:]))
	return s, nil
}

// tables are the buckets of one transaction.
type tables struct {
	meta, log, content, features                    *bbolt.Bucket
	latest, rows, segments, postings, terms, counts *bbolt.Bucket
	runs, words                                     *bbolt.Bucket
	ids, keys                                       tiered
	lists                                           lists
	pending, gone, kept                             *bbolt.Bucket
	answers                                         *answers  // nil where nothing is searched
	runLists                                        *runLists // the same

	leave func(error) error // Store.leave

	opened    opened    // lot.go
	unwritten []*record // whose contents a batch still has to write
}

// factsOf opens those of them that hold the facts.
func factsOf(tx *bbolt.Tx) *tables {
	return &tables{latest: tx.Bucket(bucketLatest), log: tx.Bucket(bucketLog), content: tx.Bucket(bucketContent), features: tx.Bucket(bucketFeatures)}
}

func tablesOf(tx *bbolt.Tx) *tables {
	t := &tables{
		meta: tx.Bucket(bucketMeta), log: tx.Bucket(bucketLog), content: tx.Bucket(bucketContent), features: tx.Bucket(bucketFeatures),
		latest: tx.Bucket(bucketLatest), rows: tx.Bucket(bucketRows),
		segments: tx.Bucket(bucketSegments), postings: tx.Bucket(bucketPostings),
		terms: tx.Bucket(bucketTerms), counts: tx.Bucket(bucketCounts),
		runs: tx.Bucket(bucketRuns), words: tx.Bucket(bucketWords),
		ids: tieredOf(tx, bucketsIDs, layout{maxID, 4}), keys: tieredOf(tx, bucketsKeys, layout{9 + 4, 0}),
		lists: lists{tx.Bucket(bucketLists)}, pending: tx.Bucket(bucketPending), gone: tx.Bucket(bucketGone), kept: tx.Bucket(bucketKept),
	}
	if tx.Writable() {
		if t.words != nil { // an older file is not yet rebuilt
			t.words.FillPercent = 0.95
		}
		t.rows.FillPercent = 0.95 // they grow at their end, and each a little later on
		for _, b := range []*bbolt.Bucket{t.log, t.content, t.features} {
			b.FillPercent = 1 // they grow at their end only
		}
	}
	return t
}

var (
	errMissing = errors.New("it is missing")
	errTwice   = errors.New("two records have the number")
)

// row reads a statement's row; an empty one when there is none.
func (t *tables) row(id feeds.StatementID) (*row, error) {
	number := t.ids.get([]byte(id))
	if number == nil {
		return &row{id: id}, nil
	}
	r, err := t.rowAt(binary.BigEndian.Uint32(number))
	if err == nil && r.id != id {
		err = unread(fmt.Errorf("it is of statement %s", r.id), "the row %d", r.number)
	}
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", id, err)
	}
	return r, nil
}

// rowAt reads the row with the number.
func (t *tables) rowAt(number uint32) (*row, error) {
	b := t.rows.Get(binary.BigEndian.AppendUint32(nil, number))
	if b == nil {
		return nil, unread(errMissing, "the row %d", number)
	}
	r, err := decodeRow(number, b)
	if err != nil {
		return nil, unread(err, "the row %d", number)
	}
	return r, nil
}

// rootAt reads the row with the number, and the one that speaks for its tree.
func (t *tables) rootAt(number uint32) (r, root *row, err error) {
	if r, err = t.rowAt(number); err == nil {
		root, err = rootOf(t.row, r)
	}
	return r, root, err
}

// number gives a term's number; false when nothing ever carried it.
func (t *tables) number(term string) (uint32, bool) {
	v := t.terms.Get([]byte(term))
	if v == nil {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

// logRow reads a row of the log.
func (t *tables) logRow(seq uint64) (logRow, error) {
	r, err := parseLogRow(t.log.Get(be(seq)))
	if err != nil {
		return r, unread(err, "record %d", seq)
	}
	return r, nil
}

// batch puts records into one transaction. Rows, indexes and keys are
// gathered and written at the end in the order of their keys: bbolt is
// quickest so, and a row that many records touch is written once.
type batch struct {
	*tables
	store *Store
	state state
	p     *projection

	newTerms map[string]uint32
	reworded map[feeds.StatementID]bool
	speech   speech
	scratch  bytes.Buffer
	dropped  []uint64 // contents that are to be taken away

	// What lists and closing need, register.go.
	listing  bool  // say a list when it is time for one
	at       stamp // of the last record
	telling  bool  // something that may change statements
	through  uint64
	left     map[feeds.StatementID][]uint32         // published no longer → the terms it had
	old      map[feeds.StatementID]*feeds.Statement // as it was before the batch; nil when no archive can show it
	stripped map[string]*feeds.Kept                 // what is to be said again without an item that is gone
}

func (s *Store) newBatch(tx *bbolt.Tx) (*batch, error) {
	t := tablesOf(tx)
	t.leave = s.leave
	b := &batch{tables: t, store: s, newTerms: map[string]uint32{}, reworded: map[feeds.StatementID]bool{},
		left: map[feeds.StatementID][]uint32{}, old: map[feeds.StatementID]*feeds.Statement{}, stripped: map[string]*feeds.Kept{}}
	b.p = newProjection(b.row, b.number)
	b.speech = speech{store: s, tables: b.tables, get: b.p.row, said: map[uint64]*feeds.Copy{}}
	var err error
	b.state, err = decodeState(b.meta.Get(stateKey))
	if b.lists.Bucket != nil { // else the file is of an older format, and is being upgraded
		b.through = b.lists.last()
	}
	return b, err
}

// apply records one record. One that is not newer than the one held for its
// key is ignored.
func (b *batch) apply(r *record) error {
	isNext := r.seq > b.state.position // then nothing can have the number
	b.state.position = max(b.state.position, r.seq)
	b.at = r.at
	switch r.kind {
	case kindFetched, kindSubscribed, kindPushed, kindLeased, kindGranted:
	default:
		b.telling = true
	}
	var (
		old  logRow
		held = b.latest.Get([]byte(r.key))
	)
	if held != nil {
		oldSeq := binary.BigEndian.Uint64(held)
		if r.seq <= oldSeq {
			return nil
		}
		oldKey := slices.Clone(held)
		row := b.log.Get(oldKey)
		var err error
		if old, err = parseLogRow(row); err != nil {
			return unread(err, "record %d", oldSeq)
		}
		// The row must outlive its deletion: its memory is the page's, which
		// stays as it is until the transaction ends, unless the row was put
		// by this very transaction, and then it is ours.
		b.state.digest.toggle(digestOf(oldSeq, row, &b.scratch))
		if err := b.log.Delete(oldKey); err != nil {
			return err
		}
		b.state.records--
	}
	if forgets(r.fact) {
		return b.latest.Delete([]byte(r.key))
	}
	seq := be(r.seq)
	if !isNext && (b.log.Get(seq) != nil || b.hasContent(r.seq) || b.features.Get(seq) != nil) {
		return fmt.Errorf("%w %d; the second is %q", errTwice, r.seq, r.key)
	}

	if err := b.reword(r, old); err != nil { // while the old content is there
		return err
	}
	content, put := placeOf(r.seq, part{hash: r.hash}, old.content)
	if put {
		b.unwritten = append(b.unwritten, r)
	}
	if old.content.number != 0 && old.content.number != content {
		b.dropContent(old.content.number)
	}
	features, put := placeOf(r.seq, part{hash: r.likeness}, old.features)
	if put {
		if err := b.features.Put(seq, r.features); err != nil {
			return err
		}
	}
	if old.features.number != 0 && old.features.number != features {
		if err := b.features.Delete(be(old.features.number)); err != nil {
			return err
		}
	}

	row := r.row(content, features)
	if err := b.log.Put(seq, row); err != nil {
		return err
	}
	b.state.digest.toggle(digestOf(r.seq, row, &b.scratch))
	b.state.records++
	return b.derive(r, old)
}

// placeOf gives the number that a part of record seq is kept under, 0 when there
// is none, and whether it has to be put there: what was said before keeps its
// number.
func placeOf(seq uint64, said, old part) (number uint64, put bool) {
	switch {
	case said.hash == partHash{}:
		return 0, false
	case old.number != 0 && old.hash == said.hash:
		return old.number, false
	}
	return seq, true
}

// derive gives a record its effects; old is the row that it replaces, of kind 0
// when there is none.
func (b *batch) derive(r *record, old logRow) error {
	if err := b.latest.Put([]byte(r.key), be(r.seq)); err != nil {
		return err
	}
	var was feeds.StatementID
	if old.kind == kindObserved || old.kind == kindGone {
		var err error
		if was, err = old.statement(); err != nil {
			return fmt.Errorf("the record before %q: %w", r.key, err)
		}
	}
	return b.p.record(touch{r.seq, r.at}, r.fact, was)
}

// number gives a term's number; a new term gets the next one.
func (b *batch) number(term string) (uint32, error) {
	if n, ok := b.store.terms[term]; ok {
		return n, nil
	}
	if n, ok := b.newTerms[term]; ok {
		return n, nil
	}
	n, ok := b.tables.number(term)
	if !ok {
		next, err := b.terms.NextSequence()
		if err != nil {
			return 0, err
		}
		n = uint32(next)
		if err := b.terms.Put([]byte(term), binary.BigEndian.AppendUint32(nil, n)); err != nil {
			return 0, err
		}
	}
	b.newTerms[term] = n
	return n, nil
}

// ops are changes of one bucket.
type ops []op

type op struct {
	key, value []byte // a nil value deletes
}

func (o ops) do(b *bbolt.Bucket) error {
	slices.SortFunc(o, func(x, y op) int { return bytes.Compare(x.key, y.key) })
	for _, x := range o {
		var err error
		if x.value == nil {
			err = b.Delete(x.key)
		} else {
			err = b.Put(x.key, x.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var nothing = []byte{} // the value where the key says it all

// finish writes what the records of the batch led to.
func (b *batch) finish() error {
	if err := b.p.settle(); err != nil {
		return err
	}
	respoken, err := b.respoken()
	if err != nil {
		return err
	}
	if b.listing {
		if err := b.list(); err != nil {
			return err
		}
	}
	var spoken []*row
	var ids, rows, keys ops
	index := newIndexer(b.state.next)
	for _, id := range slices.Sorted(maps.Keys(b.p.dirty)) {
		r := b.p.rows[id]
		held := r.number != 0
		if !held {
			if r.isEmpty() {
				continue
			}
			next, err := b.rows.NextSequence()
			if err != nil {
				return err
			}
			r.number = uint32(next)
			ids = append(ids, op{[]byte(id), binary.BigEndian.AppendUint32(nil, r.number)})
		}
		before := r.slot
		index.note(r)
		if r.view.published && (!r.was.published || r.slot != before || respoken[r]) {
			spoken = append(spoken, r)
		}
		if r.was.published {
			b.state.statements--
		}
		if r.view.published {
			b.state.statements++
		}
		b.state.copies += r.view.copies - r.was.copies

		by := r.keys()
		for _, k := range r.wasBy {
			if _, still := slices.BinarySearchFunc(by, k, compareKeys); !still {
				keys = append(keys, op{foundKey(k, r.number), nil})
			}
		}
		for _, k := range by {
			if _, already := slices.BinarySearchFunc(r.wasBy, k, compareKeys); !already {
				keys = append(keys, op{foundKey(k, r.number), nothing})
			}
		}

		at := binary.BigEndian.AppendUint32(nil, r.number)
		if r.isEmpty() {
			ids = append(ids, op{[]byte(id), nil})
			rows = append(rows, op{at, nil})
		} else {
			rows = append(rows, op{at, r.encode()})
		}
	}
	if err := index.write(b.tables); err != nil {
		return err
	}
	b.state.next = index.next
	if err := b.writeWords(spoken); err != nil {
		return err
	}
	if err := errors.Join(b.writeContents(), b.ids.do(ids), b.keys.do(keys), rows.do(b.rows), b.register()); err != nil {
		return err
	}
	return b.meta.Put(stateKey, b.state.encode())
}

// foundKey is a key of bucketsKeys.
func foundKey(k feeds.Key, row uint32) []byte {
	return binary.BigEndian.AppendUint32(appendKey(make([]byte, 0, 13), k), row)
}

// written makes known what a committed batch changed.
func (b *batch) written() {
	maps.Copy(b.store.terms, b.newTerms)
	b.store.publish(b.state, b.telling)
}

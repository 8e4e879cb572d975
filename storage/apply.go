package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// The buckets. The first three are what was said; the others are derived from
// the log and can be made anew (rebuild.go). Times in keys are inverted, so
// that the newest comes first.
var (
	bucketMeta    = []byte("meta")    // format and index version, state
	bucketLog     = []byte("log")     // seq → row, of the latest record of every key
	bucketContent = []byte("content") // number → packed content

	bucketLatest    = []byte("latest")    // fact key → seq
	bucketIDs       = []byte("ids")       // statement id → inverted order when published, else one octet
	bucketPublished = []byte("published") // inverted order, statement id → row
	bucketDormant   = []byte("dormant")   // statement id → row: hidden, withdrawn, joined to another, only spoken of
	bucketIndex     = []byte("index")     // term number, inverted order, statement id → nothing
	bucketKeys      = []byte("keys")      // dedup key, item key → nothing
	bucketTerms     = []byte("terms")     // term → term number
	bucketCounts    = []byte("counts")    // term number → published statements

	derived = [][]byte{bucketLatest, bucketIDs, bucketPublished, bucketDormant, bucketIndex, bucketKeys, bucketTerms, bucketCounts}
)

// Terms are what statements are indexed by. The first octet tells the kind.
const (
	termTag      = 't' // and the tag as "scheme/slug"
	termSource   = 's' // and the source's id
	termLanguage = 'l' // and the primary subtag in lower case
)

// appendNumber appends a term's number as keys have it.
func appendNumber(b []byte, term uint32) []byte { return binary.BigEndian.AppendUint32(b, term) }

func tagTerm(t feeds.Tag) string          { return string(termTag) + t.String() }
func sourceTerm(id feeds.SourceID) string { return string(termSource) + string(id) }
func languageTerm(tag string) string {
	return string(termLanguage) + strings.ToLower(feeds.PrimaryLanguage(tag))
}

// be is the eight octets of a number as a key.
func be(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// appendTime appends the inverted time: later times sort first.
func appendTime(b []byte, t stamp) []byte {
	return binary.BigEndian.AppendUint64(b, ^(uint64(t) ^ 1<<63))
}

// publishedKey is a statement's key in bucketPublished and, after the term's
// number, in bucketIndex.
func publishedKey(order stamp, id feeds.StatementID) []byte {
	return append(appendTime(make([]byte, 0, 8+len(id)), order), id...)
}

func appendKey(b []byte, k feeds.Key) []byte {
	return binary.BigEndian.AppendUint64(append(b, k.Kind), k.Hash)
}

// foundKey is a key of bucketKeys.
func foundKey(k feeds.Key, item feeds.ItemKey) []byte {
	return append(appendKey(make([]byte, 0, 9+len(item)), k), item...)
}

// state is what is known of the whole, kept in one value.
type state struct {
	position   uint64
	digest     digest
	statements int
	copies     int
	records    int
}

var stateKey = []byte("state")

func (s *state) encode() []byte {
	b := make([]byte, 0, 48)
	b = binary.BigEndian.AppendUint64(b, s.position)
	b = append(b, s.digest[:]...)
	for _, n := range []int{s.statements, s.copies, s.records} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

func decodeState(b []byte) (s state, err error) {
	if b == nil {
		return s, nil // nothing was said yet
	}
	if len(b) != 48 {
		return s, fmt.Errorf("the state has %d octets, want 48", len(b))
	}
	s.position = binary.BigEndian.Uint64(b)
	copy(s.digest[:], b[8:])
	s.statements = int(binary.BigEndian.Uint64(b[24:]))
	s.copies = int(binary.BigEndian.Uint64(b[32:]))
	s.records = int(binary.BigEndian.Uint64(b[40:]))
	return s, nil
}

// tables are the buckets of one transaction.
type tables struct {
	meta, log, content                                          *bbolt.Bucket
	latest, ids, published, dormant, index, keys, terms, counts *bbolt.Bucket
}

func tablesOf(tx *bbolt.Tx) *tables {
	t := &tables{
		meta: tx.Bucket(bucketMeta), log: tx.Bucket(bucketLog), content: tx.Bucket(bucketContent),
		latest: tx.Bucket(bucketLatest), ids: tx.Bucket(bucketIDs), published: tx.Bucket(bucketPublished),
		dormant: tx.Bucket(bucketDormant), index: tx.Bucket(bucketIndex), keys: tx.Bucket(bucketKeys),
		terms: tx.Bucket(bucketTerms), counts: tx.Bucket(bucketCounts),
	}
	if tx.Writable() {
		t.log.FillPercent, t.content.FillPercent = 0.95, 0.95 // both only grow at their end
	}
	return t
}

// row reads a statement's row; an empty one when there is none.
func (t *tables) row(id feeds.StatementID) (*row, error) {
	place := t.ids.Get([]byte(id))
	if place == nil {
		return &row{id: id}, nil
	}
	var b []byte
	if len(place) == 8 {
		b = t.published.Get(append(slices.Clone(place), id...))
	} else {
		b = t.dormant.Get([]byte(id))
	}
	if b == nil {
		return nil, fmt.Errorf("statement %s: its row is missing", id)
	}
	r, err := decodeRow(id, b)
	if err != nil {
		return nil, fmt.Errorf("statement %s: %w", id, err)
	}
	return r, nil
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
		return r, fmt.Errorf("record %d: %w", seq, err)
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
	scratch  bytes.Buffer
}

func (s *Store) newBatch(tx *bbolt.Tx) (*batch, error) {
	b := &batch{tables: tablesOf(tx), store: s, newTerms: map[string]uint32{}}
	b.p = newProjection(b.row, b.number)
	var err error
	b.state, err = decodeState(b.meta.Get(stateKey))
	return b, err
}

// apply records one record. One that is not newer than the one held for its
// key is ignored.
func (b *batch) apply(r *record) error {
	b.state.position = max(b.state.position, r.seq)
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
			return fmt.Errorf("record %d: %w", oldSeq, err)
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
	seq := be(r.seq)
	if b.log.Get(seq) != nil {
		return fmt.Errorf("two records have the number %d; the second is %q", r.seq, r.key)
	}

	number := uint64(0)
	switch {
	case r.content == nil:
	case old.number != 0 && old.hash == r.hash:
		number = old.number
	default:
		number = r.seq
		if b.content.Get(seq) != nil {
			return fmt.Errorf("two records have the number %d; the second is %q", r.seq, r.key)
		}
		if r.packed == nil {
			r.packed = b.store.packer.pack(r.content)
		}
		if err := b.content.Put(seq, r.packed); err != nil {
			return err
		}
	}
	if old.number != 0 && old.number != number {
		if err := b.content.Delete(be(old.number)); err != nil {
			return err
		}
	}

	row := r.row(number)
	if err := b.log.Put(seq, row); err != nil {
		return err
	}
	b.state.digest.toggle(digestOf(r.seq, row, &b.scratch))
	b.state.records++
	return b.derive(r, old)
}

// derive gives a record its effects; old is the row that it replaces, with
// kind 0 when there is none.
func (b *batch) derive(r *record, old logRow) error {
	if err := b.latest.Put([]byte(r.key), be(r.seq)); err != nil {
		return err
	}
	return b.p.record(touch{r.seq, r.at}, r.fact, old)
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
		if err := b.terms.Put([]byte(term), appendNumber(nil, n)); err != nil {
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

var (
	nothing  = []byte{}  // the value where the key says it all
	sleeping = []byte{0} // in bucketIDs: the row is in bucketDormant
)

// finish writes what the records of the batch led to.
func (b *batch) finish() error {
	if err := b.p.settle(); err != nil {
		return err
	}
	var ids, published, dormant, index ops
	counts := map[uint32]int{}
	for id := range b.p.dirty {
		r := b.p.rows[id]
		was, is := &r.was, &r.view
		oldKey, newKey := publishedKey(was.order, id), publishedKey(is.order, id)

		var oldTerms, newTerms []uint32
		if was.published {
			oldTerms = was.terms
			b.state.statements--
		}
		if is.published {
			newTerms = is.terms
			b.state.statements++
		}
		b.state.copies += is.copies - was.copies
		moved := was.order != is.order
		for _, t := range oldTerms {
			if _, stays := slices.BinarySearch(newTerms, t); !stays || moved {
				index = append(index, op{append(appendNumber(nil, t), oldKey...), nil})
			}
			counts[t]--
		}
		for _, t := range newTerms {
			if _, stood := slices.BinarySearch(oldTerms, t); !stood || moved {
				index = append(index, op{append(appendNumber(nil, t), newKey...), nothing})
			}
			counts[t]++
		}

		if r.held && was.published && (!is.published || moved) {
			published = append(published, op{oldKey, nil})
		}
		switch {
		case is.published:
			published = append(published, op{newKey, r.encode()})
			if r.held && !was.published {
				dormant = append(dormant, op{[]byte(id), nil})
			}
			if !r.held || !was.published || moved {
				ids = append(ids, op{[]byte(id), newKey[:8]})
			}
		case r.isEmpty():
			if r.held {
				if !was.published {
					dormant = append(dormant, op{[]byte(id), nil})
				}
				ids = append(ids, op{[]byte(id), nil})
			}
		default:
			dormant = append(dormant, op{[]byte(id), r.encode()})
			if !r.held || was.published {
				ids = append(ids, op{[]byte(id), sleeping})
			}
		}
	}
	keys := make(ops, 0, len(b.p.keys))
	for k, put := range b.p.keys {
		if put {
			keys = append(keys, op{[]byte(k), nothing})
		} else {
			keys = append(keys, op{[]byte(k), nil})
		}
	}
	for _, x := range []struct {
		ops ops
		in  *bbolt.Bucket
	}{{ids, b.ids}, {published, b.published}, {dormant, b.dormant}, {index, b.index}, {keys, b.keys}} {
		if err := x.ops.do(x.in); err != nil {
			return err
		}
	}
	for _, t := range slices.Sorted(maps.Keys(counts)) {
		if err := b.count(t, counts[t]); err != nil {
			return err
		}
	}
	return b.meta.Put(stateKey, b.state.encode())
}

// count adds n to a term's count.
func (b *batch) count(term uint32, n int) error {
	if n == 0 {
		return nil
	}
	key := appendNumber(nil, term)
	if n += b.tables.count(term); n == 0 {
		return b.counts.Delete(key)
	}
	return b.counts.Put(key, be(uint64(n)))
}

// count gives how many published statements carry a term.
func (t *tables) count(term uint32) int {
	if v := t.counts.Get(appendNumber(nil, term)); v != nil {
		return int(binary.BigEndian.Uint64(v))
	}
	return 0
}

// written makes known what a committed batch changed.
func (b *batch) written() {
	maps.Copy(b.store.terms, b.newTerms)
	b.store.publish(b.state)
}

package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"communique/feeds"
)

// Archives (RFC 5005 §4) are cut from the register: the journal's Listed, which
// say in what order statements became selectable, and by which terms. The
// register only grows, so what was cut from it once stays so, for every query
// that can be asked, and nothing is stored per query. Reading the register from
// its start, a selection gathers what meets it; whenever it holds
// archiveSize more than it has to keep, the oldest of them by Order
// become a document. What it holds at the end is its current document.
//
// A document shows its statements as they were when it was sealed, that is
// before the list after the one that sealed it. What changes a statement later
// says what it was (Kept).
//
// What meets a search by words no list tells: there the roll is cut (roll.go).

// archiveSize is how many statements an archive document is made of.
const archiveSize = 50

// ArchiveKeep is the least that a current document keeps: what is newer was
// never archived, so that nobody has to remember how it was.
const ArchiveKeep = 50

// Archive is a selection's division into documents, as far as the register was
// read. It may be used by many goroutines; it holds about four octets for each
// statement.
type Archive struct {
	query feeds.Query
	keep  int

	mu      sync.Mutex
	through uint64 // the last list that was read
	places  uint64 // entries that met the query
	held    []held
	docs    []sealed
	in      rowSet // all rows of docs

	size atomic.Int64

	searches bool // by words
	cut      cut  // where, then
}

// held is a statement that is in no document yet.
type held struct {
	row   uint32
	order stamp
	nth   uint64 // among those that met the query
}

// sealed is an archive document: rows, and the list that completed it.
type sealed struct {
	rows []uint32
	by   uint64
}

// rowSet is a set of row numbers.
type rowSet []uint64

func (s rowSet) has(row uint32) bool {
	i := int(row / 64)
	return i < len(s) && s[i]>>(row%64)&1 != 0
}

func (s *rowSet) put(row uint32) {
	if i := int(row / 64); i >= len(*s) {
		*s = append(*s, make([]uint64, i+1-len(*s))...)
	}
	(*s)[row/64] |= 1 << (row % 64)
}

// ErrNotArchived is what a query gets whose selections have no archives.
var ErrNotArchived = errors.New("selections by time or place have no archives")

// NewArchive starts the division of a selection whose current document keeps at
// least so many statements, ArchiveKeep or more. The query's Limit does not
// count.
func NewArchive(q feeds.Query, keep int) (*Archive, error) {
	if someOf(q, func(q feeds.Query) bool { return !q.Since.IsZero() || !q.Until.IsZero() }) || !q.After.IsZero() {
		return nil, ErrNotArchived
	}
	return &Archive{query: q, keep: max(keep, ArchiveKeep), searches: someOf(q, searches)}, nil
}

// someOf reports whether a query or one within it is such a one.
func someOf(q feeds.Query, is func(feeds.Query) bool) bool {
	some := func(q feeds.Query) bool { return someOf(q, is) }
	return is(q) || slices.ContainsFunc(q.Any, some) || slices.ContainsFunc(q.Not, some)
}

func searches(q feeds.Query) bool { return q.Words != "" }

// Size is about how many octets the archive takes in memory.
func (a *Archive) Size() int { return 200 + int(a.size.Load()) }

// Standing is what stands in a selection's current document.
type Standing struct {
	Heads     []Head // newest first by Order, then by ID
	Documents int    // how many archive documents come before it
	Per       int    // out of how many statements each of them is; see Archived
	// Withdrawn are those that left every selection lately, newest first: at most
	// 50, of the thirty days up to the last record.
	Withdrawn []Withdrawal
}

// Standing reads what is new in the register and gives what stands in the
// current document: everything that meets the query and is in no archive
// document.
func (s *Store) Standing(a *Archive) (Standing, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.searches {
		out, err := s.standing(a)
		if err != nil {
			err = fmt.Errorf("archive: %w", err)
		}
		return out, err
	}
	out := Standing{Per: archiveSize}
	err := s.view(func(t *tables) error {
		test := t.test(a.query)
		if err := a.read(t, test); err != nil {
			return err
		}
		out.Documents = len(a.docs)
		pending := map[uint32]bool{}
		c := t.pending.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			number := binary.BigEndian.Uint32(k)
			pending[number] = true
			if a.in.has(number) {
				continue
			}
			head, published, terms, err := decodeHead(t.rows.Get(k), true)
			if err != nil {
				if err := t.leave(unread(err, "the row %d", number)); err != nil {
					return err
				}
				continue
			}
			if published && test.meets(terms) {
				out.Heads = append(out.Heads, head)
			}
		}
		var key [4]byte
		for _, h := range a.held {
			if pending[h.row] {
				continue // what is true of it now was looked at
			}
			binary.BigEndian.PutUint32(key[:], h.row)
			head, published, _, err := decodeHead(t.rows.Get(key[:]), false)
			if err != nil {
				if err := t.leave(unread(err, "the row %d", h.row)); err != nil {
					return err
				}
				continue
			}
			if published {
				out.Heads = append(out.Heads, head)
			}
		}
		var err error
		out.Withdrawn, err = t.withdrawn(test)
		return err
	})
	if err != nil {
		return Standing{}, fmt.Errorf("archive: %w", err)
	}
	slices.SortFunc(out.Heads, newestFirst)
	if most := a.keep + archiveSize + listAt; len(out.Heads) > most {
		out.Heads = out.Heads[:most] // until lists are said of what came from another journal
	}
	return out, nil
}

func newestFirst(a, b Head) int {
	return cmp.Or(b.Order.Compare(a.Order), cmp.Compare(a.ID, b.ID))
}

// decodeHead reads the start of a stored row only; its terms when they are wanted.
func decodeHead(b []byte, wanted bool) (h Head, published bool, terms []uint32, err error) {
	d := reader{b: b}
	published = d.byte()&flagPublished != 0
	said := d.touch()
	h = Head{ID: feeds.StatementID(d.string()), Seq: said.seq, Order: stamp(d.uint64()).time(), Changed: said.at.time()}
	if wanted {
		d.uvarint() // slot
		d.uvarint() // copies
		terms = d.terms()
	}
	if d.bad {
		err = errRow
	}
	return h, published, terms, err
}

// decodeSlot reads of a stored row where the index has it, while it is published.
func decodeSlot(b []byte) (s slot, published bool, err error) {
	d := reader{b: b}
	published = d.byte()&flagPublished != 0
	d.touch()
	_ = d.string() // id
	d.uint64()     // order
	if s = slot(d.uvarint()); d.bad {
		err = errRow
	}
	return s, published, err
}

// read takes in the lists since the last reading.
func (a *Archive) read(t *tables, test *test) error {
	c := t.lists.Cursor()
	for k, v := c.Seek(be(a.through + 1)); k != nil; k, v = c.Next() {
		number := binary.BigEndian.Uint64(k)
		if number != a.through+1 {
			return nil // it is still to come from the other journal
		}
		l, err := parseList(v)
		if err != nil {
			return unread(err, "list %d", number)
		}
		if err := a.take(number, l, test); err != nil {
			return unread(err, "list %d", number)
		}
		a.through = number
	}
	a.size.Store(int64(24*cap(a.held) + (4*archiveSize+40)*len(a.docs) + 8*cap(a.in)))
	return nil
}

// take takes in one list.
func (a *Archive) take(number uint64, l list, test *test) error {
	meets, err := test.meet(&l)
	if err != nil {
		return err
	}
	for i := range l.n {
		again := l.flags[i]&flagAgain != 0
		if !again && !meets.has(i) {
			continue
		}
		row := l.row(i)
		at := -1
		if again {
			if a.in.has(row) {
				continue
			}
			at = slices.IndexFunc(a.held, func(h held) bool { return h.row == row })
		}
		switch {
		case !meets.has(i) && at >= 0:
			a.held = slices.Delete(a.held, at, at+1)
		case !meets.has(i):
		case at >= 0:
			a.held[at].order = l.order(i)
		default:
			a.places++
			a.held = append(a.held, held{row, l.order(i), a.places})
		}
	}
	var docs []sealed
	docs, a.held = seal(a.held, a.keep, number)
	for _, doc := range docs {
		for _, row := range doc.rows {
			a.in.put(row)
		}
	}
	a.docs = append(a.docs, docs...)
	return nil
}

// seal makes documents of what is held beyond what is to be kept, and gives what
// is held then.
func seal(all []held, keep int, by uint64) ([]sealed, []held) {
	n := (len(all) - keep) / archiveSize
	if n < 1 {
		return nil, all
	}
	slices.SortFunc(all, func(x, y held) int {
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.nth, y.nth))
	})
	docs := make([]sealed, n)
	for i := range docs {
		docs[i] = sealed{rows: make([]uint32, archiveSize), by: by}
		for j, h := range all[i*archiveSize : (i+1)*archiveSize] {
			docs[i].rows[j] = h.row
		}
	}
	return docs, slices.Clone(all[n*archiveSize:])
}

// Archived is an archive document.
type Archived struct {
	Statements []feeds.Statement // as they were when it was sealed, newest first by Order, then by ID
	Withdrawn  []Withdrawal      // in place of statements that stood in it
	Sealed     time.Time         // when it was sealed, or the last withdrawal from it
	Documents  int               // how many there are
}

// Archived gives the n-th document, counted from 1, which is the oldest; false
// when there is none. It never changes but for what is withdrawn. Of a search there
// are several series of documents, each out of per statements of everything; of
// other selections one, and per is 50.
func (s *Store) Archived(a *Archive, n, per int) (Archived, bool, error) {
	var out Archived
	found := false
	if a.searches {
		out, found, err := s.searched(a, n, per)
		if err != nil {
			err = fmt.Errorf("archive: document %d out of %d statements: %w", n, per, err)
		}
		return out, found, err
	}
	if per != archiveSize {
		return out, false, nil
	}
	err := s.document(a, n, func(t *tables, doc sealed) error {
		found = true
		v, err := t.lists.list(doc.by)
		if err != nil {
			return err
		}
		out.Sealed = v.said.at.time()
		for _, number := range doc.rows {
			r, root, err := t.rootAt(number)
			if err != nil {
				return err
			}
			var st feeds.Statement
			ok := false
			if root.view.published {
				if st, ok, err = s.asOf(t, r.id, doc.by); err != nil {
					return err
				}
			}
			if ok {
				out.Statements = append(out.Statements, st)
				continue
			}
			if err := t.left(&out, r, root); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Archived{}, false, fmt.Errorf("archive: document %d: %w", n, err)
	}
	a.mu.Lock()
	out.Documents = len(a.docs)
	a.mu.Unlock()
	out.sort()
	return out, found, nil
}

func (d *Archived) sort() {
	slices.SortFunc(d.Statements, func(a, b feeds.Statement) int {
		return cmp.Or(b.Order.Compare(a.Order), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(d.Withdrawn, func(a, b Withdrawal) int {
		return cmp.Or(b.When.Compare(a.When), cmp.Compare(a.ID, b.ID))
	})
}

// left notes in a document a statement of which nothing is to be shown: it was
// withdrawn, or joined to another and nothing is left of its own. One that expired
// leaves no trace.
func (t *tables) left(out *Archived, r, root *row) error {
	if old, err := t.expired(root); old || err != nil {
		return err
	}
	w := withdrawalOf(r, root)
	out.Withdrawn = append(out.Withdrawn, w)
	if w.When.After(out.Sealed) {
		out.Sealed = w.When
	}
	return nil
}

// ArchivedMark changes when the document of Archived may have changed, or there
// are more; 0 when there is none.
func (s *Store) ArchivedMark(a *Archive, n, per int) (uint64, error) {
	var mark uint64
	if a.searches {
		err := s.rolled(func(t *tables) error {
			blocks := s.roll.document(n, per)
			if blocks == nil {
				return nil
			}
			var err error
			mark, err = t.markOf(false, blocks...)
			return err
		})
		return mark, err
	}
	if per != archiveSize {
		return 0, nil
	}
	err := s.document(a, n, func(t *tables, doc sealed) error {
		var err error
		mark, err = t.markOf(n < len(a.docs), doc)
		return err
	})
	return mark, err
}

// markOf gives the mark of a document made of those.
func (t *tables) markOf(more bool, docs ...sealed) (uint64, error) {
	h := fnv.New64a()
	if more {
		h.Write([]byte{1})
	}
	for _, doc := range docs {
		for _, number := range doc.rows {
			_, root, err := t.rootAt(number)
			if err != nil {
				return 0, err
			}
			h.Write(be(root.view.said.seq))
		}
	}
	return h.Sum64() | 1, nil
}

// document reads what is new in the register and calls fn with a document,
// when there is one.
func (s *Store) document(a *Archive, n int, fn func(*tables, sealed) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return s.view(func(t *tables) error {
		if err := a.read(t, t.test(a.query)); err != nil {
			return err
		}
		if n < 1 || n > len(a.docs) {
			return nil
		}
		return fn(t, a.docs[n-1])
	})
}

// asOf gives a statement as it was before the first list after the given one.
func (s *Store) asOf(t *tables, id feeds.StatementID, list uint64) (feeds.Statement, bool, error) {
	if st, ok, err := s.keptAs(t, id, list); ok || err != nil {
		return st, ok, err
	}
	st, ok, err := s.assemble(t, id, nil)
	return st, ok && st.ID == id, err
}

// keptAs is asOf for what has changed since; false for what has not.
func (s *Store) keptAs(t *tables, id feeds.StatementID, list uint64) (feeds.Statement, bool, error) {
	c := t.kept.Cursor()
	from := keptKey(id, list)
	for k, v := c.Seek(from); k != nil && bytes.Equal(k[:maxID], from[:maxID]); k, v = c.Next() {
		f, err := s.factAt(t, binary.BigEndian.Uint64(v), rowOnly)
		if err != nil {
			return feeds.Statement{}, false, err
		}
		if f, ok := f.(*feeds.Kept); ok && len(f.Was.Copies) > 0 {
			return f.Was, true, nil
		}
	}
	return feeds.Statement{}, false, nil
}

// keptKey is a key of bucketKept.
func keptKey(id feeds.StatementID, through uint64) []byte {
	b := append(make([]byte, 0, maxID+8), id...)
	return binary.BigEndian.AppendUint64(append(b, make([]byte, maxID-len(id))...), through)
}

// test is a query as term numbers answer it.
type test struct {
	fields   [][]uint32 // one of each has to be there
	any, not []*test
}

// test makes a query ready. Words are not looked at: what meets the query meets
// the test, and where there are words, more does.
func (t *tables) test(q feeds.Query) *test {
	out := &test{}
	add := func(n int, term func(int) string) {
		if n == 0 {
			return
		}
		numbers := []uint32{} // none that is known: nothing meets it
		for i := range n {
			if number, ok := t.number(term(i)); ok {
				numbers = append(numbers, number)
			}
		}
		out.fields = append(out.fields, numbers)
	}
	for _, scheme := range []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event} {
		terms := *q.Terms(scheme)
		add(len(terms), func(i int) string { return tagTerm(feeds.Tag{Scheme: scheme, Term: terms[i]}) })
	}
	add(len(q.Sources), func(i int) string { return sourceTerm(q.Sources[i]) })
	add(len(q.Languages), func(i int) string { return languageTerm(q.Languages[i]) })
	for _, q := range q.Any {
		out.any = append(out.any, t.test(q))
	}
	for _, q := range q.Not {
		if !someOf(q, searches) {
			out.not = append(out.not, t.test(q))
		}
	}
	return out
}

// meets reports whether a statement with the terms, which are sorted, meets the
// query.
func (q *test) meets(terms []uint32) bool {
	if !q.possible(terms) {
		return false
	}
	meets := func(q *test) bool { return q.meets(terms) }
	return (len(q.any) == 0 || slices.ContainsFunc(q.any, meets)) && !slices.ContainsFunc(q.not, meets)
}

// possible reports whether something whose terms are among those given may meet
// the query's fields.
func (q *test) possible(terms []uint32) bool {
	return !slices.ContainsFunc(q.fields, func(f []uint32) bool {
		return !slices.ContainsFunc(f, func(n uint32) bool {
			_, has := slices.BinarySearch(terms, n)
			return has
		})
	})
}

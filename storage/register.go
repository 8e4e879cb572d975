package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// The register is what archives are cut from (archive.go). Of each row the
// state that was listed last is kept; rows that differ from it are pending,
// until enough of them are, or one of them was withdrawn: then the journal's
// writer says a list of all, in the same transaction.
//
//	bucketLists    number → list; 0 → the newest Orders that ever were listed
//	bucketPending  row number → nothing
//	bucketGone     number, place in the list → row, when, terms: of those withdrawn
//	bucketKept     statement id, Kept.Through → seq
var (
	bucketLists   = []byte("lists")
	bucketPending = []byte("pending")
	bucketGone    = []byte("gone")
	bucketKept    = []byte("kept")
)

const (
	// listAt is how many pending rows make a list.
	listAt = 50
	// listMost is how many entries a list has at most.
	listMost = 1000
)

// lists is bucketLists.
type lists struct{ *bbolt.Bucket }

// last gives the number of the newest list, 0 when there is none.
func (l lists) last() uint64 {
	k, _ := l.Cursor().Last()
	if k == nil {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}

func (l lists) list(number uint64) (list, error) {
	v, err := parseList(l.Get(be(number)))
	if err != nil {
		err = unread(err, "list %d", number)
	}
	return v, err
}

// newest are Orders, the latest first.
type newest []stamp

func parseNewest(b []byte) newest {
	out := make(newest, len(b)/8)
	for i := range out {
		out[i] = stamp(binary.BigEndian.Uint64(b[8*i:]))
	}
	return out
}

func (n newest) encode() []byte {
	b := make([]byte, 0, 8*len(n))
	for _, s := range n {
		b = binary.BigEndian.AppendUint64(b, uint64(s))
	}
	return b
}

// with gives the ArchiveKeep latest of n and those of the list's entries.
func (n newest) with(p *listPage) newest {
	for i := range p.entries {
		if !p.entries[i].withdrawn {
			n = append(n, p.entries[i].order)
		}
	}
	slices.SortFunc(n, func(a, b stamp) int { return cmp.Compare(b, a) })
	return n[:min(len(n), ArchiveKeep)]
}

// archives reports whether a statement of that Order may stand in an archive:
// a current document keeps at least ArchiveKeep that are newer.
func (n newest) archives(order stamp) bool {
	return len(n) == ArchiveKeep && order <= n[ArchiveKeep-1]
}

// listed is what was listed of a row last.
type listed struct {
	number    uint64
	said      touch
	order     stamp
	withdrawn bool
	terms     []uint32 // sorted
}

// append writes what was listed; what is as in the view is left out.
func (l *listed) append(b []byte, v *view) []byte {
	var flags byte
	if l.withdrawn {
		flags |= flagWithdrawn
	}
	same := l.order == v.order && slices.Equal(l.terms, v.terms)
	if same {
		flags |= flagSame
	}
	b = append(b, flags)
	b = appendTouch(binary.AppendUvarint(b, l.number), l.said)
	if same {
		return b
	}
	return appendTerms(binary.BigEndian.AppendUint64(b, uint64(l.order)), l.terms)
}

// flagSame stands with flagWithdrawn.
const flagSame = 1 << 7

func (d *reader) listed(v *view) *listed {
	flags := d.byte()
	l := &listed{withdrawn: flags&flagWithdrawn != 0, number: d.uvarint(), said: d.touch()}
	if flags&flagSame != 0 {
		l.order, l.terms = v.order, v.terms
		return l
	}
	l.order, l.terms = stamp(d.uint64()), d.terms()
	return l
}

// isPending reports whether the row is another than it was listed as.
func (r *row) isPending() bool {
	l, v := r.listed, &r.view
	if l == nil || l.withdrawn {
		return v.published
	}
	return !v.published || l.order != v.order || !slices.Equal(l.terms, v.terms)
}

// listPage is a Listed on its way into the file.
type listPage struct {
	number  uint64
	said    touch
	entries []listEntry
}

type listEntry struct {
	id        feeds.StatementID
	order     stamp
	again     bool
	withdrawn bool
	terms     []uint32 // sorted
}

// list notes what a Listed says at its rows.
func (p *projection) list(said touch, f *feeds.Listed) error {
	page := listPage{number: f.Number, said: said, entries: make([]listEntry, len(f.Entries))}
	numbers := make([]uint32, len(f.Terms))
	for i, term := range f.Terms {
		var err error
		if numbers[i], err = p.number(term); err != nil {
			return err
		}
	}
	for i, e := range f.Entries {
		x := listEntry{id: e.Statement, order: stampOf(e.Order), again: e.Again, withdrawn: e.Withdrawn}
		for _, t := range e.Terms {
			x.terms = append(x.terms, numbers[t])
		}
		slices.Sort(x.terms)
		page.entries[i] = x
		r, err := p.change(e.Statement)
		if err != nil {
			return err
		}
		if r.listed == nil || r.listed.number <= f.Number {
			r.listed = &listed{number: f.Number, said: said, order: x.order, withdrawn: x.withdrawn, terms: x.terms}
		}
	}
	p.lists = append(p.lists, page)
	return nil
}

// A stored list has columns, so that a query reads of it what it asks for only:
//
//	touch
//	entries, terms      how many, varints
//	rows(4) orders(8) flags(1)      of every entry
//	term number(4) end(4)           of every term, sorted; where its posting ends
//	postings                        the entries that carry the term, as differences
//
// Numbers are big-endian.

var errList = errors.New("a list of the register is damaged")

const (
	flagAgain = 1 << iota
	flagWithdrawn
)

func (p *listPage) encode(row func(feeds.StatementID) (uint32, error)) ([]byte, error) {
	n := len(p.entries)
	postings := map[uint32][]int{}
	for i := range p.entries {
		for _, t := range p.entries[i].terms {
			postings[t] = append(postings[t], i)
		}
	}
	b := appendTouch(make([]byte, 0, 40*n), p.said)
	b = binary.AppendUvarint(b, uint64(n))
	b = binary.AppendUvarint(b, uint64(len(postings)))
	for i := range p.entries {
		number, err := row(p.entries[i].id)
		if err != nil {
			return nil, err
		}
		b = binary.BigEndian.AppendUint32(b, number)
	}
	for i := range p.entries {
		b = binary.BigEndian.AppendUint64(b, uint64(p.entries[i].order))
	}
	for i := range p.entries {
		var flags byte
		if p.entries[i].again {
			flags |= flagAgain
		}
		if p.entries[i].withdrawn {
			flags |= flagWithdrawn
		}
		b = append(b, flags)
	}
	var packed []byte
	for _, t := range slices.Sorted(maps.Keys(postings)) {
		before := -1
		for _, i := range postings[t] {
			packed = binary.AppendUvarint(packed, uint64(i-before-1))
			before = i
		}
		b = binary.BigEndian.AppendUint32(b, t)
		b = binary.BigEndian.AppendUint32(b, uint32(len(packed)))
	}
	return append(b, packed...), nil
}

// list is a stored list; it shares the memory of what it was read from.
type list struct {
	said                touch
	n                   int
	rows, orders, flags []byte
	terms, postings     []byte
}

func parseList(b []byte) (list, error) {
	d := reader{b: b}
	l := list{said: d.touch()}
	n, terms := d.uvarint(), d.uvarint()
	if d.bad || n > listMost || terms > uint64(len(d.b))/8 || uint64(len(d.b)) < 13*n+8*terms {
		return l, errList
	}
	l.n = int(n)
	cut := func(size int) (out []byte) { out, d.b = d.b[:size], d.b[size:]; return out }
	l.rows, l.orders, l.flags, l.terms = cut(4*l.n), cut(8*l.n), cut(l.n), cut(8*int(terms))
	l.postings = d.b
	return l, nil
}

func (l *list) row(i int) uint32  { return binary.BigEndian.Uint32(l.rows[4*i:]) }
func (l *list) order(i int) stamp { return stamp(binary.BigEndian.Uint64(l.orders[8*i:])) }

// entries is a set of a list's entries.
type entries [(listMost + 63) / 64]uint64

func (e *entries) has(i int) bool { return e[i/64]>>(i%64)&1 != 0 }

// carry adds the entries that carry the term.
func (l *list) carry(term uint32, to *entries) error {
	n := len(l.terms) / 8
	at := sort.Search(n, func(i int) bool { return binary.BigEndian.Uint32(l.terms[8*i:]) >= term })
	if at == n || binary.BigEndian.Uint32(l.terms[8*at:]) != term {
		return nil
	}
	from, end := uint32(0), binary.BigEndian.Uint32(l.terms[8*at+4:])
	if at > 0 {
		from = binary.BigEndian.Uint32(l.terms[8*at-4:])
	}
	if from > end || uint64(end) > uint64(len(l.postings)) {
		return errList
	}
	d := reader{b: l.postings[from:end]}
	for i := -1; len(d.b) > 0; {
		if i += int(d.uvarint()) + 1; d.bad || i < 0 || i >= l.n {
			return errList
		}
		to[i/64] |= 1 << (i % 64)
	}
	return nil
}

// meet gives the entries of a list that meet the query; those that are withdrawn
// do not.
func (q *test) meet(l *list) (out entries, err error) {
	for i := range l.n {
		if l.flags[i]&flagWithdrawn == 0 {
			out[i/64] |= 1 << (i % 64)
		}
	}
	for _, f := range q.fields {
		var some entries
		for _, term := range f {
			if err := l.carry(term, &some); err != nil {
				return out, err
			}
		}
		if out.keep(&some); out == (entries{}) {
			return out, nil
		}
	}
	if len(q.any) > 0 {
		var some entries
		for _, q := range q.any {
			more, err := q.meet(l)
			if err != nil {
				return out, err
			}
			for i := range some {
				some[i] |= more[i]
			}
		}
		out.keep(&some)
	}
	for _, q := range q.not {
		some, err := q.meet(l)
		if err != nil {
			return out, err
		}
		for i := range out {
			out[i] &^= some[i]
		}
	}
	return out, nil
}

func (e *entries) keep(those *entries) {
	for i := range e {
		e[i] &= those[i]
	}
}

// register brings the register in line with the batch's rows, which have their
// numbers.
func (b *batch) register() error {
	var pending, lists, gone, kept ops
	count := b.pending.Sequence()
	for _, id := range slices.Sorted(maps.Keys(b.p.dirty)) {
		r := b.p.rows[id]
		if r.number == 0 {
			continue
		}
		key := binary.BigEndian.AppendUint32(nil, r.number)
		was, is := b.pending.Get(key) != nil, r.isPending() && !r.isEmpty()
		switch {
		case is && !was:
			pending = append(pending, op{key, nothing})
			count++
		case was && !is:
			pending = append(pending, op{key, nil})
			count--
		}
	}
	if len(b.p.lists) > 0 {
		top := parseNewest(b.lists.Get(be(0)))
		for i := range b.p.lists {
			p := &b.p.lists[i]
			v, err := p.encode(func(id feeds.StatementID) (uint32, error) { return b.p.rows[id].number, nil })
			if err != nil {
				return err
			}
			lists = append(lists, op{be(p.number), v})
			for j := range p.entries {
				if e := &p.entries[j]; e.withdrawn {
					gone = append(gone, op{goneKey(p.number, j), appendGone(nil, b.p.rows[e.id].number, p.said, e.terms)})
				}
			}
			top = top.with(p)
		}
		lists = append(lists, op{be(0), top.encode()})
	}
	for _, k := range b.p.kept {
		kept = append(kept, op{keptKey(k.id, k.through), be(k.seq)})
	}
	return errors.Join(pending.do(b.pending), b.pending.SetSequence(count), lists.do(b.lists.Bucket), gone.do(b.gone), kept.do(b.kept))
}

// keptAt is a Kept's place.
type keptAt struct {
	id      feeds.StatementID
	through uint64
	seq     uint64
}

// before looks at what a record is about to change: whatever an archive may show has
// to be remembered.
func (b *batch) before(r *record) error {
	var ids []feeds.StatementID
	gone := feeds.ItemKey("")
	switch f := r.fact.(type) {
	case *feeds.Observed:
		ids = append(ids, f.Statement)
	case *feeds.Gone:
		ids, gone = append(ids, f.Statement), f.Item
	case *feeds.Joined:
		ids = append(ids, f.Loser, f.Winner)
	case *feeds.Moderated:
		ids = append(ids, f.Statement)
	default:
		return nil
	}
	if r.kind == kindObserved || r.kind == kindGone {
		if held := b.latest.Get([]byte(r.key)); held != nil {
			old, err := b.logRow(binary.BigEndian.Uint64(held))
			if err != nil {
				return err
			}
			was, err := old.statement()
			if err != nil {
				return err
			}
			if was != ids[0] {
				ids = append(ids, was)
			}
		}
	}
	for _, id := range ids {
		if err := b.remember(id, gone, r.seq); err != nil {
			return err
		}
	}
	return nil
}

// remember notes what the statement was before this batch, unless no archive can
// show it. Of an item that is gone nothing is to be remembered.
func (b *batch) remember(id feeds.StatementID, gone feeds.ItemKey, seq uint64) error {
	r, err := b.tables.row(id) // as it was before the batch: rows are written at its end
	if err != nil || r.number == 0 {
		return err
	}
	root, err := rootOf(b.tables.row, r)
	if err != nil {
		return err
	}
	if gone != "" {
		if err := b.forget(root, gone, seq); err != nil {
			return err
		}
	}
	old, done := b.old[root.id]
	if !done {
		old, err = b.archivedAs(root)
		if err != nil {
			return err
		}
		b.old[root.id] = old
	}
	if old != nil && gone != "" {
		without(old, gone, seq)
	}
	return nil
}

// archivedAs gives the statement when an archive may show it, else nil.
func (b *batch) archivedAs(root *row) (*feeds.Statement, error) {
	if root.listed == nil || root.view.copies == 0 || !parseNewest(b.lists.Get(be(0))).archives(min(root.listed.order, root.view.order)) {
		return nil, nil
	}
	st, ok, err := b.store.assemble(b.tables, root.id, nil)
	if err != nil || !ok {
		return nil, err
	}
	return &st, nil
}

// without takes a copy out of what is remembered.
func without(st *feeds.Statement, gone feeds.ItemKey, seq uint64) bool {
	n := len(st.Copies)
	st.Copies = slices.DeleteFunc(st.Copies, func(c feeds.StatedCopy) bool { return c.Item == gone })
	if len(st.Copies) == n {
		return false
	}
	st.Seq = seq // caches know it by that
	return true
}

// forget takes an item that is gone out of everything that was kept of its tree.
func (b *batch) forget(root *row, gone feeds.ItemKey, seq uint64) error {
	var walk func(r *row, seen map[feeds.StatementID]bool) error
	walk = func(r *row, seen map[feeds.StatementID]bool) error {
		if seen[r.id] {
			return nil
		}
		seen[r.id] = true
		c := b.kept.Cursor()
		prefix := keptKey(r.id, 0)[:maxID]
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			at := string(k)
			k, ok := b.stripped[at]
			if !ok {
				f, err := b.store.factAt(b.tables, binary.BigEndian.Uint64(v), rowOnly)
				if err != nil {
					return err
				}
				if k, ok = f.(*feeds.Kept); !ok {
					return fmt.Errorf("the record %x is no Kept", v)
				}
			}
			if without(&k.Was, gone, seq) {
				b.stripped[at] = k
			}
		}
		for _, id := range r.children {
			child, err := b.tables.row(id)
			if err != nil {
				return err
			}
			if err := walk(child, seen); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root, map[feeds.StatementID]bool{})
}

// closing gives what a finished batch of Append has to say further: what archived
// statements were before it.
func (b *batch) closing() ([]feeds.Fact, error) {
	said := []feeds.Fact{}
	for _, at := range slices.Sorted(maps.Keys(b.stripped)) {
		said = append(said, b.stripped[at])
	}
	for _, id := range slices.Sorted(maps.Keys(b.old)) {
		old := b.old[id]
		if old == nil || len(old.Copies) == 0 || b.kept.Get(keptKey(id, b.through)) != nil {
			continue // what was so when the last list was said is kept already
		}
		now, ok, err := b.store.assemble(b.tables, id, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // nothing is left that could be shown
		}
		if now.ID == id {
			was, err := wasOf(old).shown()
			if err != nil {
				return nil, err
			}
			is, err := wasOf(&now).shown()
			if err != nil {
				return nil, err
			}
			if bytes.Equal(was, is) {
				continue
			}
		}
		said = append(said, &feeds.Kept{Statement: id, Through: b.through, Was: *old})
	}
	return said, nil
}

// list says lists of all that is pending, when it is enough or when something was
// withdrawn, in the order of Order and id. The views are settled, the rows not
// written yet.
func (b *batch) list() error {
	var rows []*row
	withdrawn := false
	for _, id := range slices.Sorted(maps.Keys(b.p.dirty)) {
		r := b.p.rows[id]
		left := r.was.published && !r.view.published
		if left {
			withdrawn = true
			b.left[id] = r.was.terms
		}
		if r.isPending() || left && (r.listed == nil || r.listed.withdrawn) { // seen by readers, and no list tells of it
			rows = append(rows, r)
		}
	}
	if !withdrawn && len(rows)+int(b.pending.Sequence()) < listAt {
		return nil // at most: some of the rows are pending already
	}
	c := b.pending.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		r, err := b.rowAt(binary.BigEndian.Uint32(k))
		if err != nil {
			if err := b.leave(err); err != nil {
				return err
			}
			continue // it stays pending, and holds up no other
		}
		if b.p.dirty[r.id] {
			continue // it was looked at
		}
		if r, err = b.p.row(r.id); err != nil {
			return err
		}
		rows = append(rows, r)
	}
	if !withdrawn && len(rows) < listAt {
		return nil
	}
	pages, err := b.pages(rows)
	if err != nil {
		return err
	}
	for _, p := range pages {
		r, err := newRecord(b.at.time(), p)
		if err != nil {
			return err
		}
		r.seq = b.state.position + 1
		if err := b.apply(&r); err != nil {
			return err
		}
	}
	return nil
}

// pages makes lists of rows.
func (b *batch) pages(rows []*row) ([]*feeds.Listed, error) {
	last := b.through
	listing := func(r *row) (stamp, []uint32) {
		switch left, ok := b.left[r.id]; {
		case r.view.published:
			return r.view.order, r.view.terms
		case ok:
			return r.was.order, left
		}
		return r.listed.order, r.listed.terms
	}
	slices.SortFunc(rows, func(x, y *row) int {
		p, _ := listing(x)
		q, _ := listing(y)
		return cmp.Or(cmp.Compare(p, q), cmp.Compare(x.id, y.id))
	})
	var out []*feeds.Listed
	for part := range slices.Chunk(rows, listMost) {
		last++
		f := &feeds.Listed{Number: last, Entries: make([]feeds.Listing, len(part))}
		at := map[uint32]int{}
		for i, r := range part {
			order, terms := listing(r)
			e := feeds.Listing{Statement: r.id, Order: order.time(), Again: r.listed != nil, Withdrawn: !r.view.published}
			for _, t := range terms {
				place, ok := at[t]
				if !ok {
					name, err := b.store.termName(b.tables, t)
					if err != nil {
						return nil, err
					}
					place = len(f.Terms)
					at[t], f.Terms = place, append(f.Terms, name)
				}
				e.Terms = append(e.Terms, place)
			}
			f.Entries[i] = e
		}
		out = append(out, f)
	}
	return out, nil
}

// termName gives the term of a number. Only the writer calls it.
func (s *Store) termName(t *tables, number uint32) (string, error) {
	name, ok := s.names[number]
	if !ok {
		s.names = map[uint32]string{}
		c := t.terms.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			s.names[binary.BigEndian.Uint32(v)] = string(k)
		}
		if name, ok = s.names[number]; !ok {
			return "", fmt.Errorf("no term has the number %d", number)
		}
	}
	return name, nil
}

// conclude says what a finished batch has to say further, in its transaction.
func (s *Store) conclude(tx *bbolt.Tx, b *batch) (*batch, error) {
	said, err := b.closing()
	if err != nil || len(said) == 0 {
		return b, err
	}
	next, err := s.newBatch(tx)
	if err != nil {
		return b, err
	}
	maps.Copy(next.newTerms, b.newTerms)
	next.telling = b.telling
	for _, f := range said {
		r, err := newRecord(b.at.time(), f)
		if err != nil {
			return b, err
		}
		r.seq = next.state.position + 1
		if err := next.apply(&r); err != nil {
			return b, err
		}
	}
	return next, next.finish()
}

// catchUp lists what is pending in a store that was filled without a register.
func (s *Store) catchUp() error {
	return s.db().Update(func(tx *bbolt.Tx) error {
		b, err := s.newBatch(tx)
		if err != nil || b.pending.Sequence() < listAt {
			return err
		}
		last, err := b.logRow(b.state.position)
		if err != nil {
			return err
		}
		b.listing, b.at = true, last.at
		if err := b.finish(); err != nil {
			return err
		}
		b.written()
		return nil
	})
}

// register checks the register against the projection.
func (v *verifier) register() {
	var top newest
	gone, pending, kept := 0, 0, 0
	slices.SortFunc(v.p.lists, func(a, b listPage) int { return cmp.Compare(a.number, b.number) })
	for i := range v.p.lists {
		p := &v.p.lists[i]
		want, err := p.encode(func(id feeds.StatementID) (uint32, error) {
			r, err := v.row(id)
			return r.number, err
		})
		if got := v.lists.Get(be(p.number)); err != nil || !bytes.Equal(got, want) {
			v.fault("list %d: stored as %x, the records lead to %x (%v)", p.number, got, want, err)
		}
		for j := range p.entries {
			if e := &p.entries[j]; e.withdrawn {
				gone++
				r, err := v.row(e.id)
				if err != nil || !bytes.Equal(v.gone.Get(goneKey(p.number, j)), appendGone(nil, r.number, p.said, e.terms)) {
					v.fault("list %d: what it says of %s is not among what was withdrawn (%v)", p.number, e.id, err)
				}
			}
		}
		top = top.with(p)
	}
	if len(v.p.lists) > 0 && !bytes.Equal(v.lists.Get(be(0)), top.encode()) {
		v.fault("the newest Orders of the register are stored as %x, the records lead to %x", v.lists.Get(be(0)), top.encode())
	}
	for id, r := range v.p.rows {
		if r.isPending() {
			pending++
			if got, err := v.row(id); err != nil || v.pending.Get(binary.BigEndian.AppendUint32(nil, got.number)) == nil {
				v.fault("statement %s: it is not listed as it is, and not pending (%v)", id, err)
			}
		}
	}
	for _, k := range v.p.kept {
		kept++
		if got := v.kept.Get(keptKey(k.id, k.through)); !bytes.Equal(got, be(k.seq)) {
			v.fault("what was kept of %s through %d is stored as of record %x, want %d", k.id, k.through, got, k.seq)
		}
	}
	v.same("lists", max(size(v.lists.Bucket)-1, 0), len(v.p.lists))
	v.same("withdrawn", size(v.gone), gone)
	v.same("pending", size(v.pending), pending)
	v.same("pending, as counted", int(v.pending.Sequence()), pending)
	v.same("kept", size(v.kept), kept)
}

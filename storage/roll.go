package storage

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync"

	"communique/feeds"
	"communique/feeds/words"
	"communique/internal/recent"
)

// The roll is the register cut into blocks of archiveSize whatever is asked for,
// for searches. Of what a statement's words were when a list was said nothing is
// known for good: they are forgotten when it is withdrawn. So a search cannot
// count its own documents off. Its documents are what meets it of a fixed number of
// blocks instead; whether there is anything in them or not, each is what it was.
//
// A statement has a place in the roll when it is listed first, and a further one
// whenever it may have come to meet what it did not: when it is listed again, and
// when what it was is kept (Kept), as its words may be others since. A search shows
// it in the first of the places where it met it, as it was when the block was sealed.
//
// What is behind a search's last document, its cut, stands in its current document.
// Where the cut is may change at any time: the documents do not go by it.
type roll struct {
	mu       sync.RWMutex
	position uint64 // of the store, when it was read last
	through  uint64 // the last list that was read
	nth      uint64
	held     []held
	blocks   []sealed
	last     []uint32            // of each row the last block that it stands in, counted from 1; 0 for none
	earlier  map[uint32][]uint32 // of those in several the blocks before
	astir    []uint32            // rows that have changed since their last block was sealed
	moving   map[uint32]*bitmap  // of each segment, the places of those

	reach    []uint32   // of each segment, the last block that any of its statements stands in; unsealed for none
	sealedIn [][]uint32 // and of each of its places, the block that its row stood in last
	reachFor int        // how many blocks there were then, and 1

	texts texts
}

// unsealed is the block of what is in none yet.
const unsealed = math.MaxUint32

const (
	// spread is how many times more blocks the documents of the next series are made of.
	spread = 10
	// widest is how many blocks a document is made of at most.
	widest = spread * spread
	// mostMore is how many statements more than it has to a search's current
	// document may keep for the sake of documents with more in them.
	mostMore = 2 * archiveSize
)

// cut is where a search's archives end.
type cut struct {
	at    int // how many blocks there were when it was chosen, and 1; 0 when it was not
	block uint32
	width int // of a document, in blocks

	// Rows with places before the cut and behind it, by whether they are shown before
	// it, as far as that was found out; both are sorted. It takes a text to read.
	shown, unshown []uint32
}

// shows reports whether a row is shown before the cut.
func (c *cut) shows(h *hunt, row uint32) (bool, error) {
	i, yes := slices.BinarySearch(c.shown, row)
	j, no := slices.BinarySearch(c.unshown, row)
	if yes || no {
		return yes, nil
	}
	r, err := h.t.rowAt(row)
	if err != nil {
		return false, err
	}
	if yes, err = h.shown(r, c.block); err != nil {
		return false, err
	}
	if yes {
		c.shown = slices.Insert(c.shown, i, row)
	} else {
		c.unshown = slices.Insert(c.unshown, j, row)
	}
	return yes, nil
}

// rolled runs fn in a transaction for which the roll is read.
func (s *Store) rolled(fn func(*tables) error) error {
	for {
		read := false
		s.roll.mu.RLock()
		err := s.view(func(t *tables) error {
			st, err := decodeState(t.meta.Get(stateKey))
			if read = st.position == s.roll.position; err != nil || !read {
				return err
			}
			return fn(t)
		})
		s.roll.mu.RUnlock()
		if read || err != nil {
			return err
		}
		s.roll.mu.Lock()
		err = s.view(s.roll.read) // begun while nobody else reads on, so never behind what was read
		s.roll.mu.Unlock()
		if err != nil {
			return fmt.Errorf("roll: %w", err)
		}
	}
}

// read takes in what is new.
func (r *roll) read(t *tables) error {
	st, err := decodeState(t.meta.Get(stateKey))
	if err != nil || st.position == r.position {
		return err
	}
	// What changed after which list. Behind the last list more may come.
	changed := map[uint64][]feeds.StatementID{}
	c := t.kept.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if through := binary.BigEndian.Uint64(k[maxID:]); through >= r.through {
			n := maxID
			for n > 0 && k[n-1] == 0 {
				n--
			}
			changed[through] = append(changed[through], feeds.StatementID(k[:n]))
		}
	}
	lists := t.lists.Cursor()
	for k, v := lists.Seek(be(r.through + 1)); k != nil; k, v = lists.Next() {
		number := binary.BigEndian.Uint64(k)
		if number != r.through+1 {
			break // it is still to come from the other journal
		}
		l, err := parseList(v)
		if err == nil {
			err = r.take(t, number, l, changed[number-1])
		}
		if err != nil {
			return unread(err, "list %d", number)
		}
		r.through = number
	}
	r.astir = r.astir[:0]
	for _, id := range changed[r.through] {
		row, err := t.row(id)
		if err != nil {
			return err
		}
		if r.block(row.number) != unsealed {
			r.astir = append(r.astir, row.number)
		}
	}
	for _, h := range r.held {
		if r.block(h.row) != unsealed {
			r.astir = append(r.astir, h.row)
		}
	}
	slices.Sort(r.astir)
	r.astir = slices.Compact(r.astir)
	r.moving = map[uint32]*bitmap{}
	for _, row := range r.astir {
		at, published, err := decodeSlot(t.rows.Get(binary.BigEndian.AppendUint32(nil, row)))
		if err != nil {
			return err
		}
		if !published {
			continue
		}
		if r.moving[at.segment()] == nil {
			r.moving[at.segment()] = new(bitmap)
		}
		r.moving[at.segment()].put(at.place())
	}
	if r.reachFor != len(r.blocks)+1 {
		if err := r.measure(t); err != nil {
			return err
		}
	}
	r.position = st.position
	return nil
}

// take takes in one list, and what had changed by then.
func (r *roll) take(t *tables, number uint64, l list, changed []feeds.StatementID) error {
	place := map[uint32]int{}
	for i, h := range r.held {
		place[h.row] = i
	}
	hold := func(row uint32, order stamp) {
		if i, is := place[row]; is {
			if order != 0 {
				r.held[i].order = order
			}
			return
		}
		r.nth++
		place[row] = len(r.held)
		r.held = append(r.held, held{row, order, r.nth})
	}
	for i := range l.n {
		if l.flags[i]&flagWithdrawn == 0 {
			hold(l.row(i), l.order(i))
		}
	}
	for _, id := range changed {
		row, err := t.row(id)
		if err != nil {
			return err
		}
		if r.block(row.number) != unsealed {
			hold(row.number, 0)
		}
	}
	var blocks []sealed
	blocks, r.held = seal(r.held, ArchiveKeep, number)
	for _, b := range blocks {
		r.blocks = append(r.blocks, b)
		for _, row := range b.rows {
			if more := int(row) + 1 - len(r.last); more > 0 {
				r.last = append(r.last, make([]uint32, more)...)
			}
			if was := r.last[row]; was != 0 {
				if r.earlier == nil {
					r.earlier = map[uint32][]uint32{}
				}
				r.earlier[row] = append(r.earlier[row], was)
			}
			r.last[row] = uint32(len(r.blocks))
		}
	}
	return nil
}

// block gives the last block that a row stands in.
func (r *roll) block(row uint32) uint32 {
	if int(row) >= len(r.last) || r.last[row] == 0 {
		return unsealed
	}
	return r.last[row]
}

// measure finds out how far each segment reaches. Statements that are published
// anew come into the last segment or behind it.
func (r *roll) measure(t *tables) error {
	r.reach = r.reach[:0]
	c := t.segments.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		s, err := parseSegment(v)
		if err != nil {
			return err
		}
		number := binary.BigEndian.Uint32(k)
		live, err := t.live(number)
		if err != nil {
			return err
		}
		for len(r.reach) <= int(number) {
			r.reach = append(r.reach, 0)
		}
		for len(r.sealedIn) <= int(number) {
			r.sealedIn = append(r.sealedIn, nil)
		}
		in := slices.Grow(r.sealedIn[number][:0], s.len())[:s.len()]
		for place := range in {
			in[place] = r.block(s.row(uint16(place)))
		}
		for place := range live.all() {
			r.reach[number] = max(r.reach[number], in[place])
		}
		r.sealedIn[number] = in
	}
	if n := len(r.reach); n > 0 {
		r.reach[n-1] = unsealed
	}
	r.reachFor = len(r.blocks) + 1
	return nil
}

// document gives the blocks of a document of the series that has per statements
// in each, nil when there is no such document.
func (r *roll) document(n, per int) []sealed {
	for width := 1; width <= widest; width *= spread {
		if per == width*archiveSize && n >= 1 && n <= len(r.blocks)/width {
			return r.blocks[(n-1)*width : n*width]
		}
	}
	return nil
}

// hunt is a search that is being answered.
type hunt struct {
	*roll
	store    *Store
	t        *tables
	query    *feeds.Query
	now      *merger // nil when nothing can meet it now
	met      map[uint32]*found
	clauses  map[string][]wordClause
	segments []uint32 // those that were not looked through yet; the one that reaches furthest is last
	looked   []*found // what was found in the others
}

// found is what meets the query in a segment now.
type found struct {
	run
	places bitmap
}

// sealed calls each with the places that meet the query, and the last block that
// each stands in; but for those that are astir.
func (h *hunt) sealed(f *found, each func(place uint16, block uint32)) {
	places := f.places
	if moving := h.moving[f.number]; moving != nil {
		places.without(moving)
	}
	var in []uint32
	if int(f.number) < len(h.sealedIn) {
		in = h.sealedIn[f.number]
	}
	for place := range places.all() {
		if int(place) < len(in) {
			each(place, in[place])
		} else {
			each(place, h.block(f.row(place)))
		}
	}
}

func (s *Store) hunt(t *tables, q *feeds.Query) (*hunt, error) {
	h := &hunt{roll: &s.roll, store: s, t: t, query: q, met: map[uint32]*found{}, clauses: map[string][]wordClause{}}
	c, may, err := t.condition(q)
	if err != nil {
		return nil, err
	}
	if may {
		h.now = t.merger(c)
		k, _ := t.segments.Cursor().Last()
		for i := 0; k != nil && i <= int(binary.BigEndian.Uint32(k)); i++ {
			h.segments = append(h.segments, uint32(i))
		}
		slices.SortStableFunc(h.segments, func(a, b uint32) int { return cmp.Compare(h.reachOf(a), h.reachOf(b)) })
	}
	return h, nil
}

func (h *hunt) reachOf(segment uint32) uint32 {
	if int(segment) < len(h.reach) {
		return h.reach[segment]
	}
	return unsealed
}

// in finds what meets the query in a segment.
func (h *hunt) in(segment uint32) (*found, error) {
	if f := h.met[segment]; f != nil {
		return f, nil
	}
	s, err := parseSegment(h.t.segments.Get(binary.BigEndian.AppendUint32(nil, segment)))
	if err != nil {
		return nil, err
	}
	f := &found{run: run{segment: s, number: segment, reach: s.len()}}
	h.met[segment] = f
	_, err = h.now.meet(&f.run, &f.places, h.now)
	if err != nil {
		f.places = bitmap{}
	}
	return f, err
}

// behind looks through all segments that reach behind a block.
func (h *hunt) behind(block uint32) error {
	for n := len(h.segments); n > 0 && h.reachOf(h.segments[n-1]) > block; n = len(h.segments) {
		f, err := h.in(h.segments[n-1])
		if err != nil {
			return err
		}
		h.segments, h.looked = h.segments[:n-1], append(h.looked, f)
	}
	return nil
}

// headcount counts what meets a query by where it stands.
type headcount struct {
	*hunt
	counted int   // of the segments that were looked through
	sealed  []int // by the last block that each stands in; what is in none yet counts for one more
}

// behind gives how many lie behind a block, of the segments that reach that far.
func (c *headcount) behind(block uint32) (int, error) {
	if err := c.hunt.behind(block); err != nil {
		return 0, err
	}
	for _, f := range c.looked[c.counted:] {
		c.hunt.sealed(f, func(_ uint16, block uint32) { c.sealed[min(int(block), len(c.sealed)-1)]++ })
	}
	c.counted = len(c.looked)
	n := 0
	for b := len(c.sealed) - 1; b > int(block); b-- {
		n += c.sealed[b]
	}
	return n, nil
}

// meets reports whether a row meets the query now.
func (h *hunt) meets(number uint32) (bool, error) {
	if h.now == nil {
		return false, nil
	}
	at, published, err := decodeSlot(h.t.rows.Get(binary.BigEndian.AppendUint32(nil, number)))
	if err != nil || !published {
		return false, err
	}
	f, err := h.in(at.segment())
	if err != nil {
		return false, err
	}
	return f.places.has(at.place()), nil
}

// metAt reports whether a row met the query when a block was sealed; was is what it
// was then when it is another now.
func (h *hunt) metAt(r *row, block uint32) (yes bool, was *feeds.Statement, err error) {
	st, ok, err := h.store.keptAs(h.t, r.id, h.blocks[block-1].by)
	if err != nil {
		return false, nil, err
	}
	if !ok {
		yes, err = h.meets(r.number)
		return yes, nil, err
	}
	yes, err = h.metBy(&st, h.query)
	return yes, &st, err
}

// shown reports whether the row is shown in a document up to a block.
func (h *hunt) shown(r *row, block uint32) (bool, error) {
	for _, b := range append(slices.Clone(h.earlier[r.number]), h.block(r.number)) {
		if b > block {
			break
		}
		if yes, _, err := h.metAt(r, b); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

// choose chooses where the archives end: behind it there are keep
// statements that meet the query, if there are so many. Where they are rare,
// documents are made of more blocks.
func (h *hunt) choose(keep int) (cut, error) {
	c := cut{at: len(h.blocks) + 1, width: 1}
	all := headcount{hunt: h, sealed: make([]int, len(h.blocks)+2)}
	for len(h.segments) > 0 {
		reach := h.reachOf(h.segments[len(h.segments)-1])
		if n, err := all.behind(reach); err != nil {
			return c, err
		} else if reach == 0 || n >= keep {
			break
		}
		if _, err := all.behind(reach - 1); err != nil {
			return c, err
		}
	}
	last := len(all.sealed) // the block that the last of those that are to be kept stands in
	for n := 0; n < keep; n += all.sealed[last] {
		if last--; last == 0 {
			return c, nil
		}
	}
	block := uint32(last - 1)
	for w := spread; w <= widest && len(h.blocks)-int(block) > w; w *= spread {
		c.width = w
	}
	for ; c.width > 1; c.width /= spread {
		c.block = block / uint32(c.width) * uint32(c.width)
		if n, err := all.behind(c.block); err != nil || n <= keep+mostMore {
			return c, err
		}
	}
	c.block = block
	return c, nil
}

// standing is Standing for a search.
func (s *Store) standing(a *Archive) (out Standing, err error) {
	err = s.rolled(func(t *tables) error {
		h, err := s.hunt(t, &a.query)
		if err != nil {
			return err
		}
		if a.cut.at != len(h.blocks)+1 {
			if a.cut, err = h.choose(a.keep); err != nil {
				return err
			}
		}
		if err := h.behind(a.cut.block); err != nil {
			return err
		}
		var rows []uint32 // that meet the query and stand behind the cut
		for _, row := range h.astir {
			if yes, err := h.meets(row); err != nil {
				return err
			} else if yes {
				rows = append(rows, row)
			}
		}
		for _, f := range h.looked {
			h.sealed(f, func(place uint16, block uint32) {
				if block > a.cut.block {
					rows = append(rows, f.row(place))
				}
			})
		}
		for _, row := range rows {
			if first := h.first(row); first <= a.cut.block {
				if there, err := a.cut.shows(h, row); err != nil {
					return err
				} else if there {
					continue
				}
			}
			head, _, _, err := decodeHead(t.rows.Get(binary.BigEndian.AppendUint32(nil, row)), false)
			if err != nil {
				return err
			}
			out.Heads = append(out.Heads, head)
		}
		a.size.Store(int64(4 * (cap(a.cut.shown) + cap(a.cut.unshown))))
		slices.SortFunc(out.Heads, newestFirst)
		out.Documents, out.Per = int(a.cut.block)/a.cut.width, a.cut.width*archiveSize
		out.Withdrawn, err = t.withdrawn(t.test(a.query))
		return err
	})
	return out, err
}

// first gives the first block that a row stands in.
func (r *roll) first(row uint32) uint32 {
	if all := r.earlier[row]; len(all) > 0 {
		return all[0]
	}
	return r.block(row)
}

// searched is Archived for a search.
func (s *Store) searched(a *Archive, n, per int) (out Archived, ok bool, err error) {
	err = s.rolled(func(t *tables) error {
		blocks := s.roll.document(n, per)
		if blocks == nil {
			out.Documents = len(s.roll.blocks) * archiveSize / max(per, 1)
			return nil
		}
		ok = true
		h, err := s.hunt(t, &a.query)
		if err != nil {
			return err
		}
		loosely := t.test(a.query)
		first := uint32((n-1)*len(blocks) + 1)
		for i, doc := range blocks {
			l, err := t.lists.list(doc.by)
			if err != nil {
				return err
			}
			if at := l.said.at.time(); at.After(out.Sealed) {
				out.Sealed = at
			}
			block := first + uint32(i)
			for _, number := range doc.rows {
				r, err := t.rowAt(number)
				if err != nil {
					return err
				}
				if err := h.show(&out, r, block, loosely); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.sort()
	return out, ok, err
}

// show puts into a document what it shows of a row of one of its blocks.
func (h *hunt) show(out *Archived, r *row, block uint32, loosely *test) error {
	root, err := rootOf(h.t.row, r)
	if err != nil {
		return err
	}
	if !root.view.published {
		// What it said may be known no more, and in which of its blocks it was shown.
		was, ok, err := h.store.keptAs(h.t, r.id, h.blocks[block-1].by)
		if err != nil {
			return err
		}
		met := !ok && r.listed != nil && loosely.meets(r.listed.terms)
		if ok {
			if met, err = h.metBy(&was, h.query); err != nil {
				return err
			}
		}
		if met {
			return h.t.left(out, r, root)
		}
		return nil
	}
	yes, was, err := h.metAt(r, block)
	if err != nil || !yes {
		return err
	}
	if h.first(r.number) < block {
		if there, err := h.shown(r, block-1); there || err != nil {
			return err
		}
	}
	if was == nil {
		st, ok, err := h.store.assemble(h.t, r.id, nil)
		if err != nil || !ok || st.ID != r.id {
			return err
		}
		was = &st
	}
	out.Statements = append(out.Statements, *was)
	return nil
}

// metBy reports whether a statement that is no more as it was met a query.
func (h *hunt) metBy(st *feeds.Statement, q *feeds.Query) (bool, error) {
	for _, scheme := range []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event} {
		if terms := *q.Terms(scheme); len(terms) > 0 && !slices.ContainsFunc(terms, func(term string) bool { return st.Has(feeds.Tag{Scheme: scheme, Term: term}) }) {
			return false, nil
		}
	}
	carried := func(fits func(*feeds.StatedCopy) bool) bool {
		for i := range st.Copies {
			if fits(&st.Copies[i]) {
				return true
			}
		}
		return false
	}
	if len(q.Sources) > 0 && !carried(func(c *feeds.StatedCopy) bool { return slices.Contains(q.Sources, c.Item.Source()) }) {
		return false, nil
	}
	if len(q.Languages) > 0 && !carried(func(c *feeds.StatedCopy) bool {
		return slices.ContainsFunc(q.Languages, func(l string) bool { return c.Language != "" && languageTerm(l) == languageTerm(c.Language) })
	}) {
		return false, nil
	}
	if q.Words != "" {
		if yes, err := h.spoke(st, q.Words); !yes || err != nil {
			return false, err
		}
	}
	for i := range q.Not {
		if yes, err := h.metBy(st, &q.Not[i]); yes || err != nil {
			return false, err
		}
	}
	for i := range q.Any {
		if yes, err := h.metBy(st, &q.Any[i]); yes || err != nil {
			return yes, err
		}
	}
	return len(q.Any) == 0, nil
}

// spoke reports whether a statement had the words of a search.
func (h *hunt) spoke(st *feeds.Statement, search string) (bool, error) {
	clauses, known := h.clauses[search]
	if !known {
		var err error
		parts := 0
		if clauses, err = h.t.wordClauses(search, &parts); err != nil {
			return false, err
		}
		h.clauses[search] = clauses
	}
	said := termsOf(&h.texts, st)
	for i := range clauses {
		c := &clauses[i]
		if slices.ContainsFunc(c.ways, func(way wordWay) bool { return follow(said, way.parts) }) == c.not {
			return false, nil
		}
	}
	return len(clauses) > 0, nil
}

// texts are the words of statements that are no more as they were, of those that were
// looked at lately: searches have the same few between their cut and their end.
type texts = recent.Map[textKey, map[int][]string]

type textKey struct {
	id  feeds.StatementID
	seq uint64
}

const maxTexts = 100 // of a generation

// termsOf gives the terms of a statement by their places.
func termsOf(c *texts, st *feeds.Statement) map[int][]string {
	key := textKey{st.ID, st.Seq}
	said, ok := c.Get(key)
	if ok {
		return said
	}
	said = map[int][]string{}
	language := ""
	reader := words.Reader{Word: func(w []byte, at int) {
		said[at] = append(said[at], string(words.AppendTerm(nil, w, language)))
	}}
	for i := range st.Copies {
		c := &st.Copies[i]
		language = words.Stems(c.Language)
		reader.Article(c.Title, c.Summary, c.Content)
	}
	c.Put(key, said)
	return said
}

// follow reports whether what was said has the sequence.
func follow(said map[int][]string, way []*words.Pattern) bool {
	for at := range said {
		n := 0
		for n < len(way) && slices.ContainsFunc(said[at+n], way[n].Finds) {
			n++
		}
		if n == len(way) {
			return true
		}
	}
	return false
}

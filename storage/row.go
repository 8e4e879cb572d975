package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"communique/feeds"
)

// row is what the projection keeps for one statement id that was ever said:
// the items said to be of it, what an operator said of it, and where it was
// joined to. Rows form trees, a loser below its winner; the row at the root
// also carries the view, which speaks for the whole tree and is what selections
// see.
type row struct {
	id       feeds.StatementID
	items    []item // sorted by key
	mod      *moderation
	join     *join
	children []feeds.StatementID // sorted; those whose join names this id

	// touched is the last fact that took something away from the tree: it is
	// in none of the tree's items any more, but caches must notice it.
	touched touch

	listed *listed // register.go; nil when it never was

	view view

	number uint32      // the row's key in the file, given once; 0 when the file has no such row
	slot   slot        // where the index has it, while it is published
	moves  bool        // it is to have another slot
	was    view        // as the file has it
	wasBy  []feeds.Key // the keys that the file finds it by
}

// keys gives the dedup keys of the row's items, sorted, each once.
func (r *row) keys() []feeds.Key {
	if len(r.items) == 1 && len(r.items[0].keys) == 1 {
		return r.items[0].keys
	}
	var out []feeds.Key
	for i := range r.items {
		out = append(out, r.items[i].keys...)
	}
	slices.SortFunc(out, compareKeys)
	return slices.Compact(out)
}

// item is the summary of an Observed or Gone.
type item struct {
	key       feeds.ItemKey
	said      touch
	firstSeen stamp
	order     stamp
	live      bool // Observed and not withheld, not Gone
	origin    bool
	terms     []uint32    // sorted: tags, language, source; none when it is not live
	keys      []feeds.Key // what it is found by
	echo      *echo       // nil when it is none
}

// echo is what an item has that says no more than another.
type echo struct {
	of   feeds.ItemKey
	tags []uint32 // sorted; they are not among its terms
}

// touch is a place in the journal.
type touch struct {
	seq uint64
	at  stamp
}

func (t *touch) rise(u touch) {
	if u.seq > t.seq {
		*t = u
	}
}

// moderation is the summary of a Moderated.
type moderation struct {
	said touch
	hide bool
	add  []uint32
	cut  []uint32
}

// join is the summary of a Joined; a winner that is the loser itself means
// that it stands apart.
type join struct {
	said   touch
	winner feeds.StatementID
}

// view is a statement as selections see it.
type view struct {
	published bool // it has live copies and is not hidden
	hidden    bool
	copies    int   // live ones
	said      touch // the last fact that touched it
	order     stamp
	terms     []uint32 // sorted
}

// parent gives the id that the row was joined to, "" when it stands apart.
func (r *row) parent() feeds.StatementID {
	if r.join == nil || r.join.winner == r.id {
		return ""
	}
	return r.join.winner
}

// isEmpty reports that nothing is known of the id.
func (r *row) isEmpty() bool {
	return len(r.items) == 0 && r.mod == nil && r.join == nil && len(r.children) == 0 && r.listed == nil
}

func (r *row) item(k feeds.ItemKey) (int, bool) {
	return slices.BinarySearchFunc(r.items, k, func(i item, k feeds.ItemKey) int { return cmp.Compare(i.key, k) })
}

// byArrival orders items as a statement's copies are: by first sight, in one
// visit the origin first, then by key so that it is the same everywhere.
func byArrival(a, b item) int {
	if c := cmp.Compare(a.firstSeen, b.firstSeen); c != 0 {
		return c
	}
	if a.origin != b.origin {
		if a.origin {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.key, b.key)
}

// The stored form of a row. Integers are varints, lists start with their
// length, times are the difference to a time before them; the view comes
// first, for readers that want nothing else.

const (
	flagPublished = 1 << iota
	flagHidden
	flagModerated
	flagJoined
	flagTouched
	flagListed
)

const (
	flagLive = 1 << iota
	flagOrigin
	flagEcho
)

func (r *row) encode() []byte {
	b := make([]byte, 0, 80+2*len(r.view.terms)+160*len(r.items))
	var flags byte
	set := func(f byte, yes bool) {
		if yes {
			flags |= f
		}
	}
	set(flagPublished, r.view.published)
	set(flagHidden, r.view.hidden)
	set(flagModerated, r.mod != nil)
	set(flagJoined, r.join != nil)
	set(flagTouched, r.touched.seq != 0)
	set(flagListed, r.listed != nil)
	b = append(b, flags)
	b = appendTouch(b, r.view.said)
	b = appendString(b, string(r.id))
	b = binary.BigEndian.AppendUint64(b, uint64(r.view.order))
	b = binary.AppendUvarint(b, uint64(r.slot))
	b = binary.AppendUvarint(b, uint64(r.view.copies))
	b = appendTerms(b, r.view.terms)

	b = binary.AppendUvarint(b, uint64(len(r.items)))
	for i := range r.items {
		it := &r.items[i]
		flags = 0
		set(flagLive, it.live)
		set(flagOrigin, it.origin)
		set(flagEcho, it.echo != nil)
		b = append(b, flags)
		b = appendString(b, string(it.key))
		b = appendTouch(b, it.said)
		b = binary.AppendVarint(b, int64(it.said.at-it.firstSeen))
		b = binary.AppendVarint(b, int64(it.firstSeen-it.order))
		b = appendTerms(b, it.terms)
		b = binary.AppendUvarint(b, uint64(len(it.keys)))
		for _, k := range it.keys {
			b = appendKey(b, k)
		}
		if it.echo != nil {
			b = appendString(b, string(it.echo.of))
			b = appendTerms(b, it.echo.tags)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.children)))
	for _, c := range r.children {
		b = appendString(b, string(c))
	}
	if r.mod != nil {
		b = appendTouch(b, r.mod.said)
		flags = 0
		set(flagHidden, r.mod.hide)
		b = append(b, flags)
		b = appendTerms(b, r.mod.add)
		b = appendTerms(b, r.mod.cut)
	}
	if r.join != nil {
		b = appendTouch(b, r.join.said)
		b = appendString(b, string(r.join.winner))
	}
	if r.touched.seq != 0 {
		b = appendTouch(b, r.touched)
	}
	if r.listed != nil {
		b = r.listed.append(b, &r.view)
	}
	return b
}

func appendTouch(b []byte, t touch) []byte {
	b = binary.AppendUvarint(b, t.seq)
	return binary.BigEndian.AppendUint64(b, uint64(t.at))
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendTerms(b []byte, terms []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(terms)))
	var before uint32
	for _, t := range terms {
		b = binary.AppendUvarint(b, uint64(t-before))
		before = t
	}
	return b
}

var errRow = errors.New("a statement's row is cut short or damaged")

// decodeRow reads the row stored under the number; it shares no memory with b.
func decodeRow(number uint32, b []byte) (*row, error) {
	r := &row{number: number}
	d := reader{b: b}
	flags := d.byte()
	r.view = view{published: flags&flagPublished != 0, hidden: flags&flagHidden != 0, said: d.touch()}
	r.id = feeds.StatementID(d.string())
	r.view.order = stamp(d.uint64())
	r.slot = slot(d.uvarint())
	r.view.copies = int(d.uvarint())
	r.view.terms = d.terms()
	r.items = make([]item, d.length())
	for i := range r.items {
		f := d.byte()
		it := item{live: f&flagLive != 0, origin: f&flagOrigin != 0}
		it.key = feeds.ItemKey(d.string())
		it.said = d.touch()
		it.firstSeen = it.said.at - stamp(d.varint())
		it.order = it.firstSeen - stamp(d.varint())
		it.terms = d.terms()
		if n := d.length(); n > 0 && n <= len(d.b)/9 {
			it.keys = make([]feeds.Key, n)
			for i := range it.keys {
				it.keys[i] = feeds.Key{Kind: d.byte(), Hash: d.uint64()}
			}
		} else if n > 0 {
			d.fail()
		}
		if f&flagEcho != 0 {
			it.echo = &echo{of: feeds.ItemKey(d.string()), tags: d.terms()}
		}
		r.items[i] = it
	}
	if n := d.length(); n > 0 {
		r.children = make([]feeds.StatementID, n)
		for i := range r.children {
			r.children[i] = feeds.StatementID(d.string())
		}
	}
	if flags&flagModerated != 0 {
		m := &moderation{said: d.touch()}
		m.hide = d.byte()&flagHidden != 0
		m.add, m.cut = d.terms(), d.terms()
		r.mod = m
	}
	if flags&flagJoined != 0 {
		r.join = &join{said: d.touch()}
		r.join.winner = feeds.StatementID(d.string())
	}
	if flags&flagTouched != 0 {
		r.touched = d.touch()
	}
	if flags&flagListed != 0 {
		r.listed = d.listed(&r.view)
	}
	if d.bad || len(d.b) != 0 {
		return nil, errRow
	}
	r.was, r.wasBy = r.view, r.keys()
	return r, nil
}

// decodeSaid reads the start of a stored row only: the last fact that touched
// the statement.
func decodeSaid(b []byte) (touch, error) {
	d := reader{b: b}
	d.byte()
	said := d.touch()
	if d.bad {
		return touch{}, errRow
	}
	return said, nil
}

// reader takes a stored row apart; once it ran out it gives zeros and is bad.
type reader struct {
	b   []byte
	bad bool
}

func (d *reader) fail() { d.b, d.bad = nil, true }

func (d *reader) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *reader) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *reader) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *reader) uint64() uint64 {
	if len(d.b) < 8 {
		d.fail()
		return 0
	}
	v := binary.BigEndian.Uint64(d.b)
	d.b = d.b[8:]
	return v
}

// length reads the length of a list, each member of which takes an octet or more.
func (d *reader) length() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *reader) string() string {
	n := d.length()
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *reader) touch() touch { return touch{d.uvarint(), stamp(d.uint64())} }

func (d *reader) terms() []uint32 {
	n := d.length()
	if n == 0 {
		return nil
	}
	out := make([]uint32, n)
	var before uint32
	for i := range out {
		before += uint32(d.uvarint())
		out[i] = before
	}
	return out
}

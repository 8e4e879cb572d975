package storage

import (
	"fmt"
	"slices"
	"sync"

	"communique/feeds"
)

// The rows of Listed and Kept. Both are compact in the log itself; Kept is
// packed as contents are.

type listedRow struct {
	Number  uint64       `cbor:"1,keyasint"`
	Terms   []string     `cbor:"2,keyasint"`
	Entries []listingRow `cbor:"3,keyasint"`
}

type listingRow struct {
	_         struct{} `cbor:",toarray"`
	Statement feeds.StatementID
	Order     stamp
	Terms     []int
	Again     bool
	Withdrawn bool
}

type keptRow struct {
	Statement feeds.StatementID `cbor:"1,keyasint"`
	Through   uint64            `cbor:"2,keyasint"`
	Was       []byte            `cbor:"3,keyasint"` // a wasRow, packed
}

// wasRow is a statement as far as readers see it in a feed.
type wasRow struct {
	Copies    []wasCopy   `cbor:"1,keyasint,omitempty"`
	Tags      []feeds.Tag `cbor:"2,keyasint,omitempty"`
	Published stamp       `cbor:"3,keyasint,omitempty"`
	FirstSeen stamp       `cbor:"4,keyasint,omitempty"`
	Updated   stamp       `cbor:"5,keyasint,omitempty"`
	Order     stamp       `cbor:"6,keyasint,omitempty"`
	Changed   stamp       `cbor:"7,keyasint,omitempty"`
	Seq       uint64      `cbor:"8,keyasint,omitempty"`
}

type wasCopy struct {
	Copy      copyRow        `cbor:"1,keyasint"`
	Item      feeds.ItemKey  `cbor:"2,keyasint"`
	Relation  feeds.Relation `cbor:"3,keyasint,omitempty"`
	Of        feeds.ItemKey  `cbor:"4,keyasint,omitempty"`
	Near      []feeds.Near   `cbor:"5,keyasint,omitempty"` // related ones, without reasons
	FirstSeen stamp          `cbor:"6,keyasint,omitempty"`
	Changed   stamp          `cbor:"7,keyasint,omitempty"`
	Revision  int            `cbor:"8,keyasint,omitempty"`
	Priority  int            `cbor:"9,keyasint,omitempty"`
}

// wasOf leaves of a statement what a feed shows.
func wasOf(st *feeds.Statement) *wasRow {
	w := &wasRow{Published: stampOf(st.Published), FirstSeen: stampOf(st.FirstSeen), Updated: stampOf(st.Updated),
		Order: stampOf(st.Order), Changed: stampOf(st.Changed), Seq: st.Seq}
	for _, t := range st.Taggings {
		if t.Tag.Scheme != feeds.Mention {
			w.Tags = append(w.Tags, t.Tag)
		}
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		was := wasCopy{Copy: copyRow{Copy: c.Copy, Published: stampOf(c.Published), Updated: stampOf(c.Updated)},
			Item: c.Item, Relation: c.Relation, Of: c.Of, FirstSeen: stampOf(c.FirstSeen), Changed: stampOf(c.Changed),
			Revision: c.Revision, Priority: c.Priority}
		was.Copy.Notes = nil
		for _, n := range c.Near {
			if n.Related {
				was.Near = append(was.Near, feeds.Near{Statement: n.Statement, Score: n.Score, Related: true})
			}
		}
		w.Copies = append(w.Copies, was)
	}
	return w
}

func (w *wasRow) statement(id feeds.StatementID) feeds.Statement {
	st := feeds.Statement{ID: id, Published: w.Published.time(), FirstSeen: w.FirstSeen.time(), Updated: w.Updated.time(),
		Order: w.Order.time(), Changed: w.Changed.time(), Seq: w.Seq}
	for _, t := range w.Tags {
		st.Taggings = append(st.Taggings, feeds.Tagging{Tag: t})
	}
	for i := range w.Copies {
		c := &w.Copies[i]
		k := feeds.StatedCopy{Copy: c.Copy.Copy, Item: c.Item, Relation: c.Relation, Of: c.Of, Near: c.Near,
			FirstSeen: c.FirstSeen.time(), Changed: c.Changed.time(), Revision: c.Revision, Priority: c.Priority}
		k.Published, k.Updated = c.Copy.Published.time(), c.Copy.Updated.time()
		st.Copies = append(st.Copies, k)
	}
	return st
}

// shown gives what a reader would notice, to compare.
func (w *wasRow) shown() ([]byte, error) {
	same := *w
	same.Changed, same.Seq = 0, 0
	same.Copies = slices.Clone(w.Copies)
	for i := range same.Copies {
		same.Copies[i].Revision = 0
		same.Copies[i].Copy.LanguageRule = ""
	}
	return encoding.Marshal(&same)
}

// keeper packs what was kept. It is one for all stores, as records are encoded
// before it is known for which.
var keeper = sync.OnceValues(newPacker)

func rowOfListed(f *feeds.Listed) *listedRow {
	row := &listedRow{Number: f.Number, Terms: f.Terms, Entries: make([]listingRow, len(f.Entries))}
	for i, e := range f.Entries {
		row.Entries[i] = listingRow{Statement: e.Statement, Order: stampOf(e.Order), Terms: e.Terms, Again: e.Again, Withdrawn: e.Withdrawn}
	}
	return row
}

func rowOfKept(f *feeds.Kept) (*keptRow, error) {
	b, err := encoding.Marshal(wasOf(&f.Was))
	if err != nil {
		return nil, err
	}
	p, err := keeper()
	if err != nil {
		return nil, err
	}
	return &keptRow{Statement: f.Statement, Through: f.Through, Was: p.pack(b)}, nil
}

func decodeListed(meta []byte) (*feeds.Listed, error) {
	var row listedRow
	if err := decoding.Unmarshal(meta, &row); err != nil {
		return nil, err
	}
	f := &feeds.Listed{Number: row.Number, Terms: row.Terms, Entries: make([]feeds.Listing, len(row.Entries))}
	for i, e := range row.Entries {
		f.Entries[i] = feeds.Listing{Statement: e.Statement, Order: e.Order.time(), Terms: e.Terms, Again: e.Again, Withdrawn: e.Withdrawn}
	}
	return f, checkListed(f)
}

func decodeKept(meta []byte) (*feeds.Kept, error) {
	var row keptRow
	if err := decoding.Unmarshal(meta, &row); err != nil {
		return nil, err
	}
	p, err := keeper()
	if err != nil {
		return nil, err
	}
	b, err := p.unpack(nil, row.Was)
	if err != nil {
		return nil, err
	}
	var was wasRow
	if err := decoding.Unmarshal(b, &was); err != nil {
		return nil, err
	}
	return &feeds.Kept{Statement: row.Statement, Through: row.Through, Was: was.statement(row.Statement)}, nil
}

// checkListed refuses a list that names terms which it does not have.
func checkListed(f *feeds.Listed) error {
	if f.Number == 0 {
		return fmt.Errorf("%T: a list without a number", f)
	}
	if len(f.Entries) > listMost {
		return fmt.Errorf("%T %d: %d entries, want %d at most", f, f.Number, len(f.Entries), listMost)
	}
	for _, t := range f.Terms {
		if t == "" || len(t) > maxName+1 {
			return fmt.Errorf("%T %d: term %.40q has %d octets, want 1 to %d", f, f.Number, t, len(t), maxName+1)
		}
	}
	for _, e := range f.Entries {
		if len(e.Statement) == 0 || len(e.Statement) > maxID {
			return fmt.Errorf("%T %d: statement %.40q has %d octets, want 1 to %d", f, f.Number, e.Statement, len(e.Statement), maxID)
		}
		for _, t := range e.Terms {
			if t < 0 || t >= len(f.Terms) {
				return fmt.Errorf("%T %d: statement %s has the term %d of %d", f, f.Number, e.Statement, t, len(f.Terms))
			}
		}
	}
	return nil
}

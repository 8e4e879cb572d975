package push

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/feeds/serve"
	"communique/storage"
)

// reel holds the latest changes in the order of the journal, for all who follow
// it at the top. Who is further behind reads the store.
type reel struct {
	mu    sync.Mutex
	from  uint64 // the changes behind this record are here, …
	upTo  uint64 // … up to this one
	items []*change
	moved chan struct{} // closed when upTo moves
}

// change is one statement that was touched. While it is young, what was worked
// out of it is kept for all who ask the same.
type change struct {
	storage.Change
	mu    sync.Mutex
	young bool
	isNew bool                       // known with the first item, as is born
	born  time.Time                  // when it was first published
	meets map[string]bool            // by view
	items map[string]json.RawMessage // by languages
}

const (
	reelLength = 2000 // changes that are held
	youth      = 100  // of them, those that are young
	mostViews  = 256  // of a young change that are kept
	mostItems  = 16
	mostOctets = 64 << 10 // of an item that is kept
)

func newReel(at uint64) *reel { return &reel{from: at, upTo: at, moved: make(chan struct{})} }

func (r *reel) at() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.upTo
}

// wind reads on in the store and reports whether statements were touched.
func (r *reel) wind(store *storage.Store) (bool, error) {
	list, upTo, err := store.Changes(r.at())
	if err != nil {
		return false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		r.items = append(r.items, &change{Change: c, young: true})
	}
	for i := len(r.items) - youth - 1; i >= 0 && r.items[i].age(); i-- {
	}
	r.upTo = upTo
	if over := len(r.items) - reelLength; over > 0 {
		r.from = r.items[over-1].Seq
		r.items = append([]*change(nil), r.items[over:]...)
		for len(r.items) > 0 && r.items[0].Seq == r.from { // whole records only
			r.items = r.items[1:]
		}
	}
	close(r.moved)
	r.moved = make(chan struct{})
	return len(list) > 0, nil
}

// after gives the changes behind a record, up to what record they reach, and a
// channel that is closed when there is more.
func (r *reel) after(store *storage.Store, seq uint64) (list []*change, upTo uint64, more <-chan struct{}, err error) {
	r.mu.Lock()
	more = r.moved
	if seq >= r.from {
		for i := len(r.items); i > 0 && r.items[i-1].Seq > seq; i-- {
			list = r.items[i-1:]
		}
		upTo = max(seq, r.upTo)
		r.mu.Unlock()
		return list, upTo, more, nil
	}
	r.mu.Unlock()
	found, upTo, err := store.Changes(seq)
	for _, c := range found {
		list = append(list, &change{Change: c})
	}
	return list, upTo, more, err
}

// age ends a change's youth, and reports whether it was young.
func (c *change) age() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.young
	c.young, c.meets, c.items = false, nil, nil
	return was
}

// view is a selection as somebody follows it.
type view struct {
	key       string // the same for the same selection
	query     feeds.Query
	languages []string
}

// event is what a change is to a view.
type event struct {
	kind  string    // statement, withdrawn
	isNew bool      // the statement was first published with this very record
	born  time.Time // when it was first published
	data  []byte    // JSON: the item, or what was withdrawn
}

const (
	kindStatement = "statement"
	kindWithdrawn = "withdrawn"
)

// of gives what the change is to a view, nil for nothing.
func (c *change) of(v *view, store *storage.Store, site *serve.Server) (*event, error) {
	if c.Expired || c.Withheld {
		return nil, nil // nobody took it back, or nobody has ever had it
	}
	if !c.Published {
		return &event{kind: kindWithdrawn, data: withdrawn(site, c.Change)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, known := c.meets[v.key]
	if !known {
		var err error
		if found, err = meets(store, v.query, c.Head); err != nil {
			return nil, err
		}
		if c.young && len(c.meets) < mostViews {
			if c.meets == nil {
				c.meets = map[string]bool{}
			}
			c.meets[v.key] = found
		}
	}
	if !found {
		return nil, nil
	}
	data, err := c.item(v.languages, store, site)
	if err != nil || data == nil {
		return nil, err
	}
	return &event{kind: kindStatement, isNew: c.isNew, born: c.born, data: data}, nil
}

// item gives the statement as an item, nil when it has left since, which is a
// change of its own. c.mu is held.
func (c *change) item(languages []string, store *storage.Store, site *serve.Server) (json.RawMessage, error) {
	key := strings.Join(languages, ",")
	if data := c.items[key]; data != nil {
		return data, nil
	}
	sts, err := store.Statements(c.ID)
	if err != nil || len(sts) == 0 {
		return nil, err
	}
	if c.born, c.isNew, err = bornOf(store, &sts[0]); err != nil {
		return nil, err
	}
	data, err := site.Item(&sts[0], languages...)
	if err == nil && c.young && len(c.items) < mostItems && len(data) <= mostOctets {
		if c.items == nil {
			c.items = map[string]json.RawMessage{}
		}
		c.items[key] = data
	}
	return data, err
}

// bornOf tells when a statement was first published, and whether that was with the
// last word on it: it came with that, or the flood brake of its source let it go.
// A brake is known until the next one of that source.
func bornOf(store *storage.Store, st *feeds.Statement) (at time.Time, isNew bool, err error) {
	if st.Changed.Equal(st.FirstSeen) {
		return st.FirstSeen, true, nil
	}
	for i := range st.Copies {
		if !st.Copies[i].FirstSeen.Equal(st.FirstSeen) {
			continue
		}
		f, _, err := store.Visit(st.Copies[i].Item.Source())
		if err != nil {
			return at, false, err
		}
		switch b := f.Brake; {
		case b == nil || st.FirstSeen.Before(b.Since):
		case f.Braked(): // what is let go is said before the brake's end is
			return st.Changed, true, nil
		case !st.FirstSeen.After(b.Ended):
			return b.Ended, b.Ended.Equal(st.Changed), nil
		}
	}
	return st.FirstSeen, false, nil
}

// meets reports whether a statement is in a selection: the store is asked for
// what it selects at the statement's own moment, so that every kind of query
// means here what it means in a feed.
func meets(store *storage.Store, q feeds.Query, h storage.Head) (bool, error) {
	if everything(&q) {
		return true, nil
	}
	if !q.Since.IsZero() && h.Order.Before(q.Since) || !q.Until.IsZero() && !h.Order.Before(q.Until) {
		return false, nil
	}
	// Times are kept to the microsecond.
	q.Since, q.Until, q.After, q.Limit = h.Order, h.Order.Add(1000), feeds.Cursor{}, 500
	for {
		page, err := store.Select(q)
		if err != nil {
			return false, err
		}
		for _, at := range page.Heads {
			if at.ID == h.ID {
				return true, nil
			}
		}
		if !page.More {
			return false, nil
		}
		q.After = page.Next
	}
}

func everything(q *feeds.Query) bool {
	return len(q.Regions)+len(q.Countries)+len(q.Topics)+len(q.Events)+len(q.Sources)+len(q.Languages)+len(q.Any)+len(q.Not) == 0 &&
		q.Words == "" && q.Since.IsZero() && q.Until.IsZero()
}

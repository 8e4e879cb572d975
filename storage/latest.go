package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"communique/feeds"
)

// Variables for tests, which have fewer statements.
var (
	// keptLatest is of how many statements the time of the last change is kept
	// in memory.
	keptLatest = 4096
	// fewEnough is how many statements may meet a query for all of them to be
	// looked at.
	fewEnough = 1000
)

// maxAsked is how many statements one Latest asks the index about one by one.
const maxAsked = 500

// latest is the published statements that changed last, by Updated. It is kept
// from the first time that somebody asks, and made anew from the log when the
// program starts: an index in the file would cost every entry a write, for an
// order that few feeds have.
type latest struct {
	mu    sync.Mutex
	at    uint64 // the last record that it knows of
	by    map[feeds.StatementID]stamp
	floor stamp // what changed earlier may have been forgotten
	list  []feeds.StatementID
}

// Latest is Select in another order: the latest change first by Updated, then by
// ID. It gives one page; After is not looked at, and More is never set.
//
// Up to 1,000 statements that meet the query are all looked at. Where there may
// be more, it looks through the 4,096 of the store that changed last and, when
// those are not enough, at the newest by Order.
func (s *Store) Latest(q feeds.Query) (Page, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	q.After = feeds.Cursor{}
	list, err := s.changedLast()
	if err != nil {
		return Page{}, fmt.Errorf("latest: %w", err)
	}
	var page Page
	err = s.view(func(t *tables) error {
		c, ok, err := t.condition(&q)
		if err != nil || !ok {
			return err
		}
		var found []updatedHead
		have := map[feeds.StatementID]bool{}
		all := q
		all.Limit = fewEnough
		if c.size() > fewEnough {
			if found, err = s.meeting(t, q, c, list, limit); err != nil {
				return err
			}
			for _, h := range found {
				have[h.ID] = true
			}
			all.Limit = limit
		}
		if len(found) < limit {
			newest, err := s.selectIn(t, all)
			if err != nil {
				return err
			}
			for _, h := range newest.Heads {
				if have[h.ID] {
					continue
				}
				tr, err := t.tree(h.ID)
				var at stamp
				if err == nil {
					at, err = t.updated(&tr)
				}
				if err != nil {
					if err := s.leave(err); err != nil {
						return err
					}
					continue
				}
				found = append(found, updatedHead{h, at})
			}
		}
		slices.SortFunc(found, func(a, b updatedHead) int {
			return cmp.Or(cmp.Compare(b.updated, a.updated), cmp.Compare(a.ID, b.ID))
		})
		for _, h := range found[:min(limit, len(found))] {
			page.Heads = append(page.Heads, h.Head)
		}
		return nil
	})
	if err != nil {
		return Page{}, fmt.Errorf("latest: %w", err)
	}
	return page, nil
}

type updatedHead struct {
	Head
	updated stamp
}

// meeting gives the first statements of the list that meet the query.
func (s *Store) meeting(t *tables, q feeds.Query, c *condition, list []feeds.StatementID, limit int) ([]updatedHead, error) {
	ask := hasWords(&q) // which its terms cannot tell: the index is asked about each statement
	asked := 0
	asks := periodOf(&q)
	var out []updatedHead
	for _, id := range list {
		if len(out) == limit || asked == maxAsked {
			break
		}
		tr, err := t.tree(id)
		if err != nil {
			if err := s.leave(err); err != nil {
				return nil, err
			}
			continue
		}
		v := &tr.root.view
		key := appendEntryKey(nil, v.order, id)
		if tr.root.id != id || !v.published || !asks.holds(key) || !c.met(v.terms, key) {
			continue
		}
		if ask {
			asked++
			one := q
			// The places of a selection are as fine as a stamp.
			one.Since, one.Until, one.Limit = v.order.time(), (v.order + 1).time(), fewEnough
			same, err := s.selectIn(t, one)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(same.Heads, func(h Head) bool { return h.ID == id }) {
				continue
			}
		}
		at, err := t.updated(&tr)
		if err != nil {
			if err := s.leave(err); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, updatedHead{Head{ID: id, Seq: v.said.seq, Order: v.order.time(), Changed: v.said.at.time()}, at})
	}
	return out, nil
}

// hasWords reports whether the query, or one within, asks for words.
func hasWords(q *feeds.Query) bool {
	within := func(q feeds.Query) bool { return hasWords(&q) }
	return q.Words != "" || slices.ContainsFunc(q.Any, within) || slices.ContainsFunc(q.Not, within)
}

// met reports whether a statement with the terms, which are sorted, and the key
// of an entry meets the condition.
func (c *condition) met(terms []uint32, key []byte) bool {
	within := func(c condition) bool { return c.met(terms, key) }
	for i := range c.fields {
		f := &c.fields[i]
		if !slices.ContainsFunc(f.any, within) && !slices.ContainsFunc(f.terms, func(n uint32) bool {
			_, has := slices.BinarySearch(terms, n)
			return has || n == allTerm
		}) {
			return false
		}
	}
	return (c.period == nil || c.period.holds(key)) && !slices.ContainsFunc(c.none, within)
}

// holds reports whether a key of an entry lies within the period.
func (p *period) holds(key []byte) bool { return bytes.Compare(key, p.start) >= 0 && !p.past(key) }

// updated gives the last change that matters of a statement, as assemble does.
func (t *tables) updated(tr *tree) (stamp, error) {
	var at stamp
	for i := range tr.items {
		if it := &tr.items[i]; it.live {
			row, err := t.logRow(it.said.seq)
			if err != nil {
				return 0, err
			}
			o, err := outlineOf(row.meta, fieldChanged)
			if err != nil {
				return 0, unread(err, "record %d", it.said.seq)
			}
			at = max(at, o.changed)
		}
	}
	return at, nil
}

// changedLast gives the statements that changed last, the latest first, once it
// has read what was said since it was asked before.
func (s *Store) changedLast() ([]feeds.StatementID, error) {
	l := &s.latest
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = make(map[feeds.StatementID]stamp, 2*keptLatest)
	}
	start, first := l.at, l.at == 0
	for more := true; more; {
		if err := s.view(func(t *tables) error {
			c := t.log.Cursor()
			k, v := c.Seek(be(l.at + 1))
			for n := 0; k != nil && n < recentScan; k, v = c.Next() {
				n++
				if err := l.read(t, v, first); err != nil {
					if err := s.leave(unread(err, "record %d", binary.BigEndian.Uint64(k))); err != nil {
						return err
					}
				}
				l.at = binary.BigEndian.Uint64(k)
			}
			more = k != nil
			return nil
		}); err != nil {
			l.at, l.by, l.list, l.floor = 0, nil, nil, 0 // half of it is none
			return nil, err
		}
	}
	if l.list == nil || l.at != start {
		l.sort()
	}
	return l.list, nil
}

// read takes up one record. While the log is read for the first time, each
// Observed is added up; later the statement is looked at as a whole, since its
// last change may have been taken away.
func (l *latest) read(t *tables, raw []byte, first bool) error {
	if first {
		row, err := parseLogRow(raw)
		if err != nil || row.kind != kindObserved {
			return err
		}
		o, err := outlineOf(row.meta, fieldChanged)
		if err != nil || o.changed < l.floor {
			return err
		}
		id, err := t.redirected(feeds.StatementID(o.statement))
		if err == nil {
			l.add(id, max(o.changed, l.by[id]))
		}
		return err
	}
	id, _, _, err := statementOf(raw)
	if err != nil || id == "" {
		return err
	}
	tr, err := t.tree(id)
	if err != nil {
		return err
	}
	delete(l.by, id) // it may have been joined
	if !tr.root.view.published {
		delete(l.by, tr.root.id)
		return nil
	}
	at, err := t.updated(&tr)
	switch {
	case err != nil:
		return err
	case at < l.floor:
		delete(l.by, tr.root.id)
	default:
		l.add(tr.root.id, at)
	}
	return nil
}

func (l *latest) add(id feeds.StatementID, at stamp) {
	l.by[id] = at
	if len(l.by) >= 2*keptLatest {
		l.sort()
	}
}

// sort orders what is kept, and forgets what changed before the latest 4,096.
func (l *latest) sort() {
	l.list = make([]feeds.StatementID, 0, len(l.by))
	for id := range l.by {
		l.list = append(l.list, id)
	}
	slices.SortFunc(l.list, func(a, b feeds.StatementID) int {
		return cmp.Or(cmp.Compare(l.by[b], l.by[a]), cmp.Compare(a, b))
	})
	if len(l.list) > keptLatest {
		for _, id := range l.list[keptLatest:] {
			l.floor = max(l.floor, l.by[id])
			delete(l.by, id)
		}
		l.list = l.list[:keptLatest]
	}
}

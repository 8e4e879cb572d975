package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"communique/feeds"
)

// defaultLimit is what Query.Limit 0 means.
const defaultLimit = 50

// Select gives the published statements that meet the query, newest first by
// Order, then by ID. Since is included, Until is not. A name that nothing
// carries selects nothing; words are read as package words says, and Words
// without any select nothing. A query that asks for too much fails with
// ErrQuery: thousands of values, nested more than eight deep, too many words.
// What cannot be read, be it a statement or a segment of the index, is left out
// (see Damaged).
//
// What it costs grows with the segments of the index (segment.go) that reach up
// to the page. Of words, it reads what the word index has of them in those.
func (s *Store) Select(q feeds.Query) (Page, error) {
	var page Page
	err := s.view(func(t *tables) error {
		var err error
		page, err = s.selectIn(t, q)
		return err
	})
	return page, err
}

func (s *Store) selectIn(t *tables, q feeds.Query) (Page, error) {
	var page Page
	c, ok, err := t.condition(&q)
	if err != nil || !ok {
		return page, err
	}
	m, err := t.merge(c, startOf(q))
	if err != nil {
		return page, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	var (
		asked = periodOf(&q)
		last  feeds.Cursor
		rows  = t.rows.Cursor()
	)
	for {
		at, err := m.next()
		if err != nil {
			return page, err
		}
		if at == nil || asked.past(at.key()) {
			return page, nil
		}
		if len(page.Heads) == limit {
			page.More, page.Next = true, last
			return page, nil
		}
		order, id := orderAndID(at.key())
		var number [4]byte
		binary.BigEndian.PutUint32(number[:], at.row(at.rank(at.at)))
		k, v := rows.Seek(number[:])
		var said touch
		if err = errMissing; bytes.Equal(k, number[:]) {
			said, err = decodeSaid(v)
		}
		if err != nil {
			if err := s.leave(fmt.Errorf("select: statement %s: %w", id, unread(err, "the row %d", binary.BigEndian.Uint32(number[:])))); err != nil {
				return page, err
			}
			continue
		}
		page.Heads = append(page.Heads, Head{ID: id, Seq: said.seq, Order: order.time(), Changed: said.at.time()})
		last = feeds.Cursor{Order: order.time(), ID: id}
	}
}

// startOf gives the least entry key that q may select, nil for the newest.
func startOf(q feeds.Query) []byte {
	start := periodOf(&q).start
	if !q.After.IsZero() && len(q.After.ID) <= maxID {
		// The octet behind it makes it greater than the entry itself.
		if after := append(appendEntryKey(nil, stampOf(q.After.Order), q.After.ID), 0); bytes.Compare(after, start) > 0 {
			start = after
		}
	}
	return start
}

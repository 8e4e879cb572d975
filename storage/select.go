package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"communique/feeds"
)

const (
	// defaultLimit is what Query.Limit 0 means.
	defaultLimit = 50
	// maxWordScan is how many statements one Select reads to look for words.
	maxWordScan = 2000
)

// Select gives the published statements that meet the query, newest first by
// Order, then by ID. Since is included, Until is not. A name that nothing
// carries selects nothing; a query of thousands of values or nested more than
// eight deep fails with ErrQuery. What it costs grows with the segments of the index
// (segment.go) that reach up to the page, not with what they hold.
//
// With Words it reads the texts of at most 2,000 statements that meet the rest;
// when that is not enough to fill the page, it gives what it found, with More
// and a Next that goes on behind the last one read. So a page with More may be
// short or empty.
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
		words = strings.Fields(strings.ToLower(q.Words))
		read  = 0
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
		if len(page.Heads) == limit && len(words) == 0 {
			page.More, page.Next = true, last
			return page, nil
		}
		order, id := orderAndID(at.key())
		if len(words) > 0 {
			if read++; read > maxWordScan {
				page.More, page.Next = true, last
				return page, nil
			}
			has, err := s.speaksOf(t, at.row(at.rank(at.at)), words)
			if err != nil {
				return page, err
			}
			if !has {
				if len(page.Heads) < limit {
					last = feeds.Cursor{Order: order.time(), ID: id}
				}
				continue
			}
			if len(page.Heads) == limit {
				page.More, page.Next = true, last
				return page, nil
			}
		}
		var number [4]byte
		binary.BigEndian.PutUint32(number[:], at.row(at.rank(at.at)))
		k, v := rows.Seek(number[:])
		if !bytes.Equal(k, number[:]) {
			return page, fmt.Errorf("select: statement %s: the row is missing", id)
		}
		said, err := decodeSaid(v)
		if err != nil {
			return page, fmt.Errorf("select: statement %s: %w", id, err)
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

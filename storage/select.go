package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

const (
	// defaultLimit is what Query.Limit 0 means.
	defaultLimit = 50
	// maxWordScan is how many statements one Select reads to look for words.
	maxWordScan = 5000
)

// Select gives the published statements that meet the query, newest first by
// Order, then by ID. Since is included, Until is not. A name that nothing
// carries selects nothing. It costs about as many steps as the rarest field of
// the query has statements, and no more than the limit when there is one field.
//
// With Words it reads the texts of at most 5,000 statements that meet the rest;
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
	lists, ok := t.lists(q)
	if !ok {
		return page, nil
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	words := strings.Fields(strings.ToLower(q.Words))
	read := 0
	var oldest []byte
	if !q.Since.IsZero() {
		oldest = appendTime(nil, stampOf(q.Since))
	}
	rows := t.published.Cursor()
	for k := meet(lists, startOf(q)); k != nil; k = meet(lists, append(k, 0)) {
		if oldest != nil && bytes.Compare(k[:8], oldest) > 0 {
			break
		}
		at, v := rows.Seek(k)
		if !bytes.Equal(at, k) {
			return page, fmt.Errorf("select: the index has %q, which is not published", k[8:])
		}
		id := feeds.StatementID(k[8:])
		if len(words) > 0 {
			if read++; read > maxWordScan {
				page.More = true // Next is the one before
				return page, nil
			}
			has, err := s.speaksOf(t, id, words)
			if err != nil {
				return page, err
			}
			if !has {
				page.Next = feeds.Cursor{Order: orderOf(k), ID: id}
				continue
			}
		}
		if len(page.Heads) == limit {
			page.More = true
			last := page.Heads[limit-1]
			page.Next = feeds.Cursor{Order: last.Order, ID: last.ID}
			return page, nil
		}
		h, err := decodeHead(id, v)
		if err != nil {
			return page, err
		}
		page.Heads = append(page.Heads, h)
		page.Next = feeds.Cursor{Order: h.Order, ID: h.ID}
	}
	page.Next = feeds.Cursor{}
	return page, nil
}

// startOf gives the least key, inverted order and id, that q may select.
func startOf(q feeds.Query) []byte {
	var start []byte
	if !q.Until.IsZero() {
		start = appendTime(nil, stampOf(q.Until)-1)
	}
	if !q.After.IsZero() {
		if after := append(publishedKey(stampOf(q.After.Order), q.After.ID), 0); bytes.Compare(after, start) > 0 {
			start = after
		}
	}
	return start
}

// orderOf reads the time at the start of a key.
func orderOf(k []byte) time.Time {
	return stamp(^binary.BigEndian.Uint64(k) ^ 1<<63).time()
}

// list is the statements that carry one of some terms, by their keys in
// bucketPublished, merged from the terms' ranges of the index.
type list struct {
	ranges []termRange
	size   int // at most so many statements
}

// termRange is one term's part of the index; without a prefix, all that is
// published.
type termRange struct {
	c      *bbolt.Cursor
	prefix []byte
	at     []byte // where it stands, without the prefix; nil at its end
	opened bool
}

// lists gives one list for each field of the query, the shortest first; false
// when one is empty, and so is the selection.
func (t *tables) lists(q feeds.Query) ([]list, bool) {
	var out []list
	field := func(n int, term func(int) string) bool {
		if n == 0 {
			return true
		}
		var l list
		seen := make([]string, 0, n)
		for i := range n {
			name := term(i)
			if slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			number, ok := t.number(name)
			if !ok {
				continue
			}
			if size := t.count(number); size > 0 {
				l.size += size
				l.ranges = append(l.ranges, termRange{c: t.index.Cursor(), prefix: appendNumber(nil, number)})
			}
		}
		out = append(out, l)
		return l.size > 0
	}
	tags := func(scheme string, terms []string) bool {
		return field(len(terms), func(i int) string { return tagTerm(feeds.Tag{Scheme: scheme, Term: terms[i]}) })
	}
	ok := tags(feeds.Region, q.Regions) && tags(feeds.Country, q.Countries) &&
		tags(feeds.Topic, q.Topics) && tags(feeds.Event, q.Events) &&
		field(len(q.Sources), func(i int) string { return sourceTerm(q.Sources[i]) }) &&
		field(len(q.Languages), func(i int) string { return languageTerm(q.Languages[i]) })
	if len(out) == 0 {
		out = append(out, list{ranges: []termRange{{c: t.published.Cursor()}}})
	}
	slices.SortStableFunc(out, func(a, b list) int { return cmp.Compare(a.size, b.size) })
	return out, ok
}

// meet gives the first key not before k that stands in all lists, nil when
// there is none. The lists leap over what the others do not have.
func meet(lists []list, k []byte) []byte {
	for {
		k = lists[0].seek(k)
		if k == nil {
			return nil
		}
		ahead := false
		for i := 1; i < len(lists); i++ {
			at := lists[i].seek(k)
			if at == nil {
				return nil
			}
			if !bytes.Equal(at, k) {
				k, ahead = at, true
				break
			}
		}
		if !ahead {
			return slices.Clone(k) // the caller lengthens it
		}
	}
}

// seek gives the list's first key not before k.
func (l *list) seek(k []byte) []byte {
	var least []byte
	for i := range l.ranges {
		if at := l.ranges[i].seek(k); at != nil && (least == nil || bytes.Compare(at, least) < 0) {
			least = at
		}
	}
	return least
}

// seek moves on to the first key not before k; it never moves back.
func (r *termRange) seek(k []byte) []byte {
	if r.opened && (r.at == nil || bytes.Compare(r.at, k) >= 0) {
		return r.at
	}
	if r.opened { // the next one is often the one
		at, _ := r.c.Next()
		if r.set(at); r.at == nil || bytes.Compare(r.at, k) >= 0 {
			return r.at
		}
	}
	r.opened = true
	at, _ := r.c.Seek(append(slices.Clip(r.prefix), k...))
	r.set(at)
	return r.at
}

func (r *termRange) set(at []byte) {
	if at == nil || !bytes.HasPrefix(at, r.prefix) {
		r.at = nil
		return
	}
	r.at = at[len(r.prefix):]
}

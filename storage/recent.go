package storage

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"communique/feeds"
)

const (
	// Recent looks through this many records in one transaction, and gives as
	// many items from one: a long one would keep the pages that the writer
	// gives up from being used again.
	recentScan  = 4096
	recentItems = 256
)

// Recent calls each with every live Observed whose FirstSeen is not before
// since, in order of arrival: by FirstSeen, then as they were said first. Of
// each it tells Item, Statement (after redirects), FirstSeen, Published, Rules
// and Features, and of its Copy Link, Published and Language; the rest is empty.
//
// The Observed and its Features are each's during the call only, its strings
// for good. No transaction is open while each runs, so it may be slow and may
// read the store. An item of which something else was said since Recent was
// called may be left out: whoever said it knows. One that cannot be read is left out
// (see Damaged). Recent ends with the error of each or of ctx.
func (s *Store) Recent(ctx context.Context, since time.Time, each func(*feeds.Observed) error) error {
	arrivals, err := s.arrivals(ctx, stampOf(since))
	if err != nil {
		return fmt.Errorf("recent: %w", err)
	}
	lot := make([]feeds.Observed, recentItems)
	for part := range slices.Chunk(arrivals, recentItems) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("recent: %w", err)
		}
		n := 0
		err := s.view(func(t *tables) error {
			c := t.log.Cursor()
			anyJoined := t.anyJoined()
			for _, a := range part {
				k, raw := c.Seek(be(a.seq))
				if k == nil || binary.BigEndian.Uint64(k) != a.seq {
					continue
				}
				if err := t.outline(raw, &lot[n], anyJoined); err != nil {
					if err := s.leave(unread(err, "record %d", a.seq)); err != nil {
						return err
					}
					continue
				}
				n++
			}
			letGo(t.meta.Tx())
			return nil
		})
		if err != nil {
			return fmt.Errorf("recent: %w", err)
		}
		for i := range lot[:n] {
			if err := each(&lot[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrival is where an Observed stands in the log, and when it arrived.
type arrival struct {
	firstSeen stamp
	// first is the number it was said under first, as far as it is known: a
	// part keeps its number when the rest is said anew.
	first uint64
	seq   uint64
}

// arrivals finds what was first seen at or after since, in order.
func (s *Store) arrivals(ctx context.Context, since stamp) ([]arrival, error) {
	var out []arrival
	for after, more := uint64(0), true; more; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := s.view(func(t *tables) error {
			c := t.log.Cursor()
			k, v := c.Seek(be(after + 1))
			for n := 0; k != nil && n < recentScan; k, v = c.Next() {
				n++
				after = binary.BigEndian.Uint64(k)
				row, err := parseLogRow(v)
				var o outline
				if err == nil && row.kind == kindObserved {
					o, err = outlineOf(row.meta, fieldFirstSeen)
				}
				if err != nil {
					if err := s.leave(unread(err, "record %d", after)); err != nil {
						return err
					}
					continue
				}
				if row.kind != kindObserved || o.firstSeen < since {
					continue
				}
				a := arrival{firstSeen: o.firstSeen, first: after, seq: after}
				for _, p := range []part{row.content, row.features} {
					if p.number != 0 {
						a.first = min(a.first, p.number)
					}
				}
				out = append(out, a)
			}
			more = k != nil
			letGo(t.meta.Tx())
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b arrival) int {
		return cmp.Or(cmp.Compare(a.firstSeen, b.firstSeen), cmp.Compare(a.first, b.first), cmp.Compare(a.seq, b.seq))
	})
	return out, nil
}

// outline reads into o what Recent tells of the row of an Observed.
func (t *tables) outline(raw []byte, o *feeds.Observed, anyJoined bool) error {
	row, err := parseLogRow(raw)
	if err != nil {
		return err
	}
	r, err := outlineOf(row.meta, fieldCopy)
	if err != nil {
		return err
	}
	features, err := t.featuresOf(row)
	if err != nil {
		return err
	}
	o.Item, o.FirstSeen, o.Published = feeds.ItemKey(r.item), r.firstSeen.time(), r.published.time()
	o.Rules, o.Features = r.rules, append(o.Features[:0], features...)
	o.Copy.Link, o.Copy.Published, o.Copy.Language = string(r.link), r.copyPublished.time(), string(r.language)
	o.Statement = feeds.StatementID(r.statement)
	if anyJoined {
		o.Statement, err = t.redirected(o.Statement)
	}
	return err
}

// anyJoined reports whether any statement ever was joined to another.
func (t *tables) anyJoined() bool {
	k, _ := t.latest.Cursor().Seek([]byte{kindJoined})
	return len(k) > 0 && k[0] == kindJoined
}

// redirected gives the id that a statement goes by now.
func (t *tables) redirected(id feeds.StatementID) (feeds.StatementID, error) {
	if t.latest.Get([]byte((&feeds.Joined{Loser: id}).Key())) == nil {
		return id, nil // it never was joined, as nearly all: its row need not be read
	}
	r, err := t.row(id)
	if err != nil {
		return id, err
	}
	root, err := rootOf(t.row, r)
	if err != nil {
		return id, err
	}
	return root.id, nil
}

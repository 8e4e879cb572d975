package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"communique/feeds"
)

// The kinds of records about who is told of news, and by whom we are.
const (
	kindSubscribed = 'S'
	kindPushed     = 'P'
	kindLeased     = 'L'
)

// maxAddress is the most octets that a topic's or a callback's address may
// have: two of them must fit into a key of bbolt's.
const maxAddress = 8 << 10

type subscribedRow struct {
	feeds.Subscribed
	Since   stamp `cbor:"5,keyasint,omitempty"`
	Until   stamp `cbor:"6,keyasint,omitempty"`
	Reached stamp `cbor:"20,keyasint,omitempty"`
	Failing stamp `cbor:"22,keyasint,omitempty"`
	Due     stamp `cbor:"23,keyasint,omitempty"`
}

type pushedRow struct {
	feeds.Pushed
	Told    []toldRow `cbor:"4,keyasint,omitempty"`
	Through stamp     `cbor:"5,keyasint,omitempty"`
	Reached stamp     `cbor:"20,keyasint,omitempty"`
	Failing stamp     `cbor:"22,keyasint,omitempty"`
	Due     stamp     `cbor:"23,keyasint,omitempty"`
}

type toldRow struct {
	feeds.Told
	Began stamp `cbor:"6,keyasint,omitempty"`
}

type leasedRow struct {
	feeds.Leased
	Asked   stamp `cbor:"6,keyasint,omitempty"`
	Until   stamp `cbor:"7,keyasint,omitempty"`
	Last    stamp `cbor:"8,keyasint,omitempty"`
	Reached stamp `cbor:"20,keyasint,omitempty"`
	Failing stamp `cbor:"22,keyasint,omitempty"`
	Due     stamp `cbor:"23,keyasint,omitempty"`
}

// callRow gives the row of a fact of these kinds; nil for another kind.
func callRow(f feeds.Fact) (kind byte, row any, err error) {
	var no bool
	switch f := f.(type) {
	case *feeds.Subscribed:
		if no = f == nil; !no {
			kind, row = kindSubscribed, &subscribedRow{*f, stampOf(f.Since), stampOf(f.Until), stampOf(f.Reached), stampOf(f.Failing), stampOf(f.Due)}
		}
	case *feeds.Pushed:
		if no = f == nil; !no {
			p := &pushedRow{Pushed: *f, Through: stampOf(f.Through), Reached: stampOf(f.Reached), Failing: stampOf(f.Failing), Due: stampOf(f.Due)}
			for _, t := range f.Told {
				p.Told = append(p.Told, toldRow{t, stampOf(t.Began)})
			}
			kind, row = kindPushed, p
		}
	case *feeds.Leased:
		if no = f == nil; !no {
			kind, row = kindLeased, &leasedRow{*f, stampOf(f.Asked), stampOf(f.Until), stampOf(f.Last), stampOf(f.Reached), stampOf(f.Failing), stampOf(f.Due)}
		}
	}
	if no {
		err = errNoFact
	}
	return kind, row, err
}

// callFact decodes a row of these kinds.
func callFact(kind byte, meta []byte) (feeds.Fact, error) {
	switch kind {
	case kindSubscribed:
		var row subscribedRow
		if err := decoding.Unmarshal(meta, &row); err != nil {
			return nil, err
		}
		f := row.Subscribed
		f.Since, f.Until = row.Since.time(), row.Until.time()
		f.Reached, f.Failing, f.Due = row.Reached.time(), row.Failing.time(), row.Due.time()
		return &f, nil
	case kindPushed:
		var row pushedRow
		if err := decoding.Unmarshal(meta, &row); err != nil {
			return nil, err
		}
		f := row.Pushed
		f.Through = row.Through.time()
		for _, t := range row.Told {
			t.Told.Began = t.Began.time()
			f.Told = append(f.Told, t.Told)
		}
		f.Reached, f.Failing, f.Due = row.Reached.time(), row.Failing.time(), row.Due.time()
		return &f, nil
	default:
		var row leasedRow
		if err := decoding.Unmarshal(meta, &row); err != nil {
			return nil, err
		}
		f := row.Leased
		f.Asked, f.Until, f.Last = row.Asked.time(), row.Until.time(), row.Last.time()
		f.Reached, f.Failing, f.Due = row.Reached.time(), row.Failing.time(), row.Due.time()
		return &f, nil
	}
}

// checkCall refuses facts of these kinds that could be written but not found
// again.
func checkCall(f feeds.Fact, within func(what, s string, limit int) error) error {
	switch f := f.(type) {
	case *feeds.Subscribed:
		return errors.Join(within("topic", f.Topic, maxAddress), within("callback", f.Callback, maxAddress))
	case *feeds.Pushed:
		return within("line", f.Line, maxAddress)
	case *feeds.Leased:
		return within("source", string(f.Source), maxName)
	}
	return nil
}

// forgets reports whether a fact leaves nothing to be remembered: a
// subscription that has ended, or a line that nobody is served on, as strangers
// could fill the file by coming and going.
func forgets(f feeds.Fact) bool {
	switch f := f.(type) {
	case *feeds.Subscribed:
		return f.Until.IsZero()
	case *feeds.Pushed:
		return f.Mark == 0 && f.Seq == 0
	}
	return false
}

// latestOf gives the latest fact of every key that begins with the kind's letter,
// but for what cannot be read.
func latestOf[T feeds.Fact](s *Store, kind byte) ([]T, error) {
	var out []T
	err := s.view(func(t *tables) error {
		c := t.latest.Cursor()
		for k, v := c.Seek([]byte{kind}); len(k) > 0 && k[0] == kind; k, v = c.Next() {
			f, err := s.factAt(t, binary.BigEndian.Uint64(v), rowOnly)
			if err := s.leave(err); err != nil {
				return err
			}
			if f, ok := f.(T); ok && err == nil {
				out = append(out, f)
			}
		}
		return nil
	})
	return out, err
}

// Subscriptions gives all subscriptions at our hub, by topic and callback.
func (s *Store) Subscriptions() ([]*feeds.Subscribed, error) {
	return latestOf[*feeds.Subscribed](s, kindSubscribed)
}

// Pushed gives how far each line of deliveries has come, by line.
func (s *Store) Pushed() ([]*feeds.Pushed, error) { return latestOf[*feeds.Pushed](s, kindPushed) }

// Leases gives our own subscriptions at sources' hubs, by source.
func (s *Store) Leases() ([]*feeds.Leased, error) { return latestOf[*feeds.Leased](s, kindLeased) }

// Pins gives an operator's words on pairs of publications, also those that were
// taken back, by their links.
func (s *Store) Pins() ([]*feeds.Pinned, error) { return latestOf[*feeds.Pinned](s, kindPinned) }

// PinRecords gives Pins, with the time at which each was said.
func (s *Store) PinRecords() ([]feeds.Record, error) { return s.recordsOf(kindPinned) }

// Pinned gives the word on two publications by their sorted links; false when
// there is none.
func (s *Store) Pinned(links [2]string) (feeds.Pinned, bool, error) {
	pins, err := s.Pins()
	for _, p := range pins {
		if p.Links == links {
			return *p, true, err
		}
	}
	return feeds.Pinned{}, false, err
}

// Joins gives which statements were joined to others, also those that stand apart
// again, by the one that was joined.
func (s *Store) Joins() ([]*feeds.Joined, error) { return latestOf[*feeds.Joined](s, kindJoined) }

// Grants gives all tokens that were ever made for private feeds, by id.
func (s *Store) Grants() ([]*feeds.Granted, error) { return latestOf[*feeds.Granted](s, kindGranted) }

// Moderations gives an operator's word on every statement that has one, by
// statement, with the time at which it was said.
func (s *Store) Moderations() ([]feeds.Record, error) { return s.recordsOf(kindModerated) }

// GrantRecords gives all tokens, by id, each with the time at which it was made or
// revoked.
func (s *Store) GrantRecords() ([]feeds.Record, error) { return s.recordsOf(kindGranted) }

// recordsOf gives the latest record of every key that begins with the kind's
// letter, but for what cannot be read.
func (s *Store) recordsOf(kind byte) ([]feeds.Record, error) {
	var out []feeds.Record
	err := s.view(func(t *tables) error {
		c := t.latest.Cursor()
		for k, v := c.Seek([]byte{kind}); len(k) > 0 && k[0] == kind; k, v = c.Next() {
			seq := binary.BigEndian.Uint64(v)
			row, err := t.logRow(seq)
			var f feeds.Fact
			if err == nil {
				f, err = row.fact(nil, nil)
			}
			if err != nil {
				if err := s.leave(unread(err, "record %d", seq)); err != nil {
					return err
				}
				continue
			}
			out = append(out, feeds.Record{Seq: seq, At: row.at.time(), Fact: f})
		}
		return nil
	})
	return out, err
}

// Moderated gives an operator's word on a statement; false when there is none.
func (s *Store) Moderated(id feeds.StatementID) (feeds.Moderated, bool, error) {
	var out feeds.Moderated
	said := false
	err := s.view(func(t *tables) error {
		f, err := s.fact(t, (&feeds.Moderated{Statement: id}).Key(), rowOnly)
		if m, ok := f.(*feeds.Moderated); ok {
			out, said = *m, true
		}
		return err
	})
	return out, said, err
}

// Changed gives a channel that is closed at the next commit.
func (s *Store) Changed() <-chan struct{} { return s.changed() }

// Change is a statement that records have touched.
type Change struct {
	Seq       uint64    // of the last of those records
	At        time.Time // of it
	ID        feeds.StatementID
	Into      feeds.StatementID // the statement that this one was joined to, "" when it stands
	Published bool              // false: it is withdrawn, hidden, expired or joined
	Expired   bool              // it is not published for its age alone
	Withheld  bool              // it never was: the flood brake holds it back, or it was dropped then
	Head      Head              // when it is published
}

// changesScan is how many records one call of Changes reads.
const changesScan = 1000

// Changes gives the statements that were touched by records behind the given
// number, in the order of the last record that touched them, and the number up
// to which it has looked: go on from there while that is below Position. It never
// looks beyond that: what is written and not yet made known is for the next time,
// or who looks at documents because of it finds them as they were before, and is
// not woken again. What cannot be read is left out (see Damaged).
func (s *Store) Changes(after uint64) (changes []Change, upTo uint64, err error) {
	known := s.Position()
	last := map[feeds.StatementID]Change{}
	err = s.view(func(t *tables) error {
		st, err := decodeState(t.meta.Get(stateKey))
		if err != nil {
			return err
		}
		upTo = max(min(st.position, known), after)
		touched := func(seq uint64, at time.Time, id feeds.StatementID, joined bool) error {
			r, err := t.row(id)
			if err != nil {
				return err
			}
			root, err := rootOf(t.row, r)
			if err != nil {
				return err
			}
			if joined && root.id != id {
				last[id] = Change{Seq: seq, At: at, ID: id, Into: root.id}
			}
			c := Change{Seq: seq, At: at, ID: root.id, Published: root.view.published}
			if c.Published {
				v := root.view
				c.Head = Head{ID: root.id, Seq: v.said.seq, Order: v.order.time(), Changed: v.said.at.time()}
			} else if c.Expired, err = t.expired(root); err != nil {
				return err
			} else if c.Withheld, err = t.withheld(root); err != nil {
				return err
			}
			last[root.id] = c
			return nil
		}
		cursor, n := t.log.Cursor(), 0
		for k, v := cursor.Seek(be(after + 1)); k != nil; k, v = cursor.Next() {
			if n++; n > changesScan {
				return nil
			}
			seq := binary.BigEndian.Uint64(k)
			if seq > upTo {
				return nil
			}
			if n == changesScan {
				upTo = seq
			}
			id, at, joined, err := statementOf(v)
			if err == nil && id != "" {
				err = touched(seq, at.time(), id, joined)
			}
			if err != nil {
				if err := s.leave(unread(err, "record %d", seq)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, after, fmt.Errorf("changes after %d: %w", after, err)
	}
	for _, c := range last {
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.ID, b.ID)) })
	return changes, upTo, nil
}

// statementOf reads which statement a row of the log touches, "" for none, when
// that was said, and whether it says that the statement was joined to another.
func statementOf(v []byte) (id feeds.StatementID, at stamp, joined bool, err error) {
	row, err := parseLogRow(v)
	if err != nil {
		return "", 0, false, err
	}
	switch row.kind {
	case kindObserved, kindGone:
		id, err = row.statement()
	case kindJoined, kindModerated:
		var f feeds.Fact
		if f, err = row.fact(nil, nil); err != nil {
			break
		}
		switch f := f.(type) {
		case *feeds.Joined:
			id, joined = f.Loser, true
		case *feeds.Moderated:
			id = f.Statement
		}
	}
	return id, row.at, joined, err
}

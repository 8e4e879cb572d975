package storage

import (
	"encoding/binary"
	"time"

	"communique/feeds"
)

const (
	// maxWithdrawn and withdrawnFor bound what is remembered in current documents.
	maxWithdrawn = 50
	withdrawnFor = 30 * 24 * time.Hour
	// withdrawnLook is how many are looked at for them.
	withdrawnLook = 1000
	// expiredLook is how many that expired are passed over for them.
	expiredLook = 10000
)

// Withdrawal says that a statement is published no longer.
type Withdrawal struct {
	ID   feeds.StatementID
	When time.Time
	Seq  uint64            // the journal's number of what made it known
	Into feeds.StatementID // the statement that it was joined to, "" when it is nowhere any more
}

// withdrawn gives what was withdrawn lately and met the query before, newest
// first. What returned is none, and neither is what expired: nobody took it back, so
// readers may keep it.
func (t *tables) withdrawn(test *test) ([]Withdrawal, error) {
	_, last := t.log.Cursor().Last()
	if last == nil {
		return nil, nil
	}
	newest, err := parseLogRow(last)
	if err != nil {
		return nil, err
	}
	horizon := newest.at - stamp(withdrawnFor/time.Microsecond)
	var out []Withdrawal
	seen := map[uint32]bool{}
	c := t.gone.Cursor()
	looked, expired := 0, 0
	for k, v := c.Last(); k != nil && len(out) < maxWithdrawn && looked < withdrawnLook; k, v = c.Prev() {
		looked++
		d := reader{b: v}
		number, said, terms := uint32(d.uvarint()), d.touch(), d.terms()
		if d.bad {
			return nil, errList
		}
		if said.at < horizon {
			break
		}
		if seen[number] || !test.meets(terms) {
			continue
		}
		seen[number] = true
		r, root, err := t.rootAt(number)
		if err != nil {
			return nil, err
		}
		if root == r && root.view.published {
			continue // it returned
		}
		if old, err := t.expired(root); err != nil {
			return nil, err
		} else if old {
			if expired++; expired > expiredLook {
				break
			}
			looked--
			continue
		}
		out = append(out, withdrawalOf(r, root))
	}
	return out, nil
}

// withdrawalOf makes the withdrawal of a row below a root, or of the root.
func withdrawalOf(r, root *row) Withdrawal {
	w := Withdrawal{ID: r.id}
	if root.view.published {
		w.Into = root.id
		root = r
	}
	said := root.view.said
	if root.listed != nil && root.listed.withdrawn {
		said = root.listed.said
	}
	w.When, w.Seq = said.at.time(), said.seq
	return w
}

// appendGone makes a value of bucketGone.
func appendGone(b []byte, number uint32, said touch, terms []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(number))
	return appendTerms(appendTouch(b, said), terms)
}

// goneKey is a key of bucketGone.
func goneKey(list uint64, at int) []byte {
	return binary.BigEndian.AppendUint32(be(list), uint32(at))
}

// expired reports whether a statement is published no longer for its age alone: all
// its copies are gone, and the last of them expired.
func (t *tables) expired(root *row) (bool, error) {
	if root.view.published || root.view.hidden {
		return false, nil
	}
	tr, err := treeOf(t.row, root)
	if err != nil {
		return false, err
	}
	var last touch
	for i := range tr.items {
		if tr.items[i].live {
			return false, nil
		}
		last.rise(tr.items[i].said)
	}
	if last.seq == 0 {
		return false, nil
	}
	row, err := t.logRow(last.seq)
	if err != nil {
		return false, err
	}
	f, err := row.fact(nil, nil)
	g, ok := f.(*feeds.Gone)
	return ok && g.Reason == feeds.Expired, err
}

// withheld reports whether all that was ever said of a statement is what the flood
// brake holds back, or held back until an operator dropped it: nobody has seen it.
func (t *tables) withheld(root *row) (bool, error) {
	tr, err := treeOf(t.row, root)
	if err != nil {
		return false, err
	}
	for i := range tr.items {
		row, err := t.logRow(tr.items[i].said.seq)
		if err != nil {
			return false, err
		}
		f, err := row.fact(nil, nil)
		if err != nil {
			return false, err
		}
		switch f := f.(type) {
		case *feeds.Observed:
			if !f.Withheld {
				return false, nil
			}
		case *feeds.Gone:
			if f.Reason != feeds.Dropped {
				return false, nil
			}
		}
	}
	return len(tr.items) > 0, nil
}

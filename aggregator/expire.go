package aggregator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"communique/feeds"
)

// Expiring says what Expire takes out of the store. Before and Spared must be
// given.
type Expiring struct {
	Before time.Time // statements of which nothing is newer
	// Spared gives statements that stay, however old they are. It is asked before
	// each lot, since what is published changes.
	Spared func() (map[feeds.StatementID]bool, error)
	Dry    bool // only count
	// Step is called after each lot, as Retagging's.
	Step func(done, total int) error
}

// Expired is what Expire came to.
type Expired struct {
	Statements int       `json:"statements"` // that were taken out, or would be
	Copies     int       `json:"copies"`     // of them
	Spared     int       `json:"spared"`     // old enough, but a published feed shows them
	Oldest     time.Time `json:"oldest,omitzero"`
	Newest     time.Time `json:"newest,omitzero"` // Order of the first and the last of them
}

// Expire takes out of the store, lot by lot, what is older than the operator wants
// to keep. It takes out nothing once something was found that cannot be read. What an item was known by stays, so that it is no news when it
// returns. It may run beside visits; when it ends early, what is done is done.
func (e *Engine) Expire(ctx context.Context, o Expiring) (Expired, error) {
	var out Expired
	newest := map[feeds.StatementID]time.Time{}
	var ids []feeds.StatementID
	if err := e.whole(); err != nil {
		return out, err
	}
	if err := e.o.Store.Recent(ctx, time.Time{}, func(ob *feeds.Observed) error {
		was, seen := newest[ob.Statement]
		if !seen {
			ids = append(ids, ob.Statement)
		}
		if !seen || ob.FirstSeen.After(was) {
			newest[ob.Statement] = ob.FirstSeen
		}
		return ctx.Err()
	}); err != nil {
		return out, fmt.Errorf("expire: %w", err)
	}
	ids = slices.DeleteFunc(ids, func(id feeds.StatementID) bool { return !newest[id].Before(o.Before) })
	newest = nil
	done, total := 0, len(ids)
	step := Retagging{Step: o.Step}
	for lot := range slices.Chunk(ids, lotItems) {
		if err := step.step(ctx, done, total); err != nil {
			return out, err
		}
		spared, err := o.Spared()
		if err == nil {
			err = e.whole()
		}
		if err == nil {
			err = e.expire(ctx, &o, lot, spared, &out)
		}
		if err != nil {
			return out, fmt.Errorf("expire: %w", err)
		}
		done += len(lot)
	}
	return out, step.step(ctx, done, total)
}

// whole refuses to take anything out while something cannot be read: what a feed
// shows, or what is newer of a statement, may not be seen then.
func (e *Engine) whole() error {
	if found := e.o.Store.Damaged(); len(found) > 0 {
		return fmt.Errorf("expire: nothing is taken out while something in the store cannot be read (%s)", found[0])
	}
	return nil
}

// expire takes out a lot, and adds it to out when that is stored.
func (e *Engine) expire(ctx context.Context, o *Expiring, lot []feeds.StatementID, spared map[feeds.StatementID]bool, out *Expired) error {
	words := &words{e: e}
	defer words.end()
	var said []feeds.Fact
	n := *out
	for _, id := range lot {
		st, _, held, err := e.o.Store.Statement(id)
		if err != nil {
			return err
		}
		if !held || !st.Order.Before(o.Before) || slices.ContainsFunc(st.Copies, func(c feeds.StatedCopy) bool {
			return !c.FirstSeen.Before(o.Before) || !c.Changed.Before(o.Before)
		}) {
			continue
		}
		if spared[st.ID] {
			n.Spared++
			continue
		}
		var gone []feeds.Fact
		for i := range st.Copies {
			if !o.Dry && !words.also(st.Copies[i].Source) {
				gone = nil // its source is being visited; the next time is soon enough
				break
			}
			ob, held, err := e.o.Store.Observed(st.Copies[i].Item)
			if err != nil {
				return err
			}
			if held {
				gone = append(gone, &feeds.Gone{Item: ob.Item, Statement: ob.Statement, FirstSeen: ob.FirstSeen, Order: ob.Order, Keys: ob.Keys,
					Reason: feeds.Expired, Published: ob.Published})
			}
		}
		if len(gone) == 0 {
			continue
		}
		said = append(said, gone...)
		n.Statements++
		n.Copies += len(gone)
		if n.Oldest.IsZero() || st.Order.Before(n.Oldest) {
			n.Oldest = st.Order
		}
		if st.Order.After(n.Newest) {
			n.Newest = st.Order
		}
	}
	if len(said) > 0 && !o.Dry {
		if _, err := e.o.Journal.Append(ctx, e.o.Now(), said...); err != nil {
			return err
		}
	}
	*out = n
	return nil
}

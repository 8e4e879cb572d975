package aggregator

import (
	"context"
	"fmt"
	"slices"

	"communique/aggregator/dedup"
	"communique/feeds"
	"communique/storage"
)

// byPin is who says what a pin asks for.
const byPin = "pin"

// applyPins makes what is stored obey the operator's pins. What comes later
// obeys them when it is placed. To apply them again changes nothing.
func (e *Engine) applyPins(ctx context.Context) error {
	for _, pin := range e.o.Likeness.Pins {
		said, err := e.pin(pin)
		if err != nil {
			return fmt.Errorf("pin %s and %s: %w", pin.Links[0], pin.Links[1], err)
		}
		if len(said) == 0 {
			continue
		}
		if _, err := e.o.Journal.Append(ctx, e.o.Now(), said...); err != nil {
			return fmt.Errorf("pin %s and %s: %w", pin.Links[0], pin.Links[1], err)
		}
		e.o.Log.Info("pin applied", "stage", "dedup", "first", pin.Links[0], "second", pin.Links[1], "together", pin.Together)
	}
	return nil
}

// pin gives what has to be said for one pin, nothing when all is as it asks.
func (e *Engine) pin(pin dedup.Pin) ([]feeds.Fact, error) {
	keys := [2]feeds.Key{dedup.LinkKey(pin.Links[0]), dedup.LinkKey(pin.Links[1])}
	found, err := e.o.Store.Find(keys[:])
	if err != nil {
		return nil, err
	}
	under := func(k feeds.Key) (out []storage.Found) {
		for _, f := range found {
			if f.Key == k {
				out = append(out, f)
			}
		}
		return out
	}
	for _, a := range under(keys[0]) {
		for _, b := range under(keys[1]) {
			if a.Item == b.Item || (a.Statement == b.Statement) == pin.Together {
				continue
			}
			if a.FirstSeen.After(b.FirstSeen) {
				a, b = b, a
			}
			if pin.Together {
				return e.together(a, b, pin)
			}
			return e.takeApart(a, b, pin)
		}
	}
	return nil, nil
}

// together joins the statements of two items: the older id stays.
func (e *Engine) together(a, b storage.Found, pin dedup.Pin) ([]feeds.Fact, error) {
	x, err := e.since(a.Statement)
	if err != nil {
		return nil, err
	}
	y, err := e.since(b.Statement)
	if err != nil {
		return nil, err
	}
	winner, loser := a.Statement, b.Statement
	if y.Before(x) {
		winner, loser = loser, winner
	}
	return []feeds.Fact{&feeds.Joined{Loser: loser, Winner: winner, Why: reasonOf("made one by a pin", pin), By: byPin}}, nil
}

// takeApart gives the younger item b a statement of its own again. Where two
// statements were joined, that is undone; where b was placed in a's, it leaves
// with all that was matched to it.
func (e *Engine) takeApart(a, b storage.Found, pin dedup.Pin) ([]feeds.Fact, error) {
	older, held, err := e.o.Store.Observed(a.Item)
	if err != nil || !held {
		return nil, err
	}
	younger, held, err := e.o.Store.Observed(b.Item)
	if err != nil || !held {
		return nil, err
	}
	why := reasonOf("taken apart by a pin", pin)
	if younger.Statement != older.Statement {
		alone := younger.Statement
		if alone == b.Statement { // it is the one that the other was joined to
			alone = older.Statement
		}
		return []feeds.Fact{&feeds.Joined{Loser: alone, Winner: alone, Why: why, By: byPin}}, nil
	}
	st, _, ok, err := e.o.Store.Statement(b.Statement)
	if err != nil || !ok {
		return nil, err
	}
	link := pin.Links[0]
	if b.Key == dedup.LinkKey(pin.Links[1]) {
		link = pin.Links[1]
	}
	id := dedup.Mint(younger.Item.Source(), link, younger.Copy.ID, younger.Item)
	if id == younger.Statement { // its link is what the statement has its id from
		id = dedup.Mint(younger.Item.Source(), "", "", younger.Item)
	}
	leaving := []feeds.ItemKey{younger.Item}
	for again := true; again; {
		again = false
		for i := range st.Copies {
			c := &st.Copies[i]
			if c.Item != older.Item && slices.Contains(leaving, c.Of) && !slices.Contains(leaving, c.Item) {
				leaving, again = append(leaving, c.Item), true
			}
		}
	}
	var said []feeds.Fact
	for _, item := range leaving {
		ob, held, err := e.o.Store.Observed(item)
		if err != nil {
			return nil, err
		}
		if !held || ob.Statement != younger.Statement {
			continue
		}
		ob.Statement = id
		if item == younger.Item {
			ob.Relation, ob.Of, ob.Why, ob.Score, ob.Threshold, ob.Echo = feeds.IsOrigin, "", why, 0, 0, false
		}
		said = append(said, &ob)
	}
	// What was told of the one that leaves is now told of the one that stays.
	if ob, held, err := e.o.Store.Observed(older.Item); err == nil && held && slices.Contains(leaving, ob.Of) {
		ob.Relation, ob.Of, ob.Why, ob.Score, ob.Threshold, ob.Echo = feeds.IsOrigin, "", why, 0, 0, false
		said = append(said, &ob)
	} else if err != nil {
		return nil, err
	}
	return said, nil
}

func reasonOf(what string, pin dedup.Pin) string {
	if pin.Why == "" {
		return what
	}
	return what + ": " + pin.Why
}

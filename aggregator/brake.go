package aggregator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"communique/aggregator/dedup"
	"communique/feeds"
	"communique/feeds/vitals"
	"communique/storage"
)

// The flood brake is pulled when a source that was read before says nearly
// nothing that we know, and more anew than its rhythm lets expect: its ids,
// links and texts were made anew, or its address leads to somebody else. What
// begins a statement is withheld then, and what comes after it, until an operator
// releases it or drops it. A copy of what is stored joins it as ever.
const (
	brakeFrom    = 10 // new ones that are a flood, unless the rhythm lets expect as many
	brakeFromOld = 5  // the same, of those that are dated before the last visit
	brakeFactor  = 4  // how many times the expected number is still ordinary

	// unknownGap stands for the rhythm of a source whose own is not known.
	unknownGap = 24 * time.Hour
	knownGaps  = 4
	// dateSlack is how far a date may lie before the last visit and still be of
	// something that has come since: many dates are but days.
	dateSlack = 24 * time.Hour
)

// withhold gives the items that the flood brake holds back, and pulls it when
// that is due.
func (e *Engine) withhold(s *Source, v *visit, drafts []feeds.Draft, placed []dedup.Placement, inBody int) map[feeds.ItemKey]bool {
	if s.LetFlood || !v.Baseline || v.before.URL != s.URL { // at another address others are at home
		return nil
	}
	fresh, old := beginners(drafts, placed, v.before.Success.Add(-dateSlack))
	if len(fresh) == 0 {
		return nil
	}
	if !v.Braked() {
		if !v.isFlood(len(fresh), old, inBody) {
			return nil
		}
		v.Brake = &feeds.Brake{Since: v.At, Of: inBody}
		e.o.Log.Warn("flood brake: a source changed nearly all its items at once; what is new is withheld", "source", s.ID, "stage", "dedup", "items", len(fresh), "of", inBody,
			"do", "look with `communique sources held "+string(s.ID)+"`, then `sources release` or `sources drop`")
	}
	b := *v.Brake
	b.Items += len(fresh)
	v.Brake = &b
	v.withheld = len(fresh)
	return fresh
}

// beginners gives the new items that begin a statement, and those that are
// copies of them alone; and how many of them are dated before since, or not at
// all.
func beginners(drafts []feeds.Draft, placed []dedup.Placement, since time.Time) (fresh map[feeds.ItemKey]bool, old int) {
	fresh = map[feeds.ItemKey]bool{}
	for i := range placed {
		pl := &placed[i]
		if pl.Seen || pl.Repeated || pl.Of != "" && !fresh[pl.Of] {
			continue
		}
		fresh[pl.Item] = true
		if drafts[i].Published.Before(since) {
			old++
		}
	}
	return fresh, old
}

// isFlood judges a body of which some items are new, and of them some are dated
// before the last visit.
func (v *visit) isFlood(fresh, old, inBody int) bool {
	if 5*fresh < 4*inBody {
		return false
	}
	gap := unknownGap
	if len(v.Gaps) >= knownGaps {
		var all time.Duration
		for _, g := range v.Gaps {
			all += time.Duration(g) * time.Minute
		}
		gap = max(all/time.Duration(len(v.Gaps)), time.Minute)
	}
	expected := int(v.At.Sub(v.before.Success) / gap)
	dated := len(v.Gaps) > 0 // a source that dates its items does not date new ones far back
	return dated && fresh >= brakeFromOld && 5*old >= 4*fresh ||
		fresh >= brakeFrom && fresh > brakeFactor*expected
}

// ErrNoBrake means that nothing of a source is withheld, or that it is not known.
var ErrNoBrake = errors.New("nothing is withheld")

// Withheld calls each with every item of a source that the flood brake holds
// back, in order of arrival. It only reads.
func (e *Engine) Withheld(ctx context.Context, id feeds.SourceID, each func(*feeds.Observed) error) error {
	f, _, err := e.o.Store.Fetched(id)
	if err != nil {
		return err
	}
	since := time.Time{}
	if f.Braked() {
		since = f.Brake.Since
	}
	var items []feeds.ItemKey
	if err := e.o.Store.Recent(ctx, since, func(ob *feeds.Observed) error {
		if ob.Item.Source() == id {
			items = append(items, ob.Item)
		}
		return nil
	}); err != nil {
		return err
	}
	for _, k := range items {
		ob, held, err := e.o.Store.Observed(k)
		if errors.Is(err, storage.ErrDamaged) {
			continue // it stays held back: nobody could show it
		}
		if err != nil {
			return err
		}
		if held && ob.Withheld {
			if err := each(&ob); err != nil {
				return err
			}
		}
	}
	return nil
}

// Release publishes what the flood brake holds back of a source, and lets the
// brake go; how many items that were is given. By and why are for whoever asks
// later.
func (e *Engine) Release(ctx context.Context, id feeds.SourceID, by, why string) (int, error) {
	return e.unbrake(ctx, id, "released", by, why, func(ob *feeds.Observed) feeds.Fact {
		ob.Withheld = false
		return ob
	})
}

// Drop lets the flood brake of a source go and takes what it holds back out of
// the store: it is never published, and no news when it comes again.
func (e *Engine) Drop(ctx context.Context, id feeds.SourceID, by, why string) (int, error) {
	return e.unbrake(ctx, id, "dropped", by, why, func(ob *feeds.Observed) feeds.Fact {
		return &feeds.Gone{Item: ob.Item, Statement: ob.Statement, FirstSeen: ob.FirstSeen, Order: ob.Order, Keys: ob.Keys,
			Reason: feeds.Dropped, Published: ob.Published}
	})
}

func (e *Engine) unbrake(ctx context.Context, id feeds.SourceID, did, by, why string, word func(*feeds.Observed) feeds.Fact) (int, error) {
	if e.visits[id] != nil { // else it is not pulled any more, and nobody visits it
		e.visits[id].Lock()
		defer e.visits[id].Unlock()
	}
	f, visited, err := e.o.Store.Fetched(id)
	switch {
	case err != nil:
		return 0, err
	case !visited && e.sources[id] == nil:
		return 0, fmt.Errorf("%w: no source %q; there are: %s", ErrNoBrake, id, e.some())
	case !f.Braked():
		return 0, fmt.Errorf("%w of source %s", ErrNoBrake, id)
	}
	words := &words{e: e}
	defer words.end()
	words.of(id)
	n, now := 0, e.o.Now()
	var said []feeds.Fact
	if err := e.Withheld(ctx, id, func(ob *feeds.Observed) error {
		o := *ob
		said = append(said, word(&o))
		n++
		return nil
	}); err != nil {
		return 0, err
	}
	was := vitals.Of(&f, vitals.Source{}, now)
	b := *f.Brake
	b.Ended, b.Did, b.By, b.Why, b.Items = now, did, by, why, n
	f.Brake = &b
	vitals.RememberAt(was, &f, now)
	for lot := range slices.Chunk(said, lotItems) {
		if _, err := e.o.Journal.Append(ctx, now, lot...); err != nil {
			return 0, fmt.Errorf("source %s: %w", id, err)
		}
	}
	if _, err := e.o.Journal.Append(ctx, now, &f); err != nil { // last: if we die before, the brake holds what is left
		return 0, fmt.Errorf("source %s: %w", id, err)
	}
	e.o.Log.Info("flood brake let go", "source", id, "items", n, "did", did, "by", by, "why", why)
	return n, nil
}

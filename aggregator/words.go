package aggregator

import (
	"slices"
	"time"

	"communique/feeds"
)

// words is one refresh's right to word anew what the store holds of a source:
// of its own, and of those whose copies it moves from their place; and Retag's.
// Two that word one item at once would undo each other's corrections.
type words struct {
	e        *Engine
	held     []feeds.SourceID
	reworded []feeds.ItemKey
}

// of waits for the right over the refreshed source itself, before all others:
// who waits holds nothing, but for applyPins, which takes them all in order.
func (w *words) of(id feeds.SourceID) {
	id = w.e.wordsOf(id)
	w.e.words[id].Lock()
	w.held = append(w.held, id)
}

// also asks for the right over another source, and does not wait for it.
func (w *words) also(id feeds.SourceID) bool {
	id = w.e.wordsOf(id)
	if slices.Contains(w.held, id) {
		return true
	}
	if !w.e.words[id].TryLock() {
		return false
	}
	w.held = append(w.held, id)
	return true
}

func (w *words) end() {
	for _, id := range w.held {
		w.e.words[id].Unlock()
	}
}

// wordsOf gives whose right it is to word a source's items: those that are not
// pulled any more have one for all of them, under no name.
func (e *Engine) wordsOf(id feeds.SourceID) feeds.SourceID {
	if e.words[id] == nil {
		return ""
	}
	return id
}

// earlier puts right which copy is told after which, where the order of
// arrival was not that of publication: ob becomes the origin when it was
// published before the one that its statement has, as far as its date is
// believed (see precedes), and that one a reprint or translation of it, or an
// excerpt when ob says far more (fuller). It gives that one's fact worded anew;
// nil when all is in order, and when it is being worded by its own source, be it
// this one: to lead is not worth a correction that is lost.
func (e *Engine) earlier(ob *feeds.Observed, fuller bool, v *visit, words *words) (*feeds.Observed, error) {
	if ob.Of == "" {
		return nil, nil
	}
	was, held, err := e.originOf(ob.Of)
	if err != nil || !held || was.Item.Source() == ob.Item.Source() {
		return nil, err
	}
	fuller = fuller && was.Item == ob.Of && was.Priority <= ob.Priority
	if !fuller && !e.precedes(ob, &was, v) || slices.Contains(words.reworded, was.Item) || !words.also(was.Item.Source()) {
		return nil, nil
	}
	if was, held, err = e.o.Store.Observed(was.Item); err != nil || !held || was.Relation != feeds.IsOrigin { // now that nobody else words it
		return nil, err
	}
	words.reworded = append(words.reworded, was.Item)
	switch {
	case fuller:
		was.Relation, was.Echo = feeds.IsExcerpt, true
	case !feeds.SameLanguage(was.Copy.Language, ob.Copy.Language):
		was.Relation, was.Echo = feeds.IsTranslation, false
	default:
		was.Relation, was.Echo = feeds.IsReprint, ob.Echo
	}
	was.Of, was.Why, was.Score, was.Threshold = ob.Item, ob.Why, ob.Score, ob.Threshold
	ob.Relation, ob.Of, ob.Why, ob.Score, ob.Threshold, ob.Echo = feeds.IsOrigin, "", "", 0, 0, false
	return &was, nil
}

// precedes reports whether a copy was published before the origin that its
// statement has. Whoever copies others may say any date, so a page on the site of
// one of the two sources is that one's; an office of lower priority takes the
// place of none; and a date counts only where it can be true: not before the
// source's last visit, which did not find it, nor, in a first import, long before
// a copy that is as trusted.
func (e *Engine) precedes(ob, was *feeds.Observed, v *visit) bool {
	a, b := ob.Item.Source(), was.Item.Source()
	if link := host(ob.Copy.Link); link != "" && link == host(was.Copy.Link) && e.hosts[a] != e.hosts[b] {
		switch link {
		case e.hosts[a]:
			return true
		case e.hosts[b]:
			return false
		}
	}
	said, other := ob.Copy.Published, was.Copy.Published
	if other.IsZero() {
		other = was.FirstSeen
	}
	switch {
	case ob.Priority < was.Priority, said.IsZero(), !said.Before(other):
		return false
	case ob.Priority > was.Priority:
		return true
	case v.Baseline:
		return !said.Before(v.before.Success.Add(-slow))
	}
	return other.Sub(said) <= followed
}

const (
	slow     = 6 * time.Hour      // from an item's date to when it stands in its feed
	followed = 3 * 24 * time.Hour // from a statement to its reprints and translations, as a rule
)

// originOf follows what copies were matched to up to their statement's origin.
func (e *Engine) originOf(item feeds.ItemKey) (o feeds.Observed, held bool, err error) {
	for range longestChain {
		o, held, err = e.o.Store.Observed(item)
		if err != nil || !held || o.Relation == feeds.IsOrigin {
			return o, held, err
		}
		item = o.Of
	}
	return o, false, nil
}

const longestChain = 16

package aggregator

import (
	"slices"

	"communique/feeds"
)

// words is one refresh's right to word anew what the store holds of a source:
// of its own, and of those whose copies it moves from their place. Two that
// word one item at once would undo each other's corrections.
type words struct {
	e        *Engine
	held     []feeds.SourceID
	reworded []feeds.ItemKey
}

// of waits for the right over the refreshed source itself, before all others:
// who waits holds nothing.
func (w *words) of(id feeds.SourceID) {
	w.e.words[id].Lock()
	w.held = append(w.held, id)
}

// also asks for the right over another source, and does not wait for it. One
// that is not in the configuration any more is worded by nobody else.
func (w *words) also(id feeds.SourceID) bool {
	mu := w.e.words[id]
	if mu == nil || slices.Contains(w.held, id) {
		return true
	}
	if !mu.TryLock() {
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

// earlier makes ob the origin when it was published before the copy that it was
// matched to, which only happened to be pulled first, and words that copy's
// fact anew, as the reprint that it is. It gives nil when all is in order, and
// when that copy is being worded by its own source, be it this one: to lead is
// not worth a correction that is lost.
func (e *Engine) earlier(ob *feeds.Observed, words *words) (*feeds.Observed, error) {
	if ob.Relation != feeds.IsReprint || ob.Copy.Published.IsZero() || ob.Of.Source() == ob.Item.Source() ||
		slices.Contains(words.reworded, ob.Of) || !words.also(ob.Of.Source()) {
		return nil, nil
	}
	was, held, err := e.o.Store.Observed(ob.Of)
	if err != nil || !held || was.Relation != feeds.IsOrigin || !ob.Copy.Published.Before(was.Copy.Published) {
		return nil, err
	}
	words.reworded = append(words.reworded, ob.Of)
	was.Relation, was.Of, was.Why, was.Score = feeds.IsReprint, ob.Item, ob.Why, ob.Score
	ob.Relation, ob.Of, ob.Why, ob.Score = feeds.IsOrigin, "", "", 0
	return &was, nil
}

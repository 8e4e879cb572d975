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

// earlier puts right which copy is told after which, where the order of
// arrival was not that of publication: ob becomes the origin when it was
// published before the copy that it was matched to, and that copy an excerpt of
// it when it says far less (fuller). It gives that copy's fact worded anew; nil
// when all is in order, and when that copy is being worded by its own source, be
// it this one: to lead is not worth a correction that is lost.
func (e *Engine) earlier(ob *feeds.Observed, fuller bool, words *words) (*feeds.Observed, error) {
	before := !ob.Copy.Published.IsZero() && ob.Relation != feeds.IsTranslation
	if ob.Of == "" || !before && !fuller || ob.Of.Source() == ob.Item.Source() || slices.Contains(words.reworded, ob.Of) || !words.also(ob.Of.Source()) {
		return nil, nil
	}
	was, held, err := e.o.Store.Observed(ob.Of)
	if err != nil || !held || was.Relation != feeds.IsOrigin {
		return nil, err
	}
	if !(before && ob.Copy.Published.Before(was.Copy.Published)) && !(fuller && was.Priority <= ob.Priority) {
		return nil, nil
	}
	words.reworded = append(words.reworded, ob.Of)
	if was.Relation = feeds.IsReprint; fuller {
		was.Relation = feeds.IsExcerpt
	}
	was.Of, was.Why, was.Score, was.Threshold, was.Echo = ob.Item, ob.Why, ob.Score, ob.Threshold, fuller || ob.Echo
	ob.Relation, ob.Of, ob.Why, ob.Score, ob.Threshold, ob.Echo = feeds.IsOrigin, "", "", 0, 0, false
	return &was, nil
}

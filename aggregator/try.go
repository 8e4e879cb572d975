package aggregator

import (
	"context"

	"communique/feeds"
)

// Trial is what a source gives, stage by stage, with nothing stored.
type Trial struct {
	Outcome
	Document *feeds.Document // as parse gave it; nil when there is none
	Said     []feeds.Fact    // what a visit would have said of its items
	Final    string          // the address that answered
	Channel  feeds.Origin
}

// Try visits a source as if for the first time and says nothing: the store is
// only asked what it holds, so one that was opened for reading will do. A
// source's failure is in the outcome.
func (e *Engine) Try(ctx context.Context, id feeds.SourceID) (Trial, error) {
	s := e.sources[id]
	v := begin(s, feeds.Fetched{}, e.o.Now())
	doc, err := e.read(ctx, s, &v)
	if ctx.Err() != nil {
		return Trial{}, ctx.Err()
	}
	t := Trial{Document: doc, Final: v.Final}
	if err != nil {
		v.fail(err)
	} else {
		words := &words{e: e}
		defer words.end()
		words.of(s.ID)
		if err := e.storedPins(); err != nil {
			return Trial{}, err
		}
		said, release, err := e.decide(ctx, s, doc, &v, words)
		defer release(false)
		if err != nil {
			return Trial{}, err
		}
		t.Said, t.Channel = said, v.Channel
	}
	v.finish(s, e.o.Now().Sub(v.At), false)
	t.Outcome = v.outcome()
	return t, nil
}

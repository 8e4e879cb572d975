package aggregator

import (
	"context"
	"errors"
	"fmt"

	"communique/feeds"
	"communique/feeds/vitals"
)

// ErrNoMove means that a source has not moved, or is not known.
var ErrNoMove = errors.New("nothing to take over")

// AcceptMove takes the move of a source over, as its last visits have found it:
// from now on it is asked at its new address, which is given. The configuration
// stays as it is. When the new address fails, the old one is asked again.
func (e *Engine) AcceptMove(ctx context.Context, id feeds.SourceID) (string, error) {
	s := e.sources[id]
	if s == nil {
		return "", fmt.Errorf("%w: no source %q that is pulled; there are: %s", ErrNoMove, id, e.some())
	}
	e.visits[id].Lock()
	defer e.visits[id].Unlock()
	f, _, err := e.o.Store.Fetched(id)
	switch {
	case err != nil:
		return "", err
	case f.URL == s.URL && f.Accepted && f.MovedTo != "" && f.Proposed() == "":
		return f.MovedTo, nil
	case f.URL == s.URL && f.Proposed() != "": // the later word, and the publisher's own
		was := vitals.Of(&f, vitals.Source{}, f.At)
		l := *f.SelfLink
		f.MovedTo, f.Moves, f.MovedAt, f.Accepted = l.New, 1, l.Since, true
		f.SelfLink = &feeds.SelfLink{}
		return f.MovedTo, e.sayMove(ctx, s, was, &f)
	case f.URL != s.URL || f.MovedTo == "":
		return "", fmt.Errorf("%w: source %s has not moved from %s", ErrNoMove, id, s.URL)
	}
	was := vitals.Of(&f, vitals.Source{}, f.At)
	f.Accepted = true
	return f.MovedTo, e.sayMove(ctx, s, was, &f)
}

func (e *Engine) sayMove(ctx context.Context, s *Source, was vitals.Health, f *feeds.Fetched) error {
	vitals.Remember(was, f)
	if _, err := e.o.Journal.Append(ctx, e.o.Now(), f); err != nil {
		return fmt.Errorf("source %s: %w", s.ID, err)
	}
	e.o.Log.Info("move taken over", "source", s.ID, "from", s.URL, "to", f.MovedTo)
	return nil
}

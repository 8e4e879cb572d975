package aggregator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"communique/aggregator/schedule"
	"communique/feeds"
)

// Run refreshes sources when they are due, until Drain is called, and then ends
// with the refreshes that are under way; or until ctx ends, and then breaks them
// off, which loses nothing. It fails only when the store does.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.applyPins(ctx); ctx.Err() != nil {
		return nil
	} else if err != nil {
		return err
	}
	q, err := e.queue()
	if err != nil {
		return err
	}
	e.waiting.Store(q)
	defer e.waiting.Store(nil)
	return e.work(ctx, q, func(out Outcome) time.Time { return out.NextDue })
}

// Drain lets Run begin no refresh any more.
func (e *Engine) Drain() { e.drain() }

// queue puts every source where it stands: due times survive a restart, and
// what is overdue or new is spread, so that a start makes no burst.
func (e *Engine) queue() (*schedule.Queue, error) {
	now := e.o.Now()
	q := schedule.NewQueue()
	visited := make(map[feeds.SourceID]bool, len(e.order))
	err := e.o.Store.EachFetched(func(last *feeds.Fetched) {
		id, s := last.Source, e.sources[last.Source]
		if s == nil {
			return
		}
		visited[id] = true
		switch {
		case last.URL != s.URL:
			q.Set(id, schedule.First(id, now, s.Schedule, e.o.Spread))
		case last.Gone: // until the operator changes its address
		case e.o.Hubs.Live(id): // what its hub pushed while we were away, nobody tells us again
			q.Set(id, schedule.Resume(id, now, last.At.Add(s.Floor), e.o.Spread))
		default:
			due := s.due(last)
			if ahead := last.At.Sub(now); ahead > 0 { // the clock was set back: what counts is how long to wait
				due = due.Add(-ahead)
			}
			q.Set(id, schedule.Resume(id, now, due, e.o.Spread))
		}
	})
	if err != nil {
		return nil, err
	}
	for _, id := range e.order {
		if !visited[id] {
			q.Set(id, schedule.First(id, now, e.sources[id].Schedule, e.o.Spread))
		}
	}
	return q, nil
}

// due gives when a source that was visited before is due, under the schedule
// that it has now. What the origin asked for in Retry-After stands.
func (s *Source) due(last *feeds.Fetched) time.Time {
	if strings.HasPrefix(last.DueRule, "Retry-After") {
		return last.NextDue
	}
	due, _ := schedule.Next(s.judge(last, 0, false))
	return due
}

// PollSoon has Run visit a source now, whenever it was due: its hub no longer
// tells us of its news.
func (e *Engine) PollSoon(id feeds.SourceID) {
	if q := e.waiting.Load(); q != nil && e.sources[id] != nil {
		q.Set(id, e.o.Now())
	}
}

// Pull refreshes the sources once, due or not; none named means all. It returns
// when all are done, and fails when a name is unknown or the store does.
func (e *Engine) Pull(ctx context.Context, ids ...feeds.SourceID) error {
	if len(ids) == 0 {
		ids = e.order
	}
	for _, id := range ids {
		if e.sources[id] == nil {
			return fmt.Errorf("no source %q in the configuration; there are: %s", id, e.some())
		}
	}
	if err := e.applyPins(ctx); err != nil {
		return err
	}
	q, now := schedule.NewQueue(), e.o.Now()
	for i, id := range ids {
		q.Set(id, now.Add(time.Duration(i-len(ids)))) // in the order that they were named
	}
	if err := e.work(ctx, q, func(Outcome) time.Time { return time.Time{} }); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// Refresh visits one source of the configuration now. The caller sees to it
// that no other refresh of the same source is under way.
func (e *Engine) Refresh(ctx context.Context, id feeds.SourceID) (Outcome, error) {
	out, err := e.refresh(ctx, e.sources[id])
	if err != nil {
		if ctx.Err() == nil {
			e.o.Log.Error("refresh broke off", "source", id, "err", err)
		}
		return out, err
	}
	level, msg := slog.LevelDebug, "fetched"
	switch {
	case out.Err != nil:
		level, msg = slog.LevelWarn, "fetch failed"
	case out.New+out.Revised+out.Copies+out.Withheld > 0:
		level = slog.LevelInfo
	}
	attrs := []slog.Attr{slog.String("source", string(id)), slog.Int("new", out.New), slog.Int("copies", out.Copies), slog.Int("revised", out.Revised),
		slog.Int64("bytes", out.Bytes), slog.Duration("took", out.Took), slog.Time("next", out.NextDue), slog.String("rule", out.Rule),
		slog.String("stage", "fetch"), slog.String("url", e.sources[id].URL), slog.Int("status", out.Status)}
	if out.Withheld > 0 {
		attrs = append(attrs, slog.Int("withheld", out.Withheld))
	}
	if out.Err != nil {
		attrs = append(attrs, slog.String("class", out.Class), slog.String("err", out.Err.Error()))
	}
	e.o.Log.LogAttrs(ctx, level, msg, attrs...)
	if e.o.Done != nil {
		e.o.Done(out)
	}
	return out, nil
}

// some lists the first few sources, for messages.
func (e *Engine) some() string {
	names := make([]string, 0, len(e.order))
	for _, id := range e.order {
		names = append(names, string(id))
	}
	slices.Sort(names)
	if len(names) > 20 {
		names = append(names[:20], "…")
	}
	return strings.Join(names, ", ")
}

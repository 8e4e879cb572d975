package aggregator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"communique/aggregator/fetch"
	"communique/aggregator/parse"
	"communique/feeds"
)

// Pushed reads a body that a source's hub has brought as if it had been fetched.
// It says nothing of the visits to the source: these go on, at their own times
// and with their own validators, as the proof that the hub tells all.
func (e *Engine) Pushed(ctx context.Context, id feeds.SourceID, body []byte, contentType string) (err error) {
	ctx, span := e.o.Trace.Start(ctx, "push")
	span.Text("communique.source", string(id))
	span.Number("communique.bytes", int64(len(body)))
	defer func() { span.End(fault(err)) }()
	s := e.sources[id]
	if s == nil {
		return fmt.Errorf("no source %q in the configuration", id)
	}
	e.visits[id].Lock()
	defer e.visits[id].Unlock()
	last, _, err := e.o.Store.Fetched(id)
	if err != nil {
		return err
	}
	now := e.o.Now()
	v := begin(s, last, now)
	if v.Final == "" {
		v.Final = s.URL
	}
	known := rawSet(last.Items)
	doc, err := parse.Parse(body, parse.Options{ContentType: contentType, URL: v.Final, Known: known.has, Wait: true})
	var no *parse.Error
	if errors.As(err, &no) {
		return fmt.Errorf("the push is no feed (%s)", no.Detail)
	}
	if err != nil || len(doc.Items) == 0 {
		return err
	}
	if s.Article != nil {
		if err := e.follow(ctx, s, doc, &v); err != nil {
			return err
		}
	}
	words := &words{e: e}
	defer words.end()
	words.of(id)
	stored := false
	said, release, err := e.decide(ctx, s, doc, &v, words)
	defer func() { release(stored) }() // after Append, see refresh
	if err != nil {
		return err
	}
	if len(said) == 0 {
		return nil
	}
	after := last
	after.Source, after.URL, after.Final, after.Channel, after.Gaps = id, s.URL, v.Final, v.Channel, v.Gaps
	after.Baseline, after.Brake = v.Baseline, v.Brake
	if v.New+v.Copies > 0 {
		after.News, after.Spoke = now, now
	}
	for _, raw := range doc.Raws { // a push may hold only what is new: what was in the last body stays known
		if slices.Contains(v.later, raw) {
			raw = asPutOff(raw)
		}
		if !known.has(raw) {
			after.Items = append(packRaws([]uint64{raw}), after.Items...)
		}
	}
	said = append(said, &after)
	if err := e.commit(ctx, now, said); err != nil {
		return fmt.Errorf("source %s: %w", id, err)
	}
	stored = true
	e.o.Log.LogAttrs(ctx, slog.LevelInfo, "pushed", slog.String("source", string(id)), slog.Int("new", v.New), slog.Int("copies", v.Copies),
		slog.Int("revised", v.Revised), slog.Int("bytes", len(body)), slog.String("stage", "push"))
	if e.o.Done != nil {
		out := v.outcome()
		out.NextDue, out.Rule, out.Pushed, out.Took = after.NextDue, after.DueRule, true, 0
		e.o.Done(out)
	}
	return nil
}

// listen has the source's hub asked for its pushes, where an answer names one:
// with a document, or before there is one, which it may not need.
func (e *Engine) listen(s *Source, got *fetch.Response, doc *feeds.Document) {
	if s.Reader != nil {
		return // what a hub pushes has to be a feed
	}
	if doc == nil {
		doc = &feeds.Document{}
	}
	topic, hubs := hubsOf(got, doc)
	e.o.Hubs.Found(s.ID, topic, hubs)
}

// hubsOf gives what an answer says of hubs (WebSub §4): the header first, the
// document where that is silent. The topic is the address that it calls its own,
// else the one that answered.
func hubsOf(got *fetch.Response, doc *feeds.Document) (topic string, hubs []string) {
	base, err := url.Parse(cmp.Or(doc.Base, got.Final))
	if err != nil {
		return "", nil
	}
	for _, links := range [][]feeds.Link{got.Links, doc.Links} {
		for _, l := range links {
			at, err := base.Parse(l.Href)
			if err != nil {
				continue
			}
			switch strings.ToLower(l.Rel) {
			case "hub":
				hubs = append(hubs, at.String())
			case "self":
				if topic == "" {
					topic = at.String()
				}
			}
		}
		if len(hubs) > 0 {
			break
		}
		topic = ""
	}
	if topic == "" {
		topic = got.Final
	}
	return topic, hubs
}

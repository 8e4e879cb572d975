package aggregator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/aggregator/tag"
	"communique/feeds"
	"communique/internal/trace"
	"communique/storage"
)

// Outcome is what one refresh came to.
type Outcome struct {
	Source    feeds.SourceID
	Items     int            // in the body, whether new or not
	New       int            // statements that nobody had told before
	Revised   int            // items whose text changed
	Copies    int            // new copies of statements that another copy had told
	Withheld  int            // new items that the flood brake holds back
	Joined    int            // statements that turned out to be another's
	Tags      map[string]int // given to what was new, by scheme
	Pushed    bool           // a hub brought it, nobody was visited
	Unchanged bool           // the source had nothing new to say
	Status    int            // HTTP status, 0 when there was no answer
	Class     string
	Err       error // why it failed, for people; the journal has it too
	Took      time.Duration
	Bytes     int64
	NextDue   time.Time
	Rule      string
}

// refresh visits one source and says what came of it. It fails only when the
// store or journal as a whole does, or when ctx ends: a source's failure is an
// outcome, and so is a part of the store that cannot be read.
func (e *Engine) refresh(ctx context.Context, s *Source) (out Outcome, broke error) {
	ctx, span := e.o.Trace.Start(ctx, "visit")
	defer func() { out.tell(span, s.ID, broke) }()
	mine := e.visits[s.ID]
	mine.Lock()
	defer mine.Unlock()
	now := e.o.Now()
	last, _, err := e.o.Store.Fetched(s.ID)
	known := err == nil
	if known {
		out, err = e.visit(ctx, s, last, now)
	}
	if ctx.Err() == nil && spoils(err) {
		out, err = e.spoiled(ctx, s, last, known, now, err)
	} else if err == nil {
		mine.unsaid = 0
	}
	return out, err
}

// spoils reports whether an error of the store is of this visit alone.
func spoils(err error) bool {
	return errors.Is(err, storage.ErrDamaged) || errors.Is(err, storage.ErrUnfit)
}

// spoiled ends a visit that the store broke off, by what it cannot read or will not
// hold: nothing of what it brought is said, and the last good state stays, so that
// all of it is read again once that is mended. The source waits as after any failure.
func (e *Engine) spoiled(ctx context.Context, s *Source, last feeds.Fetched, known bool, now time.Time, why error) (Outcome, error) {
	v := begin(s, last, now)
	v.ask = s.URL // where it was asked is at no fault
	v.fail(&softError{feeds.StoreFault, fmt.Sprintf("the visit is void: %v", why)})
	mine := e.visits[s.ID]
	v.Failures = max(v.Failures, mine.unsaid+1)
	v.finish(s, e.o.Now().Sub(now), e.o.Hubs.Live(s.ID))
	if known { // else it would take the place of what may still be restored
		err := e.commit(ctx, now, []feeds.Fact{&v.Fetched})
		if !spoils(err) {
			mine.unsaid = 0
			return v.outcome(), err
		}
	}
	mine.unsaid++
	return v.outcome(), nil
}

// visit is refresh of a source whose last visit is known.
func (e *Engine) visit(ctx context.Context, s *Source, last feeds.Fetched, now time.Time) (Outcome, error) {
	v := begin(s, last, now)
	doc, err := e.read(ctx, s, &v)
	if ctx.Err() != nil { // we are told to stop: that is no failure of the source
		return Outcome{}, ctx.Err()
	}
	if err == nil {
		e.selfLink(ctx, s, &v, doc)
		if ctx.Err() != nil {
			return Outcome{}, ctx.Err()
		}
	}
	var said []feeds.Fact
	stored := false
	switch {
	case err != nil:
		v.fail(err)
	case doc != nil:
		words := &words{e: e}
		defer words.end()
		words.of(s.ID)
		var release func(stored bool)
		said, release, err = e.decide(ctx, s, doc, &v, words)
		v.putOff()
		defer func() { release(stored) }() // after Append: until then the claims stand for what the store does not show yet
		if err != nil {
			return Outcome{}, err
		}
	}
	if v.New+v.Revised+v.Copies > 0 {
		e.o.Hubs.Missed(s.ID, last.Success)
	}
	v.finish(s, e.o.Now().Sub(now), e.o.Hubs.Live(s.ID))
	said = append(said, &v.Fetched) // last, because it moves the cursor; if we die before, we only ask again
	if err := e.commit(ctx, now, said); err != nil {
		return Outcome{}, fmt.Errorf("source %s: %w", s.ID, err)
	}
	stored = true
	return v.outcome(), nil
}

// commit puts facts into the journal.
func (e *Engine) commit(ctx context.Context, at time.Time, said []feeds.Fact) error {
	ctx, span := e.o.Trace.Start(ctx, "commit")
	span.Number("communique.facts", int64(len(said)))
	last, err := e.o.Journal.Append(ctx, at, said...)
	span.Number("communique.seq", int64(last))
	span.End(fault(err))
	return err
}

// tell notes what a visit came to. The words of a failure stay with the journal:
// they may hold the query of an address, which may hold a secret.
func (o *Outcome) tell(span *trace.Span, id feeds.SourceID, broke error) {
	if span == nil {
		return
	}
	span.Text("communique.source", string(id))
	if broke != nil {
		span.End("not stored")
		return
	}
	result := cmp.Or(o.Class, "ok")
	if o.Unchanged && o.Class == "" {
		result = "unchanged"
	}
	span.Text("communique.result", result)
	span.Number("http.response.status_code", int64(o.Status))
	span.Number("communique.bytes", o.Bytes)
	span.Number("communique.items", int64(o.Items))
	span.Number("communique.new", int64(o.New))
	span.Number("communique.revised", int64(o.Revised))
	span.Number("communique.copies", int64(o.Copies))
	span.Number("communique.joined", int64(o.Joined))
	span.End(o.Class)
}

// fault names a failure for a span, "" for none.
func fault(err error) string {
	if err == nil {
		return ""
	}
	return classOf(err)
}

// read fetches and parses. A nil document means that nothing has changed.
func (e *Engine) read(ctx context.Context, s *Source, v *visit) (*feeds.Document, error) {
	req := fetch.Request{URL: v.ask, Header: s.Header, AcceptLanguage: s.Language, AllowNetworks: s.AllowNetworks}
	asked := e.o.Fetcher.Asked(req) ^ readingOf(s)
	if s.Reader != nil && s.Robots {
		if err := e.allowed(ctx, s, v.ask); err != nil {
			return nil, err
		}
	}
	same := asked == v.Asked // else the validators are for another question (RFC 9110 §13.1)
	if same {
		req.Validators, req.Final = v.Validators, v.Final
	}
	asking, span := e.o.Trace.Start(ctx, "fetch")
	got, err := e.o.Fetcher.Get(asking, req)
	v.answered(got, err)
	span.Number("http.response.status_code", int64(v.Status))
	span.Number("communique.bytes", v.Bytes)
	span.End(fault(err))
	if err != nil {
		return nil, err
	}
	e.got(req.URL, got)
	e.listen(s, got, nil)
	if got.Unchanged {
		return nil, v.unchanged(got)
	}
	body := markOf(got.Body)
	if same && body == v.Body {
		return nil, v.unchanged(got)
	}
	known := v.Fetched.Items
	if !same {
		known = nil
	}
	seen := rawSet(known)
	reading, span := e.o.Trace.Start(ctx, "parse")
	doc, err := e.document(reading, s, got, v, seen.has)
	v.Bytes = got.Wire
	if err == nil {
		span.Number("communique.items", int64(len(doc.Raws)))
		span.Number("communique.unread", int64(len(doc.Items)))
	}
	span.End(fault(err))
	switch {
	case err != nil:
		return nil, err
	case len(doc.Raws) == 0 && len(v.Fetched.Items) > 0:
		return nil, &softError{"emptied", fmt.Sprintf("fetch %s: a valid feed without a single item, where there were %d; tell the publisher if it stays so", got.Final, len(v.Fetched.Items)/8)}
	}
	if s.Article != nil {
		if err := e.follow(ctx, s, doc, v); err != nil {
			return nil, err
		}
	}
	v.good(got, doc, asked, body)
	e.listen(s, got, doc)
	return doc, nil
}

// decide places, tags and words the facts for the items of a document that
// were not read before.
func (e *Engine) decide(ctx context.Context, s *Source, doc *feeds.Document, v *visit, words *words) (said []feeds.Fact, release func(stored bool), err error) {
	e.desks <- struct{}{}
	defer func() { <-e.desks }()
	o := e.channelOptions(s, v.Final, v.At)
	ch := e.normalize.Channel(doc, o)
	v.Channel = originOf(s, ch, v)
	_, span := e.o.Trace.Start(ctx, "normalize")
	drafts := make([]feeds.Draft, len(doc.Items))
	for i := range doc.Items {
		drafts[i] = e.normalize.Item(doc, ch, &doc.Items[i], o)
		drafts[i].Copy.Origin = v.Channel
		drafts[i].Taggings = e.tagging(s, &drafts[i])
	}
	span.Number("communique.items", int64(len(drafts)))
	span.End("")
	dedup.NewestFirst(drafts, v.At)
	_, span = e.o.Trace.Start(ctx, "dedup")
	defer func() { span.End(fault(err)) }()
	if err := e.fillWindow(); err != nil {
		return nil, func(bool) {}, err
	}
	placed, release, err := e.placer.Place(s.Source, drafts, v.At)
	if err != nil {
		return nil, release, err
	}
	flood := v.Baseline && flooded(placed, len(doc.Raws))
	if flood {
		e.o.Log.Warn("source changed nearly all its items at once; they keep their own dates", "source", s.ID, "stage", "dedup", "items", len(placed))
		v.Odd = fmt.Sprintf("flood: of %d items nearly all were new at once; ids, links or dates may have been made anew", len(doc.Raws))
	}
	withheld := e.withhold(s, v, drafts, placed, len(doc.Raws))
	joined := map[feeds.StatementID]bool{}
	for i := range placed {
		pl, d := &placed[i], &drafts[i]
		if pl.Repeated {
			continue
		}
		d.Notes = append(d.Notes, pl.Notes...)
		var ob *feeds.Observed
		keys := pl.Keys
		if pl.Seen {
			old, held, err := e.o.Store.Observed(pl.Item)
			if err != nil {
				return nil, release, err
			}
			if !held {
				continue // withdrawn or expired: that it returns is not news
			}
			if v.isStale(d, &old.Copy) {
				v.later = append(v.later, d.Raw)
				continue
			}
			if ob = e.revise(s, d, &old, v); ob == nil && len(pl.Join) == 0 {
				continue
			}
			if ob == nil {
				ob = &old
			}
			if pl.Features != nil {
				ob.Features = pl.Features
			}
			keys = dedup.Keep(keys, old.Keys)
		} else {
			if err := e.ofChanged(pl); err != nil {
				return nil, release, err
			}
			ob = e.first(s, d, pl, i, v, flood || withheld[pl.Item], withheld[pl.Item])
			if withheld[pl.Item] { // what nobody sees changes nothing of what is seen
				ob.Keys = keys
				said = append(said, ob)
				continue
			}
			was, err := e.earlier(ob, pl.Fuller, v, words)
			if err != nil {
				return nil, release, err
			}
			if was != nil {
				said = append(said, was)
			}
		}
		ob.Keys = keys
		said = append(said, ob)
		for _, loser := range pl.Join {
			if !joined[loser] {
				joined[loser] = true
				v.joined++
				said = append(said, &feeds.Joined{Loser: loser, Winner: pl.Statement, Why: pl.Why})
			}
		}
	}
	if v.withheld == 0 { // a flood is no rhythm
		v.learn(drafts, placed)
	}
	v.Baseline = v.Baseline || !doc.Left // what is left of a first import is of it, too
	return said, release, nil
}

// channelOptions says how what a source gives at an address is read.
func (e *Engine) channelOptions(s *Source, final string, at time.Time) normalize.Options {
	return normalize.Options{Source: s.Source, URL: final, Now: at}
}

// ofChanged finds out when the copy that an item was matched to last changed,
// where dedup had it from its window, which does not know.
func (e *Engine) ofChanged(pl *dedup.Placement) error {
	if pl.Of == "" || !pl.OfChanged.IsZero() {
		return nil
	}
	of, held, err := e.o.Store.Observed(pl.Of)
	if held {
		pl.OfChanged = of.Changed
	}
	return err
}

// first words the fact of an item that was never seen before.
func (e *Engine) first(s *Source, d *feeds.Draft, pl *dedup.Placement, place int, v *visit, flood, withheld bool) *feeds.Observed {
	published := d.Published
	if published.After(v.At) {
		if published.Sub(v.At) > clockSkew {
			d.Notes = append(d.Notes, "publication date lies in the future; the time of the first visit stands for it")
		}
		published = v.At
	}
	changed := dedup.FirstChange(d, v.At)
	if !pl.OfChanged.IsZero() && changed.After(pl.OfChanged) && pl.Relation != feeds.IsCorrection {
		changed = pl.OfChanged // another office's copy is no correction: it must not move the statement's updated
	}
	switch {
	case withheld: // nobody is told
	case pl.Of == "":
		v.New++
	default:
		v.Copies++
	}
	if v.tags == nil {
		v.tags = map[string]int{}
	}
	for i := range d.Taggings {
		v.tags[d.Taggings[i].Tag.Scheme]++
	}
	return &feeds.Observed{
		Item: pl.Item, Statement: pl.Statement, Relation: pl.Relation, Of: pl.Of, Why: pl.Why, Score: pl.Score,
		FirstSeen: v.At, Changed: changed, Published: published,
		Order:    orderOf(published, v.At, place, !v.Baseline, flood),
		Revision: 1, Priority: s.Priority, Copy: d.Copy,
		Taggings: d.Taggings, Rules: e.rulesOf(s),
		Threshold: pl.Threshold, Near: pl.Near, Features: pl.Features, Echo: pl.Echo, Withheld: withheld,
	}
}

// revise words the fact of an item that was seen before, nil when there is
// nothing new to say. What was frozen at first sight stays.
func (e *Engine) revise(s *Source, d *feeds.Draft, old *feeds.Observed, v *visit) *feeds.Observed {
	if d.Part && len(cmp.Or(old.Copy.Content, old.Copy.Summary)) > len(cmp.Or(d.Content, d.Summary)) {
		return nil // what was read and cannot be read now is a failure: what it said stays
	}
	ob := *old
	ob.Copy, ob.Priority = d.Copy, s.Priority
	ob.Taggings, ob.Rules = d.Taggings, e.rulesOf(s)
	if d.Hash == old.Copy.Hash {
		if sameCopy(&ob.Copy, &old.Copy) && ob.Priority == old.Priority && slices.Equal(ob.Taggings, old.Taggings) {
			return nil
		}
		return &ob
	}
	if e.onlyMoved(d, &old.Copy) || e.onlyFramed(d, &old.Copy) {
		return &ob
	}
	ob.Revision++
	switch {
	case d.Updated.After(old.Changed) && d.Updated.Before(v.At):
		ob.Changed = d.Updated
	case v.At.After(old.Changed): // else our clock was set back, and updated only grows
		ob.Changed = v.At
	}
	v.Revised++
	return &ob
}

// onlyMoved reports whether nothing but the item's address is new: a site that
// moves corrects no statement, and readers must not see all of them again.
func (e *Engine) onlyMoved(d *feeds.Draft, old *feeds.Copy) bool {
	return d.Link != old.Link && len(d.Enclosures) == len(old.Enclosures) &&
		d.Text == e.view(old)
}

// onlyFramed reports whether nothing is new but what a CMS puts around a text (where
// it first appeared, where to share it) or in which of its fields it comes: a site
// that adds a plugin corrects none of its statements.
func (e *Engine) onlyFramed(d *feeds.Draft, old *feeds.Copy) bool {
	was, is := cmp.Or(old.Content, old.Summary), cmp.Or(d.Content, d.Summary)
	return d.Title == old.Title && (strings.HasPrefix(is, was) || strings.HasPrefix(was, is)) &&
		(old.Content == "" || d.Content == "" || old.Summary == "" || d.Summary == "" || old.Summary == d.Summary) &&
		slices.EqualFunc(d.Enclosures, old.Enclosures, func(a, b feeds.Enclosure) bool {
			return normalize.Canonical(a.URL) == normalize.Canonical(b.URL)
		}) && d.Text == e.view(old)
}

// sameCopy reports whether two copies with one hash say the same also in what
// makes no correction: names, categories, rights, the source's own words. What
// some publishers make anew for every answer does not count (guids, dates, the
// parameters of links), nor do the notes, which are ours.
func sameCopy(a, b *feeds.Copy) bool {
	return a.Language == b.Language && a.Rights == b.Rights && a.Origin == b.Origin &&
		(a.Via == b.Via || a.Via != nil && b.Via != nil && *a.Via == *b.Via) &&
		slices.Equal(a.Authors, b.Authors) && slices.Equal(a.Contributors, b.Contributors) && slices.Equal(a.Categories, b.Categories)
}

func (e *Engine) tagging(s *Source, d *feeds.Draft) []feeds.Tagging {
	return e.tagger().Tag(tag.Input{Language: d.Language, View: d.Text, Published: d.Published, Source: s.Source, Categories: d.Categories})
}

// clockSkew is how far ahead of ours a publisher's clock may be.
const clockSkew = 10 * time.Minute

// late is how far below the top an item may enter: an item that is found
// within this time of its publication stands at its own date, an older one is
// still high enough for readers who come by every other day to see it.
const late = 48 * time.Hour

// orderOf gives the time that feeds sort an item by, for ever. A first import
// is a baseline: its items stand at their own dates and, without one, below
// everything that has one, in document order, so that they never flood the top.
func orderOf(published, seen time.Time, place int, baseline, flood bool) time.Time {
	down := -time.Duration(place) * time.Millisecond // document order, newest first
	switch {
	case (baseline || flood) && !published.IsZero():
		return published
	case baseline:
		return time.Unix(0, 0).UTC().Add(down)
	case flood:
		return seen.Add(-late + down)
	case published.IsZero():
		return seen.Add(down)
	case seen.Sub(published) > late:
		return seen.Add(-late + down)
	}
	return published
}

// flooded reports whether nearly all items of a body that was read before are
// suddenly news: a source that rewrote its ids, links and texts at once.
func flooded(placed []dedup.Placement, inBody int) bool {
	news := 0
	for i := range placed {
		if !placed[i].Seen {
			news++
		}
	}
	return news >= 10 && 5*news >= 4*inBody
}

// softError is a visit that HTTP calls a success and a reader would not.
type softError struct{ class, msg string }

func (e *softError) Error() string { return e.msg }

// hintFor says what to do about an answer that is no feed.
func hintFor(class string) string {
	switch class {
	case "html":
		return "open the address in a browser: the feed may have moved, or a wall or a login stands before it"
	case "no-items":
		return "the page has changed, or the rules under `select` are not right; look with `communique source test`"
	case "empty":
		return "tell the publisher if it stays so"
	}
	return "check that the address is that of the feed"
}

// classOf gives the failure's class, for logs, metrics and back-off.
func classOf(err error) string {
	var fe *fetch.Error
	var se *softError
	switch {
	case errors.As(err, &fe):
		return string(fe.Class)
	case errors.As(err, &se):
		return se.class
	}
	return "other"
}

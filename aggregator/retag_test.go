package aggregator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/tag"
	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// ruled gives an engine with an operator's rules.
func (w *world) ruled(t tag.Taxonomy) *Engine {
	w.t.Helper()
	tagger, err := tag.New(t)
	if err != nil {
		w.t.Fatal(err)
	}
	return New(Options{Sources: w.srcs, Store: w.store, Journal: w.store, Tagger: func() *tag.Tagger { return tagger },
		Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)})
}

func topicRule(id string, patterns ...string) tag.Taxonomy {
	return tag.Taxonomy{Topics: []tag.Rule{{ID: id, Patterns: map[string][]string{"any": patterns}}}}
}

func (w *world) retag(e *Engine, o Retagging) Retagged {
	w.t.Helper()
	out, err := e.Retag(context.Background(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) preview(e *Engine, o Retagging) (changes []TagChange, seen Previewed) {
	w.t.Helper()
	seen, err := e.Preview(context.Background(), o, func(c TagChange) error {
		changes = append(changes, c)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return changes, seen
}

// tagged gives the statements in a topic's feed.
func (w *world) tagged(topic string) (ids []feeds.StatementID) {
	w.t.Helper()
	page, err := w.store.Select(feeds.Query{Topics: []string{topic}, Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range page.Heads {
		ids = append(ids, h.ID)
	}
	return ids
}

// observed gives all items of the store without what retagging may change.
func (w *world) observed() (items []feeds.Observed) {
	w.t.Helper()
	if err := w.store.Recent(context.Background(), time.Time{}, func(o *feeds.Observed) error {
		whole, _, err := w.store.Observed(o.Item)
		whole.Taggings, whole.Rules = nil, 0
		items = append(items, whole)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return items
}

func TestRetagGivesWhatIsStoredNewTagsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	at := w.now.Add(-2 * time.Hour)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at), item("2", "http://a.example/2", "The lighthouse is lit", "Ben", at)))
	w.set("/b", rss(item("77", "http://b.example/x", "Aid reaches the islands", "Ana", at.Add(time.Hour))))
	w.pull()
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches all the islands", "Ana", at), item("2", "http://a.example/2", "The lighthouse is lit", "Ben", at)))
	w.pull()
	items, statements, digest := w.observed(), w.all(), w.store.Digest()

	e := w.ruled(topicRule("lighthouses", "lighthouse"))
	changes, seen := w.preview(e, Retagging{})
	if len(changes) != 1 || changes[0].Title != "The lighthouse is lit" || len(changes[0].Lost) != 0 || seen != (Previewed{Copies: 3, Statements: 2, Changed: 1}) {
		t.Fatalf("the preview shows %+v of %+v, want one change in two statements of three copies", changes, seen)
	}
	if g := changes[0].Gained; len(g) != 1 || g[0].Tag.String() != "topic/lighthouses" || g[0].Rule != "topic lighthouses" || !strings.Contains(g[0].Evidence, "lighthouse") {
		t.Errorf("gained %+v, want topic/lighthouses with its rule and words", g)
	}
	if w.store.Digest() != digest || w.tagged("lighthouses") != nil {
		t.Error("the preview changed the store")
	}

	if got := w.retag(e, Retagging{}); got != (Retagged{Copies: 3, Changed: 1, Gained: 1}) {
		t.Errorf("retagged %+v, want three copies, one of which gained a tag", got)
	}
	if got := w.tagged("lighthouses"); !slices.Equal(got, []feeds.StatementID{changes[0].Statement}) {
		t.Errorf("in the feed are %v, want %s", got, changes[0].Statement)
	}
	if again := w.observed(); !reflect.DeepEqual(again, items) {
		t.Errorf("besides tags there changed\n%+v\nto\n%+v", items, again)
	}
	for i, st := range w.all() {
		if was := statements[i]; st.ID != was.ID || !st.Updated.Equal(was.Updated) || !st.Order.Equal(was.Order) || !st.Published.Equal(was.Published) {
			t.Errorf("statement %s, updated %s, order %s; was %s, %s, %s", st.ID, st.Updated, st.Order, was.ID, was.Updated, was.Order)
		}
	}

	// What is told by the present rules is not said again, nor when all is asked for.
	position := w.store.Position()
	if got := w.retag(e, Retagging{}); got != (Retagged{}) {
		t.Errorf("a second time %+v, want nothing", got)
	}
	if got := w.retag(e, Retagging{All: true}); got != (Retagged{Copies: 3}) || w.store.Position() != position {
		t.Errorf("all of it %+v, position %d, was %d; want three copies and nothing said", got, w.store.Position(), position)
	}
	if changes, seen := w.preview(e, Retagging{}); changes != nil || seen != (Previewed{}) {
		t.Errorf("the preview shows %+v of %+v, want nothing", changes, seen)
	}

	// The topic is taken out again.
	e = w.ruled(tag.Taxonomy{})
	if changes, _ := w.preview(e, Retagging{}); len(changes) != 1 || len(changes[0].Gained) != 0 || len(changes[0].Lost) != 1 || changes[0].Lost[0].Tag.Term != "lighthouses" {
		t.Errorf("the preview shows %+v, want the topic lost", changes)
	}
	if got := w.retag(e, Retagging{}); got != (Retagged{Copies: 3, Changed: 1, Lost: 1}) || w.tagged("lighthouses") != nil {
		t.Errorf("retagged %+v, in the feed are %v; want none", got, w.tagged("lighthouses"))
	}
}

func TestRetagTakesABuiltInTopicAway(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Measles vaccination campaign: vaccines for hospitals", "Ana", w.now)))
	w.pull()
	if len(w.tagged("health")) != 1 {
		t.Fatal("a text on vaccines is not tagged health")
	}
	w.retag(w.ruled(tag.Taxonomy{Topics: []tag.Rule{{ID: "health", Disable: true}}}), Retagging{})
	if ids := w.tagged("health"); ids != nil {
		t.Errorf("%v are in the feed of a topic that is disabled", ids)
	}
}

func TestRetagKnowsWhatTheOperatorSaysOfASource(t *testing.T) {
	w := newWorld(t)
	a := w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.pull()
	a.Regions = []string{"caribbean"}
	if e := w.ruled(tag.Taxonomy{}); e.Rules() == w.ruled(topicRule("x", "x")).Rules() || w.retag(e, Retagging{}).Changed != 1 {
		t.Error("a source's new region did not reach its items")
	}
	before := w.one().Taggings
	if !carries(before, feeds.Tag{Scheme: feeds.Region, Term: "caribbean"}) {
		t.Fatalf("tags %v, want region/caribbean", before)
	}
	// A source that is not pulled any more: what was said of it stands.
	w.srcs = nil
	w.retag(w.ruled(topicRule("islands", "island")), Retagging{})
	if st := w.one(); len(without(before, st.Taggings)) > 0 || len(st.Taggings) != len(before)+1 {
		t.Errorf("tags %v, want those of before, %v, and topic/islands", st.Taggings, before)
	}
}

// What Preview says is what the statements become, whatever their copies share
// and whatever an operator said of them.
func TestPreviewTellsWhatStatementsBecome(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	text := map[string]string{
		"pier":  "The pier is mended in Chile. Boats come to the pier in Chile.",
		"light": "The lighthouse is lit in Chile. Ships see the lighthouse in Chile.",
		"both":  "The pier and the lighthouse are open. The pier is long, the lighthouse high.",
		"name":  "The pier is mended. It cost as much as one in Chile.",
	}
	say := func(item, st, words string) *feeds.Observed {
		return &feeds.Observed{Item: feeds.ItemKey("a/" + item), Statement: feeds.StatementID(st), FirstSeen: w.now, Changed: w.now, Order: w.now, Revision: 1, Relation: feeds.IsOrigin,
			Copy: feeds.Copy{Source: "a", Title: words, Language: "en", Content: "<p>" + text[words] + "</p>"}}
	}
	var said []feeds.Fact
	for i, one := range []string{"pier", "light", "both", "name"} {
		for j, other := range []string{"pier", "light", "both", "name"} {
			st := fmt.Sprintf("s%d%d", i, j)
			said = append(said, say(st+"a", st, one))
			if j > 0 {
				said = append(said, say(st+"b", st, other))
			}
			pier, cl := feeds.Tag{Scheme: feeds.Topic, Term: "piers"}, feeds.Tag{Scheme: feeds.Country, Term: "cl"}
			switch (i + j) % 3 {
			case 1:
				said = append(said, &feeds.Moderated{Statement: feeds.StatementID(st), Cut: []feeds.Tag{pier, cl}})
			case 2:
				said = append(said, &feeds.Moderated{Statement: feeds.StatementID(st), Add: []feeds.Tag{pier, cl}})
			}
		}
	}
	if _, err := w.store.Append(context.Background(), w.now, said...); err != nil {
		t.Fatal(err)
	}
	w.retag(w.ruled(topicRule("piers", "pier")), Retagging{}) // as if visits had tagged them
	for _, rules := range []tag.Taxonomy{
		topicRule("lighthouses", "lighthouse"),
		topicRule("piers", "pier", "boat"),
		{Countries: []tag.Rule{{ID: "cl", Disable: true}}},
		{},
	} {
		before := map[feeds.StatementID][]feeds.Tagging{}
		for _, st := range w.all() {
			before[st.ID] = st.Taggings
		}
		e := w.ruled(rules)
		changes, _ := w.preview(e, Retagging{})
		w.retag(e, Retagging{})
		told := map[feeds.StatementID]TagChange{}
		for _, c := range changes {
			told[c.Statement] = c
		}
		for _, st := range w.all() {
			gained, lost := without(st.Taggings, before[st.ID]), without(before[st.ID], st.Taggings)
			if c := told[st.ID]; !slices.Equal(c.Gained, gained) || !slices.Equal(c.Lost, lost) {
				t.Errorf("%s, rules %+v: it was told that it would gain %v and lose %v, it gained %v and lost %v", st.ID, rules, c.Gained, c.Lost, gained, lost)
			}
		}
	}
}

// watched is a journal that looks on while something is said.
type watched struct {
	*storage.Store
	look func(said []feeds.Fact)
}

func (j watched) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	j.look(said)
	return j.Store.Append(ctx, at, said...)
}

// A visit that words an item while it is tagged anew would lose its correction,
// or the item its new tags.
func TestRetagHoldsTheWordsOfTheSourceAlone(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.set("/b", rss(item("2", "http://b.example/2", "The lighthouse is lit", "Ben", w.now)))
	w.pull()
	w.srcs = w.srcs[:1]
	e := w.ruled(topicRule("lighthouses", "lighthouse"))
	lots := 0
	e.o.Journal = watched{w.store, func(said []feeds.Fact) {
		lots++
		for id, mu := range e.words {
			held := !mu.TryLock()
			if !held {
				mu.Unlock()
			}
			if source := said[0].(*feeds.Observed).Item.Source(); held != (id == e.wordsOf(source)) {
				t.Errorf("while items of %s are said, the words of %q are held: %v", source, id, held)
			}
		}
	}}
	step := func(int, int) error {
		for id, mu := range e.words {
			if !mu.TryLock() {
				t.Errorf("between two lots the words of %q are held", id)
				continue
			}
			mu.Unlock()
		}
		return nil
	}
	if w.retag(e, Retagging{Step: step}); lots != 2 {
		t.Errorf("%d lots, want one a source", lots)
	}
}

func TestRetagThatIsBrokenOffIsFinishedByTheNext(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	var said []feeds.Fact
	const n = lotItems + 44
	for i := range n {
		id := fmt.Sprint("s", i)
		said = append(said, &feeds.Observed{Item: feeds.ItemKey("a/" + id), Statement: feeds.StatementID(id), FirstSeen: w.now, Changed: w.now, Order: w.now, Revision: 1,
			Copy: feeds.Copy{Source: "a", Title: "The lighthouse is lit", Language: "en"}})
	}
	if _, err := w.store.Append(context.Background(), w.now, said...); err != nil {
		t.Fatal(err)
	}
	e := w.ruled(topicRule("lighthouses", "lighthouse"))
	enough := errors.New("enough")
	var steps []string
	o := Retagging{Step: func(done, total int) error {
		steps = append(steps, fmt.Sprintf("%d/%d", done, total))
		if done > 0 && done < n {
			return enough
		}
		return nil
	}}
	first, err := e.Retag(context.Background(), o)
	if !errors.Is(err, enough) || first.Changed != lotItems || len(w.tagged("lighthouses")) != lotItems {
		t.Errorf("%+v, %v, %d in the feed; want the first lot and the error", first, err, len(w.tagged("lighthouses")))
	}
	o.Step = func(done, total int) error {
		steps = append(steps, fmt.Sprintf("%d/%d", done, total))
		return nil
	}
	if second := w.retag(e, o); second.Changed != n-lotItems || len(w.tagged("lighthouses")) != n {
		t.Errorf("then %+v, %d in the feed, want the rest", second, len(w.tagged("lighthouses")))
	}
	if want := []string{"0/300", "256/300", "0/44", "44/44"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Retag(ctx, Retagging{All: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

// A publisher's summary may say more than the content, and what is tagged is
// the longer text.
func TestRetagReadsWhatTheVisitRead(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := w.now.Format(time.RFC3339)
	w.set("/a", page{body: `<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id><title>t</title><updated>` + at + `</updated>
<entry><id>1</id><title>Briefly</title><link href="http://a.example/1"/><updated>` + at + `</updated><category term="Health"/>
<summary>In Honduras the hospitals were given vaccines against measles, and in Honduras the schools were opened again after the floods.</summary><content>More on our site.</content></entry>
<entry><id>2</id><title>PANAMA CITY: a pier &amp;amp; a &lt;light&gt;</title><link href="http://a.example/2"/><updated>` + at + `</updated>
<summary>A pier.</summary><content type="html">&lt;p>PANAMA CITY, 3 March 2026 - The &lt;b>pier&lt;/b> of Colón was mended.&lt;/p>&lt;p>About us: we work in Peru.&lt;/p></content></entry></feed>`})
	w.pull()
	e := w.engine(nil)
	changes, seen := w.preview(e, Retagging{All: true})
	if got := w.retag(e, Retagging{All: true}); got != (Retagged{Copies: 2}) || len(changes) > 0 || seen.Copies != 2 {
		t.Errorf("by the same rules %+v, %+v, want no change: %+v", got, seen, changes)
	}
}

// BenchmarkRetag tags texts of 1.5 kB anew, from the store and back to it.
func BenchmarkRetag(b *testing.B) {
	store := testkit.OpenStore(b)
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	const n = 2 * lotItems
	var said []feeds.Fact
	for i := range n {
		id := fmt.Sprint("s", i)
		said = append(said, &feeds.Observed{Item: feeds.ItemKey("a/" + id), Statement: feeds.StatementID(id), FirstSeen: now, Changed: now, Order: now, Revision: 1,
			Copy: feeds.Copy{Source: "a", Title: "Report " + id, Language: "en", Content: "<p>" + strings.Repeat("The ministry of health of Honduras said that vaccines had reached the hospitals of the region "+id+". ", 15) + "</p>"}})
	}
	if _, err := store.Append(context.Background(), now, said...); err != nil {
		b.Fatal(err)
	}
	var engines [2]*Engine
	for i, t := range []tag.Taxonomy{{}, topicRule("ministries", "ministry")} {
		tagger, err := tag.New(t)
		if err != nil {
			b.Fatal(err)
		}
		engines[i] = New(Options{Store: store, Journal: store, Tagger: func() *tag.Tagger { return tagger }, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if out, err := engines[i%2].Retag(context.Background(), Retagging{}); err != nil || out.Changed != n {
			b.Fatal(out, err)
		}
		i++
	}
	b.ReportMetric(float64(i*n)/b.Elapsed().Seconds(), "items/s")
}

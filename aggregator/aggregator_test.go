package aggregator

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/fetch"
	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/feeds"
	"communique/storage"
)

// world is a real origin, a real store and an engine between them, with a clock
// that the test turns.
type world struct {
	t     *testing.T
	mu    sync.Mutex
	pages map[string]page // by path
	asked map[string]int
	srv   *httptest.Server
	file  string
	store *storage.Store
	now   time.Time
	srcs  []Source
	like  dedup.Likeness

	isSpoiled bool // the store is damaged on purpose
}

// page is what the origin answers at a path.
type page struct {
	status int // 0 means 200
	body   string
	header map[string]string
	etag   string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, pages: map[string]page{}, asked: map[string]int{}, now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC),
		file: filepath.Join(t.TempDir(), "communique.db")}
	w.srv = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(w.srv.Close)
	w.open()
	t.Cleanup(func() {
		if err := w.store.Verify(); err != nil && !w.isSpoiled {
			t.Errorf("the store is not sound: %v", err)
		}
		w.store.Close()
	})
	return w
}

func (w *world) open() {
	w.t.Helper()
	s, err := storage.Open(w.file, storage.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.store = s
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	p, ok := w.pages[r.URL.Path]
	w.asked[r.URL.Path]++
	w.mu.Unlock()
	if !ok {
		http.NotFound(rw, r)
		return
	}
	for k, v := range p.header {
		rw.Header().Set(k, v)
	}
	if p.etag != "" {
		rw.Header().Set("ETag", p.etag)
		if r.Header.Get("If-None-Match") == p.etag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if p.status != 0 {
		rw.WriteHeader(p.status)
	}
	fmt.Fprint(rw, p.body)
}

func (w *world) set(path string, p page) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = p
}

// source adds an office whose feed is at /id.
func (w *world) source(id string) *Source {
	w.srcs = append(w.srcs, Source{Source: feeds.Source{ID: feeds.SourceID(id), URL: w.srv.URL + "/" + id, Title: "Office " + id}})
	return &w.srcs[len(w.srcs)-1]
}

func (w *world) engine(done func(Outcome)) *Engine {
	w.t.Helper()
	f, err := fetch.New(fetch.Options{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		w.t.Fatal(err)
	}
	tagger := func() *tag.Tagger {
		tg, err := tag.New(tag.Taxonomy{})
		if err != nil {
			panic(err)
		}
		return tg
	}
	return New(Options{Sources: w.srcs, Store: w.store, Journal: w.store, Fetcher: f, Tagger: tagger,
		Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler), Done: done, Likeness: w.like})
}

// pull refreshes everything once, in the order of the sources, and lets an hour
// pass.
func (w *world) pull(ids ...feeds.SourceID) map[feeds.SourceID]Outcome {
	w.t.Helper()
	out := map[feeds.SourceID]Outcome{}
	e := w.engine(func(o Outcome) { out[o.Source] = o })
	if len(ids) == 0 {
		ids = e.order
	}
	for _, id := range ids {
		if err := e.Pull(context.Background(), id); err != nil {
			w.t.Fatal(err)
		}
	}
	w.now = w.now.Add(time.Hour)
	return out
}

// all gives every published statement, newest first.
func (w *world) all() []feeds.Statement {
	w.t.Helper()
	page, err := w.store.Select(feeds.Query{Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []feeds.StatementID
	for _, h := range page.Heads {
		ids = append(ids, h.ID)
	}
	sts, err := w.store.Statements(ids...)
	if err != nil {
		w.t.Fatal(err)
	}
	return sts
}

func (w *world) one() feeds.Statement {
	w.t.Helper()
	all := w.all()
	if len(all) != 1 {
		w.t.Fatalf("%d statements, want 1", len(all))
	}
	return all[0]
}

// rss makes a feed of items.
func rss(items ...string) page {
	return page{body: `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://a.example/</link><description>d</description>` +
		strings.Join(items, "") + `</channel></rss>`}
}

// item makes an item whose text is long enough to be compared.
func item(guid, link, title, who string, at time.Time) string {
	date := ""
	if !at.IsZero() {
		date = "<pubDate>" + at.Format(time.RFC1123Z) + "</pubDate>"
	}
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><link>%s</link><title>%s</title>%s<description>%s</description></item>`,
		guid, link, title, date, strings.Repeat(who+" spoke to the press about the crossing and the help that people were given there. ", 3))
}

func TestRefreshPublishesEachStatementOnceWithItsOffices(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	at := w.now.Add(-2 * time.Hour)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.set("/b", rss(item("77", "http://b.example/x", "Aid reaches the islands", "Ana", at.Add(time.Hour))))
	out := w.pull()
	if out["a"].New != 1 || out["b"].Copies != 1 || out["b"].New != 0 {
		t.Errorf("outcomes %+v, want one new at a and one copy at b", out)
	}
	st := w.one()
	if len(st.Copies) != 2 || st.Copies[0].Source != "a" || st.Copies[1].Relation != feeds.IsReprint {
		t.Errorf("copies %+v, want a's and b's reprint", st.Copies)
	}
	if !st.Published.Equal(at) || !st.Updated.Equal(at) {
		t.Errorf("published %s updated %s, want both %s: a reprint is no correction", st.Published, st.Updated, at)
	}
	if got := st.Copies[1].Origin; got.Title != "Office b" || got.FeedURL != w.srv.URL+"/b" {
		t.Errorf("origin %+v", got)
	}
	again := w.pull()
	if !again["a"].Unchanged || !again["b"].Unchanged {
		t.Errorf("second pull %+v, want unchanged", again)
	}
}

func TestEarlierPublishedCopyIsTheOriginWhateverIsPulledFirst(t *testing.T) {
	w := newWorld(t)
	w.source("reprinter")
	w.source("author")
	at := w.now.Add(-5 * time.Hour)
	w.set("/reprinter", rss(item("9", "http://b.example/9", "Aid reaches the islands", "Ana", at.Add(2*time.Hour))))
	w.set("/author", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull("reprinter") // an hour before the other
	first := w.one()
	w.pull("author")
	st := w.one()
	if st.ID != first.ID || !st.Published.Equal(first.Published) || !st.Order.Equal(first.Order) {
		t.Errorf("what is frozen at first sight moved: %s %s, was %s %s", st.Published, st.Order, first.Published, first.Order)
	}
	lead := st.Lead()
	if lead.Source != "author" || lead.Relation != feeds.IsOrigin || st.Copies[0].Relation != feeds.IsReprint || st.Copies[0].Of != lead.Item {
		t.Errorf("lead %s (%s), first %s (%s of %s)", lead.Source, lead.Relation, st.Copies[0].Source, st.Copies[0].Relation, st.Copies[0].Of)
	}
	if out := w.pull(); !out["author"].Unchanged || !out["reprinter"].Unchanged {
		t.Errorf("the next pull says it again: %+v", out)
	}
}

func TestNothingIsNewAfterARestart(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.pull()
	before := w.store.Digest()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.open()
	if w.store.Digest() != before {
		t.Error("the digest changed over a restart")
	}
	if out := w.pull(); !out["a"].Unchanged || out["a"].New != 0 {
		t.Errorf("after a restart: %+v", out["a"])
	}
}

func TestCorrectionIsARevisionOfTheSameStatement(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := w.now.Add(-time.Hour)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull()
	first := w.one()
	corrected := w.now
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches all the islands", "Ana", at.Add(30*time.Minute))))
	if out := w.pull(); out["a"].Revised != 1 || out["a"].New != 0 {
		t.Errorf("outcome %+v, want one revised", out["a"])
	}
	st := w.one()
	if st.ID != first.ID || st.Copies[0].Revision != 2 || st.Copies[0].Title != "Aid reaches all the islands" {
		t.Errorf("statement %s revision %d %q", st.ID, st.Copies[0].Revision, st.Copies[0].Title)
	}
	if !st.Published.Equal(at) || !st.Order.Equal(first.Order) {
		t.Errorf("published %s order %s moved with the correction", st.Published, st.Order)
	}
	if !st.Updated.Equal(corrected) {
		t.Errorf("updated %s, want the time of the visit that found it, %s", st.Updated, corrected)
	}
	// White space and markup that no reader sees do not count.
	w.set("/a", rss(strings.Replace(item("1", "http://a.example/1", "Aid reaches all the islands", "Ana", at), "spoke to", "spoke   to", 1)))
	if out := w.pull(); out["a"].Revised != 0 || !w.one().Updated.Equal(corrected) {
		t.Errorf("a change of white space moved updated: %+v", out["a"])
	}
}

func TestNewestStateOfAnEntryIsTaken(t *testing.T) {
	entry := func(text, updated string) string {
		return `<entry><id>urn:e:1</id><title>Aid reaches the islands</title><link href="http://a.example/1"/><updated>` + updated + `</updated><summary>` + text + `</summary></entry>`
	}
	was, is := entry("Forty families.", "2026-03-08T08:00:00Z"), entry("Fifty families.", "2026-03-09T08:00:00Z")
	future := entry("Sixty families.", "2099-03-09T08:00:00Z")
	for name, order := range map[string]string{"newest first": is + was, "oldest first": was + is, "one of the future": was + is + future} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source("a")
			w.set("/a", page{body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id><updated>2026-03-09T08:00:00Z</updated>` + order + `</feed>`})
			w.pull()
			st := w.one()
			if got := st.Lead().Summary; got != "Fifty families." {
				t.Errorf("published is %q", got)
			}
			if at := st.Updated.UTC().Format(time.DateOnly); at != "2026-03-09" {
				t.Errorf("updated %s", at)
			}
			w.srcs[0].Title = "Another name" // all items are read again
			if out := w.pull()["a"]; out.Revised != 0 {
				t.Errorf("read again, it is revised: %+v", out)
			}
		})
	}
}

func TestAStateThatIsOlderIsTakenWhenItStays(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	state := func(text, updated string) page {
		return page{body: `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:f</id><updated>` + updated + `</updated>
<entry><id>urn:e:1</id><title>Aid reaches the islands</title><link href="http://a.example/1"/><updated>` + updated + `</updated><summary>` + text + `</summary></entry></feed>`}
	}
	was, is := state("Forty families.", "2026-03-08T08:00:00Z"), state("Fifty families.", "2026-03-09T08:00:00Z")
	was.etag = `"was"`
	for i, c := range []struct {
		gives page
		want  string
	}{
		{is, "Fifty"}, {was, "Fifty"}, {is, "Fifty"}, {was, "Fifty"}, // two servers at one address, or a cache that lags
		{was, "Forty"}, // the publisher went back to it
		{was, "Forty"}, {is, "Fifty"},
	} {
		w.set("/a", c.gives)
		before := w.now
		w.pull()
		st := w.one()
		if got := st.Lead().Summary; got != c.want+" families." {
			t.Errorf("visit %d: published is %q, want %s", i, got, c.want)
		}
		if i < 4 && st.Updated.UTC().Format(time.DateOnly) != "2026-03-09" || i == 4 && !st.Updated.Equal(before) {
			t.Errorf("visit %d: updated %s", i, st.Updated)
		}
	}
}

func TestPageThatMovesIsNoCorrection(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := w.now.Add(-time.Hour)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull()
	before := w.one()
	w.set("/a", rss(item("1", "https://new.example/press/1", "Aid reaches the islands", "Ana", at)))
	out := w.pull()
	after := w.one()
	if out["a"].Revised != 0 || !after.Updated.Equal(before.Updated) || after.Copies[0].Revision != 1 {
		t.Errorf("a new address moved updated to %s, revision %d", after.Updated, after.Copies[0].Revision)
	}
	if after.Copies[0].Link != "https://new.example/press/1" {
		t.Errorf("link %s, want the new one", after.Copies[0].Link)
	}
}

func TestWhatACMSPutsAroundATextIsNoCorrection(t *testing.T) {
	says := func(fields string) page {
		return rss(`<item><guid>http://a.example/1</guid><title>Aid reaches the islands</title><pubDate>Tue, 10 Mar 2026 08:00:00 GMT</pubDate>` + fields + `</item>`)
	}
	const text = `<p>Ana said that the crossing is safe and that families were helped.</p><p>Ships leave every day.</p>`
	whole := func(html string) string {
		return `<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[` + html + `]]></content:encoded>`
	}
	const teaser = `<description>The crossing is safe, says Ana.</description>`
	for name, c := range map[string]struct {
		was, is string
		matters bool
	}{
		"where it appeared":       {whole(text), whole(text + `<p>The post <a href="http://a.example/1">Aid reaches the islands</a> appeared first on <a href="http://a.example/">Office a</a>.</p>`), false},
		"no more":                 {whole(text + `<p>The post <a href="http://a.example/1">Aid reaches the islands</a> appeared first on <a href="http://a.example/">Office a</a>.</p>`), whole(text), false},
		"where to share it":       {whole(text), whole(text + `<p><a href="http://b.example/?u=1">Share on Facebook</a></p>`), false},
		"another field":           {whole(text), `<description><![CDATA[` + text + `]]></description>`, false},
		"a teaser beside it":      {whole(text), whole(text) + teaser, false},
		"another teaser":          {whole(text) + `<description>The crossing is open, says Ana.</description>`, whole(text) + teaser, true},
		"a sentence more":         {whole(text), whole(text + `<p>Bea doubts it.</p>`), true},
		"a sentence less":         {whole(text), whole(`<p>Ana said that the crossing is safe and that families were helped.</p>`), true},
		"a file":                  {whole(text), whole(text) + `<enclosure url="http://a.example/1.mp3" length="1" type="audio/mpeg"/>`, true},
		"another file":            {whole(text) + `<enclosure url="http://a.example/1.mp3" length="1" type="audio/mpeg"/>`, whole(text) + `<enclosure url="http://a.example/2.mp3" length="1" type="audio/mpeg"/>`, true},
		"only the teaser is left": {whole(text) + teaser, teaser, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source("a")
			w.set("/a", says(c.was))
			w.pull()
			before := w.one()
			w.set("/a", says(c.is))
			out := w.pull()["a"]
			after := w.one()
			if moved := out.Revised != 0; moved != c.matters || after.Updated.After(before.Updated) != c.matters {
				t.Errorf("revised %v, updated %s, before %s; want it to matter: %v", moved, after.Updated, before.Updated, c.matters)
			}
			if out := w.pull()["a"]; !out.Unchanged {
				t.Errorf("the next visit: %+v", out)
			}
			w.srcs[0].Title = "Another name" // all is read again
			if out := w.pull()["a"]; out.Revised != 0 {
				t.Errorf("read again, it is revised: %+v", out)
			}
		})
	}
}

func TestFirstImportDoesNotFloodTheTop(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "News of today", "Ana", w.now.Add(-time.Hour))))
	w.pull()
	w.source("late")
	var old []string
	for i := range 5 {
		old = append(old, item(fmt.Sprint("o", i), fmt.Sprintf("http://late.example/%d", i), fmt.Sprintf("Old news %d", i), fmt.Sprint("Old", i), w.now.AddDate(0, -i-1, 0)))
		old = append(old, item(fmt.Sprint("u", i), fmt.Sprintf("http://late.example/u%d", i), fmt.Sprintf("Undated news %d", i), fmt.Sprint("Undated", i), time.Time{}))
	}
	w.set("/late", rss(old...))
	w.pull()
	all := w.all()
	if len(all) != 11 || all[0].Lead().Title != "News of today" {
		t.Fatalf("%d statements, first %q", len(all), all[0].Lead().Title)
	}
	for i := range 5 {
		if got, want := all[1+i].Lead().Title, fmt.Sprintf("Old news %d", i); got != want {
			t.Errorf("place %d is %q, want %q", 1+i, got, want)
		}
		if got, want := all[6+i].Lead().Title, fmt.Sprintf("Undated news %d", i); got != want {
			t.Errorf("place %d is %q, want %q", 6+i, got, want)
		}
	}
	// What comes later is news, with or without a date.
	w.set("/late", rss(append([]string{item("u9", "http://late.example/u9", "Undated news of today", "Nine", time.Time{})}, old...)...))
	w.pull()
	if got := w.all()[0].Lead().Title; got != "Undated news of today" {
		t.Errorf("first is %q, want the new one", got)
	}
}

func TestSourceThatChangesAllItsIDsMakesNoFlood(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	feed := func(prefix, host string) page {
		var items []string
		for i := range 20 {
			items = append(items, item(fmt.Sprint(prefix, i), fmt.Sprintf("http://%s/%s%d", host, prefix, i), fmt.Sprintf("Statement %d", i), fmt.Sprint("Person", i), w.now.AddDate(0, 0, -i-3)))
		}
		return rss(items...)
	}
	w.set("/b", rss(item("1", "http://b.example/1", "News of today", "Bea", w.now.Add(-time.Hour))))
	w.set("/a", feed("old", "a.example"))
	w.pull()
	start := w.now
	w.now = start
	w.set("/a", feed("new", "www.other.example"))
	out := w.pull()
	// feed() dates by the clock; an hour later the same titles carry other dates,
	// so only their texts can tell.
	if n := len(w.all()); n != 21 {
		t.Errorf("%d statements after the change (%+v), want 21", n, out["a"])
	}
	if got := w.all()[0].Lead().Title; got != "News of today" {
		t.Errorf("first is %q, want what was first before", got)
	}
}

func TestFailuresKeepTheLastGoodState(t *testing.T) {
	good := item("1", "http://a.example/1", "Aid reaches the islands", "Ana", time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC))
	for name, c := range map[string]struct {
		bad   page
		class string
	}{
		"empty body":     {page{}, "empty"},
		"a page":         {page{body: "<!doctype html><html><head><title>Sorry</title></head><body><p>We are back soon</p></body></html>", header: map[string]string{"Content-Type": "text/html"}}, "html"},
		"no item left":   {rss(), "emptied"},
		"server error":   {page{status: 503, body: "busy"}, "status"},
		"not found":      {page{status: 404}, "status"},
		"not a feed":     {page{body: "just words"}, "not-feed"},
		"gone for good":  {page{status: 410}, "status"},
		"too many asked": {page{status: 429, header: map[string]string{"Retry-After": "7200"}}, "status"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source("a")
			p := rss(good)
			p.etag = `"v1"`
			w.set("/a", p)
			w.pull()
			before, _, _ := w.store.Fetched("a")
			visit := w.now
			w.set("/a", c.bad)
			out := w.pull()["a"]
			if out.Err == nil || out.Class != c.class {
				t.Fatalf("class %q (%v), want %q", out.Class, out.Err, c.class)
			}
			after, _, _ := w.store.Fetched("a")
			if after.Validators != before.Validators || string(after.Items) != string(before.Items) || !after.Success.Equal(before.Success) {
				t.Errorf("the last good state changed: %+v, before %+v", after, before)
			}
			if after.Failures != 1 || !after.Since.Equal(visit) || after.Error == "" {
				t.Errorf("failures %d since %s error %q", after.Failures, after.Since, after.Error)
			}
			switch name {
			case "gone for good":
				if !after.Gone || !after.NextDue.IsZero() {
					t.Errorf("gone %v next due %s, want never", after.Gone, after.NextDue)
				}
			case "too many asked":
				if after.NextDue.Before(visit.Add(2 * time.Hour)) {
					t.Errorf("next due %s, which is before the two hours that were asked for", after.NextDue)
				}
				fallthrough
			default:
				if !after.NextDue.After(visit) || after.DueRule == "" {
					t.Errorf("next due %s by %q", after.NextDue, after.DueRule)
				}
			}
			if st := w.one(); st.Lead().Title != "Aid reaches the islands" {
				t.Error("the stored statement is not published any more")
			}
			w.set("/a", p)
			if out := w.pull()["a"]; out.Err != nil || !out.Unchanged {
				t.Errorf("after recovery: %+v", out)
			}
			if f, _, _ := w.store.Fetched("a"); f.Failures != 0 || f.Class != "" || !f.Since.IsZero() {
				t.Errorf("recovered, but failures %d class %q", f.Failures, f.Class)
			}
		})
	}
}

func TestMoveIsFollowedAtOnceAndBelievedWhenStable(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 301, header: map[string]string{"Location": "/new"}})
	w.set("/new", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.pull()
	w.one()
	for range 3 { // often, but within hours
		w.pull()
	}
	if w.asked["/a"] != 4 {
		t.Errorf("the configured address was asked %d times, want 4: hours are not stable", w.asked["/a"])
	}
	w.now = w.now.Add(4 * 24 * time.Hour)
	w.pull()
	was := w.asked["/a"]
	w.pull()
	if w.asked["/a"] != was {
		t.Error("after days of the same move the old address is still asked")
	}
	delete(w.pages, "/new")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.pull() // fails at the new place
	if out := w.pull()["a"]; out.Err != nil {
		t.Errorf("the new place is gone and the configured one is not asked again: %v", out.Err)
	}
}

func TestTemporaryRedirectIsNeverKept(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 302, header: map[string]string{"Location": "/new"}})
	w.set("/new", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	for range 8 {
		w.pull()
		w.now = w.now.Add(24 * time.Hour)
	}
	if w.asked["/a"] != 8 {
		t.Errorf("the configured address was asked %d times, want 8", w.asked["/a"])
	}
}

func TestItemWithoutAnythingIsKeptWithANote(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(`<item><description>A text without title, link, date or id, long enough to be worth keeping for the readers of it.</description></item>`))
	w.pull()
	st := w.one()
	if len(st.Copies[0].Notes) == 0 {
		t.Error("nothing says that the item had neither title nor link nor date")
	}
	if !st.Published.IsZero() {
		t.Errorf("published %s was invented", st.Published)
	}
	w.pull()
	w.one()
}

func TestFutureDateIsClampedOnce(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	seen := w.now
	w.set("/a", rss(item("1", "http://a.example/1", "From the future", "Ana", w.now.AddDate(1, 0, 0))))
	w.pull()
	w.set("/a", rss(item("1", "http://a.example/1", "From the future, corrected", "Ana", w.now.AddDate(1, 0, 0))))
	w.pull()
	st := w.one()
	if !st.Published.Equal(seen) || st.Order.After(seen) {
		t.Errorf("published %s order %s, want the time of the first visit %s", st.Published, st.Order, seen)
	}
}

func TestChangedSettingsReadTheItemsAgain(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	p := rss(item("1", "http://a.example/1", "Mot", "Ana", w.now))
	p.etag = `"v1"`
	w.set("/a", p)
	w.pull()
	w.srcs[0].Title = "Renamed office"
	w.srcs[0].Priority = 7
	w.pull()
	if got := w.one().Copies[0]; got.Priority != 7 {
		t.Errorf("priority %d, want 7: validators of another configuration were used", got.Priority)
	}
}

func TestDueTimesSurviveARestart(t *testing.T) {
	w := newWorld(t)
	s, err := schedule.Parse("@every 6h", nil)
	if err != nil {
		t.Fatal(err)
	}
	w.source("a").Schedule = s
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	w.pull()
	q, err := w.engine(nil).queue()
	if err != nil {
		t.Fatal(err)
	}
	if id, due, ok := q.Next(w.now); ok {
		t.Errorf("%s is due at once after a restart", id)
	} else if f, _, _ := w.store.Fetched("a"); !due.Truncate(time.Second).Equal(f.NextDue.Truncate(time.Second)) {
		t.Errorf("due %s, want the stored %s", due, f.NextDue)
	}
}

func TestRunRefreshesWhatIsDueAndEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	w.set("/b", rss(item("1", "http://b.example/1", "Help", "Bea", w.now)))
	ctx, stop := context.WithCancel(context.Background())
	seen := make(chan feeds.SourceID, 10)
	e := w.engine(func(o Outcome) { seen <- o.Source })
	over := make(chan error)
	go func() { over <- e.Run(ctx) }()
	got := map[feeds.SourceID]bool{<-seen: true, <-seen: true}
	stop()
	if err := <-over; err != nil {
		t.Errorf("Run: %v, want nil when it is told to stop", err)
	}
	if len(got) != 2 || w.asked["/a"] != 1 || w.asked["/b"] != 1 {
		t.Errorf("refreshed %v, asked %v", got, w.asked)
	}
}

func TestSlowHostHoldsUpNobodyElse(t *testing.T) {
	w := newWorld(t)
	release := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		fmt.Fprint(rw, rss().body)
	}))
	defer slow.Close()
	for i := range 20 { // far more than there are workers
		s := w.source(fmt.Sprint("slow-", i))
		s.URL = slow.URL + "/" + string(s.ID)
	}
	for i := range 5 {
		id := fmt.Sprint("good-", i)
		w.source(id)
		w.set("/"+id, rss(item("1", "http://"+id+".example/1", "News of "+id, id, w.now)))
	}
	good := make(chan Outcome, 30)
	e := w.engine(func(o Outcome) { good <- o })
	over := make(chan error)
	go func() { over <- e.Pull(context.Background()) }()
	for range 5 {
		if o := <-good; !strings.HasPrefix(string(o.Source), "good-") {
			t.Errorf("%s was done while its host still held back", o.Source)
		}
	}
	close(release)
	if err := <-over; err != nil {
		t.Error(err)
	}
	if n := len(w.all()); n != 5 {
		t.Errorf("%d statements, want 5", n)
	}
}

func TestRedirectedSourceSendsItsValidators(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 302, header: map[string]string{"Location": "/new"}})
	p := rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now))
	p.etag = `"v1"`
	w.set("/new", p)
	w.pull()
	w.pull()
	if f, _, _ := w.store.Fetched("a"); f.Status != 304 {
		t.Errorf("the second visit got %d, want 304", f.Status)
	}
}

func TestUnknownSourceIsRefusedWithTheList(t *testing.T) {
	w := newWorld(t)
	w.source("harbour")
	err := w.engine(nil).Pull(context.Background(), "harbor")
	if err == nil || !strings.Contains(err.Error(), `"harbor"`) || !strings.Contains(err.Error(), "harbour") {
		t.Errorf("error %v, want the unknown name and those that there are", err)
	}
}

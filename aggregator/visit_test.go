package aggregator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/storage"
)

func TestEqualBodyTakesOverWhatItsAnswerSays(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 302, header: map[string]string{"Location": "/one"}})
	p := rss(item("1", "http://a.example/1", "Aid", "Ana", w.now))
	p.etag, p.header = `"v1"`, map[string]string{"Cache-Control": "max-age=36000"}
	w.set("/one", p)
	w.pull()
	w.set("/a", page{status: 302, header: map[string]string{"Location": "/two"}})
	p.etag, p.header = `"v2"`, nil
	w.set("/two", p)
	w.pull()
	f, _, _ := w.store.Fetched("a")
	if f.Status != 200 || !strings.HasSuffix(f.Final, "/two") || f.Validators.ETag != `"v2"` {
		t.Errorf("status %d final %s validators %+v, want those of /two", f.Status, f.Final, f.Validators)
	}
	if f.Hints.FreshFor != 0 {
		t.Errorf("fresh for %s, but the new answer says nothing of the kind", f.Hints.FreshFor)
	}
	w.pull()
	if f, _, _ := w.store.Fetched("a"); f.Status != 304 {
		t.Errorf("status %d, want 304: the validators of /two are not sent there", f.Status)
	}
}

func TestGoneSourceThatAnswersAgainIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 410})
	w.pull()
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	w.pull() // the operator tries
	if f, _, _ := w.store.Fetched("a"); f.Gone || f.NextDue.IsZero() {
		t.Errorf("gone %v, next due %s: it answers and is never asked again", f.Gone, f.NextDue)
	}
}

func TestGoneSourceIsAskedAgainAtItsNewAddress(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 410})
	w.pull()
	q, err := w.engine(nil).queue()
	if err != nil {
		t.Fatal(err)
	}
	if waiting, _ := q.Len(); waiting != 0 {
		t.Error("a source that is gone is still in the queue")
	}
	w.srcs[0].URL += "-new"
	w.set("/a-new", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	if q, err = w.engine(nil).queue(); err != nil {
		t.Fatal(err)
	}
	if waiting, _ := q.Len(); waiting != 1 {
		t.Error("the operator gave a new address, but the source is not in the queue")
	}
	w.pull()
	w.one()
}

// refusing is a journal that has no room.
type refusing struct{ *storage.Store }

var errFull = errors.New("no space left")

func (refusing) Append(context.Context, time.Time, ...feeds.Fact) (uint64, error) { return 0, errFull }

func TestPullFailsWhenTheJournalDoes(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	for range 30 { // what is seen first, the end of the work or its failure, is chance
		e := w.engine(nil)
		e.o.Journal = refusing{w.store}
		if err := e.Pull(context.Background()); !errors.Is(err, errFull) {
			t.Fatalf("Pull: %v, want %v", err, errFull)
		}
	}
	if _, visited, _ := w.store.Fetched("a"); visited {
		t.Error("the cursor moved although nothing was stored")
	}
	w.pull()
	w.one()
}

func TestRunEndsWithoutAnErrorWhateverItWasStoppedFor(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss())
	ctx, stop := context.WithCancelCause(context.Background())
	e := w.engine(func(Outcome) { stop(errors.New("interrupt signal received")) })
	if err := e.Run(ctx); err != nil {
		t.Errorf("Run: %v, want nil when it is told to stop", err)
	}
}

func TestSourceIsDueWhenTheClockWasAhead(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	right := w.now
	w.now = right.AddDate(1, 0, 0)
	w.pull()
	w.now = right
	q, err := w.engine(nil).queue()
	if err != nil {
		t.Fatal(err)
	}
	if _, due, _ := q.Next(right); due.After(right.AddDate(0, 0, 2)) {
		t.Errorf("due %s, a year late, since the clock was once ahead", due)
	}
}

func TestUpdatedNeverGoesBack(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := w.now.AddDate(0, 0, -1)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull()
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches all the islands", "Ana", at)))
	w.pull()
	was := w.one().Updated
	w.now = w.now.AddDate(0, 0, -1)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches some islands", "Ana", at)))
	w.pull()
	if got := w.one(); got.Updated.Before(was) || got.Copies[0].Revision != 3 {
		t.Errorf("updated went from %s back to %s at revision %d", was, got.Updated, got.Copies[0].Revision)
	}
}

func TestOperatorsWordsOnASourceReachItsStatements(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid", "Ana", w.now)))
	w.pull()
	was := w.one()
	w.srcs[0].Title, w.srcs[0].Credit = "Renamed office", "With thanks"
	w.pull()
	st := w.one()
	if o := st.Copies[0].Origin; o.Title != "Renamed office" || o.Rights != "With thanks" {
		t.Errorf("origin %+v", o)
	}
	if !st.Updated.Equal(was.Updated) || st.Copies[0].Revision != 1 {
		t.Error("the operator's words are no correction of the publisher's")
	}
}

func TestWhatIsPublishedBesideTheTextIsKeptUpToDate(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	i := item("1", "http://a.example/1", "Aid", "Ana", w.now)
	w.set("/a", rss(i))
	w.pull()
	was := w.one()
	w.set("/a", rss(strings.Replace(i, "<title>", "<category>Water</category><author>x@a.example (Ana Ruiz)</author><title>", 1)))
	w.pull()
	st := w.one()
	if c := st.Copies[0]; len(c.Categories) != 1 || len(c.Authors) != 1 {
		t.Errorf("categories %v authors %v", c.Categories, c.Authors)
	}
	if !st.Updated.Equal(was.Updated) {
		t.Error("updated moved, but the text is the same")
	}
}

func TestGuidsAndDatesThatAreMadeAnewForEveryAnswerChangeNothing(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	var was feeds.Statement
	for i := range 4 {
		w.set("/a", rss(item(fmt.Sprint("random", i), fmt.Sprint("http://a.example/1?utm_source=", i), "Aid", "Ana", w.now)))
		if out := w.pull()["a"]; i > 0 && out.New+out.Revised+out.Copies != 0 {
			t.Errorf("visit %d: %+v", i, out)
		}
		if st := w.one(); i == 0 {
			was = st
		} else if st.Seq != was.Seq || !st.Updated.Equal(was.Updated) || !st.Published.Equal(was.Published) {
			t.Errorf("visit %d: said again as %d (was %d), updated %s published %s", i, st.Seq, was.Seq, st.Updated, st.Published)
		}
	}
}

func TestRedirectTargetThatIsGoneEndsNoSource(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", page{status: 302, header: map[string]string{"Location": "/x"}})
	w.set("/x", page{status: 410})
	w.pull()
	if f, _, _ := w.store.Fetched("a"); f.Status != 410 || f.Gone || f.NextDue.IsZero() {
		t.Errorf("status %d gone %v next due %s, want it asked again", f.Status, f.Gone, f.NextDue)
	}
}

func TestRetryAfterSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	asked := w.now
	w.set("/a", page{status: 429, header: map[string]string{"Retry-After": "36000"}})
	w.pull()
	q, err := w.engine(nil).queue()
	if err != nil {
		t.Fatal(err)
	}
	if _, due, ok := q.Next(w.now); ok || due.Before(asked.Add(10*time.Hour)) {
		t.Errorf("due %s, which is before the ten hours that were asked for", due)
	}
}

func TestItemFoundLateIsStillSeen(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(item("1", "http://a.example/1", "First", "Ana", w.now)))
	w.pull()
	seen := w.now
	w.set("/a", rss(item("2", "http://a.example/2", "Found late", "Bea", w.now.AddDate(0, 0, -30))))
	w.pull()
	for _, st := range w.all() {
		if st.Lead().Title == "Found late" && !st.Order.Equal(seen.Add(-late)) {
			t.Errorf("order %s, want %s", st.Order, seen.Add(-late))
		}
	}
}

func TestSourceThatRewritesAllKeepsItsOwnDates(t *testing.T) {
	w := newWorld(t)
	w.source("a").LetFlood = true
	feed := func(who string, at time.Time) page {
		var items []string
		for i := range 12 {
			id := fmt.Sprint(who, i)
			items = append(items, item(id, "http://a.example/"+id, "Statement of "+id, id, at.AddDate(0, 0, -i)))
		}
		return rss(items...)
	}
	w.set("/a", feed("old", w.now.AddDate(-1, 0, 0)))
	w.pull()
	w.set("/a", feed("new", w.now.AddDate(0, -6, 0)))
	w.pull()
	all := w.all()
	if len(all) != 24 {
		t.Fatalf("%d statements, want 24", len(all))
	}
	for _, st := range all {
		if !st.Order.Equal(st.Published) {
			t.Errorf("%q of %s stands at %s", st.Lead().Title, st.Published, st.Order)
		}
	}
}

func TestCorrectionIsDatedByItsPublisherWhereItSaysSo(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	entry := func(text string, updated time.Time) page {
		return page{body: fmt.Sprintf(`<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>t</title><updated>2026-03-01T00:00:00Z</updated><entry><id>urn:1</id><title>Aid</title>`+
			`<link href="http://a.example/1"/><published>2026-03-01T00:00:00Z</published><updated>%s</updated><content>%s</content></entry></feed>`, updated.Format(time.RFC3339), text)}
	}
	w.set("/a", entry("One.", w.now.Add(-5*time.Hour)))
	w.pull()
	corrected := w.now.Add(-20 * time.Minute)
	w.set("/a", entry("Two.", corrected))
	w.pull()
	if st := w.one(); !st.Updated.Equal(corrected) || st.Copies[0].Revision != 2 {
		t.Errorf("updated %s at revision %d, want the publisher's %s", st.Updated, st.Copies[0].Revision, corrected)
	}
}

// flaky refuses the first words.
type flaky struct {
	*storage.Store
	refused *bool
}

func (f flaky) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	if !*f.refused {
		*f.refused = true
		return 0, errFull
	}
	return f.Store.Append(ctx, at, said...)
}

func TestWhatWasNeverStoredIsNobodysOriginal(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now)))
	w.set("/b", rss(item("2", "http://b.example/2", "Aid reaches the islands", "Ana", w.now)))
	e := w.engine(nil)
	e.o.Journal = flaky{w.store, new(bool)}
	if _, err := e.Refresh(context.Background(), "a"); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	if out, err := e.Refresh(context.Background(), "b"); err != nil || out.New != 1 {
		t.Errorf("b: %+v %v, want a new statement: a's was not stored", out, err)
	}
	if out, err := e.Refresh(context.Background(), "a"); err != nil || out.Copies != 1 {
		t.Errorf("a: %+v %v, want a copy", out, err)
	}
	w.one()
}

func TestVisitThatWeBreakOffIsNoFailure(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(context.Background())
	origin := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	}))
	defer origin.Close()
	w.source("a").URL = origin.URL
	if err := w.engine(nil).Run(ctx); err != nil {
		t.Error(err)
	}
	if f, visited, _ := w.store.Fetched("a"); visited {
		t.Errorf("a failure was noted: %s", f.Error)
	}
}

// breaking is a journal that takes in only the first facts of what is said to
// it, as one does whose process dies in the middle.
type breaking struct {
	*storage.Store
	takes int
}

func (b *breaking) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	if len(said) <= b.takes {
		return b.Store.Append(ctx, at, said...)
	}
	if _, err := b.Store.Append(ctx, at, said[:b.takes]...); err != nil {
		return 0, err
	}
	return 0, errors.New("died in the middle")
}

func TestVisitThatDiesInTheMiddleIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	p := rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now), item("2", "http://a.example/2", "Schools open again", "Bea", w.now))
	p.etag = `"v1"`
	w.set("/a", p)
	e := w.engine(nil)
	e.o.Journal = &breaking{w.store, 1}
	if err := e.Pull(context.Background(), "a"); err == nil {
		t.Fatal("the journal broke and nobody says so")
	}
	if f, visited, _ := w.store.Fetched("a"); visited {
		t.Fatalf("the cursor moved to %+v before all items were in", f.Validators)
	}
	w.pull()
	if n := len(w.all()); n != 2 {
		t.Errorf("%d statements after the next visit, want 2: the rest was lost", n)
	}
}

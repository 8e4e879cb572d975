package aggregator

import (
	"context"
	"testing"
	"time"

	"communique/feeds"
)

func TestCopyThatItsSourceIsWordingIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.source("reprinter")
	w.source("author")
	at := w.now.Add(-5 * time.Hour)
	w.set("/reprinter", rss(item("9", "http://b.example/9", "Aid reaches the islands", "Ana", at.Add(2*time.Hour))))
	w.set("/author", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull("reprinter")
	e := w.engine(nil)
	e.words["reprinter"].Lock() // it has read its item and has not said it yet
	if _, err := e.Refresh(context.Background(), "author"); err != nil {
		t.Fatal(err)
	}
	e.words["reprinter"].Unlock()
	if st := w.one(); len(st.Copies) != 2 || st.Lead().Source != "reprinter" {
		t.Errorf("%d copies, led by %s: the author's visit worded what the reprinter was wording", len(st.Copies), st.Lead().Source)
	}
	for id, mu := range e.words {
		if !mu.TryLock() {
			t.Errorf("the words of %s are still held", id)
		}
	}
}

func TestTwoEarlierCopiesMakeOneOrigin(t *testing.T) {
	w := newWorld(t)
	w.source("reprinter")
	w.source("author")
	at := w.now.Add(-5 * time.Hour)
	w.set("/reprinter", rss(item("9", "http://b.example/9", "Aid reaches the islands", "Ana", at.Add(2*time.Hour))))
	w.set("/author", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at.Add(time.Minute)), item("2", "http://a.example/2", "Aid reaches the islands", "Ana", at)))
	w.pull()
	origins := 0
	st := w.one()
	for i := range st.Copies {
		if st.Copies[i].Relation == feeds.IsOrigin {
			origins++
		}
	}
	if origins != 1 || len(st.Copies) != 3 {
		t.Errorf("%d origins of %d copies, want one of three", origins, len(st.Copies))
	}
}

func TestOlderStatementWinsWhicheverCopyWasMatched(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"a", "b", "c", "d"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -1)
	w.set("/a", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)))
	w.pull("a")
	old := w.one().ID
	w.set("/b", rss(item("2", "http://b.example/2", "Help arrives", "Bea", at)))
	w.pull("b")
	// A second copy of the first, by its link, with a text of its own.
	w.set("/c", rss(item("3", "http://a.example/1", "Our colleagues report", "Carla", at)))
	w.pull("c")
	// And the bridge between that copy's text and the second statement.
	w.set("/d", rss(item("4", "http://b.example/2", "Our colleagues report", "Carla", at)))
	w.pull("d")
	if st := w.one(); st.ID != old || len(st.Copies) != 4 {
		t.Errorf("statement %s of %d copies, want the oldest, %s, of 4", st.ID, len(st.Copies), old)
	}
}

func TestCorrectionAndEarlierCopyInOneDocument(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at, who := w.now.Add(-5*time.Hour), "Ana, who has been there since the first day and has seen them all come ashore," // a long text
	first := item("1", "http://a.example/1", "Aid reaches the islands", who, at)
	w.set("/a", rss(first))
	w.pull()
	corrected := item("1", "http://a.example/1", "Aid reaches all the islands", who, at)
	again := item("2", "http://a.example/2", "Aid reaches the islands", who, at.Add(-time.Hour))
	w.set("/a", rss(corrected, again))
	w.pull()
	found := false
	for _, st := range w.all() {
		for i := range st.Copies {
			found = found || st.Copies[i].Title == "Aid reaches all the islands"
		}
	}
	if !found {
		t.Error("the correction is lost: the old text was said again after it")
	}
}

// Whoever copies everybody may say any date.
func TestBackdatedCopyDoesNotLead(t *testing.T) {
	w := newWorld(t)
	w.source("author")
	w.source("copier")
	w.set("/copier", rss(item("0", "http://b.example/0", "A fair opens in the old town", "Bea", w.now.Add(-time.Hour))))
	w.pull("copier")
	w.set("/author", rss(item("1", "http://a.example/1", "Aid reaches the islands", "Ana", w.now.Add(-time.Hour))))
	w.pull("author")
	w.set("/copier", rss(item("1", "http://b.example/1", "Aid reaches the islands", "Ana", w.now.AddDate(0, 0, -20))))
	w.pull("copier")
	for _, st := range w.all() {
		if st.Lead().Title == "Aid reaches the islands" {
			if st.Lead().Source != "author" || len(st.Copies) != 2 {
				t.Errorf("%d copies, led by %s, which dated its copy back", len(st.Copies), st.Lead().Source)
			}
		}
	}
}

func TestWhichCopyPrecedes(t *testing.T) {
	seen := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	e := &Engine{hosts: map[feeds.SourceID]string{"author": "a.example", "copier": "b.example", "section": "a.example"}}
	copyOf := func(source, link string, priority int, published time.Time) feeds.Observed {
		return feeds.Observed{Item: feeds.ItemKey(source + "/1"), Priority: priority, FirstSeen: seen, Copy: feeds.Copy{Link: link, Published: published}}
	}
	first, again := &visit{}, &visit{before: feeds.Fetched{Success: seen.Add(-time.Hour)}}
	again.Baseline = true
	hours := func(n int) time.Time { return seen.Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		name    string
		ob, was feeds.Observed
		visit   *visit
		want    bool
	}{
		{"an hour before, at the first import", copyOf("copier", "https://b.example/1", 0, hours(-3)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, true},
		{"an hour after", copyOf("copier", "https://b.example/1", 0, hours(-1)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, false},
		{"weeks before, at the first import", copyOf("copier", "https://b.example/1", 0, hours(-500)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, false},
		{"weeks before, of a higher priority", copyOf("copier", "https://b.example/1", 9, hours(-500)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, true},
		{"an hour before, of a lower priority", copyOf("copier", "https://b.example/1", 0, hours(-3)), copyOf("author", "https://a.example/1", 9, hours(-2)), first, false},
		{"since the last visit", copyOf("copier", "https://b.example/1", 0, hours(-3)), copyOf("author", "https://a.example/1", 0, hours(-2)), again, true},
		{"before the last visit, which did not find it", copyOf("copier", "https://b.example/1", 0, hours(-30)), copyOf("author", "https://a.example/1", 0, hours(-2)), again, false},
		{"under the other's address", copyOf("copier", "https://a.example/1?from=b", 9, hours(-3)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, false},
		{"under its own address, which the other took", copyOf("author", "https://a.example/1", 0, hours(-2)), copyOf("copier", "https://a.example/1", 0, hours(-30)), first, true},
		{"two feeds of one site", copyOf("section", "https://a.example/1", 0, hours(-3)), copyOf("author", "https://a.example/1", 0, hours(-2)), first, true},
		{"the other's date is not believed", copyOf("author", "https://a.example/1", 0, hours(-2)), copyOf("copier", "https://b.example/1", 0, time.Time{}), first, true},
		{"without a date", copyOf("copier", "https://b.example/1", 0, time.Time{}), copyOf("author", "https://a.example/1", 0, hours(-2)), first, false},
	} {
		if got := e.precedes(&c.ob, &c.was, c.visit); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

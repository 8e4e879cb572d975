package aggregator

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

// bare makes an item without a guid.
func bare(link, title, who string, at time.Time) string {
	return strings.Replace(item("", link, title, who, at), `<guid isPermaLink="false"></guid>`, "", 1)
}

// titles gives the titles of all that is published.
func (w *world) titles() map[string]bool {
	out := map[string]bool{}
	for _, st := range w.all() {
		out[st.Lead().Title] = true
	}
	return out
}

func TestItemsThatAllLinkToOnePageAreAllKept(t *testing.T) {
	page := "http://a.example/news.html"
	for name, mk := range map[string]func(n int, at time.Time) string{
		"no guid": func(n int, at time.Time) string {
			return bare(page, fmt.Sprint("Statement ", n), fmt.Sprint("Person", n), at)
		},
		"the page as guid": func(n int, at time.Time) string {
			return item(page, page, fmt.Sprint("Statement ", n), fmt.Sprint("Person", n), at)
		},
		"no guid and one title": func(n int, at time.Time) string {
			return bare(page, "Statement", fmt.Sprint("Person", n), at)
		},
	} {
		for _, dated := range []bool{true, false} {
			if !dated && name == "no guid and one title" {
				continue // nothing but the text tells these from corrections
			}
			t.Run(fmt.Sprint(name, " dated ", dated), func(t *testing.T) {
				w := newWorld(t)
				w.source("a")
				var all []string
				add := func(n int) {
					at := time.Time{}
					if dated {
						at = w.now.Add(time.Duration(n)*time.Minute).AddDate(0, 0, -1)
					}
					all = append([]string{mk(n, at)}, all...)
				}
				add(1)
				add(2)
				add(3)
				w.set("/a", rss(all...))
				w.pull()
				if n := len(w.all()); n != 3 {
					t.Fatalf("%d statements, want 3", n)
				}
				for n := 4; n <= 7; n++ { // one at a time: the others are not read again
					add(n)
					w.set("/a", rss(all...))
					if out := w.pull()["a"]; out.New != 1 || out.Revised != 0 {
						t.Errorf("item %d: %d new, %d revised, want one new", n, out.New, out.Revised)
					}
					if got := len(w.all()); got != n {
						t.Fatalf("%d statements, want %d", got, n)
					}
				}
				w.srcs[0].Priority = 3 // all is read again at once
				if out := w.pull()["a"]; out.New+out.Revised+out.Copies != 0 || len(w.all()) != 7 {
					t.Errorf("read again: %+v, %d statements, want nothing new", out, len(w.all()))
				}
			})
		}
	}
}

func TestOneTextAtTwoAddressesOfOneOfficeIsOneStatementThatHoldsStill(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := w.now.Add(-time.Hour)
	a := item("1", "http://a.example/1", "Aid reaches the islands", "Ana", at)
	b := item("2", "http://a.example/press/2", "Aid reaches the islands", "Ana", at)
	w.set("/a", rss(a, b))
	w.pull()
	st := w.one()
	if len(st.Copies) != 2 {
		t.Errorf("%d copies, want both addresses kept", len(st.Copies))
	}
	for i := range 4 {
		// One of the two is written anew, with nothing that a reader sees.
		x, y := a, b
		if i%2 == 0 {
			y = strings.Replace(b, "<title>", fmt.Sprintf("<comments>http://a.example/c/%d</comments><title>", i), 1)
		} else {
			x = strings.Replace(a, "<title>", fmt.Sprintf("<comments>http://a.example/c/%d</comments><title>", i), 1)
		}
		w.set("/a", rss(x, y))
		if out := w.pull()["a"]; out.Revised != 0 || out.New != 0 {
			t.Errorf("visit %d: %+v, want nothing new", i, out)
		}
	}
	if got := w.one(); !got.Updated.Equal(st.Updated) {
		t.Errorf("updated moved from %s to %s", st.Updated, got.Updated)
	}
}

func TestLatestPageThatIsReusedIsNotTheOldStatement(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	first := w.now.Add(-time.Hour)
	w.set("/a", rss(item("1", "http://a.example/latest", "Aid reaches the islands", "Ana", first)))
	w.pull()
	old := w.one().ID
	w.set("/a", rss(item("1", "http://a.example/archive/1", "Aid reaches the islands", "Ana", first)))
	w.pull()
	w.set("/a", rss(item("2", "http://a.example/latest", "Schools open again", "Bea", w.now), item("1", "http://a.example/archive/1", "Aid reaches the islands", "Ana", first)))
	w.pull()
	got := w.titles()
	if len(w.all()) != 2 || !got["Schools open again"] || !got["Aid reaches the islands"] {
		t.Errorf("published %v, want both", got)
	}
	if st, at, ok, err := w.store.Statement(old); err != nil || !ok || at != old || len(st.Copies) != 1 {
		t.Errorf("the first statement is %v %v %v with %d copies", at, ok, err, len(st.Copies))
	}
}

func TestGuidsThatAreNumbersInTheListAreNotBelieved(t *testing.T) {
	for _, dated := range []bool{true, false} {
		w := newWorld(t)
		w.source("a")
		feed := func(from, to int) page { // the newest has number 1
			var items []string
			for n := to; n >= from; n-- {
				at := time.Time{}
				if dated {
					at = w.srcs[0].atStart().Add(time.Duration(n) * time.Hour)
				}
				items = append(items, item(fmt.Sprint(to-n+1), fmt.Sprintf("http://a.example/%d", n), fmt.Sprint("Statement ", n), fmt.Sprint("Person", n), at))
			}
			return rss(items...)
		}
		for to := 3; to <= 6; to++ {
			w.set("/a", feed(1, to))
			out := w.pull()["a"]
			if got := w.titles(); len(got) != to || len(w.all()) != to {
				t.Fatalf("dated %v, %d items: published %v (%+v)", dated, to, got, out)
			}
			if to > 3 && out.Revised != 0 {
				t.Errorf("dated %v: %d items are revised by their number alone", dated, out.Revised)
			}
		}
	}
}

func (s *Source) atStart() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }

func TestCapturedFeedsReadAgainBringNothingNew(t *testing.T) {
	dir := testkit.Shared(t, "data/realfeeds/feeds")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for i, f := range files {
		if i%5 != 0 { // a fifth of them shows what all do
			continue
		}
		body, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil || f.IsDir() {
			continue
		}
		id := fmt.Sprint("s-", i)
		w.source(id)
		w.set("/"+id, page{body: string(body)})
	}
	pull := func() map[feeds.SourceID]Outcome {
		var mu sync.Mutex
		out := map[feeds.SourceID]Outcome{}
		if err := w.engine(func(o Outcome) { mu.Lock(); out[o.Source] = o; mu.Unlock() }).Pull(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Hour)
		return out
	}
	first := pull()
	position := w.store.Position()
	for round := range 2 { // from two workers' order to another's
		for i := range w.srcs {
			w.srcs[i].Distrust = make([]string, round+1) // of nothing, but it has all read again
		}
		for id, o := range pull() {
			if o.New+o.Copies+o.Revised != 0 {
				t.Errorf("round %d, %s: %d new, %d copies, %d revised, after %d new of %d", round, id, o.New, o.Copies, o.Revised, first[id].New, first[id].Items)
			}
		}
	}
	if said := int(w.store.Position()-position) - 2*len(w.srcs); said != 0 {
		t.Errorf("%d items were said again, although nothing changed", said)
	}
}

package aggregator

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"communique/feeds/vitals"
)

func TestVisitsRememberTroubleThatIsOver(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	good := rss(item("1", "http://a.example/1", "Aid", "Ana", w.now))
	w.set("/a", page{status: 404})
	began := w.now
	w.pull()
	w.set("/a", page{status: 200, body: "<!doctype html><title>Sorry</title>"})
	w.pull()
	f, _, _ := w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, w.now); h.State != vitals.Broken || !h.Since.Equal(began) || len(f.Spells) != 0 {
		t.Errorf("got %+v and %+v, want one trouble that goes on", h, f.Spells)
	}
	w.set("/a", good)
	ended := w.now
	w.pull()
	if err := w.store.Close(); err != nil { // a restart
		t.Fatal(err)
	}
	w.open()
	f, _, _ = w.store.Fetched("a")
	if len(f.Spells) != 1 || f.Spells[0].State != "broken" || !f.Spells[0].Began.Equal(began) || !f.Spells[0].Ended.Equal(ended) || !strings.Contains(f.Spells[0].Reason, "HTML") {
		t.Errorf("got %+v, want the trouble that is over", f.Spells)
	}
}

func TestFirstImportIsNoSignOfLife(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	var items []string
	for i := range 8 {
		items = append(items, item(fmt.Sprint(i), fmt.Sprint("http://a.example/", i), fmt.Sprint("Aid number ", i), "Ana", w.now.AddDate(-1, 0, -2*i)))
	}
	w.set("/a", rss(items...))
	w.pull()
	f, _, _ := w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, w.now); h.State != vitals.Stale {
		t.Errorf("got %+v of a feed that ended a year ago, want stale", h)
	}
	w.now = w.now.Add(time.Hour)
	w.set("/a", rss(append(items, item("new", "http://a.example/new", "Aid again", "Ana", w.now))...))
	w.pull()
	f, _, _ = w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, w.now); h.State != vitals.OK || len(f.Spells) != 1 {
		t.Errorf("got %+v and %+v of a feed that speaks again, want ok and one trouble that is over", h, f.Spells)
	}
}

func TestOddBodiesAreNamed(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	list := func(n int, name string) (items []string) {
		for i := range n {
			id := fmt.Sprint(name, i)
			items = append(items, item(id, "http://a.example/"+id, "Report of "+id, "What "+id+" has found in the harbour", w.now.Add(-time.Duration(i)*time.Hour)))
		}
		return items
	}
	odd := func() string {
		f, _, _ := w.store.Fetched("a")
		return f.Odd
	}
	for _, step := range []struct {
		items []string
		want  string
	}{{list(40, "one"), ""}, {list(3, "one"), "shrunken: 3 items, where there were 40"}, {list(41, "one"), ""}, {list(40, "two"), "flood: of 40 items"}, {list(40, "two")[:39], ""}} {
		w.set("/a", rss(step.items...))
		w.pull()
		if got := odd(); !strings.HasPrefix(got, step.want) || step.want == "" && got != "" {
			t.Errorf("got %q, want %q", got, step.want)
		}
		w.now = w.now.Add(time.Hour)
	}
}

func TestMoveThatIsTakenOverIsAskedAtItsNewPlace(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	if _, err := w.engine(nil).AcceptMove(t.Context(), "a"); !errors.Is(err, ErrNoMove) {
		t.Errorf("got %v of a source that never moved", err)
	}
	p := rss(item("1", "http://a.example/1", "Aid", "Ana", w.now))
	w.set("/a", page{status: 301, header: map[string]string{"Location": "/new"}})
	w.set("/new", p)
	w.pull()
	f, _, _ := w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, w.now); h.State != vitals.Moved || !strings.HasSuffix(h.Reason, "/new") {
		t.Errorf("got %+v, want moved", h)
	}
	to, err := w.engine(nil).AcceptMove(t.Context(), "a")
	if err != nil || !strings.HasSuffix(to, "/new") {
		t.Fatal(to, err)
	}
	w.set("/a", page{status: 404}) // the publisher drops the redirect
	w.pull()
	f, _, _ = w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, w.now); f.Failures != 0 || h.State != vitals.OK || !f.Accepted || len(f.Spells) != 1 {
		t.Errorf("got %+v, %+v, spells %+v: want it asked at its new place, and well", h, f, f.Spells)
	}
	w.set("/new", page{status: 404})
	w.pull() // the new place fails: from now on the old one is asked
	w.set("/a", p)
	w.pull()
	if f, _, _ := w.store.Fetched("a"); f.Failures != 0 || f.Accepted || f.MovedTo != "" {
		t.Errorf("got %+v, want it asked at its old place", f)
	}
}

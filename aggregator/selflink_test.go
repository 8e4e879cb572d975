package aggregator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"communique/feeds/vitals"
)

// selfFeed is a feed that calls an address its own.
func selfFeed(self string, items ...string) page {
	p := rss(items...)
	p.body = strings.Replace(p.body, "<channel>", `<channel><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="`+self+`"/>`, 1)
	return p
}

func TestNewSelfLinkIsProposedWhenItIsStableAndTheSourceIsThere(t *testing.T) {
	w := newWorld(t)
	src := w.source("a")
	base := strings.TrimSuffix(src.URL, "/a")
	var items []string
	for i := range 4 {
		items = append(items, item(fmt.Sprint(i), fmt.Sprint("http://a.example/", i), fmt.Sprint("Report ", i), fmt.Sprint("Ana", i), w.now.Add(-time.Duration(i)*time.Hour)))
	}
	proposed := func() string {
		t.Helper()
		f, _, err := w.store.Fetched("a")
		if err != nil {
			t.Fatal(err)
		}
		h := vitals.Of(&f, vitals.Source{}, w.now)
		if (h.State == vitals.Moved) != (f.Proposed() != "") {
			t.Errorf("state %s, proposed %q", h.State, f.Proposed())
		}
		return f.Proposed()
	}
	days := func(n int) {
		t.Helper()
		for range n {
			w.pull()
			w.now = w.now.Add(23 * time.Hour)
		}
	}
	// It always named another address: that is how it is.
	w.set("/a", selfFeed(base+"/always", items...))
	w.set("/always", selfFeed(base+"/always", items...))
	days(8)
	if got := proposed(); got != "" || w.asked["/always"] != 0 {
		t.Fatalf("proposed %q, asked there %d times, want neither", got, w.asked["/always"])
	}
	// A new one, where there is nothing; and where another feed is.
	w.set("/a", selfFeed(base+"/nowhere", items...))
	days(8)
	if got := proposed(); got != "" || w.asked["/nowhere"] != 1 {
		t.Errorf("proposed %q, asked there %d times, want nothing proposed and one look", got, w.asked["/nowhere"])
	}
	w.set("/a", selfFeed(base+"/other", items...))
	w.set("/other", selfFeed(base+"/other", item("x", "http://x.example/x", "Casino", "Max", w.now)))
	days(8)
	if got := proposed(); got != "" || w.asked["/other"] != 1 {
		t.Errorf("proposed %q, asked there %d times, want nothing proposed and one look", got, w.asked["/other"])
	}
	// Where the same feed is: after days, by one look, and never by itself.
	w.set("/a", selfFeed(base+"/new", items...))
	w.set("/new", selfFeed(base+"/new", items...))
	days(2)
	if w.asked["/new"] != 0 {
		t.Error("it is looked at before it is stable")
	}
	days(6)
	if got := proposed(); got != base+"/new" || w.asked["/new"] != 1 {
		t.Fatalf("proposed %q, asked there %d times, want /new and one look", got, w.asked["/new"])
	}
	w.restart()
	was := w.asked["/a"]
	days(3)
	if w.asked["/a"] != was+3 || w.asked["/new"] != 1 {
		t.Error("a self link was taken over by itself")
	}
	to, err := w.engine(nil).AcceptMove(t.Context(), "a")
	if err != nil || to != base+"/new" {
		t.Fatal(to, err)
	}
	if to, err := w.engine(nil).AcceptMove(t.Context(), "a"); err != nil || to != base+"/new" {
		t.Errorf("once more: %s, %v", to, err)
	}
	was = w.asked["/a"]
	days(2)
	f, _, _ := w.store.Fetched("a")
	if h := vitals.Of(&f, vitals.Source{}, f.At); w.asked["/a"] != was || w.asked["/new"] != 3 || h.State == vitals.Moved || proposed() != "" {
		t.Errorf("asked %d and %d times, %+v: want it asked at its new address", w.asked["/a"]-was, w.asked["/new"], h)
	}
	if len(w.all()) != 4 {
		t.Errorf("%d statements, want 4", len(w.all()))
	}
}

func TestSelfLinkThatLeadsBackIsTheSamePlace(t *testing.T) {
	w := newWorld(t)
	src := w.source("a")
	base := strings.TrimSuffix(src.URL, "/a")
	it := item("1", "http://a.example/1", "Report", "Ana", w.now)
	w.set("/a", rss(it))
	w.pull()
	w.set("/a", selfFeed(base+"/feed", it))
	w.set("/feed", page{status: 301, header: map[string]string{"Location": "/a"}})
	for range 10 {
		w.pull()
		w.now = w.now.Add(23 * time.Hour)
	}
	if f, _, _ := w.store.Fetched("a"); f.Proposed() != "" || f.SelfLink.Known != base+"/feed" || w.asked["/feed"] != 1 {
		t.Errorf("%+v, asked %d times, want it known", f.SelfLink, w.asked["/feed"])
	}
}

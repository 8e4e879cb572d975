package aggregator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/vitals"
)

// toldBy gives a feed of n items whose ids, links and texts go by a name, one an
// hour back from at.
func toldBy(name string, n int, at time.Time) []string {
	var items []string
	for i := range n {
		id := fmt.Sprint(name, i)
		items = append(items, item(id, "http://a.example/"+id, "Report of "+id, "What "+id+" has found in the harbour", at.Add(-time.Duration(i)*time.Hour)))
	}
	return items
}

// health gives how source a does now.
func (w *world) health() (vitals.Health, feeds.Fetched) {
	w.t.Helper()
	f, _, err := w.store.Fetched("a")
	if err != nil {
		w.t.Fatal(err)
	}
	return vitals.Of(&f, vitals.Source{}, w.now), f
}

func TestFloodIsHeldBackUntilItIsReleased(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	old := toldBy("one", 12, w.now)
	w.set("/a", rss(old...))
	if out := w.pull()["a"]; out.New != 12 || out.Withheld != 0 {
		t.Fatalf("the first import: %+v, want 12 new ones", out)
	}
	w.now = w.now.Add(time.Hour)
	flood := toldBy("two", 12, w.now)
	w.set("/a", rss(flood...))
	if out := w.pull()["a"]; out.New != 0 || out.Withheld != 12 || out.Unchanged {
		t.Errorf("the flood: %+v, want 12 withheld ones", out)
	}
	if n := len(w.all()); n != 12 {
		t.Fatalf("%d statements are published, want the 12 that were", n)
	}
	h, f := w.health()
	if h.State != vitals.Held || !strings.Contains(h.Do, "release a") || !h.Since.Equal(f.At) || f.Brake.Items != 12 {
		t.Errorf("%+v, brake %+v: want held since now, with what to do", h, f.Brake)
	}
	if len(vitals.Incidents(&f, vitals.Source{}, w.now)) != 1 {
		t.Error("no incident tells of it")
	}

	// What comes while the brake holds is held too; a copy of what is published is not.
	w.restart()
	w.now = w.now.Add(time.Hour)
	again := item("again", "http://a.example/one3", "Report of one3", "What one3 has found in the harbour", w.now)
	w.set("/a", rss(append([]string{again}, append(toldBy("three", 1, w.now), flood...)...)...))
	w.pull()
	if h, f = w.health(); h.State != vitals.Held || f.Brake.Items != 13 {
		t.Errorf("%s, %d items are held after a restart, want 13", h.State, f.Brake.Items)
	}
	if n := len(w.all()); n != 12 {
		t.Fatalf("%d statements are published, want 12", n)
	}
	var held []string
	if err := w.engine(nil).Withheld(context.Background(), "a", func(ob *feeds.Observed) error {
		held = append(held, ob.Copy.Title)
		return nil
	}); err != nil || len(held) != 13 {
		t.Errorf("%d are listed (%v), want 13: %q", len(held), err, held)
	}
	w.holds()

	w.now = w.now.Add(time.Hour)
	n, err := w.engine(nil).Release(context.Background(), "a", "ana", "they moved house")
	if err != nil || n != 13 {
		t.Fatalf("released %d (%v), want 13", n, err)
	}
	all := w.all()
	if len(all) != 25 {
		t.Errorf("%d statements are published, want 25", len(all))
	}
	for _, st := range all {
		if !st.Order.Equal(st.Published) {
			t.Errorf("%q of %s stands at %s", st.Lead().Title, st.Published, st.Order)
		}
	}
	h, f = w.health()
	if h.State != vitals.OK || f.Brake.By != "ana" || f.Brake.Did != "released" || len(f.Spells) != 1 || !strings.Contains(f.Spells[0].Reason, "released by ana: they moved house") {
		t.Errorf("%+v, brake %+v, spells %+v: want ok, and who released it and why", h, f.Brake, f.Spells)
	}
	if _, err := w.engine(nil).Release(context.Background(), "a", "ana", ""); !errors.Is(err, ErrNoBrake) {
		t.Errorf("a second release: %v, want %v", err, ErrNoBrake)
	}
	w.set("/a", rss(append(toldBy("four", 1, w.now), flood...)...))
	if out := w.pull()["a"]; out.New != 1 || out.Withheld != 0 {
		t.Errorf("afterwards %+v, want news as ever", out)
	}
	w.holds()
}

func TestFloodThatIsDroppedNeverComesBack(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.source("b")
	old := toldBy("one", 12, w.now)
	w.set("/a", rss(old...))
	w.set("/b", rss())
	w.pull()
	w.now = w.now.Add(time.Hour)
	flood := toldBy("two", 12, w.now)
	w.set("/a", rss(flood...))
	w.pull()
	// Another office tells one of them, and is not held: it is its word that counts.
	w.set("/b", rss(strings.Replace(flood[4], "http://a.example/two4", "http://b.example/two4", 1)))
	w.pull("b")
	if n := len(w.all()); n != 13 {
		t.Fatalf("%d statements are published, want 12 and that of the other office", n)
	}
	if n, err := w.engine(nil).Drop(context.Background(), "a", "ana", "a casino"); n != 12 || err != nil {
		t.Fatalf("dropped %d (%v), want 12", n, err)
	}
	w.now = w.now.Add(time.Hour)
	w.set("/a", rss(append(flood, item("new", "http://a.example/new", "A word of today", "Ana", w.now))...))
	w.pull()
	if n := len(w.all()); n != 14 {
		t.Errorf("%d statements are published, want 14: what was dropped is no news", n)
	}
	w.holds()
}

func TestWhatIsNoFloodIsNotHeld(t *testing.T) {
	for what, c := range map[string]struct {
		first  func(w *world) []string
		pass   time.Duration
		then   func(w *world) []string
		change func(s *Source)
	}{
		"a week's news after an outage": {first: func(w *world) []string { return toldBy("one", 12, w.now) }, pass: 7 * day,
			then: func(w *world) []string { return toldBy("two", 20, w.now) }},
		"a month's news of a slow office": {first: func(w *world) (items []string) {
			for i := range 12 {
				id := fmt.Sprint("slow", i)
				items = append(items, item(id, "http://a.example/"+id, "Report of "+id, "What "+id+" has found", w.now.AddDate(0, 0, -3*i)))
			}
			return items
		}, pass: 30 * day, then: func(w *world) []string { return toldBy("two", 12, w.now) }},
		"undated news after an outage": {first: func(w *world) []string { return undated("one", 10) }, pass: 4 * day, then: func(w *world) []string { return undated("two", 10) }},
		"eight of today":               {first: func(w *world) []string { return toldBy("one", 8, w.now) }, pass: 8 * time.Hour, then: func(w *world) []string { return toldBy("two", 8, w.now) }},
		"some among many": {first: func(w *world) []string { return toldBy("one", 40, w.now) }, pass: time.Hour,
			then: func(w *world) []string {
				return append(toldBy("two", 15, w.now), toldBy("one", 25, w.now.Add(-time.Hour))...)
			}},
		"another address": {first: func(w *world) []string { return toldBy("one", 12, w.now) }, pass: time.Hour,
			then: func(w *world) []string { return toldBy("two", 12, w.now) }, change: func(s *Source) { s.URL += "?again" }},
		"where floods are let in": {first: func(w *world) []string { return toldBy("one", 12, w.now) }, pass: time.Hour,
			then: func(w *world) []string { return toldBy("two", 12, w.now) }, change: func(s *Source) { s.LetFlood = true }},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			s := w.source("a")
			w.set("/a", rss(c.first(w)...))
			w.pull()
			w.now = w.now.Add(c.pass)
			if c.change != nil {
				c.change(s)
			}
			w.set("/a", rss(c.then(w)...))
			if out := w.pull()["a"]; out.Withheld != 0 || out.New == 0 {
				t.Errorf("%+v, want nothing withheld", out)
			}
		})
	}
}

func undated(name string, n int) (items []string) {
	for i := range n {
		id := fmt.Sprint(name, i)
		items = append(items, item(id, "http://a.example/"+id, "Report of "+id, "What "+id+" has found in the harbour", time.Time{}))
	}
	return items
}

func TestFewOldItemsWithNewIDsAreAFloodToo(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	w.set("/a", rss(toldBy("one", 6, w.now)...))
	w.pull()
	w.now = w.now.Add(time.Hour)
	w.set("/a", rss(toldBy("two", 6, w.now.AddDate(0, -6, 0))...))
	if out := w.pull()["a"]; out.Withheld != 6 {
		t.Errorf("%+v, want all six withheld: none is of the hour since the last visit", out)
	}
}

package incidents

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/vitals"
	"communique/internal/testkit"
	"communique/storage"
)

var (
	day   = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

// titles gives what is told, those that last first.
func titles(list []feeds.Incident) (out []string) {
	for _, i := range list {
		t := i.What() + ": " + i.State
		if !i.Open() {
			t = "over: " + t
		}
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

func expect(t *testing.T, what string, list []feeds.Incident, want ...string) {
	t.Helper()
	if got := titles(list); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
	ids := map[string]bool{}
	for _, i := range list {
		if ids[i.ID] || i.Reason == "" || i.Began.IsZero() || i.Open() && i.Do == "" {
			t.Errorf("%s: %+v, want an id of its own, reason, beginning and what to do", what, i)
		}
		ids[i.ID] = true
		anchor, ok := strings.CutPrefix(i.Help, "docs/operate.md#")
		text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "operate.md"))
		if err != nil {
			t.Fatal(err)
		}
		if !ok || !strings.Contains(string(text), "\n### "+anchor+"\n") {
			t.Errorf("%s: %s leads nowhere", what, i.Help)
		}
	}
}

func TestAnIncidentBeginsLastsEndsAndIsRememberedOverRestarts(t *testing.T) {
	path := InFolder(t.TempDir())
	m := Remember(path, quiet)
	list := func(reason string) Trouble {
		return Trouble{Incident: feeds.Incident{Subject: "list", Name: "offices", State: "broken", Reason: reason, Do: "tell them"}}
	}
	slow := Trouble{After: 5 * time.Minute, Incident: feeds.Incident{Subject: "configuration", State: "wrong", Reason: "line 3", Do: "mend it"}}
	unsure := Trouble{Unsure: true, Incident: feeds.Incident{Subject: "backup", State: "failing"}}
	at := func(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }

	expect(t, "first", m.note(at(0), []Trouble{list("it answers 404"), slow, unsure}), "list offices: broken")
	first := m.note(at(1), []Trouble{list("it answers 500"), slow, unsure})[0]
	if first.Reason != "it answers 500" || !first.Began.Equal(at(0)) {
		t.Errorf("got %+v, want the reason as it is now, and the beginning as it was", first)
	}
	expect(t, "too short to matter", m.note(at(2), []Trouble{list("it answers 500")}), "list offices: broken")
	m.note(at(3), []Trouble{list("it answers 500"), slow}) // it begins anew
	expect(t, "not yet", m.note(at(7), []Trouble{list("it answers 500"), slow}), "list offices: broken")
	expect(t, "long enough", m.note(at(8), []Trouble{list("it answers 500"), slow}), "configuration: wrong", "list offices: broken")

	m = Remember(path, quiet)
	maybe := list("")
	maybe.Unsure = true
	again := m.note(at(9), []Trouble{maybe})
	expect(t, "after a restart", again, "list offices: broken", "over: configuration: wrong")
	for _, i := range again {
		if i.Open() && i != first {
			t.Errorf("got %+v, want %+v as before", i, first)
		}
		if !i.Open() && (!i.Began.Equal(at(3)) || !i.Ended.Equal(at(9))) {
			t.Errorf("got %+v, want it from the third minute to the ninth", i)
		}
	}
	m.Settle("store", "damaged", "nobody asked", at(9)) // of which there is none
	expect(t, "it is over", Remember(path, quiet).note(at(10), nil), "over: configuration: wrong", "over: list offices: broken")

	for n := range 3 * mostPast {
		m.note(at(20+2*n), []Trouble{list("it answers 404")})
		m.note(at(21+2*n), nil)
	}
	if got := Remember(path, quiet).note(at(1000), nil); len(got) != mostPast || !got[0].Began.Equal(at(20+2*(3*mostPast-1))) {
		t.Errorf("%d are remembered, the newest %+v", len(got), got[0])
	}
}

// A memory that cannot be written or read stands in nobody's way.
func TestAMemoryThatFails(t *testing.T) {
	dir := t.TempDir()
	var log strings.Builder
	m := Remember(filepath.Join(dir, "not there", "incidents.json"), slog.New(slog.NewTextHandler(&log, nil)))
	found := []Trouble{{Incident: feeds.Incident{Subject: "store", State: "unwritable", Reason: "no space", Do: "make room"}}}
	expect(t, "no folder", m.note(day, found), "store: unwritable")
	m.note(day.Add(time.Minute), found)
	if n := strings.Count(log.String(), "cannot be remembered"); n != 1 {
		t.Errorf("the log says it %d times: %s", n, log.String())
	}
	if err := os.Mkdir(filepath.Join(dir, "not there"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.note(day.Add(2*time.Minute), found)
	if got := Remember(m.path, quiet).note(day.Add(time.Hour), nil); len(got) != 1 || !got[0].Began.Equal(day) {
		t.Errorf("once it can be written: %+v", got)
	}

	if err := os.WriteFile(m.path, []byte(`{"open": [nul`), 0o600); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	expect(t, "cut short", Remember(m.path, slog.New(slog.NewTextHandler(&log, nil))).note(day, found), "store: unwritable")
	if !strings.Contains(log.String(), "are forgotten") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestADamagedStoreStaysOneUntilSomebodyFindsItWhole(t *testing.T) {
	ofStore := func(list []feeds.Incident) (found feeds.Incident) {
		for _, i := range list {
			if i.Subject == "store" {
				found = i
			}
		}
		return found
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "communique.db")
	open := func() (*storage.Store, *Watch) {
		s, err := storage.Open(file, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s, New(Options{Store: s, Memory: Remember(InFolder(dir), quiet), Sources: []Source{{ID: "harbour"}}})
	}
	s, w := open()
	if _, err := s.Append(context.Background(), day, &feeds.Fetched{Source: "harbour", At: day, Success: day}); err != nil {
		t.Fatal(err)
	}
	expect(t, "whole", w.List(day))
	s.Close()
	testkit.Spoil(t, file, "log", func(_, _ []byte) bool { return true })
	s, w = open()
	if _, _, err := s.Visit("harbour"); err != nil {
		t.Fatal(err)
	}
	w.List(day) // it is found by it
	found := w.List(day)
	expect(t, "damaged", found, "harbour: broken", "store: damaged")
	s.Close()

	s, w = open()
	w.o.Sources = nil // nobody asks for what cannot be read
	again := w.List(day.Add(time.Hour))
	if ofStore(again) != ofStore(found) {
		t.Errorf("after a restart: %+v, want as before: %+v", again, found)
	}
	s.Close()
	Remember(InFolder(dir), quiet).Settle("store", "damaged", "it was restored", day.Add(2*time.Hour))
	s, w = open()
	w.o.Sources = nil
	defer s.Close()
	over := w.List(day.Add(3 * time.Hour))
	expect(t, "restored", over, "over: harbour: broken", "over: store: damaged")
	if i := ofStore(over); !i.Ended.Equal(day.Add(2*time.Hour)) || !strings.HasSuffix(i.Reason, "; it was restored") || i.ID != ofStore(again).ID {
		t.Errorf("got %+v", i)
	}
}

func TestTroublesOfManyAreOurs(t *testing.T) {
	s := testkit.OpenStore(t)
	o := Options{Store: s, Memory: Remember(InFolder(t.TempDir()), quiet)}
	for i, id := range []feeds.SourceID{"a", "b", "c", "d"} {
		f := &feeds.Fetched{Source: id, URL: "u", At: day, Success: day, Spoke: day, NextDue: day.Add(time.Hour)}
		if i < 2 {
			f.Class, f.Status, f.Failures, f.Since = "status", 404, 3, day
		}
		if _, err := s.Append(context.Background(), day, f); err != nil {
			t.Fatal(err)
		}
		o.Sources = append(o.Sources, Source{ID: id, Source: vitals.Source{URL: "u"}})
	}
	if _, err := s.Append(context.Background(), day, &feeds.Observed{Item: "a/1", Statement: "s1", Order: day, FirstSeen: day, Copy: feeds.Copy{Title: "News"}}); err != nil {
		t.Fatal(err)
	}
	w := New(o)
	expect(t, "two fail", w.List(day), "a: broken", "b: broken")
	expect(t, "for long", w.List(day.Add(31*time.Minute)), "a: broken", "b: broken", "sources: failing")
	w.List(day.Add(80 * time.Minute)) // nobody comes round any more
	expect(t, "no visits", w.List(day.Add(2*time.Hour)), "a: broken", "b: broken", "fetching: late", "fetching: stopped", "sources: failing")
	for _, src := range o.Sources {
		f := &feeds.Fetched{Source: src.ID, URL: "u", At: day.Add(3 * time.Hour), Success: day.Add(3 * time.Hour), NextDue: day.Add(1000 * time.Hour)}
		if _, err := s.Append(context.Background(), day, f); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "well again", w.List(day.Add(3*time.Hour)), "over: fetching: late", "over: fetching: stopped", "over: sources: failing")
	w.List(day.Add(73 * time.Hour))
	expect(t, "nothing new", w.List(day.Add(75*time.Hour)), "over: fetching: late", "over: fetching: stopped", "over: sources: failing", "statements: missing")
}

func TestAShareIsOfLately(t *testing.T) {
	var all, wrong uint64
	s := Share{Count: func() (uint64, uint64) { return all, wrong }, Limit: 0.01, Window: 5 * time.Minute, After: 5 * time.Minute,
		As: feeds.Incident{Subject: "serving", State: "failing", Reason: "errors", Do: "look"}}
	m := Remember(InFolder(t.TempDir()), quiet)
	minute := 0
	goOn := func(minutes, answers, errors int) []feeds.Incident {
		var out []feeds.Incident
		for range minutes {
			minute++
			all += uint64(answers)
			wrong += uint64(errors)
			out = m.note(day.Add(time.Duration(minute)*time.Minute), s.Found(day.Add(time.Duration(minute)*time.Minute)))
		}
		return out
	}
	goOn(1, 0, 0)
	expect(t, "well", goOn(60, 1000, 10))
	expect(t, "badly, for a moment", goOn(1, 1000, 500))
	expect(t, "not for long", goOn(3, 1000, 0))
	goOn(30, 1000, 0)
	expect(t, "badly", goOn(9, 1000, 20), "serving: failing")
	expect(t, "well again", goOn(6, 1000, 10), "over: serving: failing")
	expect(t, "nobody asks", goOn(10, 0, 0), "over: serving: failing")
}

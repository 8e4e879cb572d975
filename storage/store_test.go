package storage_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// day is noon of a day of May 2026.
func day(d int) time.Time { return time.Date(2026, time.May, d, 12, 0, 0, 0, time.UTC) }

// sid makes a well-formed statement id of a short name.
func sid(name string) feeds.StatementID {
	return feeds.StatementID((name + "zzzzzzzzzzzzzzzz")[:16])
}

// observed makes an item of a source that is a statement of its own unless
// changed: seen on the day, dated then, in English, found by a key of its own.
func observed(source, item string, d int, change ...func(*feeds.Observed)) *feeds.Observed {
	o := &feeds.Observed{
		Item: feeds.ItemKey(source + "/" + item), Statement: sid(item), FirstSeen: day(d), Changed: day(d), Order: day(d), Published: day(d),
		Revision: 1, Relation: feeds.IsOrigin, Keys: []feeds.Key{{Kind: 'g', Hash: hash(source + item)}},
		Copy: feeds.Copy{
			Source: feeds.SourceID(source), ID: item, Title: "On " + item, Content: "<p>The office speaks of " + item + ".</p>",
			Link: "https://" + source + ".example.org/" + item, Published: day(d), Language: "en", Hash: hash(item),
			Origin: feeds.Origin{ID: "https://" + source + ".example.org/feed", Title: "Office " + source},
		},
	}
	for _, c := range change {
		c(o)
	}
	return o
}

func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func of(statement string, r feeds.Relation) func(*feeds.Observed) {
	return func(o *feeds.Observed) { o.Statement, o.Relation = sid(statement), r }
}

func language(l string) func(*feeds.Observed) {
	return func(o *feeds.Observed) { o.Copy.Language = l }
}

func tagged(tags ...string) func(*feeds.Observed) {
	return func(o *feeds.Observed) {
		for _, s := range tags {
			t, _ := feeds.ParseTag(s)
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "words", Evidence: t.Term, Score: 1})
		}
	}
}

func gone(o *feeds.Observed, reason string) *feeds.Gone {
	return &feeds.Gone{Item: o.Item, Statement: o.Statement, FirstSeen: o.FirstSeen, Order: o.Order,
		Keys: o.Keys, Reason: reason, Published: o.Published}
}

// say appends on a day and fails the test when it is not taken.
func say(t testing.TB, s *storage.Store, d int, said ...feeds.Fact) uint64 {
	t.Helper()
	seq, err := s.Append(context.Background(), day(d), said...)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// ids selects and gives the ids' short names.
func ids(t testing.TB, s *storage.Store, q feeds.Query) []string {
	t.Helper()
	page, err := s.Select(q)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, h := range page.Heads {
		out = append(out, short(h.ID))
	}
	return out
}

func short(id feeds.StatementID) string {
	n := len(id)
	for n > 0 && id[n-1] == 'z' {
		n--
	}
	return string(id[:n])
}

func statement(t testing.TB, s *storage.Store, name string) feeds.Statement {
	t.Helper()
	st, _, ok, err := s.Statement(sid(name))
	if err != nil || !ok {
		t.Fatalf("statement %s: ok %t, err %v", name, ok, err)
	}
	return st
}

func wantIDs(t testing.TB, s *storage.Store, q feeds.Query, want ...string) {
	t.Helper()
	if got := ids(t, s, q); !slices.Equal(got, want) {
		t.Errorf("select %+v: got %v, want %v", q, got, want)
	}
}

func TestAppendGivesEffectAtOnce(t *testing.T) {
	s := testkit.OpenStore(t)
	o := observed("north", "flood", 3, tagged("topic/emergencies", "region/americas"))
	seq := say(t, s, 4, o, &feeds.Fetched{Source: "north", At: day(4), NextDue: day(5)})
	if seq != 2 || s.Position() != 2 {
		t.Errorf("got number %d and position %d, want 2", seq, s.Position())
	}
	got, ok, err := s.Observed(o.Item)
	if err != nil || !ok {
		t.Fatalf("observed: %t, %v", ok, err)
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", *o) {
		t.Errorf("got  %+v\nwant %+v", got, *o)
	}
	f, ok, err := s.Fetched("north")
	if err != nil || !ok || !f.NextDue.Equal(day(5)) {
		t.Errorf("fetched: %+v, %t, %v", f, ok, err)
	}
	wantIDs(t, s, feeds.Query{Topics: []string{"emergencies"}}, "flood")
	st := statement(t, s, "flood")
	if len(st.Copies) != 1 || st.Copies[0].Content != o.Copy.Content || !st.Order.Equal(day(3)) || st.Seq != 1 || !st.Changed.Equal(day(4)) {
		t.Errorf("statement: %+v", st)
	}
}

func reopen(t testing.TB, s *storage.Store, path string) *storage.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func open(t testing.TB, path string) *storage.Store {
	t.Helper()
	s, err := storage.Open(path, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "communique.db") }

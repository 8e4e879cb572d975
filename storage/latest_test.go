package storage_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// latest selects by change and gives the ids.
func latest(t testing.TB, s *storage.Store, q feeds.Query) []feeds.StatementID {
	t.Helper()
	page, err := s.Latest(q)
	if err != nil {
		t.Fatal(err)
	}
	out := []feeds.StatementID{}
	for _, h := range page.Heads {
		out = append(out, h.ID)
	}
	return out
}

// byUpdate is what Latest must give: all that Select gives, sorted by what
// Statements says.
func byUpdate(t testing.TB, s *storage.Store, q feeds.Query) []feeds.StatementID {
	t.Helper()
	limit := q.Limit
	q.Limit = 0
	sts, err := s.Statements(all(t, s, q)...)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(sts, func(a, b feeds.Statement) int {
		return cmp.Or(b.Updated.Compare(a.Updated), cmp.Compare(a.ID, b.ID))
	})
	out := []feeds.StatementID{}
	for _, st := range sts[:min(limit, len(sts))] {
		out = append(out, st.ID)
	}
	return out
}

func TestLatestIsSelectInTheOrderOfChange(t *testing.T) {
	for seed := range uint64(4) {
		s := testkit.OpenStore(t)
		c := chance{rand.New(rand.NewPCG(seed, 1))}
		for range 60 {
			f := c.fact()
			if o, is := f.(*feeds.Observed); is {
				o.Changed = day(1).Add(time.Duration(c.IntN(500)) * time.Hour)
			}
			say(t, s, 1+c.IntN(28), f)
			q := c.query(2)
			q.Limit, q.After = 1+c.IntN(4), feeds.Cursor{}
			if got, want := latest(t, s, q), byUpdate(t, s, q); !slices.Equal(got, want) {
				t.Fatalf("seed %d: %+v\ngot  %v\nwant %v", seed, q, got, want)
			}
		}
	}
}

func TestLatestFindsWhatChangedInAFullStore(t *testing.T) {
	storage.ShrinkLatest(t, 200, 50)
	s := testkit.OpenStore(t)
	r := rand.New(rand.NewPCG(7, 7))
	at := func(n int) *feeds.Observed {
		topic := "topic/health"
		if n%3 == 0 {
			topic = "topic/data"
		}
		return observed("north", fmt.Sprintf("i%d", n), 1, tagged(topic), func(o *feeds.Observed) {
			o.Order = day(1).Add(time.Duration(n) * time.Minute)
			o.Changed, o.FirstSeen = o.Order, o.Order
		})
	}
	const n = 900
	said := make([]feeds.Fact, n)
	for i := range said {
		said[i] = at(i)
	}
	for part := range slices.Chunk(said, 150) {
		say(t, s, 8, part...)
	}
	check := func(when string) {
		t.Helper()
		for _, q := range []feeds.Query{{Limit: 50}, {Topics: []string{"data"}, Limit: 30}, {Topics: []string{"health"}, Limit: 150},
			{Words: "speaks", Limit: 20}, {Not: []feeds.Query{{Topics: []string{"health"}}}, Limit: 40},
			{Any: []feeds.Query{{Languages: []string{"fr"}}, {Topics: []string{"data"}, Until: day(5)}}, Limit: 40}, {Sources: []feeds.SourceID{"north"}, Languages: []string{"en"}, Limit: 20}} {
			if got, want := latest(t, s, q), byUpdate(t, s, q); !slices.Equal(got, want) {
				t.Errorf("%s: %+v\ngot  %.80v\nwant %.80v", when, q, got, want)
			}
		}
	}
	check("at first")
	for i := range 60 { // corrections of old ones, takings away of the newest
		o := at(r.IntN(n))
		o.Changed, o.Revision = day(9).Add(time.Duration(i)*time.Minute), 2
		o.Copy.Title += " (corrected)"
		say(t, s, 9, o)
		if i%10 == 0 {
			say(t, s, 9, gone(o, "withdrawn"))
		}
	}
	check("after corrections")
	say(t, s, 10, &feeds.Moderated{Statement: latest(t, s, feeds.Query{Limit: 1})[0], Hide: true})
	top := latest(t, s, feeds.Query{Limit: 3})
	say(t, s, 10, &feeds.Joined{Loser: top[0], Winner: top[2]})
	check("after a hiding and a joining")
	if len(latest(t, s, feeds.Query{Topics: []string{"nothing"}})) != 0 {
		t.Error("a name that nothing carries selects something")
	}
}

func TestBeforeFindsTheLastRecordOfATime(t *testing.T) {
	s := testkit.OpenStore(t)
	fetched := func(d int) feeds.Fact { return &feeds.Fetched{Source: "north", At: day(d), NextDue: day(d + 1)} }
	say(t, s, 4, observed("north", "a", 1), observed("north", "b", 2), observed("south", "c", 3), fetched(4))
	say(t, s, 6, observed("south", "d", 5), observed("south", "e", 5))
	say(t, s, 7, fetched(7))
	// The fourth record was replaced by the last one.
	for d, want := range map[int]uint64{1: 0, 4: 0, 5: 3, 6: 3, 7: 6, 8: s.Position()} {
		got, err := s.Before(day(d))
		if err != nil || got != want {
			t.Errorf("before day %d: %d, %v; want %d", d, got, err, want)
		}
	}
}

func BenchmarkLatest(b *testing.B) {
	s := filled(b, 20_000)
	for b.Loop() {
		if _, err := s.Latest(feeds.Query{}); err != nil {
			b.Fatal(err)
		}
	}
}

package storage_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

func TestCensusCountsWhatSelectGives(t *testing.T) {
	s := testkit.OpenStore(t)
	random := rand.New(rand.NewPCG(1, 2))
	topics, sources := []string{"topic/health", "topic/children", "region/americas"}, []string{"north", "south", "west"}
	for batch := range 10 {
		var said []feeds.Fact
		for i := range 500 { // more than one segment
			d := 1 + random.IntN(28)
			var tags []string
			for _, t := range topics {
				if random.IntN(3) == 0 {
					tags = append(tags, t)
				}
			}
			said = append(said, observed(sources[random.IntN(3)], fmt.Sprintf("s%d-%d", batch, i), d, tagged(tags...),
				language([]string{"en", "fr", "pt-BR"}[random.IntN(3)]), func(o *feeds.Observed) { o.Order = day(d) }))
		}
		say(t, s, 28, said...)
	}
	starts := []time.Time{day(5), day(6), day(20)}
	for _, q := range []feeds.Query{{}, {Topics: []string{"health"}}, {Topics: []string{"health", "children"}, Sources: []feeds.SourceID{"north"}},
		{Since: day(4), Until: day(21), Languages: []string{"pt"}}, {Topics: []string{"nothing"}}} {
		for _, starts := range [][]time.Time{nil, starts} {
			got, err := s.Census(q, starts...)
			if err != nil {
				t.Fatal(err)
			}
			if want := surveyed(t, s, q, starts); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v from %v:\ngot  %+v\nwant %+v", q, starts, got, want)
			}
		}
	}
}

// surveyed is a census as a reader of all pages would make it.
func surveyed(t *testing.T, s *storage.Store, q feeds.Query, starts []time.Time) storage.Census {
	t.Helper()
	n := max(len(starts), 1)
	out := storage.Census{All: make([]int, n), Tags: map[feeds.Tag][]int{}, Languages: map[string][]int{}, Sources: map[feeds.SourceID][]int{}}
	q.Limit = 10_000
	page, err := s.Select(q)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range page.Heads {
		period := 0
		if starts != nil {
			if period = slices.IndexFunc(starts, h.Order.Before); period < 0 {
				period = n
			}
			if period--; period < 0 {
				continue
			}
		}
		st, _, _, err := s.Statement(h.ID)
		if err != nil {
			t.Fatal(err)
		}
		out.All[period]++
		for _, g := range st.Taggings {
			out.Tags[g.Tag] = plusOne(out.Tags[g.Tag], n, period)
		}
		out.Languages[feeds.PrimaryLanguage(st.Copies[0].Language)] = plusOne(out.Languages[feeds.PrimaryLanguage(st.Copies[0].Language)], n, period)
		out.Sources[st.Copies[0].Source] = plusOne(out.Sources[st.Copies[0].Source], n, period)
	}
	return out
}

func plusOne(list []int, n, at int) []int {
	if list == nil {
		list = make([]int, n)
	}
	list[at]++
	return list
}

func TestCensusLeavesOutWhatIsNoLongerPublished(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 5, observed("north", "a", 3, tagged("topic/health")), observed("south", "b", 5, tagged("topic/health")))
	say(t, s, 6, &feeds.Moderated{Statement: sid("a"), Hide: true})
	got, err := s.Census(feeds.Query{})
	if err != nil || got.All[0] != 1 || !slices.Equal(slices.Collect(maps.Keys(got.Sources)), []feeds.SourceID{"south"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

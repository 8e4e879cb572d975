package dedup

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	all := calendar()
	groups := func(order []int) []string {
		n := newNewsroom(t, Likeness{})
		for k, i := range order {
			n.tellAt(office(all[i].office), all[i].d, monday.Add(7*24*time.Hour+time.Duration(k)*time.Minute))
		}
		return n.groups()
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	want := groups(order)
	r := rand.New(rand.NewPCG(20, 26))
	for round := range 20 {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := groups(order); !slices.Equal(got, want) {
			for _, g := range got {
				if !slices.Contains(want, g) {
					t.Logf("got %s", g)
				}
			}
			for _, g := range want {
				if !slices.Contains(got, g) {
					t.Logf("want %s", g)
				}
			}
			t.Errorf("shuffle %d gives %d groups, want %d", round, len(got), len(want))
		}
	}
}

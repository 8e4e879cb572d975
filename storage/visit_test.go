package storage_test

import (
	"fmt"
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
)

// Visits are found from a place of the journal on, each once as it was told last,
// however many calls that takes.
func TestVisitsSince(t *testing.T) {
	s := testkit.OpenStore(t)
	var first, second []feeds.Fact
	for n := range 1500 {
		first = append(first, &feeds.Fetched{Source: feeds.SourceID(fmt.Sprint("office", n))})
		if n%3 == 0 {
			second = append(second, &feeds.Fetched{Source: feeds.SourceID(fmt.Sprint("office", n)), Channel: feeds.Origin{Title: "Office"}}, observed("north", fmt.Sprint(n), 2))
		}
	}
	say(t, s, 1, first...)
	between := s.Position()
	say(t, s, 2, second...)
	for after, want := range map[uint64][2]int{0: {1500, 500}, between: {500, 500}, s.Position(): {0, 0}} {
		seen, titled := map[feeds.SourceID]bool{}, 0
		for at := after; at < s.Position(); {
			visits, upTo, err := s.VisitedSince(at)
			if err != nil || upTo <= at {
				t.Fatalf("from %d to %d: %v", at, upTo, err)
			}
			at = upTo
			for _, v := range visits {
				if seen[v.Source] {
					t.Errorf("%s comes twice", v.Source)
				}
				if seen[v.Source] = true; v.Channel.Title != "" {
					titled++
				}
			}
		}
		if len(seen) != want[0] || titled != want[1] {
			t.Errorf("after %d: %d visits, %d with a title; want %v", after, len(seen), titled, want)
		}
	}
}

package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// recent gives the items that Recent calls with.
func recent(t testing.TB, s *storage.Store, since time.Time) (items []string) {
	t.Helper()
	if err := s.Recent(context.Background(), since, func(o *feeds.Observed) error {
		items = append(items, string(o.Item))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return items
}

func TestRecentTellsWhatItemsAreComparedBy(t *testing.T) {
	s := testkit.OpenStore(t)
	features := []byte{1, 0, 255, 7}
	o := observed("north", "a", 3, language("pt-BR"), tagged("topic/health", "country/mx"), func(o *feeds.Observed) {
		o.Features, o.Near, o.Score, o.Why = features, []feeds.Near{{Item: "south/c", Statement: sid("c"), Score: .5}}, .7, "same words"
		o.Copy.Published, o.Published, o.Rules = day(1), day(2), 1<<63+5
	})
	say(t, s, 3, o, observed("south", "b", 3, func(o *feeds.Observed) {
		o.Copy, o.Published = feeds.Copy{}, time.Time{}
	}))
	want := []feeds.Observed{
		{Item: o.Item, Statement: o.Statement, FirstSeen: day(3), Published: day(2), Rules: 1<<63 + 5, Features: features,
			Copy: feeds.Copy{Link: o.Copy.Link, Published: day(1), Language: "pt-BR"}},
		{Item: "south/b", Statement: sid("b"), FirstSeen: day(3)},
	}
	i := 0
	if err := s.Recent(context.Background(), day(3), func(got *feeds.Observed) error {
		if len(got.Features) == 0 {
			got.Features = nil
		}
		if !reflect.DeepEqual(*got, want[i]) {
			t.Errorf("got  %+v\nwant %+v", *got, want[i])
		}
		i++
		return nil
	}); err != nil || i != len(want) {
		t.Errorf("%d items, %v", i, err)
	}
}

func TestRecentKeepsTheOrderOfArrival(t *testing.T) {
	s := testkit.OpenStore(t)
	old, early := observed("north", "old", 1), observed("west", "early", 4)
	a, b, c := observed("north", "a", 5), observed("south", "b", 5), observed("north", "c", 5)
	say(t, s, 5, old, c, a, gone(observed("east", "e", 5), "expired"), b)
	say(t, s, 6, early, observed("west", "d", 6), &feeds.Fetched{Source: "north"})
	// New tags move a record to the end of the log, and are no new arrival.
	c.Rules++
	a.Rules++
	say(t, s, 7, a, c, gone(b, "withdrawn"))
	for since, want := range map[time.Time][]string{
		day(2): {"west/early", "north/c", "north/a", "west/d"},
		day(5): {"north/c", "north/a", "west/d"},
		day(7): nil,
		{}:     {"north/old", "west/early", "north/c", "north/a", "west/d"},
	} {
		if got := recent(t, s, since); !slices.Equal(got, want) {
			t.Errorf("since %v: got %v, want %v", since, got, want)
		}
	}
	if got, want := recent(t, s, day(5).Add(time.Microsecond)), []string{"west/d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: since is included, what lies before is not", got, want)
	}
}

// More than is given from one transaction, or looked through in one, with
// joins and with facts that are said in between.
func TestRecentGivesEveryItemOnceWhileTheStoreIsWrittenTo(t *testing.T) {
	s := testkit.OpenStore(t)
	r := rand.New(rand.NewPCG(8, 9))
	const n = 5000
	var said []feeds.Fact
	for i := range n {
		o := observed("north", fmt.Sprintf("i%d", i), 3)
		o.FirstSeen = day(3).Add(time.Duration(r.IntN(500)) * time.Second)
		said = append(said, o)
	}
	say(t, s, 4, said...)
	say(t, s, 4, &feeds.Joined{Loser: sid("i7"), Winner: sid("i6")}, &feeds.Joined{Loser: sid("i6"), Winner: sid("i5")},
		&feeds.Joined{Loser: sid("i9"), Winner: sid("i9")})
	seen := map[feeds.ItemKey]bool{}
	var last time.Time
	changed := observed("north", "none", 3)
	if err := s.Recent(context.Background(), day(3), func(o *feeds.Observed) error {
		if seen[o.Item] {
			t.Errorf("%s twice", o.Item)
		}
		if seen[o.Item] = true; o.FirstSeen.Before(last) {
			t.Errorf("%s of %v after %v", o.Item, o.FirstSeen, last)
		}
		last = o.FirstSeen
		root := sid(string(o.Item[len("north/"):]))
		if o.Item == "north/i6" || o.Item == "north/i7" {
			root = sid("i5")
		}
		if o.Statement != root {
			t.Errorf("%s is in %s, want %s", o.Item, o.Statement, root)
		}
		if len(seen) == 1 { // it is written to, and one is said anew that would come last
			for _, f := range said {
				if ob := f.(*feeds.Observed); ob.FirstSeen.After(changed.FirstSeen) {
					changed = ob
				}
			}
			changed.Rules = 9
			say(t, s, 5, changed, observed("north", "new", 9))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != n-1 || seen[changed.Item] || seen["north/new"] {
		t.Errorf("%d items, want %d: all but the one that changed", len(seen), n-1)
	}
}

func TestRecentEndsWithTheError(t *testing.T) {
	s := open(t, newPath(t))
	say(t, s, 4, observed("north", "a", 3), observed("north", "b", 3))
	calls := 0
	if err := s.Recent(context.Background(), day(1), func(*feeds.Observed) error { calls++; return errEnough }); !errors.Is(err, errEnough) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Recent(ctx, day(1), func(*feeds.Observed) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Recent(context.Background(), day(1), func(*feeds.Observed) error { return nil }); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

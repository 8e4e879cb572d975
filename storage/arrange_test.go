package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// Offices whose archives come one after the other fill segment after segment with
// statements of the same years. What is in order already is left alone.
func TestTheNewestAreArrangedWhenManySegmentsHaveThem(t *testing.T) {
	s := testkit.OpenStore(t)
	const each = 4000
	bring := func(office int) {
		t.Helper()
		said := make([]feeds.Fact, each)
		for i := range said {
			o := observed(fmt.Sprintf("office%d", office), fmt.Sprintf("i%d", i), 1, speaking("en", fmt.Sprintf("Statement %d of %d", i, office), ""))
			o.Statement, o.Order = sid(fmt.Sprintf("s%d-%d", office, i)), day(1).Add(-time.Duration(10*i+office)*time.Minute)
			said[i] = o
		}
		say(t, s, 9, said...)
	}
	arrange := func(step func() error) int {
		t.Helper()
		n, err := s.Arrange(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	shown := func() (out []feeds.StatementID) {
		t.Helper()
		for _, q := range []feeds.Query{{Limit: 5000}, {Words: "3 -4", Limit: 100}, {Sources: []feeds.SourceID{"office2"}, Limit: 300}} {
			page, err := s.Select(q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range page.Heads {
				out = append(out, h.ID)
			}
		}
		return out
	}
	for office := range 4 {
		bring(office)
	}
	// Four segments are as few as need not be mended.
	if n := storage.Opened(t, s, 4096); n != 4 || arrange(nil) != 0 {
		t.Errorf("the newest are in %d segments, and were moved", n)
	}
	bring(4)
	bring(5)
	if n := storage.Opened(t, s, 4096); n < 6 {
		t.Fatalf("the newest are in %d segments only", n)
	}
	before, position, told, digest, counts := shown(), s.Position(), s.Told(), s.Digest(), counted(t, s)

	// Broken off, it goes on another time.
	enough := errors.New("enough")
	if n, err := s.Arrange(t.Context(), func() error { return enough }); n != 8 || !errors.Is(err, enough) {
		t.Errorf("moved %d until %v", n, err)
	}
	if !slices.Equal(shown(), before) {
		t.Error("half arranged, other statements are selected")
	}
	if n := arrange(nil); n != 4096 {
		t.Errorf("moved %d, want 4096", n)
	}
	if n := storage.Opened(t, s, 4096); n > 3 {
		t.Errorf("the newest are still in %d segments", n)
	}
	if !slices.Equal(shown(), before) {
		t.Error("arranged, other statements are selected")
	}
	if s.Position() != position || s.Told() != told || s.Digest() != digest {
		t.Error("something was said")
	}
	if got := counted(t, s); fmt.Sprint(got) != fmt.Sprint(counts) {
		t.Errorf("counts are %v, were %v", got, counts)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	if n := arrange(nil); n != 0 {
		t.Errorf("what is in order was moved again: %d", n)
	}
}

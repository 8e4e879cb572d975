package storage_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// records makes n records that meet each other often, with the numbers 1 to n.
func records(seed uint64, n int) []feeds.Record {
	c := chance{rand.New(rand.NewPCG(seed, 2))}
	out := make([]feeds.Record, n)
	for i := range out {
		out[i] = feeds.Record{Seq: uint64(i + 1), At: day(1 + i%9), Fact: c.fact()}
	}
	return out
}

func TestApplyInAnyOrderAndTwiceLeadsToOneDigest(t *testing.T) {
	for seed := range uint64(3) {
		recs := records(seed, 80)
		in := testkit.OpenStore(t)
		if err := in.Apply(recs); err != nil {
			t.Fatal(err)
		}
		c := chance{rand.New(rand.NewPCG(seed, 3))}
		out := testkit.OpenStore(t)
		shuffled := append(slices.Clone(recs), recs[:20]...)
		c.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for len(shuffled) > 0 {
			n := min(len(shuffled), 1+c.IntN(9))
			if err := out.Apply(shuffled[:n]); err != nil {
				t.Fatal(err)
			}
			shuffled = shuffled[n:]
		}
		if in.Digest() != out.Digest() || in.Position() != 80 || out.Position() != 80 {
			t.Errorf("seed %d: digest %s at %d, want %s at %d", seed, out.Digest(), out.Position(), in.Digest(), in.Position())
		}
		same(t, out, in)
		// A store that fills itself from the other's journal agrees too.
		third := testkit.OpenStore(t)
		for _, batch := range drain(t, in, 0) {
			if err := third.Apply(batch); err != nil {
				t.Fatal(err)
			}
		}
		if third.Digest() != in.Digest() {
			t.Errorf("seed %d: digest %s from the journal, want %s", seed, third.Digest(), in.Digest())
		}
		same(t, third, in)
	}
}

// same checks that two stores show the same, but for what drives caches.
func same(t *testing.T, got, want *storage.Store) {
	t.Helper()
	a, b := all(t, got, feeds.Query{}), all(t, want, feeds.Query{})
	if !slices.Equal(a, b) {
		t.Errorf("selects %v, want %v", a, b)
		return
	}
	x, err := got.Statements(a...)
	if err != nil {
		t.Fatal(err)
	}
	y, err := want.Statements(a...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		x[i].Seq, x[i].Changed, y[i].Seq, y[i].Changed = 0, time.Time{}, 0, time.Time{}
		if !reflect.DeepEqual(x[i], y[i]) {
			t.Errorf("got  %+v\nwant %+v", x[i], y[i])
		}
	}
	c, err := got.Counts()
	if err != nil {
		t.Fatal(err)
	}
	d, err := want.Counts()
	if err != nil || !reflect.DeepEqual(c, d) {
		t.Errorf("counts %+v, want %+v (%v)", c, d, err)
	}
}

var errEnough = errors.New("enough")

// drain follows up to the present position.
func drain(t *testing.T, s *storage.Store, after uint64) [][]feeds.Record {
	t.Helper()
	var out [][]feeds.Record
	if s.Position() == after {
		return nil
	}
	err := s.Follow(context.Background(), after, func(recs []feeds.Record) error {
		out = append(out, recs)
		if recs[len(recs)-1].Seq >= s.Position() {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Fatal(err)
	}
	return out
}

func TestDigestTellsStatesApart(t *testing.T) {
	seen := map[string]string{}
	for _, c := range []struct {
		name string
		at   int
		said *feeds.Observed
	}{
		{"first", 3, observed("north", "a", 3)},
		{"content", 3, observed("north", "a", 3, func(o *feeds.Observed) { o.Copy.Content += " " })},
		{"metadata", 3, observed("north", "a", 3, func(o *feeds.Observed) { o.Revision = 2 })},
		{"time of saying", 4, observed("north", "a", 3)},
	} {
		s := testkit.OpenStore(t)
		say(t, s, c.at, c.said)
		if before, ok := seen[s.Digest()]; ok {
			t.Errorf("%q and %q have one digest", c.name, before)
		}
		seen[s.Digest()] = c.name
	}
}

func TestApplyIgnoresAnOlderRecordOfAKey(t *testing.T) {
	s := testkit.OpenStore(t)
	newer, older := observed("north", "a", 3), observed("north", "a", 3, of("b", feeds.IsReprint))
	if err := s.Apply([]feeds.Record{{Seq: 9, At: day(3), Fact: newer}}); err != nil {
		t.Fatal(err)
	}
	digest := s.Digest()
	if err := s.Apply([]feeds.Record{{Seq: 7, At: day(3), Fact: older}, {Seq: 9, At: day(3), Fact: older}}); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, s, feeds.Query{}, "a")
	if s.Digest() != digest || s.Position() != 9 {
		t.Errorf("digest %s at %d, want %s at 9", s.Digest(), s.Position(), digest)
	}
	if seq := say(t, s, 3, older); seq != 10 {
		t.Errorf("the next number is %d, want 10", seq)
	}
}

func TestApplyRefusesTwoRecordsWithOneNumber(t *testing.T) {
	s := testkit.OpenStore(t)
	a, b := observed("north", "a", 3), observed("north", "b", 3)
	if err := s.Apply([]feeds.Record{{Seq: 1, Fact: a}}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []feeds.Record{{Seq: 1, Fact: b}, {Fact: b}, {Seq: 2}} {
		if err := s.Apply([]feeds.Record{bad}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	// The content of a stays under its number when a is said again.
	if err := s.Apply([]feeds.Record{{Seq: 2, Fact: a}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply([]feeds.Record{{Seq: 1, Fact: b}}); err == nil {
		t.Error("a number that was used before was taken")
	}
}

func TestAppendTakesAllOrNothing(t *testing.T) {
	s := testkit.OpenStore(t)
	_, err := s.Append(context.Background(), day(3), observed("north", "a", 3), &feeds.Observed{Item: "north/b"})
	if err == nil || s.Position() != 0 {
		t.Errorf("at %d, %v", s.Position(), err)
	}
	wantIDs(t, s, feeds.Query{})
	if seq, err := s.Append(context.Background(), day(3)); seq != 0 || err != nil {
		t.Errorf("nothing said: %d, %v", seq, err)
	}
}

func TestAppendAloneDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testkit.OpenStore(t)
		// Calls that shared a transaction make the next one wait for them, once.
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { say(t, s, 3, observed("north", fmt.Sprintf("shared%d", i), 3)) })
		}
		wg.Wait()
		say(t, s, 3, observed("north", "after", 3))
		start := time.Now()
		for i := range 5 {
			say(t, s, 3, observed("north", fmt.Sprintf("alone%d", i), 3))
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("waited %v", took)
		}
	})
}

func TestFollowGivesTheLatestOfEveryKeyThenWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testkit.OpenStore(t)
		a, b := observed("north", "a", 3), observed("north", "b", 3)
		say(t, s, 3, a, b, &feeds.Fetched{Source: "north", At: day(3)})
		a2 := *a
		a2.Copy.Title = "On a, again"
		say(t, s, 4, &a2)

		ctx, cancel := context.WithCancel(t.Context())
		var got []feeds.Record
		ended := make(chan error, 1)
		go func() {
			ended <- s.Follow(ctx, 0, func(recs []feeds.Record) error { got = append(got, recs...); return nil })
		}()
		synctest.Wait()
		want := []feeds.Record{{Seq: 2, At: day(3), Fact: b}, {Seq: 3, At: day(3), Fact: &feeds.Fetched{Source: "north", At: day(3)}}, {Seq: 4, At: day(4), Fact: &a2}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		say(t, s, 5, gone(b, "withdrawn"))
		synctest.Wait()
		if len(got) != 5 || got[3].Seq != 5 || got[4].Fact.Key() != "R1" {
			t.Errorf("got %+v, want number 5 and that it left", got)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
		if err := s.Follow(t.Context(), 3, func(recs []feeds.Record) error {
			if recs[0].Seq != 4 {
				t.Errorf("after 3 comes %d", recs[0].Seq)
			}
			return errEnough
		}); !errors.Is(err, errEnough) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestCloseEndsFollowAndAppend(t *testing.T) {
	s := open(t, newPath(t))
	ended := make(chan error, 1)
	go func() {
		ended <- s.Follow(context.Background(), 0, func([]feeds.Record) error { return nil })
	}()
	say(t, s, 3, observed("north", "a", 3))
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, storage.ErrClosed) {
		t.Errorf("follow ended with %v", err)
	}
	if _, err := s.Append(context.Background(), day(3), observed("north", "a", 3)); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Select(feeds.Query{}); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("select: %v", err)
	}
	if err := s.Apply([]feeds.Record{{Seq: 9, Fact: observed("north", "a", 3)}}); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("apply: %v", err)
	}
}

func TestAppendWhileOthersReadAndWrite(t *testing.T) {
	s := testkit.OpenStore(t)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 12 {
				o := observed(fmt.Sprintf("office%d", w), fmt.Sprintf("w%di%d", w, i), 1+i, tagged("topic/health"))
				seq := say(t, s, 3, o, &feeds.Fetched{Source: o.Item.Source(), At: day(3)})
				if s.Position() < seq {
					t.Errorf("at %d after %d was given", s.Position(), seq)
				}
				if got, ok, err := s.Observed(o.Item); err != nil || !ok || got.Statement != o.Statement {
					t.Errorf("what was appended is not there: %t, %v", ok, err)
				}
			}
		})
		wg.Go(func() {
			for range 12 {
				page, err := s.Select(feeds.Query{Topics: []string{"health"}})
				if err != nil {
					t.Error(err)
				}
				var ids []feeds.StatementID
				for _, h := range page.Heads {
					ids = append(ids, h.ID)
				}
				sts, err := s.Statements(ids...)
				if err != nil || len(sts) != len(ids) {
					t.Errorf("%d statements of %d, %v", len(sts), len(ids), err)
				}
				if _, err := s.Counts(); err != nil {
					t.Error(err)
				}
				s.Stats()
			}
		})
	}
	wg.Wait()
	if got := len(all(t, s, feeds.Query{})); got != 96 || s.Position() != 193 {
		t.Errorf("%d statements at %d, want 96 at 193: one list", got, s.Position())
	}
}

// A killed process loses nothing that Append gave a number for.
func TestKilledProcessLosesNothing(t *testing.T) {
	const env = "STORAGE_TEST_FILE"
	if path := os.Getenv(env); path != "" {
		s := open(t, path)
		for i := 0; ; i++ {
			seq := say(t, s, 3, observed("north", fmt.Sprintf("i%d", i%40), 1+i%20, tagged("topic/health")), &feeds.Fetched{Source: "north", At: day(3)})
			fmt.Printf("said %d\n", seq)
		}
	}
	path := newPath(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcessLosesNothing$")
	cmd.Env = append(os.Environ(), env+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var last uint64
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, ok := strings.CutPrefix(lines.Text(), "said "); ok {
			if last, _ = strconv.ParseUint(n, 10, 64); last == 200 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	cmd.Wait() // killed, so it fails
	s := open(t, path)
	defer s.Close()
	if last < 200 || s.Position() < last {
		t.Errorf("at %d after %d was said", s.Position(), last)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestReopenedStoreIsTheSame(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	if err := s.Apply(records(4, 60)); err != nil {
		t.Fatal(err)
	}
	digest, position, stats := s.Digest(), s.Position(), s.Stats()
	stats.FreePages = 0 // what the last transaction gave up
	s = reopen(t, s, path)
	defer s.Close()
	after := s.Stats()
	after.FreePages = 0
	if s.Digest() != digest || s.Position() != position || after != stats {
		t.Errorf("digest %s at %d, %+v; want %s at %d, %+v", s.Digest(), s.Position(), after, digest, position, stats)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

// A copy of the file between two transactions is what a crash leaves.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestFileBetweenTransactionsIsWhole(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	defer s.Close()
	for i, r := range records(7, 30) {
		say(t, s, 3, r.Fact)
		if i%5 != 0 {
			continue
		}
		c := open(t, copyOf(t, path))
		if c.Digest() != s.Digest() || c.Position() != s.Position() {
			t.Errorf("the copy has digest %s at %d, want %s at %d", c.Digest(), c.Position(), s.Digest(), s.Position())
		}
		if err := errors.Join(c.Verify(), c.Close()); err != nil {
			t.Error(err)
		}
	}
}

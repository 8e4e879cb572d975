package storage_test

import (
	"context"
	"fmt"
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

func TestSubscriptionIsKeptUntilItEndsAndThenForgotten(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	sub := &feeds.Subscribed{Topic: "https://a.example/feeds/all.atom", Callback: "https://b.example/cb?x=1", Secret: "hush", Since: day(1), Until: day(9)}
	other := &feeds.Subscribed{Topic: sub.Topic, Callback: "https://c.example/", Since: day(1), Until: day(9)}
	say(t, s, 1, sub, other)
	renewed := *sub
	renewed.Until, renewed.Secret = day(12), "other"
	renewed.Failures, renewed.Failing, renewed.Due, renewed.Error = 3, day(2), day(3), "503 from the callback"
	say(t, s, 2, &renewed)
	digest := s.Digest()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	defer s.Close()
	got, err := s.Subscriptions()
	if err != nil || len(got) != 2 {
		t.Fatalf("%d subscriptions (%v), want 2", len(got), err)
	}
	if *got[0] != renewed || *got[1] != *other {
		t.Errorf("got\n%+v\n%+v, want\n%+v\n%+v", *got[0], *got[1], renewed, *other)
	}
	if s.Digest() != digest {
		t.Error("the digest changed over the restart")
	}
	records := s.Stats().Records
	say(t, s, 3, &feeds.Subscribed{Topic: sub.Topic, Callback: sub.Callback})
	if got, err = s.Subscriptions(); err != nil || len(got) != 1 || got[0].Callback != other.Callback {
		t.Errorf("after the end of one: %v (%v)", got, err)
	}
	if n := s.Stats().Records; n != records-1 {
		t.Errorf("%d records, want %d: what has ended is to leave nothing", n, records-1)
	}
	say(t, s, 4, &feeds.Subscribed{Topic: sub.Topic, Callback: sub.Callback}) // that never was
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func changes(t *testing.T, s *storage.Store, after uint64) (out []string, upTo uint64) {
	t.Helper()
	list, upTo, err := s.Changes(after)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		what := "gone"
		if c.Into != "" {
			what = "into " + string(c.Into)
		} else if c.Published {
			what = "published"
			if c.Head.ID != c.ID || c.Head.Order.IsZero() {
				t.Errorf("%s has the head %+v", c.ID, c.Head)
			}
		}
		out = append(out, fmt.Sprintf("%d %s %s", c.Seq, c.ID, what))
	}
	return out, upTo
}

func TestChangesTellsWhatRecordsTouched(t *testing.T) {
	s := testkit.OpenStore(t)
	want := func(after uint64, want ...string) uint64 {
		t.Helper()
		got, upTo := changes(t, s, after)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after %d:\ngot  %q\nwant %q", after, got, want)
		}
		if upTo != s.Position() {
			t.Errorf("looked up to %d, want %d", upTo, s.Position())
		}
		return upTo
	}
	say(t, s, 1, observed("north", "flood", 1), observed("north", "storm", 1), &feeds.Fetched{Source: "north"})
	at := want(0, "1 "+string(sid("flood"))+" published", "2 "+string(sid("storm"))+" published")
	say(t, s, 2, observed("south", "reprint", 2, of("flood", feeds.IsReprint)))
	at = want(at, "4 "+string(sid("flood"))+" published")
	want(at)
	say(t, s, 3, &feeds.Joined{Loser: sid("storm"), Winner: sid("flood")})
	got, _ := changes(t, s, at)
	if len(got) != 2 || (got[0] != "5 "+string(sid("storm"))+" into "+string(sid("flood")) && got[1] != "5 "+string(sid("storm"))+" into "+string(sid("flood"))) {
		t.Errorf("a join is told as %q", got)
	}
	say(t, s, 4, &feeds.Moderated{Statement: sid("flood"), Hide: true})
	want(6, "7 "+string(sid("flood"))+" gone") // 6 is the list that the join led to
}

func TestChangesGoesOnWhereItStopped(t *testing.T) {
	s := testkit.OpenStore(t)
	var facts []feeds.Fact
	for i := range 2500 {
		facts = append(facts, observed("north", fmt.Sprint("item-", i), 1))
	}
	say(t, s, 1, facts...)
	seen := map[string]bool{}
	for at := uint64(0); at < s.Position(); {
		got, upTo := changes(t, s, at)
		for _, g := range got {
			if seen[g] {
				t.Fatalf("%s is told twice", g)
			}
			seen[g] = true
		}
		if upTo <= at {
			t.Fatalf("stands still at %d", at)
		}
		at = upTo
	}
	if len(seen) != 2500 {
		t.Errorf("%d changes, want 2500", len(seen))
	}
}

// Who is told of a change looks at documents, which go by Told: what Changes tells
// has to be known there.
func TestChangesTellsNothingBeforeItIsKnown(t *testing.T) {
	s := testkit.OpenStore(t)
	written := make(chan error, 1)
	go func() {
		for i := range 60 {
			if _, err := s.Append(context.Background(), day(1), observed("north", fmt.Sprint("item-", i), 1)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for at, done := uint64(0), false; !done; {
		select {
		case err := <-written:
			if done = true; err != nil {
				t.Fatal(err)
			}
		default:
		}
		list, upTo, err := s.Changes(at)
		known, told := s.Position(), s.Told()
		if err != nil {
			t.Fatal(err)
		}
		if upTo > known || len(list) > 0 && list[len(list)-1].Seq > told {
			t.Fatalf("told up to %d, when %d was known, and %d of statements", upTo, known, told)
		}
		at = upTo
	}
}

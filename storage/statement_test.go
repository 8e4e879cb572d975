package storage_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

func TestMentionIsShownButNotSelectedBy(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 6, observed("north", "flood", 5, tagged("country/mx", "mention/gt")))
	say(t, s, 6, observed("south", "reprint", 5, of("flood", feeds.IsReprint), tagged("mention/mx", "mention/hn")))
	if tags, want := tagNames(statement(t, s, "flood")), []string{"country/mx", "mention/gt", "mention/hn"}; !slices.Equal(tags, want) {
		t.Errorf("tags %v, want %v: what one copy is about is no mere mention", tags, want)
	}
	say(t, s, 7, &feeds.Moderated{Statement: sid("flood"), Add: []feeds.Tag{{Scheme: feeds.Mention, Term: "sv"}}})
	if tags, want := tagNames(statement(t, s, "flood")), []string{"country/mx", "mention/gt", "mention/hn", "mention/sv"}; !slices.Equal(tags, want) {
		t.Errorf("tags %v, want %v", tags, want)
	}
	if got, want := counted(t, s), map[string]int{"country/mx": 1}; !maps.Equal(got, want) {
		t.Errorf("selected by %v, want %v", got, want)
	}
}

// tagNames gives a statement's tags in its order.
func tagNames(st feeds.Statement) (out []string) {
	for _, tg := range st.Taggings {
		out = append(out, tg.Tag.String())
	}
	return out
}

// echoes makes it an echo of another item.
func echoes(item string) func(*feeds.Observed) {
	return func(o *feeds.Observed) { o.Echo, o.Of = true, feeds.ItemKey(item) }
}

// wantTags checks a statement's tags, as they are shown and, but for mentions,
// as they are counted over all statements.
func wantTags(t *testing.T, s *storage.Store, name string, want ...string) {
	t.Helper()
	if got := tagNames(statement(t, s, name)); !slices.Equal(got, want) {
		t.Errorf("%s has the tags %v, want %v", name, got, want)
	}
	counts := counted(t, s)
	for _, tag := range want {
		if n := counts[tag]; n != 1 && !strings.HasPrefix(tag, "mention/") {
			t.Errorf("%s is counted %d times, want once", tag, n)
		}
	}
}

func TestEchoTagsCountOnlyWhenWhatItEchoesIsGone(t *testing.T) {
	s := testkit.OpenStore(t)
	origin := observed("north", "flood", 3, tagged("topic/health"))
	echo := observed("south", "reprint", 4, of("flood", feeds.IsReprint), echoes("north/flood"), language("fr"), tagged("country/mx", "mention/gt", "topic/children"))
	say(t, s, 4, echo)
	wantTags(t, s, "flood", "country/mx", "mention/gt", "topic/children")
	say(t, s, 4, origin)
	wantTags(t, s, "flood", "topic/health")
	if n := len(counted(t, s)); n != 1 {
		t.Errorf("%d tags are counted, want one", n)
	}
	wantIDs(t, s, feeds.Query{Topics: []string{"children"}})
	wantIDs(t, s, feeds.Query{Sources: []feeds.SourceID{"south"}, Languages: []string{"fr"}, Topics: []string{"health"}}, "flood")

	say(t, s, 5, gone(origin, "withdrawn"))
	wantTags(t, s, "flood", "country/mx", "mention/gt", "topic/children")
	wantIDs(t, s, feeds.Query{Topics: []string{"children"}, Countries: []string{"mx"}}, "flood")
	say(t, s, 6, origin)
	wantTags(t, s, "flood", "topic/health")
	echo.Echo = false // it was corrected, and says more now
	say(t, s, 7, echo)
	wantTags(t, s, "flood", "country/mx", "mention/gt", "topic/children", "topic/health")
}

func TestEchoOfAnotherStatementsCopyCountsUntilTheyAreJoined(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 4, observed("north", "a", 3, tagged("topic/health")), observed("south", "b", 4, echoes("north/a"), tagged("topic/children")))
	wantTags(t, s, "a", "topic/health")
	wantTags(t, s, "b", "topic/children")
	say(t, s, 5, &feeds.Joined{Loser: sid("b"), Winner: sid("a")})
	wantTags(t, s, "b", "topic/health")
	say(t, s, 6, &feeds.Joined{Loser: sid("b"), Winner: sid("b")})
	wantTags(t, s, "b", "topic/children")
	say(t, s, 7, &feeds.Joined{Loser: sid("a"), Winner: sid("b")})
	wantTags(t, s, "a", "topic/health")
}

func TestEchoesInChainsAndCirclesLeaveOneThatCounts(t *testing.T) {
	for name, c := range map[string]struct {
		echoes string // what a, b, c and d echo, - for none, x for what is not there
		want   string // whose tags count
	}{
		"none":                     {"----", "abcd"},
		"chain":                    {"-abc", "a"},
		"chain without its origin": {"xabc", "a"},
		"chain that lost a link":   {"-axc", "ac"},
		"each other":               {"ba--", "abcd"},
		"circle":                   {"bca-", "abcd"},
		"circle with a tail":       {"bcac", "abc"},
		"itself":                   {"aa--", "acd"},
	} {
		t.Run(name, func(t *testing.T) {
			s := testkit.OpenStore(t)
			var want []string
			for i, e := range c.echoes {
				letter := string(rune('a' + i))
				say(t, s, 4, observed("north", letter, 9-i, of("flood", feeds.IsReprint), tagged("topic/"+letter), func(o *feeds.Observed) {
					o.Echo, o.Of = e != '-', feeds.ItemKey("north/"+string(e))
				}))
			}
			for _, letter := range c.want {
				want = append(want, "topic/"+string(letter))
			}
			wantTags(t, s, "flood", want...)
			if n := len(counted(t, s)); n != len(want) {
				t.Errorf("%d tags are counted, want %d", n, len(want))
			}
		})
	}
}

func TestStatementHoldsItsCopiesInOrderOfArrival(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 6, observed("west", "late", 6, of("flood", feeds.IsTranslation), language("fr"), tagged("region/europe")))
	say(t, s, 6, observed("south", "reprint", 5, of("flood", feeds.IsReprint), tagged("topic/health", "topic/emergencies")))
	say(t, s, 6, observed("north", "flood", 5, tagged("topic/emergencies"), func(o *feeds.Observed) {
		o.Published, o.Order = day(2), day(3)
		o.Taggings[0].Score, o.Taggings[0].Evidence = 9, "the flood"
	}))
	st := statement(t, s, "flood")
	var got []string
	for _, c := range st.Copies {
		got = append(got, string(c.Item))
	}
	if want := []string{"north/flood", "south/reprint", "west/late"}; !slices.Equal(got, want) {
		t.Errorf("copies %v, want %v", got, want)
	}
	if !st.Published.Equal(day(2)) || !st.Order.Equal(day(3)) || !st.FirstSeen.Equal(day(5)) || !st.Updated.Equal(day(6)) {
		t.Errorf("published %v, order %v, first seen %v, updated %v", st.Published, st.Order, st.FirstSeen, st.Updated)
	}
	var tags []string
	for _, tg := range st.Taggings {
		tags = append(tags, tg.Tag.String())
	}
	if want := []string{"region/europe", "topic/emergencies", "topic/health"}; !slices.Equal(tags, want) {
		t.Errorf("tags %v, want %v", tags, want)
	}
	if ev := st.Taggings[1].Evidence; ev != "the flood" {
		t.Errorf("evidence %q, want that of the higher score", ev)
	}
	wantIDs(t, s, feeds.Query{Languages: []string{"fr"}, Topics: []string{"health"}}, "flood")
	wantIDs(t, s, feeds.Query{Languages: []string{"es"}})
}

func TestGoneIsNotPublishedButFound(t *testing.T) {
	s := testkit.OpenStore(t)
	o := observed("north", "flood", 3, tagged("topic/health"))
	reprint := observed("south", "reprint", 4, of("flood", feeds.IsReprint), language("fr"))
	say(t, s, 4, o, reprint)
	seq := say(t, s, 5, gone(o, "withdrawn"))

	st := statement(t, s, "flood")
	if len(st.Copies) != 1 || st.Copies[0].Item != reprint.Item {
		t.Errorf("copies %+v, want the reprint only", st.Copies)
	}
	if !st.Published.Equal(day(3)) || !st.Order.Equal(day(3)) || st.Seq != seq || !st.Changed.Equal(day(5)) {
		t.Errorf("published %v and order %v, want both as frozen; seq %d, changed %v", st.Published, st.Order, st.Seq, st.Changed)
	}
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}})

	say(t, s, 6, gone(reprint, "expired"))
	if _, _, ok, err := s.Statement(sid("flood")); ok || err != nil {
		t.Errorf("a statement without copies is given (%v)", err)
	}
	wantIDs(t, s, feeds.Query{})
	found, err := s.Find([]feeds.Key{reprint.Keys[0], o.Keys[0]})
	if err != nil || len(found) != 2 || found[0].Item != reprint.Item || found[1].Statement != sid("flood") {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, ok, _ := s.Observed(o.Item); ok {
		t.Error("a gone item is given as observed")
	}

	say(t, s, 7, o)
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}}, "flood")
}

func TestJoinedMovesCopiesAndRedirects(t *testing.T) {
	s := testkit.OpenStore(t)
	a, b, c := observed("north", "a", 3), observed("south", "b", 4, language("fr")), observed("west", "c", 5, tagged("topic/health"))
	say(t, s, 5, a, b, c)
	say(t, s, 6, &feeds.Joined{Loser: sid("c"), Winner: sid("b")})
	say(t, s, 6, &feeds.Joined{Loser: sid("b"), Winner: sid("a")})

	for _, id := range []string{"a", "b", "c"} {
		st, at, ok, err := s.Statement(sid(id))
		if err != nil || !ok || at != sid("a") || st.ID != at || len(st.Copies) != 3 {
			t.Errorf("statement %s: at %s, %d copies, %t, %v", id, at, len(st.Copies), ok, err)
		}
	}
	wantIDs(t, s, feeds.Query{}, "a")
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}, Languages: []string{"fr"}}, "a")
	found, _ := s.Find(c.Keys)
	if len(found) != 1 || found[0].Statement != sid("a") {
		t.Errorf("found %+v, want it in a", found)
	}
	if sts, err := s.Statements(sid("c"), sid("nobody"), sid("a")); err != nil || len(sts) != 1 {
		t.Errorf("%d statements, want one (%v)", len(sts), err)
	}

	// What is said later of the loser lands in the winner.
	say(t, s, 7, observed("east", "d", 7, of("c", feeds.IsReprint)))
	if st := statement(t, s, "a"); len(st.Copies) != 4 || st.Copies[3].Item != "east/d" {
		t.Errorf("copies %+v, want d last", st.Copies)
	}
}

func TestJoinedWithItselfStandsApartAgain(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 5, observed("north", "a", 3), observed("south", "b", 4), observed("west", "c", 5))
	say(t, s, 6, &feeds.Joined{Loser: sid("c"), Winner: sid("b")}, &feeds.Joined{Loser: sid("b"), Winner: sid("a")})
	before := statement(t, s, "a").Seq
	seq := say(t, s, 7, &feeds.Joined{Loser: sid("b"), Winner: sid("b"), By: "ops"})
	wantIDs(t, s, feeds.Query{}, "b", "a")
	if st := statement(t, s, "a"); len(st.Copies) != 1 || st.Seq != seq || before >= seq || !st.Changed.Equal(day(7)) {
		t.Errorf("a has %d copies and was touched by %d on %v, want 1 by %d", len(st.Copies), st.Seq, st.Changed, seq)
	}
	if st := statement(t, s, "c"); st.ID != sid("b") || len(st.Copies) != 2 {
		t.Errorf("c is in %s with %d copies, want in b with 2", st.ID, len(st.Copies))
	}
}

func TestJoinedInACircleLosesNothing(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 5, observed("north", "b", 3), observed("south", "c", 4), observed("west", "d", 5))
	say(t, s, 6, &feeds.Joined{Loser: sid("b"), Winner: sid("c")}, &feeds.Joined{Loser: sid("c"), Winner: sid("d")}, &feeds.Joined{Loser: sid("d"), Winner: sid("b")})
	wantIDs(t, s, feeds.Query{}, "b")
	if st := statement(t, s, "d"); st.ID != sid("b") || len(st.Copies) != 3 {
		t.Errorf("d is in %s with %d copies, want in b with 3", st.ID, len(st.Copies))
	}
	say(t, s, 7, &feeds.Joined{Loser: sid("c"), Winner: sid("c")})
	wantIDs(t, s, feeds.Query{}, "c")
	if st := statement(t, s, "d"); st.ID != sid("c") || len(st.Copies) != 3 {
		t.Errorf("d is in %s with %d copies, want in c with 3", st.ID, len(st.Copies))
	}
}

func TestModeratedHidesAddsAndCuts(t *testing.T) {
	s := testkit.OpenStore(t)
	// Said before the statement is known, it holds from the start.
	say(t, s, 2, &feeds.Moderated{Statement: sid("flood"), Hide: true})
	say(t, s, 3, observed("north", "flood", 3, tagged("topic/health", "region/europe")))
	wantIDs(t, s, feeds.Query{})
	if st := statement(t, s, "flood"); !st.Hidden {
		t.Error("not marked as hidden")
	}
	if st := s.Stats(); st.Statements != 0 || st.Copies != 1 {
		t.Errorf("%+v, want no statement published and one copy held", st)
	}
	seq := say(t, s, 4, &feeds.Moderated{Statement: sid("flood"), Why: "the office said so",
		Add: []feeds.Tag{{Scheme: "topic", Term: "children"}, {Scheme: "region", Term: "europe"}}, Cut: []feeds.Tag{{Scheme: "topic", Term: "health"}}})
	wantIDs(t, s, feeds.Query{Topics: []string{"children"}, Regions: []string{"europe"}}, "flood")
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}})
	st := statement(t, s, "flood")
	if len(st.Taggings) != 2 || st.Taggings[0].Rule != "words" || st.Taggings[1].Rule != "moderated" || st.Taggings[1].Evidence != "the office said so" {
		t.Errorf("taggings %+v", st.Taggings)
	}
	if st.Hidden || st.Seq != seq {
		t.Errorf("hidden %t, seq %d, want %d", st.Hidden, st.Seq, seq)
	}
}

func TestModeratedLoserCountsForTheWinnerOnlyWhenSaidAfterTheJoin(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 3, observed("north", "a", 3), observed("south", "b", 4))
	say(t, s, 4, &feeds.Moderated{Statement: sid("b"), Hide: true})
	say(t, s, 5, &feeds.Joined{Loser: sid("b"), Winner: sid("a")})
	wantIDs(t, s, feeds.Query{}, "a")
	say(t, s, 6, &feeds.Moderated{Statement: sid("b"), Hide: true})
	wantIDs(t, s, feeds.Query{})
}

func TestItemThatMovesLeavesItsStatement(t *testing.T) {
	s := testkit.OpenStore(t)
	a, b := observed("north", "a", 3), observed("south", "b", 4, of("a", feeds.IsReprint))
	say(t, s, 4, a, b)
	b.Statement = sid("b")
	seq := say(t, s, 5, b)
	wantIDs(t, s, feeds.Query{}, "b", "a")
	if st := statement(t, s, "a"); len(st.Copies) != 1 || st.Seq != seq {
		t.Errorf("a has %d copies and was touched by %d, want 1 and %d: caches must notice", len(st.Copies), st.Seq, seq)
	}
	if found, _ := s.Find(b.Keys); len(found) != 1 || found[0].Statement != sid("b") {
		t.Errorf("found %+v", found)
	}
}

func TestFindGivesTheOldestItemFirst(t *testing.T) {
	s := testkit.OpenStore(t)
	link, text := feeds.Key{Kind: 'l', Hash: 1}, feeds.Key{Kind: 't', Hash: 2}
	with := func(keys ...feeds.Key) func(*feeds.Observed) { return func(o *feeds.Observed) { o.Keys = keys } }
	say(t, s, 9, observed("north", "a", 5, with(link)), observed("south", "b", 3, with(link, text)), observed("west", "c", 4, with(text, link), of("b", feeds.IsReprint)))
	found, err := s.Find([]feeds.Key{text, link, {Kind: 'l', Hash: 9}, text})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, string(f.Key.Kind)+" "+string(f.Item))
	}
	if want := []string{"t south/b", "t west/c", "l south/b", "l west/c", "l north/a"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// A key that an item gave up does not lead to it; to its neighbour it does.
	say(t, s, 9, observed("south", "b", 3, with(link)))
	if found, _ = s.Find([]feeds.Key{text}); len(found) != 1 || found[0].Item != "west/c" {
		t.Errorf("found %+v, want c only", found)
	}
}

package storage_test

import (
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
)

// TestWhatIsWithheldHasItsPlaceAndIsSeenByNobody: a withheld copy neither shows
// nor tags, and when it is released the statement's Order stays.
func TestWhatIsWithheldHasItsPlaceAndIsSeenByNobody(t *testing.T) {
	s := testkit.OpenStore(t)
	withheld := func(o *feeds.Observed) { o.Withheld = true }
	say(t, s, 5, observed("north", "flood", 5, tagged("topic/health"), withheld))
	wantIDs(t, s, feeds.Query{})
	if _, _, ok, err := s.Statement(sid("flood")); ok || err != nil {
		t.Errorf("a withheld statement is shown (%t, %v)", ok, err)
	}
	say(t, s, 6, observed("south", "reprint", 6, of("flood", feeds.IsReprint), tagged("country/mx")))
	wantIDs(t, s, feeds.Query{Countries: []string{"mx"}}, "flood")
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}})
	wantIDs(t, s, feeds.Query{Sources: []feeds.SourceID{"north"}})
	was := statement(t, s, "flood")
	if len(was.Copies) != 1 || was.Copies[0].Item.Source() != "south" {
		t.Errorf("copies %+v, want that of the south", was.Copies)
	}
	say(t, s, 7, observed("north", "flood", 5, tagged("topic/health")))
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}}, "flood")
	if is := statement(t, s, "flood"); len(is.Copies) != 2 || !is.Order.Equal(was.Order) || !is.FirstSeen.Equal(was.FirstSeen) || !is.Published.Equal(was.Published) {
		t.Errorf("released: %+v, want two copies in the place of %+v", is, was)
	}
	say(t, s, 8, observed("north", "flood", 5, withheld)) // and back again
	wantIDs(t, s, feeds.Query{Topics: []string{"health"}})
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

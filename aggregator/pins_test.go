package aggregator

import (
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
)

func linkOf(guid string) string {
	return normalize.Canonical("https://" + guid + ".example.org/news/1")
}

func TestPinTakesApartWhatWasJoinedAndItStaysApart(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"hq", "paris", "madrid", "lyon"} {
		w.source(id)
	}
	w.set("/hq", rss(bridge.entry("hq", w.now)))
	w.pull("hq")
	w.set("/paris", rss(pont.entry("paris", w.now)))
	w.pull("paris")
	before := w.one()
	w.like.Pins = []dedup.Pin{{Links: [2]string{linkOf("hq"), linkOf("paris")}, Why: "two bridges"}}
	w.pull("hq")
	hq, paris := w.with("hq"), w.with("paris")
	if hq.ID != before.ID || paris.ID == hq.ID {
		t.Fatalf("hq's is %s and paris's %s; want %s and another", hq.ID, paris.ID, before.ID)
	}
	if c := paris.Copies[0]; c.Relation != "origin" || c.Of != "" || c.Why != "taken apart by a pin: two bridges" {
		t.Errorf("paris's copy is %s of %q: %s", c.Relation, c.Of, c.Why)
	}
	position := w.store.Position()
	if err := w.engine(nil).applyPins(t.Context()); err != nil || w.store.Position() != position {
		t.Errorf("applied again, the pin says something: %v, position %d, want %d", err, w.store.Position(), position)
	}
	// A third copy is of one of them, and bridges nothing.
	w.set("/lyon", rss(pont.entry("lyon", w.now)))
	w.set("/madrid", rss(puente.entry("madrid", w.now.Add(time.Minute))))
	w.pull("lyon", "madrid")
	if hq, paris := w.with("hq"), w.with("paris"); hq.ID == paris.ID {
		t.Error("a third copy has joined what a pin keeps apart")
	}
}

func TestPinUndoesAJoinOfTwoStatements(t *testing.T) {
	w := newWorld(t)
	w.source("hq")
	w.source("paris")
	w.set("/hq", rss(bridge.entry("hq", w.now)))
	w.set("/paris", rss(bulletin(3, "4,100", "820", "260").entry("paris", w.now)))
	w.pull("hq", "paris")
	a, b := w.with("hq").ID, w.with("paris").ID
	if a == b {
		t.Fatal("two texts are one")
	}
	pins := dedup.Pin{Links: [2]string{linkOf("hq"), linkOf("paris")}, Together: true}
	w.like.Pins = []dedup.Pin{pins}
	w.pull("hq")
	if st := w.one(); st.ID != a {
		t.Errorf("the statement is %s, want the older %s", st.ID, a)
	}
	position := w.store.Position()
	if err := w.engine(nil).applyPins(t.Context()); err != nil || w.store.Position() != position {
		t.Errorf("applied again, the pin says something: %v", err)
	}
	pins.Together = false
	w.like.Pins = []dedup.Pin{pins}
	w.pull("hq")
	if x, y := w.with("hq").ID, w.with("paris").ID; x != a || y != b {
		t.Errorf("taken apart they are %s and %s, want %s and %s as before", x, y, a, b)
	}
}

package aggregator

import (
	"errors"
	"strings"
	"testing"
	"time"

	"communique/aggregator/dedup"
)

func TestOperatorsPinHoldsOverRestartRetagAndLaterArrivalsAndIsTakenBack(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"hq", "paris", "madrid"} {
		w.source(id)
	}
	w.set("/hq", rss(bridge.entry("hq", w.now)))
	w.pull("hq")
	w.set("/paris", rss(pont.entry("paris", w.now)))
	w.pull("paris")
	was := w.one()
	links := [2]string{linkOf("paris"), linkOf("hq")}
	f, err := w.engine(nil).Pin(t.Context(), links, false, "ana", "two bridges")
	if err != nil || !f.Were {
		t.Fatalf("%+v, %v: want that they were one", f, err)
	}
	apart := func(when string) {
		t.Helper()
		if hq, paris := w.with("hq"), w.with("paris"); hq.ID != was.ID || paris.ID == hq.ID {
			t.Fatalf("%s: hq's is %s and paris's %s, want %s and another", when, hq.ID, paris.ID, was.ID)
		}
	}
	apart("at once")
	w.restart()
	w.holds()
	e := w.engine(nil)
	if _, err := e.Retag(t.Context(), Retagging{All: true}); err != nil {
		t.Fatal(err)
	}
	apart("tagged anew")
	w.set("/madrid", rss(puente.entry("madrid", w.now)))
	w.pull("madrid")
	apart("a third came")
	w.set("/paris", rss(strings.Replace(pont.entry("paris", w.now), "Grace Phiri", "Gracia Phiri", 1)))
	w.pull("paris")
	apart("paris corrected its own")
	if stored, ok, err := w.store.Pinned(sorted(links)); !ok || err != nil || stored.By != "ana" || stored.Why != "two bridges" || stored.Lifted {
		t.Errorf("the store remembers %+v (%t, %v)", stored, ok, err)
	}
	if c := w.with("paris").Copies[0]; c.Why != "taken apart by a pin: two bridges" {
		t.Errorf("paris's says %q", c.Why)
	}

	if f, err = w.engine(nil).Unpin(t.Context(), links, "ben", "one, after all"); err != nil || !f.Lifted {
		t.Fatalf("%+v, %v", f, err)
	}
	if hq, paris := w.with("hq"), w.with("paris"); hq.ID != paris.ID || hq.ID != was.ID {
		t.Errorf("taken back, hq's is %s and paris's %s, want %s", hq.ID, paris.ID, was.ID)
	}
	w.restart()
	w.holds()
	if _, err := w.engine(nil).Unpin(t.Context(), links, "ben", ""); !errors.Is(err, ErrPin) {
		t.Errorf("taken back twice: %v, want %v", err, ErrPin)
	}
}

func TestOperatorsPinPutsTogetherWhileVisitsGoOn(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "floods", "late"} {
		w.source(id)
	}
	w.set("/fund", rss(bridge.entry("bridge", w.now)))
	w.set("/floods", rss(bulletin(12, "4,310", "870", "612").entry("b12", w.now)))
	w.pull("fund", "floods")
	e := w.engine(nil)
	if err := e.Pull(t.Context(), "fund"); err != nil { // its dedup has looked at the store
		t.Fatal(err)
	}
	links := [2]string{linkOf("bridge"), linkOf("b12")}
	if f, err := e.Pin(t.Context(), links, true, "ana", ""); err != nil || f.Were {
		t.Fatalf("%+v, %v: want that they were two", f, err)
	}
	one := w.one()
	// The same engine knows from then on: a copy of either is of the one statement.
	w.set("/late", rss(bulletin(12, "4,310", "870", "612").entry("copy", w.now.Add(time.Minute))))
	if err := e.Pull(t.Context(), "late"); err != nil {
		t.Fatal(err)
	}
	if st := w.one(); st.ID != one.ID || len(st.Copies) != 3 {
		t.Errorf("what came later is not in it: %s", told(&st))
	}
	if _, err := e.Pin(t.Context(), [2]string{linkOf("b12"), linkOf("x")}, true, "ana", ""); err != nil { // what is not there yet may be pinned
		t.Fatal(err)
	}
	if _, err := e.Pin(t.Context(), [2]string{linkOf("bridge"), linkOf("x")}, false, "ana", ""); !errors.Is(err, ErrPin) || !strings.Contains(err.Error(), "are pinned together already") {
		t.Errorf("a contradiction: %v, want %v", err, ErrPin)
	}
	if _, err := e.Unpin(t.Context(), links, "ana", ""); err != nil {
		t.Fatal(err)
	}
	if a, b := w.with("bridge"), w.with("b12"); a.ID == b.ID {
		t.Errorf("taken back, both are %s still", a.ID)
	}
	w.holds()
}

func TestConfiguredPinGoesBeforeAnOperatorsWord(t *testing.T) {
	w := newWorld(t)
	w.source("fund")
	w.source("floods")
	w.set("/fund", rss(bridge.entry("bridge", w.now)))
	w.set("/floods", rss(bulletin(12, "4,310", "870", "612").entry("b12", w.now)))
	w.pull()
	links := [2]string{linkOf("bridge"), linkOf("b12")}
	if _, err := w.engine(nil).Pin(t.Context(), links, true, "ana", ""); err != nil {
		t.Fatal(err)
	}
	w.like.Pins = []dedup.Pin{{Links: links}}
	w.pull()
	if a, b := w.with("bridge"), w.with("b12"); a.ID == b.ID {
		t.Error("the configuration pins them apart, and they are one")
	}
	if _, err := w.engine(nil).Pin(t.Context(), links, true, "ana", ""); !errors.Is(err, ErrPin) {
		t.Errorf("got %v, want %v", err, ErrPin)
	}
}

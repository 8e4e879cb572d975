package dedup

import (
	"slices"
	"testing"
	"time"

	"communique/feeds"
)

func pin(together bool, a, b string) Likeness {
	return Likeness{Pins: []Pin{{Links: [2]string{"https://" + a + ".example.org/", "https://" + b + ".example.org/"}, Together: together, Why: "the desk says so"}}}
}

func TestPinKeepsApart(t *testing.T) {
	en := flood["en"]
	reprint := say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Hour))
	for _, c := range []struct {
		name string
		d    feeds.Draft
	}{{"a reprint", reprint}, {"an equal text", en.at("v", monday.Add(time.Hour))}, {"a translation", flood["fr"].at("v", monday.Add(time.Hour))}} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range []Likeness{pin(false, "h", "v"), pin(false, "v", "h")} {
				n := newNewsroom(t, o)
				a, b := n.tell("harbour", en.at("h", monday)), n.tell("valley", c.d)
				if a.Statement == b.Statement {
					t.Errorf("one in spite of the pin: %s", b.Why)
				}
			}
			n := newNewsroom(t, pin(false, "h", "somewhere-else"))
			if a, b := n.tell("harbour", en.at("h", monday)), n.tell("valley", c.d); a.Statement != b.Statement {
				t.Error("a pin of something else keeps them apart")
			}
		})
	}
}

func TestPinKeepsApartWhatAThirdCopyIsLike(t *testing.T) {
	en := flood["en"]
	first, second := en.at("h", monday), say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Hour))
	for _, third := range []feeds.Draft{
		say("x", "en", en.title, lines(en.body, 0, 1, 2, 4), monday.Add(2*time.Hour)),
		flood["fr"].at("x", monday.Add(2*time.Hour)),
		en.at("x", monday.Add(2*time.Hour)),
	} {
		n := newNewsroom(t, pin(false, "h", "v"))
		a, b := n.tell("harbour", first), n.tell("valley", second)
		c := n.tell("third", third)
		if n.statement(a.Item) == n.statement(b.Item) {
			t.Errorf("%s in %s brings together what a pin keeps apart", third.ID, third.Language)
		}
		if c.Statement != a.Statement && c.Statement != b.Statement {
			t.Error("the third copy is in neither")
		}
		if len(c.Join) > 0 {
			t.Errorf("it joins %v", c.Join)
		}
		// After a start, and for a fourth one.
		n.restart()
		n.tell("fourth", say("y", "en", en.title, lines(en.body, 0, 1, 3, 4), monday.Add(3*time.Hour)))
		if n.statement(a.Item) == n.statement(b.Item) {
			t.Error("a fourth copy brings together what a pin keeps apart")
		}
	}
}

func TestPinHoldsForWhatIsNotStoredYet(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, pin(false, "h", "v"))
	var placed []Placement
	for i, d := range []feeds.Draft{en.at("h", monday), say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday), say("x", "en", en.title, lines(en.body, 0, 1, 2, 4), monday)} {
		got, release, err := n.p.Place(office(string(rune('a'+i))), []feeds.Draft{d}, monday)
		if err != nil {
			t.Fatal(err)
		}
		defer release(true)
		placed = append(placed, got[0])
	}
	if placed[0].Statement == placed[1].Statement || len(placed[2].Join) > 0 {
		t.Errorf("one: %v; the third joins %v", placed[0].Statement == placed[1].Statement, placed[2].Join)
	}
}

func TestPinBringsTogether(t *testing.T) {
	unlike := say("v", "en", "Something else", words(9, 9), monday.Add(time.Hour))
	for _, o := range []Likeness{pin(true, "h", "v"), pin(true, "v", "h")} {
		n := newNewsroom(t, o)
		a := n.tell("harbour", flood["en"].at("h", monday))
		if b := n.tell("valley", unlike); b.Statement != a.Statement || b.Of != a.Item || b.Why != "a pin says so" {
			t.Errorf("of %q: %s, want one by the pin", b.Of, b.Why)
		}
	}
	// The pin joins two that are both there already by way of a copy of one.
	n := newNewsroom(t, pin(true, "h", "v"))
	a := n.tell("harbour", flood["en"].at("h", monday))
	n.tell("loner", say("l", "en", "Something else", words(9, 9), monday.Add(time.Minute)))
	b := n.tell("valley", unlike)
	if !slices.Equal(n.groups(), []string{"h+l+v"}) || b.Statement != a.Statement {
		t.Errorf("groups %q, want all three", n.groups())
	}
}

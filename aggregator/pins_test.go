package aggregator

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
	"communique/storage"
)

// apart pins two guids of entries apart, together pins them together.
func apart(a, b string) dedup.Pin {
	return dedup.Pin{Links: [2]string{linkOf(a), linkOf(b)}, Why: "two of one day"}
}

func together(a, b string) dedup.Pin {
	p := apart(a, b)
	p.Together = true
	return p
}

// linkOf is the link of an entry, as pins have it (see release.entry).
func linkOf(guid string) string {
	return normalize.Canonical("https://" + guid + ".example.org/news/1")
}

// restart opens the store anew.
func (w *world) restart() {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.open()
}

// holds fails when to apply the pins again says anything.
func (w *world) holds() {
	w.t.Helper()
	before := w.store.Position()
	if err := w.engine(nil).applyPins(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	if said := w.store.Position() - before; said != 0 {
		w.t.Errorf("applied again, the pins say %d facts", said)
	}
}

// local is the bridge's release as a paper in the valley tells it.
func local() release {
	r := bridge.paragraphs(0, 1, 3)
	r.text = "Our valley's engineers helped to plan it; this is what the fund writes about it today, after five years of work on both banks.\n" + r.text
	return r
}

func TestWhatLikenessJoinedWronglyIsTakenApartAndStaysSo(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "teasers", "valley", "south"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -3)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/teasers", rss(bridge.paragraphs(0).entry("teaser", at)))
	w.set("/valley", rss(local().entry("local", at)))
	w.set("/south", rss(local().entry("south", at)))
	w.pull()
	was := w.one()
	if south := was.Copies[slices.IndexFunc(was.Copies, func(c feeds.StatedCopy) bool { return c.Source == "south" })]; south.Of.Source() != "valley" {
		t.Fatalf("south's copy is of %s's, want it to be valley's", south.Of)
	}

	w.like.Pins = []dedup.Pin{apart("local", "bridge")}
	w.restart()
	w.pull()
	first, second := w.with("bridge"), w.with("local")
	if got, want := told(&first), "fund origin en, teasers excerpt en"; got != want || first.ID != was.ID {
		t.Errorf("the first is %s (%s), want %s (%s)", first.ID, got, was.ID, want)
	}
	if got, want := told(&second), "south reprint en, valley origin en"; got != want || second.ID == was.ID {
		t.Errorf("the other is %s (%s), want an id of its own and %s", second.ID, got, want)
	}
	valley := second.Copies[slices.IndexFunc(second.Copies, func(c feeds.StatedCopy) bool { return c.Source == "valley" })]
	if valley.Why != "taken apart by a pin: two of one day" || valley.Of != "" || valley.Score != 0 {
		t.Errorf("valley's copy is of %q with score %.2f, since %q", valley.Of, valley.Score, valley.Why)
	}
	if len(valley.Near) != 1 || valley.Near[0].Statement != was.ID || valley.Near[0].Score == 0 {
		t.Errorf("near valley's is %+v, want what it had been joined with", valley.Near)
	}
	if order := second.Order; !order.Equal(was.Order) || valley.Revision != 1 {
		t.Errorf("order %s and revision %d, want those that it had", order, valley.Revision)
	}
	w.holds()

	// New copies go to the one they are like, and none makes one of the two.
	for i, r := range []release{local(), bridge, local().paragraphs(0, 1), bridge.paragraphs(0, 1)} {
		id := fmt.Sprint("new", i)
		w.source(id)
		w.set("/"+id, rss(r.entry(id, at)))
	}
	w.restart()
	w.pull()
	w.source("mirror") // the page of the one with the text of the other
	w.set("/mirror", rss(strings.Replace(bridge.entry("mirror", at), linkOf("mirror"), linkOf("local"), 1)))
	w.pull()
	if got := w.with("mirror"); got.ID != second.ID {
		t.Errorf("a copy at the other's address went to %s, want %s", got.ID, second.ID)
	}
	if a, b := w.with("bridge"), w.with("local"); a.ID != first.ID || b.ID != second.ID {
		t.Errorf("they are %s and %s after new copies came, want %s and %s", a.ID, b.ID, first.ID, second.ID)
	}
	if a, b := w.with("new0"), w.with("new1"); a.ID != second.ID || b.ID != first.ID {
		t.Errorf("equal texts went to %s and %s, want %s and %s", a.ID, b.ID, second.ID, first.ID)
	}
	w.holds()
}

func TestEqualTextsPinnedApartAreNotJoinedByAThird(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "valley"} {
		w.source(id)
		w.set("/"+id, rss(bridge.entry(id, w.now.AddDate(0, 0, -1))))
	}
	w.pull()
	w.one()
	w.like.Pins = []dedup.Pin{apart("fund", "valley")}
	w.pull()
	a, b := w.with("fund"), w.with("valley")
	if a.ID == b.ID {
		t.Fatal("they are one still")
	}
	w.source("third")
	w.set("/third", rss(bridge.entry("third", w.now)))
	w.pull()
	if got := w.with("third"); got.ID != a.ID || w.with("valley").ID != b.ID {
		t.Errorf("the third is in %s, want the older one, %s; the other is %s, want %s", got.ID, a.ID, w.with("valley").ID, b.ID)
	}
	w.holds()
}

func TestStatementsThatACopyJoinedAreTakenApartWhereTheyWereJoined(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fonds", "valley", "fund"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -3)
	market := bridge.paragraphs(3, 1)
	market.title = "Cheaper maize and a hospital nearer"
	w.set("/fonds", rss(pont.paragraphs(0, 2).entry("pont", at)))
	w.set("/valley", rss(market.entry("end", at)))
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.pull("fonds")
	w.pull("valley")
	older, other := w.with("pont"), w.with("end")
	w.pull("fund")
	if st := w.one(); st.ID != older.ID || older.ID == other.ID {
		t.Fatalf("the third made %s of %s and %s", st.ID, older.ID, other.ID)
	}

	w.like.Pins = []dedup.Pin{apart("end", "pont")}
	w.restart()
	w.pull()
	st, id, ok, err := w.store.Statement(other.ID)
	if err != nil || !ok || id != other.ID || !slices.ContainsFunc(st.Copies, func(c feeds.StatedCopy) bool { return c.ID == "end" }) {
		t.Errorf("%s leads to %s (%v, %v), want itself again", other.ID, id, ok, err)
	}
	if w.with("pont").ID != older.ID || len(w.all()) != 2 {
		t.Errorf("%d statements, the older is %s, want 2 and %s", len(w.all()), w.with("pont").ID, older.ID)
	}
	w.holds()

	w.source("south")
	w.set("/south", rss(bridge.entry("south", at)))
	w.restart()
	w.pull()
	if a, b := w.with("pont"), w.with("end"); a.ID != older.ID || b.ID != other.ID {
		t.Errorf("a copy of the third made one of them again: %s, %s", a.ID, b.ID)
	}
	w.holds()
}

func TestPinnedTogetherIsOneStatement(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "floods", "late"} {
		w.source(id)
	}
	at := w.now.AddDate(0, 0, -3)
	w.set("/fund", rss(bridge.entry("bridge", at)))
	w.set("/floods", rss(bulletin(12, "4,310", "870", "612").entry("b12", at)))
	w.pull("fund")
	w.pull("floods")
	older, other := w.with("bridge"), w.with("b12")
	w.like.Pins = []dedup.Pin{together("b12", "bridge"), together("bridge", "b13")}
	w.restart()
	w.pull("fund")
	if st := w.one(); st.ID != older.ID || len(st.Copies) != 2 {
		t.Errorf("the statement is %s (%s), want the older, %s", st.ID, told(&st), older.ID)
	}
	if _, id, _, _ := w.store.Statement(other.ID); id != older.ID {
		t.Errorf("%s leads to %s, want %s", other.ID, id, older.ID)
	}
	w.holds()
	w.set("/late", rss(bulletin(13, "3,985", "790", "548").entry("b13", at)))
	w.pull("late")
	if st := w.one(); len(st.Copies) != 3 {
		t.Errorf("what came later is not in it: %s", told(&st))
	}
	w.holds()
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

// locked is a journal that says whose items could be worded while it is
// written.
type locked struct {
	*storage.Store
	t *testing.T
	e *Engine
}

func (l *locked) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	for id, mu := range l.e.words {
		if mu.TryLock() {
			mu.Unlock()
			l.t.Errorf("the items of %q could be worded anew from their old place", id)
		}
	}
	return l.Store.Append(ctx, at, said...)
}

func TestNobodyWordsWhatPinsMove(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"fund", "valley"} {
		w.source(id)
		w.set("/"+id, rss(bridge.entry(id, w.now.AddDate(0, 0, -1))))
	}
	w.pull()
	w.like.Pins = []dedup.Pin{apart("fund", "valley")}
	e := w.engine(nil)
	e.o.Journal = &locked{w.store, t, e}
	if err := e.applyPins(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.with("fund").ID == w.with("valley").ID {
		t.Error("nothing was taken apart")
	}
}

// statementOf gives the statement that an item was said to be of.
func statementOf(said []feeds.Fact, item feeds.ItemKey) feeds.StatementID {
	for _, f := range said {
		if ob, ok := f.(*feeds.Observed); ok && ob.Item == item {
			return ob.Statement
		}
	}
	return ""
}

// TestPinsHoldWhateverIsStored puts items, joins and pins into a store as chance
// will have it.
func TestPinsHoldWhateverIsStored(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			n := 3 + r.IntN(8)
			link := func(i int) string { return fmt.Sprintf("https://a.example/%d", i) }
			statement := func(i int) feeds.StatementID { return feeds.StatementID(fmt.Sprint("s", i)) }
			key := func(i int) feeds.ItemKey { return feeds.ItemKey(fmt.Sprintf("a/%016x", i)) }
			up := make([]int, n) // of the items' statements, by whom they are joined to
			for i := range up {
				up[i] = i
			}
			top := func(i int) int {
				for up[i] != i {
					i = up[i]
				}
				return i
			}
			of := make([]int, n)
			var said []feeds.Fact
			for i := range n {
				w.now = w.now.Add(1e9)
				of[i] = r.IntN(i + 1)
				ob := &feeds.Observed{Item: key(i), Statement: statement(i), FirstSeen: w.now, Changed: w.now, Order: w.now, Revision: 1,
					Relation: feeds.IsOrigin, Keys: []feeds.Key{dedup.LinkKey(link(i))}, Copy: feeds.Copy{Source: "a", ID: fmt.Sprint(i), Title: fmt.Sprint(i), Link: link(i)}}
				if r.IntN(3) > 0 && of[i] != i {
					ob.Relation, ob.Of, ob.Statement = feeds.IsReprint, key(of[i]), statement(top(of[i]))
					up[i] = -1
				}
				said = append(said, ob)
				if up[i] == i && i > 0 && r.IntN(2) == 0 {
					other := r.IntN(i)
					for up[other] < 0 {
						other = of[other]
					}
					if a, b := top(i), top(other); a != b {
						if r.IntN(4) == 0 {
							a, b = b, a
						}
						up[a] = b
						said = append(said, &feeds.Joined{Loser: statement(a), Winner: statement(b)})
					}
				}
				if up[i] < 0 {
					up[i] = top(of[i]) // as good as joined, for the model
				}
			}
			live := n
			for i := range n {
				if r.IntN(6) == 0 {
					live--
					said = append(said, &feeds.Gone{Item: key(i), Statement: statementOf(said, key(i)), FirstSeen: w.now, Order: w.now, Keys: []feeds.Key{dedup.LinkKey(link(i))}, Reason: "withdrawn"})
				}
			}
			if _, err := w.store.Append(context.Background(), w.now, said...); err != nil {
				t.Fatal(err)
			}
			// A few pins that do not contradict each other.
			one := make([]int, n)
			for i := range one {
				one[i] = i
			}
			for range 1 + r.IntN(3) {
				if a, b := r.IntN(n), r.IntN(n); a != b {
					w.like.Pins = append(w.like.Pins, dedup.Pin{Links: [2]string{link(a), link(b)}, Together: true})
					for i, was := 0, one[b]; i < n; i++ {
						if one[i] == was {
							one[i] = one[a]
						}
					}
				}
			}
			for range 1 + r.IntN(4) {
				if a, b := r.IntN(n), r.IntN(n); one[a] != one[b] {
					w.like.Pins = append(w.like.Pins, dedup.Pin{Links: [2]string{link(a), link(b)}})
				}
			}
			var warned strings.Builder
			e := w.engine(nil)
			e.o.Log = slog.New(slog.NewTextHandler(&warned, &slog.HandlerOptions{Level: slog.LevelWarn}))
			if err := e.applyPins(context.Background()); err != nil {
				t.Fatal(err)
			}
			if warned.Len() > 0 {
				t.Error(warned.String())
			}
			at, items := map[string]feeds.StatementID{}, map[feeds.ItemKey]feeds.StatementID{}
			for _, st := range w.all() {
				for i := range st.Copies {
					c := &st.Copies[i]
					at[c.Link], items[c.Item] = st.ID, st.ID
				}
			}
			for _, st := range w.all() {
				for i := range st.Copies {
					if c := &st.Copies[i]; c.Of != "" && items[c.Of] != "" && items[c.Of] != st.ID {
						t.Errorf("%s is a copy of %s, which is in another statement", c.Link, c.Of)
					}
				}
			}
			if len(items) != live {
				t.Errorf("%d copies, want %d", len(items), live)
			}
			for _, p := range w.like.Pins {
				if at[p.Links[0]] == "" || at[p.Links[1]] == "" {
					continue // one of them is gone
				}
				if (at[p.Links[0]] == at[p.Links[1]]) != p.Together {
					t.Errorf("%+v does not hold", p)
				}
			}
			w.holds()
		})
	}
}

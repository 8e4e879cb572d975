package dedup

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"communique/feeds"
)

func TestPublicationsFarApartAreOneOnlyWhenTheirTextIsEqual(t *testing.T) {
	en := flood["en"]
	for _, c := range []struct {
		name   string
		window time.Duration // 0 is the default
		later  time.Duration
		d      func(at time.Time) feeds.Draft
		one    bool
	}{
		{"a reprint within the window", 0, 29 * 24 * time.Hour, func(at time.Time) feeds.Draft { return say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), at) }, true},
		{"a reprint after it", 0, 32 * 24 * time.Hour, func(at time.Time) feeds.Draft { return say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), at) }, false},
		{"a reprint within a longer window", 60 * 24 * time.Hour, 32 * 24 * time.Hour, func(at time.Time) feeds.Draft { return say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), at) }, true},
		{"a reprint after a shorter one", 48 * time.Hour, 3 * 24 * time.Hour, func(at time.Time) feeds.Draft { return say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), at) }, false},
		{"a translation after a shorter one", 48 * time.Hour, 3 * 24 * time.Hour, func(at time.Time) feeds.Draft { return flood["fr"].at("v", at) }, false},
		{"an equal text after it", 0, 90 * 24 * time.Hour, func(at time.Time) feeds.Draft { return en.at("v", at) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{Window: c.window})
			a := n.tell("harbour", en.at("h", monday))
			b := n.tell("valley", c.d(monday.Add(c.later)))
			if one := a.Statement == b.Statement; one != c.one {
				t.Errorf("one = %v (%s), want %v", one, b.Why, c.one)
			}
		})
	}
}

func TestFutureDateCountsAsNow(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	a := n.tell("harbour", en.at("h", monday))
	d := say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.AddDate(7, 0, 0))
	if b := n.tellAt(feeds.Source{ID: "valley"}, d, monday.Add(time.Hour)); b.Statement != a.Statement {
		t.Error("a reprint whose date lies years ahead is not found")
	}
}

// decided is what must not depend on whether a Placer was started anew.
func decided(pl Placement) string {
	return fmt.Sprintf("%s %s %v %s %s %v %v %v %s %v %v", pl.Item, pl.Statement, pl.Seen, pl.Relation, pl.Of, pl.Join, pl.Echo, pl.Fuller, pl.Why, pl.Score, pl.Near)
}

// calendar is a stream with reprints, editions, translations and much else.
func calendar() (out []struct {
	office string
	d      feeds.Draft
}) {
	add := func(office string, d feeds.Draft) {
		out = append(out, struct {
			office string
			d      feeds.Draft
		}{office, d})
	}
	at := monday
	step := func() time.Time { at = at.Add(97 * time.Minute); return at }
	for i := range 40 {
		add(fmt.Sprint("other", i%7), say(fmt.Sprint("w", i), "en", words(1000+i, 1), words(2000+i, 12), step()))
	}
	for i, l := range languages {
		add("harbour-"+l, measles[l].at("m-"+l, step()))
		add("harbour-"+l, flood[l].at("f-"+l, step()))
		add("valley-"+l, say("fr-"+l, l, flood[l].title, lines(flood[l].body, 0, 1, 2, 3), step()))
		add("valley-"+l, say("mt-"+l, l, measles[l].title, lines(measles[l].body, 0), step()))
		title, body := edition(fmt.Sprint(20+i), fmt.Sprint(3+i, " May"), fmt.Sprint(11+7*i, ",200"), fmt.Sprint(1100+13*i), fmt.Sprint(2310+31*i), fmt.Sprint(412-5*i), fmt.Sprint(77-2*i), fmt.Sprint(14+i), fmt.Sprint(3+i, ".5"))
		add("delta", say(fmt.Sprint("e", i), "en", title, body, step()))
		add("valley-en", say(fmt.Sprint("er", i), "en", title, lines(body, 0, 1, 2), step()))
		en, fr := bulletin(fmt.Sprint(12+i), fmt.Sprint(2, ",", 140+97*i), fmt.Sprint(17+3*i), fmt.Sprint(3, ",", 905-83*i))
		add("fund", en.at(fmt.Sprint("be", i), step()))
		add("fund-fr", fr.at(fmt.Sprint("bf", i), step()))
	}
	return out
}

func TestStartInBetweenChangesNothing(t *testing.T) {
	all := calendar()
	through, again := newNewsroom(t, Likeness{}), newNewsroom(t, Likeness{})
	joined := 0
	for i, x := range all {
		if i%9 == 4 {
			again.restart()
		}
		a, b := through.tell(x.office, x.d), again.tell(x.office, x.d)
		if decided(a) != decided(b) {
			t.Fatalf("%s:\n%s\nafter a start:\n%s", x.d.ID, decided(a), decided(b))
		}
		if a.Of != "" {
			joined++
		}
	}
	if joined < 25 {
		t.Errorf("only %d of %d are copies: the stream shows nothing", joined, len(all))
	}
}

func TestSameStreamGivesTheSamePlacements(t *testing.T) {
	one, two := newNewsroom(t, Likeness{}), newNewsroom(t, Likeness{})
	for _, x := range calendar() {
		a, b := one.tell(x.office, x.d), two.tell(x.office, x.d)
		if decided(a) != decided(b) || !slices.Equal(a.Features, b.Features) {
			t.Fatalf("%s:\n%s\nthe second time:\n%s", x.d.ID, decided(a), decided(b))
		}
	}
}

func TestForeignFeaturesAreLeftAside(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	n.tell("harbour", en.at("h", monday))
	f := slices.Clone(n.told[0].Features)
	f[0]++ // another version's
	n.told[0].Features = f
	n.restart()
	b := n.tell("valley", say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Hour)))
	if b.Statement == n.told[0].Statement {
		t.Error("features of another version are believed")
	}
}

func TestRevisedTextStandsForTheOldOne(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	d := say("h", "en", en.title, en.body, monday)
	first := n.tell("harbour", d)
	d.Title, d.Text = measles["en"].title, feeds.TextView{Title: measles["en"].title, Body: measles["en"].body}
	if again := n.tellAt(feeds.Source{ID: "harbour"}, d, monday.Add(time.Hour)); !again.Seen || again.Features == nil {
		t.Fatalf("the revision: seen %v, %d bytes of features", again.Seen, len(again.Features))
	}
	old := n.tell("valley", say("v1", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(2*time.Hour)))
	if old.Statement == first.Statement {
		t.Error("a reprint of the text that was taken back is a copy of what stands there now")
	}
	now := n.tell("valley", say("v2", "en", measles["en"].title, lines(measles["en"].body, 0, 1, 2), monday.Add(3*time.Hour)))
	wantOne(t, first, now, feeds.IsReprint)
}

func TestWhatWasNotStoredIsNotComparedWith(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	placed, release, err := n.p.Place(office("harbour"), []feeds.Draft{en.at("h", monday)}, monday)
	if err != nil {
		t.Fatal(err)
	}
	reprint := say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Minute))
	during, undo, err := n.p.Place(office("valley"), []feeds.Draft{reprint}, monday.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if during[0].Statement != placed[0].Statement {
		t.Error("what is being stored is compared with")
	}
	if !during[0].OfChanged.Equal(monday) {
		t.Errorf("what it is a copy of changed at %s, want %s", during[0].OfChanged, monday)
	}
	undo(false)
	release(false)
	if after := n.tell("valley", reprint); after.Statement == placed[0].Statement || after.Of != "" {
		t.Errorf("what was never stored has a copy: %+v", after)
	}
}

// fillWith adds copies of one concept and one shingle each, told one an hour.
func fillWith(w *window, n int) {
	for range n {
		i := uint32(len(w.docs)) + w.first
		f := sketch{size: 20, shingles: []uint32{i * 2654435761}, vector: []concept{concept(1+i%50)<<conceptShift | 8}}
		at := monday.Add(time.Duration(i) * time.Hour)
		w.add(feeds.ItemKey(fmt.Sprint("s/", i)), feeds.StatementID(fmt.Sprint("st", i)), w.language("en"), at, at, &f)
	}
}

func TestWindowLetsGoOfWhatIsOld(t *testing.T) {
	w := newWindow()
	w.add("s/long", "long", w.language("en"), monday, monday, &sketch{size: 9, shingles: []uint32{7}})
	fillWith(w, firstSegment-1) // a segment full
	w.add("s/long2", "long", w.language("fr"), monday.Add(time.Hour), monday.Add(firstSegment*time.Hour), &sketch{size: 9, shingles: []uint32{7}})
	fillWith(w, 2*firstSegment+100)
	w.join("long", "st5") // of the first segment
	w.join("long", feeds.StatementID(fmt.Sprint("st", firstSegment+3)))
	if len(w.segments) != 3 {
		t.Fatalf("%d segments", len(w.segments))
	}
	df, counted, held := slices.Clone(w.df), w.counted, len(w.docs)

	w.expire(monday.Add((firstSegment - 2) * time.Hour))
	if len(w.segments) != 3 {
		t.Fatal("a segment with a copy that is not too old is gone")
	}
	w.expire(monday.Add(firstSegment * time.Hour))
	if len(w.segments) != 2 || len(w.docs) != held-firstSegment || len(w.tongues) != len(w.docs) || w.counted != counted-firstSegment {
		t.Fatalf("%d segments, %d copies, %d counted", len(w.segments), len(w.docs), w.counted)
	}
	if _, held := w.byID["st1"]; held {
		t.Error("a statement without copies is still held")
	}
	for _, id := range []feeds.StatementID{"long", "st5", feeds.StatementID(fmt.Sprint("st", firstSegment+3))} {
		s, held := w.byID[id]
		if !held || w.stmts[s].id != "long" {
			t.Fatalf("%s leads to %v, want long", id, s)
		}
	}
	var of []feeds.ItemKey
	w.copies(w.byID["long"], func(n uint32) { of = append(of, w.doc(n).item) })
	if want := []feeds.ItemKey{"s/long2", feeds.ItemKey(fmt.Sprint("s/", firstSegment+3))}; !slices.Equal(of, want) || w.stmts[w.byID["long"]].docs != 2 {
		t.Errorf("the statement has %q, want %q", of, want)
	}
	w.add("s/long3", "long", 0, monday, monday, &sketch{size: 9})
	of = of[:0]
	w.copies(w.byID["long"], func(n uint32) { of = append(of, w.doc(n).item) })
	if len(of) != 3 || of[2] != "s/long3" {
		t.Errorf("the statement goes on as %q", of)
	}
	if w.df[1] != df[1]-uint16((firstSegment-1+49)/50) && w.df[1] >= df[1] {
		t.Errorf("a concept is still counted %d times of %d", w.df[1], df[1])
	}
	for i := range w.docs {
		n := w.first + uint32(i)
		if v := w.vector(n); len(v) != int(w.docs[i].concepts) || len(v) == 1 && v[0] != concept(1+n%50)<<conceptShift|8 {
			t.Fatalf("copy %d has the vector %v", n, v)
		}
	}
	before := len(w.stmts)
	fillWith(w, 200)
	if len(w.stmts) != before {
		t.Errorf("%d new slots for statements, want the old ones used again", len(w.stmts)-before)
	}
	w.expire(monday.AddDate(90, 0, 0))
	if len(w.segments) != 2 {
		t.Errorf("%d segments are left, want the last two", len(w.segments))
	}
}

func TestPlacerLetsGoOfWhatNobodyIsComparedWith(t *testing.T) {
	n := newNewsroom(t, Likeness{Window: 24 * time.Hour})
	fillWith(n.p.window, 3*firstSegment+50) // an hour each
	n.tell("harbour", flood["en"].at("h", monday.Add(4*firstSegment*time.Hour)))
	if len(n.p.window.segments) != 2 {
		t.Errorf("%d segments are held, want two", len(n.p.window.segments))
	}
}

func under(p *postings, key uint32) []uint16 {
	at := p.place(key)
	p.resolve(&at)
	return p.list(&at, new([1]uint16))
}

func TestPostingsGiveListsInOrderOpenAndClosed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, keys := range []int{0, 1, 3, 700, 5000} {
		var p postings
		want := map[uint32][]uint16{}
		check := func() {
			t.Helper()
			for k, list := range want {
				if got := under(&p, k); !slices.Equal(got, list) {
					t.Fatalf("%d keys: under %d stand %v, want %v", keys, k, got, list)
				}
			}
			for range 1000 {
				if k := r.Uint32() >> kindShift; !slices.Equal(under(&p, k), want[k]) {
					t.Fatalf("%d keys: under %d stand %v, want %v", keys, k, under(&p, k), want[k])
				}
			}
		}
		add := func(k uint32, doc uint16) {
			want[k] = append(want[k], doc)
			p.add(k, doc)
		}
		for i := range keys {
			k := r.Uint32() >> kindShift
			if i%3 == 0 {
				k = 1<<keyBits - 1 - uint32(i) // crowded at one end, and around it
			}
			for range 1 + r.IntN(3) {
				add(k, uint16(r.IntN(1<<15)))
			}
			add(uint32(i%4), uint16(i)) // long lists
		}
		check()
		p.close()
		check()
		if n := len(p.arena); cap(p.arena) != n {
			t.Errorf("%d keys: closed, there is room for %d in place of %d", keys, cap(p.arena), n)
		}
	}
}

// ask gives the copies under a shingle.
func ask(t *table, h uint32) []uint16 { return t.get(nil, h, t.homes(nil, []uint32{h})[0]) }

func TestTableFindsWhatWasPut(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	tb := newTable(2000)
	put := map[uint32][]uint16{}
	never := make([]uint32, 1<<16) // each copy is a statement's
	for i := range never {
		never[i] = uint32(i)
	}
	for i := 0; !tb.full(); i++ {
		h := r.Uint32() / sampling * sampling
		if i%70 == 0 {
			h = ^uint32(sampling*i + sampling - 1) // at the end, so that it goes round
		}
		put[h] = append(put[h], uint16(i))
		tb.put(h, uint16(i), never, len(tb.tags))
	}
	wrong := 0
	for h, docs := range put {
		found := ask(&tb, h)
		for _, d := range docs {
			if !slices.Contains(found, d) {
				t.Fatalf("%08x: copy %d is not found", h, d)
			}
		}
	}
	for range 2000 {
		wrong += len(ask(&tb, r.Uint32()/sampling*sampling))
	}
	if wrong > 200 {
		t.Errorf("%d wrong answers to 2000 questions of a full table, want some few in a hundred", wrong)
	}
	for i := range 100000 { // a full table takes no more and still ends every search
		tb.put(r.Uint32(), uint16(i), never, len(tb.tags))
	}
	ask(&tb, r.Uint32())

	tb = newTable(100)
	for i := range 50 {
		tb.put(42, uint16(i), never, len(tb.tags))
	}
	if n := len(ask(&tb, 42)); n != mostEntries {
		t.Errorf("%d entries of one shingle, want %d", n, mostEntries)
	}
	tb = newTable(100)
	for i := range 50 {
		tb.put(42, uint16(i), make([]uint32, 50), len(tb.tags))
	}
	if tb.used != 1 {
		t.Errorf("%d entries of one statement, want its first", tb.used)
	}
}

// A start makes the window that the copies would have made as they came.
func TestFillingMakesTheSameWindow(t *testing.T) {
	filled, want := newWindow(), newWindow()
	r := rand.New(rand.NewPCG(7, 8))
	some := func(n, of int) (out []uint32) {
		for range n {
			out = append(out, uint32(r.IntN(of))*sampling)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	var keys []uint32
	for i := range firstSegment + firstSegment/4 {
		if i == firstSegment/2 {
			filled.settle()
		}
		if i >= 10 { // some came before
			filled.fill()
		}
		f := sketch{size: 100, shingles: some(80+r.IntN(100), 1<<24)}
		if i%8 == 0 {
			f.shingles = some(20, 200) // which many have
		}
		for _, c := range some(60, 1<<14) {
			f.vector = append(f.vector, concept(c*0x9E3779B1)|8)
		}
		slices.Sort(f.vector)
		for _, c := range f.vector {
			keys = append(keys, c.key())
		}
		for _, w := range []*window{filled, want} {
			w.add(feeds.ItemKey(fmt.Sprint("s/", i)), feeds.StatementID(fmt.Sprint("st", i/3)), uint8(i%3), monday, monday, &f)
		}
	}
	filled.settle()
	if len(want.segments) != 2 || len(filled.segments) != 2 || want.segments[0].docs >= firstSegment {
		t.Fatalf("%d and %d segments, the first of %d copies: want a first one that its shingles made full", len(want.segments), len(filled.segments), want.segments[0].docs)
	}
	if !reflect.DeepEqual(filled.docs, want.docs) || !slices.Equal(filled.owners, want.owners) || !slices.Equal(filled.df, want.df) {
		t.Error("the copies are not the same")
	}
	for i, g := range want.segments {
		if got := filled.segments[i]; got.from != g.from || !reflect.DeepEqual(got.shingles, g.shingles) || !slices.Equal(got.vectors, g.vectors) {
			t.Errorf("segment %d is not the same", i)
		}
		for _, k := range keys {
			if got, list := under(&filled.segments[i].concepts, k), under(&g.concepts, k); !slices.Equal(got, list) {
				t.Fatalf("segment %d: under %d stand %v, want %v", i, k, got, list)
			}
		}
	}
}

func TestJoinMovesCopiesAndNames(t *testing.T) {
	w := newWindow()
	for i, id := range []feeds.StatementID{"a", "b", "a", "c", "b"} {
		w.add(feeds.ItemKey(fmt.Sprint("s/", i)), id, 0, monday, monday, &sketch{size: 20})
	}
	w.join("b", "c")
	w.join("a", "b")
	w.join("a", "b") // again: it leads to itself
	w.join("a", "nobody")
	var of []feeds.ItemKey
	w.copies(w.byID["a"], func(n uint32) { of = append(of, w.doc(n).item) })
	slices.Sort(of)
	if want := []feeds.ItemKey{"s/0", "s/1", "s/2", "s/3", "s/4"}; !slices.Equal(of, want) {
		t.Errorf("a has %q, want %q", of, want)
	}
	if w.byID["a"] != w.byID["b"] || w.byID["a"] != w.byID["c"] || w.stmts[w.byID["c"]].docs != 5 {
		t.Error("the names do not lead to the winner")
	}
	w.join("new", "a") // the winner is not held: it takes the place
	if s := w.stmts[w.byID["c"]]; s.id != "new" || s.docs != 5 {
		t.Errorf("%+v, want all five in new", s)
	}
}

func TestRetiredCopyIsNeitherFoundNorCounted(t *testing.T) {
	w := newWindow()
	w.add("s/0", "a", w.language("en"), monday, monday, &sketch{size: 50})
	w.add("s/1", "a", w.language("en"), monday, monday, &sketch{size: 20})
	w.retire("s/0", "a")
	if n, ok := w.fullest(w.byID["a"], 0, ""); !ok || w.doc(n).item != "s/1" || w.tongues[0] != ofNone {
		t.Error("a copy that was taken back still stands for its statement")
	}
	w.retire("s/9", "a")
	w.retire("s/1", "unknown")
}

func TestLeadersAreTheHeaviestAndOldest(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		l := leaders{most: 5}
		var all []leader
		for i := range r.IntN(30) {
			x := leader{uint32(i), float32(r.IntN(6))}
			all = append(all, x)
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, x := range all {
			l.add(x.n, x.w)
		}
		slices.SortFunc(all, func(a, b leader) int { return cmp.Or(cmp.Compare(b.w, a.w), cmp.Compare(a.n, b.n)) })
		if want := all[:min(5, len(all))]; !slices.Equal(l.list, want) {
			t.Fatalf("%v, want %v", l.list, want)
		}
	}
}

func TestLanguagesBeyondTheLastAreOne(t *testing.T) {
	w := newWindow()
	if w.language("pt-BR") != w.language("PT") {
		t.Error("a region makes another language")
	}
	for i := range 500 {
		if got := w.language(fmt.Sprintf("x%d", i)); got > mostLanguages {
			t.Fatalf("language %d has the number %d", i, got)
		}
	}
}

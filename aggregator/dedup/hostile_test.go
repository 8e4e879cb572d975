package dedup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

func TestNothingIsJoinedOnNothing(t *testing.T) {
	for _, c := range []struct{ name, title, body string }{
		{"empty", "", ""},
		{"a title only", "Statement", ""},
		{"one word", "", "Statement"},
		{"punctuation", "…", "— … !!! ???"},
		{"numbers only", "2026", "1 2 3 4 5 6 7 8 9 10 11 12 13"},
		{"one word again and again", "Help", strings.Repeat("help ", 400)},
		{"bytes that are no text", "\xff\xfe", "\x00\x01\xff " + strings.Repeat("\xc3 ", 50)},
		{"marks without letters", "", strings.Repeat("\u0301 ", 60)},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell("harbour", say("a", "en", c.title, c.body, monday))
			for i, l := range []string{"en", "fr", "ar", ""} {
				b := n.tell("valley", say(fmt.Sprint("b", i), l, c.title+" two", c.body+" "+strings.Repeat("two ", i), monday.Add(time.Hour)))
				if b.Statement == a.Statement && b.Why != equalText && len(strings.Fields(c.body)) < fewTokens {
					t.Errorf("in %q it is joined: %s", l, b.Why)
				}
				if b.Statement == a.Statement && b.Relation == feeds.IsTranslation {
					t.Errorf("in %q it is a translation: %s", l, b.Why)
				}
			}
		})
	}
}

func TestShortTextsOfManyOfficesAreNotOne(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	for i := range 30 {
		n.tell(fmt.Sprint("office", i), say(fmt.Sprint("s", i), languages[i%6], "Statement of the director", "Read the whole statement of the director on our pages "+fmt.Sprint(i), monday.Add(time.Duration(i)*time.Minute)))
	}
	if got := len(n.groups()); got != 30 {
		t.Errorf("%d statements of 30 offices that say nothing", got)
	}
}

func TestTextInAnUnknownScriptIsFoundAgain(t *testing.T) {
	// Ol Chiki, Tibetan and Thai syllables, in an order of their own each.
	for name, syllables := range map[string]string{"Ol Chiki": "ᱟᱢ ᱪᱮᱫ ᱠᱟᱱᱟ ᱤᱧ ᱫᱚ ᱦᱚᱲ ᱜᱟᱹᱛᱮ ᱫᱟᱠ ᱚᱲᱟᱜ ᱵᱤᱨ ᱥᱤᱧ ᱧᱤᱸᱫᱟᱹ", "Tibetan": "བོད་ ཡིག་ ཆུ་ རི་ ལམ་ ཁང་ མི་ ས་ མེ་ ཤིང་ ནམ་ ཉི་", "Thai": "น้ำ บ้าน คน ไฟ ดิน ทาง ฝน ป่า เรือ ข้าว วัน คืน"} {
		t.Run(name, func(t *testing.T) {
			all := strings.Fields(syllables)
			text := func(seed uint64, n int) string {
				r := rand.New(rand.NewPCG(seed, 1))
				var b strings.Builder
				for range n {
					b.WriteString(all[r.IntN(len(all))] + " ")
				}
				return b.String()
			}
			n := newNewsroom(t, Likeness{})
			a := n.tell("harbour", say("a", "", text(1, 6), text(2, 150), monday))
			b := n.tell("valley", say("b", "", text(1, 6), text(2, 120), monday.Add(time.Hour)))
			c := n.tell("valley", say("c", "", text(3, 6), text(4, 150), monday.Add(time.Hour)))
			if b.Statement != a.Statement || c.Statement == a.Statement {
				t.Errorf("a reprint is one: %v; another text is one: %v", b.Statement == a.Statement, c.Statement == a.Statement)
			}
		})
	}
}

func TestTextInTwoLanguagesBelongsToItsOwn(t *testing.T) {
	en, fr := flood["en"], flood["fr"]
	both := say("b", "en", en.title+" / "+fr.title, en.body+"\n"+fr.body, monday)
	n := newNewsroom(t, Likeness{})
	a := n.tell("harbour", both)
	m := n.tell("harbour", measles["en"].at("m", monday))
	b := n.tell("valley", say("v", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Hour)))
	if b.Statement != a.Statement {
		t.Errorf("the English half is not found; near %+v", b.Near)
	}
	if m.Statement == a.Statement {
		t.Error("another statement is one with it")
	}
}

// work counts what a comparison takes that does not depend on the machine: the
// texts that were read and compared for one placement.
type work struct{ readings, compared int }

// workOf places a draft and counts.
func (n *newsroom) workOf(office string, d feeds.Draft) (w work) {
	text := n.p.o.Text
	n.p.o.Text = func(item feeds.ItemKey) (string, feeds.TextView, bool, error) {
		w.readings++
		return text(item)
	}
	n.p.trace = func(*newcomer, uint32, *pair) { w.compared++ }
	defer func() { n.p.o.Text, n.p.trace = text, nil }()
	n.tell(office, d)
	return w
}

func TestHugeTextsTakeNoMoreThanLongOnes(t *testing.T) {
	long := words(1, maxTokens/12)
	k := &desk{}
	size := func(d feeds.Draft) (tokens, kept int) {
		r := k.draft(&d, newWindow().weigh)
		f := sketchOf(r)
		return r.size(), len(f.encode())
	}
	random := func() string {
		r := rand.New(rand.NewPCG(9, 9))
		var b strings.Builder
		for b.Len() < 1<<20 {
			for range 3 + r.IntN(8) {
				b.WriteByte('a' + byte(r.IntN(26)))
			}
			b.WriteByte(' ')
		}
		return b.String()
	}()
	for _, c := range []struct{ name, title, body string }{
		{"one word", "Help", strings.Repeat("help ", 1<<20/5)},
		{"one word without an end", "Help", strings.Repeat("x", 1<<20)},
		{"random words", "Help", random},
		{"a title", random, long},
		{"one number without an end", "Help", strings.Repeat("1,", 1<<19)},
		{"characters without spaces", "Help", strings.Repeat("水", 1<<20/3)},
		{"capitals", "Help", strings.ToUpper(random)},
	} {
		t.Run(c.name, func(t *testing.T) {
			tokens, kept := size(say("x", "en", c.title, c.body, monday))
			if tokens > maxTokens || kept > 2500 {
				t.Errorf("%d tokens are held and %d bytes kept", tokens, kept)
			}
			n := newNewsroom(t, Likeness{})
			a := n.tell("harbour", flood["en"].at("h", monday))
			for i := range 3 {
				b := n.tell(fmt.Sprint("o", i), say(fmt.Sprint("x", i), "en", c.title, c.body+fmt.Sprint(" ", i), monday))
				if b.Statement == a.Statement {
					t.Errorf("it is one with another text: %s", b.Why)
				}
			}
		})
	}
}

func TestFloodOfNearDuplicatesSlowsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("places thousands of texts")
	}
	const many = 5000
	base := strings.Split(words(42, 14), ". ")
	variant := func(i int) feeds.Draft { // every sentence in one of three forms, so that all are like all
		r := rand.New(rand.NewPCG(uint64(i), 7))
		s := slices.Clone(base)
		for k := range s {
			if r.IntN(3) == 0 {
				s[k] += fmt.Sprintf(" and %s %d", towns[r.IntN(len(towns))], r.IntN(1000))
			}
		}
		return say(fmt.Sprint("spam", i), "en", fmt.Sprint("Offer ", words(i, 1)), strings.Join(s, ". "), monday.Add(time.Duration(i)*time.Second))
	}
	n := newNewsroom(t, Likeness{})
	a := n.tell("harbour", flood["en"].at("h", monday))
	most := work{}
	for i := range many {
		w := n.workOf("hostile", variant(i))
		most.readings, most.compared = max(most.readings, w.readings), max(most.compared, w.compared)
	}
	if most.readings > 4*mostCompared || most.compared > mostSiblings*mostLanguages {
		t.Errorf("one placement read %d texts and weighed %d pairs", most.readings, most.compared)
	}
	last := monday.Add(many * time.Second)
	b := n.tell("valley", say("v", "en", flood["en"].title, lines(flood["en"].body, 0, 1, 2, 3), last))
	wantOne(t, a, b, feeds.IsReprint)
	c := n.tell("harbour-fr", flood["fr"].at("f", last.Add(time.Hour)))
	if c.Statement != a.Statement {
		t.Errorf("a translation is not found any more; near %+v", c.Near)
	}
}

func TestCopyistTakesOverNothing(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	var theirs []Placement
	at := monday
	for _, l := range languages {
		for _, x := range []text{flood[l], measles[l]} {
			at = at.Add(time.Hour)
			theirs = append(theirs, n.tell("harbour-"+l, x.at(fmt.Sprintf("h-%s-%d", l, len(theirs)), at)))
			d := x.at(fmt.Sprintf("c-%s-%d", l, len(theirs)), at.Add(time.Minute))
			d.Text.Body = "Seen on the net. " + d.Text.Body
			copied := n.tell("copyist", d)
			if copied.Relation == feeds.IsOrigin || copied.Statement != theirs[len(theirs)-1].Statement || copied.Of.Source() == "copyist" && copied.Relation != feeds.IsTranslation {
				t.Errorf("%s: a %s of %q in %s: want a copy in %s", d.ID, copied.Relation, copied.Of, copied.Statement, theirs[len(theirs)-1].Statement)
			}
		}
	}
	ids := map[feeds.StatementID]bool{}
	for i := range theirs {
		if own := n.statement(theirs[i].Item); own != theirs[i].Statement {
			t.Errorf("an office's statement %s is %s now", theirs[i].Statement, own)
		}
		ids[theirs[i].Statement] = true
	}
	if len(ids) != 2 {
		t.Errorf("the office's texts are %d statements, want 2", len(ids))
	}

	// One text that quotes everybody from end to end makes none of them one.
	var all strings.Builder
	m := newNewsroom(t, Likeness{})
	var own []Placement
	for i := range 8 {
		body := words(500+i, 10)
		own = append(own, m.tell(fmt.Sprint("office", i), say(fmt.Sprint("own", i), "en", words(600+i, 1), body, monday.Add(time.Duration(i)*time.Minute))))
		all.WriteString(body + "\n")
	}
	m.tell("copyist", say("all", "en", "All the news", all.String(), monday.Add(time.Hour)))
	m.tell("copyist", say("two", "en", words(600, 1), words(500, 10)+"\n"+words(501, 10), monday.Add(2*time.Hour)))
	seen := map[feeds.StatementID]bool{}
	for i := range own {
		id := m.statement(own[i].Item)
		if seen[id] {
			t.Errorf("two offices' statements were made one by a text that has both")
		}
		seen[id] = true
		if id != own[i].Statement {
			t.Error("a copyist's id stands for an office's statement")
		}
	}
}

package dedup

import (
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// TestEachContradictionKeepsApart has texts that are alike enough by far, so that
// what is named is all that keeps them apart.
func TestEachContradictionKeepsApart(t *testing.T) {
	body := words(50, 14)
	sentences := strings.SplitAfter(body, ". ")
	cut := strings.Join(sentences[:10], "") + words(51, 1) // .6 of all runs in common
	for _, c := range []struct{ name, titleA, bodyA, titleB, bodyB, against string }{
		{"titles with other numbers", "Delta report no. 12", body, "Delta report no. 13", body + " End.", "the titles have different numbers"},
		{"titles with other Roman numbers", "Letters to the islands, part II", body, "Letters to the islands, part III", body + " End.", "the titles have different numbers"},
		{"titles with other numbers in words", "Three lessons of a flood", body, "Five lessons of a flood", body + " End.", "the titles have different numbers"},
		{"names in their places", "Delta report", body, "Delta report", strings.NewReplacer("Arvena", "Ullan", "Belmor", "Vestry", "Castuno", "Wamba", "Dorvik", "Yarrow", "Elmara", "Zenith", "Fonseta", "Abrigo", "Garrow", "Brenta", "Hollin", "Corvo").Replace(body), "numbers and names that stand in the same place differ"},
		{"numbers in their places among many names", "Delta report", body + " The teams reached 14,200 people. The clinics saw 2,310 patients. The roof cost 77 dollars.",
			"Delta report", body + " The teams reached 16,950 people. The clinics saw 2,007 patients. The roof cost 77 dollars.", "numbers that stand in the same place differ"},
		{"an edition's number in one title and another number in the text", "Delta floods, update 4", body + " The teams reached 14,200 people.",
			"Delta floods", body + " The teams reached 16,950 people.", "one title has an edition's number"},
		{"a word of the titles", "Training for nurses begins in the delta", body, "Training for teachers begins in the delta", cut, "the titles differ in a word of the same place"},
		{"a name of the titles", "New nurses for Belmor and the delta", body, "New nurses for Kemberg and the delta", body + " End.", "the titles differ in a name"},
		{"titles of a series", "Voices delta camps: the fisherman who counts birds at dawn", body, "Voices delta camps: mother, teacher, carpenter, farmer", cut, "parts of a series"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell("delta", say("a", "en", c.titleA, c.bodyA, monday))
			b := n.tell("valley", say("b", "en", c.titleB, c.bodyB, monday.Add(time.Hour)))
			wantTwo(t, a, b, true)
			if len(b.Near) != 1 || !strings.Contains(b.Near[0].Why, c.against) {
				t.Errorf("near %+v, want against it that %q", b.Near, c.against)
			}
		})
	}
	for _, c := range []struct{ name, titleA, titleB, bodyB string }{
		{"the titles are the same", "Training for nurses begins", "Training for nurses begins", cut},
		{"the titles have nothing in common", "Training for nurses begins", "What we saw upriver", cut},
		{"another word in the title, and all the text the same", "Training for nurses begins in the delta", "Training for nurses starts in the delta", body + " End."},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell("delta", say("a", "en", c.titleA, body, monday))
			b := n.tell("valley", say("b", "en", c.titleB, c.bodyB, monday.Add(time.Hour)))
			wantOne(t, a, b, feeds.IsReprint)
		})
	}
}

func TestTitleThatAMachineMadeSaysNothing(t *testing.T) {
	body := words(50, 6)
	first := strings.Fields(body)
	n := newNewsroom(t, Likeness{})
	a := n.tell("delta", say("a", "en", "Harvest festival: "+strings.Join(first[1:8], " "), body, monday))
	b := n.tell("valley", say("b", "en", strings.Join(first[:11], " "), body+" "+words(52, 2), monday.Add(time.Hour)))
	wantOne(t, a, b, feeds.IsReprint)
}

func TestSummaryIsNoBridgeToTheNextEdition(t *testing.T) {
	common := words(70, 4)
	figures := func(f ...string) string {
		return common + "\nThe teams reached " + f[0] + " people in tents. The clinics saw " + f[1] + " patients at night. Boats carried " + f[2] + " tonnes of seed. The appeal received " + f[3] + " million dollars from cities. " + words(71, 3)
	}
	n := newNewsroom(t, Likeness{})
	full := n.tell("delta", say("full", "en", "Delta floods in the fourth week", figures("14,200", "2,310", "41", "3.1"), monday))
	summary := n.tell("valley", say("summary", "en", "Delta floods", common, monday.Add(time.Hour)))
	if summary.Statement != full.Statement {
		t.Fatalf("the summary is not found; near %+v", summary.Near)
	}
	next := n.tell("delta", say("next", "en", "Delta floods", figures("16,950", "2,007", "57", "3.9"), monday.AddDate(0, 0, 7)))
	wantTwo(t, full, next, true)
	other := n.tell("far", say("far", "en", "Delta floods", figures("16,951", "2,008", "58", "4.9"), monday.AddDate(0, 0, 7)))
	if other.Statement == full.Statement {
		t.Errorf("by way of the summary: %s", other.Why)
	}
}

// footed puts texts with one footer into the window, so that the footer says
// nothing any more.
func footed(n *newsroom, footer string) {
	for i := range 2 * idleFrom {
		id := string(rune('a' + i))
		n.tell("many"+id, say("m"+id, "en", words(800+i, 1), words(810+i, 20)+"\n"+footer, monday.Add(time.Duration(i)*time.Minute)))
	}
}

func TestWhatIsLeftBesideTheFooterMustBeEnough(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	footer := words(820, 8)
	footed(n, footer)
	a := n.tell("harbour", say("x", "en", "Notice for drivers", "Office closed for repairs.\n"+footer, monday.Add(time.Hour)))
	b := n.tell("valley", say("y", "en", "Nobody at the desk", "Boats sail at noon.\n"+footer, monday.Add(2*time.Hour)))
	wantTwo(t, a, b, false)
}

func TestWhatLikenessComesTo(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	n.tell("harbour", flood["en"].at("h", monday))
	c := &newcomer{src: office("valley"), reading: &reading{}}
	several := likeness{common: 150, a: 230, b: 200, jaccard: .53, containment: .75, whole: .75, anchored: true, same: 14, titleSwap: true, swapped: 4, overlap: .5}
	named, differing := several, several
	named.titleName = true
	differing.numbers = 5
	for _, x := range []struct {
		name  string
		l     likeness
		joins bool
	}{
		{"too few runs are left", likeness{common: fewShingles - 1, a: fewShingles - 1, b: 9, jaccard: .9, containment: 1, whole: 1, anchored: true, overlap: -1}, false},
		{"just enough runs are left", likeness{common: fewShingles, a: fewShingles, b: 9, jaccard: .9, containment: 1, whole: 1, anchored: true, overlap: -1}, true},
		{"a template with the same title and figures, and nothing else is left", likeness{common: 2, a: 3, b: 3, jaccard: .5, containment: .7, whole: .95, same: 4, sameTitle: true, overlap: 1}, true},
		{"the same without a figure", likeness{common: 2, a: 3, b: 3, jaccard: .5, containment: .7, whole: .95, sameTitle: true, overlap: 1}, false},
		{"so much is the same that the title says nothing", several, true},
		{"so much, but a name in the title", named, false},
		{"so much, but many numbers differ", differing, false},
	} {
		if got := n.p.judge(c, 0, &x.l); got.joins != x.joins {
			t.Errorf("%s: it joins = %v (%s), want %v", x.name, got.joins, got.against, x.joins)
		}
	}
}

func TestListOfNamesIsNoLanguage(t *testing.T) {
	list := "Old " + strings.Join(towns, ", Old ") + ", New " + strings.Join(towns, ", New ")
	n := newNewsroom(t, Likeness{NoLink: true})
	a := n.tell("fund", say("e", "en", "Grants for towns", "The fund gives its grants of this year to: "+list+". Mayors receive the money in May.", monday))
	b := n.tell("work", say("f", "fr", "Fermeture des guichets", "Nos guichets ferment à la fin du mois dans les villes suivantes : "+list+". Le personnel en est informé.", monday.Add(time.Hour)))
	if a.Statement == b.Statement {
		t.Errorf("a list in two languages' texts makes them one: %s", b.Why)
	}
}

func TestTemplateWithTheSameFiguresIsFound(t *testing.T) {
	n := newNewsroom(t, Likeness{})
	var of []Placement
	for i := range 5 {
		s := string(rune('1' + i))
		title, body := edition(s, s+" May", "1"+s+",200", "1,1"+s+"0", "2,3"+s+"0", "4"+s+"2", "7"+s, "1"+s, s+".1")
		_ = title
		of = append(of, n.tell("delta", say("e"+s, "en", "Delta floods: weekly report", body, monday.AddDate(0, 0, 3*i))))
	}
	_, body := edition("3", "3 May", "13,200", "1,130", "2,330", "432", "73", "13", "3.1")
	b := n.tell("valley", say("v", "en", "Delta floods: weekly report", body+" Valley desk.", monday.AddDate(0, 0, 13)))
	wantOne(t, of[2], b, feeds.IsReprint)
}

func TestExcerptWithWordsOfItsOwnIsFoundByItsTitle(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	a := n.tell("harbour", en.at("h", monday))
	own := lines(en.body, 0) + "\n" + words(30, 2)
	b := n.tell("valley", say("v", "en", en.title, own, monday.Add(time.Hour)))
	if b.Statement != a.Statement {
		t.Errorf("near %+v", b.Near)
	}
	c := n.tell("other", say("o", "en", "Rain and more rain", lines(en.body, 0)+"\n"+words(31, 2), monday.Add(2*time.Hour)))
	if c.Statement == a.Statement {
		t.Errorf("under another title so little is enough: %s", c.Why)
	}
}

func TestNamesInTwoSpellingsAreTheSame(t *testing.T) {
	k := &desk{}
	read := func(body string) *reading { return k.read("en", &feeds.TextView{Title: "x", Body: body}, false) }
	a := read("the ferry to Nhamatanda was late and then we met Amelia Chissano near the market of Dondo today")
	for _, c := range []struct {
		body        string
		same, names int
	}{
		{"the ferry to Nhamattanda was late and then we met Amelia Chisano near the market of Dondoo today", 3, 0},
		{"the ferry to Beira was late and then we met Joaquim Mabote near the market of Dondo today", 1, 2},
		{"the ferry to Nhamatanda was late and then we met Chissano near the market of Dondo today", 3, 0},
	} {
		var s scratch
		b := read(c.body)
		for _, l := range []likeness{s.compare(a, b, nil), s.compare(b, a, nil)} {
			if l.same != c.same || l.names != c.names {
				t.Errorf("%q: %d the same and %d others, want %d and %d (%q)", c.body, l.same, l.names, c.same, c.names, l.examples)
			}
		}
	}
}

func TestToMakeOneOfTwoTakesMoreThanToPlaceOne(t *testing.T) {
	en, fr := flood["en"], flood["fr"]
	probability := float32(0)
	joins := func(threshold float32) bool {
		n := newNewsroom(t, Likeness{LinkThreshold: threshold})
		n.tell("valley", say("v1", "en", en.title, lines(en.body, 3, 4), monday))
		n.tell("harbour-fr", say("f2", "fr", fr.title, lines(fr.body, 0, 1, 2), monday.Add(time.Hour)))
		n.p.trace = func(_ *newcomer, _ uint32, x *pair) { probability = sigmoid(x.dot(&weights)) }
		return len(n.tell("harbour", en.at("h1", monday.Add(2*time.Hour))).Join) > 0
	}
	if !joins(.7) || probability < .9 {
		t.Fatalf("a full text and its translation are the same with a probability of %.3f only", probability)
	}
	between := probability - (1-probability)/2 // it is above this threshold
	if joins(between) {
		t.Errorf("with a probability of %.4f, where %.4f places one, two are made one", probability, between)
	}
}

func TestNumbersOfTitlesHoldWhateverTheThreshold(t *testing.T) {
	careless := Likeness{LinkThreshold: .02}
	en12, fr12 := bulletin("12", "2,140", "17", "3,905")
	_, fr13 := bulletin("13", "2,866", "23", "4,120")
	n := newNewsroom(t, careless)
	a := n.tell("fund", en12.at("e", monday))
	b := n.tell("fund-fr", fr13.at("f", monday))
	wantTwo(t, a, b, true)
	if len(b.Near) != 1 || !strings.Contains(b.Near[0].Why, "the titles have different numbers") {
		t.Errorf("near %+v", b.Near)
	}

	// What is shown to be another edition in its own language is not brought in
	// by way of another.
	fr12.title, fr13.title, en12.title = "Sécheresse au Sahel", "Sécheresse au Sahel", "Drought in the Sahel"
	n = newNewsroom(t, careless)
	a = n.tell("fund", en12.at("e", monday))
	b = n.tell("fund-fr", fr12.at("f12", monday))
	wantOne(t, a, b, feeds.IsTranslation)
	c := n.tell("fund-fr", fr13.at("f13", monday))
	if c.Statement == a.Statement {
		t.Errorf("the next edition is brought in by the English text: %s", c.Why)
	}
}

func TestTextWithoutConceptsIsNoTranslationWhateverTheThreshold(t *testing.T) {
	n := newNewsroom(t, Likeness{LinkThreshold: .02})
	a := n.tell("harbour", say("a", "en", "Help", strings.Repeat("help ", 40), monday))
	b := n.tell("valley", say("b", "fr", "Help", strings.Repeat("help ", 41), monday))
	if a.Statement == b.Statement {
		t.Errorf("one word makes them one: %s", b.Why)
	}
}

// A reprint may lose the number of the edition from its title; two statements
// that have one are not made one by it.
func TestReprintWithoutItsNumberDoesNotJoinTwoEditions(t *testing.T) {
	body := words(60, 9)
	n := newNewsroom(t, Likeness{})
	a := n.tell("delta", say("a", "en", "Message on the day of rivers 2021", body+" We look back on 2021.", monday))
	b := n.tell("delta", say("b", "en", "Message on the day of rivers 2022", body+" We look back on 2022.", monday.Add(time.Hour)))
	wantTwo(t, a, b, true)
	// Fuller than its origin, and without the number.
	c := n.tell("valley", say("c", "en", "Our colleagues say", "Our colleagues of the delta told us this today. "+body+" We look back on 2022.", monday.Add(2*time.Hour)))
	d := n.tell("hill", say("d", "en", "What the delta says", body+" We look back on 2021. "+words(61, 1), monday.Add(3*time.Hour)))
	e := n.tell("coast", say("e", "en", "Of rivers", body, monday.Add(4*time.Hour)))
	if n.statement(a.Item) == n.statement(b.Item) {
		t.Errorf("two editions are one: %s; %s; %s", c.Why, d.Why, e.Why)
	}
}

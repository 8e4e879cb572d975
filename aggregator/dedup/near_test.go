package dedup

import (
	"html"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/normalize"
	"communique/feeds"
)

// about is what offices put under everything they publish.
const about = "About the Harbour Relief Mission: founded in 1968 by sailors and dockers, the mission works in 31 countries with 2,400 staff. For more information please write to press@harbour.example.org or call our desk at any hour of the day."

// lines takes the paragraphs of a text that are numbered, from 0.
func lines(body string, which ...int) string {
	all := strings.Split(body, "\n")
	var out []string
	for _, i := range which {
		out = append(out, all[i])
	}
	return strings.Join(out, "\n")
}

func TestReprintIsOneStatement(t *testing.T) {
	en := flood["en"]
	for _, c := range []struct {
		name        string
		title, body string
		as          feeds.Relation
	}{
		{"another dateline", en.title, "MAPUTO, 3 March 2026 (Desk) – " + en.body, feeds.IsReprint},
		{"two paragraphs dropped", en.title, lines(en.body, 0, 1, 4), feeds.IsReprint},
		{"a footer added", en.title, en.body + "\n" + about, feeds.IsReprint},
		{"typing errors", en.title, strings.NewReplacer("heavy", "heavvy", "evening", "evenig", "remembers", "rememberss", "warehouse", "warehuose", "inspected", "insepcted").Replace(en.body), feeds.IsReprint},
		{"typing errors mended in the title", "Floods in central Mozambique leave 12,400 famillies without sheltter", lines(en.body, 0, 1, 2, 3), feeds.IsReprint},
		{"a local lead in front", "Valley volunteers follow the floods in Mozambique",
			"Volunteers of our valley, many of whom grew up by the Indian Ocean, follow the news from Sofala with concern; this is what our partners sent last night.\n" + en.body, feeds.IsReprint},
		{"another title", "Sofala under water: mission sends tarpaulins and nurses", en.body, feeds.IsReprint},
		{"paragraphs in another order", en.title, lines(en.body, 0, 2, 1, 4, 3), feeds.IsReprint},
		{"a teaser", en.title, lines(en.body, 0), feeds.IsExcerpt},
		{"half of it", en.title, lines(en.body, 0, 1), feeds.IsReprint},
		{"a title in capitals", strings.ToUpper(en.title), lines(en.body, 0, 1, 2, 4), feeds.IsReprint},
		{"numbers written in another way", strings.ReplaceAll(en.title, "12,400", "12 400"), strings.NewReplacer("12,400", "12 400", "3,150", "3 150", "6,000", "6 000", "9,500", "9 500", "90,000", "90 000").Replace(en.body) + " The press desk answers.", feeds.IsReprint},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			n.tell("valley", measles["en"].at("m1", monday))
			first := n.tell("harbour", en.at("h1", monday))
			copied := n.tell("valley", say("v1", "en", c.title, c.body, monday.Add(5*time.Hour)))
			wantOne(t, first, copied, c.as)
			if copied.Threshold == 0 || copied.Score < copied.Threshold || !strings.HasPrefix(copied.Why, nearSame) {
				t.Errorf("score %.2f of %.2f: %q, want the evidence of likeness", copied.Score, copied.Threshold, copied.Why)
			}
		})
	}
}

func TestReprintIsOneStatementInEveryLanguage(t *testing.T) {
	for _, l := range languages {
		t.Run(l, func(t *testing.T) {
			n := newNewsroom(t, Likeness{NoLink: true})
			other := n.tell("harbour", measles[l].at("m1", monday))
			first := n.tell("harbour", flood[l].at("h1", monday))
			wantTwo(t, other, first, false)
			copied := n.tell("valley", say("v1", l, flood[l].title, lines(flood[l].body, 0, 1, 3)+"\n"+about, monday.Add(time.Hour)))
			wantOne(t, first, copied, feeds.IsReprint)
		})
	}
}

func TestTeaserThatCameFirstIsJoinedByTheFullText(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{})
	teaser := n.tell("valley", say("v1", "en", en.title, lines(en.body, 0), monday))
	full := n.tell("harbour", en.at("h1", monday.Add(time.Hour)))
	wantOne(t, teaser, full, feeds.IsReprint)
	if !full.Fuller || full.Echo {
		t.Errorf("fuller %v, echo %v: want the full text to be known as fuller", full.Fuller, full.Echo)
	}
}

func TestCopyThatSaysNoMoreIsAnEcho(t *testing.T) {
	en := flood["en"]
	for _, c := range []struct {
		name, title, body string
		echo              bool
	}{
		{"same title and text", en.title, en.body, true},
		{"a teaser", en.title, lines(en.body, 0), true},
		{"the last paragraphs dropped", en.title, lines(en.body, 0, 1, 2), true},
		{"a paragraph of its own", en.title, en.body + "\n" + words(7, 6), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			first := n.tell("harbour", en.at("h1", monday))
			again := n.tell("valley", say("v1", "en", c.title, c.body, monday.Add(time.Hour)))
			if again.Statement != first.Statement || again.Echo != c.echo {
				t.Errorf("one %v, echo %v (%s), want one and echo %v", again.Statement == first.Statement, again.Echo, again.Why, c.echo)
			}
		})
	}
}

func TestHTMLAndPlainTextAreTheSame(t *testing.T) {
	en := flood["en"]
	var page strings.Builder
	page.WriteString(`<div class="release"><p><strong>Beira, 3 March 2026</strong> – `)
	page.WriteString(strings.ReplaceAll(html.EscapeString(en.body), "\n", "</p>\n<p class='text'>"))
	page.WriteString("</p><img src='https://harbour.example.org/boat.jpg' alt=''></div>")
	norm := normalize.New()
	plain, marked := en.at("h1", monday), en.at("v1", monday.Add(time.Hour))
	plain.Text = norm.View("en", en.title, en.body)
	marked.Text = norm.View("en", en.title, page.String())
	n := newNewsroom(t, Likeness{})
	first, copied := n.tell("harbour", plain), n.tell("valley", marked)
	if copied.Statement != first.Statement || !copied.Echo {
		t.Errorf("one %v, echo %v: %s", copied.Statement == first.Statement, copied.Echo, copied.Why)
	}
}

func TestStatementOfTwoOfficesIsJoint(t *testing.T) {
	body := strings.ReplaceAll(flood["en"].body, "the Harbour Relief Mission said on Tuesday", "the Harbour Relief Mission and the Valley Volunteers said on Tuesday")
	n := newNewsroom(t, Likeness{})
	first := n.tell("harbour", say("h1", "en", "Joint statement: floods in central Mozambique", body, monday))
	copied := n.tell("valley", say("v1", "en", "Joint statement: floods in central Mozambique", body+"\nRead more on the pages of the Valley Volunteers.", monday.Add(time.Hour)))
	wantOne(t, first, copied, feeds.IsJoint)

	for _, c := range []struct{ language, title string }{
		{"fr", "Déclaration conjointe sur les inondations au Mozambique"},
		{"es", "Declaración conjunta sobre las inundaciones en Mozambique"},
		{"pt", "Comunicado conjunto sobre as cheias em Moçambique"},
		{"ar", "بيان مشترك بشأن الفيضانات في موزمبيق"},
		{"ru", "Совместное заявление о наводнении в Мозамбике"},
	} {
		n := newNewsroom(t, Likeness{})
		first := n.tell("harbour", say("h1", c.language, c.title, flood[c.language].body, monday))
		copied := n.tell("valley", say("v1", c.language, c.title, lines(flood[c.language].body, 0, 1, 2, 3), monday.Add(time.Hour)))
		wantOne(t, first, copied, feeds.IsJoint)
	}
}

func TestCorrectionWithinOneOfficeIsOneStatement(t *testing.T) {
	en := flood["en"]
	for _, c := range []struct{ name, title, body string }{
		{"says that it is one", "Correction: " + en.title, strings.Replace(en.body, "40 tonnes", "44 tonnes", 1)},
		{"one figure is another", en.title, strings.Replace(en.body, "25 nurses", "52 nurses", 1)},
		{"says so in the text", en.title, "(Corrected: number of nurses.) " + strings.Replace(en.body, "25 nurses", "52 nurses", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			first := n.tell("harbour", en.at("h1", monday))
			copied := n.tell("harbour", say("h2", "en", c.title, c.body, monday.Add(20*time.Hour)))
			wantOne(t, first, copied, feeds.IsCorrection)
		})
	}
}

// report is an office's weekly report, with its number and figures.
const report = `Situation report no. NUMBER covers the week to DAY. During the week the teams reached PEOPLE people in the three districts of the delta, and handed out KITS kits with soap, buckets and tablets that make water safe to drink.
The mobile clinics saw PATIENTS patients. Of these, FEVER had fever and WOUNDS had wounds that needed stitches. No new case of cholera was found, and the treatment centre in the harbour stays ready with 40 beds.
The road to the north is open to light vehicles. Boats are needed for everything beyond the second bridge, where SCHOOLS schools are still used as shelters. Teachers and parents ask when lessons will begin again.
The appeal has received MONEY million dollars so far. The next report follows in a week.`

func edition(number, date string, figures ...string) (title, body string) {
	r := []string{"NUMBER", number, "DAY", date}
	for i, k := range []string{"PEOPLE", "KITS", "PATIENTS", "FEVER", "WOUNDS", "SCHOOLS", "MONEY"} {
		r = append(r, k, figures[i])
	}
	return "Delta floods: situation report no. " + number, strings.NewReplacer(r...).Replace(report)
}

func TestNextEditionIsAnotherStatement(t *testing.T) {
	t12, b12 := edition("12", "8 March", "14,200", "1,100", "2,310", "412", "77", "14", "3.1")
	t13, b13 := edition("13", "15 March", "16,950", "1,480", "2,007", "388", "61", "11", "3.9")
	year := func(y, theme, figure string) (string, string) {
		return "Message for the Day of Safe Water, " + y,
			"On this day of " + y + " we think of the " + figure + " million people who have no well or tap near their home. Water is life, and dignity, and peace between neighbours who share a river. Girls who need not walk for it go to school; clinics that have it save mothers and children.\n" +
				"The theme of " + y + " is " + theme + ". I call on governments, on companies and on every one of us to do our part, to waste nothing, to keep rivers clean, and to finance the wells and pipes that were promised. Together we can reach everybody within our lifetime.\n" +
				"I thank the volunteers of all our offices, who were with families in " + figure + " million homes in " + y + ", for their patience and courage."
	}
	t21, b21 := year("2021", "Wells for Schools", "771")
	t22, b22 := year("2022", "Rivers without Borders", "763")
	grant := func(what, place, name, sum, homes string) (string, string) {
		return what + " for " + place, "The Board of the Lantern Fund has approved a grant of " + sum + " dollars for " + place + ", where the project will bring light to " + homes + " homes within two years.\n" +
			"The work is led by " + name + ", who has built small power stations in villages since 1994. The grant pays for panels, cables and the training of young people as electricians, and a committee of users will set the tariff.\n" +
			"The Lantern Fund gives grants to projects that are planned by those who will use them. It was founded by three cooperatives and keeps its costs below a tenth of what it spends. The next meeting of the Board takes place in the autumn."
	}
	tA, bA := grant("Lantern grant", "Arvena", "Maria Olsen", "240,000", "1,900")
	tB, bB := grant("Lantern grant", "Belmor", "Pedro Lunda", "385,000", "2,750")
	vacancy := func(place, chief string) string {
		return "The office in " + place + " looks for a driver with experience on bad roads, a clean licence and a calm mind. The work begins in May and is paid by the month. Our chief " + chief + " answers questions about " + place + " by telephone in the mornings.\n" +
			"Drivers look after their vehicles, keep the log, carry people and goods, and know first aid. Candidates send one page about themselves and the names of two people who know their work. Women are encouraged to apply. The commission in " + place + " meets with " + chief + " at the end of the month and answers everybody."
	}
	for _, c := range []struct {
		name               string
		ta, ba, tb, bb     string
		officeA, officeB   string
		later              time.Duration
		related, sameTitle bool
	}{
		{name: "situation report #12 and #13", ta: t12, ba: b12, tb: t13, bb: b13, officeA: "delta", officeB: "delta", later: 7 * 24 * time.Hour, related: true},
		{name: "report #13 that another office carries", ta: t12, ba: b12, tb: t13, bb: b13, officeA: "delta", officeB: "valley", later: 7 * 24 * time.Hour, related: true},
		{name: "same title, other numbers", ta: "Delta floods: situation report", ba: b12, tb: "Delta floods: situation report", bb: b13, officeA: "delta", officeB: "valley", later: 7 * 24 * time.Hour, related: true},
		{name: "yearly message", ta: t21, ba: b21, tb: t22, bb: b22, officeA: "chair", officeB: "chair", later: 20 * 24 * time.Hour, related: true},
		{name: "yearly message in a reprint", ta: t21, ba: b21, tb: t22, bb: b22, officeA: "chair", officeB: "valley", later: 20 * 24 * time.Hour, related: true},
		{name: "template with other places, names and sums", ta: tA, ba: bA, tb: tB, bb: bB, officeA: "fund", officeB: "fund", later: time.Minute, related: true},
		{name: "template in a reprint", ta: tA, ba: bA, tb: tB, bb: bB, officeA: "fund", officeB: "valley", later: time.Minute, related: true},
		{name: "template with another place and name, same title", ta: "Driver wanted", ba: vacancy("Arvena", "Olsen"), tb: "Driver wanted", bb: vacancy("Kemberg", "Lunda"), officeA: "work", officeB: "valley", later: time.Hour, related: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell(c.officeA, say("a", "en", c.ta, c.ba, monday))
			b := n.tell(c.officeB, say("b", "en", c.tb, c.bb, monday.Add(c.later)))
			wantTwo(t, a, b, c.related)
			for _, near := range b.Near {
				if near.Why == "" || near.Score <= 0 || near.Threshold <= 0 || near.Item != a.Item {
					t.Errorf("near %+v, want the evidence against it", near)
				}
			}
		})
	}
}

func TestTwoStatementsOnOneEventAreTwo(t *testing.T) {
	harbour := flood["en"]
	valley := text{"en", "Valley Volunteers bring drinking water to flooded Buzi",
		`The Valley Volunteers have set up 14 tanks of drinking water in the town of Buzi in central Mozambique, where floods drove thousands of people from their homes this week.
Eleven volunteers crossed the Pungwe on Monday with pumps, filters and a boat lent by fishermen of Beira. Each tank gives water to 900 people a day. “Children drink from the river when nobody brings them anything better,” said Rosa Tembe, the volunteers' coordinator for Sofala.
Three days of heavy rain have flooded the districts of Buzi, Nhamatanda and Dondo, and the hospital of Buzi treats twice as many patients with diarrhoea as in February. The volunteers stay until the town's own wells have been cleaned, which engineers believe will take until the middle of April.`}
	answer := text{"en", "Ministry answers the Harbour Relief Mission on the floods in central Mozambique",
		`The Ministry of Public Works has taken note of what the Harbour Relief Mission said on Tuesday about the floods in central Mozambique, and wishes to put some of it right.
The ministry does not agree that help came late. Its engineers were in Nhamatanda and Dondo on Sunday, two days before the mission, and closed the bridge of Inchope in good time, so that not one driver came to harm. The dams upstream were opened in steps, as the plan of 2021 demands.
The minister, Carlos Nhaca, invites the mission to the daily meeting in Beira, at which everybody can hear how high the rivers stand. “We welcome every blanket, but we ask that figures be checked with us before they are given to the press,” he said.`}
	for _, c := range []struct {
		name    string
		a, b    text
		related bool
	}{
		{"of two offices on one day", harbour, valley, false},
		{"a statement and the answer to it", harbour, answer, false},
		{"of one office", harbour, measles["en"], false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, Likeness{})
			a := n.tell("harbour", c.a.at("a", monday))
			b := n.tell("other", c.b.at("b", monday.Add(2*time.Hour)))
			wantTwo(t, a, b, c.related)
		})
	}
}

func TestQuotationOfAnotherReleaseIsNotThatRelease(t *testing.T) {
	en := flood["en"]
	review := text{"en", "What the papers write this week",
		words(11, 9) + "\n" + words(12, 9) + "\n" + words(13, 9) + "\n" + words(14, 9) +
			"\nOn the coast, a mission writes: " + lines(en.body, 1, 2) + "\n" + words(15, 6) + "\n" + words(16, 8)}
	short := say("h1", "en", en.title, lines(en.body, 1, 2), monday)
	n := newNewsroom(t, Likeness{})
	a := n.tell("harbour", short)
	b := n.tell("review", review.at("r1", monday.Add(8*time.Hour)))
	wantTwo(t, a, b, true)

	n = newNewsroom(t, Likeness{}) // and the other way round
	b = n.tell("review", review.at("r1", monday))
	a = n.tell("harbour", short)
	wantTwo(t, b, a, true)
}

func TestShortSummaryDoesNotBridgeTwoEditions(t *testing.T) {
	t12, b12 := edition("12", "8 March", "14,200", "1,100", "2,310", "412", "77", "14", "3.1")
	_, b13 := edition("13", "15 March", "16,950", "1,480", "2,007", "388", "61", "11", "3.9")
	bare := "Delta floods: situation report"
	n := newNewsroom(t, Likeness{})
	full := n.tell("delta", say("f12", "en", t12, b12, monday))
	summary := n.tell("valley", say("s12", "en", bare, lines(b12, 1, 2), monday.Add(time.Hour)))
	_ = summary
	next := n.tell("delta", say("f13", "en", bare, b13, monday.Add(7*24*time.Hour)))
	wantTwo(t, full, next, true)
}

func TestFooterOfManyStatementsMakesNothingOne(t *testing.T) {
	footer := strings.Repeat(about+" ", 2) + "Our work is paid for by people like you, by cities and by companies that share what they earn; a list of all of them stands on our pages, with what each gave and for what. If you want to help, ask your nearest office, or send what you can spare to the account of the mission, and write on the form what it should be used for."
	n := newNewsroom(t, Likeness{})
	seen := map[feeds.StatementID]bool{}
	for i := range 12 {
		pl := n.tell("harbour", say("h"+string(rune('a'+i)), "en", words(100+i, 1), words(200+i, 3)+"\n"+footer, monday.Add(time.Duration(i)*time.Hour)))
		if i >= idleFrom && seen[pl.Statement] {
			t.Fatalf("%d is joined: %s", i, pl.Why)
		}
		seen[pl.Statement] = true
	}
	// Over offices the threshold is lower.
	for i := range 6 {
		pl := n.tell("office"+string(rune('a'+i)), say("o"+string(rune('a'+i)), "en", words(300+i, 1), words(400+i, 3)+"\n"+footer, monday.Add(time.Duration(20+i)*time.Hour)))
		if seen[pl.Statement] {
			t.Fatalf("an office's own text with the footer is joined: %s", pl.Why)
		}
		seen[pl.Statement] = true
	}
	// A real reprint of one of them is found all the same.
	pl := n.tell("valley", say("copy", "en", words(105, 1), words(205, 3)+"\n"+footer+" Valley desk.", monday.Add(40*time.Hour)))
	if pl.Statement != n.told[5].Statement {
		t.Errorf("a reprint of one with the footer is not found; near %+v", pl.Near)
	}
}

func TestOnlySourcesOfOneGroupAreCompared(t *testing.T) {
	o := Likeness{Groups: map[feeds.SourceID][]string{"harbour": {"relief"}, "valley": {"relief", "local"}, "fund": {"money"}}}
	en := flood["en"]
	for _, c := range []struct {
		a, b feeds.SourceID
		one  bool
	}{
		{"harbour", "valley", true}, {"harbour", "fund", false}, {"harbour", "loner", false}, {"loner", "hermit", true},
	} {
		for _, l := range []string{"en", "fr"} {
			n := newNewsroom(t, o)
			a := n.tell(string(c.a), en.at("a", monday))
			b := n.tell(string(c.b), say("b", l, flood[l].title, lines(flood[l].body, 0, 1, 2, 3), monday.Add(time.Hour)))
			if one := a.Statement == b.Statement; one != c.one {
				t.Errorf("%s and %s, en and %s: one = %v, want %v", c.a, c.b, l, one, c.one)
			}
		}
	}
	n := newNewsroom(t, o)
	a, b := n.tell("harbour", en.at("a", monday)), n.tell("fund", en.at("b", monday.Add(time.Hour)))
	if a.Statement != b.Statement {
		t.Error("equal text is exact evidence: groups do not count")
	}
}

func TestSourceSaysWhatItIsMatchedBy(t *testing.T) {
	en, fr := flood["en"], flood["fr"]
	for _, c := range []struct {
		name                    string
		src                     feeds.Source
		reprint, equal, foreign bool
	}{
		{"all", feeds.Source{ID: "valley"}, true, true, true},
		{"exact", feeds.Source{ID: "valley", Match: "exact"}, false, true, false},
		{"near", feeds.Source{ID: "valley", Match: "near"}, true, true, false},
		{"distrust text", feeds.Source{ID: "valley", Distrust: []string{"text"}}, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			one := func(d feeds.Draft) bool {
				n := newNewsroom(t, Likeness{})
				a := n.tell("harbour", en.at("h1", monday))
				b := n.tellAt(c.src, d, d.Published)
				return a.Statement == b.Statement
			}
			later := monday.Add(time.Hour)
			if got := one(say("v1", "en", en.title, lines(en.body, 0, 1, 2, 3), later)); got != c.reprint {
				t.Errorf("a reprint joins = %v, want %v", got, c.reprint)
			}
			if got := one(en.at("v1", later)); got != c.equal {
				t.Errorf("an equal text joins = %v, want %v", got, c.equal)
			}
			if got := one(fr.at("v1", later)); got != c.foreign {
				t.Errorf("a translation joins = %v, want %v", got, c.foreign)
			}
		})
	}
	n := newNewsroom(t, Likeness{NoLink: true})
	a, b := n.tell("harbour", en.at("h1", monday)), n.tell("valley", fr.at("v1", monday))
	if a.Statement == b.Statement {
		t.Error("translations are joined although nobody is to look for them")
	}
}

func TestShadowTellsAndJoinsNothing(t *testing.T) {
	en := flood["en"]
	n := newNewsroom(t, Likeness{Shadow: true})
	a := n.tell("harbour", en.at("h1", monday))
	near := n.tell("valley", say("v1", "en", en.title, lines(en.body, 0, 1, 2, 3), monday.Add(time.Hour)))
	wantTwo(t, a, near, true)
	far := n.tell("harbour", flood["fr"].at("h2", monday.Add(2*time.Hour)))
	wantTwo(t, a, far, true)
	for _, pl := range []Placement{near, far} {
		if pl.Of != "" || pl.Join != nil || !slices.ContainsFunc(pl.Near, func(n feeds.Near) bool { return n.Score >= n.Threshold && strings.Contains(n.Why, "shadow") }) {
			t.Errorf("%+v, want it told that it would be joined", pl)
		}
	}
	equal := n.tell("fund", en.at("f1", monday.Add(3*time.Hour)))
	if equal.Statement != a.Statement {
		t.Error("shadow mode is about likeness: equal texts are one")
	}
}

func TestThresholdsAreHeeded(t *testing.T) {
	en := flood["en"]
	retold := func(id string) feeds.Draft {
		return say(id, "en", "Sofala under water: mission sends tarpaulins", lines(en.body, 0, 1)+"\n"+words(5, 3), monday.Add(time.Hour))
	}
	for _, c := range []struct {
		name string
		o    Likeness
		from string
		d    feeds.Draft
		one  bool
	}{
		{"default", Likeness{}, "valley", retold("v1"), true},
		{"higher threshold", Likeness{Threshold: .8}, "valley", retold("v1"), false},
		{"default within one source", Likeness{}, "harbour", retold("h2"), false},
		{"lower threshold within one source", Likeness{SameSource: .36}, "harbour", retold("h2"), true},
		{"default of translations", Likeness{}, "valley", flood["fr"].at("v1", monday), true},
		{"higher threshold of translations", Likeness{LinkThreshold: .99999}, "valley", flood["fr"].at("v1", monday), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newNewsroom(t, c.o)
			a := n.tell("harbour", en.at("h1", monday))
			b := n.tell(c.from, c.d)
			if one := a.Statement == b.Statement; one != c.one {
				t.Errorf("one = %v (%s), want %v; near %+v", one, b.Why, c.one, b.Near)
			}
		})
	}
}

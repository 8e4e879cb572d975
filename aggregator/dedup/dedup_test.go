package dedup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// shelf is the smallest store that a Placer can look into: what earlier visits
// placed, in order.
type shelf map[feeds.Key][]Known

func (s shelf) placer() *Placer {
	return New(Options{Find: func(keys []feeds.Key) (map[feeds.Key][]Known, error) {
		out := map[feeds.Key][]Known{}
		for _, k := range keys {
			out[k] = s[k]
		}
		return out, nil
	}})
}

// visit places the drafts of one document and puts what is new on the shelf.
func (s shelf) visit(t *testing.T, src feeds.Source, at time.Time, drafts ...feeds.Draft) []Placement {
	t.Helper()
	placed, release, err := s.placer().Place(src, drafts, at)
	if err != nil {
		t.Fatal(err)
	}
	defer release(true)
	for i, p := range placed {
		if p.Seen {
			continue
		}
		d := drafts[i]
		for _, k := range p.Keys {
			s[k] = append(s[k], Known{Item: p.Item, Statement: p.Statement, FirstSeen: at, GUID: d.ID, Link: d.Link, Title: d.Title, Published: d.Published, Language: d.Language})
		}
	}
	return placed
}

var day = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// draft makes an item with a text of its own (seed) long enough to be compared.
func draft(id, link, title, seed string, published time.Time) feeds.Draft {
	body := strings.TrimSpace(strings.Repeat(seed+" speaks to the press about the crossing and the help that is given there. ", 3))
	return feeds.Draft{
		Copy:      feeds.Copy{ID: id, Link: link, Title: title, Content: "<p>" + body + "</p>", Published: published, Language: "en"},
		Canonical: link,
		Text:      feeds.TextView{Title: title, Body: body},
	}
}

func office(id string) feeds.Source { return feeds.Source{ID: feeds.SourceID(id)} }

func TestSameItemIsKnownAgain(t *testing.T) {
	first := draft("guid-1", "https://a.example/1", "Aid reaches the islands", "Ana", day)
	for _, c := range []struct {
		name string
		now  feeds.Draft
		seen bool
	}{
		{"unchanged", first, true},
		{"text corrected", draft("guid-1", "https://a.example/1", "Aid reaches the islands", "Bea", day), true},
		{"title corrected", draft("guid-1", "https://a.example/1", "Aid reaches all islands", "Ana", day), true},
		{"title and slug corrected", draft("guid-1", "https://a.example/one", "Aid reaches all islands", "Bea", day), true},
		{"guid changed", draft("other", "https://a.example/1", "Aid reaches the islands", "Ana", day), true},
		{"guid and link changed", draft("other", "https://a.example/new/1", "Aid reaches the islands", "Ana", day), true},
		{"guid reused for another item", draft("guid-1", "https://a.example/2", "Schools open again", "Bea", day.Add(24*time.Hour)), false},
		{"link reused for another item", draft("guid-2", "https://a.example/1", "Schools open again", "Bea", day.Add(24*time.Hour)), false},
		{"another item of the same title", draft("guid-2", "https://a.example/2", "Aid reaches the islands", "Bea", day), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shelf{}
			was := s.visit(t, office("a"), day, first)[0]
			now := s.visit(t, office("a"), day.Add(time.Hour), c.now)[0]
			if now.Seen != c.seen {
				t.Fatalf("seen = %v (%s), want %v", now.Seen, now.Why, c.seen)
			}
			if same := now.Item == was.Item; same != c.seen {
				t.Errorf("item key same = %v, want %v", same, c.seen)
			}
			if same := now.Statement == was.Statement; same != c.seen {
				t.Errorf("statement same = %v, want %v", same, c.seen)
			}
		})
	}
}

func TestCopiesOfOtherSourcesAreOneStatement(t *testing.T) {
	first := draft("guid-1", "https://a.example/1", "Aid reaches the islands", "Ana", day)
	byLink := draft("b-77", "https://a.example/1", "Our colleagues report", "Carla", day.Add(time.Hour))
	byText := draft("c-12", "https://c.example/77", "Aid reaches the islands", "Ana", day.Add(time.Hour))
	french := byLink
	french.Language = "fr"
	stranger := draft("d-1", "https://d.example/1", "Aid reaches the islands", "Dora", day)
	for _, c := range []struct {
		name string
		d    feeds.Draft
		one  bool
		rel  feeds.Relation
	}{
		{"same link", byLink, true, feeds.IsReprint},
		{"same title and text", byText, true, feeds.IsReprint},
		{"same link in French", french, true, feeds.IsTranslation},
		{"only the title is the same", stranger, false, feeds.IsOrigin},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shelf{}
			was := s.visit(t, office("a"), day, first)[0]
			now := s.visit(t, office("b"), day.Add(time.Hour), c.d)[0]
			if one := now.Statement == was.Statement; one != c.one {
				t.Errorf("one statement = %v (%s), want %v", one, now.Why, c.one)
			}
			if now.Relation != c.rel {
				t.Errorf("relation = %q, want %q", now.Relation, c.rel)
			}
			if now.Item == was.Item || now.Seen {
				t.Error("a copy of another source is an item of its own")
			}
		})
	}
}

func TestShortTextsNeverJoin(t *testing.T) {
	s := shelf{}
	short := func(id string) feeds.Draft {
		return feeds.Draft{Copy: feeds.Copy{ID: id, Title: "Statement", Published: day}, Text: feeds.TextView{Title: "Statement", Body: "Read the statement on our site."}}
	}
	a := s.visit(t, office("a"), day, short("1"))[0]
	b := s.visit(t, office("b"), day, short("2"))[0]
	if a.Statement == b.Statement {
		t.Error("two offices' six words are one statement")
	}
}

func TestGuidOfTheWholeFeedIsNotBelieved(t *testing.T) {
	s := shelf{}
	var ds []feeds.Draft
	for i := range 4 {
		ds = append(ds, draft("https://a.example/", fmt.Sprintf("https://a.example/%d", i), fmt.Sprintf("Title number %d", i), fmt.Sprint("person", i), day.Add(time.Duration(i)*time.Hour)))
	}
	seen := map[feeds.ItemKey]bool{}
	for _, p := range s.visit(t, office("a"), day, ds...) {
		if seen[p.Item] {
			t.Fatalf("two items have one key %s", p.Item)
		}
		if seen[p.Item] = true; len(p.Notes) == 0 {
			t.Error("the publisher's mistake is not noted")
		}
	}
	// A later item comes alone, since the others are not read again.
	later := draft("https://a.example/", "https://a.example/9", "Title number 9", "person9", day.Add(48*time.Hour))
	if p := s.visit(t, office("a"), day, later)[0]; p.Seen {
		t.Errorf("a new item was taken for a known one: %s", p.Why)
	}
	last := draft("https://a.example/", "https://a.example/10", "Title number 10", "person10", day.Add(49*time.Hour))
	if p := s.visit(t, office("a"), day, last)[0]; p.Seen {
		t.Errorf("a new item was taken for a known one: %s", p.Why)
	}
}

func TestLinkOfTheWholeFeedIdentifiesNothing(t *testing.T) {
	s := shelf{}
	var ds []feeds.Draft
	for i := range 3 {
		ds = append(ds, draft(fmt.Sprint("g", i), "https://a.example/answers", fmt.Sprintf("Question %d", i), fmt.Sprint("person", i), day))
	}
	ids := map[feeds.StatementID]bool{}
	for _, p := range s.visit(t, office("a"), day, ds...) {
		ids[p.Statement] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d statements, want 3", len(ids))
	}
	for i := 3; i < 5; i++ {
		one := draft(fmt.Sprint("g", i), "https://a.example/answers", fmt.Sprintf("Question %d", i), fmt.Sprint("person", i), day.Add(time.Duration(i)*time.Hour))
		ids[s.visit(t, office("a"), day, one)[0].Statement] = true
	}
	if len(ids) != 5 {
		t.Errorf("%d statements, want 5", len(ids))
	}
}

func TestMovedSiteMakesNoFlood(t *testing.T) {
	s := shelf{}
	var was, now []feeds.Draft
	for i := range 10 {
		title, at := fmt.Sprintf("Statement of day %d", i), day.Add(time.Duration(i)*24*time.Hour)
		a := draft(fmt.Sprint("node/", i), fmt.Sprintf("https://old.example/node/%d", i), title, fmt.Sprint("person", i), at)
		b := draft(fmt.Sprintf("urn:new:%d", i), fmt.Sprintf("https://new.example/press/%d", i), title, fmt.Sprint("person", i), at)
		if i%2 == 0 { // teasers, too short to compare
			a.Text.Body, b.Text.Body = "Short.", "Short."
		}
		was, now = append(was, a), append(now, b)
	}
	first := s.visit(t, office("a"), day, was...)
	for i, p := range s.visit(t, office("a"), day.Add(time.Hour), now...) {
		if !p.Seen || p.Item != first[i].Item {
			t.Errorf("item %d is news after the move", i)
		}
	}
}

func TestRepeatedItemOfOneDocumentIsOne(t *testing.T) {
	d := draft("g", "https://a.example/1", "Aid reaches the islands", "Ana", day)
	p := shelf{}.visit(t, office("a"), day, d, d)
	if p[0].Repeated || !p[1].Repeated || p[0].Item != p[1].Item {
		t.Errorf("got %+v and %+v, want the second to repeat the first", p[0], p[1])
	}
}

func TestItemWithoutGuidLinkOrDateIsKnownAgain(t *testing.T) {
	s := shelf{}
	d := feeds.Draft{Copy: feeds.Copy{Enclosures: []feeds.Enclosure{{URL: "https://a.example/1.mp3"}}}}
	e := feeds.Draft{Copy: feeds.Copy{Enclosures: []feeds.Enclosure{{URL: "https://a.example/2.mp3"}}}}
	first := s.visit(t, office("a"), day, d, e)
	if first[0].Item == first[1].Item {
		t.Error("two files are one item")
	}
	for i, p := range s.visit(t, office("a"), day.Add(time.Hour), d, e) {
		if !p.Seen || p.Item != first[i].Item {
			t.Errorf("item %d is news on the second visit", i)
		}
	}
}

func TestTwoItemsOfOneTitleAndMinuteInOneFeedAreTwo(t *testing.T) {
	s := shelf{}
	a, b := draft("", "https://a.example/1", "Press release", "Ana", day), draft("", "https://a.example/2", "Press release", "Bea", day)
	p := s.visit(t, office("a"), day, a, b)
	if p[0].Item == p[1].Item || p[0].Statement == p[1].Statement || p[1].Repeated {
		t.Errorf("got %+v", p)
	}
}

func TestLateBridgeJoinsTwoStatements(t *testing.T) {
	s := shelf{}
	a := s.visit(t, office("a"), day, draft("1", "https://a.example/1", "Aid reaches the islands", "Ana", day))[0]
	b := s.visit(t, office("b"), day.Add(time.Hour), draft("2", "https://b.example/2", "Help arrives", "Bea", day))[0]
	bridge := draft("3", "https://b.example/2", "Aid reaches the islands", "Ana", day)
	p := s.visit(t, office("c"), day.Add(2*time.Hour), bridge)[0]
	if p.Statement != a.Statement || len(p.Join) != 1 || p.Join[0] != b.Statement {
		t.Errorf("statement %s join %v, want %s and [%s]", p.Statement, p.Join, a.Statement, b.Statement)
	}
}

func TestTwoSourcesAtOnceAgree(t *testing.T) {
	p := shelf{}.placer()
	d := draft("1", "https://a.example/1", "Aid reaches the islands", "Ana", day)
	a, doneA, _ := p.Place(office("a"), []feeds.Draft{d}, day)
	b, doneB, _ := p.Place(office("b"), []feeds.Draft{d}, day) // before a is stored
	if a[0].Statement != b[0].Statement || b[0].Relation != feeds.IsReprint {
		t.Errorf("got %s and %s (%s), want one statement and a reprint", a[0].Statement, b[0].Statement, b[0].Relation)
	}
	doneA(true)
	doneB(true)
	if len(p.claims) != 0 {
		t.Errorf("%d claims are left", len(p.claims))
	}
}

func TestIdentitySettingsAreObeyed(t *testing.T) {
	a := draft("same", "https://a.example/1", "One", "Ana", day)
	b := draft("same", "https://a.example/2", "One", "Bea", day)
	byGUID, byLink := office("a"), office("a")
	byGUID.Identity, byLink.Identity = "guid", "link"
	for _, c := range []struct {
		src  feeds.Source
		seen bool
	}{{byGUID, true}, {byLink, false}} {
		s := shelf{}
		s.visit(t, c.src, day, a)
		if got := s.visit(t, c.src, day, b)[0].Seen; got != c.seen {
			t.Errorf("identity %s: seen = %v, want %v", c.src.Identity, got, c.seen)
		}
	}
}

func TestSeriesOfOneShortTextIsManyStatements(t *testing.T) {
	issue := func(id string, n int) feeds.Draft {
		d := draft(id, "https://"+id, "Weekly report", "", day.AddDate(0, 0, 7*n))
		d.Text.Body = "The weekly report on the crossing is out now, in English, in French and in Spanish."
		return d
	}
	s := shelf{}
	first := s.visit(t, office("a"), day, issue("a.example/1", 0))[0]
	second := s.visit(t, office("a"), day.AddDate(0, 0, 7), issue("a.example/2", 1))[0]
	if second.Seen || second.Statement == first.Statement {
		t.Errorf("the second number is the first: %s", second.Why)
	}
	reprint := s.visit(t, office("b"), day.AddDate(0, 0, 8), issue("b.example/2", 1))[0]
	if reprint.Statement != second.Statement || len(reprint.Join) != 0 {
		t.Errorf("the reprint of the second is of %s and joins %v, want %s alone", reprint.Statement, reprint.Join, second.Statement)
	}
	// What is longer is one text whenever it is said.
	long := func(id string, n int) feeds.Draft {
		d := issue(id, n)
		d.Text.Body = strings.Repeat(d.Text.Body+" ", 6)
		return d
	}
	x := s.visit(t, office("a"), day, long("a.example/x", 0))[0]
	if y := s.visit(t, office("b"), day, long("b.example/y", 5))[0]; y.Statement != x.Statement {
		t.Error("a long text that is said again later is another statement")
	}
}

func TestTwoStatesOfOneEntryInOneDocumentAreOneItem(t *testing.T) {
	for name, change := range map[string]func(*feeds.Draft){
		"text":           func(d *feeds.Draft) { d.Text.Body += " More." },
		"title and text": func(d *feeds.Draft) { d.Title, d.Text.Body = "Aid reaches all islands", d.Text.Body+" More." },
		"link":           func(d *feeds.Draft) { d.Link, d.Canonical = "https://a.example/one", "https://a.example/one" },
	} {
		a := draft("urn:1", "https://a.example/1", "Aid reaches the islands", "Ana", day)
		b := a
		change(&b)
		s := shelf{}
		for visit := range 2 {
			p := s.visit(t, office("a"), day, b, a)
			if p[0].Item != p[1].Item || !p[1].Repeated {
				t.Errorf("%s, visit %d: %+v, want one item", name, visit, p)
			}
		}
	}
}

func TestItemsOfOneTitleAtOnePageAreTold(t *testing.T) {
	s := shelf{}
	a := draft("1", "https://a.example/press", "Press release", "Ana", day)
	b := draft("2", "https://a.example/press", "Press release", "Bea", day)
	p := s.visit(t, office("a"), day, a, b)
	if p[0].Item == p[1].Item || p[0].Statement == p[1].Statement {
		t.Errorf("%+v, want two: guid and text differ", p)
	}
}

func TestKeepRemembersAndStaysBounded(t *testing.T) {
	now := []feeds.Key{{Kind: ByGUID, Hash: 1}, {Kind: ByText, Hash: 2}}
	before := []feeds.Key{{Kind: ByText, Hash: 3}, {Kind: ByLink, Hash: 4}, {Kind: ByGUID, Hash: 1}, {Kind: ByTitleDate, Hash: 5}}
	want := []feeds.Key{now[0], now[1], before[1], before[0]}
	if got := Keep(now, before); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	keys := now
	for i := range uint64(100) {
		keys = Keep([]feeds.Key{{Kind: ByText, Hash: 10 + i}}, keys)
	}
	if len(keys) > 24 || !slices.Contains(keys, now[0]) {
		t.Errorf("%d keys, the guid among them: %v", len(keys), slices.Contains(keys, now[0]))
	}
}

func TestSharedLinkJoinsNoOtherSource(t *testing.T) {
	s := shelf{}
	var ds []feeds.Draft
	for i := range 3 {
		ds = append(ds, draft(fmt.Sprint("g", i), "https://a.example/answers", fmt.Sprintf("Question %d", i), fmt.Sprint("person", i), day))
	}
	s.visit(t, office("a"), day, ds...)
	p := s.visit(t, office("b"), day, draft("b1", "https://a.example/answers", "All the answers", "Bea", day))[0]
	if p.Relation != feeds.IsOrigin || len(p.Join) != 0 {
		t.Errorf("%s of %s, joins %v: the page is no single statement's", p.Relation, p.Of, p.Join)
	}
}

// Identity goldens: never edit, only add. A changed line here means that every
// reader sees every old statement again as new.
func TestStatementIDsNeverChange(t *testing.T) {
	for _, c := range []struct {
		d    feeds.Draft
		want feeds.StatementID
	}{
		{draft("g", "https://a.example/1", "T", "Ana", day), "rncattwqa4tcgkwk"},
		{draft("g", "", "T", "Ana", day), "klxshukpfbbnx5dt"},
		{draft("", "", "T", "Ana", day), "thmymdpkad4s5shv"},
	} {
		if got := (shelf{}).visit(t, office("a"), day, c.d)[0].Statement; got != c.want {
			t.Errorf("id %q link %q: %s, want %s", c.d.ID, c.d.Link, got, c.want)
		}
	}
}

func FuzzPlace(f *testing.F) {
	f.Add("g", "https://a.example/1", "Title", "a body of some words", "g2", "https://a.example/1")
	f.Fuzz(func(t *testing.T, id, link, title, body, id2, link2 string) {
		mk := func(id, link string) feeds.Draft {
			return feeds.Draft{Copy: feeds.Copy{ID: id, Link: link, Title: title}, Canonical: link, Text: feeds.TextView{Title: title, Body: body}}
		}
		a, b := mk(id, link), mk(id2, link2)
		s := shelf{}
		first := s.visit(t, office("a"), day, a, b)
		again := s.visit(t, office("a"), day, a, b)
		for i := range first { // the same document twice is never news
			if !again[i].Seen {
				t.Errorf("item %d is news on the second visit: %+v then %+v", i, first[i], again[i])
			}
		}
	})
}

func BenchmarkPlace(b *testing.B) {
	var ds []feeds.Draft
	for i := range 30 {
		d := draft(fmt.Sprint("g", i), fmt.Sprintf("https://a.example/%d", i), fmt.Sprintf("Title %d", i), fmt.Sprint("person", i), day)
		d.Text.Body = strings.Repeat(d.Text.Body+" ", 12)
		ds = append(ds, d)
	}
	p := shelf{}.placer()
	b.ReportAllocs()
	for b.Loop() {
		_, release, err := p.Place(office("a"), ds, day)
		if err != nil {
			b.Fatal(err)
		}
		release(true)
	}
	b.ReportMetric(float64(b.N*len(ds))/b.Elapsed().Seconds(), "items/s")
}

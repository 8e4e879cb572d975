package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/render/rendertest"
	"communique/internal/testkit"

	"github.com/mmcdole/gofeed"
)

// strict fails the test with every problem of a document.
func strict(t *testing.T, format Format, doc []byte) {
	t.Helper()
	if problems := rendertest.Document(string(format), doc); len(problems) > 0 {
		t.Errorf("%s document has %d problems:\n%s\n%s", format, len(problems), strings.Join(problems, "\n"), doc)
	}
}

func render(t *testing.T, format Format, s Site, f feeds.Feed, sts []feeds.Statement) []byte {
	t.Helper()
	doc, err := map[Format]func(Site, feeds.Feed, []feeds.Statement) ([]byte, error){FormatAtom: Atom, FormatRSS: RSS, FormatJSON: JSON}[format](s, f, sts)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentsAreAsReviewed(t *testing.T) {
	french := testFeed
	french.Language, french.RawQuery, french.Title, french.Query.Languages = "fr", "lang=fr", "Amériques", []string{"fr"}
	for _, c := range []struct {
		name string
		feed feeds.Feed
		sts  []feeds.Statement
	}{
		{"merged", testFeed, testStatements()},
		{"french", french, testStatements()[:1]},
		{"empty", feeds.Feed{Path: "all"}, nil},
	} {
		for _, format := range Formats() {
			t.Run(c.name+"."+string(format), func(t *testing.T) {
				doc := render(t, format, testSite, c.feed, c.sts)
				strict(t, format, doc)
				testkit.Golden(t, "testdata/"+c.name+"."+string(format), doc)
			})
		}
	}
}

// TestReadersSeeWhatWeWrote reads documents of wild statements back with a
// parser that is not ours, and compares the formats with each other.
func TestReadersSeeWhatWeWrote(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 40 {
		var sts []feeds.Statement
		for n := range 12 {
			sts = append(sts, wildStatement(r, n))
		}
		f := feeds.Feed{Path: "all", Title: wild(r, 3), Subtitle: wild(r, 3)}
		if round%2 == 0 {
			f.Language = "fr"
		}
		for _, format := range Formats() {
			doc := render(t, format, testSite, f, sts)
			strict(t, format, doc)
			readBack(t, format, doc, f, sts)
			if t.Failed() {
				t.Fatalf("round %d", round)
			}
		}
	}
}

func readBack(t *testing.T, format Format, doc []byte, f feeds.Feed, sts []feeds.Statement) {
	t.Helper()
	got, err := gofeed.NewParser().Parse(bytes.NewReader(doc))
	if err != nil {
		t.Errorf("%s: gofeed cannot read it: %v\n%s", format, err, doc)
		return
	}
	if len(got.Items) != len(sts) {
		t.Errorf("%s: gofeed reads %d entries, want %d", format, len(got.Items), len(sts))
		return
	}
	for i := range sts {
		v := testSite.view(&sts[i], Languages(f))
		it := got.Items[i]
		if it.GUID != v.id || it.Link != v.link || it.Title != v.title {
			t.Errorf("%s: gofeed reads id %q, link %q, title %q\nwant      id %q, link %q, title %q", format, it.GUID, it.Link, it.Title, v.id, v.link, v.title)
		}
		if p := it.PublishedParsed; (p == nil) != v.published.IsZero() || p != nil && !p.Equal(v.published) {
			// gofeed takes updated for published where an Atom entry has none.
			if format != FormatAtom || !v.published.IsZero() || !p.Equal(v.updated) {
				t.Errorf("%s: gofeed reads published %v, want %v", format, p, v.published)
			}
		}
		if format != FormatRSS && (it.UpdatedParsed == nil || !it.UpdatedParsed.Equal(v.updated)) {
			t.Errorf("%s: gofeed reads updated %v, want %v", format, it.UpdatedParsed, v.updated)
		}
		if v.content != "" && it.Content != strings.TrimSpace(v.content) {
			t.Errorf("%s: gofeed reads content %q\nwant %q", format, it.Content, v.content)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	sts := testStatements()
	for n := range 20 {
		sts = append(sts, wildStatement(r, n))
	}
	shuffled := slices.Clone(sts)
	for i := range shuffled {
		shuffled[i].Taggings = slices.Clone(shuffled[i].Taggings)
		r.Shuffle(len(shuffled[i].Taggings), func(a, b int) {
			tt := shuffled[i].Taggings
			tt[a], tt[b] = tt[b], tt[a]
		})
	}
	for _, format := range Formats() {
		want := render(t, format, testSite, testFeed, sts)
		for range 5 {
			if got := render(t, format, testSite, testFeed, shuffled); !bytes.Equal(got, want) {
				t.Fatalf("%s: another render gave other bytes:\n%s\n---\n%s", format, got, want)
			}
		}
	}
}

func TestOneIdentityInEveryFormat(t *testing.T) {
	sts := testStatements()
	var ids []string
	for _, format := range Formats() {
		got, err := gofeed.NewParser().Parse(bytes.NewReader(render(t, format, testSite, testFeed, sts)))
		if err != nil {
			t.Fatal(err)
		}
		for i, it := range got.Items {
			ids = append(ids, it.GUID)
			if want := "tag:example.org,2026:statement/" + string(sts[i].ID); it.GUID != want {
				t.Errorf("%s: entry %d has id %q, want %q", format, i, it.GUID, want)
			}
		}
	}
	for _, format := range []Format{FormatAtom, FormatJSON} {
		if doc := render(t, format, testSite, testFeed, sts); !bytes.Contains(doc, []byte("tag:example.org,2026:feed/region/americas")) {
			t.Errorf("%s: the feed's id is missing", format)
		}
	}
	if len(ids) != 3*len(sts) {
		t.Errorf("%d ids", len(ids))
	}
}

func TestNoStatementTwiceAndNoHiddenOne(t *testing.T) {
	sts := testStatements()
	sts = append(sts, sts[0])
	sts[1].Hidden = true
	sts[2].Copies = nil
	for _, format := range Formats() {
		doc := render(t, format, testSite, testFeed, sts)
		strict(t, format, doc)
		if n := bytes.Count(doc, []byte(":statement/")); n != 2 {
			t.Errorf("%s: %d entries, want 2", format, n)
		}
	}
}

func TestTheWantedLanguageLeads(t *testing.T) {
	st := testStatements()[0]
	for language, title := range map[string]string{"": "Statement on R&D in the <border> region – “first” reading", "fr": "Déclaration sur la région frontalière", "fr-CA": "Déclaration sur la région frontalière", "ar": "بيان بشأن المنطقة الحدودية", "de": "Statement on R&D in the <border> region – “first” reading"} {
		v := testSite.view(&st, []string{language})
		if v.title != title {
			t.Errorf("lang=%s shows %q, want %q", language, v.title, title)
		}
	}
	v := testSite.view(&st, []string{"fr"})
	if got := v.categories[1].Label; got != "Amériques" {
		t.Errorf("label in a French entry is %q", got)
	}
	var got []string
	for _, tr := range v.translations {
		got = append(got, tr.Language+" "+tr.URL)
	}
	want := []string{"ar https://east.example.org/ar/1", "en https://north.example.org/statement?a=1&b=2"}
	if !slices.Equal(got, want) {
		t.Errorf("translations of the French entry: %q, want %q", got, want)
	}
	if len(v.duplicates) != 2 || v.duplicates[0].URL != "https://west.example.org/reprint" || v.duplicates[1].Relation != feeds.IsExcerpt {
		t.Errorf("duplicates of the French entry: %+v", v.duplicates)
	}
	if len(v.copies) != 5 || v.copies[0].Relation != feeds.IsTranslation || v.copies[0].Language != "fr" {
		t.Errorf("copies of the French entry: %+v, want all five, the French translation first", v.copies)
	}
	if len(v.beside) != 1 || v.beside[0] != "https://news.example.org/statements/eeeeeeeeeeeeeeee" {
		t.Errorf("beside the French entry stand %+v, want the related statement and not the one that is only nearest", v.beside)
	}
}

func TestUpdatedIsNeverNow(t *testing.T) {
	for _, c := range []struct {
		name string
		site func(*Site)
		sts  []feeds.Statement
		want string
	}{
		{"newest entry", func(*Site) {}, testStatements(), "2026-11-20T07:30:00Z"},
		{"empty feed: the authority's day", func(*Site) {}, nil, "2026-01-01T00:00:00Z"},
		{"empty feed: the epoch", func(s *Site) { s.Epoch = at(3, 3) }, nil, "2026-11-03T03:30:00Z"},
	} {
		s := testSite
		c.site(&s)
		for _, format := range []Format{FormatAtom, FormatJSON} {
			doc := string(render(t, format, s, testFeed, c.sts))
			if head, _, _ := strings.Cut(doc, "entry"); !strings.Contains(head, c.want) {
				t.Errorf("%s: %s has not updated %s:\n%.800s", c.name, format, c.want, doc)
			}
		}
	}
}

func TestOldAndMissingDatesAreNotWritten(t *testing.T) {
	for _, format := range Formats() {
		doc := string(render(t, format, testSite, testFeed, testStatements()))
		for _, bad := range []string{"1970", "0001-01", "Jan 0001"} {
			if strings.Contains(doc, bad) {
				t.Errorf("%s has the date %s", format, bad)
			}
		}
	}
	doc := string(render(t, FormatAtom, testSite, testFeed, testStatements()))
	if n := strings.Count(doc, "<published>"); n != 2 {
		t.Errorf("%d entries have published, want 2", n)
	}
}

func TestSizeBudgetTakesContentThenEntries(t *testing.T) {
	var sts []feeds.Statement
	for i := range 40 {
		st := testStatements()[0]
		st.ID = feeds.StatementID(strings.Repeat(string(rune('a'+i%26)), 15) + string(rune('a'+i/26)))
		st.Copies = slices.Clone(st.Copies)
		st.Copies[0].Content = strings.Repeat("<p>The offices agreed on a common text.</p>", 200)
		sts = append(sts, st)
	}
	for _, format := range Formats() {
		content := map[Format]string{FormatAtom: "<content ", FormatRSS: "<content:encoded>", FormatJSON: `"content_html"`}[format]
		entries, contents := len(sts)+1, len(sts)+1
		for _, budget := range []int{-1, 0, 300_000, 150_000, 90_000, 50_000, 10_000, 1} {
			s := testSite
			s.MaxBytes = budget
			doc := render(t, format, s, testFeed, sts)
			if len(doc) < 60_000 {
				strict(t, format, doc)
			}
			if budget > 5000 && len(doc) > budget {
				t.Errorf("%s: %d bytes, budget %d", format, len(doc), budget)
			}
			e, c := bytes.Count(doc, []byte(":statement/")), bytes.Count(doc, []byte(content))
			if e > entries || c > contents {
				t.Errorf("%s: a budget of %d keeps more than the one before: %d entries, %d contents", format, budget, e, c)
			}
			if c > 0 && e < len(sts) {
				t.Errorf("%s: with %d bytes entries were left out while others keep their content", format, budget)
			}
			entries, contents = e, c
		}
		if entries != 1 || contents != 0 {
			t.Errorf("%s: the smallest budget leaves %d entries with %d contents, want 1 with 0", format, entries, contents)
		}
	}
}

func TestFragmentsGiveTheSameDocument(t *testing.T) {
	sts := testStatements()
	for _, format := range Formats() {
		var entries []Entry
		for i := range sts {
			e, err := testSite.Entry(format, &sts[i])
			if err != nil {
				t.Fatal(err)
			}
			if e.Size() < 200 {
				t.Errorf("size of a fragment is %d", e.Size())
			}
			entries = append(entries, e)
		}
		for range 2 {
			got, err := testSite.Feed(format, testFeed, entries)
			if err != nil {
				t.Fatal(err)
			}
			if want := render(t, format, testSite, testFeed, sts); !bytes.Equal(got, want) {
				t.Errorf("%s: fragments give\n%s\nwant\n%s", format, got, want)
			}
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{testSite.FeedURL("region/americas", "atom", ""), "https://news.example.org/feeds/region/americas.atom"},
		{testSite.FeedURL("all", "rss", "lang=fr&q=a%20b"), "https://news.example.org/feeds/all.rss?lang=fr&q=a%20b"},
		{testSite.FeedURL("a b", "html", "q=é"), "https://news.example.org/feeds/a%20b.html?q=%C3%A9"},
		{testSite.Permalink("abc"), "https://news.example.org/statements/abc"},
		{testSite.FeedURI(feeds.Feed{Path: "all"}), "tag:example.org,2026:feed/all"},
		{testSite.FeedURI(feeds.Feed{Path: "all", RawQuery: "lang=fr"}), "tag:example.org,2026:feed/all?lang=fr"},
	} {
		if c.got != c.want {
			t.Errorf("got %s, want %s", c.got, c.want)
		}
	}
}

func TestSiteIsChecked(t *testing.T) {
	for name, spoil := range map[string]func(*Site){
		"no base URL":         func(s *Site) { s.BaseURL = "" },
		"relative base URL":   func(s *Site) { s.BaseURL = "/news" },
		"base URL with query": func(s *Site) { s.BaseURL = "https://example.org/?x" },
		"no authority":        func(s *Site) { s.Authority = "" },
		"authority no date":   func(s *Site) { s.Authority = "example.org" },
		"authority odd date":  func(s *Site) { s.Authority = "example.org,soon" },
		"authority case":      func(s *Site) { s.Authority = "Example.org,2026" },
	} {
		s := testSite
		spoil(&s)
		for _, format := range Formats() {
			if doc, err := s.Feed(format, testFeed, nil); err == nil {
				t.Errorf("%s: %s was made all the same:\n%s", name, format, doc)
			}
		}
		if _, err := OPML(s, "x", time.Time{}, s.FeedOutline(testFeed)); err == nil {
			t.Errorf("%s: OPML was made all the same", name)
		}
	}
}

func TestOPMLListsFeedsAndSources(t *testing.T) {
	doc, err := OPML(testSite, "Feeds of “Joint statements”", at(20, 7),
		Outline{Text: "Regions", Outlines: []Outline{testSite.FeedOutline(testFeed), testSite.FeedOutline(feeds.Feed{Path: "all", Title: "Everything", Subtitle: "All of it", Language: "en"})}},
		Outline{Text: "Empty folder"},
		Outline{Text: "Sources", Outlines: []Outline{
			SourceOutline(feeds.Source{ID: "north", Title: "Office & <b>North</b>", URL: "https://user:secret@north.example.org/feed.xml?a=1", Site: "https://north.example.org/", Language: "en", Regions: []string{"americas"}, Topics: []string{"protection"}}),
			SourceOutline(feeds.Source{ID: "gone", URL: "file:///etc/passwd"}),
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	strict(t, "opml", doc)
	if bytes.Contains(doc, []byte("secret")) {
		t.Error("credentials are shown")
	}
	testkit.Golden(t, "testdata/lists.opml", doc)
	if _, err := OPML(testSite, "nothing", at(20, 7)); err == nil {
		t.Error("an OPML body without outlines was made")
	}
}

// TestAtomGrammar holds documents against the grammar of RFC 4287 with jing,
// where both are at hand.
func TestAtomGrammar(t *testing.T) {
	jing, err := exec.LookPath("jing")
	if err != nil {
		t.Skip("jing is not installed (Debian package jing)")
	}
	grammar := testkit.Shared(t, "spec/atom-rfc4287.rnc")
	r := rand.New(rand.NewPCG(5, 6))
	var sts []feeds.Statement
	for n := range 60 {
		sts = append(sts, wildStatement(r, n))
	}
	file := t.TempDir() + "/wild.atom"
	writeFile(t, file, render(t, FormatAtom, testSite, testFeed, sts))
	if out, err := exec.Command(jing, "-c", grammar, file, "testdata/merged.atom", "testdata/french.atom", "testdata/empty.atom").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestChecker makes sure that the checker finds what it is there for.
func TestChecker(t *testing.T) {
	doc := map[Format]string{}
	for _, format := range Formats() {
		doc[format] = string(render(t, format, testSite, testFeed, testStatements()[:1]))
	}
	for _, c := range []struct {
		format   Format
		old, new string
		rule     string
	}{
		{FormatAtom, "<title type=\"text\">", "<title type=\"text\"><b/>", "A10"},
		{FormatAtom, "<title type=\"text\">", "<title type=\"text\">x &lt;/b> ", "A10"},
		{FormatAtom, "<updated>2026-11-20T07:30:00Z</updated>", "<updated>2026-11-20</updated>", "A15"},
		{FormatAtom, `rel="related" type="text/html" hreflang="fr"`, `rel="alternate" type="text/html" hreflang="fr"`, "A6"},
		{FormatAtom, "<content type", "<foo/><content type", "A8"},
		{FormatAtom, "<source>", "<source><category term=\"x\"/>", "A24"},
		{FormatAtom, "<feed ", "<feed xmlns:own=\"https://example.org/ns\" ", "A29"},
		{FormatAtom, "agreed", "\u0085agreed", "A1"},
		{FormatRSS, "R&#x26;D", "R&amp;D", "R12"},
		{FormatRSS, `isPermaLink="false"`, `isPermaLink="true"`, "R5"},
		{FormatRSS, "Thu, 19 Nov", "Fri, 19 Nov", "R3"},
		{FormatRSS, `length="1234567"`, "", "R6"},
		{FormatRSS, "<lastBuildDate>Fri, 20 Nov", "<lastBuildDate>Thu, 19 Nov", "R16"},
		{FormatJSON, `"content_html"`, `"content"`, "J4"},
		{FormatJSON, `"title":"Statement`, `"title":"&lt;Statement`, "J5"},
		{FormatJSON, `"size_in_bytes":1234567`, `"size_in_bytes":"1234567"`, "J7"},
		{FormatJSON, `"about": `, `"of": `, "J10"},
	} {
		spoilt := strings.Replace(doc[c.format], c.old, c.new, 1)
		if spoilt == doc[c.format] {
			t.Errorf("%s: %q does not occur", c.format, c.old)
			continue
		}
		if problems := rendertest.Document(string(c.format), []byte(spoilt)); !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, c.rule+":") }) {
			t.Errorf("%s with %q: no problem of %s, but %q", c.format, c.new, c.rule, problems)
		}
	}
}

func TestJSONIsUnescapedAndOneItemALine(t *testing.T) {
	doc := render(t, FormatJSON, testSite, testFeed, testStatements())
	if !json.Valid(doc) {
		t.Fatalf("not JSON:\n%s", doc)
	}
	if n := bytes.Count(doc, []byte("\n{\"id\"")); n != 4 {
		t.Errorf("%d lines begin an item, want 4", n)
	}
	if bytes.Contains(doc, []byte(`\u003c`)) {
		t.Error("markup is escaped, which makes the document larger")
	}
}

func writeFile(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// unsafe are the rules that only sanitised HTML can meet, which is not made here.
var unsafe = []string{"A19", "A27", "R14", "J15"}

func withoutUnsafe(problems []string) []string {
	return slices.DeleteFunc(problems, func(p string) bool { return slices.Contains(unsafe, p[:strings.IndexByte(p, ':')]) })
}

// FuzzDocument: whatever a publisher writes, the documents are valid and say the
// same in every format.
func FuzzDocument(f *testing.F) {
	for i, p := range pieces {
		f.Add(p, pieces[(i+7)%len(pieces)], "<p>"+p+"</p>", "https://example.org/"+p, "en", p)
	}
	f.Fuzz(func(t *testing.T, title, summary, content, link, language, other string) {
		st := feeds.Statement{ID: "aaaaaaaaaaaaaaaa", Updated: at(1, 1), Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: "topic", Term: other}}}, Copies: []feeds.StatedCopy{
			{Copy: feeds.Copy{Title: title, Summary: summary, Content: content, Link: link, Language: language,
				Authors: []feeds.Person{{Name: other, Email: other, URI: link}}, Categories: []feeds.Category{{Term: other, Label: title, Scheme: link}},
				Enclosures: []feeds.Enclosure{{URL: link, Type: other, Title: title}}, Rights: other,
				Origin: feeds.Origin{ID: other, Title: title, FeedURL: link, Link: link, Language: other}}, Relation: feeds.IsOrigin},
			{Copy: feeds.Copy{Title: other, Content: summary, Link: link + "?2", Language: other, Origin: feeds.Origin{Title: other}}, Relation: feeds.IsReprint},
		}}
		fd := feeds.Feed{Path: "all", Title: title, Subtitle: other, Language: language}
		for _, format := range Formats() {
			doc, err := testSite.statements(format, fd, []feeds.Statement{st})
			if err != nil {
				t.Fatal(err)
			}
			if problems := withoutUnsafe(rendertest.Document(string(format), doc)); len(problems) > 0 {
				t.Errorf("%s:\n%s\n%s", format, strings.Join(problems, "\n"), doc)
			}
		}
	})
}

// TestRealFeeds renders what publishers really write, without the cleaning that
// it gets on its way here.
func TestRealFeeds(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Shared(t, "data/realfeeds/feeds"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil || len(body) > 300_000 || i%3 > 0 { // a third of them, for the time it takes
			continue
		}
		parsed, err := gofeed.NewParser().Parse(bytes.NewReader(body))
		if err != nil || len(parsed.Items) == 0 {
			continue
		}
		read++
		var sts []feeds.Statement
		for n, it := range parsed.Items[:min(len(parsed.Items), 3)] {
			c := feeds.Copy{Source: "real", Title: it.Title, Summary: it.Description, Content: it.Content, Link: it.Link, Language: parsed.Language, Rights: parsed.Copyright,
				Origin: feeds.Origin{ID: parsed.FeedLink, Title: parsed.Title, Link: parsed.Link, FeedURL: parsed.FeedLink, Language: parsed.Language}}
			for _, k := range it.Categories {
				c.Categories = append(c.Categories, feeds.Category{Term: k})
			}
			for _, p := range it.Authors {
				c.Authors = append(c.Authors, feeds.Person{Name: p.Name, Email: p.Email})
			}
			for _, e := range it.Enclosures {
				c.Enclosures = append(c.Enclosures, feeds.Enclosure{URL: e.URL, Type: e.Type})
			}
			sts = append(sts, feeds.Statement{ID: feeds.StatementID(fmt.Sprintf("r%015d", n)), Updated: at(1, 1), Copies: []feeds.StatedCopy{{Copy: c, Relation: feeds.IsOrigin}}})
		}
		for _, format := range Formats() {
			doc := render(t, format, testSite, feeds.Feed{Path: "all", Title: parsed.Title}, sts)
			if problems := withoutUnsafe(rendertest.Document(string(format), doc)); len(problems) > 0 {
				t.Errorf("%s as %s:\n%s", filepath.Base(file), format, strings.Join(problems[:min(5, len(problems))], "\n"))
			}
		}
	}
	if read == 0 {
		t.Error("no feed was read")
	}
	t.Logf("%d feeds", read)
}

func TestFileIsNotThePageOfItsEntry(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const file = "https://a.example/audio.mp3"
	st := feeds.Statement{ID: "abcdefghijklmnop", Published: at, FirstSeen: at, Updated: at, Order: at, Copies: []feeds.StatedCopy{{Copy: feeds.Copy{
		Source: "a", Title: "Audio", Summary: "Five minutes.", Link: file, Language: "en", Enclosures: []feeds.Enclosure{{URL: file, Type: "audio/mpeg"}}, Origin: feeds.Origin{Title: "A"}}}}}
	site := Site{Title: "T", BaseURL: "https://news.example.org", Authority: "example.org,2026"}
	doc, err := JSON(site, feeds.Feed{Path: "all", Title: "T"}, []feeds.Statement{st})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), `"url":"https://news.example.org/statements/abcdefghijklmnop"`) || !strings.Contains(string(doc), file) {
		t.Errorf("the entry's page is its file, or the file is lost:\n%s", doc)
	}
}

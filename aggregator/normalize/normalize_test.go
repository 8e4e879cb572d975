package normalize

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// draft cleans one item of an RSS feed at feedURL.
func draft(it feeds.Item, change ...func(*feeds.Document, *Options)) feeds.Draft {
	doc := &feeds.Document{Format: "rss2.0", Base: feedURL, Title: feeds.Text{Value: "Press &amp; News"}, Links: []feeds.Link{{Href: "https://example.org/", Rel: "alternate"}}}
	o := Options{Source: feeds.Source{ID: "office", URL: feedURL}, URL: feedURL, Now: time.Date(2022, 6, 11, 0, 0, 0, 0, time.UTC)}
	for _, c := range change {
		c(doc, &o)
	}
	n := New()
	return n.Item(doc, n.Channel(doc, o), &it, o)
}

func noted(d feeds.Draft, part string) bool {
	return slices.ContainsFunc(d.Notes, func(s string) bool { return strings.Contains(s, part) })
}

func TestItemChoosesThePage(t *testing.T) {
	alternate := func(href, kind, lang string) feeds.Link {
		return feeds.Link{Href: href, Rel: "alternate", Type: kind, HrefLang: lang}
	}
	for _, c := range []struct {
		name string
		it   feeds.Item
		want string
	}{
		{"the first HTML alternate", feeds.Item{Links: []feeds.Link{alternate("/feed", "application/atom+xml", ""), alternate("/a", "text/html", ""), alternate("/b", "text/html", "")}}, "https://example.org/a"},
		{"the alternate in the entry's language", feeds.Item{Language: "fr", Links: []feeds.Link{alternate("/en", "text/html", "en"), alternate("/fr", "text/html", "fr-FR")}}, "https://example.org/fr"},
		{"a PDF before a feed", feeds.Item{Links: []feeds.Link{alternate("/feed", "application/atom+xml", ""), alternate("/a.pdf", "application/pdf", "")}}, "https://example.org/a.pdf"},
		{"no rel is alternate", feeds.Item{Links: []feeds.Link{{Href: "/edit", Rel: "edit"}, {Href: "/a"}}}, "https://example.org/a"},
		{"a permalink guid", feeds.Item{ID: "https://example.org/?p=1", IDIsPermalink: true}, "https://example.org/?p=1"},
		{"not a guid that is none", feeds.Item{ID: "https://example.org/?p=1"}, ""},
		{"not a permalink guid that is no URL", feeds.Item{ID: "tag:1", IDIsPermalink: true}, ""},
		{"an enclosure before nothing", feeds.Item{Enclosures: []feeds.Enclosure{{URL: "/a.mp3"}}}, "https://example.org/a.mp3"},
		{"never the channel's", feeds.Item{Title: feeds.Text{Value: "x"}}, ""},
		{"not a script", feeds.Item{Links: []feeds.Link{alternate("javascript:alert(1)", "", "")}}, ""},
	} {
		d := draft(c.it)
		if d.Link != c.want {
			t.Errorf("%s: got %q, want %q", c.name, d.Link, c.want)
		}
		if d.Link == "" && !noted(d, "no link") {
			t.Errorf("%s: no note: %q", c.name, d.Notes)
		}
	}
}

func TestItemKeepsOtherLinks(t *testing.T) {
	d := draft(feeds.Item{Links: []feeds.Link{{Href: "/a", Rel: "alternate"}, {Href: "/fr", Rel: "alternate", Type: "Text/HTML; charset=utf-8", HrefLang: "FR_fr", Title: "<b>En</b> français"}, {Href: "/l", Rel: "license"}, {Href: "/a.mp3", Rel: "enclosure"}, {Href: "data:x", Rel: "related"}}})
	want := []feeds.Link{{Href: "https://example.org/fr", Rel: "alternate", Type: "text/html", HrefLang: "fr-FR", Title: "En français"}, {Href: "https://example.org/l", Rel: "license"}}
	if !slices.Equal(d.Links, want) {
		t.Errorf("got  %+v\nwant %+v", d.Links, want)
	}
}

func TestItemIdentity(t *testing.T) {
	d := draft(feeds.Item{ID: "http://www.example.org/a/", IDIsPermalink: true, Links: []feeds.Link{{Href: "https://example.org/a?utm_source=rss", Rel: "alternate"}}})
	if d.Canonical != "https://example.org/a" || d.Permalink != d.Canonical || d.ID != "http://www.example.org/a/" {
		t.Errorf("got %q, %q, id %q", d.Canonical, d.Permalink, d.ID)
	}
	if d.Link != "https://example.org/a?utm_source=rss" {
		t.Errorf("the link was changed: %s", d.Link)
	}
	// Entries of one page are told apart by the fragment when the id says so.
	one := draft(feeds.Item{ID: "https://example.org/log#v1", Links: []feeds.Link{{Href: "/log#v1"}}})
	two := draft(feeds.Item{ID: "https://example.org/log#v2", Links: []feeds.Link{{Href: "/log#v2"}}})
	if one.Canonical == two.Canonical {
		t.Errorf("both are %s", one.Canonical)
	}
}

func TestItemTexts(t *testing.T) {
	d := draft(feeds.Item{Summary: feeds.Text{Value: "Short &amp; plain"}, Content: feeds.Text{Value: "<p>Long <a href='/x'>text</a></p>"}})
	if d.Summary != "Short &amp; plain" || d.Content != `<p>Long <a href="https://example.org/x">text</a></p>` {
		t.Errorf("got %q and %q", d.Summary, d.Content)
	}
	if d.Text.Body != "Short & plain" && d.Text.Body != "Long text" {
		t.Errorf("text view: %q", d.Text.Body)
	}
	if d := draft(feeds.Item{Summary: feeds.Text{Value: "<p>x</p>"}}); d.Summary != "<p>x</p>" || d.Content != "" {
		t.Errorf("a description alone is the summary: got %q and %q", d.Summary, d.Content)
	}
	if d := draft(feeds.Item{Summary: feeds.Text{Value: "<p>x</p>"}, Content: feeds.Text{Value: "<p>x</p>"}}); d.Summary != "" || d.Content != "<p>x</p>" {
		t.Errorf("said twice: got %q and %q", d.Summary, d.Content)
	}
}

func TestItemDates(t *testing.T) {
	d := draft(feeds.Item{Published: "Fri, 10 Jun 2022 12:00:00 +0200", Updated: "gibberish"})
	if want := time.Date(2022, 6, 10, 10, 0, 0, 0, time.UTC); !d.Published.Equal(want) || d.Published.Location() != time.UTC {
		t.Errorf("got %v, want %v", d.Published, want)
	}
	if !d.Updated.IsZero() || !noted(d, `updated date "gibberish" cannot be read`) {
		t.Errorf("got %v, notes %q", d.Updated, d.Notes)
	}
	if d := draft(feeds.Item{Published: "2022-06-14T00:00:00Z"}); d.Published.IsZero() || !noted(d, "future") {
		t.Errorf("got %v, notes %q", d.Published, d.Notes)
	}
	if d := draft(feeds.Item{Published: "2022-06-12T00:00:00Z"}); noted(d, "future") {
		t.Errorf("a day ahead is no future: %q", d.Notes)
	}
	if d := draft(feeds.Item{}); !d.Published.IsZero() || !d.Updated.IsZero() {
		t.Errorf("a date was invented: %v, %v", d.Published, d.Updated)
	}
	d = draft(feeds.Item{Published: "2022-06-10T00:00:00Z"}, func(_ *feeds.Document, o *Options) { o.Source.Distrust = []string{"date"} })
	if !d.Published.IsZero() || len(d.Notes) == 0 {
		t.Errorf("a distrusted date stays: %v, notes %q", d.Published, d.Notes)
	}
}

func TestItemLanguageRules(t *testing.T) {
	feedSays := func(l string) func(*feeds.Document, *Options) {
		return func(d *feeds.Document, _ *Options) { d.Language = l }
	}
	sourceSays := func(l string, distrust ...string) func(*feeds.Document, *Options) {
		return func(_ *feeds.Document, o *Options) { o.Source.Language, o.Source.Distrust = l, distrust }
	}
	short := feeds.Text{Value: "Communiqué"}
	for _, c := range []struct {
		name           string
		it             feeds.Item
		with           []func(*feeds.Document, *Options)
		language, rule string
	}{
		{"the entry first", feeds.Item{Title: short, Language: "pt_br"}, []func(*feeds.Document, *Options){feedSays("en"), sourceSays("fr")}, "pt-BR", "entry"},
		{"then the feed", feeds.Item{Title: short}, []func(*feeds.Document, *Options){feedSays("en-us"), sourceSays("fr")}, "en-US", "feed"},
		{"then the source", feeds.Item{Title: short}, []func(*feeds.Document, *Options){sourceSays("fr")}, "fr", "source"},
		{"the source when it is not trusted", feeds.Item{Title: short, Language: "en"}, []func(*feeds.Document, *Options){feedSays("en"), sourceSays("fr", "language")}, "fr", "source"},
		{"a tag that is none says nothing", feeds.Item{Title: short, Language: "???"}, []func(*feeds.Document, *Options){feedSays("en")}, "en", "feed"},
	} {
		if d := draft(c.it, c.with...); d.Language != c.language || d.LanguageRule != c.rule {
			t.Errorf("%s: got %q by %q, want %q by %q", c.name, d.Language, d.LanguageRule, c.language, c.rule)
		}
	}
}

func TestItemLanguageByItsText(t *testing.T) {
	french := "L’agence se félicite de l’adoption de la déclaration, qui constitue une étape importante vers une migration sûre, ordonnée et régulière dans la région. Les gouvernements se sont engagés à protéger les droits de toutes les personnes, quel que soit leur statut, et à lutter ensemble contre la traite."
	if l, sure := New().Detect(french); l != "fr" || !sure {
		t.Fatalf("the detector says %q, sure %v; want fr, sure", l, sure)
	}
	d := draft(feeds.Item{Title: feeds.Text{Value: "Declaration"}, Summary: feeds.Text{Value: french}}, func(d *feeds.Document, _ *Options) { d.Language = "en" })
	if d.Language != "fr" || d.LanguageRule != "detector" || !noted(d, "declared en, written in fr") {
		t.Errorf("got %q by %q, notes %q", d.Language, d.LanguageRule, d.Notes)
	}
	d = draft(feeds.Item{Summary: feeds.Text{Value: french}}, func(d *feeds.Document, _ *Options) { d.Language = "fr-CA" })
	if d.Language != "fr-CA" || d.LanguageRule != "feed" {
		t.Errorf("got %q by %q, want the declared fr-CA", d.Language, d.LanguageRule)
	}
	d = draft(feeds.Item{Title: feeds.Text{Value: "Déclaration"}, Summary: feeds.Text{Value: french}})
	if d.Language != "fr" || d.LanguageRule != "detector" {
		t.Errorf("nobody says: got %q by %q", d.Language, d.LanguageRule)
	}
}

// Offices declare one language for items in all of theirs. A teaser is too short for a
// word against that, but not where its letters are of another script.
func TestItemLanguageByItsLetters(t *testing.T) {
	for _, c := range []struct{ declared, title, text, want, rule string }{
		{"en", "اللاجئون في كينيا: المدارس تفتح أبوابها للأطفال", "قالت المفوضية إن التعليم حق.", "ar", "detector"},
		{"fr", "ملف عن Honduras (2026): المرحلة 2", "نص عربي من المكتب عن الفيضانات والهجرة في هندوراس.", "ar", "detector"},
		{"en-GB", "难民营的学校重新开放", "", "zh", "detector"},
		{"ar", "Schools open their doors to refugee children in Kenya", "The agency said that education is a right.", "en", "detector"},
		{"ru", "Les écoles ouvrent leurs portes aux enfants réfugiés", "L’agence a dit que l’éducation est un droit pour tous.", "fr", "detector"},
		{"en", "وصل الوزير", "", "en", "feed"},                             // too little to be sure of
		{"en", "Les écoles ouvrent leurs portes", "", "en", "feed"},        // the same letters
		{"ar", "UNICEF", "أعلنت الوكالة ذلك أمس.", "ar", "feed"},           // a name
		{"sr", "Školama se vraćaju deca iz izbeglištva", "", "sr", "feed"}, // which has two scripts
	} {
		d := draft(feeds.Item{Title: feeds.Text{Value: c.title}, Summary: feeds.Text{Value: c.text}}, func(d *feeds.Document, _ *Options) { d.Language = c.declared })
		if d.Language != c.want || d.LanguageRule != c.rule {
			t.Errorf("%s, declared %s: got %q by %q, want %q by %q", c.title, c.declared, d.Language, d.LanguageRule, c.want, c.rule)
		}
	}
}

func TestSpeaks(t *testing.T) {
	texts := map[string]string{
		"en": "The agency said on Tuesday that it would support the governments of the region in the work that is to come, and that the people who are on the move have the same rights as all others from the day they leave.",
		"fr": "L’agence a déclaré mardi qu’elle soutiendrait les gouvernements de la région dans le travail qui est à venir, et que les personnes qui se déplacent ont les mêmes droits que toutes les autres dès le jour du départ.",
		"es": "La agencia dijo el martes que apoyará a los gobiernos de la región en el trabajo que viene, y que las personas que se desplazan tienen los mismos derechos que las demás desde el día en que salen de su casa y su país.",
		"pt": "A agência disse na terça-feira que vai apoiar os governos da região no trabalho que vem, e que as pessoas em movimento têm os mesmos direitos que todas as outras desde o dia em que saem da sua casa e do seu país.",
		"it": "L’agenzia ha detto martedì che sosterrà i governi della regione nel lavoro che verrà, e che le persone in movimento hanno gli stessi diritti di tutte le altre dal giorno in cui lasciano la loro casa e il loro paese.",
		"de": "Die Organisation teilte am Dienstag mit, dass sie die Regierungen der Region bei der Arbeit unterstützen werde und dass die Menschen auf der Flucht von dem Tag an, an dem sie das Land verlassen, die gleichen Rechte wie alle haben.",
		"ar": "قالت الوكالة يوم الثلاثاء إنها ستدعم حكومات المنطقة في العمل الذي ينتظرها وإن الناس الذين ينتقلون من بلد إلى بلد لهم نفس الحقوق التي لغيرهم منذ اليوم الذي يغادرون فيه على أن تحترم هذه الحقوق في كل مكان من العالم",
	}
	for in, text := range texts {
		for as := range commonWords {
			if got, want := speaks(text, as), in == as; got != want {
				t.Errorf("%s text declared %s: got %v", in, as, got)
			}
		}
	}
	if speaks("the of and", "en") {
		t.Error("three words are not enough")
	}
}

func TestItemEnclosures(t *testing.T) {
	d := draft(feeds.Item{Enclosures: []feeds.Enclosure{{URL: " /a.mp3 ", Type: "Audio/MPEG", Length: 12}, {URL: "/b.pdf", Length: -1}, {URL: "javascript:x"}, {URL: "/a.mp3"}}})
	want := []feeds.Enclosure{{URL: "https://example.org/a.mp3", Type: "audio/mpeg", Length: 12}, {URL: "https://example.org/b.pdf", Type: "application/pdf"}}
	if !slices.Equal(d.Enclosures, want) || !noted(d, "guessed") || !noted(d, "dropped") {
		t.Errorf("got %+v\nwant %+v\nnotes %q", d.Enclosures, want, d.Notes)
	}
}

func TestItemInheritsAuthorsWhereTheFormatSaysSo(t *testing.T) {
	withAuthor := func(format string) func(*feeds.Document, *Options) {
		return func(d *feeds.Document, _ *Options) {
			d.Format, d.Authors = format, []feeds.Person{{Name: "The Office"}}
		}
	}
	if d := draft(feeds.Item{}, withAuthor("atom1.0")); len(d.Authors) != 1 {
		t.Error("an Atom entry without author has its feed's (RFC 4287 §4.2.1)")
	}
	if d := draft(feeds.Item{}, withAuthor("rss2.0")); len(d.Authors) != 0 {
		t.Error("an RSS item does not have its channel's editor")
	}
}

func TestItemOrigin(t *testing.T) {
	d := draft(feeds.Item{Origin: &feeds.Origin{Title: "Other &amp; <b>Co</b>", FeedURL: "https://other.example/feed", Link: "javascript:x"}}, func(d *feeds.Document, o *Options) {
		d.ID, o.Source.Title = "tag:example.org,2022:feed", "The Office"
	})
	if want := (feeds.Origin{Title: "Other & Co", FeedURL: "https://other.example/feed"}); d.Via == nil || *d.Via != want {
		t.Errorf("via: got %+v, want %+v", d.Via, want)
	}
	if want := (feeds.Origin{ID: "tag:example.org,2022:feed", Title: "The Office", Link: "https://example.org/", FeedURL: feedURL}); d.Origin != want {
		t.Errorf("origin: got %+v, want %+v", d.Origin, want)
	}
}

func TestHashMovesWithWhatAReaderNotices(t *testing.T) {
	it := feeds.Item{Title: feeds.Text{Value: "Title"}, Summary: feeds.Text{Value: "<p>The text.</p>"}, Links: []feeds.Link{{Href: "/a"}}, Published: "2022-06-10"}
	was := draft(it).Hash
	same := it
	same.Published, same.Summary.Value, same.Links = "2022-06-11", "<div class='x'>The   text.</div>", []feeds.Link{{Href: "http://www.example.org/a/?utm_source=x"}}
	same.Categories = []feeds.Category{{Term: "New"}}
	if draft(same).Hash != was {
		t.Error("the hash moved with dates, mark-up, trackers or categories")
	}
	for name, change := range map[string]func(*feeds.Item){
		"title": func(i *feeds.Item) { i.Title.Value = "Another" }, "text": func(i *feeds.Item) { i.Summary.Value = "<p>The texts.</p>" },
		"link": func(i *feeds.Item) { i.Links = []feeds.Link{{Href: "/b"}} }, "enclosure": func(i *feeds.Item) { i.Enclosures = []feeds.Enclosure{{URL: "/a.pdf"}} },
	} {
		other := it
		if change(&other); draft(other).Hash == was {
			t.Errorf("the hash did not move with the %s", name)
		}
	}
	// Hashes are stored: never edit this number, or every copy is a correction.
	if want := uint64(0xb4d9007f8084a8c7); was != want {
		t.Errorf("got %#x, want %#x", was, want)
	}
}

func TestChannel(t *testing.T) {
	doc := &feeds.Document{
		Format: "atom1.0", Base: "https://example.org/press/", ID: " tag:x ", Title: feeds.Text{Value: "<b>Press</b> &amp; News", Type: "html"}, Description: feeds.Text{Value: "<p onclick=x>About</p>"}, Language: "EN_us",
		Updated: "2022-06-10T10:00:00+02:00", Authors: []feeds.Person{{Name: "a@example.org (A)"}}, Categories: []feeds.Category{{Term: "News", Scheme: "javascript:x"}}, Links: []feeds.Link{{Href: "feed", Rel: "self"}, {Href: "/", Rel: "alternate", Type: "text/html"}},
		Image: "logo.png", Rights: feeds.Text{Value: "© 2022"}, Notes: []string{"repaired"},
	}
	ch := New().Channel(doc, Options{})
	if ch.ID != "tag:x" || ch.Title != "Press & News" || ch.Description != "<p>About</p>" || ch.Language != "en-US" || ch.Updated != "2022-06-10T08:00:00Z" || ch.Link != "https://example.org/" ||
		ch.Image != "https://example.org/press/logo.png" || ch.Authors[0].Name != "A" || ch.Categories[0].Scheme != "" || ch.Links[0].Href != "https://example.org/press/feed" || ch.Notes[0] != "repaired" {
		t.Errorf("got %+v", ch)
	}
}

func TestRSSOfAFeedServiceResolvesAgainstItsSite(t *testing.T) {
	it := feeds.Item{Links: []feeds.Link{{Href: "/a"}}}
	d := draft(it, func(d *feeds.Document, o *Options) {
		o.URL = "https://feeds.service.example/office"
		d.Base = o.URL
	})
	if d.Link != "https://example.org/a" {
		t.Errorf("got %s", d.Link)
	}
	d = draft(it, func(d *feeds.Document, o *Options) {
		o.URL, d.Base = "https://feeds.service.example/office", "https://base.example/"
	})
	if d.Link != "https://base.example/a" {
		t.Errorf("a declared base must win: got %s", d.Link)
	}
}

func FuzzItem(f *testing.F) {
	f.Add("Title", "<p>text</p>", "/a", "a@b.c (D)", "Fri, 10 Jun 2022 10:00:00 GMT", "")
	f.Add("<b", "&#0;&#x1f;<a href=", "//[", "<>@", "0000", "html")
	n := New()
	f.Fuzz(func(t *testing.T, title, text, link, who, date, kind string) {
		doc := &feeds.Document{Format: "rss2.0", Base: feedURL, Title: feeds.Text{Value: title, Type: kind}, Language: kind, Links: []feeds.Link{{Href: link}}}
		o := Options{URL: feedURL}
		it := feeds.Item{ID: link, IDIsPermalink: true, Title: feeds.Text{Value: title, Type: kind}, Summary: feeds.Text{Value: text, Type: kind}, Content: feeds.Text{Value: text + title, Type: kind}, Links: []feeds.Link{{Href: link, Title: title}},
			Authors: []feeds.Person{{Name: who, Email: who, URI: link}}, Categories: []feeds.Category{{Term: who}}, Enclosures: []feeds.Enclosure{{URL: link}}, Published: date, Image: link}
		d := n.Item(doc, n.Channel(doc, o), &it, o)
		for _, h := range []string{d.Summary, d.Content} {
			if bad := unsafeness(h); bad != "" {
				t.Fatalf("%s in %q", bad, h)
			}
		}
		for _, u := range []string{d.Link, d.Image} {
			if u != "" && !isWebURL(u) {
				t.Fatalf("link %q", u)
			}
		}
		if strings.ContainsAny(d.Title, "\n\t\x00\u202e") || strings.TrimSpace(d.Title) != d.Title {
			t.Fatalf("title %q", d.Title)
		}
	})
}

func TestNoticedIsFNV1aOfEachTextWithItsLength(t *testing.T) {
	d := &feeds.Draft{Copy: feeds.Copy{Title: "Títle", Link: "https://example.org/x", Enclosures: []feeds.Enclosure{{URL: "https://example.org/a.mp3"}}}}
	h := fnv.New64a()
	for _, s := range []string{d.Title, "summary", "content", d.Link, Canonical(d.Enclosures[0].URL)} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	if got, want := noticed(d, "summary", "content"), h.Sum64(); got != want {
		t.Errorf("got %x, want %x: the hash is stored", got, want)
	}
}

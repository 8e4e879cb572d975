package serve

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
)

func TestOlderStatementsAreReachedByLinksWithNoneLostOrTwice(t *testing.T) {
	s := newSite(t)
	for i := range 75 {
		s.say("north", "en", fmt.Sprint("Clinics number ", i), health)
	}
	var got []string
	path := "/feeds/topic/health.html"
	title := regexp.MustCompile(`Clinics number (\d+)</a></h2>`)
	for pages := 0; path != "" && pages < 10; pages++ {
		page := string(s.get(path).body)
		for _, m := range title.FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		s.say("north", "en", fmt.Sprint("News in between ", pages), health) // which moves nothing that is older
		if (strings.Contains(page, "Back to the newest")) != (pages > 0) {
			t.Errorf("page %d: the link back to the newest", pages)
		}
		path = ""
		if older := regexp.MustCompile(`<a href="([^"]*)" rel="nofollow next">`).FindStringSubmatch(page); older != nil {
			path = strings.ReplaceAll(older[1], "&amp;", "&")
		}
	}
	var want []string
	for i := 74; i >= 0; i-- {
		want = append(want, fmt.Sprint(i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for _, bad := range []string{"x", "1.", ".a", "zzzzzzzzzzzzzzzzzzz.a", "1." + strings.Repeat("a", 100)} {
		if a := s.get("/?after=" + bad); a.StatusCode != 400 {
			t.Errorf("after=%s: %s, want 400", bad, a.Status)
		}
	}
}

func TestFiltersCountWithinTheChoice(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "One", health, americas)
	s.say("south", "es", "Dos", health, americas, mexico)
	s.say("south", "es", "Tres", data, americas)
	s.say("north", "fr", "Quatre", data)
	filter := regexp.MustCompile(`<li><a href="([^"]*)" rel="nofollow"><span[^>]*>([^<]*)</span>(?: <span class="number">(\d+)</span>)?</a></li>`)
	counts := func(path string) (out []string) {
		for _, m := range filter.FindAllStringSubmatch(string(s.get(path).body), -1) {
			out = append(out, m[2]+" "+m[3])
		}
		return out
	}
	for path, want := range map[string]string{
		"/":                                     "[Español 2 English 1 Français 1 Data 2 Health 2 North Office 2 Oficina Sur 2]",
		"/feeds/region/americas.html":           "[Español 2 English 1 Health 2 Data 1 Oficina Sur 2 North Office 1]",
		"/feeds/all.html?topic=health":          "[English 1 Español 1 North Office 1 Oficina Sur 1]",
		"/feeds/all.html?topic=health&lang=es":  "[]",
		"/feeds/all.html?q=many":                "[Español 2 English 1 Français 1 Data 2 Health 2 North Office 2 Oficina Sur 2]",
		"/feeds/all.html?q=dos+OR+tres":         "[Data 1 Health 1]",
		"/feeds/all.html?source=south&lang=es":  "[Data 1 Health 1]",
		"/feeds/all.html?source=south&limit=10": "[Data 1 Health 1]",
	} {
		if got := fmt.Sprint(counts(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	page := string(s.get("/feeds/all.html?topic=health&lang=es&hl=fr").body)
	for _, want := range []string{`<a href="/feeds/all.html?lang=es&amp;hl=fr"`, `<a href="/feeds/all.html?topic=health&amp;hl=fr"`, "1 communiqué", `name="hl" value="fr"`, `name="topic" value="health"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

func TestPageIsMadeAnewOnlyWhenItsStatementsOrNumbersChange(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	old := s.say("south", "es", "Datos", data)
	made := func(path string) *document {
		t.Helper()
		s.get(path)
		p := s.server.cache.get(cacheKey{path: path, language: "en"})
		if p == nil {
			t.Fatal(path, "is not kept")
		}
		return p.doc.Load()
	}
	healthPage, dataPage, front, list := made("/feeds/topic/health.html"), made("/feeds/topic/data.html"), made("/"), made("/feeds")
	s.say("south", "es", "Más datos", data)
	if made("/feeds/topic/health.html") != healthPage {
		t.Error("the page of another topic was made anew")
	}
	if made("/feeds/topic/data.html") == dataPage || made("/") == front || made("/feeds") == list {
		t.Error("a page that a new statement changes stayed as it was")
	}
	dataPage, front = made("/feeds/topic/data.html"), made("/")
	s.append(&feeds.Moderated{Statement: old, Hide: true})
	if made("/feeds/topic/data.html") == dataPage || made("/") == front {
		t.Error("a page shows what was withdrawn")
	}
	s.append(&feeds.Fetched{Source: "north", At: day})
	front = made("/")
	s.append(&feeds.Fetched{Source: "north", At: day.Add(time.Hour)})
	if made("/") != front {
		t.Error("a visit that brought nothing made the front page anew")
	}
}

func TestPageTellsProgramsWhatItIs(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", `Clinics < 3 & "more"`, health, mexico)
	s.copy(id, "south", "es", "Clínicas", health)
	jsonLD := regexp.MustCompile(`<script type="application/ld\+json">(.*)</script>`)
	for path, want := range map[string]string{"/": "CollectionPage", "/statements/" + string(id): "NewsArticle", "/statements/" + string(id) + "?lang=es": "NewsArticle"} {
		page := string(s.get(path).body)
		m := jsonLD.FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("%s: no JSON-LD\n%s", path, page)
		}
		var ld struct {
			Context         string `json:"@context"`
			Type            string `json:"@type"`
			Headline, URL   string
			DatePublished   string
			WorkTranslation []struct{ InLanguage, Headline string }
			MainEntity      struct{ ItemListElement []struct{ URL string } }
		}
		if err := json.Unmarshal([]byte(m[1]), &ld); err != nil || ld.Context != "https://schema.org" || ld.Type != want || !strings.HasPrefix(ld.URL, "https://news.example.org/") {
			t.Errorf("%s: %v %+v", path, err, ld)
		}
		switch {
		case path == "/" && (len(ld.MainEntity.ItemListElement) != 1 || ld.MainEntity.ItemListElement[0].URL != "https://news.example.org/statements/"+string(id)):
			t.Errorf("%s: %+v", path, ld)
		case path == "/statements/"+string(id) && (ld.Headline != `Clinics < 3 & "more"` || len(ld.WorkTranslation) != 1 || ld.WorkTranslation[0].InLanguage != "es" || ld.DatePublished == ""):
			t.Errorf("%s: %+v", path, ld)
		}
		for _, meta := range []string{"og:title", "og:url", "og:type", "og:site_name", "og:locale"} {
			if strings.Count(page, `<meta property="`+meta+`" content="`) != 1 {
				t.Errorf("%s: not one %s", path, meta)
			}
		}
		for _, l := range append(spoken(), "x-default") {
			if strings.Count(page, `<link rel="alternate" hreflang="`+l+`" href="https://news.example.org/`) != 1 {
				t.Errorf("%s: not one alternate in %s", path, l)
			}
		}
		if strings.Count(page, `<link rel="canonical" href="https://news.example.org`+strings.Split(path, "#")[0]) != 1 {
			t.Errorf("%s: canonical", path)
		}
	}
}

// A tab has room for a few words, and a screen reader says them first.
func TestTabsSayWhatTellsAPageFromOthers(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health)
	for path, want := range map[string]string{
		"/": "Harbour", "/?topic=health": "Health – Harbour", "/feeds/all.html?q=clinics&lang=en": "English – “clinics” – Harbour", "/feeds/topic/health.html": "Health – Harbour",
		"/feeds/topic/health.html?lang=en": "Health – English – Harbour", "/statements/" + string(id): "Clinics – Harbour", "/overview": "Overview – Harbour", "/nowhere": "There is nothing here – Harbour",
	} {
		if page := string(s.get(path, "Accept", "text/html").body); !strings.Contains(page, "<title>"+want+"</title>") {
			t.Errorf("%s is not titled %q: %.700s", path, want, page)
		}
	}
}

func TestSiteMapsLeadToEverything(t *testing.T) {
	s := newSite(t)
	for i := range 3 {
		s.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	past := time.Date(2025, 11, 30, 23, 59, 59, 0, time.UTC)
	s.append(&feeds.Observed{Item: "south/old", Statement: "statementoldold1", FirstSeen: past, Changed: past, Order: past, Revision: 1, Relation: feeds.IsOrigin, Copy: feeds.Copy{Source: "south", Title: "Old"}})
	robots := string(s.get("/robots.txt").body)
	if !strings.Contains(robots, "\nSitemap: https://news.example.org/sitemap.xml\n") {
		t.Errorf("robots.txt: %s", robots)
	}
	type entry struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod"`
	}
	read := func(path string) (out []entry) {
		t.Helper()
		a := s.get(path)
		var doc struct {
			XMLName xml.Name
			Maps    []entry `xml:"sitemap"`
			URLs    []entry `xml:"url"`
		}
		if err := xml.Unmarshal(a.body, &doc); err != nil || a.StatusCode != 200 || doc.XMLName.Space != sitemapSpace || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/xml") {
			t.Fatalf("%s: %s %v %s", path, a.Status, err, a.body)
		}
		return append(doc.Maps, doc.URLs...)
	}
	var all []string
	for _, m := range read("/sitemap.xml") {
		for _, u := range read(strings.TrimPrefix(m.Loc, "https://news.example.org")) {
			path, ours := strings.CutPrefix(u.Loc, "https://news.example.org")
			if a := s.get(path); !ours || a.StatusCode != 200 || strings.Contains(string(a.body), `content="noindex`) {
				t.Errorf("%s: %s, or not to be indexed", u.Loc, a.Status)
			}
			if _, err := time.Parse(time.RFC3339, u.LastMod); err != nil && u.LastMod != "" {
				t.Errorf("%s: %v", u.Loc, err)
			}
			all = append(all, path)
		}
	}
	for _, want := range []string{"/", "/feeds", "/overview", "/feeds/topic/health.html", "/feeds/all.html?lang=en", "/feeds/source/south.html", "/statements/statementoldold1", "/statements/statement0000001"} {
		if !slices.Contains(all, want) {
			t.Errorf("no map has %s: %v", want, all)
		}
	}
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("something is mapped twice: %v", all)
	}
	for _, bad := range []string{"/sitemap/2026-13.xml", "/sitemap/1999-01.xml", "/sitemap/feeds", "/sitemap/x.xml", "/sitemap/"} {
		if a := s.get(bad); a.StatusCode != 404 {
			t.Errorf("%s: %s, want 404", bad, a.Status)
		}
	}
}

func TestErrorsStandInTheFrameAndLanguageOfTheSite(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health)
	s.append(&feeds.Moderated{Statement: id, Hide: true})
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/nowhere": {404, "Il n’y a rien ici"}, "/feeds/topic/nosuch.html": {404, "Il n’y a rien ici"}, "/statements/" + string(id): {410, "Ce contenu a été retiré"},
		"/feeds/all.html?limit=0": {400, "Cette adresse ne peut pas être lue"}, "/?q=" + strings.Repeat("x", 5000): {414, "Cette adresse est trop longue"}, "/nowhere?hl=ar": {404, "لا شيء هنا"}, "/?hl=tlh": {400, "Cette adresse"},
	} {
		a := s.get(path, "Accept", "text/html,*/*", "Accept-Language", "fr")
		page := string(a.body)
		if a.StatusCode != want.status || !strings.Contains(page, want.says) || !strings.Contains(page, `<a class="skip"`) || !strings.Contains(page, `<link rel="stylesheet"`) || a.Header.Get("Content-Security-Policy") == "" ||
			!strings.Contains(a.Header.Get("Vary"), "Accept-Language") || strings.Contains(a.Header.Get("Cache-Control"), "public") {
			t.Errorf("%.40s: %s %v\n%s", path, a.Status, a.Header, page)
		}
	}
	if a := s.get("/nowhere", "Accept", "*/*"); strings.Contains(string(a.body), "<") {
		t.Errorf("a program is answered with a page: %s", a.body)
	}
}

// Offices that put their whole text into a summary do not make a list unreadable:
// it shows the first sentences. Feeds, and what shows one statement, have all of it.
func TestListsShowTheFirstSentencesOfASummary(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health)
	long := strings.TrimSpace(strings.Repeat("The clinics of the harbour opened. ", 40))
	s.append(&feeds.Observed{Item: "south/long", Statement: "statementlonger1", FirstSeen: day, Changed: day, Order: day, Published: day, Revision: 1, Relation: feeds.IsOrigin,
		Copy:     feeds.Copy{Source: "south", ID: "long", Title: "Long", Summary: long, Content: "<p>One.</p><p>Two.</p>", Language: "en", Link: "https://south.example/long", Published: day},
		Taggings: []feeds.Tagging{{Tag: health, Rule: "test"}}})
	for path, whole := range map[string]bool{
		"/": false, "/feeds/topic/health.html": false, "/embed/topic/health": false,
		"/embed/statements/statementlonger1": true, "/feeds/topic/health.atom": true, "/feeds/topic/health.json": true, "/api/v1/statements/statementlonger1": true,
	} {
		body := string(s.get(path).body)
		if n := strings.Count(body, "The clinics of the harbour opened."); n < 3 || n%40 == 0 != whole {
			t.Errorf("%s has %d of 40 sentences", path, n)
		}
	}
	if page := string(s.get("/").body); !strings.Contains(page, string(id)) || !strings.Contains(page, `The clinics of the harbour opened.</p>`) {
		t.Errorf("a list ends within a sentence, or lacks a statement:\n%s", page)
	}
}

// Lists are in the order of the reader's dictionary, in which É comes before S.
func TestListsAreInTheReadersOrder(t *testing.T) {
	s := newSite(t, func(o *Options) {
		o.Terms = append(o.Terms, Term{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "education"}, Labels: map[string]string{"fr": "Éducation"}},
			Term{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "shelter"}, Labels: map[string]string{"fr": "Abris"}}, Term{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "wash"}, Labels: map[string]string{"fr": "Eau"}})
	})
	for _, term := range []string{"education", "shelter", "wash", "health"} {
		s.say("north", "fr", "Un communiqué", feeds.Tag{Scheme: feeds.Topic, Term: term})
	}
	for path, from := range map[string]string{"/feeds?hl=fr": `id="topics"`, "/?hl=fr": `id="by-topic"`} {
		_, page, _ := strings.Cut(string(s.get(path).body), from)
		at := -1
		for _, label := range []string{"Abris", "Eau", "Éducation", "Health"} {
			next := strings.Index(page, label)
			if next <= at {
				t.Errorf("%s: %s stands in the wrong place:\n%s", path, label, page)
			}
			at = next
		}
	}
}

// Whoever mistypes a name is led to what was meant, and to all that there is, by names
// in their language; programs get the names that addresses are made of.
func TestWhatIsNotThereLeadsToWhatIs(t *testing.T) {
	s := newSite(t, func(o *Options) {
		o.Named = append(o.Named, Named{Feed: feeds.Feed{Path: "our-choice", Title: "Our choice"}})
	})
	s.say("north", "es", "Clínicas", health)
	const meant = `<p class="near">Quizá se quería decir: <a href="`
	for path, want := range map[string][]string{
		"/feeds/topic/helth.html?hl=es":           {meant + `/feeds/topic/health.html?hl=es"><bdi>Salud</bdi></a></p>`},
		"/feeds/all.html?country=mxx&hl=es":       {meant + `/feeds/country/mx.html?hl=es"><bdi lang="en">Mexico</bdi></a></p>`, `<li><a href="/feeds/country/mx.html?hl=es"><bdi lang="en">Mexico</bdi></a></li>`},
		"/feeds/source/nort.html?hl=es":           {meant + `/feeds/source/north.html?hl=es"><bdi>North Office</bdi></a></p>`},
		"/feeds/all.html?lang=ez&hl=es":           {meant + `/feeds/all.html?lang=es&amp;hl=es"><bdi lang="es">Español</bdi></a></p>`},
		"/feeds/ourchoice.html?hl=es":             {meant + `/feeds/our-choice.html?hl=es"><bdi>Our choice</bdi></a></p>`, `<li><a href="/feeds?hl=es#topics"><bdi>Temas</bdi></a></li>`},
		"/feeds/topics?hl=es":                     {meant + `/feeds?hl=es#topics"><bdi>Temas</bdi></a></p>`},
		"/feeds/sea.html?hl=es":                   {`<li><a href="/feeds/our-choice.html?hl=es"><bdi>Our choice</bdi></a></li>`},
		"/feeds/topic/nothing-like-it.html?hl=es": {`<a href="/feeds/topic/health.html?hl=es"><bdi>Salud</bdi></a></li>`},
	} {
		page := string(s.get(path, "Accept", "text/html").body)
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("%s lacks %s\n%s", path, w, page)
			}
		}
		if strings.Contains(page, `class="near"`) != strings.HasPrefix(want[0], meant) {
			t.Errorf("%s: a guess that nobody could make, or none:\n%s", path, page)
		}
	}
	if a := s.get("/feeds/topic/helth.atom"); !strings.Contains(string(a.body), "what there is:\ndata\nhealth\n") {
		t.Errorf("a program is told %s", a.body)
	}
	if a := s.get("/feeds/topic/health.xml"); !strings.Contains(string(a.body), "this one stands at:\n/feeds/topic/health.atom\n") {
		t.Errorf("a program is told %s", a.body)
	}
	if a := s.get("/api/v1/statment"); !strings.Contains(string(a.body), `"near":"/api/v1/statements"`) {
		t.Errorf("a program is told %s", a.body)
	}
	if a := s.get("/api/v1/nope"); strings.Contains(string(a.body), `"near"`) {
		t.Errorf("a program is told %s", a.body)
	}
	if a := s.get("/api/v1/statements?topic=helth"); !strings.Contains(string(a.body), `"detail":"there is no topic \"helth\"","`) {
		t.Errorf("the API: %s", a.body)
	}
}

func TestOverviewCountsByRegionTopicAndMonth(t *testing.T) {
	s := newSite(t)
	if page := string(s.get("/overview").body); !strings.Contains(page, "There was no statement") {
		t.Error("an empty overview does not say so")
	}
	s.say("north", "en", "One", health, americas)
	s.say("north", "en", "Two", data)
	page := string(s.get("/overview").body)
	for _, want := range []string{`<svg class="chart"`, `<title id="chart-title">`, `<desc id="chart-text">One bar for each month from April 2025 to March 2026`, "March 2026: 2 statements", `<rect class="part1"`, `<rect class="part0"`,
		`href="/feeds/region/americas.html"`, `<tr><th scope="row"><bdi>Health</bdi></th><td class="number">0</td>`, `<th scope="row">March 2026</th><td class="number">2</td><td class="number">1</td>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the overview lacks %s:\n%s", want, page)
		}
	}
}

func TestPicturesComeOnlyWhenTheReaderAsks(t *testing.T) {
	s := newSite(t)
	at := day
	s.append(&feeds.Observed{Item: "north/p", Statement: "statementpicture", FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin,
		Copy: feeds.Copy{Source: "north", Title: "Boats", Language: "en", Content: `<p>Text</p><img src="https://north.example/boat.jpg" alt="A boat">`}})
	a := s.get("/statements/statementpicture?hl=en")
	if page := string(a.body); strings.Contains(page, "boat.jpg\" alt") || !strings.Contains(page, "Picture: A boat") || !strings.Contains(page, `href="/statements/statementpicture?pictures=show&amp;hl=en"`) ||
		strings.Contains(a.Header.Get("Content-Security-Policy"), "https:") {
		t.Errorf("pictures are loaded unasked, or there is no way to ask: %v\n%s", a.Header, page)
	}
	a = s.get("/statements/statementpicture?pictures=show&hl=en")
	if page := string(a.body); !strings.Contains(page, `<img src="https://north.example/boat.jpg" alt="A boat"`) || !strings.Contains(a.Header.Get("Content-Security-Policy"), "img-src 'self' data: https:") ||
		strings.Contains(a.Header.Get("Content-Security-Policy"), "unsafe") || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("asked for and not shown: %v\n%s", a.Header, page)
	}
}

func TestLabelsFallBackToEnglishAndSaySo(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	s.say("north", "en", "Data", data)
	if page := string(s.get("/?hl=ar").body); !strings.Contains(page, `<span lang="en">Health</span>`) {
		t.Errorf("an English label on an Arabic page is not marked:\n%s", page)
	}
}

func BenchmarkPage(b *testing.B) {
	s := newSite(b)
	for i := range 200 {
		s.say("north", "en", fmt.Sprint("Clinics ", i), health, americas)
	}
	for _, path := range []string{"/", "/feeds/topic/health.html", "/overview"} {
		b.Run(path, func(b *testing.B) {
			to := reader{s.server.own(), false}
			for b.Loop() {
				p, err := s.server.resolve(path, "", "text/html", to)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.current(s.server); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What a person is told of a wrong address is in their language, with what they wrote
// in it; a program is told the same in English.
func TestReasonsAreInTheReadersLanguage(t *testing.T) {
	s := newSite(t, func(o *Options) {
		o.Removed = []string{"old-one"}
		o.Partners = []Partner{{Name: "friend", Origins: []string{"https://friend.example"}, Feeds: []string{"all"}}}
	})
	hidden, gone, old := s.say("north", "en", "Hidden"), s.say("north", "en", "Gone"), s.say("north", "en", "Old")
	s.append(&feeds.Moderated{Statement: hidden, Hide: true})
	for id, reason := range map[feeds.StatementID]string{gone: "withdrawn", old: feeds.Expired} {
		st, _, _, err := s.store.Statement(id)
		if err != nil {
			t.Fatal(err)
		}
		s.append(&feeds.Gone{Item: st.Copies[0].Item, Statement: id, Order: st.Order, Published: st.Published, Reason: reason})
	}
	for path, want := range map[string]struct {
		status  int
		reason  string
		program string
	}{
		"/nowhere":                                                 {404, "reason.nothing", "nothing at this address"},
		"/feeds/nowhere.html":                                      {404, "reason.no-feed name=nowhere", `no feed "nowhere"`},
		"/feeds/topic/nosuch.html":                                 {404, "reason.no-topic name=nosuch", `no topic "nosuch"`},
		"/feeds/all.html?region=atlantis":                          {404, "reason.no-region name=atlantis", `no region "atlantis"`},
		"/feeds/all.html?source=x":                                 {404, "reason.no-source name=x", `no source "x"`},
		"/feeds/all.html?lang=tlh":                                 {404, "reason.no-language name=tlh", "nothing in the language"},
		"/feeds/all.html?lang=1":                                   {400, "reason.not-a-tag value=1", "lang=1 is not a language tag"},
		"/feeds/all.pdf":                                           {404, "reason.no-format name=pdf", `published as "pdf"`},
		"/feeds/old-one.html":                                      {410, "reason.feed-gone name=old-one", "taken away"},
		"/feeds/all.html?limit=0":                                  {400, "reason.limit value=0 max:500", "limit=0"},
		"/feeds/all.html?after=x":                                  {400, "reason.not-a-place value=x", "after=x"},
		"/feeds/all.html?%zz":                                      {400, "reason.unreadable example=?lang=fr&topic=health", "cannot be read"},
		"/feeds/all.html?q=" + strings.Repeat("a+", 600):           {400, "reason.search-long max:1000", "octets"},
		"/feeds/all.html?q=" + strings.Repeat("a+", 60):            {400, "reason.search-words max:40", "more than 40 words"},
		"/feeds/all.html?q=" + strings.Repeat("mig*+", 9):          {400, "reason.search-short max:8", "more than 8 words of 3 letters"},
		"/feeds/all.html?topic=" + strings.Join(numbered(60), ","): {400, "reason.many max:50", "more than 50 values"},
		"/archive/all/1.atom?limit=5":                              {404, "reason.no-archives", "pages and no archives"},
		"/archive/all/1.atom":                                      {404, "reason.no-archive number:1 max:0", "no archive 1"},
		"/archive/all/first.atom":                                  {404, "reason.not-an-archive", "numbered"},
		"/statements/never":                                        {404, "reason.no-statement", "no statement"},
		"/statements/" + string(hidden):                            {410, "reason.withdrawn", "withdrawn"},
		"/statements/" + string(gone):                              {410, "reason.withdrawn", "withdrawn"},
		"/statements/" + string(old):                               {410, "reason.expired", "nobody took it back"},
		"/sitemap/99.xml":                                          {404, "reason.sitemap", "no such site map"},
		"/embed/all?partner=nobody":                                {404, "reason.no-partner name=nobody", `no partner "nobody"`},
		"/embed/all?theme=pink":                                    {400, "reason.one-of name=theme value=pink list=auto, light, dark", "theme=pink"},
		"/embed/topic/health?partner=friend":                       {403, "reason.not-for-partner name=friend", "friend may show"},
		"/embed/statements/" + string(old):                         {410, "reason.expired", "nobody took it back"},
	} {
		if a := s.get(path, "Accept", "*/*", "Accept-Language", "fr"); a.StatusCode != want.status || !strings.Contains(string(a.body), want.program) {
			t.Errorf("%.60s: a program is told %s %q, want %d and %q", path, a.Status, a.body, want.status, want.program)
		}
		key, args, _ := strings.Cut(want.reason, " ")
		var with []any
		for args != "" {
			m := regexp.MustCompile(`^(\w+)([=:])(.*?)(?: (\w+[=:].*))?$`).FindStringSubmatch(args)
			if m[2] == ":" {
				n, _ := strconv.Atoi(m[3])
				with = append(with, m[1], n)
			} else {
				with = append(with, m[1], "\u2068"+m[3]+"\u2069")
			}
			args = m[4]
		}
		for _, l := range pages.Languages() {
			says := html.EscapeString(l.Say(key, with...))
			a := s.get(path, "Accept", "text/html", "Accept-Language", l.Tag)
			page := strings.NewReplacer("&#34;", `"`).Replace(string(a.body))
			if a.StatusCode != want.status || !strings.Contains(page, strings.NewReplacer("&#34;", `"`).Replace(says)) {
				t.Errorf("%.60s in %s: %s, want %q:\n%s", path, l.Tag, a.Status, says, page)
			}
			if !strings.Contains(page, `dir="`+l.Direction+`"`) || strings.Contains(page, l.Say("error.exactly")) {
				t.Errorf("%.60s in %s: not of the language throughout:\n%s", path, l.Tag, page)
			}
		}
	}
	a := s.get("/api/v1/statements/" + string(old))
	if a.StatusCode != 410 || !strings.Contains(string(a.body), "/problems/expired") || !strings.Contains(string(a.body), "nobody took it back") {
		t.Errorf("the API: %s %s", a.Status, a.body)
	}
}

func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}

// What an office's terms ask for stands on the page and in every format.
func TestCreditIsShownWithTheStatement(t *testing.T) {
	s := newSite(t)
	say := func(n int, own string) {
		s.append(&feeds.Observed{Item: feeds.ItemKey(fmt.Sprint("north/", n)), Statement: feeds.StatementID(fmt.Sprint("credit", n)), FirstSeen: day, Changed: day, Order: day, Published: day, Revision: 1, Relation: feeds.IsOrigin,
			Copy: feeds.Copy{Source: "north", ID: fmt.Sprint(n), Title: "Ships", Content: "<p>They are in.</p>", Link: fmt.Sprint("https://n.example/", n), Language: "en", Rights: own, Origin: feeds.Origin{ID: "x:y", Title: "N", Rights: "By courtesy of <i>N</i>"}}})
	}
	say(1, "")
	say(2, "© Ana")
	for path, want := range map[string][]string{
		"/statements/credit1":       {`<p class="rights" dir="auto">By courtesy of N</p>`},
		"/statements/credit2":       {`<p class="rights" dir="auto">© Ana</p>`, `<p class="rights" dir="auto">By courtesy of N</p>`},
		"/feeds/source/north.rss":   {"<dc:rights>By courtesy of N</dc:rights>", "<dc:rights>© Ana</dc:rights>"},
		"/feeds/all.atom":           {"By courtesy of N</rights>", "© Ana</rights>"},
		"/embed/statements/credit2": {`<p class="rights" dir="auto">© Ana</p>`, `<p class="rights" dir="auto">By courtesy of N</p>`},
		"/feeds/all.json":           {"By courtesy of N", "© Ana"},
	} {
		body := string(s.get(path).body)
		for _, w := range want {
			if strings.Count(body, w) == 0 {
				t.Errorf("%s does not say %q:\n%s", path, w, body)
			}
		}
	}
}

// A statement's page and JSON take languages as feeds do: several, with or without
// a preference.
func TestStatementInTheFirstOfSeveralLanguages(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics")
	s.copy(id, "south", "es", "Clínicas")
	s.copy(id, "south", "pt-BR", "Consultórios")
	at := "/statements/" + string(id)
	for query, want := range map[string]string{"": "Clinics", "?lang=es": "Clínicas", "?lang=fr,es": "Clínicas", "?lang=fr&lang=es,en": "Clínicas", "?prefer=pt,es": "Consultórios", "?lang=es&prefer=pt": "Clínicas", "?lang=fr&prefer=de": "Clinics"} {
		if a := s.get(at + query); !strings.Contains(string(a.body), ">"+want+"</h1>") {
			t.Errorf("the page of %q is not %s: %s\n%s", query, want, a.Status, a.body)
		}
		for _, json := range []string{at + ".json", "/api/v1" + at} {
			if a := s.get(json + query); !regexp.MustCompile(`"lead": \{[^}]*"title": "` + want + `"`).Match(a.body) {
				t.Errorf("%s%s does not lead with %s: %s\n%s", json, query, want, a.Status, a.body)
			}
		}
	}
	for query, parameter := range map[string]string{"?lang=fr,..": "lang=..", "?prefer=x": "prefer=x"} {
		for _, path := range []string{at, at + ".json", "/api/v1" + at} {
			if a := s.get(path + query); a.StatusCode != 400 || !strings.Contains(string(a.body), parameter+" is not a language tag") {
				t.Errorf("%s%s: %s %s", path, query, a.Status, a.body)
			}
		}
	}
}

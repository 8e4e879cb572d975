package extract

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"

	"communique/feeds"
)

func compile(t *testing.T, r Rules) *Reader {
	t.Helper()
	reader, errs := Compile(r)
	if errs != nil {
		t.Fatalf("%+v: %v", r, errs)
	}
	return reader
}

func read(t *testing.T, r Rules, body, contentType string) Page {
	t.Helper()
	p, err := compile(t, r).Read([]byte(body), Options{ContentType: contentType, URL: "https://port.example/fr/nouvelles/"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told words an item for comparison.
func told(it feeds.Item) string {
	var b strings.Builder
	say := func(name, v string) {
		if v != "" {
			fmt.Fprintf(&b, "%s=%s\n", name, v)
		}
	}
	say("id", it.ID)
	say("title", it.Title.Value)
	for _, l := range it.Links {
		say("link", strings.TrimSuffix(l.Href+" "+l.HrefLang, " "))
	}
	say("published", it.Published)
	say("updated", it.Updated)
	say("summary", it.Summary.Value)
	say("content", it.Content.Value)
	say("image", it.Image)
	say("language", it.Language)
	for _, a := range it.Authors {
		say("author", a.Name)
	}
	for _, c := range it.Categories {
		say("category", c.Term)
	}
	for _, e := range it.Enclosures {
		say("enclosure", e.URL)
	}
	return b.String()
}

func want(t *testing.T, p Page, items ...string) {
	t.Helper()
	if len(p.Items) != len(items) {
		t.Errorf("%d items, want %d", len(p.Items), len(items))
	}
	for i := range min(len(p.Items), len(items)) {
		if got, want := told(p.Items[i]), strings.TrimPrefix(items[i], "\n"); got != want {
			t.Errorf("item %d:\n%swant:\n%s", i, got, want)
		}
	}
}

const listing = `<!doctype html><html lang="fr"><head><title>Nouvelles du port</title><meta name="Description" content="Tout ce que dit le port"><base href="/fr/"></head><body>
<nav><a href="/fr/">Accueil</a></nav>
<article class="teaser"><a href="nouvelles/phare#haut"><h3>Un <em>nouveau</em> phare</h3></a><time datetime="2026-11-02T09:00:00+01:00">2 nov.</time>
 <p class="lead">Il a été <b>allumé</b>.</p><img data-src="/img/phare.jpg" src="data:image/gif;base64,R0"><span class="tag">Mer</span><span class="tag">Port</span><span class="tag">Mer</span></article>
<article class="teaser"><h3>La digue</h3><p class="date">mar, 27/10/2026</p><a href="nouvelles/digue">Lire</a><a class="file" href="/files/digue.pdf">PDF</a></article>
<article class="teaser"><a href="nouvelles/phare">Encore le phare</a></article>
<article class="teaser"><p>Rien</p></article>
</body></html>`

func TestAListIsReadByWhatIsUsual(t *testing.T) {
	p := read(t, Rules{Kind: HTMLList, Items: "article.teaser"}, listing, "text/html; charset=utf-8")
	if p.Title.Value != "Nouvelles du port" || p.Language != "fr" || p.Description.Value != "Tout ce que dit le port" || p.Format != "html-list" {
		t.Errorf("the page is %+v", p.Document)
	}
	want(t, p, `
id=https://port.example/fr/nouvelles/phare
title=Un nouveau phare
link=https://port.example/fr/nouvelles/phare
published=2026-11-02T09:00:00+01:00
`, `
id=https://port.example/fr/nouvelles/digue
title=La digue
link=https://port.example/fr/nouvelles/digue
`)
	if len(p.Notes) != 1 {
		t.Errorf("notes %q, want one on the item without anything", p.Notes)
	}
}

func TestAListIsReadByTheOperatorsSelectors(t *testing.T) {
	p := read(t, Rules{Kind: HTMLList, Items: "article", Title: "h3", Link: "a:not(.file)@href", Published: "time, .date", Summary: ".lead",
		Image: "img", Categories: ".tag", Enclosures: "a.file@href"}, listing, "text/html")
	want(t, p, `
id=https://port.example/fr/nouvelles/phare
title=Un nouveau phare
link=https://port.example/fr/nouvelles/phare
published=2026-11-02T09:00:00+01:00
summary=Il a été <b>allumé</b>.
image=https://port.example/img/phare.jpg
category=Mer
category=Port
`, `
id=https://port.example/fr/nouvelles/digue
title=La digue
link=https://port.example/fr/nouvelles/digue
published=mar, 27/10/2026
enclosure=https://port.example/files/digue.pdf
`)
}

func TestOnlyWhatIsNewIsGiven(t *testing.T) {
	r := compile(t, Rules{Kind: HTMLList, Items: "article"})
	o := Options{URL: "https://port.example/fr/"}
	first, err := r.Read([]byte(listing), o)
	if err != nil || len(first.Raws) != 2 {
		t.Fatalf("%v, %d items", err, len(first.Raws))
	}
	o.Known = func(raw uint64) bool { return raw == first.Raws[0] }
	again, err := r.Read([]byte(strings.Replace(listing, "<nav>", "<nav>Autre chose", 1)), o)
	if err != nil || len(again.Items) != 1 || again.Items[0].Title.Value != "La digue" || len(again.Raws) != 2 || again.Raws[0] != first.Raws[0] {
		t.Errorf("%v; items %v, raws %v, want the second of two", err, again.Items, again.Raws)
	}
	o.Known = func(raw uint64) bool { return raw == first.Raws[0] || raw == first.Raws[1] }
	changed, err := r.Read([]byte(strings.Replace(listing, "La digue", "La jetée", 1)), o)
	if err != nil || len(changed.Items) != 1 || changed.Items[0].Title.Value != "La jetée" {
		t.Errorf("%v; items %v, want the changed one", err, changed.Items)
	}
}

func TestAPIsOfCommonSystemsAreRead(t *testing.T) {
	p := read(t, Rules{Kind: JSON, Preset: "wordpress"}, `[{"id":7,"guid":{"rendered":"https://port.example/?p=7"},"link":"https://port.example/phare/","date":"2026-11-02T10:00:00","date_gmt":"2026-11-02T09:00:00",
"title":{"rendered":"Un phare &amp; une digue"},"content":{"rendered":"<p>Il a été allumé.</p>"},"excerpt":{"rendered":"<p>Il a…</p>"},
"_embedded":{"author":[{"name":"Capitainerie"}],"wp:featuredmedia":[{"source_url":"https://port.example/phare.jpg"}],"wp:term":[[{"name":"Mer"}],[{"name":"Port"}]]}}]`, "application/json")
	want(t, p, `
id=https://port.example/?p=7
title=Un phare &amp; une digue
link=https://port.example/phare/
published=2026-11-02T09:00:00
summary=<p>Il a…</p>
content=<p>Il a été allumé.</p>
image=https://port.example/phare.jpg
author=Capitainerie
category=Mer
category=Port
`)
	p = read(t, Rules{Kind: JSON, Preset: "drupal"}, `{"data":[{"type":"node--news","id":"0d6f","attributes":{"title":"Un phare","created":"2026-11-02T09:00:00+00:00","changed":"2026-11-03T09:00:00+00:00",
"langcode":"fr","path":{"alias":"/nouvelles/phare","langcode":"fr"},"body":{"value":"x","processed":"<p>Il a été allumé.</p>","summary":""}}}]}`, "application/vnd.api+json")
	want(t, p, `
id=0d6f
title=Un phare
link=https://port.example/nouvelles/phare
published=2026-11-02T09:00:00+00:00
updated=2026-11-03T09:00:00+00:00
content=<p>Il a été allumé.</p>
language=fr
`)
	p = read(t, Rules{Kind: JSON, Preset: "reliefweb", Summary: "$.fields.body"}, `{"totalCount":1,"data":[{"id":"4100123","href":"https://api.example/v2/reports/4100123","fields":{"title":"Floods","url":"https://rw.example/node/4100123",
"url_alias":"https://rw.example/report/honduras/floods","body":"It rains.","body-html":"<p>It rains.</p>","date":{"original":"2026-11-02T00:00:00+00:00","changed":"2026-11-03T01:00:00+00:00"},
"language":[{"code":"en"}],"source":[{"name":"OCHA"},{"name":"IFRC"}],"theme":[{"name":"Health"}],"file":[{"url":"https://rw.example/a.pdf"}]}}]}`, "application/json")
	want(t, p, `
id=4100123
title=Floods
link=https://rw.example/report/honduras/floods
published=2026-11-02T00:00:00+00:00
updated=2026-11-03T01:00:00+00:00
summary=It rains.
content=<p>It rains.</p>
language=en
author=OCHA
author=IFRC
category=Health
enclosure=https://rw.example/a.pdf
`)
}

func TestASitemapIsReadLatestFirst(t *testing.T) {
	const sitemap = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://port.example/fr/nouvelles/digue</loc><lastmod>2026-10-27</lastmod></url>
<url><loc>https://port.example/fr/qui-sommes-nous</loc></url>
<url><loc> /fr/nouvelles/phare </loc><lastmod>2026-11-03</lastmod><news:news><news:publication><news:name>Port</news:name><news:language>fr</news:language></news:publication>
<news:publication_date>2026-11-02T09:00:00Z</news:publication_date><news:title>Un phare</news:title></news:news>
<xhtml:link rel="alternate" hreflang="en" href="https://port.example/en/news/lighthouse"/><image:image><image:loc>https://port.example/phare.jpg</image:loc></image:image></url>
<url><loc>javascript:alert(1)</loc></url></urlset>`
	items := []string{`
id=https://port.example/fr/nouvelles/phare
title=Un phare
link=https://port.example/fr/nouvelles/phare
link=https://port.example/en/news/lighthouse en
published=2026-11-02T09:00:00Z
updated=2026-11-03
image=https://port.example/phare.jpg
language=fr
`, `
id=https://port.example/fr/nouvelles/digue
link=https://port.example/fr/nouvelles/digue
updated=2026-10-27
`}
	want(t, read(t, Rules{Kind: Sitemap, Match: "/fr/nouvelles/*"}, sitemap, "application/xml"), items...)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, sitemap)
	z.Close()
	want(t, read(t, Rules{Kind: Sitemap, Match: "*/nouvelles/*"}, packed.String(), "application/gzip"), items...)

	p := read(t, Rules{Kind: Sitemap}, `<sitemapindex><sitemap><loc>/s1.xml</loc><lastmod>2024-01-01</lastmod></sitemap><sitemap><loc>/s4.xml</loc><lastmod>2026-11-01</lastmod></sitemap>
<sitemap><loc>/s2.xml</loc><lastmod>2025-01-01</lastmod></sitemap><sitemap><loc>/s3.xml</loc><lastmod>2026-01-01</lastmod></sitemap></sitemapindex>`, "text/xml")
	if got := strings.Join(p.More, " "); got != "https://port.example/s4.xml https://port.example/s3.xml https://port.example/s2.xml" {
		t.Errorf("of an index: %s", got)
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	for _, x := range []struct {
		rules Rules
		body  string
		class string
	}{
		{Rules{Kind: HTMLList, Items: "article"}, " \n", "empty"},
		{Rules{Kind: HTMLList, Items: "article"}, "<p>We are back soon</p>", "no-items"},
		{Rules{Kind: JSON, Preset: "drupal"}, "<!doctype html><p>Log in", "html"},
		{Rules{Kind: JSON, Preset: "drupal"}, `{"errors":[]}`, "no-items"},
		{Rules{Kind: JSON, Preset: "drupal"}, `{"data":[`, "broken"},
		{Rules{Kind: JSON, Items: "$[*]", Title: "$.t"}, strings.Repeat("[", 1000), "broken"},
		{Rules{Kind: Sitemap}, "<html><body>no</body></html>", "html"},
		{Rules{Kind: Sitemap}, "plain words", "broken"},
		{Rules{Kind: Sitemap, Match: "/en/*"}, "<urlset><url><loc>/fr/1</loc></url></urlset>", "no-items"},
	} {
		_, err := compile(t, x.rules).Read([]byte(x.body), Options{URL: "https://port.example/"})
		var e *Error
		if !errors.As(err, &e) || e.Class != x.class || !errors.Is(err, ErrNothing) {
			t.Errorf("%.30q read as %+v: %v, want class %q", x.body, x.rules, err, x.class)
		}
	}
	if p := read(t, Rules{Kind: JSON, Preset: "wordpress"}, "[]", ""); len(p.Items) != 0 {
		t.Errorf("an empty answer gives %v", p.Items)
	}
}

func TestWrongRulesAreSaidAllAtOnce(t *testing.T) {
	for _, x := range []struct {
		rules Rules
		keys  string
	}{
		{Rules{Kind: HTMLList}, "items"},
		{Rules{Kind: HTMLList, Items: "a@href", Title: "h3[", Summary: ":::"}, "items title summary"},
		{Rules{Kind: JSON}, "items"},
		{Rules{Kind: JSON, Items: "data", Title: "$.["}, "items title"},
		{Rules{Kind: JSON, Items: "$[*]"}, "title"},
		{Rules{Kind: JSON, Preset: "joomla"}, "preset"},
		{Rules{Kind: Sitemap, Match: "news"}, "match"},
		{Rules{Kind: "page"}, "kind"},
	} {
		_, errs := Compile(x.rules)
		var keys []string
		for _, e := range errs {
			keys = append(keys, e.Key)
		}
		if got := strings.Join(keys, " "); got != x.keys {
			t.Errorf("%+v: errors on %q, want %q: %v", x.rules, got, x.keys, errs)
		}
	}
}

func TestAPageSaysWhatItIs(t *testing.T) {
	const page = `<!doctype html><html lang="fr"><head><title>Un phare | Port</title><link rel="canonical" href="/fr/nouvelles/phare"><link rel="alternate" hreflang="en" href="/en/news/lighthouse">
<meta property="og:title" content="Un nouveau phare"><meta property="og:image" content="/phare.jpg"><script type="application/ld+json">{"@graph":[{"@type":"WebPage"},{"@type":"NewsArticle","datePublished":"2026-11-02T09:00:00+01:00","dateModified":"2026-11-03"}]}</script></head>
<body><nav>Accueil</nav><main><h1>Un nouveau phare</h1><div class="body"><p>Il a été allumé.</p><div class="share">Partager</div><p>Tous sont venus.</p></div></main></body></html>`
	r, errs := CompileArticle(ArticleRules{Text: ".body", Remove: ".share, nav"})
	if errs != nil {
		t.Fatal(errs)
	}
	a, err := r.Read([]byte(page), "text/html", "https://port.example/fr/nouvelles/phare?utm_source=x")
	if err != nil {
		t.Fatal(err)
	}
	it := feeds.Item{ID: "x", Links: []feeds.Link{{Href: "https://port.example/fr/nouvelles/phare?utm_source=x", Rel: "alternate"}}, Published: "hier"}
	a.Fill(&it)
	want(t, Page{Document: &feeds.Document{Items: []feeds.Item{it}}}, `
id=x
title=Un nouveau phare
link=https://port.example/fr/nouvelles/phare
link=https://port.example/en/news/lighthouse en
published=hier
updated=2026-11-03
content=<p>Il a été allumé.</p><p>Tous sont venus.</p>
image=https://port.example/phare.jpg
language=fr
`)
	if a.Published != "2026-11-02T09:00:00+01:00" {
		t.Errorf("published %q", a.Published)
	}
	if _, err := r.Read([]byte("<p>Log in"), "text/html", "https://port.example/"); !errors.Is(err, ErrNothing) {
		t.Errorf("a page without the text: %v", err)
	}
	if _, errs := CompileArticle(ArticleRules{Text: "[", Remove: "@href"}); len(errs) != 2 {
		t.Errorf("errors %v, want two", errs)
	}
}

func TestATextIsFoundByItsLook(t *testing.T) {
	long := strings.Repeat("<p>The lighthouse was lit this morning for the first time, and its light can be seen from twelve miles, said the harbour master, who thanked all who had worked on it.</p>", 5)
	r, _ := CompileArticle(ArticleRules{})
	a, err := r.Read([]byte("<html><head><title>Lighthouse</title></head><body><nav><ul><li><a href=/>Home</a><li><a href=/x>Contact us</a></ul></nav><article><h1>Lighthouse</h1>"+long+"</article><footer>All rights</footer></body></html>"), "text/html", "https://port.example/1")
	if err != nil || !strings.Contains(a.Content, "twelve miles") || strings.Contains(a.Content, "Contact us") || a.Title == "" {
		t.Errorf("%v: %+v", err, a)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(listing))
	f.Add([]byte(`[{"t":"x","l":"/y"}]`))
	f.Add([]byte("<urlset><url><loc>/a</loc></url></urlset>"))
	var readers []*Reader
	for _, r := range []Rules{{Kind: HTMLList, Items: "article, p", Content: "p"}, {Kind: JSON, Items: "$[*]", Title: "$..t", Link: "$.l"}, {Kind: Sitemap}} {
		reader, _ := Compile(r)
		readers = append(readers, reader)
	}
	article, _ := CompileArticle(ArticleRules{})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, r := range readers {
			p, err := r.Read(body, Options{URL: "https://port.example/"})
			if err != nil {
				continue
			}
			known, err := r.Read(body, Options{URL: "https://port.example/", Known: func(uint64) bool { return true }})
			if err != nil || len(known.Items) != 0 || len(known.Raws) != len(p.Raws) || len(p.Items) != len(p.Raws) {
				t.Errorf("%v: %d items of %d known", err, len(known.Items), len(p.Raws))
			}
		}
		_, _ = article.Read(body, "", "https://port.example/")
	})
}

func TestTheLinkOfAListIsAnAddressWithOrWithoutItsAttribute(t *testing.T) {
	const page = `<html><body><article><h3><a href="/fr/un">Un phare</a></h3></article></body></html>`
	for _, link := range []string{"", "h3 a", "h3 a@href"} {
		p := read(t, Rules{Kind: HTMLList, Items: "article", Link: link}, page, "text/html")
		if len(p.Items) != 1 || len(p.Items[0].Links) != 1 || !strings.HasSuffix(p.Items[0].Links[0].Href, "/fr/un") || p.Items[0].Title.Value != "Un phare" {
			t.Errorf("link %q: %+v, want the link to /fr/un and its text as title", link, p.Items)
		}
	}
}

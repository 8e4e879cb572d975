package serve

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"communique/feeds"
)

// coalition is a partner with a look and feeds of its own.
var coalition = Partner{Name: "coalition", Origins: []string{"https://www.coalition.example", "https://*.preview.coalition.example"}, Feeds: []string{"topic/health", "south-health"},
	Credit: "Gathered by <the> Harbour offices", Scheme: "dark", Font: "serif", Light: Palette{Link: "#7a1f3d"}, Dark: Palette{Link: "#ffc0cb"}}

var guild = Partner{Name: "guild", Origins: []string{"https://guild.example"}, Scheme: "auto"}

// framersOf gives who may frame an answer, "" for anybody.
func framersOf(a answer) string {
	_, after, _ := strings.Cut(a.Header.Get("Content-Security-Policy"), "frame-ancestors ")
	return after
}

// The box of a page offers no frame that browsers would refuse, nor one without saying
// to whom.
func TestEmbedBoxSaysWhoMayFrame(t *testing.T) {
	for _, c := range []struct {
		allow     string
		box, says bool
	}{{FramedByAnybody, true, false}, {FramedByPartners, true, true}, {FramedByNobody, false, false}} {
		s := newSite(t, func(o *Options) { o.Framers, o.Partners = c.allow, []Partner{coalition} })
		s.say("north", "en", "Clinics open", health)
		for _, path := range []string{"/", "/feeds/topic/health.html?hl=fr"} {
			page := string(s.get(path).body)
			if box := strings.Contains(page, `id="snippet"`); box != c.box {
				t.Errorf("allow: %s: a box on %s: %t", c.allow, path, box)
			}
			says := strings.Contains(page, "browsers refuse all others") || strings.Contains(page, "les navigateurs refusent tous les autres")
			if says != c.says {
				t.Errorf("allow: %s: %s says whose sites may frame: %t", c.allow, path, says)
			}
		}
	}
}

func TestAFrameShowsEachStatementWithItsOfficeDateAndLanguage(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics & \"more\"", health)
	id := s.say("south", "ar", "عيادات", health, data)
	s.copy(id, "north", "fr", "Cliniques", health, data)
	a := s.get("/embed/topic/health?ui=fr&heading=2")
	arabic := string(s.get("/embed/topic/health").body)
	page := string(a.body)
	for _, want := range []string{
		`<html lang="fr" dir="ltr">`, `<link rel="canonical" href="https://news.example.org/feeds/topic/health.html">`, `<meta name="robots" content="noindex">`,
		`<h2 class="head"`, `<h3 class="title" lang="fr" dir="ltr"><a href="/statements/` + string(id) + `?lang=fr" target="_blank" rel="noopener">Cliniques</a></h3>`,
		`Clinics &amp; &#34;more&#34;`, `<time datetime="2026-03-10T12:`, `10 mars 2026</time> · <bdi>north</bdi> et 1 autre bureau`, `et 1 autre bureau`, `lang="fr">Français</bdi>`, `lang="en">English</bdi>`,
		`Tous les communiqués</a>`, `href="https://news.example.org/feeds/topic/health.html"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s\n%s", want, page)
		}
	}
	if a.StatusCode != 200 || strings.Contains(page, "<script") || a.Header.Get("Set-Cookie") != "" || a.Header.Get("X-Frame-Options") != "" || strings.Contains(page, "style=") || strings.Contains(page, "<img") {
		t.Errorf("%s %v\n%s", a.Status, a.Header, page)
	}
	if got := a.Header.Get("Content-Security-Policy"); got != "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'" {
		t.Errorf("policy is %q", got)
	}
	css := regexp.MustCompile(`<link rel="stylesheet" href="(/assets/embed-[0-9a-f]+\.css)">`).FindStringSubmatch(page)
	if css == nil {
		t.Fatal("no style sheet")
	}
	if c := s.get(css[1]); c.StatusCode != 200 || !strings.Contains(c.Header.Get("Cache-Control"), "immutable") || c.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("style sheet: %s %v", c.Status, c.Header)
	}
	if spanish := string(s.get("/embed/topic/health?ui=es").body); !strings.Contains(spanish, `class="head" lang="es"`) || !strings.Contains(spanish, "<bdi>Salud – Harbour</bdi>") {
		t.Errorf("ui=es shows\n%s", spanish)
	}
	if want := `lang="ar" dir="rtl"><a href="/statements/` + string(id) + `?lang=ar" target="_blank" rel="noopener">عيادات</a>`; !strings.Contains(arabic, want) || !strings.Contains(arabic, `lang="ar">العربية</bdi>`) {
		t.Errorf("lacks %s\n%s", want, arabic)
	}
	french := string(s.get("/embed/all?lang=fr").body)
	if !strings.Contains(french, `<html lang="fr"`) || !strings.Contains(french, `lang="fr" dir="ltr"><a href="/statements/`+string(id)+`?lang=fr"`) || strings.Contains(french, "Clinics") {
		t.Errorf("lang=fr shows\n%s", french)
	}
}

func TestAFrameIsAsItWasAskedToBe(t *testing.T) {
	s := newSite(t)
	for i := range 12 {
		s.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	for at, want := range map[string][]string{
		"":                           {"<body class=\"list\">", "<h1 class=\"head\"", "<h2 class=\"title\"", "class=\"summary\""},
		"?theme=dark":                {`<html lang="en" dir="ltr" data-theme="dark">`},
		"?theme=auto":                {`<html lang="en" dir="ltr">`},
		"?theme=":                    {`<html lang="en" dir="ltr">`},
		"?dir=rtl":                   {`<html lang="en" dir="rtl">`},
		"?dir=auto&ui=ar":            {`<html lang="ar" dir="rtl">`, "مارس"},
		"?ui=ar&dir=ltr":             {`<html lang="ar" dir="ltr">`},
		"?heading=none":              {`<main aria-label="Harbour">`, `<p class="title"`},
		"?heading=6":                 {`<h6 class="head"`, `<h6 class="title"`},
		"?mode=cards&height=small":   {` class="fixed">`, `<body class="cards">`, `<main tabindex="0">`},
		"?resize=1":                  {`<script src="/assets/framed-`},
		"?utm_source=mail&limit=1":   {"Clinics 11"},
		"?q=nothing+like+that&ui=es": {"Todavía no hay comunicados."},
	} {
		a := s.get("/embed/all" + at)
		for _, w := range want {
			if !strings.Contains(string(a.body), w) {
				t.Errorf("%s lacks %s\n%s", at, w, a.body)
			}
		}
	}
	for at, want := range map[string]int{"": 10, "?limit=1": 1, "?limit=20": 12, "?limit=3&topic=health": 3, "?topic=data": 0} {
		if got := strings.Count(string(s.get("/embed/all"+at).body), "<li>"); got != want {
			t.Errorf("%s: %d statements, want %d", at, got, want)
		}
	}
	if compact := string(s.get("/embed/all?mode=compact").body); strings.Contains(compact, "summary") {
		t.Errorf("compact has summaries\n%s", compact)
	}
	if a := s.get("/embed/all?resize=1"); !strings.Contains(a.Header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("the script may not run: %v", a.Header)
	}
}

func TestAFrameThatCannotBeSaysWhy(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Partners, o.Framers = []Partner{coalition, guild}, FramedByAnybody })
	s.say("north", "en", "Clinics", health)
	for at, want := range map[string]struct {
		status int
		says   string
	}{
		"topic/healt":               {404, "health"},
		"nothing":                   {404, "south-health"},
		"all?lang=fr":               {404, "en"},
		"all?lang=***":              {400, "pt-BR"},
		"all?limit=21":              {400, "1 to 20"},
		"all?limit=0":               {400, "1 to 20"},
		"all?limit=5&limit=6":       {400, "5,6"},
		"all?limit=x":               {400, "1 to 20"},
		"all?theme=pink":            {400, "auto, light, dark"},
		"all?themes=dark":           {400, "theme"},
		"all?partners=coalition":    {400, "partner"},
		"all?Resize=1":              {400, "resize"},
		"all?dir=up":                {400, "auto, ltr, rtl"},
		"all?mode=big":              {400, "compact, list, cards"},
		"all?height=400":            {400, "small, medium, large"},
		"all?heading=0":             {400, "1 to 6"},
		"all?heading=7":             {400, "1 to 6"},
		"all?resize=yes":            {400, "want 1"},
		"all?resize=1&height=small": {400, "exclude"},
		"all?ui=tlh":                {404, "fr"},
		"all?%zz":                   {400, "cannot be read"},
		"all?partner=nobody":        {404, "coalition"},
		"all?partner=coalition":     {403, "/embed/topic/health?partner=coalition"},
		"statements/nosuch":         {404, "/embed/all"},
		"statements/nosuch?lang=*":  {400, "pt-BR"},
		"topic/%3Cscript%3Ealert(1)%3C/script%3E": {404, "health"},
	} {
		a := s.get("/embed/" + at)
		if a.StatusCode != want.status || !strings.Contains(string(a.body), want.says) {
			t.Errorf("%s: %d %q, want %d with %q", at, a.StatusCode, a.body, want.status, want.says)
		}
		// The same in a frame is a page that may be framed, without markup of the asker's.
		a = s.get("/embed/"+at, "Accept", "text/html,*/*")
		if a.StatusCode != want.status || !strings.Contains(string(a.body), html.EscapeString(want.says)) || strings.Contains(string(a.body), "<script") || a.Header.Get("X-Frame-Options") != "" ||
			framersOf(a) == "'none'" || !strings.HasPrefix(a.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s in a frame: %d %v\n%s", at, a.StatusCode, a.Header, a.body)
		}
	}
	for at, to := range map[string]string{
		"/embed": "/embed/all", "/embed/": "/embed/all", "/embed/feeds/topic/health.html?lang=en": "/embed/topic/health?lang=en", "/embed/topic/Health.atom": "/embed/topic/health", "/embed/all/": "/embed/all",
	} {
		if a := s.get(at); a.StatusCode != 301 || a.Header.Get("Location") != to {
			t.Errorf("%s: %s to %q, want %q", at, a.Status, a.Header.Get("Location"), to)
		}
	}
}

func TestWhoMayFrame(t *testing.T) {
	const coalitions, everybody = "'self' https://www.coalition.example https://*.preview.coalition.example", ""
	for _, c := range []struct {
		allow, at, want string
		partners        []Partner
	}{
		{"", "/embed/all", everybody, nil},
		{FramedByAnybody, "/embed/all", everybody, []Partner{coalition}},
		{FramedByAnybody, "/embed/topic/health?partner=coalition", coalitions, []Partner{coalition}},
		{FramedByPartners, "/embed/topic/health", coalitions + " https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/south-health?lang=en", coalitions + " https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/all", "'self' https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/all", "'self'", []Partner{coalition}},
		{FramedByPartners, "/embed/all?partner=guild", "'self' https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/statements/statement0000001", coalitions + " https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/statements/statement0000004", "'self' https://guild.example", []Partner{coalition, guild}},
		{FramedByPartners, "/embed/statements/statement0000004", "'self'", []Partner{coalition}},
		{FramedByPartners, "/embed/statements/statement0000001?partner=coalition", coalitions, []Partner{coalition}},
		{FramedByNobody, "/embed/all", "'none'", []Partner{guild}},
		{FramedByNobody, "/embed/all?partner=guild", "'none'", []Partner{guild}},
	} {
		s := newSite(t, func(o *Options) { o.Framers, o.Partners = c.allow, c.partners })
		s.say("north", "en", "Clinics", health) // 1, its copy 2, its fact 3
		s.say("south", "en", "Figures", data)   // 4
		a := s.get(c.at)
		if a.StatusCode != 200 || framersOf(a) != c.want {
			t.Errorf("%s, %s: %s %q, want %q", c.allow, c.at, a.Status, framersOf(a), c.want)
		}
		for _, page := range []string{"/", "/feeds", "/feeds/all.html", "/statements/statement0000001", "/about/embed"} {
			if p := s.get(page); framersOf(p) != "'none'" || p.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s may be framed: %s %v", page, p.Status, p.Header)
			}
		}
	}
	s := newSite(t, func(o *Options) { o.Framers, o.Partners = FramedByPartners, []Partner{coalition} })
	s.say("north", "en", "Clinics", health)
	s.say("south", "en", "Figures", data)
	if a := s.get("/embed/statements/statement0000004?partner=coalition"); a.StatusCode != 403 || !strings.Contains(string(a.body), "/embed/topic/health?partner=coalition") {
		t.Errorf("a statement in none of its feeds: %s %s", a.Status, a.body)
	}
}

func TestAPartnerHasItsLookAndCreditLine(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Partners = []Partner{coalition, guild} })
	s.say("north", "en", "Clinics", health)
	page := string(s.get("/embed/topic/health?partner=coalition").body)
	if !strings.Contains(page, `data-theme="dark"`) || !strings.Contains(page, "Gathered by &lt;the&gt; Harbour offices") {
		t.Errorf("no look or credit\n%s", page)
	}
	if light := string(s.get("/embed/topic/health?partner=coalition&theme=light").body); !strings.Contains(light, `data-theme="light"`) {
		t.Errorf("theme=light is not heard\n%s", light)
	}
	sheet := regexp.MustCompile(`/assets/embed-[0-9a-f]+\.css`)
	css := string(s.get(sheet.FindString(page)).body)
	for _, want := range []string{":root { --link: #7a1f3d; }", ":root[data-theme=dark] { --link: #ffc0cb; }", "Georgia"} {
		if !strings.Contains(css, want) {
			t.Errorf("the style sheet lacks %s", want)
		}
	}
	if own := sheet.FindString(string(s.get("/embed/topic/health?partner=guild").body)); own != sheet.FindString(string(s.get("/embed/topic/health").body)) || strings.Contains(page, own) {
		t.Errorf("style sheets of partners are mixed up: %s", own)
	}
}

// A policy that changed must reach whoever holds the page: a browser keeps the
// policy that it has when a 304 answers.
func TestTheEntityTagOfAFrameKnowsWhoMayFrame(t *testing.T) {
	tag := func(allow string) string {
		s := newSite(t, func(o *Options) { o.Framers, o.Partners = allow, []Partner{coalition, guild} })
		s.say("north", "en", "Clinics", health)
		a := s.get("/embed/topic/health")
		if n := s.get("/embed/topic/health", "If-None-Match", a.Header.Get("ETag")); n.StatusCode != 304 || n.Header.Get("Cache-Control") != "public, max-age=0, must-revalidate" {
			t.Errorf("its own tag: %s %v", n.Status, n.Header)
		}
		if gz := s.get("/embed/topic/health", "Accept-Encoding", "gzip"); gz.Header.Get("Content-Encoding") != "gzip" || strings.TrimSuffix(a.Header.Get("ETag"), `"`)+`-gz"` != gz.Header.Get("ETag") {
			t.Errorf("in gzip: %v", gz.Header)
		}
		return a.Header.Get("ETag")
	}
	if a, b, c := tag(FramedByAnybody), tag(FramedByPartners), tag(FramedByNobody); a == b || b == c || a == c {
		t.Errorf("tags %s, %s and %s are not three", a, b, c)
	}
}

func TestWhatIsWithdrawnLeavesEveryFrameAtTheNextLoad(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health)
	s.say("north", "en", "Figures", health)
	at := "/embed/statements/" + string(id)
	first, card := s.get("/embed/topic/health"), s.get(at)
	if !strings.Contains(string(first.body), "Clinics") || card.StatusCode != 200 || !strings.Contains(string(card.body), "Clinics") {
		t.Fatalf("before: %s\n%s\n%s", card.Status, card.body, first.body)
	}
	offer := "/oembed?url=https://news.example.org/statements/" + string(id)
	if a := s.get(offer); a.StatusCode != 200 {
		t.Fatalf("oEmbed before: %s", a.Status)
	}
	s.append(&feeds.Moderated{Statement: id, Hide: true, By: "desk"})
	for _, a := range []answer{first, card} {
		if cc := a.Header.Get("Cache-Control"); cc != "public, max-age=0, must-revalidate" {
			t.Errorf("kept without asking: %s", cc)
		}
	}
	if a := s.get("/embed/topic/health", "If-None-Match", first.Header.Get("ETag")); a.StatusCode != 200 || strings.Contains(string(a.body), "Clinics") || !strings.Contains(string(a.body), "Figures") {
		t.Errorf("after: %s\n%s", a.Status, a.body)
	}
	for _, path := range []string{at, offer} {
		if a := s.get(path, "If-None-Match", card.Header.Get("ETag"), "Accept", "text/html"); a.StatusCode != 410 || strings.Contains(string(a.body), "Clinics") {
			t.Errorf("%s after: %s\n%s", path, a.Status, a.body)
		}
	}
}

// The last statement of a language takes no feed with it: its readers learn there
// that it was withdrawn.
func TestALanguageStaysWhenItsLastStatementIsWithdrawn(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	id := s.say("south", "pt", "Clínicas", health)
	paths := []string{"/feeds/all.atom?lang=pt", "/feeds/topic/health.html?lang=pt-BR", "/embed/all?lang=pt", "/feeds/all.json?prefer=pt,en", "/api/v1/statements?lang=pt"}
	for _, path := range paths {
		if a := s.get(path); a.StatusCode != 200 || !strings.Contains(string(a.body), "Clínicas") {
			t.Fatalf("%s before: %s %.200s", path, a.Status, a.body)
		}
	}
	s.append(&feeds.Moderated{Statement: id, Hide: true, By: "desk"})
	srv, err := New(s.server.o) // nothing is remembered of what was prepared
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(srv)
	t.Cleanup(h.Close)
	s.server, s.url = srv, h.URL
	for _, path := range paths {
		if a := s.get(path); a.StatusCode != 200 || strings.Contains(string(a.body), "Clínicas") {
			t.Errorf("%s after: %s %.200s", path, a.Status, a.body)
		}
	}
	if a := s.get(paths[0]); !strings.Contains(string(a.body), `deleted-entry ref="tag:`) {
		t.Errorf("no tombstone:\n%s", a.body)
	}
	if a := s.get("/feeds/all.atom?lang=it"); a.StatusCode != 404 {
		t.Errorf("a language that there never was anything in: %s", a.Status)
	}
}

func TestOEmbedDescribesOurPagesAndNoOthers(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Site.BaseURL = "https://news.example.org/sub" })
	id := string(s.say("north", "en", "Clinics <b>", health))
	s.say("south", "fr", "Cliniques", health)
	const base = "https://news.example.org/sub"
	for address, want := range map[string]struct{ title, src string }{
		base + "/":                                         {"Harbour", base + "/embed/all?heading=2&resize=1"},
		base + "/feeds/topic/health.html":                  {"Health – Harbour", base + "/embed/topic/health?heading=2&resize=1"},
		base + "/feeds/topic/health.html?lang=fr":          {"Health – Harbour – Français", base + "/embed/topic/health?heading=2&lang=fr&resize=1"},
		base + "/feeds/topic/health.html?hl=es":            {"Salud – Harbour", base + "/embed/topic/health?heading=2&resize=1&ui=es"},
		base + "/feeds/topic/health.atom":                  {"Health – Harbour", base + "/embed/topic/health?heading=2&resize=1"},
		base + "/feeds/all.html?limit=50":                  {"Harbour", base + "/embed/all?heading=2&limit=20&resize=1"},
		base + "/embed/all?height=small&heading=3":         {"Harbour", base + "/embed/all?heading=3&height=small"},
		base + "/statements/" + id:                         {"Clinics <b>", base + "/embed/statements/" + id + "?heading=2&resize=1"},
		base + "/statements/" + id + "?lang=en&theme=dark": {"Clinics <b>", base + "/embed/statements/" + id + "?heading=2&lang=en&resize=1&theme=dark"},
		"http://news.example.org/sub/feeds/all.html":       {"Harbour", base + "/embed/all?heading=2&resize=1"},
		"https://NEWS.example.org:443/sub/feeds/all.html":  {"Harbour", base + "/embed/all?heading=2&resize=1"},
	} {
		a := s.get("/sub/oembed?url=" + url.QueryEscape(address))
		var o oembed
		if err := json.Unmarshal(a.body, &o); err != nil || a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json; charset=utf-8" || a.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %s %v\n%s", address, a.Status, err, a.body)
			continue
		}
		src := regexp.MustCompile(`^<iframe src="([^"]*)" title="([^"]*)" .*></iframe>$`).FindStringSubmatch(o.HTML)
		if src == nil || html.UnescapeString(src[1]) != want.src || o.Title != want.title || o.Type != "rich" || o.Version != "1.0" || o.Width != 600 || o.Height < 200 || o.CacheAge != 3600 || o.ProviderName != "Harbour" || o.AuthorName == "" {
			t.Errorf("%s: %+v\nwant %+v", address, o, want)
			continue
		}
		if strings.Contains(o.HTML, "Clinics") {
			t.Errorf("%s: the html, which is kept, holds words of a statement: %s", address, o.HTML)
		}
		if f := s.get(strings.TrimPrefix(want.src, "https://news.example.org")); f.StatusCode != 200 {
			t.Errorf("%s leads to a frame that is %s", address, f.Status)
		}
	}
	for address, want := range map[string]int{
		"https://evil.example/sub/feeds/all.html": 404, "https://news.example.org@evil.example/sub/feeds/all.html": 404, "https://x@news.example.org/sub/feeds/all.html": 404,
		"https://news.example.org.evil.example/sub/": 404, "https://news.example.org:8443/sub/feeds/all.html": 404, "https://news.example.org/feeds/all.html": 404,
		"javascript:alert(1)": 404, "//news.example.org/sub/": 404, "/sub/feeds/all.html": 404, "ftp://news.example.org/sub/": 404, base + "/feeds/topic/none.html": 404,
		base + "/statements/none": 404, base + "/feeds.opml": 404, base + "/feeds/": 404, base + "/statements/": 404, base + "/hub": 404, "": 400, "http://[::1": 404, base + "/feeds/all.html?theme=pink": 400,
	} {
		if a := s.get("/sub/oembed?url=" + url.QueryEscape(address)); a.StatusCode != want {
			t.Errorf("%q: %s, want %d\n%s", address, a.Status, want, a.body)
		}
	}
	at := "/sub/oembed?url=" + url.QueryEscape(base+"/statements/"+id)
	for more, want := range map[string]int{"&format=yaml": 501, "&format=json": 200, "&format=XML": 200, "&maxwidth=0": 400, "&maxwidth=x": 400, "&maxheight=-1": 400, "&foo=bar": 200} {
		if a := s.get(at + more); a.StatusCode != want {
			t.Errorf("%s: %s, want %d", more, a.Status, want)
		}
	}
	a := s.get(at + "&format=xml&maxwidth=320&maxheight=100")
	var o oembed
	if err := xml.Unmarshal(a.body, &o); err != nil || a.Header.Get("Content-Type") != "text/xml; charset=utf-8" || o.Title != "Clinics <b>" || o.Width != 320 || o.Height != 100 || !strings.Contains(o.HTML, `width="320" height="100"`) {
		t.Errorf("%v %+v\n%s", err, o, a.body)
	}
}

func TestPagesTellWhereTheirOEmbedIs(t *testing.T) {
	s := newSite(t)
	id := string(s.say("north", "en", "Clinics", health))
	for path, page := range map[string]string{
		"/": "https://news.example.org/", "/feeds/topic/health.html?lang=en": "https://news.example.org/feeds/topic/health.html?lang=en", "/statements/" + id: "https://news.example.org/statements/" + id,
	} {
		a := s.get(path)
		for _, format := range []string{"json", "xml"} {
			href := "https://news.example.org/oembed?url=" + url.QueryEscape(page) + "&format=" + format
			media := map[string]string{"json": "application/json+oembed", "xml": "text/xml+oembed"}[format]
			if !strings.Contains(string(a.body), `<link rel="alternate" type="`+media+`"`) || !strings.Contains(string(a.body), `href="`+html.EscapeString(href)+`"`) {
				t.Errorf("%s: the head lacks %s", path, href)
			}
			if !strings.Contains(a.Header.Get("Link"), "<"+href+`>; rel="alternate"; type="`+media+`"`) {
				t.Errorf("%s: Link is %s", path, a.Header.Get("Link"))
			}
			if o := s.get(strings.TrimPrefix(href, "https://news.example.org")); o.StatusCode != 200 {
				t.Errorf("%s leads to %s", path, o.Status)
			}
		}
	}
	s = newSite(t, func(o *Options) { o.Framers = FramedByNobody })
	if a := s.get("/"); strings.Contains(string(a.body), "oembed") || s.get("/oembed?url=https://news.example.org/").StatusCode != 404 {
		t.Error("oEmbed is offered where nobody may frame")
	}
}

func TestTheElementsScriptIsSmallAndMayBeLoadedFromAnywhere(t *testing.T) {
	s := newSite(t)
	page := string(s.get("/about/embed").body)
	m := regexp.MustCompile(`src=&quot;https://news\.example\.org(/assets/embed-[0-9a-f]+\.js)&quot; async crossorigin=&quot;anonymous&quot;\s+integrity=&quot;(sha384-[0-9A-Za-z+/]{64})&quot;`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the guide names no version\n%s", page)
	}
	sum := sha512.Sum384(s.get(m[1]).body)
	if want := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); m[2] != want {
		t.Errorf("the guide's digest is %s, the script's %s", m[2], want)
	}
	for path, cache := range map[string]string{"/embed.js": "max-age=3600", m[1]: "immutable"} {
		a := s.get(path)
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || a.Header.Get("X-Content-Type-Options") != "nosniff" ||
			a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || !strings.Contains(a.Header.Get("Cache-Control"), cache) {
			t.Errorf("%s: %s %v", path, a.Status, a.Header)
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(a.body)
		_ = z.Close()
		if sent := s.get(path, "Accept-Encoding", "gzip"); b.Len() > 6<<10 || len(sent.body) > 6<<10 {
			t.Errorf("%s: %d octets in gzip, %d as sent; want 6 KiB at most", path, b.Len(), len(sent.body))
		}
		for _, no := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("} {
			if strings.Contains(string(a.body), no) {
				t.Errorf("%s uses %s", path, no)
			}
		}
	}
}

func TestTheGuideNamesThisSitesAddresses(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Site.BaseURL = "https://statements.example/sub" })
	a := s.get("/sub/about/embed")
	for _, want := range []string{"https://statements.example/sub/embed/topic/health?", "https://statements.example/sub/embed.js", "https://statements.example/sub/oembed", `<h2 id="wordpress">`, `<h2 id="drupal">`, "<table>"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("lacks %s", want)
		}
	}
	for _, no := range []string{"news.example.org", "HASH", "DIGEST", "]("} {
		if strings.Contains(string(a.body), no) {
			t.Errorf("has %s", no)
		}
	}
}

func BenchmarkAFrameFromTheCache(b *testing.B) {
	s := newSite(b)
	for i := range 20 {
		s.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	for name, header := range map[string]string{"whole": "", "unchanged": s.get("/embed/topic/health").Header.Get("ETag")} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/embed/topic/health", nil)
			if header != "" {
				r.Header.Set("If-None-Match", header)
			}
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				w.Body.Reset()
				s.server.ServeHTTP(w, r)
			}
			b.ReportMetric(float64(w.Body.Len()), "B/page")
		})
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"communique/aggregator/normalize"
	"communique/config"
	"communique/feeds"
	"communique/internal/browser"
	"communique/internal/demo"
	"communique/internal/testkit"
	"communique/storage"
)

// The site as a person has it: the demonstration's offices and hostile ones are
// pulled over HTTP through the whole line, what comes out is looked at in a
// Chromium.

// published is a site with its store.
type published struct {
	t     *testing.T
	url   string
	store *storage.Store
}

// publish pulls the demonstration's offices and those of the YAML list more, and
// serves what came of it.
func publish(t *testing.T, more string) *published {
	t.Helper()
	var offices *demo.Origin
	world := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { offices.ServeHTTP(w, r) }))
	t.Cleanup(world.Close)
	now := time.Now().UTC()
	offices, err := demo.New(world.URL, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	p := &published{t: t, store: testkit.OpenStore(t)}
	var public http.Handler
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { public.ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	p.url = front.URL
	yaml := demo.Config(world.URL, "127.0.0.1:0", "127.0.0.1:0")
	yaml = bytes.Replace(yaml, []byte("feeds:\n"), []byte(more+"feeds:\n"), 1)
	cfg, err := config.Parse("site.yaml", yaml, config.Options{Canonical: normalize.Canonical})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	e, err := engine(cfg, p.store, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Pull(t.Context()); err != nil {
		t.Fatal(err)
	}
	if public, err = server(cfg, cfg.Site.On(front.Listener.Addr().String()), p.store, nil, log); err != nil {
		t.Fatal(err)
	}
	return p
}

// year fills the store with a year of made-up statements, as an overview needs.
func (p *published) year() {
	p.t.Helper()
	regions := []string{"central-america", "caribbean", "south-america", "western-africa", "eastern-africa", "middle-africa", "northern-africa", "southern-africa", "western-asia",
		"southern-asia", "south-eastern-asia", "southern-europe", "eastern-europe", "northern-america", "central-asia", "melanesia"}
	above := map[string]string{"a": "americas"}
	for _, r := range regions {
		switch {
		case strings.HasSuffix(r, "america"), r == "caribbean":
			above[r] = "americas"
		case strings.HasSuffix(r, "africa"):
			above[r] = "africa"
		case strings.HasSuffix(r, "asia"):
			above[r] = "asia"
		case strings.HasSuffix(r, "europe"):
			above[r] = "europe"
		default:
			above[r] = "oceania"
		}
	}
	topics := []string{"health", "children", "protection", "shelter", "disasters", "climate", "labour", "trafficking", "return", "remittances", "displacement"}
	titles := map[string]string{"en": "Note %d of the offices", "fr": "Note %d des bureaux", "es": "Nota %d de las oficinas", "pt": "Nota %d dos escritórios", "ar": "مذكرة المكاتب %d"}
	languages := []string{"en", "en", "fr", "es", "pt", "ar"}
	sources := []string{"hq", "hq", "wca", "americas", "brazil", "mena"}
	now := time.Now().UTC().Truncate(time.Hour)
	var said []feeds.Fact
	for i := range 420 {
		n := i*i + 7*i
		at := now.Add(-time.Duration(i) * 20 * time.Hour).Add(-48 * time.Hour)
		if at.Month()%3 == 0 && i%3 == 0 {
			continue // busy and quiet months
		}
		l := i % len(languages)
		r := regions[(n%len(regions))*(n%7)/6%len(regions)]
		o := &feeds.Observed{Item: feeds.ItemKey(fmt.Sprintf("%s/note-%d", sources[l], i)), Statement: feeds.StatementID(fmt.Sprintf("note%012d", i)), FirstSeen: at, Changed: at, Order: at, Published: at,
			Revision: 1, Relation: feeds.IsOrigin, Copy: feeds.Copy{Source: feeds.SourceID(sources[l]), ID: fmt.Sprint("note-", i), Title: fmt.Sprintf(titles[languages[l]], i), Language: languages[l],
				Content: "<p>" + fmt.Sprintf(titles[languages[l]], i) + ".</p>", Link: fmt.Sprintf("https://notes.example/%d", i), Published: at}}
		tags := []feeds.Tag{{Scheme: feeds.Topic, Term: topics[n%len(topics)]}, {Scheme: feeds.Topic, Term: topics[(i/3)%len(topics)]}}
		if i%9 > 0 {
			tags = append(tags, feeds.Tag{Scheme: feeds.Region, Term: r}, feeds.Tag{Scheme: feeds.Region, Term: above[r]})
		}
		slices.SortFunc(tags, func(a, b feeds.Tag) int { return strings.Compare(a.String(), b.String()) })
		for _, tag := range slices.Compact(tags) {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: tag, Rule: "made up"})
		}
		said = append(said, o)
	}
	if _, err := p.store.Append(p.t.Context(), now, said...); err != nil {
		p.t.Fatal(err)
	}
}

// wide adds a statement in which everything is wider than a phone.
func (p *published) wide() {
	p.t.Helper()
	long, now := strings.Repeat("long_", 50), time.Now().UTC().Truncate(time.Hour)
	o := &feeds.Observed{Item: "hq/wide", Statement: "wide000000000001", FirstSeen: now, Changed: now, Order: now, Published: now, Revision: 1, Relation: feeds.IsOrigin,
		Copy: feeds.Copy{Source: "hq", ID: "wide", Title: "An unwrapped " + long, Language: "en", Published: now, Link: "https://notes.example/" + long, Authors: []feeds.Person{{Name: long}},
			Enclosures: []feeds.Enclosure{{URL: "https://notes.example/" + long + ".pdf", Type: "application/pdf"}},
			Content: "<p>" + long + "</p><pre>" + long + "</pre><table><tbody><tr><td>" + strings.Repeat(long+"</td><td>", 5) + `</td></tr></tbody></table><p><a href="https://notes.example/">https://notes.example/` + long +
				`</a> <img src="https://notes.example/a.png" alt="` + long + `"/></p>`}}
	if _, err := p.store.Append(p.t.Context(), now, o); err != nil {
		p.t.Fatal(err)
	}
}

// statement gives the page of the newest statement whose titles hold the words.
func (p *published) statement(words string) string {
	p.t.Helper()
	page, err := p.store.Select(feeds.Query{Words: words, Limit: 1})
	if err != nil || len(page.Heads) == 0 {
		p.t.Fatalf("no statement with %q: %v", words, err)
	}
	return "/statements/" + string(page.Heads[0].ID)
}

// tab opens a tab that is watched for what no page of ours does.
func (p *published) tab(t *testing.T) context.Context {
	t.Helper()
	ctx := browser.Open(t)
	browser.Watch(t, ctx, p.url)
	return ctx
}

// look is how a page is looked at.
type look struct {
	width, height int64
	dark          bool
	print         bool
}

func show(t *testing.T, ctx context.Context, l look, address string) {
	t.Helper()
	scheme, media := "light", ""
	if l.dark {
		scheme = "dark"
	}
	if l.print {
		media = "print"
	}
	if l.height == 0 {
		l.height = 800
	}
	err := chromedp.Do(ctx, chromedp.EmulateViewport(l.width, l.height),
		chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
			return err
		}),
		chromedp.Navigate(address))
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

func TestPagesAreAccessibleInEveryLookAndLanguage(t *testing.T) {
	p := publish(t, "")
	p.year()
	p.wide()
	everyLook := []look{{width: 1280}, {width: 360}, {width: 1280, dark: true}} // of colours nothing depends on the width
	for name, at := range map[string]struct {
		path  string
		looks []look
	}{
		"front": {"/?limit=10", everyLook}, "feed": {"/feeds/region/americas.html?lang=es&limit=10", everyLook}, "long": {"/", everyLook[:1]}, "feeds": {"/feeds", everyLook}, "overview": {"/overview", everyLook},
		"statement": {p.statement("Honduras"), everyLook}, "error": {"/feeds/topic/nosuch.html", everyLook},
		"search": {"/feeds/all.html?q=storm&limit=5", everyLook[2:]}, "all topics": {"/feeds/all.html?all=topic&limit=3", everyLook[:2]}, "nothing": {"/feeds/all.html?q=nosuchword", everyLook[1:3]},
		"embed": {"/feeds/all.html?embed_size=small&embed_theme=dark&limit=3", everyLook[:2]}, "arabic": {p.statement("تحالف"), everyLook[1:3]}, "refusal": {"/?hl=xx", everyLook[:1]}, "wide": {p.statement("unwrapped"), everyLook[1:2]}, "meaning": {"/ns/topic", everyLook[:1]}, "api": {"/api", everyLook[:2]},
	} {
		t.Run(name, func(t *testing.T) {
			for _, language := range []string{"en", "ar"} {
				ctx := p.tab(t)
				u, _ := url.Parse(p.url + at.path)
				if q := u.Query(); !q.Has("hl") {
					q.Set("hl", language)
					u.RawQuery = q.Encode()
				}
				for i, l := range at.looks {
					show(t, ctx, l, u.String())
					if i == 0 {
						browser.Do(t, ctx, open)
					}
					browser.Accessible(t, ctx, fmt.Sprintf("%s %s %+v", name, language, l))
				}
				// WCAG 2.2, 1.4.10 and 1.4.4: nothing is to be scrolled sideways at 320 px, nor on
				// a phone whose owner reads letters of twice the size.
				for width, letters := range map[int]string{320: "100%", 360: "200%"} {
					show(t, ctx, look{width: int64(width)}, u.String())
					browser.Do(t, ctx, open)
					browser.Eval[string](t, ctx, `document.documentElement.style.fontSize = "`+letters+`"`)
					if w := browser.Eval[int](t, ctx, "document.documentElement.scrollWidth"); w > width {
						t.Errorf("%s %s: %d px wide at %d with letters of %s; %s", name, language, w, width, letters, browser.Eval[string](t, ctx, `[...document.querySelectorAll("body *")].filter(e => (r => r.right > innerWidth + 1 || r.left < -1)(e.getBoundingClientRect()) && !e.closest(".scroll, .skip")).map(e => e.outerHTML.slice(0, 120)).slice(0, 5).join("\n")`))
					}
				}
			}
		})
	}
}

// open opens everything that is folded in.
var open = chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true); true`))
	return err
})

func TestPagesWorkWithoutScripts(t *testing.T) {
	p := publish(t, "")
	p.year()
	ctx := p.tab(t)
	browser.Do(t, ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	show(t, ctx, look{width: 1000}, p.url+"/?hl=fr")
	// Without scripts nothing can be waited for but the next page.
	click := func(selector string) {
		t.Helper()
		if _, err := chromedp.RunResponse(ctx, chromedp.Click(selector)); err != nil {
			t.Fatalf("%s: %v", selector, err)
		}
	}
	at := func(want string) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Location())
		if err != nil || got != p.url+want {
			t.Errorf("at %s (%v), want %s", got, err, want)
		}
	}
	click(`#by-topic a[href*="topic=health"]`)
	at("/feeds/all.html?topic=health&hl=fr")
	click(`#by-lang a[href*="lang=es"]`)
	at("/feeds/all.html?lang=es&topic=health&hl=fr")
	browser.Do(t, ctx, chromedp.SendKeys("#q", "Nota"))
	click(".search button")
	at("/feeds/all.html?q=Nota&lang=es&topic=health&hl=fr")
	if n, err := chromedp.Run(ctx, chromedp.Nodes("main article")); err != nil || len(n) == 0 {
		t.Errorf("no statement after searching: %v", err)
	}
	click(`.only a`)
	at("/feeds/all.html?q=Nota&topic=health&hl=fr")
	show(t, ctx, look{width: 1000}, p.url+"/")
	click(".pages a")
	if u, _ := chromedp.Run(ctx, chromedp.Location()); !strings.Contains(u, "after=") {
		t.Errorf("older statements at %s", u)
	}
	browser.Do(t, ctx, chromedp.Click("#embed summary"), chromedp.WaitVisible("#embed-size"), chromedp.SendKeys("#embed-size", "small"))
	click("#embed button")
	if v, err := chromedp.Run(ctx, chromedp.TextContent("#snippet")); err != nil || !strings.Contains(v, `height="280"`) || !strings.Contains(v, "/embed/all?") {
		t.Errorf("the snippet is %q (%v)", v, err)
	}
	browser.Do(t, ctx, chromedp.Click("#subscribe summary"), chromedp.WaitVisible("#address-atom"))
	click("main article h2 a")
	click(".languages a[lang=ar]")
	if dir, err := chromedp.Run(ctx, chromedp.AttributeValue("html", "dir")); err != nil || dir.Value != "rtl" {
		t.Errorf("in Arabic: dir=%q (%v)", dir.Value, err)
	}
}

func TestWithScriptsChoicesNeedNoReload(t *testing.T) {
	p := publish(t, "")
	p.year()
	ctx := p.tab(t)
	show(t, ctx, look{width: 1200}, p.url+"/")
	browser.Eval[bool](t, ctx, "window.same = true")
	browser.Do(t, ctx, chromedp.Click(`#by-topic a[href*="topic=health"]`))
	browser.Until(t, ctx, `location.search === "?topic=health" && document.querySelector(".only")`)
	if !browser.Eval[bool](t, ctx, `window.same === true && document.activeElement === document.querySelector("h1") && document.querySelector("[role=status]").textContent.includes("statement")`) {
		t.Error("after a choice the page was loaded anew, or focus and screen readers were left behind")
	}
	if got := browser.Eval[string](t, ctx, `document.querySelector("link[type='application/atom+xml']").href`); got != p.url+"/feeds/all.atom?topic=health" {
		t.Errorf("the feed that a browser finds is %s", got)
	}
	browser.Do(t, ctx, chromedp.SendKeys("#q", "note"), chromedp.SendKeys("#q", kb.Enter))
	browser.Until(t, ctx, `location.search.includes("q=note") && document.querySelector("#q").value === "note"`)
	browser.Do(t, ctx, chromedp.Click(`.only a[href$="topic=health"]`))
	browser.Until(t, ctx, `location.search === "?topic=health" && document.querySelectorAll(".only li").length === 1`)
	browser.Eval[bool](t, ctx, "history.back(); true")
	browser.Until(t, ctx, `location.search.includes("q=note") && document.querySelectorAll(".only li").length === 2`)
	if !browser.Eval[bool](t, ctx, "window.same === true") {
		t.Error("a full reload came in between")
	}
	// The copy button tells that it copied.
	browser.Do(t, ctx, chromedp.Click("#subscribe summary"), chromedp.Click("#subscribe .copy button"))
	browser.Until(t, ctx, `document.querySelector("#subscribe .copy button").textContent === "Copied"`)
	if got := browser.Eval[string](t, ctx, `String(getSelection()) || document.activeElement.value || document.querySelector("#address-atom").value`); !strings.Contains(got, ".atom") {
		t.Errorf("copied %q", got)
	}
	// The embed box follows what is chosen.
	browser.Do(t, ctx, chromedp.Click("#embed summary"))
	browser.Eval[bool](t, ctx, `const s = document.querySelector("#embed-theme"); s.value = "dark"; s.dispatchEvent(new Event("change", {bubbles: true}))`)
	browser.Until(t, ctx, `document.querySelector("#snippet").value.includes("theme=dark") && document.querySelector("iframe.preview")`)
	// Who goes through the values by the keyboard stays in the field, and the way back does not lead through each.
	browser.Eval[bool](t, ctx, `document.querySelector("#embed-size").value = "small"; document.querySelector("#embed-size").focus(); window.entries = history.length; true`)
	for _, size := range []string{"medium", "large"} {
		browser.Do(t, ctx, chromedp.KeyEvent(kb.ArrowDown))
		browser.Until(t, ctx, `document.querySelector("#snippet").value.includes("height=`+size+`")`)
		if got := browser.Eval[string](t, ctx, `document.activeElement.id + " " + (history.length - window.entries)`); got != "embed-size 0" {
			t.Errorf("after choosing %s focus is on, with so many steps back: %q", size, got)
		}
	}
	browser.Do(t, ctx, chromedp.Click("form.embed button"))
	browser.Until(t, ctx, `document.activeElement === document.querySelector("#embed summary")`)
	// What leads to another kind of page is left to the browser.
	browser.Do(t, ctx, chromedp.Click("main article h2 a"))
	browser.Until(t, ctx, `location.pathname.startsWith("/statements/") && document.readyState === "complete"`)
	// On the page of a language another can be chosen, and none.
	browser.Do(t, ctx, chromedp.Navigate(p.url+"/feeds/all.html?lang=ar&hl=en#embed"), chromedp.Click("#embed summary"))
	for _, language := range []string{"fr", "any", "ar"} {
		browser.Eval[bool](t, ctx, `document.querySelector("#embed-lang").value = "`+language+`"; document.querySelector("#embed-lang").dispatchEvent(new Event("change", {bubbles: true}))`)
		browser.Until(t, ctx, `document.querySelector("#embed-lang").value === "`+language+`" && document.querySelector("#snippet").value.includes("lang=`+language+`") === `+fmt.Sprint(language != "any")+
			` && document.querySelector("iframe.preview").src.includes("lang=") === `+fmt.Sprint(language != "any"))
	}
}

func TestEverythingIsReachedByTheKeyboard(t *testing.T) {
	p := publish(t, "")
	ctx := p.tab(t)
	show(t, ctx, look{width: 1200}, p.url+"/")
	const where = `(e => e.id || e.className || e.textContent.trim())(document.activeElement)`
	var walk []string
	for range 300 {
		browser.Do(t, ctx, chromedp.KeyEvent(kb.Tab))
		at := browser.Eval[string](t, ctx, where)
		walk = append(walk, at)
		if !browser.Eval[bool](t, ctx, `(e => { const s = getComputedStyle(e), r = e.getBoundingClientRect(); return e === document.body || s.outlineStyle !== "none" && r.width > 0 && r.bottom > 0 && r.top < innerHeight })(document.activeElement)`) {
			t.Fatalf("focus on %q cannot be seen", at)
		}
		if at == "OPML" {
			break
		}
	}
	if len(walk) == 0 || walk[0] != "skip" {
		t.Fatalf("the first stop is %q, want the link that skips to the content", walk)
	}
	for _, stop := range []string{"name", "Overview", "العربية", "q", "Search", "Subscribe", "Show this on your site", "OPML"} {
		if !slices.Contains(walk, stop) {
			t.Errorf("no stop at %q in %q", stop, walk)
		}
	}
	filters := browser.Eval[int](t, ctx, `document.querySelectorAll("aside a").length`)
	if n := slices.Index(walk, "OPML"); n < filters {
		t.Errorf("%d stops, fewer than there are filters", n)
	}
	show(t, ctx, look{width: 1200}, p.url+"/")
	browser.Do(t, ctx, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	browser.Until(t, ctx, `document.activeElement.id === "main"`)
}

func TestLanguageIsThatOfTheReader(t *testing.T) {
	p := publish(t, "")
	ask := func(path, accept string) (string, http.Header) {
		t.Helper()
		req, _ := http.NewRequest("GET", p.url+path, nil)
		req.Header.Set("Accept-Language", accept)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), res.Header
	}
	for accept, want := range map[string]string{"": "en", "fr-CH, en;q=0.9": "fr", "de, ar;q=0.4, en;q=0.3": "ar", "zh": "en", "pt-BR": "pt", "es;q=0, en;q=0.1": "en", "*": "en"} {
		for _, path := range []string{"/", "/feeds", "/overview", "/feeds/topic/health.html", p.statement("Honduras")} {
			page, h := ask(path, accept)
			if !strings.Contains(page, `<html lang="`+want+`"`) || h.Get("Content-Language") != want || !strings.Contains(h.Get("Vary"), "Accept-Language") {
				t.Errorf("%s for %q: %.80q %v, want %s", path, accept, page, h, want)
			}
		}
	}
	page, h := ask("/feeds?hl=es", "fr")
	if !strings.Contains(page, `<html lang="es"`) || strings.Contains(h.Get("Vary"), "Accept-Language") || !strings.Contains(page, `<link rel="canonical" href="`+p.url+`/feeds?hl=es">`) {
		t.Errorf("hl=es: %v %.600s", h, page)
	}
	if a, _ := ask("/feeds/all.atom", "fr"); strings.Contains(a, "hl=") {
		t.Error("a feed knows of the site's language")
	}
}

// Right to left, everything begins at the same edge, and what is in another language
// keeps that language's letters.
func TestArabicPagesBeginAtTheRight(t *testing.T) {
	p := publish(t, "")
	p.year()
	ctx := p.tab(t)
	show(t, ctx, look{width: 1000}, p.url+"/feeds?hl=ar")
	if off := browser.Eval[string](t, ctx, `[...document.querySelectorAll(".list table")].flatMap(t => [...t.querySelectorAll("tr > :first-child")].map(c => {
		const r = document.createRange(); r.selectNodeContents(c); return Math.round(t.getBoundingClientRect().right - r.getBoundingClientRect().right) })).filter(d => d).join()`); off != "" {
		t.Errorf("cells of a table begin so far from its edge: %s px", off)
	}
	show(t, ctx, look{width: 1000}, p.url+"/?hl=ar")
	if got := browser.Eval[string](t, ctx, `(h => h ? getComputedStyle(h).fontFamily : "no English title")(document.querySelector("article h2[lang=en]"))`); !strings.HasPrefix(got, "Charter") {
		t.Errorf("an English title is written in %s", got)
	}
	if got := browser.Eval[string](t, ctx, `getComputedStyle(document.querySelector("article h2[lang=ar]")).fontFamily`); !strings.Contains(got, "Naskh") {
		t.Errorf("an Arabic title is written in %s", got)
	}
}

// Who has colours of their own (forced-colors) still sees which of the links is this page.
func TestThisPageIsMarkedInAnyColours(t *testing.T) {
	p := publish(t, "")
	ctx := p.tab(t)
	browser.Do(t, ctx, chromedp.EmulateViewport(1000, 800), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}})
		return err
	}))
	for _, path := range []string{"/overview?hl=fr", p.statement("Honduras") + "?hl=fr"} {
		browser.Do(t, ctx, chromedp.Navigate(p.url+path))
		for _, list := range []string{"header .menu", "header .languages", ".tabs"} {
			got := browser.Eval[string](t, ctx, `[...document.querySelectorAll("`+list+` a")].filter(a => getComputedStyle(a).borderBottomWidth !== "0px" || getComputedStyle(a).borderTopWidth !== "0px")
				.filter(a => getComputedStyle(a)[a.closest(".tabs") ? "borderTopColor" : "borderBottomColor"] !== getComputedStyle(document.documentElement).backgroundColor).map(a => a.hasAttribute("aria-current")).join()`)
			if got != "true" && got != "" || got == "" && browser.Eval[bool](t, ctx, `!!document.querySelector("`+list+` [aria-current]")`) {
				t.Errorf("%s: marked in %s are %q, want the current one alone", path, list, got)
			}
		}
	}
}

// firstView is the most that the first view may have on the wire, in octets.
const firstView = 60 << 10

func TestFirstViewIsSmall(t *testing.T) {
	p := publish(t, "")
	p.year()
	size := func(path, coding string) (int, []byte) {
		t.Helper()
		req, _ := http.NewRequest("GET", p.url+path, nil)
		req.Header.Set("Accept-Encoding", coding)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %s %v", path, res.Status, err)
		}
		return len(b), b
	}
	for _, path := range []string{"/", "/?hl=ar", "/overview", "/feeds", p.statement("Honduras")} {
		plain, page := size(path, "identity")
		total, _ := size(path, "gzip")
		assets := 0
		for _, name := range []string{"/assets/site-", "/assets/icon-"} {
			for rest := string(page); ; {
				i := strings.Index(rest, `"`+name)
				if i < 0 {
					break
				}
				rest = rest[i+1:]
				file := rest[:strings.IndexByte(rest, '"')]
				n, _ := size(file, "gzip")
				assets += n
			}
		}
		t.Logf("%-30s %6d octets of HTML, %5d as gzip, with what it loads %5d", path, plain, total, total+assets)
		if total+assets > firstView || path == "/" && plain > firstView {
			t.Errorf("%s: %d octets of HTML, %d on the wire, want at most %d", path, plain, total+assets, firstView)
		}
	}
}

// hostile serves a feed in each format with every line of testdata/xss.txt in
// every field.
func hostile(t *testing.T) (sources string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "xss.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []string
	for _, line := range strings.Split(string(b), "\n") {
		if line != "" && !strings.HasPrefix(line, "# ") {
			vectors = append(vectors, line)
		}
	}
	esc := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
		return b.String()
	}
	var rss, atom strings.Builder
	var items []map[string]any
	day := time.Now().UTC().Add(-24 * time.Hour)
	for i, v := range vectors {
		e := esc(v)
		at := day.Add(-time.Duration(i) * time.Minute)
		// Words of its own make each a statement of its own.
		fmt.Fprintf(&rss, `<item><title>rss %[1]d %[2]s</title><link>https://evil.example/rss/%[1]d?%[2]s</link><guid isPermaLink="false">rss-%[1]d-%[2]s</guid><author>%[2]s</author><dc:creator>%[2]s</dc:creator>
<category domain="%[2]s">%[2]s</category><pubDate>%[3]s</pubDate><description>%[2]s teaser %[1]d</description><content:encoded>rss text number %[1]d: %[2]s</content:encoded>
<enclosure url="https://evil.example/%[2]s" type="%[2]s" length="1"/><source url="https://evil.example/%[2]s">%[2]s</source><media:thumbnail url="%[2]s"/></item>`, i, e, at.Format(time.RFC1123))
		fmt.Fprintf(&atom, `<entry xml:lang="%[4]s"><title type="html">atom %[1]d %[2]s</title><id>tag:evil.example,2026:%[1]d-%[2]s</id><link href="%[2]s"/><link rel="enclosure" href="%[2]s" title="%[2]s" type="%[2]s"/>
<link rel="alternate" href="https://evil.example/atom/%[1]d"/><author><name>%[2]s</name><uri>%[2]s</uri></author><category term="%[2]s" label="%[2]s" scheme="%[2]s"/><updated>%[3]s</updated><published>%[3]s</published>
<rights type="html">%[2]s</rights><summary type="html">%[2]s teaser %[1]d</summary><content type="html">atom text number %[1]d: %[2]s</content></entry>`, i, e, at.Format(time.RFC3339), []string{"en", "ar", e}[i%3])
		items = append(items, map[string]any{"id": fmt.Sprint("json-", i, v), "title": fmt.Sprint("json ", i, " ", v), "url": "https://evil.example/json/" + fmt.Sprint(i), "external_url": v, "content_html": fmt.Sprint("json text number ", i, ": ", v),
			"summary": v, "image": v, "banner_image": v, "tags": []string{v}, "authors": []map[string]string{{"name": v, "url": v, "avatar": v}}, "language": v, "date_published": at.Format(time.RFC3339),
			"attachments": []map[string]any{{"url": "https://evil.example/" + v, "mime_type": v, "title": v}}})
	}
	all := esc(strings.Join(vectors[:8], " "))
	documents := map[string]string{
		"/rss":  `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>` + all + `</title><link>javascript:pwned(1)</link><description>` + all + `</description><language>` + all + `</language><copyright>` + all + `</copyright>` + rss.String() + `</channel></rss>`,
		"/atom": `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title type="html">` + all + `</title><id>javascript:pwned(1)</id><link href="javascript:pwned(1)"/><updated>2026-01-01T00:00:00Z</updated><icon>javascript:pwned(1)</icon>` + atom.String() + `</feed>`,
	}
	feed, err := json.Marshal(map[string]any{"version": "https://jsonfeed.org/version/1.1", "title": strings.Join(vectors[:8], " "), "home_page_url": "javascript:pwned(1)", "icon": "javascript:pwned(1)", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	documents["/json"] = string(feed)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/json" {
			w.Header().Set("Content-Type", "application/feed+json")
		} else {
			w.Header().Set("Content-Type", "application/xml")
		}
		_, _ = io.WriteString(w, documents[r.URL.Path])
	}))
	t.Cleanup(srv.Close)
	for name := range documents {
		sources += fmt.Sprintf("  - {id: hostile-%s, url: \"%s%s\"}\n", name[1:], srv.URL, name)
	}
	return sources
}

// smuggled finds in a page what we did not put there and what may act.
const smuggled = `(() => {
  const out = [], say = (what, e) => out.push(what + ": " + e.outerHTML.slice(0, 200));
  if (window.pwned !== undefined) out.push("pwned ran");
  for (const e of document.querySelectorAll("*")) {
    for (const a of e.attributes) {
      if (/^on/i.test(a.name) || a.name === "style" || a.name === "srcdoc" || a.name === "formaction") say(a.name, e);
      if (["href", "src", "action", "data", "poster", "xlink:href"].includes(a.name) && /^\s*(javascript|vbscript|data):/i.test(a.value.replace(/[\u0000-\u0020]/g, ""))) say(a.name, e);
    }
    switch (e.localName) {
    case "script": if (!(e.src && new URL(e.src).pathname.startsWith("/assets/")) && e.type !== "application/ld+json") say("script", e); break;
    case "iframe": case "object": case "embed": case "base": case "style": case "math": case "applet": case "frame": case "portal": case "video": case "audio": case "template": say(e.localName, e); break;
    case "form": if (!e.matches(".search, .embed")) say("form", e); break;
    case "input": case "button": case "textarea": case "select": if (!e.closest(".search, .embed, .copy")) say(e.localName, e); break;
    case "meta": if (e.httpEquiv) say("meta", e); break;
    case "link": if (e.rel === "stylesheet" && !new URL(e.href).pathname.startsWith("/assets/")) say("link", e); break;
    case "img": if (!new URL(e.src).pathname.startsWith("/assets/")) say("img", e); break;
    case "main": case "h1": if (document.querySelectorAll(e.localName).length !== 1) say("another " + e.localName, e); break;
    case "svg": if (!e.matches(".chart, .spark, .key")) say("svg", e); break;
    }
    if (e.closest(".text") && (e.id || e.className && !["picture", "scroll", "text"].includes(e.className))) say("id or class", e);
  }
  for (const s of document.querySelectorAll("script[type='application/ld+json']")) try { JSON.parse(s.textContent) } catch (e) { out.push("JSON-LD: " + e) }
  return out;
})()`

func TestNothingThatASourceSmuggledInGetsIntoAPage(t *testing.T) {
	p := publish(t, hostile(t))
	paths := map[string][]string{}
	for _, format := range []string{"rss", "atom", "json"} {
		source := feeds.SourceID("hostile-" + format)
		page, err := p.store.Select(feeds.Query{Sources: []feeds.SourceID{source}, Limit: 500})
		if err != nil || len(page.Heads) < 40 {
			t.Fatalf("%s: %d statements, %v; the vectors did not come through the line", source, len(page.Heads), err)
		}
		for _, h := range page.Heads {
			paths[format] = append(paths[format], "/statements/"+string(h.ID))
		}
		paths[format] = append(paths[format], "/feeds/source/"+string(source)+".html")
		paths[format] = append(paths[format], "/feeds/source/"+string(source)+".html?embed_size=small#embed")
	}
	paths["addresses"] = append(paths["addresses"], "/", "/feeds", "/overview",
		"/feeds/all.html?q="+url.QueryEscape(`"><script>pwned(1)</script>`), "/feeds/topic/"+url.PathEscape(`<img src=x onerror=pwned(1)>`)+".html",
		"/statements/"+url.PathEscape(`"><svg onload=pwned(1)>`), "/?hl="+url.QueryEscape(`"><script>pwned(1)</script>`), "/?after="+url.QueryEscape(`1."><script>pwned(1)</script>`))
	for name, paths := range paths {
		t.Run(name, func(t *testing.T) {
			ctx := p.tab(t)
			for _, path := range paths {
				show(t, ctx, look{width: 1000}, p.url+path)
				browser.Do(t, ctx, open)
				for _, what := range browser.Eval[[]string](t, ctx, smuggled) {
					if strings.Contains(path, "embed_size") && strings.HasPrefix(what, "iframe: <iframe class=\"preview\"") {
						continue
					}
					t.Errorf("%s: %s", path, what)
				}
			}
			t.Logf("%d pages", len(paths))
		})
	}
}

// TestPictures keeps pictures of the pages for people to look at.
func TestPictures(t *testing.T) {
	p := publish(t, "")
	p.year()
	statement := p.statement("Honduras")
	for name, path := range map[string]string{"front": "/", "feed": "/feeds/region/americas.html?topic=health", "feeds": "/feeds", "overview": "/overview", "statement": statement, "error": "/feeds/topic/nosuch.html"} {
		ctx := p.tab(t)
		for look, l := range map[string]look{"360": {width: 360}, "768": {width: 768}, "1280": {width: 1280}, "dark": {width: 1280, dark: true}, "print": {width: 800, print: true}} {
			show(t, ctx, l, p.url+path)
			browser.Shoot(t, ctx, "site-"+name+"-"+look)
		}
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		show(t, ctx, look{width: 1280}, p.url+path+mark+"hl=ar")
		browser.Shoot(t, ctx, "site-"+name+"-arabic")
		show(t, ctx, look{width: 360}, p.url+path+mark+"hl=ar")
		browser.Shoot(t, ctx, "site-"+name+"-arabic-360")
	}
	boxes := "/feeds/topic/health.html?hl=es&embed_size=medium#embed"
	ctx := p.tab(t)
	show(t, ctx, look{width: 1000}, p.url+boxes)
	browser.Do(t, ctx, open)
	browser.Shoot(t, ctx, "site-boxes")
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil || len(pdf) < 1000 {
		t.Errorf("print: %d octets, %v", len(pdf), err)
	}
}

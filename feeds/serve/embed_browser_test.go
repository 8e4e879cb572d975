package serve

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"communique/feeds"
	"communique/internal/browser"
)

// partnerSite is our site at news.localhost and a site of somebody else's, which
// answers with pages by path, whatever its name: a.localhost, b.localhost.
type partnerSite struct {
	*site
	base  string // of ours
	port  string // of the other
	asked atomic.Int64

	mu    sync.Mutex // a browser asks, for an icon say, while a test goes on
	pages map[string]string
	csp   string // of the other's pages
	coep  string // Cross-Origin-Embedder-Policy of the other's pages
}

// put makes the other site answer with a page at a path.
func (p *partnerSite) put(path, page string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[path] = page
}

// guard makes the other site send these policies with its pages; "" is none.
func (p *partnerSite) guard(csp, coep string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.csp, p.coep = csp, coep
}

func newPartnerSite(t *testing.T, change ...func(*Options)) *partnerSite {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &partnerSite{base: "http://news.localhost:" + fmt.Sprint(l.Addr().(*net.TCPAddr).Port), pages: map[string]string{}}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		page, ok := p.pages[r.URL.Path]
		csp, coep := p.csp, p.coep
		p.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if csp != "" {
			w.Header().Set("Content-Security-Policy", csp)
		}
		if coep != "" {
			w.Header().Set("Cross-Origin-Embedder-Policy", coep)
		}
		fmt.Fprintf(w, "<!doctype html><html lang=\"en\"><meta name=\"viewport\" content=\"width=device-width\"><title>Partner</title><main><h1>Partner</h1>%s</main></html>", page)
	}))
	t.Cleanup(other.Close)
	_, p.port, _ = net.SplitHostPort(strings.TrimPrefix(other.URL, "http://"))
	p.site = newSite(t, append([]func(*Options){func(o *Options) { o.Site.BaseURL = p.base }}, append(change, func(o *Options) {
		for i := range o.Partners { // ports are known only now
			for j := range o.Partners[i].Origins {
				o.Partners[i].Origins[j] = strings.ReplaceAll(o.Partners[i].Origins[j], "PORT", p.port)
			}
		}
	})...)...)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/feeds/") {
			p.asked.Add(1)
		}
		p.server.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = srv.Close() })
	return p
}

func (p *partnerSite) at(host, path string) string {
	return "http://" + host + ".localhost:" + p.port + path
}

// inFrame gives a tab's frame of another site, whose address begins with prefix,
// as soon as it is there: a lazy one is no part of the page's loading.
func inFrame(t *testing.T, ctx context.Context, prefix string) context.Context {
	t.Helper()
	var seen []string
	for ctx.Err() == nil {
		infos, err := chromedp.Targets(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen = nil
		for _, info := range infos {
			seen = append(seen, info.Type+" "+info.URL)
			if info.Type == "iframe" && strings.HasPrefix(info.URL, prefix) {
				in, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(target.ID(info.TargetID)))
				t.Cleanup(cancel)
				return in
			}
		}
	}
	t.Fatalf("no frame of %s among %q", prefix, seen)
	return nil
}

// hostile are titles that would like to be more, and which show as they are.
var hostile = []string{`<img src=x onerror="document.title='owned'">`, `" onmouseover="document.title='owned'" x="{{7*7}} javascript:alert(1)`}

func TestAnEmbedIsShownToItsPartnerAndToNobodyElse(t *testing.T) {
	p := newPartnerSite(t, func(o *Options) {
		o.Framers, o.Partners = FramedByPartners, []Partner{{Name: "a", Origins: []string{"http://a.localhost:PORT"}, Feeds: []string{"topic/health"}, Credit: "By the Harbour offices", Scheme: "auto"}}
	})
	for i := range 4 {
		p.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	for _, title := range hostile {
		p.say("north", "en", title, health)
	}
	p.put("/", `<iframe id="f" title="Statements" width="600" height="480" src="`+p.base+`/embed/topic/health?partner=a&amp;heading=2&amp;height=medium"></iframe>`)
	ctx := browser.Open(t)
	// Scripts are off: the frame needs none.
	browser.Do(t, ctx, chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
	in := inFrame(t, ctx, p.base)
	text, err := chromedp.Run(in, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range append([]string{"Clinics 3", "By the Harbour offices", "10 March 2026", "English"}, hostile...) {
		if !strings.Contains(text, want) {
			t.Errorf("the partner's frame lacks %q:\n%s", want, text)
		}
	}
	browser.Shoot(t, ctx, "embed-frame")

	if n := browser.Eval[int](t, in, `document.querySelectorAll("img, script, [onmouseover]").length`); n != 0 {
		t.Errorf("%d titles became markup", n)
	}

	p.put("/around", `<iframe title="Partner" width="700" height="600" src="`+p.at("a", "/")+`"></iframe>`)
	for name, at := range map[string]string{"another site": p.at("b", "/"), "another frame around the partner's": p.at("b", "/around")} {
		tab, cancel := context.WithTimeout(browser.Open(t), 30*time.Second)
		defer cancel()
		browser.Do(t, tab, chromedp.Navigate("about:blank"))
		gone := make(chan error, 1)
		refused := make(chan bool, 1)
		go func() {
			for m, err := range chromedp.Console(tab) {
				if err != nil {
					break
				}
				if strings.Contains(m.Text, "frame-ancestors") && strings.Contains(m.Text, "violates") {
					refused <- true
					return
				}
			}
			refused <- false
		}()
		gone <- chromedp.Do(tab, chromedp.Navigate(at))
		if !<-refused {
			t.Errorf("%s is not refused (%v)", name, <-gone)
		}
		browser.Shoot(t, tab, "embed-refused")
	}
}

func TestAFrameTellsItsHeightAlsoFromASandbox(t *testing.T) {
	p := newPartnerSite(t)
	for i := range 9 {
		p.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	src := p.base + "/embed/all?resize=1&amp;heading=2"
	p.put("/", `<script src="`+p.base+`/embed.js" async></script>
<iframe id="plain" title="Plain" width="600" height="90" src="`+src+`"></iframe>
<iframe id="boxed" title="Boxed" width="320" height="90" src="`+src+`&amp;limit=3" sandbox="allow-scripts"></iframe>
<iframe id="other" title="Other" width="600" height="90" src="`+p.at("b", "/other")+`"></iframe>`)
	// A frame that is not ours may say so, and nothing comes of it.
	p.put("/other", `<script>for (let i = 0; i < 9; i++) parent.postMessage({communique: "height", height: 333}, "*")</script>`)
	ctx := browser.Open(t)
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
	browser.Until(t, ctx, `+plain.height > 300 && +boxed.height > 200`)
	if got := browser.Eval[string](t, ctx, `other.height`); got != "90" {
		t.Errorf("somebody else's frame is %s pixels high, want 90", got)
	}
	got := browser.Eval[[]float64](t, ctx, `[plain, boxed].map((f) => +f.height)`)
	if got[0] == got[1] || got[0] > 2000 {
		t.Errorf("heights are %v", got)
	}
	in := inFrame(t, ctx, p.base)
	if over := browser.Eval[bool](t, in, `document.documentElement.scrollHeight > innerHeight + 1`); over {
		t.Error("a frame still has to be scrolled")
	}
	browser.Shoot(t, ctx, "embed-resize")

	// A page that wants everything in it to say that it may be there.
	p.guard("", "require-corp")
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
	browser.Until(t, ctx, `+plain.height > 300 && +boxed.height > 200`)
	p.guard("", "")

	// WordPress hands frames a secret, and reads other words.
	p.put("/wp", `<script>window.told = []; addEventListener("message", (e) => { if (e.data.secret) told.push(e.data) })</script>
<iframe id="wp" title="As WordPress does it" width="600" height="90" sandbox="allow-scripts" src="`+src+`#?secret=abcDEF1234"></iframe>`)
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/wp")))
	browser.Until(t, ctx, `told.length > 0`)
	in = inFrame(t, ctx, p.base)
	browser.Eval[bool](t, in, `(document.querySelector(".title a").click(), true)`)
	browser.Until(t, ctx, `told.length > 1`)
	if told := browser.Eval[string](t, ctx, `JSON.stringify([told[0].message, told[0].value > 300, told[0].secret, told.at(-1).message, new URL(told.at(-1).value).pathname.slice(0, 12)])`); told != `["height",true,"abcDEF1234","link","/statements/"]` {
		t.Errorf("WordPress is told %s", told)
	}
}

// strict is a policy as strict as it gets with an element of ours in the page.
func (p *partnerSite) strict() string {
	return "default-src 'none'; script-src " + p.base + "; connect-src " + p.base + "; style-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
}

// visible gives what an element shows, as a reader sees it.
const visible = `[...document.querySelectorAll("communique-feed")].map((e) => {
	const open = (n) => n.nodeType === 3 ? n.data : n.localName === "slot" ? n.assignedNodes().map(open).join("") : [...(n.shadowRoot || n).childNodes].map(open).join(" ");
	return open(e).replace(/\s+/g, " ").trim();
})`

func TestTheElementWorksUnderAStrictPolicyAndTwiceInAPage(t *testing.T) {
	p := newPartnerSite(t)
	for i := range 3 {
		p.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	p.say("south", "ar", "عيادات جديدة في الميناء", health)
	p.say("south", "es", "Cifras", data)
	for _, title := range hostile {
		p.say("south", "es", title, data)
	}
	script := p.get("/embed.js")
	sum := sha512.Sum384(script.body)
	page := `<script src="` + p.base + `/embed.js" async crossorigin="anonymous" integrity="sha384-` + base64.StdEncoding.EncodeToString(sum[:]) + `"></script>
<communique-feed id="one" src="` + p.base + `/feeds/topic/health.json" heading="2"><a href="` + p.base + `/feeds/topic/health.html">Statements on health</a></communique-feed>
<communique-feed id="two" src="` + p.base + `/feeds/topic/health.json" heading="none" theme="dark"><a href="/x">Fallback</a></communique-feed>
<communique-feed id="three" src="` + p.base + `/feeds/topic/data.html" limit="2" lang="es" heading="4"><a href="/x">Fallback</a></communique-feed>
<communique-feed id="four" src="` + p.base + `/feeds/topic/nothing.json"><a href="/x">Nothing there</a></communique-feed>
<communique-feed id="five" src="javascript:alert(1)"><a href="/x">No address</a></communique-feed>`
	p.put("/", page)
	p.guard(p.strict(), "")
	ctx := browser.Open(t)
	asked := p.asked.Load()
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
	browser.Until(t, ctx, `["one", "two", "three"].every((id) => document.getElementById(id).shadowRoot?.querySelector("li"))`)
	got := browser.Eval[[]string](t, ctx, visible)
	for i, want := range [][]string{
		{"Health – Harbour", "Clinics 2", "عيادات", "south", "العربية", "10 March 2026", "All statements"},
		{"Clinics 2", "عيادات"},
		{hostile[0], hostile[1], "10 de marzo de 2026", "Todos los comunicados", "Español"},
		{"Nothing there"},
		{"No address"},
	} {
		for _, w := range want {
			if !strings.Contains(got[i], w) {
				t.Errorf("element %d lacks %q: %s", i+1, w, got[i])
			}
		}
	}
	if strings.Contains(got[0], "Statements on health") || strings.Contains(got[2], "Cifras") {
		t.Errorf("the fallback stays, or the limit is not kept: %q", got)
	}
	if n := p.asked.Load() - asked; n != 3 { // health once for two, data, nothing
		t.Errorf("feeds were asked for %d times, want 3", n)
	}
	detail := browser.Eval[string](t, ctx, `JSON.stringify({
		heads: ["one", "two", "three"].map((id) => document.getElementById(id).shadowRoot.querySelectorAll("h2,h3,h4,h5").length + " " + (document.getElementById(id).shadowRoot.querySelector("[part=title]").localName)),
		links: [...one.shadowRoot.querySelectorAll("a")].every((a) => /^http/.test(a.href) && a.target === "_blank" && a.rel === "noopener"),
		arabic: (e => [e.lang, getComputedStyle(e).direction].join(" "))([...one.shadowRoot.querySelectorAll("[part=title]")].find((e) => /[ء-ي]/.test(e.textContent))),
		dark: getComputedStyle(two.shadowRoot.querySelector("[part=feed]")).backgroundColor,
		light: getComputedStyle(one.shadowRoot.querySelector("[part=feed]")).backgroundColor,
		markup: three.shadowRoot.querySelectorAll("img,script,style").length,
		title: document.title})`)
	var d struct {
		Heads               []string
		Links               bool
		Arabic, Dark, Light string
		Markup              int
		Title               string
	}
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(d.Heads) != "[5 h3 0 p 3 h5]" || !d.Links || d.Arabic != "ar rtl" || d.Dark != "rgb(20, 24, 31)" || d.Light != "rgb(255, 255, 255)" || d.Markup != 0 || d.Title != "Partner" {
		t.Errorf("got %s", detail)
	}
	browser.Shoot(t, ctx, "embed-element")

	// What is withdrawn is gone at the next load, though the feed may be kept for
	// minutes.
	p.append(&feeds.Moderated{Statement: "statement0000001", Hide: true, By: "desk"})
	browser.Do(t, ctx, chromedp.Reload())
	browser.Until(t, ctx, `document.getElementById("one")?.shadowRoot?.querySelector("li")`)
	if got := browser.Eval[[]string](t, ctx, visible); strings.Contains(got[0], "Clinics 0") || !strings.Contains(got[0], "Clinics 1") {
		t.Errorf("after the takedown: %s", got[0])
	}
}

func TestTheElementsFallbackIsShownWhereItCannotRun(t *testing.T) {
	p := newPartnerSite(t)
	p.say("north", "en", "Clinics", health)
	page := `<script src="` + p.base + `/embed.js" async></script>
<communique-feed src="` + p.base + `/feeds/all.json"><a id="fallback" href="` + p.base + `/feeds/all.html">All the statements</a></communique-feed>`
	for name, c := range map[string]struct{ csp, ready string }{
		"scripts blocked":  {"default-src 'none'", `document.readyState === "complete" && !customElements.get("communique-feed")`},
		"requests blocked": {"default-src 'none'; script-src " + p.base, `customElements.get("communique-feed")`},
		"wrong digest":     {"", `document.readyState === "complete" && !customElements.get("communique-feed")`},
	} {
		p.guard(c.csp, "")
		page := page
		if name == "wrong digest" {
			page = strings.Replace(page, " async>", ` async crossorigin="anonymous" integrity="sha384-`+strings.Repeat("A", 64)+`">`, 1)
		}
		p.put("/", page)
		ctx := browser.Open(t)
		browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
		browser.Until(t, ctx, c.ready)
		if !browser.Eval[bool](t, ctx, `fallback.checkVisibility() && fallback.getBoundingClientRect().height > 0`) {
			t.Errorf("%s: the fallback does not show", name)
		}
	}
}

func TestTheElementAsksAgainWhenItIsTimeAndSomebodyLooks(t *testing.T) {
	p := newPartnerSite(t)
	p.say("north", "en", "Clinics", health)
	// The clock and the timers are the test's: nobody waits five minutes.
	p.put("/", `<script>window.timers = []; let now = Date.now(); Date.now = () => now; window.later = (s) => { now += s * 1000 };
const real = setTimeout; setTimeout = (f, ms, ...a) => ms < 60000 ? real(f, ms, ...a) : timers.push([f, ms])</script>
<script src="`+p.base+`/embed.js" async></script>
<communique-feed id="e" src="`+p.base+`/feeds/all.json"><a href="/x">Fallback</a></communique-feed>`)
	ctx := browser.Open(t)
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/")))
	browser.Until(t, ctx, `e.shadowRoot?.querySelector("li") && e.visible && timers.length`)
	if got := browser.Eval[string](t, ctx, `timers.length + " " + timers[0][1]`); got != "1 300000" {
		t.Errorf("timers are %s, want one of the feed's max-age", got)
	}
	p.say("north", "en", "Figures", health)
	asked := p.asked.Load()
	browser.Eval[bool](t, ctx, `(timers[0][0](), dispatchEvent(new Event("focus")), document.dispatchEvent(new Event("visibilitychange")), true)`)
	if got := p.asked.Load(); got != asked {
		t.Errorf("asked %d times before it is time", got-asked)
	}
	browser.Eval[bool](t, ctx, `(later(301), timers[0][0](), true)`)
	browser.Until(t, ctx, `e.shadowRoot.textContent.includes("Figures") && timers.length === 2`)

	// Nobody sees it: it waits until somebody does.
	p.say("north", "en", "Harvest", health)
	browser.Eval[bool](t, ctx, `(e.style.cssText = "position: absolute; top: 9999px", true)`)
	browser.Until(t, ctx, `e.visible === false`)
	asked = p.asked.Load()
	browser.Eval[bool](t, ctx, `(later(301), timers[1][0](), true)`)
	if got := p.asked.Load(); got != asked {
		t.Errorf("asked %d times where nobody sees it", got-asked)
	}
	browser.Eval[bool](t, ctx, `(e.style.cssText = "", true)`)
	browser.Until(t, ctx, `e.shadowRoot.textContent.includes("Harvest")`)
	if got := p.asked.Load() - asked; got != 1 {
		t.Errorf("asked %d times when it is seen again, want once", got)
	}
}

// A webmaster copies what the guide shows.
func TestTheGuidesSnippetsWorkAsTheyStand(t *testing.T) {
	p := newPartnerSite(t)
	for i := range 12 {
		p.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	ctx := browser.Open(t)
	browser.Do(t, ctx, chromedp.Navigate(p.base+"/about/embed"))
	blocks := browser.Eval[[]string](t, ctx, `[...document.querySelectorAll("pre code.language-html")].map((c) => c.textContent)`)
	if len(blocks) != 4 {
		t.Fatalf("the guide has %d snippets, want 4: %q", len(blocks), blocks)
	}
	css := browser.Eval[string](t, ctx, `document.querySelector("pre code.language-css").textContent`)
	p.put("/frame", blocks[0])
	p.put("/resize", blocks[1])
	p.put("/element", blocks[2]+"<style>"+css+"</style>")
	script, element, ok := strings.Cut(blocks[2], "</script>")
	if !ok || !strings.Contains(script, "embed.js") || !strings.Contains(blocks[3], "integrity=") {
		t.Fatalf("the snippets are %q", blocks)
	}
	p.put("/pinned", blocks[3]+element)
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/frame")))
	if text, err := chromedp.Run(inFrame(t, ctx, p.base), chromedp.Text(chromedp.CSS("main"))); err != nil || !strings.Contains(text, "Clinics 11") {
		t.Errorf("the frame shows %q (%v)", text, err)
	}
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/resize")))
	browser.Until(t, ctx, `+document.querySelector("iframe").height > 600`)
	for _, path := range []string{"/element", "/pinned"} {
		browser.Do(t, ctx, chromedp.Navigate(p.at("a", path)))
		browser.Until(t, ctx, `document.querySelector("communique-feed").shadowRoot?.querySelectorAll("li").length === 5`)
	}
	browser.Do(t, ctx, chromedp.Navigate(p.at("a", "/element")))
	browser.Until(t, ctx, `document.querySelector("communique-feed").shadowRoot?.querySelector("[part=title]")`)
	if got := browser.Eval[string](t, ctx, `(r => getComputedStyle(r.querySelector("[part=title]")).fontFamily + " " + getComputedStyle(r.querySelector("[part=summary]")).display)(document.querySelector("communique-feed").shadowRoot)`); got != "Georgia, serif none" {
		t.Errorf("the guide's style gives %s", got)
	}
}

func TestFramesAndElementsAreAccessible(t *testing.T) {
	p := newPartnerSite(t, func(o *Options) { o.Partners, o.Framers = []Partner{coalition}, FramedByAnybody })
	p.say("north", "en", "Clinics open in the north of the harbour for all who arrive", health)
	id := p.say("south", "ar", "عيادات جديدة في الميناء تستقبل جميع القادمين", health)
	p.copy(id, "north", "fr", "Des cliniques ouvrent au nord du port", health)
	p.put("/", `<h2>News</h2><script src="`+p.base+`/embed.js" async></script>
<iframe title="Frame one" width="600" height="480" src="`+p.base+`/embed/topic/health?heading=3"></iframe>
<communique-feed id="one" src="`+p.base+`/feeds/topic/health.json" heading="2"><a href="/x">Statements</a></communique-feed>
<communique-feed id="two" theme="dark" src="`+p.base+`/feeds/topic/health.json" heading="2"><a href="/x">Statements</a></communique-feed>`)
	embed := p.base + "/embed/"
	for i, at := range []string{
		p.at("a", "/"), p.base + "/about/embed", embed + "topic/health", embed + "all?mode=cards&theme=dark", embed + "all?mode=compact&height=small", embed + "all?ui=ar&height=small&limit=3",
		embed + "statements/" + string(id) + "?lang=fr", embed + "topic/health?partner=coalition", embed + "topic/health?partner=coalition&theme=light", embed + "all?q=nothing", embed + "topic/none", embed + "statements/none",
	} {
		ctx := browser.Open(t)
		browser.Do(t, ctx, chromedp.EmulateViewport([]int64{320, 600, 1000}[i%3], 700), chromedp.Navigate(at))
		if i == 0 {
			browser.Until(t, ctx, `one.shadowRoot?.querySelector("li") && two.shadowRoot.querySelector("li")`)
		} else if browser.Eval[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`) {
			t.Errorf("%s scrolls sideways at %d pixels", at, []int64{320, 600, 1000}[i%3])
		}
		browser.Accessible(t, ctx, at)
		browser.Shoot(t, ctx, fmt.Sprintf("embed-look-%02d", i))
	}
}

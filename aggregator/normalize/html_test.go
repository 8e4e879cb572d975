package normalize

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"communique/internal/testkit"
)

const (
	feedURL = "https://example.org/press/feed.xml"
	pageURL = "https://example.org/press/2022/one"
)

func cleaned(s string) string { return New().clean(s, newBase(feedURL), pageURL).HTML }

func TestCleanKeepsWhatCarriesMeaning(t *testing.T) {
	for _, s := range []string{
		`<p dir="rtl" lang="ar">نص <bdi>عربي</bdi></p>`,
		`<table border="1"><caption>Arrivals</caption><thead><tr><th scope="col">Month</th></tr></thead><tbody><tr><td colspan="2">June</td></tr></tbody></table>`,
		`<table><tr><td>one</td></tr></table>`,
		`<figure><img src="https://example.org/a.jpg" alt="A &#34;boat&#34;" width="300" height="200"><figcaption>At sea</figcaption></figure>`,
		`<p>On <time datetime="2022-06-10">10 June</time>, l'OIM said "yes" &amp; left.</p>`,
		`<details open=""><summary>More</summary><p>Text</p></details>`,
		`<ol start="3" reversed=""><li>three</li><li>two</li></ol>`,
		`<blockquote cite="https://example.org/speech"><p>Words</p></blockquote>`,
		`<p class="lead"><a href="https://example.org/x" hreflang="fr" title="X">x</a></p>`,
		`<video src="https://example.org/v.mp4" poster="https://example.org/p.jpg" controls=""></video>`,
		"<p>zw\u200cnj<wbr>joiner</p>",
		"<pre>\n\n  two\n  lines</pre>",
		`plain &lt;b&gt; text`,
	} {
		if got := cleaned(s); got != s {
			t.Errorf("changed\n got %s\nwant %s", got, s)
		}
	}
}

func TestCleanDropsWhatHarmsAndKeepsItsText(t *testing.T) {
	for in, want := range map[string]string{
		`safe<script>alert(1)</script> text`:                                  `safe text`,
		`safe<style>p{color:red}</style> text`:                                `safe text`,
		`safe<iframe src="https://example.net/"> <b>text</b></iframe>`:        `safe <b>text</b>`,
		`safe<object data="x.swf"><p>text</p></object>`:                       `safe<p>text</p>`,
		`<form action="/x"><p>text</p><input name="a"></form>`:                `<p>text</p>`,
		`<svg><title>no</title><script>1</script></svg>text`:                  `text`,
		`<math><mi>a</mi><mo>+</mo></math>`:                                   `a+`,
		`<template><p>no</p></template>text`:                                  `text`,
		`<x-widget is="y" onclick="1">text</x-widget>`:                        `text`,
		`<p style="position:fixed" id="a" name="b" onclick="x()">text</p>`:    `<p>text</p>`,
		`<a href="javascript:alert(1)">text</a>`:                              `<a>text</a>`,
		`<a href=" java&#10;script:alert(1)">text</a>`:                        `<a>text</a>`,
		`<a href="data:text/html,x">text</a>`:                                 `<a>text</a>`,
		`<img src="data:image/gif;base64,R0">text`:                            `text`,
		`<img src=x onerror=alert(1)>`:                                        `<img src="https://example.org/press/x">`,
		`a<!-- secret -->b<!-->c`:                                             `abc`,
		`<b>open`:                                                             `<b>open</b>`,
		`</div></p>text</b>`:                                                  `<p></p>text`,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">x</p>`:  `<p title="&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;">x</p>`,
		`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`:     `<table></table>`,
		`<select><option>no</option></select>text`:                            `text`,
		`one<br></br>two`:                                                     `one<br>two`,
		`<p>` + "a\x00b\x08c" + `</p>`:                                        `<p>abc</p>`,
		"<p>\u202eevil\u202c</p>":                                             "<p>evil\u202c</p>",
		`<a href="https://example.org/?a=1&b=2" href="javascript:x">text</a>`: `<a href="https://example.org/?a=1&amp;b=2">text</a>`,
	} {
		if got := cleaned(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestCleanResolvesEveryReference(t *testing.T) {
	for in, want := range map[string]string{
		`<a href="../about">x</a>`:                                       `<a href="https://example.org/about">x</a>`,
		`<a href="//cdn.example.org/x">x</a>`:                            `<a href="https://cdn.example.org/x">x</a>`,
		`<a href="#note1">1</a>`:                                         `<a href="https://example.org/press/2022/one#note1">1</a>`,
		`<a href="mailto:press@example.org">x</a>`:                       `<a href="mailto:press@example.org">x</a>`,
		`<img src="/a b.jpg">`:                                           `<img src="https://example.org/a%20b.jpg">`,
		`<img src="a.jpg" srcset="a.jpg 1x, /b.jpg 2x" alt="">`:          `<img src="https://example.org/press/a.jpg" srcset="https://example.org/press/a.jpg 1x, https://example.org/b.jpg 2x" alt="">`,
		`<blockquote cite="speech">x</blockquote>`:                       `<blockquote cite="https://example.org/press/speech">x</blockquote>`,
		`<video poster="p.jpg" src="v.mp4"></video>`:                     `<video poster="https://example.org/press/p.jpg" src="https://example.org/press/v.mp4"></video>`,
		`<a href="http://例え.example/dir/é?q=ü#f">x</a>`:                  `<a href="http://例え.example/dir/é?q=ü#f">x</a>`,
		`<img src="spacer.gif" data-src="/real.jpg" alt="r">`:            `<img src="https://example.org/real.jpg" alt="r">`,
		`<img data-lazy-src="/real.jpg">`:                                `<img src="https://example.org/real.jpg">`,
		`<img src="data:image/svg+xml,x" data-original="/o.jpg">`:        `<img src="https://example.org/o.jpg">`,
		`<img data-src="/r.jpg"><noscript><img src="/r.jpg"></noscript>`: `<img src="https://example.org/r.jpg">`,
	} {
		if got := cleaned(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestCleanDropsTrackers(t *testing.T) {
	for _, in := range []string{
		`<img src="https://count.example.net/p" width="1" height="1">`,
		`<img src="https://count.example.net/p" width="1px">`,
		`<img src="https://count.example.net/p" style="display: none">`,
		`<img src="https://count.example.net/p" style="width:1px;height:1px">`,
		`<img src="https://feeds.feedburner.com/~r/example/~4/x">`,
	} {
		if got := cleaned("<p>x</p>" + in); got != "<p>x</p>" {
			t.Errorf("%s\n got %s", in, got)
		}
	}
	keep := `<img src="https://example.org/p.png" width="100" alt="p">`
	if got := cleaned(keep); got != keep {
		t.Errorf("an image went:\n got %s\nwant %s", got, keep)
	}
}

func TestCleanGivesParagraphsOfText(t *testing.T) {
	got := New().clean(`<h2>Head</h2><p>One  <b>bold</b>
	word.</p><ul><li>a</li><li>b</li></ul>line<br>next<figure><img src="x"><figcaption>Caption</figcaption></figure><table><tr><td>1</td><td>2</td></tr></table>`, base{}, "").Text
	if want := "Head\nOne bold word.\na\nb\nline\nnext\n1 2"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCleanSurvivesDepthAndSize(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("<div>", 100_000) + "text",
		strings.Repeat("<b><p>", 300) + "text",
		strings.Repeat("<iframe>&lt;iframe&gt;", 1000) + "text",
		strings.Repeat("<a href=x><table><tr><td>", 100) + "text",
		"<p " + strings.Repeat("a=1 ", 50_000) + ">text",
	} {
		got := cleaned(s)
		if !strings.Contains(got, "text") && !strings.Contains(s, "iframe") {
			t.Errorf("%.40s…: the text is lost: %.100s", s, got)
		}
		if err := unsafeness(got); err != "" {
			t.Errorf("%.40s…: %s", s, err)
		}
	}
}

// unsafeness is a second opinion that shares nothing with the cleaner's
// tables: it says what is wrong with a piece of HTML for a page that shows it.
func unsafeness(s string) string {
	doc, err := html.Parse(strings.NewReader("<!DOCTYPE html><body>" + s))
	if err != nil {
		return err.Error()
	}
	var walk func(n *html.Node) string
	walk = func(n *html.Node) string {
		if n.Type == html.CommentNode {
			return "a comment"
		}
		if n.Type == html.ElementNode {
			if n.Namespace != "" {
				return "foreign element " + n.Data
			}
			switch n.Data {
			case "script", "style", "iframe", "object", "embed", "applet", "form", "input", "button", "select", "textarea", "svg", "math", "template", "base", "link", "meta", "frame", "frameset", "portal", "slot", "dialog", "noscript", "plaintext", "xmp":
				return "element " + n.Data
			}
			if strings.Contains(n.Data, "-") {
				return "custom element " + n.Data
			}
			for _, a := range n.Attr {
				switch k := strings.ToLower(a.Key); {
				case strings.HasPrefix(k, "on"), k == "style", k == "id", k == "name", k == "is", k == "slot", k == "popover", k == "srcdoc", k == "formaction", k == "action", k == "ping", k == "background":
					return "attribute " + k
				case k == "href" || k == "src" || k == "poster" || k == "cite" || k == "longdesc":
					v := strings.ToLower(strings.Map(func(r rune) rune {
						if r <= ' ' {
							return -1
						}
						return r
					}, a.Val))
					if scheme, _, ok := strings.Cut(v, ":"); ok && !strings.ContainsAny(scheme, "/?#") && scheme != "http" && scheme != "https" && scheme != "mailto" {
						return "URL " + a.Val
					}
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if bad := walk(c); bad != "" {
				return bad
			}
		}
		return ""
	}
	return walk(doc)
}

func TestCleanMakesConformanceCasesSafe(t *testing.T) {
	root := testkit.Shared(t, "data/conformance")
	f, err := os.Open(filepath.Join(root, "cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := New()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	count := 0
	for lines.Scan() {
		var c struct{ File, Category string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(c.Category, "sanitize") {
			continue
		}
		body, err := os.ReadFile(filepath.Join(root, c.File))
		if err != nil {
			continue
		}
		count++
		for _, s := range []string{string(body), html.UnescapeString(string(body)), html.UnescapeString(html.UnescapeString(string(body)))} {
			once := n.clean(s, newBase(feedURL), "").HTML
			if bad := unsafeness(once); bad != "" {
				t.Errorf("%s: %s in %s", c.File, bad, once)
			}
			if twice := n.clean(once, newBase(feedURL), "").HTML; twice != once {
				t.Errorf("%s: not stable\nonce  %s\ntwice %s", c.File, once, twice)
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d cases found", count)
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		`<p>a<table><p>b<tr><td><a href=x><a href=y>c`, `<a><table><a>x</table></a>`, `<li><form><li>x`, `<p><object><p>x</p></object>`, `<button><p>x<button>y`,
		`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`, `<math><annotation-xml encoding="text/html"><p>x`, `<h1><marquee><h2>x`, "<pre><span>\n\nx",
		`<table><td><li><table><td><li>x`, `<ruby>a<object><rt>b</object><rt>c`, `<b><i><b><i><p></b>x</i></b>`, `<iframe><p>a</iframe><p>b`, `<dd><fieldset><dd>x`, `<noembed><table></noembed><tr>`,
		`<table><caption><table><caption>x`, `<font><nobr><font><p><nobr>x`, `<details><summary><p><summary>`, "a&#13;b\r\nc&nbsp;d&lt;", `<img srcset="a 1x,b,,c 2x" src=//>`, `<a href="http:x">y</a>`,
		`<noframes><p></noframes>x<xmp><b></xmp>`, `<plaintext><b>x`, `<textarea><b></textarea><title><i></title>`, `<col><td><colgroup>x<col>`, `<select><b><option>x<select>y`, `<image src=x>`, `<!doctype x><html class=a><body class=b>`,
	} {
		f.Add(s)
	}
	n := New()
	b := newBase(feedURL)
	f.Fuzz(func(t *testing.T, s string) {
		once := n.clean(s, b, pageURL)
		if bad := unsafeness(once.HTML); bad != "" {
			t.Fatalf("%s in %q", bad, once.HTML)
		}
		twice := n.clean(once.HTML, b, pageURL)
		if twice.HTML != once.HTML {
			t.Fatalf("clean twice is not clean once\n  in %q\nonce  %q\ntwice %q", s, once.HTML, twice.HTML)
		}
		// bluemonday must find nothing to take away.
		c := cleaner{base: b, page: pageURL, src: once.HTML}
		if c.read(once.HTML) {
			if gated := unquote(n.policy().Sanitize(string(c.out))); gated != unquote(string(c.out)) {
				t.Fatalf("bluemonday disagrees\nours %q\nits  %q", unquote(string(c.out)), gated)
			}
		}
	})
}

// TestCleanIsStableOnTagSoup does what the fuzzer is slow at: tags that are all
// real, in every wrong order.
func TestCleanIsStableOnTagSoup(t *testing.T) {
	words := strings.Fields(`<p> </p> <a_href=x> </a> <table> </table> <tr> <td> </td> <th> <tbody> <caption> <colgroup> <col> <li> </li> <ul> </ul> <ol> <dd> <dt> <dl> <h1> </h1> <h2> <b> </b> <i> </i>
		<font> <nobr> </nobr> <div> </div> <span> </span> <pre> <object> </object> <button> </button> <form> </form> <marquee> <select> <option> </select> <fieldset> <ruby> <rt> <rp> <svg> </svg> <math> <mi> </math>
		<iframe> </iframe> <noembed> <xmp> </xmp> <template> </template> <noscript> </noscript> <details> <summary> <figure> <figcaption> <address> <center> <dir> <menu> <br> <hr> <img_src=i> <input> <body> <html>
		<head> <title> </title> <x-y> </x-y> <textarea> </textarea> <section> <desc> <foreignObject> <annotation-xml> <plaintext> <style> </style> <video> <source_src=s> <picture> </picture> <main> text &lt; text`)
	n := New()
	b := newBase(feedURL)
	count := 6000
	if testing.Short() {
		count = 500
	}
	seed := uint64(1)
	for range count {
		var s strings.Builder
		for range 3 + seed>>59 {
			seed = seed*6364136223846793005 + 1442695040888963407
			s.WriteString(strings.ReplaceAll(words[int(seed>>33)%len(words)], "_", " "))
		}
		once := n.clean(s.String(), b, "").HTML
		if bad := unsafeness(once); bad != "" {
			t.Fatalf("%s\n  in %s\nonce %s", bad, &s, once)
		}
		if twice := n.clean(once, b, "").HTML; twice != once {
			t.Fatalf("clean twice is not clean once\n  in  %s\nonce  %s\ntwice %s", &s, once, twice)
		}
		if doc := reparsed(once); doc != once {
			t.Fatalf("read as another tree\n  in %s\nonce %s\nread %s", &s, once, doc)
		}
	}
}

// reparsed is what a browser makes of clean HTML, written by x/net/html itself.
func reparsed(s string) string {
	nodes, err := html.ParseFragment(strings.NewReader(s), bodyContext)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, n := range nodes {
		if err := html.Render(&b, n); err != nil {
			return err.Error()
		}
	}
	out := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "/>", ">").Replace(b.String())
	if !strings.Contains(s, "<tbody") {
		out = strings.NewReplacer("<tbody>", "", "</tbody>", "").Replace(out)
	}
	return out
}

func TestMarkupThatIsSparedTheGateWouldPassIt(t *testing.T) {
	n := New()
	for _, s := range []string{
		"words", `<p>It’s “so” &amp; 'so' &#34;x&#34; &lt;b&gt;</p>`, `<p>a<br>b</p><ul><li>c</li></ul><h2>d</h2><hr>`, `<a href="https://example.org/a?b=c&amp;d=%20#e">x</a>`,
		`<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>`, `<blockquote><q>a</q> <cite>b</cite></blockquote>`, `<p>العربية</p>`,
		`<p class="a b" lang="fr" dir="ltr">x</p>`, `<figure><img src="https://example.org/x.png" alt="An &#34;A&#34; &amp; l'é" width="3" height="50%" srcset="https://example.org/x.png 1x, https://example.org/y.png 2x"><figcaption>c</figcaption></figure>`,
		`<a href="https://example.org/@x_(y)!" title="" rel="nofollow noopener">y</a>`, "<pre>\n\n<code>a\n  b</code></pre>",
	} {
		if !isHarmless(s) {
			t.Errorf("%q is not spared", s)
		}
		if got := unquote(n.policy().Sanitize(s)); got != unquote(s) {
			t.Errorf("bluemonday makes %q of %q", got, s)
		}
	}
	for _, s := range []string{
		`<img src="x.png">`, `<img src="data:x">`, `<p class="a" style="b">x</p>`, `<p class="a" onclick="b">x</p>`, `<p lang="fr" lang="en">x</p>`, `<p class="a"  lang="fr">x</p>`, `<p class="a"lang="fr">x</p>`, `<p class='a'>x</p>`, `<p class=a>x</p>`,
		`<p class>x</p>`, `<p class="a" >x</p>`, `<p class="a">x</p class="b">`, `<p title="a<b>">x</p>`, `<p title="&nbsp;">x</p>`, "<p title=\"a\nb\">x</p>", `<p onclick="x">y</p>`, `<script>x</script>`, `<a href="javascript:x">y</a>`, `<a href="https://example.org/" onclick="x">y</a>`,
		`<a href="https://example.org/`, `<p`, `<`, `<p >x`, `<P>x`, `x > y`, `x & y`, `&amp`, `&nbsp;`, `<!-- x -->`, `<svg><p>x</p></svg>`, `<style>`, "a\x00b", "a\rb", `<a href="https://e.org/'x">y</a>`, `<a href="//e.org/">y</a>`, `<a href="https://e.org/&lt;">y</a>`,
		`<a href="https://e.org/` + strings.Repeat("a", longestTag) + `">y</a>`,
	} {
		if isHarmless(s) {
			t.Errorf("%q is spared", s)
		}
	}
}

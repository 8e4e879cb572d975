package normalize

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"communique/internal/testkit"
)

// bothReadings cleans src without a tree and with one. What the first refuses
// is no matter: it says so.
func bothReadings(src string) (straight, tree cleaner, accepted bool) {
	src = validUTF8(strings.TrimSpace(src))
	b := newBase(feedURL)
	straight = cleaner{base: b, page: pageURL, src: src}
	tree = straight
	if !straight.readStraight(src, new(openElements)) {
		return straight, tree, false
	}
	return straight, tree, tree.read(src)
}

// differ says how the two readings of src differ, "" when they do not.
func differ(src string) (difference string, accepted bool) {
	straight, tree, accepted := bothReadings(src)
	switch {
	case !accepted:
	case string(straight.out) != string(tree.out):
		return "straight " + string(straight.out) + "\n    tree " + string(tree.out), true
	case straight.words() != tree.words():
		return "straight " + straight.words() + "\n    tree " + tree.words(), true
	case straight.unstable != tree.unstable:
		return "a tree that is not stable", true
	}
	return "", accepted
}

func TestStraightReadingTakesPlainMarkup(t *testing.T) {
	for _, s := range []string{
		`<p class="a">One &amp; <b>two</b> &ndash; <a href='/x?a=1&amp;b=2' target="_blank" rel="x">three</a>.</p>`, "<ul>\n<li>a</li>\n<li><p>b</p><ul><li>c</li></ul></li>\n</ul>",
		`<div><!-- wp:image --><figure class="x"><img src="a.jpg" alt="A" width=""/><figcaption>C</figcaption></figure></div>`, `a<br/>b<br />c<hr>`, "a\r\n<b title='x\r\ny\rz'>c</b>\r", `<a href="?a=1&copy=2&b=&amp;c&#x41;& d&&">x</a>`,
		`<blockquote><p>x</p></blockquote><h2 id="y">z</h2>`, `<b>open`,
		`<dl><dt>a</dt><dd>b</dd></dl><ruby>a<rt>b</rt></ruby>`,
	} {
		if difference, accepted := differ(s); !accepted || difference != "" {
			t.Errorf("%s: accepted %t, %s", s, accepted, difference)
		}
	}
}

func TestStraightReadingRefusesWhatAParserMends(t *testing.T) {
	for _, s := range []string{
		`<p>a<p>b`, `<p><div>x</div></p>`, `<b><i>x</b></i>`, `<a href="x">a<b><a href="y">c</a></b></a>`, `<li>a<li>b`, `<h1><h2>x</h2></h1>`, `x</p>`, `x</br>`, `<td>x</td>`, `<table><tr><td>x</td></tr></table>`, `<pre>
x</pre>`, `<P>x</P>`, `<p class=x>y</p>`, `<p a="1" a="2">x</p>`, `<p a="1"b="2">x</p>`, `<a href="?a=1&notit;">x</a>`, `<script>x</script>`, `<style>x</style>`, `<iframe></iframe>`, `<noscript>x</noscript>`,
		`<textarea>x</textarea>`, `<title>x</title>`, `<svg></svg>`, `<math></math>`, `<select></select>`, `<form></form>`, `<x-y></x-y>`, `<object></object>`, `<button></button>`, `<nobr></nobr>`, `<image>`, `<body>`, `<template></template>`, `<!doctype html>x`, `<?x?>y`,
		`<!-->x-->`, `<!--->x-->`, `<!-- a--!>b-->`, `<!-- a -- b -->`, `<!-- a`, `a < b`, `a<3`, "a\x00b<b>c</b>", `<a href="&copy">x</a>`, `<a href="&copy;">x</a>`, "<a href='&copy\x10='>x</a>", `<rt>x</rt>`, `<p x`, `<p title="x`, `<`, `</`, `<p`, `<dd>a<dd>b`, `<p title="<img src=x>" <b>x</b>`,
	} {
		if _, _, accepted := bothReadings(s); accepted {
			t.Errorf("%s is read straight", s)
		}
	}
}

// TestStraightReadingIsTheTrees writes documents of all elements of HTML, most
// of them well-formed, and whether a parser lets them stand so or not.
func TestStraightReadingIsTheTrees(t *testing.T) {
	words := strings.Fields(`a b i em strong font code span q abbr time p p p div h1 h2 h3 ul ol li li dl dt dd blockquote address center figure figcaption details summary section article aside nav header footer main hgroup ruby rt rp
		picture video audio sub sup small big tt u s strike del ins mark data bdi table tr td tbody pre object button form nobr noscript svg math select option dialog menu dir marquee`)
	voids := strings.Fields(`br hr img wbr source track input col`)
	attributes := []string{"", "", "", ` class="x y"`, ` href="/a?b=1&amp;c=2" title='"q"'`, ` src="i.jpg" alt="&lt;"`, ` title="a" class="b" lang="fr" align="left"`, ` width="1" src="x"`, ` data-src="/r.jpg"`, " style=\"x\"\n dir=\"rtl\"", ` open`, ` a="&x"`, ` title="&copy=&b=c& & &&amp;&#x41"`, ` title="&copy=&b=c& & &&amp;&#x41;\r\n&#13;"`, ` title="&#39;&nbsp;"`}
	texts := []string{"text", " ", "\n", "a &amp; b", "&ndash;x&nbsp;", "&#13;a\r\n\rb", "&copy2", "“é”", "<!-- c -->", "<!---->", "\u00ad\u202ex", "  two  words\t"}
	seed := uint64(7)
	draw := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % n
	}
	var write func(b *strings.Builder, depth int)
	write = func(b *strings.Builder, depth int) {
		for range draw(4) {
			switch draw(8) {
			case 0, 1, 2:
				b.WriteString(texts[draw(len(texts))])
			case 3:
				b.WriteString("<" + voids[draw(len(voids))] + attributes[draw(len(attributes))] + []string{">", "/>", " />"}[draw(3)])
			default:
				name := words[draw(len(words))]
				b.WriteString("<" + name + attributes[draw(len(attributes))] + ">")
				if depth < 6 {
					write(b, depth+1)
				}
				if draw(60) > 0 {
					b.WriteString("</" + name + ">")
				}
			}
		}
	}
	accepted, count := 0, 15_000
	if testing.Short() {
		count = 5000
	}
	for range count {
		var b strings.Builder
		write(&b, 0)
		difference, ok := differ(b.String())
		if difference != "" {
			t.Fatalf("%s\n%s", &b, difference)
		}
		if ok && strings.Contains(b.String(), "<") {
			accepted++
		}
	}
	if accepted < count/10 {
		t.Errorf("only %d of %d documents were read straight", accepted, count)
	}
}

// TestStraightReadingOfRealTextsIsTheTrees compares the two readings on
// everything in the shared data that looks like markup, and what is spared the
// gate with what the gate makes of it.
func TestStraightReadingOfRealTextsIsTheTrees(t *testing.T) {
	n := New()
	markup, straight, spared := 0, 0, 0
	for s := range sharedMarkup(t) {
		markup++
		difference, accepted := differ(s)
		if difference != "" {
			t.Error(difference)
		}
		if accepted {
			straight++
		}
		c := cleaner{base: newBase(feedURL), page: pageURL, src: s}
		if c.read(s) && isHarmless(string(c.out)) {
			spared++
			if ours, its := unquote(string(c.out)), unquote(n.policy().Sanitize(string(c.out))); ours != its {
				t.Errorf("spared the gate, which differs\nours %s\n its %s", ours, its)
			}
		}
	}
	t.Logf("of %d texts with markup, %d are read straight and %d are spared the gate", markup, straight, spared)
	if straight < markup/3 || spared < markup/3 {
		t.Errorf("of %d texts with markup, only %d are read straight and %d are spared the gate", markup, straight, spared)
	}
}

// sharedMarkup gives each text with a "<" in the shared feeds and cases, but for
// the longest: files as they are, the strings of JSON and the elements of XML, decoded once and
// once more.
func sharedMarkup(t *testing.T) map[string]bool {
	root := testkit.Shared(t, "data")
	texts := map[string]bool{}
	add := func(s string) {
		for _, s := range []string{s, html.UnescapeString(s)} {
			if strings.IndexByte(s, '<') >= 0 && len(s) < 1<<13 { // entries, and small feeds as a whole
				texts[strings.ToValidUTF8(s, "\uFFFD")] = true
			}
		}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			add(v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	folders := []string{"conformance", "realfeeds/feeds", "humanitarian/feeds"}
	if testing.Short() {
		folders = folders[:1]
	}
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(folder)), func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			body, err := os.ReadFile(path)
			if err != nil || len(body) > 8<<20 {
				return err
			}
			add(string(body))
			var v any
			if json.Unmarshal(body, &v) == nil {
				walk(v)
				return nil
			}
			d := xml.NewDecoder(strings.NewReader(string(body)))
			d.Strict, d.Entity = false, xml.HTMLEntity
			d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
			var text strings.Builder
			for {
				token, err := d.Token()
				if err != nil {
					return nil // as far as it can be read
				}
				switch token := token.(type) {
				case xml.CharData:
					text.Write(token)
				case xml.StartElement, xml.EndElement:
					add(text.String())
					text.Reset()
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func FuzzStraightReadingIsTheTrees(f *testing.F) {
	for _, s := range []string{
		`<p class="a">One &amp; <b>two</b> &ndash; <a href='/x?a=1&amp;b=2' target="_blank" rel="x">three</a>.</p>`, `<ul><li>a</li><li><p>b</p><ul><li>c</li></ul></li></ul>`, `<figure><img src="a" alt=""/><figcaption>C</figcaption></figure><!-- c -->`,
		`<dl><dt>a</dt><dd>b</dd></dl><ruby>a<rt>b</rt></ruby>`, `<a b="&#x41;&amp;&lt;"><b a="" c><i><u><b><b><b><b>x</b></b></b></b></u></i></b></a>`, `<h1>a</h1><div><div><br><hr/></div></div>`, `<details open><summary>x</summary>y</details>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if difference, _ := differ(s); difference != "" {
			t.Fatalf("%q\n%s", s, difference)
		}
	})
}

func BenchmarkReadStraight(b *testing.B) {
	_, it := article(false)
	src := it.Content.Value
	base := newBase(feedURL)
	for name, read := range map[string]func(c *cleaner, open *openElements) bool{
		"straight": func(c *cleaner, open *openElements) bool { return c.readStraight(src, open) },
		"tree":     func(c *cleaner, _ *openElements) bool { return c.read(src) },
	} {
		b.Run(name, func(b *testing.B) {
			var out, text []byte
			var open openElements
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				c := cleaner{base: base, src: src, out: out[:0], text: text[:0]}
				if !read(&c, &open) {
					b.Fatal("not read")
				}
				out, text = slices.Clip(c.out), slices.Clip(c.text)
			}
		})
	}
}

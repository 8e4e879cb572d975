package pages

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// forms are the plural forms that a message with any must have.
var forms = map[string][]string{"ar": {"few", "many", "one", "other", "two", "zero"}}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// placeholders lists what a text has room for. A form may leave out the number:
// "one statement".
func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	found = slices.DeleteFunc(found, func(p string) bool { return p == "{n}" })
	slices.Sort(found)
	return found
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	english := Speaks("en")
	for _, l := range Languages() {
		if l.Name == "" || len(l.Months) != 12 || len(l.ShortMonths) != 12 || l.Group == "" || !strings.Contains(l.ClockForm, "{date}") || !strings.Contains(l.DateForm, "{day}") || !strings.Contains(l.MonthForm, "{month}") {
			t.Errorf("messages/%s.json lacks a name, months, forms of dates or what parts thousands", l.Tag)
		}
		for key, m := range english.Texts {
			own, is := l.Texts[key]
			if !is {
				t.Errorf("messages/%s.json: %q is missing", l.Tag, key)
				continue
			}
			want := []string{always}
			if len(m) > 1 {
				if want = forms[l.Tag]; want == nil {
					want = []string{"one", "other"}
				}
			}
			var got []string
			for form, text := range own {
				got = append(got, form)
				reference := m[always]
				if len(m) > 1 {
					reference = m["other"]
				}
				if strings.TrimSpace(text) == "" || !slices.Equal(placeholders(text), placeholders(reference)) || len(m) == 1 && strings.Contains(text, "{n}") != strings.Contains(reference, "{n}") {
					t.Errorf("messages/%s.json: %q: %q has other placeholders than %q", l.Tag, key, text, reference)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("messages/%s.json: %q has the forms %q, want %q", l.Tag, key, got, want)
			}
		}
		for key := range l.Texts {
			if _, is := english.Texts[key]; !is {
				t.Errorf("messages/%s.json: %q is not in en.json", l.Tag, key)
			}
		}
	}
}

func TestMessageFilesHaveNoKeyTwice(t *testing.T) {
	key := regexp.MustCompile(`(?m)^\s*("[^"]+"):`)
	for _, l := range Languages() {
		b, err := messageFiles.ReadFile("messages/" + l.Tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range key.FindAllSubmatch(b, -1) {
			if seen[string(m[1])] {
				t.Errorf("messages/%s.json: %s stands twice", l.Tag, m[1])
			}
			seen[string(m[1])] = true
		}
	}
}

func TestNoMessageIsUnusedOrUnknown(t *testing.T) {
	var code strings.Builder
	for _, pattern := range []string{"*.go", "templates/*.html", "../serve/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(b)
		}
	}
	used := regexp.MustCompile(`"((?:frame|search|feed|filter|item|subscribe|embed|feeds|statement|role|overview|about|error|reason)\.[a-z0-9-]*)"`)
	said, begun := map[string]bool{}, []string{}
	for _, m := range used.FindAllStringSubmatch(code.String(), -1) {
		if said[m[1]] = true; strings.HasSuffix(m[1], ".") {
			begun = append(begun, m[1]) // the rest is found out when it runs
		} else if _, is := Speaks("en").Texts[m[1]]; !is {
			t.Errorf("%q is said and not in messages/en.json", m[1])
		}
	}
	for key := range Speaks("en").Texts {
		if !said[key] && !slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("messages/en.json: %q is never said", key)
		}
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	for tag, want := range map[string]map[int]string{
		"en": {0: "0 statements", 1: "1 statement", 2: "2 statements", 12345: "12,345 statements"},
		"fr": {0: "0 communiqué", 1: "1 communiqué", 2: "2 communiqués", 12345: "12\u202f345 communiqués", 2000000: "2\u202f000\u202f000 communiqués"},
		"es": {1: "1 comunicado", 0: "0 comunicados"},
		"pt": {1: "1 comunicado", 2: "2 comunicados", 10000: "10.000 comunicados"},
		"ar": {0: "لا بيانات", 1: "بيان واحد", 2: "بيانان", 3: "3 بيانات", 10: "10 بيانات", 11: "11 بيانًا", 99: "99 بيانًا", 100: "100 بيان", 103: "103 بيانات", 111: "111 بيانًا"},
	} {
		for n, say := range want {
			if got := Speaks(tag).Say("feed.count", "n", n); got != say {
				t.Errorf("%s %d: %q, want %q", tag, n, got, say)
			}
		}
	}
}

func TestDatesFollowTheLanguage(t *testing.T) {
	first, other := time.Date(2026, 8, 1, 9, 5, 0, 0, time.UTC), time.Date(2026, 3, 12, 23, 59, 0, 0, time.FixedZone("", 3600))
	for tag, want := range map[string][2]string{
		"en": {"1 August 2026, 09:05 UTC", "12 March 2026"}, "fr": {"1er août 2026, 09:05 UTC", "12 mars 2026"}, "es": {"1 de agosto de 2026, 09:05 UTC", "12 de marzo de 2026"},
		"pt": {"1 de agosto de 2026, 09:05 UTC", "12 de março de 2026"}, "ar": {"1 أغسطس 2026، 09:05 بالتوقيت العالمي", "12 مارس 2026"},
	} {
		l := Speaks(tag)
		if got := [2]string{l.Clock(first), l.Date(other)}; got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

func TestNegotiateTakesWhatTheReaderLikesMost(t *testing.T) {
	for _, c := range []struct{ accept, fallback, want string }{
		{"", "fr", "fr"}, {"", "de", "en"}, {"fr", "en", "fr"}, {"de, pt-BR;q=0.8, es;q=0.9", "en", "es"}, {"es, fr", "en", "es"}, {"ar-EG", "en", "ar"},
		{"fr;q=0", "en", "en"}, {"fr;q=9, es;q=0.1", "en", "es"}, {"*", "pt", "pt"}, {";;;,,q=", "en", "en"}, {strings.Repeat("xx,", 1000) + "fr", "en", "en"},
	} {
		if got := Negotiate(c.accept, c.fallback).Tag; got != c.want {
			t.Errorf("%.40q, else %s: %s, want %s", c.accept, c.fallback, got, c.want)
		}
	}
}

func TestTextFitsIntoAPage(t *testing.T) {
	l := Speaks("en")
	for _, c := range []struct{ in, want string }{
		{`<p>Plain</p>`, `<p>Plain</p>`},
		{`<h1>A</h1><h3>B</h3><h2>C</h2>`, `<h2>A</h2><h3>B</h3><h3>C</h3>`},
		{`<h4>A</h4><h6>B</h6>`, `<h2>A</h2><h3>B</h3>`},
		{`<h2></h2>`, `<div></div>`},
		{`<main class="skip"><nav>x</nav></main>`, `<div><div>x</div></div>`},
		{`<font color="#eee">pale</font>`, `<span>pale</span>`},
		{`<li>stray</li>`, `<div>stray</div>`},
		{`<ul><p>no item</p><li>item</li></ul>`, `<ul><li><p>no item</p></li><li>item</li></ul>`},
		{`<dl><dd>before</dd></dl>`, `<div><div>before</div></div>`},
		{`<a href="https://a.example/">word</a>`, `<a rel="noopener nofollow" href="https://a.example/">word</a>`},
		{`<a href="https://a.example/"></a>x`, `x`},
		{`<a href="#top">up</a>`, `up`},
		{`<a href="javascript:x()">no</a>`, `no`},
		{`<p lang="fr" dir="ltr" title="t" class="c" align="left">x</p>`, `<p lang="fr" dir="ltr" title="t">x</p>`},
		{`<p lang="x y">x</p>`, `<p>x</p>`},
		{`<img src="https://a.example/p.jpg" alt="A boat">`, `<a class="picture" href="https://a.example/p.jpg" rel="noopener noreferrer nofollow">Picture: A boat</a>`},
		{`<a href="https://a.example/"><img src="https://a.example/p.jpg"></a>`, `<a rel="noopener nofollow" href="https://a.example/"><span class="picture">Picture</span></a>`},
		{`<picture><source srcset="https://a.example/2.jpg"><img src="https://a.example/p.jpg" alt="B"></picture>`, `<a class="picture" href="https://a.example/p.jpg" rel="noopener noreferrer nofollow">Picture: B</a>`},
		{`<video><source src="https://a.example/v.mp4"></video>`, `<a class="picture" href="https://a.example/v.mp4" rel="noopener noreferrer nofollow">Audio or video</a>`},
		{`<table><tbody><tr><th></th><td>1</td></tr></tbody></table>`, `<div class="scroll" tabindex="0" role="group" aria-label="Table"><table><tbody><tr><td></td><td>1</td></tr></tbody></table></div>`},
		{`<summary>alone</summary>`, `<div>alone</div>`},
		{`a <!-- comment --> b`, `a  b`},
	} {
		if got, _ := l.Text(c.in, false); string(got) != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.in, got, c.want)
		}
	}
	got, some := l.Text(`<img src="https://a.example/p.jpg" onload="x()" loading="eager">`, true)
	if want := `<img src="https://a.example/p.jpg" alt="" loading="lazy"/>`; string(got) != want || !some {
		t.Errorf("with pictures: %s, want %s", got, want)
	}
	if got, _ := l.Text(strings.Repeat("<b>", 5000), false); len(got) > 0 {
		t.Errorf("5,000 levels: %d octets", len(got))
	}
	if got, _ := l.Text(strings.Repeat("<br>", 50_000), false); len(got) > 5*mostNodes {
		t.Errorf("50,000 elements: %d octets", len(got))
	}
}

func FuzzTextIsFitOnce(f *testing.F) {
	for _, seed := range []string{`<h1>a</h1><ul><li>b<p>c</ul>`, `<table><tr><td><img src=https://a.example/ alt=x>`, `<dl><dt>a<dd>b</dl><a href=https://a.example/><b></b></a>`} {
		f.Add(seed)
	}
	l := Speaks("en")
	f.Fuzz(func(t *testing.T, in string) {
		once, _ := l.Text(in, false)
		for _, bad := range []string{"<script", "<main", "<h1", "<style", " style=", "<iframe src"} {
			if strings.Contains(strings.ToLower(string(once)), bad) && !strings.Contains(strings.ToLower(in), bad) {
				t.Errorf("%q gave %q", in, once)
			}
		}
	})
}

func called(title string) func(url.Values) Words {
	return func(url.Values) Words { return Words{Text: title} }
}

func TestSnippetIsWhatAWebmasterCanPaste(t *testing.T) {
	e := Speaks("en").NewEmbed("https://news.example.org/x", "/x", "topic/health", map[string][]string{"region": {"americas"}},
		map[string][]string{EmbedSize: {"large"}, EmbedLanguage: {"fr"}, EmbedTheme: {"dark"}}, []Option{{Value: "fr", Label: Words{Text: "Français"}}}, called(`Health & "care"`))
	want := `<iframe src="https://news.example.org/x/embed/topic/health?heading=2&amp;height=large&amp;lang=fr&amp;region=americas&amp;theme=dark" title="Health &amp; &#34;care&#34;" width="600" height="720" loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox" style="border:0; max-width:100%"></iframe>`
	if got := e.Snippet(); got != want || !e.Open || !strings.HasPrefix(e.Preview, "/x/embed/topic/health?") {
		t.Errorf("got  %s\nwant %s\n%+v", got, want, e)
	}
	e = Speaks("en").NewEmbed("https://a.example", "", "all", nil, map[string][]string{EmbedSize: {"huge"}, EmbedTheme: {`"><script>`}, EmbedLanguage: {""}}, nil, called("All"))
	if got := e.Snippet(); !strings.Contains(got, `/embed/all?heading=2&amp;height=medium&amp;ui=en"`) || e.Open {
		t.Errorf("what is not known counts: %s", got)
	}
}

// On the page of a language the box shows that one as chosen, until another is.
func TestEmbedBoxBeginsWithThePagesLanguage(t *testing.T) {
	spoken := []Option{{Value: "fr"}, {Value: "ar"}}
	for _, c := range []struct {
		page         string
		chosen       map[string][]string
		on, in, lack string
	}{
		{"ar", nil, "ar", "lang=ar", "ui="},
		{"ar", map[string][]string{EmbedLanguage: {"fr"}}, "fr", "lang=fr", "ui="},
		{"ar", map[string][]string{EmbedLanguage: {"any"}}, "any", "ui=en", "lang="},
		{"ar", map[string][]string{EmbedLanguage: {"xx"}}, "ar", "lang=ar", "ui="},
		{"fr,ar", map[string][]string{EmbedLanguage: {""}}, "", "lang=fr,ar", "lang=ar"},
		{"fr,ar", nil, "", "lang=fr,ar", "lang=ar"},
		{"", nil, "", "ui=en", "lang="},
	} {
		query := url.Values{}
		if c.page != "" {
			query.Set("lang", c.page)
		}
		e := Speaks("en").NewEmbed("https://a.example", "", "all", query, c.chosen, spoken, func(v url.Values) Words { return Words{Text: "All " + v.Get("lang")} })
		on := slices.IndexFunc(e.Languages, func(o Option) bool { return o.On })
		if on < 0 || e.Languages[on].Value != c.on || !strings.Contains(e.Source, c.in) || strings.Contains(e.Source, c.lack) {
			t.Errorf("%q, chosen %v: %+v, %s", c.page, c.chosen, e.Languages, e.Source)
		}
		if u, _ := url.Parse(e.Source); e.Title != "All "+u.Query().Get("lang") {
			t.Errorf("%s is called %q", e.Source, e.Title)
		}
		if query.Get("lang") != c.page {
			t.Errorf("the page's own parameters are now %v", query)
		}
	}
}

func TestChartIsAsHighAsThereAreStatements(t *testing.T) {
	for _, tag := range []string{"en", "ar"} {
		p := &OverviewPage{Frame: Frame{Language: Speaks(tag)}}
		for i := range 12 {
			p.Months = append(p.Months, time.Date(2026, time.Month(i+1), 1, 0, 0, 0, 0, time.UTC))
			p.All = append(p.All, i)
		}
		p.Parts = []Series{{Counts: p.All}, {Counts: p.All}} // every statement is about both
		c := p.Chart()
		for i, col := range c.Columns {
			height := 0.0
			for _, b := range col.Bars {
				height += b.Height
				if b.X < 0 || b.X+b.Width > c.Width || b.Y < 0 || b.Class == 0 {
					t.Errorf("%s, month %d: %+v lies outside or belongs to nobody", tag, i, b)
				}
			}
			if want := float64(i) * (c.Base - 16) / 20; height < want-.5 || height > want+.5 {
				t.Errorf("%s, month %d: %v high, want %v", tag, i, height, want)
			}
		}
		if first, last := c.Columns[0].Center, c.Columns[11].Center; (first < last) != (tag == "en") {
			t.Errorf("%s: time goes from %v to %v", tag, first, last)
		}
	}
}

func TestNiceScales(t *testing.T) {
	for n, want := range map[int]int{0: 2, 1: 2, 3: 4, 7: 10, 11: 20, 399: 400, 601: 1000} {
		if got := nice(n); got != want || got%2 != 0 {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
}

func TestLinksKeepTheChosenLanguage(t *testing.T) {
	f := Frame{Language: Speaks("pt"), Base: "/news"}
	if got := f.Link("/feeds?x=1"); got != "/news/feeds?x=1" {
		t.Error(got)
	}
	f.Chosen = true
	if got := fmt.Sprint(f.Link("/feeds?x=1"), " ", f.Link("/")); got != "/news/feeds?x=1&hl=pt /news/?hl=pt" {
		t.Error(got)
	}
}

func TestMessageIsATextOrForms(t *testing.T) {
	var m map[string]message
	if err := json.Unmarshal([]byte(`{"a": "x", "b": {"one": "y", "other": "z"}}`), &m); err != nil || m["a"][always] != "x" || m["b"]["one"] != "y" {
		t.Errorf("%v %v", m, err)
	}
	if json.Unmarshal([]byte(`{"a": 3}`), &m) == nil {
		t.Error("a number is no message")
	}
}

package render

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"communique/feeds"
)

func TestShortenKeepsSentencesThenWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"Short.", 20, "Short."},
		{"One sentence. Another one. A third.", 30, "One sentence. Another one."},
		{"One two three four five six", 14, "One two three…"},
		{"One two, three four five six", 9, "One two…"},
		{"Unbreakable" + strings.Repeat("x", 30), 10, "Unbreakabl…"},
		{"Une première phrase. " + strings.Repeat("mot ", 30), 40, "Une première phrase."},
		{"声明の全文です。続きはこちらにあります。", 10, "声明の全文です。"},
		{"اتفق الطرفان؟ نعم اتفقا على كل شيء", 16, "اتفق الطرفان؟"},
		{strings.Repeat("e\u0301", 10), 5, "e\u0301e\u0301…"},
	} {
		if got := shorten(c.in, c.max); got != c.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func TestTextOfHTML(t *testing.T) {
	for in, want := range map[string]string{
		"<p>One</p><p>two</p>":                "One two",
		"a<b>b</b>c":                          "abc",
		"a<br/>b":                             "a b",
		"x &amp; y &lt;z&gt; &eacute;&nbsp;!": "x & y <z> é\u00a0!",
		`<a title="a>b" href='x'>link</a>`:    "link",
		"1 < 2 & 3":                           "1 < 2 & 3",
		"<!-- no --> yes <script>no()</script><i>and</i>":   "yes and",
		"<ul><li>one</li>\n<li>two</li></ul>":               "one two",
		"unfinished <a href=":                               "unfinished",
		"&unknown; &#x41; &":                                "&unknown; A &",
		"<p>\n  white \t space </p>\n<style>p{}</style> . ": "white space .",
	} {
		if got := textOf(in, len(in)); got != want {
			t.Errorf("textOf(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"R&D <region>":                   "R&D <region>",
		"a\tb\r\nc":                      "a b c",
		"« texte\u00a0»":                 "« texte\u00a0»",
		"Tom &amp;amp; Jerry":            "Tom & Jerry",
		"&lt;b&gt;bold&lt;/b&gt; words":  "bold words",
		"<b>bold</b> words":              "bold words",
		"x\x00y\ufffez\u0085w\xff":       "xyz w",
		"&unknown; stays, AT&T too":      "&unknown; stays, AT&T too",
		"a </nothing> of HTML, 1 < 2":    "a </nothing> of HTML, 1 < 2",
		"  \u2028 ":                      "",
		"no \u00adsoft hyphen is harmed": "no \u00adsoft hyphen is harmed",
	} {
		if got := plain(in); got != want {
			t.Errorf("plain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWebURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://example.org":               "https://example.org",
		" https://example.org/a b ":         "https://example.org/a%20b",
		"https://example.org/é?q=ü#ß":       "https://example.org/%C3%A9?q=%C3%BC#%C3%9F",
		"https://example.org/%zz%41":        "https://example.org/%25zz%41",
		"https://example.org/a[1]?b={2}#c#": "https://example.org/a%5B1%5D?b=%7B2%7D#c%23",
		"https://example.org\\evil":         "https://example.org%5Cevil",
		"HTTP://Example.org/":               "http://Example.org/",
		"http://münchen.example:8080/ä":     "http://xn--mnchen-3ya.example:8080/%C3%A4",
		"http://пример.example":             "http://xn--e1afmkfd.example",
		"http://a é.example/":               "",
		"https://me:pw@example.org/@x?a@b":  "https://example.org/@x?a@b",
		"https://me@":                       "",
		"http://[::1]:80/":                  "http://[::1]:80/",
		"https://":                          "",
		"https:///path":                     "",
		"https://exa mple.org/":             "",
		"//example.org/":                    "",
		"javascript:alert(1)":               "",
		"mailto:a@example.org":              "",
		"":                                  "",
		"https://example.org/\x00\n/":       "https://example.org//",
	} {
		if got := webURL(in); got != want {
			t.Errorf("webURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIRI(t *testing.T) {
	for in, want := range map[string]bool{
		"https://example.org/feed?a=1": true, "https://example.org/é": true, "tag:example.org,2026:x": true, "urn:uuid:60a76c80-d399-11d9-b91c-0003939e0af6": true,
		"urn:isbn:0451450523": true, "urn:uuid:1": false, "12": false, "": false, "https://example.org/a b": false, "javascript:x": false, "tag:x": false, "http:///": false, "https://example.org/\u0085": false,
	} {
		if got := isIRI(in); got != want {
			t.Errorf("isIRI(%q) = %v, want %v", in, got, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	for in, want := range map[string]string{"fr": "Français", "fr-CA": "Français", "pt-BR": "Português (Brasil)", "zh-Hant-TW": "繁體中文", "ar": "العربية", "xx": "xx"} {
		if got := LanguageName(in); got != want {
			t.Errorf("LanguageName(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"ar": "rtl", "ar-EG": "rtl", "he": "rtl", "fa": "rtl", "az-Arab": "rtl", "ku": "ltr", "en": "ltr", "ur-Latn": "ltr", "": "ltr", "es-419": "ltr"} {
		if got := Direction(in); got != want {
			t.Errorf("Direction(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"en": "en", "es-419": "es-419", "zh-Hans-CN": "zh-Hans-CN", "": "", "x": "", "en_US": "", "und": "", "en-": "", "toolonglanguage": ""} {
		if got := wellFormed(in); got != want {
			t.Errorf("wellFormed(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzPlain: plain text stays plain text, and is what any XML can carry.
func FuzzPlain(f *testing.F) {
	for _, p := range pieces {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s)
		if !utf8.ValidString(got) || clean(got) != got || line(got) != got {
			t.Errorf("plain(%q) = %q", s, got)
		}
		if u := webURL(s); u != "" && webURL(u) != u {
			t.Errorf("webURL(%q) = %q, and once more %q", s, u, webURL(u))
		}
		if got := shorten(line(clean(s)), 20); utf8.RuneCountInString(got) > 21 || !utf8.ValidString(got) {
			t.Errorf("shorten(%q) = %q", s, got)
		}
		textOf(s, 100)
	})
}

func TestWordsAreNeverBlank(t *testing.T) {
	for _, c := range []struct {
		copy           feeds.Copy
		title, summary string
	}{
		{feeds.Copy{Title: " A <title> &amp; more "}, "A <title> & more", "A <title> & more"},
		{feeds.Copy{Content: "<p>The offices agreed. They met.</p><p>More.</p>"}, "The offices agreed. They met. More.", "The offices agreed. They met. More."},
		{feeds.Copy{Summary: strings.Repeat("word ", 30)}, strings.TrimSpace(strings.Repeat("word ", 16)) + "…", strings.TrimSpace(strings.Repeat("word ", 30))},
		{feeds.Copy{Link: "https://www.example.org/x", Published: at(3, 3)}, "example.org, 2026-11-03", "example.org, 2026-11-03"},
		{feeds.Copy{Source: "north", Published: time.Unix(0, 0)}, "north", "north"},
		{feeds.Copy{Content: `<img src="https://example.org/i.png">`}, "aaaa", "aaaa"},
	} {
		title, summary := Words(&feeds.StatedCopy{Copy: c.copy}, "aaaa")
		if title != c.title || summary != c.summary {
			t.Errorf("Words(%+v) = %q, %q, want %q, %q", c.copy, title, summary, c.title, c.summary)
		}
	}
}

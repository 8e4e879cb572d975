package normalize

import (
	"net/url"
	"testing"
)

func TestResolveKeepsAbsoluteURLsAsTheyAre(t *testing.T) {
	b := newBase("https://example.org/a/b/c.xml?q=1#f")
	for in, want := range map[string]string{
		"http://例え.example/ä?ö=ü#ß":       "http://例え.example/ä?ö=ü#ß",
		"  https://example.org/x\n":       "https://example.org/x",
		"https://example.org/a b":         "https://example.org/a%20b",
		"HTTP://EXAMPLE.org/%7euser":      "HTTP://EXAMPLE.org/%7euser",
		"https://example.org/a\tb":        "https://example.org/ab",
		"https://example.org/\"><script>": "https://example.org/%22%3E%3Cscript%3E",
		"//other.example/x":               "https://other.example/x",
		"/x":                              "https://example.org/x",
		"x":                               "https://example.org/a/b/x",
		"./x":                             "https://example.org/a/b/x",
		"../x":                            "https://example.org/a/x",
		"../../../x":                      "https://example.org/x",
		"?q=2":                            "https://example.org/a/b/c.xml?q=2",
		"#g":                              "https://example.org/a/b/c.xml?q=1#g",
		"a:b":                             "a:b",
		"/\\evil.example":                 "https://evil.example", /* as browsers read it */
		"http:///x":                       "",
		"http:x":                          "",
		"":                                "",
	} {
		if got := b.resolve(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// RFC 3986 §5.4.1 and §5.4.2, but for "http:g" and the empty reference.
func TestResolveIsRFC3986(t *testing.T) {
	b := newBase("http://a/b/c/d;p?q")
	for in, want := range map[string]string{
		"g:h": "g:h", "g": "http://a/b/c/g", "./g": "http://a/b/c/g", "g/": "http://a/b/c/g/", "/g": "http://a/g", "//g": "http://g", "?y": "http://a/b/c/d;p?y", "g?y": "http://a/b/c/g?y",
		"#s": "http://a/b/c/d;p?q#s", "g#s": "http://a/b/c/g#s", "g?y#s": "http://a/b/c/g?y#s", ";x": "http://a/b/c/;x", "g;x": "http://a/b/c/g;x", "g;x?y#s": "http://a/b/c/g;x?y#s",
		".": "http://a/b/c/", "./": "http://a/b/c/", "..": "http://a/b/", "../": "http://a/b/", "../g": "http://a/b/g", "../..": "http://a/", "../../": "http://a/", "../../g": "http://a/g",
		"../../../g": "http://a/g", "/./g": "http://a/g", "/../g": "http://a/g", "g.": "http://a/b/c/g.", ".g": "http://a/b/c/.g", "..g": "http://a/b/c/..g",
		"./../g": "http://a/b/g", "./g/.": "http://a/b/c/g/", "g/./h": "http://a/b/c/g/h", "g/../h": "http://a/b/c/h", "g?y/./x": "http://a/b/c/g?y/./x", "g#s/../x": "http://a/b/c/g#s/../x",
	} {
		if got := b.resolve(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestBasesNest(t *testing.T) {
	b := newBase("https://example.org/feed.xml").within("/a/").within("b/").within("")
	if got, want := b.resolve("c"), "https://example.org/a/b/c"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := b.within("mailto:x@example.org").resolve("c"), "https://example.org/a/b/c"; got != want {
		t.Errorf("a base that is none was taken: got %s, want %s", got, want)
	}
	if got := newBase("").resolve("c"); got != "c" {
		t.Errorf("without a base: got %s", got)
	}
}

func TestCanonicalMakesOnePageOneURL(t *testing.T) {
	for want, same := range map[string][]string{
		"https://example.org/a/b": {
			"http://example.org/a/b", "https://www.example.org/a/b/", "HTTPS://EXAMPLE.ORG:443/a/b", "http://example.org:80//a/./b", "http://user@example.org/a/b#top",
			"https://example.org/a/b?utm_source=rss&utm_medium=x", "https://example.org/a/b?fbclid=1&gclid=2&mc_cid=3", "https://example.org/a/b?at_medium=RSS&at_campaign=KARANGA", "https://example.org/a/b?source=rss",
			"https://example.org/a/b/index.html", "https://example.org/a/b?ref=example.org", "https://example.org/%61/b", "https://example.org/a/b;jsessionid=12AB", "https://example.org./a/b?", " https://example.org/a/b ",
			"https://example.org/a/c/../b", "https://example.org/a/b?mtm_campaign=x&pk_kwd=y&_ga=1",
		},
		"https://example.org/a?b=1&c=2":      {"https://example.org/a?c=2&b=1", "https://example.org/a/?b=1&utm_x=3&c=2"},
		"https://example.org/?p=17":          {"http://www.example.org/?p=17", "https://example.org/index.php?p=17"},
		"https://xn--r8jz45g.example/%C3%A9": {"https://例え.example/é", "https://xn--r8jz45g.example/%c3%a9"},
		"https://example.org/app#!/news/1":   {"https://example.org/app#!/news/1"},
		"https://example.org/app#/news/1":    {"https://www.example.org/app/#/news/1"},
		"https://example.org:8443/a":         {"https://example.org:8443/a"},
	} {
		for _, u := range same {
			if got := Canonical(u); got != want {
				t.Errorf("%s\n got %s\nwant %s", u, got, want)
			}
		}
	}
}

func TestCanonicalKeepsPagesApart(t *testing.T) {
	seen := map[string]string{}
	for _, u := range []string{
		"https://example.org/a", "https://example.org/A", "https://example.org/a?id=1", "https://example.org/a?id=2", "https://example.org/a?page=1", "https://sub.example.org/a", "https://example.org:8080/a", "https://example.com/a",
		"https://example.org/?p=1", "https://example.org/?p=2", "https://example.org/a?q=1%262", "https://example.org/a?q=1&2", "https://example.org/a%2Fb", "https://example.org/a/b", "https://example.org/#!/1", "https://example.org/#!/2",
		"https://example.org/a?campaign_id=1", "https://example.org/a?source=who", "https://example.org/a?ref=report",
	} {
		c := Canonical(u)
		if c == "" {
			t.Errorf("%s identifies nothing", u)
		}
		if other := seen[c]; other != "" {
			t.Errorf("%s and %s are both %s", u, other, c)
		}
		seen[c] = u
	}
}

func TestCanonicalRefusesWhatIdentifiesNothing(t *testing.T) {
	for _, u := range []string{"", "x", "/a", "https://example.org", "https://example.org/", "https://www.example.org/index.html", "https://example.org/?utm_source=rss", "https://example.org/#top", "https://example.org/#!", "mailto:a@example.org", "ftp://example.org/a", "http://", "https:///a", "urn:uuid:1"} {
		if got := Canonical(u); got != "" {
			t.Errorf("%q: got %q", u, got)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"http://www.Example.org:80/a/../b/index.html?b=2&a=1&utm_x=3#!r", "https://ü.example/%zz%2f%41?+=%26&&=;#/", "http://a@b:c@[::1]:8/;jsessionid=;jsessionid=1/..//", "https://www.www.org./?a==&a", "http://%77ww.x.org/\\..\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Canonical(s)
		if again := Canonical(c); again != c {
			t.Fatalf("%q: %q is not canonical: %q", s, c, again)
		}
		if c != "" {
			if u, err := url.Parse(c); err != nil || u.Scheme != "https" || u.Host == "" {
				t.Fatalf("%q: %q: %v", s, c, err)
			}
		}
	})
}

func FuzzResolve(f *testing.F) {
	f.Add("../a?b#c")
	f.Add("java\tscript:alert(1)")
	f.Add("//\\x")
	b := newBase("https://example.org/a/b?c")
	f.Fuzz(func(t *testing.T, s string) {
		got := b.resolve(s)
		if again := b.resolve(got); again != got {
			t.Fatalf("%q: %q becomes %q", s, got, again)
		}
	})
}

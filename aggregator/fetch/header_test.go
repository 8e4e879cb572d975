package fetch

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestFreshFor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   time.Duration
		said   bool
	}{
		{"nothing", nil, 0, false},
		{"max-age", map[string]string{"Cache-Control": "public, max-age=600"}, 10 * time.Minute, true},
		{"upper case, quoted", map[string]string{"Cache-Control": `MAX-AGE="600"`}, 10 * time.Minute, true},
		{"less age", map[string]string{"Cache-Control": "max-age=600", "Age": "500"}, 100 * time.Second, true},
		{"too old", map[string]string{"Cache-Control": "max-age=600", "Age": "5000"}, 0, true},
		{"a year", map[string]string{"Cache-Control": "max-age=31536000"}, 24 * time.Hour, true},
		{"for ever", map[string]string{"Cache-Control": "max-age=99999999999999999999"}, 24 * time.Hour, true},
		{"junk", map[string]string{"Cache-Control": "max-age=soon"}, 0, true},
		{"negative", map[string]string{"Cache-Control": "max-age=-1"}, 0, true},
		{"not for us", map[string]string{"Cache-Control": "s-maxage=600"}, 0, true},
		{"no-store", map[string]string{"Cache-Control": "max-age=600, no-store"}, 0, true},
		{"no-cache", map[string]string{"Cache-Control": "no-cache", "Expires": "Mon, 02 Mar 2026 13:00:00 GMT"}, 0, true},
		{"no-cache of a field", map[string]string{"Cache-Control": `no-cache="set-cookie, x", max-age=60`}, time.Minute, true},
		{"comma in quotes", map[string]string{"Cache-Control": `x="a, max-age=1", max-age=60`}, time.Minute, true},
		{"two", map[string]string{"Cache-Control": "max-age=600, max-age=60"}, time.Minute, true},
		{"expires", map[string]string{"Expires": "Mon, 02 Mar 2026 12:30:00 GMT"}, 30 * time.Minute, true},
		{"expires less date", map[string]string{"Expires": "Mon, 02 Mar 2026 12:30:00 GMT", "Date": "Mon, 02 Mar 2026 12:20:00 GMT"}, 10 * time.Minute, true},
		{"expired", map[string]string{"Expires": "Thu, 19 Nov 1981 08:52:00 GMT"}, 0, true},
		{"expires 0", map[string]string{"Expires": "0"}, 0, true},
		{"max-age before expires", map[string]string{"Cache-Control": "max-age=60", "Expires": "Mon, 02 Mar 2026 12:30:00 GMT"}, time.Minute, true},
	} {
		h := http.Header{}
		for k, v := range tt.header {
			h.Set(k, v)
		}
		if got, said := FreshFor(h, noon); got != tt.want || said != tt.said {
			t.Errorf("%s: got %s, %v; want %s, %v", tt.name, got, said, tt.want, tt.said)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "900": 15 * time.Minute, " 900 ": 15 * time.Minute, "-5": 0, "soon": 0, "1.5": 0, "99999999999999999999": mostAsked,
		"Mon, 02 Mar 2026 12:20:00 GMT":     20 * time.Minute,
		"Monday, 02-Mar-26 12:20:00 GMT":    20 * time.Minute,
		"Mon Mar  2 12:20:00 2026":          20 * time.Minute,
		"Mon, 02 Mar 2026 11:20:00 GMT":     0,
		"Fri, 31 Dec 9999 23:59:59 GMT":     mostAsked,
		"Mon, 02 Mar 2026 12:20:00 GMT+0:1": 0,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {value}}, noon); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
	h := http.Header{"Retry-After": {"Mon, 02 Mar 2026 12:20:00 GMT"}, "Date": {"Mon, 02 Mar 2026 12:19:00 GMT"}}
	if got := RetryAfter(h, noon); got != time.Minute {
		t.Errorf("got %s; the origin's own clock should count", got)
	}
}

func TestParseLinks(t *testing.T) {
	base, _ := url.Parse("https://example.org/news/feed")
	for field, want := range map[string][]feeds.Link{
		`<https://hub.example.org/>; rel="hub"`:         {{Href: "https://hub.example.org/", Rel: "hub"}},
		`</a>; rel=self, <b>;rel="next prev"`:           {{Href: "https://example.org/a", Rel: "self"}, {Href: "https://example.org/news/b", Rel: "next"}, {Href: "https://example.org/news/b", Rel: "prev"}},
		`<a,b;c>; title="x, y; \"z\"" ; rel=Alternate`:  {{Href: "https://example.org/news/a,b;c", Rel: "alternate", Title: `x, y; "z"`}},
		`<a>; rel=x; rel=y; type=text/html; hreflang=f`: {{Href: "https://example.org/news/a", Rel: "x", Type: "text/html", HrefLang: "f"}},
		`<a>; rel="https://Example.org/Rel"`:            {{Href: "https://example.org/news/a", Rel: "https://Example.org/Rel"}},
		`<a>; anchor="#x"; rel=hub`:                     nil,
		`<javascript:alert(1)>; rel=hub`:                nil,
		`<a>`:                                           nil,
		`<a; rel=hub`:                                   nil,
		`rel=hub`:                                       nil,
		`<>; rel=self`:                                  {{Href: "https://example.org/news/feed", Rel: "self"}},
		`<%zz>; rel=hub, <b>; rel=hub`:                  {{Href: "https://example.org/news/b", Rel: "hub"}},
	} {
		if got := parseLinks([]string{field}, base); !slices.Equal(got, want) {
			t.Errorf("%s: got %+v, want %+v", field, got, want)
		}
	}
	if got := parseLinks([]string{strings.Repeat("<a>; rel=x,", 10000)}, base); len(got) != mostLinks {
		t.Errorf("got %d links, want no more than %d", len(got), mostLinks)
	}
}

// Whatever stands in a header: links are absolute, on the web and printable,
// and durations are between nothing and their caps.
func FuzzHeader(f *testing.F) {
	f.Add(`<https://hub.example.org/>; rel="hub"`, "max-age=60", "Mon, 02 Mar 2026 12:20:00 GMT", "900")
	f.Add(`<a>; rel="x y"; title="\"`, `no-cache="a, b", x=","`, "0", "Mon, 02 Mar 2026 12:20:00 GMT")
	base, _ := url.Parse("https://example.org/news/feed")
	f.Fuzz(func(t *testing.T, link, control, expires, retry string) {
		for _, l := range parseLinks([]string{link}, base) {
			u, err := url.Parse(l.Href)
			if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || l.Rel == "" {
				t.Fatalf("%q gives %+v", link, l)
			}
			if printable(l.Title+l.Rel, 1<<20) != l.Title+l.Rel {
				t.Fatalf("%q gives %+v", link, l)
			}
		}
		h := http.Header{"Cache-Control": {control}, "Expires": {expires}, "Age": {retry}, "Retry-After": {retry}}
		if d, _ := FreshFor(h, noon); d < 0 || d > mostFresh {
			t.Fatalf("fresh for %s", d)
		}
		if d := RetryAfter(h, noon); d < 0 || d > mostAsked {
			t.Fatalf("retry after %s", d)
		}
	})
}

func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[31m\nb\u202ec\xff", 100); got != "a?[31m?b?c?" {
		t.Errorf("got %q", got)
	}
	if got := printable(strings.Repeat("é", 100), 11); got != "ééééé…" {
		t.Errorf("got %q", got)
	}
}

package serve

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"communique/feeds"
)

// windows are feeds that show a part of what they select.
func windows() []Named {
	data := feeds.Query{Topics: []string{"data"}}
	ten := data
	ten.Limit = 10
	return []Named{
		{Feed: feeds.Feed{Path: "ten", Query: ten}},
		{Feed: feeds.Feed{Path: "shares", Query: ten, Share: feeds.Share{Entries: 2}}},
		{Feed: feeds.Feed{Path: "changed", Query: data, Order: feeds.ByUpdate}},
		{Feed: feeds.Feed{Path: "changed-shares", Query: data, Order: feeds.ByUpdate, Share: feeds.Share{Part: .2}}},
		{Feed: feeds.Feed{Path: "small", Query: data, MaxBytes: 10_000}},
		{Feed: feeds.Feed{Path: "small-shares", Query: data, MaxBytes: 10_000, Share: feeds.Share{Entries: 20}}},
		{Feed: feeds.Feed{Path: "theirs", Query: data, Preserve: true}},
	}
}

// leaf goes through a feed's pages; between is called between the steps.
func (y *years) leaf(path string, between func()) []paper {
	y.t.Helper()
	out := []paper{y.read("https://news.example.org" + path)}
	for {
		last := out[len(out)-1]
		next := last.previous // of JSON
		if m := atomNext.FindSubmatch(last.raw); m != nil {
			next = string(m[1])
		}
		if next == "" {
			return out
		}
		between()
		p := y.read(next)
		if p.archive || len(p.ids) == 0 || slices.ContainsFunc(out, func(o paper) bool { return o.url == p.url }) {
			y.t.Fatalf("%s leads to %s, an archive: %v, with %d entries", last.url, p.url, p.archive, len(p.ids))
		}
		out = append(out, p)
	}
}

func TestWhatAWindowLeavesOutStandsOnItsPages(t *testing.T) {
	y := newYears(t, 9)
	for len(y.said) < 700 {
		y.pass()
	}
	data := feeds.Query{Topics: []string{"data"}}
	paths := map[string]feeds.Query{
		"/feeds/topic/data.atom?limit=20":          data,
		"/feeds/topic/data.json?limit=7&q=harbour": {Topics: []string{"data"}, Words: "harbour"},
		"/feeds/choice.rss?limit=30&q=-harbour":    {Words: "-harbour", Any: []feeds.Query{data, {Sources: []feeds.SourceID{"south"}}}},
	}
	for i, n := range windows() {
		paths["/feeds/"+n.Feed.Path+"."+[]string{"atom", "rss", "json"}[i%3]] = data
	}
	for path, q := range paths {
		pages := y.leaf(path, func() {})
		seen := map[string]string{}
		n := 0
		for _, p := range pages {
			for _, id := range p.ids {
				if seen[id] != "" {
					t.Errorf("%s: %s stands in %s and %s", path, id, seen[id], p.url)
				}
				seen[id] = p.url
				n++
			}
		}
		want := y.want(q)
		for id := range want {
			if seen[id] == "" && !strings.Contains(path, "/theirs.") {
				t.Errorf("%s: %s is lost", path, id)
			}
		}
		if n != len(want) || len(pages) < 3 {
			t.Errorf("%s: %d entries on %d pages, want %d", path, n, len(pages), len(want))
		}
		again := y.read(pages[1].url)
		first := pages[0]
		if strings.Contains(path, ".atom") && (!strings.Contains(string(again.raw), `rel="first"`) || strings.Contains(string(again.raw), `rel="hub"`) || again.head == first.head) {
			t.Errorf("%s: %s", path, again.head)
		}
	}
	// What arrives meanwhile moves nothing from one page to another.
	// Nor does what is corrected meanwhile, and so comes into a window or leaves it.
	for _, path := range []string{"/feeds/ten.atom", "/feeds/shares.rss", "/feeds/changed.json", "/feeds/changed-shares.atom", "/feeds/small.json", "/feeds/small-shares.rss"} {
		seen := map[string]bool{}
		before := y.want(data)
		for _, p := range y.leaf(path, func() {
			y.hour++
			y.tell(y.fresh(y.at()))
			for range 5 {
				y.change(func(o *feeds.Observed) {
					o.Revision, o.Changed, o.Copy.Title = o.Revision+1, y.at(), o.Copy.Title+", corrected"
				})
			}
		}) {
			for _, id := range p.ids {
				if seen[id] {
					t.Errorf("%s: %s stands on two pages", path, id)
				}
				seen[id] = true
			}
		}
		for id := range before {
			if !seen[id] {
				t.Errorf("%s: %s was lost on the way", path, id)
			}
		}
	}
	link := y.get("/feeds/shares.rss").Header.Get("Link")
	if !regexp.MustCompile(`/feeds/shares.rss\?after=start\.[\w-]+>; rel="next"`).MatchString(link) {
		t.Errorf("Link: %s", link)
	}
	for _, place := range []string{"nowhere", "dn76zqkctu68.5ka2%22%3E", "dn76zqkctu68.a%26b=c", "dn76zqkctu68.%ff", "start.AA", "start.%22", "dn76zqkctu68.abc.AAAA"} {
		if a := y.get("/feeds/ten.atom?after=" + place); a.StatusCode != 400 || !strings.Contains(string(a.body), "after="+place[:5]) {
			t.Errorf("after=%s: %s %s", place, a.Status, a.body)
		}
	}
	// Pages for people go on in the same way.
	for _, path := range []string{"/feeds/shares.html", "/feeds/changed.html"} {
		people := map[string]bool{}
		n := 0
		for at := path; at != ""; {
			body := string(y.get(at, "Accept", "text/html").body)
			for _, m := range statementLink.FindAllStringSubmatch(body, -1) {
				people[m[1]] = true
			}
			at = ""
			if m := olderLink.FindStringSubmatch(body); m != nil {
				at = strings.ReplaceAll(m[1], "&amp;", "&")
			}
			if n++; n > 100 {
				t.Fatalf("%s has no end", path)
			}
		}
		for id := range y.want(data) {
			if id = strings.TrimPrefix(id, "tag:example.org,2026:statement/"); !people[id] {
				t.Errorf("%s: nobody gets to %s", path, id)
			}
		}
	}
}

var (
	olderLink     = regexp.MustCompile(`<a href="([^"]*)" rel="nofollow next">`)
	statementLink = regexp.MustCompile(`/statements/(statement\d+)"`)
)

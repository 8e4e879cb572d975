package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/render"
	"communique/feeds/render/rendertest"
	"communique/storage"
)

// years is a site whose store grows as stores do over the years, and that is
// restarted now and then.
type years struct {
	site
	*rand.Rand
	path   string
	now    atomic.Pointer[Server]
	said   []*feeds.Observed          // as last said
	hidden map[feeds.StatementID]bool // now
	ever   map[feeds.StatementID]bool
	hour   int
}

func newYears(t *testing.T, seed uint64) *years {
	y := &years{site: site{t: t}, Rand: rand.New(rand.NewPCG(seed, 3)), path: filepath.Join(t.TempDir(), "years.db"), hidden: map[feeds.StatementID]bool{}, ever: map[feeds.StatementID]bool{}}
	y.open()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { y.now.Load().ServeHTTP(w, r) }))
	t.Cleanup(func() {
		h.Close()
		if err := y.store.Verify(); err != nil {
			t.Error(err)
		}
		y.store.Close()
	})
	y.url = h.URL
	return y
}

func (y *years) open() {
	y.t.Helper()
	store, err := storage.Open(y.path, storage.Options{})
	if err != nil {
		y.t.Fatal(err)
	}
	y.store = store
	srv, err := New(Options{
		Store: store, Log: slog.New(slog.DiscardHandler),
		Site:    render.Site{Title: "Harbour", BaseURL: "https://news.example.org", Authority: "example.org,2026", Language: "en"},
		Sources: []feeds.Source{{ID: "north", Title: "North Office"}, {ID: "south", Title: "Oficina Sur"}},
		Terms:   []Term{{Tag: health}, {Tag: data}, {Tag: americas}, {Tag: mexico}}, Languages: []string{"en", "fr"},
		Named: append(windows(), Named{Feed: feeds.Feed{Path: "choice", Titles: map[string]string{"en": "Choice"}, Query: feeds.Query{Any: []feeds.Query{{Topics: []string{"data"}}, {Sources: []feeds.SourceID{"south"}}}}}}),
	})
	if err != nil {
		y.t.Fatal(err)
	}
	y.now.Store(srv)
}

func (y *years) restart() {
	y.t.Helper()
	if err := y.store.Close(); err != nil {
		y.t.Fatal(err)
	}
	y.open()
}

func (y *years) at() time.Time { return day.Add(time.Duration(y.hour) * time.Hour) }

func (y *years) tell(facts ...feeds.Fact) {
	y.t.Helper()
	if _, err := y.store.Append(context.Background(), y.at(), facts...); err != nil {
		y.t.Fatal(err)
	}
}

func (y *years) fresh(order time.Time) *feeds.Observed {
	n := len(y.said)
	src := []string{"north", "south"}[y.IntN(2)]
	o := &feeds.Observed{
		Item: feeds.ItemKey(fmt.Sprintf("%s/%d", src, n)), Statement: feeds.StatementID(fmt.Sprintf("statement%07d", n)), FirstSeen: y.at(), Changed: y.at(), Order: order, Published: order, Revision: 1, Relation: feeds.IsOrigin,
		Copy: feeds.Copy{Source: feeds.SourceID(src), ID: fmt.Sprint("guid-", n), Title: fmt.Sprint("Statement ", n), Content: fmt.Sprintf("<p>What statement %d has to say.</p>", n),
			Link: fmt.Sprintf("https://%s.example/%d", src, n), Language: []string{"en", "fr"}[y.IntN(2)], Published: order,
			Origin: feeds.Origin{ID: "https://" + src + ".example/feed", Title: src, FeedURL: "https://" + src + ".example/feed"}},
	}
	y.tag(o)
	y.word(o)
	y.said = append(y.said, o)
	return o
}

// word gives an item words to be searched for.
func (y *years) word(o *feeds.Observed) {
	o.Copy.Content, _, _ = strings.Cut(o.Copy.Content, "<ul>")
	o.Copy.Content += "<ul>" + []string{"", "", "The harbour.", "An open port.", "Harbour and open port."}[y.IntN(5)] + "</ul>"
}

func (y *years) tag(o *feeds.Observed) {
	o.Taggings = nil
	for _, t := range []feeds.Tag{health, data, americas, mexico} {
		if y.IntN(2) == 0 {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "test"})
		}
	}
}

// change puts something new for an item.
func (y *years) change(fn func(*feeds.Observed)) {
	i := y.IntN(len(y.said))
	o := *y.said[i]
	fn(&o)
	y.said[i] = &o
	y.tell(&o)
}

// pass lets some time pass.
func (y *years) pass() {
	y.hour++
	switch n := y.IntN(24); {
	case n < 8 || len(y.said) < 30:
		var facts []feeds.Fact
		for range 1 + y.IntN(25) {
			facts = append(facts, y.fresh(y.at()))
		}
		y.tell(facts...)
	case n < 10: // the first import of an office
		var facts []feeds.Fact
		for range 50 + y.IntN(200) {
			facts = append(facts, y.fresh(y.at().Add(-time.Duration(300+y.IntN(20000))*time.Hour)))
		}
		y.tell(facts...)
	case n < 13:
		of, c := y.said[y.IntN(len(y.said))], y.fresh(y.at())
		c.Statement, c.Relation, c.Of = of.Statement, feeds.IsReprint, of.Item
		y.tell(c)
	case n < 16:
		y.change(func(o *feeds.Observed) {
			o.Copy.Title, o.Changed, o.Revision = fmt.Sprint(o.Copy.Title, ", corrected"), y.at(), o.Revision+1
			y.word(o)
		})
	case n < 18:
		y.change(y.tag)
	case n < 19:
		y.tell(&feeds.Joined{Loser: y.said[y.IntN(len(y.said))].Statement, Winner: y.said[y.IntN(len(y.said))].Statement})
	case n < 22:
		id := y.said[y.IntN(len(y.said))].Statement
		y.hidden[id], y.ever[id] = true, true
		y.tell(&feeds.Moderated{Statement: id, Hide: true})
	case n < 23:
		if ids := slices.Sorted(maps.Keys(y.hidden)); len(ids) > 0 {
			id := ids[y.IntN(len(ids))]
			delete(y.hidden, id)
			y.tell(&feeds.Moderated{Statement: id})
		}
	default:
		y.restart()
	}
}

// paper is a feed document as a client reads it.
type paper struct {
	url      string
	raw      []byte
	archive  bool
	previous string
	current  string
	ids      []string
	deleted  []string
	head     string            // without dates and tombstones
	entries  map[string]string // by id
}

var (
	atomPrev    = regexp.MustCompile(`rel="prev-archive"[^>]* href="([^"]*)"`)
	atomNext    = regexp.MustCompile(`rel="next"[^>]* href="([^"]*)"`)
	atomCurrent = regexp.MustCompile(`rel="current"[^>]* href="([^"]*)"`)
	rssGUID     = regexp.MustCompile(`<guid isPermaLink="false">([^<]*)</guid>`)
	entryID     = regexp.MustCompile(`<(?:id|guid isPermaLink="false")>([^<]*)</`)
	anyDate     = regexp.MustCompile(`(?s)<(?:updated|pubDate|lastBuildDate)>[^<]*<|"updated": "[^"]*"|\s*<at:deleted-entry.*?</at:deleted-entry>| xmlns:at="[^"]*"| xml:lang="[^"]*"|<language>[^<]*</language>|\s*"language": "[^"]*",|\s*</(?:feed|channel|rss)>\s*`)
)

// read gets a document by its public address, which news.example.org has.
func (y *years) read(url string) paper {
	y.t.Helper()
	a := y.get(strings.TrimPrefix(strings.ReplaceAll(url, "&#x26;", "&"), "https://news.example.org"))
	if a.StatusCode != 200 {
		y.t.Fatalf("%s: %s\n%s", url, a.Status, a.body)
	}
	return y.parse(url, a.body)
}

// entryTexts gives the entries of an Atom or RSS document as they stand in it.
// (An expression that does so takes most of the time under the race detector.)
func entryTexts(body []byte) (out []string) {
	open, end := "<entry ", "</entry>"
	if bytes.Contains(body, []byte("<rss ")) {
		open, end = "<item>", "</item>"
	}
	for rest := string(body); ; {
		_, after, ok := strings.Cut(rest, open)
		if !ok {
			return out
		}
		var inner string
		inner, rest, _ = strings.Cut(after, end)
		out = append(out, open+inner+end)
	}
}

func (y *years) parse(url string, body []byte) paper {
	y.t.Helper()
	format := "atom"
	for _, f := range []string{"rss", "json"} {
		if strings.Contains(url, "."+f) {
			format = f
		}
	}
	if p := slices.DeleteFunc(rendertest.Document(format, body), func(p string) bool {
		return strings.HasPrefix(p, "A16:") && !strings.Contains(string(body), "fh:archive")
	}); len(p) > 0 {
		y.t.Fatalf("%s: %s\n%.3000s", url, strings.Join(p, "\n"), body)
	}
	p := paper{url: url, raw: body, entries: map[string]string{}}
	first := func(re *regexp.Regexp) string {
		if m := re.FindSubmatch(body); m != nil {
			return string(m[1])
		}
		return ""
	}
	if format == "json" {
		var f struct {
			Next      string `json:"next_url"`
			Extension struct {
				Archive int    `json:"archive"`
				Current string `json:"current"`
			} `json:"_communique"`
			Items []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(body, &f); err != nil {
			y.t.Fatal(err)
		}
		p.archive, p.previous, p.current = f.Extension.Archive > 0, f.Next, f.Extension.Current
		for _, it := range f.Items {
			var of struct {
				ID string `json:"id"`
			}
			if err := json.Unmarshal(it, &of); err != nil {
				y.t.Fatal(err)
			}
			p.ids = append(p.ids, of.ID)
			p.entries[of.ID] = string(it)
		}
		p.head = anyDate.ReplaceAllString(string(body[:bytes.Index(body, []byte(`"items"`))]), "")
		return p
	}
	p.archive, p.previous, p.current = bytes.Contains(body, []byte("<fh:archive")), first(atomPrev), first(atomCurrent)
	texts := entryTexts(body)
	p.head = string(body)
	if len(texts) > 0 {
		p.head = string(body[:bytes.Index(body, []byte(texts[0]))])
	}
	p.head = anyDate.ReplaceAllString(p.head, "")
	for _, e := range texts {
		p.entries[entryID.FindStringSubmatch(e)[1]] = e
	}
	if format == "rss" {
		for _, m := range rssGUID.FindAllSubmatch(body, -1) {
			p.ids = append(p.ids, string(m[1]))
		}
		return p
	}
	var f struct {
		Entries []struct {
			ID string `xml:"id"`
		} `xml:"entry"`
		Deleted []struct {
			Ref string `xml:"ref,attr"`
		} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
	}
	if err := xml.Unmarshal(body, &f); err != nil {
		y.t.Fatal(err)
	}
	for _, e := range f.Entries {
		p.ids = append(p.ids, e.ID)
	}
	for _, d := range f.Deleted {
		p.deleted = append(p.deleted, d.Ref)
	}
	return p
}

// walk goes from a feed's current document to its first archive; between is
// called between the steps.
func (y *years) walk(path string, between func()) []paper {
	y.t.Helper()
	out := []paper{y.read("https://news.example.org" + path)}
	if out[0].archive {
		y.t.Fatalf("%s is called an archive", path)
	}
	for at := out[0].previous; at != ""; {
		between()
		p := y.read(at)
		if !p.archive || p.current != strings.ReplaceAll("https://news.example.org"+path, "&", "&#x26;") && p.current != "https://news.example.org"+path {
			y.t.Fatalf("%s: archive %v, current %q", at, p.archive, p.current)
		}
		if slices.ContainsFunc(out, func(o paper) bool { return o.url == p.url }) {
			y.t.Fatalf("%s: the walk comes back to it", at)
		}
		out = append(out, p)
		at = p.previous
	}
	return out
}

// want gives the ids of all that meets a query now.
func (y *years) want(q feeds.Query) map[string]bool {
	y.t.Helper()
	out := map[string]bool{}
	for q.Limit = 500; ; {
		page, err := y.store.Select(q)
		if err != nil {
			y.t.Fatal(err)
		}
		for _, h := range page.Heads {
			out["tag:example.org,2026:statement/"+string(h.ID)] = true
		}
		if !page.More {
			return out
		}
		q.After = page.Next
	}
}

var walked = map[string]feeds.Query{
	"/feeds/all.atom":                         {},
	"/feeds/topic/health.rss":                 {Topics: []string{"health"}},
	"/feeds/country/mx.json":                  {Countries: []string{"mx"}},
	"/feeds/topic/data.atom?lang=fr":          {Topics: []string{"data"}, Languages: []string{"fr"}},
	"/feeds/all.json?lang=en&topic=data":      {Topics: []string{"data"}, Languages: []string{"en"}},
	"/feeds/source/south.rss?region=americas": {Sources: []feeds.SourceID{"south"}, Regions: []string{"americas"}},

	"/feeds/all.atom?q=harbour":                 {Words: "harbour"},
	"/feeds/topic/health.rss?q=%22open+port%22": {Topics: []string{"health"}, Words: `"open port"`},
	"/feeds/all.json?lang=en&q=-harbour":        {Languages: []string{"en"}, Words: "-harbour"},
}

func TestAWalkFindsEveryStatementOnce(t *testing.T) {
	y := newYears(t, 1)
	for range 150 {
		y.pass()
	}
	if len(y.said) < 1500 {
		t.Fatalf("only %d items", len(y.said))
	}
	var paths []string
	for p := range walked {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	written := map[string]paper{}
	deleted := 0
	for round := range 3 {
		for _, path := range paths {
			before := y.want(walked[path])
			quiet := round%2 == 0
			papers := y.walk(path, func() {
				if !quiet && y.IntN(3) == 0 {
					y.pass()
				}
			})
			if len(papers) < 3 {
				t.Fatalf("%s: %d documents; nothing was archived", path, len(papers))
			}
			seen := map[string]string{}
			for _, p := range papers {
				for _, id := range p.ids {
					if in := seen[id]; in != "" {
						t.Fatalf("%s: %s stands in %s and %s", path, id, in, p.url)
					}
					seen[id] = p.url
				}
				if p.archive && len(p.ids)+len(p.deleted) > 50 {
					t.Fatalf("%s has %d entries", p.url, len(p.ids))
				}
				deleted += len(p.deleted)
				if was, ok := written[p.url]; ok {
					y.compare(was, p)
				}
				if p.archive {
					written[p.url] = p
				}
			}
			now := y.want(walked[path])
			for id := range before {
				if seen[id] == "" && now[id] {
					t.Fatalf("%s: %s was there when the walk began, and it did not find it", path, id)
				}
			}
			if quiet && len(papers[0].ids) > 150 {
				t.Errorf("%s: %d entries in the current document", path, len(papers[0].ids))
			}
		}
	}
	if deleted == 0 {
		t.Error("no tombstone was seen")
	}
}

// compare checks that an archive is what it was, but for what is hidden or was.
func (y *years) compare(was, is paper) {
	y.t.Helper()
	if was.head != is.head {
		y.t.Fatalf("%s changed:\n%s\n\n%s", is.url, was.head, is.head)
	}
	for id, e := range is.entries {
		if was.entries[id] == "" && !y.wasHidden(id) {
			y.t.Fatalf("%s: %s came into it", is.url, id)
		} else if was.entries[id] != "" && was.entries[id] != e {
			y.t.Fatalf("%s: %s changed:\n%s\n\n%s", is.url, id, was.entries[id], e)
		}
	}
	for id := range was.entries {
		if is.entries[id] == "" && !y.wasHidden(id) {
			y.t.Fatalf("%s: %s is lost", is.url, id)
		}
	}
}

// wasHidden reports whether an operator ever hid the statement.
func (y *years) wasHidden(uri string) bool {
	y.t.Helper()
	_, at, _, err := y.store.Statement(feeds.StatementID(strings.TrimPrefix(uri, "tag:example.org,2026:statement/")))
	if err != nil {
		y.t.Fatal(err)
	}
	for id := range y.ever {
		if _, root, _, _ := y.store.Statement(id); root == at {
			return true
		}
	}
	return false
}

func TestAnArchiveIsWrittenOnce(t *testing.T) {
	y := newYears(t, 2)
	for range 6 {
		var facts []feeds.Fact
		for range 50 {
			y.hour++
			facts = append(facts, y.fresh(y.at()))
		}
		y.tell(facts...)
	}
	first := y.get("/archive/all/1.atom")
	if first.StatusCode != 200 || strings.Contains(first.Header.Get("Link"), "prev-archive") || !strings.Contains(first.Header.Get("Link"), `/archive/all/2.atom>; rel="next-archive"`) {
		t.Fatalf("%s, Link %q", first.Status, first.Header.Get("Link"))
	}
	if got := first.Header.Get("Cache-Control"); got != "public, max-age=86400, stale-if-error=86400" {
		t.Errorf("Cache-Control %q", got)
	}
	if first.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("no page may read it")
	}
	id := y.said[3].Statement
	o := *y.said[3]
	o.Copy.Title, o.Changed, o.Revision = "Corrected", y.at(), 2
	c := y.fresh(y.at())
	c.Statement, c.Relation = y.said[4].Statement, feeds.IsReprint
	z := *y.said[5]
	z.Taggings = []feeds.Tagging{{Tag: mexico, Rule: "test"}}
	y.tell(&o, c, &z, &feeds.Joined{Loser: y.said[6].Statement, Winner: y.said[280].Statement})
	y.restart()
	for _, coding := range []string{"", "gzip"} {
		again := y.get("/archive/all/1.atom", "Accept-Encoding", coding)
		if coding == "" && (!bytes.Equal(again.body, first.body) || again.Header.Get("ETag") != first.Header.Get("ETag")) {
			t.Error("it changed")
		}
		if a := y.get("/archive/all/1.atom", "Accept-Encoding", coding, "If-None-Match", again.Header.Get("ETag")); a.StatusCode != 304 {
			t.Errorf("%q: %s", coding, a.Status)
		}
	}
	// The one exception.
	y.tell(&feeds.Moderated{Statement: id, Hide: true})
	p := y.read("https://news.example.org/archive/all/1.atom")
	if bytes.Contains(p.raw, []byte("Statement 3<")) || !slices.Contains(p.deleted, "tag:example.org,2026:statement/"+string(id)) || len(p.ids) != 49 {
		t.Errorf("%d entries, withdrawn %v", len(p.ids), p.deleted)
	}
	y.tell(&feeds.Moderated{Statement: id})
	if again := y.get("/archive/all/1.atom"); !bytes.Equal(again.body, first.body) {
		t.Error("the withdrawn one came back as another")
	}
	// A copy that is withdrawn leaves nothing of itself.
	y.tell(&feeds.Gone{Item: o.Item, Statement: id, FirstSeen: o.FirstSeen, Order: o.Order, Reason: "withdrawn"})
	if a := y.get("/archive/all/1.atom"); bytes.Contains(a.body, []byte("Statement 3<")) || bytes.Contains(a.body, []byte("Corrected")) {
		t.Error("it shows what is withdrawn")
	}
}

func TestArchivesThatThereAreNot(t *testing.T) {
	y := newYears(t, 3)
	var facts []feeds.Fact
	for range 260 {
		y.hour++
		facts = append(facts, y.fresh(y.at()))
	}
	y.tell(facts...)
	last := 0
	for n := 1; y.get("/archive/all/"+strconv.Itoa(n)+".atom").StatusCode == 200; n++ {
		last = n
	}
	if last < 3 {
		t.Fatalf("%d archives", last)
	}
	for path, says := range map[string]string{
		fmt.Sprintf("/archive/all/%d.atom", last+1): fmt.Sprintf("archives 1 to %d", last),
		"/archive/all/0.rss":                        "there is no archive 0",
		"/archive/all/01.atom":                      "numbered",
		"/archive/all/-1.atom":                      "numbered",
		"/archive/all/1.html":                       "numbered",
		"/archive/all/1":                            "numbered",
		"/archive/1.atom":                           "numbered",
		"/archive/all/99999999999999999999.atom":    "numbered",
		"/archive/nothing/1.atom":                   "choice",
		"/archive/topic/nothing/1.atom":             "health",
		"/archive/all/1.atom?limit=5":               "/feeds/all.atom?limit=5",
		"/archive/all/1.atom?per=500":               "no archive with per=500 of this feed",
		"/archive/all/1.atom?q=clinics&per=60":      "/feeds/all.atom?q=clinics",
		"/archive/all/999.atom?q=clinics":           "/feeds/all.atom?q=clinics",
	} {
		if a := y.get(path); a.StatusCode != 404 || !strings.Contains(string(a.body), says) {
			t.Errorf("%s: %s %q, want 404 and %q", path, a.Status, a.body, says)
		}
	}
	// Feeds that show a part only say no word of archives.
	for _, path := range []string{"/feeds/all.atom?limit=5", "/feeds/all.atom?limit=5&q=say"} {
		if p := y.read("https://news.example.org" + path); p.previous != "" {
			t.Errorf("%s links %s", path, p.previous)
		}
	}
	if p := y.read("https://news.example.org/feeds/choice.atom"); p.previous == "" {
		t.Error("a named feed has no archives")
	}
}

func TestWithdrawnStatementsLeaveTombstones(t *testing.T) {
	y := newYears(t, 4)
	a, b, c := y.fresh(y.at()), y.fresh(y.at()), y.fresh(y.at())
	a.Taggings, b.Taggings, c.Taggings = []feeds.Tagging{{Tag: health}}, []feeds.Tagging{{Tag: health}}, []feeds.Tagging{{Tag: data}}
	y.tell(a, b, c)
	tombs := func(path string) []string { return y.read("https://news.example.org" + path).deleted }
	uri := func(o *feeds.Observed) string { return "tag:example.org,2026:statement/" + string(o.Statement) }
	y.hour++
	y.tell(&feeds.Moderated{Statement: a.Statement, Hide: true})
	y.tell(&feeds.Joined{Loser: b.Statement, Winner: c.Statement})
	if got := tombs("/feeds/topic/health.atom"); !slices.Equal(got, []string{uri(b), uri(a)}) {
		t.Errorf("topic/health: %v", got)
	}
	if got := tombs("/feeds/country/mx.atom"); got != nil {
		t.Errorf("country/mx: %v", got)
	}
	if doc := y.get("/feeds/all.atom"); !bytes.Contains(doc.body, []byte("https://news.example.org/statements/"+string(c.Statement)+"</at:comment>")) {
		t.Errorf("it does not say where the joined one went: %s", doc.body)
	}
	for _, path := range []string{"/feeds/all.rss", "/feeds/all.json"} {
		if doc := y.get(path); bytes.Contains(doc.body, []byte(a.Statement)) || bytes.Contains(doc.body, []byte("deleted-entry")) {
			t.Errorf("%s: %s", path, doc.body)
		}
	}
	y.restart()
	if got := tombs("/feeds/all.atom"); len(got) != 2 {
		t.Errorf("after a restart: %v", got)
	}
	y.tell(&feeds.Moderated{Statement: a.Statement})
	if got := tombs("/feeds/topic/health.atom"); !slices.Equal(got, []string{uri(b)}) {
		t.Errorf("after one returned: %v", got)
	}
	y.hour += 31 * 24
	y.tell(y.fresh(y.at()))
	if got := tombs("/feeds/all.atom"); got != nil {
		t.Errorf("after a month: %v", got)
	}
	for range 60 {
		o := y.fresh(y.at())
		y.tell(o, &feeds.Gone{Item: y.said[len(y.said)-2].Item, Statement: y.said[len(y.said)-2].Statement, Reason: "withdrawn"})
	}
	if got := tombs("/feeds/all.atom"); len(got) != 50 {
		t.Errorf("%d tombstones, want 50", len(got))
	}
}

func TestDeltaHoldsWhatIsNew(t *testing.T) {
	y := newYears(t, 5)
	for range 12 {
		y.pass()
	}
	copies := map[string]map[string]string{} // path → id → entry
	tags := map[string]string{}
	parts := 0
	for range 40 {
		y.pass()
		for _, path := range []string{"/feeds/all.atom", "/feeds/topic/data.atom?lang=fr"} {
			for range 2 {
				a := y.get(path, "A-IM", "feed", "If-None-Match", tags[path])
				whole := y.get(path)
				switch a.StatusCode {
				case 304:
				case 226:
					parts++
					if a.Header.Get("IM") != "feed" || a.Header.Get("Delta-Base") != tags[path] || a.Header.Get("Cache-Control") != "no-store, im, max-age=300" ||
						a.Header.Get("Vary") != "Accept-Encoding, A-IM, If-None-Match" {
						t.Fatalf("%s: %v", path, a.Header)
					}
					if len(a.body) >= len(whole.body) {
						t.Errorf("%s: the delta has %d octets, the whole %d", path, len(a.body), len(whole.body))
					}
				case 200:
					copies[path] = map[string]string{}
				default:
					t.Fatalf("%s: %s", path, a.Status)
				}
				if a.Header.Get("ETag") != whole.Header.Get("ETag") {
					t.Fatalf("%s: %s with ETag %s, the whole has %s", path, a.Status, a.Header.Get("ETag"), whole.Header.Get("ETag"))
				}
				tags[path] = a.Header.Get("ETag")
				if a.StatusCode != 304 {
					p := y.parse(path, a.body)
					for _, e := range entryTexts(a.body) {
						copies[path][entryID.FindStringSubmatch(e)[1]] = e
					}
					for _, id := range p.deleted {
						delete(copies[path], id)
					}
				}
				for _, e := range entryTexts(whole.body) {
					if id := entryID.FindStringSubmatch(e)[1]; copies[path][id] != e {
						t.Fatalf("%s: after %s the reader has\n%s\nwant\n%s", path, a.Status, copies[path][id], e)
					}
				}
				for _, id := range y.parse(path, whole.body).deleted {
					if copies[path][id] != "" {
						t.Fatalf("%s: the reader keeps %s, which was withdrawn", path, id)
					}
				}
			}
		}
	}
	if parts < 20 {
		t.Errorf("only %d deltas", parts)
	}
}

// What comes back for so short a time that no list was made of it meanwhile is withdrawn
// anew: a reader's copy may be of that time, and the reader may have what was corrected then.
func TestDeltaTellsOfWhatIsWithdrawnAgain(t *testing.T) {
	y := newYears(t, 7)
	const path, id = "/feeds/all.atom", "statement0000003"
	more := func() {
		var facts []feeds.Fact
		for range 200 {
			facts = append(facts, y.fresh(y.at()))
		}
		y.hour++
		y.tell(facts...)
	}
	more()
	y.tell(&feeds.Moderated{Statement: id, Hide: true})
	more()
	y.hour++
	y.tell(&feeds.Moderated{Statement: id})
	copied := y.get(path).Header.Get("ETag")
	y.hour++
	y.tell(&feeds.Moderated{Statement: id, Hide: true})
	a := y.get(path, "A-IM", "feed", "If-None-Match", copied)
	if a.StatusCode != 226 || !slices.ContainsFunc(y.parse(path, a.body).deleted, func(gone string) bool { return strings.HasSuffix(gone, id) }) {
		t.Errorf("%s: %s", a.Status, a.body)
	}
	at := y.at().Format(time.RFC3339)
	for _, body := range [][]byte{a.body, y.get(path).body} {
		if !regexp.MustCompile(`<at:deleted-entry ref="[^"]*` + id + `" when="` + at + `"`).Match(body) {
			t.Errorf("no tombstone of %s in %s", at, regexp.MustCompile(`<at:deleted-entry[^>]*>`).FindAll(body, 3))
		}
		// To lose an entry is a change of the feed.
		if got := regexp.MustCompile(`<updated>(.*?)</updated>`).FindSubmatch(body); string(got[1]) != at {
			t.Errorf("the feed was updated %s, want %s", got[1], at)
		}
	}
}

func TestDeltaOnlyForThoseWhoAskAndHaveACopy(t *testing.T) {
	y := newYears(t, 6)
	for range 30 {
		y.hour++
		y.tell(y.fresh(y.at()))
	}
	path := "/feeds/all.atom"
	old := y.get(path).Header.Get("ETag")
	gz := y.get(path, "Accept-Encoding", "gzip").Header.Get("ETag")
	other := y.get("/feeds/all.rss").Header.Get("ETag")
	y.hour++
	y.tell(y.fresh(y.at()))
	for _, c := range []struct {
		im, tag string
		status  int
	}{
		{"feed", old, 226}, {"feed", gz, 226}, {"feed", "W/" + old, 226}, {"vcdiff, feed;q=0.5", old, 226}, {"FEED", old, 226},
		{"feed", `"nothing", ` + old, 226}, {"feed", other + ", " + old, 226},
		{"", old, 200}, {"feed;q=0", old, 200}, {"vcdiff", old, 200}, {"identity, feed;q=0.5", old, 200},
		{"feed", "", 200}, {"feed", other, 200}, {"feed", `"nothing"`, 200}, {"feed", `"x.y.z"`, 200}, {"feed", old[:len(old)-2], 200}, {"feed", strings.Replace(old, ".", ".z", 1), 200},
		{"feed", "*", 304},
	} {
		header := []string{"If-None-Match", c.tag}
		if c.im != "" {
			header = append(header, "A-IM", c.im)
		}
		if c.tag == "" {
			header = header[2:]
		}
		if a := y.get(path, header...); a.StatusCode != c.status {
			t.Errorf("A-IM %q, If-None-Match %q: %s, want %d", c.im, c.tag, a.Status, c.status)
		}
	}
	now := y.get(path).Header.Get("ETag")
	if a := y.get(path, "A-IM", "feed", "If-None-Match", now); a.StatusCode != 304 {
		t.Errorf("current: %s", a.Status)
	}
	if a := y.get(path, "A-IM", "feed", "If-None-Match", old, "Accept-Encoding", "gzip"); a.StatusCode != 226 || a.Header.Get("Content-Encoding") != "gzip" || !strings.HasSuffix(a.Header.Get("ETag"), `-gz"`) {
		t.Errorf("in gzip: %s %v", a.Status, a.Header)
	}
	if a := y.ask("HEAD", path, "A-IM", "feed", "If-None-Match", old); a.StatusCode != 226 || len(a.body) > 0 {
		t.Errorf("HEAD: %s", a.Status)
	}
	if a := y.get(path, "A-IM", "feed", "If-Modified-Since", day.Format(http.TimeFormat)); a.StatusCode != 200 {
		t.Errorf("If-Modified-Since: %s", a.Status)
	}
	for _, f := range []string{"/feeds/all.rss", "/feeds/all.json"} {
		tag := y.get(f).Header.Get("ETag")
		y.hour++
		y.tell(y.fresh(y.at()))
		if a := y.get(f, "A-IM", "feed", "If-None-Match", tag); a.StatusCode != 226 || len(y.parse(f, a.body).ids) != 1 {
			t.Errorf("%s: %s\n%s", f, a.Status, a.body)
		}
	}
	y.restart()
	if a := y.get(path, "A-IM", "feed", "If-None-Match", old); a.StatusCode != 226 || len(y.parse(path, a.body).ids) != 3 {
		t.Errorf("after a restart: %s\n%s", a.Status, a.body)
	}
	if a := y.get("/feeds/all.atom?limit=10", "A-IM", "feed", "If-None-Match", y.get("/feeds/all.atom?limit=10").Header.Get("ETag")); a.StatusCode != 304 {
		t.Errorf("with a limit: %s", a.Status)
	}
}

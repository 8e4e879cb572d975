package serve

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"communique/feeds"
	"communique/feeds/render"
	"communique/internal/testkit"
	"communique/storage"
)

var day = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// site is a server over a real store, asked over real HTTP.
type site struct {
	t      testing.TB
	store  *storage.Store
	server *Server
	url    string
	n      int
}

func newSite(t testing.TB, change ...func(*Options)) *site {
	s := &site{t: t, store: testkit.OpenStore(t)}
	o := Options{
		Store:   s.store,
		Site:    render.Site{Title: "Harbour", BaseURL: "https://news.example.org", Authority: "example.org,2026", Language: "en"},
		Sources: []feeds.Source{{ID: "north", Title: "North Office"}, {ID: "south", Title: "Oficina Sur"}},
		Terms: []Term{
			{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "health"}, Labels: map[string]string{"en": "Health", "es": "Salud"}},
			{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "data"}, Labels: map[string]string{"en": "Data"}},
			{Tag: feeds.Tag{Scheme: feeds.Region, Term: "americas"}, Labels: map[string]string{"en": "Americas"}},
			{Tag: feeds.Tag{Scheme: feeds.Country, Term: "mx"}, Labels: map[string]string{"en": "Mexico"}},
		},
		Named: []Named{{Feed: feeds.Feed{Path: "south-health", Title: "Health in the South", Query: feeds.Query{Sources: []feeds.SourceID{"south"}, Topics: []string{"health"}}}}},
		Log:   slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	srv, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(srv)
	t.Cleanup(h.Close)
	s.server, s.url = srv, h.URL
	return s
}

// say puts a statement with one copy into the store.
func (s *site) say(source, language, title string, tags ...feeds.Tag) feeds.StatementID {
	s.t.Helper()
	s.n++
	id := feeds.StatementID(fmt.Sprintf("statement%07d", s.n))
	s.copy(id, source, language, title, tags...)
	return id
}

func (s *site) copy(id feeds.StatementID, source, language, title string, tags ...feeds.Tag) {
	s.t.Helper()
	s.n++
	at := day.Add(time.Duration(s.n) * time.Minute)
	o := &feeds.Observed{
		Item: feeds.ItemKey(fmt.Sprintf("%s/%d", source, s.n)), Statement: id, FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin,
		Copy: feeds.Copy{Source: feeds.SourceID(source), ID: fmt.Sprint("guid-", s.n), Title: title, Content: "<p>" + strings.Repeat(title+" in many words. ", 30) + "</p>",
			Link: fmt.Sprintf("https://%s.example/%d", source, s.n), Language: language, Published: at,
			Origin: feeds.Origin{ID: "https://" + source + ".example/feed", Title: source, FeedURL: "https://" + source + ".example/feed"}},
	}
	for _, t := range tags {
		o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "test"})
	}
	s.append(o)
}

func (s *site) append(facts ...feeds.Fact) {
	s.t.Helper()
	s.n++
	if _, err := s.store.Append(context.Background(), day.Add(time.Duration(s.n)*time.Minute), facts...); err != nil {
		s.t.Fatal(err)
	}
}

// answer is what came back, its body as sent.
type answer struct {
	*http.Response
	body []byte
}

func (s *site) ask(method, path string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	// Neither decoding nor redirects: the answer as it is.
	c := &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res, body}
}

func (s *site) get(path string, header ...string) answer { return s.ask("GET", path, header...) }

// titles gives the titles of an Atom feed.
func (s *site) titles(path string) []string {
	s.t.Helper()
	a := s.get(path)
	if a.StatusCode != 200 {
		s.t.Fatalf("%s: %s\n%s", path, a.Status, a.body)
	}
	var f struct {
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(a.body, &f); err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	out := []string{}
	for _, e := range f.Entries {
		out = append(out, e.Title)
	}
	return out
}

var (
	health   = feeds.Tag{Scheme: feeds.Topic, Term: "health"}
	data     = feeds.Tag{Scheme: feeds.Topic, Term: "data"}
	americas = feeds.Tag{Scheme: feeds.Region, Term: "americas"}
	mexico   = feeds.Tag{Scheme: feeds.Country, Term: "mx"}
)

func TestFeedsSelectWhatTheirAddressSays(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health, americas)
	s.say("south", "es", "Clínicas", health, americas, mexico)
	s.say("south", "es", "Datos", data)
	for path, want := range map[string]string{
		"/feeds/all.atom":                                 "[Datos Clínicas Clinics]",
		"/feeds/topic/health.atom":                        "[Clínicas Clinics]",
		"/feeds/topic/health.atom?lang=es":                "[Clínicas]",
		"/feeds/all.atom?topic=health,data&source=south":  "[Datos Clínicas]",
		"/feeds/all.atom?topic=health&topic=data&lang=en": "[Clinics]",
		"/feeds/country/mx.atom":                          "[Clínicas]",
		"/feeds/region/americas.atom?limit=1":             "[Clínicas]",
		"/feeds/source/south.atom":                        "[Datos Clínicas]",
		"/feeds/south-health.atom":                        "[Clínicas]",
		"/feeds/all.atom?q=many+Clinics":                  "[Clinics]",
		"/feeds/all.atom?q=clinics":                       "[Clinics]",
		"/feeds/all.atom?q=cl%C3%ADnica":                  "[Clínicas]",
		"/feeds/all.atom?q=clin*":                         "[Clínicas Clinics]",
		"/feeds/all.atom?q=-clinics":                      "[Datos Clínicas]",
		"/feeds/all.atom?q=datos+OR+%22many+clinics%22":   "[Datos]",
		"/feeds/topic/health.atom?q=nothing":              "[]",
		"/feeds/all.atom?utm_source=mail":                 "[Datos Clínicas Clinics]",
	} {
		if got := fmt.Sprint(s.titles(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestOrderOfParametersNeverMatters(t *testing.T) {
	s := newSite(t)
	s.say("south", "es", "Clínicas", health, americas)
	a := s.get("/feeds/all.json?region=americas&topic=health&lang=es")
	b := s.get("/feeds/all.json?lang=es&topic=health&region=americas")
	if !bytes.Equal(a.body, b.body) || a.Header.Get("ETag") != b.Header.Get("ETag") {
		t.Error("the same parameters in another order give another document")
	}
}

func TestRefusalsSayWhatThereIs(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/feeds/topic/healt.atom":                          {404, "health"},
		"/feeds/region/atlantis.rss":                       {404, "americas"},
		"/feeds/all.json?source=west":                      {404, "north"},
		"/feeds/all.json?lang=fr":                          {404, "en"},
		"/feeds/all.xml":                                   {404, "/feeds/all.atom"},
		"/feeds/nothing.atom":                              {404, "south-health"},
		"/nowhere":                                         {404, "/feeds"},
		"/statements/nosuch":                               {404, "/feeds"},
		"/feeds/all.atom?limit=0":                          {400, "500"},
		"/feeds/all.atom?limit=many":                       {400, "500"},
		"/feeds/all.atom?limit=5&limit=6":                  {400, "limit=5,6"},
		"/feeds/all.atom?lang=***":                         {400, "pt-BR"},
		"/feeds/all.atom?q=" + strings.Repeat("x", 1001):   {400, "1000"},
		"/feeds/all.atom?q=" + strings.Repeat("a+", 41):    {400, "40 words"},
		"/feeds/all.atom?topic=%zz":                        {400, "cannot be read"},
		"/feeds/all.atom?q=a%ff":                           {400, "UTF-8"},
		"/feeds/all.html?q=%00":                            {400, "UTF-8"},
		"/feeds/all.atom?q=" + strings.Repeat("x", 10_000): {414, "too long"},
		"/feeds/all.atom?topic=" + many(60):                {400, "50"},
	} {
		a := s.get(path)
		if a.StatusCode != want.status || !strings.Contains(string(a.body), want.says) {
			t.Errorf("%.60s: %d %q, want %d with %q", path, a.StatusCode, a.body, want.status, want.says)
		}
	}
}

// many gives n different names, with commas.
func many(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint("t", i))
	}
	return strings.Join(out, ",")
}

func TestRefusalEscapesWhatWasAsked(t *testing.T) {
	s := newSite(t)
	a := s.get("/feeds/topic/%3Cscript%3Ealert(1)%3C%2Fscript%3E.atom", "Accept", "text/html")
	if acts(string(a.body)) != nil {
		t.Errorf("the page repeats markup: %s", a.body)
	}
}

func TestEveryCodingHasItsOwnStrongTag(t *testing.T) {
	s := newSite(t)
	for i := range 5 {
		s.say("north", "en", fmt.Sprint("Clinics ", i), health)
	}
	plain := s.get("/feeds/all.atom")
	decode := map[string]func([]byte) ([]byte, error){
		"gzip": func(b []byte) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
		"br": func(b []byte) ([]byte, error) { return io.ReadAll(brotli.NewReader(bytes.NewReader(b))) },
		"zstd": func(b []byte) ([]byte, error) {
			r, err := zstd.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
	}
	tags := map[string]string{plain.Header.Get("ETag"): "identity"}
	for coding, dec := range decode {
		a := s.get("/feeds/all.atom", "Accept-Encoding", coding)
		if a.Header.Get("Content-Encoding") != coding {
			t.Errorf("asked for %s, got %q", coding, a.Header.Get("Content-Encoding"))
			continue
		}
		if b, err := dec(a.body); err != nil || !bytes.Equal(b, plain.body) {
			t.Errorf("%s does not decode to the plain document: %v", coding, err)
		}
		tag := a.Header.Get("ETag")
		if other := tags[tag]; other != "" || strings.HasPrefix(tag, "W/") {
			t.Errorf("%s has the tag %s, which %q has too or which is weak", coding, tag, other)
		}
		tags[tag] = coding
		if a.Header.Get("Vary") != "Accept-Encoding, A-IM" || len(a.body) >= len(plain.body) || a.ContentLength != int64(len(a.body)) {
			t.Errorf("%s: Vary %q, %d octets of %d", coding, a.Header.Get("Vary"), len(a.body), len(plain.body))
		}
		if n := s.get("/feeds/all.atom", "Accept-Encoding", coding, "If-None-Match", tag); n.StatusCode != 304 || n.Header.Get("ETag") != tag || n.Header.Get("Vary") == "" || n.Header.Get("Cache-Control") == "" || len(n.body) != 0 {
			t.Errorf("%s with its own tag: %s %v", coding, n.Status, n.Header)
		}
	}
	for accept, want := range map[string]string{
		"gzip;q=0": "", "gzip;q=0, *": "br", "*;q=0, identity": "", "identity": "", "gzip, deflate": "gzip", "br;q=0.5, gzip;q=0.9": "gzip",
		"deflate": "", "": "", "identity;q=1, gzip;q=0.5": "", "GZIP": "gzip", "x-gzip": "gzip",
	} {
		if a := s.get("/feeds/all.atom", "Accept-Encoding", accept); a.StatusCode != 200 || a.Header.Get("Content-Encoding") != want {
			t.Errorf("Accept-Encoding %q: %s, %q, want %q", accept, a.Status, a.Header.Get("Content-Encoding"), want)
		}
	}
	if a := s.get("/feeds/all.atom", "Accept-Encoding", "identity;q=0, gzip"); a.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("identity refused: %q", a.Header.Get("Content-Encoding"))
	}
	if a := s.get("/feeds/all.atom", "Accept-Encoding", "*;q=0"); a.StatusCode != 406 {
		t.Errorf("everything refused: %s, want 406", a.Status)
	}
}

func TestConditionalRequests(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	first := s.get("/feeds/all.rss")
	tag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	older := day.Add(-time.Hour).Format(http.TimeFormat)
	for _, c := range []struct {
		name   string
		header []string
		want   int
	}{
		{"its tag", []string{"If-None-Match", tag}, 304},
		{"its tag, weak", []string{"If-None-Match", "W/" + tag}, 304},
		{"a list", []string{"If-None-Match", `"a", W/"b",` + tag}, 304},
		{"two fields", []string{"If-None-Match", `"a"`, "If-None-Match", tag}, 304},
		{"any", []string{"If-None-Match", "*"}, 304},
		{"another tag", []string{"If-None-Match", `"a"`}, 200},
		{"a tag without quotes", []string{"If-None-Match", strings.Trim(tag, `"`)}, 200},
		{"its date", []string{"If-Modified-Since", modified}, 304},
		{"an older date", []string{"If-Modified-Since", older}, 200},
		{"no date", []string{"If-Modified-Since", "yesterday"}, 200},
		{"the tag counts, not the date", []string{"If-None-Match", `"a"`, "If-Modified-Since", modified}, 200},
		{"a range", []string{"Range", "bytes=0-9"}, 200},
	} {
		if a := s.get("/feeds/all.rss", c.header...); a.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", c.name, a.Status, c.want)
		}
	}
	s.say("south", "en", "Roads")
	if a := s.get("/feeds/all.rss", "If-None-Match", tag); a.StatusCode != 200 {
		t.Errorf("after a new statement: %s, want 200", a.Status)
	}
	if a := s.get("/feeds/all.rss", "If-Modified-Since", modified); a.StatusCode != 200 {
		t.Errorf("after a new statement, by date: %s, want 200", a.Status)
	}
}

// Some readers know of time alone, and libcurl throws away octets that are not
// newer than what it asked for.
func TestLastModifiedGrowsWithEveryChange(t *testing.T) {
	s := newSite(t)
	s.n = 20
	s.say("north", "en", "Late visit, stored first")
	first := s.get("/feeds/all.atom").Header.Get("Last-Modified")
	tag := s.get("/feeds/all.atom").Header.Get("ETag")
	s.n = 1
	s.say("south", "en", "Early visit, stored last")
	for _, ask := range [][]string{{"If-Modified-Since", first}, {"If-Modified-Since", first, "If-None-Match", tag, "A-IM", "feed"}} {
		a := s.get("/feeds/all.atom", ask...)
		if a.StatusCode != 200 && a.StatusCode != 226 || !strings.Contains(string(a.body), "Early visit") {
			t.Errorf("asked with %q: %s without the new statement", ask, a.Status)
		}
		before, _ := http.ParseTime(first)
		after, err := http.ParseTime(a.Header.Get("Last-Modified"))
		if err != nil || !after.After(before) {
			t.Errorf("asked with %q: %s, Last-Modified %q, want later than %q", ask, a.Status, a.Header.Get("Last-Modified"), first)
		}
	}
}

func TestLastModifiedIsLeftOutWithinTheSameSecond(t *testing.T) {
	at := time.Date(2026, 3, 10, 12, 0, 5, 0, time.UTC)
	doc := func(text string) *document { return newDocument([]byte(text), "text/plain", at, time.Minute) }
	first, second, third := doc("1"), doc("2"), doc("3")
	second.follow(first, at.Add(700*time.Millisecond))
	if got := second.value("Last-Modified"); got != "" || !second.changed.IsZero() {
		t.Errorf("the second document of a second has Last-Modified %q, want none", got)
	}
	third.follow(second, at.Add(1200*time.Millisecond))
	if got, want := third.value("Last-Modified"), "Tue, 10 Mar 2026 12:00:06 GMT"; got != want {
		t.Errorf("Last-Modified %q, want %q", got, want)
	}
}

func TestNewStatementChangesOnlyTheFeedsThatItIsIn(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	before := s.get("/feeds/topic/health.atom").Header.Get("ETag")
	s.say("north", "en", "Numbers", data)
	if after := s.get("/feeds/topic/health.atom").Header.Get("ETag"); after != before {
		t.Error("a statement on data changed the feed on health")
	}
	id := s.say("north", "en", "More clinics", health)
	if after := s.get("/feeds/topic/health.atom").Header.Get("ETag"); after == before {
		t.Error("a statement on health did not change the feed on health")
	}
	s.append(&feeds.Moderated{Statement: id, Hide: true, By: "test"})
	if got := s.titles("/feeds/topic/health.atom"); len(got) != 1 {
		t.Errorf("a hidden statement is still in the feed: %v", got)
	}
}

func TestHeadOptionsAndOtherMethods(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	get, head := s.get("/feeds/all.json"), s.ask("HEAD", "/feeds/all.json")
	for k := range get.Header {
		if k != "Date" && get.Header.Get(k) != head.Header.Get(k) {
			t.Errorf("HEAD %s is %q, GET's %q", k, head.Header.Get(k), get.Header.Get(k))
		}
	}
	if len(head.body) != 0 || head.ContentLength != get.ContentLength {
		t.Errorf("HEAD has %d octets, length %d", len(head.body), head.ContentLength)
	}
	if a := s.ask("OPTIONS", "/feeds/all.json", "Origin", "https://partner.example", "Access-Control-Request-Headers", "If-None-Match"); a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "If-None-Match") {
		t.Errorf("OPTIONS: %s %v", a.Status, a.Header)
	}
	for _, path := range []string{"/feeds/ALL.atom", "/feeds/all", "/feeds/", "/overview/?lang=en", "/about/embed/", "/api/", "/embed/"} {
		get, head := s.get(path), s.ask("HEAD", path)
		if get.StatusCode/100 != 3 || head.StatusCode != get.StatusCode || head.Header.Get("Location") != get.Header.Get("Location") {
			t.Errorf("%s is %s to %q, to HEAD %s to %q", path, get.Status, get.Header.Get("Location"), head.Status, head.Header.Get("Location"))
		}
		for _, a := range []answer{get, head} {
			if got := a.Header.Get("Content-Length"); got != "0" {
				t.Errorf("%s %s has length %q, want 0", a.Request.Method, path, got)
			}
		}
	}
	for _, m := range []string{"POST", "PUT", "DELETE", "TRACE", "BREW"} {
		if a := s.ask(m, "/feeds/all.json"); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %s, Allow %q", m, a.Status, a.Header.Get("Allow"))
		}
	}
	if get.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(get.Header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("CORS: %v", get.Header)
	}
	if not := s.get("/feeds/all.json", "If-None-Match", get.Header.Get("ETag")); not.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("304 without CORS")
	}
}

func TestTypesAndSafetyHeaders(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health)
	for path, want := range map[string]string{
		"/feeds/all.atom": "application/atom+xml; charset=utf-8", "/feeds/all.rss": "application/rss+xml; charset=utf-8", "/feeds/all.json": "application/feed+json; charset=utf-8",
		"/feeds/all.html": "text/html; charset=utf-8", "/": "text/html; charset=utf-8", "/feeds": "text/html; charset=utf-8", "/feeds.opml": "text/x-opml; charset=utf-8",
		"/statements/" + string(id): "text/html; charset=utf-8", "/statements/" + string(id) + ".json": "application/json; charset=utf-8",
	} {
		a := s.get(path)
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != want {
			t.Errorf("%s: %s %q, want %q", path, a.Status, a.Header.Get("Content-Type"), want)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("ETag") == "" || a.Header.Get("Set-Cookie") != "" || !strings.HasPrefix(a.Header.Get("Cache-Control"), "public, max-age=") {
			t.Errorf("%s: %v", path, a.Header)
		}
		if strings.HasPrefix(want, "text/html") {
			if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: policy %q", path, csp)
			}
			if acts := acts(string(a.body)); acts != nil {
				t.Errorf("%s has script or inline style: %q", path, acts)
			}
		}
	}
}

// script finds what a browser may take for code in a page.
var script = regexp.MustCompile(`(?i)<script[^>]*>|javascript:[^"]*|<[^>]* (on[a-z]+|style)=[^>]*>`)

// acts gives what acts in a page beside the one script that is ours; JSON-LD is
// data.
func acts(page string) (out []string) {
	for _, s := range script.FindAllString(page, -1) {
		if !strings.HasPrefix(s, `<script src="/assets/`) && s != `<script type="application/ld+json">` {
			out = append(out, s)
		}
	}
	return out
}

func TestStatementPageShowsOfficesLanguagesAndReasons(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics in <region> & co", health)
	s.copy(id, "south", "es", "Clínicas", health, feeds.Tag{Scheme: feeds.Mention, Term: "mx"})
	page := string(s.get("/statements/" + string(id)).body)
	for _, want := range []string{"Clinics in &lt;region&gt; &amp; co", "Clínicas", "Español", ">North", `hreflang="es"`, "Why these tags", "Also mentioned: <bdi>Mexico<", "https://south.example/"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ToLower(want)) {
			t.Errorf("the page does not show %q:\n%s", want, page)
		}
	}
	if es := string(s.get("/statements/" + string(id) + "?lang=es").body); !strings.Contains(es, `<h1 lang="es" dir="ltr">Clínicas`) {
		t.Error("?lang=es does not show the Spanish copy")
	}
	if strings.Contains(page, "mention/mx") || strings.Contains(string(s.get("/feeds").body), "mention") || s.get("/feeds/mention/mx.atom").StatusCode != 404 {
		t.Error("a country that is only mentioned has a feed")
	}
	var js struct {
		ID              string
		Copies          []struct{ Language string }
		Tags, Mentioned []feeds.Tagging
	}
	if err := json.Unmarshal(s.get("/statements/"+string(id)+".json").body, &js); err != nil || js.ID != string(id) || len(js.Copies) != 2 || len(js.Tags) != 1 || len(js.Mentioned) != 1 {
		t.Errorf("JSON: %+v %v", js, err)
	}
	for written, plain := range map[string]string{string(id) + "/": string(id), strings.ToUpper(string(id)): string(id), strings.ToUpper(string(id)) + ".json": string(id) + ".json"} {
		if a := s.get("/statements/" + written + "?lang=en"); a.StatusCode != 301 || !strings.HasSuffix(a.Header.Get("Location"), "/statements/"+plain+"?lang=en") {
			t.Errorf("%s: %s to %q", written, a.Status, a.Header.Get("Location"))
		}
	}
	if a := s.get("/statements/NOSUCH"); a.StatusCode != 404 {
		t.Errorf("capitals of nothing: %s, want 404", a.Status)
	}
	other := s.say("south", "en", "Another telling")
	s.append(&feeds.Joined{Loser: other, Winner: id, Why: "test"})
	if a := s.get("/statements/" + string(other)); a.StatusCode != 301 || !strings.HasSuffix(a.Header.Get("Location"), "/statements/"+string(id)) {
		t.Errorf("a joined statement: %s to %q", a.Status, a.Header.Get("Location"))
	}
	s.append(&feeds.Moderated{Statement: id, Hide: true})
	if a := s.get("/statements/" + string(id)); a.StatusCode != 410 {
		t.Errorf("a withdrawn statement: %s, want 410", a.Status)
	}
}

// evidence fills a site with a statement of four copies, which came near to one
// that is published, one that is hidden, one that is the same by now and one that is not there.
func evidence(s *site) feeds.StatementID {
	before := s.say("north", "en", "Clinics, report 12", health)
	hidden := s.say("north", "en", "A secret", health)
	id := s.say("north", "en", "Clinics, report 13", health)
	same := s.say("south", "fr", "Cliniques")
	add := func(item feeds.ItemKey, language, title string, change func(*feeds.Observed)) {
		o := &feeds.Observed{Item: item, Statement: id, FirstSeen: day.Add(time.Hour), Changed: day, Order: day, Published: day, Revision: 1,
			Copy: feeds.Copy{Source: item.Source(), Title: title, Content: "<p>" + title + "</p>", Language: language, Link: "https://south.example/" + title}}
		change(o)
		s.append(o)
	}
	origin := func() feeds.ItemKey {
		st, _, _, err := s.store.Statement(id)
		if err != nil {
			s.t.Fatal(err)
		}
		return st.Copies[0].Item
	}()
	add("south/es", "es", "Clínicas, informe 13", func(o *feeds.Observed) {
		o.Relation, o.Of, o.Why, o.Score, o.Threshold = feeds.IsTranslation, origin, "across languages: words 0.61 alike", .97, .9
		o.Taggings = []feeds.Tagging{{Tag: health, Rule: "topic health", Evidence: `title: "Clínicas"`, Score: 2}, {Tag: feeds.Tag{Scheme: feeds.Topic, Term: "data"}, Rule: "topic data", Evidence: `title: "Clínicas"`}}
		o.Near = []feeds.Near{
			{Statement: same, Item: "south/x", Score: .5, Threshold: .9, Why: "too little", Related: true},
			{Statement: before, Item: "north/x", Score: .8, Threshold: .35, Why: "the titles have different numbers", Related: true},
			{Statement: hidden, Item: "north/y", Score: .7, Threshold: .35, Why: "too little", Related: true},
			{Statement: "nosuchstatement", Item: "north/z", Score: .2, Threshold: .35, Why: "too little", Related: true},
		}
	})
	add("south/short", "en", "Clinics: in short", func(o *feeds.Observed) {
		o.Relation, o.Of, o.Why, o.Score, o.Threshold = feeds.IsExcerpt, origin, "nearly the same text: 20 of 21", .5, .35
	})
	add("south/again", "en", "Clinics, report 13", func(o *feeds.Observed) {
		o.Relation, o.Of, o.Why, o.Score = feeds.IsReprint, origin, "same title and text", 1
	})
	s.append(&feeds.Moderated{Statement: hidden, Hide: true}, &feeds.Joined{Loser: same, Winner: id, Why: "test"})
	return id
}

func TestStatementPageTellsWhyItIsOneAndWhatIsNot(t *testing.T) {
	s := newSite(t)
	id := evidence(s)
	page := string(s.get("/statements/" + string(id)).body)
	plain := strings.Join(strings.Fields(tags.ReplaceAllString(page, " ")), " ")
	for _, want := range []string{
		"north first published", "Also carried by English reprint", "excerpt Oficina Sur Clinics: in short Español translation", "Français translation", "Related Close to this statement",
		"Clinics, report 12 north · 10 March 2026",
		"One with \u2068north\u2069: Clinics, report 13 across languages: words 0.61 alike . Score 0.97, needed 0.90.",
		"Nearest that is another: Clinics, report 12 · north · 10 March 2026 the titles have different numbers . Score 0.80, needed 0.35.",
		"same title and text ",
		"Data topic data title: \"Clínicas\" · Oficina Sur · Español Health topic health , in the words of \u2068Data\u2069",
	} {
		if !strings.Contains(html.UnescapeString(plain), want) {
			t.Errorf("the page does not say %q:\n%s", want, html.UnescapeString(plain))
		}
	}
	for _, not := range []string{"secret", "nosuch", "Score 1.00"} {
		if strings.Contains(page, not) {
			t.Errorf("the page says %q", not)
		}
	}
	var js struct {
		Related []struct{ URL, Title string }
		Tags    []struct {
			Rule  string
			Words []struct{ Source, Language, Evidence string }
		}
		Copies []struct {
			Relation, Of     string
			Score, Threshold float32
			Near             []struct{ Statement, URL, Why string }
		}
	}
	body := s.get("/statements/" + string(id) + ".json").body
	if err := json.Unmarshal(body, &js); err != nil || bytes.Contains(body, []byte("secret")) {
		t.Fatalf("%v\n%s", err, body)
	}
	if len(js.Related) != 1 || js.Related[0].Title != "Clinics, report 12" || !strings.HasPrefix(js.Related[0].URL, "https://news.example.org/statements/") {
		t.Errorf("related %+v, want report 12 alone", js.Related)
	}
	if len(js.Copies) != 5 || js.Copies[3].Threshold != .9 || len(js.Copies[3].Near) != 3 || js.Copies[3].Near[1].URL != "" {
		t.Errorf("copies %+v, want the translation with its threshold and three that it is not, the hidden one without an address", js.Copies)
	}
	if len(js.Tags) != 2 || len(js.Tags[1].Words) != 2 || js.Tags[1].Words[1].Language != "es" {
		t.Errorf("tags %+v, want two, the second with the words of two copies", js.Tags)
	}
}

func TestStatementPageFollowsWhatIsBesideIt(t *testing.T) {
	s := newSite(t)
	id := evidence(s)
	st, _, _, err := s.store.Statement(id)
	if err != nil {
		t.Fatal(err)
	}
	path := "/statements/" + string(id)
	if page := s.get(path).body; !bytes.Contains(page, []byte("Clinics, report 12")) {
		t.Fatalf("report 12 is not beside it:\n%s", page)
	}
	s.append(&feeds.Moderated{Statement: st.Related()[0].Statement, Hide: true})
	if page := s.get(path).body; bytes.Contains(page, []byte("Clinics, report 12")) || bytes.Contains(page, []byte("<h2>Related</h2>")) {
		t.Errorf("a statement that was hidden stands beside it:\n%s", page)
	}
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestPagesWorkUnderAPath(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Site.BaseURL = "https://example.org/news/" })
	s.say("north", "en", "Clinics", health)
	if got := s.titles("/news/feeds/all.atom"); len(got) != 1 {
		t.Errorf("titles %v", got)
	}
	page := string(s.get("/news/").body)
	if !strings.Contains(page, `href="/news/feeds"`) || !strings.Contains(page, `href="/news/assets/site-`) {
		t.Error("the page's links leave the path that the site is under")
	}
}

func TestFeedsListsWhatThereIs(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health, mexico)
	page, opml := string(s.get("/feeds").body), s.get("/feeds.opml").body
	for _, want := range []string{"/feeds/all.atom", "/feeds/topic/health.rss", "/feeds/country/mx.json", "/feeds/source/north.atom", "/feeds/south-health.atom", "lang=en"} {
		if !strings.Contains(page, want) {
			t.Errorf("/feeds does not list %s", want)
		}
	}
	if strings.Contains(page, "topic/data") {
		t.Error("/feeds lists a topic without statements")
	}
	if err := xml.Unmarshal(opml, new(struct{})); err != nil || !bytes.Contains(opml, []byte("https://news.example.org/feeds/topic/health.atom")) {
		t.Errorf("OPML: %v", err)
	}
}

func TestEveryIRIThatWePublishAnswers(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "en", "Clinics", health, americas, mexico)
	s.copy(id, "south", "es", "Clínicas", health)
	s.copy(id, "south", "en", "Clinics", health)
	const base = "https://news.example.org"
	for _, format := range []string{"atom", "json"} {
		body := string(s.get("/feeds/all." + format).body)
		seen := 0
		for _, kind := range []string{"/rel/", "/ns/"} {
			for rest := body; ; seen++ {
				i := strings.Index(rest, base+kind)
				if i < 0 {
					break
				}
				rest = rest[i+len(base):]
				path := rest[:strings.IndexByte(rest, '"')]
				if a := s.get(path); a.StatusCode != 200 {
					t.Errorf("%s, which stands in %s, answers %s", path, format, a.Status)
				}
			}
		}
		if seen < 3 {
			t.Errorf("%s: only %d of our own IRIs were found", format, seen)
		}
	}
}

func TestAddressWithoutFormatLeadsToOne(t *testing.T) {
	s := newSite(t)
	for accept, want := range map[string]string{"text/html,*/*": "/feeds/all.html?lang=en", "application/atom+xml": "/feeds/all.atom?lang=en"} {
		if a := s.get("/feeds/all?lang=en", "Accept", accept); a.StatusCode != 302 || a.Header.Get("Location") != want || a.Header.Get("Vary") != "Accept" {
			t.Errorf("Accept %s: %s to %q", accept, a.Status, a.Header.Get("Location"))
		}
	}
	if a := s.get("/feeds/country/MX.atom"); a.StatusCode != 301 || a.Header.Get("Location") != "/feeds/country/mx.atom" {
		t.Errorf("upper case: %s to %q", a.Status, a.Header.Get("Location"))
	}
}

func TestUpperCaseLeadsToLowerCase(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		"/feeds/ALL.ATOM":               "/feeds/all.atom",
		"/feeds/all.Atom?limit=3":       "/feeds/all.atom?limit=3",
		"/feeds/Topic/HEALTH.json":      "/feeds/topic/health.json",
		"/feeds/topic/Health":           "/feeds/topic/health",
		"/feeds/topic/Health.html?q=Aa": "/feeds/topic/health.html?q=Aa",
	} {
		a := s.get(path)
		if got := a.Header.Get("Location"); a.StatusCode != 301 || got != want {
			t.Errorf("%s: %s to %q, want 301 to %q", path, a.Status, got, want)
		}
		// Without these a page of another site cannot follow.
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("%s: Access-Control-Allow-Origin %q", path, got)
		}
	}
}

func TestNarrowedFeedSaysSo(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Languages = []string{"pt-BR", "fr"} })
	for query, want := range map[string]struct{ title, language, self string }{
		"":                              {"Harbour", "", ""},
		"?limit=7":                      {"Harbour", "", "?limit=7"},
		"?lang=fr":                      {"Harbour – Français", "fr", "?lang=fr"},
		"?lang=PT-br":                   {"Harbour – Português (Brasil)", "pt-BR", "?lang=pt-BR"},
		"?q=a+b&topic=health,data":      {"Harbour – Data or Health – “a b”", "", "?q=a+b&topic=data,health"},
		"?q=%C2%ABa+b%C2%BB++-c,d+OR+e": {`Harbour – “"a b" -c,d or e”`, "", "?q=%22a+b%22+-c,d+or+e"},
		"?q=OR&q=...":                   {"Harbour – “or”", "", "?q=or"},
		"?q=...":                        {"Harbour – “...”", "", "?q=..."},
		"?source=south&country=mx&x=y":  {"Harbour – Mexico – Oficina Sur", "", "?country=mx&source=south"},
	} {
		var f struct {
			Title    string `xml:"title"`
			Language string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Links    []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"link"`
		}
		a := s.get("/feeds/all.atom" + query)
		if err := xml.Unmarshal(a.body, &f); err != nil {
			t.Fatal(query, err)
		}
		if f.Title != want.title || f.Language != want.language || f.Links[0].Href != "https://news.example.org/feeds/all.atom"+want.self {
			t.Errorf("%s: title %q, language %q, self %s; want %q", query, f.Title, f.Language, f.Links[0].Href, want)
		}
	}
}

func TestFeedWithoutEntriesHasLastModified(t *testing.T) {
	s := newSite(t)
	if got, want := s.get("/feeds/all.rss").Header.Get("Last-Modified"), "Thu, 01 Jan 2026 00:00:00 GMT"; got != want {
		t.Errorf("got Last-Modified %q, want %q", got, want)
	}
}

func TestTextOfUnknownLanguageFindsItsOwnDirection(t *testing.T) {
	s := newSite(t)
	id := s.say("north", "", "بيان")
	if a := s.get("/statements/" + string(id)); !bytes.Contains(a.body, []byte(`<div class="text" lang="" dir="auto">`)) {
		t.Errorf("want dir=auto:\n%s", a.body)
	}
}

func TestCacheIsBounded(t *testing.T) {
	s := newSite(t, func(o *Options) { o.CacheSize = 300 << 10 })
	c := newCache(100 << 10)
	for i := range 1000 {
		p := c.put(cacheKey{path: fmt.Sprint("/", i)}, &prepared{}, 0)
		c.weigh(p, 1000)
	}
	if c.size > c.max || len(c.byKey) != c.order.Len() || len(c.byKey) > 40 {
		t.Errorf("%d octets in %d documents, want at most %d", c.size, len(c.byKey), c.max)
	}

	// What readers ask for in all its codings counts, too.
	for i := range 5 {
		s.say("north", "en", fmt.Sprintf("Statement %d %s", i, many(100)))
	}
	for i := range 10 {
		for _, coding := range []string{"gzip", "br", "zstd"} {
			s.get(fmt.Sprintf("/feeds/all.atom?limit=%d", 11+i), "Accept-Encoding", coding)
		}
	}
	kept := int64(0)
	for _, e := range s.server.cache.byKey {
		doc := e.Value.(*cached).p.doc.Load()
		kept += overhead + int64(len(doc.identity.body))
		for i := range doc.others {
			if c := doc.others[i].c; c != nil {
				kept += int64(len(c.body))
			}
		}
	}
	if c := s.server.cache; c.size != kept || kept > c.max {
		t.Errorf("the cache says %d octets and holds %d, of at most %d", c.size, kept, c.max)
	}
}

// Most of what is said are visits that brought nothing. What readers see does not
// depend on them, and to look each time would make all wait who ask meanwhile.
func TestVisitsThatBroughtNothingMakeNobodyLookAgain(t *testing.T) {
	s := newSite(t)
	looks := 0
	p := &prepared{
		heads: func() (uint64, error) { looks++; return uint64(looks), nil },
		make:  func() (*document, error) { return newDocument([]byte("x"), "text/plain", day, time.Minute), nil },
	}
	look := func() int {
		if _, err := p.current(s.server); err != nil {
			t.Fatal(err)
		}
		return looks
	}
	s.say("north", "en", "Clinics", health)
	first := look()
	s.append(&feeds.Fetched{Source: "north", At: day})
	if got := look(); got != first {
		t.Errorf("looked %d times more after a visit", got-first)
	}
	s.say("north", "en", "Figures", data)
	if got := look(); got != first+1 {
		t.Errorf("looked %d times more after a statement, want once", got-first)
	}
}

func TestAdminTellsHealth(t *testing.T) {
	s := newSite(t)
	s.append(&feeds.Fetched{Source: "north", At: day, Failures: 2, Class: "dns", Error: "no such <host>"})
	admin := Admin{Store: s.store, Now: func() time.Time { return day }}
	h := httptest.NewServer(admin.Handler())
	defer h.Close()
	s.url = h.URL
	for _, path := range []string{"/livez", "/readyz"} {
		if a := s.get(path); a.StatusCode != 200 {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if a := s.get("/status"); a.StatusCode != 200 || !strings.Contains(string(a.body), "no such &lt;host&gt;") {
		t.Errorf("/status: %s %s", a.Status, a.body)
	}
	var st status
	if err := json.Unmarshal(s.get("/status.json").body, &st); err != nil || len(st.Sources) != 1 || st.Sources[0].State != "broken" {
		t.Errorf("/status.json: %+v %v", st, err)
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("/feeds/all.atom", "lang=fr&topic=health")
	f.Add("/feeds/topic/health.rss", "limit=5&q=a%20b")
	f.Add("/statements/x.json", "lang=")
	f.Fuzz(func(t *testing.T, path, query string) {
		srv := fuzzServer(t)
		req := httptest.NewRequest("GET", "/", nil)
		req.URL.Path, req.URL.RawQuery = path, query
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, req)
		if rec.Code >= 500 {
			t.Errorf("%q ? %q: %d", path, query, rec.Code)
		}
		// What an address is canonically is canonical itself.
		if fd, err := srv.narrowed(feeds.Feed{Path: "all"}, query); err == nil {
			again, err := srv.narrowed(feeds.Feed{Path: "all"}, fd.RawQuery)
			if err != nil || again.RawQuery != fd.RawQuery {
				t.Errorf("%q → %q → %q %v", query, fd.RawQuery, again.RawQuery, err)
			}
		}
	})
}

var fuzzed *Server

func fuzzServer(t *testing.T) *Server {
	if fuzzed == nil {
		store, err := storage.Open(t.TempDir()+"/fuzz.db", storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		fuzzed, err = New(Options{Store: store, Site: render.Site{Title: "H", BaseURL: "https://h.example", Authority: "h.example,2026"}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fuzzed
}

func BenchmarkServe(b *testing.B) {
	store := testkit.OpenStore(b)
	for i := range 50 {
		at := day.Add(time.Duration(i) * time.Minute)
		if _, err := store.Append(context.Background(), at, &feeds.Observed{Item: feeds.ItemKey(fmt.Sprint("north/", i)), Statement: feeds.StatementID(fmt.Sprintf("statement%07d", i)), FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin,
			Copy: feeds.Copy{Source: "north", ID: fmt.Sprint(i), Title: fmt.Sprint("Title ", i), Content: "<p>" + strings.Repeat("Words of a text. ", 200) + "</p>", Link: fmt.Sprint("https://n.example/", i), Language: "en", Published: at, Origin: feeds.Origin{ID: "x:y", Title: "N"}}}); err != nil {
			b.Fatal(err)
		}
	}
	srv, err := New(Options{Store: store, Site: render.Site{Title: "H", BaseURL: "https://h.example", Authority: "h.example,2026"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	req := httptest.NewRequest("GET", "/feeds/all.atom", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	rec := httptest.NewRecorder()
	srv.ServeHTTP(rec, req)
	for _, m := range []struct{ name, tag string }{{"cached", ""}, {"304", rec.Header().Get("Etag")}} {
		b.Run(m.name, func(b *testing.B) {
			if m.tag != "" {
				req.Header.Set("If-None-Match", m.tag)
			}
			b.ReportAllocs()
			for b.Loop() {
				srv.ServeHTTP(&nowhere{h: http.Header{}}, req)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

// nowhere takes an answer and keeps none of it, so that the benchmark is of the
// server alone.
type nowhere struct{ h http.Header }

func (n *nowhere) Header() http.Header         { return n.h }
func (n *nowhere) WriteHeader(int)             {}
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }

func TestSourceWithoutTitleIsCalledAsItsFeed(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Sources = append(o.Sources, feeds.Source{ID: "east"}) })
	s.say("east", "en", "Ships are late")
	if got := s.server.source("east"); got != "east" {
		t.Errorf("before its first visit: %q, want its id", got)
	}
	s.append(&feeds.Fetched{Source: "east", At: day, Channel: feeds.Origin{Title: "East Office"}})
	s.append(&feeds.Fetched{Source: "north", At: day, Channel: feeds.Origin{Title: "Not this"}})
	if a := s.get("/feeds/source/east.rss"); !strings.Contains(string(a.body), "<title>East Office</title>") {
		t.Errorf("the feed is not called as its source's feed: %s\n%.600s", a.Status, a.body)
	}
	if page := string(s.get("/feeds").body); !strings.Contains(page, "East Office") {
		t.Error("the list of feeds does not call it so")
	}
	if got := s.server.source("north"); got != "North Office" {
		t.Errorf("%q, want what is configured", got)
	}
}

// What was asked for before a source's first visit calls it by its id, and by its
// name as soon as that is known.
func TestDocumentsLearnTheTitleOfASource(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Sources = append(o.Sources, feeds.Source{ID: "east"}) })
	s.say("east", "en", "Ships are late")
	paths := []string{"/feeds/source/east.atom", "/feeds/source/east.json", "/feeds", "/feeds/source/east.html", "/embed/source/east", "/feeds.opml"}
	for _, path := range paths {
		if a := s.get(path); a.StatusCode != 200 || strings.Contains(string(a.body), "East Office") {
			t.Fatalf("%s: %s", path, a.Status)
		}
	}
	topic, err := s.server.Topic("https://news.example.org/feeds/source/east.atom")
	if err != nil {
		t.Fatal(err)
	}
	s.append(&feeds.Fetched{Source: "east", At: day, Channel: feeds.Origin{Title: "East Office"}})
	for _, path := range paths {
		if a := s.get(path); !strings.Contains(string(a.body), "East Office") {
			t.Errorf("%s keeps the id:\n%.900s", path, a.body)
		}
	}
	if c, err := topic.Content(); err != nil || !strings.Contains(string(c.Body), "East Office") {
		t.Errorf("subscribers get the id: %v", err)
	}
}

func TestParametersThatAreNearlyOursAreRefused(t *testing.T) {
	s := newSite(t)
	s.say("north", "en", "Clinics", health)
	for key, want := range map[string]string{"topics": "topic", "Topic": "topic", "tpoic": "topic", "regions": "region", "countries": "country", "sources": "source", "Lang": "lang", "language": "lang",
		"languages": "lang", "langs": "lang", "Q": "q", "search": "q", "prefers": "prefer", "limt": "limit", "LIMIT": "limit"} {
		for _, path := range []string{"/feeds/all.atom", "/", "/feeds/topic/health.html", "/archive/all/1.atom", "/embed/all"} {
			if a := s.get(path + "?" + key + "=health"); a.StatusCode != 400 || !strings.Contains(string(a.body), key+" is not a parameter here; did you mean "+want+"?") {
				t.Errorf("%s?%s: %s %s", path, key, a.Status, a.body)
			}
		}
	}
	if a := s.get("/?topics=health", "Accept", "text/html", "Accept-Language", "fr"); !strings.Contains(string(a.body), "Il faut sans doute") {
		t.Errorf("the page says %s", a.body)
	}
	for _, key := range []string{"utm_source", "utm_content", "fbclid", "ref", "refer", "page", "s", "x", "country_of_origin", "src", "event_id", "%C3%BC", ""} {
		if a := s.get("/feeds/all.atom?" + key + "=health"); a.StatusCode != 200 {
			t.Errorf("%s: %s %s", key, a.Status, a.body)
		}
	}
}

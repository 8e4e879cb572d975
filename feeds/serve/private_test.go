package serve

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"communique/feeds"
	"communique/storage"
)

// okapi is a private feed whose name, title, subtitle and query are in nothing
// else of the site.
var okapi = Named{Was: []string{"trustees"}, Feed: feeds.Feed{Path: "okapi", Private: true, Title: "Xylophone minutes", Subtitle: "For zithers only", Query: feeds.Query{Words: "quinquereme OR harbour"}}}

// secrets are the words by which a stranger would learn of it.
var secrets = []string{"okapi", "trustees", "Xylophone", "zithers", "quinquereme"}

// journal is a log that may be read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func withPrivate(o *Options) { o.Named = append(o.Named, okapi) }

// grant makes a token for some feeds, all when none is named.
func (s *site) grant(token string, names ...string) *feeds.Granted {
	hash := sha256.Sum256([]byte(token))
	g := &feeds.Granted{ID: "id-of-" + token[:4], Reader: "Ana", Hash: hash[:], Feeds: names, Made: day}
	s.append(g)
	return g
}

const anas, bens = "cq_anas-token", "cq_bens_token"

func TestAPrivateFeedIsForWhoShowsAToken(t *testing.T) {
	s := newSite(t, withPrivate, func(o *Options) { o.Site.Hub = "https://news.example.org/hub" })
	s.say("north", "en", "The harbour opens")
	s.grant(anas)
	s.grant("cqo_for-another", "another")
	basic := func(name, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
	}
	for _, path := range []string{"/feeds/okapi.atom", "/feeds/okapi.rss", "/feeds/okapi.json", "/feeds/okapi.html", "/feeds/okapi.atom?lang=en", "/feeds/OKAPI.atom", "/feeds/okapi", "/feeds/trustees.rss", "/archive/okapi/1.atom"} {
		for _, x := range []struct {
			how    string
			header []string
			query  string
			status int
		}{
			{how: "nothing", status: 401},
			{how: "a wrong token", query: "token=cq_wrong", status: 401},
			{how: "an empty token", query: "token=", status: 401},
			{how: "the hash", query: "token=" + url.QueryEscape(fmt.Sprintf("%x", sha256.Sum256([]byte(anas)))), status: 401},
			{how: "a token for another feed", query: "token=cqo_for-another", status: 403},
			{how: "a wrong bearer", header: []string{"Authorization", "Bearer cq_wrong"}, status: 401},
			{how: "a wrong password", header: []string{"Authorization", basic("ana", "cq_wrong")}, status: 401},
			{how: "the token", query: "token=" + anas},
			{how: "the token in another spelling", query: "%74oken=" + strings.ReplaceAll(anas, "-", "%2D")},
			{how: "a bearer", header: []string{"Authorization", "Bearer " + anas}},
			{how: "a password", header: []string{"Authorization", basic("ana", anas)}},
			{how: "a user name", header: []string{"Authorization", basic(anas, "")}},
		} {
			to := path
			if x.query != "" && strings.Contains(path, "?") {
				to += "&" + x.query
			} else if x.query != "" {
				to += "?" + x.query
			}
			a := s.get(to, append(x.header, "Accept-Encoding", "identity")...)
			want := x.status
			if want == 0 {
				switch path {
				case "/archive/okapi/1.atom":
					want = 404 // there is none yet
				case "/feeds/trustees.rss", "/feeds/OKAPI.atom":
					want = 301
				case "/feeds/okapi":
					want = 302
				default:
					want = 200
				}
			}
			if a.StatusCode != want {
				t.Errorf("%s with %s: got %d, want %d\n%s", path, x.how, a.StatusCode, want, a.body)
			}
			if c := a.Header.Get("Cache-Control"); !strings.Contains(c, "private") && c != "no-store" || strings.Contains(c, "public") {
				t.Errorf("%s with %s: Cache-Control %q", path, x.how, c)
			}
			if got := a.Header.Get("Referrer-Policy"); got != "no-referrer" {
				t.Errorf("%s with %s: Referrer-Policy %q", path, x.how, got)
			}
			if got := a.Header.Get("X-Robots-Tag"); got != "noindex, nofollow" {
				t.Errorf("%s with %s: X-Robots-Tag %q", path, x.how, got)
			}
			if got := a.Header.Values("WWW-Authenticate"); (want == 401) != (len(got) == 2) {
				t.Errorf("%s with %s: WWW-Authenticate %q", path, x.how, got)
			}
			if want >= 400 && want != 404 && (bytes.Contains(a.body, []byte("Xylophone")) || bytes.Contains(a.body, []byte("opens</title>"))) {
				t.Errorf("%s with %s shows\n%s", path, x.how, a.body)
			}
			if want == 200 && !bytes.Contains(a.body, []byte("The harbour opens")) {
				t.Errorf("%s with %s shows\n%s", path, x.how, a.body)
			}
			// Only the page for people, whose address had the token, has it in its links: what
			// a feed calls its own address is passed on by who reads it.
			if x.query != "" && strings.Contains(path, ".html") && want == 200 {
				if !bytes.Contains(a.body, []byte("/feeds/okapi.atom?token="+anas)) || !bytes.Contains(a.body, []byte(`name="token" value="`+anas)) {
					t.Errorf("%s with %s: the page leads its reader out of the feed\n%s", path, x.how, a.body)
				}
			} else if bytes.Contains(a.body, []byte(anas)) || strings.Contains(fmt.Sprint(a.Header["Link"], a.Header["Etag"]), anas) {
				t.Errorf("%s with %s: the token is in the answer\n%v\n%s", path, x.how, a.Header, a.body)
			}
			if strings.Contains(a.Header.Get("Link"), "hub") || bytes.Contains(a.body, []byte("/hub")) {
				t.Errorf("%s with %s names a hub\n%v\n%s", path, x.how, a.Header, a.body)
			}
			// Who came with the token in the address is led on with it.
			if to := a.Header.Get("Location"); to != "" && strings.Contains(to, "token=") != (x.query != "") {
				t.Errorf("%s with %s leads to %s", path, x.how, to)
			}
			s.server.private.wrong = newPrivate(nil).wrong // no limit here
		}
	}
	for language, heading := range map[string]string{"en": "This is for some readers only", "fr": "Ceci est réservé à certains lecteurs"} {
		if a := s.get("/feeds/okapi.html", "Accept", "text/html", "Accept-Language", language); a.StatusCode != 401 || !bytes.Contains(a.body, []byte("<h1>"+heading)) {
			t.Errorf("a person who has no token gets, in %s, %d\n%s", language, a.StatusCode, a.body)
		}
	}
	page := string(s.get("/feeds/okapi.html?token=" + anas).body)
	for _, no := range []string{"oembed", "/embed/", "feedly", "inoreader", "hreflang=\"x-default\""} {
		if strings.Contains(strings.ToLower(page), no) {
			t.Errorf("the page has %q in it", no)
		}
	}
	if !strings.Contains(page, `<meta name="robots" content="noindex`) {
		t.Error("the page is for search engines")
	}
	a := s.get("/feeds/okapi.atom?token=" + anas)
	if b := s.get("/feeds/okapi.atom", "Authorization", "Bearer "+anas, "If-None-Match", a.Header.Get("Etag")); b.StatusCode != 304 || b.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("asked again: %d, %v", b.StatusCode, b.Header)
	}
	if a.Header.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(a.Header.Get("Vary"), "Authorization") {
		t.Errorf("headers %v", a.Header)
	}
}

func TestARevokedTokenOpensNothingFromThatMomentOn(t *testing.T) {
	s := newSite(t, withPrivate)
	s.say("north", "en", "The harbour opens")
	g := s.grant(anas)
	s.grant(bens)
	if a := s.get("/feeds/okapi.atom?token=" + anas); a.StatusCode != 200 {
		t.Fatalf("got %d", a.StatusCode)
	}
	etag := s.get("/feeds/okapi.atom?token=" + anas).Header.Get("Etag")
	g.Revoked = true
	s.append(g)
	for _, path := range []string{"/feeds/okapi.atom", "/feeds/okapi.html", "/feeds/okapi"} {
		if a := s.get(path+"?token="+anas, "If-None-Match", etag); a.StatusCode != 401 {
			t.Errorf("%s: got %d after the token was revoked", path, a.StatusCode)
		}
		if a := s.get(path + "?token=" + bens); a.StatusCode >= 400 {
			t.Errorf("%s: got %d with another token", path, a.StatusCode)
		}
	}
}

// Nothing that is there for everybody may tell that the feed is there.
func TestNoRouteTellsStrangersOfAPrivateFeed(t *testing.T) {
	log := &journal{}
	s := newSite(t, withPrivate, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Removed = []string{"taken-away"}
	})
	id := s.say("north", "en", "The harbour opens", feeds.Tag{Scheme: feeds.Topic, Term: "health"})
	s.say("south", "es", "Nada", feeds.Tag{Scheme: feeds.Topic, Term: "data"})
	s.grant(anas)
	paths := []string{"/", "/feeds", "/overview", "/feeds.opml", "/robots.txt", "/sitemap.xml", "/sitemap/feeds.xml", "/sitemap/2026-03.xml", "/api", "/api/v1/statements", "/api/v1/statements?content=full&q=harbour",
		"/api/v1/statements?updated_since=1970-01-01", "/api/v1/statements/" + string(id), "/api/v1/tags", "/api/v1/sources", "/api/v1/openapi.json", "/api/nothing", "/statements/" + string(id), "/statements/" + string(id) + ".json",
		"/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/all.html", "/feeds/all.html?q=harbour", "/feeds/topic/health.atom", "/feeds/source/north.html", "/feeds/nothing.atom", "/feeds/taken-away.atom", "/feeds/topic/nothing.atom",
		"/archive/all/1.atom", "/archive/nothing/1.atom", "/embed/all", "/embed/nothing", "/embed/statements/" + string(id), "/about/embed", "/oembed?url=" + url.QueryEscape("https://news.example.org/feeds/all.html"), "/oembed?url=" + url.QueryEscape("https://news.example.org/feeds/nothing.html"),
		"/ns/topic", "/rel/translation", "/problems/unknown-name", "/nowhere"}
	for _, path := range paths {
		for _, accept := range []string{"*/*", "text/html"} {
			a := s.get(path, "Accept", accept, "Accept-Encoding", "identity")
			for _, secret := range secrets {
				if bytes.Contains(a.body, []byte(secret)) || strings.Contains(fmt.Sprint(a.Header), secret) {
					t.Errorf("%s (%s, %d) tells of %q:\n%s", path, accept, a.StatusCode, secret, a.body)
				}
			}
		}
	}
	// What would have to be a feed to answer says that there is none, with a token,
	// too: frames and topics are for everybody.
	for _, path := range []string{"/embed/okapi", "/embed/okapi.html", "/embed/trustees", "/embed/OKAPI", "/embed/feeds/okapi.atom",
		"/oembed?url=" + url.QueryEscape("https://news.example.org/feeds/okapi.html"), "/oembed?url=" + url.QueryEscape("https://news.example.org/feeds/okapi.html?token="+anas)} {
		for _, token := range []string{"", anas} {
			to := path
			if token != "" {
				to += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "token=" + token
			}
			a := s.get(to, "Authorization", "Bearer "+token)
			for a.StatusCode == 301 || a.StatusCode == 302 || a.StatusCode == 308 {
				a = s.get(strings.TrimPrefix(a.Header.Get("Location"), "https://news.example.org"))
			}
			if a.StatusCode != 404 || bytes.Contains(a.body, []byte("Xylophone")) {
				t.Errorf("%s: got %d, want 404\n%s", to, a.StatusCode, a.body)
			}
		}
	}
	for _, address := range []string{"https://news.example.org/feeds/okapi.atom", "https://news.example.org/feeds/okapi.json?token=" + anas} {
		if topic, err := s.server.Topic(address); err == nil {
			t.Errorf("%s is a topic of the hub: %v", address, topic)
		}
	}
	list, err := s.server.FeedsOPML()
	if err != nil || bytes.Contains(list, []byte("okapi")) {
		t.Errorf("OPML: %v\n%s", err, list)
	}
	// The operator's own webhook may be told, and what the feed shows is kept.
	if f, err := s.server.Feed("okapi"); err != nil || f.Title != "Xylophone minutes" {
		t.Errorf("a webhook gets %v, %v", f, err)
	}
	if visible, err := s.server.Visible(); err != nil || !visible[id] {
		t.Errorf("what the feed shows is not spared: %v, %v", visible, err)
	}
	// Nothing wrote a token down, not even when the store is away.
	s.get("/feeds/all.atom?token=" + anas)
	away, err := storage.Open(filepath.Join(t.TempDir(), "away.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := away.Close(); err != nil {
		t.Fatal(err)
	}
	s = newSite(t, withPrivate, func(o *Options) { o.Log, o.Store = slog.New(slog.NewTextHandler(log, nil)), away })
	for _, path := range []string{"/feeds/okapi.atom", "/feeds/all.atom", "/feeds/topic/health.rss?lang=en", "/api/v1/statements?limit=3", "/oembed", "/nowhere"} {
		sign := map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]
		for _, accept := range []string{"*/*", "text/html"} {
			if a := s.get(path+sign+"token="+anas, "Accept", accept); bytes.Contains(a.body, []byte(anas)) || strings.Contains(fmt.Sprint(a.Header), anas) {
				t.Errorf("%s: the token is in the answer\n%v\n%s", path, a.Header, a.body)
			}
		}
	}
	if said := log.String(); !strings.Contains(said, "request failed") || strings.Contains(said, anas) {
		t.Errorf("the log says\n%s", said)
	}
}

func TestGuessesAreFewAndKeepNobodyOut(t *testing.T) {
	s := newSite(t, withPrivate)
	s.say("north", "en", "The harbour opens")
	s.grant(anas)
	count := map[int]int{}
	for i := range guesses + 10 {
		a := s.get(fmt.Sprintf("/feeds/okapi.atom?token=cq_guess%d", i))
		if count[a.StatusCode]++; a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	// The bucket fills up meanwhile.
	if count[401] < guesses || count[401] > guesses+5 || count[429] < 5 {
		t.Errorf("got %v", count)
	}
	if a := s.get("/feeds/okapi.atom?token=" + anas); a.StatusCode != 200 {
		t.Errorf("who has a token is kept out: %d", a.StatusCode)
	}
	got := s.server.Private()
	if got[opened] != 1 || got[missing] != 0 || int(got[wrongToken]) != count[401] || int(got[limited]) != count[429] {
		t.Errorf("counted %v", got)
	}
}

// A window and the pages behind it are made in another room than a feed with
// archives: whatever makes a document of a private feed, no shared cache keeps it.
func TestNoSharedCacheKeepsAnyDocumentOfAPrivateFeed(t *testing.T) {
	window := okapi
	window.Feed.Path, window.Feed.Order, window.Feed.Query = "zebra", feeds.ByUpdate, feeds.Query{Limit: 1}
	s := newSite(t, withPrivate, func(o *Options) { o.Named = append(o.Named, window) })
	for _, title := range []string{"The harbour opens", "The harbour closes", "The harbour opens again"} {
		s.say("north", "en", title)
	}
	s.grant(anas)
	for _, path := range []string{"/feeds/okapi", "/feeds/zebra"} {
		for _, rest := range []string{".atom", ".rss", ".json", ".html", ".atom?after=start", ".rss?after=start", ".json?after=start", ".html?after=start", ".atom?q=harbour", ".json?lang=en", ".rss?limit=1"} {
			a := s.get(path+rest, "Authorization", "Bearer "+anas)
			if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "private, no-cache" || !strings.Contains(a.Header.Get("Vary"), "Authorization") || a.Header.Get("Access-Control-Allow-Origin") != "" || a.Header.Get("X-Robots-Tag") != noRobots {
				t.Errorf("%s: got %d, %v", path+rest, a.StatusCode, a.Header)
			}
		}
	}
}

// Who can send nothing but an address follows the links of RFC 5005 from the
// newest statement of a private feed to its first.
func TestWhoHasTheTokenInTheAddressWalksAPrivateFeed(t *testing.T) {
	window := okapi
	window.Feed.Path, window.Feed.Order, window.Feed.Query = "zebra", feeds.ByUpdate, feeds.Query{Limit: 10}
	s := newSite(t, withPrivate, func(o *Options) { o.Named = append(o.Named, window) })
	const all = 130
	for i := range all {
		s.say("north", "en", fmt.Sprintf("The harbour opens %d", i))
	}
	s.grant(anas)
	s.grant(bens)
	leadsOn := regexp.MustCompile(`rel="(?:next|prev-archive)"[^>]*href="https://news.example.org([^"]*)"`)
	inHeader := regexp.MustCompile(`<https://news.example.org([^>]*)>; rel="(?:next|prev-archive)"`)
	json := regexp.MustCompile(`"next_url": ?"https://news.example.org([^"]*)"`)
	for _, name := range []string{"okapi", "zebra"} {
		for _, format := range []string{"atom", "rss", "json"} {
			links := leadsOn
			if format == "json" {
				links = json
			}
			seen, documents := map[string]bool{}, 0
			path := "/feeds/" + name + "." + format + "?token=" + anas
			for ; path != ""; documents++ {
				a := s.get(path, "Accept-Encoding", "identity")
				if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "private, no-cache" || bytes.Contains(a.body, []byte(bens)) {
					t.Fatalf("%s: got %d, %v\n%s", path, a.StatusCode, a.Header, a.body)
				}
				if own := []byte("/feeds/" + name + "." + format + "?token="); bytes.Contains(a.body, append([]byte(`rel="self" type="application/atom+xml" href="https://news.example.org`), own...)) || bytes.Contains(a.body, []byte(`"feed_url": "https://news.example.org`+string(own))) {
					t.Errorf("%s: what it calls its own address has the token in it", path)
				}
				for _, id := range regexp.MustCompile(`The harbour opens \d+`).FindAllString(string(a.body), -1) {
					seen[id] = true
				}
				next := ""
				if m := links.FindSubmatch(a.body); m != nil {
					next = html.UnescapeString(strings.ReplaceAll(string(m[1]), `\u0026`, "&"))
				}
				if m := inHeader.FindStringSubmatch(a.Header.Get("Link")); next != "" && (m == nil || m[1] != next) {
					t.Errorf("%s: the header leads to %v, the document to %s", path, m, next)
				}
				path = next
			}
			if len(seen) != all || documents < 2 {
				t.Errorf("%s.%s: %d statements in %d documents, want %d", name, format, len(seen), documents, all)
			}
		}
	}
}

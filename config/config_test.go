package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

// environment is what ${NAME} stands for in tests.
func environment(name string) (string, bool) {
	v, ok := map[string]string{"HOST": "news.example.org", "TOKEN": "s3cret", "EMPTY": "", "BROKEN": "s3cret\r\nX-Other: y"}[name]
	return v, ok
}

// canonical stands for normalize.Canonical.
func canonical(url string) string {
	url, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url[strings.Index(url, ":")+1:], "//"), "www."), "#")
	if url = strings.Trim(url, "/"); !strings.Contains(url, "/") {
		return ""
	}
	return "https://" + url
}

var options = Options{Env: environment, Canonical: canonical}

// TestEveryErrorIsSaidWithItsPlace reads testdata/bad-*.yaml; what is wrong with
// each stands beside it.
func TestEveryErrorIsSaidWithItsPlace(t *testing.T) {
	t.Chdir("testdata")
	names, err := filepath.Glob("bad-*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no bad files", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			_, err := Load(name, options)
			var all Errors
			if !errors.As(err, &all) {
				t.Fatalf("got error %v, want Errors", err)
			}
			got := all.Error() + "\n"
			if strings.Contains(got, "s3cret") || strings.Contains(got, "hunter2") {
				t.Errorf("a secret is shown:\n%s", got)
			}
			checkPlaces(t, all)
			testkit.Golden(t, strings.TrimSuffix(name, ".yaml")+".want", []byte(got))
		})
	}
}

// checkPlaces says which errors are not within their files, or out of order.
func checkPlaces(t *testing.T, all Errors) {
	t.Helper()
	for i, e := range all {
		data, err := os.ReadFile(e.File)
		if err != nil {
			t.Errorf("%v: %v", e, err)
			continue
		}
		lines := strings.Split(string(data), "\n")
		if e.Line < 1 || e.Line > len(lines) || e.Col < 1 || e.Col > len([]rune(lines[min(e.Line, len(lines))-1]))+1 {
			t.Errorf("%v: the place is not in the file", e)
		}
		if i > 0 && all[i-1].File == e.File && all[i-1].Line > e.Line {
			t.Errorf("%v: after line %d", e, all[i-1].Line)
		}
	}
}

func parse1(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse(filepath.Join(t.TempDir(), "communique.yaml"), []byte(text), options)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASourceNeedsOnlyIDAndURL(t *testing.T) {
	c := parse1(t, "sources:\n  - id: harbour\n    url: https://harbour.example/rss.xml\n")
	s := c.SourceConfigs()
	if len(s) != 1 {
		t.Fatalf("got %d sources, want 1", len(s))
	}
	got := fmt.Sprint(s[0].Source.ID, s[0].Source.URL, s[0].Kind, s[0].Source.Identity, s[0].Enabled, s[0].Schedule.IsAdaptive(), s[0].Floor, s[0].Ceiling)
	if want := fmt.Sprint("harbour", "https://harbour.example/rss.xml", "feed", "auto", true, true, 5*time.Minute, 24*time.Hour); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c.Listen != "127.0.0.1:8080" || c.Admin != "127.0.0.1:8081" || c.Fetch.MaxBody != 16<<20 || c.Fetch.Timeout.Std() != 30*time.Second {
		t.Errorf("defaults are %+v", c)
	}
}

func TestASourceTakesWhatItLeavesOutFromTheDefaults(t *testing.T) {
	c := parse1(t, `
defaults:
  schedule: "0 6 * * *"
  time_zone: America/Panama
  language: es
  regions: [americas]
  topics: [protection]
  priority: 3
  headers: {accept-language: es, X-Key: a}
fetch: {allow_networks: [10.0.0.0/8]}
sources:
  - {id: a, url: "https://a.example/"}
  - id: b
    url: https://b.example/
    schedule: "@every 2m"
    language: FR-ca
    regions: []
    priority: 0
    headers: {X-Key: "b-${TOKEN}"}
    allow_networks: ["::1"]
    enabled: false
`)
	a, b := c.SourceConfigs()[0], c.SourceConfigs()[1]
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if got, want := a.Schedule.Next(at), time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("a is due at %v, want %v: six in Panama", got, want)
	}
	if got, want := fmt.Sprintln(a.Source.Language, a.Source.Regions, a.Source.Topics, a.Source.Priority, a.Headers.Reveal(), a.AllowNetworks),
		"es [americas] [protection] 3 map[Accept-Language:es X-Key:a] [10.0.0.0/8]\n"; got != want {
		t.Errorf("a got %s, want %s", got, want)
	}
	if got, want := fmt.Sprintln(b.Source.Language, b.Source.Regions, b.Source.Topics, b.Source.Priority, b.Headers.Reveal(), b.AllowNetworks, b.Enabled),
		"fr-CA [] [protection] 0 map[Accept-Language:es X-Key:b-s3cret] [10.0.0.0/8 ::1/128] false\n"; got != want {
		t.Errorf("b got %s, want %s", got, want)
	}
	if b.Floor != 2*time.Minute {
		t.Errorf("b has a floor of %v, want 2m: nobody wrote one, and the schedule asks so often", b.Floor)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse(filepath.Join(dir, "communique.yaml"), []byte(`
fetch: {proxy: "http://me:${TOKEN}@proxy.example:3128"}
sources:
  - id: a
    url: https://a.example/
    headers: {Authorization: file:key, X-Plain: "costs $${5}"}
`), options)
	if err != nil {
		t.Fatal(err)
	}
	h := c.SourceConfigs()[0].Headers.Reveal()
	if h["Authorization"] != "s3cret" || h["X-Plain"] != "costs ${5}" || c.Fetch.Proxy.Reveal() != "http://me:s3cret@proxy.example:3128" {
		t.Errorf("got %v and %q", h, c.Fetch.Proxy.Reveal())
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{c.Fetch.Proxy, &c.Fetch.Proxy, c.SourceConfigs()[0].Headers, *c, c.SourceConfigs()} {
			if got := fmt.Sprintf(format, v); strings.Contains(got, "s3cret") || strings.Contains(got, "733363726574") {
				t.Errorf("%s of %T shows the secret: %s", format, v, got)
			}
		}
	}
	if text, err := c.Fetch.Proxy.MarshalText(); err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("marshalled as %q, %v", text, err)
	}
}

func TestIncludedFilesAreReadOnceAndInOrder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"communique.yaml": "include: [packs/*.yaml, more/x.yaml]\nsources:\n  - {id: main, url: 'https://main.example/'}\n",
		"packs/b.yaml":    "sources:\n  - {id: b, url: 'https://b.example/'}\n",
		"packs/a.yaml":    "x-un: &un {credit: The Office}\nsources:\n  - {<<: *un, id: a, url: 'https://a.example/', headers: {X: file:key}}\nsite: {title: From a pack}\n",
		"packs/key":       "k",
		"more/x.yaml":     "include: [../packs/b.yaml, ../communique.yaml]\nstorage: {dir: here}\nfeeds: [{name: ours, query: {sources: [a, b]}}]\n",
		"packs/none.yaml": "# nothing yet\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(filepath.Join(dir, "communique.yaml"), options)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range c.SourceConfigs() {
		ids = append(ids, string(s.Source.ID))
	}
	if want := []string{"main", "a", "b"}; !slices.Equal(ids, want) {
		t.Errorf("got sources %v, want %v", ids, want)
	}
	if c.Site.Title != "From a pack" || c.Site.Language != "en" || c.SourceConfigs()[1].Source.Credit != "The Office" {
		t.Errorf("got site %+v", c.Site)
	}
	if got, want := string(c.Storage.Dir), filepath.Join(dir, "more", "here"); got != want {
		t.Errorf("storage in %s, want %s: beside the file that says it", got, want)
	}
	if len(c.Files) != 6 || c.Files[0] != filepath.Join(dir, "communique.yaml") || !slices.Contains(c.Files, filepath.Join(dir, "packs", "key")) {
		t.Errorf("files are %v", c.Files)
	}
}

func TestTheAddressFollowsTheListenerWhereItIsNotGiven(t *testing.T) {
	for _, x := range []struct{ site, listen, base, authority string }{
		{"{}", "127.0.0.1:8080", "http://127.0.0.1:8080", "localhost,2026"},
		{"{}", "127.0.0.1:4711", "http://127.0.0.1:4711", "localhost,2026"},
		{"{}", ":80", "http://localhost:80", "localhost,2026"},
		{"{}", "[::]:80", "http://localhost:80", "localhost,2026"},
		{"{base_url: 'https://news.example.org/un/'}", ":80", "https://news.example.org/un", "news.example.org,2026"},
		{"{base_url: 'https://news.example.org', authority: 'example.org,2020-05'}", ":80", "https://news.example.org", "example.org,2020-05"},
		{"{base_url: 'http://[::1]:8080'}", ":80", "http://[::1]:8080", "localhost,2026"},
	} {
		c := parse1(t, fmt.Sprintf("site: %s\nlisten: %q\nsources: []\n", x.site, x.listen))
		if string(c.Site.BaseURL) != x.base || string(c.Site.Authority) != x.authority {
			t.Errorf("%s on %s: got %s and %s, want %s and %s", x.site, x.listen, c.Site.BaseURL, c.Site.Authority, x.base, x.authority)
		}
	}
	c := parse1(t, "sources: []\nlisten: 127.0.0.1:0\n")
	if got := c.Site.On("127.0.0.1:5555"); got.BaseURL != "http://127.0.0.1:5555" || got.Authority != "localhost,2026" {
		t.Errorf("on another address: %s and %s", got.BaseURL, got.Authority)
	}
}

func TestAgentSaysWhoAsks(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"sources: []", "communique/1.2"},
		{"sources: []\nfetch: {contact: press@example.org}", "communique/1.2 (press@example.org)"},
		{"sources: []\nsite: {base_url: 'https://n.example/'}\nfetch: {contact: press@example.org}", "communique/1.2 (+https://n.example; press@example.org)"},
		{"sources: []\nfetch: {user_agent: Ours/3}", "Ours/3"},
	} {
		if got := parse1(t, x.text).Agent("1.2"); got != x.want {
			t.Errorf("%q: got %q, want %q", x.text, got, x.want)
		}
	}
}

func TestNamedFeedsBecomeQueries(t *testing.T) {
	c := parse1(t, `
sources: [{id: a, url: "https://a.example/"}]
feeds:
  - name: ours
    title: Ours
    query: {countries: [MX, gt], languages: [pt-BR], sources: [a], words: border families}
    limit: 20
    content: summary
  - name: everything
`)
	f := c.FeedConfigs()
	want := feeds.Query{Countries: []string{"mx", "gt"}, Languages: []string{"pt-BR"}, Sources: []feeds.SourceID{"a"}, Words: "border families", Limit: 20}
	if got := f[0].Feed; fmt.Sprint(got.Query) != fmt.Sprint(want) || got.Path != "ours" || got.Language != "pt-BR" || !f[0].Feed.Brief {
		t.Errorf("got %+v, want %+v", f[0], want)
	}
	if got := f[1]; got.Feed.Title != "everything" || got.Feed.Query.Limit != 50 || got.Feed.Brief {
		t.Errorf("got %+v", got)
	}
}

func TestNamedFeedsHavePolicies(t *testing.T) {
	c := parse1(t, `
sources: [{id: a, url: "https://a.example/"}]
removed: [old-one]
feeds:
  - name: ours
    title: {en: Ours, fr: Le nôtre}
    query:
      regions: [americas]
      any: [{topics: [protection]}, {words: border, not: {languages: [es]}}]
      not: {sources: [a]}
    order: updated
    limit: 40
    max_bytes: 64KiB
    share: 25%
    languages: {prefer: [fr, EN]}
    ids: preserve
    was: [mine, yours]
  - name: only
    languages: {only: [fr, ar]}
    share: 3
    query: {not: [{words: a}, {words: b}]}
  - {name: plain, languages: all}
`)
	want := []feeds.Feed{
		{Path: "ours", Title: "ours", Titles: map[string]string{"en": "Ours", "fr": "Le nôtre"}, Order: feeds.ByUpdate, MaxBytes: 64 << 10,
			Share: feeds.Share{Part: .25}, Prefer: []string{"fr", "en"}, Preserve: true, Query: feeds.Query{
				Regions: []string{"americas"}, Limit: 40, Any: []feeds.Query{{Topics: []string{"protection"}}, {Words: "border", Not: []feeds.Query{{Languages: []string{"es"}}}}},
				Not: []feeds.Query{{Sources: []feeds.SourceID{"a"}}}}},
		{Path: "only", Title: "only", Share: feeds.Share{Entries: 3},
			Query: feeds.Query{Languages: []string{"fr", "ar"}, Limit: 50, Not: []feeds.Query{{Words: "a"}, {Words: "b"}}}},
		// Without a size: one that has it shows a window and has no archives.
		{Path: "plain", Title: "plain", Query: feeds.Query{Limit: 50}},
	}
	for i, got := range c.FeedConfigs() {
		if !reflect.DeepEqual(got.Feed, want[i]) {
			t.Errorf("got  %+v\nwant %+v", got.Feed, want[i])
		}
	}
	if got := fmt.Sprint(c.FeedConfigs()[0].Was, c.RemovedFeeds()); got != "[mine yours] [old-one]" {
		t.Errorf("was and removed: %s", got)
	}
}

func TestTheAPIHasLimits(t *testing.T) {
	for text, want := range map[string]string{
		"sources: []": "{300 1m0s} []",
		"sources: []\napi: {rate: 10/s, trusted_proxies: [127.0.0.1, 10.0.0.0/8]}": "{10 1s} [127.0.0.1/32 10.0.0.0/8]",
		"sources: []\napi: {rate: 5000/h}":                                         "{5000 1h0m0s} []",
		"sources: []\napi: {rate: off}":                                            "{0 0s} []",
		"sources: []\napi: {rate: \"off\"}":                                        "{0 0s} []",
	} {
		c := parse1(t, text)
		if got := fmt.Sprint(c.API.Rate, Prefixes(c.API.TrustedProxies)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestKnobsOfDedupHaveTheirDefaults(t *testing.T) {
	c := parse1(t, "sources: [{id: a, url: 'https://a.example/'}]\n")
	d, k := c.Dedup, c.Link
	if d.Window.Std() != 30*24*time.Hour || d.Threshold != 0.35 || d.SameSource != 0.6 || d.Shadow || c.SourceGroups() != nil || c.Pins() != nil {
		t.Errorf("dedup is %+v", d)
	}
	if !k.Enabled || k.Threshold != 0.7 || k.Related != 0.4 || c.SourceConfigs()[0].Source.Match != "all" {
		t.Errorf("link is %+v, match %q", k, c.SourceConfigs()[0].Source.Match)
	}
}

func TestKnobsOfDedupAreRead(t *testing.T) {
	c := parse1(t, `
sources:
  - {id: a, url: "https://a.example/", match: near, distrust: [text]}
  - {id: b, url: "https://b.example/", match: exact}
  - {id: c, url: "https://c.example/"}
dedup:
  window: 2w
  threshold: 1
  same_source: 0.75
  shadow: true
  groups:
    - {name: south, sources: [a, b]}
    - {name: north, sources: [b]}
  pins:
    - {apart: ["https://www.a.example/1/", "https://b.example/2#x"], why: two of one day}
    - {together: ["https://a.example/3", "https://b.example/4"]}
link: {enabled: false, threshold: 0.4}
`)
	if d := c.Dedup; d.Window.Std() != 14*24*time.Hour || d.Threshold != 1 || d.SameSource != 0.75 || !d.Shadow {
		t.Errorf("dedup is %+v", d)
	}
	if k := c.Link; k.Enabled || k.Threshold != 0.4 || k.Related != 0.4 {
		t.Errorf("link is %+v, want what is related lowered to the threshold", k)
	}
	if got, want := fmt.Sprint(c.SourceGroups()), "map[a:[south] b:[south north]]"; got != want {
		t.Errorf("groups are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(c.Pins()), "[{[https://a.example/1 https://b.example/2] false two of one day} {[https://a.example/3 https://b.example/4] true }]"; got != want {
		t.Errorf("pins are %s, want %s", got, want)
	}
	a, b := c.SourceConfigs()[0].Source, c.SourceConfigs()[1].Source
	if a.Match != "near" || !a.Distrusts("text") || b.Match != "exact" {
		t.Errorf("a is %+v, b is %+v", a, b)
	}
}

func TestAMissingFileIsSaidAsSuch(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "communique.yaml"), options)
	var all Errors
	if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &all) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
}

func TestUnknownTermsAreSaidWithTheNearMiss(t *testing.T) {
	terms := map[string][]string{feeds.Region: {"africa", "americas"}, feeds.Country: {"mx"}}
	l := &loader{terms: func() map[string][]string { return terms }}
	f := &file{name: "c.yaml"}
	l.knownTerms(place{file: f, path: "regions"}, feeds.Region, []string{"amercias", "mx", "africa", "atlantis"})
	want := `c.yaml:1:1: regions[0]: unknown region "amercias"; did you mean "americas"?
c.yaml:1:1: regions[1]: unknown region "mx", which is of another kind: country
c.yaml:1:1: regions[3]: unknown region "atlantis"; there are africa, americas`
	if got := l.errs.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"id", "url", "title", "language", "schedule", "regions", "topics", "time_zone", "headers"}
	for word, want := range map[string]string{
		"shedule": "schedule", "scheduel": "schedule", "Title": "title", "lang": "language", "region": "regions", "timezone": "time_zone",
		"time-zone": "time_zone", "header": "headers", "ulr": "url", "colour": "", "x": "", "": "", "topcis": "topics", "di": "id",
		strings.Repeat("a", 1000): "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%.20q): got %q, want %q", word, got, want)
		}
	}
}

func TestDurationsAndSizesAreWrittenAsTheyAreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1.5h": 90 * time.Minute, "0s": 0, "250ms": 250 * time.Millisecond,
	} {
		var d, again Duration
		if err := d.set(text); err != nil || d.Std() != want {
			t.Errorf("%s: got %v, %v; want %v", text, d.Std(), err, want)
		}
		if err := again.set(d.String()); err != nil || again != d {
			t.Errorf("%s is written as %s, which is read as %v, %v", text, d, again.Std(), err)
		}
	}
	for _, text := range []string{"15", "", "m", "-5m", "1e9h", "99999999999999999999h", "12:30", "1y", "5 m", "20000w"} {
		if err := new(Duration).set(text); err == nil {
			t.Errorf("%q is taken for a duration", text)
		}
	}
	for text, want := range map[string]Bytes{"4MiB": 4 << 20, "512KiB": 512 << 10, "10MB": 10e6, "1.5GiB": 3 << 29, "0B": 0} {
		var b Bytes
		if err := b.set(text); err != nil || b != want {
			t.Errorf("%s: got %d, %v; want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"4096", "4M", "-1B", "9999999GiB", "MiB"} {
		if err := new(Bytes).set(text); err == nil {
			t.Errorf("%q is taken for a size", text)
		}
	}
}

func TestTheExampleIsGood(t *testing.T) {
	c, err := Load(filepath.Join(testkit.Root(t), "communique.example.yaml"), Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	on, off := 0, 0
	for i, s := range c.SourceConfigs() {
		raw := c.Sources[i]
		if s.Enabled {
			on++
			if raw.Verified == "" {
				t.Errorf("%s is on and does not say when it was verified", raw.ID)
			}
		} else {
			off++
			if raw.Notes == "" {
				t.Errorf("%s is off without a reason", raw.ID)
			}
		}
		if raw.Terms == "" || raw.Credit == "" || raw.Title == "" {
			t.Errorf("%s lacks terms, credit or title", raw.ID)
		}
	}
	if on < 25 || off < 5 || len(c.FeedConfigs()) < 3 {
		t.Errorf("got %d sources on, %d off, %d feeds", on, off, len(c.FeedConfigs()))
	}
}

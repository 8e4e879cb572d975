package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listing gives an OPML list of feeds at these addresses.
func listing(urls ...string) []byte {
	var b strings.Builder
	b.WriteString(`<opml version="2.0"><body>`)
	for _, u := range urls {
		b.WriteString(`<outline text="Office" type="rss" xmlUrl="` + u + `"/>`)
	}
	return []byte(b.String() + `</body></opml>`)
}

func idsOf(c *Config) (ids []string) {
	for _, s := range c.SourceConfigs() {
		ids = append(ids, string(s.Source.ID))
	}
	slices.Sort(ids)
	return ids
}

func TestAListGivesSourcesWhoseIDsHangOnTheirAddresses(t *testing.T) {
	o := options
	var body []byte
	o.Copies = func(dir, url string) []byte {
		if dir != filepath.Join("x", "data") || url != "https://hq.example/o.opml?key=s3cret" {
			t.Errorf("asked for %s in %s", url, dir)
		}
		return body
	}
	text := `defaults: {headers: {Authorization: hunter2}, regions: [europe]}
include_opml: {url: "https://hq.example/o.opml?key=${TOKEN}", regions: [americas], language: es, priority: -5, schedule: "@hourly"}
sources: [{id: own, url: "https://a.example/one"}]
`
	load := func() *Config {
		t.Helper()
		c, err := Parse(filepath.Join("x", "c.yaml"), []byte(text), o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := load(); !slices.Equal(idsOf(c), []string{"own"}) || !c.ListConfigs()[0].Missing {
		t.Errorf("without a copy: %v, %+v", idsOf(c), c.ListConfigs())
	}
	body = listing("http://A.example/one", "https://b.example/rss", "https://c.example/rss", "https://b.example/rss", "nonsense")
	c := load()
	first := idsOf(c)
	if len(first) != 3 || !slices.Contains(first, "own") {
		t.Fatalf("sources %v, want our own and two", first)
	}
	l := c.ListConfigs()[0]
	if l.Name != "hq-example" || l.Sources != 2 || len(l.Problems) != 3 || strings.Contains(l.Address(), "s3cret") || l.Missing {
		t.Errorf("%+v at %s, want two sources and three that are left out", l, l.Address())
	}
	s := c.SourceConfigs()[1]
	if s.List != "hq-example" || len(s.Headers) != 0 || s.Source.Regions[0] != "americas" || s.Source.Language != "es" || s.Source.Priority != -5 || s.Schedule.String() != "@hourly" || s.Kind != "feed" || !s.Enabled || s.Flood != "hold" {
		t.Errorf("a source of the list: %+v", s)
	}
	if own := c.SourceConfigs()[0]; len(own.Headers) != 1 || own.List != "" {
		t.Errorf("our own: %+v", own)
	}
	printed, err := c.Print()
	if err != nil || strings.Contains(string(printed), "s3cret") || strings.Contains(string(printed), "hunter2") {
		t.Errorf("a secret is printed (%v):\n%s", err, printed)
	}
	before := c.Outline()
	body = listing("https://d.example/rss", "https://c.example/rss")
	second := idsOf(load())
	for _, id := range second {
		if id != "own" && slices.Contains(first, id) != strings.HasPrefix(id, "c-example-") {
			t.Errorf("ids were %v and are %v, want that of c alone to stay", first, second)
		}
	}
	p := before.Plan(load().Outline())
	if len(p.Sources.Start) != 1 || len(p.Sources.Stop) != 1 || p.Sources.Lists[p.Sources.Start[0]] != "hq-example" || p.Sources.Lists[p.Sources.Stop[0]] != "hq-example" || len(p.Sources.Change) != 0 {
		t.Errorf("the plan is %+v", p.Sources)
	}
	body = []byte("<opml><body>") // the copy was damaged
	if c := load(); !c.ListConfigs()[0].Missing || len(c.SourceConfigs()) != 1 {
		t.Errorf("of a damaged copy: %v", idsOf(c))
	}
}

func TestListsInFilesAndWhatIsWrongWithThem(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("good.opml", string(listing("https://a.example/rss")))
	put("empty.opml", string(listing()))
	put("cut.opml", strings.TrimSuffix(string(listing("https://a.example/rss")), "</opml>"))
	put("page.opml", "<html>Not here</html>")
	c, err := Parse(filepath.Join(dir, "c.yaml"), []byte("include_opml: good.opml\n"), options)
	if err != nil || len(c.SourceConfigs()) != 1 || c.ListConfigs()[0].Name != "good" || !slices.Contains(c.Files, filepath.Join(dir, "good.opml")) {
		t.Fatalf("%v, %+v", err, c)
	}
	for text, want := range map[string]string{
		"include_opml: empty.opml":                                                        "c.yaml:1:15: include_opml: " + filepath.Join(dir, "empty.opml") + ": there is no feed in it",
		"include_opml: [cut.opml]":                                                        "it is cut short",
		"include_opml: page.opml":                                                         "no OPML",
		"include_opml: none.opml":                                                         "cannot read",
		"include_opml: [{name: a}]":                                                       "wants either url or file",
		"include_opml: {url: \"https://u:hunter2@a.example/\"}":                           "without user name and password",
		"include_opml: {url: \"https://a.example/\", every: 1m}":                          "5m at least",
		"include_opml: {url: \"https://a.example/\", regions: [atlantis]}":                "unknown region",
		"include_opml: [{file: good.opml, name: a}, {file: good.opml, name: a}]":          "given twice",
		"include_opml: {file: good.opml, schedule: \"@every 1s\"}\ndefaults: {floor: 5m}": "more often than the floor",
	} {
		_, err := Parse(filepath.Join(dir, "c.yaml"), []byte(text+"\nsources: []\n"), options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

package serve

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// withFeeds publishes feeds of the operator's.
func withFeeds(named ...Named) func(*Options) {
	return func(o *Options) { o.Named = named }
}

// entries gives the ids, titles and languages of an Atom feed.
func (s *site) entries(path string) (out []atomEntry) {
	s.t.Helper()
	a := s.get(path)
	var f struct {
		Title   string      `xml:"title"`
		Entries []atomEntry `xml:"entry"`
	}
	if err := xml.Unmarshal(a.body, &f); err != nil || a.StatusCode != 200 {
		s.t.Fatalf("%s: %s %v\n%s", path, a.Status, err, a.body)
	}
	return f.Entries
}

type atomEntry struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Lang    string `xml:"lang,attr"`
	Content string `xml:"content"`
	Links   []struct {
		Rel      string `xml:"rel,attr"`
		HrefLang string `xml:"hreflang,attr"`
		Href     string `xml:"href,attr"`
	} `xml:"link"`
}

func TestNoSourceHasMoreThanItsShare(t *testing.T) {
	s := newSite(t, withFeeds(
		Named{Feed: feeds.Feed{Path: "three", Query: feeds.Query{Limit: 10}, Share: feeds.Share{Entries: 3}}},
		Named{Feed: feeds.Feed{Path: "part", Query: feeds.Query{Limit: 10}, Share: feeds.Share{Part: .2}}},
		Named{Feed: feeds.Feed{Path: "changed", Query: feeds.Query{Limit: 10}, Share: feeds.Share{Entries: 2}, Order: feeds.ByUpdate}},
		Named{Feed: feeds.Feed{Path: "spanish", Query: feeds.Query{Limit: 10, Languages: []string{"es"}}, Share: feeds.Share{Entries: 1}}}))
	for i := range 5 {
		s.say("south", "es", fmt.Sprint("quiet ", i))
	}
	var busy feeds.StatementID
	for i := range 30 {
		busy = s.say("north", "en", fmt.Sprint("busy ", i))
	}
	s.copy(busy, "south", "es", "quiet translation")
	for path, want := range map[string]string{
		"/feeds/three.atom":         "[busy 29 busy 28 busy 27 quiet 4 quiet 3 quiet 2]",
		"/feeds/part.atom":          "[busy 29 busy 28 quiet 4 quiet 3]",
		"/feeds/part.atom?limit=5":  "[busy 29 quiet 4]",
		"/feeds/changed.atom":       "[busy 29 busy 28 quiet 4 quiet 3]",
		"/feeds/spanish.atom":       "[quiet translation]",
		"/feeds/three.atom?lang=es": "[quiet translation quiet 4 quiet 3]",
	} {
		if got := fmt.Sprint(s.titles(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	// A new statement of the busy one takes the place of its oldest.
	s.say("north", "en", "busy 30")
	if got := fmt.Sprint(s.titles("/feeds/part.atom")); got != "[busy 30 busy 29 quiet 4 quiet 3]" {
		t.Errorf("after news: %s", got)
	}
}

func TestFeedsMayBeSortedByChange(t *testing.T) {
	s := newSite(t, withFeeds(Named{Feed: feeds.Feed{Path: "changed", Order: feeds.ByUpdate}}))
	old := s.say("north", "en", "old")
	s.say("north", "en", "new")
	if got := fmt.Sprint(s.titles("/feeds/changed.atom")); got != "[new old]" {
		t.Fatal(got)
	}
	first := s.get("/feeds/changed.atom")
	st, _, _, err := s.store.Statement(old)
	if err != nil {
		t.Fatal(err)
	}
	o := &feeds.Observed{Item: st.Copies[0].Item, Statement: old, FirstSeen: st.FirstSeen, Order: st.Order, Published: st.Published, Changed: day.Add(time.Hour),
		Revision: 2, Relation: feeds.IsOrigin, Copy: st.Copies[0].Copy}
	o.Copy.Title = "old, corrected"
	s.append(o)
	if got := fmt.Sprint(s.titles("/feeds/changed.atom"), s.titles("/feeds/all.atom")); got != "[old, corrected new] [new old, corrected]" {
		t.Error(got)
	}
	if a := s.get("/feeds/changed.atom", "If-None-Match", first.Header.Get("ETag")); a.StatusCode != 200 {
		t.Errorf("the old tag after a correction: %s", a.Status)
	}
}

func TestLanguagePolicies(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Languages = []string{"en", "fr", "es", "ar"} }, withFeeds(
		Named{Feed: feeds.Feed{Path: "prefers", Title: "p", Titles: map[string]string{"en": "Chosen", "fr": "Choix"}, Prefer: []string{"fr", "en"}}},
		Named{Feed: feeds.Feed{Path: "only", Query: feeds.Query{Languages: []string{"fr", "en"}}}}))
	both := s.say("north", "en", "Clinics", health)
	s.copy(both, "south", "fr", "Cliniques", health)
	s.say("north", "en", "Data")
	s.say("south", "es", "Datos")
	for path, want := range map[string]string{
		"/feeds/prefers.atom":          "[Datos/es Data/en Cliniques/fr]",
		"/feeds/only.atom":             "[Data/en Cliniques/fr]",
		"/feeds/all.atom":              "[Datos/es Data/en Clinics/en]",
		"/feeds/all.atom?lang=fr":      "[Cliniques/fr]",
		"/feeds/all.atom?prefer=fr,en": "[Datos/es Data/en Cliniques/fr]",
		"/feeds/all.atom?prefer=es,fr": "[Datos/es Data/en Cliniques/fr]",
		"/feeds/all.atom?prefer=en,fr": "[Datos/es Data/en Clinics/en]",
		"/feeds/all.atom?prefer=ar":    "[Datos/es Data/en Clinics/en]",
		"/feeds/prefers.atom?lang=en":  "[Data/en Clinics/en]",
	} {
		var got []string
		for _, e := range s.entries(path) {
			got = append(got, e.Title+"/"+e.Lang)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", path, got, want)
		}
	}
	// Frames have the title in the language of their own words, and say once whose they are.
	for path, want := range map[string]string{
		"/embed/prefers": "Chosen|en|Chosen – Harbour", "/embed/prefers?ui=fr": "Choix|fr|Choix – Harbour", "/embed/prefers?lang=fr": "Choix – Français|fr|Choix – Français – Harbour",
		"/embed/prefers?ui=fr&lang=en": "Choix – English|fr|Choix – English – Harbour", "/embed/prefers?ui=ar": "Chosen|en|Chosen – Harbour", "/embed/topic/health?ui=es": "Salud – Harbour|es|Salud – Harbour",
	} {
		m := regexp.MustCompile(`(?s)<title>(.*?)</title>.*class="head" lang="(.*?)"><a[^>]*><bdi>(.*?)</bdi>`).FindSubmatch(s.get(path).body)
		if m == nil {
			t.Errorf("%s has no title and heading", path)
		} else if got := fmt.Sprintf("%s|%s|%s", m[3], m[2], m[1]); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	siblings := map[string]string{}
	for _, e := range s.entries("/feeds/prefers.atom") {
		for _, l := range e.Links {
			if l.Rel == "related" {
				siblings[e.Lang] += l.HrefLang
			}
		}
	}
	if fmt.Sprint(siblings) != "map[fr:en]" {
		t.Errorf("siblings by hreflang: %v", siblings)
	}
	for path, want := range map[string]string{
		"/feeds/prefers.json": "Chosen", "/feeds/prefers.json?lang=fr": "Choix – Français", "/feeds/prefers.json?lang=es": "Chosen – Español",
		"/feeds/prefers.json?prefer=es,fr": "Chosen – Español, Français",
	} {
		var f struct{ Title string }
		if err := json.Unmarshal(s.get(path).body, &f); err != nil || f.Title != want {
			t.Errorf("%s: title %q, want %q (%v)", path, f.Title, want, err)
		}
	}
	for path, status := range map[string]int{"/feeds/all.atom?prefer=tlh": 404, "/feeds/all.atom?prefer=***": 400, "/feeds/all.atom?prefer=" + many(60): 400} {
		if a := s.get(path); a.StatusCode != status {
			t.Errorf("%.50s: %s, want %d", path, a.Status, status)
		}
	}
}

func TestDocumentsStayWithinTheirBudget(t *testing.T) {
	const budget = 16 << 10
	s := newSite(t, withFeeds(Named{Feed: feeds.Feed{Path: "small", MaxBytes: budget}},
		Named{Feed: feeds.Feed{Path: "brief", MaxBytes: 2 * budget, Query: feeds.Query{Limit: 12}}}))
	for i := range 40 {
		s.say("north", "en", fmt.Sprintf("Clinics %d of the harbours and of all that is behind them", i))
	}
	for _, ext := range []string{"atom", "rss", "json"} {
		a := s.get("/feeds/small." + ext)
		if len(a.body) > budget || len(a.body) < budget/2 {
			t.Errorf("%s: %d octets of %d", ext, len(a.body), budget)
		}
	}
	// Contents go first, the oldest before the others, then entries.
	if e := s.entries("/feeds/small.atom"); len(e) < 2 || len(e) == 40 || !strings.HasPrefix(e[0].Title, "Clinics 39") || e[0].Content != "" {
		t.Errorf("%d entries, the first %q with %d octets", len(e), e[0].Title, len(e[0].Content))
	}
	if e := s.entries("/feeds/brief.atom"); len(e) != 12 || e[0].Content == "" || e[11].Content != "" {
		t.Errorf("%d entries, the first with %d octets, the last with %d", len(e), len(e[0].Content), len(e[len(e)-1].Content))
	}
	if a, b := s.get("/feeds/small.atom"), s.get("/feeds/all.atom"); len(b.body) <= len(a.body) {
		t.Errorf("a feed without a budget has %d octets", len(b.body))
	}
}

func TestPlanetsKeepTheIDsOfTheirSources(t *testing.T) {
	s := newSite(t, withFeeds(Named{Feed: feeds.Feed{Path: "planet", Preserve: true}}))
	odd := "HTTP://North.Example/?a=1&b=%c3%a9#<x>"
	own := func(guid string) func(*feeds.Observed) { return func(o *feeds.Observed) { o.Copy.ID = guid } }
	say := func(name string, change func(*feeds.Observed)) {
		t.Helper()
		s.n++
		at := day.Add(time.Duration(s.n) * time.Minute)
		o := &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: feeds.StatementID("statement-" + name), FirstSeen: at, Changed: at, Order: at, Published: at,
			Revision: 1, Relation: feeds.IsOrigin, Copy: feeds.Copy{Source: "north", Title: name, Link: "https://north.example/" + name, Content: "<p>text</p>"}}
		change(o)
		s.append(o)
	}
	say("first", own("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"))
	say("guid", own("4711"))
	say("odd", own(odd))
	say("same", own("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"))
	say("none", own(""))
	ids := func(path string) (out []string) {
		t.Helper()
		var f struct{ Items []struct{ ID string } }
		if err := json.Unmarshal(s.get(path).body, &f); err != nil {
			t.Fatal(err)
		}
		for _, it := range f.Items {
			out = append(out, it.ID)
		}
		return out
	}
	want := []string{"tag:example.org,2026:statement/statement-none", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", odd, "4711"}
	if got := ids("/feeds/planet.json"); !slices.Equal(got, want) {
		t.Errorf("JSON: %q\nwant  %q", got, want)
	}
	var got []string
	for _, e := range s.entries("/feeds/planet.atom") {
		got = append(got, e.ID)
	}
	// RFC 4287 has no room for what is no IRI.
	want[2], want[3] = "tag:example.org,2026:statement/statement-odd", "tag:example.org,2026:statement/statement-guid"
	if !slices.Equal(got, want) {
		t.Errorf("Atom: %q\nwant  %q", got, want)
	}
	for _, id := range ids("/feeds/all.json") {
		if !strings.HasPrefix(id, "tag:example.org,2026:statement/") {
			t.Errorf("another feed has the id %q", id)
		}
	}
}

func TestParametersNarrowAFeedAlsoWhereItAsksTheSame(t *testing.T) {
	s := newSite(t, withFeeds(
		Named{Feed: feeds.Feed{Path: "health", Query: feeds.Query{Topics: []string{"health"}, Languages: []string{"es", "en"}, Limit: 10}}},
		Named{Feed: feeds.Feed{Path: "rest", Query: feeds.Query{Not: []feeds.Query{{Topics: []string{"health"}}, {Sources: []feeds.SourceID{"south"}}}}}},
		Named{Feed: feeds.Feed{Path: "worded", Query: feeds.Query{Words: "many", Any: []feeds.Query{{Words: "doctors"}, {Countries: []string{"mx"}}}, Not: []feeds.Query{{Words: `"data in many"`}}}}},
		Named{Feed: feeds.Feed{Path: "either", Query: feeds.Query{Any: []feeds.Query{{Topics: []string{"health"}, Sources: []feeds.SourceID{"north"}}, {Countries: []string{"mx"}}}}}}))
	both := s.say("north", "en", "Clinics", health, data)
	s.copy(both, "south", "es", "Clínicas", health)
	s.say("north", "en", "Doctors", health)
	s.say("north", "en", "Data", data)
	s.say("south", "es", "México", data, mexico)
	for path, want := range map[string]string{
		"/feeds/health.atom":                         "[Doctors Clínicas]",
		"/feeds/health.atom?topic=data":              "[Clínicas]",
		"/feeds/health.atom?lang=en":                 "[Doctors Clinics]",
		"/feeds/topic/health.atom?topic=data":        "[Clinics]",
		"/feeds/rest.atom":                           "[Data]",
		"/feeds/worded.atom":                         "[México Doctors]",
		"/feeds/worded.atom?q=doctor":                "[Doctors]",
		"/feeds/either.atom":                         "[México Doctors Clinics]",
		"/feeds/either.atom?topic=data":              "[México Clinics]",
		"/feeds/either.atom?topic=data&source=north": "[Clinics]",
	} {
		if got := fmt.Sprint(s.titles(path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestRenamedFeedsLeadOnAndRemovedOnesAreGone(t *testing.T) {
	s := newSite(t, withFeeds(Named{Feed: feeds.Feed{Path: "clinics", Title: "Clinics"}, Was: []string{"health", "hospitals"}}),
		func(o *Options) { o.Removed = []string{"harbours"} })
	for path, want := range map[string]string{
		"/feeds/health.atom":               "/feeds/clinics.atom",
		"/feeds/health":                    "/feeds/clinics",
		"/feeds/Hospitals.json?lang=en&x=": "/feeds/clinics.json?lang=en&x=",
		"/feeds/health.html":               "/feeds/clinics.html",
		"/embed/health":                    "/embed/clinics",
		"/embed/health.html?limit=3":       "/embed/clinics.html?limit=3",
		"/archive/health/2026-03.atom":     "/archive/clinics/2026-03.atom",
	} {
		if a := s.get(path); a.StatusCode != 301 || a.Header.Get("Location") != want {
			t.Errorf("%s: %s to %q, want 301 to %s", path, a.Status, a.Header.Get("Location"), want)
		}
	}
	// Who has read it before knows it by its id (RFC 4287 §4.2.6).
	for path, want := range map[string]string{
		"/feeds/clinics.atom":         "<id>tag:example.org,2026:feed/health</id>",
		"/feeds/clinics.atom?limit=9": "<id>tag:example.org,2026:feed/health?limit=9</id>",
		"/feeds/clinics.json":         `"id": "tag:example.org,2026:feed/health"`,
		"/feeds/topic/health.atom":    "<id>tag:example.org,2026:feed/topic/health</id>",
	} {
		if a := s.get(path); !strings.Contains(string(a.body), want) {
			t.Errorf("%s lacks %s:\n%s", path, want, a.body)
		}
	}
	for _, path := range []string{"/feeds/harbours.atom", "/feeds/harbours", "/feeds/harbours.html?lang=fr", "/archive/harbours/1.atom", "/embed/harbours"} {
		if a := s.get(path); a.StatusCode != http.StatusGone || !strings.Contains(string(a.body), "/feeds/clinics") {
			t.Errorf("%s: %s %q, want 410 with what there is", path, a.Status, a.body)
		}
	}
	// Editors keep the address of a page and ask for its frame every day.
	offer := "/oembed?url=https://news.example.org/feeds/"
	if a := s.get(offer + "hospitals.html"); a.StatusCode != 200 || !strings.Contains(string(a.body), "/embed/clinics?") {
		t.Errorf("the frame of a renamed feed's page: %s %s", a.Status, a.body)
	}
	if a := s.get(offer + "harbours.html"); a.StatusCode != http.StatusGone {
		t.Errorf("the frame of a removed feed's page: %s", a.Status)
	}
	if a := s.get("/feeds/topic/health.atom"); a.StatusCode != 200 {
		t.Errorf("a topic of a name that a feed had: %s", a.Status)
	}
	if a := s.get("/feeds/health-2.atom"); a.StatusCode != 404 {
		t.Errorf("a name that begins like one: %s", a.Status)
	}
}

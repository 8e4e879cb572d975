package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"communique/feeds"
	"communique/feeds/incidents"
	"communique/feeds/vitals"
	"communique/internal/browser"
	"communique/storage"
)

// troubled gives a store of sources in every state, and the listener that tells
// of them.
func troubled(t *testing.T) (*site, *Admin) {
	t.Helper()
	s := newSite(t)
	ago := func(d time.Duration) time.Time { return day.Add(-d) }
	const hour, days = time.Hour, 24 * time.Hour
	gaps := []uint32{300, 900, 1440, 2880, 1440, 700, 600, 1440, 2000, 1440, 1440, 1440, 2880, 1440, 500, 1440}
	visit := func(id feeds.SourceID, change func(*feeds.Fetched)) Configured {
		f := &feeds.Fetched{Source: id, URL: "https://" + string(id) + ".example/feed.xml", At: ago(20 * time.Minute), Success: ago(20 * time.Minute), Spoke: ago(5 * hour), Gaps: gaps,
			Status: 200, Took: 300 * time.Millisecond, Bytes: 14000, NextDue: day.Add(40 * time.Minute), DueRule: "adaptive 1h"}
		change(f)
		s.append(f)
		return Configured{ID: id, URL: f.URL}
	}
	fails := func(class string, status int, says string) func(*feeds.Fetched) {
		return func(f *feeds.Fetched) {
			f.Class, f.Status, f.Failures, f.Since, f.Success = class, status, 7, ago(30*hour), ago(31*hour)
			f.Error = "fetch " + f.URL + ": " + says
			f.DueRule = "back-off 8h after 7 failures"
		}
	}
	a := &Admin{Store: s.store, Now: func() time.Time { return day }, Deliveries: func() *Deliveries {
		return &Deliveries{Hub: "h", Subscriptions: 12, Topics: 3, Failing: 1, Streams: 4, Webhooks: []WebhookStatus{
			{Name: "intranet", State: "ok", Reached: stamp(ago(hour))}, {Name: "desk", State: "failing", Failures: 4, NextTry: stamp(day.Add(hour)), Error: "answers <500>"}}}
	}, Readers: func() []ReaderReport { return []ReaderReport{{"Feedly", "/feeds/all.atom", 12, stamp(ago(hour))}} }}
	a.Sources = []Configured{
		visit("americas", func(f *feeds.Fetched) { f.New, f.Copies, f.At = 3, 1, ago(time.Minute) }),
		visit("harbour", fails("status", 404, "404 from origin; <b>the feed</b> may have moved")),
		visit("north", fails("blocked", 403, "a bot wall of Cloudflare's")),
		visit("lake", fails("status", 429, "asks us to wait 3h")),
		visit("gone", func(f *feeds.Fetched) {
			fails("status", 410, "410")(f)
			f.Gone, f.NextDue, f.DueRule = true, time.Time{}, "gone"
		}),
		visit("frozen", func(f *feeds.Fetched) { f.Spoke = ago(20 * days) }),
		visit("moved", func(f *feeds.Fetched) { f.MovedTo, f.Moves, f.MovedAt = "https://new.example/feed.xml", 3, ago(days) }),
		visit("quiet", func(f *feeds.Fetched) { f.Spoke = ago(7 * days) }),
		visit("flood", func(f *feeds.Fetched) {
			f.Odd = "flood: of 40 items nearly all were new at once"
			f.NextDue = ago(hour)
		}),
		visit("back", func(f *feeds.Fetched) {
			f.Spells = []feeds.Spell{{State: "broken", Reason: "404: nothing is there", Began: ago(3 * days), Ended: ago(2 * days)}}
		}),
		{ID: "new", URL: "https://new.example/"}, {ID: "off", URL: "https://off.example/", Off: true},
	}
	o := incidents.Options{Store: s.store, Memory: incidents.Remember(incidents.InFolder(t.TempDir()), slog.New(slog.DiscardHandler))}
	for _, c := range a.Sources {
		o.Sources = append(o.Sources, incidents.Source{ID: c.ID, Source: vitals.Source{URL: c.URL, Off: c.Off}})
	}
	o.More = []func(time.Time) []incidents.Trouble{func(time.Time) []incidents.Trouble {
		return []incidents.Trouble{{Incident: feeds.Incident{Subject: "list", Name: "offices", State: "broken", Reason: "it answers 404", Do: "tell whoever keeps it", Began: ago(days)}}}
	}}
	a.Incidents = incidents.New(o).List
	h := httptest.NewServer(a.Handler())
	t.Cleanup(h.Close)
	s.url = h.URL
	return s, a
}

func TestStatusTellsWhatIsWrongFirst(t *testing.T) {
	s, _ := troubled(t)
	a := s.get("/status")
	page := string(a.body)
	at := 0
	for _, want := range []string{"(7) Status", "6 sources need a look", "What is wrong here", "list offices: broken", `<a href="docs/operate.md#list-broken">`, "What is wrong<", "gone: gone for 30 h", "harbour: broken for 30 h", "&lt;b&gt;the feed&lt;/b&gt;", "Worth a look", "flood: of 40 items",
		"Just happened", "3 new, 1 known from others", "Next", "All sources", "Telling others", "answers &lt;500&gt;", "Feedly", "Store"} {
		i := strings.Index(page[at:], want)
		if i < 0 {
			t.Fatalf("no %q behind the first %d octets", want, at)
		}
		at += i
	}
	if !strings.Contains(page, "Visits that are late: 1") {
		t.Error("nothing tells that a visit is late")
	}
	if csp := a.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || strings.Contains(page, "style=") || strings.Contains(page, "<style") || strings.Contains(page, "<script") {
		t.Errorf("styles or scripts in the page, policy %q", csp)
	}
	var st status
	if err := json.Unmarshal(s.get("/status.json").body, &st); err != nil {
		t.Fatal(err)
	}
	for i, want := range []vitals.State{vitals.OK, vitals.Broken, vitals.Blocked, vitals.Throttled, vitals.Gone, vitals.Stale, vitals.Moved, vitals.Quiet, vitals.OK, vitals.OK, vitals.New, vitals.Off} {
		if got := st.Sources[i]; got.State != want || want.IsTrouble() && (got.Reason == "" || got.Since == "" || got.Do == "") {
			t.Errorf("%s: got %+v, want %s with reason, since and what to do", got.ID, got, want)
		}
	}
	if st.States[vitals.OK] != 3 || st.States[vitals.Gone] != 1 {
		t.Errorf("states: %v", st.States)
	}
}

func TestIncidentsAreAnAtomFeedThatStaysTheSame(t *testing.T) {
	s, admin := troubled(t)
	first := s.get("/incidents.atom")
	var f struct {
		Updated string `xml:"updated"`
		Entries []struct {
			ID      string `xml:"id"`
			Title   string `xml:"title"`
			Updated string `xml:"updated"`
			Links   []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(first.body, &f); err != nil || first.Header.Get("Content-Type") != "application/atom+xml; charset=utf-8" {
		t.Fatal(err, first.Header)
	}
	ids, over, others := map[string]bool{}, 0, 0
	for i, e := range f.Entries {
		ids[e.ID] = true
		if i > 0 && e.Updated > f.Entries[i-1].Updated || e.Updated > f.Updated {
			t.Errorf("entry %d, of %s, stands behind an older one", i, e.Updated)
		}
		switch e.Title {
		case "back: no longer broken":
			over++
		case "list offices: broken":
			others++
		}
		for _, l := range e.Links {
			at, anchor, _ := strings.Cut(l.Href, "#")
			if page := s.get(strings.TrimPrefix(at, s.url)); page.StatusCode != 200 || anchor != "" && !strings.Contains(string(page.body), `id="`+anchor+`"`) {
				t.Errorf("%s: its %s link %s leads nowhere: %s", e.Title, l.Rel, l.Href, page.Status)
			}
		}
		if len(e.Links) != 2 {
			t.Errorf("%s: %d links, want one to the page and one to what to do", e.Title, len(e.Links))
		}
	}
	if len(f.Entries) != 8 || len(ids) != 8 || over != 1 || others != 1 {
		t.Errorf("got %d entries with %d ids, want six troubles of sources, one of a list and one that is over:\n%s", len(f.Entries), len(ids), first.body)
	}
	admin.Now = func() time.Time { return day.Add(5 * time.Minute) }
	again := s.get("/incidents.atom", "If-None-Match", first.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("got %s although nothing has changed:\n%s", again.Status, again.body)
	}
}

func TestReadyIsNotFresh(t *testing.T) {
	s, admin := troubled(t)
	for _, path := range []string{"/livez", "/readyz"} {
		if a := s.get(path); a.StatusCode != 200 {
			t.Errorf("%s: %s, although only sources are in trouble", path, a.Status)
		}
	}
	other, err := storage.Open(filepath.Join(t.TempDir(), "other.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	admin.Store = other
	other.Close()
	if a := s.get("/readyz"); a.StatusCode != 503 || !bytes.Contains(a.body, []byte("store")) {
		t.Errorf("/readyz: %s %s, want 503 as the store is closed", a.Status, a.body)
	}
	if a := s.get("/livez"); a.StatusCode != 200 {
		t.Errorf("/livez: %s, although a restart would help nobody", a.Status)
	}
}

func TestStatusPageInABrowser(t *testing.T) {
	s, _ := troubled(t)
	ctx := browser.Open(t)
	browser.Watch(t, ctx, s.url)
	for _, look := range []string{"light", "dark"} {
		for _, width := range []int64{1200, 360} {
			name := fmt.Sprintf("status-%s-%d", look, width)
			browser.Do(t, ctx, chromedp.EmulateViewport(width, 800), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
				_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look}}})
				return err
			}), chromedp.Navigate(s.url+"/status"))
			if browser.Eval[bool](t, ctx, `document.documentElement.scrollWidth > innerWidth`) {
				t.Errorf("%s scrolls sideways", name)
			}
			browser.Accessible(t, ctx, name)
			browser.Shoot(t, ctx, name)
		}
	}
}

package aggregator

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"communique/aggregator/fetch"
	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/feeds"
	"communique/feeds/vitals"
	"communique/storage"
)

// The week is that of 2026 in which New York puts its clocks forward.
var weekStart = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)

const (
	// Between these our own clock is an hour fast: then we come too early, and
	// cannot know it.
	fastFrom, fastUntil = 80 * time.Hour, 101 * time.Hour

	weekHosts = 40
	perHost   = 2
	hostGap   = time.Second
	day       = 24 * time.Hour
)

// habit is how an origin behaves in the week.
type habit struct {
	name   string
	answer func(o *office, at time.Duration, r *http.Request) (*http.Response, error) // nil for a good feed
	from   time.Duration                                                              // until then it is well
	until  time.Duration                                                              // and from then on again; 0 for never
	class  string                                                                     // that its failure is to be told as
}

func answers(status int, body string, header ...string) func(*office, time.Duration, *http.Request) (*http.Response, error) {
	return func(_ *office, _ time.Duration, r *http.Request) (*http.Response, error) {
		return respond(r, status, body, header...), nil
	}
}

func fails(err error) func(*office, time.Duration, *http.Request) (*http.Response, error) {
	return func(*office, time.Duration, *http.Request) (*http.Response, error) { return nil, err }
}

const wall = `<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>`

var habits = []habit{
	{name: "busy"},
	{name: "quiet"},
	{name: "frozen"},
	{name: "patient"},
	{name: "throttled", from: 2 * day, until: 2*day + time.Hour, class: "status", answer: answers(429, "", "Retry-After", "259200")},
	{name: "storm", from: 36 * time.Hour, until: 48 * time.Hour, class: "status", answer: answers(503, "<p>Sorry</p>")},
	{name: "walled", from: 3 * day, class: "blocked", answer: answers(403, wall, "Cf-Mitigated", "challenge", "Server", "cloudflare", "Content-Type", "text/html")},
	{name: "html", from: 2 * day, until: 3 * day, class: "html", answer: answers(200, "<!doctype html><html><head><title>Maintenance</title></head><body>Back soon</body></html>", "Content-Type", "text/html")},
	{name: "emptied", from: 3 * day, until: 5 * day, class: "emptied", answer: answers(200, rss().body)},
	{name: "blank", from: 3 * day, until: 4 * day, class: "empty", answer: answers(200, "")},
	{name: "moved", from: day},
	{name: "gone", from: 4 * day, class: "status", answer: answers(410, "")},
	{name: "nameless", from: 2 * day, until: 3 * day, class: "dns", answer: fails(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true})},
	{name: "expired", from: 5 * day, class: "tls", answer: fails(x509.CertificateInvalidError{Reason: x509.Expired})},
	{name: "reborn", from: 4 * day}, // all its ids change at once
	{name: "cron"},
}

func fast(at time.Duration) bool { return at >= fastFrom && at <= fastUntil }

// office is one source's origin.
type office struct {
	habit
	id     string
	host   string
	mu     sync.Mutex
	asked  []time.Duration // since the start of the week
	failed time.Duration   // when it was first asked in its bad time; 0 for not yet
	wait   time.Duration   // it may not be asked before this, by its own words
	visits int             // in its bad time
}

// items gives the feed as it is at a time: an item every few hours, the latest
// ten of them.
func (o *office) items(at time.Duration) string {
	every := map[string]time.Duration{"quiet": 5 * day, "frozen": 1000 * day}[o.name]
	if every == 0 {
		every = time.Duration(3+len(o.id)%5) * time.Hour
	}
	n := int(at/every) + 5
	var list []string
	for i := n; i > n-10 && i > 0; i-- {
		guid := fmt.Sprintf("%s-%d", o.id, i)
		if o.name == "reborn" && at >= o.from {
			guid = "new-" + guid
		}
		list = append(list, item(guid, fmt.Sprintf("http://%s/%s/%d", o.host, o.id, i), fmt.Sprintf("Word %d of %s", i, o.id),
			fmt.Sprintf("The speaker of %s, on day %d, at desk %d,", o.id, i, i*i), weekStart.Add(time.Duration(i-5)*every)))
	}
	return rss(list...).body
}

func respond(r *http.Request, status int, body string, header ...string) *http.Response {
	res := &http.Response{StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/rss+xml"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}
	for i := 0; i+1 < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

// planet is the transport to all origins. It keeps watch over our manners.
type planet struct {
	t       *testing.T
	start   time.Time          // of the bubble's clock
	offices map[string]*office // by path
	mu      sync.Mutex
	inside  map[string]int
	last    map[string]time.Time
	total   int
}

func (p *planet) now() time.Duration { return time.Since(p.start) }

func (p *planet) RoundTrip(r *http.Request) (*http.Response, error) {
	host := r.URL.Host
	p.mu.Lock()
	p.total++
	if p.inside[host]++; p.inside[host] > perHost {
		p.t.Errorf("%s: %d requests at once at %s", p.now(), p.inside[host], host)
	}
	if since := time.Since(p.last[host]); since < hostGap-time.Millisecond && !p.last[host].IsZero() {
		p.t.Errorf("%s: %s after the last request to %s, want a gap of %s", p.now(), since, host, hostGap)
	}
	p.last[host] = time.Now()
	p.mu.Unlock()
	time.Sleep(200 * time.Millisecond)
	defer func() {
		p.mu.Lock()
		p.inside[host]--
		p.mu.Unlock()
	}()
	o := p.offices[strings.TrimPrefix(r.URL.Path, "/new")]
	if o == nil {
		return respond(r, 404, ""), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	at := p.now()
	if at < o.wait-time.Second && !fast(at) {
		p.t.Errorf("%s: %s asked %s too early", at, o.id, o.wait-at)
	}
	o.asked = append(o.asked, at)
	bad := o.answer != nil && at >= o.from && (o.until == 0 || at < o.until)
	if bad {
		if o.visits++; o.failed == 0 {
			o.failed = at
		}
		res, err := o.answer(o, at, r)
		if err == nil && res.Header.Get("Retry-After") != "" {
			o.wait = at + 3*day
		}
		return res, err
	}
	if o.name == "moved" && at >= o.from && !strings.HasPrefix(r.URL.Path, "/new") {
		return respond(r, 301, "", "Location", "http://"+host+"/new"+r.URL.Path), nil
	}
	body := o.items(at)
	etag := fmt.Sprintf(`"%d"`, hashOf([]byte(body)))
	header := []string{"ETag", etag}
	if o.name == "patient" {
		header = append(header, "Cache-Control", "max-age=21600")
		o.wait = at + 6*time.Hour
	}
	if r.Header.Get("If-None-Match") == etag {
		return respond(r, 304, "", header...), nil
	}
	return respond(r, 200, body, header...), nil
}

// TestAWeek lives through seven days of two hundred sources: nobody is asked
// earlier than he wishes, every failure is told by its name within two visits,
// who is well again is found so, and nothing that was published is harmed.
func TestAWeek(t *testing.T) {
	offices := 200
	if testing.Short() || underRace {
		offices = 3 * len(habits)
	}
	synctest.Test(t, func(t *testing.T) { week(t, offices) })
}

func week(t *testing.T, offices int) {
	// Some thirty thousand visits are stored, each durably: on a disk that takes
	// minutes, in memory seconds.
	dir := t.TempDir()
	if shm, err := os.MkdirTemp("/dev/shm", "communique-week-"); err == nil {
		dir = shm
		defer os.RemoveAll(shm)
	}
	store, err := storage.Open(filepath.Join(dir, "communique.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	p := &planet{t: t, start: time.Now(), offices: map[string]*office{}, inside: map[string]int{}, last: map[string]time.Time{}}
	var mu sync.Mutex
	shift := time.Duration(0) // of our clock
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return weekStart.Add(time.Since(p.start) + shift)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	cron, err := schedule.Parse("30 2 * * *", newYork)
	if err != nil {
		t.Fatal(err)
	}
	var sources []Source
	for i := range offices {
		o := &office{habit: habits[i%len(habits)], host: fmt.Sprintf("host%d.example", i%weekHosts)}
		o.id = fmt.Sprintf("%s-%d", o.name, i)
		p.offices["/"+o.id] = o
		s := Source{Source: feeds.Source{ID: feeds.SourceID(o.id), URL: "http://" + o.host + "/" + o.id}, Floor: 15 * time.Minute}
		if o.name == "cron" {
			s.Schedule = cron
		}
		sources = append(sources, s)
	}
	fetcher, err := fetch.New(fetch.Options{Transport: p, PerHost: perHost, Gap: hostGap})
	if err != nil {
		t.Fatal(err)
	}
	defer fetcher.Close()
	e := New(Options{Sources: sources, Store: store, Journal: store, Fetcher: fetcher, Now: now, Log: slog.New(slog.DiscardHandler), Workers: 16, PerHost: perHost,
		Spread: 30 * time.Second, Tagger: func() *tag.Tagger {
			tagger, err := tag.New(tag.Taxonomy{})
			if err != nil {
				panic(err)
			}
			return tagger
		}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()

	published := 0
	for hour := range 7 * 24 {
		time.Sleep(time.Hour)
		mu.Lock()
		switch hour { // our own clock is set forward by mistake, and back again
		case int(fastFrom/time.Hour) - 1:
			shift = time.Hour
		case int(fastUntil/time.Hour) - 2:
			shift = 0
		}
		mu.Unlock()
		counts, err := store.Counts()
		if err != nil {
			t.Fatal(err)
		}
		if counts.All.Statements < published {
			t.Errorf("hour %d: %d statements, there were %d", hour, counts.All.Statements, published)
		}
		published = counts.All.Statements
		for _, o := range p.offices {
			p.watch(store, o)
		}
	}
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	p.judge(store, newYork)
	if err := store.Verify(); err != nil {
		t.Error(err)
	}
	t.Logf("%d requests, %d statements", p.total, published)
}

// watch looks whether an office that fails is known by the name of its failure
// once it has been visited twice.
func (p *planet) watch(store *storage.Store, o *office) {
	o.mu.Lock()
	visits, class, over := o.visits, o.class, o.until != 0 && p.now() >= o.until
	o.mu.Unlock()
	if visits < 2 || over {
		return
	}
	f, _, err := store.Fetched(feeds.SourceID(o.id))
	if err != nil {
		p.t.Fatal(err)
	}
	if f.Class != class {
		p.t.Errorf("%s: %s has the class %q (%s) after %d visits in its bad time, want %q", p.now(), o.id, f.Class, f.Error, visits, class)
	}
}

// judge looks at how each office stands at the end of the week.
func (p *planet) judge(store *storage.Store, newYork *time.Location) {
	t := p.t
	for _, o := range p.offices {
		f, visited, err := store.Fetched(feeds.SourceID(o.id))
		if err != nil || !visited {
			t.Errorf("%s was never visited (%v)", o.id, err)
			continue
		}
		last := o.asked[len(o.asked)-1]
		for i := 1; i < len(o.asked); i++ {
			if between := o.asked[i] - o.asked[i-1]; between < 15*time.Minute && o.name != "moved" && !fast(o.asked[i]) {
				t.Errorf("%s asked at %s, %s after the visit before", o.id, o.asked[i], between)
			}
		}
		page, err := store.Select(feeds.Query{Sources: []feeds.SourceID{feeds.SourceID(o.id)}, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		// What could be seen of it is published, each once.
		if most := 5 + int(7*day/(3*time.Hour)) + 1; len(page.Heads) < 5 || len(page.Heads) > most {
			t.Errorf("%s has %d statements, want 5 to %d", o.id, len(page.Heads), most)
		}
		switch o.name {
		case "busy", "storm", "throttled", "html", "nameless", "emptied", "blank", "reborn", "moved":
			if f.Failures != 0 {
				t.Errorf("%s is well again, and has failed %d times in a row: %s", o.id, f.Failures, f.Error)
			}
			if last < 6*day {
				t.Errorf("%s was last asked after %s", o.id, last)
			}
		case "gone":
			if !f.Gone || last > 5*day+12*time.Hour {
				t.Errorf("%s: gone %t, last asked after %s", o.id, f.Gone, last)
			}
		case "walled", "expired":
			if f.Failures < 2 {
				t.Errorf("%s has failed %d times", o.id, f.Failures)
			}
		case "quiet", "frozen":
			if n := len(o.asked); n > 100 {
				t.Errorf("%s has hardly anything to say and was asked %d times", o.id, n)
			}
		case "cron":
			for _, at := range o.asked[1:] { // the first visit is at the start
				local := weekStart.Add(at).In(newYork)
				if inGap := local.Hour() == 3 && local.Day() == 8; (local.Hour() != 2 || local.Minute() < 30 || local.Minute() > 31) && !inGap && !fast(at) {
					t.Errorf("%s asked at %s, want half past two", o.id, local)
				}
			}
			if n := len(o.asked); n < 7 || n > 9 {
				t.Errorf("%s was asked %d times in a week, want once a night", o.id, n)
			}
		}
		want := map[string]vitals.State{"gone": vitals.Gone, "walled": vitals.Blocked, "expired": vitals.Broken, "moved": vitals.Moved, "busy": vitals.OK}[o.name]
		if h := vitals.Of(&f, vitals.Source{}, f.At); want != "" && h.State != want {
			t.Errorf("%s is %s (%s), want %s", o.id, h.State, h.Reason, want)
		}
		if spell := map[string]string{"storm": "broken", "throttled": "throttled", "html": "broken", "nameless": "broken", "emptied": "broken", "blank": "broken"}[o.name]; spell != "" {
			if o.name == "throttled" && !slices.ContainsFunc(o.asked, func(at time.Duration) bool { return at >= o.from && at < o.until }) {
				continue // it was not asked in that hour
			}
			if n := slices.IndexFunc(f.Spells, func(s feeds.Spell) bool { return s.State == spell && s.Ended.After(s.Began) }); n < 0 {
				t.Errorf("%s remembers %+v, want that it was %s", o.id, f.Spells, spell)
			}
		}
		if o.name == "moved" {
			if old := f.MovedTo; !strings.Contains(old, "/new/") {
				t.Errorf("%s moved to %q", o.id, old)
			}
		}
	}
}

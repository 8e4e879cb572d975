package metrics

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"communique/aggregator"
	"communique/feeds"
	"communique/feeds/render"
	"communique/feeds/serve"
	"communique/internal/testkit"
	"communique/storage"
)

var day = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// house gives metrics over a store with two sources, and a site.
func house(t *testing.T) (*Metrics, *serve.Server) {
	t.Helper()
	store := testkit.OpenStore(t)
	site, err := serve.New(serve.Options{Store: store, Log: slog.New(slog.DiscardHandler), Sources: []feeds.Source{{ID: "harbour"}},
		Site: render.Site{Title: "News", BaseURL: "https://news.example.org", Authority: "news.example.org,2026", Language: "en", Generator: "communique"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Append(t.Context(), day, &feeds.Fetched{Source: "harbour", URL: "u", At: day, Success: day, Spoke: day, NextDue: day.Add(time.Hour)},
		&feeds.Observed{Item: "harbour/1", Statement: "s1", FirstSeen: day, Changed: day, Order: day, Copy: feeds.Copy{Title: "A lighthouse"}},
		&feeds.Fetched{Source: "quay", URL: "u", At: day, Class: "status", Status: 404, Failures: 3, Since: day, NextDue: day.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	m := New(Options{Store: store, Version: "1.2.3", Now: func() time.Time { return day.Add(time.Minute) },
		Certificates: func() []Certificate {
			return []Certificate{{Name: "news.example.org", Well: true, Until: day}, {Name: "press.example.org"}}
		}})
	m.Use(Running{Site: site, Sources: []serve.Configured{{ID: "harbour", URL: "u"}, {ID: "quay", URL: "u"}, {ID: "off", Off: true}}, Deliveries: func() *serve.Deliveries {
		return &serve.Deliveries{Streams: 4, Subscriptions: 12, Failing: 1, Webhooks: []serve.WebhookStatus{{Name: "desk", Failures: 2}}, Leases: []serve.LeaseStatus{{State: "live"}}}
	}})
	return m, site
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if rec.Code != 200 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

func wants(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains("\n"+text, "\n"+want+"\n") {
			name, _, _ := strings.Cut(want, "{")
			name, _, _ = strings.Cut(name, " ")
			t.Errorf("no %q; there is:\n%s", want, strings.Join(regexp.MustCompile(`(?m)^`+name+`\b.*`).FindAllString(text, -1), "\n"))
		}
	}
}

func TestScrapeTellsHowSourcesAndStoreAre(t *testing.T) {
	m, _ := house(t)
	m.Reloaded(true)
	m.Fetched(aggregator.Outcome{New: 3, Copies: 2, Revised: 1, Joined: 1, Tags: map[string]int{"topic": 4}, Took: 200 * time.Millisecond, Bytes: 5000})
	m.Fetched(aggregator.Outcome{Class: "dns", Took: time.Second})
	m.Fetched(aggregator.Outcome{Unchanged: true, Took: time.Millisecond, Bytes: 7})
	m.Fetched(aggregator.Outcome{Pushed: true, New: 1})
	m.Delivered(true, false)
	m.Delivered(false, true)
	text := scrape(t, m)
	wants(t, text,
		`communique_sources{state="ok"} 1`, `communique_sources{state="broken"} 1`, `communique_sources{state="off"} 1`, `communique_sources{state="stale"} 0`,
		`communique_source_state{source="quay",state="broken"} 1`, `communique_source_failures{source="quay"} 3`, `communique_source_last_success_timestamp_seconds{source="quay"} 0`,
		`communique_sources_overdue 1`, `communique_statements 1`, `communique_journal_position 3`, `communique_store_readable 1`, `communique_store_writable 1`,
		`communique_newest_statement_timestamp_seconds 1.773144e+09`, `communique_open_streams 4`, `communique_websub_subscriptions 12`, `communique_webhook_failures{webhook="desk"} 2`, `communique_hub_leases{state="live"} 1`,
		`communique_items_total{kind="new"} 4`, `communique_items_total{kind="duplicate"} 2`, `communique_items_total{kind="updated"} 1`, `communique_items_total{kind="joined"} 1`, `communique_tags_total{scheme="topic"} 4`,
		`communique_fetch_bytes_total{class="ok"} 5000`, `communique_fetch_duration_seconds_count{class="ok"} 1`, `communique_fetch_duration_seconds_count{class="dns"} 1`, `communique_fetch_duration_seconds_count{class="unchanged"} 1`,
		`communique_deliveries_total{kind="webhook",result="failed"} 1`, `communique_deliveries_total{kind="websub",result="ok"} 1`, `communique_config_last_reload_successful 1`, `communique_build_info{version="1.2.3"} 1`,
		`communique_certificate_well{certificate="news.example.org"} 1`, `communique_certificate_not_after_timestamp_seconds{certificate="news.example.org"} 1.773144e+09`,
		`communique_certificate_well{certificate="press.example.org"} 0`, `communique_certificate_not_after_timestamp_seconds{certificate="press.example.org"} 0`)
	if strings.Contains(text, "source_failures{source=\"off\"}") {
		t.Error("a source that is off has failures")
	}
	m.Reloaded(false)
	if text := scrape(t, m); !strings.Contains(text, "communique_config_last_reload_successful 0") || !strings.Contains(text, "communique_config_last_reload_success_timestamp_seconds 1.77314406e+09") {
		t.Error("a reload that failed does not show, or the time of the good one is gone")
	}
	other, err := storage.Open(filepath.Join(t.TempDir(), "other.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.o.Store = other
	other.Close()
	wants(t, scrape(t, m), `communique_store_readable 0`) // and all else that can be told
}

func TestRequestsAreCountedByFormatAndResult(t *testing.T) {
	m, site := house(t)
	h := m.Requests(site)
	ask := func(path, agent string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("User-Agent", agent)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	tag := ask("/feeds/all.atom", "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)").Header().Get("Etag")
	ask("/feeds/all.atom", "x", "If-None-Match", tag)
	ask("/feeds/all.rss", "Feedbin feed-id:1373711 - 142 subscribers")
	ask("/feeds/all.rss", "Feedbin feed-id:1373711 - 143 subscribers") // the same one, later
	ask("/feeds/all.json", "Liar/1 99999999999999999999 subscribers")
	ask("/feeds/none.json", "Liar/1 7 subscribers")
	ask("/feeds/all.json", "One/2 (1 subscriber)")
	ask("/", "Mozilla/5.0")
	ask("/api/v1/statements", "x")
	ask("/feeds/all.atom?lang=%", "x")
	text := scrape(t, m)
	wants(t, text, `communique_requests_total{format="atom",result="200"} 1`, `communique_requests_total{format="atom",result="304"} 1`, `communique_requests_total{format="rss",result="200"} 2`,
		`communique_requests_total{format="json",result="4xx"} 1`, `communique_requests_total{format="json",result="200"} 2`, `communique_requests_total{format="html",result="200"} 1`, `communique_requests_total{format="api",result="200"} 1`,
		`communique_requests_total{format="opml",result="5xx"} 0`, `communique_reported_subscribers 156`, `communique_reporting_readers 3`)
	if got := m.Readers(); len(got) != 3 || got[0].Reader != "Feedbin" || got[0].Subscribers != 143 || got[0].Path != "/feeds/all.rss" {
		t.Errorf("readers: %+v", got)
	}
	if strings.Contains(text, "Feedly") || strings.Contains(text, "/feeds/") {
		t.Error("what a stranger says has become a label")
	}
}

func TestReadersAreBounded(t *testing.T) {
	m, _ := house(t)
	for i := range 3 * mostReaders {
		m.readers.heard(fmt.Sprintf("Reader%d/1 (5 subscribers)", i), "/feeds/all.atom", func() time.Time { return day.Add(time.Duration(i) * time.Second) })
	}
	if total, n := m.readers.sum(day); n != mostReaders || total != 5*mostReaders {
		t.Errorf("%d reports with %d subscribers, want %d of the newest", n, total, mostReaders)
	}
	if _, n := m.readers.sum(day.AddDate(0, 0, 30)); n != 0 {
		t.Errorf("%d reports are remembered after a month", n)
	}
}

func TestCountingARequestAllocatesNothing(t *testing.T) {
	m, _ := house(t)
	h := m.Requests(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }))
	r := httptest.NewRequest("GET", "/feeds/all.atom", nil)
	r.Header.Set("User-Agent", "newsboat/2.30")
	rec := httptest.NewRecorder()
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(rec, r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStreamsFlushThroughTheCounter(t *testing.T) {
	m, _ := house(t)
	srv := httptest.NewServer(m.Requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "event")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	})))
	defer srv.Close()
	res, err := http.Get(srv.URL + "/api/v1/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(io.LimitReader(res.Body, 5)); string(got) != "event" {
		t.Errorf("got %q %v before the stream ends", got, err)
	}
}

// deployed gives the files that go by our metrics.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{"deploy/prometheus/alerts.yaml", "deploy/prometheus/alerts_test.yaml", "deploy/prometheus/alerts_days_test.yaml", "deploy/grafana/communique.json", "docs/alerts.md"} {
		text, err := os.ReadFile(filepath.Join(testkit.Root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	return out
}

func TestEveryMetricOfRulesAndDashboardIsExported(t *testing.T) {
	m, _ := house(t)
	text := scrape(t, m)
	names, used := regexp.MustCompile(`\b(communique|process)_[a-z_]+\b`), map[string]bool{}
	for file, rules := range deployed(t) {
		for _, name := range names.FindAllString(rules, -1) {
			used[name] = true
			if !regexp.MustCompile(`(?m)^` + name + `(_count)?[{ ]`).MatchString(text) {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
	for _, line := range strings.Split(text, "\n") { // and each is described where operators look
		if name, ok := strings.CutPrefix(line, "# TYPE communique_"); ok {
			name, kind, _ := strings.Cut(name, " ")
			if kind == "counter" && !strings.HasSuffix(name, "_total") {
				t.Errorf("%s is a counter without _total", name)
			}
			if !strings.Contains(deployed(t)["docs/alerts.md"], "communique_"+name) {
				t.Errorf("docs/alerts.md does not say what communique_%s is", name)
			}
		}
	}
}

func TestEveryAlertHasARunbook(t *testing.T) {
	files := deployed(t)
	alerts := regexp.MustCompile(`alert: (\w+)\n(?:.*\n)+?.*runbook: (\S+)`).FindAllStringSubmatch(files["deploy/prometheus/alerts.yaml"], -1)
	for _, a := range alerts {
		if !regexp.MustCompile(`alertname: ` + a[1] + `\n +exp_alerts:\n`).MatchString(files["deploy/prometheus/alerts_test.yaml"] + files["deploy/prometheus/alerts_days_test.yaml"]) {
			t.Errorf("no unit test in deploy/prometheus sees %s go off", a[1])
		}
	}
	if n := strings.Count(files["deploy/prometheus/alerts.yaml"], "alert: "); n != len(alerts) || n < 10 {
		t.Errorf("%d alerts, %d with a runbook", n, len(alerts))
	}
	for _, a := range alerts {
		if a[2] != "docs/alerts.md#"+strings.ToLower(a[1]) {
			t.Errorf("%s leads to %s", a[1], a[2])
		}
		if !strings.Contains(files["docs/alerts.md"], "\n### "+a[1]+"\n") {
			t.Errorf("docs/alerts.md says nothing of %s", a[1])
		}
	}
	var board struct{ Panels []struct{ Title string } }
	if err := json.Unmarshal([]byte(files["deploy/grafana/communique.json"]), &board); err != nil || len(board.Panels) < 10 {
		t.Errorf("the dashboard: %v, %d panels", err, len(board.Panels))
	}
}

func TestAlertRulesPassPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool: it is in Debian's package prometheus")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml", "alerts_days_test.yaml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = filepath.Join(testkit.Root(t), "deploy/prometheus")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	m, _ := house(t)
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, m))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

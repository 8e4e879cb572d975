package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/fetch"
	"communique/config"
	"communique/feeds"
	"communique/feeds/incidents"
	"communique/feeds/serve"
	"communique/internal/metrics"
	"communique/internal/testkit"
)

// What only the program knows of is told with the rest, and each says where the
// documents tell of it.
func TestWhatTheProgramKnowsIsAnIncident(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	dir := t.TempDir()
	cfg, err := config.Parse("c.yaml", []byte("storage: {backup: {dir: backups}}\ninclude_opml: {name: offices, url: '"+srv.URL+"/list', every: 1h}\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := fetch.New(fetch.Options{Gap: time.Nanosecond, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	log, store, now := slog.New(slog.DiscardHandler), testkit.OpenStore(t), time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	d := &running{log: log, store: store, file: filepath.Join(dir, "communique.db"), metrics: metrics.New(metrics.Options{Store: store, Version: "0", Now: time.Now}),
		memory: incidents.Remember(incidents.InFolder(dir), log)}
	d.backups = &backups{memory: d.memory}
	told := &serve.Deliveries{Webhooks: []serve.WebhookStatus{{Name: "on-call", Failures: failuresOfAWebhook - 1, FailingSince: stamp(now), Error: "answers 500"}}}
	w := d.watchOf(cfg, func() *serve.Deliveries { return told })
	expect := func(after time.Duration, want ...string) {
		t.Helper()
		var got []string
		for _, i := range w.List(now.Add(after)) {
			title := i.What() + ": " + i.State
			if !i.Open() {
				title = "over: " + title
			}
			got = append(got, title)
			if text, err := os.ReadFile(filepath.Join(testkit.Root(t), "docs", "operate.md")); err != nil || !strings.Contains(string(text), "\n### "+strings.TrimPrefix(i.Help, "docs/operate.md#")+"\n") {
				t.Errorf("%s leads nowhere (%v)", i.Help, err)
			}
			if strings.Contains(i.Reason, srv.URL) || i.Reason == "" || i.Do == "" {
				t.Errorf("%+v, want a reason without what may be secret, and what to do", i)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("after %s: got %q, want %q", after, got, want)
		}
	}
	list := &cfg.ListConfigs()[0]
	fail := func(after time.Duration) {
		t.Helper()
		if _, err := askForList(context.Background(), f, list, dir, now.Add(after)); err == nil {
			t.Fatal("there is a list")
		}
		d.backups.note(errors.New("no space left"), now.Add(after))
		d.wrong.note([]string{"communique.yaml:3:1: unknown key"}, now.Add(after))
		told.Webhooks[0].Failures++
	}
	expect(0)
	fail(0)
	expect(time.Minute, "webhook on-call: failing") // the others may heal by themselves
	fail(2 * time.Minute)
	expect(3*time.Minute, "backup: failing", "list offices: broken", "webhook on-call: failing")
	expect(5*time.Minute, "backup: failing", "configuration: wrong", "list offices: broken", "webhook on-call: failing")
	d.backups.note(nil, now.Add(6*time.Minute))
	d.wrong.note(nil, now.Add(6*time.Minute))
	told.Webhooks = nil
	expect(7*time.Minute, "list offices: broken", "over: backup: failing", "over: configuration: wrong", "over: webhook on-call: failing")
	for _, i := range w.List(now.Add(8 * time.Minute)) {
		if i.Subject == "list" && !i.Began.Equal(now) {
			t.Errorf("%+v, want it since the first failure", i)
		}
	}
}

// A damaged store is known to be whole once a copy of it was checked.
func TestABackupSettlesDamage(t *testing.T) {
	dir := t.TempDir()
	write(t, incidents.InFolder(dir), `{"open": [{"id": "urn:uuid:1", "subject": "store", "state": "damaged", "reason": "record 1", "do": "look", "began": "2026-11-28T12:00:00Z"}]}`)
	log := slog.New(slog.DiscardHandler)
	memory := incidents.Remember(incidents.InFolder(dir), log)
	b := &backups{store: testkit.OpenStore(t), memory: memory, log: log}
	w := incidents.New(incidents.Options{Store: b.store, Memory: memory})
	state := func() (open []feeds.Incident) {
		return slices.DeleteFunc(w.List(time.Now()), func(i feeds.Incident) bool { return !i.Open() })
	}
	b.note(errors.New("no space left"), time.Now())
	if len(state()) != 1 {
		t.Errorf("a backup that failed settles it")
	}
	err := b.make(t.Context(), &config.Backup{Dir: config.Path(filepath.Join(dir, "backups")), Keep: 1}, time.Now())
	b.note(err, time.Now())
	if err != nil || len(state()) != 0 {
		t.Errorf("%v, %+v", err, state())
	}
}

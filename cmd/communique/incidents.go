package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"communique/config"
	"communique/feeds"
	"communique/feeds/incidents"
	"communique/feeds/serve"
)

// watchOf gives what looks after all that may be wrong under a configuration;
// told is how deliveries go then.
func (d *running) watchOf(cfg *config.Config, told func() *serve.Deliveries) *incidents.Watch {
	o := incidents.Options{Store: d.store, Memory: d.memory, Now: time.Now}
	for _, s := range configured(cfg) {
		src := incidents.Source{ID: s.ID}
		src.URL, src.Off = s.URL, s.Off
		o.Sources = append(o.Sources, src)
	}
	dir := filepath.Dir(d.file)
	answers := &incidents.Share{Count: d.metrics.Answers, Limit: 0.01, Window: 5 * time.Minute, After: 5 * time.Minute,
		As: feeds.Incident{Subject: "serving", State: "failing", Reason: "more than one in a hundred answers to readers are errors of ours (5xx)",
			Do: "look for `request failed` in the log; mostly it is the store"}}
	calls := &incidents.Share{Count: d.metrics.Calls, Limit: 0.5, Window: 30 * time.Minute, After: 30 * time.Minute,
		As: feeds.Incident{Subject: "deliveries", State: "failing", Reason: "more than half of the calls to subscribers of the hub fail",
			Do: "when it is a few callbacks, nothing: they leave when their lease ends; when it is all, check this machine's way out"}}
	o.More = []func(time.Time) []incidents.Trouble{
		func(time.Time) []incidents.Trouble { return brokenLists(cfg, dir) },
		func(time.Time) []incidents.Trouble { return failingWebhooks(told()) },
		func(now time.Time) []incidents.Trouble { return d.shown.troubles(now) },
		func(time.Time) []incidents.Trouble { return d.wrong.troubles() },
		func(time.Time) []incidents.Trouble { return d.backups.troubles(&cfg.Storage.Backup) },
		answers.Found, calls.Found,
	}
	return incidents.New(o)
}

// brokenLists tells of living lists that cannot be had.
func brokenLists(cfg *config.Config, dir string) (out []incidents.Trouble) {
	for _, l := range cfg.ListConfigs() {
		if l.File != "" {
			continue
		}
		st := stateOf(dir, l.URL.Reveal())
		if st.Failures == 0 {
			continue
		}
		out = append(out, incidents.Trouble{Unsure: st.Failures == 1, // one mostly heals by itself
			Incident: feeds.Incident{Subject: "list", Name: l.Name, State: "broken", Reason: st.Error,
				Do: "tell whoever keeps the list; the sources that it gave stay", Began: st.Since}})
	}
	return out
}

// failuresOfAWebhook is from how many in a row it is an incident: by then it has
// been away for minutes.
const failuresOfAWebhook = 5

func failingWebhooks(told *serve.Deliveries) (out []incidents.Trouble) {
	for _, h := range told.Webhooks {
		if h.Failures < failuresOfAWebhook {
			continue
		}
		began, _ := time.Parse(time.RFC3339, h.FailingSince) // zero for when it is first found
		out = append(out, incidents.Trouble{Incident: feeds.Incident{Subject: "webhook", Name: h.Name, State: "failing", Reason: h.Error,
			Do: "see to whoever takes it; it is tried on and gets everything that it missed", Began: began}})
	}
	return out
}

// wrongConfig is why the configuration could not be read again.
type wrongConfig struct {
	mu     sync.Mutex
	errors []string // none when it could
	since  time.Time
}

func (w *wrongConfig) note(errors []string, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.errors = errors; len(errors) == 0 {
		w.since = time.Time{}
	} else if w.since.IsZero() {
		w.since = now
	}
}

func (w *wrongConfig) troubles() []incidents.Trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.errors) == 0 {
		return nil
	}
	reason := w.errors[0]
	if n := len(w.errors) - 1; n > 0 {
		reason += fmt.Sprintf("; and %d more", n)
	}
	return []incidents.Trouble{{After: 5 * time.Minute, // an editor writes in steps
		Incident: feeds.Incident{Subject: "configuration", State: "wrong", Reason: reason, Began: w.since,
			Do: "mend it before a restart, which would fail: `communique check` shows every error; the last good one is in use"}}}
}

// settle ends the incident of a damaged store, of which somebody has found out that
// it is whole.
func (a *app) settle(file, why string) {
	incidents.Remember(incidents.InFolder(filepath.Dir(file)), a.log).Settle("store", "damaged", why, time.Now())
}

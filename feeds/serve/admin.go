package serve

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/pprof"
	"time"

	"communique/feeds"
	"communique/storage"
)

// Configured is a source of the configuration, for those who ask how it does.
type Configured struct {
	ID  feeds.SourceID
	URL string
	Off bool // it is not pulled
}

// Admin answers the admin listener: whether the process lives (/livez), whether
// it can serve and store (/readyz), how the configured sources are (/status,
// /status.json) and profiles (/debug/pprof/). With no source given it tells of
// every one that was ever visited. deliveries tells how those go, nil for none.
// Who may ask is not decided here.
func Admin(store *storage.Store, deliveries func() *Deliveries, sources ...Configured) http.Handler {
	if deliveries == nil {
		deliveries = func() *Deliveries { return nil }
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := store.Counts(); err != nil {
			http.Error(w, "the store cannot be read: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		if err := store.Writable(); err != nil {
			http.Error(w, err.Error()+"; pages and feeds go on, nothing new is pulled until there is room", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		st, err := statusOf(store, deliveries(), sources)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		enc := json.NewEncoder(w)
		enc.SetIndent("", " ")
		_ = enc.Encode(st) // the reader may have left
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		st, err := statusOf(store, deliveries(), sources)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = templates.ExecuteTemplate(w, "status.html", st) // the reader may have left
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return mux
}

// status is what /status shows.
type status struct {
	Store   storage.Stats  `json:"store"`
	Digest  string         `json:"digest"`
	Sources []SourceStatus `json:"sources"`

	Deliveries *Deliveries `json:"deliveries,omitempty"`
}

// Deliveries is how it goes with telling others of news, and being told.
type Deliveries struct {
	Hub           string          `json:"hub,omitempty"` // its address
	Subscriptions int             `json:"subscriptions"` // at it
	Topics        int             `json:"topics"`        // that they are to
	Failing       int             `json:"failing"`       // subscriptions that wait for a retry or were given up for now
	Asking        int             `json:"asking"`        // callbacks that are being asked whether they meant it
	Streams       int             `json:"streams"`       // open connections
	Webhooks      []WebhookStatus `json:"webhooks"`
	Leases        []LeaseStatus   `json:"leases,omitempty"`
}

// WebhookStatus is how a webhook does. Times are RFC 3339 UTC, "" for never.
type WebhookStatus struct {
	Name         string `json:"name"`
	State        string `json:"state"`    // ok, failing
	Position     uint64 `json:"position"` // of the journal, up to which it was told
	Reached      string `json:"reached,omitempty"`
	Failures     int    `json:"failures"` // in a row
	FailingSince string `json:"failing_since,omitempty"`
	NextTry      string `json:"next_try,omitempty"`
	Error        string `json:"last_error,omitempty"`
}

// LeaseStatus is how our subscription at a source's hub does.
type LeaseStatus struct {
	Source   feeds.SourceID `json:"source"`
	State    string         `json:"state"` // asked, live, failing
	Hub      string         `json:"hub"`
	Topic    string         `json:"topic"`
	Until    string         `json:"until,omitempty"` // the end of the lease
	Pushed   string         `json:"pushed,omitempty"`
	Failures int            `json:"failures"`
	NextTry  string         `json:"next_try,omitempty"`
	Error    string         `json:"last_error,omitempty"`
}

// SourceStatus is how a source does: of /status.json and of `sources --json`.
// Times are RFC 3339 UTC, "" for never.
type SourceStatus struct {
	ID          feeds.SourceID `json:"id"`
	State       string         `json:"state"` // new, ok, failing, gone, off
	URL         string         `json:"url"`
	LastVisit   string         `json:"last_visit,omitempty"`
	LastSuccess string         `json:"last_success,omitempty"`
	NextDue     string         `json:"next_due,omitempty"`
	DueRule     string         `json:"due_rule,omitempty"` // the rule that said when it is due
	Failures    int            `json:"failures"`           // in a row
	Statements  int            `json:"statements"`
	NewPerWeek  float64        `json:"new_per_week"` // items, of late
	MovedTo     string         `json:"moved_to,omitempty"`
	Class       string         `json:"class,omitempty"` // of the last visit's failure
	Error       string         `json:"last_error,omitempty"`
}

func statusOf(store *storage.Store, deliveries *Deliveries, sources []Configured) (status, error) {
	if len(sources) == 0 {
		visits, err := store.AllFetched()
		if err != nil {
			return status{}, err
		}
		for i := range visits {
			sources = append(sources, Configured{ID: visits[i].Source, URL: visits[i].URL})
		}
	}
	rows, err := Status(store, sources)
	return status{Store: store.Stats(), Digest: store.Digest(), Sources: rows, Deliveries: deliveries}, err
}

// Status tells how the sources are, in the order given.
func Status(store *storage.Store, sources []Configured) ([]SourceStatus, error) {
	counts, err := store.Counts()
	if err != nil {
		return nil, err
	}
	rows := make([]SourceStatus, 0, len(sources))
	for _, s := range sources {
		f, visited, err := store.Fetched(s.ID)
		if err != nil {
			return nil, err
		}
		row := SourceStatus{ID: s.ID, State: "ok", URL: s.URL, Statements: counts.Sources[s.ID].Statements,
			LastVisit: stamp(whole(f.At)), LastSuccess: stamp(whole(f.Success)), NextDue: stamp(whole(f.NextDue)), DueRule: f.DueRule,
			Failures: f.Failures, NewPerWeek: perWeek(&f), MovedTo: f.MovedTo, Class: f.Class, Error: f.Error}
		switch {
		case s.Off:
			row.State, row.NextDue, row.DueRule = "off", "", ""
		case !visited:
			row.State = "new"
		case f.Gone:
			row.State = "gone"
		case f.Failures > 0:
			row.State = "failing"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func whole(t time.Time) time.Time { return t.Truncate(time.Second) }

// perWeek gives the rate of new items, to two decimals: as many as there are
// gaps between the latest ones, over those gaps and the silence since the last.
func perWeek(f *feeds.Fetched) float64 {
	var span time.Duration
	for _, g := range f.Gaps {
		span += time.Duration(g) * time.Minute
	}
	if !f.News.IsZero() {
		span += f.At.Sub(f.News)
	}
	if len(f.Gaps) == 0 || span <= 0 {
		return 0
	}
	const week = 7 * 24 * time.Hour
	return math.Round(100*float64(len(f.Gaps))*float64(week)/float64(span)) / 100
}

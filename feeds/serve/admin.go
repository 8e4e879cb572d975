package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"

	"communique/feeds"
	"communique/storage"
)

// Admin answers the admin listener: whether the process lives (/livez), whether
// it can serve (/readyz), how the sources are (/status, /status.json) and
// profiles (/debug/pprof/). It has no password: keep it on loopback.
func Admin(store *storage.Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := store.Counts(); err != nil {
			http.Error(w, "the store cannot be read: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		st, err := statusOf(store)
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
		st, err := statusOf(store)
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
	Sources []sourceStatus `json:"sources"`
}

type sourceStatus struct {
	ID          feeds.SourceID `json:"id"`
	State       string         `json:"state"` // ok, failing, gone
	Statements  int            `json:"statements"`
	LastVisit   string         `json:"last_visit"`
	LastSuccess string         `json:"last_success,omitempty"`
	NextDue     string         `json:"next_due,omitempty"`
	DueRule     string         `json:"due_rule,omitempty"`
	Failures    int            `json:"failures"`
	Class       string         `json:"class,omitempty"`
	Error       string         `json:"error,omitempty"`
}

func statusOf(store *storage.Store) (status, error) {
	st := status{Store: store.Stats(), Digest: store.Digest(), Sources: []sourceStatus{}}
	visits, err := store.AllFetched()
	if err != nil {
		return st, err
	}
	counts, err := store.Counts()
	if err != nil {
		return st, err
	}
	for _, f := range visits {
		s := sourceStatus{ID: f.Source, State: "ok", Statements: counts.Sources[f.Source].Statements, LastVisit: stamp(f.At), LastSuccess: stamp(f.Success),
			NextDue: stamp(f.NextDue.Truncate(time.Second)), DueRule: f.DueRule, Failures: f.Failures, Class: f.Class, Error: f.Error}
		switch {
		case f.Gone:
			s.State = "gone"
		case f.Failures > 0:
			s.State = "failing"
		}
		st.Sources = append(st.Sources, s)
	}
	return st, nil
}

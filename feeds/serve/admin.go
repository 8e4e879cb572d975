package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof"
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/storage"
)

// Configured is a source of the configuration, for those who ask how it does.
type Configured struct {
	ID   feeds.SourceID
	URL  string
	Off  bool   // it is not pulled
	List string // the living list that it comes from, "" for none
}

// Admin is what the admin listener tells. Store and Now must be given.
type Admin struct {
	Store   *storage.Store
	Sources []Configured // none means every one that was ever visited
	Now     func() time.Time

	Deliveries func() *Deliveries                   // how those go; nil for none
	Readers    func() []ReaderReport                // what readers say of their subscribers; nil for nothing
	Incidents  func(now time.Time) []feeds.Incident // what is wrong, and was; nil for nothing
	Metrics    http.Handler                         // answers /metrics; nil for nobody
}

// Handler answers whether the process lives (/livez), whether it can serve and
// store (/readyz), how the sources are (/status, /status.json), what went wrong
// (/incidents.atom), what to do then (/docs/operate.md), metrics (/metrics) and profiles (/debug/pprof/). Who may ask
// is not decided here.
//
// /readyz?exclude=write asks whether it can serve alone: who cannot store serves
// what there is, and should not be taken away from readers.
//
// The three are not one: a process that lives may not be ready, and that a
// source is stale is no reason to end or to bypass it.
func (a *Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := a.Store.Counts(); err != nil {
			http.Error(w, "the store cannot be read: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		if err := a.Store.Writable(); err != nil && !slices.Contains(r.URL.Query()["exclude"], "write") {
			http.Error(w, err.Error()+"; pages and feeds go on, nothing new is pulled until that is mended", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /status.json", func(w http.ResponseWriter, _ *http.Request) {
		st, err := a.status(a.Now())
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
		st, err := a.status(a.Now())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		var page bytes.Buffer
		if err := templates.ExecuteTemplate(&page, "status.html", statusPageOf(&st, a.Now())); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answerPage(w, page.Bytes())
	})
	css := newDocument(slices.Concat(pages.CSS, statusCSS), "text/css; charset=utf-8", time.Time{}, 0)
	mux.HandleFunc("GET /status.css", css.answer)
	icon := newDocument(pages.Icon, "image/svg+xml", time.Time{}, 0)
	mux.HandleFunc("GET /status.svg", icon.answer)
	mux.HandleFunc("GET /docs/{name...}", operatorsDocument)
	mux.HandleFunc("GET /incidents.atom", func(w http.ResponseWriter, r *http.Request) {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		feed, err := a.incidents(scheme + r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		feed.answer(w, r)
	})
	if a.Metrics != nil {
		mux.Handle("GET /metrics", a.Metrics)
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return mux
}

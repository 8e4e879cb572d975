package metrics

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// What readers ask for and what they get, as labels.
var (
	formats = [...]string{"atom", "rss", "json", "opml", "html", "api", "embed", "sitemap", "asset", "stream", "hub", "websub"}
	results = [...]string{"200", "226", "304", "2xx", "3xx", "4xx", "5xx"}
)

const (
	atom = iota
	rss
	jsonFeed
	opml
	html
	api
	embed
	sitemap
	asset
	stream
	hub
	websub
)

// requests are the counters of requests, made beforehand: to count one costs a
// look at the path and an addition.
type requests struct {
	counters [len(formats)][len(results)]prometheus.Counter
	all      atomic.Uint64
	faults   atomic.Uint64 // 5xx
	pool     sync.Pool
}

func (q *requests) register(reg prometheus.Registerer) {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "communique_requests_total",
		Help: "Answers to readers by what they asked for and by result."}, []string{"format", "result"})
	for f, format := range formats {
		for r, result := range results {
			q.counters[f][r] = vec.WithLabelValues(format, result)
		}
	}
	q.pool.New = func() any { return new(watched) }
	reg.MustRegister(vec)
}

// Requests counts what h answers.
func (m *Metrics) Requests(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := m.requests.pool.Get().(*watched)
		seen.ResponseWriter, seen.status = w, http.StatusOK
		defer func() {
			status := seen.status
			seen.ResponseWriter = nil
			m.requests.pool.Put(seen)
			format := formatOf(r.URL.Path)
			m.requests.counters[format][resultOf(status)].Inc()
			m.requests.all.Add(1)
			if status >= 500 {
				m.requests.faults.Add(1)
			}
			if format <= jsonFeed && (status < 300 || status == http.StatusNotModified) {
				m.readers.heard(r.UserAgent(), r.URL.Path, m.o.Now)
			}
		}()
		h.ServeHTTP(seen, r)
	})
}

// Answers gives how many answers there were, and how many of them were errors of
// ours.
func (m *Metrics) Answers() (all, faults uint64) {
	faults = m.requests.faults.Load() // first: there are never more of them
	return m.requests.all.Load(), faults
}

// watched notes the status of an answer.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if status >= 200 { // else more follows (RFC 9110 §15.2)
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController, by which streams flush.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func formatOf(path string) int {
	switch {
	case strings.Contains(path, "/api/v1/"):
		if strings.HasSuffix(path, "/stream") {
			return stream
		}
		return api
	case strings.Contains(path, "/embed"), strings.HasSuffix(path, "/oembed"):
		return embed
	}
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "atom":
		return atom
	case "rss":
		return rss
	case "json":
		return jsonFeed
	case "opml":
		return opml
	case "xml", "txt":
		return sitemap
	case "css", "js", "svg", "ico":
		return asset
	}
	switch {
	case strings.HasSuffix(path, "/hub"):
		return hub
	case strings.Contains(path, "/websub/"):
		return websub
	}
	return html
}

func resultOf(status int) int {
	switch {
	case status == 200:
		return 0
	case status == 226:
		return 1
	case status == 304:
		return 2
	case status < 300:
		return 3
	case status < 400:
		return 4
	case status < 500:
		return 5
	}
	return 6
}

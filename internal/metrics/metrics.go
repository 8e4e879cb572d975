// Package metrics counts what the daemon does, for Prometheus: what fetches came
// to, what readers asked for, what was delivered, and how sources and store are
// at the time of a scrape.
//
// Names begin with communique_ and are in base units. Labels come from small
// known sets: a source's id is one, an address or whatever a stranger may make up
// never. docs/alerts.md says what to watch; deploy/prometheus has the rules.
//
// Start with New; store.go tells what is read when it is asked for.
package metrics

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"communique/aggregator"
	"communique/feeds"
	"communique/feeds/serve"
	"communique/storage"
)

// Options are what metrics are of.
type Options struct {
	Store   *storage.Store
	Version string
	Now     func() time.Time

	// Certificates are what the public listener shows of itself; nil for nothing.
	Certificates func() []Certificate
}

// Certificate is how it is with a certificate.
type Certificate struct {
	Name  string // whom it is for, or the file that it is in
	Well  bool   // there is one, and it does not end soon
	Until time.Time
}

// Running is what a reload exchanges.
type Running struct {
	Sources    []serve.Configured
	Deliveries func() *serve.Deliveries
	Site       *serve.Server
}

// Metrics are the counters of one process. They are safe for concurrent use.
type Metrics struct {
	o       Options
	reg     *prometheus.Registry
	running atomic.Pointer[Running]

	fetches    *prometheus.HistogramVec
	bytes      *prometheus.CounterVec
	items      *prometheus.CounterVec
	tags       *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	called     atomic.Uint64 // subscribers of our hub
	uncalled   atomic.Uint64 // of which so many in vain
	requests   requests
	readers    readers

	reloaded   prometheus.Gauge
	reloadedAt prometheus.Gauge
}

// New makes metrics that count from nothing.
func New(o Options) *Metrics {
	m := &Metrics{
		o: o, reg: prometheus.NewRegistry(),
		fetches: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "communique_fetch_duration_seconds",
			Help:    "Visits to sources by what they came to: ok, unchanged, or the class of the failure.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"class"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "communique_fetch_bytes_total",
			Help: "Octets that sources sent, on the wire, by class of the visit."}, []string{"class"}),
		items: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "communique_items_total",
			Help: "Items of sources by what they were: new, updated, duplicate (a copy of a statement that another had told), joined (two statements that turned out to be one)."}, []string{"kind"}),
		tags: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "communique_tags_total",
			Help: "Tags given to new items, by scheme."}, []string{"scheme"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "communique_deliveries_total",
			Help: "Calls to subscribers of our hub (websub) and to webhooks, by result: ok or failed."}, []string{"kind", "result"}),
		reloaded: prometheus.NewGauge(prometheus.GaugeOpts{Name: "communique_config_last_reload_successful",
			Help: "Whether the last try to read the configuration went well."}),
		reloadedAt: prometheus.NewGauge(prometheus.GaugeOpts{Name: "communique_config_last_reload_success_timestamp_seconds",
			Help: "When the configuration in use was read."}),
	}
	for _, class := range []string{"ok", "unchanged"} {
		m.fetches.WithLabelValues(class)
		m.bytes.WithLabelValues(class)
	}
	for _, kind := range []string{"new", "updated", "duplicate", "joined"} {
		m.items.WithLabelValues(kind)
	}
	for _, scheme := range []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event, feeds.Mention} {
		m.tags.WithLabelValues(scheme)
	}
	for _, kind := range []string{"websub", "webhook"} {
		m.deliveries.WithLabelValues(kind, "ok")
		m.deliveries.WithLabelValues(kind, "failed")
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "communique_build_info", Help: "Always 1; the version is a label.", ConstLabels: prometheus.Labels{"version": o.Version}})
	build.Set(1)
	m.requests.register(m.reg)
	m.reg.MustRegister(m.fetches, m.bytes, m.items, m.tags, m.deliveries, m.reloaded, m.reloadedAt, build, &now{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers a scrape. What cannot be read is left out, so that a store in
// trouble is told of and not hidden.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, EnableOpenMetrics: true})
}

// Use says what runs from now on.
func (m *Metrics) Use(r Running) { m.running.Store(&r) }

// Fetched counts a visit to a source, or what its hub has brought.
func (m *Metrics) Fetched(out aggregator.Outcome) {
	class := out.Class
	switch {
	case class != "":
	case out.Unchanged:
		class = "unchanged"
	default:
		class = "ok"
	}
	if !out.Pushed {
		m.fetches.WithLabelValues(class).Observe(out.Took.Seconds())
		m.bytes.WithLabelValues(class).Add(float64(out.Bytes))
	}
	for _, c := range []struct {
		kind string
		n    int
	}{{"new", out.New}, {"updated", out.Revised}, {"duplicate", out.Copies}, {"joined", out.Joined}} {
		if c.n > 0 {
			m.items.WithLabelValues(c.kind).Add(float64(c.n))
		}
	}
	for scheme, n := range out.Tags {
		m.tags.WithLabelValues(scheme).Add(float64(n))
	}
}

// Delivered counts a call to a subscriber of our hub or to a webhook.
func (m *Metrics) Delivered(isHook, ok bool) {
	kind, result := "websub", "failed"
	if isHook {
		kind = "webhook"
	}
	if ok {
		result = "ok"
	}
	m.deliveries.WithLabelValues(kind, result).Inc()
	if !isHook {
		m.called.Add(1)
		if !ok {
			m.uncalled.Add(1)
		}
	}
}

// Calls gives how many calls to subscribers of our hub there were, and how many of
// them failed.
func (m *Metrics) Calls() (all, failed uint64) {
	failed = m.uncalled.Load() // first: there are never more of them
	return m.called.Load(), failed
}

// Reloaded says whether the configuration could be read and taken up.
func (m *Metrics) Reloaded(ok bool) {
	if !ok {
		m.reloaded.Set(0)
		return
	}
	m.reloaded.Set(1)
	m.reloadedAt.Set(seconds(m.o.Now()))
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

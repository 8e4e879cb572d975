package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"communique/feeds/serve"
	"communique/feeds/vitals"
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("communique_"+name, help, labels, nil)
}

// What is read at the time of a scrape.
var (
	sources     = desc("sources", "Configured sources by state.", "state")
	sourceState = desc("source_state", "1 for the state that a source is in.", "source", "state")
	sourceFails = desc("source_failures", "Visits to a source that failed, in a row.", "source")
	sourceGood  = desc("source_last_success_timestamp_seconds", "When a source last gave a valid feed; 0 for never.", "source")
	overdue     = desc("sources_overdue", "Sources whose visit is late by more than a quarter of an hour.")
	lastVisit   = desc("last_visit_timestamp_seconds", "When any source was last visited.")
	newest      = desc("newest_statement_timestamp_seconds", "The time of the newest statement, by which feeds are sorted.")

	readable   = desc("store_readable", "Whether the store can be read.")
	writable   = desc("store_writable", "Whether the last try to write to the store went well.")
	damaged    = desc("store_unreadable", "Things in the store that were found to be unreadable since the start; what needs them is left out or fails.")
	position   = desc("journal_position", "The number of the newest record of the journal.")
	statements = desc("statements", "Statements that are published.")
	copies     = desc("copies", "Copies of statements.")
	records    = desc("store_records", "Latest facts that the store holds.")
	size       = desc("store_size_bytes", "Size of the store's file.")
	free       = desc("store_free_bytes", "Octets of the store's file in pages that hold nothing now.")
	freePages  = desc("store_free_pages", "Pages of the store's file that hold nothing now.")

	certificateWell  = desc("certificate_well", "Whether there is a certificate to show to readers, and time before it ends.", "certificate")
	certificateUntil = desc("certificate_not_after_timestamp_seconds", "When a certificate ends; 0 while there was none yet.", "certificate")

	reported      = desc("reported_subscribers", "Subscribers as feed readers report them in User-Agent, in the last seven days.")
	reporting     = desc("reporting_readers", "Feed readers and addresses for which subscribers were reported, in the last seven days.")
	streams       = desc("open_streams", "Open connections at the stream.")
	subscriptions = desc("websub_subscriptions", "Subscriptions at our hub.")
	failingSubs   = desc("websub_subscriptions_failing", "Subscriptions at our hub whose callback fails.")
	webhookFails  = desc("webhook_failures", "Calls to a webhook that failed, in a row.", "webhook")
	leases        = desc("hub_leases", "Our own subscriptions at hubs of sources, by state.", "state")

	private = desc("private_requests_total", "Requests for private feeds by result: opened, missing (no token), wrong (a token that opens nothing, or not this feed), limited (one of too many wrong ones).", "result")

	cacheDocuments = desc("cache_documents", "Prepared answers in memory.")
	cacheBytes     = desc("cache_bytes", "Octets that prepared answers take in memory.")
	cacheLooks     = desc("cache_requests_total", "Looks into the cache of prepared answers, by result: hit or miss.", "result")
	cacheMade      = desc("cache_documents_made_total", "Answers that were prepared, because they were new or their statements had changed.")
)

// now is the collector of what is so at the time of a scrape.
type now struct{ *Metrics }

// Describe says nothing: what there is depends on the configuration.
func (n *now) Describe(chan<- *prometheus.Desc) {}

func (n *now) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	truth := func(d *prometheus.Desc, ok bool, labels ...string) {
		if ok {
			gauge(d, 1, labels...)
		} else {
			gauge(d, 0, labels...)
		}
	}
	store := n.o.Store
	counts, err := store.Counts()
	truth(readable, err == nil)
	truth(writable, store.Writable() == nil)
	gauge(damaged, float64(len(store.Damaged())))
	if err == nil {
		stats := store.Stats()
		gauge(position, float64(stats.Position))
		gauge(statements, float64(stats.Statements))
		gauge(copies, float64(stats.Copies))
		gauge(records, float64(stats.Records))
		gauge(size, float64(stats.Size))
		gauge(freePages, float64(stats.FreePages))
		gauge(free, float64(stats.FreePages)*float64(stats.PageSize))
		if !counts.All.Newest.IsZero() {
			gauge(newest, seconds(counts.All.Newest))
		}
	}
	if n.o.Certificates != nil {
		for _, c := range n.o.Certificates() {
			truth(certificateWell, c.Well, c.Name)
			until := 0.
			if !c.Until.IsZero() {
				until = seconds(c.Until)
			}
			gauge(certificateUntil, until, c.Name)
		}
	}
	total, list := n.readers.sum(n.o.Now())
	gauge(reported, float64(total))
	gauge(reporting, float64(list))

	r := n.running.Load()
	if r == nil {
		return
	}
	n.sources(r.Sources, gauge)
	if r.Deliveries != nil {
		d := r.Deliveries()
		gauge(streams, float64(d.Streams))
		gauge(subscriptions, float64(d.Subscriptions))
		gauge(failingSubs, float64(d.Failing))
		for _, h := range d.Webhooks {
			gauge(webhookFails, float64(h.Failures), h.Name)
		}
		states := map[string]int{"asked": 0, "live": 0, "failing": 0}
		for _, l := range d.Leases {
			states[l.State]++
		}
		for state, count := range states {
			gauge(leases, float64(count), state)
		}
	}
	if r.Site != nil {
		c := r.Site.Cache()
		gauge(cacheDocuments, float64(c.Documents))
		gauge(cacheBytes, float64(c.Octets))
		counter := func(d *prometheus.Desc, v uint64, labels ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
		}
		counter(cacheLooks, c.Hits, "hit")
		counter(cacheLooks, c.Misses, "miss")
		counter(cacheMade, c.Made)
		for i, n := range r.Site.Private() {
			counter(private, n, serve.PrivateResults[i])
		}
	}
}

// sources tells how the configured sources are.
func (n *now) sources(list []serve.Configured, gauge func(*prometheus.Desc, float64, ...string)) {
	at := n.o.Now()
	states := map[vitals.State]int{}
	late, last := 0, 0.0
	for _, s := range list {
		f, _, err := n.o.Store.Visit(s.ID)
		if err != nil {
			return // store_readable tells
		}
		state := vitals.Of(&f, vitals.Source{URL: s.URL, Off: s.Off}, at).State
		states[state]++
		id := string(s.ID)
		gauge(sourceState, 1, id, string(state))
		if s.Off {
			continue
		}
		gauge(sourceFails, float64(f.Failures), id)
		good := 0.0
		if !f.Success.IsZero() {
			good = seconds(f.Success)
		}
		gauge(sourceGood, good, id)
		if vitals.IsOverdue(&f, at) {
			late++
		}
		if !f.At.IsZero() {
			last = max(last, seconds(f.At))
		}
	}
	for _, state := range vitals.States {
		gauge(sources, float64(states[state]), string(state))
	}
	gauge(overdue, float64(late))
	gauge(lastVisit, last)
}

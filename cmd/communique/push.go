package main

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"communique/aggregator/websub"
	"communique/config"
	"communique/feeds"
	"communique/feeds/push"
	"communique/feeds/serve"
	"communique/storage"
)

// Where hub, stream and subscriber answer, below the site's base.
const (
	hubPath    = "/hub"
	streamPath = "/api/v1/stream"
	// callbackPath is below which the hubs of sources call us.
	callbackPath = "/websub/"
)

// hubURL gives the address of our hub, "" when we are none.
func hubURL(cfg *config.Config, site config.Site) string {
	if !cfg.WebSub.Hub {
		return ""
	}
	return string(site.BaseURL) + hubPath
}

// everywhere are the networks that the operator's own addresses may be on.
var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// pusher wires what tells others of news; what it tells of is said later.
func pusher(cfg *config.Config, site config.Site, store *storage.Store, incidents func(time.Time) []feeds.Incident, delivered func(isHook, ok bool), log *slog.Logger) (*push.Pusher, error) {
	w := &cfg.WebSub
	var hooks []push.Webhook
	for _, h := range cfg.WebhookConfigs() {
		hooks = append(hooks, push.Webhook{Name: h.Name, URL: h.URL, Secret: h.Secret, Path: h.Feed, Feed: h.Selection, Events: h.Events})
	}
	return push.New(push.Options{
		Store: store, Hub: hubURL(cfg, site), Agent: cfg.Agent(versionNumber),
		MinLease: w.MinLease.Std(), Lease: w.Lease.Std(), MaxLease: w.MaxLease.Std(), Signature: string(w.Signature),
		Retry: w.Retry.Std(), Timeout: w.Timeout.Std(), Calls: w.Workers, CallsPerHost: w.PerHost,
		Subscriptions: w.MaxSubscriptions, SubscriptionsPerTopic: w.MaxPerTopic, SubscriptionsPerHost: w.MaxPerHost, Topics: w.MaxTopics,
		Streams: cfg.Stream.Connections, Webhooks: hooks, Incidents: incidents, Delivered: delivered, AllowNetworks: config.Prefixes(w.AllowNetworks), WebhookNetworks: everywhere,
		Now: func() time.Time { return time.Now().UTC() }, Log: log,
	})
}

// hubs wires our own subscriptions at the hubs of sources. With none wanted it
// tells hubs that still call that it is over.
func hubs(cfg *config.Config, site config.Site, store *storage.Store, log *slog.Logger) (*websub.Subscriber, error) {
	leases, err := store.Leases()
	if err != nil {
		return nil, err
	}
	var sources []feeds.SourceID
	for _, s := range cfg.SourceConfigs() {
		if s.Enabled && s.WebSub && cfg.Subscribes(site) {
			sources = append(sources, s.Source.ID)
		}
	}
	return websub.New(websub.Options{
		Callback: string(site.BaseURL) + strings.TrimSuffix(callbackPath, "/"), Lease: cfg.WebSub.Lease.Std(), Timeout: cfg.WebSub.Timeout.Std(),
		Agent: cfg.Agent(versionNumber), MaxBody: int64(cfg.Fetch.MaxBody), AllowNetworks: config.Prefixes(cfg.WebSub.AllowNetworks),
		Sources: sources, Leases: leases, Say: store.Append, Now: func() time.Time { return time.Now().UTC() }, Log: log,
	}), nil
}

// mounts are who answers beside the site.
func mounts(p *push.Pusher, isHub bool, subscriber http.Handler) map[string]http.Handler {
	m := map[string]http.Handler{streamPath: p.Stream(), callbackPath: subscriber}
	if isHub {
		m[hubPath] = p.Hub()
	}
	return m
}

// deliveries tells how it goes with telling others, and being told.
func deliveries(p *push.Pusher, hubs *websub.Subscriber) func() *serve.Deliveries {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return func() *serve.Deliveries {
		d := p.Status()
		for _, l := range hubs.Leases() {
			state := "asked"
			switch {
			case l.Until.After(time.Now()):
				state = "live"
			case l.Failures > 0:
				state = "failing"
			}
			d.Leases = append(d.Leases, serve.LeaseStatus{Source: l.Source, State: state, Hub: l.Hub, Topic: l.Topic,
				Until: when(l.Until), Pushed: when(l.Last), Failures: l.Failures, NextTry: when(l.Due), Error: l.Error})
		}
		return d
	}
}

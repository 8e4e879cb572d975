package main

import (
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"communique/config"
	"communique/feeds/push"
	"communique/storage"
)

// hubPath and streamPath are where the pusher answers, below the site's base.
const (
	hubPath    = "/hub"
	streamPath = "/api/v1/stream"
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
func pusher(cfg *config.Config, site config.Site, store *storage.Store, log *slog.Logger) (*push.Pusher, error) {
	w := &cfg.WebSub
	var hooks []push.Webhook
	for _, h := range cfg.WebhookConfigs() {
		hooks = append(hooks, push.Webhook{Name: h.Name, URL: h.URL, Secret: h.Secret, Path: h.Feed, Feed: h.Selection, Events: h.Events})
	}
	return push.New(push.Options{
		Store: store, Hub: hubURL(cfg, site), Agent: cfg.Agent(versionNumber),
		MinLease: w.MinLease.Std(), Lease: w.Lease.Std(), MaxLease: w.MaxLease.Std(), Signature: string(w.Signature),
		Retry: w.Retry.Std(), Timeout: w.Timeout.Std(), Calls: w.Workers, CallsPerHost: w.PerHost,
		Subscriptions: w.MaxSubscriptions, SubscriptionsPerTopic: w.MaxPerTopic, SubscriptionsPerHost: w.MaxPerHost,
		Streams: cfg.Stream.Connections, Webhooks: hooks, AllowNetworks: config.Prefixes(w.AllowNetworks), WebhookNetworks: everywhere,
		Now: func() time.Time { return time.Now().UTC() }, Log: log,
	})
}

// mounts are who answers beside the site.
func mounts(p *push.Pusher, hub bool) map[string]http.Handler {
	m := map[string]http.Handler{streamPath: p.Stream()}
	if hub {
		m[hubPath] = p.Hub()
	}
	return m
}

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"communique/aggregator"
	"communique/aggregator/dedup"
	"communique/aggregator/extract"
	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/aggregator/websub"
	"communique/config"
	"communique/feeds"
	"communique/feeds/render"
	"communique/feeds/serve"
	"communique/internal/demo"
	"communique/internal/trace"
	"communique/storage"
)

// defaultConfig is read when no --config is given.
const defaultConfig = "communique.yaml"

// read reads the configuration that the command line asks for, nil when it asks
// for none and there is none.
func (a *app) read() (*config.Config, error) {
	name := a.configFile
	if name == "" {
		name = defaultConfig
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	cfg, err := config.Load(name, config.Options{Canonical: normalize.Canonical, Copies: a.copies})
	var bad config.Errors
	if err != nil && !errors.As(err, &bad) {
		err = usageError{err}
	}
	return cfg, err
}

// load is read for commands that cannot do without: when there is no file, the
// demonstration's configuration is used, which is said in one line.
func (a *app) load() (cfg *config.Config, isDemo bool, err error) {
	if cfg, err = a.read(); cfg != nil || err != nil {
		return cfg, false, err
	}
	fmt.Fprintf(a.stderr, "no %s here: the built-in demonstration is meant\n", defaultConfig)
	cfg, err = demoConfig("http://" + demoAddr)
	return cfg, true, err
}

// loadToPull is load for commands that pull: the demonstration's offices are
// there until stop is called.
func (a *app) loadToPull() (cfg *config.Config, isDemo bool, stop func(), err error) {
	if cfg, err = a.read(); cfg != nil || err != nil {
		return cfg, false, func() {}, err
	}
	cfg, stop, err = a.startDemo()
	return cfg, true, stop, err
}

// demoAddr is where the demonstration's offices are, when nothing else is: the
// same on every start, since links to their pages are what statements are
// known by.
const demoAddr = "127.0.0.1:8079"

func demoConfig(base string) (*config.Config, error) {
	cfg, err := config.Parse("demonstration.yaml", demo.Config(base, "127.0.0.1:8080", "127.0.0.1:8081"), config.Options{Canonical: normalize.Canonical})
	if err != nil {
		return nil, fmt.Errorf("demonstration: %w", err)
	}
	return cfg, nil
}

func (a *app) startDemo() (*config.Config, func(), error) {
	l, err := net.Listen("tcp", demoAddr)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, nil, fmt.Errorf("demonstration: %w", err)
		}
	}
	base := "http://" + l.Addr().String()
	origin, err := demo.New(base, func() time.Time { return time.Now().UTC() })
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	cfg, err := demoConfig(base)
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	srv := httpServer(origin, a.log)
	go func() { _ = srv.Serve(l) }() // ends with Close
	fmt.Fprintf(a.stderr, "no %s here: showing the built-in demonstration, made-up offices at %s\n", defaultConfig, base)
	return cfg, func() { _ = srv.Close() }, nil
}

// likeness says when two texts are one statement.
func likeness(cfg *config.Config) dedup.Likeness {
	d, k := &cfg.Dedup, &cfg.Link
	out := dedup.Likeness{
		Window: d.Window.Std(), Threshold: float32(d.Threshold), SameSource: float32(d.SameSource), Shadow: d.Shadow,
		NoLink: !k.Enabled, LinkThreshold: float32(k.Threshold), RelatedThreshold: float32(k.Related), Groups: cfg.SourceGroups(),
	}
	for _, p := range cfg.Pins() {
		out.Pins = append(out.Pins, dedup.Pin(p))
	}
	return out
}

// engine wires the aggregator.
func engine(cfg *config.Config, store *storage.Store, log *slog.Logger, done func(aggregator.Outcome)) (*aggregator.Engine, error) {
	f, err := fetch.New(fetching(cfg))
	if err != nil {
		return nil, err
	}
	return engineThat(cfg, store, store, log, f, done, nil, nil, nil), nil
}

// fetching says how sources are asked.
func fetching(cfg *config.Config) fetch.Options {
	f := &cfg.Fetch
	return fetch.Options{
		UserAgent: cfg.Agent(versionNumber), MaxWire: int64(f.MaxWire), MaxBody: int64(f.MaxBody), MaxRedirects: redirects(f.MaxRedirects),
		Timeout: time.Duration(f.Timeout), PerHost: f.PerHost, Gap: time.Duration(f.Gap), Proxy: f.Proxy.Reveal(),
		AllowNetworks: config.Prefixes(f.AllowNetworks),
	}
}

// engineThat wires an aggregator that tells got of every answer, and subscribes at
// the hubs of sources.
func engineThat(cfg *config.Config, store *storage.Store, journal aggregator.Journal, log *slog.Logger, fetcher *fetch.Fetcher, done func(aggregator.Outcome), got func(string, *fetch.Response), hubs *websub.Subscriber, tracer *trace.Tracer) *aggregator.Engine {
	var sources []aggregator.Source
	for _, s := range cfg.SourceConfigs() {
		if s.Enabled {
			sources = append(sources, sourceOf(s))
		}
	}
	return engineOf(cfg, sources, store, journal, log, fetcher, done, got, hubs, tracer)
}

// sourceOf says how a source is asked.
func sourceOf(s config.SourceConfig) aggregator.Source {
	h := http.Header{}
	for name, value := range s.Headers {
		h.Set(name, value.Reveal())
	}
	return aggregator.Source{Source: s.Source, Schedule: s.Schedule, Floor: s.Floor, Ceiling: s.Ceiling, Header: h, AllowNetworks: s.AllowNetworks,
		LetFlood: s.Flood == "allow", Reader: s.Reader, Robots: s.Kind == extract.HTMLList, Article: s.Article, Reading: s.Reading}
}

// engineOf is engineThat for these sources.
func engineOf(cfg *config.Config, sources []aggregator.Source, store *storage.Store, journal aggregator.Journal, log *slog.Logger, fetcher *fetch.Fetcher, done func(aggregator.Outcome), got func(string, *fetch.Response), hubs *websub.Subscriber, tracer *trace.Tracer) *aggregator.Engine {
	f := cfg.Fetch
	return aggregator.New(aggregator.Options{
		Sources: sources, Store: store, Journal: journal, Fetcher: fetcher, Tagger: cfg.Tagger,
		Now: func() time.Time { return time.Now().UTC() }, Log: log, Workers: f.Workers, PerHost: f.PerHost, Spread: 30 * time.Second, Done: done,
		Likeness: likeness(cfg), Got: got, Hubs: hubs, Agent: product(cfg.Agent(versionNumber)), Trace: tracer,
	})
}

// server wires the public side; mount says who answers beside it.
func server(cfg *config.Config, site config.Site, store *storage.Store, mount map[string]http.Handler, log *slog.Logger) (*serve.Server, error) {
	tagger := cfg.Tagger()
	var terms []serve.Term
	for _, t := range tagger.Terms() {
		terms = append(terms, serve.Term{Tag: t.Tag, Labels: t.Labels, Parents: t.Parents})
	}
	var sources []feeds.Source
	for _, s := range cfg.SourceConfigs() {
		sources = append(sources, s.Source)
	}
	var named []serve.Named
	for _, f := range cfg.FeedConfigs() {
		named = append(named, serve.Named{Feed: f.Feed, Was: f.Was})
	}
	var languages []string
	for _, l := range site.Languages {
		languages = append(languages, string(l))
	}
	embeds := cfg.EmbedsConfig()
	var partners []serve.Partner
	for _, p := range embeds.Partners {
		partners = append(partners, serve.Partner{Name: p.Name, Origins: p.Origins, Feeds: p.Feeds, Credit: p.Credit, Scheme: p.Scheme, Font: p.Font,
			Light: serve.Palette(p.Light), Dark: serve.Palette(p.Dark)})
	}
	return serve.New(serve.Options{
		Store: store, Sources: sources, Terms: terms, Named: named, Removed: cfg.RemovedFeeds(), Languages: languages, Mount: mount, Log: log, Site: siteOf(cfg, site),
		API:     serve.Limit{Requests: cfg.API.Rate.Requests, Window: cfg.API.Rate.Window, Proxies: config.Prefixes(cfg.API.TrustedProxies)},
		Framers: string(embeds.Allow), Partners: partners, CacheSize: int(cfg.Cache.MaxSize),
	})
}

// tracing says where spans go.
func tracing(cfg *config.Config) trace.Options {
	return trace.Options{Endpoint: string(cfg.Traces.Endpoint), Headers: cfg.Traces.Headers.Reveal(), Part: cfg.Traces.Part, Version: versionNumber}
}

// siteOf says how the published feeds call themselves.
func siteOf(cfg *config.Config, site config.Site) render.Site {
	return render.Site{
		Title: site.Title, Subtitle: site.Subtitle, BaseURL: string(site.BaseURL), Authority: string(site.Authority),
		Language: string(site.Language), Generator: "communique", Version: versionNumber,
		Author: site.Author, AuthorURI: string(site.AuthorURL), Rights: site.Rights, Label: cfg.Tagger().Label, Hub: hubURL(cfg, site),
	}
}

// product gives the product token of a user agent (RFC 9110 §10.1.5).
func product(agent string) string {
	name, _, _ := strings.Cut(agent, "/")
	name, _, _ = strings.Cut(name, " ")
	return name
}

// redirects turns the configuration's 0, none, into fetch's word for it, whose
// 0 is the default.
func redirects(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

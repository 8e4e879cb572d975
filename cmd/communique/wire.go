package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"communique/aggregator"
	"communique/aggregator/fetch"
	"communique/aggregator/tag"
	"communique/config"
	"communique/feeds"
	"communique/feeds/render"
	"communique/feeds/serve"
	"communique/internal/demo"
	"communique/storage"
)

// defaultConfig is read when no --config is given.
const defaultConfig = "communique.yaml"

// load reads the configuration that the command line asks for. Without a file
// it starts the demonstration's origin, says so in one line, and gives the
// configuration that pulls it; close ends that origin.
func (a *app) load() (cfg *config.Config, isDemo bool, close func(), err error) {
	name := a.configFile
	if name == "" {
		name = defaultConfig
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			cfg, close, err = a.demo()
			return cfg, true, close, err
		}
	}
	cfg, err = config.Load(name, config.Options{})
	var bad config.Errors
	if err != nil && !errors.As(err, &bad) {
		err = usageError{err}
	}
	return cfg, false, func() {}, err
}

// demoPort is where the demonstration's offices are, when nothing else is: the
// same on every start, since links to their pages are what statements are
// known by.
const demoPort = "127.0.0.1:8079"

func (a *app) demo() (*config.Config, func(), error) {
	l, err := net.Listen("tcp", demoPort)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nil, nil, fmt.Errorf("demonstration: %w", err)
		}
	}
	base := "http://" + l.Addr().String()
	origin, err := demo.New(base, func() time.Time { return time.Now().UTC() })
	if err != nil {
		return nil, nil, err
	}
	srv := &http.Server{Handler: origin, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = srv.Serve(l) }() // ends with Close
	fmt.Fprintf(a.stderr, "no %s here: showing the built-in demonstration, made-up offices at %s\n", defaultConfig, base)
	cfg, err := config.Parse("demonstration.yaml", demo.Config(base, "127.0.0.1:8080", "127.0.0.1:8081"), config.Options{})
	if err != nil {
		_ = srv.Close()
		return nil, nil, fmt.Errorf("demonstration: %w", err)
	}
	return cfg, func() { _ = srv.Close() }, nil
}

// tagger gives the rules for commands that need no more than those.
func (a *app) tagger() (*tag.Tagger, error) {
	name := a.configFile
	if name == "" {
		name = defaultConfig
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return tag.New(tag.Taxonomy{})
		}
	}
	cfg, err := config.Load(name, config.Options{})
	if err != nil {
		return nil, err
	}
	return cfg.Tagger(), nil
}

// storeFile gives the path of the store: the flag's folder, else the
// configuration's. The demonstration has a folder of its own, so that it never
// mixes with an operator's statements.
func storeFile(cfg *config.Config, isDemo bool, dir string) string {
	if dir == "" {
		dir = string(cfg.Storage.Dir)
		if isDemo {
			dir = filepath.Join(dir, "demonstration")
		}
	}
	return filepath.Join(dir, "communique.db")
}

// openStore opens the store and makes its folder.
func openStore(file string, log *slog.Logger) (*storage.Store, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return storage.Open(file, storage.Options{Log: log})
}

// engine wires the aggregator.
func engine(cfg *config.Config, store *storage.Store, log *slog.Logger, done func(aggregator.Outcome)) (*aggregator.Engine, error) {
	f := cfg.Fetch
	fetcher, err := fetch.New(fetch.Options{
		UserAgent: cfg.Agent(versionNumber), MaxWire: int64(f.MaxWire), MaxBody: int64(f.MaxBody), MaxRedirects: redirects(f.MaxRedirects),
		Timeout: time.Duration(f.Timeout), PerHost: f.PerHost, Gap: time.Duration(f.Gap), Proxy: f.Proxy.Reveal(),
		AllowNetworks: config.Prefixes(f.AllowNetworks),
	})
	if err != nil {
		return nil, err
	}
	var sources []aggregator.Source
	for _, s := range cfg.SourceConfigs() {
		if !s.Enabled {
			continue
		}
		h := http.Header{}
		for name, value := range s.Headers {
			h.Set(name, value.Reveal())
		}
		sources = append(sources, aggregator.Source{Source: s.Source, Schedule: s.Schedule, Floor: s.Floor, Ceiling: s.Ceiling, Header: h, AllowNetworks: s.AllowNetworks})
	}
	return aggregator.New(aggregator.Options{
		Sources: sources, Store: store, Journal: store, Fetcher: fetcher, Tagger: cfg.Tagger,
		Now: func() time.Time { return time.Now().UTC() }, Log: log, Workers: f.Workers, Spread: 30 * time.Second, Done: done,
	}), nil
}

// server wires the public side.
func server(cfg *config.Config, site config.Site, store *storage.Store, log *slog.Logger) (*serve.Server, error) {
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
		named = append(named, serve.Named{Feed: f.Feed, SummaryOnly: f.Content == "summary"})
	}
	var languages []string
	for _, l := range site.Languages {
		languages = append(languages, string(l))
	}
	return serve.New(serve.Options{
		Store: store, Sources: sources, Terms: terms, Named: named, Languages: languages, Log: log,
		Site: render.Site{
			Title: site.Title, Subtitle: site.Subtitle, BaseURL: string(site.BaseURL), Authority: string(site.Authority),
			Language: string(site.Language), Generator: "communique", Version: versionNumber,
			Author: site.Author, AuthorURI: string(site.AuthorURL), Rights: site.Rights, Label: tagger.Label,
		},
	})
}

// redirects turns the configuration's 0, none, into fetch's word for it, whose
// 0 is the default.
func redirects(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"communique/aggregator/fetch"
	"communique/config"
	"communique/feeds/incidents"
	"communique/feeds/serve"
	"communique/internal/metrics"
	"communique/internal/trace"
	"communique/storage"
)

func (a *app) serve() *cobra.Command {
	var listen, data string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Pull on schedule and publish: the daemon",
		Long: `serve pulls the configured sources on schedule and publishes the merged feeds.
SIGTERM ends it once what is under way is stored. The configuration is read again
when one of its files changes (see ` + "`watch`" + `), on SIGHUP and by ` + "`communique reload`" + `;
the old one is kept when the new one is wrong. ` + "`listen`, `admin`, `tls`,\n`admin_tls` and `storage.dir`" + ` change with a restart only. When rules have
changed at a start or since, what is stored is tagged anew in the background (see retag).`,
		Example: "  communique serve\n  communique serve --config /etc/communique/communique.yaml --data /var/lib/communique",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.daemon(c.Context(), listen, data)
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "`ADDR` to listen on, over the configuration's listen")
	dataFlag(c, &data)
	return c
}

// grace is how long answers that are under way may take once we are told to stop.
const grace = 10 * time.Second

// daemon runs until ctx ends.
func (a *app) daemon(ctx context.Context, listenOn, data string) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP) // first of all: without it the signal ends us
	defer signal.Stop(hup)
	cfg, isDemo, stopDemo, err := a.loadToPull()
	if err != nil {
		return err
	}
	defer stopDemo()
	file := storeFile(cfg, isDemo, data)
	store, err := openToServe(file, a.log)
	if err != nil {
		return err
	}
	defer store.Close()
	if listenOn == "" {
		listenOn = string(cfg.Listen)
	}
	public, err := listen(listenOn)
	if err != nil {
		return err
	}
	addr := public.Addr().String() // with port 0, the one that we were given
	certs := publicCerts(cfg, filepath.Dir(file), a.log)
	d := &running{log: a.log, store: store, file: file, addr: addr, first: cfg, read: a.read, broken: make(chan error, 2), asked: make(chan chan<- reloaded),
		metrics: metrics.New(metrics.Options{Store: store, Version: versionNumber, Now: time.Now, Certificates: certs.shown.certificates})}
	if isDemo {
		d.read = nil
	} else {
		a.data = filepath.Dir(file) // where the copies of lists are from now on, whatever a reload says
	}
	d.shown, d.memory = certs.shown, incidents.Remember(incidents.InFolder(filepath.Dir(file)), a.log)
	d.backups = startBackups(ctx, store, d.memory, a.log)
	d.watch = newWatch(a.log)
	defer d.watch.close()
	asking, enough := context.WithCancel(ctx)
	var listsDone *sync.WaitGroup
	d.lists, listsDone = startLists(asking, filepath.Dir(file), a.log)
	defer listsDone.Wait()
	defer enough()
	if err := d.start(ctx, cfg); err != nil {
		return err
	}
	d.metrics.Reloaded(true)
	defer d.endTracing()
	defer func() { d.stop() }() // the engine that runs then, not the one that runs now

	failed := make(chan error, 3)
	base := cfg.Site.On(addr).BaseURL
	var servers []*http.Server
	serve := func(h http.Handler, l net.Listener, secure *tls.Config) (scheme string) {
		s := httpServer(h, a.log)
		servers = append(servers, s)
		if s.TLSConfig = secure; secure == nil {
			go func() { failed <- s.Serve(l) }()
			return "http"
		}
		go func() { failed <- s.ServeTLS(l, "", "") }()
		return "https"
	}
	fmt.Fprintf(a.stdout, "listening on %s://%s\nfeeds are published under %s; %[3]s/feeds lists them\n", serve(d.metrics.Requests(&d.public), public, certs.config), addr, base)
	if cfg.TLS.Redirect != "" {
		plain, err := listen(string(cfg.TLS.Redirect))
		if err != nil {
			return fmt.Errorf("tls.redirect: %w", err)
		}
		serve(certs.plain(redirectTo(string(base))), plain, nil)
	}
	if l := d.listenAdmin(string(cfg.Admin)); l != nil {
		secure, err := adminTLS(cfg, a.log)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "health and status on %s://%s/status\n", serve(&d.admin, l, secure), l.Addr())
	}
	if isDemo {
		fmt.Fprintf(a.stdout, "\nLook at:\n  %[1]s/            the newest statements, a new one about once a minute\n  %[1]s/feeds       every feed, by region, topic, country, language and office\n  %[1]s/feeds/event/summit-of-the-americas-2022.atom\nCtrl-C ends it; %[2]s keeps what it has gathered.\n\n", base, file)
	}
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx)) // while it stops, too
	var watchdogs sync.WaitGroup
	watchdogs.Go(func() { watchdog(watching, store, a.log) })
	go certs.shown.run(watching) // not waited for: an authority may take minutes, and the store has no part in it
	defer watchdogs.Wait()       // before the store is closed
	defer unwatch()
	notify(a.log, systemd.SdNotifyReady)
	again := func() reloaded {
		notify(a.log, systemd.SdNotifyReloading)
		defer notify(a.log, systemd.SdNotifyReady)
		return d.reload(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			notify(a.log, systemd.SdNotifyStopping)
			a.log.Info("stopping", "grace", grace)
			shutdown(servers)
			return nil
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case err := <-d.broken:
			if errors.Is(err, storage.ErrDamaged) {
				err = fmt.Errorf("the store %s is damaged: %w; see what `communique verify` finds, look at the disk, and run `communique rebuild`; where that refuses, restore the last backup", file, err)
			}
			return err
		case <-hup:
			again()
		case <-d.watch.changed:
			again()
		case <-d.lists.changed:
			again()
		case answer := <-d.asked:
			answer <- again()
		}
	}
}

// listen opens the public listener.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	var address *net.AddrError
	var name *net.DNSError
	switch {
	case errors.As(err, &address), errors.As(err, &name):
		return nil, usageError{fmt.Errorf("%w; want host:port, such as 127.0.0.1:8080 or :8080", err)}
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w; stop the program that has the port, or give another address with --listen", err)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%w; ports below 1024 are the system's, give a higher one with --listen", err)
	}
	return l, err
}

// shutdown waits for answers that are under way, all servers within one grace.
// What has not ended then is cut off.
func shutdown(servers []*http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(ctx) != nil {
			_ = s.Close() // nothing is left to be told
		}
	}
}

// running is the daemon's inside: what a reload exchanges, and what it needs
// for that.
type running struct {
	log     *slog.Logger
	store   *storage.Store
	file    string
	addr    string                         // of the public listener
	first   *config.Config                 // that we started with: listeners and store are its
	cfg     *config.Config                 // that runs
	read    func() (*config.Config, error) // nil when there is none to read
	public  swap
	admin   swap
	stop    func()     // ends the engine that runs and waits for it
	broken  chan error // takes what ends an engine before its time
	metrics *metrics.Metrics
	asked   chan chan<- reloaded
	watch   *watch
	backups *backups
	lists   *lists
	shown   *shown // nil: nothing is
	memory  *incidents.Memory
	wrong   wrongConfig

	tracer   *trace.Tracer
	fetching fetch.Options
	fetcher  *fetch.Fetcher
}

// start builds everything that the configuration asks for, which may fail, and
// then exchanges it for what runs, which cannot.
func (d *running) start(ctx context.Context, cfg *config.Config) error {
	site := cfg.Site.On(d.addr)
	var told func() *serve.Deliveries
	wrong := d.watchOf(cfg, func() *serve.Deliveries { return told() })
	push, err := pusher(cfg, site, d.store, wrong.List, d.metrics.Delivered, d.log)
	if err != nil {
		return err
	}
	hubs, err := hubs(cfg, site, d.store, d.log)
	if err != nil {
		return err
	}
	told = deliveries(push, hubs)
	srv, err := server(cfg, site, d.store, mounts(push, cfg.WebSub.Hub, hubs), d.log)
	if err != nil {
		return err
	}
	push.Serve(srv)
	fetcher := d.fetcher
	if o := fetching(cfg); fetcher == nil || !reflect.DeepEqual(o, d.fetching) {
		// Another one knows of no host when it was asked last; so this is kept while
		// it may be.
		if fetcher, err = fetch.New(o); err != nil {
			return err
		}
	}
	tracer := d.tracer
	if o := tracing(cfg); d.cfg == nil || !reflect.DeepEqual(o, tracing(d.cfg)) {
		if tracer, err = trace.New(ctx, o, d.log); err != nil {
			return err
		}
	}
	eng := engineThat(cfg, d.store, storage.NewPatient(d.store, d.log), d.log, fetcher, d.metrics.Fetched, nil, hubs, tracer)
	if d.stop != nil {
		d.stop() // one engine at a time: a source is refreshed by one worker only
	}
	if tracer != d.tracer {
		d.endTracing() // the visits that it was told of have ended
	}
	d.cfg, d.fetching, d.fetcher, d.tracer = cfg, fetching(cfg), fetcher, tracer
	d.public.set(tracer.Requests(srv))
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	ended := make(chan struct{}) // of the engine
	d.stop = func() {
		eng.Drain()
		d.log.Debug("visits under way may end", "grace", grace)
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case <-ended:
		case <-late.C: // an origin that takes longer is asked again
		case <-ctx.Done():
		}
		cancel()
		work.Wait()
	}
	retag := &retagger{ctx: ctx, eng: eng, cfg: cfg, read: d.readAgain, store: d.store, log: d.log, asked: make(chan retagRequest)}
	d.metrics.Use(metrics.Running{Sources: configured(cfg), Deliveries: told, Site: srv})
	old := &expiry{age: cfg.Retain.Age.Std(), eng: eng, public: srv, log: d.log}
	d.admin.set(adminHandler(cfg, d.store, d.file, string(site.BaseURL), srv, retag, old, http.HandlerFunc(d.askReload), told, wrong.List, d.metrics, eng))
	d.watch.follow(cfg)
	d.backups.follow(cfg.Storage.Backup)
	d.lists.follow(cfg, fetcher)
	work.Go(retag.run)
	work.Go(func() { wrong.Run(ctx) })
	work.Go(func() { old.run(ctx) })
	work.Go(func() { arrange(ctx, d.store, arrangeRest, d.log) })
	work.Go(func() { hubs.Run(ctx, eng.Pushed, eng.PollSoon) })
	work.Go(func() {
		if err := push.Run(ctx); err != nil && ctx.Err() == nil {
			d.broken <- err
		}
	})
	work.Go(func() {
		defer close(ended)
		if err := eng.Run(ctx); err != nil && ctx.Err() == nil {
			d.broken <- err
		}
	})
	return nil
}

// endTracing sends the spans that are left.
func (d *running) endTracing() {
	ctx, cancel := context.WithTimeout(context.Background(), lastSpans)
	defer cancel()
	if err := d.tracer.Close(ctx); err != nil {
		d.log.Warn("the last spans cannot be sent", "stage", "trace", "err", err)
	}
}

// lastSpans is how long the collector may take for the last spans.
const lastSpans = 3 * time.Second

// listenAdmin opens the admin listener, nil when there is none. Statements go
// out without it: that health cannot be asked is no reason to publish nothing.
func (d *running) listenAdmin(addr string) net.Listener {
	if addr == "" {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		d.log.Warn("no admin listener: nobody can ask for health and status; free its port or give another as `admin`", "addr", addr, "err", err)
		return nil
	}
	return l
}

// swap answers by whatever handler is current.
type swap struct{ h atomic.Pointer[http.Handler] }

func (s *swap) set(h http.Handler) { s.h.Store(&h) }

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.h.Load()).ServeHTTP(w, r) }

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

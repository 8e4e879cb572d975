package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds/serve"
	"communique/storage"
)

func (a *app) serve() *cobra.Command {
	var listen, data string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Pull on schedule and publish: the daemon",
		Long: `serve pulls the configured sources on schedule and publishes the merged feeds.
SIGTERM ends it once what is under way is stored; SIGHUP reads the configuration
again, and keeps the old one when the new one is wrong.`,
		Example: "  communique serve\n  communique serve --config /etc/communique/communique.yaml --data /var/lib/communique",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.daemon(c.Context(), listen, data)
		},
	}
	c.Flags().StringVar(&listen, "listen", "", "address to listen on, over the configuration's `listen`")
	c.Flags().StringVar(&data, "data", "", "folder of the store, over the configuration's `storage.dir`")
	return c
}

// daemon runs until ctx ends.
func (a *app) daemon(ctx context.Context, listen, data string) error {
	log, err := a.log()
	if err != nil {
		return err
	}
	cfg, isDemo, closeDemo, err := a.load()
	if err != nil {
		return err
	}
	defer closeDemo()
	store, err := openStore(storeFile(cfg, isDemo, data), log)
	if err != nil {
		return err
	}
	defer store.Close()

	addr := string(cfg.Listen)
	if listen != "" {
		addr = listen
	}
	public, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w; another program may have the port: give another with --listen", err)
	}
	addr = public.Addr().String() // with :0, the port that we were given
	d := &running{log: log, store: store, addr: addr}
	if err := d.start(ctx, cfg); err != nil {
		return err
	}
	defer func() { d.stop() }() // the one that runs then, not the one that runs now

	servers := []*http.Server{httpServer(&d.handler, log)}
	failed := make(chan error, 2)
	go func() { failed <- servers[0].Serve(public) }()
	site := cfg.Site.On(addr)
	fmt.Fprintf(a.stdout, "listening on http://%s\nfeeds are published under %s\n", addr, site.BaseURL)
	if admin := string(cfg.Admin); admin != "" && admin != "off" {
		l, err := net.Listen("tcp", admin)
		if err != nil {
			// Statements go out without it; that health cannot be asked is no
			// reason to publish nothing.
			log.Warn("admin listener is not available", "addr", admin, "err", err)
		} else {
			servers = append(servers, httpServer(serve.Admin(store), log))
			go func() { failed <- servers[1].Serve(l) }()
			fmt.Fprintf(a.stdout, "health and status on http://%s/status\n", l.Addr())
		}
	}
	if isDemo {
		fmt.Fprintf(a.stdout, "\nLook at:\n  %[1]s/            the newest statements, a new one about once a minute\n  %[1]s/feeds       every feed, by region, topic, country, language and office\n  %[1]s/feeds/event/summit-of-the-americas-2022.atom\nCtrl-C ends it; %[2]s keeps what it has gathered.\n\n", site.BaseURL, storeFile(cfg, isDemo, data))
	}

	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			log.Info("stopping")
			grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			for _, s := range servers {
				_ = s.Shutdown(grace) // what does not end in time is cut off
			}
			return nil
		case err := <-failed:
			if !errors.Is(err, http.ErrServerClosed) {
				return err
			}
		case err := <-d.broken:
			return err
		case <-hup:
			if isDemo {
				continue
			}
			next, _, _, err := a.load()
			if err != nil {
				log.Error("the new configuration is wrong; the old one stays", "err", err)
			} else if err := d.start(ctx, next); err != nil {
				log.Error("the new configuration does not start; the old one stays", "err", err)
			} else {
				log.Info("configuration read again", "sources", len(next.SourceConfigs()))
			}
		}
	}
}

// running is what a reload exchanges.
type running struct {
	log     *slog.Logger
	store   *storage.Store
	addr    string
	handler swap
	stop    func() // ends the engine that runs and waits for it
	broken  chan error
}

// start builds everything that the configuration asks for, which may fail, and
// then exchanges it for what runs, which cannot.
func (d *running) start(ctx context.Context, cfg *config.Config) error {
	srv, err := server(cfg, cfg.Site.On(d.addr), d.store, d.log)
	if err != nil {
		return err
	}
	eng, err := engine(cfg, d.store, d.log, nil)
	if err != nil {
		return err
	}
	if d.stop != nil {
		d.stop() // one engine at a time: a source is refreshed by one worker only
	}
	if d.broken == nil {
		d.broken = make(chan error, 1)
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	d.stop = func() { cancel(); <-over }
	d.handler.h.Store(&srv)
	go func() {
		defer close(over)
		if err := eng.Run(ctx); err != nil && ctx.Err() == nil {
			d.broken <- err
		}
	}()
	return nil
}

// swap serves by whatever server is current.
type swap struct{ h atomic.Pointer[*serve.Server] }

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.h.Load()).ServeHTTP(w, r) }

func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

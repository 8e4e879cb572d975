package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/config"
	"communique/feeds/serve"
	"communique/storage"
)

func (a *app) expire() *cobra.Command {
	var data string
	var dry, asJSON bool
	c := &cobra.Command{
		Use:   "expire",
		Short: "Take out of the store what is older than retain.age",
		Long: `expire takes statements out of the store that are older than ` + "`retain.age`" + ` in the
configuration says, but for those that the current document of a published feed
shows. They leave pages, archives and search, and do not come back when a source
says them again. ` + "`compact`" + ` gives the room back.

A running daemon does so by itself, once a day; then --dry-run is answered by the
daemon, by the age that it runs by.`,
		Example: "  communique expire --dry-run\n  communique expire",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if cfg.Retain.Age == 0 {
				return usageError{errors.New("expire: the configuration has no retain.age, so all is kept for ever")}
			}
			out, err := a.expireStore(c.Context(), cfg, storeFile(cfg, isDemo, data), dry)
			switch {
			case err != nil:
				return fmt.Errorf("expire: %w", err)
			case asJSON:
				return writeJSON(a.stdout, out)
			}
			what := "taken out"
			if dry {
				what = "would be taken out"
			}
			if out.Statements > 0 {
				fmt.Fprintf(a.stdout, "%d statements (%d copies) %s, of %s to %s\n", out.Statements, out.Copies, what, out.Oldest.Format(time.DateOnly), out.Newest.Format(time.DateOnly))
			} else {
				fmt.Fprintf(a.stdout, "0 statements %s\n", what)
			}
			_, err = fmt.Fprintf(a.stdout, "%d are as old and stay, as a published feed shows them\n", out.Spared)
			return err
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "change nothing, say what would")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

func (a *app) expireStore(ctx context.Context, cfg *config.Config, file string, dry bool) (out aggregator.Expired, err error) {
	var store *storage.Store
	if dry {
		store, err = openToRead(file)
		if errors.Is(err, storage.ErrInUse) {
			asked := ask(ctx, cfg, file, "/expire", &out)
			if errors.Is(asked, errNoDaemon) {
				return out, fmt.Errorf("%w (%w)", err, asked)
			}
			return out, asked
		}
	} else if store, err = openToRead(file); err == nil { // there is one
		if err = store.Close(); err == nil {
			store, err = openStore(file, a.log)
		}
	}
	if err != nil {
		return out, err
	}
	defer store.Close()
	eng, err := engine(cfg, store, a.log, nil)
	if err != nil {
		return out, err
	}
	public, err := server(cfg, cfg.Site.On(string(cfg.Listen)), store, nil, a.log)
	if err != nil {
		return out, err
	}
	return eng.Expire(ctx, aggregator.Expiring{Before: time.Now().UTC().Add(-cfg.Retain.Age.Std()), Spared: public.Visible, Dry: dry})
}

// expiry takes out what is too old, in the background of the daemon.
type expiry struct {
	age    time.Duration // 0 for never
	eng    *aggregator.Engine
	public *serve.Server
	log    *slog.Logger
}

const (
	// expiryRest is how long after a start, or after a reload, the first look is:
	// first of all sources are asked.
	expiryRest  = 10 * time.Minute
	expiryEvery = 24 * time.Hour
	// expiryPause is between two lots.
	expiryPause = 100 * time.Millisecond
)

// run looks once a day until ctx ends.
func (x *expiry) run(ctx context.Context) {
	if x.age == 0 {
		return
	}
	for wait := expiryRest; ; wait = expiryEvery {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		began, told := time.Now(), time.Now()
		out, err := x.eng.Expire(ctx, x.what(false, func(done, total int) error {
			if time.Since(told) > time.Minute {
				told = time.Now()
				x.log.Info("taking out what is too old", "stage", "expire", "done", done, "total", total)
			}
			select { // visits and readers come first
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(expiryPause):
			}
			return nil
		}))
		switch {
		case err != nil && ctx.Err() == nil:
			x.log.Error("taking out what is too old broke off; the next time is tomorrow", "stage", "expire", "statements", out.Statements, "err", err)
		case out.Statements > 0:
			x.log.Info("took out what was too old", "stage", "expire", "statements", out.Statements, "copies", out.Copies, "spared", out.Spared, "took", time.Since(began).Round(time.Millisecond))
		}
	}
}

func (x *expiry) what(dry bool, step func(done, total int) error) aggregator.Expiring {
	return aggregator.Expiring{Before: time.Now().UTC().Add(-x.age), Spared: x.public.Visible, Dry: dry, Step: step}
}

// ServeHTTP answers GET /expire with what would be taken out now.
func (x *expiry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if x.age == 0 {
		http.Error(w, "the daemon runs by a configuration without retain.age", http.StatusConflict)
		return
	}
	out, err := x.eng.Expire(r.Context(), x.what(true, nil))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = writeJSON(w, out) // the asker may have left
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
)

// reloadWithin is within what time a reload is through: visits that are under way
// have their grace.
const reloadWithin = time.Minute

func (a *app) reload() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:   "reload",
		Short: "Have the daemon read its configuration again",
		Long: `reload has the daemon read its configuration again, and says what has changed. When
anything is wrong, everything that is wrong is said, and the daemon goes on with
the configuration that it has. Visits that are under way end in peace; one that
takes more than ten seconds is broken off, and made again.

It is found by the address of ` + "`admin`" + ` in the configuration as it is now. Exit code
2 means that the configuration is wrong.`,
		Example: "  communique plan && communique reload",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err // the daemon would find the same
			}
			res, err := askFor(c.Context(), cfg, storeFile(cfg, isDemo, data), http.MethodPost, "/reload", reloadWithin)
			if err != nil {
				return fmt.Errorf("reload: %w", err)
			}
			defer res.Body.Close()
			var got reloaded
			if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
				return fmt.Errorf("reload: the answer cannot be read: %w", err)
			}
			if asJSON {
				if err := writeJSON(a.stdout, got); err != nil {
					return err
				}
			}
			if len(got.Errors) > 0 {
				for _, e := range got.Errors {
					fmt.Fprintln(a.stderr, printable(e))
				}
				return usageError{errors.New("reload: the daemon goes on with the configuration that it has")}
			}
			if asJSON {
				return nil
			}
			return tellPlan(a.stdout, got.Plan, "read again; nothing has changed")
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

// reloaded is what came of reading the configuration again: errors, and then
// nothing has changed, or what has.
type reloaded struct {
	Errors []string     `json:"errors"`
	Plan   *config.Plan `json:"plan"`
}

// readAgain reads the configuration that there must be.
func (d *running) readAgain() (*config.Config, error) {
	if d.read == nil {
		return nil, errors.New("the demonstration has no configuration to read again")
	}
	cfg, err := d.read()
	if err == nil && cfg == nil {
		err = fmt.Errorf("there is no %s any more", defaultConfig)
	}
	return cfg, err
}

// reload takes up the configuration anew when it is right; else what runs goes
// on as it is.
func (d *running) reload(ctx context.Context) reloaded {
	began := time.Now()
	was := d.cfg
	cfg, err := d.readAgain()
	plan := &config.Plan{}
	if err == nil {
		if plan = was.Plan(cfg); was.Same(cfg, plan) {
			d.watch.follow(cfg)            // the same may stand in files of other names
			d.lists.follow(cfg, d.fetcher) // and be due
		} else {
			err = d.start(ctx, cfg)
		}
	}
	d.metrics.Reloaded(err == nil)
	var bad config.Errors
	out := reloaded{Errors: []string{}, Plan: plan}
	switch {
	case errors.As(err, &bad):
		for _, e := range bad {
			d.log.Error("wrong configuration; the old one stays", "err", e.Error())
			out.Errors = append(out.Errors, e.Error())
		}
	case err != nil:
		d.log.Error("the new configuration cannot be used; the old one stays", "err", err)
		out.Errors = append(out.Errors, err.Error())
	}
	d.wrong.note(out.Errors, began)
	if err != nil {
		out.Plan = nil
		return out
	}
	d.log.Info("configuration read again", "sources", len(cfg.SourceConfigs()), "started", len(plan.Sources.Start), "stopped", len(plan.Sources.Stop),
		"changed", len(plan.Sources.Change), "took", time.Since(began).Round(time.Millisecond))
	for _, s := range []struct{ key, was, is string }{
		{"listen", string(d.first.Listen), string(cfg.Listen)},
		{"admin", string(d.first.Admin), string(cfg.Admin)},
		{"tls.cert", string(d.first.TLS.Cert), string(cfg.TLS.Cert)},
		{"tls.key", string(d.first.TLS.Key), string(cfg.TLS.Key)},
		{"tls.redirect", string(d.first.TLS.Redirect), string(cfg.TLS.Redirect)},
		{"tls.acme.hosts", strings.Join(d.first.TLS.ACME.Hosts, " "), strings.Join(cfg.TLS.ACME.Hosts, " ")},
		{"admin_tls.cert", string(d.first.AdminTLS.Cert), string(cfg.AdminTLS.Cert)},
		{"admin_tls.key", string(d.first.AdminTLS.Key), string(cfg.AdminTLS.Key)},
		{"admin_tls.client_ca", string(d.first.AdminTLS.ClientCA), string(cfg.AdminTLS.ClientCA)},
		{"storage.dir", string(d.first.Storage.Dir), string(cfg.Storage.Dir)},
	} {
		if s.was != s.is {
			d.log.Warn("a change that takes a restart", "key", s.key, "from", s.was, "to", s.is)
		}
	}
	return out
}

// askReload answers POST /reload.
func (d *running) askReload(w http.ResponseWriter, r *http.Request) {
	answer := make(chan reloaded, 1)
	select {
	case d.asked <- answer:
	case <-r.Context().Done():
		return
	}
	select {
	case got := <-answer:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = writeJSON(w, got) // the asker may have left
	case <-r.Context().Done():
	}
}

package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) check() *cobra.Command {
	return &cobra.Command{
		Use:     "check",
		Short:   "Say everything that is wrong with the configuration",
		Example: "  communique check --config communique.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, _, err := a.load()
			if err != nil {
				return err // Errors: one line each, exit 2
			}
			_, err = fmt.Fprintf(a.stdout, "ok: %d sources (%d of them on), %d named feeds, %d terms in the taxonomy\n",
				len(cfg.SourceConfigs()), len(pulled(cfg)), len(cfg.FeedConfigs()), len(cfg.Tagger().Terms()))
			tellLists(a.stdout, cfg, a.storeDir(cfg), time.Now())
			return err
		},
	}
}

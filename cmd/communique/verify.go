package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) verify() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Check every invariant of the store",
		Long: `verify reads the whole store and checks that it holds together. It changes
nothing of it. The daemon must be stopped, since it keeps the file to itself.`,
		Example: "  communique verify --data /var/lib/communique",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			file := storeFile(cfg, isDemo, data)
			store, err := openToRead(file)
			if err != nil {
				var answer statusAnswer
				if !errors.Is(err, errNoStore) && ask(c.Context(), cfg, file, "/status.json", &answer) == nil {
					return fmt.Errorf("verify: the daemon holds %s; stop it first, then verify", file)
				}
				return fmt.Errorf("verify: %w", err)
			}
			defer store.Close()
			if err := store.Verify(); err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			a.settle(file, "`communique verify` found all of it whole")
			_, err = fmt.Fprintf(a.stdout, "ok: %s\n", contents(store))
			return err
		},
	}
	dataFlag(c, &data)
	return c
}

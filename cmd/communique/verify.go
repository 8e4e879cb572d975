package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) verify() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:     "verify",
		Short:   "Check every invariant of the store",
		Example: "  communique verify --data /var/lib/communique",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			store, err := a.reading(data)
			if err != nil {
				return err
			}
			defer store.Close()
			if err := store.Verify(); err != nil {
				return fmt.Errorf("verify: %w", err)
			}
			st := store.Stats()
			_, err = fmt.Fprintf(a.stdout, "ok: %d statements, %d copies, %d records, position %d, %d bytes, digest %s\n",
				st.Statements, st.Copies, st.Records, st.Position, st.Size, store.Digest())
			return err
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of the store, over the configuration's `storage.dir`")
	return c
}

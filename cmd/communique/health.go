package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// health asks the running daemon whether it is well: for container images that
// have no other program to ask with.
func (a *app) health() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:     "health",
		Short:   "Ask the daemon on this machine whether it is well",
		Example: "  communique health --url http://127.0.0.1:8081/readyz",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), 4*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return usageError{err}
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answers %s", url, res.Status)
			}
			_, err = fmt.Fprintln(a.stdout, "ok")
			return err
		},
	}
	c.Flags().StringVar(&url, "url", "http://127.0.0.1:8081/livez", "what to ask")
	return c
}

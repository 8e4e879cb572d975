package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"communique/config"
)

// health asks the running daemon whether it is well: for container images that
// have no other program to ask with.
func (a *app) health() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:     "health",
		Short:   "Ask the daemon on this machine whether it is well",
		Example: "  communique health\n  communique health --url http://127.0.0.1:8081/readyz",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			asked := &config.Config{} // another address is told no token
			if url == "" {
				cfg, err := a.read()
				switch {
				case err != nil:
					// A daemon that goes on with the old configuration is well.
					a.log.Warn("the configuration cannot be read; asking the default address", "err", err)
					url = defaultAdmin
				case cfg == nil:
					url = defaultAdmin
				default:
					asked = cfg
					if url = adminURL(cfg); url == "" {
						return usageError{errors.New("there is no admin listener to ask: the configuration says `admin: off`")}
					}
				}
				url += "/livez"
			}
			res, err := request(c.Context(), asked, http.MethodGet, url, nil, soon)
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
	c.Flags().StringVar(&url, "url", "", "`URL` to ask (default: /livez at the configuration's admin address)")
	return c
}

const defaultAdmin = "http://127.0.0.1:8081"

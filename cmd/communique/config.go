package main

import (
	"github.com/spf13/cobra"

	"communique/config"
)

func (a *app) config() *cobra.Command {
	c := &cobra.Command{
		Use:     "config",
		Short:   "Describe the configuration",
		Example: "  communique config schema > communique.schema.json\n  communique config reference | less",
		Args:    cobra.NoArgs, // cobra looks at this, and so finds a misspelt subcommand, only when there is something to run
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	for _, sub := range []struct {
		name, short string
		make        func() ([]byte, error)
	}{
		{"schema", "Print the JSON Schema, for editors", config.Schema},
		{"reference", "Print the reference: every key, its meaning, default and example", config.Reference},
	} {
		c.AddCommand(&cobra.Command{
			Use: sub.name, Short: sub.short, Example: "  communique config " + sub.name, Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				b, err := sub.make()
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(b)
				return err
			},
		})
	}
	c.AddCommand(&cobra.Command{
		Use: "print", Short: "Print the configuration as it holds, includes and defaults filled in, secrets as ***",
		Example: "  communique config print\n  communique config print --config /etc/communique/communique.yaml", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, _, err := a.load()
			if err != nil {
				return err
			}
			b, err := cfg.Print()
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(b)
			return err
		},
	})
	return c
}

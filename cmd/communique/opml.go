package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/feeds/render"
	"communique/storage"
)

func (a *app) opml() *cobra.Command {
	c := &cobra.Command{
		Use:     "opml",
		Short:   "Take sources from OPML, give sources or feeds as OPML",
		Example: "  communique opml import subscriptions.opml >> communique.yaml",
	}
	c.AddCommand(a.opmlImport(), a.opmlExport())
	return c
}

func (a *app) opmlImport() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE|-",
		Short: "Print the subscriptions of an OPML file as YAML sources",
		Long: `import prints the subscriptions of an OPML file as ` + "`sources:`" + ` to paste, or to put
into a file of its own that ` + "`include:`" + ` names. It changes nothing. What the
configuration has already, by its address, is left out, and no id is used twice;
folders become comments.`,
		Example: "  communique opml import subscriptions.opml > packs/imported.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, err := a.read()
			if err != nil {
				return err
			}
			in, err := a.input(args[0])
			if err != nil {
				return fmt.Errorf("opml import: %w", err)
			}
			defer in.Close()
			file, err := io.ReadAll(io.LimitReader(in, maxOPML))
			if err != nil {
				return fmt.Errorf("opml import: %s: %w", args[0], err)
			}
			list, problems, err := config.ReadOPML(file)
			if err != nil {
				return fmt.Errorf("opml import: %s: %w", args[0], err)
			}
			text, skipped := cfg.Propose(list)
			if _, err := a.stdout.Write(text); err != nil {
				return err
			}
			for _, p := range problems {
				fmt.Fprintf(a.stderr, "%s: %s; left out\n", args[0], printable(p))
			}
			if len(skipped) > 0 {
				fmt.Fprintf(a.stderr, "%d of %d left out: they are in the configuration already, or twice in the list\n", len(skipped), len(list))
			}
			if len(list) == 0 {
				return fmt.Errorf("opml import: %s: there is no feed in it", args[0])
			}
			return nil
		},
	}
}

// maxOPML is as much of a list as is read, in octets.
const maxOPML = 32 << 20

func (a *app) opmlExport() *cobra.Command {
	var ofSources, ofFeeds bool
	var data string
	c := &cobra.Command{
		Use:   "export",
		Short: "Print the sources, or the published feeds, as OPML",
		Long: `export prints the configured sources as a list of subscriptions (OPML 2.0); with
--feeds the feeds that are published, as /feeds.opml has them. While the daemon
runs, it is the daemon that answers for the feeds, on the admin listener.`,
		Example: "  communique opml export > sources.opml\n  communique opml export --feeds > feeds.opml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if ofSources && ofFeeds {
				return usageError{errors.New("opml export: --sources or --feeds, not both")}
			}
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			var list []byte
			if ofFeeds {
				list, err = a.feedsOPML(c, cfg, storeFile(cfg, isDemo, data))
			} else {
				list, err = sourcesOPML(cfg)
			}
			if err != nil {
				return fmt.Errorf("opml export: %w", err)
			}
			_, err = a.stdout.Write(list)
			return err
		},
	}
	c.Flags().BoolVar(&ofSources, "sources", false, "the sources, which is the default")
	c.Flags().BoolVar(&ofFeeds, "feeds", false, "the published feeds")
	dataFlag(c, &data)
	return c
}

func sourcesOPML(cfg *config.Config) ([]byte, error) {
	var all []render.Outline
	for _, s := range cfg.SourceConfigs() {
		all = append(all, render.SourceOutline(s.Source))
	}
	if len(all) == 0 {
		return nil, errors.New("there are no sources in the configuration")
	}
	site := siteOf(cfg, cfg.Site)
	return render.OPML(site, "Sources of "+site.Title, time.Time{}, all...)
}

// feedsOPML gives what stands at /feeds.opml.
func (a *app) feedsOPML(c *cobra.Command, cfg *config.Config, file string) ([]byte, error) {
	store, err := openToRead(file)
	if errors.Is(err, storage.ErrInUse) {
		res, asked := askFor(c.Context(), cfg, file, http.MethodGet, "/feeds.opml", soon)
		if asked != nil {
			return nil, fmt.Errorf("%w (%w)", err, asked)
		}
		defer res.Body.Close()
		return io.ReadAll(res.Body)
	}
	if err != nil {
		return nil, err
	}
	defer store.Close()
	srv, err := server(cfg, cfg.Site, store, nil, a.log)
	if err != nil {
		return nil, err
	}
	return srv.FeedsOPML()
}

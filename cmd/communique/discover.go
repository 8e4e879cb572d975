package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"communique/aggregator/discover"
	"communique/aggregator/fetch"
	"communique/config"
)

func (a *app) discover() *cobra.Command {
	c := &cobra.Command{
		Use:   "discover URL",
		Short: "Find the feeds behind a page, as YAML to paste",
		Long: `discover looks for feeds behind a page: those that it names, those of its versions
in other languages, and those in the usual places of Drupal, WordPress and
others. Each is fetched and read, and printed as a source with what it gives:
how many items, the newest, the language, whole texts or teasers. The best comes
first; what is dead or holds readers' comments is switched off. Nothing is stored.`,
		Example: "  communique discover https://www.example.org/fr\n  communique discover example.org >> communique.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := a.read()
			if err != nil {
				return err
			}
			return a.discoverAt(c.Context(), cfg, args[0])
		},
	}
	return c
}

// gapOfDiscovery is the pause between two requests to one host: there are some
// fifty, once.
const gapOfDiscovery = 250 * time.Millisecond

func (a *app) discoverAt(ctx context.Context, cfg *config.Config, address string) error {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return usageError{fmt.Errorf("discover: %q is no address of a page; want one such as https://www.example.org/fr", address)}
	}
	o := fetch.Options{UserAgent: "communique/" + versionNumber, Timeout: 20 * time.Second, Gap: gapOfDiscovery}
	if cfg != nil {
		o.Gap = min(o.Gap, cfg.Fetch.Gap.Std())
		o.UserAgent, o.Proxy, o.AllowNetworks = cfg.Agent(versionNumber), cfg.Fetch.Proxy.Reveal(), config.Prefixes(cfg.Fetch.AllowNetworks)
	}
	o.AllowNetworks = append(o.AllowNetworks, ownNetwork(ctx, u.Hostname())...)
	f, err := fetch.New(o)
	if err != nil {
		return err
	}
	defer f.Close()
	step, stop := a.spinner("looking")
	found, err := discover.Discover(ctx, address, discover.Options{Fetcher: f, Now: time.Now().UTC(), Step: step})
	stop()
	if err != nil {
		return fmt.Errorf("discover: %w", err)
	}
	var list []config.Proposal
	for i := range found.Feeds {
		list = append(list, proposal(&found.Feeds[i]))
	}
	text, skipped := cfg.Propose(list)
	if len(list) > len(skipped) {
		if _, err := a.stdout.Write(text); err != nil {
			return err
		}
	}
	for _, p := range skipped {
		fmt.Fprintf(a.stderr, "in the configuration already: %s\n", printable(p.URL))
	}
	for _, problem := range found.Failed {
		fmt.Fprintf(a.stderr, "the page names a feed that cannot be read: %s\n", printable(problem))
	}
	if len(list) == 0 {
		for _, m := range found.Sitemaps {
			fmt.Fprintf(a.stderr, "there is a sitemap: %s\n", printable(m))
		}
		return fmt.Errorf("discover: no feed found behind %s; %d addresses were tried", found.Page, found.Tried)
	}
	return nil
}

// spinner shows on a terminal what is being asked.
func (a *app) spinner(doing string) (step func(url string), stop func()) {
	if !isTerminal(a.stderr) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(doing),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
	return func(url string) {
			bar.Describe(doing + " at " + printable(url))
			_ = bar.Add(1) // a bar that cannot be drawn is no failure
		}, func() {
			_ = bar.Finish()
		}
}

// ownNetwork opens the network that the host is on: whoever types an address on
// his own machine may reach his own network, and a page that is found there may
// not lead to any other.
func ownNetwork(ctx context.Context, host string) []netip.Prefix {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil // the visit will say so
	}
	var out []netip.Prefix
	for _, ip := range ips {
		out = append(out, netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen()))
	}
	return out
}

// proposal words what is known of a feed.
func proposal(f *discover.Feed) config.Proposal {
	var about []string
	add := func(format string, args ...any) { about = append(about, fmt.Sprintf(format, args...)) }
	add("%s, %s", f.Format, f.How)
	add("%d items", f.Items)
	if !f.Newest.IsZero() {
		add("newest %s", f.Newest.Format("2006-01-02"))
	}
	if f.PerWeek > 0 {
		add("about %s a week", rate(f.PerWeek))
	}
	switch {
	case f.Full:
		add("whole texts")
	case f.Items > 0:
		add("teasers")
	}
	if f.Hub != "" {
		add("pushes (WebSub)")
	}
	p := config.Proposal{URL: f.URL, Title: f.Title, Site: f.Site, Language: f.Language, Notes: append([]string{strings.Join(about, ", ")}, f.Notes...)}
	switch {
	case f.Comments:
		p.Off, p.Notes = true, append(p.Notes, "comments of readers")
	case f.Quiet:
		p.Off, p.Notes = true, append(p.Notes, "nothing new for half a year")
	}
	return p
}

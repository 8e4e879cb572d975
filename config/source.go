package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"communique/aggregator/extract"
	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/feeds"
)

// SourceConfig is a source with everything filled in that `defaults` and
// `fetch` say.
type SourceConfig struct {
	Source        feeds.Source
	Kind          Kind
	Enabled       bool
	Flood         Flood
	List          string // the living list that it comes from; "" for the files themselves
	Schedule      schedule.Schedule
	Floor         time.Duration // never 0
	Ceiling       time.Duration
	Headers       Headers                // names in canonical form
	AllowNetworks []netip.Prefix         // those of fetch included
	Reader        *extract.Reader        // nil for a feed
	Article       *extract.ArticleReader // nil when pages are not followed
	Reading       string                 // what those two were made from
	WebSub        bool                   // whether to subscribe at its hub, where we do so at all
}

// FeedConfig is a named feed with everything filled in.
type FeedConfig struct {
	Feed feeds.Feed
	Was  []string // names that it had before
}

// SourceConfigs gives every source, also those that are switched off, in the
// order of the files. It is the configuration's own: not to be changed.
func (c *Config) SourceConfigs() []SourceConfig { return c.sources }

// FeedConfigs gives the named feeds in the order of the files. It is the
// configuration's own: not to be changed.
func (c *Config) FeedConfigs() []FeedConfig { return c.feeds }

// RemovedFeeds gives the names of feeds that there were.
func (c *Config) RemovedFeeds() []string { return texts(c.Removed) }

// Tagger gives the rules of the taxonomy. Those of the operator were compiled
// while they were checked, built-in ones alone are when they are first asked for.
func (c *Config) Tagger() *tag.Tagger { return c.tagger() }

// On fills in what follows from the address that is listened on, where the file
// does not say it: base_url. Load has done so for `listen`; when a flag says
// another address, ask again.
func (s Site) On(addr string) Site {
	if !s.baseGiven {
		host, port, err := net.SplitHostPort(addr)
		if ip, parseErr := netip.ParseAddr(host); err != nil || host == "" || parseErr == nil && ip.IsUnspecified() {
			host = "localhost"
		}
		scheme := "http://"
		if s.secure {
			scheme = "https://"
		}
		s.BaseURL = URL(scheme + net.JoinHostPort(host, or(port, "80")))
	}
	if !s.authorityGiven {
		// Without an address of its own the site is on trial, and trying another
		// port must not make every entry new.
		s.Authority = "localhost,2026"
		if u, err := url.Parse(string(s.BaseURL)); s.baseGiven && err == nil {
			if a := Authority(""); a.set(u.Hostname()+",2026") == nil {
				s.Authority = Authority(u.Hostname() + ",2026")
			}
		}
	}
	return s
}

// Agent gives what we call ourselves to origins: "communique/1.2
// (+https://news.example.org; press@example.org)".
func (c *Config) Agent(version string) string {
	if c.Fetch.UserAgent != "" {
		return c.Fetch.UserAgent
	}
	var about []string
	if c.Site.baseGiven {
		about = append(about, "+"+string(c.Site.BaseURL))
	}
	if c.Fetch.Contact != "" {
		about = append(about, c.Fetch.Contact)
	}
	agent := "communique"
	if version != "" {
		agent += "/" + version
	}
	if len(about) > 0 {
		agent += fmt.Sprintf(" (%s)", strings.Join(about, "; "))
	}
	return agent
}

// Prefixes gives networks as the standard library's.
func Prefixes(lists ...[]Network) []netip.Prefix {
	var out []netip.Prefix
	for _, list := range lists {
		for _, n := range list {
			out = append(out, netip.Prefix(n))
		}
	}
	return out
}

// effective fills in what a source leaves to the defaults; when it is asked is
// the caller's.
func (c *Config) effective(s *Source) SourceConfig {
	d := &c.Defaults
	out := SourceConfig{
		Source: feeds.Source{
			ID: feeds.SourceID(s.ID), URL: string(s.URL), Title: s.Title, Site: string(s.Site),
			Language: string(or(s.Language, d.Language)),
			Regions:  texts(orList(s.Regions, d.Regions)), Topics: texts(orList(s.Topics, d.Topics)),
			Priority: d.Priority, Identity: string(s.Identity), Distrust: texts(s.Distrust), Match: string(s.Match),
			Credit: s.Credit,
		},
		Kind: s.Kind, Enabled: s.Enabled == nil || *s.Enabled,
		Flood:         s.Flood,
		Headers:       d.Headers,
		AllowNetworks: Prefixes(c.Fetch.AllowNetworks, s.AllowNetworks),
		WebSub:        s.WebSub == nil || *s.WebSub,
	}
	if out.List = s.list; out.List != "" {
		out.Headers = nil // whoever keeps the list must not have them sent to himself
	}
	if s.Priority != nil {
		out.Source.Priority = *s.Priority
	}
	if len(s.Headers) > 0 {
		out.Headers = make(Headers, len(d.Headers)+len(s.Headers))
		for _, h := range []Headers{d.Headers, s.Headers} {
			for name, v := range h {
				out.Headers[name] = v
			}
		}
	}
	return out
}

// or gives the first that is not zero.
func or[T comparable](own, fallback T) T {
	var zero T
	if own != zero {
		return own
	}
	return fallback
}

// orList gives the source's own list, also when it is given and empty.
func orList[T any](own, fallback []T) []T {
	if own != nil {
		return own
	}
	return fallback
}

// texts gives a list of our own kinds of text as plain text.
func texts[T ~string](list []T) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}

package config

import (
	"net/netip"
	"time"

	"communique/feeds"
)

// SourceConfig is a source with everything filled in that `defaults` and
// `fetch` say.
type SourceConfig struct {
	Source        feeds.Source
	Kind          Kind
	Enabled       bool
	Expr          string         // the schedule as it was written
	Location      *time.Location // of its cron expression
	Floor         time.Duration
	Ceiling       time.Duration
	Headers       Headers
	AllowNetworks []netip.Prefix
}

// FeedConfig is a named feed.
type FeedConfig struct {
	Feed    feeds.Feed
	Content Content
}

// SourceConfigs gives every source, also those that are switched off, in the
// order of the files.
func (c *Config) SourceConfigs() []SourceConfig { return c.sources }

// FeedConfigs gives the named feeds in the order of the files.
func (c *Config) FeedConfigs() []FeedConfig { return c.feeds }

// effective fills in what a source leaves to the defaults.
func (c *Config) effective(s *Source, loc *time.Location) SourceConfig {
	d := &c.Defaults
	out := SourceConfig{
		Source: feeds.Source{
			ID: feeds.SourceID(s.ID), URL: string(s.URL), Title: s.Title, Site: string(s.Site),
			Language: string(or(s.Language, d.Language)),
			Regions:  texts(orList(s.Regions, d.Regions)), Topics: texts(orList(s.Topics, d.Topics)),
			Priority: d.Priority, Identity: string(s.Identity), Distrust: texts(s.Distrust), Credit: s.Credit,
		},
		Kind: s.Kind, Enabled: s.Enabled == nil || *s.Enabled,
		Expr: or(s.Schedule, d.Schedule), Location: loc,
		Floor: or(s.Floor, d.Floor).Std(), Ceiling: or(s.Ceiling, d.Ceiling).Std(),
		Headers: d.Headers,
	}
	if s.Priority != nil {
		out.Source.Priority = *s.Priority
	}
	if len(s.Headers) > 0 {
		out.Headers = make(Headers, len(d.Headers)+len(s.Headers))
		for name, v := range d.Headers {
			out.Headers[name] = v
		}
		for name, v := range s.Headers {
			out.Headers[name] = v
		}
	}
	for _, list := range [][]Network{c.Fetch.AllowNetworks, s.AllowNetworks} {
		for _, n := range list {
			out.AllowNetworks = append(out.AllowNetworks, netip.Prefix(n))
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

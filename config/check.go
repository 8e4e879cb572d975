package config

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"communique/feeds"
)

// finish judges what needs more than one value, fills in the effective
// settings and gives the whole.
func (l *loader) finish() *Config {
	c := l.config
	if _, ok := l.given["sources"]; !ok && l.files[0].root != nil {
		l.errorAt(place{file: l.files[0], node: l.files[0].root}, `has no "sources"; give a list of them, [] for none yet`)
	}
	c.Site.derive(c.Listen)
	ids := map[ID]*Source{}
	for i := range c.Sources {
		s := &c.Sources[i]
		if first := ids[s.ID]; first != nil && s.ID != "" {
			at := s.At.at("id")
			f := first.At.at("id")
			l.errorAt(at, fmt.Sprintf("%q is given twice, first in %s:%d", s.ID, f.file.name, f.node.Line))
			continue
		}
		ids[s.ID] = s
		c.sources = append(c.sources, c.effective(s, time.UTC))
	}
	for i := range c.Feeds {
		c.feeds = append(c.feeds, c.Feeds[i].config())
	}
	return c
}

// derive fills in what follows from other values.
func (s *Site) derive(listen Address) {
	if s.BaseURL == "" {
		host, port, _ := net.SplitHostPort(string(listen))
		if host == "" {
			host = "localhost"
		}
		s.BaseURL = URL("http://" + net.JoinHostPort(host, port))
	}
	if s.Authority == "" {
		if u, err := url.Parse(string(s.BaseURL)); err == nil {
			s.Authority = Authority(u.Hostname() + ",2026")
		}
	}
}

func (f *Feed) config() FeedConfig {
	q := feeds.Query{
		Regions: texts(f.Query.Regions), Countries: texts(f.Query.Countries), Topics: texts(f.Query.Topics), Events: texts(f.Query.Events),
		Languages: texts(f.Query.Languages), Words: f.Query.Words, Limit: f.Limit,
	}
	for _, id := range f.Query.Sources {
		q.Sources = append(q.Sources, feeds.SourceID(id))
	}
	out := FeedConfig{Feed: feeds.Feed{Path: string(f.Name), Title: or(f.Title, string(f.Name)), Subtitle: f.Subtitle, Query: q}, Content: f.Content}
	if len(q.Languages) == 1 {
		out.Feed.Language = q.Languages[0]
	}
	return out
}

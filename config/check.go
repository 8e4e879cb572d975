package config

import (
	"errors"
	"fmt"
	"maps"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/aggregator/extract"
	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/feeds"

	"go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// finish judges what needs more than one value, fills in the effective
// settings and gives the whole.
func (l *loader) finish() *Config {
	c := l.config
	if root := l.files[0].root; l.given["sources"].file == nil && l.given["include_opml"].file == nil && root != nil && root.Kind == yaml.MappingNode && !l.broken {
		l.errorAt(place{file: l.files[0], node: root}, `has no "sources"; give a list of them, [] for none yet`)
	}
	l.listeners(c)
	l.site(&c.Site)
	l.access(c)
	l.fetch(&c.Fetch)
	l.headers(c.Traces.At, &c.Traces.Headers)
	l.backup(&c.Storage.Backup)
	l.terms = l.taxonomy(c)

	d := &c.Defaults
	l.knownTerms(d.At.at("regions"), feeds.Region, texts(d.Regions))
	l.knownTerms(d.At.at("topics"), feeds.Topic, texts(d.Topics))
	l.headers(d.At, &d.Headers)
	l.bounds(d.At, d, &Source{})

	l.lists(c)
	ids, addresses := make(map[string]place, len(c.Sources)), make(map[string]*Source, len(c.Sources))
	for i := range c.Sources {
		if s := &c.Sources[i]; l.unique(ids, s.At, "id", string(s.ID)) {
			l.source(c, s)
			l.onceAsked(addresses, s)
		}
	}
	named := l.feeds(c, ids)
	l.webSub(&c.WebSub)
	l.webhooks(c, ids, named)
	l.groups(c.Dedup.Groups, ids)
	if r := &c.Retain; r.Age != 0 && r.Age < c.Dedup.Window {
		l.errorAt(r.At.at("age"), fmt.Sprintf("%s is shorter than dedup.window (%s), in which statements are compared with what comes in; give at least that", r.Age, c.Dedup.Window))
	}
	c.pins = l.pins(c.Dedup.Pins)
	l.related(&c.Link)
	c.embeds = l.embeds(&c.Embeds, ids, named)
	c.forgetPlaces()
	return c
}

// backup checks when copies of the store are made.
func (l *loader) backup(b *Backup) {
	s, err := schedule.Parse(string(b.Schedule), time.UTC)
	if err != nil || b.Schedule == "" {
		return // an error at its own place already
	}
	if s.IsAdaptive() {
		l.errorAt(b.At.at("schedule"), `"adaptive": is for sources; say when, such as @daily`)
	}
	b.when = s
}

// Next gives when a copy is due, after the last one; the zero time when none are
// made.
func (b *Backup) Next(last time.Time) time.Time {
	if b.Dir == "" {
		return time.Time{}
	}
	return b.when.Next(last)
}

// forgetPlaces lets the YAML tree go, which is larger than what it says.
func (c *Config) forgetPlaces() {
	c.Storage.Backup.At, c.Retain.At = place{}, place{}
	c.Site.At, c.Fetch.At, c.Defaults.At, c.Dedup.At, c.Link.At = place{}, place{}, place{}, place{}, place{}
	for i := range c.Sources {
		c.Sources[i].At = place{}
	}
	for i := range c.IncludeOPML {
		c.IncludeOPML[i].At = place{}
	}
	for i := range c.Feeds {
		c.Feeds[i].forgetPlaces()
	}
	c.WebSub.At, c.Stream.At, c.Cache.At = place{}, place{}, place{}
	c.TLS.At, c.TLS.ACME.At, c.AdminTLS.At = place{}, place{}, place{}
	for i := range c.Webhooks {
		c.Webhooks[i].At = place{}
		c.Webhooks[i].Query.forgetPlaces()
	}
	for i := range c.Dedup.Groups {
		c.Dedup.Groups[i].At = place{}
	}
	for i := range c.Dedup.Pins {
		c.Dedup.Pins[i].At = place{}
	}
	c.Embeds.At = place{}
	for i := range c.Embeds.Partners {
		p := &c.Embeds.Partners[i]
		p.At, p.Theme.At, p.Theme.Light.At, p.Theme.Dark.At = place{}, place{}, place{}, place{}
	}
}

// unique reports an id or name that an earlier element has. One that is missing
// or bad has been reported already.
func (l *loader) unique(seen map[string]place, at place, key, id string) bool {
	if id == "" {
		return true
	}
	if first, twice := seen[id]; twice {
		f := first.at(key)
		l.errorAt(at.at(key), fmt.Sprintf("%q is given twice, first in %s:%d", id, f.file.name, f.node.Line))
		return false
	}
	seen[id] = at
	return true
}

// onceAsked reports a source with the address of an earlier one: each of its
// statements would be shown as said by two offices. With headers of its own it
// may be another feed, and one that is switched off is not asked.
func (l *loader) onceAsked(seen map[string]*Source, s *Source) {
	u, err := url.Parse(string(s.URL))
	if err != nil || u.Host == "" || len(s.Headers) > 0 || s.Enabled != nil && !*s.Enabled {
		return
	}
	u.Host, u.Fragment = strings.ToLower(u.Host), ""
	key := u.String()
	if first, twice := seen[key]; twice {
		f := first.At.at("url")
		l.errorAt(s.At.at("url"), fmt.Sprintf("%q is the address of source %q too, in %s:%d; take one of them out", s.URL, first.ID, f.file.name, f.node.Line))
		return
	}
	seen[key] = s
}

func (l *loader) listeners(c *Config) {
	if string(c.Listen) == string(c.Admin) && c.Listen != "" && !strings.HasSuffix(string(c.Listen), ":0") {
		at := l.top("admin")
		if at.file == nil {
			at = l.top("listen")
		}
		l.errorAt(at, fmt.Sprintf("%q: listen and admin are the same address", c.Listen))
	}
}

// top gives the place of a top-level key's value, in whatever file it stands.
func (l *loader) top(key string) place {
	p, ok := l.given[key]
	if !ok {
		return place{}
	}
	return place{file: p.file, node: p.file.root}.at(key)
}

func (l *loader) site(s *Site) {
	if u, err := url.Parse(string(s.BaseURL)); err == nil && (u.RawQuery != "" || u.Fragment != "") {
		l.errorAt(s.At.at("base_url"), "wants no query (?) and no fragment (#)")
	}
	s.BaseURL = URL(strings.TrimRight(string(s.BaseURL), "/"))
	s.baseGiven, s.authorityGiven = s.BaseURL != "", s.Authority != ""
	*s = s.On(string(l.config.Listen))
}

func (l *loader) fetch(f *Fetch) {
	if p := f.Proxy.Reveal(); p != "" {
		u, err := url.Parse(p)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			l.errorAt(f.At.at("proxy"), "wants an http, https or socks5 URL") // without the value, which may be secret
		}
	}
	for _, text := range []struct{ key, value string }{{"user_agent", f.UserAgent}, {"contact", f.Contact}} {
		if !httpguts.ValidHeaderFieldValue(text.value) {
			l.errorAt(f.At.at(text.key), "has a line break or a control character in it")
		}
	}
}

// taxonomy checks the operator's rules, and gives the terms that there are by
// scheme. Without such rules all wait until somebody asks: what is built in
// holds no mistake, and to compile it is a good part of a start.
func (l *loader) taxonomy(c *Config) func() map[string][]string {
	t := &c.Taxonomy
	c.tagger = builtinTagger
	if len(t.Regions)+len(t.Countries)+len(t.Topics)+len(t.Events) > 0 {
		if tagger, err := tag.New(*t); err != nil {
			l.wrongRules(err)
		} else {
			c.tagger = func() *tag.Tagger { return tagger }
		}
	}
	return sync.OnceValue(func() map[string][]string {
		terms := map[string][]string{}
		for _, own := range []struct {
			scheme string
			rules  []tag.Rule
		}{{feeds.Region, t.Regions}, {feeds.Country, t.Countries}, {feeds.Topic, t.Topics}, {feeds.Event, t.Events}} {
			for _, r := range own.rules {
				// Also those with an error of their own, which is enough.
				terms[own.scheme] = append(terms[own.scheme], r.ID)
			}
		}
		for _, t := range c.tagger().Terms() {
			terms[t.Tag.Scheme] = append(terms[t.Tag.Scheme], t.Tag.Term)
		}
		return terms
	})
}

// wrongRules tells each of a tagger's errors at its place.
func (l *loader) wrongRules(err error) {
	at := l.top("taxonomy")
	for _, e := range flatten(err) {
		var te *tag.Error
		if errors.As(e, &te) {
			l.errorAt(at.at(te.Path...), te.Message)
		} else {
			l.errorAt(at, e.Error())
		}
	}
}

var builtinTagger = sync.OnceValue(func() *tag.Tagger {
	t, err := tag.New(tag.Taxonomy{})
	if err != nil {
		panic(err) // the program was built with broken rules
	}
	return t
})

// flatten takes a joined error apart.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// schemes by the word that people use for them.
var schemes = []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event}

// knownTerms checks a list of terms against the taxonomy.
func (l *loader) knownTerms(at place, scheme string, list []string) {
	for i, term := range list {
		if term == "" || l.broken || slices.Contains(l.terms()[scheme], term) {
			continue // "" was an error at its own place
		}
		msg := fmt.Sprintf("unknown %s %q", scheme, term)
		kind := ""
		for _, other := range schemes {
			if slices.Contains(l.terms()[other], term) {
				kind = other
			}
		}
		if kind != "" {
			msg += ", which is of another kind: " + kind
		} else if near := nearest(term, l.terms()[scheme]); near != "" && scheme != feeds.Country {
			msg += fmt.Sprintf("; did you mean %q?", near)
		} else if all := l.terms()[scheme]; len(all) > 0 && len(all) <= 40 {
			msg += "; there are " + strings.Join(all, ", ")
		}
		l.errorAt(at.at(i), msg)
	}
}

// extraction compiles what reads a source that is no feed, and its pages.
func (l *loader) extraction(s *Source, out *SourceConfig) {
	r := extract.Rules{
		Kind: string(s.Kind), Preset: string(s.Select.Preset), Match: s.Select.Match, Items: s.Select.Items, ID: s.Select.ID, Title: s.Select.Title,
		Link: s.Select.Link, Published: s.Select.Published, Updated: s.Select.Updated, Summary: s.Select.Summary, Content: s.Select.Content,
		Image: s.Select.Image, Author: s.Select.Author, Categories: s.Select.Categories, Enclosures: s.Select.Enclosures, Language: s.Select.Language,
	}
	a := extract.ArticleRules{Text: s.Article.Text, Remove: s.Article.Remove, Title: s.Article.Title, Published: s.Article.Published, Image: s.Article.Image, Author: s.Article.Author}
	follow := s.Kind == extract.Sitemap
	if s.Follow != nil {
		follow = *s.Follow
	}
	report := func(section string, errs []extract.RuleError) {
		for _, e := range errs {
			if at := s.At.at(section); s.At.has(section) && at.has(e.Key) {
				l.errorAt(at.at(e.Key), e.Msg)
			} else if s.At.has(section) {
				l.errorAt(at, e.Key+" "+e.Msg)
			} else {
				l.errorAt(s.At.at("kind"), section+"."+e.Key+" "+e.Msg)
			}
		}
	}
	var errs []extract.RuleError
	isFeed := s.Kind == "" || s.Kind == "feed"
	switch {
	case s.Kind == "" && s.At.has("kind"): // an error already
	case isFeed && s.At.has("select"):
		l.errorAt(s.At.at("select"), "is for a source that is no feed; give its kind: html-list, sitemap or json")
	case isFeed:
	case s.Select.Preset != "" && s.Kind != extract.JSON:
		report("select", []extract.RuleError{{Key: "preset", Msg: "is for kind json"}})
	case s.Select.Match != "" && s.Kind != extract.Sitemap:
		report("select", []extract.RuleError{{Key: "match", Msg: "is for kind sitemap"}})
	default:
		out.Reader, errs = extract.Compile(r)
		report("select", errs)
	}
	switch {
	case follow:
		out.Article, errs = extract.CompileArticle(a)
		report("article", errs)
	case s.At.has("article"):
		l.errorAt(s.At.at("article"), "is for a source whose pages are read; give it follow: true too")
	}
	if out.Reader != nil || out.Article != nil {
		out.Reading = fmt.Sprintf("%d %+v %t %+v", extract.Version, r, follow, a)
	}
}

// managed are the request headers that fetch sets by itself.
var managed = []string{
	"Accept-Encoding", "Connection", "Content-Length", "Host", "If-Modified-Since", "If-None-Match", "Range", "Te",
	"Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
}

// headers checks request headers and brings their names into canonical form.
func (l *loader) headers(section place, h *Headers) {
	if len(*h) == 0 {
		return
	}
	out := make(Headers, len(*h))
	for _, name := range slices.Sorted(maps.Keys(*h)) {
		value := (*h)[name]
		at := section.at("headers", name)
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		switch _, twice := out[canonical]; {
		case !httpguts.ValidHeaderFieldName(name):
			l.errorAt(at, fmt.Sprintf("%q is no name of a header", name))
		case canonical == "User-Agent":
			l.errorAt(at, "is set by fetch.user_agent, for all sources alike")
		case slices.Contains(managed, canonical):
			l.errorAt(at, "is a header that we manage; take it out")
		case twice:
			l.errorAt(at, fmt.Sprintf("is given twice, as %s in other letters", canonical))
		case !httpguts.ValidHeaderFieldValue(value.Reveal()):
			l.errorAt(at, "has a line break or a control character in it") // without the value, which may be secret
		}
		out[canonical] = value
	}
	*h = out
}

// bounds checks floor and ceiling of the defaults, or of a source with them.
func (l *loader) bounds(at place, d *Defaults, s *Source) (floor, ceiling time.Duration) {
	floor, ceiling = or(s.Floor, d.Floor).Std(), or(s.Ceiling, d.Ceiling).Std()
	switch {
	case floor <= ceiling:
	case at.has("floor") && at.has("ceiling"):
		l.errorAt(at.at("floor"), fmt.Sprintf("%s is more than the ceiling of %s", Duration(floor), Duration(ceiling)))
	case at.has("ceiling"):
		floor = ceiling // the narrower word of the two
	default:
		ceiling = floor
	}
	return floor, ceiling
}

// source checks one source and adds what it comes to.
func (l *loader) source(c *Config, s *Source) {
	d := &c.Defaults
	l.knownTerms(s.At.at("regions"), feeds.Region, texts(s.Regions))
	l.knownTerms(s.At.at("topics"), feeds.Topic, texts(s.Topics))
	l.headers(s.At, &s.Headers)
	if (s.Identity == "guid" || s.Identity == "link") && slices.Contains(s.Distrust, Distrust(s.Identity)) {
		l.errorAt(s.At.at("identity"), fmt.Sprintf("%q: is distrusted below distrust; take one of the two out", s.Identity))
	}
	out := c.effective(s)
	l.extraction(s, &out)
	out.Floor, out.Ceiling = l.bounds(s.At, d, s)

	at := s.At
	if s.Schedule == "" {
		at = d.At
	}
	out.Schedule = l.schedule(string(or(s.Schedule, d.Schedule)), string(or(s.TimeZone, d.TimeZone)))
	switch every := out.Schedule.Every(); {
	case out.Schedule.IsAdaptive():
	case !s.At.has("floor") && !d.At.has("floor"):
		// A floor that nobody wrote is no reason to ask less often than somebody
		// wrote. A cron expression counts in minutes.
		out.Floor = min(out.Floor, or(every, time.Minute))
	default:
		least := l.shortestOf(out.Schedule)
		switch {
		case least >= out.Floor:
		case s.At.has("floor"):
			l.errorAt(s.At.at("floor"), fmt.Sprintf("%s is more than the %s of the schedule %q", Duration(out.Floor), Duration(least), out.Schedule))
		default:
			l.errorAt(at.at("schedule"), fmt.Sprintf("%q is more often than the floor of %s; give the source a floor of its own to allow it", out.Schedule, Duration(out.Floor)))
		}
	}
	c.sources = append(c.sources, out)
}

// schedule reads an expression in its zone; both have been found good. Most
// sources share a few.
func (l *loader) schedule(expr, zone string) schedule.Schedule {
	key := zone + " " + expr
	s, known := l.schedules[key]
	if !known {
		loc, err := time.LoadLocation(or(zone, "UTC"))
		if err == nil {
			s, err = schedule.Parse(expr, loc)
		}
		if err != nil {
			s = schedule.Schedule{} // an error at its own place already
		}
		l.schedules[key] = s
	}
	return s
}

// shortestOf gives a schedule's shortest interval, which takes hundreds of steps
// to find for a cron expression.
func (l *loader) shortestOf(s schedule.Schedule) time.Duration {
	least, known := l.shortest[s.String()]
	if !known {
		least = s.Shortest()
		l.shortest[s.String()] = least
	}
	return least
}

// knownSources checks the list "sources" of a section.
func (l *loader) knownSources(section place, list []ID, sources map[string]place) {
	for i, id := range list {
		if _, known := sources[string(id)]; known || id == "" || l.broken {
			continue
		}
		msg := fmt.Sprintf("there is no source %q", id)
		if near := nearest(string(id), slices.Sorted(maps.Keys(sources))); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		l.errorAt(section.at("sources", i), msg)
	}
}

package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"communique/feeds"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"
)

// Titles are a feed's titles by language; one without a language is under "".
type Titles map[string]string

// Languages is a feed's language policy: neither list means `all`.
type Languages struct {
	// Languages (BCP 47) that there must be a copy in, the first shown where there
	// is one. Excludes `prefer`.
	Only []Language `yaml:"only" example:"[fr, en]"`

	// Languages to show a statement in where there is a copy, the first before the
	// others.
	Prefer []Language `yaml:"prefer" example:"[fr, en]"`

	At place `yaml:"-"`
}

// Queries are several queries, or one without a list around it.
type Queries []Query

// Share is a number of entries, such as 5, or a part of all, such as 20%.
type Share struct{ feeds.Share }

func (s *Share) set(text string) error {
	bad := &wrong{msg: "wants a number of entries (1 to 500), or a part of all such as 20% (1% to 100%)"}
	percent, isPart := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(percent)
	switch {
	case err != nil || n < 1:
		if x, ferr := strconv.ParseFloat(text, 64); ferr == nil && x > 0 && x < 1 {
			bad.near = fmt.Sprintf("%.0f%%", 100*x)
		}
		return bad
	case isPart && n <= 100:
		s.Part = float64(n) / 100
	case !isPart && n <= 500:
		s.Entries = n
	default:
		return bad
	}
	return nil
}

// FeedOrder is what stands first in a feed.
type FeedOrder string

func (FeedOrder) words() []string          { return []string{"published", "updated"} }
func (o *FeedOrder) set(text string) error { return oneOf(o, text, o.words()) }

// IDPolicy is which ids the entries of a feed have.
type IDPolicy string

func (IDPolicy) words() []string          { return []string{"statement", "preserve"} }
func (i *IDPolicy) set(text string) error { return oneOf(i, text, i.words()) }

func (FeedOrder) JSONSchema() *jsonschema.Schema { return wordsOf(FeedOrder("").words()) }
func (IDPolicy) JSONSchema() *jsonschema.Schema  { return wordsOf(IDPolicy("").words()) }

// JSONSchema is a number or a part.
func (Share) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "integer", Minimum: "1", Maximum: "500"}, textOf(`^([1-9][0-9]?|100)%$`)}}
}

// JSONSchema is a text or texts by language.
func (Titles) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"},
		{Type: "object", PropertyNames: Language("").JSONSchema(), AdditionalProperties: &jsonschema.Schema{Type: "string"}}}}
}

// JSONSchema is a query or a list of them.
func (Queries) JSONSchema() *jsonschema.Schema {
	one := &jsonschema.Schema{Ref: "#/$defs/Query"}
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{one, {Type: "array", Items: one}}}
}

// JSONSchemaExtend adds the word that a policy may be in place of a section.
func (Languages) JSONSchemaExtend(s *jsonschema.Schema) {
	section := *s
	*s = jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string", Enum: []any{"all"}}, &section}}
}

// titles decodes a text, or a section of texts by language.
func (d *decoder) titles(v reflect.Value, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		var one string
		d.plain(reflect.ValueOf(&one).Elem(), n, nil)
		if one != "" {
			v.Set(reflect.ValueOf(Titles{"": one}))
		}
		return
	}
	out := Titles{}
	for _, p := range d.pairs(n) {
		d.steps = append(d.steps, step{key: p.name, node: p.key})
		var tag Language
		var text string
		if err := tag.set(p.name); err != nil {
			d.wrongAt(p.key, err)
		}
		d.plain(reflect.ValueOf(&text).Elem(), p.value, nil)
		if before, twice := out[string(tag)]; twice && tag != "" {
			d.errorAt(p.key, fmt.Sprintf("%s is given twice, first as %s", tag, quote(before)))
		}
		out[string(tag)] = text
		d.steps = d.steps[:len(d.steps)-1]
	}
	if len(out) == 0 {
		d.errorAt(n, "is empty; give a title for a language, or take the line out")
	}
	v.Set(reflect.ValueOf(out))
}

// languages decodes `all`, or a section.
func (d *decoder) languages(v reflect.Value, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		if n.Value != "all" {
			near := ""
			if new(Language).set(n.Value) == nil {
				near = fmt.Sprintf("; did you mean {prefer: [%s]} or {only: [%[1]s]}?", n.Value)
			}
			d.errorAt(n, quote(n.Value)+": wants all, {only: [fr]} or {prefer: [fr, en]}"+near)
		}
		return
	}
	if n.Kind == yaml.SequenceNode {
		d.errorAt(n, "wants all, {only: [fr]} or {prefer: [fr, en]}, got a list; say which of the two it is")
		return
	}
	d.section(v, n)
}

// queries decodes a query, or a list of them.
func (d *decoder) queries(v reflect.Value, n *yaml.Node, f *field) {
	if n.Kind == yaml.MappingNode {
		one := make(Queries, 1)
		d.section(reflect.ValueOf(&one[0]).Elem(), n)
		v.Set(reflect.ValueOf(one))
		return
	}
	d.list(v, n, f)
}

// reserved are the first words of the addresses that we make.
var reserved = []string{"all", "region", "country", "topic", "event", "source"}

// feeds checks the named feeds and what they were called.
func (l *loader) feeds(c *Config, sources map[string]place) (named map[string]place) {
	named = map[string]place{}
	names := map[string]place{} // whatever stands, stood or stood once at /feeds/…
	var good []*Feed
	for i := range c.Feeds {
		f := &c.Feeds[i]
		if !l.unique(names, f.At, "name", string(f.Name)) {
			continue
		}
		names[string(f.Name)] = f.At.at("name")
		if slices.Contains(reserved, string(f.Name)) {
			l.errorAt(f.At.at("name"), fmt.Sprintf("%q is an address that every site has; choose another", f.Name))
		}
		named[string(f.Name)] = f.At
		if f.Private {
			l.private = append(l.private, string(f.Name))
		}
		l.feed(f, sources)
		good = append(good, f)
	}
	take := func(at place, name ID, what string) {
		switch first, taken := names[string(name)]; {
		case name == "":
		case slices.Contains(reserved, string(name)):
			l.errorAt(at, fmt.Sprintf("%q is an address that every site has; no feed was called so", name))
		case taken:
			l.errorAt(at, fmt.Sprintf("%q is taken in %s:%d; %s", name, first.file.name, first.node.Line, what))
		default:
			names[string(name)] = at
		}
	}
	for _, f := range good {
		for i, name := range f.Was {
			take(f.At.at("was", i), name, "one name leads to one feed")
			l.renamed[string(name)] = string(f.Name)
		}
		c.feeds = append(c.feeds, f.config())
	}
	at := l.removedAt()
	for i, name := range c.Removed {
		where := place{file: l.files[0]}
		if i < len(at) {
			where = at[i]
		}
		take(where, name, "take it out of one of the two")
	}
	return named
}

// knownFeed checks that a feed is one that is published.
func (l *loader) knownFeed(at place, path string, sources, named map[string]place) {
	kind, term, two := strings.Cut(path, "/")
	switch {
	case path == "" || path == "all" || l.broken: // "" was an error at its own place
	case kind == "source" && two:
		l.knownName(at, "source", term, slices.Sorted(maps.Keys(sources)))
	case two && slices.Contains(schemes, kind):
		l.knownName(at, kind, term, l.terms()[kind])
	case two:
		l.errorAt(at, fmt.Sprintf("%q: feeds are by %s", path, alternatives(append(slices.Clone(schemes), "source"))))
	case l.renamed[path] != "":
		l.errorAt(at, fmt.Sprintf("the feed %q is called %q now; write that", path, l.renamed[path]))
	case slices.Contains(reserved, path):
		l.errorAt(at, fmt.Sprintf("%q wants a name behind it, such as %s/%s", path, path, "NAME"))
	default:
		l.knownName(at, "feed", path, append(slices.Sorted(maps.Keys(named)), "all"))
	}
}

// knownName checks one name against those that there are.
func (l *loader) knownName(at place, kind, name string, list []string) {
	if slices.Contains(list, name) {
		return
	}
	msg := fmt.Sprintf("there is no %s %q", kind, name)
	if near := nearest(name, list); near != "" && kind != feeds.Country {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	l.errorAt(at, msg)
}

// removedAt gives the places of the names in the lists `removed` of all files.
func (l *loader) removedAt() []place {
	var out []place
	for _, f := range l.files {
		if f.root == nil {
			continue
		}
		at := place{file: f, node: f.root}
		if n := at.value("removed"); n != nil && n.Kind == yaml.SequenceNode {
			for i := range n.Content {
				out = append(out, at.at("removed", i))
			}
		}
	}
	return out
}

// feed checks one named feed.
func (l *loader) feed(f *Feed, sources map[string]place) {
	l.query(&f.Query, f.At.at("query"), sources, 0)
	p := &f.Languages
	if p.At.has("only") && p.At.has("prefer") {
		l.errorAt(p.At.at("prefer"), "stands beside only; a feed says one of the two")
	}
	for _, list := range []struct {
		key  string
		tags []Language
	}{{"only", p.Only}, {"prefer", p.Prefer}} {
		if p.At.has(list.key) && len(list.tags) == 0 {
			l.errorAt(p.At.at(list.key), "is empty; name languages, or write languages: all")
		}
	}
	if len(p.Only) > 0 && len(f.Query.Languages) > 0 {
		l.errorAt(p.At.at("only"), "says what query.languages says too; take one of the two out")
	}
	if f.Share.Entries > f.Limit && f.Limit > 0 {
		l.errorAt(f.At.at("share"), fmt.Sprintf("%d is more than the limit of %d entries", f.Share.Entries, f.Limit))
	}
}

// Bounds of a query as a whole, so that no feed is dear to everybody.
const (
	maxQueryDepth = 4
	maxQueryTerms = 200
)

// query checks a query and those within, and gives how much it asks.
func (l *loader) query(q *Query, at place, sources map[string]place, depth int) int {
	l.knownTerms(at.at("regions"), feeds.Region, texts(q.Regions))
	l.knownTerms(at.at("countries"), feeds.Country, texts(q.Countries))
	l.knownTerms(at.at("topics"), feeds.Topic, texts(q.Topics))
	l.knownTerms(at.at("events"), feeds.Event, texts(q.Events))
	l.knownSources(at, q.Sources, sources)
	n := len(q.Regions) + len(q.Countries) + len(q.Topics) + len(q.Events) + len(q.Sources) + len(q.Languages) + len(strings.Fields(string(q.Words)))
	if depth > 0 && at.node != nil && len(at.node.Content) == 0 {
		l.errorAt(at, "asks nothing, so every statement meets it; take it out")
	}
	if depth == maxQueryDepth {
		if len(q.Any)+len(q.Not) > 0 {
			l.errorAt(at, fmt.Sprintf("is nested deeper than %d queries", maxQueryDepth))
		}
		return n
	}
	if at.has("any") && len(q.Any) == 0 {
		l.errorAt(at.at("any"), "is empty, so no statement meets it; take it out")
	}
	for i := range q.Any {
		n += l.query(&q.Any[i], q.Any[i].place(at.at("any", i)), sources, depth+1)
	}
	for i := range q.Not {
		n += l.query(&q.Not[i], q.Not[i].place(at.at("not")), sources, depth+1)
	}
	if depth == 0 && n > maxQueryTerms {
		l.errorAt(at, fmt.Sprintf("asks for %d things in all; the most is %d", n, maxQueryTerms))
	}
	return n
}

// place is where the query stands, around when it does not know.
func (q *Query) place(around place) place {
	if q.At.file == nil || q.At.node == nil {
		return around
	}
	return q.At
}

func (f *Feed) forgetPlaces() {
	f.At, f.Languages.At = place{}, place{}
	f.Query.forgetPlaces()
}

func (q *Query) forgetPlaces() {
	q.At = place{}
	for i := range q.Any {
		q.Any[i].forgetPlaces()
	}
	for i := range q.Not {
		q.Not[i].forgetPlaces()
	}
}

// config fills in what a named feed leaves out.
func (f *Feed) config() FeedConfig {
	out := FeedConfig{
		Feed: feeds.Feed{
			Path: string(f.Name), Title: or(f.Title[""], string(f.Name)), Subtitle: f.Subtitle, Query: f.Query.config(),
			Prefer: texts(f.Languages.Prefer), Share: f.Share.Share, MaxBytes: int(f.MaxBytes),
			Brief: f.Content == "summary", Preserve: f.IDs == "preserve", Private: f.Private,
		},
		Was: texts(f.Was),
	}
	q := &out.Feed.Query
	q.Limit = f.Limit
	if len(f.Languages.Only) > 0 {
		q.Languages = texts(f.Languages.Only)
	}
	if len(q.Languages) == 1 {
		out.Feed.Language = q.Languages[0]
	}
	if f.Order == "updated" {
		out.Feed.Order = feeds.ByUpdate
	}
	if _, one := f.Title[""]; !one && len(f.Title) > 0 {
		out.Feed.Titles = maps.Clone(f.Title)
	}
	return out
}

// config gives the query as the store knows it.
func (q *Query) config() feeds.Query {
	out := feeds.Query{
		Regions: texts(q.Regions), Countries: texts(q.Countries), Topics: texts(q.Topics), Events: texts(q.Events),
		Languages: texts(q.Languages), Words: string(q.Words),
	}
	for _, id := range q.Sources {
		out.Sources = append(out.Sources, feeds.SourceID(id))
	}
	for i := range q.Any {
		out.Any = append(out.Any, q.Any[i].config())
	}
	for i := range q.Not {
		out.Not = append(out.Not, q.Not[i].config())
	}
	return out
}

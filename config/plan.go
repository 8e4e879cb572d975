package config

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/feeds"
)

// Outline is all that a configuration says, as text that compares: what was
// left out is filled in, and a secret is but a hash of it.
type Outline struct {
	Sources  map[string]Keys   `json:"sources"` // by id
	Feeds    map[string]Keys   `json:"feeds"`   // named ones, by name
	Terms    map[string]Keys   `json:"terms"`   // by tag, built-in ones too
	Partners map[string]Keys   `json:"partners"`
	Webhooks map[string]Keys   `json:"webhooks"`
	Settings Keys              `json:"settings"` // all other keys, by path
	Leads    map[string]string `json:"leads"`    // names of feeds that there were → the name now, "" for 410
	Rules    uint64            `json:"rules"`    // fingerprint of what tags statements
}

// Keys are values by key.
type Keys map[string]string

// Plan is what another configuration would change.
type Plan struct {
	Sources  SourcesPlan `json:"sources"`
	Feeds    FeedsPlan   `json:"feeds"`
	Terms    Parts       `json:"terms"`
	Partners Parts       `json:"partners"`
	Webhooks Parts       `json:"webhooks"`
	Settings []KeyChange `json:"settings"`
	Retag    bool        `json:"retag"` // what is stored would be tagged anew
}

// SourcesPlan tells of sources by their ids.
type SourcesPlan struct {
	Start  []string          `json:"start"`           // asked from then on
	Stop   []string          `json:"stop"`            // asked no longer: taken out or switched off
	Change []Change          `json:"change"`          // asked before and after
	Lists  map[string]string `json:"lists,omitempty"` // of those that start or stop, the living list that each comes from
}

// FeedsPlan tells of feeds by their paths.
type FeedsPlan struct {
	Publish  []string    `json:"publish"`
	Withdraw []Withdrawn `json:"withdraw"`
	Change   []Change    `json:"change"`
}

// Withdrawn is a feed that is no more, and what its address answers then.
type Withdrawn struct {
	Path   string `json:"path"`
	Answer string `json:"answer"` // "404", "410", or "redirect to PATH"
}

// Parts tells what comes, goes and changes of named things.
type Parts struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
	Change []Change `json:"change"`
}

// Change is one thing of which keys have other values.
type Change struct {
	ID   string      `json:"id"`
	Keys []KeyChange `json:"keys"`
}

// KeyChange is a key with another value; neither text is a secret.
type KeyChange struct {
	Key     string `json:"key"`
	From    string `json:"from"`
	To      string `json:"to"`
	Restart bool   `json:"restart,omitempty"` // it counts after a restart only
}

// Empty tells whether nothing would change.
func (p *Plan) Empty() bool {
	parts := func(p Parts) int { return len(p.Add) + len(p.Remove) + len(p.Change) }
	return len(p.Sources.Start)+len(p.Sources.Stop)+len(p.Sources.Change)+len(p.Feeds.Publish)+len(p.Feeds.Withdraw)+len(p.Feeds.Change)+
		parts(p.Terms)+parts(p.Partners)+parts(p.Webhooks)+len(p.Settings) == 0 && !p.Retag
}

// listed are the sections that have a part of their own in an outline.
var listed = []string{"include", "sources", "defaults", "feeds", "removed", "taxonomy", "webhooks"}

// restarts are the settings that count after a restart only.
var restarts = []string{"listen", "admin", "tls.cert", "tls.key", "tls.redirect", "tls.acme.hosts", "admin_tls.cert", "admin_tls.key", "admin_tls.client_ca", "storage.dir"}

// Plan tells what changes when next takes the place of c.
func (c *Config) Plan(next *Config) *Plan {
	// Thousands of sources are as they were: those are not put into words.
	was := make(map[feeds.SourceID]*SourceConfig, len(c.sources))
	for i := range c.sources {
		was[c.sources[i].Source.ID] = &c.sources[i]
	}
	same := map[feeds.SourceID]bool{}
	for i := range next.sources {
		s := &next.sources[i]
		if old := was[s.Source.ID]; old != nil && old.equal(s) {
			same[s.Source.ID] = true
		}
	}
	return c.outline(same).Plan(next.outline(same))
}

// Same reports whether next is what c is, given what next would change: its files
// say the same, and so do the secrets and lists that they name.
func (c *Config) Same(next *Config, plan *Plan) bool {
	return c.written == next.written && plan.Empty()
}

// equal reports whether two sources have one outline.
func (s *SourceConfig) equal(o *SourceConfig) bool {
	a, b := *s, *o
	if a.Schedule.String() != b.Schedule.String() || a.Schedule.Zone().String() != b.Schedule.Zone().String() {
		return false
	}
	a.Schedule, b.Schedule = schedule.Schedule{}, schedule.Schedule{}
	a.Reader, a.Article, b.Reader, b.Article = nil, nil, nil, nil // Reading says what they were made from
	return reflect.DeepEqual(&a, &b)
}

// Outline tells all that the configuration says.
func (c *Config) Outline() *Outline { return c.outline(nil) }

// outline is Outline without some sources.
func (c *Config) outline(without map[feeds.SourceID]bool) *Outline {
	o := &Outline{Sources: map[string]Keys{}, Feeds: map[string]Keys{}, Terms: map[string]Keys{}, Partners: map[string]Keys{}, Webhooks: map[string]Keys{},
		Settings: Keys{}, Leads: map[string]string{}, Rules: c.tagger().Fingerprint()}
	for i := range c.sources {
		s := &c.sources[i]
		if without[s.Source.ID] {
			continue
		}
		k := Keys{}
		k.put("", reflect.ValueOf(s).Elem())
		o.Sources[string(s.Source.ID)] = k
	}
	for i := range c.feeds {
		f := &c.feeds[i]
		k := Keys{}
		k.put("", reflect.ValueOf(f).Elem())
		o.Feeds[f.Feed.Path] = k
		for _, was := range f.Was {
			o.Leads[was] = f.Feed.Path
		}
	}
	for _, name := range c.Removed {
		o.Leads[string(name)] = ""
	}
	for _, t := range c.tagger().Terms() {
		k := Keys{}
		k.put("labels", reflect.ValueOf(t.Labels))
		k.put("parents", reflect.ValueOf(t.Parents))
		o.Terms[t.Tag.String()] = k
	}
	for scheme, rules := range map[string][]tag.Rule{"region": c.Taxonomy.Regions, "country": c.Taxonomy.Countries, "topic": c.Taxonomy.Topics, "event": c.Taxonomy.Events} {
		for i := range rules {
			name := scheme + "/" + rules[i].ID
			if o.Terms[name] != nil { // else it is switched off
				k := Keys{}
				k.put("rule", reflect.ValueOf(rules[i]))
				o.Terms[name]["rule"] = hashed(k.text())
			}
		}
	}
	for i := range c.embeds.Partners {
		k := Keys{}
		k.put("", reflect.ValueOf(c.embeds.Partners[i]))
		o.Partners[c.embeds.Partners[i].Name] = k
	}
	for _, w := range c.Webhooks {
		k := Keys{}
		k.put("", reflect.ValueOf(w))
		o.Webhooks[string(w.Name)] = k
	}
	all := reflect.ValueOf(c).Elem()
	for i := range all.NumField() {
		if key := keyOf(all.Type().Field(i)); key != "" && !slices.Contains(listed, key) {
			o.Settings.put(key, all.Field(i))
		}
	}
	maps.DeleteFunc(o.Settings, func(key, _ string) bool { return strings.HasPrefix(key, "embeds.partners") })
	return o
}

// Plan tells what changes when the configuration that o outlines is replaced by
// the one that next does.
func (o *Outline) Plan(next *Outline) *Plan {
	p := &Plan{Retag: o.Rules != next.Rules}
	on := func(k Keys) bool { return k["enabled"] == "true" }
	p.Sources = SourcesPlan{Start: []string{}, Stop: []string{}, Change: []Change{}}
	for _, id := range names(o.Sources, next.Sources) {
		was, is := o.Sources[id], next.Sources[id]
		switch {
		case on(is) && !on(was):
			p.Sources.Start = append(p.Sources.Start, id)
			p.Sources.from(id, is)
		case on(was) && !on(is):
			p.Sources.Stop = append(p.Sources.Stop, id)
			p.Sources.from(id, was)
		case is != nil && was != nil:
			if keys := was.changes(is); len(keys) > 0 {
				p.Sources.Change = append(p.Sources.Change, Change{id, keys})
			}
		}
		for _, key := range []string{"regions", "topics"} {
			p.Retag = p.Retag || is != nil && was != nil && was[key] != is[key]
		}
	}
	p.Terms, p.Partners, p.Webhooks = parts(o.Terms, next.Terms), parts(o.Partners, next.Partners), parts(o.Webhooks, next.Webhooks)
	named := parts(o.Feeds, next.Feeds)
	p.Feeds = FeedsPlan{Publish: named.Add, Withdraw: []Withdrawn{}, Change: named.Change}
	for _, name := range named.Remove {
		w := Withdrawn{name, "404"}
		if to, told := next.Leads[name]; told && to == "" {
			w.Answer = "410"
		} else if told {
			w.Answer = "redirect to " + to
		}
		p.Feeds.Withdraw = append(p.Feeds.Withdraw, w)
	}
	for _, made := range []struct {
		before  string
		was, is map[string]Keys
	}{{"source/", o.Sources, next.Sources}, {"", o.Terms, next.Terms}} {
		for _, id := range names(made.was, made.is) {
			switch {
			case made.was[id] == nil:
				p.Feeds.Publish = append(p.Feeds.Publish, made.before+id)
			case made.is[id] == nil:
				p.Feeds.Withdraw = append(p.Feeds.Withdraw, Withdrawn{made.before + id, "404"})
			}
		}
	}
	p.Settings = o.Settings.changes(next.Settings)
	for i := range p.Settings {
		p.Settings[i].Restart = slices.Contains(restarts, p.Settings[i].Key)
	}
	return p
}

// from notes the list that a source comes from.
func (p *SourcesPlan) from(id string, k Keys) {
	if k["list"] == "" {
		return
	}
	if p.Lists == nil {
		p.Lists = map[string]string{}
	}
	p.Lists[id] = k["list"]
}

func parts(was, is map[string]Keys) Parts {
	p := Parts{Add: []string{}, Remove: []string{}, Change: []Change{}}
	for _, id := range names(was, is) {
		switch {
		case was[id] == nil:
			p.Add = append(p.Add, id)
		case is[id] == nil:
			p.Remove = append(p.Remove, id)
		default:
			if keys := was[id].changes(is[id]); len(keys) > 0 {
				p.Change = append(p.Change, Change{id, keys})
			}
		}
	}
	return p
}

// names gives the keys of both, sorted.
func names[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func (k Keys) changes(next Keys) []KeyChange {
	out := []KeyChange{}
	for _, key := range names(k, next) {
		if k[key] == next[key] {
			continue
		}
		c := KeyChange{Key: key, From: k[key], To: next[key]}
		for _, text := range []*string{&c.From, &c.To} {
			if strings.HasPrefix(*text, hashMark) {
				*text = "[other]" // of a secret or a rule: that it is another is all there is to see
			}
		}
		out = append(out, c)
	}
	return out
}

func (k Keys) text() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(k)) {
		fmt.Fprintf(&b, "%q=%q\n", key, k[key])
	}
	return b.String()
}

const hashMark = "sha256:"

func hashed(text string) string { return fmt.Sprintf("%s%x", hashMark, sha256.Sum256([]byte(text))) }

// put adds a value and all that is in it.
func (k Keys) put(path string, v reflect.Value) {
	below := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch x := v.Interface().(type) {
	case Secret:
		if x.value != nil {
			k[path] = hashed(x.Reveal())
		}
		return
	case place, later:
		return
	case Network:
		k[path] = netip.Prefix(x).String()
		return
	case schedule.Schedule:
		if k[path] = x.String(); x.Zone() != time.UTC {
			k[path] += " in " + x.Zone().String()
		}
		return
	case fmt.Stringer:
		k[path] = x.String()
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() != reflect.Struct { // a reader is made from what stands elsewhere
			k.put(path, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if key := keyOf(f); f.IsExported() && key != "" {
				if path == "" && (key == "source" || key == "feed" && v.Field(i).Kind() == reflect.Struct) || f.Anonymous {
					k.put(path, v.Field(i))
				} else {
					k.put(below(key), v.Field(i))
				}
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			k.put(below(fmt.Sprint(key)), v.MapIndex(key))
		}
	case reflect.Slice:
		if v.Len() > 0 && v.Type().Elem().Kind() == reflect.Struct {
			if _, text := v.Index(0).Interface().(fmt.Stringer); !text {
				for i := range v.Len() {
					k.put(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
				}
				return
			}
		}
		if v.Len() > 0 {
			k[path] = fmt.Sprint(v.Interface())
		}
	default:
		k[path] = fmt.Sprint(v.Interface())
	}
}

// keyOf gives the key of a field: what the file calls it, or else its own name
// in that manner; "" for what is no key.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	switch {
	case !f.IsExported() || key == "-":
		return ""
	case key != "":
		return key
	}
	var b strings.Builder
	for i, r := range f.Name {
		if unicode.IsUpper(r) && i > 0 && unicode.IsLower(rune(f.Name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

package config

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v4"
)

// Lists are living lists; one of them may stand alone, and be a text.
type Lists []List

// ListConfig is a living list with what is known of it.
type ListConfig struct {
	Name          string
	URL           Secret // "" for one in a file
	File          string
	Every         time.Duration
	Headers       Headers
	AllowNetworks []netip.Prefix // those of fetch included
	Missing       bool           // there is no copy of it yet
	Sources       int            // that it gives
	Problems      []string       // what of it is left out, for people
}

// Address names the list's address for people, without what may be secret in it.
func (l *ListConfig) Address() string {
	if l.File != "" {
		return l.File
	}
	return Plain(l.URL.Reveal())
}

// Plain gives an address without its query, which may hold a key.
func Plain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address"
	}
	u.User, u.Fragment = nil, ""
	if u.RawQuery != "" {
		u.RawQuery = ""
		return u.String() + "?…"
	}
	return u.String()
}

// ListConfigs gives the living lists in the order of the file. It is the
// configuration's own: not to be changed.
func (c *Config) ListConfigs() []ListConfig { return c.lists }

// maxListed is how many sources a living list may give.
const maxListed = 10_000

// CheckList says what is wrong with a list, as it came, that its sources cannot
// be taken from it: nil when they can. A list that is cut short, or that has no
// source in it, is wrong, since it would take sources away that nobody gave up.
func CheckList(body []byte) error {
	list, _, err := ReadOPML(body)
	switch {
	case err != nil:
		return err
	case !bytes.Contains(bytes.ToLower(body), []byte("</opml>")):
		return errors.New("it is cut short: there is no </opml> in it")
	case len(list) == 0:
		return errors.New("there is no feed in it")
	case len(list) > maxListed:
		return fmt.Errorf("it has %d feeds; want %d at most", len(list), maxListed)
	}
	return nil
}

// living decodes one list or several; a text is an address or a file.
func (d *decoder) living(v reflect.Value, n *yaml.Node, f *field) {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	out := make(Lists, len(nodes))
	for i, c := range nodes {
		if n.Kind == yaml.SequenceNode {
			d.steps = append(d.steps, step{i: i, node: c})
		}
		at := reflect.ValueOf(&out[i]).Elem()
		if c = resolve(c); c != nil && c.Kind == yaml.ScalarNode {
			d.section(at, nil)
			out[i].At.node = c
			if text, ok := d.text(c); ok && isAddress(text) {
				d.secret(&out[i].URL, c)
			} else if ok {
				d.scalar(&out[i].File, reflect.ValueOf(&out[i].File).Elem(), c, f)
			}
		} else if c != nil {
			d.section(at, c)
		}
		if n.Kind == yaml.SequenceNode {
			d.steps = d.steps[:len(d.steps)-1]
		}
	}
	v.Set(reflect.ValueOf(out))
}

func isAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "${")
}

// JSONSchemaExtend allows one list in place of several, and a text in place of a
// section.
func (Lists) JSONSchemaExtend(s *jsonschema.Schema) {
	several := *s
	one := &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, s.Items}}
	several.Items = one
	*s = jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, one.AnyOf[1], &several}}
}

// lists checks the living lists and adds the sources that they give to those of
// the files, which go before them.
func (l *loader) lists(c *Config) {
	names, addresses, ids := map[string]place{}, map[string]bool{}, map[ID]bool{}
	for i := range c.Sources {
		addresses[sameURL(string(c.Sources[i].URL))], ids[c.Sources[i].ID] = true, true
	}
	for i := range c.IncludeOPML {
		o := &c.IncludeOPML[i]
		before := len(l.errs)
		l.list(c, o)
		if o.Name == "" {
			o.Name = nameList(o, names)
		}
		l.unique(names, o.At, "name", string(o.Name))
		if len(l.errs) > before {
			continue
		}
		out := ListConfig{Name: string(o.Name), URL: o.URL, File: string(o.File), Every: o.Every.Std(), Headers: o.Headers,
			AllowNetworks: Prefixes(c.Fetch.AllowNetworks, o.AllowNetworks)}
		body, err := l.copyOf(c, o)
		switch {
		case err != nil:
			l.errorAt(o.At, err.Error())
			continue
		case body == nil:
			out.Missing = true
		default:
			l.listed(c, o, body, &out, addresses, ids)
		}
		c.lists = append(c.lists, out)
	}
}

// list checks one for itself.
func (l *loader) list(c *Config, o *List) {
	var u URL
	switch {
	case (o.URL.value == nil && !o.At.has("url")) == (o.File == "" && !o.At.has("file")):
		l.errorAt(o.At, "wants either url or file")
	case o.URL.value != nil && u.set(o.URL.Reveal()) != nil:
		l.errorAt(o.At.at("url"), "wants a whole URL with http:// or https://, without user name and password") // without the value, which may be secret
	}
	l.knownTerms(o.At.at("regions"), "region", texts(o.Regions))
	l.knownTerms(o.At.at("topics"), "topic", texts(o.Topics))
	l.headers(o.At, &o.Headers)
}

// nameList makes a name for a list that has none, of its host or file.
func nameList(o *List, taken map[string]place) ID {
	of := string(o.File)
	if u, err := url.Parse(o.URL.Reveal()); err == nil && u.Host != "" {
		of = u.Hostname()
	} else if at := strings.LastIndexAny(of, `/\`); at >= 0 {
		of = of[at+1:]
	}
	base := or(slug(strings.TrimSuffix(strings.ToLower(of), ".opml")), "list")
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = joinID(base, fmt.Sprint(n))
		}
		if _, is := taken[name]; !is {
			return ID(name)
		}
	}
}

// copyOf gives a list as it stands in its file, or the copy of it that we have;
// nil for none yet.
func (l *loader) copyOf(c *Config, o *List) ([]byte, error) {
	if o.File == "" {
		if l.copies == nil {
			return nil, nil
		}
		body := l.copies(string(c.Storage.Dir), o.URL.Reveal())
		if body != nil && CheckList(body) != nil {
			return nil, nil // somebody has damaged the copy: it comes again
		}
		return body, nil
	}
	c.Files = append(c.Files, string(o.File))
	f, err := os.Open(string(o.File))
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %v", o.File, reason(err))
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err == nil {
		err = CheckList(body)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %v", o.File, err)
	}
	return body, nil
}

// listed adds a list's sources.
func (l *loader) listed(c *Config, o *List, body []byte, out *ListConfig, addresses map[string]bool, ids map[ID]bool) {
	fmt.Fprintf(l.text, "%d\n", len(body))
	l.text.Write(body)
	list, problems, _ := ReadOPML(body) // it was checked
	out.Problems = problems
	for _, p := range list {
		var s Source
		(&decoder{plans: l.plans}).section(reflect.ValueOf(&s).Elem(), nil) // the defaults
		s.ID, s.URL, s.Title, s.Site, s.At, s.list = listedID(p.URL), URL(p.URL), p.Title, URL(p.Site), o.At, string(o.Name)
		s.Language, s.Schedule, s.Priority = or(Language(p.Language), o.Language), o.Schedule, o.Priority
		if addresses[sameURL(p.URL)] || ids[s.ID] {
			out.Problems = append(out.Problems, Plain(p.URL)+" is a source already")
			continue
		}
		addresses[sameURL(p.URL)], ids[s.ID] = true, true
		s.Regions, s.Topics = l.said("region", p.Regions, o.Regions), l.said("topic", p.Topics, o.Topics)
		c.Sources = append(c.Sources, s)
		out.Sources++
	}
}

// listedID is the id of a source of a list. It hangs on the address alone: what
// else a list says of a source may be another tomorrow.
func listedID(address string) ID {
	same := sameURL(address)
	host := ""
	if u, err := url.Parse(same); err == nil {
		host = strings.TrimPrefix(u.Hostname(), "www.")
	}
	sum := sha256.Sum256([]byte(same))
	return ID(joinID(or(slug(host), "source"), fmt.Sprintf("%x", sum[:4])))
}

// said gives those terms that the taxonomy knows or, where there are none, the
// list's own.
func (l *loader) said(scheme string, given []string, own []Term) []Term {
	var out []Term
	for _, t := range given {
		if slices.Contains(l.terms()[scheme], t) {
			out = append(out, Term(t))
		}
	}
	if out == nil {
		return own
	}
	return out
}

package config

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/unicode/norm"
)

// Proposal is a source that may go into the file.
type Proposal struct {
	ID       string // "" for one that is made from the title or the address
	URL      string
	Title    string
	Site     string
	Language string
	Regions  []string // slugs; those that the taxonomy does not know are left out
	Topics   []string
	Folder   string   // that it stood in, for people
	Notes    []string // what is known of it, for people
	Off      bool     // it is written with enabled: false
}

// Propose writes proposals as the `sources:` of a file. What c has already, by
// its address, and what stands in the list twice is left out; those that were
// are given in skipped. No id is used twice, nor one of c's, which may be nil.
func (c *Config) Propose(list []Proposal) (text []byte, skipped []Proposal) {
	ids, urls := map[string]bool{}, map[string]bool{}
	knows := func(string, string) bool { return true }
	if c != nil {
		for i := range c.sources {
			ids[string(c.sources[i].Source.ID)], urls[sameURL(c.sources[i].Source.URL)] = true, true
		}
		if c.tagger != nil {
			terms := map[string]bool{}
			for _, t := range c.tagger().Terms() {
				terms[t.Tag.String()] = true
			}
			knows = func(scheme, term string) bool { return terms[scheme+"/"+term] }
		}
	}
	var entries yaml.Node
	entries.Kind = yaml.SequenceNode
	folder := ""
	for _, p := range list {
		if urls[sameURL(p.URL)] {
			skipped = append(skipped, p)
			continue
		}
		urls[sameURL(p.URL)] = true
		p.ID = freeID(p, ids)
		ids[p.ID] = true
		known := func(scheme string, terms []string) []string {
			return slices.DeleteFunc(slices.Clone(terms), func(t string) bool { return !knows(scheme, t) })
		}
		p.Regions, p.Topics = known("region", p.Regions), known("topic", p.Topics)
		n := p.node()
		if p.Folder != folder {
			folder = p.Folder
			n.HeadComment = strings.TrimPrefix(n.HeadComment, "\n")
			if folder != "" {
				n.HeadComment = strings.TrimSuffix("# "+printableComment(folder)+"\n"+n.HeadComment, "\n")
			}
		}
		entries.Content = append(entries.Content, n)
	}
	if len(entries.Content) == 0 {
		return []byte("sources: []\n"), skipped
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	// Neither can fail: the nodes are ours and the buffer takes all.
	_ = enc.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{scalarNode("sources"), &entries}})
	_ = enc.Close()
	return b.Bytes(), skipped
}

// node writes the proposal as a mapping, with what is known of it above.
func (p *Proposal) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, note := range p.Notes {
		n.HeadComment += "# " + printableComment(note) + "\n"
	}
	n.HeadComment = strings.TrimSuffix(n.HeadComment, "\n")
	put := func(key, value string) {
		if value != "" {
			n.Content = append(n.Content, scalarNode(key), scalarNode(value))
		}
	}
	list := func(key string, values []string) {
		if len(values) == 0 {
			return
		}
		l := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, v := range values {
			l.Content = append(l.Content, scalarNode(v))
		}
		n.Content = append(n.Content, scalarNode(key), l)
	}
	put("id", p.ID)
	put("url", escaped(p.URL))
	put("title", escaped(p.Title))
	put("site", escaped(p.Site))
	put("language", p.Language)
	list("regions", p.Regions)
	list("topics", p.Topics)
	if p.Off {
		n.Content = append(n.Content, scalarNode("enabled"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	return n
}

// scalarNode is a text, quoted where YAML would read it as something else.
func scalarNode(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// escaped keeps a text from being read as a name of the environment or a file.
func escaped(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// printableComment makes one line of a text that others wrote.
func printableComment(s string) string {
	return oneLine(strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s))
}

// freeID makes an id of the proposal's own, its title or its address that is not
// taken.
func freeID(p Proposal, taken map[string]bool) string {
	id := slug(p.ID)
	if title := asciiFold(p.Title); id == "" && mostlyASCII(title) {
		id = slug(title)
	}
	if u, err := url.Parse(p.URL); id == "" && err == nil {
		id = slug(strings.TrimPrefix(u.Hostname(), "www."))
	}
	if id == "" {
		id = "source"
	}
	if p.Language != "" && taken[id] {
		id = joinID(id, slug(p.Language))
	}
	for n, base := 2, id; taken[id]; n++ {
		id = joinID(base, strconv.Itoa(n))
	}
	return id
}

// asciiFold takes the marks off letters, so that an id can be made of them.
func asciiFold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// mostlyASCII reports whether what slug keeps of a text still says what it says.
func mostlyASCII(s string) bool {
	letters, kept := 0, 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			letters++
			if r < unicode.MaxASCII {
				kept++
			}
		}
	}
	return 2*kept > letters
}

// joinID joins two parts within the length of an id.
func joinID(a, b string) string {
	return strings.Trim(a[:min(len(a), 62-len(b))], "-") + "-" + b
}

// sameURL is the form in which two addresses of one feed are equal.
func sameURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	u.Scheme, u.Host, u.Fragment = "https", strings.ToLower(u.Host), ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

package parse

import (
	"regexp"
	"slices"
	"strings"

	"communique/feeds"

	ext "github.com/mmcdole/gofeed/extensions"
)

// persons gives the authors of a channel or an item, each person once:
// dc:creator and atom:author, which are names, before RSS's own, which should
// be an address (RSS 2.0, "author"), and iTunes' when there is nobody else.
func (f *fill) persons(k *skeleton, own []*element, x ext.Extensions) []feeds.Person {
	var out []feeds.Person
	for _, e := range slices.Concat(k.all(x, "dc", "creator"), k.all(x, "dc", "author"), k.all(x, "dcterms", "creator"), k.all(x, "atom", "author"), own) {
		if e != nil {
			out = f.people(out, f.person(e))
		}
	}
	if len(out) == 0 {
		for _, e := range slices.Concat(k.all(x, "itunes", "author"), k.all(x, "googleplay", "author"), k.all(x, "itunes", "owner"), k.all(x, "dc", "publisher"), k.all(x, "media", "credit")) {
			if p := f.person(e); len(out) == 0 {
				out = f.people(out, p)
			}
		}
	}
	// Who is named leads: <author> often holds only the address of the office.
	slices.SortStableFunc(out, func(a, b feeds.Person) int {
		switch {
		case a.Name != "" && b.Name == "":
			return -1
		case a.Name == "" && b.Name != "":
			return 1
		}
		return 0
	})
	return out
}

// people adds a person, or what is new about one that is there.
func (f *fill) people(out []feeds.Person, p feeds.Person) []feeds.Person {
	if p == (feeds.Person{}) {
		return out
	}
	for i := range out {
		o := &out[i]
		if p.Name != "" && p.Name == o.Name || p.Email != "" && p.Email == o.Email && (p.Name == "" || o.Name == "") {
			o.Name, o.Email, o.URI = either(o.Name, p.Name), either(o.Email, p.Email), either(o.URI, p.URI)
			return out
		}
	}
	return append(out, p)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// person reads a person, written as a text ("Name", "addr (Name)", …) or as
// child elements (RFC 4287 §3.2).
func (f *fill) person(e *element) feeds.Person {
	if !f.hasMarkup(e.inner) {
		return readPerson(f.value(e))
	}
	var p feeds.Person
	loose := ""
	f.children(e.inner, e.context, func(c *element) bool {
		v := f.value(c)
		switch c.local {
		case "name":
			p.Name = either(p.Name, v)
		case "email", "mbox":
			p.Email = either(p.Email, mailbox(v+attribute(c.attrs, "rdf:resource")))
		case "uri", "url", "homepage", "link":
			p.URI = either(p.URI, v)
		default:
			loose = either(loose, v)
		}
		return true
	})
	if p == (feeds.Person{}) {
		return readPerson(either(loose, f.value(e)))
	}
	if p.Email == "" && strings.Contains(p.Name, "@") {
		if q := readPerson(p.Name); q.Email != "" {
			p.Name, p.Email = q.Name, q.Email
		}
	}
	return p
}

var address = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*`)

// readPerson reads "Name", "addr", "addr (Name)", "Name (addr)" and
// "Name <addr>".
func readPerson(s string) feeds.Person {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimSuffix(strings.TrimPrefix(s, "mailto:"), "()")
	at := address.FindStringIndex(s)
	if at == nil {
		return feeds.Person{Name: strings.TrimSpace(s)}
	}
	p := feeds.Person{Email: mailbox(s[at[0]:at[1]])}
	before, after := s[:at[0]], s[at[1]:]
	if n := len(before); n > 0 && (before[n-1] == '<' || before[n-1] == '(' || before[n-1] == '[') {
		before = before[:n-1]
		if after != "" {
			after = after[1:]
		}
	}
	before = strings.TrimSuffix(strings.TrimSpace(before), "mailto:")
	name := strings.TrimSpace(strings.TrimSpace(before) + " " + strings.TrimSpace(after))
	if len(name) > 1 && name[0] == '(' && name[len(name)-1] == ')' || len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = name[1 : len(name)-1]
	}
	p.Name = strings.Trim(name, " ,;-–:")
	if strings.ContainsAny(p.Name, "<>") {
		p.Name = strings.Trim(p.Name, "<> ")
	}
	return p
}

// mailbox takes "mailto:" off an address.
func mailbox(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	return s
}

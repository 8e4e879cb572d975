package rendertest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is an XML element. Text is its own character data.
type node struct {
	name     string // "prefix:local" with the usual prefix of its namespace, "" for none or Atom's own document
	attrs    map[string]string
	text     string
	children []*node
}

// prefixes are the namespaces that our documents may use.
var prefixes = map[string]string{
	"http://www.w3.org/2005/Atom":              "atom",
	"http://purl.org/rss/1.0/modules/content/": "content",
	"http://purl.org/dc/elements/1.1/":         "dc",
	"http://search.yahoo.com/mrss/":            "media",
	"http://www.w3.org/XML/1998/namespace":     "xml",
	"http://purl.org/syndication/history/1.0":  "fh",
	"http://purl.org/atompub/tombstones/1.0":   "at",
}

// parse reads a document into a tree; problems of well-formedness and foreign
// namespaces go to say.
func parse(doc []byte, say func(rule, format string, args ...any)) *node {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.Strict = true
	root := &node{}
	stack := []*node{root}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			say("A1", "not well-formed: %v", err)
			return nil
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			n := &node{name: qualified(t.Name, say), attrs: map[string]string{}}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
					if prefixes[a.Value] == "" {
						say("A29", "unknown namespace %q", a.Value)
					}
					continue
				}
				n.attrs[qualified(a.Name, say)] = a.Value
			}
			top.children = append(top.children, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		case xml.Directive:
			say("A2", "a DOCTYPE or other declaration")
		case xml.ProcInst:
			if t.Target != "xml" {
				say("A2", "processing instruction %s", t.Target)
			}
		}
	}
	if len(root.children) != 1 {
		say("A1", "%d root elements", len(root.children))
		return nil
	}
	return root.children[0]
}

func qualified(n xml.Name, say func(rule, format string, args ...any)) string {
	if n.Space == "" {
		return n.Local
	}
	p := prefixes[n.Space]
	if p == "" {
		if n.Space != "xml" {
			say("A29", "element or attribute %s in namespace %q", n.Local, n.Space)
		}
		p = n.Space
	}
	return p + ":" + n.Local
}

// all gives the children of a name.
func (n *node) all(name string) []*node {
	var out []*node
	for _, c := range n.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// value gives the text of the first child of a name, "" when there is none.
func (n *node) value(name string) string {
	for _, c := range n.children {
		if c.name == name {
			return c.text
		}
	}
	return ""
}

// walk visits n and everything in it.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

func (n *node) names() string {
	var b strings.Builder
	for _, c := range n.children {
		b.WriteString(c.name + " ")
	}
	return b.String()
}

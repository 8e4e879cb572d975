package normalize

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// readStraight does what read does, without a tree, when the markup already is
// the tree that a parser would build of it: elements of the allow-list, written
// in full, each of which a parser lets stand where it stands. Most entries are
// so. It is false when src is not, or may not be; then what it wrote is worth
// nothing, and read must be asked.
//
// It decides nothing about what may stay: as read, it tells the cleaner of
// elements and texts in their order. It must refuse whatever it is not sure of,
// and a fuzz target holds it to the tree's result.
func (c *cleaner) readStraight(src string, open *openElements) bool {
	if strings.IndexByte(src, 0) >= 0 {
		return false
	}
	if strings.IndexByte(src, '\r') >= 0 {
		src = lineEnds.Replace(src) // as every tokenizer does
	}
	open.count = 0
	for src != "" {
		if src[0] != '<' {
			n := strings.IndexByte(src, '<')
			if n < 0 {
				n = len(src)
			}
			text := src[:n]
			if strings.IndexByte(text, '&') >= 0 {
				text = html.UnescapeString(text)
			}
			c.writeText(text, open.scope())
			src = src[n:]
			continue
		}
		if strings.HasPrefix(src, "<!--") {
			n := plainComment(src)
			if n == 0 {
				return false
			}
			src = src[n:]
			continue
		}
		if strings.HasPrefix(src, "</") {
			n := open.innermost()
			if n == nil || !strings.HasPrefix(src[2:], n.Data) || !strings.HasPrefix(src[2+len(n.Data):], ">") {
				return false
			}
			src = src[2+len(n.Data)+1:]
			open.count--
			c.leave(n, open.scope())
			continue
		}
		n := open.next()
		length := readStartTag(src, n)
		if length == 0 || !isStraight(n.DataAtom) || open.count >= maxDepth {
			return false
		}
		src = src[length:]
		in, whole := c.enter(n, open.scope())
		if c.unstable {
			return false
		}
		if !whole {
			open.push(in)
		}
	}
	for open.count > 0 { // at the end of a text all is closed
		n := open.innermost()
		open.count--
		c.leave(n, open.scope())
	}
	return true
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// isStraight reports whether a parser treats an element as any other that is
// written, but for what scope.within knows. Tables are left to the tree, as
// what is misplaced in them goes elsewhere, and <pre>, whose first line end is not read.
func isStraight(a atom.Atom) bool {
	switch a {
	case atom.Table, atom.Caption, atom.Colgroup, atom.Col, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Pre:
		return false
	}
	r, known := elements[a]
	return known && r.shown()
}

// openElements is a stack of elements, with the scope that is inside of each.
// The nodes are used again.
type openElements struct {
	count  int
	nodes  []*html.Node
	scopes []scope
}

// scope is what the next element stands in.
func (o *openElements) scope() scope {
	if o.count == 0 {
		return scope{}
	}
	return o.scopes[o.count-1]
}

func (o *openElements) innermost() *html.Node {
	if o.count == 0 {
		return nil
	}
	return o.nodes[o.count-1]
}

// next gives the node for an element that may be pushed.
func (o *openElements) next() *html.Node {
	if o.count == len(o.nodes) {
		o.nodes = append(o.nodes, &html.Node{Type: html.ElementNode})
		o.scopes = append(o.scopes, scope{})
	}
	return o.nodes[o.count]
}

func (o *openElements) push(in scope) {
	o.scopes[o.count] = in
	o.count++
}

// forget lets go of the text that was read.
func (o *openElements) forget() {
	for _, n := range o.nodes {
		clear(n.Attr[:cap(n.Attr)])
		n.Data, n.Attr = "", n.Attr[:0]
	}
}

// plainComment gives the length of the comment that src starts with, 0 when
// there is anything about it that readers differ in.
func plainComment(src string) int {
	inner := src[len("<!--"):]
	n := strings.Index(inner, "--")
	if n < 0 || !strings.HasPrefix(inner[n:], "-->") || strings.HasPrefix(inner, ">") || strings.HasPrefix(inner, "->") {
		return 0
	}
	return len("<!--") + n + len("-->")
}

// readStartTag reads the start tag that src starts with into n, and gives its
// length; 0 when it is not written in full: names in lower case, values in
// quotes, white space between attributes, each of them once.
func readStartTag(src string, n *html.Node) int {
	i := 1
	for i < len(src) && isTagByte[src[i]] {
		i++
	}
	n.Data = src[1:i]
	n.DataAtom = atom.Lookup([]byte(n.Data))
	n.Attr = n.Attr[:0]
	for i < len(src) {
		switch src[i] {
		case '>':
			if isFormatting(n.DataAtom) {
				slices.SortFunc(n.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) }) // as the parser does
			}
			return i + 1
		case '/':
			if i+1 == len(src) || src[i+1] != '>' {
				return 0
			}
			i++
			continue
		case ' ', '\n', '\t', '\f':
		default:
			return 0
		}
		for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\f') {
			i++
		}
		from := i
		for i < len(src) && isAttributeByte[src[i]] {
			i++
		}
		if i == from { // the tag's end
			if i < len(src) && (src[i] == '>' || src[i] == '/') {
				continue
			}
			return 0
		}
		key, value := src[from:i], ""
		if rest, ok := strings.CutPrefix(src[i:], "="); ok {
			if rest == "" || rest[0] != '"' && rest[0] != '\'' {
				return 0
			}
			end := strings.IndexByte(rest[1:], rest[0])
			if end < 0 {
				return 0
			}
			if value, ok = unescapeValue(rest[1 : 1+end]); !ok {
				return 0
			}
			i += 1 + 1 + end + 1
		}
		if len(n.Attr) == maxAttributes || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key }) {
			return 0
		}
		n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
	}
	return 0
}

// maxAttributes is how many attributes a plain element may have.
const maxAttributes = 30

// unescapeValue decodes the references in an attribute's value. It is false
// when one is not of the plainest: in values, those that lack their semicolon
// are read by other rules than in texts.
func unescapeValue(s string) (string, bool) {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s, true
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '&') {
		b.WriteString(s[:i])
		s = s[i:]
		n := 1
		for n < len(s) && (isLetterOrDigit(s[n]) || s[n] == '#' && n == 1) {
			n++
		}
		switch name, rest := s[1:n], s[n:]; {
		case name == "", name[0] != '#' && strings.HasPrefix(rest, "="): // "a & b", "?a=1&lang=fr"
			b.WriteString(s[:n])
		case !strings.HasPrefix(rest, ";"):
			return "", false
		case name[0] == '#', name == "amp", name == "lt", name == "gt", name == "quot", name == "apos", name == "nbsp":
			n++
			b.WriteString(html.UnescapeString(s[:n]))
		default:
			return "", false
		}
		s = s[n:]
	}
	b.WriteString(s)
	return b.String(), true
}

func isLetterOrDigit(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' }

var isTagByte, isAttributeByte = func() (tag, attribute [256]bool) {
	for c := byte('a'); c <= 'z'; c++ {
		tag[c], attribute[c] = true, true
	}
	for c := byte('0'); c <= '9'; c++ {
		tag[c], attribute[c] = true, true
	}
	for _, c := range []byte("-_:.") {
		attribute[c] = true
	}
	return tag, attribute
}()

// isFormatting reports whether an element is one of those that parsers open
// again where they were closed too early. x/net sorts their attributes.
func isFormatting(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

package parse

import (
	"slices"
	"strings"
)

// family is what a document's items are called and who reads it.
type family uint8

const (
	rssFamily  family = iota + 1 // <item> in <rss>, <rdf:RDF> or <channel>
	atomFamily                   // <entry> in <feed>
)

// split is a document taken apart: what stands outside of its items, and the
// range of each item, in document order.
type split struct {
	family family
	format string
	root   tag    // the root's start tag
	scope  *scope // namespaces declared by the root (and by the RSS channel)
	head   string // the inner of the root without items
	items  []span
	dtd    string // internal subset of the document type
}

// span is an item in the text, tags included.
type span struct{ start, open, close, end int } // "<item", after "<item …>", "</item", after "</item>"

// cut reports whether the document breaks off within the item.
func (sp span) cut(text string) bool { return sp.close == sp.end && sp.end == len(text) }

// cut reports whether the document breaks off before its end.
func (d *split) cut(text string) bool {
	if d.root.empty {
		return false
	}
	after := d.root.end
	if n := len(d.items); n > 0 {
		after = d.items[n-1].end
	}
	switch {
	case d.root.local == "item" || d.root.local == "entry":
		return len(d.items) > 0 && d.items[0].cut(text)
	case indexFold(text[after:], "</"+strings.ToLower(d.root.name)) >= 0:
		return false
	}
	return d.root.local != "rss" || indexFold(text[after:], "</channel") < 0
}

// skipper walks over the parts of a text that hold no tags. It remembers that
// a terminator was not found, so that a million unterminated comments cost no
// more than one.
type skipper struct {
	text                        string
	noCDATA, noComment, noEndPI bool
	noItemEnd                   bool // an item's end tag was searched for in vain
	notes                       *noteList
}

// next gives the place of the next "<" at or after i that opens a start or an
// end tag; -1 when there is none. Comments, CDATA sections, processing
// instructions and declarations are skipped.
func (k *skipper) next(i int) int {
	s := k.text
	for i < len(s) {
		n := strings.IndexByte(s[i:], '<')
		if n < 0 || i+n+1 >= len(s) {
			return -1
		}
		i += n
		switch c := s[i+1]; {
		case c == '!' || c == '?':
			i = k.skip(i)
		case c == '/' || isNameStart(c):
			return i
		default:
			i++
		}
	}
	return -1
}

// skip gives the place after the comment, CDATA section, processing
// instruction or declaration that opens at i. One that never ends is taken for
// text: only its opening is skipped.
func (k *skipper) skip(i int) int {
	s := k.text
	rest := s[i:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		return k.until(i, 4, "-->", &k.noComment, "a comment that does not end")
	case strings.HasPrefix(rest, "<![CDATA["):
		return k.until(i, 9, "]]>", &k.noCDATA, "a CDATA section that does not end")
	case strings.HasPrefix(rest, "<?"):
		if strings.HasPrefix(rest, "<?xml") || !k.noEndPI {
			return k.until(i, 2, "?>", &k.noEndPI, "a processing instruction that does not end")
		}
		return i + 2
	}
	if end := strings.IndexByte(rest[:min(len(rest), 4096)], '>'); end >= 0 {
		return i + end + 1
	}
	return i + 2
}

func (k *skipper) until(i, open int, terminator string, none *bool, note string) int {
	if !*none {
		if n := strings.Index(k.text[i+open:], terminator); n >= 0 {
			return i + open + n + len(terminator)
		}
		*none = true
		k.notes.add(note)
	}
	return i + open
}

// splitXML takes a document apart. The error is of class "html", "not-feed" or
// "empty".
func splitXML(text string, notes *noteList) (*split, error) {
	root, dtd, err := findRoot(text, notes)
	if err != nil {
		return nil, err
	}
	d := &split{root: root, dtd: dtd}
	d.scope = declare(nil, root.attrs, notes)
	switch root.local {
	case "rss", "rdf", "channel", "item":
		d.family = rssFamily
	default:
		d.family = atomFamily
	}
	d.format = formatOf(root, d.scope)
	d.items, d.head = findItems(text, d, notes)
	return d, nil
}

// findRoot finds the root element's start tag, and the document type's
// internal subset before it. Junk before the prolog (a warning that the
// publisher's server printed) is stepped over.
func findRoot(text string, notes *noteList) (tag, string, error) {
	k := &skipper{text: text, notes: notes}
	dtd := ""
	i := 0
	first := ""
	for {
		n := strings.IndexByte(text[i:], '<')
		if n < 0 || i+n+1 >= len(text) {
			break
		}
		i += n
		c := text[i+1]
		if c == '!' && len(text) >= i+9 && strings.EqualFold(text[i:i+9], "<!DOCTYPE") {
			subset, end := doctype(text, i)
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(text[i+9:min(len(text), i+40)])), "html") {
				first = "html"
			}
			dtd, i = subset, end
			continue
		}
		if c == '!' || c == '?' {
			i = k.skip(i)
			continue
		}
		if !isNameStart(c) {
			i++
			continue
		}
		t, ok := readTag(text, i)
		if !ok {
			i++
			continue
		}
		switch t.local {
		case "rss", "rdf", "feed", "channel", "entry", "item":
			if first != "" {
				notes.addf("junk before the feed: <%s>", clip(first))
			}
			return t, dtd, nil
		}
		if first == "" {
			first = t.local
		}
		i = t.end
		// A feed inside of a page is an example, not a feed; and a root that
		// we do not know holds none. Only what a server prints in front of
		// its output is stepped over.
		if first == "html" || first == "head" || first == "body" || i > 64<<10 {
			break
		}
	}
	switch first {
	case "html", "head", "body", "script", "meta", "!doctype":
		return tag{}, "", &Error{"html", "an HTML page came instead of a feed"}
	case "":
		return tag{}, "", &Error{"not-feed", "neither XML nor JSON: " + clip(strings.TrimSpace(text))}
	}
	if looksHTML(text) {
		return tag{}, "", &Error{"html", "an HTML page came instead of a feed"}
	}
	return tag{}, "", &Error{"not-feed", "no feed format is known that begins with <" + clip(first) + ">"}
}

func looksHTML(text string) bool {
	start := strings.ToLower(text[:min(len(text), 2048)])
	return strings.Contains(start, "<html") || strings.Contains(start, "<body") || strings.Contains(start, "<p>") || strings.Contains(start, "<div")
}

// doctype gives the internal subset of the document type declaration at i and
// the place after it.
func doctype(text string, i int) (subset string, end int) {
	rest := text[i:min(len(text), i+64<<10)]
	open, gt := strings.IndexByte(rest, '['), strings.IndexByte(rest, '>')
	if gt < 0 {
		return "", i + 2
	}
	if open < 0 || open > gt {
		return "", i + gt + 1
	}
	if n := strings.Index(rest[open:], "]>"); n >= 0 {
		return rest[open+1 : open+n], i + open + n + 2
	}
	for j := open; j < len(rest); j++ { // "]   >"
		if rest[j] == ']' && strings.HasPrefix(strings.TrimLeft(rest[j+1:], " \t\r\n"), ">") {
			return rest[open+1 : j], i + j + 1 + strings.IndexByte(rest[j:], '>')
		}
	}
	return "", i + gt + 1
}

// formatOf names the format by the root's name, version and namespaces.
func formatOf(root tag, s *scope) string {
	version := strings.TrimSpace(root.attr("version"))
	switch root.local {
	case "rss":
		if version == "" {
			version = "2.0"
		}
		return "rss" + clip(version)
	case "rdf":
		for n := s; n != nil; n = n.parent {
			if strings.Contains(n.uri, "my.netscape.com/rdf/simple/0.9") || strings.Contains(n.uri, "channel.netscape.com/rdf/simple/0.9") {
				return "rss0.9"
			}
		}
		return "rss1.0"
	case "channel", "item":
		if root.attr("href") != "" || root.attr("base") != "" {
			return "cdf"
		}
		return "rss"
	}
	if uri, _ := s.lookup(root.prefix); version == "0.3" || strings.HasPrefix(uri, "http://purl.org/atom/ns") {
		return "atom0.3"
	}
	return "atom1.0"
}

// itemNames gives the qualified names that an item's tag may have in the
// document, in lower case.
func (d *split) itemNames() []string {
	local := "item"
	if d.family == atomFamily {
		local = "entry"
	}
	names := []string{local}
	if d.family == atomFamily {
		names = append(names, "atom:entry")
	} else {
		names = append(names, "rss:item")
	}
	for n := d.scope; n != nil; n = n.parent {
		if v := n.vocab; n.prefix != "" && (v == native || v == atom && d.family == atomFamily) {
			names = append(names, strings.ToLower(n.prefix)+":"+local)
		}
	}
	if d.root.prefix != "" {
		names = append(names, strings.ToLower(d.root.prefix)+":"+local)
	}
	return names
}

// findItems finds the items of the document and gives what stands between
// them, from the root's start tag on.
func findItems(text string, d *split, notes *noteList) ([]span, string) {
	k := &skipper{text: text, notes: notes}
	names := d.itemNames()
	var starts [256]bool
	for _, n := range names {
		starts[n[0]], starts[n[0]-'a'+'A'] = true, true
	}
	isItem := func(i int) (string, bool) {
		if !starts[text[i]] {
			return "", false
		}
		for _, n := range names {
			if hasNameFold(text[i:], n) {
				return n, true
			}
		}
		return "", false
	}
	var items []span
	var head strings.Builder
	from := d.root.end
	if d.root.local == "item" || d.root.local == "entry" {
		from = d.root.start // the document is a single item
	}
	for i := from; ; {
		i = k.next(i)
		if i < 0 {
			break
		}
		name, ok := isItem(i + 1)
		if !ok {
			i++
			continue
		}
		t, ok := readTag(text, i)
		if !ok {
			i++
			continue
		}
		sp := span{start: i, open: t.end, close: t.end, end: t.end}
		if !t.empty {
			sp = findItemEnd(k, sp, name, isItem, notes)
		}
		items = append(items, sp)
		head.WriteString(text[from:sp.start])
		from = sp.end
		i = sp.end
	}
	if len(items) == 0 {
		return nil, text[from:]
	}
	head.WriteString(text[from:])
	return items, head.String()
}

// findItemEnd completes the span of an item whose start tag is read.
func findItemEnd(k *skipper, sp span, name string, isItem func(int) (string, bool), notes *noteList) span {
	text := k.text
	nested := -1 // the first item that opens inside of this one
	depth := 0
	for i := sp.open; ; {
		i = k.next(i)
		if i < 0 {
			break
		}
		if text[i+1] == '/' {
			if hasNameFold(text[i+2:], name) {
				if depth == 0 {
					sp.close, sp.end = i, endOfTag(text, i)
					return sp
				}
				depth--
			}
			i += 2
			continue
		}
		if _, ok := isItem(i + 1); ok {
			if nested < 0 {
				nested = i
				if k.noItemEnd || directChild(text[sp.open:i]) {
					break // it follows this one, whose end tag is missing
				}
			}
			if t, ok := readTag(text, i); ok && !t.empty {
				depth++
			}
		}
		i++
	}
	notes.addf("an <%s> without its end tag", name)
	k.noItemEnd = true
	if nested < 0 {
		nested = len(text)
		// What closes the document closes the item.
		for _, outer := range []string{"</channel", "</rss", "</feed", "</rdf:rdf"} {
			if n := indexFold(text[sp.open:], outer); n >= 0 {
				nested = min(nested, sp.open+n)
			}
		}
	}
	sp.close, sp.end = nested, nested
	return sp
}

// directChild reports whether an item that opens after the inner of another
// one follows it rather than being part of it: no element is open there that
// can hold a document (a quoted entry in a content, say).
func directChild(inner string) bool {
	k := &skipper{text: inner, notes: &noteList{}}
	var open []string
	for i := 0; ; {
		if i = k.next(i); i < 0 {
			break
		}
		name := nameAt(inner, i)
		if inner[i+1] == '/' {
			if n := slices.Index(open, name); n >= 0 {
				open = open[:n]
			}
			i = endOfTag(inner, i)
			continue
		}
		t, ok := readTag(inner, i)
		if !ok {
			i++
			continue
		}
		if !t.empty && len(open) < maxMarkupDepth {
			open = append(open, name)
		}
		i = t.end
	}
	return len(open) == 0 || !holdsMarkup[open[0][strings.IndexByte(open[0], ':')+1:]]
}

// holdsMarkup names the children of an item that a document may be quoted in.
var holdsMarkup = map[string]bool{
	"content": true, "encoded": true, "description": true, "summary": true, "body": true, "div": true, "source": true, "fullitem": true,
}

// hasNameFold reports whether s begins with the name, in any case, and the
// name ends there.
func hasNameFold(s, name string) bool {
	if len(s) < len(name) || !strings.EqualFold(s[:len(name)], name) {
		return false
	}
	return len(s) == len(name) || !isNameChar(s[len(name)])
}

// endOfTag gives the place after the ">" of the end tag at i, or before the
// next "<" when it has none.
func endOfTag(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '>':
			return j + 1
		case '<':
			return j
		}
	}
	return len(text)
}

// indexFold finds an ASCII lower-case text in any case.
func indexFold(s, sub string) int {
	for i := 0; ; {
		n := strings.IndexByte(s[i:], sub[0])
		if n < 0 || len(s)-i-n < len(sub) {
			return -1
		}
		i += n
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
		i++
	}
}

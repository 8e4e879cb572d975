package normalize

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// markup is one cleaned HTML text, in both of its forms.
type markup struct {
	HTML string // sanitised
	Text string // its words: one paragraph a line, white space folded
}

// clean makes a publisher's HTML safe and whole: what may stay is decided by
// the tables in allow.go, on the parsed tree; references are resolved against
// b (and those that are only a fragment against page, the item's own link);
// lazy images are made plain ones and tracking pixels dropped. The result is
// balanced, parses to the tree that it was written from, and has passed
// bluemonday as a second, independent opinion where it holds more than words
// (see gate). Cleaning it again changes nothing.
//
// The text of what is dropped stays, but for what never was text to a reader
// (scripts, styles, templates, drawings).
func (n *Normalizer) clean(src string, b base, page string) markup {
	src = strings.TrimSpace(src)
	if strings.IndexByte(src, '<') < 0 && strings.IndexByte(src, '&') < 0 {
		return n.line(src)
	}
	src = validUTF8(src)
	if strings.Contains(src, "</br>") { // XML's <br></br>, which HTML reads as two
		src = endedBreak.Replace(src)
	}
	// A tree is written so that it is read as the same tree, unless dropping
	// elements brought together what HTML does not let stand together; then
	// what the next reading makes of it is cleaned again.
	const maxReadings = 4
	room := cleanings.Get().(*cleaning)
	defer room.giveBack()
	for range maxReadings {
		c := cleaner{base: b, page: page, src: src, out: room.out[:0], text: room.text[:0]}
		readable := c.readStraight(src, &room.open)
		if !readable {
			c = cleaner{base: b, page: page, src: src, out: c.out[:0], text: c.text[:0]}
			readable = c.read(src)
		}
		room.out, room.text = c.out, c.text // as far as they have grown
		if !readable {
			break
		}
		if !c.unstable {
			return markup{n.gate(strings.TrimSpace(string(c.out))), c.words()}
		}
		src = strings.TrimSpace(string(c.out))
	}
	return n.plain(stripTags(src))
}

// cleaning is room for one text at a time.
type cleaning struct {
	out, text []byte
	open      openElements
}

var cleanings = sync.Pool{New: func() any { return new(cleaning) }}

func (r *cleaning) giveBack() {
	r.open.forget()
	if cap(r.out) <= maxKept && cap(r.text) <= maxKept {
		cleanings.Put(r)
	}
}

// maxKept bounds the room that is kept for the next text.
const maxKept = 1 << 17

var endedBreak = strings.NewReplacer("<br></br>", "<br>", "<br/></br>", "<br>", "<br /></br>", "<br>")

// cleaner writes a tree as clean HTML and as text.
type cleaner struct {
	base base
	page string
	src  string

	out      []byte
	text     []byte
	quiet    int    // > 0 inside of what the text leaves out
	lastSrc  string // of the image written last, as <noscript> repeats lazy ones
	preOpen  bool   // "<pre>" was the last thing written
	unstable bool   // what is written may read as another tree
}

var bodyContext = &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}

// read cleans src. It is false when src is nested too deep to be parsed.
func (c *cleaner) read(src string) bool {
	// Without scripting, <noscript> is markup and not a text to be read later.
	nodes, err := html.ParseFragmentWithOptions(strings.NewReader(src), bodyContext, html.ParseOptionEnableScripting(false))
	if err != nil {
		return false
	}
	for _, node := range nodes {
		c.node(node, scope{})
	}
	return true
}

// scope is what is open around a node in the output, as far as a parser would
// care (HTML §13.2.4.2, "has an element in scope").
type scope struct {
	parent atom.Atom // innermost element written, 0 at the top
	depth  int
	p      bool // a <p> that a block would close
	a      bool // an <a> that another would close
	li     bool // a <li> that another would close
	dd     bool // the same for <dt> and <dd>
}

// within gives the scope inside of an element, and whether a parser would let
// the element stand there.
func (s scope) within(a atom.Atom) (scope, bool) {
	ok := true
	r := elements[a]
	if r.block && s.p || a == atom.A && s.a || a == atom.Li && s.li || (a == atom.Dd || a == atom.Dt) && s.dd {
		ok = false
	}
	switch a {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		switch s.parent {
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
			ok = false
		}
	case atom.Td, atom.Th:
		ok = ok && s.parent == atom.Tr
	case atom.Tr:
		ok = ok && (s.parent == atom.Tbody || s.parent == atom.Thead || s.parent == atom.Tfoot)
	case atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Colgroup:
		ok = ok && s.parent == atom.Table
	case atom.Col:
		ok = ok && s.parent == atom.Colgroup
	case atom.Rt, atom.Rp:
		ok = ok && s.parent == atom.Ruby
	}
	switch s.parent {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Colgroup:
		switch a {
		case atom.Td, atom.Th, atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot, atom.Caption, atom.Colgroup, atom.Col:
		default:
			ok = false
		}
	}
	in := s
	in.parent, in.depth = a, s.depth+1
	switch a {
	case atom.Td, atom.Th, atom.Caption:
		in.p, in.a, in.li, in.dd = false, false, false, false
	case atom.Table:
		in.p, in.li, in.dd = false, false, false
	case atom.P:
		in.p = true
	case atom.A:
		in.a = true
	case atom.Li:
		in.li = true
	case atom.Dd, atom.Dt:
		in.dd = true
	default:
		if r.block && a != atom.Div && a != atom.Address { // "special", but for those that the loop walks through
			in.li, in.dd = false, false
		}
	}
	return in, ok
}

// maxDepth is how deep elements may stand in each other; deeper ones are
// dropped and their text kept.
const maxDepth = 100

func (c *cleaner) node(n *html.Node, s scope) {
	switch n.Type {
	case html.TextNode:
		c.writeText(n.Data, s)
	case html.ElementNode:
		if in, whole := c.enter(n, s); !whole {
			for child := n.FirstChild; child != nil; child = child.NextSibling {
				c.node(child, in)
			}
			c.leave(n, s)
		}
	} // comments and doctypes go
}

// enter begins an element that stands in s, and gives the scope of its content.
// It is whole when nothing more is to be done for it: it has no content, or
// that is dropped or done. All it looks at is the element itself, not what is
// around it in the tree, as not every reader makes one.
func (c *cleaner) enter(n *html.Node, s scope) (in scope, whole bool) {
	r, known := elementOf(n)
	switch {
	case r.drop:
		return s, true
	case r.raw:
		// The parser gives these as text, as their markup is for browsers of
		// old. It is what remains to be read now.
		c.inner(n, s)
		return s, true
	case !known || r.unwrap || s.depth >= maxDepth:
		if r.block {
			c.breakParagraph()
		}
		return s, false
	case n.DataAtom == atom.Img:
		c.image(n, s)
		return s, true
	}
	in, stands := s.within(n.DataAtom)
	if !stands {
		c.unstable = true
	}
	if r.block || r.line {
		c.breakParagraph()
	}
	if !c.isImplied(n) {
		c.open(n, r)
	}
	if r.void {
		return s, true
	}
	if r.aside {
		c.quiet++
	}
	c.preOpen = n.DataAtom == atom.Pre
	return in, false
}

// leave ends an element that was entered in s and was not whole.
func (c *cleaner) leave(n *html.Node, s scope) {
	r, known := elementOf(n)
	if !known || r.unwrap || s.depth >= maxDepth {
		if r.block {
			c.breakParagraph()
		}
		return
	}
	if r.aside {
		c.quiet--
	}
	if !c.isImplied(n) {
		c.out = append(c.out, "</"...)
		c.out = append(c.out, n.Data...)
		c.out = append(c.out, '>')
	}
	c.preOpen = false
	switch {
	case r.block || r.line:
		c.breakParagraph()
	case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
		c.word(" ")
	}
}

// elementOf says what becomes of an element. Of <svg>, <math> and what is in
// them, <svg>'s words go too.
func elementOf(n *html.Node) (r element, known bool) {
	switch n.Namespace {
	case "":
		r, known = elements[n.DataAtom]
	case "svg":
		r.drop = true
	}
	return r, known
}

// isImplied reports whether n is a <tbody> that the publisher did not write.
// The parser adds one to every table that has none. It is left out again, as
// the next reader adds it too.
func (c *cleaner) isImplied(n *html.Node) bool {
	return n.DataAtom == atom.Tbody && len(n.Attr) == 0 && !strings.Contains(c.src, "<tbody") && !strings.Contains(c.src, "<TBODY")
}

// inner reads the text inside of an element as markup.
func (c *cleaner) inner(n *html.Node, s scope) {
	if s.depth > 0 && s.parent != atom.Div {
		c.unstable = true // a tree of its own may not fit in here
	}
	var b strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		b.WriteString(child.Data)
	}
	if b.Len() == 0 {
		return
	}
	nodes, err := html.ParseFragmentWithOptions(strings.NewReader(b.String()), bodyContext, html.ParseOptionEnableScripting(false))
	if err != nil {
		return
	}
	s.depth += 10 // so that frames in frames in frames come to an end
	for _, node := range nodes {
		c.node(node, s)
	}
}

// open writes the start tag with the attributes that may stay.
func (c *cleaner) open(n *html.Node, r element) {
	c.out = append(c.out, '<')
	c.out = append(c.out, n.Data...)
	for i := range n.Attr {
		a := &n.Attr[i]
		c.attribute(n, r, i, a.Key, a.Val)
	}
	c.out = append(c.out, '>')
	c.preOpen = false
}

func (c *cleaner) attribute(n *html.Node, r element, i int, key, value string) {
	if key == "xml:lang" {
		key = "lang"
	}
	kind, ok := globalAttributes[key]
	if !ok {
		if kind, ok = r.attributes[key]; !ok {
			return
		}
	}
	for j := range i { // a browser takes the first of two
		if n.Attr[j].Key == key {
			return
		}
	}
	switch kind {
	case isURL:
		if value = c.resolve(value); value == "" {
			return
		}
	case isURLSet:
		if value = c.base.resolveSet(value); value == "" {
			return
		}
	case isLanguage:
		if value = strings.TrimSpace(value); !isTagLike(value) {
			return
		}
	case isDirection:
		if value = strings.ToLower(strings.TrimSpace(value)); value != "ltr" && value != "rtl" && value != "auto" {
			return
		}
	case isNumber:
		if value = strings.TrimSpace(value); !isNumeric(value) {
			return
		}
	case isToken:
		if value = strings.TrimSpace(value); !isTokens(value) {
			return
		}
	}
	c.out = append(c.out, ' ')
	c.out = append(c.out, key...)
	c.out = append(c.out, `="`...)
	c.out = appendEscaped(c.out, value)
	c.out = append(c.out, '"')
}

// resolve gives a reference's absolute form when a reader may be led there.
func (c *cleaner) resolve(ref string) string {
	ref = tidyReference(ref)
	if strings.HasPrefix(ref, "#") && c.page != "" {
		// A place on the item's page, as a footnote's; not one in the feed.
		if i := strings.IndexByte(c.page, '#'); i >= 0 {
			return c.page[:i] + ref
		}
		return c.page + ref
	}
	if ref = c.base.resolve(ref); !isSafeURL(ref) {
		return ""
	}
	return ref
}

// attribute gives an attribute's value, "" when there is none.
func attribute(n *html.Node, key string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			return n.Attr[i].Val
		}
	}
	return ""
}

// writeText writes a text node in both forms.
func (c *cleaner) writeText(s string, in scope) {
	switch in.parent {
	case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Colgroup:
		if strings.Trim(s, " \t\n\f\r") != "" {
			c.unstable = true
		}
	}
	start := len(c.out)
	c.out = appendEscaped(c.out, s) // which drops what may not stand in a text
	if len(c.out) > start {
		if c.preOpen && c.out[start] == '\n' {
			c.out = slices.Insert(c.out, start, '\n') // the first line end after <pre> is not read
		}
		c.preOpen = false
	}
	c.word(s)
}

// word adds s to the words of the text, white space folded.
func (c *cleaner) word(s string) {
	if c.quiet == 0 {
		c.text = appendFolded(c.text, s)
	}
}

// breakParagraph ends the paragraph in the text.
func (c *cleaner) breakParagraph() {
	c.text = endParagraph(c.text)
}

func (c *cleaner) words() string {
	return strings.TrimSuffix(string(endParagraph(c.text)), "\n")
}

// stripTags gives the words of markup that is too broken for a tree.
func stripTags(src string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(src))
	z.SetMaxBuf(1 << 20)
	quiet := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if !quiet {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			r := elements[atom.Lookup(name)]
			quiet = r.drop
			if r.block {
				b.WriteString("\n\n")
			}
		case html.EndTagToken:
			quiet = false
		}
	}
}

func isTagLike(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return s != "" && len(s) <= 35
}

func isNumeric(s string) bool {
	s = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(s, "-"), "px"), "%")
	_, err := strconv.ParseFloat(s, 32)
	return err == nil && strings.Trim(s, "0123456789.") == ""
}

func isTokens(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_/+.#:;=, ", c) >= 0) {
			return false
		}
	}
	return len(s) <= 200
}

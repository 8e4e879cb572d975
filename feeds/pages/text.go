package pages

import (
	"html/template"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/language"
)

// mostNodes bounds the text that is made fit for a page; what is longer ends
// there, and its original is linked.
const mostNodes = 20_000

// Text makes a statement's sanitised HTML fit into a page: its headings go on
// from the page's own, nothing in it is a landmark, has our classes or colours of
// its own, lists and links are what screen readers need. Pictures, sound and
// films become links unless pictures is true, as to load them would tell the
// publisher who reads here. The second value says that there are some.
func (l *Language) Text(s string, pictures bool) (template.HTML, bool) {
	body := &html.Node{Type: html.ElementNode, DataAtom: atom.Body, Data: "body"}
	nodes, err := html.ParseFragment(strings.NewReader(s), body)
	if err != nil {
		return "", false // the tree became too deep; the original is linked
	}
	f := fitter{l: l, pictures: pictures, top: 7}
	for _, n := range nodes {
		body.AppendChild(n)
	}
	f.look(body)
	f.children(body)
	var b strings.Builder
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		if html.Render(&b, n) != nil {
			return "", false
		}
	}
	return template.HTML(b.String()), f.some
}

type fitter struct {
	l        *Language
	pictures bool
	some     bool // there are pictures
	top      int  // the highest heading
	below    int  // the heading before, as written out
	seen     int  // nodes
}

// look finds the highest heading.
func (f *fitter) look(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if level := heading(c); level > 0 {
			f.top = min(f.top, level)
		}
		f.look(c)
	}
}

// heading gives the level of a heading, 0 for anything else.
func heading(n *html.Node) int {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return int(n.Data[1] - '0')
	}
	return 0
}

func (f *fitter) children(n *html.Node) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		if f.seen++; f.seen > mostNodes {
			n.RemoveChild(c)
			continue
		}
		if c.Type == html.ElementNode {
			f.element(c)
		} else if c.Type != html.TextNode {
			n.RemoveChild(c)
		}
	}
}

func (f *fitter) element(n *html.Node) {
	if level := heading(n); level > 0 {
		// No level is left out on the way down, and the page's own is 1.
		level = min(level-f.top+2, max(f.below, 1)+1, 6)
		f.below = level
		rename(n, [...]atom.Atom{atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}[level-2])
	}
	switch n.DataAtom {
	case atom.Main, atom.Nav, atom.Header, atom.Footer, atom.Aside, atom.Section, atom.Article, atom.Center, atom.Address, atom.Hgroup:
		rename(n, atom.Div)
	case atom.Font:
		rename(n, atom.Span)
	case atom.Li:
		if !within(n, atom.Ul, atom.Ol) {
			rename(n, atom.Div)
		}
	case atom.Dt, atom.Dd:
		if !within(n, atom.Dl) {
			rename(n, atom.Div)
		}
	case atom.Ul, atom.Ol:
		items(n)
	case atom.Dl:
		if !definitions(n) {
			rename(n, atom.Div)
		}
	case atom.Img, atom.Audio, atom.Video, atom.Picture:
		f.some = true
		if !f.pictures {
			f.link(n)
			return
		}
	}
	f.attributes(n)
	f.children(n)
	switch n.DataAtom {
	case atom.A:
		if !says(n) || attribute(n, "href") == "" {
			unwrap(n)
		}
	case atom.Summary:
		if !within(n, atom.Details) {
			rename(n, atom.Div)
		}
	case atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if !says(n) {
			rename(n, atom.Div)
		}
	case atom.Th:
		if !says(n) {
			rename(n, atom.Td)
		}
	case atom.Table, atom.Pre:
		f.scroll(n)
	}
}

// attributes keeps those that say something on our pages.
func (f *fitter) attributes(n *html.Node) {
	var keep []html.Attribute
	for _, a := range n.Attr {
		switch a.Key {
		case "lang", "hreflang":
			if _, err := language.Parse(a.Val); err != nil {
				continue
			}
		case "dir", "title", "cite", "datetime", "colspan", "rowspan", "scope", "start", "reversed", "value", "open":
		case "href":
			if !goesSomewhere(a.Val) {
				continue
			}
			keep = append(keep, html.Attribute{Key: "rel", Val: "noopener nofollow"})
		case "src", "srcset", "sizes", "alt", "width", "height", "poster", "media", "type":
			if n.DataAtom == atom.A || n.DataAtom == atom.Ul || n.DataAtom == atom.Li {
				continue
			}
		default:
			continue
		}
		keep = append(keep, a)
	}
	switch n.DataAtom {
	case atom.Img:
		if attribute(n, "alt") == "" {
			keep = append(keep, html.Attribute{Key: "alt", Val: ""})
		}
		keep = append(keep, html.Attribute{Key: "loading", Val: "lazy"})
	case atom.Audio, atom.Video:
		keep = append(keep, html.Attribute{Key: "controls"}, html.Attribute{Key: "preload", Val: "none"})
	}
	n.Attr = keep
}

// goesSomewhere reports whether a link leads anywhere from our page. Its
// anchors were taken out with the ids.
func goesSomewhere(href string) bool {
	u, err := url.Parse(href)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Host != ""
	case "mailto", "tel":
		return true
	}
	return false
}

// link puts a link to a picture, sound or film in its place; inside a link, only
// its words.
func (f *fitter) link(n *html.Node) {
	src, alt := attribute(n, "src"), strings.TrimSpace(attribute(n, "alt"))
	word := f.l.Say("statement.media")
	if n.DataAtom == atom.Img || n.DataAtom == atom.Picture {
		word = f.l.Say("statement.picture")
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if src == "" {
			src = attribute(c, "src")
		}
		if c.DataAtom == atom.Img {
			src, alt = attribute(c, "src"), strings.TrimSpace(attribute(c, "alt"))
		}
	}
	text := word
	if alt != "" {
		text += ": " + alt
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: text})
	rename(n, atom.Span)
	n.Attr = []html.Attribute{{Key: "class", Val: "picture"}}
	if goesSomewhere(src) && !inside(n, atom.A) {
		rename(n, atom.A)
		n.Attr = append(n.Attr, html.Attribute{Key: "href", Val: src}, html.Attribute{Key: "rel", Val: "noopener noreferrer nofollow"})
	}
}

// scroll lets what may be wider than the page be moved, by the keyboard too.
func (f *fitter) scroll(n *html.Node) {
	box := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div", Attr: []html.Attribute{
		{Key: "class", Val: "scroll"}, {Key: "tabindex", Val: "0"}, {Key: "role", Val: "group"}, {Key: "aria-label", Val: f.l.Say("statement.table")}}}
	if inside(n, atom.Table) || n.Parent == nil {
		return
	}
	n.Parent.InsertBefore(box, n)
	n.Parent.RemoveChild(n)
	box.AppendChild(n)
}

// items leaves a list with nothing but its items.
func items(n *html.Node) {
	var next *html.Node
	for c := n.FirstChild; c != nil; c = next {
		next = c.NextSibling
		if c.Type == html.ElementNode && c.DataAtom == atom.Li || c.Type == html.TextNode && strings.TrimSpace(c.Data) == "" {
			continue
		}
		li := &html.Node{Type: html.ElementNode, DataAtom: atom.Li, Data: "li"}
		n.InsertBefore(li, c)
		n.RemoveChild(c)
		li.AppendChild(c)
	}
	if n.FirstChild == nil {
		rename(n, atom.Div)
	}
}

// definitions reports whether a list of definitions is one.
func definitions(n *html.Node) bool {
	var before atom.Atom
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "":
		case c.Type == html.ElementNode && c.DataAtom == atom.Dt, c.DataAtom == atom.Dd && before != 0:
			before = c.DataAtom
		default:
			return false
		}
	}
	return before == atom.Dd
}

func rename(n *html.Node, to atom.Atom) { n.DataAtom, n.Data = to, to.String() }

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// within reports whether the parent is one of these.
func within(n *html.Node, parents ...atom.Atom) bool {
	for _, p := range parents {
		if n.Parent != nil && n.Parent.DataAtom == p {
			return true
		}
	}
	return false
}

func inside(n *html.Node, element atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == element {
			return true
		}
	}
	return false
}

// says reports whether there is a word in n, or a picture with one.
func says(n *html.Node) bool {
	if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" || n.DataAtom == atom.Img && attribute(n, "alt") != "" {
		return true
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if says(c) {
			return true
		}
	}
	return false
}

// unwrap puts n's children in its place.
func unwrap(n *html.Node) {
	for n.FirstChild != nil {
		c := n.FirstChild
		n.RemoveChild(c)
		n.Parent.InsertBefore(c, n)
	}
	n.Parent.RemoveChild(n)
}

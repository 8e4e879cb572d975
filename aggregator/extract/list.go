package extract

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"communique/feeds"
)

// selector is a CSS selector and what of the element is wanted.
type selector struct {
	match cascadia.Matcher // nil for the item itself
	attr  string           // "" for what is usual of the element
}

// listRules are compiled rules of a page that lists statements.
type listRules struct {
	items                                                                                                  cascadia.Matcher
	id, title, link, published, updated, summary, content, image, author, categories, enclosures, language *selector
}

var attribute = regexp.MustCompile(`@([A-Za-z_:][-\w:.]*)$`)

// compileSelector reads "css", "css@attribute" or "@attribute"; nil for "".
func compileSelector(s string) (*selector, error) {
	if s == "" {
		return nil, nil
	}
	var out selector
	if m := attribute.FindStringSubmatchIndex(s); m != nil {
		out.attr, s = strings.ToLower(s[m[2]:m[3]]), strings.TrimSpace(s[:m[0]])
	}
	if s != "" {
		group, err := cascadia.ParseGroup(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no CSS selector: %w", s, err)
		}
		out.match = group
	}
	return &out, nil
}

func compileList(r Rules) (*listRules, []RuleError) {
	var l listRules
	var errs []RuleError
	if r.Items == "" {
		errs = append(errs, RuleError{"items", "is missing; give a CSS selector of the elements that are one statement each, such as article"})
	} else if s, err := compileSelector(r.Items); err != nil {
		errs = append(errs, RuleError{"items", err.Error()})
	} else if s.attr != "" || s.match == nil {
		errs = append(errs, RuleError{"items", "wants elements, without @attribute"})
	} else {
		l.items = s.match
	}
	for _, f := range []struct {
		key, rule string
		into      **selector
	}{{"id", r.ID, &l.id}, {"title", r.Title, &l.title}, {"link", r.Link, &l.link}, {"published", r.Published, &l.published}, {"updated", r.Updated, &l.updated},
		{"summary", r.Summary, &l.summary}, {"content", r.Content, &l.content}, {"image", r.Image, &l.image}, {"author", r.Author, &l.author},
		{"categories", r.Categories, &l.categories}, {"enclosures", r.Enclosures, &l.enclosures}, {"language", r.Language, &l.language}} {
		var err error
		if *f.into, err = compileSelector(f.rule); err != nil {
			errs = append(errs, RuleError{f.key, err.Error()})
		}
	}
	return &l, errs
}

// What an item's parts usually are.
var (
	usualTitle = must("h1, h2, h3, h4, h5")
	usualLink  = must("a[href]")
	usualDate  = must("time")
)

func must(s string) *selector {
	return &selector{match: cascadia.MustCompile(s)}
}

// parseHTML reads a page of any charset.
func parseHTML(body []byte, contentType string) (*html.Node, error) {
	r, err := charset.NewReader(bytes.NewReader(body), contentType)
	if err != nil {
		return nil, &Error{"broken", err.Error()}
	}
	doc, err := html.Parse(r)
	if err != nil {
		return nil, &Error{"broken", "the page cannot be read: " + err.Error()}
	}
	return doc, nil
}

func (l *listRules) read(body []byte, base *url.URL, o Options) (Page, error) {
	root, err := parseHTML(body, o.ContentType)
	if err != nil {
		return Page{}, err
	}
	base = baseOf(root, base)
	g := newGatherer(HTMLList, base, o)
	describe(g.doc, root, base)
	nodes := cascadia.QueryAll(root, l.items)
	if len(nodes) == 0 {
		return Page{}, &Error{"no-items", "the selector of items matches nothing on the page"}
	}
	for _, n := range nodes {
		g.add(l.item(n, base))
	}
	return Page{Document: g.doc}, nil
}

func (l *listRules) item(n *html.Node, base *url.URL) feeds.Item {
	it := feeds.Item{Base: base.String()}
	title := l.title.or(usualTitle).first(n)
	link := l.link.first(n)
	if l.link == nil {
		if title != nil {
			if link = usualLink.first(title); link == nil {
				link = around(title, n)
			}
		}
		if link == nil {
			link = usualLink.first(n)
		}
	}
	if title == nil && l.title == nil {
		title = link
	}
	it.ID = l.id.value(l.id.first(n), base)
	page(&it, absolute(base, l.link.or(usualLink).address(link, base)))
	it.Title = feeds.Text{Value: l.title.or(usualTitle).value(title, base), Type: "text"}
	it.Published = l.published.or(usualDate).value(l.published.or(usualDate).first(n), base)
	it.Updated = l.updated.value(l.updated.first(n), base)
	it.Summary = markup(l.summary, n, base)
	it.Content = markup(l.content, n, base)
	it.Image = absolute(base, l.image.or(nil).value(l.image.first(n), base))
	it.Language = l.language.value(l.language.first(n), base)
	for _, a := range l.author.all(n, base) {
		it.Authors = append(it.Authors, feeds.Person{Name: a})
	}
	for _, c := range l.categories.all(n, base) {
		it.Categories = append(it.Categories, feeds.Category{Term: c})
	}
	for _, e := range l.enclosures.all(n, base) {
		if href := absolute(base, e); href != "" {
			it.Enclosures = append(it.Enclosures, feeds.Enclosure{URL: href})
		}
	}
	return it
}

// around gives the link that a title stands in, within the item.
func around(n, item *html.Node) *html.Node {
	for ; n != nil; n = n.Parent {
		if n.DataAtom == atom.A && attr(n, "href") != "" {
			return n
		}
		if n == item {
			return nil
		}
	}
	return nil
}

// or gives the selector, or the usual one where there is no rule.
func (s *selector) or(usual *selector) *selector {
	if s == nil {
		return usual
	}
	return s
}

// first gives the first element that the selector matches, nil for none.
func (s *selector) first(n *html.Node) *html.Node {
	switch {
	case s == nil:
		return nil
	case s.match == nil:
		return n
	}
	return cascadia.Query(n, s.match)
}

// all gives the values of all that the selector matches, each once.
func (s *selector) all(n *html.Node, base *url.URL) []string {
	if s == nil {
		return nil
	}
	found := []*html.Node{n}
	if s.match != nil {
		found = cascadia.QueryAll(n, s.match)
	}
	var out []string
	for _, f := range found[:min(len(found), 50)] {
		v := s.value(f, base)
		known := v == ""
		for _, have := range out {
			known = known || have == v
		}
		if !known {
			out = append(out, v)
		}
	}
	return out
}

// value gives the wanted part of an element: the attribute, else what is usual
// of such an element, else its text.
func (s *selector) value(n *html.Node, _ *url.URL) string {
	if s == nil || n == nil {
		return ""
	}
	if s.attr != "" {
		return strings.TrimSpace(attr(n, s.attr))
	}
	usual := ""
	switch n.DataAtom {
	case atom.Time:
		usual = attr(n, "datetime")
	case atom.Img, atom.Source:
		usual = attr(n, "src")
		if usual == "" || strings.HasPrefix(usual, "data:") {
			usual = attr(n, "data-src")
		}
	case atom.Meta:
		usual = attr(n, "content")
	}
	if usual != "" {
		return strings.TrimSpace(usual)
	}
	return text(n)
}

// address is value where an address is wanted: of a link, that it leads to.
func (s *selector) address(n *html.Node, base *url.URL) string {
	if s != nil && n != nil && s.attr == "" && n.DataAtom == atom.A {
		return strings.TrimSpace(attr(n, "href"))
	}
	return s.value(n, base)
}

// markup gives an element's content as HTML, an attribute as text.
func markup(s *selector, n *html.Node, base *url.URL) feeds.Text {
	found := s.first(n)
	if found == nil {
		return feeds.Text{}
	}
	if s.attr != "" {
		return feeds.Text{Value: s.value(found, base), Type: "text"}
	}
	return feeds.Text{Value: inner(found), Type: "html"}
}

func inner(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		_ = html.Render(&b, c) // a Builder takes all
	}
	return strings.TrimSpace(b.String())
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text gives an element's text on one line.
func text(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.DataAtom == atom.Script || n.DataAtom == atom.Style || n.DataAtom == atom.Template || n.DataAtom == atom.Noscript:
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode {
			switch n.DataAtom {
			case atom.P, atom.Div, atom.Br, atom.Li, atom.Td, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Tr:
				b.WriteByte(' ')
			}
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

var (
	baseElement  = cascadia.MustCompile("base[href]")
	titleElement = cascadia.MustCompile("head title")
	htmlElement  = cascadia.MustCompile("html")
	description  = cascadia.MustCompile(`head meta[name="description" i]`)
)

// baseOf gives what a page's references are resolved against.
func baseOf(root *html.Node, base *url.URL) *url.URL {
	if n := cascadia.Query(root, baseElement); n != nil {
		if u, err := base.Parse(attr(n, "href")); err == nil && u.Host != "" {
			return u
		}
	}
	return base
}

// describe fills in what a page says of itself.
func describe(doc *feeds.Document, root *html.Node, base *url.URL) {
	if n := cascadia.Query(root, titleElement); n != nil {
		doc.Title = feeds.Text{Value: text(n), Type: "text"}
	}
	if n := cascadia.Query(root, htmlElement); n != nil {
		doc.Language = attr(n, "lang")
	}
	if n := cascadia.Query(root, description); n != nil {
		doc.Description = feeds.Text{Value: attr(n, "content"), Type: "text"}
	}
	doc.Links = append(doc.Links, feeds.Link{Href: base.String(), Rel: "alternate", Type: "text/html"})
}

package extract

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	readability "codeberg.org/readeck/go-readability/v2"
	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"communique/feeds"
)

// ArticleRules say where on a page its parts stand, as CSS selectors; "" leaves
// a part to what the page says of itself and to the look of its text.
type ArticleRules struct {
	Text      string // the text itself, without navigation
	Title     string
	Published string
	Image     string
	Author    string
	Remove    string // what to take out of the text: share buttons, related links
}

// ArticleReader reads the pages that a list leads to. It is safe for concurrent
// use.
type ArticleReader struct {
	text, title, published, image, author *selector
	remove                                cascadia.Matcher
}

// CompileArticle makes an ArticleReader, or says everything that is wrong.
func CompileArticle(r ArticleRules) (*ArticleReader, []RuleError) {
	var a ArticleReader
	var errs []RuleError
	for _, f := range []struct {
		key, rule string
		into      **selector
	}{{"text", r.Text, &a.text}, {"title", r.Title, &a.title}, {"published", r.Published, &a.published}, {"image", r.Image, &a.image}, {"author", r.Author, &a.author}} {
		var err error
		if *f.into, err = compileSelector(f.rule); err != nil {
			errs = append(errs, RuleError{f.key, err.Error()})
		}
	}
	switch s, err := compileSelector(r.Remove); {
	case err != nil:
		errs = append(errs, RuleError{"remove", err.Error()})
	case s != nil && s.match == nil:
		errs = append(errs, RuleError{"remove", "wants elements, without @attribute"})
	case s != nil:
		a.remove = s.match
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return &a, nil
}

// Article is what a page says of the one statement that it shows. What it does
// not say is left out.
type Article struct {
	Title     string
	Content   string // HTML, not clean
	Language  string
	Published string // as written
	Updated   string // as written
	Canonical string // the page's own address for itself
	Image     string
	Authors   []string
	Siblings  []feeds.Link // the page in other languages (hreflang)
}

var (
	canonicalLink = cascadia.MustCompile(`link[rel~="canonical" i][href]`)
	siblingLinks  = cascadia.MustCompile(`link[rel~="alternate" i][hreflang][href]`)
	linkedData    = cascadia.MustCompile(`script[type="application/ld+json" i]`)
	metaElements  = cascadia.MustCompile("meta[content]")
	firstHeading  = cascadia.MustCompile("h1")
	firstTime     = cascadia.MustCompile("time[datetime]")
)

// Read reads a page. An error is always an *Error: of what is no page, or has no
// text.
func (a *ArticleReader) Read(body []byte, contentType, address string) (*Article, error) {
	root, err := parseHTML(body, contentType)
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, &Error{"broken", "the page has no address"}
	}
	base := baseOf(root, at)
	out := &Article{}
	a.head(out, root, base)
	a.said(out, root, base)
	if a.remove != nil {
		for _, n := range cascadia.QueryAll(root, a.remove) {
			if n.Parent != nil {
				n.Parent.RemoveChild(n)
			}
		}
	}
	if a.text != nil {
		n := a.text.first(root)
		if n == nil {
			return nil, &Error{"no-items", "the selector of the text matches nothing on the page " + address}
		}
		out.Content = inner(n)
	} else if err := a.readable(out, root, base); err != nil {
		return nil, err
	}
	if strings.TrimSpace(out.Content) == "" {
		return nil, &Error{"no-items", "there is no text to be found on the page " + address}
	}
	return out, nil
}

// head reads what the page says of itself to programs.
func (a *ArticleReader) head(out *Article, root *html.Node, base *url.URL) {
	meta := map[string]string{}
	for _, n := range cascadia.QueryAll(root, metaElements) {
		for _, key := range []string{"property", "name", "itemprop"} {
			if k := strings.ToLower(attr(n, key)); k != "" && meta[k] == "" {
				meta[k] = strings.TrimSpace(attr(n, "content"))
			}
		}
	}
	first := func(keys ...string) string {
		for _, k := range keys {
			if meta[k] != "" {
				return meta[k]
			}
		}
		return ""
	}
	said := linked(root)
	if n := cascadia.Query(root, htmlElement); n != nil {
		out.Language = attr(n, "lang")
	}
	out.Title = first("og:title", "twitter:title", "dcterms.title", "dc.title")
	out.Published = first("article:published_time", "datepublished", "dcterms.date", "dc.date", "dcterms.created", "pubdate", "publishdate", "date")
	if out.Published == "" {
		out.Published = said.Published
	}
	out.Updated = first("article:modified_time", "datemodified", "dcterms.modified", "og:updated_time")
	if out.Updated == "" {
		out.Updated = said.Modified
	}
	out.Image = absolute(base, first("og:image", "og:image:url", "twitter:image"))
	if author := first("author", "article:author", "dcterms.creator", "dc.creator"); author != "" && !strings.Contains(author, "://") {
		out.Authors = []string{author}
	}
	if n := cascadia.Query(root, canonicalLink); n != nil {
		out.Canonical = absolute(base, attr(n, "href"))
	}
	for _, n := range cascadia.QueryAll(root, siblingLinks) {
		if href := absolute(base, attr(n, "href")); href != "" && len(out.Siblings) < 50 {
			out.Siblings = append(out.Siblings, feeds.Link{Href: href, Rel: "alternate", HrefLang: attr(n, "hreflang"), Type: "text/html"})
		}
	}
}

// said takes what the operator's selectors say over what the page says.
func (a *ArticleReader) said(out *Article, root *html.Node, base *url.URL) {
	take := func(into *string, s *selector) {
		if v := s.value(s.first(root), base); v != "" {
			*into = v
		}
	}
	take(&out.Title, a.title)
	take(&out.Published, a.published)
	if a.image != nil {
		take(&out.Image, a.image)
		out.Image = absolute(base, out.Image)
	}
	if list := a.author.all(root, base); len(list) > 0 {
		out.Authors = list
	}
	if out.Title == "" {
		if n := cascadia.Query(root, firstHeading); n != nil {
			out.Title = text(n)
		}
	}
	if out.Published == "" {
		if n := cascadia.Query(root, firstTime); n != nil {
			out.Published = attr(n, "datetime")
		}
	}
}

// readable finds the text by its look.
func (a *ArticleReader) readable(out *Article, root *html.Node, base *url.URL) error {
	found, err := readability.FromDocument(root, base)
	if err != nil || found.Node == nil {
		return &Error{"no-items", "there is no text to be found on the page; name it by article.text"}
	}
	out.Content = inner(found.Node)
	if out.Title == "" {
		out.Title = found.Title()
	}
	if t, err := found.PublishedTime(); err == nil && out.Published == "" {
		out.Published = t.Format(time.RFC3339)
	}
	return nil
}

// dates are what schema.org's linked data says of a page.
type dates struct{ Published, Modified string }

// linked looks through the page's linked data, which comes as one object, a
// list, or a graph.
func linked(root *html.Node) (out dates) {
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		if depth > 6 || out.Published != "" {
			return
		}
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e, depth+1)
			}
		case map[string]any:
			if s, ok := v["datePublished"].(string); ok && out.Published == "" {
				out.Published = s
				out.Modified, _ = v["dateModified"].(string)
			}
			walk(v["@graph"], depth+1)
		}
	}
	for _, n := range cascadia.QueryAll(root, linkedData) {
		var v any
		if n.FirstChild != nil && json.Unmarshal([]byte(n.FirstChild.Data), &v) == nil {
			walk(v, 0)
		}
	}
	return out
}

// Fill puts what the page says into an item of the list: the whole text in any
// case, the rest where the list was silent.
func (p *Article) Fill(it *feeds.Item) {
	it.Content = feeds.Text{Value: p.Content, Type: "html"}
	if it.Title.Value == "" {
		it.Title = feeds.Text{Value: p.Title, Type: "text"}
	}
	for _, f := range []struct {
		into *string
		from string
	}{{&it.Published, p.Published}, {&it.Updated, p.Updated}, {&it.Image, p.Image}, {&it.Language, p.Language}} {
		if *f.into == "" {
			*f.into = f.from
		}
	}
	// The page knows best what it is called, on its own site; elsewhere it may be
	// a copy, and then it is the copy that this source published.
	for i := range it.Links {
		if l := &it.Links[i]; l.Rel == "alternate" && l.HrefLang == "" && sameHost(l.Href, p.Canonical) {
			l.Href = p.Canonical
			break
		}
	}
	if len(it.Authors) == 0 {
		for _, a := range p.Authors {
			it.Authors = append(it.Authors, feeds.Person{Name: a})
		}
	}
	for _, l := range p.Siblings {
		known := false
		for _, have := range it.Links {
			known = known || have.Href == l.Href
		}
		if !known {
			it.Links = append(it.Links, l)
		}
	}
}

func sameHost(a, b string) bool {
	u, err := url.Parse(a)
	v, err2 := url.Parse(b)
	return err == nil && err2 == nil && u.Host != "" && strings.EqualFold(u.Host, v.Host)
}

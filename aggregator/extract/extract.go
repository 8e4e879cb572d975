// Package extract reads what is no feed as if it were one: a page that lists
// statements (html-list), a sitemap, the answer of a JSON API. It gives the same
// feeds.Document that parse gives, so nothing after it knows the difference.
// Which part of a page is what the operator says, by CSS selectors or JSONPath
// (RFC 9535); an Article is what a page itself says of one statement.
//
// Start with Compile, then list.go, json.go and sitemap.go, one for each kind;
// article.go is for the pages that a list leads to.
package extract

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"

	"communique/feeds"
)

// Version changes when the same bytes give another Document.
const Version = 1

// Kinds of sources that are no feed.
const (
	HTMLList = "html-list"
	Sitemap  = "sitemap"
	JSON     = "json"
)

// Rules say what of a page is what. Each is a CSS selector within the item, with
// "@name" behind it for an attribute instead of the text, or a JSONPath from the
// item for kind json; "" leaves it to what is usual.
type Rules struct {
	Kind   string
	Preset string // json: "wordpress", "drupal", "reliefweb": what the other fields say comes first

	Items      string // all the items; needed for html-list and for json without a preset
	ID         string
	Title      string
	Link       string
	Published  string
	Updated    string
	Summary    string
	Content    string
	Image      string
	Author     string
	Categories string
	Enclosures string
	Language   string

	Match string // sitemap: which addresses, a pattern of the path with * for anything; "" for all
}

// RuleError says what is wrong with one of the rules.
type RuleError struct {
	Key string // the rule's name in the configuration
	Msg string
}

func (e RuleError) Error() string { return e.Key + ": " + e.Msg }

// Options are what the caller knows about the bytes.
type Options struct {
	ContentType string
	URL         string // final URL of the document
	// Known reports whether an item with that Item.Raw has been read before: then
	// it is only listed in Document.Raws. nil knows none.
	Known func(raw uint64) bool
}

// maxItems is how many items of one page are read.
const maxItems = 500

// Reader reads documents by compiled rules. It is safe for concurrent use.
type Reader struct {
	rules Rules
	list  *listRules
	json  *jsonRules
	match *pattern
}

// Compile makes a Reader, or says everything that is wrong with the rules.
func Compile(r Rules) (*Reader, []RuleError) {
	out := &Reader{rules: r}
	var errs []RuleError
	switch r.Kind {
	case HTMLList:
		out.list, errs = compileList(r)
	case JSON:
		out.json, errs = compileJSON(r)
	case Sitemap:
		var err error
		if out.match, err = compilePattern(r.Match); err != nil {
			errs = append(errs, RuleError{"match", err.Error()})
		}
	default:
		errs = append(errs, RuleError{"kind", fmt.Sprintf("%q is none of html-list, sitemap, json", r.Kind)})
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

// ErrNothing is what every Error of this package is: the bytes are not what the
// rules are for.
var ErrNothing = errors.New("nothing that the rules select")

// Error says why bytes could not be read.
type Error struct {
	Class  string // "empty", "html", "no-items", "broken"
	Detail string // for people: what was found instead
}

func (e *Error) Error() string { return fmt.Sprintf("extract: %s: %s", e.Class, e.Detail) }

// Unwrap makes errors.Is(err, ErrNothing) true.
func (e *Error) Unwrap() error { return ErrNothing }

// Page is what was read.
type Page struct {
	*feeds.Document
	// More are further documents of the same kind that belong to this one: the
	// children of a sitemap index, the latest first, at most three.
	More []string
}

// Read reads a document. An error is always an *Error.
func (r *Reader) Read(body []byte, o Options) (Page, error) {
	if len(strings.TrimSpace(string(body[:min(len(body), 1<<10)]))) == 0 {
		return Page{}, &Error{"empty", "the body holds nothing"}
	}
	base, err := url.Parse(o.URL)
	if err != nil {
		return Page{}, &Error{"broken", "the document has no address"}
	}
	switch r.rules.Kind {
	case HTMLList:
		return r.list.read(body, base, o)
	case JSON:
		return r.json.read(body, base, o)
	}
	return readSitemap(body, base, r.match, o)
}

// gatherer puts items into a document, each once.
type gatherer struct {
	doc  *feeds.Document
	o    Options
	seen map[string]bool
	kind string
}

func newGatherer(kind string, base *url.URL, o Options) *gatherer {
	return &gatherer{doc: &feeds.Document{Format: kind, Base: base.String()}, o: o, seen: map[string]bool{}, kind: kind}
}

// add takes an item whose fields are filled in; its Raw is of those.
func (g *gatherer) add(it feeds.Item) {
	if len(g.doc.Raws) >= maxItems {
		g.note("there are more than 500 items; the others were left out")
		return
	}
	if len(it.Links) == 0 && it.Title.Value == "" && it.Content.Value == "" {
		g.note("an item with neither title nor link was left out")
		return
	}
	key := it.ID
	if key == "" && len(it.Links) > 0 {
		key = it.Links[0].Href
	}
	if key != "" && g.seen[key] {
		return
	}
	g.seen[key] = true
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %+v", Version, g.kind, it)
	it.Raw = h.Sum64()
	g.doc.Raws = append(g.doc.Raws, it.Raw)
	if g.o.Known == nil || !g.o.Known(it.Raw) {
		g.doc.Items = append(g.doc.Items, it)
	}
}

func (g *gatherer) note(n string) {
	for _, have := range g.doc.Notes {
		if have == n {
			return
		}
	}
	g.doc.Notes = append(g.doc.Notes, n)
}

// page links an item to its page, which is its id where it has none of its own.
func page(it *feeds.Item, href string) {
	if href == "" {
		return
	}
	it.Links = append(it.Links, feeds.Link{Href: href, Rel: "alternate", Type: "text/html"})
	if it.ID == "" {
		it.ID, it.IDIsPermalink = href, true
	}
}

// absolute resolves a reference; "" when it leads to no web address.
func absolute(base *url.URL, ref string) string {
	u, err := base.Parse(strings.TrimSpace(ref))
	if err != nil || strings.TrimSpace(ref) == "" || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.Fragment = ""
	return u.String()
}

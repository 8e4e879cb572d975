package serve

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/render"
	"communique/storage"
)

//go:embed assets/site.css
var siteCSS []byte

//go:embed templates/*.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// contentPolicy lets a page load our style sheet and pictures, and nothing
// else: whatever a source may have smuggled into a text cannot act.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src https: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// asset keeps a file under a name that changes with its octets, so that it may
// be cached for ever.
func (s *Server) asset(name, ext, contentType string, body []byte) (path string) {
	sum := sha256.Sum256(body)
	path = "/assets/" + name + "-" + hex.EncodeToString(sum[:6]) + "." + ext
	doc := newDocument(body, contentType, time.Time{}, 0)
	doc.set("Cache-Control", "public, max-age=31536000, immutable")
	s.assets[path] = doc
	return path
}

// frame is what every page has around its own matter.
type frame struct {
	Base, CSS      string
	Site, Language string
	Title          string
	Canonical      string
	Feeds          []alternate // for autodiscovery
	Description    string
}

type alternate struct{ Type, Title, Href, Language string }

// execute makes a document of a page.
func (s *Server) execute(name string, data any, changed time.Time) (*document, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	doc := newDocument(b.Bytes(), "text/html; charset=utf-8", changed, min(s.o.MaxAge, time.Minute))
	doc.set("Content-Security-Policy", contentPolicy)
	doc.set("X-Frame-Options", "DENY")
	doc.set("Referrer-Policy", "strict-origin-when-cross-origin")
	return doc, nil
}

func (s *Server) frame(title string) frame {
	return frame{Base: s.base, CSS: s.css, Site: s.o.Site.Title, Language: "en", Title: title, Description: s.o.Site.Subtitle}
}

// alternates are the autodiscovery links of a feed, Atom first.
func (s *Server) alternates(f feeds.Feed) []alternate {
	var out []alternate
	for _, format := range render.Formats() {
		out = append(out, alternate{format.MediaType(), f.Title + " (" + map[render.Format]string{render.FormatAtom: "Atom", render.FormatRSS: "RSS", render.FormatJSON: "JSON Feed"}[format] + ")",
			s.o.Site.FeedURL(f.Path, string(format), f.RawQuery), f.Language})
	}
	return out
}

// filter is a link that narrows what is shown.
type filter struct {
	Label, Href string
	Count       int
	On          bool
}

type filterGroup struct {
	Title   string
	Filters []filter
}

// page prepares the page that shows a feed to a person; home is the front page.
func (s *Server) page(f feeds.Feed, home bool) *prepared {
	return &prepared{make: func() (*document, error) {
		q := f
		if q.Query.Limit == 0 || q.Query.Limit > 100 {
			q.Query.Limit = 30
		}
		sel, err := s.selected(q)
		if err != nil {
			return nil, err
		}
		sts, err := s.o.Store.Statements(sel.ids...)
		if err != nil {
			return nil, err
		}
		counts, err := s.o.Store.Counts()
		if err != nil {
			return nil, err
		}
		data := struct {
			frame
			Home      bool
			Subtitle  string
			Words     string
			Items     []item
			Groups    []filterGroup
			Narrowed  []filter // what is on, each with the link that takes it off
			Subscribe []alternate
			Path      string
			More      bool
			Total     int
			Hidden    url.Values // parameters that a search keeps
		}{frame: s.frame(f.Title), Home: home, Subtitle: f.Subtitle, Words: f.Query.Words, Subscribe: s.alternates(f), Path: f.Path, More: !sel.more.IsZero(), Total: counts.All.Statements}
		data.Feeds = data.Subscribe
		data.Canonical = s.o.Site.FeedURL(f.Path, "html", f.RawQuery)
		if home && f.RawQuery == "" {
			data.Canonical = strings.TrimRight(s.o.Site.BaseURL, "/") + "/"
		}
		languages := render.Languages(f)
		for i := range sts {
			data.Items = append(data.Items, s.item(&sts[i], languages))
		}
		data.Groups, data.Narrowed = s.filters(f, counts)
		data.Hidden, _ = url.ParseQuery(f.RawQuery) // we wrote it ourselves
		data.Hidden.Del("q")
		return s.execute("feed.html", data, sel.changed)
	}}
}

// filters gives the links that narrow a page further, the fullest first, and
// those that widen it again.
func (s *Server) filters(f feeds.Feed, counts storage.Counts) (groups []filterGroup, on []filter) {
	now, _ := url.ParseQuery(f.RawQuery) // we wrote it ourselves
	href := func(v url.Values) string {
		raw := strings.ReplaceAll(v.Encode(), "%2C", ",")
		return s.base + "/feeds/" + f.Path + ".html" + query(raw)
	}
	with := func(key, value string) string {
		v := url.Values{}
		for k, old := range now {
			v[k] = old
		}
		v.Set(key, value)
		return href(v)
	}
	for _, key := range selectors {
		value := now.Get(key)
		if value == "" {
			continue
		}
		v := url.Values{}
		for k, old := range now {
			if k != key {
				v[k] = old
			}
		}
		on = append(on, filter{Label: s.spoken(key, value), Href: href(v)})
	}
	add := func(title, key string, counted map[string]int, label func(string) string, most int) {
		if now.Get(key) != "" || strings.HasPrefix(f.Path, key+"/") || len(counted) < 2 {
			return
		}
		g := filterGroup{Title: title}
		for value, n := range counted {
			g.Filters = append(g.Filters, filter{Label: label(value), Href: with(key, value), Count: n})
		}
		slices.SortFunc(g.Filters, func(a, b filter) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Label, b.Label))
		})
		g.Filters = g.Filters[:min(len(g.Filters), most)]
		if f.Path != "all" || f.RawQuery != "" {
			for i := range g.Filters {
				g.Filters[i].Count = 0 // the numbers are of everything, and would mislead beside a choice
			}
		}
		groups = append(groups, g)
	}
	ofScheme := func(scheme string) map[string]int {
		out := map[string]int{}
		for t, c := range counts.Tags {
			if t.Scheme == scheme && s.terms[t] != nil {
				out[t.Term] = c.Statements
			}
		}
		return out
	}
	term := func(scheme string) func(string) string {
		return func(v string) string { return s.label(feeds.Tag{Scheme: scheme, Term: v}) }
	}
	languages := map[string]int{}
	for l, c := range counts.Languages {
		languages[l] = c.Statements
	}
	sources := map[string]int{}
	for id, c := range counts.Sources {
		if s.sources[id] != nil {
			sources[string(id)] = c.Statements
		}
	}
	add("Languages", "lang", languages, render.LanguageName, 12)
	add("Topics", "topic", ofScheme(feeds.Topic), term(feeds.Topic), 12)
	add("Regions", "region", ofScheme(feeds.Region), term(feeds.Region), 12)
	add("Countries", "country", ofScheme(feeds.Country), term(feeds.Country), 12)
	add("Events", "event", ofScheme(feeds.Event), term(feeds.Event), 6)
	add("Offices", "source", sources, func(v string) string { return s.source(feeds.SourceID(v)) }, 12)
	return groups, on
}

// spoken words a parameter for people.
func (s *Server) spoken(key, value string) string {
	if key == "q" {
		return "“" + value + "”"
	}
	var out []string
	for _, v := range strings.Split(value, ",") {
		switch key {
		case "lang":
			v = render.LanguageName(v)
		case "source":
			v = s.source(feeds.SourceID(v))
		default:
			v = s.label(feeds.Tag{Scheme: key, Term: v})
		}
		out = append(out, v)
	}
	return strings.Join(out, " or ")
}

// aboutPage explains one of our own IRIs.
func (s *Server) aboutPage(path, about string) (*document, error) {
	data := struct {
		frame
		About string
	}{s.frame(path), about}
	return s.execute("about.html", data, time.Time{})
}

package serve

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
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

// item is a statement in a list.
type item struct {
	Title, Language, Direction string
	Permalink, Link            string
	Date, DateTime             string
	Updated                    string
	Source                     string
	SourceHref                 string
	Others                     int // further offices
	Languages                  []languageLink
	Summary                    string
	Tags                       []tagLink
}

type languageLink struct {
	Tag, Name, Direction, Href string
	Shown                      bool
}

type tagLink struct{ Label, Href, Kind string }

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

// item words a statement for a list.
func (s *Server) item(st *feeds.Statement, languages []string) item {
	c := st.Lead(languages...)
	title, summary := render.Words(c, st.ID)
	it := item{Title: title, Language: c.Language, Direction: render.Direction(c.Language), Permalink: s.base + "/statements/" + string(st.ID), Link: c.Link,
		Source: cmp.Or(c.Origin.Title, s.source(c.Source)), SourceHref: s.base + "/feeds/source/" + string(c.Source) + ".html", Summary: summary}
	shown := st.Published
	if shown.IsZero() {
		shown = st.FirstSeen
	}
	it.Date, it.DateTime = shown.Format("2 January 2006, 15:04 UTC"), shown.Format(time.RFC3339)
	if st.Updated.Sub(shown) > time.Hour && !st.Published.IsZero() {
		it.Updated = st.Updated.Format("2 January 2006")
	}
	offices := map[feeds.SourceID]bool{}
	for i := range st.Copies {
		offices[st.Copies[i].Source] = true
	}
	it.Others = len(offices) - 1
	it.Languages = s.languageLinks(st, c)
	for _, t := range st.Taggings {
		// Countries say where, so their regions would only repeat it.
		if t.Tag.Scheme == feeds.Region && hasCountry(st) {
			continue
		}
		it.Tags = append(it.Tags, s.tagLink(t.Tag))
	}
	return it
}

func hasCountry(st *feeds.Statement) bool {
	return slices.ContainsFunc(st.Taggings, func(t feeds.Tagging) bool { return t.Tag.Scheme == feeds.Country })
}

func (s *Server) tagLink(t feeds.Tag) tagLink {
	return tagLink{s.label(t), s.base + "/feeds/" + t.Scheme + "/" + t.Term + ".html", t.Scheme}
}

// languageLinks gives a statement's languages, the shown copy's first.
func (s *Server) languageLinks(st *feeds.Statement, shown *feeds.StatedCopy) []languageLink {
	var out []languageLink
	for _, l := range st.Languages() {
		out = append(out, languageLink{l, render.LanguageName(l), render.Direction(l), s.base + "/statements/" + string(st.ID) + "?lang=" + l, l == shown.Language})
	}
	slices.SortStableFunc(out, func(a, b languageLink) int {
		if a.Shown != b.Shown && a.Shown {
			return -1
		} else if a.Shown != b.Shown {
			return 1
		}
		return 0
	})
	return out
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
	for _, key := range []string{"lang", "region", "topic", "country", "event", "source", "q"} {
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
	var out []string
	for _, v := range strings.Split(value, ",") {
		switch key {
		case "lang":
			v = render.LanguageName(v)
		case "source":
			v = s.source(feeds.SourceID(v))
		case "q":
			v = "“" + v + "”"
		default:
			v = s.label(feeds.Tag{Scheme: key, Term: v})
		}
		out = append(out, v)
	}
	return strings.Join(out, " or ")
}

// group is a heading of the list of feeds.
type group struct {
	Title string
	Feeds []listed
}

type listed struct {
	feeds.Feed
	Count  int
	Newest string
	Links  []alternate
	Page   string
}

// published lists every feed that has something in it.
func (s *Server) published() ([]group, storage.Counts, error) {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return nil, counts, err
	}
	list := func(f feeds.Feed, c storage.Count) listed {
		l := listed{Feed: f, Count: c.Statements, Links: s.alternates(f), Page: s.o.Site.FeedURL(f.Path, "html", f.RawQuery)}
		if !c.Newest.IsZero() && c.Newest.Year() > 1970 {
			l.Newest = c.Newest.Format("2 January 2006")
		}
		return l
	}
	all, _, _ := s.feed("all")
	groups := []group{{Title: "Everything", Feeds: []listed{list(all, counts.All)}}}
	if len(s.o.Named) > 0 {
		g := group{Title: "Our choice"}
		for _, n := range s.o.Named {
			q := n.Feed.Query
			q.Limit = 1
			page, err := s.o.Store.Select(q)
			if err != nil {
				return nil, counts, err
			}
			var c storage.Count // how many there are would take a walk through all
			if len(page.Heads) > 0 {
				c.Newest = page.Heads[0].Order
			}
			g.Feeds = append(g.Feeds, list(n.Feed, c))
		}
		groups = append(groups, g)
	}
	byLanguage := group{Title: "Languages"}
	for l, c := range counts.Languages {
		f := all
		f.Title, f.Language, f.RawQuery = render.LanguageName(l), l, "lang="+l
		byLanguage.Feeds = append(byLanguage.Feeds, list(f, c))
	}
	groups = append(groups, byLanguage)
	for _, kind := range []struct{ scheme, title string }{{feeds.Topic, "Topics"}, {feeds.Event, "Events"}, {feeds.Region, "Regions"}, {feeds.Country, "Countries"}} {
		g := group{Title: kind.title}
		for t, c := range counts.Tags {
			if t.Scheme != kind.scheme || s.terms[t] == nil {
				continue
			}
			f, _, err := s.feed(t.Scheme + "/" + t.Term)
			if err != nil {
				continue
			}
			f.Title = s.label(t)
			g.Feeds = append(g.Feeds, list(f, c))
		}
		groups = append(groups, g)
	}
	offices := group{Title: "Offices"}
	for id, c := range counts.Sources {
		if f, _, err := s.feed("source/" + string(id)); err == nil {
			offices.Feeds = append(offices.Feeds, list(f, c))
		}
	}
	groups = append(groups, offices)
	for _, g := range groups[1:] {
		slices.SortFunc(g.Feeds, func(a, b listed) int {
			return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Path, b.Path))
		})
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Feeds) == 0 }), counts, nil
}

// feedsPage prepares the list of all feeds.
func (s *Server) feedsPage() (*document, error) {
	groups, counts, err := s.published()
	if err != nil {
		return nil, err
	}
	data := struct {
		frame
		Groups []group
	}{s.frame("All feeds"), groups}
	all, _, _ := s.feed("all")
	data.Feeds = s.alternates(all)
	data.Canonical = strings.TrimRight(s.o.Site.BaseURL, "/") + "/feeds"
	return s.execute("feeds.html", data, counts.All.Newest)
}

// aboutPage explains one of our own IRIs.
func (s *Server) aboutPage(path, about string) (*document, error) {
	data := struct {
		frame
		About string
	}{s.frame(path), about}
	return s.execute("about.html", data, time.Time{})
}

// statement prepares a statement's page, or its JSON.
func (s *Server) statement(rest, rawQuery string) (*prepared, error) {
	name, isJSON := strings.CutSuffix(rest, ".json")
	id := feeds.StatementID(name)
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?lang=fr")
	}
	lang := values.Get("lang")
	if lang != "" && !wellFormed(lang) {
		return nil, refuse(http.StatusBadRequest, "lang="+short(lang)+" is not a language tag; want one such as fr or pt-BR")
	}
	load := func() (*feeds.Statement, error) {
		st, at, ok, err := s.o.Store.Statement(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, refuse(http.StatusNotFound, "there is no statement at this address; what there is:", "/", "/feeds")
		case st.Hidden || len(st.Copies) == 0:
			return nil, refuse(http.StatusGone, "this statement was withdrawn")
		case at != id: // it turned out to be another telling of one that we had
			to := "/statements/" + string(at)
			if isJSON {
				to += ".json"
			}
			return nil, &redirect{status: http.StatusMovedPermanently, path: to}
		}
		return &st, nil
	}
	if _, err := load(); err != nil {
		return nil, err
	}
	return &prepared{
		heads: func() (uint64, error) {
			st, err := load()
			if err != nil {
				return 0, err
			}
			return st.Seq, nil
		},
		make: func() (*document, error) {
			st, err := load()
			if err != nil {
				return nil, err
			}
			if isJSON {
				return s.statementJSON(st)
			}
			return s.statementPage(st, lang)
		},
	}, nil
}

// telling is a copy on a statement's page.
type telling struct {
	Source, SourceHref, Link, Title   string
	Language, LanguageName, Direction string
	Relation, Why, Date               string
	Revision                          int
	Shown                             bool
	Notes                             []string
}

// reason is a tag on a statement's page.
type reason struct {
	tagLink
	Rule, Evidence string
}

func (s *Server) statementPage(st *feeds.Statement, lang string) (*document, error) {
	var languages []string
	if lang != "" {
		languages = []string{lang}
	}
	c := st.Lead(languages...)
	data := struct {
		frame
		Item       item
		HTML       template.HTML
		Authors    string
		Rights     string
		Published  bool
		Tellings   []telling
		Reasons    []reason
		ID         string
		JSON       string
		Enclosures []feeds.Enclosure
	}{Item: s.item(st, languages), Published: !st.Published.IsZero(), Rights: c.Rights,
		ID: s.o.Site.StatementURI(st.ID), JSON: s.base + "/statements/" + string(st.ID) + ".json", Enclosures: c.Enclosures}
	data.frame = s.frame(data.Item.Title)
	data.Canonical = s.o.Site.Permalink(st.ID)
	data.Description = data.Item.Summary
	data.HTML = template.HTML(cmp.Or(c.Content, c.Summary)) // cleaned by normalize when it came in; the page's policy forbids what is left to forbid
	var names []string
	for _, a := range c.Authors {
		if a.Name != "" {
			names = append(names, a.Name)
		}
	}
	data.Authors = strings.Join(names, ", ")
	for i := range st.Copies {
		o := &st.Copies[i]
		title, _ := render.Words(o, st.ID)
		t := telling{Source: cmp.Or(o.Origin.Title, s.source(o.Source)), SourceHref: s.base + "/feeds/source/" + string(o.Source) + ".html", Link: o.Link, Title: title,
			Language: o.Language, LanguageName: render.LanguageName(o.Language), Direction: render.Direction(o.Language),
			Relation: string(o.Relation), Why: o.Why, Revision: o.Revision, Shown: o.Item == c.Item, Notes: o.Notes}
		if s.sources[o.Source] == nil {
			t.SourceHref = ""
		}
		if !o.Published.IsZero() {
			t.Date = o.Published.Format("2 January 2006, 15:04 UTC")
		}
		data.Tellings = append(data.Tellings, t)
	}
	for _, t := range st.Taggings {
		data.Reasons = append(data.Reasons, reason{s.tagLink(t.Tag), t.Rule, t.Evidence})
	}
	return s.execute("statement.html", data, st.Changed)
}

// statementJSON is a statement for programs.
func (s *Server) statementJSON(st *feeds.Statement) (*document, error) {
	type copyOf struct {
		Source     feeds.SourceID    `json:"source"`
		Office     string            `json:"office"`
		Relation   feeds.Relation    `json:"relation"`
		Why        string            `json:"why,omitempty"`
		Score      float32           `json:"score,omitempty"`
		ID         string            `json:"id,omitempty"`
		Language   string            `json:"language,omitempty"`
		Title      string            `json:"title"`
		URL        string            `json:"url,omitempty"`
		Summary    string            `json:"summary,omitempty"`
		Content    string            `json:"content_html,omitempty"`
		Published  string            `json:"published,omitempty"`
		Updated    string            `json:"updated,omitempty"`
		Revision   int               `json:"revision"`
		Authors    []feeds.Person    `json:"authors,omitempty"`
		Enclosures []feeds.Enclosure `json:"attachments,omitempty"`
		Origin     feeds.Origin      `json:"origin"`
		Notes      []string          `json:"notes,omitempty"`
	}
	out := struct {
		ID        string          `json:"id"`
		URI       string          `json:"uri"`
		URL       string          `json:"url"`
		Published string          `json:"published,omitempty"`
		Updated   string          `json:"updated"`
		FirstSeen string          `json:"first_seen"`
		Languages []string        `json:"languages"`
		Tags      []feeds.Tagging `json:"tags"`
		Copies    []copyOf        `json:"copies"`
	}{string(st.ID), s.o.Site.StatementURI(st.ID), s.o.Site.Permalink(st.ID), stamp(st.Published), stamp(st.Updated), stamp(st.FirstSeen), st.Languages(), st.Taggings, nil}
	if out.Tags == nil {
		out.Tags = []feeds.Tagging{}
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		out.Copies = append(out.Copies, copyOf{c.Source, cmp.Or(c.Origin.Title, s.source(c.Source)), c.Relation, c.Why, c.Score, c.ID, c.Language, c.Title, c.Link, c.Summary, c.Content,
			stamp(c.Published), stamp(c.Updated), c.Revision, c.Authors, c.Enclosures, c.Origin, c.Notes})
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return nil, err
	}
	doc := newDocument(b.Bytes(), "application/json; charset=utf-8", st.Changed, min(s.o.MaxAge, time.Minute))
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Access-Control-Expose-Headers", "ETag, Last-Modified")
	return doc, nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

package serve

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
	"communique/storage"
)

// The pages for people: here is gathered what they show. How it is shown, and in
// which words, is package pages'.

//go:embed templates/status.html templates/operators.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

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

// reader is whom a page is made for: the language that the site speaks to them,
// and whether they chose it by the address.
type reader struct {
	*pages.Language
	chosen bool
}

// readerOf finds out whom a page is for. The second value is false when the
// path leads to no page, so that no language matters.
func (s *Server) readerOf(r *http.Request, path string) (reader, bool) {
	if !isPage(path) {
		return reader{}, false
	}
	return s.anyReader(r), true
}

// anyReader is readerOf wherever a request leads.
func (s *Server) anyReader(r *http.Request) reader {
	if strings.Contains(r.URL.RawQuery, pages.Chosen+"=") {
		if l := pages.Speaks(r.URL.Query().Get(pages.Chosen)); l != nil {
			return reader{l, true}
		}
	}
	return reader{pages.Negotiate(strings.Join(r.Header["Accept-Language"], ","), s.o.Site.Language), false}
}

// isPage reports whether what stands at a path is for people to read.
func isPage(path string) bool {
	switch path {
	case "/", "", "/feeds", "/overview", "/api", "/about/embed":
		return true
	}
	for _, folder := range []string{"/statements/", "/rel/", "/ns/", "/problems/"} {
		if strings.HasPrefix(path, folder) {
			return !strings.HasSuffix(path, ".json")
		}
	}
	return strings.HasPrefix(path, "/feeds/") && strings.HasSuffix(path, ".html")
}

// own is the language of what is ours in feeds.
func (s *Server) own() *pages.Language {
	return pages.Negotiate("", s.o.Site.Language)
}

// link gives the address of one of our paths, in the language that was chosen.
func (s *Server) link(to reader, path, rawQuery string) string {
	f := pages.Frame{Language: to.Language, Chosen: to.chosen, Base: s.base}
	return f.Link(path + query(rawQuery))
}

// frame is what stands around a page at a path, with the part of its query that
// tells it from others.
func (s *Server) frame(to reader, title pages.Words, path, rawQuery string) pages.Frame {
	f := pages.Frame{Language: to.Language, Chosen: to.chosen, Base: s.base, CSS: s.css, JS: s.js, Icon: s.icon,
		Site: s.o.Site.Title, Title: title, Description: s.o.Site.Subtitle}
	root := strings.TrimRight(s.o.Site.BaseURL, "/")
	absolute := func(rawQuery string) string { return root + path + query(rawQuery) }
	f.Canonical = absolute(rawQuery)
	for _, l := range pages.Languages() {
		in := pages.Chosen + "=" + l.Tag
		if rawQuery != "" {
			in = rawQuery + "&" + in
		}
		f.Versions = append(f.Versions, pages.Version{Language: l, Href: s.base + path + query(in), URL: absolute(in)})
		if to.chosen && l == to.Language {
			f.Canonical = absolute(in)
		}
	}
	f.Versions = append(f.Versions, pages.Version{URL: absolute(rawQuery)})
	return f
}

// page makes a document of what was drawn for a reader.
func (s *Server) page(to reader, body []byte, err error, changed time.Time) (*document, error) {
	if err != nil {
		return nil, err
	}
	doc := newDocument(body, "text/html; charset=utf-8", changed, min(s.o.MaxAge, time.Minute))
	doc.set("Content-Security-Policy", pages.Policy)
	doc.set("X-Frame-Options", "DENY")
	doc.set("Referrer-Policy", "strict-origin-when-cross-origin")
	doc.set("Content-Language", to.Tag)
	if !to.chosen {
		doc.set("Vary", "Accept-Encoding, Accept-Language")
	}
	return doc, nil
}

// words gives a term's name in a language, or in English, marked as that.
func (s *Server) words(t feeds.Tag, l *pages.Language) pages.Words {
	term := s.terms[t]
	if term == nil {
		return pages.Words{Text: t.Term}
	}
	if own := term.Labels[l.Tag]; own != "" {
		return pages.Words{Text: own}
	}
	if english := term.Labels["en"]; english != "" {
		return pages.Words{Text: english, Lang: "en"}
	}
	return pages.Words{Text: t.Term}
}

// inItself names a language in itself.
func inItself(tag string) pages.Words { return pages.Words{Text: render.LanguageName(tag), Lang: tag} }

// heading names a feed, without what it is narrowed to.
func (s *Server) heading(f feeds.Feed, l *pages.Language) pages.Words {
	if n := cmp.Or(s.named[f.Path], s.private.named[f.Path]); n != nil {
		return pages.Words{Text: n.Feed.TitleIn(l.Tag, s.o.Site.Language)}
	}
	kind, term, ok := strings.Cut(f.Path, "/")
	switch {
	case !ok:
		return pages.Words{Text: s.o.Site.Title}
	case kind == "source":
		return pages.Words{Text: s.source(feeds.SourceID(term))}
	}
	return s.words(feeds.Tag{Scheme: kind, Term: term}, l)
}

// spoken words a parameter for people.
func (s *Server) spoken(key, value string, l *pages.Language) pages.Words {
	if key == "q" {
		return pages.Words{Text: l.Say("feed.quoted", "words", value)}
	}
	var out pages.Words
	for i, v := range strings.Split(value, ",") {
		var one pages.Words
		switch key {
		case "lang":
			one = inItself(v)
		case "source":
			one = pages.Words{Text: s.source(feeds.SourceID(v))}
		default:
			one = s.words(feeds.Tag{Scheme: key, Term: v}, l)
		}
		if i == 0 {
			out = one
		} else {
			out = pages.Words{Text: l.Say("feed.or", "a", out.Text, "b", one.Text)}
		}
	}
	return out
}

// inOrder names languages in themselves, in the order in which they are wanted.
func inOrder(tags string) string {
	var out []string
	for _, l := range strings.Split(tags, ",") {
		out = append(out, render.LanguageName(l))
	}
	return strings.Join(out, ", ")
}

// feedLinks are a feed's addresses, Atom first.
func (s *Server) feedLinks(f feeds.Feed, title string) []pages.FeedLink {
	var out []pages.FeedLink
	for _, format := range render.Formats() {
		out = append(out, pages.FeedLink{Type: format.MediaType(), Format: string(format), Title: title + " (" + formatNames[format] + ")",
			Href: render.WithToken(s.o.Site.FeedURL(f.Path, string(format), f.RawQuery), f.Token), Language: f.Language})
	}
	return out
}

var formatNames = map[render.Format]string{render.FormatAtom: "Atom", render.FormatRSS: "RSS", render.FormatJSON: "JSON Feed"}

// view is what a page's address says of how to show a feed, beside what is in
// the feed.
type view struct {
	after  place
	all    string     // the kind of filters to show all of
	values url.Values // as asked
}

// allKey is a parameter of pages for people alone.
const allKey = "all"

func viewOf(rawQuery string) (view, error) {
	v := view{}
	v.values, _ = url.ParseQuery(rawQuery) // narrowed has refused what cannot be read
	v.all = v.values.Get(allKey)
	var err error
	if v.after, err = placeOf(v.values.Get(afterKey)); err != nil {
		return v, err
	}
	if raw := v.values.Get(pages.Chosen); raw != "" && pages.Speaks(raw) == nil {
		return v, refuse(http.StatusBadRequest, fmt.Sprintf("%s=%s: the site does not speak that language; it speaks:", pages.Chosen, short(raw)), spoken()...).as("reason.not-spoken", "value", short(raw))
	}
	return v, nil
}

// spoken lists the languages of the site.
func spoken() []string {
	var out []string
	for _, l := range pages.Languages() {
		out = append(out, l.Tag)
	}
	return out
}

const pageLength = 30

// feedPage prepares the page that shows a feed to a person; home is the front
// page.
func (s *Server) feedPage(to reader, f feeds.Feed, rawQuery string, home bool) (*prepared, error) {
	v, err := viewOf(rawQuery)
	if err != nil {
		return nil, err
	}
	if f.Query.Limit == 0 || f.Query.Limit > 100 {
		f.Query.Limit = pageLength
	}
	look := func() (selection, error) { return s.selectedFrom(f, v.after, nil, f.Query.Limit) }
	return &prepared{
		heads: func() (uint64, error) {
			sel, err := look()
			if err != nil {
				return 0, err
			}
			counts, err := s.o.Store.Counts()
			return sel.mark ^ countsMark(f, counts), err
		},
		make: func() (*document, error) {
			sel, err := look()
			if err != nil {
				return nil, err
			}
			sts, err := s.o.Store.Statements(sel.ids...)
			if err != nil {
				return nil, err
			}
			older, err := s.behind(f, v.after, sel, sel.ids)
			if err != nil {
				return nil, err
			}
			p, err := s.feedView(to, f, v)
			if err != nil {
				return nil, err
			}
			languages := append(render.Languages(f), to.Tag)
			for i := range sts {
				p.Items = append(p.Items, s.item(to, &sts[i], languages))
			}
			own := func(more url.Values) string { // this page with other parameters of its own
				raw := f.RawQuery
				if e := more.Encode(); e != "" && raw != "" {
					raw += "&" + e
				} else if e != "" {
					raw = e
				}
				return render.WithToken(s.link(to, "/feeds/"+f.Path+".html", raw), f.Token)
			}
			if older != "" {
				p.Older = own(url.Values{afterKey: {older}})
			}
			if v.after.further {
				p.Newest, p.NoIndex = own(nil), true
			}
			p.Data = s.listData(p, home)
			if f.Private {
				// Nothing of it is for other sites, search engines or readers in the web.
				p.NoIndex, p.Embed, p.Subscribe.Readers = true, nil, nil
				body, err := to.Feed(p)
				return s.page(to, body, err, sel.changed)
			}
			p.Embeddings = s.discovery(p.Canonical, p.Title.Text)
			body, err := to.Feed(p)
			return discoverable(p.Embeddings)(s.page(to, body, err, sel.changed))
		},
	}, nil
}

// countsMark changes when the numbers of a page do. Where a page is of one choice,
// only the numbers of what was chosen are looked at: what changes within them
// and below the page's statements is seen with the next statement.
func countsMark(f feeds.Feed, counts storage.Counts) uint64 {
	mark := uint64(counts.All.Statements)
	if everything(f) {
		// A sum, as maps have no order.
		add := func(name string, c storage.Count) {
			h := fnv.New64a()
			fmt.Fprintf(h, "%s %d", name, c.Statements)
			mark += h.Sum64()
		}
		for t, c := range counts.Tags {
			add("t"+t.String(), c)
		}
		for l, c := range counts.Languages {
			add("l"+l, c)
		}
		for id, c := range counts.Sources {
			add("s"+string(id), c)
		}
		return mark
	}
	h := fnv.New64a()
	for _, scheme := range []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event} {
		for _, term := range *f.Query.Terms(scheme) {
			fmt.Fprintf(h, "%d ", counts.Tags[feeds.Tag{Scheme: scheme, Term: term}].Statements)
		}
	}
	for _, id := range f.Query.Sources {
		fmt.Fprintf(h, "%d ", counts.Sources[id].Statements)
	}
	for _, l := range f.Query.Languages {
		fmt.Fprintf(h, "%d ", counts.Languages[feeds.PrimaryLanguage(l)].Statements)
	}
	if counts.All.Statements == 0 {
		fmt.Fprint(h, "nothing") // which is said in other words than that nothing fits
	}
	return h.Sum64()
}

// everything reports whether a feed is of all there is.
func everything(f feeds.Feed) bool { return f.Path == "all" && f.RawQuery == "" }

// feedView words a feed's page without its statements.
func (s *Server) feedView(to reader, f feeds.Feed, v view) (*pages.FeedPage, error) {
	heading := s.heading(f, to.Language)
	titled := func(narrowed url.Values) pages.Words {
		title := heading
		for _, key := range selectors {
			if value := narrowed.Get(key); value != "" {
				title = pages.Words{Text: title.Text + " – " + s.spoken(key, value, to.Language).Text}
			}
		}
		if value := narrowed.Get("prefer"); value != "" {
			title = pages.Words{Text: title.Text + " – " + inOrder(value)}
		}
		return title
	}
	now, _ := url.ParseQuery(f.RawQuery) // we wrote it ourselves
	title := titled(now)
	path := "/feeds/" + f.Path + ".html"
	if everything(f) { // the front page shows the same
		path = "/"
	}
	p := &pages.FeedPage{Frame: s.frame(to, title, path, f.RawQuery), Heading: heading, Subtitle: f.Subtitle, Path: s.base + "/feeds/" + f.Path + ".html", Words: now.Get("q")}
	p.Here = "statements"
	if p.Feeds = s.feedLinks(f, title.Text); p.Description == "" || !everything(f) {
		p.Description = to.Say("feed.about", "title", title.Text)
	}
	// One choice is worth finding by a search engine, what it is narrowed to
	// has no end.
	p.NoIndex = len(now) > 1 || now.Has("q") || now.Has("limit")
	counts, err := s.o.Store.Counts()
	if err != nil {
		return nil, err
	}
	facets, err := s.facets(f, counts)
	if err != nil {
		return nil, err
	}
	p.Any = counts.All.Statements > 0
	p.Count = facets.all
	p.Groups, p.Narrowed = s.filters(to, f, facets, v.all)
	for key := range now {
		if key != "q" {
			p.Keep = append(p.Keep, pages.Field{Name: key, Value: now.Get(key)})
		}
	}
	slices.SortFunc(p.Keep, func(a, b pages.Field) int { return strings.Compare(a.Name, b.Name) })
	if to.chosen {
		p.Keep = append(p.Keep, pages.Field{Name: pages.Chosen, Value: to.Tag})
	}
	if f.Token != "" { // forms and the other languages stay in the feed, too
		p.Keep = append(p.Keep, pages.Field{Name: render.TokenKey, Value: f.Token})
		for i := range p.Versions {
			p.Versions[i].Href = render.WithToken(p.Versions[i].Href, f.Token)
		}
	}
	p.Subscribe = pages.Subscribe{Feeds: p.Feeds, Readers: pages.Readers(p.Feeds[0].Href)}
	var options []pages.Option
	for _, l := range s.offered(counts) {
		options = append(options, pages.Option{Value: l, Label: inItself(l)})
	}
	now.Del("limit")
	p.Embed = to.NewEmbed(strings.TrimRight(s.o.Site.BaseURL, "/"), s.base, f.Path, now, v.values, options, titled)
	if p.Embed.Open {
		p.NoIndex = true
	}
	switch s.o.Framers {
	case FramedByNobody:
		p.Embed = nil
	case FramedByPartners:
		p.Embed.Partners = true
	}
	return p, nil
}

// offered gives the languages of statements: those that the operator offers
// first, then the fullest.
func (s *Server) offered(counts storage.Counts) []string {
	var rest []string
	for l := range counts.Languages {
		if !slices.ContainsFunc(s.o.Languages, func(o string) bool { return feeds.SameLanguage(o, l) }) {
			rest = append(rest, l)
		}
	}
	slices.SortFunc(rest, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts.Languages[b].Statements, counts.Languages[a].Statements), cmp.Compare(a, b))
	})
	return append(slices.Clone(s.o.Languages), rest[:min(len(rest), 12)]...)
}

// facets are how many statements of a feed carry what.
type facets struct {
	all       int
	tags      map[feeds.Tag]int
	languages map[string]int
	sources   map[feeds.SourceID]int
}

func (s *Server) facets(f feeds.Feed, counts storage.Counts) (facets, error) {
	out := facets{tags: map[feeds.Tag]int{}, languages: map[string]int{}, sources: map[feeds.SourceID]int{}}
	q := f.Query
	q.After = feeds.Cursor{}
	if everything(f) {
		out.all = counts.All.Statements
		for t, c := range counts.Tags {
			out.tags[t] = c.Statements
		}
		for l, c := range counts.Languages {
			out.languages[l] = c.Statements
		}
		for id, c := range counts.Sources {
			out.sources[id] = c.Statements
		}
		return out, nil
	}
	census, err := s.o.Store.Census(q)
	if err != nil {
		return out, err
	}
	out.all = census.All[0]
	for t, n := range census.Tags {
		out.tags[t] = n[0]
	}
	for l, n := range census.Languages {
		out.languages[l] = n[0]
	}
	for id, n := range census.Sources {
		out.sources[id] = n[0]
	}
	return out, nil
}

// mostFilters bounds a kind of filters on a page that shows all of them.
const mostFilters = 400

// filters gives the links that narrow a page further, the fullest first, and
// those that widen it again. Of the kind all there are all, of others the first.
func (s *Server) filters(to reader, f feeds.Feed, counts facets, all string) (groups []pages.FilterGroup, on []pages.Filter) {
	now, _ := url.ParseQuery(f.RawQuery) // we wrote it ourselves
	now.Del("limit")
	href := func(key, value string) string {
		v := url.Values{}
		for k, old := range now {
			v[k] = old
		}
		if v.Set(key, value); value == "" {
			v.Del(key)
		}
		// Commas stay: they are legal in a query and people read these addresses.
		return render.WithToken(s.link(to, "/feeds/"+f.Path+".html", strings.ReplaceAll(v.Encode(), "%2C", ",")), f.Token)
	}
	for _, key := range selectors {
		if value := now.Get(key); value != "" {
			on = append(on, pages.Filter{Label: s.spoken(key, value, to.Language), Href: href(key, "")})
		}
	}
	order := to.Order()
	add := func(key string, counted map[string]int, label func(string) pages.Words, first int) {
		if now.Get(key) != "" || strings.HasPrefix(f.Path, key+"/") || len(counted) < 2 {
			return
		}
		g := pages.FilterGroup{Kind: key}
		for value, n := range counted {
			g.Filters = append(g.Filters, pages.Filter{Label: label(value), Href: href(key, value), Count: n})
		}
		words := order
		if len(g.Filters) > mostFilters {
			words = strings.Compare // which costs a tenth
		}
		slices.SortFunc(g.Filters, func(a, b pages.Filter) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), words(a.Label.Text, b.Label.Text), cmp.Compare(a.Href, b.Href))
		})
		switch {
		case all == key:
			g.Href = href("", "")
			g.Filters = g.Filters[:min(len(g.Filters), mostFilters)]
		case len(g.Filters) > first+1: // one more takes no more room than the link to it
			g.All, g.Href = len(g.Filters), href(allKey, key)+"#by-"+key
			g.Filters = g.Filters[:first]
		}
		groups = append(groups, g)
	}
	ofScheme := func(scheme string) map[string]int {
		out := map[string]int{}
		for t, n := range counts.tags {
			if t.Scheme == scheme && s.terms[t] != nil {
				out[t.Term] = n
			}
		}
		return out
	}
	term := func(scheme string) func(string) pages.Words {
		return func(v string) pages.Words { return s.words(feeds.Tag{Scheme: scheme, Term: v}, to.Language) }
	}
	sources := map[string]int{}
	for id, n := range counts.sources {
		if s.sources[id] != nil {
			sources[string(id)] = n
		}
	}
	add("lang", counts.languages, inItself, 8)
	add("topic", ofScheme(feeds.Topic), term(feeds.Topic), 8)
	add("region", ofScheme(feeds.Region), term(feeds.Region), 8)
	add("country", ofScheme(feeds.Country), term(feeds.Country), 8)
	add("event", ofScheme(feeds.Event), term(feeds.Event), 5)
	add("source", sources, func(v string) pages.Words { return pages.Words{Text: s.source(feeds.SourceID(v))} }, 8)
	return groups, on
}

// aboutPage explains one of our own IRIs; heading, in English, may be "".
func (s *Server) aboutPage(to reader, path, heading, about string) (*document, error) {
	title := pages.Words{Text: to.Say("about.title")}
	if heading != "" {
		title = pages.Words{Text: heading, Lang: "en"}
	}
	p := &pages.AboutPage{Frame: s.frame(to, title, path, ""), IRI: strings.TrimRight(s.o.Site.BaseURL, "/") + path, About: about}
	body, err := to.About(p)
	return s.page(to, body, err, time.Time{})
}

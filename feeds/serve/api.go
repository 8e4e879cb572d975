package serve

import (
	"cmp"
	"fmt"
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

// route is an address of the API. The table of them is what requests are
// answered by and what the OpenAPI document is made from.
type route struct {
	path    string // with {id} for what is asked for
	name    string // of the operation
	summary string
	about   string
	params  []param
	answer  []any // an example of each shape that 200 may have
	moved   bool  // 301 may be an answer
	gone    bool  // 410 may be one
	stream  bool  // it is an event stream, and somebody else answers
	handle  func(s *Server, id string, v url.Values) (*prepared, error)
}

// param is a parameter of a route.
type param struct {
	name, about string
	kind        string // "text", "names", "number", "time" or, with words, "word"
	words       []string
	example     string
}

// The parameters that narrow a selection are those of feeds.
var (
	narrowing = []param{
		{name: "region", kind: "names", about: "Regions by their slugs, with commas or several times: any of them. /api/v1/tags lists them.", example: "americas"},
		{name: "country", kind: "names", about: "Countries by their ISO 3166-1 alpha-2 codes.", example: "mx,gt"},
		{name: "topic", kind: "names", about: "Topics by their slugs.", example: "protection"},
		{name: "event", kind: "names", about: "Events by their slugs."},
		{name: "source", kind: "names", about: "Sources by their ids. /api/v1/sources lists them."},
		{name: "lang", kind: "names", about: "Languages that there must be a copy in; it is the lead.", example: "fr"},
		{name: "q", kind: "text", about: "Words that must be in the title or text, in any form; \"phrases\", -not, one OR other, begin* are understood.", example: "border families"},
	}
	preferring = param{name: "prefer", kind: "names", about: "Languages to take the lead from, the first that there is a copy in. Leaves out nothing.", example: "fr,en"}
)

var statementParams = append(slices.Clone(narrowing), preferring,
	param{name: "since", kind: "time", about: "From this time on, by the time that statements are sorted by: RFC 3339, or a date, which is its start in UTC.", example: "2026-03-01"},
	param{name: "until", kind: "time", about: "Up to this time, which is not included.", example: "2026-04-01T00:00:00Z"},
	param{name: "order", kind: "word", words: []string{"published", "updated"}, about: "What comes first: published last, or changed last. There is one page only by change; see updated_since."},
	param{name: "updated_since", kind: "time", about: "In place of a list, what has changed since the time, the earliest change first: for clients that keep a copy. Begin with 1970-01-01 to get everything, and keep next."},
	param{name: "content", kind: "word", words: []string{"summary", "full"}, about: "Whether leads have their texts."},
	param{name: "limit", kind: "number", about: "Statements in a page, 1 to 500; 50 when it is not given.", example: "20"},
	param{name: "cursor", kind: "text", about: "Where to go on: stands in next, and is nothing to be made."},
)

// listening are the parameters of the stream beside those that narrow it.
var listening = append(slices.Clone(narrowing), preferring,
	param{name: "last_event_id", kind: "text", about: "Last-Event-ID for readers that cannot set headers.", example: "4711"})

// routes are the addresses of the API at this site: whoever answers one in our place
// has to be there.
func (s *Server) routes() []route {
	return slices.DeleteFunc(allRoutes(), func(r route) bool { return r.stream && s.o.Mount[r.path] == nil })
}

// allRoutes are all addresses of the API. A function, since the handlers look at it.
func allRoutes() []route {
	return []route{
		{path: "/api/v1/statements", name: "listStatements", summary: "Statements, newest first", params: statementParams, answer: []any{listShape{}, changesShape{}},
			about:  "Takes the parameters of feeds. Pages stay good while statements arrive: none comes twice, none is left out. With updated_since, or a cursor of its answers, it gives what has changed.",
			handle: (*Server).apiStatements},
		{path: "/api/v1/statements/{id}", name: "getStatement", summary: "One statement", moved: true, gone: true, answer: []any{statementShape{}},
			params: []param{{name: "lang", kind: "names", about: "Languages to take the lead from, the first that there is a copy in.", example: "fr"}, preferring},
			about:  "With all its copies and the evidence for what is said of it. The same as /statements/{id}.json.",
			handle: (*Server).apiStatement},
		{path: "/api/v1/tags", name: "listTags", summary: "Regions, countries, topics and events", answer: []any{tagsShape{}},
			params: []param{{name: "scheme", kind: "word", words: []string{feeds.Region, feeds.Country, feeds.Topic, feeds.Event}, about: "Of this scheme only."}},
			about:  "Every term of the taxonomy, also those that no statement carries.",
			handle: (*Server).apiTags},
		{path: "/api/v1/sources", name: "listSources", summary: "The offices", answer: []any{sourcesShape{}}, about: "Every source that is configured.",
			handle: (*Server).apiSources},
		{path: "/api/v1/stream", name: "listen", summary: "Statements as they come", params: listening, stream: true, answer: []any{withdrawnShape{}},
			about: "Server-sent events, without an end, of what is published, changed or withdrawn from now on. Takes the parameters of feeds. " +
				"An event's id is a place in the journal: with Last-Event-ID the stream goes on from there, and misses nothing; 0 is the start. " +
				"Lines that begin with a colon come every 20 seconds. Who does not read for ten seconds is cut off."},
		{path: "/api/v1/openapi.json", name: "getOpenAPI", summary: "This description", answer: []any{map[string]any{}}, about: "OpenAPI 3.1.",
			handle: func(s *Server, _ string, _ url.Values) (*prepared, error) {
				return &prepared{heads: func() (uint64, error) { return 1, nil }, make: s.openAPI}, nil
			}},
	}
}

// api resolves an address below /api/.
func (s *Server) api(path, rawQuery string) (*prepared, error) {
	var all []string
	for _, r := range s.routes() {
		all = append(all, r.path)
		if r.stream {
			continue
		}
		id := ""
		if head, has := strings.CutSuffix(r.path, "{id}"); has {
			rest, in := strings.CutPrefix(path, head)
			if !in || rest == "" || strings.Contains(rest, "/") {
				continue
			}
			id = rest
		} else if path != r.path {
			continue
		}
		v, err := url.ParseQuery(rawQuery)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?lang=fr&topic=health")
		}
		if err := r.check(v); err != nil {
			return nil, err
		}
		return r.handle(s, id, v)
	}
	if rest := strings.TrimSuffix(path, "/"); slices.Contains(all, rest) {
		return nil, &redirect{status: http.StatusMovedPermanently, path: rest + query(rawQuery)}
	}
	no := refuse(http.StatusNotFound, "there is nothing at this address", all...)
	no.asked = path
	return nil, no
}

// check refuses parameters that the route does not know, and choices that it
// does not have. An API that passes over a slip gives answers to questions that
// nobody asked.
func (r *route) check(v url.Values) error {
	var names []string
	for _, p := range r.params {
		names = append(names, p.name)
	}
	for _, key := range slices.Sorted(func(yield func(string) bool) {
		for k := range v {
			if !yield(k) {
				return
			}
		}
	}) {
		i := slices.Index(names, key)
		if i < 0 {
			no := refuse(http.StatusBadRequest, fmt.Sprintf("%s is not a parameter here", short(key)), names...)
			no.asked, no.parameter = key, short(key)
			return no
		}
		p := r.params[i]
		if p.kind == "names" || p.name == "q" {
			continue // several are fine
		}
		if len(v[key]) > 1 {
			return bad(key, fmt.Sprintf("%s is given twice", key))
		}
		if value := v.Get(key); value != "" && p.words != nil && !slices.Contains(p.words, value) {
			no := bad(key, fmt.Sprintf("%s=%s: want %s", key, short(value), strings.Join(p.words, " or ")))
			no.list, no.asked = p.words, value
			return no
		}
	}
	return nil
}

// bad refuses a parameter's value.
func bad(parameter, text string) *refusal {
	no := refuse(http.StatusBadRequest, text)
	no.parameter = parameter
	return no
}

// timeOf reads a time of a parameter; zero when it is not given.
func timeOf(v url.Values, key string) (time.Time, error) {
	text := v.Get(key)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, strings.ReplaceAll(text, " ", "+")); err == nil && t.Year() >= 1 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, bad(key, fmt.Sprintf("%s=%s: want a time as RFC 3339 has it, such as 2026-03-01T12:00:00Z, or a date such as 2026-03-01", key, short(text)))
}

func (s *Server) apiStatements(_ string, v url.Values) (*prepared, error) {
	own := url.Values{}
	for _, key := range []string{"since", "until", "order", "updated_since", "content", "cursor"} {
		if v.Get(key) != "" {
			own[key] = v[key]
		}
		delete(v, key)
	}
	f, err := s.narrowed(feeds.Feed{Path: "all"}, v.Encode())
	if err != nil {
		return nil, err
	}
	q := &f.Query
	if q.Since, err = timeOf(own, "since"); err != nil {
		return nil, err
	}
	if q.Until, err = timeOf(own, "until"); err != nil {
		return nil, err
	}
	from, err := timeOf(own, "updated_since")
	if err != nil {
		return nil, err
	}
	if own.Get("order") == "updated" {
		f.Order = feeds.ByUpdate
	}
	kind, place, seq := readCursor(own.Get("cursor"))
	switch {
	case own.Get("cursor") == "":
	case kind == 0, f.Order == feeds.ByUpdate:
		no := bad("cursor", "cursor is none that this address gave, or is of another order; take next as it is, or begin without one")
		no.kind = "bad-cursor"
		return nil, no
	case kind == cursorPlace:
		q.After = place
	}
	if own.Get("updated_since") != "" && (own.Get("order") != "" || kind == cursorPlace) {
		return nil, bad("updated_since", "updated_since has an order of its own; take order and cursor out")
	}
	page := pageOf{f: f, full: own.Get("content") == "full", base: s.apiURL("/api/v1/statements")}
	page.query, _ = url.ParseQuery(f.RawQuery) // we wrote it ourselves
	for _, key := range []string{"since", "until", "content"} {
		if t := own.Get(key); t != "" {
			page.query.Set(key, t)
		}
	}
	switch {
	case kind == cursorChange:
		return s.changes(page, seq), nil
	case own.Get("updated_since") != "":
		if seq, err = s.o.Store.Before(from); err != nil {
			return nil, err
		}
		return s.changes(page, seq), nil
	}
	p := &prepared{}
	p.heads = func() (uint64, error) {
		sel, err := s.selected(f)
		p.found = &sel
		return sel.mark, err
	}
	p.make = func() (*document, error) { return s.list(page, p.found) }
	return p, nil
}

// pageOf is what a page of statements is made for.
type pageOf struct {
	f     feeds.Feed
	full  bool
	base  string
	query url.Values // all but the cursor
}

// at gives the address of the page behind a cursor.
func (p *pageOf) at(cursor string) string {
	v := url.Values{"cursor": {cursor}}
	for key, values := range p.query {
		v[key] = values
	}
	return p.base + "?" + strings.ReplaceAll(v.Encode(), "%2C", ",")
}

func (s *Server) apiURL(path string) string { return strings.TrimRight(s.o.Site.BaseURL, "/") + path }

// list makes a page of statements, a listShape. Each statement's part is written
// once and kept, since most searches find some of the same ones.
func (s *Server) list(p pageOf, sel *selection) (*document, error) {
	parts := make([][]byte, len(sel.ids))
	languages := render.Languages(p.f)
	err := s.fragments(sel, entryKey{format: apiFormat, language: strings.Join(languages, ","), brief: !p.full},
		func(i int, f fragment) { parts[i] = f.shape },
		func(st *feeds.Statement) (f fragment, err error) {
			if !st.Hidden && len(st.Copies) > 0 {
				f.shape, err = unescaped(s.shapeOf(st, languages, nil, p.full), "")
			}
			return f, err
		})
	if err != nil {
		return nil, err
	}
	b := []byte(`{"statements":[`)
	for _, part := range parts {
		if len(part) == 0 {
			continue // it left between the two looks
		}
		if b[len(b)-1] != '[' {
			b = append(b, ',')
		}
		b = append(b, part...)
	}
	b = append(b, ']')
	next := ""
	if !sel.more.IsZero() {
		next = p.at(placeCursor(sel.more))
		quoted, err := unescaped(next, "")
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"next":`...), quoted...)
	}
	doc := s.jsonBytes(append(b, '}'), sel.changed)
	if next != "" {
		doc.set("Link", "<"+next+`>; rel="next"`)
	}
	return doc, nil
}

// apiFormat is the format of fragments in lists of the API.
const apiFormat render.Format = "api"

func (s *Server) shapes(p pageOf, ids []feeds.StatementID) ([]statementShape, error) {
	sts, err := s.o.Store.Statements(ids...)
	if err != nil {
		return nil, err
	}
	languages := render.Languages(p.f)
	out := make([]statementShape, 0, len(sts))
	for i := range sts {
		if st := &sts[i]; !st.Hidden && len(st.Copies) > 0 {
			out = append(out, s.shapeOf(st, languages, nil, p.full))
		}
	}
	return out, nil
}

// changes prepares a page of what has changed after a record of the journal.
func (s *Server) changes(p pageOf, after uint64) *prepared {
	return &prepared{make: func() (*document, error) {
		position := s.o.Store.Position()
		changed, upto, err := s.o.Store.Changes(after)
		if err != nil {
			return nil, err
		}
		// A page ends between two records.
		limit := cmp.Or(p.f.Query.Limit, usualLimit)
		for limit < len(changed) && changed[limit-1].Seq == changed[limit].Seq {
			limit++
		}
		if limit < len(changed) {
			changed, upto = changed[:limit], changed[limit-1].Seq
		}
		out := changesShape{Removed: []string{}, More: upto < position}
		var ids []feeds.StatementID
		for _, c := range changed {
			met := c.Published
			if met {
				if met, err = s.meets(p.f.Query, c.Head); err != nil {
					return nil, err
				}
			}
			if met {
				ids = append(ids, c.ID)
			} else {
				out.Removed = append(out.Removed, string(c.ID))
			}
		}
		if out.Statements, err = s.shapes(p, ids); err != nil {
			return nil, err
		}
		out.Next = p.at(changeCursor(upto))
		doc, err := s.jsonDocument(out, time.Time{}, "")
		if err != nil {
			return nil, err
		}
		doc.set("Cache-Control", "no-cache")
		if out.More {
			doc.set("Link", "<"+out.Next+`>; rel="next"`)
		}
		return doc, nil
	}}
}

// meets reports whether a published statement is in a selection.
func (s *Server) meets(q feeds.Query, h storage.Head) (bool, error) {
	q.After, q.Limit = feeds.Cursor{}, maxLimit
	if !q.Since.IsZero() && h.Order.Before(q.Since) || !q.Until.IsZero() && !h.Order.Before(q.Until) {
		return false, nil
	}
	q.Since, q.Until = h.Order, h.Order.Add(time.Microsecond) // the store's times are as fine as that
	for {
		page, err := s.o.Store.Select(q)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(page.Heads, func(o storage.Head) bool { return o.ID == h.ID }) {
			return true, nil
		}
		if !page.More {
			return false, nil
		}
		q.After = page.Next
	}
}

func (s *Server) apiStatement(id string, v url.Values) (*prepared, error) {
	languages, err := inLanguages(v)
	if err != nil {
		return nil, err
	}
	raw := query(strings.ReplaceAll(v.Encode(), "%2C", ","))
	return s.statementAt(feeds.StatementID(id), func(at feeds.StatementID) string { return "/api/v1/statements/" + string(at) + raw },
		func(st *feeds.Statement) (*document, error) { return s.statementJSON(st, languages) })
}

// counted gives documents that depend on how many statements carry what.
func (s *Server) counted(shape func(storage.Counts) (any, error)) *prepared {
	return &prepared{make: func() (*document, error) {
		counts, err := s.o.Store.Counts()
		if err != nil {
			return nil, err
		}
		v, err := shape(counts)
		if err != nil {
			return nil, err
		}
		return s.jsonDocument(v, time.Time{}, " ")
	}}
}

func (s *Server) apiTags(_ string, v url.Values) (*prepared, error) {
	scheme := v.Get("scheme")
	return s.counted(func(counts storage.Counts) (any, error) {
		out := tagsShape{Tags: []tagShape{}}
		for i := range s.o.Terms {
			t := &s.o.Terms[i]
			if t.Tag.Scheme == feeds.Mention || scheme != "" && t.Tag.Scheme != scheme {
				continue
			}
			c := counts.Tags[t.Tag]
			one := tagShape{Scheme: t.Tag.Scheme, Term: t.Tag.Term, Labels: t.Labels, Parents: t.Parents, Count: c.Statements, Newest: stamp(c.Newest),
				Feeds: s.addressesOf(t.Tag.Scheme + "/" + t.Tag.Term)}
			if one.Labels == nil {
				one.Labels = map[string]string{}
			}
			out.Tags = append(out.Tags, one)
		}
		slices.SortFunc(out.Tags, func(a, b tagShape) int { return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Term, b.Term)) })
		return out, nil
	}), nil
}

func (s *Server) apiSources(string, url.Values) (*prepared, error) {
	return s.counted(func(counts storage.Counts) (any, error) {
		visits, err := s.o.Store.AllFetched()
		if err != nil {
			return nil, err
		}
		said := make(map[feeds.SourceID]*feeds.Origin, len(visits))
		for i := range visits {
			said[visits[i].Source] = &visits[i].Channel
		}
		out := sourcesShape{Sources: []sourceShape{}}
		for i := range s.o.Sources {
			src, c := &s.o.Sources[i], counts.Sources[s.o.Sources[i].ID]
			about := said[src.ID]
			if about == nil {
				about = &feeds.Origin{}
			}
			out.Sources = append(out.Sources, sourceShape{ID: string(src.ID), Title: cmp.Or(src.Title, about.Title, string(src.ID)), Site: cmp.Or(src.Site, about.Link),
				Language: cmp.Or(src.Language, about.Language), Credit: src.Credit, Count: c.Statements, Newest: stamp(c.Newest), Feeds: s.addressesOf("source/" + string(src.ID))})
		}
		slices.SortFunc(out.Sources, func(a, b sourceShape) int { return cmp.Compare(a.ID, b.ID) })
		return out, nil
	}), nil
}

// apiPage makes the page about the API.
func (s *Server) apiPage(to reader) (*document, error) {
	p := &pages.APIPage{Frame: s.frame(to, pages.Words{Text: "The API", Lang: "en"}, "/api", "")}
	examples := map[string][]string{
		"/api/v1/statements":      {"?topic=health&lang=en&limit=5", "?since=2026-01-01&content=full&prefer=fr,en", "?updated_since=1970-01-01&limit=500"},
		"/api/v1/statements/{id}": nil,
		"/api/v1/tags":            {"?scheme=topic"},
		"/api/v1/sources":         {""},
	}
	for _, r := range s.routes() {
		l := pages.Route{Path: r.path, Summary: r.summary, About: r.about}
		for _, e := range examples[r.path] {
			l.Examples = append(l.Examples, s.apiURL(r.path)+e)
		}
		p.Routes = append(p.Routes, l)
	}
	if l := s.limits; l != nil {
		p.Limit = fmt.Sprintf("One reader may ask %d times %s, also all at once; RateLimit tells how many requests are left. Feeds are not limited.", l.Requests, each(l.Window))
	}
	body, err := to.API(p)
	return s.page(to, body, err, time.Time{})
}

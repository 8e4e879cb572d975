package serve

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"communique/feeds"
	"communique/feeds/render"
	"communique/internal/near"
)

// Limits of a query.
const (
	maxLimit  = 500
	maxValues = 50 // of all parameters together
)

// selectors are the parameters that narrow a feed. The last is free text, the
// others are names.
var selectors = [...]string{"lang", "region", "topic", "country", "event", "source", "q"}

// plainPages are pages that people write with a slash at the end.
var plainPages = [...]string{"/feeds", "/overview", "/about/embed", "/api"}

// resolve finds out what a path and query ask for. The error is a *redirect or
// a *refusal when the answer is not a document. Pages are made for to.
func (s *Server) resolve(path, rawQuery, accept string, to reader) (*prepared, error) {
	if err := s.moved(path, rawQuery); err != nil {
		return nil, err
	}
	if bare := strings.TrimSuffix(path, "/"); bare != path && slices.Contains(plainPages[:], bare) {
		return nil, &redirect{status: http.StatusMovedPermanently, path: bare + query(rawQuery)}
	}
	switch {
	case path == "/" || path == "":
		f, err := s.narrowed(feeds.Feed{Path: "all", Title: s.o.Site.Title, Subtitle: s.o.Site.Subtitle}, rawQuery)
		if err != nil {
			return nil, err
		}
		return s.feedPage(to, f, rawQuery, true)
	case path == "/feeds":
		return &prepared{heads: s.listMark, make: func() (*document, error) { return s.feedsPage(to) }}, nil
	case path == "/overview":
		return s.overview(to), nil
	case path == "/feeds.opml":
		return &prepared{heads: s.listMark, make: s.feedsOPML}, nil
	case path == "/oembed":
		return s.oembedAt(rawQuery)
	case path == "/about/embed":
		return &prepared{heads: never, make: func() (*document, error) { return s.partnersPage(to) }}, nil
	case path == "/embed", strings.HasPrefix(path, "/embed/"):
		return s.embed(strings.TrimPrefix(strings.TrimPrefix(path, "/embed"), "/"), rawQuery)
	case path == "/robots.txt":
		return &prepared{heads: never, make: s.robots}, nil
	case path == "/sitemap.xml", strings.HasPrefix(path, "/sitemap/"):
		return s.sitemap(path)
	case strings.HasPrefix(path, "/rel/"), strings.HasPrefix(path, "/ns/"):
		if about := meanings[path[1:]]; about != "" {
			return &prepared{heads: never, make: func() (*document, error) { return s.aboutPage(to, path, "", about) }}, nil
		}
	case path == "/api":
		return &prepared{heads: never, make: func() (*document, error) { return s.apiPage(to) }}, nil
	case strings.HasPrefix(path, "/api/"):
		return s.api(path, rawQuery)
	case strings.HasPrefix(path, "/problems/"):
		if i := slices.IndexFunc(problems, func(k kindOfProblem) bool { return "/problems/"+k.name == path }); i >= 0 {
			return &prepared{heads: never, make: func() (*document, error) { return s.aboutPage(to, path, problems[i].title, problems[i].about) }}, nil
		}
	case strings.HasPrefix(path, "/statements/"):
		return s.statement(to, strings.TrimPrefix(path, "/statements/"), rawQuery)
	case strings.HasPrefix(path, "/archive/"):
		return s.archiveAt(strings.TrimPrefix(path, "/archive/"), rawQuery)
	case strings.HasPrefix(path, "/feeds/"):
		return s.feedAt(strings.TrimPrefix(path, "/feeds/"), rawQuery, accept, to)
	}
	return nil, refuse(http.StatusNotFound, "there is nothing at this address", "/", "/feeds", "/overview", "/feeds.opml", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/feeds/all.html").as("reason.nothing")
}

// meanings says what the relations and schemes that stand in our feeds mean: an
// IRI that is published should answer.
var meanings = map[string]string{
	"rel/translation":       "Link relation. The target is the same statement in another language, as an office published it; hreflang says which.",
	"rel/translation-of":    "Link relation. The target is the statement that this one is a translation of.",
	"rel/same-statement":    "Link relation. The target is the same statement as another office published it, in the same language or beside a translation that is named already.",
	"rel/origin":            "Link relation. The target is the copy that the statement was first published as; the entry shows another.",
	"rel/excerpt":           "Link relation. The target is a part of the statement, as an office published it: a teaser or a summary in its own words.",
	"rel/correction":        "Link relation. The target is a correction of the statement.",
	"rel/joint":             "Link relation. The target is the statement as one of the offices that made it together published it.",
	"rel/related-statement": "Link relation. The target is the page of another statement that is close to this one and is not the same: a rewrite, the next edition, an answer.",
	"ns/region":             "Category scheme. Terms are regions and sub-regions, by the slugs that stand in the addresses of the region feeds.",
	"ns/country":            "Category scheme. Terms are ISO 3166-1 alpha-2 codes in lower case.",
	"ns/topic":              "Category scheme. Terms are topics, by the slugs that stand in the addresses of the topic feeds.",
	"ns/event":              "Category scheme. Terms are events, by the slugs that stand in the addresses of the event feeds.",
	"ns/json-feed":          "JSON Feed extension. _communique holds what JSON Feed 1.1 has no place for: the feed that an item comes from (source), our tags with scheme and label (categories), other languages (alternates), other offices (duplicates), every copy with what it is to the statement (copies: origin, reprint, excerpt, translation, correction or joint), the pages of other statements that are close to it (related_statements) and the statement's page (permalink).",
}

// feedAt resolves what follows /feeds/.
func (s *Server) feedAt(rest, rawQuery, accept string, to reader) (*prepared, error) {
	return s.feedOf(rest, rawQuery, accept, to, s.feed)
}

// feedOf is feedAt among the feeds that byName gives.
func (s *Server) feedOf(rest, rawQuery, accept string, to reader, byName func(string) (feeds.Feed, error)) (*prepared, error) {
	if lower := strings.ToLower(rest); lower != rest {
		name, _ := extension(lower)
		if _, err := byName(name); err == nil {
			return nil, &redirect{status: http.StatusMovedPermanently, path: "/feeds/" + lower + query(rawQuery)}
		}
	}
	name, ext := extension(rest)
	f, err := byName(name)
	if err != nil {
		return nil, err
	}
	if ext == "" {
		ext = string(render.FormatAtom)
		if strings.Contains(accept, "text/html") {
			ext = "html"
		}
		return nil, &redirect{status: http.StatusFound, path: "/feeds/" + name + "." + ext + query(rawQuery), negotiated: true}
	}
	if f, err = s.narrowed(f, rawQuery); err != nil {
		return nil, err
	}
	if ext == "html" {
		return s.feedPage(to, f, rawQuery, false)
	}
	format := render.Format(ext)
	if !slices.Contains(render.Formats(), format) {
		return nil, refuse(http.StatusNotFound, fmt.Sprintf("feeds are not published as %q; this one stands at:", ext),
			"/feeds/"+name+".atom", "/feeds/"+name+".rss", "/feeds/"+name+".json", "/feeds/"+name+".html").as("reason.no-format", "name", short(ext))
	}
	if s.divisions.of(f) != nil {
		return s.document(f, format), nil
	}
	values, _ := url.ParseQuery(rawQuery) // narrowed has refused what cannot be read
	at, err := placeOf(values.Get(afterKey))
	if err != nil {
		return nil, err
	}
	return s.window(f, at, format), nil
}

// extension parts a feed's name from its format, "" without one.
func extension(rest string) (name, ext string) {
	if i := strings.LastIndexByte(rest, '.'); i >= 0 {
		return rest[:i], rest[i+1:]
	}
	return rest, ""
}

func query(raw string) string {
	if raw == "" {
		return ""
	}
	return "?" + raw
}

// titled gives a named feed with its title.
func (s *Server) titled(n *Named) feeds.Feed {
	f := n.Feed
	f.Title = f.TitleIn(f.Language, s.o.Site.Language)
	return f
}

// feed gives the feed of a name: "all", "topic/health", a named one that is not
// private.
func (s *Server) feed(name string) (feeds.Feed, error) {
	if n := s.named[name]; n != nil {
		return s.titled(n), nil
	}
	if name == "all" {
		return feeds.Feed{Path: "all", Title: s.o.Site.Title, Subtitle: s.o.Site.Subtitle}, nil
	}
	kind, term, ok := strings.Cut(name, "/")
	f := feeds.Feed{Path: name}
	if kind == "source" && ok {
		if s.sources[feeds.SourceID(term)] == nil {
			return f, s.unknown("source", term)
		}
		f.Title = s.source(feeds.SourceID(term))
		f.Query.Sources = []feeds.SourceID{feeds.SourceID(term)}
		return f, nil
	}
	field := f.Query.Terms(kind)
	if !ok || field == nil {
		no := refuse(http.StatusNotFound, fmt.Sprintf("there is no feed %q", short(name)), s.names()...)
		no.asked = "/feeds/" + name
		return f, no.as("reason.no-feed", "name", short(name))
	}
	if s.terms[feeds.Tag{Scheme: kind, Term: term}] == nil {
		return f, s.unknown(kind, term)
	}
	*field = []string{term}
	f.Title = s.label(feeds.Tag{Scheme: kind, Term: term}) + " – " + s.o.Site.Title
	return f, nil
}

// names lists the kinds of feeds that there are.
func (s *Server) names() []string {
	out := []string{"/feeds/all", "/feeds/region/…", "/feeds/topic/…", "/feeds/country/…", "/feeds/event/…", "/feeds/source/…"}
	for name := range s.named {
		out = append(out, "/feeds/"+name)
	}
	return out
}

// unknowns say that there is nothing of a kind by a name.
var unknowns = map[string]string{feeds.Region: "reason.no-region", feeds.Country: "reason.no-country", feeds.Topic: "reason.no-topic",
	feeds.Event: "reason.no-event", "source": "reason.no-source"}

// unknown refuses a name and lists those of its kind.
func (s *Server) unknown(kind, name string) error {
	var list []string
	if kind == "source" {
		for id := range s.sources {
			list = append(list, string(id))
		}
	} else {
		for t := range s.terms {
			if t.Scheme == kind {
				list = append(list, t.Term)
			}
		}
	}
	no := refuse(http.StatusNotFound, fmt.Sprintf("there is no %s %q", kind, short(name)), list...)
	no.kind, no.parameter, no.asked = "unknown-name", kind, name
	return no.as(unknowns[kind], "name", short(name))
}

func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// otherwise are parameters as people and programs write them who know other sites.
var otherwise = map[string]string{"countries": "country", "language": "lang", "languages": "lang", "query": "q", "search": "q", "words": "q"}

// meant gives the parameter that one is which there is not: misspelt by a letter,
// in capitals or the plural; "" when that is anybody's guess. own are those that a
// place has besides.
func meant(key string, own []string) string {
	lower := strings.ToLower(key)
	for _, name := range slices.Concat(selectors[:], []string{"prefer", "limit"}, own) {
		if key == name {
			return ""
		}
		if lower == name || len(name) > 3 && lower != "" && lower[0] == name[0] && near.Distance(lower, name) == 1 {
			return name
		}
	}
	return otherwise[lower]
}

// misspelt refuses parameters that are nearly ours: whoever asks for topics=health
// and gets everything never learns why.
func misspelt(values url.Values, own ...string) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(key) > 20 {
			continue
		}
		if name := meant(key, own); name != "" {
			no := bad(key, fmt.Sprintf("%s is not a parameter here; did you mean %s?", key, name))
			no.asked = key
			return no.as("reason.misspelt", "name", key, "meant", name)
		}
	}
	return nil
}

// narrowed adds the parameters of an address to a feed's query. Parameters that
// are far from ours are let be: links come with all sorts of them.
func (s *Server) narrowed(f feeds.Feed, rawQuery string) (feeds.Feed, error) {
	if rawQuery == "" {
		return f, nil
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return f, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?lang=fr&topic=health").as("reason.unreadable", "example", "?lang=fr&topic=health")
	}
	if err := misspelt(values); err != nil {
		return f, err
	}
	var by feeds.Query
	canon := url.Values{}
	n := 0
	for _, key := range selectors[:len(selectors)-1] {
		list := valuesOf(values[key], key == "lang")
		if len(list) == 0 {
			continue
		}
		if n += len(list); n > maxValues {
			return f, bad(key, fmt.Sprintf("more than %d values in one address", maxValues)).as("reason.many", "max", maxValues)
		}
		slices.Sort(list)
		canon[key] = []string{strings.Join(list, ",")}
		switch key {
		case "lang":
			if err := s.languages(key, list); err != nil {
				return f, err
			}
			if by.Languages = list; len(list) == 1 {
				f.Language = list[0]
			}
		case "source":
			for _, id := range list {
				if s.sources[feeds.SourceID(id)] == nil {
					return f, s.unknown(key, id)
				}
				by.Sources = append(by.Sources, feeds.SourceID(id))
			}
		default:
			for _, term := range list {
				if s.terms[feeds.Tag{Scheme: key, Term: term}] == nil {
					return f, s.unknown(key, term)
				}
			}
			*by.Terms(key) = list
		}
	}
	if list := valuesOf(values["prefer"], true); len(list) > 0 {
		if n += len(list); n > maxValues {
			return f, bad("prefer", fmt.Sprintf("more than %d values in one address", maxValues)).as("reason.many", "max", maxValues)
		}
		if err := s.languages("prefer", list); err != nil {
			return f, err
		}
		f.Prefer = list // in the order in which they stand: that is what it says
		canon["prefer"] = []string{strings.Join(list, ",")}
	}
	if text := strings.Join(strings.Fields(strings.Join(values["q"], " ")), " "); text != "" {
		if by.Words, err = searched(text); err != nil {
			return f, err
		}
		canon.Set("q", by.Words)
	}
	f = within(f, by)
	if raw := strings.Join(values["limit"], ","); raw != "" { // two of them are no number
		limit, err := strconv.Atoi(raw)
		if err != nil || limit < 1 || limit > maxLimit {
			return f, bad("limit", fmt.Sprintf("limit=%s: want a number from 1 to %d", short(raw), maxLimit)).as("reason.limit", "value", short(raw), "max", maxLimit)
		}
		f.Query.Limit = limit
		canon.Set("limit", strconv.Itoa(limit))
	}
	if f.Titles != nil {
		f.Title = f.TitleIn(f.Language, s.o.Site.Language)
	}
	f.Title = s.narrowedTitle(f.Title, canon)
	// Commas stay: they are legal in a query and people read these addresses.
	f.RawQuery = strings.ReplaceAll(canon.Encode(), "%2C", ",")
	return f, nil
}

// valuesOf gives the values of a parameter, which may stand in it several times or
// have commas, each once in the order in which they came.
func valuesOf(values []string, languages bool) []string {
	var list []string
	for _, v := range values {
		for _, one := range strings.Split(v, ",") {
			if one = strings.ToLower(strings.TrimSpace(one)); languages {
				one = languageTag(one)
			}
			if one != "" && !slices.Contains(list, one) {
				list = append(list, one)
			}
		}
	}
	return list
}

// within narrows a feed to what also meets a query. The query's fields join the
// feed's where it asks nothing; where it does, both must be met, and the feed's
// own selection becomes the only alternative.
func within(f feeds.Feed, by feeds.Query) feeds.Feed {
	own := f.Query
	by.Words = strings.TrimSpace(own.Words + " " + by.Words) // all of them must be there anyway
	own.Words = ""
	clash := false
	for _, pair := range [][2]int{{len(own.Regions), len(by.Regions)}, {len(own.Countries), len(by.Countries)}, {len(own.Topics), len(by.Topics)},
		{len(own.Events), len(by.Events)}, {len(own.Sources), len(by.Sources)}, {len(own.Languages), len(by.Languages)}} {
		clash = clash || pair[0] > 0 && pair[1] > 0
	}
	if clash {
		by.Limit, own.Limit = own.Limit, 0
		by.Any = []feeds.Query{own}
		f.Prefer = append(slices.Clone(f.Prefer), own.Languages...)
		f.Query = by
		return f
	}
	by.Limit, by.Since, by.Until, by.Any, by.Not = own.Limit, own.Since, own.Until, own.Any, own.Not
	by.Regions, by.Countries, by.Topics = either(own.Regions, by.Regions), either(own.Countries, by.Countries), either(own.Topics, by.Topics)
	by.Events, by.Languages, by.Sources = either(own.Events, by.Events), either(own.Languages, by.Languages), either(own.Sources, by.Sources)
	f.Query = by
	return f
}

// either gives the list of two that is not empty.
func either[T any](a, b []T) []T {
	if len(a) > 0 {
		return a
	}
	return b
}

// narrowedTitle says in a feed's title what it is narrowed to: a news reader that
// takes two of them shows nothing else of their addresses.
func (s *Server) narrowedTitle(title string, by url.Values) string {
	for _, key := range selectors {
		if v := by.Get(key); v != "" {
			title += " – " + s.spoken(key, v, s.own()).Text
		}
	}
	if v := by.Get("prefer"); v != "" {
		title += " – " + inOrder(v)
	}
	return title
}

// languages refuses languages in which there never was anything: an empty feed would
// never tell its reader why. Where all was withdrawn, the feed is what tells of it.
func (s *Server) languages(key string, list []string) error {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return err
	}
	for _, l := range list {
		if !wellFormed(l) {
			return bad(key, fmt.Sprintf("%s=%s is not a language tag; want one such as fr or pt-BR", key, short(l))).as("reason.not-a-tag", "value", short(l))
		}
		p := feeds.PrimaryLanguage(l)
		offered := slices.ContainsFunc(s.o.Languages, func(o string) bool { return feeds.SameLanguage(o, l) })
		if _, there := counts.Languages[p]; !there && !offered {
			if had, err := s.o.Store.HadLanguage(p); had || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			have := slices.Clone(s.o.Languages)
			for h := range counts.Languages {
				if !slices.Contains(have, h) {
					have = append(have, h)
				}
			}
			no := refuse(http.StatusNotFound, fmt.Sprintf("there is nothing in the language %q", l), have...)
			no.kind, no.parameter, no.asked = "unknown-name", key, l
			return no.as("reason.no-language", "name", l)
		}
	}
	return nil
}

// wellFormed reports whether s looks like a BCP 47 tag.
func wellFormed(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) == 0 || len(part) > 8 || i == 0 && (len(part) < 2 || strings.ContainsAny(part, "0123456789")) ||
			strings.Trim(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return false
		}
	}
	return true
}

// languageTag writes a language tag in lower case as BCP 47 recommends (RFC 5646
// §2.1.1): pt-BR, zh-Hant, and in lower case what follows a singleton.
func languageTag(s string) string {
	parts := strings.Split(s, "-")
	for i, p := range parts {
		switch {
		case i == 0:
		case len(p) == 1:
			return strings.Join(parts, "-")
		case len(p) == 2:
			parts[i] = strings.ToUpper(p)
		case len(p) == 4 && p[0] >= 'a':
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "-")
}

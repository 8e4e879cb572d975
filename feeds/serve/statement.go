package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
)

// statement prepares a statement's page, or its JSON.
func (s *Server) statement(to reader, rest, rawQuery string) (*prepared, error) {
	if plain := strings.ToLower(strings.TrimSuffix(rest, "/")); plain != rest {
		// As people write it, or a program that puts addresses into capitals.
		known, _, err := s.o.Store.Ended(feeds.StatementID(strings.TrimSuffix(plain, ".json")))
		if err != nil {
			return nil, err
		}
		if known {
			return nil, &redirect{status: http.StatusMovedPermanently, path: "/statements/" + plain + query(rawQuery)}
		}
	}
	name, isJSON := strings.CutSuffix(rest, ".json")
	id := feeds.StatementID(name)
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?lang=fr").as("reason.unreadable", "example", "?lang=fr")
	}
	languages, err := inLanguages(values)
	if err != nil {
		return nil, err
	}
	if _, err := viewOf(rawQuery); err != nil {
		return nil, err
	}
	elsewhere := func(at feeds.StatementID) string {
		to := "/statements/" + string(at)
		if isJSON {
			to += ".json"
		}
		return to + query(rawQuery)
	}
	return s.statementAt(id, elsewhere, func(st *feeds.Statement) (*document, error) {
		if isJSON {
			return s.statementJSON(st, languages)
		}
		lang := ""
		if len(languages) > 0 {
			lang = st.Lead(languages...).Language
			if !slices.ContainsFunc(languages, func(l string) bool { return feeds.SameLanguage(l, lang) }) {
				lang = languages[0] // there is no copy in any of them
			}
		}
		return s.statementPage(to, st, lang, values.Get(picturesKey) == "show")
	})
}

// inLanguages gives the languages that somebody wants a statement in, the first
// that there is a copy in: lang's, then prefer's.
func inLanguages(v url.Values) ([]string, error) {
	var out []string
	for _, key := range [...]string{"lang", "prefer"} {
		for _, l := range valuesOf(v[key], true) {
			if !wellFormed(l) {
				return nil, bad(key, fmt.Sprintf("%s=%s is not a language tag; want one such as fr or pt-BR", key, short(l))).as("reason.not-a-tag", "value", short(l))
			}
			out = append(out, l)
		}
	}
	if len(out) > maxValues {
		return nil, bad("lang", fmt.Sprintf("more than %d values in one address", maxValues)).as("reason.many", "max", maxValues)
	}
	return out, nil
}

// ended says why there is no statement, and what there is.
func (s *Server) ended(id feeds.StatementID, there ...string) error {
	known, expired, err := s.o.Store.Ended(id)
	switch {
	case err != nil:
		return err
	case !known:
		return refuse(http.StatusNotFound, "there is no statement at this address", there...).as("reason.no-statement")
	case expired:
		no := refuse(http.StatusGone, "this statement is older than this site keeps statements; nobody took it back", there...).as("reason.expired")
		no.kind = "expired"
		return no
	}
	return wasWithdrawn()
}

func wasWithdrawn() error {
	return refuse(http.StatusGone, "this statement was withdrawn").as("reason.withdrawn")
}

// statementAt prepares what make makes of a statement. One that was joined leads
// to elsewhere, by the id that it goes by now.
func (s *Server) statementAt(id feeds.StatementID, elsewhere func(feeds.StatementID) string, make func(*feeds.Statement) (*document, error)) (*prepared, error) {
	load := func() (*feeds.Statement, error) {
		st, at, ok, err := s.o.Store.Statement(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, s.ended(id, "/", "/feeds")
		case st.Hidden || len(st.Copies) == 0:
			return nil, wasWithdrawn()
		case at != id: // it turned out to be another telling of one that we had
			return nil, &redirect{status: http.StatusMovedPermanently, path: elsewhere(at)}
		}
		return &st, nil
	}
	return ofStatement(load, func(st *feeds.Statement) (uint64, error) {
		_, mark, err := s.neighbours(st)
		return mark, err
	}, make)
}

// ofStatement prepares what make makes of the statement that load gives, which
// fails when there is none to be shown; mark is as of prepared.heads.
func ofStatement(load func() (*feeds.Statement, error), mark func(*feeds.Statement) (uint64, error), make func(*feeds.Statement) (*document, error)) (*prepared, error) {
	if _, err := load(); err != nil {
		return nil, err
	}
	return &prepared{
		heads: func() (uint64, error) {
			st, err := load()
			if err != nil {
				return 0, err
			}
			return mark(st)
		},
		make: func() (*document, error) {
			st, err := load()
			if err != nil {
				return nil, err
			}
			return make(st)
		},
	}, nil
}

// picturesKey is the parameter of a reader who wants the pictures, which tells
// their publisher of it.
const picturesKey = "pictures"

func (s *Server) statementPage(to reader, st *feeds.Statement, lang string, pictures bool) (*document, error) {
	languages := []string{to.Tag}
	raw := ""
	if lang != "" {
		languages, raw = []string{lang, to.Tag}, "lang="+lang
	}
	c := st.Lead(languages...)
	p := &pages.StatementPage{Item: s.item(to, st, languages), Original: c.Link, Rights: render.Rights(&c.Copy),
		ID: s.o.Site.StatementURI(st.ID), JSON: s.base + "/statements/" + string(st.ID) + ".json", Enclosures: c.Enclosures, Several: len(st.Copies) > 1}
	path := "/statements/" + string(st.ID)
	p.Frame = s.frame(to, pages.Words{Text: p.Item.Title, Lang: c.Language}, path, raw)
	p.Description, p.Image, p.Published, p.Updated = p.Item.Summary, c.Image, st.Published, st.Updated
	if lang != "" && !slices.Contains(st.Languages(), lang) {
		p.Canonical = s.frame(to, p.Title, path, "").Canonical // there is no page of its own in this language
	}
	some := false
	p.HTML, some = to.Text(cmp.Or(c.Content, c.Summary), pictures)
	if some && !pictures {
		p.Pictures = s.link(to, path, strings.TrimPrefix(raw+"&"+picturesKey+"=show", "&"))
	}
	p.NoIndex = pictures
	var names []string
	for _, a := range c.Authors {
		if a.Name != "" && a.Name != p.Item.Office {
			names = append(names, a.Name)
		}
	}
	p.Authors = strings.Join(names, ", ")
	near, _, err := s.neighbours(st)
	if err != nil {
		return nil, err
	}
	p.Related = s.related(to, st, near, languages)
	var others []pages.Carrier
	for i := range st.Copies {
		k := s.carrier(to, st, &st.Copies[i], near, languages)
		p.Why = append(p.Why, k)
		p.Apart = p.Apart || k.Nearest != nil
		if &st.Copies[i] != c {
			others = append(others, k)
		} else if p.Several {
			p.Role = k.Role
		}
	}
	p.Others = tongues(others, c.Language)
	for _, t := range st.Taggings {
		if r := s.reason(to, st, t); t.Tag.Scheme == feeds.Mention {
			p.Mentioned = append(p.Mentioned, r)
		} else {
			p.Reasons = append(p.Reasons, r)
		}
	}
	p.Reasons = once(p.Reasons)
	p.Data = s.statementData(p, st, c)
	p.Embeddings = s.discovery(p.Canonical, p.Title.Text)
	body, err := to.Statement(p)
	doc, err := discoverable(p.Embeddings)(s.page(to, body, err, st.Changed))
	if err == nil && pictures {
		doc.set("Content-Security-Policy", pages.PicturesPolicy)
		doc.set("Referrer-Policy", "no-referrer")
	}
	return doc, err
}

// statementJSON is a statement for programs.
func (s *Server) statementJSON(st *feeds.Statement, languages []string) (*document, error) {
	near, _, err := s.neighbours(st)
	if err != nil {
		return nil, err
	}
	return s.jsonDocument(s.shapeOf(st, languages, near, true), st.Changed, " ")
}

// jsonDocument is an answer of the API. What people read is indented; in a list
// that would be a third of the octets and a quarter of its cost.
func (s *Server) jsonDocument(v any, changed time.Time, indent string) (*document, error) {
	b, err := unescaped(v, indent)
	if err != nil {
		return nil, err
	}
	return s.jsonBytes(b, changed), nil
}

// unescaped writes JSON in which "<" stands as it is.
func unescaped(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// jsonBytes makes a document of JSON that is written.
func (s *Server) jsonBytes(b []byte, changed time.Time) *document {
	doc := newDocument(append(b, '\n'), "application/json; charset=utf-8", changed, min(s.o.MaxAge, time.Minute))
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Access-Control-Expose-Headers", exposed)
	return doc
}

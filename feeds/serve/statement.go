package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"communique/feeds"
)

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
	var languages []string
	if lang != "" {
		languages = []string{lang}
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
		return s.statementPage(st, lang)
	})
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
			return nil, refuse(http.StatusNotFound, "there is no statement at this address; what there is:", "/", "/feeds")
		case st.Hidden || len(st.Copies) == 0:
			return nil, refuse(http.StatusGone, "this statement was withdrawn")
		case at != id: // it turned out to be another telling of one that we had
			return nil, &redirect{status: http.StatusMovedPermanently, path: elsewhere(at)}
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
			_, mark, err := s.neighbours(st)
			return mark, err
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
		Role       string // of the shown copy, "" when it is the only one
		Class      string
		Others     []tongue  // copies that are not shown
		Why        []carrier // all, in order of arrival
		Several    bool
		Apart      bool // something came near
		Related    []*neighbour
		Reasons    []reason
		Mentioned  []reason
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
	near, _, err := s.neighbours(st)
	if err != nil {
		return nil, err
	}
	data.Related = s.related(st, near, languages)
	var others []carrier
	for i := range st.Copies {
		k := s.carrier(st, &st.Copies[i], near, languages)
		data.Why = append(data.Why, k)
		data.Apart = data.Apart || k.Nearest != nil
		if &st.Copies[i] != c {
			others = append(others, k)
		} else if len(st.Copies) > 1 {
			data.Role, data.Class = k.Role, k.Class
		}
	}
	data.Others, data.Several = tongues(others, c.Language), len(st.Copies) > 1
	for _, t := range st.Taggings {
		if r := s.reason(st, t); t.Tag.Scheme == feeds.Mention {
			data.Mentioned = append(data.Mentioned, r)
		} else {
			data.Reasons = append(data.Reasons, r)
		}
	}
	data.Reasons = once(data.Reasons)
	return s.execute("statement.html", data, st.Changed)
}

// statementJSON is a statement for programs.
func (s *Server) statementJSON(st *feeds.Statement, languages []string) (*document, error) {
	near, _, err := s.neighbours(st)
	if err != nil {
		return nil, err
	}
	return s.jsonDocument(s.shapeOf(st, languages, near, true), st.Changed)
}

// jsonDocument is an answer of the API.
func (s *Server) jsonDocument(v any, changed time.Time) (*document, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	doc := newDocument(b.Bytes(), "application/json; charset=utf-8", changed, min(s.o.MaxAge, time.Minute))
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Access-Control-Expose-Headers", exposed)
	return doc, nil
}

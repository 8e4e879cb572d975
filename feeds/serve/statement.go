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
	"communique/feeds/render"
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
		Mentioned  []string
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
		if t.Tag.Scheme != feeds.Mention {
			data.Reasons = append(data.Reasons, reason{s.tagLink(t.Tag), t.Rule, t.Evidence})
		}
	}
	for _, t := range mentioned(st) {
		data.Mentioned = append(data.Mentioned, s.label(t))
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
		Mentioned []feeds.Tagging `json:"mentioned,omitempty"`
		Copies    []copyOf        `json:"copies"`
	}{string(st.ID), s.o.Site.StatementURI(st.ID), s.o.Site.Permalink(st.ID), stamp(st.Published), stamp(st.Updated), stamp(st.FirstSeen), st.Languages(), []feeds.Tagging{}, nil, nil}
	for _, t := range st.Taggings {
		if t.Tag.Scheme == feeds.Mention {
			out.Mentioned = append(out.Mentioned, t)
		} else {
			out.Tags = append(out.Tags, t)
		}
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

package serve

import (
	"bytes"
	"cmp"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
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
			_, mark, err := s.neighbours(st)
			return mark, err
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

// statementJSON is a statement for programs; docs/explain.md says what the
// fields of the evidence mean.
func (s *Server) statementJSON(st *feeds.Statement) (*document, error) {
	near, _, err := s.neighbours(st)
	if err != nil {
		return nil, err
	}
	type nearOf struct {
		Statement feeds.StatementID `json:"statement"`
		URL       string            `json:"url,omitempty"` // "" when it is no longer published, with all up to Score
		Source    feeds.SourceID    `json:"source,omitempty"`
		Language  string            `json:"language,omitempty"`
		Title     string            `json:"title,omitempty"`
		Score     float32           `json:"score"`
		Threshold float32           `json:"threshold"`
		Why       string            `json:"why"`
		Related   bool              `json:"related,omitempty"`
	}
	nearby := func(n *feeds.Near, other *feeds.Statement) nearOf {
		out := nearOf{Statement: n.Statement, Score: n.Score, Threshold: n.Threshold, Why: n.Why, Related: n.Related}
		if other != nil {
			c := other.Lead()
			out.Statement, out.URL, out.Source, out.Language, out.Title = other.ID, s.o.Site.Permalink(other.ID), c.Source, c.Language, c.Title
		}
		return out
	}
	type wordsOf struct {
		Source   feeds.SourceID `json:"source"`
		Language string         `json:"language,omitempty"`
		Rule     string         `json:"rule"`
		Evidence string         `json:"evidence,omitempty"`
	}
	type tagOf struct {
		feeds.Tagging
		Words []wordsOf `json:"words,omitempty"`
	}
	type copyOf struct {
		Item       feeds.ItemKey     `json:"item"`
		Source     feeds.SourceID    `json:"source"`
		Office     string            `json:"office"`
		Relation   feeds.Relation    `json:"relation"`
		Of         feeds.ItemKey     `json:"of,omitempty"`
		Why        string            `json:"why,omitempty"`
		Score      float32           `json:"score,omitempty"`
		Threshold  float32           `json:"threshold,omitempty"`
		Near       []nearOf          `json:"near,omitempty"`
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
		ID        string   `json:"id"`
		URI       string   `json:"uri"`
		URL       string   `json:"url"`
		Published string   `json:"published,omitempty"`
		Updated   string   `json:"updated"`
		FirstSeen string   `json:"first_seen"`
		Languages []string `json:"languages"`
		Tags      []tagOf  `json:"tags"`
		Mentioned []tagOf  `json:"mentioned,omitempty"`
		Related   []nearOf `json:"related,omitempty"`
		Copies    []copyOf `json:"copies"`
	}{ID: string(st.ID), URI: s.o.Site.StatementURI(st.ID), URL: s.o.Site.Permalink(st.ID), Published: stamp(st.Published), Updated: stamp(st.Updated),
		FirstSeen: stamp(st.FirstSeen), Languages: st.Languages(), Tags: []tagOf{}}
	for _, t := range st.Taggings {
		tag := tagOf{Tagging: t}
		for _, w := range st.Words(t.Tag) {
			tag.Words = append(tag.Words, wordsOf{w.Copy.Source, w.Copy.Language, w.Rule, w.Evidence})
		}
		if t.Tag.Scheme == feeds.Mention {
			out.Mentioned = append(out.Mentioned, tag)
		} else {
			out.Tags = append(out.Tags, tag)
		}
	}
	for _, n := range st.Related() {
		if other := near[n.Statement]; other != nil && !slices.ContainsFunc(out.Related, func(o nearOf) bool { return o.Statement == other.ID }) {
			out.Related = append(out.Related, nearby(&n, other))
		}
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		k := copyOf{Item: c.Item, Source: c.Source, Office: s.office(c), Relation: c.Relation, Of: c.Of, Why: c.Why, Score: c.Score, Threshold: c.Threshold,
			ID: c.ID, Language: c.Language, Title: c.Title, URL: c.Link, Summary: c.Summary, Content: c.Content, Published: stamp(c.Published),
			Updated: stamp(c.Updated), Revision: c.Revision, Authors: c.Authors, Enclosures: c.Enclosures, Origin: c.Origin, Notes: c.Notes}
		for i := range c.Near {
			if other, is := near[c.Near[i].Statement]; is {
				k.Near = append(k.Near, nearby(&c.Near[i], other))
			}
		}
		out.Copies = append(out.Copies, k)
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

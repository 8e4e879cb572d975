package serve

import (
	"cmp"
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/render"
)

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

// item words a statement for a list.
func (s *Server) item(st *feeds.Statement, languages []string) item {
	c := st.Lead(languages...)
	title, summary := render.Words(c, st.ID)
	it := item{Title: title, Language: c.Language, Direction: render.Direction(c.Language), Permalink: s.base + "/statements/" + string(st.ID), Link: c.Link,
		Source: cmp.Or(c.Origin.Title, s.source(c.Source)), SourceHref: s.base + "/feeds/source/" + string(c.Source) + ".html", Summary: summary}
	if c.Language == "" {
		it.Direction = "auto" // of what script it is, its own letters say
	}
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
		if t.Tag.Scheme == feeds.Mention || t.Tag.Scheme == feeds.Region && hasCountry(st) {
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

package serve

import (
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
)

// listedSummary is how many characters of a summary stand in a list. Many offices put
// their whole text there: ten lines for each statement are no list.
const listedSummary = 320

// item shows a statement in a list: its copy in the first of the languages that
// there is one in.
func (s *Server) item(to reader, st *feeds.Statement, languages []string) pages.Item {
	c := st.Lead(languages...)
	title, summary := render.Words(c, st.ID)
	it := pages.Item{Title: title, Summary: render.Opening(summary, listedSummary), Lang: c.Language, Dir: render.Direction(c.Language), Href: s.link(to, "/statements/"+string(st.ID), ""),
		Office: s.office(c), OfficeHref: s.officeHref(to, c.Source)}
	if c.Language == "" {
		it.Dir = "auto" // of what script it is, its own letters say
	}
	if c != st.Lead(to.Tag) {
		it.Href = s.link(to, "/statements/"+string(st.ID), "lang="+c.Language) // the copy that is shown here
	}
	it.Shown, it.Undated = shown(st)
	if st.Updated.Sub(it.Shown) > time.Hour && !it.Undated {
		it.Updated = st.Updated
	}
	offices := map[feeds.SourceID]bool{}
	for i := range st.Copies {
		offices[st.Copies[i].Source] = true
	}
	it.More = len(offices) - 1
	it.Languages = s.languageLinks(to, st, c)
	for _, t := range st.Taggings {
		// Countries say where, so their regions would only repeat it.
		if t.Tag.Scheme == feeds.Mention || t.Tag.Scheme == feeds.Region && hasCountry(st) {
			continue
		}
		it.Tags = append(it.Tags, s.tagLink(to, t.Tag))
	}
	return it
}

// shown gives the date to show of a statement, and whether it is only that of
// our first sight.
func shown(st *feeds.Statement) (at time.Time, undated bool) {
	if st.Published.IsZero() {
		return st.FirstSeen, true
	}
	return st.Published, false
}

func hasCountry(st *feeds.Statement) bool {
	return slices.ContainsFunc(st.Taggings, func(t feeds.Tagging) bool { return t.Tag.Scheme == feeds.Country })
}

func (s *Server) tagLink(to reader, t feeds.Tag) pages.TagLink {
	l := pages.TagLink{Label: s.words(t, to.Language), Kind: t.Scheme}
	if s.terms[t] != nil {
		l.Href = s.link(to, "/feeds/"+t.Scheme+"/"+t.Term+".html", "")
	}
	return l
}

// officeHref leads to a source's feed, "" when it is no longer configured.
func (s *Server) officeHref(to reader, id feeds.SourceID) string {
	if s.sources[id] == nil {
		return ""
	}
	return s.link(to, "/feeds/source/"+string(id)+".html", "")
}

// languageLinks gives a statement's languages.
func (s *Server) languageLinks(to reader, st *feeds.Statement, shown *feeds.StatedCopy) []pages.LanguageLink {
	var out []pages.LanguageLink
	for _, l := range st.Languages() {
		out = append(out, pages.LanguageLink{Tag: l, Name: render.LanguageName(l), Href: s.link(to, "/statements/"+string(st.ID), "lang="+l), Shown: l == shown.Language})
	}
	return out
}

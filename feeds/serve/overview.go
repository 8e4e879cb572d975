package serve

import (
	"cmp"
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/storage"
)

// overviewMonths is how far the overview looks back, from the month of the
// newest statement: not from today's, as a page depends on what is stored alone.
const overviewMonths = 12

// mostTopics is how many topics the overview shows.
const mostTopics = 24

// overview prepares the page that shows where, about what and when there were
// how many statements.
func (s *Server) overview(to reader) *prepared {
	return &prepared{heads: s.listMark, make: func() (*document, error) {
		counts, err := s.o.Store.Counts()
		if err != nil {
			return nil, err
		}
		last := counts.All.Newest.UTC()
		p := &pages.OverviewPage{Frame: s.frame(to, pages.Words{Text: to.Say("overview.title")}, "/overview", "")}
		for i := range overviewMonths {
			p.Months = append(p.Months, time.Date(last.Year(), last.Month()-time.Month(overviewMonths-1-i), 1, 0, 0, 0, 0, time.UTC))
		}
		census, err := s.o.Store.Census(feeds.Query{}, p.Months...)
		if err != nil {
			return nil, err
		}
		p.All = census.All
		p.Here, p.Description = "overview", to.Say("overview.how")
		all, _ := s.feed("all")
		p.Feeds = s.feedLinks(all, all.Title)
		regions := s.series(to, census, feeds.Region)
		for _, r := range regions {
			if len(s.terms[r.tag].Parents) == 0 {
				p.Parts = append(p.Parts, r.Series)
			}
			// The map shows the least regions: those that are parts of the world, or
			// contain others that have a place there, would repeat them.
			if r.Place.Row > 0 || !s.contains(r.tag, regions) && len(s.terms[r.tag].Parents) > 0 {
				p.Regions = append(p.Regions, r.Series)
			}
		}
		p.Parts = p.Parts[:min(len(p.Parts), pages.MostParts)]
		for _, t := range s.series(to, census, feeds.Topic) {
			p.Topics = append(p.Topics, t.Series)
		}
		p.Topics = p.Topics[:min(len(p.Topics), mostTopics)]
		body, err := to.Overview(p)
		return s.page(to, body, err, counts.All.Newest)
	}}
}

type tagSeries struct {
	tag feeds.Tag
	pages.Series
}

// series gives the tags of a scheme that something carries, the fullest first.
func (s *Server) series(to reader, census storage.Census, scheme string) []tagSeries {
	var out []tagSeries
	for t, n := range census.Tags {
		if t.Scheme == scheme && s.terms[t] != nil {
			out = append(out, tagSeries{t, pages.Series{Label: s.words(t, to.Language), Href: s.tagLink(to, t).Href, Counts: n, Place: pages.PlaceOf(t.Term)}})
		}
	}
	slices.SortFunc(out, func(a, b tagSeries) int {
		return cmp.Or(cmp.Compare(b.Total(), a.Total()), cmp.Compare(a.tag.Term, b.tag.Term))
	})
	return out
}

// contains reports whether one of the others is below the region.
func (s *Server) contains(region feeds.Tag, others []tagSeries) bool {
	return slices.ContainsFunc(others, func(o tagSeries) bool { return slices.Contains(s.terms[o.tag].Parents, region) })
}

package serve

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"communique/feeds"
	"communique/feeds/render"
	"communique/storage"
)

// group is a heading of the list of feeds.
type group struct {
	Title string
	Feeds []listed
}

type listed struct {
	feeds.Feed
	Count  int
	Newest string
	Links  []alternate
	Page   string
}

// published lists every feed that has something in it.
func (s *Server) published() ([]group, storage.Counts, error) {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return nil, counts, err
	}
	list := func(f feeds.Feed, c storage.Count) listed {
		l := listed{Feed: f, Count: c.Statements, Links: s.alternates(f), Page: s.o.Site.FeedURL(f.Path, "html", f.RawQuery)}
		if !c.Newest.IsZero() && c.Newest.Year() > 1970 {
			l.Newest = c.Newest.Format("2 January 2006")
		}
		return l
	}
	all, _ := s.feed("all")
	groups := []group{{Title: "Everything", Feeds: []listed{list(all, counts.All)}}}
	if len(s.o.Named) > 0 {
		g := group{Title: "Our choice"}
		for _, n := range s.o.Named {
			f, err := s.feed(n.Feed.Path)
			if err != nil {
				return nil, counts, err
			}
			q := f.Query
			q.Limit = 1
			page, err := s.o.Store.Select(q)
			if err != nil && !errors.Is(err, storage.ErrQuery) { // that one says so itself when it is asked
				return nil, counts, err
			}
			var c storage.Count // how many there are would take a walk through all
			if len(page.Heads) > 0 {
				c.Newest = page.Heads[0].Order
			}
			g.Feeds = append(g.Feeds, list(f, c))
		}
		groups = append(groups, g)
	}
	byLanguage := group{Title: "Languages"}
	for l, c := range counts.Languages {
		f := all
		f.Title, f.Language, f.RawQuery = render.LanguageName(l), l, "lang="+l
		byLanguage.Feeds = append(byLanguage.Feeds, list(f, c))
	}
	groups = append(groups, byLanguage)
	for _, kind := range []struct{ scheme, title string }{{feeds.Topic, "Topics"}, {feeds.Event, "Events"}, {feeds.Region, "Regions"}, {feeds.Country, "Countries"}} {
		g := group{Title: kind.title}
		for t, c := range counts.Tags {
			if t.Scheme != kind.scheme || s.terms[t] == nil {
				continue
			}
			f, err := s.feed(t.Scheme + "/" + t.Term)
			if err != nil {
				continue
			}
			f.Title = s.label(t)
			g.Feeds = append(g.Feeds, list(f, c))
		}
		groups = append(groups, g)
	}
	offices := group{Title: "Offices"}
	for id, c := range counts.Sources {
		if f, err := s.feed("source/" + string(id)); err == nil {
			offices.Feeds = append(offices.Feeds, list(f, c))
		}
	}
	groups = append(groups, offices)
	for _, g := range groups[1:] {
		slices.SortFunc(g.Feeds, func(a, b listed) int {
			return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Path, b.Path))
		})
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.Feeds) == 0 }), counts, nil
}

// feedsPage prepares the list of all feeds.
func (s *Server) feedsPage() (*document, error) {
	groups, counts, err := s.published()
	if err != nil {
		return nil, err
	}
	data := struct {
		frame
		Groups []group
	}{s.frame("All feeds"), groups}
	all, _ := s.feed("all")
	data.Feeds = s.alternates(all)
	data.Canonical = strings.TrimRight(s.o.Site.BaseURL, "/") + "/feeds"
	return s.execute("feeds.html", data, counts.All.Newest)
}

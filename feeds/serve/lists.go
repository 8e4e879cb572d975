package serve

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
	"communique/storage"
)

// group is a heading of the list of feeds.
type group struct {
	id    string
	title string // key of the heading among the site's messages
	feeds []listed
}

// standsAt is where the feeds of a kind stand on the page that lists all.
var standsAt = map[string]string{feeds.Topic: "topics", feeds.Event: "events", feeds.Region: "regions", feeds.Country: "countries", "source": "offices"}

type listed struct {
	feeds.Feed
	label  pages.Words
	count  int // 0 where it is not known
	newest time.Time
}

// published lists every feed that has something in it, named in a language.
func (s *Server) published(l *pages.Language) ([]group, storage.Counts, error) {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return nil, counts, err
	}
	list := func(f feeds.Feed, label pages.Words, c storage.Count) listed {
		out := listed{Feed: f, label: label, count: c.Statements}
		if !c.Newest.IsZero() && c.Newest.Year() > 1970 {
			out.newest = c.Newest
		}
		return out
	}
	all, _ := s.feed("all")
	groups := []group{{"everything", "feeds.everything", []listed{list(all, s.heading(all, l), counts.All)}}}
	named := group{id: "selected", title: "feeds.named"}
	for _, n := range s.o.Named {
		if n.Feed.Private {
			continue
		}
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
		named.feeds = append(named.feeds, list(f, s.heading(f, l), c))
	}
	byLanguage := group{id: "languages", title: "filter.lang"}
	for tag, c := range counts.Languages {
		f := all
		f.Title, f.Language, f.RawQuery = render.LanguageName(tag), tag, "lang="+tag
		byLanguage.feeds = append(byLanguage.feeds, list(f, inItself(tag), c))
	}
	groups = append(groups, named, byLanguage)
	for _, scheme := range []string{feeds.Topic, feeds.Event, feeds.Region, feeds.Country} {
		g := group{id: standsAt[scheme], title: "filter." + scheme}
		for t, c := range counts.Tags {
			if t.Scheme != scheme || s.terms[t] == nil {
				continue
			}
			f, err := s.feed(t.Scheme + "/" + t.Term)
			if err != nil {
				continue
			}
			f.Title = s.label(t)
			g.feeds = append(g.feeds, list(f, s.words(t, l), c))
		}
		groups = append(groups, g)
	}
	offices := group{id: standsAt["source"], title: "filter.source"}
	for id, c := range counts.Sources {
		if f, err := s.feed("source/" + string(id)); err == nil {
			offices.feeds = append(offices.feeds, list(f, s.heading(f, l), c))
		}
	}
	groups = append(groups, offices)
	order := l.Order()
	for _, g := range groups[1:] {
		slices.SortFunc(g.feeds, func(a, b listed) int {
			return cmp.Or(order(a.label.Text, b.label.Text), cmp.Compare(a.Path, b.Path))
		})
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.feeds) == 0 }), counts, nil
}

// listMark changes when the list of feeds does.
func (s *Server) listMark() (uint64, error) {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return 0, err
	}
	all, _ := s.feed("all")
	return countsMark(all, counts) ^ uint64(counts.All.Newest.UnixNano()), nil
}

// feedsPage prepares the list of all feeds.
func (s *Server) feedsPage(to reader) (*document, error) {
	groups, counts, err := s.published(to.Language)
	if err != nil {
		return nil, err
	}
	p := &pages.FeedsPage{Frame: s.frame(to, pages.Words{Text: to.Say("feeds.title")}, "/feeds", ""), OPML: s.base + "/feeds.opml"}
	all, _ := s.feed("all")
	p.Here, p.Feeds, p.Description = "feeds", s.feedLinks(all, all.Title), to.Say("feeds.how")
	for _, g := range groups {
		shown := pages.FeedGroup{Key: g.title, ID: g.id}
		for _, f := range g.feeds {
			shown.Feeds = append(shown.Feeds, pages.ListedFeed{Title: f.label, Href: s.link(to, "/feeds/"+f.Path+".html", f.RawQuery), Count: f.count, Newest: f.newest, Links: s.feedLinks(f.Feed, f.label.Text)})
		}
		p.Groups = append(p.Groups, shown)
	}
	body, err := to.Feeds(p)
	return s.page(to, body, err, counts.All.Newest)
}

package serve

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"communique/feeds"
)

// Site maps (sitemaps.org, protocol 0.9): an index, one map of the pages of
// feeds, and one of statements for each month.

// mostURLs is how many addresses a map may have.
const mostURLs = 50_000

// mapMonths is how far back there are maps.
const mapMonths = 20 * 12

const sitemapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

type sitemapURL struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod,omitempty"`
}

// sitemap prepares the index or one of the maps.
func (s *Server) sitemap(path string) (*prepared, error) {
	switch path {
	case "/sitemap.xml":
		return &prepared{heads: s.listMark, make: s.sitemapIndex}, nil
	case "/sitemap/feeds.xml":
		return &prepared{heads: s.listMark, make: s.sitemapFeeds}, nil
	}
	absent := refuse(http.StatusNotFound, "there is no such site map; the index lists them:", "/sitemap.xml").as("reason.sitemap")
	name := strings.TrimSuffix(strings.TrimPrefix(path, "/sitemap/"), ".xml")
	month, err := time.Parse("2006-01", name)
	if err != nil || !strings.HasSuffix(path, ".xml") {
		return nil, absent
	}
	f := feeds.Feed{Query: feeds.Query{Since: month, Until: month.AddDate(0, 1, 0), Limit: mostURLs}}
	return &prepared{
		heads: func() (uint64, error) {
			sel, err := s.selected(f)
			if err == nil && len(sel.ids) == 0 {
				err = absent // a map has an address in it, says the protocol
			}
			return sel.mark, err
		},
		make: func() (*document, error) {
			page, err := s.o.Store.Select(f.Query)
			if err != nil {
				return nil, err
			}
			var urls []sitemapURL
			changed := time.Time{}
			for _, h := range page.Heads {
				urls = append(urls, sitemapURL{s.o.Site.Permalink(h.ID), stamp(h.Changed)})
				if h.Changed.After(changed) {
					changed = h.Changed
				}
			}
			return s.siteMap("urlset", "url", urls, changed)
		},
	}, nil
}

// sitemapIndex names the maps: months without statements have none.
func (s *Server) sitemapIndex() (*document, error) {
	counts, err := s.o.Store.Counts()
	if err != nil {
		return nil, err
	}
	newest := counts.All.Newest.UTC()
	var months []time.Time
	for i := range mapMonths {
		months = append(months, time.Date(newest.Year(), newest.Month()-time.Month(mapMonths-1-i), 1, 0, 0, 0, 0, time.UTC))
	}
	census, err := s.o.Store.Census(feeds.Query{}, months...)
	if err != nil {
		return nil, err
	}
	base := strings.TrimRight(s.o.Site.BaseURL, "/")
	urls := []sitemapURL{{Loc: base + "/sitemap/feeds.xml"}}
	for i := mapMonths - 1; i >= 0; i-- {
		if census.All[i] > 0 {
			urls = append(urls, sitemapURL{Loc: base + "/sitemap/" + months[i].Format("2006-01") + ".xml"})
		}
	}
	return s.siteMap("sitemapindex", "sitemap", urls, newest)
}

// sitemapFeeds maps the pages that are there without any statement, and those of
// all feeds.
func (s *Server) sitemapFeeds() (*document, error) {
	groups, counts, err := s.published(s.own())
	if err != nil {
		return nil, err
	}
	base := strings.TrimRight(s.o.Site.BaseURL, "/")
	newest := stamp(counts.All.Newest)
	urls := []sitemapURL{{base + "/", newest}, {base + "/feeds", newest}, {base + "/overview", newest}}
	for _, g := range groups {
		for _, f := range g.feeds {
			if f.Path == "all" && f.RawQuery == "" {
				continue // it is the front page
			}
			urls = append(urls, sitemapURL{s.o.Site.FeedURL(f.Path, "html", f.RawQuery), stamp(f.newest)})
		}
	}
	return s.siteMap("urlset", "url", urls[:min(len(urls), mostURLs)], counts.All.Newest)
}

func (s *Server) siteMap(root, element string, urls []sitemapURL, changed time.Time) (*document, error) {
	b := bytes.NewBufferString(xml.Header)
	enc := xml.NewEncoder(b)
	start := xml.StartElement{Name: xml.Name{Space: sitemapSpace, Local: root}}
	if err := enc.EncodeToken(start); err != nil {
		return nil, err
	}
	for _, u := range urls {
		if err := enc.EncodeElement(u, xml.StartElement{Name: xml.Name{Local: element}}); err != nil {
			return nil, err
		}
	}
	if err := enc.EncodeToken(start.End()); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return newDocument(b.Bytes(), "application/xml; charset=utf-8", changed, s.o.MaxAge), nil
}

// robots lets everybody read, and says where the maps are. What pages are
// narrowed to has no end, so crawlers are kept from its links.
func (s *Server) robots() (*document, error) {
	text := fmt.Sprintf("User-agent: *\nAllow: /\nDisallow: %[1]s/*?*after=\nDisallow: %[1]s/*?*q=\nDisallow: %[1]s/*?*embed_size=\n\nSitemap: %[2]s/sitemap.xml\n",
		s.base, strings.TrimRight(s.o.Site.BaseURL, "/"))
	return newDocument([]byte(text), "text/plain; charset=utf-8", time.Time{}, s.o.MaxAge), nil
}

package discover

import (
	"net/url"
	"path"
	"strings"
)

// What feeds of offices' content management systems are called, below the folder
// of a page; the first are tried first.
var (
	everywhere = []string{"rss.xml", "feed", "rss", "feed.xml", "atom.xml", "index.xml", "feed.json"}
	bySystem   = []struct {
		generator string
		places    []string
	}{
		{"drupal", []string{"rss.xml", "rss", "feed", "news/rss.xml", "press/rss.xml", "news/feed"}},
		{"wordpress", []string{"feed/", "?feed=rss2", "feed/atom/", "news/feed/", "category/press-releases/feed/"}},
		{"joomla", []string{"?format=feed&type=rss", "?format=feed&type=atom"}},
		{"typo3", []string{"rss.xml", "?type=9818", "?type=100", "news/rss.xml"}},
		{"sharepoint", []string{"_layouts/15/listfeed.aspx", "rss"}},
		{"hugo", []string{"index.xml"}},
		{"jekyll", []string{"feed.xml"}},
		{"ghost", []string{"rss/"}},
	}
)

// usualPlaces gives where feeds usually stand: below the page, below its parent
// and at the root. With few set only those of the page's own system are given.
func usualPlaces(page *url.URL, generator string, few bool) []string {
	var names []string
	for _, system := range bySystem {
		if strings.Contains(generator, system.generator) {
			names = system.places
			break
		}
	}
	if len(names) == 0 {
		if few {
			return nil
		}
		names = everywhere
	}
	var out []string
	for _, folder := range folders(page) {
		for _, n := range names {
			u := *page
			u.Fragment, u.RawQuery, u.RawPath = "", "", ""
			if query, ok := strings.CutPrefix(n, "?"); ok {
				u.Path, u.RawQuery = folder, query
			} else {
				u.Path = strings.TrimRight(folder, "/") + "/" + n
			}
			out = append(out, u.String())
		}
	}
	return out
}

// folders gives the page as a folder, the first folder of its path (a language or
// a country, on most sites) and the root, each once.
func folders(page *url.URL) []string {
	p := page.Path
	if path.Ext(p) != "" {
		p = path.Dir(p)
	}
	out := []string{strings.TrimRight(p, "/") + "/"}
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	for _, f := range []string{"/" + first + "/", "/"} {
		if f = strings.ReplaceAll(f, "//", "/"); f != out[len(out)-1] && f != out[0] {
			out = append(out, f)
		}
	}
	return out
}

// sitemapPlaces gives where sitemaps stand.
func sitemapPlaces(page *url.URL) []string {
	root := url.URL{Scheme: page.Scheme, Host: page.Host}
	return []string{root.JoinPath("sitemap.xml").String(), root.JoinPath("news-sitemap.xml").String()}
}

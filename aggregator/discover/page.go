package discover

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"communique/feeds"
)

// page is what a page says of itself.
type page struct {
	title, language, generator string
	links                      []feeds.Link // of <link>, absolute
	anchors                    []string     // of <a>, those that look like feeds
}

// maxAnchors is how many links of a page's text are tried.
const maxAnchors = 15

// readPage reads a page. What is no HTML gives nothing.
func readPage(body []byte, contentType string, base *url.URL) page {
	var p page
	r, err := charset.NewReader(bytes.NewReader(body), contentType)
	if err != nil {
		return p
	}
	switch {
	case bytes.Contains(body, []byte("/wp-content/")):
		p.generator = "wordpress"
	case bytes.Contains(body, []byte("/sites/default/files")), bytes.Contains(body, []byte("drupal-settings-json")):
		p.generator = "drupal"
	}
	z := html.NewTokenizer(r)
	inTitle := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			p.title = strings.Join(strings.Fields(p.title), " ")
			return p
		case html.TextToken:
			if inTitle {
				p.title += string(z.Text())
			}
		case html.EndTagToken:
			inTitle = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			inTitle = t.DataAtom == atom.Title && p.title == ""
			p.tag(&t, &base)
		}
	}
}

func (p *page) tag(t *html.Token, base **url.URL) {
	attr := map[string]string{}
	for _, a := range t.Attr {
		if _, twice := attr[a.Key]; !twice {
			attr[a.Key] = strings.TrimSpace(a.Val)
		}
	}
	switch t.DataAtom {
	case atom.Html:
		p.language = attr["lang"]
	case atom.Base:
		if u, err := (*base).Parse(attr["href"]); err == nil && attr["href"] != "" {
			*base = u
		}
	case atom.Meta:
		if strings.EqualFold(attr["name"], "generator") {
			p.generator += " " + strings.ToLower(attr["content"])
		}
	case atom.Link:
		href := absolute(*base, attr["href"])
		if href == "" {
			return
		}
		for rel := range strings.FieldsSeq(strings.ToLower(attr["rel"])) {
			p.links = append(p.links, feeds.Link{Href: href, Rel: rel, Type: strings.ToLower(attr["type"]), HrefLang: attr["hreflang"], Title: attr["title"]})
		}
	case atom.A:
		href := absolute(*base, attr["href"])
		if len(p.anchors) < maxAnchors && href != "" && (isFeedType(attr["type"]) || looksLikeFeed(href)) && !slices.Contains(p.anchors, href) {
			p.anchors = append(p.anchors, href)
		}
	}
}

// absolute resolves a reference; "" when it leads to no web address.
func absolute(base *url.URL, ref string) string {
	if rest, ok := strings.CutPrefix(ref, "feed:"); ok {
		ref = rest
	}
	u, err := base.Parse(ref)
	if err != nil || ref == "" || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.Fragment = ""
	return u.String()
}

// isFeedType reports whether a media type is a feed's.
func isFeedType(t string) bool {
	t, _, _ = strings.Cut(strings.ToLower(t), ";")
	switch strings.TrimSpace(t) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/rss+xml", "application/x-rss+xml":
		return true
	}
	return false
}

// looksLikeFeed judges an address by its words.
func looksLikeFeed(href string) bool {
	u, err := url.Parse(href)
	if err != nil {
		return false
	}
	path := strings.ToLower(strings.TrimRight(u.Path, "/"))
	last := path[strings.LastIndexByte(path, '/')+1:]
	switch last {
	case "feed", "rss", "atom", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "index.rdf", "rss2":
		return true
	}
	return strings.HasSuffix(last, ".rss") || strings.HasSuffix(last, ".atom") || strings.Contains(path, "/rss/") ||
		strings.HasSuffix(last, "rss.xml") || strings.HasSuffix(last, "feed.xml") || u.Query().Get("feed") != "" || u.Query().Get("format") == "feed"
}

// isSitemap reports whether a body is a sitemap or an index of them.
func isSitemap(body []byte) bool {
	head := body[:min(len(body), 2048)]
	return bytes.Contains(head, []byte("<urlset")) || bytes.Contains(head, []byte("<sitemapindex"))
}

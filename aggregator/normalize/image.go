package normalize

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// lazySources are the attributes in which scripts that load images late look
// for the image, the best first.
var lazySources = []string{"data-src", "data-lazy-src", "data-original", "data-orig-file", "data-lazy", "data-url"}

// image writes an <img> unless nobody would see it.
func (c *cleaner) image(n *html.Node, s scope) {
	if _, stands := s.within(atom.Img); !stands {
		c.unstable = true
	}
	src, at := "", -1
	for i := range n.Attr {
		if n.Attr[i].Key == "src" {
			src, at = tidyReference(n.Attr[i].Val), i
			break
		}
	}
	if lazy := lazySource(n, src); lazy != "" {
		src = lazy
	}
	src = c.resolve(src)
	switch {
	case isTracker(n, src):
		return
	case src == "" && attribute(n, "alt") != "": // its words are shown in its place
		c.open(n, elements[atom.Img])
		return
	case src == "":
		return
	}
	if src == c.lastSrc && n.Parent != nil && n.Parent.DataAtom == atom.Noscript {
		return
	}
	c.lastSrc = src
	if at < 0 {
		n.Attr = append(n.Attr, html.Attribute{Key: "src", Val: src})
	} else {
		n.Attr[at].Val = src
	}
	for i := range n.Attr {
		if a := &n.Attr[i]; a.Key == "data-srcset" || a.Key == "data-lazy-srcset" {
			if attribute(n, "srcset") == "" {
				a.Key = "srcset"
			}
		}
	}
	c.open(n, elements[atom.Img])
}

// lazySource gives the real source of an image whose src is missing or a
// stand-in.
func lazySource(n *html.Node, src string) string {
	for _, name := range lazySources {
		for i := range n.Attr {
			if a := &n.Attr[i]; a.Key == name && strings.TrimSpace(a.Val) != "" {
				low := strings.ToLower(src)
				if src == "" || name == "data-src" || name == "data-lazy-src" || strings.HasPrefix(low, "data:") ||
					strings.HasSuffix(low, ".gif") || strings.HasSuffix(low, ".svg") || strings.Contains(low, "placeholder") || strings.Contains(low, "blank.") || strings.Contains(low, "spacer") {
					return a.Val
				}
			}
		}
	}
	return ""
}

// trackerPaths are where the counters of the large services live that do not
// say their size.
var trackerPaths = []string{
	"://pixel.wp.com/", "://stats.wordpress.com/", "://stats.wp.com/", "://feeds.wordpress.com/1.0/", "://feeds.feedburner.com/~r/", "://feeds.feedburner.com/~ff/",
	"://feedads.", "://feedproxy.google.com/~r/", "://www.google-analytics.com/", "://b.scorecardresearch.com/", "://pixel.quantserve.com/", "://ad.doubleclick.net/",
	"://rss.feedsportal.com/", "://da.feedsportal.com/", "://res.feedsportal.com/", "://pi.feedsportal.com/", "/piwik.php?", "/matomo.php?", "://api.follow.it/track", "://track.hubspot.com/", "://medium.com/_/stat?",
}

// isTracker reports whether an image is there to count and not to be seen.
func isTracker(n *html.Node, src string) bool {
	for i := range n.Attr {
		switch a := &n.Attr[i]; a.Key {
		case "width", "height":
			if v := strings.TrimSuffix(strings.TrimSpace(a.Val), "px"); v == "0" || v == "1" {
				return true
			}
		case "style":
			v := strings.ReplaceAll(strings.ToLower(a.Val), " ", "") + ";"
			for _, hidden := range []string{"display:none", "visibility:hidden", "width:1px;", "height:1px;", "width:0;", "height:0;", "width:0px;", "height:0px;"} {
				if i := strings.Index(v, hidden); i == 0 || i > 0 && v[i-1] == ';' {
					return true
				}
			}
		case "hidden":
			return true
		}
	}
	for _, p := range trackerPaths {
		if strings.Contains(src, p) {
			return true
		}
	}
	return false
}

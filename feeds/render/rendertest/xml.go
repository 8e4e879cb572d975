package rendertest

import (
	"regexp"
	"strings"
	"time"
)

func (c *checker) atom(doc []byte) {
	f := c.bytes(doc)
	if f == nil {
		return
	}
	if f.name != "atom:feed" {
		c.say("A1", "the root is %s", f.name)
		return
	}
	c.known("A3", f, "atom:author atom:category atom:contributor atom:entry atom:generator atom:icon atom:id atom:link atom:logo atom:rights atom:subtitle atom:title atom:updated fh:archive at:deleted-entry", "xml:lang")
	c.once("A3", f, 1, 1, "atom:id", "atom:title", "atom:updated")
	c.once("A3", f, 0, 1, "atom:generator", "atom:icon", "atom:logo", "atom:rights", "atom:subtitle")
	c.once("A5", f, 1, 1, "atom:author")
	entries := false
	for _, n := range f.children {
		if n.name == "atom:entry" {
			entries = true
		} else if entries {
			c.say("A7", "%s after an entry", n.name)
		}
	}
	c.id("A12", f.value("atom:id"))
	c.leaf("A10", f.all("atom:title")[0])
	updated := c.date3339("A15", "feed updated", f.value("atom:updated"))
	c.atomLinks(f, true)
	c.persons(f)
	c.history(f, f.all("atom:link"))
	c.deleted(f)

	newest := time.Time{}
	for _, e := range f.all("atom:entry") {
		if t := c.atomEntry(e, f.attrs["xml:lang"]); t.After(newest) {
			newest = t
		}
	}
	if entries && !newest.Equal(updated) {
		c.say("A16", "feed updated %s, newest entry %s", updated, newest)
	}
}

func (c *checker) atomEntry(e *node, feedLanguage string) time.Time {
	id := e.value("atom:id")
	c.known("A8", e, "atom:author atom:category atom:content atom:contributor atom:id atom:link atom:published atom:rights atom:source atom:summary atom:title atom:updated media:thumbnail", "xml:lang")
	c.once("A8", e, 1, 1, "atom:id", "atom:title", "atom:updated", "atom:summary", "atom:source")
	c.once("A8", e, 0, 1, "atom:content", "atom:published", "atom:rights", "media:thumbnail")
	c.id("A12", id)
	updated := c.date3339("A15", id+" updated", e.value("atom:updated"))
	if p := e.value("atom:published"); p != "" {
		if t := c.date3339("A15", id+" published", p); t.After(updated) {
			c.say("A15", "%s was published after it was updated", id)
		}
	}
	if len(e.all("atom:author")) == 0 {
		c.say("A5", "%s has no author", id)
	}
	if e.attrs["xml:lang"] == "" && feedLanguage != "" {
		c.say("A26", "%s takes its language from the feed", id)
	}
	c.persons(e)
	c.atomLinks(e, false)
	for _, n := range e.children {
		switch n.name {
		case "atom:title", "atom:summary", "atom:rights":
			if t := n.attrs["type"]; t != "" && t != "text" {
				c.say("A17", "%s %s is of type %s", id, n.name, t)
			}
			c.leaf("A10", n)
		case "atom:content":
			if n.attrs["type"] != "html" || len(n.children) > 0 {
				c.say("A18", "%s content is not escaped html", id)
			}
			c.markup("A19", "A27", id+" content", n.text)
			c.direction(id+" content", e.attrs["xml:lang"], n.text)
		case "atom:category":
			if n.attrs["term"] == "" {
				c.say("A21", "%s has a category without term", id)
			}
			if s, ok := n.attrs["scheme"]; ok {
				c.iri("A21", id+" category scheme", s)
			}
			if l, ok := n.attrs["label"]; ok {
				c.text("A21", id+" category label", l)
			}
		case "media:thumbnail":
			c.url("A22", id+" thumbnail", n.attrs["url"])
		}
	}
	src := e.children[len(e.children)-1]
	if src.name != "atom:source" {
		c.say("A24", "%s: source is not last: %s", id, e.names())
		return updated
	}
	c.known("A24", src, "atom:id atom:title atom:updated atom:link atom:icon atom:rights", "xml:lang")
	c.once("A24", src, 1, 1, "atom:id", "atom:title", "atom:updated")
	c.iri("A12", id+" source id", src.value("atom:id"))
	c.leaf("A10", src.all("atom:title")[0])
	c.date3339("A15", id+" source updated", src.value("atom:updated"))
	for _, l := range src.all("atom:link") {
		c.url("A22", id+" source link", l.attrs["href"])
		if l.attrs["rel"] == "self" && l.attrs["type"] != "" {
			c.say("A24", "%s source self link has a type", id)
		}
	}
	return updated
}

func (c *checker) atomLinks(n *node, feed bool) {
	pages, selfs := 0, 0
	seen := map[string]bool{}
	for _, l := range n.all("atom:link") {
		rel, href, typ := l.attrs["rel"], l.attrs["href"], l.attrs["type"]
		where := n.name + " link " + rel
		c.known("A22", l, "", "rel href type hreflang title length")
		c.url("A22", where, href)
		if typ != "" && !mediaType.MatchString(typ) {
			c.say("A22", "%s has type %q", where, typ)
		}
		if h, ok := l.attrs["hreflang"]; ok && !languageTag.MatchString(h) {
			c.say("A22", "%s has hreflang %q", where, h)
		}
		if t, ok := l.attrs["title"]; ok {
			c.text("A22", where+" title", t)
		}
		switch rel {
		case "alternate":
			key := typ + " " + l.attrs["hreflang"]
			if seen[key] {
				c.say("A6", "two alternates of %q", key)
			}
			seen[key] = true
			if typ == "text/html" {
				pages++
			}
		case "self":
			selfs++
		case "enclosure":
			if typ == "" || l.attrs["length"] == "0" {
				c.say("A23", "enclosure %s has type %q and length %q", href, typ, l.attrs["length"])
			}
		case "related", "via", "hub", "license", "replies":
		case "current", "prev-archive", "next-archive", "first", "next":
			if !feed {
				c.say("H1", "%s in an entry", rel)
			}
		default:
			c.iri("A22", where, rel)
		}
	}
	if pages != 1 {
		c.say("A6", "%s has %d alternates of type text/html, want exactly 1", n.name, pages)
	}
	if feed && selfs != 1 || !feed && selfs > 0 {
		c.say("A4", "%s has %d self links", n.name, selfs)
	}
}

func (c *checker) persons(n *node) {
	for _, p := range append(n.all("atom:author"), n.all("atom:contributor")...) {
		c.known("A20", p, "atom:name atom:uri atom:email", "")
		c.once("A20", p, 1, 1, "atom:name")
		c.once("A20", p, 0, 1, "atom:uri", "atom:email")
		c.text("A20", n.name+" person", p.value("atom:name"))
		if u := p.value("atom:uri"); u != "" {
			c.url("A20", n.name+" person uri", u)
		}
		if m := p.value("atom:email"); m != "" && !mail.MatchString(m) {
			c.say("A20", "%q is no address", m)
		}
	}
}

// itemOrder is the order of elements in our items.
const itemOrder = "title link description content:encoded dc:creator dc:contributor dc:language dc:rights category enclosure media:content guid pubDate atom:updated media:thumbnail atom:link source"

var (
	notPlainRSS = regexp.MustCompile(`(?s)<content:encoded>.*?</content:encoded>|<[^>]*>`)
)

func (c *checker) rss(doc []byte) {
	root := c.bytes(doc)
	if root == nil {
		return
	}
	if root.name != "rss" || root.attrs["version"] != "2.0" || len(root.children) != 1 || root.children[0].name != "channel" {
		c.say("R1", "not an rss element of version 2.0 with one channel")
		return
	}
	rest := notPlainRSS.ReplaceAllString(string(doc), "")
	for _, bad := range []string{"&amp;", "&lt;"} {
		if strings.Contains(rest, bad) {
			c.say("R12", "plain text has %s", bad)
		}
	}
	ch := root.children[0]
	c.known("R2", ch, "title link description language copyright pubDate lastBuildDate generator docs ttl image atom:link fh:archive item", "")
	c.once("R1", ch, 1, 1, "title", "link", "description")
	c.once("R16", ch, 1, 1, "lastBuildDate", "docs", "generator")
	c.once("R2", ch, 0, 1, "language", "copyright", "pubDate", "ttl", "image")
	c.leaf("R1", ch.all("title")[0])
	c.leaf("R1", ch.all("description")[0])
	c.url("R1", "channel link", ch.value("link"))
	built := c.date822("R3", "lastBuildDate", ch.value("lastBuildDate"))
	if l := ch.all("language"); len(l) > 0 && !languageTag.MatchString(l[0].text) {
		c.say("R15", "channel language %q", l[0].text)
	}
	if t := ch.value("ttl"); t == "0" || strings.HasPrefix(t, "-") {
		c.say("R17", "ttl %s", t)
	}
	for _, im := range ch.all("image") {
		if im.value("title") != ch.value("title") || im.value("link") != ch.value("link") {
			c.say("R10", "the image has a title or link of its own")
		}
		c.url("R10", "image", im.value("url"))
	}
	selfs, items := 0, false
	for _, n := range ch.children {
		if n.name == "item" {
			items = true
		} else if items {
			c.say("R2", "%s after an item", n.name)
		}
		if n.name == "atom:link" {
			c.url("R11", "channel link", n.attrs["href"])
			if n.attrs["rel"] == "self" && n.attrs["type"] == "application/rss+xml" {
				selfs++
			}
		}
	}
	c.history(ch, ch.all("atom:link"))
	if selfs != 1 {
		c.say("R11", "%d self links", selfs)
	}
	newest := time.Time{}
	for _, it := range ch.all("item") {
		if t := c.rssItem(it); t.After(newest) {
			newest = t
		}
	}
	if newest.After(built) {
		c.say("R16", "lastBuildDate %s is before an item's %s", built, newest)
	}
}

func (c *checker) rssItem(it *node) time.Time {
	id := it.value("guid")
	c.known("R2", it, itemOrder, "")
	c.once("R4", it, 1, 1, "title", "description", "link", "guid", "atom:updated")
	c.once("R2", it, 0, 1, "content:encoded", "dc:language", "dc:rights", "enclosure", "pubDate", "media:thumbnail", "source")
	last := 0
	for _, n := range it.children {
		if at := strings.Index(itemOrder, n.name); at < last {
			c.say("R13", "%s: %s out of order", id, n.name)
		} else {
			last = at
		}
		switch n.name {
		case "title", "dc:creator", "dc:contributor", "dc:rights", "category", "source":
			c.leaf("R12", n)
		case "link":
			c.url("R14", id+" link", n.text)
		case "description":
			c.markup("A19", "R14", id+" description", n.text)
			c.direction(id+" description", it.value("dc:language"), n.text)
		case "content:encoded":
			c.markup("A19", "R14", id+" content", n.text)
			c.direction(id+" content", it.value("dc:language"), n.text)
		case "enclosure":
			c.known("R6", n, "", "url length type")
			c.url("R6", id+" enclosure", n.attrs["url"])
			if n.attrs["length"] == "" || !mediaType.MatchString(n.attrs["type"]) {
				c.say("R6", "%s enclosure has length %q and type %q", id, n.attrs["length"], n.attrs["type"])
			}
		case "media:content":
			c.known("R7", n, "", "url fileSize type medium")
			c.url("R7", id+" media", n.attrs["url"])
			if n.attrs["fileSize"] == "0" {
				c.say("R7", "%s media has fileSize 0", id)
			}
		case "media:thumbnail":
			c.url("R7", id+" thumbnail", n.attrs["url"])
		case "atom:link":
			c.url("A22", id+" atom:link", n.attrs["href"])
			switch n.attrs["rel"] {
			case "related", "license", "via", "replies":
			default:
				c.say("A22", "%s atom:link of rel %q", id, n.attrs["rel"])
			}
		}
		if n.name == "category" {
			if d, ok := n.attrs["domain"]; ok {
				c.iri("R18", id+" category domain", d)
			}
		}
		if n.name == "source" {
			c.url("R9", id+" source", n.attrs["url"])
		}
	}
	if it.all("guid")[0].attrs["isPermaLink"] != "false" {
		c.say("R5", "%s is called a permalink", id)
	}
	c.id("R5", id)
	if len(it.all("dc:creator")) == 0 {
		c.say("R8", "%s has no dc:creator", id)
	}
	newest := c.date3339("R20", id+" updated", it.value("atom:updated"))
	if p := it.value("pubDate"); p != "" {
		if t := c.date822("R3", id+" pubDate", p); t.After(newest) {
			newest = t
		}
	}
	return newest
}

func (c *checker) opml(doc []byte) {
	root := c.bytes(doc)
	if root == nil {
		return
	}
	if root.name != "opml" || root.attrs["version"] != "2.0" || strings.TrimSpace(root.names()) != "head body" {
		c.say("L", "not an opml element of version 2.0 with head and body: %s", root.names())
		return
	}
	head, body := root.children[0], root.children[1]
	c.known("L", head, "title dateCreated dateModified ownerName ownerEmail ownerId", "")
	for _, n := range head.children {
		c.once("L", head, 1, 1, n.name)
		if strings.HasPrefix(n.name, "date") {
			c.date822("L", n.name, n.text)
		} else {
			c.leaf("L", n)
		}
	}
	if len(body.all("outline")) == 0 {
		c.say("L", "no outline")
	}
	body.walk(func(n *node) {
		if n == body {
			return
		}
		c.known("L", n, "outline", "type text title xmlUrl htmlUrl language description category")
		c.text("L", "outline text", n.attrs["text"])
		if n.attrs["type"] == "" {
			if len(n.attrs) > 1 || len(n.children) == 0 {
				c.say("L", "a folder with attributes or without outlines: %q", n.attrs["text"])
			}
			return
		}
		if n.attrs["type"] != "rss" || n.attrs["title"] == "" {
			c.say("L", "outline %q of type %q with title %q", n.attrs["text"], n.attrs["type"], n.attrs["title"])
		}
		c.url("L", "xmlUrl", n.attrs["xmlUrl"])
		if strings.Contains(n.attrs["xmlUrl"], "@") {
			c.say("L", "xmlUrl may have credentials: %s", n.attrs["xmlUrl"])
		}
		if h, ok := n.attrs["htmlUrl"]; ok {
			c.url("L", "htmlUrl", h)
		}
		if l, ok := n.attrs["language"]; ok && !languageTag.MatchString(l) {
			c.say("L", "language %q", l)
		}
	})
}

package rendertest

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

func (c *checker) json(doc []byte) {
	if !utf8.Valid(doc) {
		c.say("J13", "not UTF-8")
	}
	var f map[string]any
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	if err := dec.Decode(&f); err != nil || dec.More() {
		c.say("J1", "not one JSON object: %v", err)
		return
	}
	start := strings.Join(strings.Fields(string(doc[:min(len(doc), 80)])), "")
	if !strings.HasPrefix(start, `{"version":"https://jsonfeed.org/version/1.1"`) {
		c.say("J1", "does not begin with the version: %s", start)
	}
	c.keys("J1", "feed", f, "version title language home_page_url feed_url description icon favicon next_url authors hubs items _communique")
	c.text("J1", "title", str(f, "title"))
	for _, k := range []string{"home_page_url", "feed_url"} {
		c.url("J2", k, str(f, k))
	}
	if n, ok := f["next_url"]; ok {
		c.url("J8", "next_url", str(f, "next_url"))
		if n == f["feed_url"] {
			c.say("J8", "next_url is feed_url")
		}
	}
	c.authors("feed", f)
	for _, h := range list(f, "hubs") {
		if str(h, "type") == "" {
			c.say("J9", "a hub without type")
		}
		c.url("J9", "hub", str(h, "url"))
	}
	x, _ := f["_communique"].(map[string]any)
	if str(x, "about") == "" {
		c.say("J10", "the extension has no about")
	}
	c.id("J10", str(x, "id"))
	if _, archive := x["archive"]; archive != (str(x, "current") != "") || archive && (x["current"] == f["feed_url"] || f["hubs"] != nil) {
		c.say("H1", "an archive names its current document, which is another, and no hub")
	}
	updated := c.date3339("J6", "feed updated", str(x, "updated"))
	c.extension(x)
	if l, ok := f["language"]; ok && !languageTag.MatchString(l.(string)) {
		c.say("J11", "language %q", l)
	}
	if _, ok := f["items"].([]any); !ok {
		c.say("J1", "items is no list")
	}
	newest := time.Time{}
	for _, it := range list(f, "items") {
		if t := c.jsonItem(it, str(f, "language")); t.After(newest) {
			newest = t
		}
	}
	if len(list(f, "items")) > 0 && !newest.Equal(updated) {
		c.say("A16", "feed updated %s, newest item %s", updated, newest)
	}
}

func (c *checker) jsonItem(it map[string]any, feedLanguage string) time.Time {
	id := str(it, "id")
	c.keys("J1", id, it, "id url title content_html content_text summary image date_published date_modified authors tags language attachments _communique")
	c.id("J3", id)
	c.url("J12", id+" url", str(it, "url"))
	c.text("J5", id+" title", str(it, "title"))
	h, t := str(it, "content_html"), str(it, "content_text")
	if (h == "") == (t == "") {
		c.say("J4", "%s has not just one of content_html and content_text", id)
	}
	if h != "" {
		c.markup("A19", "J15", id+" content_html", h)
		c.direction(id+" content_html", str(it, "language"), h)
	} else {
		c.text("J5", id+" content_text", t)
	}
	if s, ok := it["summary"]; ok {
		c.text("J5", id+" summary", s.(string))
	}
	if i, ok := it["image"]; ok {
		c.url("J12", id+" image", i.(string))
	}
	newest := c.date3339("J6", id+" date_modified", str(it, "date_modified"))
	if p, ok := it["date_published"]; ok {
		if t := c.date3339("J6", id+" date_published", p.(string)); t.After(newest) {
			c.say("J6", "%s was published after it was modified", id)
		}
	}
	c.authors(id, it)
	if l := str(it, "language"); l == "" && feedLanguage != "" || l != "" && !languageTag.MatchString(l) {
		c.say("J11", "%s language %q", id, l)
	}
	seen := map[string]bool{}
	tags, _ := it["tags"].([]any)
	for _, tag := range tags {
		s, _ := tag.(string)
		c.text("J5", id+" tag", s)
		if seen[s] {
			c.say("J5", "%s has the tag %q twice", id, s)
		}
		seen[s] = true
	}
	for _, a := range list(it, "attachments") {
		c.keys("J7", id, a, "url mime_type title size_in_bytes duration_in_seconds")
		c.url("J7", id+" attachment", str(a, "url"))
		if !mediaType.MatchString(str(a, "mime_type")) {
			c.say("J7", "%s attachment of type %q", id, str(a, "mime_type"))
		}
		for _, k := range []string{"size_in_bytes", "duration_in_seconds"} {
			if n, ok := a[k]; ok {
				if _, number := n.(json.Number); !number {
					c.say("J7", "%s: %s is no number", id, k)
				}
			}
		}
	}
	x, _ := it["_communique"].(map[string]any)
	c.extension(x)
	src, _ := x["source"].(map[string]any)
	c.iri("A12", id+" source id", str(src, "id"))
	c.text("A10", id+" source title", str(src, "title"))
	c.date3339("A15", id+" source updated", str(src, "updated"))
	return newest
}

func (c *checker) authors(where string, o map[string]any) {
	if len(list(o, "authors")) == 0 {
		c.say("J6", "%s has no authors", where)
	}
	for _, a := range list(o, "authors") {
		c.text("J6", where+" author", str(a, "name"))
		if u, ok := a["url"]; ok {
			c.url("J6", where+" author", u.(string))
		}
	}
}

// extension checks the names within an extension.
func (c *checker) extension(x map[string]any) {
	for k, v := range x {
		if strings.Contains(k, ".") || strings.HasPrefix(k, "_") {
			c.say("J10", "extension key %q", k)
		}
		if o, ok := v.(map[string]any); ok {
			c.extension(o)
		}
	}
}

func (c *checker) keys(rule, where string, o map[string]any, known string) {
	for k := range o {
		if !strings.Contains(" "+known+" ", " "+k+" ") {
			c.say(rule, "%s has a key %q", where, k)
		}
	}
}

func str(o map[string]any, key string) string {
	s, _ := o[key].(string)
	return s
}

func list(o map[string]any, key string) []map[string]any {
	all, _ := o[key].([]any)
	out := make([]map[string]any, 0, len(all))
	for _, v := range all {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

package parse

import (
	"strconv"
	"strings"

	"communique/feeds"

	ext "github.com/mmcdole/gofeed/extensions"
)

// mediaParts is what Media RSS says about an item.
type mediaParts struct {
	title, description, copyright *element
	image                         string
	enclosures                    []*element
}

// media reads media:group, media:content and what they hold.
func (f *fill) media(k *skeleton, x ext.Extensions, c context) mediaParts {
	var m mediaParts
	if len(x["media"]) == 0 {
		return m
	}
	picture := "" // an image among the contents, for want of a thumbnail
	var visit func(e *element, depth int)
	visit = func(e *element, depth int) {
		if e == nil || e.vocab != media {
			return
		}
		switch e.local {
		case "title":
			if m.title == nil {
				m.title = e
			}
		case "description", "text":
			if m.description == nil {
				m.description = e
			}
		case "copyright":
			if m.copyright == nil {
				m.copyright = e
			}
		case "thumbnail":
			if m.image == "" {
				m.image = f.own(f.imageOf(e), e.context, c)
			}
		case "group", "content", "peerlink":
			if e.local != "group" && strings.TrimSpace(e.attr("url")+e.attr("href")) != "" {
				if isImage(e) {
					picture = either(picture, f.own(f.imageOf(e), e.context, c))
				} else {
					m.enclosures = append(m.enclosures, e)
				}
			}
			if depth < 4 {
				n := 0
				f.children(e.inner, e.context, func(kid *element) bool {
					visit(kid, depth+1)
					n++
					return n < maxChildren
				})
			}
		}
	}
	for _, name := range []string{"title", "description", "copyright", "thumbnail", "content", "group", "peerlink", "text"} {
		for _, e := range k.all(x, "media", name) {
			visit(e, 0)
		}
	}
	m.image = either(m.image, picture)
	return m
}

// isImage reports whether a media:content is a picture.
func isImage(e *element) bool {
	if kind := strings.ToLower(e.attr("medium")); kind != "" {
		return kind == "image"
	}
	if kind := strings.ToLower(e.attr("type")); kind != "" {
		return strings.HasPrefix(kind, "image/") || kind == "image"
	}
	url := strings.ToLower(e.attr("url"))
	url, _, _ = strings.Cut(url, "?")
	for _, ending := range []string{".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif"} {
		if strings.HasSuffix(url, ending) {
			return true
		}
	}
	return false
}

// imageOf gives the address of a picture, however it is written.
func (f *fill) imageOf(e *element) string {
	for _, name := range []string{"url", "href", "src", "rdf:resource"} {
		if v := strings.TrimSpace(e.attr(name)); v != "" {
			return v
		}
	}
	found := ""
	f.children(e.inner, e.context, func(kid *element) bool {
		if kid.local == "url" {
			found = f.value(kid)
		}
		return found == ""
	})
	if found != "" {
		return found
	}
	if v := f.value(e); strings.HasPrefix(v, "http") || strings.HasPrefix(v, "/") {
		return v
	}
	return ""
}

// enclosure adds an attached file, once per URL.
func (f *fill) enclosure(out []feeds.Enclosure, e *element, c context) []feeds.Enclosure {
	v := feeds.Enclosure{Type: strings.TrimSpace(e.attr("type")), Title: strings.TrimSpace(e.attr("title"))}
	for _, name := range []string{"url", "href", "src", "rdf:resource"} {
		if v.URL == "" {
			v.URL = strings.TrimSpace(e.attr(name))
		}
	}
	if v.URL == "" {
		v.URL = f.value(e)
	}
	if v.URL == "" {
		return out
	}
	if v.Type == "" {
		v.Type = strings.TrimSpace(e.attr("enc:type"))
	}
	v.URL = f.own(v.URL, e.context, c)
	for _, name := range []string{"length", "filesize", "enc:length"} {
		if n, err := strconv.ParseInt(strings.TrimSpace(e.attr(name)), 10, 64); err == nil && n > 0 && v.Length == 0 {
			v.Length = n
		}
	}
	v.Seconds = seconds(e.attr("duration"))
	for i := range out {
		if out[i].URL == v.URL {
			if out[i].Length == 0 {
				out[i].Length = v.Length
			}
			if out[i].Type == "" {
				out[i].Type = v.Type
			}
			return out
		}
	}
	return append(out, v)
}

// seconds reads "3600", "59:30" or "1:02:03"; 0 when it is none of these.
func seconds(s string) int64 {
	var total int64
	s = strings.TrimSpace(s)
	if s == "" {
		return 0
	}
	for _, part := range strings.Split(s, ":") {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || n < 0 || n > 1e6 {
			return 0
		}
		total = total*60 + int64(n)
	}
	return total
}

package serve

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
)

// oembed is the answer that describes how to show one of our pages elsewhere
// (oEmbed 1.0 §2.3.4).
type oembed struct {
	XMLName      xml.Name `json:"-" xml:"oembed"`
	Type         string   `json:"type" xml:"type"`
	Version      string   `json:"version" xml:"version"`
	Title        string   `json:"title" xml:"title"`
	AuthorName   string   `json:"author_name,omitempty" xml:"author_name,omitempty"`
	AuthorURL    string   `json:"author_url,omitempty" xml:"author_url,omitempty"`
	ProviderName string   `json:"provider_name" xml:"provider_name"`
	ProviderURL  string   `json:"provider_url" xml:"provider_url"`
	CacheAge     int      `json:"cache_age" xml:"cache_age"` // seconds
	HTML         string   `json:"html" xml:"html"`
	Width        int      `json:"width" xml:"width"`
	Height       int      `json:"height" xml:"height"`
}

// cardHeight is the height of a single statement's frame in CSS pixels.
const cardHeight = 240

// oembedFormats are the forms of the answer and their media types.
var oembedFormats = map[string]string{"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}

// oembedAt resolves /oembed.
func (s *Server) oembedAt(rawQuery string) (*prepared, error) {
	v, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?url="+url.QueryEscape(s.absolute("/feeds/all.html")))
	}
	format := strings.ToLower(v.Get("format"))
	if format == "" {
		format = "json"
	}
	if oembedFormats[format] == "" {
		return nil, refuse(http.StatusNotImplemented, fmt.Sprintf("format=%s: answers are json or xml", short(format)))
	}
	size := map[string]int{}
	for _, key := range []string{"maxwidth", "maxheight"} {
		raw := v.Get(key)
		if raw == "" {
			continue
		}
		if size[key], err = strconv.Atoi(raw); err != nil || size[key] < 1 {
			return nil, refuse(http.StatusBadRequest, fmt.Sprintf("%s=%s: want a number of pixels, at least 1", key, short(raw)))
		}
	}
	if v.Get("url") == "" {
		return nil, refuse(http.StatusBadRequest, "url is missing: want the address of a page of ours, such as "+s.absolute("/oembed?url="+url.QueryEscape(s.absolute("/feeds/all.html"))))
	}
	name, raw, ok := s.ourPage(v.Get("url"))
	if p, err := url.ParseQuery(raw); err == nil && p.Has(pages.Chosen) { // a page's own words are the frame's
		if p.Del(pages.Chosen); p.Get("ui") == "" {
			u, _ := url.Parse(v.Get("url")) // ourPage has read it
			p.Set("ui", u.Query().Get(pages.Chosen))
		}
		raw = p.Encode()
	}
	if !ok || s.o.Framers == FramedByNobody {
		return nil, refuse(http.StatusNotFound, "there is nothing to embed at that address",
			s.absolute("/"), s.absolute("/feeds/all.html"), s.absolute("/feeds/topic/…"), s.absolute("/statements/…"))
	}
	if name, err = s.called(name); err != nil {
		return nil, err
	}
	// What cannot be framed is told now, not by an empty frame.
	frame, err := s.embed(name, raw)
	if err != nil {
		return nil, err
	}
	return &prepared{heads: frame.heads, make: func() (*document, error) {
		o := oembed{Type: "rich", Version: "1.0", ProviderName: s.o.Site.Title, ProviderURL: s.absolute("/"), CacheAge: int(time.Hour / time.Second)}
		// Consumers keep the html for years, so it holds no word of a statement:
		// what is withdrawn is to be gone there as well.
		title := s.o.Site.Title
		params, _ := url.ParseQuery(raw) // embed has read it
		height := pixels(params.Get("height"))
		if id, single := strings.CutPrefix(name, "statements/"); single {
			st, _, _, err := s.o.Store.Statement(feeds.StatementID(id))
			if err != nil {
				return nil, err
			}
			c := st.Lead(params.Get("lang"))
			o.Title, _ = render.Words(c, st.ID)
			o.AuthorName, o.AuthorURL = s.source(c.Source), s.o.Site.FeedURL("source/"+string(c.Source), "html", "")
			if params.Get("height") == "" {
				height = cardHeight
			}
		} else {
			f, err := s.embeddedFeed(name, params)
			if err != nil {
				return nil, err
			}
			l, err := s.look(params)
			if err != nil {
				return nil, err
			}
			title = s.headingIn(f, l.ui.Tag).text // as the frame's own
			o.Title = title
			o.AuthorName, o.AuthorURL = s.o.Site.Title, s.absolute("/")
			if s.o.Site.Author != "" {
				o.AuthorName = s.o.Site.Author
			}
			if s.o.Site.AuthorURI != "" {
				o.AuthorURL = s.o.Site.AuthorURI
			}
		}
		o.Width, o.Height = frameWidth, height
		if most := size["maxwidth"]; most > 0 {
			o.Width = min(o.Width, most)
		}
		if most := size["maxheight"]; most > 0 {
			o.Height = min(o.Height, most)
		}
		if !params.Has("heading") {
			params.Set("heading", "2") // the page around it has its own first heading
		}
		if params.Get("height") == "" {
			params.Set("resize", "1")
		}
		o.HTML = frameHTML(s.embedURL(name, "", params), title, o.Width, o.Height)
		body, err := o.write(format)
		if err != nil {
			return nil, err
		}
		doc := newDocument(body, oembedFormats[format], time.Time{}, s.o.MaxAge)
		doc.set("Access-Control-Allow-Origin", "*")
		doc.set("Access-Control-Expose-Headers", "ETag, Last-Modified, Link")
		return doc, nil
	}}, nil
}

func (o *oembed) write(format string) ([]byte, error) {
	if format == "json" {
		body, err := json.Marshal(o)
		return append(body, '\n'), err
	}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\n")
	err := xml.NewEncoder(&b).Encode(o)
	b.WriteByte('\n')
	return b.Bytes(), err
}

// ourPage gives the name of the frame (see embed) that shows a page of ours, with
// the page's parameters; false for any other address. It is never fetched.
func (s *Server) ourPage(address string) (name, rawQuery string, ok bool) {
	base, err := url.Parse(s.o.Site.BaseURL)
	if err != nil {
		return "", "", false
	}
	u, err := url.Parse(address)
	// http and https of one host are one site: addresses are copied from anywhere.
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" || !strings.EqualFold(u.Hostname(), base.Hostname()) {
		return "", "", false
	}
	if port(u) != port(base) && (port(u) != standardPort[u.Scheme] || port(base) != standardPort[base.Scheme]) {
		return "", "", false
	}
	path, ok := strings.CutPrefix(u.Path, s.base)
	if !ok || len(path) > maxPath || strings.Contains(u.EscapedPath(), "%2F") || len(u.RawQuery) > maxQuery {
		return "", "", false
	}
	switch {
	case path == "" || path == "/":
		return "all", u.RawQuery, true
	case strings.HasPrefix(path, "/feeds/") && path != "/feeds/":
		name, _ = embedName(strings.TrimPrefix(path, "/feeds/"))
		if v, err := url.ParseQuery(u.RawQuery); err == nil && v.Has("limit") { // a page shows more than a frame
			if n, err := strconv.Atoi(v.Get("limit")); err == nil && n > maxFramed {
				v.Set("limit", strconv.Itoa(maxFramed))
				u.RawQuery = v.Encode()
			}
		}
	case strings.HasPrefix(path, "/embed/"):
		name, _ = embedName(strings.TrimPrefix(path, "/embed/"))
	case strings.HasPrefix(path, "/statements/") && path != "/statements/":
		name = "statements/" + strings.TrimSuffix(strings.TrimPrefix(path, "/statements/"), ".json")
	}
	return name, u.RawQuery, name != ""
}

// port gives the port that an address leads to.
func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return standardPort[u.Scheme]
}

var standardPort = map[string]string{"http": "80", "https": "443"}

// discovery are the links by which other sites' editors find out how to show a
// page of ours (oEmbed 1.0 §4).
func (s *Server) discovery(page, title string) []pages.FeedLink {
	if s.o.Framers == FramedByNobody {
		return nil
	}
	at := s.absolute("/oembed?url=" + url.QueryEscape(page))
	return []pages.FeedLink{{Type: "application/json+oembed", Title: title, Href: at + "&format=json"}, {Type: "text/xml+oembed", Title: title, Href: at + "&format=xml"}}
}

// discoverable says the same in a page's header.
func discoverable(at []pages.FeedLink) func(*document, error) (*document, error) {
	return func(doc *document, err error) (*document, error) {
		var links []string
		for _, a := range at {
			links = append(links, "<"+a.Href+`>; rel="alternate"; type="`+a.Type+`"`)
		}
		if err == nil && len(links) > 0 {
			doc.set("Link", strings.Join(links, ", "))
		}
		return doc, err
	}
}

// Package demo is a small world to try communique on: eleven offices of an
// alliance that does not exist, which publish, reprint and translate
// statements in five languages and four feed formats. Origin serves their
// sites, so that everything goes through real HTTP; Config gives the
// configuration that pulls them. A new statement appears about once a minute.
//
// The two storm reports show what dedup tells apart: of the first there are
// three translations, a reprint that an office edited and another's teaser, and
// the second is its next edition.
//
// Its texts were written for this project. It imports only the standard
// library and is used by `communique` when there is no configuration file.
package demo

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Origin serves the offices' sites. Make one with New.
type Origin struct {
	base          string
	now           func() time.Time
	fixed, stream []script
}

// New makes the origin that answers at base (no last slash), as of now.
func New(base string, now func() time.Time) (*Origin, error) {
	fixed, err := load("statements")
	if err != nil {
		return nil, err
	}
	stream, err := load("stream")
	if err != nil {
		return nil, err
	}
	return &Origin{base: base, now: now, fixed: fixed, stream: stream}, nil
}

// Config gives the configuration, as YAML, that pulls the offices at base every
// few seconds and publishes at listen.
func Config(base, listen, admin string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `site:
  title: Harbour Alliance, all statements
  subtitle: What our offices say, in five languages, reprints told once
  authority: demo.invalid,2026
  languages: [en, fr, es, pt, ar]
  author: Harbour Alliance
listen: %q
admin: %q
fetch:
  contact: demo@example.org
  gap: 10ms
  per_host: 4
  allow_networks: [127.0.0.0/8, "::1/128"]
websub:
  allow_networks: [127.0.0.0/8, "::1/128"]
defaults:
  schedule: "@every 20s"
  floor: 10s
sources:
`, listen, admin)
	for _, o := range offices {
		fmt.Fprintf(&b, "  - id: %s\n    url: %s/%s/feed\n    title: %q\n    site: %s/%s/\n    language: %s\n    priority: %d\n", o.id, base, o.id, o.title, base, o.id, o.language, o.priority)
		if o.regions != "" {
			fmt.Fprintf(&b, "    regions: %s\n", o.regions)
		}
	}
	b.WriteString(`feeds:
  - name: los-angeles-declaration
    title: The Los Angeles Declaration and what followed
    query: {events: [summit-of-the-americas-2022]}
`)
	return b.Bytes()
}

// ServeHTTP answers /{office}/feed, /{office}/statements/{slug} and /{office}/.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var of *office
	for i := range offices {
		if offices[i].id == id {
			of = &offices[i]
		}
	}
	if of == nil {
		http.NotFound(w, r)
		return
	}
	entries := o.entries(id, o.now())
	slug, isPage := strings.CutPrefix(rest, "statements/")
	switch {
	case rest == "feed":
		o.serveFeed(w, r, of, entries)
	case rest == "":
		o.servePage(w, of, of.title, entries)
	case isPage:
		// A page stays when its entry has left the feed.
		if name, number, ok := cutLast(slug, "-"); ok {
			var n int64
			if _, err := fmt.Sscanf(number, "%d", &n); err == nil && n > 1000 {
				if t := o.told(id, n); t != nil && t.slug == name+"-"+number && !t.at.After(o.now()) {
					o.servePage(w, of, t.title, []entry{*t})
					return
				}
			}
		}
		for _, e := range entries {
			if e.slug == slug {
				o.servePage(w, of, e.title, []entry{e})
				return
			}
		}
		http.NotFound(w, r)
	default:
		http.NotFound(w, r)
	}
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (o *Origin) link(of *office, e *entry) string {
	return o.base + "/" + of.id + "/statements/" + e.slug
}

func (e *entry) html() string {
	var b strings.Builder
	for _, p := range e.paragraphs {
		b.WriteString("<p>")
		template.HTMLEscape(&b, []byte(p))
		b.WriteString("</p>\n")
	}
	return b.String()
}

func (o *Origin) serveFeed(w http.ResponseWriter, r *http.Request, of *office, entries []entry) {
	var body []byte
	var kind string
	switch of.format {
	case "atom":
		body, kind = o.atom(of, entries), "application/atom+xml"
	case "rss1":
		body, kind = o.rss1(of, entries), "application/rdf+xml"
	case "json":
		body, kind = o.json(of, entries), "application/feed+json"
	default:
		body, kind = o.rss2(of, entries), "application/rss+xml"
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=10")
	if len(entries) > 0 {
		w.Header().Set("ETag", fmt.Sprintf(`"%s-%d-%d"`, entries[0].slug, entries[0].at.Unix(), len(entries)))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// text escapes for XML.
func text(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}

func (o *Origin) rss2(of *office, entries []entry) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel>\n<title>%s</title><link>%s/%s/</link><description>%s</description><language>%s</language>\n",
		text(of.title), o.base, of.id, text(of.title), of.language)
	for i := range entries {
		e := &entries[i]
		fmt.Fprintf(&b, "<item><title>%s</title><link>%s</link><guid isPermaLink=\"false\">%s/%s</guid><pubDate>%s</pubDate><description>%s</description><content:encoded>%s</content:encoded></item>\n",
			text(e.title), o.link(of, e), of.id, e.slug, e.at.Format(time.RFC1123Z), text(e.paragraphs[0]), text(e.html()))
	}
	b.WriteString("</channel></rss>\n")
	return b.Bytes()
}

func (o *Origin) rss1(of *office, entries []entry) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\n<channel rdf:about=\"%s/%s/feed\"><title>%s</title><link>%s/%s/</link><description>%s</description><dc:language>%s</dc:language></channel>\n",
		o.base, of.id, text(of.title), o.base, of.id, text(of.title), of.language)
	for i := range entries {
		e := &entries[i]
		fmt.Fprintf(&b, "<item rdf:about=\"%s\"><title>%s</title><link>%s</link><dc:date>%s</dc:date><description>%s</description><content:encoded>%s</content:encoded></item>\n",
			o.link(of, e), text(e.title), o.link(of, e), e.at.Format(time.RFC3339), text(e.paragraphs[0]), text(e.html()))
	}
	b.WriteString("</rdf:RDF>\n")
	return b.Bytes()
}

func (o *Origin) atom(of *office, entries []entry) []byte {
	var b bytes.Buffer
	updated := time.Unix(0, 0).UTC()
	if len(entries) > 0 {
		updated = entries[0].at
	}
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"%s\"><id>tag:harbour.invalid,2020:%s</id><title>%s</title><updated>%s</updated><link href=\"%s/%s/\"/><link rel=\"self\" href=\"%s/%s/feed\"/><author><name>%s</name></author>\n",
		of.language, of.id, text(of.title), updated.Format(time.RFC3339), o.base, of.id, o.base, of.id, text(of.title))
	for i := range entries {
		e := &entries[i]
		fmt.Fprintf(&b, "<entry><id>tag:harbour.invalid,2020:%s/%s</id><title>%s</title><link href=\"%s\"/><published>%[5]s</published><updated>%[5]s</updated><content type=\"html\">%[6]s</content></entry>\n",
			of.id, e.slug, text(e.title), o.link(of, e), e.at.Format(time.RFC3339), text(e.html()))
	}
	b.WriteString("</feed>\n")
	return b.Bytes()
}

func (o *Origin) json(of *office, entries []entry) []byte {
	type item struct {
		ID        string `json:"id"`
		URL       string `json:"url"`
		Title     string `json:"title"`
		HTML      string `json:"content_html"`
		Published string `json:"date_published"`
		Language  string `json:"language"`
	}
	items := []item{}
	for i := range entries {
		e := &entries[i]
		items = append(items, item{of.id + "/" + e.slug, o.link(of, e), e.title, e.html(), e.at.Format(time.RFC3339), e.language})
	}
	b, err := json.Marshal(map[string]any{"version": "https://jsonfeed.org/version/1.1", "title": of.title,
		"home_page_url": o.base + "/" + of.id + "/", "feed_url": o.base + "/" + of.id + "/feed", "language": of.language, "items": items})
	if err != nil {
		panic(err) // strings alone always marshal
	}
	return b
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{if eq .Language "ar"}}rtl{{else}}ltr{{end}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><link rel="alternate" href="{{.Base}}feed">
<style>body{font:1.1rem/1.5 serif;max-width:38rem;margin:2rem auto;padding:0 1rem}small{color:#555}</style>
<p><small><a href="{{.Base}}">{{.Office}}</a> · a made-up office of communique's demonstration</small></p>
{{range .Entries}}<h1><a href="{{.Link}}">{{.Title}}</a></h1><p><small>{{.City}}, {{.At}}</small></p>{{.HTML}}{{end}}
`))

func (o *Origin) servePage(w http.ResponseWriter, of *office, title string, entries []entry) {
	type shown struct {
		Link, Title, City, At string
		HTML                  template.HTML
	}
	data := struct {
		Language, Title, Base, Office string
		Entries                       []shown
	}{of.language, title, o.base + "/" + of.id + "/", of.title, nil}
	for i := range entries {
		e := &entries[i]
		data.Entries = append(data.Entries, shown{o.link(of, e), e.title, of.city, e.at.Format("2006-01-02 15:04 UTC"), template.HTML(e.html())}) // our own text, escaped by html
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, data); err != nil {
		return // the visitor has left
	}
}

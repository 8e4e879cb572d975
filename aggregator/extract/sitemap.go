package extract

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/net/html/charset"

	"communique/feeds"
)

// maxSitemap is how many octets of a compressed sitemap are read; a sitemap has
// at most 50 MB (sitemaps.org).
const maxSitemap = 50 << 20

// maxChildren is how many sitemaps of an index are read: the latest.
const maxChildren = 3

// address is an entry of a sitemap or of an index (sitemaps.org 0.9), with what
// Google's news extension and xhtml:link add.
type address struct {
	Loc     string `xml:"loc"`
	LastMod string `xml:"lastmod"`
	News    struct {
		Language  string `xml:"publication>language"`
		Published string `xml:"publication_date"`
		Title     string `xml:"title"`
	} `xml:"http://www.google.com/schemas/sitemap-news/0.9 news"`
	Images []struct {
		Loc string `xml:"loc"`
	} `xml:"http://www.google.com/schemas/sitemap-image/1.1 image"`
	Links []struct {
		Rel      string `xml:"rel,attr"`
		Href     string `xml:"href,attr"`
		HrefLang string `xml:"hreflang,attr"`
	} `xml:"http://www.w3.org/1999/xhtml link"`
}

// readSitemap reads a sitemap or an index of them. Of a sitemap the addresses
// that were changed last come first; those without a date keep their order.
func readSitemap(body []byte, base *url.URL, match *pattern, o Options) (Page, error) {
	if bytes.HasPrefix(body, []byte("\x1f\x8b")) { // sitemap.xml.gz, sent as what it is
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return Page{}, &Error{"broken", "it is no gzip: " + err.Error()}
		}
		if body, err = io.ReadAll(io.LimitReader(z, maxSitemap)); err != nil {
			return Page{}, &Error{"broken", "the gzip breaks off: " + err.Error()}
		}
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = false
	d.CharsetReader = charset.NewReaderLabel
	var all []address
	index, some := false, false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if some {
				break // what came before the fault is good
			}
			return Page{}, &Error{"broken", "it is no sitemap: " + err.Error()}
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case name == "urlset":
			some = true
		case name == "sitemapindex":
			some, index = true, true
		case !some:
			class := "broken"
			if strings.EqualFold(name, "html") {
				class = "html"
			}
			return Page{}, &Error{class, "it begins with <" + name + ">, want <urlset> or <sitemapindex>"}
		case name == "url" || name == "sitemap":
			var a address
			if err := d.DecodeElement(&a, &start); err != nil {
				break
			}
			if a.Loc = absolute(base, a.Loc); a.Loc != "" {
				all = append(all, a)
			}
		}
	}
	if !some {
		return Page{}, &Error{"broken", "it is no sitemap: there is no <urlset> in it"}
	}
	// Dates of W3C's profile of ISO 8601 sort as text, as far as they are as exact.
	slices.SortStableFunc(all, func(a, b address) int { return cmp.Compare(b.when(), a.when()) })
	g := newGatherer(Sitemap, base, o)
	p := Page{Document: g.doc}
	for i := range all {
		a := &all[i]
		switch {
		case index && len(p.More) < maxChildren:
			p.More = append(p.More, a.Loc)
		case index || !match.meets(a.Loc):
		case len(g.doc.Raws) < maxItems:
			g.add(a.item(base))
		}
	}
	if !index && len(g.doc.Raws) == 0 && len(all) > 0 {
		return Page{}, &Error{"no-items", "no address in the sitemap is of the pattern"}
	}
	return p, nil
}

func (a *address) when() string {
	return cmp.Or(strings.TrimSpace(a.News.Published), strings.TrimSpace(a.LastMod))
}

func (a *address) item(base *url.URL) feeds.Item {
	it := feeds.Item{Base: base.String(), Published: strings.TrimSpace(a.News.Published), Updated: strings.TrimSpace(a.LastMod), Language: strings.TrimSpace(a.News.Language)}
	page(&it, a.Loc)
	it.Title = feeds.Text{Value: strings.TrimSpace(a.News.Title), Type: "text"}
	if len(a.Images) > 0 {
		it.Image = absolute(base, a.Images[0].Loc)
	}
	for _, l := range a.Links {
		if href := absolute(base, l.Href); href != "" && strings.EqualFold(l.Rel, "alternate") && l.HrefLang != "" {
			it.Links = append(it.Links, feeds.Link{Href: href, Rel: "alternate", HrefLang: l.HrefLang, Type: "text/html"})
		}
	}
	return it
}

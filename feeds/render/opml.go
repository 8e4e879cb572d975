package render

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"time"

	"communique/feeds"
)

// Outline is a feed in an OPML list, or a folder of outlines when it has no
// FeedURL.
type Outline struct {
	Text        string
	FeedURL     string
	Page        string // for people
	Language    string
	Description string
	Categories  []string // slash-delimited paths ("/region/americas") or single words
	Outlines    []Outline
}

// FeedOutline describes a published feed, at its Atom address.
func (s Site) FeedOutline(f feeds.Feed) Outline {
	return Outline{
		Text:        or(plain(f.Title), f.Path),
		FeedURL:     s.FeedURL(f.Path, string(FormatAtom), f.RawQuery),
		Page:        s.FeedURL(f.Path, "html", f.RawQuery),
		Language:    f.Language,
		Description: f.Subtitle,
		Categories:  append(append(paths(feeds.Region, f.Query.Regions), paths(feeds.Country, f.Query.Countries)...), append(paths(feeds.Topic, f.Query.Topics), paths(feeds.Event, f.Query.Events)...)...),
	}
}

// SourceOutline describes a source, without the credentials that its URL may
// have.
func SourceOutline(src feeds.Source) Outline {
	return Outline{
		Text:       or(plain(src.Title), string(src.ID)),
		FeedURL:    webURL(src.URL),
		Page:       webURL(src.Site),
		Language:   src.Language,
		Categories: append(paths(feeds.Region, src.Regions), paths(feeds.Topic, src.Topics)...),
	}
}

func paths(scheme string, terms []string) []string {
	out := make([]string, 0, len(terms))
	for _, t := range terms {
		out = append(out, "/"+scheme+"/"+t)
	}
	return out
}

type opmlDocument struct {
	XMLName xml.Name      `xml:"opml"`
	Version string        `xml:"version,attr"`
	Head    opmlHead      `xml:"head"`
	Body    []opmlOutline `xml:"body>outline"`
}

// FeedXml makes opmlDocument a gorilla XmlFeed.
func (d *opmlDocument) FeedXml() any { return d }

type opmlHead struct {
	Title        string `xml:"title"`
	DateModified string `xml:"dateModified,omitempty"`
	OwnerName    string `xml:"ownerName,omitempty"`
	OwnerID      string `xml:"ownerId,omitempty"`
}

// opmlOutline has type "rss" for Atom and JSON Feed, too: it is the only type
// of subscription that OPML 2.0 knows.
type opmlOutline struct {
	Type        string        `xml:"type,attr,omitempty"`
	Text        string        `xml:"text,attr"`
	Title       string        `xml:"title,attr,omitempty"`
	XMLURL      string        `xml:"xmlUrl,attr,omitempty"`
	HTMLURL     string        `xml:"htmlUrl,attr,omitempty"`
	Language    string        `xml:"language,attr,omitempty"`
	Description string        `xml:"description,attr,omitempty"`
	Category    string        `xml:"category,attr,omitempty"`
	Outlines    []opmlOutline `xml:"outline"`
}

// OPML renders a subscription list (OPML 2.0). A zero modified is left out.
func OPML(site Site, title string, modified time.Time, outlines ...Outline) ([]byte, error) {
	if err := site.Check(); err != nil {
		return nil, fmt.Errorf("render OPML: %w", err)
	}
	d := &opmlDocument{
		Version: "2.0",
		Head: opmlHead{
			Title:     or(plain(title), plain(site.Title), hostOf(site.BaseURL)),
			OwnerName: or(plain(site.Author), plain(site.Title)),
			OwnerID:   or(webURL(site.AuthorURI), site.url("/")),
		},
		Body: opmlOutlines(outlines),
	}
	if plausible(modified) {
		d.Head.DateModified = rfc822(modified)
	}
	if len(d.Body) == 0 {
		return nil, errors.New("render OPML: there is nothing to list, and a body has at least one outline")
	}
	doc, err := write(d)
	if err != nil {
		return nil, fmt.Errorf("render OPML: %w", err)
	}
	return append(doc, '\n'), nil
}

func opmlOutlines(all []Outline) []opmlOutline {
	var out []opmlOutline
	for _, o := range all {
		url := webURL(o.FeedURL)
		text := or(plain(o.Text), hostOf(url))
		children := opmlOutlines(o.Outlines)
		if url == "" {
			if text != "" && len(children) > 0 {
				out = append(out, opmlOutline{Text: text, Outlines: children})
			}
			continue
		}
		out = append(out, opmlOutline{
			Type: "rss", Text: text, Title: text, XMLURL: url, HTMLURL: webURL(o.Page),
			Language: wellFormed(o.Language), Description: plain(o.Description), Category: categories(o.Categories), Outlines: children,
		})
	}
	return out
}

// categories joins category paths; a comma within one would begin another.
func categories(all []string) string {
	var out []string
	for _, c := range all {
		if c = strings.ReplaceAll(plain(c), ",", " "); !blank(c) {
			out = appendNew(out, c)
		}
	}
	return strings.Join(out, ",")
}

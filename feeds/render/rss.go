package render

import (
	"cmp"
	"encoding/xml"

	gorilla "github.com/gorilla/feeds"
)

// rssDocument is the rss element. gorilla's declares one namespace and its
// channel escapes texts in the way that the RSS Profile advises against, so
// both are ours; of gorilla's elements guid and enclosure serve.
type rssDocument struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Content string     `xml:"xmlns:content,attr"`
	DC      string     `xml:"xmlns:dc,attr"`
	Media   string     `xml:"xmlns:media,attr"`
	History string     `xml:"xmlns:fh,attr,omitempty"`
	Channel rssChannel `xml:"channel"`
}

// FeedXml makes rssDocument a gorilla XmlFeed.
func (d *rssDocument) FeedXml() any { return d }

type rssChannel struct {
	Title         inner     `xml:"title"`
	Link          inner     `xml:"link"`
	Description   inner     `xml:"description"`
	Language      *inner    `xml:"language"`
	Copyright     *inner    `xml:"copyright"`
	PubDate       string    `xml:"pubDate"`
	LastBuildDate string    `xml:"lastBuildDate"`
	Generator     inner     `xml:"generator"`
	Docs          string    `xml:"docs"`
	TTL           string    `xml:"ttl,omitempty"`
	Image         *rssImage `xml:"image"`
	Links         []link    `xml:"atom:link"`
	Archive       *struct{} `xml:"fh:archive"`
}

// rssImage has the channel's own title and link, as the Profile asks.
type rssImage struct {
	URL   inner `xml:"url"`
	Title inner `xml:"title"`
	Link  inner `xml:"link"`
}

type rssItem struct {
	XMLName      xml.Name      `xml:"item"`
	Title        inner         `xml:"title"`
	Link         inner         `xml:"link"`
	Description  inner         `xml:"description"`
	Content      *inner        `xml:"content:encoded"`
	Creators     []inner       `xml:"dc:creator"`
	Contributors []inner       `xml:"dc:contributor"`
	Language     *inner        `xml:"dc:language"`
	Rights       *inner        `xml:"dc:rights"`
	Categories   []rssCategory `xml:"category"`
	Enclosure    *gorilla.RssEnclosure
	Media        []mediaContent `xml:"media:content"`
	GUID         gorilla.RssGuid
	PubDate      string     `xml:"pubDate,omitempty"`
	Updated      string     `xml:"atom:updated"`
	Thumbnail    *thumbnail `xml:"media:thumbnail"`
	Links        []link     `xml:"atom:link"`
	Source       *rssSource `xml:"source"`
}

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	Text   string `xml:",innerxml"`
}

// mediaContent is media:content (Media RSS 1.5), for the enclosures beyond the
// one that an item may have.
type mediaContent struct {
	URL      string `xml:"url,attr"`
	FileSize int64  `xml:"fileSize,attr,omitempty"`
	Type     string `xml:"type,attr"`
	Medium   string `xml:"medium,attr,omitempty"`
}

type rssSource struct {
	URL  string `xml:"url,attr"`
	Text string `xml:",innerxml"`
}

func (s Site) rssItem(v *view) *rssItem {
	it := &rssItem{
		Title:      plainText(v.title),
		Link:       plainText(v.link),
		Creators:   make([]inner, len(v.authors)),
		Language:   optional(v.language),
		Rights:     optional(cmp.Or(v.rights, v.source.Rights)), // an item's source has no place for it
		Categories: make([]rssCategory, len(v.categories)),
		GUID:       gorilla.RssGuid{Id: v.id, IsPermaLink: "false"},
		Updated:    rfc3339(v.updated),
		Thumbnail:  thumbnailOf(v.image),
	}
	// A description is HTML (RSS 2.0, "entity-encoded HTML is allowed"), so that
	// plain text has to become HTML first.
	it.Description = inner{escape(asHTML(v.summary, v.language), escapePlain)}
	if v.content != "" {
		it.Content = &inner{} // filled by Entry.xml
	}
	for i, p := range v.authors {
		it.Creators[i] = plainText(p.Name)
	}
	for _, p := range v.contributors {
		it.Contributors = append(it.Contributors, plainText(p.Name))
	}
	for i, c := range v.categories {
		it.Categories[i] = rssCategory{c.Scheme, escape(c.Term, escapePlain)}
		if c.Scheme == "" {
			it.Categories[i].Text = escape(or(c.Label, c.Term), escapePlain)
		}
	}
	for i, e := range v.enclosures {
		if i == 0 {
			it.Enclosure = &gorilla.RssEnclosure{Url: e.URL, Length: decimal(e.Length), Type: e.Type}
			continue
		}
		it.Media = append(it.Media, mediaContent{e.URL, e.Length, e.Type, mediumOf(e.Type)})
	}
	if !v.published.IsZero() {
		it.PubDate = rfc822(v.published)
	}
	for _, l := range v.links(s) {
		switch l.Rel {
		case "related", "license":
			it.Links = append(it.Links, rssLink(l))
		}
	}
	url := or(v.source.FeedURL, v.source.Link)
	if url != "" {
		it.Source = &rssSource{url, escape(v.source.Title, escapePlain)}
	}
	if v.via != "" && v.via != url {
		it.Links = append(it.Links, link{Rel: "via", Href: v.via})
	}
	return it
}

func (d *document) rss() ([]byte, error) {
	s := d.site
	date := rfc822(d.updated)
	title, page := plainText(d.title), plainText(d.page)
	doc := &rssDocument{
		Version: "2.0",
		Atom:    "http://www.w3.org/2005/Atom",
		Content: "http://purl.org/rss/1.0/modules/content/",
		DC:      "http://purl.org/dc/elements/1.1/",
		Media:   "http://search.yahoo.com/mrss/",
		Channel: rssChannel{
			Title:         title,
			Link:          page,
			Description:   plainText(or(d.subtitle, d.title)),
			Language:      optional(or(d.language, wellFormed(s.Language))),
			Copyright:     optional(d.rights),
			PubDate:       date,
			LastBuildDate: date,
			Generator:     plainText(line(s.generator() + " " + plain(s.Version))),
			Docs:          "https://www.rssboard.org/rss-specification",
			TTL:           minutes(s.TTL),
		},
	}
	if icon := webURL(s.Icon); icon != "" {
		doc.Channel.Image = &rssImage{plainText(icon), title, page}
	}
	for _, l := range d.links(FormatRSS) {
		doc.Channel.Links = append(doc.Channel.Links, rssLink(l))
	}
	if d.history.Archive > 0 {
		doc.History, doc.Channel.Archive = historyNamespace, &struct{}{}
	}
	head, err := write(doc)
	if err != nil {
		return nil, err
	}
	return d.join(head, "\n  </channel>\n</rss>", "")
}

// rssLink leaves out a title with "<": in an attribute it cannot be written in
// the way that the RSS Profile wants.
func rssLink(l link) link {
	for i := 0; i < len(l.Title); i++ {
		if l.Title[i] == '<' {
			l.Title = ""
		}
	}
	return l
}

package render

import (
	"encoding/xml"

	gorilla "github.com/gorilla/feeds"
)

// atomFeed is the feed element (RFC 4287 §4.1.1). What gorilla has right comes
// from its AtomFeed; Links hides its single Link, and its Entries stay empty: ours
// are finished fragments, see document.join.
type atomFeed struct {
	gorilla.AtomFeed
	Media     string        `xml:"xmlns:media,attr"`
	History   string        `xml:"xmlns:fh,attr,omitempty"`
	Tombs     string        `xml:"xmlns:at,attr,omitempty"`
	Lang      string        `xml:"xml:lang,attr,omitempty"`
	Generator atomGenerator `xml:"generator"`
	Links     []link        `xml:"link"`
	Archive   *struct{}     `xml:"fh:archive"`
	Deleted   []atomDeleted `xml:"at:deleted-entry"`
}

// FeedXml makes atomFeed a gorilla XmlFeed. Without it the embedded AtomFeed's
// would be taken and everything of ours be lost.
func (f *atomFeed) FeedXml() any { return f }

type atomGenerator struct {
	Version string `xml:"version,attr,omitempty"`
	Name    string `xml:",chardata"`
}

// atomEntry is the entry element (§4.1.2). Source is last and has no category:
// some readers look for id, title, updated and categories among all descendants
// and take the first.
type atomEntry struct {
	XMLName      xml.Name `xml:"entry"`
	Lang         string   `xml:"xml:lang,attr,omitempty"`
	ID           inner    `xml:"id"`
	Title        atomText `xml:"title"`
	Links        []link   `xml:"link"`
	Published    string   `xml:"published,omitempty"`
	Updated      string   `xml:"updated"`
	Authors      []gorilla.AtomAuthor
	Contributors []gorilla.AtomContributor
	Categories   []atomCategory `xml:"category"`
	Rights       *inner         `xml:"rights"`
	Summary      atomText       `xml:"summary"`
	Content      *atomText      `xml:"content"`
	Thumbnail    *thumbnail     `xml:"media:thumbnail"`
	Source       atomSource     `xml:"source"`
}

// atomText is a text construct (§3.1), escaped already.
type atomText struct {
	Type string `xml:"type,attr,omitempty"`
	Lang string `xml:"xml:lang,attr,omitempty"`
	Text string `xml:",innerxml"`
}

type atomCategory struct {
	Scheme string `xml:"scheme,attr,omitempty"`
	Term   string `xml:"term,attr"`
	Label  string `xml:"label,attr,omitempty"`
}

// atomSource is the source element (§4.2.11). Its self link has no type: we do
// not know whether the feed is RSS, Atom or JSON.
type atomSource struct {
	ID      inner    `xml:"id"`
	Title   atomText `xml:"title"`
	Updated string   `xml:"updated"`
	Links   []link   `xml:"link"`
	Icon    *inner   `xml:"icon"`
	Rights  *inner   `xml:"rights"`
}

func (s Site) atomEntry(v *view) *atomEntry {
	e := &atomEntry{
		Lang:       v.language,
		ID:         plainText(v.id),
		Title:      atomText{Type: "text", Text: escape(v.title, escapePlain)},
		Updated:    rfc3339(v.updated),
		Categories: make([]atomCategory, len(v.categories)),
		Rights:     optional(v.rights),
		Summary:    atomText{Type: "text", Text: escape(v.summary, escapePlain)},
		Thumbnail:  thumbnailOf(v.image),
		Source: atomSource{
			ID:      plainText(v.source.ID),
			Title:   atomText{Text: escape(v.source.Title, escapePlain)},
			Updated: rfc3339(v.sourceUpdated),
			Icon:    optional(v.source.Icon),
			Rights:  optional(v.source.Rights),
		},
	}
	if !v.published.IsZero() {
		e.Published = rfc3339(v.published)
	}
	e.Links = append(e.Links, link{Rel: "alternate", Type: "text/html", HrefLang: v.language, Href: v.link})
	e.Links = append(e.Links, v.links(s)...)
	if v.via != "" {
		e.Links = append(e.Links, link{Rel: "via", Href: v.via})
	}
	for _, f := range v.enclosures {
		e.Links = append(e.Links, link{Rel: "enclosure", Type: f.Type, Length: f.Length, Title: f.Title, Href: f.URL})
	}
	for _, p := range v.authors {
		e.Authors = append(e.Authors, gorilla.AtomAuthor{AtomPerson: gorilla.AtomPerson{Name: p.Name, Uri: p.URI, Email: p.Email}})
	}
	for _, p := range v.contributors {
		e.Contributors = append(e.Contributors, gorilla.AtomContributor{AtomPerson: gorilla.AtomPerson{Name: p.Name, Uri: p.URI, Email: p.Email}})
	}
	for i, c := range v.categories {
		e.Categories[i] = atomCategory{Scheme: c.Scheme, Term: c.Term, Label: c.Label}
	}
	if v.content != "" {
		e.Content = &atomText{Type: "html"} // filled by Entry.xml
	}
	if v.source.Language != v.language {
		e.Source.Title.Lang = v.source.Language
	}
	if v.source.FeedURL != "" {
		e.Source.Links = append(e.Source.Links, link{Rel: "self", Href: v.source.FeedURL})
	}
	if v.source.Link != "" {
		e.Source.Links = append(e.Source.Links, link{Rel: "alternate", Type: "text/html", Href: v.source.Link})
	}
	return e
}

func (d *document) atom() ([]byte, error) {
	s := d.site
	f := &atomFeed{
		AtomFeed: gorilla.AtomFeed{
			Xmlns:    "http://www.w3.org/2005/Atom",
			Id:       d.id,
			Title:    d.title,
			Subtitle: d.subtitle,
			Updated:  rfc3339(d.updated),
			Rights:   d.rights,
			Icon:     webURL(s.Icon),
			Logo:     webURL(s.Logo),
			Author:   &gorilla.AtomAuthor{AtomPerson: gorilla.AtomPerson{Name: d.author.Name, Uri: d.author.URI}},
		},
		Media:     "http://search.yahoo.com/mrss/",
		Lang:      d.language,
		Generator: atomGenerator{plain(s.Version), s.generator()},
		Links:     d.links(FormatAtom),
		Deleted:   d.deleted(),
	}
	if d.history.Archive > 0 {
		f.History, f.Archive = historyNamespace, &struct{}{}
	}
	if len(f.Deleted) > 0 {
		f.Tombs = "http://purl.org/atompub/tombstones/1.0"
	}
	head, err := write(f)
	if err != nil {
		return nil, err
	}
	return d.join(head, "\n</feed>", "")
}

// historyNamespace is that of RFC 5005.
const historyNamespace = "http://purl.org/syndication/history/1.0"

// links gives the links of a feed: where it is itself, its page, its other
// formats, its hub, and what RFC 5005 has for it. The other formats are related
// and not alternate: readers take the first or the last alternate for the page
// that they lead people to. An archive names no hub, as it does not change, and
// no next-archive, as it would; nor does a page but the first, which nobody is to
// subscribe to.
func (d *document) links(self Format) []link {
	out := []link{{Rel: "self", Type: self.MediaType(), Href: d.urls[self]}}
	if self == FormatAtom {
		out = append(out, link{Rel: "alternate", Type: "text/html", HrefLang: d.language, Href: d.page})
	}
	for _, other := range Formats() {
		if other != self {
			out = append(out, link{Rel: "related", Type: other.MediaType(), Href: d.urls[other]})
		}
	}
	if d.history.Archive > 0 {
		out = append(out, link{Rel: "current", Type: self.MediaType(), Href: d.current})
	}
	if d.before != "" {
		out = append(out, link{Rel: "prev-archive", Type: self.MediaType(), Href: d.before})
	}
	if d.history.Page != "" {
		out = append(out, link{Rel: "first", Type: self.MediaType(), Href: d.current})
	}
	if d.next != "" {
		out = append(out, link{Rel: "next", Type: self.MediaType(), Href: d.next})
	}
	if hub := webURL(d.site.Hub); hub != "" && d.history.Archive == 0 && d.history.Page == "" && !d.private {
		out = append(out, link{Rel: "hub", Href: hub})
	}
	return out
}

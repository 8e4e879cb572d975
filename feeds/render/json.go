package render

import (
	"bytes"
	"encoding/json"
	"strconv"

	"communique/feeds"

	gorilla "github.com/gorilla/feeds"
)

// The JSON Feed types embed gorilla's and add what they lack; a field of the
// same key hides gorilla's. Extensions are in "_communique" (JSON Feed 1.1,
// "Extensions").

type jsonFeed struct {
	gorilla.JSONFeed
	Extension jsonFeedExtension `json:"_communique"`
	// Items is always there and empty; it hides gorilla's, which would be left
	// out. See document.join.
	Items []jsonItem `json:"items"`
}

type jsonFeedExtension struct {
	About   string `json:"about"`
	ID      string `json:"id"`
	Updated string `json:"updated"`
	Rights  string `json:"rights,omitempty"`
	Archive int    `json:"archive,omitempty"` // the number of an archive document
	Current string `json:"current,omitempty"` // and the feed that it belongs to
}

type jsonItem struct {
	gorilla.JSONItem
	Language string `json:"language,omitempty"`
	// gorilla's attachment writes its size under a key that the standard does
	// not have.
	Attachments []jsonAttachment  `json:"attachments,omitempty"`
	Extension   jsonItemExtension `json:"_communique"`
}

type jsonAttachment struct {
	URL      string `json:"url"`
	MIMEType string `json:"mime_type"`
	Title    string `json:"title,omitempty"`
	Size     int64  `json:"size_in_bytes,omitempty"`
	Seconds  int64  `json:"duration_in_seconds,omitempty"`
}

type jsonItemExtension struct {
	Permalink     string           `json:"permalink"`
	Source        jsonSource       `json:"source"`
	Via           string           `json:"via,omitempty"`
	Categories    []feeds.Category `json:"categories,omitempty"`
	Contributors  []jsonPerson     `json:"contributors,omitempty"`
	Rights        string           `json:"rights,omitempty"`
	License       string           `json:"license,omitempty"`
	Alternates    []translation    `json:"alternates,omitempty"`
	TranslationOf *translation     `json:"translation_of,omitempty"`
	Duplicates    []duplicate      `json:"duplicates,omitempty"`
	Related       []jsonLink       `json:"related,omitempty"`
	Copies        []jsonCopy       `json:"copies"`
	Beside        []string         `json:"related_statements,omitempty"`
}

// jsonCopy is a copy of the statement and what it is to it.
type jsonCopy struct {
	Source   string         `json:"source"` // its id, as in /feeds/source/…
	Title    string         `json:"title,omitempty"`
	URL      string         `json:"url,omitempty"`
	Language string         `json:"language,omitempty"`
	Relation feeds.Relation `json:"relation,omitempty"`
}

type jsonPerson struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type jsonLink struct {
	Rel      string `json:"rel"`
	URL      string `json:"url"`
	Type     string `json:"type,omitempty"`
	Language string `json:"language,omitempty"`
	Title    string `json:"title,omitempty"`
}

type jsonSource struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	URL      string `json:"url,omitempty"`
	FeedURL  string `json:"feed_url,omitempty"`
	Updated  string `json:"updated"`
	Language string `json:"language,omitempty"`
	Rights   string `json:"rights,omitempty"`
}

func (s Site) jsonItem(v *view) *jsonItem {
	it := &jsonItem{
		JSONItem: gorilla.JSONItem{
			Id:           v.id,
			Url:          v.link,
			Title:        v.title,
			ContentHTML:  v.content,
			Summary:      v.summary,
			Image:        v.image,
			ModifiedDate: &v.updated,
		},
		Language: v.language,
		Extension: jsonItemExtension{
			Permalink:  v.permalink,
			Via:        v.via,
			Categories: v.categories,
			Rights:     v.rights,
			License:    v.license,
			Alternates: v.translations,
			Duplicates: v.duplicates,
			Copies:     v.copies,
			Beside:     v.beside,
			Source: jsonSource{
				ID: v.source.ID, Title: v.source.Title, URL: v.source.Link, FeedURL: v.source.FeedURL,
				Updated: rfc3339(v.sourceUpdated), Language: v.source.Language, Rights: v.source.Rights,
			},
		},
	}
	if v.content == "" {
		// An item has to have a content (JSON Feed 1.1, "content_html and
		// content_text"); a summary of the same words would be shown twice.
		it.ContentText, it.Summary = v.summary, ""
	}
	if !v.published.IsZero() {
		it.PublishedDate = &v.published
	}
	for _, p := range v.authors {
		it.Authors = append(it.Authors, &gorilla.JSONAuthor{Name: p.Name, Url: p.URI})
	}
	for _, c := range v.categories {
		it.Tags = appendNew(it.Tags, or(c.Label, c.Term))
	}
	for _, e := range v.enclosures {
		it.Attachments = append(it.Attachments, jsonAttachment{e.URL, e.Type, e.Title, e.Length, e.Seconds})
	}
	for _, p := range v.contributors {
		it.Extension.Contributors = append(it.Extension.Contributors, jsonPerson{p.Name, p.URI})
	}
	for i := range v.translations {
		if t := &v.translations[i]; t.original && it.Extension.TranslationOf == nil {
			it.Extension.TranslationOf = t
		}
	}
	for _, l := range v.related {
		it.Extension.Related = append(it.Extension.Related, jsonLink{l.Rel, l.Href, l.Type, l.HrefLang, l.Title})
	}
	return it
}

// json marshals an item and finds its content_html, which no string can look
// like as every quote in one is escaped. A brief item has its summary as
// content_text.
func (e *Entry) json(s Site, v *view) error {
	b, err := marshal(s.jsonItem(v), "")
	if err != nil {
		return err
	}
	e.before = b
	if v.content == "" {
		return nil
	}
	const key = `,"content_html":`
	from := bytes.Index(b, []byte(key+`"`))
	if from < 0 {
		return nil
	}
	to := from + len(key) + 1
	for ; b[to] != '"'; to++ {
		if b[to] == '\\' {
			to++
		}
	}
	to++
	text, err := marshal(v.summary, "")
	if err != nil {
		return err
	}
	e.before, e.full, e.after = b[:from:from], b[from:to:to], b[to:]
	e.brief = append([]byte(`,"content_text":`), text...)
	return nil
}

func (d *document) json() ([]byte, error) {
	s := d.site
	f := &jsonFeed{
		JSONFeed: gorilla.JSONFeed{
			Version:     "https://jsonfeed.org/version/1.1",
			Title:       d.title,
			Language:    d.language,
			HomePageUrl: d.page,
			FeedUrl:     d.urls[FormatJSON],
			Description: d.subtitle,
			Icon:        webURL(s.Icon),
			Authors:     []*gorilla.JSONAuthor{{Name: d.author.Name, Url: d.author.URI}},
		},
		Extension: jsonFeedExtension{
			About:   s.scheme("json-feed"),
			ID:      d.id,
			Updated: rfc3339(d.updated),
			Rights:  d.rights,
			Archive: d.history.Archive,
		},
		Items: []jsonItem{},
	}
	f.NextUrl = or(d.before, d.next)
	if d.history.Archive > 0 {
		f.Extension.Current = d.current
	}
	if hub := webURL(s.Hub); hub != "" && d.history.Archive == 0 && d.history.Page == "" && !d.private {
		f.Hubs = []*gorilla.JSONHub{{Type: "WebSub", Url: hub}}
	}
	head, err := marshal(f, "  ")
	if err != nil {
		return nil, err
	}
	return d.join(head, "]\n}", ",")
}

// marshal writes JSON without escaping "<", ">" and "&", which are most of an
// HTML text, and without a line end.
func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func appendNew(all []string, s string) []string {
	for _, o := range all {
		if o == s {
			return all
		}
	}
	return append(all, s)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

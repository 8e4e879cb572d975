package feeds

// SourceID names a source for ever: [a-z0-9-]{1,63}, chosen by the operator,
// never used again for another source.
type SourceID string

// Source is an office's feed, as the operator described it.
type Source struct {
	ID       SourceID
	URL      string
	Title    string // shown instead of the feed's own title when set
	Site     string // home page; shown instead of the feed's own link when set
	Language string // BCP 47; believed when an item says nothing
	Regions  []string
	Topics   []string
	Priority int      // higher leads when two copies are equally good; default 0
	Identity string   // "auto" (or ""), "guid", "link", "title_date", "content"
	Distrust []string // of "guid", "link", "date", "language", "text"
	Match    string   // what its items are matched by: "all" (or ""), "near" (no translations), "exact" (guid, link, equal text)
	Credit   string   // what the publisher's terms ask to be shown
}

// Distrusts reports whether the operator said not to believe what ("guid",
// "link", "date", "language" or "text") this source says.
func (s Source) Distrusts(what string) bool {
	for _, d := range s.Distrust {
		if d == what {
			return true
		}
	}
	return false
}

// Origin describes the feed that an entry comes from, for atom:source
// (RFC 4287 §4.2.11) and its RSS and JSON equivalents. All of it is clean:
// plain text and absolute URLs.
type Origin struct {
	ID       string `json:"id,omitempty" cbor:"1,keyasint,omitempty"`    // the feed's own id; its URL when it has none
	Title    string `json:"title,omitempty" cbor:"2,keyasint,omitempty"` // plain text
	Link     string `json:"link,omitempty" cbor:"3,keyasint,omitempty"`  // its page for people
	FeedURL  string `json:"feed_url,omitempty" cbor:"4,keyasint,omitempty"`
	Language string `json:"language,omitempty" cbor:"5,keyasint,omitempty"`
	Rights   string `json:"rights,omitempty" cbor:"6,keyasint,omitempty"`
	Icon     string `json:"icon,omitempty" cbor:"7,keyasint,omitempty"`
}

// Channel is a feed's cleaned description: what `parse --jsonl` shows in its
// first line, and what Origin is made from.
type Channel struct {
	Format      string     `json:"format,omitempty"`
	ID          string     `json:"id,omitempty"`
	Title       string     `json:"title,omitempty"`       // plain text
	Description string     `json:"description,omitempty"` // plain text or sanitised HTML
	Link        string     `json:"link,omitempty"`
	Language    string     `json:"language,omitempty"`
	Updated     string     `json:"updated,omitempty"`   // RFC 3339 UTC
	Published   string     `json:"published,omitempty"` // RFC 3339 UTC
	Authors     []Person   `json:"authors,omitempty"`
	Categories  []Category `json:"categories,omitempty"`
	Image       string     `json:"image,omitempty"`
	Copyright   string     `json:"copyright,omitempty"`
	Generator   string     `json:"generator,omitempty"`
	Links       []Link     `json:"links,omitempty"`
	Notes       []string   `json:"notes,omitempty"`
}

package feeds

// Document is a feed as its publisher wrote it: decoded to UTF-8 and split into
// fields, but neither cleaned nor believed. Made by aggregator/parse.
type Document struct {
	Format string // "rss2.0", "rss0.91", "rss1.0", "atom1.0", "atom0.3", "json1.1", …
	Base   string // URL against which the feed's own relative references resolve

	ID          string
	Title       Text
	Description Text
	Language    string // as declared, not canonical
	Updated     string // as written
	Published   string // as written
	Authors     []Person
	Categories  []Category
	Links       []Link // in document order; RSS <link> is rel "alternate"
	Image       string
	Icon        string
	Rights      Text
	Generator   string

	// What the publisher says about when to come back (zero when unsaid).
	TTLMinutes   int      // RSS ttl
	SkipHours    []int    // RSS skipHours, 0–23, UTC
	SkipDays     []string // RSS skipDays, English weekday names
	UpdatePeriod string   // sy:updatePeriod: hourly, daily, weekly, monthly, yearly
	UpdateFreq   int      // sy:updateFrequency, times per period

	Items []Item   // without those that the caller knew already
	Left  bool     // there are more that were left for the next visit
	Cut   bool     // it breaks off before its end
	Raws  []uint64 // Item.Raw of every item in the body, in document order, known ones included
	Notes []string // what had to be repaired to read it
}

// Item is an entry as its publisher wrote it: raw, untrusted.
type Item struct {
	ID            string // guid, atom:id, rdf:about or JSON id, white space trimmed; empty when there is none
	IDIsPermalink bool   // the publisher says (or RSS's default says) that ID is the page's URL

	Title   Text
	Summary Text
	Content Text

	Links        []Link // in document order; RSS <link> is rel "alternate"
	Authors      []Person
	Contributors []Person
	Categories   []Category
	Enclosures   []Enclosure
	Image        string // thumbnail or lead image, may be relative
	Rights       Text
	Comments     string

	Published string // as written
	Updated   string // as written
	Language  string // xml:lang in force, dc:language or JSON language; empty when the item says nothing
	Base      string // xml:base in force, already resolved; empty means the document's

	// Origin is set when the publisher says that the item comes from another
	// feed (atom:source, RSS source).
	Origin *Origin

	// Part says that not all of it could be read: the page with its whole text
	// could not, or the document breaks off in it.
	Part bool

	// Raw is a hash of the item's bytes and of what it inherits from the head
	// of its document; equal Raw means that nothing has to be read again.
	Raw   uint64
	Notes []string
}

// Text is a text construct (RFC 4287 §3.1). Type is "text", "html" or "xhtml";
// "" means that the format does not say (RSS), and the text has to be looked at.
type Text struct {
	Value string
	Type  string
	Base  string // xml:base in force where it differs from the item's
	Lang  string // xml:lang in force where it differs from the item's
}

// Person is an author or contributor (RFC 4287 §3.2).
type Person struct {
	Name  string `json:"name,omitempty" cbor:"1,keyasint,omitempty"`
	Email string `json:"email,omitempty" cbor:"2,keyasint,omitempty"`
	URI   string `json:"url,omitempty" cbor:"3,keyasint,omitempty"`
}

// Category is the publisher's own classification (RFC 4287 §4.2.2), never ours:
// ours is a Tag.
type Category struct {
	Term   string `json:"term,omitempty" cbor:"1,keyasint,omitempty"`
	Scheme string `json:"scheme,omitempty" cbor:"2,keyasint,omitempty"`
	Label  string `json:"label,omitempty" cbor:"3,keyasint,omitempty"`
}

// Link is a reference from a feed or an entry (RFC 4287 §4.2.7).
type Link struct {
	Href     string `json:"href,omitempty" cbor:"1,keyasint,omitempty"`
	Rel      string `json:"rel,omitempty" cbor:"2,keyasint,omitempty"`
	Type     string `json:"type,omitempty" cbor:"3,keyasint,omitempty"`
	HrefLang string `json:"hreflang,omitempty" cbor:"4,keyasint,omitempty"`
	Title    string `json:"title,omitempty" cbor:"5,keyasint,omitempty"`
}

// Enclosure is an attached file. Length is in octets, 0 when unknown.
type Enclosure struct {
	URL     string `json:"url,omitempty" cbor:"1,keyasint,omitempty"`
	Type    string `json:"type,omitempty" cbor:"2,keyasint,omitempty"`
	Length  int64  `json:"length,omitempty" cbor:"3,keyasint,omitempty"`
	Title   string `json:"title,omitempty" cbor:"4,keyasint,omitempty"`
	Seconds int64  `json:"duration,omitempty" cbor:"5,keyasint,omitempty"`
}

package feeds

import "time"

// Copy is one source's telling of a statement, cleaned by
// aggregator/normalize: titles and names are plain text, Summary and Content
// are sanitised HTML, every URL is absolute, every time is UTC. A zero time
// means that the publisher did not say (it is never invented).
type Copy struct {
	Source SourceID `cbor:"1,keyasint,omitempty"`
	ID     string   `cbor:"2,keyasint,omitempty"` // the publisher's id, byte for byte

	Title   string `cbor:"3,keyasint,omitempty"`
	Summary string `cbor:"4,keyasint,omitempty"` // HTML
	Content string `cbor:"5,keyasint,omitempty"` // HTML

	Link         string      `cbor:"6,keyasint,omitempty"` // the page for people, as published
	Links        []Link      `cbor:"7,keyasint,omitempty"` // all links but Link and enclosures
	Authors      []Person    `cbor:"8,keyasint,omitempty"`
	Contributors []Person    `cbor:"9,keyasint,omitempty"`
	Categories   []Category  `cbor:"10,keyasint,omitempty"`
	Enclosures   []Enclosure `cbor:"11,keyasint,omitempty"`
	Image        string      `cbor:"12,keyasint,omitempty"`
	Rights       string      `cbor:"13,keyasint,omitempty"`

	Published time.Time `cbor:"14,keyasint,omitempty"`
	Updated   time.Time `cbor:"15,keyasint,omitempty"`

	Language     string `cbor:"16,keyasint,omitempty"` // BCP 47, canonical; "" when nobody can say
	LanguageRule string `cbor:"17,keyasint,omitempty"` // which rule said so: "entry", "dc", "feed", "source", "detector", "script"

	// Via is set when the publisher itself took the item from another feed
	// (atom:source in its entry, RSS source).
	Via *Origin `cbor:"18,keyasint,omitempty"`
	// Origin is the feed that we took the copy from.
	Origin Origin `cbor:"19,keyasint,omitempty"`

	// Hash is of everything that a reader would notice if it changed (title,
	// text, link, enclosures): it moves `updated`.
	Hash  uint64   `cbor:"20,keyasint,omitempty"`
	Notes []string `cbor:"21,keyasint,omitempty"` // what was odd or had to be repaired
}

// Draft is a Copy on its way through the line, with what the later stages need
// and nobody stores.
type Draft struct {
	Copy
	Raw       uint64    // see Item.Raw
	Part      bool      // see Item.Part
	Canonical string    // canonical form of Link, for identity only; "" when there is no usable link
	Neutral   string    // Canonical without the language that stands in it; "" when none does
	Alternate []string  // canonical links of the pages that it names as its versions in other languages
	Permalink string    // canonical form of the id, when it is a permalink
	Text      TextView  // what dedup and tag read
	Taggings  []Tagging // what tag found in it; dedup compares them across languages
}

// TextView is the text view: plain text, with datelines, CMS labels and
// boilerplate taken out. Paragraphs are separated by "\n".
type TextView struct {
	Title string
	Lede  string // first paragraph, or two when the first is short; at most about 900 characters
	Body  string // all paragraphs, the lede included
}

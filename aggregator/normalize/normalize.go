package normalize

import (
	"time"

	"communique/feeds"
)

// Options is what the item itself cannot tell.
type Options struct {
	Source feeds.Source
	URL    string    // final URL of the document, "" when unknown
	Now    time.Time // only to judge dates, never to invent one; zero = dates are not judged
}

// Normalizer cleans channels and items. It is safe for concurrent use.
type Normalizer struct{}

// New gives a Normalizer. It is cheap: policies and tables are made when first
// needed.
func New() *Normalizer { return &Normalizer{} }

// Channel cleans the feed's own description.
func (n *Normalizer) Channel(doc *feeds.Document, o Options) feeds.Channel {
	return feeds.Channel{Format: doc.Format, ID: doc.ID, Title: doc.Title.Value, Language: doc.Language}
}

// Item cleans one item of doc, whose channel ch is the result of Channel.
func (n *Normalizer) Item(doc *feeds.Document, ch feeds.Channel, it *feeds.Item, o Options) feeds.Draft {
	d := feeds.Draft{Raw: it.Raw}
	d.Source, d.ID, d.Title = o.Source.ID, it.ID, it.Title.Value
	return d
}

package parse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"communique/feeds"
)

// Version changes when the same bytes give another Document, so that callers
// know that what they remember of a body (validators, Raws) is void.
const Version = 1

// Options are what the caller knows about the bytes, and limits. A zero limit
// means its default.
type Options struct {
	ContentType string // HTTP Content-Type, "" when unknown
	URL         string // final URL of the document, "" when unknown

	// Known reports whether an item with that Item.Raw has been read before:
	// then it is only listed in Document.Raws. nil knows none.
	Known func(raw uint64) bool

	// Wait leaves the item that the document breaks off in for the next visit,
	// which reads it if it stands there as before: half of a text must not take
	// the place of the whole one. Until then Document.Raws has its Raw inverted.
	Wait bool

	MaxItems      int // new items read from one body (1,000); the rest is left for the next visit
	MaxItemBytes  int // octets of one item (1 MiB); a larger one is cut
	MaxHeadBytes  int // octets outside of the items (1 MiB); the rest is left out
	MaxValues     int // categories, authors, enclosures, links of one item, each (50)
	MaxTitleRunes int // characters of a title (1,000)
}

// withDefaults fills in the limits that were left open.
func (o Options) withDefaults() Options {
	for _, l := range []struct {
		limit *int
		value int
	}{{&o.MaxItems, 1000}, {&o.MaxItemBytes, 1 << 20}, {&o.MaxHeadBytes, 1 << 20}, {&o.MaxValues, 50}, {&o.MaxTitleRunes, 1000}} {
		if *l.limit == 0 {
			*l.limit = l.value
		}
	}
	return o
}

// ErrNotFeed is what every Error of this package is: the bytes are no feed.
var ErrNotFeed = errors.New("not a feed")

// Error says why the bytes could not be read as a feed.
type Error struct {
	Class  string // "empty", "html", "not-feed", "broken"
	Detail string // for people: what was found instead
}

func (e *Error) Error() string { return fmt.Sprintf("parse: %s: %s", e.Class, e.Detail) }

// Unwrap makes errors.Is(err, ErrNotFeed) true.
func (e *Error) Unwrap() error { return ErrNotFeed }

// Parse reads a feed. What had to be repaired to read it is in the notes of
// the Document and of its Items; an error is always an *Error. The Document's
// strings share the memory of one copy of the body.
func Parse(body []byte, o Options) (*feeds.Document, error) {
	o = o.withDefaults()
	text, notes := decode(body, o.ContentType)
	if strings.TrimSpace(text) == "" {
		return nil, &Error{"empty", "the body holds nothing but white space"}
	}
	var doc *feeds.Document
	var err error
	if start := strings.TrimLeft(text, " \t\r\n"); start[0] == '{' || start[0] == '[' {
		doc, err = parseJSON(start, o)
	} else {
		doc, err = parseXML(text, o)
	}
	if err != nil {
		return nil, err
	}
	doc.Notes = append(notes.list, doc.Notes...)
	return doc, nil
}

// noteList collects notes, each once.
type noteList struct{ list []string }

func (n *noteList) add(note string) {
	// Few kinds of notes exist, but a hostile document can hold one of them a
	// million times.
	if len(n.list) < 32 && !slices.Contains(n.list, note) {
		n.list = append(n.list, note)
	}
}

func (n *noteList) addf(format string, args ...any) { n.add(fmt.Sprintf(format, args...)) }

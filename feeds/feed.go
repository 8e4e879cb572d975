package feeds

import (
	"maps"
	"slices"
)

// Feed is a published selection with a name.
type Feed struct {
	Path     string // "all", "region/americas", "topic/protection", or a name from the configuration
	Born     string // the Path that it began with, which stays in its id; "" when that is Path
	Title    string
	Subtitle string
	Language string // of the feed when one language was asked for, else ""
	Query    Query
	// RawQuery is the canonical query string that narrows the feed further
	// ("lang=fr"), without "?"; "" for the feed as published. It belongs to the
	// feed's address and to its id.
	RawQuery string

	// What an operator decides for a feed of their own. The zero values are what
	// every generated feed has.

	Titles   map[string]string // by BCP 47 tag, where there are several; see TitleIn
	Prefer   []string          // the copy in the first of these is shown, where there is one; selects nothing
	Order    Order             // by what entries are sorted
	Share    Share             // the most entries that one source may have
	MaxBytes int               // of a document, in place of the site's; 0 for that
	Brief    bool              // entries carry their summaries, not their texts
	Preserve bool              // an entry's id is its shown copy's own, byte for byte
	Private  bool              // only who has a token learns of it
	Token    string            // that one reader has shown in the address of a private feed, so that what leads on through it takes it along
}

// Order is by what the entries of a feed are sorted.
type Order string

// The orders.
const (
	ByOrder  Order = ""        // newest first by Statement.Order
	ByUpdate Order = "updated" // newest first by Statement.Updated
)

// Share bounds how many entries of a feed one source may have: a number, or a
// part of the feed's limit. The zero value bounds nothing.
type Share struct {
	Entries int
	Part    float64 // 0 to 1
}

// Of gives the share of a number of entries: at least 1, and all of them when
// nothing is bounded.
func (s Share) Of(limit int) int {
	switch {
	case s.Entries > 0:
		return min(s.Entries, limit)
	case s.Part > 0:
		return max(1, int(s.Part*float64(limit)+1e-9)) // 0.29 × 100 is a hair below 29
	}
	return limit
}

// TitleIn gives the feed's title for readers of a language: the one in that
// language, else in the fallback, else in English, else the first of all by
// tag; Title where there are none.
func (f *Feed) TitleIn(language, fallback string) string {
	for _, want := range []string{language, fallback, "en"} {
		if t := f.Titles[want]; want != "" && t != "" {
			return t
		}
		for _, have := range slices.Sorted(maps.Keys(f.Titles)) {
			if SameLanguage(have, want) {
				return f.Titles[have]
			}
		}
	}
	for _, have := range slices.Sorted(maps.Keys(f.Titles)) {
		return f.Titles[have]
	}
	return f.Title
}

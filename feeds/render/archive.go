package render

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
)

// History is a document's place in its feed's history. The zero value is a feed
// that shows a part of what it selects and has no archives.
type History struct {
	// Whole says that what is left out of the document stands nowhere else: a
	// document that is too large loses texts only, never entries.
	Whole bool
	// Archive is the number of an archive document, counted from 1, the oldest
	// (RFC 5005 §4); 0 for a current one.
	Archive int
	// Before is the number of the archive document that comes before this one, 0
	// for none.
	Before int
	// Per is out of how many statements of everything each archive document is, where
	// that is not the usual number; it stands in the addresses of archives.
	Per int
	// Page is what the address of a further page of a feed has behind the feed's own
	// (RFC 5005 §3), "" for the first. A feed with archives has no pages.
	Page string
	// Next gives that of the page behind those that are shown, "" for none; nil for
	// never.
	Next func(shown []Entry) string
	// Withdrawn are statements that stood in the document (RFC 6721). Atom alone
	// can say so.
	Withdrawn []Withdrawn
	// Updated is the least that the document gives as its `updated`: a part of a
	// feed (RFC 3229) says when the feed was.
	Updated time.Time
}

// Withdrawn is a statement that is published no longer.
type Withdrawn struct {
	ID   feeds.StatementID
	When time.Time
	Into feeds.StatementID // the statement that it turned out to be, "" when it is gone
}

// PageURL gives the public address of a further page of a feed; see History.Page.
func (s Site) PageURL(f feeds.Feed, page, ext string) string {
	if page != "" && f.RawQuery != "" {
		page = f.RawQuery + "&" + page
	}
	return s.FeedURL(f.Path, ext, or(page, f.RawQuery))
}

// TokenKey is the parameter that a token may stand in: most news readers can send
// nothing but an address.
const TokenKey = "token"

// WithToken gives an address with the token that opens it; without one, as it is.
func WithToken(address, token string) string {
	if token == "" {
		return address
	}
	sign := "?"
	if strings.Contains(address, "?") {
		sign = "&"
	}
	return address + sign + TokenKey + "=" + url.QueryEscape(token)
}

// Shown gives what a document shows of entries: those that FeedIn puts into it.
func (s Site) Shown(format Format, f feeds.Feed, entries []Entry) []Entry {
	return s.document(format, f, entries, History{}).entries
}

// ArchiveURL gives the public address of an archive document; see History.Per.
func (s Site) ArchiveURL(path string, number, per int, ext, rawQuery string) string {
	u := s.url("/archive/" + escapePath(path) + "/" + strconv.Itoa(number) + "." + ext)
	if per > 0 {
		if rawQuery != "" {
			rawQuery += "&"
		}
		rawQuery += "per=" + strconv.Itoa(per)
	}
	if rawQuery != "" {
		u += "?" + rawQuery
	}
	return webURL(u)
}

// atomDeleted is at:deleted-entry (RFC 6721 §3).
type atomDeleted struct {
	Ref     string      `xml:"ref,attr"`
	When    string      `xml:"when,attr"`
	Comment atomComment `xml:"at:comment"`
}

type atomComment struct {
	Lang string `xml:"xml:lang,attr"`
	Text string `xml:",chardata"`
}

func (d *document) deleted() []atomDeleted {
	out := make([]atomDeleted, 0, len(d.history.Withdrawn))
	for _, w := range d.history.Withdrawn {
		comment := "This statement was withdrawn."
		if w.Into != "" {
			comment = "This statement turned out to be another telling of one that is published as " + d.site.Permalink(w.Into)
		}
		out = append(out, atomDeleted{d.site.StatementURI(w.ID), rfc3339(w.When), atomComment{"en", comment}})
	}
	return out
}

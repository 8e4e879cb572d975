package serve

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/render"
)

// A feed without archives shows a window: the newest few, those that changed last,
// or no more of one source than its share. What the window leaves out follows on
// further pages (RFC 5005 §3), newest first by Order whatever the window is sorted
// by. Pages for people go on in the same way.
//
// Where the window is no beginning of that order, the addresses of its further pages
// say what stood in it: it may be another one by the time that they are asked for,
// and what came into it or left it meanwhile would be lost or shown twice.

// afterKey is the parameter of further pages: where they begin.
const afterKey = "after"

// place is where a page begins: the zero value is the first page.
type place struct {
	further bool
	after   feeds.Cursor // the zero value is the newest of what the window left out
	there   marks        // of what stood in the window; nil for what stands in it now
}

// marks are five octets for each of some statements, in order: enough that one in
// ten thousand walks through a million statements takes one for another.
type marks []byte

const (
	markSize = 5
	// mostMarked is of how many statements marks fit into an address.
	mostMarked = 350
)

// marksOf gives nil for more statements than fit into an address.
func marksOf(ids []feeds.StatementID) marks {
	if len(ids) > mostMarked {
		return nil
	}
	all := make([][markSize]byte, len(ids))
	for i, id := range ids {
		all[i] = markOf(id)
	}
	slices.SortFunc(all, func(a, b [markSize]byte) int { return bytes.Compare(a[:], b[:]) })
	out := make(marks, 0, markSize*len(all))
	for i := range all {
		out = append(out, all[i][:]...)
	}
	return out
}

func markOf(id feeds.StatementID) (m [markSize]byte) {
	sum := sha256.Sum256([]byte(id))
	copy(m[:], sum[:])
	return m
}

func (m marks) has(id feeds.StatementID) bool {
	want, n := markOf(id), len(m)/markSize
	i := sort.Search(n, func(i int) bool { return bytes.Compare(m[i*markSize:(i+1)*markSize], want[:]) >= 0 })
	return i < n && bytes.Equal(m[i*markSize:(i+1)*markSize], want[:])
}

func (m marks) text() string { return base64.RawURLEncoding.EncodeToString(m) }

// fromStart is how a place at the newest is written.
const fromStart = "start"

func placeOf(raw string) (place, error) {
	if raw == "" {
		return place{}, nil
	}
	at := place{further: true}
	order, id, ok := strings.Cut(raw, ".")
	var there string
	if order == fromStart {
		id, there = "", id
	} else {
		id, there, _ = strings.Cut(id, ".")
	}
	var err error
	if there != "" {
		if at.there, err = base64.RawURLEncoding.DecodeString(there); len(at.there)%markSize != 0 || len(at.there) > mostMarked*markSize {
			err = errors.New("too short, or too long")
		}
	}
	if order == fromStart && err == nil {
		return at, nil
	}
	n, wrong := strconv.ParseInt(order, 36, 64)
	if !ok || err != nil || wrong != nil || id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" { // it goes into links
		return place{}, bad(afterKey, fmt.Sprintf("after=%s is not a place in the order of statements; follow a page's link to older ones", short(raw))).as("reason.not-a-place", "value", short(raw))
	}
	at.after = feeds.Cursor{Order: time.Unix(0, n).UTC(), ID: feeds.StatementID(id)}
	return at, nil
}

// text is how a place on further pages is written.
func (at *place) text() string {
	out := fromStart
	if !at.after.IsZero() {
		out = strconv.FormatInt(at.after.Order.UnixNano(), 36) + "." + string(at.after.ID)
	}
	if len(at.there) > 0 {
		out += "." + at.there.text()
	}
	return out
}

// scattered reports whether a feed's window is more than the beginning of what it
// selects.
func scattered(f feeds.Feed) bool { return f.Order != feeds.ByOrder || f.Share != (feeds.Share{}) }

// selectedFrom selects for a page of a feed. window gives what stands on the first one; it
// is asked only where that is scattered, and nil for all that is selected.
func (s *Server) selectedFrom(f feeds.Feed, at place, window func() ([]feeds.StatementID, error), size int) (selection, error) {
	if !at.further {
		return s.selected(f)
	}
	further := f
	further.Order, further.Share = feeds.ByOrder, feeds.Share{}
	further.Query.After, further.Query.Limit = at.after, size
	if !scattered(f) {
		return s.selected(further)
	}
	if at.there != nil {
		further.Query.Limit = size + len(at.there)/markSize
		return s.without(further, size, at.there.has)
	}
	if window == nil {
		window = func() ([]feeds.StatementID, error) {
			sel, err := s.selected(f)
			return sel.ids, err
		}
	}
	there, err := window()
	if err != nil {
		return selection{}, err
	}
	further.Query.Limit = size + len(there)
	return s.without(further, size, func(id feeds.StatementID) bool { return slices.Contains(there, id) })
}

// without selects so many of a feed without some, as many as its limit is greater.
func (s *Server) without(f feeds.Feed, size int, some func(feeds.StatementID) bool) (selection, error) {
	found, err := s.choose(f)
	if err != nil {
		return selection{}, err
	}
	heads := found.Heads[:0]
	for _, h := range found.Heads {
		if some(h.ID) {
			continue
		}
		if len(heads) == size {
			found.More = true
			break
		}
		heads = append(heads, h)
	}
	found.Heads = heads
	sel := selectionIn(found)
	if found.More {
		sel.more = sel.last
	}
	return sel, nil
}

// behind gives the place of the page that follows one which shows those of its
// selection, "" when nothing does.
func (s *Server) behind(f feeds.Feed, at place, sel selection, shown []feeds.StatementID) (string, error) {
	if len(shown) == 0 {
		return "", nil
	}
	if scattered(f) && !at.further {
		rest, err := s.selectedFrom(f, place{further: true}, func() ([]feeds.StatementID, error) { return shown, nil }, 1)
		if err != nil || len(rest.ids) == 0 {
			return "", err
		}
		return (&place{there: marksOf(shown)}).text(), nil
	}
	last := shown[len(shown)-1]
	if last == sel.last.ID {
		if sel.more.IsZero() {
			return "", nil
		}
		return (&place{after: sel.last, there: at.there}).text(), nil
	}
	st, _, ok, err := s.o.Store.Statement(last) // the document was too large for the rest
	if err != nil || !ok {
		return "", err
	}
	return (&place{after: feeds.Cursor{Order: st.Order, ID: last}, there: at.there}).text(), nil
}

// window prepares a page of a feed without archives.
func (s *Server) window(f feeds.Feed, at place, format render.Format) *prepared {
	size := usualLimit
	if hasLimit(f.RawQuery) || f.Query.Limit > usualLimit {
		size = cmp.Or(f.Query.Limit, usualLimit)
	}
	shown := func(entries []render.Entry) []feeds.StatementID {
		ids := make([]feeds.StatementID, len(entries))
		for i := range entries {
			ids[i] = entries[i].ID
		}
		return ids
	}
	firstPage := func() ([]feeds.StatementID, error) {
		sel, err := s.selected(f)
		if err != nil {
			return nil, err
		}
		entries, err := s.rendered(f, format, sel)
		return shown(s.o.Site.Shown(format, f, entries)), err
	}
	page := ""
	if at.further {
		page = afterKey + "=" + at.text()
	}
	p := &prepared{}
	p.heads = func() (uint64, error) {
		sel, err := s.selectedFrom(f, at, firstPage, size)
		p.found = &sel
		return sel.mark, err
	}
	p.make = func() (*document, error) {
		sel := *p.found
		entries, err := s.rendered(f, format, sel)
		if err != nil {
			return nil, err
		}
		next := ""
		var failed error
		body, err := s.o.Site.FeedIn(format, f, entries, render.History{Page: page, Next: func(there []render.Entry) string {
			next, failed = s.behind(f, at, sel, shown(there))
			if next != "" {
				next = afterKey + "=" + next
			}
			return next
		}})
		if err = cmp.Or(failed, err); err != nil {
			return nil, err
		}
		if sel.changed.IsZero() {
			sel.changed = s.o.Site.Since()
		}
		doc := newDocument(body, format.MediaType()+"; charset=utf-8", sel.changed, s.o.MaxAge)
		s.asFeed(doc, f, format)
		link := s.linkHeader(f, format)
		if at.further {
			link = relation(s.o.Site.PageURL(f, page, string(format)), "self", format) + ", " + relation(render.WithToken(s.o.Site.FeedURL(f.Path, string(format), f.RawQuery), f.Token), "first", format)
			doc.set("X-Robots-Tag", "noindex")
		}
		if next != "" {
			link += ", " + relation(render.WithToken(s.o.Site.PageURL(f, next, string(format)), f.Token), "next", format)
		}
		doc.set("Link", link)
		return doc, nil
	}
	return p
}

package serve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/render"
	"communique/storage"
)

// selection is what a feed holds now.
type selection struct {
	ids     []feeds.StatementID
	seqs    []uint64
	changed time.Time
	last    feeds.Cursor // the place of the last
	more    feeds.Cursor // where what follows begins, zero when nothing does
	mark    uint64
	top     uint64 // the last fact that touched any of it

	// Of a feed with archives:
	whole     bool
	before    int // documents
	per       int // see render.History
	withdrawn []storage.Withdrawal
	updated   time.Time // of the document
}

// selected asks the store for a feed's statements, without their contents. The
// mark changes when any of them, or their order, does.
func (s *Server) selected(f feeds.Feed) (selection, error) {
	page, err := s.choose(f)
	if errors.Is(err, storage.ErrQuery) {
		return selection{}, refuse(http.StatusBadRequest, err.Error()).as("reason.too-much")
	}
	if err != nil {
		return selection{}, err
	}
	return selectionIn(page), nil
}

func selectionIn(page storage.Page) selection {
	sel := selectionOf(page.Heads)
	if page.More {
		sel.more = page.Next
		sel.mark++ // that something comes behind stands in documents
	}
	return sel
}

func selectionOf(heads []storage.Head) selection {
	sel := selection{}
	for _, head := range heads {
		sel.ids, sel.seqs = append(sel.ids, head.ID), append(sel.seqs, head.Seq)
		sel.last = feeds.Cursor{Order: head.Order, ID: head.ID}
		sel.note(head.ID, head.Seq, head.Changed)
	}
	return sel
}

// note lets the mark, the top and the time of the last change know of a statement.
func (sel *selection) note(id feeds.StatementID, seq uint64, changed time.Time) {
	h := fnv.New64a()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], sel.mark)
	h.Write(b[:])
	h.Write([]byte(id))
	binary.BigEndian.PutUint64(b[:], seq)
	h.Write(b[:])
	sel.mark, sel.top = h.Sum64(), max(sel.top, seq)
	if changed.After(sel.changed) {
		sel.changed = changed
	}
}

// document prepares a feed with archives in one format.
func (s *Server) document(f feeds.Feed, format render.Format) *prepared {
	p := &prepared{}
	p.heads = func() (uint64, error) {
		sel, err := s.standing(f)
		p.found = &sel
		return sel.mark, err
	}
	p.make = func() (*document, error) {
		sel := *p.found
		entries, err := s.rendered(f, format, sel)
		if err != nil {
			return nil, err
		}
		body, err := s.o.Site.FeedIn(format, f, entries, sel.history())
		if err != nil {
			return nil, err
		}
		if sel.changed.IsZero() {
			sel.changed = s.o.Site.Since()
		}
		doc := newDocument(body, format.MediaType()+"; charset=utf-8", sel.changed, s.o.MaxAge)
		s.asFeed(doc, f, format)
		for i := range entries {
			if entries[i].Updated.After(sel.updated) {
				sel.updated = entries[i].Updated
			}
		}
		doc.set("Vary", "Accept-Encoding, A-IM")
		(&deltas{server: s, feed: f, format: format, sel: sel, query: fmt.Sprintf("%+v %q", f.Query, f.Prefer)}).tagged(doc)
		if sel.before > 0 {
			doc.set("Link", s.linkHeader(f, format)+", "+relation(render.WithToken(s.o.Site.ArchiveURL(f.Path, sel.before, sel.per, string(format), f.RawQuery), f.Token), "prev-archive", format))
		}
		return doc, nil
	}
	return p
}

// asFeed gives a document the headers of a feed's documents.
func (s *Server) asFeed(doc *document, f feeds.Feed, format render.Format) {
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Access-Control-Expose-Headers", "ETag, Last-Modified, Link, IM, Delta-Base")
	doc.set("Content-Disposition", `inline; filename="`+fileName(f.Path)+"."+string(format)+`"`)
	doc.set("Link", s.linkHeader(f, format))
}

// rendered gives the entries of a selection, from the cache where they are.
func (s *Server) rendered(f feeds.Feed, format render.Format, sel selection) ([]render.Entry, error) {
	languages := render.Languages(f)
	key := entryKey{format: format, language: strings.Join(languages, ","), brief: f.Brief, preserve: f.Preserve}
	one := s.o.Site.Entry
	if f.Preserve {
		one = s.o.Site.Preserved
	}
	entries := make([]render.Entry, len(sel.ids))
	err := s.fragments(&sel, key, func(i int, f fragment) { entries[i] = f.Entry }, func(st *feeds.Statement) (made fragment, err error) {
		if f.Brief {
			shorten(st)
		}
		made.Entry, err = one(format, st, languages...)
		return made, err
	})
	return entries, err
}

// fragments calls each with what is written of the statements of a selection, by
// their places in it, from the cache where it is there by the key, else as one makes
// it. Statements that left between two looks are passed over: the next is right again.
func (s *Server) fragments(sel *selection, key entryKey, each func(i int, f fragment), one func(*feeds.Statement) (fragment, error)) error {
	var missing []feeds.StatementID
	var places []int
	for i, id := range sel.ids {
		key.id, key.seq = id, sel.seqs[i]
		f, ok := s.entries.Get(key)
		if !ok {
			missing, places = append(missing, id), append(places, i)
			continue
		}
		each(i, f)
	}
	sts, err := s.o.Store.Statements(missing...)
	if err != nil {
		return err
	}
	byID := make(map[feeds.StatementID]*feeds.Statement, len(sts))
	for i := range sts {
		byID[sts[i].ID] = &sts[i]
	}
	for _, i := range places {
		st := byID[sel.ids[i]]
		if st == nil {
			continue
		}
		f, err := one(st)
		if err != nil {
			return err
		}
		each(i, f)
		key.id, key.seq = st.ID, st.Seq
		s.entries.Put(key, f)
	}
	return nil
}

// shorten leaves the summaries of a statement that has them.
func shorten(st *feeds.Statement) {
	for c := range st.Copies {
		if st.Copies[c].Summary != "" {
			st.Copies[c].Content = ""
		}
	}
}

// linkHeader names the feed itself and its hub (RFC 8288, WebSub §4).
func (s *Server) linkHeader(f feeds.Feed, format render.Format) string {
	link := relation(s.o.Site.FeedURL(f.Path, string(format), f.RawQuery), "self", format)
	if s.o.Site.Hub != "" && !f.Private {
		link += ", <" + s.o.Site.Hub + `>; rel="hub"`
	}
	return link
}

// fileName turns a feed's path into a name to save it under.
func fileName(path string) string {
	b := []byte(path)
	for i, c := range b {
		if c == '/' {
			b[i] = '-'
		}
	}
	return string(b)
}

// FeedsOPML gives the list of all feeds that have something in them.
func (s *Server) FeedsOPML() ([]byte, error) {
	body, _, err := s.listOPML()
	return body, err
}

// listOPML gives that list and when what is in the feeds last changed.
func (s *Server) listOPML() ([]byte, time.Time, error) {
	own := s.own()
	groups, counts, err := s.published(own)
	if err != nil {
		return nil, time.Time{}, err
	}
	var outlines []render.Outline
	for _, g := range groups {
		folder := render.Outline{Text: own.Say(g.title)}
		for _, f := range g.feeds {
			folder.Outlines = append(folder.Outlines, s.o.Site.FeedOutline(f.Feed))
		}
		outlines = append(outlines, folder)
	}
	body, err := render.OPML(s.o.Site, "Feeds of "+s.o.Site.Title, counts.All.Newest, outlines...)
	return body, counts.All.Newest, err
}

// feedsOPML prepares the list of all feeds.
func (s *Server) feedsOPML() (*document, error) {
	body, newest, err := s.listOPML()
	if err != nil {
		return nil, err
	}
	doc := newDocument(body, "text/x-opml; charset=utf-8", newest, s.o.MaxAge)
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Content-Disposition", `inline; filename="feeds.opml"`)
	return doc, nil
}

package serve

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/feeds/render"
	"communique/storage"
)

// archiveAge is how long an archive document may be kept without asking. It never
// changes but for a withdrawal, which should not take longer than a day to reach
// everybody.
const archiveAge = 24 * time.Hour

// divisions remembers how feeds are divided into documents. What was not used for a
// whole generation is forgotten, and made again from the register when it is
// asked for.
type divisions struct {
	mu    sync.Mutex
	max   int
	now   map[string]*storage.Archive
	older map[string]*storage.Archive
}

// sweepAt is after how many more divisions their size is looked at.
const sweepAt = 16

func newDivisions(max int) *divisions {
	return &divisions{max: max, now: map[string]*storage.Archive{}}
}

// of gives a feed's division, nil when it has no archives: when it was asked for
// with a limit, or is published with a limit below ArchiveKeep, with
// another order, with shares or a size budget, or with publishers' ids, which
// may stand for several statements. Such a feed's document is a window: what it
// leaves out stands on further pages (window.go).
func (d *divisions) of(f feeds.Feed) *storage.Archive {
	if f.Order != feeds.ByOrder || f.Share != (feeds.Share{}) || f.Preserve || f.MaxBytes > 0 || f.Query.Limit > 0 && f.Query.Limit < storage.ArchiveKeep || hasLimit(f.RawQuery) {
		return nil
	}
	key := f.Path + "?" + f.RawQuery
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.now[key]
	if a == nil {
		if a = d.older[key]; a == nil {
			var err error
			if a, err = storage.NewArchive(f.Query, f.Query.Limit); err != nil {
				return nil
			}
		}
		d.now[key] = a
		if len(d.now)%sweepAt != 0 {
			return a
		}
		size := 0
		for _, a := range d.now {
			size += a.Size()
		}
		if size > d.max/2 {
			d.older, d.now = d.now, map[string]*storage.Archive{key: a}
		}
	}
	return a
}

func hasLimit(rawQuery string) bool {
	return strings.HasPrefix(rawQuery, "limit=") || strings.Contains(rawQuery, "&limit=")
}

// standing is selected for a feed's document: of a feed with archives, all that
// stands in none of them.
func (s *Server) standing(f feeds.Feed) (selection, error) {
	a := s.divisions.of(f)
	if a == nil {
		return s.selected(f)
	}
	now, err := s.o.Store.Standing(a)
	if errors.Is(err, storage.ErrQuery) {
		return selection{}, refuse(http.StatusBadRequest, err.Error()).as("reason.too-much")
	}
	if errors.Is(err, storage.ErrDamaged) {
		return s.selected(f) // how it is divided is not known; what is new in it is
	}
	if err != nil {
		return selection{}, err
	}
	sel := selectionOf(now.Heads)
	sel.whole, sel.before, sel.per = true, now.Documents, perOf(now.Per)
	for _, w := range now.Withdrawn {
		sel.note(w.ID, w.Seq, w.When)
		sel.withdrawn = append(sel.withdrawn, w)
	}
	sel.mark = (sel.mark*31+uint64(now.Documents))*31 + uint64(sel.per)
	return sel, nil
}

// history gives a selection's place in its feed's history.
func (sel *selection) history() render.History {
	h := render.History{Whole: sel.whole, Before: sel.before, Per: sel.per, Withdrawn: withdrawals(sel.withdrawn), Updated: sel.updated}
	for _, w := range h.Withdrawn { // to lose an entry is a change of the feed, too
		if w.When.After(h.Updated) {
			h.Updated = w.When
		}
	}
	return h
}

// perKey is the parameter of archives that says out of how many statements of
// everything each is, where that is not usualPer: of a search for what is rare.
const perKey = "per"

const usualPer = 50

// perOf gives a number of statements as it stands in addresses, 0 for the usual.
func perOf(per int) int {
	if per == usualPer {
		return 0
	}
	return per
}

func withdrawals(from []storage.Withdrawal) []render.Withdrawn {
	var out []render.Withdrawn
	for _, w := range from {
		out = append(out, render.Withdrawn{ID: w.ID, When: w.When, Into: w.Into})
	}
	return out
}

// archiveAt resolves what follows /archive/: a feed's name, a number, a format.
func (s *Server) archiveAt(rest, rawQuery string) (*prepared, error) {
	return s.archiveOf(rest, rawQuery, s.feed)
}

// archiveOf is archiveAt among the feeds that byName gives.
func (s *Server) archiveOf(rest, rawQuery string, byName func(string) (feeds.Feed, error)) (*prepared, error) {
	name, ext := extension(rest)
	i := strings.LastIndexByte(name, '/')
	number, err := strconv.Atoi(name[i+1:])
	format := render.Format(ext)
	if i < 1 || err != nil || number < 0 || strconv.Itoa(number) != name[i+1:] || !slices.Contains(render.Formats(), format) {
		return nil, refuse(http.StatusNotFound, "archives are numbered documents, such as /archive/all/1.atom; a feed's current document links the newest of its own as prev-archive. Feeds stand at:", "/feeds").as("reason.not-an-archive")
	}
	f, err := byName(name[:i])
	if err != nil {
		return nil, err
	}
	if f, err = s.narrowed(f, rawQuery); err != nil {
		return nil, err
	}
	current := "/feeds/" + f.Path + "." + ext + query(f.RawQuery)
	if s.divisions.of(f) == nil {
		return nil, refuse(http.StatusNotFound, "a feed with a limit, or with an order, shares, size or ids of its own, has pages and no archives; it begins at:", current).as("reason.no-archives")
	}
	values, _ := url.ParseQuery(rawQuery) // narrowed has refused what cannot be read
	per := usualPer
	if raw := values.Get(perKey); raw != "" {
		if per, err = strconv.Atoi(raw); err != nil || per < 1 {
			return nil, bad(perKey, fmt.Sprintf("%s=%s: want a number as it stands in the links of archives", perKey, short(raw))).as("reason.per", "value", short(raw))
		}
	}
	absent := func(documents int) error {
		if number > 0 && number <= documents {
			return refuse(http.StatusNotFound, fmt.Sprintf("there is no archive with %s=%d of this feed; follow the links of its documents, which begin at:", perKey, per), current).as("reason.per", "value", per)
		}
		have := "no archives yet"
		if documents > 0 {
			have = fmt.Sprintf("the archives 1 to %d", documents)
		}
		return refuse(http.StatusNotFound, fmt.Sprintf("there is no archive %d of this feed; it has %s, and what is newer stands at:", number, have), current).as("reason.no-archive", "number", number, "max", documents)
	}
	mark := func() (uint64, error) {
		a := s.divisions.of(f)
		m, err := s.o.Store.ArchivedMark(a, number, per)
		if m == 0 && err == nil {
			now, err := s.o.Store.Standing(a)
			return 0, errors.Join(err, absent(now.Documents))
		}
		return m, err
	}
	if _, err := mark(); err != nil {
		return nil, err
	}
	return &prepared{heads: mark, make: func() (*document, error) {
		return s.archive(f, number, per, format, absent)
	}}, nil
}

// archive makes an archive document.
func (s *Server) archive(f feeds.Feed, number, per int, format render.Format, absent func(int) error) (*document, error) {
	got, ok, err := s.o.Store.Archived(s.divisions.of(f), number, per)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, absent(got.Documents)
	}
	entries := make([]render.Entry, len(got.Statements))
	for i := range got.Statements {
		if f.Brief {
			shorten(&got.Statements[i])
		}
		if entries[i], err = s.o.Site.Entry(format, &got.Statements[i], render.Languages(f)...); err != nil {
			return nil, err
		}
	}
	body, err := s.o.Site.FeedIn(format, f, entries, render.History{Whole: true, Archive: number, Before: number - 1, Per: perOf(per), Withdrawn: withdrawals(got.Withdrawn)})
	if err != nil {
		return nil, err
	}
	doc := newDocument(body, format.MediaType()+"; charset=utf-8", got.Sealed, archiveAge)
	s.asFeed(doc, f, format)
	doc.set("Cache-Control", fmt.Sprintf("public, max-age=%d, stale-if-error=86400", int(archiveAge.Seconds())))
	doc.set("Content-Disposition", `inline; filename="`+fileName(f.Path)+"-"+strconv.Itoa(number)+"."+string(format)+`"`)
	at := func(n int) string { return s.o.Site.ArchiveURL(f.Path, n, perOf(per), string(format), f.RawQuery) }
	link := relation(at(number), "self", format) +
		", " + relation(render.WithToken(s.o.Site.FeedURL(f.Path, string(format), f.RawQuery), f.Token), "current", format)
	if number > 1 {
		link += ", " + relation(render.WithToken(at(number-1), f.Token), "prev-archive", format)
	}
	if number < got.Documents {
		// It stands here only: in the document it would change what was written.
		link += ", " + relation(render.WithToken(at(number+1), f.Token), "next-archive", format)
	}
	doc.set("Link", link)
	return doc, nil
}

// relation is a member of a Link header (RFC 8288 §3).
func relation(url, rel string, format render.Format) string {
	return "<" + url + `>; rel="` + rel + `"; type="` + format.MediaType() + `"`
}

// Package dedup answers two questions about an item that has been cleaned: who
// is it (the same item of its source as before, perhaps corrected, or a new
// one), and which statement is it (one that another copy has told before, or a
// new one).
//
// It decides on exact evidence: guid, link, text and title with date. It does
// not clean: normalize makes the canonical link and the text view it reads.
// Start at Placer.Place.
package dedup

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"communique/feeds"
)

// Kinds of feeds.Key. Those "within the source" have the source's id in their
// hash.
const (
	ByGUID       = 'g' // guid, within the source
	ByLink       = 'l' // canonical link, over all sources
	BySourceLink = 's' // canonical link, within the source
	ByText       = 't' // title and text without dateline and boilerplate, over all sources
	ByTitleDate  = 'd' // title and day of publication, within the source
	ByContent    = 'c' // all that there is, within the source, for items that have neither guid nor link
)

// Known is what is remembered of an item that has been placed.
type Known struct {
	Item      feeds.ItemKey
	Statement feeds.StatementID
	FirstSeen time.Time
	GUID      string
	Link      string // as published
	Title     string
	Published time.Time // as the publisher said, zero when it did not
	Language  string
	Changed   time.Time // last change that matters
}

// Placement is what Place decided.
type Placement struct {
	Item      feeds.ItemKey
	Statement feeds.StatementID
	Seen      bool           // the item was known: this is a visit or a revision, not news
	Repeated  bool           // the very same item stood earlier in the same document
	Relation  feeds.Relation // for an item that was not known
	Of        feeds.ItemKey
	OfChanged time.Time // when the copy that it was matched to last changed
	Why       string
	Score     float32
	Keys      []feeds.Key
	Join      []feeds.StatementID // other statements that this item shows to be the same as Statement
	Notes     []string
}

// Options are the Placer's eyes: how it sees what is stored.
type Options struct {
	// Find gives the items that carry any of the keys, oldest first; statement
	// ids are after redirects.
	Find func(keys []feeds.Key) (map[feeds.Key][]Known, error)
}

// Placer places items. It is safe for concurrent use by several sources; one
// source is placed by one caller at a time. What it has placed but its caller
// has not yet stored is claimed, so that two sources which bring the same
// statement at the same moment agree on it.
type Placer struct {
	find func([]feeds.Key) (map[feeds.Key][]Known, error)

	mu     sync.Mutex
	claims map[feeds.Key][]Known
}

// New makes a Placer.
func New(o Options) *Placer {
	return &Placer{find: o.Find, claims: map[feeds.Key][]Known{}}
}

// Place decides for every draft of one document, in document order: the same
// journal and the same document give the same placements. When the caller has
// stored (or given up) what came of it, it must call release.
func (p *Placer) Place(src feeds.Source, drafts []feeds.Draft, now time.Time) (placed []Placement, release func(), err error) {
	keys := make([]marks, len(drafts))
	var all []feeds.Key
	for i := range drafts {
		keys[i] = markOf(src, &drafts[i])
	}
	dropShared(drafts, keys)
	for i := range keys {
		if m := &keys[i]; m.guid == (feeds.Key{}) && m.sourceLink == (feeds.Key{}) {
			m.content = feeds.Key{Kind: ByContent, Hash: hash(append([]string{string(src.ID)}, allOf(&drafts[i])...)...)}
		}
	}

	for i := range keys {
		all = append(all, keys[i].list()...)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	found, err := p.find(all)
	if err != nil {
		return nil, func() {}, fmt.Errorf("place %d items of %s: %w", len(drafts), src.ID, err)
	}
	renamed := strangers(drafts, keys, found)
	var claimed []feeds.Key
	placed = make([]Placement, len(drafts))
	here := map[feeds.ItemKey]bool{}
	for i := range drafts {
		look := func(k feeds.Key) []Known {
			if k == (feeds.Key{}) {
				return nil
			}
			return slices.Concat(found[k], p.claims[k])
		}
		pl := place(src, &drafts[i], &keys[i], renamed, look)
		if pl.Repeated = here[pl.Item]; !pl.Repeated {
			here[pl.Item] = true
		}
		placed[i] = pl
		d := &drafts[i]
		known := Known{Item: pl.Item, Statement: pl.Statement, FirstSeen: now, GUID: d.ID, Link: d.Link,
			Title: d.Title, Published: d.Published, Language: d.Language, Changed: FirstChange(d, now)}
		for _, k := range pl.Keys {
			p.claims[k] = append(p.claims[k], known)
			claimed = append(claimed, k)
		}
	}
	return placed, func() { p.release(src.ID, claimed) }, nil
}

// FirstChange is when an item that is seen for the first time last changed in
// a way that matters, as far as its publisher can be believed: never in the
// future, and never invented where it says something.
func FirstChange(d *feeds.Draft, now time.Time) time.Time {
	at := d.Published
	if d.Updated.After(at) && !d.Updated.After(now) {
		at = d.Updated
	}
	if at.IsZero() || at.After(now) {
		return now
	}
	return at
}

// release forgets the claims of one source.
func (p *Placer) release(src feeds.SourceID, keys []feeds.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range keys {
		left := slices.DeleteFunc(p.claims[k], func(c Known) bool { return c.Item.Source() == src })
		if len(left) == 0 {
			delete(p.claims, k)
		} else {
			p.claims[k] = left
		}
	}
}

// marks are the keys of one draft by kind; the zero Key stands for "has none".
type marks struct {
	guid, link, sourceLink, text, titleDate, content feeds.Key
	linkShared                                       bool // several items of the document have this link, so it identifies none
	guidShared                                       bool
}

func (m *marks) list() []feeds.Key {
	out := make([]feeds.Key, 0, 6)
	for _, k := range []feeds.Key{m.guid, m.link, m.sourceLink, m.text, m.titleDate, m.content} {
		if k != (feeds.Key{}) {
			out = append(out, k)
		}
	}
	return out
}

// markOf computes the keys that the source's settings allow.
func markOf(src feeds.Source, d *feeds.Draft) marks {
	var m marks
	s := string(src.ID)
	link := d.Canonical
	if link == "" {
		link = d.Permalink
	}
	believe := func(what string) bool {
		switch src.Identity {
		case "guid", "link", "title_date", "content":
			return what == src.Identity || what == "content"
		}
		return !src.Distrusts(what)
	}
	if d.ID != "" && believe("guid") {
		m.guid = feeds.Key{Kind: ByGUID, Hash: hash(s, d.ID)}
	}
	if link != "" && !src.Distrusts("link") {
		m.link = LinkKey(link)
		if believe("link") {
			m.sourceLink = feeds.Key{Kind: BySourceLink, Hash: hash(s, link)}
		}
	}
	if text := fold(d.Text.Body); strings.Count(text, " ") >= minTextWords {
		m.text = feeds.Key{Kind: ByText, Hash: hash(fold(d.Text.Title), text)}
	}
	if title := fold(d.Title); title != "" && !d.Published.IsZero() && (believe("title_date") || src.Identity == "") {
		m.titleDate = feeds.Key{Kind: ByTitleDate, Hash: hash(s, title, d.Published.Format(time.DateOnly))}
	}
	return m
}

// minTextWords is how long a text must be for equality to mean something: what
// is shorter ("Read the statement in full on our site") is said by anyone.
const minTextWords = 12

// dropShared takes away guids and links that several different items of one
// document have: a feed whose guids are all its home page, or a list of
// answers that all link to one page.
func dropShared(drafts []feeds.Draft, ms []marks) {
	type holder struct {
		first  int
		shared bool
	}
	shared := func(key func(*marks) feeds.Key, same func(a, b *feeds.Draft) bool, mark func(*marks)) {
		held := map[feeds.Key]*holder{}
		for i := range ms {
			k := key(&ms[i])
			if k == (feeds.Key{}) {
				continue
			}
			if h := held[k]; h == nil {
				held[k] = &holder{first: i}
			} else if !same(&drafts[h.first], &drafts[i]) {
				h.shared = true
			}
		}
		for i := range ms {
			if h := held[key(&ms[i])]; h != nil && h.shared {
				mark(&ms[i])
			}
		}
	}
	shared(func(m *marks) feeds.Key { return m.guid },
		func(a, b *feeds.Draft) bool { return a.Link == b.Link || fold(a.Title) == fold(b.Title) },
		func(m *marks) { m.guidShared = true })
	shared(func(m *marks) feeds.Key { return m.link },
		func(a, b *feeds.Draft) bool { return a.ID == b.ID || fold(a.Title) == fold(b.Title) },
		func(m *marks) { m.linkShared = true })
	shared(func(m *marks) feeds.Key { return m.titleDate },
		func(a, b *feeds.Draft) bool { return a.ID == b.ID && a.Link == b.Link },
		func(m *marks) { m.titleDate = feeds.Key{} })
	for i := range ms {
		m := &ms[i]
		if m.guidShared {
			m.guid = feeds.Key{}
		}
		if m.linkShared {
			m.link, m.sourceLink = feeds.Key{}, feeds.Key{}
		}
	}
}

// place decides for one draft.
func place(src feeds.Source, d *feeds.Draft, m *marks, renamed bool, look func(feeds.Key) []Known) Placement {
	pl := Placement{Keys: m.list()}
	if m.guidShared {
		pl.Notes = append(pl.Notes, "guid is shared by several items and was not believed")
	}
	if m.linkShared {
		pl.Notes = append(pl.Notes, "link is shared by several items and identifies none of them")
	}
	if k, why := sameItem(src, d, m, renamed, look); k != nil {
		pl.Item, pl.Statement, pl.Seen, pl.Why = k.Item, k.Statement, true, why
		return pl
	}
	var reused bool
	pl.Item, reused = itemKey(src, d, m, look)
	if reused {
		pl.Notes = append(pl.Notes, "guid was used before for another item and was not believed")
	}
	if k, why := sameStatement(src, d, m, look); k != nil {
		pl.Statement, pl.Of, pl.OfChanged, pl.Why, pl.Score = k.Statement, k.Item, k.Changed, why, 1
		pl.Relation = feeds.IsReprint
		if d.Language != "" && k.Language != "" && !feeds.SameLanguage(d.Language, k.Language) {
			pl.Relation = feeds.IsTranslation
		}
		for _, key := range []feeds.Key{m.link, m.text} {
			for _, o := range look(key) {
				if o.Statement != pl.Statement && !slices.Contains(pl.Join, o.Statement) && (key == m.text || !otherPage(src, d, &o)) {
					pl.Join = append(pl.Join, o.Statement)
				}
			}
		}
		return pl
	}
	pl.Relation = feeds.IsOrigin
	pl.Statement = mint(src, d, m, pl.Item, look)
	return pl
}

// sameItem finds the item of the same source that d is a later reading of.
func sameItem(src feeds.Source, d *feeds.Draft, m *marks, renamed bool, look func(feeds.Key) []Known) (*Known, string) {
	ours := func(k feeds.Key) []Known {
		return slices.DeleteFunc(look(k), func(o Known) bool { return o.Item.Source() != src.ID })
	}
	title := fold(d.Title)
	// A guid that several stored items carry has been reused by its publisher.
	if same := distinct(ours(m.guid)); len(same) == 1 {
		o := &same[0]
		if !(otherLink(o.Link, d.Link) && fold(o.Title) != title && otherDate(o.Published, d.Published)) {
			return o, "same guid"
		}
	}
	for _, o := range ours(m.sourceLink) {
		if o.GUID == "" || d.ID == "" || o.GUID == d.ID || src.Identity == "link" ||
			fold(o.Title) == title || sameDate(o.Published, d.Published) {
			return &o, "same link, guid changed"
		}
	}
	if same := ours(m.content); len(same) > 0 {
		return &same[0], "same content"
	}
	for _, o := range ours(m.text) {
		if !otherDate(o.Published, d.Published) {
			return &o, "same text and date, guid and link changed"
		}
	}
	// A title and a time alone name an item only where there is nothing better:
	// two statements may well carry one title on one day.
	if renamed || src.Identity == "title_date" || m.guid == (feeds.Key{}) && m.sourceLink == (feeds.Key{}) {
		for _, o := range ours(m.titleDate) {
			if sameDate(o.Published, d.Published) {
				return &o, "same title and date, guid and link changed"
			}
		}
	}
	return nil, ""
}

// strangers reports whether a document looks as if its source had changed all
// its ids at once, as when a site moves: several items, and neither guid nor
// link of nearly any is known.
func strangers(drafts []feeds.Draft, ms []marks, found map[feeds.Key][]Known) bool {
	n := 0
	for i := range ms {
		if len(found[ms[i].guid]) == 0 && len(found[ms[i].sourceLink]) == 0 {
			n++
		}
	}
	return n >= 5 && 5*n >= 4*len(drafts)
}

// sameStatement finds the oldest item of which d is another copy.
func sameStatement(src feeds.Source, d *feeds.Draft, m *marks, look func(feeds.Key) []Known) (*Known, string) {
	var best *Known
	var why string
	take := func(o *Known, reason string) {
		if best == nil || o.FirstSeen.Before(best.FirstSeen) {
			best, why = o, reason
		}
	}
	for _, o := range look(m.link) {
		if !otherPage(src, d, &o) {
			take(&o, "same link "+d.Link)
		}
	}
	for _, o := range look(m.text) {
		take(&o, "same title and text")
	}
	return best, why
}

// otherPage reports whether o, which has d's link, is nevertheless another
// publication: one source that gives two items with different guids and titles
// the same link uses that link for several things.
func otherPage(src feeds.Source, d *feeds.Draft, o *Known) bool {
	return o.Item.Source() == src.ID && o.GUID != d.ID && fold(o.Title) != fold(d.Title)
}

// itemKey names a new item by its strongest believed mark. When the publisher
// has used the guid before, the key takes in what tells the two apart.
func itemKey(src feeds.Source, d *feeds.Draft, m *marks, look func(feeds.Key) []Known) (key feeds.ItemKey, reused bool) {
	var parts []string
	switch {
	case m.guid != (feeds.Key{}):
		parts = []string{"guid", d.ID}
		if len(look(m.guid)) > 0 {
			parts, reused = append(parts, d.Link, fold(d.Title), d.Published.UTC().Format(time.RFC3339)), true
		}
	case m.sourceLink != (feeds.Key{}):
		parts = []string{"link", d.Canonical}
		if len(look(m.sourceLink)) > 0 {
			parts = append(parts, d.ID, fold(d.Title), d.Published.UTC().Format(time.RFC3339))
		}
	default:
		parts = append([]string{"content"}, allOf(d)...)
	}
	return feeds.ItemKey(fmt.Sprintf("%s/%016x", src.ID, hash(parts...))), reused
}

// allOf gives everything that could tell one item from another.
func allOf(d *feeds.Draft) []string {
	all := []string{fold(d.Title), fold(d.Text.Body), d.Link, d.ID}
	for _, e := range d.Enclosures {
		all = append(all, e.URL)
	}
	return all
}

// mint makes a statement's id from the strongest key of its first copy: the
// canonical link, else source and guid, else the item. Two nodes that see the
// same link at the same moment mint the same id.
func mint(src feeds.Source, d *feeds.Draft, m *marks, item feeds.ItemKey, look func(feeds.Key) []Known) feeds.StatementID {
	strongest := []string{"item", string(item)}
	switch {
	case m.link != (feeds.Key{}) && len(look(m.link)) == 0:
		strongest = []string{"link", cmp.Or(d.Canonical, d.Permalink)}
	case m.guid != (feeds.Key{}) && len(look(m.guid)) == 0:
		strongest = []string{"guid", string(src.ID), d.ID}
	}
	sum := sha256.Sum256([]byte(strings.Join(strongest, "\x00")))
	return feeds.StatementID(strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])))
}

// distinct keeps one of each item.
func distinct(in []Known) []Known {
	var out []Known
	for _, k := range in {
		if !slices.ContainsFunc(out, func(o Known) bool { return o.Item == k.Item }) {
			out = append(out, k)
		}
	}
	return out
}

func otherLink(a, b string) bool { return a != "" && b != "" && a != b }

func otherDate(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && !a.Equal(b) }

func sameDate(a, b time.Time) bool { return !a.IsZero() && a.Equal(b) }

// hash gives 64 bits of the parts, which it keeps apart.
func hash(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// fold gives the words of a text in lower case, with one space between them:
// what is left of a text when its layout and punctuation do not count. The
// numbers stay, since they tell editions apart.
func fold(s string) string {
	b := make([]byte, 0, len(s))
	gap := false
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			} else if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				gap = true
				continue
			}
			if gap && len(b) > 0 {
				b = append(b, ' ')
			}
			gap = false
			b = append(b, c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if !unicode.In(r, unicode.L, unicode.N, unicode.M) {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return string(b)
}

// LinkKey is the key under which items with a canonical link are found.
func LinkKey(canonical string) feeds.Key { return feeds.Key{Kind: ByLink, Hash: hash(canonical)} }

package dedup

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/feeds"
)

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

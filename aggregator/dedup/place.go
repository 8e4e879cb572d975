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

// place decides for one draft. known is the item that it is a later reading of,
// nil when it is new; here has what its own document named before it.
func place(src feeds.Source, d *feeds.Draft, m *marks, known *match, here map[feeds.Key]*Placement, renamed bool, pinned pins, look func(feeds.Key) []Known) Placement {
	pl := Placement{Keys: m.list(), apart: pinned.apart}
	if m.guidShared {
		pl.Notes = append(pl.Notes, "guid is shared by several items and was not believed")
	}
	if m.linkShared {
		pl.Notes = append(pl.Notes, "link is shared by several items and identifies none of them")
	}
	if known != nil {
		pl.Item, pl.Statement, pl.Seen, pl.Why = known.Item, known.Statement, true, known.why
		return pl
	}
	for _, k := range m.names() {
		if o := here[k]; o != nil {
			pl.Item, pl.Statement, pl.Seen, pl.Why = o.Item, o.Statement, true, "the same document has it twice"
			return pl
		}
	}
	var reused bool
	pl.Item, reused = itemKey(src, d, m, look)
	if reused {
		pl.Notes = append(pl.Notes, "guid was used before for another item and was not believed")
	}
	same := copies(src, d, m, renamed, look)
	for _, o := range pinned.together {
		same = append(same, match{o, "a pin says so"})
	}
	same = slices.DeleteFunc(same, func(o match) bool { return slices.Contains(pinned.apart, o.Statement) })
	if len(same) == 0 {
		pl.Relation = feeds.IsOrigin
		pl.Statement = mint(src, d, m, pl.Item, look)
		return pl
	}
	k := slices.MinFunc(same, func(a, b match) int {
		return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.Statement, b.Statement))
	})
	pl.Statement, pl.Of, pl.OfChanged, pl.Why, pl.Score = k.Statement, k.Item, k.Changed, k.why, 1
	pl.Relation = feeds.IsReprint
	pl.Echo = k.why == equalText
	if d.Language != "" && k.Language != "" && !feeds.SameLanguage(d.Language, k.Language) {
		pl.Relation = feeds.IsTranslation
	}
	for _, o := range same {
		if o.Statement != pl.Statement && !slices.Contains(pl.Join, o.Statement) {
			pl.Join = append(pl.Join, o.Statement)
		}
	}
	return pl
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

// copies finds the items of which d is another copy, over all sources.
func copies(src feeds.Source, d *feeds.Draft, m *marks, renamed bool, look func(feeds.Key) []Known) []match {
	var out []match
	if !m.linkShared {
		for _, o := range look(m.link) {
			if !otherPage(src, d, &o) {
				out = append(out, match{o, "same link " + d.Link})
			}
		}
	}
	for _, o := range look(m.text) {
		if renamed || !m.short || !otherIssue(src, d, &o) {
			out = append(out, match{o, equalText})
		}
	}
	return out
}

const equalText = "same title and text"

// otherIssue reports whether o, which has d's title and short text, is another
// number of the same series: its office says it anew at another time. A reprint
// of one number follows within days.
func otherIssue(src feeds.Source, d *feeds.Draft, o *Known) bool {
	if o.Item.Source() == src.ID {
		return otherDate(o.Published, d.Published)
	}
	return otherDate(o.Published, d.Published) && d.Published.Sub(o.Published).Abs() > reprinted
}

const reprinted = 3 * 24 * time.Hour

// otherPage reports whether o, which has d's link, is nevertheless another
// publication: one source that gives two items with different guids and titles
// the same link uses that link for several things.
func otherPage(src feeds.Source, d *feeds.Draft, o *Known) bool {
	return o.Item.Source() == src.ID && (o.GUID != d.ID || d.ID == "") && fold(o.Title) != fold(d.Title)
}

// itemKey names a new item by its strongest believed mark. When the publisher
// has used the guid before, the key takes in what tells the two apart.
func itemKey(src feeds.Source, d *feeds.Draft, m *marks, look func(feeds.Key) []Known) (key feeds.ItemKey, reused bool) {
	var parts []string
	switch {
	case m.guid != (feeds.Key{}) && !m.guidShared:
		parts = []string{"guid", d.ID}
		if len(look(m.guid)) > 0 {
			parts, reused = append(parts, d.Link, fold(d.Title), d.Published.UTC().Format(time.RFC3339)), true
		}
	case m.sourceLink != (feeds.Key{}) && !m.linkShared:
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
	link, guid := "", ""
	switch {
	case m.link != (feeds.Key{}) && !m.linkShared && len(look(m.link)) == 0:
		link = cmp.Or(d.Canonical, d.Permalink)
	case m.guid != (feeds.Key{}) && !m.guidShared && len(look(m.guid)) == 0:
		guid = d.ID
	}
	return Mint(src.ID, link, guid, item)
}

// Mint makes a statement's id from the first that is given of its first copy's
// canonical link, guid (with the source) and item.
func Mint(src feeds.SourceID, link, guid string, item feeds.ItemKey) feeds.StatementID {
	strongest := []string{"item", string(item)}
	switch {
	case link != "":
		strongest = []string{"link", link}
	case guid != "":
		strongest = []string{"guid", string(src), guid}
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

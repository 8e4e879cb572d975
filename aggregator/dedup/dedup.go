// Package dedup answers two questions about an item that has been cleaned: who
// is it (the same item of its source as before, perhaps corrected, or a new
// one), and which statement is it (one that another copy has told before, or a
// new one).
//
// Exact evidence comes first: guid, link, text, title with date (place.go,
// recognize.go). An item that has none is compared with what came lately, by its
// words in its own language (match.go) and by what they mean in others (link.go);
// like.go leads to both. It does not clean: normalize makes the canonical link
// and the text view it reads. Start at Placer.Place.
package dedup

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

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
	ByNeutral    = 'n' // canonical link without its language, over all sources
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
	Threshold float32 // that Score had to reach; 0 when the evidence is exact
	Keys      []feeds.Key
	Join      []feeds.StatementID // other statements that this item shows to be the same as Statement
	Near      []feeds.Near        // other statements that came close, nearest first
	Echo      bool                // it says no more than the copy Of
	Fuller    bool                // it says far more than the copy Of, which is an excerpt of it
	Features  []byte              // for feeds.Observed: what Restore puts back; nil when they are the old ones
	Notes     []string

	apart []feeds.StatementID // what a pin keeps it apart from
}

// Options are the Placer's eyes: how it sees what is stored.
type Options struct {
	// Find gives the items that carry any of the keys, oldest first; statement
	// ids are after redirects.
	Find func(keys []feeds.Key) (map[feeds.Key][]Known, error)
	// Since gives when a statement was first seen, zero when it is not stored; it
	// is asked when two turn out to be one. nil means that the window knows.
	Since func(feeds.StatementID) (time.Time, error)
	// Text gives the language and the text view of an item that was placed; not
	// ok when it is gone. nil means that only exact evidence counts.
	Text func(feeds.ItemKey) (language string, v feeds.TextView, ok bool, err error)
	Likeness
}

// Likeness says how like two texts must be to be one statement, and among which
// sources that is asked. The zero value of each field stands for its default.
type Likeness struct {
	Window           time.Duration // between two publications that are compared; 30 days
	Threshold        float32       // of the score of near-same texts in one language; .35
	SameSource       float32       // the same within one source, where the titles differ; .6
	LinkThreshold    float32       // of the probability that two texts are translations; .7
	RelatedThreshold float32       // from which a translation that is not joined is related; .4
	NoLink           bool          // translations are not looked for
	Shadow           bool          // what is found is only told, as feeds.Near, and nothing joined by likeness
	// Groups are the sources that are compared with each other; a source that is
	// in none is compared with all that are in none. nil means that all are
	// compared with all.
	Groups map[feeds.SourceID][]string
	Pins   []Pin
}

// Pin is an operator's word on two publications, by their canonical links (see
// normalize.Canonical): they are one statement, or they are not, whatever the
// evidence.
type Pin struct {
	Links    [2]string
	Together bool
	Why      string
}

// DefaultWindow is the zero Likeness.Window.
const DefaultWindow = 30 * 24 * time.Hour

// Defaults are what the zero Likeness stands for.
func Defaults() Likeness {
	var l Likeness
	l.defaults()
	return l
}

func (l *Likeness) defaults() {
	l.Window = cmp.Or(l.Window, DefaultWindow)
	l.Threshold = cmp.Or(l.Threshold, .35)
	l.SameSource = cmp.Or(l.SameSource, .6)
	l.LinkThreshold = cmp.Or(l.LinkThreshold, .7)
	l.RelatedThreshold = cmp.Or(l.RelatedThreshold, .4)
}

// Placer places items. It is safe for concurrent use by several sources; one
// source is placed by one caller at a time. What it has placed but its caller
// has not yet stored is claimed, so that two sources which bring the same
// statement at the same moment agree on it.
type Placer struct {
	o Options

	mu       sync.Mutex
	claims   map[feeds.Key][]Known
	window   *window
	desk     desk
	scratch  scratch
	readings readings
	newcomer *newcomer // that is being placed
	restored sketch    // room for Restore
	scored   []scored  // room for siblings
	me       side      // the newcomer, as it is compared with copies in other languages
	ranked   []uint64
	places   []spot

	trace func(c *newcomer, n uint32, x *pair) // tells the tests what was weighed
}

// New makes a Placer.
func New(o Options) *Placer {
	o.Likeness.defaults()
	return &Placer{o: o, claims: map[feeds.Key][]Known{}, window: newWindow()}
}

// Place decides for every draft of one document, in document order: the same
// journal and the same document give the same placements. When the caller has
// stored what came of it, or given up, it must call release and say which.
func (p *Placer) Place(src feeds.Source, drafts []feeds.Draft, now time.Time) (placed []Placement, release func(stored bool), err error) {
	keys := make([]marks, len(drafts))
	for i := range drafts {
		keys[i] = markOf(src, &drafts[i])
	}
	share(drafts, keys)

	p.mu.Lock()
	defer p.mu.Unlock()
	found, err := p.look(src, drafts, keys)
	if err != nil {
		return nil, func(bool) {}, fmt.Errorf("place %d items of %s: %w", len(drafts), src.ID, err)
	}
	renamed := strangers(drafts, keys, found)
	known := recognize(src, drafts, keys, renamed, func(k feeds.Key) []Known {
		return slices.Concat(found[k], p.claims[k])
	})
	var claimed []feeds.Key
	placed = make([]Placement, len(drafts))
	here := map[feeds.Key]*Placement{} // under what this document itself names its items by
	seen := map[feeds.ItemKey]bool{}
	for i := range drafts {
		look := func(k feeds.Key) []Known {
			if k == (feeds.Key{}) {
				return nil
			}
			return slices.Concat(found[k], p.claims[k])
		}
		pl, m := &placed[i], &keys[i]
		*pl = place(src, &drafts[i], m, known[i], here, renamed, p.pins(&drafts[i], look), look)
		if pl.Repeated = seen[pl.Item]; !pl.Repeated {
			seen[pl.Item] = true
			sameText := slices.ContainsFunc(look(m.text), func(o Known) bool { return o.Item == pl.Item })
			err = p.weigh(src, &drafts[i], pl, now, sameText, named(&drafts[i], m, look))
		}
		if err == nil {
			err = p.keepApart(pl)
		}
		if err == nil && len(pl.Join) > 0 {
			err = p.oldest(pl)
		}
		if err != nil {
			p.free(src.ID, claimed)
			return nil, func(bool) {}, fmt.Errorf("place %d items of %s: %w", len(drafts), src.ID, err)
		}
		p.hold(pl)
		for _, k := range m.names() {
			if here[k] == nil {
				here[k] = pl
			}
		}
		d := &drafts[i]
		claim := Known{Item: pl.Item, Statement: pl.Statement, FirstSeen: now, GUID: d.ID, Link: d.Link,
			Title: d.Title, Published: d.Published, Language: d.Language, Changed: FirstChange(d, now)}
		for _, k := range pl.Keys {
			p.claims[k] = append(p.claims[k], claim)
			claimed = append(claimed, k)
		}
	}
	return placed, func(stored bool) { p.release(src.ID, claimed, placed, stored) }, nil
}

// look finds what is stored under the keys. Items whose guid and link turn out
// to have been shared by several in earlier documents get a content key.
func (p *Placer) look(src feeds.Source, drafts []feeds.Draft, keys []marks) (map[feeds.Key][]Known, error) {
	var all []feeds.Key
	for i := range keys {
		keys[i].nameByContent(src, &drafts[i])
		all = append(all, keys[i].list()...)
		for _, link := range drafts[i].Alternate {
			all = append(all, LinkKey(link))
		}
		for _, link := range append(p.pinned(&drafts[i], true), p.pinned(&drafts[i], false)...) {
			all = append(all, LinkKey(link))
		}
	}
	found, err := p.o.Find(all)
	if err != nil {
		return nil, err
	}
	all = nil
	for i := range keys {
		m := &keys[i]
		m.guidShared = m.guidShared || len(distinct(own(src, found[m.guid]))) > 1
		m.linkShared = m.linkShared || len(distinct(own(src, found[m.sourceLink]))) > 1
		if m.content == (feeds.Key{}) && m.nameByContent(src, &drafts[i]) {
			all = append(all, m.content)
		}
	}
	if len(all) == 0 {
		return found, nil
	}
	more, err := p.o.Find(all)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return more, nil
	}
	maps.Copy(found, more)
	return found, nil
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

// oldest lets the oldest of the statements win that pl shows to be one. The copy
// that was matched need not be a statement's first.
func (p *Placer) oldest(pl *Placement) error {
	best, at := -1, time.Time{}
	for i, id := range append([]feeds.StatementID{pl.Statement}, pl.Join...) {
		since, err := p.firstSeen(id)
		if err != nil {
			return err
		}
		if !since.IsZero() && (at.IsZero() || since.Before(at)) {
			best, at = i-1, since
		}
	}
	if best >= 0 {
		pl.Statement, pl.Join[best] = pl.Join[best], pl.Statement
	}
	return nil
}

// firstSeen gives when a statement was first seen, as far as anybody can tell.
func (p *Placer) firstSeen(id feeds.StatementID) (time.Time, error) {
	if p.o.Since != nil {
		return p.o.Since(id)
	}
	if s, ok := p.window.byID[id]; ok {
		return time.Unix(int64(p.window.stmts[s].head), 0), nil // copies are in order of arrival
	}
	return time.Time{}, nil
}

// release forgets the claims of one source, and what was not stored after all.
func (p *Placer) release(src feeds.SourceID, keys []feeds.Key, placed []Placement, stored bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free(src, keys)
	for i := range placed {
		p.readings.unpin(placed[i].Item)
		if !stored && !placed[i].Seen {
			p.window.retire(placed[i].Item, placed[i].Statement)
		}
	}
}

func (p *Placer) free(src feeds.SourceID, keys []feeds.Key) {
	for _, k := range keys {
		left := slices.DeleteFunc(p.claims[k], func(c Known) bool { return c.Item.Source() == src })
		if len(left) == 0 {
			delete(p.claims, k)
		} else {
			p.claims[k] = left
		}
	}
}

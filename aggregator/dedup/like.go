package dedup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/aggregator/dedup/pivot"
	"communique/feeds"
)

// weigh looks for the statements that an item tells without any exact sign of
// it: one that is new, or one whose text is.
func (p *Placer) weigh(src feeds.Source, d *feeds.Draft, pl *Placement, now time.Time, sameText bool, named []sibling) error {
	p.newcomer = nil
	if p.o.Text == nil || src.Match == "exact" || src.Distrusts("text") || pl.Seen && sameText {
		return nil
	}
	w := p.window
	w.settle()
	c := &newcomer{src: src, draft: d, item: pl.Item, language: w.language(d.Language), date: dateOf(d.Published, now), seen: now}
	c.reading = p.desk.draft(d, w.weigh)
	c.sketch = sketchOf(c.reading)
	c.linked = src.Match != "near" && !p.o.NoLink && (c.reading.spoken() || !pivot.Listed(c.reading.language) || len(named) > 0)
	c.named = named
	pl.Features = c.sketch.encode()
	p.newcomer = c
	if pl.Seen {
		w.retire(c.item, pl.Statement)
	}
	if pl.Of != "" || len(c.reading.tokens)-c.reading.titled < fewTokens && len(named) == 0 {
		return nil
	}
	return p.seek(c, pl)
}

// sibling is an item whose page is, by its address, the newcomer's in another
// language.
type sibling struct {
	item      feeds.ItemKey
	statement feeds.StatementID
	odds      float32 // logarithm, that is added to the texts'
	why       string
}

// What addresses say for two pages being one, as logarithms of odds, set by
// hand: the labelled texts have no such pages.
const (
	hreflangOdds = 6
	neutralOdds  = 4
)

// named finds a draft's siblings: what its page names as its versions in other
// languages, and what has its address but for the language.
func named(d *feeds.Draft, m *marks, look func(feeds.Key) []Known) (out []sibling) {
	add := func(all []Known, odds float32, why string) {
		for _, o := range all {
			if o.Language != "" && feeds.SameLanguage(o.Language, d.Language) || slices.ContainsFunc(out, func(s sibling) bool { return s.item == o.Item }) {
				continue
			}
			out = append(out, sibling{o.Item, o.Statement, odds, why})
		}
	}
	for _, link := range d.Alternate {
		add(look(LinkKey(link)), hreflangOdds, "its page names the other as its version in that language (hreflang)")
	}
	if same := look(m.neutral); len(distinct(same)) <= mostNeutral {
		add(same, neutralOdds, "their addresses are the same but for the language")
	}
	return out
}

// mostNeutral is how many items one address may have in all languages; where
// there are more, it is a section's.
const mostNeutral = 40

// dateOf is when an item counts as published: as its publisher says, but never
// after it was seen.
func dateOf(published, seen time.Time) time.Time {
	if published.IsZero() || published.After(seen) {
		return seen
	}
	return published
}

// hold puts what was just placed into the window.
func (p *Placer) hold(pl *Placement) {
	for _, loser := range pl.Join {
		p.window.join(pl.Statement, loser)
	}
	if c := p.newcomer; c != nil {
		p.readings.put(c.item, c.reading)
		p.readings.pin(c.item, c.draft)
		p.window.add(c.item, pl.Statement, c.language, c.date, c.seen, &c.sketch)
		p.window.expire(c.seen.Add(-p.o.Window))
		p.newcomer = nil
	}
}

// fewTokens is below which the body of a text is never like another: what is so
// short is said by anyone. Equal it may be.
const fewTokens = 13

// seek joins the newcomer with the statements that it tells.
func (p *Placer) seek(c *newcomer, pl *Placement) error {
	w := p.window
	all, err := p.near(c)
	if err != nil {
		return err
	}
	if c.linked {
		more, err := p.siblings(c, all)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	mine, held := w.byID[pl.Statement]
	all = slices.DeleteFunc(all, func(cand candidate) bool { return held && cand.stmt == mine })
	var of *candidate // that decides which statement it is
	for i := range all {
		cand := &all[i]
		id := w.stmts[cand.stmt].id
		switch {
		case !cand.joins:
			continue
		case p.o.Shadow:
			cand.refuse("would be joined, but for shadow mode")
			continue
		case slices.Contains(pl.apart, id):
			cand.refuse("a pin keeps them apart")
			continue
		case of != nil && cand.stmt == of.stmt:
			continue
		}
		if of == nil && !pl.Seen {
			of = cand
			pl.Statement, pl.Of, pl.OfChanged = id, cand.item, p.changed(cand.item)
			pl.Why, pl.Score, pl.Threshold = worded(cand.told(), ""), cand.score, cand.threshold
			pl.Relation = c.relation(cand)
			size := int(w.doc(cand.n).size)
			pl.Echo = !cand.linked && 4*c.reading.size() <= 5*size
			pl.Fuller = !cand.linked && size <= longestTeaser && c.reading.size() > 2*size
			continue
		}
		if cand.linked && cand.score < (1+cand.threshold)/2 { // to make one of two takes more than to place one
			cand.refuse("not sure enough to make one of two statements")
			continue
		}
		one := mine
		if of != nil {
			one = of.stmt
		} else if !held {
			continue
		}
		against, err := p.apart(one, cand.stmt, c.src.ID)
		if err != nil {
			return err
		}
		if against != "" {
			cand.refuse(against)
			continue
		}
		if of == nil {
			of = cand
			pl.Why = worded(cand.told(), "")
		}
		if !slices.Contains(pl.Join, id) {
			pl.Join = append(pl.Join, id)
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return relatedFirst(&a, &b) })
	for i := range all {
		cand := &all[i]
		told := slices.ContainsFunc(pl.Near, func(n feeds.Near) bool { return n.Statement == w.stmts[cand.stmt].id })
		if cand.joins || told || of != nil && cand.stmt == of.stmt || len(pl.Near) == mostNear || !cand.related && (len(pl.Near) > 0 || cand.score < worthTelling) {
			continue
		}
		pl.Near = append(pl.Near, feeds.Near{Item: cand.item, Statement: w.stmts[cand.stmt].id, Score: cand.score,
			Threshold: cand.threshold, Why: worded(cand.told(), cand.against), Related: cand.related})
	}
	return nil
}

// changed gives when an item that is not stored yet last changed; zero for
// others, whose store knows.
func (p *Placer) changed(item feeds.ItemKey) (at time.Time) {
	for _, all := range p.claims {
		for i := range all {
			if o := &all[i]; o.Item == item && (at.IsZero() || o.Changed.Before(at)) {
				at = o.Changed
			}
		}
	}
	return at
}

const (
	// longestTeaser is how long a text is at most, in tokens, for a longer one with
	// it to be known as the text that it is taken from: else whoever adds a
	// page to another office's release would be its origin.
	longestTeaser = 150

	mostNear     = 4   // that are told
	worthTelling = .05 // of the nearest, when it is not related
)

// told gives the evidence for people.
func (cand *candidate) told() string {
	switch {
	case cand.named != "":
		return cand.named + "; " + cand.pair.tell()
	case cand.linked:
		return cand.pair.tell()
	}
	return cand.why
}

func (cand *candidate) refuse(why string) {
	cand.joins, cand.related = false, true
	cand.against = why
}

func relatedFirst(a, b *candidate) int {
	switch {
	case a.related == b.related:
		return 0
	case a.related:
		return -1
	}
	return 1
}

// relation says what the newcomer is to the copy that it was matched to.
func (c *newcomer) relation(to *candidate) feeds.Relation {
	own := to.item.Source() == c.src.ID
	switch {
	case to.linked:
		return feeds.IsTranslation
	case to.excerpt:
		return feeds.IsExcerpt
	case own && (to.corrected || corrects(c.reading)):
		return feeds.IsCorrection
	case !own && joint(c.reading):
		return feeds.IsJoint
	}
	return feeds.IsReprint
}

// What offices call a statement that they make together, and a text that puts
// another right; folded.
var (
	jointWords = phrases("joint statement", "joint press", "joint communique", "joint declaration", "joint appeal", "jointly issued",
		"declaration conjointe", "communique conjoint", "appel conjoint", "declaracion conjunta", "comunicado conjunto", "declaracao conjunta",
		"بيان مشترك", "البيان المشترك", "совместное заявление", "gemeinsame erklarung", "dichiarazione congiunta")
	correctWords = phrases("correction", "corrected", "corrigendum", "erratum", "corrige", "rectificatif", "correccion", "corregido",
		"fe de erratas", "correcao", "corrigido", "errata", "تصحيح", "исправление", "berichtigung", "rettifica")
)

// phrases gives the hashes of the words of each phrase, as tokens have them.
func phrases(all ...string) [][]uint32 {
	out := make([][]uint32, len(all))
	for i, p := range all {
		for _, w := range strings.Fields(p) {
			out[i] = append(out[i], hashBytes('w', pivot.Fold(nil, []byte(w))))
		}
	}
	return out
}

func joint(r *reading) bool    { return r.opensWith(jointWords) }
func corrects(r *reading) bool { return r.opensWith(correctWords) }

// opensWith reports whether one of the phrases stands in the title or the first
// words of the text.
func (r *reading) opensWith(phrases [][]uint32) bool {
	head := r.tokens[:min(len(r.tokens), r.titled+40)]
	for i := range head {
		for _, p := range phrases {
			if head[i].word == p[0] && len(head)-i >= len(p) && slices.EqualFunc(p, head[i:i+len(p)], func(w uint32, t token) bool { return w == t.word }) {
				return true
			}
		}
	}
	return false
}

// apart says why two statements that the newcomer is like are not one all the
// same, "" when they are: where both have a text in one language, the fullest
// ones must be like each other themselves, and no pin may keep them apart. The
// newcomer's own source is no witness: else, who tells all in one text makes all
// one.
func (p *Placer) apart(a, b uint32, but feeds.SourceID) (string, error) {
	w := p.window
	if pinned, err := p.pinnedApart(w.stmts[a].id, w.stmts[b].id); err != nil || pinned {
		return "a pin keeps the statements apart", err
	}
	for language := range w.languages {
		xs, ys := w.witnesses(a, uint8(language), but), w.witnesses(b, uint8(language), but)
		for i, x := range xs {
			for j, y := range ys {
				rx, err := p.reading(w.doc(x).item)
				if err != nil {
					return "", err
				}
				ry, err := p.reading(w.doc(y).item)
				if err != nil {
					return "", err
				}
				if rx == nil || ry == nil {
					continue
				}
				l := p.scratch.compare(rx, ry, p.idle(rx, nil))
				if against := contradiction(&l); against != "" && !l.overwhelming() {
					return fmt.Sprintf("the statements' texts in %q contradict each other: %s", w.languages[language], against), nil
				}
				if i+j == 0 && l.containment < likeEnough {
					return fmt.Sprintf("the statements' texts in %q have only %s in common", w.languages[language], percent(l.containment)), nil
				}
			}
		}
	}
	return "", nil
}

// likeEnough is how much of the smaller of two texts must stand in the larger
// for a third to join their statements.
const likeEnough = .5

// Restore puts an item back into the window, as Place left it: what the journal
// holds, in order of arrival. What has no features of this version is left
// aside.
func (p *Placer) Restore(item feeds.ItemKey, id feeds.StatementID, language string, published, seen time.Time, features []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.restored.decode(features) == nil {
		p.window.fill()
		p.window.add(item, id, p.window.language(language), dateOf(published, seen), seen, &p.restored)
	}
}

// witnesses gives the copies of a statement that speak for it in a language: the
// fullest, and the one that came first when that is another. A reprint may be
// fuller and have a title of its own, without the number of the edition.
func (w *window) witnesses(s uint32, language uint8, but feeds.SourceID) []uint32 {
	best, ok := w.fullest(s, language, but)
	if !ok {
		return nil
	}
	out, first := []uint32{best}, best
	w.copies(s, func(n uint32) {
		if d := w.doc(n); d.language == language && !d.dead && d.item.Source() != but {
			first = min(first, n)
		}
	})
	if first != best {
		out = append(out, first)
	}
	return out
}

// fullest gives a statement's longest copy in a language; one of the source only
// where no other has told it.
func (w *window) fullest(s uint32, language uint8, but feeds.SourceID) (best uint32, ok bool) {
	other := false // best is of another source
	w.copies(s, func(n uint32) {
		d := w.doc(n)
		if d.language != language {
			return
		}
		if is := d.item.Source() != but; !ok || is && !other || is == other && d.size > w.doc(best).size {
			best, ok, other = n, true, is
		}
	})
	return best, ok
}

// retire takes an item's earlier text out: it is about to come anew.
func (w *window) retire(item feeds.ItemKey, id feeds.StatementID) {
	if s, ok := w.byID[id]; ok {
		w.copies(s, func(n uint32) {
			if d := w.doc(n); d.item == item {
				d.dead, w.tongues[n-w.first] = true, ofNone
			}
		})
	}
}

// language numbers the languages of texts.
func (w *window) language(tag string) uint8 {
	tag = strings.ToLower(feeds.PrimaryLanguage(tag))
	i := slices.Index(w.languages, tag)
	if i < 0 {
		if i = len(w.languages); i >= mostLanguages {
			return mostLanguages // all the others: nobody publishes in so many
		}
		w.languages = append(w.languages, strings.Clone(tag)) // it was cut from a document
	}
	return uint8(i)
}

const (
	mostLanguages = 200
	ofNone        = 255
)

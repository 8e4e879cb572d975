package dedup

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/feeds"
)

// weigh looks for the statements that a new item tells without any exact sign
// of it.
func (p *Placer) weigh(src feeds.Source, d *feeds.Draft, pl *Placement, now time.Time) error {
	p.newcomer = nil
	if p.o.Text == nil || pl.Seen {
		return nil
	}
	w := p.window
	c := &newcomer{src: src, draft: d, item: pl.Item, language: w.language(d.Language), date: d.Published}
	if c.date.IsZero() || c.date.After(now) {
		c.date = now
	}
	c.reading = p.desk.read(d.Language, &d.Text, w.weigh)
	c.sketch = sketchOf(c.reading)
	pl.Features = c.sketch.encode()
	p.newcomer = c
	if pl.Of != "" || len(c.reading.tokens) < fewTokens {
		return nil
	}
	return p.seek(c, pl)
}

// hold puts what was just placed into the window.
func (p *Placer) hold(pl *Placement) {
	for _, loser := range pl.Join {
		p.window.join(pl.Statement, loser)
	}
	if c := p.newcomer; c != nil {
		p.readings.put(c.item, c.reading)
		p.readings.pin(c.item, c.draft)
		p.window.add(c.item, pl.Statement, c.language, c.date, &c.sketch)
		p.newcomer = nil
	}
}

// fewTokens is below which a text is never like another: equal it may be.
const fewTokens = 12

// seek joins the newcomer with the statements that it tells.
func (p *Placer) seek(c *newcomer, pl *Placement) error {
	near, err := p.near(c)
	if err != nil {
		return err
	}
	all := append(near, p.siblings(c, near)...)
	var of *candidate
	for i := range all {
		cand := &all[i]
		if !cand.joins {
			continue
		}
		if of == nil {
			of = cand
			pl.Statement, pl.Of = p.window.stmts[cand.stmt].id, cand.item
			pl.Why, pl.Score, pl.Threshold = cand.why, cand.score, cand.threshold
			pl.Relation = c.relation(cand)
			continue
		}
		if cand.stmt == of.stmt {
			continue
		}
		against, err := p.apart(of.stmt, cand.stmt)
		if err != nil {
			return err
		}
		if against != "" {
			cand.joins, cand.related = false, true
			cand.why += "; " + against
			continue
		}
		id := p.window.stmts[cand.stmt].id
		if !slices.Contains(pl.Join, id) {
			pl.Join = append(pl.Join, id)
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmpBool(b.related, a.related) })
	for i := range all {
		if cand := &all[i]; !cand.joins && len(pl.Near) < mostNear && (of == nil || cand.stmt != of.stmt) && (cand.related || len(pl.Near) == 0) {
			pl.Near = append(pl.Near, feeds.Near{Item: cand.item, Statement: p.window.stmts[cand.stmt].id, Score: cand.score,
				Threshold: cand.threshold, Why: cand.why, Related: cand.related})
		}
	}
	return nil
}

const mostNear = 4

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// relation says what the newcomer is to the copy that it was matched to.
func (c *newcomer) relation(to *candidate) feeds.Relation {
	switch {
	case to.linked:
		return feeds.IsTranslation
	case to.excerpt:
		return feeds.IsExcerpt
	}
	return feeds.IsReprint
}

// apart says why two statements that the newcomer is like are not one all the
// same, "" when they are: where both have a text in one language, the fullest
// ones must be like each other themselves.
func (p *Placer) apart(a, b uint32) (string, error) {
	w := p.window
	for language := range w.languages {
		x, okX := w.fullest(a, uint8(language))
		y, okY := w.fullest(b, uint8(language))
		if !okX || !okY {
			continue
		}
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
		l := p.scratch.compare(rx, ry, p.idle(rx, nil), p.idle(ry, nil))
		if against := contradiction(&l); against != "" {
			return fmt.Sprintf("the statements' texts in %q contradict each other: %s", w.languages[language], against), nil
		}
		if l.containment < likeEnough {
			return fmt.Sprintf("the statements' texts in %q have little in common (containment %.2f)", w.languages[language], l.containment), nil
		}
	}
	return "", nil
}

// likeEnough is how much of the smaller of two texts must stand in the larger
// for a third to join their statements.
const likeEnough = .5

// fullest gives a statement's longest copy in a language.
func (w *window) fullest(s uint32, language uint8) (best uint32, ok bool) {
	w.copies(s, func(n uint32) {
		if d := w.doc(n); d.language == language && (!ok || d.size > w.doc(best).size) {
			best, ok = n, true
		}
	})
	return best, ok
}

// language numbers the languages of texts.
func (w *window) language(tag string) uint8 {
	tag = strings.ToLower(feeds.PrimaryLanguage(tag))
	i := slices.Index(w.languages, tag)
	if i < 0 {
		if i = len(w.languages); i == 255 {
			return 255 // all the others: nobody publishes in so many
		}
		w.languages = append(w.languages, tag)
	}
	return uint8(i)
}

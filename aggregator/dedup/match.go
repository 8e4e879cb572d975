package dedup

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"communique/feeds"
)

// newcomer is a draft on its way into the window.
type newcomer struct {
	src      feeds.Source
	draft    *feeds.Draft
	item     feeds.ItemKey
	reading  *reading
	sketch   sketch
	language uint8
	linked   bool // translations are looked for
	named    []sibling
	date     time.Time
	seen     time.Time
	idle     []bool // shingles that stand in many statements, by their place
}

// candidate is a copy in the window that the newcomer was compared with.
type candidate struct {
	n         uint32
	item      feeds.ItemKey
	stmt      uint32
	score     float32
	threshold float32
	joins     bool
	sameTitle bool
	corrected bool // the texts differ a little, as after a correction
	barred    bool // shown to be another: no other evidence makes them one
	related   bool
	excerpt   bool   // the newcomer is a part of it
	linked    bool   // in another language
	pair      pair   // then, what was weighed
	named     string // and what the addresses say
	why       string // the evidence
	against   string // what spoke against it, "" for nothing
}

// Weighing of near-duplicates. The score of a pair is the larger of its Jaccard
// index and half its containment, so that one threshold serves both: .35 means
// that a third of all shingles are common, or seven in ten of the smaller text.
const (
	fewShingles   = 8
	idleFrom      = 3   // statements in which a shingle means nothing any more
	slotLeast     = 2   // differing slots that mean another edition
	slotShare     = .25 // of all that can be compared
	numberShare   = .40
	titleOverlap  = .5
	titleForgiven = .8 // Jaccard from which another word in the title is a correction
	relatedFrom   = .18

	// With the same title and nothing that differs, less is enough.
	templateWhole     = .9
	templateSame      = 1
	titledContainment = .5
	ownContainment    = .9 // within one source

	// So much in common outweighs another title and lead.
	muchCommon  = 120
	muchJaccard = .2
	muchSame    = 8
	ownTitle    = 5  // words that make a title one of its own, not another number of a series
	mostCommon  = .5 // of this Jaccard, half as many names are enough
)

// near looks for the statements that the newcomer is a copy of, in its own
// language: best first.
func (p *Placer) near(c *newcomer) ([]candidate, error) {
	w := p.window
	w.hits.reset(len(w.docs))
	r := c.reading
	c.idle = p.idle(r, func(n uint32) { w.hits.add(n-w.first, 1) })
	least := float32(2)
	if len(c.sketch.shingles) < 12 {
		least = 1
	}
	var out []candidate
	best := leaders{most: mostCompared}
	for _, i := range w.hits.touched {
		sum := w.hits.sum(i)
		if sum < least { // most are chance hits: not even looked at
			continue
		}
		d := &w.docs[i]
		if sum >= max(least, hitShare*float32(min(len(c.sketch.shingles), int(d.shingles)))) && !d.dead && p.within(c.date, d.date) && p.compared(c.src.ID, d.item) {
			best.add(w.first+i, sum)
		}
	}
	for _, lead := range best.list {
		n := lead.n
		d := w.doc(n)
		if stmt := w.owner(n); slices.ContainsFunc(out, func(o candidate) bool { return o.stmt == stmt && o.joins }) {
			continue
		}
		o, err := p.reading(d.item)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		l := p.scratch.compare(r, o, c.idle)
		if l.sameTitle && l.common >= sameTongue && l.containment >= likeEnough {
			c.language = d.language // so many words in a row are in one language, whatever was guessed of it
		}
		if d.language != c.language {
			continue // texts in two languages may share lists of names
		}
		cand := p.judge(c, n, &l)
		if cand.joins {
			if err := p.vetoByRichest(c, &cand); err != nil {
				return nil, err
			}
		}
		if cand.joins || cand.related {
			out = append(out, cand)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(byPromise(a, b), cmp.Compare(a.n, b.n))
	})
	return out, nil
}

const (
	mostCompared = 12
	sameTongue   = 5   // shingles
	hitShare     = .08 // of the sampled shingles of the smaller text: with less, the whole texts have too little in common
)

func (p *Placer) within(a time.Time, hours int32) bool {
	h := hoursOf(a)
	if h == noDate || hours == noDate {
		return true
	}
	return time.Duration(max(h, hours)-min(h, hours))*time.Hour <= p.o.Window
}

// compared reports whether a source and an item's are in one group.
func (p *Placer) compared(a feeds.SourceID, item feeds.ItemKey) bool {
	if p.o.Groups == nil {
		return true
	}
	b := item.Source()
	x, y := p.o.Groups[a], p.o.Groups[b]
	switch {
	case a == b:
		return true
	case len(x) == 0 || len(y) == 0:
		return len(x) == len(y)
	}
	return slices.ContainsFunc(x, func(g string) bool { return slices.Contains(y, g) })
}

const noDate = math.MinInt32

// judge weighs a comparison.
func (p *Placer) judge(c *newcomer, n uint32, l *likeness) candidate {
	d := p.window.doc(n)
	cand := candidate{n: n, item: d.item, stmt: p.window.owner(n), score: max(l.jaccard, l.containment/2), threshold: p.o.Threshold}
	enough := float32(titledContainment)
	if d.item.Source() == c.src.ID {
		// One office says a thing once, and uses its templates again and again.
		enough = ownContainment
		if !l.sameTitle || l.containment < ownContainment {
			cand.threshold = max(cand.threshold, p.o.SameSource)
		}
	}
	against := ""
	contained := l.containment >= 2*p.o.Threshold && l.jaccard < p.o.Threshold
	differ := l.numbers + l.names
	switch {
	case l.sameTitle && differ == 0 && l.whole >= templateWhole && l.same >= templateSame:
		// A template with the same title and the same figures, however little of
		// it is its own.
	case l.sameTitle && differ == 0 && l.containment >= enough && l.same >= templateSame && l.anchored && min(l.a, l.b) >= fewShingles:
	case l.overwhelming():
	case min(l.a, l.b) < fewShingles:
		against = fmt.Sprintf("only %d runs are left to compare, without those that many statements have", min(l.a, l.b))
	case cand.score < cand.threshold:
		against = tooLittle
	case contained && !l.anchored && l.overlap < titleOverlap:
		against = "what they have in common is not how the longer one begins: a quotation"
	default:
		against = contradiction(l)
	}
	cand.sameTitle, cand.corrected = l.sameTitle, l.jaccard < 1 && (differ > 0 || l.sameTitle)
	cand.excerpt = contained && len(c.reading.tokens) < int(d.size)
	cand.joins = against == ""
	if cand.related = !cand.joins && cand.score >= relatedFrom; !cand.joins && !cand.related {
		return cand // nobody is told
	}
	evidence := fmt.Sprintf("%d of the shorter text's %d five-word runs stand in the other (%s; %s of all runs of both)",
		l.common, min(l.a, l.b), percent(l.containment), percent(l.jaccard))
	if l.same > 0 {
		evidence += fmt.Sprintf(", %s the same in their place", several(l.same, "number or name", "numbers and names"))
	}
	if cand.joins {
		cand.why = nearSame + evidence
		return cand
	}
	cand.barred = cand.related && contradiction(l) != ""
	cand.why, cand.against = evidence, against
	return cand
}

// What stands in the reasons of many copies.
const (
	nearSame  = "nearly the same text: "
	tooLittle = "too little"
)

func percent(share float32) string { return fmt.Sprintf("%.0f%%", 100*share) }

func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// worded puts the evidence and what spoke against it into one line of at most
// longestWhy bytes: it is stored with every copy. What spoke against is kept,
// as it decided.
func worded(why, against string) string {
	if against == "" {
		return cut(why, longestWhy)
	}
	against = cut(against, longestWhy*2/3)
	return cut(why, longestWhy-len(against)-len("; ")) + "; " + against
}

const longestWhy = 300

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}

// overwhelming reports whether so many words in a row, and nearly every figure
// and name, are the same that another title and lead say nothing: what several
// offices say together, each under its own name.
func (l *likeness) overwhelming() bool {
	same, differ := l.same, l.numbers+l.names
	if l.jaccard >= mostCommon {
		same *= 2
	}
	return l.common >= muchCommon && l.containment >= titledContainment && l.jaccard >= muchJaccard && same >= muchSame && 12*differ <= l.same+8 && (differ == 0 || l.swapped >= ownTitle) &&
		!l.titleEdition && !l.titleName && !l.titleSeries
}

// contradiction says what shows two like texts to be two editions, "" for
// nothing.
func contradiction(l *likeness) string {
	differ := l.numbers + l.names
	switch {
	case l.titleEdition:
		return "the titles have different numbers"
	case differ >= slotLeast && float32(differ) >= slotShare*float32(differ+l.same):
		return fmt.Sprintf("%d of the %d numbers and names that stand in the same place differ: %s", differ, differ+l.same, strings.Join(l.examples, ", "))
	case l.numbers >= slotLeast && float32(l.numbers) >= numberShare*float32(l.numbers+l.sameNumbers):
		return fmt.Sprintf("%d of the %d numbers that stand in the same place differ: %s", l.numbers, l.numbers+l.sameNumbers, strings.Join(l.examples, ", "))
	case l.titleNumbers && l.numbers > 0:
		return "one title has an edition's number, and numbers in the text differ: " + strings.Join(l.examples, ", ")
	case l.titleSwap && l.overlap >= titleOverlap && !(l.jaccard >= titleForgiven && differ == 0):
		return "the titles differ in a word of the same place"
	case l.titleName && differ == 0 || l.titleName && l.jaccard < titleForgiven:
		return "the titles differ in a " + l.titleNames
	case l.titleSeries && l.jaccard < titleForgiven:
		return "the titles begin alike and go on otherwise: parts of a series"
	}
	return ""
}

// vetoByRichest takes the join back when the statement's fullest copy in the
// language contradicts it: a short summary must not bridge two editions.
func (p *Placer) vetoByRichest(c *newcomer, cand *candidate) error {
	w := p.window
	best, _ := w.fullest(cand.stmt, c.language, "")
	if best == cand.n {
		return nil
	}
	o, err := p.reading(w.doc(best).item)
	if err != nil || o == nil {
		return err
	}
	l := p.scratch.compare(c.reading, o, c.idle)
	if cand.sameTitle || l.overwhelming() { // as one copy's at least: that another's differs says nothing
		l.titleSwap, l.titleName, l.titleSeries = false, false, false
	}
	if against := contradiction(&l); against != "" && l.common > 0 {
		cand.joins, cand.related, cand.barred = false, true, true
		cand.why, cand.against = strings.TrimPrefix(cand.why, nearSame), "but beside the statement's fullest copy "+against
	}
	return nil
}

// idle finds the shingles of a reading that stand in many statements. What is
// not sampled is idle when the nearest sampled ones on both sides are. each is
// called with the copies under every shingle that is not idle; it may be nil.
func (p *Placer) idle(r *reading, each func(n uint32)) []bool {
	w := p.window
	s := &p.scratch
	s.looked, s.sought = s.looked[:0], s.sought[:0]
	for i, h := range r.shingles {
		if sampled(h) || each != nil && i < r.titled+dense {
			s.looked = append(s.looked, int32(i))
			s.sought = append(s.sought, h)
		}
	}
	s.homes = s.homes[:0]
	for _, g := range w.segments {
		s.homes = g.shingles.homes(s.homes, s.sought)
	}
	var out []bool
	last, lastIdle := -1, false
	for k, h := range s.sought {
		i := int(s.looked[k])
		s.under, s.stmts = s.under[:0], s.stmts[:0]
		for j, g := range w.segments {
			at := s.homes[j*len(s.sought)+k]
			if at == 0 {
				continue
			}
			s.locals = g.shingles.get(s.locals[:0], h, at)
			for _, local := range s.locals {
				n := g.from + uint32(local)
				s.under = append(s.under, n)
				if o := w.owner(n); !slices.Contains(s.stmts, o) {
					s.stmts = append(s.stmts, o)
				}
			}
			if len(s.stmts) >= idleFrom {
				break
			}
		}
		if len(s.stmts) < idleFrom {
			if each != nil {
				for _, n := range s.under {
					each(n)
				}
			}
			if sampled(h) {
				last, lastIdle = i, false
			}
			continue
		}
		if out == nil {
			out = make([]bool, len(r.shingles))
		}
		out[i] = true
		if sampled(h) {
			if lastIdle && i-last <= 4*sampling {
				for k := last + 1; k < i; k++ {
					out[k] = true
				}
			}
			last, lastIdle = i, true
		}
	}
	return out
}

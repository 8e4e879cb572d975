package dedup

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"communique/aggregator/dedup/pivot"
)

// keywords gives the concepts that a copy is found by: the rarest, those of the
// title and lede first.
func (w *window) keywords(v []concept) []concept {
	var room [mostConcepts]uint64
	best := room[:0]
	for _, c := range v {
		g := w.weigh(c.id())
		if c.zones() != inBody {
			g *= 1.5
		}
		best = append(best, rank(g, c))
	}
	out := w.found[:0]
	for _, r := range least(best, mostKeywords) {
		out = append(out, concept(r))
	}
	w.found = out
	return out
}

// least gives the n least of v, in any order, and changes v's (Hoare 1961).
func least(v []uint64, n int) []uint64 {
	if len(v) <= n {
		return v
	}
	low, high := 0, len(v)
	for high-low > 8 {
		pivot := v[(low+high)/2]
		i, j := low, high-1
		for i <= j {
			for v[i] < pivot {
				i++
			}
			for v[j] > pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			high = j + 1
		case n > i:
			low = i
		default:
			return v[:n]
		}
	}
	slices.Sort(v[low:high])
	return v[:n]
}

// rank makes one number of a concept and its weight: the heaviest is the least.
func rank(w float32, c concept) uint64 {
	// The bits of floats that are not negative are in their order.
	return uint64(^math.Float32bits(max(w, 0)))<<32 | uint64(c)
}

const (
	mostKeywords   = 48
	mostSiblings   = 6    // candidates for each language
	mostPostings   = 250  // newest copies looked at for one concept
	mostLooked     = 2000 // in all
	leastSibling   = 8    // of the summed weights
	fewConcepts    = 6    // a text that speaks of less is no translation of anything
	leastShare     = .05  // of those of all keywords
	worthLooking   = 1.5  // a fifth of all texts speak of what weighs less
	shortText      = 60   // tokens
	lagSaturates   = 7 * 24
	sharedSaturate = 12
)

// scored is a copy in another language, compared with the newcomer.
type scored struct {
	n        uint32
	stmt     uint32
	language uint8
	x        pair
	z        float32 // without what compares it with other copies
	odds     float32 // that the addresses add
	named    string
}

// What a pair is not even told of: with all that the comparison with other
// copies could add, its probability would be below a twentieth.
const (
	hopeless     = -3
	marginWeighs = 12 // more than the weights of fMargin, fScrMargin and fSupport together
)

// tally adds up, for the copies in the window that are not in a language, what the
// keywords weigh that they have in common with a newcomer. The keywords are ranked.
func (p *Placer) tally(keywords []uint64, language uint8) {
	w := p.window
	budget := mostLooked
	var one [1]uint16
	for len(keywords) > 0 && budget > 0 {
		some := keywords[:min(len(keywords), atOnce)]
		keywords = keywords[len(some):]
		// As with shingles, one step for several of them: the waits for memory overlap.
		places := p.places[:0]
		for _, r := range some {
			for i := len(w.segments) - 1; i >= 0; i-- {
				places = append(places, w.segments[i].concepts.place(concept(r).key()))
			}
		}
		p.places = places
		for j := range places {
			w.segments[len(w.segments)-1-j%len(w.segments)].concepts.resolve(&places[j])
		}
		for k, r := range some {
			g := math.Float32frombits(^uint32(r >> 32))
			g *= g
			left := min(mostPostings, budget)
			for i := len(w.segments) - 1; i >= 0 && left > 0; i-- {
				s := w.segments[i]
				list := s.concepts.list(&places[k*len(w.segments)+len(w.segments)-1-i], &one)
				list = list[max(0, len(list)-left):]
				left -= len(list)
				budget -= len(list)
				base := s.from - w.first
				for _, local := range list {
					if i := base + uint32(local); w.tongues[i] != language {
						w.hits.add(i, g)
					}
				}
			}
		}
	}
}

// atOnce is how many keywords are looked up before it is known that the budget
// goes so far.
const atOnce = 8

// siblings looks for statements in other languages that the newcomer tells.
func (p *Placer) siblings(c *newcomer, near []candidate) ([]candidate, error) {
	w := p.window
	w.hits.reset(len(w.docs))
	// The rarest first: should the budget be used up, it is by what says least.
	keywords := p.ranked[:0]
	total := float32(0)
	for _, k := range c.sketch.keywords {
		if g := w.weigh(k.id()); g >= worthLooking {
			keywords = append(keywords, rank(g, k))
			total += g * g
		}
	}
	slices.Sort(keywords)
	p.ranked = keywords
	p.tally(keywords, c.language)
	least := max(leastSibling, leastShare*total)
	me := &p.me
	me.take(w, c.sketch.vector)
	me.size, me.language, me.date = c.reading.size(), c.language, hoursOf(c.date)
	found := p.scored[:0]
	var best [mostLanguages + 1]*leaders
	for _, i := range w.hits.touched {
		sum := w.hits.sum(i)
		if sum < least {
			continue
		}
		tongue := w.tongues[i]
		if tongue == ofNone {
			continue
		}
		l := best[tongue]
		if l == nil {
			l = &leaders{most: mostSiblings}
			best[tongue] = l
		}
		if len(l.list) == l.most && sum <= l.list[l.most-1].w {
			continue
		}
		if d := &w.docs[i]; !p.within(c.date, d.date) || !p.compared(c.src.ID, d.item) {
			continue
		}
		l.add(w.first+i, sum)
	}
	for _, l := range best {
		if l == nil {
			continue
		}
		for _, lead := range l.list {
			d := w.doc(lead.n)
			if min(len(c.sketch.vector), int(d.concepts)) < fewConcepts {
				continue
			}
			x := w.pairOf(me, lead.n)
			found = append(found, scored{n: lead.n, stmt: w.owner(lead.n), language: d.language, x: x, z: x.dot(&weights)})
		}
	}
	for _, s := range c.named {
		id, held := w.byID[s.statement]
		if !held {
			continue
		}
		w.copies(id, func(n uint32) {
			d := w.doc(n)
			if d.item != s.item || d.language == c.language {
				return
			}
			i := slices.IndexFunc(found, func(f scored) bool { return f.n == n })
			if i < 0 {
				x := w.pairOf(me, n)
				i = len(found)
				found = append(found, scored{n: n, stmt: w.owner(n), language: d.language, x: x, z: x.dot(&weights)})
			}
			found[i].odds, found[i].named = s.odds, s.why
			found[i].z += s.odds
		})
	}
	p.scored = found
	order := make([]int, len(found))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(found[b].z, found[a].z), cmp.Compare(found[a].n, found[b].n))
	})
	var out []candidate
	for k, i := range order {
		f := &found[i]
		if p.trace == nil && f.z+f.x[fJoint]*marginWeighs < hopeless {
			continue
		}
		if slices.ContainsFunc(order[:k], func(j int) bool { return found[j].stmt == f.stmt && found[j].language == f.language }) {
			continue
		}
		d := w.doc(f.n)
		// The next best statement, in the same language, of those that are not joined with it.
		next, alone := float32(0), true
		for j := range found {
			if found[j].language == f.language && found[j].stmt != f.stmt {
				alone = false
				next = max(next, found[j].x[fJoint])
			}
		}
		f.x[fMargin] = f.x[fJoint] - next
		if alone {
			f.x[fAlone] = 1
		}
		f.x[fScrMargin] = f.x[fScript] * f.x[fMargin]
		for j := range found {
			if found[j].stmt == f.stmt && found[j].language != f.language {
				f.x[fSupport] = max(f.x[fSupport], found[j].x[fJoint])
			}
		}
		z := f.x.dot(&weights) + f.odds
		if p.trace != nil {
			p.trace(c, f.n, &f.x)
		}
		cand := candidate{n: f.n, item: d.item, stmt: f.stmt, score: sigmoid(z), threshold: p.o.LinkThreshold, linked: true}
		cand.pair, cand.named = f.x, f.named
		against := ""
		if cand.score >= cand.threshold {
			var err error
			if against, err = p.conflict(c, &f.x, f.stmt); err != nil {
				return nil, err
			}
			if against == "" && f.named == "" {
				if f.x[fApart] > 0 {
					against = "each has several numbers, and none in common"
				} else if against, err = p.oneTongue(c, d); err != nil {
					return nil, err
				}
			}
		}
		for j := range near {
			if near[j].barred && near[j].stmt == f.stmt {
				against = "it is not one with another copy of that statement: " + near[j].against
			}
		}
		switch {
		case cand.score < cand.threshold:
			cand.against = tooLittle
		case against != "":
			cand.against = against
		default:
			cand.joins = true
		}
		cand.related = !cand.joins && cand.score >= min(p.o.RelatedThreshold, cand.threshold)
		out = append(out, cand)
	}
	slices.SortStableFunc(out, byPromise)
	return out, nil
}

// byPromise orders candidates: those that are the same statement first, then by
// score.
func byPromise(a, b candidate) int {
	if a.joins != b.joins {
		if a.joins {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.score, a.score)
}

// conflict says what forbids that the newcomer and a statement are one in spite
// of all, "" for nothing.
func (p *Placer) conflict(c *newcomer, x *pair, s uint32) (string, error) {
	if x[fConflict] > 0 && x[fNumbers] < .5 {
		switch {
		case x[fTitleNum] > 0:
			return "the titles have different numbers", nil
		case x[fTitleOne] > 0:
			return "one title has a number that the other text has nowhere, and other numbers differ", nil
		}
	}
	return p.sameLanguage(c, s)
}

// oneTongue says that two texts are in one language, and say other things in
// its words, "" when they are not. Texts in languages that are known for sure
// are not looked at.
func (p *Placer) oneTongue(c *newcomer, d *doc) (string, error) {
	if c.reading.spoken() && pivot.Listed(p.window.languages[d.language]) {
		return "", nil
	}
	o, err := p.reading(d.item)
	if err != nil || o == nil || !jumbled(c.reading, o) {
		return "", err
	}
	return "they have the same words in another order: no translation", nil
}

// sameLanguage says what shows that the newcomer, which is p.me, cannot be of a statement that
// has a copy in its language already: one publication is told once in each, or in
// nearly the same words.
func (p *Placer) sameLanguage(c *newcomer, s uint32) (string, error) {
	w := p.window
	best, held := w.fullest(s, c.language, "")
	if !held {
		return "", nil
	}
	o := p.me.lay(w.vector(best))
	own, other := &p.me.norms, &w.doc(best).norms
	like := o.joint(own, other)
	if like >= sameLanguageSure {
		return "", nil
	}
	another := fmt.Sprintf("the statement has another text in this language, from %s", w.doc(best).item.Source())
	if like < sameLanguageLeast {
		return another, nil
	}
	if own.titleNums > o.titleNumsA && other.titleNums > o.titleNumsB {
		return another + ", with another number in its title", nil
	}
	r, err := p.reading(w.doc(best).item)
	if err != nil || r == nil {
		return "", err
	}
	l := p.scratch.compare(c.reading, r, c.idle)
	if l.containment < sameLanguageRuns {
		return another, nil
	}
	return "", nil
}

// What a text must have in common with another in its language to be of the same
// statement by way of a third language.
const (
	sameLanguageRuns = .15 // containment, unless
	sameLanguageSure = .85 // the cosine is so high
)

const sameLanguageLeast = .5

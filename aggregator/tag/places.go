package tag

import (
	"cmp"
	"slices"

	"communique/feeds"
)

// found is a term with its score, before it becomes a Tagging.
type found struct {
	term  int32
	score float32
}

// Which countries a text is about, by the scores of count. The figures were
// measured (see the package's tests).
const (
	titleRatio   = 0.5 // a country of the title must have so much of the best one's score there
	override     = 1.6 // one that is not in the title must score so many times more
	overPeople   = 0.8 // the same when the title names no country but only its people: refugees, troops
	focusMin     = 1.0
	unnamedMin   = 1.5 // when only its towns are named
	focusRatio   = 0.6 // of the best
	behindRatio  = 0.8 // the same for one that is not in the lede when the best one is
	focusShare   = 0.3 // one that stands in the lede must have of all countries' scores together
	deepShare    = 0.6 // the same for one that only comes further down, or for several
	leadRatio    = 1.3 // the score of the first among too many, by that of the second
	focusMost    = 3   // more equal countries are none
	aloneMin     = 0.5 // a single one that is named, but weakly
	aloneShare   = 0.6
	cityShare    = 0.95 // a single one of which a city is named at the head of the text, and nearly nothing of others
	mentionMin   = 0.5  // once by its name, or its people, without being part of something else
	mentionMost  = 4
	regionMin    = 2
	regionBeside = 0.5 // a region by name must have so much of the best country's score
	regionMost   = 3
)

// focus gives the countries that a text is about.
func (t *Tagger) focus(m *matcher, dst []found) []found {
	s := &m.score
	t.settle(s)
	var best, bestTitle, total float32
	for _, i := range s.touched {
		if c := &s.terms[i]; t.isCountry(i) && !c.forbidden && c.score > 0 {
			best, bestTitle = max(best, c.score), max(bestTitle, c.title)
			total += c.whole
		}
	}
	if best == 0 {
		return dst
	}
	from := len(dst)
	region := t.headline(m)
	if bestTitle >= 1 {
		var titled float32
		headed := false
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && c.title >= titleRatio*bestTitle {
				titled, headed = max(titled, c.score), headed || c.headed
			}
		}
		over := float32(override)
		if !headed {
			over = overPeople
		}
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && (c.title >= titleRatio*bestTitle || c.title == 0 && c.score >= over*titled) {
				dst = append(dst, found{i, c.score})
			}
		}
	} else {
		var sum float32
		inFront, bestInFront := false, false
		for _, i := range s.touched {
			c := &s.terms[i]
			bestInFront = bestInFront || t.isCountry(i) && !c.forbidden && c.score == best && c.lede
		}
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && c.score >= max(t.least(i, c), region) && c.score >= t.ratio(c, bestInFront)*best {
				dst = append(dst, found{i, c.score})
				sum += c.score
				inFront = inFront || c.lede
			}
		}
		n, share := len(dst)-from, float32(deepShare)
		if n == 1 && inFront {
			share = focusShare
		}
		if n > focusMost || sum < share*total {
			dst = append(dst[:from], t.leading(s, dst[from:], total)...)
		}
		if len(dst) == from && best < unnamedMin && best >= region {
			for _, i := range s.touched {
				c := &s.terms[i]
				named := c.named && best < focusMin && best >= max(aloneMin, aloneShare*total)
				if t.isCountry(i) && !c.forbidden && c.score == best && (named || c.city && best >= cityShare*total) {
					dst = append(dst, found{i, c.score})
				}
			}
		}
	}
	if len(dst)-from > 2*focusMost { // a title that lists the world
		dst = dst[:from]
	}
	byScore(dst[from:])
	return dst
}

// namesakes are countries that are called like another, or a part of it.
var namesakes = []struct{ country, of string }{{"ge", "us"}, {"cd", "cg"}}

// settle gives a name to the other country that has it, when nothing else
// speaks for the first and something does for the other: Georgia and Atlanta, Congo and Brazzaville.
func (t *Tagger) settle(s *scores) {
	for _, n := range namesakes {
		a, b := t.rules.index[feeds.Tag{Scheme: feeds.Country, Term: n.country}], t.rules.index[feeds.Tag{Scheme: feeds.Country, Term: n.of}]
		from, to := &s.terms[a], &s.terms[b]
		var none [zones]uint8
		if from.score == 0 || to.score == 0 || !to.sure && to.counts[isPlace] == none {
			continue
		}
		if from.sure || from.counts[isPeople] != none || from.counts[isCapitalCity] != none || from.counts[isPlace] != none {
			continue
		}
		to.score, to.whole, to.title = to.score+from.score, to.whole+from.whole, to.title+from.title
		to.lede, to.named, to.headed = to.lede || from.lede, true, to.headed || from.headed
		from.forbidden = true
	}
}

// leading gives the first of several countries when it stands in the lede well
// before all others, though together they are too many or too little.
func (t *Tagger) leading(s *scores, among []found, total float32) []found {
	if len(among) < 2 {
		return nil
	}
	byScore(among)
	if c := &s.terms[among[0].term]; !c.lede || c.score < leadRatio*among[1].score || c.score < focusShare*total {
		return nil
	}
	return among[:1]
}

// ratio is what a country must have of the best one's score.
func (t *Tagger) ratio(c *tally, bestInFront bool) float32 {
	if bestInFront && !c.lede {
		return behindRatio
	}
	return focusRatio
}

// headline gives what a country must score beside the regions that are named: a
// text about a region names its countries as examples. It is all that a region
// of the title scores, and half of what another does.
func (t *Tagger) headline(m *matcher) float32 {
	var out float32
	for _, i := range m.score.touched {
		if c := &m.score.terms[i]; t.isRegion(i) && !c.forbidden && c.score > 0 {
			if c.title >= 4 {
				out = max(out, c.score)
			} else if c.lede {
				out = max(out, c.score/2)
			}
		}
	}
	return out
}

// mentioned gives the countries that a text names for themselves but is not
// about.
func (t *Tagger) mentioned(m *matcher, focus, dst []found) []found {
	for _, i := range m.score.touched {
		c := &m.score.terms[i]
		if !t.isCountry(i) || c.forbidden || c.own < mentionMin || slices.ContainsFunc(focus, func(f found) bool { return f.term == i }) {
			continue
		}
		dst = append(dst, found{i, c.own})
	}
	byScore(dst)
	return dst[:min(len(dst), mentionMost)]
}

// least is the score from which a country can be what a text is about.
func (t *Tagger) least(i int32, c *tally) float32 {
	if th := t.rules.terms[i].threshold; th > 0 {
		return th
	}
	if !c.named {
		return unnamedMin
	}
	return focusMin
}

// named gives the regions that a text names for itself; country is the score
// of its main country.
func (t *Tagger) named(m *matcher, country float32, dst []found) []found {
	s, from := &m.score, len(dst)
	for _, i := range s.touched {
		c, r := &s.terms[i], &t.rules.terms[i]
		if t.isRegion(i) && !c.forbidden && c.score >= cmp.Or(r.threshold, regionMin) && c.score >= regionBeside*country {
			dst = append(dst, found{i, c.score})
		}
	}
	byScore(dst[from:])
	return dst[:min(len(dst), from+regionMost)]
}

func byScore(f []found) {
	slices.SortFunc(f, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.term, b.term))
	})
}

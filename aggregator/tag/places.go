package tag

import (
	"cmp"
	"slices"
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
	focusMin     = 1.0
	unnamedMin   = 1.5 // when only its towns are named
	focusRatio   = 0.6 // of the best
	focusShare   = 0.3 // one that stands in the lede must have of all countries' scores together
	deepShare    = 0.6 // the same for one that only comes further down, or for several
	focusMost    = 3   // more equal countries are none
	aloneMin     = 0.5 // a single one that is named, but weakly
	aloneShare   = 0.6
	regionMin    = 2
	regionBeside = 0.5 // a region by name must have so much of the best country's score
	regionMost   = 3
)

// focus gives the countries that a text is about.
func (t *Tagger) focus(m *matcher, dst []found) []found {
	s := &m.score
	var best, bestTitle, total float32
	for _, i := range s.touched {
		if c := &s.terms[i]; t.isCountry(i) && !c.forbidden && c.score > 0 {
			best, bestTitle = max(best, c.score), max(bestTitle, c.title)
			total += c.score
		}
	}
	if best == 0 {
		return dst
	}
	from := len(dst)
	if bestTitle >= 1 {
		var titled float32
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && c.title >= titleRatio*bestTitle {
				titled = max(titled, c.score)
			}
		}
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && (c.title >= titleRatio*bestTitle || c.title == 0 && c.score >= override*titled) {
				dst = append(dst, found{i, c.score})
			}
		}
	} else {
		var sum float32
		inFront := false
		for _, i := range s.touched {
			c := &s.terms[i]
			if t.isCountry(i) && !c.forbidden && c.score >= t.least(i, c) && c.score >= focusRatio*best {
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
			dst = dst[:from]
		}
		if len(dst) == from && best < focusMin {
			for _, i := range s.touched {
				c := &s.terms[i]
				if t.isCountry(i) && !c.forbidden && c.named && c.score == best && c.score >= aloneMin && c.score >= aloneShare*total {
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

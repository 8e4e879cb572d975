package tag

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

const (
	topicMin   = 2
	topicRatio = 0.4 // of the best topic's score
	topicMost  = 4   // without their children
	usualWords = 150 // a text so long has its score halved; see topics
	hanWord    = 0.6 // of a word is a Chinese character

	sectorReach = 40 // words in which a list of sectors stands
	sectorsMin  = 4  // so many make a list

	unmistakable = 1.5 // the weight of a phrase that hardly means anything else
	namedMin     = 1.2 // what its words must score, whatever the length of the text
	manyTopics   = 9   // a text with such phrases for so many topics goes through them
	allMost      = 16

	openingWords = 30 // of a text without a title stand for it

	causeReach = 8 // words after "caused by" that are a cause
)

// grade is the reason for which a text has a topic.
type grade uint8

const (
	isSubject grade = iota // its words carry the text
	isListed               // it stands in a list of sectors
	isNamed                // the text goes through many topics, and names it
	grades
)

var gradeNames = [grades]string{"", ": in a list of sectors", ": one of many that are named"}

// countTopic counts a word of a topic. One that is given as the cause of
// something else counts, but is not what the text must be about.
func (l *lexicon) countTopic(m *matcher, f match, cause bool) {
	s, e, z := &m.score, &l.entries[f.entry], m.tokens[f.start].zone
	if f.end <= m.opening {
		z = inTitle
	}
	n := &s.entries[f.entry]
	if *n == ([zones]uint8{}) {
		s.counted = append(s.counted, f.entry)
	}
	if n[z] >= topicOften[z] {
		return
	}
	n[z]++
	worth := e.weight * topicZones[z]
	t := s.touch(e.term)
	if z != inCategories && !cause {
		t.surest = max(t.surest, e.weight)
	}
	t.score += worth
	t.keep(f, worth)
}

// countSector notes that a sector was named, and marks the sectors that stand
// together: "food, water and sanitation, shelter, and health care".
func (l *lexicon) countSector(m *matcher, f match) {
	s, e := &m.score, &l.entries[f.entry]
	if m.tokens[f.start].zone == inCategories {
		return
	}
	t := s.touch(e.term)
	t.keep(f, e.weight) // so that it can be shown
	now := sector{e.term, f.start}
	near, known := 0, false
	for i := range s.sectors {
		o := &s.sectors[i]
		if o.term == now.term {
			o.at, known = now.at, true
		}
		if o.at+sectorReach >= now.at {
			near++
		}
	}
	if !known {
		s.sectors = append(s.sectors, now)
		near++
	}
	if near < sectorsMin {
		return
	}
	for _, o := range s.sectors {
		if o.at+sectorReach >= now.at {
			s.terms[o.term].listed = true
		}
	}
}

// opens gives the first token after the words that stand for a title: posts
// and reports that come without one say at once what they are about.
func (m *matcher) opens() uint32 {
	if m.texts[inTitle] != "" {
		return 0
	}
	for i := range m.tokens {
		t := &m.tokens[i]
		if i == openingWords || t.zone != m.tokens[0].zone || t.zone == inCategories || i > 0 && t.flags&fresh != 0 && strings.Contains(m.texts[t.zone][m.tokens[i-1].end:t.start], "\n") {
			return uint32(i)
		}
	}
	return uint32(len(m.tokens))
}

// topics gives the topics of a text, grade by grade, best first. The longer a
// text, the more words of any topic it holds by chance, so scores are divided
// by 1 + log2(1 + words/150). The result is the matcher's.
func (t *Tagger) topics(m *matcher) *[grades][]found {
	s := &m.score
	words := 0.0
	for i := range m.tokens {
		switch t := &m.tokens[i]; {
		case t.zone == inCategories:
		case t.flags&caseless != 0 && m.texts[t.zone][t.start] >= 0xE3: // the first byte of a Chinese character
			words += hanWord
		default:
			words++
		}
	}
	norm := float32(1 + math.Log2(1+words/usualWords))
	isNamedIn := func(c *tally) bool { return c.surest >= unmistakable && c.score >= namedMin/norm }
	var best float32
	all, above, named, out := s.ranked[:0], s.above[:0], s.named[:0], &s.graded
	for g := range out {
		out[g] = out[g][:0]
	}
	for _, i := range s.touched {
		c := &s.terms[i]
		if !t.isTopic(i) || c.forbidden {
			continue
		}
		c.score /= norm
		best = max(best, c.score)
		all = append(all, found{i, c.score})
		if root := t.roots[i]; isNamedIn(c) && !slices.Contains(named, root) {
			named = append(named, root)
		}
	}
	byScore(all)

	for _, f := range all {
		c, root := &s.terms[f.term], t.roots[f.term]
		least := cmp.Or(t.rules.terms[f.term].threshold, topicMin)
		if c.surest == 0 { // only the publisher's categories say it
			least = max(least, topicMin)
		}
		switch {
		// A topic with a threshold of its own stands beside a stronger one accordingly.
		case f.score >= least && f.score >= topicRatio*best*least/topicMin &&
			(slices.Contains(above, root) || len(above) < topicMost):
			if !slices.Contains(above, root) {
				above = append(above, root)
			}
			out[isSubject] = append(out[isSubject], f)
		case c.listed:
			out[isListed] = append(out[isListed], f)
		case len(named) >= manyTopics && isNamedIn(c) && len(out[isNamed]) < allMost:
			out[isNamed] = append(out[isNamed], f)
		}
	}
	s.ranked, s.above, s.named = all, above, named
	return out
}

package tag

import "strings"

// Weights of the zones, measured on labelled statements (eval_test.go).
var (
	placeZones = [zones]float32{inTitle: 4, inLede: 2, inBody: 1}
	topicZones = [zones]float32{inTitle: 4, inLede: 1.5, inBody: 0.6, inCategories: 1}
	topicOften = [zones]uint8{inTitle: 1, inLede: 2, inBody: 4, inCategories: 1}
)

const (
	datelineFactor = 0.2 // a country in a dateline is where it was written
	besideFactor   = 0.1 // a country in the name of something else
)

// count goes through the matches and gives each word to what it stands for.
// Places, and the phrases that hide them, compete: the first begun and longest
// takes the words. Topics compete only with themselves.
func (l *lexicon) count(m *matcher) {
	s := &m.score
	dateline := m.dateline()
	var placeEnd, placeStart, hiddenTopics uint32
	for i := 0; i < len(m.matches); {
		j := i + 1
		for j < len(m.matches) && m.matches[j].start == m.matches[i].start {
			j++
		}
		group := m.matches[i:j]
		i = j
		l.sort(group)
		for _, f := range group {
			e := &l.entries[f.entry]
			if e.hide {
				s.lastEnd[e.term] = max(s.lastEnd[e.term], f.end)
				continue
			}
			switch e.role {
			case isExclude:
				s.touch(e.term).forbidden = true
			case isTopicMask:
				hiddenTopics = max(hiddenTopics, f.end)
			case isTopic:
				if f.start >= s.lastEnd[e.term] && f.end > hiddenTopics {
					s.lastEnd[e.term] = f.end
					l.countTopic(m, f)
				}
			case isEvent:
				if f.start >= s.lastEnd[e.term] {
					s.lastEnd[e.term] = f.end
					t := s.touch(e.term)
					t.score += e.weight * placeZones[m.tokens[f.start].zone]
					t.keep(f, e.weight*placeZones[m.tokens[f.start].zone])
				}
				// What is named in an event's name is not what it is about.
				if f.start >= placeEnd {
					placeStart, placeEnd = f.start, f.end
				}
			default:
				same := f.start == placeStart && f.end == placeEnd // two readings of the same words
				if f.start < placeEnd && !same {
					continue
				}
				placeStart, placeEnd = f.start, f.end
				if e.role != isPlaceMask && f.start >= s.lastEnd[e.term] {
					s.lastEnd[e.term] = f.end
					l.countPlace(m, f, f.end <= dateline)
				}
			}
		}
	}
}

// sort puts the longest match first, masks before what they hide, then the
// heavier. Groups are short.
func (l *lexicon) sort(group []match) {
	rank := func(f match) float32 {
		e := &l.entries[f.entry]
		r := float32(f.end-f.start) * 1000
		if e.hide || e.role == isPlaceMask || e.role == isTopicMask {
			r += 500
		}
		return r + e.weight
	}
	for i := 1; i < len(group); i++ {
		for j := i; j > 0 && rank(group[j]) > rank(group[j-1]); j-- {
			group[j], group[j-1] = group[j-1], group[j]
		}
	}
}

func (l *lexicon) countTopic(m *matcher, f match) {
	s, e, z := &m.score, &l.entries[f.entry], m.tokens[f.start].zone
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
	t.score += worth
	t.keep(f, worth)
}

func (l *lexicon) countPlace(m *matcher, f match, inDateline bool) {
	e, z := &l.entries[f.entry], m.tokens[f.start].zone
	worth := e.weight * placeZones[z]
	if worth == 0 {
		return
	}
	switch {
	case inDateline && (e.role == isCapitalCity || e.role == isPlace):
		return
	case inDateline:
		worth *= datelineFactor
	}
	if l.beside(m, f) {
		if e.role != isName || e.weight < 1 {
			return
		}
		worth *= besideFactor
	}
	t := m.score.touch(e.term)
	if t.counts[e.role][z] >= often {
		return
	}
	t.counts[e.role][z]++
	t.score += worth
	if z == inTitle {
		t.title += worth
	}
	t.lede = t.lede || z == inLede
	t.named = t.named || e.role == isName || e.role == isPeople
	t.keep(f, worth)
}

// beside reports whether the words around a place make it part of the name of
// something else ("University of X").
func (l *lexicon) beside(m *matcher, f match) bool {
	if int(f.end) < len(m.tokens) {
		if t := &m.tokens[f.end]; t.flags&(fresh|capital) == capital && l.after[t.hash] {
			return true
		}
	}
	for i := int(f.start); i > 0 && i > int(f.start)-3; i-- {
		if m.tokens[i].flags&fresh != 0 || m.tokens[i].zone != m.tokens[f.start].zone {
			return false
		}
		h := m.tokens[i-1].hash
		if l.before[h] {
			return true
		}
		if !l.links[h] {
			return false
		}
	}
	return false
}

// dateline gives the first token after a dateline ("Geneva, 3 May –") that
// opens the text in spite of all, 0 when there is none.
func (m *matcher) dateline() uint32 {
	z := inLede
	if m.texts[z] == "" {
		z = inBody
	}
	text := m.texts[z]
	head := text[:min(len(text), 90)]
	cut := -1
	for _, dash := range []string{" – ", " — ", " - ", " -- ", "– ", "— "} {
		if i := strings.Index(head, dash); i > 0 && (cut < 0 || i < cut) {
			cut = i
		}
	}
	if cut < 0 || strings.ContainsAny(head[:cut], "\n:;?!") {
		return 0
	}
	first, end, small := -1, 0, 0
	for i := range m.tokens {
		t := &m.tokens[i]
		if t.zone != z {
			continue
		}
		if int(t.end) > cut {
			break
		}
		if first < 0 {
			first = i
		}
		if t.flags&(capital|caseless) == 0 && t.end-t.start > 3 {
			small++
		}
		end = i + 1
	}
	// A sentence with a dash in it is no dateline: datelines are names and dates.
	if first < 0 || small > 2 || end-first > 9 {
		return 0
	}
	return uint32(end)
}

package tag

// Weights of the zones, measured on labelled statements (eval_test.go).
var (
	placeZones = [zones]float32{inTitle: 4, inLede: 2, inBody: 1}
	topicZones = [zones]float32{inTitle: 4, inLede: 1.5, inBody: 0.6, inCategories: 1}
	topicOften = [zones]uint8{inTitle: 1, inLede: 2, inBody: 4, inCategories: 1}
)

// Weights of what stands in the gazetteer.
const (
	placeWeight = 0.4 // a subdivision or large city
	townWeight  = 0.2
)

// count goes through the matches and gives each word to what it stands for.
// Places, and the phrases that hide them, compete: the first begun and longest
// takes the words. Topics compete only with themselves.
func (l *lexicon) count(m *matcher) {
	s := &m.score
	m.places, m.given, m.opening = m.places[:0], m.given[:0], m.opens()
	var placeEnd, placeStart, hiddenTopics, causedTo uint32
	masked := false // what the last place's words stand for is a mask
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
			case isGiven:
				m.given = append(m.given, [2]uint32{f.end, m.sentenceEnd(f.end)})
			case isTopicMask:
				hiddenTopics = max(hiddenTopics, f.end)
			case isCause:
				causedTo = f.end + causeReach
			case isSector:
				if f.end > hiddenTopics {
					l.countSector(m, f)
				}
			case isTopic:
				if f.start >= s.lastEnd[e.term] && f.end > hiddenTopics {
					s.lastEnd[e.term] = f.end
					l.countTopic(m, f, f.start < causedTo)
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
					placeStart, placeEnd, masked = f.start, f.end, false
				}
			default:
				same := f.start == placeStart && f.end == placeEnd                                    // two readings of the same words
				if f.start < placeEnd && !same && !(masked && e.role == isName && f.end > placeEnd) { // in French, but in French Guiana
					continue
				}
				placeStart, placeEnd, masked = f.start, f.end, e.role == isPlaceMask
				if e.role != isPlaceMask && f.start >= s.lastEnd[e.term] {
					s.lastEnd[e.term] = f.end
					m.places = append(m.places, place{match: f, share: 1, run: 1})
				}
			}
		}
	}
	l.weigh(m)
	l.operations(m)
	for i := range m.places {
		l.countPlace(m, &m.places[i])
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

func (l *lexicon) countPlace(m *matcher, p *place) {
	e, z := &l.entries[p.entry], m.tokens[p.start].zone
	whole := e.weight * placeZones[z] * p.share
	worth := whole * p.run
	if worth == 0 {
		return
	}
	t := m.score.touch(e.term)
	if t.counts[e.role][z] >= often {
		return
	}
	t.counts[e.role][z]++
	t.score += worth
	t.whole += whole
	if z == inTitle {
		t.title += worth
		t.headed = t.headed || e.role == isName
	}
	t.lede = t.lede || z == inLede
	if e.role == isPlace && e.weight >= placeWeight && p.own && p.share == 1 { // people meet in capitals
		t.city = t.city || z == inTitle || z == inLede && !m.capitalBeside(p.start, -1)
	}
	t.sure = t.sure || e.role == isName && e.weight >= 1
	t.named = t.named || e.role == isName || e.role == isPeople
	if p.own && (e.role == isName || e.role == isPeople) {
		t.own += worth
		t.byName = t.byName || e.role == isName
	}
	t.keep(p.match, worth)
}

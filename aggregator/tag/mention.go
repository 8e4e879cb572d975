package tag

import (
	"slices"
	"strings"
)

// place is a place that a text names, and what that is worth.
type place struct {
	match
	share float32 // of its weight that counts, 0 to 1
	run   float32 // the same, for standing in a row with others
	own   bool    // it is named for itself, not in passing or in the name of something else
}

// What a place's name counts where it says little of what a text is about.
const (
	datelineShare = 0.2 // in a dateline: it is where the text was written
	besideShare   = 0.1 // in the name of something else
	societyShare  = 0.5 // in the name of a national society
	givenShare    = 0.1 // among those who paid
	addressShare  = 0.2 // after a city that the world meets in
	venueShare    = 0.5 // "in Nairobi, Kenya": it is where people met
)

// nearby is what a word says of a place beside it.
type nearby uint16

const (
	partBefore nearby = 1 << iota // "university of X": the place is part of another name, or the people are elsewhere
	partAfter
	societyBefore // "Red Cross of X"
	societyAfter
	riverBefore // "river X"
	venueBefore // "Geneva, X"
	stateAfter  // "X, PA"
	isPerson    // the country's name is a given name
	links       // stands between the word and the place: "of the"
	joins       // stands between countries in a row: "and"
	asksCapital // counts after a place only with a capital
)

// nearbyWords are the lists of data/masks.txt.
var nearbyWords = map[string]nearby{
	"before": partBefore, "after": partAfter, "society-before": societyBefore, "society-after": societyAfter,
	"river": riverBefore, "venue": venueBefore, "state": stateAfter, "person": isPerson, "link": links, "join": joins,
}

// runShare is what one of n countries in a row counts.
func runShare(n int, z zone) float32 {
	switch {
	case z == inTitle && n < longRun, n < shortRun:
		return 1
	case n < longRun:
		return 0.5
	}
	return 0.2
}

const (
	shortRun = 3
	longRun  = 5 // and more are no countries of the text: members, donors, the world
)

// operations finds the codes that the Red Cross and Red Crescent give their
// operations: MDR, the country's code and a number.
func (l *lexicon) operations(m *matcher) {
	for i := range m.tokens {
		t := &m.tokens[i]
		if t.flags&shouting == 0 || int(t.end-t.start) != len("MDRXX000") {
			continue
		}
		if w := m.texts[t.zone][t.start:t.end]; strings.HasPrefix(w, "MDR") && strings.Trim(w[5:], "0123456789") == "" {
			if e, ok := l.codes[[2]byte{w[3], w[4]}]; ok {
				m.places = append(m.places, place{match: match{e, uint32(i), uint32(i + 1)}, share: 1, run: 1})
			}
		}
	}
}

// weigh finds the places that are named in passing.
func (l *lexicon) weigh(m *matcher) {
	dateline := m.dateline()
	given := m.given
	for i := range m.places {
		if p := &m.places[i]; l.entries[p.entry].guard && m.inName(p.match) {
			m.persons = append(m.persons, p.entry)
		}
	}
	for i := range m.places {
		p := &m.places[i]
		e, z := &l.entries[p.entry], m.tokens[p.start].zone
		p.own = true
		if e.guard && slices.Contains(m.persons, p.entry) || e.role == isPlace && e.need&3 != 2 && m.acronym(p.match) {
			p.share = 0
			continue
		}
		if p.end == p.start+1 && m.tokens[p.start].near&isPerson != 0 && m.stranger(p.start) {
			p.share = 0
			continue
		}
		for len(given) > 0 && given[0][1] <= p.start {
			given = given[1:]
		}
		if p.end <= dateline && z != inTitle {
			p.own = false
			if p.share = datelineShare; e.role == isCapitalCity || e.role == isPlace {
				p.share = 0
			}
		}
		if len(given) > 0 && given[0][0] <= p.start {
			p.share, p.own = p.share*givenShare, false
		}
		switch near := m.beside(p.match); {
		case near&stateAfter != 0:
			p.share = 0
		case near&(partBefore|partAfter) != 0:
			p.own = false
			if p.share *= besideShare; e.role != isName || e.weight < 1 {
				p.share = 0
			}
		case e.role == isName && near&riverBefore != 0:
			p.share, p.own = p.share*besideShare, false
		case e.role == isName && near&venueBefore != 0:
			p.share, p.own = p.share*addressShare, false
		case near&(societyBefore|societyAfter) != 0:
			p.share, p.own = p.share*societyShare, false
		}
	}
	l.venues(m)
	l.parishes(m)
	l.runs(m)
}

// venues halves a capital that its country's name follows.
func (l *lexicon) venues(m *matcher) {
	for i := 1; i < len(m.places); i++ {
		a, b := &m.places[i-1], &m.places[i]
		x, y := &l.entries[a.entry], &l.entries[b.entry]
		if x.role == isCapitalCity && y.role == isName && x.term == y.term && m.tokens[b.start].zone != inTitle && m.joined(a.match, b.match) {
			a.share, b.share = a.share*venueShare, b.share*venueShare
		}
	}
}

// parishes drops a country's name that stands between two places of one other
// country, or before a state of the United States: towns are called El Salvador,
// Georgia and Lebanon too.
func (l *lexicon) parishes(m *matcher) {
	for i := 1; i < len(m.places); i++ {
		a, b := &m.places[i-1], &m.places[i]
		x, y := &l.entries[a.entry], &l.entries[b.entry]
		if x.role == isName && y.role == isPlace && y.term == l.states && x.term != y.term && y.weight >= placeWeight && m.comma(a.match, b.match) {
			a.share, a.own = 0, false
		}
	}
	for i := 1; i < len(m.places)-1; i++ {
		a, b, c := &m.places[i-1], &m.places[i], &m.places[i+1]
		x, y, z := &l.entries[a.entry], &l.entries[b.entry], &l.entries[c.entry]
		if y.role == isName && x.role == isPlace && z.role == isPlace && x.term == z.term && x.term != y.term && m.joined(a.match, b.match) && m.joined(b.match, c.match) {
			b.share, b.own = 0, false
		}
	}
}

// runs finds countries in a row ("Peru, Ghana and Nepal").
func (l *lexicon) runs(m *matcher) {
	for i := 0; i < len(m.places); {
		j, n := i+1, 1
		for j < len(m.places) && m.joined(m.places[j-1].match, m.places[j].match) {
			if l.entries[m.places[j].entry].term != l.entries[m.places[j-1].entry].term {
				n++
			}
			j++
		}
		z := m.tokens[m.places[i].start].zone
		if share := runShare(n, z); share < 1 {
			for k := range m.places[i:j] {
				p := &m.places[i+k]
				p.run = share
				p.own = p.own && n < longRun
			}
		}
		i = j
	}
}

// joined reports whether only commas and small words part two places.
func (m *matcher) joined(a, b match) bool {
	if b.start < a.end || b.start-a.end > 3 || m.tokens[a.start].zone != m.tokens[b.start].zone {
		return false
	}
	for i := a.end; i < b.start; i++ {
		if m.tokens[i].near&(joins|links) == 0 {
			return false
		}
	}
	between := m.texts[m.tokens[a.start].zone][m.tokens[a.end-1].end:m.tokens[b.start].start]
	return between != " " && !strings.ContainsAny(between, ".!?:")
}

// comma reports whether a comma and nothing else parts two places.
func (m *matcher) comma(a, b match) bool {
	x, y := &m.tokens[a.end-1], &m.tokens[b.start]
	return x.zone == y.zone && x.end < y.start && m.texts[x.zone][x.end:y.start] == ", "
}

// sentenceEnd gives the first token after the sentence that token i stands in,
// or one some lines further when it does not end.
func (m *matcher) sentenceEnd(i uint32) uint32 {
	const most = 40
	for j := i; j < uint32(len(m.tokens)) && j < i+most; j++ {
		if j == 0 || m.tokens[j].flags&fresh == 0 {
			continue
		}
		a, b := &m.tokens[j-1], &m.tokens[j]
		if a.zone != b.zone || strings.ContainsAny(m.texts[a.zone][a.end:b.start], ".!?;\n") {
			return j
		}
	}
	return min(i+most, uint32(len(m.tokens)))
}

// beside gives what the words around a place say of it: those right after it,
// and those before it with small words between.
func (m *matcher) beside(f match) nearby {
	var out nearby
	if int(f.end) < len(m.tokens) {
		if t := &m.tokens[f.end]; t.flags&fresh == 0 && (t.near&asksCapital == 0 || t.flags&capital != 0) {
			out = t.near & (partAfter | societyAfter)
			if t.flags&shouting != 0 && t.end-t.start == 2 && !m.shouted[t.zone] {
				out |= t.near & stateAfter
			}
		}
	}
	for i := int(f.start); i > 0 && i > int(f.start)-3; i-- {
		if m.tokens[i].flags&fresh != 0 || m.tokens[i].zone != m.tokens[f.start].zone {
			break
		}
		near := m.tokens[i-1].near
		out |= near & (partBefore | societyBefore | riverBefore | venueBefore)
		if near&links == 0 {
			break
		}
	}
	return out
}

// inName reports whether a town's words are part of a longer name, as in
// "Ana Mendoza said". Then they are a name all through the text.
func (m *matcher) inName(f match) bool {
	return m.capitalBeside(f.start, -1) || m.capitalBeside(f.end-1, +1)
}

// acronym reports whether a short word in capitals stands among others that are
// not: Gao is a town, GAO an office.
func (m *matcher) acronym(f match) bool {
	t := &m.tokens[f.start]
	return f.end == f.start+1 && t.flags&shouting != 0 && t.end-t.start <= 4 && !m.shouted[t.zone]
}

// stranger reports whether a capitalised word that no rule knows stands beside
// a token in a running text. Titles write every word with a capital.
func (m *matcher) stranger(i uint32) bool {
	for _, j := range [...]int{int(i) - 1, int(i) + 1} {
		if j < 0 || j >= len(m.tokens) {
			continue
		}
		t, a, b := &m.tokens[j], &m.tokens[min(int(i), j)], &m.tokens[max(int(i), j)]
		if t.n == 0 && t.flags&(capital|shouting) == capital && t.zone != inTitle && a.zone == b.zone && b.start == a.end+1 && m.texts[a.zone][a.end] == ' ' && (j > int(i) || t.flags&fresh == 0) {
			return true
		}
	}
	return false
}

// capitalBeside reports whether the token before or after is joined to this
// one by a space alone, or a quotation mark, and has a capital.
func (m *matcher) capitalBeside(i uint32, step int) bool {
	j := int(i) + step
	if j < 0 || j >= len(m.tokens) || m.shouted[m.tokens[i].zone] {
		return false
	}
	a, b := &m.tokens[min(int(i), j)], &m.tokens[max(int(i), j)]
	if a.zone != b.zone || b.start > a.end+8 || strings.Trim(m.texts[a.zone][a.end:b.start], "\"“”«»") != " " {
		return false
	}
	beside := &m.tokens[j]
	return beside.flags&capital != 0 && beside.near&links == 0 // "In" and "La" begin sentences
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

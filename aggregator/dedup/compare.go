package dedup

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"communique/aggregator/dedup/pivot"
	"communique/internal/fnv1a"
)

// likeness is what a comparison of two readings in one language came to.
type likeness struct {
	common, a, b int     // shingles that count: in both, in each
	whole        float32 // containment over all shingles, those too that stand in many statements
	jaccard      float32 // common of all
	containment  float32 // common of the smaller
	anchored     bool    // the smaller text, as far as it is in the larger, is in its beginning
	overlap      float32 // of the words of the titles, of the shorter; -1 when one has none
	titleEdition bool    // both titles have numbers that the other lacks
	titleNumbers bool    // one of them has an edition's number that the other lacks
	titleSwap    bool    // both titles have a word that the other lacks
	swapped      int     // words of either title that the other lacks
	sameTitle    bool    // neither has
	titleName    bool    // these words are names
	titleNames   string  // for people
	titleSeries  bool    // the titles begin alike and go on otherwise
	same         int     // slots with the same value
	sameNumbers  int     // of them, numbers
	numbers      int     // slots with another number
	names        int     // slots with another name
	examples     []string
}

// scratch is room for comparisons.
type scratch struct {
	a, b  []uint32
	idles []uint32
	lead  few

	looked []int32 // for idle: the places of shingles that are looked up,
	sought []uint32
	homes  []home
	locals []uint16
	under  []uint32
	stmts  []uint32
}

// compare puts two readings beside each other. idle tells, by its place in a,
// which shingle stands in many statements and means nothing; it may be nil. What b
// alone has of such counts against the likeness: to look it up costs more than
// it gains.
func (s *scratch) compare(a, b *reading, idle []bool) likeness {
	var l likeness
	x, y := a.distinct(), b.distinct()
	if idle != nil {
		l.whole = portion(float32(inBoth(x, y)), float32(min(len(x), len(y))))
		none := s.idle(a, idle)
		s.a, s.b = without(s.a[:0], x, none), without(s.b[:0], y, none)
		x, y = s.a, s.b
	}
	l.a, l.b = len(x), len(y)
	l.common = inBoth(x, y)
	if l.common > 0 {
		l.jaccard = float32(l.common) / float32(l.a+l.b-l.common)
		l.containment = float32(l.common) / float32(min(l.a, l.b))
	}
	if idle == nil {
		l.whole = l.containment
	}
	s.titles(&l, a, b)
	if l.common > 0 {
		s.anchor(&l, a, b)
		s.slots(&l, a, b)
	}
	return l
}

// without appends what of a sorted set is not in another.
func without(dst, set, none []uint32) []uint32 {
	j := 0
	for _, h := range set {
		for j < len(none) && none[j] < h {
			j++
		}
		if j == len(none) || none[j] != h {
			dst = append(dst, h)
		}
	}
	return dst
}

// idle gives the sorted set of a reading's idle shingles.
func (s *scratch) idle(r *reading, idle []bool) []uint32 {
	s.idles = s.idles[:0]
	for i, is := range idle {
		if is {
			s.idles = append(s.idles, r.shingles[i])
		}
	}
	slices.Sort(s.idles)
	return s.idles
}

// inBoth counts what two sorted sets have in common.
func inBoth(a, b []uint32) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n++
			i++
			j++
		}
	}
	return n
}

// few is a set of a few hundred shingles.
type few struct {
	slots [1024]uint32 // a shingle plus one
	used  []uint16
}

func (f *few) set(shingles []uint32) {
	for _, i := range f.used {
		f.slots[i] = 0
	}
	f.used = f.used[:0]
	for _, h := range shingles {
		if i := f.slot(h); f.slots[i] == 0 {
			f.slots[i] = h + 1
			f.used = append(f.used, i)
		}
	}
}

func (f *few) has(h uint32) bool { return f.slots[f.slot(h)] != 0 }

// slot is where a shingle is or belongs.
func (f *few) slot(h uint32) uint16 {
	i := h * 0x9E3779B1 >> 22
	for f.slots[i] != 0 && f.slots[i] != h+1 {
		i = (i + 1) % uint32(len(f.slots))
	}
	return uint16(i)
}

// anchor sees whether what the smaller text shares with the larger lies in the
// larger one's beginning: an excerpt does, a quotation of another release does
// not.
func (s *scratch) anchor(l *likeness, a, b *reading) {
	small, large := a, b
	if len(a.shingles) > len(b.shingles) {
		small, large = b, a
	}
	s.lead.set(large.shingles[:min(len(large.shingles), large.titled+ledeTokens)])
	in := 0
	for _, h := range small.shingles[:min(len(small.shingles), ledeTokens)] {
		if s.lead.has(h) {
			in++
		}
	}
	l.anchored = 2*in >= min(len(small.shingles), ledeTokens, len(large.shingles)) || in >= ledeTokens/3
}

// titles compares the titles.
func (s *scratch) titles(l *likeness, a, b *reading) {
	l.overlap = -1
	ta, tb := a.titleWords(), b.titleWords()
	if len(ta) == 0 || len(tb) == 0 {
		return
	}
	if l.sameTitle = sameTokens(a.tokens[:a.titled], b.tokens[:b.titled]); l.sameTitle {
		l.overlap = 1
		return
	}
	if borrowed(a, b) || borrowed(b, a) {
		return
	}
	var onlyA, onlyB, inBoth int
	var numA, numB, editionA, editionB bool
	var nameA, nameB string
	missing := func(w titleWord, in []titleWord) bool {
		return !slices.ContainsFunc(in, func(o titleWord) bool {
			return o.hash == w.hash || !w.number && !o.number && (alike(w.text, o.text))
		})
	}
	for _, w := range ta {
		switch {
		case !missing(w, tb):
			if !w.number {
				inBoth++
			}
		case w.number:
			numA = true
			editionA = editionA || w.edition
		default:
			onlyA++
			if w.name {
				nameA = w.text
			}
		}
	}
	for _, w := range tb {
		if missing(w, ta) {
			if w.number {
				numB = true
				editionB = editionB || w.edition
			} else {
				onlyB++
				if w.name {
					nameB = w.text
				}
			}
		}
	}
	shorter := min(inBoth+onlyA, inBoth+onlyB)
	if shorter > 0 {
		l.overlap = float32(inBoth) / float32(shorter)
	} else {
		l.overlap = 1 // of words there are none: the numbers decide
	}
	l.titleEdition = numA && numB && l.overlap >= .5
	l.titleNumbers = editionA != editionB
	l.titleSwap, l.swapped = onlyA > 0 && onlyB > 0, onlyA+onlyB
	l.sameTitle = onlyA+onlyB == 0 && !numA && !numB
	if l.titleSwap && nameA != "" && nameB != "" && l.overlap >= titleOverlap && !titleCase(a) && !titleCase(b) {
		l.titleName, l.titleNames = true, "name: "+nameA+" ≠ "+nameB
	}
	alikeUntil := 0
	for alikeUntil < min(len(ta), len(tb)) && (ta[alikeUntil].hash == tb[alikeUntil].hash || alike(ta[alikeUntil].text, tb[alikeUntil].text)) {
		alikeUntil++
	}
	l.titleSeries = l.titleSwap && alikeUntil >= seriesWords
}

func sameTokens(a, b []token) bool {
	return slices.EqualFunc(a, b, func(x, y token) bool { return x.word == y.word })
}

// borrowed reports whether a's title is only the beginning of its text, which
// stands in b's text too: a title that a machine made.
func borrowed(a, b *reading) bool {
	if a.titled < shingled || len(a.shingles) <= a.titled || len(b.shingles) <= b.titled {
		return false
	}
	if slices.Contains(a.shingles[a.titled:min(len(a.shingles), a.titled+3)], a.shingles[0]) {
		return true
	}
	return !slices.Contains(b.shingles[:min(b.titled, len(b.shingles))], a.shingles[0]) &&
		slices.Contains(b.shingles[b.titled:min(len(b.shingles), b.titled+ledeTokens)], a.shingles[0])
}

// seriesWords is how many words titles of one series begin with.
const seriesWords = 3

// titleCase reports whether most words of a title have capitals, so that they
// say nothing.
func titleCase(r *reading) bool {
	capitals, words := 0, 0
	for _, t := range r.tokens[:r.titled] {
		if t.flags&isNumber == 0 && t.end-t.start > 3 {
			words++
			if t.flags&isCapital != 0 {
				capitals++
			}
		}
	}
	return 3*capitals > 2*words
}

type titleWord struct {
	name    bool
	hash    uint32
	text    string
	number  bool
	edition bool // a number after a word such as "update", or an ordinal
}

// titleWords gives the words of a title that mean something.
func (r *reading) titleWords() []titleWord {
	if r.headed == nil {
		r.headed = headed(r)
	}
	return r.headed
}

func headed(r *reading) []titleWord {
	out := []titleWord{}
	for i := range r.titled {
		t := r.tokens[i]
		text := strings.ToLower(r.text(i))
		if t.flags&isNumber != 0 {
			edition := i > 0 && editions[strings.ToLower(r.text(i-1))]
			out = append(out, titleWord{hash: t.word, text: text, number: true, edition: edition})
			continue
		}
		if n := roman(r.text(i)); n && i > 0 {
			out = append(out, titleWord{hash: t.word, text: text, number: true, edition: true})
			continue
		}
		if v := numeral(text); v != 0 {
			out = append(out, titleWord{hash: hashNumber(v), text: text, number: true})
			continue
		}
		if t.flags&isHan == 0 && (len(text) < 2 || pivot.Function(r.language, []byte(text))) {
			continue
		}
		if !slices.ContainsFunc(out, func(w titleWord) bool { return w.hash == t.word }) {
			out = append(out, titleWord{hash: t.word, text: text, name: t.flags&(isCapital|opens) == isCapital})
		}
	}
	return out
}

// editions are the words before an edition's number.
var editions = set(`no nº n° nr num number numéro numero número issue update updates bulletin report week day vol volume part phase round edition
	version release rc beta episode chapter series sitrep flash dashboard newsletter
	semaine jour édition edicion edición boletín boletin informe semana día dia parte fase actualización actualizacion rapport mise
	atualização atualizacao edição edicao relatório relatorio العدد رقم`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// roman reports whether a word is a Roman numeral of two letters or more.
func roman(s string) bool {
	if len(s) < 2 || len(s) > 6 {
		return false
	}
	for _, c := range []byte(s) {
		if c != 'I' && c != 'V' && c != 'X' && c != 'L' {
			return false
		}
	}
	return true
}

// alike reports whether two words differ by no more than a typing error: one
// letter changed, added, dropped or two swapped for every six (Damerau 1964),
// or an ending.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > 120 || len(b) > 120 {
		return false
	}
	var ra, rb [120]rune
	x, y := append(ra[:0], []rune(a)...), append(rb[:0], []rune(b)...)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 4 || len(y) > mostLetters || strings.ContainsAny(a, "0123456789") || strings.ContainsAny(b, "0123456789") {
		return false
	}
	if slices.Equal(y[:len(x)], x) && len(y)-len(x) <= 3 {
		return true
	}
	most := max(1, len(x)/6)
	return len(y)-len(x) <= most && damerau(x, y, most) <= most
}

const mostLetters = 40

// damerau is the number of letters to change, add, drop or swap with their
// neighbour to make a of b; beyond most it only says more.
func damerau(a, b []rune, most int) int {
	var rows [3][mostLetters + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur, before, beyond := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		cur[0] = i
		low := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(cur[j-1]+1, before[j]+1, before[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, beyond[j-2]+1)
			}
			cur[j] = d
			low = min(low, d)
		}
		if low > most {
			return most + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

// slot is a run of numbers or names in a text, known by the words around it.
type slot struct {
	from, to int // tokens, both included
	number   bool
}

// slots compares the values that stand between the same words.
func (s *scratch) slots(l *likeness, a, b *reading) {
	sa, sb := a.slots(), b.slots()
	for i := range sa.list {
		x := sa.list[i].slot
		y, ok := sb.at(sa.list[i].context)
		if !ok {
			continue
		}
		switch {
		case sameRun(a, x, b, y):
			l.same++
			if x.number {
				l.sameNumbers++
			}
			continue
		case x.number && y.number:
			l.numbers++
		case x.number || y.number:
			continue // another kind of thing: the context is not the same
		default:
			if sameNames(a, x, b, y) {
				l.same++
				continue
			}
			l.names++
		}
		if len(l.examples) < 3 {
			l.examples = append(l.examples, fmt.Sprintf("%s⟨%s⟩ ≠ ⟨%s⟩", before(a, x), clip(a.words(x.from, x.to)), clip(b.words(y.from, y.to))))
		}
	}
}

func before(r *reading, s slot) string {
	if s.from == r.titled || s.from == 0 {
		return ""
	}
	return strings.Join(strings.Fields(r.words(max(s.from-2, 0), s.from-1)), " ") + " "
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if rs := []rune(s); len(rs) > 40 {
		return string(rs[:39]) + "…"
	}
	return s
}

// slots are those of a text's body whose context says something: one that holds
// several values does not.
type slots struct {
	list []slotted // in the order of the text
	by   []uint16  // by a hash of the context: place in list, plus one
}

type slotted struct {
	context uint32
	slot
}

func (s *slots) at(context uint32) (slot, bool) {
	if i := s.by[s.find(context)]; i != 0 {
		return s.list[i-1].slot, true
	}
	return slot{}, false
}

// find gives where in by a context is or belongs.
func (s *slots) find(context uint32) int {
	mask := len(s.by) - 1
	i := int(context) & mask
	for s.by[i] != 0 && s.list[s.by[i]-1].context != context {
		i = (i + 1) & mask
	}
	return i
}

// index makes by anew.
func (s *slots) index() {
	clear(s.by)
	for i, x := range s.list {
		s.by[s.find(x.context)] = uint16(i + 1)
	}
}

// slots finds a text's slots, once.
func (r *reading) slots() *slots {
	if r.slotted != nil {
		return r.slotted
	}
	n := len(r.tokens)
	most := 0
	for i := r.titled; i < n; i++ {
		if fills(r, i) && (i == r.titled || !fills(r, i-1)) {
			most++
		}
	}
	out := &slots{list: make([]slotted, 0, most), by: make([]uint16, 2<<bits.Len(uint(most)))}
	r.slotted = out
	for i := r.titled; i < n; {
		if !fills(r, i) {
			i++
			continue
		}
		j := i
		number := true
		for j < n && fills(r, j) {
			if r.tokens[j].flags&isNumber == 0 {
				number = false
			}
			j++
		}
		s := slot{i, j - 1, number}
		key := contextOf(r, i, j)
		if at := out.find(key); out.by[at] == 0 {
			out.list = append(out.list, slotted{key, s})
			out.by[at] = uint16(len(out.list))
		} else if had := &out.list[out.by[at]-1]; had.from >= 0 && !sameRun(r, had.slot, r, s) {
			had.from = -1
		}
		i = j
	}
	out.list = slices.DeleteFunc(out.list, func(s slotted) bool { return s.from < 0 })
	out.index()
	return out
}

// fills reports whether a token is a value: a number, or a capitalised word that
// does not open a sentence.
func fills(r *reading, i int) bool {
	f := r.tokens[i].flags
	return f&isNumber != 0 || f&(isCapital|opens|shouts) == isCapital
}

// contextOf hashes the two words before and after a run; of a value it is only
// counted that there is one.
func contextOf(r *reading, from, to int) uint32 {
	h := fnv1a.Seed
	put := func(i int) {
		w := uint32(1)
		switch {
		case i < r.titled || i >= len(r.tokens):
			w = 2
		case !fills(r, i):
			w = r.tokens[i].word
		}
		h = (h ^ uint64(w)) * 0x9E3779B97F4A7C15
		h ^= h >> 31
	}
	put(from - 2)
	put(from - 1)
	put(to)
	put(to + 1)
	return mix(h)
}

func sameRun(a *reading, x slot, b *reading, y slot) bool {
	if x.to-x.from != y.to-y.from {
		return false
	}
	for i := 0; i <= x.to-x.from; i++ {
		if a.tokens[x.from+i].word != b.tokens[y.from+i].word {
			return false
		}
	}
	return true
}

// sameNames reports whether two runs of names are one name written in two ways.
func sameNames(a *reading, x slot, b *reading, y slot) bool {
	short, long := x, y
	ra, rb := a, b
	if short.to-short.from > long.to-long.from {
		short, long, ra, rb = y, x, b, a
	}
	for i := short.from; i <= short.to; i++ {
		found := false
		for j := long.from; j <= long.to && !found; j++ {
			if ra.tokens[i].flags&isNumber != 0 || rb.tokens[j].flags&isNumber != 0 {
				found = ra.tokens[i].word == rb.tokens[j].word
			} else {
				found = ra.tokens[i].word == rb.tokens[j].word || alike(strings.ToLower(ra.text(i)), strings.ToLower(rb.text(j)))
			}
		}
		if !found {
			return false
		}
	}
	return true
}

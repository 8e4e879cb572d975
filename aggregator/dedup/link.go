package dedup

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The features that a pair of texts in two languages is weighed by. All are
// between 0 and about 1 unless it says otherwise.
const (
	fBias      = iota
	fWords     // cosine over words
	fNames     // over skeletons of names
	fNumbers   // over numbers
	fJoint     // over all of them
	fTitle     // over the titles
	fTitleIn   // how much of one title stands in the other's title or lede, the better way round
	fLede      // over title and lede
	fCover     // how much of the smaller text stands in the larger
	fBoth      // words and numbers agree
	fConflict  // numbers that each has and the other lacks
	fTitleNum  // the titles' numbers differ
	fTitleOne  // one title has a number that the other text has nowhere
	fShared    // rare concepts in common: a saturating count
	fMargin    // ahead of the next best statement in that language
	fAlone     // nothing else came near
	fLag       // days between, saturating
	fShort     // one of the texts is short
	fShortWord // fShort × fWords
	fShortTtl  // fShort × fTitleIn
	fThings    // cosine over tags, files and images
	fNoThings  // one of them has none
	fSupport   // how like it is to the statement's copies in further languages
	fSize      // log of the ratio of lengths
	fScript    // the scripts differ, so that likeness is lower
	fScrWords  // fScript × fWords
	fScrNames  // fScript × fNames
	fScrCover  // fScript × fCover
	fScrMargin // fScript × fMargin
	fNameConf  // names that each has and the other lacks
	fScrNameC  // fScript × fNameConf
	fOther     // how much of the larger text stands in the smaller
	features
)

// pair is the features of two texts.
type pair [features]float32

// weights of the features, learned on the labelled stream (fit_test.go).
var weights = pair{
	fBias:      -3.473,
	fWords:     0.546,
	fNames:     -0.066,
	fNumbers:   1.051,
	fJoint:     0.690,
	fTitle:     2.890,
	fTitleIn:   -0.156,
	fLede:      2.176,
	fCover:     2.748,
	fBoth:      1.200,
	fConflict:  -3.001,
	fTitleNum:  -2.942,
	fTitleOne:  -2.206,
	fShared:    1.811,
	fMargin:    4.171,
	fAlone:     0.484,
	fLag:       -7.152,
	fShort:     -1.037,
	fShortWord: 0.100,
	fShortTtl:  0.042,
	fThings:    0.795,
	fNoThings:  0.788,
	fSupport:   1.512,
	fSize:      0.111,
	fScript:    1.108,
	fScrWords:  0.661,
	fScrNames:  1.659,
	fScrCover:  0.939,
	fScrMargin: 1.604,
	fNameConf:  -1.800,
	fScrNameC:  1.084,
	fOther:     0.742,
}

// weigh gives how rare a concept is: the logarithm of how many texts there are
// to each that speaks of it (Spärck Jones 1972), with a few imagined texts so
// that the first ones count neither for nothing nor for all.
func (w *window) weigh(id uint32) float32 {
	return w.rarest - logs(int(w.df[id&(1<<dfBits-1)])+1)
}

const imagined = 60

// logs is the natural logarithm, by table for small numbers: it is the same on
// every machine.
func logs(n int) float32 {
	if n < len(logTable) {
		return logTable[n]
	}
	return float32(math.Log(float64(n)))
}

var logTable = func() (t [4096]float32) {
	for i := 1; i < len(t); i++ {
		t[i] = float32(math.Log(float64(i)))
	}
	return t
}()

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
	slices.Sort(best)
	out := w.found[:0]
	for _, r := range best[:min(mostKeywords, len(best))] {
		out = append(out, concept(r))
	}
	w.found = out
	return out
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

// siblings looks for statements in other languages that the newcomer tells.
func (p *Placer) siblings(c *newcomer, near []candidate) ([]candidate, error) {
	w := p.window
	w.hits.reset(len(w.docs))
	// The rarest first: should the budget be used up, it is by what says least.
	keywords := make([]ranked, 0, mostKeywords)
	total := float32(0)
	for _, k := range c.sketch.keywords {
		if g := w.weigh(k.id()); g >= worthLooking {
			keywords = append(keywords, ranked{k, g})
			total += g * g
		}
	}
	slices.SortFunc(keywords, func(a, b ranked) int { return cmp.Or(cmp.Compare(b.w, a.w), cmp.Compare(a.c, b.c)) })
	budget := mostLooked
	for _, k := range keywords {
		g := k.w * k.w
		left := min(mostPostings, budget)
		for i := len(w.segments) - 1; i >= 0 && left > 0; i-- {
			s := w.segments[i]
			list := s.under(k.c.key())
			list = list[max(0, len(list)-left):]
			left -= len(list)
			budget -= len(list)
			base := s.from - w.first
			for _, local := range list {
				w.hits.add(base+uint32(local), g)
			}
		}
	}
	least := max(leastSibling, leastShare*total)
	me := side{c.sketch.vector, w.normsOf(c.sketch.vector), c.reading.size(), c.language, hoursOf(c.date)}
	found := p.scored[:0]
	var best [mostLanguages + 1]*leaders
	for _, i := range w.hits.touched {
		sum := w.hits.sum[i]
		if sum < least {
			continue
		}
		tongue := w.tongues[i]
		if tongue == c.language || tongue == ofNone {
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
		if d := &w.docs[i]; !p.within(c.date, d.date) || !p.compared(c.src.ID, d.item.Source()) {
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
			x := w.pairOf(&me, lead.n)
			found = append(found, scored{n: lead.n, stmt: d.stmt, language: d.language, x: x, z: x.dot(&weights)})
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
				x := w.pairOf(&me, n)
				i = len(found)
				found = append(found, scored{n: n, stmt: d.stmt, language: d.language, x: x, z: x.dot(&weights)})
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
		cand := candidate{n: f.n, item: d.item, stmt: d.stmt, score: sigmoid(z), threshold: p.o.LinkThreshold, linked: true}
		cand.pair, cand.named = f.x, f.named
		against := ""
		if cand.score >= cand.threshold {
			var err error
			if against, err = p.conflict(c, &f.x, d.stmt); err != nil {
				return nil, err
			}
		}
		for j := range near {
			if near[j].barred && near[j].stmt == d.stmt {
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
		cand.related = !cand.joins && cand.score >= p.o.RelatedThreshold
		out = append(out, cand)
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		if a.joins != b.joins {
			if a.joins {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.score, a.score)
	})
	return out, nil
}

func sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }

func (x *pair) dot(w *pair) float32 {
	var z float32
	for i := range x {
		z += x[i] * w[i]
	}
	return z
}

// tell words the evidence for people: how alike two texts are, from 0 to 1, when
// their words are compared by what they mean.
func (x *pair) tell() string {
	said := fmt.Sprintf("across languages: words %.2f alike, names %.2f, numbers %.2f, opening %.2f; %s of a title and %s of the shorter text found in the other",
		x[fWords], x[fNames], x[fNumbers], x[fLede], percent(x[fTitleIn]), percent(x[fCover]))
	switch {
	case x[fAlone] > 0:
		return said + "; no other statement near"
	case x[fMargin] < 0:
		return said + fmt.Sprintf("; another statement is nearer by %.2f", -x[fMargin])
	}
	return said + fmt.Sprintf("; nearer by %.2f than the next statement", x[fMargin])
}

// norms are the sums over one vector that comparing it takes.
type norms struct {
	kind        [kinds]float32 // squares
	title, lede float32        // squares
	all         float32        // weights
	numbers     float32        // weights
	names       float32        // weights
	titled      float32        // weights in the title
	titleNums   uint8          // numbers in the title
}

// normsOf sums over a vector. In the window they are made when a copy comes and
// anew whenever it has grown by half.
func (w *window) normsOf(v []concept) (n norms) {
	for _, c := range v {
		g := w.weigh(c.id())
		x := c.weight() * g
		n.kind[c.kind()] += x * x
		z := c.zones()
		if z&inTitle != 0 {
			n.title += g * g
			n.titled += g
		}
		if z != inBody {
			n.lede += g * g
		}
		n.all += min(c.weight(), 2) * g
		switch c.kind() {
		case aNumber:
			n.numbers += g
			if z&inTitle != 0 {
				n.titleNums++
			}
		case aName:
			n.names += g
		}
	}
	return n
}

// overlap is what two vectors have in common.
type overlap struct {
	kind        [kinds]float32 // dot products
	title, lede float32
	cover       float32 // weights in common
	numbers     float32
	names       float32
	rare        float32
	inTitleA    float32 // of a's title, what stands in b's title or lede
	inTitleB    float32
	titleNumsA  uint8 // of a's title, the numbers that stand in b
	titleNumsB  uint8
}

// lay puts two vectors beside each other.
func (w *window) lay(a, b []concept) (o overlap) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x, y := a[i], b[j]
		switch {
		case x.key() < y.key():
			i++
			continue
		case x.key() > y.key():
			j++
			continue
		}
		i++
		j++
		g := w.weigh(x.id())
		k, zx, zy := x.kind(), x.zones(), y.zones()
		o.kind[k] += x.weight() * y.weight() * g * g
		if zx&zy&inTitle != 0 {
			o.title += g * g
		}
		if zx != inBody && zy != inBody {
			o.lede += g * g
		}
		if zx&inTitle != 0 && zy != inBody {
			o.inTitleA += g
		}
		if zy&inTitle != 0 && zx != inBody {
			o.inTitleB += g
		}
		o.cover += min(x.weight(), y.weight(), 2) * g
		if g > 2.5 {
			o.rare++
		}
		switch k {
		case aNumber:
			o.numbers += g
			if zx&inTitle != 0 {
				o.titleNumsA++
			}
			if zy&inTitle != 0 {
				o.titleNumsB++
			}
		case aName:
			o.names += g
		}
	}
	return o
}

func cosine(dot, a, b float32) float32 {
	if dot <= 0 || a <= 0 || b <= 0 {
		return 0
	}
	// Sums in the window are a little behind, so that the quotient may pass 1.
	return min(1, dot/float32(math.Sqrt(float64(a)*float64(b))))
}

func portion(part, all float32) float32 {
	if all <= 0 {
		return 0
	}
	return min(1, part/all)
}

// side is one text of a pair.
type side struct {
	vector   []concept
	norms    norms
	size     int // tokens
	language uint8
	date     int32 // hours
}

// pairOf computes the features of a text and a copy in the window, but for those
// that compare it with other copies.
func (w *window) pairOf(c *side, n uint32) (x pair) {
	d := w.doc(n)
	a, b := &c.norms, &d.norms
	o := w.lay(c.vector, w.vector(n))
	x[fBias] = 1
	x[fWords] = cosine(o.kind[aWord], a.kind[aWord], b.kind[aWord])
	x[fNames] = cosine(o.kind[aName], a.kind[aName], b.kind[aName])
	x[fNumbers] = cosine(o.kind[aNumber], a.kind[aNumber], b.kind[aNumber])
	x[fJoint] = o.joint(a, b)
	if x[fThings] = cosine(o.kind[aThing], a.kind[aThing], b.kind[aThing]); a.kind[aThing] == 0 || b.kind[aThing] == 0 {
		x[fNoThings] = 1
	}
	x[fTitle] = cosine(o.title, a.title, b.title)
	x[fTitleIn] = max(portion(o.inTitleA, a.titled), portion(o.inTitleB, b.titled))
	x[fLede] = cosine(o.lede, a.lede, b.lede)
	x[fCover] = portion(o.cover, min(a.all, b.all))
	x[fOther] = portion(o.cover, max(a.all, b.all))
	x[fBoth] = min(1, 4*x[fWords]) * x[fNumbers]
	x[fConflict] = saturate(min(a.numbers-o.numbers, b.numbers-o.numbers), 10)
	x[fNameConf] = saturate(min(a.names-o.names, b.names-o.names), 20)
	switch onlyA, onlyB := a.titleNums > o.titleNumsA, b.titleNums > o.titleNumsB; {
	case onlyA && onlyB:
		x[fTitleNum] = 1
	case onlyA || onlyB:
		x[fTitleOne] = 1
	}
	x[fShared] = o.rare / (o.rare + sharedSaturate)
	if c.date != noDate && d.date != noDate {
		x[fLag] = saturate(float32(max(c.date, d.date)-min(c.date, d.date)), lagSaturates)
	}
	x[fShort] = shortText / (shortText + float32(min(c.size, int(d.size))))
	x[fShortWord] = x[fShort] * x[fWords]
	x[fShortTtl] = x[fShort] * x[fTitleIn]
	if w.foreign(c.language) != w.foreign(d.language) {
		x[fScript], x[fScrWords], x[fScrNames], x[fScrCover], x[fScrNameC] = 1, x[fWords], x[fNames], x[fCover], x[fNameConf]
	}
	x[fSize] = min(2, float32(math.Abs(math.Log(float64(c.size+10)/float64(int(d.size)+10)))))
	return x
}

// joint is the cosine over all kinds.
func (o *overlap) joint(a, b *norms) float32 {
	var dot, na, nb float32
	for k := range kinds {
		dot, na, nb = dot+o.kind[k], na+a.kind[k], nb+b.kind[k]
	}
	return cosine(dot, na, nb)
}

// saturate brings what is above 0 to between 0 and 1, half of it at half.
func saturate(x, half float32) float32 {
	if x <= 0 {
		return 0
	}
	return x / (x + half)
}

// foreign tells the scripts of languages apart, as far as texts in them share
// words: 0 is Latin.
func (w *window) foreign(language uint8) byte {
	if int(language) >= len(w.languages) {
		return 0
	}
	switch w.languages[language] {
	case "ar", "fa", "ur", "ps", "ckb", "he":
		return 'a'
	case "ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg":
		return 'c'
	case "zh", "ja", "ko":
		return 'h'
	case "el", "hy", "ka", "am", "ti", "hi", "bn", "ne", "ta", "my", "th", "km", "lo", "si":
		return 'o'
	}
	return 0
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

// sameLanguage says what shows that the newcomer cannot be of a statement that
// has a copy in its language already: one publication is told once in each, or in
// nearly the same words.
func (p *Placer) sameLanguage(c *newcomer, s uint32) (string, error) {
	w := p.window
	best, held := w.fullest(s, c.language, "")
	if !held {
		return "", nil
	}
	o := w.lay(c.sketch.vector, w.vector(best))
	own := w.normsOf(c.sketch.vector)
	other := &w.doc(best).norms
	like := o.joint(&own, other)
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

package dedup

import (
	"fmt"
	"math"
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
	fAbroad    // they are about countries, and none in common
	fApart     // each has several numbers, and none in common; no weight: it forbids (link.go)
	features
)

// pair is the features of two texts.
type pair [features]float32

// weights of the features, learned on the labelled stream (fit_test.go).
var weights = pair{
	fBias:      -6.087,
	fWords:     0.840,
	fNames:     -1.351,
	fNumbers:   1.139,
	fJoint:     1.252,
	fTitle:     2.676,
	fTitleIn:   -1.744,
	fLede:      5.272,
	fCover:     4.896,
	fBoth:      0.454,
	fConflict:  -2.358,
	fTitleNum:  -5.124,
	fTitleOne:  -2.576,
	fShared:    4.178,
	fMargin:    4.950,
	fAlone:     0.133,
	fLag:       -6.302,
	fShort:     -1.837,
	fShortWord: 0.178,
	fShortTtl:  -0.660,
	fThings:    1.165,
	fNoThings:  0.019,
	fSupport:   1.483,
	fSize:      0.755,
	fScript:    2.174,
	fScrWords:  0.244,
	fScrNames:  2.475,
	fScrCover:  0.638,
	fScrMargin: 1.863,
	fNameConf:  -2.123,
	fScrNameC:  1.091,
	fOther:     0.608,
	fAbroad:    -1.368,
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

var logTable = func() (t [1<<16 + 1]float32) { // no concept is counted in more texts
	for i := 1; i < len(t); i++ {
		t[i] = float32(math.Log(float64(i)))
	}
	return t
}()

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
	countries   uint8
	figures     uint8 // numbers
}

// severalFigures is how many numbers make it strange that two texts have none in common.
const severalFigures = 2

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
		case aThing:
			if z == isCountry {
				n.countries++
			}
		case aNumber:
			n.numbers += g
			n.figures++
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
	countries   uint8
}

// lay puts the vector of a copy beside that of c.
func (c *side) lay(b []concept) (o overlap) {
	for _, y := range b {
		at := c.find(y.key())
		if at < 0 {
			continue
		}
		x, g := c.vector[at], c.weighs[at]
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
		case aThing:
			if zx == isCountry {
				o.countries++
			}
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

// side is the text of a pair that is compared with many.
type side struct {
	vector   []concept
	weighs   [mostConcepts]float32              // how rare each is
	places   [1<<placeBits + mostConcepts]uint8 // of concepts in vector, plus one, by a hash of their keys
	norms    norms
	size     int // tokens
	language uint8
	date     int32 // hours
}

// take makes c the side of a vector: what every comparison with it needs is made once.
func (c *side) take(w *window, v []concept) {
	c.vector = v
	clear(c.places[:])
	for i, x := range v {
		c.weighs[i] = w.weigh(x.id())
		at := placeOf(x.key())
		for c.places[at] != 0 {
			at++
		}
		c.places[at] = uint8(i + 1)
	}
	c.norms = w.normsOf(v)
}

// find gives where the concept with a key stands in the vector, -1 when it does not.
func (c *side) find(key uint32) int {
	for at := placeOf(key); ; at++ {
		i := int(c.places[at]) - 1
		if i < 0 || c.vector[i].key() == key {
			return i
		}
	}
}

func placeOf(key uint32) uint32 { return key * 0x9E3779B1 >> (32 - placeBits) }

// placeBits makes most places free, as most concepts that are looked for are not there.
const placeBits = 10

// pairOf computes the features of a text and a copy in the window, but for those
// that compare it with other copies.
func (w *window) pairOf(c *side, n uint32) (x pair) {
	d := w.doc(n)
	a, b := &c.norms, &d.norms
	o := c.lay(w.vector(n))
	x[fBias] = 1
	x[fWords] = cosine(o.kind[aWord], a.kind[aWord], b.kind[aWord])
	x[fNames] = cosine(o.kind[aName], a.kind[aName], b.kind[aName])
	x[fNumbers] = cosine(o.kind[aNumber], a.kind[aNumber], b.kind[aNumber])
	x[fJoint] = o.joint(a, b)
	if x[fThings] = cosine(o.kind[aThing], a.kind[aThing], b.kind[aThing]); a.kind[aThing] == 0 || b.kind[aThing] == 0 {
		x[fNoThings] = 1
	}
	if min(a.figures, b.figures) >= severalFigures && o.numbers == 0 {
		x[fApart] = 1
	}
	if a.countries > 0 && b.countries > 0 && o.countries == 0 {
		x[fAbroad] = 1
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

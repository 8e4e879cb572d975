package dedup

import (
	"math"
	"slices"
	"unicode/utf8"

	"communique/aggregator/dedup/pivot"
	"communique/feeds"
)

// concept is one thing that a text speaks of, whatever its language, with how
// much it does and where: from the highest bit, 22 bits of the concept's hash, 2
// of its kind, 2 of the zones, 6 of the weight in eighths. Sorted, equal
// concepts of two texts stand side by side.
type concept uint32

const (
	conceptShift = 10
	kindShift    = 8
	zoneShift    = 6
	weightMask   = 1<<6 - 1
)

// Kinds of concepts.
const (
	aWord = iota
	aNumber
	aName  // the consonants of a name
	aThing // a tag of ours, a file, an image
	kinds
)

// Zones of a text, as bits.
type zoneBits uint8

const (
	inBody  zoneBits = 0
	inTitle zoneBits = 1
	inLede  zoneBits = 2
)

// isCountry is the zone of those things that are countries.
const isCountry = inTitle | inLede

// ledeWords is how far the zone of the lede goes, in tokens.
const ledeWords = 70

func (c concept) id() uint32      { return uint32(c) >> conceptShift }
func (c concept) kind() int       { return int(c>>kindShift) & 3 }
func (c concept) zones() zoneBits { return zoneBits(c>>zoneShift) & 3 }
func (c concept) weight() float32 { return float32(c&weightMask) / 8 }

// concepts notes what the tokens of a text, which was read last, may mean.
func (k *desk) concepts(r *reading) {
	k.lexicon, k.tongue = pivot.Of(r.language), hash64('l', r.language)
	if k.meanings == nil {
		k.meanings = make([]meaning, atHand)
	}
	// What is known of words is larger than the processor's nearest caches: so
	// it is asked for some words at once, and the waits overlap.
	var at [32]*meaning // where it should be; nil when it is not there
	for from := 0; from < len(r.tokens); from += len(at) {
		some := r.tokens[from:min(from+len(at), len(r.tokens))]
		for i, h := range k.hashes[from : from+len(some)] {
			h ^= k.tongue
			if at[i] = &k.meanings[mix(h)%atHand]; at[i].hash != h {
				at[i] = nil
			}
		}
		for i := range some {
			z := inBody
			switch n := from + i; {
			case n < r.titled:
				z = inTitle
			case n < r.titled+ledeWords:
				z = inLede
			}
			switch t := &some[i]; {
			case t.flags&isHan != 0:
			case t.flags&isNumber == 0:
				m, h := at[i], k.hashes[from+i]^k.tongue
				if m == nil || m.hash != h { // one of those before it may have taken its place
					m = k.meaning(h, r, from+i)
				}
				r.spelled++
				if m.is&isFunction != 0 {
					r.small++
				}
				k.means(m, t, z)
			case t.flags&isSingle == 0 || z == inTitle: // a single digit in a text is an enumeration as a rule
				k.gather.add(t.word, aNumber, z, 1)
			}
		}
	}
}

// means notes what a word means.
func (k *desk) means(m *meaning, t *token, z zoneBits) {
	switch {
	case m.is&isFunction != 0:
		return
	case m.is&isNumeral != 0:
		k.gather.add(m.senses[0], aNumber, z, 1)
		return
	}
	for i := range m.n {
		k.gather.add(m.senses[i], aWord, z, sureness[m.sure[i]])
	}
	// In a script without capitals, a word that the lexicon does not know may be a name.
	if m.name != 0 && (t.flags&(isCapital|opens) == isCapital || m.n == 0 && m.is&isForeign != 0) {
		k.gather.add(m.name, aName, z, 1)
	}
}

// things notes what a draft has that is the same in every language: what tag
// found in it, and its files and image.
func (k *desk) things(d *feeds.Draft) {
	for i := range d.Taggings {
		t := &d.Taggings[i].Tag
		z := inTitle
		switch t.Scheme {
		case feeds.Region: // these follow from countries
			continue
		case feeds.Country:
			z = isCountry
		}
		k.gather.add(hashBytes('t', []byte(t.Scheme+"/"+t.Term)), aThing, z, 1)
	}
	for i := range d.Enclosures {
		k.gather.add(hashBytes('u', []byte(d.Enclosures[i].URL)), aThing, inTitle, 2)
	}
	if d.Image != "" {
		k.gather.add(hashBytes('u', []byte(d.Image)), aThing, inTitle, 2)
	}
}

// meaning is what a word may mean. Two of them fill a line of the processor's
// caches.
type meaning struct {
	hash   uint64    // of language and word
	senses [3]uint32 // concepts; of a numeral, the hash of the number that it stands for
	name   uint32    // skeleton, 0 for none
	sure   [3]uint8  // how surely each sense, of 255
	n      uint8     // senses: at most 3
	is     kindOfWord
}

type kindOfWord uint8

const (
	isFunction kindOfWord = 1 << iota // it means nothing by itself
	isNumeral                         // a number in letters
	isForeign                         // does not begin with an ASCII letter
)

// sureness is a share of 255.
var sureness = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i) / 255
	}
	return t
}()

// meaning gives what the word that is r's token i means; h is the hash of language
// and word. Most words are among those that are kept at hand. There are two places
// for each, so that two frequent ones need not push each other out.
func (k *desk) meaning(h uint64, r *reading, i int) *meaning {
	at := mix(h) % atHand
	m, other := &k.meanings[at], &k.meanings[at^1]
	if m.hash != h {
		*m, *other = *other, *m
	}
	if m.hash != h {
		*m = meaning{hash: h}
		k.learn(m, r.text(i))
	}
	return m
}

// learn finds out what a word means.
func (k *desk) learn(m *meaning, word string) {
	k.fold = pivot.Fold(k.fold[:0], []byte(word))
	if k.fold[0] >= utf8.RuneSelf {
		m.is = isForeign
	}
	senses, function := k.lexicon.Meaning(k.senses[:0], k.fold)
	k.senses = senses
	if function {
		m.is |= isFunction
		return
	}
	if v := numerals[string(k.fold)]; v != 0 {
		m.is |= isNumeral
		m.senses[0] = hashNumber(v)
		return
	}
	for i, s := range k.senses {
		m.senses[i], m.sure[i] = uint32(s.Concept), uint8(s.P*255+.5)
		m.n++
	}
	m.name, _ = pivot.Skeleton(k.fold)
}

const atHand = 1 << 15

// gather adds up the concepts of one text.
type gather struct {
	slots []gathered
	stamp uint32
	used  []uint32
	best  []uint64
}

type gathered struct {
	stamp uint32
	hash  uint32
	kind  uint8
	zones zoneBits
	sum   float32
}

const gatherSize = 1 << 13

func (g *gather) reset() {
	if g.slots == nil {
		g.slots = make([]gathered, gatherSize)
	}
	g.stamp++
	if g.stamp == 0 { // once in four thousand million texts
		clear(g.slots)
		g.stamp = 1
	}
	g.used = g.used[:0]
}

func (g *gather) add(hash uint32, kind uint8, z zoneBits, p float32) {
	hash = (hash*2654435761 ^ uint32(kind)*0x85EBCA6B) >> conceptShift
	if len(g.used) > gatherSize*3/4 {
		return
	}
	for i := (hash ^ uint32(kind)<<7) % gatherSize; ; i = (i + 1) % gatherSize {
		s := &g.slots[i]
		if s.stamp != g.stamp {
			*s = gathered{g.stamp, hash, kind, z, p}
			g.used = append(g.used, i)
			return
		}
		if s.hash == hash && s.kind == kind {
			s.sum += p
			s.zones |= z
			return
		}
	}
}

// Bounds of what is kept of a text.
const (
	mostConcepts = 80
	mostNumbers  = 24
	mostNames    = 24
	mostThings   = 12
)

// vector gives the concepts that say most of the text, sorted. weigh gives how
// rare a concept is. The first of those are what the text is found by.
func (g *gather) vector(weigh func(uint32) float32) (out, keywords []concept) {
	g.best = g.best[:0]
	for _, i := range g.used {
		s := &g.slots[i]
		tf := s.sum
		if tf > 1 {
			tf = 1 + float32(math.Log(float64(tf)))
		}
		eighths := min(max(uint32(tf*8+.5), 1), weightMask)
		w := tf * weigh(s.hash)
		if s.zones&inTitle != 0 {
			w *= 3
		} else if s.zones&inLede != 0 {
			w *= 2
		}
		g.best = append(g.best, rank(w, concept(s.hash<<conceptShift|uint32(s.kind)<<kindShift|uint32(s.zones)<<zoneShift|eighths)))
	}
	out = make([]concept, 0, min(len(g.best), mostConcepts))
	var had [kinds]int
	most := [kinds]int{aWord: mostConcepts, aNumber: mostNumbers, aName: mostNames, aThing: mostThings}
	for left := g.best; len(left) > 0 && len(out) < mostConcepts; {
		// As a rule the first ones are enough; to sort the others would be dear.
		some := least(left, mostConcepts+mostConcepts/2)
		left = left[len(some):]
		slices.Sort(some)
		for _, b := range some {
			c := concept(b)
			if k := c.kind(); len(out) < mostConcepts && had[k] < most[k] {
				had[k]++
				out = append(out, c)
			}
		}
	}
	keywords = slices.Clone(out[:min(len(out), mostKeywords)])
	slices.Sort(out)
	return out, keywords
}

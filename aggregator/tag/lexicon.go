package tag

import (
	"slices"
	"strings"

	"github.com/blevesearch/snowballstem"

	"communique/internal/fnv1a"
)

// role is what finding a pattern means.
type role uint8

const (
	isName        role = iota // a region's or country's name
	isPeople                  // what its people and things are called
	isCapitalCity             // its capital
	isPlace                   // a place or an agency of it
	isPlaceMask               // a phrase that hides the places in it
	isTopic
	isTopicMask // an organisation whose name holds a topic's word
	isSector    // the name of one of the sectors that aid is divided into
	isCause     // "caused by": what follows is a cause, and not the subject
	isEvent
	isExclude // forbids its term
	isGiven   // "funded by": the places in the rest of the sentence paid for it
)

// entry is a compiled pattern.
type entry struct {
	term   int32 // index of the term, -1 for masks
	weight float32
	role   role
	hide   bool   // a pattern with "!": inside it the term is not found
	guard  bool   // no place when it stands in somebody's name
	words  uint8  // how many
	need   uint32 // two bits a word: 1 capital, 2 shouting
}

// lexicon is the compiled patterns of one language: a vocabulary that turns
// words into symbols and a trie over symbols that turns phrases into entries.
type lexicon struct {
	lang    string
	fold    *folding
	stem    func(*snowballstem.Env) bool
	entries []entry

	written, stemmed, beginnings map[uint64]uint32 // hash of letters → symbol
	shortest                     int               // letters of the shortest beginning
	starts                       bits              // hashes of the first three letters of stemmed and beginnings
	known                        bits              // hashes of all of them, and of near

	roots  []uint32 // symbol → node
	edges  edgeTable
	nodes  []node
	ends   []ending // of all nodes
	chains []chain  // while patterns are added: the endings, backwards
	work   *work    // while patterns are added

	near   map[uint64]nearby // what words beside a place say
	codes  map[[2]byte]int32 // entries of the countries' codes
	states int32             // the term whose places are states that towns stand before
	free   chan *matcher
}

// node is a place in the trie.
type node struct {
	next  uint64 // a bit for each symbol, modulo 64, with which longer phrases go on; most words need not be looked for
	first uint32 // ends[first:first+ends]; while patterns are added the last link of the chain, 0 for none
	ends  uint32
}

// ending is an entry that a phrase stands for, with what the entry needs.
type ending struct {
	entry int32
	need  uint32
}

// chain is a link in the chain of a node's entries.
type chain struct {
	entry int32
	next  uint32
}

// work is memory that is used again for each pattern.
type work struct {
	env            snowballstem.Env
	syms, at, next []uint32
}

// edgeTable maps (node, symbol) to a node: an open-addressing table, as it is
// asked for nearly every known word of every text.
type edgeTable struct {
	keys  []uint64 // node<<32 | symbol, 0 for free
	nodes []uint32
	used  int
}

func (t *edgeTable) find(from, sym uint32) uint32 {
	if len(t.keys) == 0 {
		return 0
	}
	k := uint64(from)<<32 | uint64(sym)
	mask := uint64(len(t.keys) - 1)
	for i := (k * 0x9E3779B97F4A7C15) >> 20 & mask; ; i = (i + 1) & mask {
		if t.keys[i] == k {
			return t.nodes[i]
		}
		if t.keys[i] == 0 {
			return 0
		}
	}
}

func (t *edgeTable) add(from, sym, to uint32) {
	if 2*t.used >= len(t.keys) {
		old := *t
		n := max(256, 2*len(old.keys))
		*t = edgeTable{keys: make([]uint64, n), nodes: make([]uint32, n)}
		for i, k := range old.keys {
			if k != 0 {
				t.add(uint32(k>>32), uint32(k), old.nodes[i])
			}
		}
	}
	k := uint64(from)<<32 | uint64(sym)
	mask := uint64(len(t.keys) - 1)
	i := (k * 0x9E3779B97F4A7C15) >> 20 & mask
	for t.keys[i] != 0 {
		i = (i + 1) & mask
	}
	t.keys[i], t.nodes[i] = k, to
	t.used++
}

const usual = 18 << 10 // words, phrases and entries of a language

func newLexicon(lang string, f *folding) *lexicon {
	return &lexicon{
		lang: lang, fold: f, stem: stemmer(lang), shortest: 1 << 30,
		written: make(map[uint64]uint32, usual), stemmed: map[uint64]uint32{}, beginnings: map[uint64]uint32{},
		entries: make([]entry, 0, usual), roots: make([]uint32, 1, usual), nodes: make([]node, 1, usual), chains: make([]chain, 1, usual),
		near: map[uint64]nearby{}, codes: map[[2]byte]int32{},
		free: make(chan *matcher, 8), work: &work{},
	}
}

// add compiles a pattern. Words that are matched in more than one way (a stem
// of the accented and of the plain form) make more than one path.
func (l *lexicon) add(p pattern, e entry) {
	e.words, e.hide = uint8(len(p.words)), p.negative
	for i, w := range p.words {
		switch w.need {
		case capital:
			e.need |= 1 << (2 * i)
		case shouting:
			e.need |= 2 << (2 * i)
		}
	}
	var letters [maxWord]rune
	at, next := append(l.work.at[:0], 0), l.work.next
	for i, w := range p.words {
		syms := l.work.syms[:0]
		folded := l.fold.letters(letters[:0], w.text)
		switch w.how {
		case asWritten:
			syms = append(syms, l.symbol(l.written, hashWord(folded)))
			if e.role <= isPlaceMask && e.role != isPeople && !e.guard {
				inflect(l.lang, w.text, len(p.words)-1-i, func(form string) {
					if s := l.symbol(l.written, hashWord(l.fold.letters(nil, form))); !slices.Contains(syms, s) {
						syms = append(syms, s)
					}
				})
			}
			if e.role == isPeople && arabic(folded) { // the Syrian
				syms = append(syms, l.symbol(l.written, hashWord(withArticle(folded))))
			}
		case asBeginning:
			l.shortest = min(l.shortest, len(folded))
			l.starts.add(hashWord(folded[:3]))
			syms = append(syms, l.symbol(l.beginnings, hashWord(folded)))
		case asStem:
			if w, ok := l.shortStem(w.text, folded); ok {
				syms = append(syms, l.symbol(l.written, hashWord(w)))
				syms = append(syms, l.symbol(l.written, hashWord(withArticle(w))))
				break
			}
			if len(p.words) == 1 && l.bareRoot(w.text, folded) {
				decline(l.lang, strings.ToLower(w.text), func(form string) {
					if s := l.symbol(l.written, hashWord(l.fold.letters(nil, form))); !slices.Contains(syms, s) {
						syms = append(syms, s)
					}
				})
				break
			}
			a, b := l.stemsOf(w.text, folded, &l.work.env)
			syms = append(syms, l.symbol(l.stemmed, a))
			if b != a {
				syms = append(syms, l.symbol(l.stemmed, b))
			}
			l.starts.add(hashWord(folded[:min(3, len(folded))]))
		}
		next = next[:0]
		for _, from := range at {
			for _, s := range syms {
				next = append(next, l.step(from, s, i == 0))
			}
		}
		at, next, l.work.syms = next, at, syms
	}
	for _, n := range at {
		l.end(n, e)
	}
	l.work.at, l.work.next = at, next
}

// withArticle puts the Arabic article before a word.
func withArticle(w []rune) []rune { return append([]rune("ال"), w...) }

// shortStem gives an Arabic word without its article when its stem is a bare
// root of three letters or less, which it shares with words of quite another
// meaning (the sexual, the nationality): such words are matched as written.
func (l *lexicon) shortStem(word string, w []rune) ([]rune, bool) {
	if !arabic(w) || l.stem == nil {
		return nil, false
	}
	env := snowballstem.NewEnv(word)
	l.stem(env)
	if len(l.fold.letters(nil, env.Current())) > 3 {
		return nil, false
	}
	if len(w) > 4 && w[0] == 'ا' && w[1] == 'ل' {
		w = w[2:]
	}
	return w, true
}

// bareRoot reports whether so little of a word is left in its stem that it
// shares it with words of quite another meaning: the Russian for measles with
// Korea, the French visa with "vise à". Such words stand for their cases or
// plural alone.
func (l *lexicon) bareRoot(word string, folded []rune) bool {
	if l.stem == nil || arabic(folded) {
		return false
	}
	env := snowballstem.NewEnv(strings.ToLower(word))
	l.stem(env)
	n := len(l.fold.letters(nil, env.Current()))
	return n <= 3 && n < len(folded)
}

// end lets the phrase that leads to a node stand for e. Names that several
// languages share come more than once; the highest weight stays.
func (l *lexicon) end(n uint32, e entry) {
	for c := l.nodes[n].first; c != 0; c = l.chains[c].next {
		if o := &l.entries[l.chains[c].entry]; o.term == e.term && o.role == e.role && o.need == e.need && o.hide == e.hide {
			o.weight = max(o.weight, e.weight)
			return
		}
	}
	l.entries = append(l.entries, e)
	l.chains = append(l.chains, chain{int32(len(l.entries) - 1), l.nodes[n].first})
	l.nodes[n].first = uint32(len(l.chains) - 1)
}

// settle lays the entries of each node side by side, when all patterns are in.
func (l *lexicon) settle() {
	l.ends = make([]ending, 0, len(l.chains))
	for i := range l.nodes {
		n := &l.nodes[i]
		c := n.first
		for n.first = uint32(len(l.ends)); c != 0; c = l.chains[c].next {
			e := l.chains[c].entry
			l.ends = append(l.ends, ending{e, l.entries[e].need})
		}
		n.ends = uint32(len(l.ends)) - n.first
	}
	l.chains, l.work = nil, nil
}

func (l *lexicon) symbol(in map[uint64]uint32, hash uint64) uint32 {
	l.known.add(hash)
	s, ok := in[hash]
	if !ok {
		s = uint32(len(l.roots))
		in[hash] = s
		l.roots = append(l.roots, 0)
	}
	return s
}

func (l *lexicon) step(from, sym uint32, root bool) uint32 {
	to := uint32(len(l.nodes))
	if root {
		if n := l.roots[sym]; n != 0 {
			return n
		}
		l.roots[sym] = to
	} else {
		if n := l.edges.find(from, sym); n != 0 {
			return n
		}
		l.edges.add(from, sym, to)
		l.nodes[from].next |= 1 << (sym % 64)
	}
	l.nodes = append(l.nodes, node{})
	return to
}

// lookup appends the symbols that a word of a text stands for: as it is
// written, by its stems and by its beginnings.
func (l *lexicon) lookup(dst []uint32, word string, env *snowballstem.Env) []uint32 {
	var buf [maxWord]rune
	letters := buf[:0]
	if len(word) <= maxWord {
		letters = l.fold.letters(letters, word)
	}
	if len(letters) == 0 {
		return dst
	}
	from := len(dst)
	if arabic(letters) {
		return l.lookupArabic(dst, word, letters, env)
	}
	dst = l.put(dst, from, l.written, hashWord(letters))
	if !l.starts.has(hashWord(letters[:min(3, len(letters))])) {
		return dst // most words; all that follows is dear
	}
	dst = l.lookupBeginnings(dst, from, letters)
	a, b := l.stemsOf(word, letters, env)
	dst = l.put(dst, from, l.stemmed, a)
	if b != a {
		dst = l.put(dst, from, l.stemmed, b)
	}
	return dst
}

const maxWord = 64 // bytes; longer ones are not words

// put appends the symbol of a hash, once.
func (l *lexicon) put(dst []uint32, from int, in map[uint64]uint32, hash uint64) []uint32 {
	if !l.known.has(hash) {
		return dst
	}
	if s, ok := in[hash]; ok && !slices.Contains(dst[from:], s) {
		dst = append(dst, s)
	}
	return dst
}

func (l *lexicon) lookupBeginnings(dst []uint32, from int, letters []rune) []uint32 {
	h := fnv1a.Seed
	for i, r := range letters {
		if h = hashLetter(h, r); i+1 >= l.shortest {
			dst = l.put(dst, from, l.beginnings, h)
		}
	}
	return dst
}

// lookupArabic does the same for an Arabic word and for what is left of it
// when the words written together with it are taken off.
func (l *lexicon) lookupArabic(dst []uint32, word string, letters []rune, env *snowballstem.Env) []uint32 {
	from := len(dst)
	forms(letters, false, func(w []rune) { dst = l.put(dst, from, l.written, hashWord(w)) })
	if len(l.beginnings) > 0 {
		forms(letters, true, func(w []rune) { dst = l.lookupBeginnings(dst, from, w) })
	}
	if len(l.stemmed) > 0 {
		a, b := l.stemsOf(word, letters, env)
		dst = l.put(dst, from, l.stemmed, a)
		dst = l.put(dst, from, l.stemmed, b)
		// The stemmer takes "and" and "for" off only before the article. What
		// is left must be long enough not to be another word's root.
		forms(letters, false, func(w []rune) {
			if len(w) >= 4 && len(w) < len(letters) {
				a, _ := l.stemsOf(string(w), w, env)
				dst = l.put(dst, from, l.stemmed, a)
			}
		})
	}
	return dst
}

// bits is a set of hashes that may say yes too often. It is small, where maps
// of words are not, and most words of a text are in none of them.
type bits [1 << 12]uint64

func (b *bits) add(h uint64)      { b[h>>6%uint64(len(b))] |= 1 << (h % 64) }
func (b *bits) has(h uint64) bool { return b[h>>6%uint64(len(b))]&(1<<(h%64)) != 0 }

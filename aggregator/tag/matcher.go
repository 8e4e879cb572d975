package tag

import (
	"strings"

	"github.com/blevesearch/snowballstem"
)

// zone is a part of a text, with its own weight.
type zone uint8

const (
	inTitle zone = iota
	inLede
	inBody
	inCategories
	zones
)

func (z zone) String() string { return [...]string{"title", "lede", "text", "category"}[z] }

// match is an entry that was found, in tokens.
type match struct {
	entry      int32
	start, end uint32
}

// matcher is the working memory of one text at a time: tokens, matches and a
// cache of what words are. It is kept between texts, so that tagging allocates
// only its result.
type matcher struct {
	texts   [zones]string
	tokens  []token
	matches []match
	places  []place
	given   [][2]uint32 // tokens in which those are named who paid
	persons []int32     // entries that turned out to be somebody's name
	shouted [zones]bool // the zone is mostly in capitals, so they say nothing
	opening uint32      // tokens before this one count as a title's
	score   scores

	cache [cacheSize]cached
	arena []sense // of the cached words
	syms  []uint32
	env   snowballstem.Env
}

// cached is what the vocabulary said of a word: arena[at:at+n].
type cached struct {
	hash uint64
	at   uint32
	n    uint16
	near nearby
}

// sense is one of the things that a word stands for: a symbol, and the node of
// the phrases that begin with it, 0 for none.
type sense struct{ sym, root uint32 }

const (
	cacheSize = 1 << 15
	maxArena  = 1 << 16
	maxKept   = 1 << 17 // tokens; a matcher that saw a larger text is not kept
)

// borrow gives a matcher for this lexicon, giveBack returns it.
func (l *lexicon) borrow() *matcher {
	select {
	case m := <-l.free:
		return m
	default:
		return &matcher{arena: make([]sense, 1, 4096)}
	}
}

func (l *lexicon) giveBack(m *matcher) {
	m.texts = [zones]string{} // or the text stays in memory
	if cap(m.tokens) > maxKept {
		return
	}
	if len(m.arena) > maxArena { // full of words that were pushed out of the cache
		m.arena = append(m.arena[:0], sense{})
		clear(m.cache[:])
	}
	select {
	case l.free <- m:
	default:
	}
}

// find fills m.tokens and m.matches from m.texts. Matches come in order of
// their start.
func (l *lexicon) find(m *matcher) {
	m.tokens, m.matches, m.persons = m.tokens[:0], m.matches[:0], m.persons[:0]
	for z, text := range m.texts {
		m.shouted[z] = false
		if text == "" {
			continue
		}
		n, cased, loud := len(m.tokens), 0, 0
		m.tokens = l.fold.tokenize(m.tokens, text, zone(z))
		for i := range m.tokens[n:] {
			t := &m.tokens[n+i]
			// Two places for each word, so that two frequent ones need not
			// push each other out.
			at := (t.hash ^ t.hash>>29) % cacheSize
			c := &m.cache[at]
			if c.hash != t.hash {
				if c2 := &m.cache[at^1]; c2.hash == t.hash || c.hash != 0 {
					*c, *c2 = *c2, *c
				}
				if c.hash != t.hash {
					l.learn(m, c, t)
				}
			}
			t.senses, t.n, t.near = c.at, c.n, c.near
			if t.flags&caseless == 0 {
				cased++
				if t.flags&shouting != 0 {
					loud++
				}
			}
		}
		m.shouted[z] = cased > 2 && 3*loud > 2*cased
	}
	for i := range m.tokens {
		t := &m.tokens[i]
		if t.n == 0 {
			continue
		}
		for _, s := range m.arena[t.senses : t.senses+uint32(t.n)] {
			if s.root != 0 {
				l.walk(m, s.root, uint32(i), uint32(i+1))
			}
		}
	}
}

// learn puts a word into the cache.
func (l *lexicon) learn(m *matcher, c *cached, t *token) {
	m.syms = l.lookup(m.syms[:0], m.texts[t.zone][t.start:t.end], &m.env)
	*c = cached{hash: t.hash, at: uint32(len(m.arena)), n: uint16(len(m.syms))}
	for _, s := range m.syms {
		m.arena = append(m.arena, sense{s, l.roots[s]})
	}
	if l.known.has(t.hash) {
		c.near = l.near[t.hash]
	}
}

// walk reports the entries of node n, which tokens [start, end) led to, and
// goes on to longer ones.
func (l *lexicon) walk(m *matcher, n, start, end uint32) {
	node := &l.nodes[n]
	for _, e := range l.ends[node.first : node.first+uint32(node.ends)] {
		if e.need == 0 || l.meets(m, e.need, start) {
			m.matches = append(m.matches, match{e.entry, start, end})
		}
	}
	if node.next == 0 || end >= uint32(len(m.tokens)) {
		return
	}
	t := &m.tokens[end]
	if t.n == 0 || t.flags&fresh != 0 || t.zone != m.tokens[start].zone {
		return
	}
	for _, s := range m.arena[t.senses : t.senses+uint32(t.n)] {
		if node.next&(1<<(s.sym%64)) == 0 {
			continue
		}
		if to := l.edges.find(n, s.sym); to != 0 {
			l.walk(m, to, start, end+1)
		}
	}
}

// meets reports whether the capitals are there that an entry asks for.
func (l *lexicon) meets(m *matcher, need, start uint32) bool {
	for i := start; need != 0; i, need = i+1, need>>2 {
		switch flags := m.tokens[i].flags; need & 3 {
		case 1:
			if flags&(capital|shouting|caseless) == 0 {
				return false
			}
		case 2:
			t := &m.tokens[i]
			if flags&shouting == 0 || m.shouted[t.zone] || strings.HasPrefix(m.texts[t.zone][t.end:], "$") { // US$ is money
				return false
			}
		}
	}
	return true
}

package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"communique/feeds/words"
	"communique/internal/recent"
)

// wordClause is a clause of a search, compiled.
type wordClause struct {
	not  bool
	ways []wordWay
}

// wordWay is a sequence of words, and what it is remembered by.
type wordWay struct {
	parts []*words.Pattern
	name  string
}

// searcher reads the word index for one selection.
type searcher struct {
	tables  *tables
	chunks  *bbolt.Cursor
	segment uint32
	runs    []runInfo // of segment
	read    bool
	version uint64 // of runs

	everywhere *bitmap // the places of segment, nil as long as nobody asked

	key     []byte
	names   []byte // of those that wait, one behind the other
	waiting []waiting
	term    []byte
	phrases phrases
}

// wordClauses compiles a search; nothing is met by one without words.
func (t *tables) wordClauses(text string, parts *int) ([]wordClause, error) {
	q, err := words.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	var out []wordClause
	languages := t.stemLanguages()
	for _, c := range q.Clauses {
		w := wordClause{not: c.Not}
		for _, u := range c.Any {
			for _, way := range u.Ways {
				compiled := wordWay{parts: make([]*words.Pattern, len(way))}
				for i, p := range way {
					if first := slices.Index(way, p); first < i {
						compiled.parts[i] = compiled.parts[first]
					} else {
						compiled.parts[i] = p.Pattern(languages)
					}
					compiled.name += string(rune('0'+p.Match)) + p.Word + " "
				}
				compiled.name += strings.Join(languages, " ")
				w.ways = append(w.ways, compiled)
				*parts += wordParts * len(way)
			}
		}
		out = append(out, w)
	}
	// What is quick to look up comes first, what excludes last.
	slices.SortStableFunc(out, func(a, b wordClause) int { return a.cost() - b.cost() })
	return out, nil
}

// wordParts is how many values one word of a search counts for.
const wordParts = 20

func (c *wordClause) cost() int {
	n := 0
	for _, way := range c.ways {
		for _, p := range way.parts {
			// The fewer letters its terms begin with, the more terms there are.
			n += max(12-len(slices.MinFunc(p.Starts, func(a, b string) int { return len(a) - len(b) })), 1)
		}
		if len(way.parts) > 1 {
			n += 1000
		}
	}
	if c.not {
		n += 100000
	}
	return n
}

// stemLanguages gives the languages with stems that texts have.
func (t *tables) stemLanguages() []string {
	var out []string
	c := t.terms.Cursor()
	for k, _ := c.Seek([]byte{termLanguage}); len(k) > 0 && k[0] == termLanguage; k, _ = c.Next() {
		if l := words.Stems(string(k[1:])); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// meet keeps in out the places of the segment that meet all clauses; false when
// none is left.
func (s *searcher) meet(segment uint32, clauses []wordClause, out *bitmap) (bool, error) {
	if err := s.open(segment); err != nil {
		return false, fmt.Errorf("words of segment %d: %w", segment, err)
	}
	for i := range clauses {
		c := &clauses[i]
		var met bitmap
		for _, way := range c.ways {
			if err := s.known(way, out, &met); err != nil {
				return false, fmt.Errorf("words of segment %d: %w", segment, err)
			}
		}
		if some := c.not && out.without(&met) || !c.not && out.and(&met); !some {
			return false, nil
		}
	}
	return true, nil
}

func (s *searcher) open(segment uint32) error {
	if s.read && s.segment == segment {
		return nil
	}
	stored := s.tables.runs.Get(binary.BigEndian.AppendUint32(nil, segment))
	runs, err := parseRuns(stored)
	s.everywhere = nil
	s.segment, s.runs, s.read, s.version = segment, runs, true, maphash.Bytes(answerSeed, stored)
	return err
}

// answers remembers what was found in segments. What a segment's words are changes
// with the list of its runs; most segments are old ones, which seldom do.
type answers = recent.Map[answerKey, []byte] // postings

type answerKey struct {
	way     string
	segment uint32
	version uint64
}

// maxAnswers bounds a generation, in octets.
const maxAnswers = 3 << 20

var answerSeed = maphash.MakeSeed()

func newAnswers() *answers {
	return &answers{Max: maxAnswers, Cost: func(k answerKey, v []byte) int { return len(v) + len(k.way) + 100 }}
}

// known is way with what is remembered. A phrase is not looked for everywhere where
// few places are left: among those it costs less.
func (s *searcher) known(way wordWay, wanted, out *bitmap) error {
	if s.tables.answers == nil {
		return s.way(way.parts, wanted, out)
	}
	key := answerKey{way.name, s.segment, s.version}
	if v, ok := s.tables.answers.Get(key); ok {
		var met bitmap
		if err := met.add(v); err != nil {
			return err
		}
		met.and(wanted)
		out.or(&met)
		return nil
	}
	if s.everywhere == nil {
		var err error
		if s.everywhere, err = s.tables.live(s.segment); err != nil {
			return err
		}
	}
	if len(way.parts) > 1 && 64*wanted.len() < s.everywhere.len() {
		return s.way(way.parts, wanted, out)
	}
	var met bitmap
	if err := s.way(way.parts, s.everywhere, &met); err != nil {
		return err
	}
	s.tables.answers.Put(key, met.posting())
	met.and(wanted)
	out.or(&met)
	return nil
}

// way adds to out those of the wanted places that have the sequence.
func (s *searcher) way(way []*words.Pattern, wanted, out *bitmap) error {
	left := *wanted // what no newer run speaks of
	for i := len(s.runs) - 1; i >= 0; i-- {
		r := &s.runs[i]
		here := left
		if !here.and(&r.covers) {
			continue
		}
		left.without(&r.covers)
		if len(way) == 1 {
			lacking := here
			if err := s.word(r.number, way[0], &lacking); err != nil {
				return err
			}
			here.without(&lacking)
			out.or(&here)
			continue
		}
		if err := s.phrase(r.number, way, &here, out); err != nil {
			return err
		}
	}
	return nil
}

// waiting is a term of which it is not known yet whether a pattern finds it.
type waiting struct {
	entry
	end int // of the term in searcher.names
}

// word cuts out of lacking the places that have a word in a run. To find out whether
// a term is a form of the word takes a while, and of the word's neighbours in the
// alphabet only those count that have places which it has not: so what comes before
// it waits until it was seen.
func (s *searcher) word(run uint32, p *words.Pattern, lacking *bitmap) error {
	s.names, s.waiting = s.names[:0], s.waiting[:0]
	if err := s.each(run, p, lacking, func(term []byte, e entry) error {
		yes, sure := p.Glance(term)
		if !sure && !p.Before(term) {
			yes, sure = p.Match(term), true
		}
		if yes {
			return lacking.cutEntry(&e)
		}
		if sure {
			return nil
		}
		s.names = append(s.names, term...)
		s.waiting = append(s.waiting, waiting{e, len(s.names)})
		return nil
	}); err != nil {
		return err
	}
	start := 0
	for i := range s.waiting {
		w := &s.waiting[i]
		term := s.names[start:w.end]
		start = w.end
		some, err := w.hasAny(lacking)
		if err != nil {
			return err
		}
		if some && p.Match(term) {
			if err := lacking.cutEntry(&w.entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// each calls fn with the terms of a run that may be the pattern's and that have any
// of the places, which fn may change.
func (s *searcher) each(run uint32, p *words.Pattern, places *bitmap, fn func(term []byte, e entry) error) error {
	for _, start := range p.Starts {
		if err := s.from(run, start, places, fn); err != nil {
			return err
		}
	}
	return nil
}

// from does it for the terms that start with start.
func (s *searcher) from(run uint32, start string, places *bitmap, fn func(term []byte, e entry) error) error {
	s.key = chunkKey(s.key[:0], s.segment, run, []byte(start))
	const head = 8
	want := s.key[head:]
	k, v := floor(s.chunks, s.key) // the chunk before may reach up to here
	if !bytes.HasPrefix(k, s.key[:head]) {
		k, v = s.chunks.Seek(s.key)
	}
	for ; bytes.HasPrefix(k, s.key[:head]); k, v = s.chunks.Next() {
		c := chunk{rest: v, term: slices.Grow(s.term[:0], maxTerm)}
		within := false // the term before starts with it
		for {
			ok, err := c.next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if !within || c.shared < len(want) {
				if within = bytes.HasPrefix(c.term, want); !within {
					if bytes.Compare(c.term, want) > 0 {
						s.term = c.term
						return nil
					}
					continue
				}
			}
			some, err := c.hasAny(places)
			if err != nil {
				return err
			}
			if some {
				if err := fn(c.term, c.entry); err != nil {
					return err
				}
			}
		}
		s.term = c.term
	}
	return nil
}

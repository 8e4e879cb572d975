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

	key      []byte
	term     []byte
	found    [][]uint32 // of each part of a phrase
	postings [][]entry
	begin    []uint32 // where the phrase begins, as far as it was looked at
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
		n += len(way.parts)
		if len(way.parts) > 1 {
			n += 100
		}
	}
	if c.not {
		n += 10000
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
			var met bitmap
			if err := s.each(r.number, way[0], func(e entry) error { return met.addEntry(&e) }); err != nil {
				return err
			}
			met.and(&here)
			out.or(&met)
			continue
		}
		if err := s.phrase(r.number, way, &here, out); err != nil {
			return err
		}
	}
	return nil
}

// each calls fn with the entries of a run that the pattern finds.
func (s *searcher) each(run uint32, p *words.Pattern, fn func(entry) error) error {
	for _, start := range p.Starts {
		if err := s.from(run, start, p, fn); err != nil {
			return err
		}
	}
	return nil
}

// from does it for the terms that start with start.
func (s *searcher) from(run uint32, start string, p *words.Pattern, fn func(entry) error) error {
	s.key = chunkKey(s.key[:0], s.segment, run, []byte(start))
	const head = 8
	want := s.key[head:]
	k, v := s.chunks.Seek(s.key)
	if !bytes.Equal(k, s.key) { // the chunk before may reach up to here
		var before, chunk []byte
		if k == nil {
			before, chunk = s.chunks.Last()
		} else {
			before, chunk = s.chunks.Prev()
		}
		if bytes.HasPrefix(before, s.key[:head]) {
			k, v = before, chunk
		} else if k != nil {
			k, v = s.chunks.Seek(s.key)
		}
	}
	for ; bytes.HasPrefix(k, s.key[:head]); k, v = s.chunks.Next() {
		c := chunk{rest: v, term: s.term[:0]}
		for {
			e, ok, err := c.next()
			if err != nil {
				return err
			}
			s.term = c.term
			if !ok {
				break
			}
			if bytes.HasPrefix(c.term, want) {
				if p.Match(c.term) {
					if err := fn(e); err != nil {
						return err
					}
				}
			} else if bytes.Compare(c.term, want) > 0 {
				return nil
			}
		}
	}
	return nil
}

// phrase adds to out those of the wanted places that have the sequence in one
// text.
func (s *searcher) phrase(run uint32, way []*words.Pattern, wanted, out *bitmap) error {
	for len(s.postings) < len(way) {
		s.postings, s.found = append(s.postings, nil), append(s.found, nil)
	}
	both := *wanted
	for i, p := range way {
		if slices.Index(way, p) < i {
			continue // a word that comes again is read once
		}
		var docs bitmap
		s.postings[i] = s.postings[i][:0]
		if err := s.each(run, p, func(e entry) error {
			s.postings[i] = append(s.postings[i], e)
			return docs.addEntry(&e)
		}); err != nil {
			return err
		}
		if !both.and(&docs) {
			return nil
		}
	}
	// A word that comes again is found where it was; what it was found at is kept
	// whole then, as the first word's places are thinned out below.
	begin := s.begin[:0]
	for i, p := range way {
		found, first := s.found[i][:0], slices.Index(way, p)
		if first < i {
			found = s.found[first]
		} else {
			for j := range s.postings[i] {
				var err error
				if found, err = s.postings[i][j].places(found, &both); err != nil {
					return err
				}
			}
			if len(s.postings[i]) > 1 {
				slices.Sort(found)
			}
			s.found[i] = found
		}
		if i == 0 {
			begin = append(begin, found...)
			continue
		}
		// Keep of the first those that the i-th follows i words behind.
		kept := begin[:0]
		var docs bitmap
		for _, at := range begin {
			for len(found) > 0 && found[0] < at+uint32(i) {
				found = found[1:]
			}
			if len(found) > 0 && found[0] == at+uint32(i) {
				kept = append(kept, at)
				docs.put(uint16(at >> 16))
			}
		}
		begin, s.begin = kept, kept
		if both = docs; len(kept) == 0 {
			return nil
		}
	}
	out.or(&both)
	return nil
}

package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"communique/feeds/words"
)

// wordClause is a clause of a search, compiled.
type wordClause struct {
	not  bool
	ways [][]*words.Pattern // each a sequence
}

// searcher reads the word index for one selection.
type searcher struct {
	tables   *tables
	chunks   *bbolt.Cursor
	segment  uint32
	runs     []runInfo // of segment
	read     bool
	key      []byte
	term     []byte
	found    [][]uint32 // of each part of a phrase
	postings [][]entry
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
				patterns := make([]*words.Pattern, len(way))
				for i, p := range way {
					patterns[i] = p.Pattern(languages)
				}
				w.ways = append(w.ways, patterns)
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
		n += len(way)
		if len(way) > 1 {
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
			if err := s.way(way, out, &met); err != nil {
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
	runs, err := parseRuns(s.tables.runs.Get(binary.BigEndian.AppendUint32(nil, segment)))
	s.segment, s.runs, s.read = segment, runs, true
	return err
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
	for i := range way {
		found := s.found[i][:0]
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
		if i == 0 {
			continue
		}
		// Keep of the first those that the i-th follows i words behind.
		first, kept := s.found[0], s.found[0][:0]
		var docs bitmap
		for _, at := range first {
			for len(found) > 0 && found[0] < at+uint32(i) {
				found = found[1:]
			}
			if len(found) > 0 && found[0] == at+uint32(i) {
				kept = append(kept, at)
				docs.put(uint16(at >> 16))
			}
		}
		s.found[0] = kept
		if both = docs; len(kept) == 0 {
			return nil
		}
	}
	out.or(&both)
	return nil
}

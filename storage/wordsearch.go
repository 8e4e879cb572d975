package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
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

// wordSearch is a search, and what it is remembered by.
type wordSearch struct {
	clauses   []wordClause
	name      string
	hasPhrase bool
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

	key     []byte
	names   []byte // of those that wait, one behind the other
	waiting []waiting
	chunk   chunk
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
				if !slices.ContainsFunc(w.ways, func(way wordWay) bool { return way.name == compiled.name }) {
					w.ways = append(w.ways, compiled)
				}
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

// nameOf gives what a search is remembered by.
func nameOf(clauses []wordClause) string {
	var b strings.Builder
	for i := range clauses {
		if clauses[i].not {
			b.WriteByte('-')
		}
		for _, way := range clauses[i].ways {
			b.WriteString(way.name)
			b.WriteByte('|')
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// hasPhrase reports whether a search has a sequence of words.
func hasPhrase(clauses []wordClause) bool {
	return slices.ContainsFunc(clauses, func(c wordClause) bool {
		return slices.ContainsFunc(c.ways, func(way wordWay) bool { return len(way.parts) > 1 })
	})
}

// meet keeps in out the places of the segment that meet the search, of the newest
// ones that the run of the selection wants to know of; false when none is left.
//
// It is remembered what was found, so it looks for all that meet the search. But
// where few places are left in out, a phrase costs less among those.
func (s *searcher) meet(r *run, search *wordSearch, out *bitmap) (bool, error) {
	if err := s.open(r.number); err != nil {
		return false, fmt.Errorf("words of segment %d: %w", r.number, err)
	}
	key := answerKey{search.name, s.segment, s.version}
	if known, ok := s.tables.answers.Get(key); ok && known.reach >= r.reach {
		var met bitmap
		if err := met.add(known.places); err != nil {
			return false, err
		}
		return out.and(&met), nil
	}
	live, err := s.tables.live(s.segment)
	if err != nil {
		return false, err
	}
	wanted := *live
	if r.reach < r.len() {
		newest := r.newest()
		wanted.and(&newest)
	}
	few := search.hasPhrase && 64*out.len() < wanted.len()
	if few {
		wanted.and(out)
	}
	if err := s.all(search.clauses, &wanted); err != nil {
		return false, fmt.Errorf("words of segment %d: %w", r.number, err)
	}
	if !few {
		s.tables.answers.Put(key, finding{wanted.posting(), r.reach})
	}
	return out.and(&wanted), nil
}

// open turns to a segment.
func (s *searcher) open(segment uint32) error {
	if s.read && s.segment == segment {
		return nil
	}
	stored := s.tables.runs.Get(binary.BigEndian.AppendUint32(nil, segment))
	key := runsKey{segment, maphash.Bytes(answerSeed, stored)}
	runs, ok := s.tables.runLists.Get(key)
	if !ok {
		var err error
		if runs, err = parseRuns(stored); err != nil {
			return err
		}
		s.tables.runLists.Put(key, runs)
	}
	s.segment, s.version, s.runs, s.read = segment, key.version, runs, true
	return nil
}

// all keeps in wanted the places that meet all clauses.
func (s *searcher) all(clauses []wordClause, wanted *bitmap) error {
	for i := range clauses {
		c := &clauses[i]
		lacking := *wanted
		for _, way := range c.ways {
			if err := s.way(way.parts, &lacking); err != nil {
				return err
			}
			if lacking.isEmpty() {
				break
			}
		}
		if c.not {
			*wanted = lacking
		} else {
			wanted.without(&lacking)
		}
		if wanted.isEmpty() {
			return nil
		}
	}
	return nil
}

// answers remembers what was found in segments, and runLists which runs they have.
// What a segment's words are changes with the list of its runs; most segments are
// old ones, which seldom do.
type (
	answers  = recent.Map[answerKey, finding]
	runLists = recent.Map[runsKey, []runInfo]
)

type answerKey struct {
	search  string
	segment uint32
	version uint64
}

// finding is the places, as a posting, that meet a search among the newest of a segment.
type finding struct {
	places []byte
	reach  int // so many
}

type runsKey struct {
	segment uint32
	version uint64
}

// maxAnswers bounds a generation, in octets.
const maxAnswers = 3 << 20

func newAnswers() *answers {
	return &answers{Max: maxAnswers, Cost: func(k answerKey, v finding) int { return len(v.places) + len(k.search) + 120 }}
}

// maxRuns bounds a generation, in runs, each of half a kilobyte.
const maxRuns = 2000

func newRunLists() *runLists {
	return &runLists{Max: maxRuns, Cost: func(_ runsKey, v []runInfo) int { return 1 + len(v) }}
}

var answerSeed = maphash.MakeSeed()

// way cuts out of lacking the places that have the sequence.
func (s *searcher) way(way []*words.Pattern, lacking *bitmap) error {
	left := *lacking // what no newer run speaks of
	for i := len(s.runs) - 1; i >= 0; i-- {
		r := &s.runs[i]
		here := left
		if !here.and(&r.covers) {
			continue
		}
		some := left.without(&r.covers)
		if len(way) == 1 {
			lacks := here
			if err := s.word(r.number, way[0], &lacks); err != nil {
				return err
			}
			here.without(&lacks)
			lacking.without(&here)
		} else {
			var found bitmap
			if err := s.phrase(r.number, way, &here, &found); err != nil {
				return err
			}
			lacking.without(&found)
		}
		if !some {
			break
		}
	}
	return nil
}

// errEnough ends the reading of terms.
var errEnough = errors.New("enough")

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
	if err := s.each(run, p, lacking, func(c *chunk) error {
		yes, sure := p.Glance(c.term())
		if sure && !yes {
			return nil
		}
		e := c.entry()
		if !sure {
			if p.Before(c.term()) {
				s.names = append(s.names, c.term()...)
				s.waiting = append(s.waiting, waiting{e, len(s.names)})
				return nil
			}
			if !p.Match(c.term()) {
				return nil
			}
		}
		if err := lacking.cutEntry(&e); err != nil {
			return err
		}
		if lacking.isEmpty() {
			return errEnough
		}
		return nil
	}); err != nil {
		if err == errEnough {
			return nil
		}
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
// of the places, which fn may change; each term as what a chunk stands at.
func (s *searcher) each(run uint32, p *words.Pattern, places *bitmap, fn func(c *chunk) error) error {
	for _, start := range p.Starts {
		if err := s.from(run, start, places, fn); err != nil {
			return err
		}
	}
	return nil
}

// from does it for the terms that start with start.
func (s *searcher) from(run uint32, start string, places *bitmap, fn func(c *chunk) error) error {
	s.key = chunkKey(s.key[:0], s.segment, run, []byte(start))
	const head = 8
	want := s.key[head:]
	k, v := floor(s.chunks, s.key) // the chunk before may reach up to here
	if !bytes.HasPrefix(k, s.key[:head]) {
		k, v = s.chunks.Seek(s.key)
	}
	c := &s.chunk
	within := false // the term before starts with it
	for ; bytes.HasPrefix(k, s.key[:head]); k, v = s.chunks.Next() {
		if bytes.Compare(k[head:], want) > 0 && !bytes.HasPrefix(k[head:], want) {
			return nil
		}
		*c = newChunk(v, c.buf)
		for first := true; ; first = false {
			ok, err := c.next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if first || c.shared < len(want) {
				if within = bytes.HasPrefix(c.term(), want); !within {
					if bytes.Compare(c.term(), want) > 0 {
						return nil
					}
					continue
				}
			} else if !within {
				continue
			}
			some, err := c.hasAny(places)
			if err != nil {
				return err
			}
			if some {
				if err := fn(c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

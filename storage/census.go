package storage

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sort"
	"time"

	"communique/feeds"
)

// Census is how many published statements carry what, by periods. Every list
// has a number for each period.
type Census struct {
	All       []int
	Tags      map[feeds.Tag][]int
	Languages map[string][]int // by primary subtag
	Sources   map[feeds.SourceID][]int
}

// Census counts the statements that Select would give, all pages of it, by what
// they carry and by the period that their Order lies in. Each period begins at
// one of starts, oldest first, and ends where the next begins; without starts
// there is one, of all time. Limit and After count for nothing.
//
// It opens the segments of the index that reach into the periods and reads no
// statement: what it costs grows with segments times terms.
func (s *Store) Census(q feeds.Query, starts ...time.Time) (Census, error) {
	n := max(len(starts), 1)
	out := Census{All: make([]int, n), Tags: map[feeds.Tag][]int{}, Languages: map[string][]int{}, Sources: map[feeds.SourceID][]int{}}
	err := s.view(func(t *tables) error {
		q.After = feeds.Cursor{}
		c, ok, err := t.condition(&q)
		if err != nil || !ok {
			return err
		}
		m, err := t.merge(c, startOf(q))
		if err != nil {
			return err
		}
		ends := make([][]byte, n) // a key behind all of the period's
		for i, at := range starts {
			ends[i] = appendTime(nil, stampOf(at)-1)
		}
		var oldest []byte
		if !q.Since.IsZero() {
			oldest = appendTime(nil, stampOf(q.Since)-1)
		}
		terms := t.carried()
		counts := make([][]int, len(terms))
		periods := make([]bitmap, n)
		for _, r := range m.segments {
			if ends[0] != nil && bytes.Compare(r.key()[:8], ends[0]) >= 0 {
				continue // all of it is older
			}
			some, err := m.open(r)
			if err != nil {
				return err
			}
			if !some {
				continue
			}
			clear(periods)
			below := func(key []byte) int {
				if key == nil {
					return r.len()
				}
				return sort.Search(r.len(), func(i int) bool { return bytes.Compare(r.segment.key(r.rank(i))[:8], key) >= 0 })
			}
			last := r.len()
			if oldest != nil {
				last = below(oldest)
			}
			for i, at := n-1, r.at; i >= 0; i-- {
				for end := min(below(ends[i]), last); at < end; at++ {
					if place := r.rank(at); r.bits.has(place) {
						periods[i].put(place)
						out.All[i]++
					}
				}
			}
			var key [8]byte
			binary.BigEndian.PutUint32(key[:], r.number)
			for j := range terms {
				binary.BigEndian.PutUint32(key[4:], terms[j].number)
				k, v := m.postings.Seek(key[:])
				if !bytes.Equal(k, key[:]) {
					continue
				}
				var b bitmap
				if err := b.add(v); err != nil {
					return err
				}
				for i := range periods {
					both := 0
					for w := range b {
						both += bits.OnesCount64(b[w] & periods[i][w])
					}
					if both > 0 {
						if counts[j] == nil {
							counts[j] = make([]int, n)
						}
						counts[j][i] += both
					}
				}
			}
		}
		for j, c := range counts {
			if c == nil {
				continue
			}
			byKind(terms[j].name, c, out.Tags, out.Sources, out.Languages)
		}
		return nil
	})
	return out, err
}

// carriedTerm is a term that a published statement carries.
type carriedTerm struct {
	name   string
	number uint32
}

// carried gives the terms that anything carries, in the order of their names.
func (t *tables) carried() []carriedTerm {
	var out []carriedTerm
	c := t.terms.Cursor()
	for term, number := c.First(); term != nil; term, number = c.Next() {
		switch term[0] {
		case termTag, termSource, termLanguage:
			n := binary.BigEndian.Uint32(number)
			if count, _ := t.count(n); count > 0 {
				out = append(out, carriedTerm{string(term), n})
			}
		}
	}
	return out
}

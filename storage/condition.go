package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"

	"communique/feeds"
	"communique/feeds/words"
)

// ErrQuery is wrapped by Select when a query asks for more than it answers.
var ErrQuery = errors.New("the query asks for too much")

const (
	// maxQueryParts is how many values and nested queries a query may have in
	// all. Each costs a look into every segment that the page reaches.
	maxQueryParts = 2000
	maxQueryDepth = 8
)

// condition is what selects of a query, compiled for one transaction.
type condition struct {
	fields []field     // all must be met; the rarest first
	words  *wordSearch // so must this; nil for no words
	none   []condition // none may be met
	period *period     // nil for all time
}

// field is what one field of a query asks for: one of its terms or, of
// Query.Any, one of its conditions.
type field struct {
	terms []uint32
	any   []condition
	size  int // at most so many statements meet it
}

// period is a span of keys of entries, the newer end first.
type period struct {
	start  []byte // the first key within; nil for the newest
	oldest []byte // what the keys of the oldest begin with; nil for no end
}

// size gives how many statements meet the condition at most.
func (c *condition) size() int {
	if len(c.fields) == 0 {
		return 0
	}
	return c.fields[0].size
}

// condition compiles a query but for what bounds a selection as a whole: Since,
// Until, After and Limit. False when nothing can meet it.
func (t *tables) condition(q *feeds.Query) (*condition, bool, error) {
	k := compiler{tables: t}
	if err := bounded(q, 1, &k.parts); err != nil {
		return nil, false, err
	}
	c, ok := k.compile(q)
	return &c, ok && k.err == nil, k.err
}

// compiler compiles one query.
type compiler struct {
	*tables
	parts int
	err   error
}

// bounded counts the parts of a query and refuses too many.
func bounded(q *feeds.Query, depth int, parts *int) error {
	if depth > maxQueryDepth {
		return fmt.Errorf("%w: alternatives and exceptions nested more than %d deep", ErrQuery, maxQueryDepth)
	}
	*parts += 1 + len(q.Regions) + len(q.Countries) + len(q.Topics) + len(q.Events) + len(q.Sources) + len(q.Languages)
	if *parts > maxQueryParts {
		return fmt.Errorf("%w: more than %d values", ErrQuery, maxQueryParts)
	}
	if _, err := words.Parse(q.Words); err != nil {
		return fmt.Errorf("%w: %w", ErrQuery, err)
	}
	for _, list := range [][]feeds.Query{q.Any, q.Not} {
		for i := range list {
			if err := bounded(&list[i], depth+1, parts); err != nil {
				return err
			}
		}
	}
	return nil
}

// compile compiles a query; false when nothing can meet it.
func (t *compiler) compile(q *feeds.Query) (c condition, ok bool) {
	ok = true
	add := func(n int, term func(int) string) {
		if n == 0 || !ok {
			return
		}
		var f field
		for i := range n {
			if number, known := t.number(term(i)); known && !slices.Contains(f.terms, number) {
				if size, _ := t.count(number); size > 0 {
					f.size += size
					f.terms = append(f.terms, number)
				}
			}
		}
		c.fields = append(c.fields, f)
		ok = f.size > 0
	}
	tags := func(scheme string, terms []string) {
		add(len(terms), func(i int) string { return tagTerm(feeds.Tag{Scheme: scheme, Term: terms[i]}) })
	}
	tags(feeds.Region, q.Regions)
	tags(feeds.Country, q.Countries)
	tags(feeds.Topic, q.Topics)
	tags(feeds.Event, q.Events)
	add(len(q.Sources), func(i int) string { return sourceTerm(q.Sources[i]) })
	add(len(q.Languages), func(i int) string { return languageTerm(q.Languages[i]) })
	if len(q.Any) > 0 && ok {
		var f field
		for i := range q.Any {
			if one, may := t.part(&q.Any[i]); may {
				f.any = append(f.any, one)
				f.size += one.size()
			}
		}
		c.fields = append(c.fields, f)
		ok = len(f.any) > 0
	}
	if !ok {
		return c, false
	}
	if q.Words != "" {
		var clauses []wordClause
		if clauses, t.err = t.wordClauses(q.Words, &t.parts); t.err == nil && t.parts > maxQueryParts {
			t.err = fmt.Errorf("%w: more than %d values", ErrQuery, maxQueryParts)
		}
		if t.err != nil || len(clauses) == 0 {
			return c, false
		}
		c.words = &wordSearch{clauses, nameOf(clauses), hasPhrase(clauses)}
	}
	for i := range q.Not {
		if one, may := t.part(&q.Not[i]); may {
			c.none = append(c.none, one)
		}
	}
	if len(c.fields) == 0 {
		size, _ := t.count(allTerm)
		c.fields = append(c.fields, field{terms: []uint32{allTerm}, size: size})
	}
	slices.SortStableFunc(c.fields, func(a, b field) int { return cmp.Compare(a.size, b.size) })
	return c, true
}

// part compiles a query that is a part of another.
func (t *compiler) part(q *feeds.Query) (condition, bool) {
	c, ok := t.compile(q)
	if !q.Since.IsZero() || !q.Until.IsZero() {
		c.period = periodOf(q)
	}
	return c, ok
}

// periodOf gives the time that the query asks for.
func periodOf(q *feeds.Query) *period {
	p := &period{}
	if !q.Until.IsZero() {
		p.start = appendTime(nil, stampOf(q.Until)-1)
	}
	if !q.Since.IsZero() {
		p.oldest = appendTime(nil, stampOf(q.Since))
	}
	return p
}

// past reports whether a key of an entry lies behind the period.
func (p *period) past(key []byte) bool {
	return p.oldest != nil && bytes.Compare(key[:len(p.oldest)], p.oldest) > 0
}

// hasWords reports whether the condition, or one within, asks for words, and
// hasPhrase whether for words next to each other.
func (c *condition) hasWords() (some, phrase bool) {
	if c.words != nil {
		some, phrase = true, c.words.hasPhrase
	}
	within := func(cs []condition) {
		for i := range cs {
			s, p := cs[i].hasWords()
			some, phrase = some || s, phrase || p
		}
	}
	within(c.none)
	for i := range c.fields {
		within(c.fields[i].any)
	}
	return some, phrase
}

// meet puts the places of the segment that meet the condition into out, which
// is empty; false when there are none. Of those behind the run's reach it may say
// anything.
func (c *condition) meet(r *run, out *bitmap, m *merger) (bool, error) {
	for i := range c.fields {
		var b bitmap
		at := &b
		if i == 0 {
			at = out
		}
		if err := c.fields[i].meet(r, at, m); err != nil {
			return false, err
		}
		if some := i == 0 && !at.isEmpty() || i > 0 && out.and(at); !some {
			return false, nil
		}
	}
	if c.period != nil && !out.within(r, c.period) {
		return false, nil
	}
	if c.words != nil {
		if some, err := m.search.meet(r, c.words, out); err != nil || !some {
			return false, err
		}
	}
	for i := range c.none {
		var b bitmap
		if some, err := c.none[i].meet(r, &b, m); err != nil {
			return false, err
		} else if some && !out.without(&b) {
			return false, nil
		}
	}
	return true, nil
}

// meet adds the places that meet the field.
func (f *field) meet(r *run, out *bitmap, m *merger) error {
	var key [8]byte
	binary.BigEndian.PutUint32(key[:], r.number)
	for _, term := range f.terms {
		binary.BigEndian.PutUint32(key[4:], term)
		if k, v := m.postings.Seek(key[:]); bytes.Equal(k, key[:]) {
			if err := out.add(v); err != nil {
				return err
			}
		}
	}
	for i := range f.any {
		var b bitmap
		if some, err := f.any[i].meet(r, &b, m); err != nil {
			return err
		} else if some {
			out.or(&b)
		}
	}
	return nil
}

func (b *bitmap) isEmpty() bool { return *b == bitmap{} }

func (b *bitmap) or(o *bitmap) {
	for i := range b {
		b[i] |= o[i]
	}
}

// and keeps the places that both have; false when none is left.
func (b *bitmap) and(o *bitmap) bool {
	some := uint64(0)
	for i := range b {
		b[i] &= o[i]
		some |= b[i]
	}
	return some != 0
}

// without cuts the places of o; false when none is left.
func (b *bitmap) without(o *bitmap) bool {
	some := uint64(0)
	for i := range b {
		b[i] &^= o[i]
		some |= b[i]
	}
	return some != 0
}

// within cuts the places that lie outside of the period; false when none is left.
func (b *bitmap) within(r *run, p *period) bool {
	n := r.len()
	first := sort.Search(n, func(i int) bool { return bytes.Compare(r.segment.key(r.rank(i)), p.start) >= 0 })
	behind := sort.Search(n, func(i int) bool { return p.past(r.segment.key(r.rank(i))) })
	var in bitmap
	for i := first; i < behind; i++ {
		in.put(r.rank(i))
	}
	return b.and(&in)
}

package storage

import (
	"cmp"
	"slices"

	"communique/feeds/words"
)

// phrases is what looking for phrases needs; it is used again and again.
type phrases struct {
	words  []phraseWord
	found  []uint32 // where one of the words stands
	starts []uint32 // where the phrase may start, by what was looked at
	rows   *textRows
}

// phraseWord is a word of a phrase in one run.
type phraseWord struct {
	behind  []int   // how many words it stands behind the start, each time
	entries []entry // the terms that are it
	size    int     // of what tells their places, in octets
}

// phrase adds to out those of the wanted places that have the sequence in one
// text. A place of a word in texts is a place of the segment in the upper half and
// one of the text in the lower.
//
// The rarest word tells where the phrase may start. Of each of the others a bit is
// set for wherever it stands in those texts, and the starts stay that have it where
// it must be.
func (s *searcher) phrase(run uint32, way []*words.Pattern, wanted, out *bitmap) error {
	p := &s.phrases
	both := *wanted
	p.words = p.words[:0]
	for i, part := range way {
		if first := slices.Index(way, part); first < i {
			w := slices.IndexFunc(p.words, func(w phraseWord) bool { return w.behind[0] == first })
			p.words[w].behind = append(p.words[w].behind, i)
			continue
		}
		w := phraseWord{behind: []int{i}}
		var docs bitmap
		if err := s.each(run, part, &both, func(c *chunk) error {
			if yes, sure := part.Glance(c.term()); !yes && (sure || !part.Match(c.term())) {
				return nil
			}
			e := c.entry()
			w.entries, w.size = append(w.entries, e), w.size+len(e.at)
			return docs.addEntry(&e)
		}); err != nil {
			return err
		}
		if !both.and(&docs) {
			return nil
		}
		p.words = append(p.words, w)
	}
	slices.SortStableFunc(p.words, func(a, b phraseWord) int { return cmp.Compare(a.size, b.size) })
	for i, w := range p.words {
		p.found = p.found[:0]
		for j := range w.entries {
			var err error
			if p.found, err = w.entries[j].places(p.found, &both); err != nil {
				return err
			}
		}
		behind := w.behind
		if i == 0 {
			p.starts = p.starts[:0]
			for _, at := range p.found {
				if n := uint32(behind[0]); at&0xFFFF >= n {
					p.starts = append(p.starts, at-n)
				}
			}
			if p.rows == nil {
				p.rows = new(textRows)
			}
			p.rows.measure(&both, p.starts, len(way))
			behind = behind[1:]
		}
		if len(behind) > 0 {
			p.rows.set(p.found)
			for _, n := range behind {
				p.starts = p.rows.keep(p.starts, n)
			}
		}
		both = bitmap{}
		for _, at := range p.starts {
			both.put(uint16(at >> 16))
		}
		if len(p.starts) == 0 {
			return nil
		}
	}
	out.or(&both)
	return nil
}

// textRows has a row of bits for each place of a segment, one for each place of its
// text, as far as that matters.
type textRows struct {
	from [segmentSize]uint32 // where in bits the row begins
	size [segmentSize]uint16 // how many words of bits it has
	bits []uint64
}

// measure makes rows for texts in the places that reach n places behind the last
// start of each.
func (r *textRows) measure(places *bitmap, starts []uint32, n int) {
	for place := range places.all() {
		r.size[place] = 0
	}
	for _, at := range starts {
		size := &r.size[at>>16%segmentSize]
		*size = max(*size, uint16((int(at&0xFFFF)+n)/64+1))
	}
	total := uint32(0)
	for place := range places.all() {
		r.from[place] = total
		total += uint32(r.size[place])
	}
	r.bits = slices.Grow(r.bits[:0], int(total))[:total]
}

// set sets the bits of those places and no others.
func (r *textRows) set(places []uint32) {
	clear(r.bits)
	for _, at := range places {
		row, text := at>>16%segmentSize, at&0xFFFF
		if text/64 < uint32(r.size[row]) {
			r.bits[r.from[row]+text/64] |= 1 << (text % 64)
		}
	}
}

// keep keeps of the starts those that have a bit n places behind.
func (r *textRows) keep(starts []uint32, n int) []uint32 {
	kept := 0
	for _, at := range starts {
		text := at&0xFFFF + uint32(n)
		starts[kept] = at
		kept += int(r.bits[r.from[at>>16%segmentSize]+text/64] >> (text % 64) & 1) // without a branch, as it is anybody's guess
	}
	return starts[:kept]
}

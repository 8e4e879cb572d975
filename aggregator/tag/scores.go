package tag

// scores counts what was found in one text, for every term.
type scores struct {
	terms   []tally
	entries [][zones]uint8 // how often each entry of a topic was found
	touched []int32        // terms that hold something
	counted []int32        // entries that were counted

	lastEnd []uint32 // per term: tokens before this one are used up
	sectors []sector // of the topics that are sectors, where each was last found

	ranked       []found         // room for topics
	graded       [grades][]found // the topics that a text has
	above, named []int32         // topics of the first level that it has, and that it names
}

// sector is a topic that aid is divided into, and the token where it was found.
type sector struct {
	term int32
	at   uint32
}

// tally is what was found for a term.
type tally struct {
	score     float32
	touched   bool
	forbidden bool    // an exclude pattern was found
	named     bool    // by a name, a people or an agency rather than by a city
	whole     float32 // score, if standing in a row with others made no difference
	title     float32
	headed    bool    // its name stands in the title
	sure      bool    // by a name that is no other's, or not that alone
	byName    bool    // named for itself by its name
	own       float32 // of score, from being named for itself
	lede      bool
	city      bool                      // a large city or a subdivision stands in title or lede, for itself
	counts    [isPlace + 1][zones]uint8 // of places
	hits      [3]hit                    // the best evidence, best first
	surest    float32                   // of a topic: the heaviest pattern found outside of categories
	listed    bool                      // of a topic: it stands in a list of sectors
}

// hit is evidence with its worth.
type hit struct {
	match
	worth float32
}

const often = 4 // a mention counts so many times in one zone

func (s *scores) reset(terms, entries int) {
	if len(s.terms) != terms || len(s.entries) < entries {
		*s = scores{terms: make([]tally, terms), entries: make([][zones]uint8, entries), lastEnd: make([]uint32, terms)}
		return
	}
	for _, t := range s.touched {
		s.terms[t] = tally{}
	}
	for _, e := range s.counted {
		s.entries[e] = [zones]uint8{}
	}
	clear(s.lastEnd)
	s.touched, s.counted, s.sectors = s.touched[:0], s.counted[:0], s.sectors[:0]
}

func (s *scores) touch(term int32) *tally {
	t := &s.terms[term]
	if !t.touched {
		t.touched = true
		s.touched = append(s.touched, term)
	}
	return t
}

// keep remembers a match among the best, one of each entry.
func (t *tally) keep(m match, worth float32) {
	for i := range t.hits {
		h := &t.hits[i]
		if h.worth > 0 && h.entry == m.entry && h.worth >= worth {
			return
		}
		if h.worth < worth {
			h.match, m = m, h.match
			h.worth, worth = worth, h.worth
			if worth == 0 || m.entry == h.entry {
				return
			}
		}
	}
}

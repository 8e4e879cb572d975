package feeds

import (
	"cmp"
	"slices"
	"time"
)

// StatementID is minted once, from the strongest key of a statement's first
// copy, and kept for life. It is URL-safe: [a-z2-7]{16}.
type StatementID string

// Relation is what a copy is to its statement.
type Relation string

// Relations of a copy to its statement.
const (
	IsOrigin      Relation = "origin"
	IsReprint     Relation = "reprint"
	IsExcerpt     Relation = "excerpt"
	IsTranslation Relation = "translation"
	IsCorrection  Relation = "correction"
	IsJoint       Relation = "joint"
)

// Statement is one publication in the world, with every copy of it that we
// hold. Its Copies are in order of arrival and never empty.
type Statement struct {
	ID       StatementID
	Copies   []StatedCopy
	Taggings []Tagging // of all copies and moderation, one per tag, sorted by scheme and term

	Published time.Time // frozen at first sight; zero when no publisher said
	FirstSeen time.Time
	Updated   time.Time // the last change that matters; never zero, never "now"
	// Order is the time that feeds sort by, newest first, frozen at first sight.
	Order time.Time
	// Changed is the time, and Seq the journal's number, of the last fact that
	// touched the statement in any way: they drive caches, not readers.
	Changed time.Time
	Seq     uint64
	Hidden  bool
}

// StatedCopy is a copy in its statement.
type StatedCopy struct {
	Copy
	Item      ItemKey
	Relation  Relation
	Of        ItemKey // the copy it was matched to, when it is not the origin
	Why       string  // the evidence for that, e.g. `same link https://…`
	Score     float32
	Threshold float32   // that Score had to reach, 0 when there was none
	Near      []Near    // what it came close to and was not joined with
	Taggings  []Tagging // what was found in it alone; shared, not to be changed
	FirstSeen time.Time
	Changed   time.Time // last change of its text that matters
	Revision  int       // 1 at first sight
	Priority  int       // of its source when it was taken
}

// Languages gives the statement's languages, sorted, each once.
func (s *Statement) Languages() []string {
	var out []string
	for i := range s.Copies {
		if l := s.Copies[i].Language; l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// Lead gives the copy to show: the best one in the first of the wanted
// languages that there is one in, else the best one of all. Best is: the
// origin, then the higher source priority, then the fuller text, then the
// earlier arrival; an excerpt is only shown where there is nothing else. A
// wanted "pt" is met by "pt-BR" and the other way round.
func (s *Statement) Lead(languages ...string) *StatedCopy {
	for _, l := range languages {
		if c := s.best(func(c *StatedCopy) bool { return SameLanguage(c.Language, l) }); c != nil {
			return c
		}
	}
	return s.best(func(*StatedCopy) bool { return true })
}

// best gives the best copy among those that fit, nil when none does.
func (s *Statement) best(fits func(*StatedCopy) bool) *StatedCopy {
	var best *StatedCopy
	for i := range s.Copies {
		c := &s.Copies[i]
		if fits(c) && (best == nil || c.leads(best)) {
			best = c
		}
	}
	return best
}

// leads reports whether c is to be shown rather than b, which arrived before it.
func (c *StatedCopy) leads(b *StatedCopy) bool {
	if e, f := c.Relation == IsExcerpt, b.Relation == IsExcerpt; e != f {
		return f
	}
	if o, p := c.Relation == IsOrigin, b.Relation == IsOrigin; o != p {
		return o
	}
	if c.Priority != b.Priority {
		return c.Priority > b.Priority
	}
	// A fuller text counts only when it is clearly fuller, or the lead would
	// flip between near-equal copies on every correction.
	return 2*len(c.Content) > 3*len(b.Content)+400
}

// Copy gives the copy with the key, nil when the statement has none.
func (s *Statement) Copy(item ItemKey) *StatedCopy {
	for i := range s.Copies {
		if s.Copies[i].Item == item {
			return &s.Copies[i]
		}
	}
	return nil
}

// JoinedLater is the evidence of a copy that was the origin of a statement of
// its own when it arrived.
const JoinedLater = "was a statement of its own until a later copy showed that both are one"

// Settle leaves a statement that several have become one origin, the first that
// arrived. The others are its translations, or reprints where a copy in their
// language was there before. What was a translation when it came is a reprint
// when the origin, which was found later, turns out to be in its language.
func (s *Statement) Settle() {
	var origin *StatedCopy
	for i := range s.Copies {
		c := &s.Copies[i]
		switch {
		case c.Relation != IsOrigin:
		case origin == nil:
			origin = c
		default:
			c.Relation, c.Of, c.Why = IsTranslation, origin.Item, JoinedLater
			if c.Language == "" || slices.ContainsFunc(s.Copies[:i], func(o StatedCopy) bool { return SameLanguage(o.Language, c.Language) }) {
				c.Relation = IsReprint
			}
		}
	}
	for i := range s.Copies {
		if c := &s.Copies[i]; origin != nil && c.Relation == IsTranslation && SameLanguage(c.Language, origin.Language) {
			c.Relation = IsReprint
		}
	}
}

// Related gives what is to be shown beside the statement: other statements that
// one of its copies came close to when it arrived, a rewrite or the next
// edition. Each is there once, the nearest first. Those that came later do not
// stand here but have this one among theirs, and one may have been joined or
// withdrawn since.
func (s *Statement) Related() []Near {
	var out []Near
	for i := range s.Copies {
		for _, n := range s.Copies[i].Near {
			if !n.Related || n.Statement == s.ID {
				continue
			}
			at := slices.IndexFunc(out, func(o Near) bool { return o.Statement == n.Statement })
			if at < 0 {
				out = append(out, n)
			} else if n.Score > out[at].Score {
				out[at] = n
			}
		}
	}
	slices.SortFunc(out, func(a, b Near) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Statement, b.Statement))
	})
	return out
}

// Words is a copy that gave its statement a tag, with the rule and the words.
type Words struct {
	Copy *StatedCopy
	Tagging
}

// Words gives the copies that a tag comes from, in order of arrival, without
// those that only repeat the words of another in the same language. There are
// none when an operator gave the tag.
func (s *Statement) Words(t Tag) []Words {
	var out []Words
	for i := range s.Copies {
		c := &s.Copies[i]
		for _, g := range c.Taggings {
			if g.Tag == t && !slices.ContainsFunc(out, func(o Words) bool {
				return o.Rule == g.Rule && o.Evidence == g.Evidence && SameLanguage(o.Copy.Language, c.Language)
			}) {
				out = append(out, Words{c, g})
			}
		}
	}
	return out
}

// Has reports whether the statement carries the tag.
func (s *Statement) Has(t Tag) bool {
	for i := range s.Taggings {
		if s.Taggings[i].Tag == t {
			return true
		}
	}
	return false
}

// SameLanguage reports whether two BCP 47 tags have the same primary language.
func SameLanguage(a, b string) bool { return a != "" && PrimaryLanguage(a) == PrimaryLanguage(b) }

// PrimaryLanguage gives the first subtag: "pt" for "pt-BR".
func PrimaryLanguage(tag string) string {
	for i := 0; i < len(tag); i++ {
		if tag[i] == '-' || tag[i] == '_' {
			return tag[:i]
		}
	}
	return tag
}

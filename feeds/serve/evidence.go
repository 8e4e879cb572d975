package serve

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"communique/feeds"
	"communique/feeds/render"
)

// What a statement's page tells of why it is one statement, and of others that
// are close to it.

// mostNeighbours bounds the statements that one page looks at beside its own.
const mostNeighbours = 40

// neighbours are the statements that one came close to, as they are now, by the
// id that they had then. What is the same statement by now is not among them,
// and of one that is no longer published there is nothing but the id.
type neighbours map[feeds.StatementID]*feeds.Statement

// neighbours looks them up. The mark changes when the page has to.
func (s *Server) neighbours(st *feeds.Statement) (out neighbours, mark uint64, err error) {
	out = neighbours{}
	h := fnv.New64a()
	note := func(n uint64) { h.Write(binary.BigEndian.AppendUint64(nil, n)) }
	note(st.Seq)
	seen := map[feeds.StatementID]bool{}
	for i := range st.Copies {
		for _, n := range st.Copies[i].Near {
			if seen[n.Statement] || len(seen) == mostNeighbours {
				continue
			}
			seen[n.Statement] = true
			other, at, ok, err := s.o.Store.Statement(n.Statement)
			switch {
			case err != nil:
				return nil, 0, err
			case !ok || other.Hidden:
				out[n.Statement] = nil
				note(0)
			case at != st.ID:
				out[n.Statement] = &other
				note(other.Seq)
			}
		}
	}
	return out, h.Sum64(), nil
}

// neighbour is another statement on a statement's page; without Title when it
// is no longer published.
type neighbour struct {
	Title, Language, Href, Source, Date string
	Why, Score, Needed                  string
}

func (s *Server) neighbour(n *feeds.Near, other *feeds.Statement, languages []string) *neighbour {
	out := &neighbour{Why: n.Why, Score: score(n.Score), Needed: score(n.Threshold)}
	if other == nil {
		return out
	}
	c := other.Lead(languages...)
	out.Title, _ = render.Words(c, other.ID)
	out.Language, out.Source, out.Href = c.Language, s.office(c), s.base+"/statements/"+string(other.ID)
	shown := other.Published
	if shown.IsZero() {
		shown = other.FirstSeen
	}
	out.Date = shown.Format("2 January 2006")
	return out
}

// related gives the statements to show beside this one, each once.
func (s *Server) related(st *feeds.Statement, near neighbours, languages []string) []*neighbour {
	var out []*neighbour
	seen := map[feeds.StatementID]bool{}
	for _, n := range st.Related() {
		if other := near[n.Statement]; other != nil && !seen[other.ID] {
			seen[other.ID] = true
			out = append(out, s.neighbour(&n, other, languages))
		}
	}
	return out
}

// carrier is a copy on its statement's page.
type carrier struct {
	Source, SourceHref, Link, Title string
	Language, Role, Class, Date     string
	Revision                        int
	Notes                           []string

	// Why it is here.
	Of, OfTitle, OfLanguage string // "" for the origin
	Why, Score, Needed      string // no score where the evidence is exact
	Nearest                 *neighbour
}

// tongue is a language on a statement's page, with the copies in it.
type tongue struct {
	Name     string
	Carriers []carrier
}

// roles are the words for what a copy is to its statement.
var roles = map[feeds.Relation]string{
	feeds.IsOrigin: "first published", feeds.IsReprint: "reprint", feeds.IsExcerpt: "excerpt",
	feeds.IsTranslation: "translation", feeds.IsCorrection: "correction", feeds.IsJoint: "joint statement",
}

// office names a copy's source.
func (s *Server) office(c *feeds.StatedCopy) string {
	return cmp.Or(c.Origin.Title, s.source(c.Source))
}

func (s *Server) carrier(st *feeds.Statement, c *feeds.StatedCopy, near neighbours, languages []string) carrier {
	out := carrier{Source: s.office(c), Link: c.Link, Language: c.Language, Role: roles[c.Relation], Class: string(c.Relation), Revision: c.Revision, Notes: c.Notes}
	out.Title, _ = render.Words(c, st.ID)
	if s.sources[c.Source] != nil {
		out.SourceHref = s.base + "/feeds/source/" + string(c.Source) + ".html"
	}
	if !c.Published.IsZero() {
		out.Date = c.Published.Format("2 January 2006, 15:04 UTC")
	}
	if c.Of != "" {
		out.Why, out.Of = c.Why, s.source(c.Of.Source())
		if of := st.Copy(c.Of); of != nil {
			out.Of, out.OfLanguage = s.office(of), of.Language
			out.OfTitle, _ = render.Words(of, st.ID)
		}
		if c.Threshold > 0 {
			out.Score, out.Needed = score(c.Score), score(c.Threshold)
		}
	}
	for i := range c.Near {
		if other, is := near[c.Near[i].Statement]; is {
			out.Nearest = s.neighbour(&c.Near[i], other, languages)
			break
		}
	}
	return out
}

// tongues gives the copies by language: that of the shown copy first, the
// unknown one last.
func tongues(all []carrier, shown string) []tongue {
	var out []tongue
	for _, c := range all {
		name := render.LanguageName(c.Language)
		if c.Language == "" {
			name = "Language unknown"
		}
		i := slices.IndexFunc(out, func(t tongue) bool { return t.Name == name })
		if i < 0 {
			i = len(out)
			out = append(out, tongue{Name: name})
		}
		out[i].Carriers = append(out[i].Carriers, c)
	}
	rank := func(t *tongue) int {
		switch t.Carriers[0].Language {
		case shown:
			return 0
		case "":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b tongue) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), strings.Compare(a.Carriers[0].Language, b.Carriers[0].Language))
	})
	return out
}

// reason is a tag on a statement's page.
type reason struct {
	tagLink
	Rule  string
	Words []quote
	As    string // the label of another tag that has the same words, which are not repeated
}

// quote is the words that a tag comes from, and whose they are.
type quote struct{ Evidence, Source, Language, LanguageName string }

func (s *Server) reason(st *feeds.Statement, t feeds.Tagging) reason {
	out := reason{Rule: t.Rule}
	if t.Tag.Scheme == feeds.Mention { // it has no feed
		out.Label, out.Kind = s.label(feeds.Tag{Scheme: feeds.Country, Term: t.Tag.Term}), feeds.Country
	} else {
		out.tagLink = s.tagLink(t.Tag)
	}
	for _, w := range st.Words(t.Tag) {
		if w.Evidence != "" {
			out.Words = append(out.Words, quote{w.Evidence, s.office(w.Copy), w.Copy.Language, render.LanguageName(w.Copy.Language)})
		}
	}
	if len(out.Words) == 0 && t.Evidence != "" { // an operator's
		out.Words = append(out.Words, quote{Evidence: t.Evidence})
	}
	return out
}

// once takes out the words that a tag has from another one, as a region has
// from its country.
func once(all []reason) []reason {
	for i := range all {
		for j := range all[:i] {
			if len(all[i].Words) > 0 && slices.Equal(all[i].Words, all[j].Words) {
				all[i].Words, all[i].As = nil, all[j].Label
				break
			}
		}
	}
	return all
}

func score(f float32) string { return fmt.Sprintf("%.2f", f) }

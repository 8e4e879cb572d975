package serve

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
	"communique/storage"
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
			case err != nil && !errors.Is(err, storage.ErrDamaged):
				return nil, 0, err
			case err != nil || !ok || other.Hidden:
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

func (s *Server) neighbour(to reader, n *feeds.Near, other *feeds.Statement, languages []string) *pages.Neighbour {
	out := &pages.Neighbour{Why: n.Why, Score: score(n.Score), Needed: score(n.Threshold)}
	if other == nil {
		return out
	}
	c := other.Lead(languages...)
	out.Title, _ = render.Words(c, other.ID)
	out.Lang, out.Office, out.Href = c.Language, s.office(c), s.link(to, "/statements/"+string(other.ID), "")
	out.Shown, _ = shown(other)
	return out
}

// related gives the statements to show beside this one, each once.
func (s *Server) related(to reader, st *feeds.Statement, near neighbours, languages []string) []*pages.Neighbour {
	var out []*pages.Neighbour
	seen := map[feeds.StatementID]bool{}
	for _, n := range st.Related() {
		if other := near[n.Statement]; other != nil && !seen[other.ID] {
			seen[other.ID] = true
			out = append(out, s.neighbour(to, &n, other, languages))
		}
	}
	return out
}

// office names a copy's source.
func (s *Server) office(c *feeds.StatedCopy) string {
	return cmp.Or(c.Origin.Title, s.source(c.Source))
}

func (s *Server) carrier(to reader, st *feeds.Statement, c *feeds.StatedCopy, near neighbours, languages []string) pages.Carrier {
	out := pages.Carrier{Office: s.office(c), OfficeHref: s.officeHref(to, c.Source), Link: c.Link, Lang: c.Language, Role: c.Relation, Published: c.Published,
		Revision: c.Revision, Notes: c.Notes}
	out.Title, _ = render.Words(c, st.ID)
	if c.Of != "" {
		out.Why, out.Of = c.Why, s.source(c.Of.Source())
		if of := st.Copy(c.Of); of != nil {
			out.Of, out.OfLang = s.office(of), of.Language
			out.OfTitle, _ = render.Words(of, st.ID)
		}
		if c.Threshold > 0 {
			out.Score, out.Needed = score(c.Score), score(c.Threshold)
		}
	}
	for i := range c.Near {
		if other, is := near[c.Near[i].Statement]; is {
			out.Nearest = s.neighbour(to, &c.Near[i], other, languages)
			break
		}
	}
	return out
}

// tongues gives the copies by language: that of the shown copy first, the
// unknown one last.
func tongues(all []pages.Carrier, shown string) []pages.Tongue {
	var out []pages.Tongue
	for _, c := range all {
		name := ""
		if c.Lang != "" {
			name = render.LanguageName(c.Lang)
		}
		i := slices.IndexFunc(out, func(t pages.Tongue) bool { return t.Name == name })
		if i < 0 {
			i = len(out)
			out = append(out, pages.Tongue{Name: name})
		}
		out[i].Carriers = append(out[i].Carriers, c)
	}
	rank := func(t *pages.Tongue) int {
		switch t.Carriers[0].Lang {
		case shown:
			return 0
		case "":
			return 2
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b pages.Tongue) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), strings.Compare(a.Carriers[0].Lang, b.Carriers[0].Lang))
	})
	return out
}

func (s *Server) reason(to reader, st *feeds.Statement, t feeds.Tagging) pages.Reason {
	out := pages.Reason{Rule: t.Rule}
	if t.Tag.Scheme == feeds.Mention { // it has no feed
		out.Label, out.Kind = s.words(feeds.Tag{Scheme: feeds.Country, Term: t.Tag.Term}, to.Language), feeds.Country
	} else {
		out.TagLink = s.tagLink(to, t.Tag)
	}
	for _, w := range st.Words(t.Tag) {
		if w.Evidence != "" {
			out.Words = append(out.Words, pages.Quote{Evidence: w.Evidence, Office: s.office(w.Copy), Lang: w.Copy.Language, Language: render.LanguageName(w.Copy.Language)})
		}
	}
	if len(out.Words) == 0 && t.Evidence != "" { // an operator's
		out.Words = append(out.Words, pages.Quote{Evidence: t.Evidence})
	}
	return out
}

// once takes out the words that a tag has from another one, as a region has
// from its country.
func once(all []pages.Reason) []pages.Reason {
	for i := range all {
		for j := range all[:i] {
			if len(all[i].Words) > 0 && slices.Equal(all[i].Words, all[j].Words) {
				all[i].Words, all[i].As = nil, &all[j].Label
				break
			}
		}
	}
	return all
}

func score(f float32) string { return fmt.Sprintf("%.2f", f) }

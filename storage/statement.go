package storage

import (
	"cmp"
	"fmt"
	"slices"

	"communique/feeds"
)

// Statement gives a statement with its copies. at is the id that it goes by
// now, another one than asked for when it was joined. It is not ok when it is
// unknown or when all its copies are gone. A hidden one is given, marked so.
func (s *Store) Statement(id feeds.StatementID) (st feeds.Statement, at feeds.StatementID, ok bool, err error) {
	err = s.view(func(t *tables) error {
		st, ok, err = s.assemble(t, id, nil)
		return err
	})
	return st, st.ID, ok, err
}

// Ended tells of a statement that Statement does not give: whether it ever was here,
// and whether it went for its age alone.
func (s *Store) Ended(id feeds.StatementID) (known, expired bool, err error) {
	err = s.view(func(t *tables) error {
		r, err := t.row(id)
		if err != nil || r.isEmpty() {
			return err
		}
		known = true
		root, err := rootOf(t.row, r)
		if err != nil {
			return err
		}
		expired, err = t.expired(root)
		return err
	})
	return known, expired, err
}

// StatementAs is Statement as it would be if its items had the tags that tell
// gives of them. tell runs within the reading, so it must not take long.
func (s *Store) StatementAs(id feeds.StatementID, tell func(*feeds.Observed) []feeds.Tagging) (st feeds.Statement, at feeds.StatementID, ok bool, err error) {
	err = s.view(func(t *tables) error {
		st, ok, err = s.assemble(t, id, tell)
		return err
	})
	return st, st.ID, ok, err
}

// Statements gives statements in the order of the ids. Those that are no
// longer there are left out, those that cannot be read too (see Damaged), and of
// those that were joined all but the first.
func (s *Store) Statements(ids ...feeds.StatementID) ([]feeds.Statement, error) {
	out := make([]feeds.Statement, 0, len(ids))
	seen := make(map[feeds.StatementID]bool, len(ids))
	err := s.view(func(t *tables) error {
		for _, id := range ids {
			st, ok, err := s.assemble(t, id, nil)
			if err != nil {
				if err := s.leave(err); err != nil {
					return err
				}
				continue
			}
			if ok && !seen[st.ID] {
				seen[st.ID] = true
				out = append(out, st)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// tree reads the tree that id stands in.
func (t *tables) tree(id feeds.StatementID) (tree, error) {
	r, err := t.row(id)
	if err != nil {
		return tree{}, err
	}
	root, err := rootOf(t.row, r)
	if err != nil {
		return tree{}, err
	}
	return treeOf(t.row, root)
}

// assemble makes a statement of its records, with the tags that tell gives or,
// without it, that were said.
func (s *Store) assemble(t *tables, id feeds.StatementID, tell func(*feeds.Observed) []feeds.Tagging) (feeds.Statement, bool, error) {
	var st feeds.Statement
	tr, err := t.tree(id)
	if err != nil {
		return st, false, err
	}
	v := tr.root.view
	if v.copies == 0 {
		return st, false, nil
	}
	st = feeds.Statement{
		ID: tr.root.id, FirstSeen: tr.items[0].firstSeen.time(), Order: v.order.time(),
		Changed: v.said.at.time(), Seq: v.said.seq, Hidden: v.hidden,
		Copies: make([]feeds.StatedCopy, 0, v.copies),
	}
	silent := tr.silent()
	for i, it := range tr.items {
		if !it.live && i > 0 {
			continue
		}
		f, err := s.factAt(t, it.said.seq, withContent)
		if err != nil {
			return st, false, fmt.Errorf("statement %s: %w", st.ID, err)
		}
		switch f := f.(type) {
		case *feeds.Gone:
			st.Published = f.Published
		case *feeds.Observed:
			if i == 0 {
				st.Published = f.Published
			}
			if f.Withheld {
				continue
			}
			if tell != nil {
				f.Taggings = tell(f)
			}
			if f.Changed.After(st.Updated) {
				st.Updated = f.Changed
			}
			st.Copies = append(st.Copies, feeds.StatedCopy{
				Copy: f.Copy, Item: f.Item, Relation: f.Relation, Of: f.Of, Why: f.Why, Score: f.Score, Threshold: f.Threshold, Near: f.Near,
				Taggings:  f.Taggings,
				FirstSeen: f.FirstSeen, Changed: f.Changed, Revision: f.Revision, Priority: f.Priority,
			})
			if !silent[it.key] {
				st.Taggings = merge(st.Taggings, f.Taggings)
			}
		}
	}
	st.Settle()
	if tr.mod != nil {
		f, err := s.factAt(t, tr.mod.said.seq, rowOnly)
		if err != nil {
			return st, false, fmt.Errorf("statement %s: %w", st.ID, err)
		}
		if m, ok := f.(*feeds.Moderated); ok {
			st.Taggings = overlay(st.Taggings, m)
		}
	}
	about := slices.Clone(st.Taggings)
	st.Taggings = slices.DeleteFunc(st.Taggings, func(t feeds.Tagging) bool {
		// What one copy is about, another may only mention.
		return t.Tag.Scheme == feeds.Mention && slices.ContainsFunc(about, func(a feeds.Tagging) bool {
			return a.Tag == feeds.Tag{Scheme: feeds.Country, Term: t.Tag.Term}
		})
	})
	slices.SortFunc(st.Taggings, func(a, b feeds.Tagging) int {
		return cmp.Or(cmp.Compare(a.Tag.Scheme, b.Tag.Scheme), cmp.Compare(a.Tag.Term, b.Tag.Term))
	})
	return st, true, nil
}

// merge adds taggings; of one tag the higher score stays, of equal ones the
// first.
func merge(into, more []feeds.Tagging) []feeds.Tagging {
	for _, tg := range more {
		i := slices.IndexFunc(into, func(t feeds.Tagging) bool { return t.Tag == tg.Tag })
		switch {
		case i < 0:
			into = append(into, tg)
		case tg.Score > into[i].Score:
			into[i] = tg
		}
	}
	return into
}

// ruleModerated is the rule of a tag that an operator added.
const ruleModerated = "moderated"

// overlay adds and cuts what an operator said; a tag in both is cut.
func overlay(taggings []feeds.Tagging, m *feeds.Moderated) []feeds.Tagging {
	for _, tag := range m.Add {
		taggings = merge(taggings, []feeds.Tagging{{Tag: tag, Rule: ruleModerated, Evidence: m.Why}})
	}
	return slices.DeleteFunc(taggings, func(t feeds.Tagging) bool { return slices.Contains(m.Cut, t.Tag) })
}

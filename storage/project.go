package storage

import (
	"maps"
	"slices"

	"communique/feeds"
)

// projection is the part of the state that statements are made of, as far as a
// batch of records needs it. Records are put in, settle brings the views up to
// date. What comes out is a function of the latest record of every key, never
// of the way there, but for row.touched.
type projection struct {
	rows  map[feeds.StatementID]*row
	dirty map[feeds.StatementID]bool
	lists []listPage // register.go
	kept  []keptAt

	load   func(feeds.StatementID) (*row, error) // a fresh empty row when there is none
	number func(term string) (uint32, error)
}

func newProjection(load func(feeds.StatementID) (*row, error), number func(string) (uint32, error)) *projection {
	return &projection{
		rows: map[feeds.StatementID]*row{}, dirty: map[feeds.StatementID]bool{},
		load: load, number: number,
	}
}

// record puts a fact in; was is the statement that its item was said to be of
// before, "" when it is new or the fact is not of an item.
func (p *projection) record(said touch, f feeds.Fact, was feeds.StatementID) error {
	switch f := f.(type) {
	case *feeds.Observed:
		if f.Withheld { // it has its place, and nobody sees it there
			return p.put(item{key: f.Item, said: said, firstSeen: stampOf(f.FirstSeen), order: stampOf(f.Order), keys: f.Keys}, f.Statement, was)
		}
		it := item{key: f.Item, said: said, firstSeen: stampOf(f.FirstSeen), order: stampOf(f.Order),
			live: true, origin: f.Relation == feeds.IsOrigin, keys: f.Keys}
		names := make([]string, 0, len(f.Taggings)+2)
		names = append(names, sourceTerm(f.Item.Source()))
		if f.Copy.Language != "" {
			names = append(names, languageTerm(f.Copy.Language))
		}
		own := len(names)
		for i := range f.Taggings {
			if f.Taggings[i].Tag.Scheme == feeds.Mention {
				continue // nothing is selected by it
			}
			names = append(names, tagTerm(f.Taggings[i].Tag))
		}
		var err error
		if f.Echo {
			it.echo = &echo{of: f.Of}
			if it.echo.tags, err = p.numbers(names[own:]); err != nil {
				return err
			}
			names = names[:own]
		}
		if it.terms, err = p.numbers(names); err != nil {
			return err
		}
		return p.put(it, f.Statement, was)
	case *feeds.Gone:
		it := item{key: f.Item, said: said, firstSeen: stampOf(f.FirstSeen), order: stampOf(f.Order), keys: f.Keys}
		return p.put(it, f.Statement, was)
	case *feeds.Joined:
		return p.join(f.Loser, &join{said: said, winner: f.Winner})
	case *feeds.Moderated:
		add, err := p.tagNumbers(f.Add)
		if err != nil {
			return err
		}
		cut, err := p.tagNumbers(f.Cut)
		if err != nil {
			return err
		}
		return p.moderate(f.Statement, &moderation{said: said, hide: f.Hide, add: add, cut: cut})
	case *feeds.Listed:
		return p.list(said, f)
	case *feeds.Kept:
		p.kept = append(p.kept, keptAt{f.Statement, f.Through, said.seq})
	}
	return nil // Fetched is no part of any statement
}

// tagNumbers gives the numbers of tags but mentions: nothing is selected by them.
func (p *projection) tagNumbers(tags []feeds.Tag) ([]uint32, error) {
	names := make([]string, 0, len(tags))
	for _, t := range tags {
		if t.Scheme != feeds.Mention {
			names = append(names, tagTerm(t))
		}
	}
	return p.numbers(names)
}

// numbers gives the numbers of terms, sorted, each once.
func (p *projection) numbers(terms []string) ([]uint32, error) {
	out := make([]uint32, len(terms))
	for i, t := range terms {
		var err error
		if out[i], err = p.number(t); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (p *projection) row(id feeds.StatementID) (*row, error) {
	if r := p.rows[id]; r != nil {
		return r, nil
	}
	r, err := p.load(id)
	if err != nil {
		return nil, err
	}
	p.rows[id] = r
	return r, nil
}

// change gives a row that is about to change.
func (p *projection) change(id feeds.StatementID) (*row, error) {
	p.dirty[id] = true
	return p.row(id)
}

// put adds or replaces an item; was is the statement that it was said to be of
// before, "" when it is new.
func (p *projection) put(it item, is, was feeds.StatementID) error {
	if was != "" && was != is {
		if err := p.takeAway(it.key, was, it.said); err != nil {
			return err
		}
	}
	r, err := p.change(is)
	if err != nil {
		return err
	}
	i, held := r.item(it.key)
	if held {
		r.items[i] = it
	} else {
		r.items = slices.Insert(r.items, i, it)
	}
	return nil
}

func (p *projection) takeAway(k feeds.ItemKey, was feeds.StatementID, by touch) error {
	r, err := p.change(was)
	if err != nil {
		return err
	}
	if i, held := r.item(k); held {
		r.items = slices.Delete(r.items, i, i+1)
	}
	return p.touchRoot(was, by)
}

// touchRoot notes at the root of id's tree that something goes away from it.
func (p *projection) touchRoot(id feeds.StatementID, by touch) error {
	_, root, err := p.rowAndRoot(id)
	if err != nil {
		return err
	}
	p.dirty[root.id] = true
	root.touched.rise(by)
	return nil
}

// rowAndRoot gives id's row and the one that speaks for it, see rootOf.
func (p *projection) rowAndRoot(id feeds.StatementID) (r, root *row, err error) {
	if r, err = p.row(id); err != nil {
		return nil, nil, err
	}
	root, err = rootOf(p.row, r)
	return r, root, err
}

func (p *projection) join(loser feeds.StatementID, j *join) error {
	r, err := p.change(loser)
	if err != nil {
		return err
	}
	if before := r.parent(); before != j.winner {
		if before != "" {
			if err := p.touchRoot(loser, j.said); err != nil {
				return err
			}
			parent, err := p.change(before)
			if err != nil {
				return err
			}
			if i, held := slices.BinarySearch(parent.children, loser); held {
				parent.children = slices.Delete(parent.children, i, i+1)
			}
		}
		if j.winner != loser {
			parent, err := p.change(j.winner)
			if err != nil {
				return err
			}
			if i, held := slices.BinarySearch(parent.children, loser); !held {
				parent.children = slices.Insert(parent.children, i, loser)
			}
		}
	}
	r.join = j
	return nil
}

func (p *projection) moderate(id feeds.StatementID, m *moderation) error {
	r, err := p.change(id)
	if err != nil {
		return err
	}
	r.mod = m
	return nil
}

// settle brings the views of all that changed up to date.
func (p *projection) settle() error {
	for _, id := range slices.Collect(maps.Keys(p.dirty)) {
		r, root, err := p.rowAndRoot(id)
		if err != nil {
			return err
		}
		p.dirty[root.id] = true
		if root != r {
			r.view, r.touched = view{}, touch{} // the root speaks for it
		}
	}
	for id := range p.dirty {
		r, root, err := p.rowAndRoot(id)
		if err != nil {
			return err
		}
		if root != r {
			continue
		}
		t, err := treeOf(p.row, r)
		if err != nil {
			return err
		}
		r.view = t.view()
	}
	return nil
}

// rootOf follows joins from a row to the one that speaks for it. Joins that run
// in a circle, which nobody should say, end at the circle's smallest id.
func rootOf(get func(feeds.StatementID) (*row, error), r *row) (*row, error) {
	var path []feeds.StatementID
	for {
		up := r.parent()
		if up == "" {
			return r, nil
		}
		path = append(path, r.id)
		if i := slices.Index(path, up); i >= 0 {
			return get(slices.Min(path[i:]))
		}
		var err error
		if r, err = get(up); err != nil {
			return nil, err
		}
	}
}

// tree is a root row and all rows that are joined to it.
type tree struct {
	root  *row
	items []item // in order of arrival
	mod   *moderation
	modOf feeds.StatementID // whom mod was said of
	said  touch             // the last fact of the tree
}

func treeOf(get func(feeds.StatementID) (*row, error), root *row) (tree, error) {
	t := tree{root: root, said: root.touched}
	seen := map[feeds.StatementID]bool{}
	// joined is the last fact on the way from the root to the row: what was
	// said of a loser before it was joined was not said of the winner.
	var walk func(r *row, joined uint64) error
	walk = func(r *row, joined uint64) error {
		if seen[r.id] {
			return nil
		}
		seen[r.id] = true
		t.items = append(t.items, r.items...)
		for i := range r.items {
			t.said.rise(r.items[i].said)
		}
		if r.join != nil {
			t.said.rise(r.join.said)
			if r != root {
				joined = max(joined, r.join.said.seq)
			}
		}
		if r.mod != nil {
			t.said.rise(r.mod.said)
			if r.mod.said.seq > joined && (t.mod == nil || r.mod.said.seq > t.mod.said.seq) {
				t.mod, t.modOf = r.mod, r.id
			}
		}
		for _, c := range r.children {
			child, err := get(c)
			if err != nil {
				return err
			}
			if err := walk(child, joined); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(root, 0); err != nil {
		return t, err
	}
	slices.SortFunc(t.items, byArrival)
	return t, nil
}

// view makes the view of the tree.
func (t *tree) view() view {
	v := view{said: t.said}
	if len(t.items) == 0 {
		return v
	}
	v.order = t.items[0].order
	silent := t.silent()
	for i := range t.items {
		it := &t.items[i]
		if !it.live {
			continue
		}
		v.copies++
		if v.copies == 1 {
			v.terms = it.terms
		} else {
			v.terms = union(v.terms, it.terms)
		}
		if it.echo != nil && !silent[it.key] {
			v.terms = union(v.terms, it.echo.tags)
		}
	}
	if t.mod != nil {
		v.hidden = t.mod.hide
		if v.copies > 0 {
			v.terms = slices.DeleteFunc(union(v.terms, t.mod.add), func(term uint32) bool {
				_, cut := slices.BinarySearch(t.mod.cut, term)
				return cut
			})
		}
	}
	v.published = v.copies > 0 && !v.hidden
	return v
}

// silent gives the live items whose tags do not count: the echoes of an item
// that is live in the tree. Of echoes that run in a circle, which nobody should
// say, all count: else what they say would be lost.
func (t *tree) silent() map[feeds.ItemKey]bool {
	if !slices.ContainsFunc(t.items, func(it item) bool { return it.live && it.echo != nil }) {
		return nil
	}
	of := make(map[feeds.ItemKey]feeds.ItemKey, len(t.items)) // live item → what it echoes, "" for nothing
	for i := range t.items {
		if it := &t.items[i]; it.live && it.echo != nil {
			of[it.key] = it.echo.of
		} else if it.live {
			of[it.key] = ""
		}
	}
	silent := map[feeds.ItemKey]bool{}
	walked := map[feeds.ItemKey]int{} // by which walk
	for i := range t.items {
		at := t.items[i].key
		for walked[at] == 0 {
			walked[at] = i + 1
			if _, live := of[of[at]]; !live {
				break
			}
			silent[at] = true
			at = of[at]
		}
		if walked[at] == i+1 { // it came back to where it was, or ended at one that is not silent
			for silent[at] {
				delete(silent, at)
				at = of[at]
			}
		}
	}
	return silent
}

// union merges two sorted lists into a new one.
func union(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// shown is how much of a title is printed, in characters.
const shown = 90

// outcome is a gold set with what classify made of it.
type outcome struct {
	rows      []row
	at        map[string]int // row by id
	verdicts  map[string]*verdict
	statement map[string]string // by id
	unclear   []idPair
}

func newOutcome(rows []row, verdicts []verdict) *outcome {
	o := &outcome{rows: rows, at: map[string]int{}, verdicts: map[string]*verdict{}, statement: map[string]string{}, unclear: ambiguous(rows)}
	for i := range rows {
		o.at[rows[i].ID] = i
	}
	for i := range verdicts {
		v := &verdicts[i]
		o.verdicts[v.ID] = v
		if s, ok := v.statement(); ok {
			o.statement[v.ID] = s
		}
	}
	return o
}

func (o *outcome) describe(r *row) string {
	title := strings.Join(strings.Fields(r.Title), " ")
	if title == "" {
		title = strings.Join(strings.Fields(r.Text), " ")
	}
	if t := []rune(title); len(t) > shown {
		title = string(t[:shown]) + "…"
	}
	out := fmt.Sprintf("%s [%s] %q", r.ID, r.Lang, title)
	if r.Kind != "" && r.Kind != "base" {
		out += " " + r.Kind
	}
	return out
}

// cluster is rows that stand together, with how much is wrong with that.
type cluster struct {
	name  string
	rows  []int
	wrong int // pairs
}

// gather puts the rows that have a group into clusters by name, in the order of
// their first rows; rows without a name are left out.
func (o *outcome) gather(name func(*row) (string, bool)) []*cluster {
	var out []*cluster
	by := map[string]*cluster{}
	for i := range o.rows {
		if o.rows[i].Group == nil {
			continue
		}
		n, ok := name(&o.rows[i])
		if !ok {
			continue
		}
		if by[n] == nil {
			by[n] = &cluster{name: n}
			out = append(out, by[n])
		}
		by[n].rows = append(by[n].rows, i)
	}
	return out
}

// worst keeps those in which something is wrong, the worst first.
func worst(all []*cluster) []*cluster {
	all = slices.DeleteFunc(all, func(c *cluster) bool { return c.wrong == 0 })
	slices.SortStableFunc(all, func(a, b *cluster) int { return cmp.Compare(b.wrong, a.wrong) })
	return all
}

func (v *verdict) evidence() string {
	var b strings.Builder
	if v.Score != 0 {
		fmt.Fprintf(&b, " score %.2f", v.Score)
	}
	if v.Threshold != 0 {
		fmt.Fprintf(&b, " of %.2f", v.Threshold)
	}
	if v.Because != "" {
		fmt.Fprintf(&b, ": %s", v.Because)
	}
	return b.String()
}

// falseMerges tells of statements that hold rows of different groups: of each,
// the joins that brought them together.
func (o *outcome) falseMerges(limit int) []string {
	unclear := map[idPair]bool{}
	for _, p := range o.unclear {
		unclear[p] = true
	}
	wrong := func(a, b *row) bool { return *a.Group != *b.Group && !unclear[pairOf(a.ID, b.ID)] }
	all := o.gather(func(r *row) (string, bool) { s, ok := o.statement[r.ID]; return s, ok })
	for _, c := range all {
		for i, a := range c.rows {
			for _, b := range c.rows[:i] {
				if wrong(&o.rows[a], &o.rows[b]) {
					c.wrong++
				}
			}
		}
	}
	all = worst(all)
	pairs := 0
	for _, c := range all {
		pairs += c.wrong
	}
	out := []string{fmt.Sprintf("\n-- false merges: %d statements hold rows of different groups, %d false pairs", len(all), pairs)}
	for i, c := range all[:min(limit, len(all))] {
		groups := map[string]bool{}
		for _, at := range c.rows {
			groups[*o.rows[at].Group] = true
		}
		out = append(out, fmt.Sprintf("%3d. %d false pairs in statement %s: %d rows of %d groups", i+1, c.wrong, c.name, len(c.rows), len(groups)))
		told := 0
		for _, at := range c.rows {
			r := &o.rows[at]
			v := o.verdicts[r.ID]
			to, ok := o.at[v.Of]
			if told == 4 || !ok || o.rows[to].Group == nil || !wrong(r, &o.rows[to]) {
				continue
			}
			told++
			out = append(out, "       joined "+o.describe(r), "           to "+o.describe(&o.rows[to]), "           as "+v.Relation+v.evidence())
		}
		if told > 0 {
			continue
		}
		// No single join is at fault, or classify does not say which.
		first := map[string]bool{}
		for _, at := range c.rows {
			if r := &o.rows[at]; !first[*r.Group] && len(first) < 4 {
				first[*r.Group] = true
				out = append(out, "       holds "+o.describe(r))
				if v := o.verdicts[r.ID]; v.Relation != "" {
					out = append(out, "          as "+v.Relation+v.evidence())
				}
			}
		}
	}
	return out
}

// misses tells of groups that stand in several statements: of each part, what
// classify said that it came closest to.
func (o *outcome) misses(limit int) []string {
	standing := func(r *row) string {
		if s, ok := o.statement[r.ID]; ok {
			return "in\x00" + s
		}
		return "alone\x00" + r.ID
	}
	all := o.gather(func(r *row) (string, bool) { return *r.Group, true })
	for _, c := range all {
		for i, a := range c.rows {
			for _, b := range c.rows[:i] {
				if standing(&o.rows[a]) != standing(&o.rows[b]) {
					c.wrong++
				}
			}
		}
	}
	all = worst(all)
	pairs := 0
	for _, c := range all {
		pairs += c.wrong
	}
	out := []string{fmt.Sprintf("\n-- misses: %d groups stand in several statements, %d pairs not joined", len(all), pairs)}
	for i, c := range all[:min(limit, len(all))] {
		parts := map[string][]int{}
		var order []string
		for _, at := range c.rows {
			s := standing(&o.rows[at])
			if parts[s] == nil {
				order = append(order, s)
			}
			parts[s] = append(parts[s], at)
		}
		out = append(out, fmt.Sprintf("%3d. %d pairs of group %s: %d rows in %d statements", i+1, c.wrong, c.name, len(c.rows), len(order)))
		for n, s := range order {
			if n == 6 {
				out = append(out, fmt.Sprintf("       and %d more", len(order)-n))
				break
			}
			more := ""
			if len(parts[s]) > 1 {
				more = fmt.Sprintf(" and %d more", len(parts[s])-1)
			}
			out = append(out, "       part "+o.describe(&o.rows[parts[s][0]])+more)
			if x, by, ok := o.closest(parts[s], c.name); ok {
				is := "not joined"
				if x.Related {
					is = "related"
				}
				said := x.ID
				if at, known := o.at[x.ID]; known {
					said = o.describe(&o.rows[at])
				}
				out = append(out, fmt.Sprintf("         %s, %s with %s score %.2f of %.2f: %s", by, is, said, x.Score, x.Threshold, x.Why))
			}
		}
	}
	return out
}

// closest gives what the rows came closest to, rather of their own group.
func (o *outcome) closest(rows []int, group string) (best near, by string, ok bool) {
	mine := false
	for _, at := range rows {
		v := o.verdicts[o.rows[at].ID]
		if v == nil {
			continue
		}
		for _, x := range v.Near {
			to, known := o.at[x.ID]
			own := known && o.rows[to].Group != nil && *o.rows[to].Group == group
			if !ok || own && !mine || own == mine && x.Score > best.Score {
				best, by, mine, ok = x, v.ID, own, true
			}
		}
	}
	return best, by, ok
}

// wrongTags tells of rows with wrong labels of one kind.
func (o *outcome) wrongTags(f *field, limit int) []string {
	type mistake struct{ at, labels int }
	var all []mistake
	rows := 0
	for i := range o.rows {
		want, got, ok := f.compare(&o.rows[i], o.verdicts[o.rows[i].ID])
		if !ok {
			continue
		}
		rows++
		if n := len(less(want, got)) + len(less(got, want)); n > 0 {
			all = append(all, mistake{i, n})
		}
	}
	if rows == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b mistake) int { return cmp.Compare(b.labels, a.labels) })
	out := []string{fmt.Sprintf("\n-- %s: %d of %d rows have a wrong or a missing label", f.name, len(all), rows)}
	for i, m := range all[:min(limit, len(all))] {
		r := &o.rows[m.at]
		v := o.verdicts[r.ID]
		want, got, _ := f.compare(r, v)
		out = append(out, fmt.Sprintf("%3d. %s", i+1, o.describe(r)), fmt.Sprintf("       gold %s, got %s", list(want), list(got)))
		if v == nil {
			continue
		}
		for _, w := range v.Why {
			scheme, _, _ := strings.Cut(w.Tag, "/")
			if scheme == f.scheme {
				out = append(out, fmt.Sprintf("       %s by %s: %s", w.Tag, w.Rule, w.Evidence))
			}
		}
	}
	return out
}

func list(in []string) string {
	if len(in) == 0 {
		return "none"
	}
	return strings.Join(in, " ")
}

// less gives those of a that are not in b.
func less(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// wrongLanguages tells of texts whose language was taken for another.
func (o *outcome) wrongLanguages(d detection, limit int) []string {
	if d.Right == d.Rows {
		return nil
	}
	out := []string{fmt.Sprintf("\n-- language: %d of %d texts taken for another", d.Rows-d.Right, d.Rows)}
	for _, k := range slices.Sorted(maps.Keys(d.Wrong)) {
		out = append(out, fmt.Sprintf("     %s: %d", k, d.Wrong[k]))
	}
	told := 0
	for i := range o.rows {
		r := &o.rows[i]
		v := o.verdicts[r.ID]
		if told == limit || !r.judgesLanguage() || v != nil && primary(v.Language) == r.language() {
			continue
		}
		told++
		got := ""
		if v != nil {
			got = v.Language
		}
		out = append(out, fmt.Sprintf("%3d. %s taken for %q", told, o.describe(r), got))
	}
	return out
}

package main

// prf is precision, recall and their harmonic mean.
type prf struct {
	P  float64 `json:"p"`
	R  float64 `json:"r"`
	F1 float64 `json:"f1"`
}

// ratios follows the reference scorer where there is nothing to divide by:
// who finds nothing is precise only when there was nothing to find.
func ratios(tp, fp, fn int) prf {
	var p, r float64
	switch {
	case tp+fp > 0:
		p = float64(tp) / float64(tp+fp)
	case fn == 0:
		p = 1
	}
	if r = 1; tp+fn > 0 {
		r = float64(tp) / float64(tp+fn)
	}
	return prf{p, r, harmonic(p, r)}
}

func harmonic(p, r float64) float64 {
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

// grouping scores the pairs of one kind. B3 is over rows: among a row's mates
// of that kind and itself, which share is right (precision) and which share of
// the right ones is there (recall).
type grouping struct {
	prf
	ARI float64 `json:"ari"`
	B3  prf     `json:"b3"`
	TP  int     `json:"tp"`
	FP  int     `json:"fp"`
	FN  int     `json:"fn"`
}

// groupings are the scores of all pairs, of those in one language, and of those
// across languages.
type groupings struct {
	All        grouping `json:"all"`
	Same       grouping `json:"same_language"`
	Cross      grouping `json:"cross_language"`
	Rows       int      `json:"rows"`
	Groups     int      `json:"groups"`
	Statements int      `json:"statements"`
	Missing    int      `json:"missing"` // rows without a prediction: each a statement of its own
}

// idPair is two ids, the lesser first.
type idPair [2]string

func pairOf(a, b string) idPair {
	if b < a {
		a, b = b, a
	}
	return idPair{a, b}
}

// ambiguous collects the pairs that are neither right nor wrong, each once, in
// the order of the rows.
func ambiguous(rows []row) []idPair {
	var out []idPair
	seen := map[idPair]bool{}
	for i := range rows {
		for _, id := range rows[i].Ambiguous {
			if p := pairOf(rows[i].ID, id); id != rows[i].ID && !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// scoreGroups compares the rows' groups with their predicted statements, by
// id; a row whose id is not in statement stands alone. Rows without a group do
// not count. The arithmetic is that of the reference scorer: Hubert and Arabie
// (1985) for ARI, Bagga and Baldwin (1998) for B-cubed.
func scoreGroups(rows []row, statement map[string]string, unclear []idPair) groupings {
	type place struct{ gold, got, lang string }
	var at []place
	where := map[string]place{}
	var out groupings
	for i := range rows {
		r := &rows[i]
		if r.Group == nil {
			continue
		}
		p := place{"group\x00" + *r.Group, "alone\x00" + r.ID, r.language()}
		if s, ok := statement[r.ID]; ok {
			p.got = "in\x00" + s
		} else {
			out.Missing++
		}
		at = append(at, p)
		where[r.ID] = p
	}

	// Counts of every cell, "" standing for any.
	n := map[place]int{}
	for _, p := range at {
		for _, k := range []place{p, {p.gold, p.got, ""}, {p.gold, "", p.lang}, {p.gold, "", ""}, {"", p.got, p.lang}, {"", p.got, ""}, {"", "", p.lang}} {
			n[k]++
		}
	}
	var right, got, gold, possible [2]int // pairs: of all languages, of one
	for k, v := range n {                 // sums of whole numbers: their order does not matter
		two := v * (v - 1) / 2
		one := 0
		if k.lang != "" {
			one = 1
		}
		switch {
		case k.gold != "" && k.got != "":
			right[one] += two
		case k.gold != "":
			gold[one] += two
			if one == 0 {
				out.Groups++
			}
		case k.got != "":
			got[one] += two
			if one == 0 {
				out.Statements++
			}
		default:
			possible[one] += two
		}
	}
	possible[0] = len(at) * (len(at) - 1) / 2
	out.Rows = len(at)

	var excused [2]int // joined pairs of different groups that nobody can judge
	for _, u := range unclear {
		a, okA := where[u[0]]
		b, okB := where[u[1]]
		if okA && okB && a.gold != b.gold && a.got == b.got {
			excused[0]++
			if a.lang == b.lang {
				excused[1]++
			}
		}
	}
	score := func(tp, joined, wanted, all, excused int) grouping {
		fp := joined - tp - excused
		g := grouping{prf: ratios(tp, fp, wanted-tp), TP: tp, FP: fp, FN: wanted - tp, ARI: 1}
		expected := 0.0
		if all > 0 {
			expected = float64(tp+fp) * float64(wanted) / float64(all)
		}
		if most := float64(tp+fp+wanted) / 2; most != expected {
			g.ARI = (float64(tp) - expected) / (most - expected)
		}
		return g
	}
	out.All = score(right[0], got[0], gold[0], possible[0], excused[0])
	out.Same = score(right[1], got[1], gold[1], possible[1], excused[1])
	out.Cross = score(right[0]-right[1], got[0]-got[1], gold[0]-gold[1], possible[0]-possible[1], excused[0]-excused[1])

	var all, same, cross prf
	for _, p := range at {
		both, bothHere := n[place{p.gold, p.got, ""}], n[p]
		mine, mineHere := n[place{"", p.got, ""}], n[place{"", p.got, p.lang}]
		want, wantHere := n[place{p.gold, "", ""}], n[place{p.gold, "", p.lang}]
		all.P += float64(both) / float64(mine)
		all.R += float64(both) / float64(want)
		same.P += float64(bothHere) / float64(mineHere)
		same.R += float64(bothHere) / float64(wantHere)
		cross.P += float64(1+both-bothHere) / float64(1+mine-mineHere)
		cross.R += float64(1+both-bothHere) / float64(1+want-wantHere)
	}
	for _, x := range []struct {
		sum *prf
		out *grouping
	}{{&all, &out.All}, {&same, &out.Same}, {&cross, &out.Cross}} {
		rows := float64(max(1, len(at)))
		p, r := x.sum.P/rows, x.sum.R/rows
		x.out.B3 = prf{p, r, harmonic(p, r)}
	}
	return out
}

// sides gives each row's own precision and recall (B-cubed, of all pairs), by
// id: the share of right ones among its mates and itself, and of them that are
// there among the right ones.
func sides(rows []row, statement map[string]string) map[string]prf {
	type cell struct{ group, statement string }
	n := map[cell]int{}
	at := func(r *row) cell {
		if s, ok := statement[r.ID]; ok {
			return cell{"group\x00" + *r.Group, "in\x00" + s}
		}
		return cell{"group\x00" + *r.Group, "alone\x00" + r.ID}
	}
	for i := range rows {
		if rows[i].Group != nil {
			c := at(&rows[i])
			n[c]++
			n[cell{c.group, ""}]++
			n[cell{"", c.statement}]++
		}
	}
	out := map[string]prf{}
	for i := range rows {
		if rows[i].Group != nil {
			c := at(&rows[i])
			p, r := share(n[c], n[cell{"", c.statement}]), share(n[c], n[cell{c.group, ""}])
			out[rows[i].ID] = prf{p, r, harmonic(p, r)}
		}
	}
	return out
}

// agreement is the pairwise F1 of two predictions of the same rows: of the
// pairs that either joins, how far they are the same.
func agreement(a, b []string) float64 {
	type cell struct{ a, b string }
	na, nb, both := map[string]int{}, map[string]int{}, map[cell]int{}
	joined, common := 0, 0
	for i := range a { // each new member pairs with those before it
		k := cell{a[i], b[i]}
		joined += na[a[i]] + nb[b[i]]
		common += both[k]
		na[a[i]]++
		nb[b[i]]++
		both[k]++
	}
	if joined == 0 {
		return 1
	}
	return 2 * float64(common) / float64(joined)
}

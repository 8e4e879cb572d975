package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Polling: each source is asked at an interval of its own.
const (
	shortestPoll = 5 * time.Minute
	longestPoll  = 6 * time.Hour
	randomDelay  = 72 * time.Hour
)

// arrivals gives an order in which the rows may come in, as indexes into them.
//
// With "poll", each source is asked at an interval of its own, drawn between
// 5 minutes and 6 hours (as many decades of it as likely), from a moment of its
// own; an item arrives at the first poll after its publication, those of one
// moment by source and then in the order of the rows. With "random", each item
// is late by up to three days, whatever its source. A row without a date comes
// with the one before it. The same seed gives the same order.
func arrivals(rows []row, mode string, seed uint64) ([]int, error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	type poll struct{ every, phase time.Duration }
	polls := map[string]poll{}
	switch mode {
	case "poll":
		for i := range rows {
			polls[rows[i].Source] = poll{}
		}
		for _, s := range slices.Sorted(maps.Keys(polls)) {
			every := time.Duration(float64(shortestPoll) * math.Exp(rng.Float64()*math.Log(float64(longestPoll)/float64(shortestPoll))))
			polls[s] = poll{every, time.Duration(rng.Int64N(int64(every)))}
		}
	case "random":
	default:
		return nil, fmt.Errorf("-arrival %q: want poll or random", mode)
	}
	when := make([]time.Duration, len(rows)) // since 1970
	var last time.Duration
	for i := range rows {
		if at, ok := rows[i].day(); ok {
			last = time.Duration(at.UnixNano())
		}
		if mode == "random" {
			when[i] = last + time.Duration(rng.Int64N(int64(randomDelay)))
			continue
		}
		p := polls[rows[i].Source]
		late := (p.phase - last%p.every + p.every) % p.every // until the next poll
		when[i] = last + late
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		c := cmp.Compare(when[a], when[b])
		if c == 0 && mode == "poll" {
			c = cmp.Compare(rows[a].Source, rows[b].Source)
		}
		return c
	})
	return order, nil
}

// shuffled is what came of one order of arrival.
type shuffled struct {
	Seed  uint64  `json:"seed"`
	All   prf     `json:"all"`
	Same  prf     `json:"same_language"`
	Cross prf     `json:"cross_language"`
	Filed float64 `json:"agrees_with_file_order"`
}

// shuffles classifies the rows in n other orders of arrival.
func (m *measurement) shuffles(n int, mode string, seed uint64) (section, error) {
	s := section{key: "shuffles-" + mode}
	inFileOrder, err := m.groupsIn(m.inOrder())
	if err != nil {
		return s, err
	}
	runs := [][]string{}
	var all []shuffled
	t := table{head: []string{"run", "F1 all", "same language", "across", "false pairs", "agrees with file order"}}
	unclear := ambiguous(m.rows)
	line := func(name string, groups []string, filed string) groupings {
		g := scoreGroups(m.rows, m.named(groups), unclear)
		t.add(name, four(g.All.F1), four(g.Same.F1), four(g.Cross.F1), percentOf(g.All.FP, g.All.TP+g.All.FP), filed)
		return g
	}
	line("file order", inFileOrder, "")
	for i := range n {
		order, err := arrivals(m.rows, mode, seed+uint64(i))
		if err != nil {
			return s, err
		}
		m.say("order of arrival %d of %d", i+1, n)
		groups, err := m.groupsIn(order)
		if err != nil {
			return s, err
		}
		filed := agreement(inFileOrder, groups)
		g := line(fmt.Sprintf("%s %d", mode, i+1), groups, four(filed))
		runs = append(runs, groups)
		all = append(all, shuffled{seed + uint64(i), g.All.prf, g.Same.prf, g.Cross.prf, filed})
	}
	var each, between []float64
	var filed []float64
	for i := range runs {
		each, filed = append(each, all[i].All.F1), append(filed, all[i].Filed)
		for j := range i {
			between = append(between, agreement(runs[i], runs[j]))
		}
	}
	sum := table{head: []string{"pairwise F1", "mean", "worst"}}
	figures := map[string]any{"mode": mode, "runs": all}
	for _, x := range []struct {
		name, key string
		of        []float64
	}{{"against the labels", "gold", each}, {"against file order", "file_order", filed}, {"between two runs", "between", between}} {
		if len(x.of) > 0 {
			mean, least := meanOf(x.of), slices.Min(x.of)
			sum.add(x.name, four(mean), four(least))
			figures[x.key] = map[string]float64{"mean": mean, "worst": least}
		}
	}
	s.title = fmt.Sprintf("%d orders of arrival (%s), %d rows", n, mode, len(m.rows))
	s.tables, s.figures = []table{sum, t}, figures
	return s, nil
}

func meanOf(in []float64) float64 {
	sum := 0.0
	for _, x := range in {
		sum += x
	}
	return sum / float64(max(1, len(in)))
}

func (m *measurement) inOrder() []int {
	order := make([]int, len(m.rows))
	for i := range order {
		order[i] = i
	}
	return order
}

// groupsIn classifies the rows in an order and gives each row's statement.
func (m *measurement) groupsIn(order []int) ([]string, error) {
	docs := make([]document, len(order))
	for i, at := range order {
		docs[i] = m.rows[at].document(m.withLanguage)
	}
	verdicts, _, err := m.program.classifyAll(docs, nil)
	if err != nil {
		return nil, err
	}
	groups := make([]string, len(order))
	for i, at := range order {
		groups[at], _ = verdicts[i].statement()
	}
	return groups, nil
}

// named gives statements by the rows' ids.
func (m *measurement) named(groups []string) map[string]string {
	out := make(map[string]string, len(groups))
	for i, g := range groups {
		out[m.rows[i].ID] = g
	}
	return out
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// labelledPair is two texts with what they are to each other.
type labelledPair struct {
	A, B        string
	Label       string  // of the hand labels
	Containment float64 `json:"containment5"` // of the pairs that a similarity found, of word 5-grams
	EN, ES      string  // of the candidates for translations
}

// verdictOf says what a hand label asks for: "same" wants one statement;
// "ambiguous", "unclear" and "unsure" ask for nothing; any other ("different",
// "related", "edition", …) wants two.
func verdictOf(label string) (joined, judged bool) {
	switch label {
	case "same":
		return true, true
	case "ambiguous", "unclear", "unsure", "":
		return false, false
	}
	return false, true
}

// congress measures near-duplicates among official statements of one month:
// pairs labelled by hand, and pairs that a similarity proposed.
func (m *measurement) congress(dir string, limit int) (section, error) {
	s := section{key: "congress"}
	type statement struct{ ID, URL, Title, Date, Office, Text string }
	files, err := filepath.Glob(filepath.Join(dir, "20*.jsonl"))
	if err != nil || len(files) == 0 {
		return s, fmt.Errorf("%s: no file of statements (20….jsonl)", dir)
	}
	var docs []document
	title := map[string]string{}
	for _, f := range files {
		all, err := readRecords[statement](f)
		if err != nil {
			return s, err
		}
		for _, d := range all {
			docs = append(docs, document{ID: d.ID, Title: d.Title, Text: d.Text, URL: d.URL, Published: d.Date, Source: d.Office})
			title[d.ID] = d.Title
		}
	}
	m.say("%d official statements", len(docs))
	verdicts, used, err := m.program.classifyAll(docs, nil)
	if err != nil {
		return s, err
	}
	in := map[string]string{}
	size := map[string]int{}
	for i := range verdicts {
		st, _ := verdicts[i].statement()
		in[verdicts[i].ID] = st
		size[st]++
	}
	byID := map[string]*verdict{}
	for i := range verdicts {
		byID[verdicts[i].ID] = &verdicts[i]
	}
	together := func(p labelledPair) bool { return in[p.A] != "" && in[p.A] == in[p.B] }
	have := func(p labelledPair) bool { return in[p.A] != "" && in[p.B] != "" }
	tell := func(what string, p labelledPair) {
		s.errors = append(s.errors, fmt.Sprintf("  %s: %s %q", what, p.A, title[p.A]), fmt.Sprintf("      and %s %q", p.B, title[p.B]))
		for _, side := range [][2]string{{p.A, p.B}, {p.B, p.A}} {
			for _, x := range byID[side[0]].Near {
				if x.ID == side[1] || x.Statement == in[side[1]] {
					s.errors = append(s.errors, fmt.Sprintf("      not joined: score %.2f of %.2f: %s", x.Score, x.Threshold, x.Why))
				}
			}
		}
	}
	t := table{head: []string{"pairs", "judged", "right", "share"}}
	figures := map[string]any{"statements": len(docs), "usage": used}
	known := map[idPair]bool{}

	hand, err := readRecords[labelledPair](filepath.Join(dir, "near_dup_hand_labels.jsonl"))
	if err != nil {
		return s, err
	}
	judged, right := map[string]int{}, map[string]int{}
	var labels []string
	told := 0
	for _, p := range hand {
		known[pairOf(p.A, p.B)] = true
		want, ok := verdictOf(p.Label)
		if !ok || !have(p) {
			continue
		}
		if judged[p.Label]++; judged[p.Label] == 1 {
			labels = append(labels, p.Label)
		}
		if together(p) == want {
			right[p.Label]++
		} else if told++; told <= limit {
			tell("labelled "+p.Label, p)
		}
	}
	sum, good := 0, 0
	for _, l := range labels {
		t.add("by hand, "+l, count(judged[l]), count(right[l]), percentOf(right[l], judged[l]))
		sum, good = sum+judged[l], good+right[l]
	}
	t.add("by hand, all", count(sum), count(good), percentOf(good, sum))
	figures["hand"] = map[string]int{"judged": sum, "right": good}

	silver, err := readRecords[labelledPair](filepath.Join(dir, "near_dup_pairs.jsonl"))
	if err != nil {
		return s, err
	}
	bands := []struct {
		name    string
		least   float64
		all, ok int
	}{{"of containment .9 and more", .9, 0, 0}, {".7 to .9", .7, 0, 0}, {".5 to .7", .5, 0, 0}, {"below .5", -1, 0, 0}}
	sum, good, told = 0, 0, 0
	for _, p := range silver {
		known[pairOf(p.A, p.B)] = true
		if !have(p) {
			continue
		}
		sum++
		for i := range bands {
			if b := &bands[i]; p.Containment >= b.least {
				b.all++
				if together(p) {
					b.ok++
					good++
				} else if told++; told <= limit {
					tell(fmt.Sprintf("proposed, containment %.2f", p.Containment), p)
				}
				break
			}
		}
	}
	for _, b := range bands {
		t.add("proposed, "+b.name, count(b.all), count(b.ok), percentOf(b.ok, b.all))
	}
	t.add("proposed, all", count(sum), count(good), percentOf(good, sum))
	figures["proposed"] = map[string]int{"judged": sum, "joined": good}

	candidates, err := readRecords[labelledPair](filepath.Join(dir, "es_en_candidates.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		return s, err
	}
	sum, good = 0, 0
	for _, p := range candidates {
		if p.A, p.B = p.ES, p.EN; have(p) {
			sum++
			if together(p) {
				good++
			}
			known[pairOf(p.A, p.B)] = true
		}
	}
	if sum > 0 {
		t.add("proposed as translations", count(sum), count(good), percentOf(good, sum))
	}

	// What was joined beyond the lists: nobody has labelled it, so it is only
	// counted and shown.
	pairs, unknown := 0, 0
	for _, n := range size {
		pairs += n * (n - 1) / 2
	}
	for i := range verdicts {
		v := &verdicts[i]
		if v.Of == "" || v.Of == v.ID || known[pairOf(v.ID, v.Of)] || in[v.ID] != in[v.Of] {
			continue
		}
		if unknown++; unknown <= limit {
			s.errors = append(s.errors, fmt.Sprintf("  joined beyond the lists: %s %q", v.ID, title[v.ID]), fmt.Sprintf("      %s of %s %q%s", v.Relation, v.Of, title[v.Of], v.evidence()))
		}
	}
	t.note = fmt.Sprintf("%d pairs joined in all; %d joins are of pairs that neither list holds, and not judged.", pairs, unknown)
	figures["joined_pairs"], figures["joins_beyond_the_lists"] = pairs, unknown
	s.title = fmt.Sprintf("%d official statements of one month", len(docs))
	s.tables, s.figures = []table{t}, figures
	return s, nil
}

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// themeTopics maps the themes of ReliefWeb's editors to topics: any of them
// will do. A theme that is not here is not judged.
var themeTopics = map[string][]string{
	"Agriculture":                      {"food-security", "agriculture"},
	"Climate Change and Environment":   {"climate-environment"},
	"Contributions":                    {"funding"},
	"Coordination":                     {"coordination"},
	"Disaster Management":              {"emergencies"},
	"Education":                        {"education"},
	"Food and Nutrition":               {"food-security", "nutrition"},
	"Gender":                           {"gender"},
	"HIV/Aids":                         {"health", "hiv"},
	"Health":                           {"health"},
	"Humanitarian Financing":           {"funding"},
	"Logistics and Telecommunications": {"logistics"},
	"Mine Action":                      {"mine-action"},
	"Peacekeeping and Peacebuilding":   {"peace-security", "peacekeeping"},
	"Protection and Human Rights":      {"protection", "human-rights"},
	"Recovery and Reconstruction":      {"recovery"},
	"Safety and Security":              {"aid-security"},
	"Shelter and Non-Food Items":       {"shelter"},
	"Water Sanitation Hygiene":         {"wash"},
}

// beyondLabels are the themes that the labelled sets map to no topic.
var beyondLabels = []string{"Coordination", "Logistics and Telecommunications", "Recovery and Reconstruction", "Safety and Security"}

// themes measures the recall of the editors' themes. They are incomplete, so
// that precision cannot be told from them.
func (m *measurement) themes(file string, limit int) (section, error) {
	s := section{key: "themes"}
	type report struct {
		ID, URL, Lang, Title, Text string
		Themes                     []string
	}
	all, err := readRecords[report](file)
	if err != nil {
		return s, err
	}
	docs := make([]document, len(all))
	for i, r := range all {
		docs[i] = document{ID: r.ID, Title: r.Title, Text: r.Text, Source: "reports"}
	}
	m.say("%d reports with themes", len(docs))
	verdicts, used, err := m.program.classifyAll(docs, nil)
	if err != nil {
		return s, err
	}
	type tally struct{ all, ok int }
	per := map[string]*tally{}
	var judged, labelled, none tally
	type miss struct {
		at     int
		themes []string
	}
	var misses []miss
	rows, held, given := 0, 0, 0
	for i, r := range all {
		v := &verdicts[i]
		given += len(v.Topics)
		any, missed := false, []string{}
		ok := 0
		for _, theme := range r.Themes {
			topics := themeTopics[theme]
			if len(topics) == 0 {
				none.all++
				continue
			}
			any = true
			if per[theme] == nil {
				per[theme] = &tally{}
			}
			per[theme].all++
			judged.all++
			inLabels := !slices.Contains(beyondLabels, theme)
			if inLabels {
				labelled.all++
			}
			if slices.ContainsFunc(topics, func(t string) bool { return slices.Contains(v.Topics, t) }) {
				per[theme].ok++
				judged.ok++
				ok++
				if inLabels {
					labelled.ok++
				}
			} else {
				missed = append(missed, theme)
			}
		}
		if any {
			rows++
			if ok > 0 {
				held++
			}
		}
		if len(missed) > 0 {
			misses = append(misses, miss{i, missed})
		}
	}
	slices.SortStableFunc(misses, func(a, b miss) int { return cmp.Compare(len(b.themes), len(a.themes)) })
	if len(misses) > 0 && limit > 0 {
		s.errors = append(s.errors, fmt.Sprintf("\n-- themes: %d of %d reports miss one", len(misses), rows))
	}
	for n, x := range misses[:min(limit, len(misses))] {
		r := all[x.at]
		text := []rune(strings.Join(strings.Fields(r.Title+" "+r.Text), " "))
		s.errors = append(s.errors, fmt.Sprintf("%3d. %s %q", n+1, r.ID, string(text[:min(shown, len(text))])),
			fmt.Sprintf("       without %s; got %s", strings.Join(x.themes, ", "), list(verdicts[x.at].Topics)))
	}
	t := table{head: []string{"theme", "reports", "found", "recall"}}
	t.add("all themes", count(judged.all), count(judged.ok), percentOf(judged.ok, judged.all))
	t.add("those that the labelled sets have a topic for", count(labelled.all), count(labelled.ok), percentOf(labelled.ok, labelled.all))
	t.add("reports with at least one of theirs", count(rows), count(held), percentOf(held, rows))
	names := slices.Collect(maps.Keys(per))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(per[b].all, per[a].all), cmp.Compare(a, b)) })
	for _, n := range names {
		t.add(n, count(per[n].all), count(per[n].ok), percentOf(per[n].ok, per[n].all))
	}
	t.note = fmt.Sprintf("%d themes that are unknown here are not judged. %.1f topics were given to a report on average.", none.all, float64(given)/float64(max(1, len(all))))
	s.title = fmt.Sprintf("%d reports with the themes that their editors gave them", len(all))
	s.tables = []table{t}
	s.figures = map[string]any{"reports": len(all), "themes": judged.all, "found": judged.ok, "recall": share(judged.ok, judged.all),
		"labels_themes": labelled.all, "labels_found": labelled.ok, "labels_recall": share(labelled.ok, labelled.all), "usage": used}
	return s, nil
}

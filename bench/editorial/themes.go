package main

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
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

// themeWords are the broadest words of each theme, as they begin. Where a text
// has none of them its editor had another reason: an attachment, the series.
var themeWords = map[string]string{
	"Agriculture":                      "agri|farm|crop|livestock|harvest|irrigat|seed|pastoral|fisher|paddy|rice|maize|locust|armyworm",
	"Climate Change and Environment":   "climat|environment|warm|carbon|emission|ecosystem|biodivers|deforest|pollut|drought",
	"Contributions":                    "contribut|donat|donor|fund|pledg|grant|million|loan",
	"Coordination":                     "coordinat|cluster|ocha|inter-?agency|inter-?sector|multi-?sector|partnership|working group",
	"Disaster Management":              "disaster|flood|storm|typhoon|hurricane|cyclone|earthquake|landslide|drought|emergenc|preparedness|evacuat",
	"Education":                        "educat|school|teacher|pupil|student|classroom|learning",
	"Food and Nutrition":               "food|nutrit|malnutrit|malnourish|hunger|hungry|famine|starv|feeding|meals?|ration",
	"Gender":                           "gender|women|woman|girl|female|maternal|sexual|gbv|sgbv",
	"HIV/Aids":                         "hiv|aids|antiretroviral",
	"Health":                           "health|medic|disease|hospital|clinic|doctor|patient|cholera|epidemic|outbreak|vaccin",
	"Humanitarian Financing":           "financ|fund|donor|appeal|pledg|grant|million|cerf|budget",
	"Logistics and Telecommunications": "logistic|telecom|transport|airport|port|seaport|convoy|warehouse|cargo|fuel|flight|unhas|truck|stockpile|internet|connectivity|shipment|vessel",
	"Mine Action":                      "mines?|landmine|demin|unexploded|uxo|ordnance|explosive|ied|erw|booby",
	"Peacekeeping and Peacebuilding":   "peace|ceasefire|cease-fire|reconcil|mediat|truce|disarm",
	"Protection and Human Rights":      "protect|human rights|rights|abuse|violation|civilian|asylum|detain|detention|traffick|torture",
	"Recovery and Reconstruction":      "recover|reconstruct|rebuil|rehabilitat|restor|livelihood|resilien|repair|development|stabili",
	"Safety and Security":              "security|insecurity|safety|attack|kidnap|abduct|aid workers?|access",
	"Shelter and Non-Food Items":       "shelter|housing|houses?|homes?|tents?|nfis?|non-food|blanket|tarpaulin|evacuation cent",
	"Water Sanitation Hygiene":         "water|sanita|hygien|wash|latrine|toilet|sewage|cholera",
}

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
	begins := map[string]*regexp.Regexp{}
	for theme, words := range themeWords {
		begins[theme] = regexp.MustCompile(`(?i)\b(` + words + `)`)
	}
	type tally struct{ all, said, ok int }
	per := map[string]*tally{}
	var judged, labelled, none tally
	type miss struct {
		at     int
		themes []string
	}
	var misses []miss
	rows, held, given, speak, besides := 0, 0, 0, 0, 0
	for i, r := range all {
		v := &verdicts[i]
		given += len(v.Topics)
		any, missed := false, []string{}
		ok, said := 0, 0
		for theme, words := range begins {
			switch {
			case !words.MatchString(r.Title + "\n" + r.Text):
			case slices.Contains(r.Themes, theme):
				said++
			default:
				besides++
			}
		}
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
			if begins[theme].MatchString(r.Title + "\n" + r.Text) {
				per[theme].said++
				judged.said++
				if inLabels {
					labelled.said++
				}
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
			if said > 0 {
				speak++
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
	t := table{head: []string{"theme", "reports", "a word of it", "found", "recall"}}
	line := func(name string, x tally) {
		t.add(name, count(x.all), count(x.said), count(x.ok), percentOf(x.ok, x.all))
	}
	line("all themes", judged)
	line("those that the labelled sets have a topic for", labelled)
	line("reports with at least one of theirs", tally{rows, speak, held})
	names := slices.Collect(maps.Keys(per))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(per[b].all, per[a].all), cmp.Compare(a, b)) })
	for _, n := range names {
		line(n, *per[n])
	}
	t.note = fmt.Sprintf("%d themes that are unknown here are not judged. %.1f topics were given to a report on average. A theme for every text with a word of it would be %.1f besides each of the editors'.",
		none.all, float64(given)/float64(max(1, len(all))), float64(besides)/float64(max(1, judged.said)))
	s.title = fmt.Sprintf("%d reports with the themes that their editors gave them", len(all))
	s.tables = []table{t}
	s.figures = map[string]any{"reports": len(all), "themes": judged.all, "found": judged.ok, "mentioned": judged.said, "recall": share(judged.ok, judged.all),
		"labels_themes": labelled.all, "labels_found": labelled.ok, "labels_recall": share(labelled.ok, labelled.all), "usage": used}
	return s, nil
}

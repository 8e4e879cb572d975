package main

import (
	"fmt"
	"slices"
	"strings"
)

// desk is a newsroom's desk with the regions that its items are about: one of
// ours that M49 has, or one inside it.
type desk struct {
	prefix  string // of the section's name
	name    string
	whole   string   // the continent that it stands for
	regions []string // all that are right
}

// desks are in the order in which their prefixes are tried.
var desks = []desk{
	{"world-africa", "Africa", "africa", []string{"africa", "sub-saharan-africa", "northern-africa", "western-africa", "middle-africa", "eastern-africa", "southern-africa"}},
	{"world-asia-india", "India", "asia", []string{"asia", "southern-asia"}},
	{"world-asia-china", "China", "asia", []string{"asia", "eastern-asia"}},
	{"world-asia", "Asia", "asia", []string{"asia", "central-asia", "eastern-asia", "south-eastern-asia", "southern-asia"}},
	{"world-australia", "Australia", "oceania", []string{"oceania", "australia-and-new-zealand", "melanesia", "micronesia", "polynesia"}},
	{"world-europe", "Europe", "europe", []string{"europe", "eastern-europe", "northern-europe", "southern-europe", "western-europe"}},
	{"world-latin-america", "Latin America", "americas", []string{"americas", "latin-america-and-the-caribbean", "caribbean", "central-america", "south-america"}},
	{"world-middle-east", "Middle East", "asia", []string{"asia", "western-asia", "middle-east", "northern-africa"}},
	{"world-us-canada", "US and Canada", "americas", []string{"americas", "northern-america"}},
	{"uk", "United Kingdom", "europe", []string{"europe", "northern-europe"}},
}

// continents are M49's regions of the first level.
var continents = []string{"africa", "americas", "asia", "europe", "oceania", "antarctica"}

func deskOf(section string) *desk {
	for i := range desks {
		if d := &desks[i]; section == d.prefix || strings.HasPrefix(section, d.prefix+"-") {
			return d
		}
	}
	return nil
}

// measureDesks measures regions on short news items, whose desk stands in their
// address. Only items that got a region are judged: many name no place.
func (m *measurement) measureDesks(file string, limit int) (section, error) {
	s := section{key: "desks"}
	type item struct{ ID, Link, Title, Description, Section, Published string }
	all, err := readRecords[item](file)
	if err != nil {
		return s, err
	}
	docs := make([]document, len(all))
	for i, r := range all {
		docs[i] = document{ID: r.ID, Title: r.Title, Text: r.Description, URL: r.Link, Published: r.Published, Source: "news"}
	}
	m.say("%d news items with desks", len(docs))
	verdicts, used, err := m.program.classifyAll(docs, nil)
	if err != nil {
		return s, err
	}
	type tally struct{ items, placed, right, alone int }
	per := make([]tally, len(desks))
	told := 0
	for i, r := range all {
		d := deskOf(r.Section)
		if d == nil {
			continue
		}
		n := slices.IndexFunc(desks, func(x desk) bool { return x.name == d.name })
		v := &verdicts[i]
		per[n].items++
		if len(v.Regions) == 0 {
			continue
		}
		per[n].placed++
		right := slices.ContainsFunc(v.Regions, func(x string) bool { return slices.Contains(d.regions, x) })
		if right {
			per[n].right++
		}
		if other := slices.ContainsFunc(v.Regions, func(x string) bool { return slices.Contains(continents, x) && x != d.whole }); right && !other {
			per[n].alone++
		}
		if !right {
			if told++; told <= limit {
				s.errors = append(s.errors, fmt.Sprintf("%3d. %s: %q: %q", told, d.name, r.Title, r.Description), "       got "+list(v.Regions))
				for _, w := range v.Why {
					if strings.HasPrefix(w.Tag, "country/") || strings.HasPrefix(w.Tag, "region/") {
						s.errors = append(s.errors, fmt.Sprintf("       %s by %s: %s", w.Tag, w.Rule, w.Evidence))
					}
				}
			}
		}
	}
	if told > 0 && limit > 0 {
		s.errors = append([]string{fmt.Sprintf("\n-- desks: %d items with none of their desk's regions", told)}, s.errors...)
	}
	t := table{head: []string{"desk", "items", "with a region", "desk's among them", "share", "and no other continent"}}
	var world, whole tally
	for i, d := range desks {
		c := per[i]
		t.add(d.name, count(c.items), count(c.placed), count(c.right), percentOf(c.right, c.placed), percentOf(c.alone, c.placed))
		for _, sum := range []*tally{&world, &whole} {
			if sum == &world && d.prefix == "uk" {
				continue
			}
			*sum = tally{sum.items + c.items, sum.placed + c.placed, sum.right + c.right, sum.alone + c.alone}
		}
	}
	for _, x := range []struct {
		name string
		tally
	}{{"desks of the world", world}, {"all", whole}} {
		t.add(x.name, count(x.items), count(x.placed), count(x.right), percentOf(x.right, x.placed), percentOf(x.alone, x.placed))
	}
	s.title = fmt.Sprintf("%d news items by desk", whole.items)
	s.tables = []table{t}
	s.figures = map[string]any{"items": whole.items, "with_region": whole.placed, "right": whole.right, "share": share(whole.right, whole.placed),
		"world_with_region": world.placed, "world_right": world.right, "world_share": share(world.right, world.placed), "usage": used}
	return s, nil
}

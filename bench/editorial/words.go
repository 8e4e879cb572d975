package main

import (
	"maps"
	"slices"
	"strings"
)

// The labelled sets and the taxonomy do not speak in quite the same words. The
// verdicts are put into the words of the labels, and what the labels have no
// word for is left out: nobody can say whether it is right.

// labelTopics are the topics that the labelled sets were labelled with.
var labelTopics = strings.Fields(`displacement migration_governance labour_migration return_reintegration counter_trafficking protection
	gender children health climate_environment emergencies peace_security food_security wash shelter education funding mine_action`)

// subRegions are the M49 sub-regions (intermediate ones where M49 has them) as
// our slugs, with their names in the labelled sets.
var subRegions = map[string]string{
	"northern-africa": "Northern Africa", "western-africa": "Western Africa", "middle-africa": "Middle Africa",
	"eastern-africa": "Eastern Africa", "southern-africa": "Southern Africa",
	"northern-america": "North America", "caribbean": "Caribbean", "central-america": "Central America", "south-america": "South America",
	"central-asia": "Central Asia", "eastern-asia": "Eastern Asia", "south-eastern-asia": "South-Eastern Asia",
	"southern-asia": "Southern Asia", "western-asia": "Western Asia",
	"eastern-europe": "Eastern Europe", "northern-europe": "Northern Europe", "southern-europe": "Southern Europe", "western-europe": "Western Europe",
	"australia-and-new-zealand": "Australia and New Zealand", "melanesia": "Melanesia", "micronesia": "Micronesia", "polynesia": "Polynesia",
}

// elsewhere are the countries that the labelled sets count to another region
// than M49 does, by M49's slug.
var elsewhere = map[string]map[string]string{
	"central-america": {"MX": "North America"},
	"micronesia":      {"UM": "North America"},
	"eastern-africa":  {"SS": "Middle Africa"},
	"western-asia":    {"CY": "Southern Europe"},
	"western-europe":  {"AT": "Central Europe"},
	"eastern-europe":  {"CZ": "Central Europe", "HU": "Central Europe", "PL": "Central Europe", "SK": "Central Europe", "BG": "Southeast Europe", "RO": "Southeast Europe"},
	"southern-europe": {"SI": "Central Europe", "AL": "Southeast Europe", "BA": "Southeast Europe", "HR": "Southeast Europe", "XK": "Southeast Europe",
		"MK": "Southeast Europe", "ME": "Southeast Europe", "RS": "Southeast Europe"},
}

// staying are the other countries of those regions.
var staying = map[string][]string{
	"central-america": {"BZ", "CR", "SV", "GT", "HN", "NI", "PA"},
	"micronesia":      {"GU", "KI", "MH", "FM", "NR", "MP", "PW"},
	"eastern-africa":  {"IO", "BI", "KM", "DJ", "ER", "ET", "KE", "MG", "MW", "MU", "YT", "MZ", "RE", "RW", "SC", "SO", "TZ", "UG", "ZM", "ZW"},
	"western-asia":    {"AM", "AZ", "BH", "GE", "IQ", "IL", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "SY", "TR", "AE", "YE"},
	"western-europe":  {"BE", "FR", "DE", "LI", "LU", "MC", "NL", "CH"},
	"eastern-europe":  {"BY", "MD", "RU", "UA"},
	"southern-europe": {"AD", "ES", "GI", "GR", "IT", "MT", "PT", "SM", "VA"},
}

// vocabulary is the labels' words.
type vocabulary struct {
	regions map[string]bool
	topics  map[string]bool
}

// vocabularyOf takes the labels that the rows use beside those of the labelled
// sets, so that rows labelled with our own slugs are judged by them.
func vocabularyOf(rows []row) vocabulary {
	v := vocabulary{regions: map[string]bool{}, topics: map[string]bool{}}
	for _, t := range labelTopics {
		v.topics[t] = true
	}
	for i := range rows {
		r := &rows[i]
		for _, x := range []struct {
			in map[string]bool
			of *[]string
		}{{v.regions, r.Regions}, {v.regions, r.RegionsJudged}, {v.topics, r.Topics}, {v.topics, r.Themes}, {v.topics, r.TopicsJudged}, {v.topics, r.ThemesJudged}} {
			if x.of != nil {
				for _, l := range *x.of {
					x.in[l] = true
				}
			}
		}
	}
	return v
}

// translate puts a verdict into the labels' words, keeping what was said.
func (w vocabulary) translate(v *verdict) {
	regions, topics := v.Regions, v.Topics
	if v.RegionsSaid == nil && v.TopicsSaid == nil {
		v.RegionsSaid, v.TopicsSaid = regions, topics
	}
	v.Regions, v.Topics = []string{}, []string{}
	add := func(list *[]string, l string) {
		if !slices.Contains(*list, l) {
			*list = append(*list, l)
		}
	}
	for _, slug := range regions {
		if w.regions[slug] {
			add(&v.Regions, slug)
			continue
		}
		for _, name := range regionNames(slug, v.Countries) {
			add(&v.Regions, name)
		}
	}
	for _, slug := range topics {
		if under := strings.ReplaceAll(slug, "-", "_"); w.topics[slug] {
			add(&v.Topics, slug)
		} else if w.topics[under] {
			add(&v.Topics, under)
		}
	}
}

// regionNames gives the labels' names of a sub-region that was found together
// with these countries, nothing for a region of another level or of our own.
func regionNames(slug string, countries []string) []string {
	name, ok := subRegions[slug]
	if !ok {
		if slug == "Central Europe" || slug == "Southeast Europe" || slices.Contains(slices.Collect(maps.Values(subRegions)), slug) {
			return []string{slug} // a prediction in the labels' words
		}
		return nil
	}
	var out []string
	for _, c := range countries {
		if other := elsewhere[slug][c]; other != "" && !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	stays := func(c string) bool { return slices.Contains(staying[slug], c) }
	if len(out) == 0 || slices.ContainsFunc(countries, stays) {
		out = append(out, name)
	}
	return out
}

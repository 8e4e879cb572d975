//go:build ignore

// Genplaces writes data/gazetteer.tsv: subdivisions and towns that name one
// country only. It is run by hand, as its sources are not in the repository
// (docs/data.md says which they are and how they come into this form):
//
//	go run genplaces.go -subdivisions en.json -cities cities.jsonl -words WORDS,… -people NAMES
//
// A name is left out when it means another country as well, when a dictionary
// holds it as a word, and when people are called so more than the place is.
// What is lost by that and wanted stands in data/places.tsv.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	subdivision = 1_000_000 // what a subdivision weighs against towns, in inhabitants
	clearly     = 8         // a name belongs to the country where so many times more people live by it
	anywhere    = 20_000    // inhabitants of a town that is listed
	wellKnown   = 150_000   // the same where towns are many and named after people
	large       = 300_000   // of one that says enough by itself
	evenSo      = 500_000   // the same when people are called so
	short       = 100_000   // and of one whose name has four letters
	seat        = 8_000     // of one that a subdivision is governed from
)

// Cities that the world meets in: what is said there is seldom about them.
const meetings = "geneva|new york|new york city|vienna|the hague|bonn|strasbourg|davos|washington|washington dc|turin|montreux|sharm el sheikh|cannes|hollywood|brooklyn"

// Countries whose towns are namesakes of people and of each other.
const (
	crowded = "us gb ca au nz ie de fr it es pt nl be at ch jp kr se no dk fi pl cz hu gr ro"
	parted  = "gb si lv mt mk az al" // and those whose subdivisions are mere towns
)

type city struct {
	Name, Country, Feature string
	Population             int
}

func main() {
	log.SetFlags(0)
	subdivisions := flag.String("subdivisions", "", "CLDR's subdivisions, as JSON")
	cities := flag.String("cities", "", "GeoNames' towns, one JSON object a line")
	words := flag.String("words", "", "word lists, separated by commas")
	people := flag.String("people", "", "a list of given names and surnames")
	flag.Parse()

	common := map[string]bool{}
	for f := range strings.SplitSeq(*words, ",") {
		lines(f, func(w string) {
			if r := []rune(w); len(r) > 0 && unicode.IsLower(r[0]) {
				common[fold(w)] = true
			}
		})
	}
	persons := map[string]bool{}
	lines(*people, func(w string) { persons[fold(w)] = true })
	taken := map[string]bool{} // what the reviewed tables speak of
	for _, f := range []string{"names.tsv", "names-more.tsv", "countries.tsv", "capitals.tsv", "places.tsv"} {
		lines("data/"+f, func(l string) {
			if strings.HasPrefix(l, "#") {
				return
			}
			for cell := range strings.SplitSeq(l, "\t") {
				for name := range strings.SplitSeq(cell, ",") {
					name, _, _ = strings.Cut(name, ":")
					taken[fold(strings.Trim(name, " *!="))] = true
				}
			}
		})
	}
	lines("data/regions.txt", func(l string) {
		for name := range strings.SplitSeq(l, ";") {
			_, after, _ := strings.Cut(strings.TrimSpace(name), " ")
			taken[fold(name)], taken[fold(after)] = true, true
		}
	})

	weight := map[string]map[string]int{} // of a folded name, by country
	shown := map[string]map[string]string{}
	put := func(name, country string, n int, list bool) {
		k := fold(name)
		if weight[k] == nil {
			weight[k], shown[k] = map[string]int{}, map[string]string{}
		}
		weight[k][country] = max(n, weight[k][country])
		if list {
			shown[k][country] = cmp.Or(shown[k][country], name)
		}
	}
	for code, name := range readSubdivisions(*subdivisions) {
		n := subdivision
		if slices.Contains(strings.Fields(parted), code[:2]) {
			n = short
		}
		put(plain(name), code[:2], n, true)
	}
	lines(*cities, func(l string) {
		var c city
		if err := json.Unmarshal([]byte(l), &c); err != nil {
			log.Fatal(err)
		}
		country := strings.ToLower(c.Country)
		least := anywhere
		switch {
		case slices.Contains(strings.Fields(crowded), country):
			least = wellKnown
		case c.Feature == "PPLC" || c.Feature == "PPLA" || c.Feature == "PPLA2":
			least = seat
		}
		put(plain(c.Name), country, c.Population, c.Population >= least)
	})

	byCountry := map[string]*[2][]string{} // the well known and the small
	for _, k := range slices.Sorted(maps.Keys(weight)) {
		best, rest := "", 0
		for country, n := range weight[k] {
			if best == "" || n > weight[k][best] || n == weight[k][best] && country < best {
				best = country
			}
		}
		for country, n := range weight[k] {
			if country != best {
				rest += n
			}
		}
		name := shown[k][best]
		if name == "" || weight[k][best] < clearly*rest || taken[k] || !usable(k, weight[k][best], common, persons) {
			continue
		}
		small := 0
		if weight[k][best] < large {
			small = 1
		}
		if byCountry[best] == nil {
			byCountry[best] = &[2][]string{}
		}
		byCountry[best][small] = append(byCountry[best][small], name)
	}

	f, err := os.Create("data/gazetteer.tsv")
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "# Made by genplaces.go from CLDR's subdivisions and GeoNames' towns (docs/data.md);\n# change data/places.tsv instead. Weak evidence, and the last column weaker.\ncode\tplaces\ttowns")
	for _, country := range slices.Sorted(maps.Keys(byCountry)) {
		fmt.Fprintf(w, "%s\t%s\t%s\n", country, strings.Join(byCountry[country][0], ", "), strings.Join(byCountry[country][1], ", "))
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

var (
	kind  = regexp.MustCompile(`(?i) (district|province|county|region|division|oblast|city|governorate|department|parish|municipality|prefecture|state)$`)
	odd   = regexp.MustCompile(`[0-9²³,:;/()=!*]`)
	saint = regexp.MustCompile(`^(san|santa|santo|sao|saint|sainte|st|sankt|villa|new|nueva|nuevo|nova|novo|los|las|el|la) `)
	aside = regexp.MustCompile(`^(north|south|east|west|northern|southern|eastern|western|central|centre|center|upper|lower|greater|nord|sud|est|ouest|haut|bas|norte|sur|sul|este|oeste|occidental|oriental|capital|federal|district|region|area|island|islands|of|and|the|metropolitan|rural|urban|territory|new|city|town|port|[0-9]+)$`)
)

func plain(name string) string {
	name, _, _ = strings.Cut(name, " (")
	return kind.ReplaceAllString(strings.TrimSpace(name), "")
}

// usable reports whether a name is one by which a text can be placed.
func usable(k string, inhabitants int, common, persons map[string]bool) bool {
	parts := strings.Fields(k)
	if n := len([]rune(k)); n < 4 || n == 4 && inhabitants < short || odd.MatchString(k) || len(parts) > 4 || slices.Contains(strings.Split(meetings, "|"), k) {
		return false
	}
	if persons[parts[0]] && inhabitants < evenSo {
		return false
	}
	words, sides := 0, 0
	for _, p := range parts {
		if common[p] || len(p) < 3 {
			words++
		}
		if aside.MatchString(p) {
			sides++
		}
	}
	if words == len(parts) || sides == len(parts) {
		return false
	}
	return !saint.MatchString(k) || inhabitants >= wellKnown
}

// fold drops case, accents and the marks between words.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("²³,:;/()=!*", r) {
			return ' '
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s)), unicode.IsSpace), " ")
}

func lines(name string, yield func(string)) {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		yield(in.Text())
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
}

// readSubdivisions reads the codes and English names of CLDR's JSON.
func readSubdivisions(name string) map[string]string {
	b, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	var doc struct {
		Subdivisions struct {
			LocaleDisplayNames struct {
				Subdivisions map[string]string
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		log.Fatal(err)
	}
	return doc.Subdivisions.LocaleDisplayNames.Subdivisions
}

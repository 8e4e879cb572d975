package tag

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"communique/feeds"
)

// The built-in rules. They are kept as text that can be read and reviewed, and
// their patterns are only parsed for the languages that texts come in.
//
//go:generate go run gennames.go
//go:embed data
var data embed.FS

// term is a region, country, topic or event with its rules.
type term struct {
	tag       feeds.Tag
	labels    map[string]string
	parent    string // of the same scheme; of a country, a region
	weight    float32
	threshold float32
	window    window
	regions   []string // that an event belongs to
	same      []string // ids of other vocabularies' subjects that it holds
	sources   []source
	disabled  bool
}

// source is a list of patterns in one language, as it was written.
type source struct {
	lang string // "any" goes with every language
	role role
	text string
	sep  string
	list []string // instead of text, from the operator

	guarded float32 // the weight of what stands in a large table and people may be called, else 0
}

// each calls yield with every pattern of the source.
func (s *source) each(yield func(string)) {
	for _, p := range s.list {
		yield(p)
	}
	for rest := s.text; rest != ""; {
		p, after, _ := strings.Cut(rest, s.sep)
		if p = strings.TrimSpace(p); p != "" {
			yield(p)
		}
		rest = after
	}
}

// rules is everything that is compiled: terms, masks and the words beside
// places.
type rules struct {
	terms  []term
	index  map[feeds.Tag]int32
	masks  []source
	beside map[string][]source // "before", "after", "link", …
	themes map[string][]theme  // by id, and by name in small letters
}

// builtin reads the built-in rules. That they are well formed is a matter of
// this package's tests.
func builtin() *rules {
	r := &rules{index: make(map[feeds.Tag]int32, 512), beside: map[string][]source{}}
	for _, name := range []string{"regions.txt", "topics.txt", "topics-deep.txt", "topics-more.txt", "events.txt", "masks.txt"} {
		if err := r.readRules(read(name)); err != nil {
			panic("built-in rules: " + name + ": " + err.Error())
		}
	}
	r.readCountries()
	r.readThemes()
	return r
}

func read(name string) string {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		panic(err) // it is embedded, or the program would not have been built
	}
	return string(b)
}

func (r *rules) add(t term) *term {
	r.index[t.tag] = int32(len(r.terms))
	r.terms = append(r.terms, t)
	return &r.terms[len(r.terms)-1]
}

func (r *rules) get(scheme, id string) *term {
	i, ok := r.index[feeds.Tag{Scheme: scheme, Term: id}]
	if !ok {
		return nil
	}
	return &r.terms[i]
}

// readRules reads a rule file: one statement a line, "#" for comments. "region
// ID", "topic ID" and "event ID" begin a term, or go on with one of an earlier
// file; "label", "parent", "threshold", "sector", "window", "days" and "in"
// describe it; a line that begins with a language code, or "any", gives
// patterns. Lists are separated by semicolons. Outside of terms a language code gives phrases that
// hide places, "topics" and a code phrases that hide topics, "cause" and a code
// what is said before a cause, "given" and a code what is said before those who
// paid; "before", "after", "society-before", "society-after", "river", "link"
// and "join" and a code give words beside places.
func (r *rules) readRules(text string) error {
	var t *term
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, rest, _ := strings.Cut(line, " ")
		switch key {
		case feeds.Region, feeds.Topic, feeds.Event:
			if t = r.get(key, rest); t != nil {
				break // more of it
			}
			t = r.add(term{tag: feeds.Tag{Scheme: key, Term: rest}, labels: map[string]string{}, weight: 1})
		case "topics":
			lang, list, _ := strings.Cut(rest, " ")
			r.masks = append(r.masks, source{lang: lang, role: isTopicMask, text: list, sep: ";"})
		case "cause":
			lang, list, _ := strings.Cut(rest, " ")
			r.masks = append(r.masks, source{lang: lang, role: isCause, text: list, sep: ";"})
		case "given":
			lang, list, _ := strings.Cut(rest, " ")
			r.masks = append(r.masks, source{lang: lang, role: isGiven, text: list, sep: ";"})
		case "before", "after", "society-before", "society-after", "river", "venue", "state", "person", "link", "join": // nearbyWords
			lang, list, _ := strings.Cut(rest, " ")
			r.beside[key] = append(r.beside[key], source{lang: lang, text: list, sep: ";"})
		case "label":
			for l := range strings.SplitSeq(rest, ";") {
				lang, label, _ := strings.Cut(strings.TrimSpace(l), " ")
				t.labels[lang] = label
			}
		case "parent":
			t.parent = rest
		case "threshold":
			f, err := strconv.ParseFloat(rest, 32)
			if err != nil || f <= 0 {
				return fmt.Errorf("line %d: %q is no threshold", n, rest)
			}
			t.threshold = float32(f)
		case "sector":
			lang, list, _ := strings.Cut(rest, " ")
			t.sources = append(t.sources, source{lang: lang, role: isSector, text: list, sep: ";"})
		case "in":
			t.regions = strings.Fields(rest)
		case "window":
			from, to, _ := strings.Cut(rest, " ")
			w, err := newWindow(Window{From: from, To: to})
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			t.window = w
		case "days":
			from, to, _ := strings.Cut(rest, " ")
			w, err := newDays(from, to)
			if err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			t.window = w
		default:
			if len(key) != 2 && key != "any" {
				return fmt.Errorf("line %d: unknown word %q", n, key)
			}
			s := source{lang: key, role: isPlaceMask, text: rest, sep: ";"}
			if t == nil {
				r.masks = append(r.masks, s)
				break
			}
			s.role = roleOf(t.tag.Scheme)
			t.sources = append(t.sources, s)
		}
	}
	return nil
}

func roleOf(scheme string) role {
	switch scheme {
	case feeds.Topic:
		return isTopic
	case feeds.Event:
		return isEvent
	}
	return isName
}

// readCountries joins the country tables into terms.
func (r *rules) readCountries() {
	table("countries.tsv", func(row []string, head []string) {
		t := r.add(term{tag: feeds.Tag{Scheme: feeds.Country, Term: row[0]}, labels: map[string]string{}, weight: 1, parent: row[1]})
		for i := 2; i < len(row); i++ {
			t.cells(head[i], isPeople, row[i])
		}
	})
	table("names.tsv", func(row []string, head []string) {
		t := r.get(feeds.Country, row[0])
		for i := 1; i < len(row); i++ {
			t.labels[head[i]] = row[i]
		}
	})
	hidden := map[[2]string]bool{} // labels that are no patterns
	table("names-more.tsv", func(row []string, _ []string) {
		t := r.get(feeds.Country, row[0])
		if len(row) > 2 && row[2] != "" {
			t.labels[row[1]] = row[2]
		}
		if len(row) > 3 {
			t.cells(feeds.PrimaryLanguage(row[1]), isName, row[3])
		}
		if len(row) > 4 {
			hidden[[2]string{row[0], row[1]}] = true
		}
	})
	for i := range r.terms {
		if t := &r.terms[i]; t.tag.Scheme == feeds.Country {
			for lang, label := range t.labels {
				if !hidden[[2]string{t.tag.Term, lang}] {
					t.sources = append(t.sources, source{lang: feeds.PrimaryLanguage(lang), role: isName, text: label, sep: "\n"})
				}
			}
		}
	}
	table("capitals.tsv", func(row []string, head []string) {
		t := r.get(feeds.Country, row[0])
		for i := 1; i < len(row); i++ {
			t.cells(head[i], isCapitalCity, row[i])
		}
	})
	table("places.tsv", func(row []string, _ []string) {
		r.get(feeds.Country, row[0]).cells(row[1], isPlace, row[2])
	})
	table("gazetteer.tsv", func(row []string, _ []string) {
		t := r.get(feeds.Country, row[0])
		for i, w := range []float32{placeWeight, townWeight} {
			t.sources = append(t.sources, source{lang: anyLanguage, role: isPlace, text: row[1+i], sep: ",", guarded: w})
		}
	})
}

func (t *term) cells(lang string, role role, list string) {
	if list != "" {
		t.sources = append(t.sources, source{lang: lang, role: role, text: list, sep: ","})
	}
}

// table calls row with the rows of a tab-separated file after its head.
func table(name string, row func(row, head []string)) {
	var head []string
	for line := range strings.Lines(read(name)) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case head == nil:
			head = strings.Split(line, "\t")
		default:
			row(strings.Split(line, "\t"), head)
		}
	}
}

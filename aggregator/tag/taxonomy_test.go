package tag

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"communique/feeds"
)

func TestOperatorsRulesAreAdded(t *testing.T) {
	tg, err := New(Taxonomy{
		Countries: []Rule{{ID: "sv", Patterns: map[string][]string{"es": {"Villa Imaginaria"}}}},
		Topics: []Rule{
			{
				ID: "fisheries", Labels: map[string]string{"en": "Fisheries", "es": "Pesca"}, Parent: "food-security",
				Patterns: map[string][]string{"en": {"fishing boat:2", "fisher*", "!fisher price"}, "any": {"=FAO SOFIA:2"}},
				Exclude:  map[string][]string{"en": {"chess"}},
				Examples: []Example{{Text: "Two fishing boats lost"}, {Text: "A fisher price", No: true}},
			},
			{ID: "health", Patterns: map[string][]string{"en": {"snakebite:2"}}, Labels: map[string]string{"en": "Health and nutrition"}},
			{ID: "xenophobia", Disable: true},
		},
		Events: []Rule{{
			ID: "lake-week-2025", Labels: map[string]string{"en": "Lake Week 2025"}, Regions: []string{"great-lakes"},
			Window: Window{From: "2025-03-01", To: "2025-03-31"}, Patterns: map[string][]string{"en": {"Lake Week"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tag := func(lang, title string) string {
		var out []string
		for _, g := range tg.Tag(Input{Language: lang, View: feeds.TextView{Title: title}, Published: day("2025-03-10")}) {
			out = append(out, g.Tag.String())
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ lang, title, want string }{
		{"en", "Two fishing boats lost", "topic/fisheries topic/food-security"},
		{"en", "Fishermen wait", "topic/fisheries topic/food-security"},
		{"en", "A fisher price", ""},
		{"en", "Fishermen play chess", ""},
		{"pt", "O relatório FAO SOFIA saiu", "topic/fisheries topic/food-security"},
		{"en", "Snakebite on the rise", "topic/health"},
		{"en", "Cholera on the rise", "topic/epidemics topic/health"},
		{"en", "Xenophobia on the rise", ""},
		{"es", "Fiesta en Villa Imaginaria", "country/sv region/americas region/central-america region/latin-america-and-the-caribbean"},
		{"en", "Lake Week begins", "event/lake-week-2025 region/africa region/great-lakes region/sub-saharan-africa"},
		{"en", "lake week begins", ""},
	} {
		if got := tag(c.lang, c.title); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.lang, c.title, got, c.want)
		}
	}
	if got := tg.Label(feeds.Tag{Scheme: feeds.Topic, Term: "health"}, "en"); got != "Health and nutrition" {
		t.Errorf("label %q", got)
	}
	if slices.ContainsFunc(tg.Terms(), func(x Term) bool { return x.Tag.Term == "xenophobia" }) {
		t.Error("a disabled term is listed")
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := New(Taxonomy{
		Regions:   []Rule{{ID: "north coast", Patterns: map[string][]string{"en": {"North Coast"}}}},
		Countries: []Rule{{ID: "MX", Patterns: map[string][]string{"en": {"Mexico"}}}},
		Topics: []Rule{
			{ID: "fisheries", Parent: "food-securty", Patterns: map[string][]string{
				"EN": {"fish"}, "en": {"", "fi*", "fish:", "fish:-1", "a * b", "fi*sh"}, "fr": {}}},
			{ID: "fisheries", Patterns: map[string][]string{"en": {"fish"}}},
			{ID: "empty"},
			{ID: "helth", Disable: true},
			{ID: "tides", Window: Window{From: "2020-01-01"}, Weight: -1, Patterns: map[string][]string{"en": {"tide"}}},
			{ID: "loop-a", Parent: "loop-b", Patterns: map[string][]string{"en": {"aaa"}}},
			{ID: "loop-b", Parent: "loop-a", Patterns: map[string][]string{"en": {"bbb"}}},
		},
		Events: []Rule{{ID: "fair", Window: Window{From: "2022-06-31"}, Regions: []string{"america"}, Patterns: map[string][]string{"en": {"Fair"}}}},
	})
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		t.Fatalf("error %v does not list its parts", err)
	}
	var got []string
	for _, e := range joined.Unwrap() {
		var one *Error
		if !errors.As(e, &one) || len(one.Path) < 3 {
			t.Errorf("%v has no place", e)
		}
		got = append(got, e.Error())
	}
	for _, want := range []string{
		`regions[0].id: id "north coast" is no slug: small letters, digits and single hyphens, at most 63`,
		`countries[0].id: "MX" is no country of ISO 3166-1 in lower case; did you mean "mx"?`,
		`topics[0].parent: unknown topic "food-securty"; did you mean "food-security"?`,
		`topics[0].patterns.EN: "EN" is no language: use two or three small letters ("fr"), or "any"; did you mean "en"?`,
		`topics[0].patterns.en[0]: pattern "": it holds no word`,
		`topics[0].patterns.en[1]: pattern "fi*": "fi*" begins too many words: give at least three letters before the star`,
		`topics[0].patterns.en[2]: pattern "fish:": weight "" is no number above 0 and up to 100`,
		`topics[0].patterns.en[3]: pattern "fish:-1": weight "-1" is no number above 0 and up to 100`,
		`topics[0].patterns.en[4]: pattern "a * b": a star stands at the end of a word`,
		`topics[0].patterns.en[5]: pattern "fi*sh": "fi*" begins too many words: give at least three letters before the star`,
		`topics[0].patterns.fr: it lists no pattern`,
		`topics[1].id: duplicate id "fisheries", first at topics[0]`,
		`topics[2].patterns: "empty" has no patterns, so nothing would ever carry it`,
		`topics[3].id: "helth" is not built in, so there is nothing to disable; did you mean "health"?`,
		`topics[4].weight: -1 is not between 0 and 1000`,
		`topics[4].window: only an event has a window`,
		`topics[5].parent: "loop-a" is above itself, or more than 8 levels deep`,
		`topics[6].parent: "loop-b" is above itself, or more than 8 levels deep`,
		`events[0].window: from: "2022-06-31" is no day; write it as 2022-06-10`,
		`events[0].regions[0]: unknown region "america"; did you mean "americas"?`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() || len(got) != 20 {
		t.Logf("%d errors:\n%s", len(got), strings.Join(got, "\n"))
	}
}

func TestExamplesAreTried(t *testing.T) {
	tides := func(examples ...Example) error {
		_, err := New(Taxonomy{Topics: []Rule{
			{ID: "tides", Patterns: map[string][]string{"en": {"tide:0.1", "spring tide:2"}, "fr": {"marée:2"}}, Examples: examples},
		}})
		return err
	}
	if err := tides(Example{Text: "A spring tide"}, Example{Text: "Low water", No: true}, Example{Text: "La marée monte", Lang: "fr"},
		Example{Text: "La marée monte", Lang: "en", No: true}, Example{Text: "News of the coast\nThe spring tide came. It was a spring tide as none before."}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		example Example
		want    string
	}{
		{Example{Text: "High tide"}, `"High tide" does not get topic "tides": its words score 0.4, too little (title: "High tide"); it gets no topic`},
		{Example{Text: "Cholera vaccination", Lang: "en"}, `"Cholera vaccination" does not get topic "tides": none of its patterns is found; it gets "epidemics" (title: "Cholera vaccination"), "health" (title: "Cholera vaccination")`},
		{Example{Text: "The spring tide", No: true}, `"The spring tide" gets topic "tides" although it must not, by title: "The spring tide"`},
		{Example{Text: " "}, `an example needs a text`},
		{Example{Text: "La marée", Lang: "fr-CA"}, `"fr-CA" is no language: use two or three small letters ("fr"), or "any"; did you mean "fr"?`},
	} {
		err := tides(Example{Text: "A spring tide"}, c.example)
		if err == nil || !strings.HasPrefix(err.Error(), "topics[0].examples[1]") || !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestFingerprintFollowsTheRules(t *testing.T) {
	same, again := newTagger(t), newTagger(t)
	if same.Fingerprint() != again.Fingerprint() || same.Fingerprint() == 0 {
		t.Errorf("fingerprints %x and %x of the same rules", same.Fingerprint(), again.Fingerprint())
	}
	rules := func(pattern string) uint64 {
		tg, err := New(Taxonomy{Topics: []Rule{{ID: "tides", Patterns: map[string][]string{"en": {pattern}, "fr": {"marée"}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return tg.Fingerprint()
	}
	tried, err := New(Taxonomy{Topics: []Rule{{ID: "tides", Patterns: map[string][]string{"en": {"tide"}, "fr": {"marée"}}, Examples: []Example{{Text: "The tide"}}}}})
	if err != nil || tried.Fingerprint() != rules("tide") {
		t.Errorf("an example changes the fingerprint (%v)", err)
	}
	if a, b := rules("tide"), rules("tides"); a == b || a == same.Fingerprint() || a != rules("tide") {
		t.Errorf("fingerprints %x, %x, %x", same.Fingerprint(), a, b)
	}
}

func TestPatterns(t *testing.T) {
	f := foldTable()
	for _, c := range []struct {
		text, title string
		inflect     bool
		want        bool
	}{
		{"refugee", "Refugees arrive", true, true},
		{"=refugee", "Refugees arrive", true, false},
		{"migra*", "Immigrants arrive", true, false},
		{"migra*", "Migratory birds", true, true},
		{"El Niño", "el niño", false, false},
		{"El Niño", "El Nino", false, true},
		{"WHO", "those who", true, false},
		{"WHO", "the WHO", true, true},
		{"côte d'ivoire", "COTE D’IVOIRE", false, true},
		{"safe water", "Safe. Water", true, false},
		{"safe water", "safe\nwater", true, false},
		{"safe, orderly", "safe, orderly", true, true},
		{"st lucia", "St. Lucia", false, true},
		{"école", "e\u0301cole", true, true},
		{"œuvre", "main-d'oeuvre", true, true},
	} {
		p, err := parsePattern(c.text, c.inflect, f)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		l := newLexicon("en", f)
		l.add(p, entry{weight: 1})
		l.settle()
		m := l.borrow()
		m.texts[inTitle] = c.title
		l.find(m)
		if got := len(m.matches) > 0; got != c.want {
			t.Errorf("%q in %q: %v, want %v", c.text, c.title, got, c.want)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"word", "prefix*", "many words:2", "!not this", "=This", "a * b", ":", "*", "!=:1", "\xff"} {
		f.Add(s)
	}
	fold := foldTable()
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePattern(s, true, fold)
		if err != nil {
			return
		}
		// What is read can be compiled, and finds its own words.
		l := newLexicon("en", fold)
		l.add(p, entry{weight: 1})
		l.settle()
		m := l.borrow()
		var words []string
		for _, w := range p.words {
			words = append(words, w.text)
		}
		// Among small letters, as in a zone of capitals acronyms say nothing.
		m.texts[inTitle] = strings.Repeat("small letters ", len(words)+2) + "\n" + strings.Join(words, " ")
		l.find(m)
		if len(m.matches) == 0 {
			t.Errorf("%q does not find %q", s, m.texts[inTitle])
		}
	})
}

package storage_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/words"
	"communique/internal/testkit"
	"communique/storage"
)

// speaking gives the item a title and a text.
func speaking(l, title, html string) func(*feeds.Observed) {
	return func(o *feeds.Observed) { o.Copy.Language, o.Copy.Title, o.Copy.Content = l, title, html }
}

func search(q string) feeds.Query { return feeds.Query{Words: q} }

func TestSearchSpeaksManyLanguages(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 9,
		observed("n", "en", 1, speaking("en", "Migrants and women’s rights", "<p>The U.N. council met on <b>COVID</b>-19 &amp; resolution S/RES/2254. Countries agreed on an international plan.</p>")),
		observed("n", "es", 2, speaking("es", "Las migraciones en la región", "<p>Derechos de las niñas; la organización pide más.</p>")),
		observed("n", "fr", 3, speaking("fr", "Appel d’urgence pour les réfugiées", "<p>L&rsquo;accord national sur le cœur de l’Élysée</p>")),
		observed("n", "pt", 4, speaking("pt-BR", "Migrações e proteção", "<p>As crianças têm direitos.</p>")),
		observed("n", "ar", 5, speaking("ar", "حقوق اللاجئين والأطفال", "<p>عام ٢٠٢٤ وصلت المساعدات إلى المدينة، مُحَمَّد</p>")),
		observed("n", "ru", 6, speaking("ru", "Помощь беженцам", "<p>Ещё одна партия помощи для детей и женщин</p>")),
		observed("n", "zh", 7, speaking("zh", "难民营的人道主义援助", "<p>联合国难民署在2024年3月呼吁</p>")),
		observed("n", "th", 8, speaking("th", "ผู้ลี้ภัยในประเทศไทย", "<p>ความช่วยเหลือ</p>")),
		observed("n", "de", 9, speaking("de", "Flüchtlinge in der Straße", "<p>Hilfe für Kinder</p>")))
	for q, want := range map[string]string{
		"migrants":                 "en",
		"migrant":                  "en",
		"MIGRANT":                  "en",
		"migración":                "es",
		"migracion":                "es",
		"migrações":                "pt",
		"migraç*":                  "pt es", // without accents both begin so
		"women":                    "en",
		"woman":                    "en",
		"women's":                  "en",
		"un council":               "en",
		"U.N.":                     "en",
		"covid-19":                 "en",
		"covid19":                  "en",
		"19 covid":                 "en",
		`"19 covid"`:               "",
		"S/RES/2254":               "en",
		"s/res/2255":               "",
		"2254":                     "en",
		"country":                  "en",
		"intern":                   "", // of one stem with international, but no form of it
		"organ":                    "",
		"organización -niñas":      "",
		"organizaciones ninas":     "es",
		"réfugié":                  "fr",
		"refugies":                 "fr",
		"urgence":                  "fr",
		"l'accord":                 "fr",
		"accords nationaux":        "fr",
		"coeur elysee":             "fr",
		"direito criança":          "pt",
		"لاجئ":                     "ar",
		"لاجئين":                   "ar",
		"للاجئين":                  "ar",
		"طفل":                      "",
		"أطفال":                    "ar",
		"اطفال":                    "ar",
		"والأطفال":                 "ar",
		"2024":                     "zh ar",
		"٢٠٢٤":                     "zh ar",
		"مساعدات الي":              "ar",
		"محمد":                     "ar",
		"المدينه":                  "ar",
		"беженцы":                  "ru",
		"беженец":                  "",
		"женщины дети":             "ru",
		"еще":                      "ru",
		`"помощи для детей"`:       "ru",
		`"помощь для детей"`:       "",
		"难民":                       "zh",
		"难民营":                      "zh",
		"民难":                       "",
		"营":                        "zh",
		"助":                        "zh",
		"2024年":                    "zh",
		"难民署 援助":                   "zh",
		"難民":                       "",
		"ลี้ภัย":                   "th",
		"ประเทศ":                   "th",
		"Fluechtlinge":             "",
		"Flüchtling":               "de",
		"strasse":                  "de",
		"STRAẞE":                   "de",
		"kind":                     "de",
		"Kindes":                   "de",
		"migrants OR migraciones":  "es en",
		"hilfe OR помощь -straße":  "ru",
		"-2024 -niñas":             "de th ru pt fr en",
		`"migrants and" countries`: "en",
		`"migrant and"`:            "",
		`"rights The"`:             "", // a title's words and a text's do not follow each other
		"!!!":                      "",
		`"`:                        "",
	} {
		got := ids(t, s, search(q))
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %v, want %q", q, got, want)
		}
	}
}

func TestSearchFollowsWhatHappensToStatements(t *testing.T) {
	s := testkit.OpenStore(t)
	a := observed("north", "a", 1, speaking("en", "Harvest", "<p>locusts</p>"))
	b := observed("south", "b", 2, speaking("en", "Drought", "<p>wells</p>"))
	say(t, s, 3, a, b)
	find := func(q string, want ...string) {
		t.Helper()
		wantIDs(t, s, search(q), want...)
	}
	find("locust", "a")
	say(t, s, 4, &feeds.Moderated{Statement: sid("a"), Hide: true})
	find("locust")
	say(t, s, 4, &feeds.Moderated{Statement: sid("a")})
	find("locust", "a")

	edited := *a
	edited.Copy.Content = "<p>beetles</p>"
	say(t, s, 5, &edited)
	find("locust")
	find("beetle", "a")
	retitled := edited
	retitled.Copy.Title = "Reaping"
	say(t, s, 5, &retitled)
	find("harvest")
	find("reaping beetles", "a")
	retagged := retitled
	retagged.Taggings = []feeds.Tagging{{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "food"}}}
	say(t, s, 5, &retagged)
	find("reaping beetles", "a")

	// A translation joins, words of different copies count together, a phrase does not span them.
	fr := observed("west", "c", 6, of("a", feeds.IsTranslation), speaking("fr", "Moisson", "<p>coléoptères</p>"))
	say(t, s, 6, fr)
	find("coleopteres beetles", "a")
	find(`"beetles moisson"`)

	say(t, s, 7, &feeds.Joined{Loser: sid("b"), Winner: sid("a")})
	find("drought", "a")
	find("drought moisson", "a")
	say(t, s, 7, &feeds.Joined{Loser: sid("b"), Winner: sid("b")})
	find("drought", "b")
	find("moisson", "a")

	say(t, s, 8, gone(fr, "withdrawn"))
	find("moisson")
	find("beetles", "a")
	say(t, s, 8, gone(&retagged, "expired"))
	find("beetles")
	find("-nothing", "b")

	other := *b
	other.Statement = sid("e")
	say(t, s, 9, &other)
	find("wells", "e")
	later := other
	later.Order = day(20)
	say(t, s, 9, &later)
	find("wells", "e")
}

func TestSearchNarrowsOtherFields(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 9,
		observed("north", "a", 1, tagged("topic/health"), speaking("en", "Cholera", "<p>clean water</p>")),
		observed("north", "b", 2, tagged("topic/water"), speaking("en", "Wells", "<p>clean water</p>")),
		observed("south", "c", 3, tagged("topic/health"), speaking("en", "Measles", "<p>vaccines</p>")))
	for _, c := range []struct {
		want string
		q    feeds.Query
	}{
		{"a", feeds.Query{Words: "water", Topics: []string{"health"}}},
		{"c b", feeds.Query{Any: []feeds.Query{{Words: "wells"}, {Topics: []string{"health"}, Words: "-cholera"}}}},
		{"c", feeds.Query{Not: []feeds.Query{{Words: `"clean water"`}}}},
		{"c b", feeds.Query{Not: []feeds.Query{{Words: "water", Topics: []string{"health"}}}}},
		{"b", feeds.Query{Words: "water", Since: day(2)}},
		{"", feeds.Query{Any: []feeds.Query{{Words: "?"}}}},
	} {
		wantIDs(t, s, c.q, strings.Fields(c.want)...)
	}
	for _, words := range []string{strings.Repeat("word ", 10_000), strings.Repeat("x", 1<<20), strings.Repeat("a b ", 50)} {
		for _, q := range []feeds.Query{search(words), {Not: []feeds.Query{search(words)}}, {Topics: []string{"nothing"}, Words: words}} {
			if _, err := s.Select(q); !errors.Is(err, storage.ErrQuery) {
				t.Errorf("%d octets of words: %v", len(words), err)
			}
		}
	}
}

// spoken is a statement of the model: the words of each text in order, each
// part of a text as a list.
type spoken struct {
	id    feeds.StatementID
	order time.Time
	topic bool
	rare  bool
	words []string
}

func (s *spoken) has(phrase ...string) bool {
	for i := range s.words {
		if i+len(phrase) <= len(s.words) && slices.Equal(s.words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// Many small batches make many runs, which are put together; updates and
// withdrawals strike any of them, over several segments.
func TestSearchAgreesWithAModel(t *testing.T) {
	storage.AlwaysArrange(t)
	s := testkit.OpenStore(t)
	r := rand.New(rand.NewPCG(3, 9))
	word := func() string { return fmt.Sprintf("wor%c", 'a'+int(26*r.Float64()*r.Float64())) }
	model := map[int]*spoken{}
	made := map[int]*feeds.Observed{}
	write := func(i int) feeds.Fact {
		sp := &spoken{id: sid(fmt.Sprintf("s%d", i)), order: day(1).Add(time.Duration(r.IntN(1000)) * time.Minute)}
		if old := model[i]; old != nil && r.IntN(2) == 0 {
			sp.order = old.order // it stays in its place
		}
		for range 3 + r.IntN(8) {
			sp.words = append(sp.words, word())
		}
		var tags []string
		if sp.topic = r.IntN(6) == 0; sp.topic {
			tags = append(tags, "topic/health")
		}
		if sp.rare = r.IntN(200) == 0; sp.rare {
			tags = append(tags, "topic/rare")
		}
		o := observed("north", fmt.Sprintf("i%d", i), 1, speaking("sw", "", strings.Join(sp.words, " ")), tagged(tags...))
		o.Statement, o.Order = sp.id, sp.order
		model[i], made[i] = sp, o
		return o
	}
	var facts []feeds.Fact
	for i := range 4500 {
		facts = append(facts, write(i))
	}
	say(t, s, 9, facts...)
	check := func(step int) {
		t.Helper()
		a, b, c, d := word(), word(), word(), word()
		health := []string{"health"}
		for _, c := range []struct {
			q     feeds.Query
			meets func(*spoken) bool
		}{
			{search(a + " " + b), func(s *spoken) bool { return s.has(a) && s.has(b) }},
			{search("-" + a), func(s *spoken) bool { return !s.has(a) }},
			{search("wor* -" + a), func(s *spoken) bool { return !s.has(a) }},
			{feeds.Query{Words: fmt.Sprintf(`"%s %s"`, a, b), Topics: []string{"rare"}}, func(s *spoken) bool { return s.rare && s.has(a, b) }},
			{search(fmt.Sprintf(`"%s %s"`, a, b)), func(s *spoken) bool { return s.has(a, b) }},
			{search(fmt.Sprintf(`"%s %s %s"`, a, b, c)), func(s *spoken) bool { return s.has(a, b, c) }},
			{search(fmt.Sprintf(`"%s %s %s"`, a, b, a)), func(s *spoken) bool { return s.has(a, b, a) }},
			{search(fmt.Sprintf(`"%s %s"`, a, a)), func(s *spoken) bool { return s.has(a, a) }},
			{search(a + " OR " + b + " -" + c), func(s *spoken) bool { return (s.has(a) || s.has(b)) && !s.has(c) }},
			{search(a + " " + b + " " + c + " OR " + d), func(s *spoken) bool { return s.has(a) && s.has(b) && (s.has(c) || s.has(d)) }},
			{search(fmt.Sprintf(`%s -"%s %s"`, d, a, b)), func(s *spoken) bool { return s.has(d) && !s.has(a, b) }},
			{search(fmt.Sprintf(`"%s %s" OR %s`, d, a, b)), func(s *spoken) bool { return s.has(d, a) || s.has(b) }},
			{feeds.Query{Words: a + " OR " + b, Topics: health}, func(s *spoken) bool { return s.topic && (s.has(a) || s.has(b)) }},
			{feeds.Query{Not: []feeds.Query{search(a)}}, func(s *spoken) bool { return !s.has(a) }},
			{feeds.Query{Words: a, Not: []feeds.Query{{Words: b, Topics: health}}}, func(s *spoken) bool { return s.has(a) && !(s.topic && s.has(b)) }},
			{feeds.Query{Any: []feeds.Query{search(a + " " + b), {Topics: health}}}, func(s *spoken) bool { return s.topic || s.has(a) && s.has(b) }},
			{feeds.Query{Words: a, Until: day(1).Add(500 * time.Minute)}, func(s *spoken) bool { return s.has(a) && s.order.Before(day(1).Add(500*time.Minute)) }},
			{feeds.Query{Words: a, Since: day(1).Add(500 * time.Minute)}, func(s *spoken) bool { return s.has(a) && !s.order.Before(day(1).Add(500*time.Minute)) }},
		} {
			var hits []*spoken
			for _, sp := range model {
				if c.meets(sp) {
					hits = append(hits, sp)
				}
			}
			slices.SortFunc(hits, func(a, b *spoken) int { return cmp.Or(b.order.Compare(a.order), cmp.Compare(a.id, b.id)) })
			var want []feeds.StatementID
			for _, h := range hits {
				want = append(want, h.id)
			}
			// A segment is looked through in steps, and what each found is remembered:
			// of some searches the first page only, before statements change.
			c.q.Limit = 20 + r.IntN(300)
			page, err := s.Select(c.q)
			if err != nil {
				t.Fatal(err)
			}
			var first []feeds.StatementID
			for _, h := range page.Heads {
				first = append(first, h.ID)
			}
			if n := min(len(want), c.q.Limit); !slices.Equal(first, want[:n]) || page.More != (n < len(want)) {
				t.Fatalf("step %d: %+v: the first page has %d statements, want %d, or another order, or more is %v", step, c.q, len(first), n, page.More)
			}
			if r.IntN(2) == 0 {
				continue
			}
			if got := all(t, s, c.q); !slices.Equal(got, want) {
				t.Fatalf("step %d: %+v: got %d statements, want %d, or another order", step, c.q, len(got), len(want))
			}
		}
	}
	next := 4500
	for step := range 80 {
		facts = facts[:0]
		for range 1 + r.IntN(12) {
			switch i := r.IntN(next); {
			case r.IntN(4) == 0 && model[i] != nil:
				facts = append(facts, gone(made[i], "expired"))
				delete(model, i)
			case r.IntN(2) == 0:
				facts = append(facts, write(i))
			default:
				facts = append(facts, write(next))
				next++
			}
		}
		say(t, s, 9, facts...)
		if step == 25 {
			check(step)
			if _, err := s.Arrange(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			check(step)
			if err := s.Verify(); err != nil {
				t.Fatal(err)
			}
		}
		if step%10 == 0 {
			check(step)
		}
	}
	check(-1)
}

// Which terms of the index are looked at depends on what others have brought
// already; what a word finds does not.
func TestSearchFindsAllForms(t *testing.T) {
	s := testkit.OpenStore(t)
	r := rand.New(rand.NewPCG(5, 1))
	type text struct {
		id       feeds.StatementID
		language string
		words    []string
	}
	word := func() string {
		stem := "port" + []string{"", "al", "er", "ic", "abl", "ul"}[min(r.IntN(9), 5)]
		return stem[r.IntN(2)*r.IntN(2):] + []string{"", "s", "ed", "ing", "es", "ations", "e"}[r.IntN(7)]
	}
	var texts []text
	for len(texts) < 1200 {
		var facts []feeds.Fact
		for range 1 + r.IntN(60) {
			name := fmt.Sprintf("s%d", len(texts))
			x := text{sid(name), []string{"en", "es", "fr", "sw"}[r.IntN(4)], nil}
			for range 1 + r.IntN(5) {
				x.words = append(x.words, word())
			}
			texts = append(texts, x)
			facts = append(facts, observed("north", name, len(texts), speaking(x.language, "", strings.Join(x.words, " "))))
		}
		say(t, s, 9, facts...)
	}
	parts := func(q string) []words.Part {
		p, err := words.Parse(q)
		if err != nil || len(p.Clauses) != 1 {
			t.Fatal(q, err)
		}
		return p.Clauses[0].Any[0].Ways[0]
	}
	for range 60 {
		for _, q := range []string{word(), word()[:4] + "*", fmt.Sprintf(`"%s %s"`, word(), word())} {
			way := parts(q)
			var patterns []*words.Pattern
			for _, p := range way {
				patterns = append(patterns, p.Pattern([]string{"en", "es", "fr"}))
			}
			var want []feeds.StatementID
			for _, x := range slices.Backward(texts) {
				for i := range x.words {
					n := 0
					for n < len(way) && i+n < len(x.words) && patterns[n].Finds(string(words.AppendTerm(nil, []byte(x.words[i+n]), words.Stems(x.language)))) {
						n++
					}
					if n == len(way) {
						want = append(want, x.id)
						break
					}
				}
			}
			if got := all(t, s, feeds.Query{Words: q, Limit: 500}); !slices.Equal(got, want) {
				t.Fatalf("%s finds %d statements, want %d", q, len(got), len(want))
			}
		}
	}
}

// Texts that are far longer than those the index is made for, and words that are
// far more frequent, among short ones, also after runs were put together.
func TestSearchFindsFarAndOften(t *testing.T) {
	s := testkit.OpenStore(t)
	long := strings.Repeat("hay ", 300) + strings.Repeat("straw ", 40_000) + "hay needle thread " + strings.Repeat("hay ", 20_000) + "thread needle button"
	for i := range 20 {
		text := "hay straw"
		if i%7 == 3 {
			text = long
		}
		say(t, s, 9, observed("n", fmt.Sprintf("f%d", i), 1+i, speaking("en", "straw", text)))
	}
	for q, want := range map[string]string{
		`"needle button"`:    "f17 f10 f3",
		`"hay needle"`:       "f17 f10 f3",
		`"thread hay"`:       "f17 f10 f3",
		`"button needle"`:    "",
		`"straw hay needle"`: "f17 f10 f3",
		`"hay straw hay"`:    "",
	} {
		wantIDs(t, s, search(q), strings.Fields(want)...)
	}
}

// What is indexed is found: every word of a text, whatever its characters, and
// the text as a phrase.
func TestEveryWordOfATextFindsIt(t *testing.T) {
	s := testkit.OpenStore(t)
	texts := []string{
		"Ἀθῆναι ΣΊΣΥΦΟΣ Ⅷ ½ ﬁne ªº ﷺ", "कृषि मंत्रालय தமிழ் ไทย ລາວ မြန်မာ ខ្មែរ", "日本語とカタカナ、ｶﾀｶﾅ 々", "e\u0301té Å Å İIıi ŁÓDŹ Ħ", "שָׁלוֹם עולם", "بِسْمِ ٱللَّهِ ـ سلام\u200cها",
		"a.b.c. U.S.A I'm O’Neill x² H₂O 1,000.50 €5 @me #tag", "𝕬𝖇𝖈 ①② 한국어 " + strings.Repeat("long", 40), "soft\u00adhyphen zero\u200bwidth",
	}
	var facts []feeds.Fact
	for i, text := range texts {
		facts = append(facts, observed("n", fmt.Sprintf("t%d", i), 1+i, speaking("en", text, "")))
	}
	say(t, s, 9, facts...)
	for i, text := range texts {
		id := fmt.Sprintf("t%d", i)
		if got := ids(t, s, search(`"`+text+`"`)); !slices.Contains(got, id) {
			t.Errorf("%q as a phrase finds %v", text, got)
		}
		for _, w := range strings.Fields(text) {
			q, err := words.Parse(w)
			if err != nil || len(q.Clauses) == 0 {
				continue
			}
			if got := ids(t, s, search(w)); !slices.Contains(got, id) {
				t.Errorf("%q finds %v, want %s", w, got, id)
			}
		}
	}
}

package words

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// read gives the words of an article, those that do not follow the one before
// with a bar before them.
func read(title, summary, content string) string {
	var b strings.Builder
	last := -1
	r := Reader{Word: func(w []byte, place int) {
		if place != last+1 {
			b.WriteString("| ")
		}
		last = place
		b.Write(w)
		b.WriteByte(' ')
	}}
	r.Article(title, summary, content)
	return strings.TrimSpace(b.String())
}

func TestReaderFoldsAndSplits(t *testing.T) {
	for in, want := range map[string]string{
		"Élan naïve ÇA Ñandú Straße ŒUVRE Ångström": "elan naive ca nandu strasse oeuvre angstrom",
		"e\u0301te\u0301 Łódź Đorđe İstanbul ısı":   "ete lodz dorde istanbul isi",
		"Ёлка йод Її":                               "елка йод її",
		"ΑΘΉΝΑ Σίσυφος":                             "αθηνα σισυφοσ",
		"إلى الأمم آسيا مُحَمَّـد ١٢٣":              "الي الامم اسيا محمد 123",
		"مدرسة":                        "مدرسه",
		"COVID-19 S/RES/2254":          "covid 19 s res 2254",
		"U.N. U.S.A a.b.com e.g. p. 5": "un usa a b com eg p 5",
		"l’accord women's O'Neill":     "l accord women s o neill",
		"難民営 と":                        "難民 民営 営 と",
		"ＣＯＶＩＤ ﬁn x²":                  "covid fin x2",
		"ภาษา":                         "ภา าษ ษา า",
		"हिन्दी 한국어":                   "हिन्दी 한국어",
		"soft\u00adhyphen a\u200db":    "softhyphen ab",
		"a\xffb":                       "a b",
		"<p>not a tag":                 "p not a tag",
		"":                             "",
		"12,000.5 3½":                  "12 000 5 3",
		strings.Repeat("y", 99):        strings.Repeat("y", 64),
	} {
		if got := read(in, "", ""); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestReaderReadsTheTextOfHTML(t *testing.T) {
	for _, c := range []struct{ title, summary, content, want string }{
		{"Title", "", "<p class=\"x\">One <b>t</b>wo &amp; th&eacute;<br>four<sup>1</sup></p><ul><li>five</li></ul>", "title | one two the four 1 | five"},
		{"Title", "<p>One</p>", "<p>One</p><p>two</p>", "title | one | two"},
		{"Title", "One two", "<p>One <em>two</em> three</p>", "title | one two three"},
		{"Title", "<p>Another</p>", "one", "title | one | another"},
		{"Title", "only", "", "title | only"},
		{"", "", "a < b &lt;p&gt; c", "a b p c"},
		{"", "", "cut <b", "cut"},
	} {
		if got := strings.TrimPrefix(read(c.title, c.summary, c.content), "| "); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestFormsOfAWord(t *testing.T) {
	yes := map[string][]string{
		"en": {"migrants migrant", "country countries", "crisis crises", "women woman", "children child", "refugees refugee", "policies policy", "attacked attacks"},
		"es": {"migracion migraciones", "refugiado refugiadas", "organizacion organizaciones", "mujer mujeres", "vez veces", "pais paises", "derecho derechos"},
		"fr": {"refugies refugiee", "national nationaux", "deplacees deplace", "droit droits", "journal journaux"},
		"pt": {"migracao migracoes", "nacional nacionais", "crianca criancas", "homem homens", "direito direitos"},
		"de": {"fluchtling fluchtlingen", "land lander", "kind kindern"},
		"it": {"rifugiato rifugiati", "migrazione migrazioni", "donna donne"},
		"ru": {"женщины женщин", "мигранты мигрантов", "страна страны", "помощь помощи"},
		"ar": {"لاجئ اللاجئين", "لاجئين للاجئين", "هجره والهجره", "اطفال الاطفال", "مهاجر المهاجرين"},
	}
	no := map[string][]string{
		"en": {"intern international", "organ organization", "migrant migration", "war warning"},
		"es": {"migrante migraciones"},
		"fr": {"sale salaire"},
		"":   {"migrant migrants"},
		"sw": {"migrant migrants"},
	}
	for want, table := range map[bool]map[string][]string{true: yes, false: no} {
		for language, pairs := range table {
			for _, pair := range pairs {
				a, b, _ := strings.Cut(pair, " ")
				for _, p := range [][2]string{{a, b}, {b, a}} {
					if got := finds(p[0], p[1], language); got != want {
						t.Errorf("%s: %s finds %s: %t", language, p[0], p[1], got)
					}
				}
			}
		}
	}
}

// A letter alone is looked up as it is, since no longer word is a form of it.
func TestALetterHasNoOtherForms(t *testing.T) {
	letters := []rune("abcdefghijklmnopqrstuvwxyzæøłабвгдежзийклмнопрстуфхцчшщъыьэюя")
	r := rand.New(rand.NewPCG(2, 6))
	for language := range stemmers {
		for _, letter := range letters {
			word := string(letter)
			p := Part{Word: word}.Pattern([]string{language})
			if want := []string{word + "\x00"}; !slices.Equal(p.Starts, want) {
				t.Errorf("%s in %s is looked up as %q, want %q", word, language, p.Starts, want)
			}
			var forms []string
			for _, next := range letters {
				forms = append(forms, word+string(next))
			}
			for range 100 {
				form := word
				for range 2 + r.IntN(4) {
					form += string(letters[r.IntN(len(letters))])
				}
				forms = append(forms, form)
			}
			for _, form := range forms {
				if p.Match(AppendTerm(nil, []byte(form), language)) {
					t.Fatalf("%s has the form %s in %s", word, form, language)
				}
			}
		}
	}
}

// finds reports whether a word of a search finds a word of a text.
func finds(word, text, language string) bool {
	term := AppendTerm(nil, []byte(text), Stems(language))
	p := Part{Word: word}.Pattern([]string{"ar", "de", "en", "es", "fr", "it", "pt", "ru"})
	for _, s := range p.Starts {
		if strings.HasPrefix(string(term), s) {
			return p.Match(term)
		}
	}
	return false
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"border families":               "border & families",
		`"Border  families" x`:          `"border families" & x`,
		"-x -\"a b\" c":                 `!x & !"a b" & c`,
		"a OR b c":                      "a | b & c",
		"a OR b OR \"c d\"":             `a | b | "c d"`,
		"OR a":                          "or & a",
		"a OR":                          "a & or",
		"a OR OR b":                     "a & or | b",
		"a OR -b":                       "a & or & !b",
		"or a":                          "or & a",
		"migr* mi* *":                   "migr* & mi",
		"COVID-19":                      `"covid 19"/covid19`,
		"covid19":                       `covid19/"covid 19"`,
		"S/RES/2254":                    `"s res 2254"`,
		"l'accord d’urgence dell'unità": "accord & urgence & unita",
		"women's O'Neill 'quoted'":      `women & "o neill" & quoted`,
		"“a b” «c d» 「難民営」":             `"a b" & "c d" & "難民 民営"`,
		"難 難民 2024年":                    `難* & 難民 & "2024 年*"`,
		`un"closed`:                     "un & closed",
		`-"un closed`:                   "!un & closed",
		"- a -- b":                      "a & b",
		"!!! ... \"\" ''":               "",
		"a\x00b\xff\nc":                 "a & b & c",
		"AND NOT":                       "and & not",
		"(a)":                           "a",
	} {
		q, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if got := shown(q); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if again, err := Parse(q.String()); err != nil || shown(again) != want {
			t.Errorf("%s: its plain form %q reads as %s, %v", in, q, shown(again), err)
		}
	}
	for _, in := range []string{strings.Repeat("a ", 41), strings.Repeat("a", 1001), strings.Repeat("a-", 50), strings.Repeat("abc* ", 9), strings.Repeat("-мир* ", 9)} {
		if _, err := Parse(in); err == nil {
			t.Errorf("%d octets are taken", len(in))
		}
	}
	for _, in := range []string{strings.Repeat("a ", 40), strings.Repeat("abc* ", 8) + "abcd*", strings.Repeat("abcd* ", 40)} {
		if _, err := Parse(in); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// shown tells how a search was read.
func shown(q Query) string {
	var clauses []string
	for _, c := range q.Clauses {
		var units []string
		for _, u := range c.Any {
			var ways []string
			for _, w := range u.Ways {
				var parts []string
				for _, p := range w {
					mark := map[Match]string{Forms: "", Exact: "", Prefix: "*"}[p.Match]
					if p.Match == Exact && len(w) == 1 {
						parts = append(parts, "="+p.Word)
						continue
					}
					parts = append(parts, p.Word+mark)
				}
				if way := strings.Join(parts, " "); len(parts) > 1 {
					ways = append(ways, `"`+way+`"`)
				} else {
					ways = append(ways, way)
				}
			}
			units = append(units, strings.Join(ways, "/"))
		}
		clause := strings.Join(units, " | ")
		if c.Not {
			clause = "!" + clause
		}
		clauses = append(clauses, clause)
	}
	return strings.Join(clauses, " & ")
}

func FuzzFoldingTwiceIsFoldingOnce(f *testing.F) {
	for _, s := range []string{"Élan ﬁn ½ Ⅷ", "إلى ١٢٣ مُحَمَّـد", "難民営 と ｶﾞ", "ภาษา हिन्दी", "a.b.c e\u0301 İ ẞ ß", "\u0344 \u0958 \u1fbc ǅ ﷺ", "K Å µ ϓ ẛ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Reader{}
		r.Word = func(w []byte, _ int) {
			word := string(w)
			if !utf8.ValidString(word) || word == "" || len(word) > maxWord {
				t.Fatalf("%q has the word %q", s, word)
			}
			var again []string
			inner := Reader{Word: func(w []byte, _ int) { again = append(again, string(w)) }}
			inner.Plain(word)
			// Two characters of a script without spaces are one word and the begin of the next.
			if len(again) == 2 && strings.HasSuffix(word, again[1]) {
				again = again[:1]
			}
			if !slices.Equal(again, []string{word}) {
				t.Fatalf("%q has the word %q, which has %q", s, word, again)
			}
		}
		r.Plain(s)
		r.HTML(s)
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`a "b c" -d OR e f* COVID-19`, `-"x" OR "y`, "難民営 l'accord", "«»“”"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil {
			return
		}
		plain := q.String()
		again, err := Parse(plain)
		if err != nil || shown(again) != shown(q) || again.String() != plain {
			t.Fatalf("%q is read as %s; its plain form %q as %s (%v)", s, shown(q), plain, shown(again), err)
		}
		for _, c := range q.Clauses {
			for _, u := range c.Any {
				for _, w := range u.Ways {
					for _, p := range w {
						term := AppendTerm(nil, []byte(p.Word), "en")
						pattern := p.Pattern([]string{"en", "ar", "ru"})
						if !slices.ContainsFunc(pattern.Starts, func(s string) bool { return strings.HasPrefix(string(term), s) }) || !pattern.Match(term) {
							t.Fatalf("%q: the part %+v does not find itself", s, p)
						}
					}
				}
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	paragraph := "<p>The High Commissioner said on Monday that <b>3,200 people</b> had reached the camps near the border, where aid agencies are short of water &amp; shelter.</p>\n"
	for name, text := range map[string]string{
		"en": strings.Repeat(paragraph, 21),
		"ar": strings.Repeat("<p>قالت المفوضية السامية يوم الاثنين إن آلاف الأشخاص وصلوا إلى المخيمات القريبة من الحدود</p>\n", 21),
		"zh": strings.Repeat("<p>联合国难民署周一表示，数千人抵达边境附近的难民营，那里缺乏饮用水和住所。</p>\n", 30),
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			r := Reader{Word: func([]byte, int) { n++ }}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				n = 0
				r.Reset()
				r.Article("A title", "", text)
			}
			b.ReportMetric(float64(n), "words")
		})
	}
}

func ExampleParse() {
	q, err := Parse(`border  «family reunification» -detention floods OR storms`)
	fmt.Println(q, err)
	// Output: border "family reunification" -detention floods OR storms <nil>
}

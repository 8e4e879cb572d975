package pivot

import (
	"bytes"
	"slices"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Éclairage": "eclairage", "ŒUVRE": "oeuvre", "Straße": "strasse", "København": "kobenhavn", "Łódź": "lodz", "İzmir": "izmir", "Þór": "thor",
		"Việt": "viet", "e\u0301te\u0301": "ete", "ÑANDÚ": "nandu", "Şırnak": "sirnak", "ǅ": "dz",
		"Всё": "все", "ЁЛКА": "елка", "Київ": "київ", "Αθήνα": "αθηνα", "Λόγος": "λογοσ",
		"مُحَمَّد": "محمد", "الأمـــم": "الامم", "إلى": "الي", "منظمة": "منظمه", "مسؤول": "مسوول", "کابل": "كابل", "٢٠٢٤": "2024", "۱۹۹۹": "1999",
		"日本": "日本", "a\xffb": "ab", "": "",
	} {
		if got := string(Fold(nil, []byte(in))); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if got := string(Fold([]byte("x"), []byte("É"))); got != "xe" {
		t.Errorf("Fold appends: got %q, want xe", got)
	}
}

// means reports whether a word may mean what an English word means.
func means(language, w, english string) bool {
	want := Senses(nil, "en", Fold(nil, []byte(english)))
	for _, s := range Senses(nil, language, Fold(nil, []byte(w))) {
		if len(want) == 1 && s.Concept == want[0].Concept {
			return true
		}
	}
	return false
}

func TestSensesLeadToEnglish(t *testing.T) {
	for _, c := range []struct{ language, word, english string }{
		{"fr", "eau", "water"}, {"fr", "santé", "health"}, {"fr", "enfants", "children"}, {"fr", "International", "international"},
		{"es", "agua", "water"}, {"es", "salud", "health"}, {"es", "niños", "children"}, {"es-419", "guerra", "war"},
		{"pt", "água", "water"}, {"pt", "saúde", "health"}, {"pt-BR", "crianças", "children"},
		{"ar", "الصحة", "health"}, {"ar", "والمياه", "water"}, {"ar", "أطفال", "children"}, {"ar", "النازحين", "displaced"}, {"ru", "беженцев", "refugees"},
		{"ru", "воды", "water"}, {"ru", "Здоровье", "health"}, {"ru", "дети", "children"}, {"de", "Wasser", "water"}, {"de", "Gesundheit", "health"},
		{"de", "Kinder", "children"}, {"it", "acqua", "water"}, {"it", "salute", "health"}, {"it", "bambini", "children"},
		{"", "Wagner", "Wagner"}, {"sw", "Nairobi", "nairobi"}, {"fr", "2024", "2024"}, {"ar", "٢٠٢٤", "2024"},
	} {
		if !means(c.language, c.word, c.english) {
			t.Errorf("%s %q does not mean %q: %v", c.language, c.word, c.english, Senses(nil, c.language, Fold(nil, []byte(c.word))))
		}
	}
}

func TestSensesOfWhatMeansNothing(t *testing.T) {
	for _, c := range []struct{ language, word string }{
		{"en", "the"}, {"fr", "des"}, {"es", "los"}, {"pt", "não"}, {"ar", "في"}, {"ru", "который"}, {"de", "und"}, {"it", "della"},
		{"ar", "ضظذغخ"}, {"ru", "щщъьы"}, {"zh", "水"}, {"", "вода"}, {"en", ""},
	} {
		if got := Senses(nil, c.language, Fold(nil, []byte(c.word))); len(got) > 0 {
			t.Errorf("%s %q means %v, want nothing", c.language, c.word, got)
		}
	}
}

func TestFunctionIsOfItsLanguage(t *testing.T) {
	if !Function("fr-CA", []byte("dans")) || Function("en", []byte("dans")) || Function("", []byte("the")) || Function("xx", []byte("the")) {
		t.Error("a function word is one in its language only")
	}
}

func TestInflectionsMeanTheSame(t *testing.T) {
	for language, forms := range map[string][]string{
		"en": {"water", "waters"}, "fr": {"ministre", "ministres"}, "es": {"niño", "niña", "niños"}, "pt": {"escola", "escolas"},
		"ar": {"المنظمة", "منظمة", "والمنظمات"}, "ru": {"больница", "больницы", "больницей", "больниц"}, "it": {"governo", "governi"},
	} {
		want := Senses(nil, language, Fold(nil, []byte(forms[0])))
		for _, f := range forms[1:] {
			if got := Senses(nil, language, Fold(nil, []byte(f))); len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%s: %s means %v, %s means %v", language, forms[0], want, f, got)
			}
		}
	}
}

func TestLexiconsAreSmall(t *testing.T) {
	const limit = 2 << 20
	for language, load := range lexicons {
		if n := load().table.Bytes(); n > limit {
			t.Errorf("the lexicon of %s takes %d bytes, want at most %d", language, n, limit)
		} else {
			t.Logf("%s: %d bytes", language, n)
		}
	}
}

func TestSkeletonSurvivesTransliteration(t *testing.T) {
	for _, names := range [][]string{
		{"Mohammed", "Muhammad", "Мухаммед", "محمد", "Mohamed", "Мухаммедом"},
		{"Gaddafi", "Qaddafi", "Каддафи", "القذافي"},
		{"Khartoum", "Хартум", "الخرطوم"},
		{"Baghdad", "Багдад", "بغداد"},
		{"Putin", "Путин", "بوتين", "Poutine"},
		{"Kabul", "Кабул", "كابول", "کابل", "Kaboul"},
		{"Damascus", "Дамаскус"},
		{"Benghazi", "Бенгази", "بنغازي"},
		{"Djibouti", "Джибути", "جيبوتي"},
		{"Guterres", "Гутерреш", "غوتيريش"},
		{"Mossoul", "Mosul", "Мосул", "الموصل"},
		{"Ankara", "Анкара", "انقره"},
		{"Nigeria", "Нигерия", "نيجيريا"},
		{"Argentina", "Аргентина", "الأرجنتين"},
	} {
		want, ok := Skeleton(Fold(nil, []byte(names[0])))
		for _, n := range names {
			if got, has := Skeleton(Fold(nil, []byte(n))); got != want || !has || !ok {
				t.Errorf("skeletons of %s and %s differ: %x %v, %x %v", names[0], n, want, ok, got, has)
			}
		}
	}
}

func TestSkeletonWantsThreeConsonants(t *testing.T) {
	for _, n := range []string{"", "oui", "Aoun", "Kiev", "عون", "日本語", "123", "на"} {
		if got, ok := Skeleton(Fold(nil, []byte(n))); ok {
			t.Errorf("Skeleton(%q) = %x, want none", n, got)
		}
	}
}

func TestFingerprintIsOfTablesAndReading(t *testing.T) {
	// When this fails, words are read in another way than before: give the new
	// value. What was stored under the old one has to be computed anew.
	const want uint64 = 0x87cedcdba7142de9
	if got := Fingerprint(); got != want {
		t.Errorf("Fingerprint() = %#x, want %#x", got, want)
	}
}

func FuzzWord(f *testing.F) {
	for _, s := range []string{"Éclairage", "Straße", "القذافي", "وبالعمليات", "Мухаммедом", "日本", "\xff\xc3", "ǅ", "Ⱥ", "K", "2024", "ΐ", "ﬁ"} {
		f.Add("fr", []byte(s))
		f.Add("ar", []byte(s))
	}
	f.Fuzz(func(t *testing.T, language string, w []byte) {
		once := Fold(nil, w)
		if twice := Fold(nil, once); !bytes.Equal(once, twice) {
			t.Errorf("Fold(%q) = %q, but folded again %q", w, once, twice)
		}
		if !utf8.Valid(once) {
			t.Errorf("Fold(%q) = %q is no UTF-8", w, once)
		}
		for _, in := range [][]byte{w, once} { // a caller may forget to fold
			senses := Senses(nil, language, in)
			if len(senses) > 3 {
				t.Errorf("%q has %d senses", in, len(senses))
			}
			for i, s := range senses {
				if s.P <= 0 || s.P > 1 || i > 0 && s.P > senses[i-1].P {
					t.Errorf("senses of %q are out of order: %v", in, senses)
				}
			}
			if Function(language, in) && len(senses) > 0 {
				t.Errorf("function word %q means %v", in, senses)
			}
			Skeleton(in)
		}
	})
}

var corpus = map[string]string{
	"en": "The ministers of the region met on Tuesday in Nairobi and agreed to send more doctors and medicines to the islands before the rainy season begins",
	"fr": "Les ministres de la région se sont réunis mardi à Nairobi et ont convenu d envoyer davantage de médecins et de médicaments dans les îles avant la saison des pluies",
	"ar": "اجتمع وزراء المنطقة يوم الثلاثاء في نيروبي واتفقوا على إرسال المزيد من الأطباء والأدوية إلى الجزر قبل بدء موسم الأمطار",
	"ru": "Министры региона встретились во вторник в Найроби и договорились отправить на острова больше врачей и лекарств до начала сезона дождей",
}

func BenchmarkWord(b *testing.B) {
	for _, language := range []string{"en", "fr", "ar", "ru"} {
		b.Run(language, func(b *testing.B) {
			raw := bytes.Fields([]byte(corpus[language]))
			var senses []Sense
			var folded []byte
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				for _, w := range raw {
					folded = Fold(folded[:0], w)
					senses = Senses(senses[:0], language, folded)
					Skeleton(folded)
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "words/s")
		})
	}
}

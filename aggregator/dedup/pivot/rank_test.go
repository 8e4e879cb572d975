package pivot

import (
	"bufio"
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"communique/internal/testkit"
)

// split gives the words of a text, folded.
func split(text string) [][]byte {
	var out [][]byte
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	}) {
		if f := Fold(nil, []byte(w)); len(f) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// bag gives how often a text says each concept.
func bag(language, text string) map[Concept]float64 {
	b := map[Concept]float64{}
	var senses []Sense
	for _, w := range split(text) {
		senses = Senses(senses[:0], language, w)
		for _, s := range senses {
			b[s.Concept] += float64(s.P)
		}
	}
	return b
}

// weigh gives each bag as a vector of length 1, weighed by how few of all bags
// have a concept.
func weigh(bags []map[Concept]float64) []map[Concept]float64 {
	df := map[Concept]float64{}
	for _, b := range bags {
		for c := range b {
			df[c]++
		}
	}
	out := make([]map[Concept]float64, len(bags))
	for i, b := range bags {
		v := map[Concept]float64{}
		sum := 0.0
		for c, n := range b {
			w := math.Log1p(n) * math.Log(float64(len(bags)+1)/df[c])
			v[c] = w
			sum += w * w
		}
		for c := range v {
			v[c] /= math.Sqrt(sum)
		}
		out[i] = v
	}
	return out
}

func dot(a, b map[Concept]float64) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	sum := 0.0
	for c, w := range a {
		sum += w * b[c]
	}
	return sum
}

// matched compares texts that are each other's translation, row by row, all
// with all: how many find their own first, and the best F1 that one threshold
// over all pairs gives.
func matched(left, right []map[Concept]float64) (first, f1 float64) {
	type scored struct {
		score float64
		same  bool
	}
	weighed := weigh(append(slices.Clone(left), right...))
	left, right = weighed[:len(left)], weighed[len(left):]
	var all []scored
	hits := 0
	for i, l := range left {
		best, at := -1.0, -1
		for j, r := range right {
			s := dot(l, r)
			all = append(all, scored{s, i == j})
			if s > best {
				best, at = s, j
			}
		}
		if at == i {
			hits++
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	found := 0.0
	for n, s := range all {
		if s.same {
			found++
		}
		f1 = max(f1, 2*found/(float64(n+1)+float64(len(left))))
	}
	return float64(hits) / float64(len(left)), f1
}

type row struct{ Lang, Title, Text, Set, Kind, Group, Form string }

// translations gives the texts of each set by group and language.
func translations(t *testing.T) map[string]map[string]map[string]row {
	f, err := os.Open(testkit.Shared(t, "eval/stream_dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]map[string]map[string]row{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Set == "reliefweb" || r.Kind != "base" && r.Kind != "translation" || r.Form != "full" {
			continue
		}
		if out[r.Set] == nil {
			out[r.Set] = map[string]map[string]row{}
		}
		if out[r.Set][r.Group] == nil {
			out[r.Set][r.Group] = map[string]row{}
		}
		if _, have := out[r.Set][r.Group][r.Lang]; !have {
			out[r.Set][r.Group][r.Lang] = r
		}
	}
	return out
}

func first(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func TestTranslationsFindEachOther(t *testing.T) {
	sets := translations(t)
	languages := []string{"en", "fr", "es", "pt", "ar"}
	for _, form := range []struct {
		name        string
		of          func(row) string
		leastFirst  float64 // means over sets and pairs of languages
		leastF1     float64
		leastArabic float64
	}{
		{"full", func(r row) string { return r.Title + "\n" + r.Text }, .995, .965, .93},
		{"160 characters", func(r row) string { return r.Title + "\n" + first(r.Text, 160) }, .96, .88, .85},
		{"title", func(r row) string { return r.Title }, .88, .80, .79},
	} {
		var firsts, f1s, arabic []float64
		for _, set := range []string{"newstest2011", "ntrex", "debian", "ruby"} {
			for i, a := range languages {
				for _, b := range languages[i+1:] {
					var left, right []map[Concept]float64
					for _, g := range slices.Sorted(maps.Keys(sets[set])) {
						if l, r := sets[set][g][a], sets[set][g][b]; l.Text != "" && r.Text != "" {
							left = append(left, bag(a, form.of(l)))
							right = append(right, bag(b, form.of(r)))
						}
					}
					if len(left) < 10 {
						continue
					}
					first, f1 := matched(left, right)
					t.Logf("%s, %s, %s-%s (%d): first %.3f, F1 %.3f", form.name, set, a, b, len(left), first, f1)
					firsts = append(firsts, first)
					f1s = append(f1s, f1)
					if b == "ar" {
						arabic = append(arabic, f1)
					}
				}
			}
		}
		t.Logf("%s: means: first %.4f, F1 %.4f, of Arabic %.4f", form.name, mean(firsts), mean(f1s), mean(arabic))
		if mean(firsts) < form.leastFirst || mean(f1s) < form.leastF1 || mean(arabic) < form.leastArabic {
			t.Errorf("%s: first %.4f, F1 %.4f, of Arabic %.4f; want at least %v, %v, %v",
				form.name, mean(firsts), mean(f1s), mean(arabic), form.leastFirst, form.leastF1, form.leastArabic)
		}
	}
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

// What a test says in English, Russian, German and Italian; none of it is in
// what the lexicons were learned from.
var sayings = [][4]string{
	{"Floods drove thousands of families from their homes in the south of the country.",
		"Наводнения вынудили тысячи семей покинуть свои дома на юге страны.",
		"Überschwemmungen vertrieben Tausende Familien im Süden des Landes aus ihren Häusern.",
		"Le alluvioni hanno costretto migliaia di famiglie a lasciare le proprie case nel sud del paese."},
	{"The agency handed out blankets, food and clean water to refugees at the border.",
		"Агентство раздало беженцам на границе одеяла, продовольствие и чистую воду.",
		"Die Agentur verteilte an der Grenze Decken, Lebensmittel und sauberes Wasser an Flüchtlinge.",
		"L'agenzia ha distribuito coperte, cibo e acqua pulita ai rifugiati alla frontiera."},
	{"Two hundred migrants were rescued at sea when their boat sank at night.",
		"Двести мигрантов были спасены в море, когда ночью затонула их лодка.",
		"Zweihundert Migranten wurden auf See gerettet, als ihr Boot in der Nacht sank.",
		"Duecento migranti sono stati salvati in mare quando la loro barca è affondata di notte."},
	{"The minister of health opened a new hospital for children in the capital.",
		"Министр здравоохранения открыл в столице новую детскую больницу.",
		"Der Gesundheitsminister eröffnete in der Hauptstadt ein neues Krankenhaus für Kinder.",
		"Il ministro della salute ha inaugurato nella capitale un nuovo ospedale per bambini."},
	{"Police arrested four people who sold women and girls into forced labour.",
		"Полиция арестовала четырёх человек, которые продавали женщин и девочек на принудительные работы.",
		"Die Polizei nahm vier Personen fest, die Frauen und Mädchen in Zwangsarbeit verkauften.",
		"La polizia ha arrestato quattro persone che vendevano donne e ragazze per il lavoro forzato."},
	{"Teachers and students came back to school after the war.",
		"Учителя и ученики вернулись в школу после войны.",
		"Lehrer und Schüler kehrten nach dem Krieg in die Schule zurück.",
		"Insegnanti e studenti sono tornati a scuola dopo la guerra."},
	{"The council voted for a resolution on peace and human rights.",
		"Совет проголосовал за резолюцию о мире и правах человека.",
		"Der Rat stimmte für eine Resolution über Frieden und Menschenrechte.",
		"Il consiglio ha votato una risoluzione sulla pace e i diritti umani."},
	{"Farmers lost their animals because it had not rained for three years.",
		"Фермеры потеряли своих животных, потому что три года не было дождя.",
		"Bauern verloren ihre Tiere, weil es drei Jahre lang nicht geregnet hatte.",
		"I contadini hanno perso i loro animali perché non pioveva da tre anni."},
	{"An earthquake destroyed roads and bridges in the mountains.",
		"Землетрясение разрушило дороги и мосты в горах.",
		"Ein Erdbeben zerstörte Straßen und Brücken in den Bergen.",
		"Un terremoto ha distrutto strade e ponti in montagna."},
	{"The government asked for help against the disease, which spreads quickly.",
		"Правительство попросило о помощи в борьбе с болезнью, которая быстро распространяется.",
		"Die Regierung bat um Hilfe gegen die Krankheit, die sich schnell ausbreitet.",
		"Il governo ha chiesto aiuto contro la malattia, che si diffonde rapidamente."},
	{"Doctors vaccinate children in the villages along the river.",
		"Врачи делают прививки детям в деревнях вдоль реки.",
		"Ärzte impfen Kinder in den Dörfern am Fluss.",
		"I medici vaccinano i bambini nei villaggi lungo il fiume."},
	{"The director general thanked the donors for the money.",
		"Генеральный директор поблагодарил доноров за деньги.",
		"Der Generaldirektor dankte den Spendern für das Geld.",
		"Il direttore generale ha ringraziato i donatori per il denaro."},
}

func TestSentencesFindEachOther(t *testing.T) {
	for i, language := range []string{"ru", "de", "it"} {
		var left, right []map[Concept]float64
		for _, s := range sayings {
			left = append(left, bag("en", s[0]))
			right = append(right, bag(language, s[i+1]))
		}
		first, f1 := matched(left, right)
		t.Logf("%s: first %.3f, F1 %.3f", language, first, f1)
		if first < .9 || f1 < .8 {
			t.Errorf("%s: first %.3f, F1 %.3f; want at least .9 and .8", language, first, f1)
		}
	}
}

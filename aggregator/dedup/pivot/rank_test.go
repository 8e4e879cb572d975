package pivot

import (
	"bufio"
	"encoding/json"
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
			w := (math.Log1p(n)) * math.Log(float64(len(bags)+1)/df[c])
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

var forms = []struct {
	name string
	of   func(row) string
}{
	{"full", func(r row) string { return r.Title + "\n" + r.Text }},
	{"160", func(r row) string { return r.Title + "\n" + first(r.Text, 160) }},
	{"title", func(r row) string { return r.Title }},
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
	for _, form := range forms {
		sum, sumFirst, cells := 0.0, 0.0, 0.0
		for _, set := range []string{"newstest2011", "ntrex", "debian", "ruby"} {
			languages := []string{"en", "fr", "es", "pt", "ar"}
			for i, a := range languages {
				for _, b := range languages[i+1:] {
					var left, right []map[Concept]float64
					var groups []string
					for g, texts := range sets[set] {
						if texts[a].Text != "" && texts[b].Text != "" {
							groups = append(groups, g)
						}
					}
					slices.Sort(groups)
					for _, g := range groups {
						left = append(left, bag(a, form.of(sets[set][g][a])))
						right = append(right, bag(b, form.of(sets[set][g][b])))
					}
					if len(left) < 10 {
						continue
					}
					first, f1 := matched(left, right)
					t.Logf("%-5s %-12s %s-%s %3d: first %.3f, F1 %.3f", form.name, set, a, b, len(left), first, f1)
					sum += f1
					sumFirst += first
					cells++
				}
			}
		}
		t.Logf("%-5s mean first %.4f F1 %.4f", form.name, sumFirst/cells, sum/cells)
	}
}

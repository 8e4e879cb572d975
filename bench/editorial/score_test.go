package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"communique/internal/testkit"
)

// near4 reports whether two figures are equal to 4 digits.
func near4(a, b float64) bool { return math.Abs(a-b) < 0.00005 }

func (p prf) want(t *testing.T, name string, wp, wr, wf float64) {
	t.Helper()
	if !near4(p.P, wp) || !near4(p.R, wr) || !near4(p.F1, wf) {
		t.Errorf("%s: P %.4f R %.4f F1 %.4f, want %.4f %.4f %.4f", name, p.P, p.R, p.F1, wp, wr, wf)
	}
}

func tiny(t *testing.T) *outcome {
	t.Helper()
	rows, err := readGold("testdata/tiny.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := readRecords[verdict]("testdata/tiny-predicted.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return newOutcome(rows, verdicts)
}

// The figures wanted are what the reference scorer gives for these two files:
// ambiguous pairs, an id without a prediction, one whose cluster is null, rows
// without a group or a language.
func TestGroupsAreScoredAsTheReferenceDoes(t *testing.T) {
	o := tiny(t)
	g := scoreGroups(o.rows, o.statement, o.unclear)
	g.All.want(t, "all", .5714, .4444, .5)
	g.Same.want(t, "same language", .5, 1, .6667)
	g.Cross.want(t, "across", .6, .375, .4615)
	g.All.B3.want(t, "B-cubed", .7727, .6818, .7244)
	for _, x := range []struct {
		name      string
		got, want float64
	}{{"all", g.All.ARI, .4164}, {"same", g.Same.ARI, .6207}, {"cross", g.Cross.ARI, .3740}} {
		if !near4(x.got, x.want) {
			t.Errorf("ARI %s: %.4f, want %.4f", x.name, x.got, x.want)
		}
	}
	if g.All.TP != 4 || g.All.FP != 3 || g.All.FN != 5 {
		t.Errorf("pairs right %d, false %d, missed %d; want 4 3 5", g.All.TP, g.All.FP, g.All.FN)
	}
	if g.Rows != 11 || g.Groups != 5 || g.Statements != 6 {
		t.Errorf("%d rows, %d groups, %d statements; want 11 5 6", g.Rows, g.Groups, g.Statements)
	}
}

func TestTagsAreScoredAsTheReferenceDoes(t *testing.T) {
	f := tiny(t).figuresOf(tiny(t).rows)
	for _, x := range []struct {
		field string
		rows  int
		micro [3]float64
		macro [3]float64
		exact float64
	}{
		{"countries", 5, [3]float64{.6, .6, .6}, [3]float64{.625, .625, .625}, .2},
		{"topics", 2, [3]float64{.5, .5, .5}, [3]float64{1, .5, .6667}, 0},
		{"topics_rw", 1, [3]float64{.5, 1, .6667}, [3]float64{1, 1, 1}, 0},
	} {
		got := f.Tags[x.field]
		got.Micro.want(t, x.field+" micro", x.micro[0], x.micro[1], x.micro[2])
		got.Macro.want(t, x.field+" macro", x.macro[0], x.macro[1], x.macro[2])
		if got.Rows != x.rows || !near4(got.Exact, x.exact) {
			t.Errorf("%s: %d rows, exact %.4f; want %d, %.4f", x.field, got.Rows, got.Exact, x.rows, x.exact)
		}
	}
	if _, labelled := f.Tags["regions"]; labelled {
		t.Error("regions are scored, but no row is labelled with them")
	}
}

// byHand computes the scores anew, pair by pair, in no way that the scorer does.
func byHand(rows []row, statement map[string]string, kind func(a, b string) bool) (tp, fp, fn, all int, b3 prf) {
	unclear := func(a, b *row) bool { return slices.Contains(a.Ambiguous, b.ID) || slices.Contains(b.Ambiguous, a.ID) }
	joined := func(a, b *row) bool {
		s, ok := statement[a.ID]
		z, too := statement[b.ID]
		return ok && too && s == z
	}
	var p, r float64
	for i := range rows {
		a := &rows[i]
		mine, want, both := 1, 1, 1
		for j := range rows {
			b := &rows[j]
			if i == j || !kind(a.Lang, b.Lang) {
				continue
			}
			gold, got := *a.Group == *b.Group, joined(a, b)
			for k, yes := range map[*int]bool{&mine: got, &want: gold, &both: got && gold} {
				if yes {
					*k++
				}
			}
			if i < j {
				all++
				switch {
				case gold && got:
					tp++
				case gold:
					fn++
				case got && !unclear(a, b):
					fp++
				}
			}
		}
		p += float64(both) / float64(mine)
		r += float64(both) / float64(want)
	}
	p, r = p/float64(len(rows)), r/float64(len(rows))
	return tp, fp, fn, all, prf{p, r, 2 * p * r / (p + r)}
}

func TestGroupsAgreeWithACountPairByPair(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for round := range 40 {
		var rows []row
		statement := map[string]string{}
		for i := range 5 + rng.IntN(30) {
			group := fmt.Sprint("g", rng.IntN(6))
			r := row{ID: fmt.Sprint(i), Lang: []string{"en", "fr", "ar"}[rng.IntN(3)], Group: &group}
			for range rng.IntN(3) {
				r.Ambiguous = append(r.Ambiguous, fmt.Sprint(rng.IntN(40)))
			}
			if rng.IntN(8) > 0 {
				statement[r.ID] = fmt.Sprint("s", rng.IntN(6))
			}
			rows = append(rows, r)
		}
		g := scoreGroups(rows, statement, ambiguous(rows))
		for _, x := range []struct {
			name string
			got  grouping
			kind func(a, b string) bool
		}{
			{"all", g.All, func(a, b string) bool { return true }},
			{"same", g.Same, func(a, b string) bool { return a == b }},
			{"cross", g.Cross, func(a, b string) bool { return a != b }},
		} {
			tp, fp, fn, all, b3 := byHand(rows, statement, x.kind)
			if x.got.TP != tp || x.got.FP != fp || x.got.FN != fn {
				t.Fatalf("round %d, %s: %d right, %d false, %d missed; want %d %d %d", round, x.name, x.got.TP, x.got.FP, x.got.FN, tp, fp, fn)
			}
			if tp > 0 {
				x.got.want(t, x.name, float64(tp)/float64(tp+fp), float64(tp)/float64(tp+fn), 2*float64(tp)/float64(2*tp+fp+fn))
			}
			x.got.B3.want(t, x.name+" B³", b3.P, b3.R, b3.F1)
			expected := float64(tp+fp) * float64(tp+fn) / float64(all)
			if want := (float64(tp) - expected) / (float64(2*tp+fp+fn)/2 - expected); !near4(x.got.ARI, want) && !math.IsNaN(want) {
				t.Errorf("round %d, %s: ARI %.4f, want %.4f", round, x.name, x.got.ARI, want)
			}
		}
	}
}

func TestRowsOfAPartAreScoredAmongAll(t *testing.T) {
	o := tiny(t)
	all := scoreGroups(o.rows, o.statement, o.unclear).All.B3
	side := sides(o.rows, o.statement)
	meanSide(o.rows, side).want(t, "all rows", all.P, all.R, all.F1)
	// a4 stands alone, without the other three of its group.
	meanSide(o.rows[3:4], side).want(t, "a4", 1, .25, .4)
	if got := meanSide(o.rows[10:11], side); o.rows[10].Group != nil || got != nil {
		t.Errorf("a row without a group scores %v", got)
	}
}

func TestAmbiguousPairsAreNeitherRightNorWrong(t *testing.T) {
	a, b := "one", "other"
	rows := []row{{ID: "1", Lang: "en", Group: &a, Ambiguous: []string{"2"}}, {ID: "2", Lang: "en", Group: &b}, {ID: "3", Lang: "en", Group: &b}}
	g := scoreGroups(rows, map[string]string{"1": "s", "2": "s", "3": "s"}, ambiguous(rows))
	if g.All.TP != 1 || g.All.FP != 1 { // 2 with 3 is right, 1 with 3 is false, 1 with 2 cannot be told
		t.Errorf("%d right and %d false, want 1 and 1", g.All.TP, g.All.FP)
	}
}

func TestNothingFoundWhereNothingIsToBeFound(t *testing.T) {
	ratios(0, 0, 0).want(t, "nothing", 1, 1, 1)
	ratios(0, 0, 3).want(t, "all missed", 0, 0, 0)
	ratios(0, 2, 0).want(t, "all false", 0, 1, 0)
}

func TestAgreementCountsPairs(t *testing.T) {
	for _, x := range []struct {
		a, b string
		want float64
	}{
		{"1 1 2 2", "a a b b", 1},
		{"1 2 3 4", "a b c d", 1},
		{"1 1 2 2", "a b c d", 0},
		{"1 1 1 2", "a a b b", 2 * 1. / (3 + 2)},
	} {
		if got := agreement(strings.Fields(x.a), strings.Fields(x.b)); !near4(got, x.want) {
			t.Errorf("%s and %s agree by %.4f, want %.4f", x.a, x.b, got, x.want)
		}
	}
}

func TestOnlyLongTextsTellTheLanguage(t *testing.T) {
	long := strings.Repeat("é", shortest)
	rows := []row{{ID: "1", Lang: "fr-CA", Text: long}, {ID: "2", Lang: "es", Text: long}, {ID: "3", Lang: "es", Text: long[2:]}, {ID: "4", Lang: "pt", Text: long}}
	d := scoreLanguage(rows, map[string]*verdict{"1": {Language: "fr"}, "2": {Language: "pt-BR"}, "3": {Language: "de"}})
	if d.Rows != 3 || d.Right != 1 || !maps.Equal(d.Wrong, map[string]int{"es as pt": 1, "pt as und": 1}) {
		t.Errorf("got %+v, want 1 of 3 right, es as pt and pt as und", d)
	}
}

func TestVerdictsArePutIntoTheLabelsWords(t *testing.T) {
	words := vocabularyOf(nil)
	for _, x := range []struct{ countries, regions, topics, wantRegions, wantTopics string }{
		{"", "americas,northern-america,sahel", "food-security,remittances", "North America", "food_security"},
		{"MX", "central-america", "", "North America", ""},
		{"MX,HN", "central-america", "", "North America,Central America", ""},
		{"CZ,MD,RO", "eastern-europe", "", "Central Europe,Southeast Europe,Eastern Europe", ""},
		{"", "eastern-europe", "", "Eastern Europe", ""},
		{"SS", "eastern-africa,africa", "", "Middle Africa", ""},
	} {
		cut := func(s string) []string {
			return slices.DeleteFunc(strings.Split(s, ","), func(s string) bool { return s == "" })
		}
		v := verdict{Countries: cut(x.countries), Regions: cut(x.regions), Topics: cut(x.topics)}
		words.translate(&v)
		if got := strings.Join(v.Regions, ","); got != x.wantRegions {
			t.Errorf("%s with %q: regions %q, want %q", x.regions, x.countries, got, x.wantRegions)
		}
		if got := strings.Join(v.Topics, ","); got != x.wantTopics {
			t.Errorf("%s: topics %q, want %q", x.topics, got, x.wantTopics)
		}
	}
}

// Whoever labels with our own slugs is judged by them.
func TestLabelsInOurWordsStay(t *testing.T) {
	regions, topics := []string{"sahel"}, []string{"remittances", "food-security"}
	words := vocabularyOf([]row{{Regions: &regions, Topics: &topics}})
	v := verdict{Regions: []string{"sahel", "horn-of-africa"}, Topics: []string{"food-security", "remittances", "data"}}
	words.translate(&v)
	if !slices.Equal(v.Regions, regions) || !slices.Equal(v.Topics, []string{"food-security", "remittances"}) {
		t.Errorf("got regions %q and topics %q", v.Regions, v.Topics)
	}
}

// TestRegionsOfCountriesAreThoseOfTheLabels holds the table of exceptions
// against the labels' own.
func TestRegionsOfCountriesAreThoseOfTheLabels(t *testing.T) {
	b, err := os.ReadFile(testkit.Shared(t, "eval/resources/iso2_m49.json"))
	if err != nil {
		t.Fatal(err)
	}
	var labels map[string][]string
	if err := json.Unmarshal(b, &labels); err != nil {
		t.Fatal(err)
	}
	for slug, countries := range staying {
		for _, c := range countries {
			if got := regionNames(slug, []string{c}); len(got) != 1 || got[0] != labels[c][1] {
				if labels[c][1] != "" {
					t.Errorf("%s in %s: %q, want %q", c, slug, got, labels[c][1])
				}
			}
		}
		for c := range elsewhere[slug] {
			if got := regionNames(slug, []string{c}); len(got) != 1 || got[0] != labels[c][1] {
				t.Errorf("%s in %s: %q, want %q", c, slug, got, labels[c][1])
			}
		}
	}
}

func TestGoldIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		`{"id":"1"}` + "\n\n" + `{"id":"1"}`: `:3: id "1" is that of`,
		`{"title":"x"}`:                      ":1: the row has no id",
		`[1]`:                                ":1: not a labelled row",
		``:                                   "no rows",
	} {
		name := t.TempDir() + "/gold.jsonl"
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := readGold(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

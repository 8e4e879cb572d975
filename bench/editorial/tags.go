package main

import (
	"maps"
	"slices"
	"strings"
)

// field is a kind of label with where it stands in a row and in a verdict.
type field struct {
	name   string
	scheme string // of the tags that explain it
	gold   func(*row) (labels, judged *[]string)
	got    func(*verdict) []string
}

// fields are in the order of the reference scorer.
var fields = []field{
	{"countries", "country", func(r *row) (a, b *[]string) { return r.Countries, r.CountriesJudged }, func(v *verdict) []string { return v.Countries }},
	{"regions", "region", func(r *row) (a, b *[]string) { return r.Regions, r.RegionsJudged }, func(v *verdict) []string { return v.Regions }},
	{"topics", "topic", func(r *row) (a, b *[]string) { return r.Topics, r.TopicsJudged }, func(v *verdict) []string { return v.Topics }},
	{"topics_rw", "topic", func(r *row) (a, b *[]string) { return r.Themes, r.ThemesJudged }, func(v *verdict) []string { return v.Topics }},
}

// compare gives the labels of a row that may be judged: wanted and got, each
// sorted and once; false when the row is not labelled.
func (f *field) compare(r *row, v *verdict) (want, got []string, ok bool) {
	labels, judged := f.gold(r)
	if labels == nil {
		return nil, nil, false
	}
	tidy := func(in []string) []string {
		var out []string
		for _, l := range in {
			if judged == nil || slices.Contains(*judged, l) {
				out = append(out, l)
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	if v != nil {
		got = tidy(f.got(v))
	}
	return tidy(*labels), got, true
}

// tagging scores a kind of label. Macro is the mean over the labels that occur.
type tagging struct {
	Rows  int              `json:"rows"`
	Micro prf              `json:"micro"`
	Macro prf              `json:"macro"`
	Exact float64          `json:"exact"` // share of rows without any mistake
	Per   map[string]label `json:"per"`
}

type label struct {
	prf
	N int `json:"n"` // rows that want it
}

// scoreTags compares the labels of rows with those of their verdicts, by id; a
// row without one got no labels. False when no row is labelled.
func scoreTags(f *field, rows []row, verdicts map[string]*verdict) (tagging, bool) {
	type count struct{ tp, fp, fn int }
	per := map[string]*count{}
	of := func(l string) *count {
		if per[l] == nil {
			per[l] = &count{}
		}
		return per[l]
	}
	out := tagging{Per: map[string]label{}}
	exact := 0
	for i := range rows {
		want, got, ok := f.compare(&rows[i], verdicts[rows[i].ID])
		if !ok {
			continue
		}
		out.Rows++
		if slices.Equal(want, got) {
			exact++
		}
		for _, l := range got {
			if slices.Contains(want, l) {
				of(l).tp++
			} else {
				of(l).fp++
			}
		}
		for _, l := range want {
			if !slices.Contains(got, l) {
				of(l).fn++
			}
		}
	}
	if out.Rows == 0 {
		return out, false
	}
	var sum count
	occur := 0
	for _, l := range slices.Sorted(maps.Keys(per)) {
		c := per[l]
		sum.tp, sum.fp, sum.fn = sum.tp+c.tp, sum.fp+c.fp, sum.fn+c.fn
		s := ratios(c.tp, c.fp, c.fn)
		out.Per[l] = label{s, c.tp + c.fn}
		if c.tp+c.fn > 0 {
			occur++
			out.Macro.P, out.Macro.R, out.Macro.F1 = out.Macro.P+s.P, out.Macro.R+s.R, out.Macro.F1+s.F1
		}
	}
	out.Micro = ratios(sum.tp, sum.fp, sum.fn)
	n := float64(max(1, occur))
	out.Macro = prf{out.Macro.P / n, out.Macro.R / n, out.Macro.F1 / n}
	out.Exact = float64(exact) / float64(out.Rows)
	return out, true
}

// shortest is how many characters a text must have for its language to be
// judged.
const shortest = 100

// detection scores the language that was found in texts of some length.
type detection struct {
	Rows  int            `json:"rows"`
	Right int            `json:"right"`
	Wrong map[string]int `json:"wrong"` // "pt as es": rows
}

func (d detection) share() float64 { return float64(d.Right) / float64(max(1, d.Rows)) }

// scoreLanguage judges no row when no verdict names a language: a ready
// prediction need not say any.
func scoreLanguage(rows []row, verdicts map[string]*verdict) detection {
	out := detection{Wrong: map[string]int{}}
	says := false
	for _, v := range verdicts {
		says = says || v.Language != ""
	}
	if !says {
		return out
	}
	for i := range rows {
		r := &rows[i]
		if !r.judgesLanguage() {
			continue
		}
		out.Rows++
		got := "und"
		if v := verdicts[r.ID]; v != nil {
			got = primary(v.Language)
		}
		if got == r.language() {
			out.Right++
		} else {
			out.Wrong[r.language()+" as "+got]++
		}
	}
	return out
}

func (r *row) judgesLanguage() bool {
	return r.Lang != "" && len([]rune(strings.TrimSpace(r.Text+r.HTML))) >= shortest
}

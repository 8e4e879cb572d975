package main

import (
	"cmp"
	"math"
	"slices"
	"unicode"

	"communique/aggregator/dedup/pivot/internal/word"
)

// A pair is a sentence in a language and in English, as stems; function words
// are kept for learning, as they bind what would else fall to their neighbours.
type pair struct{ source, target []int32 }

// A vocabulary numbers stems. A function word is numbered by itself.
type vocabulary struct {
	functions map[string]bool
	number    map[string]int32
	stems     []string
	function  []bool
	count     []int
}

func newVocabulary(language string) *vocabulary {
	return &vocabulary{functions: word.Functions(language), number: map[string]int32{}}
}

func (v *vocabulary) read(text string) []int32 {
	var out []int32
	for _, w := range words(text) {
		function := v.functions[w]
		stem := w
		if !function {
			stem = string(word.Stem([]byte(w)))
		}
		key := stem
		if function {
			key = "\x00" + stem
		}
		n, known := v.number[key]
		if !known {
			n = int32(len(v.stems))
			v.number[key] = n
			v.stems = append(v.stems, stem)
			v.function = append(v.function, function)
			v.count = append(v.count, 0)
		}
		v.count[n]++
		out = append(out, n)
	}
	return out
}

// words gives the folded words of a text.
func words(text string) []string {
	var out []string
	from := -1
	for i, r := range text + " " {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			if from < 0 {
				from = i
			}
		} else if from >= 0 {
			if w := string(word.Fold(nil, []byte(text[from:i]))); w != "" {
				out = append(out, w)
			}
			from = -1
		}
	}
	return out
}

// A model says how likely each stem of a target language is the translation of
// each stem of a source language. Row s is of source stem s-1; row 0 is of the
// word that stands for nothing.
type model struct {
	from   []int32 // where each row starts; one more for the end
	target []int32 // in order within a row
	p      []float64
}

// How learn goes about it: how often it counts anew, how much words are held to
// their place, and how much of each word is expected to stand for nothing.
const (
	rounds  = 12
	tension = 4
	unbound = .1
)

// learn makes a model from sentences: IBM model 1 (Brown et al. 1993) with
// favour for words that stand about as far along in both (Dyer et al. 2013).
func learn(pairs []pair, sources int) model {
	rows := make([][]int32, sources+1)
	seen := make([]int, sources+1)
	for _, p := range pairs {
		for _, s := range append([]int32{-1}, p.source...) {
			rows[s+1] = append(rows[s+1], p.target...)
			if len(rows[s+1]) > 2*seen[s+1]+64 {
				rows[s+1] = unique(rows[s+1])
				seen[s+1] = len(rows[s+1])
			}
		}
	}
	var m model
	for s := range rows {
		m.from = append(m.from, int32(len(m.target)))
		m.target = append(m.target, unique(rows[s])...)
		rows[s] = nil
	}
	m.from = append(m.from, int32(len(m.target)))
	m.p = make([]float64, len(m.target))
	for s := range rows {
		for i := m.from[s]; i < m.from[s+1]; i++ {
			m.p[i] = 1 / float64(m.from[s+1]-m.from[s])
		}
	}
	var at []int32 // of each sentence, each target word: the cell of nothing, then of each source word
	var near []float64
	for _, p := range pairs {
		for j, t := range p.target {
			at = append(at, m.cell(0, t))
			near = append(near, unbound)
			sum := 0.0
			first := len(near)
			for i, s := range p.source {
				at = append(at, m.cell(s+1, t))
				n := math.Exp(-tension * math.Abs((float64(i)+.5)/float64(len(p.source))-(float64(j)+.5)/float64(len(p.target))))
				near = append(near, n)
				sum += n
			}
			for k := first; k < len(near); k++ {
				near[k] *= (1 - unbound) / sum
			}
		}
	}
	for range rounds {
		counts := make([]float64, len(m.p))
		k := 0
		for _, p := range pairs {
			n := len(p.source) + 1
			for range p.target {
				cells, near := at[k:k+n], near[k:k+n]
				k += n
				sum := 0.0
				for i, c := range cells {
					sum += m.p[c] * near[i]
				}
				for i, c := range cells {
					counts[c] += m.p[c] * near[i] / sum
				}
			}
		}
		for s := range rows {
			total := 0.0
			for i := m.from[s]; i < m.from[s+1]; i++ {
				total += counts[i]
			}
			for i := m.from[s]; i < m.from[s+1]; i++ {
				m.p[i] = counts[i] / max(total, 1e-300)
			}
		}
	}
	return m
}

func (m model) cell(row, target int32) int32 {
	i, _ := slices.BinarySearch(m.target[m.from[row]:m.from[row+1]], target)
	return m.from[row] + int32(i)
}

func unique(numbers []int32) []int32 {
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// What is kept: senses at least this likely, of the commonest stems.
const (
	least = .1
	most  = 16000
)

// entries picks what is sure enough to be kept.
func entries(m model, foreign, english *vocabulary) []word.Entry {
	type counted struct {
		word.Entry
		count int
	}
	var found []counted
	for f := range foreign.stems {
		if foreign.function[f] {
			continue
		}
		type translation struct {
			english int32
			p       float64
		}
		var best []translation
		for i := m.from[f+1]; i < m.from[f+2]; i++ {
			if m.p[i] >= least {
				best = append(best, translation{m.target[i], m.p[i]})
			}
		}
		slices.SortFunc(best, func(a, b translation) int {
			return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.english, b.english))
		})
		e := word.Entry{Key: word.Key([]byte(foreign.stems[f]))}
		for _, t := range best[:min(len(best), word.Most)] {
			if !english.function[t.english] {
				e.Senses = append(e.Senses, word.Sense{Concept: word.Key([]byte(english.stems[t.english])), P: uint8(math.Round(255 * t.p))})
			}
		}
		cognate := len(e.Senses) == 1 && e.Senses[0].Concept == e.Key && word.IsLatin([]byte(foreign.stems[f]))
		if len(e.Senses) > 0 && !cognate { // which stands for itself anyway
			found = append(found, counted{e, foreign.count[f]})
		}
	}
	slices.SortStableFunc(found, func(a, b counted) int { return cmp.Compare(b.count, a.count) })
	var out []word.Entry
	for _, c := range found[:min(len(found), most)] {
		out = append(out, c.Entry)
	}
	return out
}

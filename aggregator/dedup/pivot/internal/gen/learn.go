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
type pair struct{ foreign, english []int32 }

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

// learn gives how likely each English stem is the translation of each foreign
// one: IBM model 1 (Brown et al. 1993), with a word that stands for nothing.
func learn(pairs []pair, foreign, english *vocabulary, rounds int) []map[int32]float64 {
	const nothing = 0 // shifted: foreign stem f is row f+1
	rows := make([]map[int32]float64, len(foreign.stems)+1)
	for i := range rows {
		rows[i] = map[int32]float64{}
	}
	for _, p := range pairs {
		for _, e := range p.english {
			rows[nothing][e] = 1
			for _, f := range p.foreign {
				rows[f+1][e] = 1
			}
		}
	}
	for _, row := range rows {
		for e := range row {
			row[e] = 1 / float64(len(row))
		}
	}
	for range rounds {
		counts := make([]map[int32]float64, len(rows))
		for i, row := range rows {
			counts[i] = make(map[int32]float64, len(row))
		}
		for _, p := range pairs {
			for _, e := range p.english {
				sum := rows[nothing][e]
				for _, f := range p.foreign {
					sum += rows[f+1][e]
				}
				counts[nothing][e] += rows[nothing][e] / sum
				for _, f := range p.foreign {
					counts[f+1][e] += rows[f+1][e] / sum
				}
			}
		}
		for i, row := range counts {
			total := 0.0
			for _, e := range sortedKeys(row) { // in order: sums must not depend on a map's
				total += row[e]
			}
			for e, c := range row {
				if c < 1e-6*total {
					delete(row, e)
				} else {
					row[e] = c / total
				}
			}
			_ = i
		}
		// What was dropped counts as nothing from now on.
		rows = counts
	}
	return rows[1:]
}

func sortedKeys(m map[int32]float64) []int32 {
	keys := make([]int32, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

type translation struct {
	english int32
	p       float64
}

// entries picks what is sure enough to be kept.
func entries(rows []map[int32]float64, foreign, english *vocabulary, least float64) []word.Entry {
	var out []word.Entry
	for f, row := range rows {
		if foreign.function[f] || foreign.count[f] < 1 {
			continue
		}
		var best []translation
		for e, p := range row {
			best = append(best, translation{e, p})
		}
		slices.SortFunc(best, func(a, b translation) int {
			return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.english, b.english))
		})
		entry := word.Entry{Key: word.Key([]byte(foreign.stems[f]))}
		for _, t := range best {
			if t.p < least || len(entry.Senses) == word.Most {
				break
			}
			if !english.function[t.english] {
				entry.Senses = append(entry.Senses, word.Sense{Concept: word.Key([]byte(english.stems[t.english])), P: uint8(math.Round(255 * t.p))})
			}
		}
		if len(entry.Senses) == 1 && entry.Senses[0].Concept == entry.Key && word.IsLatin([]byte(foreign.stems[f])) {
			continue // a cognate stands for itself
		}
		if len(entry.Senses) > 0 {
			out = append(out, entry)
		}
	}
	return out
}

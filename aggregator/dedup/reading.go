package dedup

import (
	"slices"

	"communique/aggregator/dedup/pivot"
	"communique/feeds"
	"communique/internal/fnv1a"
)

// reading is a text taken apart, to be compared with others.
type reading struct {
	language string // primary subtag
	title    string
	body     string
	tokens   []token // of the title, then of the body
	titled   int     // tokens of the title
	shingles []uint32
	vector   []concept // sorted
	keywords []concept // of them, those that it is found by
	spelled  int       // tokens that are neither numbers nor Chinese
	small    int       // of them, words that mean nothing by themselves

	// Made when first asked for.
	sorted  []uint32 // shingles, each once
	slotted *slots
	headed  []titleWord
}

// shingled is how many words a shingle has. Five tell texts apart better than
// four where texts are templates (Broder 1997; measured on the labelled stream).
const shingled = 5

// ledeTokens is how far the beginning of a text goes: what excerpts and
// teasers are made of.
const ledeTokens = 120

// text gives the source that a token stands in.
func (r *reading) text(i int) string {
	t := r.tokens[i]
	if i < r.titled {
		return r.title[t.start:t.end]
	}
	return r.body[t.start:t.end]
}

// words gives the text from one token to another, both included, for people.
func (r *reading) words(from, to int) string {
	if from < r.titled && to >= r.titled {
		return r.words(from, r.titled-1) + " " + r.words(r.titled, to)
	}
	s := r.body
	if from < r.titled {
		s = r.title
	}
	return s[r.tokens[from].start:r.tokens[to].end]
}

// size is the number of tokens.
func (r *reading) size() int { return len(r.tokens) }

// distinct gives the sorted set of a reading's shingles.
func (r *reading) distinct() []uint32 {
	if r.sorted == nil {
		r.sorted = slices.Compact(sortShingles(r.shingles))
	}
	return r.sorted
}

// sortShingles gives them in order: by counting, nine bits at a time, from the
// lowest.
func sortShingles(v []uint32) []uint32 {
	out := make([]uint32, len(v))
	if len(v) < 200 {
		copy(out, v)
		slices.Sort(out)
		return out
	}
	const radix = 1 << 9
	var counts [3][radix]uint32
	for _, h := range v {
		counts[0][h%radix]++
		counts[1][h>>9%radix]++
		counts[2][h>>18%radix]++
	}
	between := make([]uint32, len(v))
	for k, step := range [...]struct{ from, to []uint32 }{{v, out}, {out, between}, {between, out}} {
		at := uint32(0)
		for d, n := range counts[k] {
			counts[k][d] = at
			at += n
		}
		for _, h := range step.from {
			n := &counts[k][h>>(9*k)%radix]
			step.to[*n] = h
			*n++
		}
	}
	return out
}

// desk is what readings are made on: it holds the buffers.
type desk struct {
	reader
	gather   gather
	senses   []pivot.Sense
	meanings []meaning
	lexicon  pivot.Lexicon // of the text's language
	tongue   uint64        // a hash of that language
}

// draft takes a draft apart, with all that it is to be found by.
func (k *desk) draft(d *feeds.Draft, weigh func(uint32) float32) *reading {
	k.gather.reset()
	k.things(d)
	r := k.read(d.Language, &d.Text, true)
	if r.wordy() {
		r.vector, r.keywords = k.gather.vector(weigh)
	}
	return r
}

// leastWord is how long words are on average, in letters, at least: Samoan's and
// Vietnamese's have over three. What is below is no text but letters or codes,
// which in every language stand for themselves and so are alike in all.
const leastWord = 2.5

// wordy reports whether a text consists of words.
func (r *reading) wordy() bool {
	words, letters := 0, 0 // of the beginning
	for i, t := range r.tokens[:min(len(r.tokens), 300)] {
		if t.flags&(isNumber|isHan) != 0 {
			continue
		}
		words++
		for _, c := range r.text(i) {
			if letters++; c >= 0x800 { // a syllable, as Korean has them
				letters++
			}
		}
	}
	return words == 0 || float32(letters) >= leastWord*float32(words)
}

// read takes a text apart, for its words alone or for its concepts too.
func (k *desk) read(language string, v *feeds.TextView, concepts bool) *reading {
	r := &reading{language: feeds.PrimaryLanguage(language), title: v.Title, body: v.Body}
	k.reader.tokens, k.reader.hashes = k.reader.tokens[:0], k.reader.hashes[:0]
	k.reader.read(v.Title, maxTitle)
	r.titled = len(k.reader.tokens)
	k.reader.read(v.Body, maxTokens)
	r.tokens = slices.Clone(k.reader.tokens)
	r.shingles = shinglesOf(r.tokens)
	if concepts {
		k.concepts(r)
	}
	return r
}

// maxTitle bounds a title, in tokens: some feeds put the whole text there.
const maxTitle = 80

// shinglesOf gives the shingle that begins at each token, but for the last
// four. A text shorter than a shingle is one.
func shinglesOf(tokens []token) []uint32 {
	if len(tokens) == 0 {
		return nil
	}
	n := max(1, len(tokens)-shingled+1)
	out := make([]uint32, n)
	for i := range out {
		h := fnv1a.Seed
		for _, t := range tokens[i:min(i+shingled, len(tokens))] {
			h = (h ^ uint64(t.word)) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		out[i] = mix(h) >> (32 - shingleBits)
	}
	return out
}

// shingleBits is how much is kept of a shingle's hash: with a hundred million in
// the window, one in a hundred meets another, and texts are compared by hundreds.
const shingleBits = 27

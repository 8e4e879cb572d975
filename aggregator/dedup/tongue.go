package dedup

import (
	"cmp"
	"slices"
)

// What two texts that pass for translations say in the same words. Which
// language a text is in is a guess: that of letters without sense, and of a
// language between two others, changes from text to text. Two of those have
// words in common because they are in one language, not because they say the
// same.
const (
	spokenShare  = .1  // of a text's words mean nothing by themselves; below, it is not in its language
	spokenArabic = .05 // where many of them are written together with others
	alikeShare   = .2  // of the words of the smaller text stand in the larger
	orderedLeast = 8   // of them stand once in each, and
	orderedShare = .9  // so many of these in the same order; by chance, half of a few
	mostOrdered  = 300 // tokens of a text that are looked at
)

// spoken reports whether a text, whose concepts were noted, has the small words
// of its language. Languages of which nobody has listed them are not known to be
// spoken.
func (r *reading) spoken() bool {
	share := float32(spokenShare)
	if r.language == "ar" {
		share = spokenArabic
	}
	return r.small > 0 && float32(r.small) >= share*float32(r.spelled)
}

// jumbled reports whether a text has many words of another as they are written,
// and in another order: so it is no translation, not even between languages
// that are close.
func jumbled(a, b *reading) bool {
	x, y := wordsOf(a), wordsOf(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	both := 0
	var at []int // where in y, of words that stand once in both; in x's order
	for _, w := range x {
		i, ok := slices.BinarySearchFunc(y, w, func(a, b written) int { return cmp.Compare(a.word, b.word) })
		if !ok {
			continue
		}
		both++
		if w.once && y[i].once {
			at = append(at, w.at<<16|y[i].at)
		}
	}
	if float32(both) < alikeShare*float32(len(x)) {
		return false
	}
	slices.Sort(at)
	return len(at) < orderedLeast || float32(rising(at)) < orderedShare*float32(len(at))
}

// written is a word of a text, and where it stands first.
type written struct {
	word uint32
	at   int
	once bool
}

// wordsOf gives the words of a text, sorted; without names and numbers, which are
// the same in all languages.
func wordsOf(r *reading) []written {
	var out, names []written
	for i, t := range r.tokens[:min(len(r.tokens), mostOrdered)] {
		switch {
		case t.flags&(isNumber|isHan) != 0:
		case t.flags&(isCapital|opens) == isCapital:
			names = append(names, written{t.word, i, true})
		default:
			out = append(out, written{t.word, i, true})
		}
	}
	if len(names) > len(out) { // capitals say nothing
		out = append(out, names...)
	}
	slices.SortFunc(out, func(a, b written) int { return cmp.Or(cmp.Compare(a.word, b.word), cmp.Compare(a.at, b.at)) })
	kept := out[:0]
	for _, w := range out {
		if n := len(kept); n > 0 && kept[n-1].word == w.word {
			kept[n-1].once = false
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// rising gives how long the longest rising subsequence of the low halves is
// (Schensted 1961).
func rising(at []int) int {
	var tails []int
	for _, v := range at {
		v &= 1<<16 - 1
		i, _ := slices.BinarySearch(tails, v)
		if i == len(tails) {
			tails = append(tails, v)
		} else {
			tails[i] = v
		}
	}
	return len(tails)
}

// Package near finds what was probably meant by a misspelt word.
package near

import "strings"

// Word gives the one of the names that was probably meant by a misspelt
// word, "" when none is close. At most a third of the word's letters, and at
// least one, may be wrong; the nearest name wins, and among equally near ones
// that which begins with the same letter, then the first. A name that begins
// with the whole word, or the other way round, counts as one letter off.
func Word(word string, names []string) string {
	w := fold(word)
	if w == "" || len(w) > 64 {
		return ""
	}
	best, least := "", 2*max(1, len(w)/3)+2 // in half letters, so that the first letter can break a tie
	for _, name := range names {
		n := fold(name)
		d := 2 * Distance(w, n)
		if len(w) >= 3 && len(n) >= 3 && (strings.HasPrefix(n, w) || strings.HasPrefix(w, n)) {
			d = min(d, 2)
		}
		if n == "" || w[0] != n[0] {
			d++
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// fold makes words comparable that differ in case or in how they are joined.
func fold(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }

// Distance is the number of letters to add, drop, change or swap with their
// neighbour to make b of a (optimal string alignment).
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

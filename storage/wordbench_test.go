package storage_test

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/storage"
)

// zipf gives words as texts have them: of 150,000 a language, the n-th most
// frequent about once in n·11.
func zipf(r *rand.Rand, language string) string {
	n := int(math.Exp(r.Float64() * math.Log(150_000)))
	return lexeme(language, n)
}

// lexeme gives the n-th most frequent word of a language: n in syllables, with an ending.
func lexeme(language string, n int) string {
	const consonants, vowels = "bcdfghlmnprstv", "aeiou"
	var b strings.Builder
	b.WriteByte("efspa"[strings.Index("en fr es pt ar ", language+" ")/3])
	for m := n / 3; ; m /= 70 {
		b.WriteByte(consonants[m%14])
		b.WriteByte(vowels[m/14%5])
		if m < 70 {
			break
		}
	}
	b.WriteString([]string{"", "s", "nt"}[n%3])
	return b.String()
}

// written gives the n-th of many statements of 350 words and 2.3 KB, one in
// five languages, with a dozen tags and no features.
func written(n int) *feeds.Observed {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	language := []string{"en", "fr", "es", "pt", "ar"}[r.IntN(5)]
	text := func(size int) string {
		var b strings.Builder
		for range size {
			b.WriteString(zipf(r, language))
			b.WriteByte(' ')
		}
		return b.String()
	}
	o := madeUp(n)
	o.Features = nil
	var id [10]byte
	binary.BigEndian.PutUint64(id[:], r.Uint64())
	binary.BigEndian.PutUint16(id[8:], uint16(n))
	o.Statement = feeds.StatementID(strings.ToLower(base32.StdEncoding.EncodeToString(id[:])))
	o.Copy.Title, o.Copy.Summary, o.Copy.Language = text(9), "", language
	o.Copy.Content = "<p>" + text(170) + "</p>\n<p>" + text(170) + "</p>"
	if n%20_000 == 0 {
		o.Copy.Title += "cholera outbreak"
	}
	return o
}

// library is a store of n written statements, made once in a benchmark run, in
// batches as a first pull has them, and arranged as the daemon does then.
func library(b *testing.B, n int) *storage.Store {
	b.Helper()
	path := filepath.Join(benchDir, fmt.Sprintf("library-%d.db", n))
	_, err := os.Stat(path)
	s := open(b, path)
	b.Cleanup(func() { s.Close() })
	if err == nil {
		return s
	}
	start := cpuTime()
	facts := make([]feeds.Fact, 0, 500)
	for i := range n {
		facts = append(facts, written(i))
		if len(facts) == cap(facts) || i == n-1 {
			if _, err := s.Append(context.Background(), day(1), facts...); err != nil {
				b.Fatal(err)
			}
			facts = facts[:0]
		}
	}
	b.Logf("%d statements in %v of CPU, %d MB", n, (cpuTime() - start).Round(time.Second), s.Stats().Size>>20)
	start = cpuTime()
	moved, err := s.Arrange(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d of them arranged in %v of CPU, %d MB", moved, (cpuTime() - start).Round(time.Millisecond), s.Stats().Size>>20)
	return s
}

func BenchmarkSearch(b *testing.B) {
	s := library(b, large)
	word := lexeme
	frequent, second := word("en", 1), word("en", 2)
	for _, c := range []struct {
		name string
		q    feeds.Query
	}{
		{"nothing", search("xylophone")},
		{"rare", search("cholera")},
		{"middle", search(word("en", 3000))},
		{"frequent", search(frequent)},
		{"two-frequent", search(frequent + " " + word("en", 30))},
		{"two-rare", search(word("en", 9000) + " " + word("en", 12000))},
		{"phrase", search(`"cholera outbreak"`)},
		{"phrase-of-frequent", search(`"` + word("en", 30) + " " + word("en", 40) + `"`)},
		{"phrase-that-never-comes", search(`"` + frequent + " " + second + " " + frequent + " " + second + " " + frequent + " " + second + `"`)},
		{"but", search(word("en", 100) + " -" + second)},
		{"but-phrase", search(word("en", 100) + ` -"` + frequent + " " + second + `"`)},
		{"or", search(word("en", 3000) + " OR " + word("fr", 3000) + " OR " + word("es", 3000))},
		{"prefix", search(word("en", 3000)[:4] + "*")},
		{"short-prefix", search(word("en", 3000)[:3] + "* cholera")},
		{"topic-and-region", feeds.Query{Words: frequent, Topics: []string{"topic-3"}, Regions: []string{"region-2"}}},
		{"in-alternatives", feeds.Query{Any: []feeds.Query{search(word("en", 3000)), {Words: word("fr", 500), Topics: []string{"topic-3"}}}, Not: []feeds.Query{search(word("en", 20))}}},
		{"two-phrases", search(`"` + frequent + " " + second + `" "` + word("en", 3) + " " + word("en", 4) + `"`)},
		{"three-phrases-or", search(`"` + frequent + " " + second + `" OR "` + word("fr", 1) + " " + word("fr", 2) + `" OR "` + word("es", 1) + " " + word("es", 2) + `"`)},
		{"letter", search(frequent[:1])},
		{"two-letters", search(frequent[:2])},
		{"twenty-excluded", search(strings.Join(func() (w []string) {
			for i := range 20 {
				w = append(w, "-"+word("en", 1+i))
			}
			return w
		}(), " "))},
		{"twenty-words", search(strings.Join(func() (w []string) {
			for i := range 20 {
				w = append(w, word("en", 1+i))
			}
			return w
		}(), " "))},
		{"forty-alternatives", search(strings.Join(func() (w []string) {
			for i := range 40 {
				w = append(w, word("en", 500+37*i))
			}
			return w
		}(), " OR "))},
		{"eight-prefixes", search(strings.Join(func() (w []string) {
			for i := range 8 {
				w = append(w, word("en", 30+150*i)[:3]+"*")
			}
			return w
		}(), " OR "))},
		{"forty-prefixes", search(strings.Join(func() (w []string) {
			for i := range 40 {
				w = append(w, word("en", 300+70*i)[:4]+"*")
			}
			return w
		}(), " OR "))},
	} {
		for _, first := range []bool{true, false} {
			name := c.name
			if first {
				name += "/first"
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				n := 0
				cpu := cpuTime()
				for b.Loop() {
					if first {
						storage.Forget(s)
					}
					page, err := s.Select(c.q)
					if err != nil {
						b.Fatal(err)
					}
					n = len(page.Heads)
				}
				b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-µs")
				b.ReportMetric(float64(n), "heads")
			})
		}
	}
}

// What the newest statements cost that have to be arranged (Arrange), each.
func BenchmarkArrange(b *testing.B) {
	s := library(b, 30_000)
	storage.AlwaysArrange(b)
	moved, cpu := 0, cpuTime()
	for b.Loop() {
		n, err := s.Arrange(context.Background(), nil)
		if err != nil {
			b.Fatal(err)
		}
		moved += n
	}
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(moved), "cpu-µs/statement")
}

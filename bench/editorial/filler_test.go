package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/internal/testkit"
)

// invented makes gold of invented words in which common ones recur, so that the
// test needs no texts of others.
func invented() []row {
	rng := rand.New(rand.NewPCG(5, 5))
	vocabulary := make([]string, 900)
	for i := range vocabulary {
		var b strings.Builder
		for range 2 + rng.IntN(3) {
			b.WriteByte("bdfklmnprstv"[rng.IntN(12)])
			b.WriteByte("aeiou"[rng.IntN(5)])
		}
		vocabulary[i] = b.String()
	}
	words := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = vocabulary[int(float64(len(vocabulary))*rng.Float64()*rng.Float64())]
		}
		return strings.Join(out, " ")
	}
	var rows []row
	for i := range 120 {
		group := fmt.Sprint(i)
		rows = append(rows, row{ID: group, Lang: []string{"en", "fr", "ar"}[i%3], Group: &group, Title: words(6), Text: words(60) + "\n\n" + words(40)})
	}
	return rows
}

func fillerDocuments(t *testing.T, rows []row, n int, seed uint64) []document {
	t.Helper()
	from := time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	f, err := newFiller(rows, n, from, from.Add(fillerSpan), seed)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]document, n)
	last := from
	for i := range out {
		out[i] = f.next(i)
		at, err := time.Parse(time.RFC3339, out[i].Published)
		if err != nil || at.Before(last.Truncate(time.Second)) || at.After(from.Add(fillerSpan)) {
			t.Fatalf("document %d is dated %q", i, out[i].Published)
		}
		last = at
	}
	return out
}

func TestFillerIsTheSameForASeed(t *testing.T) {
	rows := invented()
	one, again, other := fillerDocuments(t, rows, 200, 1), fillerDocuments(t, rows, 200, 1), fillerDocuments(t, rows, 200, 2)
	if !slices.Equal(one, again) {
		t.Error("one seed gave two sets of documents")
	}
	if slices.Equal(one, other) {
		t.Error("two seeds gave the same documents")
	}
}

func TestFillerHasTheShapeOfTheLabelledTexts(t *testing.T) {
	for _, d := range fillerDocuments(t, invented(), 50, 1) {
		p := strings.Split(d.Text, "\n\n")
		if len(p) != 2 || len(strings.Fields(p[0])) != 60 || len(strings.Fields(p[1])) != 40 || len(strings.Fields(d.Title)) != 6 {
			t.Fatalf("%d paragraphs of %d words, title %q; want 60 and 40 words under a title of 6", len(p), len(strings.Fields(d.Text)), d.Title)
		}
	}
}

// shared gives the largest part of a document's runs of five words that also
// stand in one other document.
func shared(docs []document) (most float64, id, other string) {
	where := map[string][]int32{}
	runs := make([]map[string]bool, len(docs))
	for i, d := range docs {
		w := strings.Fields(d.Text)
		runs[i] = map[string]bool{}
		for j := 0; j+5 <= len(w); j++ {
			if run := strings.Join(w[j:j+5], " "); !runs[i][run] {
				runs[i][run] = true
				where[run] = append(where[run], int32(i))
			}
		}
	}
	for i := range docs {
		with := map[int32]int{}
		for run := range runs[i] {
			for _, j := range where[run] {
				if j != int32(i) {
					with[j]++
				}
			}
		}
		for j, n := range with {
			if part := float64(n) / float64(len(runs[i])); len(runs[i]) >= 20 && part > most {
				most, id, other = part, docs[i].ID, docs[j].ID
			}
		}
	}
	return most, id, other
}

func TestFillerDocumentsAreDifferentStatements(t *testing.T) {
	if most, a, b := shared(fillerDocuments(t, invented(), 800, 1)); most > .2 {
		t.Errorf("%s and %s share %.0f %% of their runs of five words", a, b, 100*most)
	}
}

func TestFillerFromTheLabelledStreamIsDifferentToo(t *testing.T) {
	rows, err := readGold(testkit.Shared(t, "eval/stream_dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	most, a, b := shared(fillerDocuments(t, rows, 500, 1))
	t.Logf("at most %.1f %% of the runs of five words of a document stand in another", 100*most)
	if most > .2 {
		t.Errorf("%s and %s share %.0f %% of their runs of five words", a, b, 100*most)
	}
}

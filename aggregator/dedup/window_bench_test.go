package dedup

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// filler makes statements out of the vocabulary of others: sentences of one
// language in a new order, every fourth word another one.
func filler(rows []labelled, n int) []feeds.Draft {
	r := rand.New(rand.NewPCG(1, 2))
	words := map[string][]string{}
	var languages []string
	for _, row := range rows {
		l := row.draft.Language
		if l == "" {
			continue
		}
		if words[l] == nil {
			languages = append(languages, l)
		}
		words[l] = append(words[l], strings.Fields(row.draft.Text.Body)...)
	}
	last := rows[len(rows)-1].at
	out := make([]feeds.Draft, n)
	for i := range out {
		row := &rows[r.IntN(len(rows))]
		l := row.draft.Language
		if len(words[l]) < 1000 {
			l = languages[0]
		}
		all := words[l]
		size := max(30, len(strings.Fields(row.draft.Text.Body)))
		var b []string
		for len(b) < size {
			at := r.IntN(len(all) - 20)
			for _, w := range all[at : at+8+r.IntN(12)] {
				if r.IntN(4) == 0 {
					w = all[r.IntN(len(all))]
				}
				b = append(b, w)
			}
		}
		title := strings.Join(b[:min(10, len(b))], " ")
		body := strings.Join(b, " ")
		out[i] = feeds.Draft{Copy: feeds.Copy{ID: fmt.Sprint("filler", i), Title: title, Language: l, Published: last.Add(-time.Duration(r.IntN(20*24)) * time.Hour)},
			Text: feeds.TextView{Title: title, Body: body}}
	}
	return out
}

// BenchmarkWindow places statements with many others in the window.
func BenchmarkWindow(b *testing.B) {
	rows := stream(b)
	for _, n := range []int{1000, 20000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fill := filler(rows, n)
			texts := map[feeds.ItemKey]*feeds.Draft{}
			p := New(Options{
				Find: func(keys []feeds.Key) (map[feeds.Key][]Known, error) { return nil, nil },
				Text: func(k feeds.ItemKey) (string, feeds.TextView, bool, error) {
					d := texts[k]
					return d.Language, d.Text, true, nil
				},
			})
			place := func(d *feeds.Draft, i int) Placement {
				placed, release, err := p.Place(feeds.Source{ID: feeds.SourceID(fmt.Sprint("s", i%50))}, []feeds.Draft{*d}, d.Published)
				if err != nil {
					b.Fatal(err)
				}
				texts[placed[0].Item] = d
				release(true)
				return placed[0]
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			joined := 0
			for i := range fill {
				if place(&fill[i], i).Of != "" {
					joined++
				}
			}
			filled := time.Since(start)
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d := rows[i%len(rows)].draft
				d.ID = fmt.Sprint(d.ID, i)
				place(&d, i)
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
			b.ReportMetric(float64(n)/filled.Seconds(), "filled/s")
			b.ReportMetric(float64(joined), "joined")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "window-B/item")
		})
	}
}

// BenchmarkRestore fills the window of a Placer that starts.
func BenchmarkRestore(b *testing.B) {
	rows := stream(b)
	fill := filler(rows, 10000)
	p := New(Options{Find: func([]feeds.Key) (map[feeds.Key][]Known, error) { return nil, nil },
		Text: func(feeds.ItemKey) (string, feeds.TextView, bool, error) { return "", feeds.TextView{}, false, nil }})
	placed := make([]Placement, len(fill))
	size := 0
	for i := range fill {
		all, release, err := p.Place(feeds.Source{ID: "s"}, fill[i:i+1], fill[i].Published)
		if err != nil {
			b.Fatal(err)
		}
		release(true)
		placed[i] = all[0]
		size += len(all[0].Features)
	}
	const copies = 100_000
	b.ReportAllocs()
	for b.Loop() {
		q := New(Options{})
		for i := range copies {
			k := i % len(fill)
			q.Restore(placed[k].Item, feeds.StatementID(fmt.Sprint(placed[k].Statement, i/len(fill))), fill[k].Language, fill[k].Published, fill[k].Published, placed[k].Features)
		}
	}
	b.ReportMetric(copies*float64(b.N)/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(size)/float64(len(fill)), "feature-B/item")
}

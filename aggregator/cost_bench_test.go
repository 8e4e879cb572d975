package aggregator_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/aggregator/tag"
	"communique/feeds"
	"communique/internal/testkit"
)

// BenchmarkTagAndPlace puts the labelled stream through tag and dedup, with
// nothing and with 100,000 statements in the window, and fills that window as a
// start does. Its figures are of CPU time, user and system, garbage collection
// included: the clock says little on a machine that others use.
func BenchmarkTagAndPlace(b *testing.B) {
	rows := labelledDrafts(b)
	tagger, err := tag.New(tag.Taxonomy{})
	if err != nil {
		b.Fatal(err)
	}
	tags := func(d *feeds.Draft) []feeds.Tagging {
		return tagger.Tag(tag.Input{Language: d.Language, View: d.Text, Published: d.Published})
	}
	for i := range rows {
		tags(&rows[i]) // what a language needs is made once
	}
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			texts := map[feeds.ItemKey]*feeds.Draft{}
			o := dedup.Options{
				Find: func([]feeds.Key) (map[feeds.Key][]dedup.Known, error) { return nil, nil },
				Text: func(k feeds.ItemKey) (string, feeds.TextView, bool, error) {
					d := texts[k]
					return d.Language, d.Text, true, nil
				},
			}
			place := func(p *dedup.Placer, d *feeds.Draft) dedup.Placement {
				placed, release, err := p.Place(feeds.Source{ID: d.Source}, []feeds.Draft{*d}, d.Published)
				if err != nil {
					b.Fatal(err)
				}
				release(true)
				texts[placed[0].Item] = d
				return placed[0]
			}
			fill := shuffled(rows, n)
			held := make([]dedup.Placement, n)
			first := dedup.New(o)
			for i := range fill {
				held[i] = place(first, &fill[i])
			}
			runtime.GC()
			p := dedup.New(o)
			began := cpuTime()
			for i := range fill {
				p.Restore(held[i].Item, held[i].Statement, fill[i].Language, fill[i].Published, fill[i].Published, held[i].Features)
			}
			place(p, &feeds.Draft{Copy: feeds.Copy{Source: "s", ID: "first", Title: "First", Published: rows[0].Published}, Text: feeds.TextView{Title: "First"}})
			filled := cpuTime() - began
			began = cpuTime()
			for b.Loop() {
				for i := range rows {
					rows[i].Taggings = tags(&rows[i])
					place(p, &rows[i])
				}
			}
			b.ReportMetric(float64(b.N*len(rows))/(cpuTime()-began).Seconds(), "items/cpu-s")
			if n > 0 {
				b.ReportMetric(filled.Seconds(), "fill-cpu-s")
			}
		})
	}
}

// cpuTime is what this process has taken of all processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// labelledDrafts gives the labelled stream as normalize leaves it, over two days.
func labelledDrafts(b *testing.B) (out []feeds.Draft) {
	f, err := os.Open(testkit.Shared(b, "eval/stream_dev.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	n := normalize.New()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<22)
	at := time.Date(2022, 6, 10, 0, 0, 0, 0, time.UTC)
	for in.Scan() {
		var r struct{ ID, Title, Text, Source string }
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			b.Fatal(err)
		}
		at = at.Add(34 * time.Second)
		language, _ := n.Detect(r.Title + "\n" + r.Text)
		out = append(out, feeds.Draft{Copy: feeds.Copy{Source: feeds.SourceID(r.Source), ID: r.ID, Title: r.Title, Language: language, Published: at}, Text: n.View(language, r.Title, r.Text)})
	}
	if err := in.Err(); err != nil {
		b.Fatal(err)
	}
	return out
}

// shuffled makes n texts that are all different: in the languages and lengths
// of the labelled ones, with their words, each drawn by itself, over the twenty
// days before them.
func shuffled(rows []feeds.Draft, n int) []feeds.Draft {
	r := rand.New(rand.NewPCG(1, 2))
	words := map[string][]string{}
	for i := range rows {
		words[rows[i].Language] = append(words[rows[i].Language], strings.Fields(rows[i].Text.Body)...)
	}
	say := func(language string, n int) string {
		var s strings.Builder
		for i := range n {
			if i > 0 {
				s.WriteByte(' ')
			}
			s.WriteString(words[language][r.IntN(len(words[language]))])
		}
		return s.String()
	}
	out := make([]feeds.Draft, n)
	for i := range out {
		like := &rows[r.IntN(len(rows))]
		title, body := say(like.Language, 10), say(like.Language, strings.Count(like.Text.Body, " ")+1)
		at := rows[0].Published.Add(-time.Duration(n-i) * 20 * 24 * time.Hour / time.Duration(n))
		out[i] = feeds.Draft{Copy: feeds.Copy{Source: feeds.SourceID(fmt.Sprint("office-", i%200)), ID: fmt.Sprint("shuffled-", i), Title: title, Language: like.Language, Published: at},
			Text: feeds.TextView{Title: title, Body: body}}
	}
	return out
}

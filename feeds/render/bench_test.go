package render

import (
	"fmt"
	"strings"
	"testing"

	"communique/feeds"
)

// realShaped gives n statements with 3.5 KB of content each: one in five has
// copies in three languages and several enclosures, the others are as most
// feeds have them.
func realShaped(n int) []feeds.Statement {
	paragraph := `<p>The offices of the region agreed on a <a href="https://north.example.org/page?a=1&amp;b=2">common text</a> on rivers, roads &amp; borders – “as it was read”, and will meet again in a month to see what has become of it.</p>`
	out := make([]feeds.Statement, n)
	for i := range out {
		st := testStatements()[0]
		st.ID = feeds.StatementID(fmt.Sprintf("a%015d", i))
		for j := range st.Copies {
			st.Copies[j].Content = strings.Repeat(paragraph, 16)
		}
		if i%5 != 0 {
			c := st.Copies[0]
			c.Links, c.Enclosures, c.Contributors, c.Rights = nil, nil, nil, ""
			c.Authors, c.Categories = c.Authors[:1], c.Categories[:2]
			st.Copies = []feeds.StatedCopy{c}
		}
		out[i] = st
	}
	return out
}

func BenchmarkEntry(b *testing.B) {
	sts := realShaped(50)
	for _, format := range Formats() {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := testSite.Entry(format, &sts[i%len(sts)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func BenchmarkView(b *testing.B) {
	sts := realShaped(50)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		testSite.view(&sts[i%len(sts)], nil)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkDocument renders everything; BenchmarkAssemble has the fragments.
func BenchmarkDocument(b *testing.B) {
	for _, n := range []int{50, 1000} {
		sts := realShaped(n)
		site := testSite
		site.MaxBytes = -1
		for _, format := range Formats() {
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				size := 0
				for b.Loop() {
					doc, err := site.statements(format, testFeed, sts)
					if err != nil {
						b.Fatal(err)
					}
					size = len(doc)
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
				b.ReportMetric(float64(size), "bytes/doc")
			})
		}
	}
}

func BenchmarkAssemble(b *testing.B) {
	for _, n := range []int{50, 1000} {
		sts := realShaped(n)
		site := testSite
		site.MaxBytes = -1
		for _, format := range Formats() {
			entries := make([]Entry, n)
			for i := range sts {
				entries[i], _ = site.Entry(format, &sts[i])
			}
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := site.Feed(format, testFeed, entries); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
			})
		}
	}
}

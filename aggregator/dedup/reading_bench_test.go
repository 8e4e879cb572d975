package dedup

import (
	"strings"
	"testing"
)

// BenchmarkReading takes texts apart, short and huge, for their words alone and
// with what they are found by.
func BenchmarkReading(b *testing.B) {
	huge := flood["en"]
	huge.body = words(1, maxTokens/10)
	for _, c := range []struct {
		name     string
		x        text
		concepts bool
	}{{"words/en", flood["en"], false}, {"en", flood["en"], true}, {"fr", flood["fr"], true}, {"ar", flood["ar"], true}, {"ru", flood["ru"], true}, {"huge", huge, true}} {
		b.Run(c.name, func(b *testing.B) {
			k, w := &desk{}, newWindow()
			d := c.x.at("x", monday)
			size := len(d.Text.Title) + len(d.Text.Body)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if c.concepts {
					k.draft(&d, w.weigh)
				} else {
					k.read(d.Language, &d.Text, false)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkCompare puts pairs of readings beside each other.
func BenchmarkCompare(b *testing.B) {
	en := flood["en"]
	k := &desk{}
	read := func(title, body string) *reading {
		d := say("x", "en", title, body, monday)
		return k.read("en", &d.Text, false)
	}
	whole := read(en.title, en.body)
	for _, c := range []struct {
		name  string
		other *reading
	}{
		{"reprint", read(en.title, lines(en.body, 0, 1, 3)+"\n"+about)},
		{"unlike", read(measles["en"].title, measles["en"].body)},
		{"huge", read(en.title, en.body+strings.Repeat("\n"+words(2, 100), 5))},
	} {
		b.Run(c.name, func(b *testing.B) {
			var s scratch
			b.ReportAllocs()
			for b.Loop() {
				s.compare(whole, c.other, nil)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

package tag

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// A made-up statement of usual length.
const sampleTitle = "Flood response reaches families displaced along the Honduran coast"

var sampleText = strings.Repeat(`Humanitarian workers reached some 4,200 people in shelters this week after the river rose for the third time in a month.
The teams, who work with the municipalities of the northern coast, handed out hygiene kits, blankets and safe water, and registered families whose homes were lost. Many of them had only just returned from Mexico or Guatemala.
"We need support for the reconstruction of schools and health centres before the next rains," the head of the local committee said. The appeal remains underfunded, and donors are asked to come forward with contributions for the coming season.
Migrants in transit, among them many children travelling alone, were given information on regular pathways, on protection and on the risks of trafficking in persons.
`, 4)

func BenchmarkTag(b *testing.B) {
	tg := newTagger(b)
	in := Input{Language: "en", View: view(sampleTitle, sampleText), Published: time.Date(2022, 6, 10, 0, 0, 0, 0, time.UTC)}
	tg.Tag(in)
	b.SetBytes(int64(len(in.View.Title) + len(in.View.Body)))
	b.ReportAllocs()
	for b.Loop() {
		tg.Tag(in)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkTagStream goes through the labelled stream, five languages mixed.
func BenchmarkTagStream(b *testing.B) {
	tg := newTagger(b)
	var ins []Input
	size := 0
	for _, r := range stream(b) {
		in := r.input()
		ins = append(ins, in)
		size += len(in.View.Title) + len(in.View.Body)
	}
	for _, in := range ins[:500] {
		tg.Tag(in)
	}
	b.SetBytes(int64(size / len(ins)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		tg.Tag(ins[i%len(ins)])
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

// BenchmarkNew builds a tagger, BenchmarkCompile what one language needs.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newTagger(b)
	}
}

func BenchmarkCompile(b *testing.B) {
	tg := newTagger(b)
	for _, lang := range []string{"en", "fr", "es", "pt", "ar", ""} {
		b.Run("lang="+lang, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tg.rules.compile(lang)
			}
		})
	}
}

func TestMemoryOfAllLanguages(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tg := newTagger(t)
	for _, lang := range append(tg.rules.languages(), "") {
		tg.Tag(Input{Language: lang, View: feeds.TextView{Title: "x"}})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	mb := float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / (1 << 20)
	t.Logf("all languages compiled: %.1f MB", mb)
	if mb > 60 {
		t.Errorf("all languages compiled take %.1f MB, want at most 60", mb)
	}
	runtime.KeepAlive(tg)
}

package serve

import (
	"context"
	"fmt"
	"testing"
	"time"

	"communique/feeds"
)

// BenchmarkRetitle asks for the newest after each visit, while five thousand
// sources that have no title never answer.
func BenchmarkRetitle(b *testing.B) {
	const silent = 5000
	s := newSite(b, func(o *Options) {
		for i := range silent {
			o.Sources = append(o.Sources, feeds.Source{ID: feeds.SourceID(fmt.Sprintf("silent-%d", i))})
		}
	})
	for i := range silent {
		id := feeds.SourceID(fmt.Sprintf("silent-%d", i))
		s.append(&feeds.Fetched{Source: id, At: day, Failures: 1, Class: "dns", Error: "no such host"})
		s.server.source(id)
	}
	s.server.retitle()
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		if _, err := s.store.Append(context.Background(), day.Add(time.Hour), &feeds.Fetched{Source: "north", At: day.Add(time.Hour), URL: "https://north.example/"}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s.server.retitle()
	}
}

package aggregator_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"communique/aggregator/normalize"
	"communique/aggregator/parse"
	"communique/bench/upstream"
	"communique/internal/testkit"
)

// BenchmarkReadEntries takes feeds from their bytes to drafts, in CPU time: those that the
// whole program is measured against, and captured ones of real publishers.
func BenchmarkReadEntries(b *testing.B) {
	b.Run("made", func(b *testing.B) {
		u := &upstream.Upstream{Feeds: 30, Entries: 30, Bytes: 2900}
		var bodies [][]byte
		for n := range u.Feeds {
			w := httptest.NewRecorder()
			u.ServeHTTP(w, httptest.NewRequest("GET", "/feed/"+strconv.Itoa(n), nil))
			bodies = append(bodies, w.Body.Bytes())
		}
		readEntries(b, bodies)
	})
	b.Run("real", func(b *testing.B) {
		files, err := filepath.Glob(filepath.Join(testkit.Shared(b, "data/realfeeds/feeds"), "*"))
		if err != nil {
			b.Fatal(err)
		}
		var bodies [][]byte
		for _, f := range files {
			body, err := os.ReadFile(f)
			if err != nil {
				b.Fatal(err)
			}
			bodies = append(bodies, body)
		}
		readEntries(b, bodies)
	})
}

func readEntries(b *testing.B, bodies [][]byte) {
	n := normalize.New()
	entries, octets := 0, 0
	read := func() {
		entries, octets = 0, 0
		for _, body := range bodies {
			octets += len(body)
			doc, err := parse.Parse(body, parse.Options{URL: "https://office.example.org/feed"})
			if err != nil {
				continue // some captured ones are no feeds
			}
			o := normalize.Options{URL: "https://office.example.org/feed"}
			ch := n.Channel(doc, o)
			for i := range doc.Items {
				n.Item(doc, ch, &doc.Items[i], o)
			}
			entries += len(doc.Items)
		}
	}
	read() // tables are made at first use
	b.ReportAllocs()
	b.SetBytes(int64(octets))
	began := cpuTime()
	for b.Loop() {
		read()
	}
	b.ReportMetric(float64((cpuTime()-began).Nanoseconds())/float64(b.N*entries), "cpu-ns/entry")
	b.ReportMetric(float64(entries), "entries")
}

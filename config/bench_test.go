package config

import (
	"fmt"
	"strings"
	"testing"
)

// thousand is a configuration of so many sources with n settings each.
func thousand(small bool) []byte {
	var b strings.Builder
	b.WriteString("site: {title: Bench, base_url: 'https://news.example.org'}\nsources:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  - id: office-%d\n    url: https://office-%d.example.org/rss.xml\n", i, i)
		if !small {
			fmt.Fprintf(&b, "    title: Office %d\n    language: fr\n    regions: [americas, europe]\n    topics: [protection]\n    schedule: \"*/%d * * * *\"\n    time_zone: Europe/Paris\n    headers: {Accept-Language: fr}\n    credit: The Office\n    verified: 2026-10-02\n", i, 5+i%20)
		}
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, x := range []struct {
		name string
		data []byte
	}{{"id-and-url", thousand(true)}, {"eleven-settings", thousand(false)}} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(x.data)))
			for b.Loop() {
				if _, err := Parse("c.yaml", x.data, options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "sources/s")
		})
	}
}

package parse

import (
	"fmt"
	"strings"
	"testing"
)

// office is a made-up feed of the shape that offices publish: n items of about
// 3.5 KB each.
func office(n int, first int) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Regional office</title><atom:link href="https://office.example.org/feed" rel="self" type="application/rss+xml"/>
<link>https://office.example.org</link><description>News of the office</description><language>en-US</language><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>
`)
	para := "&lt;p&gt;The office and its partners opened a centre for families on the move; it gives advice, &amp;quot;safe spaces&amp;quot; and warm meals — every day of the year.&lt;/p&gt;\n"
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, `<item><title>Statement %d on the new centre</title><link>https://office.example.org/statements/%d</link>
<dc:creator><![CDATA[Press desk]]></dc:creator><pubDate>Mon, 06 Jun 2022 10:%02d:00 +0000</pubDate><category><![CDATA[Protection]]></category><category>Americas</category>
<guid isPermaLink="false">https://office.example.org/?p=%d</guid><description><![CDATA[<p>A centre for families on the move, number %d.</p>]]></description>
<content:encoded>%s</content:encoded><media:thumbnail url="https://office.example.org/%d.jpg"/></item>
`, i, i, i%60, i, i, strings.Repeat(para, 15), i)
	}
	b.WriteString("</channel></rss>")
	return []byte(b.String())
}

func benchmark(b *testing.B, body []byte, o Options, items int) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := Parse(body, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(items)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func rawsOf(b *testing.B, body []byte) map[uint64]bool {
	doc, err := Parse(body, Options{})
	if err != nil {
		b.Fatal(err)
	}
	set := map[uint64]bool{}
	for _, r := range doc.Raws {
		set[r] = true
	}
	return set
}

func BenchmarkParseSmall(b *testing.B) { benchmark(b, office(30, 0), Options{}, 30) }
func BenchmarkParseHuge(b *testing.B)  { benchmark(b, office(900, 0), Options{}, 900) }
func BenchmarkParseAllKnown(b *testing.B) {
	body := office(30, 0)
	set := rawsOf(b, body)
	benchmark(b, body, Options{Known: func(raw uint64) bool { return set[raw] }}, 30)
}
func BenchmarkParseOneNew(b *testing.B) {
	set := rawsOf(b, office(29, 1))
	benchmark(b, office(30, 0), Options{Known: func(raw uint64) bool { return set[raw] }}, 30)
}

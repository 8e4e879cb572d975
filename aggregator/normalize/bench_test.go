package normalize

import (
	"strings"
	"testing"

	"communique/feeds"
)

// article is an entry of about 3.5 KB, as a press office's CMS writes it.
func article(plain bool) (*feeds.Document, feeds.Item) {
	var b strings.Builder
	sentence := "The agency said on Tuesday that l’Office would support the governments & communities of the region, as announced earlier this year. "
	for i := 0; b.Len() < 3500; i++ {
		if plain {
			b.WriteString(sentence + sentence + "\n\n")
			continue
		}
		b.WriteString(`<p class="text">Geneva – ` + strings.ReplaceAll(sentence, "announced", `<a href="/news/2022/06/a-long-story?x=1&amp;y=2" target="_blank">announced</a>`) + `It is <em>long</em> and goes on.</p>` + "\n")
		if i%4 == 0 {
			b.WriteString(`<figure><img src="/images/a.jpg" width="300" height="200" alt="A picture" style="float:left"><figcaption>Caption</figcaption></figure>`)
		}
	}
	doc := &feeds.Document{Format: "rss2.0", Base: feedURL, Language: "en-us", Title: feeds.Text{Value: "Press"}, Links: []feeds.Link{{Href: "https://example.org/", Rel: "alternate"}}}
	it := feeds.Item{
		ID: "https://example.org/?p=17", Title: feeds.Text{Value: "Agency &amp; partners support communities"}, Content: feeds.Text{Value: b.String()},
		Summary: feeds.Text{Value: "The agency said on Tuesday that it would support the governments of the region."}, Links: []feeds.Link{{Href: "https://example.org/press/2022/one?utm_source=rss", Rel: "alternate"}},
		Authors: []feeds.Person{{Name: "press@example.org (Press Office)"}}, Categories: []feeds.Category{{Term: "News"}, {Term: "Region"}},
		Published: "Fri, 10 Jun 2022 10:00:00 GMT", Enclosures: []feeds.Enclosure{{URL: "https://example.org/a.mp3", Type: "audio/mpeg", Length: 1}},
	}
	return doc, it
}

func benchmarkItem(b *testing.B, plain bool) {
	doc, it := article(plain)
	n := New()
	o := Options{URL: feedURL}
	ch := n.Channel(doc, o)
	n.Item(doc, ch, &it, o)
	b.ReportAllocs()
	for b.Loop() {
		n.Item(doc, ch, &it, o)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkItemHTML(b *testing.B)  { benchmarkItem(b, false) }
func BenchmarkItemPlain(b *testing.B) { benchmarkItem(b, true) }

// BenchmarkItemHuge is an entry of 1 MB.
func BenchmarkItemHuge(b *testing.B) {
	doc, it := article(false)
	it.Content.Value = strings.Repeat(it.Content.Value, 300)
	n := New()
	o := Options{URL: feedURL}
	ch := n.Channel(doc, o)
	b.ReportAllocs()
	b.SetBytes(int64(len(it.Content.Value)))
	for b.Loop() {
		n.Item(doc, ch, &it, o)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkClean(b *testing.B) {
	_, it := article(false)
	n := New()
	base := newBase(feedURL)
	n.clean("<p>", base, "")
	b.ReportAllocs()
	b.SetBytes(int64(len(it.Content.Value)))
	for b.Loop() {
		n.clean(it.Content.Value, base, "")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkCanonical(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Canonical("http://www.example.org/press/2022/one/?utm_source=rss&utm_medium=feed&id=17#more")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "urls/s")
}

package storage_test

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/feeds"
	"communique/storage"
)

// The words that made-up texts are drawn from: enough for the entropy of
// a language, so that packing does not flatter itself.
var vocabulary = func() []string {
	r := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"ma", "ri", "ton", "es", "pro", "tec", "ción", "mi", "gra", "tion", "de", "la", "re", "fu", "gee", "hu", "man", "right", "s", "ac", "cord", "bor", "der", "al", "ter"}
	out := make([]string, 4000)
	for i := range out {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		out[i] = b.String()
	}
	return out
}()

// madeUp gives the n-th of many statements, about 3.5 KB of text, a dozen
// taggings, four keys, 700 octets of features; 30 to a source.
func madeUp(n int) *feeds.Observed {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	text := func(size int) string {
		var b strings.Builder
		for b.Len() < size {
			b.WriteString(vocabulary[int(float64(len(vocabulary))*r.Float64()*r.Float64())])
			b.WriteByte(' ')
		}
		return b.String()
	}
	var id [10]byte
	binary.BigEndian.PutUint64(id[:], r.Uint64())
	binary.BigEndian.PutUint16(id[8:], uint16(n))
	source := feeds.SourceID(fmt.Sprintf("office-%d", n/30))
	item := fmt.Sprintf("%s/%013x", source, r.Uint64()>>12)
	seen := time.Date(2026, 5, 1, 0, 0, n/500, 0, time.UTC)
	order := seen.Add(-time.Duration(r.IntN(400*24*3600)) * time.Second)
	o := &feeds.Observed{
		Item: feeds.ItemKey(item), Statement: feeds.StatementID(strings.ToLower(base32.StdEncoding.EncodeToString(id[:]))),
		FirstSeen: seen, Changed: order, Order: order, Published: order, Revision: 1, Relation: feeds.IsOrigin, Rules: 1 << 62,
		Copy: feeds.Copy{
			Source: source, ID: fmt.Sprintf("https://%s.example.org/news/%d", source, n), Title: text(70), Summary: "<p>" + text(250) + "</p>",
			Content: "<p>" + text(1600) + "</p>\n<p>" + text(1500) + "</p>", Link: fmt.Sprintf("https://%s.example.org/news/%d", source, n),
			Published: order, Updated: order, Language: []string{"en", "fr", "es", "pt", "ar"}[r.IntN(5)], LanguageRule: "feed", Hash: r.Uint64(),
			Categories: []feeds.Category{{Term: text(10)}, {Term: text(10)}}, Authors: []feeds.Person{{Name: text(14)}},
			Origin: feeds.Origin{ID: fmt.Sprintf("https://%s.example.org/feed", source), Title: "Office " + string(source),
				Link: fmt.Sprintf("https://%s.example.org/", source), FeedURL: fmt.Sprintf("https://%s.example.org/feed", source), Language: "en"},
		},
	}
	for _, k := range "glst" {
		o.Keys = append(o.Keys, feeds.Key{Kind: byte(k), Hash: r.Uint64()})
	}
	tag := func(scheme string, of int) {
		// A few terms are common, most are rare.
		term := fmt.Sprintf("%s-%d", scheme, int(float64(of)*r.Float64()*r.Float64()))
		o.Taggings = append(o.Taggings, feeds.Tagging{Tag: feeds.Tag{Scheme: scheme, Term: term}, Rule: "builtin:" + term, Evidence: text(24), Score: 2.5})
	}
	for range 4 {
		tag(feeds.Region, 25)
	}
	for range 3 {
		tag(feeds.Country, 200)
	}
	for range 3 {
		tag(feeds.Topic, 30)
	}
	o.Features = make([]byte, 700) // which nothing packs
	for i := range o.Features {
		o.Features[i] = byte(r.Uint32())
	}
	return o
}

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			const items, perVisit = 30_000, 30
			all := make([][]feeds.Fact, items/perVisit)
			for i := range all {
				for j := range perVisit {
					all[i] = append(all[i], madeUp(i*perVisit+j))
				}
			}
			runtime.GC()
			b.ReportAllocs()
			for b.Loop() {
				path := newPath(b)
				s := open(b, path)
				cpu, wrote := cpuTime(), wrote()
				var (
					wg    sync.WaitGroup
					queue = make(chan []feeds.Fact)
				)
				for range callers {
					wg.Go(func() {
						for facts := range queue {
							if _, err := s.Append(context.Background(), day(1), facts...); err != nil {
								b.Error(err)
							}
						}
					})
				}
				for _, facts := range all {
					queue <- facts
				}
				close(queue)
				wg.Wait()
				b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/items, "cpu-µs/item")
				b.ReportMetric(float64(wroteSince(wrote))/items, "written-B/item")
				st := s.Stats()
				b.ReportMetric(float64(st.Size)/1e6, "file-MB")
				b.ReportMetric(float64(st.FreePages*st.PageSize)/1e6, "free-MB")
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				os.Remove(path)
			}
			b.ReportMetric(items*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkAppendFetched is 1,000 sources visited with nothing new.
func BenchmarkAppendFetched(b *testing.B) {
	const sources = 1000
	s := filled(b, 30_000)
	facts := make([]feeds.Fact, sources)
	for i := range facts {
		facts[i] = &feeds.Fetched{
			Source: feeds.SourceID(fmt.Sprintf("office-%d", i)), At: day(2), URL: fmt.Sprintf("https://office-%d.example.org/feed", i),
			Final: fmt.Sprintf("https://office-%d.example.org/feed", i), Validators: feeds.Validators{ETag: `"5f3c-61f"`, LastModified: "Fri, 01 May 2026 10:00:00 GMT"},
			Items: make([]byte, 240), Success: day(2), NextDue: day(3), Status: 304, Gaps: make([]uint32, 16),
			Channel: feeds.Origin{ID: "https://office.example.org/feed", Title: "Office", Link: "https://office.example.org/"},
		}
	}
	b.ReportAllocs()
	cpu := cpuTime()
	n := 0
	for b.Loop() {
		n++
		var wg sync.WaitGroup
		queue := make(chan feeds.Fact)
		for range 16 {
			wg.Go(func() {
				for f := range queue {
					if _, err := s.Append(context.Background(), day(2), f); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, f := range facts {
			queue <- f
		}
		close(queue)
		wg.Wait()
	}
	b.ReportMetric(float64((cpuTime()-cpu).Milliseconds())/float64(n), "cpu-ms/1000")
}

// filled gives a store of n made-up statements, made once in a benchmark run.
func filled(b *testing.B, n int) *storage.Store {
	b.Helper()
	path := filepath.Join(benchDir, fmt.Sprintf("%d.db", n))
	_, err := os.Stat(path)
	s := open(b, path)
	b.Cleanup(func() { s.Close() })
	if err == nil {
		return s
	}
	facts := make([]feeds.Fact, 0, 2000)
	for i := range n {
		facts = append(facts, madeUp(i))
		if len(facts) == cap(facts) || i == n-1 {
			if _, err := s.Append(context.Background(), day(1), facts...); err != nil {
				b.Fatal(err)
			}
			facts = facts[:0]
		}
	}
	return s
}

var benchDir string

func TestMain(m *testing.M) {
	var err error
	if benchDir, err = os.MkdirTemp("", "storage"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(benchDir)
	os.Exit(code)
}

const large = 100_000

func BenchmarkSelect(b *testing.B) {
	s := filled(b, large)
	for _, c := range []struct {
		name string
		q    feeds.Query
	}{
		{"all", feeds.Query{}},
		{"topic", feeds.Query{Topics: []string{"topic-3"}}},
		{"rare-topic", feeds.Query{Topics: []string{"topic-28"}}},
		{"topic-and-language", feeds.Query{Topics: []string{"topic-3"}, Languages: []string{"fr"}}},
		{"topics-regions-language", feeds.Query{Topics: []string{"topic-3", "topic-9"}, Regions: []string{"region-2", "region-5"}, Languages: []string{"fr"}}},
		{"source-and-common-topic", feeds.Query{Topics: []string{"topic-0"}, Sources: []feeds.SourceID{"office-7"}}},
		{"three-rare", feeds.Query{Topics: []string{"topic-28"}, Regions: []string{"region-24"}, Countries: []string{"country-150"}}},
		{"any-of-two-but", feeds.Query{Any: []feeds.Query{{Topics: []string{"topic-3"}}, {Regions: []string{"region-2"}, Languages: []string{"fr"}}}, Not: []feeds.Query{{Countries: []string{"country-9"}}}}},
		{"word", feeds.Query{Words: "migration"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				page, err := s.Select(c.q)
				if err != nil {
					b.Fatal(err)
				}
				n = len(page.Heads)
			}
			b.ReportMetric(float64(n), "heads")
		})
	}
}

func BenchmarkStatements(b *testing.B) {
	s := filled(b, large)
	page, err := s.Select(feeds.Query{Topics: []string{"topic-3"}})
	if err != nil {
		b.Fatal(err)
	}
	var ids []feeds.StatementID
	for _, h := range page.Heads {
		ids = append(ids, h.ID)
	}
	b.ReportAllocs()
	for b.Loop() {
		sts, err := s.Statements(ids...)
		if err != nil || len(sts) != 50 {
			b.Fatal(len(sts), err)
		}
	}
	b.ReportMetric(50*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkFind(b *testing.B) {
	s := filled(b, large)
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []string{"misses", "hits"} {
		keys := make([]feeds.Key, 30_000)
		for i := range keys {
			keys[i] = feeds.Key{Kind: "glst"[i%4], Hash: r.Uint64()}
			if c == "hits" {
				keys[i] = madeUp(i * 3).Keys[i%4]
			}
		}
		b.Run(c, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Find(keys); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(keys))*float64(b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	s := filled(b, large)
	path := filepath.Join(benchDir, fmt.Sprintf("%d.db", large))
	s.Close()
	b.ReportAllocs()
	for b.Loop() {
		s := open(b, path)
		if _, err := s.AllFetched(); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

func BenchmarkCounts(b *testing.B) {
	s := filled(b, large)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Counts(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify is here to know what an operator waits for.
func BenchmarkVerify(b *testing.B) {
	s := filled(b, large)
	for b.Loop() {
		if err := s.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecent is what a start costs before news can be compared.
func BenchmarkRecent(b *testing.B) {
	for _, n := range []int{10_000, large} {
		b.Run(fmt.Sprintf("items=%d", n), func(b *testing.B) {
			s := filled(b, n)
			b.ReportAllocs()
			cpu := cpuTime()
			for b.Loop() {
				got := 0
				if err := s.Recent(context.Background(), time.Time{}, func(*feeds.Observed) error { got++; return nil }); err != nil || got != n {
					b.Fatal(got, err)
				}
			}
			b.ReportMetric((cpuTime()-cpu).Seconds()*1e3/float64(b.N), "cpu-ms")
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
		})
	}
}

// BenchmarkStanding measures what a feed's current document costs after a change
// of the store, and what its division costs when it is made from nothing.
func BenchmarkStanding(b *testing.B) {
	s := filled(b, large)
	for _, c := range []struct {
		name string
		q    feeds.Query
	}{
		{"all", feeds.Query{}},
		{"topic", feeds.Query{Topics: []string{"topic-3"}}},
		{"rare-topic-and-language", feeds.Query{Topics: []string{"topic-28"}, Languages: []string{"fr"}}},
	} {
		b.Run(c.name+"/again", func(b *testing.B) {
			a, _ := storage.NewArchive(c.q, 50)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Standing(a); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			var now storage.Standing
			var a *storage.Archive
			for b.Loop() {
				a, _ = storage.NewArchive(c.q, 50)
				var err error
				if now, err = s.Standing(a); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(now.Documents), "documents")
			b.ReportMetric(float64(a.Size()), "memory-B")
		})
		b.Run(c.name+"/document", func(b *testing.B) {
			a, _ := storage.NewArchive(c.q, 50)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := s.Archived(a, 1, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

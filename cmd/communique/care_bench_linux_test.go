package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"communique/aggregator"
	"communique/aggregator/normalize"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// stocked gives a store of so many made-up statements of ten sources, a minute
// apart, the last of them now, and the configuration that it is of.
func stocked(b *testing.B, statements int, now time.Time) (*config.Config, *storage.Store) {
	b.Helper()
	var text strings.Builder
	text.WriteString("site: {base_url: 'https://news.example.org'}\nsources:\n")
	for i := range 10 {
		fmt.Fprintf(&text, "  - {id: office-%d, url: 'https://office-%[1]d.example/rss.xml'}\n", i)
	}
	cfg, err := config.Parse("communique.yaml", []byte(text.String()), config.Options{Canonical: normalize.Canonical})
	if err != nil {
		b.Fatal(err)
	}
	store, err := storage.Open(filepath.Join(b.TempDir(), "communique.db"), storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	topics, countries := []string{"health", "protection", "migration", "children", "climate"}, []string{"mx", "gt", "pa", "co", "fr", "ke"}
	var said []feeds.Fact
	for i := range statements {
		at := now.Add(-time.Duration(statements-i) * time.Minute)
		words := make([]string, 120)
		for w := range words {
			words[w] = fmt.Sprint("word", (i*31+w*w*17)%20_000)
		}
		o := &feeds.Observed{Item: feeds.ItemKey(fmt.Sprintf("office-%d/%d", i%10, i)), Statement: feeds.StatementID(fmt.Sprintf("s%015d", i)), FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin,
			Keys: []feeds.Key{{Kind: 'g', Hash: uint64(i)}, {Kind: 'l', Hash: uint64(i) * 7}},
			Copy: feeds.Copy{Source: feeds.SourceID(fmt.Sprint("office-", i%10)), ID: fmt.Sprint(i), Title: "Statement " + fmt.Sprint(i), Content: "<p>" + strings.Join(words, " ") + "</p>",
				Link: fmt.Sprintf("https://office-%d.example/%d", i%10, i), Language: []string{"en", "fr", "es"}[i%3], Published: at}}
		for _, t := range []feeds.Tag{{Scheme: feeds.Topic, Term: topics[i%5]}, {Scheme: feeds.Country, Term: countries[i%6]}} {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "made-up"})
		}
		if said = append(said, o); len(said) == 500 || i == statements-1 {
			if _, err := store.Append(context.Background(), at, said...); err != nil {
				b.Fatal(err)
			}
			said = said[:0]
		}
	}
	return cfg, store
}

// longest keeps the longest of many times.
type longest struct{ atomic.Int64 }

func (l *longest) took(d time.Duration) {
	for old := l.Load(); int64(d) > old && !l.CompareAndSwap(old, int64(d)); old = l.Load() {
	}
}

func (l *longest) ms() float64 { return float64(l.Load()) / 1e6 }

// BenchmarkExpire takes half of 100,000 statements out as the daemon does, while
// feeds are read and visits are stored.
func BenchmarkExpire(b *testing.B) {
	const statements = 100_000
	for b.Loop() {
		b.StopTimer()
		now := time.Now().UTC()
		cfg, store := stocked(b, statements, now)
		log := slog.New(slog.DiscardHandler)
		eng, err := engine(cfg, store, log, nil)
		if err != nil {
			b.Fatal(err)
		}
		public, err := server(cfg, cfg.Site.On("127.0.0.1:8080"), store, nil, log)
		if err != nil {
			b.Fatal(err)
		}
		site := httptest.NewServer(public)
		var read, stored, lot longest
		var reads, writes atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		var beside sync.WaitGroup
		beside.Go(func() {
			for tick := time.NewTicker(20 * time.Millisecond); ctx.Err() == nil; <-tick.C {
				began := time.Now()
				res, err := http.Get(site.URL + "/feeds/topic/health.atom")
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				read.took(time.Since(began))
				reads.Add(1)
			}
		})
		beside.Go(func() {
			for tick := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; <-tick.C {
				began := time.Now()
				if _, err := store.Append(context.Background(), began, &feeds.Fetched{Source: "office-1", At: began}); err != nil {
					b.Error(err)
					return
				}
				stored.took(time.Since(began))
				writes.Add(1)
			}
		})
		cpu, last := cpuTime(b), time.Now()
		x := expiry{age: statements / 2 * time.Minute, eng: eng, public: public, log: log}
		what := x.what(false, func(done, total int) error {
			lot.took(time.Since(last))
			time.Sleep(expiryPause)
			last = time.Now()
			return nil
		})
		b.StartTimer()
		var out aggregator.Expired
		out, err = eng.Expire(ctx, what)
		b.StopTimer()
		cancel()
		beside.Wait()
		site.Close()
		if err != nil || out.Statements < statements/3 {
			b.Fatalf("%+v, %v", out, err)
		}
		b.ReportMetric((cpuTime(b) - cpu).Seconds(), "cpu-s")
		b.ReportMetric(lot.ms(), "longest-lot-ms")
		b.ReportMetric(read.ms(), "longest-read-ms")
		b.ReportMetric(stored.ms(), "longest-store-ms")
		b.ReportMetric(float64(out.Statements), "statements")
		b.ReportMetric(float64(reads.Load()), "reads")
		b.ReportMetric(float64(writes.Load()), "writes")
		b.StartTimer()
	}
}

// BenchmarkBackup copies a store of 100,000 statements, and looks through the copy
// as the command does.
func BenchmarkBackup(b *testing.B) {
	_, store := stocked(b, 100_000, time.Now().UTC())
	dir := b.TempDir()
	b.SetBytes(store.Stats().Size)
	var written time.Duration // without looking through
	began := cpuTime(b)
	for b.Loop() {
		_, err := placeCopy(filepath.Join(dir, "copy.db"), func(w io.Writer) error {
			began := time.Now()
			_, err := store.Backup(w)
			written += time.Since(began)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(store.Stats().Size)/(1<<20), "MiB")
	b.ReportMetric(float64(b.N)*float64(store.Stats().Size)/1e6/written.Seconds(), "written-MB/s")
	b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N), "cpu-s/op")
}

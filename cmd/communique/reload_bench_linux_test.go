package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"communique/aggregator/normalize"
	"communique/config"
	"communique/feeds"
	"communique/feeds/incidents"
	"communique/internal/metrics"
	"communique/storage"
)

// BenchmarkReload reads ten thousand sources again: as they were, and with one of
// them changed. None is due, so nothing is fetched.
func BenchmarkReload(b *testing.B) {
	const sources = 10_000
	dir := b.TempDir()
	store, err := storage.Open(filepath.Join(dir, "communique.db"), storage.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	text := func(n int) string {
		var t strings.Builder
		fmt.Fprintf(&t, "listen: 127.0.0.1:0\nadmin: off\nwatch: false\nsite: {base_url: 'https://news.example.org'}\ndefaults: {schedule: '@every 24h'}\nsources:\n")
		for i := range sources {
			title := "Office"
			if i == 7 {
				title = fmt.Sprint("Office ", n)
			}
			fmt.Fprintf(&t, "  - {id: office-%d, url: 'https://office-%[1]d.example/rss.xml', title: %s, language: fr, regions: [americas]}\n", i, title)
		}
		return t.String()
	}
	n := 0
	read := func() (*config.Config, error) {
		return config.Parse("communique.yaml", []byte(text(n)), config.Options{Canonical: normalize.Canonical})
	}
	now := time.Now().UTC()
	var visits []feeds.Fact
	for i := range sources {
		url := fmt.Sprintf("https://office-%d.example/rss.xml", i)
		visits = append(visits, &feeds.Fetched{Source: feeds.SourceID(fmt.Sprint("office-", i)), URL: url, Final: url, At: now, Success: now, Status: 200, NextDue: now.Add(24 * time.Hour), DueRule: "@every 24h"})
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := store.Append(ctx, now, visits...); err != nil {
		b.Fatal(err)
	}
	visits = nil
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	cfg, err := read()
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	d := &running{log: log, store: store, file: filepath.Join(dir, "communique.db"), addr: "127.0.0.1:8080", first: cfg, read: read, broken: make(chan error, 2), asked: make(chan chan<- reloaded),
		metrics: metrics.New(metrics.Options{Store: store, Version: "0", Now: time.Now}), memory: incidents.Remember(incidents.InFolder(dir), log), watch: newWatch(log)}
	defer d.watch.close()
	d.backups = startBackups(ctx, store, d.memory, log)
	d.lists, _ = startLists(ctx, dir, log)
	if err := d.start(ctx, cfg); err != nil {
		b.Fatal(err)
	}
	defer func() { d.stop() }()
	cfg = nil
	memory := float64(heap()-before) / (sources / 1000)
	for _, x := range []struct {
		name string
		step int
	}{{"unchanged", 0}, {"one-changed", 1}} {
		b.Run(x.name, func(b *testing.B) {
			b.ReportAllocs()
			began := cpuTime(b)
			for b.Loop() {
				n += x.step
				if got := d.reload(ctx); len(got.Errors) > 0 || len(got.Plan.Sources.Change) != x.step {
					b.Fatalf("%v, %+v", got.Errors, got.Plan)
				}
			}
			b.ReportMetric((cpuTime(b)-began).Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(memory, "B/1000-sources")
		})
	}
}

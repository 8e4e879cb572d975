package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"communique/aggregator/dedup"
	"communique/config"
)

const ferry = "The harbour office announced on Monday that the ferry to the outer islands will sail twice a day from the first of June, " +
	"after the new pier was opened by the mayor. Families who live there had asked for a second crossing since the spring storms damaged the old landing stage. " +
	"Tickets are sold at the kiosk beside the lighthouse, and children under six travel free."

// line is a document of a source.
func line(t *testing.T, id, source, title, text string) string {
	t.Helper()
	b, err := json.Marshal(document{ID: id, Title: title, Text: text, URL: "https://" + source + ".example/" + id, Source: source, Published: "2026-05-0" + id + "T09:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestClassifyObeysTheKnobsOfTheConfiguration(t *testing.T) {
	reprint := strings.Replace(ferry, "announced on Monday that", "said that", 1) + " About the office: it was founded long ago."
	documents := strings.Join([]string{
		line(t, "1", "hq", "Second ferry to the islands", ferry),
		line(t, "2", "south", "Second ferry to the islands from June", reprint),
	}, "\n")
	sources := "sources:\n  - {id: hq, url: 'https://hq.example/rss'}\n  - {id: south, url: 'https://south.example/rss'SETTING}\n"
	for _, x := range []struct {
		name, setting, config string
		one                   bool
	}{
		{"by default", "", "", true},
		{"shadow mode", "", "dedup: {shadow: true}", false},
		{"a high threshold", "", "dedup: {threshold: 0.99}", false},
		{"a short window", "", "dedup: {window: 2h}", false},
		{"groups with no source in common", "", "dedup: {groups: [{name: a, sources: [hq]}, {name: b, sources: [south]}]}", false},
		{"a group of both", "", "dedup: {groups: [{name: a, sources: [hq]}, {name: b, sources: [south, hq]}]}", true},
		{"a source matched by exact signs", ", match: exact", "", false},
		{"a source whose texts are distrusted", ", distrust: [text]", "", false},
		{"pinned apart", "", "dedup: {pins: [{apart: ['http://www.hq.example/1/', 'https://south.example/2?utm_source=x']}]}", false},
		{"pinned together in shadow mode", "", "dedup: {shadow: true, pins: [{together: ['https://hq.example/1', 'https://south.example/2']}]}", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "c.yaml")
			if err := os.WriteFile(file, []byte(strings.Replace(sources, "SETTING", x.setting, 1)+x.config+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := command(t, documents, "--config", file, "classify", "-")
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			var got []verdict
			for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
				var v verdict
				if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
			if len(got) != 2 || (got[0].Statement == got[1].Statement) != x.one {
				t.Errorf("one statement is %v, want %v:\n%s", !x.one, x.one, stdout)
			}
		})
	}
}

func TestTheKnobsHaveTheDefaultsThatWereMeasured(t *testing.T) {
	cfg, err := config.Parse("c.yaml", []byte("sources: []\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := likeness(cfg), dedup.Defaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("without a word on them the knobs are\n%+v, want what dedup has,\n%+v", got, want)
	}
}

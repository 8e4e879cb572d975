package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"communique/bench/trial"
)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "communique-editorial-test-")
	if err != nil {
		return "", err
	}
	return trial.Build(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if bin, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(bin))
	}
	os.Exit(code)
}

// measured runs the command and gives what it prints.
func measured(t *testing.T, o options) string {
	t.Helper()
	if o.pred == "" {
		var err error
		if o.binary, err = binary(); err != nil {
			t.Fatal(err)
		}
	}
	if o.arrival == "" {
		o.arrival = "poll"
	}
	if err := o.check(0); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&o, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// figures reads what -json prints.
func figures[T any](t *testing.T, out, key string) T {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var v T
	if err := json.Unmarshal(all[key], &v); err != nil {
		t.Fatalf("%s: %v\n%s", key, err, out)
	}
	return v
}

func TestWholeRunOnLabelledRows(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.jsonl")
	got := figures[streamFigures](t, measured(t, options{gold: "testdata/gold.jsonl", save: saved, json: true, by: "kind"}), "stream")
	if g := got.Groups; g == nil || g.Rows != 12 || g.Groups != 7 || g.Missing != 0 {
		t.Fatalf("groups %+v, want 12 rows of 7 groups, all predicted", g)
	}
	if got.Groups.Same.TP < 2 { // the exact copies
		t.Errorf("%d pairs of one language are right, want at least the two of exact copies", got.Groups.Same.TP)
	}
	if got.Language.Rows != 11 || got.Language.Right != 11 {
		t.Errorf("language: %d of %d right, want 11 of 11", got.Language.Right, got.Language.Rows)
	}
	if c := got.Tags["countries"]; c.Rows != 5 || c.Micro.F1 < .8 {
		t.Errorf("countries %+v, want F1 of .8 or more on 5 rows", c)
	}
	if u := got.Usage; u == nil || u.CPU <= 0 || u.Wall <= 0 || u.PeakMB < 5 || got.PerSecond <= 0 {
		t.Errorf("usage %+v, %.0f rows per second", u, got.PerSecond)
	}
	if got.By["edit:copy"].Groups.Rows != 2 {
		t.Errorf("by kind: %+v", got.By)
	}

	// What was saved scores the same, and is what the program printed.
	again := figures[streamFigures](t, measured(t, options{gold: "testdata/gold.jsonl", pred: saved, json: true}), "stream")
	if again.Groups.All != got.Groups.All || again.Tags["topics"].Micro != got.Tags["topics"].Micro || again.Tags["regions"].Micro != got.Tags["regions"].Micro {
		t.Errorf("scored again: %+v, want %+v", again, got)
	}
	verdicts, err := readRecords[verdict](saved)
	if err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != 12 || verdicts[0].Cluster != verdicts[1].Cluster || verdicts[0].Cluster == verdicts[5].Cluster || verdicts[1].Of != "centres-en" {
		t.Errorf("saved %+v", verdicts)
	}
}

// A prediction need not name languages, and may be in the labels' words.
func TestReadyPredictionIsScoredAsItStands(t *testing.T) {
	got := figures[streamFigures](t, measured(t, options{gold: "testdata/tiny.jsonl", pred: "testdata/tiny-predicted.jsonl", json: true}), "stream")
	if got.Language.Rows != 0 || got.Usage != nil {
		t.Errorf("language %+v and usage %+v of a prediction that has none", got.Language, got.Usage)
	}
	if x := got.Tags["topics_rw"]; !near4(x.Micro.P, .5) {
		t.Errorf("themes: %+v, want a precision of one half", x)
	}
}

// No label may reach the program that is measured.
func TestProgramIsGivenNoLabel(t *testing.T) {
	rows, err := readGold("testdata/gold.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		b, err := json.Marshal(rows[i].document(false))
		if err != nil {
			t.Fatal(err)
		}
		var given map[string]string
		if err := json.Unmarshal(b, &given); err != nil {
			t.Fatal(err)
		}
		for key := range given {
			switch key {
			case "id", "title", "text", "url", "published", "source":
			default:
				t.Errorf("%s is given %q", rows[i].ID, key)
			}
		}
	}
	if rows[0].document(true).Language != "en" {
		t.Error("-give-language gives none")
	}
}

func TestShufflesAndFillRun(t *testing.T) {
	out := measured(t, options{gold: "testdata/gold.jsonl", shuffles: 2, arrival: "both", fill: 30, seed: 1, json: true})
	type runs struct {
		Runs    []shuffled
		Between map[string]float64
	}
	for _, mode := range []string{"poll", "random"} {
		got := figures[runs](t, out, "shuffles-"+mode)
		if len(got.Runs) != 2 || got.Between["worst"] <= 0 || got.Runs[0].Same.R <= 0 {
			t.Errorf("%s: %+v", mode, got)
		}
	}
	f := figures[filled](t, out, "fill")
	if f.Filler != 30 || f.Gold != 12 || f.GoldPairs.R <= 0 || f.PeakMB < 5 || f.AmongPairs != 0 {
		t.Errorf("fill: %+v", f)
	}
}

func TestTextShowsTablesAndMistakes(t *testing.T) {
	out := measured(t, options{gold: "testdata/gold.jsonl", errors: 5})
	for _, want := range []string{"12 labelled rows", "same language", "-- false merges", "-- misses", "-- countries: ", "rows judged per CPU second"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestPageIsRefreshedBetweenItsMarks(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# Page\n\n<!-- figures: stream -->\nold\n<!-- end -->\n\nprose\n\n<!-- figures: fill -->\nkept\n<!-- end -->\n")
	measured(t, options{gold: "testdata/tiny.jsonl", pred: "testdata/tiny-predicted.jsonl", page: page})
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	got := string(b)
	if strings.Contains(got, "old\n") || !strings.Contains(got, "| all | 0.5714 | 0.4444 | 0.5000 |") || !strings.Contains(got, "prose\n\n<!-- figures: fill -->\nkept\n<!-- end -->\n") {
		t.Errorf("the page is\n%s", got)
	}
	first := got
	measured(t, options{gold: "testdata/tiny.jsonl", pred: "testdata/tiny-predicted.jsonl", page: page})
	if b, _ = os.ReadFile(page); string(b) != first {
		t.Errorf("refreshed again it is\n%s", b)
	}
	write("# Page without a place\n")
	o := options{gold: "testdata/tiny.jsonl", pred: "testdata/tiny-predicted.jsonl", page: page}
	if err := run(&o, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("a page without marks: %v", err)
	}
}

func TestAccuracyPageHasAPlaceForEverySection(t *testing.T) {
	b, err := os.ReadFile("../../docs/accuracy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"stream", "shuffles-poll", "shuffles-random", "fill", "congress", "themes", "desks"} {
		if strings.Count(string(b), "<!-- figures: "+key+" -->\n") != 1 {
			t.Errorf("docs/accuracy.md has no place, or several, for %s", key)
		}
	}
}

// written puts lines into a file of the folder.
func written(t *testing.T, dir, name string, lines ...string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPairsOfStatementsAreJudgedByTheirLabels(t *testing.T) {
	const bridge = `"text":"The bridge over the estuary will close to trucks from Monday, the department said, because two of its bearings have to be exchanged before the winter."`
	dir := t.TempDir()
	written(t, dir, "2031-01.jsonl",
		`{"id":"1","title":"The bridge closes","date":"2031-01-02","office":"north",`+bridge+`}`,
		`{"id":"2","title":"The bridge closes","date":"2031-01-03","office":"south",`+bridge+`}`,
		`{"id":"3","title":"A library opens","date":"2031-01-03","office":"south","text":"Nine thousand books stand on the shelves of the library that opened in the old customs house on Friday evening."}`)
	written(t, dir, "near_dup_hand_labels.jsonl",
		`{"a":"1","b":"2","label":"same"}`, `{"a":"1","b":"3","label":"different"}`, `{"a":"2","b":"3","label":"same"}`,
		`{"a":"2","b":"3","label":"ambiguous"}`, `{"a":"2","b":"elsewhere","label":"same"}`)
	written(t, dir, "near_dup_pairs.jsonl", `{"a":"1","b":"2","containment5":1.0}`, `{"a":"1","b":"3","containment5":0.1}`)
	out := measured(t, options{congress: dir, errors: 3})
	out = strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"by hand, same 2 1 50.00 %", "by hand, different 1 1 100.00 %", "by hand, all 3 2 66.67 %", "proposed, all 2 1 50.00 %", `labelled same: 2 "The bridge closes"`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestThemesAndDesksAreFound(t *testing.T) {
	dir := t.TempDir()
	themes := written(t, dir, "themes.jsonl",
		`{"id":"1","text":"Cholera outbreak: health workers vaccinate. The ministry of health and its hospitals treat patients; the vaccination campaign against cholera goes on.","themes":["Health","Fishing"]}`,
		`{"id":"2","text":"A quiet week in the harbour, with fog.","themes":["Mine Action"]}`)
	desks := written(t, dir, "desks.jsonl",
		`{"id":"1","title":"Kenya opens a bridge","description":"The bridge in Kenya took four years.","section":"world-africa"}`,
		`{"id":"2","title":"Fog","description":"It was foggy.","section":"world-europe"}`,
		`{"id":"3","title":"Peru wins the cup","description":"Peru were the better team.","section":"world-asia-india"}`,
		`{"id":"4","title":"Football in France","description":"A match in France.","section":"sport/football"}`)
	out := measured(t, options{themes: themes, desks: desks, errors: 2, json: true})
	th := figures[map[string]any](t, out, "themes")
	if th["themes"] != 2. || th["found"] != 1. || th["mentioned"] != 1. {
		t.Errorf("themes: %v, want one of two found and mentioned, and Fishing not judged", th)
	}
	d := figures[map[string]any](t, out, "desks")
	if d["items"] != 3. || d["with_region"] != 2. || d["right"] != 1. {
		t.Errorf("desks: %v, want one of two right, a third without a region", d)
	}
}

func TestProgramThatFailsIsReported(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("#!/bin/sh\necho 'it is broken' >&2\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	mute := filepath.Join(t.TempDir(), "mute")
	if err := os.WriteFile(mute, []byte("#!/bin/sh\ncat >/dev/null\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for bin, want := range map[string]string{bad: "it is broken", mute: "gave 0 verdicts on 12 documents"} {
		o := options{gold: "testdata/gold.jsonl", binary: bin}
		if err := run(&o, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestCommandLineIsChecked(t *testing.T) {
	for want, o := range map[string]options{
		"nothing to measure": {arrival: "poll"},
		"need -gold":         {arrival: "poll", congress: "x", fill: 3},
		"-pred runs nothing": {arrival: "poll", gold: "x", pred: "y", shuffles: 2},
		`-by "colour"`:       {arrival: "poll", gold: "x", by: "colour"},
		"-arrival":           {arrival: "boat", gold: "x"},
		"count from 0":       {arrival: "poll", gold: "x", errors: -1},
		"exclude each other": {arrival: "poll", gold: "x", json: true, markdown: true},
	} {
		if err := o.check(0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

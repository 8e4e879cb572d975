package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

// TestExplainSaysWhyAndWhyNot tells of a statement with a translation and an
// exact reprint, which came near to one that is another, to one that was joined
// with it since, and to one that is gone.
func TestExplainSaysWhyAndWhyNot(t *testing.T) {
	store := testkit.OpenStore(t)
	at := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	said := func(item feeds.ItemKey, st feeds.StatementID, language, title string, change func(*feeds.Observed)) *feeds.Observed {
		o := &feeds.Observed{Item: item, Statement: st, FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin,
			Copy: feeds.Copy{Source: item.Source(), Title: title, Language: language, LanguageRule: "feed", Link: "https://" + string(item.Source()) + ".example/" + string(st)}}
		if change != nil {
			change(o)
		}
		return o
	}
	health := feeds.Tag{Scheme: feeds.Topic, Term: "health"}
	facts := []feeds.Fact{
		said("hq/12", "report12aaaaaaaa", "en", "Situation report 12", nil),
		said("hq/13", "report13aaaaaaaa", "en", "Situation report 13", func(o *feeds.Observed) {
			o.Taggings = []feeds.Tagging{{Tag: health, Rule: "topic health", Evidence: `title: "clinic"`, Score: 2}, {Tag: feeds.Tag{Scheme: feeds.Mention, Term: "cl"}, Rule: "country CL: name, only mentioned", Evidence: `text: "Chile"`}}
			o.Near = []feeds.Near{
				{Item: "hq/12", Statement: "report12aaaaaaaa", Score: .8, Threshold: .35, Why: "206 of 244 runs; the titles have different numbers", Related: true},
				{Item: "hq/9", Statement: "goneaaaaaaaaaaaa", Score: .2, Threshold: .35, Why: "too little"},
			}
		}),
		said("south/7", "loseraaaaaaaaaaa", "es", "Informe 13", nil),
		said("south/8", "report13aaaaaaaa", "fr", "Rapport 13", func(o *feeds.Observed) {
			o.Relation, o.Of, o.Why, o.Score, o.Threshold = feeds.IsTranslation, "hq/13", "across languages: words 0.61 alike", .97, .9
			o.Taggings = []feeds.Tagging{{Tag: health, Rule: "topic health", Evidence: `lede: "clinique"`, Score: 1}, {Tag: feeds.Tag{Scheme: feeds.Region, Term: "americas"}, Rule: "region", Evidence: "x"}, {Tag: feeds.Tag{Scheme: feeds.Country, Term: "pe"}, Rule: "country PE: name", Evidence: "x"}}
			o.Near = []feeds.Near{{Item: "south/7", Statement: "loseraaaaaaaaaaa", Score: .4, Threshold: .9, Why: "too little"}}
		}),
		said("west/1", "report13aaaaaaaa", "en", "Situation report 13", func(o *feeds.Observed) {
			o.Relation, o.Of, o.Why, o.Score = feeds.IsReprint, "hq/13", "same title and text", 1
		}),
		&feeds.Joined{Loser: "loseraaaaaaaaaaa", Winner: "report13aaaaaaaa", Why: "like a third"},
	}
	if _, err := store.Append(context.Background(), at, facts...); err != nil {
		t.Fatal(err)
	}
	told, err := explain(store, "report13aaaaaaaa")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&app{stdout: &out}).tell(told); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  south: translation, es (says the feed)\n    Informe 13\n    https://south.example/loseraaaaaaaaaaa\n    one with hq's: was a statement of its own until",
		"  south: translation, fr (says the feed)\n",
		"    one with hq's: across languages: words 0.61 alike\n    score 0.97, needed 0.90\n",
		"    one with hq's: same title and text\n    published",
		"    nearest that was not joined: hq's “Situation report 12”, statement report12aaaaaaaa, shown as related\n      score 0.80, needed 0.35: 206 of 244 runs; the titles have different numbers\n",
		"    also near: hq's, statement goneaaaaaaaaaaaa, no longer published\n      score 0.20, needed 0.35: too little\n",
		"  region/americas, by region, in the words of country/pe\n  topic/health, by topic health\n    in hq's, en, title: \"clinic\"\n    in south's, fr, lede: \"clinique\"\n",
		"countries that are only mentioned: 1\n  mention/cl, by country CL: name, only mentioned\n    in hq's, en, text: \"Chile\"\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "statement loser") {
		t.Errorf("what has been joined since stands among what was not:\n%s", out.String())
	}
	b, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"of":"hq/13","of_source":"hq","of_title":"Situation report 13","why":"across languages: words 0.61 alike","score":0.97,"threshold":0.9`,
		`"near":[{"statement":"report12aaaaaaaa","item":"hq/12","source":"hq","title":"Situation report 12","link":"https://hq.example/report12aaaaaaaa","score":0.8,"threshold":0.35,"why":"206 of 244 runs; the titles have different numbers","related":true}`,
		`"words":[{"source":"hq","language":"en","rule":"topic health","evidence":"title: \"clinic\""},{"source":"south","language":"fr",`,
	} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("want %s in:\n%s", want, b)
		}
	}
}

// TestTheDemonstrationShowsWhatIsOneAndWhatIsRelated pulls the demonstration as
// `communique fetch` does without a configuration.
func TestTheDemonstrationShowsWhatIsOneAndWhatIsRelated(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := command(t, "", "fetch"); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	store, err := storage.Open(filepath.Join("data", "demonstration", "communique.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	page, err := store.Select(feeds.Query{Words: "Choloma", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Heads) != 2 {
		t.Fatalf("%d statements on the storm, want report 4 and report 5", len(page.Heads))
	}
	fourth, _, _, err := store.Statement(page.Heads[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	// Which of them came first is chance, and so who is the origin.
	count := map[feeds.Relation]int{}
	for i := range fourth.Copies {
		count[fourth.Copies[i].Relation]++
	}
	if len(fourth.Copies) != 6 || count[feeds.IsOrigin] != 1 || count[feeds.IsTranslation] < 3 {
		t.Errorf("report 4 has %d copies, %v, want six with one origin and three translations", len(fourth.Copies), count)
	}
	if c := fourth.Lead("en"); c.Source == "europe" {
		t.Errorf("in English it is shown as %s has it, which is a teaser", c.Source)
	}
	fifth, _, _, err := store.Statement(page.Heads[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	near := append(fifth.Related(), fourth.Related()...) // whichever came later
	if len(fifth.Copies) != 3 || !slices.ContainsFunc(near, func(n feeds.Near) bool { return n.Statement == fourth.ID || n.Statement == fifth.ID }) {
		t.Errorf("report 5 has %d copies, want 3, and the two are not related: %+v", len(fifth.Copies), near)
	}
}

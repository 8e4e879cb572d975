package tag

import (
	"bufio"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

var mistakes = flag.String("mistakes", "", "list the texts of the labelled stream that come out wrong: countries, topics, desks")

// labelled is a row of the labelled stream.
type labelled struct {
	ID, Lang, Title, Text, Published string
	Set, Form, Kind, Group           string
	Countries, Regions, Topics       *[]string
	Themes                           *[]string `json:"topics_rw"`
	Judged                           []string  `json:"topics_rw_judged"`
}

func stream(t testing.TB) []labelled {
	f, err := os.Open(testkit.Shared(t, "eval/stream_dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<22)
	for in.Scan() {
		var r labelled
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (r labelled) input() Input {
	published, _ := time.Parse("2006-01-02T15:04:05", r.Published[:min(19, len(r.Published))])
	return Input{Language: r.Lang, View: view(r.Title, r.Text), Published: published}
}

// ratio counts as score.py does: micro precision, recall and F1.
type ratio struct{ tp, fp, fn float64 }

func (r *ratio) add(gold, got []string) {
	for _, g := range got {
		if slices.Contains(gold, g) {
			r.tp++
		} else {
			r.fp++
		}
	}
	for _, g := range gold {
		if !slices.Contains(got, g) {
			r.fn++
		}
	}
}

func (r ratio) f1() (p, rec, f float64) {
	p, rec = r.tp/max(1, r.tp+r.fp), r.tp/max(1, r.tp+r.fn)
	return p, rec, 2 * p * rec / max(1e-9, p+rec)
}

func lower(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = strings.ReplaceAll(strings.ToLower(s), "_", "-")
	}
	return out
}

// TestLabelledStream measures the rules on the labelled stream and fails when
// they get much worse than they were.
func TestLabelledStream(t *testing.T) {
	tg := newTagger(t)
	var regionOf map[string][]string // the labels' own table of regions
	b, err := os.ReadFile(testkit.Shared(t, "eval/resources/iso2_m49.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &regionOf); err != nil {
		t.Fatal(err)
	}
	// The topics that the labels know; ours are more.
	known := strings.Fields(`displacement migration-governance labour-migration return-reintegration counter-trafficking protection
		gender children health climate-environment emergencies peace-security food-security wash shelter education funding mine-action`)

	scores := map[string]*ratio{}
	count := func(name string, gold, got []string) {
		if scores[name] == nil {
			scores[name] = &ratio{}
		}
		scores[name].add(gold, got)
	}
	for _, r := range stream(t) {
		if r.Countries == nil && r.Topics == nil && r.Themes == nil {
			continue
		}
		tags := tg.Tag(r.input())
		countries := terms(tags, feeds.Country)
		var topics []string
		for _, x := range terms(tags, feeds.Topic) {
			if slices.Contains(known, x) {
				topics = append(topics, x)
			}
		}
		if r.Countries != nil {
			gold := lower(*r.Countries)
			count("countries", gold, countries)
			count("countries "+r.Lang, gold, countries)
			var regions []string
			for _, c := range countries {
				if g := regionOf[strings.ToUpper(c)]; len(g) > 1 && !slices.Contains(regions, g[1]) {
					regions = append(regions, g[1])
				}
			}
			count("regions", *r.Regions, regions)
			slices.Sort(gold)
			if *mistakes == "countries" && !slices.Equal(gold, countries) {
				explain(t, r, gold, tags, feeds.Country)
			}
		}
		if r.Topics != nil {
			gold := lower(*r.Topics)
			count("topics", gold, topics)
			count("topics "+r.Lang, gold, topics)
			count("topics, ours too", gold, terms(tags, feeds.Topic))
			slices.Sort(gold)
			if *mistakes == "topics" && !slices.Equal(gold, topics) {
				explain(t, r, gold, tags, feeds.Topic)
			}
			for _, k := range known {
				one := func(list []string) []string {
					if slices.Contains(list, k) {
						return []string{k}
					}
					return nil
				}
				count("topic "+k, one(gold), one(topics))
			}
		}
		if r.Themes != nil {
			judged := lower(r.Judged)
			var got []string
			for _, x := range topics {
				if slices.Contains(judged, x) {
					got = append(got, x)
				}
			}
			count("themes", lower(*r.Themes), got)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		p, r, f := scores[name].f1()
		t.Logf("%-28s P %.3f R %.3f F1 %.3f  (tp %g fp %g fn %g)", name, p, r, f, scores[name].tp, scores[name].fp, scores[name].fn)
	}
	for name, least := range map[string]float64{"countries": 0.93, "regions": 0.93, "topics": 0.88} {
		if _, _, f := scores[name].f1(); f < least {
			t.Errorf("%s: F1 %.3f, want at least %.3f", name, f, least)
		}
	}
	if _, rec, _ := scores["themes"].f1(); rec < 0.5 {
		t.Errorf("themes: recall %.3f, want at least 0.5", rec)
	}
}

// TestLanguagesAgree tags translations of one text and measures how well each
// language's tags agree with the English ones: no labels are needed for that.
func TestLanguagesAgree(t *testing.T) {
	tg := newTagger(t)
	english := map[string][]feeds.Tagging{}
	rows := stream(t)
	keep := func(r labelled) bool {
		return r.Set == "ntrex" && (r.Kind == "base" || r.Kind == "translation") && r.Form != "summary"
	}
	for _, r := range rows {
		if keep(r) && r.Lang == "en" {
			english[r.Group] = tg.Tag(r.input())
		}
	}
	scores := map[string]*ratio{}
	for _, r := range rows {
		gold, ok := english[r.Group]
		if !keep(r) || r.Lang == "en" || !ok {
			continue
		}
		tags := tg.Tag(r.input())
		for _, scheme := range []string{feeds.Country, feeds.Topic} {
			name := scheme + " " + r.Lang
			if scores[name] == nil {
				scores[name] = &ratio{}
			}
			scores[name].add(terms(gold, scheme), terms(tags, scheme))
			if *mistakes == name && !slices.Equal(terms(gold, scheme), terms(tags, scheme)) {
				explain(t, r, terms(gold, scheme), append(gold, tags...), scheme)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		p, r, f := scores[name].f1()
		t.Logf("%-12s agrees with English: P %.3f R %.3f F1 %.3f", name, p, r, f)
		if f < 0.65 {
			t.Errorf("%s agrees with English only by %.3f", name, f)
		}
	}
}

// TestNewsDesks compares the regions of news items with the desk that each came
// from, where the text names a place at all.
func TestNewsDesks(t *testing.T) {
	f, err := os.Open(testkit.Shared(t, "data/humanitarian/bbc_desks/items.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type desk struct {
		section string // begins so
		right   []string
	}
	desks := []desk{
		{"world-africa", []string{"africa"}}, {"world-asia-india", []string{"southern-asia"}}, {"world-asia-china", []string{"eastern-asia"}}, {"world-asia", []string{"asia"}},
		{"world-australia", []string{"oceania"}}, {"world-europe", []string{"europe"}}, {"world-latin-america", []string{"latin-america-and-the-caribbean"}},
		{"world-middle-east", []string{"middle-east", "western-asia", "ir", "eg"}}, {"world-us-canada", []string{"northern-america"}}, {"uk", []string{"northern-europe"}},
	}
	tg := newTagger(t)
	type count struct{ items, placed, right int }
	var all, abroad count
	of := map[string]*count{}
	for in := json.NewDecoder(f); in.More(); {
		var r struct{ Title, Description, Section string }
		if err := in.Decode(&r); err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(desks, func(d desk) bool { return strings.HasPrefix(r.Section, d.section) })
		if i < 0 {
			continue
		}
		tags := tg.Tag(Input{Language: "en", View: view(r.Title, r.Description)})
		got := append(terms(tags, feeds.Region), terms(tags, feeds.Country)...)
		right := slices.ContainsFunc(got, func(g string) bool { return slices.Contains(desks[i].right, g) })
		if of[desks[i].section] == nil {
			of[desks[i].section] = &count{}
		}
		counts := []*count{&all, of[desks[i].section]}
		if desks[i].section != "uk" {
			counts = append(counts, &abroad)
		}
		for _, c := range counts {
			c.items++
			if len(got) > 0 {
				c.placed++
			}
			if right {
				c.right++
			}
		}
		if *mistakes == "desks" && len(got) > 0 && !right {
			t.Logf("%s: %q, %q: %v", r.Section, r.Title, r.Description, got)
		}
	}
	of["all"], of["abroad"] = &all, &abroad
	for _, name := range slices.Sorted(maps.Keys(of)) {
		c := of[name]
		share := float64(c.right) / float64(max(1, c.placed))
		t.Logf("%-20s items %4d, placed %4d, right %.3f", name, c.items, c.placed, share)
		if least := 0.9; share < least && (name == "all" || name == "abroad") {
			t.Errorf("%s: %.3f of the placed items are in their desk's region, want %.2f", name, share, least)
		}
	}
}

func explain(t *testing.T, r labelled, gold []string, tags []feeds.Tagging, scheme string) {
	t.Logf("%s %s %s %q want %v", r.ID, r.Lang, r.Form, r.Title, gold)
	t.Logf("      %.300s", strings.ReplaceAll(r.Text, "\n", " "))
	for _, g := range tags {
		if g.Tag.Scheme == scheme {
			t.Logf("   got %s %.2f %s", g.Tag.Term, g.Score, g.Evidence)
		}
	}
}

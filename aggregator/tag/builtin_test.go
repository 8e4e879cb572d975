package tag

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

// newTagger gives a tagger with the built-in rules only.
func newTagger(t testing.TB) *Tagger {
	t.Helper()
	tg, err := New(Taxonomy{})
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

// view makes a text view of a title and paragraphs, as normalize does.
func view(title, text string) feeds.TextView {
	var lines []string
	for p := range strings.SplitSeq(text, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			lines = append(lines, p)
		}
	}
	v := feeds.TextView{Title: title, Body: strings.Join(lines, "\n")}
	if len(lines) > 0 {
		v.Lede = lines[0]
		if len(v.Lede) < 300 && len(lines) > 1 {
			v.Lede += "\n" + lines[1]
		}
		if len(v.Lede) > 900 {
			i := strings.LastIndexByte(v.Lede[:900], ' ')
			v.Lede = v.Lede[:max(i, 0)]
		}
	}
	return v
}

func terms(tags []feeds.Tagging, scheme string) []string {
	var out []string
	for _, g := range tags {
		if g.Tag.Scheme == scheme {
			out = append(out, g.Tag.Term)
		}
	}
	return out
}

// nine are the languages that places are named in.
var nine = []string{"en", "fr", "es", "pt", "ar", "ru", "zh", "de", "it"}

func TestBuiltInRulesAreWellFormed(t *testing.T) {
	r := builtin()
	check := func(what string, s *source) {
		n := 0
		s.each(func(text string) {
			n++
			if _, err := parsePattern(text, s.role == isTopic, foldTable()); err != nil {
				t.Errorf("%s (%s): %q: %v", what, s.lang, text, err)
			}
		})
		if n == 0 && s.guarded == 0 {
			t.Errorf("%s (%s): no patterns", what, s.lang)
		}
	}
	for i := range r.terms {
		x := &r.terms[i]
		name := x.tag.String()
		languages := []string{"en", "fr", "es", "pt", "ar"}
		if x.tag.Scheme == feeds.Region || x.tag.Scheme == feeds.Country {
			languages = nine
		}
		for _, lang := range languages {
			if x.labels[lang] == "" {
				t.Errorf("%s has no label in %s", name, lang)
			}
		}
		if x.parent != "" && r.parent(x) == nil {
			t.Errorf("%s: unknown parent %q", name, x.parent)
		}
		if x.tag.Scheme == feeds.Country && x.tag.Term != "aq" && len(r.ancestors(x)) < 2 {
			t.Errorf("%s lies in %v", name, r.ancestors(x))
		}
		for _, g := range x.regions {
			if r.get(feeds.Region, g) == nil {
				t.Errorf("%s: unknown region %q", name, g)
			}
		}
		for j := range x.sources {
			check(name, &x.sources[j])
		}
	}
	for i := range r.masks {
		check("mask", &r.masks[i])
	}
}

func TestSeedStatement(t *testing.T) {
	b, err := os.ReadFile(testkit.Shared(t, "seed/statement.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Title, Text string
		Published   time.Time
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&s); err != nil {
		t.Fatal(err)
	}
	allowed := []string{"migration-governance", "protection", "human-rights", "regular-pathways", "return-reintegration",
		"counter-trafficking", "climate-environment", "emergencies", "integration", "gender", "children"}
	tg := newTagger(t)
	for _, published := range []time.Time{s.Published, {}} {
		tags := tg.Tag(Input{Language: "fr", View: view(s.Title, s.Text), Published: published})
		for _, g := range tags {
			t.Logf("%s\t%.2f\t%s\t%s", g.Tag, g.Score, g.Rule, g.Evidence)
		}
		if got := terms(tags, feeds.Country); len(got) > 0 {
			t.Errorf("countries %v, want none", got)
		}
		if got := terms(tags, feeds.Region); !slices.Equal(got, []string{"americas"}) {
			t.Errorf("regions %v, want americas", got)
		}
		if got := terms(tags, feeds.Event); !slices.Contains(got, "summit-of-the-americas-2022") || !published.IsZero() && len(got) > 1 {
			t.Errorf("events %v, want the summit", got)
		}
		got := terms(tags, feeds.Topic)
		for _, topic := range allowed {
			if !slices.Contains(got, topic) {
				t.Errorf("topics %v, want %s among them", got, topic)
			}
		}
		for _, topic := range got {
			if !slices.Contains(allowed, topic) {
				t.Errorf("topic %q is not what it speaks of", topic)
			}
		}
	}
}

package tag

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
)

func TestThemesOfOtherVocabulariesAreMapped(t *testing.T) {
	tg := newTagger(t)
	form := regexp.MustCompile(`^(reliefweb:theme/[0-9]+|medtop:[0-9]{8})$`)
	seen, topics := map[string]bool{}, 0
	for _, x := range tg.Terms() {
		if x.Tag.Scheme == feeds.Topic {
			topics++
		}
		for _, id := range x.Same {
			if x.Tag.Scheme != feeds.Topic || !form.MatchString(id) || seen[id] {
				t.Errorf("%s is the same as %q", x.Tag, id)
			}
			seen[id] = true
		}
	}
	themes := 0
	for id := range seen {
		if strings.HasPrefix(id, "reliefweb:") {
			themes++
		}
	}
	if themes != 20 || topics < 40 || len(seen) < 50 {
		t.Errorf("%d themes and %d ids in all for %d topics, want all 20 themes", themes, len(seen), topics)
	}
}

func TestPublishersThemesAreTopics(t *testing.T) {
	tg := newTagger(t)
	for _, c := range []struct {
		category feeds.Category
		want     string
	}{
		{feeds.Category{Term: "Protection and Human Rights"}, "protection"},
		{feeds.Category{Term: "water sanitation hygiene"}, "wash"},
		{feeds.Category{Term: "Peacekeeping and Peacebuilding"}, "peace-security peacekeeping"},
		{feeds.Category{Term: "t1", Label: "Shelter and Non-Food Items"}, "shelter"},
		{feeds.Category{Term: "medtop:20000645", Label: "x"}, "displacement"},
		{feeds.Category{Term: "20000592", Scheme: "http://cv.iptc.org/newscodes/mediatopic/"}, "human-rights protection"},
		{feeds.Category{Term: "https://cv.iptc.org/newscodes/mediatopic/20000418"}, "climate-change climate-environment"},
		{feeds.Category{Term: "https://reliefweb.int/taxonomy/term/12033"}, "mine-action"},
		{feeds.Category{Term: "4604", Scheme: "https://reliefweb.int/theme"}, "wash"},
		{feeds.Category{Term: "4604"}, ""},
		{feeds.Category{Term: "https://example.org/4604"}, ""},
		{feeds.Category{Term: "Education"}, ""}, // a word that anybody may use
		{feeds.Category{Term: "medtop:"}, ""},
	} {
		tags := tg.Tag(Input{Language: "en", View: view("Work goes on", "Teams met."), Categories: []feeds.Category{c.category}})
		if got := strings.Join(terms(tags, feeds.Topic), " "); got != c.want {
			t.Errorf("%+v: topics %q, want %q", c.category, got, c.want)
		}
		for _, g := range tags {
			if g.Rule == "" || !strings.HasPrefix(g.Evidence, `category: "`) {
				t.Errorf("%s by rule %q on %q", g.Tag, g.Rule, g.Evidence)
			}
		}
	}
}

// TestEditorsThemes measures how many of the themes that ReliefWeb's editors
// gave we give too. Many stand in attachments only, so not all can be.
func TestEditorsThemes(t *testing.T) {
	f, err := os.Open(testkit.Shared(t, "data/humanitarian/reliefweb/themes_en.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tg := newTagger(t)
	topicOf := map[string]string{}
	table("themes.tsv", func(row, _ []string) {
		if strings.HasPrefix(row[1], "reliefweb:") {
			topicOf[row[2]] = row[0]
		}
	})
	type counts struct{ hit, all int }
	per := map[string]*counts{}
	var all, single counts
	given := 0
	in := json.NewDecoder(f)
	rows := 0
	for in.More() {
		var r struct {
			Text   string
			Themes []string
		}
		if err := in.Decode(&r); err != nil {
			t.Fatal(err)
		}
		rows++
		title, text, _ := strings.Cut(r.Text, "\n")
		if len(title) > 160 {
			i := strings.LastIndexByte(title[:120], ' ')
			title, text = title[:max(i, 0)], r.Text[max(i, 0):]
		}
		got := topicsOf(tg, "en", title, text)
		given += len(got)
		for _, theme := range r.Themes {
			want := topicOf[theme]
			if want == "" {
				t.Fatalf("theme %q is not mapped", theme)
			}
			if per[theme] == nil {
				per[theme] = &counts{}
			}
			n := 0
			// A topic beside it, under the same parent, is near enough.
			root := func(topic string) int32 { return tg.roots[tg.rules.index[feeds.Tag{Scheme: feeds.Topic, Term: topic}]] }
			if slices.ContainsFunc(got, func(x string) bool { return root(x) == root(want) }) {
				n = 1
			} else if *mistakes == "themes" && len(r.Themes) == 1 {
				t.Logf("%s: %q got %v", want, r.Text[:min(len(r.Text), 200)], got)
			}
			per[theme].hit, per[theme].all = per[theme].hit+n, per[theme].all+1
			all.hit, all.all = all.hit+n, all.all+1
			if len(r.Themes) == 1 {
				single.hit, single.all = single.hit+n, single.all+1
			}
		}
	}
	for theme, c := range per {
		t.Logf("%-32s %2d of %2d", theme, c.hit, c.all)
	}
	t.Logf("all %.3f, where the editors gave one %.3f; %.2f topics a text", float64(all.hit)/float64(all.all), float64(single.hit)/float64(single.all), float64(given)/float64(rows))
	if recall := float64(single.hit) / float64(single.all); recall < 0.6 {
		t.Errorf("recall %.3f of the only theme", recall)
	}
}

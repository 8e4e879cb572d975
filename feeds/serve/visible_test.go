package serve

import (
	"fmt"
	"regexp"
	"testing"

	"communique/feeds"
)

// What any listed feed shows, by whatever selects it, is among what is visible; what
// none shows is not.
func TestVisibleIsWhatPublishedFeedsShow(t *testing.T) {
	health := feeds.Tag{Scheme: feeds.Topic, Term: "health"}
	s := newSite(t, func(o *Options) {
		o.Named = append(o.Named, Named{Feed: feeds.Feed{Path: "whales", Title: "Whales", Query: feeds.Query{Words: "whale"}}},
			Named{Feed: feeds.Feed{Path: "long", Title: "Long", Query: feeds.Query{Languages: []string{"en"}, Sources: []feeds.SourceID{"south"}, Limit: 150}}})
	})
	s.say("north", "fr", "La seule en français")
	s.say("south", "es", "Salud", health)
	s.say("north", "en", "A whale")
	hidden := s.say("north", "en", "Nobody shows this")
	for i := range 320 {
		s.say([]string{"north", "south"}[i%2], "en", fmt.Sprint("Word ", i))
	}
	visible, err := s.server.Visible()
	if err != nil {
		t.Fatal(err)
	}
	id := regexp.MustCompile(`<id>tag:example.org,2026:[^<]*(statement[0-9]{7})</id>`)
	n := 0
	for _, path := range []string{"all", "all.atom?lang=fr", "all.atom?lang=es", "all.atom?lang=en", "south-health", "whales", "long", "topic/health", "source/north", "source/south"} {
		if !regexp.MustCompile(`\?`).MatchString(path) {
			path += ".atom"
		}
		shown := id.FindAllSubmatch(s.get("/feeds/"+path).body, -1)
		if len(shown) == 0 {
			t.Errorf("%s shows nothing", path)
		}
		for _, m := range shown {
			n++
			if !visible[feeds.StatementID(m[1])] {
				t.Errorf("%s shows %s, which is not among what is visible", path, m[1])
			}
		}
	}
	if visible[hidden] || len(visible) >= 324 {
		t.Errorf("%d statements are visible, %s among them: %v; want fewer", len(visible), hidden, visible[hidden])
	}
}

package storage_test

import (
	"slices"
	"testing"

	"communique/feeds"
	"communique/internal/testkit"
)

func TestStatementAsHasOtherTagsAndWhatIsSaidOnTop(t *testing.T) {
	s := testkit.OpenStore(t)
	add, cut, was, is := feeds.Tag{Scheme: feeds.Topic, Term: "added"}, feeds.Tag{Scheme: feeds.Topic, Term: "cut"}, feeds.Tag{Scheme: feeds.Topic, Term: "was"}, feeds.Tag{Scheme: feeds.Topic, Term: "is"}
	say(t, s, 3, observed("north", "a", 3, tagged("topic/was")), observed("south", "b", 3, of("b", feeds.IsOrigin)),
		&feeds.Joined{Loser: sid("b"), Winner: sid("a")}, &feeds.Moderated{Statement: sid("a"), Add: []feeds.Tag{add}, Cut: []feeds.Tag{cut}})
	digest := s.Digest()
	told := 0
	st, at, ok, err := s.StatementAs(sid("b"), func(o *feeds.Observed) []feeds.Tagging {
		told++
		if o.Item == "north/a" {
			return []feeds.Tagging{{Tag: cut}}
		}
		if o.Copy.Content == "" {
			t.Error("an item is shown without its text")
		}
		return []feeds.Tagging{{Tag: is}}
	})
	if err != nil || !ok || at != sid("a") || told != 2 {
		t.Fatalf("%s, %v, %v, asked for the tags of %d items; want %s of two", at, ok, err, told, sid("a"))
	}
	tags := func(st feeds.Statement) (out []feeds.Tag) {
		for _, g := range st.Taggings {
			out = append(out, g.Tag)
		}
		return out
	}
	if got := tags(st); !slices.Equal(got, []feeds.Tag{add, is}) {
		t.Errorf("it has %v, want what was told of its items and what an operator said of it", got)
	}
	if st, _, _, _ := s.Statement(sid("a")); !slices.Equal(tags(st), []feeds.Tag{add, was}) || s.Digest() != digest {
		t.Errorf("what is stored has changed: %v", tags(st))
	}
}

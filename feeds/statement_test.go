package feeds

import (
	"slices"
	"strings"
	"testing"
)

func TestLeadIsTheOriginThenPriorityThenTheFullerText(t *testing.T) {
	full, longer, short := strings.Repeat("word ", 400), strings.Repeat("word ", 420), "word"
	c := func(source, language, content string, r Relation, priority int) StatedCopy {
		return StatedCopy{Copy: Copy{Source: SourceID(source), Language: language, Content: content}, Relation: r, Priority: priority}
	}
	for _, x := range []struct {
		name   string
		copies []StatedCopy
		want   string
	}{
		{"the origin, though shorter and later", []StatedCopy{c("a", "en", full, IsReprint, 9), c("b", "en", short, IsOrigin, 0)}, "b"},
		{"the higher priority", []StatedCopy{c("a", "en", full, IsReprint, 0), c("b", "en", short, IsReprint, 1)}, "b"},
		{"the clearly fuller text", []StatedCopy{c("a", "en", short, IsReprint, 0), c("b", "en", full, IsReprint, 0)}, "b"},
		{"never an excerpt, though of the first office", []StatedCopy{c("a", "en", longer, IsExcerpt, 9), c("b", "en", full, IsReprint, 0)}, "b"},
		{"the whole text, though the excerpt came later", []StatedCopy{c("a", "en", full, IsReprint, 0), c("b", "en", longer, IsExcerpt, 9)}, "a"},
		{"an excerpt where there is nothing else", []StatedCopy{c("a", "en", short, IsExcerpt, 0), c("b", "en", short, IsExcerpt, 1)}, "b"},
		{"the earlier of two that are nearly as full", []StatedCopy{c("a", "en", full, IsReprint, 0), c("b", "en", longer, IsReprint, 0)}, "a"},
	} {
		st := Statement{Copies: x.copies}
		if got := st.Lead().Source; string(got) != x.want {
			t.Errorf("%s: lead is %s, want %s", x.name, got, x.want)
		}
	}
}

func TestLeadSpeaksTheLanguageThatIsWanted(t *testing.T) {
	st := Statement{Copies: []StatedCopy{
		{Copy: Copy{Source: "hq", Language: "en"}, Relation: IsOrigin},
		{Copy: Copy{Source: "br", Language: "pt-BR"}, Relation: IsTranslation},
		{Copy: Copy{Source: "ht", Language: "fr"}, Relation: IsTranslation},
	}}
	for want, languages := range map[SourceID][]string{"hq": {"en"}, "br": {"pt"}, "ht": {"ar", "fr", "en"}} {
		if got := st.Lead(languages...).Source; got != want {
			t.Errorf("Lead(%v) is %s, want %s", languages, got, want)
		}
	}
	if got := st.Lead("zh").Source; got != "hq" {
		t.Errorf("without a Chinese copy the lead is %s, want the origin", got)
	}
	if got, want := st.Languages(), []string{"en", "fr", "pt-BR"}; !slices.Equal(got, want) {
		t.Errorf("languages %v, want %v", got, want)
	}
}

func TestRelatedStatementsAreEachThereOnceTheNearestFirst(t *testing.T) {
	st := Statement{ID: "self", Copies: []StatedCopy{
		{Near: []Near{{Statement: "far", Score: .2, Related: true}, {Statement: "other", Score: .3}}},
		{Near: []Near{{Statement: "near", Score: .9, Related: true}, {Statement: "far", Score: .4, Related: true}, {Statement: "self", Score: 1, Related: true}}},
	}}
	got := st.Related()
	if len(got) != 2 || got[0].Statement != "near" || got[1].Statement != "far" || got[1].Score != .4 {
		t.Errorf("got %+v, want near, then far as its nearest copy was compared", got)
	}
}

func TestStatementsThatBecameOneHaveOneOrigin(t *testing.T) {
	c := func(item ItemKey, language string, r Relation) StatedCopy {
		return StatedCopy{Copy: Copy{Language: language}, Item: item, Relation: r}
	}
	st := Statement{Copies: []StatedCopy{c("a/1", "en", IsOrigin), c("b/1", "fr", IsOrigin), c("c/1", "fr-CA", IsReprint), c("d/1", "en-GB", IsOrigin), c("e/1", "", IsOrigin)}}
	st.Settle()
	for i, want := range []Relation{IsOrigin, IsTranslation, IsReprint, IsReprint, IsReprint} {
		if got := st.Copies[i]; got.Relation != want || (got.Of == "a/1") != (i != 0 && i != 2) {
			t.Errorf("%s is %s of %q, want %s", got.Item, got.Relation, got.Of, want)
		}
	}
}

func TestWordsOfATagAreEachCopysOwn(t *testing.T) {
	health := Tag{Topic, "health"}
	says := func(language, words string) StatedCopy {
		return StatedCopy{Copy: Copy{Language: language}, Taggings: []Tagging{{Tag: Tag{Topic, "data"}, Evidence: words}, {Tag: health, Rule: "r", Evidence: words}}}
	}
	st := Statement{Copies: []StatedCopy{says("en", "clinic"), says("en", "clinic"), says("fr", "clinique"), {}}}
	got := st.Words(health)
	if len(got) != 2 || got[0].Copy != &st.Copies[0] || got[1].Evidence != "clinique" {
		t.Errorf("got %+v, want the first English copy and the French one", got)
	}
	if got := st.Words(Tag{Topic, "moderated"}); got != nil {
		t.Errorf("got %+v for a tag that no copy has", got)
	}
}

func TestTagsAreWrittenAsTheyAreRead(t *testing.T) {
	for _, s := range []string{"topic/health", "country/mx", "event/summit-of-the-americas-2022"} {
		if tag, ok := ParseTag(s); !ok || tag.String() != s {
			t.Errorf("ParseTag(%q) = %v %v", s, tag, ok)
		}
	}
	for _, s := range []string{"", "health", "/health", "topic/"} {
		if tag, ok := ParseTag(s); ok {
			t.Errorf("ParseTag(%q) = %v, want nothing", s, tag)
		}
	}
}

func TestKeysOfFactsNeverMeet(t *testing.T) {
	seen := map[string]Fact{}
	for _, f := range []Fact{
		&Fetched{Source: "a"}, &Fetched{Source: "b"}, &Observed{Item: "a/1"}, &Observed{Item: "b/1"},
		&Joined{Loser: "x"}, &Moderated{Statement: "x"},
	} {
		if other := seen[f.Key()]; other != nil {
			t.Errorf("%T and %T have one key %q", f, other, f.Key())
		}
		seen[f.Key()] = f
	}
	if o, g := (&Observed{Item: "a/1"}).Key(), (&Gone{Item: "a/1"}).Key(); o != g {
		t.Errorf("Gone has the key %q, want that of the Observed it replaces, %q", g, o)
	}
	if got := ItemKey("un-news-fr/00ff").Source(); got != "un-news-fr" {
		t.Errorf("source %q", got)
	}
}

func TestTranslationInTheOriginsLanguageIsAReprint(t *testing.T) {
	st := Statement{Copies: []StatedCopy{
		{Copy: Copy{Source: "brazil", Language: "pt"}, Item: "brazil/1", Relation: IsTranslation, Of: "americas/1"},
		{Copy: Copy{Source: "andes", Language: "es"}, Item: "andes/1", Relation: IsTranslation, Of: "brazil/1"},
		{Copy: Copy{Source: "americas", Language: "es"}, Item: "americas/1", Relation: IsOrigin},
	}}
	st.Settle()
	for i, want := range []Relation{IsTranslation, IsReprint, IsOrigin} {
		if got := st.Copies[i].Relation; got != want {
			t.Errorf("%s's copy is a %s, want %s", st.Copies[i].Source, got, want)
		}
	}
}

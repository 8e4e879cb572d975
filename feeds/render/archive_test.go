package render

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/render/rendertest"
	"communique/internal/testkit"
)

func renderIn(t *testing.T, format Format, s Site, f feeds.Feed, sts []feeds.Statement, h History) []byte {
	t.Helper()
	var entries []Entry
	for i := range sts {
		e, err := s.Entry(format, &sts[i])
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	doc, err := s.FeedIn(format, f, entries, h)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

var gone = []Withdrawn{
	{ID: "gonegonegonegone", When: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)},
	{ID: "joinjoinjoinjoin", When: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), Into: testStatements()[0].ID},
}

func TestHistoryIsAsReviewed(t *testing.T) {
	hubbed := testSite
	hubbed.Hub = "https://news.example.org/hub"
	narrow := testFeed
	narrow.RawQuery = "lang=fr"
	for _, c := range []struct {
		name string
		feed feeds.Feed
		h    History
	}{
		{"current", testFeed, History{Whole: true, Before: 12, Withdrawn: gone}},
		{"archive", narrow, History{Whole: true, Archive: 12, Before: 11, Withdrawn: gone[:1]}},
		{"archive-first", testFeed, History{Whole: true, Archive: 1}},
	} {
		for _, format := range Formats() {
			t.Run(c.name+"."+string(format), func(t *testing.T) {
				doc := renderIn(t, format, hubbed, c.feed, testStatements()[:1], c.h)
				strict(t, format, doc)
				testkit.Golden(t, "testdata/"+c.name+"."+string(format), doc)
			})
		}
	}
}

func TestWholeDocumentLosesTextsOnly(t *testing.T) {
	s := testSite
	s.MaxBytes = 1
	for _, format := range Formats() {
		if n := bytes.Count(renderIn(t, format, s, testFeed, testStatements(), History{Whole: true}), []byte(":statement/")); n != len(testStatements()) {
			t.Errorf("%s: %d entries, want all of %d", format, n, len(testStatements()))
		}
	}
}

func TestPartOfAFeedSaysWhenTheFeedWas(t *testing.T) {
	at := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	doc := string(renderIn(t, FormatAtom, testSite, testFeed, testStatements()[:1], History{Updated: at}))
	if !strings.Contains(doc, "<updated>2026-12-01T10:00:00Z</updated>") {
		t.Error(doc)
	}
}

func TestCheckerOfHistory(t *testing.T) {
	doc := map[Format]string{}
	for _, format := range Formats() {
		doc[format] = string(renderIn(t, format, testSite, testFeed, testStatements()[:1], History{Archive: 2, Before: 1, Withdrawn: gone}))
	}
	for _, c := range []struct {
		format         Format
		old, new, rule string
	}{
		{FormatAtom, `rel="current"`, `rel="next-archive"`, "H1"},
		{FormatAtom, `rel="prev-archive"`, `rel="hub"`, "H3"},
		{FormatAtom, `rel="prev-archive"`, `rel="next-archive"`, "H4"},
		{FormatAtom, `rel="prev-archive"`, `rel="previous"`, "H2"},
		{FormatRSS, `rel="current"`, `rel="via"`, "H1"},
		{FormatAtom, "gonegonegonegone", "joinjoinjoinjoin", "A14"},
		{FormatAtom, `when="2026-11-21T09:00:00Z"`, `when="2026-11-21"`, "T1"},
		{FormatJSON, `"current":`, `"currently":`, "H1"},
	} {
		spoilt := strings.Replace(doc[c.format], c.old, c.new, 1)
		if spoilt == doc[c.format] {
			t.Errorf("%s: %q does not occur in %s", c.format, c.old, doc[c.format])
			continue
		}
		if problems := rendertest.Document(string(c.format), []byte(spoilt)); !slices.ContainsFunc(problems, func(p string) bool { return strings.HasPrefix(p, c.rule+":") }) {
			t.Errorf("%s with %q: no problem of %s, but %q", c.format, c.new, c.rule, problems)
		}
	}
}

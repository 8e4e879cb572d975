package aggregator

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/storage"
)

func TestExpireTakesOutWhatIsOldAndHidden(t *testing.T) {
	w := newWorld(t)
	w.source("harbour")
	w.source("pier")
	feed := func(host string, from, to int) page {
		var b strings.Builder
		fmt.Fprintf(&b, `<rss version="2.0"><channel><title>%s</title><link>https://%[1]s.example/</link><description>d</description>`, host)
		for i := to - 1; i >= from; i-- {
			fmt.Fprintf(&b, `<item><title>Word number%[2]d of day%[2]d</title><link>https://harbour.example/%[2]d</link><guid isPermaLink="false">%[1]s-%[2]d</guid><pubDate>%[3]s</pubDate><description>It is number%[2]d.</description></item>`,
				host, i, time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC).Format(time.RFC1123Z))
		}
		return page{body: b.String() + "</channel></rss>"}
	}
	w.set("/harbour", feed("harbour", 0, 90))
	w.set("/pier", feed("pier", 10, 12)) // copies of two of them
	w.pull()
	w.now = w.now.AddDate(0, 0, 60)
	w.set("/harbour", feed("harbour", 5, 92)) // two are new
	w.set("/pier", feed("pier", 10, 12))
	w.pull()

	visible := func() (map[feeds.StatementID]bool, error) {
		page, err := w.store.Select(feeds.Query{})
		out := map[feeds.StatementID]bool{}
		for _, h := range page.Heads {
			out[h.ID] = true
		}
		return out, err
	}
	before, err := w.store.Select(feeds.Query{})
	if err != nil {
		t.Fatal(err)
	}
	position := w.store.Position()
	o := Expiring{Before: w.now.AddDate(0, 0, -30), Spared: visible, Dry: true}
	e := w.engine(nil)
	dry, err := e.Expire(context.Background(), o)
	if err != nil || w.store.Position() != position {
		t.Fatalf("a dry run: %v, from %d to %d; want nothing said", err, position, w.store.Position())
	}
	o.Dry = false
	got, err := e.Expire(context.Background(), o)
	want := Expired{Statements: 42, Copies: 44, Spared: 48, Oldest: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Newest: time.Date(2026, 1, 2, 17, 0, 0, 0, time.UTC)}
	if err != nil || got != want || dry != want {
		t.Errorf("%v: got %+v and dry %+v, want %+v", err, got, dry, want)
	}
	after, err := w.store.Select(feeds.Query{})
	if err != nil || fmt.Sprint(after.Heads) != fmt.Sprint(before.Heads) || after.More {
		t.Errorf("%v: the feed has changed, or there is more than it shows:\n%v\n%v", err, before.Heads, after.Heads)
	}
	if again, err := e.Expire(context.Background(), o); err != nil || again.Statements != 0 {
		t.Errorf("%v: the second time took %d statements, want none", err, again.Statements)
	}

	// The sources still say all of it: that is no news, and nothing comes back.
	w.set("/harbour", feed("harbour", 4, 92))
	w.set("/pier", feed("pier", 9, 12)) // a copy of an expired statement, for the first time
	out := w.pull()
	if out["harbour"].New != 0 || out["harbour"].Revised != 0 {
		t.Errorf("harbour: %+v, want nothing new", out["harbour"])
	}
	top, err := w.store.Select(feeds.Query{})
	if err != nil || fmt.Sprint(top.Heads) != fmt.Sprint(before.Heads) {
		t.Errorf("%v: the top of the feed has changed", err)
	}

	// Readers are not told to remove what has only grown old.
	a, err := storage.NewArchive(feeds.Query{}, 50)
	if err != nil {
		t.Fatal(err)
	}
	now, err := w.store.Standing(a)
	if err != nil || len(now.Withdrawn) != 0 {
		t.Errorf("%v: %d were told to be withdrawn, want none", err, len(now.Withdrawn))
	}
	changes, _, err := w.store.Changes(position)
	for _, c := range changes {
		if !c.Published && !c.Expired {
			t.Errorf("%s is told to be withdrawn", c.ID)
		}
	}
	if err != nil || len(changes) == 0 {
		t.Errorf("%v: %d changes, want those that expired", err, len(changes))
	}
}

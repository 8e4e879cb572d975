package aggregator

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"communique/aggregator/dedup"
	"communique/feeds"
	"communique/internal/testkit"
)

// spoil damages the records that hold the text, and gives the file as it was.
func (w *world) spoil(text string) (backup []byte) {
	w.t.Helper()
	w.store.Close()
	backup, err := os.ReadFile(w.file)
	if err != nil {
		w.t.Fatal(err)
	}
	testkit.Spoil(w.t, w.file, "log", func(_, v []byte) bool { return bytes.Contains(v, []byte(text)) })
	w.isSpoiled = true
	w.open()
	return backup
}

// news makes an item with a text of its own.
func news(guid, link, title, text string, at time.Time) string {
	return fmt.Sprintf(`<item><guid isPermaLink="false">%s</guid><link>%s</link><title>%s</title><pubDate>%s</pubDate><description>%s</description></item>`,
		guid, link, title, at.Format(time.RFC1123Z), text)
}

// newSpoiltWorld has two sources of three statements; the texts are alike in nothing.
func newSpoiltWorld(t *testing.T) (w *world, one, two string) {
	w = newWorld(t)
	w.source("one")
	w.source("two")
	one = news("1a", "http://a.example/1a", "Harvest in the valley", "The farmers of the valley brought in twice as much wheat as last year, their union says, and ask for better roads to the markets.", w.now.Add(-time.Hour)) +
		news("1b", "http://a.example/1b", "Schools open again", "After the flood all but two of the schools in the district have opened; lessons for the rest are given in the library meanwhile.", w.now.Add(-2*time.Hour))
	two = news("2a", "http://b.example/2a", "Ships leave the harbour", "Forty vessels with grain left at dawn under the agreement that was signed in April, the port authority announced.", w.now.Add(-time.Hour))
	w.set("/one", rss(one))
	w.set("/two", rss(two))
	w.pull()
	return w, one, two
}

// What a source has said of an item that cannot be read any more voids its visit, is
// told as a failure with growing pauses, and touches nobody else. From the backup,
// everything is read again.
func TestRecordThatCannotBeReadEndsOneVisitOfOneSource(t *testing.T) {
	w, one, two := newSpoiltWorld(t)
	backup := w.spoil("Harvest in the valley")
	fresh := news("1c", "http://a.example/1c", "A bridge is built", "Engineers closed the last gap of the new crossing over the river on Tuesday; cars are to use it from autumn.", w.now)
	w.set("/one", rss(fresh, strings.Replace(one, "The farmers", "The old farmers", 1)))
	w.set("/two", rss(news("2b", "http://b.example/2b", "Lighthouse lit again", "Its lamp, dark since the storm, was replaced by volunteers who carried every part up four hundred steps.", w.now), two))

	var pauses []time.Duration
	for i := range 3 {
		now := w.now
		out := w.pull()
		o := out["one"]
		if o.Err == nil || o.Class != feeds.StoreFault || o.New != 0 {
			t.Errorf("visit %d: %+v", i, o)
		}
		pauses = append(pauses, o.NextDue.Sub(now))
		if other := out["two"]; other.Err != nil || i == 0 && other.New != 1 {
			t.Errorf("visit %d of the other source: %+v", i, other)
		}
		f, _, err := w.store.Fetched("one")
		if err != nil || f.Failures != i+1 || f.Class != feeds.StoreFault || !strings.Contains(f.Error, "record") {
			t.Errorf("visit %d: the store says %d failures, %q: %q, %v", i, f.Failures, f.Class, f.Error, err)
		}
	}
	if 2*pauses[1] < 3*pauses[0] || 2*pauses[2] < 3*pauses[1] {
		t.Errorf("the pauses do not grow: %v", pauses)
	}

	w.store.Close()
	if err := os.WriteFile(w.file, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	w.isSpoiled = false
	w.open()
	if out := w.pull(); out["one"].New != 1 || out["one"].Revised != 1 || out["two"].New != 1 {
		t.Errorf("after the store is mended: %+v", out)
	}
}

// What the store will not hold ends the visit that brings it, too, and no other.
func TestWhatCannotBeStoredEndsOneVisit(t *testing.T) {
	w, one, two := newSpoiltWorld(t)
	long := feeds.SourceID(strings.Repeat("x", 600)) // no name may have as many octets
	w.source(string(long))
	w.set("/"+string(long), rss(one))
	w.set("/two", rss(news("2b", "http://b.example/2b", "Lighthouse lit again", "Its lamp, dark since the storm, was replaced by volunteers.", w.now), two))
	out := w.pull()
	if o := out[long]; o.Err == nil || o.Class != feeds.StoreFault || !strings.Contains(o.Err.Error(), "octets, want") {
		t.Errorf("%+v", o)
	}
	if out["two"].Err != nil || out["two"].New != 1 {
		t.Errorf("the other source: %+v", out["two"])
	}
}

// A source of which the last visit cannot be read is not asked, waits longer each
// time, and keeps what may be restored.
func TestSourceWhoseLastVisitCannotBeReadWaits(t *testing.T) {
	w, _, two := newSpoiltWorld(t)
	w.spoil(w.srv.URL + "/one") // its Fetched
	w.set("/two", rss(news("2b", "http://b.example/2b", "Lighthouse lit again", "Its lamp, dark since the storm, was replaced by volunteers who carried every part up four hundred steps.", w.now), two))
	asked := w.asked["/one"]
	var pauses []time.Duration
	var others int
	e := w.engine(func(o Outcome) {
		if o.Source == "one" {
			if o.Err == nil || o.Class != feeds.StoreFault {
				t.Errorf("%+v", o)
			}
			pauses = append(pauses, o.NextDue.Sub(w.now))
		} else {
			others += o.New
		}
	})
	for range 3 {
		if err := e.Pull(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(pauses) != 3 || 2*pauses[1] < 3*pauses[0] || 2*pauses[2] < 3*pauses[1] {
		t.Errorf("the pauses do not grow: %v", pauses)
	}
	if w.asked["/one"] != asked || others != 1 {
		t.Errorf("asked %d times; %d new of the other", w.asked["/one"]-asked, others)
	}
	if _, _, err := w.store.Fetched("one"); err == nil {
		t.Error("what could not be read was written over")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	e = w.engine(func(Outcome) { cancel() })
	if err := e.Run(ctx); err != nil { // due times are read of all
		t.Error(err)
	}
}

func TestRetagAndRetentionWhereSomethingCannotBeRead(t *testing.T) {
	w, _, _ := newSpoiltWorld(t)
	w.like.Pins = []dedup.Pin{{Links: [2]string{"http://a.example/1a", "http://b.example/2a"}, Together: true}}
	w.spoil("Harvest in the valley")
	e := w.engine(nil)
	if out, err := e.Retag(context.Background(), Retagging{All: true}); err != nil || out.Copies != 2 {
		t.Errorf("retag: %+v, %v; want the two that can be read", out, err)
	}
	if out, err := e.Preview(context.Background(), Retagging{All: true}, func(TagChange) error { return nil }); err != nil || out.Copies != 2 {
		t.Errorf("preview: %+v, %v", out, err)
	}
	if err := e.Pull(context.Background()); err != nil { // the pin holds up nobody
		t.Error(err)
	}
	spared := func() (map[feeds.StatementID]bool, error) { return nil, nil }
	if out, err := e.Expire(context.Background(), Expiring{Before: w.now.Add(time.Hour), Spared: spared}); err == nil || out.Statements != 0 {
		t.Errorf("retention: %+v, %v; want that it waits", out, err)
	}
	if n := len(w.all()); n != 2 {
		t.Errorf("%d statements are left", n)
	}
}

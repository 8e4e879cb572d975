package aggregator

import (
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// cut is a feed that breaks off after a word of its last item, as one does that is
// fetched while it is written. It has the validators of the whole, as a cache gives them.
func (p page) cut(after string) page {
	i := strings.LastIndex(p.body, after)
	p.body = p.body[:i+len(after)]
	return p
}

func TestHalfOfAnItemTakesNotThePlaceOfTheWhole(t *testing.T) {
	at := time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)
	for name, after := range map[string]string{"within its text": "the help", "before its text": "</title>", "within its link": "<link>http://a.ex"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source("a")
			p := rss(item("2", "http://a.example/2", "Aid reaches the islands", "Ana", at), item("1", "http://a.example/1", "A school opens", "Bea", at))
			p.etag = `"v1"`
			w.set("/a", p)
			w.pull()
			want := texts(w.all())

			half := p.cut(after)
			half.etag = `"v2"`
			w.set("/a", half)
			if out := w.pull()["a"]; out.Err != nil || out.New+out.Revised > 0 {
				t.Errorf("the half document: %+v", out)
			}
			if f, _, _ := w.store.Fetched("a"); !strings.HasPrefix(f.Odd, "cut: ") {
				t.Errorf("the source is told to be %q", f.Odd)
			}
			if after != "<link>http://a.ex" { // a link that breaks off cannot be told from another one
				for range 2 {
					if out := w.pull()["a"]; out.Err != nil || out.New+out.Revised > 0 {
						t.Errorf("the half document, which stays so: %+v", out)
					}
				}
			}
			p.etag = `"v2"`
			w.set("/a", p)
			if out := w.pull()["a"]; out.Err != nil || out.New+out.Revised > 0 || !out.Unchanged {
				t.Errorf("the whole document again: %+v", out)
			}
			if got := texts(w.all()); got != want {
				t.Errorf("published are\n%s\nwant\n%s", got, want)
			}
			if f, _, _ := w.store.Fetched("a"); f.Odd != "" {
				t.Errorf("it is whole again, but told to be %q", f.Odd)
			}
		})
	}
}

func TestNewItemThatIsCutIsReadWhenItIsWholeOrStaysSo(t *testing.T) {
	at := time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)
	old := item("1", "http://a.example/1", "A school opens", "Bea", at)
	whole := rss(old, item("2", "http://a.example/2", "Aid reaches the islands", "Ana", at))
	whole.etag = `"v2"`
	for name, last := range map[string]page{"it is whole": whole, "it stays so": whole.cut("the help")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source("a")
			w.set("/a", rss(old))
			w.pull()
			w.set("/a", whole.cut("the help"))
			if out := w.pull()["a"]; out.New != 0 {
				t.Errorf("half an item is news: %+v", out)
			}
			w.set("/a", last)
			if out := w.pull()["a"]; out.New != 1 || out.Revised != 0 {
				t.Errorf("on the next visit: %+v", out)
			}
			if out := w.pull()["a"]; !out.Unchanged {
				t.Errorf("on the visit after: %+v", out)
			}
		})
	}
}

func TestFirstImportReadsWhatIsThereOfACutItem(t *testing.T) {
	w := newWorld(t)
	w.source("a")
	at := time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)
	whole := rss(item("1", "http://a.example/1", "A school opens", "Bea", at), item("2", "http://a.example/2", "Aid reaches the islands", "Ana", at))
	whole.etag = `"v1"`
	w.set("/a", whole.cut("the help"))
	if out := w.pull()["a"]; out.New != 2 {
		t.Errorf("first visit: %+v", out)
	}
	if out := w.pull()["a"]; !out.Unchanged {
		t.Errorf("second visit: %+v", out)
	}
	w.set("/a", whole) // with the validator that half of it had
	if out := w.pull()["a"]; out.New != 0 || out.Revised != 1 {
		t.Errorf("when it is whole: %+v", out)
	}
}

// texts puts together what is published, with its times.
func texts(all []feeds.Statement) string {
	var b strings.Builder
	for i := range all {
		c := all[i].Lead()
		b.WriteString(strings.Join([]string{string(all[i].ID), c.Title, c.Summary, c.Content, all[i].Updated.Format(time.RFC3339)}, " | ") + "\n")
	}
	return b.String()
}

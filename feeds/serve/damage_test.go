package serve

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"communique/internal/testkit"
	"communique/storage"
)

// newSpoiltSite has three statements, of which the second cannot be read.
func newSpoiltSite(t *testing.T, bucket string, pick func(k, v []byte) bool) *site {
	t.Helper()
	file := filepath.Join(t.TempDir(), "communique.db")
	open := func() *storage.Store {
		store, err := storage.Open(file, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		return store
	}
	was := &site{t: t, store: open()}
	for _, title := range []string{"First", "Second", "Third"} {
		was.say("north", "en", title, health)
	}
	was.store.Close()
	testkit.Spoil(t, file, bucket, pick)
	store := open()
	s := newSite(t, func(o *Options) { o.Store = store })
	s.store, s.n = store, was.n
	return s
}

// Whatever of a statement is damaged, feeds, pages, lists and the API go on without
// it and with what comes; only its own page cannot be shown.
func TestOneStatementThatCannotBeReadIsLeftOut(t *testing.T) {
	second := func(_, v []byte) bool { return bytes.Contains(v, []byte("statement0000004")) }
	for bucket, pick := range map[string]func(k, v []byte) bool{
		"log": second, "rows": second, "content": func(k, _ []byte) bool { return k[7] == 2 },
	} {
		t.Run(bucket, func(t *testing.T) {
			s := newSpoiltSite(t, bucket, pick)
			for _, path := range []string{"/feeds/all.atom", "/feeds/topic/health.atom", "/feeds/source/north.atom", "/feeds/all.atom?limit=10", "/feeds/all.atom?q=words"} {
				if got := s.titles(path); !slices.Equal(got, []string{"Third", "First"}) {
					t.Errorf("%s: %q", path, got)
				}
			}
			s.say("north", "en", "Fourth", health)
			if got := s.titles("/feeds/all.atom"); !slices.Equal(got, []string{"Fourth", "Third", "First"}) {
				t.Errorf("after news: %q", got)
			}
			for _, path := range []string{"/", "/feeds", "/feeds/all.rss", "/feeds/all.json", "/feeds/all.html", "/api/v1/statements", "/sitemap.xml", "/embed/all", "/statements/statement0000001", "/overview", "/api/v1/statements?updated_since=2020-01-01T00:00:00Z"} {
				a := s.get(path, "Accept", "text/html")
				if a.StatusCode != 200 && a.StatusCode != 301 && a.StatusCode != 308 || strings.Contains(string(a.body), "Second") {
					t.Errorf("%s: %s\n%s", path, a.Status, a.body)
				}
			}
			if a := s.get("/statements/statement0000004"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
				t.Errorf("its own page: %s", a.Status)
			}
			if d := s.store.Damaged(); len(d) == 0 {
				t.Error("nobody is told")
			}
		})
	}
}

// A damaged segment of the index hides what is in it, and nothing else.
func TestDamagedIndexLeavesOutWhatIsInIt(t *testing.T) {
	s := newSpoiltSite(t, "postings", func([]byte, []byte) bool { return true })
	for _, path := range []string{"/feeds/all.atom", "/feeds/topic/health.atom", "/", "/feeds", "/api/v1/statements"} {
		if a := s.get(path); a.StatusCode != 200 {
			t.Errorf("%s: %s\n%s", path, a.Status, a.body)
		}
	}
	if a := s.get("/statements/statement0000004"); a.StatusCode != 200 {
		t.Errorf("a statement's own page: %s", a.Status)
	}
}

package serve

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"communique/feeds"
	"communique/storage"
)

// TestARebuiltStoreServesTheSameBytes lets years pass, has the store made anew, and
// wants every document, page and answer as it was, octet for octet.
func TestARebuiltStoreServesTheSameBytes(t *testing.T) {
	y := newYears(t, 11)
	for range 110 {
		y.pass()
	}
	// What a statement lost leaves no record.
	y.change(func(o *feeds.Observed) { o.Statement = y.said[1].Statement })
	y.change(func(o *feeds.Observed) { o.Statement = y.said[2].Statement })
	y.tell(&feeds.Moderated{Statement: y.said[20].Statement, Hide: true})
	y.tell(&feeds.Moderated{Statement: y.said[20].Statement})
	for range 4 {
		y.hour++
		y.tell(y.fresh(y.at()))
	}

	var paths []string
	for _, feed := range []string{"all", "topic/health", "region/americas", "source/north", "choice"} {
		for _, format := range []string{".atom", ".rss", ".json"} {
			for _, p := range y.walk("/feeds/"+feed+format, func() {}) {
				paths = append(paths, strings.TrimPrefix(p.url, "https://news.example.org"))
			}
		}
	}
	for _, p := range y.walk("/feeds/all.atom?q=harbour", func() {}) {
		paths = append(paths, strings.TrimPrefix(p.url, "https://news.example.org"))
	}
	archives := 0
	for _, p := range paths {
		if strings.HasPrefix(p, "/archive/") {
			archives++
		}
	}
	paths = append(paths, "/", "/feeds", "/feeds.opml", "/sitemap.xml", "/?q=harbour", "/api/v1/statements?limit=100", "/api/v1/statements?q=port&limit=100", "/api/v1/tags", "/api/v1/sources")
	for i := 0; i < len(y.said); i += 19 {
		id := y.said[i].Statement
		paths = append(paths, "/statements/"+string(id), "/statements/"+string(id)+".json", "/api/v1/statements/"+string(id))
	}
	fetchAll := func() (out map[string]string, well int) {
		out = map[string]string{}
		for _, p := range paths {
			a := y.get(p)
			if a.StatusCode == http.StatusOK {
				well++
			}
			out[p] = fmt.Sprintln(a.StatusCode, a.Header.Get("ETag"), a.Header.Get("Last-Modified"), a.Header.Get("Link")) + string(a.body)
		}
		return out, well
	}
	y.restart() // nothing that was prepared before
	want, well := fetchAll()
	if archives < 20 || well < len(paths)*9/10 {
		t.Fatalf("%d of %d answers are well, and %d of archives", well, len(paths), archives)
	}
	position, digest := y.store.Position(), y.store.Digest()
	if err := y.store.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := storage.Rebuild(y.path, storage.RebuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Place(r.Path, y.path); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	y.open()
	got, _ := fetchAll()
	for _, p := range paths {
		if got[p] != want[p] {
			t.Errorf("%s:\n%s\nwas\n%s", p, got[p], want[p])
		}
	}
	if y.store.Position() != position || y.store.Digest() != digest {
		t.Errorf("at %d with the digest %s, was %d with %s", y.store.Position(), y.store.Digest(), position, digest)
	}
}

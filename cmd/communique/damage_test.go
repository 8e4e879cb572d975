package main

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"communique/internal/testkit"
)

// One record that cannot be read fails the visits that need it, and is told of; the
// daemon goes on with everything else.
func TestTheDaemonGoesOnBesideWhatItCannotRead(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour", "lighthouse")
	if code, _, stderr := finish(t, w.dir, "fetch"); code != 0 {
		t.Fatalf("fetch: %d %s", code, stderr)
	}
	file := filepath.Join(w.dir, "data", "communique.db")
	if code, _, stderr := finish(t, w.dir, "backup", "good.db"); code != 0 {
		t.Fatalf("backup: %d %s", code, stderr)
	}
	testkit.Spoil(t, file, "log", func(_, v []byte) bool { return bytes.Contains(v, []byte("Word of the harbour")) })
	for _, id := range []string{"harbour", "lighthouse"} {
		name := filepath.Join(w.dir, "origin", id+".xml")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, name, strings.NewReplacer("All is well", "Nothing is well", "<item>", "<item><title>More of the "+id+"</title><link>https://"+id+".example/2</link><guid>https://"+id+
			".example/2</guid><description>There was a storm over the Pacific, and 40 trees fell on the road to the "+id+".</description></item><item>").Replace(string(b)))
	}

	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	d.log.await(t, `level=ERROR msg="something in the store cannot be read; what needs it is left out or fails, the rest goes on" file=\S+ err=.*record .* do="stop the daemon, .*communique verify`)
	d.log.await(t, `level=WARN msg="fetch failed" source=harbour .*class=store`)
	d.log.await(t, `msg=fetched source=lighthouse new=1 `)
	feed := page(t, base+"/feeds/all.atom")
	for text, want := range map[string]bool{"Word of the lighthouse": true, "More of the lighthouse": true, "of the harbour": false} {
		if strings.Contains(feed, text) != want {
			t.Errorf("%q in the feed: %v, want %v\n%s", text, !want, want, feed)
		}
	}
	for path, want := range map[string]string{
		"/status.json": `"unreadable": [`, "/status": "The store is damaged", "/metrics": "communique_store_unreadable 1", "/incidents.atom": "harbour: broken", "/livez": "ok", "/readyz": "ok",
	} {
		if text := page(t, admin+path); path != "/status" && !strings.Contains(text, want) || path == "/status" && !strings.Contains(text, "Something in the store cannot be read") {
			t.Errorf("%s says\n%s", path, text)
		}
	}
	var first incidentEntry
	for _, e := range incidentsAt(t, admin) {
		if e.Title == "store: damaged" {
			first = e
		}
	}
	if first.ID == "" {
		t.Errorf("no incident tells of it:\n%s", page(t, admin+"/incidents.atom"))
	}
	if code, _, stderr := finish(t, w.dir, "backup", "copy.db"); code == 0 {
		t.Errorf("backup: %d %s, want that a damaged store makes none", code, stderr)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if code, _, stderr := finish(t, w.dir, "export"); code == 0 || !strings.Contains(stderr, "record ") {
		t.Errorf("export: %d %s, want that it fails and says where", code, stderr)
	}
	if code, _, stderr := finish(t, w.dir, "verify"); code == 0 || !strings.Contains(stderr, "record ") {
		t.Errorf("verify: %d %s", code, stderr)
	}

	// It is damaged until somebody knows that it is whole.
	if again := incidentOfStore(t, w.dir); again.Title != "store: damaged" || again.ID != first.ID || again.Updated != first.Updated {
		t.Errorf("after a restart: %+v, want %+v as before", again, first)
	}
	// The journal itself is damaged: rebuild says so and changes nothing.
	damaged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := finish(t, w.dir, "rebuild")
	if is, err := os.ReadFile(file); code != 1 || !strings.Contains(stderr, "cannot be read: record ") || !strings.Contains(stderr, `("Oharbour/`) || !strings.Contains(stderr, "nothing has been changed") || !bytes.Equal(is, damaged) {
		t.Errorf("rebuild: %d %s (%v), want that it refuses and names what is lost", code, stderr, err)
	}
	if code, _, stderr := finish(t, w.dir, "restore", "good.db"); code != 0 {
		t.Fatalf("restore: %d %s", code, stderr)
	}
	if over := incidentOfStore(t, w.dir); over.Title != "store: no longer damaged" || over.ID != first.ID || over.Published != first.Published {
		t.Errorf("after restore: %+v, want that %+v is over", over, first)
	}
}

// Damage to what is derived is mended without a backup; of the journal, what the
// sources still have comes again.
func TestRebuildMendsWhatIsDerived(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour", "lighthouse")
	if code, _, stderr := finish(t, w.dir, "fetch"); code != 0 {
		t.Fatalf("fetch: %d %s", code, stderr)
	}
	file := filepath.Join(w.dir, "data", "communique.db")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	export := func() string { // without its first line, which says when it was made
		_, stdout, _ := finish(t, w.dir, "export")
		_, records, _ := strings.Cut(stdout, "\n")
		return records
	}
	before := export()
	for _, bucket := range []string{"latest", "rows", "segments", "counts", "word-runs"} {
		if err := os.WriteFile(file, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		testkit.Spoil(t, file, bucket, func(_, v []byte) bool { return len(v) > 3 })
		if code, _, _ := finish(t, w.dir, "verify"); code != 1 {
			t.Errorf("%s: verify finds nothing", bucket)
		}
		code, stdout, stderr := finish(t, w.dir, "rebuild")
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "rebuilt: 2 statements, ") || !strings.Contains(stdout, "what was there before: data/communique.db.before-") {
			t.Errorf("%s: rebuild: %d %s%s", bucket, code, stdout, stderr)
		}
		if code, _, stderr := finish(t, w.dir, "verify"); code != 0 {
			t.Errorf("%s: verify: %d %s", bucket, code, stderr)
		}
		if after := export(); after != before || before == "" {
			t.Errorf("%s: it exports\n%s\nwant\n%s", bucket, after, before)
		}
		kept, _ := filepath.Glob(file + ".before-*")
		for _, k := range kept {
			if err := os.Remove(k); err != nil { // two in one second would have one name
				t.Fatal(err)
			}
		}
	}

	testkit.Spoil(t, file, "log", func(_, v []byte) bool { return bytes.Contains(v, []byte("Word of the harbour")) })
	code, stdout, stderr := finish(t, w.dir, "rebuild", "--leave-out")
	if code != 0 || !strings.Contains(stderr, "cannot be read: record ") || !strings.HasPrefix(stdout, "rebuilt: 1 statements, ") {
		t.Fatalf("rebuild --leave-out: %d %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := finish(t, w.dir, "fetch"); code != 0 || !strings.Contains(stdout, "1 new, 0 updated") {
		t.Errorf("fetch: %d %s%s, want that the harbour's word comes again", code, stdout, stderr)
	}
	if code, stdout, stderr := finish(t, w.dir, "verify"); code != 0 || !strings.HasPrefix(stdout, "ok: 2 statements") {
		t.Errorf("verify: %d %s%s", code, stdout, stderr)
	}
	if code, _, stderr := finish(t, w.dir, "rebuild", "--data", "nowhere"); code != 1 || !strings.Contains(stderr, "no store at nowhere/communique.db") {
		t.Errorf("rebuild of nothing: %d %s", code, stderr)
	}
	if code, _, _ := finish(t, w.dir, "rebuild", "all"); code != 2 {
		t.Errorf("rebuild all: %d, want 2", code)
	}
}

type incidentEntry struct {
	ID        string `xml:"id"`
	Title     string `xml:"title"`
	Published string `xml:"published"`
	Updated   string `xml:"updated"`
}

// incidentsAt reads the feed of incidents.
func incidentsAt(t *testing.T, admin string) (out []incidentEntry) {
	t.Helper()
	var f struct {
		Entries []incidentEntry `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(page(t, admin+"/incidents.atom")), &f); err != nil {
		t.Fatal(err)
	}
	return f.Entries
}

// incidentOfStore starts the daemon, and gives what it tells of the store.
func incidentOfStore(t *testing.T, dir string) (found incidentEntry) {
	t.Helper()
	d := start(t, dir, "serve")
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	for _, e := range incidentsAt(t, admin) {
		if strings.HasPrefix(e.Title, "store: ") {
			found = e
		}
	}
	d.signal(syscall.SIGTERM)
	d.exit()
	return found
}

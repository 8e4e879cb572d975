package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAFullDiskStopsPullingAndNothingElse takes from the process the right to write to
// files, which the kernel tells it as a full disk is told, and gives it back.
func TestAFullDiskStopsPullingAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)

	limit := func(bytes uint64) {
		t.Helper()
		if err := unix.Prlimit(d.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(1)
	write(t, filepath.Join(w.dir, "origin", "harbour.xml"), `<rss version="2.0"><channel><title>harbour</title><link>https://harbour.example/</link>
<item><title>Second word of the harbour</title><link>https://harbour.example/2</link><guid>https://harbour.example/2</guid><description>All is well again at the harbour in Panama.</description></item></channel></rss>`)
	d.log.await(t, `level=ERROR msg="the store cannot be written: nothing is pulled`)
	page(t, base+"/feeds/all.atom")
	page(t, base+"/")
	page(t, admin+"/livez")
	page(t, admin+"/status")
	res, err := http.Get(admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 503 || !strings.Contains(string(body), "the store cannot be written") {
		t.Errorf("/readyz: %s %q, %v; want 503 and why", res.Status, body, err)
	}

	if list := incidentsAt(t, admin); len(list) != 1 || list[0].Title != "store: unwritable" {
		t.Errorf("incidents: %+v, want that the store cannot be written", list)
	}
	page(t, admin+"/readyz?exclude=write") // who serves is not to be taken away from readers

	limit(unix.RLIM_INFINITY)
	d.log.await(t, `msg="the store can be written again"`)
	d.log.await(t, `msg=fetched source=harbour new=1 .*\n(?s:.*)msg=fetched source=harbour new=1 `)
	page(t, admin+"/readyz")
	if list := incidentsAt(t, admin); len(list) != 1 || list[0].Title != "store: no longer unwritable" {
		t.Errorf("incidents: %+v, want that it is over", list)
	}
	if feed := page(t, base+"/feeds/all.atom"); !strings.Contains(feed, "Second word of the harbour") {
		t.Errorf("want what came while the disk was full in the feed:\n%s", feed)
	}

	// It also ends in order while there is no room.
	limit(1)
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if code, stdout, stderr := finish(t, w.dir, "verify"); code != 0 {
		t.Errorf("verify: exit code %d, %s%s, want ok", code, stdout, stderr)
	}
}

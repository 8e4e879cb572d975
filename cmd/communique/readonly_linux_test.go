package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAStoreThatCanOnlyBeReadIsServedAndWrittenLater starts on a file without the
// right to write to it, and gives that later. Root is let down from standing above
// rights by setpriv (util-linux).
func TestAStoreThatCanOnlyBeReadIsServedAndWrittenLater(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour")
	if code, _, stderr := finish(t, w.dir, "fetch"); code != 0 {
		t.Fatalf("fetch: %d %s", code, stderr)
	}
	file := filepath.Join(w.dir, "data", "communique.db")
	if err := os.Chmod(file, 0o444); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("communique")
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{t: t, cmd: exec.Command(program, "serve"), out: newOutput(), log: newOutput(), ended: make(chan struct{})}
	if os.Getuid() == 0 {
		setpriv, err := exec.LookPath("setpriv")
		if err != nil {
			t.Skip("root may write to everything, and there is no setpriv")
		}
		d.cmd = exec.Command(setpriv, "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-dac_override,-dac_read_search,-fowner", program, "serve")
	}
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = w.dir, d.out, d.log
	d.run()
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	d.log.await(t, `level=ERROR msg="the store can only be read; what is published stays`)
	if feed := page(t, base+"/feeds/all.atom"); !strings.Contains(feed, "Word of the harbour") {
		t.Errorf("it serves\n%s", feed)
	}
	page(t, admin+"/livez")
	page(t, admin+"/readyz?exclude=write")
	if text := page(t, admin+"/status.json"); !strings.Contains(text, `"unwritable": "the store cannot be written: `) {
		t.Errorf("/status.json says\n%s", text)
	}
	if text := page(t, admin+"/status"); !strings.Contains(text, "the store cannot be written") {
		t.Errorf("/status says\n%s", text)
	}
	if text := page(t, admin+"/metrics"); !strings.Contains(text, "communique_store_writable 0") {
		t.Errorf("/metrics says\n%s", text)
	}
	res, err := http.Get(admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 503 || !strings.Contains(string(body), "permission denied") {
		t.Errorf("/readyz: %s %q, %v; want 503 and why", res.Status, body, err)
	}

	write(t, filepath.Join(w.dir, "origin", "harbour.xml"), `<rss version="2.0"><channel><title>harbour</title><link>https://harbour.example/</link>
<item><title>Second word of the harbour</title><link>https://harbour.example/2</link><guid>https://harbour.example/2</guid><description>All is well again at the harbour in Panama.</description></item></channel></rss>`)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	d.log.await(t, `msg="the store is open for writing"`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	page(t, admin+"/readyz")
	if feed := page(t, base+"/feeds/all.atom"); !strings.Contains(feed, "Second word of the harbour") {
		t.Errorf("it serves\n%s", feed)
	}
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if code, stdout, stderr := finish(t, w.dir, "verify"); code != 0 {
		t.Errorf("verify: exit code %d, %s%s, want ok", code, stdout, stderr)
	}
}

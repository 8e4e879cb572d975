package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestServeMakesBackupsAndKeepsTheNewest(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts+"\nstorage: {backup: {dir: copies, schedule: '@every 1s', keep: 2}}", "harbour")
	for _, name := range []string{"communique-20200101T000000Z.db", "communique-mine.db", ".communique-20200101T000000Z.db.part-1"} {
		write(t, filepath.Join(w.dir, "copies", name), "a file of the operator's, or an old copy")
	}
	d := start(t, w.dir, "serve")
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	d.log.await(t, `msg="backup made" file=copies/communique-\d+T\d+Z.db holds="1 statements,`)
	d.log.await(t, `msg="old backup removed" file=copies/communique-20200101T000000Z.db keep=2`)
	d.log.await(t, `msg="old backup removed" file=copies/communique-202[1-9]\d+T\d+Z.db keep=2`)
	w.config(t, "communique.yaml", anyPorts, "harbour") // no more of it
	d.log.await(t, `msg="configuration read again"`)
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	have := copies(filepath.Join(w.dir, "copies"))
	all, _ := filepath.Glob(filepath.Join(w.dir, "copies", "*mine.db"))
	if len(have) < 2 || len(have) > 3 || len(all) != 1 { // the one that was under way may be the third
		t.Fatalf("copies %q and %q, want two and the operator's own file", have, all)
	}
	code, stdout, stderr := finish(t, w.dir, "restore", filepath.Join("copies", have[1]), "--data", "elsewhere")
	if code != 0 || !strings.HasPrefix(stdout, "restored: 1 statements") {
		t.Errorf("restore: exit code %d, %s%s", code, stdout, stderr)
	}
}

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// freeAddr gives an address of this machine that was free a moment ago, for what
// must be known before it listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestPlanAndReloadAskTheDaemon(t *testing.T) {
	w := newWorld(t)
	head := "watch: false\nlisten: 127.0.0.1:0\nadmin: " + freeAddr(t)
	hooks := "webhooks: [{name: desk, url: 'http://127.0.0.1:1/', secret: %}]\n"
	w.config(t, "communique.yaml", head, "harbour")
	w.add(t, "feeds: [{name: ours, title: Ours}, {name: theirs, title: Theirs}, {name: old, title: Old}]\n"+strings.ReplaceAll(hooks, "%", "not-to-be-seen-one"))
	d := start(t, w.dir, "serve")
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	if code, stdout, stderr := finish(t, w.dir, "plan"); code != 0 || stdout != "nothing would change\n" {
		t.Errorf("exit code %d, %s%s, want nothing to change", code, stdout, stderr)
	}

	// A plan, also for a file that stands elsewhere.
	w.config(t, "next.yaml", head+"\nremoved: [theirs]\ntaxonomy: {topics: [{id: lamps, labels: {en: Lamps}, patterns: {en: [lamp]}}]}\nstream: {connections: 7}", "lighthouse")
	text, err := os.ReadFile(filepath.Join(w.dir, "next.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	next := string(text) + "feeds: [{name: ours, title: All ours}, {name: new, title: New, was: [old]}]\n" + strings.ReplaceAll(hooks, "%", "not-to-be-seen-two")
	write(t, filepath.Join(w.dir, "next.yaml"), next)
	want := `+ source lighthouse: starts
- source harbour: stops; what it has said stays
+ feed new
+ feed source/lighthouse
+ feed topic/lamps
- feed old: redirect to new from then on
- feed theirs: 410 from then on
- feed source/harbour: 404 from then on
~ feed ours
    title: Ours → All ours
+ term topic/lamps
~ webhook desk
    secret: [other] → [other]
~ settings
    stream.connections: 1000 → 7
rules change: what is stored is tagged anew; ` + "`communique retag --dry-run` says what that comes to\n"
	if code, stdout, stderr := finish(t, w.dir, "plan", "--config", "next.yaml"); code != 0 || stdout != want {
		t.Errorf("exit code %d, %s\ngot:\n%s\nwant:\n%s", code, stderr, stdout, want)
	}
	code, stdout, _ := finish(t, w.dir, "plan", "--config", "next.yaml", "--json")
	var told planAnswer
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || code != 0 || told.Against != "daemon" || len(told.Sources.Start) != 1 {
		t.Errorf("exit code %d, %v, against %q, want a plan against the daemon:\n%s", code, err, told.Against, stdout)
	}

	// What is wrong is said to whoever asked, and nothing changes: also where
	// the asker's file is right and the daemon's is not.
	write(t, filepath.Join(w.dir, "communique.yaml"), "sorces: []\nlisten: nowhere\n")
	code, _, stderr := finish(t, w.dir, "reload", "--config", "next.yaml")
	if code != 2 || !strings.Contains(stderr, "communique.yaml:1:1: ") || !strings.Contains(stderr, "communique.yaml:2:9: ") {
		t.Errorf("exit code %d, %q, want 2 and both errors", code, stderr)
	}
	write(t, filepath.Join(w.dir, "communique.yaml"), next)
	code, stdout, stderr = finish(t, w.dir, "reload")
	if code != 0 || stdout != want {
		t.Errorf("exit code %d, %s%s, want the plan that was shown before", code, stdout, stderr)
	}
	d.log.await(t, `msg=fetched source=lighthouse new=1 `)
	if code, stdout, stderr := finish(t, w.dir, "reload", "--json"); code != 0 || !strings.Contains(stdout, `"errors": []`) {
		t.Errorf("exit code %d, %s%s, want a reload that changes nothing", code, stdout, stderr)
	}
}

// A visit that is under way when the configuration is read again ends in peace:
// its origin is asked once.
func TestReloadLosesNoVisit(t *testing.T) {
	w := newWorld(t)
	asked, answer := make(chan struct{}, 8), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-r.Context().Done():
			t.Error("the visit was broken off")
			return
		}
		http.ServeFile(rw, r, filepath.Join(w.dir, "origin", "harbour.xml"))
	}))
	defer slow.Close()
	text := "watch: false\n" + anyPorts + "\nfetch: {gap: 1ms, allow_networks: [127.0.0.0/8]}\ndefaults: {schedule: '@every 1h', floor: 1h}\nsources: [{id: harbour, url: '" + slow.URL + "/'}]\n"
	write(t, filepath.Join(w.dir, "communique.yaml"), text)
	d := start(t, w.dir, "serve", "--log-level", "debug")
	admin := d.out.await(t, `^health and status on http://(\S+)/status$`)
	<-asked
	write(t, filepath.Join(w.dir, "communique.yaml"), text+"stream: {connections: 7}\n")
	done := make(chan string)
	go func() {
		res, err := http.Post("http://"+admin+"/reload", "", nil)
		if err != nil {
			done <- err.Error()
			return
		}
		res.Body.Close()
		done <- res.Status
	}()
	d.log.await(t, `msg="visits under way may end"`)
	close(answer)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	if got := <-done; got != "200 OK" {
		t.Errorf("reload: %s, want 200", got)
	}
	d.log.await(t, `msg="configuration read again"`)
	if len(asked) != 0 {
		t.Error("the origin was asked again")
	}
}

// Files are taken up when they change: the main one, one that a pattern is for
// and that was not there, and a folder that a link leads to (Kubernetes).
func TestServeWatchesItsFiles(t *testing.T) {
	w := newWorld(t)
	mount := filepath.Join(w.dir, "mount")
	for _, v := range []string{"one", "two"} {
		write(t, filepath.Join(mount, v, "communique.yaml"), anyPorts+"\ninclude: ['"+w.dir+"/packs/*.yaml']\nstream: {connections: 7}\nfetch: {gap: 1ms, allow_networks: [127.0.0.0/8]}\nsources:\n")
	}
	one, err := os.ReadFile(filepath.Join(mount, "one", "communique.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(mount, "one", "communique.yaml"), string(one)+"  - {id: harbour, url: '"+w.origin+"/harbour.xml'}\n")
	write(t, filepath.Join(mount, "two", "communique.yaml"), string(one)+"  - {id: lighthouse, url: '"+w.origin+"/lighthouse.xml'}\n")
	if err := os.MkdirAll(filepath.Join(w.dir, "packs"), 0o755); err != nil {
		t.Fatal(err)
	}
	link := func(name, to string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(mount, name+".new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(mount, name+".new"), filepath.Join(mount, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..data", "one")
	link("communique.yaml", "..data/communique.yaml")
	d := start(t, w.dir, "serve", "--config", "mount/communique.yaml")
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	link("..data", "two")
	d.log.await(t, `msg="configuration read again" sources=1 started=1 stopped=1`)
	write(t, filepath.Join(w.dir, "packs", "more.yaml"), "sources: [{id: pier, url: '"+w.origin+"/pier.xml'}]\n")
	d.log.await(t, `msg="configuration read again" sources=2 started=1 stopped=0`)
	write(t, filepath.Join(w.dir, "packs", "more.yaml"), "sorces: []\n")
	d.log.await(t, `level=ERROR msg="wrong configuration; the old one stays"`)
	write(t, filepath.Join(mount, "two", "communique.yaml"), strings.Replace(string(one), "sources:", "sources: []", 1))
	write(t, filepath.Join(w.dir, "packs", "more.yaml"), "sources: []\n")
	d.log.await(t, `msg="configuration read again" sources=0 `)
}

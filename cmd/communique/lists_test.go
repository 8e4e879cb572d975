package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/aggregator/fetch"
	"communique/config"
)

func listing(urls ...string) string {
	var b strings.Builder
	b.WriteString(`<opml version="2.0"><body>`)
	for _, u := range urls {
		b.WriteString(`<outline text="Office" type="rss" xmlUrl="` + u + `"/>`)
	}
	return b.String() + `</body></opml>`
}

func TestALivingListIsAskedForPolitelyAndAWrongOneTakesNothingAway(t *testing.T) {
	var mu sync.Mutex
	status, body, header, asked := 200, "", map[string]string{}, []http.Header(nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Header.Clone())
		for k, v := range header {
			w.Header().Set(k, v)
		}
		if r.Header.Get("If-None-Match") != "" && r.Header.Get("If-None-Match") == header["ETag"] {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // the asker may have left
	}))
	defer srv.Close()
	dir := t.TempDir()
	c, err := config.Parse("c.yaml", []byte("include_opml: {url: '"+srv.URL+"/list?key=hunter2', every: 1h, headers: {X-Key: hunter3}}\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := &c.ListConfigs()[0]
	f, err := fetch.New(fetch.Options{Gap: time.Nanosecond, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	good := listing("https://a.example/rss", "https://b.example/rss")
	for _, step := range []struct {
		what    string
		status  int
		body    string
		header  map[string]string
		changed bool
		err     string
		wait    time.Duration
	}{
		{"first", 200, good, map[string]string{"ETag": `"1"`}, true, "", time.Hour},
		{"not modified", 200, "", map[string]string{"ETag": `"1"`}, false, "", time.Hour},
		{"fresh for longer", 200, good, map[string]string{"Cache-Control": "max-age=7200"}, false, "", 2 * time.Hour},
		{"empty", 200, listing(), nil, false, "no feed in it", time.Minute},
		{"cut short", 200, good[:len(good)-20], nil, false, "cut short", 2 * time.Minute},
		{"a page", 200, "<html>Login</html>", nil, false, "no OPML", 4 * time.Minute},
		{"nothing", 200, "", nil, false, "no OPML", 8 * time.Minute},
		{"not there", 404, "", nil, false, "answers 404", 16 * time.Minute},
		{"asked to wait", 429, "", map[string]string{"Retry-After": "10800"}, false, "answers 429", 3 * time.Hour},
		{"another", 200, listing("https://c.example/rss"), nil, true, "", time.Hour},
	} {
		mu.Lock()
		status, body, header = step.status, step.body, step.header
		mu.Unlock()
		before := listCopy(dir, l.URL.Reveal())
		changed, err := askForList(t.Context(), f, l, dir, now)
		if changed != step.changed || (err == nil) != (step.err == "") || err != nil && (!strings.Contains(err.Error(), step.err) || strings.Contains(err.Error(), "hunter")) {
			t.Errorf("%s: changed %t, %v; want %t, %q", step.what, changed, err, step.changed, step.err)
		}
		st := stateOf(dir, l.URL.Reveal())
		if wait := st.Due.Sub(now); wait != step.wait || (st.Failures > 0) != (step.err != "") {
			t.Errorf("%s: asked again after %s, %d failures; want %s", step.what, wait, st.Failures, step.wait)
		}
		if after := listCopy(dir, l.URL.Reveal()); string(after) != string(before) && !step.changed {
			t.Errorf("%s: the copy is another", step.what)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked[0].Get("X-Key") != "hunter3" || asked[1].Get("If-None-Match") != `"1"` {
		t.Errorf("asked with %v, then %v", asked[0], asked[1])
	}
	if name := filepath.Base(listFile(dir, l.URL.Reveal())); strings.Contains(name, "hunter") {
		t.Errorf("the copy is called %s", name)
	}
}

func TestServeTakesSourcesFromAListAndKeepsThemWithoutIt(t *testing.T) {
	w := newWorld(t)
	list := filepath.Join(w.dir, "origin", "offices.opml")
	write(t, list, listing(w.origin+"/harbour.xml"))
	write(t, filepath.Join(w.dir, "communique.yaml"), "watch: false\nlisten: 127.0.0.1:0\nadmin: "+freeAddr(t)+
		"\nfetch: {gap: 1ms, allow_networks: [127.0.0.0/8]}\ndefaults: {schedule: '@every 1s', floor: 1s}\ninclude_opml: [{name: offices, url: '"+w.origin+"/offices.opml'}]\n")
	if code, stdout, stderr := finish(t, w.dir, "check"); code != 0 || !strings.Contains(stdout, "ok: 0 sources") || !strings.Contains(stdout, "list offices ("+w.origin+"/offices.opml): there is no copy of it yet") {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	d := start(t, w.dir, "serve")
	d.log.await(t, `msg="list changed" list=offices `)
	d.log.await(t, `msg=fetched source=127-0-0-1-\w+ new=1 `)
	code, stdout, stderr := finish(t, w.dir, "sources")
	if code != 0 || !strings.Contains(stdout, "LIST\n") || !strings.Contains(stdout, " offices\n") || !strings.Contains(stdout, "list offices ("+w.origin+"/offices.opml): 1 sources, asked for ") {
		t.Errorf("exit code %d, %s%s, want the list beside its source", code, stdout, stderr)
	}
	d.signal(os.Interrupt)
	if code := d.exit(); code != 0 {
		t.Fatalf("exit code %d", code)
	}

	// Without the list the sources are those of the copy.
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	states, err := filepath.Glob(filepath.Join(w.dir, "data", "lists", "*.json"))
	if err != nil || len(states) != 1 {
		t.Fatalf("%v, %v, want one state", states, err)
	}
	if err := os.Remove(states[0]); err != nil { // so that it is due
		t.Fatal(err)
	}
	write(t, filepath.Join(w.dir, "origin", "harbour.xml"), strings.ReplaceAll(page(t, w.origin+"/harbour.xml"), "harbour.example/1", "harbour.example/2"))
	d = start(t, w.dir, "serve")
	d.log.await(t, `msg="a list cannot be had; the sources that it gave stay" list=offices .* err="it answers 404"`)
	d.log.await(t, `msg=fetched source=127-0-0-1-\w+ `)

	// Another office comes, and the first one leaves.
	write(t, list, listing(w.origin+"/lighthouse.xml"))
	if err := os.Remove(states[0]); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := finish(t, w.dir, "reload"); code != 0 {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	d.log.await(t, `msg="configuration read again" sources=1 started=1 stopped=1 `)
	d.log.await(t, `msg=fetched source=127-0-0-1-\w+ new=1 `)
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The whole program tells a subscriber, a webhook and a stream of what a source
// says, goes on over a reload, and ends at once though a stream is open.
func TestServeTellsWhoAskedAndKeepsThemOverAReload(t *testing.T) {
	w := newWorld(t)
	told := make(chan string, 20)
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(rw, r.URL.Query().Get("hub.challenge"))
			return
		}
		b, _ := io.ReadAll(r.Body)
		told <- r.URL.Path + " " + r.Header.Get("X-Hub-Signature") + r.Header.Get("Webhook-Signature") + " " + string(b)
	}))
	t.Cleanup(receiver.Close)
	head := anyPorts + "\nwebsub: {allow_networks: [127.0.0.0/8]}\nwebhooks:\n  - {name: desk, url: '" + receiver.URL + "/hook', secret: 0123456789abcdef, feed: all}"
	w.config(t, "communique.yaml", head, "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on http://(\S+)/status$`)
	d.log.await(t, `msg=fetched source=harbour new=1 .*took=`)
	next := func(what string, wants ...string) {
		t.Helper()
		late := time.After(patience)
		for {
			select {
			case got := <-told:
				if !strings.HasPrefix(got, what) {
					continue // another's turn: each is looked for by itself
				}
				for _, want := range wants {
					if !strings.Contains(got, want) {
						t.Errorf("%s is told %.400s, want %q in it", what, got, want)
					}
				}
				return
			case <-late:
				t.Fatalf("%s is told nothing", what)
			}
		}
	}
	next("/hook", "v1,", "statement.published", "Word of the harbour")
	res, err := http.PostForm(base+"/hub", url.Values{"hub.mode": {"subscribe"}, "hub.topic": {base + "/feeds/all.atom"}, "hub.callback": {receiver.URL + "/callback"}, "hub.secret": {"hush"}})
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("the hub answers %v %v", res, err)
	}
	res.Body.Close()
	d.log.await(t, `msg=subscribed `)
	stream, err := http.Get(base + "/api/v1/stream?source=lighthouse&last_event_id=0")
	if err == nil {
		stream.Body.Close()
	}
	if err != nil || stream.StatusCode != http.StatusNotFound {
		t.Errorf("a stream of a source that is not there: %v %v", stream, err)
	}

	w.config(t, "communique.yaml", head, "harbour", "lighthouse")
	d.signal(syscall.SIGHUP)
	d.log.await(t, `msg="configuration read again" sources=2`)
	d.log.await(t, `msg=fetched source=lighthouse new=1 `)
	next("/callback", "sha256=", "Word of the lighthouse", "Word of the harbour")
	if stream, err = http.Get(base + "/api/v1/stream?source=lighthouse&last_event_id=0"); err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	for lines := bufio.NewScanner(stream.Body); ; {
		if !lines.Scan() {
			t.Fatal("the stream ended without the lighthouse's word")
		}
		if strings.HasPrefix(lines.Text(), "data: ") {
			if !strings.Contains(lines.Text(), "Word of the lighthouse") {
				t.Errorf("the stream tells %s", lines.Text())
			}
			break
		}
	}
	if status := page(t, "http://"+admin+"/status.json"); !strings.Contains(status, `"subscriptions": 1`) || !strings.Contains(status, `"name": "desk"`) {
		t.Errorf("want the subscription and the webhook in the status:\n%s", status)
	}
	if status := page(t, "http://"+admin+"/status"); !strings.Contains(status, "1 WebSub subscriptions to 1 feeds") || !strings.Contains(status, "desk") {
		t.Errorf("want the subscription and the webhook on the page:\n%s", status)
	}
	begun := time.Now()
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 || time.Since(begun) > grace {
		t.Errorf("exit code %d after %v, with a stream open", code, time.Since(begun))
	}
	if code, stdout, stderr := finish(t, w.dir, "verify"); code != 0 {
		t.Errorf("verify: exit code %d, %s", code, fmt.Sprint(stdout, stderr))
	}
}

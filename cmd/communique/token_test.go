package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// The daemon makes and revokes tokens for those who ask, at once, and no token is
// in anything that it says.
func TestTheDaemonLetsReadersInAndOutOfPrivateFeeds(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", unwatched+"\nfeeds: [{name: okapi, private: true}]", "harbour")
	d := start(t, w.dir, "serve", "--log-level", "debug")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	d.log.await(t, `new=1`)
	// A port that was given is not in the configuration: ask as a program would.
	post := func(body string) (status int, answer string) {
		t.Helper()
		res, err := http.Post(admin+"/tokens", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if c := res.Header.Get("Cache-Control"); c != "no-store" {
			t.Errorf("Cache-Control %q", c)
		}
		return res.StatusCode, string(text)
	}
	status := func(path string) int {
		t.Helper()
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for _, wrong := range []string{`{"do":"add"}`, `{"do":"add","reader":"Ana","feeds":["harbour"]}`, `{"do":"open"}`, `{"do":"revoke","id":"x"}`, `nonsense`} {
		if code, text := post(wrong); code != 400 {
			t.Errorf("%s: got %d %s", wrong, code, text)
		}
	}
	code, text := post(`{"do":"add","reader":"Ana","by":"eve"}`)
	var made tokenShown
	if err := json.Unmarshal([]byte(text), &made); err != nil || code != 200 || made.Token == "" {
		t.Fatalf("got %d %s, %v", code, text, err)
	}
	if len(made.Addresses) != 1 || !strings.HasSuffix(made.Addresses[0], "/feeds/okapi.atom?token="+made.Token) {
		t.Errorf("addresses %v", made.Addresses)
	}
	open := "/feeds/okapi.atom?token=" + made.Token
	for path, want := range map[string]int{open: 200, "/feeds/okapi.atom": 401, "/feeds/okapi.atom?token=" + made.Token + "x": 401, "/feeds/all.atom?token=" + made.Token: 200} {
		if got := status(path); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
	if text := page(t, base+open); !strings.Contains(text, "Word of the harbour") {
		t.Errorf("the feed says\n%s", text)
	}
	metrics := page(t, admin+"/metrics")
	for _, want := range []string{`communique_private_requests_total{result="opened"} 2`, `communique_private_requests_total{result="missing"} 1`, `communique_private_requests_total{result="wrong"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s among the metrics", want)
		}
	}
	if code, text := post(`{"do":"revoke","id":"` + made.ID + `","by":"eve","why":"left"}`); code != 200 {
		t.Errorf("revoke: %d %s", code, text)
	}
	if got := status(open); got != 401 {
		t.Errorf("revoked: got %d", got)
	}
	list := page(t, admin+"/tokens")
	if !strings.Contains(list, `"revoked_by": "eve"`) || !strings.Contains(list, `"why": "left"`) {
		t.Errorf("listed\n%s", list)
	}
	d.signal(os.Interrupt)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	_, printed, _ := finish(t, w.dir, "config", "print")
	_, exported, _ := finish(t, w.dir, "export")
	said, _ := d.log.now()
	out, _ := d.out.now()
	for what, text := range map[string]string{"log": said, "output": out, "list": list, "metrics": metrics, "configuration": printed, "export": exported} {
		if strings.Contains(text, made.Token) {
			t.Errorf("the token is in the %s", what)
		}
	}
	if !strings.Contains(exported, `"granted"`) {
		t.Error("the journal does not know of the token")
	}
}

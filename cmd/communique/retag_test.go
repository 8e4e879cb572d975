package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"communique/aggregator"
)

// The daemon shows what a configuration would change that it has not read yet,
// and applies it by itself when it has.
func TestRetagWhileTheDaemonRuns(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", unwatched, "harbour", "lighthouse")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on http://(\S+)/status$`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	d.log.await(t, `msg=fetched source=lighthouse new=1 `)
	before := page(t, base+"/feeds/all.json")

	const rules = "taxonomy: {topics: [{id: harbours, patterns: {any: [harbour]}}]}\n"
	ask := "listen: 127.0.0.1:0\nadmin: " + admin + "\n"
	w.config(t, "ask.yaml", ask+rules, "harbour", "lighthouse")
	retag := func(args ...string) (code int, stdout, stderr string) {
		return finish(t, w.dir, append(args, "--config", "ask.yaml")...)
	}
	wants := func(code int, stdout, stderr string, args ...string) {
		t.Helper()
		if c, out, log := retag(args...); c != code || !strings.Contains(out, stdout) || !strings.Contains(log, stderr) {
			t.Errorf("%s: exit code %d\n%s%s\nwant %d\n%s\n%s", args, c, out, log, code, stdout, stderr)
		}
	}
	wants(1, "", "the daemon's configuration file has other rules than this one", "retag", "--dry-run")
	write(t, w.dir+"/communique.yaml", "nonsense")
	wants(1, "", "the daemon's configuration file is wrong: communique.yaml:1:1: ", "retag", "--dry-run")
	w.config(t, "communique.yaml", unwatched+"\n"+rules, "harbour", "lighthouse")
	wants(0, "topic/harbours  +1\n", "", "retag", "--dry-run")
	wants(0, `"gained":[{"tag":"topic/harbours","rule":"topic harbours","evidence":"title: \"Word of the harbour\""}]}`, "", "retag", "--dry-run", "--json")
	wants(1, "", "the daemon runs by other rules; make it read its configuration again (communique reload)", "retag")
	if got := page(t, base+"/feeds/all.json"); got != before {
		t.Errorf("a dry run changed the feed:\n%s\nwas\n%s", got, before)
	}
	if res, err := http.Get(base + "/feeds/topic/harbours.atom"); err != nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("the topic's feed is there before its rule: %v, %v", res.Status, err)
	}

	d.signal(syscall.SIGHUP)
	d.log.await(t, `msg="rules have changed: tagging anew what is stored" stage=tag copies=2`)
	d.log.await(t, `msg="tagged anew" stage=tag copies=2 changed=1 gained=1 lost=0 took=`)
	if feed := page(t, base+"/feeds/topic/harbours.atom"); !strings.Contains(feed, "Word of the harbour") || strings.Contains(feed, "Word of the lighthouse") {
		t.Errorf("want the harbour's word alone in the topic's feed:\n%s", feed)
	}
	wants(0, nothingToRetag+"\n", "", "retag", "--dry-run")
	wants(0, nothingToRetag+"\n", "", "retag")
	wants(0, `{"type":"total","copies":2,"changed":0,"gained":0,"lost":0}`, "", "retag", "--all", "--json")

	// No web page has it work.
	req, err := http.NewRequest(http.MethodPost, "http://"+admin+"/retag", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("from a web page: %v, %v, want a refusal", res.Status, err)
	}

	// Rules that changed while it was down.
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	w.config(t, "communique.yaml", unwatched, "harbour", "lighthouse")
	d = start(t, w.dir, "serve")
	d.log.await(t, `msg="tagged anew" stage=tag copies=2 changed=1 gained=0 lost=1 took=`)
}

func TestRetagReportStaysShortAndShowsEachTag(t *testing.T) {
	var r retagReport
	r.tags = map[string]*tagCount{}
	for i := range 500 {
		l := retagLine{Type: "statement", Statement: "s", Title: fmt.Sprint("statement ", i), Gained: []reason{{"topic/all", "topic all", "title: \"a\tb\""}}}
		if i%100 == 99 {
			l.Lost = []reason{{fmt.Sprintf("topic/rare-%03d", i), "r", ""}, {"mention/cl", "m", ""}}
		}
		if i == 450 {
			for j := range 60 {
				l.Gained = append(l.Gained, reason{fmt.Sprintf("topic/x%02d", j), "r", ""})
			}
		}
		if err := r.add(&l); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.add(&retagLine{Type: "total", Previewed: &aggregator.Previewed{Copies: 700, Statements: 600, Changed: 500}}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.tell(&b); err != nil {
		t.Fatal(err)
	}
	table, rest, _ := strings.Cut(b.String(), "\nand 26 tags more\n")
	if lines := strings.Split(table, "\n"); len(lines) != 1+mostTags || !strings.HasPrefix(lines[1], "topic/all       +500") || !strings.HasPrefix(lines[2], "topic/rare-099        ") {
		t.Errorf("want the %d largest tags first:\n%s", mostTags, table)
	}
	for _, want := range []string{"countries that are only mentioned: 0 gained, 5 lost\n", "  statement 0\n", "  statement 2\n", "  statement 99\n", "  statement 499\n  + topic/all, by topic all\n      title: \"a b\"\n  - topic/rare-499, by r\n",
		"\n500 of 600 statements would have other tags; 700 copies "} {
		if !strings.Contains(rest, want) {
			t.Errorf("want %q in:\n%s", want, rest)
		}
	}
	if strings.Contains(rest, "statement 3\n") || strings.Contains(rest, "mention/") {
		t.Errorf("more than three examples of one tag, or a mention among the tags:\n%s", rest)
	}
}

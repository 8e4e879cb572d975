package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen; it is not a measure
// of how long that takes.
const patience = 30 * time.Second

// output gathers what a process writes, and wakes who waits for it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	grew chan struct{}
}

func newOutput() *output { return &output{grew: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.grew)
	o.grew = make(chan struct{})
	return o.text.Write(b)
}

func (o *output) now() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String(), o.grew
}

// await waits for a line that matches and gives what its groups, or all of it,
// matched.
func (o *output) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	late := time.After(patience)
	for {
		text, grew := o.now()
		if m := re.FindStringSubmatch(text); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-grew:
		case <-late:
			t.Fatalf("no %q in:\n%s", pattern, text)
		}
	}
}

// daemon is the program as a process of its own.
type daemon struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, log *output
	ended    chan struct{}
}

// start runs a command line in a folder, and ends it with the test.
func start(t *testing.T, dir string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, cmd: exec.Command("communique", args...), out: newOutput(), log: newOutput(), ended: make(chan struct{})}
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = dir, d.out, d.log
	d.run()
	return d
}

// run starts it, and ends it with the test.
func (d *daemon) run() {
	d.t.Helper()
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		_ = d.cmd.Wait() // ProcessState has it
	}()
	d.t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // it may have ended
		<-d.ended
	})
}

func (d *daemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// exit waits for the end and gives the exit code.
func (d *daemon) exit() int {
	d.t.Helper()
	select {
	case <-d.ended:
	case <-time.After(patience):
		text, _ := d.log.now()
		d.t.Fatalf("it does not end; it says:\n%s", text)
	}
	code := d.cmd.ProcessState.ExitCode()
	if text, _ := d.log.now(); strings.Contains(text, "DATA RACE") {
		d.t.Errorf("it says:\n%s", text)
	}
	return code
}

// finish runs a command line in a folder to its end.
func finish(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	d := start(t, dir, args...)
	code = d.exit()
	stdout, _ = d.out.now()
	stderr, _ = d.log.now()
	return code, stdout, stderr
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// page wants a page.
func page(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v, want 200", url, res.Status, err)
	}
	return string(body)
}

// world is a folder with a web server of its own and the text of a
// configuration that pulls from it.
type world struct {
	dir, origin string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	srv := httptest.NewServer(origin(filepath.Join(w.dir, "origin")))
	t.Cleanup(srv.Close)
	w.origin = srv.URL
	for _, id := range []string{"harbour", "lighthouse"} {
		write(t, filepath.Join(w.dir, "origin", id+".xml"), fmt.Sprintf(`<rss version="2.0"><channel><title>%[1]s</title><link>https://%[1]s.example/</link>
<item><title>Word of the %[1]s</title><link>https://%[1]s.example/1</link><guid>https://%[1]s.example/1</guid><pubDate>Fri, 10 Jun 2022 21:00:00 GMT</pubDate>
<description>All is well at the %[1]s in Panama.</description></item></channel></rss>`, id))
	}
	return w
}

// config writes communique.yaml; head comes before what it always holds.
func (w *world) config(t *testing.T, name, head string, sources ...string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nfetch: {gap: 1ms, allow_networks: [127.0.0.0/8]}\ndefaults: {schedule: '@every 1s', floor: 1s}\nsources:\n", head)
	for _, id := range sources {
		fmt.Fprintf(&b, "  - {id: %[1]s, url: %[2]s/%[1]s.xml}\n", id, w.origin)
	}
	write(t, filepath.Join(w.dir, name), b.String())
}

// add puts text at the end of communique.yaml.
func (w *world) add(t *testing.T, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(w.dir, "communique.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

const anyPorts = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0"

// unwatched is for a test that says itself when the configuration is read again.
const unwatched = anyPorts + "\nwatch: false"

func TestServePublishesReloadsAndStops(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on http://(\S+)/status$`)

	// What the source said is published, and the log has a line about it.
	d.log.await(t, `msg=fetched source=harbour new=1 .*took=`)
	if feed := page(t, base+"/feeds/all.atom"); !strings.Contains(feed, "Word of the harbour") || strings.Contains(feed, "lighthouse") {
		t.Errorf("want the harbour's word in the feed, and the lighthouse's not:\n%s", feed)
	}

	// A configuration that is wrong: every error is logged, the old one stays.
	write(t, filepath.Join(w.dir, "communique.yaml"), "sorces: []\nadmin: nowhere\n")
	d.signal(syscall.SIGHUP)
	d.log.await(t, `level=ERROR msg="wrong configuration; the old one stays" err="communique.yaml:1:1: .*sources`)
	d.log.await(t, `level=ERROR msg="wrong configuration; the old one stays" err="communique.yaml:2:8: `)
	if err := os.Remove(filepath.Join(w.dir, "communique.yaml")); err != nil {
		t.Fatal(err)
	}
	d.signal(syscall.SIGHUP)
	d.log.await(t, `level=ERROR msg=.*the old one stays" err="there is no communique.yaml any more"`)
	page(t, base+"/feeds/source/harbour.atom")
	page(t, "http://"+admin+"/livez")

	// One that is right: what it adds is pulled and published, also by the admin
	// listener; what takes a restart is said.
	w.config(t, "communique.yaml", "listen: 127.0.0.1:1\nadmin: 127.0.0.1:0", "harbour", "lighthouse")
	d.signal(syscall.SIGHUP)
	d.log.await(t, `msg="configuration read again" sources=2`)
	d.log.await(t, `level=WARN msg="a change that takes a restart" key=listen from=127.0.0.1:0 to=127.0.0.1:1`)
	d.log.await(t, `msg=fetched source=lighthouse new=1 `)
	if feed := page(t, base+"/feeds/all.atom"); !strings.Contains(feed, "Word of the harbour") || !strings.Contains(feed, "Word of the lighthouse") {
		t.Errorf("want both words in the feed:\n%s", feed)
	}
	page(t, base+"/feeds/source/lighthouse.atom")
	if status := page(t, "http://"+admin+"/status.json"); !strings.Contains(status, `"id": "lighthouse"`) {
		t.Errorf("want the lighthouse in the status:\n%s", status)
	}

	// It ends by itself, in order.
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if code, stdout, stderr := finish(t, w.dir, "verify"); code != 0 || !strings.HasPrefix(stdout, "ok: 2 statements") {
		t.Errorf("verify: exit code %d, %s%s, want ok", code, stdout, stderr)
	}
}

func TestServeFollowsItsConfigurationOfFeedsAndAPI(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour")
	w.add(t, `
feeds: [{name: ours, title: {en: Our words, fr: Nos mots}, query: {not: {languages: [fr]}}, ids: preserve, was: [theirs]}]
removed: [nobodys]
api: {rate: 2/h, trusted_proxies: [127.0.0.1]}
`)
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	if feed := page(t, base+"/feeds/ours.atom"); !strings.Contains(feed, "<title>Our words</title>") || !strings.Contains(feed, "Word of the harbour") || strings.Contains(feed, ":statement/") {
		t.Errorf("want the title, the word and no id of ours in:\n%s", feed)
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, x := range []struct {
		path, reader string
		status       int
	}{
		{"/feeds/theirs.rss", "", 301}, {"/feeds/nobodys.rss", "", 410}, {"/feeds/ours.rss", "", 200},
		{"/api/v1/tags", "192.0.2.1", 200}, {"/api/v1/sources", "192.0.2.1", 200}, {"/api/v1/statements", "192.0.2.1", 429}, {"/api/v1/statements", "192.0.2.2", 200},
	} {
		req, err := http.NewRequest("GET", base+x.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.reader != "" {
			req.Header.Set("X-Forwarded-For", x.reader)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != x.status {
			t.Errorf("%s for %q: %s, want %d", x.path, x.reader, res.Status, x.status)
		}
	}
}

func TestTheDaemonAnswersForItsStore(t *testing.T) {
	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour", "nowhere")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	admin := d.out.await(t, `^health and status on http://(\S+)/status$`)
	d.log.await(t, `msg=fetched source=harbour new=1 `)
	d.log.await(t, `msg="fetch failed" source=nowhere `)

	// The same store, and where to ask.
	w.config(t, "ask.yaml", "listen: 127.0.0.1:0\nadmin: "+admin, "harbour", "nowhere")
	ask := func(args ...string) (int, string, string) {
		return finish(t, w.dir, append(args, "--config", "ask.yaml")...)
	}
	const known, unknown = "https://harbour.example/1", "https://harbour.example/2"
	_, told, _ := ask("explain", known)
	if !strings.HasPrefix(told, "Word of the harbour\n") || !strings.Contains(told, "country/pa") {
		t.Errorf("explain while it runs gives:\n%s", told)
	}
	if code, stdout, stderr := ask("explain", unknown); code != 1 || stdout != "" || !strings.Contains(stderr, "no statement") {
		t.Errorf("explain what is not there: exit code %d, %s%s, want 1 and the reason", code, stdout, stderr)
	}
	if code, stdout, stderr := ask("sources"); code != 0 || !regexp.MustCompile(`(?m)^harbour +quiet .*\nnowhere +broken `).MatchString(stdout) || !strings.Contains(stdout, "  status: fetch ") {
		t.Errorf("sources while it runs: exit code %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, _ := ask("health"); code != 0 || stdout != "ok\n" {
		t.Errorf("health: exit code %d, %q, want 0 and ok", code, stdout)
	}

	// A statement that is withdrawn is gone from the next answer on, and back when
	// that is undone.
	if code, stdout, stderr := ask("moderate", "withdraw", known, "--why", "by mistake"); code != 0 || !strings.Contains(stdout, "withdrawn") {
		t.Errorf("withdraw while it runs: exit code %d, %s%s", code, stdout, stderr)
	}
	if feed := page(t, base+"/feeds/all.rss"); strings.Contains(feed, "Word of the harbour") {
		t.Error("a withdrawn statement is in the feed")
	}
	if code, _, stderr := ask("moderate", "tag", known, "--add", "topic/harbours"); code != 2 || !strings.Contains(stderr, `no topic "harbours"`) {
		t.Errorf("a tag that is not there: exit code %d, %s, want 2", code, stderr)
	}
	if code, _, stderr := ask("moderate", "undo", known); code != 0 {
		t.Errorf("undo while it runs: exit code %d, %s", code, stderr)
	}
	if feed := page(t, base+"/feeds/all.rss"); !strings.Contains(feed, "Word of the harbour") {
		t.Error("what was undone is not back in the feed")
	}
	_, told, _ = ask("explain", known)

	// A copy of the store, while it goes on.
	if code, stdout, stderr := ask("backup", "copy.db"); code != 0 || !strings.HasPrefix(stdout, "copy.db: 1 statements, ") {
		t.Errorf("backup while it runs: exit code %d, %s%s, want 0 and what is in it", code, stdout, stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".copy.db.part-*")); len(left) > 0 {
		t.Errorf("backup leaves %v behind", left)
	}

	// What needs the file for itself says so.
	if code, _, stderr := ask("verify"); code != 1 || !strings.Contains(stderr, "the daemon holds data/communique.db; stop it first") {
		t.Errorf("verify while it runs: exit code %d, %s, want 1 and word to stop the daemon", code, stderr)
	}
	for _, name := range []string{"serve", "fetch"} {
		if code, _, stderr := ask(name); code != 1 || !strings.Contains(stderr, "communique.db is in use by another process; stop it or use another --data") {
			t.Errorf("%s while it runs: exit code %d, %s, want 1 and a refusal", name, code, stderr)
		}
	}

	for _, name := range []string{"compact", "rebuild", "restore"} {
		args := []string{name}
		if name == "restore" {
			args = append(args, "copy.db")
		}
		if code, _, stderr := ask(args...); code != 1 || !strings.Contains(stderr, "in use by another process") {
			t.Errorf("%s while it runs: exit code %d, %s, want 1 and a refusal", name, code, stderr)
		}
	}

	// A daemon answers for no store but its own.
	other := newWorld(t)
	other.config(t, "communique.yaml", anyPorts, "lighthouse")
	start(t, other.dir, "serve").out.await(t, `^listening on `)
	other.config(t, "ask.yaml", "listen: 127.0.0.1:0\nadmin: "+admin, "lighthouse")
	if code, stdout, stderr := finish(t, other.dir, "sources", "--config", "ask.yaml"); code != 1 || stdout != "" || !strings.Contains(stderr, "does not hold this store") {
		t.Errorf("sources of another store: exit code %d, %s%s, want 1", code, stdout, stderr)
	}

	d.signal(os.Interrupt)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if _, after, _ := ask("explain", known); after != told {
		t.Errorf("the file says\n%s\nthe daemon said\n%s", after, told)
	}
}

func TestServeWhenAPortIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	w := newWorld(t)
	w.config(t, "communique.yaml", "listen: 127.0.0.1:0\nadmin: "+taken.Addr().String(), "harbour")

	// The public one: it cannot do its work.
	code, stdout, stderr := finish(t, w.dir, "serve", "--listen", taken.Addr().String())
	if code != 1 || stdout != "" || !strings.Contains(stderr, "address already in use; stop the program that has the port, or give another address with --listen") {
		t.Errorf("exit code %d, %s%s, want 1 and what to do", code, stdout, stderr)
	}
	if code, _, stderr := finish(t, w.dir, "serve", "--listen", "harbour"); code != 2 || !strings.Contains(stderr, "want host:port") {
		t.Errorf("exit code %d, %s, want 2 and what an address looks like", code, stderr)
	}

	// The admin one: it says so and publishes.
	d := start(t, w.dir, "serve", "--log-format", "json")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	d.log.await(t, `"level":"WARN","msg":"no admin listener.*address already in use`)
	page(t, base+"/feeds/all.atom")
	d.signal(syscall.SIGTERM)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// hanging gives the address of an origin that never answers, and what is closed
// when it has been asked.
func hanging(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	c, over := make(chan struct{}), make(chan struct{})
	var once sync.Once
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(c) })
		select {
		case <-r.Context().Done(): // who asked has left
		case <-over:
		}
	}))
	t.Cleanup(func() {
		close(over)
		srv.Close()
	})
	return srv.URL, c
}

func TestVisitsThatAreUnderWayDoNotHoldUpTheEnd(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		code int
		says string
	}{
		{"serve", 0, "msg=stopping"},
		{"fetch", 1, "communique: interrupted after 0 of 1 sources; what they brought is stored\n"},
	} {
		origin, asked := hanging(t)
		w.config(t, "communique.yaml", anyPorts)
		w.add(t, "  - {id: slow, url: "+origin+"/feed}\n")
		d := start(t, w.dir, c.name, "--data", c.name)
		select {
		case <-asked:
		case <-time.After(patience):
			t.Fatalf("%s never asks the origin", c.name)
		}
		began := time.Now()
		d.signal(os.Interrupt)
		code := d.exit()
		if took := time.Since(began); code != c.code || took > grace {
			t.Errorf("%s ends with %d after %s, want %d within %s", c.name, code, took, c.code, grace)
		}
		d.log.await(t, c.says)
		if code, _, stderr := finish(t, w.dir, "verify", "--data", c.name); code != 0 {
			t.Errorf("after %s: %s", c.name, stderr)
		}
		// The source did nothing wrong.
		if _, stdout, _ := finish(t, w.dir, "sources", "--data", c.name); !strings.Contains(stdout, "slow    new ") {
			t.Errorf("after %s:\n%s\nwant the source as it was: new", c.name, stdout)
		}
	}
}

func TestShutdownWaitsForAnswersThatAreUnderWay(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered := make(chan struct{})
	srv := httpServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		for late := time.Now().Add(patience); time.Now().Before(late); { // until nobody is let in any more
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				break
			}
			c.Close()
		}
		fmt.Fprint(w, "all of it")
	}), slog.New(slog.DiscardHandler))
	go func() { _ = srv.Serve(l) }() // ends with shutdown
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-entered
		shutdown([]*http.Server{srv})
	}()
	if got := page(t, "http://"+l.Addr().String()); got != "all of it" {
		t.Errorf("the answer is %q, want all of it", got)
	}
	<-ended
}

package aggregator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"communique/aggregator/websub"
	"communique/feeds"
)

// hub is a publisher's hub: it keeps what it is asked and pushes when told.
type hub struct {
	t      *testing.T
	url    string
	asked  chan url.Values
	answer func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func newHub(t *testing.T) *hub {
	h := &hub{t: t, asked: make(chan url.Values, 10)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.answer != nil && h.answer(w, r) {
			return
		}
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			t.Errorf("the hub is asked %s %v", r.Method, err)
		}
		w.WriteHeader(http.StatusAccepted)
		h.asked <- r.PostForm
	}))
	t.Cleanup(srv.Close)
	h.url = srv.URL + "/hub"
	return h
}

// verify asks the callback whether it meant it.
func (h *hub) verify(form url.Values, change ...string) (int, string) {
	h.t.Helper()
	q := url.Values{"hub.mode": {form.Get("hub.mode")}, "hub.topic": {form.Get("hub.topic")}, "hub.challenge": {"riddle"}, "hub.lease_seconds": {"864000"}}
	for i := 0; i < len(change); i += 2 {
		q.Set(change[i], change[i+1])
	}
	res, err := http.Get(form.Get("hub.callback") + "?" + q.Encode())
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

func (h *hub) push(form url.Values, body, signature string) int {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, form.Get("hub.callback"), strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/rss+xml")
	if signature == "right" {
		mac := hmac.New(sha256.New, []byte(form.Get("hub.secret")))
		mac.Write([]byte(body))
		signature = "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	if signature == "right sha1" {
		mac := hmac.New(sha1.New, []byte(form.Get("hub.secret")))
		mac.Write([]byte(body))
		signature = "sha1=" + hex.EncodeToString(mac.Sum(nil))
	}
	if signature != "" {
		req.Header.Set("X-Hub-Signature", signature)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// subscribed is a world whose engine subscribes.
type subscribed struct {
	*world
	hubs  *websub.Subscriber
	eng   *Engine
	front *front
	ended chan feeds.SourceID
	done  chan Outcome
	stop  func()
}

// front is where hubs call us: it stays while subscribers come and go.
type front struct {
	URL  string
	hubs atomic.Pointer[websub.Subscriber]
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.hubs.Load().ServeHTTP(w, r) }

// subscribe starts a subscriber and an engine; stop ends both.
func (w *world) subscribe(at *front) *subscribed {
	w.t.Helper()
	s := &subscribed{world: w, front: at, ended: make(chan feeds.SourceID, 10), done: make(chan Outcome, 100)}
	leases, err := w.store.Leases()
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []feeds.SourceID
	for _, src := range w.srcs {
		ids = append(ids, src.ID)
	}
	if at == nil {
		s.front = new(front)
		srv := httptest.NewServer(s.front)
		w.t.Cleanup(srv.Close)
		s.front.URL = srv.URL
	}
	s.hubs = websub.New(websub.Options{Callback: s.front.URL + "/websub", AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Sources: ids, Leases: leases, Say: w.store.Append, Now: w.clock, Log: slog.New(slog.DiscardHandler), MaxBody: 100_000})
	s.front.hubs.Store(s.hubs)
	s.eng = w.engine(func(o Outcome) { s.done <- o })
	s.eng.o.Hubs = s.hubs
	s.eng.o.Now = w.clock
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { s.hubs.Run(ctx, s.eng.Pushed, func(id feeds.SourceID) { s.ended <- id }) })
	s.stop = func() { cancel(); work.Wait() }
	w.t.Cleanup(s.stop)
	return s
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (s *subscribed) visit(id feeds.SourceID) Outcome {
	s.t.Helper()
	if _, err := s.eng.Refresh(context.Background(), id); err != nil {
		s.t.Fatal(err)
	}
	return within(s.t, s.done, "visit")
}

func within[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s came", what)
		panic("not reached")
	}
}

func hubFeed(hub, self string, names ...string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Office</title><link>https://north.example/</link><description>d</description>`)
	if hub != "" {
		fmt.Fprintf(&b, `<atom:link rel="hub" href="%s"/><atom:link rel="self" href="%s"/>`, hub, self)
	}
	for _, n := range names {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">%[1]s</guid><title>On %[1]s</title><link>https://north.example/%[1]s</link><description>The office speaks of %[1]s.</description><pubDate>Tue, 10 Mar 2026 11:00:00 GMT</pubDate></item>`, n)
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

func TestSourceWithAHubIsSubscribedToAndItsPushesAreRead(t *testing.T) {
	h := newHub(t)
	w := newWorld(t)
	src := w.source("north")
	w.set("/north", page{body: hubFeed(h.url, src.URL+"?self", "flood")})
	s := w.subscribe(nil)
	first := s.visit("north")
	if first.New != 1 || strings.HasPrefix(first.Rule, "pushed") {
		t.Fatalf("the first visit: %+v", first)
	}
	form := within(t, h.asked, "request")
	if form.Get("hub.topic") != src.URL+"?self" || form.Get("hub.mode") != "subscribe" || len(form.Get("hub.secret")) < 32 ||
		!strings.HasPrefix(form.Get("hub.callback"), s.front.URL+"/websub/") || len(form.Get("hub.callback")) < len(s.front.URL)+30 || form.Get("hub.lease_seconds") != "864000" {
		t.Errorf("asked for %v", form)
	}
	// It is confirmed only as it was asked.
	for what, change := range map[string][]string{"another topic": {"hub.topic", src.URL}, "another mode": {"hub.mode", "unsubscribe"}, "no challenge": {"hub.challenge", ""}} {
		if status, _ := h.verify(form, change...); status != 404 {
			t.Errorf("%s is answered %d", what, status)
		}
	}
	other := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {form.Get("hub.topic")}, "hub.callback": {s.front.URL + "/websub/guess"}}
	if status, _ := h.verify(other); status != 404 {
		t.Errorf("a guessed callback is answered %d", status)
	}
	if s.hubs.Live("north") {
		t.Error("live before the hub has verified")
	}
	if status, answer := h.verify(form); status != 200 || answer != "riddle" {
		t.Errorf("the verification is answered %d %q", status, answer)
	}
	if status, _ := h.verify(form); status != 404 {
		t.Errorf("a second verification is answered %d", status)
	}
	if !s.hubs.Live("north") {
		t.Error("not live after the verification")
	}

	// A push is read; what is not signed is not.
	storm := hubFeed(h.url, src.URL, "storm")
	for _, signature := range []string{"", "sha256=00", "md5=00", "sha256=" + strings.Repeat("ab", 32)} {
		if status := h.push(form, hubFeed(h.url, src.URL, "forged"), signature); status != 202 {
			t.Errorf("signed %q it is answered %d", signature, status)
		}
	}
	if status := h.push(form, strings.Repeat("x", 200_000), "right"); status != 413 {
		t.Errorf("a huge push is answered %d", status)
	}
	h.push(form, "no feed at all", "right")
	before, _, _ := w.store.Fetched("north")
	if status := h.push(form, storm, "right"); status != 202 {
		t.Errorf("a push is answered %d", status)
	}
	if out := within(t, s.done, "news"); out.New != 1 {
		t.Errorf("the push came to %+v", out)
	}
	after, _, _ := w.store.Fetched("north")
	if after.At != before.At || after.NextDue != before.NextDue || after.Validators != before.Validators || after.Body != before.Body {
		t.Errorf("a push moves what is known of visits:\n%+v\n%+v", before, after)
	}
	if status := h.push(form, hubFeed(h.url, src.URL, "drought", "storm"), "right sha1"); status != 202 {
		t.Errorf("a push signed with sha1 is answered %d", status)
	}
	if out := within(t, s.done, "news"); out.New != 1 || out.Revised != 0 {
		t.Errorf("the second push came to %+v", out)
	}

	// The next visit finds nothing new, and then waits for its ceiling.
	s.pass(time.Hour)
	w.set("/north", page{body: hubFeed(h.url, src.URL+"?self", "drought", "storm", "flood")})
	out := s.visit("north")
	if out.New+out.Revised+out.Copies != 0 || !strings.HasPrefix(out.Rule, "pushed 1d") {
		t.Errorf("the proof: %+v", out)
	}
	if st := w.statements(); st != 3 {
		t.Errorf("%d statements, want 3", st)
	}

	// A restart knows the lease and its secret.
	s.stop()
	s2 := w.subscribe(s.front)
	if !s2.hubs.Live("north") {
		t.Error("the lease is lost over a restart")
	}
	h.push(form, hubFeed(h.url, src.URL, "heat"), "right")
	within(t, s2.done, "news after a restart")

	// It is renewed before its end.
	s2.pass(9 * 24 * time.Hour)
	s2.stop()
	s3 := w.subscribe(s.front)
	again := within(t, h.asked, "renewal")
	if again.Get("hub.callback") != form.Get("hub.callback") || again.Get("hub.secret") != form.Get("hub.secret") {
		t.Errorf("renewed as %v", again)
	}
	if status, _ := h.verify(again); status != 200 {
		t.Errorf("the renewal's verification is answered %d", status)
	}
	s3.pass(2 * 24 * time.Hour)
	if !s3.hubs.Live("north") {
		t.Error("the renewal did not lengthen the lease")
	}
}

func (w *world) statements() int {
	w.t.Helper()
	counts, err := w.store.Counts()
	if err != nil {
		w.t.Fatal(err)
	}
	return counts.All.Statements
}

func TestHubThatDoesNotTellIsNotReliedOn(t *testing.T) {
	h := newHub(t)
	w := newWorld(t)
	src := w.source("north")
	w.set("/north", page{body: hubFeed("", "", "flood"), header: map[string]string{"Link": "<" + h.url + ">; rel=\"hub\", <" + src.URL + ">; rel=\"self\""}})
	s := w.subscribe(nil)
	s.visit("north")
	form := within(t, h.asked, "request")
	s.pass(time.Minute)
	h.verify(form)
	s.pass(time.Hour)
	if out := s.visit("north"); !strings.HasPrefix(out.Rule, "pushed") {
		t.Errorf("polled by %q", out.Rule)
	}
	s.pass(24 * time.Hour)
	w.set("/north", page{body: hubFeed(h.url, src.URL, "storm", "flood"), header: map[string]string{"Link": "<" + h.url + ">; rel=\"hub\", <" + src.URL + ">; rel=\"self\""}})
	if out := s.visit("north"); out.New != 1 || strings.HasPrefix(out.Rule, "pushed") {
		t.Errorf("a hub that did not tell is relied on: %+v", out)
	}
	h.push(form, hubFeed(h.url, src.URL, "drought"), "right")
	within(t, s.done, "news")
	if !s.hubs.Live("north") {
		t.Error("a hub that tells again is not relied on")
	}
}

func TestHubIsFollowedAndRefused(t *testing.T) {
	w := newWorld(t)
	target := newHub(t)
	moved := newHub(t)
	moved.answer = func(rw http.ResponseWriter, r *http.Request) bool {
		http.Redirect(rw, r, target.url, http.StatusTemporaryRedirect)
		return true
	}
	w.source("north")
	w.source("south")
	s := w.subscribe(nil)
	s.hubs.Found("north", "https://north.example/feed", []string{"ftp://hub.example/", "http://169.254.169.254/", moved.url})
	if form := within(t, target.asked, "request at the hub's new place"); form.Get("hub.topic") != "https://north.example/feed" {
		t.Errorf("asked for %v", form)
	}
	s.hubs.Found("south", "https://south.example/feed", []string{"http://169.254.169.254/latest", "http://10.0.0.1/hub"})
	for _, l := range s.hubs.Leases() {
		if l.Source == "south" {
			t.Errorf("a hub on a private network is taken: %+v", l)
		}
	}
	denied := newHub(t)
	s.hubs.Found("south", "https://south.example/feed", []string{denied.url})
	form := within(t, denied.asked, "request")
	if status, _ := denied.verify(form, "hub.mode", "denied", "hub.reason", "not\nyou"); status != 200 {
		t.Errorf("a denial is answered %d", status)
	}
	if s.hubs.Live("south") {
		t.Error("live although it was denied")
	}
	for _, l := range s.hubs.Leases() {
		if l.Source == "south" && (!strings.Contains(l.Error, "not you") || l.Due.Sub(w.clock()) < 20*time.Hour) {
			t.Errorf("after a denial: %+v", l)
		}
	}
}

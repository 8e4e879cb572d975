package push_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/push"
	"communique/feeds/render"
	"communique/feeds/serve"
	"communique/storage"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// house is a whole site on loopback with its pusher; it can be restarted over
// its store, at the same address.
type house struct {
	t     testing.TB
	o     push.Options
	named []serve.Named
	path  string
	addr  string

	store  *storage.Store
	pusher *push.Pusher
	site   *serve.Server
	web    *http.Server
	end    func()
}

func newHouse(t testing.TB, change func(*push.Options)) *house {
	t.Helper()
	h := &house{t: t, path: filepath.Join(t.TempDir(), "communique.db"), addr: "127.0.0.1:0"}
	h.o = push.Options{AllowNetworks: loopback, WebhookNetworks: loopback, Now: func() time.Time { return time.Now().UTC() }, Log: slog.New(slog.DiscardHandler), Write: 20 * time.Millisecond}
	if change != nil {
		change(&h.o)
	}
	h.start()
	t.Cleanup(func() {
		h.stop()
		s, err := storage.Open(h.path, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(); err != nil {
			t.Errorf("the store does not hold together: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) base() string { return "http://" + h.addr }

func (h *house) start() {
	h.t.Helper()
	store, err := storage.Open(h.path, storage.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	l, err := net.Listen("tcp", h.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	h.addr = l.Addr().String()
	o := h.o
	o.Store, o.Hub = store, h.base()+"/hub"
	p, err := push.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	var terms []serve.Term
	for _, slug := range []string{"health", "shelter"} {
		terms = append(terms, serve.Term{Tag: feeds.Tag{Scheme: feeds.Topic, Term: slug}, Labels: map[string]string{"en": slug}})
	}
	site, err := serve.New(serve.Options{Store: store, Terms: terms, Named: h.named, Languages: []string{"en", "fr"}, Log: h.o.Log,
		Site:  render.Site{Title: "Test", BaseURL: h.base(), Authority: "example.org,2026", Language: "en", Hub: o.Hub},
		Mount: map[string]http.Handler{"/hub": p.Hub(), "/api/v1/stream": p.Stream()}})
	if err != nil {
		h.t.Fatal(err)
	}
	p.Serve(site)
	ctx, cancel := context.WithCancel(context.Background())
	h.store, h.pusher, h.site, h.web = store, p, site, &http.Server{Handler: site}
	var work sync.WaitGroup
	work.Go(func() { _ = h.web.Serve(l) })
	work.Go(func() {
		if err := p.Run(ctx); err != nil && !errors.Is(err, storage.ErrClosed) {
			h.t.Errorf("the pusher ended: %v", err)
		}
	})
	h.end = func() {
		cancel()
		_ = h.web.Shutdown(context.Background())
		work.Wait()
		if err := store.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

func (h *house) stop() {
	if h.end != nil {
		h.end()
		h.end = nil
	}
}

func sid(name string) feeds.StatementID {
	sum := sha256.Sum256([]byte(name))
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	id := make([]byte, 16)
	for i := range id {
		id[i] = letters[sum[i]%32]
	}
	return feeds.StatementID(id)
}

// publish says a statement with these topics.
func (h *house) publish(name, language string, topics ...string) *feeds.Observed {
	h.t.Helper()
	now := h.o.Now().Truncate(time.Microsecond)
	o := &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: sid(name), FirstSeen: now, Changed: now, Order: now, Published: now,
		Revision: 1, Relation: feeds.IsOrigin,
		Copy: feeds.Copy{Source: "north", ID: name, Title: "On " + name, Content: "<p>The office speaks of " + name + ".</p>", Link: "https://north.example/" + name,
			Published: now, Language: language, Origin: feeds.Origin{ID: "https://north.example/feed", Title: "North"}}}
	for _, tp := range topics {
		o.Taggings = append(o.Taggings, feeds.Tagging{Tag: feeds.Tag{Scheme: feeds.Topic, Term: tp}})
	}
	h.say(now, o)
	return o
}

func (h *house) say(at time.Time, facts ...feeds.Fact) {
	h.t.Helper()
	if _, err := h.store.Append(context.Background(), at, facts...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) topic(rest string) string { return h.base() + "/feeds/" + rest }

// ask posts a form to the hub and gives its answer.
func (h *house) ask(form url.Values) (int, string) {
	h.t.Helper()
	res, err := http.PostForm(h.base()+"/hub", form)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func (h *house) get(u string) (body, kind string, header http.Header) {
	h.t.Helper()
	res, err := http.Get(u)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s %v", u, res.Status, err)
	}
	return string(b), res.Header.Get("Content-Type"), res.Header
}

// subscriber is one at a hub: it answers verifications as confirm says and
// deliveries as receive says, and tells of both.
type subscriber struct {
	t        testing.TB
	url      string
	verified chan url.Values
	got      chan delivery
	mu       sync.Mutex
	confirm  func(w http.ResponseWriter, r *http.Request)
	receive  func(w http.ResponseWriter, r *http.Request)
}

type delivery struct {
	header http.Header
	query  string
	body   string
}

func newSubscriber(t testing.TB) *subscriber {
	s := &subscriber{t: t, verified: make(chan url.Values, 100), got: make(chan delivery, 100)}
	s.confirms(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Query().Get("hub.challenge")) })
	s.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	l, err := net.Listen("tcp", "0.0.0.0:0") // any of loopback's addresses leads here
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s)
	web.Listener.Close()
	web.Listener = l
	web.Start()
	t.Cleanup(web.Close)
	s.url = fmt.Sprintf("http://127.0.0.1:%d/callback", l.Addr().(*net.TCPAddr).Port)
	return s
}

func (s *subscriber) confirms(f func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirm = f
}

func (s *subscriber) receives(f func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receive = f
}

func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	confirm, receive := s.confirm, s.receive
	s.mu.Unlock()
	if r.Method == http.MethodGet {
		confirm(w, r)
		s.verified <- r.URL.Query()
		return
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	receive(w, r)
	s.got <- delivery{r.Header, r.URL.RawQuery, string(b)}
}

const patience = 10 * time.Second

func wait[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v, open := <-c:
		if !open {
			t.Fatalf("no %s came: it is closed", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("no %s came", what)
		panic("not reached")
	}
}

// none makes sure that nothing has come by the time that something else did.
func none[T any](t testing.TB, c <-chan T, what string) {
	t.Helper()
	select {
	case v := <-c:
		t.Fatalf("%s came: %+v", what, v)
	default:
	}
}

func subscribeForm(topic, callback string, more ...string) url.Values {
	f := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.callback": {callback}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

// subscribe subscribes and waits until the subscription is in the store.
func (h *house) subscribe(s *subscriber, topic string, more ...string) url.Values {
	h.t.Helper()
	before := h.subscriptions()
	if status, text := h.ask(subscribeForm(topic, s.url, more...)); status != http.StatusAccepted {
		h.t.Fatalf("the hub answers %d: %s", status, text)
	}
	q := wait(h.t, s.verified, "verification")
	h.until("the subscription is stored", func() bool {
		for key, f := range h.subscriptions() {
			if old, held := before[key]; f.Callback == s.url && (!held || f.Until != old.Until || f.Secret != old.Secret) {
				return true
			}
		}
		return false
	})
	return q
}

func (h *house) subscriptions() map[string]feeds.Subscribed {
	h.t.Helper()
	list, err := h.store.Subscriptions()
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]feeds.Subscribed{}
	for _, f := range list {
		out[f.Key()] = *f
	}
	return out
}

// until waits for the store to come to something.
func (h *house) until(what string, is func() bool) {
	h.t.Helper()
	late := time.After(patience)
	for {
		changed := h.store.Changed()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-late:
			h.t.Fatalf("it never comes to it that %s", what)
		}
	}
}

func signed(t testing.TB, method, secret, body string) string {
	t.Helper()
	mac := hmac.New(map[string]func() hash.Hash{"sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[method], []byte(secret))
	mac.Write([]byte(body))
	return method + "=" + hex.EncodeToString(mac.Sum(nil))
}

func contains(t testing.TB, body string, names ...string) {
	t.Helper()
	for _, n := range names {
		if !strings.Contains(body, "On "+n) {
			t.Errorf("%q is not in what was delivered: %.300s", n, body)
		}
	}
}

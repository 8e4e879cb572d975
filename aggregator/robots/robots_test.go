package robots

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"communique/aggregator/fetch"
)

func TestHostsRulesAreKept(t *testing.T) {
	var answer atomic.Pointer[http.HandlerFunc]
	asked := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		(*answer.Load())(w, r)
	}))
	t.Cleanup(srv.Close)
	say := func(status int, contentType, body string) {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // the client may have left
		})
		answer.Store(&h)
	}
	f, err := fetch.New(fetch.Options{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	keeper := func() *Keeper { return New(Options{Fetcher: f, Now: func() time.Time { return now }}) }
	allow := func(k *Keeper, path string) error { return k.Allow(t.Context(), srv.URL+path, nil) }

	say(200, "text/plain", "User-agent: *\nDisallow: /\n\nUser-agent: Communique\nAllow: /news/open\nDisallow: /news/\nDisallow: /*?print\n")
	k := keeper()
	for path, ok := range map[string]bool{"/": true, "": true, "/about": true, "/news/1": false, "/news/open/1": true, "/about?print=1": false} {
		if err := allow(k, path); ok != (err == nil) || !ok && !errors.Is(err, ErrDisallowed) {
			t.Errorf("%q: %v, want allowed %t", path, err, ok)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}

	// It fails for a while: what it said stands, also a day later; who never heard
	// it may read nothing.
	say(500, "text/plain", "")
	now = now.Add(25 * time.Hour)
	if err := allow(k, "/news/1"); !errors.Is(err, ErrDisallowed) {
		t.Errorf("after a failure: %v, want what it said before", err)
	}
	if err := allow(keeper(), "/about"); err == nil || errors.Is(err, ErrDisallowed) {
		t.Errorf("without ever having heard: %v, want the failure", err)
	}
	// None, or a page instead: all is allowed.
	say(404, "text/html", "no")
	if err := allow(keeper(), "/news/1"); err != nil {
		t.Errorf("without rules: %v", err)
	}
	say(200, "text/html", "User-agent: *\nDisallow: /\n")
	if err := allow(keeper(), "/news/1"); err != nil {
		t.Errorf("with a page instead of rules: %v", err)
	}
}

package fetch

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"communique/feeds"
)

const feedBody = `<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour</title></channel></rss>`

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// newFetcher gives a fetcher that may visit loopback, unless the options say
// otherwise.
func newFetcher(t testing.TB, o Options) *Fetcher {
	t.Helper()
	if o.AllowNetworks == nil {
		o.AllowNetworks = loopback
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// raw serves one fixed text, whatever is asked, and hangs up.
func raw(t testing.TB, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// failure makes a visit that has to fail, and gives its error.
func failure(t testing.TB, f *Fetcher, r Request, want Class) *Error {
	t.Helper()
	resp, err := f.Get(t.Context(), r)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %+v, %v; want an error of class %s", resp, err, want)
	}
	if e.Class != want {
		t.Fatalf("got class %q (%v), want %q", e.Class, e, want)
	}
	if !strings.HasPrefix(e.Error(), "fetch ") || strings.ContainsAny(e.Error(), "\n\r\x00\x1b") {
		t.Fatalf("not for a log line: %q", e.Error())
	}
	return e
}

func get(t testing.TB, f *Fetcher, r Request) *Response {
	t.Helper()
	resp, err := f.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestGetAsksPolitely(t *testing.T) {
	var got *http.Request
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		w.Header().Set("Set-Cookie", "id=1")
		w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
		w.Header().Set("Content-Language", "pt-BR")
		_, _ = io.WriteString(w, feedBody)
	})
	f := newFetcher(t, Options{UserAgent: "harbour/1 (+https://example.org)"})
	r := Request{URL: u + "/feed?b=2&a=%7E#top", AcceptLanguage: "pt", Header: http.Header{"x-key": {"secret"}, "Range": {"bytes=0-1"}, "Accept-Encoding": {"lzma"}}}
	resp := get(t, f, r)
	if string(resp.Body) != feedBody || resp.Status != 200 || resp.Unchanged {
		t.Errorf("got %+v", resp)
	}
	if resp.ContentType != "application/rss+xml; charset=utf-8" || resp.ContentLanguage != "pt-BR" || resp.Final != u+"/feed?b=2&a=%7E" {
		t.Errorf("got %+v", resp)
	}
	if resp.Wire != int64(len(feedBody)) || resp.Took <= 0 {
		t.Errorf("wire %d, took %s", resp.Wire, resp.Took)
	}
	for name, want := range map[string]string{
		"User-Agent": "harbour/1 (+https://example.org)", "Accept-Encoding": "gzip, br, zstd", "Accept-Language": "pt", "X-Key": "secret",
		"Referer": "", "Cookie": "", "Cache-Control": "", "Range": "", "If-None-Match": "", "If-Modified-Since": "",
	} {
		if g := got.Header.Get(name); g != want {
			t.Errorf("%s: %q, want %q", name, g, want)
		}
	}
	for _, want := range []string{"application/atom+xml", "application/rss+xml", "application/feed+json"} {
		if !strings.Contains(got.Header.Get("Accept"), want) {
			t.Errorf("Accept does not name %s", want)
		}
	}
	if got.RequestURI != "/feed?b=2&a=%7E" {
		t.Errorf("asked for %s, not for what was configured", got.RequestURI)
	}
	get(t, f, r)
	if c := got.Header.Get("Cookie"); c != "" {
		t.Errorf("the second visit brings a cookie: %s", c)
	}
}

func TestGetSendsValidatorsByteForByte(t *testing.T) {
	for _, v := range []feeds.Validators{
		{ETag: `"abc"`}, {ETag: `W/"abc"`}, {ETag: `w/"abc`}, {ETag: `abc`}, {ETag: `"a,b", "c"`}, {ETag: `""`}, {ETag: `"é"`},
		{LastModified: "Mon, 02 Mar 2026 10:00:00 GMT"}, {LastModified: "2026-03-02"}, {LastModified: "0"},
		{ETag: `"abc-gzip"`, LastModified: "Mon, 02 Mar 2026 10:00:00 +0000"},
	} {
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if v.ETag != "" {
				w.Header()["ETag"] = []string{v.ETag}
			}
			if v.LastModified != "" {
				w.Header()["Last-Modified"] = []string{v.LastModified}
			}
			if r.Header.Get("If-None-Match") == v.ETag && r.Header.Get("If-Modified-Since") == v.LastModified {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, feedBody)
		})
		f := newFetcher(t, Options{})
		first := get(t, f, Request{URL: u})
		if first.Validators != v {
			t.Errorf("taken as %q, want %q", first.Validators, v)
		}
		second := get(t, f, Request{URL: u, Validators: first.Validators, Final: first.Final})
		if !second.Unchanged || second.Status != 304 || second.Body != nil || second.Validators != v {
			t.Errorf("%q: got %+v", v, second)
		}
	}
}

func TestGetRenewsValidatorsFrom304(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"2"`)
		w.WriteHeader(http.StatusNotModified)
	})
	resp := get(t, newFetcher(t, Options{}), Request{URL: u, Validators: feeds.Validators{ETag: `"1"`, LastModified: "yesterday"}})
	if want := (feeds.Validators{ETag: `"2"`, LastModified: "yesterday"}); resp.Validators != want {
		t.Errorf("got %q, want %q", resp.Validators, want)
	}
	if resp.FreshSaid {
		t.Error("a 304 that says nothing about freshness seems to say something")
	}
}

func TestGetKeepsNoValidatorThatCannotBeSent(t *testing.T) {
	u := raw(t, "HTTP/1.1 200 OK\r\nETag: \"a\x01b\"\r\nLast-Modified: "+strings.Repeat("x", 5000)+"\r\nContent-Length: 5\r\n\r\n<rss>")
	resp, err := newFetcher(t, Options{}).Get(t.Context(), Request{URL: u})
	if err == nil && resp.Validators != (feeds.Validators{}) {
		t.Errorf("kept %q", resp.Validators)
	}
}

func TestGet304ThatNobodyAskedFor(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	e := failure(t, newFetcher(t, Options{}), Request{URL: u}, Protocol)
	if !errors.Is(e, errNotAsked) {
		t.Errorf("got %v", e)
	}
}

func TestGetReadsHintsAndLinks(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=600")
		w.Header().Set("Age", "60")
		w.Header().Set("Retry-After", "7200")
		w.Header().Add("Link", `<https://hub.example.org/>; rel="hub"`)
		w.Header().Add("Link", `</feed>; rel=self`)
		_, _ = io.WriteString(w, feedBody)
	})
	resp := get(t, newFetcher(t, Options{}), Request{URL: u})
	if resp.FreshFor != 9*time.Minute || !resp.FreshSaid || resp.RetryAfter != 2*time.Hour {
		t.Errorf("fresh for %s, retry after %s", resp.FreshFor, resp.RetryAfter)
	}
	if want := []feeds.Link{{Href: "https://hub.example.org/", Rel: "hub"}, {Href: u + "/feed", Rel: "self"}}; !slices.Equal(resp.Links, want) {
		t.Errorf("got links %v, want %v", resp.Links, want)
	}
}

func TestGetFollowsRedirects(t *testing.T) {
	steps := map[string]struct {
		status int
		to     string
	}{
		"/301": {301, "/end"}, "/308": {308, "end"}, "/302": {302, "/end"}, "/303": {303, "/end"}, "/307": {307, "/end"},
		"/301-308": {301, "/308"}, "/301-302": {301, "/302"}, "/302-301": {302, "/301"}, "/fragment": {301, "/end#x"},
	}
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s, ok := steps[r.URL.Path]
		if !ok {
			_, _ = io.WriteString(w, feedBody)
			return
		}
		w.Header().Set("Location", s.to)
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, "<html>moved</html>")
	})
	f := newFetcher(t, Options{})
	for path, want := range map[string]string{
		"/end": "", "/301": "/end", "/308": "/end", "/302": "", "/303": "", "/307": "", "/301-308": "/end", "/301-302": "/302", "/302-301": "", "/fragment": "/end",
	} {
		resp := get(t, f, Request{URL: u + path})
		if want != "" {
			want = u + want
		}
		if resp.Final != u+"/end" || resp.Permanent != want || string(resp.Body) != feedBody {
			t.Errorf("%s: final %s, permanent %q, want %q", path, resp.Final, resp.Permanent, want)
		}
	}
}

func TestGetRefusesBadRedirects(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := 0
		_, _ = fmt.Sscanf(r.URL.Path, "/deep/%d", &n)
		to := map[string]string{
			"/self": "/self", "/a": "/b", "/b": "/a", "/junk": "http://[::1", "/ftp": "ftp://example.org/", "/file": "file:///etc/passwd",
			"/port": "http://127.0.0.1:25/", "/user": "http://a:b@127.0.0.1:1234/", "/private": "http://10.0.0.1/", "/meta": "http://169.254.169.254/latest/",
			"/empty-host": "http:///x",
		}[r.URL.Path]
		if n > 0 {
			to = fmt.Sprintf("/deep/%d", n+1)
		}
		if to != "" {
			w.Header().Set("Location", to)
		}
		w.WriteHeader(http.StatusMovedPermanently)
	})
	f := newFetcher(t, Options{})
	for path, want := range map[string]struct {
		class Class
		says  string
	}{
		"/deep/1": {Redirect, "more than 10 redirects"}, "/self": {Redirect, "circle"}, "/a": {Redirect, "circle"}, "/junk": {Redirect, "no URL"},
		"/nowhere": {Redirect, "whereto"}, "/ftp": {Policy, "ftp"}, "/file": {Policy, "file"}, "/port": {Policy, "port 25"}, "/user": {Policy, "user name"},
		"/private": {Policy, "10.0.0.1 is no public address"}, "/meta": {Policy, "169.254.169.254"}, "/empty-host": {Policy, "without a host"},
	} {
		e := failure(t, f, Request{URL: u + path}, want.class)
		if !strings.Contains(e.Error(), want.says) {
			t.Errorf("%s: %v; want it to say %q", path, e, want.says)
		}
	}
	none := newFetcher(t, Options{MaxRedirects: -1})
	failure(t, none, Request{URL: u + "/a"}, Redirect)
}

func TestGetRefusesToLeaveTLS(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("the plain origin was asked") })
	s := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusMovedPermanently))
	defer s.Close()
	f := newFetcher(t, Options{Transport: s.Client().Transport})
	e := failure(t, f, Request{URL: s.URL}, Policy)
	if e.Permanent != "" {
		t.Errorf("a refused redirect counts as a move to %s", e.Permanent)
	}
}

func TestGetKeepsSecretsAtTheirHost(t *testing.T) {
	var elsewhere, home http.Header
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		elsewhere = r.Header.Clone()
		_, _ = io.WriteString(w, feedBody)
	})
	other = strings.Replace(other, "127.0.0.1", "localhost", 1)
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/here" {
			home = r.Header.Clone()
			http.Redirect(w, r, other, http.StatusFound)
			return
		}
		http.Redirect(w, r, "/here", http.StatusFound)
	})
	r := Request{
		URL:        strings.Replace(u, "http://", "http://user:pass@", 1) + "/start",
		Header:     http.Header{"Cookie": {"a=b"}, "X-Api-Key": {"k"}, "From": {"ops@example.org"}},
		Validators: feeds.Validators{ETag: `"1"`},
	}
	f := newFetcher(t, Options{})
	resp := get(t, f, r)
	if home.Get("Authorization") != "Basic dXNlcjpwYXNz" || home.Get("Cookie") != "a=b" || home.Get("X-Api-Key") != "k" {
		t.Errorf("at its own host: %v", home)
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "If-None-Match", "Referer"} {
		if v := elsewhere.Get(name); v != "" {
			t.Errorf("%s: %q went to another host", name, v)
		}
	}
	if elsewhere.Get("From") != "ops@example.org" || elsewhere.Get("User-Agent") == "" {
		t.Errorf("elsewhere we are not the same: %v", elsewhere)
	}
	if strings.Contains(resp.Final, "pass") {
		t.Errorf("the password stands in %s", resp.Final)
	}
	// The validators came from the last address of the chain, and go there only.
	r.Final = resp.Final
	get(t, f, r)
	if elsewhere.Get("If-None-Match") != `"1"` || home.Get("If-None-Match") != "" {
		t.Errorf("validators went home %q, elsewhere %q", home.Get("If-None-Match"), elsewhere.Get("If-None-Match"))
	}
	bad := strings.Replace(raw(t, ""), "http://", "http://user:pass@", 1)
	if e := failure(t, f, Request{URL: bad}, Protocol); strings.Contains(e.Error(), "pass") {
		t.Errorf("the password stands in %v", e)
	}
	if e := failure(t, f, Request{URL: "http://user:pa%ss@example.org:x/"}, Policy); strings.Contains(e.Error(), "pa%") {
		t.Errorf("the password stands in %v", e)
	}
}

func TestGetNamesStatuses(t *testing.T) {
	for status, says := range map[int]string{
		401: "password", 403: "bot wall or throttling", 404: "may have moved", 410: "gone for good", 429: "asks us to wait 15m", 451: "legal",
		500: "500 from origin", 503: "asks us to wait 15m", 206: "206 from origin", 300: "300 from origin", 305: "305 from origin", 444: "bot wall", 999: "999",
	} {
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "900")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>no</html>")
		})
		e := failure(t, newFetcher(t, Options{}), Request{URL: u}, Status)
		if e.Status != status || e.RetryAfter != 15*time.Minute || !strings.Contains(e.Error(), says) {
			t.Errorf("%d: %v (status %d, retry after %s); want it to say %q", status, e, e.Status, e.RetryAfter, says)
		}
	}
}

func TestGetNamesBotWalls(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   string
	}{
		{"header", 403, http.Header{"Cf-Mitigated": {"challenge"}}, "", "Cloudflare"},
		{"page", 503, http.Header{"Server": {"cloudflare"}, "Content-Type": {"text/html"}}, "<title>Just a moment...</title>", "Cloudflare"},
		{"a wall that says 200", 200, http.Header{"Content-Type": {"text/html"}}, `<script id="anubis_challenge">`, "Anubis"},
		{"waf", 405, http.Header{"X-Amzn-Waf-Action": {"captcha"}}, "", "AWS WAF"},
		{"a feed about walls", 200, http.Header{"Content-Type": {"application/rss+xml"}}, feedBody + "anubis_challenge", ""},
		{"a plain refusal", 403, http.Header{"Content-Type": {"text/html"}}, "<h1>Forbidden</h1>", "plain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			f := newFetcher(t, Options{})
			switch tt.want {
			case "":
				get(t, f, Request{URL: u})
			case "plain":
				failure(t, f, Request{URL: u}, Status)
			default:
				e := failure(t, f, Request{URL: u}, Blocked)
				if e.Wall != tt.want || e.Status != tt.status || !strings.Contains(e.Error(), tt.want) {
					t.Errorf("got wall %q: %v", e.Wall, e)
				}
			}
		})
	}
}

func TestGetMeetsBrokenServers(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	bad := httptest.NewTLSServer(http.NotFoundHandler())
	defer bad.Close()
	bad.Config.ErrorLog = quiet
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = quiet
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()

	f := newFetcher(t, Options{MaxHeader: 32 << 10})
	for _, tt := range []struct {
		name, url string
		class     Class
		says      string
	}{
		{"nobody listens", "http://" + closed.Addr().String(), Connect, "refused"},
		{"certificate of nobody", bad.URL, TLS, "signed by nobody we know"},
		{"no TLS there", strings.Replace(raw(t, "HTTP/1.1 200 OK\r\n\r\n"), "http:", "https:", 1), TLS, ""},
		{"TLS of old", old.URL, TLS, ""},
		{"empty reply", raw(t, ""), Protocol, "without an answer"},
		{"HTTP/0.9", raw(t, "<rss>\n</rss>\n"), Protocol, "not HTTP"},
		{"binary", raw(t, "\x00\x1b[31m\x07\r\n\r\n"), Protocol, "not HTTP"},
		{"half a status line", raw(t, "HTTP/1.1 2"), Protocol, ""},
		{"half a header", raw(t, "HTTP/1.1 200 OK\r\nContent-Ty"), Protocol, ""},
		{"header line without colon", raw(t, "HTTP/1.1 200 OK\r\njunk\r\n\r\n"), Protocol, "not HTTP"},
		{"endless header", raw(t, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Filler: "+strings.Repeat("x", 1000)+"\r\n", 100)), TooLarge, "header"},
		{"body too short", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<rss>"), Protocol, "breaks off"},
		{"chunk too short", raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<rss>"), Protocol, "breaks off"},
		{"chunks of junk", raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<rss>"), Protocol, ""},
		{"two lengths", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n<rss>"), Protocol, ""},
		{"negative length", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n<rss>"), Protocol, ""},
		{"a length to be afraid of", raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n<rss>"), TooLarge, "max_wire"},
		{"no URL", "http://[::1/", Policy, "not a URL"},
		{"no scheme", "example.org/feed", Policy, "http and https"},
		{"no host", "http:///feed", Policy, "without a host"},
		{"port of mail", "http://127.0.0.1:25/", Policy, "port 25"},
		{"port 0", "http://127.0.0.1:0/", Policy, "port 0"},
		{"no port", "http://127.0.0.1:65536/", Policy, "65536"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if e := failure(t, f, Request{URL: tt.url}, tt.class); !strings.Contains(e.Error(), tt.says) {
				t.Errorf("%v; want it to say %q", e, tt.says)
			}
		})
	}
	// What is odd but can be read, is.
	for name, answer := range map[string]string{
		"no length, no chunks": "HTTP/1.0 200 OK\r\n\r\n" + feedBody,
		"more than its length": fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sjunk", len(feedBody), feedBody),
		"bare line feeds":      "HTTP/1.1 200 OK\nContent-Type: text/xml\n\n" + feedBody,
		"early hints":          "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + feedBody,
	} {
		if resp := get(t, f, Request{URL: raw(t, answer)}); string(resp.Body) != feedBody {
			t.Errorf("%s: got %q", name, resp.Body)
		}
	}
	if resp := get(t, f, Request{URL: raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Encoding: gzip\r\n\r\n")}); len(resp.Body) != 0 {
		t.Errorf("an empty body is %q", resp.Body)
	}
}

// The resolver is one that answers "no such name" to all.
func TestGetDNSFailure(t *testing.T) {
	f := newFetcher(t, Options{})
	d := f.way(nil).guard.Dialer(time.Second)
	d.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("resolver is down")
	}}
	f.way(nil).transport.(*http.Transport).DialContext = d.DialContext
	e := failure(t, f, Request{URL: "http://feeds.invalid/rss"}, DNS)
	if !strings.Contains(e.Error(), "feeds.invalid") {
		t.Errorf("got %v", e)
	}
}

func TestGetTimesOut(t *testing.T) {
	hold := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/drip":
			for {
				if _, err := io.WriteString(w, "<"); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				select {
				case <-r.Context().Done():
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		case "/redirects":
			select {
			case <-time.After(30 * time.Millisecond):
			case <-r.Context().Done():
			}
			http.Redirect(w, r, fmt.Sprint("/redirects?", r.URL.RawQuery, "1"), http.StatusFound)
		default:
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
	})
	defer close(hold)
	// One limit at a time, or a busy machine meets the other one first.
	header, whole := Options{HeaderTimeout: 60 * time.Millisecond}, Options{Timeout: 150 * time.Millisecond}
	for path, limit := range map[string]Options{"/silent": header, "/drip": whole, "/redirects": whole} {
		began := time.Now()
		says := max(limit.HeaderTimeout, limit.Timeout).String()
		e := failure(t, newFetcher(t, limit), Request{URL: u + path}, Timeout)
		if took := time.Since(began); took > 5*time.Second || !strings.Contains(e.Error(), says) {
			t.Errorf("%s: %v after %s", path, e, took)
		}
	}
}

func TestGetIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	u := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := newFetcher(t, Options{}).Get(ctx, Request{URL: u})
	var e *Error
	if !errors.As(err, &e) || e.Class != Cancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGetReusesConnections(t *testing.T) {
	var opened atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/none":
			http.NotFound(w, r)
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(encode(t, "gzip", []byte(feedBody)))
			_ = http.NewResponseController(w).Flush() // chunked
		default:
			_, _ = io.WriteString(w, feedBody)
		}
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	f := newFetcher(t, Options{})
	for range 3 {
		for _, path := range []string{"/", "/moved", "/none", "/gzip"} {
			_, _ = f.Get(t.Context(), Request{URL: s.URL + path})
		}
	}
	if n := opened.Load(); n != 1 {
		t.Errorf("%d connections for twelve visits one after the other", n)
	}
}

func TestGetSpeaksHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	f := newFetcher(t, Options{})
	f.way(nil).transport.(*http.Transport).TLSClientConfig.RootCAs = s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	resp := get(t, f, Request{URL: s.URL})
	if string(resp.Body) != "HTTP/2.0" || !resp.Certificate.Equal(s.Certificate().NotAfter) {
		t.Errorf("spoke %s, certificate until %s", resp.Body, resp.Certificate)
	}
}

func TestAskedChangesWithAllThatMatters(t *testing.T) {
	f, other := newFetcher(t, Options{}), newFetcher(t, Options{UserAgent: "other"})
	r := Request{URL: "https://example.org/feed"}
	seen := map[uint64]string{f.Asked(r): "plain"}
	for name, n := range map[string]uint64{
		"user agent": other.Asked(r),
		"url":        f.Asked(Request{URL: "https://example.org/feed2"}),
		"language":   f.Asked(Request{URL: r.URL, AcceptLanguage: "fr"}),
		"header":     f.Asked(Request{URL: r.URL, Header: http.Header{"A": {"b"}}}),
		"header 2":   f.Asked(Request{URL: r.URL, Header: http.Header{"A": {"b", "c"}}}),
	} {
		if was, ok := seen[n]; ok {
			t.Errorf("%s and %s give the same number", name, was)
		}
		seen[n] = name
	}
	if f.Asked(r) != newFetcher(t, Options{}).Asked(Request{URL: r.URL, Validators: feeds.Validators{ETag: "x"}}) {
		t.Error("the number does not hold over a restart")
	}
}

func TestProxy(t *testing.T) {
	var asked string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = io.WriteString(w, feedBody)
	})
	f, err := New(Options{Proxy: proxy}) // no private network is allowed, but the proxy is the operator's
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	get(t, f, Request{URL: "http://feeds.example.org/rss"})
	if asked != "http://feeds.example.org/rss" {
		t.Errorf("the proxy was asked for %q", asked)
	}
	failure(t, f, Request{URL: "http://192.168.1.1/"}, Policy)
	failure(t, f, Request{URL: "http://localhost/"}, Policy)
	for _, bad := range []string{"::", "ftp://x", "proxy.example.org:3128", "http://"} {
		if _, err := New(Options{Proxy: bad}); err == nil {
			t.Errorf("%q is taken for a proxy", bad)
		}
	}
	t.Setenv("HTTP_PROXY", proxy)
	if u, _ := url.Parse("http://feeds.example.org"); newFetcher(t, Options{}).way(nil).transport.(*http.Transport).Proxy != nil {
		t.Errorf("the environment's proxy is used for %s", u)
	}
}

var quiet = log.New(io.Discard, "", 0)

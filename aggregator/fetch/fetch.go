package fetch

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/internal/guard"
)

// Fetcher fetches. Made by New; safe for concurrent use.
type Fetcher struct {
	o        Options
	proxy    *url.URL
	hosts    *hosts
	decoders sync.Pool

	mu   sync.Mutex
	ways map[string]*way // by the networks that a source may be on besides the public ones
}

// way is how to get to addresses. Connections are kept per way: one that was
// opened for a source that may be on a private network is not for the others.
type way struct {
	guard     *guard.Guard
	transport http.RoundTripper
}

// New makes a Fetcher. It fails only when Options.Proxy is not a URL.
func New(o Options) (*Fetcher, error) {
	o = o.withDefaults()
	f := &Fetcher{o: o, hosts: newHosts(o.PerHost, o.Gap), ways: map[string]*way{}}
	f.decoders.New = func() any { return new(decoder) }
	if o.Proxy != "" {
		u, err := url.Parse(o.Proxy)
		if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			// Without the value: it may hold a password.
			return nil, errors.New("proxy: not an http, https or socks5 URL with a host")
		}
		f.proxy = u
	}
	return f, nil
}

// Close closes the connections that are kept open.
func (f *Fetcher) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.ways {
		if t, ok := w.transport.(*http.Transport); ok {
			t.CloseIdleConnections()
		}
	}
}

// Request is what to ask for.
type Request struct {
	URL        string
	Validators feeds.Validators // of the last good answer; sent byte for byte
	// Final is the URL that gave the Validators, when that was not URL. They
	// are sent there only: what another resource compares them with is chance.
	Final          string
	Header         http.Header // the source's own; dropped when a redirect leaves the host
	AcceptLanguage string
	AllowNetworks  []netip.Prefix // besides those of Options
}

// Response is a usable answer: a body, or the word that it did not change.
type Response struct {
	Status    int    // 200 to 299, or 304
	Unchanged bool   // 304
	Body      []byte // decoded; empty when the origin sent nothing, which is for parse to judge

	ContentType     string
	ContentLanguage string
	Final           string // the URL that answered, without user and password
	// Permanent is where the redirects lead as far as they are all permanent
	// (301, 308) from the start, "" when the first is not.
	Permanent  string
	Redirects  int
	Validators feeds.Validators // of this answer; on a 304, those that were sent, renewed

	// FreshFor is how long the origin lets us wait; when FreshSaid is false, it
	// did not speak of it, and on a 304 what it said before still holds.
	FreshFor   time.Duration
	FreshSaid  bool
	RetryAfter time.Duration
	Links      []feeds.Link // of the header, absolute

	Wire        int64         // octets of the body as sent
	Took        time.Duration // without the wait for the host's turn
	Certificate time.Time     // when the origin's certificate ends; zero without TLS
}

// Get makes one visit. The error is always an *Error.
//
// Redirects are followed here and not by http.Client, since each step has its
// own manners, guard and headers, and the kind of each step is wanted.
func (f *Fetcher) Get(ctx context.Context, r Request) (*Response, error) {
	v := visit{f: f, r: r, asked: r.URL, left: f.o.Timeout, permanent: true}
	resp, err := v.get(ctx)
	if err == nil {
		resp.Took = v.took
		return resp, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = classify(ctx, err, &f.o)
	}
	e.URL, e.At, e.Wire, e.Took, e.Permanent = v.asked, v.at, v.wire, v.took, v.moved
	return nil, e
}

// Asked gives a number for all that an origin may choose its answer by: URL,
// headers, language. Validators are good only while it stays the same.
func (f *Fetcher) Asked(r Request) uint64 {
	h := fnv.New64a()
	say := func(s string) {
		_, _ = io.WriteString(h, s)
		_, _ = h.Write([]byte{0})
	}
	say(r.URL)
	say(f.o.UserAgent)
	say(accept)
	say(acceptEncoding)
	say(r.AcceptLanguage)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		say(name)
		for _, value := range r.Header[name] {
			say(value)
		}
	}
	return h.Sum64()
}

// Busy reports whether a Get of this URL would have to wait for its turn at
// the host: a caller with few workers may like to do another source first.
func (f *Fetcher) Busy(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && f.hosts.busy(hostKey(u))
}

// way gives the way for a source that may be on these networks too.
func (f *Fetcher) way(allow []netip.Prefix) *way {
	key := ""
	if len(allow) > 0 {
		key = fmt.Sprint(allow)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.ways[key]
	if w == nil {
		w = &way{guard: guard.New(slices.Concat(f.o.AllowNetworks, allow)...), transport: f.o.Transport}
		if w.transport == nil {
			w.transport = f.transport(w.guard)
		}
		f.ways[key] = w
	}
	return w
}

func (f *Fetcher) transport(g *guard.Guard) *http.Transport {
	const dialTimeout = 10 * time.Second
	t := &http.Transport{
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(256)},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  f.o.HeaderTimeout,
		MaxResponseHeaderBytes: f.o.MaxHeader,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // codings and their limits are ours
		MaxIdleConns:           128,
		MaxIdleConnsPerHost:    f.o.PerHost,
		IdleConnTimeout:        90 * time.Second,
	}
	if f.proxy != nil {
		t.Proxy = http.ProxyURL(f.proxy)
		g = nil // the only address that is dialled is the operator's own
	}
	t.DialContext = g.Dialer(dialTimeout).DialContext
	return t
}

// visit is one Get under way.
type visit struct {
	f         *Fetcher
	r         Request
	asked     string // for errors: without a password
	at        string // where it is now, for errors
	left      time.Duration
	took      time.Duration
	wire      int64
	hops      int
	permanent bool   // all redirects so far were
	moved     string // where the permanent ones lead
}

func (v *visit) get(ctx context.Context) (*Response, error) {
	w := v.f.way(v.r.AllowNetworks)
	start, err := url.Parse(v.r.URL)
	if err != nil {
		v.asked = "" // it cannot be shown: nobody knows where its password is
		return nil, err
	}
	start.Fragment, start.RawFragment = "", ""
	v.asked = bare(start)
	seen := []string{start.String()}
	for u := start; ; {
		v.at = bare(u)
		if err := w.guard.CheckURL(u); err != nil {
			return nil, err
		}
		resp, next, status, err := v.hop(ctx, w, start, u)
		if err != nil || resp != nil {
			return resp, err
		}
		v.hops++
		switch {
		case v.hops > max(v.f.o.MaxRedirects, 0):
			return nil, &Error{Class: Redirect, what: fmt.Sprintf("more than %d redirects", max(v.f.o.MaxRedirects, 0)), hint: "check the url"}
		case slices.Contains(seen, next.String()):
			return nil, &Error{Class: Redirect, what: "it redirects in a circle", hint: "it may want a cookie, which we do not keep; tell the publisher"}
		case u.Scheme == "https" && next.Scheme == "http":
			return nil, refuse("tell the publisher; what comes without TLS may be anybody's", "redirects from https to http (%s)", bare(next))
		case next.User != nil:
			return nil, refuse("tell the publisher", "redirects to a URL with a user name in it")
		}
		if v.permanent = v.permanent && isPermanent(status); v.permanent {
			v.moved = next.String()
		}
		seen = append(seen, next.String())
		u = next
	}
}

// hop makes one request and gives either a response, or where to go on and the
// status that says so.
func (v *visit) hop(ctx context.Context, w *way, start, u *url.URL) (_ *Response, next *url.URL, status int, _ error) {
	leave, err := v.f.hosts.enter(ctx, hostKey(u))
	if err != nil {
		return nil, nil, 0, err
	}
	defer leave()
	began := time.Now()
	defer func() {
		d := time.Since(began)
		v.took += d
		v.left -= d
	}()
	ctx, cancel := context.WithTimeout(ctx, v.left)
	defer cancel()

	req := (&http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Header: v.header(start, u),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		return nil, nil, 0, timedOut(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()

	switch {
	case resp.StatusCode == http.StatusNotModified:
		out, err := v.unchanged(resp, u, began)
		return out, nil, 0, err
	case isRedirect(resp.StatusCode):
		next, err := follow(resp, u)
		if err == nil {
			// A short page comes with most redirects; read, it frees the connection.
			_, _ = io.CopyN(io.Discard, resp.Body, 8<<10)
		}
		return nil, next, resp.StatusCode, err
	case resp.StatusCode < 200 || resp.StatusCode > 299 || resp.StatusCode == http.StatusPartialContent:
		return nil, nil, 0, v.status(resp, began)
	}
	d := v.f.decoders.Get().(*decoder)
	body, wire, err := d.read(resp, v.f.o.MaxWire, v.f.o.MaxBody)
	v.f.decoders.Put(d)
	v.wire += wire
	if err != nil {
		return nil, nil, 0, v.bodyError(timedOut(ctx, err), resp.StatusCode)
	}
	if name := wall(resp.Header, resp.StatusCode, body); name != "" {
		return nil, nil, 0, blocked(name, resp.StatusCode)
	}
	out := v.response(resp, u, began)
	out.Body = body
	out.Validators = validators(resp.Header)
	return out, nil, 0, nil
}

// timedOut names our own time limit as the cause, whatever the transport says
// when it is cut off.
func timedOut(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w (%w)", context.DeadlineExceeded, err)
	}
	return err
}

// header gives the header for a request at u of a visit that began at start.
func (v *visit) header(start, u *url.URL) http.Header {
	h := make(http.Header, 8)
	h["User-Agent"] = []string{v.f.o.UserAgent}
	h["Accept"] = []string{accept}
	if v.r.AcceptLanguage != "" {
		h["Accept-Language"] = []string{v.r.AcceptLanguage}
	}
	// The source's own headers, secrets among them, are for the host that they
	// were written for. Who we are and what we read is for all.
	same := sameHost(start, u)
	for name, values := range v.r.Header {
		name = textproto.CanonicalMIMEHeaderKey(name)
		if !slices.Contains(ours, name) && (same || slices.Contains(harmless, name)) {
			h[name] = values
		}
	}
	if start.User != nil && same && h["Authorization"] == nil {
		password, _ := start.User.Password()
		h["Authorization"] = []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(start.User.Username()+":"+password))}
	}
	h["Accept-Encoding"] = []string{acceptEncoding}
	if v.conditional(start, u) {
		if t := v.r.Validators.ETag; t != "" {
			h["If-None-Match"] = []string{t}
		}
		if t := v.r.Validators.LastModified; t != "" {
			h["If-Modified-Since"] = []string{t}
		}
	}
	return h
}

// Headers that are not the source's to set, and those that may go anywhere.
var (
	ours = []string{"Accept-Encoding", "Connection", "Content-Length", "Expect", "Host", "If-Match", "If-Modified-Since", "If-None-Match",
		"If-Range", "If-Unmodified-Since", "Keep-Alive", "Proxy-Authorization", "Range", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
	harmless = []string{"Accept", "Accept-Language", "From", "User-Agent"}
)

// conditional reports whether the validators belong to u.
func (v *visit) conditional(start, u *url.URL) bool {
	if v.r.Validators == (feeds.Validators{}) {
		return false
	}
	return v.r.Final == "" && u == start || v.r.Final == bare(u)
}

// sameHost reports whether u is where start's secrets may go: the same name
// and port, or the same name moved from http to https.
func sameHost(start, u *url.URL) bool {
	return strings.EqualFold(start.Hostname(), u.Hostname()) &&
		(port(start) == port(u) || port(start) == "80" && port(u) == "443") &&
		(start.Scheme == u.Scheme || u.Scheme == "https")
}

func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// bare gives a URL without user and password, which are nobody's business.
func bare(u *url.URL) string {
	if u.User == nil {
		return u.String()
	}
	b := *u
	b.User = nil
	return b.String()
}

// hostKey names the host and port of a URL, for manners.
func hostKey(u *url.URL) string { return strings.ToLower(u.Hostname()) + ":" + port(u) }

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func isPermanent(status int) bool {
	return status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect
}

// follow gives where a redirect leads.
func follow(resp *http.Response, u *url.URL) (*url.URL, error) {
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, &Error{Class: Redirect, Status: resp.StatusCode, what: fmt.Sprintf("%d that says not whereto", resp.StatusCode), hint: "tell the publisher"}
	}
	ref, err := url.Parse(location)
	if err != nil {
		return nil, &Error{Class: Redirect, Status: resp.StatusCode, Err: err,
			what: fmt.Sprintf("%d to %q, which is no URL", resp.StatusCode, printable(location, 200)), hint: "tell the publisher"}
	}
	next := u.ResolveReference(ref)
	next.Fragment, next.RawFragment = "", ""
	if ref.Host == "" && next.User != nil {
		next.User = nil // ours, from the URL that was asked: sent as a header, by header
	}
	return next, nil
}

// unchanged makes a response of a 304.
func (v *visit) unchanged(resp *http.Response, u *url.URL, now time.Time) (*Response, error) {
	if resp.Request.Header["If-None-Match"] == nil && resp.Request.Header["If-Modified-Since"] == nil {
		return nil, &Error{Class: Protocol, Status: resp.StatusCode, Err: errNotAsked, what: errNotAsked.Error(), hint: "a cache on the way is broken; tell the publisher"}
	}
	out := v.response(resp, u, now)
	out.Unchanged = true
	// A 304 renews what it names and leaves the rest (RFC 9111 §3.2).
	out.Validators = v.r.Validators
	renewed := validators(resp.Header)
	if renewed.ETag != "" {
		out.Validators.ETag = renewed.ETag
	}
	if renewed.LastModified != "" {
		out.Validators.LastModified = renewed.LastModified
	}
	return out, nil
}

// response makes a response of what every good answer has.
func (v *visit) response(resp *http.Response, u *url.URL, now time.Time) *Response {
	out := &Response{
		Status:          resp.StatusCode,
		ContentType:     resp.Header.Get("Content-Type"),
		ContentLanguage: resp.Header.Get("Content-Language"),
		Final:           bare(u),
		Permanent:       v.moved,
		Redirects:       v.hops,
		RetryAfter:      RetryAfter(resp.Header, now),
		Wire:            v.wire,
	}
	out.FreshFor, out.FreshSaid = FreshFor(resp.Header, now)
	if fields := resp.Header["Link"]; fields != nil {
		out.Links = parseLinks(fields, u)
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		out.Certificate = resp.TLS.PeerCertificates[0].NotAfter
	}
	return out
}

// mostValidator is the longest validator that is kept: it is stored with the
// source and sent with every visit.
const mostValidator = 2 << 10

// validators takes an answer's validators as they stand. One that could not
// be sent back, or that is absurdly long, is as good as none.
func validators(h http.Header) feeds.Validators {
	sendable := func(s string) string {
		if len(s) > mostValidator || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return ""
		}
		return s
	}
	return feeds.Validators{ETag: sendable(h.Get("Etag")), LastModified: sendable(h.Get("Last-Modified"))}
}

// status makes an error of a status that is no answer.
func (v *visit) status(resp *http.Response, now time.Time) *Error {
	e := &Error{Class: Status, Status: resp.StatusCode, RetryAfter: RetryAfter(resp.Header, now), hint: statusHint(resp.StatusCode)}
	e.what = fmt.Sprintf("%d from origin", resp.StatusCode)
	d := v.f.decoders.Get().(*decoder)
	defer v.f.decoders.Put(d)
	body, wire, err := d.read(resp, 4*mostWall, 4*mostWall)
	v.wire += wire
	if err != nil {
		body = nil // the status is what counts
	}
	if name := wall(resp.Header, resp.StatusCode, body); name != "" {
		b := blocked(name, resp.StatusCode)
		b.RetryAfter = e.RetryAfter
		return b
	}
	return e
}

// blocked is the error for a bot wall.
func blocked(name string, status int) *Error {
	return &Error{Class: Blocked, Status: status, Wall: name, what: fmt.Sprintf("%d from a bot wall (%s)", status, name),
		hint: "ask the publisher to let your user agent in"}
}

// bodyError tells an error of the coding from one of the wire.
func (v *visit) bodyError(err error, status int) error {
	var coding *codingError
	switch {
	case errors.As(err, &coding), errors.Is(err, errStacked), errors.Is(err, errUnknown):
		return &Error{Class: Encoding, Status: status, Err: err, what: err.Error(), hint: "tell the publisher"}
	}
	return err
}

package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"communique/feeds"
	"communique/feeds/render"
)

// Private feeds are for those who show a token that opens them. To everybody
// else there is no such feed: no list, map, frame, topic or refusal names it. That
// its statements are in other feeds, too, is as it should be: what is private is
// the selection (docs/decisions/012).

// guesses bound how many wrong tokens one reader may show: in a minute, and all
// at once.
const guesses = 30

// private are the private feeds and who may read them.
type private struct {
	named map[string]*Named
	was   map[string]string // what a name became

	wrong *limiter

	mu     sync.Mutex
	read   uint64 // the store's position, plus 1, at which grants were read
	grants []*feeds.Granted

	results [len(PrivateResults)]atomic.Uint64
}

// PrivateResults are what requests for private feeds come to.
var PrivateResults = [...]string{"opened", "missing", "wrong", "limited"}

const (
	opened = iota
	missing
	wrongToken
	limited
)

// newPrivate is without feeds; proxies are those of Limit.
func newPrivate(proxies []netip.Prefix) *private {
	return &private{named: map[string]*Named{}, was: map[string]string{},
		wrong: newLimiter(Limit{Requests: guesses, Window: time.Minute, Proxies: proxies})}
}

// Private tells how many requests for private feeds came to what, in the order
// of PrivateResults.
func (s *Server) Private() (counts [len(PrivateResults)]uint64) {
	for i := range counts {
		counts[i] = s.private.results[i].Load()
	}
	return counts
}

// at gives the private feed that a path below the site's base belongs to, nil
// for none, and what it is called there, which may be an older name.
func (p *private) at(path string) (feed *Named, called string) {
	if len(p.named) == 0 {
		return nil, ""
	}
	for _, place := range [...]string{"/feeds/", "/archive/"} {
		rest, in := strings.CutPrefix(path, place)
		if !in {
			continue
		}
		if end := strings.IndexAny(rest, "./"); end >= 0 {
			rest = rest[:end]
		}
		name := strings.ToLower(rest)
		if now, renamed := p.was[name]; renamed {
			name = now
		}
		return p.named[name], rest
	}
	return nil, ""
}

// withoutToken gives the request without the parameter that a token stands in,
// so that nothing behind it can write the token anywhere, and the token.
func withoutToken(r *http.Request) (*http.Request, string) {
	if raw := r.URL.RawQuery; !strings.Contains(raw, render.TokenKey) && !strings.Contains(raw, "%") {
		return r, ""
	}
	token, rest, has := "", make([]string, 0, 4), false
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(key); err != nil || name != render.TokenKey {
			rest = append(rest, pair)
			continue
		}
		has = true
		if text, err := url.QueryUnescape(value); err == nil && token == "" {
			token = text
		}
	}
	if !has {
		return r, ""
	}
	u := *r.URL
	u.RawQuery = strings.Join(rest, "&")
	r = r.WithContext(r.Context()) // a copy
	r.URL, r.RequestURI = &u, u.RequestURI()
	return r, token
}

// tokenOf gives the token that a request shows in its header: as a bearer token
// (RFC 6750) or as the password, or the name, of Basic (RFC 7617).
func tokenOf(r *http.Request) string {
	if name, password, ok := r.BasicAuth(); ok {
		if password == "" {
			return name
		}
		return password
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return ""
}

// granted gives what a token opens, nil when it was never made. How long that
// takes tells nothing of the tokens that there are.
func (s *Server) granted(token string) (*feeds.Granted, error) {
	p := s.private
	at := s.o.Store.Position() + 1
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.read != at { // a token that was just revoked opens nothing any more
		all, err := s.o.Store.Grants()
		if err != nil {
			return nil, err
		}
		p.grants, p.read = all, at
	}
	var found *feeds.Granted
	hash := sha256.Sum256([]byte(token))
	for _, g := range p.grants {
		if subtle.ConstantTimeCompare(hash[:], g.Hash) == 1 {
			found = g
		}
	}
	return found, nil
}

// admitted reports whether a request may read a private feed; when not, it has
// answered. Who shows a token that was made is never kept out by those who
// guess beside them: a token cannot be guessed, and what is limited is what
// guessing costs us.
func (s *Server) admitted(w http.ResponseWriter, r *http.Request, feed, token string) bool {
	p := s.private
	challenge := func(fault string) {
		w.Header().Add("WWW-Authenticate", `Basic realm="private feeds", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="private feeds"`+fault)
	}
	if token == "" {
		p.results[missing].Add(1)
		challenge("")
		s.fail(w, r, refuse(http.StatusUnauthorized, "this feed is private: it wants the token that its publisher gave you, behind the address as ?token=…, as a bearer token or as the password").as("reason.private"))
		return false
	}
	g, err := s.granted(token)
	switch {
	case err != nil:
		s.broken(w, r, err)
		return false
	case g != nil && g.Opens(feed):
		p.results[opened].Add(1)
		return true
	}
	if _, _, wait := p.wrong.take(readerOf(r, p.wrong.Proxies), time.Now()); wait > 0 {
		p.results[limited].Add(1)
		w.Header().Set("Retry-After", strconv.Itoa(max(1, seconds(wait))))
		s.fail(w, r, refuse(http.StatusTooManyRequests, fmt.Sprintf("too many wrong tokens came from your network address; ask again in %d s", max(1, seconds(wait)))).as("reason.wrong-tokens"))
		return false
	}
	p.results[wrongToken].Add(1)
	if g != nil && !g.Revoked {
		s.fail(w, r, refuse(http.StatusForbidden, "this token is for other feeds; ask the publisher").as("reason.token-other"))
		return false
	}
	challenge(`, error="invalid_token"`)
	s.fail(w, r, refuse(http.StatusUnauthorized, "this token opens nothing: it was revoked, or is written wrongly; ask the publisher for another").as("reason.token-wrong"))
	return false
}

// servePrivate answers for a private feed, which is called so in the path.
func (s *Server) servePrivate(w http.ResponseWriter, r *http.Request, path string, feed *Named, called, token string) {
	inAddress := token
	if token == "" {
		token = tokenOf(r)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", noRobots)
	if !s.admitted(w, r, feed.Feed.Path, token) {
		return
	}
	// What leads elsewhere takes the token along that came in the address.
	lead := func(status int, path string) {
		h.Set("Location", s.base+render.WithToken(path, inAddress))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Length", "0") // to HEAD, too
		w.WriteHeader(status)
	}
	if called != feed.Feed.Path {
		place, rest, _ := strings.Cut(path, called)
		lead(http.StatusMovedPermanently, place+feed.Feed.Path+rest+query(r.URL.RawQuery))
		return
	}
	s.retitle()
	epoch := s.cache.epoch.Load()
	key := cacheKey{path: path, query: render.WithToken(query(r.URL.RawQuery), inAddress)}
	to, isPage := s.readerOf(r, path)
	if isPage {
		key.language = to.Tag
	}
	p := s.cache.get(key)
	if p == nil {
		fresh, err := s.resolveIn(feed, path, r.URL.RawQuery, inAddress, r.Header.Get("Accept"), to)
		var elsewhere *redirect
		switch {
		case errors.As(err, &elsewhere):
			lead(elsewhere.status, elsewhere.path)
			return
		case err != nil:
			s.decline(w, r, err)
			return
		}
		p = s.cache.put(key, fresh, epoch)
	}
	s.serve(w, r, p)
}

// resolveIn is resolve for the addresses of a private feed; token is the one that
// came in the address, "" for none. Whatever makes the document, it gets the
// headers of a private one here.
func (s *Server) resolveIn(feed *Named, path, rawQuery, token, accept string, to reader) (p *prepared, err error) {
	f := s.titled(feed)
	f.Token = token
	named := func(name string) (feeds.Feed, error) { return s.only(f, name) }
	if rest, in := strings.CutPrefix(path, "/archive/"); in {
		p, err = s.archiveOf(rest, rawQuery, named)
	} else {
		p, err = s.feedOf(strings.TrimPrefix(path, "/feeds/"), rawQuery, accept, to, named)
	}
	if err != nil {
		return nil, err
	}
	open := p.make
	p.make = func() (*document, error) {
		doc, err := open()
		if err == nil {
			doc.keepPrivate()
		}
		return doc, err
	}
	return p, nil
}

// only gives a feed by its name, and none beside it.
func (s *Server) only(f feeds.Feed, name string) (feeds.Feed, error) {
	if name != f.Path {
		return f, refuse(http.StatusNotFound, "there is nothing at this address; the feed stands at:", "/feeds/"+f.Path+".atom", "/feeds/"+f.Path+".rss", "/feeds/"+f.Path+".json", "/feeds/"+f.Path+".html")
	}
	return f, nil
}

const noRobots = "noindex, nofollow"

// keepPrivate gives a document of a private feed the headers of one: caches that
// are shared do not keep it, the reader's own asks whether the token still opens
// it, and its address, which may hold the token, goes nowhere.
func (d *document) keepPrivate() {
	d.set("Cache-Control", "private, no-cache")
	vary := "Authorization"
	if old := d.value("Vary"); old != "" {
		vary = old + ", " + vary
	}
	d.set("Vary", vary)
	d.set("Referrer-Policy", "no-referrer")
	d.set("X-Robots-Tag", noRobots)
	d.header = slices.DeleteFunc(d.header, func(f field) bool { return strings.HasPrefix(f.name, "Access-Control-") })
}

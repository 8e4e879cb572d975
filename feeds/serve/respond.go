package serve

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"communique/feeds"
	"communique/feeds/pages"
)

const allowed = "GET, HEAD, OPTIONS"

// document is a finished answer: its octets in every content coding, each with
// the strong entity tag that is its own (RFC 9110 §8.8.3.3), and its headers as
// net/http wants them, so that to answer costs next to nothing.
type document struct {
	tag      string    // of the identity coding, without quotes
	changed  time.Time // zero when it has no Last-Modified
	floor    time.Time // the latest Last-Modified that was said at its address
	header   []field
	identity *coded
	deltas   *deltas          // nil when it has none
	grown    func(octets int) // is told what else is kept with it; may be nil
	others   [len(codings)]struct {
		once sync.Once
		c    *coded // nil when the coding makes it no smaller
	}
}

type field struct {
	name   string
	values []string
	kept   bool // in a 304, too
}

// coded is a document in one content coding.
type coded struct {
	body                []byte
	etag, length, token []string
}

// codings are what we offer beside identity, best first.
var codings = [...]struct {
	token, suffix string
	encode        func([]byte) ([]byte, error)
}{
	{"br", "-br", func(b []byte) ([]byte, error) { return brotlis.encode(b) }},
	{"zstd", "-zst", func(b []byte) ([]byte, error) {
		w, err := zstdWriter()
		if err != nil {
			return nil, err
		}
		return w.EncodeAll(b, nil), nil
	}},
	{"gzip", "-gz", func(b []byte) ([]byte, error) { return gzips.encode(b) }},
}

// encoder is a writer that codes what is written to it.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// encoders are writers that wait to be used again. Each holds its tables, 1 MB
// for gzip and 10 MB for brotli: to make them costs as much as coding a feed.
type encoders struct {
	free chan encoder
	make func() encoder
}

func (e *encoders) encode(b []byte) ([]byte, error) {
	var w encoder
	select {
	case w = <-e.free:
	default:
		w = e.make()
	}
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	w.Reset(io.Discard) // or it would hold the document
	select {
	case e.free <- w:
	default: // enough of them wait
	}
	return out.Bytes(), nil
}

var (
	brotlis = encoders{make(chan encoder, 1), func() encoder { return brotli.NewWriterLevel(nil, 5) }}
	gzips   = encoders{make(chan encoder, 2), func() encoder {
		w, err := gzip.NewWriterLevel(nil, 6) // without a time in its header: the same octets always
		if err != nil {
			panic(err) // the level is wrong: found by the first test
		}
		return w
	}}
)

var zstdWriter = sync.OnceValues(func() (*zstd.Encoder, error) {
	// Browsers refuse windows over 8 MiB (RFC 8878 §3.1.1.1.2, RFC 9659).
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
})

// smallest is the size from which coding is worth its headers.
const smallest = 512

// newDocument makes a document. A zero changed leaves Last-Modified out.
func newDocument(body []byte, contentType string, changed time.Time, maxAge time.Duration) *document {
	sum := sha256.Sum256(body)
	d := &document{tag: hex.EncodeToString(sum[:12]), changed: changed.Truncate(time.Second)}
	d.identity = d.coded(body, "", "")
	d.set("Content-Type", contentType)
	d.set("Cache-Control", cacheControl(maxAge))
	d.set("Vary", "Accept-Encoding")
	d.set("X-Content-Type-Options", "nosniff")
	d.set("Accept-Ranges", "none")
	if !changed.IsZero() {
		d.set("Last-Modified", d.changed.UTC().Format(http.TimeFormat))
	}
	return d
}

// cacheControl lets caches answer for a while after the time is up, and for a
// day when we do not (RFC 5861).
func cacheControl(maxAge time.Duration) string {
	return fmt.Sprintf("public, max-age=%d, stale-while-revalidate=%d, stale-if-error=86400", int(maxAge.Seconds()), int(2*maxAge.Seconds()))
}

func (d *document) coded(body []byte, token, suffix string) *coded {
	c := &coded{body: body, etag: []string{`"` + d.tag + suffix + `"`}, length: []string{strconv.Itoa(len(body))}}
	if token != "" {
		c.token = []string{token}
	}
	return c
}

// tagWith makes the entity tag depend on more than the octets: on a header that
// browsers keep from the answer that they hold when a 304 names another, as they
// do with Content-Security-Policy. Only while the document is made.
func (d *document) tagWith(more string) {
	sum := sha256.Sum256(append([]byte(more+"\x00"), d.identity.body...))
	d.tag = hex.EncodeToString(sum[:12])
	d.identity = d.coded(d.identity.body, "", "")
}

// follow lets the document take the place of another with other octets. A reader
// that knows of time alone would not see the change unless Last-Modified grows,
// and one that sends If-Modified-Since with every request may throw the new octets
// away (libcurl's time condition does). What a visit brought is of the visit's
// time, which may be before what another visit brought and a reader has: so the
// document is of now, or of no time when now is the same second.
func (d *document) follow(old *document, now time.Time) {
	d.floor = old.floor
	if old.changed.After(d.floor) {
		d.floor = old.changed
	}
	if d.changed.IsZero() || d.changed.After(d.floor) {
		return
	}
	if now = now.Truncate(time.Second); now.After(d.floor) {
		d.changed = now
		d.set("Last-Modified", now.UTC().Format(http.TimeFormat))
		return
	}
	d.changed = time.Time{}
	d.header = slices.DeleteFunc(d.header, func(f field) bool { return f.name == "Last-Modified" })
}

// set adds or replaces a header field. Only while the document is made.
func (d *document) set(name, value string) {
	for i := range d.header {
		if d.header[i].name == name {
			d.header[i].values = []string{value}
			return
		}
	}
	kept := false
	switch name {
	case "Cache-Control", "Vary", "Last-Modified", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers":
		kept = true
	}
	d.header = append(d.header, field{name, []string{value}, kept})
}

// value gives a header field, "" when it is not set.
func (d *document) value(name string) string {
	for i := range d.header {
		if d.header[i].name == name {
			return d.header[i].values[0]
		}
	}
	return ""
}

// in gives the document in a coding, identity where that is no larger.
func (d *document) in(i int) *coded {
	o := &d.others[i]
	o.once.Do(func() {
		b, err := codings[i].encode(d.identity.body)
		if err == nil && len(b) < len(d.identity.body) {
			o.c = d.coded(b, codings[i].token, codings[i].suffix)
			if d.grown != nil {
				d.grown(len(b))
			}
		}
	})
	if o.c == nil {
		return d.identity
	}
	return o.c
}

// answer writes the document, or 304 when the reader has it, as RFC 9110 §13
// says. It ignores Range, which §14.2 allows.
func (d *document) answer(w http.ResponseWriter, r *http.Request) {
	c, ok := d.negotiate(r.Header["Accept-Encoding"])
	h := w.Header()
	if ok && d.fresh(r, c.etag[0]) {
		// What a 304 repeats is for caches (§15.4.5) and for CORS.
		for i := range d.header {
			if f := &d.header[i]; f.kept {
				h[f.name] = f.values
			}
		}
		h["Etag"] = c.etag
		w.WriteHeader(http.StatusNotModified)
		return
	}
	for i := range d.header {
		h[d.header[i].name] = d.header[i].values
	}
	if !ok {
		h.Del("Cache-Control")
		http.Error(w, "the codings that are offered: br, zstd, gzip, identity", http.StatusNotAcceptable)
		return
	}
	h["Etag"] = c.etag
	if c.token != nil {
		h["Content-Encoding"] = c.token
	}
	h["Content-Length"] = c.length
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(c.body) // a reader that has left is no error of ours
	}
}

// fresh reports whether the reader's copy is current. If-None-Match, where
// there is one, is all that counts (RFC 9110 §13.2.2).
func (d *document) fresh(r *http.Request, etag string) bool {
	if tags := r.Header["If-None-Match"]; len(tags) > 0 {
		for _, line := range tags {
			if matches(line, etag) {
				return true
			}
		}
		return false
	}
	since := r.Header.Get("If-Modified-Since")
	if since == "" || d.changed.IsZero() {
		return false
	}
	t, err := http.ParseTime(since)
	return err == nil && !d.changed.After(t)
}

// matches looks for a tag in a list, by weak comparison (RFC 9110 §13.1.2).
func matches(list, etag string) bool {
	for list != "" {
		list = strings.TrimLeft(list, " \t,")
		if strings.HasPrefix(list, "*") {
			return true
		}
		rest := strings.TrimPrefix(list, "W/")
		if !strings.HasPrefix(rest, `"`) {
			return false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return false
		}
		if rest[:end+2] == etag {
			return true
		}
		list = rest[end+2:]
	}
	return false
}

// negotiate picks a coding (RFC 9110 §12.5.3): the best of ours among those
// that the reader likes most; false when it refuses them all.
func (d *document) negotiate(accept []string) (*coded, bool) {
	if len(accept) == 0 || len(accept) == 1 && accept[0] == "" {
		return d.identity, true
	}
	q := [len(codings)]float64{-1, -1, -1}
	identity, star := -1.0, -1.0
	for _, line := range accept {
		for line != "" {
			var item string
			item, line, _ = strings.Cut(line, ",")
			token, params, _ := strings.Cut(item, ";")
			weight := quality(params)
			switch token = strings.ToLower(strings.TrimSpace(token)); token {
			case "identity":
				identity = weight
			case "*":
				star = weight
			default:
				for i := range codings {
					if token == codings[i].token || token == "x-"+codings[i].token {
						q[i] = weight
					}
				}
			}
		}
	}
	best, at := 0.0, -1
	for i := range q {
		if q[i] < 0 {
			q[i] = max(star, 0)
		}
		if q[i] > best {
			best, at = q[i], i
		}
	}
	if at >= 0 && len(d.identity.body) >= smallest && best >= identity {
		return d.in(at), true
	}
	if identity == 0 || identity < 0 && star == 0 {
		if at < 0 {
			return nil, false
		}
		return d.in(at), true
	}
	return d.identity, true
}

// quality reads the weight of a list member, 1 without one.
func quality(params string) float64 {
	for params != "" {
		var p string
		p, params, _ = strings.Cut(params, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(name, "q") {
			if f, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && f >= 0 && f <= 1 {
				return f
			}
			return 0
		}
	}
	return 1
}

// preflight answers OPTIONS: anybody may read, from any page.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Allow", allowed)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", allowed)
	h.Set("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since, A-IM, Accept-Language")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// fail answers that there is no document, why, and what there is.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, no *refusal) {
	if s.isAPI(r.URL.Path) {
		s.problem(w, r, no)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Vary", "Accept")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	var b strings.Builder
	if page := s.errorPage(r, no); page != nil {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", pages.Policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("Vary", "Accept, Accept-Language")
		b.Write(page)
	} else {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		b.WriteString(no.plain())
	}
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(no.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(b.String())) // the reader may have left
	}
}

// way leads a person to one of the things that a refusal names: by its own name,
// as programs are told addresses and terms. kind is that of a term, "" of an address.
func (s *Server) way(to reader, kind, what string) pages.Way {
	switch kind {
	case "source":
		return pages.Way{Label: pages.Words{Text: s.source(feeds.SourceID(what))}, Href: s.link(to, "/feeds/source/"+what+".html", "")}
	case feeds.Region, feeds.Country, feeds.Topic, feeds.Event:
		return pages.Way{Label: s.words(feeds.Tag{Scheme: kind, Term: what}, to.Language), Href: s.link(to, "/feeds/"+kind+"/"+what+".html", "")}
	case "lang", "prefer":
		return pages.Way{Label: inItself(what), Href: s.link(to, "/feeds/all.html", "lang="+what)}
	}
	w := pages.Way{Label: pages.Words{Text: what}}
	name, isFeed := strings.CutPrefix(what, "/feeds/")
	switch {
	case isFeed && standsAt[strings.TrimSuffix(name, "/…")] != "":
		kind := strings.TrimSuffix(name, "/…")
		w.Label.Text = to.Say("filter." + kind)
		w.Href = s.link(to, "/feeds", "") + "#" + standsAt[kind]
	case !strings.HasPrefix(what, "/") || strings.HasSuffix(what, "…"):
	case isPage(what):
		w.Href = s.link(to, what, "")
	case isFeed && !strings.Contains(name, "."):
		if f, err := s.feed(name); err == nil {
			w.Label = s.heading(f, to.Language)
		}
		w.Href = s.link(to, what+".html", "")
	default:
		w.Href = s.base + what
	}
	return w
}

// errorPage is what a person is told; nil for who is none.
func (s *Server) errorPage(r *http.Request, no *refusal) []byte {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return nil
	}
	to := s.anyReader(r)
	p := &pages.ErrorPage{Message: no.heading()}
	switch no.say {
	case p.Message + "-text": // the page says it anyway
	case "":
		p.Exactly = no.text
	default:
		p.Reason = no.in(to.Language)
	}
	p.Frame = s.frame(to, pages.Words{Text: to.Say(p.Message)}, "/", "") // its links in other languages lead home
	p.NoIndex, p.Canonical = true, ""
	for _, l := range no.list {
		p.There = append(p.There, s.way(to, no.parameter, l))
	}
	order := to.Order()
	slices.SortStableFunc(p.There, func(a, b pages.Way) int { return order(a.Label.Text, b.Label.Text) })
	if meant := no.meant(); meant != "" {
		if w := s.way(to, no.parameter, meant); w.Href != "" {
			p.Near = &w
		}
	}
	page, err := to.Error(p)
	if err != nil {
		s.o.Log.Error("no page for an error", "stage", "serve", "err", err)
		return nil // plain text will do
	}
	return page
}

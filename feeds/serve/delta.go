package serve

import (
	"cmp"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"communique/feeds"
	"communique/feeds/render"
)

// A delta (RFC 3229 with the instance manipulation "feed") is a feed with nothing
// in it but what is new or changed since the reader's copy. Which that is, the
// entity tag of the copy says: it holds the journal's number of the last fact
// that the copy shows. So nothing has to be remembered of what was sent, and a
// restart forgets nothing. A check keeps tags of other documents out, and those
// of other programs and settings, whose entries looked different.

// deltas makes the deltas of a document.
type deltas struct {
	server *Server
	feed   feeds.Feed
	format render.Format
	sel    selection
	query  string // what the feed selects: a named one may have been changed

	mu   sync.Mutex
	made map[uint64]*document // by the number since which; the last few
	kept atomic.Int64         // octets in made
}

// maxDeltas is how many deltas are kept with a document: readers that come
// regularly ask for the same few.
const maxDeltas = 4

// tagged adds the position to a document's tag.
func (d *deltas) tagged(doc *document) {
	doc.tag += "." + strconv.FormatUint(d.sel.top, 36) + "." + d.check(d.sel.top)
	doc.identity = doc.coded(doc.identity.body, "", "")
	doc.deltas = d
}

func (d *deltas) check(top uint64) string {
	h := fnv.New32a()
	for _, s := range []string{d.server.entryLook, string(d.format), d.feed.Path, d.feed.RawQuery, d.query, strconv.FormatBool(d.feed.Brief), strconv.FormatUint(top, 36)} {
		_, _ = h.Write([]byte(s + "\x00"))
	}
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// base finds the latest copy of the document among those that the reader has,
// and since which fact it lacks news. It is not ok when it has none that we can
// tell, or the current one.
func (d *deltas) base(r *http.Request, doc *document) (tag string, since uint64, ok bool) {
	for _, line := range r.Header["If-None-Match"] {
		for line != "" {
			line = strings.TrimLeft(line, " \t,")
			start := line
			rest := strings.TrimPrefix(line, "W/")
			if !strings.HasPrefix(rest, `"`) {
				break
			}
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				break
			}
			name := rest[1 : end+1]
			line = rest[end+2:]
			for _, c := range codings {
				if bare, has := strings.CutSuffix(name, c.suffix); has {
					name = bare
					break
				}
			}
			if name == doc.tag {
				return "", 0, false
			}
			part := strings.Split(name, ".")
			if len(part) != 3 {
				continue
			}
			n, err := strconv.ParseUint(part[1], 36, 64)
			if err != nil || part[2] != d.check(n) || n > d.server.o.Store.Position() {
				continue
			}
			if !ok || n > since {
				tag, since, ok = start[:len(start)-len(line)], n, true
			}
		}
	}
	return tag, since, ok
}

// asksForFeed reports whether the reader takes deltas of this kind, and not rather
// the whole (RFC 3229 §10.5.3).
func asksForFeed(r *http.Request) bool {
	feed, identity := 0.0, 0.0
	for _, line := range r.Header["A-Im"] {
		for item := range strings.SplitSeq(line, ",") {
			token, params, _ := strings.Cut(item, ";")
			switch strings.ToLower(strings.TrimSpace(token)) {
			case "feed":
				feed = max(feed, quality(params))
			case "identity":
				identity = max(identity, quality(params))
			}
		}
	}
	return feed > 0 && feed >= identity
}

// answer writes the delta that the reader asks for; false when the whole document
// is the better answer.
func (d *deltas) answer(w http.ResponseWriter, r *http.Request, whole *document) (bool, error) {
	if !asksForFeed(r) {
		return false, nil
	}
	base, since, ok := d.base(r, whole)
	if !ok {
		return false, nil
	}
	part, err := d.since(since, whole.grown)
	if part == nil || err != nil {
		return false, err
	}
	c, ok := part.negotiate(r.Header["Accept-Encoding"])
	if !ok {
		return false, nil // the whole says so
	}
	instance, _ := whole.negotiate(r.Header["Accept-Encoding"])
	h := w.Header()
	for i := range part.header {
		h[part.header[i].name] = part.header[i].values
	}
	// It brings the reader's copy to what the whole is, and to its time.
	delete(h, "Last-Modified")
	if modified := whole.value("Last-Modified"); modified != "" {
		h.Set("Last-Modified", modified)
	}
	h["IM"] = []string{"feed"}
	h["Etag"] = instance.etag // of what the reader has once it has put the delta in
	h["Delta-Base"] = []string{base}
	if c.token != nil {
		h["Content-Encoding"] = c.token
	}
	h["Content-Length"] = c.length
	w.WriteHeader(http.StatusIMUsed)
	if r.Method != http.MethodHead {
		_, _ = w.Write(c.body) // a reader that has left is no error of ours
	}
	return true, nil
}

// since makes a delta, nil when it would be no smaller than the whole. grown is
// told what is kept.
func (d *deltas) since(since uint64, grown func(octets int)) (*document, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if part, ok := d.made[since]; ok {
		return part, nil
	}
	if d.made == nil || len(d.made) >= maxDeltas {
		d.made = map[uint64]*document{}
		if kept := d.kept.Swap(0); grown != nil {
			grown(-int(kept))
		}
	}
	keep := func(octets int) {
		d.kept.Add(int64(octets))
		if grown != nil {
			grown(octets)
		}
	}
	fresh := selection{}
	for i, seq := range d.sel.seqs {
		if seq > since {
			fresh.ids, fresh.seqs = append(fresh.ids, d.sel.ids[i]), append(fresh.seqs, seq)
		}
	}
	var part *document
	if len(fresh.ids) < len(d.sel.ids) || len(fresh.ids) == 0 {
		s := d.server
		entries, err := s.rendered(d.feed, d.format, fresh)
		if err != nil {
			return nil, err
		}
		// All tombstones that the whole has: one may become known later than what it is
		// numbered by, and a reader passes over those of what it does not hold.
		whole := d.sel.history()
		body, err := s.o.Site.FeedIn(d.format, d.feed, entries, render.History{Whole: true, Withdrawn: whole.Withdrawn, Updated: whole.Updated})
		if err != nil {
			return nil, err
		}
		part = newDocument(body, d.format.MediaType()+"; charset=utf-8", d.sel.changed, s.o.MaxAge)
		s.asFeed(part, d.feed, d.format)
		// RFC 3229 §5.5: only a cache that knows of deltas may keep it.
		part.set("Cache-Control", "no-store, im, max-age="+strconv.Itoa(int(s.o.MaxAge.Seconds())))
		part.set("Vary", "Accept-Encoding, A-IM, If-None-Match")
		part.grown = keep
		keep(len(body))
		if d.feed.Private {
			part.keepPrivate()
			part.set("Cache-Control", "private, no-store")
		}
	}
	d.made[since] = part
	return part, nil
}

// lookOf tells one program and its settings from another, as far as they show in
// entries.
func lookOf(o *Options) string {
	h := fnv.New64a()
	write := func(parts ...string) {
		for _, p := range parts {
			_, _ = h.Write([]byte(p + "\x00"))
		}
	}
	site := &o.Site
	write(site.Title, site.BaseURL, site.Authority, site.Language, site.Generator, site.Version, site.Author, site.AuthorURI, site.Rights)
	terms := slices.Clone(o.Terms)
	slices.SortFunc(terms, func(a, b Term) int { return cmp.Compare(a.Tag.String(), b.Tag.String()) })
	for _, t := range terms {
		write(t.Tag.String())
		for _, l := range slices.Sorted(maps.Keys(t.Labels)) {
			write(l, t.Labels[l])
		}
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

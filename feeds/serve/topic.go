package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"communique/feeds"
	"communique/feeds/render"
)

// Topic is a published feed in one format, as those see it who push it to its
// subscribers (WebSub §2).
type Topic struct {
	Self string // its address, as its rel=self says
	s    *Server
	path string // behind /feeds/
	feed feeds.Feed
}

// Content is what a topic holds.
type Content struct {
	Mark uint64 // changes when a statement in it, or their order, does
	Tag  string // of the octets
	Type string // media type, with parameters
	Body []byte // shared, not to be changed
}

// Topic gives the topic of an address, however its parameters are ordered; of a
// feed that has another name now, that one. The error says why an address is
// none, for whoever asked; InFull says it with what there is.
func (s *Server) Topic(address string) (*Topic, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxPath+maxQuery {
		return nil, fmt.Errorf("%q is no address", short(address))
	}
	site, _ := url.Parse(s.o.Site.BaseURL) // New has parsed it
	path, ours := strings.CutPrefix(u.Path, s.base+"/feeds/")
	if !ours || u.Scheme != site.Scheme || !strings.EqualFold(u.Host, site.Host) || u.User != nil || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no feed of this site; its feeds are listed at %s", short(address), s.o.Site.BaseURL+"/feeds")
	}
	name, ext := extension(path)
	format := render.Format(ext)
	if format.MediaType() == "" {
		return nil, fmt.Errorf("%q is no feed; subscribe to the address that a feed gives as its own, which ends in .atom, .rss or .json", short(address))
	}
	if name, err = s.called(name); err != nil {
		return nil, err
	}
	path = name + "." + ext
	f, err := s.feed(name)
	if err == nil {
		f, err = s.narrowed(f, u.RawQuery)
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.feedAt(path, f.RawQuery, "", reader{Language: s.own()}); err != nil {
		return nil, err
	}
	return &Topic{Self: s.o.Site.FeedURL(f.Path, ext, f.RawQuery), s: s, path: path, feed: f}, nil
}

// InFull words an error of this package for somebody, with what there is, each on
// a line of its own.
func InFull(err error) string {
	var no *refusal
	if !errors.As(err, &no) {
		return err.Error()
	}
	return strings.Join(append([]string{err.Error()}, no.list...), "\n")
}

// Mark gives the mark of what the topic holds now, which costs no rendering.
func (t *Topic) Mark() (uint64, error) {
	sel, err := t.s.standing(t.feed)
	return sel.mark, err
}

// Content gives what the topic holds now: rendered at most once for each change,
// whoever asks, as long as the cache of documents holds it.
func (t *Topic) Content() (Content, error) {
	t.s.retitle()
	epoch := t.s.cache.epoch.Load()
	key := cacheKey{path: "/feeds/" + t.path, query: t.feed.RawQuery}
	p := t.s.cache.get(key)
	if p == nil {
		fresh, err := t.s.feedAt(t.path, t.feed.RawQuery, "", reader{Language: t.s.own()})
		if err != nil {
			return Content{}, err
		}
		p = t.s.cache.put(key, fresh, epoch)
	}
	doc, err := p.current(t.s)
	if err != nil {
		return Content{}, err
	}
	p.mu.Lock()
	mark := p.mark
	p.mu.Unlock()
	c := Content{Mark: mark, Tag: doc.tag, Body: doc.identity.body}
	for i := range doc.header {
		if doc.header[i].name == "Content-Type" {
			c.Type = doc.header[i].values[0]
		}
	}
	return c, nil
}

// Selection gives the feed that the parameters of the stream's address ask for,
// over all statements. The error is for Decline.
func (s *Server) Selection(rawQuery string) (feeds.Feed, error) {
	if v, err := url.ParseQuery(rawQuery); err == nil { // narrowed refuses what cannot be read
		if err := (&route{params: listening}).check(v); err != nil {
			return feeds.Feed{}, err
		}
	}
	return s.narrowed(feeds.Feed{Path: "all"}, rawQuery)
}

// Feed gives a published feed by its path, such as "all", "topic/health" or a
// name of the operator's, whose own systems may be told of a private one, too.
func (s *Server) Feed(path string) (feeds.Feed, error) {
	if n := s.private.named[path]; n != nil {
		return s.titled(n), nil
	}
	return s.feed(path)
}

// Decline answers a request with what an error of this package says.
func (s *Server) Decline(w http.ResponseWriter, r *http.Request, err error) { s.decline(w, r, err) }

// Fail answers a request with a refusal in words.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.fail(w, r, refuse(status, text))
}

// StatementURI gives the id under which a statement is published.
func (s *Server) StatementURI(id feeds.StatementID) string { return s.o.Site.StatementURI(id) }

// Item gives a statement as an item of JSON Feed, in the first of the languages
// that there is a copy in; nil when there is nothing to show of it.
func (s *Server) Item(st *feeds.Statement, languages ...string) (json.RawMessage, error) {
	key := entryKey{id: st.ID, seq: st.Seq, format: render.FormatJSON, language: strings.Join(languages, ",")}
	f, ok := s.entries.Get(key)
	if !ok {
		var err error
		if f.Entry, err = s.o.Site.Entry(render.FormatJSON, st, languages...); err != nil || f.ID == "" {
			return nil, err
		}
		s.entries.Put(key, f)
	}
	return f.Whole(), nil
}

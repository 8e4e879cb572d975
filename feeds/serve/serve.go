package serve

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
	"communique/internal/near"
	"communique/storage"
)

// Term is an entry of the taxonomy, as readers may ask for it.
type Term struct {
	Tag     feeds.Tag
	Labels  map[string]string // by language
	Parents []feeds.Tag
}

// Named is a feed of the operator's.
type Named struct {
	Feed feeds.Feed
	Was  []string // names that it had before
}

// Options are the parts that a Server is made of.
type Options struct {
	Store     *storage.Store
	Site      render.Site
	Sources   []feeds.Source
	Terms     []Term
	Named     []Named
	Removed   []string      // names of feeds that there were
	Languages []string      // offered first, in this order
	Framers   string        // who may show /embed/… in a frame, such as FramedByPartners; "" means anybody
	Partners  []Partner     // sites that may, or have a look of their own
	MaxAge    time.Duration // how long readers may keep a feed without asking; 0 means 5 minutes
	CacheSize int           // octets of everything prepared that is kept in memory; 0 means 48 MiB
	API       Limit         // of requests to the API; none when it is zero
	// Mount says who else answers, by the path below the site's base; a path that
	// ends in a slash stands for all below it, and has no other slash inside.
	Mount map[string]http.Handler
	Log   *slog.Logger
}

// Server answers the public listener. It is safe for concurrent use; a changed
// configuration means a new Server.
type Server struct {
	o         Options
	base      string // the path that the site is under, without a last slash
	terms     map[feeds.Tag]*Term
	named     map[string]*Named
	was       map[string]string // what a name became
	removed   map[string]bool
	private   *private
	sources   map[feeds.SourceID]*feeds.Source
	titles    titles // of sources that have none configured
	cache     *cache
	entries   *entryCache
	divisions *divisions
	entryLook string   // see lookOf
	limits    *limiter // nil for none
	shown     ownerCache
	assets    map[string]*document // by path
	css       string               // paths of the files that pages load, with their hashes
	js        string
	icon      string
	embeds    embeds
}

// New makes a Server. It fails when the site cannot be published as it is.
func New(o Options) (*Server, error) {
	if o.MaxAge == 0 {
		o.MaxAge = 5 * time.Minute
	}
	if o.CacheSize == 0 {
		o.CacheSize = 48 << 20
	}
	if o.Site.TTL == 0 {
		o.Site.TTL = o.MaxAge // one advice in every place (checklist R17)
	}
	if err := o.Site.Check(); err != nil {
		return nil, err
	}
	u, err := url.Parse(o.Site.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &Server{o: o, base: strings.TrimRight(u.Path, "/"), terms: map[feeds.Tag]*Term{}, named: map[string]*Named{}, was: map[string]string{}, removed: map[string]bool{}, private: newPrivate(o.API.Proxies),
		divisions: newDivisions(o.CacheSize / 8), entryLook: lookOf(&o), limits: newLimiter(o.API), sources: map[feeds.SourceID]*feeds.Source{}, cache: newCache(o.CacheSize / 8 * 5), entries: newEntryCache(o.CacheSize / 4), shown: ownerCache{Max: maxOwners}, assets: map[string]*document{}}
	for i := range o.Terms {
		s.terms[o.Terms[i].Tag] = &o.Terms[i]
	}
	for i := range o.Named {
		n := &o.Named[i]
		named, was := s.named, s.was
		if n.Feed.Private {
			named, was = s.private.named, s.private.was
		}
		named[n.Feed.Path] = n
		if len(n.Was) > 0 {
			n.Feed.Born = n.Was[0]
		}
		for _, name := range n.Was {
			was[name] = n.Feed.Path
		}
	}
	for _, name := range o.Removed {
		s.removed[name] = true
	}
	for i := range o.Sources {
		s.sources[o.Sources[i].ID] = &o.Sources[i]
	}
	s.css = s.asset("site", "css", "text/css; charset=utf-8", pages.CSS)
	s.js = s.asset("site", "js", "text/javascript; charset=utf-8", pages.JS)
	s.icon = s.asset("icon", "svg", "image/svg+xml", pages.Icon)
	s.embedding()
	return s, nil
}

// label gives a term's name in the language of the published feeds, or in English.
func (s *Server) label(t feeds.Tag) string {
	if term := s.terms[t]; term != nil && term.Labels[s.o.Site.Language] != "" {
		return term.Labels[s.o.Site.Language]
	} else if term != nil && term.Labels["en"] != "" {
		return term.Labels["en"]
	}
	return t.Term
}

// source gives a source's title: the configured one, else the one that its feed
// gives itself. That one is looked up until it is there, and then kept: the titles
// of feeds do not follow what a publisher does to theirs. Until its first visit a
// source is called by its id, in documents that are made anew then (see retitle).
func (s *Server) source(id feeds.SourceID) string {
	src := s.sources[id]
	if src == nil {
		return string(id)
	}
	if src.Title != "" {
		return src.Title
	}
	if title, known := s.titles.known.Load(id); known {
		return title.(string)
	}
	at := s.o.Store.Position()
	visit, visited, err := s.o.Store.Fetched(id)
	if err != nil || !visited || visit.Channel.Title == "" {
		s.titles.wait(id, at)
		return string(id)
	}
	s.titles.known.Store(id, visit.Channel.Title)
	return visit.Channel.Title
}

// titles are the titles of sources that have none configured, as their feeds say.
type titles struct {
	known sync.Map // by id

	waiting atomic.Int64  // how many missing has
	looked  atomic.Uint64 // the position that retitle saw last
	unseen  atomic.Bool   // something was asked for since

	mu      sync.Mutex
	missing map[feeds.SourceID]bool // asked for, and not known yet
	fresh   []feeds.SourceID        // of those, what has to be looked for once: it may have come while it was asked for
	at      uint64                  // up to which visits were looked through
}

func (t *titles) wait(id feeds.SourceID, at uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.missing[id] {
		return
	}
	if t.missing == nil {
		t.missing = map[feeds.SourceID]bool{}
	}
	if len(t.missing) == 0 {
		t.at = at
	}
	t.missing[id] = true
	t.fresh = append(t.fresh, id)
	t.waiting.Store(int64(len(t.missing)))
	t.unseen.Store(true)
}

// retitle sees whether a title that was missing is there by now, and then has all
// documents made anew. While none is missing it costs nothing; else it reads what
// was told since the last time, however many are missing.
func (s *Server) retitle() {
	t := &s.titles
	if t.waiting.Load() == 0 {
		return
	}
	if now := s.o.Store.Position(); t.looked.Swap(now) == now && !t.unseen.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	found := false
	learn := func(visit *feeds.Fetched) {
		if t.missing[visit.Source] && visit.Channel.Title != "" {
			t.known.Store(visit.Source, visit.Channel.Title)
			delete(t.missing, visit.Source)
			found = true
		}
	}
	for _, id := range t.fresh {
		if visit, _, err := s.o.Store.Fetched(id); err == nil {
			learn(&visit)
		}
	}
	t.fresh = nil
	t.unseen.Store(false)
	for len(t.missing) > 0 && t.at < s.o.Store.Position() {
		visits, upTo, err := s.o.Store.VisitedSince(t.at)
		if err != nil {
			break // it is tried again with the next that is said
		}
		t.at = upTo
		for i := range visits {
			learn(&visits[i])
		}
	}
	t.waiting.Store(int64(len(t.missing)))
	if found {
		s.cache.clear()
	}
}

// Longest request that is looked at: what is longer was not made by a reader.
const (
	maxQuery = 4 << 10
	maxPath  = 512
)

// ServeHTTP answers a request. What a reader asks for again and again costs a
// look into the cache and no more.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, token := withoutToken(r)
	if s.isAPI(r.URL.Path) && !s.admit(w, r) {
		return
	}
	if len(r.URL.RawQuery) > maxQuery || len(r.URL.Path) > maxPath {
		s.fail(w, r, refuse(http.StatusRequestURITooLong, "the address is too long; no feed needs more than a few parameters").as("error.414-text"))
		return
	}
	path := strings.TrimPrefix(r.URL.Path, s.base)
	if h := s.mounted(path); h != nil {
		h.ServeHTTP(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		preflight(w)
		return
	default:
		w.Header().Set("Allow", allowed)
		s.fail(w, r, refuse(http.StatusMethodNotAllowed, "only "+allowed+" are answered here").as("reason.method", "list", allowed))
		return
	}
	if doc := s.assets[path]; doc != nil {
		doc.answer(w, r)
		return
	}
	if feed, called := s.private.at(path); feed != nil {
		s.servePrivate(w, r, path, feed, called, token)
		return
	}
	s.retitle()
	epoch := s.cache.epoch.Load()
	key := cacheKey{path: path, query: r.URL.RawQuery}
	to, isPage := s.readerOf(r, path)
	if isPage {
		key.language = to.Tag
	}
	if p := s.cache.get(key); p != nil {
		s.serve(w, r, p)
		return
	}
	p, err := s.resolve(path, r.URL.RawQuery, r.Header.Get("Accept"), to)
	if err != nil {
		s.decline(w, r, err)
		return
	}
	s.serve(w, r, s.cache.put(key, p, epoch))
}

// mounted gives who answers for a path in our place, nil when nobody does.
func (s *Server) mounted(path string) http.Handler {
	if h := s.o.Mount[path]; h != nil || path == "" {
		return h
	}
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return s.o.Mount[path[:i+2]]
	}
	return nil
}

// serve answers with what p holds, prepared anew when its statements changed.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, p *prepared) {
	doc, err := p.current(s)
	if err != nil {
		s.decline(w, r, err)
		return
	}
	if s.isAPI(r.URL.Path) {
		if _, ok := doc.negotiate(r.Header["Accept-Encoding"]); !ok {
			s.problem(w, r, refuse(http.StatusNotAcceptable, "every content coding that is offered is refused", "br", "zstd", "gzip", "identity"))
			return
		}
	}
	if doc.deltas != nil && r.Header["A-Im"] != nil {
		if done, err := doc.deltas.answer(w, r, doc); done || err != nil {
			if err != nil {
				s.decline(w, r, err)
			}
			return
		}
	}
	doc.answer(w, r)
}

// decline answers when there is no document: with where it is, why it is not,
// or that the fault is ours.
func (s *Server) decline(w http.ResponseWriter, r *http.Request, err error) {
	var to *redirect
	var no *refusal
	switch {
	case errors.As(err, &to):
		s.lead(w, to)
	case errors.As(err, &no) && s.isAPI(r.URL.Path):
		s.problem(w, r, no)
	case errors.As(err, &no) && strings.HasPrefix(r.URL.Path, s.base+"/embed/"):
		s.failFramed(w, r, no)
	case errors.As(err, &no):
		s.fail(w, r, no)
	case errors.Is(err, storage.ErrQuery):
		s.fail(w, r, refuse(http.StatusBadRequest, err.Error()).as("reason.too-much"))
	default:
		s.broken(w, r, err)
	}
}

// lead answers that something stands elsewhere. A page of another site may
// follow, which takes leave on every step (Fetch, "HTTP-redirect fetch").
func (s *Server) lead(w http.ResponseWriter, to *redirect) {
	h := w.Header()
	h.Set("Location", s.base+to.path)
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", exposed)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", "0") // to HEAD, too
	if to.negotiated {
		h.Set("Vary", "Accept")
	}
	w.WriteHeader(to.status)
}

// broken answers for an error of ours. The reader learns no more than that.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.o.Log.Error("request failed", "stage", "serve", "url", r.URL.String(), "err", err)
	w.Header().Set("Retry-After", "60")
	s.fail(w, r, refuse(http.StatusServiceUnavailable, "this cannot be shown right now; please ask again in a minute").as("error.503-text"))
}

// redirect is the answer that something stands elsewhere.
type redirect struct {
	status     int
	path       string // below the site's base, with query
	negotiated bool   // where it leads depends on Accept
}

func (r *redirect) Error() string { return "redirect to " + r.path }

// refusal is an answer that says no, and what there is instead.
type refusal struct {
	status int
	text   string
	list   []string

	// What a page says in place of text, in its reader's language; "" for text.
	say  string
	with []any // pairs, as Language.Say takes them

	// For the API; all may be empty.
	kind      string // of problem, when the status does not say it
	parameter string // that is wrong
	asked     string // that is not in list
	policies  []string
}

func (r *refusal) Error() string { return r.text }

// plain is what a program or a terminal is told: a line, and what there is, a line each.
func (r *refusal) plain() string {
	if len(r.list) == 0 {
		return r.text + "\n"
	}
	head := "; what there is:"
	if strings.HasSuffix(r.text, ":") { // it says itself what follows
		head = ""
	}
	return r.text + head + "\n" + strings.Join(r.list, "\n") + "\n"
}

// meant gives what of the list was probably meant, "" when that is anybody's guess.
// The folder that all of it stands in is no part of a slip.
func (r *refusal) meant() string {
	folder := ""
	if len(r.list) > 0 {
		first, last := r.list[0], r.list[len(r.list)-1] // in order: what these two share, all do
		n := 0
		for n < min(len(first), len(last)) && first[n] == last[n] {
			n++
		}
		folder = first[:strings.LastIndexByte(first[:n], '/')+1]
	}
	asked, in := strings.CutPrefix(r.asked, folder)
	if !in {
		return near.Word(r.asked, r.list)
	}
	names := make([]string, len(r.list))
	for i, l := range r.list {
		names[i] = l[len(folder):]
	}
	if name := near.Word(asked, names); name != "" {
		return folder + name
	}
	return ""
}

// as says the reason for people: a message of package pages.
func (r *refusal) as(message string, with ...any) *refusal {
	r.say, r.with = message, with
	return r
}

// in gives the reason for a reader. What came from outside keeps its direction to
// itself (Unicode TR 9, isolates).
func (r *refusal) in(to *pages.Language) string {
	if r.say == "" {
		return r.text
	}
	with := slices.Clone(r.with)
	for i := 1; i < len(with); i += 2 {
		if text, is := with[i].(string); is {
			with[i] = "\u2068" + text + "\u2069"
		}
	}
	return to.Say(r.say, with...)
}

// heading gives the message that stands above the reason.
func (r *refusal) heading() string {
	switch r.status {
	case http.StatusGone:
		if r.kind == "expired" {
			return "error.expired"
		}
		return "error.410"
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "error." + strconv.Itoa(r.status)
	}
	return "error.other"
}

func refuse(status int, text string, list ...string) *refusal {
	slices.Sort(list)
	return &refusal{status: status, text: text, list: list}
}

package serve

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	"communique/feeds"
	"communique/feeds/render"
	"communique/internal/recent"
)

// prepared is a document and what it takes to make it again. It is checked
// against the store when the store has moved on, and made again only when the
// statements in it have changed.
type prepared struct {
	// heads gives what the document depends on; nil means everything.
	heads func() (mark uint64, err error)
	make  func() (*document, error)

	at  atomic.Uint64 // where the store was, plus 1, when doc was last known to be right
	doc atomic.Pointer[document]

	mu    sync.Mutex // held while checking and making
	mark  uint64
	found *selection // by heads, for the make that follows: nobody searches twice
	cost  atomic.Int64
}

// never is the mark of a document that no statement changes.
func never() (uint64, error) { return 1, nil }

// current gives the document as the store has it now.
func (p *prepared) current(s *Server) (*document, error) {
	at := s.o.Store.Told() + 1
	if p.heads == nil {
		at = s.o.Store.Position() + 1
	}
	if doc := p.doc.Load(); doc != nil && p.at.Load() == at {
		return doc, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.found = nil }()
	doc := p.doc.Load()
	if doc != nil && p.at.Load() == at {
		return doc, nil
	}
	mark := at
	if p.heads != nil {
		var err error
		if mark, err = p.heads(); err != nil {
			return nil, err
		}
	}
	if doc == nil || mark != p.mark {
		fresh, err := p.make()
		if err != nil {
			return nil, err
		}
		if doc != nil && fresh.tag != doc.tag {
			fresh.follow(doc, time.Now())
		}
		if doc == nil || fresh.tag != doc.tag || fresh.value("Link") != doc.value("Link") {
			doc = fresh
		}
		p.mark = mark
		doc.grown = func(octets int) { s.cache.grow(p, doc, octets) }
		p.doc.Store(doc)
		s.cache.weigh(p, len(doc.identity.body))
	}
	p.at.Store(at)
	return doc, nil
}

// cache keeps prepared documents by address, the least used leave first.
type cache struct {
	mu    sync.Mutex
	max   int64
	size  int64
	byKey map[cacheKey]*list.Element
	order *list.List // of *cached, most recently used first

	hits, misses, made uint64

	epoch atomic.Uint64 // how often clear was called
}

// CacheStats tell how the cache of prepared documents does.
type CacheStats struct {
	Documents    int
	Octets       int64
	Hits, Misses uint64 // looks into it
	Made         uint64 // documents that were made, for the first time or anew
}

// Cache tells how the cache of prepared documents does.
func (s *Server) Cache() CacheStats {
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Documents: len(c.byKey), Octets: c.size, Hits: c.hits, Misses: c.misses, Made: c.made}
}

type cacheKey struct {
	path, query string
	language    string // of the site, "" for what is not for people to read
}

type cached struct {
	key cacheKey
	p   *prepared
}

// overhead is what an entry costs beside its document's octets: headers, maps.
const overhead = 2 << 10

func newCache(max int) *cache {
	return &cache{max: int64(max), byKey: map[cacheKey]*list.Element{}, order: list.New()}
}

func (c *cache) get(key cacheKey) *prepared {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		c.misses++
		return nil
	}
	c.hits++
	c.order.MoveToFront(e)
	return e.Value.(*cached).p
}

// put adds p, or gives the one that another request has just added. What was made
// out of what was known before clear was called is not added: epoch is as it was
// then.
func (c *cache) put(key cacheKey, p *prepared, epoch uint64) *prepared {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch.Load() != epoch {
		return p
	}
	if e := c.byKey[key]; e != nil {
		return e.Value.(*cached).p
	}
	c.byKey[key] = c.order.PushFront(&cached{key, p})
	p.cost.Store(overhead)
	c.size += overhead
	c.shrink()
	return p
}

// clear forgets all documents: what they depend on beside the store is another.
func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch.Add(1)
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

// weigh notes what a document takes that was prepared anew.
func (c *cache) weigh(p *prepared, octets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	cost := overhead + int64(octets)
	if old := p.cost.Swap(cost); old > 0 { // else it has left already
		c.size += cost - old
		c.shrink()
	} else {
		p.cost.Store(0)
	}
}

// grow notes what is kept with a document besides: its codings and deltas, which
// are made when they are asked for. Negative octets are given back.
func (c *cache) grow(p *prepared, doc *document, octets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.doc.Load() != doc || p.cost.Load() <= 0 {
		return // another took its place, or it has left
	}
	p.cost.Add(int64(octets))
	c.size += int64(octets)
	c.shrink()
}

func (c *cache) shrink() {
	for c.size > c.max && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	out := c.order.Remove(e).(*cached)
	delete(c.byKey, out.key)
	c.size -= out.p.cost.Swap(0)
}

// entryCache keeps rendered entries: a new statement changes many feeds, and
// each of their other entries stays as it was.
type entryCache = recent.Map[entryKey, fragment]

// fragment is what is written of a statement: an entry of feeds or, in the API's own
// format, a part of its lists.
type fragment struct {
	render.Entry
	shape []byte
}

type entryKey struct {
	id       feeds.StatementID
	seq      uint64
	format   render.Format
	language string
	brief    bool
	preserve bool
}

func newEntryCache(max int) *entryCache {
	return &entryCache{Max: max / 2, Cost: func(_ entryKey, f fragment) int { return f.Size() + len(f.shape) + 200 }}
}

// Package aggregator is the engine: it knows when a source is due, has it
// refreshed by a worker, and puts what was decided into the journal.
//
// The stages are its rooms below (schedule, fetch, parse, normalize, dedup,
// tag); none of them knows another. Start at refresh.go: it is the one way an
// item gets into the journal, whoever asked.
package aggregator

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/extract"
	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/aggregator/robots"
	"communique/aggregator/schedule"
	"communique/aggregator/tag"
	"communique/aggregator/websub"
	"communique/feeds"
	"communique/internal/trace"
	"communique/storage"
)

// Journal puts facts in one order (DESIGN §5). On one machine it is the store
// itself.
type Journal interface {
	// Append makes the facts durable, in order, and returns the sequence number
	// of the last. The last is in only if all the others are; beyond that an
	// error promises nothing, and saying the same again is harmless.
	Append(ctx context.Context, at time.Time, said ...feeds.Fact) (last uint64, err error)
	// Follow calls fn with records after the given number, in order, until ctx
	// ends or fn fails. From 0 it delivers at least the latest record of every key.
	Follow(ctx context.Context, after uint64, fn func([]feeds.Record) error) error
}

var _ Journal = (*storage.Store)(nil)

// Source is an office's feed with the manner in which it is asked.
type Source struct {
	feeds.Source
	Schedule      schedule.Schedule
	Floor         time.Duration // never asked more often
	Ceiling       time.Duration // never asked less often, unless the publisher wishes
	Header        http.Header   // sent besides our own
	AllowNetworks []netip.Prefix
	LetFlood      bool // the flood brake is not for it

	// For what is no feed, and for the pages that its items lead to.
	Reader  *extract.Reader        // nil for a feed
	Robots  bool                   // its own address is a page, so robots.txt counts
	Article *extract.ArticleReader // nil when pages are not followed
	Reading string                 // what Reader and Article were made from: what is known is void when it changes
}

// Options are the engine's parts and manners. Store, Journal, Fetcher, Tagger,
// Now and Log must be given.
type Options struct {
	Sources []Source
	Store   *storage.Store
	Journal Journal
	Fetcher *fetch.Fetcher
	// Agent is the product token of our user agent, that robots.txt goes by.
	Agent string
	// Tagger is asked for when the first new item arrives: most visits bring
	// none, and compiling the rules takes time.
	Tagger  func() *tag.Tagger
	Now     func() time.Time
	Log     *slog.Logger
	Workers int           // refreshes at once; 0 means 8
	PerHost int           // of them at one host, as the Fetcher's; 0 means 2
	Spread  time.Duration // over which the first visits after a start are spread; 0 means at once
	// Done is called after each refresh, by the worker; nil is fine.
	Done func(Outcome)
	// Trace is told what the stages of a visit take; nil for nobody.
	Trace *trace.Tracer
	// Got is called with every answer of an origin as it came, also one that is no
	// feed; nil is fine.
	Got func(url string, got *fetch.Response)
	// Hubs are our subscriptions at sources' hubs; nil for none.
	Hubs *websub.Subscriber
	// Likeness is how like two texts must be to be one statement; zero is good.
	Likeness dedup.Likeness
}

// Engine refreshes sources, on a schedule (Run) or once (Pull).
type Engine struct {
	o          Options
	sources    map[feeds.SourceID]*Source
	hosts      map[feeds.SourceID]string
	order      []feeds.SourceID
	pins       []dedup.Pin   // the configuration's, and those that the store remembers; changes with all words held
	placer     *dedup.Placer // as pins
	fillWindow func() error  // puts into the placer what was seen lately, once
	normalize  *normalize.Normalizer
	desks      chan struct{} // filled while a source's items are read: more at once than there are processors only take memory
	tagger     func() *tag.Tagger
	robots     *robots.Keeper
	triesMu    sync.Mutex
	tries      map[string]int                 // how often the page of an item has failed
	visits     map[feeds.SourceID]*turn       // held while a source is refreshed, or what its hub pushed is read
	waiting    atomic.Pointer[schedule.Queue] // of Run
	drained    chan struct{}                  // closed by drain
	drain      func()
	words      map[feeds.SourceID]*sync.Mutex // held from reading a source's items in the store until new words on them are there
}

// turn is the right to visit a source.
type turn struct {
	sync.Mutex
	unsaid int // visits in a row that failed and of which that could not be stored
}

// New makes an engine. It touches neither network nor store.
func New(o Options) *Engine {
	if o.Workers == 0 {
		o.Workers = 8
	}
	if o.PerHost == 0 {
		o.PerHost = 2
	}
	e := &Engine{o: o, sources: map[feeds.SourceID]*Source{}, hosts: map[feeds.SourceID]string{}, normalize: normalize.New(), tries: map[string]int{}, tagger: sync.OnceValue(o.Tagger),
		words: map[feeds.SourceID]*sync.Mutex{"": new(sync.Mutex)}, visits: map[feeds.SourceID]*turn{}}
	for i := range o.Sources {
		s := &o.Sources[i]
		e.sources[s.ID], e.hosts[s.ID] = s, host(s.URL)
		e.order, e.words[s.ID], e.visits[s.ID] = append(e.order, s.ID), new(sync.Mutex), new(turn)
	}
	e.desks = make(chan struct{}, runtime.GOMAXPROCS(0))
	e.drained = make(chan struct{})
	e.drain = sync.OnceFunc(func() { close(e.drained) })
	e.robots = robots.New(robots.Options{Fetcher: o.Fetcher, Now: o.Now, Agent: o.Agent})
	e.pins = o.Likeness.Pins
	e.newPlacer()
	return e
}

// remembered gives dedup what the store holds under the keys.
func (e *Engine) remembered(keys []feeds.Key) (map[feeds.Key][]dedup.Known, error) {
	found, err := e.o.Store.Find(keys)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	out := make(map[feeds.Key][]dedup.Known, len(found))
	seen := map[feeds.ItemKey]dedup.Known{}
	for _, f := range found {
		k, ok := seen[f.Item]
		if !ok {
			k = dedup.Known{Item: f.Item, Statement: f.Statement, FirstSeen: f.FirstSeen}
			o, held, err := e.o.Store.Observed(f.Item)
			if err != nil {
				return nil, err
			}
			if held {
				k.GUID, k.Link, k.Title, k.Published = o.Copy.ID, o.Copy.Link, o.Copy.Title, o.Copy.Published
				k.Language, k.Changed = o.Copy.Language, o.Changed
			}
			seen[f.Item] = k
		}
		out[f.Key] = append(out[f.Key], k)
	}
	return out, nil
}

// since gives when a statement was first seen.
func (e *Engine) since(id feeds.StatementID) (time.Time, error) {
	st, _, ok, err := e.o.Store.Statement(id)
	if err != nil || !ok {
		return time.Time{}, err
	}
	return st.FirstSeen, nil
}

// text gives dedup the words of an item that is stored.
func (e *Engine) text(item feeds.ItemKey) (string, feeds.TextView, bool, error) {
	o, held, err := e.o.Store.Observed(item)
	if err != nil || !held {
		return "", feeds.TextView{}, false, err
	}
	return o.Copy.Language, e.view(&o.Copy), true, nil
}

// restore fills dedup's window from the store, as far as it looks back. It is
// put off until something new comes: most visits bring nothing.
func (e *Engine) restore() error {
	window := cmp.Or(e.o.Likeness.Window, dedup.DefaultWindow)
	return e.o.Store.Recent(context.Background(), e.o.Now().Add(-window), func(o *feeds.Observed) error {
		e.placer.Restore(o.Item, o.Statement, o.Copy.Language, o.Copy.Published, o.FirstSeen, o.Features)
		return nil
	})
}

package push

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/feeds/serve"
	"communique/internal/guard"
	"communique/storage"
)

// Options are what a Pusher is made of. Store, Now and Log must be given; zero
// values of the others mean the defaults that stand beside them.
type Options struct {
	Store *storage.Store
	Hub   string // the hub's own address; "" for no hub
	Agent string // what we call ourselves to receivers

	MinLease, Lease, MaxLease time.Duration // 5 minutes, 10 days, 30 days
	Signature                 string        // sha256, sha384 or sha512; sha256
	Retry                     time.Duration // how long one content is tried at a callback; 3 days
	Timeout                   time.Duration // of one call; 10s
	Patience                  time.Duration // how long a call may keep a quick place; 500ms

	Calls        int // at a time, quick ones; as many slow ones besides; 256
	CallsPerHost int // of them at one host; 64

	Subscriptions         int // in all; 20,000
	SubscriptionsPerHost  int // of callbacks on one host; 2,000
	SubscriptionsPerTopic int // 10,000
	Topics                int // feeds with subscribers, each of which is looked at when something changes; 5,000

	Streams   int           // open connections at /api/v1/stream; 1,000
	Heartbeat time.Duration // of streams; 20s

	// Write is how often what has changed in the standing of receivers is written,
	// in one transaction for all of them; 1s.
	Write time.Duration

	Webhooks []Webhook
	// Incidents gives the troubles that last and those of late, for the webhooks
	// that are told of them; nil when there are none to tell.
	Incidents   func(now time.Time) []feeds.Incident
	IncidentGap time.Duration // at least, between two looks at them; 2s

	// AllowNetworks opens networks that are not public to callbacks;
	// WebhookNetworks to webhooks, whose addresses are the operator's own.
	AllowNetworks, WebhookNetworks []netip.Prefix

	// Delivered is told of every call to a subscriber or, isHook, to a webhook that
	// came to an end; nil for nobody.
	Delivered func(isHook, ok bool)

	Now func() time.Time
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MinLease, 5*time.Minute)
	setDefault(&o.Lease, 10*24*time.Hour)
	setDefault(&o.MaxLease, 30*24*time.Hour)
	setDefault(&o.Retry, 3*24*time.Hour)
	setDefault(&o.Timeout, 10*time.Second)
	setDefault(&o.Patience, 500*time.Millisecond)
	setDefault(&o.Calls, 256)
	setDefault(&o.CallsPerHost, 64)
	setDefault(&o.Subscriptions, 20_000)
	setDefault(&o.SubscriptionsPerHost, 2_000)
	setDefault(&o.SubscriptionsPerTopic, 10_000)
	setDefault(&o.Topics, 5_000)
	setDefault(&o.Streams, 1_000)
	setDefault(&o.Heartbeat, 20*time.Second)
	setDefault(&o.Write, time.Second)
	setDefault(&o.IncidentGap, 2*time.Second)
	if o.Signature == "" {
		o.Signature = "sha256"
	}
	if o.Agent == "" {
		o.Agent = "communique"
	}
	if o.Delivered == nil {
		o.Delivered = func(bool, bool) {}
	}
	return o
}

func setDefault[T ~int | ~int64](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Pusher delivers. Made by New, it takes requests at once and delivers while
// Run runs. A changed configuration means a new one, made when the Run of the
// old one has ended: all that has to outlive it is in the store.
type Pusher struct {
	o     Options
	guard *guard.Guard
	web   *http.Client // to callbacks
	own   *http.Client // to webhooks

	site    *serve.Server
	courier *courier
	calls   context.CancelFunc // breaks off the calls that are under way
	ready   chan struct{}      // closed when Run has taken up what the store remembers
	ending  chan struct{}      // closed when Run is told to end

	mu     sync.Mutex // over all that follows
	topics map[string]*topic
	subs   map[string]*subscription // by the key of their fact
	hosts  map[string]int           // subscriptions and requests, by callback's host
	asking int                      // requests that are being verified
	dirty  map[string]func() feeds.Fact
	soon   chan struct{} // something in dirty should not wait

	incidents   []feeds.Incident // as they were at incidentsAt
	incidentsAt time.Time

	hooks   []*hook
	alarms  []*alarm
	reel    *reel
	streams chan struct{} // a token for each open connection
}

// New makes a Pusher of what the store remembers. It opens no connection.
func New(o Options) (*Pusher, error) {
	o = o.withDefaults()
	if newHash(o.Signature) == nil {
		return nil, fmt.Errorf("push: no signature method %q; want sha256, sha384 or sha512", o.Signature)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Pusher{
		o: o, calls: cancel, ready: make(chan struct{}), ending: make(chan struct{}),
		topics: map[string]*topic{}, subs: map[string]*subscription{}, hosts: map[string]int{}, dirty: map[string]func() feeds.Fact{}, soon: make(chan struct{}, 1),
		streams: make(chan struct{}, o.Streams),
	}
	p.guard = guard.New(o.AllowNetworks...)
	p.web = client(p.guard, o)
	p.own = client(guard.New(o.WebhookNetworks...), o)
	p.courier = newCourier(ctx, o.Calls, o.CallsPerHost, o.Timeout, o.Patience, o.Now)
	p.reel = newReel(o.Store.Position())
	return p, nil
}

// client gives the HTTP client for receivers: every dial is guarded, redirects
// are answers (WebSub §7), and nobody's proxy is used.
func client(g *guard.Guard, o Options) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            g.Dialer(o.Timeout).DialContext,
			TLSHandshakeTimeout:    o.Timeout,
			MaxResponseHeaderBytes: 32 << 10,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxIdleConns:           o.Calls,
			MaxIdleConnsPerHost:    o.CallsPerHost,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Serve says what is published, before Run.
func (p *Pusher) Serve(site *serve.Server) { p.site = site }

const (
	sweepEvery = 30 * time.Second
	// lastCalls is how long calls that are under way may take once we are told to
	// stop.
	lastCalls = 3 * time.Second
)

// Run delivers until ctx ends, then lets calls that are under way come to their
// end for a moment and writes where everybody stands.
func (p *Pusher) Run(ctx context.Context) error {
	defer p.web.CloseIdleConnections()
	defer p.own.CloseIdleConnections()
	if err := p.restore(); err != nil {
		close(p.ending)
		return fmt.Errorf("push: %w", err)
	}
	close(p.ready)
	ctx, end := context.WithCancel(ctx)
	defer end()
	var work sync.WaitGroup
	work.Go(func() { p.courier.run(ctx) })
	work.Go(func() { p.keep(ctx) })
	work.Go(func() { p.watchIncidents(ctx) })
	err := p.watch(ctx)
	end()
	close(p.ending)
	cut := time.AfterFunc(lastCalls, p.calls)
	p.courier.close()
	cut.Stop()
	p.calls()
	work.Wait()
	p.flush(context.WithoutCancel(ctx))
	return err
}

// restore takes up what the store remembers and asks for what is due.
func (p *Pusher) restore() error {
	pushed, err := p.o.Store.Pushed()
	if err != nil {
		return err
	}
	lines := map[string]*feeds.Pushed{}
	for _, f := range pushed {
		lines[f.Line] = f
	}
	if p.o.Hub != "" {
		if err := p.restoreHub(lines); err != nil {
			return err
		}
	}
	if err := p.restoreHooks(lines); err != nil {
		return err
	}
	return p.restoreAlarms(lines)
}

// watch looks at what commits have touched, until ctx ends.
func (p *Pusher) watch(ctx context.Context) error {
	for {
		changed := p.o.Store.Changed()
		for ctx.Err() == nil && p.reel.at() < p.o.Store.Position() {
			news, err := p.reel.wind(p.o.Store)
			if errors.Is(err, storage.ErrClosed) {
				return nil
			}
			if errors.Is(err, storage.ErrDamaged) {
				break // the store has told of it, and the next commit is another try
			}
			if err != nil {
				return fmt.Errorf("push: %w", err)
			}
			if news {
				p.lookAtTopics()
				p.askHooks()
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// keep writes standings and ends leases, until ctx ends.
func (p *Pusher) keep(ctx context.Context) {
	flush, sweep := time.NewTicker(p.o.Write), time.NewTicker(sweepEvery)
	defer flush.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-p.soon:
			p.flush(ctx)
		case <-flush.C:
			p.flush(ctx)
		case <-sweep.C:
			p.sweep()
		case <-ctx.Done():
			return
		}
	}
}

// changed notes that a fact is to be written; word gives it, with p.mu held.
// p.mu is held.
func (p *Pusher) changed(key string, word func() feeds.Fact) { p.dirty[key] = word }

// writeSoon has what has changed written at once: who subscribed, and who left.
func (p *Pusher) writeSoon() {
	select {
	case p.soon <- struct{}{}:
	default:
	}
}

// flush writes what has changed. It is called by one goroutine at a time, so
// that what is said of one key keeps its order. What cannot be written is tried again with the
// next.
func (p *Pusher) flush(ctx context.Context) {
	p.mu.Lock()
	for _, t := range p.topics {
		p.settle(t)
	}
	words := p.dirty
	var said []feeds.Fact
	for _, word := range words {
		if f := word(); f != nil {
			said = append(said, f)
		}
	}
	p.dirty = map[string]func() feeds.Fact{}
	p.mu.Unlock()
	if len(said) == 0 {
		return
	}
	if _, err := p.o.Store.Append(ctx, p.o.Now(), said...); err != nil {
		if ctx.Err() == nil && !errors.Is(err, storage.ErrClosed) {
			p.o.Log.Error("where deliveries stand cannot be written; it is tried again", "stage", "push", "err", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for key, word := range words {
			if _, newer := p.dirty[key]; !newer {
				p.dirty[key] = word
			}
		}
	}
}

// hostOf gives what receivers share with others: the host's name, whatever the
// port, in lower case.
func hostOf(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

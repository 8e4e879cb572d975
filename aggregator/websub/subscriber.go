package websub

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/internal/guard"
)

// Options are what a Subscriber is made of. All but Lease, Timeout, Agent,
// MaxBody and AllowNetworks must be given.
type Options struct {
	Callback string        // address below which hubs call us, without a last slash
	Lease    time.Duration // what we ask for; 10 days
	Timeout  time.Duration // of a request to a hub; 10s
	Agent    string
	MaxBody  int64 // of what a hub pushes; 16 MiB

	// AllowNetworks opens networks that are not public to requests to hubs.
	AllowNetworks []netip.Prefix

	Sources []feeds.SourceID // that may be subscribed to
	Leases  []*feeds.Leased  // as the store has them
	// Say makes a fact durable.
	Say func(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error)
	Now func() time.Time
	Log *slog.Logger
}

// Subscriber holds our subscriptions at sources' hubs. Made by New; safe for
// concurrent use. A nil one subscribes to nothing.
type Subscriber struct {
	o     Options
	web   *http.Client
	guard *guard.Guard
	began time.Time
	work  chan pushed
	wake  chan struct{}

	mu      sync.Mutex
	allowed map[feeds.SourceID]bool
	leases  map[feeds.SourceID]*lease
	byToken map[string]*lease
}

// lease is a subscription with what is known of it while we run.
type lease struct {
	feeds.Leased
	pending bool // we have asked, and the hub may verify
	granted time.Time
	missed  bool // a poll found what the hub should have pushed
	said    bool // that its end was told
}

// pushed is a body that a hub has brought.
type pushed struct {
	source      feeds.SourceID
	body        []byte
	contentType string
}

const (
	// waitForHub is how long a hub may take from our asking to its verification.
	waitForHub = time.Hour
	// longestLease is what we believe of a hub's lease.
	longestLease = 365 * 24 * time.Hour

	firstStep   = time.Minute
	longestStep = 24 * time.Hour

	waiting = 64 // bodies that wait to be read; a hub tries again
	readers = 4  // bodies that are read at a time
)

// New makes a Subscriber. It asks nobody before Run.
func New(o Options) *Subscriber {
	o.Lease = cmp.Or(o.Lease, 10*24*time.Hour)
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.MaxBody = cmp.Or(o.MaxBody, 16<<20)
	o.Agent = cmp.Or(o.Agent, "communique")
	s := &Subscriber{o: o, guard: guard.New(o.AllowNetworks...), began: o.Now(), work: make(chan pushed, waiting), wake: make(chan struct{}, 1),
		allowed: map[feeds.SourceID]bool{}, leases: map[feeds.SourceID]*lease{}, byToken: map[string]*lease{}}
	s.web = &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{DialContext: s.guard.Dialer(o.Timeout).DialContext, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: 32 << 10, MaxIdleConns: 16, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: s.follow,
	}
	for _, id := range o.Sources {
		s.allowed[id] = true
	}
	for _, f := range o.Leases {
		if f.Token != "" {
			l := &lease{Leased: *f, granted: f.Asked}
			s.leases[f.Source], s.byToken[f.Token] = l, l
		}
	}
	return s
}

// follow follows a hub that has moved, as long as it may be asked the same there
// (307, 308).
func (s *Subscriber) follow(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > 3:
		return errors.New("more than 3 redirects")
	case req.Method != http.MethodPost:
		return fmt.Errorf("redirects as if we wanted to read it (%d); a hub that has moved says 307 or 308", req.Response.StatusCode)
	case via[0].URL.Scheme == "https" && req.URL.Scheme != "https":
		return errors.New("redirects from https to http, where anybody could read our secret")
	}
	return s.guard.CheckURL(req.URL)
}

// Found notes what a source says of hubs, and under what address they know it.
// The first hub that will do is asked, one with TLS rather than one without.
func (s *Subscriber) Found(id feeds.SourceID, topic string, hubs []string) {
	if s == nil || !s.allowed[id] {
		return
	}
	hub := s.choose(hubs)
	if topic == "" || hub == "" {
		return // what we have is renewed until the hub says no
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[id]
	if l != nil && l.Topic == topic && l.Hub == hub {
		return
	}
	if l != nil {
		delete(s.byToken, l.Token)
	}
	l = &lease{Leased: feeds.Leased{Source: id, Topic: topic, Hub: hub, Token: random(24), Secret: random(32)}}
	s.leases[id], s.byToken[l.Token] = l, l
	s.nudge()
}

func (s *Subscriber) choose(hubs []string) string {
	best := ""
	for _, raw := range hubs {
		u, err := url.Parse(raw)
		if err != nil || u.User != nil || len(raw) > 2048 || s.guard.CheckURL(u) != nil {
			continue
		}
		u.Fragment = ""
		if u.Scheme == "https" {
			return u.String()
		}
		if best == "" {
			best = u.String()
		}
	}
	return best
}

// random gives octets that nobody can guess, as text for URLs.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Live reports whether a hub tells us of a source's news, so that it need not be
// asked often.
func (s *Subscriber) Live(id feeds.SourceID) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[id]
	return l != nil && s.allowed[id] && !l.missed && l.Until.After(s.o.Now())
}

// Missed says that a poll found news; the poll before it was at the given time.
// When the lease held since then, the hub has not kept its word, and the source
// is polled as others are until it does.
func (s *Subscriber) Missed(id feeds.SourceID, before time.Time) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.leases[id]
	if l == nil || l.missed || !l.Until.After(s.o.Now()) || !before.After(s.began) || !before.After(l.granted) {
		return
	}
	l.missed = true
	s.o.Log.Warn("a hub did not tell of news that a poll has found; the source is polled until it does", "source", id, "stage", "push", "url", l.Hub)
}

func (s *Subscriber) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run asks hubs, renews leases and hands on what hubs push, until ctx ends.
// take reads a body; ended is called when a source has to be polled again.
func (s *Subscriber) Run(ctx context.Context, take func(ctx context.Context, id feeds.SourceID, body []byte, contentType string) error, ended func(feeds.SourceID)) {
	var work sync.WaitGroup
	defer work.Wait()
	defer s.web.CloseIdleConnections()
	for range readers {
		work.Go(func() {
			for {
				select {
				case p := <-s.work:
					if err := take(ctx, p.source, p.body, p.contentType); err != nil && ctx.Err() == nil {
						s.o.Log.Warn("what a hub pushed cannot be used", "source", p.source, "stage", "push", "err", err)
					}
				case <-ctx.Done():
					return
				}
			}
		})
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		due, over, next := s.look()
		for _, id := range over {
			s.o.Log.Info("the lease at a source's hub is over", "source", id, "stage", "push")
			ended(id)
		}
		for _, l := range due {
			if ctx.Err() == nil {
				s.ask(ctx, l)
			}
		}
		timer.Reset(min(next, time.Minute)) // a timer does not see that the clock was set
	}
}

// look gives the leases to ask for, the sources whose lease is over, and how
// long nothing else is due.
func (s *Subscriber) look() (due []*lease, over []feeds.SourceID, next time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	next = time.Minute
	for id, l := range s.leases {
		if !s.allowed[id] {
			continue
		}
		if !l.Until.IsZero() && !l.Until.After(now) && !l.said {
			l.said = true
			over = append(over, id)
		}
		if at := l.next(); at.After(now) {
			next = min(next, at.Sub(now))
		} else {
			due = append(due, l)
		}
	}
	slices.SortFunc(due, func(a, b *lease) int { return strings.Compare(string(a.Source), string(b.Source)) })
	return due, over, max(next, time.Second)
}

// next gives when the hub is to be asked: at once, when a retry is due, when it
// has let us wait for its verification too long, or when three quarters of the
// lease have gone and a bit more, which differs from source to source.
func (l *lease) next() time.Time {
	switch {
	case !l.Due.IsZero():
		return l.Due
	case l.pending:
		return l.Asked.Add(waitForHub)
	case l.Until.IsZero():
		return l.Asked
	}
	return l.granted.Add(l.Until.Sub(l.granted) * time.Duration(750+jitter(l.Source)%150) / 1000)
}

func jitter(id feeds.SourceID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	return h.Sum64()
}

// ask asks a hub for a lease, new or renewed.
func (s *Subscriber) ask(ctx context.Context, l *lease) {
	s.mu.Lock()
	now := s.o.Now()
	if l.pending && l.Due.IsZero() { // it was asked before, and never verified
		l.failed(now, "the hub took our request and never verified it: it may not reach "+s.o.Callback)
		l.pending = false
		f := l.Leased
		s.mu.Unlock()
		s.say(ctx, &f)
		return
	}
	l.pending, l.Asked, l.Due = true, now, time.Time{} // before it is sent: some hubs verify before they answer
	hub := l.Hub
	form := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {l.Topic}, "hub.callback": {s.o.Callback + "/" + l.Token},
		"hub.secret": {l.Secret}, "hub.lease_seconds": {strconv.Itoa(int(s.o.Lease / time.Second))}}
	f := l.Leased
	s.mu.Unlock()
	s.say(ctx, &f) // the token must outlive us: the hub will call it

	err := s.post(ctx, hub, form)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	if err != nil {
		l.pending = false
		l.failed(now, err.Error())
		s.o.Log.Warn("a source's hub does not take our subscription", "source", l.Source, "stage", "push", "url", hub, "failures", l.Failures, "next", l.Due, "err", err)
	}
	f = l.Leased
	s.mu.Unlock()
	if err != nil {
		s.say(ctx, &f)
	}
}

func (s *Subscriber) post(ctx context.Context, hub string, form url.Values) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hub, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", s.o.Agent)
	res, err := s.web.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL stands beside it
		}
		return fmt.Errorf("hub: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		text := make([]byte, 200)
		n, _ := res.Body.Read(text) // as much of its reason as there is
		return fmt.Errorf("the hub answers %d %s", res.StatusCode, printable(string(text[:n])))
	}
	return nil
}

// printable makes a stranger's words fit for a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// failed notes a failure and when to try again.
func (l *lease) failed(now time.Time, why string) {
	if l.Failures == 0 {
		l.Failing = now
	}
	l.Failures++
	l.Error = why
	wait := min(firstStep<<min(l.Failures-1, 11), longestStep)
	l.Due = now.Add(wait + wait*time.Duration(jitter(l.Source)%20)/100)
}

// say makes a lease durable. That it cannot be is logged: the worst that comes
// of it is that a hub is asked once more.
func (s *Subscriber) say(ctx context.Context, f *feeds.Leased) {
	if _, err := s.o.Say(ctx, s.o.Now(), f); err != nil && ctx.Err() == nil {
		s.o.Log.Error("a lease cannot be stored", "source", f.Source, "stage", "push", "err", err)
	}
}

// Leases gives the subscriptions, by source, for those who ask how they do.
func (s *Subscriber) Leases() []feeds.Leased {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []feeds.Leased
	for id, l := range s.leases {
		if s.allowed[id] {
			out = append(out, l.Leased)
		}
	}
	slices.SortFunc(out, func(a, b feeds.Leased) int { return strings.Compare(string(a.Source), string(b.Source)) })
	return out
}

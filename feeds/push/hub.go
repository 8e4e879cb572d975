package push

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/serve"
	"communique/internal/guard"
)

// Limits of a request to the hub.
const (
	maxRequest  = 32 << 10
	maxCallback = 2 << 10
	maxSecret   = 199 // octets; WebSub §5.1: fewer than 200
	maxAsking   = 1000
)

// request is what somebody asks of the hub.
type request struct {
	mode     string // subscribe, unsubscribe or denied
	topic    string // the feed's own address
	spelled  string // hub.topic, as it came
	callback string
	host     string
	secret   string
	lease    time.Duration
	feed     *serve.Topic // nil for an end of what is no feed any more
	why      string       // it is denied
}

// no is an answer to a request that is refused at once.
type no struct {
	status int
	text   string
}

func (n *no) Error() string { return n.text }

func refuse(status int, format string, args ...any) error {
	return &no{status, fmt.Sprintf(format, args...)}
}

// Hub answers at the hub's address (WebSub §5.1). What is well asked is
// answered 202, and then the callback is asked whether it meant it.
func (p *Pusher) Hub() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.Method != http.MethodPost {
			h.Set("Allow", "POST, OPTIONS")
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			w.WriteHeader(http.StatusMethodNotAllowed)
			fmt.Fprintln(w, "this is a WebSub hub: POST hub.mode, hub.topic and hub.callback to it as a form")
			return
		}
		select {
		case <-p.ready: // else who is subscribed is not known yet
		case <-p.ending:
		case <-r.Context().Done():
			return
		}
		req, err := p.read(w, r)
		if err == nil {
			err = p.accept(req)
		}
		var refused *no
		switch {
		case err == nil:
			w.WriteHeader(http.StatusAccepted)
			fmt.Fprintf(w, "the callback is asked whether it wants to %s\n", req.mode)
		case errors.As(err, &refused):
			if refused.status == http.StatusServiceUnavailable || refused.status == http.StatusTooManyRequests {
				h.Set("Retry-After", "60")
			}
			w.WriteHeader(refused.status)
			fmt.Fprintln(w, refused.text)
		default:
			p.o.Log.Error("request to the hub failed", "stage", "push", "err", err)
			h.Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, "the hub cannot answer right now; ask again in a minute")
		}
	})
}

// read reads a request and says what is wrong with it.
func (p *Pusher) read(w http.ResponseWriter, r *http.Request) (*request, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, refuse(http.StatusUnsupportedMediaType, "want a form: Content-Type application/x-www-form-urlencoded")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the request is larger than %d octets", maxRequest)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the request cannot be read")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the form cannot be read: %v", err)
	}
	for _, name := range []string{"hub.mode", "hub.topic", "hub.callback", "hub.secret", "hub.lease_seconds"} {
		if len(form[name]) > 1 {
			return nil, refuse(http.StatusBadRequest, "%s is given %d times, want it once", name, len(form[name]))
		}
	}
	req := &request{mode: form.Get("hub.mode"), spelled: form.Get("hub.topic"), callback: form.Get("hub.callback"), secret: form.Get("hub.secret")}
	switch req.mode {
	case "subscribe", "unsubscribe":
	case "publish":
		return nil, refuse(http.StatusBadRequest, "hub.mode=publish: this hub serves the feeds of its own site and knows when they change")
	case "":
		return nil, refuse(http.StatusBadRequest, "hub.mode is missing; want subscribe or unsubscribe")
	default:
		return nil, refuse(http.StatusBadRequest, "hub.mode=%q: want subscribe or unsubscribe", short(req.mode))
	}
	if req.host, err = p.callback(req.callback); err != nil {
		return nil, err
	}
	if len(req.secret) > maxSecret {
		return nil, refuse(http.StatusBadRequest, "hub.secret has %d octets, want fewer than %d", len(req.secret), maxSecret+1)
	}
	if req.lease, err = p.lease(form.Get("hub.lease_seconds")); err != nil {
		return nil, err
	}
	if req.spelled == "" {
		return nil, refuse(http.StatusBadRequest, "hub.topic is missing; want the address that a feed gives as its own (rel=self)")
	}
	return req, p.find(req)
}

// find finds the topic of a request. What was a feed once can still be ended.
func (p *Pusher) find(req *request) (err error) {
	if req.feed, err = p.site.Topic(req.spelled); err == nil {
		req.topic = req.feed.Self
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, held := p.subs[(&feeds.Subscribed{Topic: req.spelled, Callback: req.callback}).Key()]; held && req.mode == "unsubscribe" {
		req.topic = req.spelled
		return nil
	}
	return refuse(http.StatusNotFound, "hub.topic: %s", serve.InFull(err))
}

// callback checks the address of a callback as far as that can be done without
// asking it, and gives its host.
func (p *Pusher) callback(address string) (host string, err error) {
	if address == "" {
		return "", refuse(http.StatusBadRequest, "hub.callback is missing; want the address that is to be called")
	}
	if len(address) > maxCallback {
		return "", refuse(http.StatusBadRequest, "hub.callback has %d octets, want at most %d", len(address), maxCallback)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", refuse(http.StatusBadRequest, "hub.callback is no URL")
	case u.User != nil:
		return "", refuse(http.StatusBadRequest, "hub.callback has a user name in it; put what nobody may guess into its path")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return "", refuse(http.StatusBadRequest, "hub.callback has a fragment (#), which is never sent")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", refuse(http.StatusBadRequest, "hub.callback=%q: want a whole address that begins with http:// or https://", short(address))
	}
	if err := p.guard.CheckURL(u); err != nil {
		var refused *guard.Refused
		if errors.As(err, &refused) {
			return "", refuse(http.StatusBadRequest, "hub.callback: %s", refused.What)
		}
		return "", refuse(http.StatusBadRequest, "hub.callback: %v", err)
	}
	return hostOf(u.Hostname()), nil
}

// lease gives the lease for what was asked, within the bounds.
func (p *Pusher) lease(asked string) (time.Duration, error) {
	if asked == "" {
		return p.o.Lease, nil
	}
	if strings.Trim(asked, "0123456789") != "" {
		return 0, refuse(http.StatusBadRequest, "hub.lease_seconds=%q: want a number of seconds", short(asked))
	}
	seconds, err := strconv.ParseInt(asked, 10, 64)
	if err != nil || seconds > int64(p.o.MaxLease/time.Second) {
		return p.o.MaxLease, nil
	}
	return max(time.Duration(seconds)*time.Second, p.o.MinLease), nil
}

// accept finds room for a request and has its callback asked.
func (p *Pusher) accept(req *request) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, held := p.subs[(&feeds.Subscribed{Topic: req.topic, Callback: req.callback}).Key()]
	if isNew := req.mode == "subscribe" && !held; isNew {
		t := p.topics[req.topic]
		switch {
		case len(p.subs)+p.asking >= p.o.Subscriptions:
			return refuse(http.StatusServiceUnavailable, "the hub is full: it has %d subscriptions; poll the feed instead", p.o.Subscriptions)
		case t != nil && len(t.subs) >= p.o.SubscriptionsPerTopic:
			return refuse(http.StatusServiceUnavailable, "the topic is full: it has %d subscriptions; poll the feed instead", p.o.SubscriptionsPerTopic)
		case t == nil && len(p.topics) >= p.o.Topics:
			return refuse(http.StatusServiceUnavailable, "the hub is full: it serves %d feeds; subscribe to a broader one, or poll this one", p.o.Topics)
		case p.hosts[req.host] >= p.o.SubscriptionsPerHost:
			return refuse(http.StatusTooManyRequests, "%s has %d subscriptions, and no host may have more", req.host, p.o.SubscriptionsPerHost)
		}
	}
	if p.asking >= maxAsking {
		return refuse(http.StatusServiceUnavailable, "the hub asks %d callbacks at this moment; ask again in a minute", maxAsking)
	}
	select {
	case <-p.ending:
		return refuse(http.StatusServiceUnavailable, "the hub is stopping; ask again in a minute")
	default:
	}
	p.asking++
	p.hosts[req.host]++ // until it is settled
	slow := false       // one call at a time reads and writes it
	p.courier.ask(newLine(req.host, func() bool { return slow }, func(ctx context.Context) time.Time {
		if errors.Is(p.verify(ctx, req), errSlow) && !slow {
			slow = true
			return p.o.Now()
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asking--
		if p.hosts[req.host]--; p.hosts[req.host] <= 0 {
			delete(p.hosts, req.host)
		}
		return time.Time{}
	}), p.o.Now())
	return nil
}

// verify asks a callback whether it wants what was asked in its name (WebSub
// §5.3), and does it when it does. Nothing changes before.
func (p *Pusher) verify(ctx context.Context, req *request) error {
	if err := p.confirm(ctx, req); err != nil {
		p.o.Log.Info("request to the hub not confirmed", "stage", "push", "mode", req.mode, "url", req.callback, "topic", req.topic, "err", err)
		return err
	}
	if req.mode == "unsubscribe" {
		p.mu.Lock()
		if s := p.subs[(&feeds.Subscribed{Topic: req.topic, Callback: req.callback}).Key()]; s != nil {
			p.end(s, "unsubscribed")
		}
		p.mu.Unlock()
		return nil
	}
	if err := p.subscribe(req); err != nil {
		p.o.Log.Error("subscription cannot be kept", "stage", "push", "url", req.callback, "topic", req.topic, "err", err)
		return err
	}
	p.o.Log.Info("subscribed", "stage", "push", "url", req.callback, "topic", req.topic, "lease", req.lease)
	return nil
}

// confirm sends the challenge and reads the answer.
func (p *Pusher) confirm(ctx context.Context, req *request) error {
	q := url.Values{"hub.mode": {req.mode}, "hub.topic": {req.spelled}}
	challenge := ""
	if req.mode != "denied" {
		var b [24]byte
		if _, err := rand.Read(b[:]); err != nil {
			return err
		}
		challenge = base64.RawURLEncoding.EncodeToString(b[:])
		q.Set("hub.challenge", challenge)
	}
	if req.why != "" {
		q.Set("hub.reason", req.why)
	}
	if req.mode == "subscribe" {
		q.Set("hub.lease_seconds", strconv.Itoa(int(req.lease/time.Second)))
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, withQuery(req.callback, q), nil)
	if err != nil {
		return err
	}
	get.Header.Set("User-Agent", p.o.Agent)
	res, err := p.web.Do(get)
	if err != nil {
		return reason(ctx, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	switch {
	case res.StatusCode < 200 || res.StatusCode > 299:
		return fmt.Errorf("answers %d", res.StatusCode)
	case err != nil:
		return reason(ctx, err)
	case challenge != "" && subtle.ConstantTimeCompare(answer, []byte(challenge)) != 1:
		return fmt.Errorf("does not echo the challenge")
	}
	return nil
}

// subscribe makes or renews a subscription.
func (p *Pusher) subscribe(req *request) error {
	now := p.o.Now()
	f := feeds.Subscribed{Topic: req.topic, Callback: req.callback, Secret: req.secret, Since: now, Until: now.Add(req.lease)}
	if req.spelled != req.topic {
		f.Spelled = req.spelled
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t, err := p.topicOf(req.feed)
	if err != nil {
		return err
	}
	s := p.subs[f.Key()]
	if s != nil {
		f.Since, f.Standing = s.Since, s.Standing
		s.Subscribed = f
	} else {
		s = p.add(t, f, req.host)
		s.served = t.content.Load().Mark
	}
	p.remember(s)
	p.writeSoon()
	return nil
}

// restoreHub takes up the subscriptions of the store.
func (p *Pusher) restoreHub(lines map[string]*feeds.Pushed) error {
	held, err := p.o.Store.Subscriptions()
	if err != nil {
		return err
	}
	now := p.o.Now()
	taken := map[string]bool{}
	for _, f := range held {
		taken[f.Key()] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range held {
		host := ""
		if u, err := url.Parse(f.Callback); err == nil {
			host = hostOf(u.Hostname())
		}
		feed, err := p.site.Topic(f.Topic)
		if err != nil {
			p.deny(f, host, err)
			continue
		}
		renamed := f.Topic != feed.Self
		if renamed {
			f = p.rename(f, feed.Self)
			if taken[f.Key()] { // it subscribed to the new name, too
				continue
			}
			taken[f.Key()] = true
		}
		t, err := p.topicOf(feed)
		if err != nil {
			return err
		}
		s := p.add(t, *f, host)
		if renamed {
			p.remember(s)
		}
		done := lines[t.url]
		if done == nil { // it was written with its first subscription; be sure
			done = &feeds.Pushed{Line: t.url}
		}
		t.settled, t.asWritten = done.Mark, done.Mark
		if f.Failures == 0 {
			s.served = done.Mark
		}
		switch content := t.content.Load(); {
		case f.Failures > 0 && f.Due.IsZero() && content.Mark == done.Mark: // given up for this content
		case f.Due.After(now):
			p.courier.ask(s.line, f.Due)
		case s.served != content.Mark:
			p.courier.ask(s.line, now)
		}
	}
	return nil
}

// rename gives a subscription for what its topic is called now, and forgets it
// under the old name. Its subscriber goes on to write the old one. p.mu is held.
func (p *Pusher) rename(f *feeds.Subscribed, now string) *feeds.Subscribed {
	for _, over := range []feeds.Fact{&feeds.Subscribed{Topic: f.Topic, Callback: f.Callback}, &feeds.Pushed{Line: f.Topic}} {
		p.changed(over.Key(), func() feeds.Fact { return over })
	}
	p.o.Log.Info("topic renamed", "stage", "push", "url", f.Callback, "from", f.Topic, "to", now)
	renamed := *f
	renamed.Topic, renamed.Spelled = now, cmp.Or(f.Spelled, f.Topic)
	return &renamed
}

// deny tells a subscriber that its topic is no more (WebSub §5.2), once, and
// forgets it. p.mu is held.
func (p *Pusher) deny(f *feeds.Subscribed, host string, why error) {
	over := &feeds.Subscribed{Topic: f.Topic, Callback: f.Callback}
	req := &request{mode: "denied", topic: f.Topic, spelled: f.Topic, callback: f.Callback, host: host,
		why: why.Error()}
	if f.Spelled != "" {
		req.spelled = f.Spelled
	}
	p.o.Log.Info("subscription denied", "stage", "push", "url", f.Callback, "topic", f.Topic, "why", req.why)
	p.courier.ask(newLine(host, func() bool { return false }, func(ctx context.Context) time.Time {
		_ = p.confirm(ctx, req) // it is told once; a second time would change nothing
		p.mu.Lock()
		defer p.mu.Unlock()
		p.changed(over.Key(), func() feeds.Fact { return over })
		return time.Time{}
	}), p.o.Now())
}

// sweep ends what is over.
func (p *Pusher) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	for _, s := range p.subs {
		if !s.Until.After(now) {
			p.end(s, "the lease is over")
		}
	}
}

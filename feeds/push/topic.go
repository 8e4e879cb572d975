package push

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"communique/feeds"
	"communique/feeds/serve"
)

// topic is a feed with subscribers.
type topic struct {
	url  string
	feed *serve.Topic
	subs map[*subscription]bool
	// content is what is to be delivered; without a Body when everybody has it.
	content atomic.Pointer[serve.Content]
	link    string // the Link header field of deliveries

	// settled is the mark up to which everybody was served, or has a retry of
	// their own in the store; asWritten is the one that the store knows.
	settled, asWritten uint64
}

// subscription is one at our hub. Its fact is under Pusher.mu.
type subscription struct {
	feeds.Subscribed
	topic  *topic
	line   *line
	served uint64 // the mark of what it was last served; 0 when that is unknown
	slow   atomic.Bool
	ended  bool
}

// slowFrom is how long a good answer may take before the receiver counts as
// slow; above the time that a busy machine takes.
const slowFrom = time.Second

// topicOf gives the topic, a new one when it has no subscribers yet. p.mu is
// held.
func (p *Pusher) topicOf(feed *serve.Topic) (*topic, error) {
	if t := p.topics[feed.Self]; t != nil {
		return t, nil
	}
	mark, err := feed.Mark()
	if err != nil {
		return nil, err
	}
	t := &topic{url: feed.Self, feed: feed, subs: map[*subscription]bool{}, settled: mark,
		link: "<" + p.o.Hub + `>; rel="hub", <` + feed.Self + `>; rel="self"`}
	t.content.Store(&serve.Content{Mark: mark})
	p.topics[t.url] = t
	return t, nil
}

// lookAtTopics finds the topics whose content has changed and sends their
// subscribers on their way, those of the most first.
func (p *Pusher) lookAtTopics() {
	p.mu.Lock()
	topics := slices.Collect(maps.Values(p.topics))
	slices.SortFunc(topics, func(a, b *topic) int {
		return cmp.Or(cmp.Compare(len(b.subs), len(a.subs)), strings.Compare(a.url, b.url))
	})
	p.mu.Unlock()
	for _, t := range topics {
		mark, err := t.feed.Mark()
		if err == nil && mark == t.content.Load().Mark {
			continue
		}
		if err == nil {
			_, err = p.renew(t)
		}
		if err != nil {
			p.o.Log.Error("topic cannot be rendered", "stage", "push", "url", t.url, "err", err)
		}
	}
}

// renew takes over what a topic holds now, sends its subscribers on their way
// when that has changed, and gives it.
func (p *Pusher) renew(t *topic) (*serve.Content, error) {
	c, err := t.feed.Content() // without the lock: rendering takes its time
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	old := t.content.Load()
	t.content.Store(&c)
	var lines []*line
	switch {
	case c.Mark == old.Mark:
	case c.Tag == old.Tag: // it was touched, and says the same
		for s := range t.subs {
			if s.served == old.Mark {
				s.served = c.Mark
			}
		}
	default:
		lines = t.due(p.o.Now())
	}
	p.mu.Unlock()
	p.courier.askAll(lines)
	return &c, nil
}

// due gives the lines of those who may be called: whoever waits for a retry
// gets the new content then. p.mu is held.
func (t *topic) due(now time.Time) []*line {
	lines := make([]*line, 0, len(t.subs))
	for s := range t.subs {
		if !s.Due.After(now) {
			lines = append(lines, s.line)
		}
	}
	return lines
}

// add makes a subscription of a fact. p.mu is held.
func (p *Pusher) add(t *topic, f feeds.Subscribed, host string) *subscription {
	s := &subscription{Subscribed: f, topic: t}
	s.slow.Store(f.Failures > 0)
	s.line = newLine(host, s.slow.Load, func(ctx context.Context) time.Time { return p.deliver(ctx, s) })
	t.subs[s] = true
	p.subs[f.Key()] = s
	p.hosts[host]++
	return s
}

// end forgets a subscription, in the store with the next flush. p.mu is held.
func (p *Pusher) end(s *subscription, why string) {
	if s.ended {
		return
	}
	s.ended = true
	p.courier.drop(s.line)
	delete(s.topic.subs, s)
	delete(p.subs, s.Key())
	if p.hosts[s.line.host]--; p.hosts[s.line.host] <= 0 {
		delete(p.hosts, s.line.host)
	}
	if len(s.topic.subs) == 0 {
		delete(p.topics, s.topic.url)
		empty := &feeds.Pushed{Line: s.topic.url}
		p.changed(empty.Key(), func() feeds.Fact {
			if p.topics[empty.Line] != nil {
				return nil // somebody has come since
			}
			return empty
		})
	}
	over := &feeds.Subscribed{Topic: s.Topic, Callback: s.Callback}
	p.changed(over.Key(), func() feeds.Fact { return over })
	p.writeSoon()
	p.o.Log.Info("subscription ended", "stage", "push", "why", why, "url", s.Callback, "topic", s.Topic)
}

// deliver posts the topic's content to a subscriber, whole, as a reader who
// asks for it would get it (WebSub §7).
func (p *Pusher) deliver(ctx context.Context, s *subscription) (again time.Time) {
	p.mu.Lock()
	now := p.o.Now()
	c := s.topic.content.Load()
	switch {
	case s.ended:
		p.mu.Unlock()
		return time.Time{}
	case !s.Until.After(now):
		p.end(s, "the lease is over")
		p.mu.Unlock()
		return time.Time{}
	case s.served == c.Mark:
		if reached(&s.Standing, now) {
			p.remember(s)
		}
		p.mu.Unlock()
		return time.Time{}
	}
	to, secret := s.Callback, s.Secret
	p.mu.Unlock()
	if c.Body == nil {
		var err error
		if c, err = p.renew(s.topic); err != nil {
			p.o.Log.Error("topic cannot be rendered", "stage", "push", "url", s.Topic, "err", err)
			return p.o.Now().Add(time.Minute)
		}
	}

	h := http.Header{"Content-Type": {c.Type}, "Link": {s.topic.link}, "User-Agent": {p.o.Agent}}
	if secret != "" {
		h["X-Hub-Signature"] = []string{signature(p.o.Signature, secret, c.Body)}
	}
	begun := time.Now()
	f := post(ctx, p.web, to, h, c.Body)
	took := time.Since(begun)
	if f == nil || !f.cancelled && !f.cut {
		p.o.Delivered(false, f == nil)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	now = p.o.Now()
	switch {
	case s.ended, f != nil && f.cancelled:
	case f != nil && f.cut:
		s.slow.Store(true)
		return now
	case f == nil:
		s.served = c.Mark
		s.slow.Store(took > slowFrom)
		if reached(&s.Standing, now) {
			p.remember(s)
		}
		if s.topic.content.Load().Mark != c.Mark {
			return now
		}
	case f.status == http.StatusGone:
		p.end(s, "the callback answers 410")
	default:
		s.slow.Store(true)
		failed(&s.Standing, s.Key(), now, f.err, f.retryAfter, p.o.Retry)
		p.remember(s)
		p.o.Log.Debug("delivery failed", "stage", "push", "url", to, "topic", s.Topic, "failures", s.Failures, "next", s.Due, "err", f.err)
		return s.Due
	}
	return time.Time{}
}

// remember has a subscription written with the next flush. p.mu is held.
func (p *Pusher) remember(s *subscription) {
	p.changed(s.Key(), func() feeds.Fact {
		if s.ended {
			return &feeds.Subscribed{Topic: s.Topic, Callback: s.Callback}
		}
		f := s.Subscribed
		return &f
	})
}

// settle notes up to what content a topic's subscribers were all served or
// have a retry of their own. Until then the store knows the content before, so
// that a restart serves everybody again. p.mu is held.
func (p *Pusher) settle(t *topic) {
	c := t.content.Load()
	if t.settled != c.Mark {
		for s := range t.subs {
			if s.served != c.Mark && s.Failures == 0 {
				return
			}
		}
		t.settled = c.Mark
	}
	if c.Body != nil { // a retry renders it again
		t.content.Store(&serve.Content{Mark: c.Mark, Tag: c.Tag})
	}
	if t.asWritten == t.settled {
		return
	}
	t.asWritten = t.settled
	f := &feeds.Pushed{Line: t.url, Mark: t.settled}
	p.changed(f.Key(), func() feeds.Fact { return f })
}

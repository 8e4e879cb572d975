package push

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"communique/feeds"
	"communique/feeds/render"
)

// Webhook is an address of the operator's that is told of every statement of a
// feed, one at a time and in the order of the journal.
type Webhook struct {
	Name   string
	URL    string
	Secret string // "whsec_" and base64, else taken as it stands
	Path   string // the published feed that it is told of; "" when Feed says it
	Feed   feeds.Feed
	Events []string // of StatementEvents, which none stands for, and of incidents: incident.began, incident.ended, or incidents for both
}

// StatementEvents are what webhooks are told of statements.
var StatementEvents = []string{statementPublished, statementUpdated, statementWithdrawn}

const (
	statementPublished = "statement.published"
	statementUpdated   = "statement.updated"
	statementWithdrawn = "statement.withdrawn"
)

// hookLine begins the line of a webhook in feeds.Pushed.
const hookLine = "webhook:"

// hook is a webhook at work. Its fact is under Pusher.mu.
type hook struct {
	Webhook
	view view
	line *line
	key  []byte // that signs
	slow atomic.Bool

	pushed feeds.Pushed
	part   int // events of the record behind pushed.Seq that it has had already
	// back is when it began to catch up with what came after pushed.Through, zero
	// when that is not known. Between the two it was told nothing.
	back time.Time
}

// signingKey gives the key of a secret as Standard Webhooks writes them.
func signingKey(secret string) []byte {
	if b64, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(b64); err == nil {
			return key
		}
	}
	return []byte(secret)
}

// restoreHooks takes up where the webhooks stand. A new one begins with what
// comes from now on; one that is configured no more is forgotten.
func (p *Pusher) restoreHooks(lines map[string]*feeds.Pushed) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	at := p.reel.at()
	for i := range p.o.Webhooks {
		w := p.o.Webhooks[i]
		if !w.tellsStatements() {
			continue
		}
		u, err := url.Parse(w.URL)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", w.Name, err)
		}
		if w.Path != "" {
			if w.Feed, err = p.site.Feed(w.Path); err != nil {
				return fmt.Errorf("webhook %s: %w", w.Name, err)
			}
		}
		h := &hook{Webhook: w, key: signingKey(w.Secret)}
		h.view = view{key: "webhook " + w.Name, query: w.Feed.Query, languages: render.Languages(w.Feed)}
		h.line = newLine(hostOf(u.Hostname()), h.slow.Load, func(ctx context.Context) time.Time { return p.tell(ctx, h) })
		line := hookLine + w.Name
		if held := lines[line]; held != nil && held.Seq <= at {
			h.pushed = *held
			delete(lines, line)
		} else {
			if held != nil {
				p.o.Log.Warn("a webhook stood at a record that is not in the store, which may be a backup; it goes on with what comes from now on", "stage", "push", "webhook", w.Name, "seq", held.Seq)
			}
			h.pushed = feeds.Pushed{Line: line, Mark: 1, Seq: at, Through: now} // Mark: there is something to remember also at record 0
			p.rememberHook(h)
		}
		delete(lines, line)
		h.slow.Store(h.pushed.Failures > 0)
		p.hooks = append(p.hooks, h)
		p.courier.ask(h.line, later(h.pushed.Due, now))
	}
	for line := range lines {
		if strings.HasPrefix(line, hookLine) {
			over := &feeds.Pushed{Line: line}
			p.changed(over.Key(), func() feeds.Fact { return over })
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// askHooks has the webhooks told of what is new, but for those that wait for a
// retry.
func (p *Pusher) askHooks() {
	p.mu.Lock()
	now := p.o.Now()
	var lines []*line
	for _, h := range p.hooks {
		if !h.pushed.Due.After(now) {
			lines = append(lines, h.line)
		}
	}
	p.mu.Unlock()
	p.courier.askAll(lines)
}

// rememberHook has a webhook's place written with the next flush. p.mu is held.
func (p *Pusher) rememberHook(h *hook) {
	p.changed(h.pushed.Key(), func() feeds.Fact {
		f := h.pushed
		return &f
	})
}

// message is what is posted to a webhook.
type message struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"` // when it happened
	Data      json.RawMessage `json:"data"`
}

// tell posts the next event to a webhook.
func (p *Pusher) tell(ctx context.Context, h *hook) (again time.Time) {
	p.mu.Lock()
	begun := p.o.Now()
	if !h.pushed.Reached.After(h.pushed.Through) {
		h.back = begun
	}
	from, part, missed := h.pushed.Seq, h.part, span{h.pushed.Through, h.back}
	p.mu.Unlock()
	next, upTo, err := p.nextEvent(h, from, part, missed)
	if err != nil {
		p.o.Log.Error("webhook cannot read on", "stage", "push", "webhook", h.Name, "err", err)
		return p.o.Now().Add(time.Minute)
	}
	if next == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if far := upTo-from > 1000; far || reached(&h.pushed.Standing, h.pushed.Reached) {
			p.rememberHook(h) // or a restart would look through all that again
		}
		h.pushed.Seq, h.part = upTo, 0
		if upTo < p.reel.at() {
			return p.o.Now()
		}
		if h.pushed.Reached.After(h.pushed.Through) {
			p.rememberHook(h)
		}
		h.pushed.Through = begun
		return time.Time{}
	}

	f := p.send(ctx, &h.Webhook, h.key, next.id, next.message)

	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	switch {
	case f == nil:
		h.slow.Store(false)
		reached(&h.pushed.Standing, now)
		if next.last {
			h.pushed.Seq, h.part = next.seq, 0
		} else {
			h.pushed.Seq, h.part = next.seq-1, next.part
		}
		p.rememberHook(h)
		return now
	case f.cancelled:
		return time.Time{}
	case f.cut:
		h.slow.Store(true)
		return now
	}
	h.slow.Store(true)
	failed(&h.pushed.Standing, h.Name, now, f.err, f.retryAfter, 0)
	p.rememberHook(h)
	p.o.Log.Warn("webhook failed", "stage", "push", "webhook", h.Name, "failures", h.pushed.Failures, "next", h.pushed.Due, "err", f.err)
	return h.pushed.Due
}

// span is a time, from after its begin to its end; a zero one is not known, and
// then nothing is within.
type span struct{ after, until time.Time }

func (s span) has(t time.Time) bool {
	return !s.after.IsZero() && !s.until.IsZero() && t.After(s.after) && !t.After(s.until)
}

// send posts a message to a webhook, signed with its key; a nil failure means
// that it has it.
func (p *Pusher) send(ctx context.Context, w *Webhook, key []byte, id string, m message) *failure {
	body, err := json.Marshal(m)
	if err != nil {
		return &failure{err: fmt.Errorf("the message cannot be worded: %w", err)}
	}
	f := post(ctx, p.own, w.URL, p.signed(key, id, body), body)
	if f == nil || !f.cancelled && !f.cut {
		p.o.Delivered(true, f == nil)
	}
	return f
}

// signed gives the header of a message, signed as Standard Webhooks says: the
// id, which stays over retries, the time of this try and the body.
func (p *Pusher) signed(key []byte, id string, body []byte) http.Header {
	at := strconv.FormatInt(p.o.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	return http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {p.o.Agent},
		"Webhook-Id": {id}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	}
}

// pending is an event that a webhook has not had.
type pending struct {
	id      string
	seq     uint64
	part    int // how many of its record it has had then
	last    bool
	message message
}

// nextEvent finds the next event for a webhook behind a place; nil when there
// is none up to the record that it gives. What was first published and last changed
// within the time that it missed is new to it.
func (p *Pusher) nextEvent(h *hook, from uint64, part int, missed span) (*pending, uint64, error) {
	list, upTo, _, err := p.reel.after(p.o.Store, from)
	if err != nil {
		return nil, 0, err
	}
	seq, place := from, 0
	for i, c := range list {
		if c.Seq != seq {
			seq, place = c.Seq, 0
		}
		place++
		if c.Seq == from+1 && place <= part {
			continue // it had this one before
		}
		e, err := c.of(&h.view, p.o.Store, p.site)
		if err != nil {
			return nil, 0, err
		}
		if e == nil {
			continue
		}
		kind := statementWithdrawn
		if e.kind == kindStatement {
			kind = statementUpdated
			if e.isNew || missed.has(e.born) && missed.has(c.At) {
				kind = statementPublished
			}
		}
		if len(h.Events) > 0 && !slices.Contains(h.Events, kind) {
			continue
		}
		last := i+1 == len(list) || list[i+1].Seq != c.Seq
		return &pending{id: fmt.Sprintf("%d-%s", c.Seq, c.ID), seq: c.Seq, part: place, last: last,
			message: message{Type: kind, Timestamp: c.At, Data: e.data}}, upTo, nil
	}
	return nil, upTo, nil
}

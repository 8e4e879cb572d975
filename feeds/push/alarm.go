package push

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"communique/feeds"
)

const (
	incidentBegan = "incident.began"
	incidentEnded = "incident.ended"
	// incidents stands for both of them.
	incidents = "incidents"

	// webhookSubject is the subject of incidents of webhooks.
	webhookSubject = "webhook"

	// alarmLine begins the line of a webhook's incidents in feeds.Pushed.
	alarmLine = "incidents:"

	// incidentsEvery is after what time incidents are looked at anew although
	// nothing was stored: a silence is one, too.
	incidentsEvery = time.Minute
	// incidentsShare is what part of the time looking at them may take.
	incidentsShare = 50
)

// alarm is a webhook at work that is told of incidents. Its fact is under
// Pusher.mu.
type alarm struct {
	Webhook
	line   *line
	key    []byte
	slow   atomic.Bool
	pushed feeds.Pushed
}

// tellsIncidents reports whether the webhook is told of any.
func (w *Webhook) tellsIncidents() bool {
	return slices.ContainsFunc(w.Events, func(e string) bool { return e == incidents || e == incidentBegan || e == incidentEnded })
}

// tellsStatements reports whether the webhook is told of any.
func (w *Webhook) tellsStatements() bool {
	return len(w.Events) == 0 || slices.ContainsFunc(w.Events, func(e string) bool { return slices.Contains(StatementEvents, e) })
}

// restoreAlarms takes up what webhooks were told of incidents. A new one is told
// of what lasts then.
func (p *Pusher) restoreAlarms(lines map[string]*feeds.Pushed) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	for i := range p.o.Webhooks {
		w := p.o.Webhooks[i]
		if !w.tellsIncidents() || p.o.Incidents == nil {
			continue
		}
		u, err := url.Parse(w.URL)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", w.Name, err)
		}
		a := &alarm{Webhook: w, key: signingKey(w.Secret)}
		a.line = newLine(hostOf(u.Hostname()), a.slow.Load, func(ctx context.Context) time.Time { return p.tellAlarm(ctx, a) })
		line := alarmLine + w.Name
		if held := lines[line]; held != nil {
			a.pushed = *held
			delete(lines, line)
		} else {
			a.pushed = feeds.Pushed{Line: line, Mark: 1, Through: now} // Mark: there is something to remember
			p.rememberAlarm(a)
		}
		a.slow.Store(a.pushed.Failures > 0)
		p.alarms = append(p.alarms, a)
	}
	for line := range lines {
		if strings.HasPrefix(line, alarmLine) {
			over := &feeds.Pushed{Line: line}
			p.changed(over.Key(), func() feeds.Fact { return over })
		}
	}
	return nil
}

// rememberAlarm has it written with the next flush what a webhook was told.
// p.mu is held.
func (p *Pusher) rememberAlarm(a *alarm) {
	p.changed(a.pushed.Key(), func() feeds.Fact {
		f := a.pushed
		return &f
	})
}

// watchIncidents looks what troubles there are when something was stored, until
// ctx ends.
func (p *Pusher) watchIncidents(ctx context.Context) {
	if len(p.alarms) == 0 {
		return
	}
	for isFirst := true; ; isFirst = false {
		changed := p.o.Store.Changed()
		began := time.Now()
		list := p.o.Incidents(p.o.Now())
		p.mu.Lock()
		p.incidents, p.incidentsAt = list, p.o.Now()
		now, lines := p.incidentsAt, []*line(nil)
		for _, a := range p.alarms {
			switch {
			case !a.pushed.Due.After(now):
				lines = append(lines, a.line)
			case isFirst: // a retry that was waited for before the start
				p.courier.ask(a.line, a.pushed.Due)
			}
		}
		p.mu.Unlock()
		p.courier.askAll(lines)
		rest := time.NewTimer(max(p.o.IncidentGap, incidentsShare*time.Since(began)))
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
		rest.Stop()
		quiet := time.NewTimer(incidentsEvery)
		select {
		case <-changed:
		case <-quiet.C:
		case <-ctx.Done():
			quiet.Stop()
			return
		}
		quiet.Stop()
	}
}

// tidings are a beginning or an end that a webhook does not know.
type tidings struct {
	kind string
	at   time.Time
	feeds.Incident
}

// next gives what a webhook is to be told first, nil for nothing. p.mu is held.
func (a *alarm) next(list []feeds.Incident, now time.Time) *tidings {
	var all []tidings
	told := func(id string) bool {
		return slices.ContainsFunc(a.pushed.Told, func(t feeds.Told) bool { return t.ID == id })
	}
	known := map[string]bool{}
	for _, i := range list {
		known[i.ID] = true
		switch {
		case i.Subject == webhookSubject && i.Name == a.Name: // it cannot be told, and knows when it can
		case i.Ended.IsZero():
			if !told(i.ID) {
				all = append(all, tidings{incidentBegan, i.Began, i})
			}
		case told(i.ID) || i.Ended.After(a.pushed.Through): // it may have begun and ended unseen
			all = append(all, tidings{incidentEnded, i.Ended, i})
		}
	}
	for _, t := range a.pushed.Told {
		if !known[t.ID] { // of what nobody remembers any more: that it is over is all there is to say
			all = append(all, tidings{incidentEnded, now, feeds.Incident{ID: t.ID, Subject: t.Subject, Name: t.Name, State: t.State, Reason: t.Reason, Began: t.Began, Ended: now}})
		}
	}
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, func(x, y tidings) int {
		return cmp.Or(x.at.Compare(y.at), cmp.Compare(y.kind, x.kind), strings.Compare(x.ID, y.ID)) // of one moment the end first
	})
	return &first
}

// knows notes that a webhook knows of something now. p.mu is held.
func (a *alarm) knows(n *tidings) {
	told := slices.DeleteFunc(slices.Clone(a.pushed.Told), func(t feeds.Told) bool { return t.ID == n.ID })
	if n.kind == incidentBegan {
		told = append(told, feeds.Told{ID: n.ID, Subject: n.Subject, Name: n.Name, State: n.State, Reason: n.Reason, Began: n.Began})
	} else if n.Ended.After(a.pushed.Through) {
		a.pushed.Through = n.Ended
	}
	a.pushed.Told = told
}

// tellAlarm posts the next beginning or end to a webhook.
func (p *Pusher) tellAlarm(ctx context.Context, a *alarm) (again time.Time) {
	p.mu.Lock()
	n := a.next(p.incidents, p.incidentsAt)
	for n != nil && !slices.Contains(a.Events, incidents) && !slices.Contains(a.Events, n.kind) {
		a.knows(n)
		p.rememberAlarm(a)
		n = a.next(p.incidents, p.incidentsAt)
	}
	if n == nil && reached(&a.pushed.Standing, a.pushed.Reached) {
		p.rememberAlarm(a)
	}
	p.mu.Unlock()
	if n == nil {
		return time.Time{}
	}
	data, err := json.Marshal(n.Incident)
	if err != nil {
		p.o.Log.Error("webhook's message cannot be worded", "stage", "push", "webhook", a.Name, "err", err)
		return time.Time{}
	}
	m := message{Type: n.kind, Timestamp: n.at, Data: data}
	f := p.send(ctx, &a.Webhook, a.key, n.ID+"-"+strings.TrimPrefix(n.kind, "incident."), m)

	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Now()
	switch {
	case f == nil:
		a.slow.Store(false)
		reached(&a.pushed.Standing, now)
		a.knows(n)
		p.rememberAlarm(a)
		return now
	case f.cancelled:
		return time.Time{}
	case f.cut:
		a.slow.Store(true)
		return now
	}
	a.slow.Store(true)
	failed(&a.pushed.Standing, alarmLine+a.Name, now, f.err, f.retryAfter, 0)
	p.rememberAlarm(a)
	p.o.Log.Warn("webhook failed", "stage", "push", "webhook", a.Name, "failures", a.pushed.Failures, "next", a.pushed.Due, "err", f.err)
	return a.pushed.Due
}

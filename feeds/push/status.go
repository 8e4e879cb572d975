package push

import (
	"slices"
	"strings"
	"time"

	"communique/feeds/serve"
)

// Status tells how deliveries go.
func (p *Pusher) Status() *serve.Deliveries {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := &serve.Deliveries{Hub: p.o.Hub, Subscriptions: len(p.subs), Topics: len(p.topics), Asking: p.asking, Streams: len(p.streams), Webhooks: []serve.WebhookStatus{}}
	for _, s := range p.subs {
		if s.Failures > 0 {
			out.Failing++
		}
	}
	for _, h := range p.hooks {
		f := &h.pushed
		w := serve.WebhookStatus{Name: h.Name, State: "ok", Position: f.Seq, Failures: f.Failures,
			Reached: stamp(f.Reached), FailingSince: stamp(f.Failing), NextTry: stamp(f.Due), Error: f.Error}
		if f.Failures > 0 {
			w.State = "failing"
		}
		out.Webhooks = append(out.Webhooks, w)
	}
	for _, a := range p.alarms {
		f := &a.pushed
		i := slices.IndexFunc(out.Webhooks, func(w serve.WebhookStatus) bool { return w.Name == a.Name })
		if i < 0 {
			i = len(out.Webhooks)
			out.Webhooks = append(out.Webhooks, serve.WebhookStatus{Name: a.Name, State: "ok", Reached: stamp(f.Reached)})
		}
		if w := &out.Webhooks[i]; f.Failures > w.Failures { // of its two lines the worse one
			w.State, w.Failures, w.FailingSince, w.NextTry, w.Error = "failing", f.Failures, stamp(f.Failing), stamp(f.Due), f.Error
		}
	}
	slices.SortFunc(out.Webhooks, func(a, b serve.WebhookStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

package push_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/push"
)

// trouble is what a test says is wrong.
type trouble struct {
	mu   sync.Mutex
	list []feeds.Incident
}

func (x *trouble) say(list ...feeds.Incident) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.list = list
}

func (x *trouble) now(time.Time) []feeds.Incident {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.list
}

func TestWebhooksAreToldOfIncidentsOnceEachOverRestartsAndFailures(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	s, ends := newSubscriber(t), newSubscriber(t)
	var wrong trouble
	began := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	harbour := feeds.Incident{ID: "urn:uuid:1", Subject: "source", Name: "harbour", State: "broken", Reason: "404: nothing is there", Do: "look", Began: began}
	wrong.say(harbour)
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "on-call", URL: s.url, Secret: secret, Events: []string{"incidents"}},
			{Name: "ends", URL: ends.url, Secret: secret, Events: []string{"incident.ended"}}}
		o.Incidents, o.IncidentGap = wrong.now, time.Millisecond
	})
	expect := func(from *subscriber, kind, id string) {
		t.Helper()
		d := wait(t, from.got, "message")
		got, _ := verifyWebhook(t, key, d)
		var m struct{ Data feeds.Incident }
		if err := json.Unmarshal([]byte(d.body), &m); err != nil || got != kind || m.Data.ID != id || m.Data.Subject == "" || m.Data.Ended.IsZero() != (kind == "incident.began") {
			t.Errorf("told %s of %+v (%v), want %s of %s", got, m.Data, err, kind, id)
		}
		if want := id + "-" + kind[len("incident."):]; d.header.Get("Webhook-Id") != want {
			t.Errorf("the id is %s, want %s", d.header.Get("Webhook-Id"), want)
		}
	}
	stored := func(told int) {
		t.Helper()
		h.until("what it was told is stored", func() bool {
			lines, _ := h.store.Pushed()
			for _, l := range lines {
				if l.Line == "incidents:on-call" {
					return len(l.Told) == told && l.Failures == 0
				}
			}
			return false
		})
	}
	expect(s, "incident.began", "urn:uuid:1") // it lasted when the webhook was new
	stored(1)

	// While it is away one ends, one comes and goes, one stays. A statement is none of its business.
	h.stop()
	over := harbour
	over.Ended = time.Now().UTC().Add(time.Second)
	passed := feeds.Incident{ID: "urn:uuid:2", Subject: "list", Name: "offices", State: "broken", Began: over.Ended.Add(time.Second), Ended: over.Ended.Add(2 * time.Second)}
	itself := feeds.Incident{ID: "urn:uuid:4", Subject: "webhook", Name: "on-call", State: "failing", Began: over.Ended.Add(2 * time.Second)} // of which another may be told
	store := feeds.Incident{ID: "urn:uuid:3", Subject: "store", State: "unwritable", Began: over.Ended.Add(3 * time.Second)}
	old := feeds.Incident{ID: "urn:uuid:0", Subject: "source", Name: "quay", State: "gone", Began: began.Add(-time.Hour), Ended: began}
	wrong.say(old, over, passed, itself, store)
	s.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	h.start()
	h.publish("flood", "en")
	wait(t, s.got, "first try")
	s.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	expect(s, "incident.ended", "urn:uuid:1") // tried again
	expect(s, "incident.ended", "urn:uuid:2")
	expect(s, "incident.began", "urn:uuid:3")
	stored(1)
	expect(ends, "incident.ended", "urn:uuid:1")
	expect(ends, "incident.ended", "urn:uuid:2")

	wrong.say(old) // nobody remembers what has become of the last one
	h.publish("tents", "en")
	expect(s, "incident.ended", "urn:uuid:3")
	expect(ends, "incident.ended", "urn:uuid:3")
	stored(0)
	if st := h.pusher.Status(); len(st.Webhooks) != 2 || st.Webhooks[1].State != "ok" {
		t.Errorf("status %+v", st.Webhooks)
	}

	// One that is configured no more is forgotten.
	h.stop()
	h.o.Webhooks = nil
	h.start()
	h.until("it is forgotten", func() bool {
		lines, _ := h.store.Pushed()
		return len(lines) == 0
	})
}

func TestWebhookOfStatementsIsToldOfNoIncident(t *testing.T) {
	s := newSubscriber(t)
	var wrong trouble
	wrong.say(feeds.Incident{ID: "urn:uuid:1", Subject: "source", Began: time.Now()})
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "desk", URL: s.url, Secret: "a text of sixteen octets", Feed: feeds.Feed{}}}
		o.Incidents, o.IncidentGap = wrong.now, time.Millisecond
	})
	h.publish("flood", "en")
	d := wait(t, s.got, "message")
	var m struct{ Type string }
	if err := json.Unmarshal([]byte(d.body), &m); err != nil || m.Type != "statement.published" {
		t.Errorf("told %s (%v), want the statement", d.body, err)
	}
}

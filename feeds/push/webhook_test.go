package push_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/push"
)

// verifyWebhook checks a message as the libraries of Standard Webhooks do.
func verifyWebhook(t *testing.T, key []byte, d delivery) (kind string, data struct{ ID, Title, Into string }) {
	t.Helper()
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(d.header.Get("webhook-id") + "." + d.header.Get("webhook-timestamp") + "." + d.body))
	if got, want := d.header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want || d.header.Get("webhook-id") == "" {
		t.Errorf("signature %q, want %q", got, want)
	}
	var m struct {
		Type      string
		Timestamp time.Time
		Data      struct{ ID, Title, Into string }
	}
	if err := json.Unmarshal([]byte(d.body), &m); err != nil || m.Timestamp.IsZero() || d.header.Get("Content-Type") != "application/json" {
		t.Errorf("the message is %s (%v)", d.body, err)
	}
	return m.Type, m.Data
}

func TestWebhookIsToldInOrderAndSigned(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	s := newSubscriber(t)
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "desk", URL: s.url, Secret: "whsec_" + base64.StdEncoding.EncodeToString(key),
			Feed: feeds.Feed{Query: feeds.Query{Topics: []string{"health"}}}}}
	})
	o := h.publish("flood", "en", "health")
	h.publish("tents", "en", "shelter")
	h.publish("storm", "en", "health")
	ids := map[string]bool{}
	expect := func(kind, name string) {
		t.Helper()
		d := wait(t, s.got, "message")
		got, data := verifyWebhook(t, key, d)
		if got != kind || !strings.HasSuffix(data.ID, "/"+string(sid(name))) {
			t.Errorf("told %s of %s, want %s of %s", got, data.ID, kind, name)
		}
		if id := d.header.Get("webhook-id"); ids[id] {
			t.Errorf("the id %s comes twice", id)
		} else {
			ids[id] = true
		}
	}
	expect("statement.published", "flood")
	expect("statement.published", "storm")
	o.Revision, o.Changed, o.Copy.Title = 2, h.o.Now().Add(time.Second), "On flood, corrected"
	h.say(h.o.Now().Add(time.Second), o)
	expect("statement.updated", "flood")
	h.say(h.o.Now(), &feeds.Gone{Item: o.Item, Statement: o.Statement, FirstSeen: o.FirstSeen, Order: o.Order, Reason: "withdrawn"})
	expect("statement.withdrawn", "flood")

	// It goes on where it stood, over a restart, and is told nothing twice.
	h.until("its place is stored", func() bool {
		lines, _ := h.store.Pushed()
		return len(lines) == 1 && lines[0].Seq >= 5 && lines[0].Failures == 0
	})
	h.stop()
	h.alone(func() { h.publish("heat", "en", "health") })
	h.start()
	expect("statement.published", "heat")
	none(t, s.got, "message too many")
}

func TestWebhookIsToldAgainUntilItHasIt(t *testing.T) {
	s := newSubscriber(t)
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "desk", URL: s.url, Secret: "plain", Events: []string{"statement.published"}}}
	})
	s.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	h.publish("flood", "en")
	first := wait(t, s.got, "first try")
	h.until("the failure is stored", func() bool {
		lines, _ := h.store.Pushed()
		return len(lines) == 1 && lines[0].Failures == 1 && !lines[0].Due.IsZero() && strings.Contains(lines[0].Error, "500")
	})
	h.publish("storm", "en")
	none(t, s.got, "a message past the one that failed")
	h.stop()
	s.receives(func(w http.ResponseWriter, _ *http.Request) {})
	h.o.Now = func() time.Time { return time.Now().UTC().Add(time.Hour) }
	h.start()
	second := wait(t, s.got, "second try")
	if first.header.Get("webhook-id") != second.header.Get("webhook-id") || first.body != second.body {
		t.Errorf("the retry is another message:\n%v %s\n%v %s", first.header, first.body, second.header, second.body)
	}
	if first.header.Get("webhook-timestamp") == second.header.Get("webhook-timestamp") {
		t.Error("the retry has the time of the first try")
	}
	if _, data := verifyWebhook(t, []byte("plain"), wait(t, s.got, "the next message")); data.Title != "On storm" {
		t.Errorf("then comes %q", data.Title)
	}
}

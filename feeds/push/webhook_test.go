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

// What the flood brake holds back was never published: nobody is told that it is
// withdrawn, and it is news when it is released.
func TestWhatIsHeldBackIsToldWhenItIsReleased(t *testing.T) {
	s := newSubscriber(t)
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "desk", URL: s.url, Secret: "0123456789abcdef0123456789abcdef"}}
	})
	l := h.listen("", "")
	now := h.o.Now().Truncate(time.Microsecond)
	held := func(name string) *feeds.Observed {
		return &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: sid(name), FirstSeen: now, Changed: now, Order: now, Published: now,
			Revision: 1, Relation: feeds.IsOrigin, Withheld: true,
			Copy: feeds.Copy{Source: "north", ID: name, Title: "On " + name, Link: "https://north.example/" + name, Published: now, Language: "en"}}
	}
	good, bad := held("good"), held("bad")
	f := &feeds.Fetched{Source: "north", At: now, Brake: &feeds.Brake{Since: now, Items: 2, Of: 2}}
	h.say(now, good, bad, f)
	later := now.Add(time.Minute)
	h.say(later, &feeds.Gone{Item: bad.Item, Statement: bad.Statement, FirstSeen: now, Order: now, Reason: feeds.Dropped})
	released := *good
	released.Withheld = false
	h.say(later, &released)
	h.say(later, &feeds.Fetched{Source: "north", At: later, Brake: &feeds.Brake{Since: now, Items: 2, Of: 2, Ended: later, Did: "released"}})
	corrected := released
	corrected.Revision, corrected.Changed, corrected.Copy.Title = 2, later.Add(time.Minute), "On good, corrected"
	expect := func(kind string) {
		t.Helper()
		var m struct {
			Type string
			Data struct{ ID string }
		}
		if err := json.Unmarshal([]byte(wait(t, s.got, "message").body), &m); err != nil || m.Type != kind || !strings.HasSuffix(m.Data.ID, "/"+string(sid("good"))) {
			t.Errorf("told %+v (%v), want %s of what was released", m, err, kind)
		}
	}
	expect("statement.published")
	if got := l.title(); got != "good" {
		t.Errorf("the stream tells of %q", got)
	}
	h.say(later.Add(time.Minute), &corrected)
	expect("statement.updated")
	none(t, s.got, "message too many")
}

// Who was away is told of what came meanwhile as of news, also when it has changed
// since; of what they had, as of a change.
func TestWebhookThatWasAwayHearsOfNewsAsNews(t *testing.T) {
	s := newSubscriber(t)
	h := newHouse(t, func(o *push.Options) {
		o.Webhooks = []push.Webhook{{Name: "desk", URL: s.url, Secret: "0123456789abcdef0123456789abcdef"}}
	})
	expect := func(kind, name string) {
		t.Helper()
		if got, data := verifyWebhook(t, []byte("0123456789abcdef0123456789abcdef"), wait(t, s.got, "message")); got != kind || !strings.HasSuffix(data.ID, "/"+string(sid(name))) {
			t.Errorf("told %s of %s, want %s of %s", got, data.ID, kind, name)
		}
	}
	at := h.o.Now().Truncate(time.Microsecond)
	held := &feeds.Observed{Item: "south/held", Statement: sid("held"), FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin, Withheld: true,
		Copy: feeds.Copy{Source: "south", ID: "held", Title: "On held", Link: "https://south.example/held", Published: at, Language: "en"}}
	brake := feeds.Brake{Since: at, Items: 1, Of: 1}
	h.say(at, held, &feeds.Fetched{Source: "south", At: at, Brake: &brake})
	had := h.publish("had", "en")
	expect("statement.published", "had")
	h.until("its place is stored", func() bool {
		lines, _ := h.store.Pushed()
		return len(lines) == 1 && lines[0].Seq >= 3 && lines[0].Through.After(lines[0].Reached)
	})
	h.stop()
	h.alone(func() {
		missed := h.publish("missed", "en")
		minute := func(n int) time.Time { return at.Add(time.Duration(n) * time.Minute) }
		correct := func(o *feeds.Observed, at time.Time) {
			c := *o
			c.Revision, c.Changed, c.Copy.Title = 2, at, o.Copy.Title+", corrected"
			h.say(at, &c)
		}
		released := *held
		released.Withheld = false
		h.say(minute(1), &released)
		brake.Ended, brake.Did = minute(1), "released"
		h.say(minute(1), &feeds.Fetched{Source: "south", At: minute(1), Brake: &brake})
		correct(had, minute(2))
		correct(missed, minute(3))
		correct(&released, minute(4))
	})
	h.o.Now = func() time.Time { return time.Now().UTC().Add(time.Hour) }
	h.start()
	expect("statement.updated", "had")
	expect("statement.published", "missed")
	expect("statement.published", "held")
	none(t, s.got, "message too many")
}

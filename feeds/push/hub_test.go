package push_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/push"
	"communique/feeds/serve"
)

func TestHubVerifiesIntentAndDeliversTheFeed(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en", "health")
	for _, format := range []string{"atom", "rss", "json"} {
		s := newSubscriber(t)
		s.url += "?own=1&hub.topic=mine"
		topic := h.topic("all." + format)
		q := h.subscribe(s, topic, "hub.secret", "hush", "hub.lease_seconds", "86400", "foreign", "ignored")
		if q.Get("hub.mode") != "subscribe" || q.Get("hub.lease_seconds") != "86400" || len(q.Get("hub.challenge")) < 20 ||
			q.Get("own") != "1" || fmt.Sprint(q["hub.topic"]) != "[mine "+topic+"]" {
			t.Errorf("verified with %v", q)
		}
		name := "storm-" + format
		h.publish(name, "en")
		d := wait(t, s.got, "delivery")
		body, kind, header := h.get(topic)
		if d.body != body {
			t.Errorf("%s: what is delivered is not the feed:\n%s\nwant\n%s", format, d.body, body)
		}
		contains(t, d.body, name, "flood")
		if got := d.header.Get("Content-Type"); got != kind {
			t.Errorf("Content-Type %q, want %q", got, kind)
		}
		if got, want := d.header["Link"], `<`+h.base()+`/hub>; rel="hub", <`+topic+`>; rel="self"`; len(got) != 1 || got[0] != want {
			t.Errorf("Link %q, want %q", got, want)
		}
		if got, want := d.header.Get("X-Hub-Signature"), signed(t, "sha256", "hush", d.body); got != want {
			t.Errorf("X-Hub-Signature %q, want %q", got, want)
		}
		if d.query != "own=1&hub.topic=mine" {
			t.Errorf("delivered to ?%s", d.query)
		}
		if link := strings.Join(header["Link"], ", "); !strings.Contains(link, `rel="hub"`) {
			t.Errorf("the feed's own Link %q names no hub", link)
		}
	}
}

func TestHubServesNarrowedFeedsAndOnlyWhatChanges(t *testing.T) {
	h := newHouse(t, func(o *push.Options) { o.Signature = "sha512" })
	h.publish("flood", "en", "health")
	h.publish("inondation", "fr", "health")
	health, shelter := newSubscriber(t), newSubscriber(t)
	spelled := h.base() + "/feeds/all.json?topic=health&lang=fr" // the feed itself says lang first
	q := h.subscribe(health, spelled, "hub.secret", "s")
	if q.Get("hub.topic") != spelled {
		t.Errorf("verified with the topic %q, want it as it was asked", q.Get("hub.topic"))
	}
	if q.Get("hub.lease_seconds") != strconv.Itoa(10*24*3600) {
		t.Errorf("the default lease is %s", q.Get("hub.lease_seconds"))
	}
	h.subscribe(shelter, h.topic("topic/shelter.atom"))
	h.publish("vaccins", "fr", "health")
	d := wait(t, health.got, "delivery")
	contains(t, d.body, "vaccins", "inondation")
	if self := `<` + h.topic("all.json?lang=fr&topic=health") + `>; rel="self"`; !strings.Contains(d.header.Get("Link"), self) {
		t.Errorf("Link %q lacks %q", d.header.Get("Link"), self)
	}
	if got, want := d.header.Get("X-Hub-Signature"), signed(t, "sha512", "s", d.body); got != want {
		t.Errorf("X-Hub-Signature %q, want %q", got, want)
	}
	h.publish("tents", "en", "shelter")
	contains(t, wait(t, shelter.got, "delivery").body, "tents")
	none(t, health.got, "a delivery of what is not in the feed")
	none(t, shelter.got, "a delivery of what is not in the feed")
	if x := wait(t, func() chan string { c := make(chan string, 1); c <- d.header.Get("User-Agent"); return c }(), "agent"); x == "" {
		t.Error("no user agent")
	}
}

func TestHubTakesNobodysWordForAnother(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	topic := h.topic("all.atom")
	for name, confirm := range map[string]http.HandlerFunc{
		"a wrong challenge":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "yes") },
		"a longer challenge": func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.URL.Query().Get("hub.challenge")) },
		"nothing":            func(w http.ResponseWriter, r *http.Request) {},
		"404":                func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404); echo(w, r) },
		"500":                func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); echo(w, r) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
		},
		"an endless answer":     func(w http.ResponseWriter, r *http.Request) { echo(w, r); w.Write(bytes.Repeat([]byte("x"), 1<<20)) },
		"a 304 with the answer": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) },
	} {
		s := newSubscriber(t)
		s.confirms(confirm)
		if status, text := h.ask(subscribeForm(topic, s.url)); status != http.StatusAccepted {
			t.Errorf("%s: the request is answered %d %s", name, status, text)
		}
		if q := wait(t, s.verified, "verification"); q.Get("hub.challenge") == "" {
			t.Errorf("%s: no challenge", name)
		}
		none(t, s.verified, "a second verification")
	}
	good := newSubscriber(t)
	h.subscribe(good, topic)
	if n := len(h.subscriptions()); n != 1 {
		t.Errorf("%d subscriptions, want 1", n)
	}
}

func echo(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Query().Get("hub.challenge")) }

func TestHubRenewsOnlyWhenConfirmed(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	topic := h.topic("all.atom")
	s := newSubscriber(t)
	h.subscribe(s, topic, "hub.secret", "first")
	s.confirms(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
	h.ask(subscribeForm(topic, s.url, "hub.secret", "forged", "hub.lease_seconds", "400"))
	wait(t, s.verified, "verification")
	h.publish("storm", "en")
	d := wait(t, s.got, "delivery")
	if d.header.Get("X-Hub-Signature") != signed(t, "sha256", "first", d.body) {
		t.Error("a request that was not confirmed changed the secret")
	}
	s.confirms(echo)
	h.subscribe(s, topic, "hub.secret", "second", "hub.lease_seconds", "7200")
	h.publish("drought", "en")
	d = wait(t, s.got, "delivery")
	if d.header.Get("X-Hub-Signature") != signed(t, "sha256", "second", d.body) {
		t.Error("the renewed subscription has the old secret")
	}
	h.subscribe(s, topic, "hub.lease_seconds", "7300")
	h.publish("heat", "en")
	if d = wait(t, s.got, "delivery"); d.header["X-Hub-Signature"] != nil {
		t.Error("signed although no secret was given")
	}
	for _, f := range h.subscriptions() {
		if f.Until.Sub(f.Since) < time.Hour || len(h.subscriptions()) != 1 {
			t.Errorf("renewed to %+v", f)
		}
	}
	none(t, s.got, "a second delivery of the same")
}

func TestHubUnsubscribesWhenConfirmed(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	topic := h.topic("all.atom")
	s, other := newSubscriber(t), newSubscriber(t)
	h.subscribe(s, topic)
	h.subscribe(other, topic)
	form := url.Values{"hub.mode": {"unsubscribe"}, "hub.topic": {topic}, "hub.callback": {s.url}}
	s.confirms(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
	if status, _ := h.ask(form); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	if q := wait(t, s.verified, "verification"); q.Get("hub.mode") != "unsubscribe" || q.Get("hub.topic") != topic {
		t.Errorf("verified with %v", q)
	}
	h.publish("storm", "en")
	wait(t, s.got, "delivery after an end that was not confirmed")
	wait(t, other.got, "delivery")
	s.confirms(echo)
	h.ask(form)
	wait(t, s.verified, "verification")
	h.until("one subscription is left", func() bool { return len(h.subscriptions()) == 1 })
	h.publish("drought", "en")
	wait(t, other.got, "delivery")
	none(t, s.got, "a delivery after the end")
}

func TestHubSaysWhatIsWrongWithARequest(t *testing.T) {
	h := newHouse(t, func(o *push.Options) { o.AllowNetworks = nil })
	h.publish("flood", "en")
	topic := h.topic("all.atom")
	post := func(kind, body string) (int, string) {
		res, err := http.Post(h.base()+"/hub", kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		if k := res.Header.Get("Content-Type"); !strings.HasPrefix(k, "text/plain") {
			t.Errorf("explained as %s", k)
		}
		return res.StatusCode, string(b)
	}
	const form = "application/x-www-form-urlencoded"
	if status, text := post("application/json", "{}"); status != 415 || !strings.Contains(text, "form") {
		t.Errorf("JSON: %d %s", status, text)
	}
	if status, _ := post(form, strings.Repeat("a=b&", 20_000)); status != 413 {
		t.Errorf("a huge form: %d", status)
	}
	if status, _ := post(form, "%zz"); status != 400 {
		t.Errorf("a broken form: %d", status)
	}
	if status, _ := post(form, subscribeForm(topic, "https://a.example/").Encode()+"&hub.callback=https://b.example/"); status != 400 {
		t.Errorf("two callbacks: %d", status)
	}
	for what, c := range map[string]struct {
		status int
		form   url.Values
	}{
		"hub.mode":                   {400, url.Values{}},
		"want subscribe":             {400, url.Values{"hub.mode": {"dance"}}},
		"knows when they change":     {400, url.Values{"hub.mode": {"publish"}, "hub.url": {topic}}},
		"hub.callback is missing":    {400, subscribeForm(topic, "")},
		"hub.topic is missing":       {400, subscribeForm("", "https://a.example/")},
		"want a whole address":       {400, subscribeForm(topic, "ftp://a.example/")},
		"hub.callback=\"/path\"":     {400, subscribeForm(topic, "/path")},
		"without a host":             {400, subscribeForm(topic, "http:///path")},
		"no URL":                     {400, subscribeForm(topic, "https://a.example/a b")},
		"user name":                  {400, subscribeForm(topic, "https://u:p@a.example/")},
		"fragment":                   {400, subscribeForm(topic, "https://a.example/#x")},
		"octets":                     {400, subscribeForm(topic, "https://a.example/"+strings.Repeat("a", 3000))},
		"port 25":                    {400, subscribeForm(topic, "http://a.example:25/")},
		"127.0.0.1 is no public":     {400, subscribeForm(topic, "http://127.0.0.1:9999/")},
		"::1 is no public":           {400, subscribeForm(topic, "http://[::1]:9999/")},
		"no public address":          {400, subscribeForm(topic, "http://localhost:9999/")},
		"169.254.169.254 is no":      {400, subscribeForm(topic, "http://169.254.169.254/latest")},
		"fewer than 200":             {400, subscribeForm(topic, "https://a.example/", "hub.secret", strings.Repeat("s", 200))},
		"number of seconds":          {400, subscribeForm(topic, "https://a.example/", "hub.lease_seconds", "soon")},
		"-5":                         {400, subscribeForm(topic, "https://a.example/", "hub.lease_seconds", "-5")},
		"no feed of this site":       {404, subscribeForm("https://other.example/feed", "https://a.example/")},
		"ends in .atom":              {404, subscribeForm(h.topic("all.html"), "https://a.example/")},
		`there is no topic "dance"`:  {404, subscribeForm(h.topic("topic/dance.atom"), "https://a.example/")},
		`there is no feed "nothing"`: {404, subscribeForm(h.topic("nothing.atom"), "https://a.example/")},
		"\n/feeds/all\n":             {404, subscribeForm(h.topic("nothing.atom"), "https://a.example/")},
		"\nshelter\n":                {404, subscribeForm(h.topic("topic/dance.atom"), "https://a.example/")},
		"limit":                      {404, subscribeForm(h.topic("all.atom?limit=x"), "https://a.example/")},
	} {
		status, text := h.ask(c.form)
		if status != c.status || !strings.Contains(text, what) {
			t.Errorf("%q: got %d %s, want %d", what, status, text, c.status)
		}
	}
	res, err := http.Get(h.base() + "/hub")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 405 || !strings.Contains(res.Header.Get("Allow"), "POST") {
		t.Errorf("GET is answered %d, Allow %q", res.StatusCode, res.Header.Get("Allow"))
	}
}

func TestHubKeepsLeasesWithinBounds(t *testing.T) {
	h := newHouse(t, func(o *push.Options) {
		o.MinLease, o.Lease, o.MaxLease = 100*time.Second, 200*time.Second, 300*time.Second
	})
	h.publish("flood", "en")
	for asked, want := range map[string]string{"": "200", "0": "100", "1": "100", "250": "250", "301": "300", "99999999999999999999999": "300"} {
		s := newSubscriber(t)
		more := []string{"hub.lease_seconds", asked}
		if asked == "" {
			more = nil
		}
		if q := h.subscribe(s, h.topic("all.atom"), more...); q.Get("hub.lease_seconds") != want {
			t.Errorf("asked %q, granted %s, want %s", asked, q.Get("hub.lease_seconds"), want)
		}
	}
}

func TestHubHasCaps(t *testing.T) {
	h := newHouse(t, func(o *push.Options) { o.SubscriptionsPerHost, o.SubscriptionsPerTopic, o.Subscriptions = 2, 3, 4 })
	h.publish("flood", "en")
	s := newSubscriber(t)
	own := s.url
	for i := range 2 {
		s.url = own + "?" + strconv.Itoa(i)
		h.subscribe(s, h.topic("all.atom"))
	}
	if status, text := h.ask(subscribeForm(h.topic("all.rss"), own)); status != 429 || !strings.Contains(text, "127.0.0.1") {
		t.Errorf("over the host's share: %d %s", status, text)
	}
	s.url = own + "?0"
	h.subscribe(s, h.topic("all.atom"), "hub.lease_seconds", "4000") // who is in may renew
	s.url = strings.Replace(own, "127.0.0.1", "127.0.0.2", 1)
	h.subscribe(s, h.topic("all.atom"))
	s.url += "?1"
	if status, text := h.ask(subscribeForm(h.topic("all.atom"), s.url)); status != 503 || !strings.Contains(text, "topic is full") {
		t.Errorf("over the topic's share: %d %s", status, text)
	}
	h.subscribe(s, h.topic("all.rss"))
	if status, text := h.ask(subscribeForm(h.topic("all.json"), strings.Replace(own, "127.0.0.1", "127.0.0.3", 1))); status != 503 || !strings.Contains(text, "hub is full") {
		t.Errorf("over the hub's share: %d %s", status, text)
	}
}

func TestHubEndsWithTheLease(t *testing.T) {
	clock := newClock()
	h := newHouse(t, func(o *push.Options) { o.Now = clock.now })
	h.publish("flood", "en")
	short, long := newSubscriber(t), newSubscriber(t)
	h.subscribe(short, h.topic("all.atom"), "hub.lease_seconds", "600")
	h.subscribe(long, h.topic("all.atom"), "hub.lease_seconds", "7200")
	clock.add(11 * time.Minute)
	h.publish("storm", "en")
	wait(t, long.got, "delivery")
	h.until("the other is forgotten", func() bool { return len(h.subscriptions()) == 1 })
	none(t, short.got, "a delivery after the lease")
}

func TestHubServesOnlySoManyFeeds(t *testing.T) {
	h := newHouse(t, func(o *push.Options) { o.Topics = 1 })
	h.publish("flood", "en")
	s := newSubscriber(t)
	h.subscribe(s, h.topic("all.atom"))
	if status, text := h.ask(subscribeForm(h.topic("all.atom?q=flood"), s.url)); status != 503 || !strings.Contains(text, "broader") {
		t.Errorf("one feed too many: %d %s", status, text)
	}
}

func TestHubForgetsWhoIsGone(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	s := newSubscriber(t)
	s.receives(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusGone) })
	h.subscribe(s, h.topic("all.atom"))
	h.publish("storm", "en")
	wait(t, s.got, "delivery")
	h.until("the subscription is gone", func() bool { return len(h.subscriptions()) == 0 })
	if lines, err := h.store.Pushed(); err != nil || len(lines) != 0 {
		h.until("its topic is forgotten", func() bool { lines, _ := h.store.Pushed(); return len(lines) == 0 })
	}
}

// An answer that is no success is tried again; what came in the meantime is
// delivered with it, once.
func TestHubTriesAgainWithTheNewestContent(t *testing.T) {
	clock := newClock()
	h := newHouse(t, func(o *push.Options) { o.Now = clock.now })
	h.publish("flood", "en")
	for name, bad := range map[string]http.HandlerFunc{
		"503": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "30"); w.WriteHeader(503) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusPermanentRedirect)
		},
		"404":       func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) },
		"no answer": func(w http.ResponseWriter, r *http.Request) { conn, _, _ := w.(http.Hijacker).Hijack(); conn.Close() },
	} {
		s := newSubscriber(t)
		h.subscribe(s, h.topic("all.atom"))
		s.receives(bad)
		slug := strings.ReplaceAll(name, " ", "-")
		h.publish("storm-"+slug, "en")
		wait(t, s.got, "first try")
		asked := time.Duration(0)
		due := func() (at time.Time) {
			for _, f := range h.subscriptions() {
				if f.Callback == s.url {
					at, asked = f.Due, f.Due.Sub(f.Failing)
				}
			}
			return at
		}
		h.until("the failure is stored", func() bool { return !due().IsZero() })
		if name == "503" && asked < 30*time.Second {
			t.Errorf("Retry-After 30 makes a wait of %v", asked)
		}
		s.receives(func(w http.ResponseWriter, _ *http.Request) {})
		h.publish("drought-"+slug, "en")
		none(t, s.got, "a try before its time")
		clock.add(2 * time.Minute)
		h.publish("tick-"+slug, "en") // real timers wait by the real clock; a commit makes the courier look
		d := wait(t, s.got, "second try")
		contains(t, d.body, "storm-"+slug, "drought-"+slug)
		h.until("the failure is forgotten", func() bool { return due().IsZero() })
		h.ask(url.Values{"hub.mode": {"unsubscribe"}, "hub.topic": {h.topic("all.atom")}, "hub.callback": {s.url}})
		h.until("it is gone", func() bool { return len(h.subscriptions()) == 0 })
	}
}

func TestHubTriesAgainByItself(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	s := newSubscriber(t)
	h.subscribe(s, h.topic("all.atom"))
	s.receives(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		s.receives(func(w http.ResponseWriter, _ *http.Request) {})
	})
	h.publish("storm", "en")
	first, second := wait(t, s.got, "first try"), wait(t, s.got, "second try")
	if first.body != second.body {
		t.Error("the second try is of something else")
	}
}

func TestHubRestartLosesNoSubscriptionAndNoDelivery(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	topic := h.topic("all.atom")
	s, down := newSubscriber(t), newSubscriber(t)
	h.subscribe(s, topic, "hub.secret", "hush")
	h.subscribe(down, topic)
	h.stop()
	h.start()
	h.publish("storm", "en")
	d := wait(t, s.got, "delivery after a restart")
	contains(t, d.body, "storm")
	if d.header.Get("X-Hub-Signature") != signed(t, "sha256", "hush", d.body) {
		t.Error("the secret is lost")
	}
	wait(t, down.got, "delivery")
	h.until("the delivery is noted", func() bool {
		lines, _ := h.store.Pushed()
		return len(lines) == 1 && lines[0].Mark != 0
	})

	// A change while the hub is away, as a second process would make it.
	h.stop()
	h.alone(func() { h.publish("drought", "en") })
	h.start()
	contains(t, wait(t, s.got, "delivery of what changed while the hub was away").body, "drought")
	wait(t, down.got, "delivery")

	// A hub that is stopped while somebody fails tries again afterwards.
	down.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	h.publish("heat", "en")
	wait(t, s.got, "delivery")
	wait(t, down.got, "failing delivery")
	h.stop()
	down.receives(func(w http.ResponseWriter, _ *http.Request) {})
	h.o.Now = func() time.Time { return time.Now().UTC().Add(time.Hour) }
	h.start()
	contains(t, wait(t, down.got, "retry after a restart").body, "heat")
	none(t, s.got, "a second delivery of the same")
}

// A feed that shows a window, with more on further pages, says the same after a restart.
func TestHubRestartServesNobodyOfAWindowAgain(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	s, down := newSubscriber(t), newSubscriber(t)
	h.subscribe(s, h.topic("all.atom?limit=1"))
	h.subscribe(down, h.topic("all.rss"))
	down.receives(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	marks := func() (out []uint64) {
		lines, _ := h.store.Pushed()
		for _, l := range lines {
			out = append(out, l.Mark)
		}
		return out
	}
	before := marks()
	h.publish("storm", "en")
	contains(t, wait(t, s.got, "delivery").body, "storm")
	wait(t, down.got, "failing delivery")
	h.until("the delivery is noted", func() bool {
		after := marks()
		return len(after) == len(before) && after[0] != before[0] && after[1] != before[1]
	})
	h.stop()
	down.receives(func(w http.ResponseWriter, _ *http.Request) {})
	h.o.Now = func() time.Time { return time.Now().UTC().Add(time.Hour) }
	h.start()
	wait(t, down.got, "retry after a restart")
	none(t, s.got, "a second delivery of the same")
	h.publish("drought", "en")
	contains(t, wait(t, s.got, "delivery").body, "drought")
}

// A feed of a language stays one when all that it had is withdrawn, over a restart, too.
func TestHubKeepsTheSubscribersOfALanguageWhoseLastStatementIsWithdrawn(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("flood", "en")
	last := h.publish("riada", "es")
	s := newSubscriber(t)
	h.subscribe(s, h.topic("all.atom?lang=es"))
	h.say(h.o.Now(), &feeds.Moderated{Statement: last.Statement, Hide: true, By: "desk"})
	if d := wait(t, s.got, "delivery of the withdrawal"); !strings.Contains(d.body, "deleted-entry") {
		t.Errorf("no tombstone: %s", d.body)
	}
	h.stop()
	h.start()
	h.publish("sequía", "es")
	for {
		if d := wait(t, s.got, "delivery after a restart"); strings.Contains(d.body, "sequía") {
			break
		}
	}
}

// alone does something to the store while nobody else has it.
func (h *house) alone(do func()) {
	h.t.Helper()
	h.store = open(h.t, h.path)
	do()
	if err := h.store.Close(); err != nil {
		h.t.Error(err)
	}
}

func TestHubDeniesWhenATopicIsNoMore(t *testing.T) {
	h := newHouse(t, nil)
	h.stop()
	h.named = []serve.Named{{Feed: feeds.Feed{Path: "mine", Title: "Mine"}}}
	h.start()
	h.publish("flood", "en")
	s := newSubscriber(t)
	h.subscribe(s, h.topic("mine.atom"))
	h.stop()
	h.named = nil
	h.start()
	if q := wait(t, s.verified, "denial"); q.Get("hub.mode") != "denied" || q.Get("hub.topic") != h.topic("mine.atom") || q.Get("hub.reason") != `there is no feed "mine"` {
		t.Errorf("told %v", q)
	}
	h.until("it is forgotten", func() bool { return len(h.subscriptions()) == 0 })
}

// A feed that gets another name keeps its subscribers: they go on under the
// address that they know, until they take over the new one from the deliveries.
func TestHubKeepsTheSubscribersOfARenamedFeed(t *testing.T) {
	h := newHouse(t, nil)
	h.stop()
	h.named = []serve.Named{{Feed: feeds.Feed{Path: "mine", Title: "Mine"}}}
	h.start()
	h.publish("flood", "en")
	s, both := newSubscriber(t), newSubscriber(t)
	old := h.topic("mine.atom")
	h.subscribe(s, old)
	h.subscribe(both, old)
	h.stop()
	h.named = []serve.Named{{Feed: feeds.Feed{Path: "ours", Title: "Ours"}, Was: []string{"mine"}}}
	h.start()
	now := h.topic("ours.atom")
	for _, s := range []*subscriber{s, both} {
		if d := wait(t, s.got, "what it holds under the new name"); !strings.Contains(d.header.Get("Link"), "<"+now+`>; rel="self"`) {
			t.Errorf("the new name is told as %q", d.header.Get("Link"))
		}
	}
	h.until("all are kept under the new name", func() bool {
		subs := h.subscriptions()
		for _, f := range subs {
			if f.Topic != now || f.Spelled != old {
				return false
			}
		}
		return len(subs) == 2
	})
	h.subscribe(both, now) // does not make it two
	h.publish("storm", "en")
	wait(t, s.got, "news")
	wait(t, both.got, "news")
	none(t, both.got, "the same news once more")
	if status, text := h.ask(url.Values{"hub.mode": {"unsubscribe"}, "hub.topic": {old}, "hub.callback": {s.url}}); status != 202 {
		t.Fatalf("%d %s", status, text)
	}
	if q := wait(t, s.verified, "the end under the old name"); q.Get("hub.topic") != old {
		t.Errorf("asked about %v", q)
	}
	h.until("one is left", func() bool { return len(h.subscriptions()) == 1 })
	h.subscribe(s, old) // who only knows the old name
	h.stop()
	h.start()
	h.publish("quake", "en")
	wait(t, s.got, "news")
	none(t, s.verified, "a denial")
}

// Those who hang and those who send without end cost nobody else more than a
// moment.
func TestHubIsNotHeldUpByTheSlow(t *testing.T) {
	h := newHouse(t, func(o *push.Options) {
		o.Calls, o.CallsPerHost, o.Timeout, o.Patience = 8, 4, 2*time.Second, 300*time.Millisecond
	})
	h.publish("flood", "en")
	release := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			echo(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "endless") {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}
		<-release
	}))
	defer hang.Close()
	defer close(release)
	for i := range 20 {
		kind := []string{"hang", "endless"}[i%2]
		h.ask(subscribeForm(h.topic("all.atom"), fmt.Sprintf("%s/%d/%s", hang.URL, i, kind)))
	}
	h.until("all are in", func() bool { return len(h.subscriptions()) == 20 })
	s := newSubscriber(t)
	h.subscribe(s, h.topic("all.atom"))
	for i := range 3 {
		begun := time.Now()
		name := "storm-" + strconv.Itoa(i)
		h.publish(name, "en")
		contains(t, wait(t, s.got, "delivery beside those who hang").body, name)
		if took := time.Since(begun); took > 8*time.Second {
			t.Errorf("it took %v", took)
		}
	}
}

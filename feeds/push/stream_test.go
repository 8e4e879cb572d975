package push_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"communique/feeds"
	"communique/feeds/push"
)

// listener reads an event stream as a browser does.
type listener struct {
	t      testing.TB
	header http.Header
	events chan sse
	first  sse
	last   string
	leave  func()
}

type sse struct{ id, kind, data string }

func (h *house) listen(query, last string) *listener {
	h.t.Helper()
	ctx, leave := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base()+"/api/v1/stream"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	req.Header.Set("Accept-Encoding", "gzip, br")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(res.Body)
		h.t.Fatalf("%s: %s", res.Status, b)
	}
	l := &listener{t: h.t, header: res.Header, events: make(chan sse, 1000), leave: leave}
	h.t.Cleanup(leave)
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		var e sse
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				if e.data != "" || e.kind != "" || e.id != "" {
					l.events <- e
				}
				e = sse{}
			case field == "id":
				e.id = value
			case field == "event":
				e.kind = value
			case field == "data":
				e.data += value
			}
		}
	}()
	l.first = wait(h.t, l.events, "beginning of the stream") // its retry and id
	return l
}

// next gives the next event and keeps its id, as a browser does.
func (l *listener) next() sse {
	l.t.Helper()
	for {
		e := wait(l.t, l.events, "event")
		if e.id != "" {
			l.last = e.id
		}
		if e.kind != "" {
			return e
		}
	}
}

func (l *listener) title() string {
	l.t.Helper()
	e := l.next()
	var item struct{ Title, ID string }
	if err := json.Unmarshal([]byte(e.data), &item); err != nil || e.kind != "statement" || !strings.HasPrefix(item.ID, "tag:example.org,2026:statement/") {
		l.t.Fatalf("no statement: %+v (%v)", e, err)
	}
	return strings.TrimPrefix(item.Title, "On ")
}

func TestStreamTellsOfStatementsAsTheyCome(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("before", "en", "health")
	all, health, french := h.listen("", ""), h.listen("?topic=health", ""), h.listen("?lang=fr", "")
	if k := all.header.Get("Content-Type"); !strings.HasPrefix(k, "text/event-stream") || all.header.Get("Content-Encoding") != "" ||
		all.header.Get("X-Accel-Buffering") != "no" || !strings.Contains(all.header.Get("Cache-Control"), "no-store") {
		t.Errorf("answered with %v", all.header)
	}
	h.publish("flood", "en", "health")
	h.publish("tentes", "fr", "shelter")
	for _, want := range []string{"flood", "tentes"} {
		if got := all.title(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := health.title(); got != "flood" {
		t.Errorf("of health got %q", got)
	}
	if got := french.title(); got != "tentes" {
		t.Errorf("in French got %q", got)
	}
	// What is hidden, and what turns out to be another, is taken back.
	h.say(h.o.Now(), &feeds.Moderated{Statement: sid("flood"), Hide: true})
	h.say(h.o.Now(), &feeds.Joined{Loser: sid("tentes"), Winner: sid("before")})
	for _, l := range []*listener{all, health} {
		if e := l.next(); e.kind != "withdrawn" || !strings.Contains(e.data, string(sid("flood"))) {
			t.Errorf("got %+v", e)
		}
	}
	seen := map[string]sse{}
	for range 2 {
		e := all.next()
		seen[e.kind] = e
	}
	if e := seen["withdrawn"]; !strings.Contains(e.data, string(sid("tentes"))) || !strings.Contains(e.data, `"into":"tag:example.org,2026:statement/`+string(sid("before"))) {
		t.Errorf("the join is told as %+v", seen)
	}
	if seen["statement"].data == "" {
		t.Errorf("the statement that it was joined to is not told anew: %+v", seen)
	}
}

func TestStreamResumesOverARestart(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("one", "en")
	l := h.listen("", "")
	h.publish("two", "en")
	if got := l.title(); got != "two" {
		t.Fatalf("got %q", got)
	}
	h.stop() // ends at once although a stream is open
	for range l.events {
	}
	h.alone(func() { h.publish("three", "en"); h.publish("four", "en") })
	h.start()
	l2 := h.listen("", l.last)
	h.publish("five", "en")
	for _, want := range []string{"three", "four", "five"} {
		if got := l2.title(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	l3 := h.listen("?last_event_id=0", "")
	for _, want := range []string{"one", "two", "three", "four", "five"} {
		if got := l3.title(); got != want {
			t.Errorf("from the start got %q, want %q", got, want)
		}
	}
	if e := h.listen("", "999999"); e.header == nil {
		t.Error("a number that was never given is refused")
	}
}

func TestStreamTellsWhoComesFromElsewhereToBeginAnew(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("one", "en")
	req, _ := http.NewRequest(http.MethodGet, h.base()+"/api/v1/stream", nil)
	req.Header.Set("Last-Event-ID", "999")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b := make([]byte, 200)
	n, _ := res.Body.Read(b)
	if got := string(b[:n]); !strings.Contains(got, "event: reset\ndata: {}\n") || !strings.Contains(got, "retry: ") || !strings.Contains(got, fmt.Sprintf("id: %d\n", h.store.Position())) {
		t.Errorf("begins with %q", got)
	}
}

func TestStreamGivesThousandsToWhoIsFarBehind(t *testing.T) {
	h := newHouse(t, nil)
	var facts []feeds.Fact
	const many = 5000
	now := h.o.Now()
	for i := range many {
		name := fmt.Sprint("item-", i)
		facts = append(facts, &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: sid(name), FirstSeen: now, Changed: now, Order: now.Add(time.Duration(i) * time.Second), Published: now,
			Revision: 1, Relation: feeds.IsOrigin, Copy: feeds.Copy{Source: "north", ID: name, Title: "On " + name, Content: "<p>x</p>", Link: "https://north.example/" + name, Language: "en"}})
	}
	h.say(now, facts...)
	l := h.listen("?last_event_id=0", "")
	for i := range many {
		if got := l.title(); got != fmt.Sprint("item-", i) {
			t.Fatalf("event %d is %q", i, got)
		}
	}
}

func TestStreamRefusals(t *testing.T) {
	h := newHouse(t, func(o *push.Options) { o.Streams = 1; o.Heartbeat = 20 * time.Millisecond })
	h.publish("one", "en")
	get := func(query string) (int, http.Header, string) {
		res, err := http.Get(h.base() + "/api/v1/stream" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(io.LimitReader(res.Body, 1000))
		return res.StatusCode, res.Header, string(b)
	}
	if status, _, text := get("?topic=dance"); status != 404 || !strings.Contains(text, "health") {
		t.Errorf("an unknown topic: %d %s", status, text)
	}
	if status, _, text := get("?feed=health"); status != 400 || !strings.Contains(text, `"parameter":"feed"`) {
		t.Errorf("a parameter that it does not know: %d %s", status, text)
	}
	if status, _, text := get("?last_event_id=soon"); status != 400 || !strings.Contains(text, "soon") {
		t.Errorf("a bad id: %d %s", status, text)
	}
	l := h.listen("", "")
	if e := wait(t, l.events, "heartbeat"); e.id == "" {
		t.Errorf("a heartbeat is %+v", e)
	}
	if status, header, _ := get(""); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d %v", status, header)
	}
	l.leave()
	h.untilStatus("", 200)
	res, err := http.Post(h.base()+"/api/v1/stream", "text/plain", nil)
	if err != nil || res.StatusCode != 405 {
		t.Errorf("POST: %v %v", res, err)
	}
	res.Body.Close()
}

// The OpenAPI document has the stream where it is there, with the parameters that it
// takes and the events that it has.
func TestTheStreamIsAsItIsDescribed(t *testing.T) {
	h := newHouse(t, nil)
	res, err := http.Get(h.base() + "/api/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name, In string }
				Responses  map[string]struct {
					Content map[string]struct {
						Data map[string]any `json:"x-event-data"`
					}
				}
			}
		}
	}
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	get := doc.Paths["/api/v1/stream"].Get
	taken := map[string]bool{}
	for _, p := range get.Parameters {
		taken[p.In+" "+p.Name] = true
	}
	for _, want := range []string{"query topic", "query region", "query country", "query event", "query source", "query lang", "query q", "query prefer", "query last_event_id", "header Last-Event-ID"} {
		if !taken[want] {
			t.Errorf("the %s is not described", want)
		}
	}
	for _, status := range []string{"200", "400", "404", "429", "503"} {
		if _, there := get.Responses[status]; !there {
			t.Errorf("the answer %s is not described", status)
		}
	}
	described := get.Responses["200"].Content["text/event-stream"].Data
	schemas := jsonschema.NewCompiler()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schemas.AddResource("openapi.json", parsed)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.publish("one", "en")
	h.say(h.o.Now(), &feeds.Moderated{Statement: sid("one"), Hide: true})
	h.publish("two", "en")
	seen := map[string]bool{}
	check := func(e sse) {
		seen[e.kind] = true
		if described[e.kind] == nil {
			t.Fatalf("the event %q is not described", e.kind)
		}
		schema, err := schemas.Compile("openapi.json#/paths/~1api~1v1~1stream/get/responses/200/content/text~1event-stream/x-event-data/" + e.kind)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(e.data))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			t.Errorf("%s is not as described: %v", e.kind, err)
		}
	}
	l := h.listen("?last_event_id=0", "")
	for !seen["statement"] || !seen["withdrawn"] {
		if e := wait(t, l.events, "an event"); e.kind != "" {
			check(e)
		}
	}
	check(h.listen("?last_event_id=999999", "").first)
	if len(seen) != len(described) {
		t.Errorf("described are %d events, and there were %v", len(described), seen)
	}
}

// untilStatus asks until a place is free: when a reader is seen to have left is
// up to the network.
func (h *house) untilStatus(query string, want int) {
	h.t.Helper()
	for end := time.Now().Add(patience); ; {
		ctx, leave := context.WithCancel(context.Background())
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.base()+"/api/v1/stream"+query, nil)
		res, err := http.DefaultClient.Do(req)
		leave()
		if err == nil {
			res.Body.Close()
			if res.StatusCode == want {
				return
			}
		}
		if time.Now().After(end) {
			h.t.Fatalf("never answered %d (%v)", want, err)
		}
	}
}

// A reader that takes nothing costs its own connection and nobody's time.
func TestStreamIsNotHeldUpByWhoDoesNotRead(t *testing.T) {
	h := newHouse(t, nil)
	h.publish("one", "en")
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/v1/stream HTTP/1.1\r\nHost: %s\r\n\r\n", h.addr)
	l := h.listen("", "")
	for i := range 20 {
		o := h.publish(fmt.Sprint("long-", i), "en")
		o.Copy.Content = "<p>" + strings.Repeat("word ", 100_000) + "</p>"
		h.say(h.o.Now(), o)
	}
	seen := ""
	for seen != "long-19" {
		seen = l.title()
	}
}

// Command push measures the way of news through the whole program as an
// operator runs it: a source's hub on loopback pushes an item, the program reads
// and stores it, and serves a thousand subscribers of one feed, some of which
// hang and some of which refuse. It prints the time from the push to the arrival
// at each subscriber, and the program's CPU time.
//
//	go run ./bench/push
//	go run ./bench/push -subscribers 5000 -hang 0 -refuse 0
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/bench/trial"
)

func main() {
	o := options{}
	flag.IntVar(&o.subscribers, "subscribers", 1000, "subscribers of one feed")
	flag.IntVar(&o.hang, "hang", 20, "of them, those that never answer")
	flag.IntVar(&o.refuse, "refuse", 20, "of them, those that answer 503")
	flag.IntVar(&o.rounds, "rounds", 20, "items that are pushed, one after the other")
	flag.IntVar(&o.octets, "bytes", 2000, "octets of an item's text")
	flag.BoolVar(&o.signed, "signed", true, "subscribe with a secret")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "push:", err)
		os.Exit(1)
	}
}

type options struct {
	subscribers, hang, refuse, rounds, octets int
	signed                                    bool
}

// lab is the world around the program: a source with a hub, and subscribers.
type lab struct {
	o    options
	base string // of source, hub and subscribers
	text string

	mu       sync.Mutex
	items    int
	lease    url.Values // what the program asked the source's hub for
	leased   chan struct{}
	verified int
	all      chan struct{}
	from     time.Time
	seen     map[string]bool
	took     []time.Duration
	done     chan struct{}
	hanging  chan struct{}
}

func run(o options) error {
	dir, err := os.MkdirTemp("", "communique-push-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin, err := trial.Build(dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l := &lab{o: o, base: "http://" + listener.Addr().String(), text: strings.Repeat("The office speaks. ", o.octets/19), items: 50,
		leased: make(chan struct{}), all: make(chan struct{}), done: make(chan struct{}, 1), hanging: make(chan struct{}), seen: map[string]bool{}}
	srv := &http.Server{Handler: l}
	go func() { _ = srv.Serve(listener) }()
	defer srv.Close()
	defer close(l.hanging)

	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := free.Addr().String()
	free.Close()
	config := fmt.Sprintf(`site: {title: Bench, base_url: "http://%s", authority: "bench.example,2026"}
listen: %q
admin: off
fetch: {allow_networks: [127.0.0.0/8]}
sources: [{id: office, url: "%s/feed"}]
websub: {allow_networks: [127.0.0.0/8], subscribe: on, max_per_host: 100000, max_subscriptions: 100000, max_per_topic: 100000}
`, addr, addr, l.base)
	file := filepath.Join(dir, "communique.yaml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	server, err := trial.Serve(exec.Command(bin, "--config", file, "--log-level", "error", "serve", "--data", filepath.Join(dir, "data")))
	if err != nil {
		return err
	}
	defer server.End()

	if err := within(l.leased, time.Minute, "request at the source's hub"); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until the first poll is stored and shown
		res, err := http.Get("http://" + addr + "/feeds/all.atom")
		if err == nil {
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if n := bytes.Count(b, []byte("<entry")); n == 50 {
				break
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the feed never held the source's 50 items")
		}
	}
	if err := l.subscribe("http://" + addr); err != nil {
		return err
	}
	begun := trial.CPU(server.PID)
	var each, lasts []time.Duration
	for range o.rounds {
		last, err := l.round()
		if err != nil {
			return err
		}
		l.mu.Lock()
		each = append(each, l.took...)
		l.mu.Unlock()
		lasts = append(lasts, last)
	}
	cpu := trial.CPU(server.PID) - begun
	slices.Sort(each)
	slices.Sort(lasts)
	at := func(d []time.Duration, part int) time.Duration {
		return d[min(len(d)-1, len(d)*part/1000)].Round(time.Millisecond)
	}
	fmt.Printf("%d subscribers, %d hang, %d refuse; %d rounds; items of %d octets, 50 in the feed\n", o.subscribers, o.hang, o.refuse, o.rounds, o.octets)
	fmt.Printf("from the push to a delivery: p50 %v, p99 %v, p99.9 %v, last %v\n", at(each, 500), at(each, 990), at(each, 999), each[len(each)-1].Round(time.Millisecond))
	fmt.Printf("from the push to the last delivery: median %v, worst %v\n", at(lasts, 500), lasts[len(lasts)-1].Round(time.Millisecond))
	fmt.Printf("CPU of the program: %v a round\n", (cpu / time.Duration(o.rounds)).Round(time.Millisecond))
	return nil
}

func within(c <-chan struct{}, limit time.Duration, what string) error {
	select {
	case <-c:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("no %s within %v", what, limit)
	}
}

// subscribe subscribes everybody and waits until all were verified.
func (l *lab) subscribe(site string) error {
	for i := range l.o.subscribers {
		kind := "good"
		if i < l.o.hang {
			kind = "hang"
		} else if i < l.o.hang+l.o.refuse {
			kind = "refuse"
		}
		form := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {site + "/feeds/all.atom"}, "hub.callback": {fmt.Sprintf("%s/%s/%d", l.base, kind, i)}}
		if l.o.signed {
			form.Set("hub.secret", "hush")
		}
		for {
			res, err := http.PostForm(site+"/hub", form)
			if err != nil {
				return err
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusAccepted {
				break
			}
			if res.StatusCode != http.StatusServiceUnavailable {
				return fmt.Errorf("the hub answers %d: %s", res.StatusCode, text)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return within(l.all, time.Minute, "verification of everybody")
}

// round pushes one item and waits for the last delivery.
func (l *lab) round() (time.Duration, error) {
	l.mu.Lock()
	l.items++
	body := l.feed(l.items)
	clear(l.seen)
	l.took, l.from = nil, time.Now()
	lease := l.lease
	l.mu.Unlock()
	req, err := http.NewRequest(http.MethodPost, lease.Get("hub.callback"), strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	mac := hmac.New(sha256.New, []byte(lease.Get("hub.secret")))
	mac.Write([]byte(body))
	req.Header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/rss+xml")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return 0, fmt.Errorf("the push is answered %s", res.Status)
	}
	if err := within(l.done, time.Minute, "delivery to everybody"); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Max(l.took), nil
}

func (l *lab) feed(items int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Office</title><link>%[1]s/</link><description>d</description><atom:link rel="hub" href="%[1]s/source-hub"/><atom:link rel="self" href="%[1]s/feed"/>`, l.base)
	for i := items; i > items-50; i-- {
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">g%[1]d</guid><title>Statement %[1]d</title><link>%[2]s/s/%[1]d</link><description>Matter %[3]d of the %[1]d. %[4]s</description></item>`, i, l.base, i*7919, l.text)
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch kind := strings.Split(r.URL.Path, "/")[1]; {
	case kind == "feed":
		l.mu.Lock()
		body := l.feed(l.items)
		l.mu.Unlock()
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = io.WriteString(w, body)
	case kind == "source-hub":
		if r.ParseForm() != nil {
			return
		}
		l.mu.Lock()
		l.lease = r.PostForm
		l.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		go func() {
			q := url.Values{"hub.mode": {"subscribe"}, "hub.topic": r.PostForm["hub.topic"], "hub.challenge": {"x"}, "hub.lease_seconds": {"864000"}}
			if res, err := http.Get(r.PostForm.Get("hub.callback") + "?" + q.Encode()); err == nil {
				res.Body.Close()
				close(l.leased)
			}
		}()
	case r.Method == http.MethodGet:
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.verified++; l.verified == l.o.subscribers {
			close(l.all)
		}
	case kind == "hang":
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-l.hanging:
		case <-r.Context().Done():
		}
	case kind == "refuse":
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		_, _ = io.Copy(io.Discard, r.Body)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.seen[r.URL.Path] {
			return
		}
		l.seen[r.URL.Path] = true
		l.took = append(l.took, time.Since(l.from))
		if len(l.took) == l.o.subscribers-l.o.hang-l.o.refuse {
			l.done <- struct{}{}
		}
	}
}

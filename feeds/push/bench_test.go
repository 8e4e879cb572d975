package push_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"communique/feeds"
	"communique/feeds/push"
)

// BenchmarkPushToAThousand is from the append of a new statement to its arrival
// at 1,000 subscribers of one feed of fifty statements, of which 20 hang and 20
// refuse. Subscribers run in this process, so CPU time is theirs too.
func BenchmarkPushToAThousand(b *testing.B) {
	for _, octets := range []int{1_000, 8_000} {
		b.Run(fmt.Sprintf("entries-of-%d", octets), func(b *testing.B) { pushToMany(b, 1000, 20, 20, octets) })
	}
}

func pushToMany(b *testing.B, subscribers, hanging, refusing, octets int) {
	h := newHouse(b, func(o *push.Options) { o.Write = time.Second; o.SubscriptionsPerHost = 5000 })
	text := strings.Repeat("The office speaks. ", octets/19)
	statement := func(name string) *feeds.Observed {
		now := h.o.Now().Truncate(time.Microsecond)
		return &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: sid(name), FirstSeen: now, Changed: now, Order: now, Published: now, Revision: 1, Relation: feeds.IsOrigin,
			Copy: feeds.Copy{Source: "north", ID: name, Title: "On " + name, Content: "<p>" + text + "</p>", Link: "https://north.example/" + name, Language: "en"}}
	}
	for i := range 50 {
		h.say(h.o.Now(), statement(fmt.Sprint("old-", i)))
	}
	var (
		mu   sync.Mutex
		took []time.Duration
		from time.Time
		all  = make(chan struct{}, 1)
		hang = make(chan struct{})
		good = subscribers - hanging - refusing
	)
	var l net.Listener
	var err error
	if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			echo(w, r)
			return
		}
		n, _ := io.Copy(io.Discard, r.Body)
		switch {
		case strings.HasPrefix(r.URL.Path, "/hang"):
			<-hang
		case strings.HasPrefix(r.URL.Path, "/refuse"):
			w.WriteHeader(503)
		case n > 0:
			mu.Lock()
			took = append(took, time.Since(from))
			if len(took) == good {
				all <- struct{}{}
			}
			mu.Unlock()
		}
	})}
	go func() { _ = web.Serve(l) }()
	defer web.Close()
	defer close(hang)
	for i := range subscribers {
		kind := "good"
		if i < hanging {
			kind = "hang"
		} else if i < hanging+refusing {
			kind = "refuse"
		}
		for {
			status, _ := h.ask(subscribeForm(h.topic("all.atom"), fmt.Sprintf("http://%s/%s/%d", l.Addr(), kind, i), "hub.secret", "hush"))
			if status == http.StatusAccepted {
				break
			}
		}
	}
	h.until("all are subscribed", func() bool { return len(h.subscriptions()) == subscribers })
	body, _, _ := h.get(h.topic("all.atom"))
	var each []time.Duration
	var last time.Duration
	round := 0
	before := cpu()
	for b.Loop() {
		mu.Lock()
		took, from = took[:0], time.Now()
		mu.Unlock()
		h.say(h.o.Now(), statement(fmt.Sprintf("new-%d-%d", b.N, round)))
		round++
		wait(b, all, "last delivery")
		mu.Lock()
		each = append(each, took...)
		last = max(last, slices.Max(took))
		mu.Unlock()
	}
	spent := cpu() - before
	slices.Sort(each)
	b.ReportMetric(float64(each[len(each)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(each[len(each)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(last.Milliseconds()), "last-ms")
	b.ReportMetric(float64(spent.Milliseconds())/float64(round), "cpu-ms/op")
	b.ReportMetric(float64(len(body))/1000, "kB-feed")
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package metrics

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/feeds/serve"
)

// readers remember what feed readers that read for many say of their
// subscribers: "Feedbin feed-id:1373711 - 142 subscribers", "Feedly/1.0
// (…; 12 subscribers; like FeedFetcher-Google)". Anybody may say anything, so
// neither names nor addresses become labels, and the memory is bounded.
type readers struct {
	mu   sync.Mutex
	said map[reader]report
}

type reader struct{ product, path string }

type report struct {
	subscribers int
	at          time.Time
}

const (
	mostReaders     = 2000
	mostSubscribers = 10_000_000 // what is more was made up
	remembered      = 7 * 24 * time.Hour
)

// heard notes what a user agent reports, which most do not.
func (r *readers) heard(agent, path string, now func() time.Time) {
	n, ok := subscribers(agent)
	if !ok || len(path) > 200 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil {
		r.said = map[reader]report{}
	}
	key := reader{product(agent), path}
	if _, known := r.said[key]; !known && len(r.said) >= mostReaders {
		oldest, at := reader{}, now()
		for k, v := range r.said {
			if v.at.Before(at) {
				oldest, at = k, v.at
			}
		}
		delete(r.said, oldest)
	}
	if len(r.said) < mostReaders || r.said[key].subscribers > 0 {
		r.said[key] = report{n, now()}
	}
}

// sum gives how many subscribers are reported, and by how many reports.
func (r *readers) sum(now time.Time) (total, reports int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, v := range r.said {
		if now.Sub(v.at) > remembered {
			delete(r.said, k)
			continue
		}
		total += v.subscribers
	}
	return total, len(r.said)
}

// mostShown is how many reports /status shows, the largest first.
const mostShown = 50

// Readers gives the largest reports.
func (m *Metrics) Readers() []serve.ReaderReport {
	m.readers.sum(m.o.Now()) // forgets what is old
	m.readers.mu.Lock()
	defer m.readers.mu.Unlock()
	out := make([]serve.ReaderReport, 0, len(m.readers.said))
	for k, v := range m.readers.said {
		out = append(out, serve.ReaderReport{Reader: k.product, Path: k.path, Subscribers: v.subscribers, At: v.at.UTC().Format(time.RFC3339)})
	}
	slices.SortFunc(out, func(a, b serve.ReaderReport) int {
		return cmp.Or(cmp.Compare(b.Subscribers, a.Subscribers), cmp.Compare(a.Reader, b.Reader), cmp.Compare(a.Path, b.Path))
	})
	return out[:min(len(out), mostShown)]
}

// subscribers reads "12 subscribers" or "1 subscriber".
func subscribers(agent string) (int, bool) {
	at := strings.Index(agent, " subscriber")
	if at < 1 {
		return 0, false
	}
	n, from := 0, at
	for from > 0 && agent[from-1] >= '0' && agent[from-1] <= '9' && at-from < 9 {
		from--
	}
	for _, digit := range agent[from:at] {
		n = 10*n + int(digit-'0')
	}
	return n, n > 0 && n <= mostSubscribers
}

// product gives the name that a user agent begins with.
func product(agent string) string {
	end := strings.IndexAny(agent, "/ ;(")
	if end < 0 {
		end = len(agent)
	}
	return strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return '?'
		}
		return r
	}, agent[:min(end, 40)])
}

package serve

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit is how often one reader may ask the API. The zero value is no limit.
type Limit struct {
	Requests int           // in a Window, also all at once
	Window   time.Duration // whole seconds
	// Proxies are the networks of our own proxies: only what comes from them is
	// believed when it says whom it comes from.
	Proxies []netip.Prefix
}

// policy is the name of the limit in RateLimit-Policy.
const policy = "api"

// limiter counts readers by address: a token bucket for each.
type limiter struct {
	Limit
	policy []string // the field RateLimit-Policy

	mu         sync.Mutex
	now, older map[netip.Prefix]*rate.Limiter // two generations; who is in neither has a full bucket
}

// maxReaders is how many readers' buckets a generation holds, about 150 octets
// each.
const maxReaders = 20_000

func newLimiter(l Limit) *limiter {
	if l.Requests <= 0 {
		return nil
	}
	return &limiter{Limit: l, policy: []string{fmt.Sprintf(`"%s";q=%d;w=%d`, policy, l.Requests, int(l.Window.Seconds()))}, now: map[netip.Prefix]*rate.Limiter{}}
}

// take takes a token of the reader's and tells how many are left, in what time
// all are back, and, when there was none, in what time there is one.
func (l *limiter) take(reader netip.Prefix, at time.Time) (left int, full, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.now[reader]
	if b == nil {
		if b = l.older[reader]; b == nil {
			b = rate.NewLimiter(rate.Limit(float64(l.Requests)/l.Window.Seconds()), l.Requests)
		}
		if len(l.now) >= maxReaders {
			l.older, l.now = l.now, map[netip.Prefix]*rate.Limiter{}
		}
		l.now[reader] = b
	}
	ok := b.AllowN(at, 1)
	tokens := b.TokensAt(at)
	per := float64(b.Limit())
	if !ok {
		wait = time.Duration((1 - tokens) / per * float64(time.Second))
	}
	return max(0, int(tokens)), time.Duration((float64(l.Requests) - tokens) / per * float64(time.Second)), wait
}

// admit reports whether the reader may ask; when not, it has answered. The
// header fields are those of draft-ietf-httpapi-ratelimit-headers-11.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	l := s.limits
	if l == nil || r.Method == http.MethodOptions {
		return true
	}
	left, full, wait := l.take(readerOf(r, l.Proxies), time.Now())
	h := w.Header()
	h["Ratelimit-Policy"] = l.policy
	h["Ratelimit"] = []string{fmt.Sprintf(`"%s";r=%d;t=%d`, policy, left, seconds(full))}
	if wait == 0 {
		return true
	}
	h.Set("Retry-After", strconv.Itoa(max(1, seconds(wait))))
	s.problem(w, r, &refusal{status: http.StatusTooManyRequests, policies: []string{policy},
		text: fmt.Sprintf("more than %d requests %s came from your network address; ask again in %d s", l.Requests, each(l.Window), max(1, seconds(wait)))})
	return false
}

// each words a window.
func each(d time.Duration) string {
	switch d {
	case time.Second:
		return "a second"
	case time.Minute:
		return "a minute"
	case time.Hour:
		return "an hour"
	case 24 * time.Hour:
		return "a day"
	}
	return fmt.Sprintf("in %d seconds", seconds(d))
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// readerOf gives the network address that a request comes from: that of the
// connection or, when it is one of our proxies', the last in the list of those
// it was forwarded for that is none of them. All addresses of an IPv6 /64 are
// one reader.
func readerOf(r *http.Request, proxies []netip.Prefix) netip.Prefix {
	var at netip.Addr
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		at = ap.Addr().Unmap()
	}
	if ours(at, proxies) {
		hops := forwardedFor(r.Header)
		for i := len(hops) - 1; i >= 0; i-- {
			hop, ok := hopAddr(hops[i])
			if !ok {
				break // hidden, or nonsense: whatever stands before it may be made up
			}
			if at = hop; !ours(at, proxies) {
				break
			}
		}
	}
	at = at.WithZone("")
	bits := at.BitLen()
	if at.Is6() {
		bits = 64
	}
	p, err := at.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: all such are one reader
	}
	return p
}

func ours(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwardedFor gives whom a request was forwarded for, as its proxies say: by
// Forwarded (RFC 7239 §5.2), else by X-Forwarded-For.
func forwardedFor(h http.Header) []string {
	var hops []string
	if all := h.Values("Forwarded"); len(all) > 0 {
		for _, element := range strings.Split(strings.Join(all, ","), ",") {
			hop := ""
			for _, pair := range strings.Split(element, ";") {
				if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
					hop = strings.Trim(value, `"`)
				}
			}
			hops = append(hops, hop)
		}
		return hops
	}
	if all := h.Values("X-Forwarded-For"); len(all) > 0 {
		return strings.Split(strings.Join(all, ","), ",")
	}
	return nil
}

// hopAddr reads an address that may have a port and brackets.
func hopAddr(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap(), true
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return a.Unmap(), err == nil
}

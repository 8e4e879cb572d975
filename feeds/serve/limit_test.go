package serve

import (
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestReadersAreLimitedEachForThemselves(t *testing.T) {
	l := newLimiter(Limit{Requests: 3, Window: time.Minute})
	a, b := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("192.0.2.2/32")
	at := day
	for i, want := range []int{2, 1, 0} {
		if left, _, wait := l.take(a, at); left != want || wait != 0 {
			t.Errorf("request %d: %d left, wait %s", i, left, wait)
		}
	}
	left, full, wait := l.take(a, at)
	if left != 0 || full != time.Minute || wait != 20*time.Second {
		t.Errorf("the fourth: %d left, full in %s, wait %s; want 0, 1m, 20s", left, full, wait)
	}
	if _, _, wait := l.take(b, at); wait != 0 {
		t.Error("another reader waits too")
	}
	if _, _, wait := l.take(a, at.Add(19*time.Second)); wait == 0 {
		t.Error("a token came early")
	}
	if _, _, wait := l.take(a, at.Add(20*time.Second)); wait != 0 {
		t.Errorf("a token is late by %s", wait)
	}
	if newLimiter(Limit{}) != nil {
		t.Error("no limit is one")
	}
}

func TestTheLimiterForgets(t *testing.T) {
	l := newLimiter(Limit{Requests: 1, Window: time.Minute})
	for i := range 3 * maxReaders {
		l.take(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32), day)
	}
	if n := len(l.now) + len(l.older); n > 2*maxReaders {
		t.Errorf("%d readers are remembered", n)
	}
}

func TestWhoIsAskingIsBelievedOfOurProxiesOnly(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:aaaa::/48")}
	for _, c := range []struct {
		from, name, value, want string
	}{
		{"192.0.2.1:1", "", "", "192.0.2.1/32"},
		{"192.0.2.1:1", "X-Forwarded-For", "198.51.100.7", "192.0.2.1/32"},
		{"10.0.0.1:1", "", "", "10.0.0.1/32"},
		{"10.0.0.1:1", "X-Forwarded-For", "198.51.100.7", "198.51.100.7/32"},
		{"10.0.0.1:1", "X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.1.1.1", "198.51.100.7/32"},
		{"10.0.0.1:1", "X-Forwarded-For", "203.0.113.9, nonsense, 10.1.1.1", "10.1.1.1/32"},
		{"10.0.0.1:1", "X-Forwarded-For", "198.51.100.7:4711", "198.51.100.7/32"},
		{"10.0.0.1:1", "Forwarded", `for=203.0.113.9, for="[2001:db8:1:2:3::4]:80";proto=https`, "2001:db8:1:2::/64"},
		{"10.0.0.1:1", "Forwarded", `for=203.0.113.9, for=_hidden`, "10.0.0.1/32"},
		{"[2001:db8:1:2:3::4]:1", "", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:1", "", "", "192.0.2.1/32"},
		{"[2001:db8:aaaa::1]:1", "X-Forwarded-For", "192.0.2.9", "192.0.2.9/32"},
		{"[fe80::1%eth0]:1", "", "", "fe80::/64"},
		{"@", "", "", "invalid Prefix"},
	} {
		r := &http.Request{RemoteAddr: c.from, Header: http.Header{}}
		if c.name != "" {
			r.Header.Set(c.name, c.value)
		}
		if got := readerOf(r, proxies); got.String() != c.want {
			t.Errorf("%s with %s: %s is %s, want %s", c.from, c.name, c.value, got, c.want)
		}
	}
}

func TestTheAPITellsHowManyRequestsAreLeft(t *testing.T) {
	c := newClient(t, func(o *Options) { o.API = Limit{Requests: 4, Window: time.Hour} })
	c.say("north", "en", "Clinics")
	for i := range 3 { // newClient has asked once
		a := c.call("/api/v1/statements")
		if got, want := a.Header.Get("RateLimit"), fmt.Sprintf(`"api";r=%d;t=`, 2-i); !strings.HasPrefix(got, want) || a.Header.Get("RateLimit-Policy") != `"api";q=4;w=3600` || a.StatusCode != 200 {
			t.Errorf("request %d: %s, %q of %q", i, a.Status, got, a.Header.Get("RateLimit-Policy"))
		}
	}
	a := c.call("/api/v1/statements")
	if wait, err := strconv.Atoi(a.Header.Get("Retry-After")); a.StatusCode != 429 || err != nil || wait < 800 || wait > 900 || !strings.Contains(string(a.body), `"violated-policies":["api"]`) || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v %s", a.Status, a.Header, a.body)
	}
	for _, path := range []string{"/feeds/all.json", "/", "/api", "/feeds"} {
		if a := c.get(path); a.StatusCode != 200 || a.Header.Get("RateLimit") != "" {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if a := c.ask("OPTIONS", "/api/v1/statements"); a.StatusCode != 204 {
		t.Errorf("a preflight: %s", a.Status)
	}
}

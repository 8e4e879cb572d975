package guard

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"
)

func TestGuardRefusesSpecialAddresses(t *testing.T) {
	g := New()
	for _, ip := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.192",
		"198.18.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd00:ec2::254",
		"64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "ff02::1", "fe80::1%eth0",
	} {
		if err := g.control("tcp", net.JoinHostPort(ip, "80"), nil); err == nil {
			t.Errorf("%s may be connected to", ip)
		}
	}
	for _, ip := range []string{"93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"} {
		if err := g.control("tcp", net.JoinHostPort(ip, "80"), nil); err != nil {
			t.Errorf("%s may not be connected to: %v", ip, err)
		}
	}
	if err := g.control("tcp", "nonsense", nil); err == nil {
		t.Error("nonsense may be connected to")
	}
	if !slices.IsSorted(badPorts) {
		t.Error("badPorts is not sorted")
	}
}

func TestGuardOpensOnlyWhatIsAllowed(t *testing.T) {
	g := New(netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd00::/64"), netip.MustParsePrefix("::ffff:192.168.7.0/120"))
	for ip, open := range map[string]bool{
		"10.20.3.4": true, "10.21.0.1": false, "fd00::5": true, "fd01::5": false, "127.0.0.1": false, "192.168.7.9": true, "192.168.8.9": false, "::ffff:10.20.0.1": true,
	} {
		if err := g.check(netip.MustParseAddr(ip)); (err == nil) != open {
			t.Errorf("%s: %v, want open=%v", ip, err, open)
		}
	}
}

func TestPortsThatServeNoFeeds(t *testing.T) {
	g := New()
	check := func(u string) error {
		r, err := http.NewRequest(http.MethodGet, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		return g.CheckURL(r.URL)
	}
	for _, u := range []string{"http://example.org:22/", "http://example.org:6667/", "https://example.org:25/", "http://example.org:0/", "http://example.org:99999/"} {
		if check(u) == nil {
			t.Errorf("%s is let through", u)
		}
	}
	for _, u := range []string{"http://example.org/", "https://example.org:8443/", "http://example.org:8080/", "http://example.org:3000/", "http://example.org:81/"} {
		if err := check(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
}

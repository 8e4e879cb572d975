// Package guard decides which addresses may be connected to, at the moment of
// dialling, after the name was resolved: names and redirects can say anything.
package guard

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Refused is the guard's "no". Its text says what is wrong, Hint what to do.
type Refused struct{ What, Hint string }

func (r *Refused) Error() string { return r.What }

func refuse(hint, format string, args ...any) *Refused {
	return &Refused{What: fmt.Sprintf(format, args...), Hint: hint}
}

// Guard lets public addresses through, and what it was told to allow. Made by
// New; safe for concurrent use.
type Guard struct{ safe *ssrf.Guardian }

// New makes a guard that lets these networks through although they are not
// public.
func New(allow ...netip.Prefix) *Guard {
	var v4, v6 []netip.Prefix
	for _, p := range allow {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return &Guard{ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))}
}

// control is a net.Dialer's Control: it sees the address after the name was
// resolved, for each try of each dial. That, and not the name, is what counts.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return refuse("", "%s is no address", address)
	}
	return g.check(at.Addr())
}

func (g *Guard) check(ip netip.Addr) error {
	if err := g.safe.SafeAddr(ip.Unmap()); err != nil {
		return refuse("add it to allow_networks if it may really be there", "%s is no public address", ip)
	}
	return nil
}

// Dialer gives a dialler that asks the guard; a nil guard lets everything
// through, which is for the way to a proxy.
func (g *Guard) Dialer(timeout time.Duration) *net.Dialer {
	d := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	if g != nil {
		d.Control = g.control
	}
	return d
}

// CheckURL refuses what needs no dial to be refused: other schemes, ports of
// services that would take a request for their own language, and special
// addresses that stand in the URL itself, which is all that can be seen of
// them when a proxy does the dialling.
func (g *Guard) CheckURL(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return refuse("only http and https are asked", "scheme %q", u.Scheme)
	}
	host := u.Hostname()
	if host == "" {
		return refuse("correct the url", "a URL without a host")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if _, bad := slices.BinarySearch(badPorts, uint16(n)); err != nil || bad {
			return refuse("nothing of ours is served there", "port %s", p)
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return g.check(ip)
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return g.check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	return nil
}

// badPorts are those that browsers do not fetch from either (the Fetch
// standard, "bad port"), sorted, 0 among them.
var badPorts = []uint16{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
	113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554,
	556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666,
	6667, 6668, 6669, 6679, 6697, 10080,
}

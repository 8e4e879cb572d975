package guard

import (
	"net/netip"
	"testing"
)

func TestGuardThatAllowsEverything(t *testing.T) {
	g := New(netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"))
	for _, ip := range []string{"127.0.0.1", "10.1.2.3", "::1", "fd00::1", "8.8.8.8"} {
		if err := g.check(netip.MustParseAddr(ip)); err != nil {
			t.Errorf("%s: %v", ip, err)
		}
	}
}

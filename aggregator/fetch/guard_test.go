package fetch

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestGetIsGuardedByDefault(t *testing.T) {
	u := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("loopback was asked") })
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{u, strings.Replace(u, "127.0.0.1", "localhost", 1), strings.Replace(u, "127.0.0.1", "[::ffff:127.0.0.1]", 1),
		"http://169.254.169.254/latest/meta-data/", "http://[64:ff9b::a9fe:a9fe]/", "http://[fd00:ec2::254]/"} {
		e := failure(t, f, Request{URL: bad}, Policy)
		if !strings.Contains(e.Error(), "allow_networks") {
			t.Errorf("%v does not say what to do", e)
		}
	}
}

// A source that may be on a private network opens it for nobody else, also not
// by the connections that it leaves open.
func TestGetOpensANetworkForOneSource(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, feedBody) })
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	get(t, f, Request{URL: u, AllowNetworks: loopback})
	failure(t, f, Request{URL: u}, Policy)
	get(t, f, Request{URL: u, AllowNetworks: loopback})
}

// A name that resolves to a public address when it is looked at and to a
// private one when it is dialled: what counts is the dial.
func TestGetIsGuardedAgainstRebinding(t *testing.T) {
	u := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("loopback was asked") })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(u, "http://"))
	f, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := f.way(nil)
	d := w.guard.Dialer(0)
	// In place of a resolver that changes its mind: the name is taken as good,
	// and the dialler is given the private address for it.
	w.transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != "feeds.example.org:"+port {
			t.Errorf("dials %s", addr)
		}
		return d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	failure(t, f, Request{URL: "http://feeds.example.org:" + port + "/"}, Policy)
}

package fetch

import (
	"net/http"
	"net/netip"
	"time"
)

// Options of a Fetcher. Zero values mean the defaults that stand beside them.
type Options struct {
	UserAgent string // "communique"; give a name, a version and an address to reach you

	MaxWire       int64         // octets of a body as sent; 8 MiB
	MaxBody       int64         // octets of a body after decoding; 16 MiB
	MaxHeader     int64         // octets of a response's header; 256 KiB
	MaxRedirects  int           // 10; negative means that none is followed
	HeaderTimeout time.Duration // from the request to the end of the response's header; 15s
	Timeout       time.Duration // for all of a visit, redirects included, but not the wait for the host's turn; 60s

	PerHost int           // visits at the same time at one host and port; 2
	Gap     time.Duration // between the starts of two requests to one host and port; none

	// AllowNetworks opens networks that are not public: without it, no loopback,
	// private, link-local or otherwise special address is connected to.
	AllowNetworks []netip.Prefix

	// Proxy is an http, https or socks5 URL; "" means none, whatever the
	// environment says. The proxy resolves names, so the guard sees only
	// addresses that stand in URLs; the rest is the proxy's business.
	Proxy string

	// Transport replaces the guarded transport, in tests.
	Transport http.RoundTripper
}

const (
	defaultUserAgent = "communique"

	// accept names what we read, best first. The last two are for origins that
	// answer 406 or sort feeds under odd types.
	accept = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, " +
		"application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.3, */*;q=0.2"
	acceptEncoding = "gzip, br, zstd"
)

func (o Options) withDefaults() Options {
	if o.UserAgent == "" {
		o.UserAgent = defaultUserAgent
	}
	setDefault(&o.MaxWire, 8<<20)
	setDefault(&o.MaxBody, 16<<20)
	setDefault(&o.MaxHeader, 256<<10)
	setDefault(&o.HeaderTimeout, 15*time.Second)
	setDefault(&o.Timeout, time.Minute)
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 10
	}
	setDefault(&o.PerHost, 2)
	return o
}

func setDefault[T ~int | ~int64](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

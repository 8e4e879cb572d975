package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
)

const minToken = 16 // octets

// access checks who may ask the listeners, and with which certificates they
// answer.
func (l *loader) access(c *Config) {
	l.publicTLS(c)
	a := &c.AdminTLS
	if !l.keyPair(a.At, a.Cert, a.Key) {
		a.Cert, a.Key = "", ""
	}
	switch {
	case a.ClientCA == "":
	case a.Cert == "" && !a.At.has("cert"):
		l.errorAt(a.At.at("client_ca"), "asks for certificates without having one; give cert and key")
	default:
		if pem, err := os.ReadFile(string(a.ClientCA)); err != nil {
			l.errorAt(a.At.at("client_ca"), fmt.Sprintf("cannot read %s: %v", a.ClientCA, reason(err)))
		} else if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			l.errorAt(a.At.at("client_ca"), fmt.Sprintf("there is no certificate (PEM) in %s", a.ClientCA))
		}
	}
	token := c.AdminToken.Reveal()
	if token != "" && (len(token) < minToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })) {
		l.errorAt(l.top("admin_token"), fmt.Sprintf("wants %d octets of ASCII or more, without spaces", minToken)) // without the value
	}
	if _, given := l.given["admin_token"]; token == "" && !given && a.ClientCA == "" && c.Admin != "" && !loopback(string(c.Admin)) && l.given["admin"].file != nil {
		l.errorAt(l.top("admin"), fmt.Sprintf("%q: can be reached from other machines; give admin_token (or client_ca in admin_tls), or take 127.0.0.1", c.Admin))
	}
}

// loopback reports whether an address to listen on can be reached from this
// machine only. Of names that is known of localhost alone (RFC 6761 §6.3).
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

func (l *loader) publicTLS(c *Config) {
	t := &c.TLS
	acme := t.At.has("acme") && t.ACME.At.node != nil
	if !l.keyPair(t.At, t.Cert, t.Key) {
		t.Cert, t.Key = "", ""
	}
	if acme && (t.At.has("cert") || t.At.has("key")) {
		l.errorAt(t.At.at("acme"), "is given beside cert; give one of the two")
		return
	}
	if acme {
		l.acme(c)
	}
	base, _ := url.Parse(string(c.Site.BaseURL))
	on := t.On()
	if on && c.Site.baseGiven && base != nil && base.Scheme == "http" {
		l.errorAt(c.Site.At.at("base_url"), fmt.Sprintf("%q: says http, but there is a section tls; write https", c.Site.BaseURL))
	}
	switch {
	case t.Redirect == "":
	case !t.At.has("cert") && !acme:
		l.errorAt(t.At.at("redirect"), "leads to TLS that there is none of; give cert and key, or acme")
	case !c.Site.baseGiven:
		l.errorAt(t.At.at("redirect"), "leads to site.base_url, which is not given")
	case strings.HasSuffix(string(t.Redirect), ":0"):
	case string(t.Redirect) == string(c.Listen), string(t.Redirect) == string(c.Admin):
		l.errorAt(t.At.at("redirect"), fmt.Sprintf("%q: is the address of another listener", t.Redirect))
	}
	c.Site.secure = on
}

// acme checks what certificates are asked for, and fills in the host.
func (l *loader) acme(c *Config) {
	a := &c.TLS.ACME
	if len(a.Hosts) == 0 {
		base, err := url.Parse(string(c.Site.BaseURL))
		if err != nil || !c.Site.baseGiven {
			l.errorAt(c.TLS.At.at("acme"), "needs site.base_url or hosts: which name is the certificate for?")
			return
		}
		a.Hosts = []string{strings.ToLower(base.Hostname())}
		if !publicName(a.Hosts[0]) {
			l.errorAt(c.Site.At.at("base_url"), fmt.Sprintf("%q: no authority certifies %q by ACME; it must be a name that the internet knows", c.Site.BaseURL, a.Hosts[0]))
		}
		return
	}
	for i, h := range a.Hosts {
		if a.Hosts[i] = strings.ToLower(h); !publicName(a.Hosts[i]) {
			l.errorAt(a.At.at("hosts", i), fmt.Sprintf("%q: wants a host's name that the internet knows, without scheme, port or *", h))
		}
	}
}

// keyPair checks that a certificate and its key are both there and belong
// together.
func (l *loader) keyPair(at place, cert, key Path) bool {
	switch {
	case cert == "" && key == "":
		return true
	case cert == "" && !at.has("cert"):
		l.errorAt(at.at("key"), "has no cert beside it")
		return false
	case key == "" && !at.has("key"):
		l.errorAt(at.at("cert"), "has no key beside it")
		return false
	case cert == "" || key == "":
		return false // reported at its own place
	}
	if _, err := tls.LoadX509KeyPair(string(cert), string(key)); err != nil {
		l.errorAt(at.at("cert"), fmt.Sprintf("cannot be used with its key: %v", err))
		return false
	}
	return true
}

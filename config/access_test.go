package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes one for nobody, with its key, into a folder.
func certificate(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestListenersThatOthersReachAreGuarded(t *testing.T) {
	dir := t.TempDir()
	certificate(t, dir, "a")
	certificate(t, dir, "b")
	const site = "site: {base_url: https://news.example.org}\n"
	for _, x := range []struct{ text, want string }{
		{"admin: 127.0.0.1:8081", ""},
		{"admin: localhost:8081", ""},
		{"admin: '[::1]:8081'", ""},
		{"admin: off", ""},
		{"admin: :8081", `c.yaml:1:8: admin: ":8081": can be reached from other machines; give admin_token`},
		{"admin: 10.1.2.3:8081", "can be reached from other machines"},
		{"admin: '[::]:8081'", "can be reached from other machines"},
		{"admin: :8081\nadmin_token: 0123456789abcdef", ""},
		{"admin: :8081\nadmin_tls: {cert: a.crt, key: a.key, client_ca: b.crt}", ""},
		{"admin: :8081\nadmin_tls: {cert: a.crt, key: a.key}", "can be reached from other machines"},
		{"admin_token: shorty", "c.yaml:1:14: admin_token: wants 16 octets of ASCII or more, without spaces"},
		{"admin_token: 'with a space in it'", "without spaces"},
		{"admin_tls: {client_ca: b.crt}", "asks for certificates without having one"},
		{"admin_tls: {cert: a.crt, key: a.key, client_ca: b.key}", "there is no certificate (PEM)"},
		{"tls: {cert: a.crt, key: a.key}", ""},
		{"tls: {cert: a.crt, key: b.key}", "c.yaml:1:13: tls.cert: cannot be used with its key"},
		{"tls: {cert: a.crt}", "has no key beside it"},
		{"tls: {key: a.key}", "has no cert beside it"},
		{"tls: {cert: c.crt, key: c.key}", "no such file"},
		{"site: {base_url: http://news.example.org}\ntls: {cert: a.crt, key: a.key}", "says http, but there is a section tls"},
		{"tls: {redirect: :80}", "leads to TLS that there is none of"},
		{"tls: {redirect: :80, cert: a.crt, key: a.key}", "site.base_url, which is not given"},
		{site + "listen: :443\ntls: {redirect: :443, cert: a.crt, key: a.key}", "is the address of another listener"},
		{site + "tls: {redirect: :80, cert: a.crt, key: a.key}", ""},
		{site + "tls: {acme: {}}", ""},
		{site + "tls: {acme: {}, cert: a.crt, key: a.key}", "c.yaml:2:13: tls.acme: is given beside cert"},
		{"tls: {acme: {}}", "needs site.base_url or hosts"},
		{"site: {base_url: https://10.0.0.1}\ntls: {acme: {}}", "no authority certifies \"10.0.0.1\" by ACME"},
		{"site: {base_url: https://news.internal}\ntls: {acme: {}}", "no authority certifies"},
		{site + "tls: {acme: {hosts: ['*.example.org']}}", "wants a host's name"},
		{site + "tls: {acme: {hosts: [https://news.example.org]}}", "wants a host's name"},
		{site + "tls: {acme: {hosts: [news.example.org:443]}}", "wants a host's name"},
		{site + "tls: {acme: {directory: ftp://ca.example.org}}", "wants http or https"},
	} {
		_, err := Parse(filepath.Join(dir, "c.yaml"), []byte(x.text+"\nsources: []\n"), Options{})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if x.want == "" && got != "" || !strings.Contains(got, x.want) {
			t.Errorf("%s\ngot  %s\nwant %q", x.text, got, x.want)
		}
		if strings.Contains(got, "shorty") || strings.Contains(got, "with a space") {
			t.Errorf("the error shows the token: %s", got)
		}
	}
}

func TestTheHostOfACertificateIsThatOfTheSite(t *testing.T) {
	c, err := Parse("c.yaml", []byte("site: {base_url: https://News.Example.org}\ntls: {acme: {email: a@example.org}}\nsources: []\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.TLS.ACME.Hosts; len(got) != 1 || got[0] != "news.example.org" || !c.TLS.On() {
		t.Errorf("hosts %q, on %v; want news.example.org and true", got, c.TLS.On())
	}
}

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"communique/config"
)

// authority signs certificates in a folder.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	last int64
}

func newAuthority(t *testing.T, dir string) *authority {
	a := &authority{t: t, dir: dir}
	a.cert, a.key = a.issue("ca", true)
	return a
}

// issue writes NAME.crt and NAME.key.
func (a *authority) issue(name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.last++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(a.last), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: isCA, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, by := a.cert, a.key
	if isCA {
		c.KeyUsage |= x509.KeyUsageCertSign
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	write(a.t, filepath.Join(a.dir, name+".crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(a.t, filepath.Join(a.dir, name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	c, err = x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c, key
}

// client believes the authority, and shows the certificate NAME, "" for none.
func (a *authority) client(name string) *http.Client {
	a.t.Helper()
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	c.RootCAs.AddCert(a.cert)
	if name != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key"))
		if err != nil {
			a.t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

const token = "open-sesame-0123456789"

func TestTheAdminListenerAsksForItsToken(t *testing.T) {
	w := newWorld(t)
	write(t, filepath.Join(w.dir, "token"), token+"\n")
	w.config(t, "communique.yaml", unwatched+"\nadmin_token: file:token", "harbour")
	d := start(t, w.dir, "serve")
	admin := d.out.await(t, `^health and status on (http://\S+)/status$`)
	for _, x := range []struct {
		path   string
		how    func(*http.Request)
		status int
	}{
		{"/livez", nil, 200},
		{"/readyz", nil, 200},
		{"/status", nil, 401},
		{"/status.json", nil, 401},
		{"/backup", nil, 401},
		{"/debug/pprof/", nil, 401},
		{"/nowhere", nil, 401},
		{"/status.json", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }, 200},
		{"/status.json", func(r *http.Request) { r.Header.Set("Authorization", "bearer "+token) }, 200},
		{"/status.json", func(r *http.Request) { r.SetBasicAuth("anybody", token) }, 200},
		{"/status.json", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"x") }, 401},
		{"/status.json", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401},
		{"/status.json?token=" + token, nil, 401},
	} {
		req, err := http.NewRequest("GET", admin+x.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if x.how != nil {
			x.how(req)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != x.status {
			t.Errorf("%s with %q: %s, want %d", x.path, req.Header.Get("Authorization"), res.Status, x.status)
		}
		if x.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: nobody is told how to prove who they are", x.path)
		}
	}

	// The program's own questions are answered; with another token they are not.
	head := "listen: 127.0.0.1:0\nadmin: " + strings.TrimPrefix(admin, "http://") + "\nadmin_token: "
	w.config(t, "communique.yaml", head+"file:token", "harbour")
	if code, stdout, stderr := finish(t, w.dir, "sources"); code != 0 || !strings.Contains(stdout, "harbour") {
		t.Errorf("sources: exit code %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := finish(t, w.dir, "health"); code != 0 {
		t.Errorf("health: exit code %d, %s%s", code, stdout, stderr)
	}
	w.config(t, "other.yaml", head+"another-one-0123456789", "harbour")
	if code, _, stderr := finish(t, w.dir, "sources", "--config", "other.yaml"); code == 0 || !strings.Contains(stderr, "another admin_token") {
		t.Errorf("sources with another token: exit code %d, %s; want it to say why", code, stderr)
	}

	// A new token holds from the next reading on.
	write(t, filepath.Join(w.dir, "token"), "a-new-one-0123456789")
	d.signal(syscall.SIGHUP)
	d.log.await(t, `msg="configuration read again"`)
	req, err := http.NewRequest("GET", admin+"/status.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("with the old token: %s, want 401", res.Status)
	}
	d.signal(syscall.SIGTERM)
	d.exit()
	for _, o := range []*output{d.out, d.log} {
		if text, _ := o.now(); strings.Contains(text, token) || strings.Contains(text, "a-new-one") {
			t.Errorf("the token is told:\n%s", text)
		}
	}
}

func TestWithoutATokenOnlyThisMachineMayAsk(t *testing.T) {
	h := guarded(&config.Config{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, x := range []struct {
		local, host string
		status      int
	}{
		{"127.0.0.1:8081", "127.0.0.1:8081", 200},
		{"127.0.0.1:8081", "localhost:8081", 200},
		{"[::1]:8081", "[::1]:8081", 200},
		{"127.0.0.1:8081", "evil.example:8081", 401}, // its name was made to lead here
		{"10.1.2.3:8081", "10.1.2.3:8081", 401},      // a listener of before a reload
		{"10.1.2.3:8081", "localhost:8081", 401},
	} {
		addr, err := net.ResolveTCPAddr("tcp", x.local)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "http://"+x.host+"/status", nil)
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(addr)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != x.status {
			t.Errorf("%s at %s: %d, want %d", x.host, x.local, w.Code, x.status)
		}
	}
}

func TestCertificatesLetIntoTheAdminListener(t *testing.T) {
	w := newWorld(t)
	ca := newAuthority(t, w.dir)
	ca.issue("server", false)
	ca.issue("operator", false)
	head := "admin_tls: {cert: server.crt, key: server.key, client_ca: ca.crt}\nadmin_token: " + token + "\nlisten: 127.0.0.1:0\nadmin: "
	w.config(t, "communique.yaml", head+"127.0.0.1:0", "harbour")
	d := start(t, w.dir, "serve")
	admin := d.out.await(t, `^health and status on (https://\S+)/status$`)
	for _, x := range []struct {
		name, path string
		status     int
	}{{"operator", "/status.json", 200}, {"", "/status.json", 401}, {"", "/livez", 200}} {
		res, err := ca.client(x.name).Get(admin + x.path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != x.status {
			t.Errorf("%s by %q: %s, want %d", x.path, x.name, res.Status, x.status)
		}
	}
	stranger := newAuthority(t, t.TempDir())
	stranger.issue("operator", false)
	c := stranger.client("operator")
	c.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(ca.cert)
	if res, err := c.Get(admin + "/status.json"); err == nil {
		res.Body.Close()
		if res.StatusCode == 200 {
			t.Error("a stranger's certificate is let in")
		}
	}
	w.config(t, "communique.yaml", head+strings.TrimPrefix(admin, "https://"), "harbour")
	if code, stdout, stderr := finish(t, w.dir, "sources"); code != 0 || !strings.Contains(stdout, "harbour") {
		t.Errorf("sources: exit code %d, %s%s", code, stdout, stderr)
	}
}

func TestThePublicListenerSpeaksTLS(t *testing.T) {
	w := newWorld(t)
	ca := newAuthority(t, w.dir)
	ca.issue("server", false)
	w.config(t, "communique.yaml", anyPorts+"\nsite: {base_url: 'https://news.example.org/press'}\ntls: {cert: server.crt, key: server.key, redirect: '127.0.0.1:0'}", "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (https://\S+)$`)
	res, err := ca.client("").Get(base + "/feeds/all.atom")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.Proto != "HTTP/2.0" {
		t.Errorf("%s %s, want HTTP/2.0 200", res.Proto, res.Status)
	}
	admin := d.out.await(t, `^health and status on (\S+)/status$`)
	if text := page(t, admin+"/metrics"); !strings.Contains(text, `communique_certificate_well{certificate="`) || !strings.Contains(text, `server.crt"} 1`) {
		t.Errorf("metrics say nothing of the certificate:\n%s", text)
	}
}

func TestRedirectKeepsThePath(t *testing.T) {
	for _, x := range []struct{ base, path, want string }{
		{"https://news.example.org", "/feeds/all.atom?lang=fr", "https://news.example.org/feeds/all.atom?lang=fr"},
		{"https://news.example.org/press", "/feeds", "https://news.example.org/press/feeds"},
		{"https://news.example.org/press", "/press/feeds", "https://news.example.org/press/feeds"},
		{"https://news.example.org/press", "/pressroom", "https://news.example.org/press/pressroom"},
		{"https://news.example.org", "//evil.example/", "https://news.example.org//evil.example/"},
	} {
		w := httptest.NewRecorder()
		redirectTo(x.base).ServeHTTP(w, httptest.NewRequest("GET", x.path, nil))
		if got := w.Header().Get("Location"); w.Code != 301 || got != x.want {
			t.Errorf("%s below %s: %d to %s, want 301 to %s", x.path, x.base, w.Code, got, x.want)
		}
	}
}

package main

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/config"
	"communique/feeds/incidents"
)

func TestACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	first, _ := ca.issue("server", false)
	var log strings.Builder
	now := time.Now()
	k := &keyPair{cert: filepath.Join(dir, "server.crt"), key: filepath.Join(dir, "server.key"), log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	serial := func() int64 {
		t.Helper()
		c, err := k.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != first.SerialNumber.Int64() {
		t.Fatalf("serial %d, want that of the file", got)
	}

	// The certificate is there before its key: the old pair stays.
	second, _ := ca.issue("next", false)
	move := func(end string) {
		if err := os.Rename(filepath.Join(dir, "next"+end), filepath.Join(dir, "server"+end)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(2 * time.Second)
	}
	move(".crt")
	if got := serial(); got != first.SerialNumber.Int64() || !strings.Contains(log.String(), "the old one stays") {
		t.Errorf("serial %d, log %q; want the old one, and that it is said", got, &log)
	}
	move(".key")
	if got := serial(); got != second.SerialNumber.Int64() {
		t.Errorf("serial %d, want %d", got, second.SerialNumber)
	}
}

func TestACMEIsWired(t *testing.T) {
	cfg, err := config.Parse("c.yaml", []byte("site: {base_url: https://news.example.org}\ntls: {redirect: ':80', acme: {email: press@example.org, directory: https://ca.example.org/dir}}\nsources: []\n"), config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := acmeManager(cfg.TLS.ACME, "/var/lib/x")
	if m.Email != "press@example.org" || m.Client.DirectoryURL != "https://ca.example.org/dir" || m.Cache == nil {
		t.Errorf("email %q, directory %q", m.Email, m.Client.DirectoryURL)
	}
	if m.HostPolicy(t.Context(), "news.example.org") != nil || m.HostPolicy(t.Context(), "other.example.org") == nil {
		t.Error("want certificates for news.example.org and for nothing else")
	}
	c := publicCerts(cfg, t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if !strings.Contains(strings.Join(c.config.NextProtos, " "), "acme-tls/1") {
		t.Errorf("protocols %q, want acme-tls/1 among them", c.config.NextProtos)
	}
	w := httptest.NewRecorder()
	c.plain(redirectTo("https://news.example.org")).ServeHTTP(w, httptest.NewRequest("GET", "http://news.example.org/.well-known/acme-challenge/x", nil))
	if w.Code == 301 {
		t.Error("a challenge is sent on like a reader")
	}
	if _, err := c.config.GetCertificate(&tls.ClientHelloInfo{ServerName: "other.example.org", SupportedProtos: []string{"h2"}}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a certificate for another name: %v, want it refused", err)
	}
}

// sure leaves out what nobody knows yet.
func sure(list []incidents.Trouble) []incidents.Trouble {
	return slices.DeleteFunc(list, func(t incidents.Trouble) bool { return t.Unsure })
}

func TestACertificateThatCannotBeGotIsTold(t *testing.T) {
	ca := newAuthority(t, t.TempDir())
	ca.issue("server", false)
	pair, err := tls.LoadX509KeyPair(filepath.Join(ca.dir, "server.crt"), filepath.Join(ca.dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	now, asked, fault := time.Now(), 0, errors.New("the authority gives none")
	s := newShown([]string{"news.example.org"}, func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if asked++; fault != nil {
			return nil, fault
		}
		return &pair, nil
	}, slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	ask := func(after time.Duration, tries, troubles int) {
		t.Helper()
		now = now.Add(after)
		_, err := s.certificate(&tls.ClientHelloInfo{ServerName: "News.example.org."})
		if (err == nil) != (fault == nil) {
			t.Errorf("certificate: %v, want %v", err, fault)
		}
		if got := sure(s.troubles(now)); asked != tries || len(got) != troubles {
			t.Errorf("after %d tries, want %d, the troubles are %+v, want %d", asked, tries, got, troubles)
		}
	}
	ask(0, 1, 0)
	if !strings.Contains(log.String(), "no certificate") || !strings.Contains(log.String(), "news.example.org") || !strings.Contains(log.String(), "gives none") {
		t.Errorf("log %q, want it said whose certificate is missing and why", &log)
	}
	ask(119*time.Second, 1, 0) // it was asked just now
	ask(time.Second, 2, 1)
	ask(239*time.Second, 2, 1)
	ask(time.Second, 3, 1)
	if i := sure(s.troubles(now))[0]; i.Name != "news.example.org" || i.State != "missing" || i.Reason != fault.Error() || i.Do == "" || now.Sub(i.Began) < 6*time.Minute {
		t.Errorf("trouble %+v", i)
	}
	if c := s.certificates(); len(c) != 1 || c[0].Well || !c[0].Until.IsZero() {
		t.Errorf("certificates %+v, want one that is not well and not there yet", c)
	}
	if _, err := s.certificate(&tls.ClientHelloInfo{ServerName: "stranger.example"}); err == nil || len(sure(s.troubles(now))) != 1 {
		t.Errorf("a name that is not ours: %v, troubles %+v", err, sure(s.troubles(now)))
	}
	fault, asked = nil, 0
	ask(8*time.Minute, 1, 0)
	if c := s.certificates(); !c[0].Until.Equal(pair.Leaf.NotAfter) {
		t.Errorf("certificates %+v, want one until %v", c, pair.Leaf.NotAfter)
	}
}

func TestACertificateThatEndsIsTold(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, dir)
	c, _ := ca.issue("server", false) // for two hours: an eighth is a quarter of an hour
	now := c.NotBefore
	clock := func() time.Time { return now }
	file, log := filepath.Join(dir, "server.crt"), slog.New(slog.DiscardHandler)
	k := &keyPair{cert: file, key: filepath.Join(dir, "server.key"), log: log, now: clock}
	s := newShown([]string{file}, k.get, log, clock)
	s.always = file
	state := func(at time.Time) string {
		t.Helper()
		now = at
		if _, err := s.certificate(&tls.ClientHelloInfo{ServerName: "any.example"}); err != nil {
			t.Fatal(err)
		}
		got := sure(s.troubles(now))
		if well := s.certificates()[0].Well; well != (len(got) == 0) {
			t.Errorf("well is %v with the troubles %+v", well, got)
		}
		if len(got) == 0 {
			return ""
		}
		return got[0].State + " " + got[0].Name
	}
	if got := state(c.NotAfter.Add(-16 * time.Minute)); got != "" {
		t.Errorf("with more than an eighth left: %q", got)
	}
	if got := state(c.NotAfter.Add(-14 * time.Minute)); got != "ending "+file {
		t.Errorf("with less than an eighth left: %q", got)
	}
	began := sure(s.troubles(now))[0]
	if state(c.NotAfter.Add(time.Hour)); sure(s.troubles(now))[0] != began {
		t.Errorf("trouble %+v, want the same as before: %+v", sure(s.troubles(now))[0], began)
	}
	now = c.NotBefore.Add(time.Hour)
	ca.issue("server", false)
	if got := state(now.Add(time.Second)); got != "" {
		t.Errorf("with another certificate: %q", got)
	}
	if got := (&showing{from: now, until: now.Add(90 * 24 * time.Hour)}).wellUntil(); got != now.Add(80*24*time.Hour) {
		t.Errorf("a certificate for 90 days is well until %v", got)
	}
}

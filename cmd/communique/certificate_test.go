package main

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"communique/config"
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

package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"communique/config"
)

// keyPair is the certificate of two files, which are read again when they change.
type keyPair struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   [2]os.FileInfo
	held   *tls.Certificate
}

// get gives the certificate for a handshake. What cannot be used leaves the old
// one in its place: a certificate is often replaced before its key.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.held != nil && k.now().Sub(k.looked) < time.Second {
		return k.held, nil
	}
	k.looked = k.now()
	certFile, err1 := os.Stat(k.cert)
	keyFile, err2 := os.Stat(k.key)
	err := errors.Join(err1, err2)
	if err == nil {
		if same(k.seen[0], certFile) && same(k.seen[1], keyFile) {
			return k.held, nil
		}
		var fresh tls.Certificate
		if fresh, err = tls.LoadX509KeyPair(k.cert, k.key); err == nil {
			if k.held != nil {
				k.log.Info("certificate read again", "cert", k.cert)
			}
			k.held, k.seen = &fresh, [2]os.FileInfo{certFile, keyFile}
			return k.held, nil
		}
	}
	if k.held == nil {
		return nil, err
	}
	k.log.Warn("the certificate cannot be read again; the old one stays", "cert", k.cert, "err", err)
	return k.held, nil
}

func same(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// certs is how the public listener proves who it is.
type certs struct {
	config *tls.Config                     // nil: it does not
	plain  func(http.Handler) http.Handler // puts ACME's answers before what a plain listener says
}

// publicCerts gives the certificates of the public listener. What ACME got is
// kept in folder.
func publicCerts(cfg *config.Config, folder string, log *slog.Logger) certs {
	out := certs{plain: func(h http.Handler) http.Handler { return h }}
	switch t := cfg.TLS; {
	case t.Cert != "":
		k := &keyPair{cert: string(t.Cert), key: string(t.Key), log: log, now: time.Now}
		out.config = &tls.Config{GetCertificate: k.get, MinVersion: tls.VersionTLS12}
	case t.On():
		m := acmeManager(t.ACME, folder)
		out.config = m.TLSConfig()
		out.config.MinVersion = tls.VersionTLS12
		out.plain = m.HTTPHandler
	}
	return out
}

func acmeManager(a config.ACME, folder string) *autocert.Manager {
	return &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(folder, "acme")), HostPolicy: autocert.HostWhitelist(a.Hosts...), Email: a.Email,
		Client: &acme.Client{DirectoryURL: string(a.Directory), UserAgent: "communique/" + versionNumber},
	}
}

package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"communique/config"
	"communique/feeds"
	"communique/feeds/incidents"
	"communique/internal/metrics"
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
	shown  *shown                          // nil with config
}

// publicCerts gives the certificates of the public listener. What ACME got is
// kept in folder.
func publicCerts(cfg *config.Config, folder string, log *slog.Logger) certs {
	out := certs{plain: func(h http.Handler) http.Handler { return h }}
	switch t := cfg.TLS; {
	case t.Cert != "":
		k := &keyPair{cert: string(t.Cert), key: string(t.Key), log: log, now: time.Now}
		out.shown = newShown([]string{string(t.Cert)}, k.get, log, time.Now)
		out.shown.always = string(t.Cert)
		out.config = &tls.Config{}
	case t.On():
		m := acmeManager(t.ACME, folder)
		out.shown = newShown(t.ACME.Hosts, m.GetCertificate, log, time.Now)
		out.config = m.TLSConfig()
		out.plain = m.HTTPHandler
	default:
		return out
	}
	out.config.MinVersion, out.config.GetCertificate = tls.VersionTLS12, out.shown.certificate
	return out
}

func acmeManager(a config.ACME, folder string) *autocert.Manager {
	return &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(folder, "acme")), HostPolicy: autocert.HostWhitelist(a.Hosts...), Email: a.Email,
		Client: &acme.Client{DirectoryURL: string(a.Directory), UserAgent: "communique/" + versionNumber},
	}
}

// shown watches what the public listener shows of itself: that there is a
// certificate for each of its names, and until when. What gets them says
// nothing of it, and nobody else would before readers are turned away.
type shown struct {
	get    func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	always string // the one name that stands for whatever is asked for, "" for none
	log    *slog.Logger
	now    func() time.Time

	mu sync.Mutex
	of map[string]*showing
}

// showing is what is known of the certificate of one name.
type showing struct {
	from, until time.Time // of what was shown last; zero when there was none yet
	err         error     // of the last try
	since       time.Time // of the first of the tries that failed in a row
	tries       int       // those
	again       time.Time // not before: an authority lets nobody fail often
}

const (
	// lookAtCertificates is how often a certificate is looked at that no reader asks for.
	lookAtCertificates = time.Hour
	// leastRetry is the pause after a certificate could not be got; it doubles up to
	// lookAtCertificates. Autocert asks nobody for a minute after a failure.
	leastRetry = 2 * time.Minute
)

func newShown(names []string, get func(*tls.ClientHelloInfo) (*tls.Certificate, error), log *slog.Logger, now func() time.Time) *shown {
	s := &shown{get: get, log: log, now: now, of: map[string]*showing{}}
	for _, name := range names {
		s.of[name] = &showing{}
	}
	return s
}

// certificate gives the certificate for a handshake.
func (s *shown) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := cmp.Or(s.always, strings.TrimSuffix(strings.ToLower(hello.ServerName), "."))
	if slices.Contains(hello.SupportedProtos, acme.ALPNProto) { // the authority asks, because we asked it
		return s.get(hello)
	}
	s.mu.Lock()
	st := s.of[name]
	if st != nil && st.err != nil && s.now().Before(st.again) {
		defer s.mu.Unlock()
		return nil, st.err
	}
	s.mu.Unlock()
	c, err := s.get(hello)
	if st != nil {
		s.note(st, name, c, err)
	}
	return c, err
}

func (s *shown) note(st *showing, name string, c *tls.Certificate, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err == nil {
		if c.Leaf != nil {
			st.from, st.until = c.Leaf.NotBefore, c.Leaf.NotAfter
		}
		if st.err != nil {
			s.log.Info("certificate got", "name", name, "until", st.until)
		}
		st.err, st.tries, st.since = nil, 0, time.Time{}
		return
	}
	if now.Before(st.again) { // several handshakes waited for one try
		return
	}
	if st.tries++; st.tries == 1 {
		st.since = now
	}
	st.err, st.again = err, now.Add(min(leastRetry<<min(st.tries-1, 10), lookAtCertificates))
	s.log.Warn("no certificate: readers are turned away; can the authority reach us under this name, at port 443 or 80?", "name", name, "err", err, "again", st.again)
}

// run looks at every certificate at once and again from time to time, until ctx ends,
// so that one is there before a reader wants it, and its end is known. A nil shown has none.
func (s *shown) run(ctx context.Context) {
	if s == nil {
		return
	}
	for {
		next := s.now().Add(lookAtCertificates)
		for name, st := range s.of {
			// What most readers understand: other kinds of key are got when one asks.
			_, err := s.certificate(&tls.ClientHelloInfo{ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
				SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, SupportedCurves: []tls.CurveID{tls.CurveP256}})
			if err != nil {
				s.mu.Lock()
				if st.again.Before(next) {
					next = st.again
				}
				s.mu.Unlock()
			}
		}
		timer := time.NewTimer(next.Sub(s.now()))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// wellUntil gives until when a certificate is well; from then on it should have
// been replaced. Whoever renews does so when a third is left, and fails for a while before
// anybody need know: so ten days before its end, and of one for less than eighty days when
// an eighth is left.
func (st *showing) wellUntil() time.Time {
	return st.until.Add(-min(10*24*time.Hour, st.until.Sub(st.from)/8))
}

// certificates tells of each name whether all is well with its certificate, and when it
// ends; zero while there was none yet.
func (s *shown) certificates() (out []metrics.Certificate) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, st := range s.of {
		out = append(out, metrics.Certificate{Name: name, Well: st.err == nil && s.now().Before(st.wellUntil()), Until: st.until})
	}
	return out
}

// troubles tells what is wrong with certificates. A nil shown has no trouble.
func (s *shown) troubles(now time.Time) (out []incidents.Trouble) {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.of)) {
		st := s.of[name]
		add := func(unsure bool, state, reason, do string, began time.Time) {
			out = append(out, incidents.Trouble{Unsure: unsure, Incident: feeds.Incident{Subject: "certificate", Name: name, State: state, Reason: reason, Do: do, Began: began}})
		}
		switch {
		case st.tries > 1: // one mostly heals by itself
			add(false, "missing", st.err.Error(), "readers are turned away: see that the name leads to this machine, and the authority reaches it at port 443 or 80", st.since)
		case st.until.IsZero() || st.tries == 1: // not known yet
			add(true, "missing", "", "", time.Time{})
		}
		switch {
		case st.until.IsZero():
			add(true, "ending", "", "", time.Time{})
		case !now.Before(st.wellUntil()):
			add(false, "ending", "it is good until "+st.until.UTC().Format(time.RFC3339)+" and was not replaced",
				"renew it, or see in the log why the authority gives no other; readers are turned away when it ends", st.wellUntil())
		}
	}
	return out
}

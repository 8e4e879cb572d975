package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"communique/config"
)

// guarded lets those to the admin listener who may ask it: who shows a
// certificate of client_ca, who knows the token or, when neither is configured,
// who is on this machine. Probes may always ask whether we live and are ready.
func guarded(cfg *config.Config, h http.Handler) http.Handler {
	token, byCertificate := cfg.AdminToken.Reveal(), cfg.AdminTLS.ClientCA != ""
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(tokenOf(r))) // of one length, so that the time tells nothing of the token
		switch {
		case r.Method == http.MethodGet && (r.URL.Path == "/livez" || r.URL.Path == "/readyz"):
		case r.TLS != nil && len(r.TLS.VerifiedChains) > 0:
		case token != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1:
		case token == "" && !byCertificate && onThisMachine(r):
		default:
			w.Header().Add("WWW-Authenticate", `Bearer realm="communique"`)
			w.Header().Add("WWW-Authenticate", `Basic realm="communique", charset="UTF-8"`)
			http.Error(w, "this listener wants the admin_token of the configuration, as a bearer token or as the password", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// tokenOf gives the token that comes with a request, "" for none.
func tokenOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// onThisMachine reports whether a request came to a loopback address and meant
// it: a web page whose own name leads to 127.0.0.1 (DNS rebinding) does not. It is
// the connection that counts, not the configuration, which may have changed
// since we listen.
func onThisMachine(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil || !at.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// redirectTo sends every reader to the same path below base.
func redirectTo(base string) http.Handler {
	root, prefix := base, ""
	if scheme, rest, ok := strings.Cut(base, "://"); ok {
		if host, path, deep := strings.Cut(rest, "/"); deep {
			root, prefix = scheme+"://"+host, "/"+path
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "ask "+base, http.StatusBadRequest)
			return
		}
		path := r.URL.RequestURI()
		if path != prefix && !strings.HasPrefix(path, prefix+"/") {
			path = prefix + path
		}
		http.Redirect(w, r, root+path, http.StatusMovedPermanently)
	})
}

// adminTLS gives what the admin listener proves and asks for, nil for neither.
func adminTLS(cfg *config.Config, log *slog.Logger) (*tls.Config, error) {
	a := cfg.AdminTLS
	if a.Cert == "" {
		return nil, nil
	}
	k := &keyPair{cert: string(a.Cert), key: string(a.Key), log: log, now: time.Now}
	out := &tls.Config{GetCertificate: k.get, MinVersion: tls.VersionTLS12}
	if a.ClientCA != "" {
		text, err := os.ReadFile(string(a.ClientCA))
		if err != nil {
			return nil, err
		}
		out.ClientCAs = x509.NewCertPool()
		if !out.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("there is no certificate in %s", a.ClientCA)
		}
		out.ClientAuth = tls.VerifyClientCertIfGiven // probes have none; guarded asks for one
	}
	return out, nil
}

// knownBy makes a client believe the certificate of a file and no other: the
// daemon is asked at an address, which its name is rarely made for. Nil for no
// file.
func knownBy(file string) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("there is no certificate in %s", file)
	}
	return &tls.Config{
		InsecureSkipVerify: true, // the next line verifies
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
				return fmt.Errorf("it does not show the certificate of %s", file)
			}
			return nil
		},
	}, nil
}

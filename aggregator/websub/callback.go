package websub

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers hubs at the callbacks of our subscriptions: the last part
// of the path is the subscription's token.
func (s *Subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	s.mu.Lock()
	l := s.byToken[token]
	known, allowed := l != nil, l != nil && s.allowed[l.Source]
	s.mu.Unlock()
	switch {
	case !known:
		http.Error(w, "nothing was subscribed to with this callback", http.StatusNotFound)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.verify(w, r, l, allowed)
	case r.Method == http.MethodPost && !allowed:
		http.Error(w, "this subscription is over", http.StatusGone)
	case r.Method == http.MethodPost:
		s.receive(w, r, l)
	default:
		h.Set("Allow", "GET, POST")
		http.Error(w, "only GET and POST are answered here", http.StatusMethodNotAllowed)
	}
}

// verify answers whether we meant it (WebSub §5.3): only for what we have asked
// and of whom we have asked it.
func (s *Subscriber) verify(w http.ResponseWriter, r *http.Request, l *lease, allowed bool) {
	q := r.URL.Query()
	mode, challenge := q.Get("hub.mode"), q.Get("hub.challenge")
	s.mu.Lock()
	now := s.o.Now()
	asked := q.Get("hub.topic") == l.Topic
	switch {
	case asked && mode == "denied":
		l.pending, l.Until = false, time.Time{}
		l.failed(now, "the hub denied it: "+printable(cut(q.Get("hub.reason"), 200)))
		l.Due = now.Add(longestStep)
	case asked && mode == "subscribe" && allowed && l.pending && challenge != "":
		lasts := s.o.Lease
		if seconds, err := strconv.ParseInt(q.Get("hub.lease_seconds"), 10, 64); err == nil && seconds > 0 {
			lasts = time.Duration(min(seconds, int64(longestLease/time.Second))) * time.Second
		}
		l.pending, l.said, l.missed = false, false, false
		l.granted, l.Until = now, now.Add(lasts)
		l.Reached, l.Failures, l.Failing, l.Due, l.Error = now, 0, time.Time{}, time.Time{}, ""
	case asked && mode == "unsubscribe" && !allowed:
		// A hub cannot be asked to end what we no longer want without a request; one
		// that asks by itself may.
	default:
		s.mu.Unlock()
		http.Error(w, "we have not asked for this", http.StatusNotFound)
		return
	}
	f := l.Leased
	s.mu.Unlock()
	s.say(context.WithoutCancel(r.Context()), &f) // a hub that hangs up has asked all the same
	s.nudge()
	s.o.Log.Info("a source's hub has answered", "source", f.Source, "stage", "push", "mode", mode, "url", f.Hub, "until", f.Until)
	_, _ = io.WriteString(w, challenge) // the hub may have left
}

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most]
	}
	return s
}

// receive takes what a hub pushes. A signature that is missing or wrong is not
// answered otherwise than a right one (WebSub §7.1.1), so that nobody can try.
func (s *Subscriber) receive(w http.ResponseWriter, r *http.Request, l *lease) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.o.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "the body is larger than "+strconv.FormatInt(s.o.MaxBody, 10)+" octets", http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	source, secret := l.Source, l.Secret
	right := signedBy(secret, r.Header.Get("X-Hub-Signature"), body)
	if right {
		l.Last, l.missed = s.o.Now(), false
	}
	s.mu.Unlock()
	if !right {
		s.o.Log.Warn("a push without the right signature is ignored", "source", source, "stage", "push", "bytes", len(body))
		w.WriteHeader(http.StatusAccepted)
		return
	}
	select {
	case s.work <- pushed{source, body, r.Header.Get("Content-Type")}:
		w.WriteHeader(http.StatusAccepted)
	default:
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too much is being pushed at this moment; try again", http.StatusServiceUnavailable)
	}
}

// signedBy reports whether the body was signed with the secret (WebSub §7.1).
// sha1 is taken, as hubs that know nothing else are the largest ones, and as a
// MAC it has not been broken.
func signedBy(secret, signature string, body []byte) bool {
	method, text, ok := strings.Cut(signature, "=")
	hashes := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}
	newHash := hashes[strings.ToLower(strings.TrimSpace(method))]
	if !ok || newHash == nil || secret == "" {
		return false
	}
	got, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return false
	}
	mac := hmac.New(newHash, []byte(secret))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), got)
}

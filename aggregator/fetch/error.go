package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	"communique/internal/guard"
)

// Class says what kind of failure a visit met; schedule takes its first step
// of back-off from it. The words are written into feeds.Fetched.
type Class string

// Classes of failures.
const (
	DNS       Class = "dns"       // the name does not resolve
	Connect   Class = "connect"   // no connection: refused, unreachable
	TLS       Class = "tls"       // the certificate or the handshake
	Timeout   Class = "timeout"   // any of the time limits
	Status    Class = "status"    // an HTTP status that is no answer
	Blocked   Class = "blocked"   // a bot wall, see Error.Wall
	Redirect  Class = "redirect"  // too many, in a circle, or to nowhere
	Policy    Class = "policy"    // refused by us: network, port, scheme, downgrade
	TooLarge  Class = "too-large" // header or body, on the wire or decoded
	Encoding  Class = "encoding"  // a content coding that is unknown, stacked or broken
	Protocol  Class = "protocol"  // not HTTP, or broken off
	Cancelled Class = "cancelled" // by us, when shutting down
)

// Error is what Get returns when there is no usable answer. Its text is for
// the person on call: where, what happened, what to do.
type Error struct {
	Class      Class
	Status     int           // 0 when there was no answer
	RetryAfter time.Duration // 0 when the origin did not say
	URL        string        // that was asked, without a password
	At         string        // where it failed, when that is not URL
	Wall       string        // the name of a recognised bot wall: "Cloudflare", "Anubis", …
	Permanent  string        // see Response
	Wire       int64         // octets of body that were read
	Took       time.Duration // without the wait for the host's turn
	Err        error         // the cause, nil when the status says it all
	what, hint string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("fetch ")
	b.WriteString(printable(e.URL, 300))
	if e.At != "" && e.At != e.URL {
		b.WriteString(": redirected to ")
		b.WriteString(printable(e.At, 300))
	}
	b.WriteString(": ")
	b.WriteString(printable(e.what, 400))
	if e.RetryAfter > 0 {
		b.WriteString(", asks us to wait ")
		b.WriteString(e.RetryAfter.Round(time.Second).String())
	}
	if e.hint != "" {
		b.WriteString("; ")
		b.WriteString(e.hint)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// printable makes foreign text fit for a log: on one line, without control and
// direction-changing characters, and not endless.
func printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// refuse is our own "no", as the guard says it.
func refuse(hint, format string, args ...any) *guard.Refused {
	return &guard.Refused{What: fmt.Sprintf(format, args...), Hint: hint}
}

// Causes that our own readers give.
var (
	errWire     = errors.New("the body is larger than max_wire on the wire")
	errBody     = errors.New("the body is larger than max_body when decoded")
	errStacked  = errors.New("stacked content codings")
	errUnknown  = errors.New("unknown content coding")
	errNotAsked = errors.New("304 although nothing was asked conditionally")
)

// classify makes an Error of what a round trip or a body gave. outer is the
// caller's context, to tell its end from our own time limit.
func classify(outer context.Context, err error, o *Options) *Error {
	e := &Error{Err: err, what: err.Error()}
	// Errors of package url and net repeat the URL; the cause alone is shorter.
	var (
		no       *guard.Refused
		dns      *net.DNSError
		op       *net.OpError
		netErr   net.Error
		cert     *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		badURL   *url.Error
		text     = err.Error()
		contains = func(s string) bool { return strings.Contains(text, s) }
	)
	switch {
	case errors.As(err, &no):
		e.Class, e.what, e.hint = Policy, no.What, no.Hint
	case errors.As(err, &badURL):
		e.Class, e.what, e.hint = Policy, "not a URL: "+badURL.Err.Error(), "correct the url"
	case outer.Err() != nil && !errors.Is(outer.Err(), context.DeadlineExceeded):
		e.Class, e.what = Cancelled, "cancelled by us"
	case errors.As(err, &dns):
		e.Class = DNS
		switch {
		case dns.IsNotFound:
			e.what, e.hint = fmt.Sprintf("no such host %q", dns.Name), "check the host name"
		case dns.IsTimeout:
			e.what, e.hint = fmt.Sprintf("no answer about the name %q", dns.Name), "check the resolver of this machine"
		default:
			e.what, e.hint = fmt.Sprintf("name %q: %s", dns.Name, dns.Err), "check the host name and the resolver of this machine"
		}
	case contains("timeout awaiting response headers"): // calls itself a DeadlineExceeded too
		e.Class, e.what, e.hint = Timeout, "no answer within "+o.HeaderTimeout.String(), "the origin is slow or does not talk to us"
	case errors.Is(err, context.DeadlineExceeded):
		e.Class, e.what = Timeout, "no complete answer within "+o.Timeout.String()
		e.hint = "the origin is slow; raise timeout if it always is"
	case errors.As(err, &cert), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch), contains("tls: "), contains("x509: "):
		e.Class = TLS
		e.what, e.hint = tlsWords(err)
	case errors.Is(err, errWire):
		e.Class, e.what, e.hint = TooLarge, fmt.Sprintf("a body of more than %d octets on the wire", o.MaxWire), "raise max_wire if this is right"
	case errors.Is(err, errBody):
		e.Class, e.what, e.hint = TooLarge, fmt.Sprintf("a body of more than %d octets when decoded", o.MaxBody), "raise max_body if this is right"
	case contains("server response headers exceeded"), contains("response header list larger"), contains("header list too large"):
		e.Class, e.what, e.hint = TooLarge, fmt.Sprintf("a response header of more than %d octets", o.MaxHeader), "tell the publisher; this is no feed's header"
	case errors.As(err, &netErr) && netErr.Timeout():
		e.Class, e.what, e.hint = Timeout, "no connection in time", "the origin is down, or drops what comes from here"
	case errors.As(err, &op) && op.Op == "dial":
		e.Class, e.what, e.hint = Connect, "no connection", "check host and port, or wait"
		if op.Err != nil {
			e.what += ": " + root(op.Err).Error()
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Class, e.what = Protocol, "the answer breaks off before its end"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), contains("server closed idle connection"):
		e.Class, e.what = Protocol, "the origin closed the connection without an answer"
		e.hint = "some bot walls do that (444); ask the publisher to let your user agent in"
	case contains("malformed HTTP"), contains("malformed MIME"):
		e.Class, e.what, e.hint = Protocol, "what came is not HTTP", "check scheme and port"
	default:
		e.Class = Protocol
	}
	return e
}

// tlsWords says what is wrong with a certificate or a handshake.
func tlsWords(err error) (what, hint string) {
	var (
		host    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		alert   tls.AlertError
		record  tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &host):
		return fmt.Sprintf("the certificate is not for %q", host.Host), "check the host name, or tell the publisher"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		return fmt.Sprintf("the certificate is valid from %s to %s only", invalid.Cert.NotBefore.UTC().Format(time.RFC3339), invalid.Cert.NotAfter.UTC().Format(time.RFC3339)),
			"tell the publisher, or check this machine's clock"
	case errors.As(err, &unknown):
		return "the certificate is signed by nobody we know", "tell the publisher (an intermediate certificate is often missing), or install the authority on this machine"
	case errors.As(err, &alert):
		return "the origin ends the handshake: " + alert.Error(), "it may want an older TLS than we speak"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "no TLS is spoken there", "check scheme and port"
	}
	return root(err).Error(), "tell the publisher"
}

// root gives the innermost cause.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// statusHint says what to do about a status.
func statusHint(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "it wants a password; set it in the source's headers"
	case http.StatusForbidden:
		return "it may be a bot wall or throttling; ask the publisher to let your user agent in"
	case http.StatusNotFound:
		return "the feed may have moved; look for its new address on the site"
	case http.StatusGone:
		return "the feed is gone for good; take the source out or give its new address"
	case http.StatusNotAcceptable:
		return "it offers nothing that we read; check the url"
	case http.StatusUnavailableForLegalReasons:
		return "it is withheld for legal reasons where this machine is"
	case 444:
		return "a bot wall; ask the publisher to let your user agent in"
	}
	return ""
}

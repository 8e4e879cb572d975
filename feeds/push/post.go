package push

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"communique/internal/guard"
)

// maxAnswer is how much of a receiver's answer is read: as much as lets the
// connection be used again.
const maxAnswer = 4 << 10

// failure is an answer that is no success, or none at all.
type failure struct {
	err        error
	status     int           // 0 when there was no answer
	retryAfter time.Duration // as the receiver asks
	cancelled  bool          // by us: it is nobody's failure
	cut        bool          // to give its place to others: it is to come again, as a slow one
}

// post sends a body. A nil failure means that the receiver has it.
func post(ctx context.Context, c *http.Client, to string, h http.Header, body []byte) *failure {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return &failure{err: err}
	}
	req.Header = h
	res, err := c.Do(req)
	if err != nil {
		return &failure{err: reason(ctx, err), cancelled: errors.Is(context.Cause(ctx), context.Canceled), cut: errors.Is(context.Cause(ctx), errSlow)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // what it says is of no interest
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	f := &failure{err: fmt.Errorf("answers %d", res.StatusCode), status: res.StatusCode}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		f.retryAfter = time.Duration(min(seconds, 1<<20)) * time.Second
	}
	return f
}

// reason gives the cause of a failed call without the URL, which stands beside
// it already, and says it when the time was up or the guard said no.
func reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSlow) {
		return cause
	}
	var no *guard.Refused
	if errors.As(err, &no) {
		return no
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer within the time")
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// newHash gives the hash of a signature method, nil for one that we do not use.
func newHash(method string) func() hash.Hash {
	switch method {
	case "sha256":
		return sha256.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	}
	return nil
}

// signature gives the value of X-Hub-Signature (WebSub §7.1).
func signature(method, secret string, body []byte) string {
	mac := hmac.New(newHash(method), []byte(secret))
	mac.Write(body)
	return method + "=" + hex.EncodeToString(mac.Sum(nil))
}

// withQuery appends parameters to an address and leaves those that it has as
// they are written (WebSub §5.1.1).
func withQuery(address string, add url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
		if strings.HasSuffix(address, "?") || strings.HasSuffix(address, "&") {
			separator = ""
		}
	}
	return address + separator + add.Encode()
}

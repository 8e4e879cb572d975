package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window that zstd as a content coding may ask for
// (RFC 9659 §3).
const maxWindow = 8 << 20

// decoder reads bodies, one after the other. Its parts are made when first
// needed and kept, since making them costs more than most bodies.
type decoder struct {
	wire wireReader
	in   *bufio.Reader
	gzip *gzip.Reader
	zlib io.ReadCloser // also a zlib.Resetter
	raw  io.ReadCloser // also a flate.Resetter
	br   *brotli.Reader
	zstd *zstd.Decoder
	buf  []byte
}

// wireReader counts what comes over the wire and stops when it is too much.
// It keeps its error, so that a decoder that gives errors of its own does not
// hide what really happened.
type wireReader struct {
	from io.Reader
	n    int64
	most int64
	err  error
}

func (w *wireReader) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.from.Read(p)
	w.n += int64(n)
	if w.n > w.most {
		err = errWire
	}
	w.err = err
	return n, err
}

const (
	smallBuffer = 64 << 10
	largeBuffer = 1 << 20 // a larger one is handed out, not kept
)

// read reads a response's body and takes its content coding off. The slice is
// the caller's. Limits hold while it reads, so that a bomb stops early.
func (d *decoder) read(resp *http.Response, mostWire, mostBody int64) (body []byte, wire int64, err error) {
	if resp.ContentLength > mostWire {
		return nil, 0, errWire
	}
	coding, err := codingOf(resp.Header)
	if err != nil {
		return nil, 0, err
	}
	d.wire = wireReader{from: resp.Body, most: mostWire}
	if d.in == nil {
		d.in = bufio.NewReaderSize(&d.wire, 16<<10)
		d.buf = make([]byte, 0, smallBuffer)
	} else {
		d.in.Reset(&d.wire)
	}
	defer func() { d.wire.from = nil }()

	body, err = d.decode(coding, mostBody)
	switch {
	case d.wire.err != nil && d.wire.err != io.EOF:
		return nil, d.wire.n, d.wire.err
	case err != nil && err != errBody:
		return nil, d.wire.n, &codingError{coding, err}
	case err != nil:
		return nil, d.wire.n, err
	}
	// To the very end, which a decoder does not look at, or the connection
	// cannot be used again.
	if d.wire.err == nil {
		_, _ = io.CopyN(io.Discard, d.in, 4<<10)
	}
	return body, d.wire.n, nil
}

// codingError is a body that its content coding cannot be taken off.
type codingError struct {
	coding string
	err    error
}

func (e *codingError) Error() string {
	if errors.Is(e.err, io.ErrUnexpectedEOF) || errors.Is(e.err, io.EOF) {
		return e.coding + ": the data breaks off before its end"
	}
	return fmt.Sprintf("broken %s: %v", e.coding, e.err)
}

func (e *codingError) Unwrap() error { return e.err }

// codingOf gives the one content coding, "" when there is none. Words that
// some origins put there by mistake mean none. More than one coding is
// refused: nobody needs it, and each multiplies what a bomb can do.
func codingOf(h http.Header) (string, error) {
	coding := ""
	for _, line := range h["Content-Encoding"] {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.ToLower(strings.TrimSpace(one))
			switch one {
			case "", "identity", "none", "utf-8", "utf8", "binary", "8bit":
				continue
			case "x-gzip":
				one = "gzip"
			case "gzip", "br", "zstd", "deflate":
			default:
				return "", fmt.Errorf("%w %q", errUnknown, printable(one, 40))
			}
			if coding != "" {
				return "", fmt.Errorf("%w %q", errStacked, coding+", "+one)
			}
			coding = one
		}
	}
	return coding, nil
}

// decode reads the body through the decoder for the coding. What the first
// octets say beats the header where both cannot be true: plain XML under
// "gzip", and gzip or zstd under nothing, are both seen in the field.
func (d *decoder) decode(coding string, most int64) ([]byte, error) {
	head, _ := d.in.Peek(8)
	switch {
	case len(head) == 0:
		return nil, nil
	case looksPlain(head):
		coding = ""
	case coding == "" && isGzip(head):
		coding = "gzip"
	case coding == "" && bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		coding = "zstd"
	}
	switch coding {
	case "gzip":
		return d.gunzip(most)
	case "deflate":
		return d.inflate(head, most)
	case "br":
		if d.br == nil {
			d.br = brotli.NewReader(d.in)
		} else if err := d.br.Reset(d.in); err != nil {
			return nil, err
		}
		return d.all(d.br, most)
	case "zstd":
		if d.zstd == nil {
			// One goroutine, the caller's: then there is nothing to close.
			z, err := zstd.NewReader(d.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, err
			}
			d.zstd = z
		} else if err := d.zstd.Reset(d.in); err != nil {
			return nil, err
		}
		body, err := d.all(d.zstd, most)
		_ = d.zstd.Reset(nil) // lets go of the connection
		return body, err
	}
	return d.all(d.in, most)
}

// gunzip reads gzip members until there is no more. Junk behind the last one
// is passed over, as browsers do.
func (d *decoder) gunzip(most int64) ([]byte, error) {
	if d.gzip == nil {
		d.gzip = new(gzip.Reader)
	}
	d.buf = d.buf[:0]
	for first := true; ; first = false {
		if head, _ := d.in.Peek(3); !first && !isGzip(head) {
			return d.handOut(), nil
		}
		if err := d.gzip.Reset(d.in); err != nil {
			return nil, err
		}
		d.gzip.Multistream(false)
		if err := d.fill(d.gzip, most); err != nil {
			return nil, err
		}
	}
}

// inflate reads "deflate", which is zlib by the book (RFC 9110 §8.4.1.2) and
// raw deflate from some origins.
func (d *decoder) inflate(head []byte, most int64) ([]byte, error) {
	if len(head) >= 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		if d.zlib == nil {
			z, err := zlib.NewReader(d.in)
			if err != nil {
				return nil, err
			}
			d.zlib = z
		} else if err := d.zlib.(zlib.Resetter).Reset(d.in, nil); err != nil {
			return nil, err
		}
		return d.all(d.zlib, most)
	}
	if d.raw == nil {
		d.raw = flate.NewReader(d.in)
	} else if err := d.raw.(flate.Resetter).Reset(d.in, nil); err != nil {
		return nil, err
	}
	return d.all(d.raw, most)
}

// all reads to the end and gives the caller's own copy.
func (d *decoder) all(from io.Reader, most int64) ([]byte, error) {
	d.buf = d.buf[:0]
	if err := d.fill(from, most); err != nil {
		return nil, err
	}
	return d.handOut(), nil
}

// fill appends what there is to the buffer.
func (d *decoder) fill(from io.Reader, most int64) error {
	for {
		if len(d.buf) == cap(d.buf) {
			d.buf = append(d.buf, 0)[:len(d.buf)]
		}
		n, err := from.Read(d.buf[len(d.buf):cap(d.buf)])
		d.buf = d.buf[:len(d.buf)+n]
		switch {
		case int64(len(d.buf)) > most:
			return errBody
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// handOut gives the buffer's content: a copy of its exact size, or a large
// buffer itself, so that one huge feed does not pin its memory.
func (d *decoder) handOut() []byte {
	if cap(d.buf) > largeBuffer {
		out := d.buf
		d.buf = make([]byte, 0, smallBuffer)
		return out
	}
	return bytes.Clone(d.buf)
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte("\x1f\x8b\x08")) }

// looksPlain reports whether a body is not encoded at all.
func looksPlain(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for _, start := range [...]string{"<?xml", "<rss", "<feed", "<rdf:", "<RDF:", "<!DOC", "<!doc", "<html", "<HTML"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

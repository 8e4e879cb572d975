package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// encode puts a content coding on; "raw" is deflate without zlib.
func encode(t testing.TB, coding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip", "x-gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw":
		w, err = flate.NewWriter(&b, flate.DefaultCompression)
	case "br":
		w = brotli.NewWriterLevel(&b, 5)
	case "zstd":
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	default:
		return body
	}
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text gives n octets that look like a feed and compress like one.
func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0"?><rss>`)
	words := strings.Fields("the office said on monday that people who move need safe ways and help where they arrive")
	for b.Len() < n {
		fmt.Fprintf(&b, "<item><guid>%d</guid><title>", r.Uint32())
		for range 12 {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		b.WriteString("</title></item>\n")
	}
	return b.Bytes()[:n]
}

func bodyServer(t testing.TB, coding string, body []byte) string {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		_, _ = w.Write(body)
	})
}

func TestBodyCodings(t *testing.T) {
	body := text(300 << 10)
	f := newFetcher(t, Options{})
	for _, tt := range []struct{ name, header, coding string }{
		{"identity", "", ""}, {"said identity", "identity", ""}, {"gzip", "gzip", "gzip"}, {"x-gzip", "x-gzip", "gzip"}, {"upper case", "GZIP", "gzip"},
		{"zlib", "deflate", "deflate"}, {"raw deflate", "deflate", "raw"}, {"br", "br", "br"}, {"zstd", "zstd", "zstd"},
		{"gzip without a word", "", "gzip"}, {"zstd without a word", "", "zstd"}, {"plain under gzip", "gzip", ""}, {"plain under br", "br", ""},
		{"charset in the wrong place", "UTF-8", ""}, {"none", "none", ""}, {"gzip and identity", "gzip, identity", "gzip"},
	} {
		for range 2 { // the second time with what the first left in the pool
			resp, err := f.Get(t.Context(), Request{URL: bodyServer(t, tt.header, encode(t, tt.coding, body))})
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			} else if !bytes.Equal(resp.Body, body) {
				t.Errorf("%s: %d octets, want %d", tt.name, len(resp.Body), len(body))
			} else if tt.coding != "" && resp.Wire >= int64(len(body)) {
				t.Errorf("%s: %d octets on the wire", tt.name, resp.Wire)
			}
		}
	}
}

func TestBodyOfSeveralGzipMembers(t *testing.T) {
	one, two := encode(t, "gzip", []byte(feedBody[:20])), encode(t, "gzip", []byte(feedBody[20:]))
	f := newFetcher(t, Options{})
	for name, body := range map[string][]byte{
		"two members":      append(bytes.Clone(one), two...),
		"junk behind":      append(encode(t, "gzip", []byte(feedBody)), "\x00\x00\x00<!-- cached -->"...),
		"an empty one too": append(append(bytes.Clone(one), encode(t, "gzip", nil)...), two...),
	} {
		if resp := get(t, f, Request{URL: bodyServer(t, "gzip", body)}); string(resp.Body) != feedBody {
			t.Errorf("%s: got %q", name, resp.Body)
		}
	}
}

func TestBodyRefusesBrokenCodings(t *testing.T) {
	f := newFetcher(t, Options{})
	whole := text(50 << 10)
	for _, tt := range []struct {
		name, header string
		body         []byte
		says         string
	}{
		{"stacked", "gzip, gzip", encode(t, "gzip", encode(t, "gzip", whole)), "stacked"},
		{"stacked of two kinds", "gzip, br", encode(t, "br", encode(t, "gzip", whole)), "stacked"},
		{"unknown", "exi", whole, `unknown content coding "exi"`},
		{"not gzip", "gzip", []byte("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"), "broken gzip"},
		{"not brotli", "br", bytes.Repeat([]byte{0xff}, 100), "broken br"},
		{"not zstd", "zstd", []byte("0123456789"), "broken zstd"},
		{"not deflate", "deflate", bytes.Repeat([]byte{0xff}, 100), "broken deflate"},
		{"half a gzip", "gzip", half(encode(t, "gzip", whole)), "breaks off"},
		{"half a gzip header", "gzip", encode(t, "gzip", whole)[:5], "breaks off"},
		{"half a brotli", "br", half(encode(t, "br", whole)), "br"},
		{"half a zstd", "zstd", half(encode(t, "zstd", whole)), "breaks off"},
		{"half a zlib", "deflate", half(encode(t, "deflate", whole)), "breaks off"},
		{"half a raw deflate", "deflate", half(encode(t, "raw", whole)), "breaks off"},
		{"checksum", "gzip", flip(encode(t, "gzip", whole)), "broken gzip"},
	} {
		e := failure(t, f, Request{URL: bodyServer(t, tt.header, tt.body)}, Encoding)
		if !strings.Contains(e.Error(), tt.says) || e.Status != 200 {
			t.Errorf("%s: %v; want it to say %q", tt.name, e, tt.says)
		}
	}
	// What was broken must not stay in the pool.
	if resp := get(t, f, Request{URL: bodyServer(t, "gzip", encode(t, "gzip", whole))}); !bytes.Equal(resp.Body, whole) {
		t.Error("a good body is not read any more")
	}
}

func half(b []byte) []byte { return b[:len(b)/2] }

// flip breaks a gzip's checksum.
func flip(b []byte) []byte {
	b[len(b)-6] ^= 0xff
	return b
}

// zeros reads as many zeros as wanted.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A bomb of 64 MB must cost no more than the limit.
func TestBodyStopsBombs(t *testing.T) {
	f := newFetcher(t, Options{MaxBody: 1 << 20, MaxWire: 600 << 10})
	for _, coding := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		var b bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w, _ = gzip.NewWriterLevel(&b, 1)
		case "deflate":
			w, _ = zlib.NewWriterLevel(&b, 1)
		case "raw":
			w, _ = flate.NewWriter(&b, 1)
		case "br":
			w = brotli.NewWriterLevel(&b, 1)
		case "zstd":
			w, _ = zstd.NewWriter(&b)
		}
		if _, err := io.CopyN(w, zeros{}, 64<<20); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		header := strings.Replace(coding, "raw", "deflate", 1)
		e := failure(t, f, Request{URL: bodyServer(t, header, b.Bytes())}, TooLarge)
		if !strings.Contains(e.Error(), "max_body") {
			t.Errorf("%s: %v", coding, e)
		}
	}
	// A zstd frame that only says that it is huge, to have memory set aside.
	failure(t, f, Request{URL: bodyServer(t, "zstd", []byte("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00"))}, Encoding)
	// And a small one that wants a window of 16 MB for it.
	failure(t, f, Request{URL: bodyServer(t, "zstd", []byte("\x28\xb5\x2f\xfd\x00\x70\x29\x00\x00<rss>"))}, Encoding)
	if resp := get(t, f, Request{URL: bodyServer(t, "zstd", []byte("\x28\xb5\x2f\xfd\x00\x68\x29\x00\x00<rss>"))}); string(resp.Body) != "<rss>" {
		t.Errorf("8 MB are allowed, got %q", resp.Body)
	}
	// Nothing in it, twenty thousand times.
	empty := bytes.Repeat(encode(t, "gzip", nil), 20000)
	if resp := get(t, f, Request{URL: bodyServer(t, "gzip", empty)}); len(resp.Body) != 0 {
		t.Errorf("got %d octets of nothing", len(resp.Body))
	}
}

func TestBodyStopsAtTheWire(t *testing.T) {
	f := newFetcher(t, Options{MaxBody: 8 << 20, MaxWire: 100 << 10})
	var wrote int
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 10000 {
			n, err := w.Write(text(10 << 10))
			if wrote += n; err != nil {
				return
			}
		}
	})
	e := failure(t, f, Request{URL: endless}, TooLarge)
	if !strings.Contains(e.Error(), "max_wire") || e.Wire > 200<<10 {
		t.Errorf("%v after %d octets", e, e.Wire)
	}
	small := newFetcher(t, Options{MaxBody: 1000, MaxWire: 100 << 10})
	if resp := get(t, small, Request{URL: bodyServer(t, "", text(1000))}); len(resp.Body) != 1000 {
		t.Errorf("a body of just the limit: %d octets", len(resp.Body))
	}
	failure(t, small, Request{URL: bodyServer(t, "", text(1001))}, TooLarge)
	if resp := get(t, f, Request{URL: bodyServer(t, "", text(100<<10))}); len(resp.Body) != 100<<10 {
		t.Errorf("a body of just the limit: %d octets", len(resp.Body))
	}
}

// A connection can be used again only when its body was read to the end, which
// lies behind the last octet that a decoder wants.
func TestBodyIsReadToItsEnd(t *testing.T) {
	for _, coding := range []string{"", "gzip", "deflate", "raw", "br", "zstd"} {
		body := &endSeen{r: bytes.NewReader(encode(t, coding, []byte(feedBody)))}
		h := http.Header{"Content-Encoding": {strings.Replace(coding, "raw", "deflate", 1)}}
		out, _, err := new(decoder).read(&http.Response{Header: h, Body: io.NopCloser(body), ContentLength: -1}, 1<<20, 1<<20)
		if err != nil || string(out) != feedBody || !body.seen {
			t.Errorf("%q: %q, %v; end seen: %v", coding, out, err, body.seen)
		}
	}
}

// endSeen notes whether the end was read.
type endSeen struct {
	r    io.Reader
	seen bool
}

func (e *endSeen) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.seen = e.seen || err == io.EOF
	return n, err
}

// Bodies must not share memory, though buffers are used again.
func TestBodyIsTheCallersOwn(t *testing.T) {
	f := newFetcher(t, Options{})
	for _, n := range []int{100, 100 << 10, 3 << 20} {
		a := get(t, f, Request{URL: bodyServer(t, "", bytes.Repeat([]byte("a"), n))})
		b := get(t, f, Request{URL: bodyServer(t, "", bytes.Repeat([]byte("b"), n))})
		if bytes.Count(a.Body, []byte("a")) != n || bytes.Count(b.Body, []byte("b")) != n {
			t.Errorf("%d: bodies overwrite each other", n)
		}
	}
}

// Whatever comes over the wire, under whatever header: the limits hold, and
// the same bytes read the same with a used decoder as with a new one.
func FuzzBody(f *testing.F) {
	for _, coding := range []string{"", "gzip", "deflate", "raw", "br", "zstd"} {
		f.Add(strings.Replace(coding, "raw", "deflate", 1), encode(f, coding, text(500)))
	}
	f.Add("gzip, br", []byte("x"))
	f.Add("gzip", append(encode(f, "gzip", []byte("x")), "junk"...))
	const most = 64 << 10
	used := new(decoder)
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		read := func(d *decoder) ([]byte, error) {
			resp := &http.Response{Header: http.Header{"Content-Encoding": {coding}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1}
			out, wire, err := d.read(resp, most, most)
			if wire > int64(len(body)) || len(out) > most {
				t.Fatalf("read %d of %d octets into %d", wire, len(body), len(out))
			}
			return out, err
		}
		a, errA := read(used)
		b, errB := read(new(decoder))
		if !bytes.Equal(a, b) || (errA == nil) != (errB == nil) {
			t.Fatalf("a used decoder gives %d octets, %v; a new one %d, %v", len(a), errA, len(b), errB)
		}
	})
}

package fetch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"communique/feeds"
)

// BenchmarkGet measures the client's side of a visit over loopback: the origin
// is another process, and what is reported as cpu-µs/visit is this process's
// own, user and system.
func BenchmarkGet(b *testing.B) {
	origin := startOrigin(b)
	for _, bm := range []struct {
		name string
		r    Request
	}{
		{"304", Request{URL: origin + "/feed", Validators: feeds.Validators{ETag: `"1"`, LastModified: "Mon, 02 Mar 2026 10:00:00 GMT"}}},
		{"100KB", Request{URL: origin + "/feed"}},
		{"100KB-gzip", Request{URL: origin + "/gzip"}},
		{"100KB-br", Request{URL: origin + "/br"}},
		{"100KB-zstd", Request{URL: origin + "/zstd"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			f := newFetcher(b, Options{PerHost: 8})
			b.ReportAllocs()
			var n int64
			begin := cpu(b)
			for b.Loop() {
				resp, err := f.Get(b.Context(), bm.r)
				if err != nil {
					b.Fatal(err)
				}
				n += int64(len(resp.Body))
			}
			b.ReportMetric(float64((cpu(b)-begin).Microseconds())/float64(b.N), "cpu-µs/visit")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "visits/s")
			b.SetBytes(n / int64(b.N))
		})
	}
}

// BenchmarkDecode measures reading a body of 100 KB without the network.
func BenchmarkDecode(b *testing.B) {
	body := text(100 << 10)
	for _, coding := range []string{"identity", "gzip", "deflate", "br", "zstd"} {
		b.Run(coding, func(b *testing.B) {
			sent := encode(b, coding, body)
			d := new(decoder)
			h := http.Header{"Content-Encoding": {coding}}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				resp := &http.Response{Header: h, Body: io.NopCloser(strings.NewReader(string(sent))), ContentLength: -1}
				if out, _, err := d.read(resp, 1<<20, 1<<20); err != nil || len(out) != len(body) {
					b.Fatal(len(out), err)
				}
			}
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const originEnv = "COMMUNIQUE_FETCH_TEST_ORIGIN"

// startOrigin starts this test binary again as an origin.
func startOrigin(b *testing.B) string {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), originEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(string(line[:n]))
}

func TestMain(m *testing.M) {
	if os.Getenv(originEnv) == "" {
		os.Exit(m.Run())
	}
	t := &testing.T{}
	body := text(100 << 10)
	mux := http.NewServeMux()
	for _, coding := range []string{"gzip", "br", "zstd"} {
		sent := encode(t, coding, body)
		mux.HandleFunc("/"+coding, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", coding)
			_, _ = w.Write(sent)
		})
	}
	mux.HandleFunc("/feed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Mon, 02 Mar 2026 10:00:00 GMT")
		w.Header().Set("Content-Type", "application/rss+xml")
		w.Header().Set("Cache-Control", "max-age=300")
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(body)
	})
	s := httptest.NewServer(mux)
	_, _ = io.WriteString(os.Stdout, s.URL+"\n")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
	s.Close()
}

package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is a collector that takes spans by OTLP over HTTP.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	said  []string // what is wrong with requests
	about []string // the services that sent
	spans []*spans.Span
	grew  chan struct{}
}

func newReceiver(t *testing.T, token string) *receiver {
	c := &receiver{grew: make(chan struct{}, 1)}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(r.Body)
		}
		b, err := io.ReadAll(body)
		var got collector.ExportTraceServiceRequest
		c.mu.Lock()
		defer c.mu.Unlock()
		if r.Method != "POST" || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("X-Token") != token {
			c.said = append(c.said, fmt.Sprint(r.Method, r.URL, r.Header))
		}
		if err != nil || proto.Unmarshal(b, &got) != nil {
			c.said = append(c.said, "no request of OTLP")
		}
		for _, rs := range got.ResourceSpans {
			c.about = append(c.about, rs.Resource.String())
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		select {
		case c.grew <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// named gives the spans of a name, those below a span when one is given.
func (c *receiver) named(name string, below *spans.Span) (out []*spans.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Name == name && (below == nil || string(s.ParentSpanId) == string(below.SpanId) && string(s.TraceId) == string(below.TraceId)) {
			out = append(out, s)
		}
	}
	return out
}

// noted gives an attribute of a span as text, "" for none.
func noted(s *spans.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			if a.Value.GetStringValue() != "" {
				return a.Value.GetStringValue()
			}
			return fmt.Sprint(a.Value.GetIntValue())
		}
	}
	return ""
}

func TestVisitsAndAnswersAreTraced(t *testing.T) {
	for _, by := range []string{"configuration", "environment"} {
		t.Run(by, func(t *testing.T) {
			c := newReceiver(t, "s3cret-token")
			t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=harbour")
			w := newWorld(t)
			head := unwatched
			if by == "environment" {
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
				t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-token=s3cret-token")
				t.Setenv("OTEL_SERVICE_NAME", "press")
			} else {
				head += "\ntraces: {endpoint: " + c.URL + ", headers: {X-Token: s3cret-token}}"
			}
			w.config(t, "communique.yaml", head, "harbour", "nowhere")
			d := start(t, w.dir, "serve")
			base := d.out.await(t, `^listening on (http://\S+)$`)
			d.log.await(t, `new=1`)
			d.log.await(t, `fetch failed`)
			req, err := http.NewRequest("GET", base+"/feeds/all.atom?token=cq_secret&lang=en", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			d.signal(os.Interrupt)
			if code := d.exit(); code != 0 {
				t.Fatalf("exit code %d", code)
			}
			var brought, failed *spans.Span
			for _, v := range c.named("visit", nil) {
				if noted(v, "communique.source") == "harbour" && noted(v, "communique.new") == "1" {
					brought = v
				}
				if noted(v, "communique.source") == "nowhere" {
					failed = v
				}
			}
			if brought == nil || failed == nil {
				t.Fatalf("no span of a visit among %v", c.spans)
			}
			for key, want := range map[string]string{"communique.result": "ok", "http.response.status_code": "200", "communique.items": "1"} {
				if got := noted(brought, key); got != want {
					t.Errorf("visit: %s is %q, want %q", key, got, want)
				}
			}
			for _, stage := range []string{"fetch", "parse", "normalize", "dedup", "commit"} {
				if got := c.named(stage, brought); len(got) != 1 {
					t.Errorf("the visit has %d spans %s, want 1", len(got), stage)
				}
			}
			if noted(brought, "communique.bytes") == "0" || noted(c.named("commit", brought)[0], "communique.facts") != "2" {
				t.Errorf("got %v, %v", brought, c.named("commit", brought))
			}
			if failed.Status.GetCode() != spans.Status_STATUS_CODE_ERROR || noted(failed, "error.type") != "status" || noted(failed, "http.response.status_code") != "404" || len(c.named("parse", failed)) != 0 {
				t.Errorf("failed visit: %v", failed)
			}
			answers := c.named("GET", nil)
			if len(answers) != 1 {
				t.Fatalf("%d spans of answers, want 1", len(answers))
			}
			a := answers[0]
			if noted(a, "url.path") != "/feeds/all.atom" || noted(a, "http.response.status_code") != "200" || a.Kind != spans.Span_SPAN_KIND_SERVER || len(a.ParentSpanId) != 0 ||
				len(a.Links) != 1 || fmt.Sprintf("%x", a.Links[0].TraceId) != "0af7651916cd43dd8448eb211c80319c" {
				t.Errorf("answer: %v", a)
			}
			about := strings.Join(c.about, "\n")
			if name := map[string]string{"environment": "press", "configuration": "communique"}[by]; !strings.Contains(about, `"`+name+`"`) || !strings.Contains(about, `"harbour"`) {
				t.Errorf("sent by %s", about)
			}
			if all := fmt.Sprint(c.spans, c.about); strings.Contains(all, "cq_secret") || len(c.said) > 0 {
				t.Errorf("%v\n%s", c.said, all)
			}
			_, printed, _ := finish(t, w.dir, "config", "print")
			said, _ := d.log.now()
			if strings.Contains(printed+said, "s3cret") {
				t.Errorf("the header is told:\n%s\n%s", printed, said)
			}
		})
	}
}

// What nobody collects holds nothing up.
func TestACollectorThatIsAwayCostsNothing(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	w := newWorld(t)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "100")
	w.config(t, "communique.yaml", unwatched+"\ntraces: {endpoint: "+gone.URL+"}", "harbour")
	d := start(t, w.dir, "serve")
	base := d.out.await(t, `^listening on (http://\S+)$`)
	d.log.await(t, `new=1`)
	page(t, base+"/feeds/all.atom")
	d.log.await(t, `spans cannot be sent; all else goes on`)
	d.signal(os.Interrupt)
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

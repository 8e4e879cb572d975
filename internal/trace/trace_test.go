package trace

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// clean takes OpenTelemetry's variables out of the environment.
func clean(t *testing.T) {
	for _, name := range []string{"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		t.Setenv(name, "")
	}
}

func TestTracesAreOffUnlessAskedFor(t *testing.T) {
	const at = "http://127.0.0.1:4318"
	for _, x := range []struct {
		o      Options
		env    string
		wanted bool
		fault  string
	}{
		{},
		{o: Options{Endpoint: at}, wanted: true},
		{o: Options{Endpoint: at, Part: .5}, wanted: true},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=" + at, wanted: true},
		{env: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + at, wanted: true},
		{env: "OTEL_TRACES_EXPORTER=otlp", wanted: true},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=" + at + " OTEL_TRACES_EXPORTER=none"},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=" + at + " OTEL_SDK_DISABLED=true"},
		{o: Options{Endpoint: at}, env: "OTEL_SDK_DISABLED=true"},
		{env: "OTEL_TRACES_EXPORTER=zipkin", wanted: true, fault: "OTEL_TRACES_EXPORTER=zipkin: want otlp"},
		{env: "OTEL_EXPORTER_OTLP_ENDPOINT=" + at + " OTEL_EXPORTER_OTLP_PROTOCOL=grpc", wanted: true, fault: "OTEL_EXPORTER_OTLP_PROTOCOL=grpc: want http/protobuf"},
		{o: Options{Endpoint: "collector:4318"}, wanted: true, fault: `endpoint "collector:4318": want an address`},
	} {
		t.Run(x.env+x.o.Endpoint, func(t *testing.T) {
			clean(t)
			for _, set := range strings.Fields(x.env) {
				name, value, _ := strings.Cut(set, "=")
				t.Setenv(name, value)
			}
			if got := x.o.Wanted(); got != x.wanted {
				t.Errorf("wanted: %v", got)
			}
			tracer, err := New(context.Background(), x.o, slog.New(slog.DiscardHandler))
			switch {
			case x.fault != "":
				if err == nil || !strings.Contains(err.Error(), x.fault) {
					t.Errorf("got %v, want %s", err, x.fault)
				}
			case err != nil || (tracer != nil) != x.wanted:
				t.Errorf("got %v, %v", tracer, err)
			}
			if err := tracer.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsOffCostsNothing(t *testing.T) {
	var off *Tracer
	h := http.NewServeMux()
	if off.Requests(h) != http.Handler(h) {
		t.Error("answers go through another handler")
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		_, span := off.Start(ctx, "visit")
		span.Text("communique.source", "harbour")
		span.Number("communique.items", 3)
		span.End("status")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAStreamCanBeFlushedWhileItIsTraced(t *testing.T) {
	clean(t)
	c := httptest.NewServer(http.NotFoundHandler())
	defer c.Close()
	tracer, err := New(context.Background(), Options{Endpoint: c.URL}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	tracer.Requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(rec, httptest.NewRequest("GET", "/api/v1/stream", nil))
	if !rec.Flushed {
		t.Error("nothing was flushed")
	}
	_ = tracer.Close(context.Background()) // the collector refuses
}

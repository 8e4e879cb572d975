// Package trace tells an OpenTelemetry collector what took how long: a visit to a
// source through its stages, and a request of a reader. It is off unless it is
// asked for; a nil *Tracer is off, and so is a nil *Span, at the cost of a
// comparison.
//
// Spans go out by OTLP over HTTP, in batches, beside the work: a collector that
// is slow or away costs spans and nothing else. Names and attributes are those of
// OpenTelemetry's semantic conventions where there are some. No query of an
// address is in them: a token may be.
package trace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// Options say where spans go. What the zero value leaves open, the environment
// says by OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT,
// OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME …).
type Options struct {
	Endpoint string            // the collector's address, without /v1/traces; "" for that of the environment
	Headers  map[string]string // to send along, such as a token
	Part     float64           // of all traces, 0 to 1; 0 and 1 for what the environment says, else all
	Version  string            // of this program
}

// Wanted reports whether anybody asks for traces: the options or the environment.
func (o Options) Wanted() bool {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false
	}
	switch os.Getenv("OTEL_TRACES_EXPORTER") {
	case "":
		return o.Endpoint != "" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	case "none":
		return o.Endpoint != "" // it is written in the file for us, the environment is for everybody
	}
	return true
}

// Tracer makes spans and sends them. A nil one makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   api.Tracer
}

// New makes a Tracer, nil when nobody asks for one.
func New(ctx context.Context, o Options, log *slog.Logger) (*Tracer, error) {
	if !o.Wanted() {
		return nil, nil
	}
	if e := os.Getenv("OTEL_TRACES_EXPORTER"); o.Endpoint == "" && e != "" && e != "otlp" {
		return nil, fmt.Errorf("traces: OTEL_TRACES_EXPORTER=%s: want otlp, or none", e)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		p := os.Getenv(name)
		if p == "" {
			continue
		}
		if p != "http/protobuf" && o.Endpoint == "" {
			return nil, fmt.Errorf("traces: %s=%s: want http/protobuf, which collectors take at port 4318", name, p)
		}
		break // the first one counts
	}
	var to []otlptracehttp.Option
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("traces: endpoint %q: want an address such as http://127.0.0.1:4318", o.Endpoint)
		}
		if !strings.HasSuffix(u.Path, "/v1/traces") {
			u = u.JoinPath("v1/traces")
		}
		to = append(to, otlptracehttp.WithEndpointURL(u.String()))
	}
	if len(o.Headers) > 0 {
		to = append(to, otlptracehttp.WithHeaders(o.Headers))
	}
	exporter, err := otlptracehttp.New(ctx, to...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "communique"), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) && !errors.Is(err, resource.ErrSchemaURLConflict) {
		return nil, fmt.Errorf("traces: %w", err)
	}
	how := []sdk.TracerProviderOption{sdk.WithBatcher(exporter), sdk.WithResource(about)}
	if o.Part > 0 && o.Part < 1 {
		how = append(how, sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Part))))
	}
	trouble(log)
	t := &Tracer{provider: sdk.NewTracerProvider(how...)}
	t.tracer = t.provider.Tracer("communique", api.WithInstrumentationVersion(o.Version))
	return t, nil
}

// trouble has what goes wrong with sending logged, at most once in ten minutes:
// a collector that is away is told of by its own alerts.
func trouble(log *slog.Logger) {
	var mu sync.Mutex
	var last time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); last.IsZero() || now.Sub(last) > 10*time.Minute {
			last = now
			log.Warn("spans cannot be sent; all else goes on", "stage", "trace", "err", err)
		}
	}))
}

// Close sends what is left, as long as ctx lasts.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Span is a piece of work that goes on. A nil one is nobody's.
type Span struct{ span api.Span }

// Start begins a span within the one that ctx is of. Who calls ends it.
func (t *Tracer) Start(ctx context.Context, name string) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, &Span{span}
}

// Text notes a text; an empty one is left out.
func (s *Span) Text(key, value string) {
	if s != nil && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Number notes a number.
func (s *Span) Number(key string, value int64) {
	if s != nil {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// End ends the span, with the class of the failure that it ended in, "" for none.
func (s *Span) End(fault string) {
	if s == nil {
		return
	}
	if fault != "" {
		s.span.SetAttributes(attribute.String("error.type", fault))
		s.span.SetStatus(codes.Error, fault)
	}
	s.span.End()
}

// Requests makes a span of every answer of h. A reader is nobody whom we follow:
// the trace that they say they are in is linked to, and decides nothing.
func (t *Tracer) Requests(h http.Handler) http.Handler {
	if t == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := []api.SpanStartOption{api.WithSpanKind(api.SpanKindServer), api.WithAttributes(
			attribute.String("http.request.method", methodOf(r.Method)), attribute.String("url.path", r.URL.Path), attribute.String("url.scheme", schemeOf(r)))}
		if said := api.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(r.Header))); said.IsValid() {
			how = append(how, api.WithLinks(api.Link{SpanContext: said}))
		}
		ctx, span := t.tracer.Start(r.Context(), methodOf(r.Method), how...)
		seen := &watched{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			span.SetAttributes(attribute.Int("http.response.status_code", seen.status), attribute.Int64("http.response.body.size", seen.octets))
			if seen.status >= 500 {
				span.SetStatus(codes.Error, "")
			}
			span.End()
		}()
		h.ServeHTTP(seen, r.WithContext(ctx))
	})
}

// methodOf names the method, as whatever a stranger sends would be a name.
func methodOf(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPatch:
		return m
	}
	return "_OTHER"
}

func schemeOf(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// watched notes what is answered.
type watched struct {
	http.ResponseWriter
	status int
	octets int64
}

func (w *watched) WriteHeader(status int) {
	if status >= 200 { // else more follows (RFC 9110 §15.2)
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.octets += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController, by which streams flush.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

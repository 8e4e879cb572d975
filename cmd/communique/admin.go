package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"communique/aggregator"
	"communique/config"
	"communique/feeds"
	"communique/feeds/serve"
	"communique/internal/metrics"
	"communique/storage"
)

// storeHeader tells, in every answer of the admin listener, which store the
// daemon holds: two daemons on one machine may have been given one address.
const storeHeader = "Communique-Store"

// adminHandler is what the admin listener answers: what package serve knows,
// and /explain?q=ID|URL, /retag, /moderate, /tokens, /expire, /held, /accept-move, /plan, /reload, /backup and /feeds.opml, which take more rooms than that.
func adminHandler(cfg *config.Config, store *storage.Store, file string, base string, public *serve.Server, retag, expire, reload http.Handler, deliveries func() *serve.Deliveries, wrong func(time.Time) []feeds.Incident, counted *metrics.Metrics, eng *aggregator.Engine) http.Handler {
	if whole, err := filepath.Abs(file); err == nil {
		file = whole
	}
	mux := http.NewServeMux()
	told := serve.Admin{Store: store, Sources: configured(cfg), Now: time.Now, Deliveries: deliveries, Readers: counted.Readers, Incidents: wrong, Metrics: counted.Handler()}
	mux.Handle("/", told.Handler())
	mux.Handle("/retag", http.NewCrossOriginProtection().Handler(retag)) // no web page makes us work
	mux.Handle("/moderate", http.NewCrossOriginProtection().Handler(moderator(cfg, eng, store)))
	mux.Handle("/tokens", http.NewCrossOriginProtection().Handler(tokens{cfg, base, store}))
	mux.Handle("/held", http.NewCrossOriginProtection().Handler(heldHandler(eng, store)))
	mux.Handle("POST /accept-move", http.NewCrossOriginProtection().Handler(moveHandler(eng.AcceptMove)))
	mux.Handle("GET /expire", expire)
	mux.Handle("POST /reload", http.NewCrossOriginProtection().Handler(reload))
	mux.Handle("POST /plan", http.NewCrossOriginProtection().Handler(planHandler(cfg)))
	mux.HandleFunc("GET /backup", backupHandler(store))
	mux.HandleFunc("GET /feeds.opml", func(w http.ResponseWriter, _ *http.Request) {
		list, err := public.FeedsOPML()
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/x-opml; charset=utf-8")
		_, _ = w.Write(list) // the reader may have left
	})
	mux.HandleFunc("GET /explain", func(w http.ResponseWriter, r *http.Request) {
		told, err := explain(store, r.URL.Query().Get("q"))
		tell(w, told, err)
	})
	return guarded(cfg, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(storeHeader, file)
		mux.ServeHTTP(w, r)
	}))
}

func configured(cfg *config.Config) []serve.Configured {
	var out []serve.Configured
	for _, s := range cfg.SourceConfigs() {
		out = append(out, serve.Configured{ID: s.Source.ID, URL: s.Source.URL, Off: !s.Enabled, List: s.List})
	}
	return out
}

// errNoDaemon means that no daemon that holds the store can be asked.
var errNoDaemon = errors.New("no daemon to ask")

// soon is within what time the daemon tells what it has at hand.
const soon = 4 * time.Second

// ask gets what the daemon that holds the store answers on its admin listener.
func ask(ctx context.Context, cfg *config.Config, file, path string, into any) error {
	res, err := askFor(ctx, cfg, file, http.MethodGet, path, soon)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("the answer of %s cannot be read: %w", adminURL(cfg), err)
	}
	return nil
}

// askFor gives the daemon's answer when it is a good one; the caller closes its
// body. Within is how long all of it may take, 0 for as long as it takes.
func askFor(ctx context.Context, cfg *config.Config, file, method, path string, within time.Duration) (*http.Response, error) {
	return tellDaemon(ctx, cfg, file, method, path, nil, within)
}

// refusedBy marks what the daemon answers to what makes no sense to it.
type refusedBy struct{ error }

// tellDaemon is askFor with a body of JSON, nil for none.
func tellDaemon(ctx context.Context, cfg *config.Config, file, method, path string, body []byte, within time.Duration) (*http.Response, error) {
	base := adminURL(cfg)
	if base == "" {
		return nil, fmt.Errorf("%w: the configuration says `admin: off`", errNoDaemon)
	}
	res, err := request(ctx, cfg, method, base+path, body, within)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoDaemon, err)
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		err = fmt.Errorf("%w: what answers at %s wants another admin_token than the configuration gives", errNoDaemon, base)
	case !sameFile(res.Header.Get(storeHeader), file):
		err = fmt.Errorf("%w: what answers at %s does not hold this store", errNoDaemon, base)
	case res.StatusCode != http.StatusOK:
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // as much of it as there is
		if err = errors.New(printable(string(text))); res.StatusCode == http.StatusBadRequest {
			err = refusedBy{err}
		}
	default:
		return res, nil
	}
	res.Body.Close()
	return nil, err
}

// request asks the admin listener on this machine, so without a proxy; cfg says
// with which token, and by which certificate it is known.
func request(ctx context.Context, cfg *config.Config, method, url string, body []byte, within time.Duration) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, usageError{err}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := cfg.AdminToken.Reveal(); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	known, err := knownBy(string(cfg.AdminTLS.Cert))
	if err != nil {
		return nil, err
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: known}, Timeout: within,
		// The token is for this listener, and nothing of ours redirects there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c.Do(req)
}

// adminURL gives where the admin listener is asked, "" when there is none.
func adminURL(cfg *config.Config) string {
	host, port, err := net.SplitHostPort(string(cfg.Admin))
	if err != nil {
		return "" // off
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, so here
	}
	scheme := "http://"
	if cfg.AdminTLS.Cert != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port)
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// writeJSON writes a value for people and programs.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// stored gives what read makes of the store or, when the store cannot be opened
// because the daemon holds it, what the daemon answers at path.
func stored[T any](ctx context.Context, cfg *config.Config, file, path string, read func(*storage.Store) (T, error)) (out T, err error) {
	store, err := openToRead(file)
	if err == nil {
		defer store.Close()
		return read(store)
	}
	if !errors.Is(err, storage.ErrInUse) {
		return out, err
	}
	asked := ask(ctx, cfg, file, path, &out)
	if errors.Is(asked, errNoDaemon) {
		return out, fmt.Errorf("%w (%w)", err, asked)
	}
	return out, asked
}

// table makes of c a command that shows a table of what read gives, or of what
// the daemon answers at path: a head and a row of each, with tabs between.
func table[T any](a *app, c *cobra.Command, path string, read func(*storage.Store) ([]T, error), head string, row func(T) string) *cobra.Command {
	var data string
	var asJSON bool
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, isDemo, err := a.load()
		if err != nil {
			return err
		}
		all, err := stored(c.Context(), cfg, storeFile(cfg, isDemo, data), path, read)
		switch {
		case err != nil:
			return err
		case asJSON:
			return writeJSON(a.stdout, all)
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, head)
		for _, t := range all {
			fmt.Fprintln(w, row(t))
		}
		return w.Flush()
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	dataFlag(c, &data)
	return c
}

// answering answers with what answer gives, as JSON.
func answering(allow string, answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", allow)
			http.Error(w, "want "+allow, http.StatusMethodNotAllowed)
			return
		}
		got, err := answer(r)
		tell(w, got, err)
	})
}

// tell answers with got as JSON, or with why there is nothing to tell.
func tell(w http.ResponseWriter, got any, err error) {
	var wrong refusedBy
	switch {
	case errors.As(err, &wrong):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, errNoStatement):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = writeJSON(w, got) // the reader may have left
	}
}

// say has something said in the store by here or, when the daemon holds it, by
// the daemon, which is posted asked at path.
func say[T any](ctx context.Context, a *app, cfg *config.Config, file, path string, asked any, here func(*storage.Store) (T, error)) (out T, err error) {
	if _, err := os.Stat(file); err != nil {
		return out, fmt.Errorf("no store at %s: %w", file, errNoStore)
	}
	store, err := openStore(file, a.log)
	if err == nil {
		defer store.Close()
		return here(store)
	}
	if !errors.Is(err, storage.ErrInUse) {
		return out, err
	}
	body, jsonErr := json.Marshal(asked)
	if jsonErr != nil {
		return out, jsonErr
	}
	res, refused := tellDaemon(ctx, cfg, file, http.MethodPost, path, body, soon)
	if errors.Is(refused, errNoDaemon) {
		return out, fmt.Errorf("%w (%w)", err, refused)
	}
	if refused != nil {
		return out, refused
	}
	defer res.Body.Close()
	return out, json.NewDecoder(res.Body).Decode(&out)
}

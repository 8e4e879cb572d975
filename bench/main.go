// Command bench measures the whole program as an operator runs it: the binary,
// a configuration of many sources, an upstream on loopback, a store on disk. It
// prints CPU seconds (user and system, of the program alone), peak memory and
// sizes; docs/performance.md holds what was measured and how to read it.
//
//	go run ./bench                          # 1,000 feeds × 30 entries of 3.5 KB
//	go run ./bench -feeds 100               # a quick look
//	go run ./bench -real ../shared/data/realfeeds   # captured feeds, for correctness
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"communique/bench/trial"
	"communique/bench/upstream"
)

func main() {
	nfeeds := flag.Int("feeds", 1000, "feeds of the upstream")
	entries := flag.Int("entries", 30, "entries of each feed")
	size := flag.Int("bytes", 2900, "octets of text of each entry, about")
	many := flag.Int("statements", 100_000, "statements for the measurement of the start; 0 leaves it out")
	real := flag.String("real", "", "folder of captured feeds: pull, publish and pull again instead")
	keep := flag.Bool("keep", false, "keep the working folder")
	flag.Parse()
	if err := run(*nfeeds, *entries, *size, *many, *real, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(nfeeds, entries, size, many int, real string, keep bool) error {
	dir, err := os.MkdirTemp("", "communique-bench-")
	if err != nil {
		return err
	}
	if keep {
		fmt.Println("working in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	bin, err := trial.Build(dir)
	if err != nil {
		return err
	}
	if real != "" {
		return realFeeds(bin, dir, real)
	}
	up := &upstream.Upstream{Feeds: nfeeds, Entries: entries, Bytes: size}
	up.Prepare()
	base, stop, err := trial.Listen(up)
	if err != nil {
		return err
	}
	defer stop()
	conf := filepath.Join(dir, "communique.yaml")
	if err := configure(conf, base, nfeeds); err != nil {
		return err
	}
	fmt.Printf("%d feeds × %d entries\n\n| what | CPU s | wall s | peak MB | body MB | said |\n|---|---|---|---|---|---|\n", nfeeds, entries)
	data := filepath.Join(dir, "data")
	for _, step := range []string{"first pull", "nothing changed", "one new entry each", "nothing changed again"} {
		if step == "one new entry each" {
			up.Publish()
		}
		served := up.Served.Load()
		u, err := measured(bin, "fetch", "--config", conf, "--data", data)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.2f | %.2f | %.0f | %.0f | %s |\n", step, u.CPU, u.Wall, u.PeakMB, float64(up.Served.Load()-served)/1e6, u.lastLine)
	}
	st, err := os.Stat(filepath.Join(data, "communique.db"))
	if err != nil {
		return err
	}
	fmt.Printf("| store on disk | | | %.0f | | |\n", float64(st.Size())/1e6)
	if err := serving(bin, conf, data); err != nil {
		return err
	}
	if many > 0 {
		return starting(bin, dir, many)
	}
	return nil
}

const head = `listen: 127.0.0.1:0
admin: "off"
fetch: {gap: 0s, per_host: 16, workers: 16, allow_networks: [127.0.0.0/8]}
sources:
`

func configure(file, base string, n int) error {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "  - {id: office-%d, url: \"%s/feed/%d\"}\n", i, base, i)
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// usage is what one run of the program took, and the last that it said.
type usage struct {
	trial.Usage
	lastLine string
}

func measured(bin string, args ...string) (usage, error) {
	cmd := exec.Command(bin, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	u, err := trial.Run(cmd)
	if err != nil {
		return usage{}, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if i := strings.LastIndex(out.String(), " sources in "); i >= 0 { // the sums take more lines on a narrow terminal
		from := strings.LastIndex(out.String()[:i], "\n") + 1
		lines = []string{strings.Join(strings.Fields(out.String()[from:]), " ")}
	}
	return usage{u, lines[len(lines)-1]}, nil
}

// daemon starts `serve`.
func daemon(bin, conf, data string) (*trial.Daemon, error) {
	return trial.Serve(exec.Command(bin, "serve", "--config", conf, "--data", data, "--listen", "127.0.0.1:0", "--log-level", "error"))
}

// connections is how many readers ask at the same time.
const connections = 16

// serving measures what a feed request costs the server, from its cache.
func serving(bin, conf, data string) error {
	d, err := daemon(bin, conf, data)
	if err != nil {
		return err
	}
	defer d.End()
	fmt.Printf("| serve listens | | %.3f | | | |\n", d.Took.Seconds())
	url := d.Base + "/feeds/all.atom?limit=20" // about 23 KB of gzip, as the figures of other programs
	c := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: connections}}
	get := func(etag string) (*http.Response, int, error) {
		req, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			return nil, 0, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		res, err := c.Do(req)
		if err != nil {
			return nil, 0, err
		}
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		return res, int(n), err
	}
	// Until the daemon's own start-up visits are over its CPU time is not the
	// server's: ask until a pause costs nothing.
	for range 100 {
		before := trial.CPU(d.PID)
		time.Sleep(300 * time.Millisecond)
		if trial.CPU(d.PID)-before < 10*time.Millisecond {
			break
		}
	}
	res, size, err := get("")
	if err != nil {
		return err
	}
	if res.StatusCode != 200 {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	for _, m := range []struct {
		name, etag string
		n          int
	}{{"feed from cache", "", 48_000}, {"304", res.Header.Get("ETag"), 48_000}} {
		before := trial.CPU(d.PID)
		// Readers come many at a time. One after the other, most of what is
		// measured is the runtime going to sleep and waking up.
		var readers errgroup.Group
		for range connections {
			readers.Go(func() error {
				for range m.n / connections {
					if _, _, err := get(m.etag); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := readers.Wait(); err != nil {
			return err
		}
		spent := trial.CPU(d.PID) - before
		fmt.Printf("| %s, %d octets of gzip: %.1f µs CPU a request | | | | | |\n", m.name, size, float64(spent.Microseconds())/float64(m.n))
	}
	return nil
}

// starting fills a store and measures how long serve takes to listen on it.
func starting(bin, dir string, statements int) error {
	const entries = 100
	up := &upstream.Upstream{Feeds: statements / entries, Entries: entries, Bytes: 600}
	up.Prepare()
	base, stop, err := trial.Listen(up)
	if err != nil {
		return err
	}
	defer stop()
	conf, data := filepath.Join(dir, "many.yaml"), filepath.Join(dir, "many")
	if err := configure(conf, base, up.Feeds); err != nil {
		return err
	}
	u, err := measured(bin, "fetch", "--config", conf, "--data", data)
	if err != nil {
		return err
	}
	fmt.Printf("| filling %d statements | %.2f | %.2f | %.0f | | %s |\n", statements, u.CPU, u.Wall, u.PeakMB, u.lastLine)
	d, err := daemon(bin, conf, data)
	if err != nil {
		return err
	}
	d.End()
	fmt.Printf("| serve listens, %d statements | | %.3f | | | |\n", statements, d.Took.Seconds())
	return nil
}

// realFeeds pulls captured feeds, publishes them and pulls twice again.
func realFeeds(bin, dir, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "feeds", "*"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no feeds under %s: %v", folder, err)
	}
	base, stop, err := trial.Listen(http.FileServer(http.Dir(filepath.Join(folder, "feeds"))))
	if err != nil {
		return err
	}
	defer stop()
	var b strings.Builder
	b.WriteString(head)
	for i, f := range files {
		fmt.Fprintf(&b, "  - {id: feed-%d, url: \"%s/%s\"}\n", i, base, filepath.Base(f))
	}
	conf, data := filepath.Join(dir, "communique.yaml"), filepath.Join(dir, "data")
	if err := os.WriteFile(conf, []byte(b.String()), 0o644); err != nil {
		return err
	}
	for _, step := range []string{"first pull", "second pull", "pull after a restart"} {
		if step == "pull after a restart" {
			d, err := daemon(bin, conf, data)
			if err != nil {
				return err
			}
			d.End()
		}
		u, err := measured(bin, "fetch", "--config", conf, "--data", data)
		if err != nil {
			return err
		}
		fmt.Printf("%-22s CPU %.2f s, peak %.0f MB: %s\n", step, u.CPU, u.PeakMB, u.lastLine)
	}
	if u, err := measured(bin, "verify", "--config", conf, "--data", data); err != nil {
		return err
	} else {
		fmt.Println("verify                ", u.lastLine)
	}
	d, err := daemon(bin, conf, data)
	if err != nil {
		return err
	}
	defer d.End()
	out := filepath.Join("bench", "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for _, ext := range []string{"atom", "rss", "json"} {
		res, err := http.Get(d.Base + "/feeds/all." + ext + "?limit=200")
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if res.StatusCode != 200 {
			return fmt.Errorf("all.%s answers %s", ext, res.Status)
		}
		file := filepath.Join(out, "all."+ext)
		if err := os.WriteFile(file, body, 0o644); err != nil {
			return err
		}
		fmt.Printf("wrote %s, %d octets, for a validator\n", file, len(body))
	}
	return nil
}

// Command serving measures how quickly the program serves, on loopback: latency
// at 5,000 requests a second on one core, searches, and thousands of query
// feeds in use while statements arrive. docs/performance.md holds the figures.
//
//	go run ./bench/serving                   # 100,000 statements, 10,000 query feeds
//	go run ./bench/serving -folder /tmp/s    # keeps the store there, for the next run
//
// It takes two cores: the server gets the first, the load the second (taskset).
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"communique/bench/trial"
	"communique/bench/upstream"
)

func main() {
	statements := flag.Int("statements", 100_000, "statements in the store")
	queries := flag.Int("feeds", 10_000, "different query feeds")
	rate := flag.Int("rate", 5000, "requests a second")
	seconds := flag.Int("seconds", 5, "seconds at that rate, for each address")
	folder := flag.String("folder", "", "folder of the store; a temporary one without")
	flag.Parse()
	if err := run(*statements, *queries, *rate, *seconds, *folder); err != nil {
		fmt.Fprintln(os.Stderr, "serving:", err)
		os.Exit(1)
	}
}

func run(statements, queries, rate, seconds int, folder string) error {
	if folder == "" {
		dir, err := os.MkdirTemp("", "communique-serving-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		folder = dir
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	bin, err := trial.Build(folder)
	if err != nil {
		return err
	}
	data := filepath.Join(folder, "data")
	if _, err := os.Stat(data); err != nil {
		if err := fill(bin, folder, data, statements); err != nil {
			return err
		}
	}
	live := &upstream.Upstream{Feeds: 1, Entries: 5, Bytes: 600}
	live.Prepare()
	liveBase, stop, err := trial.Listen(live)
	if err != nil {
		return err
	}
	defer stop()
	conf := filepath.Join(folder, "serve.yaml")
	if err := os.WriteFile(conf, []byte(head+fmt.Sprintf("  - {id: live, url: %q, schedule: \"@every 1s\", floor: 1s}\n", liveBase+"/feed/0")), 0o644); err != nil {
		return err
	}
	_ = exec.Command("taskset", "-a", "-p", "-c", "1", strconv.Itoa(os.Getpid())).Run() // with one core it has no effect
	// Neither a second thread on that core nor our own garbage may delay the
	// reading of an answer: the time would be taken for the server's.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(400)
	cmd := exec.Command("taskset", "-c", "0", bin, "serve", "--config", conf, "--data", data, "--listen", "127.0.0.1:0", "--log-level", "error")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	server, err := trial.Serve(cmd)
	if err != nil {
		return err
	}
	defer server.End()
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("load of the machine before: %s\n", load)
	time.Sleep(3 * time.Second) // its start's own work

	for _, path := range []string{"/feeds/all.atom?limit=20", "/", "/embed/all"} {
		for _, status := range []int{http.StatusOK, http.StatusNotModified} {
			if err := latency(server, path, status, rate, seconds); err != nil {
				return err
			}
		}
	}
	if err := searches(server); err != nil {
		return err
	}
	return many(server, queries, live)
}

const head = `listen: 127.0.0.1:0
admin: "off"
api: {rate: off}
fetch: {gap: 0s, per_host: 16, workers: 16, allow_networks: [127.0.0.0/8]}
sources:
`

// fill pulls a store full of statements.
func fill(bin, folder, data string, statements int) error {
	const entries = 100
	up := &upstream.Upstream{Feeds: statements / entries, Entries: entries, Bytes: 600}
	up.Prepare()
	base, stop, err := trial.Listen(up)
	if err != nil {
		return err
	}
	defer stop()
	var b strings.Builder
	b.WriteString(head)
	for i := range up.Feeds {
		fmt.Fprintf(&b, "  - {id: office-%d, url: \"%s/feed/%d\"}\n", i, base, i)
	}
	conf := filepath.Join(folder, "fill.yaml")
	if err := os.WriteFile(conf, []byte(b.String()), 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(bin, "fetch", "--config", conf, "--data", data).CombinedOutput(); err != nil {
		return fmt.Errorf("fetch: %w\n%s", err, out)
	}
	return nil
}

// latency asks for one address at a steady rate, whether answers come or not,
// over 64 connections, each time with the entity tag when 304 is wanted. A
// request that had to wait for its connection counts from when it was due.
func latency(server *trial.Daemon, path string, status, rate, seconds int) error {
	const connections = 64
	host := strings.TrimPrefix(server.Base, "http://")
	headers := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\nUser-Agent: bench\r\n"
	// The first reader of all waits for the rendering; the bar is what is in
	// the cache.
	req, err := http.NewRequest(http.MethodGet, server.Base+path, nil)
	if err != nil {
		return err
	}
	req.Header = http.Header{"Accept-Encoding": {"gzip"}, "Accept-Language": {"en"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if status == http.StatusNotModified {
		headers += "If-None-Match: " + res.Header.Get("ETag") + "\r\n"
	}
	request := []byte(headers + "\r\n")
	took := make([][]time.Duration, connections)
	errs := make([]error, connections)
	size := 0
	before := trial.CPU(server.PID)
	start := time.Now().Add(50 * time.Millisecond)
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			conn, err := net.Dial("tcp", host)
			if err != nil {
				errs[c] = err
				return
			}
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 64<<10)
			for i := c; i < rate*seconds; i += connections {
				from := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
				if wait := time.Until(from); wait > 0 {
					time.Sleep(wait)
					from = time.Now() // how late we wake is no fault of the server's
				}
				if _, err := conn.Write(request); err != nil {
					errs[c] = err
					return
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					errs[c] = err
					return
				}
				n, err := io.Copy(io.Discard, res.Body)
				if err != nil || res.StatusCode != status {
					errs[c] = fmt.Errorf("%s: %s %w", path, res.Status, err)
					return
				}
				if c == 0 {
					size = int(n)
				}
				took[c] = append(took[c], time.Since(from))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	wall := time.Since(start)
	all := slices.Concat(took...)
	fmt.Printf("%-26s %d, %6d octets, %d requests at %.0f/s: %s, CPU %.1f µs a request\n", path, status, size, len(all), float64(len(all))/wall.Seconds(), percentiles(all), float64((trial.CPU(server.PID)-before).Microseconds())/float64(len(all)))
	return nil
}

func percentiles(d []time.Duration) string {
	slices.Sort(d)
	at := func(p float64) time.Duration { return d[min(len(d)-1, int(p*float64(len(d))))].Round(time.Microsecond) }
	return fmt.Sprintf("p50 %v, p99 %v, max %v", at(.5), at(.99), d[len(d)-1].Round(time.Microsecond))
}

// words of the made statements, in three languages.
var words = strings.Fields("migration office report support border families health children work access services government community response local partners programme emergency shelter water school protection rights women data journey return displaced assistance international organization plan year months needs reached personnes bureau rapport soutien frontière familles santé enfants travail accès communauté réponse partenaires urgence abri école droits femmes données voyage retour besoins oficina informe apoyo frontera salud niños trabajo acceso servicios gobierno comunidad respuesta socios albergue agua escuela derechos mujeres datos viaje retorno necesidades")

// query gives the n-th of different searches.
func query(n int) string {
	return words[n%len(words)] + " " + words[(n/len(words)+n+1)%len(words)]
}

func get(url string) (time.Duration, int, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	took := time.Since(began)
	if err == nil && res.StatusCode != 200 {
		return took, 0, fmt.Errorf("%s: %s", url, res.Status)
	}
	return took, len(b), err
}

// searches asks for words and phrases that nobody asked for before, each once.
func searches(server *trial.Daemon) error {
	for _, kind := range []struct{ name, form string }{{"two words", "%s"}, {"a phrase", `"%s"`}, {"either word", "%s"}} {
		var took []time.Duration
		before := trial.CPU(server.PID)
		for n := range 300 {
			q := query(n*31 + 7)
			if kind.name == "either word" {
				q = strings.Replace(q, " ", " OR ", 1)
			}
			d, _, err := get(server.Base + "/api/v1/statements?limit=20&q=" + url.QueryEscape(fmt.Sprintf(kind.form, q)))
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		fmt.Printf("search, %-12s 20 statements as JSON: %s, CPU %.1f ms each\n", kind.name, percentiles(took), float64((trial.CPU(server.PID)-before).Microseconds())/float64(len(took))/1000)
	}
	return nil
}

// many asks for many different feeds once, and again while statements arrive.
func many(server *trial.Daemon, n int, live *upstream.Upstream) error {
	for round, name := range []string{"first", "again, a statement a second", "the last hundred, again"} {
		from := 0
		if round == 2 {
			from = max(0, n-100)
		}
		stop, done := make(chan struct{}), make(chan struct{})
		arrived := 0
		go func() {
			defer close(done)
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for round > 0 {
				select {
				case <-stop:
					return
				case <-tick.C:
					live.Publish()
					arrived++
				}
			}
		}()
		before, began, octets := trial.CPU(server.PID), time.Now(), 0
		var took []time.Duration
		for i := from; i < n; i++ {
			d, size, err := get(server.Base + "/feeds/all.atom?q=" + url.QueryEscape(query(i)))
			if err != nil {
				return err
			}
			took = append(took, d)
			octets += size
		}
		close(stop)
		<-done
		anon, peak, _ := trial.Memory(server.PID)
		fmt.Printf("%d query feeds, %s: %.0f s, %d arrived, %s, CPU %.2f ms a request, %.0f KB each; memory %.0f MB of its own, peak with the mapped store %.0f MB\n",
			n-from, name, time.Since(began).Seconds(), arrived, percentiles(took), float64((trial.CPU(server.PID)-before).Microseconds())/float64(n-from)/1000, float64(octets)/float64(n-from)/1000, anon, peak)
	}
	return nil
}

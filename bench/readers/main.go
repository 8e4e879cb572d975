// Command readers tries out what people's own news readers make of our feeds:
// the real programs, as Debian packs them, against the real service.
//
//	go run ./bench/readers                  # newsboat and liferea, where they are installed
//	go run ./bench/readers -install         # installs them first (root, Debian)
//	go run ./bench/readers -only newsboat
//
// Three made offices publish, on loopback, in steps: two statements, a reprint,
// a translation, a correction, two that later turn out to be one. After
// each step every reader asks for the feed in each format and its own database
// is read. The exit code is 1 when a reader shows a statement twice, forgets what was
// read, or asks without validators for what it holds.
//
// Nothing outside loopback is asked. docs/readers.md says what was seen.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/bench/trial"
)

func main() {
	install := flag.Bool("install", false, "install the readers from Debian's packages first")
	only := flag.String("only", "", "one reader: newsboat or liferea")
	keep := flag.Bool("keep", false, "keep the working folder")
	flag.Parse()
	faults, err := run(*install, *only, *keep)
	if err != nil {
		fmt.Fprintln(os.Stderr, "readers:", err)
		os.Exit(1)
	}
	if faults > 0 {
		fmt.Fprintf(os.Stderr, "readers: %d faults, see the lines that begin with FAULT\n", faults)
		os.Exit(1)
	}
}

// formats that every reader is given, as their addresses end.
var formats = []string{"atom", "rss", "json"}

func run(install bool, only string, keep bool) (faults int, err error) {
	readers := []reader{&newsboat{}, &liferea{}}
	if only != "" {
		readers = slices.DeleteFunc(readers, func(r reader) bool { return r.name() != only })
	}
	if install {
		for _, r := range readers {
			args := append([]string{"install", "-y", "-qq", "--no-install-recommends"}, r.packages()...)
			cmd := exec.Command("apt-get", args...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := cmd.CombinedOutput(); err != nil {
				return 0, fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
			}
		}
	}
	readers = slices.DeleteFunc(readers, func(r reader) bool {
		for _, p := range r.programs() {
			if _, err := exec.LookPath(p); err != nil {
				fmt.Printf("%s is left out: there is no %s here (-install gets it from Debian's packages)\n", r.name(), p)
				return true
			}
		}
		return false
	})
	if len(readers) == 0 {
		return 0, fmt.Errorf("there is no reader to try")
	}
	dir, err := os.MkdirTemp("", "communique-readers-")
	if err != nil {
		return 0, err
	}
	if keep {
		fmt.Println("working in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	s, err := newService(dir)
	if err != nil {
		return 0, err
	}
	defer s.close()
	for _, r := range readers {
		defer r.close()
		feeds := map[string]string{}
		for _, format := range formats {
			feeds[format] = s.public + "/feeds/all." + format
		}
		if err := r.open(filepath.Join(dir, r.name()), feeds); err != nil {
			return 0, fmt.Errorf("%s: %w", r.name(), err)
		}
	}
	faults, err = story(s, readers)
	return faults, err
}

// service is communique between made offices and the readers, with a log of who
// asked what in front of it.
type service struct {
	bin, dir, public string
	offices          *offices
	target           *url.URL
	stop             []func()
	daemon           *trial.Daemon

	mu  sync.Mutex
	log []asked
}

// asked is a request of a reader's, and what it was answered.
type asked struct {
	agent, path string
	conditional bool
	status      int
	octets      int64
}

func newService(dir string) (*service, error) {
	bin, err := trial.Build(dir)
	if err != nil {
		return nil, err
	}
	s := &service{bin: bin, dir: dir, offices: &offices{}}
	front := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			s.mu.Lock()
			r.SetURL(s.target)
			s.mu.Unlock()
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(res *http.Response) error {
			r := res.Request
			s.mu.Lock()
			defer s.mu.Unlock()
			s.log = append(s.log, asked{r.UserAgent(), r.URL.Path, r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "", res.StatusCode, res.ContentLength})
			return nil
		},
	}
	if s.public, err = s.listen(front); err != nil {
		return nil, err
	}
	s.offices.base, err = s.listen(s.offices)
	return s, err
}

func (s *service) listen(h http.Handler) (base string, err error) {
	base, stop, err := trial.Listen(h)
	if err != nil {
		return "", err
	}
	s.stop = append(s.stop, stop)
	return base, nil
}

func (s *service) close() {
	s.end()
	for _, stop := range s.stop {
		stop()
	}
}

func (s *service) end() {
	if s.daemon != nil {
		s.daemon.End()
		s.daemon = nil
	}
}

// pull asks the offices once and publishes what there is then. more is added to
// the configuration.
func (s *service) pull(more string) error {
	s.end()
	conf := fmt.Sprintf(`site: {title: Statements, base_url: %q, authority: "readers.example,2026"}
listen: 127.0.0.1:0
admin: "off"
storage: {dir: data}
fetch: {gap: 0s, allow_networks: [127.0.0.0/8]}
defaults: {schedule: "@every 24h"}
sources:
`, s.public)
	for _, o := range officeIDs {
		conf += fmt.Sprintf("  - {id: %s, url: \"%s/%[1]s.rss\", language: %[3]s}\n", o.id, s.offices.base, o.language)
	}
	file := filepath.Join(s.dir, "communique.yaml")
	if err := os.WriteFile(file, []byte(conf+more), 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(s.bin, "fetch", "--config", file).CombinedOutput(); err != nil {
		return fmt.Errorf("fetch: %w\n%s", err, out)
	}
	var err error
	if s.daemon, err = trial.Serve(exec.Command(s.bin, "serve", "--config", file, "--log-level", "error")); err != nil {
		return err
	}
	target, err := url.Parse(s.daemon.Base)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.target = target
	s.mu.Unlock()
	return nil
}

// published gives how many entries the feed holds for who asks for the first time.
func (s *service) published() (int, error) {
	res, err := http.Get(s.public + "/feeds/all.json")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var feed struct{ Items []struct{ ID string } }
	err = json.NewDecoder(res.Body).Decode(&feed)
	return len(feed.Items), err
}

// since gives what was asked since the last call.
func (s *service) since() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

// fetched gives which of the feeds were asked for since the log was last taken.
func (s *service) fetched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	paths := map[string]bool{}
	for _, a := range s.log {
		if strings.HasPrefix(a.path, "/feeds/") {
			paths[a.path] = true
		}
	}
	return len(paths)
}

// patience is how long a reader may take for all its feeds.
const patience = 60 * time.Second

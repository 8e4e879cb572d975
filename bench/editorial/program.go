package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// document is a line that classify reads.
type document struct {
	ID        string `json:"id"`
	Title     string `json:"title,omitempty"`
	Text      string `json:"text,omitempty"`
	HTML      string `json:"html,omitempty"`
	URL       string `json:"url,omitempty"`
	Language  string `json:"language,omitempty"`
	Published string `json:"published,omitempty"`
	Source    string `json:"source,omitempty"`
}

// verdict is a line that classify writes, or a row of a ready prediction:
// those name the statement "cluster", as the reference scorer does. Whatever
// this version of classify does not say yet is empty.
type verdict struct {
	ID        string  `json:"id"`
	Language  string  `json:"language,omitempty"`
	Statement any     `json:"statement,omitempty"`
	Cluster   any     `json:"cluster,omitempty"`
	Relation  string  `json:"relation,omitempty"`
	Of        string  `json:"of,omitempty"` // the document it was matched to
	Score     float64 `json:"score,omitempty"`
	Threshold float64 `json:"threshold,omitempty"`
	Because   words   `json:"because,omitempty"` // the evidence of the join

	Countries []string `json:"countries"`
	Regions   []string `json:"regions"`
	Topics    []string `json:"topics"`
	Events    []string `json:"events,omitempty"`
	Mentioned []string `json:"mentioned,omitempty"` // countries besides

	Why  []reason `json:"why,omitempty"`  // the rules of the tags
	Near []near   `json:"near,omitempty"` // what it came close to and was not joined with

	// As classify said them, where Regions and Topics were put into the words of
	// the labels.
	RegionsSaid []string `json:"regions_said,omitempty"`
	TopicsSaid  []string `json:"topics_said,omitempty"`
}

type reason struct {
	Tag      string `json:"tag"`
	Rule     string `json:"rule"`
	Evidence string `json:"evidence,omitempty"`
}

type near struct {
	ID        string  `json:"id"`
	Statement string  `json:"statement"`
	Score     float64 `json:"score"`
	Threshold float64 `json:"threshold"`
	Why       words   `json:"why"`
	Related   bool    `json:"related,omitempty"`
}

// statement gives the statement's name, false when the row names none.
func (v *verdict) statement() (string, bool) {
	for _, x := range []any{v.Cluster, v.Statement} {
		if x != nil {
			return fmt.Sprint(x), true
		}
	}
	return "", false
}

// words is an explanation: a string, or anything else in JSON, which is then
// shown as it stands.
type words string

// UnmarshalJSON takes any JSON value.
func (w *words) UnmarshalJSON(b []byte) error {
	var s string
	var list []string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*w = words(s)
	case json.Unmarshal(b, &list) == nil:
		*w = words(strings.Join(list, "; "))
	default:
		*w = words(b)
	}
	return nil
}

// program is the binary that is measured, as its users have it.
type program struct {
	path   string
	config string // "" for the built-in rules
	dir    string // an empty folder to run in, or a configuration lying about would be read
}

// build compiles communique into dir.
func build(dir string) (string, error) {
	bin := filepath.Join(dir, "communique")
	if out, err := exec.Command("go", "build", "-o", bin, "communique/cmd/communique").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build communique: %w\n%s", err, out)
	}
	return bin, nil
}

// usage is what a run took: CPU is user and system time of the program alone.
type usage struct {
	CPU    float64 `json:"cpu_s"`
	Wall   float64 `json:"wall_s"`
	PeakMB float64 `json:"peak_mb"` // resident set
}

// line is the way into a running classify.
type line struct {
	*bufio.Writer
	enc *json.Encoder
	pid int
}

func (l *line) put(d document) error { return l.enc.Encode(d) }

// settle waits until the program has worked off all that it was given and
// returns the CPU seconds it has taken so far.
func (l *line) settle() (float64, error) {
	if err := l.Flush(); err != nil {
		return 0, err
	}
	const pause, quiet = 20 * time.Millisecond, 6
	last, still := cpuOf(l.pid), 0
	for range 3000 { // a minute; it is a matter of milliseconds
		time.Sleep(pause)
		if now := cpuOf(l.pid); now != last {
			last, still = now, 0
		} else if still++; still == quiet {
			break
		}
	}
	return last, nil
}

// classify runs `communique classify -`: feed writes the documents, got is
// called with each verdict in turn.
func (p program) classify(feed func(*line) error, got func(verdict) error) (usage, error) {
	args := []string{"classify", "-"}
	if p.config != "" {
		args = append(args, "--config", p.config)
	}
	cmd := exec.Command(p.path, args...)
	cmd.Dir = p.dir
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return usage{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return usage{}, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	peak := make(chan float64, 1)
	go watch(cmd.Process.Pid, peak)
	fed := make(chan error, 1)
	go func() {
		w := bufio.NewWriterSize(in, 1<<16)
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		err := feed(&line{w, enc, cmd.Process.Pid})
		if err == nil {
			err = w.Flush()
		}
		fed <- errors.Join(err, in.Close())
	}()
	read := lines(out, func(n int, b []byte) error {
		var v verdict
		if err := json.Unmarshal(b, &v); err != nil {
			return fmt.Errorf("line %d of classify's output: %w", n, err)
		}
		return got(v)
	})
	_, _ = io.Copy(io.Discard, out) // after an error: let the program end, not block
	wrote := <-fed
	if err := cmd.Wait(); err != nil { // says more than the broken pipe that it causes
		return usage{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.String())
	}
	if err := errors.Join(read, wrote); err != nil {
		return usage{}, err
	}
	u := usage{CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), Wall: time.Since(began).Seconds(), PeakMB: <-peak}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && u.PeakMB == 0 {
		u.PeakMB = float64(r.Maxrss) / 1024 // too much by what this process held when it forked, but better than nothing
	}
	return u, nil
}

// classifyAll runs classify on the documents and gives the verdicts in order.
// When all documents are given and none is asked for any more, it calls fed,
// which may be nil.
func (p program) classifyAll(docs []document, fed func(*line) error) ([]verdict, usage, error) {
	all := make([]verdict, 0, len(docs))
	u, err := p.classify(func(l *line) error {
		for _, d := range docs {
			if err := l.put(d); err != nil {
				return err
			}
		}
		if fed != nil {
			return fed(l)
		}
		return nil
	}, func(v verdict) error {
		if n := len(all); n >= len(docs) || docs[n].ID != v.ID {
			return fmt.Errorf("verdict %d of classify is on %q: it must answer line for line", n+1, v.ID)
		}
		all = append(all, v)
		return nil
	})
	if err == nil && len(all) != len(docs) {
		err = fmt.Errorf("classify gave %d verdicts on %d documents", len(all), len(docs))
	}
	return all, u, err
}

// start measures what classify takes before it has done anything: its tables.
func (p program) start() (usage, error) {
	_, u, err := p.classifyAll([]document{{ID: "1", Title: "One", Text: "One short text."}}, nil)
	return u, err
}

// watch sends the process's peak resident set in MB once it has ended. Not
// rusage's: that counts what this process held when it forked.
func watch(pid int, peak chan<- float64) {
	var most float64
	for {
		mb, ok := highWater(pid)
		if !ok {
			peak <- most
			return
		}
		most = max(most, mb)
		time.Sleep(5 * time.Millisecond)
	}
}

// highWater reads proc(5)'s VmHWM in MB, false when the process has ended or
// the system has no such thing.
func highWater(pid int) (float64, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(b), "VmHWM:")
	if !ok { // it has ended and waits to be collected
		return 0, false
	}
	kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64) // the kernel wrote it
	return kb / 1024, true
}

// cpuOf reads a process's user and system time in seconds (proc(5), fields 14
// and 15 of stat, in hundredths), 0 where the system has no such thing.
func cpuOf(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	u, _ := strconv.Atoi(f[11])
	s, _ := strconv.Atoi(f[12])
	return float64(u+s) / 100
}

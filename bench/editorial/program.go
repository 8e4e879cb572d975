package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"communique/bench/trial"
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
	last, still := trial.CPU(l.pid).Seconds(), 0
	for range 3000 { // a minute; it is a matter of milliseconds
		time.Sleep(pause)
		if now := trial.CPU(l.pid).Seconds(); now != last {
			last, still = now, 0
		} else if still++; still == quiet {
			break
		}
	}
	return last, nil
}

// classify runs `communique classify -`: feed writes the documents, got is
// called with each verdict in turn.
func (p program) classify(feed func(*line) error, got func(verdict) error) (trial.Usage, error) {
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
		return trial.Usage{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return trial.Usage{}, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return trial.Usage{}, err
	}
	peak := trial.WatchPeak(cmd.Process.Pid)
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
		return trial.Usage{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.String())
	}
	if err := errors.Join(read, wrote); err != nil {
		return trial.Usage{}, err
	}
	u := trial.Took(cmd, began, <-peak)
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && u.PeakMB == 0 {
		u.PeakMB = float64(r.Maxrss) / 1024 // too much by what this process held when it forked, but better than nothing
	}
	return u, nil
}

// classifyAll runs classify on the documents and gives the verdicts in order.
// When all documents are given and none is asked for any more, it calls fed,
// which may be nil.
func (p program) classifyAll(docs []document, fed func(*line) error) ([]verdict, trial.Usage, error) {
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
func (p program) start() (trial.Usage, error) {
	_, u, err := p.classifyAll([]document{{ID: "1", Title: "One", Text: "One short text."}}, nil)
	return u, err
}

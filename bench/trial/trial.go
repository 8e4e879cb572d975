// Package trial runs the program as an operator has it, the binary, and reads
// from the kernel what it takes: what the commands under bench share.
package trial

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Build compiles communique into dir and gives the binary's path.
func Build(dir string) (string, error) {
	bin := filepath.Join(dir, "communique")
	if out, err := exec.Command("go", "build", "-o", bin, "communique/cmd/communique").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build communique: %w\n%s", err, out)
	}
	return bin, nil
}

// Listen serves h on loopback until stop.
func Listen(h http.Handler) (base string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h}
	go func() { _ = srv.Serve(l) }() // until stop
	return "http://" + l.Addr().String(), func() { _ = srv.Close() }, nil
}

// Daemon is a running `communique serve`.
type Daemon struct {
	Base string        // its address, "http://127.0.0.1:…"
	PID  int           //
	Took time.Duration // from its start until it listened
	cmd  *exec.Cmd
}

// Serve starts a command that ends in a running daemon and waits until it listens.
func Serve(cmd *exec.Cmd) (*Daemon, error) {
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &Daemon{PID: cmd.Process.Pid, cmd: cmd}
	line, err := bufio.NewReader(pipe).ReadString('\n')
	if err != nil {
		d.End()
		return nil, fmt.Errorf("%s said nothing: %w", strings.Join(cmd.Args, " "), err)
	}
	d.Took = time.Since(began)
	go func() { _, _ = io.Copy(io.Discard, pipe) }() // until it ends
	_, d.Base, _ = strings.Cut(strings.TrimSpace(line), "listening on ")
	return d, nil
}

// End asks the daemon to stop and waits for it.
func (d *Daemon) End() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
}

// Usage is what a run took; CPU is user and system time of the program alone.
type Usage struct {
	CPU    float64 `json:"cpu_s"`
	Wall   float64 `json:"wall_s"`
	PeakMB float64 `json:"peak_mb"` // resident set
}

// Run runs a command to its end and tells what it took.
func Run(cmd *exec.Cmd) (Usage, error) {
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return Usage{}, err
	}
	peak := WatchPeak(cmd.Process.Pid)
	err := cmd.Wait()
	return Took(cmd, began, <-peak), err
}

// Took sums up a command that has ended.
func Took(cmd *exec.Cmd, began time.Time, peakMB float64) Usage {
	return Usage{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), time.Since(began).Seconds(), peakMB}
}

// WatchPeak gives a process's peak resident set in MB once it has ended. Not
// rusage's: that counts what this process held when it forked.
func WatchPeak(pid int) <-chan float64 {
	peak := make(chan float64, 1)
	go func() {
		var most float64
		for {
			_, mb, ok := Memory(pid)
			if !ok {
				peak <- most
				return
			}
			most = max(most, mb)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return peak
}

// Memory reads a process's anonymous memory and its peak resident set in MB
// (proc(5), RssAnon and VmHWM), false when it has ended or the system has no
// such thing.
func Memory(pid int) (anonMB, peakMB float64, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	field := func(name string) float64 {
		_, rest, found := strings.Cut(string(b), name+":")
		ok = ok || found // a process that has ended and waits to be collected has neither
		if !found {
			return 0
		}
		kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64) // the kernel wrote it
		return kb / 1024
	}
	return field("RssAnon"), field("VmHWM"), ok
}

// CPU reads a process's user and system time (proc(5), fields 14 and 15 of
// stat, in hundredths), 0 where the system has no such thing.
func CPU(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+2:]))
	u, _ := strconv.Atoi(f[11]) // the kernel wrote them
	s, _ := strconv.Atoi(f[12])
	return time.Duration(u+s) * 10 * time.Millisecond
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

// TestMain puts the program, as it is in this test binary, on the PATH: scripts
// and tests run it as a process of its own.
func TestMain(m *testing.M) {
	// Under the race detector a process sleeps for a second before it ends, in
	// case there is a race to report; here many processes end.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){"communique": main})
}

// TestScripts runs testdata/script. Each script has a web server of its own at
// $ORIGIN, which gives what lies in the script's folder origin/, and a command
// `exits CODE program args…`.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			srv := httptest.NewServer(origin(filepath.Join(env.WorkDir, "origin")))
			env.Defer(srv.Close)
			env.Setenv("ORIGIN", srv.URL)
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits runs a program and wants its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	got := 0
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

var daysAgo = regexp.MustCompile(`DAYS-AGO-(\d+)`)

// origin serves a folder with an ETag that depends on the content alone. In a
// file DAYS-AGO-9 is the time nine days ago, as RSS writes it.
func origin(dir string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(filepath.Clean(r.URL.Path))))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		body = daysAgo.ReplaceAllFunc(body, func(b []byte) []byte {
			n, _ := strconv.Atoi(string(daysAgo.FindSubmatch(b)[1])) // the pattern has digits only
			return time.Now().UTC().AddDate(0, 0, -n).AppendFormat(nil, http.TimeFormat)
		})
		if r.URL.RawQuery == "longer" { // than its header says
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				defer conn.Close()
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s<script>", len(body), body)
			}
			return
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(body))[:16]))
		http.ServeContent(w, r, r.URL.Path, time.Time{}, bytes.NewReader(body))
	})
}

// command runs a command line within the test.
func command(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, log strings.Builder
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &log)
	return code, out.String(), log.String()
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		line := append(strings.Fields(c.CommandPath())[1:], "--help")
		code, stdout, stderr := command(t, "", line...)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q; want 0 and nothing", line, code, stderr)
		}
		if !strings.Contains(stdout, "\nExamples:\n  communique ") && !strings.Contains(stdout, "\nExamples:\n  echo ") {
			t.Errorf("%s shows no example:\n%s", line, stdout)
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit((&app{}).root())
}

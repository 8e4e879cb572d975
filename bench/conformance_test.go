package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"communique/internal/testkit"
)

// TestConformance runs `communique parse` over the test cases of other feed
// parsers and holds the share that passes. The cases and their checker are
// shared test data, not part of the project.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand runs of the program: left out with -short")
	}
	data := testkit.Shared(t, "data")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("the checker of the shared cases is a Python program, and python3 is not here")
	}
	bin := filepath.Join(t.TempDir(), "communique")
	build := exec.Command("go", "build", "-o", bin, "./cmd/communique")
	build.Dir = testkit.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	report := filepath.Join(t.TempDir(), "report.md")
	check := exec.Command(python, filepath.Join(data, "conformance_check.py"), "--root", filepath.Join(data, "conformance"), "--report", report,
		"--cmd", bin+" parse --jsonl --base={base} --content-type={content_type} {file}")
	out, err := check.CombinedOutput()
	if err != nil {
		t.Fatalf("checker: %v\n%s", err, out)
	}
	for tier, bar := range map[string]float64{"ext": 85, "ext-lang": 85, "needs-http": 80, "absent": 100, "error": 100, "parse-only": 100, "parse-bozo": 100} {
		if got := share(t, out, `\* \| `+tier+` \| \*`); got < bar {
			t.Errorf("%s: %.1f %%, want at least %.0f", tier, got, bar)
		}
	}
	if got := share(t, out, `dates \| core \| \*`); got < 90 {
		t.Errorf("dates: %.1f %%, want at least 90", got)
	}
	// The sanitizer's cases ask for one project's way of writing; what counts of
	// them is that each is safe.
	all := cases(t, out, `\* \| core \| \*`)
	if all.safe != all.sanitized {
		t.Errorf("%d of %d sanitizer cases are safe", all.safe, all.sanitized)
	}
	rest := exec.Command(python, filepath.Join(data, "conformance_check.py"), "--root", filepath.Join(data, "conformance"), "--tier", "core", "--category", "sanitize",
		"--cmd", bin+" parse --jsonl {file}")
	out, err = rest.CombinedOutput()
	if err != nil {
		t.Fatalf("checker: %v\n%s", err, out)
	}
	sane := cases(t, out, `\* \| core \| \*`)
	if got := 100 * float64(all.passed-sane.passed) / float64(all.all-sane.all); got < 95 {
		t.Errorf("core without the sanitizer's cases: %.1f %%, want at least 95", got)
	} else {
		t.Logf("core without the sanitizer's cases: %d of %d, %.1f %%", all.passed-sane.passed, all.all-sane.all, got)
	}
}

type tally struct{ passed, all, safe, sanitized int }

// cases reads a row of the checker's table.
func cases(t *testing.T, out []byte, row string) tally {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\| ` + row + ` \| (\d+)/(\d+) \|[^|]*\|[^|]*\|[^|]*\|(?: (\d+)/(\d+))?`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("the checker's table has no row %s:\n%s", row, out)
	}
	n := func(i int) int {
		v, _ := strconv.Atoi(string(m[i])) // an empty cell is 0
		return v
	}
	return tally{n(1), n(2), n(3), n(4)}
}

func share(t *testing.T, out []byte, row string) float64 {
	t.Helper()
	c := cases(t, out, row)
	return 100 * float64(c.passed) / float64(c.all)
}

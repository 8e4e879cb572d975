// Package browser lets tests look at pages in a real Chromium. Nothing outside
// tests imports it. Debian's packages chromium and chromium-headless-shell will
// do; without one a test is skipped and says so, but in the gate (CI=true),
// which installs it, that is an error.
package browser

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"communique/internal/testkit"
)

// programs are the names that a Chromium goes by.
var programs = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// patience is how long one test may wait for its pages.
const patience = 2 * time.Minute

// launch starts the one browser that all tests of a package share; each gets a
// tab of its own. It ends with the process.
var launch = sync.OnceValues(func() (context.Context, error) {
	var program string
	for _, name := range programs {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		return nil, exec.ErrNotFound
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		// A closed network is no reason to wait, and a test asks nobody but us.
		chromedp.Flag("disable-quic", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"))
	ctx, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	return ctx, chromedp.Do(ctx)
})

// Open gives a new tab, which is closed when the test ends. Names below
// localhost (a.localhost, b.localhost) lead to this machine, so that a test may
// have pages of several origins.
func Open(t testing.TB) context.Context {
	t.Helper()
	parent, err := launch()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no browser: %v; the gate installs one, see .ci/run", err)
		}
		t.Skipf("no browser (%v): install Debian's package chromium to look at pages", err)
	}
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx
}

// Shoot keeps a picture of the whole page under .ci/out, for people to look at.
func Shoot(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("a picture of %s: %v", name, err)
	}
	dir := filepath.Join(testkit.Root(t), ".ci", "out")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

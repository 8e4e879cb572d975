package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"communique/internal/testkit"
)

// axeFile is where .ci/run installs axe-core, from the module's root.
const axeFile = ".ci/out/npm/node_modules/axe-core/axe.min.js"

// Accessible reports as errors what axe-core finds wrong with the page in the
// tab: every rule of WCAG 2.2 A and AA, and its best practices. Without axe-core
// the test is skipped, but in the gate that is an error.
func Accessible(t testing.TB, ctx context.Context, what string) {
	t.Helper()
	file := filepath.Join(testkit.Root(t), filepath.FromSlash(axeFile))
	code, err := os.ReadFile(file)
	if err != nil {
		const how = "mkdir -p .ci/out/npm && cp internal/browser/package*.json .ci/out/npm/ && npm ci --prefix .ci/out/npm"
		if os.Getenv("CI") != "" {
			t.Fatalf("no axe-core: %v; the gate installs it: %s", err, how)
		}
		t.Skipf("no axe-core: install it with %s", how)
	}
	// Through the protocol, which a page's policy does not concern.
	if err := chromedp.Do(ctx, chromedp.Steps(discard(chromedp.Evaluate[bool](string(code)+"; true")))); err != nil {
		t.Fatalf("%s: axe-core: %v", what, err)
	}
	type finding struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML           string
			FailureSummary string
		}
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]finding](
		`axe.run(document, {resultTypes: ["violations"], iframes: false, rules: {"target-size": {enabled: true}}}).then(r => r.violations)`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: axe-core: %v", what, err)
	}
	for _, f := range found {
		var at []string
		for _, n := range f.Nodes[:min(len(f.Nodes), 3)] {
			at = append(at, fmt.Sprintf("%.300s\n%s", n.HTML, n.FailureSummary))
		}
		t.Errorf("%s: %s (%s), %d times: %s\n%s", what, f.ID, f.Impact, len(f.Nodes), f.Help, strings.Join(at, "\n"))
	}
}

// discard runs an action for what it does alone.
func discard[T any](a chromedp.Action[T]) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Run(ctx, a)
		return err
	})
}

package browser

import (
	"context"
	"errors"
	"testing"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/chromedp"
)

// Do clicks, types and shows pages.
func Do(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// Eval gives what an expression of JavaScript, or the promise that it is, comes to.
func Eval[T any](t testing.TB, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// Until waits for a condition of JavaScript to hold in the tab, whatever page is
// in it by then: a link that was clicked may lead away while we wait. What cannot
// be told yet, as an element is still missing, does not hold.
func Until(t testing.TB, ctx context.Context, condition string) {
	t.Helper()
	wait := `new Promise((done) => { const end = Date.now() + 10000, look = () => {
		let held = false;
		try { held = !!(` + condition + `) } catch {}
		held || Date.now() > end ? done(held) : requestAnimationFrame(look);
	}; look() })`
	for {
		held, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise))
		// The page that was asked is no more: ask the one that comes.
		if left := new(cdproto.Error); errors.As(err, &left) && left.Code == pageLeft && ctx.Err() == nil {
			continue
		}
		if err == nil && held {
			return
		}
		page, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.documentElement.outerHTML")) // as far as it can be had
		t.Fatalf("%s never held (%v) in\n%s", condition, err, page)
	}
}

// pageLeft is the protocol's code for a question to a page that is left before it
// has answered.
const pageLeft = -32000

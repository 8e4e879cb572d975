package browser

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Watch reports as errors, from now until the test ends, what no page of ours
// does: to ask another origin for anything, to go against its own policy, to throw
// an exception, to open a dialog. origin is scheme, host and port.
func Watch(t testing.TB, ctx context.Context, origin string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	note := func(what, text string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, what+": "+text)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, origin+"/") && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
				note("a request to elsewhere", u)
			}
		case *log.EventEntryAdded:
			// That a page which is not there answers 404 is no fault.
			if ev.Entry.Source == log.EntrySourceSecurity || strings.Contains(ev.Entry.Text, "Content Security Policy") {
				note("a violation of the policy", ev.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			note("an exception", ev.ExceptionDetails.Text+" "+ev.ExceptionDetails.URL)
		case *page.EventJavascriptDialogOpening:
			note("a dialog", ev.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range seen {
			t.Error(s)
		}
	})
}

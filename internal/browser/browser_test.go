package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestATabShowsAPageOfAnyNameBelowLocalhost(t *testing.T) {
	ctx := Open(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!doctype html><title>%s</title>", r.Host)
	}))
	t.Cleanup(srv.Close)
	u, _ := url.Parse(srv.URL)
	for _, host := range []string{"127.0.0.1", "a.localhost", "b.localhost"} {
		want := host + ":" + u.Port()
		if err := chromedp.Do(ctx, chromedp.Navigate("http://"+want+"/")); err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if got, err := chromedp.Run(ctx, chromedp.Title()); got != want || err != nil {
			t.Errorf("title %q (%v), want %q", got, err, want)
		}
	}
}

func TestWhatIsWaitedForMayComeInTheNextPage(t *testing.T) {
	ctx := Open(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!doctype html><title>%s</title>", r.URL.Path)
	}))
	t.Cleanup(srv.Close)
	Do(t, ctx, chromedp.Navigate(srv.URL+"/first"))
	// The page is left while it is asked: the first question makes it go.
	Until(t, ctx, `(document.title === "/first" && (location.href = "/next"), document.title === "/next")`)
	if got := Eval[string](t, ctx, "document.title"); got != "/next" {
		t.Errorf("waited for the next page, and got %s", got)
	}
}

package aggregator

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"communique/aggregator/extract"
	"communique/feeds"
)

// reads makes a source one of a page that lists statements, whose pages are read.
func (w *world) reads(id string, r extract.Rules, a extract.ArticleRules) *Source {
	w.t.Helper()
	s := w.source(id)
	var errs, more []extract.RuleError
	s.Reader, errs = extract.Compile(r)
	s.Article, more = extract.CompileArticle(a)
	if errs != nil || more != nil {
		w.t.Fatal(errs, more)
	}
	s.Robots, s.Reading = r.Kind == extract.HTMLList, fmt.Sprint(r, a)
	return s
}

func article(title, who string) page {
	return page{body: fmt.Sprintf(`<html lang="en"><head><title>%[1]s</title><meta property="article:published_time" content="2026-03-09T08:00:00Z">
<link rel="alternate" hreflang="fr" href="/fr/x"></head><body><nav>Home</nav><main><h1>%[1]s</h1>%[2]s</main></body></html>`,
		title, strings.Repeat("<p>"+who+" spoke to the press about the crossing and the help that people were given there.</p>", 3))}
}

func list(titles ...string) page {
	var b strings.Builder
	b.WriteString(`<html lang="en"><head><title>News</title></head><body>`)
	for _, t := range titles {
		fmt.Fprintf(&b, `<article><h3><a href="/news/%s">%[1]s</a></h3><p>Soon more.</p></article>`, t)
	}
	return page{body: b.String(), etag: fmt.Sprintf(`"%d"`, len(titles))}
}

func (w *world) headlines() []string {
	var out []string
	for _, st := range w.all() {
		out = append(out, st.Lead().Title)
	}
	slices.Sort(out)
	return out
}

func TestAPageThatListsStatementsIsASource(t *testing.T) {
	w := newWorld(t)
	w.reads("list", extract.Rules{Kind: extract.HTMLList, Items: "article", Summary: "p"}, extract.ArticleRules{Text: "main"})
	w.set("/list", list("islands", "ports", "roads"))
	w.set("/news/islands", article("islands", "Ana"))
	w.set("/news/ports", page{status: http.StatusServiceUnavailable})
	w.set("/robots.txt", page{body: "User-agent: *\nDisallow: /news/roads\n"})
	out := w.pull()["list"]
	if out.Err != nil || out.New != 2 {
		t.Fatalf("%+v, want two new", out)
	}
	if got := w.headlines(); fmt.Sprint(got) != "[islands roads]" {
		t.Fatalf("published %v, want what could be read and what may not be", got)
	}
	for _, st := range w.all() {
		c := st.Lead()
		whole := strings.Contains(c.Content, "Ana spoke")
		switch c.Title {
		case "islands":
			if !whole || c.Published.Format("2006-01-02 15:04") != "2026-03-09 08:00" || !slices.ContainsFunc(c.Links, func(l feeds.Link) bool { return l.HrefLang == "fr" }) {
				t.Errorf("the page of %s was not taken up: %+v", c.Title, c)
			}
		default:
			if whole || !strings.Contains(c.Summary, "Soon more") || !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "robots.txt") }) {
				t.Errorf("what may not be read is to stand as the list has it: %+v", c)
			}
		}
	}
	if w.asked["/news/roads"] != 0 || w.asked["/robots.txt"] != 1 {
		t.Errorf("asked %v", w.asked)
	}

	// What failed for a while is read at the next visit, though the list is the
	// same; what was read is not asked again.
	w.set("/news/ports", article("ports", "Ben"))
	if out := w.pull()["list"]; out.New != 1 {
		t.Errorf("%+v, want the one that was left", out)
	}
	if out := w.pull()["list"]; !out.Unchanged {
		t.Errorf("%+v, want nothing new", out)
	}
	if w.asked["/news/islands"] != 1 || w.asked["/news/ports"] != 2 {
		t.Errorf("asked %v", w.asked)
	}
	for _, st := range w.all() {
		if st.Lead().Title == "ports" && !st.Order.Equal(st.Published) {
			t.Errorf("what is left of a first import stands at %s, want its own date %s", st.Order, st.Published)
		}
	}
}

func TestAPageThatNeverComesIsTakenAsTheListTellsIt(t *testing.T) {
	w := newWorld(t)
	w.reads("list", extract.Rules{Kind: extract.HTMLList, Items: "article", Summary: "p"}, extract.ArticleRules{})
	w.set("/list", list("islands"))
	w.set("/news/islands", page{status: http.StatusBadGateway})
	e := w.engine(nil)
	for range maxTries {
		if len(w.all()) > 0 {
			t.Fatal("published before it was tried often enough")
		}
		if err := e.Pull(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	st := w.one()
	if got := st.Lead(); !strings.Contains(got.Summary, "Soon more") || w.asked["/news/islands"] != maxTries {
		t.Errorf("%+v after %d tries", got, w.asked["/news/islands"])
	}
}

func TestManyPagesAreReadBitByBit(t *testing.T) {
	w := newWorld(t)
	w.reads("map", extract.Rules{Kind: extract.Sitemap, Match: "/news/*"}, extract.ArticleRules{})
	var b strings.Builder
	for i := range 2*maxFollowed + 3 {
		path := fmt.Sprintf("/news/%02d", i)
		fmt.Fprintf(&b, "<url><loc>%s</loc></url>", path)
		w.set(path, article("Statement of office "+fmt.Sprint(i), fmt.Sprintf("Speaker %d of the house at number %d", i, i*i)))
	}
	w.set("/map", page{body: `<sitemapindex><sitemap><loc>/one.xml</loc></sitemap></sitemapindex>`, etag: `"1"`})
	w.set("/one.xml", page{body: "<urlset>" + b.String() + "</urlset>"})
	for i, want := range []int{maxFollowed, 2 * maxFollowed, 2*maxFollowed + 3, 2*maxFollowed + 3} {
		w.pull()
		if got := len(w.all()); got != want {
			t.Errorf("after visit %d: %d statements, want %d", i+1, got, want)
		}
	}
	if w.asked["/news/00"] != 1 || w.asked["/one.xml"] != 4 {
		t.Errorf("asked a page %d times, the child map %d times; want 1 and 4, as an index does not tell of its children", w.asked["/news/00"], w.asked["/one.xml"])
	}
}

func TestAPageOfAnotherLookIsAFailureThatTakesNothingAway(t *testing.T) {
	w := newWorld(t)
	s := w.reads("list", extract.Rules{Kind: extract.HTMLList, Items: "article"}, extract.ArticleRules{})
	s.Article = nil
	w.set("/list", list("islands"))
	w.pull()
	w.set("/list", page{body: "<html><body><p>Our new site</p></body></html>"})
	out := w.pull()["list"]
	if out.Class != "no-items" || !strings.Contains(out.Err.Error(), "select") {
		t.Errorf("%+v, want a failure that names the rules", out)
	}
	w.one()

	w.set("/robots.txt", page{body: "User-agent: *\nDisallow: /list\n"})
	if out := w.pull()["list"]; out.Class != "robots" {
		t.Errorf("%+v, want what robots.txt says", out)
	}
}

func TestAPageThatWasReadStaysAsItWasWhenItIsTakenDown(t *testing.T) {
	for name, gone := range map[string]page{
		"not found":     {status: http.StatusNotFound},
		"without text":  {body: "<html><body></body></html>"},
		"to the front":  {status: http.StatusFound, header: map[string]string{"Location": "/"}},
		"never answers": {status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.reads("list", extract.Rules{Kind: extract.HTMLList, Items: "article", Summary: "p"}, extract.ArticleRules{})
			w.set("/list", list("islands"))
			w.set("/news/islands", article("islands", "Ana"))
			w.set("/", article("Our house", "Bea"))
			w.pull()
			want := texts(w.all())
			edited := list("islands")
			edited.body, edited.etag = strings.ReplaceAll(edited.body, "Soon more.", "Published three days ago."), `"edited"`
			w.set("/list", edited)
			w.set("/news/islands", gone)
			e := w.engine(nil)
			for range maxTries + 1 {
				if err := e.Pull(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := texts(w.all()); got != want {
				t.Errorf("published is\n%s\nwant\n%s", got, want)
			}
			if n := w.asked["/news/islands"]; n > 1+maxTries {
				t.Errorf("the page was asked for %d times", n)
			}
			back := list("islands")
			back.body, back.etag = strings.ReplaceAll(back.body, "Soon more.", "Published four days ago."), `"back"`
			w.set("/list", back)
			w.set("/news/islands", article("islands", "Carla"))
			if err := e.Pull(t.Context()); err != nil {
				t.Fatal(err)
			}
			if st := w.one(); !strings.Contains(st.Lead().Content, "Carla spoke") {
				t.Errorf("a page that is there again and says something else is not taken: %+v", st.Lead())
			}
		})
	}
}

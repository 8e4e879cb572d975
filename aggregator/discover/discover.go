// Package discover finds the feeds behind a page: those that the page names,
// those of its versions in other languages, and those that stand where the
// content management systems of offices put them. Each is fetched, read and
// rated, so that an operator sees what a source would give before it is one.
//
// page.go reads what a page says, places.go knows the usual places; start with
// Discover.
package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"communique/aggregator/fetch"
	"communique/aggregator/normalize"
	"communique/aggregator/parse"
	"communique/feeds"
)

// Options of a search. Fetcher and Now are needed.
type Options struct {
	Fetcher       *fetch.Fetcher
	Now           time.Time
	AllowNetworks []netip.Prefix   // besides the Fetcher's
	Step          func(url string) // called before each visit; nil for none
}

// Limits of a search: it is a guest on another's server.
const (
	maxPages      = 12 // that are read for links, languages included
	maxCandidates = 40 // addresses that are tried as feeds
)

// Feed is a feed that was found and read.
type Feed struct {
	URL      string // to subscribe to, after permanent redirects
	How      string // how it was found
	Title    string
	Site     string // home page
	Language string // BCP 47, "" when nobody can say
	Format   string
	Items    int
	Newest   time.Time // zero when no item has a date
	PerWeek  float64   // items, by the dates that there are; 0 when they are too few
	Full     bool      // whole texts, as far as their length tells; else teasers
	Hub      string    // WebSub hub that it names
	Quiet    bool      // nothing new for half a year
	Comments bool      // of readers' comments, which are nobody's statements
	Notes    []string  // what is odd about it
}

// Found is what a search brought.
type Found struct {
	Page     string   // as it was reached
	Title    string   // of the page
	Language string   // that the page says it is in
	Feeds    []Feed   // best first
	Sitemaps []string // that are there: a source without a feed may be read by them
	Failed   []string // what the page itself names and what could not be read, with the reason
	Tried    int      // addresses asked
}

// Discover looks for feeds behind an address, which may be one itself. It asks
// at most some fifty addresses, one after the other. The error is that of the
// address itself; what else cannot be read is left out, or told in Failed when
// the page promises it.
func Discover(ctx context.Context, address string, o Options) (*Found, error) {
	s := &search{Options: o, ctx: ctx, n: normalize.New(), seen: map[string]bool{}, twins: map[string]bool{}}
	first, err := s.get(address)
	if err != nil {
		return nil, err
	}
	s.found.Page = first.Final
	if f, err := s.read(candidate{url: address, how: "the address itself"}, first); err == nil {
		s.found.Feeds = append(s.found.Feeds, f)
		if u, err := url.Parse(f.Site); err != nil || u.Host == "" {
			return &s.found, nil
		}
		// Its home page may have others, in other languages.
		if first, err = s.get(f.Site); err != nil {
			return &s.found, nil
		}
	}
	s.page(first, "")
	s.languages()
	s.usual(first.Final)
	s.try()
	slices.SortStableFunc(s.found.Feeds, better)
	return &s.found, ctx.Err()
}

// search is one search.
type search struct {
	Options
	ctx        context.Context
	n          *normalize.Normalizer
	found      Found
	candidates []candidate
	siblings   []sibling       // pages in other languages that are still to be read
	seen       map[string]bool // addresses that were asked or are to be
	twins      map[string]bool // what was read, by its items
	pages      int
	generator  string
}

// candidate is an address that may be a feed.
type candidate struct {
	url, how string
	named    bool // by a page, so it counts as broken when it is none
}

type sibling struct{ url, language string }

func (s *search) get(address string) (*fetch.Response, error) {
	if s.Step != nil {
		s.Step(address)
	}
	s.found.Tried++
	s.seen[address] = true
	return s.Fetcher.Get(s.ctx, fetch.Request{URL: address, AllowNetworks: s.AllowNetworks})
}

// suggest adds a candidate that was not tried yet.
func (s *search) suggest(c candidate) {
	if !s.seen[c.url] && len(s.candidates) < maxCandidates {
		s.seen[c.url] = true
		s.candidates = append(s.candidates, c)
	}
}

// page reads what a page and the header of its answer name.
func (s *search) page(r *fetch.Response, language string) {
	s.pages++
	base, err := url.Parse(r.Final)
	if err != nil {
		return
	}
	p := readPage(r.Body, r.ContentType, base)
	if s.found.Title == "" {
		s.found.Title, s.found.Language = p.title, cmp.Or(p.language, r.ContentLanguage)
	}
	s.generator = cmp.Or(s.generator, p.generator)
	how := "named by the page"
	if language != "" {
		how = "named by the page in " + language
	}
	for _, l := range append(r.Links, p.links...) {
		switch {
		case !strings.EqualFold(l.Rel, "alternate"):
		case isFeedType(l.Type):
			s.suggest(candidate{l.Href, how, true})
		case l.HrefLang != "" && l.HrefLang != "x-default" && (l.Type == "" || strings.Contains(l.Type, "html")):
			s.siblings = append(s.siblings, sibling{l.Href, l.HrefLang})
		}
	}
	for _, href := range p.anchors {
		s.suggest(candidate{href, "linked by the page", false})
	}
}

// languages reads the pages in other languages.
func (s *search) languages() {
	for len(s.siblings) > 0 && s.pages < maxPages {
		next := s.siblings[0]
		s.siblings = s.siblings[1:]
		if s.seen[next.url] {
			continue
		}
		if r, err := s.get(next.url); err == nil && !s.seen["page "+r.Final] {
			s.seen["page "+r.Final] = true
			s.page(r, next.language)
		}
	}
}

// usual adds the usual places. Where the page names feeds of its own, those of
// other systems than its own are not looked for.
func (s *search) usual(page string) {
	base, err := url.Parse(page)
	if err != nil {
		return
	}
	for _, place := range usualPlaces(base, s.generator, len(s.candidates) > 0) {
		s.suggest(candidate{place, "a usual place", false})
	}
	for _, m := range sitemapPlaces(base) {
		if s.seen[m] {
			continue
		}
		if r, err := s.get(m); err == nil && isSitemap(r.Body) {
			s.found.Sitemaps = append(s.found.Sitemaps, r.Final)
		}
	}
}

// try asks the candidates.
func (s *search) try() {
	for len(s.candidates) > 0 && s.ctx.Err() == nil {
		c := s.candidates[0]
		s.candidates = s.candidates[1:]
		r, err := s.get(c.url)
		if err == nil {
			var f Feed
			if f, err = s.read(c, r); err == nil {
				s.found.Feeds = append(s.found.Feeds, f)
			}
		}
		if err != nil && c.named && !errors.Is(err, errTwin) {
			s.found.Failed = append(s.found.Failed, err.Error())
		}
	}
}

var errTwin = errors.New("the same feed again")

// read rates a body. The error is errTwin when the feed was found already.
func (s *search) read(c candidate, r *fetch.Response) (Feed, error) {
	doc, err := parse.Parse(r.Body, parse.Options{ContentType: r.ContentType, URL: r.Final})
	if err != nil {
		return Feed{}, fmt.Errorf("%s: %w", c.url, err)
	}
	o := normalize.Options{Source: feeds.Source{ID: "discover", URL: r.Final}, URL: r.Final, Now: s.Now}
	ch := s.n.Channel(doc, o)
	f := Feed{URL: cmp.Or(r.Permanent, c.url), How: c.how, Title: ch.Title, Site: ch.Link, Language: ch.Language, Format: ch.Format, Items: len(doc.Items)}
	for _, l := range append(slices.Clone(ch.Links), r.Links...) {
		if strings.EqualFold(l.Rel, "hub") {
			f.Hub = l.Href
		}
	}
	items := s.rate(&f, doc, ch, o)
	if s.twins[items] {
		return f, errTwin
	}
	s.twins[items] = true
	return f, nil
}

// longText is from how many letters on a text is more than a teaser.
const longText = 900

// rate fills in what the items tell, and gives what tells one feed's from
// another's.
func (s *search) rate(f *Feed, doc *feeds.Document, ch feeds.Channel, o normalize.Options) (items string) {
	var dates []time.Time
	languages := map[string]int{}
	var long, undated int
	o.Source.Distrust = []string{"language"} // what the texts are in, whatever the feed says
	for i := range doc.Items {
		d := s.n.Item(doc, ch, &doc.Items[i], o)
		when := d.Published
		if when.IsZero() {
			when = d.Updated
		}
		if when.IsZero() || when.After(s.Now) {
			undated++
		} else {
			dates = append(dates, when)
		}
		items += d.ID + " " + d.Link + " " + d.Title + "\n"
		if len(d.Text.Body) >= longText {
			long++
		}
		languages[d.Language]++
	}
	if f.Items > 0 {
		best := ""
		for l, n := range languages {
			if l != "" && (n > languages[best] || best == "" || n == languages[best] && l < best) {
				best = l
			}
		}
		if 2*languages[best] > f.Items && !feeds.SameLanguage(best, f.Language) {
			if f.Language != "" {
				f.Notes = append(f.Notes, fmt.Sprintf("it says that it is in %s, its items are in %s: distrust: [language]", f.Language, best))
			}
			f.Language = best
		}
		f.Full = 2*long >= f.Items
	}
	slices.SortFunc(dates, time.Time.Compare)
	if n := len(dates); n > 0 {
		f.Newest = dates[n-1]
		if span := dates[n-1].Sub(dates[0]); n >= 4 && span > time.Hour {
			f.PerWeek = float64(n-1) * float64(7*24*time.Hour) / float64(span)
		}
		f.Quiet = s.Now.Sub(f.Newest) > 182*24*time.Hour
	}
	switch {
	case f.Items == 0:
		f.Notes = append(f.Notes, "it is empty")
	case undated > 0:
		f.Notes = append(f.Notes, fmt.Sprintf("%d of %d items have no usable date", undated, f.Items))
	}
	lower := strings.ToLower(f.URL + " " + f.Title)
	f.Comments = strings.Contains(lower, "/comments/") || strings.HasPrefix(strings.ToLower(f.Title), "comments ")
	return items
}

// better orders feeds: those that live before those that do not, what the page
// names before what was guessed, whole texts before teasers, the busier first.
func better(a, b Feed) int {
	first := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(
		first(!a.Comments, !b.Comments),
		first(a.Items > 0, b.Items > 0),
		first(!a.Quiet, !b.Quiet),
		first(a.How != "a usual place", b.How != "a usual place"),
		first(a.Full, b.Full),
		cmp.Compare(b.Newest.Unix(), a.Newest.Unix()),
	)
}

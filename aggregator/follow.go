package aggregator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"communique/aggregator/extract"
	"communique/aggregator/fetch"
	"communique/aggregator/parse"
	"communique/aggregator/robots"
	"communique/feeds"
)

const (
	// maxFollowed is how many pages of new items one visit reads; the others are
	// left for the next one.
	maxFollowed = 20
	// maxTries is how often a page that fails for a while is asked before its item
	// is taken as the list tells it.
	maxTries = 4
)

// document reads the body of a visit by what the source is.
func (e *Engine) document(ctx context.Context, s *Source, got *fetch.Response, v *visit, known func(uint64) bool) (*feeds.Document, error) {
	if s.Reader == nil {
		doc, err := parse.Parse(got.Body, parse.Options{ContentType: got.ContentType, URL: got.Final, Known: known, Wait: v.Baseline})
		var no *parse.Error
		if errors.As(err, &no) {
			return nil, &softError{no.Class, fmt.Sprintf("fetch %s: answered %d, but %s; %s", got.Final, got.Status, no.Detail, hintFor(no.Class))}
		}
		return doc, err
	}
	page, err := s.Reader.Read(got.Body, extract.Options{ContentType: got.ContentType, URL: got.Final, Known: known})
	v.inParts = len(page.More) > 0
	for i := 0; err == nil && i < len(page.More); i++ {
		child, failed := e.o.Fetcher.Get(ctx, fetch.Request{URL: page.More[i], Header: s.Header, AllowNetworks: s.AllowNetworks})
		if failed != nil {
			return nil, failed
		}
		e.got(page.More[i], child)
		got.Wire += child.Wire
		more, failed := s.Reader.Read(child.Body, extract.Options{ContentType: child.ContentType, URL: child.Final, Known: known})
		var no *extract.Error
		switch {
		case failed == nil:
			page.Items, page.Raws = append(page.Items, more.Items...), append(page.Raws, more.Raws...)
		case errors.As(failed, &no) && no.Class == "no-items": // another child may have some
		default:
			err = failed
		}
	}
	var no *extract.Error
	switch {
	case errors.As(err, &no):
		return nil, &softError{no.Class, fmt.Sprintf("fetch %s: answered %d, but %s; %s", got.Final, got.Status, no.Detail, hintFor(no.Class))}
	case err != nil:
		return nil, err
	}
	return page.Document, nil
}

// got passes an answer on to who wants to see it.
func (e *Engine) got(url string, answer *fetch.Response) {
	if e.o.Got != nil {
		e.o.Got(url, answer)
	}
}

// allowed asks the host whether a page may be read. A feed is meant for programs.
func (e *Engine) allowed(ctx context.Context, s *Source, url string) error {
	err := e.robots.Allow(ctx, url, s.AllowNetworks)
	if errors.Is(err, robots.ErrDisallowed) {
		return &softError{"robots", err.Error()}
	}
	return err
}

// follow reads the pages of the document's items, one after the other, and fills
// the items with what they say. An item whose page cannot be read now is left
// for the next visit; when it never can, it is taken as the list tells it, unless
// its page was read before.
func (e *Engine) follow(ctx context.Context, s *Source, doc *feeds.Document, v *visit) error {
	var kept []feeds.Item
	left := map[uint64]bool{}
	for i := range doc.Items {
		it := &doc.Items[i]
		href := pageOf(it)
		if href == "" {
			kept = append(kept, *it)
			continue
		}
		if i >= maxFollowed {
			left[it.Raw] = true
			continue
		}
		switch err := e.followOne(ctx, s, it, href, v); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			kept = append(kept, *it)
		case passing(err) && e.tryAgain(s.ID, href):
			left[it.Raw] = true
		case it.Title.Value != "" || it.Content.Value != "" || it.Summary.Value != "":
			it.Part = true
			it.Notes = append(it.Notes, "its page could not be read: "+err.Error())
			kept = append(kept, *it)
		default:
			doc.Notes = append(doc.Notes, fmt.Sprintf("%s was left out: its page could not be read: %v", href, err))
		}
	}
	doc.Items = kept
	if len(left) > 0 {
		doc.Left = true
		raws := doc.Raws[:0]
		for _, r := range doc.Raws {
			if !left[r] {
				raws = append(raws, r)
			}
		}
		doc.Raws = raws
	}
	return nil
}

func (e *Engine) followOne(ctx context.Context, s *Source, it *feeds.Item, href string, v *visit) error {
	if err := e.allowed(ctx, s, href); err != nil {
		return err
	}
	// Headers of the source's own may hold secrets, and are for its own host.
	req := fetch.Request{URL: href, AcceptLanguage: s.Language, AllowNetworks: s.AllowNetworks}
	if host(href) == host(s.URL) {
		req.Header = s.Header
	}
	got, err := e.o.Fetcher.Get(ctx, req)
	if err != nil {
		return err
	}
	e.got(href, got)
	v.Bytes += got.Wire
	if isFront(got.Final) && !isFront(href) {
		return &softError{"redirect", fmt.Sprintf("fetch %s: redirected to the front page %s, as sites do with pages that they have taken down", href, got.Final)}
	}
	article, err := s.Article.Read(got.Body, got.ContentType, got.Final)
	if err != nil {
		return err
	}
	article.Fill(it)
	return nil
}

// isFront reports whether an address is that of a whole site.
func isFront(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == ""
}

// pageOf gives the address of an item's page, "" when it has none.
func pageOf(it *feeds.Item) string {
	for _, l := range it.Links {
		if l.Rel == "alternate" && l.HrefLang == "" && (strings.HasPrefix(l.Href, "http://") || strings.HasPrefix(l.Href, "https://")) {
			return l.Href
		}
	}
	if it.IDIsPermalink && (strings.HasPrefix(it.ID, "http://") || strings.HasPrefix(it.ID, "https://")) {
		return it.ID
	}
	return ""
}

// passing reports whether a failure may be over by the next visit.
func passing(err error) bool {
	var fe *fetch.Error
	if !errors.As(err, &fe) {
		return false // what robots.txt or the page itself says
	}
	switch fe.Class {
	case fetch.Status:
		return fe.Status >= 500 || fe.Status == http.StatusTooManyRequests || fe.Status == http.StatusRequestTimeout
	case fetch.Policy, fetch.TooLarge, fetch.Redirect, fetch.Blocked:
		return false
	}
	return true
}

// tryAgain counts how often a page has failed, and tells when that was enough.
// The count is in memory: after a restart a page gets its tries anew.
func (e *Engine) tryAgain(id feeds.SourceID, href string) bool {
	e.triesMu.Lock()
	defer e.triesMu.Unlock()
	if len(e.tries) > 10_000 {
		clear(e.tries)
	}
	key := string(id) + " " + href
	if e.tries[key]++; e.tries[key] < maxTries {
		return true
	}
	delete(e.tries, key)
	return false
}

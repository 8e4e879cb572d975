package aggregator

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/fetch"
	"communique/aggregator/parse"
	"communique/feeds"
)

// A feed that names another address as its own (rel="self") than it did before
// may have moved. Many name wrong ones, so it is a hint for the operator and
// nothing more: it is proposed when it has stayed for some time, a valid feed
// with this source's items is there, and its way is one that we may go. That a
// feed always named another address than ours says nothing.

// triedAgain is when a new self link that did not hold is looked at again.
const triedAgain = 7 * 24 * time.Hour

// selfLink notes what a visit that went well says of the source's self link, nil
// for a document that is unchanged, and looks at a new one once it is stable.
func (e *Engine) selfLink(ctx context.Context, s *Source, v *visit, doc *feeds.Document) {
	if s.Reader != nil || v.inParts {
		return
	}
	var l feeds.SelfLink
	if v.SelfLink != nil && v.before.URL == s.URL {
		l = *v.SelfLink
	} else if doc == nil {
		return
	}
	if doc != nil {
		is := selfOf(doc, v)
		switch {
		case v.SelfLink == nil || v.before.URL != s.URL:
			l = feeds.SelfLink{Known: is} // what it names when we meet it is how it is
		case is == l.Known || is == "":
			l.New, l.Visits, l.Good = "", 0, false
		case is != l.New:
			l.New, l.Since, l.Visits, l.Tried, l.Good = is, v.At, 0, time.Time{}, false
		}
	}
	if l.New != "" {
		l.Visits++
		if !l.Good && l.Visits >= movesToBelieve && v.At.Sub(l.Since) >= timeToBelieve && v.At.Sub(l.Tried) >= triedAgain {
			l.Tried = v.At
			if same, good := e.isAt(ctx, s, v, l.New); same {
				l.Known, l.New, l.Visits = l.New, "", 0
			} else if l.Good = good; good {
				e.o.Log.Info("source names a new address as its own, and is there", "source", s.ID, "from", s.URL, "to", l.New)
			}
		}
	}
	v.SelfLink = &l
}

// selfOf gives the address that a document calls its own; "" when that is where
// it was found, or none that could be asked.
func selfOf(doc *feeds.Document, v *visit) string {
	base, err := url.Parse(cmp.Or(doc.Base, v.Final))
	if err != nil {
		return ""
	}
	for _, l := range doc.Links {
		if !strings.EqualFold(l.Rel, "self") || l.Href == "" {
			continue
		}
		u, err := base.Parse(l.Href)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return ""
		}
		u.Fragment = ""
		u.Host = strings.ToLower(u.Host)
		if self := u.String(); self != v.URL && self != v.Final && self != v.ask {
			return self
		}
		return ""
	}
	return ""
}

// isAt looks whether a source is at another address: a valid feed of which half
// of the items are known to be its own, on a way that is allowed and no less
// safe. It is the same when that leads to where we are.
func (e *Engine) isAt(ctx context.Context, s *Source, v *visit, address string) (same, good bool) {
	if strings.HasPrefix(v.Final, "https:") && !strings.HasPrefix(address, "https:") {
		return false, false
	}
	header := s.Header
	if host(address) != host(s.URL) {
		header = nil // what is for one host is not for another
	}
	got, err := e.o.Fetcher.Get(ctx, fetch.Request{URL: address, Header: header, AcceptLanguage: s.Language, AllowNetworks: s.AllowNetworks})
	if err != nil || got.Unchanged {
		return false, false
	}
	if got.Final == v.Final {
		return true, false
	}
	doc, err := parse.Parse(got.Body, parse.Options{ContentType: got.ContentType, URL: got.Final})
	if err != nil || len(doc.Items) == 0 {
		return false, false
	}
	o := e.channelOptions(s, got.Final, v.At)
	ch := e.normalize.Channel(doc, o)
	last := rawSet(v.Fetched.Items)
	known := 0
	for i := range doc.Items {
		d := e.normalize.Item(doc, ch, &doc.Items[i], o)
		if last.has(doc.Items[i].Raw) || e.isOurs(s.ID, cmp.Or(d.Canonical, d.Permalink)) {
			known++
		}
	}
	return false, 2*known >= len(doc.Items)
}

// isOurs reports whether the store holds an item of the source at a link.
func (e *Engine) isOurs(id feeds.SourceID, link string) bool {
	if link == "" {
		return false
	}
	found, err := e.o.Store.Find([]feeds.Key{dedup.LinkKey(link)})
	if err != nil {
		return false
	}
	for _, f := range found {
		if f.Item.Source() == id {
			return true
		}
	}
	return false
}

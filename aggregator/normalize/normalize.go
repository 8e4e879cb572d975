package normalize

import (
	"strings"
	"sync"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"communique/feeds"
)

// Options is what the item itself cannot tell.
type Options struct {
	Source feeds.Source
	URL    string    // final URL of the document, "" when unknown
	Now    time.Time // only to judge dates, never to invent one; zero = dates are not judged
}

// Normalizer cleans channels and items. It is safe for concurrent use.
type Normalizer struct {
	policy func() *bluemonday.Policy
}

// New gives a Normalizer. It is cheap: policies and tables are made when first
// needed.
func New() *Normalizer { return &Normalizer{policy: sync.OnceValue(newPolicy)} }

// Channel cleans the feed's own description.
func (n *Normalizer) Channel(doc *feeds.Document, o Options) feeds.Channel {
	b := documentBase(doc, o)
	ch := feeds.Channel{
		Format:      doc.Format,
		ID:          strings.TrimSpace(doc.ID),
		Title:       cut(title(doc.Title), maxTitle),
		Language:    CanonicalLanguage(doc.Language),
		Authors:     n.people(doc.Authors, b),
		Categories:  categories(doc.Categories),
		Copyright:   title(doc.Rights),
		Generator:   cut(name(doc.Generator), 200),
		Links:       n.links(doc.Links, b),
		Description: n.content(doc.Description, b, "").HTML,
	}
	ch.Notes = append(ch.Notes, doc.Notes...)
	note := func(s string) { ch.Notes = append(ch.Notes, s) }
	if doc.Language != "" && ch.Language == "" {
		note("language " + quote(doc.Language) + " is no language tag")
	}
	languages := dateLanguages(ch.Language, o.Source.Language)
	ch.Updated = rfc3339Text(date("updated", doc.Updated, languages, o, note))
	ch.Published = rfc3339Text(date("published", doc.Published, languages, o, note))
	if i := page(ch.Links, ch.Language); i >= 0 {
		ch.Link = ch.Links[i].Href
	}
	for _, image := range []string{doc.Image, doc.Icon} {
		if u := b.resolve(image); isWebURL(u) || u != "" && b.scheme == "" && isSafeURL(u) {
			ch.Image = u
			break
		}
	}
	return ch
}

// maxTitle is how many runes of a title are kept.
const maxTitle = 1000

// Item cleans one item of doc, whose channel ch is the result of Channel.
func (n *Normalizer) Item(doc *feeds.Document, ch feeds.Channel, it *feeds.Item, o Options) feeds.Draft {
	d := feeds.Draft{Raw: it.Raw, Part: it.Part}
	d.Source, d.ID = o.Source.ID, it.ID
	d.Notes = append(d.Notes, it.Notes...)
	note := func(s string) { d.Notes = append(d.Notes, s) }

	b := documentBase(doc, o).within(it.Base)
	d.Title = title(it.Title)
	if short := cut(d.Title, maxTitle); short != d.Title {
		d.Title = short
		note("title cut")
	}
	declared, inherited := CanonicalLanguage(it.Language), ch.Language
	if it.Language == "und" { // xml:lang="" takes the feed's back
		inherited = ""
	} else if it.Language != "" && declared == "" {
		note("language " + quote(it.Language) + " is no language tag")
	}

	n.place(&d, it, b, firstOf(declared, inherited, CanonicalLanguage(o.Source.Language)), note)
	summary := n.content(it.Summary, b, d.Link)
	content := n.content(it.Content, b, d.Link)
	if summary.HTML == content.HTML {
		summary = markup{} // said once
	}
	d.Summary, d.Content = summary.HTML, content.HTML
	body := content.Text
	if len(body) < len(summary.Text) {
		body = summary.Text
	}
	if d.Title == "" && body == "" {
		note("neither title nor text")
	}
	d.Text = view(d.Title, body)
	d.Language, d.LanguageRule = n.language(&d, declared, inherited, o, note)
	d.Neutral, d.Alternate = Neutral(d.Canonical), alternates(d.Links, d.Language)

	d.Authors = n.people(it.Authors, b)
	if len(d.Authors) == 0 && it.Origin == nil && (strings.HasPrefix(doc.Format, "atom") || strings.HasPrefix(doc.Format, "json")) {
		d.Authors = ch.Authors // RFC 4287 §4.2.1, JSON Feed 1.1; RSS has only an editor
	}
	d.Contributors = n.people(it.Contributors, b)
	d.Categories = categories(it.Categories)
	d.Enclosures = n.enclosures(it.Enclosures, b, note)
	d.Rights = title(it.Rights)
	if u := b.resolve(it.Image); isWebURL(u) {
		d.Image = u
	}

	if o.Source.Distrusts("date") {
		if it.Published != "" || it.Updated != "" {
			note("dates dropped, as the source's are not to be trusted")
		}
	} else {
		languages := dateLanguages(declared, ch.Language, o.Source.Language, d.Language)
		d.Published = date("published", it.Published, languages, o, note)
		d.Updated = date("updated", it.Updated, languages, o, note)
	}

	d.Origin = n.origin(ch, o)
	if it.Origin != nil {
		d.Via = n.via(*it.Origin, b)
	}
	d.Hash = noticed(&d, summary.Text, content.Text)
	return d
}

// Links gives all links of an item, cleaned, in document order: also the one
// that Item chose as Link.
func (n *Normalizer) Links(doc *feeds.Document, it *feeds.Item, o Options) []feeds.Link {
	return n.links(it.Links, documentBase(doc, o).within(it.Base))
}

// place finds the item's page, its links, and what it can be identified by.
func (n *Normalizer) place(d *feeds.Draft, it *feeds.Item, b base, language string, note func(string)) {
	links := n.links(it.Links, b)
	at := page(links, language)
	switch {
	case at >= 0:
		d.Link = links[at].Href
	case it.IDIsPermalink && isWebURL(tidyReference(it.ID)):
		d.Link = tidyReference(it.ID)
	default:
		// A JSON or Atom id that is a URL is no promise of a page; a file is
		// something to open, at least. Never the channel's link: it would make
		// all items one statement.
		for i, l := range links {
			if l.Rel == "alternate" {
				at = i
				d.Link = l.Href
				break
			}
		}
		for i := 0; d.Link == "" && i < len(it.Enclosures); i++ {
			if u := b.resolve(it.Enclosures[i].URL); isWebURL(u) {
				d.Link = u
				note("no page: the link is that of an enclosure")
			}
		}
		if d.Link == "" {
			note("no link")
		}
	}
	for i, l := range links {
		if i != at && l.Rel != "enclosure" && l.Href != "" {
			d.Links = append(d.Links, l)
		}
	}
	d.Canonical = identity(d.Link, it.ID)
	if it.IDIsPermalink {
		d.Permalink = identity(tidyReference(it.ID), it.ID)
	}
}

// identity is Canonical, with the fragment kept when the publisher's own id
// ends with it: then it tells entries of one page apart, as in change logs.
func identity(link, id string) string {
	c := Canonical(link)
	if c == "" {
		return ""
	}
	if f := splitReference(link).fragment; len(f) > 1 && !strings.Contains(c, "#") && !strings.ContainsRune(f, '=') && strings.HasSuffix(id, f) {
		c += "#" + normalizeEscapes(f[1:], false)
	}
	return c
}

// origin is the feed that the copy comes from.
func (n *Normalizer) origin(ch feeds.Channel, o Options) feeds.Origin {
	feedURL := o.Source.URL
	if o.URL != "" {
		feedURL = o.URL
	}
	for _, l := range ch.Links {
		if l.Rel == "self" && isWebURL(l.Href) && (l.Type == "" || strings.Contains(l.Type, "xml") || strings.Contains(l.Type, "json")) {
			feedURL = l.Href
			break
		}
	}
	return feeds.Origin{
		ID:       firstOf(ch.ID, feedURL),
		Title:    firstOf(o.Source.Title, ch.Title),
		Link:     firstOf(o.Source.Site, ch.Link),
		FeedURL:  feedURL,
		Language: firstOf(ch.Language, CanonicalLanguage(o.Source.Language)),
		Rights:   ch.Copyright,
		Icon:     ch.Image,
	}
}

// via cleans where the publisher says it has the item from; nil when nothing
// is left of it.
func (n *Normalizer) via(from feeds.Origin, b base) *feeds.Origin {
	out := feeds.Origin{
		ID:       strings.TrimSpace(from.ID),
		Title:    cut(name(from.Title), maxTitle),
		Language: CanonicalLanguage(from.Language),
		Rights:   name(from.Rights),
	}
	for _, u := range []struct {
		to   *string
		from string
	}{{&out.Link, from.Link}, {&out.FeedURL, from.FeedURL}, {&out.Icon, from.Icon}} {
		if abs := b.resolve(u.from); isWebURL(abs) {
			*u.to = abs
		}
	}
	if out == (feeds.Origin{}) {
		return nil
	}
	return &out
}

// farFuture is how far a date may lie ahead of now before it is noted: clocks
// and time zones are wrong by less.
const farFuture = 48 * time.Hour

// date reads a date. What cannot be read is zero and noted; what lies in the
// future is kept, since only the engine knows when it was first seen.
func date(what, s string, languages []string, o Options, note func(string)) time.Time {
	if s = strings.TrimSpace(s); s == "" {
		return time.Time{}
	}
	t, ok := ParseDate(s, languages...)
	if !ok {
		note(what + " date " + quote(s) + " cannot be read")
		return time.Time{}
	}
	if !o.Now.IsZero() && t.After(o.Now.Add(farFuture)) {
		note(what + " date " + quote(s) + " lies in the future")
	}
	return t
}

// dateLanguages gives the languages in which a date may be written, each once.
func dateLanguages(languages ...string) []string {
	out := make([]string, 0, len(languages))
next:
	for _, l := range languages {
		if l = feeds.PrimaryLanguage(strings.ToLower(l)); l == "" {
			continue
		}
		for _, have := range out {
			if have == l {
				continue next
			}
		}
		out = append(out, l)
	}
	return out
}

func rfc3339Text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// documentBase gives what the feed's own references resolve against: its base,
// else the URL it came from. RSS has no base of its own; when such a feed comes
// from another host than its site (a feed service), what it refers to is on
// the site.
func documentBase(doc *feeds.Document, o Options) base {
	from := newBase(o.URL)
	if doc.Base != "" && doc.Base != o.URL || from.scheme == "" || !strings.HasPrefix(doc.Format, "rss") {
		return from.within(doc.Base)
	}
	for _, l := range doc.Links {
		if l.Rel == "alternate" || l.Rel == "" {
			if site := newBase(l.Href); site.scheme != "" && canonicalHost(site.authority) != canonicalHost(from.authority) {
				return site
			}
			break
		}
	}
	return from
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// quote gives foreign text as it may stand in a note.
func quote(s string) string {
	if short := cut(foldLine(s), 60); len(short) < len(s) {
		return `"` + short + `…"`
	}
	return `"` + s + `"`
}

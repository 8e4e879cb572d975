package parse

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"communique/feeds"

	gofeed "github.com/mmcdole/gofeed/atom"
)

// atom lets gofeed say what the elements of an Atom feed are, and fills the
// Document.
func (f *fill) atom() error {
	k := &skeleton{once: map[string]int{}, items: map[string]int{}}
	k.open("feed")
	for _, e := range f.head {
		f.atomElement(k, e, false)
	}
	for _, it := range f.items {
		k.item(it, "entry", func() {
			if e := bestContent(it.children); e != nil {
				f.single(k, "content", e)
			}
			for _, e := range it.children {
				f.atomElement(k, e, true)
			}
		})
	}
	k.close("feed")
	feed, err := (&gofeed.Parser{}).Parse(bytes.NewReader(k.buf))
	if err != nil {
		return &Error{"broken", err.Error()}
	}
	if len(feed.Entries) != len(k.items) {
		return &Error{"broken", fmt.Sprintf("%d kinds of entries became %d", len(k.items), len(feed.Entries))}
	}
	k.from = 0
	f.atomFeed(k, feed)
	f.doc.Items = make([]feeds.Item, len(f.items))
	for i, it := range f.items {
		k.from = it.from
		f.atomEntry(k, feed.Entries[it.like], it, &f.doc.Items[i])
	}
	return nil
}

// bestContent chooses among an entry's contents: RFC 4287 allows one, Atom 0.3
// several of different types for the reader to choose from. The first with
// markup is best.
func bestContent(children []*element) *element {
	var best *element
	for _, e := range children {
		if !e.is(atom, "content") || strings.TrimSpace(e.inner) == "" && e.attr("src") == "" {
			continue
		}
		if kind := strings.ToLower(e.attr("type")); strings.Contains(kind, "html") {
			return e
		}
		if best == nil {
			best = e
		}
	}
	return best
}

var personParts = map[string]bool{"name": true, "email": true, "uri": true, "url": true, "homepage": true}

// atomElement writes a child of the feed or of an entry.
func (f *fill) atomElement(k *skeleton, e *element, entry bool) {
	if isDate(e) {
		return // see rssItemElement
	}
	if e.vocab != atom {
		if extends(e.vocab) {
			k.extension(e)
		}
		return
	}
	switch e.local {
	case "title", "id", "rights":
		f.single(k, e.local, e)
	case "copyright":
		f.single(k, "rights", e)
	case "summary":
		if entry {
			f.single(k, "summary", e)
		}
	case "subtitle", "generator", "icon", "logo":
		if !entry {
			f.single(k, e.local, e)
		}
	case "tagline":
		if !entry {
			f.single(k, "subtitle", e)
		}
	case "link":
		k.empty("link", "href", e)
	case "category":
		k.empty("category", "term", e)
	case "author", "contributor":
		if f.hasMarkup(e.inner) {
			f.container(k, e, e.local, personParts)
		} else { // a bare name
			k.open(e.local)
			k.leaf("name", e)
			k.close(e.local)
		}
	case "source":
		if entry {
			f.single(k, "atom:source", e)
		}
	}
}

func (f *fill) atomFeed(k *skeleton, g *gofeed.Feed) {
	doc, c, x := f.doc, f.channel, g.Extensions
	text := func(numbers ...string) feeds.Text {
		for _, n := range numbers {
			if e := k.at(n); e != nil {
				if t := f.atomText(e, c); t.Value != "" {
					return t
				}
			}
		}
		return feeds.Text{}
	}
	doc.Base = c.base
	doc.ID = f.identifier(k.at(g.ID))
	doc.Title = f.clipTitle(text(g.Title), f.notes)
	doc.Description = text(g.Subtitle)
	if doc.Description.Value == "" {
		if e := k.first(x, "itunes", "summary"); e != nil {
			doc.Description = f.loose(e, c)
		}
	}
	if doc.Description.Value == "" {
		for _, e := range f.head { // Atom 0.3's word to those who see the feed in a browser
			if e.is(atom, "info") {
				doc.Description = f.atomText(e, c)
			}
		}
	}
	doc.Rights = text(g.Rights)
	if doc.Language = c.lang; doc.Language == "" || doc.Language == "und" {
		doc.Language = f.firstValue(k.first(x, "dc", "language"))
	}
	f.languageOfFeed()
	if g.Generator != nil {
		doc.Generator = f.value(k.at(g.Generator.Value))
	}
	doc.Updated = f.dates(f.head, "updated", "modified", "dcterms:modified", "dc:date", "pubdate")
	doc.Published = f.dates(f.head, "published", "issued", "created", "dcterms:issued", "dcterms:created")
	doc.Image = f.own(f.value(k.at(g.Logo)), c, c)
	doc.Icon = f.value(k.at(g.Icon))
	for _, l := range g.Links {
		if e := k.at(l.Href); e != nil {
			if l, ok := f.link(e, c); ok {
				doc.Links = append(doc.Links, l)
			}
		}
	}
	for _, p := range g.Authors {
		doc.Authors = f.people(doc.Authors, f.atomPerson(k, p, c))
	}
	for _, v := range g.Categories {
		doc.Categories = f.atomCategory(doc.Categories, k.at(v.Term))
	}
	doc.Categories = f.categories(doc.Categories, k, x)
	if e := k.first(x, "itunes", "image"); e != nil && doc.Image == "" {
		doc.Image = strings.TrimSpace(e.attr("href"))
	}
	doc.UpdatePeriod = strings.ToLower(f.firstValue(k.first(x, "sy", "updateperiod")))
	doc.UpdateFreq = number(f.firstValue(k.first(x, "sy", "updatefrequency")))
}

func (f *fill) atomEntry(k *skeleton, g *gofeed.Entry, it *item, out *feeds.Item) {
	defer it.take(f)()
	c, x := it.context, g.Extensions
	text := func(number string) feeds.Text {
		if e := k.at(number); e != nil {
			return f.atomText(e, c)
		}
		return feeds.Text{}
	}
	m := f.media(k, x, c)
	out.Part, out.Raw, out.Base, out.Language = it.part, it.raw, differs(c.base, f.doc.Base), f.languageOf(c)
	if l := f.firstValue(k.first(x, "dc", "language")); l != "" && out.Language == "" {
		out.Language = l
	}
	out.ID = f.identifier(k.at(g.ID))
	out.Title = f.clipTitle(text(g.Title), f.notes)
	out.Summary = text(g.Summary)
	out.Rights = text(g.Rights)
	if g.Content != nil {
		if e := k.at(g.Content.Value); e != nil {
			if src := strings.TrimSpace(e.attr("src")); src != "" {
				f.contentSource(out, e, src, c)
			} else {
				out.Content = f.atomText(e, c)
			}
		}
	}
	for _, fallback := range []struct {
		into *feeds.Text
		from *element
	}{{&out.Title, k.first(x, "dc", "title")}, {&out.Title, m.title}, {&out.Content, k.first(x, "content", "encoded")}, {&out.Content, k.first(x, "xhtml", "body")}, {&out.Summary, k.first(x, "dc", "description")},
		{&out.Summary, k.first(x, "itunes", "summary")}, {&out.Summary, m.description}} {
		if fallback.into.Value == "" && fallback.from != nil {
			*fallback.into = f.loose(fallback.from, c)
		}
	}
	out.Language = languageOfTexts(out)
	for _, l := range g.Links {
		e := k.at(l.Href)
		if e == nil {
			continue
		}
		if v, ok := f.link(e, c); ok {
			out.Links = append(out.Links, v)
			if v.Rel == "enclosure" {
				out.Enclosures = f.enclosure(out.Enclosures, e, c)
			}
		}
	}
	out.Links = append(out.Links, f.origLink(k, x)...)
	for _, p := range g.Authors {
		out.Authors = f.people(out.Authors, f.atomPerson(k, p, c))
	}
	if len(out.Authors) == 0 {
		out.Authors = f.persons(k, nil, x)
	}
	for _, p := range g.Contributors {
		out.Contributors = f.people(out.Contributors, f.atomPerson(k, p, c))
	}
	for _, v := range g.Categories {
		out.Categories = f.atomCategory(out.Categories, k.at(v.Term))
	}
	out.Categories = f.categories(out.Categories, k, x)
	for _, e := range m.enclosures {
		out.Enclosures = f.enclosure(out.Enclosures, e, c)
	}
	out.Image = m.image
	if e := k.first(x, "itunes", "image"); e != nil && out.Image == "" {
		out.Image = strings.TrimSpace(e.attr("href"))
	}
	out.Published = f.dates(it.children, "published", "issued", "created", "dcterms:issued", "dcterms:created", "pubdate", "dc:date")
	out.Updated = f.dates(it.children, "updated", "modified", "dcterms:modified")
	if e := k.first(x, "atom", "source"); e != nil {
		parts := f.collect(e.inner, e.context)
		out.Origin = f.atomSource(parts, e.context, c)
		if len(out.Authors) == 0 { // they are the entry's (RFC 4287 §4.2.1)
			for _, e := range parts {
				if e.is(atom, "author") {
					out.Authors = f.people(out.Authors, f.person(e))
				}
			}
		}
	}
	if len(out.Authors) == 0 {
		out.Authors = slices.Clone(f.doc.Authors)
	}
	f.limit(out)
	out.Notes = it.notes.list
}

// identifier gives an atom:id, byte for byte. It should be an absolute IRI
// (RFC 4287 §4.2.6); one that is plainly the path of one is completed.
func (f *fill) identifier(e *element) string {
	id := f.value(e)
	if strings.HasPrefix(id, "/") {
		return join(e.base, id)
	}
	return id
}

// contentSource reads content that is elsewhere (RFC 4287 §4.1.3.2).
func (f *fill) contentSource(out *feeds.Item, e *element, src string, c context) {
	src = f.own(src, e.context, c)
	kind := strings.ToLower(strings.TrimSpace(e.attr("type")))
	if kind == "" || strings.HasPrefix(kind, "text/html") || strings.Contains(kind, "xhtml") {
		out.Links = append(out.Links, feeds.Link{Href: src, Rel: "alternate", Type: kind})
		return
	}
	out.Enclosures = append(out.Enclosures, feeds.Enclosure{URL: src, Type: kind})
}

// atomPerson reads what gofeed says is a person.
func (f *fill) atomPerson(k *skeleton, p *gofeed.Person, outer context) feeds.Person {
	out := feeds.Person{Name: f.plain(k.at(p.Name)), Email: mailbox(f.value(k.at(p.Email))), URI: f.value(k.at(p.URI))}
	if e := k.at(p.URI); e != nil && out.URI != "" {
		out.URI = f.own(out.URI, e.context, outer)
	}
	if out.Email == "" && strings.Contains(out.Name, "@") {
		if q := readPerson(out.Name); q.Email != "" {
			out.Name, out.Email = q.Name, q.Email
		}
	}
	return out
}

// plain gives a value on one line.
func (f *fill) plain(e *element) string { return strings.Join(strings.Fields(f.value(e)), " ") }

// atomSource reads atom:source (RFC 4287 §4.2.11).
func (f *fill) atomSource(children []*element, inner, outer context) *feeds.Origin {
	o := &feeds.Origin{}
	if inner.lang != outer.lang && inner.lang != "und" {
		o.Language = inner.lang
	}
	for _, e := range children {
		switch e.local {
		case "id":
			o.ID = either(o.ID, f.value(e))
		case "title":
			o.Title = either(o.Title, f.atomText(e, outer).Value)
		case "rights":
			o.Rights = either(o.Rights, f.value(e))
		case "icon":
			o.Icon = either(o.Icon, f.own(f.value(e), e.context, outer))
		case "link":
			if l, ok := f.link(e, outer); ok {
				switch l.Rel {
				case "self":
					o.FeedURL = either(o.FeedURL, l.Href)
				case "alternate":
					o.Link = either(o.Link, l.Href)
				}
			}
		}
	}
	if *o == (feeds.Origin{}) {
		return nil
	}
	return o
}

// atomText reads a text construct or atom:content (RFC 4287 §3.1 and §4.1.3;
// Atom 0.3 §3.1, whose mode says how the text is written down).
func (f *fill) atomText(e *element, outer context) feeds.Text {
	kind := strings.ToLower(strings.TrimSpace(e.attr("type")))
	kind, _, _ = strings.Cut(kind, ";")
	mode := strings.ToLower(strings.TrimSpace(e.attr("mode")))
	marked := f.hasMarkup(e.inner)
	switch {
	case mode == "base64":
		v, _ := unbase64(f.text(e.inner))
		if kind == "" { // who encodes a text in Base64 has markup to hide in it
			return put(v, "", e.context, outer)
		}
		return put(v, textKind(kind), e.context, outer)
	case marked && (mode == "xml" || strings.Contains(kind, "xhtml") || strings.HasSuffix(kind, "xml")):
		inner, c := f.unwrap(e.inner, e.context)
		return put(f.markup(inner, c, false), "xhtml", c, outer)
	case marked:
		// Elements where the type promises none: the publisher forgot to
		// escape them, or to say xhtml.
		inner, c := f.unwrap(e.inner, e.context)
		if kind != "" && kind != "text" && kind != "html" && !strings.HasPrefix(kind, "text/") {
			f.notes.addf("elements in a text of type %q", clip(kind))
		}
		return put(f.markup(inner, c, kind == "html" || kind == "text/html"), "html", c, outer)
	}
	v := f.text(e.inner)
	switch {
	case strings.Contains(kind, "xhtml"):
		// No elements, so they were escaped or in a CDATA section.
		if strings.Contains(v, "<") && f.hasMarkup(v) {
			return put(v, "html", e.context, outer)
		}
		return put(v, "text", e.context, outer)
	case kind != "" && kind != "text" && kind != "html" && kind != "escaped" && !strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "xml") && mode == "":
		// A media type that is no text is Base64 (RFC 4287 §4.1.3.3).
		if d, ok := unbase64(v); ok {
			v = d
		}
		return put(v, "text", e.context, outer)
	}
	return put(v, textKind(kind), e.context, outer)
}

// textKind gives the kind of text that a type without elements holds.
func textKind(kind string) string {
	switch {
	case kind == "html" || kind == "text/html" || strings.Contains(kind, "xhtml"):
		return "html"
	}
	return "text"
}

package parse

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"communique/feeds"

	ext "github.com/mmcdole/gofeed/extensions"
	gofeed "github.com/mmcdole/gofeed/rss"
)

// rss lets gofeed say what the elements of an RSS feed are, and fills the
// Document.
func (f *fill) rss() error {
	k := &skeleton{once: map[string]int{}, items: map[string]int{}}
	k.open("rss")
	k.open("channel")
	for _, e := range f.head {
		f.rssChannelElement(k, e)
	}
	for _, e := range f.outside {
		if e.vocab == native && (e.local == "image" || e.local == "textinput") {
			f.rssChannelElement(k, e)
		}
	}
	for _, it := range f.items {
		k.item(it, "item", func() {
			for _, e := range it.children {
				f.rssItemElement(k, e)
			}
		})
	}
	k.close("channel")
	k.close("rss")
	feed, err := (&gofeed.Parser{}).Parse(bytes.NewReader(k.buf))
	if err != nil {
		return &Error{"broken", err.Error()}
	}
	if len(feed.Items) != len(k.items) {
		return &Error{"broken", fmt.Sprintf("%d kinds of items became %d", len(k.items), len(feed.Items))}
	}
	k.from = 0
	f.rssChannel(k, feed)
	f.doc.Items = make([]feeds.Item, len(f.items))
	for i, it := range f.items {
		k.from = it.from
		f.rssItem(k, feed.Items[it.like], it, &f.doc.Items[i])
	}
	f.commonAuthors()
	return nil
}

// single writes an element that gofeed keeps one of: the first that holds
// something.
func (f *fill) single(k *skeleton, name string, e *element) {
	if k.once[name] > 0 {
		return
	}
	if strings.TrimSpace(e.inner) != "" || len(e.attrs) > 0 {
		k.once[name]++
	}
	k.leaf(name, e)
}

func (f *fill) rssChannelElement(k *skeleton, e *element) {
	if e.vocab != native {
		if extends(e.vocab) {
			k.extension(e)
		}
		return
	}
	switch e.local {
	case "title", "description", "language", "copyright", "managingeditor", "webmaster", "generator", "ttl":
		f.single(k, e.local, e)
	case "tagline", "abstract":
		f.single(k, "description", e)
	case "author", "creator":
		k.leaf("dc:creator", e) // gofeed has no room for it in a channel
	case "link":
		k.leaf("link", e)
	case "category":
		k.leaf("category", e)
	case "skiphours", "skipdays":
		f.container(k, e, e.local, map[string]bool{"hour": true, "day": true})
	case "image":
		if k.once["image"] == 0 {
			k.once["image"]++
			f.container(k, e, "image", map[string]bool{"url": true, "title": true, "link": true})
		}
	}
}

// container writes an element with those of its children that gofeed reads.
func (f *fill) container(k *skeleton, e *element, name string, kids map[string]bool) {
	k.open(name)
	n := 0
	f.children(e.inner, e.context, func(c *element) bool {
		if kids[c.local] {
			k.leaf(c.local, c)
			n++
		}
		return n < 100
	})
	k.close(name)
}

// rssItemElement writes a child of an item. Dates are not gofeed's business:
// it would try 180 layouts on each (25 µs), and reading them is
// aggregator/normalize's work.
func (f *fill) rssItemElement(k *skeleton, e *element) {
	if e.vocab != native {
		if extends(e.vocab) && !isDate(e) {
			k.extension(e)
		}
		return
	}
	switch e.local {
	case "title", "description", "comments":
		f.single(k, e.local, e)
	case "guid":
		f.single(k, "guid", e)
	case "link":
		k.leaf("link", e)
	case "category":
		k.leaf("category", e)
	case "author":
		f.single(k, "author", e)
	case "enclosure":
		k.empty("enclosure", "url", e)
	case "source":
		if k.once["source"]++; k.once["source"] == 1 {
			k.leaf("source", e)
		}
	case "encoded":
		k.leaf("content:encoded", e)
	case "fullitem", "content", "body", "summary", "id", "image", "thumbnail", "abstract", "language", "rights", "copyright", "keywords", "tags", "creator", "subtitle":
		f.single(k, e.local, e) // gofeed files it under Custom
	}
}

// isDate reports whether e holds a date, in any of the vocabularies.
func isDate(e *element) bool {
	switch e.local {
	case "pubdate", "date", "published", "updated", "issued", "created", "modified", "lastbuilddate", "available", "submitted":
		return true
	}
	return false
}

// dates picks the dates of a feed or an item, as written: the first of the
// names that was found, in their order.
func (f *fill) dates(children []*element, names ...string) string {
	best, found := len(names), ""
	for _, e := range children {
		if !isDate(e) {
			continue
		}
		name := e.local
		switch e.vocab {
		case dc:
			name = "dc:" + name
		case dcterms:
			name = "dcterms:" + name
		case foreign, media, itunes, rdf, xhtml, content:
			continue
		}
		if n := slices.Index(names, name); n >= 0 && n < best {
			if v := f.value(e); v != "" {
				best, found = n, v
			}
		}
	}
	return found
}

func (f *fill) rssChannel(k *skeleton, g *gofeed.Feed) {
	doc, c := f.doc, f.channel
	x := g.Extensions
	text := func(numbers ...*element) feeds.Text {
		for _, e := range numbers {
			if e != nil {
				if t := f.loose(e, c); t.Value != "" {
					return t
				}
			}
		}
		return feeds.Text{}
	}
	doc.Title = f.clipTitle(text(k.at(g.Title), k.first(x, "atom", "title"), k.first(x, "dc", "title"), k.first(x, "itunes", "title"), k.first(x, "media", "title")), f.notes)
	doc.Description = text(k.at(g.Description), k.first(x, "itunes", "summary"), k.first(x, "atom", "subtitle"), k.first(x, "dc", "description"), k.first(x, "googleplay", "description"), k.first(x, "itunes", "subtitle"), k.first(x, "media", "description"))
	doc.Rights = text(k.at(g.Copyright), k.first(x, "dc", "rights"), k.first(x, "atom", "rights"), k.first(x, "media", "copyright"))
	doc.Language = f.firstValue(k.at(g.Language), k.first(x, "dc", "language"))
	f.languageOfFeed()
	doc.Generator = f.firstValue(k.at(g.Generator), k.first(x, "atom", "generator"))
	if doc.Generator == "" {
		for _, e := range f.head {
			if e.local == "generatoragent" {
				doc.Generator = strings.TrimSpace(e.attr("rdf:resource"))
			}
		}
	}
	if id := f.firstValue(k.first(x, "atom", "id"), k.first(x, "dc", "identifier")); id != "" {
		doc.ID = id
	}
	doc.Published = f.dates(f.head, "pubdate", "published", "dcterms:issued", "dcterms:created", "issued", "created", "dc:date")
	doc.Updated = f.dates(f.head, "lastbuilddate", "updated", "dcterms:modified", "modified", "dc:date", "date")
	doc.Links = f.rssLinks(k, g.Links, x, c)
	if href := f.split.root.attr("href"); href != "" && f.split.format == "cdf" {
		doc.Links = append(doc.Links, feeds.Link{Href: href, Rel: "alternate"})
	}
	doc.Base = c.base
	doc.Authors = f.persons(k, []*element{k.at(g.ManagingEditor)}, x)
	if len(doc.Authors) == 0 {
		if e := k.at(g.WebMaster); e != nil {
			doc.Authors = f.people(nil, f.person(e))
		}
	}
	for _, v := range g.Categories {
		doc.Categories = f.category(doc.Categories, k.at(v.Value))
	}
	doc.Categories = f.categories(doc.Categories, k, x)
	if g.Image != nil {
		doc.Image = f.value(k.at(g.Image.URL))
	}
	if e := k.first(x, "itunes", "image"); e != nil && doc.Image == "" {
		doc.Image = strings.TrimSpace(e.attr("href") + e.attr("url"))
	}
	if doc.Image == "" {
		doc.Image = f.firstValue(k.first(x, "atom", "logo"))
	}
	if e := k.first(x, "googleplay", "image"); e != nil && doc.Image == "" {
		doc.Image = strings.TrimSpace(e.attr("href"))
	}
	doc.Icon = f.firstValue(k.first(x, "atom", "icon"))
	doc.TTLMinutes = number(f.value(k.at(g.TTL)))
	for _, h := range g.SkipHours {
		if v := f.value(k.at(h)); v != "" {
			// 24 was midnight in RSS 0.91.
			if n, err := strconv.Atoi(v); err == nil && n >= 0 && n <= 24 && !slices.Contains(doc.SkipHours, n%24) {
				doc.SkipHours = append(doc.SkipHours, n%24)
			}
		}
	}
	for _, d := range g.SkipDays {
		if v := f.value(k.at(d)); v != "" {
			doc.SkipDays = append(doc.SkipDays, v)
		}
	}
	doc.UpdatePeriod = strings.ToLower(f.firstValue(k.first(x, "sy", "updateperiod")))
	doc.UpdateFreq = number(f.firstValue(k.first(x, "sy", "updatefrequency")))
}

// languageOfFeed gives a feed that names no language itself the one in force,
// or that of its title or description.
func (f *fill) languageOfFeed() {
	for _, lang := range []string{f.channel.lang, f.doc.Title.Lang, f.doc.Description.Lang} {
		if (f.doc.Language == "" || f.doc.Language == "und") && lang != "" {
			f.doc.Language = lang
		}
	}
	if f.doc.Language == "und" {
		f.doc.Language = ""
	}
}

// commonAuthors gives a channel that names no author those of its items, when
// all of them have the same.
func (f *fill) commonAuthors() {
	items := f.doc.Items
	if len(f.doc.Authors) > 0 || len(items) == 0 || len(items) != len(f.doc.Raws) {
		return
	}
	for i := range items[1:] {
		if !slices.Equal(items[0].Authors, items[i+1].Authors) {
			return
		}
	}
	f.doc.Authors = slices.Clone(items[0].Authors)
}

func (f *fill) rssItem(k *skeleton, g *gofeed.Item, it *item, out *feeds.Item) {
	defer it.take(f)()
	c, x := it.context, g.Extensions
	text := func(elements ...*element) feeds.Text {
		for _, e := range elements {
			if e != nil {
				t := f.loose(e, c)
				if e.vocab == atom {
					t = f.atomText(e, c)
				}
				if t.Value != "" {
					return t
				}
			}
		}
		return feeds.Text{}
	}
	custom := func(name string) *element { return k.at(g.Custom[name]) }
	m := f.media(k, x, c)

	out.Part, out.Raw, out.Base = it.part, it.raw, differs(c.base, f.channel.base)
	out.Title = f.clipTitle(text(k.at(g.Title), k.first(x, "atom", "title"), k.first(x, "dc", "title"), m.title, k.first(x, "itunes", "title")), f.notes)
	out.Summary = text(k.at(g.Description), custom("summary"), custom("abstract"), k.first(x, "atom", "summary"), k.first(x, "dc", "description"), k.first(x, "dcterms", "abstract"),
		k.first(x, "itunes", "summary"), k.first(x, "googleplay", "description"), k.first(x, "itunes", "subtitle"), m.description)
	out.Content = text(k.at(g.Content), k.first(x, "content", "encoded"), custom("encoded"), custom("fullitem"), k.first(x, "xhtml", "body"), k.first(x, "xhtml", "div"), k.first(x, "atom", "content"), custom("content"), custom("body"))
	out.Rights = text(k.first(x, "dc", "rights"), k.first(x, "atom", "rights"), custom("rights"), custom("copyright"), m.copyright)

	if g.GUID != nil {
		if e := k.at(g.GUID.Value); e != nil {
			out.ID = f.value(e)
			if f.hasMarkup(e.inner) {
				out.ID = strings.TrimSpace(e.inner) // strange, but its own
			}
			out.IDIsPermalink = !strings.EqualFold(strings.TrimSpace(e.attr("ispermalink")), "false")
		}
	}
	if out.ID == "" {
		out.IDIsPermalink = false
		out.ID = it.about
		if out.ID == "" {
			out.ID = f.firstValue(k.first(x, "atom", "id"), k.first(x, "dc", "identifier"), custom("id"))
		}
	}
	out.Links = f.rssLinks(k, g.Links, x, c)
	if out.ID == it.about && len(out.Links) == 0 {
		out.IDIsPermalink = it.about != "" // RSS 1.0 §5.5: it should be the link
	}
	if it.href != "" {
		out.Links = append(out.Links, feeds.Link{Href: it.href, Rel: "alternate"})
	}
	for _, e := range k.all(x, "cc", "license") {
		if v := f.value(e) + e.attr("rdf:resource"); v != "" {
			out.Links = append(out.Links, feeds.Link{Href: v, Rel: "license"})
		}
	}
	for _, e := range k.all(x, "creativeCommons", "license") {
		if v := f.value(e); v != "" {
			out.Links = append(out.Links, feeds.Link{Href: v, Rel: "license"})
		}
	}
	out.Authors = f.persons(k, []*element{k.at(g.Author), custom("creator")}, x)
	for _, e := range append(k.all(x, "dc", "contributor"), k.all(x, "atom", "contributor")...) {
		out.Contributors = f.people(out.Contributors, f.person(e))
	}
	for _, v := range g.Categories {
		out.Categories = f.category(out.Categories, k.at(v.Value))
	}
	out.Categories = f.categories(out.Categories, k, x)
	for _, v := range g.Enclosures {
		if e := k.at(v.URL); e != nil {
			out.Enclosures = f.enclosure(out.Enclosures, e, c)
		}
	}
	for _, n := range g.Links {
		if e := k.at(n); e != nil && strings.EqualFold(e.attr("rel"), "enclosure") {
			out.Enclosures = f.enclosure(out.Enclosures, e, c)
		}
	}
	for _, e := range k.all(x, "atom", "link") {
		if strings.EqualFold(e.attr("rel"), "enclosure") {
			out.Enclosures = f.enclosure(out.Enclosures, e, c)
		}
	}
	for _, e := range m.enclosures {
		out.Enclosures = f.enclosure(out.Enclosures, e, c)
	}
	if v := f.firstValue(k.first(x, "feedburner", "origenclosurelink")); v != "" && len(out.Enclosures) > 0 {
		out.Enclosures[0].URL = v
	}
	if e := k.first(x, "itunes", "duration"); e != nil && len(out.Enclosures) > 0 && out.Enclosures[0].Seconds == 0 {
		out.Enclosures[0].Seconds = seconds(f.value(e))
	}
	out.Image = m.image
	if e := k.first(x, "itunes", "image"); e != nil && out.Image == "" {
		out.Image = strings.TrimSpace(e.attr("href") + e.attr("url"))
	}
	for _, name := range []string{"image", "thumbnail"} {
		if e := custom(name); e != nil && out.Image == "" {
			out.Image = f.imageOf(e)
		}
	}
	out.Comments = f.firstValue(k.at(g.Comments))
	out.Published = f.dates(it.children, "pubdate", "published", "dcterms:issued", "issued", "dcterms:created", "created", "dc:created", "dc:issued", "dcterms:available", "dc:date", "dcterms:date", "date")
	out.Updated = f.dates(it.children, "updated", "dcterms:modified", "modified", "dc:modified", "lastbuilddate")
	if out.Updated == "" {
		// dc:date is "a point of time in the lifecycle": the publication, and
		// the last one that we know of.
		out.Updated = f.dates(it.children, "dc:date")
	}
	out.Language = f.languageOf(c)
	if l := f.firstValue(k.first(x, "dc", "language"), custom("language")); l != "" {
		out.Language = l
	}
	out.Language = languageOfTexts(out)
	if g.Source != nil {
		if e := k.at(g.Source.Title); e != nil {
			out.Origin = f.rssSource(e, c)
		}
	}
	if e := k.first(x, "atom", "source"); e != nil {
		out.Origin = f.atomSource(f.collect(e.inner, e.context), e.context, c)
	}
	if out.Origin == nil {
		if e := k.first(x, "dc", "source"); e != nil {
			if v := f.value(e); v != "" {
				out.Links = append(out.Links, feeds.Link{Href: v, Rel: "via"})
			}
		}
	}
	f.limit(out)
	out.Notes = it.notes.list
}

// rssSource reads <source url="…">title</source>, or one that is written like
// Atom's.
func (f *fill) rssSource(e *element, c context) *feeds.Origin {
	if f.hasMarkup(e.inner) {
		if o := f.atomSource(f.collect(e.inner, e.context), e.context, c); o != nil {
			return o
		}
	}
	o := &feeds.Origin{Title: f.value(e), FeedURL: strings.TrimSpace(e.attr("url"))}
	if o.Title == "" && o.FeedURL == "" {
		return nil
	}
	return o
}

// rssLinks gives <link> and what other vocabularies say, in document order.
func (f *fill) rssLinks(k *skeleton, numbers []string, x ext.Extensions, c context) []feeds.Link {
	var out []feeds.Link
	// RSS has room for one link; where there are more, the last one is the
	// item's (gofeed's and feedparser's reading) and leads.
	if n := len(numbers); n > 1 {
		numbers = append([]string{numbers[n-1]}, numbers[:n-1]...)
	}
	for _, n := range numbers {
		e := k.at(n)
		if e == nil {
			continue
		}
		if v := f.value(e); v != "" {
			out = append(out, feeds.Link{Href: f.own(v, e.context, c), Rel: "alternate"})
		} else if l, ok := f.link(e, c); ok && l.Rel != "enclosure" {
			out = append(out, l)
		}
	}
	for _, e := range k.all(x, "atom", "link") {
		if l, ok := f.link(e, c); ok && l.Rel != "enclosure" {
			out = append(out, l)
		}
	}
	return append(out, f.origLink(k, x)...)
}

// origLink gives the publisher's own address, where FeedBurner put its
// counting one into <link>.
func (f *fill) origLink(k *skeleton, x ext.Extensions) []feeds.Link {
	if v := f.firstValue(k.first(x, "feedburner", "origlink")); v != "" {
		return []feeds.Link{{Href: v, Rel: "canonical"}}
	}
	return nil
}

// limit keeps lists within their limit.
func (f *fill) limit(it *feeds.Item) {
	n := f.options.MaxValues
	if len(it.Categories) > n || len(it.Authors) > n || len(it.Enclosures) > n || len(it.Links) > n || len(it.Contributors) > n {
		f.notes.addf("more than %d values of a kind: the others were left out", n)
	}
	it.Categories = it.Categories[:min(len(it.Categories), n)]
	it.Authors = it.Authors[:min(len(it.Authors), n)]
	it.Contributors = it.Contributors[:min(len(it.Contributors), n)]
	it.Enclosures = it.Enclosures[:min(len(it.Enclosures), n)]
	it.Links = it.Links[:min(len(it.Links), n)]
}

// firstValue gives the first value that is not empty.
func (f *fill) firstValue(elements ...*element) string {
	for _, e := range elements {
		if v := f.value(e); v != "" {
			return v
		}
	}
	return ""
}

// number reads a count; 0 when it is none.
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

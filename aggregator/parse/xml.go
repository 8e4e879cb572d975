package parse

import (
	"slices"
	"strings"

	"communique/feeds"
)

// parseXML reads RSS and Atom.
func parseXML(text string, o Options) (*feeds.Document, error) {
	notes := &noteList{}
	d, err := splitXML(text, notes)
	if err != nil {
		return nil, err
	}
	doc := &feeds.Document{Format: d.format}
	r := &reader{home: native, entities: declaredEntities(d.dtd, notes), notes: notes}
	if d.family == atomFamily {
		r.home = atom
	}
	f := &fill{reader: r, options: o, doc: doc, split: d}
	f.root = f.enterRoot(d)

	inherited := hash64(hash64(Version, d.dtd), text[d.root.start:d.root.end])
	head := d.head
	if len(head) > o.MaxHeadBytes {
		notes.addf("the head of the feed was cut at %d octets", o.MaxHeadBytes)
		head = head[:o.MaxHeadBytes]
	}
	f.takeHead(head)
	inherited = hash64(inherited, f.channel.base+"\x00"+f.channel.lang)

	doc.Cut = d.cut(text)
	for i, sp := range d.items {
		raw := hash64(inherited, text[sp.start:sp.end])
		if half := ^raw; o.Wait && i == len(d.items)-1 && sp.cut(text) && o.Known != nil && !o.Known(raw) && !o.Known(half) {
			notes.add("the document ends within an item, which is left for the next visit")
			doc.Raws = append(doc.Raws, half)
			doc.Left = true
			continue
		}
		if o.Known != nil && o.Known(raw) {
			doc.Raws = append(doc.Raws, raw)
			continue
		}
		if len(f.items) >= o.MaxItems {
			notes.addf("more than %d new items: the others are left for the next visit", o.MaxItems)
			doc.Left = true
			continue
		}
		doc.Raws = append(doc.Raws, raw)
		f.takeItem(text, sp, raw)
	}
	if d.family == atomFamily {
		err = f.atom()
	} else {
		err = f.rss()
	}
	if err != nil {
		return nil, err
	}
	doc.Notes = notes.list
	return doc, nil
}

// fill carries one XML document from elements to feeds.Document.
type fill struct {
	*reader
	options Options
	doc     *feeds.Document
	split   *split
	root    context // inside of the root
	channel context // inside of the channel; the same as root in Atom and RDF
	head    []*element
	outside []*element // children of the root beside the channel
	items   []*item
}

// item is an item on its way.
type item struct {
	raw      uint64
	part     bool // the document breaks off in it
	notes    *noteList
	about    string // rdf:about
	href     string // CDF writes an item's link into its tag
	children []*element
	from     int // its first element in the skeleton
	like     int // which of gofeed's items it is
	context
}

func (f *fill) enterRoot(d *split) context {
	c := context{base: f.options.URL}
	for i := range d.root.attrs {
		d.root.attrs[i].value = f.decode(d.root.attrs[i].value)
	}
	c = c.enter(d.root.attrs, f.notes)
	// Whatever namespace the root claims for names without a prefix, they are
	// the format's own: half of the feeds that declare one misspell it.
	for n := c.scope; n != nil; n = n.parent {
		if n.prefix == "" || n.prefix == d.root.prefix && d.root.local != "rdf" {
			n.vocab = f.home
		}
	}
	return c
}

// takeHead reads what stands outside of the items.
func (f *fill) takeHead(head string) {
	f.channel = f.root
	if f.split.root.local == "channel" || f.split.family == atomFamily {
		f.head = f.collect(head, f.root)
		return
	}
	f.children(head, f.root, func(e *element) bool {
		if e.local == "channel" {
			c := e.context
			for n := c.scope; n != f.root.scope; n = n.parent {
				if n.prefix == "" {
					n.vocab = f.home
				}
			}
			if f.split.root.local != "rdf" {
				f.channel = c
			}
			if about := aboutOf(e); about != "" && f.doc.ID == "" {
				f.doc.ID = about
			}
			f.head = append(f.head, f.collect(e.inner, c)...)
		} else {
			f.outside = append(f.outside, e)
		}
		return len(f.outside) < maxChildren
	})
	if f.head == nil { // no channel at all
		f.head, f.outside = f.outside, nil
	}
}

// maxChildren is how many child elements of one element are read.
const maxChildren = 2000

func (f *fill) collect(inner string, c context) []*element {
	var out []*element
	f.children(inner, c, func(e *element) bool {
		out = append(out, e)
		return len(out) < maxChildren
	})
	return out
}

// takeItem reads the children of one item.
func (f *fill) takeItem(text string, sp span, raw uint64) {
	it := &item{raw: raw, part: sp.cut(text), notes: &noteList{}}
	defer it.take(f)()
	inner := text[sp.open:sp.close]
	if len(inner) > f.options.MaxItemBytes {
		f.notes.addf("cut at %d octets", f.options.MaxItemBytes)
		inner = inner[:f.options.MaxItemBytes]
	}
	if sp.close == sp.end && sp.close > sp.open {
		f.notes.add("its end tag is missing")
	}
	t, _ := readTag(text, sp.start)
	e := f.element(t, f.channel)
	for n := e.scope; n != f.channel.scope; n = n.parent {
		if n.prefix == "" && n.vocab == foreign {
			n.vocab = f.home
		}
	}
	it.context = e.context
	it.about, it.href = aboutOf(e), strings.TrimSpace(e.attr("href"))
	it.children = f.collect(inner, it.context)
	f.items = append(f.items, it)
}

// aboutOf gives rdf:about.
func aboutOf(e *element) string {
	for _, a := range e.attrs {
		if strings.EqualFold(a.name, "rdf:about") || strings.HasSuffix(a.name, ":about") || a.name == "about" {
			return strings.TrimSpace(a.value)
		}
	}
	return ""
}

// languageOf gives the item's language when it says one itself.
func (f *fill) languageOf(c context) string {
	if c.lang == f.channel.lang {
		return ""
	}
	return c.lang
}

// languageOfTexts gives the item's language; where the item says none, or takes
// back what it inherits ("und"), that of its main text.
func languageOfTexts(it *feeds.Item) string {
	if it.Language != "" && it.Language != "und" {
		return it.Language
	}
	for _, t := range []feeds.Text{it.Content, it.Summary, it.Title} {
		if t.Value != "" {
			return either(t.Lang, it.Language)
		}
	}
	return it.Language
}

// differs gives what is in force where it is not what is in force outside.
func differs(inner, outer string) string {
	if inner == outer {
		return ""
	}
	return inner
}

// put makes a text with the base and language in force; none of an empty one.
func put(value, kind string, c, outer context) feeds.Text {
	if value = strings.TrimSpace(value); value == "" {
		return feeds.Text{}
	}
	return feeds.Text{Value: value, Type: kind, Base: differs(c.base, outer.base), Lang: differs(c.lang, outer.lang)}
}

// value gives the element's character data without white space around it.
func (f *fill) value(e *element) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(f.text(e.inner))
}

// loose gives the text of an element whose format does not say what it holds:
// elements in it are HTML, else it has to be looked at.
func (f *fill) loose(e *element, outer context) feeds.Text {
	if f.hasMarkup(e.inner) {
		return put(f.markup(e.inner, e.context, true), "html", e.context, outer)
	}
	return put(f.text(e.inner), "", e.context, outer)
}

// clipTitle keeps a title within its limit.
func (f *fill) clipTitle(t feeds.Text, notes *noteList) feeds.Text {
	if len(t.Value) > f.options.MaxTitleRunes {
		if runes := []rune(t.Value); len(runes) > f.options.MaxTitleRunes {
			t.Value = string(runes[:f.options.MaxTitleRunes])
			notes.addf("the title was cut at %d characters", f.options.MaxTitleRunes)
		}
	}
	return t
}

// link makes a link of an Atom link element. Its reference is resolved here
// when the element has a base of its own.
func (f *fill) link(e *element, outer context) (feeds.Link, bool) {
	l := feeds.Link{Href: strings.TrimSpace(e.attr("href")), Rel: strings.TrimSpace(e.attr("rel")), Type: strings.TrimSpace(e.attr("type")),
		HrefLang: strings.TrimSpace(e.attr("hreflang")), Title: strings.TrimSpace(e.attr("title"))}
	if l.Href == "" {
		l.Href = f.value(e) // <link>http://…</link>, as in RSS
	}
	if l.Href == "" {
		// An empty reference is the document itself, if only we know its base.
		if !slices.ContainsFunc(e.attrs, func(a attr) bool { return a.name == "href" }) || e.base == "" {
			return l, false
		}
		l.Href = e.base
	}
	if l.Rel == "" {
		l.Rel = "alternate"
	}
	// IANA's own relations may be written as URIs (RFC 4287 §4.2.7.2).
	for _, p := range []string{"http://www.iana.org/assignments/relation/", "https://www.iana.org/assignments/relation/"} {
		l.Rel = strings.TrimPrefix(l.Rel, p)
	}
	l.Href = f.own(l.Href, e.context, outer)
	return l, true
}

// own resolves a reference when its element has a base of its own.
func (f *fill) own(ref string, c, outer context) string {
	if c.base != outer.base {
		return join(c.base, ref)
	}
	return ref
}

// take sends what is noted from now on to the item; the function that it gives
// ends that.
func (it *item) take(f *fill) func() {
	outer := f.notes
	f.notes, f.searches = it.notes, 0
	return func() { f.notes = outer }
}

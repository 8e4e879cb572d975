package render

import (
	"cmp"
	"html"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"communique/feeds"
)

// view is what is said about a statement in every format: one copy leads, the
// others are links. All texts are clean; nothing is escaped yet.
type view struct {
	id        string // tag: URI
	permalink string
	language  string // of the lead, "" when nobody knows
	title     string // plain text, never blank
	summary   string // plain text, never blank
	content   string // HTML, "" when the summary says it all
	link      string // the page for people
	published time.Time
	updated   time.Time

	authors      []feeds.Person // never empty, each with a name
	contributors []feeds.Person
	categories   []feeds.Category // ours first; Scheme is "" or an absolute IRI
	enclosures   []feeds.Enclosure
	image        string
	rights       string
	license      string

	source        feeds.Origin // ID and Title never empty
	sourceUpdated time.Time
	via           string // the feed that we took it from

	translations []translation
	duplicates   []duplicate
	related      []feeds.Link // the publisher's own: related and replies
	copies       []jsonCopy   // all that there are, the one that is shown first
	roles        []link       // what some of the others are, by relations of ours
	beside       []string     // permalinks of other statements that are close to this one
}

// translation is the same statement in another language.
type translation struct {
	Language string `json:"language"`
	URL      string `json:"url"`
	original bool   // what the lead was translated from
}

// duplicate is another source's copy of the statement.
type duplicate struct {
	URL      string         `json:"url"`
	Language string         `json:"language,omitempty"`
	Title    string         `json:"title,omitempty"` // of the source
	FeedURL  string         `json:"feed_url,omitempty"`
	Relation feeds.Relation `json:"relation,omitempty"`
}

// most is how many authors, categories, enclosures or links one entry keeps.
const most = 50

// view decides what is said about a statement to readers of the languages,
// best first. It needs at least one copy.
func (s Site) view(st *feeds.Statement, languages []string) *view {
	c := st.Lead(languages...)
	v := &view{
		id:        s.StatementURI(st.ID),
		permalink: s.Permalink(st.ID),
		language:  wellFormed(c.Language),
		image:     webURL(c.Image),
		rights:    plain(c.Rights),
		via:       webURL(c.Origin.FeedURL),
	}
	v.link = v.permalink
	// An item without a page of its own has its file for a link, and the
	// alternate has to be a page.
	if link := webURL(c.Link); link != "" && !slices.ContainsFunc(c.Enclosures, func(e feeds.Enclosure) bool { return webURL(e.URL) == link }) {
		v.link = link
	}
	v.dates(s, st)
	v.origin(s, c)
	v.texts(c, st.ID)
	v.persons(c)
	v.classify(s, st, c)
	v.attach(c)
	v.others(st, c)
	v.tell(s, st, c)
	return v
}

func (v *view) dates(s Site, st *feeds.Statement) {
	if plausible(st.Published) {
		v.published = st.Published.UTC().Truncate(time.Second)
	}
	v.updated, _ = s.epoch()
	for _, t := range []time.Time{st.Updated, st.FirstSeen, st.Order, st.Published} {
		if plausible(t) {
			v.updated = t
			break
		}
	}
	v.updated = v.updated.UTC().Truncate(time.Second)
	if v.updated.Before(v.published) {
		v.updated = v.published
	}
}

// origin fills source: the feed that the entry was first published in, as its
// publisher told us (RFC 4287 §4.2.11: an existing source is kept), else the
// feed that we took it from.
func (v *view) origin(s Site, c *feeds.StatedCopy) {
	o := c.Origin
	if c.Via != nil && (isIRI(c.Via.ID) || isWeb(c.Via.FeedURL) || isWeb(c.Via.Link)) {
		o = *c.Via
	}
	o.Link, o.FeedURL, o.Icon = webURL(o.Link), webURL(o.FeedURL), webURL(o.Icon)
	o.Language, o.Rights = wellFormed(o.Language), plain(o.Rights)
	if !isIRI(o.ID) {
		o.ID = or(o.FeedURL, o.Link, "tag:"+s.Authority+":source/"+escapePath(string(c.Source)))
	}
	o.Title = or(plain(o.Title), hostOf(or(o.Link, o.FeedURL)), string(c.Source), s.Title, hostOf(s.BaseURL))
	v.source = o
	v.sourceUpdated = v.updated
	for _, t := range []time.Time{c.Updated, c.Changed} {
		if plausible(t) {
			v.sourceUpdated = t
			break
		}
	}
}

// texts needs nothing but the copy, so that Words says the same as a feed.
func (v *view) texts(c *feeds.StatedCopy, id feeds.StatementID) {
	summary, content := strings.TrimSpace(clean(c.Summary)), strings.TrimSpace(clean(c.Content))
	if content == "" || blank(textOf(content, 1)) && !strings.Contains(content, "<") {
		content, summary = summary, ""
	}
	if summary != "" && summary != content {
		v.summary = textOf(summary, len(summary))
	}
	if onlyText(content) && len(content) <= longestSummary {
		if text := textOf(content, len(content)); blank(v.summary) || v.summary == text {
			v.summary, content = text, ""
		}
	}
	if content != "" {
		if blank(v.summary) || len(v.summary) > longestSummary {
			v.summary = shorten(textOf(content, utf8.UTFMax*(summaryLength+1)), summaryLength)
		}
		if Direction(v.language) == "rtl" {
			// Readers look at dir, not at xml:lang.
			content = `<div dir="rtl" lang="` + v.language + `">` + content + `</div>`
		}
		v.content = content
	}
	v.summary = plain(v.summary)

	v.title = plain(c.Title)
	if blank(v.title) {
		v.title = shorten(v.summary, madeTitleLength)
	}
	if blank(v.title) {
		v.title = or(hostOf(webURL(c.Link)), plain(c.Origin.Title), string(c.Source), string(id))
		for _, t := range []time.Time{c.Published, c.Updated, c.FirstSeen, c.Changed} {
			if plausible(t) {
				v.title += ", " + t.UTC().Format(time.DateOnly)
				break
			}
		}
	}
	if blank(v.summary) {
		v.summary = v.title
	}
}

func (v *view) persons(c *feeds.StatedCopy) {
	v.authors = persons(c.Authors)
	v.contributors = persons(c.Contributors)
	if len(v.authors) == 0 {
		v.authors = []feeds.Person{{Name: v.source.Title, URI: v.source.Link}}
	}
}

// persons keeps those who have something to be called by, each once.
func persons(all []feeds.Person) []feeds.Person {
	var out []feeds.Person
	for _, p := range all {
		p = feeds.Person{Name: plain(p.Name), Email: mailAddress(p.Email), URI: webURL(p.URI)}
		// "Name <address>" belongs into two elements.
		if i := strings.LastIndexByte(p.Name, '<'); i >= 0 && strings.HasSuffix(p.Name, ">") {
			if a := mailAddress(p.Name[i+1 : len(p.Name)-1]); a != "" {
				p.Name, p.Email = line(p.Name[:i]), or(p.Email, a)
			}
		}
		p.Name = or(p.Name, p.Email, hostOf(p.URI))
		if p.Name == "" || slices.ContainsFunc(out, func(q feeds.Person) bool { return q.Name == p.Name }) {
			continue
		}
		if out = append(out, p); len(out) == most {
			break
		}
	}
	return out
}

// classify gives our tags, then the publisher's own categories.
func (v *view) classify(s Site, st *feeds.Statement, c *feeds.StatedCopy) {
	tags := make([]feeds.Tag, 0, len(st.Taggings))
	for i := range st.Taggings {
		if t := st.Taggings[i].Tag; t.Scheme != "" && t.Scheme != feeds.Mention && plain(t.Term) == t.Term && !blank(t.Term) {
			tags = append(tags, t)
		}
	}
	slices.SortFunc(tags, func(a, b feeds.Tag) int {
		return cmp.Or(strings.Compare(a.Scheme, b.Scheme), strings.Compare(a.Term, b.Term))
	})
	tags = slices.Compact(tags)
	v.categories = make([]feeds.Category, 0, len(tags)+len(c.Categories))
	for _, t := range tags {
		v.categories = append(v.categories, feeds.Category{Scheme: s.scheme(t.Scheme), Term: t.Term, Label: s.label(t, or(v.language, s.Language))})
	}
	for _, k := range c.Categories {
		k = feeds.Category{Term: plain(k.Term), Scheme: strings.TrimSpace(k.Scheme), Label: plain(k.Label)}
		if !isIRI(k.Scheme) || webURL(k.Scheme) != k.Scheme && isWeb(k.Scheme) {
			k.Scheme = ""
		}
		if k.Term = or(k.Term, k.Label); k.Term == "" || len(v.categories) >= len(tags)+most {
			continue
		}
		if !slices.ContainsFunc(v.categories, func(o feeds.Category) bool { return o.Term == k.Term && o.Scheme == k.Scheme }) {
			v.categories = append(v.categories, k)
		}
	}
}

func (v *view) attach(c *feeds.StatedCopy) {
	for _, e := range c.Enclosures {
		e.URL, e.Title = webURL(e.URL), plain(e.Title)
		if e.URL == "" || len(v.enclosures) == most || slices.ContainsFunc(v.enclosures, func(o feeds.Enclosure) bool { return o.URL == e.URL }) {
			continue
		}
		e.Type = typeOf(e)
		e.Length, e.Seconds = max(e.Length, 0), max(e.Seconds, 0)
		v.enclosures = append(v.enclosures, e)
	}
	for _, l := range c.Links {
		href := webURL(l.Href)
		if href == "" || len(v.related) == most {
			continue
		}
		l = feeds.Link{Href: href, Rel: strings.ToLower(strings.TrimSpace(l.Rel)), Type: l.Type, HrefLang: wellFormed(l.HrefLang), Title: plain(l.Title)}
		if l.Type = strings.ToLower(strings.TrimSpace(l.Type)); !isMediaType(l.Type) {
			l.Type = ""
		}
		switch l.Rel {
		case "license":
			v.license = or(v.license, href)
		case "related", "replies":
			if href != v.link && !slices.Contains(v.related, l) {
				v.related = append(v.related, l)
			}
		case "alternate":
			// The publisher's own translation, unless we hold it as a copy.
			page := l.Type == "" || l.Type == "text/html" || l.Type == "application/xhtml+xml"
			if page && l.HrefLang != "" && href != v.link {
				v.translate(l.HrefLang, href, false)
			}
		}
	}
}

// others turns the copies that do not lead into translations, the best of each
// language, and duplicates.
func (v *view) others(st *feeds.Statement, lead *feeds.StatedCopy) {
	own := v.translations
	v.translations = nil
	var left []*feeds.StatedCopy
	groups := map[string]*feeds.Statement{} // by language; only looked up, never ranged over
	var order []string
	for i := range st.Copies {
		c := &st.Copies[i]
		key := textLanguage(wellFormed(c.Language))
		switch {
		case c == lead || webURL(c.Link) == "":
		case key == "" || v.language == "" || key == textLanguage(v.language):
			left = append(left, c)
		default:
			g := groups[key]
			if g == nil {
				g = &feeds.Statement{}
				groups[key] = g
				order = append(order, key)
			}
			g.Copies = append(g.Copies, *c)
		}
	}
	slices.Sort(order)
	for _, key := range order {
		g := groups[key]
		best := g.Lead()
		v.translate(best.Language, webURL(best.Link), lead.Relation == feeds.IsTranslation && (best.Item == lead.Of || best.Relation == feeds.IsOrigin))
		for i := range g.Copies {
			if c := &g.Copies[i]; c != best {
				left = append(left, c)
			}
		}
	}
	for _, t := range own {
		v.translate(t.Language, t.URL, false)
	}
	for _, c := range left {
		d := duplicate{URL: webURL(c.Link), Language: wellFormed(c.Language), Title: plain(c.Origin.Title), FeedURL: webURL(c.Origin.FeedURL), Relation: c.Relation}
		known := d.URL == v.link || len(v.duplicates) == most ||
			slices.ContainsFunc(v.duplicates, func(o duplicate) bool { return o.URL == d.URL }) ||
			slices.ContainsFunc(v.translations, func(o translation) bool { return o.URL == d.URL })
		if !known {
			v.duplicates = append(v.duplicates, d)
		}
	}
}

// tell says what each copy is to the statement, and what other statements are
// close to it.
func (v *view) tell(s Site, st *feeds.Statement, lead *feeds.StatedCopy) {
	one := func(c *feeds.StatedCopy) {
		k := jsonCopy{Source: string(c.Source), Title: plain(c.Origin.Title), URL: webURL(c.Link), Language: wellFormed(c.Language), Relation: c.Relation}
		if c == lead {
			k.Title = v.source.Title
		}
		if len(v.copies) == most || slices.Contains(v.copies, k) {
			return
		}
		v.copies = append(v.copies, k)
		switch c.Relation {
		case feeds.IsOrigin, feeds.IsExcerpt, feeds.IsCorrection, feeds.IsJoint: // of the others their other links say enough
			if c != lead && k.URL != "" && k.URL != v.link {
				l := link{Rel: s.rel(string(c.Relation)), Type: "text/html", HrefLang: k.Language, Title: k.Title, Href: k.URL}
				if !slices.Contains(v.roles, l) {
					v.roles = append(v.roles, l)
				}
			}
		}
	}
	one(lead)
	for i := range st.Copies {
		if c := &st.Copies[i]; c != lead {
			one(c)
		}
	}
	for _, n := range st.Related() {
		if len(v.beside) == mostBeside {
			break
		}
		v.beside = append(v.beside, s.Permalink(n.Statement))
	}
}

// mostBeside bounds the statements that are named beside an entry.
const mostBeside = 5

// translate adds a translation unless its language is there already.
func (v *view) translate(language, href string, original bool) {
	if textLanguage(language) == textLanguage(v.language) || len(v.translations) == most {
		return
	}
	for _, t := range v.translations {
		if textLanguage(t.Language) == textLanguage(language) {
			return
		}
	}
	v.translations = append(v.translations, translation{language, href, original})
}

// links gives the links of an entry besides its alternate, enclosures and own
// feed, for Atom (RFC 4287 §4.2.7); RSS takes some of them. Translations are
// "related" with hreflang, as readers take one of several alternates for the
// entry's page, and not the same one; our own relation says what they are.
func (v *view) links(s Site) []link {
	out := make([]link, 0, 2*len(v.translations)+2*len(v.duplicates)+len(v.roles)+2*len(v.beside)+len(v.related)+2)
	for _, t := range v.translations {
		out = append(out, link{Rel: s.rel("translation"), Type: "text/html", HrefLang: t.Language, Href: t.URL})
		if t.original {
			out = append(out, link{Rel: s.rel("translation-of"), Type: "text/html", HrefLang: t.Language, Href: t.URL})
		}
	}
	for _, d := range v.duplicates {
		out = append(out, link{Rel: s.rel("same-statement"), Type: "text/html", HrefLang: d.Language, Title: d.Title, Href: d.URL})
	}
	out = append(out, v.roles...)
	for _, b := range v.beside {
		out = append(out, link{Rel: s.rel("related-statement"), Type: "text/html", Href: b})
	}
	for _, t := range v.translations {
		out = append(out, link{Rel: "related", Type: "text/html", HrefLang: t.Language, Title: LanguageName(t.Language), Href: t.URL})
	}
	for _, d := range v.duplicates {
		out = append(out, link{Rel: "related", Type: "text/html", HrefLang: d.Language, Title: d.Title, Href: d.URL})
	}
	for _, b := range v.beside {
		out = append(out, link{Rel: "related", Type: "text/html", Href: b})
	}
	for _, l := range v.related {
		out = append(out, link{Rel: l.Rel, Type: l.Type, HrefLang: l.HrefLang, Title: l.Title, Href: l.Href})
	}
	if v.license != "" {
		out = append(out, link{Rel: "license", Href: v.license})
	}
	return out
}

// link is atom:link, in Atom and in RSS.
type link struct {
	Rel      string `xml:"rel,attr"`
	Type     string `xml:"type,attr,omitempty"`
	HrefLang string `xml:"hreflang,attr,omitempty"`
	Length   int64  `xml:"length,attr,omitempty"`
	Title    string `xml:"title,attr,omitempty"`
	Href     string `xml:"href,attr"`
}

// thumbnail is media:thumbnail (Media RSS 1.5).
type thumbnail struct {
	URL string `xml:"url,attr"`
}

func thumbnailOf(image string) *thumbnail {
	if image == "" {
		return nil
	}
	return &thumbnail{image}
}

// inner is an element whose content is escaped already. encoding/xml cannot be
// told to leave characters out or to write the references that the RSS Profile
// wants.
type inner struct {
	Text string `xml:",innerxml"`
}

func plainText(s string) inner { return inner{escape(s, escapePlain)} }

func optional(s string) *inner {
	if s == "" {
		return nil
	}
	t := plainText(s)
	return &t
}

// asHTML gives plain text as HTML.
func asHTML(text, language string) string {
	h := html.EscapeString(text)
	if Direction(language) == "rtl" {
		h = `<div dir="rtl" lang="` + language + `">` + h + `</div>`
	}
	return h
}

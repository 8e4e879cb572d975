package render

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"communique/feeds"

	gorilla "github.com/gorilla/feeds"
)

// Entry is a statement rendered in one format, for readers of one choice of
// languages: a finished fragment that Site.Feed puts into a document. It holds
// no reference to the statement, does not change, and stays good until the
// statement's Seq or the Site changes.
type Entry struct {
	ID       feeds.StatementID
	Public   string // its id in the document
	Format   Format
	Language string // of the copy that is shown, "" when unknown
	Updated  time.Time

	// The fragment is before + full + after; within a short one, brief stands
	// where full would.
	before, full, brief, after []byte
}

// Size is the number of bytes that the entry holds in memory, for caches.
func (e *Entry) Size() int {
	return len(e.before) + len(e.full) + len(e.brief) + len(e.after) + len(e.ID) + len(e.Public) + len(e.Language)
}

// Whole gives the entry by itself, its text included.
func (e *Entry) Whole() []byte {
	return bytes.Join([][]byte{e.before, e.full, e.after}, nil)
}

func (e *Entry) fullSize() int { return len(e.before) + len(e.full) + len(e.after) + 1 }
func (e *Entry) briefSize() int {
	return len(e.before) + len(e.brief) + len(e.after) + 1
}

// Entry renders a statement. Its best copy in the first of the languages that
// there is one in is shown, else its best copy. A statement without copies
// gives an Entry without ID, which Feed leaves out.
func (s Site) Entry(format Format, st *feeds.Statement, languages ...string) (Entry, error) {
	return s.entry(format, st, false, languages)
}

// Preserved is Entry with the id that the shown copy has at its publisher, byte
// for byte. An Atom entry whose copy has no IRI for an id keeps the statement's
// (RFC 4287 §4.2.6), and so does one without any.
func (s Site) Preserved(format Format, st *feeds.Statement, languages ...string) (Entry, error) {
	return s.entry(format, st, true, languages)
}

func (s Site) entry(format Format, st *feeds.Statement, preserve bool, languages []string) (Entry, error) {
	if len(st.Copies) == 0 || st.Hidden {
		return Entry{}, nil
	}
	v := s.view(st, languages)
	if own := st.Lead(languages...).ID; preserve && own != "" && own == clean(own) && (format != FormatAtom || isIRI(own)) {
		v.id = own
	}
	e := Entry{ID: st.ID, Public: v.id, Format: format, Language: v.language, Updated: v.updated}
	var err error
	switch format {
	case FormatAtom:
		err = e.xml(s.atomEntry(v), "content", v.content)
	case FormatRSS:
		err = e.xml(s.rssItem(v), "content:encoded", v.content)
	case FormatJSON:
		err = e.json(s, v)
	default:
		err = fmt.Errorf("%q is not a format of feeds", string(format))
	}
	if err != nil {
		return Entry{}, fmt.Errorf("render statement %s: %w", st.ID, err)
	}
	return e, nil
}

// xml marshals an entry element. Its content goes past the encoder, which would
// copy it three times: the element has an empty one, found by its tag, which
// nothing else can look like as every "<" in a text is escaped.
func (e *Entry) xml(element any, tag, content string) error {
	var out bytes.Buffer
	out.Grow(headSize)
	enc := xml.NewEncoder(&out)
	enc.Indent("  ", "  ")
	if err := enc.Encode(element); err != nil {
		return err
	}
	b := out.Bytes()
	e.before = b
	if content != "" {
		from := bytes.Index(b, []byte("\n    <"+tag))
		if from < 0 {
			return fmt.Errorf("no %s in %T", tag, element)
		}
		open := bytes.IndexByte(b[from:], '>') + from + 1
		end := []byte("</" + tag + ">")
		e.full = make([]byte, 0, open-from+len(content)+len(content)/4+len(end))
		e.full = append(e.full, b[from:open]...)
		e.full = appendEscaped(e.full, content, escapeMarkup)
		e.full = append(e.full, end...)
		e.before, e.after = b[:from], b[open+len(end):]
	}
	e.before, e.after = finish(e.before), finish(e.after)
	return nil
}

// finish closes empty elements as people write them, which saves a tenth of a
// fragment (no text has a ">" that is not escaped, so none looks like one), and writes the "&" of attributes as escape does that of plain
// text: validators look for entities in titles and labels, too.
func finish(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexAny(b, `&"`)
		if i < 0 {
			break
		}
		out = append(out, b[:i]...)
		switch b = b[i:]; {
		case bytes.HasPrefix(b, []byte("&amp;")):
			out = append(out, "&#x26;"...)
			b = b[len("&amp;"):]
		case bytes.HasPrefix(b, []byte(`"></`)):
			out = append(out, `"/>`...)
			b = b[bytes.IndexByte(b[2:], '>')+3:]
		default:
			out = append(out, b[0])
			b = b[1:]
		}
	}
	return append(out, b...)
}

// Feed is FeedIn for a feed without archives.
func (s Site) Feed(format Format, f feeds.Feed, entries []Entry) ([]byte, error) {
	return s.FeedIn(format, f, entries, History{})
}

// FeedIn makes a document of entries in the given order. Those of another format,
// without ID, or with an ID or public id that came before are left out. The site
// is checked.
func (s Site) FeedIn(format Format, f feeds.Feed, entries []Entry, h History) ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("render %s.%s: %w", f.Path, format, err)
	}
	d := s.document(format, f, entries, h)
	var doc []byte
	var err error
	switch format {
	case FormatAtom:
		doc, err = d.atom()
	case FormatRSS:
		doc, err = d.rss()
	case FormatJSON:
		doc, err = d.json()
	default:
		err = errors.New("not a format of feeds")
	}
	if err != nil {
		return nil, fmt.Errorf("render %s.%s: %w", f.Path, format, err)
	}
	return doc, nil
}

// Atom renders statements as an Atom 1.0 document, newest first as given. Of
// each the copy in the feed's language is shown, else in one of the languages
// asked for, else the best.
func Atom(site Site, f feeds.Feed, sts []feeds.Statement) ([]byte, error) {
	return site.statements(FormatAtom, f, sts)
}

// RSS renders statements as an RSS 2.0 document; see Atom.
func RSS(site Site, f feeds.Feed, sts []feeds.Statement) ([]byte, error) {
	return site.statements(FormatRSS, f, sts)
}

// JSON renders statements as a JSON Feed 1.1 document; see Atom.
func JSON(site Site, f feeds.Feed, sts []feeds.Statement) ([]byte, error) {
	return site.statements(FormatJSON, f, sts)
}

func (s Site) statements(format Format, f feeds.Feed, sts []feeds.Statement) ([]byte, error) {
	entries := make([]Entry, len(sts))
	languages := Languages(f)
	for i := range sts {
		var err error
		if entries[i], err = s.entry(format, &sts[i], f.Preserve, languages); err != nil {
			return nil, err
		}
	}
	return s.Feed(format, f, entries)
}

// Languages gives the languages whose copies a feed's readers want to see, best
// first; none when any will do.
func Languages(f feeds.Feed) []string {
	var out []string
	if f.Language != "" {
		out = append(out, f.Language)
	}
	return append(append(out, f.Query.Languages...), f.Prefer...)
}

// document is a feed with what its head says, in every format.
type document struct {
	site     Site
	id       string
	title    string
	subtitle string // "" for none
	language string // of all entries, "" when they differ
	updated  time.Time
	author   feeds.Person
	rights   string
	page     string // for people
	urls     map[Format]string
	current  string // the feed's current document, or first page
	before   string // the archive document before this one, "" for none
	next     string // the page behind this one, "" for none
	history  History
	entries  []Entry
	budget   int // of the document, in bytes; 0 for the default, less for none
	private  bool
	short    int // entries from here on are without content
	size     int // of the entries, in bytes
}

// headSize is room for a document's head.
const headSize = 4 << 10

func (s Site) document(format Format, f feeds.Feed, entries []Entry, h History) *document {
	d := &document{
		site:     s,
		history:  h,
		id:       s.FeedURI(f),
		title:    or(plain(f.Title), plain(s.Title), f.Path),
		subtitle: or(plain(f.Subtitle), plain(s.Subtitle)),
		rights:   plain(s.Rights),
		page:     s.FeedURL(f.Path, "html", f.RawQuery),
		urls:     map[Format]string{},
		private:  f.Private,
		budget:   cmp.Or(f.MaxBytes, s.MaxBytes),
	}
	d.author = feeds.Person{Name: or(plain(s.Author), plain(s.Title), hostOf(s.BaseURL)), URI: or(webURL(s.AuthorURI), s.url("/"))}
	for _, other := range Formats() {
		d.urls[other] = s.PageURL(f, h.Page, string(other))
	}
	d.current = WithToken(s.FeedURL(f.Path, string(format), f.RawQuery), f.Token)
	if h.Archive > 0 {
		for _, other := range Formats() {
			d.urls[other] = s.ArchiveURL(f.Path, h.Archive, h.Per, string(other), f.RawQuery)
		}
	}
	if h.Before > 0 {
		d.before = WithToken(s.ArchiveURL(f.Path, h.Before, h.Per, string(format), f.RawQuery), f.Token)
	}
	seen := make(map[feeds.StatementID]bool, len(entries))
	// Publishers may have one id for two publications, and to readers those are
	// one entry: the newer.
	public := make(map[string]bool, len(entries))
	d.entries = make([]Entry, 0, len(entries))
	for _, e := range entries {
		if e.ID == "" || e.Format != format || seen[e.ID] || public[e.Public] {
			continue
		}
		seen[e.ID], public[e.Public] = true, true
		d.entries = append(d.entries, e)
		if e.Updated.After(d.updated) {
			d.updated = e.Updated
		}
	}
	if h.Updated.After(d.updated) {
		d.updated = h.Updated
	}
	if d.updated.IsZero() {
		d.updated = s.Since()
	}
	d.language = oneLanguage(wellFormed(f.Language), d.entries)
	d.fit()
	if h.Next != nil {
		if page := h.Next(d.entries); page != "" {
			d.next = WithToken(s.PageURL(f, page, string(format)), f.Token)
		}
	}
	return d
}

// oneLanguage gives the language of a feed: that of all its entries, or the one
// it was asked for when every entry says its own; "" when it has none.
func oneLanguage(asked string, entries []Entry) string {
	if len(entries) == 0 {
		return asked
	}
	one := entries[0].Language
	for _, e := range entries {
		if e.Language == "" {
			return ""
		}
		if e.Language != one {
			one = asked
		}
	}
	return one
}

// fit keeps the document within its budget: first the older entries
// lose their content, as few as need be, then they are left out unless the
// document has to be whole. `updated`
// stays that of the logical feed.
func (d *document) fit() {
	budget := d.budget
	if budget == 0 {
		budget = defaultMaxBytes
	}
	full, brief := 0, 0
	for i := range d.entries {
		full += d.entries[i].fullSize()
		brief += d.entries[i].briefSize()
	}
	d.short, d.size = len(d.entries), full
	if budget < 0 || full+headSize <= budget {
		return
	}
	budget -= headSize
	n := len(d.entries)
	for n > 1 && brief > budget && !d.history.Whole {
		n--
		brief -= d.entries[n].briefSize()
	}
	d.entries = d.entries[:n]
	d.short, d.size = 0, brief
	for d.short < n {
		grown := d.size + d.entries[d.short].fullSize() - d.entries[d.short].briefSize()
		if grown > budget {
			break
		}
		d.size = grown
		d.short++
	}
}

// join puts the entries into a document that has none, before the end that it
// has, with a separator between them. They are joined as bytes: gorilla's
// encoder and encoding/json would read or copy all of them once more.
func (d *document) join(head []byte, end, separator string) ([]byte, error) {
	head, ok := bytes.CutSuffix(head, []byte(end))
	if !ok {
		return nil, fmt.Errorf("the head does not end with %q", end)
	}
	b := make([]byte, 0, len(head)+d.size+len(separator)*len(d.entries)+len(end)+2)
	b = append(b, head...)
	for i := range d.entries {
		e := &d.entries[i]
		if i > 0 {
			b = append(b, separator...)
		}
		b = append(b, '\n')
		b = append(b, e.before...)
		if i < d.short {
			b = append(b, e.full...)
		} else {
			b = append(b, e.brief...)
		}
		b = append(b, e.after...)
	}
	b = append(b, end...)
	return append(b, '\n'), nil
}

// write gives an XML document as gorilla writes it.
func write(f gorilla.XmlFeed) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(headSize)
	err := gorilla.WriteXML(f, &b)
	return finish(b.Bytes()), err
}

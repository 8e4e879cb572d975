package dedup

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"communique/feeds"
)

// marks are the keys of one draft by kind; the zero Key stands for "has none".
//
// A guid or link that several items of the source have, in one document or over
// time, is shared: it names none of them. It is kept among the keys all the
// same, so that the next item that comes with it, alone in its document, is not
// taken for a correction of another.
type marks struct {
	guid, link, sourceLink, text, titleDate, content feeds.Key
	neutral                                          feeds.Key
	guidShared, linkShared                           bool
	short                                            bool // the text is one that may well be said twice
}

// list gives the keys that an item is to be found by.
func (m *marks) list() []feeds.Key {
	keys := []feeds.Key{m.guid, m.link, m.sourceLink, m.text, m.titleDate, m.content, m.neutral}
	if m.linkShared {
		keys[1] = feeds.Key{} // other sources know nothing of our sharing
	}
	return slices.DeleteFunc(keys, func(k feeds.Key) bool { return k == feeds.Key{} })
}

// names gives the keys that name this item alone.
func (m *marks) names() []feeds.Key {
	keys := []feeds.Key{m.guid, m.sourceLink, m.content}
	if m.guidShared {
		keys[0] = feeds.Key{}
	}
	if m.linkShared {
		keys[1] = feeds.Key{}
	}
	return slices.DeleteFunc(keys, func(k feeds.Key) bool { return k == feeds.Key{} })
}

// nameByContent gives an item that has no other name one of all that it says;
// it reports whether it did.
func (m *marks) nameByContent(src feeds.Source, d *feeds.Draft) bool {
	if len(m.names()) > 0 {
		return false
	}
	m.content = feeds.Key{Kind: ByContent, Hash: hash(append([]string{string(src.ID)}, allOf(d)...)...)}
	return true
}

// markOf computes the keys that the source's settings allow.
func markOf(src feeds.Source, d *feeds.Draft) marks {
	var m marks
	s := string(src.ID)
	link := d.Canonical
	if link == "" {
		link = d.Permalink
	}
	believe := func(what string) bool {
		switch src.Identity {
		case "guid", "link", "title_date", "content":
			return what == src.Identity || what == "content"
		}
		return !src.Distrusts(what)
	}
	if d.ID != "" && believe("guid") {
		m.guid = feeds.Key{Kind: ByGUID, Hash: hash(s, d.ID)}
	}
	if link != "" && !src.Distrusts("link") {
		m.link = LinkKey(link)
		if d.Neutral != "" {
			m.neutral = feeds.Key{Kind: ByNeutral, Hash: hash(d.Neutral)}
		}
		if believe("link") {
			m.sourceLink = feeds.Key{Kind: BySourceLink, Hash: hash(s, link)}
		}
	}
	if !src.Distrusts("text") {
		room := foldings.Get().(*[]byte)
		text := appendFold((*room)[:0], d.Text.Body)
		if spaces := bytes.Count(text, []byte{' '}); spaces >= minTextWords {
			m.short = spaces < longTextWords
			m.text = feeds.Key{Kind: ByText, Hash: hash([]byte(fold(d.Text.Title)), text)}
		}
		if *room = text; cap(text) <= 1<<17 { // a huge one is not kept
			foldings.Put(room)
		}
	}
	if title := fold(d.Title); title != "" && !d.Published.IsZero() && (believe("title_date") || src.Identity == "") {
		m.titleDate = feeds.Key{Kind: ByTitleDate, Hash: hash(s, title, d.Published.Format(time.DateOnly))}
	}
	return m
}

// foldings are buffers for texts.
var foldings = sync.Pool{New: func() any { return new([]byte) }}

// minTextWords is how long a text must be for equality to mean something: what
// is shorter ("Read the statement in full on our site") is said by anyone.
const minTextWords = 12

// longTextWords is how long a text must be for equality to mean something
// whatever the dates: what is shorter ("The weekly report is out, in three
// languages") is said anew every week.
const longTextWords = 60

// share notes the guids and links that several different items of one document
// have: a feed whose guids are all its home page, or a list of answers that all
// link to one page.
func share(drafts []feeds.Draft, ms []marks) {
	shared := func(key func(*marks) feeds.Key, same func(a, b int) bool, mark func(*marks)) {
		first, several := map[feeds.Key]int{}, map[feeds.Key]bool{}
		for i := range ms {
			k := key(&ms[i])
			if k == (feeds.Key{}) {
				continue
			}
			if f, held := first[k]; !held {
				first[k] = i
			} else if !same(f, i) {
				several[k] = true
			}
		}
		for i := range ms {
			if several[key(&ms[i])] {
				mark(&ms[i])
			}
		}
	}
	shared(func(m *marks) feeds.Key { return m.guid },
		func(a, b int) bool { return !unlike(&drafts[a], &drafts[b]) },
		func(m *marks) { m.guidShared = true })
	shared(func(m *marks) feeds.Key { return m.link },
		func(a, b int) bool {
			x, y := &drafts[a], &drafts[b]
			if x.ID != "" && x.ID == y.ID {
				return !unlike(x, y)
			}
			if fold(x.Title) != fold(y.Title) {
				return false
			}
			return sameText(x, y) || (x.ID == "" || y.ID == "") && !otherDate(x.Published, y.Published)
		},
		func(m *marks) { m.linkShared = true })
	shared(func(m *marks) feeds.Key { return m.titleDate },
		func(a, b int) bool { return drafts[a].ID == drafts[b].ID && drafts[a].Link == drafts[b].Link },
		func(m *marks) { m.titleDate = feeds.Key{} })
}

// NewestFirst lets the newest state of an item that a document holds several
// states of stand where the first of them does: the first is taken, and they are
// one entry (RFC 4287 §4.1.1). A date of the future is not believed.
func NewestFirst(drafts []feeds.Draft, now time.Time) {
	first := map[string]int{}
	at := func(d *feeds.Draft) time.Time {
		if t := cmp.Or(d.Updated, d.Published); !t.After(now) {
			return t
		}
		return time.Time{}
	}
	for i := range drafts {
		d := &drafts[i]
		if d.ID == "" {
			continue
		}
		f, held := first[d.ID]
		switch {
		case !held:
			first[d.ID] = i
		case !unlike(&drafts[f], d) && !at(&drafts[f]).IsZero() && at(d).After(at(&drafts[f])):
			drafts[f], drafts[i] = drafts[i], drafts[f]
		}
	}
}

// unlike reports whether two items of one document with one guid are two items
// and not two states of one: they differ in link or title, and in one more of
// link, title, text and date; and when they are of one moment, in both link and
// title.
func unlike(a, b *feeds.Draft) bool {
	link, title := a.Link != b.Link, fold(a.Title) != fold(b.Title)
	if link && title || !link && !title {
		return link
	}
	return !sameDate(a.Published, b.Published) && (otherDate(a.Published, b.Published) || !sameText(a, b))
}

func sameText(a, b *feeds.Draft) bool { return fold(a.Text.Body) == fold(b.Text.Body) }

// Keep gives the keys of an item that has changed, with those that it was found
// by before: who has the old text or link still finds it, and a new item under
// an old link or guid is known to be another. Their number stays bounded.
func Keep(now, before []feeds.Key) []feeds.Key {
	const most = 24
	out := slices.Clone(now)
	for _, kinds := range []string{string(ByGUID) + string(ByLink) + string(BySourceLink), string(ByText)} {
		for _, k := range before {
			if len(out) < most && strings.IndexByte(kinds, k.Kind) >= 0 && !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// allOf gives everything that could tell one item from another.
func allOf(d *feeds.Draft) []string {
	all := []string{fold(d.Title), fold(d.Text.Body), d.Link, d.ID}
	for _, e := range d.Enclosures {
		all = append(all, e.URL)
	}
	return all
}

// hash gives 64 bits of the parts, which it keeps apart.
func hash[S string | []byte](parts ...S) uint64 {
	h := sha256.New()
	var room [512]byte
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(room[:0], uint64(len(p))))
		for len(p) > 0 {
			n := copy(room[:], p)
			h.Write(room[:n])
			p = p[n:]
		}
	}
	return binary.BigEndian.Uint64(h.Sum(room[:0]))
}

// fold gives the words of a text in lower case, with one space between them:
// what is left of a text when its layout and punctuation do not count. The
// numbers stay, since they tell editions apart.
func fold(s string) string { return string(appendFold(make([]byte, 0, len(s)+len(s)/8), s)) }

// appendFold is fold into a buffer that is empty.
func appendFold(b []byte, s string) []byte {
	gap := false
	for i := 0; i < len(s); {
		c := folded[s[i]]
		if c != 0 && c != other {
			if gap && len(b) > 0 {
				b = append(b, ' ')
			}
			gap = false
			for { // to the end of the word, as a rule
				b = append(b, c)
				if i++; i == len(s) {
					return b
				}
				if c = folded[s[i]]; c == 0 || c == other {
					break
				}
			}
		}
		if c == 0 {
			gap = true
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r = lowered(r); r < 0 {
			gap = true
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		b = utf8.AppendRune(b, r)
	}
	return b
}

// lowered gives a letter, mark or digit in lower case, -1 for what only parts
// words.
func lowered(r rune) rune {
	if int(r) < len(lower) {
		return rune(lower[r])
	}
	if !unicode.In(r, unicode.L, unicode.N, unicode.M) {
		return -1
	}
	return unicode.ToLower(r)
}

// lower holds the answers for the scripts below U+0800.
var lower = func() (t [0x800]int16) {
	for r := range t {
		t[r] = -1
		if c := rune(r); unicode.In(c, unicode.L, unicode.N, unicode.M) {
			if c = unicode.ToLower(c); c > 1<<15-1 {
				panic("no letter below U+0800 is so far from its small form")
			}
			t[r] = int16(c)
		}
	}
	return t
}()

// other marks the bytes of what is not ASCII.
const other = 0xFF

// folded gives for each byte the one to write, 0 for what only parts words.
var folded = func() (t [256]byte) {
	for c := range t {
		switch {
		case c >= utf8.RuneSelf:
			t[c] = other
		case 'A' <= c && c <= 'Z':
			t[c] = byte(c) | 0x20
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			t[c] = byte(c)
		}
	}
	return t
}()

// LinkKey is the key under which items with a canonical link are found.
func LinkKey(canonical string) feeds.Key { return feeds.Key{Kind: ByLink, Hash: hash(canonical)} }

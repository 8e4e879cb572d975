package dedup

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"communique/feeds"
)

// marks are the keys of one draft by kind; the zero Key stands for "has none".
type marks struct {
	guid, link, sourceLink, text, titleDate, content feeds.Key
	linkShared                                       bool // several items of the document have this link, so it identifies none
	guidShared                                       bool
}

func (m *marks) list() []feeds.Key {
	out := make([]feeds.Key, 0, 6)
	for _, k := range []feeds.Key{m.guid, m.link, m.sourceLink, m.text, m.titleDate, m.content} {
		if k != (feeds.Key{}) {
			out = append(out, k)
		}
	}
	return out
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
		if believe("link") {
			m.sourceLink = feeds.Key{Kind: BySourceLink, Hash: hash(s, link)}
		}
	}
	if text := fold(d.Text.Body); strings.Count(text, " ") >= minTextWords {
		m.text = feeds.Key{Kind: ByText, Hash: hash(fold(d.Text.Title), text)}
	}
	if title := fold(d.Title); title != "" && !d.Published.IsZero() && (believe("title_date") || src.Identity == "") {
		m.titleDate = feeds.Key{Kind: ByTitleDate, Hash: hash(s, title, d.Published.Format(time.DateOnly))}
	}
	return m
}

// minTextWords is how long a text must be for equality to mean something: what
// is shorter ("Read the statement in full on our site") is said by anyone.
const minTextWords = 12

// dropShared takes away guids and links that several different items of one
// document have: a feed whose guids are all its home page, or a list of
// answers that all link to one page.
func dropShared(drafts []feeds.Draft, ms []marks) {
	type holder struct {
		first  int
		shared bool
	}
	shared := func(key func(*marks) feeds.Key, same func(a, b *feeds.Draft) bool, mark func(*marks)) {
		held := map[feeds.Key]*holder{}
		for i := range ms {
			k := key(&ms[i])
			if k == (feeds.Key{}) {
				continue
			}
			if h := held[k]; h == nil {
				held[k] = &holder{first: i}
			} else if !same(&drafts[h.first], &drafts[i]) {
				h.shared = true
			}
		}
		for i := range ms {
			if h := held[key(&ms[i])]; h != nil && h.shared {
				mark(&ms[i])
			}
		}
	}
	shared(func(m *marks) feeds.Key { return m.guid },
		func(a, b *feeds.Draft) bool { return a.Link == b.Link || fold(a.Title) == fold(b.Title) },
		func(m *marks) { m.guidShared = true })
	shared(func(m *marks) feeds.Key { return m.link },
		func(a, b *feeds.Draft) bool { return a.ID == b.ID || fold(a.Title) == fold(b.Title) },
		func(m *marks) { m.linkShared = true })
	shared(func(m *marks) feeds.Key { return m.titleDate },
		func(a, b *feeds.Draft) bool { return a.ID == b.ID && a.Link == b.Link },
		func(m *marks) { m.titleDate = feeds.Key{} })
	for i := range ms {
		m := &ms[i]
		if m.guidShared {
			m.guid = feeds.Key{}
		}
		if m.linkShared {
			m.link, m.sourceLink = feeds.Key{}, feeds.Key{}
		}
	}
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
func hash(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// fold gives the words of a text in lower case, with one space between them:
// what is left of a text when its layout and punctuation do not count. The
// numbers stay, since they tell editions apart.
func fold(s string) string {
	b := make([]byte, 0, len(s)+len(s)/8)
	gap := false
	for i := 0; i < len(s); {
		c := folded[s[i]]
		switch {
		case c == other: // not ASCII
			r, n := utf8.DecodeRuneInString(s[i:])
			i += n
			if !unicode.In(r, unicode.L, unicode.N, unicode.M) {
				gap = true
				continue
			}
			if gap && len(b) > 0 {
				b = append(b, ' ')
			}
			gap = false
			b = utf8.AppendRune(b, unicode.ToLower(r))
			continue
		case c == 0:
			gap = true
			i++
			continue
		}
		if gap && len(b) > 0 {
			b = append(b, ' ')
		}
		gap = false
		b = append(b, c)
		i++
	}
	return string(b)
}

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

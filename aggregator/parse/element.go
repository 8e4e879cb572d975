package parse

import (
	"net/url"
	"strings"
)

// tag is a start tag as written.
type tag struct {
	prefix string
	local  string // lower case
	name   string // with prefix, as written
	attrs  []attr
	empty  bool // "/>"
	start  int  // place of its "<"
	end    int  // place after the tag
}

// attr is an attribute; its value is decoded.
type attr struct{ name, value string }

// maxAttrs is how many attributes of an element are read.
const maxAttrs = 200

// attr gives the value of an attribute by its lower-case name.
func (t *tag) attr(name string) string { return attribute(t.attrs, name) }

func attribute(attrs []attr, name string) string {
	for _, a := range attrs {
		if strings.EqualFold(a.name, name) {
			return a.value
		}
	}
	return ""
}

// context is what an element inherits: namespaces, base and language.
type context struct {
	scope *scope
	base  string // resolved as far as the document's own URL allows; "" when nobody said
	lang  string // "" when nobody said, "und" when xml:lang="" took it back
}

// enter gives the context inside of an element with these attributes.
func (c context) enter(attrs []attr, notes *noteList) context {
	if len(attrs) == 0 {
		return c
	}
	c.scope = declare(c.scope, attrs, notes)
	for _, a := range attrs {
		switch a.name {
		case "xml:base":
			c.base = join(c.base, a.value)
		case "xml:lang":
			c.lang = strings.TrimSpace(a.value)
			if c.lang == "" {
				c.lang = "und" // taken back (XML 1.0 §2.12), which is not the same as unsaid
			}
		}
	}
	return c
}

// join resolves a reference against a base (RFC 3986 §5), each of which may be
// missing or broken.
func join(base, ref string) string {
	ref = strings.TrimSpace(ref)
	if base == "" || ref == "" {
		return base + ref
	}
	b, err := url.Parse(base)
	if err != nil {
		return ref
	}
	r, err := url.Parse(ref)
	if err != nil {
		return base
	}
	return b.ResolveReference(r).String()
}

// element is a child element as it stands in the text.
type element struct {
	vocab    vocab
	local    string // lower case
	attrs    []attr
	inner    string // between the tags, as written
	unclosed bool   // its end tag is missing: inner is a guess
	context         // inside of the element
}

func (e *element) attr(name string) string { return attribute(e.attrs, name) }

// is reports whether e is the named element of the vocabulary.
func (e *element) is(v vocab, local string) bool { return e.vocab == v && e.local == local }

// reader reads the elements of one document.
type reader struct {
	home     vocab             // what elements without a prefix are: native or atom
	entities map[string]string // declared in the internal subset
	notes    *noteList
	searches int // for end tags that are not there
}

// maxSearches is how many end tags of a document are searched for to the end
// of their range in vain. After that they are believed to be near, so that
// reading takes no more than linear time.
const maxSearches = 64

// children calls yield with each child element of a range until it says false.
// The range may be anything: end tags without a start and text are passed
// over, a missing end tag ends the element where the next known one begins.
func (r *reader) children(inner string, c context, yield func(*element) bool) {
	k := &skipper{text: inner, notes: r.notes}
	for i := 0; ; {
		i = k.next(i)
		if i < 0 {
			return
		}
		if inner[i+1] == '/' {
			i = endOfTag(inner, i) // closes nothing that we know of
			continue
		}
		t, ok := readTag(inner, i)
		if !ok {
			i++
			continue
		}
		e := r.element(t, c)
		i = t.end
		if !t.empty {
			e.inner, i, e.unclosed = r.until(k, t)
		}
		if !yield(e) {
			return
		}
	}
}

// element makes an element of its start tag.
func (r *reader) element(t tag, c context) *element {
	e := &element{local: t.local, attrs: t.attrs, context: c.enter(t.attrs, r.notes)}
	for i := range e.attrs {
		e.attrs[i].value = r.decode(e.attrs[i].value)
	}
	_, e.vocab = e.scope.lookup(t.prefix)
	if r.home == atom && e.vocab == native {
		e.vocab = atom
	}
	return e
}

// until gives the inner of the element whose start tag is t, the place after
// its end tag, and whether that had to be guessed.
func (r *reader) until(k *skipper, t tag) (inner string, after int, guessed bool) {
	text := k.text
	depth := 0
	limit := len(text)
	if r.searches > maxSearches {
		limit = min(limit, t.end+4096)
	}
	for i := t.end; ; {
		i = k.next(i)
		if i < 0 || i > limit {
			break
		}
		if text[i+1] == '/' {
			if hasNameFold(text[i+2:], t.name) {
				if depth == 0 {
					return text[t.end:i], endOfTag(text, i), false
				}
				depth--
			}
			i += 2
			continue
		}
		if hasNameFold(text[i+1:], t.name) {
			if n, ok := readTag(text, i); ok && !n.empty {
				depth++
			}
		}
		i++
	}
	r.searches++
	if container[t.local] {
		return text[t.end:], len(text), true
	}
	r.notes.addf("<%s> without its end tag", clip(t.name))
	for i := t.end; ; i++ {
		i = k.next(i)
		if i < 0 {
			return text[t.end:], len(text), true
		}
		if name := nameAt(text, i); known[name] || strings.IndexByte(name, ':') >= 0 {
			return text[t.end:i], i, true
		}
	}
}

// container names the elements whose missing end tag is at the end.
var container = map[string]bool{"rss": true, "rdf": true, "channel": true, "feed": true, "item": true, "entry": true}

// known names the elements that a missing end tag is guessed before. HTML has
// elements of the same names, but titles and links in a page's head are not
// what a description holds.
var known = map[string]bool{
	"title": true, "link": true, "description": true, "guid": true, "pubdate": true, "author": true, "category": true, "comments": true,
	"enclosure": true, "source": true, "id": true, "updated": true, "published": true, "summary": true, "content": true, "rights": true,
	"contributor": true, "language": true, "copyright": true, "generator": true, "image": true, "lastbuilddate": true, "ttl": true,
	"managingeditor": true, "webmaster": true, "docs": true, "item": true, "entry": true, "channel": true, "subtitle": true, "tagline": true,
	"issued": true, "modified": true, "created": true, "encoded": true, "creator": true, "date": true, "subject": true,
}

// nameAt gives the qualified name of the tag at s[i] == '<' in lower case.
func nameAt(s string, i int) string {
	i++
	if i < len(s) && s[i] == '/' {
		i++
	}
	j := i
	for j < len(s) && j < i+64 && isNameChar(s[j]) {
		j++
	}
	return lower(s[i:j])
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isNameChar(c byte) bool {
	return isNameStart(c) || c >= '0' && c <= '9' || c == '-' || c == '.' || c == ':'
}

// readTag reads the start tag at s[i] == '<'. It forgives attributes without
// quotes, without values and without white space between them. It is not ok
// when there is no name or no ">".
func readTag(s string, i int) (t tag, ok bool) {
	j := i + 1
	if j >= len(s) || !isNameStart(s[j]) {
		return t, false
	}
	for j < len(s) && isNameChar(s[j]) {
		j++
	}
	t.start, t.name = i, s[i+1:j]
	if t.prefix, t.local, ok = strings.Cut(t.name, ":"); !ok {
		t.prefix, t.local = "", t.name
	}
	t.local = lower(t.local)
	for j < len(s) {
		switch c := s[j]; {
		case c == '>':
			t.end = j + 1
			return t, true
		case c == '/':
			if j+1 < len(s) && s[j+1] == '>' {
				t.empty, t.end = true, j+2
				return t, true
			}
			j++
		case c == '<': // the ">" is missing
			return t, false
		case isNameChar(c):
			var a attr
			a, j = readAttr(s, j)
			if len(t.attrs) < maxAttrs {
				t.attrs = append(t.attrs, a)
			}
		default:
			j++
		}
	}
	return t, false
}

// readAttr reads the attribute at s[i]; its value is as written.
func readAttr(s string, i int) (a attr, after int) {
	j := i
	for j < len(s) && isNameChar(s[j]) {
		j++
	}
	a.name = s[i:j]
	k := j
	for k < len(s) && isSpace(s[k]) {
		k++
	}
	if k >= len(s) || s[k] != '=' {
		return a, j
	}
	k++
	for k < len(s) && isSpace(s[k]) {
		k++
	}
	if k >= len(s) {
		return a, k
	}
	if q := s[k]; q == '"' || q == '\'' {
		if n := strings.IndexByte(s[k+1:], q); n >= 0 {
			a.value = s[k+1 : k+1+n]
			return a, k + n + 2
		}
		k++
	}
	end := k
	for end < len(s) && !isSpace(s[end]) && s[end] != '>' {
		end++
	}
	if end > k && s[end-1] == '/' && end < len(s) && s[end] == '>' {
		end--
	}
	a.value = s[k:end]
	return a, end
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// lower is strings.ToLower, which does not allocate for what is lower case, for
// names.
func lower(s string) string {
	switch s {
	case "pubDate":
		return "pubdate"
	case "lastBuildDate":
		return "lastbuilddate"
	case "origLink":
		return "origlink"
	case "managingEditor":
		return "managingeditor"
	}
	return strings.ToLower(s)
}

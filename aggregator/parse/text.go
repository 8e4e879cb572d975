package parse

import (
	"encoding/base64"
	"html"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// text gives the character data of a range: entities decoded, CDATA sections
// as they are, comments and processing instructions left out. Tags are left
// out too, their text is kept.
func (r *reader) text(inner string) string { return r.undouble(r.characters(inner)) }

func (r *reader) characters(inner string) string {
	if strings.IndexByte(inner, '<') < 0 {
		return r.decode(inner)
	}
	if mid, ok := strings.CutPrefix(strings.TrimSpace(inner), "<![CDATA["); ok {
		if i := strings.Index(mid, "]]>"); i >= 0 && i+3 == len(mid) {
			return mid[:i]
		}
	}
	var out strings.Builder
	out.Grow(len(inner))
	r.walk(inner, func(kind tokenKind, s string) {
		switch kind {
		case charData:
			out.WriteString(r.decode(s))
		case cdata:
			out.WriteString(s)
		}
	})
	return out.String()
}

// undouble decodes a text that was encoded as UTF-8 twice ("cafÃ©"), as
// publishers do who take UTF-8 for windows-1252 and convert it. It is one when
// every character beyond ASCII is of windows-1252, and the octets that they
// stand for there are UTF-8: the odds of that in any other text are small, and
// fall with every such character.
func (r *reader) undouble(s string) string {
	first := strings.IndexByte(s, 0xc3)
	if first < 0 || first+2 >= len(s) || s[first+1] < 0x82 || s[first+1] > 0xb4 || s[first+2] < 0x80 {
		return s
	}
	out := make([]byte, 0, len(s))
	for _, c := range s {
		b, ok := charmap.Windows1252.EncodeRune(c)
		if !ok {
			if c > 0xff { // 0x81, 0x8d, … have no character, and stand for themselves
				return s
			}
			b = byte(c)
		}
		out = append(out, b)
	}
	if !utf8.Valid(out) || illegal(string(out)) >= 0 {
		return s
	}
	r.notes.add("a text that was encoded twice was decoded")
	return string(out)
}

type tokenKind uint8

const (
	charData tokenKind = iota // as written, with entities
	cdata                     // between the brackets
	startTag                  // "<…>"
	endTag                    // "</…>"
)

// walk calls f with the tokens of a range in order.
func (r *reader) walk(inner string, f func(kind tokenKind, s string)) {
	k := &skipper{text: inner, notes: r.notes}
	from := 0
	flush := func(to int) {
		if to > from {
			f(charData, inner[from:to])
		}
	}
	for i := 0; ; {
		n := strings.IndexByte(inner[min(i, len(inner)):], '<')
		if n < 0 {
			flush(len(inner))
			return
		}
		i += n
		if i+1 >= len(inner) {
			flush(len(inner))
			return
		}
		switch c := inner[i+1]; {
		case c == '!' || c == '?':
			after := k.skip(i)
			flush(i)
			if s := inner[i:after]; strings.HasPrefix(s, "<![CDATA[") {
				f(cdata, strings.TrimSuffix(s[9:], "]]>"))
			}
			i, from = after, after
		case c == '/' && i+2 < len(inner) && isNameStart(inner[i+2]):
			flush(i)
			after := endOfTag(inner, i)
			f(endTag, inner[i:after])
			i, from = after, after
		case isNameStart(c):
			t, ok := readTag(inner, i)
			if !ok {
				r.notes.add("a < that opens no tag was taken for text")
				i++
				continue
			}
			flush(i)
			f(startTag, inner[i:t.end])
			i, from = t.end, t.end
		default:
			r.notes.add("a < that opens no tag was taken for text")
			i++
		}
	}
}

// hasMarkup reports whether a range holds elements.
func (r *reader) hasMarkup(inner string) bool {
	if strings.IndexByte(inner, '<') < 0 {
		return false
	}
	k := &skipper{text: inner, notes: r.notes}
	for i := 0; ; i++ {
		if i = k.next(i); i < 0 {
			return false
		}
		if inner[i+1] != '/' {
			if _, ok := readTag(inner, i); ok {
				return true
			}
		}
	}
}

// maxEntity is how far from its "&" the ";" of an entity may be.
const maxEntity = 40

// decode resolves character references and entities: those of XML and HTML,
// and those that the document type declares. A "&" that begins none is text.
func (r *reader) decode(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var out strings.Builder
	out.Grow(len(s))
	for i >= 0 {
		out.WriteString(s[:i])
		s = s[i:]
		n := strings.IndexByte(s[:min(len(s), maxEntity)], ';')
		value, ok := "", false
		if n > 1 {
			value, ok = r.entity(s[1:n])
		}
		if ok {
			out.WriteString(value)
			s = s[n+1:]
		} else {
			r.notes.add("a & that begins no entity was taken for text")
			out.WriteByte('&')
			s = s[1:]
		}
		i = strings.IndexByte(s, '&')
	}
	out.WriteString(s)
	return out.String()
}

// entity gives what a reference stands for, without its "&" and ";".
func (r *reader) entity(name string) (string, bool) {
	switch name {
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "amp":
		return "&", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	case "nbsp":
		return "\u00a0", true
	case "lang": // in the DTDs of RSS 0.91 and XHTML 1.0; HTML 5 moved them
		return "\u2329", true
	case "rang":
		return "\u232a", true
	}
	if v, ok := r.entities[name]; ok {
		return v, true
	}
	for i := 0; i < len(name); i++ {
		if !isNameChar(name[i]) && name[i] != '#' {
			return "", false
		}
	}
	// html.UnescapeString knows all names and the windows-1252 meanings of
	// &#128; to &#159;, but also resolves the beginning of a name.
	ref := "&" + name + ";"
	v := html.UnescapeString(ref)
	if v == ref || strings.HasSuffix(v, ";") {
		return "", false
	}
	if illegal(v) >= 0 {
		return "", true
	}
	return v, true
}

// declaredEntities reads the general entities of an internal subset whose
// value is written there. References inside of a value are resolved one level
// deep and to characters only, so nothing can grow.
func declaredEntities(subset string, notes *noteList) map[string]string {
	const maxEntities, maxValue = 256, 1024
	var out map[string]string
	plain := &reader{notes: &noteList{}}
	for len(out) < maxEntities {
		_, after, ok := strings.Cut(subset, "<!ENTITY")
		if !ok {
			break
		}
		subset = after
		decl := strings.TrimLeft(after[:min(len(after), maxValue+200)], " \t\r\n")
		name, rest, ok := strings.Cut(decl, " ")
		if !ok || name == "%" || name == "" {
			continue
		}
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			notes.add("an external entity was not read")
			continue
		}
		value, _, ok := strings.Cut(rest[1:], rest[:1])
		if !ok || len(value) > maxValue {
			notes.add("an entity that is too long was not read")
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		if _, twice := out[name]; !twice { // the first one binds (XML 1.0 §4.2)
			out[name] = plain.decode(value)
		}
	}
	return out
}

// maxMarkupDepth is how deep elements may be nested in a text.
const maxMarkupDepth = 256

// markup gives a range with elements as HTML: prefixes and namespace
// declarations taken off, CDATA sections escaped, comments left out.
// In a text that is HTML anyway, CDATA sections are too.
func (r *reader) markup(inner string, c context, cdataIsHTML bool) string {
	var out strings.Builder
	out.Grow(len(inner))
	depth := 0
	r.walk(inner, func(kind tokenKind, s string) {
		switch kind {
		case charData:
			out.WriteString(r.safeText(s))
		case cdata:
			if !cdataIsHTML {
				s = html.EscapeString(s)
			}
			out.WriteString(s)
		case startTag:
			t, _ := readTag(s, 0)
			if depth >= maxMarkupDepth {
				r.notes.addf("markup deeper than %d elements was flattened", maxMarkupDepth)
				if !t.empty {
					depth++
				}
				return
			}
			r.writeTag(&out, t)
			if void[t.local] {
				return
			}
			if t.empty {
				out.WriteString("</" + t.local + ">")
			} else {
				depth++
			}
		case endTag:
			name := strings.TrimRight(strings.TrimSpace(strings.TrimSuffix(s[2:], ">")), " \t\r\n")
			if _, local, ok := strings.Cut(name, ":"); ok {
				name = local
			}
			name = lower(name)
			if void[name] {
				return
			}
			if depth > 0 {
				depth--
			}
			if depth < maxMarkupDepth {
				out.WriteString("</" + name + ">")
			}
		}
	})
	return out.String()
}

// void names the elements of HTML that have no end tag.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true, "link": true,
	"meta": true, "param": true, "source": true, "track": true, "wbr": true,
}

func (r *reader) writeTag(out *strings.Builder, t tag) {
	out.WriteByte('<')
	out.WriteString(t.local)
	for _, a := range t.attrs {
		name := a.name
		switch {
		case name == "xmlns" || strings.HasPrefix(name, "xmlns:"):
			continue
		case name == "xml:lang":
			name = "lang"
		case strings.HasPrefix(name, "xml:"):
			continue
		}
		out.WriteByte(' ')
		out.WriteString(name)
		out.WriteString(`="`)
		out.WriteString(html.EscapeString(r.decode(a.value)))
		out.WriteByte('"')
	}
	out.WriteByte('>')
}

// safeText gives character data of XML as that of HTML: declared entities are
// resolved, the rest reads the same in both.
func (r *reader) safeText(s string) string {
	if strings.IndexByte(s, '&') < 0 && strings.IndexByte(s, '<') < 0 {
		return s
	}
	return html.EscapeString(r.decode(s))
}

// unwrap gives the inner of the one <div> that an XHTML text construct is
// wrapped in (RFC 4287 §3.1.1.3), and its context.
func (r *reader) unwrap(inner string, c context) (string, context) {
	var div *element
	n := 0
	r.children(inner, c, func(e *element) bool {
		if n++; n == 1 && e.local == "div" && !e.unclosed {
			div = e
		}
		return n < 2
	})
	if div == nil || n != 1 {
		return inner, c
	}
	if i := strings.IndexByte(inner, '<'); strings.TrimSpace(inner[:i]) != "" || !strings.HasSuffix(strings.TrimSpace(inner), ">") {
		return inner, c
	}
	return div.inner, div.context
}

// unbase64 decodes what says that it is Base64; what is not stays as it is.
func unbase64(s string) (string, bool) {
	s = strings.Join(strings.Fields(s), "")
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=")); err != nil {
			return s, false
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), true
}

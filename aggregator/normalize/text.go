package normalize

import (
	"html"
	"strings"
	"unicode"

	"golang.org/x/net/html/atom"

	"communique/feeds"
)

// content gives a text construct as sanitised HTML and as words. A text whose
// format does not say what it is (RSS) is looked at: with tags of HTML in it,
// it is HTML; else it is plain text in which entities may be written, since
// most publishers of plain text escape it once too often.
func (n *Normalizer) content(t feeds.Text, b base, page string) markup {
	b = b.within(t.Base)
	value := strings.TrimSpace(t.Value)
	if value == "" {
		return markup{}
	}
	switch {
	case t.Type == "text":
		return n.plain(value)
	case t.Type == "" && hasTags(value), t.Type != "" && strings.IndexByte(value, '<') >= 0:
		return n.clean(value, b, page)
	}
	return n.plain(html.UnescapeString(value))
}

// line makes HTML of plain text as it is.
func (n *Normalizer) line(s string) markup {
	s = validUTF8(s)
	text := endParagraph(appendFolded(make([]byte, 0, len(s)), s))
	return markup{escaped(s), strings.TrimSuffix(string(text), "\n")}
}

// plain makes HTML of plain text: paragraphs are what stands between blank
// lines.
func (n *Normalizer) plain(s string) markup {
	s = strings.TrimSpace(validUTF8(s))
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	var text []byte
	for para := range strings.SplitSeq(s, "\n") {
		text = endParagraph(appendFolded(text, para))
	}
	paragraphs := splitParagraphs(s)
	if len(paragraphs) == 1 {
		return markup{escaped(paragraphs[0]), strings.TrimSuffix(string(text), "\n")}
	}
	var out strings.Builder
	for i, para := range paragraphs {
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString("<p>" + escaped(para) + "</p>")
	}
	return markup{out.String(), strings.TrimSuffix(string(text), "\n")}
}

// escaped gives plain text as HTML.
func escaped(s string) string {
	return strings.TrimSpace(unquote(string(appendEscaped(make([]byte, 0, len(s)+16), s))))
}

// splitParagraphs cuts at blank lines.
func splitParagraphs(s string) []string {
	if !strings.Contains(s, "\n") {
		return []string{s}
	}
	var out []string
	from, blank := 0, true
	flush := func(to int) {
		if p := strings.TrimSpace(s[from:to]); p != "" {
			out = append(out, p)
		}
		from = to
	}
	at := 0
	for line := range strings.SplitSeq(s, "\n") {
		if empty := strings.TrimSpace(line) == ""; empty != blank {
			if empty {
				flush(at)
			}
			blank = empty
		}
		at += len(line) + 1
	}
	flush(len(s))
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// title gives a text construct as plain text in one line. Markup goes, its
// words stay; entities are decoded once, never again. In a title whose format
// does not say what it is, only tags of HTML are markup: "Map<K, V> in Go"
// stays as it is.
func title(t feeds.Text) string {
	value := validUTF8(t.Value)
	switch t.Type {
	case "text":
		return foldLine(value)
	case "html", "xhtml":
		return foldLine(plainWords(value, false))
	}
	return foldLine(plainWords(value, true))
}

// name gives a person's or a category's name as plain text.
func name(s string) string { return title(feeds.Text{Value: s}) }

// plainWords takes the markup out of a short text and decodes entities. It
// reads tags one by one, since titles are cut by CMSs in the middle of any
// element. With known set, what only looks like a tag stays.
func plainWords(s string, known bool) string {
	if strings.IndexByte(s, '<') < 0 {
		return html.UnescapeString(s)
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		b.WriteString(html.UnescapeString(s[:i]))
		s = s[i:]
		if rest, ok := strings.CutPrefix(s, "<![CDATA["); ok {
			text, after, _ := strings.Cut(rest, "]]>")
			b.WriteString(text)
			s = after
			continue
		}
		tag, end, length := readTag(s)
		if length == 0 || known && tag == "" && !strings.HasPrefix(s, "<!--") {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		s = s[length:]
		r := elements[atom.Lookup([]byte(tag))]
		if r.block || r.line {
			b.WriteByte(' ')
		}
		// The content of a script is no title. Without an end there is no more.
		if r.drop && !end && (tag == "script" || tag == "style" || tag == "template") {
			if j := indexFold(s, "</"+tag); j >= 0 {
				s = s[j:]
			} else {
				s = ""
			}
		}
	}
	b.WriteString(html.UnescapeString(s))
	return b.String()
}

func indexFold(s, lower string) int { return strings.Index(strings.ToLower(s), lower) }

// readTag reads the tag or comment that s starts with: its name in lower case
// ("" when it is none of HTML's), whether it is an end tag, and its length, 0
// when s starts with no tag.
func readTag(s string) (tag string, end bool, length int) {
	if rest, ok := strings.CutPrefix(s, "<!--"); ok {
		// Browsers end a comment at "-->", and a broken one at "--!>"; "sa<!--
		// -- x >fe" of old feeds is ended by the ">" when no "-->" follows.
		if i := strings.Index(rest, "-->"); i >= 0 {
			return "", false, 4 + i + 3
		}
		if i := strings.IndexByte(rest, '>'); i >= 0 {
			return "", false, 4 + i + 1
		}
		return "", false, len(s)
	}
	i := 1
	if i < len(s) && s[i] == '/' {
		end = true
		i++
	}
	if i < len(s) && (s[i] == '!' || s[i] == '?') && !end {
		if j := strings.IndexByte(s, '>'); j >= 0 {
			return "", false, j + 1
		}
		return "", false, 0
	}
	from := i
	for i < len(s) && ('a' <= s[i]|0x20 && s[i]|0x20 <= 'z' || i > from && ('0' <= s[i] && s[i] <= '9' || s[i] == '-' || s[i] == ':')) {
		i++
	}
	if i == from || i-from > 30 {
		return "", false, 0
	}
	name := strings.ToLower(s[from:i])
	if i < len(s) && s[i] != '>' && s[i] != '/' && !isSpace(s[i]) {
		name = ""
	}
	quote := byte(0)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		case c == '>':
			if !isElementName(name) {
				name = ""
			}
			return name, end, i + 1
		case c == '<':
			return "", end, 0
		}
	}
	return "", end, 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// isElementName reports whether name is an element of HTML, past or present.
func isElementName(name string) bool {
	if name == "" {
		return false
	}
	if _, ok := elements[atom.Lookup([]byte(name))]; ok {
		return true
	}
	switch name {
	case "html", "head", "body", "blink", "nobr", "label", "textarea", "optgroup", "output", "progress", "meter", "canvas", "map", "math", "noscript",
		"isindex", "basefont", "bgsound", "legend", "plaintext", "xmp", "portal", "slot", "image", "command", "multicol", "spacer", "layer", "ilayer", "xml", "search", "amp-img":
		return true
	}
	return false
}

// hasTags reports whether a text whose format nobody says holds markup.
func hasTags(s string) bool {
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '<')
		if n < 0 {
			return false
		}
		i += n
		if tag, _, length := readTag(s[i:]); tag != "" || length > 0 && (strings.HasPrefix(s[i:], "<!--") || strings.HasPrefix(s[i:], "<![CDATA[")) {
			return true
		}
		i++
	}
	return false
}

// foldLine gives text in one line: white space folded, controls and what
// cannot be seen taken out, and no embedding or override of direction, whose
// effect would go on into what stands beside it.
func foldLine(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i+1 == len(s) || s[i+1] == ' ') {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	out := endParagraph(appendVisible(make([]byte, 0, len(s)), s, func(r rune) bool { return r != softHyphen && isInvisible(r) }))
	for n := len(out); n > 0 && (out[n-1] == '\n' || out[n-1] == ' '); n-- {
		out = out[:n-1]
	}
	return string(out)
}

// cut shortens s to at most n runes at a word's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	last, count := 0, 0
	for i, r := range s {
		if unicode.IsSpace(r) {
			last = i
		}
		if count++; count > n {
			if last < i/2 {
				last = i
			}
			return strings.TrimSpace(s[:last])
		}
	}
	return s
}

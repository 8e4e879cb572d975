package render

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes out what XML 1.0 cannot carry (§2.2) and what it or validators
// advise against: DEL, C1 controls, U+FFFD and bytes that are not UTF-8.
func clean(s string) string {
	i := 0
	for i < len(s) {
		c := s[i]
		if c-' ' < 0x7F-' ' || c == '\n' || c == '\t' { // printable ASCII, in one comparison
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !welcome(r) {
			break
		}
		i += n
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for j, r := range s[i:] {
		switch {
		case r == '\r':
			// A parser reads CR as LF (XML §2.11); CR LF is one line end.
			if !strings.HasPrefix(s[i+j:], "\r\n") {
				b.WriteByte('\n')
			}
		case r == '\u0085':
			b.WriteByte('\n')
		case welcome(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

func welcome(r rune) bool {
	switch {
	case r < ' ':
		return r == '\t' || r == '\n'
	case r < 0x7F:
		return true
	case r < 0xA0:
		return false
	}
	return r != utf8.RuneError && r&0xFFFE != 0xFFFE && (r < 0xFDD0 || r > 0xFDEF)
}

// plain makes a line of plain text: no line breaks, no markup. Text that still
// looks like markup was escaped once too often on its way to us, and every
// reader would show the tags; so it is read once more.
func plain(s string) string {
	s = line(clean(s))
	for range 4 {
		switch {
		case hasEndTag(s):
			s = textOf(s, len(s))
		case hasEntity(s):
			s = html.UnescapeString(s)
		default:
			return s
		}
		s = line(clean(s))
	}
	return s
}

// line joins white space, except the spaces that a typographer chose (no-break,
// thin, ideographic), and trims every kind.
func line(s string) string {
	odd := false
	for i := 0; i < len(s) && !odd; i++ {
		switch c := s[i]; {
		case c == ' ':
			odd = i+1 < len(s) && s[i+1] == ' '
		case c < ' ':
			odd = true
		case c == 0xE2: // the first byte of U+2028 and U+2029
			odd = strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029")
		}
	}
	if odd {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
			return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029'
		}), " ")
	}
	return strings.TrimSpace(s)
}

var (
	endTag = regexp.MustCompile(`(?i)</(a|abbr|b|big|blockquote|body|br|cite|code|del|div|em|figure|font|h[1-6]|html|i|img|ins|li|mark|ol|p|q|s|script|section|small|span|strike|strong|style|sub|sup|table|td|th|time|title|tr|tt|u|ul)\s*>`)
	entity = regexp.MustCompile(`&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});`)
)

func hasEndTag(s string) bool { return strings.Contains(s, "</") && endTag.MatchString(s) }

func hasEntity(s string) bool {
	if !strings.Contains(s, "&") {
		return false
	}
	for _, e := range entity.FindAllString(s, -1) {
		if html.UnescapeString(e) != e {
			return true
		}
	}
	return false
}

// blank reports whether nothing of s would be seen.
func blank(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && unicode.IsGraphic(r) {
			return false
		}
	}
	return true
}

// textOf reads the text of sanitised HTML as one line, and stops soon after
// max bytes.
func textOf(s string, max int) string {
	var b strings.Builder
	b.Grow(min(len(s), max+64))
	space := false // a space is owed before the next character
	put := func(t string) {
		for _, r := range t {
			if r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' {
				space = true
				continue
			}
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		}
	}
	for len(s) > 0 && b.Len() <= max {
		i := strings.IndexAny(s, "<&")
		if i < 0 {
			put(s)
			break
		}
		put(s[:i])
		s = s[i:]
		if s[0] == '&' {
			end := strings.IndexByte(s[:min(len(s), 34)], ';')
			if end < 0 {
				put("&")
				s = s[1:]
				continue
			}
			put(html.UnescapeString(s[:end+1]))
			s = s[end+1:]
			continue
		}
		name, rest, ok := tag(s)
		if !ok {
			put("<")
			s = s[1:]
			continue
		}
		closing := s[1] == '/'
		s = rest
		switch name {
		case "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "mark",
			"q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "!":
			// within a word or a line
		case "script", "style":
			space = true
			if closing {
				break
			}
			if j := strings.Index(strings.ToLower(s), "</"+name); j >= 0 {
				s = s[j:]
			} else {
				s = ""
			}
		default:
			space = true
		}
	}
	return b.String()
}

// tag reads the tag or comment that s begins with: its lower-case name ("!" for
// comments and declarations) and what follows it.
func tag(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<!") || strings.HasPrefix(s, "<?") {
		end := ">"
		if strings.HasPrefix(s, "<!--") {
			end = "-->"
		}
		if i := strings.Index(s, end); i >= 0 {
			return "!", s[i+len(end):], true
		}
		return "!", "", true
	}
	i := 1
	if i < len(s) && s[i] == '/' {
		i++
	}
	start := i
	for i < len(s) && (s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || i > start && s[i] >= '0' && s[i] <= '9') {
		i++
	}
	if i == start {
		return "", s, false
	}
	name = strings.ToLower(s[start:i])
	for quote := byte(0); i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return name, s[i+1:], true
		}
	}
	return name, "", true
}

// onlyText reports whether HTML says nothing that its text does not: no markup,
// or one paragraph without any.
func onlyText(s string) bool {
	s = strings.TrimSpace(s)
	for _, p := range []string{"p", "div"} {
		if in, ok := strings.CutPrefix(s, "<"+p+">"); ok {
			if in, ok = strings.CutSuffix(in, "</"+p+">"); ok {
				s = in
			}
		}
	}
	return !strings.Contains(s, "<")
}

// The lengths of a summary and of a title that we make ourselves, in characters;
// and of the longest text that is a summary, in bytes: a longer one is a content.
const (
	summaryLength   = 300
	madeTitleLength = 80
	longestSummary  = 2000
)

// shorten gives the first sentences of a line of text, at most max characters;
// when the first is longer, as many words as fit and an ellipsis.
func shorten(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	var sentence, word, n int // byte offsets of the last good ends; characters so far
	var cut int
	var before rune
	for i, r := range s {
		switch {
		case n == max:
			cut = i
		case r == ' ':
			if isStop(before) && n >= max/4 {
				sentence = i
			}
			word = i
		case (before == '。' || before == '！' || before == '？') && n >= max/4:
			sentence = i
		}
		if cut > 0 {
			break
		}
		n++
		if !unicode.Is(unicode.Mn, r) {
			before = r
		}
	}
	if sentence > 0 {
		return s[:sentence]
	}
	if word == 0 {
		// One long word, or a script without spaces: cut between characters, and
		// not before a mark that belongs to the last one.
		for word = cut; word > 0; {
			last, size := utf8.DecodeLastRuneInString(s[:word])
			next, _ := utf8.DecodeRuneInString(s[word:])
			if !unicode.IsMark(next) && next != '\u200d' && last != '\u200d' {
				break
			}
			word -= size
		}
		if word == 0 {
			word = cut
		}
	}
	return strings.TrimRightFunc(s[:word], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;:–—-،؛", r)
	}) + "…"
}

func isStop(r rune) bool { return strings.ContainsRune(".!?…؟۔।。！？", r) }

// The three ways to escape text for XML. All of them leave what clean has let
// through.
const (
	// escapeMarkup is for HTML within XML, where size counts.
	escapeMarkup = iota
	// escapePlain is for plain text. The RSS Profile asks for hexadecimal
	// references there, so that nobody can take the text for markup, and Atom
	// readers do not mind.
	escapePlain
)

// escape writes clean text as XML character data.
func escape(s string, how int) string {
	if !strings.ContainsAny(s, "&<>") {
		return s
	}
	return string(appendEscaped(make([]byte, 0, len(s)+len(s)/6+16), s, how))
}

func appendEscaped(b []byte, s string, how int) []byte {
	amp, lt := "&amp;", "&lt;"
	if how == escapePlain {
		amp, lt = "&#x26;", "&#x3C;"
	}
	last := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c > '>' || c != '&' && c != '<' && c != '>' {
			continue
		}
		as := lt
		switch c {
		case '&':
			as = amp
		case '>':
			// In markup only "]]>" may not stand (XML §2.4); in plain text finish
			// relies on there being none.
			if how == escapeMarkup && (i == 0 || s[i-1] != ']') {
				continue
			}
			as = "&gt;"
		}
		b = append(append(b, s[last:i]...), as...)
		last = i + 1
	}
	return append(b, s[last:]...)
}

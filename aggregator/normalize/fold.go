package normalize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// endParagraph ends the paragraph that text is in, if it is in one.
func endParagraph(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] == ' ' {
		text = text[:n-1]
	}
	if n := len(text); n > 0 && text[n-1] != '\n' {
		text = append(text, '\n')
	}
	return text
}

// appendFolded appends s with each run of white space as one space, none at
// the start of a paragraph, and without what cannot be seen.
func appendFolded(to []byte, s string) []byte { return appendVisible(to, s, isInvisible) }

// appendVisible is appendFolded with another idea of what cannot be seen.
func appendVisible(to []byte, s string, invisible func(rune) bool) []byte {
	for i := 0; i < len(s); {
		if isSeen[s[i]] {
			// Words with one space between them are taken over as they are.
			j := i + 1
			for j < len(s) && (isSeen[s[j]] || s[j] == ' ' && j+1 < len(s) && isSeen[s[j+1]]) {
				j++
			}
			to = append(to, s[i:j]...)
			i = j
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' || r == '\u00a0' || r >= 0x1680 && unicode.IsSpace(r):
			if n := len(to); n > 0 && to[n-1] != ' ' && to[n-1] != '\n' {
				to = append(to, ' ')
			}
		case invisible(r):
		default:
			to = append(to, s[i:i+size]...)
		}
		i += size
	}
	return to
}

// isSeen are the bytes that are part of something to be seen, whatever follows:
// all but spaces, controls, and the first bytes of what has to be looked at
// (U+0080 to U+00BF, U+1000 to U+3FFF, and U+F000 on).
var isSeen = func() (seen [256]bool) {
	for c := range seen {
		seen[c] = c > ' ' && c != 0x7f && c != 0xc2 && c != 0xe1 && c != 0xe2 && c != 0xe3 && c != 0xef
	}
	return seen
}()

// validUTF8 gives s with what is no UTF-8 replaced. Nearly all is, and that is
// told eight bytes at a time.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// isInvisible reports whether r is a control or a format character without
// which the same is read. The joiners stay: Persian and emoji are written with
// them; so do the marks of direction.
func isInvisible(r rune) bool {
	switch {
	case r < ' ' || r >= 0x7f && r < 0xa0 || r == softHyphen:
		return true
	case r == 0x200b || r == 0x2060 || r == 0xfeff || r >= 0xfff9 && r <= 0xfffb || r == 0xfffe || r == 0xffff:
		return true
	}
	return isBidiControl(r)
}

const softHyphen = 0xad

// isBidiControl reports whether r is an embedding, override or isolate, whose
// effect would go on after the text.
func isBidiControl(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// appendEscaped appends s so that it can stand in a text or in a quoted
// attribute, without the characters that no document may hold and without
// overrides of direction (a title that reads backwards is a lie).
func appendEscaped(to []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if isPlain[s[i]] {
			continue
		}
		var as string
		skip := 1
		switch c := s[i]; {
		case c == '&':
			as = "&amp;"
		case c == '<':
			as = "&lt;"
		case c == '>':
			as = "&gt;"
		case c == '"':
			as = "&#34;"
		case c == '\r':
			as = "\n"
			if i+1 < len(s) && s[i+1] == '\n' {
				as = ""
			}
		case c < ' ' && c != '\n' && c != '\t' || c == 0x7f:
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xad || s[i+2] == 0xae): // U+202D, U+202E
			skip = 3
		case c == 0xef && i+2 < len(s) && s[i+1] == 0xbf && (s[i+2] == 0xbe || s[i+2] == 0xbf): // U+FFFE, U+FFFF
			skip = 3
		case c == 0xef && i+2 < len(s) && s[i+1] == 0xbb && s[i+2] == 0xbf: // U+FEFF
			skip = 3
		default:
			continue
		}
		to = append(to, s[from:i]...)
		to = append(to, as...)
		from = i + skip
		i = from - 1
	}
	return append(to, s[from:]...)
}

// isPlain are the bytes that are the same in HTML, whatever follows.
var isPlain = func() (plain [256]bool) {
	for c := range plain {
		plain[c] = c >= ' ' && c != '&' && c != '<' && c != '>' && c != '"' && c != 0x7f && c != 0xe2 && c != 0xef || c == '\n' || c == '\t'
	}
	return plain
}()

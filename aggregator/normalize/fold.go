package normalize

import (
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
		c := s[i]
		if c > ' ' && c < 0x7f {
			j := i + 1
			for j < len(s) && s[j] > ' ' && s[j] < 0x7f {
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

package parse

import (
	"bytes"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// decode turns a body into UTF-8 text without the characters that XML 1.0 §2.2
// forbids. Who is believed, in this order: a byte order mark; the pattern of
// UTF-16 and UTF-32; the bytes themselves when they are valid UTF-8, whatever
// a label says; the HTTP charset; the XML declaration; and at last
// windows-1252, which gives every byte a meaning.
func decode(body []byte, contentType string) (string, *noteList) {
	notes := &noteList{}
	text := dropIllegal(transcode(body, contentType, notes), notes)
	for strings.HasPrefix(text, "\uFEFF") { // byte order marks pile up where files are put together
		text = text[len("\uFEFF"):]
	}
	return text, notes
}

func transcode(body []byte, contentType string, notes *noteList) string {
	if enc, skip := wideEncoding(body); enc != nil {
		return decodeWith(enc, body[skip:], notes)
	}
	label := httpCharset(contentType)
	if label == "" {
		label = declaredCharset(body)
	}
	enc, name := lookup(label)
	if label != "" && enc == nil {
		// The other label may still be a good one.
		if other, n := lookup(declaredCharset(body)); other != nil {
			enc, name = other, n
		} else {
			notes.addf("unknown charset %q", clip(label))
		}
	}
	if utf8.Valid(body) && !(name == "iso-2022-jp" && bytes.IndexByte(body, 0x1b) >= 0) {
		return string(body)
	}
	if enc == nil || name == "utf-8" {
		return mendUTF8(body, notes)
	}
	return decodeWith(enc, body, notes)
}

// wideEncoding recognises UTF-16 and UTF-32 by their byte order mark, or by
// the zero bytes beside the first "<" (XML 1.0 appendix F). It gives the
// number of octets of the mark; nil means neither.
func wideEncoding(b []byte) (encoding.Encoding, int) {
	has := func(p string) bool { return len(b) >= len(p) && string(b[:len(p)]) == p }
	be16, le16 := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	be32, le32 := utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	switch {
	case has("\x00\x00\xfe\xff"):
		return be32, 4
	case has("\xff\xfe\x00\x00"):
		return le32, 4
	case has("\xfe\xff"):
		return be16, 2
	case has("\xff\xfe"):
		return le16, 2
	case has("\x00\x00\x00<"):
		return be32, 0
	case has("<\x00\x00\x00"):
		return le32, 0
	case has("\x00<\x00") || has("\x00{\x00"):
		return be16, 0
	case len(b) >= 4 && (b[0] == '<' || b[0] == '{') && b[1] == 0 && b[3] == 0:
		return le16, 0
	}
	return nil, 0
}

// httpCharset gives the charset parameter of a Content-Type, however it is
// quoted.
func httpCharset(contentType string) string {
	if contentType == "" {
		return ""
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return strings.Trim(params["charset"], ` '"`)
	}
	_, after, ok := cutFold(contentType, "charset")
	if !ok {
		return ""
	}
	after, _, _ = strings.Cut(strings.TrimLeft(after, " ="), ";")
	return strings.Trim(after, ` '"`)
}

// declaredCharset gives the encoding of the XML declaration.
func declaredCharset(b []byte) string {
	b = b[:min(len(b), 1024)]
	start := bytes.Index(b, []byte("<?xml"))
	if start < 0 {
		return ""
	}
	b = b[start:]
	end := bytes.IndexByte(b, '>')
	if end < 0 {
		return ""
	}
	_, after, ok := cutFold(string(b[:end]), "encoding")
	if !ok {
		return ""
	}
	after = strings.TrimLeft(after, " \t\r\n=")
	if after == "" || after[0] != '"' && after[0] != '\'' {
		return ""
	}
	label, _, _ := strings.Cut(after[1:], after[:1])
	return strings.TrimSpace(label)
}

// lookup finds an encoding by any of its labels (WHATWG Encoding §4.2, so
// iso-8859-1 and us-ascii are windows-1252). UTF-16 and UTF-32 labels are not
// believed: without their zero bytes the body is something else.
func lookup(label string) (encoding.Encoding, string) {
	enc, name := charset.Lookup(label)
	if strings.HasPrefix(name, "utf-16") || name == "replacement" {
		return nil, ""
	}
	return enc, name
}

func decodeWith(enc encoding.Encoding, b []byte, notes *noteList) string {
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		notes.addf("bytes that could not be decoded: %v", err)
	}
	if bytes.Contains(out, []byte("\uFFFD")) {
		notes.add("bytes that are not of the declared charset were replaced")
	}
	return string(out)
}

// mendUTF8 reads what says it is UTF-8 and is not. A single high byte between
// others that are in order is one of windows-1252 (a typographic quote pasted
// into a template, or a whole document with a wrong label); a broken sequence
// is U+FFFD.
func mendUTF8(b []byte, notes *noteList) string {
	notes.add("not valid UTF-8: the bad bytes were read as windows-1252 or replaced")
	var out strings.Builder
	out.Grow(len(b) + len(b)/16)
	from := 0 // where what is in order, and not written yet, begins
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		if r, n := utf8.DecodeRune(b[i:]); r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		out.Write(b[from:i])
		if n := brokenSequence(b[i:]); n > 0 {
			out.WriteRune(utf8.RuneError)
			i += n
		} else {
			out.WriteRune(charmap.Windows1252.DecodeByte(b[i]))
			i++
		}
		from = i
	}
	out.Write(b[from:])
	return out.String()
}

// brokenSequence gives the length of the beginning of a UTF-8 sequence of
// three or four octets that was cut, 0 when b does not look like one.
func brokenSequence(b []byte) int {
	if b[0] < 0xe0 || b[0] > 0xf4 {
		return 0
	}
	n := 1
	for n < len(b) && n < 4 && b[n]&0xc0 == 0x80 {
		n++
	}
	if n == 1 && len(b) > 1 {
		return 0 // a lone é of windows-1252
	}
	return n
}

// dropIllegal takes out the characters that XML 1.0 §2.2 forbids: C0 controls
// but tab, line feed and carriage return, and U+FFFE, U+FFFF.
func dropIllegal(s string, notes *noteList) string {
	first := illegal(s)
	if first < 0 {
		return s
	}
	notes.add("characters that XML forbids were dropped")
	var out strings.Builder
	out.Grow(len(s))
	for first >= 0 {
		out.WriteString(s[:first])
		if s[first] < 0x20 {
			s = s[first+1:]
		} else {
			s = s[first+3:]
		}
		first = illegal(s)
	}
	out.WriteString(s)
	return out.String()
}

// illegal gives the place of the first forbidden character, -1 when there is
// none.
func illegal(s string) int {
	const (
		allowed = 1<<'\t' | 1<<'\n' | 1<<'\r'
		ones    = 0x0101010101010101 // an octet's value in all eight of a word
		tops    = 0x80 * ones
	)
	for i, seen := 0, 0; i < len(s); i++ {
		if i >= seen && i+8 <= len(s) {
			// Most of eight have neither a control nor a lead of U+Fxxx.
			x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			y := x ^ 0xef*ones
			if ((x-0x20*ones)&^x|(y-ones)&^y)&tops == 0 {
				i += 7
				continue
			}
			seen = i + 8
		}
		c := s[i]
		if c < 0x20 && allowed>>c&1 == 0 {
			return i
		}
		if c == 0xef && i+2 < len(s) && s[i+1] == 0xbf && s[i+2] >= 0xbe {
			return i
		}
	}
	return -1
}

// cutFold cuts s around the first sep, which is ASCII lower case, whatever the
// case in s.
func cutFold(s, sep string) (before, after string, ok bool) {
	for i := 0; i+len(sep) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sep)], sep) {
			return s[:i], s[i+len(sep):], true
		}
	}
	return s, "", false
}

// clip shortens a foreign text for a note.
func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}

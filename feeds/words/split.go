package words

import (
	"bytes"
	"html"
	"strings"
	"unsafe"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxWord is how many octets of a word are compared.
	maxWord = 64
	// MaxPlace is how far into a text words are read, in words: a hundred pages.
	MaxPlace = 65_000
)

// Reader takes a text of several parts apart. Word gets each folded word, good
// during the call, and its place: words that follow each other have places that
// do.
type Reader struct {
	Word func(word []byte, place int)

	place int
	word  []byte
	text  []byte // the text of an HTML part

	summary []byte
}

// Reset starts a new text.
func (r *Reader) Reset() { r.place = 0 }

// Plain reads a part in plain text. No word of another part follows its words.
func (r *Reader) Plain(s string) {
	r.read(s)
	r.place++
}

// HTML reads a part in clean HTML, as aggregator/normalize makes it.
func (r *Reader) HTML(s string) {
	if strings.IndexByte(s, '<') < 0 && strings.IndexByte(s, '&') < 0 {
		r.Plain(s)
		return
	}
	r.text = appendText(r.text[:0], s)
	r.Plain(unsafe.String(unsafe.SliceData(r.text), len(r.text))) // it stays as it is meanwhile
}

// gap stands in the text of HTML where a block ends.
const gap = '\x00'

// inline are the elements that a word may go on over. A footnote's sign (sup)
// is no part of the word before it.
var inline = map[string]bool{}

func init() {
	for _, name := range strings.Fields("a abbr b bdi bdo cite code data del dfn em font i ins kbd mark q s samp small span strong sub time tt u var wbr") {
		inline[name] = true
	}
}

// appendText appends the text of clean HTML.
func appendText(b []byte, s string) []byte {
	for {
		open := strings.IndexByte(s, '<')
		text := s
		if open >= 0 {
			text = s[:open]
		}
		if strings.IndexByte(text, '&') >= 0 {
			text = html.UnescapeString(text)
		}
		b = append(b, text...)
		if open < 0 {
			return b
		}
		if s = s[open+1:]; s == "" || s[0] != '/' && s[0] != '!' && (lower[s[0]] == 0 || lower[s[0]] <= '9') {
			b = append(b, ' ')
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return b
		}
		name := strings.TrimPrefix(s[:end], "/")
		for i := range len(name) {
			if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				name = name[:i]
				break
			}
		}
		switch {
		case name == "sup" || name == "br":
			b = append(b, ' ')
		case !inline[name]:
			b = append(b, gap)
		}
		s = s[end+1:]
	}
}

// lower has the ASCII letters and digits as they are compared, 0 for the rest.
var lower = func() (t [256]byte) {
	for c := byte('0'); c <= '9'; c++ {
		t[c] = c
	}
	for c := byte('a'); c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = c, c
	}
	return t
}()

// read gives the words of s.
func (r *Reader) read(s string) {
	if !composed(s) && !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	for i := 0; i < len(s) && r.place < MaxPlace; {
		if c := s[i]; c < 0x80 {
			if lower[c] == 0 {
				if c == gap {
					r.place++
				}
				i++
				continue
			}
			i += r.run(s[i:])
			continue
		}
		switch f, n := look(s[i:]); f.class {
		case letter, digit:
			i += r.run(s[i:])
		case solid:
			i += r.solid(s[i:])
		case several:
			r.read(f.text)
			i += n
		default:
			i += n
		}
	}
}

// composed reports whether s is in NFC for the plain reason that it has no
// character from U+0300 on, where the first of those stands that may join the
// one before it. It is quicker to see than by the tables.
func composed(s string) bool {
	for i := range len(s) {
		if s[i] >= 0xCC {
			return false
		}
	}
	return true
}

// run reads the word that s starts with and gives its length.
func (r *Reader) run(s string) int {
	r.word = r.word[:0]
	i, letters := 0, 0
loop:
	for i < len(s) {
		c := s[i]
		if c < 0x80 {
			if low := lower[c]; low != 0 {
				r.word = append(r.word, low)
				i++
				letters++
				continue
			}
			if c == '.' && letters == 1 {
				if n := r.initials(s); n > 0 {
					i = n
				}
			}
			break
		}
		f, n := look(s[i:])
		switch f.class {
		case letter, digit:
			r.word = append(r.word, f.text...)
			letters++
		case dropped:
		default:
			break loop
		}
		i += n
	}
	r.emit()
	return i
}

// initials reads U.N. and its like as one word: single letters, each with a
// full stop behind it but perhaps the last. 0 when s does not start so.
func (r *Reader) initials(s string) int {
	word := r.word[:0]
	i, n := 0, 0
	for i < len(s) {
		f, size := one(s[i:])
		if f.class != letter {
			break
		}
		next := s[i+size:]
		if after, _ := one(next); after.class == letter || after.class == digit {
			return 0 // a word after a full stop
		}
		word = append(word, f.text...)
		i += size
		n++
		if !strings.HasPrefix(next, ".") {
			break
		}
		i++
	}
	if n < 2 {
		return 0
	}
	r.word = word
	return i
}

// one reads the character at the start of s.
func one(s string) (folded, int) {
	if s == "" {
		return folded{}, 0
	}
	if s[0] >= 0x80 {
		return look(s)
	}
	switch low := lower[s[0]]; {
	case low == 0:
		return folded{}, 1
	case low <= '9':
		return folded{digit, s[:1]}, 1
	default:
		return folded{letter, string(low)}, 1
	}
}

// solid reads a run of characters of a script without spaces: each with the one
// behind it is a word, and the last by itself, so that each begins one.
func (r *Reader) solid(s string) int {
	before, i := look(s)
	for i < len(s) && s[i] >= 0x80 && r.place < MaxPlace {
		f, n := look(s[i:])
		if f.class != solid && f.class != dropped {
			break
		}
		i += n
		if f.class == solid {
			r.word = append(append(r.word[:0], before.text...), f.text...)
			r.emit()
			before = f
		}
	}
	r.word = append(r.word[:0], before.text...)
	r.emit()
	return i
}

func (r *Reader) emit() {
	w := r.word
	if len(w) == 0 {
		return
	}
	if len(w) > maxWord {
		w = w[:maxWord]
		for len(w) > 0 && w[len(w)-1]&0xC0 == 0x80 {
			w = w[:len(w)-1]
		}
		if len(w) > 0 && w[len(w)-1] >= 0xC0 {
			w = w[:len(w)-1]
		}
	}
	r.Word(w, r.place)
	r.place++
}

// Article reads a title and its texts in HTML; a summary that only repeats a
// part of the content is read once.
func (r *Reader) Article(title, summary, content string) {
	r.Plain(title)
	r.HTML(content)
	if summary == "" || strings.Contains(content, summary) {
		return
	}
	r.summary = appendText(r.summary[:0], summary)
	if strings.IndexByte(content, '<') < 0 && strings.IndexByte(content, '&') < 0 {
		r.text = append(r.text[:0], content...)
	}
	if !bytes.Contains(r.text, bytes.Trim(r.summary, " \n\x00")) {
		r.Plain(string(r.summary))
	}
}

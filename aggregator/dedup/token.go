package dedup

import (
	"unicode"
	"unicode/utf8"

	"communique/aggregator/dedup/pivot"
	"communique/internal/fnv1a"
)

// token is one word or number of a text.
type token struct {
	start, end int32  // bytes of the text
	word       uint32 // hash of the folded word; of the value, for a number
	flags      tokenFlags
}

type tokenFlags uint8

const (
	isNumber  tokenFlags = 1 << iota // begins with a digit: a number, a date, a version, a document symbol
	isCapital                        // begins with a capital letter
	opens                            // first of its sentence
	isHan                            // one character of a script without spaces
	shouts                           // more than one letter, all of them capitals
	isSingle                         // a number of one digit
)

// reader takes a text apart into tokens. Its buffers are used again.
type reader struct {
	tokens []token
	hashes []uint64 // the hash64 of each token's folded form
	fold   []byte
}

// maxTokens bounds what is read of one text: a megabyte of words says no more
// about which statement it is than its first ten thousand.
const maxTokens = 6000

// read appends the tokens of a text, at most up to limit in all.
func (r *reader) read(text string, limit int) {
	opening := opens
	for i := 0; i < len(text) && len(r.tokens) < limit; {
		c, n := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(text[i:])
		}
		t := token{start: int32(i), flags: opening}
		var h uint64
		switch k := classOf(c); {
		case k&digitClass != 0:
			i = numberEnd(text, i)
			r.fold = appendValue(r.fold[:0], text[t.start:i])
			if t.flags |= isNumber; len(r.fold) == 1 {
				t.flags |= isSingle
			}
			h = hash64('#', r.fold)
		case spaceless(c):
			i += n
			t.flags = isHan
			h = hash64('w', text[t.start:i])
		case k&letterClass != 0:
			if k&upperClass != 0 {
				t.flags |= isCapital
			}
			var loud bool
			if i, h, loud = readWord(text, i); loud {
				t.flags |= shouts
			}
		default:
			if c == '.' || c == '!' || c == '?' || c == '\n' || c == ':' || c == '؟' || c == '。' {
				opening = opens
			}
			i += n
			continue
		}
		opening = 0
		if h == wordSeed { // nothing is left of it: marks that stood alone
			continue
		}
		t.end, t.word = int32(i), mix(h)
		r.tokens, r.hashes = append(r.tokens, t), append(r.hashes, h)
	}
}

// class says what a letter is.
type class uint8

const (
	letterClass class = 1 << iota
	digitClass
	upperClass
)

func classOf(c rune) class {
	if int(c) < len(letters) {
		return letters[c].class
	}
	return lookUpClass(c)
}

// letter is a character with its folded form.
type letter struct {
	class  class
	n      uint8
	folded [6]byte // of n bytes
}

// letters are those below U+0800: Latin, Greek, Cyrillic, Hebrew, Arabic.
var letters = func() (t [0x800]letter) {
	for c := range t {
		t[c] = lookUp(rune(c))
	}
	return t
}()

func lookUp(c rune) letter {
	l := letter{class: lookUpClass(c)}
	l.n = uint8(copy(l.folded[:], pivot.Fold(nil, []byte(string(c)))))
	return l
}

func lookUpClass(c rune) (k class) {
	switch {
	case 0x2000 <= c && c < 0x2070: // dashes and quotation marks
		return 0
	case unicode.In(c, unicode.L, unicode.M):
		k = letterClass
	case unicode.Is(unicode.Nd, c):
		k = digitClass
	}
	if unicode.IsUpper(c) {
		k |= upperClass
	}
	return k
}

func isLetter(c rune) bool { return classOf(c)&letterClass != 0 }
func isDigit(c rune) bool  { return classOf(c)&digitClass != 0 }

// spaceless reports whether a script puts no spaces between words, so that each
// character is a token.
func spaceless(c rune) bool {
	if c < 0x0E00 || 0x2000 <= c && c < 0x2E80 { // they are in no block between
		return false
	}
	return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// readWord gives the end of the word at from, the hash64 of its folded form and
// whether it is written in capitals, more than one and nothing else but digits.
func readWord(s string, from int) (end int, h uint64, loud bool) {
	capitals, smalls := 0, false
	h = wordSeed
	i := from
	for ; i < len(s); i++ { // most words are ASCII throughout
		c := s[i]
		low := folded[c]
		if low == 0 {
			return i, h, capitals > 1 && !smalls
		}
		if low == other {
			break
		}
		if c != low {
			capitals++
		} else if c >= 'a' { // "covid19" is one word
			smalls = true
		}
		h = fnv1a.Add(h, uint64(low))
	}
	for i < len(s) {
		c, n := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(s[i:])
		}
		var l letter
		if int(c) < len(letters) {
			l = letters[c]
		} else if l = lookUp(c); spaceless(c) {
			break
		}
		if l.class == 0 {
			break
		}
		switch {
		case l.class&upperClass != 0:
			capitals++
		case l.class&letterClass != 0:
			smalls = true
		}
		for _, b := range l.folded[:l.n] {
			h = fnv1a.Add(h, uint64(b))
		}
		i += n
	}
	return i, h, capitals > 1 && !smalls
}

// numberEnd finds the end of the number at i: digits with single separators
// between them ("1,234.5", "2.7.3", "12/05/2021", "1 234"), and what hangs
// on it without a gap ("13th", "S/2021/12" begins with a letter and is words).
func numberEnd(s string, i int) int {
	run := 0 // digits since the last separator
	dots := 0
	for i < len(s) {
		c, n := rune(s[i]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case isDigit(c):
			run++
		case isLetter(c) && !spaceless(c): // "13th", "16a", "2.0rc1": one thing
		case c == '.' || c == ',' || c == '/' || c == '\'' || c == '’' || c == '٫' || c == '٬' || c == '-' && run > 0:
			next, _ := utf8.DecodeRuneInString(s[i+n:])
			if c == '.' {
				dots++
			}
			if !isDigit(next) && !(c == '-' && dots > 0 && preRelease(s[i+n:])) {
				return i
			}
			run = 0
		case c == ' ' || c == '\u00a0' || c == '\u202f':
			if run == 0 || run > 3 || !threeDigits(s[i+n:]) {
				return i
			}
			run = 0
		default:
			return i
		}
		i += n
	}
	return i
}

// preRelease reports whether s begins as the end of a version does: "rc1",
// "preview2", "p451".
func preRelease(s string) bool {
	i := 0
	for i < len(s) && 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z' {
		i++
	}
	return i > 0 && i < 9 && i < len(s) && '0' <= s[i] && s[i] <= '9'
}

// threeDigits reports whether s begins with exactly three digits.
func threeDigits(s string) bool {
	count := 0
	for i, c := range s {
		if !isDigit(c) {
			return count == 3 && !isLetter(c)
		}
		if count++; count > 3 || i > 12 {
			return false
		}
	}
	return count == 3
}

// appendValue writes a number in one way: "1 234,5", "1.234,5" and "1,234.5" are
// all "1234.5". What has separators in another manner (a version, a date) stays
// as it is, with ASCII digits and small letters; an ordinal's letters fall
// away, a version's stay.
func appendValue(dst []byte, s string) []byte {
	from := len(dst)
	var seps, groups int
	var lastSep byte
	uniform, thousands := true, true
	run, lead := 0, 0
	letters := false
	for _, c := range s {
		switch {
		case isDigit(c):
			dst = append(dst, '0'+byte(digitValue(c)))
			run++
			continue
		case isLetter(c):
			letters = true
			dst = append(dst, string(unicode.ToLower(c))...)
			continue
		}
		sep := byte('.')
		switch c {
		case ',', '٫':
			sep = ','
		case '/', '-':
			sep = byte(c)
		case ' ', '\u00a0', '\u202f', '\'', '’', '٬':
			sep = ' '
		}
		if seps == 0 {
			lead = run
		} else {
			groups++
			if run != 3 {
				thousands = false
			}
			if sep != lastSep {
				uniform = false
			}
		}
		lastSep = sep
		seps++
		run = 0
		dst = append(dst, sep)
	}
	if seps == 0 {
		if letters { // "13th", "1er", "2º" are 13, 1, 2; "19th" of a version has dots
			if k := ordinal(dst[from:]); k > 0 {
				dst = dst[:from+k]
			}
		}
		return dst
	}
	if letters || lastSep == '/' || lastSep == '-' {
		return dst
	}
	switch {
	case uniform && thousands && run == 3 && lead <= 3 && dst[from] != '0' && (seps > 1 || lastSep != '.' || true):
		return strip(dst, from, -1) // all separators group digits
	case uniform && seps > 1:
		return dst // a version, a date
	case !uniform && thousands && groups == seps-1 && lead <= 3:
		return strip(dst, from, len(dst)-run-1) // the last one is the decimal mark
	case seps == 1:
		return strip(dst, from, len(dst)-run-1)
	}
	return dst
}

// strip takes the separators out of the number that begins at from, but for the one at
// keep, which becomes a point.
func strip(dst []byte, from, keep int) []byte {
	out := from
	for i := from; i < len(dst); i++ {
		switch c := dst[i]; {
		case '0' <= c && c <= '9':
			dst[out] = c
			out++
		case i == keep:
			dst[out] = '.'
			out++
		}
	}
	return dst[:out]
}

// ordinal gives the length of the digits of "13th" or "1er"; 0 when what
// follows them is more than an ending.
func ordinal(s []byte) int {
	k := 0
	for k < len(s) && '0' <= s[k] && s[k] <= '9' {
		k++
	}
	switch string(s[k:]) {
	case "st", "nd", "rd", "th", "er", "ere", "ère", "e", "ème", "eme", "o", "a", "º", "ª", "°":
		return k
	}
	return 0
}

func digitValue(c rune) int {
	if c < utf8.RuneSelf {
		return int(c - '0')
	}
	// Decimal digits stand in tens that begin at a multiple of 16 or at 6 above one.
	for d := 0; d < 10; d++ {
		if !unicode.Is(unicode.Nd, c-rune(d)-1) {
			return d
		}
	}
	return int(c) % 10
}

// hashBytes is FNV-1a, the same on every machine and for ever.
func hashBytes(kind byte, b []byte) uint32 { return mix(hash64(kind, b)) }

func hash64[S string | []byte](kind byte, s S) uint64 {
	return fnv1a.Text(fnv1a.Add(fnv1a.Seed, uint64(kind)), s)
}

// wordSeed begins the hash64 of a word.
var wordSeed = hash64('w', "")

// mix folds 64 bits into 32 that depend on all of them.
func mix(h uint64) uint32 {
	h ^= h >> 32
	h *= 0x9E3779B97F4A7C15
	return uint32(h >> 32)
}

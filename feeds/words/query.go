package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxQuery is how many octets a search may have, MaxParts how many words.
	MaxQuery = 1000
	MaxParts = 40

	// minPrefix is how many letters must stand before a star.
	minPrefix = 3

	// MaxShort is how many words of a search may have no more than that: thousands of
	// terms begin so.
	MaxShort = 8
)

// ErrShort is what Parse fails with when more than MaxShort words of three letters have a star.
var ErrShort = fmt.Errorf("the search has more than %d words of %d letters with a star", MaxShort, minPrefix)

// Query is what a person's search asks for: every clause must be met.
type Query struct{ Clauses []Clause }

// Clause is alternatives, one of which must be met; when it is negated none
// may be, and there is one only.
type Clause struct {
	Not bool
	Any []Unit
}

// Unit is one word or phrase as it was typed, and the ways in which a text may
// have it.
type Unit struct {
	Text   string // without the quotes
	Quoted bool
	Ways   []Sequence

	short bool // it ends in a star behind minPrefix letters
}

// Sequence is parts that follow each other in a text.
type Sequence []Part

// Part is a word of a search, folded.
type Part struct {
	Word  string
	Match Match
}

// Match is which words of texts a part finds.
type Match uint8

const (
	Forms  Match = iota // the word and its forms
	Exact               // the word
	Prefix              // what begins with it
)

// Parse reads a search. It fails only when the search asks for too much.
func Parse(s string) (Query, error) {
	var q Query
	if len(s) > MaxQuery {
		return q, fmt.Errorf("the search has %d octets, at most %d are answered", len(s), MaxQuery)
	}
	terms := scan(clean(s))
	parts, short := 0, 0
	for i := 0; i < len(terms); i++ {
		t := terms[i]
		if t.or {
			// Between two words it joins them; else it is a word.
			if i > 0 && i+1 < len(terms) && joins(terms[i-1]) && joins(terms[i+1]) {
				continue
			}
			t.or, t.Unit = false, unit("OR", false)
			terms[i] = t
		}
		for _, way := range t.Ways {
			parts += len(way)
		}
		if parts > MaxParts {
			return Query{}, fmt.Errorf("the search has more than %d words", MaxParts)
		}
		if t.short {
			if short++; short > MaxShort {
				return Query{}, ErrShort
			}
		}
		last := len(q.Clauses) - 1
		if i > 1 && last >= 0 && terms[i-1].or && joins(t) && joins(terms[i-2]) {
			q.Clauses[last].Any = append(q.Clauses[last].Any, t.Unit)
			continue
		}
		q.Clauses = append(q.Clauses, Clause{Not: t.not, Any: []Unit{t.Unit}})
	}
	return q, nil
}

// String gives the search in its plainest form, which reads the same, also
// before or behind another.
func (q Query) String() string {
	var b strings.Builder
	for _, c := range q.Clauses {
		for i, u := range c.Any {
			if i > 0 {
				b.WriteString(" OR ")
			} else if b.Len() > 0 {
				b.WriteByte(' ')
			}
			if c.Not {
				b.WriteByte('-')
			}
			switch {
			case u.Quoted:
				b.WriteString(`"` + u.Text + `"`)
			case u.Text == "OR": // that was read as a word
				b.WriteString("or")
			default:
				b.WriteString(u.Text)
			}
		}
	}
	return b.String()
}

// term is a unit on its way into a query.
type term struct {
	Unit
	not, or bool
}

func joins(t term) bool { return !t.not && !t.or }

// clean leaves out what is no text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || r == utf8.RuneError:
			return ' '
		case isQuote(r):
			return '"'
		}
		return r
	}, s)
}

func isQuote(r rune) bool { return strings.ContainsRune("\"“”„‟«»「」『』＂", r) }

// scan takes a search apart.
func scan(s string) []term {
	var out []term
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return out
		}
		rest, not := strings.CutPrefix(s, "-")
		if first, _ := utf8.DecodeRuneInString(rest); not && (rest == "" || unicode.IsSpace(first)) {
			s = rest // a dash
			continue
		}
		var u Unit
		if inner, ok := strings.CutPrefix(rest, `"`); ok {
			text, behind, closed := strings.Cut(inner, `"`)
			if !closed {
				s = inner
				if not {
					s = "-" + inner
				}
				continue
			}
			u, s = unit(strings.Join(strings.Fields(text), " "), true), behind
		} else {
			end := strings.IndexFunc(rest, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
			if end < 0 {
				end = len(rest)
			}
			if !not && rest[:end] == "OR" {
				out, s = append(out, term{or: true}), rest[end:]
				continue
			}
			u, s = unit(rest[:end], false), rest[end:]
		}
		if u.Ways != nil {
			out = append(out, term{Unit: u, not: not})
		}
	}
}

// unit reads a word or phrase; Ways is nil when no word is in it.
func unit(text string, quoted bool) Unit {
	u := Unit{Text: text, Quoted: quoted}
	if quoted {
		if way := sequence(text); len(way) > 0 {
			u.Ways = []Sequence{way}
		}
		return u
	}
	core, star := strings.CutSuffix(text, "*")
	core = bareWord(core)
	way := sequence(core)
	if len(way) == 0 {
		return u
	}
	last := &way[len(way)-1]
	switch {
	case star && utf8.RuneCountInString(last.Word) >= minPrefix:
		last.Match = Prefix
		u.short = utf8.RuneCountInString(last.Word) == minPrefix
	case len(way) == 1 && last.Match == Exact:
		last.Match = Forms
	}
	u.Ways = []Sequence{way}
	if star {
		return u
	}
	if len(way) == 1 {
		// covid19 is written COVID-19 as well.
		w := way[0].Word
		if i := strings.IndexAny(w, "0123456789"); i > 0 && strings.Trim(w[i:], "0123456789") == "" {
			u.Ways = append(u.Ways, Sequence{{w[:i], Exact}, {w[i:], Exact}})
		}
	} else if joined := sequence(strings.ReplaceAll(core, "-", "")); len(joined) == 1 {
		joined[0].Match = Forms
		u.Ways = append(u.Ways, joined)
	}
	return u
}

// sequence gives the words of a text, each as it stands. The last character of
// a script without spaces begins what follows it in a text.
func sequence(text string) Sequence {
	var out Sequence
	r := Reader{Word: func(w []byte, _ int) { out = append(out, Part{string(w), Exact}) }}
	r.Plain(text)
	if n := len(out); n > 0 {
		last := &out[n-1]
		first, size := utf8.DecodeRuneInString(last.Word)
		if size == len(last.Word) && spaceless(first) {
			if n > 1 && strings.HasSuffix(out[n-2].Word, last.Word) && utf8.RuneCountInString(out[n-2].Word) == 2 {
				return out[:n-1]
			}
			last.Match = Prefix
		}
	}
	return out
}

// elided are the words longer than two letters that lose their end before a vowel.
var elided = map[string]bool{"all": true, "dall": true, "dell": true, "nell": true, "sull": true, "quell": true, "jusqu": true, "lorsqu": true, "puisqu": true}

// bareWord takes off a word what an apostrophe joins to it: an article (l'accord)
// or the genitive (women's). A text is not indexed without them, so that phrases
// find what stands there.
func bareWord(word string) string {
	head, tail, ok := cutApostrophe(word)
	if !ok {
		return word
	}
	if lowered := strings.ToLower(head); elided[lowered] || utf8.RuneCountInString(head) <= 2 && lowered != "o" && tail != "" {
		return bareWord(tail)
	}
	if strings.EqualFold(tail, "s") || tail == "" {
		return head
	}
	return word
}

func cutApostrophe(word string) (head, tail string, ok bool) {
	for i, r := range word {
		if f, size := one(word[i:]); f.class == apostrophe || r == '\'' {
			return word[:i], word[i+size:], true
		}
	}
	return word, "", false
}

package tag

import (
	"slices"
	"strings"
	"unicode/utf8"

	"communique/feeds"
)

// collector gathers the taggings of one text, one for each tag: the first
// reason given stays.
type collector struct {
	t   *Tagger
	l   *lexicon
	m   *matcher
	out []feeds.Tagging

	quoted int32 // the term whose evidence was last asked for, plus one
	quote  string
}

func (c *collector) index(tag feeds.Tag) int {
	return slices.IndexFunc(c.out, func(g feeds.Tagging) bool { return g.Tag == tag })
}

func (c *collector) has(scheme string) bool {
	return slices.ContainsFunc(c.out, func(g feeds.Tagging) bool { return g.Tag.Scheme == scheme })
}

func (c *collector) put(tag feeds.Tag, rule, evidence string, score float32) {
	if c.index(tag) < 0 {
		c.out = append(c.out, feeds.Tagging{Tag: tag, Rule: rule, Evidence: evidence, Score: score})
	}
}

func (c *collector) add(f found, rule string) {
	c.put(c.t.rules.terms[f.term].tag, rule, c.evidence(f.term), f.score)
}

// mention adds a country that is only mentioned.
func (c *collector) mention(f found) {
	rule := c.t.mention[f.term][isPeople]
	if c.m.score.terms[f.term].byName {
		rule = c.t.mention[f.term][isName]
	}
	c.put(feeds.Tag{Scheme: feeds.Mention, Term: c.t.rules.terms[f.term].tag.Term}, rule, c.evidence(f.term), f.score)
}

// ancestors adds what is above a term that was found. The rule names that term,
// whose own tagging has the words.
func (c *collector) ancestors(f found) {
	for _, a := range c.t.above[f.term] {
		c.put(a.tag, a.rule, "", f.score)
	}
}

// from adds a tag that follows from a term that was found.
func (c *collector) from(scheme, term, rule string, f found) {
	if r := c.t.rules.get(scheme, term); r != nil && !r.disabled {
		c.put(r.tag, rule, "", f.score)
		for _, a := range c.t.above[c.t.rules.index[r.tag]] {
			c.put(a.tag, a.rule, "", f.score)
		}
	}
}

// SourceDefault is the rule of a tag that the text does not give: the operator
// said it of the source.
const SourceDefault = "source default"

// defaults adds what the operator said of a source whose text says nothing.
func (c *collector) defaults(scheme string, terms []string) {
	for _, id := range terms {
		r := c.t.rules.get(scheme, id)
		if r == nil || r.disabled {
			continue // config has said so
		}
		c.put(r.tag, SourceDefault, "", 0)
		for _, p := range c.t.rules.ancestors(r) {
			c.put(p, SourceDefault, "", 0)
		}
	}
}

// kind names the strongest kind of evidence for a country.
func (c *collector) kind(term int32) role {
	return c.l.entries[c.m.score.terms[term].hits[0].entry].role
}

const around = 22 // bytes of context on each side of the words

// evidence quotes the best match of a term with a little of what is around it:
// the words are stored with every copy.
func (c *collector) evidence(term int32) string {
	if c.quoted == term+1 {
		return c.quote
	}
	var b strings.Builder
	if h := c.m.score.terms[term].hits[0]; h.worth > 0 {
		first, last := &c.m.tokens[h.start], &c.m.tokens[h.end-1]
		b.Grow(80)
		b.WriteString(first.zone.String())
		b.WriteString(`: "`)
		quote(&b, c.m.texts[first.zone], int(first.start), int(last.end))
		b.WriteByte('"')
	}
	c.quoted, c.quote = term+1, b.String()
	return c.quote
}

// quote writes text[from:to] with some words of its line before and after.
func quote(b *strings.Builder, text string, from, to int) {
	start, near := from, max(0, from-around-1) // no further: lines may be long
	if i := strings.LastIndexByte(text[near:from], '\n'); i >= 0 {
		start = near + i + 1
	} else if from <= around {
		start = 0
	} else if j := strings.IndexByte(text[from-around:from], ' '); j >= 0 {
		start = from - around + j + 1
		b.WriteString("…")
	} else {
		b.WriteString("…")
	}
	end, cut := to, true
	line := text[to:min(len(text), to+around+1)]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	if len(line) <= around {
		end, cut = to+len(line), false
	} else if j := strings.LastIndexByte(line[:around], ' '); j >= 0 {
		end = to + j
	}
	for !utf8.RuneStart(text[start]) {
		start++
	}
	b.WriteString(strings.TrimSpace(text[start:end]))
	if cut {
		b.WriteString("…")
	}
}

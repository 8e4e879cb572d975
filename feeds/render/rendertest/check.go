// Package rendertest checks feed documents strictly, for tests: what RFC 4287,
// RSS 2.0 with the RSS Profile, JSON Feed 1.1 and OPML 2.0 demand or advise as
// far as a program can see it in one document, and what the W3C feed validator
// warns of. It shares no code with package render.
package rendertest

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Document checks a document of a format ("atom", "rss", "json" or "opml") and
// gives one line per problem, each beginning with a rule: "A8: …".
func Document(format string, doc []byte) []string {
	c := &checker{ids: map[string]bool{}}
	switch format {
	case "atom":
		c.atom(doc)
	case "rss":
		c.rss(doc)
	case "json":
		c.json(doc)
	case "opml":
		c.opml(doc)
	default:
		c.say("", "no such format: %q", format)
	}
	return c.problems
}

type checker struct {
	problems []string
	ids      map[string]bool
}

func (c *checker) say(rule, format string, args ...any) {
	c.problems = append(c.problems, rule+": "+fmt.Sprintf(format, args...))
}

// bytes checks what holds for every XML document.
func (c *checker) bytes(doc []byte) *node {
	if !bytes.HasPrefix(doc, []byte(`<?xml version="1.0" encoding="`)) {
		c.say("A2", "does not begin with an XML declaration: %.40q", doc)
	}
	if !utf8.Valid(doc) {
		c.say("A1", "not UTF-8")
	}
	root := parse(doc, c.say)
	if root == nil {
		return nil
	}
	root.walk(func(n *node) {
		c.characters(n.name, n.text)
		for k, v := range n.attrs {
			c.characters(n.name+"/@"+k, v)
		}
		if l, ok := n.attrs["xml:lang"]; ok && !languageTag.MatchString(l) {
			c.say("A26", "%s has xml:lang %q", n.name, l)
		}
	})
	return root
}

// characters finds those that XML forbids or validators call bad.
func (c *checker) characters(where, s string) {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7F && r < 0xA0 || r == utf8.RuneError || r&0xFFFE == 0xFFFE {
			c.say("A1", "%s has the character U+%04X", where, r)
			return
		}
	}
}

// once checks how often children of a name occur.
func (c *checker) once(rule string, n *node, least, most int, names ...string) {
	for _, name := range names {
		if k := len(n.all(name)); k < least || k > most {
			c.say(rule, "%s has %d %s, want %d to %d", n.name, k, name, least, most)
		}
	}
}

// known checks that n has children and attributes of these names only.
func (c *checker) known(rule string, n *node, children, attrs string) {
	for _, k := range n.children {
		if !slices.Contains(strings.Fields(children), k.name) {
			c.say(rule, "%s has an element %s", n.name, k.name)
		}
	}
	for k := range n.attrs {
		if !slices.Contains(strings.Fields(attrs), k) {
			c.say(rule, "%s has an attribute %s", n.name, k)
		}
	}
}

// leaf checks that n is text, not blank, trimmed and of one line.
func (c *checker) leaf(rule string, n *node) {
	if len(n.children) > 0 {
		c.say(rule, "%s has child elements", n.name)
	}
	c.text(rule, n.name, n.text)
}

func (c *checker) text(rule, where, s string) {
	if strings.TrimSpace(s) == "" {
		c.say(rule, "%s is blank", where)
	}
	if s != strings.TrimSpace(s) {
		c.say(rule, "%s has white space around it: %q", where, s)
	}
	c.plain(rule, where, s)
}

var (
	endTag = regexp.MustCompile(`(?i)</(a|b|blockquote|br|cite|code|div|em|h[1-6]|i|img|li|ol|p|pre|q|small|span|strong|sub|sup|table|td|title|tr|u|ul)>`)
	entity = regexp.MustCompile(`&#?\w+;`)
)

// plain finds markup where plain text belongs.
func (c *checker) plain(rule, where, s string) {
	if t := endTag.FindString(s); t != "" {
		c.say(rule, "%s has markup: %q in %q", where, t, s)
	}
	for _, e := range entity.FindAllString(s, -1) {
		if html.UnescapeString(e) != e {
			c.say(rule, "%s has an entity: %q in %q", where, e, s)
		}
	}
}

var (
	languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)
	absoluteURL = regexp.MustCompile(`^https?://[^\s/?#<>"{}|\\^` + "`" + `]+([/?#][0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]*)?$`)
	badEscape   = regexp.MustCompile(`%($|.$|[^0-9a-fA-F]|.[^0-9a-fA-F])`)
	tagURI      = regexp.MustCompile(`^tag:([a-z0-9\-._]+@)?[a-z0-9.\-]+,\d{4}(-\d{2}(-\d{2})?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*$`)
	mediaType   = regexp.MustCompile(`^[a-z0-9!#$&^_.+\-]+/[a-z0-9!#$&^_.+\-]+$`)
	mail        = regexp.MustCompile(`(?i)^[a-z0-9_\-+.']+@([a-z0-9\-]+\.)+[a-z0-9][\-a-z0-9]*$`)
)

func (c *checker) url(rule, where, u string) {
	if !absoluteURL.MatchString(u) && !absoluteURL.MatchString(asciiHost(u)) || badEscape.MatchString(u) {
		c.say(rule, "%s is no absolute URL: %q", where, u)
	}
}

// asciiHost stands for the host's letters of other scripts, which would have to
// be read with IDNA.
func asciiHost(u string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xA0 {
			return 'x'
		}
		return r
	}, u)
}

func (c *checker) iri(rule, where, s string) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || strings.ContainsAny(s, " \t\n<>\"{}|\\^`") {
		c.say(rule, "%s is no absolute IRI: %q", where, s)
	}
}

// id checks an id of ours: a tag: URI, once in a document.
func (c *checker) id(rule, s string) {
	if !tagURI.MatchString(s) {
		c.say(rule, "id %q is no tag: URI", s)
	}
	if c.ids[s] {
		c.say("A14", "id %q stands twice in the document", s)
	}
	c.ids[s] = true
}

// date3339 reads a date that may be shown.
func (c *checker) date3339(rule, where, s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05Z", s)
	if err != nil || t.Year() < 1990 {
		c.say(rule, "%s %q is no RFC 3339 time in UTC after 1990", where, s)
	}
	return t
}

func (c *checker) date822(rule, where, s string) time.Time {
	t, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", s)
	if err != nil || t.Year() < 1990 || t.Format("Mon") != s[:min(3, len(s))] {
		c.say(rule, "%s %q is no RFC 822 time after 1990", where, s)
	}
	return t
}

var (
	reference = regexp.MustCompile(`(?i)<(?:a|img|audio|video|source)\s[^>]*?(?:href|src)\s*=\s*"([^"]*)"`)
	dangerous = regexp.MustCompile(`(?i)<(script|style|iframe|object|embed|form|svg|math|template|html|head|body|base|link|meta)[\s>/]|\son[a-z]+\s*=`)
)

// markup checks HTML: safe, with absolute references.
func (c *checker) markup(rule, relative, where, s string) {
	if strings.TrimSpace(s) == "" {
		c.say("A10", "%s is blank", where)
	}
	if bad := dangerous.FindString(s); bad != "" {
		c.say(rule, "%s has %q", where, bad)
	}
	for _, m := range reference.FindAllStringSubmatch(s, -1) {
		ref := html.UnescapeString(m[1])
		if !strings.HasPrefix(ref, "http://") && !strings.HasPrefix(ref, "https://") && !strings.HasPrefix(ref, "mailto:") {
			c.say(relative, "%s has the reference %q", where, ref)
		}
	}
}

var rtl = regexp.MustCompile(`^(ar|fa|he|ur|ps|yi|ug|sd|dv|ckb)(-|$)`)

// direction checks that HTML in a right-to-left language says so itself.
func (c *checker) direction(where, language, s string) {
	if rtl.MatchString(language) && !strings.HasPrefix(s, `<div dir="rtl" lang="`+language+`">`) {
		c.say("J15", "%s in %s has no direction: %.60q", where, language, s)
	}
}

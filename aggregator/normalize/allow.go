package normalize

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html/atom"
)

// element says what becomes of an HTML element. One that is not in the table
// is dropped and its text kept.
type element struct {
	block      bool // ends an open <p>, and a paragraph of the text
	line       bool // ends a paragraph of the text only
	void       bool // has no end tag
	aside      bool // shown, but no part of the text: a caption, a menu
	unwrap     bool // dropped; its content stays
	drop       bool // dropped with its content
	raw        bool // dropped; its content, which the parser holds for text, is read as markup
	attributes map[string]kind
}

// kind is what an attribute's value must be to stay.
type kind uint8

const (
	isText kind = iota
	isURL
	isURLSet // srcset
	isLanguage
	isDirection
	isNumber // "3", "-1", "50%", "12.5", "3px"
	isToken  // letters, digits and a little punctuation
)

var globalAttributes = map[string]kind{"lang": isLanguage, "dir": isDirection, "title": isText, "class": isText}

func attributes(groups ...map[string]kind) map[string]kind {
	out := map[string]kind{}
	for _, g := range groups {
		for k, v := range g {
			out[k] = v
		}
	}
	return out
}

var (
	aligned = map[string]kind{"align": isToken}
	sized   = map[string]kind{"width": isNumber, "height": isNumber}
	cell    = map[string]kind{"align": isToken, "valign": isToken, "width": isNumber, "height": isNumber}
	edited  = map[string]kind{"cite": isURL, "datetime": isToken}
)

// elements is the allow-list. What runs, loads, asks, draws or lays itself
// over the page is not in it; what carries meaning, language or direction is.
var elements = map[atom.Atom]element{
	// Words.
	atom.A:       {attributes: map[string]kind{"href": isURL, "hreflang": isLanguage, "type": isToken, "rel": isToken}},
	atom.Abbr:    {},
	atom.Acronym: {},
	atom.B:       {},
	atom.Bdi:     {},
	atom.Bdo:     {},
	atom.Big:     {},
	atom.Br:      {void: true, line: true, attributes: map[string]kind{"clear": isToken}},
	atom.Cite:    {},
	atom.Code:    {},
	atom.Data:    {attributes: map[string]kind{"value": isText}},
	atom.Del:     {attributes: edited},
	atom.Dfn:     {},
	atom.Em:      {},
	atom.Font:    {attributes: map[string]kind{"color": isToken, "face": isText, "size": isToken}},
	atom.I:       {},
	atom.Ins:     {attributes: edited},
	atom.Kbd:     {},
	atom.Mark:    {},
	atom.Q:       {attributes: map[string]kind{"cite": isURL}},
	atom.Rp:      {aside: true},
	atom.Rt:      {aside: true},
	atom.Ruby:    {},
	atom.S:       {},
	atom.Samp:    {},
	atom.Small:   {},
	atom.Span:    {},
	atom.Strike:  {},
	atom.Strong:  {},
	atom.Sub:     {},
	atom.Sup:     {},
	atom.Time:    {attributes: map[string]kind{"datetime": isToken}},
	atom.Tt:      {},
	atom.U:       {},
	atom.Var:     {},
	atom.Wbr:     {void: true},

	// Blocks.
	atom.Address:    {block: true},
	atom.Article:    {block: true},
	atom.Aside:      {block: true},
	atom.Blockquote: {block: true, attributes: map[string]kind{"cite": isURL}},
	atom.Center:     {block: true},
	atom.Dd:         {block: true},
	atom.Details:    {block: true, attributes: map[string]kind{"open": isToken}},
	atom.Div:        {block: true, attributes: aligned},
	atom.Dl:         {block: true},
	atom.Dt:         {block: true},
	atom.Figcaption: {block: true, aside: true},
	atom.Figure:     {block: true},
	atom.Footer:     {block: true},
	atom.H1:         {block: true, attributes: aligned},
	atom.H2:         {block: true, attributes: aligned},
	atom.H3:         {block: true, attributes: aligned},
	atom.H4:         {block: true, attributes: aligned},
	atom.H5:         {block: true, attributes: aligned},
	atom.H6:         {block: true, attributes: aligned},
	atom.Header:     {block: true},
	atom.Hgroup:     {block: true},
	atom.Hr:         {block: true, void: true, attributes: attributes(aligned, map[string]kind{"width": isNumber, "size": isNumber, "noshade": isToken})},
	atom.Li:         {block: true, attributes: map[string]kind{"value": isNumber, "type": isToken}},
	atom.Main:       {block: true},
	atom.Nav:        {block: true, aside: true},
	atom.Ol:         {block: true, attributes: map[string]kind{"start": isNumber, "reversed": isToken, "type": isToken}},
	atom.P:          {block: true, attributes: aligned},
	atom.Pre:        {block: true},
	atom.Section:    {block: true},
	atom.Summary:    {block: true},
	atom.Ul:         {block: true, attributes: map[string]kind{"type": isToken}},

	// Tables.
	atom.Table: {block: true, attributes: attributes(aligned, map[string]kind{"border": isNumber, "cellpadding": isNumber, "cellspacing": isNumber,
		"width": isNumber, "summary": isText, "frame": isToken, "rules": isToken})},
	atom.Caption:  {line: true, attributes: aligned},
	atom.Colgroup: {attributes: attributes(cell, map[string]kind{"span": isNumber})},
	atom.Col:      {void: true, attributes: attributes(cell, map[string]kind{"span": isNumber})},
	atom.Thead:    {attributes: cell},
	atom.Tbody:    {attributes: cell},
	atom.Tfoot:    {attributes: cell},
	atom.Tr:       {line: true, attributes: cell},
	atom.Td:       {attributes: attributes(cell, map[string]kind{"colspan": isNumber, "rowspan": isNumber, "abbr": isText, "nowrap": isToken})},
	atom.Th:       {attributes: attributes(cell, map[string]kind{"colspan": isNumber, "rowspan": isNumber, "abbr": isText, "scope": isToken, "nowrap": isToken})},

	// Pictures and sound.
	atom.Img: {void: true, attributes: attributes(sized, aligned, map[string]kind{"src": isURL, "srcset": isURLSet, "sizes": isText, "alt": isText, "border": isNumber,
		"hspace": isNumber, "vspace": isNumber, "longdesc": isURL, "loading": isToken, "decoding": isToken})},
	atom.Picture: {},
	atom.Source:  {void: true, attributes: attributes(sized, map[string]kind{"src": isURL, "srcset": isURLSet, "sizes": isText, "media": isText, "type": isText})},
	atom.Audio:   {attributes: map[string]kind{"src": isURL, "controls": isToken, "preload": isToken, "loop": isToken, "muted": isToken}},
	atom.Video: {attributes: attributes(sized, map[string]kind{"src": isURL, "poster": isURL, "controls": isToken, "preload": isToken, "loop": isToken, "muted": isToken,
		"playsinline": isToken})},
	atom.Track: {void: true, attributes: map[string]kind{"src": isURL, "kind": isToken, "srclang": isLanguage, "label": isText, "default": isToken}},

	// Dropped, the content kept, but known to be blocks.
	atom.Dialog: {unwrap: true, block: true}, atom.Dir: {unwrap: true, block: true}, atom.Fieldset: {unwrap: true, block: true},
	atom.Form: {unwrap: true, block: true}, atom.Menu: {unwrap: true, block: true}, atom.Listing: {unwrap: true, block: true},
	atom.Option: {unwrap: true, block: true}, atom.Marquee: {unwrap: true}, atom.Object: {unwrap: true}, atom.Applet: {unwrap: true},
	atom.Button: {unwrap: true}, atom.Select: {drop: true}, atom.Datalist: {drop: true},

	// Dropped; browsers that can do without show what is inside.
	atom.Iframe: {raw: true}, atom.Noembed: {raw: true}, atom.Noframes: {raw: true},

	// Never text to a reader.
	atom.Script: {drop: true}, atom.Style: {drop: true}, atom.Template: {drop: true}, atom.Title: {drop: true}, atom.Svg: {drop: true},
	atom.Base: {drop: true}, atom.Link: {drop: true}, atom.Meta: {drop: true}, atom.Param: {drop: true}, atom.Embed: {drop: true},
	atom.Frame: {drop: true}, atom.Frameset: {drop: true}, atom.Input: {drop: true}, atom.Keygen: {drop: true}, atom.Area: {drop: true},
}

// shown tells whether an element of the table is written.
func (e element) shown() bool { return !e.unwrap && !e.drop && !e.raw }

// newPolicy gives bluemonday's form of the tables above. It neither rewrites
// URLs nor adds attributes: it only takes away.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	safe := regexp.MustCompile(`^(?:(?i:https?|mailto):|[^:/?#]*(?:[/?#]|$))`)
	for key := range globalAttributes {
		p.AllowAttrs(key).Globally()
	}
	for a, e := range elements {
		if !e.shown() {
			continue
		}
		name := a.String()
		p.AllowElements(name)
		p.AllowNoAttrs().OnElements(name)
		for key, k := range e.attributes {
			rule := p.AllowAttrs(key)
			if k == isURL {
				rule = rule.Matching(safe)
			}
			rule.OnElements(name)
		}
	}
	return p
}

// gate passes cleaned HTML through bluemonday. What it took away would be a
// fault of the cleaner: the fuzz target checks that there is none. Markup that
// can do no harm to begin with, as most is, is spared: to read it once more is
// a third of what cleaning costs.
func (n *Normalizer) gate(clean string) string {
	if !isHarmless(clean) {
		clean = n.policy().Sanitize(clean)
	}
	return unquote(clean)
}

// isHarmless reports whether there is nothing in cleaned HTML but words, the
// commonest elements, links to web pages and attributes that only describe. It is no
// allow-list of what may pass, but of what need not be looked at twice.
func isHarmless(s string) bool {
	for i := 0; i < len(s); {
		if isPlain[s[i]] {
			i++
			continue
		}
		switch s[i] {
		case '&':
			n := escapeLength(s[i:])
			if n == 0 {
				return false
			}
			i += n
		case '<':
			tag, _, whole := strings.Cut(s[i+1:min(len(s), i+longestTag)], ">")
			if !whole || !isHarmlessTag(tag) {
				return false
			}
			i += len(tag) + 2
		case '>', 0, '\r':
			return false
		default:
			i++
		}
	}
	return true
}

// escapeLength gives the length of the escape that s starts with, 0 when it is
// none of those that the cleaner writes.
func escapeLength(s string) int {
	for _, e := range [...]string{"&amp;", "&lt;", "&gt;", "&#34;"} {
		if strings.HasPrefix(s, e) {
			return len(e)
		}
	}
	return 0
}

const longestTag = 4000 // as a srcset makes them

// isHarmlessTag reports whether what stands between "<" and ">" is an element
// with attributes that do nothing, written as the cleaner writes them.
func isHarmlessTag(tag string) bool {
	name, rest, attributes := strings.Cut(tag, " ")
	name, end := strings.CutPrefix(name, "/")
	if end && attributes {
		return false
	}
	switch name {
	case "p", "br", "a", "b", "i", "u", "em", "strong", "small", "span", "sub", "sup", "cite", "q", "div", "blockquote", "hr", "img",
		"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "section", "article", "figure", "figcaption", "time",
		"aside", "nav", "header", "footer", "address", "center", "code", "pre", "tt", "kbd", "mark", "abbr", "del", "ins", "s":
	default:
		return false
	}
	for attributes {
		key, value, ok := strings.Cut(rest, `="`)
		if value, rest, attributes = strings.Cut(value, `"`); !ok || !attributes || !isHarmlessAttribute(key, value) || strings.Contains(rest, " "+key+"=") {
			return false
		}
		if rest == "" {
			break
		}
		if rest, attributes = strings.CutPrefix(rest, " "); !attributes {
			return false
		}
	}
	return true
}

func isHarmlessAttribute(key, value string) bool {
	switch key {
	case "href", "src":
		link, web := strings.CutPrefix(value, "https://")
		if !web {
			link, web = strings.CutPrefix(value, "http://")
		}
		for i := 0; i < len(link); i++ {
			if c := link[i]; !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~:/?#=%+,@!()", c) >= 0 || c == '&' && strings.HasPrefix(link[i:], "&amp;") || c == ';' && i > 3 && link[i-4:i] == "&amp") {
				return false
			}
		}
		return web
	case "class", "title", "alt", "width", "height", "srcset", "sizes", "loading", "decoding", "align", "border", "rel", "type", "lang", "hreflang", "dir", "datetime", "colspan", "rowspan":
		for i := 0; i < len(value); i++ {
			switch c := value[i]; {
			case c < ' ' || c == '<' || c == '>' || c == 0x7f:
				return false
			case c == '&' && escapeLength(value[i:]) == 0:
				return false
			}
		}
		return true
	}
	return false
}

// unquote undoes, in text, the escapes that only attributes need: bluemonday
// writes l&#39;OIM, which is the same and twice as long.
func unquote(s string) string {
	if !strings.Contains(s, "&#3") {
		return s
	}
	out := make([]byte, 0, len(s))
	inTag := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '<':
			inTag = true
		case c == '>':
			inTag = false
		case c == '&' && strings.HasPrefix(s[i:], "&#39;"):
			out = append(out, '\'')
			i += 4
			continue
		case c == '&' && !inTag && strings.HasPrefix(s[i:], "&#34;"):
			out = append(out, '"')
			i += 4
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

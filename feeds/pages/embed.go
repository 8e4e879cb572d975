package pages

import (
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Embed is the box that brings a feed onto another site. What is chosen stands
// in the page's address, so that it works without scripts.
type Embed struct {
	Open                     bool   // something was chosen
	Partners                 bool   // nobody else's site may frame it
	Source                   string // address of the frame, absolute
	Preview                  string // the same on this host
	Title                    string
	Height                   int
	Sizes, Languages, Themes []Option
}

// Option is a choice of a list.
type Option struct {
	Value string
	Label Words
	On    bool
}

// sizes are the fixed heights that frames know, in CSS pixels.
var sizes = []struct {
	name   string
	height int
}{{"small", 280}, {"medium", 480}, {"large", 720}}

// themes are the colours of an embed, as its address has them.
var themes = []string{"auto", "light", "dark"}

// Parameters of a page's address that choose an embed.
const (
	EmbedSize     = "embed_size"
	EmbedLanguage = "embed_lang"
	EmbedTheme    = "embed_theme"
)

// asPublished is the value of the choice of no language.
const asPublished = "any"

// NewEmbed makes the box for the feed that is framed at path (with its own
// parameters in query) below base: chosen are the parameters of the page,
// spoken the languages that there are statements in, titled says how a feed with
// such parameters is called. What is not known among the chosen counts for nothing.
func (l *Language) NewEmbed(origin, base, path string, query, chosen url.Values, spoken []Option, titled func(narrowed url.Values) Words) *Embed {
	e := &Embed{}
	v := url.Values{}
	for key, values := range query {
		v[key] = values
	}
	size := sizes[1]
	for _, s := range sizes {
		if s.name == chosen.Get(EmbedSize) {
			size, e.Open = s, true
		}
	}
	for _, s := range sizes {
		e.Sizes = append(e.Sizes, Option{Value: s.name, Label: Words{Text: l.Say("embed." + s.name)}, On: s == size})
	}
	e.Height = size.height
	v.Set("height", size.name)
	v.Set("heading", "2")
	// A page of one language begins with that, and has to be told that another was
	// chosen; any other page's languages are the frame's.
	published, language := "", ""
	if page := v.Get("lang"); slices.ContainsFunc(spoken, func(o Option) bool { return o.Value == page }) {
		published, language = asPublished, page
	}
	e.Languages = append([]Option{{Value: published, Label: Words{Text: l.Say("embed.any")}}}, spoken...)
	if given := chosen.Get(EmbedLanguage); given != "" && slices.ContainsFunc(e.Languages, func(o Option) bool { return o.Value == given }) {
		language = given
	}
	for i := range e.Languages {
		e.Languages[i].On = e.Languages[i].Value == language
	}
	switch language {
	case asPublished:
		v.Del("lang")
		fallthrough
	case "":
		v.Set("ui", l.Tag) // dates and links; with lang they are in that language
	default:
		v.Set("lang", language)
	}
	theme := themes[0]
	for _, t := range themes {
		if t == chosen.Get(EmbedTheme) {
			theme = t
		}
	}
	for _, t := range themes {
		e.Themes = append(e.Themes, Option{Value: t, Label: Words{Text: l.Say("embed." + t)}, On: t == theme})
	}
	if theme != themes[0] {
		v.Set("theme", theme)
	}
	e.Title = titled(v).Text
	at := "/embed/" + path + "?" + strings.ReplaceAll(v.Encode(), "%2C", ",")
	e.Source, e.Preview = origin+at, base+at
	return e
}

// Snippet is what is put into a page to have the embed there.
func (e Embed) Snippet() string {
	return `<iframe src="` + html.EscapeString(e.Source) + `" title="` + html.EscapeString(e.Title) + `" width="600" height="` + strconv.Itoa(e.Height) +
		`" loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox" style="border:0; max-width:100%"></iframe>`
}

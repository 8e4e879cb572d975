package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// EmbedsConfig says who may frame, with what was left out filled in.
type EmbedsConfig struct {
	Allow    Framers
	Partners []PartnerConfig
}

// PartnerConfig is a partner as it counts.
type PartnerConfig struct {
	Name    string
	Origins []string // as a policy names them (Content Security Policy §2.3.1)
	Feeds   []string // paths; none means all
	Credit  string
	Scheme  string // auto, light or dark
	Font    string // system, serif or sans
	Light   Palette
	Dark    Palette
}

// Palette is colours as #rrggbb.
type Palette struct{ Text, Background, Muted, Link, Line string }

// Our own colours, which stand in for those that a theme leaves out. The pages
// that are framed have them from here too.
var (
	OwnLight = Palette{Text: "#1c2330", Background: "#ffffff", Muted: "#566072", Link: "#0b5394", Line: "#d9dee6"}
	OwnDark  = Palette{Text: "#e6e9ee", Background: "#14181f", Muted: "#a3adbc", Link: "#8cc0f5", Line: "#333c49"}
)

// EmbedsConfig gives who may frame. It is the configuration's own: not to be
// changed.
func (c *Config) EmbedsConfig() EmbedsConfig { return c.embeds }

// embeds checks who may frame what.
func (l *loader) embeds(e *Embeds, sources, named map[string]place) EmbedsConfig {
	out := EmbedsConfig{Allow: e.Allow}
	if out.Allow == "" {
		out.Allow = "anybody"
		if len(e.Partners) > 0 {
			out.Allow = "partners"
		}
	}
	if out.Allow == "partners" && len(e.Partners) == 0 {
		l.errorAt(e.At.at("allow"), `"partners": there are none; list them under partners, or say nobody`)
	}
	names := map[string]place{}
	for i := range e.Partners {
		p := &e.Partners[i]
		if !l.unique(names, p.At, "name", string(p.Name)) {
			continue
		}
		if p.At.has("origins") && len(p.Origins) == 0 {
			l.errorAt(p.At.at("origins"), "is empty; name the partner's sites, or take the partner out")
		}
		for j, o := range p.Origins {
			if o != "" && slices.Contains(p.Origins[:j], o) {
				l.errorAt(p.At.at("origins", j), fmt.Sprintf("%q is in the list already", o))
			}
		}
		if p.At.has("feeds") && len(p.Feeds) == 0 {
			l.errorAt(p.At.at("feeds"), "is empty; name feeds, or take the line out to allow all")
		}
		for j, f := range p.Feeds {
			if slices.Contains(l.private, string(f)) {
				l.errorAt(p.At.at("feeds", j), fmt.Sprintf("%q is private, and a frame is seen by everybody; take one of the two out", f))
				continue
			}
			l.knownFeed(p.At.at("feeds", j), string(f), sources, named)
		}
		if at := p.At.at("credit"); len(p.Credit) > 300 {
			l.errorAt(at, "is longer than 300 octets; it is one line below a frame")
		} else if strings.ContainsFunc(p.Credit, unicode.IsControl) {
			l.errorAt(at, "has a line break or a control character in it; it is one line")
		}
		out.Partners = append(out.Partners, PartnerConfig{
			Name: string(p.Name), Origins: texts(p.Origins), Feeds: texts(p.Feeds), Credit: strings.TrimSpace(p.Credit),
			Scheme: string(p.Theme.Scheme), Font: string(p.Theme.Font),
			Light: l.palette(&p.Theme.Light, OwnLight), Dark: l.palette(&p.Theme.Dark, OwnDark),
		})
	}
	return out
}

// leastContrast is the least contrast between text and what is behind it (WCAG 2.2,
// 1.4.3).
const leastContrast = 4.5

// palette fills in a theme's colours and checks that what is written in them can
// be read.
func (l *loader) palette(c *Colours, own Palette) Palette {
	p := Palette{
		Text: or(string(c.Text), own.Text), Background: or(string(c.Background), own.Background), Muted: or(string(c.Muted), own.Muted),
		Link: or(string(c.Link), own.Link), Line: or(string(c.Line), own.Line),
	}
	for _, on := range []struct{ key, colour string }{{"text", p.Text}, {"muted", p.Muted}, {"link", p.Link}} {
		if r := contrast(on.colour, p.Background); r < leastContrast {
			at := c.At.at(on.key)
			if !c.At.has(on.key) {
				at = c.At.at("background") // it is what was changed
			}
			l.errorAt(at, fmt.Sprintf("%s %s on the background %s has a contrast of %.1f; it needs %.1f to be read (WCAG 1.4.3)", on.key, on.colour, p.Background, math.Floor(r*10)/10, leastContrast))
		}
	}
	return p
}

// contrast gives the contrast ratio of two colours (#rrggbb), 1 to 21 (WCAG 2.2,
// "contrast ratio" and "relative luminance"); 21 when one of them is none.
func contrast(a, b string) float64 {
	x, ok1 := luminance(a)
	y, ok2 := luminance(b)
	if !ok1 || !ok2 {
		return 21 // an error at its own place already
	}
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(colour string) (float64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil || len(colour) != 7 {
		return 0, false
	}
	var sum float64
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} { // blue, green, red
		v := float64(n>>(8*i)&0xff) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum, true
}

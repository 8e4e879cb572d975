package serve

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
)

// Partner is a site that shows our feeds in frames.
type Partner struct {
	Name    string
	Origins []string // as a policy names them (Content Security Policy 3 §2.3.1)
	Feeds   []string // paths of the feeds that it may frame; none means all
	Credit  string   // a line of plain text below its frames
	Scheme  string   // auto, light or dark
	Font    string   // system, serif or sans
	Light   Palette
	Dark    Palette
}

// Palette is the colours of a look, as #rrggbb; "" leaves ours.
type Palette struct{ Text, Background, Muted, Link, Line string }

// Who may show /embed/… in a frame.
const (
	FramedByAnybody  = "anybody"
	FramedByPartners = "partners"
	FramedByNobody   = "nobody"
)

//go:embed assets/embed.css
var embedCSS []byte

//go:embed assets/framed.js
var framedJS []byte

//go:embed templates/embed.html
var embedFile string

var embedTemplate = template.Must(template.New("embed").Parse(embedFile))

// embeds is what frames are made with.
type embeds struct {
	css      map[string]string // path of the style sheet, by partner, "" for none
	framed   string            // path of the script that tells a frame's height
	element  string            // path of the element's script, with its hash
	digest   string            // of that script, for integrity=
	partners map[string]*Partner
}

// embedding makes what frames and the element are made with.
func (s *Server) embedding() {
	e := embeds{css: map[string]string{}, partners: map[string]*Partner{}}
	e.css[""] = s.shared("embed", "css", "text/css; charset=utf-8", embedCSS)
	e.framed = s.shared("framed", "js", "text/javascript; charset=utf-8", framedJS)
	for i := range s.o.Partners {
		p := &s.o.Partners[i]
		e.partners[p.Name] = p
		if own := p.css(); own != "" {
			e.css[p.Name] = s.shared("embed", "css", "text/css; charset=utf-8", append(bytes.Clone(embedCSS), own...))
		} else {
			e.css[p.Name] = e.css[""]
		}
	}
	e.element, e.digest = s.elements()
	s.embeds = e
}

// shared keeps an asset that pages of other sites load, also those that want
// everything they load to say so (Cross-Origin-Embedder-Policy).
func (s *Server) shared(name, ext, contentType string, body []byte) (path string) {
	path = s.asset(name, ext, contentType, body)
	s.assets[path].set("Access-Control-Allow-Origin", "*")
	s.assets[path].set("Cross-Origin-Resource-Policy", "cross-origin")
	return path
}

// css gives the rules of a partner's look, "" when it has none of its own. The
// selectors are those of embed.css.
func (p *Partner) css() string {
	rules := func(selector string, c Palette) string {
		var b strings.Builder
		for _, v := range []struct{ name, value string }{{"ink", c.Text}, {"paper", c.Background}, {"soft", c.Muted}, {"link", c.Link}, {"line", c.Line}} {
			if v.value != "" {
				fmt.Fprintf(&b, " --%s: %s;", v.name, v.value)
			}
		}
		if b.Len() == 0 {
			return ""
		}
		return selector + " {" + b.String() + " }\n"
	}
	css := rules(":root", p.Light)
	if dark := rules(":root:not([data-theme=light])", p.Dark); dark != "" {
		css += "@media (prefers-color-scheme: dark) { " + strings.TrimSuffix(dark, "\n") + " }\n" + rules(":root[data-theme=dark]", p.Dark)
	}
	switch p.Font {
	case "serif":
		css += "html { font-family: Georgia, \"Noto Serif\", \"Noto Naskh Arabic\", serif }\n"
	case "sans":
		css += "html { font-family: Arial, Helvetica, \"Noto Sans\", \"Noto Sans Arabic\", sans-serif }\n"
	}
	return css
}

// Most statements in a frame, and how many there are when nobody says.
const (
	maxFramed     = 20
	defaultFramed = 10
)

// modes are how much of each statement a frame shows.
var modes = []string{"compact", "list", "cards"}

// heights are the fixed heights of frames in CSS pixels, so that a page can keep
// the room free before the frame is there.
var heights = []struct {
	Name   string
	Pixels int
}{{"small", 280}, {"medium", 480}, {"large", 720}}

// look is how a frame was asked to be.
type look struct {
	partner *Partner
	ui      *pages.Language // of our own words
	dir     string          // ltr, rtl or "" for that of ui
	theme   string          // light, dark or "" for the reader's
	heading int             // level of the title, 0 for none
	mode    string
	height  string   // name of a fixed height, or ""
	resize  bool     // whether the frame tells its height
	lang    string   // asked for, "" for none
	prefer  []string // languages whose copies are shown where there are any
}

// lookKeys are the parameters of a look; all others are the feed's.
var lookKeys = []string{"partner", "ui", "dir", "theme", "heading", "mode", "height", "resize"}

// look reads the parameters of a frame. Those with nothing in them count as not
// given, as forms send them so.
func (s *Server) look(v url.Values) (look, error) {
	l := look{heading: 1, mode: "list"}
	if name := v.Get("partner"); name != "" {
		if l.partner = s.embeds.partners[name]; l.partner == nil {
			if len(s.embeds.partners) == 0 {
				return l, refuse(http.StatusNotFound, fmt.Sprintf("there is no partner %q, nor any other; leave partner out", short(name))).as("reason.no-partner", "name", short(name))
			}
			var names []string
			for n := range s.embeds.partners {
				names = append(names, n)
			}
			return l, refuse(http.StatusNotFound, fmt.Sprintf("there is no partner %q", short(name)), names...).as("reason.no-partner", "name", short(name))
		}
		if l.partner.Scheme != "auto" {
			l.theme = l.partner.Scheme
		}
	}
	l.lang, _, _ = strings.Cut(v.Get("lang"), ",")
	if ui := v.Get("ui"); ui == "" {
		if l.ui = pages.Speaks(l.lang); l.ui == nil {
			l.ui = s.own()
		}
	} else if l.ui = pages.Speaks(ui); l.ui == nil {
		return l, refuse(http.StatusNotFound, fmt.Sprintf("ui=%s: our own words are not written in it", short(ui)), spoken()...).as("reason.not-spoken", "value", short(ui))
	} else {
		l.prefer = []string{l.ui.Tag}
	}
	for _, c := range []struct {
		key  string
		to   *string
		auto string // what stands for "whatever suits"
		list []string
	}{
		{"dir", &l.dir, "auto", []string{"auto", "ltr", "rtl"}},
		{"theme", &l.theme, "auto", []string{"auto", "light", "dark"}},
		{"mode", &l.mode, "", modes},
		{"height", &l.height, "", []string{"small", "medium", "large"}},
	} {
		got := v.Get(c.key)
		if got == "" {
			continue
		}
		if !slices.Contains(c.list, got) {
			return l, refuse(http.StatusBadRequest, fmt.Sprintf("%s=%s: want one of %s", c.key, short(got), strings.Join(c.list, ", "))).as("reason.one-of", "name", c.key, "value", short(got), "list", strings.Join(c.list, ", "))
		}
		if *c.to = got; got == c.auto {
			*c.to = ""
		}
	}
	if h := v.Get("heading"); h == "none" {
		l.heading = 0
	} else if h != "" {
		n, err := strconv.Atoi(h)
		if err != nil || n < 1 || n > 6 {
			return l, refuse(http.StatusBadRequest, fmt.Sprintf("heading=%s: want a level from 1 to 6, or none", short(h))).as("reason.heading", "value", short(h))
		}
		l.heading = n
	}
	switch r := v.Get("resize"); {
	case r == "":
	case r != "1":
		return l, refuse(http.StatusBadRequest, fmt.Sprintf("resize=%s: want 1, or nothing", short(r))).as("reason.resize", "value", short(r))
	case l.height != "":
		return l, refuse(http.StatusBadRequest, "height and resize exclude each other: a frame has a fixed height, or tells the one that it needs").as("reason.height-resize")
	default:
		l.resize = true
	}
	return l, nil
}

// embed resolves what follows /embed/: a feed's path, or a statement.
func (s *Server) embed(rest, rawQuery string) (*prepared, error) {
	name, moved := embedName(rest)
	if moved || name == "" {
		return nil, &redirect{status: http.StatusMovedPermanently, path: "/embed/" + cmp.Or(name, "all") + query(rawQuery)}
	}
	v, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the address's parameters cannot be read; they look like ?lang=fr&theme=dark").as("reason.unreadable", "example", "?lang=fr&theme=dark")
	}
	if err := misspelt(v, lookKeys...); err != nil {
		return nil, err
	}
	l, err := s.look(v)
	if err != nil {
		return nil, err
	}
	if id, is := strings.CutPrefix(name, "statements/"); is {
		return s.embedStatement(feeds.StatementID(id), l)
	}
	f, err := s.embeddedFeed(name, v)
	if err != nil {
		return nil, err
	}
	if l.partner != nil && !l.partner.may(f.Path) {
		return nil, l.partner.refusal("the feed " + f.Path)
	}
	return &prepared{
		heads: func() (uint64, error) {
			sel, err := s.selected(f)
			return sel.mark, err
		},
		make: func() (*document, error) {
			sel, err := s.selected(f)
			if err != nil {
				return nil, err
			}
			sts, err := s.o.Store.Statements(sel.ids...)
			if err != nil {
				return nil, err
			}
			page := s.o.Site.FeedURL(f.Path, "html", pageQuery(f.RawQuery))
			return s.framed(s.headingIn(f, l.ui.Tag), page, sts, append(render.Languages(f), l.prefer...), l, sel.changed, s.framers(l, func(p *Partner) (bool, error) { return p.may(f.Path), nil }))
		},
	}, nil
}

// embedName gives the path of a feed or statement by what follows /embed/; moved
// says that it stands elsewhere: people put the whole address of the feed there.
func embedName(rest string) (name string, moved bool) {
	name = strings.ToLower(strings.TrimPrefix(rest, "feeds/"))
	if base, ext := extension(name); ext == "html" || slices.Contains(render.Formats(), render.Format(ext)) {
		name = base
	}
	name = strings.TrimRight(name, "/")
	return name, name != rest
}

// embeddedFeed gives the feed of a frame.
func (s *Server) embeddedFeed(name string, v url.Values) (feeds.Feed, error) {
	f, err := s.feed(name)
	if err != nil {
		return f, err
	}
	own := url.Values{}
	for key, values := range v {
		if !slices.Contains(lookKeys, key) {
			own[key] = values
		}
	}
	limit := defaultFramed
	if raw := strings.Join(own["limit"], ","); raw != "" {
		if limit, err = strconv.Atoi(raw); err != nil || limit < 1 || limit > maxFramed {
			return f, refuse(http.StatusBadRequest, fmt.Sprintf("limit=%s: want a number from 1 to %d", short(raw), maxFramed)).as("reason.limit", "value", short(raw), "max", maxFramed)
		}
	}
	if f, err = s.narrowed(f, own.Encode()); err != nil {
		return f, err
	}
	f.Query.Limit = limit
	return f, nil
}

// pageQuery is a frame's query without what the feed's page has no use for.
func pageQuery(raw string) string {
	v, _ := url.ParseQuery(raw) // we wrote it ourselves
	v.Del("limit")
	return strings.ReplaceAll(v.Encode(), "%2C", ",")
}

// may reports whether the partner may frame a feed.
func (p *Partner) may(path string) bool { return len(p.Feeds) == 0 || slices.Contains(p.Feeds, path) }

func (p *Partner) refusal(what string) error {
	var list []string
	for _, f := range p.Feeds {
		list = append(list, "/embed/"+f+"?partner="+p.Name)
	}
	return refuse(http.StatusForbidden, fmt.Sprintf("%s is not among those that %s may show; what is:", what, p.Name), list...).as("reason.not-for-partner", "name", p.Name)
}

// embedStatement prepares the frame of a single statement.
func (s *Server) embedStatement(id feeds.StatementID, l look) (*prepared, error) {
	if l.lang != "" && !wellFormed(l.lang) {
		return nil, refuse(http.StatusBadRequest, "lang="+short(l.lang)+" is not a language tag; want one such as fr or pt-BR").as("reason.not-a-tag", "value", short(l.lang))
	}
	load := func() (*feeds.Statement, error) {
		st, at, ok, err := s.o.Store.Statement(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, s.ended(id, "/embed/all")
		case st.Hidden || len(st.Copies) == 0:
			return nil, wasWithdrawn()
		case at != id:
			id = at // an address that was put into a page shows what it leads to now
		}
		if l.partner != nil {
			if in, err := s.mayShow(l.partner, &st); err != nil {
				return nil, err
			} else if !in {
				return nil, l.partner.refusal("this statement is in no feed that is, and")
			}
		}
		return &st, nil
	}
	return ofStatement(load, func(st *feeds.Statement) (uint64, error) { return st.Seq, nil }, func(st *feeds.Statement) (*document, error) {
		languages := l.prefer
		if l.lang != "" {
			languages = append([]string{l.lang}, languages...)
		}
		return s.framed(title{}, s.o.Site.Permalink(st.ID), []feeds.Statement{*st}, languages, l, st.Changed,
			s.framers(l, func(p *Partner) (bool, error) { return s.mayShow(p, st) }))
	})
}

// mayShow reports whether a statement is in one of the feeds that the partner
// may frame.
func (s *Server) mayShow(p *Partner, st *feeds.Statement) (bool, error) {
	if p.may("all") {
		return true, nil
	}
	for _, path := range p.Feeds {
		f, err := s.feed(path)
		if err != nil {
			continue // it has left the taxonomy
		}
		q := f.Query
		q.Since, q.Until, q.Limit = st.Order, st.Order.Add(time.Microsecond), maxLimit // the store counts in microseconds
		page, err := s.o.Store.Select(q)
		if err != nil {
			return false, err
		}
		for _, h := range page.Heads {
			if h.ID == st.ID {
				return true, nil
			}
		}
	}
	return false, nil
}

// ancestors are who may stand around a frame.
type ancestors func() (policy string, err error)

// framers gives the part of a policy that says who may frame, "" for anybody. A
// frame in a partner's look is for that partner. frame-ancestors * is not the
// same as nothing: it would keep out what has no web address, such as a page in
// a file and the preview of an editor (Content Security Policy 3 §6.6.2.8).
func (s *Server) framers(l look, may func(*Partner) (bool, error)) ancestors {
	return func() (string, error) {
		switch {
		case s.o.Framers == FramedByNobody:
			return "; frame-ancestors 'none'", nil
		case l.partner != nil:
			return only(l.partner.Origins), nil
		case s.o.Framers != FramedByPartners:
			return "", nil
		}
		var origins []string
		for i := range s.o.Partners {
			p := &s.o.Partners[i]
			in, err := may(p)
			if err != nil {
				return "", err
			}
			for _, o := range p.Origins {
				if in && !slices.Contains(origins, o) {
					origins = append(origins, o)
				}
			}
		}
		return only(origins), nil
	}
}

// only names who may frame. The site itself may, to show how it will look.
func only(origins []string) string {
	return strings.TrimRight("; frame-ancestors 'self' "+strings.Join(origins, " "), " ")
}

// embedPolicy lets a frame load our style sheet and nothing else.
const embedPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'"

// title is a feed's title and the language that it is in.
type title struct{ text, language string }

// headingIn gives a feed's title in a language, as far as the operator or the taxonomy
// says it.
func (s *Server) headingIn(f feeds.Feed, language string) title {
	if slices.ContainsFunc(slices.Collect(maps.Keys(f.Titles)), func(have string) bool { return feeds.SameLanguage(have, language) }) {
		if rest, ok := strings.CutPrefix(f.Title, f.TitleIn(f.Language, s.o.Site.Language)); ok {
			return title{f.TitleIn(language, s.o.Site.Language) + rest, language}
		}
	}
	scheme, term, _ := strings.Cut(f.Path, "/")
	t := feeds.Tag{Scheme: scheme, Term: term}
	if known := s.terms[t]; known != nil && known.Labels[language] != "" {
		if rest, ok := strings.CutPrefix(f.Title, s.label(t)); ok {
			return title{known.Labels[language] + rest, language}
		}
	}
	return title{f.Title, s.o.Site.Language}
}

// framed makes the document of a frame: a list of statements, or a single one
// when there is no title. page is where people find the same on the site.
func (s *Server) framed(heading title, page string, sts []feeds.Statement, languages []string, l look, changed time.Time, who ancestors) (*document, error) {
	data := struct {
		Base, CSS, Script          string
		Language, Dir, Theme, Mode string
		Title, TitleLanguage, Tab  string // Tab names the document, to screen readers above all
		Fixed, Single              bool
		Head, Sub                  int // levels of headings, 0 for none
		Items                      []framedItem
		Page, Site, Credit         string
		All, Whole, None, Window   string
	}{Base: s.base, CSS: s.embeds.css[""], Language: l.ui.Tag, Dir: cmp.Or(l.dir, l.ui.Direction), Theme: l.theme, Mode: l.mode, Title: heading.text, TitleLanguage: heading.language,
		Fixed: l.height != "", Single: heading.text == "", Head: l.heading, Page: page, Site: s.o.Site.Title,
		All: l.ui.Say("embed.all"), Whole: l.ui.Say("embed.whole"), None: l.ui.Say("embed.none"), Window: l.ui.Say("embed.window")}
	if l.resize {
		data.Script = s.embeds.framed
	}
	if l.partner != nil {
		data.CSS, data.Credit = s.embeds.css[l.partner.Name], l.partner.Credit
	}
	if data.Sub = data.Head; !data.Single && data.Head > 0 {
		data.Sub = min(data.Head+1, 6)
	}
	for i := range sts {
		data.Items = append(data.Items, s.framedItem(&sts[i], languages, l))
	}
	if data.Single && len(data.Items) > 0 {
		data.Title, data.TitleLanguage = data.Items[0].Title, data.Items[0].Language
		c := sts[0].Lead(languages...)
		data.Items[0].Rights = render.Rights(&c.Copy)
		if l.mode != "compact" {
			_, data.Items[0].Summary = render.Words(c, sts[0].ID) // there is room for all of it
		}
	}
	data.Tab = data.Title
	if !strings.Contains(data.Title, data.Site) {
		data.Tab += " – " + data.Site
	}
	var b bytes.Buffer
	if err := embedTemplate.ExecuteTemplate(&b, "framed", data); err != nil {
		return nil, err
	}
	framers, err := who()
	if err != nil {
		return nil, err
	}
	doc := newDocument(b.Bytes(), "text/html; charset=utf-8", changed, 0)
	frameHeaders(doc.set, l, framers)
	doc.tagWith(framers)
	doc.set("Link", "<"+page+`>; rel="canonical"`)
	doc.set("Access-Control-Allow-Origin", "*")
	doc.set("Access-Control-Expose-Headers", "ETag, Last-Modified, Link")
	return doc, nil
}

// frameHeaders sets what every answer below /embed/ says of itself. It is asked
// for again at each load, which costs a 304, so that what was withdrawn is gone
// at once.
func frameHeaders(set func(name, value string), l look, framers string) {
	policy := embedPolicy
	if l.resize {
		policy += "; script-src 'self'"
	}
	set("Content-Security-Policy", policy+framers)
	set("Cache-Control", "public, max-age=0, must-revalidate")
	set("Cross-Origin-Resource-Policy", "cross-origin")
	set("Cross-Origin-Embedder-Policy", "require-corp")
	set("Referrer-Policy", "no-referrer")
	set("X-Robots-Tag", "noindex")
}

// framedItem is a statement in a frame.
type framedItem struct {
	Title, Language, Direction string
	Permalink                  string
	Date, DateTime             string
	Source, Others             string
	LanguageName               string
	Summary                    string
	Updated                    string
	Rights                     []string // that its terms ask to be shown; of a single one
}

func (s *Server) framedItem(st *feeds.Statement, languages []string, l look) framedItem {
	it := s.item(reader{Language: l.ui}, st, languages)
	out := framedItem{Title: it.Title, Language: it.Lang, Direction: it.Dir, Permalink: s.base + "/statements/" + string(st.ID), Source: it.Office, DateTime: it.Shown.UTC().Format(time.RFC3339)}
	if it.Lang != "" {
		out.LanguageName = render.LanguageName(it.Lang)
	}
	if it.Lang != "" && len(it.Languages) > 1 {
		out.Permalink += "?lang=" + url.QueryEscape(it.Lang) // the copy that is shown here
	}
	if out.Date = l.ui.Date(it.Shown); it.Undated {
		out.Date = l.ui.Say("item.undated", "date", out.Date)
	}
	if !it.Updated.IsZero() {
		out.Updated = l.ui.Say("item.updated", "date", l.ui.Date(it.Updated))
	}
	if it.More > 0 {
		out.Others = l.ui.Say("item.more", "n", it.More)
	}
	if l.mode != "compact" {
		out.Summary = it.Summary
	}
	return out
}

// failFramed answers below /embed/ that there is no document, so that whoever
// may frame the page sees the reason in place of a browser's error.
func (s *Server) failFramed(w http.ResponseWriter, r *http.Request, no *refusal) {
	v, _ := url.ParseQuery(r.URL.RawQuery) // what cannot be read gives no partner
	l := look{partner: s.embeds.partners[v.Get("partner")]}
	framers, err := s.framers(l, func(*Partner) (bool, error) { return true, nil })()
	if err != nil {
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	frameHeaders(h.Set, l, framers)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept")
	var b strings.Builder
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/html; charset=utf-8")
		to := s.anyReader(r).Language
		if chosen := pages.Speaks(v.Get("ui")); chosen != nil {
			to = chosen
		}
		reason, lang := no.in(to), ""
		if no.say == "" {
			lang = ` lang="en" dir="ltr"`
		}
		h.Set("Vary", "Accept, Accept-Language")
		fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%[4]s\" dir=\"%[5]s\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%[1]s</title><link rel=\"stylesheet\" href=\"%[2]s\">\n<main><h1 class=\"head\">%[1]s</h1><p%[6]s>%[3]s</p>",
			html.EscapeString(to.Say(no.heading())), html.EscapeString(s.base+s.embeds.css[""]), html.EscapeString(reason), to.Tag, to.Direction, lang)
		if len(no.list) > 0 {
			b.WriteString("<ul>")
			for _, l := range no.list {
				fmt.Fprintf(&b, "<li><bdi>%s</bdi></li>", html.EscapeString(l))
			}
			b.WriteString("</ul>")
		}
		fmt.Fprintf(&b, "</main><footer><p><a href=\"%s/\" target=\"_blank\" rel=\"noopener\"><bdi>%s</bdi></a></p></footer></html>\n", html.EscapeString(s.base), html.EscapeString(s.o.Site.Title))
	} else {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		b.WriteString(no.plain())
	}
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(no.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(b.String())) // the reader may have left
	}
}

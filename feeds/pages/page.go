package pages

import (
	"bytes"
	"embed"
	"html/template"
	"net/url"
	"strings"
	"time"
)

// Files that pages load, to be served under names that change with them.
var (
	//go:embed assets/site.css
	CSS []byte
	//go:embed assets/site.js
	JS []byte
	//go:embed assets/icon.svg
	Icon []byte
)

// Policy is the Content-Security-Policy of pages: they load what is ours and
// nothing else, so whatever a source may have smuggled into a text can neither
// act nor call home. PicturesPolicy is that of a page whose reader asked for
// the pictures of its publisher.
const (
	Policy         = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	PicturesPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; media-src https:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

// Chosen is the parameter of an address that chooses the site's language.
const Chosen = "hl"

// Frame is what every page has around its own matter.
type Frame struct {
	Language *Language
	Chosen   bool   // by the address, so that links keep it
	Base     string // the path that the site is under, without a last slash
	CSS      string // paths of the files that pages load
	JS       string
	Icon     string

	Site        string // its title
	Here        string // "statements", "overview", "feeds": where the menu is
	Title       Words  // of the page
	Description string
	Canonical   string     // address of the page
	Versions    []Version  // the page in each of the site's languages
	Feeds       []FeedLink // for autodiscovery
	Embeddings  []FeedLink // oEmbed, for editors of other sites
	NoIndex     bool       // search engines need not list it

	Published, Updated time.Time // of a page that is about one statement
	Image              string
	Data               any // for schema.org, written as JSON-LD
}

// Tab is what stands on the page's tab, and is said first of it: what tells it from
// others, then the site, once.
func (f Frame) Tab() string {
	own := strings.TrimPrefix(f.Title.Text, f.Site+" – ")
	if own == f.Site {
		return own
	}
	return own + " – " + f.Site
}

// Words are a text that may be in another language than the page.
type Words struct {
	Text string
	Lang string // BCP 47; "" for the page's own
}

// Version is a page in one of the site's languages.
type Version struct {
	Language *Language
	Href     string // for the link to it
	URL      string // absolute, for search engines
}

// FeedLink is a feed in one format.
type FeedLink struct{ Type, Format, Title, Href, Language string }

// Media is the attribute with the type, its + as it is: programs that look for
// feeds in a page's octets do not know that it may be written &#43;.
func (f FeedLink) Media() template.HTMLAttr { return template.HTMLAttr(`type="` + f.Type + `"`) }

// Link gives the address of one of our paths, with query, in the language that
// the reader chose.
func (f *Frame) Link(path string) string {
	if f.Chosen {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + Chosen + "=" + f.Language.Tag
	}
	return f.Base + path
}

// Locale gives the language of what the page shows as Open Graph has it,
// language_TERRITORY; "" where no territory is known.
func (f *Frame) Locale() string {
	tag := f.Title.Lang
	if tag == "" {
		tag = f.Language.Tag
	}
	if l, territory, ok := strings.Cut(tag, "-"); ok && len(territory) == 2 {
		return l + "_" + strings.ToUpper(territory)
	}
	return map[string]string{"en": "en_GB", "fr": "fr_FR", "es": "es_ES", "pt": "pt_PT", "ar": "ar_AR"}[tag]
}

// Statement reports whether the page is about one statement.
func (f *Frame) Statement() bool { return !f.Updated.IsZero() }

// Item is a statement in a list.
type Item struct {
	Title, Summary string
	Lang, Dir      string
	Href           string
	Shown          time.Time // when it was published; first seen where nobody said
	Undated        bool
	Updated        time.Time // zero where it says no more than Shown
	Office         string
	OfficeHref     string
	More           int // further offices
	Languages      []LanguageLink
	Tags           []TagLink
}

// LanguageLink leads to a statement's copy in a language.
type LanguageLink struct {
	Tag, Name, Href string
	Shown           bool
}

// TagLink leads to a tag's feed; Href is "" where there is none.
type TagLink struct {
	Label Words
	Kind  string // its scheme
	Href  string
}

// Filter is a link that narrows what is shown, or takes something off.
type Filter struct {
	Label Words
	Href  string
	Count int // 0 where it is not known
}

// FilterGroup is the filters of a kind.
type FilterGroup struct {
	Kind    string // "topic"
	Filters []Filter
	All     int    // how many there are, when not all are here
	Href    string // to the page with all of them, or with the first again
}

// FeedPage shows a feed to a person.
type FeedPage struct {
	Frame
	Heading   Words
	Subtitle  string
	Path      string // of the page, for forms
	Words     string // that are looked for
	Keep      []Field
	Narrowed  []Filter // what is on, each with the link that takes it off
	Count     int      // statements that meet the choice
	Any       bool     // there is any statement at all
	Items     []Item
	Groups    []FilterGroup
	Older     string // link to older ones, "" when there are none
	Newest    string // link back to the newest, "" on their page
	Subscribe Subscribe
	Embed     *Embed // nil where it may not be on other sites
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// Subscribe is the box that brings a feed into a news reader.
type Subscribe struct {
	Feeds   []FeedLink
	Readers []Reader
}

// Reader is a news reader that can be told an address by a link.
type Reader struct {
	Name string // "" for whatever is on this device
	Href template.URL
}

// Readers gives the links that open a feed in a news reader. Nobody is asked
// before somebody follows one.
func Readers(feed string) []Reader {
	q := url.QueryEscape(feed)
	_, rest, _ := strings.Cut(feed, "://")
	return []Reader{
		{"Feedly", template.URL("https://feedly.com/i/subscription/feed%2F" + q)},
		{"Inoreader", template.URL("https://www.inoreader.com/?add_feed=" + q)},
		{"NewsBlur", template.URL("https://www.newsblur.com/?url=" + q)},
		{"The Old Reader", template.URL("https://theoldreader.com/feeds/subscribe?url=" + q)},
		{"", template.URL("feed://" + rest)},
	}
}

// FeedsPage lists all feeds.
type FeedsPage struct {
	Frame
	OPML   string
	Groups []FeedGroup
}

// FeedGroup is a heading of the list of feeds.
type FeedGroup struct {
	Key   string // of its title among the messages
	ID    string
	Feeds []ListedFeed
}

// ListedFeed is a line of the list of feeds.
type ListedFeed struct {
	Title  Words
	Href   string // of its page
	Count  int    // 0 where it is not known
	Newest time.Time
	Links  []FeedLink
}

// APIPage says how programs ask. It is in English.
type APIPage struct {
	Frame
	Routes []Route
	Limit  string // how often one may ask, "" for no limit
}

// Route is something that programs may ask for.
type Route struct {
	Path, Summary, About string
	Examples             []string
}

// AboutPage says what one of our own IRIs means.
type AboutPage struct {
	Frame
	IRI   string
	About string // in English
}

// GuidePage is a document for people, in English.
type GuidePage struct {
	Frame
	Body template.HTML
}

// ErrorPage says why there is no page.
type ErrorPage struct {
	Frame
	Message string // key of the message without -text: "error.404"
	Reason  string // in the page's language, "" when there is none or only Exactly
	Exactly string // in English, as programs are told, "" when there is no need
	Near    *Way   // what was probably meant, nil when that is anybody's guess
	There   []Way
}

// Way leads to something that there is.
type Way struct {
	Label Words
	Href  string // "" where the label only says what addresses look like
}

//go:embed templates/*.html
var templateFiles embed.FS

type templates = template.Template

// parse makes the language's templates: they speak by its messages.
func (l *Language) parse() *templates {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"say": l.Say, "date": l.Date, "clock": l.Clock, "number": l.Number, "month": l.Month, "short": l.ShortMonth,
		"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"isolate": func(s string) string { return "\u2068" + s + "\u2069" }, // of whatever direction, within ours
		"rtl":     func() bool { return l.Direction == "rtl" },
	}).ParseFS(templateFiles, "templates/*.html"))
}

// Feed draws the page of a feed.
func (l *Language) Feed(p *FeedPage) ([]byte, error) { return l.draw("feed", p) }

// Feeds draws the list of feeds.
func (l *Language) Feeds(p *FeedsPage) ([]byte, error) { return l.draw("feeds", p) }

// Statement draws the page of a statement.
func (l *Language) Statement(p *StatementPage) ([]byte, error) { return l.draw("statement", p) }

// Overview draws the overview.
func (l *Language) Overview(p *OverviewPage) ([]byte, error) { return l.draw("overview", p) }

// API draws the page about the API.
func (l *Language) API(p *APIPage) ([]byte, error) { return l.draw("api", p) }

// About draws the page of an IRI of ours.
func (l *Language) About(p *AboutPage) ([]byte, error) { return l.draw("about", p) }

// Guide draws a document for people.
func (l *Language) Guide(p *GuidePage) ([]byte, error) { return l.draw("guide", p) }

// Error draws the page that says why there is no other.
func (l *Language) Error(p *ErrorPage) ([]byte, error) { return l.draw("error", p) }

func (l *Language) draw(name string, page any) ([]byte, error) {
	var b bytes.Buffer
	if err := l.pages.ExecuteTemplate(&b, name, page); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

package render

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
)

// Site is what every document says about its publisher. BaseURL and Authority
// are required.
type Site struct {
	Title    string
	Subtitle string
	BaseURL  string // absolute, http or https; a slash at its end does not matter
	// Authority is the tagging entity of our ids (RFC 4151): a domain name or
	// mail address and a date on which it was ours, "example.org,2026". It must
	// never change, or every entry is new to every reader.
	Authority string
	Language  string // BCP 47, of the titles and labels that are ours
	Generator string // name of the program, "" for communique
	Version   string // of the program
	Author    string // who publishes; "" means Title
	AuthorURI string // "" means BaseURL
	Rights    string // plain text
	Icon      string // URL of a square image
	Logo      string // URL of an image twice as wide as high
	// TTL is how long a reader may wait before asking again, for RSS; less than
	// a minute means that we do not say.
	TTL time.Duration
	Hub string // URL of the WebSub hub, "" for none
	// Epoch is `updated` of a feed without entries. Zero means the first day
	// that the Authority names.
	Epoch time.Time
	// Label names one of our tags in a language. Nil, or "" from it, means the
	// tag's term.
	Label func(tag feeds.Tag, language string) string
	// MaxBytes is the most that a document may have: beyond it the older entries
	// keep only their summaries, then are left out. 0 means 512 KiB, less
	// than 0 no limit.
	MaxBytes int
}

const defaultMaxBytes = 512 << 10

// Format is one of the three forms of a feed, and the extension of its address.
type Format string

// The formats.
const (
	FormatAtom Format = "atom"
	FormatRSS  Format = "rss"
	FormatJSON Format = "json"
)

// Formats lists the formats in the order in which we offer them.
func Formats() []Format { return []Format{FormatAtom, FormatRSS, FormatJSON} }

// MediaType is the format's media type without parameters.
func (f Format) MediaType() string {
	switch f {
	case FormatAtom:
		return "application/atom+xml"
	case FormatRSS:
		return "application/rss+xml"
	case FormatJSON:
		return "application/feed+json"
	}
	return ""
}

// Check says what is wrong with the site, nil when documents can be made.
func (s Site) Check() error {
	var errs []error
	if u, err := url.Parse(s.BaseURL); err != nil || !isWeb(s.BaseURL) || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, fmt.Errorf("site base URL %q is not an absolute http or https URL without query", s.BaseURL))
	}
	if _, ok := s.epoch(); !ok {
		errs = append(errs, fmt.Errorf(`site authority %q is not a lower-case name and a date as in "example.org,2026"`, s.Authority))
	}
	return errors.Join(errs...)
}

// FeedURL gives the public address of a feed: ext is a Format, or "html" for
// the page that shows it to a person; rawQuery is canonical or "".
func (s Site) FeedURL(path, ext, rawQuery string) string {
	u := s.url("/feeds/" + escapePath(path) + "." + ext)
	if rawQuery != "" {
		u += "?" + rawQuery
	}
	return webURL(u)
}

// Permalink gives the address of a statement's page.
func (s Site) Permalink(id feeds.StatementID) string {
	return s.url("/statements/" + escapePath(string(id)))
}

// StatementURI gives the id under which a statement is published in every
// format, for ever (RFC 4287 §4.2.6).
func (s Site) StatementURI(id feeds.StatementID) string {
	return "tag:" + s.Authority + ":statement/" + escapePath(string(id))
}

// FeedURI gives the id of a feed, the same in every format and under every name
// that it gets (RFC 4287 §4.2.6).
func (s Site) FeedURI(f feeds.Feed) string {
	id := "tag:" + s.Authority + ":feed/" + escapePath(cmp.Or(f.Born, f.Path))
	if f.RawQuery != "" {
		id += "?" + escapeURL(f.RawQuery)
	}
	return id
}

// url gives the absolute URL of a path that begins with a slash.
func (s Site) url(path string) string { return webURL(strings.TrimRight(s.BaseURL, "/") + path) }

// rel is a link relation of ours (RFC 8288 §2.1.2).
func (s Site) rel(name string) string { return s.url("/rel/" + name) }

// scheme is the category scheme of our tags (RFC 4287 §4.2.2.2).
func (s Site) scheme(name string) string { return s.url("/ns/" + escapePath(name)) }

func (s Site) label(t feeds.Tag, language string) string {
	if s.Label != nil {
		if l := plain(s.Label(t, language)); !blank(l) {
			return l
		}
	}
	return t.Term
}

func (s Site) generator() string { return or(plain(s.Generator), "communique") }

// Since is the time that a feed without entries was last changed.
func (s Site) Since() time.Time {
	t, _ := s.epoch()
	return t
}

// epoch gives Epoch, else the day that Authority names; false when Authority
// is not a tagging entity.
func (s Site) epoch() (time.Time, bool) {
	name, date, ok := strings.Cut(s.Authority, ",")
	if !ok || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._@") != "" {
		return time.Time{}, false
	}
	var day time.Time
	for _, layout := range []string{"2006", "2006-01", "2006-01-02"} {
		if t, err := time.Parse(layout, date); err == nil {
			day = t
		}
	}
	if day.IsZero() {
		return day, false
	}
	if plausible(s.Epoch) {
		day = s.Epoch
	}
	return day, true
}

// escapePath escapes a path for URLs and tag URIs and keeps its slashes.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// plausible reports whether a time may be shown. Validators and readers take
// anything before 1990 for a mistake, and RFC 3339 has four digits for a year.
func plausible(t time.Time) bool {
	y := t.UTC().Year()
	return y >= 1990 && y <= 9999
}

// rfc3339 writes a time for Atom and JSON Feed: UTC, whole seconds.
func rfc3339(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// rfc822 writes a time for RSS and OPML: RFC 822 with the year of RFC 1123.
func rfc822(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT") }

// minutes gives d in whole minutes, "" for less than one.
func minutes(d time.Duration) string {
	if d < time.Minute {
		return ""
	}
	return strconv.FormatInt(int64(d/time.Minute), 10)
}

// or gives the first string that shows something.
func or(candidates ...string) string {
	for _, c := range candidates {
		if !blank(c) {
			return c
		}
	}
	return ""
}

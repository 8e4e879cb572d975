package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones mean the same on a machine without them

	"communique/aggregator/extract"
	"communique/aggregator/schedule"
	"communique/feeds/words"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
)

// scalar is a setting that is written as one piece of text. set takes it from
// there, or says what was wanted; near, when it is not "", is what was probably
// meant.
type scalar interface {
	set(text string) error
}

// wrong is an error about a value. The near miss and the detail may hold parts of
// it, so they are left out when it came from the environment.
type wrong struct{ msg, detail, near string }

func (w *wrong) Error() string { return w.msg }

// ID names a source or a feed for ever: 1 to 63 of a-z, 0-9 and -.
type ID string

var idForm = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

func (i *ID) set(text string) error {
	if *i = ID(text); idForm.MatchString(text) {
		return nil
	}
	return &wrong{msg: "wants 1 to 63 of a-z, 0-9 and -", near: slug(text)}
}

// slug is the nearest thing to text that may be an ID, "" when there is none.
func slug(text string) string {
	s := strings.Trim(notID.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if len(s) > 63 {
		s = strings.Trim(s[:63], "-")
	}
	return s
}

var notID = regexp.MustCompile(`[^a-z0-9]+`)

// Term is the slug of a region, topic or event, built in or of your own under
// `taxonomy`, such as americas. It must be there.
type Term string

func (t *Term) set(text string) error {
	if *t = Term(text); idForm.MatchString(text) {
		return nil
	}
	return &wrong{msg: "wants a slug of the taxonomy: a-z, 0-9 and -", near: slug(text)}
}

// Country is an ISO 3166-1 alpha-2 code, such as mx. Case does not matter.
type Country string

var countryForm = regexp.MustCompile(`^[A-Za-z]{2}$`)

func (c *Country) set(text string) error {
	if *c = Country(strings.ToLower(text)); countryForm.MatchString(text) {
		return nil
	}
	return &wrong{msg: "wants a country's two letters (ISO 3166-1), such as mx"}
}

// URL is a whole http or https URL, without user name and password. ${NAME} may
// stand in it.
type URL string

func (u *URL) set(text string) error {
	*u = URL(text)
	p, err := url.Parse(text)
	switch {
	case err != nil && strings.ContainsAny(text, " \t\n"):
		return &wrong{msg: "has white space in it", near: strings.Join(strings.Fields(text), "%20")}
	case err != nil:
		return &wrong{msg: "is no URL", detail: ": " + plainURLError(err)}
	case strings.ContainsAny(text, " \t\n"):
		return &wrong{msg: "has white space in it", near: strings.Join(strings.Fields(text), "%20")}
	case p.Scheme == "feed":
		return &wrong{msg: "wants http or https", near: "https:" + strings.TrimPrefix(strings.TrimPrefix(text, "feed:"), "https:")}
	case p.Scheme == "" || p.Host == "" && p.Opaque != "" && p.Scheme != "mailto":
		near := ""
		if rest := strings.TrimLeft(text, "/"); rest != "" {
			near = "https://" + rest
		}
		return &wrong{msg: "wants a whole URL with http:// or https://", near: near}
	case p.Scheme != "http" && p.Scheme != "https":
		near := ""
		if d := distance(p.Scheme, "https"); d <= 2 {
			near = "https" + text[len(p.Scheme):]
		}
		return &wrong{msg: "wants http or https", detail: ", not " + p.Scheme, near: near}
	case p.Hostname() == "":
		near := ""
		if rest := strings.TrimLeft(text[len(p.Scheme)+1:], "/"); rest != "" {
			near = p.Scheme + "://" + rest
		}
		return &wrong{msg: "has no host", near: near}
	case p.User != nil:
		return &wrong{msg: "carries a user name or password, which would be published; send it in headers instead (Authorization: file:…)"}
	}
	if port := p.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return &wrong{msg: "has a port that is not 1 to 65535"}
		}
	}
	return nil
}

func plainURLError(err error) string {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	return strings.TrimPrefix(err.Error(), "net/url: ")
}

// Language is a BCP 47 tag, such as fr or pt-BR, brought into its canonical form.
type Language string

// languageNames are what people write instead of a tag.
var languageNames = map[string]string{
	"english": "en", "french": "fr", "français": "fr", "francais": "fr", "spanish": "es", "español": "es", "espanol": "es",
	"castellano": "es", "portuguese": "pt", "português": "pt", "portugues": "pt", "arabic": "ar", "العربية": "ar",
	"russian": "ru", "русский": "ru", "chinese": "zh", "中文": "zh", "german": "de", "deutsch": "de", "italian": "it",
	"italiano": "it", "japanese": "ja", "jp": "ja", "cn": "zh", "ua": "uk", "sp": "es", "creole": "ht", "kreyòl": "ht",
}

func (l *Language) set(text string) error {
	tag, err := language.Parse(text)
	*l = Language(tag.String())
	if err == nil && text != "" && tag != language.Und {
		return nil
	}
	near := languageNames[strings.ToLower(text)]
	if near == "" {
		if primary, _, ok := strings.Cut(strings.ReplaceAll(text, "_", "-"), "-"); ok {
			if near = languageNames[strings.ToLower(primary)]; near == "" {
				if base, err := language.Parse(primary); err == nil && base != language.Und {
					near = base.String()
				}
			}
		}
	}
	return &wrong{msg: "wants a language tag (BCP 47), such as fr or pt-BR", near: near}
}

// Search is words as one types them into the search of a page: all of them must
// stand in a statement's title or text. "A phrase" stands in quotes, -word
// excludes, OR stands between alternatives, and migr* is what begins so;
// docs/search.md has it all. YAML wants single quotes around what begins with
// a quote or a dash.
//
//	feeds:
//	  - name: returns
//	    query:
//	      words: '"voluntary return" OR deport* -weather'
type Search string

func (s *Search) set(text string) error {
	*s = Search(text)
	q, err := words.Parse(text)
	if err == nil && len(q.Clauses) == 0 {
		err = errors.New("wants a word to search for, such as border families")
	}
	return err
}

// Duration is a length of time with its units, ms, s, m, h, d and w: 90s, 15m,
// 1h30m, 90d, 2w. A day has 24 hours. A bare number is an error.
type Duration time.Duration

var durationForm = regexp.MustCompile(`^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$`)

func (d *Duration) set(text string) error {
	switch {
	case durationForm.MatchString(text):
	case strings.Trim(text, "0123456789") == "":
		return &wrong{msg: "wants a unit: ms, s, m, h, d or w"}
	case strings.HasPrefix(text, "-"):
		return &wrong{msg: "wants a duration that is not negative"}
	default:
		return &wrong{msg: "wants a duration with its units, such as 90s, 15m, 36h or 90d", near: nearDuration(text)}
	}
	var sum float64
	for rest := text; rest != ""; {
		n := strings.IndexFunc(rest, func(r rune) bool { return r >= 'a' })
		u := strings.IndexFunc(rest[n:], func(r rune) bool { return r < 'a' })
		if u < 0 {
			u = len(rest) - n
		}
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return &wrong{msg: "wants a duration with its units, such as 15m"}
		}
		sum += v * float64(units[rest[n:n+u]])
		rest = rest[n+u:]
	}
	if sum > float64(10*365*24*time.Hour) {
		return &wrong{msg: "is longer than ten years"}
	}
	*d = Duration(sum)
	return nil
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

var unitNames = regexp.MustCompile(`^(\d+) *(seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|s|m|h|d|w)$`)

// nearDuration understands "15 minutes" and gives "15m".
func nearDuration(text string) string {
	if m := unitNames.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text))); m != nil {
		return m[1] + m[2][:1]
	}
	return ""
}

// Std gives the duration as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String gives the duration as it may be written in the file.
func (d Duration) String() string {
	t := time.Duration(d)
	if t == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range []string{"w", "d", "h", "m", "s", "ms"} {
		if u == "w" && t%units["w"] != 0 {
			continue // 10d, not 1w3d
		}
		if n := t / units[u]; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u)
			t -= n * units[u]
		}
	}
	return b.String()
}

// Bytes is a size with its unit: B, kB, MB, GB (powers of 1000) or KiB, MiB, GiB
// (powers of 1024), such as 512KiB. A bare number is an error.
type Bytes int64

var bytesForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$`)

var sizes = map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

func (b *Bytes) set(text string) error {
	m := bytesForm.FindStringSubmatch(text)
	if m == nil {
		return &wrong{msg: "wants a size with its unit, such as 4MiB, 512KiB or 10MB", near: nearBytes(text)}
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if n *= sizes[m[2]]; err != nil || n > 1<<40 {
		return &wrong{msg: "is more than 1024 GiB"}
	}
	*b = Bytes(n)
	return nil
}

var looseBytes = regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?) *([kmg]?)(i?)b?$`)

// nearBytes understands "4 mb", "4M" and gives "4MB", "4MiB".
func nearBytes(text string) string {
	m := looseBytes.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || m[2] == "" {
		return ""
	}
	return m[1] + strings.ToUpper(m[2]) + "iB"
}

// Network is a CIDR prefix such as 10.20.0.0/16, or a single address, which
// stands for itself.
type Network netip.Prefix

func (n *Network) set(text string) error {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		*n = Network(netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		return nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		near := ""
		if strings.EqualFold(text, "localhost") || strings.EqualFold(text, "loopback") {
			near = "127.0.0.0/8"
		}
		return &wrong{msg: "wants a network (CIDR) or an address, such as 10.20.0.0/16 or ::1", near: near}
	}
	if p != p.Masked() {
		return &wrong{msg: "has bits set behind the network", near: p.Masked().String()}
	}
	*n = Network(p)
	return nil
}

// AdminAddress is an Address, or `off`, which is "".
type AdminAddress string

func (a *AdminAddress) set(text string) error {
	if text == "off" {
		*a = ""
		return nil
	}
	var own Address
	err := own.set(text)
	*a = AdminAddress(own)
	return err
}

// Address is where to listen: host:port, or :port for every interface. Port 0
// takes any that is free.
type Address string

func (a *Address) set(text string) error {
	*a = Address(text)
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		near := ""
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 65536 {
			near = ":" + text
		}
		return &wrong{msg: "wants host:port, such as 127.0.0.1:8080 or :8080", near: near}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return &wrong{msg: "wants a port of 0 to 65535"}
	}
	if strings.ContainsAny(host, "/ ") {
		return &wrong{msg: "wants host:port without a scheme or path"}
	}
	return nil
}

// Authority is the minter of tag: URIs (RFC 4151 §2.1): a domain name or mail
// address, a comma, and a date (a year, a month or a day).
type Authority string

var authorityForm = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?,\d{4}(?:-\d{2}(?:-\d{2})?)?$`)

func (a *Authority) set(text string) error {
	if *a = Authority(text); authorityForm.MatchString(text) {
		return nil
	}
	near := ""
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		near = u.Hostname() + ",2026"
	} else if authorityForm.MatchString(text + ",2026") {
		near = text + ",2026"
	}
	return &wrong{msg: "wants a domain name or mail address, a comma and a date (RFC 4151)", near: near}
}

// Rhythm is when to ask a source.
//
//	schedule: adaptive           # learned from the source
//	schedule: "@every 15m"       # an interval: 90s, 15m, 2h30m, 1d
//	schedule: "*/20 6-22 * * *"  # cron: minute, hour, day of month, month, day of week
//	schedule: "@daily"           # or @hourly, @weekly, @monthly, @yearly
//
// Cron expressions are in `time_zone`; an activation within the hour that is
// skipped when clocks go forward comes at its end. What would never run, such as
// 30 February, is an error, and so are six fields.
type Rhythm string

func (r *Rhythm) set(text string) error {
	*r = Rhythm(strings.Join(strings.Fields(text), " "))
	if *r == "" {
		return &wrong{msg: "is empty; adaptive learns each source's rhythm"}
	}
	_, err := schedule.Parse(text, nil)
	if err == nil {
		return nil
	}
	msg := strings.TrimPrefix(err.Error(), fmt.Sprintf("schedule %q: ", text))
	if strings.Contains(msg, "did you mean") {
		return &wrong{msg: msg + "?"}
	}
	return &wrong{msg: msg, near: nearRhythm(text)}
}

// nearRhythm understands "evry 15 minutes" and gives "@every 15m".
func nearRhythm(text string) string {
	first, rest, _ := strings.Cut(strings.ToLower(strings.Join(strings.Fields(text), " ")), " ")
	if d := nearDuration(rest); nearest(strings.TrimPrefix(first, "@"), []string{"every"}) != "" && d != "" {
		return "@every " + d
	}
	if rest == "" {
		return nearest(first, []string{"adaptive", "@hourly", "@daily", "@weekly", "@monthly", "@yearly"})
	}
	return nearDuration(text)
}

// Zone is a time zone of the IANA data base, such as America/Panama. The data
// base is built in, so a zone means the same on every machine.
type Zone string

func (z *Zone) set(text string) error {
	*z = Zone(text)
	if text == "" || text == "Local" {
		return &wrong{msg: "wants a time zone by name, such as UTC or America/Panama, as it must mean the same on every machine"}
	}
	if _, err := time.LoadLocation(text); err != nil {
		return &wrong{msg: "is no time zone of the IANA data base, such as UTC or America/Panama"}
	}
	return nil
}

// Path is a file or folder, relative to the file that it stands in. ${NAME} may
// stand in it.
type Path string

func (p *Path) set(text string) error {
	if *p = Path(text); text == "" {
		return &wrong{msg: "wants a file or folder"}
	}
	return nil
}

// Verified is the day on which somebody saw a source work, such as 2026-10-02, or
// listed.
type Verified string

func (v *Verified) set(text string) error {
	if *v = Verified(text); text == "listed" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return &wrong{msg: "wants a date such as 2026-10-02, or listed"}
	}
	return nil
}

// oneOf sets *p to text when it is among the words.
func oneOf[S ~string](p *S, text string, words []string) error {
	if *p = S(text); slices.Contains(words, text) {
		return nil
	}
	return &wrong{msg: "wants " + alternatives(words), near: nearest(text, words)}
}

// Kind is what is behind a source's URL.
type Kind string

func (Kind) words() []string { return []string{"feed", "html-list", "sitemap", "json"} }

func (k *Kind) set(text string) error {
	switch text {
	case "rss", "atom", "rdf", "jsonfeed":
		return &wrong{msg: "wants feed, which is RSS, Atom and JSON Feed alike", near: "feed"}
	}
	return oneOf(k, text, k.words())
}

// Preset is the API of a common system.
type Preset string

func (Preset) words() []string { return extract.Presets() }

func (p *Preset) set(text string) error { return oneOf(p, text, p.words()) }

// Identity is what makes two items of a source the same.
type Identity string

func (Identity) words() []string          { return []string{"auto", "guid", "link", "title_date", "content"} }
func (i *Identity) set(text string) error { return oneOf(i, text, i.words()) }

// Distrust is something that a source says and that is not to be believed.
type Distrust string

func (Distrust) words() []string          { return []string{"guid", "link", "date", "language", "text"} }
func (d *Distrust) set(text string) error { return oneOf(d, text, d.words()) }

// Flood is what becomes of a source's items when nearly all are new at once.
type Flood string

func (Flood) words() []string          { return []string{"hold", "allow"} }
func (f *Flood) set(text string) error { return oneOf(f, text, f.words()) }

// Match is what a source's items are matched by.
type Match string

func (Match) words() []string          { return []string{"all", "near", "exact"} }
func (m *Match) set(text string) error { return oneOf(m, text, m.words()) }

// Content is how much of a statement a feed gives.
type Content string

func (Content) words() []string          { return []string{"full", "summary"} }
func (c *Content) set(text string) error { return oneOf(c, text, c.words()) }

// Rate is a number of requests in a second (s), minute (m), hour (h) or day (d), such
// as 300/m; `off` for any number.
type Rate struct {
	Requests int // 0 for any number
	Window   time.Duration
}

var windows = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

func (r *Rate) set(text string) error {
	if text == "off" {
		*r = Rate{}
		return nil
	}
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	unit = strings.TrimSpace(unit)
	r.Requests, r.Window = n, windows[unit]
	if err == nil && n >= 1 && n <= 1_000_000 && r.Window > 0 {
		return nil
	}
	bad := &wrong{msg: "wants a number for each second, minute, hour or day, such as 10/s, 300/m or 5000/h, or off"}
	if short := unit[:min(1, len(unit))]; err == nil && windows[short] > 0 {
		bad.near = fmt.Sprintf("%d/%s", n, short)
	} else if err == nil && n > 0 && unit == "" {
		bad.near = fmt.Sprintf("%d/m", n)
	}
	return bad
}

// Framers are who may show our pages in a frame.
type Framers string

func (Framers) words() []string          { return []string{"anybody", "partners", "nobody"} }
func (f *Framers) set(text string) error { return oneOf(f, text, f.words()) }

// Scheme is whether a page is light or dark.
type Scheme string

func (Scheme) words() []string          { return []string{"auto", "light", "dark"} }
func (s *Scheme) set(text string) error { return oneOf(s, text, s.words()) }

// Font is a kind of letters that every system has.
type Font string

func (Font) words() []string          { return []string{"system", "serif", "sans"} }
func (f *Font) set(text string) error { return oneOf(f, text, f.words()) }

// Origin is where a site's pages are: scheme, host and, if it is not the
// scheme's own, port, such as https://www.example.org. https://*.example.org
// stands for every host below example.org, and not for example.org itself.
type Origin string

var hostForm = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

func (o *Origin) set(text string) error {
	*o = Origin(text)
	if text == "*" {
		return &wrong{msg: "would be everybody; take the list out and write allow: anybody under embeds"}
	}
	scheme, rest, ok := strings.Cut(text, "://")
	if scheme = strings.ToLower(scheme); !ok {
		return &wrong{msg: "wants a scheme and a host, such as https://www.example.org", near: "https://" + strings.Trim(text, "/: ")}
	}
	if scheme != "https" && scheme != "http" {
		return &wrong{msg: "wants http or https", near: "https://" + rest}
	}
	authority, path, slashed := strings.Cut(rest, "/")
	switch {
	case strings.HasPrefix(authority, "["):
		return &wrong{msg: "is an IPv6 address, which no policy can name (Content Security Policy §2.3.1); give a name"}
	case strings.Contains(authority, "@"):
		return &wrong{msg: "wants a host without a user name"}
	case slashed || strings.ContainsAny(authority, "?#"):
		near := ""
		if path == "" || !strings.ContainsAny(authority, "?#") {
			near = scheme + "://" + authority
		}
		return &wrong{msg: "wants scheme, host and port alone: a browser tells nothing else", near: near}
	}
	host, port, ported := strings.Cut(authority, ":")
	if n, err := strconv.Atoi(port); ported && (err != nil || n < 1 || n > 65535) {
		return &wrong{msg: "has a port that is not 1 to 65535"}
	}
	star := ""
	if strings.HasPrefix(host, "*.") {
		star, host = "*.", host[2:]
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if host = star + strings.ToLower(host); !hostForm.MatchString(host) || len(host) > 253 {
		return &wrong{msg: "wants a host, or *. and the host that it is below, such as https://*.example.org"}
	}
	if ported && !(scheme == "https" && port == "443") && !(scheme == "http" && port == "80") {
		host += ":" + port
	}
	*o = Origin(scheme + "://" + host)
	return nil
}

// FeedPath is a feed by the path of its address: all, topic/health,
// region/americas, country/mx, event/…, source/…, or the name of one of `feeds`.
type FeedPath string

var feedPathForm = regexp.MustCompile(`^(?:[a-z]+/)?[a-z0-9-]{1,63}$`)

func (f *FeedPath) set(text string) error {
	if *f = FeedPath(text); feedPathForm.MatchString(text) {
		return nil
	}
	near := text
	for _, before := range []string{"/feeds/", "feeds/", "/embed/", "embed/", "/"} {
		near = strings.TrimPrefix(near, before)
	}
	if i := strings.LastIndexByte(near, '.'); i > 0 {
		near = near[:i]
	}
	if near = strings.ToLower(near); !feedPathForm.MatchString(near) {
		near = ""
	}
	return &wrong{msg: "wants a feed's path without extension, such as all, topic/health or a name from feeds", near: near}
}

// Colour is a colour by its red, green and blue in hexadecimal: #rrggbb or #rgb.
type Colour string

var (
	colourForm = regexp.MustCompile(`^#(?:[0-9a-f]{3}|[0-9a-f]{6})$`)
	bareColour = regexp.MustCompile(`^(?:[0-9a-f]{3}|[0-9a-f]{6})$`)
)

func (c *Colour) set(text string) error {
	text = strings.ToLower(text)
	if *c = Colour(text); colourForm.MatchString(text) {
		if len(text) == 4 {
			*c = Colour([]byte{'#', text[1], text[1], text[2], text[2], text[3], text[3]})
		}
		return nil
	}
	near := ""
	if bareColour.MatchString(text) {
		near = "#" + text
	}
	return &wrong{msg: "wants a colour such as #0b5394 or #fff; quote it, or YAML takes it for a comment", near: near}
}

// Subscribe is whether to subscribe at the hubs of sources.
type Subscribe string

func (Subscribe) words() []string { return []string{"auto", "on", "off"} }
func (s *Subscribe) set(text string) error {
	switch text { // YAML 1.1 had more words for these
	case "true", "yes":
		text = "on"
	case "false", "no":
		text = "off"
	}
	return oneOf(s, text, s.words())
}

// Signature is how deliveries are signed.
type Signature string

func (Signature) words() []string { return []string{"sha256", "sha384", "sha512"} }
func (s *Signature) set(text string) error {
	if text == "sha1" {
		return &wrong{msg: "is no longer safe; it wants sha256, sha384 or sha512", near: "sha256"}
	}
	return oneOf(s, text, s.words())
}

// Event is something that a webhook is told.
type Event string

func (Event) words() []string {
	return []string{"statement.published", "statement.updated", "statement.withdrawn", "incident.began", "incident.ended", "incidents"}
}
func (e *Event) set(text string) error { return oneOf(e, text, e.words()) }

// later is a section that is known but does nothing yet: better an error than a
// setting that is silently ignored.
type later struct{}

package normalize

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Canonical gives a URL's form for identity only: two URLs that lead to one
// page give the same string, which is never shown or fetched. http and https
// are one, as are a host with and without "www.", a default port or none, and
// a path with and without a slash or an index page at its end; the fragment
// goes (not that of a "#!" or "#/" route, which names a page), and so do the
// parameters of trackers; parameters are sorted; percent-encoding and
// international host names are in one form. Canonical(Canonical(u)) is
// Canonical(u).
//
// It is "" for what cannot identify a page: no http(s) URL, no host, or a
// site's root.
func Canonical(rawurl string) string {
	c := canonical(rawurl)
	// What is so odd that its form does not hold still, or is no URL to others,
	// identifies nothing.
	if u, err := url.Parse(c); c == "" || err != nil || u.Host == "" || canonical(c) != c {
		return ""
	}
	return c
}

func canonical(rawurl string) string {
	r := splitReference(tidyReference(rawurl))
	if !isWeb(r.scheme) {
		return ""
	}
	host := canonicalHost(r.authority)
	if host == "" {
		return ""
	}
	path := canonicalPath(r.path)
	query := canonicalQuery(r.query, host)
	route := ""
	if strings.HasPrefix(r.fragment, "#!") || strings.HasPrefix(r.fragment, "#/") {
		if route = normalizeEscapes(r.fragment[1:], false); strings.Trim(route, "!/") == "" {
			route = ""
		} else {
			route = "#" + route
		}
	}
	if path == "/" && query == "" && route == "" {
		return ""
	}
	return "https://" + host + path + query + route
}

// canonicalHost lower-cases the host, drops user, default port, a final dot
// and "www.", and gives it in ASCII (RFC 5891).
func canonicalHost(authority string) string {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	host, port := authority, ""
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		host, port = authority[:i], authority[i+1:]
	}
	host = strings.ToLower(host)
	if !isASCII(host) || strings.Contains(host, "%") {
		if unescaped, ok := unescape(host); ok {
			host = strings.ToLower(unescaped)
		}
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return ""
		}
		host = ascii
	}
	host = strings.TrimRight(host, ".")
	// Not twice: www.www.example.org is some other site's joke.
	if rest, ok := strings.CutPrefix(host, "www."); ok && strings.Contains(rest, ".") && !strings.HasPrefix(rest, "www.") {
		host = rest
	}
	if strings.ContainsAny(host, "[]:") { // an IPv6 address or nothing (RFC 3986 §3.2.2)
		inside, ok := strings.CutPrefix(host, "[")
		inside, closed := strings.CutSuffix(inside, "]")
		if addr, err := netip.ParseAddr(inside); !ok || !closed || err != nil || !addr.Is6() {
			return ""
		}
	}
	if host == "" || strings.ContainsAny(host, " /?#@%\"<>") || strings.Trim(port, "0123456789") != "" {
		return ""
	}
	if port = strings.TrimLeft(port, "0"); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	return host
}

// indexPages are the names under which servers give a folder's page.
var indexPages = map[string]bool{
	"index.html": true, "index.htm": true, "index.xhtml": true, "index.shtml": true, "index.php": true, "index.jsp": true,
	"index.asp": true, "index.aspx": true, "index.cfm": true, "default.asp": true, "default.aspx": true, "default.htm": true, "default.html": true,
}

func canonicalPath(path string) string {
	path = normalizeEscapes(path, false)
	for {
		i := strings.Index(strings.ToLower(path), ";jsessionid=")
		if i < 0 {
			break
		}
		rest := path[i+1:]
		path = path[:i]
		if j := strings.IndexAny(rest, "/;"); j >= 0 {
			path += rest[j:]
		}
	}
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	path = removeDotSegments("/" + strings.TrimPrefix(path, "/"))
	for {
		before := path
		path = strings.TrimRight(path, "/")
		if i := strings.LastIndexByte(path, '/'); i >= 0 && indexPages[strings.ToLower(path[i+1:])] {
			path = path[:i]
		}
		if path == before {
			break
		}
	}
	if path == "" {
		return "/"
	}
	return path
}

func canonicalQuery(query, host string) string {
	if len(query) < 2 {
		return ""
	}
	var keep []string
	for _, p := range strings.Split(query[1:], "&") {
		p = normalizeEscapes(strings.ReplaceAll(p, "+", "%20"), true)
		key, value, _ := strings.Cut(p, "=")
		if p == "" || isTracking(strings.ToLower(key), strings.ToLower(value), host) {
			continue
		}
		keep = append(keep, strings.TrimRight(p, "=")) // "a" and "a=" are one for servers
	}
	keep = slices.DeleteFunc(keep, func(p string) bool { return p == "" })
	if len(keep) == 0 {
		return ""
	}
	slices.Sort(keep)
	return "?" + strings.Join(keep, "&")
}

// trackingPrefixes and trackingNames are parameters that say how a reader came
// and never which page it is. Sources: the documentation of the named tools.
var trackingPrefixes = []string{
	"utm_",                             // Google Analytics and nearly all newsletters
	"mtm_", "matomo_", "pk_", "piwik_", // Matomo
	"at_",                 // AT Internet, as the BBC uses it
	"hsa_", "__hs", "_hs", // HubSpot
	"vero_", "oly_", "ml_subscriber", "fb_", "ga_", "stm_", "trk_", "action_object_map", "action_type_map", "action_ref_map",
	"wt.", "wt_", // Webtrends, Mapp
}

var trackingNames = map[string]bool{
	"fbclid": true, "gclid": true, "gclsrc": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true, "yclid": true, "ysclid": true,
	"twclid": true, "ttclid": true, "li_fat_id": true, "igshid": true, "igsh": true, "epik": true, "srsltid": true, "rb_clickid": true, "wickedid": true,
	"mc_cid": true, "mc_eid": true, "mkt_tok": true, "_ga": true, "_gl": true, "_gac": true, "_openstat": true, "s_cid": true, "sc_cid": true, "cmpid": true,
	"icid": true, "ocid": true, "ncid": true, "ns_mchannel": true, "ns_source": true, "ns_campaign": true, "ns_linkname": true, "ns_fee": true, "xtor": true, "ref_src": true,
	"ref_url": true, "soc_src": true, "soc_trk": true, "sr_share": true, "share_id": true, "smid": true, "spm": true, "cvid": true,
	"phpsessid": true, "jsessionid": true, "__twitter_impression": true, "guccounter": true, "guce_referrer": true,
	"guce_referrer_sig": true, "amp": true, "mbid": true, "cmp": true,
}

// feedWords mark a parameter as one that says only "you come from the feed",
// whatever publishers call it: ?source=rss, ?ref=feed, ?partner=rss.
var feedWords = map[string]bool{"rss": true, "feed": true, "atom": true, "rssfeed": true, "rss_feed": true, "rss-feed": true, "feeds": true, "rss2": true}

var cameBy = map[string]bool{
	"source": true, "src": true, "ref": true, "referer": true, "referrer": true, "from": true, "partner": true, "mod": true, "emc": true, "via": true, "origin": true, "medium": true,
	"campaign": true, "channel": true, "ito": true,
}

func isTracking(key, value, host string) bool {
	if trackingNames[key] {
		return true
	}
	for _, p := range trackingPrefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	if cameBy[key] && feedWords[value] {
		return true
	}
	switch key {
	case "ref", "referer", "referrer", "source", "via":
		// The publisher's own host, as WordPress and Substack add it.
		v := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(value, "https://"), "http://"), "www.")
		v = strings.TrimSuffix(v, "/")
		return v == host || v != "" && strings.HasSuffix(host, "."+v) && strings.Contains(v, ".")
	case "rss", "feed":
		return value == "" || value == "1" || value == "true" || value == "yes"
	}
	return false
}

// normalizeEscapes gives the percent-encoding one form (RFC 3986 §6.2.2): what
// needs no escape has none, what does has an upper-case one, and a "%" that
// starts no escape is escaped itself. In a query, "&", "=" and "+" keep the
// form they have, since it tells data from delimiters.
func normalizeEscapes(s string, query bool) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if !isUnreserved(s[i]) && s[i] != '/' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	escape := func(c byte) {
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
			if isUnreserved(c) {
				b.WriteByte(c)
			} else {
				escape(c)
			}
			continue
		}
		switch {
		case isUnreserved(c) || strings.IndexByte("/:@!$'()*,;", c) >= 0 || query && (c == '=' || c == '?'):
			b.WriteByte(c)
		case !query && (c == '&' || c == '=' || c == '+'):
			b.WriteByte(c)
		default:
			escape(c)
		}
	}
	return b.String()
}

// unescape decodes every escape; ok is false when there is none that is whole.
func unescape(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return s, false
			}
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

package render

import (
	"regexp"
	"strings"

	"communique/feeds"

	"golang.org/x/net/idna"
)

// isWeb reports whether u begins as a http or https URL.
func isWeb(u string) bool {
	return len(u) > 8 && (strings.EqualFold(u[:7], "http://") || strings.EqualFold(u[:8], "https://"))
}

// webURL gives u as an absolute http or https URL of the characters that RFC
// 3986 allows, "" when it is none. What a browser would escape is escaped, so
// that the same address stands in every format: RSS has URLs where Atom has
// IRIs. A host of other scripts becomes the ASCII one that is looked up (RFC
// 5891), and user and password go: they are nobody's but the publisher's.
func webURL(u string) string {
	u = strings.TrimSpace(u)
	if !isWeb(u) {
		return ""
	}
	start := strings.Index(u, "//") + 2
	end := len(u)
	if i := strings.IndexAny(u[start:], "/?#\\"); i >= 0 {
		end = start + i
	}
	host := u[start:end]
	host = host[strings.LastIndexByte(host, '@')+1:]
	if host = asciiHost(host); strings.Trim(host, ":.") == "" {
		return ""
	}
	scheme, rest := strings.ToLower(u[:start]), escapeURL(u[end:])
	if scheme == u[:start] && host == u[start:end] && rest == u[end:] {
		return u
	}
	return scheme + host + rest
}

// asciiHost gives a host with its port in ASCII, "" when it has characters that
// it may not have.
func asciiHost(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x80:
			ascii = false
		case c <= ' ' || c == 0x7F || strings.IndexByte("<>\"{}|^`%", c) >= 0:
			return ""
		}
	}
	if ascii {
		return s
	}
	name, port, hasPort := strings.Cut(s, ":")
	name, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return ""
	}
	if hasPort {
		if strings.Trim(port, "0123456789") != "" {
			return ""
		}
		name += ":" + port
	}
	return name
}

// escapeURL percent-encodes what may not stand in a path, query and fragment.
func escapeURL(s string) string {
	ok := true
	hash := false
	for i := 0; i < len(s) && ok; i++ {
		ok = fits(s, i, &hash)
	}
	if ok {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16)
	hash = false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < ' ' || c == 0x7F: // a browser drops them too
		case fits(s, i, &hash):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// fits reports whether s[i] may stand there; hash says whether the fragment has
// begun.
func fits(s string, i int, hash *bool) bool {
	switch c := s[i]; c {
	case '%':
		return i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
	case '#':
		first := !*hash
		*hash = true
		return first
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}', '[', ']', ' ':
		return false
	default:
		return c > ' ' && c < 0x7F
	}
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// hostOf gives the host of an absolute URL, without port and "www.".
func hostOf(u string) string {
	_, rest, ok := strings.Cut(u, "//")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	host, _, _ := strings.Cut(rest, ":")
	return strings.TrimPrefix(host, "www.")
}

var (
	otherIRI = regexp.MustCompile(`^(?:tag:[a-z0-9._-]*@?[a-z0-9.-]+,\d{4}(?:-\d\d){0,2}:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,#]*|` +
		`(?i:urn:[a-z0-9][a-z0-9-]{1,31}:(?:[a-z0-9()+,.:=@;$_!*'-]|%[0-9a-f]{2})+))$`)
	uuid = regexp.MustCompile(`^(?i:urn:uuid:[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12})$`)
)

// isIRI reports whether s is an absolute IRI that may name something: http,
// https, tag or urn, and nothing in it that has to be escaped first.
func isIRI(s string) bool {
	if isWeb(s) {
		u := webURL(s)
		// Letters of other scripts are what makes it an IRI; they stay.
		return u != "" && (u == s || escapeURL(asciiOf(s)) == asciiOf(s) && s == clean(s))
	}
	if len(s) > 9 && strings.EqualFold(s[:9], "urn:uuid:") {
		return uuid.MatchString(s)
	}
	return otherIRI.MatchString(s)
}

// asciiOf gives the ASCII part of what follows the authority of a URL.
func asciiOf(u string) string {
	u = u[strings.Index(u, "//")+2:]
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return -1
		}
		return r
	}, u)
}

var mail = regexp.MustCompile(`^(?i:[a-z0-9_+.'-]+@(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)$`)

// mailAddress gives an addr-spec (RFC 5322 §3.4.1), "" when there is none.
func mailAddress(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	if !strings.Contains(s, "@") || !mail.MatchString(s) {
		return ""
	}
	return s
}

// isMediaType reports whether t is a lower-case media type without parameters
// (RFC 6838 §4.2).
func isMediaType(t string) bool {
	kind, sub, ok := strings.Cut(t, "/")
	return ok && kind != "" && sub != "" && strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/") == "" && !strings.Contains(sub, "/")
}

// typeOf gives the media type of an enclosure without parameters: what its
// publisher says, else what its name says. RSS cannot do without one.
func typeOf(e feeds.Enclosure) string {
	t, _, _ := strings.Cut(e.Type, ";")
	if t = strings.ToLower(strings.TrimSpace(t)); isMediaType(t) {
		return t
	}
	path, _, _ := strings.Cut(e.URL, "?")
	path, _, _ = strings.Cut(path, "#")
	switch strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]) {
	case "mp3":
		return "audio/mpeg"
	case "m4a":
		return "audio/mp4"
	case "ogg", "oga", "opus":
		return "audio/ogg"
	case "wav":
		return "audio/wav"
	case "mp4", "m4v":
		return "video/mp4"
	case "webm":
		return "video/webm"
	case "mov":
		return "video/quicktime"
	case "jpg", "jpeg":
		return "image/jpeg"
	case "png":
		return "image/png"
	case "gif":
		return "image/gif"
	case "webp":
		return "image/webp"
	case "pdf":
		return "application/pdf"
	case "doc":
		return "application/msword"
	case "docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case "xls":
		return "application/vnd.ms-excel"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case "ppt":
		return "application/vnd.ms-powerpoint"
	case "pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case "epub":
		return "application/epub+zip"
	case "csv":
		return "text/csv"
	case "zip":
		return "application/zip"
	}
	return "application/octet-stream"
}

// mediumOf is Media RSS's word for the kind of a media type, "" when it has none.
func mediumOf(mediaType string) string {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "image", "audio", "video":
		return kind
	case "text":
		return "document"
	}
	switch mediaType {
	case "application/zip", "application/octet-stream":
		return ""
	}
	return "document"
}

package normalize

import "strings"

// reference is a URI reference cut at its delimiters (RFC 3986 appendix B).
// Nothing is decoded or judged, so putting it together again gives the same
// bytes: IRIs stay IRIs, and odd escapes stay as the publisher wrote them.
type reference struct {
	scheme    string // without ":", as written
	authority string // without "//"
	path      string
	query     string // with "?"
	fragment  string // with "#"
	hasHost   bool   // "//" was there
}

// splitReference cuts s. A colon ends a scheme only when what is before it can
// be one, as browsers have it.
func splitReference(s string) (r reference) {
	if i := strings.IndexByte(s, '#'); i >= 0 {
		s, r.fragment = s[:i], s[i:]
	}
	if i := strings.IndexByte(s, '?'); i >= 0 {
		s, r.query = s[:i], s[i:]
	}
	if n := schemeLength(s); n > 0 {
		r.scheme, s = s[:n], s[n+1:]
	}
	if strings.HasPrefix(s, "//") {
		r.hasHost = true
		s = s[2:]
		if i := strings.IndexByte(s, '/'); i >= 0 {
			s, r.authority = s[i:], s[:i]
		} else {
			s, r.authority = "", s
		}
	}
	r.path = s
	return r
}

// String puts the reference together again (RFC 3986 §5.3).
func (r reference) String() string {
	var b strings.Builder
	b.Grow(len(r.scheme) + len(r.authority) + len(r.path) + len(r.query) + len(r.fragment) + 3)
	if r.scheme != "" {
		b.WriteString(r.scheme)
		b.WriteByte(':')
	}
	if r.hasHost {
		b.WriteString("//")
		b.WriteString(r.authority)
	}
	b.WriteString(r.path)
	b.WriteString(r.query)
	b.WriteString(r.fragment)
	return b.String()
}

// schemeLength gives the length of the scheme that s starts with, 0 when there
// is none.
func schemeLength(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case c == ':' && i > 0:
			return i
		default:
			return 0
		}
	}
	return 0
}

// base is a URL against which references resolve. The zero base knows nothing:
// relative references stay relative.
type base struct{ reference }

// newBase makes a base of an absolute http(s) URL, the zero base of all else.
func newBase(s string) base {
	s = tidyReference(s)
	r := splitReference(s)
	if !isWeb(r.scheme) || r.authority == "" {
		return base{}
	}
	r.fragment = ""
	return base{r}
}

// within gives the base that an xml:base of s makes inside of b (XML Base §4.2).
func (b base) within(s string) base {
	if s == "" {
		return b
	}
	if in := newBase(b.resolve(s)); in.scheme != "" {
		return in
	}
	return b
}

// resolve makes ref absolute (RFC 3986 §5.2), without touching more of it than
// must be: white space around it goes, spaces and quotes inside are encoded.
// It is "" when ref is empty or cannot be a URL at all.
func (b base) resolve(ref string) string {
	ref = tidyReference(ref)
	if ref == "" {
		return ""
	}
	r := splitReference(ref)
	if r.scheme != "" {
		// "http:page.html" and "http:///page" name no host. Browsers guess;
		// we do not, except that one slash too few is a typing error.
		if isWeb(r.scheme) && r.authority == "" {
			return ""
		}
		return ref
	}
	if b.scheme == "" {
		return ref
	}
	out := reference{scheme: b.scheme, authority: b.authority, hasHost: true, query: r.query, fragment: r.fragment}
	switch {
	case r.hasHost:
		if r.authority == "" {
			return ""
		}
		out.authority, out.path = r.authority, r.path
	case r.path == "":
		out.path = b.path
		if r.query == "" {
			out.query = b.query
		}
	case r.path[0] == '/':
		out.path = removeDotSegments(r.path)
	default:
		dir := b.path[:strings.LastIndexByte(b.path, '/')+1]
		if dir == "" {
			dir = "/"
		}
		out.path = removeDotSegments(dir + r.path)
	}
	return out.String()
}

// tidyReference drops what no URL may hold, the way browsers do: white space
// and controls at the ends, tabs and line ends inside; what else cannot stand
// in an attribute or an element is percent-encoded.
func tidyReference(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u00a0' || r == '\u200b' || r == '\ufeff' })
	clean := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == '"' || c == '<' || c == '>' || c == '\\' || c == '`' || c == 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	inPath := true // a backslash is a slash before the query, as in browsers
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteString("%20")
		case c < ' ' || c == 0x7f:
		case c == '"':
			b.WriteString("%22")
		case c == '<':
			b.WriteString("%3C")
		case c == '>':
			b.WriteString("%3E")
		case c == '`':
			b.WriteString("%60")
		case c == '\\' && inPath:
			b.WriteByte('/')
		case c == '\\':
			b.WriteString("%5C")
		default:
			if c == '?' || c == '#' {
				inPath = false
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// removeDotSegments is RFC 3986 §5.2.4 for a path that starts with a slash.
func removeDotSegments(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	out := segments[:0]
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}

// isWeb reports whether the scheme is http or https.
func isWeb(scheme string) bool {
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")
}

// isWebURL reports whether s is an absolute http(s) URL with a host.
func isWebURL(s string) bool {
	r := splitReference(s)
	return isWeb(r.scheme) && r.authority != ""
}

// isSafeURL reports whether a reader may be led to s: the web, mail, or a
// relative reference whose base nobody knew.
func isSafeURL(s string) bool {
	n := schemeLength(s)
	switch {
	case n > 0:
		return isWeb(s[:n]) || strings.EqualFold(s[:n], "mailto")
	case s == "":
		return false
	}
	// "java%73cript:x" has no scheme for a browser, but nothing good either.
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		end = len(s)
	}
	return !strings.Contains(s[:end], ":")
}

// resolveSet does resolve for each candidate of a srcset (HTML §4.8.4.2.1) and
// leaves out those that are not safe.
func (b base) resolveSet(set string) string {
	var out []string
	for set != "" {
		set = strings.TrimLeft(set, " \t\n\r\f,")
		end := strings.IndexAny(set, " \t\n\r\f")
		if end < 0 {
			end = len(set)
		}
		u, rest := set[:end], set[end:]
		descriptor := ""
		if trimmed := strings.TrimRight(u, ","); trimmed != u {
			u = trimmed // the comma ends the candidate
		} else if i := strings.IndexByte(rest, ','); i >= 0 {
			descriptor, rest = strings.TrimSpace(rest[:i]), rest[i+1:]
		} else {
			descriptor, rest = strings.TrimSpace(rest), ""
		}
		set = rest
		u = b.resolve(u)
		if u == "" || !isSafeURL(u) || !isDescriptor(descriptor) {
			continue
		}
		if strings.HasSuffix(u, ",") || strings.HasPrefix(u, ",") {
			continue // would not be read as one candidate again
		}
		if descriptor != "" {
			u += " " + descriptor
		}
		out = append(out, u)
	}
	return strings.Join(out, ", ")
}

// isDescriptor reports whether s is empty or like "2x", "1.5x", "300w", "300w 200h".
func isDescriptor(s string) bool {
	for _, f := range strings.Fields(s) {
		n := len(f) - 1
		if n < 1 || !strings.ContainsRune("wxh", rune(f[n])) || strings.Trim(f[:n], "0123456789.") != "" {
			return false
		}
	}
	return true
}

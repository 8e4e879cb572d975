package fetch

import (
	"net/url"
	"strings"

	"communique/feeds"
)

// mostLinks is how many links of a response's header are read.
const mostLinks = 50

// parseLinks reads Link header fields (RFC 8288 §3): one feeds.Link for each
// relation, Href resolved against base and absolute. Links about another
// resource (anchor) and those that are not http or https are left out.
func parseLinks(fields []string, base *url.URL) []feeds.Link {
	var out []feeds.Link
	for _, field := range fields {
		for len(out) < mostLinks {
			start := strings.IndexByte(field, '<')
			if start < 0 {
				break
			}
			end := strings.IndexByte(field[start:], '>')
			if end < 0 {
				break
			}
			target := field[start+1 : start+end]
			var params string
			params, field = cutList(field[start+end+1:], ',')
			out = appendLinks(out, target, params, base)
		}
	}
	return out[:min(len(out), mostLinks)]
}

// appendLinks reads one link's parameters.
func appendLinks(out []feeds.Link, target, params string, base *url.URL) []feeds.Link {
	ref, err := url.Parse(strings.TrimSpace(target))
	if err != nil {
		return out
	}
	abs := base.ResolveReference(ref)
	if abs.Scheme != "http" && abs.Scheme != "https" || abs.Host == "" {
		return out
	}
	link := feeds.Link{Href: abs.String()}
	var rels string
	seen := map[string]bool{}
	for params != "" {
		var one string
		one, params = cutList(params, ';')
		name, value, _ := strings.Cut(one, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || seen[name] {
			continue // the first of each counts (§3.3, §3.4.1)
		}
		seen[name] = true
		value = printable(unquote(strings.TrimSpace(value)), 500)
		switch name {
		case "anchor":
			return out
		case "rel":
			rels = value
		case "type":
			link.Type = value
		case "hreflang":
			link.HrefLang = value
		case "title":
			link.Title = value
		}
	}
	for rel := range strings.FieldsSeq(rels) {
		if !strings.Contains(rel, ":") { // registered relations ignore case, URIs do not
			rel = strings.ToLower(rel)
		}
		link.Rel = rel
		out = append(out, link)
	}
	return out
}

// cutList takes the first element off a list, minding separators in quotes.
func cutList(list string, separator byte) (first, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == '\\' && quoted:
			i++
		case list[i] == separator && !quoted:
			return strings.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return strings.TrimSpace(list), ""
}

// unquote reads a quoted-string (RFC 9110 §5.6.4) or a token.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

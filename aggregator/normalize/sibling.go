package normalize

import (
	"net/url"
	"slices"
	"strings"

	"communique/feeds"
)

// alternates gives the canonical links of the pages that an entry names as its
// versions in other languages (hreflang).
func alternates(links []feeds.Link, language string) []string {
	var out []string
	for _, l := range links {
		if l.Rel != "alternate" || l.HrefLang == "" || l.HrefLang == "x-default" || feeds.SameLanguage(l.HrefLang, language) {
			continue
		}
		switch l.Type {
		case "", "text/html", "application/xhtml+xml":
		default:
			continue
		}
		if c := Canonical(l.Href); c != "" && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// Neutral gives a canonical link without the language that stands in it, as the
// first label of the host, a segment of the path, the end of its last segment or
// a parameter; "" when none does. Pages with one neutral link are, on most sites,
// one page in several languages.
func Neutral(canonical string) string {
	u, err := url.Parse(canonical)
	if err != nil || u.Host == "" {
		return ""
	}
	found := false
	host := u.Host
	if first, rest, ok := strings.Cut(host, "."); ok && strings.Contains(rest, ".") && isLanguageCode(first) {
		host, found = rest, true
	}
	var path []string
	segments := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, s := range segments {
		if isLanguageCode(s) && len(segments) > 1 {
			found = true
			continue
		}
		if i == len(segments)-1 { // report_fr.pdf, statement.es.html
			stem, ext, _ := strings.Cut(s, ".")
			if cut, code, ok := cutLast(stem, "-_"); ok && isLanguageCode(code) {
				s, found = cut+"."+ext, true
			} else if code, rest, ok := strings.Cut(ext, "."); ok && isLanguageCode(code) {
				s, found = stem+"."+rest, true
			} else if isLanguageCode(ext) {
				s, found = stem+".", true
			}
		}
		path = append(path, s)
	}
	query := u.Query()
	for name, values := range query {
		switch strings.ToLower(name) {
		case "lang", "language", "lng", "locale", "hl":
			if len(values) == 1 && isLanguageCode(values[0]) {
				query.Del(name)
				found = true
			}
		}
	}
	// A path that is nothing but the language, or a bare section, is no page.
	if !found || len(path) == 0 && len(query) == 0 || len(strings.Join(path, "")) < 3 && len(query) == 0 {
		return ""
	}
	out := host + "/" + strings.Join(path, "/")
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// cutLast cuts s at the last of the separators.
func cutLast(s, separators string) (before, after string, found bool) {
	i := strings.LastIndexAny(s, separators)
	if i <= 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// isLanguageCode reports whether s is the code of a language that sites are
// written in: "fr", "pt-br", "zh_CN". Others of two letters are more often
// something else.
func isLanguageCode(s string) bool {
	s = strings.ToLower(s)
	if i := strings.IndexAny(s, "-_"); i == 2 && len(s) == 5 {
		s = s[:2]
	}
	switch s {
	case "en", "fr", "es", "pt", "ar", "ru", "zh", "de", "it", "nl", "ja", "ko", "tr", "fa", "uk", "pl", "sv", "da", "fi", "no", "nb", "el", "he", "hi", "bn",
		"ur", "sw", "vi", "th", "ro", "hu", "cs", "sk", "bg", "sr", "hr", "sq", "ka", "hy", "az", "kk", "ca", "eu", "gl", "ht", "so", "am", "ps", "ne", "my",
		"eng", "fra", "fre", "spa", "esp", "por", "ara", "rus", "chi", "zho", "deu", "ger", "ita":
		return true
	}
	return false
}

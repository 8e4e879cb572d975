package normalize

import (
	"path"
	"strings"

	"communique/feeds"
)

// maxEach is how many authors, categories, links or enclosures of one entry
// are kept.
const maxEach = 50

// links makes the links absolute and leaves out those that nobody may follow.
func (n *Normalizer) links(all []feeds.Link, b base) []feeds.Link {
	var out []feeds.Link
	for _, l := range all {
		href := b.resolve(l.Href)
		if href == "" || !isSafeURL(href) {
			continue
		}
		rel := strings.ToLower(strings.TrimSpace(l.Rel))
		if rel == "" {
			rel = "alternate" // RFC 4287 §4.2.7.2
		}
		rel = strings.TrimPrefix(rel, "http://www.iana.org/assignments/relation/")
		if strings.ContainsRune(rel, ':') {
			rel = strings.TrimSpace(l.Rel) // an IRI: its case tells
		}
		out = append(out, feeds.Link{Href: href, Rel: rel, Type: mediaType(l.Type), HrefLang: CanonicalLanguage(l.HrefLang), Title: foldLine(plainWords(l.Title, true))})
		if len(out) == maxEach {
			break
		}
	}
	return out
}

// page chooses the page for people among links: the HTML alternate whose
// language is the entry's, else the first HTML alternate, else the first of
// any kind that is not a feed, else the first. It gives its place, -1 for none.
func page(links []feeds.Link, language string) int {
	best, bestScore := -1, 0
	for i, l := range links {
		if l.Rel != "alternate" || !isPage(l.Href) {
			continue
		}
		score := 1
		switch l.Type {
		case "", "text/html", "application/xhtml+xml":
			score = 3
		case "application/atom+xml", "application/rss+xml", "application/feed+json", "application/json":
		default:
			score = 2
		}
		if score == 3 && l.HrefLang != "" && language != "" {
			switch {
			case strings.EqualFold(l.HrefLang, language):
				score = 5
			case feeds.SameLanguage(l.HrefLang, language):
				score = 4
			}
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	return best
}

// isPage reports whether a page can be at a cleaned link: it is of the web, or
// relative, as nobody knew its base.
func isPage(href string) bool { return isWebURL(href) || href != "" && schemeLength(href) == 0 }

// mediaType gives the type in lower case without parameters, "" when it is none.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	s = strings.ToLower(strings.TrimSpace(s))
	main, sub, ok := strings.Cut(s, "/")
	if !ok || main == "" || sub == "" || !isTokens(s) || strings.ContainsAny(s, " ,:;=") {
		return ""
	}
	return s
}

// enclosures cleans the attached files. Only http(s) is kept; a missing type
// is read off the file's name, and noted.
func (n *Normalizer) enclosures(all []feeds.Enclosure, b base, note func(string)) []feeds.Enclosure {
	var out []feeds.Enclosure
next:
	for _, e := range all {
		u := b.resolve(e.URL)
		if !isWebURL(u) {
			if strings.TrimSpace(e.URL) != "" {
				note("enclosure without a usable address dropped")
			}
			continue
		}
		for i := range out {
			if out[i].URL == u {
				if out[i].Type == "" {
					out[i].Type = mediaType(e.Type)
				}
				if out[i].Length == 0 {
					out[i].Length = max(e.Length, 0)
				}
				continue next
			}
		}
		clean := feeds.Enclosure{URL: u, Type: mediaType(e.Type), Length: max(e.Length, 0), Title: foldLine(plainWords(e.Title, true)), Seconds: max(e.Seconds, 0)}
		if clean.Type == "" {
			if clean.Type = typeByName(u); clean.Type != "" {
				note("enclosure type guessed from the file name")
			}
		}
		if out = append(out, clean); len(out) == maxEach {
			break
		}
	}
	return out
}

// typeByName guesses a file's media type. Its own table, since the one of the
// machine it runs on would make two nodes say different things.
func typeByName(u string) string {
	return typesByExtension[strings.ToLower(path.Ext(splitReference(u).path))]
}

var typesByExtension = map[string]string{
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac", ".oga": "audio/ogg", ".ogg": "audio/ogg", ".opus": "audio/ogg", ".wav": "audio/wav", ".flac": "audio/flac", ".wma": "audio/x-ms-wma",
	".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".ogv": "video/ogg", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv", ".mpg": "video/mpeg", ".mpeg": "video/mpeg",
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml", ".avif": "image/avif", ".tif": "image/tiff", ".tiff": "image/tiff", ".bmp": "image/bmp",
	".pdf": "application/pdf", ".epub": "application/epub+zip", ".zip": "application/zip", ".torrent": "application/x-bittorrent", ".rtf": "application/rtf",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xls": "application/vnd.ms-excel", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".ppt": "application/vnd.ms-powerpoint", ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt": "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet", ".odp": "application/vnd.oasis.opendocument.presentation",
	".csv": "text/csv", ".txt": "text/plain", ".xml": "application/xml", ".json": "application/json",
}

// categories cleans the publisher's own classification.
func categories(all []feeds.Category) []feeds.Category {
	var out []feeds.Category
next:
	for _, c := range all {
		clean := feeds.Category{Term: cut(name(c.Term), 200), Scheme: tidyReference(c.Scheme), Label: cut(name(c.Label), 200)}
		if clean.Term == "" {
			clean.Term = clean.Label
		}
		if clean.Term == "" {
			continue
		}
		if n := schemeLength(clean.Scheme); n > 0 && !isSafeURL(clean.Scheme) && !strings.EqualFold(clean.Scheme[:n], "tag") && !strings.EqualFold(clean.Scheme[:n], "urn") {
			clean.Scheme = ""
		}
		for i := range out {
			if out[i] == clean {
				continue next
			}
		}
		if out = append(out, clean); len(out) == maxEach {
			break
		}
	}
	return out
}

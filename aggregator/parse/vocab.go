package parse

import "strings"

// vocab is a vocabulary that this package reads; unknown ones are passed over.
type vocab uint8

const (
	foreign vocab = iota
	native        // RSS in all its namespaces, and no namespace
	atom
	dc
	dcterms
	content
	media
	itunes
	sy
	xhtml
	rdf
	feedburner
	googleplay
	cc
	georss
	thr
	xmlns
)

// prefixes are what gofeed calls the vocabularies, and what they are taken for
// when nobody declared the prefix.
var prefixes = map[string]vocab{
	"rss": native, "atom": atom, "atom10": atom, "atom03": atom, "a10": atom, "dc": dc, "dcterms": dcterms, "dct": dcterms,
	"content": content, "media": media, "itunes": itunes, "sy": sy, "xhtml": xhtml, "html": xhtml, "rdf": rdf, "feedburner": feedburner,
	"googleplay": googleplay, "creativecommons": cc, "cc": cc,
}

// skeletonPrefix is what gofeed knows the vocabulary by, without a declaration.
var skeletonPrefix = [...]string{
	native: "", atom: "atom:", dc: "dc:", dcterms: "dcterms:", content: "content:", media: "media:", itunes: "itunes:", sy: "sy:",
	xhtml: "xhtml:", feedburner: "feedburner:", googleplay: "googleplay:", cc: "creativeCommons:", xmlns: "",
}

// namespaces are the vocabularies by URI, in lower case, without scheme and
// without "/" or "#" at the end, since publishers write them in every way.
var namespaces = map[string]vocab{
	"purl.org/rss/1.0":                                        native,
	"my.netscape.com/rdf/simple/0.9":                          native,
	"channel.netscape.com/rdf/simple/0.9":                     native,
	"backend.userland.com/rss":                                native,
	"backend.userland.com/rss2":                               native,
	"backend.userland.com/rss091":                             native,
	"blogs.law.harvard.edu/tech/rss":                          native,
	"cyber.law.harvard.edu/rss/rss.html":                      native,
	"my.netscape.com/publish/formats/rss-0.91.dtd":            native,
	"purl.oclc.org/net/rss_2.0/enc":                           native, // enclosures in RSS 1.0
	"purl.org/net/rss1.1":                                     native,
	"www.w3.org/2005/atom":                                    atom,
	"purl.org/atom/ns":                                        atom,
	"purl.org/dc/elements/1.1":                                dc,
	"purl.org/dc/elements/1.0":                                dc,
	"purl.org/dc/terms":                                       dcterms,
	"purl.org/rss/1.0/modules/content":                        content,
	"search.yahoo.com/mrss":                                   media,
	"tools.search.yahoo.com/mrss":                             media,
	"video.search.yahoo.com/mrss":                             media,
	"www.itunes.com/dtds/podcast-1.0.dtd":                     itunes,
	"www.itunes.com/dtds/pluginfeed-1.0.dtd":                  itunes,
	"example.com/dtds/podcast-1.0.dtd":                        itunes,
	"purl.org/rss/1.0/modules/syndication":                    sy,
	"www.w3.org/1999/xhtml":                                   xhtml,
	"www.w3.org/1999/02/22-rdf-syntax-ns":                     rdf,
	"rssnamespace.org/feedburner/ext/1.0":                     feedburner,
	"www.google.com/schemas/play-podcasts/1.0":                googleplay,
	"backend.userland.com/creativecommonsrssmodule":           cc,
	"cyber.law.harvard.edu/rss/creativecommonsrssmodule.html": cc,
	"purl.org/syndication/thread/1.0":                         thr,
	"www.georss.org/georss":                                   georss,
}

// scope is a namespace declaration in force, with those around it.
type scope struct {
	parent *scope
	prefix string
	uri    string
	vocab  vocab
	depth  int
}

// maxScopes is how many declarations may be in force at once. Feeds of record
// have under twenty; more of them are not listened to.
const maxScopes = 64

// declare puts the xmlns attributes in force.
func declare(s *scope, attrs []attr, notes *noteList) *scope {
	for _, a := range attrs {
		prefix, ok := "", a.name == "xmlns"
		if !ok {
			prefix, ok = strings.CutPrefix(a.name, "xmlns:")
		}
		if !ok {
			continue
		}
		depth := 0
		if s != nil {
			depth = s.depth + 1
		}
		if depth >= maxScopes {
			notes.add("too many namespaces: the last ones were not read")
			return s
		}
		uri := strings.TrimSpace(a.value)
		s = &scope{parent: s, prefix: prefix, uri: uri, vocab: vocabOf(uri, prefix), depth: depth}
	}
	return s
}

// vocabOf names the vocabulary of a namespace. One that we do not know, under a
// prefix that everybody uses for another, is that other: there are a dozen
// misspelt URIs of each.
func vocabOf(uri, prefix string) vocab {
	key := strings.ToLower(uri)
	key = strings.TrimPrefix(key, "https://")
	key = strings.TrimPrefix(key, "http://")
	key = strings.TrimRight(key, "/#")
	if v, ok := namespaces[key]; ok {
		return v
	}
	if v, ok := prefixes[strings.ToLower(prefix)]; ok && prefix != "" {
		return v
	}
	if uri == "" {
		return native
	}
	return foreign
}

// lookup gives the namespace that a prefix stands for.
func (s *scope) lookup(prefix string) (uri string, v vocab) {
	for n := s; n != nil; n = n.parent {
		if n.prefix == prefix {
			return n.uri, n.vocab
		}
	}
	for n := s; n != nil; n = n.parent { // wrong case
		if strings.EqualFold(n.prefix, prefix) {
			return n.uri, n.vocab
		}
	}
	if prefix == "" {
		return "", native
	}
	return "", prefixes[strings.ToLower(prefix)]
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Limits of an OPML file that is read.
const (
	maxOutlines     = 50_000
	maxOutlineDepth = 32
)

// ReadOPML reads a list of subscriptions (OPML 2.0) as sources, in the order of
// the file: every outline that has a feed's address, whatever its type. The
// folders that one stands in are its Folder. Outlines that say nothing of a feed
// are left out; one that names what is no feed's address is told in problems.
// Lists are written by hand and by careless programs, so it is read as a browser
// reads HTML: with bare ampersands and brackets, and names in any case.
func ReadOPML(text []byte) (list []Proposal, problems []string, err error) {
	z := html.NewTokenizer(bytes.NewReader(utf8Text(text)))
	var folders []string // of the open outlines, "" for those that are feeds
	seen, outlines, line := false, 0, 1
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break // the end: nothing else can be wrong with octets in memory
		}
		at := line
		line += bytes.Count(z.Raw(), []byte("\n"))
		name, _ := z.TagName()
		switch {
		case string(name) == "opml":
			seen = true
		case string(name) != "outline":
		case kind == html.EndTagToken:
			folders = folders[:max(len(folders)-1, 0)]
		case kind == html.StartTagToken || kind == html.SelfClosingTagToken:
			if outlines++; outlines > maxOutlines || len(folders) >= maxOutlineDepth {
				return nil, nil, fmt.Errorf("line %d: more than %d outlines, or deeper than %d", at, maxOutlines, maxOutlineDepth)
			}
			p, problem := outline(attributes(z))
			if problem != "" {
				problems = append(problems, fmt.Sprintf("line %d: %s", at, problem))
			}
			folder := p.Title
			if p.URL != "" {
				p.Folder, folder = strings.Join(slices.DeleteFunc(slices.Clone(folders), func(f string) bool { return f == "" }), " / "), ""
				list = append(list, p)
			}
			if kind == html.StartTagToken {
				folders = append(folders, folder)
			}
		}
	}
	if !seen {
		return nil, nil, errors.New("no OPML: there is no <opml> in it")
	}
	return list, problems, nil
}

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']`)

// utf8Text gives a text in UTF-8: it is believed to be in that when it can be,
// else in what its declaration says, else in what browsers take.
func utf8Text(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if utf8.Valid(text) {
		return text
	}
	label := "windows-1252"
	if m := xmlEncoding.FindSubmatch(text); m != nil {
		label = string(m[1])
	} else if e, _, sure := charset.DetermineEncoding(text, ""); sure {
		if b, err := e.NewDecoder().Bytes(text); err == nil {
			return b
		}
	}
	if e, _ := charset.Lookup(label); e != nil {
		if b, err := e.NewDecoder().Bytes(text); err == nil {
			return b
		}
	}
	return bytes.ToValidUTF8(text, []byte("\uFFFD"))
}

// attributes gives a tag's attributes by their names in lower case, without
// those that are empty.
func attributes(z *html.Tokenizer) map[string]string {
	out := map[string]string{}
	for {
		name, value, more := z.TagAttr()
		if v := strings.TrimSpace(string(value)); v != "" {
			out[string(name)] = v
		}
		if !more {
			return out
		}
	}
}

// outline reads an outline's attributes. Without a URL it is no feed's.
func outline(attr map[string]string) (p Proposal, problem string) {
	p.Title = oneLine(or(attr["title"], attr["text"]))
	p.URL = or(attr["xmlurl"], attr["feedurl"])
	if p.URL == "" && strings.EqualFold(attr["type"], "rss") {
		p.URL = attr["url"]
	}
	if p.URL == "" {
		return p, ""
	}
	if rest, ok := strings.CutPrefix(p.URL, "feed:"); ok {
		p.URL = rest
		if strings.HasPrefix(rest, "//") {
			p.URL = "https:" + rest
		}
	}
	var u URL
	if err := u.set(p.URL); err != nil {
		problem = fmt.Sprintf("the outline %q: the address %q %s", p.Title, p.URL, err)
		p.URL = ""
		return p, problem
	}
	if page := attr["htmlurl"]; u.set(page) == nil {
		p.Site = page
	}
	var l Language
	if l.set(attr["language"]) == nil {
		p.Language = string(l)
	}
	for c := range strings.SplitSeq(attr["category"], ",") {
		switch c = strings.TrimSpace(c); {
		case strings.HasPrefix(c, "/region/"):
			p.Regions = append(p.Regions, strings.TrimPrefix(c, "/region/"))
		case strings.HasPrefix(c, "/topic/"):
			p.Topics = append(p.Topics, strings.TrimPrefix(c, "/topic/"))
		}
	}
	return p, ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

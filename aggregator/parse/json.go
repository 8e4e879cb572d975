package parse

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"communique/feeds"

	gofeed "github.com/mmcdole/gofeed/json"
)

// parseJSON reads JSON Feed 1.0 and 1.1.
func parseJSON(text string, o Options) (*feeds.Document, error) {
	notes := &noteList{}
	s := jsonSplit(text, notes)
	version := jsonString(s.head["version"])
	if s.items == nil && !strings.Contains(version, "jsonfeed.org") {
		return nil, &Error{"not-feed", "JSON, but no JSON Feed: it has no items"}
	}
	doc := &feeds.Document{Format: jsonFormat(version), Cut: s.cut}
	head, err := decodeFeed(s.head)
	if err != nil {
		return nil, &Error{"broken", err.Error()}
	}
	fillJSON(doc, head, s.head, o, notes)
	inherited := hash64(Version, "json")
	for _, rawItem := range s.items {
		if rawItem[0] != '{' {
			notes.add("an item that is no object was left out")
			continue
		}
		raw := hash64(inherited, rawItem)
		if o.Known != nil && o.Known(raw) {
			doc.Raws = append(doc.Raws, raw)
			continue
		}
		if len(doc.Items) >= o.MaxItems {
			notes.addf("more than %d new items: the others are left for the next visit", o.MaxItems)
			doc.Left = true
			continue
		}
		doc.Raws = append(doc.Raws, raw)
		it, err := jsonItem(rawItem, o)
		if err != nil {
			notes.addf("an item that is no JSON was left out: %v", err)
			continue
		}
		it.Raw = raw
		if len(it.Authors) == 0 { // the feed's are the item's (JSON Feed 1.1, "authors")
			it.Authors = slices.Clone(doc.Authors)
		}
		doc.Items = append(doc.Items, *it)
	}
	doc.Notes = notes.list
	return doc, nil
}

func jsonFormat(version string) string {
	if i := strings.LastIndex(version, "version/"); i >= 0 {
		return "json" + clip(strings.Trim(version[i+len("version/"):], "/ "))
	}
	return "json1.1"
}

// object is a JSON object whose values are not decoded yet.
type object map[string]json.RawMessage

// jsonParts is a JSON Feed taken apart.
type jsonParts struct {
	head  object   // members of the top level but items
	items []string // the elements of items
	cut   bool     // the document breaks off before its end
}

// jsonSplit takes a JSON Feed apart. It forgives a document that was cut.
func jsonSplit(text string, notes *noteList) jsonParts {
	p := jsonParts{head: object{}}
	i := skipSpace(text, 1)
	for i < len(text) && text[i] == '"' && len(p.head) < 200 {
		end := jsonEnd(text, i)
		var key string
		if end < 0 || json.Unmarshal([]byte(text[i:end]), &key) != nil {
			break
		}
		i = skipSpace(text, end)
		if i >= len(text) || text[i] != ':' {
			break
		}
		i = skipSpace(text, i+1)
		if key == "items" && i < len(text) && text[i] == '[' {
			p.items = []string{}
			i++
			for {
				for i < len(text) && (isSpace(text[i]) || text[i] == ',') {
					i++
				}
				if i >= len(text) || text[i] == ']' {
					i++
					break
				}
				end := jsonEnd(text, i)
				if end == i { // a bracket that closes nothing
					i++
					continue
				}
				if end < 0 {
					notes.add("the document ends within an item")
					i = len(text)
					break
				}
				p.items = append(p.items, text[i:end])
				i = end
			}
		} else {
			end := jsonEnd(text, i)
			if end <= i {
				break
			}
			if end-i < 1<<20 {
				p.head[key] = json.RawMessage(text[i:end])
			}
			i = end
		}
		for i < len(text) && (isSpace(text[i]) || text[i] == ',') {
			i++
		}
	}
	p.cut = i >= len(text)
	if p.cut || text[i] != '}' {
		notes.add("the document does not end as JSON does")
	}
	return p
}

func skipSpace(s string, i int) int {
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	return i
}

// jsonEnd gives the place after the JSON value at s[i], -1 when it does not
// end.
func jsonEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch s[i] {
		case '"':
			if i = jsonStringEnd(s, i+1); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // a bare value before the end of what holds it
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return -1
}

// jsonStringEnd gives the place after the closing quote of the string that s[i]
// is in, -1 when there is none.
func jsonStringEnd(s string, i int) int {
	for {
		n := strings.IndexByte(s[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		slashes := 0
		for i-1-slashes >= 0 && s[i-1-slashes] == '\\' {
			slashes++
		}
		i++
		if slashes%2 == 0 {
			return i
		}
	}
}

// jsonString gives a member as a string, whatever it is.
func jsonString(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strings.TrimSpace(s)
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// stringMembers are those that gofeed wants as strings.
var stringMembers = []string{"version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon", "favicon", "language",
	"id", "url", "external_url", "content_html", "content_text", "summary", "image", "banner_image", "date_published", "date_modified"}

// mend turns members of the wrong type into those that gofeed expects: one
// number where a string should be would make it reject the whole feed. What
// cannot be turned is left out.
func (o object) mend() bool {
	mended := false
	for _, name := range stringMembers {
		raw, ok := o[name]
		if !ok || len(raw) > 0 && raw[0] == '"' && json.Valid(raw) || string(raw) == "null" {
			continue
		}
		if s := jsonString(raw); s != "" {
			o[name], _ = json.Marshal(s)
		} else {
			delete(o, name)
		}
		mended = true
	}
	for _, mend := range []func() bool{o.mendAuthors, o.mendTags, o.mendAttachments} {
		mended = mend() || mended
	}
	return mended
}

func (o object) mendAuthors() bool {
	authors, mended := []any{}, false
	for _, name := range []string{"authors", "author"} {
		raw, ok := o[name]
		if !ok || string(raw) == "null" {
			continue
		}
		var v any
		if json.Unmarshal(raw, &v) != nil {
			mended = true
		}
		delete(o, name)
		if list, ok := v.([]any); ok {
			authors = append(authors, list...)
		} else if v != nil {
			authors = append(authors, v)
		}
	}
	var out []map[string]string
	for _, a := range authors {
		switch a := a.(type) {
		case string:
			out, mended = append(out, map[string]string{"name": a}), true
		case map[string]any:
			m := map[string]string{}
			for _, k := range []string{"name", "url", "avatar", "email"} {
				if s, ok := a[k].(string); ok {
					m[k] = s
				} else if a[k] != nil {
					mended = true
				}
			}
			out = append(out, m)
		default:
			mended = mended || a != nil
		}
	}
	if len(out) > 0 {
		o["authors"], _ = json.Marshal(out)
	}
	return mended
}

func (o object) mendTags() bool {
	raw, ok := o["tags"]
	if !ok {
		return false
	}
	var tags []string
	if json.Unmarshal(raw, &tags) == nil {
		return false
	}
	var v any
	_ = json.Unmarshal(raw, &v) // nil, and no tags, when it is nothing that we know
	list, _ := v.([]any)
	if s, isString := v.(string); isString {
		for _, w := range strings.Split(s, ",") {
			list = append(list, strings.TrimSpace(w))
		}
	}
	tags = nil
	for _, t := range list {
		switch t := t.(type) {
		case string:
			tags = append(tags, t)
		case float64:
			tags = append(tags, strconv.FormatFloat(t, 'f', -1, 64))
		case map[string]any:
			for _, k := range []string{"name", "label", "term", "title"} {
				if s, ok := t[k].(string); ok {
					tags = append(tags, s)
					break
				}
			}
		}
	}
	o["tags"], _ = json.Marshal(tags)
	return true
}

func (o object) mendAttachments() bool {
	raw, ok := o["attachments"]
	if !ok {
		return false
	}
	var good []gofeed.Attachments
	if json.Unmarshal(raw, &good) == nil {
		return false
	}
	var list []object
	if json.Unmarshal(raw, &list) != nil {
		var one object
		if json.Unmarshal(raw, &one) == nil {
			list = []object{one}
		}
	}
	for _, a := range list {
		for _, name := range []string{"url", "mime_type", "title"} {
			if raw, ok := a[name]; ok {
				a[name], _ = json.Marshal(jsonString(raw))
			}
		}
	}
	o["attachments"], _ = json.Marshal(list)
	return true
}

// decodeFeed lets gofeed read the members of a feed; those of one item are
// under "items".
func decodeFeed(o object) (*gofeed.Feed, error) {
	o.mend()
	b, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return (&gofeed.Parser{}).Parse(bytes.NewReader(b))
}

func fillJSON(doc *feeds.Document, g *gofeed.Feed, head object, o Options, notes *noteList) {
	doc.Base = o.URL
	doc.ID = strings.TrimSpace(g.FeedURL)
	doc.Title = put(cut(g.Title, o.MaxTitleRunes), "text", context{}, context{})
	doc.Description = put(g.Description, "text", context{}, context{})
	doc.Language = strings.TrimSpace(g.Language)
	doc.Image, doc.Icon = strings.TrimSpace(g.Icon), strings.TrimSpace(g.Favicon)
	doc.Authors = jsonAuthors(g.Authors, g.Author)
	addLink := func(href, rel, kind string) {
		if href = strings.TrimSpace(href); href != "" {
			doc.Links = append(doc.Links, feeds.Link{Href: href, Rel: rel, Type: kind})
		}
	}
	addLink(g.HomePageURL, "alternate", "")
	addLink(g.FeedURL, "self", "application/feed+json")
	addLink(g.NextURL, "next", "application/feed+json")
	var hubs []struct{ Type, URL string }
	if json.Unmarshal(head["hubs"], &hubs) == nil {
		for _, h := range hubs {
			if strings.EqualFold(h.Type, "WebSub") {
				addLink(h.URL, "hub", "")
			}
		}
	}
	if g.Expired {
		notes.add("the feed says that it is finished")
	}
}

// jsonItem reads one item.
func jsonItem(text string, o Options) (*feeds.Item, error) {
	notes := &noteList{}
	if len(text) > o.MaxItemBytes {
		notes.addf("larger than %d octets: only its metadata was read", o.MaxItemBytes)
	}
	var members object
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		return nil, err
	}
	if len(text) > o.MaxItemBytes {
		for name, raw := range members {
			if len(raw) > 4096 {
				delete(members, name)
			}
		}
	}
	if members.mend() {
		notes.add("members of a wrong type were turned into the right one")
	}
	b, err := json.Marshal(map[string]any{"items": []object{members}})
	if err != nil {
		return nil, err
	}
	feed, err := (&gofeed.Parser{}).Parse(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if len(feed.Items) != 1 || feed.Items[0] == nil {
		return &feeds.Item{Notes: []string{"empty"}}, nil
	}
	g := feed.Items[0]
	it := &feeds.Item{
		ID:        strings.TrimSpace(g.ID),
		Title:     put(cut(g.Title, o.MaxTitleRunes), "text", context{}, context{}),
		Summary:   put(g.Summary, "text", context{}, context{}),
		Authors:   jsonAuthors(g.Authors, g.Author),
		Published: strings.TrimSpace(g.DatePublished),
		Updated:   strings.TrimSpace(g.DateModified),
		Language:  strings.TrimSpace(g.Language),
		Image:     either(strings.TrimSpace(g.Image), strings.TrimSpace(g.BannerImage)),
	}
	it.IDIsPermalink = it.ID != "" && it.ID == strings.TrimSpace(g.URL)
	if it.Content = put(g.ContentHTML, "html", context{}, context{}); it.Content.Value == "" {
		it.Content = put(g.ContentText, "text", context{}, context{})
	}
	if u := strings.TrimSpace(g.URL); u != "" {
		it.Links = append(it.Links, feeds.Link{Href: u, Rel: "alternate"})
	}
	if u := strings.TrimSpace(g.ExternalURL); u != "" {
		rel := "related"
		if len(it.Links) == 0 {
			rel = "alternate"
		}
		it.Links = append(it.Links, feeds.Link{Href: u, Rel: rel})
	}
	for _, t := range g.Tags {
		if c := (feeds.Category{Term: strings.TrimSpace(t)}); c.Term != "" && !slices.Contains(it.Categories, c) {
			it.Categories = append(it.Categories, c)
		}
	}
	if g.Attachments != nil {
		for _, a := range *g.Attachments {
			if u := strings.TrimSpace(a.URL); u != "" {
				it.Enclosures = append(it.Enclosures, feeds.Enclosure{URL: u, Type: strings.TrimSpace(a.MimeType), Title: strings.TrimSpace(a.Title),
					Length: max(a.SizeInBytes, 0), Seconds: max(a.DurationInSeconds, 0)})
			}
		}
	}
	f := &fill{reader: &reader{notes: notes}, options: o}
	f.limit(it)
	it.Notes = notes.list
	return it, nil
}

func jsonAuthors(authors []*gofeed.Author, author *gofeed.Author) []feeds.Person {
	if author != nil {
		authors = append(slices.Clone(authors), author)
	}
	var out []feeds.Person
	for _, a := range authors {
		if a == nil {
			continue
		}
		p := feeds.Person{Name: strings.TrimSpace(a.Name), URI: strings.TrimSpace(a.URL)}
		if p != (feeds.Person{}) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// cut takes white space off and keeps a text within a number of characters.
func cut(s string, runes int) string {
	s = strings.TrimSpace(s)
	if len(s) <= runes {
		return s
	}
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}

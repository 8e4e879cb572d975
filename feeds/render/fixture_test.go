package render

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"communique/feeds"
)

var testSite = Site{
	Title:     "Joint statements",
	Subtitle:  "Statements of all offices & partners",
	BaseURL:   "https://news.example.org/",
	Authority: "example.org,2026",
	Language:  "en",
	Version:   "0.1.0",
	Author:    "Syndication desk",
	Rights:    "Rights stay with the offices; see each entry.",
	Icon:      "https://news.example.org/icon.png",
	Logo:      "https://news.example.org/logo.png",
	TTL:       15 * time.Minute,
	Hub:       "https://news.example.org/hub",
	Label:     func(t feeds.Tag, language string) string { return testLabels[t.String()+" "+language] },
}

var testLabels = map[string]string{
	"region/americas en": "Americas", "region/americas fr": "Amériques", "region/americas ar": "الأمريكتان",
	"topic/protection en": "Protection", "topic/protection fr": "Protection des personnes",
	"country/mx en": "Mexico", "country/mx fr": "Mexique",
}

var testFeed = feeds.Feed{Path: "region/americas", Title: "Americas: R&D <all>", Query: feeds.Query{Regions: []string{"americas"}}}

func at(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 30, 0, 123456789, time.UTC) }

func origin(name, language string) feeds.Origin {
	return feeds.Origin{
		ID: "https://" + name + ".example.org/feed.xml", Title: "Office of " + name, Link: "https://" + name + ".example.org/",
		FeedURL: "https://" + name + ".example.org/feed.xml", Language: language,
	}
}

// testStatements are one with everything, one in Arabic with a summary only,
// one with next to nothing, and one that a hostile publisher wrote.
func testStatements() []feeds.Statement {
	full := feeds.Statement{
		ID:        "aaaaaaaaaaaaaaaa",
		Published: at(19, 9), FirstSeen: at(19, 10), Updated: at(20, 7), Order: at(19, 9),
		Taggings: []feeds.Tagging{
			{Tag: feeds.Tag{Scheme: feeds.Country, Term: "mx"}},
			{Tag: feeds.Tag{Scheme: feeds.Mention, Term: "gt"}}, // of which no format may say a word
			{Tag: feeds.Tag{Scheme: feeds.Region, Term: "americas"}},
			{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "protection"}},
		},
		Copies: []feeds.StatedCopy{
			{
				Copy: feeds.Copy{
					Source: "north", ID: "https://north.example.org/?p=1", Language: "en", Origin: origin("north", "en"),
					Title:   "Statement on R&D in the <border> region – “first” reading",
					Summary: "<p>The offices agreed on a <em>common</em> text. It has R&amp;D in it.</p>",
					Content: `<p>The offices <em>agreed</em> on a <a href="https://north.example.org/x?a=1&amp;b=2">common text</a>.</p>` + "\r\n" + `<p>It was read twice.</p>`,
					Link:    "https://north.example.org/statement?a=1&b=2",
					Links: []feeds.Link{
						{Rel: "license", Href: "https://creativecommons.org/licenses/by/4.0/"},
						{Rel: "related", Href: "https://north.example.org/background", Type: "text/html", Title: "Background"},
						{Rel: "alternate", Href: "https://north.example.org/es/statement", HrefLang: "es", Type: "text/html"},
						{Rel: "self", Href: "https://north.example.org/statement.atom"},
					},
					Authors:      []feeds.Person{{Name: "Amina Yusuf", URI: "https://north.example.org/people/amina", Email: "mailto:amina@north.example.org"}, {Name: "B. Tesfaye <desk@north.example.org>"}, {Name: " "}},
					Contributors: []feeds.Person{{Name: "Ministry of Rivers"}},
					Categories:   []feeds.Category{{Term: "talks"}, {Term: "7", Scheme: "https://north.example.org/sections", Label: "Talks & texts"}, {Term: "bad", Scheme: "sections"}, {Term: "talks"}},
					Enclosures: []feeds.Enclosure{
						{URL: "https://north.example.org/audio.mp3", Type: "audio/mpeg", Length: 1234567, Title: "Audio, 5 min", Seconds: 300},
						{URL: "https://north.example.org/text.pdf"},
						{URL: "https://north.example.org/photo one.jpg", Type: "image/jpeg; q=1", Length: 999},
					},
					Image:     "https://north.example.org/photo one.jpg",
					Rights:    "© 2026 North office",
					Published: at(19, 9), Updated: at(20, 7),
				},
				Item: "north/1", Relation: feeds.IsOrigin, FirstSeen: at(19, 10), Changed: at(20, 7),
			},
			{
				Copy: feeds.Copy{
					Source: "south", Language: "fr", Origin: origin("south", "fr"), Title: "Déclaration sur la région frontalière",
					Content: "<p>Les bureaux ont convenu d’un texte commun.</p><p>Il a été lu deux fois.</p>", Link: "https://south.example.org/fr/declaration",
					Published: at(19, 11),
				},
				Item: "south/1", Relation: feeds.IsTranslation, Of: "north/1", FirstSeen: at(19, 12), Changed: at(19, 12),
			},
			{
				Copy: feeds.Copy{
					Source: "east", Language: "ar", Origin: origin("east", "ar"), Title: "بيان بشأن المنطقة الحدودية",
					Content: "<p>اتفقت المكاتب على نص مشترك.</p><p>وقرئ مرتين.</p>", Link: "https://east.example.org/ar/1",
				},
				Item: "east/1", Relation: feeds.IsTranslation, Of: "north/1", FirstSeen: at(20, 1), Changed: at(20, 1),
			},
			{
				Copy: feeds.Copy{
					Source: "west", Language: "en-US", Origin: origin("west", "en-US"), Title: "Statement on R&D",
					Summary: "The offices agreed.", Link: "https://west.example.org/reprint",
				},
				Item: "west/1", Relation: feeds.IsReprint, Of: "north/1", FirstSeen: at(20, 2), Changed: at(20, 2),
				Near: []feeds.Near{
					{Item: "west/0", Statement: "eeeeeeeeeeeeeeee", Score: .8, Threshold: .35, Why: "the titles have different numbers", Related: true},
					{Item: "north/0", Statement: "ffffffffffffffff", Score: .1, Threshold: .35, Why: "too little"},
				},
			},
			{
				Copy: feeds.Copy{
					Source: "east", Language: "en", Origin: origin("east", "ar"), Title: "Statement on R&D: in short",
					Summary: "The offices agreed.", Link: "https://east.example.org/en/short",
				},
				Item: "east/3", Relation: feeds.IsExcerpt, Of: "north/1", FirstSeen: at(20, 3), Changed: at(20, 3),
			},
		},
	}
	summary := feeds.Statement{
		ID: "bbbbbbbbbbbbbbbb", Published: at(18, 9), FirstSeen: at(18, 9), Updated: at(18, 9), Order: at(18, 9),
		Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: feeds.Region, Term: "americas"}}},
		Copies: []feeds.StatedCopy{{
			Copy: feeds.Copy{Source: "east", Language: "ar", Origin: origin("east", "ar"), Title: "بيان بشأن الأنهار", Summary: "<p>اتفق الطرفان على قياس الأنهار.</p>", Link: "https://east.example.org/ar/2"},
			Item: "east/2", Relation: feeds.IsOrigin, FirstSeen: at(18, 9), Changed: at(18, 9),
		}},
	}
	bare := feeds.Statement{
		ID: "cccccccccccccccc", FirstSeen: at(17, 9), Updated: at(17, 9), Order: at(17, 9),
		Copies: []feeds.StatedCopy{{Copy: feeds.Copy{Source: "bare"}, Item: "bare/1", FirstSeen: at(17, 9), Changed: at(17, 9)}},
	}
	hostile := feeds.Statement{
		ID: "dddddddddddddddd", Published: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), FirstSeen: at(16, 9), Updated: at(16, 9), Order: at(16, 9),
		Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: "topic", Term: `a"b<c`}}},
		Copies: []feeds.StatedCopy{{
			Copy: feeds.Copy{
				Source: "evil", Language: "x\"y", Title: "A\x00\x1b[31m &lt;b&gt;bold&lt;/b&gt; ]]> \ufffe\u0085title &T5",
				Content: "<p>]]&gt; ]]> text\x0b with \xff bytes</p>", Link: "javascript:alert(1)",
				Links:      []feeds.Link{{Rel: "related", Href: "data:text/html,x"}, {Rel: "evil rel", Href: "https://evil.example.org/"}},
				Authors:    []feeds.Person{{Name: "<script>alert(1)</script>Eve</b>", Email: "not an address", URI: "javascript:1"}},
				Categories: []feeds.Category{{Term: "&lt;i&gt;x&lt;/i&gt;", Scheme: "javascript:x", Label: "a</p>b"}, {Scheme: "https://evil.example.org/s"}},
				Enclosures: []feeds.Enclosure{{URL: "file:///etc/passwd"}, {URL: "https://evil.example.org/a", Type: "text/html\r\nX: y", Length: -5}},
				Image:      "//evil.example.org/i.png",
				Origin:     feeds.Origin{ID: "12", Title: "\u200b", FeedURL: "ftp://evil.example.org/feed", Language: "??"},
				Rights:     "a\u0085b",
				Updated:    time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC),
			},
			Item: "evil/1", Relation: feeds.IsOrigin, FirstSeen: at(16, 9), Changed: at(16, 9),
		}},
	}
	return []feeds.Statement{full, summary, bare, hostile}
}

var pieces = []string{
	"statement", "R&D", "<region>", "&amp;", "&lt", "AT&T5", "]]>", "déclaration", "« texte »", "بيان", "聲明。", "\x00", "\x7f", "\u0085", "\ufffd", "\ufffe", "\xff\xfe",
	"</b>", "<script>", "\"quoted\"", "'", "\r\n", "\t", "  ", "\u00a0", "\u2028", "e\u0301", "👩‍👩‍👧", "\u202e", "-", ".", "A first sentence. And a second one!", "{\"a\":1}", ",\"content_html\":\"x\"", "<content type=\"html\">",
}

// wild makes texts of pieces that have been trouble before.
func wild(r *rand.Rand, most int) string {
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(pieces[r.IntN(len(pieces))])
		if r.IntN(3) > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func wildURL(r *rand.Rand) string {
	bases := []string{"https://a.example.org/", "http://b.example.org/x?y=1&z=", "HTTPS://C.example.org/a b/", "https://d.example.org/é/", "https://e.example.org/%zz#a#b[", "", "/relative", "javascript:", "mailto:x@example.org", "https:///", "urn:uuid:"}
	return bases[r.IntN(len(bases))] + strings.ReplaceAll(wild(r, 2), "\n", "")
}

func wildTime(r *rand.Rand) time.Time {
	switch r.IntN(6) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(r.Int64N(1e9), 0)
	}
	return at(1, 0).Add(time.Duration(r.Int64N(int64(600 * time.Hour)))).In(time.FixedZone("x", 3600*r.IntN(12)))
}

// wildStatement makes a statement that is clean only where a Copy has to be:
// its HTML is safe.
func wildStatement(r *rand.Rand, n int) feeds.Statement {
	languages := []string{"en", "fr", "ar", "pt-BR", "zh-Hans", "zh-Hant", "", "he", "und", "not a tag", "en-US"}
	relations := []feeds.Relation{feeds.IsOrigin, feeds.IsReprint, feeds.IsExcerpt, feeds.IsTranslation, feeds.IsCorrection, feeds.IsJoint}
	safe := func() string {
		if r.IntN(3) == 0 {
			return ""
		}
		t := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(wild(r, 20))
		if r.IntN(2) == 0 {
			return t
		}
		return "<p>" + t + `</p><p><a href="https://a.example.org/">` + t + "</a></p>"
	}
	person := func() feeds.Person { return feeds.Person{Name: wild(r, 3), URI: wildURL(r), Email: wild(r, 1)} }
	st := feeds.Statement{ID: feeds.StatementID(fmt.Sprintf("s%015d", n)), Published: wildTime(r), Updated: wildTime(r), FirstSeen: at(2, 2), Order: at(2, 2), Seq: uint64(n)}
	for range r.IntN(4) {
		st.Taggings = append(st.Taggings, feeds.Tagging{Tag: feeds.Tag{Scheme: []string{"region", "topic"}[r.IntN(2)], Term: "t" + wild(r, 1)}})
	}
	for range 1 + r.IntN(5) {
		c := feeds.StatedCopy{Copy: feeds.Copy{
			Source: "src", ID: wild(r, 1), Title: wild(r, 12), Summary: safe(), Content: safe(), Link: wildURL(r), Image: wildURL(r), Rights: wild(r, 3),
			Published: wildTime(r), Updated: wildTime(r), Language: languages[r.IntN(len(languages))],
			Origin: feeds.Origin{ID: wildURL(r), Title: wild(r, 2), Link: wildURL(r), FeedURL: wildURL(r), Language: languages[r.IntN(len(languages))], Rights: wild(r, 1), Icon: wildURL(r)},
		}}
		for range r.IntN(4) {
			c.Authors = append(c.Authors, person())
			c.Contributors = append(c.Contributors, person())
			c.Categories = append(c.Categories, feeds.Category{Term: wild(r, 2), Scheme: wildURL(r), Label: wild(r, 2)})
			c.Enclosures = append(c.Enclosures, feeds.Enclosure{URL: wildURL(r), Type: wild(r, 1), Length: r.Int64N(100) - 20, Title: wild(r, 2), Seconds: r.Int64N(3)})
			c.Links = append(c.Links, feeds.Link{Href: wildURL(r), Rel: []string{"related", "alternate", "license", "self", "x"}[r.IntN(5)], HrefLang: languages[r.IntN(len(languages))], Title: wild(r, 2), Type: "text/html"})
		}
		if r.IntN(4) == 0 {
			c.Via = &feeds.Origin{ID: wildURL(r), Title: wild(r, 1), FeedURL: wildURL(r)}
		}
		for range r.IntN(3) {
			c.Near = append(c.Near, feeds.Near{Statement: feeds.StatementID(fmt.Sprintf("s%015d", r.IntN(9))), Score: r.Float32(), Related: r.IntN(2) == 0, Why: wild(r, 3)})
		}
		c.Item, c.Relation, c.Priority, c.Changed = feeds.ItemKey(fmt.Sprintf("src/%d", r.IntN(3))), relations[r.IntN(len(relations))], r.IntN(2), wildTime(r)
		st.Copies = append(st.Copies, c)
	}
	return st
}

package serve

import (
	"cmp"
	"slices"
	"time"

	"communique/feeds"
	"communique/feeds/render"
)

// The shapes of the API's answers. Their tags make the OpenAPI document
// (openapi.go): `about` says what a field means, `format` is one of JSON Schema's,
// and what may be left out is what omitempty says.

// statementShape is a statement for programs. In lists the evidence is left
// out; docs/explain.md says what its fields mean.
type statementShape struct {
	ID        string        `json:"id" about:"Names the statement for ever."`
	URI       string        `json:"uri" format:"uri" about:"The id that its entries have in feeds: a tag: URI."`
	URL       string        `json:"url" format:"uri" about:"Its page, in all languages."`
	Published string        `json:"published,omitempty" format:"date-time" about:"When its publisher says that it was published; never changes."`
	Updated   string        `json:"updated" format:"date-time" about:"The last change that matters: of a title, text or attachment."`
	FirstSeen string        `json:"first_seen" format:"date-time" about:"When we saw the first copy."`
	Languages []string      `json:"languages" about:"BCP 47 tags of its copies."`
	Lead      *leadShape    `json:"lead,omitempty" about:"The copy that is shown: the best in the first language that was asked for and that there is one in, else the best of all."`
	Tags      []taggedShape `json:"tags" about:"What it is about: regions, countries, topics, events."`
	Mentioned []taggedShape `json:"mentioned,omitempty" about:"Countries that it names and is not about."`
	Related   []nearShape   `json:"related,omitempty" about:"Other statements that are close to it: a rewrite, the next edition."`
	Copies    []copyShape   `json:"copies" about:"Every office's telling of it, in order of arrival."`
}

// leadShape is the copy that is shown, in words that need no more cleaning.
type leadShape struct {
	Item        feeds.ItemKey     `json:"item" about:"Which of the copies it is."`
	Source      feeds.SourceID    `json:"source"`
	Office      string            `json:"office" about:"The source's name."`
	Language    string            `json:"language,omitempty" about:"BCP 47."`
	Direction   string            `json:"direction" enum:"ltr,rtl" about:"How its language is written."`
	Title       string            `json:"title" about:"Plain text, never empty."`
	Summary     string            `json:"summary" about:"Plain text, never empty."`
	Content     string            `json:"content_html,omitempty" about:"Its text, as sanitised HTML with whole URLs. In lists with content=full only."`
	URL         string            `json:"url,omitempty" format:"uri" about:"Its page at the office."`
	Published   string            `json:"published,omitempty" format:"date-time"`
	Authors     []feeds.Person    `json:"authors,omitempty"`
	Image       string            `json:"image,omitempty"`
	Attachments []feeds.Enclosure `json:"attachments,omitempty"`
	Rights      string            `json:"rights,omitempty"`
	Credit      string            `json:"credit,omitempty" about:"What the publisher's terms ask to be shown with it."`
}

type taggedShape struct {
	Tag      feeds.Tag         `json:"tag"`
	Labels   map[string]string `json:"labels,omitempty" about:"Its names by language."`
	Rule     string            `json:"rule" about:"The rule that gave it."`
	Evidence string            `json:"evidence,omitempty" about:"The words that it was given for."`
	Score    float32           `json:"score,omitempty"`
	Words    []wordsShape      `json:"words,omitempty" about:"The same copy by copy; not in lists."`
}

type wordsShape struct {
	Source   feeds.SourceID `json:"source"`
	Language string         `json:"language,omitempty"`
	Rule     string         `json:"rule"`
	Evidence string         `json:"evidence,omitempty"`
}

type nearShape struct {
	Statement feeds.StatementID `json:"statement"`
	URL       string            `json:"url,omitempty" format:"uri" about:"Left out when it is no longer published, with what follows up to score; in lists it may lead to one that was withdrawn since."`
	Source    feeds.SourceID    `json:"source,omitempty"`
	Language  string            `json:"language,omitempty"`
	Title     string            `json:"title,omitempty" about:"Not in lists."`
	Score     float32           `json:"score"`
	Threshold float32           `json:"threshold"`
	Why       string            `json:"why"`
	Related   bool              `json:"related,omitempty"`
}

type copyShape struct {
	Item       feeds.ItemKey     `json:"item" about:"Names the copy for ever."`
	Source     feeds.SourceID    `json:"source"`
	Office     string            `json:"office" about:"The source's name."`
	Relation   feeds.Relation    `json:"relation" enum:"origin,reprint,excerpt,translation,correction,joint" about:"What it is to the statement."`
	Of         feeds.ItemKey     `json:"of,omitempty" about:"The copy that it was matched to."`
	Why        string            `json:"why,omitempty" about:"By what evidence; this and what follows up to id is not in lists."`
	Score      float32           `json:"score,omitempty"`
	Threshold  float32           `json:"threshold,omitempty"`
	Near       []nearShape       `json:"near,omitempty" about:"What it came close to and was not joined with."`
	ID         string            `json:"id,omitempty" about:"The publisher's id, byte for byte."`
	Language   string            `json:"language,omitempty" about:"BCP 47."`
	Title      string            `json:"title"`
	URL        string            `json:"url,omitempty" about:"Its page at the office."`
	Summary    string            `json:"summary,omitempty" about:"Sanitised HTML; not in lists."`
	Content    string            `json:"content_html,omitempty" about:"Sanitised HTML; not in lists."`
	Published  string            `json:"published,omitempty" format:"date-time"`
	Updated    string            `json:"updated,omitempty" format:"date-time"`
	Revision   int               `json:"revision" about:"1 at first sight, one more with each change of its text."`
	Authors    []feeds.Person    `json:"authors,omitempty" about:"Not in lists."`
	Enclosures []feeds.Enclosure `json:"attachments,omitempty" about:"Not in lists."`
	Origin     *feeds.Origin     `json:"origin,omitempty" about:"The feed that it was taken from; not in lists."`
	Notes      []string          `json:"notes,omitempty" about:"What had to be repaired to read it; not in lists."`
}

// listShape is a page of statements.
type listShape struct {
	Statements []statementShape `json:"statements"`
	Next       string           `json:"next,omitempty" format:"uri" about:"The next page; left out on the last one. It stays good while statements arrive."`
}

// changesShape is a page of changes.
type changesShape struct {
	Statements []statementShape `json:"statements" about:"As they are now, in the order in which they changed."`
	Removed    []string         `json:"removed" about:"Ids of statements that changed and are not in the selection now: withdrawn, joined to another, or met by the query no longer, or never. Forget those that you hold."`
	More       bool             `json:"more" about:"There are more changes already: ask next at once. Else ask it when you want to know again."`
	Next       string           `json:"next" format:"uri" about:"Where to go on. Keep it."`
}

// addresses are where a feed stands.
type addresses struct {
	Atom string `json:"atom" format:"uri"`
	RSS  string `json:"rss" format:"uri"`
	JSON string `json:"json" format:"uri"`
	HTML string `json:"html" format:"uri"`
}

type tagShape struct {
	Scheme  string            `json:"scheme" enum:"region,country,topic,event"`
	Term    string            `json:"term" about:"What a parameter of the scheme's name takes."`
	Labels  map[string]string `json:"labels" about:"Its names by language."`
	Parents []feeds.Tag       `json:"parents,omitempty" about:"What it is a part of."`
	Count   int               `json:"count" about:"Statements that carry it."`
	Newest  string            `json:"newest,omitempty" format:"date-time"`
	Feeds   addresses         `json:"feeds"`
}

type tagsShape struct {
	Tags []tagShape `json:"tags"`
}

type sourceShape struct {
	ID       string    `json:"id" about:"What the parameter source takes."`
	Title    string    `json:"title"`
	Site     string    `json:"site,omitempty" format:"uri"`
	Language string    `json:"language,omitempty"`
	Credit   string    `json:"credit,omitempty" about:"What its terms ask to be shown with its statements."`
	Count    int       `json:"count" about:"Statements that it has a copy of."`
	Newest   string    `json:"newest,omitempty" format:"date-time"`
	Feeds    addresses `json:"feeds"`
}

type sourcesShape struct {
	Sources []sourceShape `json:"sources"`
}

// problemShape is an error (RFC 9457).
type problemShape struct {
	Type      string   `json:"type" format:"uri" about:"What kind of problem it is; the address answers with what it means."`
	Title     string   `json:"title" about:"The same for every problem of the kind."`
	Status    int      `json:"status"`
	Detail    string   `json:"detail" about:"What is wrong with this request, and what to do."`
	Instance  string   `json:"instance,omitempty" about:"The path that was asked."`
	Parameter string   `json:"parameter,omitempty" about:"The parameter that is wrong."`
	Near      string   `json:"near,omitempty" about:"What was probably meant."`
	Allowed   []string `json:"allowed,omitempty" about:"What there is instead."`
	Policies  []string `json:"violated-policies,omitempty" about:"Of 429: the names in RateLimit-Policy."`
}

// shapeOf words a statement; languages are those of its reader, best first.
// With near, the statements that it came close to, it tells the evidence and
// every copy's text; without, a list's worth, and the lead's text when full.
func (s *Server) shapeOf(st *feeds.Statement, languages []string, near neighbours, full bool) statementShape {
	whole := near != nil
	out := statementShape{ID: string(st.ID), URI: s.o.Site.StatementURI(st.ID), URL: s.o.Site.Permalink(st.ID), Published: stamp(st.Published),
		Updated: stamp(st.Updated), FirstSeen: stamp(st.FirstSeen), Languages: st.Languages(), Tags: []taggedShape{}, Lead: s.leadOf(st, languages, whole || full)}
	if out.Languages == nil {
		out.Languages = []string{}
	}
	for _, t := range st.Taggings {
		tag := taggedShape{Tag: t.Tag, Rule: t.Rule, Evidence: t.Evidence, Score: t.Score}
		if term := s.terms[t.Tag]; term != nil {
			tag.Labels = term.Labels
		}
		if whole {
			for _, w := range st.Words(t.Tag) {
				tag.Words = append(tag.Words, wordsShape{w.Copy.Source, w.Copy.Language, w.Rule, w.Evidence})
			}
		}
		if t.Tag.Scheme == feeds.Mention {
			out.Mentioned = append(out.Mentioned, tag)
		} else {
			out.Tags = append(out.Tags, tag)
		}
	}
	for _, n := range st.Related() {
		switch other := near[n.Statement]; {
		case !whole:
			out.Related = append(out.Related, nearShape{Statement: n.Statement, URL: s.o.Site.Permalink(n.Statement), Score: n.Score, Threshold: n.Threshold, Why: n.Why, Related: true})
		case other != nil && !slices.ContainsFunc(out.Related, func(o nearShape) bool { return o.Statement == other.ID }):
			out.Related = append(out.Related, s.nearOf(&n, other))
		}
	}
	for i := range st.Copies {
		c := &st.Copies[i]
		k := copyShape{Item: c.Item, Source: c.Source, Office: s.office(c), Relation: c.Relation, Of: c.Of, ID: c.ID, Language: c.Language, Title: c.Title,
			URL: c.Link, Published: stamp(c.Published), Updated: stamp(c.Updated), Revision: c.Revision}
		if whole {
			k.Why, k.Score, k.Threshold = c.Why, c.Score, c.Threshold
			k.Summary, k.Content, k.Authors, k.Enclosures, k.Origin, k.Notes = c.Summary, c.Content, c.Authors, c.Enclosures, &c.Origin, c.Notes
			for i := range c.Near {
				if other, is := near[c.Near[i].Statement]; is {
					k.Near = append(k.Near, s.nearOf(&c.Near[i], other))
				}
			}
		}
		out.Copies = append(out.Copies, k)
	}
	return out
}

func (s *Server) leadOf(st *feeds.Statement, languages []string, withText bool) *leadShape {
	c := st.Lead(languages...)
	title, summary := render.Words(c, st.ID)
	out := &leadShape{Item: c.Item, Source: c.Source, Office: s.office(c), Language: c.Language, Direction: render.Direction(c.Language), Title: title, Summary: summary,
		URL: c.Link, Published: stamp(c.Published), Authors: c.Authors, Image: c.Image, Attachments: c.Enclosures, Rights: c.Rights}
	if withText {
		out.Content = cmp.Or(c.Content, c.Summary)
	}
	if src := s.sources[c.Source]; src != nil {
		out.Credit = src.Credit
	}
	return out
}

func (s *Server) nearOf(n *feeds.Near, other *feeds.Statement) nearShape {
	out := nearShape{Statement: n.Statement, Score: n.Score, Threshold: n.Threshold, Why: n.Why, Related: n.Related}
	if other != nil {
		c := other.Lead()
		out.Statement, out.URL, out.Source, out.Language, out.Title = other.ID, s.o.Site.Permalink(other.ID), c.Source, c.Language, c.Title
	}
	return out
}

func (s *Server) addressesOf(path string) addresses {
	at := func(ext string) string { return s.o.Site.FeedURL(path, ext, "") }
	return addresses{at("atom"), at("rss"), at("json"), at("html")}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// withdrawnShape is the data of an event of the stream.
type withdrawnShape struct {
	ID   string `json:"id" format:"uri" about:"The id that the statement was published under."`
	Into string `json:"into,omitempty" format:"uri" about:"That of the statement that it turned out to be."`
}

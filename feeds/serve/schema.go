package serve

import (
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/pages"
	"communique/feeds/render"
)

// What pages tell programs that know schema.org, as JSON-LD. A browser takes it
// for data, so the pages' policy against scripts does not concern it.

type thing map[string]any

const schemaOrg = "https://schema.org"

// listData describes the page of a feed.
func (s *Server) listData(p *pages.FeedPage, home bool) any {
	var items []thing
	for i := range p.Items {
		id := strings.TrimPrefix(p.Items[i].Href, s.base+"/statements/")
		id, _, _ = strings.Cut(id, "?")
		items = append(items, thing{"@type": "ListItem", "position": i + 1, "url": s.o.Site.Permalink(feeds.StatementID(id))})
	}
	out := thing{"@context": schemaOrg, "@type": "CollectionPage", "name": p.Title.Text, "url": p.Canonical, "inLanguage": p.Language.Tag,
		"mainEntity": thing{"@type": "ItemList", "itemListElement": items}}
	if root := strings.TrimRight(s.o.Site.BaseURL, "/"); home {
		out["isPartOf"] = thing{"@type": "WebSite", "name": s.o.Site.Title, "url": root + "/", "potentialAction": thing{
			"@type": "SearchAction", "target": thing{"@type": "EntryPoint", "urlTemplate": root + "/feeds/all.html?q={words}"}, "query-input": "required name=words"}}
	}
	return out
}

// statementData describes a statement by the copy that is shown.
func (s *Server) statementData(p *pages.StatementPage, st *feeds.Statement, c *feeds.StatedCopy) any {
	out := thing{"@context": schemaOrg, "@type": "NewsArticle", "headline": p.Item.Title, "url": p.Canonical, "mainEntityOfPage": p.Canonical,
		"identifier": p.ID, "dateModified": stamp(st.Updated), "publisher": thing{"@type": "Organization", "name": p.Item.Office}}
	put := func(key, value string) {
		if value != "" {
			out[key] = value
		}
	}
	put("inLanguage", c.Language)
	put("description", p.Item.Summary)
	put("image", c.Image)
	put("isBasedOn", c.Link)
	if !st.Published.IsZero() {
		out["datePublished"] = st.Published.UTC().Format(time.RFC3339)
	}
	var authors, about, translations []thing
	for _, a := range c.Authors {
		if a.Name != "" {
			authors = append(authors, thing{"@type": "Person", "name": a.Name})
		}
	}
	if authors == nil {
		authors = []thing{{"@type": "Organization", "name": p.Item.Office}}
	}
	out["author"] = authors
	for _, t := range p.Item.Tags {
		about = append(about, thing{"@type": map[string]string{feeds.Country: "Country", feeds.Region: "Place", feeds.Event: "Event"}[t.Kind], "name": t.Label.Text})
		if a := about[len(about)-1]; a["@type"] == "" {
			a["@type"] = "Thing"
		}
	}
	for _, l := range st.Languages() {
		if l != c.Language {
			title, _ := render.Words(st.Lead(l), st.ID)
			translations = append(translations, thing{"@type": "NewsArticle", "headline": title, "inLanguage": l, "url": s.o.Site.Permalink(st.ID) + "?lang=" + l})
		}
	}
	if about != nil {
		out["about"] = about
	}
	if translations != nil {
		out["workTranslation"] = translations
	}
	return out
}

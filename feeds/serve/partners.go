package serve

import (
	"bytes"
	"html/template"
	"strings"
	"time"

	"communique/docs"
	"communique/feeds/pages"
)

// guideSite is whose addresses stand in the guide.
const guideSite = "https://news.example.org"

// partnersPage makes the page for webmasters who embed, from the guide, with the
// site's own addresses in the snippets.
func (s *Server) partnersPage(to reader) (*document, error) {
	text := strings.NewReplacer(guideSite, s.absolute(""), "/assets/embed-HASH.js", s.embeds.element, "DIGEST", s.embeds.digest).Replace(docs.Partners)
	var b bytes.Buffer
	if err := ourMarkdown.Convert([]byte(text), &b); err != nil {
		return nil, err
	}
	p := &pages.GuidePage{Frame: s.frame(to, pages.Words{Text: to.Say("embed.title")}, "/about/embed", ""), Body: template.HTML(b.String())} // our own text; goldmark leaves out raw HTML
	body, err := to.Guide(p)
	return s.page(to, body, err, time.Time{})
}

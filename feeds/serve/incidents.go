package serve

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/feeds"
)

// mostIncidents is how many the feed of incidents has.
const mostIncidents = 100

// incidentFeed is a private Atom feed (RFC 4287) of what is and was wrong.
type incidentFeed struct {
	XMLName xml.Name        `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string          `xml:"xml:lang,attr"`
	ID      string          `xml:"id"`
	Title   string          `xml:"title"`
	Updated string          `xml:"updated"`
	Author  string          `xml:"author>name"`
	Links   []incidentLink  `xml:"link"`
	Entries []incidentEntry `xml:"entry"`
}

type incidentLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type incidentEntry struct {
	ID         string             `xml:"id"`
	Title      string             `xml:"title"`
	Published  string             `xml:"published"`
	Updated    string             `xml:"updated"`
	Links      []incidentLink     `xml:"link"`
	Categories []incidentCategory `xml:"category"`
	Content    struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"content"`
}

type incidentCategory struct {
	Term string `xml:"term,attr"`
}

// incidents makes the feed of incidents, as the admin listener at base tells it.
func (a *Admin) incidents(base string) (*document, error) {
	list := a.latest(a.Now())
	list = list[:min(len(list), mostIncidents)]
	changed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // of a feed without entries: updated is never now
	if len(list) > 0 {
		changed = list[0].Moved()
	}
	_, host, _ := strings.Cut(base, "://")
	feed := incidentFeed{Lang: "en", ID: feeds.URN("incidents of " + host), Title: "Incidents at " + host, Updated: stamp(changed), Author: "communique",
		Links: []incidentLink{{"self", "application/atom+xml", base + "/incidents.atom"}, {"alternate", "text/html", base + "/status"}}}
	for i := range list {
		feed.Entries = append(feed.Entries, entryOf(&list[i], base))
	}
	body, err := xml.MarshalIndent(&feed, "", " ")
	if err != nil {
		return nil, err
	}
	return newDocument(append([]byte(xml.Header), body...), "application/atom+xml; charset=utf-8", time.Time{}, 0), nil
}

// latest gives the incidents, those first that began or ended last.
func (a *Admin) latest(now time.Time) []feeds.Incident {
	if a.Incidents == nil {
		return nil
	}
	list := a.Incidents(now)
	slices.SortFunc(list, func(x, y feeds.Incident) int {
		return cmp.Or(y.Moved().Compare(x.Moved()), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Name, y.Name), cmp.Compare(x.State, y.State))
	})
	return list
}

func entryOf(i *feeds.Incident, base string) incidentEntry {
	page := incidentLink{"alternate", "text/html", base + "/status"}
	if i.Subject == feeds.SourceSubject {
		page.Href += "#" + i.Name
	}
	e := incidentEntry{ID: i.ID, Published: stamp(i.Began), Updated: stamp(i.Moved()), Links: []incidentLink{page, {"help", "text/html", base + "/" + i.Help}}}
	e.Title = fmt.Sprintf("%s: %s", i.What(), i.State)
	e.Content.Type = "text"
	e.Content.Text = fmt.Sprintf("%s. Since %s.", i.Reason, stamp(i.Began))
	if i.Do != "" {
		e.Content.Text += "\nWhat to do: " + i.Do + "."
	}
	if !i.Open() {
		e.Title = fmt.Sprintf("%s: no longer %s", i.What(), i.State)
		e.Content.Text = fmt.Sprintf("%s. From %s to %s.", i.Reason, stamp(i.Began), stamp(i.Ended))
	}
	e.Categories = []incidentCategory{{i.State}, {i.Subject}}
	return e
}

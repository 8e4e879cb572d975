package serve

import (
	"cmp"
	"crypto/sha1"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/feeds/vitals"
	"communique/storage"
)

// mostIncidents is how many the feed of incidents has.
const mostIncidents = 100

// incidentFeed is a private Atom feed (RFC 4287) of what is and was wrong with
// sources. It is made from what each source remembers, so it outlives a restart.
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
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Published string       `xml:"published"`
	Updated   string       `xml:"updated"`
	Link      incidentLink `xml:"link"`
	Category  struct {
		Term string `xml:"term,attr"`
	} `xml:"category"`
	Content struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"content"`
}

// incidents makes the feed of incidents, as the admin listener at base tells it.
func (a *Admin) incidents(base string) (*document, error) {
	sources, err := a.all()
	if err != nil {
		return nil, err
	}
	list, err := Incidents(a.Store, sources, a.Now())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y vitals.Incident) int {
		return cmp.Or(moved(&y).Compare(moved(&x)), cmp.Compare(x.Source, y.Source))
	})
	list = list[:min(len(list), mostIncidents)]

	changed := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // of a feed without entries: updated is never now
	if len(list) > 0 {
		changed = moved(&list[0])
	}
	_, host, _ := strings.Cut(base, "://")
	page := incidentLink{"alternate", "text/html", base + "/status"}
	feed := incidentFeed{Lang: "en", ID: uuid("incidents of " + host), Title: "Incidents at " + host, Updated: stamp(changed), Author: "communique",
		Links: []incidentLink{{"self", "application/atom+xml", base + "/incidents.atom"}, page}}
	for i := range list {
		feed.Entries = append(feed.Entries, entryOf(&list[i], page))
	}
	body, err := xml.MarshalIndent(&feed, "", " ")
	if err != nil {
		return nil, err
	}
	return newDocument(append([]byte(xml.Header), body...), "application/atom+xml; charset=utf-8", time.Time{}, 0), nil
}

// Incidents gives the troubles of sources that last, and those that have passed
// as far as each remembers.
func Incidents(store *storage.Store, sources []Configured, now time.Time) ([]vitals.Incident, error) {
	var list []vitals.Incident
	for _, s := range sources {
		f, visited, err := store.Visit(s.ID)
		if err != nil {
			return nil, err
		}
		if visited {
			list = append(list, vitals.Incidents(&f, vitals.Source{URL: s.URL, Off: s.Off}, now)...)
		}
	}
	return list, nil
}

// IncidentID names a trouble, in the feed of incidents and wherever else it is
// told of.
func IncidentID(source string, began time.Time) string { return uuid(source + " " + stamp(began)) }

// moved gives when an incident began or, when it is over, ended.
func moved(i *vitals.Incident) time.Time {
	if i.Open() {
		return i.Began
	}
	return i.Ended
}

func entryOf(i *vitals.Incident, page incidentLink) incidentEntry {
	page.Href += "#" + string(i.Source)
	e := incidentEntry{ID: IncidentID(string(i.Source), i.Began), Published: stamp(i.Began), Updated: stamp(moved(i)), Link: page}
	e.Title = fmt.Sprintf("%s: %s", i.Source, i.State)
	e.Content.Type = "text"
	e.Content.Text = fmt.Sprintf("%s. Since %s.", i.Reason, stamp(i.Began))
	if i.Do != "" {
		e.Content.Text += "\nWhat to do: " + i.Do + "."
	}
	if !i.Open() {
		e.Title = fmt.Sprintf("%s: no longer %s", i.Source, i.State)
		e.Content.Text = fmt.Sprintf("%s. From %s to %s.", i.Reason, stamp(i.Began), stamp(i.Ended))
	}
	e.Category.Term = i.State
	return e
}

// uuid gives the name of something as a URN that stays the same (RFC 9562 §5.5).
func uuid(name string) string {
	u := sha1.Sum([]byte("communique " + name))
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

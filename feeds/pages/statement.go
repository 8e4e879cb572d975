package pages

import (
	"html/template"
	"time"

	"communique/feeds"
)

// StatementPage shows a statement: all languages, all offices, all reasons.
type StatementPage struct {
	Frame
	Item       Item
	HTML       template.HTML
	Pictures   string // link to the page with its pictures, "" when it has none or shows them
	Original   string // where it was published
	Authors    string
	Rights     []string
	Role       feeds.Relation // of the shown copy, "" when it is the only one
	Others     []Tongue       // copies that are not shown
	Why        []Carrier      // all, in order of arrival
	Several    bool
	Apart      bool // something came near
	Related    []*Neighbour
	Reasons    []Reason
	Mentioned  []Reason
	ID         string
	JSON       string
	Enclosures []feeds.Enclosure
}

// Neighbour is another statement on a statement's page; without Href when it is
// no longer published.
type Neighbour struct {
	Title, Lang, Href, Office string
	Shown                     time.Time
	Why, Score, Needed        string
}

// Carrier is a copy on its statement's page.
type Carrier struct {
	Office, OfficeHref, Link, Title string
	Lang                            string
	Role                            feeds.Relation
	Published                       time.Time
	Revision                        int
	Notes                           []string

	// Why it is here.
	Of, OfTitle, OfLang string // "" for the origin
	Why, Score, Needed  string // no score where the evidence is exact
	Nearest             *Neighbour
}

// Tongue is a language on a statement's page, with the copies in it.
type Tongue struct {
	Name     string // "" for the unknown
	Carriers []Carrier
}

// Reason is a tag with what it comes from.
type Reason struct {
	TagLink
	Rule  string
	Words []Quote
	As    *Words // the label of another tag that has the same words, which are not repeated
}

// Quote is the words that a tag comes from, and whose they are.
type Quote struct{ Evidence, Office, Lang, Language string }

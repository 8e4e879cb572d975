package feeds

import (
	"cmp"
	"crypto/sha1"
	"fmt"
	"strings"
	"time"
)

// Incident is a time of trouble of something that operators look after: told by a
// feed, on the page of the state, and to webhooks, under one id.
type Incident struct {
	ID      string `json:"id"`      // the same for the same trouble
	Subject string `json:"subject"` // what has it: source, store, list, certificate …
	Name    string `json:"name,omitempty"`
	State   string `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Do      string `json:"do,omitempty"`   // what an operator can do
	Help    string `json:"help,omitempty"` // where the documents tell of it, such as docs/operate.md#store-damaged

	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"` // zero while it lasts
}

// SourceSubject is the subject of what is wrong with a source.
const SourceSubject = "source"

// Open reports whether the trouble goes on.
func (i Incident) Open() bool { return i.Ended.IsZero() }

// Moved gives when it began or, when it is over, ended.
func (i Incident) Moved() time.Time { return cmp.Or(i.Ended, i.Began) }

// What gives what has the trouble, for people.
func (i Incident) What() string {
	switch {
	case i.Subject == SourceSubject:
		return i.Name
	case i.Name != "":
		return i.Subject + " " + i.Name
	}
	return i.Subject
}

// Identified gives the incident with whole seconds in UTC, its id and where the
// documents tell of it.
func (i Incident) Identified() Incident {
	if i.Began = i.Began.UTC().Truncate(time.Second); !i.Ended.IsZero() {
		i.Ended = i.Ended.UTC().Truncate(time.Second)
	}
	name := i.Name
	if i.Subject != SourceSubject {
		name = strings.Join([]string{i.Subject, i.Name, i.State}, " ")
	}
	i.ID = URN(name + " " + i.Began.Format(time.RFC3339))
	i.Help = "docs/operate.md#" + i.Subject + "-" + i.State
	return i
}

// URN gives the name of something of ours as a URN that stays the same (RFC 9562
// §5.5).
func URN(name string) string {
	u := sha1.Sum([]byte("communique " + name))
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:16])
}

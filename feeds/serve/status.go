package serve

import (
	"cmp"
	"math"
	"time"

	"communique/feeds"
	"communique/feeds/vitals"
	"communique/storage"
)

// status is what /status shows.
type status struct {
	At      string               `json:"at"` // when it was asked
	Store   storage.Stats        `json:"store"`
	Digest  string               `json:"digest"`
	Stuck   string               `json:"unwritable,omitempty"` // why the store cannot be written, "" when it can
	Damaged []string             `json:"unreadable,omitempty"` // what of the store was found to be so
	States  map[vitals.State]int `json:"states"`               // how many sources are in each
	Sources []SourceStatus       `json:"sources"`

	Incidents []feeds.Incident `json:"incidents,omitempty"` // of what is no source, the latest first

	Deliveries *Deliveries    `json:"deliveries,omitempty"`
	Readers    []ReaderReport `json:"readers,omitempty"`
}

// ReaderReport is how many subscribers a reader says that it has for an address.
type ReaderReport struct {
	Reader      string `json:"reader"` // its product token
	Path        string `json:"path"`
	Subscribers int    `json:"subscribers"`
	At          string `json:"at"` // when it last said so
}

// Deliveries is how it goes with telling others of news, and being told.
type Deliveries struct {
	Hub           string          `json:"hub,omitempty"` // its address
	Subscriptions int             `json:"subscriptions"` // at it
	Topics        int             `json:"topics"`        // that they are to
	Failing       int             `json:"failing"`       // subscriptions that wait for a retry or were given up for now
	Asking        int             `json:"asking"`        // callbacks that are being asked whether they meant it
	Streams       int             `json:"streams"`       // open connections
	Webhooks      []WebhookStatus `json:"webhooks"`
	Leases        []LeaseStatus   `json:"leases,omitempty"`
}

// WebhookStatus is how a webhook does. Times are RFC 3339 UTC, "" for never.
type WebhookStatus struct {
	Name         string `json:"name"`
	State        string `json:"state"`    // ok, failing
	Position     uint64 `json:"position"` // of the journal, up to which it was told
	Reached      string `json:"reached,omitempty"`
	Failures     int    `json:"failures"` // in a row
	FailingSince string `json:"failing_since,omitempty"`
	NextTry      string `json:"next_try,omitempty"`
	Error        string `json:"last_error,omitempty"`
}

// LeaseStatus is how our subscription at a source's hub does.
type LeaseStatus struct {
	Source   feeds.SourceID `json:"source"`
	State    string         `json:"state"` // asked, live, failing
	Hub      string         `json:"hub"`
	Topic    string         `json:"topic"`
	Until    string         `json:"until,omitempty"` // the end of the lease
	Pushed   string         `json:"pushed,omitempty"`
	Failures int            `json:"failures"`
	NextTry  string         `json:"next_try,omitempty"`
	Error    string         `json:"last_error,omitempty"`
}

// SourceStatus is how a source does: of /status.json and of `sources --json`.
// Times are RFC 3339 UTC, "" for never.
type SourceStatus struct {
	ID          feeds.SourceID `json:"id"`
	State       vitals.State   `json:"state"`
	Reason      string         `json:"reason,omitempty"` // of the state, for people
	Since       string         `json:"since,omitempty"`  // when the state began
	Do          string         `json:"do,omitempty"`     // what an operator can do
	URL         string         `json:"url"`
	List        string         `json:"list,omitempty"` // the living list that it comes from
	LastVisit   string         `json:"last_visit,omitempty"`
	LastSuccess string         `json:"last_success,omitempty"`
	LastNews    string         `json:"last_news,omitempty"` // when it last had something new to say
	NextDue     string         `json:"next_due,omitempty"`
	DueRule     string         `json:"due_rule,omitempty"` // the rule that said when it is due
	Failures    int            `json:"failures"`           // in a row
	Statements  int            `json:"statements"`
	NewPerWeek  float64        `json:"new_per_week"` // items, of late
	MovedTo     string         `json:"moved_to,omitempty"`
	Class       string         `json:"class,omitempty"` // of the last visit's failure
	Error       string         `json:"last_error,omitempty"`
	Gaps        []uint32       `json:"gaps_minutes,omitempty"` // between its latest new items, newest first
	Incidents   []feeds.Spell  `json:"incidents,omitempty"`    // that have passed, newest first

	last feeds.Fetched
}

// all gives the configured sources, or whatever was ever visited when none is
// configured.
func (a *Admin) all() ([]Configured, error) {
	if len(a.Sources) > 0 {
		return a.Sources, nil
	}
	visits, err := a.Store.AllFetched()
	var out []Configured
	for i := range visits {
		out = append(out, Configured{ID: visits[i].Source, URL: visits[i].URL})
	}
	return out, err
}

func (a *Admin) status(now time.Time) (status, error) {
	sources, err := a.all()
	if err != nil {
		return status{}, err
	}
	rows, err := Status(a.Store, sources, now)
	st := status{At: stamp(whole(now)), Store: a.Store.Stats(), Digest: a.Store.Digest(), Damaged: a.Store.Damaged(), States: map[vitals.State]int{}, Sources: rows}
	if err := a.Store.Writable(); err != nil {
		st.Stuck = err.Error()
	}
	for _, i := range a.latest(now) {
		if i.Subject != feeds.SourceSubject {
			st.Incidents = append(st.Incidents, i)
		}
	}
	if a.Deliveries != nil {
		st.Deliveries = a.Deliveries()
	}
	if a.Readers != nil {
		st.Readers = a.Readers()
	}
	for i := range rows {
		st.States[rows[i].State]++
	}
	return st, err
}

// Status tells how the sources are as of now, in the order given.
func Status(store *storage.Store, sources []Configured, now time.Time) ([]SourceStatus, error) {
	counts, err := store.Counts()
	if err != nil {
		return nil, err
	}
	rows := make([]SourceStatus, 0, len(sources))
	for _, s := range sources {
		f, _, err := store.Visit(s.ID)
		if err != nil {
			return nil, err
		}
		h := vitals.Of(&f, vitals.Source{URL: s.URL, Off: s.Off}, now)
		row := SourceStatus{ID: s.ID, State: h.State, Reason: h.Reason, Since: stamp(whole(h.Since)), Do: h.Do, URL: s.URL, List: s.List, Statements: counts.Sources[s.ID].Statements,
			LastVisit: stamp(whole(f.At)), LastSuccess: stamp(whole(f.Success)), LastNews: stamp(whole(vitals.Spoke(&f))), NextDue: stamp(whole(f.NextDue)), DueRule: f.DueRule,
			Failures: f.Failures, NewPerWeek: perWeek(&f), MovedTo: cmp.Or(f.MovedTo, f.Proposed()), Class: f.Class, Error: f.Error, Gaps: f.Gaps, Incidents: f.Spells, last: f}
		if s.Off {
			row.NextDue, row.DueRule = "", ""
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func whole(t time.Time) time.Time { return t.Truncate(time.Second) }

// perWeek gives the rate of new items, to two decimals: as many as there are
// gaps between the latest ones, over those gaps and the silence since the last.
func perWeek(f *feeds.Fetched) float64 {
	var span time.Duration
	for _, g := range f.Gaps {
		span += time.Duration(g) * time.Minute
	}
	if !f.News.IsZero() {
		span += f.At.Sub(f.News)
	}
	if len(f.Gaps) == 0 || span <= 0 {
		return 0
	}
	const week = 7 * 24 * time.Hour
	return math.Round(100*float64(len(f.Gaps))*float64(week)/float64(span)) / 100
}

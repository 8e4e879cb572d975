package feeds

import (
	"strconv"
	"time"
)

// Fact is what a node says after it has decided. A later fact with the same
// Key replaces the earlier one; state is the latest fact per key. The kinds
// are Fetched, Observed, Gone, Joined, Moderated and Pinned; Listed and Kept, which are
// history that no other fact leads back to; about who tells whom of news
// Subscribed, Pushed and Leased; and Granted. No other exists.
type Fact interface {
	// Key is unique over all kinds: its first byte is the kind's letter.
	Key() string
}

// ItemKey names one item of one source for ever: the source, a slash and a
// hash of what identifies the item there.
type ItemKey string

// Source gives the source part of the key.
func (k ItemKey) Source() SourceID {
	for i := 0; i < len(k); i++ {
		if k[i] == '/' {
			return SourceID(k[:i])
		}
	}
	return SourceID(k)
}

// Validators are what an origin gave to ask "has it changed?" with, byte for
// byte (RFC 9110 §8.8), for one URL and one way of asking.
type Validators struct {
	ETag         string `cbor:"1,keyasint,omitempty"`
	LastModified string `cbor:"2,keyasint,omitempty"`
}

// StoreFault is the class of a visit that the store broke off: something that it
// needed cannot be read, or something that it brought cannot be stored.
const StoreFault = "store"

// Fetched is said after every visit to a source, last of all facts of the
// visit: it moves the cursor.
type Fetched struct {
	Source SourceID  `cbor:"1,keyasint"`
	At     time.Time `cbor:"2,keyasint"`

	// The last good state; a failure never changes it.
	URL        string     `cbor:"3,keyasint,omitempty"` // the URL that was asked
	Final      string     `cbor:"4,keyasint,omitempty"` // after redirects
	Asked      uint64     `cbor:"5,keyasint,omitempty"` // hash of URL, user agent, Accept, parser version: validators hold for this only
	Validators Validators `cbor:"6,keyasint"`
	Body       uint64     `cbor:"7,keyasint,omitempty"`  // hash of the decoded body
	Items      []byte     `cbor:"8,keyasint,omitempty"`  // 8 bytes for each Item.Raw of the body, see RawSet
	Success    time.Time  `cbor:"9,keyasint,omitempty"`  // last visit that gave a valid feed or "unchanged"
	News       time.Time  `cbor:"10,keyasint,omitempty"` // last visit that gave a new statement
	Channel    Origin     `cbor:"11,keyasint,omitempty"` // the feed's own description
	Hints      Hints      `cbor:"12,keyasint,omitempty"` // what the publisher says about coming back
	Baseline   bool       `cbor:"13,keyasint,omitempty"` // the first import is done

	// This visit.
	Status   int           `cbor:"20,keyasint,omitempty"` // HTTP status, 0 when there was no answer
	Class    string        `cbor:"21,keyasint,omitempty"` // "" when it went well, else fetch's class: "dns", "tls", "timeout", "status", …
	Error    string        `cbor:"22,keyasint,omitempty"` // for people: what, where, what to do
	Failures int           `cbor:"23,keyasint,omitempty"` // in a row
	Since    time.Time     `cbor:"24,keyasint,omitempty"` // start of the present run of failures
	Took     time.Duration `cbor:"25,keyasint,omitempty"`
	Bytes    int64         `cbor:"26,keyasint,omitempty"` // on the wire
	New      int           `cbor:"27,keyasint,omitempty"` // items of this visit, by what they were
	Revised  int           `cbor:"28,keyasint,omitempty"`
	Copies   int           `cbor:"29,keyasint,omitempty"` // new copies of statements that we had

	// What follows.
	NextDue time.Time `cbor:"40,keyasint"`
	DueRule string    `cbor:"41,keyasint,omitempty"` // the rule that won, for people: "max-age=3600", "Retry-After 15m", …
	Gone    bool      `cbor:"42,keyasint,omitempty"` // 410: not asked again until the configuration changes
	MovedTo string    `cbor:"43,keyasint,omitempty"` // where 301/308 leads
	MovedAt time.Time `cbor:"44,keyasint,omitempty"` // since when
	Moves   int       `cbor:"45,keyasint,omitempty"` // visits in a row that led to the same MovedTo and to a valid feed

	// What the adaptive rhythm learns from.
	Gaps []uint32 `cbor:"46,keyasint,omitempty"` // minutes between the latest new items, newest first, at most 16

	// What vitals goes by.
	Spoke  time.Time `cbor:"47,keyasint,omitempty"` // the latest new item: by the publisher's date at the first import, by our visit after it
	Odd    string    `cbor:"48,keyasint,omitempty"` // what is odd about the last good body, for people: "shrunken: …", "flood: …"
	Spells []Spell   `cbor:"49,keyasint,omitempty"` // troubles that are over, newest first, a few

	Accepted bool `cbor:"50,keyasint,omitempty"` // the operator took the move to MovedTo over

	Brake *Brake `cbor:"51,keyasint,omitempty"` // the latest pull of the flood brake; nil when it never was pulled

	SelfLink *SelfLink `cbor:"52,keyasint,omitempty"` // nil before the first document
}

// SelfLink is what a source calls its own address (rel="self"), where that is not
// the one that it is asked at. It is never changed, but replaced.
type SelfLink struct {
	Known  string    `cbor:"1,keyasint,omitempty"` // when we met it; "" for none
	New    string    `cbor:"2,keyasint,omitempty"` // since then
	Since  time.Time `cbor:"3,keyasint,omitempty"` // when it came
	Visits int       `cbor:"4,keyasint,omitempty"` // in a row that found it
	Tried  time.Time `cbor:"5,keyasint,omitempty"` // when we looked there
	Good   bool      `cbor:"6,keyasint,omitempty"` // the source is there: it is proposed
}

// Brake is a pull of the flood brake: what a source said anew since then is
// withheld, until an operator decides. It is never changed, but replaced.
type Brake struct {
	Since time.Time `json:"since" cbor:"1,keyasint"`
	Items int       `json:"items" cbor:"2,keyasint,omitempty"` // that were withheld
	Of    int       `json:"of" cbor:"3,keyasint,omitempty"`    // items that the body had when it was pulled

	Ended time.Time `json:"ended,omitzero" cbor:"4,keyasint,omitempty"` // zero while it holds
	Did   string    `json:"did,omitempty" cbor:"5,keyasint,omitempty"`  // "released" or "dropped"
	By    string    `json:"by,omitempty" cbor:"6,keyasint,omitempty"`
	Why   string    `json:"why,omitempty" cbor:"7,keyasint,omitempty"`
}

// Proposed gives the address that a new self link proposes, "" for none.
func (f *Fetched) Proposed() string {
	if f.SelfLink == nil || !f.SelfLink.Good {
		return ""
	}
	return f.SelfLink.New
}

// Braked reports whether the flood brake holds what the source says anew.
func (f *Fetched) Braked() bool { return f.Brake != nil && f.Brake.Ended.IsZero() }

// Spell is a time of trouble of a source.
type Spell struct {
	State  string    `json:"state" cbor:"1,keyasint"` // vitals' word
	Reason string    `json:"reason" cbor:"2,keyasint,omitempty"`
	Began  time.Time `json:"began" cbor:"3,keyasint"`
	Ended  time.Time `json:"ended,omitzero" cbor:"4,keyasint,omitempty"` // zero while it lasts
}

// Hints are a publisher's words about how often to ask.
type Hints struct {
	FreshFor     time.Duration `cbor:"1,keyasint,omitempty"` // Cache-Control, Expires
	TTL          time.Duration `cbor:"2,keyasint,omitempty"` // RSS ttl
	UpdatePeriod time.Duration `cbor:"3,keyasint,omitempty"` // sy:updatePeriod / sy:updateFrequency
	SkipHours    []int         `cbor:"4,keyasint,omitempty"`
	SkipDays     []int         `cbor:"5,keyasint,omitempty"` // 0 is Sunday
}

// Key is "F" and the source.
func (f *Fetched) Key() string { return "F" + string(f.Source) }

// Observed is an item of a source, cleaned, placed and tagged.
type Observed struct {
	Item      ItemKey     `cbor:"1,keyasint"`
	Statement StatementID `cbor:"2,keyasint"`
	FirstSeen time.Time   `cbor:"3,keyasint"`
	Changed   time.Time   `cbor:"4,keyasint"`           // last change that matters; FirstSeen's or the publisher's own time at first
	Order     time.Time   `cbor:"5,keyasint"`           // see Statement.Order
	Published time.Time   `cbor:"6,keyasint,omitempty"` // frozen at first sight, clamped to FirstSeen when it lay in the future
	Revision  int         `cbor:"7,keyasint"`
	Relation  Relation    `cbor:"8,keyasint"`
	Of        ItemKey     `cbor:"9,keyasint,omitempty"`
	Why       string      `cbor:"10,keyasint,omitempty"`
	Score     float32     `cbor:"11,keyasint,omitempty"`
	Keys      []Key       `cbor:"12,keyasint,omitempty"` // what this item is found by
	Taggings  []Tagging   `cbor:"13,keyasint,omitempty"`
	Rules     uint64      `cbor:"14,keyasint,omitempty"` // fingerprint of the rules that tagged it
	Priority  int         `cbor:"15,keyasint,omitempty"`
	Copy      Copy        `cbor:"16,keyasint"`
	Threshold float32     `cbor:"17,keyasint,omitempty"` // that Score had to reach; 0 when there was none to reach
	Near      []Near      `cbor:"18,keyasint,omitempty"` // nearest first, at most 4
	Features  []byte      `cbor:"19,keyasint,omitempty"` // what dedup compares it by, in dedup's own form
	Echo      bool        `cbor:"20,keyasint,omitempty"` // it says no more than the copy Of: its tags count only when that copy is gone
	Withheld  bool        `cbor:"21,keyasint,omitempty"` // kept and not published: the flood brake of its source held when it came
}

// Near is another statement that a copy came close to and was not joined with.
type Near struct {
	Item      ItemKey     `json:"item" cbor:"1,keyasint"`      // the copy of it that was compared
	Statement StatementID `json:"statement" cbor:"2,keyasint"` // as it was then; it may have been joined since
	Score     float32     `json:"score" cbor:"3,keyasint,omitempty"`
	Threshold float32     `json:"threshold" cbor:"4,keyasint,omitempty"`
	Why       string      `json:"why" cbor:"5,keyasint,omitempty"`               // the evidence, and what spoke against it
	Related   bool        `json:"related,omitempty" cbor:"6,keyasint,omitempty"` // close enough to be shown beside it: a rewrite, the next edition
}

// Key is "O" and the item.
func (o *Observed) Key() string { return "O" + string(o.Item) }

// Expired is the Reason of a Gone whose item was older than the operator keeps
// items: nobody took it back.
const Expired = "expired"

// Dropped is the Reason of a Gone whose item was withheld, and an operator
// decided that it is never published.
const Dropped = "dropped"

// Gone replaces an Observed whose item was withdrawn, expired or unsubscribed.
// It keeps the keys, so that an item that returns is not news.
type Gone struct {
	Item      ItemKey     `cbor:"1,keyasint"`
	Statement StatementID `cbor:"2,keyasint"`
	FirstSeen time.Time   `cbor:"3,keyasint"`
	Order     time.Time   `cbor:"4,keyasint"`
	Keys      []Key       `cbor:"5,keyasint,omitempty"`
	Reason    string      `cbor:"6,keyasint"`           // "withdrawn", "expired", "dropped", "unsubscribed"
	Published time.Time   `cbor:"7,keyasint,omitempty"` // the Observed's, so that what was frozen stays
}

// Key is that of the Observed it replaces.
func (g *Gone) Key() string { return "O" + string(g.Item) }

// Joined says that two statements turned out to be one: the older id wins, the
// other redirects.
type Joined struct {
	Loser  StatementID `cbor:"1,keyasint"`
	Winner StatementID `cbor:"2,keyasint"`
	Why    string      `cbor:"3,keyasint,omitempty"`
	By     string      `cbor:"4,keyasint,omitempty"` // "" for the machine, else the operator
}

// Key is "J" and the losing statement.
func (j *Joined) Key() string { return "J" + string(j.Loser) }

// Moderated is an operator's word on a statement.
type Moderated struct {
	Statement StatementID `cbor:"1,keyasint"`
	Hide      bool        `cbor:"2,keyasint,omitempty"`
	Add       []Tag       `cbor:"3,keyasint,omitempty"`
	Cut       []Tag       `cbor:"4,keyasint,omitempty"`
	By        string      `cbor:"5,keyasint,omitempty"`
	Why       string      `cbor:"6,keyasint,omitempty"`
}

// Key is "M" and the statement.
func (m *Moderated) Key() string { return "M" + string(m.Statement) }

// Pinned is an operator's word on two publications, by their canonical links: they
// are one statement, or they are not, whatever the evidence.
type Pinned struct {
	Links    [2]string `cbor:"1,keyasint"` // sorted
	Together bool      `cbor:"2,keyasint,omitempty"`
	Were     bool      `cbor:"3,keyasint,omitempty"` // they were one statement when it was said
	Lifted   bool      `cbor:"4,keyasint,omitempty"` // it was taken back
	By       string    `cbor:"5,keyasint,omitempty"`
	Why      string    `cbor:"6,keyasint,omitempty"`
}

// Key is "N", and the links with a space between them.
func (p *Pinned) Key() string { return "N" + p.Links[0] + " " + p.Links[1] }

// Listed is a page of the register of what readers could select, in the order
// in which it became so: statements that entered, whose terms changed, or that
// were withdrawn. What was listed stays; archives (RFC 5005) are cut from it.
type Listed struct {
	Number  uint64   // 1, 2, … without a gap
	Terms   []string // that entries carry, as the store indexes them
	Entries []Listing
}

// Listing is an entry of the register.
type Listing struct {
	Statement StatementID
	Order     time.Time // as it was then
	Terms     []int     // places in Listed.Terms; the last ones when it was withdrawn
	Again     bool      // it was listed before
	Withdrawn bool      // published no longer: hidden, joined to another, or without copies
}

// Key is "R", for the register, and the number.
func (l *Listed) Key() string { return "R" + strconv.FormatUint(l.Number, 10) }

// Kept is what a listed statement was to readers before a fact changed it, so
// that an archive that it stands in stays as it was.
type Kept struct {
	Statement StatementID
	Through   uint64    // the last Listed that was said while the statement was so
	Was       Statement // without what no reader sees: reasons, scores, notes
}

// Key is "K", the statement, a slash and the number of the Listed.
func (k *Kept) Key() string {
	return "K" + string(k.Statement) + "/" + strconv.FormatUint(k.Through, 10)
}

// Record is a fact with its place in the journal.
type Record struct {
	Seq  uint64
	At   time.Time
	Fact Fact
}

// Key is something that an item is found by: a kind letter and a 64-bit hash.
// The kinds are dedup's: 'g' guid within the source, 'l' canonical link,
// 's' canonical link within the source, 't' text, 'd' title and date within
// the source, 'c' all content within the source, 'n' canonical link without its
// language.
type Key struct {
	Kind byte   `cbor:"1,keyasint"`
	Hash uint64 `cbor:"2,keyasint"`
}

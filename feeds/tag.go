package feeds

import "strings"

// Schemes of tags.
const (
	Region  = "region"
	Country = "country" // ISO 3166-1 alpha-2, lower case in Term
	Topic   = "topic"
	Event   = "event"

	// Mention is a country that a statement names but is not about; Term as of
	// Country. It is shown beside a statement, and is neither feed nor filter.
	Mention = "mention"
)

// Tag is our own classification of a statement: a scheme (Region, Country,
// Topic, Event, Mention) and a term, the slug of the taxonomy.
type Tag struct {
	Scheme string `json:"scheme" cbor:"1,keyasint"`
	Term   string `json:"term" cbor:"2,keyasint"`
}

// String gives "topic/protection".
func (t Tag) String() string { return t.Scheme + "/" + t.Term }

// ParseTag is the inverse of String.
func ParseTag(s string) (Tag, bool) {
	scheme, term, ok := strings.Cut(s, "/")
	return Tag{scheme, term}, ok && scheme != "" && term != ""
}

// Tagging is a tag with the reason for it.
type Tagging struct {
	Tag      Tag     `json:"tag" cbor:"1,keyasint"`
	Rule     string  `json:"rule" cbor:"2,keyasint"`                         // the rule's name, as the operator knows it
	Evidence string  `json:"evidence,omitempty" cbor:"3,keyasint,omitempty"` // the words that caused it, where they stand
	Score    float32 `json:"score,omitempty" cbor:"4,keyasint,omitempty"`
}

package feeds

import (
	"slices"
	"time"
)

// Granted is a token that opens private feeds to one reader, until it is revoked.
// Of the token itself only its hash is kept.
type Granted struct {
	ID      string    `cbor:"1,keyasint"`           // what operators call the token by; it opens nothing
	Reader  string    `cbor:"2,keyasint"`           // whose it is
	Hash    []byte    `cbor:"3,keyasint"`           // SHA-256 of the token
	Feeds   []string  `cbor:"4,keyasint,omitempty"` // names of the private feeds that it opens; none means all of them
	Made    time.Time `cbor:"5,keyasint,omitempty"`
	MadeBy  string    `cbor:"6,keyasint,omitempty"`
	Revoked bool      `cbor:"7,keyasint,omitempty"`
	By      string    `cbor:"8,keyasint,omitempty"` // who revoked it
	Why     string    `cbor:"9,keyasint,omitempty"`
}

// Key is "T" and the id.
func (g *Granted) Key() string { return "T" + g.ID }

// Opens reports whether the token opens a feed now.
func (g *Granted) Opens(name string) bool {
	return !g.Revoked && (len(g.Feeds) == 0 || slices.Contains(g.Feeds, name))
}

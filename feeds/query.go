package feeds

import "time"

// Query selects statements. Values of one field are alternatives (or), fields
// must all be met (and); an empty field asks nothing. Terms are the
// taxonomy's slugs; countries are lower-case ISO 3166-1 alpha-2 codes.
type Query struct {
	Regions   []string
	Countries []string
	Topics    []string
	Events    []string
	Sources   []SourceID
	Languages []string // primary subtags match: "pt" finds "pt-BR"
	Words     string   // every word must stand in the title or text
	Since     time.Time
	Until     time.Time

	// Any are alternatives, at least one of which must be met when there are any;
	// of Not none may be met. In both only what selects counts (the fields above
	// and these two); they may nest.
	Any []Query
	Not []Query

	Limit int    // 0 means the store's default, 50
	After Cursor // continue after this one; zero starts at the newest
}

// Cursor is a place in the order of a selection: newest first by Order, then
// by id. It stays good while statements arrive.
type Cursor struct {
	Order time.Time
	ID    StatementID
}

// IsZero reports whether c is the start.
func (c Cursor) IsZero() bool { return c.ID == "" && c.Order.IsZero() }

// Terms gives the list that holds a scheme's terms, nil for an unknown scheme.
func (q *Query) Terms(scheme string) *[]string {
	switch scheme {
	case Region:
		return &q.Regions
	case Country:
		return &q.Countries
	case Topic:
		return &q.Topics
	case Event:
		return &q.Events
	}
	return nil
}

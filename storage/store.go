// Package storage keeps what was said: one bbolt file that is both the journal
// of facts and the projection that readers are served from.
//
// A fact is made durable and takes effect in the same transaction (Append,
// Apply). State is the latest fact of every key; all else in the file
// (statements, indexes, counts) is derived from those and can be rebuilt.
// Nothing here decides anything: no clock, no configuration, no network.
//
// Start with Append in journal.go, then apply.go (what a record does) and
// row.go (what a statement is made of); select.go is the reading side.
package storage

import (
	"errors"
	"log/slog"
	"time"

	"communique/feeds"
)

// Options are the ways to open a store; the zero value is for reading and
// writing.
type Options struct {
	// ReadOnly opens an existing file beside other readers. It is refused
	// while a writer has the file.
	ReadOnly bool
	// Log gets what an operator would want to know; nil for silence.
	Log *slog.Logger
	// Progress is called while indexes are rebuilt after a change of their
	// format, with records done and in all; nil for none.
	Progress func(done, total int)
}

// Store is an open file. All methods may be called from many goroutines.
type Store struct{}

// Found is one item that a key leads to.
type Found struct {
	Key       feeds.Key
	Item      feeds.ItemKey
	Statement feeds.StatementID // after redirects
	FirstSeen time.Time
}

// Head is a statement in a selection, without its content.
type Head struct {
	ID      feeds.StatementID
	Seq     uint64    // see feeds.Statement.Seq
	Order   time.Time // see feeds.Statement.Order
	Changed time.Time // see feeds.Statement.Changed
}

// Page is a part of a selection, newest first by Order, then by ID.
type Page struct {
	Heads []Head
	Next  feeds.Cursor // where the next page continues, when More
	More  bool
}

// Count is how many published statements carry something, and the newest
// Order among them.
type Count struct {
	Statements int
	Newest     time.Time
}

// Counts are the published statements by what they carry.
type Counts struct {
	All       Count
	Tags      map[feeds.Tag]Count
	Languages map[string]Count // by primary subtag
	Sources   map[feeds.SourceID]Count
}

// Stats are figures for an operator.
type Stats struct {
	Size       int64 // of the file, in octets
	FreePages  int   // pages of the file that hold nothing now
	PageSize   int   // in octets
	Statements int   // published
	Copies     int   // of published and hidden statements, withdrawn ones not counted
	Records    int   // latest facts held
	Position   uint64
}

// Open opens or makes the file.
func Open(path string, o Options) (*Store, error) { return nil, errors.ErrUnsupported }

// Close waits for what is being written and closes the file.
func (s *Store) Close() error { return errors.ErrUnsupported }

package storage

import (
	"context"
	"errors"
	"time"

	"communique/feeds"
)

func (s *Store) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	return 0, errors.ErrUnsupported
}
func (s *Store) Apply(recs []feeds.Record) error { return errors.ErrUnsupported }
func (s *Store) Follow(ctx context.Context, after uint64, fn func([]feeds.Record) error) error {
	return errors.ErrUnsupported
}
func (s *Store) Position() uint64 { return 0 }
func (s *Store) Digest() string   { return "" }
func (s *Store) Verify() error    { return errors.ErrUnsupported }
func (s *Store) Stats() Stats     { return Stats{} }
func (s *Store) Fetched(id feeds.SourceID) (feeds.Fetched, bool, error) {
	return feeds.Fetched{}, false, errors.ErrUnsupported
}
func (s *Store) AllFetched() ([]feeds.Fetched, error) { return nil, errors.ErrUnsupported }
func (s *Store) Observed(k feeds.ItemKey) (feeds.Observed, bool, error) {
	return feeds.Observed{}, false, errors.ErrUnsupported
}
func (s *Store) Find(keys []feeds.Key) ([]Found, error) { return nil, errors.ErrUnsupported }
func (s *Store) Statement(id feeds.StatementID) (st feeds.Statement, at feeds.StatementID, ok bool, err error) {
	return feeds.Statement{}, "", false, errors.ErrUnsupported
}
func (s *Store) Statements(ids ...feeds.StatementID) ([]feeds.Statement, error) {
	return nil, errors.ErrUnsupported
}
func (s *Store) Select(q feeds.Query) (Page, error) { return Page{}, errors.ErrUnsupported }
func (s *Store) Counts() (Counts, error)            { return Counts{}, errors.ErrUnsupported }

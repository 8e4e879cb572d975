package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"communique/feeds"
)

// ErrUnwritable is what Writable says when the file system does not take what is
// to be stored: it is full, over its quota, or read-only. What is stored already can
// be read all the same.
var ErrUnwritable = errors.New("the store cannot be written")

// Writable gives nil, or an ErrUnwritable with the reason when the last attempt to
// write failed by no fault of ours and none has succeeded since.
func (s *Store) Writable() error {
	if err := s.unwritable.Load(); err != nil {
		return *err
	}
	return nil
}

// tried remembers how an attempt to write went, and gives its error.
func (s *Store) tried(err error) error {
	switch {
	case err == nil:
		s.unwritable.Store(nil)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EFBIG):
		err = &unwritable{err}
		s.unwritable.Store(&err)
	}
	return err
}

// cannot remembers why the file cannot be opened for writing, and gives that as
// an ErrUnwritable.
func (s *Store) cannot(reason error) error {
	var err error = &unwritable{reason}
	s.unwritable.Store(&err)
	return err
}

type unwritable struct{ reason error }

func (u *unwritable) Error() string { return ErrUnwritable.Error() + ": " + u.reason.Error() }

func (u *unwritable) Unwrap() []error { return []error{ErrUnwritable, u.reason} }

// Patient is the store as a journal that waits where there is no room: what was
// to be written is held, and tried again until it is. So whoever gathers stops
// gathering, and nothing is lost.
type Patient struct {
	*Store
	log     *slog.Logger
	waiting atomic.Int64 // calls
}

// NewPatient makes one.
func NewPatient(store *Store, log *slog.Logger) *Patient { return &Patient{Store: store, log: log} }

// How long it waits before the second attempt, and at most before any.
const firstWait, longestWait = time.Second, 30 * time.Second

// Append is Store.Append; it gives up only when ctx ends.
func (p *Patient) Append(ctx context.Context, at time.Time, said ...feeds.Fact) (uint64, error) {
	last, err := p.Store.Append(ctx, at, said...)
	if !errors.Is(err, ErrUnwritable) {
		return last, err
	}
	if p.waiting.Add(1) == 1 {
		p.log.Error("the store cannot be written: nothing is pulled until there is room; what is published stays", "err", err)
	}
	for wait := firstWait; errors.Is(err, ErrUnwritable); wait = min(2*wait, longestWait) {
		select {
		case <-ctx.Done():
			p.waiting.Add(-1)
			return 0, ctx.Err()
		case <-time.After(wait):
		}
		last, err = p.Store.Append(ctx, at, said...)
	}
	if p.waiting.Add(-1) == 0 && err == nil {
		p.log.Info("the store can be written again")
	}
	return last, err
}

package main

import (
	"context"
	"log/slog"
	"time"

	"communique/storage"
)

// How the daemon keeps the newest statements together in the index.
const (
	arrangeEvery = time.Minute
	// arrangeQuiet is how many statements may come between two looks: a pull that brings
	// many is to end first.
	arrangeQuiet = 500
	// arrangeRest is how many times as long as the last lot took it rests before the
	// next: of three hundred readers one may meet it, so it is not seen in p99. The newest
	// come first, so it helps from the first lot on.
	arrangeRest = 300
	// arrangeAgain is when it is tried again after an error, of which others tell.
	arrangeAgain = time.Hour
)

// arrange looks once a minute, until ctx ends, whether many segments of the index
// have some of the newest statements, as after a pull of many archives, and brings
// those together. Between two lots it rests, for rest times as long as the last took.
func arrange(ctx context.Context, store *storage.Store, rest int, log *slog.Logger) {
	before := store.Stats().Statements
	for wait := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = arrangeEvery
		now := store.Stats().Statements
		came := now - before
		if before = now; came > arrangeQuiet {
			continue
		}
		began := time.Now()
		lot := began
		moved, err := store.Arrange(ctx, func() error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(rest) * time.Since(lot)):
			}
			lot = time.Now()
			return nil
		})
		switch {
		case err != nil && ctx.Err() == nil:
			wait = arrangeAgain
			log.Warn("arranging the index broke off; searches take longer until it is tried again", "stage", "arrange", "moved", moved, "again", wait, "err", err)
		case moved > 0:
			log.Info("arranged the index: the newest statements are together", "stage", "arrange", "moved", moved, "took", time.Since(began).Round(time.Millisecond))
		}
	}
}

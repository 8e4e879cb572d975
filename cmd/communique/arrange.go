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
	// arrangePause is between two lots: visits and readers come first.
	arrangePause = 50 * time.Millisecond
	// arrangeAgain is when it is tried again after an error, of which others tell.
	arrangeAgain = time.Hour
)

// arrange looks once a minute, until ctx ends, whether many segments of the index
// have some of the newest statements, as after a pull of many archives, and brings
// those together.
func arrange(ctx context.Context, store *storage.Store, log *slog.Logger) {
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
		moved, err := store.Arrange(ctx, func() error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(arrangePause):
			}
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

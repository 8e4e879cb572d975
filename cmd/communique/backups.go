package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"communique/config"
	"communique/feeds"
	"communique/feeds/incidents"
	"communique/storage"
)

// backups makes copies of the store when they are due. It goes on over reloads,
// which need not wait for a copy that is being made or checked.
type backups struct {
	store  *storage.Store
	log    *slog.Logger
	memory *incidents.Memory
	follow func(config.Backup) // takes up another schedule

	mu     sync.Mutex
	tries  int       // that failed in a row
	since  time.Time // when they began
	err    error     // of the last one
	isMade bool      // one, since the start
}

const (
	// backupStamp is the time in a copy's name, in UTC.
	backupStamp = "20060102T150405Z"
	// backupAgain is when a copy that failed is tried again.
	backupAgain = 10 * time.Minute
)

// startBackups makes copies until ctx ends.
func startBackups(ctx context.Context, store *storage.Store, memory *incidents.Memory, log *slog.Logger) *backups {
	changed := make(chan config.Backup)
	b := &backups{store: store, memory: memory, log: log}
	b.follow = func(c config.Backup) {
		select {
		case changed <- c:
		case <-ctx.Done():
		}
	}
	// Nothing waits for this: a copy that is broken off has no name, and what it
	// leaves is removed by the next one.
	go b.run(ctx, changed)
	return b
}

// run keeps the schedule; copies are made beside it.
func (b *backups) run(ctx context.Context, changed <-chan config.Backup) {
	var c config.Backup
	var busy chan time.Time // takes the time to try again, zero when it went well; nil when none is being made
	var notBefore time.Time
	for {
		var timer <-chan time.Time
		if due := b.due(&c); busy == nil && !due.IsZero() {
			if due.Before(notBefore) {
				due = notBefore
			}
			timer = time.After(min(max(0, time.Until(due)), longestLook))
		}
		select {
		case <-ctx.Done():
			return
		case c = <-changed:
			notBefore = time.Time{}
		case notBefore = <-busy:
			busy = nil
		case <-timer:
			if due := b.due(&c); due.After(time.Now()) || notBefore.After(time.Now()) {
				continue // a long wait goes in steps, as a timer does not see that the clock was set
			}
			busy = make(chan time.Time, 1)
			go func(c config.Backup, done chan<- time.Time) {
				var again time.Time
				now := time.Now().UTC()
				err := b.make(ctx, &c, now)
				if err != nil && ctx.Err() != nil {
					return // it was broken off
				}
				b.note(err, now)
				if err != nil {
					again = time.Now().Add(backupAgain)
					b.log.Error("no backup was made", "dir", string(c.Dir), "err", err, "again", again.UTC())
				}
				done <- again
			}(c, busy)
		}
	}
}

// longestLook is how long run sleeps at most.
const longestLook = time.Minute

// due gives when the next copy is due: at once when there is none.
func (b *backups) due(c *config.Backup) time.Time {
	if c.Dir == "" {
		return time.Time{}
	}
	var last time.Time
	if have := copies(string(c.Dir)); len(have) > 0 {
		last, _ = timeOfCopy(have[len(have)-1])
	}
	return c.Next(last)
}

// make makes a copy and removes those that are too many then.
func (b *backups) make(ctx context.Context, c *config.Backup, now time.Time) error {
	dir := string(c.Dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".communique-*.db.part-*")) // the pattern is a good one
	for _, f := range left {
		_ = os.Remove(f) // of a copy that was broken off
	}
	began := time.Now()
	path := filepath.Join(dir, fmt.Sprintf("communique-%s.db", now.Format(backupStamp)))
	told, err := placeCopy(path, func(w io.Writer) error {
		_, err := b.store.Backup(&untilDone{ctx, w})
		return err
	})
	if err != nil {
		return err
	}
	b.log.Info("backup made", "file", path, "holds", told, "took", time.Since(began).Round(time.Millisecond))
	have := copies(dir)
	for _, name := range have[:max(0, len(have)-c.Keep)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
		b.log.Info("old backup removed", "file", filepath.Join(dir, name), "keep", c.Keep)
	}
	return nil
}

// note takes up how making a copy went.
func (b *backups) note(err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err = err; err == nil {
		b.tries, b.since, b.isMade = 0, time.Time{}, true
		b.memory.Settle("store", "damaged", "a backup was made of it, and checked", now)
		return
	}
	if b.tries++; b.tries == 1 {
		b.since = now
	}
}

// troubles tells whether backups that are wanted cannot be made.
func (b *backups) troubles(c *config.Backup) []incidents.Trouble {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Dir == "" || b.tries == 0 && b.isMade {
		return nil
	}
	t := incidents.Trouble{Unsure: b.tries < 2, // one mostly heals by itself, and after a start nobody knows
		Incident: feeds.Incident{Subject: "backup", State: "failing", Began: b.since,
			Do: fmt.Sprintf("see that there is room in %s and the daemon may write there; where the store is damaged, see to that first", c.Dir)}}
	if b.err != nil {
		t.Reason = b.err.Error()
	}
	return []incidents.Trouble{t}
}

// copies gives the names of the copies in a folder, the oldest first.
func copies(dir string) []string {
	var out []string
	entries, _ := os.ReadDir(dir) // one that is not there has none
	for _, e := range entries {
		if _, ours := timeOfCopy(e.Name()); ours && e.Type().IsRegular() {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out
}

func timeOfCopy(name string) (time.Time, bool) {
	t, err := time.Parse("communique-"+backupStamp+".db", name)
	return t, err == nil
}

// untilDone is a writer that fails when ctx has ended.
type untilDone struct {
	ctx context.Context
	w   io.Writer
}

func (u *untilDone) Write(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(b)
}

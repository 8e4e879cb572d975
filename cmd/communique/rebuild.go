package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"communique/feeds"
	"communique/storage"
)

func (a *app) rebuild() *cobra.Command {
	var data string
	var leaveOut bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make all indexes of the store anew from its journal",
		Long: `rebuild writes the store anew from its journal: whatever is derived from that
(statements, indexes, counts, the index of words) is made anew, checked, and put in
the place of the old file at once, which is kept beside it. So a store is mended in
which verify finds faults beside the journal, without a backup and without losing
anything: ids, archives, subscriptions and what is published stay as they are. The
daemon must be stopped, and there must be room for a second file.

When something in the journal itself cannot be read, all of it is said, and nothing
is changed: restore a backup then. Where there is none, --leave-out goes on without
what cannot be read. What an office said comes again as far as the office still has
it, since its feed is read anew with the next visit; what an operator decided (a
withdrawal, a pin, a token) does not, and documents of archives may be cut otherwise.`,
		Example: "  communique verify || communique rebuild",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if err := a.rebuildStore(c.Context(), storeFile(cfg, isDemo, data), leaveOut, time.Now()); err != nil {
				return fmt.Errorf("rebuild: %w", err)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&leaveOut, "leave-out", false, "go on without what cannot be read in the journal")
	dataFlag(c, &data)
	return c
}

func (a *app) rebuildStore(ctx context.Context, file string, leaveOut bool, now time.Time) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("no store at %s: %w", file, errNoStore)
	}
	out, err := storage.Rebuild(file, storage.RebuildOptions{LeaveOut: leaveOut, Progress: bar(a.stderr, "rebuilding")})
	var unread *storage.Unread
	switch {
	case errors.Is(err, storage.ErrInUse):
		return fmt.Errorf("%w: the daemon must be stopped for this", err)
	case errors.As(err, &unread):
		a.tellLost(unread.Lost)
		return fmt.Errorf("%w; nothing has been changed. Restore a backup, or go on without these (--leave-out)", err)
	case err != nil:
		return fmt.Errorf("%w; nothing has been changed", err)
	}
	defer out.Close()
	if len(out.Lost) > 0 {
		a.tellLost(out.Lost)
		if err := askAnew(ctx, out.Path, out.Lost, now); err != nil {
			return fmt.Errorf("%w; nothing has been changed", err)
		}
	}
	told, err := checked(out.Path)
	if err != nil {
		return fmt.Errorf("the new file is not whole, and nothing has been changed; restore a backup: %w", err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; nothing has been changed")
	}
	return a.exchange(out.Path, file, now, "rebuilt: "+told)
}

// tellLost names what of the journal cannot be read.
func (a *app) tellLost(lost []*storage.Lost) {
	for _, l := range lost {
		fmt.Fprintln(a.stderr, "cannot be read:", printable(l.Error()))
	}
}

// askAnew has sources read anew of which something was left out: what a feed still
// has would be passed over as known. Where it is not known whose it was, it is
// all of them.
func askAnew(ctx context.Context, path string, lost []*storage.Lost, now time.Time) error {
	s, err := storage.Open(path, storage.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer s.Close()
	everyone, some := false, map[feeds.SourceID]bool{}
	for _, l := range lost {
		some[l.Source()] = true
		everyone = everyone || l.Key == ""
	}
	visits, err := s.AllFetched()
	if err != nil {
		return err
	}
	var said []feeds.Fact
	for i := range visits {
		f := visits[i]
		if !everyone && !some[f.Source] {
			continue
		}
		f.Asked, f.Validators, f.Body, f.Items, f.NextDue = 0, feeds.Validators{}, 0, nil, now.UTC()
		said = append(said, &f)
	}
	if _, err := s.Append(ctx, now, said...); err != nil {
		return err
	}
	return s.Close()
}

// bar gives what draws on a terminal how far something is, nil when w is none.
func bar(w io.Writer, what string) func(done, total int) {
	if !isTerminal(w) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set(done) // a bar that cannot be drawn is no failure
	}
}

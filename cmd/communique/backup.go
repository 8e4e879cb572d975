package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"communique/config"
	"communique/storage"
)

func (a *app) backup() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "backup FILE|-",
		Short: "Copy the store, also while the daemon runs",
		Long: `backup writes a copy of the store as it stands at one moment. While the daemon
runs, it is the daemon that gives it, on the admin listener, and goes on pulling
and publishing. The copy is checked before it gets its name: FILE is whole or
not there. A store that stands there already is replaced, any other file is not.
With - it is written to standard output, unchecked.`,
		Example: "  communique backup /var/backups/communique-$(date +%F).db\n  communique backup - | zstd > communique.db.zst",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			file := storeFile(cfg, isDemo, data)
			if args[0] == "-" {
				_, err := writeBackup(c.Context(), cfg, file, a.stdout)
				return err
			}
			return a.backupTo(c.Context(), cfg, file, args[0])
		},
	}
	dataFlag(c, &data)
	return c
}

// backupTo writes a checked copy of the store at file to path.
func (a *app) backupTo(ctx context.Context, cfg *config.Config, file, path string) error {
	if sameFile(file, path) {
		return usageError{fmt.Errorf("backup: %s is the store itself; give another file", path)}
	}
	if err := replaceable(path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	told, err := placeCopy(path, func(w io.Writer) error {
		_, err := writeBackup(ctx, cfg, file, w)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s\n", path, told)
	return err
}

// placeCopy puts what write writes at path when it is a store that is whole, and
// tells what is in it.
func placeCopy(path string, write func(io.Writer) error) (told string, err error) {
	part, err := beside(path)
	if err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	defer os.Remove(part.Name()) // it has another name when all went well
	err = write(part)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return "", err
	}
	if told, err = checked(part.Name()); err != nil {
		return "", fmt.Errorf("backup: the copy is not whole: %w", err)
	}
	if err := storage.Place(part.Name(), path); err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	return told, nil
}

// writeBackup writes a copy of the store, which the daemon may hold.
func writeBackup(ctx context.Context, cfg *config.Config, file string, w io.Writer) (int64, error) {
	store, err := openToRead(file)
	if err == nil {
		defer store.Close()
		return store.Backup(w)
	}
	if !errors.Is(err, storage.ErrInUse) {
		return 0, fmt.Errorf("backup: %w", err)
	}
	res, asked := askFor(ctx, cfg, file, http.MethodGet, "/backup", 0)
	if asked != nil {
		return 0, fmt.Errorf("backup: %w (%w)", err, asked)
	}
	defer res.Body.Close()
	n, err := io.Copy(w, res.Body)
	if err == nil && res.ContentLength >= 0 && n != res.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, fmt.Errorf("backup: after %d octets: %w", n, err)
	}
	return n, nil
}

// backupHandler answers with a copy of the store.
func backupHandler(store *storage.Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// The listener's own limit is for answers that are at hand.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="communique.db"`)
		if _, err := store.Backup(w); err != nil {
			panic(http.ErrAbortHandler) // so that nobody takes what has been sent for the whole
		}
	}
}

// replaceable refuses a path at which something stands that is no store.
func replaceable(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, err := storage.Open(path, storage.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%s is there and is not replaced: %w", path, err)
	}
	return s.Close()
}

// beside makes a file in the folder of path, for what is to be put in its place.
func beside(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".part-*")
}

// checked opens a store and checks all of it, and tells what is in it.
func checked(path string) (string, error) {
	s, err := storage.Open(path, storage.Options{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.Verify(); err != nil {
		return "", err
	}
	return contents(s), nil
}

// contents tells what is in a store, for people.
func contents(s *storage.Store) string {
	st := s.Stats()
	return fmt.Sprintf("%d statements, %d copies, %d records, position %d, %d bytes, digest %s",
		st.Statements, st.Copies, st.Records, st.Position, st.Size, s.Digest())
}

func (a *app) restore() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the store",
		Long: `restore checks a backup and puts a copy of it where the store is. The daemon must
be stopped. What was there before is kept beside it, with the time in its name,
until you remove it. What was published since the backup is pulled again from
the sources, as far as they still have it.`,
		Example: "  communique restore /var/backups/communique-2026-11-27.db",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if err := a.restoreFrom(args[0], storeFile(cfg, isDemo, data), time.Now()); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	return c
}

func (a *app) restoreFrom(from, file string, now time.Time) error {
	if sameFile(from, file) {
		return usageError{fmt.Errorf("%s is the store itself; give a backup of it", from)}
	}
	if _, err := os.Stat(from); err != nil {
		return err
	}
	if _, err := checked(from); err != nil {
		return fmt.Errorf("the backup cannot be used, and nothing has been changed: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	part, err := beside(file)
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if err := copyFile(part, from); err != nil {
		return err
	}
	told, err := checked(part.Name())
	if err != nil {
		return fmt.Errorf("the copy of the backup is not whole, and nothing has been changed: %w", err)
	}
	return a.exchange(part.Name(), file, now, "restored: "+told)
}

// exchange puts the store at part in the place of the one at file, which nobody
// may hold, and keeps the old one beside it.
func (a *app) exchange(part, file string, now time.Time, done string) error {
	kept := ""
	if _, err := os.Stat(file); err == nil {
		free, err := hold(file)
		if err != nil {
			return err
		}
		defer free()
		kept = fmt.Sprintf("%s.before-%s", file, now.UTC().Format("20060102T150405Z"))
		if err := os.Link(file, kept); err != nil { // a second name, so that at no moment there is no store
			return err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := storage.Place(part, file); err != nil {
		return err
	}
	a.settle(file, "another file was put in its place, which is whole")
	fmt.Fprintln(a.stdout, done)
	if kept != "" {
		fmt.Fprintln(a.stdout, "what was there before:", kept)
	}
	return nil
}

// hold keeps others from the store at file until free is called. One that is
// damaged is nobody's: there is nothing to keep others from.
func hold(file string) (free func(), err error) {
	s, err := storage.Open(file, storage.Options{ReadOnly: true})
	switch {
	case errors.Is(err, storage.ErrInUse):
		return nil, fmt.Errorf("%w: the daemon must be stopped for this", err)
	case err != nil:
		return func() {}, nil
	}
	return func() { s.Close() }, nil
}

func copyFile(to *os.File, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return errors.Join(err, to.Close())
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return errors.Join(err, to.Sync(), to.Close())
}

func (a *app) compact() *cobra.Command {
	var data string
	c := &cobra.Command{
		Use:   "compact",
		Short: "Shrink the store to what is in it",
		Long: `compact writes the store anew without the pages that are free, checks the new
file, and puts it in the place of the old one. The daemon must be stopped, and
there must be room for a second file meanwhile. bbolt uses free pages again, so
this is worth it only after much was taken out.`,
		Example: "  communique compact --data /var/lib/communique",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, isDemo, err := a.load()
			if err != nil {
				return err
			}
			if err := a.compactStore(storeFile(cfg, isDemo, data)); err != nil {
				return fmt.Errorf("compact: %w", err)
			}
			return nil
		},
	}
	dataFlag(c, &data)
	return c
}

func (a *app) compactStore(file string) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("no store at %s: %w", file, errNoStore)
	}
	s, err := storage.Open(file, storage.Options{Log: a.log}) // for writing: it must hold off the daemon until the end
	if err != nil {
		return err
	}
	defer s.Close()
	was, digest := s.Stats().Size, s.Digest()
	f, err := beside(file)
	if err != nil {
		return err
	}
	part := f.Name()
	defer os.Remove(part)
	if err := errors.Join(f.Close(), os.Remove(part), s.Compact(part)); err != nil {
		return err
	}
	if _, err := checked(part); err != nil {
		return fmt.Errorf("the new file is not whole, and nothing has been changed: %w", err)
	}
	is, err := storage.Open(part, storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	size, same := is.Stats().Size, is.Digest() == digest
	if err := is.Close(); err != nil {
		return err
	}
	if !same {
		return errors.New("the new file does not hold what the old one holds, and nothing has been changed; run verify")
	}
	if err := storage.Place(part, file); err != nil {
		return err
	}
	a.settle(file, "`communique compact` found all of it whole")
	_, err = fmt.Fprintf(a.stdout, "%s: %d bytes, was %d\n", file, size, was)
	return err
}

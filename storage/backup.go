package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Backup writes the file as it stands at one moment, while it goes on being
// written to, and gives the number of octets. What is written is a store that
// Open takes.
func (s *Store) Backup(w io.Writer) (int64, error) {
	var n int64
	err := s.look(func(tx *bbolt.Tx) (err error) {
		n, err = tx.WriteTo(w)
		return err
	})
	if err != nil {
		return n, fmt.Errorf("backup: %w", err)
	}
	return n, nil
}

// compactBatch is how many octets a transaction of Compact takes.
const compactBatch = 16 << 20

// Compact writes a new file at path that holds what s holds and no free pages.
// It fails when there is a file already.
func (s *Store) Compact(path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("compact: %w", err)
		}
	}()
	if err := claim(path); err != nil {
		return err
	}
	to, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoSync: true})
	if err != nil {
		return err
	}
	if err := bbolt.Compact(to, s.db(), compactBatch); err != nil {
		return errors.Join(err, to.Close())
	}
	// bbolt.Compact syncs nothing: the file counts only when it is whole.
	return errors.Join(to.Sync(), to.Close())
}

// claim makes an empty file, and fails when there is one.
func claim(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Place puts the file at from in the place of the one at to, in one step that
// is durable when it returns. Both are in one file system.
func Place(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

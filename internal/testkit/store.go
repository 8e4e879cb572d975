package testkit

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"communique/storage"
)

// OpenStore opens a new, empty store in the test's own folder. When the test
// ends, every invariant of the store is checked and it is closed.
func OpenStore(t testing.TB) *storage.Store {
	t.Helper()
	s, err := storage.Open(filepath.Join(t.TempDir(), "communique.db"), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Verify(); err != nil {
			t.Errorf("the store does not hold together after the test: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

// Spoil cuts short the values of a bucket of a closed store for which pick says
// so, as a disk might, and fails the test when there are none.
func Spoil(t testing.TB, file, bucket string, pick func(key, value []byte) bool) {
	t.Helper()
	db, err := bbolt.Open(file, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		var keys [][]byte
		if err := b.ForEach(func(k, v []byte) error {
			if pick(k, v) {
				keys = append(keys, bytes.Clone(k))
			}
			return nil
		}); err != nil {
			return err
		}
		for _, k := range keys {
			n++
			if err := b.Put(k, bytes.Clone(b.Get(k)[:3])); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Fatalf("there is nothing in %s to spoil", bucket)
	}
}

package testkit

import (
	"path/filepath"
	"testing"

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

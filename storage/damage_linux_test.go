package storage

import (
	"errors"
	"os"
	"testing"

	"communique/feeds"
)

// A file that somebody cuts off under us, or a disk that cannot be read, faults in
// the memory map; what needs the missing part fails, and the process lives.
func TestFileThatIsCutOffUnderUs(t *testing.T) {
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Truncate(path, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Counts(); !errors.Is(err, ErrDamaged) {
		t.Errorf("Counts: %v", err)
	}
	if _, _, _, err := s.Statement("se"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Statement: %v", err)
	}
	if _, err := s.Select(feeds.Query{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("Select: %v", err)
	}
	if d := s.Damaged(); len(d) == 0 {
		t.Error("nobody is told")
	}
}

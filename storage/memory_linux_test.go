package storage_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// resident gives how many octets of a mapped file count as the process's own.
func resident(t *testing.T, path string) (n int64) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range strings.Split(string(maps), path)[1:] {
		var kb int64
		_, rest, _ := strings.Cut(m, "\nRss:")
		if _, err := fmt.Sscan(rest, &kb); err != nil {
			t.Fatal(err)
		}
		n += kb << 10
	}
	return n
}

func TestPagesThatWereReadAreLetGo(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	defer s.Close()
	const visits, perVisit = 32, 30
	for i := range visits {
		var said []feeds.Fact
		for j := range perVisit {
			said = append(said, madeUp(i*perVisit+j))
		}
		if _, err := s.Append(context.Background(), day(1), said...); err != nil {
			t.Fatal(err)
		}
	}
	size := s.Stats().Size
	// The last transaction may not have been left alone yet when its caller was told.
	if _, err := s.Append(context.Background(), day(1), madeUp(visits*perVisit)); err != nil {
		t.Fatal(err)
	}
	if n := resident(t, path); n > size/3 {
		t.Errorf("after writing, %d of %d octets count as ours", n, size)
	}
	read := 0
	if err := s.Recent(context.Background(), time.Time{}, func(*feeds.Observed) error { read++; return nil }); err != nil || read != visits*perVisit+1 {
		t.Fatalf("%d read, %v", read, err)
	}
	if n := resident(t, path); n > size/3 {
		t.Errorf("after reading, %d of %d octets count as ours", n, size)
	}
}

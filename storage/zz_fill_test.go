package storage_test

import (
	"communique/feeds"
	"context"
	"os"
	"testing"
)

func TestZFill(t *testing.T) {
	p := os.Getenv("FILL")
	if p == "" {
		t.Skip()
	}
	s := open(t, p)
	facts := []feeds.Fact{}
	for i := range 30000 {
		facts = append(facts, madeUp(i))
		if len(facts) == 480 {
			if _, err := s.Append(context.Background(), day(1), facts...); err != nil {
				t.Fatal(err)
			}
			facts = nil
		}
	}
	t.Log(s.Stats())
	s.Close()
}

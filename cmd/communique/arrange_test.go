package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
)

// Six archives that come one after the other leave the newest statements scattered.
func TestTheDaemonKeepsTheNewestTogether(t *testing.T) {
	store := testkit.OpenStore(t)
	for office := range 6 {
		var said []feeds.Fact
		for i := range 4000 {
			at := time.Date(2026, 5, 1, 12, 0, -60*i, 0, time.UTC)
			said = append(said, &feeds.Observed{Item: feeds.ItemKey(fmt.Sprintf("office%d/%d", office, i)), Statement: feeds.StatementID(fmt.Sprintf("s%d%014d", office, i)),
				FirstSeen: at, Changed: at, Order: at, Published: at, Revision: 1, Relation: feeds.IsOrigin, Copy: feeds.Copy{Title: "Note", Language: "en"}})
		}
		if _, err := store.Append(t.Context(), time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC), said...); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	defer done.Wait()
	defer cancel()
	said := newOutput()
	done.Go(func() { arrange(ctx, store, 0, slog.New(slog.NewTextHandler(said, nil))) })
	for { // a slow machine takes a while for so many
		text, more := said.now()
		if strings.Contains(text, "arranged the index: the newest statements are together\" stage=arrange moved=4096 ") {
			break
		}
		if text != "" {
			t.Fatalf("it says %s", text)
		}
		<-more
	}
	if n, err := store.Arrange(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("then %d more could be moved, %v", n, err)
	}
}

package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// published makes rows of some sources, one every 20 minutes.
func published(n int) []row {
	rows := make([]row, n)
	at := time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		rows[i] = row{ID: fmt.Sprint(i), Source: fmt.Sprint("office-", i%7), Published: at.Add(time.Duration(i) * 20 * time.Minute).Format("2006-01-02T15:04:05")}
	}
	return rows
}

func TestArrivalsAreTheSameForASeed(t *testing.T) {
	rows := published(500)
	for _, mode := range []string{"poll", "random"} {
		one, err := arrivals(rows, mode, 3)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := arrivals(rows, mode, 3)
		other, _ := arrivals(rows, mode, 4)
		if !slices.Equal(one, again) {
			t.Errorf("%s: one seed gave two orders", mode)
		}
		if slices.Equal(one, other) || slices.IsSorted(one) {
			t.Errorf("%s: the order does not change", mode)
		}
		if all := slices.Sorted(slices.Values(one)); len(slices.Compact(all)) != len(rows) {
			t.Errorf("%s: %d of %d rows arrive", mode, len(all), len(rows))
		}
	}
	if _, err := arrivals(rows, "sideways", 1); err == nil {
		t.Error("an unknown mode is taken")
	}
}

// What one source published comes in its order, and nothing overtakes what was
// published longer ago than the longest interval.
func TestPollingDelaysBySixHoursAtMost(t *testing.T) {
	rows := published(2000)
	order, err := arrivals(rows, "poll", 1)
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]int{}
	newest := 0
	for _, at := range order {
		if before, ok := last[rows[at].Source]; ok && before > at {
			t.Fatalf("%s: row %d arrives after row %d", rows[at].Source, at, before)
		}
		last[rows[at].Source] = at
		newest = max(newest, at)
		if late := time.Duration(newest-at) * 20 * time.Minute; late > longestPoll {
			t.Fatalf("row %d arrives after row %d, published %s later", at, newest, late)
		}
	}
}

func TestRowsWithoutADateComeWithThoseBefore(t *testing.T) {
	rows := published(40)
	rows[20].Published = ""
	order, err := arrivals(rows, "poll", 1)
	if err != nil {
		t.Fatal(err)
	}
	if at := slices.Index(order, 20); at < 10 || at > 39 {
		t.Errorf("it arrives as number %d", at)
	}
}

// Package incidents tells what is wrong, and was: with sources, as each of them
// remembers, and with what they stand on. The feed of incidents, the page of the
// state and webhooks show this one list.
//
// Start with Watch.List. What is wrong with a source is decided in package
// vitals; what only the program knows comes from those who know it (Options.More).
package incidents

import (
	"context"
	"fmt"
	"sync"
	"time"

	"communique/feeds"
	"communique/feeds/vitals"
	"communique/storage"
)

// Source is a configured source.
type Source struct {
	ID feeds.SourceID
	vitals.Source
}

// Options are what is watched. Store and Memory must be given.
type Options struct {
	Store   *storage.Store
	Memory  *Memory
	Sources []Source
	More    []func(now time.Time) []Trouble
	Now     func() time.Time
}

// Watch looks at what may be wrong. It is safe for concurrent use.
type Watch struct {
	o       Options
	started uint64 // the store's position then

	mu      sync.Mutex
	sources []feeds.Incident // as they could last be read
}

// New makes a watch.
func New(o Options) *Watch { return &Watch{o: o, started: o.Store.Position()} }

// lookEvery is how often Run looks.
const lookEvery = time.Minute

// Run looks from time to time, until ctx ends: when something began and ended is
// to be known also where nobody asks.
func (w *Watch) Run(ctx context.Context) {
	for {
		w.List(w.o.Now())
		timer := time.NewTimer(lookEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// List gives the troubles that last and those that have passed, as far as they are
// remembered, in no order that counts.
func (w *Watch) List(now time.Time) []feeds.Incident {
	w.mu.Lock()
	defer w.mu.Unlock()
	sources, found, err := w.ofSources(now)
	if err == nil {
		w.sources = sources
	}
	found = append(found, w.ofStore(now, err)...)
	for _, more := range w.o.More {
		found = append(found, more(now)...)
	}
	return append(w.o.Memory.note(now, found), w.sources...)
}

// From when on troubles of many are troubles of ours, and how long they must last,
// as the alerts in deploy/prometheus say it.
const (
	mostLate    = 0.2
	mostFailing = 0.3
	whileMany   = 30 * time.Minute
	longestIdle = time.Hour
	silence     = 3 * 24 * time.Hour
)

// ofSources gives the incidents of sources, and what is wrong with so many of them
// that it is not theirs.
func (w *Watch) ofSources(now time.Time) (list []feeds.Incident, found []Trouble, err error) {
	var asked, known, failing, late int
	var last time.Time
	for _, s := range w.o.Sources {
		f, visited, err := w.o.Store.Visit(s.ID)
		if err != nil {
			return nil, nil, err
		}
		if visited {
			for _, i := range vitals.Incidents(&f, s.Source, now) {
				if i.Began.IsZero() { // its last visit cannot be read
					found = append(found, Trouble{Incident: i})
				} else {
					list = append(list, i)
				}
			}
		}
		if s.Off {
			continue
		}
		asked++
		switch vitals.Of(&f, s.Source, now).State {
		case vitals.New:
		case vitals.Broken, vitals.Blocked:
			failing++
			known++
		default:
			known++
		}
		if vitals.IsOverdue(&f, now) {
			late++
		}
		if f.At.After(last) {
			last = f.At
		}
	}
	if late > 0 && !last.IsZero() && now.Sub(last) > longestIdle {
		found = append(found, Trouble{After: 10 * time.Minute, Incident: feeds.Incident{Subject: "fetching", State: "stopped",
			Reason: fmt.Sprintf("no source was visited since %s, although visits are due", last.UTC().Format(time.RFC3339)),
			Do:     "look for `refresh broke off` in the log, at this machine's clock and at its network; a restart is harmless"}})
	}
	if asked > 0 && float64(late)/float64(asked) > mostLate {
		found = append(found, Trouble{After: whileMany, Incident: feeds.Incident{Subject: "fetching", State: "late",
			Reason: fmt.Sprintf("%d of %d sources are visited late by more than a quarter of an hour", late, asked),
			Do:     "raise `fetch.workers`, or see whether a single host has most of the sources (`fetch.per_host`, `fetch.gap`)"}})
	}
	if failing > 1 && float64(failing)/float64(known) > mostFailing {
		found = append(found, Trouble{After: whileMany, Incident: feeds.Incident{Subject: "sources", State: "failing",
			Reason: fmt.Sprintf("%d of %d sources fail", failing, known),
			Do:     "look here first and not at them: at this machine's resolver, proxy, firewall and clock; `communique sources` shows what they share"}})
	}
	return list, found, nil
}

// ofStore gives what is wrong with the store; failed is why sources could not be
// read from it.
func (w *Watch) ofStore(now time.Time, failed error) (found []Trouble) {
	store := w.o.Store
	add := func(t Trouble) {
		t.Subject = "store"
		found = append(found, t)
	}
	counts, err := store.Counts()
	if err == nil {
		err = failed
	}
	if err != nil {
		add(Trouble{Incident: feeds.Incident{State: "unreadable", Reason: err.Error(),
			Do: "stop the daemon, run `communique verify`, look at the disk, and run `communique rebuild`; where that refuses, restore the last backup; readers get errors meanwhile"}})
	} else if newest := counts.All.Newest; !newest.IsZero() && now.Sub(newest) > silence {
		found = append(found, Trouble{After: time.Hour, Incident: feeds.Incident{Subject: "statements", State: "missing",
			Reason: "no source has told anything new since " + newest.UTC().Format(time.RFC3339),
			Do:     "when fetching goes on and few sources fail, it may be a holiday: nothing; else look at those first"}})
	}
	// What was written since the start tells that it can be; before, nobody knows.
	if err := store.Writable(); err != nil {
		add(Trouble{Incident: feeds.Incident{State: "unwritable", Reason: err.Error(),
			Do: "make room or mend the disk: readers are served meanwhile, pulling waits and goes on by itself"}})
	} else if store.Position() == w.started {
		add(Trouble{Unsure: true, Incident: feeds.Incident{State: "unwritable"}})
	}
	// What was damaged stays so, also when nobody has asked for it since a start.
	list := store.Damaged()
	damaged := Trouble{Unsure: len(list) == 0, Incident: feeds.Incident{State: "damaged",
		Do: "stop the daemon, run `communique verify`, look at the disk, and run `communique rebuild`; where that refuses, restore the last backup; what cannot be read is left out meanwhile, the rest goes on"}}
	if len(list) > 0 {
		damaged.Reason = list[0]
	}
	if n := len(list) - 1; n > 0 {
		damaged.Reason += fmt.Sprintf("; and %d more", n)
	}
	add(damaged)
	const worthIt = 1 << 30
	if st := store.Stats(); st.Size > worthIt && 2*int64(st.FreePages)*int64(st.PageSize) > st.Size {
		add(Trouble{After: 24 * time.Hour, Incident: feeds.Incident{State: "fragmented", Reason: "more than half of its file is free pages",
			Do: "nothing, as they are used again; to give them back to the disk, stop the daemon and run `communique compact`"}})
	}
	return found
}

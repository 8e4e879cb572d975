package main

import (
	"fmt"
	"sync"
	"time"

	"communique/config"
	"communique/feeds/push"
	"communique/feeds/serve"
	"communique/storage"
)

// troubles tells webhooks what is wrong: with sources, as their feed does, and
// with what they stand on, the store, the living lists and our certificate.
type troubles struct {
	store *storage.Store
	dir   string // of the store
	shown *shown // nil: nothing is shown

	mu    sync.Mutex
	since time.Time // when the store was first found to be unwritable; zero while it is well
	found time.Time // when something in it was first found to be unreadable; zero while nothing is
}

// of gives what tells the troubles under a configuration.
func (t *troubles) of(cfg *config.Config) func(time.Time) ([]push.Incident, error) {
	sources := configured(cfg)
	return func(now time.Time) ([]push.Incident, error) {
		list, err := serve.Incidents(t.store, sources, now)
		if err != nil {
			return nil, err
		}
		out := make([]push.Incident, 0, len(list))
		for _, i := range list {
			out = append(out, push.Incident{ID: serve.IncidentID(string(i.Source), i.Began), Subject: "source", Name: string(i.Source),
				State: i.State, Reason: i.Reason, Do: i.Do, Began: i.Began, Ended: i.Ended})
		}
		for _, l := range cfg.ListConfigs() {
			if l.File != "" {
				continue
			}
			if st := stateOf(t.dir, l.URL.Reveal()); st.Failures > 1 { // one mostly heals by itself
				began := st.Since.Truncate(time.Second)
				out = append(out, push.Incident{ID: serve.IncidentID("list "+l.Name, began), Subject: "list", Name: l.Name, State: "broken", Reason: st.Error,
					Do: "tell whoever keeps the list; the sources that it gave stay", Began: began})
			}
		}
		out = append(out, t.shown.troubles(now)...)
		if i, is := t.unwritable(now); is {
			out = append(out, i)
		}
		if i, is := t.damaged(now); is {
			out = append(out, i)
		}
		return out, nil
	}
}

// damaged tells of what cannot be read, which lasts until the store is opened anew.
func (t *troubles) damaged(now time.Time) (push.Incident, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.store.Damaged()
	if len(list) == 0 {
		return push.Incident{}, false
	}
	if t.found.IsZero() {
		t.found = now.Truncate(time.Second)
	}
	reason := list[0]
	if n := len(list) - 1; n > 0 {
		reason += fmt.Sprintf("; and %d more", n)
	}
	return push.Incident{ID: serve.IncidentID("damage", t.found), Subject: "store", State: "damaged", Reason: reason,
		Do: "stop the daemon, run `communique verify`, and restore the last backup: what cannot be read is left out meanwhile, the rest goes on", Began: t.found}, true
}

func (t *troubles) unwritable(now time.Time) (push.Incident, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	err := t.store.Writable()
	if err == nil {
		t.since = time.Time{}
		return push.Incident{}, false
	}
	if t.since.IsZero() {
		t.since = now.Truncate(time.Second)
	}
	return push.Incident{ID: serve.IncidentID("store", t.since), Subject: "store", State: "unwritable", Reason: err.Error(),
		Do: "make room or mend the disk: readers are served meanwhile, pulling waits and goes on by itself", Began: t.since}, true
}

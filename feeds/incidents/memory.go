package incidents

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/feeds"
	"communique/storage"
)

// Trouble is what somebody found to be wrong just now. A Began of zero stands for
// when it was first found; it counts where an incident begins, and not later.
type Trouble struct {
	feeds.Incident

	// After is how long it must have been found before it is an incident.
	After time.Duration
	// Unsure is for what nobody can tell yet, such as after a start: an incident
	// that lasts goes on, and none begins.
	Unsure bool
}

const (
	// mostPast is how many that are over are remembered.
	mostPast = 60
	// longestReason is how many octets of a reason are kept.
	longestReason = 500
)

// Memory remembers the incidents of what is no source, in a file beside the
// store: a store that is full or damaged cannot remember that it is.
type Memory struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	open    map[string]*feeds.Incident // by subject, name and state
	past    []feeds.Incident           // the newest first
	first   map[string]time.Time       // when what may become an incident was first found
	unsaved bool
	told    bool // that it cannot be saved
}

type remembered struct {
	Open []*feeds.Incident `json:"open"`
	Past []feeds.Incident  `json:"past"`
}

// InFolder gives the path of the memory in the folder of a store.
func InFolder(dir string) string { return filepath.Join(dir, "incidents.json") }

// Remember opens the memory at path. What cannot be read is forgotten, and the
// log says so: it is worth no refusal to start.
func Remember(path string, log *slog.Logger) *Memory {
	m := &Memory{path: path, log: log, open: map[string]*feeds.Incident{}, first: map[string]time.Time{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m
	}
	var held remembered
	if err == nil {
		err = json.Unmarshal(text, &held)
	}
	if err != nil {
		log.Warn("past incidents cannot be read and are forgotten", "file", path, "err", err)
		return m
	}
	for _, i := range held.Open {
		if i != nil {
			m.open[keyOf(i)] = i
		}
	}
	m.past = held.Past
	return m
}

func keyOf(i *feeds.Incident) string {
	return strings.Join([]string{i.Subject, i.Name, i.State}, "\x00")
}

// note takes up all that is wrong as of now, and gives the incidents that last
// and those that have passed.
func (m *Memory) note(now time.Time, found []Trouble) []feeds.Incident {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := map[string]bool{}
	for _, t := range found {
		key := keyOf(&t.Incident)
		seen[key] = true
		if len(t.Reason) > longestReason {
			t.Reason = strings.ToValidUTF8(t.Reason[:longestReason], "") + "…"
		}
		if lasts := m.open[key]; lasts != nil {
			if !t.Unsure && (lasts.Reason != t.Reason || lasts.Do != t.Do) {
				lasts.Reason, lasts.Do = t.Reason, t.Do
				m.unsaved = true
			}
			continue
		}
		if t.Unsure {
			continue
		}
		if m.first[key].IsZero() {
			m.first[key] = cmp.Or(t.Began, now)
		}
		if t.Began = m.first[key]; now.Sub(t.Began) < t.After {
			continue
		}
		begun := t.Identified()
		m.open[key], m.unsaved = &begun, true
	}
	for key := range m.first {
		if !seen[key] || m.open[key] != nil {
			delete(m.first, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.open)) {
		if !seen[key] {
			m.end(key, now)
		}
	}
	m.save()
	out := slices.Clone(m.past)
	for _, key := range slices.Sorted(maps.Keys(m.open)) {
		out = append(out, *m.open[key])
	}
	return out
}

// end has one that lasts be over; the lock is held.
func (m *Memory) end(key string, now time.Time) {
	over := *m.open[key]
	over.Ended = now
	delete(m.open, key)
	m.past = append([]feeds.Incident{over.Identified()}, m.past...)
	m.past = m.past[:min(len(m.past), mostPast)]
	m.unsaved = true
}

// Settle has an incident of what has no name be over that nobody finds the end of,
// and notes why. It does nothing when there is none.
func (m *Memory) Settle(subject, state, why string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := keyOf(&feeds.Incident{Subject: subject, State: state})
	lasts := m.open[key]
	if lasts == nil {
		return
	}
	lasts.Reason += "; " + why
	m.end(key, now)
	m.save()
}

// save writes what has changed; the lock is held. What cannot be written is
// tried again with the next look.
func (m *Memory) save() {
	if !m.unsaved {
		return
	}
	err := m.write()
	if m.unsaved = err != nil; err == nil {
		m.told = false
		return
	}
	if !m.told {
		m.log.Warn("incidents cannot be remembered over a restart", "file", m.path, "err", err)
		m.told = true
	}
}

func (m *Memory) write() error {
	held := remembered{Open: []*feeds.Incident{}, Past: m.past}
	for _, key := range slices.Sorted(maps.Keys(m.open)) {
		held.Open = append(held.Open, m.open[key])
	}
	text, err := json.MarshalIndent(held, "", " ")
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(m.path), "."+filepath.Base(m.path)+".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // it has another name when all went well
	_, err = fmt.Fprintf(part, "%s\n", text)
	if info, missing := os.Stat(m.path); missing == nil {
		err = errors.Join(err, ownedAs(part, info)) // a command of root's must not lock the daemon out
	}
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	return storage.Place(part.Name(), m.path)
}

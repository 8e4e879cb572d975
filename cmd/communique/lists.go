package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"communique/aggregator/fetch"
	"communique/config"
	"communique/feeds"
	"communique/storage"
)

// Living lists (include_opml) are fetched here, and their last good copies kept
// in files beside the store, which every command can read while the daemon holds
// the store. config takes the sources from the copies.

// listState is where a living list stands; it lies beside its copy.
type listState struct {
	Checked  time.Time        `json:"checked,omitzero"` // when it was asked for last
	Changed  time.Time        `json:"changed,omitzero"` // when the copy was taken
	Due      time.Time        `json:"due,omitzero"`
	Asked    feeds.Validators `json:"validators"`
	Final    string           `json:"final,omitempty"`
	Failures int              `json:"failures,omitempty"` // in a row
	Since    time.Time        `json:"since,omitzero"`     // when they began
	Error    string           `json:"error,omitempty"`    // the last one, without what may be secret
}

const (
	// listAgain is when a list that failed is asked for again at first; the wait
	// doubles up to its `every`.
	listAgain = time.Minute
	// listFresh is the most that a publisher's word on freshness counts.
	listFresh = 24 * time.Hour
)

// listFile gives the path of a list's copy, without the ending. The address may
// be a secret, so its name is a hash.
func listFile(dir, url string) string {
	return filepath.Join(dir, "lists", fmt.Sprintf("%x", sha256.Sum256([]byte(url)))[:24])
}

// listCopy gives a list's last good copy, nil when there is none.
func listCopy(dir, url string) []byte {
	body, err := os.ReadFile(listFile(dir, url) + ".opml")
	if err != nil {
		return nil // none yet, or none that can be read: it is asked for
	}
	return body
}

// stateOf gives where a list stands; one of which nothing is known is due.
func stateOf(dir, url string) (st listState) {
	text, err := os.ReadFile(listFile(dir, url) + ".json")
	if err != nil || json.Unmarshal(text, &st) != nil {
		return listState{}
	}
	return st
}

// askForList asks for a list and takes it over when it is a good one; changed
// reports that it is another than before. An error is of the list when ctx goes
// on, and is remembered then.
func askForList(ctx context.Context, f *fetch.Fetcher, l *config.ListConfig, dir string, now time.Time) (changed bool, err error) {
	url := l.URL.Reveal()
	file := listFile(dir, url)
	st := stateOf(dir, url)
	had := listCopy(dir, url)
	header := http.Header{}
	for name, value := range l.Headers {
		header.Set(name, value.Reveal())
	}
	req := fetch.Request{URL: url, Header: header, AllowNetworks: l.AllowNetworks}
	if had != nil {
		req.Validators, req.Final = st.Asked, st.Final
	}
	got, err := f.Get(ctx, req)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	st.Checked = now
	wait := l.Every
	switch {
	case err != nil:
		var fe *fetch.Error
		errors.As(err, &fe)
		err = errors.New("no answer (" + string(fe.Class) + ")") // the cause may have the address in it
		if fe.Status != 0 {
			err = fmt.Errorf("it answers %d", fe.Status)
		}
		wait = max(fe.RetryAfter, min(l.Every, listAgain<<min(st.Failures, 20)))
	case got.Unchanged:
		wait = max(wait, min(got.FreshFor, listFresh))
	default:
		if err = config.CheckList(got.Body); err != nil {
			wait = min(l.Every, listAgain<<min(st.Failures, 20))
			break
		}
		wait = max(wait, min(got.FreshFor, listFresh))
		st.Asked, st.Final = got.Validators, got.Final
		if changed = !bytes.Equal(got.Body, had); changed {
			st.Changed = now
			if err := writeBeside(file+".opml", got.Body); err != nil {
				return false, err
			}
		}
	}
	st.Due = now.Add(wait)
	if err == nil {
		st.Failures, st.Since, st.Error = 0, time.Time{}, ""
	} else {
		if st.Failures++; st.Since.IsZero() {
			st.Since = now
		}
		st.Error = err.Error()
	}
	text, jsonErr := json.Marshal(st)
	if jsonErr != nil {
		return changed, jsonErr
	}
	return changed, errors.Join(err, writeBeside(file+".json", text))
}

// writeBeside puts a file in the place of another, whole or not at all.
func writeBeside(path string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	part, err := beside(path) // for the owner alone
	if err != nil {
		return err
	}
	defer os.Remove(part.Name()) // it has another name when all went well
	_, err = part.Write(body)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	return storage.Place(part.Name(), path)
}

// lists asks for living lists when they are due. It goes on over reloads.
type lists struct {
	dir     string
	log     *slog.Logger
	changed chan struct{} // a list is another: the configuration is to be read again
	wake    chan struct{}

	mu      sync.Mutex
	of      []config.ListConfig
	fetcher *fetch.Fetcher
}

// startLists asks until ctx ends; dir is the folder of the store.
func startLists(ctx context.Context, dir string, log *slog.Logger) (l *lists, done *sync.WaitGroup) {
	l = &lists{dir: dir, log: log, changed: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	done = new(sync.WaitGroup)
	done.Go(func() { l.run(ctx) })
	return l, done
}

// follow takes up the lists of another configuration.
func (l *lists) follow(cfg *config.Config, f *fetch.Fetcher) {
	l.mu.Lock()
	l.of, l.fetcher = cfg.ListConfigs(), f
	l.mu.Unlock()
	poke(l.wake)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (l *lists) run(ctx context.Context) {
	for {
		l.mu.Lock()
		all, f := l.of, l.fetcher
		l.mu.Unlock()
		next := l.ask(ctx, all, f)
		var timer <-chan time.Time
		if !next.IsZero() {
			timer = time.After(min(max(0, time.Until(next)), longestLook)) // a timer does not see that the clock was set
		}
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-timer:
		}
	}
}

// ask asks for the lists that are due, one after the other, and gives when the
// next one is.
func (l *lists) ask(ctx context.Context, all []config.ListConfig, f *fetch.Fetcher) (next time.Time) {
	news := false
	for i := range all {
		list := &all[i]
		if list.File != "" {
			continue // it is watched
		}
		now := time.Now().UTC()
		due := stateOf(l.dir, list.URL.Reveal()).Due
		if !due.After(now) {
			changed, err := askForList(ctx, f, list, l.dir, now)
			if ctx.Err() != nil {
				return time.Time{}
			}
			news = news || changed
			switch {
			case err != nil:
				l.log.Warn("a list cannot be had; the sources that it gave stay", "list", list.Name, "url", list.Address(), "err", err)
			case changed:
				l.log.Info("list changed", "list", list.Name, "url", list.Address())
			}
			if due = stateOf(l.dir, list.URL.Reveal()).Due; !due.After(now) {
				due = now.Add(listAgain) // where it stands could not be written
			}
		}
		if next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if news {
		poke(l.changed)
	}
	return next
}

// pullLists asks for the lists that are due, for commands that pull once. What
// fails is told; the sources that it gave stay.
func (a *app) pullLists(ctx context.Context, cfg *config.Config, dir string) (changed bool, err error) {
	for i := range cfg.ListConfigs() {
		l := &cfg.ListConfigs()[i]
		now := time.Now().UTC()
		if l.File != "" || stateOf(dir, l.URL.Reveal()).Due.After(now) && !l.Missing {
			continue
		}
		f, err := fetch.New(fetching(cfg))
		if err != nil {
			return changed, err
		}
		is, err := askForList(ctx, f, l, dir, now)
		f.Close()
		if ctx.Err() != nil {
			return changed, ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(a.stderr, "list %s (%s): %v; the sources that it gave stay\n", l.Name, l.Address(), err)
		}
		changed = changed || is
	}
	return changed, nil
}

// tellLists says of each living list what it gives and, when dir is the folder of
// the store, where it stands.
func tellLists(w io.Writer, cfg *config.Config, dir string, now time.Time) {
	for _, l := range cfg.ListConfigs() {
		var st listState
		if l.File == "" {
			st = stateOf(dir, l.URL.Reveal())
		}
		fmt.Fprintf(w, "list %s (%s): ", l.Name, printable(l.Address()))
		switch {
		case l.Missing:
			fmt.Fprint(w, "there is no copy of it yet; the daemon or `communique fetch` asks for it")
		case l.File != "":
			fmt.Fprintf(w, "%d sources", l.Sources)
		default:
			fmt.Fprintf(w, "%d sources, asked for %s, next %s", l.Sources, since(stamp(st.Checked), now), since(stamp(st.Due), now))
		}
		fmt.Fprintln(w)
		if st.Error != "" {
			fmt.Fprintf(w, "  it fails%s: %s; the sources that it gave stay\n", sinceWhen(stamp(st.Since), now), printable(st.Error))
		}
		for _, p := range l.Problems[:min(len(l.Problems), mostListed)] {
			fmt.Fprintf(w, "  left out: %s\n", printable(p))
		}
	}
}

// storeDir gives the folder of the store as the flag or the configuration says.
func (a *app) storeDir(cfg *config.Config) string { return cmp.Or(a.data, string(cfg.Storage.Dir)) }

// copies gives config the copies of living lists.
func (a *app) copies(dir, url string) []byte { return listCopy(cmp.Or(a.data, dir), url) }

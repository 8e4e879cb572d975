package main

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"communique/config"
)

// settle is how long files must stay as they are before they are read: editors
// and deployments write in steps.
const settle = 200 * time.Millisecond

// watch tells when files of the configuration have changed. It watches the
// folders that they are in: editors put another file in the place of the old
// one, and Kubernetes another link, and a watch on the file itself would stay
// with what is gone.
type watch struct {
	log     *slog.Logger
	changed chan struct{}
	notify  *fsnotify.Watcher // nil when the system gives none
	done    sync.WaitGroup

	mu    sync.Mutex
	files []string
	dirs  map[string]bool // watched
	seen  [sha256.Size]byte
}

func newWatch(log *slog.Logger) *watch {
	w := &watch{log: log, changed: make(chan struct{}, 1), dirs: map[string]bool{}}
	var err error
	if w.notify, err = fsnotify.NewWatcher(); err != nil {
		w.notify = nil
		log.Warn("files are not watched; say `communique reload` after a change", "err", err)
		return w
	}
	w.done.Go(w.run)
	return w
}

func (w *watch) close() {
	if w.notify != nil {
		_ = w.notify.Close() // nothing depends on it any more
	}
	w.done.Wait()
}

// follow watches the files of a configuration from now on.
func (w *watch) follow(cfg *config.Config) {
	if w.notify == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = nil
	if cfg.Watch {
		w.files = cfg.Files
	}
	dirs := map[string]bool{}
	for _, f := range w.files {
		dirs[filepath.Dir(f)] = true
		if real, err := filepath.EvalSymlinks(f); err == nil {
			dirs[filepath.Dir(real)] = true
		}
	}
	for _, pattern := range cfg.Include {
		if len(w.files) == 0 {
			break
		}
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(w.files[0]), pattern)
		}
		if dir := filepath.Dir(pattern); !strings.ContainsAny(dir, "*?[") {
			dirs[dir] = true // a file may come that the pattern is for
		}
	}
	for dir := range w.dirs {
		if !dirs[dir] {
			_ = w.notify.Remove(dir) // it may be gone
			delete(w.dirs, dir)
		}
	}
	for dir := range dirs {
		// Also what is watched already: it may be another folder of the same name.
		if err := w.notify.Add(dir); err != nil {
			w.log.Warn("a folder of the configuration is not watched; say `communique reload` after a change", "dir", dir, "err", err)
			continue
		}
		w.dirs[dir] = true
	}
	w.seen = w.look()
}

// look gives a mark of what the files say and which there are; the lock is held.
func (w *watch) look() (mark [sha256.Size]byte) {
	h := sha256.New()
	for _, f := range w.files {
		b, err := os.ReadFile(f)
		fmt.Fprintf(h, "%q %d %v\n", f, len(b), err)
		h.Write(b)
	}
	names := map[string]bool{}
	for dir := range w.dirs {
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is a good one
			for _, f := range found {
				names[f] = true
			}
		}
	}
	for _, f := range sorted(names) {
		fmt.Fprintf(h, "%q\n", f)
	}
	copy(mark[:], h.Sum(nil))
	return mark
}

// run waits for events, then for the files to settle, and tells when they are
// others than before.
func (w *watch) run() {
	timer := time.NewTimer(0)
	if !timer.Stop() {
		<-timer.C
	}
	waiting := false
	var last [sha256.Size]byte
	for {
		select {
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if waiting || e.Op == fsnotify.Chmod || strings.HasSuffix(e.Name, ".db") { // a store beside the file is written all the time
				continue
			}
			waiting = true
			w.mu.Lock()
			last = w.look()
			w.mu.Unlock()
			timer.Reset(settle)
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			w.log.Warn("watching the configuration", "err", err)
		case <-timer.C:
			w.mu.Lock()
			now := w.look()
			if now != last {
				last = now
				timer.Reset(settle)
				w.mu.Unlock()
				continue
			}
			waiting = false
			news := now != w.seen
			w.seen = now
			w.mu.Unlock()
			if news {
				select {
				case w.changed <- struct{}{}:
				default: // it is known already
				}
			}
		}
	}
}

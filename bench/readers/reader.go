package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// reader is somebody's program that reads feeds.
type reader interface {
	name() string
	packages() []string // of Debian
	programs() []string
	reads(format string) bool
	open(dir string, feeds map[string]string) error // subscribes to an address for each format
	reload(*service) error                          // asks for all feeds
	shows(format string) ([]entry, error)           // what it holds of the feed in that format
	markAllRead() error
	validates() int // the number of the request, from 0, from which on it holds validators
	follows() bool  // whether it shows what a correction changed
	close()
}

// entry is what a reader shows.
type entry struct {
	title, id string
	read      bool
}

// query asks a database of a reader's own, with the program sqlite3.
func query(db, sql string, into any) error {
	cmd := exec.Command("sqlite3", "-json", "-cmd", ".timeout 5000", db, sql)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", db, err, said.String())
	}
	if into == nil || strings.TrimSpace(out.String()) == "" {
		return nil
	}
	return json.Unmarshal(out.Bytes(), into)
}

// newsboat is asked in command mode: it reloads, writes its cache and ends. It
// knows an entry by its id whatever feed it came in, so each format gets a cache of its own.
type newsboat struct{ dir string }

func (*newsboat) name() string             { return "newsboat" }
func (*newsboat) packages() []string       { return []string{"newsboat", "sqlite3"} }
func (*newsboat) programs() []string       { return []string{"newsboat", "sqlite3"} }
func (*newsboat) reads(format string) bool { return format != "json" } // 2.21 knows no JSON Feed

// validates: the first answer's validators it drops, as it stores them where the
// feed has no row yet.
func (*newsboat) validates() int { return 2 }
func (*newsboat) follows() bool  { return true }
func (*newsboat) close()         {}

func (n *newsboat) open(dir string, feeds map[string]string) error {
	n.dir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(n.file("config"), []byte("download-retries 1\n"), 0o644); err != nil {
		return err
	}
	for format, feed := range feeds {
		if err := os.WriteFile(n.file(format+".urls"), []byte(feed+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (n *newsboat) file(name string) string { return filepath.Join(n.dir, name) }

func (n *newsboat) command(format string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	args = append([]string{"-C", n.file("config"), "-u", n.file(format + ".urls"), "-c", n.file(format + ".db")}, args...)
	cmd := exec.CommandContext(ctx, "newsboat", args...)
	cmd.Env = append(os.Environ(), "HOME="+n.dir, "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("newsboat %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (n *newsboat) reload(*service) error {
	for _, format := range formats {
		if n.reads(format) {
			if err := n.command(format, "-x", "reload"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *newsboat) shows(format string) ([]entry, error) {
	var rows []struct {
		GUID, Title string
		Unread      int
	}
	err := query(n.file(format+".db"), "select guid as GUID, title as Title, unread as Unread from rss_item where deleted = 0", &rows)
	var shown []entry
	for _, r := range rows {
		shown = append(shown, entry{title: r.Title, id: r.GUID, read: r.Unread == 0})
	}
	return shown, err
}

// markAllRead tells it by its own import of what was read elsewhere.
func (n *newsboat) markAllRead() error {
	for _, format := range formats {
		if !n.reads(format) {
			continue
		}
		shown, err := n.shows(format)
		if err != nil {
			return err
		}
		var list strings.Builder
		for _, e := range shown {
			list.WriteString(e.id + "\n")
		}
		if err := os.WriteFile(n.file("read"), []byte(list.String()), 0o644); err != nil {
			return err
		}
		if err := n.command(format, "-I", n.file("read")); err != nil {
			return err
		}
	}
	return nil
}

// liferea runs on a virtual screen and a session bus of its own, by which it is
// told to update. Its list of subscriptions is written as it writes it itself.
type liferea struct {
	dir string
	cmd *exec.Cmd
}

func (*liferea) name() string { return "liferea" }
func (*liferea) packages() []string {
	return []string{"liferea", "xvfb", "xauth", "dbus", "sqlite3"}
}
func (*liferea) programs() []string {
	return []string{"liferea", "xvfb-run", "dbus-run-session", "dbus-send", "sqlite3"}
}
func (*liferea) reads(format string) bool { return format != "json" } // 1.14 knows no JSON Feed
func (*liferea) validates() int           { return 1 }

// follows: an entry whose id it knows it leaves as it came first, whatever the feed.
func (*liferea) follows() bool { return false }

func (l *liferea) open(dir string, feeds map[string]string) error {
	l.dir = dir
	conf := filepath.Join(dir, ".config", "liferea")
	for _, d := range []string{conf, filepath.Join(dir, "run")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?>\n<opml version=\"1.0\"><head><title>Liferea Feed List Export</title></head><body>\n")
	for i, format := range formats {
		if l.reads(format) {
			// An interval has to be there: without one it updates by hand only.
			fmt.Fprintf(&b, "<outline title=\"%s\" text=\"%[1]s\" description=\"%[1]s\" type=\"rss\" htmlUrl=\"\" xmlUrl=\"%s\" id=\"abcde%02d\" sortColumn=\"time\" updateInterval=\"60\"/>\n", format, feeds[format], i)
		}
	}
	b.WriteString("</body></opml>\n")
	return os.WriteFile(filepath.Join(conf, "feedlist.opml"), []byte(b.String()), 0o600)
}

func (l *liferea) environment(more ...string) []string {
	return append(append(os.Environ(), "HOME="+l.dir, "XDG_CONFIG_HOME="+l.dir+"/.config", "XDG_DATA_HOME="+l.dir+"/.local/share", "XDG_CACHE_HOME="+l.dir+"/.cache",
		// Without a network it would think that it is offline; settings stay in memory.
		"XDG_RUNTIME_DIR="+l.dir+"/run", "GSETTINGS_BACKEND=memory", "GIO_USE_NETWORK_MONITOR=base", "LC_ALL=C.UTF-8", "NO_AT_BRIDGE=1", "LIBGL_ALWAYS_SOFTWARE=1"), more...)
}

// reload starts it, which updates all feeds, or tells the running one to.
func (l *liferea) reload(s *service) error {
	bus := filepath.Join(l.dir, "bus")
	if l.cmd == nil {
		said, err := os.Create(filepath.Join(l.dir, "said"))
		if err != nil {
			return err
		}
		defer said.Close() // the child has its own
		l.cmd = exec.Command("dbus-run-session", "--", "sh", "-c", `echo "$DBUS_SESSION_BUS_ADDRESS" >"$0" && exec xvfb-run -a liferea -p`, bus)
		l.cmd.Env, l.cmd.Stdout, l.cmd.Stderr = l.environment(), said, said
		l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := l.cmd.Start(); err != nil {
			return err
		}
	} else {
		address, err := os.ReadFile(bus)
		if err != nil {
			return err
		}
		cmd := exec.Command("dbus-send", "--session", "--print-reply", "--dest=org.gnome.feed.Reader", "/org/gnome/feed/Reader", "org.gnome.feed.Reader.Refresh")
		cmd.Env = l.environment("DBUS_SESSION_BUS_ADDRESS=" + strings.TrimSpace(string(address)))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("liferea does not refresh: %w\n%s", err, out)
		}
	}
	want := 0
	for _, format := range formats {
		if l.reads(format) {
			want++
		}
	}
	deadline := time.Now().Add(patience)
	for s.fetched() < want && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	if n := s.fetched(); n < want {
		said, _ := os.ReadFile(filepath.Join(l.dir, "said"))
		return fmt.Errorf("it asked for %d of %d feeds in %s\n%s", n, want, patience, said)
	}
	time.Sleep(3 * time.Second) // it stores what came when it is idle
	return nil
}

func (l *liferea) close() {
	if l.cmd != nil {
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGTERM) // the group that we made
		_ = l.cmd.Wait()
		l.cmd = nil
	}
}

func (l *liferea) db() string {
	return filepath.Join(l.dir, ".local", "share", "liferea", "liferea.db")
}

func (l *liferea) shows(format string) ([]entry, error) {
	var rows []struct {
		ID, Title string
		Read      int
	}
	err := query(l.db(), fmt.Sprintf("select i.source_id as ID, i.title as Title, i.read as Read from items i join subscription s on s.node_id = i.node_id where s.source like '%%/all.%s' and i.comment = 0", format), &rows)
	var shown []entry
	for _, r := range rows {
		shown = append(shown, entry{title: r.Title, id: r.ID, read: r.Read == 1})
	}
	return shown, err
}

// markAllRead writes its database, as its own "mark all as read" does.
func (l *liferea) markAllRead() error {
	return query(l.db(), "update items set read = 1, updated = 0", nil)
}

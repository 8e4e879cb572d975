package main

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestServeTellsTheServiceManager listens where systemd would.
func TestServeTellsTheServiceManager(t *testing.T) {
	dir, err := os.MkdirTemp("", "notify") // a socket's path is 107 octets at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "200000")
	watchdogs := 0
	await := func(want string) {
		t.Helper()
		if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		for {
			b := make([]byte, 1024)
			n, err := socket.Read(b)
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			switch got := string(b[:n]); got {
			case want:
				return
			case "WATCHDOG=1":
				watchdogs++
			default:
				t.Fatalf("told %q, want %s", got, want)
			}
		}
	}

	w := newWorld(t)
	w.config(t, "communique.yaml", anyPorts, "harbour")
	d := start(t, w.dir, "serve")
	await("READY=1")
	page(t, d.out.await(t, `^listening on (http://\S+)$`)+"/feeds/all.atom") // it is ready when it says so
	await("WATCHDOG=1")
	await("WATCHDOG=1")
	d.signal(syscall.SIGHUP)
	await("RELOADING=1")
	await("READY=1")

	// A configuration that is wrong leaves the service as it was: ready.
	write(t, filepath.Join(w.dir, "communique.yaml"), "sorces: []\n")
	d.signal(syscall.SIGHUP)
	await("RELOADING=1")
	await("READY=1")
	d.signal(syscall.SIGTERM)
	await("STOPPING=1")
	if code := d.exit(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

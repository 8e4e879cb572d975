package storage_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// cpuTime is what the process used so far, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wrote is how many octets the process handed to write calls so far.
func wrote() int64 {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	var n int64
	if _, after, ok := strings.Cut(string(b), "wchar: "); ok {
		fmt.Sscan(after, &n)
	}
	return n
}

func wroteSince(n int64) int64 { return wrote() - n }

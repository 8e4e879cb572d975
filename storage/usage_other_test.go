//go:build !linux

package storage_test

import "time"

// Elsewhere the benchmarks report no CPU time and no octets written.

func cpuTime() time.Duration { return 0 }

func wrote() int64 { return 0 }

func wroteSince(int64) int64 { return 0 }

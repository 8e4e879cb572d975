package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// What may become garbage before it is collected: this much, and a share of
// what lives. A share alone (GOGC) suits no size: where little lives, memory is
// looked through several times a second under load, in a pull a hundred times;
// where much does, it is the window of dedup, which has hardly a pointer in it,
// so that to look through it more often costs next to nothing.
const (
	spareOctets  = 16 << 20
	sparePercent = 20
)

// paceGarbage keeps the collector to that, unless the operator said GOGC or
// GOMEMLIMIT (https://go.dev/doc/gc-guide).
func paceGarbage() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	// Before the first collection nothing is known to live, and Go takes 4 MB.
	debug.SetGCPercent(spareOctets / (4 << 20) * 100)
	afterNextCollection()
}

// afterNextCollection sets the pace anew each time that garbage has been
// collected: a token that nobody holds is collected with it.
func afterNextCollection() {
	type token struct{ _ *byte } // a pointer, or it might share its block with what lives
	runtime.AddCleanup(new(token), func(struct{}) {
		debug.SetGCPercent(gcPercent(liveOctets()))
		afterNextCollection()
	}, struct{}{})
}

// gcPercent gives the GOGC at which spareOctets and sparePercent of what lives,
// in octets, may be garbage.
func gcPercent(live uint64) int {
	return sparePercent + int(100*spareOctets/max(live, 1<<20))
}

// liveOctets gives what the last collection left.
func liveOctets() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

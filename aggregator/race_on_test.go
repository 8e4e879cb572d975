//go:build race

package aggregator

// underRace is set where everything takes ten times as long.
const underRace = true

package normalize

import (
	"testing"

	"communique/feeds"
)

// Never edit, only add: the hash is stored with every copy, and another one makes a
// correction of each.
func TestNoticedStays(t *testing.T) {
	d := &feeds.Draft{}
	d.Title, d.Link, d.Canonical = "Schiffe – السفن", "https://harbour.example/1?utm=x", "https://harbour.example/1"
	d.Enclosures = []feeds.Enclosure{{URL: "https://harbour.example/a.mp3"}}
	if got, want := noticed(d, "In short.", "<p>All of it.</p>"), uint64(0xf16dca0f3a835521); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}

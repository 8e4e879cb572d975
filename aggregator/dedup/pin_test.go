package dedup

import (
	"testing"

	"communique/feeds"
)

// Never edit, only add: keys and features that are stored are compared with these.
func TestHashesStay(t *testing.T) {
	if got, want := hash64('w', "Grenzübertritt"), uint64(0x81b54555163d28ff); got != want {
		t.Errorf("hash64: %#x, want %#x", got, want)
	}
	if got, want := hashBytes('k', []byte("https://harbour.example/1")), uint32(0xeb1737bc); got != want {
		t.Errorf("hashBytes: %#x, want %#x", got, want)
	}
	var k desk
	r := k.read("en", &feeds.TextView{Title: "Ships are late at the Harbour", Body: "The ships of the fleet are late again, said 40 captains."}, false)
	var of uint64
	for _, s := range shinglesOf(r.tokens) {
		of = of*31 + uint64(s)
	}
	if want := uint64(0x84406b57b6886484); of != want {
		t.Errorf("shingles: %#x, want %#x", of, want)
	}
	if got, want := LinkKey("https://harbour.example/1").Hash, uint64(0xf1312edcce192dd6); got != want {
		t.Errorf("LinkKey: %#x, want %#x", got, want)
	}
}

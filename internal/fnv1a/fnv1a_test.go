package fnv1a

import (
	"hash/fnv"
	"testing"
)

func TestItIsFNV1a(t *testing.T) {
	for text, want := range map[string]uint64{"": 0xcbf29ce484222325, "a": 0xaf63dc4c8601ec8c, "foobar": 0x85944171f73967e8} { // its authors' own
		if got := Text(Seed, text); got != want {
			t.Errorf("%q: %#x, want %#x", text, got, want)
		}
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	std := fnv.New64a()
	std.Write(all)
	one := Seed
	for _, b := range all {
		one = Add(one, uint64(b))
	}
	if Text(Seed, all) != std.Sum64() || one != std.Sum64() {
		t.Errorf("Text %#x, Add %#x, want %#x", Text(Seed, all), one, std.Sum64())
	}
}

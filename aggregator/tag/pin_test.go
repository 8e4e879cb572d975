package tag

import "testing"

// Never edit, only add.
func TestHashOfAWordStays(t *testing.T) {
	if got, want := hashWord([]rune("grenzübertritt")), uint64(0xf69ae328864d9733); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
}

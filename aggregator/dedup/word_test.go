package dedup

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReasonsAreShortAndKeepWhatDecided(t *testing.T) {
	long := strings.Repeat("évidence ", 80)
	for _, x := range []struct{ why, against string }{
		{"", ""}, {"near", ""}, {"near", "far"}, {long, ""}, {long, "far"}, {"near", long}, {long, long},
	} {
		got := worded(x.why, x.against)
		if len(got) > longestWhy || !utf8.ValidString(got) {
			t.Errorf("%d bytes, want at most %d of valid UTF-8: %q", len(got), longestWhy, got)
		}
		if x.against != "" && !strings.Contains(got, "; "+x.against[:3]) {
			t.Errorf("%q does not say what spoke against it", got)
		}
	}
	if got, want := worded("near", "far"), "near; far"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

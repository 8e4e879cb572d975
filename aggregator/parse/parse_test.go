package parse

import (
	"errors"
	"testing"
)

func TestParseSaysWhatIsNoFeed(t *testing.T) {
	for class, body := range map[string]string{
		"empty":    " \n\t",
		"html":     "<!DOCTYPE html><html><head><title>Moved</title></head><body>Sorry</body></html>",
		"not-feed": `{"error": "no such page"}`,
	} {
		_, err := Parse([]byte(body), Options{})
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrNotFeed) || e.Class != class {
			t.Errorf("Parse(%q) gave %v, want class %q", body, err, class)
		}
	}
}

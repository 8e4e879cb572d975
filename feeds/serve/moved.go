package serve

import (
	"fmt"
	"net/http"
	"strings"
)

// moved says what has become of a feed that went by the name of the address
// before: a *redirect to what it is called now, a *refusal when it was taken
// away; nil for any other address. It holds for every place that a feed has an
// address in.
func (s *Server) moved(path, rawQuery string) error {
	if len(s.was) == 0 && len(s.removed) == 0 {
		return nil
	}
	for _, place := range []string{"/feeds/", "/archive/", "/embed/"} {
		rest, in := strings.CutPrefix(path, place)
		if !in {
			continue
		}
		name := rest
		if end := strings.IndexAny(rest, "./"); end >= 0 {
			name = rest[:end]
		}
		now, err := s.called(name)
		if err != nil {
			return err
		}
		if now != name {
			return &redirect{status: http.StatusMovedPermanently, path: place + now + rest[len(name):] + query(rawQuery)}
		}
	}
	return nil
}

// called gives what a feed is called now, which may be what it was called before.
// The error says that it was taken away.
func (s *Server) called(name string) (string, error) {
	lower := strings.ToLower(name)
	if now, renamed := s.was[lower]; renamed {
		return now, nil
	}
	if s.removed[lower] {
		return "", refuse(http.StatusGone, fmt.Sprintf("the feed %q was taken away by its publisher and will not come back", lower), s.names()...).as("reason.feed-gone", "name", lower)
	}
	return name, nil
}

package serve

import (
	"fmt"
	"strings"

	"communique/feeds"
)

// Visible gives the statements that the current document of any published feed
// shows: those of every feed that is listed, in every language that there is one
// in. It reads all of them anew.
func (s *Server) Visible() (map[feeds.StatementID]bool, error) {
	groups, _, err := s.published(s.own())
	if err != nil {
		return nil, err
	}
	private := group{}
	for _, n := range s.private.named {
		private.feeds = append(private.feeds, listed{Feed: s.titled(n)})
	}
	out := map[feeds.StatementID]bool{}
	for _, g := range append(groups, private) {
		for _, l := range g.feeds {
			f := l.Feed
			if tag, one := strings.CutPrefix(f.RawQuery, "lang="); one {
				f.Query.Languages = []string{tag} // listed as a link
			}
			sel, err := s.standing(f)
			if err != nil {
				return nil, fmt.Errorf("feed %s: %w", f.Path, err)
			}
			for _, id := range sel.ids {
				out[id] = true
			}
		}
	}
	return out, nil
}

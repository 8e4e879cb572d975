package incidents

import (
	"time"

	"communique/feeds"
)

// Share watches what part of what is counted went wrong lately.
type Share struct {
	As     feeds.Incident
	Count  func() (all, wrong uint64) // since the start
	Limit  float64                    // from which it is trouble
	Window time.Duration              // that is looked at
	After  time.Duration              // see Trouble

	looks []look // the oldest first
}

type look struct {
	at         time.Time
	all, wrong uint64
}

// Found looks; it is to be called from time to time, by one at a time.
func (s *Share) Found(now time.Time) []Trouble {
	is := look{at: now}
	is.all, is.wrong = s.Count()
	for len(s.looks) > 1 && now.Sub(s.looks[1].at) >= s.Window {
		s.looks = s.looks[1:]
	}
	if n := len(s.looks); n == 0 || now.Sub(s.looks[n-1].at) >= s.Window/16 { // webhooks have looks made often
		s.looks = append(s.looks, is)
	}
	was := s.looks[0]
	t := Trouble{Incident: s.As, After: s.After, Unsure: now.Sub(was.at) < s.Window} // nobody knows what was before the start
	if float64(is.wrong-was.wrong) > s.Limit*float64(is.all-was.all) {
		t.Unsure = false
	} else if !t.Unsure {
		return nil
	}
	return []Trouble{t}
}

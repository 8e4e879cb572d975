package schedule

import (
	"fmt"
	"strings"
	"time"

	"communique/feeds"
	"communique/internal/fnv1a"
)

// Defaults of a Visit and limits of what a publisher may ask.
const (
	DefaultFloor   = 5 * time.Minute
	DefaultCeiling = 24 * time.Hour

	// LongestAsked is the longest that Retry-After is obeyed: longer is a
	// mistake or a broken clock, and a week is a pause that somebody notices.
	LongestAsked = 7 * 24 * time.Hour

	// instants is how exactly a cron expression is kept: a source comes up to
	// this much after its minute has begun, so that those of one expression do
	// not all come in its first second.
	instants = 30 * time.Second

	// retryAfter begins every rule in which Retry-After counts, also where other
	// words come after it: a restart knows by it that the time stands.
	retryAfter = "Retry-After"
)

// Visit is what is known when a visit to a source has ended.
type Visit struct {
	Source   feeds.SourceID
	Now      time.Time // when it ended
	Schedule Schedule
	Floor    time.Duration // shortest time between two visits; 0 means DefaultFloor
	Ceiling  time.Duration // longest, see the package comment; 0 means DefaultCeiling

	Hints      feeds.Hints
	Failures   int           // in a row, this visit included; 0 when it went well
	Class      string        // of the failure: fetch's or parse's word
	Status     int           // HTTP status, 0 when there was no answer
	RetryAfter time.Duration // as the origin asked, on whatever status
	Gone       bool          // 410

	Gaps []uint32  // minutes between the latest new items, see Learn
	News time.Time // when the source last had something new; zero when unknown

	Pushed bool // a hub tells us of its news: visits are only a proof that it does
}

// Next says when the source is due again and which rule won, for people:
// "adaptive 45m", "max-age 1h", "Retry-After 15m", "back-off 4h after 6
// failures". The time is never before Now plus Floor, nor before what
// Retry-After asks (LongestAsked at most). It is zero, which means never, only
// for a source that is gone.
//
// It is a function of its argument alone. So when the configuration changes,
// asking again with the values of the last visit gives the time under the new
// one; only a time whose rule begins with "Retry-After" has to stand.
func Next(v Visit) (due time.Time, rule string) {
	if v.Gone {
		return time.Time{}, "gone"
	}
	if v.Floor <= 0 {
		v.Floor = DefaultFloor
	}
	if v.Ceiling <= 0 {
		v.Ceiling = DefaultCeiling
	}
	v.Ceiling = max(v.Ceiling, v.Floor)

	wait, rule := v.wait()
	if v.Schedule.clock != nil {
		// The first activation that all the waiting leaves standing: a visit that
		// has to be put off joins the next one, as its hour may have been chosen.
		earliest := v.Now.Add(wait)
		due = v.Schedule.Next(earliest.Add(-time.Nanosecond))
		if wait == 0 {
			rule = "cron " + v.Schedule.expr
			due = v.Schedule.Next(v.Now)
		}
		due = due.Add(Jitter(v.Source, 0, instants))
		// An early activation is late rather than lost.
		return later(due, v.Now.Add(v.Floor)), rule
	}
	due = v.Now.Add(wait).Add(Jitter(v.Source, uint64(v.Failures), spread(wait)))
	if open, why := skip(due, v.Hints); why != "" {
		// Everybody who skips this hour comes back in the same minute, so spread.
		due = open.Add(Jitter(v.Source, 0, 10*time.Minute))
		if !strings.HasPrefix(rule, retryAfter) {
			rule = ""
		}
		rule = strings.TrimPrefix(rule+", "+why, ", ")
	}
	return due, rule
}

// wait gives how long to wait at least, and why. For a cron expression that
// nothing holds up it is 0.
func (v Visit) wait() (time.Duration, string) {
	wait, rule := v.rhythm()
	if v.Failures > 0 {
		wait = backOff(v)
		plural := "s"
		if v.Failures == 1 {
			plural = ""
		}
		rule = fmt.Sprintf("back-off %s after %d failure%s", Short(wait), v.Failures, plural)
	}
	if asked := min(v.RetryAfter, LongestAsked); asked > 0 && asked >= wait {
		wait, rule = max(asked, v.Floor), retryAfter+" "+Short(v.RetryAfter)
		if asked < v.RetryAfter {
			rule += ", of which " + Short(asked) + " at most"
		}
	}
	return wait, rule
}

// rhythm gives the wait of a source that is well: the operator's interval or
// the learned one, lengthened by what the publisher says.
func (v Visit) rhythm() (time.Duration, string) {
	if v.Schedule.clock != nil {
		return 0, ""
	}
	wait, rule, ceiling := v.Schedule.every, "every ", v.Ceiling
	if v.Schedule.IsAdaptive() {
		wait, rule = adaptive(v.Gaps, v.Now, v.News), "adaptive "
		wait = min(max(wait, v.Floor), v.Ceiling)
	} else {
		ceiling = max(ceiling, wait) // an operator may want a source monthly
	}
	if v.Pushed {
		wait, rule = max(wait, v.Ceiling), "pushed "
	}
	if wait < v.Floor {
		wait, rule = v.Floor, "floor "
	}
	rule += Short(wait)
	for _, hint := range [...]struct {
		name string
		wait time.Duration
	}{{"max-age", v.Hints.FreshFor}, {"ttl", v.Hints.TTL}, {"sy:updatePeriod", v.Hints.UpdatePeriod}} {
		if capped := min(hint.wait, ceiling); capped > wait {
			wait, rule = capped, hint.name+" "+Short(capped)
			if capped < hint.wait {
				rule += " (ceiling; asked " + Short(hint.wait) + ")"
			}
		}
	}
	return wait, rule
}

// spread gives the window that jitter may lengthen a wait by: a tenth, half an
// hour at most.
func spread(wait time.Duration) time.Duration { return min(wait/10, 30*time.Minute) }

// skip gives the first moment from due on that lies in none of the hours and
// days (UTC) on which the publisher does not want to be asked: due itself or
// the start of an hour, at most seven days later, with the word that put it
// off, "" when none did. Words that leave no hour or no day are a mistake.
func skip(due time.Time, h feeds.Hints) (time.Time, string) {
	var hours uint32
	var days uint8
	for _, n := range h.SkipHours {
		if n >= 0 && n <= 24 { // RSS 0.91 counts from 1 to 24
			hours |= 1 << (n % 24)
		}
	}
	for _, n := range h.SkipDays {
		if n >= 0 && n < 7 {
			days |= 1 << n
		}
	}
	if hours == 1<<24-1 {
		hours = 0
	}
	if days == 1<<7-1 {
		days = 0
	}
	why := ""
	for at := due.UTC(); ; at = at.Truncate(time.Hour).Add(time.Hour) {
		switch {
		case days&(1<<at.Weekday()) != 0:
			why = "skipDays"
		case hours&(1<<at.Hour()) != 0:
			if why == "" {
				why = "skipHours"
			}
		default:
			return at, why
		}
	}
}

// First says when to visit a source that was never visited: within the window,
// wherever its id falls, so that a thousand new sources make no burst. That
// holds for every schedule, also for a cron expression whose hour is far:
// until the first visit there is nothing to show. An interval shorter than the
// window shortens it.
func First(id feeds.SourceID, now time.Time, s Schedule, window time.Duration) time.Time {
	if s.every > 0 {
		window = min(window, s.every)
	}
	return now.Add(Jitter(id, 0, window))
}

// Resume says when to visit a source after a restart, given when it was due:
// then, if that is still to come; else once, within the window from now,
// however many visits were missed. A zero due is taken for long ago.
func Resume(id feeds.SourceID, now, due time.Time, window time.Duration) time.Time {
	if due.After(now) {
		return due
	}
	return now.Add(Jitter(id, 0, window))
}

// Jitter gives a time in [0, window), the same whenever the source and the
// round are the same, spread evenly over the sources.
func Jitter(id feeds.SourceID, round uint64, window time.Duration) time.Duration {
	if window <= 0 {
		return 0
	}
	h := fnv1a.Text(fnv1a.Seed, id)
	// Ids are short and alike; FNV alone leaves neighbours side by side.
	h += round * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	h ^= h >> 31
	return time.Duration(h % uint64(window))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

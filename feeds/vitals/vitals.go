// Package vitals tells how a source does: its state, why, since when, and what
// to do. It is a function of what was said after visits and of the time, so that
// pages, metrics and the engine agree. It keeps nothing.
//
// Start with Of.
package vitals

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"communique/feeds"
)

// State is how a source does, in a word.
type State string

// States, the worst first in States.
const (
	Gone      State = "gone"      // its address answers 410: it is not asked again until that changes
	Broken    State = "broken"    // no valid feed comes
	Blocked   State = "blocked"   // somebody keeps us out: a bot wall, a password, robots.txt
	Throttled State = "throttled" // the origin asks us to wait
	Held      State = "held"      // the flood brake holds back what it says anew
	Stale     State = "stale"     // silent for so long that something is probably wrong
	Moved     State = "moved"     // it answers at another address for good
	Quiet     State = "quiet"     // silent for longer than is usual
	New       State = "new"       // never visited at its address
	OK        State = "ok"
	Off       State = "off" // the operator does not want it
)

// States are all of them, the worst first.
var States = []State{Gone, Broken, Blocked, Throttled, Held, Stale, Moved, Quiet, New, OK, Off}

// IsTrouble reports whether somebody may have to do something about it.
func (s State) IsTrouble() bool {
	switch s {
	case Gone, Broken, Blocked, Throttled, Held, Stale, Moved:
		return true
	}
	return false
}

// Health is how a source does.
type Health struct {
	State  State
	Reason string    // one line for people, "" when all is well; the same while nothing changes
	Since  time.Time // zero when unknown
	Do     string    // what an operator can do; "" for nothing
}

// Source is what the configuration says of a source.
type Source struct {
	URL string // "" for whatever was visited last
	Off bool
}

// How long a source may be silent. Its own rhythm counts, but nobody is called
// stale over a long weekend, and nobody whose rhythm is not known.
const (
	day = 24 * time.Hour

	knownGaps = 4 // from which a rhythm is known

	quietFloor, staleFloor   = 3 * day, 7 * day
	quietFactor, staleFactor = 2, 4
	quietUnknown             = 30 * day
)

// Patience gives after what silence a source with these gaps (minutes, as in
// feeds.Fetched) is quiet and stale; a zero stale is for never, while no rhythm
// is known. It goes by the second longest gap: the
// longest may have been an accident.
func Patience(gaps []uint32) (quiet, stale time.Duration) {
	if len(gaps) < knownGaps {
		return quietUnknown, 0
	}
	gap := usual(gaps)
	return max(quietFactor*gap, quietFloor), max(staleFactor*gap, staleFloor)
}

func usual(gaps []uint32) time.Duration {
	sorted := slices.Sorted(slices.Values(gaps))
	return time.Duration(sorted[len(sorted)-2]) * time.Minute
}

// Of tells how a source does as of now. A zero f is for one that was never
// visited.
func Of(f *feeds.Fetched, s Source, now time.Time) Health {
	switch {
	case s.Off:
		return Health{State: Off, Reason: "the configuration says `enabled: false`"}
	case f.Class == feeds.StoreFault && f.Failures > 0: // of such a visit nothing else may be known
		return failing(f)
	case f.At.IsZero():
		return Health{State: New, Reason: "not visited yet"}
	case s.URL != "" && f.URL != s.URL:
		return Health{State: New, Reason: "not visited yet at its new address"}
	case f.Gone:
		return Health{State: Gone, Reason: "410: the publisher says that the feed is gone for good", Since: cmp.Or(f.Since, f.At),
			Do: "find its new address (`communique discover`), or take the source out; what it told stays"}
	case f.Failures == 1 && passes(f) && !f.Success.IsZero():
		h := wellAnswered(f, now)
		if h.Reason != "" {
			h.Reason += "; "
		}
		h.Reason += "one visit failed (" + f.Class + "), it is tried again"
		return h
	case f.Failures > 0:
		return failing(f)
	}
	return wellAnswered(f, now)
}

// passes reports whether the failure is of a kind that mostly heals by itself.
func passes(f *feeds.Fetched) bool {
	switch f.Class {
	case "timeout", "connect", "protocol", "dns":
		return true
	}
	return f.Status >= 500 && !asksToWait(f)
}

func asksToWait(f *feeds.Fetched) bool {
	return f.Status == 429 || f.Status == 503 && strings.HasPrefix(f.DueRule, "Retry-After")
}

// soft are the failures that HTTP calls a success, by name, and what to do.
var soft = map[string][2]string{
	"empty":    {"an empty body", "tell the publisher if it stays so"},
	"html":     {"an HTML page instead of a feed", "open the address in a browser: the feed may have moved, or a wall or a login stands before it"},
	"not-feed": {"neither feed nor page", "check that the address is that of the feed"},
	"no-items": {"a page on which the rules find no items", "the page has changed, or the rules under `select` are not right; look with `communique source test`"},
	"emptied":  {"a valid feed without a single item, where there were some", "tell the publisher if it stays so"},
	"too-deep": {"a document nested beyond reason", "tell the publisher"},
	"broken":   {"a feed that breaks off or cannot be read", "tell the publisher"},
}

// hard are the failures before there is an answer that can be read.
var hard = map[string][2]string{
	"dns":            {"its host's name does not resolve", "check the host name, and this machine's resolver"},
	"tls":            {"its certificate or handshake is wrong", "tell the publisher, or check this machine's clock"},
	"connect":        {"no connection", "check host and port, or wait"},
	"timeout":        {"no answer in time", "wait; raise `timeout` if it always is slow"},
	"protocol":       {"an answer that is no HTTP, or breaks off", "wait; some bot walls do that, then ask the publisher to let your user agent in"},
	"redirect":       {"redirects that lead nowhere", "correct the address"},
	"policy":         {"an address that our own rules refuse", "correct the address, or open the network with `allow_networks`"},
	"too-large":      {"an answer that is larger than is allowed", "raise `max_body` or `max_wire` if it is right"},
	feeds.StoreFault: {"the store broke its visit off", "see the error: where something cannot be read, stop the daemon, run `communique verify`, then `communique rebuild`, and where that refuses restore the last backup; nothing of the visit is lost"},
	"encoding":       {"a content coding that cannot be read", "tell the publisher"},
}

// failing tells what a run of failures comes to.
func failing(f *feeds.Fetched) Health {
	h := Health{State: Broken, Since: cmp.Or(f.Since, f.At)}
	name := f.Class
	switch {
	case asksToWait(f):
		h.State, name, h.Do = Throttled, fmt.Sprintf("%d: the origin asks us to wait", f.Status), "nothing: it is obeyed. If it stays so, ask less often (`schedule`), or ask the publisher"
	case f.Class == "robots":
		h.State, name, h.Do = Blocked, "robots.txt forbids it", "ask the publisher to let your user agent in, or look for a feed"
	case f.Class == "blocked":
		h.State, name, h.Do = Blocked, "a bot wall", "ask the publisher to let your user agent in"
	case f.Status == 401 || f.Status == 407:
		h.State, name, h.Do = Blocked, fmt.Sprintf("%d: it wants a password", f.Status), "set it in the source's `headers`"
	case f.Status == 403 || f.Status == 444:
		h.State, name, h.Do = Blocked, fmt.Sprintf("%d: we are kept out", f.Status), "ask the publisher to let your user agent in"
	case f.Status == 451:
		h.State, name, h.Do = Blocked, "451: withheld for legal reasons where this machine is", "fetch through a `proxy` elsewhere, or leave it"
	case soft[f.Class][0] != "":
		name, h.Do = soft[f.Class][0], soft[f.Class][1]
	case f.Status == 404:
		name, h.Do = "404: nothing is there", "find its new address with `communique discover`"
	case f.Class == "status":
		name, h.Do = fmt.Sprintf("answers %d", f.Status), "wait, or tell the publisher"
	case hard[f.Class][0] != "":
		name, h.Do = hard[f.Class][0], hard[f.Class][1]
	default:
		if name == "status" || name == "" {
			name = "no valid answer"
		}
		h.Do = "look at the error, or try it with `communique source test`"
	}
	h.Reason = name
	if f.Braked() {
		h.Reason += fmt.Sprintf("; and the flood brake holds %d items back", f.Brake.Items)
	}
	return h
}

// wellAnswered tells how a source does whose last answer was good.
func wellAnswered(f *feeds.Fetched, now time.Time) Health {
	spoke := Spoke(f)
	quiet, stale := Patience(f.Gaps)
	silent := now.Sub(spoke)
	switch {
	case f.Braked():
		return Health{State: Held, Since: f.Brake.Since,
			Reason: fmt.Sprintf("flood: of %d items nearly all were new at once; %d are held back, not published", f.Brake.Of, f.Brake.Items),
			Do:     fmt.Sprintf("look at them with `communique sources held %[1]s`; then publish them with `communique sources release %[1]s`, or never, with `communique sources drop %[1]s`", f.Source)}
	case !spoke.IsZero() && stale > 0 && silent > stale:
		return Health{State: Stale, Since: spoke.Add(stale), Reason: fmt.Sprintf("frozen: valid answers, but nothing new since %s; %s", spoke.UTC().Format(time.DateOnly), rhythm(f.Gaps)),
			Do: "see whether the office publishes elsewhere now (`communique discover`)"}
	case f.MovedTo != "" && f.Moves > 0 && !f.Accepted:
		return Health{State: Moved, Since: cmp.Or(f.MovedAt, f.At), Reason: "moved for good to " + f.MovedTo,
			Do: "put the new address in the configuration, or take it over with `communique sources accept-move`"}
	case f.Proposed() != "":
		return Health{State: Moved, Since: cmp.Or(f.SelfLink.Tried, f.At), Reason: "it calls " + f.Proposed() + " its own address now (self link), and is there",
			Do: "put the new address in the configuration, or take it over with `communique sources accept-move`; it is asked at the old one until then"}
	case !spoke.IsZero() && silent > quiet:
		return Health{State: Quiet, Since: spoke.Add(quiet), Reason: fmt.Sprintf("nothing new since %s; %s", spoke.UTC().Format(time.DateOnly), rhythm(f.Gaps))}
	}
	h := Health{State: OK, Reason: f.Odd}
	if f.Accepted && h.Reason == "" {
		h.Reason = "asked at " + f.MovedTo + ", where it moved"
	}
	if len(f.Spells) > 0 {
		h.Since = f.Spells[0].Ended
	}
	return h
}

func rhythm(gaps []uint32) string {
	if len(gaps) < knownGaps {
		return "its rhythm is not known yet"
	}
	return "new items used to come within " + span(usual(gaps))
}

// Spoke gives when the source last had something new to say, zero when that is
// not known.
func Spoke(f *feeds.Fetched) time.Time {
	if f.Spoke.IsZero() {
		return f.News
	}
	return f.Spoke
}

// span writes how long something takes, roughly.
func span(d time.Duration) string {
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", int(d/day))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	}
	return fmt.Sprintf("%d minutes", int(d/time.Minute))
}

// Incidents gives the latest troubles of a source, newest first: the present
// one, if any, and those that have passed, as far as the source remembers.
func Incidents(f *feeds.Fetched, s Source, now time.Time) []feeds.Incident {
	var out []feeds.Incident
	add := func(s feeds.Spell, do string) {
		out = append(out, feeds.Incident{Subject: feeds.SourceSubject, Name: string(f.Source), State: s.State, Reason: s.Reason, Do: do, Began: s.Began, Ended: s.Ended}.Identified())
	}
	if h := Of(f, s, now); h.State.IsTrouble() {
		add(SpellOf(h), h.Do)
	}
	for _, spell := range f.Spells {
		add(spell, "")
	}
	return out
}

// SpellOf words a trouble that goes on.
func SpellOf(h Health) feeds.Spell {
	return feeds.Spell{State: string(h.State), Reason: clip(h.Reason), Began: h.Since.UTC().Truncate(time.Second)}
}

// mostSpells is how many past troubles a source remembers.
const mostSpells = 4

// Remember notes in f, after a visit, that the trouble which was there before is
// over. It gives f's spells anew and changes none of the old.
func Remember(was Health, f *feeds.Fetched) { RememberAt(was, f, f.At) }

// RememberAt is Remember at a time when no visit was made.
func RememberAt(was Health, f *feeds.Fetched, now time.Time) {
	if !was.State.IsTrouble() { // as nearly always
		return
	}
	if is := Of(f, Source{}, now); is.State.IsTrouble() && is.Since.Equal(was.Since) {
		return
	}
	over := SpellOf(was)
	over.Ended = now.UTC().Truncate(time.Second)
	if was.State == Held && f.Brake != nil && f.Brake.Did != "" {
		over.Reason = clip(fmt.Sprintf("flood: of %d items nearly all were new at once; the %d that were held back were %s%s", f.Brake.Of, f.Brake.Items, f.Brake.Did, byAndWhy(f.Brake)))
	}
	f.Spells = append([]feeds.Spell{over}, f.Spells[:min(len(f.Spells), mostSpells-1)]...)
}

// byAndWhy words who let a brake go, and why.
func byAndWhy(b *feeds.Brake) string {
	out := ""
	if b.By != "" {
		out = " by " + b.By
	}
	if b.Why != "" {
		out += ": " + b.Why
	}
	return out
}

func clip(s string) string {
	if len(s) > 300 {
		return strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// overdue is how late a visit may be: a minute's sleep of the engine's, a queue
// at a slow host.
const overdue = 15 * time.Minute

// IsOverdue reports whether a source should have been visited some time ago,
// which says something of us and not of it.
func IsOverdue(f *feeds.Fetched, now time.Time) bool {
	return !f.NextDue.IsZero() && now.Sub(f.NextDue) > overdue
}

package aggregator

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"communique/aggregator/dedup"
	"communique/aggregator/fetch"
	"communique/aggregator/schedule"
	"communique/feeds"
	"communique/feeds/vitals"
)

// visit is one visit to a source while it goes on: the Fetched that will be
// said about it, begun from the last one, so that a failure leaves the last
// good state as it was.
type visit struct {
	feeds.Fetched
	ask         string // the URL that is asked: the configured one, or where it has moved to for good
	items       int
	isUnchanged bool
	inParts     bool // what the URL gives is but a list of the documents that were read
	retryAfter  time.Duration
	err         error
	was         vitals.Health // before it
	joined      int
	withheld    int
	later       []uint64       // Raw of items that are older than what we have: left for the next visit
	before      feeds.Fetched  // as the last visit left it
	tags        map[string]int // given to new items, by scheme
}

// A move is followed at once but believed only when it has led to a valid feed
// this often and for this long.
const (
	movesToBelieve = 5
	timeToBelieve  = 3 * 24 * time.Hour
)

// readingVersion is to be raised when parse or normalize reads the same bytes
// differently, so that what sources still carry is read again.
const readingVersion = 1

// begin starts a visit from what the last one left.
func begin(s *Source, last feeds.Fetched, now time.Time) visit {
	v := visit{Fetched: last, before: last, ask: s.URL, was: vitals.Of(&last, vitals.Source{URL: s.URL}, now)}
	if last.URL != s.URL { // the operator changed it: what we know is about another address
		v.forgetMove()
		v.Gone = false
	} else if last.Accepted || last.Moves >= movesToBelieve && now.Sub(last.MovedAt) >= timeToBelieve {
		v.ask = last.MovedTo
	}
	v.Source, v.At, v.URL = s.ID, now, s.URL
	v.Status, v.Class, v.Error, v.Bytes, v.New, v.Revised, v.Copies = 0, "", "", 0, 0, 0, 0
	return v
}

// answered notes what is known of any answer, good or bad.
func (v *visit) answered(got *fetch.Response, err error) {
	var fe *fetch.Error
	switch {
	case got != nil:
		v.Status, v.Bytes, v.retryAfter, v.Gone = got.Status, got.Wire, got.RetryAfter, false
	case errors.As(err, &fe):
		v.Status, v.retryAfter = fe.Status, fe.RetryAfter
		// Only the configured address itself can end a source: what a redirect, or a
		// move that we believed, leads to may come and go.
		v.Gone = fe.Status == http.StatusGone && v.ask == v.URL && (fe.At == "" || fe.At == fe.URL)
	}
}

// unchanged ends a visit that brought nothing new. Validators are replaced even
// so: an origin may rotate them while the body stays. They belong to the address
// that gave them.
func (v *visit) unchanged(got *fetch.Response) error {
	v.isUnchanged = true
	v.Final, v.Validators = got.Final, got.Validators
	if v.Odd == oddCut {
		v.Validators = feeds.Validators{} // see good
	}
	if got.FreshSaid || !got.Unchanged { // a 304 that is silent about it changes nothing (RFC 9111 §4.3.4)
		v.Hints.FreshFor = got.FreshFor
	}
	v.succeed(got)
	return nil
}

// oddCut is what is told of a source whose last document was no whole one.
const oddCut = "cut: the document breaks off before its end"

// good takes over a new good state.
func (v *visit) good(got *fetch.Response, doc *feeds.Document, asked, body uint64) {
	v.Final, v.Asked, v.Validators, v.Body = got.Final, asked, got.Validators, body
	v.Odd = ""
	if had := len(v.Fetched.Items) / 8; had >= 10 && 4*len(doc.Raws) <= had && !v.inParts && !doc.Left {
		v.Odd = fmt.Sprintf("shrunken: %d items, where there were %d", len(doc.Raws), had)
	}
	if doc.Cut { // a cache that keeps half of an answer gives it the validators of the whole
		v.Odd, v.Validators = oddCut, feeds.Validators{}
	}
	v.Fetched.Items, v.items = packRaws(doc.Raws), len(doc.Raws)
	if doc.Left || v.inParts { // else the same body, or a 304, would be taken for nothing new
		v.Validators, v.Body = feeds.Validators{}, 0
	}
	v.Hints = hintsOf(doc, got.FreshFor)
	v.succeed(got)
}

// isStale reports whether an item is an older state of a copy than the one that is
// stored, by its publisher's own dates: a server behind the same address, or a cache,
// may lag behind. What the next visit finds there again is what the publisher went
// back to.
func (v *visit) isStale(d *feeds.Draft, old *feeds.Copy) bool {
	return d.Hash != old.Hash && !d.Updated.IsZero() && d.Updated.Before(old.Updated) && !old.Updated.After(v.At) &&
		!rawSet(v.before.Items).has(asPutOff(d.Raw))
}

// asPutOff is the number that a stale item is remembered by: not its own, so that it is
// read again, but one that tells that it was there.
func asPutOff(raw uint64) uint64 { return ^raw }

// putOff has the next visit read the stale items again, should they still be there.
func (v *visit) putOff() {
	if len(v.later) == 0 {
		return
	}
	items := slices.Clone(v.Fetched.Items)
	for i := 0; i+8 <= len(items); i += 8 {
		if raw := binary.LittleEndian.Uint64(items[i:]); slices.Contains(v.later, raw) {
			binary.LittleEndian.PutUint64(items[i:], asPutOff(raw))
		}
	}
	v.Fetched.Items, v.Validators, v.Body = items, feeds.Validators{}, 0
}

func (v *visit) succeed(got *fetch.Response) {
	v.Success, v.Failures, v.Since = v.At, 0, time.Time{}
	switch {
	case v.ask != v.URL && got.Permanent == "": // asked at its new place, and it is there
	case got.Permanent == "":
		v.forgetMove()
	case got.Permanent == v.MovedTo:
		v.Moves++
	default:
		v.MovedTo, v.Moves, v.MovedAt, v.Accepted = got.Permanent, 1, v.At, false
	}
}

// fail ends a visit that gave no valid feed.
func (v *visit) fail(err error) {
	v.err, v.Class, v.Error = err, classOf(err), err.Error()
	if v.Failures == 0 {
		v.Since = v.At
	}
	v.Failures++
	if v.ask != v.URL {
		v.forgetMove() // the new place fails: ask at the configured one again
	}
}

func (v *visit) forgetMove() { v.MovedTo, v.Moves, v.MovedAt, v.Accepted = "", 0, time.Time{}, false }

// finish decides when the source is due again; isPushed says that a hub tells us
// of its news.
func (v *visit) finish(s *Source, took time.Duration, isPushed bool) {
	v.Took = took
	if v.New+v.Copies > 0 {
		v.News = v.At
	}
	v.NextDue, v.DueRule = schedule.Next(s.judge(&v.Fetched, v.retryAfter, isPushed))
	vitals.Remember(v.was, &v.Fetched) // last: it goes by the rule
}

// judge puts together what the schedule goes by.
func (s *Source) judge(f *feeds.Fetched, retryAfter time.Duration, isPushed bool) schedule.Visit {
	return schedule.Visit{
		Source: s.ID, Now: f.At, Schedule: s.Schedule, Floor: s.Floor, Ceiling: s.Ceiling, Hints: f.Hints,
		Failures: f.Failures, Class: f.Class, Status: f.Status, RetryAfter: retryAfter, Gone: f.Gone, Gaps: f.Gaps, News: f.News, Pushed: isPushed,
	}
}

func (v *visit) outcome() Outcome {
	return Outcome{Source: v.Source, Items: v.items, New: v.New, Revised: v.Revised, Copies: v.Copies,
		Unchanged: v.isUnchanged || v.err == nil && v.New+v.Revised+v.Copies+v.withheld == 0,
		Withheld:  v.withheld, Joined: v.joined, Tags: v.tags,
		Status: v.Status, Class: v.Class, Err: v.err, Took: v.Took, Bytes: v.Bytes, NextDue: v.NextDue, Rule: v.DueRule}
}

// learn keeps the rhythm of new items, by the publisher's own dates.
func (v *visit) learn(drafts []feeds.Draft, placed []dedup.Placement) {
	var at []time.Time
	for i := range drafts {
		if p := drafts[i].Published; !placed[i].Seen && !p.IsZero() && !p.After(v.At) {
			at = append(at, p)
		}
	}
	v.Gaps = schedule.Learn(v.Gaps, v.News, at...)
	if v.New+v.Copies == 0 {
		return
	}
	v.Spoke = v.At
	if !v.Baseline && len(at) > 0 { // a feed that ended years ago is not alive because we found it today
		v.Spoke = slices.MaxFunc(at, time.Time.Compare)
	}
}

// hintsOf gathers what the publisher says about coming back.
func hintsOf(doc *feeds.Document, fresh time.Duration) feeds.Hints {
	h := feeds.Hints{FreshFor: fresh, TTL: time.Duration(doc.TTLMinutes) * time.Minute, SkipHours: doc.SkipHours}
	for _, name := range doc.SkipDays {
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == name {
				h.SkipDays = append(h.SkipDays, int(d))
			}
		}
	}
	per := map[string]time.Duration{"hourly": time.Hour, "daily": 24 * time.Hour, "weekly": 7 * 24 * time.Hour, "monthly": 30 * 24 * time.Hour, "yearly": 365 * 24 * time.Hour}[doc.UpdatePeriod]
	h.UpdatePeriod = per / time.Duration(max(1, doc.UpdateFreq))
	return h
}

// originOf describes the source for readers: the operator's words first, then
// the feed's own.
func originOf(s *Source, ch feeds.Channel, v *visit) feeds.Origin {
	o := feeds.Origin{ID: ch.ID, Title: ch.Title, Link: ch.Link, FeedURL: s.URL, Language: ch.Language, Rights: ch.Copyright, Icon: ch.Image}
	if s.Title != "" {
		o.Title = s.Title
	}
	if s.Site != "" {
		o.Link = s.Site
	}
	if s.Credit != "" {
		o.Rights = s.Credit
	}
	if o.ID == "" {
		o.ID = s.URL
	}
	if o.Title == "" {
		o.Title = string(s.ID)
	}
	return o
}

// rawSet tells which items were in the last good body.
type rawSet []byte

func (r rawSet) has(raw uint64) bool {
	for i := 0; i+8 <= len(r); i += 8 {
		if binary.LittleEndian.Uint64(r[i:]) == raw {
			return true
		}
	}
	return false
}

func packRaws(raws []uint64) []byte {
	out := make([]byte, 0, 8*len(raws))
	for _, r := range raws {
		out = binary.LittleEndian.AppendUint64(out, r)
	}
	return out
}

// readingOf changes when the source's settings make us read the same bytes
// differently, so that its items are read again.
func readingOf(s *Source) uint64 {
	return hashOf(fmt.Appendf(nil, "%d %q %q %q %q %q %q %q %q %d %s", readingVersion,
		s.Title, s.Site, s.Language, s.Identity, s.Credit, s.Regions, s.Topics, s.Distrust, s.Priority, s.Reading))
}

// markOf tells a body from the last one of its source (XXH64, the same on every
// machine and for ever). It keeps no secret and guards nothing: who makes two bodies of
// one mark hides from us what need not be published.
func markOf(body []byte) uint64 { return xxhash.Sum64(body) }

// hashOf gives 64 bits of SHA-256, the same on every machine and for ever.
func hashOf(b []byte) uint64 {
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

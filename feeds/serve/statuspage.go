package serve

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"communique/feeds"
	"communique/feeds/vitals"
)

// statusPolicy lets the page load its own styles and icon, and nothing else.
const statusPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

//go:embed assets/status.css
var statusCSS []byte

// How much the page shows; /status.json has all.
const (
	mostRows     = 500
	mostHappened = 6
	daysOfRhythm = 30
)

// statusPage is what the page shows: what is wrong, then what has just happened
// and what comes next, then everything.
type statusPage struct {
	*status
	Now     string
	Tiles   []tile
	Wrong   []sourceRow
	Odd     []sourceRow // well, but worth a look
	Latest  []sourceRow
	Next    []sourceRow
	All     []sourceRow
	Other   []feeds.Incident // that last, of what is no source
	Left    int              // sources that All leaves out
	Overdue int
	Size    string
	Free    string
	Full    int // per cent of the file that is in use
}

// Count is how much is wrong.
func (p *statusPage) Count() int { return len(p.Wrong) + len(p.Other) }

type tile struct {
	State vitals.State
	Count int
}

// sourceRow is a source in words for people.
type sourceRow struct {
	*SourceStatus
	For       string // how long it has been in its state
	Visited   string
	Told      string // what the last visit came to
	Spoke     string
	Due       string
	Rhythm    []float64 // places of its latest items, in a strip of 120
	Described string    // the strip, in words
}

func statusPageOf(st *status, now time.Time) *statusPage {
	p := &statusPage{status: st, Now: now.UTC().Format("2006-01-02 15:04:05"), Size: octets(st.Store.Size)}
	free := int64(st.Store.FreePages) * int64(st.Store.PageSize)
	p.Free = octets(free)
	if st.Store.Size > 0 {
		p.Full = int(100 * (st.Store.Size - free) / st.Store.Size)
	}
	for _, s := range vitals.States {
		if n := st.States[s]; n > 0 {
			p.Tiles = append(p.Tiles, tile{s, n})
		}
	}
	rows := make([]sourceRow, len(st.Sources))
	for i := range st.Sources {
		rows[i] = rowOf(&st.Sources[i], now)
	}
	slices.SortStableFunc(rows, func(a, b sourceRow) int {
		return cmp.Compare(slices.Index(vitals.States, a.State), slices.Index(vitals.States, b.State))
	})
	p.All = rows[:min(len(rows), mostRows)]
	p.Left = len(rows) - len(p.All)
	for _, r := range p.All {
		switch {
		case r.State.IsTrouble():
			p.Wrong = append(p.Wrong, r)
		case r.Reason != "" && r.State != vitals.New && r.State != vitals.Off:
			p.Odd = append(p.Odd, r)
		}
	}
	for _, i := range st.Incidents {
		told := i.State == "unwritable" && st.Stuck != "" || i.State == "damaged" && len(st.Damaged) > 0 // above it
		if i.Open() && !told {
			p.Other = append(p.Other, i)
		}
	}
	pulled := slices.DeleteFunc(slices.Clone(rows), func(r sourceRow) bool { return r.State == vitals.Off || r.last.At.IsZero() })
	slices.SortStableFunc(pulled, func(a, b sourceRow) int { return b.last.At.Compare(a.last.At) })
	p.Latest = slices.Clone(pulled[:min(len(pulled), mostHappened)])
	due := slices.DeleteFunc(pulled, func(r sourceRow) bool { return r.last.NextDue.IsZero() })
	for _, r := range due {
		if vitals.IsOverdue(&r.last, now) {
			p.Overdue++
		}
	}
	slices.SortStableFunc(due, func(a, b sourceRow) int { return a.last.NextDue.Compare(b.last.NextDue) })
	p.Next = due[:min(len(due), mostHappened)]
	return p
}

func rowOf(s *SourceStatus, now time.Time) sourceRow {
	f := &s.last
	r := sourceRow{SourceStatus: s, For: ago(parsed(s.Since), now, ""), Visited: ago(f.At, now, " ago"), Spoke: ago(vitals.Spoke(f), now, " ago")}
	if s.NextDue != "" {
		if r.Due = "now"; f.NextDue.After(now) {
			r.Due = "in " + ago(now, f.NextDue, "")
		}
	}
	switch {
	case f.At.IsZero():
	case f.Failures > 0:
		r.Told = "failed: " + f.Class
	case f.New+f.Copies+f.Revised == 0:
		r.Told = "nothing new"
	default:
		var parts []string
		for _, c := range []struct {
			n    int
			word string
		}{{f.New, "new"}, {f.Copies, "known from others"}, {f.Revised, "changed"}} {
			if c.n > 0 {
				parts = append(parts, strconv.Itoa(c.n)+" "+c.word)
			}
		}
		r.Told = strings.Join(parts, ", ")
	}
	r.Rhythm, r.Described = rhythm(f, now)
	return r
}

// rhythm places a source's latest items on a strip of 120 that ends now.
func rhythm(f *feeds.Fetched, now time.Time) ([]float64, string) {
	at := vitals.Spoke(f)
	if at.IsZero() {
		return nil, "no rhythm is known"
	}
	const width, span = 120, daysOfRhythm * 24 * time.Hour
	var out []float64
	items := 0
	put := func() {
		if back := now.Sub(at); back >= 0 && back <= span {
			items++
			out = append(out, float64(int(10*width*(1-float64(back)/float64(span))))/10)
		}
	}
	put()
	for _, g := range f.Gaps {
		at = at.Add(-time.Duration(g) * time.Minute)
		put()
	}
	return out, fmt.Sprintf("%d times something new in %d days, as far as it is remembered", items, daysOfRhythm)
}

// ago gives how long before now a time was, in its largest unit; "" for never.
func ago(t, now time.Time, suffix string) string {
	if t.IsZero() {
		return ""
	}
	d := max(0, now.Sub(t))
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s" + suffix
	case d < 2*time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min" + suffix
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h" + suffix
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days" + suffix
}

func parsed(stamp string) time.Time {
	t, _ := time.Parse(time.RFC3339, stamp) // zero for ""
	return t
}

// octets gives a size in binary units.
func octets(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

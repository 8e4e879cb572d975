package main

import (
	"fmt"
	"strings"
	"time"
)

// expected is what a reader should show after a step: the beginnings of the
// titles, each of them once, and how many are unread.
type expected struct {
	titles []string
	unread int
}

// step is one change of the world, and what every reader should make of it.
type step struct {
	what   string
	change func(*offices)
	config func(*offices) string
	want   expected
	late   int    // entries that somebody who subscribes now gets
	then   string // "read": everything is marked as read afterwards
	idle   bool   // nothing changed: every request has to be answered 304
}

func steps() []step {
	day := time.Now().UTC().Truncate(time.Hour).Add(-26 * time.Hour)
	at := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
	pinned := func(o *offices) string {
		return fmt.Sprintf("dedup: {pins: [{together: [%q, %q], why: one event}]}\n", o.link("centre", "wells"), o.link("south", "arsenic"))
	}
	return []step{
		{what: "two statements are new", want: expected{[]string{"Bridge at Calanta", "Twelve schools"}, 2}, then: "read", change: func(o *offices) {
			o.say("centre", told{slug: "schools", title: schoolTitle, text: school, published: at(0)})
			o.say("centre", told{slug: "bridge", title: bridgeTitle, text: bridge, published: at(1)})
		}},
		{what: "nothing changed", idle: true, want: expected{[]string{"Bridge at Calanta", "Twelve schools"}, 0}},
		{what: "nothing changed still", idle: true, want: expected{[]string{"Bridge at Calanta", "Twelve schools"}, 0}},
		{what: "another office reprints one", want: expected{[]string{"Bridge at Calanta", "Twelve schools"}, 0}, change: func(o *offices) {
			o.say("south", told{slug: "calanta", title: bridgeTitle, text: bridge, published: at(4)})
		}},
		{what: "a third translates it", want: expected{[]string{"Bridge at Calanta", "Twelve schools"}, 0}, change: func(o *offices) {
			o.say("ouest", told{slug: "pont", title: bridgeFrenchTitle, text: bridgeFrench, published: at(7)})
		}},
		{what: "the first corrects title and text", want: expected{[]string{corrected + "Bridge at Calanta", "Twelve schools"}, 0}, change: func(o *offices) {
			o.say("centre", told{slug: "bridge", title: corrected + bridgeTitle, text: bridgeCorrected, updated: at(9)})
		}},
		{what: "two more statements are new", want: expected{[]string{corrected + "Bridge at Calanta", "Twelve schools", "Ninety wells", "Arsenic"}, 2}, then: "read", change: func(o *offices) {
			o.say("centre", told{slug: "wells", title: wellsTitle, text: wells, published: at(10)})
			o.say("south", told{slug: "arsenic", title: arsenicTitle, text: arsenic, published: at(11)})
		}},
		// What a reader holds it keeps: none of them reads tombstones. What must not
		// happen is that the one that stays comes up again as news.
		{what: "these two turn out to be one", late: 3, config: pinned, want: expected{[]string{corrected + "Bridge at Calanta", "Twelve schools", "Ninety wells", "Arsenic"}, 0}},
		{what: "nothing changed since", idle: true, config: pinned, want: expected{[]string{corrected + "Bridge at Calanta", "Twelve schools", "Ninety wells", "Arsenic"}, 0}},
	}
}

// corrected is how the corrected title begins.
const corrected = "Correction: "

// story goes through the steps with every reader and says what each shows.
func story(s *service, readers []reader) (faults int, err error) {
	for n, st := range steps() {
		if st.change != nil {
			st.change(s.offices)
		}
		more := ""
		if st.config != nil {
			more = st.config(s.offices)
		}
		if err := s.pull(more); err != nil {
			return faults, fmt.Errorf("step %d, %s: %w", n+1, st.what, err)
		}
		fmt.Printf("\n%d. %s\n", n+1, st.what)
		// A restarted service does not know what it said in the second before; real
		// readers come minutes apart.
		time.Sleep(1100 * time.Millisecond)
		if st.late > 0 {
			got, err := s.published()
			if err != nil {
				return faults, err
			}
			if got != st.late {
				fmt.Printf("   FAULT the feed holds %d entries, want %d\n", got, st.late)
				faults++
			}
		}
		for _, r := range readers {
			s.since()
			if err := r.reload(s); err != nil {
				return faults, fmt.Errorf("step %d, %s: %s: %w", n+1, st.what, r.name(), err)
			}
			log := s.since()
			for _, format := range formats {
				if !r.reads(format) {
					continue
				}
				shown, err := r.shows(format)
				if err != nil {
					return faults, fmt.Errorf("step %d, %s: %s: %w", n+1, st.what, r.name(), err)
				}
				said, bad := judge(st, n >= r.validates(), r.follows(), shown, log, format)
				for _, b := range bad {
					fmt.Printf("   FAULT %s, %s: %s\n", r.name(), format, b)
				}
				faults += len(bad)
				fmt.Printf("   %-9s %-5s %s\n", r.name(), format, said)
			}
			if st.then == "read" {
				if err := r.markAllRead(); err != nil {
					return faults, fmt.Errorf("step %d, %s: %s: %w", n+1, st.what, r.name(), err)
				}
			}
		}
	}
	return faults, nil
}

// judge compares what a reader shows with what it should. When it validates, it
// has to ask with the validators of what it holds; when it does not follow
// corrections, the first title will do.
func judge(st step, validates, follows bool, shown []entry, log []asked, format string) (said string, bad []string) {
	unread := 0
	times := make([]int, len(st.want.titles))
	for _, e := range shown {
		if !e.read {
			unread++
		}
		if e.title == bridgeTitle && !follows && strings.HasPrefix(st.want.titles[0], corrected) {
			e.title = corrected + e.title
		}
		known := false
		for i, t := range st.want.titles {
			if strings.HasPrefix(e.title, t) {
				times[i]++
				known = true
			}
		}
		if !known {
			bad = append(bad, fmt.Sprintf("it shows %q", e.title))
		}
	}
	for i, k := range times {
		if k != 1 {
			bad = append(bad, fmt.Sprintf("it shows %q %d times", st.want.titles[i], k))
		}
	}
	if unread != st.want.unread {
		bad = append(bad, fmt.Sprintf("%d are unread, want %d", unread, st.want.unread))
	}
	answers := []string{}
	asks := 0
	for _, a := range log {
		if a.path != "/feeds/all."+format {
			continue
		}
		asks++
		how := "without a validator"
		if a.conditional {
			how = "with a validator"
		}
		answers = append(answers, fmt.Sprintf("asked %s, %d", how, a.status))
		if validates && !a.conditional {
			bad = append(bad, "it asks without a validator for what it holds")
		}
		if st.idle && validates && a.status != 304 {
			bad = append(bad, fmt.Sprintf("nothing changed and it is answered %d", a.status))
		}
	}
	if asks == 0 {
		bad = append(bad, "it did not ask for the feed")
	}
	return fmt.Sprintf("%d entries, %d unread; %s", len(shown), unread, strings.Join(answers, "; ")), bad
}

package schedule

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

var monday = at("2026-03-02T10:07:00Z")

func parse(t testing.TB, expr string) Schedule {
	t.Helper()
	s, err := Parse(expr, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ExampleNext() {
	_, rule := Next(Visit{Source: "harbour", Now: monday, Gaps: []uint32{240, 300, 270}, News: monday})
	fmt.Println(rule)
	_, rule = Next(Visit{Source: "harbour", Now: monday, Hints: feeds.Hints{TTL: 2 * time.Hour}})
	fmt.Println(rule)
	_, rule = Next(Visit{Source: "harbour", Now: monday, Failures: 6, Class: "timeout"})
	fmt.Println(rule)
	// Output:
	// adaptive 45m
	// ttl 2h
	// back-off 5h20m after 6 failures
}

func TestNextRules(t *testing.T) {
	hour := time.Hour
	tests := []struct {
		name    string
		expr    string
		v       Visit
		atLeast time.Duration // and at most a tenth, or half an hour, more
		rule    string
	}{
		{"nothing known", "", Visit{}, hour, "adaptive 1h"},
		{"learned", "", Visit{Gaps: []uint32{60, 60, 600}}, 10 * time.Minute, "adaptive 10m"},
		{"a burst of news is asked no oftener than the floor", "", Visit{Gaps: []uint32{10, 10, 10}}, 5 * time.Minute, "adaptive 5m"},
		{"a rare source is asked daily", "", Visit{Gaps: []uint32{60000, 60000}}, 24 * hour, "adaptive 1d"},
		{"silence thins out", "", Visit{Gaps: []uint32{60, 60}, News: monday.Add(-5 * 24 * hour)}, 10 * hour, "adaptive 10h"},
		{"interval", "15m", Visit{}, 15 * time.Minute, "every 15m"},
		{"interval below the floor", "1m", Visit{}, 5 * time.Minute, "floor 5m"},
		{"interval above the ceiling", "10d", Visit{}, 240 * hour, "every 10d"},
		{"own floor", "1m", Visit{Floor: 30 * time.Second}, time.Minute, "every 1m"},

		{"max-age", "15m", Visit{Hints: feeds.Hints{FreshFor: hour}}, hour, "max-age 1h"},
		{"hints never shorten", "", Visit{Hints: feeds.Hints{FreshFor: time.Second, TTL: time.Minute, UpdatePeriod: 20 * time.Minute}}, hour, "adaptive 1h"},
		{"the longest hint wins", "", Visit{Hints: feeds.Hints{FreshFor: 2 * hour, TTL: 3 * hour, UpdatePeriod: 4 * hour}}, 4 * hour, "sy:updatePeriod 4h"},
		{"a ttl of a year", "", Visit{Hints: feeds.Hints{TTL: 365 * 24 * hour}}, 24 * hour, "ttl 1d (ceiling; asked 365d)"},

		{"first failure", "", Visit{Failures: 1, Class: "timeout"}, 10 * time.Minute, "back-off 10m after 1 failure"},
		{"names heal slower", "", Visit{Failures: 2, Class: "dns"}, 30 * time.Minute, "back-off 30m after 2 failures"},
		{"certificates need a human", "", Visit{Failures: 1, Class: "tls"}, hour, "back-off 1h after 1 failure"},
		{"forbidden", "", Visit{Failures: 1, Class: "status", Status: 403}, 2 * hour, "back-off 2h after 1 failure"},
		{"server error", "", Visit{Failures: 3, Class: "status", Status: 502}, 40 * time.Minute, "back-off 40m after 3 failures"},
		{"never gives up", "", Visit{Failures: 1 << 40, Class: "status", Status: 404}, 24 * hour, "back-off 1d after 1099511627776 failures"},
		{"back-off under a longer interval", "3d", Visit{Failures: 50, Class: "timeout"}, 72 * hour, "back-off 3d after 50 failures"},

		{"asked to wait", "", Visit{Failures: 1, Class: "status", Status: 429, RetryAfter: 15 * time.Minute}, 15 * time.Minute, "Retry-After 15m"},
		{"asked to wait longer than the ceiling", "", Visit{Failures: 1, Status: 503, RetryAfter: 72 * hour}, 72 * hour, "Retry-After 3d"},
		{"asked to wait a year", "", Visit{Failures: 1, Status: 503, RetryAfter: 365 * 24 * hour}, 168 * hour, "Retry-After 365d, of which 7d at most"},
		{"asked to wait a second", "", Visit{Failures: 1, Status: 429, RetryAfter: time.Second}, 5 * time.Minute, "back-off 5m after 1 failure"},
		{"asked again and again", "", Visit{Failures: 4, Status: 429, RetryAfter: 10 * time.Minute}, 40 * time.Minute, "back-off 40m after 4 failures"},
		{"asked although it went well", "15m", Visit{RetryAfter: 2 * hour}, 2 * hour, "Retry-After 2h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.v.Source, tt.v.Now, tt.v.Schedule = "harbour", monday, parse(t, tt.expr)
			due, rule := Next(tt.v)
			got := due.Sub(monday)
			if rule != tt.rule || got < tt.atLeast || got > tt.atLeast+spread(tt.atLeast) {
				t.Errorf("got %s by %q, want %s and up to %s more by %q", got, rule, tt.atLeast, spread(tt.atLeast), tt.rule)
			}
		})
	}
}

func TestNextGoneIsNever(t *testing.T) {
	due, rule := Next(Visit{Source: "harbour", Now: monday, Gone: true, Failures: 3, RetryAfter: time.Hour})
	if !due.IsZero() || rule != "gone" {
		t.Errorf("got %s by %q, want never", due, rule)
	}
}

func TestNextObeysCron(t *testing.T) {
	tests := []struct {
		name string
		v    Visit
		want string
		rule string
	}{
		{"clock time", Visit{}, "2026-03-03T06:00:00Z", "cron 0 6 * * *"},
		{"the operator's word outweighs the publisher's", Visit{Hints: feeds.Hints{TTL: 23 * time.Hour, SkipHours: []int{6}, SkipDays: []int{2}}},
			"2026-03-03T06:00:00Z", "cron 0 6 * * *"},
		{"but not Retry-After", Visit{RetryAfter: 30 * time.Hour}, "2026-03-04T06:00:00Z", "Retry-After 1d6h"},
		{"and not back-off", Visit{Failures: 20, Class: "tls"}, "2026-03-04T06:00:00Z", "back-off 1d after 20 failures"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.v.Source, tt.v.Now, tt.v.Schedule = "harbour", monday, parse(t, "0 6 * * *")
			due, rule := Next(tt.v)
			if late := due.Sub(at(tt.want)); late < 0 || late > instants || rule != tt.rule {
				t.Errorf("got %s by %q, want %s by %q", due.Format(time.RFC3339), rule, tt.want, tt.rule)
			}
		})
	}
	// Asked for oftener than the floor, it comes at the floor, not never.
	due, _ := Next(Visit{Source: "harbour", Now: monday, Schedule: parse(t, "* * * * *")})
	if got := due.Sub(monday); got != DefaultFloor {
		t.Errorf("every minute: due in %s, want the floor", got)
	}
}

func TestNextSkipsHoursAndDays(t *testing.T) {
	all := func(n int) (out []int) {
		for i := range n {
			out = append(out, i)
		}
		return out
	}
	tests := []struct {
		name        string
		now         string
		hours, days []int
		from, to    string // due lies in [from, to)
		rule        string
	}{
		{"hours", "2026-03-02T10:50:00Z", []int{11, 12}, nil, "2026-03-02T13:00:00Z", "2026-03-02T13:10:00Z", "skipHours"},
		{"over midnight", "2026-03-02T22:50:00Z", []int{23, 0, 1}, nil, "2026-03-03T02:00:00Z", "2026-03-03T02:10:00Z", "skipHours"},
		{"counted from 1 to 24", "2026-03-02T23:50:00Z", []int{24}, nil, "2026-03-03T01:00:00Z", "2026-03-03T01:10:00Z", "skipHours"},
		{"weekend", "2026-03-06T23:50:00Z", nil, []int{6, 0}, "2026-03-09T00:00:00Z", "2026-03-09T00:10:00Z", "skipDays"},
		{"weekend and night", "2026-03-06T23:50:00Z", []int{0, 1}, []int{6, 0}, "2026-03-09T02:00:00Z", "2026-03-09T02:10:00Z", "skipDays"},
		{"all but Friday", "2026-03-06T23:50:00Z", nil, []int{6, 0, 1, 2, 3, 4}, "2026-03-13T00:00:00Z", "2026-03-13T00:10:00Z", "skipDays"},
		{"all hours is a mistake", "2026-03-02T10:50:00Z", all(24), nil, "2026-03-02T11:50:00Z", "2026-03-02T11:56:00Z", "adaptive 1h"},
		{"all days is a mistake", "2026-03-02T10:50:00Z", nil, all(7), "2026-03-02T11:50:00Z", "2026-03-02T11:56:00Z", "adaptive 1h"},
		{"nonsense is passed over", "2026-03-02T10:50:00Z", []int{-1, 99, 1 << 40}, []int{-1, 7}, "2026-03-02T11:50:00Z", "2026-03-02T11:56:00Z", "adaptive 1h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			due, rule := Next(Visit{Source: "harbour", Now: at(tt.now).In(time.FixedZone("", 5*3600)),
				Hints: feeds.Hints{SkipHours: tt.hours, SkipDays: tt.days}})
			if due.Before(at(tt.from)) || !due.Before(at(tt.to)) || rule != tt.rule {
				t.Errorf("got %s by %q, want in [%s, %s) by %q", due.UTC().Format(time.RFC3339), rule, tt.from, tt.to, tt.rule)
			}
		})
	}
}

// A restart keeps a time by the rule's first word, so it must not be lost.
func TestNextSaysRetryAfterFirst(t *testing.T) {
	_, rule := Next(Visit{Source: "harbour", Now: at("2026-03-02T10:50:00Z"), RetryAfter: 2 * time.Hour, Hints: feeds.Hints{SkipHours: []int{12, 13}}})
	if rule != "Retry-After 2h, skipHours" {
		t.Errorf("got %q", rule)
	}
}

// What holds for every visit, tried on many that nobody thought of.
func TestNextProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	classes := []string{"", "dns", "tls", "timeout", "status", "html", "blocked", "word of the future"}
	exprs := []Schedule{}
	for _, e := range []string{"adaptive", "15m", "1s", "3d", "*/7 * * * *", "0 6 * * *", "0 0 29 2 *"} {
		exprs = append(exprs, parse(t, e))
	}
	span := func(most time.Duration) time.Duration {
		if r.IntN(3) == 0 {
			return 0
		}
		return time.Duration(r.Int64N(int64(most)))
	}
	ints := func(n int) (out []int) {
		for range r.IntN(n) {
			out = append(out, r.IntN(30)-2)
		}
		return out
	}
	for range 20000 {
		v := Visit{
			Source: feeds.SourceID(fmt.Sprint("s", r.IntN(1000))), Now: monday.Add(span(1000 * 24 * time.Hour)),
			Schedule: exprs[r.IntN(len(exprs))], Floor: span(time.Hour), Ceiling: span(48 * time.Hour),
			Hints: feeds.Hints{FreshFor: span(1000 * time.Hour), TTL: span(1000 * time.Hour), UpdatePeriod: span(1000 * time.Hour),
				SkipHours: ints(10), SkipDays: ints(8)},
			Class: classes[r.IntN(len(classes))], Status: r.IntN(600), RetryAfter: span(400 * time.Hour),
		}
		if r.IntN(2) == 0 {
			v.Failures = r.IntN(40)
		}
		for range r.IntN(17) {
			v.Gaps = append(v.Gaps, r.Uint32()>>r.IntN(32))
		}
		due, rule := Next(v)
		floor, ceiling := v.Floor, v.Ceiling
		if floor == 0 {
			floor = DefaultFloor
		}
		if ceiling == 0 {
			ceiling = DefaultCeiling
		}
		wait := due.Sub(v.Now)
		if wait < floor {
			t.Fatalf("before the floor %s: %s by %q\n%+v", floor, wait, rule, v)
		}
		if wait < min(v.RetryAfter, LongestAsked) {
			t.Fatalf("earlier than asked (%s): %s by %q\n%+v", v.RetryAfter, wait, rule, v)
		}
		if again, same := Next(v); again != due || same != rule {
			t.Fatalf("two answers: %s by %q, %s by %q\n%+v", due, rule, again, same, v)
		}
		if rule == "" {
			t.Fatalf("no rule: %+v", v)
		}
		if v.Schedule.clock == nil {
			most := max(ceiling, floor, v.Schedule.Every())
			most += spread(most)
			if strings.HasPrefix(rule, "Retry-After") || strings.Contains(rule, "skip") {
				most = max(most, LongestAsked) + spread(LongestAsked) + LongestAsked + time.Hour
			}
			if wait > most {
				t.Fatalf("after the ceiling %s: %s by %q\n%+v", most, wait, rule, v)
			}
			// Without jitter and skipping, more failures never mean an earlier visit,
			// and hints only ever lengthen.
			w, _ := v.wait()
			worse, plain := v, v
			worse.Failures++
			worse.Floor, worse.Ceiling = floor, max(ceiling, floor)
			plain.Hints = feeds.Hints{}
			if more, _ := worse.wait(); v.Failures > 0 && more < w {
				t.Fatalf("%d failures wait %s, one more %s\n%+v", v.Failures, w, more, v)
			}
			if bare, _ := plain.wait(); bare > w {
				t.Fatalf("hints shorten %s to %s\n%+v", bare, w, v)
			}
		}
	}
}

func TestFirstAndResumeSpreadOverTheWindow(t *testing.T) {
	const n, window = 1000, 10 * time.Minute
	for name, when := range map[string]func(feeds.SourceID) time.Time{
		"first":  func(id feeds.SourceID) time.Time { return First(id, monday, Schedule{}, window) },
		"cron":   func(id feeds.SourceID) time.Time { return First(id, monday, parse(t, "0 6 * * *"), window) },
		"resume": func(id feeds.SourceID) time.Time { return Resume(id, monday, monday.Add(-72*time.Hour), window) },
	} {
		var tenths [10]int
		for i := range n {
			d := when(feeds.SourceID(fmt.Sprintf("office-%d", i))).Sub(monday)
			if d < 0 || d >= window {
				t.Fatalf("%s: %s is outside of the window", name, d)
			}
			tenths[d*10/window]++
		}
		for i, got := range tenths {
			if got < n/10-40 || got > n/10+40 {
				t.Errorf("%s: %d of %d sources fall into tenth %d of the window", name, got, n, i)
			}
		}
	}
	if got := First("a", monday, parse(t, "10s"), window).Sub(monday); got >= 10*time.Second {
		t.Errorf("a source asked every 10s is first asked after %s", got)
	}
	later := monday.Add(time.Hour)
	if got := Resume("a", monday, later, window); !got.Equal(later) {
		t.Errorf("due at %s is put to %s by a restart", later, got)
	}
}

// Forty offices on one host, all failing since the same outage, must not come
// back as one burst.
func TestSiblingsDriftApart(t *testing.T) {
	seconds := map[int64]int{}
	for i := range 40 {
		due, _ := Next(Visit{Source: feeds.SourceID(fmt.Sprintf("office-%d", i)), Now: monday, Failures: 4, Class: "timeout"})
		seconds[due.Unix()]++
	}
	for s, n := range seconds {
		if n > 4 {
			t.Errorf("%d of 40 come in second %d", n, s)
		}
	}
	a := Jitter("office-1", 1, time.Hour)
	if b := Jitter("office-1", 2, time.Hour); a == b {
		t.Errorf("jitter is the same in every round")
	}
	if b := Jitter("office-1", 1, time.Hour); a != b {
		t.Errorf("jitter is not the same twice: %s, %s", a, b)
	}
	if got := Jitter("office-1", 1, 0); got != 0 {
		t.Errorf("no window gives %s", got)
	}
}

func TestLearn(t *testing.T) {
	h := func(hours float64) time.Time { return monday.Add(time.Duration(hours * float64(time.Hour))) }
	tests := []struct {
		name  string
		gaps  []uint32
		last  time.Time
		items []time.Time
		want  []uint32
	}{
		{"nothing", nil, time.Time{}, nil, nil},
		{"first item of all", nil, time.Time{}, []time.Time{h(0)}, nil},
		{"one more", []uint32{30}, h(0), []time.Time{h(1)}, []uint32{60, 30}},
		{"in any order", nil, h(0), []time.Time{h(1), h(4), h(2)}, []uint32{120, 60, 60}},
		{"five in one go are one", nil, h(-24), []time.Time{h(0), h(.01), h(.02), h(.03), h(.04)}, []uint32{1440}},
		{"without a time", []uint32{30}, h(0), []time.Time{{}, {}}, []uint32{30}},
		{"dug out", []uint32{30}, h(0), []time.Time{h(-5)}, []uint32{30}},
		{"no more than 16", []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, h(0), []time.Time{h(1)},
			[]uint32{60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
	}
	for _, tt := range tests {
		if got := Learn(tt.gaps, tt.last, tt.items...); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A source that publishes on weekdays between 9 and 17 is found soon by day,
// and asked little by night.
func TestAdaptiveFollowsAnOffice(t *testing.T) {
	now := monday.Truncate(24 * time.Hour)
	news, gaps := now.Add(-7*time.Hour), []uint32{120, 120, 120}
	visits, found := 0, []time.Duration{}
	for now.Before(monday.Add(28 * 24 * time.Hour)) {
		var items []time.Time
		for at := news.Truncate(2 * time.Hour).Add(2 * time.Hour); !at.After(now); at = at.Add(2 * time.Hour) {
			if d := at.Weekday(); d != 0 && d != 6 && at.Hour() >= 9 && at.Hour() <= 17 && at.After(news) {
				items = append(items, at)
				found = append(found, now.Sub(at))
			}
		}
		gaps = Learn(gaps, news, items...)
		if len(items) > 0 {
			news = items[len(items)-1]
		}
		now, _ = Next(Visit{Source: "office", Now: now, Gaps: gaps, News: news})
		visits++
	}
	var sum time.Duration
	for _, d := range found {
		sum += d
	}
	mean := sum / time.Duration(len(found))
	t.Logf("%d visits in 28 days, %d items found after %s on average", visits, len(found), mean)
	if len(found) != 20*4 || mean > 30*time.Minute || visits > 28*24*2 {
		t.Errorf("%d visits, %d items found after %s on average; want 80 items, within 30m, with at most 2 visits an hour", visits, len(found), mean)
	}
}

func BenchmarkNext(b *testing.B) {
	cron := parse(b, "*/20 6-22 * * *")
	for name, v := range map[string]Visit{
		"adaptive": {Source: "harbour", Now: monday, Gaps: []uint32{60, 30, 90, 240, 5}, News: monday},
		"cron":     {Source: "harbour", Now: monday, Schedule: cron},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Next(v)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "visits/s")
		})
	}
}

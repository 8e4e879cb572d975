package schedule

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return z
}

func ExampleParse() {
	now := time.Date(2026, 3, 2, 10, 7, 0, 0, time.UTC)
	for _, expr := range []string{"15m", "*/20 * * * *", "0 6 * * mon-fri", "@daily"} {
		s, _ := Parse(expr, nil)
		fmt.Println(s, "→", s.Next(now).Format(time.RFC3339))
	}
	_, err := Parse("0 30 6 * * *", nil)
	fmt.Println(err)
	// Output:
	// 15m → 2026-03-02T10:22:00Z
	// */20 * * * * → 2026-03-02T10:20:00Z
	// 0 6 * * mon-fri → 2026-03-03T06:00:00Z
	// @daily → 2026-03-03T00:00:00Z
	// schedule "0 30 6 * * *": six fields; want five: minute, hour, day of month, month, day of week, without seconds or years; did you mean "30 6 * * *"
}

func TestParseAccepts(t *testing.T) {
	now := at("2026-03-02T10:07:30Z") // a Monday
	for expr, want := range map[string]string{
		"@every 15m":         "2026-03-02T10:22:30Z",
		"every 15m":          "2026-03-02T10:22:30Z",
		"1d":                 "2026-03-03T10:07:30Z",
		"1.5h":               "2026-03-02T11:37:30Z",
		"@HOURLY":            "2026-03-02T11:00:00Z",
		"@weekly":            "2026-03-08T00:00:00Z",
		"  0   6  * * *  ":   "2026-03-03T06:00:00Z",
		"5,35 8-18/2 * * ?":  "2026-03-02T10:35:00Z",
		"0 0 29 2 *":         "2028-02-29T00:00:00Z",
		"0 9 * * SUN":        "2026-03-08T09:00:00Z",
		"0 9 1 jan *":        "2027-01-01T09:00:00Z",
		"0 0 30 2 mon":       "2027-02-01T00:00:00Z", // day of month or of week
		"*/59 * * * *":       "2026-03-02T10:59:00Z",
		"0 22-23,0-2 * * *":  "2026-03-02T22:00:00Z",
		"10-20/5 10 * * 1-5": "2026-03-02T10:10:00Z",
	} {
		s, err := Parse(expr, nil)
		if err != nil {
			t.Errorf("Parse(%q): %v", expr, err)
			continue
		}
		if got := s.Next(now); !got.Equal(at(want)) {
			t.Errorf("Parse(%q).Next(%s) = %s, want %s", expr, now.Format(time.RFC3339), got.Format(time.RFC3339), want)
		}
		again, err := Parse(s.String(), nil)
		if err != nil || !again.Next(now).Equal(s.Next(now)) {
			t.Errorf("Parse(%q) says %q, which reads as %v, %v", expr, s, again, err)
		}
	}
	for _, expr := range []string{"", " ", "adaptive", "Adaptive"} {
		if s, err := Parse(expr, nil); err != nil || !s.IsAdaptive() || s.String() != "adaptive" {
			t.Errorf("Parse(%q) = %v, %v; want adaptive", expr, s, err)
		}
	}
}

// The traps of the cron library and of operators' habits: each is refused, and
// the error shows the value and says what to write.
func TestParseRefuses(t *testing.T) {
	for expr, says := range map[string]string{
		"TZ=UTC":                         "set time_zone",
		"CRON_TZ=":                       "set time_zone",
		"TZ=Europe/Paris 0 6 * * *":      "set time_zone",
		"cron_tz=UTC 0 6 * * *":          "set time_zone",
		"@every -5m":                     "never end",
		"@every 0s":                      "never end",
		"@every 10ms":                    "below 1s",
		"@every":                         "no interval",
		"@every 15":                      `did you mean "15m"`,
		"@every fortnight":               "no interval",
		"15":                             `did you mean "15m"`,
		"15min":                          "no interval",
		"15x":                            "unknown unit",
		"9999h":                          "above 366d",
		"99999999d":                      "no interval",
		"NaNd":                           "no interval",
		"hourly":                         "no interval",
		"@dayly":                         "@daily",
		"@reboot":                        "soon after a start",
		"0 0 31 2 *":                     "never runs",
		"0 0 30 feb *":                   "never runs",
		"0 0 31 4,6,9,11 *":              "never runs",
		"0 30 6 * * *":                   `did you mean "30 6 * * *"`,
		"0 0 1 1 * 2027":                 `did you mean "0 0 1 1 *"`,
		"* * * *":                        "4 fields; want five",
		"*/90 * * * *":                   `did you mean "@every 90m"`,
		"0 */36 * * *":                   `did you mean "@every 36h"`,
		"0 */99999999999999999999 * * *": "want a step",
		"*/0 * * * *":                    "want a step",
		"60 * * * *":                     "number from 0 to 59",
		"0 24 * * *":                     "number from 0 to 23",
		"0 0 0 * *":                      "number from 1 to 31",
		"0 6 * * 7":                      "Sunday is 0",
		"0 6 * * 1-7":                    "Sunday is 0",
		"0 6 * * fri-mon":                "runs backwards",
		"0 22-2 * * *":                   "runs backwards",
		"0 6 L * *":                      "not known here",
		"0 6 * * 5#2":                    "not known here",
		"0 6 * foo *":                    "jan",
		", * * * *":                      "empty place",
		"1,,2 * * * *":                   "empty place",
		"+5 * * * *":                     "number from 0 to 59",
		"*-5 * * * *":                    "number from 0 to 59",
		"1-2-3 * * * *":                  "number from 0 to 59",
		"1/2/3 * * * *":                  "want a step",
		strings.Repeat("0,", 200):        "longer than",
	} {
		s, err := Parse(expr, nil)
		if err == nil {
			t.Errorf("Parse(%q) = %v, want an error with %q", expr, s, says)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, says) || !strings.HasPrefix(text, "schedule \"") {
			t.Errorf("Parse(%q): %v; want it to say %q", expr, err, says)
		}
		if strings.Contains(text, "failed to") {
			t.Errorf("Parse(%q): the library speaks: %v", expr, err)
		}
	}
}

func TestParseIsInUTCUnlessAZoneIsGiven(t *testing.T) {
	local := time.Local
	time.Local = zone(t, "Asia/Tokyo")
	defer func() { time.Local = local }()
	s, err := Parse("0 6 * * *", nil)
	if err != nil {
		t.Fatal(err)
	}
	now := at("2026-01-05T00:00:00Z").Local()
	if got := s.Next(now); !got.Equal(at("2026-01-05T06:00:00Z")) {
		t.Errorf("got %s, want 06:00 UTC whatever the machine's zone is", got)
	}
	s, err = Parse("0 6 * * *", zone(t, "America/Panama"))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Next(now); !got.Equal(at("2026-01-05T11:00:00Z")) {
		t.Errorf("got %s, want 06:00 in Panama", got)
	}
}

func TestNextKeepsPollsWhenClocksChange(t *testing.T) {
	tests := []struct {
		name, zone, expr, from string
		want                   []string
	}{
		{"hour skipped", "Europe/Zurich", "30 2 * * *", "2026-03-28T02:00:00Z",
			[]string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"hour skipped, midnight", "America/Santiago", "0 0 * * *", "2026-09-05T04:30:00Z",
			[]string{"2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}},
		{"quarters over the skipped hour", "Europe/Zurich", "*/30 * * * *", "2026-03-29T00:20:00Z",
			[]string{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
		{"quarters over the repeated hour", "Europe/Zurich", "*/30 * * * *", "2026-10-25T00:20:00Z",
			[]string{"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"}},
		{"half an hour's change", "Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z",
			[]string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		{"a day that was skipped", "Pacific/Apia", "0 12 * * *", "2011-12-29T23:00:00Z",
			[]string{"2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
		{"beyond the zone's table", "Europe/Zurich", "0 0 29 2 *", "2040-03-01T00:00:00Z",
			[]string{"2044-02-28T23:00:00Z", "2048-02-28T23:00:00Z"}},
		{"summer from the last day of a leap year there", "Europe/Zurich", "0 12 1 7 *", "2040-12-31T10:00:00Z",
			[]string{"2041-07-01T10:00:00Z"}},
		{"eight years to the next", "UTC", "0 0 29 2 *", "2096-03-01T00:00:00Z",
			[]string{"2104-02-29T00:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse(tt.expr, zone(t, tt.zone))
			if err != nil {
				t.Fatal(err)
			}
			now := at(tt.from)
			for _, want := range tt.want {
				got := s.Next(now)
				if !got.Equal(at(want)) {
					t.Fatalf("after %s: got %s, want %s", now.Format(time.RFC3339), got.Format(time.RFC3339), want)
				}
				now = got
			}
		})
	}
}

// Against the plain definition: every minute whose wall clock matches, and the
// end of every gap that hides a match.
func TestNextAgainstEveryMinute(t *testing.T) {
	changes := map[string]string{
		"Europe/Zurich": "2026-03-28", "Europe/Lisbon": "2026-10-24", "America/Santiago": "2026-09-05", "America/New_York": "2026-10-31",
		"Australia/Lord_Howe": "2026-04-04", "Africa/Casablanca": "2026-02-14", "Pacific/Apia": "2011-12-29", "Asia/Kathmandu": "2026-01-01",
	}
	for name, day := range changes {
		z := zone(t, name)
		for _, expr := range []string{"*/7 * * * *", "30 2 * * *", "15,45 0-3 * * *", "0 0 * * *", "59 1 * * sat,sun", "10 2 30 12 fri", "*/30 1,2 * * *"} {
			s, err := Parse(expr, z)
			if err != nil {
				t.Fatal(err)
			}
			matches := func(wall time.Time) bool { return s.after(wall.Add(-time.Nanosecond)).Equal(wall) }
			from := at(day + "T00:00:00Z")
			got := s.Next(from)
			for m := from.Add(time.Minute); m.Before(from.Add(72 * time.Hour)); m = m.Add(time.Minute) {
				before, now := wallClock(m.Add(-time.Minute).In(z)), wallClock(m.In(z))
				want := matches(now)
				for hidden := before.Add(time.Minute); hidden.Before(now); hidden = hidden.Add(time.Minute) {
					want = want || matches(hidden)
				}
				if want != got.Equal(m) {
					t.Errorf("%s in %s: at %s got %v, want %v", expr, name, m.Format(time.RFC3339), got.Equal(m), want)
				}
				if got.Equal(m) {
					got = s.Next(m)
				}
			}
		}
	}
}

func TestShortest(t *testing.T) {
	for expr, want := range map[string]time.Duration{
		"adaptive": 0, "15m": 15 * time.Minute, "*/2 * * * *": 2 * time.Minute,
		"0,50 6 * * *": 50 * time.Minute, "0 6 * * *": 24 * time.Hour, "@hourly": time.Hour,
	} {
		s, err := Parse(expr, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Shortest(); got != want {
			t.Errorf("%s: got %s, want %s", expr, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", time.Millisecond: "1s", 45 * time.Minute: "45m", 90 * time.Second: "1m30s",
		90 * time.Minute: "1h30m", 24 * time.Hour: "1d", 25*time.Hour + time.Second: "1d1h1s",
	} {
		if got := Short(d); got != want {
			t.Errorf("Short(%d) = %q, want %q", d, got, want)
		}
	}
}

// Whatever an operator writes: no panic, and what is accepted runs: strictly
// later, again and again, in any zone, and reads the same when written again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "adaptive", "15m", "@every 1h", "@daily", "*/5 * * * *", "0 0 29 2 *", "TZ=UTC", "CRON_TZ=", "TZ=UTC 0 6 * * *",
		"@every -5m", "0 0 31 2 *", "0 30 6 * * *", "1-5/2,7 0-23 ? jan-mar sun", "59 23 31 12 6", "@every 1.5d"} {
		f.Add(s, uint32(1774745999))
	}
	zones := []*time.Location{time.UTC}
	for _, name := range []string{"Europe/Zurich", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"} {
		if z, err := time.LoadLocation(name); err == nil {
			zones = append(zones, z)
		}
	}
	f.Fuzz(func(t *testing.T, expr string, unix uint32) {
		z := zones[int(unix)%len(zones)]
		s, err := Parse(expr, z)
		if err != nil {
			return
		}
		again, err := Parse(s.String(), z)
		if err != nil {
			t.Fatalf("%q says %q, which does not read: %v", expr, s, err)
		}
		now := time.Unix(int64(unix), 0)
		for range 5 {
			next := s.Next(now)
			if s.IsAdaptive() {
				if !next.IsZero() {
					t.Fatalf("adaptive has a next time: %s", next)
				}
				return
			}
			if !next.After(now) {
				t.Fatalf("%q in %s: after %s comes %s", expr, z, now, next)
			}
			if other := again.Next(now); !other.Equal(next) {
				t.Fatalf("%q in %s: %s, but written again as %q: %s", expr, z, next, s, other)
			}
			now = next
		}
	})
}

package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

const (
	shortestEvery = time.Second
	longestEvery  = 366 * 24 * time.Hour
	longestExpr   = 256 // bytes; the longest useful cron expression is far shorter
)

// Schedule is the operator's word on when to ask a source. The zero value is
// "adaptive": the rhythm is learned from the source. Made by Parse; safe for
// concurrent use.
type Schedule struct {
	expr  string
	every time.Duration      // of an interval, else 0
	clock *cron.SpecSchedule // of a cron expression, else nil; in UTC, see Next
	zone  *time.Location
}

// Parse reads a schedule:
//
//	adaptive         or nothing: learned from the source
//	15m, 2h30m, 1d   an interval, also written "@every 15m"
//	*/20 6-22 * * *  cron: minute, hour, day of month, month, day of week
//	@hourly          also @daily, @midnight, @weekly, @monthly, @yearly, @annually
//
// Cron expressions are in the zone given, in UTC when it is nil, never in the
// machine's own zone. Whatever the cron parser would let through and then run
// never, at another time than it says, or not without a panic, is an error
// that says what to write instead.
func Parse(expr string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	s := Schedule{expr: strings.Join(strings.Fields(expr), " "), zone: zone}
	if len(expr) > longestExpr {
		return Schedule{}, fmt.Errorf("schedule %q…: longer than %d bytes", expr[:40], longestExpr)
	}
	var err error
	switch low := strings.ToLower(s.expr); {
	case low == "" || low == "adaptive":
		return Schedule{}, nil
	case strings.HasPrefix(low, "tz=") || strings.HasPrefix(low, "cron_tz="):
		err = fmt.Errorf("a time zone does not stand in the expression; set time_zone beside the schedule")
	case low == "@reboot":
		err = fmt.Errorf(`"@reboot" is not known; every source is visited soon after a start if it is due`)
	case strings.HasPrefix(low, "@every"), strings.HasPrefix(low, "every "):
		s.every, err = interval(strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(low, "@"), "every")))
	case strings.HasPrefix(low, "@"):
		// Descriptors are lower case to the parser, and to nobody else.
		s.expr = low
		s.clock, err = clock(low)
	case strings.Count(low, " ") == 0 && !strings.ContainsAny(low, "*?,/"):
		s.every, err = interval(low)
	default:
		s.clock, err = clock(s.expr)
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: %w", expr, err)
	}
	return s, nil
}

// interval reads "15m", "1h30m" or, beyond Go's own units, "2d" and "1w".
func interval(text string) (time.Duration, error) {
	const want = `want a number with its unit, such as "15m", "2h" or "1d"`
	d, err := time.ParseDuration(text)
	if err != nil {
		d = 0
		n := len(text) - 1
		if n < 1 {
			return 0, fmt.Errorf("no interval in it; %s", want)
		}
		number, err := strconv.ParseFloat(text[:n], 64)
		switch {
		case text[n] >= '0' && text[n] <= '9':
			if _, err := strconv.Atoi(text); err == nil {
				return 0, fmt.Errorf("%q has no unit; did you mean \"%sm\"", text, text)
			}
			return 0, fmt.Errorf("%q is no interval; %s", text, want)
		case err != nil || number > 1e6 || number < -1e6 || number != number:
			return 0, fmt.Errorf(`%q is no interval; %s, a cron expression of five fields, or "adaptive"`, text, want)
		case text[n] == 'd':
			d = time.Duration(number * float64(24*time.Hour))
		case text[n] == 'w':
			d = time.Duration(number * float64(7*24*time.Hour))
		default:
			return 0, fmt.Errorf("%q has an unknown unit; %s", text, want)
		}
	}
	switch {
	case d <= 0:
		return 0, fmt.Errorf("an interval of %s would never end; %s", text, want)
	case d < shortestEvery:
		return 0, fmt.Errorf("an interval of %s is below %s", text, Short(shortestEvery))
	case d > longestEvery:
		return 0, fmt.Errorf("an interval of %s is above %s", text, Short(longestEvery))
	}
	return d, nil
}

// descriptors that the cron parser knows, in the order of the error message.
const descriptors = "@hourly @daily @midnight @weekly @monthly @yearly @annually"

// cronFields are a cron expression's fields: the numbers that they take, the
// names that stand for numbers, and what a step divides.
var cronFields = [...]struct {
	name       string
	least, top int
	names      string
	of         string
}{
	{"minute", 0, 59, "", "hour"},
	{"hour", 0, 23, "", "day"},
	{"day of month", 1, 31, "", "month"},
	{"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec", "year"},
	{"day of week", 0, 6, "sun mon tue wed thu fri sat", "week"},
}

// clock reads a cron expression of five fields or a descriptor.
func clock(expr string) (*cron.SpecSchedule, error) {
	fields := strings.Fields(expr)
	switch {
	case strings.HasPrefix(expr, "@"):
		if !strings.Contains(" "+descriptors+" ", " "+expr+" ") {
			return nil, fmt.Errorf(`not known; there are %s and "@every 15m"`, strings.ReplaceAll(descriptors, " ", ", "))
		}
	case len(fields) == 6:
		// With seconds in front (Quartz, Spring) or a year behind.
		five := strings.Join(fields[1:], " ")
		if len(fields[5]) == 4 && fields[5][0] == '2' {
			five = strings.Join(fields[:5], " ")
		}
		return nil, fmt.Errorf("six fields; want five: minute, hour, day of month, month, day of week, without seconds or years; did you mean %q", five)
	case len(fields) != 5:
		return nil, fmt.Errorf("%d fields; want five: minute, hour, day of month, month, day of week", len(fields))
	default:
		for i, f := range fields {
			if err := checkField(i, f); err != nil {
				return nil, err
			}
		}
	}
	parsed, err := cron.ParseStandard(expr)
	if err != nil {
		return nil, err
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok { // @every, which is read by interval
		return nil, fmt.Errorf("not a cron expression")
	}
	spec.Location = time.UTC // Next does the zone's arithmetic itself
	// 2024 has a 29 February, and the parser's Next looks five years ahead:
	// what does not run from here never runs.
	if spec.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("never runs: no month that it names has such a day")
	}
	return spec, nil
}

// checkField finds what the parser accepts but does otherwise than it reads,
// and has a plainer word for what it refuses.
func checkField(i int, field string) error {
	f := cronFields[i]
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s %q: %s", f.name, field, fmt.Sprintf(format, args...))
	}
	number := func(text string) (int, bool) {
		if at := strings.Index(f.names, strings.ToLower(text)); len(text) == 3 && at >= 0 && at%4 == 0 {
			return f.least + at/4, true
		}
		n, err := strconv.Atoi(text)
		return n, err == nil && text[0] >= '0' && text[0] <= '9'
	}
	for part := range strings.SplitSeq(field, ",") {
		span, step, stepped := strings.Cut(part, "/")
		from, to, ranged := strings.Cut(span, "-")
		if part == "" {
			return bad("an empty place in the list")
		}
		if from != "*" && from != "?" || ranged {
			last := from
			if ranged {
				last = to
			}
			a, ok := number(from)
			b, okay := number(last)
			switch {
			case i == 4 && (from == "7" || last == "7"):
				return bad("Sunday is 0 here, Saturday 6")
			case strings.Trim(part, "LW#0123456789") == "" && strings.ContainsAny(part, "LW#"):
				return bad("L, W and # are not known here")
			case !ok || !okay || a < f.least || b > f.top || a > f.top || b < f.least:
				also := ""
				if f.names != "" {
					also = " or a name such as " + f.names[:3]
				}
				return bad("want a number from %d to %d%s, a range such as %[1]d-%[2]d, a list with commas, or *", f.least, f.top, also)
			case a > b:
				return bad("the range runs backwards; write it as two, with a comma between")
			}
		}
		if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1) {
			return bad("want a step such as */2")
		} else if stepped && n > f.top {
			hint := ""
			if i < 2 {
				hint = fmt.Sprintf(`; did you mean "@every %d%c"`, n, f.name[0])
			}
			return bad("a step of %d goes beyond the %s%s", n, f.of, hint)
		}
	}
	return nil
}

// String gives the schedule as it was written; Parse reads it again.
func (s Schedule) String() string {
	if s.IsAdaptive() {
		return "adaptive"
	}
	return s.expr
}

// IsAdaptive reports whether the rhythm is to be learned from the source.
func (s Schedule) IsAdaptive() bool { return s.every == 0 && s.clock == nil }

// Zone gives the time zone of a cron expression, UTC for any other schedule.
func (s Schedule) Zone() *time.Location {
	if s.clock == nil || s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Every gives the length of an interval, 0 when the schedule is none.
func (s Schedule) Every() time.Duration { return s.every }

// Shortest gives the shortest time between two visits that the schedule asks
// for, to be compared with the floor: the interval, or the shortest step among
// a cron expression's first 500. It is 0 for "adaptive".
func (s Schedule) Shortest() time.Duration {
	if s.clock == nil {
		return s.every
	}
	least := longestEvery
	at := s.clock.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	for range 500 {
		next := s.clock.Next(at)
		if next.IsZero() {
			break
		}
		least = min(least, next.Sub(at))
		at = next
	}
	return least
}

// Next gives the first time after t that the schedule names: for an interval t
// plus its length, for "adaptive" the zero time, as Next the function decides.
//
// When clocks are changed in the schedule's zone, an activation within the
// hour that is skipped comes at the hour's end instead of not at all, and those
// within the hour that is repeated come twice.
func (s Schedule) Next(t time.Time) time.Time {
	switch {
	case s.clock == nil && s.every == 0:
		return time.Time{}
	case s.clock == nil:
		return t.Add(s.every)
	}
	in := t.In(s.zone)
	wall := wallClock(in)
	for {
		next := s.after(wall)
		if next.IsZero() {
			return time.Time{}
		}
		_, offset := in.Zone()
		at := next.Add(-seconds(offset))
		_, end := in.ZoneBounds()
		if !end.IsZero() && !end.After(in) {
			// The standard library takes every year for 365 days where it reckons
			// beyond the zone's table, and is lost on 31 December of leap years from
			// 2040 on. No zone changes its clocks then.
			end = in.Add(24 * time.Hour)
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		// The activation lies behind a change of the clocks, which may skip or
		// repeat it: look again from the first moment behind the change.
		first := wallClock(end)
		if next.Before(first) {
			return end.UTC()
		}
		in, wall = end, first.Add(-time.Nanosecond)
	}
}

// after is the cron library's Next on a clock without changes, in UTC. The
// library gives up after five years, but there are eight from 2096-02-29 to
// the next.
func (s Schedule) after(wall time.Time) time.Time {
	for range 3 {
		if next := s.clock.Next(wall); !next.IsZero() {
			return next
		}
		wall = wall.AddDate(4, 0, 0)
	}
	return time.Time{}
}

// wallClock gives what a clock on the wall shows at t, as if it were UTC.
func wallClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(seconds(offset))
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// Short writes a duration as operators do: "45m", "1h30m", "2d", "90s" as
// "1m30s"; below a second it rounds up.
func Short(d time.Duration) string {
	if d <= 0 {
		return "0s"
	}
	d = (d + time.Second - 1).Truncate(time.Second)
	var b strings.Builder
	for _, u := range [...]struct {
		of   time.Duration
		name byte
	}{{24 * time.Hour, 'd'}, {time.Hour, 'h'}, {time.Minute, 'm'}, {time.Second, 's'}} {
		if n := d / u.of; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(u.name)
			d -= n * u.of
		}
	}
	return b.String()
}

package vitals

import (
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func TestOfTellsEveryState(t *testing.T) {
	hourly := []uint32{60, 60, 60, 60, 60, 3000, 60}
	weekly := []uint32{10080, 10080, 10080, 10080, 12000}
	well := feeds.Fetched{At: now, URL: "u", Success: now, Spoke: ago(time.Hour), Gaps: hourly}
	with := func(change func(*feeds.Fetched)) feeds.Fetched {
		f := well
		change(&f)
		return f
	}
	fails := func(class string, status, times int) feeds.Fetched {
		return with(func(f *feeds.Fetched) {
			f.Class, f.Status, f.Failures, f.Since = class, status, times, ago(2*time.Hour)
		})
	}
	for what, c := range map[string]struct {
		f     feeds.Fetched
		s     Source
		state State
		says  string
		since time.Time
	}{
		"off":                    {well, Source{Off: true}, Off, "enabled", time.Time{}},
		"never visited":          {feeds.Fetched{}, Source{URL: "u"}, New, "not visited", time.Time{}},
		"new address":            {well, Source{URL: "v"}, New, "new address", time.Time{}},
		"well":                   {well, Source{URL: "u"}, OK, "", time.Time{}},
		"410":                    {with(func(f *feeds.Fetched) { f.Gone, f.Failures, f.Since, f.Status = true, 1, ago(time.Hour), 410 }), Source{}, Gone, "410", ago(time.Hour)},
		"429":                    {fails("status", 429, 1), Source{}, Throttled, "429", ago(2 * time.Hour)},
		"503 and a time":         {with(func(f *feeds.Fetched) { f.Class, f.Status, f.Failures, f.DueRule = "status", 503, 1, "Retry-After 3d" }), Source{}, Throttled, "503", now},
		"503 once":               {fails("status", 503, 1), Source{}, OK, "one visit failed", time.Time{}},
		"503 twice":              {fails("status", 503, 2), Source{}, Broken, "answers 503", ago(2 * time.Hour)},
		"timeout once":           {fails("timeout", 0, 1), Source{}, OK, "one visit failed (timeout)", time.Time{}},
		"timeout from the first": {with(func(f *feeds.Fetched) { f.Class, f.Failures, f.Success = "timeout", 1, time.Time{} }), Source{}, Broken, "no answer in time", now},
		"bot wall":               {fails("blocked", 403, 1), Source{}, Blocked, "bot wall", ago(2 * time.Hour)},
		"403":                    {fails("status", 403, 1), Source{}, Blocked, "403", ago(2 * time.Hour)},
		"robots":                 {fails("robots", 0, 1), Source{}, Blocked, "robots.txt", ago(2 * time.Hour)},
		"451":                    {fails("status", 451, 1), Source{}, Blocked, "legal", ago(2 * time.Hour)},
		"404":                    {fails("status", 404, 1), Source{}, Broken, "404", ago(2 * time.Hour)},
		"HTML 200":               {fails("html", 200, 1), Source{}, Broken, "HTML page", ago(2 * time.Hour)},
		"empty 200":              {fails("empty", 200, 1), Source{}, Broken, "empty body", ago(2 * time.Hour)},
		"emptied":                {fails("emptied", 200, 1), Source{}, Broken, "without a single item", ago(2 * time.Hour)},
		"no items":               {fails("no-items", 200, 1), Source{}, Broken, "rules find no items", ago(2 * time.Hour)},
		"certificate":            {fails("tls", 0, 1), Source{}, Broken, "certificate", ago(2 * time.Hour)},
		"moved":                  {with(func(f *feeds.Fetched) { f.MovedTo, f.Moves, f.MovedAt = "https://n.example/", 1, ago(time.Hour) }), Source{}, Moved, "https://n.example/", ago(time.Hour)},
		"moved, and taken over":  {with(func(f *feeds.Fetched) { f.MovedTo, f.Moves, f.Accepted = "https://n.example/", 1, true }), Source{}, OK, "asked at https://n.example/", time.Time{}},
		"hourly, over Sunday":    {with(func(f *feeds.Fetched) { f.Spoke = ago(60 * time.Hour) }), Source{}, OK, "", time.Time{}},
		"hourly, 4 days":         {with(func(f *feeds.Fetched) { f.Spoke = ago(4 * day) }), Source{}, Quiet, "nothing new", ago(4*day - 3*day)},
		"hourly, 8 days":         {with(func(f *feeds.Fetched) { f.Spoke = ago(8 * day) }), Source{}, Stale, "frozen", ago(day)},
		"stale and moved":        {with(func(f *feeds.Fetched) { f.Spoke, f.MovedTo, f.Moves = ago(8*day), "https://n.example/", 1 }), Source{}, Stale, "frozen", ago(day)},
		"weekly, 8 days":         {with(func(f *feeds.Fetched) { f.Gaps, f.Spoke = weekly, ago(8*day) }), Source{}, OK, "", time.Time{}},
		"weekly, 15 days":        {with(func(f *feeds.Fetched) { f.Gaps, f.Spoke = weekly, ago(15*day) }), Source{}, Quiet, "7 days", ago(day)},
		"weekly, 29 days":        {with(func(f *feeds.Fetched) { f.Gaps, f.Spoke = weekly, ago(29*day) }), Source{}, Stale, "7 days", ago(day)},
		"no rhythm, 20 days":     {with(func(f *feeds.Fetched) { f.Gaps, f.Spoke = nil, ago(20*day) }), Source{}, OK, "", time.Time{}},
		"no rhythm, 91 days":     {with(func(f *feeds.Fetched) { f.Gaps, f.Spoke = nil, ago(91*day) }), Source{}, Quiet, "not known", ago(61 * day)},
		"held":                   {with(func(f *feeds.Fetched) { f.Brake = &feeds.Brake{Since: ago(time.Hour), Items: 12, Of: 14} }), Source{}, Held, "12 are held back", ago(time.Hour)},
		"held and broken": {with(func(f *feeds.Fetched) {
			f.Brake, f.Class, f.Failures, f.Since = &feeds.Brake{Since: ago(day), Items: 12}, "html", 2, ago(time.Hour)
		}), Source{}, Broken, "holds 12 items back", ago(time.Hour)},
		"held no longer": {with(func(f *feeds.Fetched) {
			f.Brake = &feeds.Brake{Since: ago(day), Items: 12, Ended: ago(time.Hour), Did: "released"}
		}), Source{}, OK, "", time.Time{}},
		"odd": {with(func(f *feeds.Fetched) { f.Odd = "flood: …" }), Source{}, OK, "flood", time.Time{}},
	} {
		h := Of(&c.f, c.s, now)
		if h.State != c.state || !strings.Contains(h.Reason, c.says) || !h.Since.Equal(c.since) || c.says == "" && h.Reason != "" {
			t.Errorf("%s: got %s %q since %s, want %s %q since %s", what, h.State, h.Reason, h.Since, c.state, c.says, c.since)
		}
		if h.State.IsTrouble() && h.Do == "" {
			t.Errorf("%s: nothing says what to do", what)
		}
	}
}

func TestIncidentsEndAndAreFew(t *testing.T) {
	f := feeds.Fetched{Source: "harbour", URL: "u"}
	for i := range 10 { // ten troubles of two visits each
		at := now.Add(time.Duration(i) * day)
		was := Of(&f, Source{}, at)
		f.At, f.Class, f.Status, f.Failures, f.Since = at, "status", 404, 1, at
		Remember(was, &f)
		was = Of(&f, Source{}, at)
		f.At, f.Failures, f.Class = at.Add(time.Hour), 2, "html" // worse, yet the same trouble
		Remember(was, &f)
		if got := Incidents(&f, Source{}, f.At); !got[0].Open() || got[0].Reason != soft["html"][0] || !got[0].Began.Equal(at) {
			t.Fatalf("trouble %d: got %+v, want it open", i, got[0])
		}
		was = Of(&f, Source{}, f.At)
		before := f.Spells
		f.At, f.Class, f.Status, f.Failures, f.Since, f.Success = at.Add(2*time.Hour), "", 200, 0, time.Time{}, at.Add(2*time.Hour)
		Remember(was, &f)
		if len(before) > 0 && &before[0] == &f.Spells[0] {
			t.Fatal("the old spells were written over")
		}
	}
	got := Incidents(&f, Source{}, f.At)
	if len(got) != mostSpells || got[0].Open() || !got[0].Ended.Equal(now.Add(9*day+2*time.Hour)) {
		t.Errorf("got %d incidents, the newest %+v", len(got), got[0])
	}
	if h := Of(&f, Source{}, f.At); h.State != OK || !h.Since.Equal(got[0].Ended) {
		t.Errorf("got %+v, want ok since the end of the trouble", h)
	}
}

package normalize

import "time"

// ParseDate reads a date as publishers write it and gives it in UTC.
func ParseDate(s string, languages ...string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, time.RFC1123, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

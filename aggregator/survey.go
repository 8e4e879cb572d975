package aggregator

import (
	"time"

	"communique/feeds"
)

// Survey is what a trial tells of a source as a whole.
type Survey struct {
	Newest   time.Time // of its items; zero when none is dated
	Language string    // that most of its items are in; "" when none is known
	Full     bool      // most have whole texts, as far as their length tells; else teasers
	Undated  int       // items
}

// longText is from how many octets on a text is more than a teaser.
const longText = 900

// Survey sums a trial up.
func (e *Engine) Survey(t *Trial) (out Survey) {
	languages, long, n := map[string]int{}, 0, 0
	for _, f := range t.Said {
		ob, ok := f.(*feeds.Observed)
		if !ok || ob.Item.Source() != t.Source {
			continue
		}
		n++
		if ob.Published.IsZero() {
			out.Undated++
		}
		if ob.Published.After(out.Newest) {
			out.Newest = ob.Published
		}
		if len(e.view(&ob.Copy).Body) >= longText {
			long++
		}
		l := ob.Copy.Language
		languages[l]++
		if best := languages[out.Language]; l != "" && (out.Language == "" || languages[l] > best || languages[l] == best && l < out.Language) {
			out.Language = l
		}
	}
	out.Full = n > 0 && 2*long >= n
	return out
}

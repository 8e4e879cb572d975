package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"communique/feeds"
	"communique/feeds/render"
)

//go:embed messages/*.json
var messageFiles embed.FS

// order is the site's languages, as the links to them stand.
var order = []string{"en", "fr", "es", "pt", "ar"}

// Language is one that the site itself speaks, which says nothing of the
// languages of statements.
type Language struct {
	Tag       string // BCP 47
	Direction string // "ltr" or "rtl"

	messages
	tag   language.Tag
	pages *templates
}

// messages is a file of messages/.
type messages struct {
	Name         string             `json:"name"`   // of the language, in itself
	Months       []string           `json:"months"` // as in a date
	ShortMonths  []string           `json:"short_months"`
	DateForm     string             `json:"date"`                     // of {day}, {month} and {year}
	FirstOfMonth string             `json:"first_of_month,omitempty"` // "1er"; "" means as any other day
	MonthForm    string             `json:"month"`                    // of {month} and {year}
	ClockForm    string             `json:"clock"`                    // of {date} and {time}
	Group        string             `json:"group"`                    // what parts the thousands of a number
	Texts        map[string]message `json:"texts"`
}

// message is a text, or one for each plural form that the language has (CLDR:
// zero, one, two, few, many, other), of which {n} chooses.
type message map[string]string

// always is the form of a message without plural forms.
const always = ""

func (m *message) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*m = message{always: one}
		return nil
	}
	var forms map[string]string
	err := json.Unmarshal(b, &forms)
	*m = forms
	return err
}

var formNames = map[plural.Form]string{plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}

// Languages gives those that the site speaks. They are read when a page is first
// asked for: commands that show none need not wait for them.
var Languages = sync.OnceValue(load)

// load reads the message files. They are a part of the program: what is wrong
// with them is found by the tests.
func load() []*Language {
	var out []*Language
	for _, tag := range order {
		b, err := messageFiles.ReadFile("messages/" + tag + ".json")
		if err != nil {
			panic(err)
		}
		l := &Language{Tag: tag, Direction: render.Direction(tag), tag: language.MustParse(tag)}
		if err := json.Unmarshal(b, &l.messages); err != nil {
			panic(fmt.Errorf("messages/%s.json: %w", tag, err))
		}
		l.pages = l.parse()
		out = append(out, l)
	}
	return out
}

// Speaks gives the language of a tag, or the one that it is a variety of; nil
// when the site does not speak it.
func Speaks(tag string) *Language {
	for _, l := range Languages() {
		if strings.EqualFold(feeds.PrimaryLanguage(tag), l.Tag) {
			return l
		}
	}
	return nil
}

// Negotiate gives the language for a reader who sent this Accept-Language
// (RFC 9110 §12.5.4): of those that the site speaks the one liked most, the first of
// equals. Who likes none gets fallback, or English where that is not spoken.
func Negotiate(accept, fallback string) *Language {
	var best *Language
	most := 0.0
	for n := 0; accept != "" && n < 50; n++ {
		var item string
		item, accept, _ = strings.Cut(accept, ",")
		tag, params, _ := strings.Cut(item, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64)
		}
		if weight <= most || weight > 1 {
			continue
		}
		if l := Speaks(strings.TrimSpace(tag)); l != nil {
			best, most = l, weight
		}
	}
	if best == nil {
		best = Speaks(fallback)
	}
	if best == nil {
		best = Languages()[0]
	}
	return best
}

// Say gives a message with its placeholders filled: pairs of name and value.
// Numbers are written as the language does; the one named n also chooses the
// plural form. It gives the key itself where there is no such message, which a
// test forbids.
func (l *Language) Say(key string, args ...any) string {
	m, ok := l.Texts[key]
	if !ok {
		return key
	}
	text := m[always]
	var swap []string
	for i := 0; i+1 < len(args); i += 2 {
		name, value := args[i].(string), ""
		switch v := args[i+1].(type) {
		case int:
			value = l.Number(v)
			if name == "n" && len(m) > 1 {
				var has bool
				if text, has = m[formNames[plural.Cardinal.MatchPlural(l.tag, v, 0, 0, 0, 0)]]; !has {
					text = m["other"]
				}
			}
		default:
			value = fmt.Sprint(v)
		}
		swap = append(swap, "{"+name+"}", value)
	}
	return strings.NewReplacer(swap...).Replace(text)
}

// Order gives a comparison of words as the language's dictionaries have them. It
// is good for one goroutine.
func (l *Language) Order() func(a, b string) int { return collate.New(l.tag).CompareString }

// Number writes a whole number: from 10,000 on with its thousands parted.
func (l *Language) Number(n int) string {
	s := strconv.Itoa(n)
	if n < 10_000 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + l.Group + s[i:]
	}
	return s
}

// Date writes the day of a time, in UTC; "" for none.
func (l *Language) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 && l.FirstOfMonth != "" {
		day = l.FirstOfMonth
	}
	return strings.NewReplacer("{day}", day, "{month}", l.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year())).Replace(l.DateForm)
}

// Clock writes a time to the minute, in UTC.
func (l *Language) Clock(t time.Time) string {
	return strings.NewReplacer("{date}", l.Date(t), "{time}", t.UTC().Format("15:04")).Replace(l.ClockForm)
}

// Month writes the month of a time.
func (l *Language) Month(t time.Time) string {
	return strings.NewReplacer("{month}", l.Months[t.UTC().Month()-1], "{year}", strconv.Itoa(t.UTC().Year())).Replace(l.MonthForm)
}

// ShortMonth writes the month of a time alone, in few letters.
func (l *Language) ShortMonth(t time.Time) string { return l.ShortMonths[t.UTC().Month()-1] }

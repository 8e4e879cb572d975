package demo

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed statements/*.txt stream/*.txt
var scripts embed.FS

// script is a statement with all its tellings, or a pattern for one.
type script struct {
	name     string
	at       time.Time // zero in a pattern
	tellings []telling
}

// telling is how one office puts it.
type telling struct {
	office, language string
	after            time.Duration // its publication after the first office's
	title            string
	paragraphs       []string
}

// load reads the scripts of a folder in the order of their names.
func load(dir string) ([]script, error) {
	names, err := fs.Glob(scripts, path.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var out []script
	for _, name := range names {
		b, err := scripts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := readScript(string(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.name = strings.TrimSuffix(path.Base(name), ".txt")
		out = append(out, s)
	}
	return out, nil
}

// readScript reads a script: a line with the time of publication (none in a
// pattern), then for each telling a line "@office language +delay title" and
// its paragraphs, with empty lines between. A title "=office" repeats that
// office's words.
func readScript(text string) (script, error) {
	var s script
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line[0] == '@':
			f := strings.SplitN(line[1:], " ", 4)
			if len(f) < 3 {
				return s, fmt.Errorf("line %d: want @office language +delay title", n+1)
			}
			if len(f) == 3 { // a repetition says its language by its model
				f = []string{f[0], "", f[1], f[2]}
			}
			after, err := time.ParseDuration(strings.TrimPrefix(f[2], "+"))
			if err != nil {
				return s, fmt.Errorf("line %d: %w", n+1, err)
			}
			t := telling{office: f[0], language: f[1], after: after, title: f[3]}
			if model, ok := strings.CutPrefix(f[3], "="); ok {
				m := s.of(model)
				if m == nil {
					return s, fmt.Errorf("line %d: no telling of %q above", n+1, model)
				}
				t.language, t.title, t.paragraphs = m.language, m.title, m.paragraphs
			}
			s.tellings = append(s.tellings, t)
		case len(s.tellings) == 0:
			at, err := time.Parse(time.RFC3339, line)
			if err != nil {
				return s, fmt.Errorf("line %d: %w", n+1, err)
			}
			s.at = at
		default:
			t := &s.tellings[len(s.tellings)-1]
			t.paragraphs = append(t.paragraphs, line)
		}
	}
	return s, nil
}

func (s *script) of(office string) *telling {
	for i := range s.tellings {
		if s.tellings[i].office == office {
			return &s.tellings[i]
		}
	}
	return nil
}

// entry is a telling as an office's feed carries it.
type entry struct {
	slug, language, title string
	paragraphs            []string
	at                    time.Time
}

// every is how often the stream brings a new statement.
const every = time.Minute

// entries gives what the office's feed carries at a time, newest first: the
// fixed statements, and those of the stream, which are worked out from the time
// alone, so that a restart tells the same story.
func (o *Origin) entries(id string, now time.Time) []entry {
	const window = 20 // statements of the stream that a feed still carries
	var out []entry
	last := now.Unix() / int64(every.Seconds())
	for n := last; n > last-window; n-- {
		if t := o.told(id, n); t != nil && !t.at.After(now) {
			out = append(out, *t)
		}
	}
	for i := len(o.fixed) - 1; i >= 0; i-- {
		s := &o.fixed[i]
		if t := s.of(id); t != nil {
			out = append(out, entry{slug: s.name, language: t.language, title: t.title, paragraphs: t.paragraphs, at: s.at.Add(t.after)})
		}
	}
	return out
}

// told gives an office's telling of the stream's n-th statement, nil when it
// does not carry it.
func (o *Origin) told(id string, n int64) *entry {
	s := &o.stream[n%int64(len(o.stream))]
	t := s.of(id)
	if t == nil {
		return nil
	}
	at := time.Unix(n*int64(every.Seconds()), 0).UTC()
	where := places[(n/int64(len(o.stream))+n)%int64(len(places))]
	count := 120 + (n*7919)%1880
	fill := strings.NewReplacer("{place}", where.name[t.language], "{country}", where.country[t.language],
		"{n}", strconv.FormatInt(count, 10), "{m}", strconv.FormatInt(count*2/7, 10), "{k}", strconv.FormatInt(3+n%40, 10),
		"{date}", spokenDate(at, t.language))
	e := &entry{slug: fmt.Sprintf("%s-%d", s.name, n), language: t.language, title: fill.Replace(t.title), at: at.Add(t.after)}
	for _, p := range t.paragraphs {
		e.paragraphs = append(e.paragraphs, fill.Replace(p))
	}
	return e
}

var months = map[string][]string{
	"en": strings.Fields("January February March April May June July August September October November December"),
	"fr": strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
	"es": strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
	"pt": strings.Fields("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
	"ar": strings.Fields("يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر"),
}

// spokenDate gives "3 March at 14:05" in the language.
func spokenDate(t time.Time, language string) string {
	month := months[language][t.Month()-1]
	form := map[string]string{"en": "%d %s, %s", "fr": "%d %s à %s", "es": "%d de %s, %s", "pt": "%d de %s, %s", "ar": "%d %s، %s"}[language]
	return fmt.Sprintf(form, t.Day(), month, t.Format("15:04"))
}

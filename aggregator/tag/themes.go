package tag

import (
	"cmp"
	"slices"
	"strings"

	"communique/feeds"
)

// theme is a subject of another vocabulary (ReliefWeb's themes, IPTC Media
// Topics) that one of our topics holds.
type theme struct {
	term int32
	id   string // "reliefweb:theme/4595", "medtop:07000000"
	name string
}

// readThemes reads data/themes.tsv and the ids onto the terms.
func (r *rules) readThemes() {
	r.themes = map[string][]theme{}
	table("themes.tsv", func(row, _ []string) {
		i := r.index[feeds.Tag{Scheme: feeds.Topic, Term: row[0]}]
		r.terms[i].same = append(r.terms[i].same, row[1])
		th := theme{i, row[1], row[2]}
		for _, key := range []string{th.id, strings.ToLower(th.name)} {
			if !slices.ContainsFunc(r.themes[key], func(o theme) bool { return o.term == i }) {
				r.themes[key] = append(r.themes[key], th)
			}
		}
	})
}

// themeID gives the id of a category that says which vocabulary it is of:
// "medtop:07000000", https://cv.iptc.org/newscodes/mediatopic/07000000,
// https://reliefweb.int/taxonomy/term/4595 and the like; else "".
func themeID(c feeds.Category) string {
	scheme, term := strings.ToLower(c.Scheme), strings.ToLower(strings.TrimSpace(c.Term))
	number := term[strings.LastIndexAny(term, "/:=")+1:]
	if number == "" || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	where := scheme + " " + term[:len(term)-len(number)]
	switch {
	case strings.Contains(where, "medtop") || strings.Contains(where, "iptc.org") && strings.Contains(where, "mediatopic"):
		return "medtop:" + number
	case strings.Contains(where, "reliefweb"):
		return "reliefweb:theme/" + number
	}
	return ""
}

// filed is a topic that the publisher has put a text under.
type filed struct {
	theme
	category string // as the publisher wrote it
}

// file looks the publisher's categories up among the themes. An id, or a name
// of several words, is a vocabulary's and counts as said; a single word is
// light evidence, as anybody may use it for anything.
func (t *Tagger) file(m *matcher, categories []feeds.Category) []filed {
	var out []filed
	for _, c := range categories {
		label := strings.TrimSpace(cmp.Or(c.Label, c.Term))
		said := t.rules.themes[themeID(c)]
		if len(said) == 0 {
			said = t.rules.themes[strings.ToLower(label)]
			if !strings.Contains(label, " ") {
				for _, th := range said {
					if s := &m.score.terms[th.term]; s.hits[0].worth > 0 {
						s.score += filedWord
					}
				}
				continue
			}
		}
		for _, th := range said {
			if !slices.ContainsFunc(out, func(f filed) bool { return f.term == th.term }) {
				out = append(out, filed{th, label})
			}
		}
	}
	return out
}

const (
	filedWord  = 0.8      // added for a category of one word that is a theme's name
	filedScore = topicMin // of a topic that only the publisher's category gives
)

// file puts the topics that a text is filed under behind those it speaks of.
func (c *collector) file(list []filed) {
	for _, f := range list {
		r := &c.t.rules.terms[f.term]
		if r.disabled || c.m.score.terms[f.term].forbidden {
			continue
		}
		evidence := `category: "` + f.category + `"`
		c.put(r.tag, "topic "+r.tag.Term+": filed under "+f.id, evidence, filedScore)
		for _, a := range c.t.above[f.term] {
			c.put(a.tag, a.rule, evidence, filedScore)
		}
	}
}

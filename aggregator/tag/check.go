package tag

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"communique/feeds"
)

// Error is one thing that is wrong with the operator's taxonomy.
type Error struct {
	// Path leads to the place below the taxonomy, as in YAML:
	// "topics", 3, "patterns", "fr", 0.
	Path    []any
	Message string // what is wrong, with the value and the near miss
}

// Error gives the place and the message.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Path {
		switch p := p.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", p)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, p)
		}
	}
	return b.String() + ": " + e.Message
}

func join(errs []*Error) error {
	out := make([]error, len(errs))
	for i, e := range errs {
		out[i] = e
	}
	return errors.Join(out...)
}

var (
	slug     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	language = regexp.MustCompile(`^([a-z]{2,3}|any)$`)
)

// checker merges the operator's rules into the built-in ones and collects what
// is wrong with them.
type checker struct {
	r    *rules
	errs []*Error
}

func (c *checker) errorf(path []any, format string, args ...any) {
	c.errs = append(c.errs, &Error{Path: slices.Clone(path), Message: fmt.Sprintf(format, args...)})
}

// merge adds the operator's rules.
func (r *rules) merge(t Taxonomy) []*Error {
	c := &checker{r: r}
	sections := []struct {
		name, scheme string
		rules        []Rule
	}{
		{"regions", feeds.Region, t.Regions}, {"countries", feeds.Country, t.Countries},
		{"topics", feeds.Topic, t.Topics}, {"events", feeds.Event, t.Events},
	}
	// All ids first: parents may stand after their children.
	for _, s := range sections {
		seen := map[string]int{}
		for i, rule := range s.rules {
			path := []any{s.name, i, "id"}
			if first, ok := seen[rule.ID]; ok {
				c.errorf(path, "duplicate id %q, first at %s[%d]", rule.ID, s.name, first)
				continue
			}
			seen[rule.ID] = i
			if r.get(s.scheme, rule.ID) != nil {
				continue
			}
			switch {
			case rule.ID == "":
				c.errorf(path, "a rule needs an id")
			case s.scheme == feeds.Country:
				c.errorf(path, "%q is no country of ISO 3166-1 in lower case%s", rule.ID, c.near(s.scheme, rule.ID))
			case !slug.MatchString(rule.ID) || len(rule.ID) > 63:
				c.errorf(path, "id %q is no slug: small letters, digits and single hyphens, at most 63", rule.ID)
			case rule.Disable:
				c.errorf(path, "%q is not built in, so there is nothing to disable%s", rule.ID, c.near(s.scheme, rule.ID))
			default:
				r.add(term{tag: feeds.Tag{Scheme: s.scheme, Term: rule.ID}, labels: map[string]string{}, weight: 1})
			}
		}
	}
	for _, s := range sections {
		for i := range s.rules {
			if t := r.get(s.scheme, s.rules[i].ID); t != nil {
				c.rule(t, &s.rules[i], []any{s.name, i})
			}
		}
	}
	for _, s := range sections {
		for i, rule := range s.rules {
			if t := r.get(s.scheme, rule.ID); t != nil && rule.Parent != "" && len(r.ancestors(t)) >= maxDepth {
				c.errorf([]any{s.name, i, "parent"}, "%q is above itself, or more than %d levels deep", rule.ID, maxDepth)
			}
		}
	}
	return c.errs
}

func (c *checker) rule(t *term, rule *Rule, path []any) {
	at := func(more ...any) []any { return append(slices.Clone(path), more...) }
	t.disabled = rule.Disable

	// The built-in labels are shared with nobody: builtin made them for this Tagger.
	for _, lang := range slices.Sorted(maps.Keys(rule.Labels)) {
		if !c.language(lang, at("labels", lang)) {
			continue
		}
		t.labels[lang] = rule.Labels[lang]
	}
	switch scheme := parentScheme(t.tag.Scheme); {
	case rule.Parent == "none":
		t.parent = ""
	case rule.Parent != "":
		if c.r.get(scheme, rule.Parent) == nil {
			c.errorf(at("parent"), "unknown %s %q%s", scheme, rule.Parent, c.near(scheme, rule.Parent))
			break
		}
		t.parent = rule.Parent
	}
	for i, id := range rule.Regions {
		if t.tag.Scheme != feeds.Event {
			c.errorf(at("regions"), "only an event has regions")
			break
		}
		if c.r.get(feeds.Region, id) == nil {
			c.errorf(at("regions", i), "unknown region %q%s", id, c.near(feeds.Region, id))
		}
	}
	if rule.Regions != nil {
		t.regions = rule.Regions
	}
	for _, n := range []struct {
		name  string
		value float64
		to    *float32
	}{{"weight", rule.Weight, &t.weight}, {"threshold", rule.Threshold, &t.threshold}} {
		if math.IsNaN(n.value) || n.value < 0 || n.value > 1000 {
			c.errorf(at(n.name), "%v is not between 0 and 1000", n.value)
		} else if n.value > 0 {
			*n.to = float32(n.value)
		}
	}
	if rule.Window != (Window{}) {
		w, err := newWindow(rule.Window)
		switch {
		case t.tag.Scheme != feeds.Event:
			c.errorf(at("window"), "only an event has a window")
		case err != nil:
			c.errorf(at("window"), "%v", err)
		default:
			t.window = w
		}
	}
	c.patterns(t, rule.Patterns, roleOf(t.tag.Scheme), at("patterns"))
	c.patterns(t, rule.Exclude, isExclude, at("exclude"))
	for i, ex := range rule.Examples {
		if strings.TrimSpace(ex.Text) == "" {
			c.errorf(at("examples", i), "an example needs a text")
		}
		if ex.Lang != "" {
			c.language(ex.Lang, at("examples", i, "lang"))
		}
	}
	if len(t.sources) == 0 && !rule.Disable {
		c.errorf(at("patterns"), "%q has no patterns, so nothing would ever carry it", rule.ID)
	}
}

func parentScheme(scheme string) string {
	if scheme == feeds.Country {
		return feeds.Region
	}
	return scheme
}

func (c *checker) patterns(t *term, byLanguage map[string][]string, role role, path []any) {
	f := foldTable()
	for _, lang := range slices.Sorted(maps.Keys(byLanguage)) {
		here := append(slices.Clone(path), lang)
		if !c.language(lang, here) {
			continue
		}
		list := byLanguage[lang]
		if len(list) == 0 {
			c.errorf(here, "it lists no pattern")
		}
		for i, text := range list {
			if _, err := parsePattern(text, role == isTopic, f); err != nil {
				c.errorf(append(slices.Clone(here), i), "pattern %q: %v", text, err)
			}
		}
		t.sources = append(t.sources, source{lang: lang, role: role, list: list})
	}
}

// language reports whether lang is a primary language subtag or "any".
func (c *checker) language(lang string, path []any) bool {
	if language.MatchString(lang) {
		return true
	}
	hint := ""
	if p := strings.ToLower(feeds.PrimaryLanguage(lang)); p != lang && language.MatchString(p) {
		hint = fmt.Sprintf("; did you mean %q?", p)
	}
	c.errorf(path, `%q is no language: use two or three small letters ("fr"), or "any"%s`, lang, hint)
	return false
}

// near gives the hint "; did you mean …?" for a misspelt term.
func (c *checker) near(scheme, id string) string {
	best, bestAway := "", 1+len(id)/4
	for i := range c.r.terms {
		t := c.r.terms[i].tag
		if t.Scheme != scheme || t.Term == id {
			continue
		}
		if d := distance(t.Term, strings.ToLower(id), bestAway); d < bestAway || d == bestAway && best == "" {
			best, bestAway = t.Term, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the number of letters to change, add or drop to make a of b
// (Levenshtein); beyond most it only says "more".
func distance(a, b string, most int) int {
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// tryExamples tags the operator's examples.
func (t *Tagger) tryExamples(tax Taxonomy) []*Error {
	var errs []*Error
	for _, s := range []struct {
		name, scheme string
		rules        []Rule
	}{
		{"regions", feeds.Region, tax.Regions}, {"countries", feeds.Country, tax.Countries},
		{"topics", feeds.Topic, tax.Topics}, {"events", feeds.Event, tax.Events},
	} {
		for i, rule := range s.rules {
			for j, ex := range rule.Examples {
				if message := t.try(feeds.Tag{Scheme: s.scheme, Term: rule.ID}, rule, ex); message != "" {
					errs = append(errs, &Error{Path: []any{s.name, i, "examples", j}, Message: message})
				}
			}
		}
	}
	return errs
}

// try says what is wrong with an example, "" when it comes out as it should.
func (t *Tagger) try(tag feeds.Tag, rule Rule, ex Example) string {
	langs := []string{ex.Lang}
	if ex.Lang == "" {
		langs = append(slices.DeleteFunc(slices.Sorted(maps.Keys(rule.Patterns)), func(l string) bool { return l == anyLanguage }), "")
	}
	title, text, _ := strings.Cut(strings.TrimSpace(ex.Text), "\n")
	lede, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	in := Input{View: feeds.TextView{Title: title, Lede: lede, Body: strings.TrimSpace(text)}}
	quoted := ex.Text
	if r := []rune(quoted); len(r) > 80 {
		quoted = string(r[:77]) + "…"
	}
	for _, in.Language = range langs {
		for _, g := range t.Tag(in) {
			if g.Tag == tag && ex.No {
				return fmt.Sprintf("%q gets %s %q although it must not, by %s", quoted, tag.Scheme, tag.Term, g.Evidence)
			}
			if g.Tag == tag {
				return ""
			}
		}
	}
	if ex.No {
		return ""
	}
	in.Language = langs[0]
	return fmt.Sprintf("%q does not get %s %q: %s", quoted, tag.Scheme, tag.Term, t.instead(tag, in))
}

// instead says what a text has of a tag that it does not get, and which others
// of the kind it gets, with the words for them.
func (t *Tagger) instead(tag feeds.Tag, in Input) string {
	l := t.lexicon(in.Language)
	m := l.borrow()
	defer l.giveBack(m)
	t.read(l, m, in)
	i := t.rules.index[tag]
	has := "none of its patterns is found"
	switch s := &m.score.terms[i]; {
	case s.forbidden:
		has = "an exclude pattern is found"
	case s.hits[0].worth > 0:
		c := collector{t: t, l: l, m: m}
		has = fmt.Sprintf("its words score %.1f, too little (%s)", s.score, c.evidence(i))
	}
	var others []string
	for _, g := range t.Tag(in) {
		if g.Tag.Scheme == tag.Scheme && len(others) < 3 {
			others = append(others, fmt.Sprintf("%q (%s)", g.Tag.Term, g.Evidence))
		}
	}
	if len(others) == 0 {
		return has + "; it gets no " + tag.Scheme
	}
	return has + "; it gets " + strings.Join(others, ", ")
}

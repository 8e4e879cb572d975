package tag

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"communique/feeds"
)

// Input is what is known of a text when it is tagged.
type Input struct {
	Language   string // BCP 47; "" when nobody can say
	View       feeds.TextView
	Published  time.Time // zero when the publisher did not say
	Source     feeds.Source
	Categories []feeds.Category // the publisher's own
}

// Tagger holds the rules. It is safe for concurrent use. What a language needs
// is compiled when the first text in it comes.
type Tagger struct {
	rules       *rules
	lexicons    map[string]func() *lexicon // by primary language; "" for all other
	fingerprint uint64

	mention [][isPeople + 1]string // the rules' names for countries that are only mentioned
	names   [][isPlace + 1]string  // per term and kind of evidence (of topics, grade): the rule as people read it
	above   [][]ancestor           // per term
	roots   []int32                // per term: the topic of the first level above it
}

// ancestor is a tag that follows from another, with the rule that says so.
type ancestor struct {
	tag  feeds.Tag
	rule string
}

// Term is one entry of the taxonomy.
type Term struct {
	Tag     feeds.Tag
	Labels  map[string]string // by language: en, fr, es, pt, ar and more; not to be changed
	Parents []feeds.Tag       // all ancestors, nearest first; of a country, its regions
	Same    []string          // of a topic: the ReliefWeb themes ("reliefweb:theme/4595") and IPTC Media Topics ("medtop:07000000") that it holds; not to be changed
}

// New adds the operator's rules to the built-in ones. The error joins an
// *Error for everything that is wrong with them.
func New(t Taxonomy) (*Tagger, error) {
	r := builtin()
	errs := r.merge(t)
	if len(errs) > 0 {
		return nil, join(errs)
	}
	tg := &Tagger{rules: r, lexicons: map[string]func() *lexicon{}, fingerprint: fingerprint(t)}
	tg.lexicons[""] = sync.OnceValue(func() *lexicon { return r.compile("") })
	for _, lang := range r.languages() {
		tg.lexicons[lang] = sync.OnceValue(func() *lexicon { return r.compile(lang) })
	}
	tg.nameRules()
	if errs := tg.tryExamples(t); len(errs) > 0 {
		return nil, join(errs)
	}
	return tg, nil
}

// nameRules writes down what the rules are called in taggings.
func (t *Tagger) nameRules() {
	t.names = make([][isPlace + 1]string, len(t.rules.terms))
	t.mention = make([][isPeople + 1]string, len(t.rules.terms))
	t.above = make([][]ancestor, len(t.rules.terms))
	t.roots = make([]int32, len(t.rules.terms))
	for i := range t.rules.terms {
		r := &t.rules.terms[i]
		name, short := r.tag.Scheme+" "+r.tag.Term, r.tag.Term
		switch r.tag.Scheme {
		case feeds.Country:
			short = strings.ToUpper(r.tag.Term)
			name = r.tag.Scheme + " " + short
			t.names[i] = [...]string{isName: name + ": name", isPeople: name + ": people", isCapitalCity: name + ": capital", isPlace: name + ": place"}
			t.mention[i] = [...]string{isName: feeds.Mention + " " + short + ": name", isPeople: feeds.Mention + " " + short + ": people"}
		case feeds.Region:
			t.names[i][isName] = name + ": name"
		case feeds.Topic:
			for g, why := range gradeNames {
				t.names[i][g] = name + why
			}
		default:
			t.names[i][isName] = name
		}
		t.roots[i] = int32(i)
		for _, p := range t.rules.ancestors(r) {
			t.above[i] = append(t.above[i], ancestor{p, "from " + short})
			t.roots[i] = t.rules.index[p]
		}
	}
}

// languages lists those that have patterns of their own.
func (r *rules) languages() []string {
	seen := map[string]bool{}
	for i := range r.terms {
		for _, s := range r.terms[i].sources {
			seen[s.lang] = true
		}
	}
	delete(seen, anyLanguage)
	var out []string
	for l := range seen {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

const anyLanguage = "any"

// compile makes the lexicon of a language, or, for "", one of all languages'
// patterns with each word as it is written.
func (r *rules) compile(lang string) *lexicon {
	l := newLexicon(lang, foldTable())
	weights := [...]float32{isName: 1, isPeople: 0.5, isCapitalCity: 0.5, isPlace: 0.5, isTopic: 1, isSector: 0.1, isEvent: 1, isExclude: 1, isGiven: 1}
	put := func(s *source, term int32, times float32) {
		if lang != "" && s.lang != lang && s.lang != anyLanguage {
			return
		}
		s.each(func(text string) {
			p, err := parsePattern(text, s.role == isTopic, l.fold)
			if err != nil {
				return // the operator's were checked, and the built-in ones are by a test
			}
			e := entry{term: term, role: s.role, weight: p.weight * times, guard: s.guarded > 0}
			switch {
			case s.guarded > 0:
				e.weight = s.guarded * times
			case p.weight == 0:
				e.weight = weights[s.role] * times
			}
			l.add(p, e)
		})
	}
	for i := range r.masks {
		put(&r.masks[i], -1, 0)
	}
	for i := range r.terms {
		t := &r.terms[i]
		if t.disabled {
			continue
		}
		for j := range t.sources {
			put(&t.sources[j], int32(i), t.weight)
		}
		if t.tag.Scheme == feeds.Country {
			l.codes[[2]byte{t.tag.Term[0] &^ 0x20, t.tag.Term[1] &^ 0x20}] = int32(len(l.entries))
			l.entries = append(l.entries, entry{term: int32(i), role: isPlace, weight: t.weight, words: 1})
		}
	}
	l.settle()
	l.states = r.index[feeds.Tag{Scheme: feeds.Country, Term: "us"}]
	for key, what := range nearbyWords {
		for _, s := range r.beside[key] {
			if lang == "" || s.lang == lang || s.lang == anyLanguage {
				s.each(func(w string) {
					for _, t := range l.fold.tokenize(nil, w, 0) {
						l.known.add(t.hash)
						l.near[t.hash] |= what
						if t.flags&capital != 0 {
							l.near[t.hash] |= asksCapital
						}
					}
				})
			}
		}
	}
	return l
}

func (t *Tagger) lexicon(lang string) *lexicon {
	l, ok := t.lexicons[strings.ToLower(feeds.PrimaryLanguage(lang))]
	if !ok {
		l = t.lexicons[""]
	}
	return l()
}

func (t *Tagger) is(term int32, scheme string) bool { return t.rules.terms[term].tag.Scheme == scheme }
func (t *Tagger) isCountry(term int32) bool         { return t.is(term, feeds.Country) }
func (t *Tagger) isRegion(term int32) bool          { return t.is(term, feeds.Region) }
func (t *Tagger) isTopic(term int32) bool           { return t.is(term, feeds.Topic) }

// read finds and counts what the lexicon has of a text.
func (t *Tagger) read(l *lexicon, m *matcher, in Input) {
	m.read(in)
	l.find(m)
	m.score.reset(len(t.rules.terms), len(l.entries))
	l.count(m)
}

// Tag gives the tags of a text, ancestors included, one Tagging per tag,
// sorted by scheme and term.
func (t *Tagger) Tag(in Input) []feeds.Tagging {
	l := t.lexicon(in.Language)
	m := l.borrow()
	defer l.giveBack(m)
	t.read(l, m, in)

	var room [16]found
	c := collector{t: t, l: l, m: m}
	countries := t.focus(m, room[:0])
	var main float32
	for _, f := range countries {
		main = max(main, f.score)
	}
	// A region's own name says more than that a country lies in it.
	regions := t.named(m, main, room[len(countries):len(countries)])
	for _, f := range regions {
		c.add(f, t.names[f.term][isName])
	}
	for _, f := range countries {
		c.add(f, t.names[f.term][c.kind(f.term)])
		c.ancestors(f)
	}
	for _, f := range regions {
		c.ancestors(f)
	}
	for _, f := range t.mentioned(m, countries, room[len(countries)+len(regions):len(countries)+len(regions)]) {
		c.mention(f)
	}
	t.events(in, &c)
	if !c.has(feeds.Country) && !c.has(feeds.Region) {
		c.defaults(feeds.Region, in.Source.Regions)
	}
	filed := t.file(m, in.Categories)
	for g, topics := range t.topics(m) {
		for _, f := range topics {
			c.add(f, t.names[f.term][g])
			c.ancestors(f)
		}
	}
	c.file(filed)
	if !c.has(feeds.Topic) {
		c.defaults(feeds.Topic, in.Source.Topics)
	}
	slices.SortFunc(c.out, func(a, b feeds.Tagging) int {
		return cmp.Or(cmp.Compare(a.Tag.Scheme, b.Tag.Scheme), cmp.Compare(a.Tag.Term, b.Tag.Term))
	})
	return c.out
}

// read lays out the zones of a text.
func (m *matcher) read(in Input) {
	v := in.View
	m.texts = [zones]string{inTitle: v.Title, inLede: v.Lede, inBody: v.Body}
	if rest, ok := strings.CutPrefix(v.Body, v.Lede); ok {
		m.texts[inBody] = rest
	}
	if len(in.Categories) > 0 {
		var b strings.Builder
		for _, c := range in.Categories {
			w := cmp.Or(c.Label, c.Term)
			if w != "" && !strings.Contains(w, "://") {
				b.WriteString(w)
				b.WriteByte('\n')
			}
		}
		m.texts[inCategories] = b.String()
	}
}

// events adds the events that a text names in their days. An undated text gets
// one only when its words name no other: "Global Refugee Forum" alone may be
// that of any year.
func (t *Tagger) events(in Input, c *collector) {
	s := &c.m.score
	ambiguous := func(i int32) bool {
		if !in.Published.IsZero() {
			return false
		}
		for _, j := range s.touched {
			if j != i && t.is(j, feeds.Event) && s.terms[j].hits[0].start == s.terms[i].hits[0].start {
				return true
			}
		}
		return false
	}
	for _, i := range s.touched {
		r, e := &t.rules.terms[i], &s.terms[i]
		if !t.is(i, feeds.Event) || e.forbidden || e.score < cmp.Or(r.threshold, 1) || !r.window.holds(in.Published) || ambiguous(i) {
			continue
		}
		c.add(found{i, e.score}, t.names[i][isName])
		c.ancestors(found{i, e.score})
		for _, region := range r.regions {
			c.from(feeds.Region, region, "from event "+r.tag.Term, found{i, e.score})
		}
	}
}

// Fingerprint changes when any rule, or the way rules are applied, does.
func (t *Tagger) Fingerprint() uint64 { return t.fingerprint }

// Terms lists every term, sorted by scheme and term.
func (t *Tagger) Terms() []Term {
	out := make([]Term, 0, len(t.rules.terms))
	for i := range t.rules.terms {
		if r := &t.rules.terms[i]; !r.disabled {
			out = append(out, Term{Tag: r.tag, Labels: r.labels, Parents: t.rules.ancestors(r), Same: r.same})
		}
	}
	slices.SortFunc(out, func(a, b Term) int {
		return cmp.Or(cmp.Compare(a.Tag.Scheme, b.Tag.Scheme), cmp.Compare(a.Tag.Term, b.Tag.Term))
	})
	return out
}

// ancestors gives a term's parents, nearest first.
func (r *rules) ancestors(t *term) []feeds.Tag {
	var out []feeds.Tag
	for range maxDepth {
		p := r.parent(t)
		if p == nil {
			break
		}
		out = append(out, p.tag)
		t = p
	}
	return out
}

const maxDepth = 8

// parent gives the term above, nil when there is none. A country's is a region.
func (r *rules) parent(t *term) *term {
	if t.parent == "" {
		return nil
	}
	scheme := t.tag.Scheme
	if scheme == feeds.Country {
		scheme = feeds.Region
	}
	p := r.get(scheme, t.parent)
	if p == nil || p.disabled {
		return nil
	}
	return p
}

// Label gives the term's name in a language, else in English, else the bare term.
func (t *Tagger) Label(tag feeds.Tag, lang string) string {
	r := t.rules.get(tag.Scheme, tag.Term)
	if r == nil {
		return tag.Term
	}
	return cmp.Or(r.labels[lang], r.labels[feeds.PrimaryLanguage(lang)], r.labels["en"], tag.Term)
}

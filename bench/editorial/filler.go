package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"communique/bench/trial"
)

// filler makes documents that read like the labelled ones and are all
// different statements: per language a chain of words learned from the texts,
// in the lengths of the texts, their titles and paragraphs.
//
// The next word is drawn after the last two where that leaves a choice, else
// after the last, else from all: two words of context alone would repeat whole
// paragraphs of so small a corpus, and then the documents would be copies of
// one another. Words are what white space separates. The same seed gives the
// same documents.
type filler struct {
	chains []*chain // by language
	titles []*chain
	shapes []shape
	rng    *rand.Rand
	made   map[uint64]bool // texts, by hash
	at     time.Time
	step   time.Duration
}

// shape is the language and the lengths in words of a labelled document.
type shape struct {
	chain      int
	title      int
	paragraphs []int
}

// offices is how many sources the filler comes from.
const offices = 200

// newFiller learns from one row of each group and language, so that a text with
// many copies does not count for more. The n documents are spread evenly over
// the time between from and to.
func newFiller(rows []row, n int, from, to time.Time, seed uint64) (*filler, error) {
	f := &filler{rng: rand.New(rand.NewPCG(seed, 2)), made: map[uint64]bool{}, at: from, step: to.Sub(from) / time.Duration(max(1, n))}
	first := map[[2]string]int{}
	var learn []int
	for i := range rows {
		r := &rows[i]
		if r.Group == nil || len(strings.Fields(r.Text)) < 20 || strings.HasPrefix(r.Kind, "edit:") { // edits repeat, and some hold markup
			continue
		}
		k := [2]string{*r.Group, r.language()}
		if _, have := first[k]; !have {
			first[k] = i
			learn = append(learn, i)
		}
	}
	chains := map[string]int{}
	for _, i := range learn {
		r := &rows[i]
		c, ok := chains[r.language()]
		if !ok {
			c = len(f.chains)
			chains[r.language()] = c
			f.chains, f.titles = append(f.chains, newChain()), append(f.titles, newChain())
		}
		s := shape{chain: c, title: max(3, f.titles[c].learn(r.Title))}
		for _, p := range strings.Split(r.Text, "\n") {
			if n := f.chains[c].learn(p); n > 0 {
				s.paragraphs = append(s.paragraphs, n)
			}
		}
		f.shapes = append(f.shapes, s)
	}
	if len(f.shapes) == 0 {
		return nil, fmt.Errorf("no text of 20 words or more to make filler from")
	}
	for i := range f.chains {
		if len(f.titles[i].all) == 0 {
			f.titles[i] = f.chains[i]
		}
		f.chains[i].prune()
		f.titles[i].prune()
	}
	return f, nil
}

// next gives the next document. Its id is that of filler document n.
func (f *filler) next(n int) document {
	for {
		s := f.shapes[f.rng.IntN(len(f.shapes))]
		title := f.titles[s.chain].say(f.rng, s.title)
		var b strings.Builder
		for i, words := range s.paragraphs {
			if i > 0 {
				b.WriteString("\n\n")
			}
			b.WriteString(f.chains[s.chain].say(f.rng, words))
		}
		h := fnv.New64a()
		h.Write([]byte(b.String()))
		if f.made[h.Sum64()] {
			continue
		}
		f.made[h.Sum64()] = true
		office := fmt.Sprintf("office-%d", f.rng.IntN(offices)+1)
		f.at = f.at.Add(f.step)
		return document{ID: fmt.Sprintf("filler-%d", n), Title: title, Text: b.String(), Source: office,
			URL: fmt.Sprintf("https://%s.example.org/statements/%d", office, n), Published: f.at.Format(time.RFC3339)}
	}
}

// chain is a language's words and what may follow them.
type chain struct {
	ids    map[string]int32
	words  []string
	all    []int32 // the texts, word by word
	first  []int32 // words that begin a paragraph
	after1 map[int32][]int32
	after2 map[[2]int32][]int32
}

func newChain() *chain {
	return &chain{ids: map[string]int32{}, after1: map[int32][]int32{}, after2: map[[2]int32][]int32{}}
}

// learn adds a paragraph and gives its length in words.
func (c *chain) learn(paragraph string) int {
	words := strings.Fields(paragraph)
	var before [2]int32
	for i, w := range words {
		id, ok := c.ids[w]
		if !ok {
			id = int32(len(c.words))
			c.ids[w] = id
			c.words = append(c.words, w)
		}
		c.all = append(c.all, id)
		switch {
		case i == 0:
			c.first = append(c.first, id)
		case i == 1:
			c.after1[before[1]] = append(c.after1[before[1]], id)
		default:
			c.after1[before[1]] = append(c.after1[before[1]], id)
			c.after2[before] = append(c.after2[before], id)
		}
		before = [2]int32{before[1], id}
	}
	return len(words)
}

// prune forgets the contexts that leave no choice.
func (c *chain) prune() {
	for k, next := range c.after1 {
		if few(next) {
			delete(c.after1, k)
		}
	}
	for k, next := range c.after2 {
		if few(next) {
			delete(c.after2, k)
		}
	}
}

// few reports whether less than four different words are among them.
func few(next []int32) bool {
	if len(next) > 64 {
		next = next[:64]
	}
	sorted := slices.Clone(next)
	slices.SortFunc(sorted, cmp.Compare)
	return len(slices.Compact(sorted)) < 4
}

// say gives a paragraph of some words.
func (c *chain) say(rng *rand.Rand, words int) string {
	var b strings.Builder
	var before [2]int32
	for i := range words {
		from := c.all
		if i == 0 {
			from = c.first
		} else if next := c.after2[before]; i > 1 && next != nil {
			from = next
		} else if next := c.after1[before[1]]; next != nil {
			from = next
		}
		id := from[rng.IntN(len(from))]
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.words[id])
		before = [2]int32{before[1], id}
	}
	return b.String()
}

// Where the filler and the labelled rows stand in time: all of them within the
// narrowest window that is in use.
const (
	fillerSpan = 20 * 24 * time.Hour
	goldSpan   = 2 * 24 * time.Hour
)

// filled is what a run with a full window took.
type filled struct {
	Filler     int         `json:"filler"`
	FillerCPU  float64     `json:"filler_cpu_s"`
	Gold       int         `json:"gold"`
	GoldCPU    float64     `json:"gold_cpu_s"`
	TellCPU    float64     `json:"telling_cpu_s"` // of all verdicts, when the last document is in
	PerSecond  float64     `json:"gold_per_cpu_s"`
	PeakMB     float64     `json:"peak_mb"`
	Start      trial.Usage `json:"start"`
	AmongPairs int         `json:"false_pairs_among_filler"`
	MixedPairs int         `json:"false_pairs_with_gold"`
	GoldPairs  prf         `json:"gold_pairs"`
}

// fill streams n filler documents and then the labelled rows, all dated within
// one window.
func (m *measurement) fill(n, limit int, seed uint64) (section, error) {
	s := section{key: "fill"}
	end := time.Date(2022, 6, 30, 0, 0, 0, 0, time.UTC)
	for i := len(m.rows) - 1; i >= 0; i-- {
		if at, ok := m.rows[i].day(); ok {
			end = at
			break
		}
	}
	f, err := newFiller(m.rows, n, end.Add(-fillerSpan), end, seed)
	if err != nil {
		return s, err
	}
	start, err := m.program.start()
	if err != nil {
		return s, err
	}
	m.say("%d filler documents, then %d rows", n, len(m.rows))
	var before, after float64 // CPU seconds at the first labelled row, and after the last
	titles := make([]string, n)
	feed := func(l *line) error {
		for i := range n {
			d := f.next(i)
			titles[i] = d.Title
			if err := l.put(d); err != nil {
				return err
			}
		}
		var err error
		if before, err = l.settle(); err != nil {
			return err
		}
		for i := range m.rows {
			d := m.rows[i].document(m.withLanguage)
			d.Published = end.Add(goldSpan * time.Duration(i) / time.Duration(len(m.rows))).Format(time.RFC3339)
			if err := l.put(d); err != nil {
				return err
			}
		}
		after, err = l.settle()
		return err
	}
	fillers, golds := map[string]int{}, map[string]int{}
	var joined []verdict // filler that was joined with anything before it
	verdicts := make([]verdict, 0, len(m.rows))
	count1 := 0
	u, err := m.program.classify(feed, func(v verdict) error {
		st, _ := v.statement()
		if count1++; count1 > n {
			golds[st]++
			verdicts = append(verdicts, v)
			return nil
		}
		if fillers[st]++; fillers[st] > 1 {
			joined = append(joined, v)
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	r := filled{Filler: n, FillerCPU: before, Gold: len(m.rows), GoldCPU: after - before, TellCPU: u.CPU - after, PeakMB: u.PeakMB, Start: start}
	r.PerSecond = float64(r.Gold) / max(1e-9, r.GoldCPU)
	for st, k := range fillers {
		r.AmongPairs += k * (k - 1) / 2
		r.MixedPairs += k * golds[st]
	}
	o := newOutcome(m.rows, verdicts)
	r.GoldPairs = scoreGroups(m.rows, o.statement, o.unclear).All.prf
	s.title = fmt.Sprintf("%d filler statements in the window, then %d labelled rows", r.Filler, r.Gold)
	t := table{head: []string{"what", "figure"}}
	t.add("labelled rows per CPU second, with the filler in the window", fmt.Sprintf("%.0f", r.PerSecond))
	t.add("CPU seconds of the labelled rows", fmt.Sprintf("%.2f", r.GoldCPU))
	t.add("CPU seconds of the filler, the start included", fmt.Sprintf("%.2f", r.FillerCPU))
	t.add("CPU seconds of telling all verdicts at the end", fmt.Sprintf("%.2f", r.TellCPU))
	t.add("peak resident set at the end, MB", fmt.Sprintf("%.0f", r.PeakMB))
	t.add("the same with one document in the window, MB", fmt.Sprintf("%.0f", start.PeakMB))
	t.add("start and one document: CPU seconds", fmt.Sprintf("%.2f", start.CPU))
	t.add("start and one document: wall seconds", fmt.Sprintf("%.2f", start.Wall))
	t.add("false pairs among the filler", count(r.AmongPairs))
	t.add("false pairs of filler and labelled rows", count(r.MixedPairs))
	t.add("pairwise F1 of the labelled rows, thus re-dated", four(r.GoldPairs.F1))
	s.tables, s.figures = []table{t}, r
	if limit > 0 && len(joined) > 0 {
		s.errors = append(s.errors, fmt.Sprintf("\n-- %d filler documents were joined with an earlier one", len(joined)))
		for i, v := range joined[:min(limit, len(joined))] {
			var at int
			_, _ = fmt.Sscanf(v.ID, "filler-%d", &at) // our own ids
			s.errors = append(s.errors, fmt.Sprintf("%3d. %s %q as %s of %s%s", i+1, v.ID, titles[at], v.Relation, v.Of, v.evidence()))
		}
	}
	return s, nil
}

package dedup

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/aggregator/normalize"
	"communique/aggregator/tag"
	"communique/feeds"
	"communique/internal/testkit"
)

var mistakes = flag.Int("mistakes", 0, "show so many wrong joins and so many misses of the labelled stream")

// labelled is a row of the labelled stream.
type labelled struct {
	ID, Lang, Title, Text, Published, Source, Group, Kind, Set, Form, URL string
	Ambiguous                                                             []string `json:"ambiguous_with"`

	draft feeds.Draft
	at    time.Time
}

func stream(t testing.TB) []labelled {
	f, err := os.Open(testkit.Shared(t, "eval/stream_dev.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<22)
	for in.Scan() {
		var r labelled
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		r.at, _ = time.Parse("2006-01-02T15:04:05", r.Published[:min(19, len(r.Published))])
		out = append(out, r)
	}
	prepare(t, out)
	return out
}

// prepare makes of each row what there is to place.
func prepare(t testing.TB, rows []labelled) {
	t.Helper()
	n := normalize.New()
	tagger, err := tag.New(tag.Taxonomy{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		r := &rows[i]
		language, _ := n.Detect(r.Title + "\n" + r.Text)
		r.draft = feeds.Draft{Copy: feeds.Copy{Source: feeds.SourceID(r.Source), ID: r.ID, Title: r.Title, Language: language, Published: r.at}}
		r.draft.Text = n.View(language, r.Title, r.Text)
		r.draft.Taggings = tagger.Tag(tag.Input{Language: language, View: r.draft.Text, Published: r.at})
	}
}

// run places the rows one by one and gives each row's placement.
func run(t testing.TB, rows []labelled, l Likeness, trace func(row, of int, x *pair)) []Placement {
	held := map[feeds.Key][]Known{}
	where := map[feeds.ItemKey]int{}
	p := New(Options{
		Find: func(keys []feeds.Key) (map[feeds.Key][]Known, error) { return held, nil },
		Text: func(k feeds.ItemKey) (string, feeds.TextView, bool, error) {
			d := &rows[where[k]].draft
			return d.Language, d.Text, true, nil
		},
		Likeness: l,
	})
	out := make([]Placement, len(rows))
	for i := range rows {
		if trace != nil {
			p.trace = func(_ *newcomer, n uint32, x *pair) { trace(i, where[p.window.doc(n).item], x) }
		}
		placed, release, err := p.Place(feeds.Source{ID: feeds.SourceID(rows[i].Source)}, []feeds.Draft{rows[i].draft}, rows[i].at)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = placed[0]
		where[out[i].Item] = i
		for _, k := range out[i].Keys {
			held[k] = append(held[k], Known{Item: out[i].Item, Statement: out[i].Statement, FirstSeen: rows[i].at, GUID: rows[i].ID, Title: rows[i].Title, Published: rows[i].at, Language: rows[i].draft.Language})
		}
		for _, loser := range out[i].Join {
			for j := range out[:i] {
				if out[j].Statement == loser {
					out[j].Statement = out[i].Statement
				}
			}
			for k := range held {
				for j := range held[k] {
					if held[k][j].Statement == loser {
						held[k][j].Statement = out[i].Statement
					}
				}
			}
		}
		release(true)
	}
	return out
}

type score struct{ tp, fp, fn int }

func (s score) precision() float64 { return float64(s.tp) / float64(max(1, s.tp+s.fp)) }
func (s score) recall() float64    { return float64(s.tp) / float64(max(1, s.tp+s.fn)) }

func (s score) f1() float64 {
	p, r := s.precision(), s.recall()
	return 2 * p * r / max(1e-9, p+r)
}

func (s score) String() string {
	return fmt.Sprintf("P %.4f R %.4f F1 %.4f (fp %d fn %d)", s.precision(), s.recall(), s.f1(), s.fp, s.fn)
}

func judgeStream(rows []labelled, placed []Placement) (all, same, cross score) {
	ambiguous := map[[2]string]bool{}
	for _, r := range rows {
		for _, o := range r.Ambiguous {
			ambiguous[[2]string{r.ID, o}], ambiguous[[2]string{o, r.ID}] = true, true
		}
	}
	for i := range rows {
		for j := range rows[:i] {
			gold, got := rows[i].Group == rows[j].Group, placed[i].Statement == placed[j].Statement
			if !gold && !got {
				continue
			}
			s := &cross
			if feeds.SameLanguage(rows[i].Lang, rows[j].Lang) {
				s = &same
			}
			switch {
			case gold && got:
				s.tp++
				all.tp++
			case gold:
				s.fn++
				all.fn++
			case !ambiguous[[2]string{rows[i].ID, rows[j].ID}]:
				s.fp++
				all.fp++
			}
		}
	}
	return
}

// What the labelled stream has to come to (-mistakes lists the errors).
const (
	leastF1    = .985
	mostFalses = .01 // of all pairs that are joined
)

func TestLabelledStreamIsGroupedAsByAnEditor(t *testing.T) {
	rows := stream(t)
	start := time.Now()
	placed := run(t, rows, Likeness{}, nil)
	t.Logf("%d rows in %v", len(rows), time.Since(start))
	all, same, cross := judgeStream(rows, placed)
	for _, s := range []struct {
		what string
		score
	}{{"all pairs", all}, {"pairs of one language", same}, {"pairs of two languages", cross}} {
		t.Logf("%s: %v", s.what, s.score)
		if s.f1() < leastF1 {
			t.Errorf("%s: F1 %.4f, want at least %.3f", s.what, s.f1(), leastF1)
		}
	}
	if falses := 1 - all.precision(); falses > mostFalses {
		t.Errorf("%.2f%% of the joined pairs are false, want at most %.0f%%", 100*falses, 100*mostFalses)
	}
	show(t, rows, placed)
}

// show lists the joins that brought two groups together, and the groups that
// fell apart.
func show(t *testing.T, rows []labelled, placed []Placement) {
	if *mistakes == 0 {
		return
	}
	at := map[feeds.ItemKey]int{}
	for i := range placed {
		at[placed[i].Item] = i
	}
	line := func(i int) string {
		return fmt.Sprintf("%s %s [%s %s %s] %s", rows[i].ID, rows[i].Lang, rows[i].Source, rows[i].Form, rows[i].Published[:16], clipTo(rows[i].Title, 100))
	}
	type wrong struct {
		pairs int
		is    []int
	}
	ambiguous := map[[2]string]bool{}
	for _, r := range rows {
		for _, o := range r.Ambiguous {
			ambiguous[[2]string{r.ID, o}], ambiguous[[2]string{o, r.ID}] = true, true
		}
	}
	clusters := map[feeds.StatementID][]int{}
	for i := range rows {
		clusters[placed[i].Statement] = append(clusters[placed[i].Statement], i)
	}
	var wrongs []wrong
	for _, is := range clusters {
		w := wrong{is: is}
		for k, i := range is {
			for _, j := range is[:k] {
				if rows[i].Group != rows[j].Group && !ambiguous[[2]string{rows[i].ID, rows[j].ID}] {
					w.pairs++
				}
			}
		}
		if w.pairs > 0 {
			wrongs = append(wrongs, w)
		}
	}
	slices.SortFunc(wrongs, func(a, b wrong) int { return cmp.Or(cmp.Compare(b.pairs, a.pairs), cmp.Compare(a.is[0], b.is[0])) })
	t.Logf("%d clusters of several groups", len(wrongs))
	for _, w := range wrongs[:min(len(wrongs), *mistakes)] {
		t.Logf("WRONG %d pairs of %d", w.pairs, len(w.is))
		for _, i := range w.is {
			if j, ok := at[placed[i].Of]; ok && rows[i].Group != rows[j].Group {
				t.Logf("      %s\n      %s\n      %s score %.2f: %s", line(i), line(j), placed[i].Relation, placed[i].Score, placed[i].Why)
			} else if len(placed[i].Join) > 0 {
				t.Logf("      joined %v by %s", placed[i].Join, line(i))
			}
		}
	}
	groups := map[string][]int{}
	for i := range rows {
		groups[rows[i].Group] = append(groups[rows[i].Group], i)
	}
	type miss struct {
		pairs int
		is    []int
	}
	var misses []miss
	for _, is := range groups {
		size := map[feeds.StatementID]int{}
		for _, i := range is {
			size[placed[i].Statement]++
		}
		if len(size) > 1 {
			pairs := len(is) * len(is)
			for _, s := range size {
				pairs -= s * s
			}
			misses = append(misses, miss{pairs, is})
		}
	}
	slices.SortFunc(misses, func(a, b miss) int {
		return cmp.Or(cmp.Compare(b.pairs, a.pairs), cmp.Compare(a.is[0], b.is[0]))
	})
	for _, m := range misses[:min(*mistakes, len(misses))] {
		var b strings.Builder
		for _, i := range m.is {
			fmt.Fprintf(&b, "\n      %s %s", placed[i].Statement[:4], line(i))
			for _, near := range placed[i].Near {
				if rows[at[near.Item]].Group == rows[i].Group {
					fmt.Fprintf(&b, "\n           %.2f of %s: %s", near.Score, rows[at[near.Item]].ID, near.Why)
				}
			}
		}
		t.Logf("SPLIT %d pairs%s", m.pairs, b.String())
	}
}

func clipTo(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

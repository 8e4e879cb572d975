package dedup

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var thinTrials = flag.Int("thin", 40, "how many thin windows are made of the labelled stream")

// What thin windows have to come to.
const (
	leastThinRecall = .93
	mostThinFalses  = .03 // of all pairs that are joined
)

// teaser is about how many octets of a text a feed of teasers gives.
const teaser = 260

// thin makes a stream of few statements that come about within two days, most in one
// language only, as a new installation or a small organisation has them: what is
// near a text there is seldom its translation. Texts may be cut to teasers.
func thin(t testing.TB, rows []labelled, seed uint64, cut bool) []labelled {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 60))
	groups := map[string]map[string]int{}
	var names []string
	for i := range rows {
		x := &rows[i]
		if strings.Contains(x.ID, "~") || len(x.Text) < 150 {
			continue
		}
		if groups[x.Group] == nil {
			groups[x.Group] = map[string]int{}
			names = append(names, x.Group)
		}
		if _, held := groups[x.Group][x.Lang]; !held {
			groups[x.Group][x.Lang] = i
		}
	}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var out []labelled
	for i, g := range names[:60] {
		var copies []int
		for _, l := range slices.Sorted(maps.Keys(groups[g])) {
			copies = append(copies, groups[g][l])
		}
		r.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
		n := 1
		if i%4 == 0 {
			n = 2
		}
		for _, c := range copies[:min(n, len(copies))] {
			out = append(out, rows[c])
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	for i := range out {
		x := &out[i]
		if cut {
			text := strings.ReplaceAll(x.Text, "\n", " ")
			x.Text = text[:max(strings.LastIndexByte(text[:min(len(text), teaser)], ' '), 0)]
		}
		x.Source = fmt.Sprintf("office-%d", i%17)
		x.at = monday.Add(time.Duration(i) * 37 * time.Minute)
		x.Published = x.at.Format("2006-01-02T15:04:05")
	}
	prepare(t, out)
	return out
}

// judgeThin gives the score of pairs of two languages in thin windows.
func judgeThin(t testing.TB, rows []labelled, cut bool) (cross score) {
	t.Helper()
	for seed := range *thinTrials {
		few := thin(t, rows, uint64(seed), cut)
		_, _, c := judgeStream(few, run(t, few, Likeness{}, nil))
		cross.tp, cross.fp, cross.fn = cross.tp+c.tp, cross.fp+c.fp, cross.fn+c.fn
	}
	return cross
}

// Where there is little to compare with, that nothing else is near says little.
func TestThinWindowsJoinTranslationsAlone(t *testing.T) {
	rows := stream(t)
	for _, cut := range []bool{false, true} {
		cross := judgeThin(t, rows, cut)
		t.Logf("teasers %t: pairs of two languages %v", cut, cross)
		if cross.recall() < leastThinRecall || 1-cross.precision() > mostThinFalses {
			t.Errorf("teasers %t: recall %.4f, want at least %.2f; %.2f%% of the joined pairs are false, want at most %.0f%%", cut, cross.recall(), leastThinRecall, 100*(1-cross.precision()), 100*mostThinFalses)
		}
	}
}

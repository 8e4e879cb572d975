package dedup

import (
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"testing"
)

var thinFit = flag.Int("fit-thin", 60, "with so many thin windows, each of texts and of teasers")

var fit = flag.Bool("fit", false, "learn the weights of translations from the labelled stream and print them")

// TestFit learns the weights of pair.go: a logistic regression over the pairs that
// the Placer itself compares, so that what it learns from is what it meets.
func TestFit(t *testing.T) {
	if !*fit {
		t.Skip("with -fit")
	}
	rows := stream(t)
	type sample struct {
		x    pair
		same bool
		half bool
	}
	was := weights
	for round := range 2 {
		var all []sample
		run(t, rows, Likeness{}, func(row, of int, x *pair) {
			all = append(all, sample{x: *x, same: rows[row].Group == rows[of].Group, half: half(rows[row].Group)})
		})
		// Thin windows, so that it learns what a newcomer meets there, too.
		for seed := range *thinFit {
			for _, cut := range []bool{false, true} {
				few := thin(t, rows, uint64(1000+seed), cut)
				run(t, few, Likeness{}, func(row, of int, x *pair) {
					all = append(all, sample{x: *x, same: few[row].Group == few[of].Group, half: half(few[row].Group)})
				})
			}
		}
		xs, ys := make([]pair, 0, len(all)), make([]bool, 0, len(all))
		for _, s := range all {
			if !s.half {
				xs, ys = append(xs, s.x), append(ys, s.same)
			}
		}
		w := logistic(xs, ys)
		var loss [2]float64
		var count [2]int
		for _, s := range all {
			h := 0
			if s.half {
				h = 1
			}
			p := float64(sigmoid(s.x.dot(&w)))
			if !s.same {
				p = 1 - p
			}
			loss[h] -= math.Log(max(p, 1e-9))
			count[h]++
		}
		t.Logf("round %d: %d pairs, loss learned half %.4f, other half %.4f", round, len(all), loss[0]/float64(count[0]), loss[1]/float64(count[1]))
		xs, ys = xs[:0], ys[:0]
		for _, s := range all {
			xs, ys = append(xs, s.x), append(ys, s.same)
		}
		weights = logistic(xs, ys)
		placed := run(t, rows, Likeness{}, nil)
		a, s, c := judgeStream(rows, placed)
		t.Logf("  all %v\n  same %v\n  cross %v", a, s, c)
		for _, cut := range []bool{false, true} {
			t.Logf("  thin windows, teasers %t: %v", cut, judgeThin(t, rows, cut))
		}
	}
	var b strings.Builder
	for i, v := range weights {
		fmt.Fprintf(&b, "\t%s: %.3f,\n", names[i], v)
	}
	t.Log("\n" + b.String())
	for _, threshold := range []float32{.6, .7, .8, .9} { // which should not matter much
		all, same, cross := judgeStream(rows, run(t, rows, Likeness{LinkThreshold: threshold}, nil))
		t.Logf("threshold %.2f: all %v same %v cross %v", threshold, all, same, cross)
	}
	weights = was
}

var names = strings.Fields("fBias fWords fNames fNumbers fJoint fTitle fTitleIn fLede fCover fBoth fConflict fTitleNum fTitleOne fShared fMargin fAlone fLag fShort fShortWord fShortTtl fThings fNoThings fSupport fSize fScript fScrWords fScrNames fScrCover fScrMargin fNameConf fScrNameC fOther fAbroad fApart")

func half(group string) bool {
	h := fnv.New32a()
	h.Write([]byte(group))
	return h.Sum32()&1 == 1
}

// logistic is a logistic regression by Newton's method, with a small ridge.
func logistic(xs []pair, ys []bool) pair {
	const n = features
	const ridge = 2.0
	var w [n]float64
	for range 30 {
		var g [n]float64
		var h [n][n]float64
		for i := range n {
			g[i] = -ridge * w[i]
			h[i][i] = ridge
		}
		for k := range xs {
			z := 0.0
			for i := range n {
				z += w[i] * float64(xs[k][i])
			}
			p := 1 / (1 + math.Exp(-z))
			e := -p
			if ys[k] {
				e = 1 - p
			}
			v := p * (1 - p)
			for i := range n {
				xi := float64(xs[k][i])
				if xi == 0 {
					continue
				}
				g[i] += e * xi
				for j := range n {
					h[i][j] += v * xi * float64(xs[k][j])
				}
			}
		}
		d := solve(h, g)
		most := 0.0
		for i := range n {
			w[i] += d[i]
			most = max(most, math.Abs(d[i]))
		}
		if most < 1e-6 {
			break
		}
	}
	var out pair
	for i := range n {
		out[i] = float32(w[i])
	}
	return out
}

func solve(a [features][features]float64, b [features]float64) [features]float64 {
	const n = features
	for i := range n {
		p := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[p][i]) {
				p = r
			}
		}
		a[i], a[p] = a[p], a[i]
		b[i], b[p] = b[p], b[i]
		for r := i + 1; r < n; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c < n; c++ {
				a[r][c] -= f * a[i][c]
			}
			b[r] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			b[i] -= a[i][c] * b[c]
		}
		b[i] /= a[i][i]
	}
	return b
}

package dedup

import (
	"fmt"
	"testing"
)

func TestPairs(t *testing.T) {
	if *mistakes == 0 {
		t.Skip("for looking at")
	}
	rows := stream(t)
	traceNear = func(p *Placer, c *newcomer, n uint32, l *likeness) {
		fmt.Printf("PAIR %s %s %.3f %.3f whole %.2f common %d same %d differ %d swap %v name %v series %v edition %v overlap %.2f anchored %v src %v\n", c.draft.ID, itemID[p.window.doc(n).item], l.jaccard, l.containment, l.whole, l.common, l.same, l.numbers+l.names, l.titleSwap, l.titleName, l.titleSeries, l.titleEdition, l.overlap, l.anchored, c.src.ID == p.window.doc(n).item.Source())
	}
	defer func() { traceNear = nil }()
	run(t, rows, Likeness{}, nil)
}

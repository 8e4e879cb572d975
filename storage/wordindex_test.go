package storage

import "testing"

// Whatever comes at once: when the last place of a segment is taken its runs become
// one, and edits do not write all of it again.
func TestAFullSegmentHasOneRun(t *testing.T) {
	for _, size := range []int{1, 7, 60, 500, segmentSize} {
		var runs []runInfo
		most, written := 0, 0
		add := func(places ...int) {
			r := runInfo{}
			for _, p := range places {
				r.covers.put(uint16(p))
			}
			r.size = len(places)
			runs = append(runs, r)
			first := gathered(runs)
			for _, old := range runs[first : len(runs)-1] {
				r.covers.or(&old.covers)
			}
			r.size = r.covers.len()
			runs = append(runs[:first], r)
			written += r.size
			most = max(most, len(runs))
		}
		for start := 0; start < segmentSize; start += size {
			var places []int
			for p := start; p < min(start+size, segmentSize); p++ {
				places = append(places, p)
			}
			add(places...)
		}
		if len(runs) != 1 || runs[0].size != segmentSize {
			t.Errorf("by %d: a full segment has %d runs", size, len(runs))
		}
		if most > 2*mergeAt {
			t.Errorf("by %d: up to %d runs", size, most)
		}
		if times := written / segmentSize; size >= 60 && times > 3 {
			t.Errorf("by %d: a place was written %d times", size, times)
		}
		written = 0
		for range 3 {
			add(segmentSize - 1)
		}
		if len(runs) != 4 || written != 3 {
			t.Errorf("by %d: after three edits of the last place there are %d runs, and %d places were written", size, len(runs), written)
		}
	}
}

// A phrase that comes in none of a great many segments is looked for in ever longer
// steps, and in no more than a segment.
func TestStepsEndAtASegment(t *testing.T) {
	m := merger{phrase: true, first: firstReach}
	for i := range 1000 {
		was := m.first
		if m.note(false); m.first < was || m.first > segmentSize {
			t.Fatalf("after %d steps that found nothing the next looks at %d, after %d", i+1, m.first, was)
		}
	}
	if m.first != segmentSize {
		t.Errorf("the last steps look at %d, want %d", m.first, segmentSize)
	}
	m = merger{first: firstReach}
	for range maxBlank {
		m.note(false)
	}
	if m.first != 0 {
		t.Errorf("a rare word is looked for among %d, want all", m.first)
	}
}

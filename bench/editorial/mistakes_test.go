package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// judged makes an outcome of rows "id group" and of verdicts in JSON.
func judged(t *testing.T, rows []string, verdicts ...string) *outcome {
	t.Helper()
	var gold []row
	for _, r := range rows {
		id, group, _ := strings.Cut(r, " ")
		gold = append(gold, row{ID: id, Lang: "en", Title: "Title of " + id, Group: &group})
	}
	var all []verdict
	for _, v := range verdicts {
		var got verdict
		if err := json.Unmarshal([]byte(v), &got); err != nil {
			t.Fatal(err)
		}
		all = append(all, got)
	}
	return newOutcome(gold, all)
}

func inOrder(t *testing.T, lines []string, want ...string) {
	t.Helper()
	text := strings.Join(lines, "\n")
	rest := text
	for _, w := range want {
		i := strings.Index(rest, w)
		if i < 0 {
			t.Fatalf("no %q, or not in its place, in\n%s", w, text)
		}
		rest = rest[i+len(w):]
	}
}

func TestFalseMergesShowTheJoinThatMadeThem(t *testing.T) {
	o := judged(t, []string{"1 a", "2 a", "3 b", "4 c", "5 d"},
		`{"id":"1","statement":"s","relation":"origin"}`,
		`{"id":"2","statement":"s","relation":"reprint","of":"1","score":0.95,"because":"the same words"}`,
		`{"id":"3","statement":"s","relation":"reprint","of":"2","score":0.61,"threshold":0.6,"because":["4 of 9 slots","titles alike"]}`,
		`{"id":"4","statement":"z","relation":"origin"}`,
		`{"id":"5","statement":"z","relation":"translation"}`)
	inOrder(t, o.falseMerges(5), "2 statements hold rows of different groups, 3 false pairs",
		"2 false pairs in statement s", "joined 3", `to 2 [en] "Title of 2"`, "as reprint score 0.61 of 0.60: 4 of 9 slots; titles alike",
		"1 false pairs in statement z", "holds 4", "holds 5", "as translation")
	if got := o.falseMerges(1); strings.Contains(strings.Join(got, "\n"), "statement z") {
		t.Error("more are shown than asked for")
	}
	if strings.Contains(strings.Join(o.falseMerges(5), "\n"), "the same words") {
		t.Error("a right join is shown as a wrong one")
	}
}

func TestAmbiguousMergesAreNotShown(t *testing.T) {
	o := judged(t, []string{"1 a", "2 b"}, `{"id":"1","statement":"s"}`, `{"id":"2","statement":"s","of":"1"}`)
	o.rows[1].Ambiguous = []string{"1"}
	o = newOutcome(o.rows, []verdict{*o.verdicts["1"], *o.verdicts["2"]})
	inOrder(t, o.falseMerges(5), "0 statements hold rows of different groups")
}

func TestMissesShowWhatCameClosest(t *testing.T) {
	o := judged(t, []string{"1 a", "2 a", "3 b", "4 a"},
		`{"id":"1","statement":"s"}`,
		`{"id":"3","statement":"q"}`,
		`{"id":"2","statement":"z","near":[{"id":"3","statement":"q","score":0.5,"threshold":0.6,"why":"same place"},{"id":"1","statement":"s","score":0.4,"threshold":0.6,"why":{"slots":3},"related":true}]}`)
	inOrder(t, o.misses(5), "1 groups stand in several statements, 3 pairs not joined", "3 pairs of group a: 3 rows in 3 statements",
		"part 1", "part 2", `2, related with 1 [en] "Title of 1" score 0.40 of 0.60: {"slots":3}`, "part 4")
}

func TestWrongTagsShowTheirEvidence(t *testing.T) {
	o := judged(t, []string{"1 a", "2 b"},
		`{"id":"1","countries":["KE","FR"],"why":[{"tag":"country/fr","rule":"country FR","evidence":"text: \"…French…\""},{"tag":"topic/health","rule":"topic health"}]}`,
		`{"id":"2","countries":["PE"]}`)
	o.rows[0].Countries, o.rows[1].Countries = &[]string{"KE"}, &[]string{"PE"}
	got := o.wrongTags(&fields[0], 5)
	inOrder(t, got, "1 of 2 rows have a wrong or a missing label", "1 [en]", "gold KE, got FR KE", `country/fr by country FR: text: "…French…"`)
	if strings.Contains(strings.Join(got, "\n"), "topic/health") {
		t.Error("evidence of another kind of tag is shown")
	}
}

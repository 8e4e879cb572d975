package config

import (
	"fmt"
	"testing"
)

func TestAPlanPutsOnlyWhatDiffersIntoWords(t *testing.T) {
	text := func(a, b string) string {
		return fmt.Sprintf("storage: {dir: /var/lib/communique}\nsources:\n  - {id: a, url: 'https://a.example/', %s}\n  - {id: b, url: 'https://b.example/', %s}\n", a, b)
	}
	const as = "schedule: '0 6 * * *', time_zone: Europe/Paris, headers: {X-Key: s3cret}"
	was := parse1(t, text(as, "language: fr"))
	for _, x := range []struct {
		a, b string
		want string
	}{
		{as, "language: fr", "[]"},
		{as, "language: es", "[{b [{language fr es false}]}]"},
		{"schedule: '0 6 * * *', time_zone: Europe/Rome, headers: {X-Key: s3cret}", "language: fr", "[{a [{schedule 0 6 * * * in Europe/Paris 0 6 * * * in Europe/Rome false}]}]"},
		{"schedule: '0 6 * * *', time_zone: Europe/Paris, headers: {X-Key: s3cret2}", "language: fr", "[{a [{headers.X-Key [other] [other] false}]}]"},
	} {
		next := parse1(t, text(x.a, x.b))
		plan := was.Plan(next)
		if got := fmt.Sprint(plan.Sources.Change); got != x.want {
			t.Errorf("got %s, want %s", got, x.want)
		}
		if whole := was.Outline().Plan(next.Outline()); fmt.Sprint(whole) != fmt.Sprint(plan) {
			t.Errorf("got %v, want %v, as whole outlines say", plan, whole)
		}
		if same := was.Same(next, plan); same != (x.want == "[]") {
			t.Errorf("the same: %v, with %v", same, plan)
		}
	}
	// A comment changes nothing, and is taken up all the same.
	next := parse1(t, text(as, "language: fr")+"# and so on\n")
	if plan := was.Plan(next); !plan.Empty() || was.Same(next, plan) {
		t.Errorf("a comment: %v", plan)
	}
}

package dedup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
)

// newsroom is a Placer with the smallest store under it: what it has placed, in
// order of arrival.
type newsroom struct {
	t    testing.TB
	o    Likeness
	p    *Placer
	told []told
	keys map[feeds.Key][]Known
	at   map[feeds.ItemKey]int // in told
}

// told is an item with what was decided about it.
type told struct {
	source feeds.Source
	draft  feeds.Draft
	seen   time.Time
	Placement
}

func newNewsroom(t testing.TB, o Likeness) *newsroom {
	n := &newsroom{t: t, o: o, keys: map[feeds.Key][]Known{}, at: map[feeds.ItemKey]int{}}
	n.open()
	return n
}

func (n *newsroom) open() {
	n.p = New(Options{
		Find: func(keys []feeds.Key) (map[feeds.Key][]Known, error) {
			out := map[feeds.Key][]Known{}
			for _, k := range keys {
				if held := n.keys[k]; held != nil {
					out[k] = held
				}
			}
			return out, nil
		},
		Since: func(id feeds.StatementID) (time.Time, error) {
			for i := range n.told {
				if n.told[i].Statement == id {
					return n.told[i].seen, nil
				}
			}
			return time.Time{}, nil
		},
		Text: func(item feeds.ItemKey) (string, feeds.TextView, bool, error) {
			i, ok := n.at[item]
			if !ok {
				return "", feeds.TextView{}, false, nil
			}
			d := &n.told[i].draft
			return d.Language, d.Text, true, nil
		},
		Likeness: n.o,
	})
}

// restart forgets everything but what is stored.
func (n *newsroom) restart() {
	n.open()
	for i := range n.told {
		o := &n.told[i]
		n.p.Restore(o.Item, o.Statement, o.draft.Language, o.draft.Published, o.seen, o.Features)
	}
}

// tell places one item of an office at the moment of its publication.
func (n *newsroom) tell(office string, d feeds.Draft) Placement {
	n.t.Helper()
	return n.tellAt(feeds.Source{ID: feeds.SourceID(office)}, d, d.Published)
}

func (n *newsroom) tellAt(src feeds.Source, d feeds.Draft, seen time.Time) Placement {
	n.t.Helper()
	placed, release, err := n.p.Place(src, []feeds.Draft{d}, seen)
	if err != nil {
		n.t.Fatal(err)
	}
	pl := placed[0]
	n.store(src, d, pl, seen)
	release(true)
	return pl
}

// store keeps what was placed, as a journal does.
func (n *newsroom) store(src feeds.Source, d feeds.Draft, pl Placement, seen time.Time) {
	for _, loser := range pl.Join {
		for i := range n.told {
			if n.told[i].Statement == loser {
				n.told[i].Statement = pl.Statement
			}
		}
		for _, held := range n.keys {
			for i := range held {
				if held[i].Statement == loser {
					held[i].Statement = pl.Statement
				}
			}
		}
	}
	if i, held := n.at[pl.Item]; held {
		was := &n.told[i]
		features := pl.Features
		if features == nil {
			features = was.Features
		}
		was.draft, was.Features = d, features
	} else {
		n.at[pl.Item] = len(n.told)
		n.told = append(n.told, told{src, d, seen, pl})
	}
	for _, k := range pl.Keys {
		if !slices.ContainsFunc(n.keys[k], func(o Known) bool { return o.Item == pl.Item }) {
			n.keys[k] = append(n.keys[k], Known{Item: pl.Item, Statement: pl.Statement, FirstSeen: seen, GUID: d.ID, Link: d.Link,
				Title: d.Title, Published: d.Published, Language: d.Language, Changed: FirstChange(&d, seen)})
		}
	}
}

// statement gives the statement that an item stands in now.
func (n *newsroom) statement(item feeds.ItemKey) feeds.StatementID {
	return n.told[n.at[item]].Statement
}

// groups gives the ids of the drafts that are one statement, sorted, whatever
// the order in which they came.
func (n *newsroom) groups() []string {
	by := map[feeds.StatementID][]string{}
	for i := range n.told {
		o := &n.told[i]
		by[o.Statement] = append(by[o.Statement], o.draft.ID)
	}
	var out []string
	for _, ids := range by {
		slices.Sort(ids)
		out = append(out, strings.Join(ids, "+"))
	}
	slices.Sort(out)
	return out
}

// wantOne fails unless b was placed in the statement of a.
func wantOne(t *testing.T, a, b Placement, as feeds.Relation) {
	t.Helper()
	if b.Statement != a.Statement {
		t.Fatalf("they are two statements, want one; near %+v", b.Near)
	}
	if b.Of != a.Item {
		t.Errorf("it is a copy of %q, want of %q", b.Of, a.Item)
	}
	if b.Relation != as {
		t.Errorf("it is a %s (%s), want a %s", b.Relation, b.Why, as)
	}
}

// wantTwo fails unless a and b are two statements, and b is told to be related
// to a as wished.
func wantTwo(t *testing.T, a, b Placement, related bool) {
	t.Helper()
	if b.Statement == a.Statement {
		t.Fatalf("they are one statement (%s: %s), want two", b.Relation, b.Why)
	}
	at := slices.IndexFunc(b.Near, func(n feeds.Near) bool { return n.Statement == a.Statement })
	if is := at >= 0 && b.Near[at].Related; is != related {
		t.Errorf("related = %v, want %v; near %+v", is, related, b.Near)
	}
}

// words makes n sentences of made-up news, the same ones for the same seed and
// others for another.
func words(seed, n int) string {
	x := uint64(seed)*0x9E3779B97F4A7C15 + 1
	pick := func(of []string) string {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		return of[x%uint64(len(of))]
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "The %s %s of %s %s the %s %s near %s %s.", pick(qualities), pick(nouns), pick(towns), pick(verbs), pick(qualities), pick(nouns), pick(towns), pick(times))
	}
	return b.String()
}

var (
	qualities = strings.Fields("northern old rural small busy quiet flooded crowded remote modern mobile public local damaged empty wooden joint yearly daily common")
	nouns     = strings.Fields("clinic harbour school market bridge camp well road farm warehouse station council library dispensary pump shelter workshop ferry kitchen garden")
	verbs     = strings.Fields("supports repairs receives visits protects supplies inspects opens reaches feeds equips measures cleans extends rebuilds")
	towns     = strings.Fields("Arvena Belmor Castuno Dorvik Elmara Fonseta Garrow Hollin Isverd Jolanta Kemberg Lusaro Mintara Novella Ostrava Pellion Quarro Rismond Salvia Tervola")
	times     = []string{"this week", "before the rains", "with new money", "for a second year", "after long talks", "at dawn", "under a new plan", "by boat", "in silence", "without delay", "as promised", "once more"}
)

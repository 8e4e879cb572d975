package storage_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"communique/feeds"
	"communique/internal/testkit"
	"communique/storage"
)

func TestSelectCombinesFieldsAndAlternatives(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 9,
		observed("north", "a", 1, tagged("topic/health", "region/americas", "country/mx", "event/summit")),
		observed("north", "b", 2, tagged("topic/children", "region/americas"), language("pt-BR")),
		observed("south", "c", 3, tagged("topic/health", "topic/children"), language("FR-ca")),
		observed("south", "d", 4))
	for _, c := range []struct {
		want string
		q    feeds.Query
	}{
		{"d c b a", feeds.Query{}},
		{"c b a", feeds.Query{Topics: []string{"health", "children"}}},
		{"c a", feeds.Query{Topics: []string{"health", "health", "nothing"}}},
		{"", feeds.Query{Topics: []string{"nothing"}}},
		{"a", feeds.Query{Topics: []string{"health"}, Regions: []string{"americas"}}},
		{"a", feeds.Query{Countries: []string{"mx"}, Events: []string{"summit"}, Sources: []feeds.SourceID{"north"}, Languages: []string{"en"}}},
		{"", feeds.Query{Countries: []string{"mx"}, Sources: []feeds.SourceID{"south"}}},
		{"d c", feeds.Query{Sources: []feeds.SourceID{"south"}}},
		{"c b", feeds.Query{Languages: []string{"pt", "fr"}}},
		{"b", feeds.Query{Languages: []string{"pt-PT"}}},
		{"c b", feeds.Query{Since: day(2), Until: day(4)}},
		{"c", feeds.Query{Since: day(2), Until: day(4), Topics: []string{"health"}}},
		{"d c", feeds.Query{Limit: 2}},
	} {
		wantIDs(t, s, c.q, strings.Fields(c.want)...)
	}
}

func TestSelectObeysAlternativesAndExceptions(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 9,
		observed("north", "a", 1, tagged("topic/health", "region/americas", "country/mx")),
		observed("north", "b", 2, tagged("topic/children", "region/americas")),
		observed("south", "c", 3, tagged("topic/health", "topic/children"), language("fr")),
		observed("south", "d", 4))
	topic := func(terms ...string) feeds.Query { return feeds.Query{Topics: terms} }
	south, americas := feeds.Query{Sources: []feeds.SourceID{"south"}}, feeds.Query{Regions: []string{"americas"}}
	for _, c := range []struct {
		want string
		q    feeds.Query
	}{
		{"c b a", feeds.Query{Any: []feeds.Query{topic("children"), {Countries: []string{"mx"}}}}},
		{"a", feeds.Query{Any: []feeds.Query{topic("nothing"), {Countries: []string{"mx"}}}}},
		{"", feeds.Query{Any: []feeds.Query{topic("nothing"), topic("neither")}}},
		{"d c b a", feeds.Query{Any: []feeds.Query{topic("nothing"), {}}}},
		{"c", feeds.Query{Any: []feeds.Query{topic("children"), topic("health")}, Sources: south.Sources}},
		{"d b", feeds.Query{Not: []feeds.Query{topic("health")}}},
		{"d", feeds.Query{Not: []feeds.Query{topic("health"), topic("children")}}},
		{"d c b a", feeds.Query{Not: []feeds.Query{topic("nothing")}}},
		{"", feeds.Query{Not: []feeds.Query{{}}}},
		{"c b", feeds.Query{Topics: []string{"children", "health"}, Not: []feeds.Query{{Countries: []string{"mx"}}}}},
		{"d c b", feeds.Query{Not: []feeds.Query{{Topics: []string{"health"}, Regions: []string{"americas"}}}}},
		{"d c a", feeds.Query{Not: []feeds.Query{{Regions: []string{"americas"}, Not: []feeds.Query{topic("health")}}}}},
		{"d b", feeds.Query{Any: []feeds.Query{{Any: []feeds.Query{americas, south}, Not: []feeds.Query{topic("health")}}, topic("neither")}}},
		{"d a", feeds.Query{Any: []feeds.Query{{Since: day(4)}, {Until: day(2)}}}},
		{"d a", feeds.Query{Not: []feeds.Query{{Since: day(2), Until: day(4)}}}},
		{"c", feeds.Query{Not: []feeds.Query{{Since: day(4)}}, Limit: 1}},
	} {
		wantIDs(t, s, c.q, strings.Fields(c.want)...)
	}
}

func TestSelectRefusesAbsurdQueries(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 9, observed("north", "a", 1))
	deep, wide := feeds.Query{}, feeds.Query{}
	for range 20 {
		deep = feeds.Query{Any: []feeds.Query{deep}}
	}
	for range 10_000 {
		wide.Not = append(wide.Not, feeds.Query{Topics: []string{"health"}})
	}
	for _, q := range []feeds.Query{deep, wide, {Topics: make([]string, 10_000)}} {
		if page, err := s.Select(q); !errors.Is(err, storage.ErrQuery) {
			t.Errorf("got %d statements and %v", len(page.Heads), err)
		}
	}
}

func TestSelectFindsWordsInTitleAndTextButNotInTags(t *testing.T) {
	s := testkit.OpenStore(t)
	content := func(html string) func(*feeds.Observed) { return func(o *feeds.Observed) { o.Copy.Content = html } }
	say(t, s, 9,
		observed("north", "a", 1, content(`<p class="remittances">Families <b>across</b> borders</p>`)),
		observed("north", "b", 2, content("<p>Élections et familles</p>")),
		observed("south", "c", 3, of("b", feeds.IsTranslation), content("<p>Elections</p>")))
	wantIDs(t, s, feeds.Query{Words: "FAMIL*"}, "b", "a")
	wantIDs(t, s, feeds.Query{Words: " borders  families "}, "a")
	wantIDs(t, s, feeds.Query{Words: "élections"}, "b")
	wantIDs(t, s, feeds.Query{Words: "remittances"})
	wantIDs(t, s, feeds.Query{Words: "on a", Limit: 1}, "a")
	page, err := s.Select(feeds.Query{Words: "famil*", Limit: 1})
	if err != nil || !page.More || len(page.Heads) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	wantIDs(t, s, feeds.Query{Words: "famil*", After: page.Next}, "a")
}

func TestSelectPagesStayGoodWhileStatementsArrive(t *testing.T) {
	s := testkit.OpenStore(t)
	at := func(d int) func(*feeds.Observed) { return func(o *feeds.Observed) { o.Order = day(d) } }
	// Four share one time: their ids decide.
	say(t, s, 9, observed("north", "d", 1, at(5)), observed("north", "b", 2, at(5)), observed("north", "c", 3, at(5)), observed("north", "a", 4, at(5)), observed("north", "e", 4, at(3)))
	var got []string
	q := feeds.Query{Limit: 2}
	for i := 0; ; i++ {
		page, err := s.Select(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Heads {
			got = append(got, short(h.ID))
		}
		if !page.More {
			break
		}
		q.After = page.Next
		say(t, s, 9, observed("south", fmt.Sprintf("n%d", i), 9))
	}
	if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestHeadsTellWhatTouchedAStatementLast(t *testing.T) {
	s := testkit.OpenStore(t)
	say(t, s, 3, observed("north", "flood", 3))
	seq := say(t, s, 8, observed("south", "reprint", 8, of("flood", feeds.IsReprint)))
	page, err := s.Select(feeds.Query{})
	want := []storage.Head{{ID: sid("flood"), Seq: seq, Order: day(3), Changed: day(8)}}
	if err != nil || !slices.Equal(page.Heads, want) || page.More || !page.Next.IsZero() {
		t.Errorf("got %+v, %v, want %+v", page, err, want)
	}
}

func TestCountsFollowWhatIsPublished(t *testing.T) {
	s := testkit.OpenStore(t)
	a, b := observed("north", "a", 3, tagged("topic/health")), observed("south", "b", 5, tagged("topic/health"), language("pt-BR"))
	say(t, s, 5, a, b)
	health := feeds.Tag{Scheme: "topic", Term: "health"}
	check := func(all, tag storage.Count, languages, sources int) {
		t.Helper()
		c, err := s.Counts()
		if err != nil || c.All != all || c.Tags[health] != tag || len(c.Languages) != languages || len(c.Sources) != sources {
			t.Errorf("got %+v, %v; want all %+v, health %+v, %d languages, %d sources", c, err, all, tag, languages, sources)
		}
	}
	check(storage.Count{Statements: 2, Newest: day(5)}, storage.Count{Statements: 2, Newest: day(5)}, 2, 2)
	say(t, s, 6, gone(b, "withdrawn"))
	check(storage.Count{Statements: 1, Newest: day(3)}, storage.Count{Statements: 1, Newest: day(3)}, 1, 1)
	say(t, s, 6, &feeds.Moderated{Statement: sid("a"), Cut: []feeds.Tag{health}})
	check(storage.Count{Statements: 1, Newest: day(3)}, storage.Count{}, 1, 1)
}

// model is the store as one would write it without a file: the latest fact of
// every key, and everything else worked out when it is asked for.
type model struct {
	facts map[string]feeds.Record
	last  uint64
}

func newModel() *model { return &model{facts: map[string]feeds.Record{}} }

func (m *model) say(r feeds.Record) {
	m.last = max(m.last, r.Seq)
	if m.facts[r.Fact.Key()].Seq < r.Seq {
		m.facts[r.Fact.Key()] = r
	}
}

func (m *model) root(id feeds.StatementID) feeds.StatementID {
	path := []feeds.StatementID{id}
	for {
		j, ok := m.facts["J"+string(id)].Fact.(*feeds.Joined)
		if !ok || j.Winner == id {
			return id
		}
		id = j.Winner
		if i := slices.Index(path, id); i >= 0 {
			return slices.Min(path[i:])
		}
		path = append(path, id)
	}
}

// statement is what is published under an id.
type published struct {
	id        feeds.StatementID
	order     time.Time
	first     time.Time
	key       feeds.ItemKey
	origin    bool
	tags      map[string]bool
	languages map[string]bool
	sources   map[string]bool
	copies    int
}

func (m *model) published() map[feeds.StatementID]*published {
	out := map[feeds.StatementID]*published{}
	for _, r := range m.facts {
		var (
			said   feeds.StatementID
			p      published
			o, got = r.Fact.(*feeds.Observed)
		)
		if got {
			said, p = o.Statement, published{order: o.Order, first: o.FirstSeen, key: o.Item, origin: o.Relation == feeds.IsOrigin}
		} else if g, ok := r.Fact.(*feeds.Gone); ok {
			said, p = g.Statement, published{order: g.Order, first: g.FirstSeen, key: g.Item}
		} else {
			continue
		}
		id := m.root(said)
		st := out[id]
		if st == nil {
			st = &published{id: id, order: p.order, first: p.first, key: p.key, origin: p.origin, tags: map[string]bool{}, languages: map[string]bool{}, sources: map[string]bool{}}
			out[id] = st
		}
		if c := p.first.Compare(st.first); c < 0 || c == 0 && (p.origin && !st.origin || p.origin == st.origin && p.key < st.key) {
			st.order, st.first, st.key, st.origin = p.order, p.first, p.key, p.origin
		}
		if got {
			st.copies++
			if !m.silent(o) {
				for _, tg := range o.Taggings {
					st.tags[tg.Tag.String()] = true
				}
			}
			st.languages[feeds.PrimaryLanguage(o.Copy.Language)] = true
			st.sources[string(o.Item.Source())] = true
		}
	}
	for id, st := range out {
		if st.copies == 0 {
			delete(out, id)
			continue
		}
		if mod := m.moderated(id); mod != nil {
			if mod.Hide {
				delete(out, id)
			}
			for _, t := range mod.Add {
				st.tags[t.String()] = true
			}
			for _, t := range mod.Cut {
				delete(st.tags, t.String())
			}
		}
		for tag := range st.tags {
			if term, is := strings.CutPrefix(tag, "mention/"); is && st.tags["country/"+term] {
				delete(st.tags, tag)
			}
		}
	}
	return out
}

// silent reports whether o's tags do not count, as it echoes a live copy of its
// statement. Echoes in a circle all count.
func (m *model) silent(o *feeds.Observed) bool {
	echoed := func(o *feeds.Observed) *feeds.Observed {
		of, _ := m.facts["O"+string(o.Of)].Fact.(*feeds.Observed)
		if !o.Echo || of == nil || m.root(of.Statement) != m.root(o.Statement) {
			return nil
		}
		return of
	}
	at := echoed(o)
	if at == nil {
		return false
	}
	for range m.facts {
		if at == o {
			return false
		}
		if at = echoed(at); at == nil {
			return true
		}
	}
	return true
}

// moderated gives the last word on a statement, also when it was said of one
// that had been joined to it by then.
func (m *model) moderated(id feeds.StatementID) *feeds.Moderated {
	var last feeds.Record
	for _, r := range m.facts {
		mod, ok := r.Fact.(*feeds.Moderated)
		if !ok || m.root(mod.Statement) != id || r.Seq < last.Seq {
			continue
		}
		after := true
		for at := mod.Statement; at != id && after; {
			j := m.facts["J"+string(at)]
			after = r.Seq > j.Seq
			at = j.Fact.(*feeds.Joined).Winner
		}
		if after {
			last = r
		}
	}
	mod, _ := last.Fact.(*feeds.Moderated)
	return mod
}

func (m *model) sel(q feeds.Query) []feeds.StatementID {
	var hits []*published
	for _, st := range m.published() {
		if st.meets(q) {
			hits = append(hits, st)
		}
	}
	slices.SortFunc(hits, func(a, b *published) int { return cmp.Or(b.order.Compare(a.order), cmp.Compare(a.id, b.id)) })
	var out []feeds.StatementID
	for _, h := range hits {
		out = append(out, h.id)
	}
	return out
}

func (st *published) meets(q feeds.Query) bool {
	meets := func(has map[string]bool, scheme string, want []string) bool {
		return len(want) == 0 || slices.ContainsFunc(want, func(w string) bool { return has[scheme+w] })
	}
	var sources []string
	for _, s := range q.Sources {
		sources = append(sources, string(s))
	}
	return meets(st.tags, "topic/", q.Topics) && meets(st.tags, "region/", q.Regions) && meets(st.tags, "country/", q.Countries) &&
		meets(st.tags, "event/", q.Events) && meets(st.languages, "", q.Languages) && meets(st.sources, "", sources) &&
		!st.order.Before(q.Since) && (q.Until.IsZero() || st.order.Before(q.Until)) &&
		(len(q.Any) == 0 || slices.ContainsFunc(q.Any, st.meets)) && !slices.ContainsFunc(q.Not, st.meets)
}

// tags gives the tags that are shown of each published statement, sorted.
func (m *model) tags() map[feeds.StatementID][]string {
	out := map[feeds.StatementID][]string{}
	for id, st := range m.published() {
		out[id] = slices.Sorted(maps.Keys(st.tags))
	}
	return out
}

// tagsOf gives the same of a store.
func tagsOf(t testing.TB, s *storage.Store) map[feeds.StatementID][]string {
	t.Helper()
	sts, err := s.Statements(all(t, s, feeds.Query{})...)
	if err != nil {
		t.Fatal(err)
	}
	out := map[feeds.StatementID][]string{}
	for _, st := range sts {
		out[st.ID] = tagNames(st)
		slices.Sort(out[st.ID])
	}
	return out
}

// counted gives how many published statements are selected by each tag.
func (m *model) counted() map[string]int {
	out := map[string]int{}
	for _, tags := range m.tags() {
		for _, tag := range tags {
			if !strings.HasPrefix(tag, "mention/") {
				out[tag]++
			}
		}
	}
	return out
}

// counted gives the same of a store.
func counted(t testing.TB, s *storage.Store) map[string]int {
	t.Helper()
	c, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for tag, n := range c.Tags {
		out[tag.String()] = n.Statements
	}
	return out
}

// all pages through a selection.
func all(t testing.TB, s *storage.Store, q feeds.Query) []feeds.StatementID {
	t.Helper()
	var out []feeds.StatementID
	for {
		page, err := s.Select(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Heads {
			out = append(out, h.ID)
		}
		if !page.More {
			return out
		}
		q.After = page.Next
	}
}

// chance makes facts that meet each other often: few statements, items, tags.
type chance struct{ *rand.Rand }

func (c chance) pick(from ...string) string { return from[c.IntN(len(from))] }

func (c chance) statement() feeds.StatementID { return sid(fmt.Sprintf("s%d", 2+c.IntN(6))) }

func (c chance) tags(n int) (out []feeds.Tag) {
	for range n {
		t, _ := feeds.ParseTag(c.pick("topic/health", "topic/children", "region/europe", "region/africa", "country/mx", "mention/mx", "event/summit"))
		out = append(out, t)
	}
	return out
}

func (c chance) fact() feeds.Fact {
	switch n := c.IntN(20); {
	case n < 13:
		o := observed(c.pick("north", "south", "west"), fmt.Sprintf("i%d", c.IntN(8)), 1+c.IntN(9))
		o.Statement, o.Order = c.statement(), day(1+c.IntN(4))
		o.Relation = feeds.Relation(c.pick("origin", "reprint"))
		o.Echo, o.Of = c.IntN(3) == 0, feeds.ItemKey(fmt.Sprintf("%s/i%d", c.pick("north", "south"), c.IntN(3)))
		o.Copy.Language = c.pick("en", "fr", "pt-BR")
		o.Copy.Content = c.pick("<p>one</p>", "<p>two</p>", "")
		for range c.IntN(3) {
			o.Keys = append(o.Keys, feeds.Key{Kind: 'l', Hash: c.Uint64N(5)})
		}
		for _, t := range c.tags(c.IntN(4)) {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "words"})
		}
		if c.IntN(4) == 0 {
			return gone(o, "expired")
		}
		return o
	case n < 16:
		return &feeds.Joined{Loser: c.statement(), Winner: c.statement()}
	case n < 18:
		return &feeds.Moderated{Statement: c.statement(), Hide: c.IntN(3) == 0, Add: c.tags(c.IntN(2)), Cut: c.tags(c.IntN(2))}
	}
	return &feeds.Fetched{Source: feeds.SourceID(c.pick("north", "south")), At: day(1 + c.IntN(9)), Status: 200}
}

func (c chance) query(depth int) feeds.Query {
	q := feeds.Query{Limit: 1 + c.IntN(3)}
	some := func(from ...string) (out []string) {
		if c.IntN(3) == 0 {
			for range 1 + c.IntN(2) {
				out = append(out, c.pick(from...))
			}
		}
		return out
	}
	q.Topics, q.Regions = some("health", "children", "nothing"), some("europe", "africa")
	q.Countries, q.Events, q.Languages = some("mx"), some("summit"), some("en", "fr", "pt")
	for _, s := range some("north", "south", "west") {
		q.Sources = append(q.Sources, feeds.SourceID(s))
	}
	if c.IntN(4) == 0 {
		q.Since = day(1 + c.IntN(4))
	}
	if c.IntN(4) == 0 {
		q.Until = day(1 + c.IntN(5))
	}
	if depth < 3 && c.IntN(3) == 0 {
		for range 1 + c.IntN(3) {
			q.Any = append(q.Any, c.query(depth+1))
		}
	}
	if depth < 3 && c.IntN(3) == 0 {
		for range 1 + c.IntN(2) {
			q.Not = append(q.Not, c.query(depth+1))
		}
	}
	return q
}

func TestSelectAgreesWithAModelWhateverIsSaid(t *testing.T) {
	storage.AlwaysArrange(t)
	for seed := range uint64(12) {
		c := chance{rand.New(rand.NewPCG(seed, 1))}
		s, m := testkit.OpenStore(t), newModel()
		for range 25 {
			var said []feeds.Fact
			for range 1 + c.IntN(6) {
				said = append(said, c.fact())
			}
			last := say(t, s, 9, said...)
			for i, f := range said {
				m.say(feeds.Record{Seq: last - uint64(len(said)-1-i), At: day(9), Fact: f})
			}
			if c.IntN(3) == 0 {
				if _, err := s.Arrange(t.Context(), nil); err != nil {
					t.Fatalf("seed %d at %d: %v", seed, m.last, err)
				}
			}
			for range 8 {
				q := c.query(0)
				if got, want := all(t, s, q), m.sel(q); !slices.Equal(got, want) {
					t.Fatalf("seed %d at %d: select %+v\ngot  %v\nwant %v", seed, m.last, q, got, want)
				}
			}
			if got, want := tagsOf(t, s), m.tags(); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d at %d:\ngot  %v\nwant %v", seed, m.last, got, want)
			}
			if got, want := counted(t, s), m.counted(); !maps.Equal(got, want) {
				t.Fatalf("seed %d at %d: counts %v, want %v", seed, m.last, got, want)
			}
			if err := s.Verify(); err != nil {
				t.Fatalf("seed %d at %d: %v", seed, m.last, err)
			}
		}
	}
}

// Enough to fill several segments of the index and to pour hashed keys.
func TestSelectAgreesWithAModelOverManyStatements(t *testing.T) {
	s, m := testkit.OpenStore(t), newModel()
	c := chance{rand.New(rand.NewPCG(5, 6))}
	const n = 5600 // with three keys each
	var (
		items []*feeds.Observed
		said  []feeds.Fact
	)
	for i := range n {
		o := observed(c.pick("north", "south", "west"), fmt.Sprintf("i%d", i), 1)
		o.Statement, o.Order = sid(fmt.Sprintf("s%d", i)), day(1).Add(-time.Duration(c.IntN(5000))*time.Hour)
		o.Keys = append(o.Keys, feeds.Key{Kind: 'l', Hash: c.Uint64()}, feeds.Key{Kind: 't', Hash: c.Uint64()})
		o.Copy.Language = c.pick("en", "fr", "fr", "es")
		for _, t := range c.tags(c.IntN(4)) {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t})
		}
		if i%700 == 0 {
			o.Taggings = append(o.Taggings, feeds.Tagging{Tag: feeds.Tag{Scheme: "topic", Term: "rare"}})
		}
		items, said = append(items, o), append(said, o)
		switch old := items[c.IntN(len(items))]; {
		case i%9 == 0:
			said = append(said, gone(old, "expired"))
		case i%10 == 0: // to the top
			old.Order = day(1)
			said = append(said, old)
		}
		if len(said) > 3000 || i == n-1 {
			for _, f := range said {
				m.say(feeds.Record{Seq: m.last + 1, At: day(9), Fact: f})
			}
			say(t, s, 9, said...)
			said = nil
		}
	}
	for _, o := range items[:200] {
		found, err := s.Find(o.Keys[1:])
		if err != nil || len(found) != 2 || found[0].Item != o.Item || found[1].Statement != o.Statement {
			t.Fatalf("%s is found as %+v, %v", o.Item, found, err)
		}
	}
	// What was poured can still be given up.
	o, key := *items[0], items[0].Keys[1]
	o.Keys = o.Keys[2:]
	say(t, s, 9, &o)
	m.say(feeds.Record{Seq: m.last + 1, At: day(9), Fact: &o})
	if found, err := s.Find([]feeds.Key{key}); err != nil || len(found) != 0 {
		t.Errorf("a key that was given up finds %+v, %v", found, err)
	}
	for _, q := range []feeds.Query{
		{Limit: 1000}, {Topics: []string{"rare"}, Limit: 5}, {Topics: []string{"health"}, Languages: []string{"es"}, Limit: 100},
		{Regions: []string{"europe"}, Topics: []string{"children", "rare"}, Sources: []feeds.SourceID{"west"}, Since: day(1).Add(-2000 * time.Hour), Limit: 70},
		{Any: []feeds.Query{{Topics: []string{"rare"}}, {Regions: []string{"africa"}, Since: day(1).Add(-1000 * time.Hour)}}, Not: []feeds.Query{{Languages: []string{"fr"}}}, Limit: 9},
		{Not: []feeds.Query{{Topics: []string{"health"}}, {Since: day(1).Add(-500 * time.Hour)}}, Limit: 500},
	} {
		if got, want := all(t, s, q), m.sel(q); !slices.Equal(got, want) {
			t.Errorf("select %+v: got %d, want %d statements, or another order", q, len(got), len(want))
		}
	}
}

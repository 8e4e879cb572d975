package storage_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
	"communique/storage"
)

// history makes facts as they come over the years: news, archives of offices that
// are found late, copies, corrections, new tags, joins, withdrawals, returns.
type history struct {
	chance
	t     *testing.T
	path  string
	store *storage.Store
	items []*feeds.Observed // as last said
	gone  map[feeds.ItemKey]bool
	hour  int
	// torn are statements that something was withdrawn from: their entries may
	// change in archives.
	torn map[feeds.StatementID]bool
	now  []feeds.Statement // published, as last looked at
}

func (h *history) at() time.Time { return day(1).Add(time.Duration(h.hour) * time.Hour) }

func (h *history) say(said ...feeds.Fact) {
	h.t.Helper()
	for _, f := range said {
		if o, ok := f.(*feeds.Observed); ok {
			delete(h.gone, o.Item)
		}
	}
	if _, err := h.store.Append(context.Background(), h.at(), said...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *history) item(order time.Time) *feeds.Observed {
	n := len(h.items)
	o := observed(h.pick("north", "south", "west"), fmt.Sprintf("i%05d", n), 1)
	o.FirstSeen, o.Changed, o.Order, o.Published, o.Copy.Published = h.at(), h.at(), order, order, order
	o.Copy.Language = h.pick("en", "en", "fr", "es")
	h.word(o)
	for _, t := range h.tags(h.IntN(4)) {
		o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "words"})
	}
	h.items = append(h.items, o)
	return o
}

// word gives an item a text of few words.
func (h *history) word(o *feeds.Observed) {
	o.Copy.Content = "<p>The"
	for range 1 + h.IntN(4) {
		o.Copy.Content += " " + h.pick("open", "harbour", "harbour", "office", "report", "storm", "food", "water", "clinic", "schools")
		if h.IntN(20) == 0 {
			o.Copy.Content += " clinics"
		}
	}
	o.Copy.Content += ".</p>"
}

func (h *history) any() *feeds.Observed { return h.items[h.IntN(len(h.items))] }

func (h *history) step() {
	h.hour++
	switch n := h.IntN(20); {
	case n < 7 || len(h.items) < 20:
		var said []feeds.Fact
		for range 1 + h.IntN(12) {
			said = append(said, h.item(h.at()))
		}
		h.say(said...)
	case n < 8: // an office's first import
		var said []feeds.Fact
		for range 20 + h.IntN(130) {
			said = append(said, h.item(h.at().Add(-time.Duration(200+h.IntN(9000))*time.Hour)))
		}
		h.say(said...)
	case n < 11: // another office's copy
		of, c := h.any(), h.item(h.at())
		c.Statement, c.Relation, c.Of = of.Statement, feeds.IsReprint, of.Item
		h.say(c)
	case n < 14: // a correction
		o := *h.any()
		if h.gone[o.Item] {
			return
		}
		o.Copy.Title, o.Changed, o.Revision = fmt.Sprintf("%s, corrected at %d", o.Copy.Title, h.hour), h.at(), o.Revision+1
		h.word(&o)
		h.replace(&o)
	case n < 16: // other rules
		var said []feeds.Fact
		for range 1 + h.IntN(30) {
			o := *h.any()
			if h.gone[o.Item] {
				continue
			}
			o.Taggings = nil
			for _, t := range h.tags(h.IntN(4)) {
				o.Taggings = append(o.Taggings, feeds.Tagging{Tag: t, Rule: "words"})
			}
			h.put(&o)
			said = append(said, &o)
		}
		if len(said) > 0 {
			h.say(said...)
		}
	case n < 17:
		h.say(&feeds.Joined{Loser: h.any().Statement, Winner: h.any().Statement})
	case n < 18:
		h.say(&feeds.Moderated{Statement: h.any().Statement, Hide: h.IntN(3) > 0})
	case n < 19:
		o := h.any()
		h.gone[o.Item] = true
		h.say(gone(o, "withdrawn"))
		h.tear(o.Item)
	default: // a withdrawn one returns
		for _, o := range h.items {
			if h.gone[o.Item] {
				h.tear(o.Item)
				h.say(o)
				return
			}
		}
	}
}

// tear marks every statement that carries, or ever carried, the item.
func (h *history) tear(k feeds.ItemKey) {
	for _, o := range h.items {
		if o.Item != k {
			continue
		}
		h.torn[o.Statement] = true
		if _, at, ok, err := h.store.Statement(o.Statement); err != nil {
			h.t.Fatal(err)
		} else if ok {
			h.torn[at] = true
		}
	}
}

func (h *history) put(o *feeds.Observed) {
	h.items[slices.IndexFunc(h.items, func(i *feeds.Observed) bool { return i.Item == o.Item })] = o
}

func (h *history) replace(o *feeds.Observed) {
	h.put(o)
	h.say(o)
}

// restart closes the store and opens it again; its indexes are made anew when asked.
func (h *history) restart(anew bool) {
	h.t.Helper()
	if err := h.store.Close(); err != nil {
		h.t.Fatal(err)
	}
	if anew {
		db, err := bbolt.Open(h.path, 0o600, nil)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("index"), make([]byte, 8)) }); err != nil {
			h.t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			h.t.Fatal(err)
		}
	}
	var err error
	if h.store, err = storage.Open(h.path, storage.Options{}); err != nil {
		h.t.Fatal(err)
	}
}

// archived are queries of every form, by what is asked.
var archived = map[string]feeds.Query{
	"all":            {},
	"health":         {Topics: []string{"health"}},
	"health, French": {Topics: []string{"health"}, Languages: []string{"fr"}},
	"not from south": {Not: []feeds.Query{{Sources: []feeds.SourceID{"south"}}}},
	"either":         {Any: []feeds.Query{{Regions: []string{"europe"}}, {Topics: []string{"children"}, Not: []feeds.Query{{Languages: []string{"es"}}}}}},
	"nothing":        {Topics: []string{"nothing"}},

	"a frequent word":      {Words: "harbour"},
	"a word in health":     {Words: "harbour", Topics: []string{"health"}},
	"a phrase":             {Words: `"open harbour"`},
	"a rare word":          {Words: "clinic*"},
	"none":                 {Words: "nothing"},
	"not a word":           {Words: "-harbour"},
	"a word or a language": {Any: []feeds.Query{{Words: `"clinics" OR "schools"`}, {Languages: []string{"fr"}}}, Not: []feeds.Query{{Words: "harbour"}}},
}

func TestArchivesHoldEverythingOnceAndNeverChange(t *testing.T) {
	for seed := range uint64(3) {
		h := &history{chance: chance{rand.New(rand.NewPCG(seed, 7))}, t: t, path: filepath.Join(t.TempDir(), "a.db"), gone: map[feeds.ItemKey]bool{}, torn: map[feeds.StatementID]bool{}}
		h.store, _ = storage.Open(h.path, storage.Options{})
		divisions := map[string]*storage.Archive{}
		written := map[string]map[feeds.StatementID]feeds.Statement{} // what stood in a document when it was first seen
		for step := range 180 {
			h.step()
			switch {
			case step%70 == 69:
				h.restart(step%140 == 139)
				clear(divisions)
			case step%12 != 0:
				continue
			}
			h.look()
			for _, name := range slices.Sorted(maps.Keys(archived)) {
				q := archived[name]
				if searching(q) && step%24 != 0 && step%70 != 69 {
					continue
				}
				if divisions[name] == nil || h.IntN(10) == 0 {
					divisions[name], _ = storage.NewArchive(q, 50)
				}
				h.check(fmt.Sprintf("seed %d, step %d, %s", seed, step, name), name, q, divisions[name], written)
			}
			if step%50 == 0 {
				if err := h.store.Verify(); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
		}
		n := 0
		for _, w := range written {
			n += len(w)
		}
		if n < 900 {
			t.Errorf("seed %d: only %d entries were archived", seed, n)
		}
		for _, key := range []string{"a frequent word document 1 of 50", "a rare word document 1 of 500"} {
			if len(written[key]) == 0 {
				t.Errorf("seed %d: nothing stood in %s", seed, key)
			}
		}
		if err := h.store.Verify(); err != nil {
			t.Error(err)
		}
		h.store.Close()
	}
}

// check walks a selection from its current document to the first.
func (h *history) check(where, name string, q feeds.Query, a *storage.Archive, written map[string]map[feeds.StatementID]feeds.Statement) {
	t := h.t
	t.Helper()
	now, err := h.store.Standing(a)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	searched := searching(q)
	found := map[feeds.StatementID]string{}
	see := func(id feeds.StatementID, in string) {
		if was := found[id]; was != "" {
			t.Fatalf("%s: %s stands in %s and %s", where, id, was, in)
		}
		found[id] = in
	}
	meets := map[feeds.StatementID]bool{}
	for _, id := range h.published(q) {
		meets[id] = true
	}
	for i, head := range now.Heads {
		see(head.ID, "the current document")
		if !meets[head.ID] {
			t.Fatalf("%s: %s stands in the current document and does not meet the query", where, head.ID)
		}
		if i > 0 && now.Heads[i-1].Order.Before(head.Order) {
			t.Fatalf("%s: %s is newer than the one before it", where, head.ID)
		}
	}
	if len(now.Heads) > 150 && !searched || len(now.Heads) > 250 {
		t.Fatalf("%s: %d in the current document", where, len(now.Heads))
	}
	for n := 1; n <= now.Documents; n++ {
		in := fmt.Sprintf("document %d", n)
		doc, ok, err := h.store.Archived(a, n, now.Per)
		if err != nil || !ok {
			t.Fatalf("%s: %s: %v %v", where, in, ok, err)
		}
		for _, st := range doc.Statements {
			see(st.ID, in)
		}
		h.same(where, fmt.Sprintf("%s %s of %d", name, in, now.Per), doc, written)
		for _, w := range doc.Withdrawn {
			if found[w.ID] != "" || meets[w.ID] {
				t.Fatalf("%s: %s was withdrawn from %s, and is published", where, w.ID, in)
			}
		}
		if got := len(doc.Statements) + len(doc.Withdrawn); got != 50 && !searched {
			t.Fatalf("%s: %s has %d entries and withdrawals, want 50", where, in, got)
		}
	}
	if searched {
		// All series stand, also where the current document holds the same.
		for per := 50; per <= 500 && h.IntN(3) > 0; per *= 10 {
			for n := 1; ; n++ {
				doc, ok, err := h.store.Archived(a, n, per)
				if err != nil {
					t.Fatalf("%s: document %d of %d: %v", where, n, per, err)
				}
				if !ok {
					break
				}
				h.same(where, fmt.Sprintf("%s document %d of %d", name, n, per), doc, written)
			}
		}
	} else if _, ok, _ := h.store.Archived(a, now.Documents+1, 50); ok {
		t.Fatalf("%s: there is a document behind the last", where)
	}
	for id := range meets {
		if found[id] == "" {
			t.Fatalf("%s: %s stands nowhere", where, id)
		}
	}
	for _, w := range now.Withdrawn {
		if found[w.ID] == "the current document" || meets[w.ID] {
			t.Fatalf("%s: %s is said to be withdrawn and stands in the current document", where, w.ID)
		}
	}
}

func searching(q feeds.Query) bool { return q.Words != "" || slices.ContainsFunc(q.Not, searching) }

// same checks that a document is what it was when it was seen first.
func (h *history) same(where, key string, doc storage.Archived, written map[string]map[feeds.StatementID]feeds.Statement) {
	t := h.t
	t.Helper()
	first := written[key] == nil
	if first {
		written[key] = map[feeds.StatementID]feeds.Statement{}
	}
	is := map[feeds.StatementID]bool{}
	for _, st := range doc.Statements {
		is[st.ID] = true
		was, ok := written[key][st.ID]
		switch {
		case first:
			written[key][st.ID] = shown(st)
		case h.torn[st.ID]:
		case !ok && !hidden[key+string(st.ID)]:
			t.Fatalf("%s: %s came into %s", where, st.ID, key)
		case ok && !reflect.DeepEqual(was, shown(st)):
			t.Fatalf("%s: %s changed in %s:\nwas %+v\nis  %+v", where, st.ID, key, was, shown(st))
		}
	}
	for _, w := range doc.Withdrawn {
		is[w.ID] = true
		hidden[key+string(w.ID)] = true
	}
	for id := range written[key] {
		if !is[id] && !h.torn[id] {
			t.Fatalf("%s: %s went out of %s", where, id, key)
		}
	}
}

// hidden are entries that were withdrawn from a document when it was looked at.
var hidden = map[string]bool{}

// look reads every statement.
func (h *history) look() {
	var ids []feeds.StatementID
	for _, o := range h.items {
		ids = append(ids, o.Statement)
	}
	var err error
	if h.now, err = h.store.Statements(ids...); err != nil {
		h.t.Fatal(err)
	}
	h.now = slices.DeleteFunc(h.now, func(st feeds.Statement) bool { return st.Hidden })
}

// published gives what meets the query, told without the index.
func (h *history) published(q feeds.Query) []feeds.StatementID {
	var out []feeds.StatementID
	for i := range h.now {
		if meetsQuery(&h.now[i], q) {
			out = append(out, h.now[i].ID)
		}
	}
	return out
}

func meetsQuery(st *feeds.Statement, q feeds.Query) bool {
	for _, scheme := range []string{feeds.Region, feeds.Topic} {
		if terms := *q.Terms(scheme); len(terms) > 0 && !slices.ContainsFunc(terms, func(term string) bool { return st.Has(feeds.Tag{Scheme: scheme, Term: term}) }) {
			return false
		}
	}
	carried := func(fits func(*feeds.StatedCopy) bool) bool {
		for i := range st.Copies {
			if fits(&st.Copies[i]) {
				return true
			}
		}
		return false
	}
	if q.Words != "" && !saidIn[q.Words](st) {
		return false
	}
	if len(q.Sources) > 0 && !carried(func(c *feeds.StatedCopy) bool { return slices.Contains(q.Sources, c.Source) }) ||
		len(q.Languages) > 0 && !carried(func(c *feeds.StatedCopy) bool { return slices.Contains(q.Languages, c.Language) }) {
		return false
	}
	if len(q.Any) > 0 && !slices.ContainsFunc(q.Any, func(q feeds.Query) bool { return meetsQuery(st, q) }) {
		return false
	}
	return !slices.ContainsFunc(q.Not, func(q feeds.Query) bool { return meetsQuery(st, q) })
}

// saidIn tells of the searches of archived what they find.
var saidIn = map[string]func(*feeds.Statement) bool{
	"harbour":                says("harbour"),
	"-harbour":               func(st *feeds.Statement) bool { return !says("harbour")(st) },
	`"open harbour"`:         says("open harbour"),
	"clinic*":                says("clinic", "clinics"),
	`"clinics" OR "schools"`: says("clinics", "schools"),
	"nothing":                says("nothing"),
}

func says(any ...string) func(*feeds.Statement) bool {
	return func(st *feeds.Statement) bool {
		return slices.ContainsFunc(st.Copies, func(c feeds.StatedCopy) bool {
			text := strings.NewReplacer("<p>", " ", ".</p>", " ").Replace(c.Content)
			return slices.ContainsFunc(any, func(w string) bool { return strings.Contains(text, " "+w+" ") })
		})
	}
}

// shown leaves of a statement what readers see.
func shown(st feeds.Statement) feeds.Statement {
	st.Seq, st.Changed, st.Hidden = 0, time.Time{}, false
	tags := st.Taggings
	st.Taggings = nil
	for _, t := range tags {
		if t.Tag.Scheme != feeds.Mention {
			st.Taggings = append(st.Taggings, feeds.Tagging{Tag: t.Tag})
		}
	}
	st.Copies = slices.Clone(st.Copies)
	for i := range st.Copies {
		c := &st.Copies[i]
		c.Why, c.Score, c.Threshold, c.Near, c.Taggings, c.Notes, c.Revision = "", 0, 0, nil, nil, nil, 0
	}
	return st
}

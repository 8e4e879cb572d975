package aggregator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"communique/aggregator/tag"
	"communique/feeds"
	"communique/storage"
)

// Retagging says how Retag and Preview go about it. The zero value is good.
type Retagging struct {
	// All takes also what the present rules have tagged.
	All bool
	// Step is called after each lot, with how many are done and how many there
	// are. Nothing is held while it runs, so it may take its time; its error
	// ends the work.
	Step func(done, total int) error
}

// step calls Step when there is one, and sees whether ctx has ended.
func (o *Retagging) step(ctx context.Context, done, total int) error {
	if err := ctx.Err(); err != nil || o.Step == nil {
		return err
	}
	return o.Step(done, total)
}

// Retagged is what Retag came to. Countries that are only mentioned count
// neither as tags nor as a change: they are no feed and no filter.
type Retagged struct {
	Copies  int `json:"copies"`  // that other rules had tagged
	Changed int `json:"changed"` // of them, have other tags now
	Gained  int `json:"gained"`  // tags, over all of them
	Lost    int `json:"lost"`
}

func (r *Retagged) add(o Retagged) {
	r.Copies += o.Copies
	r.Changed += o.Changed
	r.Gained += o.Gained
	r.Lost += o.Lost
}

const (
	// A lot is read, tagged and said with its source's words held: a visit of
	// that source waits for it, and no longer than it would for a visit.
	lotItems = 256
	lotBytes = 4 << 20 // of text
)

// Retag tags anew what other rules than the present ones have tagged, and says
// it again; nothing but its tags is another then. It goes source by source and
// may run beside visits. When it ends early, what is done is done, and the next
// one does the rest. What cannot be read keeps its tags.
func (e *Engine) Retag(ctx context.Context, o Retagging) (Retagged, error) {
	var out Retagged
	bySource, total := map[feeds.SourceID][]feeds.ItemKey{}, 0
	if err := e.outdated(ctx, o.All, func(ob *feeds.Observed) {
		bySource[ob.Item.Source()] = append(bySource[ob.Item.Source()], ob.Item)
		total++
	}); err != nil || total == 0 {
		return out, err
	}
	done := 0
	for _, id := range slices.Sorted(maps.Keys(bySource)) {
		for items := bySource[id]; len(items) > 0; {
			if err := o.step(ctx, done, total); err != nil {
				return out, err
			}
			n, lot, err := e.retell(ctx, id, items, o.All)
			if err != nil {
				return out, fmt.Errorf("retag: %w", err)
			}
			out.add(lot)
			items, done = items[n:], done+n
		}
	}
	return out, o.step(ctx, done, total)
}

// outdated calls each with what other rules than the present ones have tagged,
// or with everything: an outline of it, in order of arrival.
func (e *Engine) outdated(ctx context.Context, all bool, each func(*feeds.Observed)) error {
	err := e.o.Store.Recent(ctx, time.Time{}, func(o *feeds.Observed) error {
		if all || o.Rules != e.rulesOf(e.sources[o.Item.Source()]) {
			each(o)
		}
		return ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("retag: %w", err)
	}
	return nil
}

// retell tags the first items of a source anew, as many as make a lot, and says
// those again of which something is another. It gives how many it took.
func (e *Engine) retell(ctx context.Context, id feeds.SourceID, items []feeds.ItemKey, all bool) (n int, out Retagged, err error) {
	words := &words{e: e}
	words.of(id)
	defer words.end()
	rules := e.rulesOf(e.sources[id])
	var said []feeds.Fact
	for size := 0; n < len(items) && n < lotItems && size < lotBytes; n++ {
		o, held, err := e.o.Store.Observed(items[n])
		switch {
		case errors.Is(err, storage.ErrDamaged):
			continue // it keeps its tags
		case err != nil:
			return n, Retagged{}, err
		case !held || !all && o.Rules == rules:
			continue // withdrawn, or worded anew by a visit since
		}
		size += len(o.Copy.Content) + len(o.Copy.Summary)
		was := o.Taggings
		o.Taggings = e.tagAnew(&o.Copy, was)
		out.Copies++
		if o.Rules == rules && slices.Equal(o.Taggings, was) {
			continue
		}
		o.Rules = rules // said also when the tags are the same: the next time it need not be looked at
		said = append(said, &o)
		if gained, lost := howMany(without(o.Taggings, was)), howMany(without(was, o.Taggings)); gained+lost > 0 {
			out.add(Retagged{Changed: 1, Gained: gained, Lost: lost})
		}
	}
	if len(said) == 0 {
		return n, out, nil
	}
	now := e.o.Now()
	if _, err = e.o.Journal.Append(ctx, now, said...); errors.Is(err, storage.ErrDamaged) {
		err = e.sayAlone(ctx, now, said)
	}
	return n, out, err
}

// sayAlone says facts one by one, but for those that meet what cannot be read.
func (e *Engine) sayAlone(ctx context.Context, now time.Time, said []feeds.Fact) error {
	for _, f := range said {
		if _, err := e.o.Journal.Append(ctx, now, f); err != nil && !errors.Is(err, storage.ErrDamaged) {
			return err
		}
	}
	return nil
}

// TagChange is what the present rules would change of a statement.
type TagChange struct {
	Statement feeds.StatementID
	Title     string          // of its lead copy
	Gained    []feeds.Tagging // with the rule, and the words if it is the text that gives it
	Lost      []feeds.Tagging // with the rule and words that gave it
}

// Previewed is how much Preview looked at and what it found.
type Previewed struct {
	Copies     int `json:"copies"`     // that other rules have tagged
	Statements int `json:"statements"` // that have such a copy
	Changed    int `json:"changed"`    // of them, would have other tags; mentions do not count
}

// Preview calls each with every statement that Retag would change the tags of,
// the newest arrival first. It says nothing, so a store that was opened for
// reading will do.
func (e *Engine) Preview(ctx context.Context, o Retagging, each func(TagChange) error) (Previewed, error) {
	var out Previewed
	var ids []feeds.StatementID
	seen := map[feeds.StatementID]bool{}
	if err := e.outdated(ctx, o.All, func(ob *feeds.Observed) {
		out.Copies++
		if !seen[ob.Statement] {
			seen[ob.Statement] = true
			ids = append(ids, ob.Statement)
		}
	}); err != nil {
		return out, err
	}
	slices.Reverse(ids)
	out.Statements = len(ids)
	for i, id := range ids {
		if i%64 == 0 {
			if err := o.step(ctx, i, len(ids)); err != nil {
				return out, err
			}
		}
		change, err := e.compare(id)
		if errors.Is(err, storage.ErrDamaged) {
			continue
		}
		if err != nil {
			return out, fmt.Errorf("retag: %w", err)
		}
		if len(change.Gained)+len(change.Lost) == 0 {
			continue
		}
		if howMany(change.Gained)+howMany(change.Lost) > 0 {
			out.Changed++
		}
		if err := each(change); err != nil {
			return out, err
		}
	}
	return out, o.step(ctx, len(ids), len(ids))
}

// compare gives what the present rules change of a statement, none of it when
// it is not there any more.
func (e *Engine) compare(id feeds.StatementID) (TagChange, error) {
	was, _, ok, err := e.o.Store.Statement(id)
	if err != nil || !ok {
		return TagChange{}, err
	}
	is, _, ok, err := e.o.Store.StatementAs(id, func(o *feeds.Observed) []feeds.Tagging { return e.tagAnew(&o.Copy, o.Taggings) })
	if err != nil || !ok {
		return TagChange{}, err
	}
	return TagChange{was.ID, was.Lead().Title, without(is.Taggings, was.Taggings), without(was.Taggings, is.Taggings)}, nil
}

// tagAnew gives the tags of a copy that is stored; was are those that it has.
func (e *Engine) tagAnew(c *feeds.Copy, was []feeds.Tagging) []feeds.Tagging {
	src := feeds.Source{ID: c.Source}
	if s := e.sources[c.Source]; s != nil {
		src = s.Source
	} else {
		// Nobody says any more what its texts are about when they do not. What
		// was said stands.
		for _, t := range was {
			switch {
			case t.Rule != tag.SourceDefault:
			case t.Tag.Scheme == feeds.Region:
				src.Regions = append(src.Regions, t.Tag.Term)
			case t.Tag.Scheme == feeds.Topic:
				src.Topics = append(src.Topics, t.Tag.Term)
			}
		}
	}
	return e.tagger().Tag(tag.Input{Language: c.Language, View: e.view(c), Published: c.Published, Source: src, Categories: c.Categories})
}

// view gives the words of a copy that is stored: those of its content or, where
// the publisher put more into the summary, of that.
func (e *Engine) view(c *feeds.Copy) feeds.TextView {
	v := e.normalize.View(c.Language, c.Title, cmp.Or(c.Content, c.Summary))
	if c.Content == "" || len(c.Summary) <= len(v.Body) { // a text is no longer than its HTML
		return v
	}
	if s := e.normalize.View(c.Language, c.Title, c.Summary); len(s.Body) > len(v.Body) {
		return s
	}
	return v
}

// Rules gives a fingerprint of all rules, the sources' own included: two
// engines with the same one tag everything alike.
func (e *Engine) Rules() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%016x", e.tagger().Fingerprint())
	for _, id := range slices.Sorted(maps.Keys(e.sources)) {
		fmt.Fprintf(h, " %q %016x", id, e.rulesOf(e.sources[id]))
	}
	return h.Sum64()
}

// rulesOf gives the fingerprint of the rules that tag a source's items: those of
// all, and what the operator says of the source. A nil source is one that is
// not pulled any more.
func (e *Engine) rulesOf(s *Source) uint64 {
	rules := e.tagger().Fingerprint()
	if s == nil || len(s.Regions)+len(s.Topics) == 0 {
		return rules
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%016x", rules)
	for _, terms := range [][]string{s.Regions, s.Topics} {
		_, _ = io.WriteString(h, " "+strings.Join(terms, ",")) // a hash takes everything
	}
	return h.Sum64()
}

// without gives the taggings whose tags are not among the others.
func without(taggings, others []feeds.Tagging) []feeds.Tagging {
	var out []feeds.Tagging
	for _, t := range taggings {
		if !carries(others, t.Tag) {
			out = append(out, t)
		}
	}
	return out
}

func carries(taggings []feeds.Tagging, t feeds.Tag) bool {
	return slices.ContainsFunc(taggings, func(g feeds.Tagging) bool { return g.Tag == t })
}

// howMany counts tags, without countries that are only mentioned.
func howMany(taggings []feeds.Tagging) (n int) {
	for _, t := range taggings {
		if t.Tag.Scheme != feeds.Mention {
			n++
		}
	}
	return n
}

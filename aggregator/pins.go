package aggregator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"communique/aggregator/dedup"
	"communique/aggregator/normalize"
	"communique/feeds"
	"communique/storage"
)

// applyPins brings the operator's pins to bear on what is stored; what comes
// later is dedup's. It comes before what dedup compares with is read from the
// store, which it changes. When all is as the pins say, it says nothing.
func (e *Engine) applyPins(ctx context.Context) error {
	defer e.allWords().end()
	if err := e.storedPins(); err != nil {
		return err
	}
	err := e.bringPins(ctx)
	if errors.Is(err, storage.ErrDamaged) {
		e.o.Log.Error("a pin has no effect on what is stored, as some of that cannot be read", "stage", "dedup", "err", err)
		return nil
	}
	return err
}

// allWords waits for the right over all sources' words: nobody words anew from
// its old place what is moved, and no visit is between its decision and the
// journal.
func (e *Engine) allWords() *words {
	words := &words{e: e}
	for _, id := range append(slices.Clone(e.order), "") {
		words.of(id)
	}
	return words
}

// bringPins is applyPins with all words held. A pin that meets what cannot be read
// holds up no other, and is told of at the end.
func (e *Engine) bringPins(ctx context.Context) error {
	if len(e.pins) == 0 {
		return nil
	}
	p := pinning{e: e, now: e.o.Now()}
	var spoiled error // what one of them met in the store, the last of it
	for range pinRounds {
		said := p.said
		for _, together := range []bool{true, false} { // what is told apart goes out of what is put together
			for i := range e.pins {
				pin := &e.pins[i]
				if pin.Together != together {
					continue
				}
				if err := p.apply(ctx, pin); errors.Is(err, storage.ErrDamaged) {
					spoiled = fmt.Errorf("pin of %s and %s: %w", pin.Links[0], pin.Links[1], err)
				} else if err != nil {
					return fmt.Errorf("pin of %s and %s: %w", pin.Links[0], pin.Links[1], err)
				}
			}
		}
		if p.said == said {
			return spoiled
		}
	}
	e.o.Log.Warn("pins contradict each other", "stage", "dedup", "pins", len(e.pins))
	return spoiled
}

// pinRounds is how often pins are gone through until they agree: to take two
// apart may part others that are pinned together.
const pinRounds = 4

// byPin is who said a Joined that comes from a pin.
const byPin = "pin"

// pinning is one application of the pins.
type pinning struct {
	e    *Engine
	now  time.Time
	said int // facts

	joined map[feeds.StatementID]*feeds.Joined // by loser; nil until it is needed
}

// pinnedItem is an item at one of a pin's links.
type pinnedItem struct {
	key       feeds.ItemKey
	statement feeds.StatementID // after redirects
	live      bool
}

func (p *pinning) apply(ctx context.Context, pin *dedup.Pin) error {
	links := [2][]string{{pin.Links[0]}, {pin.Links[1]}}
	if !pin.Together {
		links = [2][]string{p.oneWith(pin.Links[0]), p.oneWith(pin.Links[1])}
	}
	sides, err := p.sides(links)
	if err != nil {
		return err
	}
	if pin.Together {
		return p.together(ctx, pin, sides)
	}
	var done []feeds.StatementID
	for _, a := range sides[0] {
		shared := func(b pinnedItem) bool { return b.statement == a.statement }
		if slices.Contains(done, a.statement) || !slices.ContainsFunc(sides[1], shared) {
			continue
		}
		done = append(done, a.statement)
		if err := p.apart(ctx, pin, a.statement, sides); err != nil {
			return err
		}
	}
	return nil
}

// oneWith gives a link and those that it is pinned together with, be it by way
// of third ones.
func (p *pinning) oneWith(link string) []string {
	all := []string{link}
	for i := 0; i < len(all); i++ {
		for _, pin := range p.e.pins {
			at := slices.Index(pin.Links[:], all[i])
			if pin.Together && at >= 0 && !slices.Contains(all, pin.Links[1-at]) {
				all = append(all, pin.Links[1-at])
			}
		}
	}
	return all
}

// sides gives the items that each side's links lead to, in the order of the
// links, each one's oldest first. An item that has had links of both is where
// its present link is, and nowhere when that is a third.
func (p *pinning) sides(links [2][]string) (sides [2][]pinnedItem, err error) {
	var found [2][]storage.Found
	for i := range links {
		var keys []feeds.Key
		for _, l := range links[i] {
			keys = append(keys, dedup.LinkKey(l))
		}
		if found[i], err = p.e.o.Store.Find(keys); err != nil {
			return sides, err
		}
	}
	for i := range found {
		for _, f := range found[i] {
			ob, held, err := p.e.o.Store.Observed(f.Item)
			if err != nil {
				return sides, err
			}
			both := slices.ContainsFunc(found[1-i], func(o storage.Found) bool { return o.Item == f.Item })
			if !both || slices.Contains(links[i], normalize.Canonical(ob.Copy.Link)) {
				sides[i] = append(sides[i], pinnedItem{f.Item, f.Statement, held})
			}
		}
	}
	return sides, nil
}

// say appends facts of which the last makes the pin hold: if we die before it,
// all are said again.
func (p *pinning) say(ctx context.Context, facts ...feeds.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	_, err := p.e.o.Journal.Append(ctx, p.now, facts...)
	if err == nil {
		p.said += len(facts)
	}
	return err
}

// together joins the statements of the first items at both links that are there.
func (p *pinning) together(ctx context.Context, pin *dedup.Pin, sides [2][]pinnedItem) error {
	var ids [2]feeds.StatementID
	var since [2]time.Time
	for i, side := range sides {
		at := slices.IndexFunc(side, func(it pinnedItem) bool { return it.live })
		if at < 0 {
			return nil
		}
		first := side[at]
		ids[i] = first.statement
		var err error
		if since[i], err = p.e.since(first.statement); err != nil {
			return err
		}
	}
	if ids[0] == ids[1] {
		return nil
	}
	winner, loser := ids[0], ids[1]
	if cmp.Or(since[1].Compare(since[0]), cmp.Compare(loser, winner)) < 0 {
		winner, loser = loser, winner
	}
	j := &feeds.Joined{Loser: loser, Winner: winner, Why: because("put together by a pin", pin), By: byPin}
	if p.joined != nil {
		p.joined[loser] = j
	}
	p.e.o.Log.Info("statements put together by a pin", "stage", "dedup", "statement", winner, "other", loser)
	return p.say(ctx, j)
}

// apart takes the items at the pin's links out of the statement that they are
// in together: the side that was there first stays.
func (p *pinning) apart(ctx context.Context, pin *dedup.Pin, id feeds.StatementID, sides [2][]pinnedItem) error {
	st, _, _, err := p.e.o.Store.Statement(id)
	if err != nil {
		return err
	}
	s := split{why: because("taken apart by a pin", pin), held: map[feeds.ItemKey]*feeds.Observed{}, side: map[feeds.ItemKey]int{}}
	stays := -1
	for i, side := range sides {
		for _, it := range side {
			s.side[it.key] = i
		}
	}
	for i := range st.Copies { // in order of arrival
		key := st.Copies[i].Item
		ob, held, err := p.e.o.Store.Observed(key)
		if err != nil {
			return err
		}
		if !held {
			continue
		}
		s.items, s.held[key] = append(s.items, key), &ob
		if side, named := s.side[key]; named && stays < 0 {
			stays = side
		}
	}
	if stays < 0 {
		return nil // all of them are gone
	}
	for key, side := range s.side {
		s.side[key] = staying
		if side != stays {
			s.side[key] = leaving
		}
	}
	if !slices.ContainsFunc(s.items, func(k feeds.ItemKey) bool { return s.side[k] == leaving || s.side[s.held[k].Of] == leaving }) {
		return nil // nothing is left of what would leave
	}
	if err := p.readJoins(); err != nil {
		return err
	}
	s.joined = p.joined
	if err := p.keepOne(&s); err != nil {
		return err
	}
	facts := s.facts(pin.Links[1-stays])
	if len(facts) > 0 {
		p.e.o.Log.Info("statement taken apart by a pin", "stage", "dedup", "statement", id, "other", s.target)
	}
	return p.say(ctx, facts...)
}

// keepOne notes which of the items that are split off another pin holds
// together: they go where the first of them goes.
func (p *pinning) keepOne(s *split) error {
	s.with = map[feeds.ItemKey]feeds.ItemKey{}
	for _, pin := range p.e.pins {
		if !pin.Together {
			continue
		}
		sides, err := p.sides([2][]string{p.oneWith(pin.Links[0])})
		if err != nil {
			return err
		}
		var first feeds.ItemKey
		for _, k := range s.items {
			if s.side[k] != 0 || !slices.ContainsFunc(sides[0], func(it pinnedItem) bool { return it.key == k }) {
				continue
			}
			if first == "" {
				first = k
			} else if s.with[k] == "" {
				s.with[k] = first
			}
		}
	}
	return nil
}

// readJoins reads once which statements are joined.
func (p *pinning) readJoins() error {
	if p.joined != nil {
		return nil
	}
	all, err := p.e.o.Store.Joins()
	if err != nil {
		return err
	}
	p.joined = map[feeds.StatementID]*feeds.Joined{}
	for _, j := range all {
		if j.Winner != j.Loser {
			p.joined[j.Loser] = j
		}
	}
	return nil
}

func because(what string, pin *dedup.Pin) string {
	if pin.Why != "" {
		return what + ": " + pin.Why
	}
	return what
}

// split takes one statement apart.
type split struct {
	why    string
	items  []feeds.ItemKey // live ones, in order of arrival
	held   map[feeds.ItemKey]*feeds.Observed
	side   map[feeds.ItemKey]int               // staying or leaving, of those at the pin's links
	with   map[feeds.ItemKey]feeds.ItemKey     // that a pin holds an item together with
	joined map[feeds.StatementID]*feeds.Joined // loses what is cut
	stays  map[feeds.StatementID]bool          // the statements of the side that stays, once all is cut
	target feeds.StatementID                   // of the side that leaves
	homes  map[feeds.ItemKey]feeds.StatementID // where each belongs
}

const (
	staying = 1 + iota
	leaving
)

// facts words what takes the two sides apart, the cuts last: it is they, or else
// the leaving items themselves, that make the pin hold.
func (s *split) facts(link string) []feeds.Fact {
	cuts := s.cut()
	s.stays = map[feeds.StatementID]bool{}
	for _, k := range s.of(staying) {
		s.stays[s.root(s.held[k].Statement)] = true
	}
	s.target = s.home(link)
	s.homes = map[feeds.ItemKey]feeds.StatementID{}
	var said, last []feeds.Fact
	var first *feeds.Observed // of the leaving ones that begins a statement
	for _, k := range s.items {
		ob := *s.held[k]
		is, moved := s.belongs(k, nil), false
		if is != s.root(ob.Statement) {
			ob.Statement, moved = is, true
		}
		if ob.Of != "" && s.known(ob.Of) && s.belongs(ob.Of, nil) != is {
			s.orphan(&ob, first)
			moved = true
		}
		leaves := s.side[k] == leaving
		if leaves && moved && ob.Of == "" {
			ob.Why = s.why
			if first == nil {
				first = &ob
			}
		}
		switch {
		case !moved:
		case leaves:
			last = append(last, &ob)
		default:
			said = append(said, &ob)
		}
	}
	return append(append(said, last...), cuts...)
}

// of gives the live items of a side.
func (s *split) of(side int) []feeds.ItemKey {
	return slices.DeleteFunc(slices.Clone(s.items), func(k feeds.ItemKey) bool { return s.side[k] != side })
}

// cut undoes the joins that brought the sides into one statement, as long as
// each then takes a whole side and none of the other. Where no join did, it is
// the items that have to go.
func (s *split) cut() (said []feeds.Fact) {
	stay, leave := s.of(staying), s.of(leaving)
	below := func(items []feeds.ItemKey, id feeds.StatementID) (n int) {
		for _, k := range items {
			if slices.Contains(s.way(s.held[k].Statement), id) {
				n++
			}
		}
		return n
	}
	for _, a := range stay {
		for _, b := range leave {
			stays, leaves := s.held[a].Statement, s.held[b].Statement
			if s.root(stays) != s.root(leaves) {
				continue
			}
			for _, loser := range []feeds.StatementID{leaves, stays} {
				with, without := below(leave, loser), below(stay, loser)
				if loser == stays {
					with, without = without, with
				}
				j := s.joined[loser]
				if without > 0 || loser == stays && with < len(stay) || j == nil {
					continue
				}
				delete(s.joined, loser)
				said = append(said, &feeds.Joined{Loser: loser, Winner: loser, Why: s.why, By: byPin})
				break
			}
		}
	}
	return said
}

// way gives the statements from one up to that which it goes by.
func (s *split) way(id feeds.StatementID) []feeds.StatementID {
	way := []feeds.StatementID{id}
	for j := s.joined[id]; j != nil && !slices.Contains(way, j.Winner); j = s.joined[j.Winner] {
		way = append(way, j.Winner)
	}
	return way
}

func (s *split) root(id feeds.StatementID) feeds.StatementID {
	way := s.way(id)
	return way[len(way)-1]
}

// home gives the statement of the side that leaves: the one that it has when
// the joins are cut, or a new one.
func (s *split) home(link string) feeds.StatementID {
	var item feeds.ItemKey
	guid := ""
	for _, k := range s.of(leaving) {
		if at := s.root(s.held[k].Statement); !s.stays[at] {
			return at
		}
		if item == "" {
			item, guid = k, s.held[k].Copy.ID
		}
	}
	if item == "" { // they are gone, and what was matched to them may not be
		gone := slices.DeleteFunc(slices.Sorted(maps.Keys(s.side)), func(k feeds.ItemKey) bool { return s.side[k] != leaving })
		item = gone[0]
	}
	for _, id := range []feeds.StatementID{
		dedup.Mint(item.Source(), link, "", ""), dedup.Mint(item.Source(), "", guid, item), dedup.Mint(item.Source(), "", "", item),
	} {
		if !s.stays[s.root(id)] {
			return id
		}
	}
	return dedup.Mint(item.Source(), "", "apart from the rest at "+link, item) // all that it could be called by, the rest is called by
}

func (s *split) known(k feeds.ItemKey) bool { return s.held[k] != nil || s.side[k] != 0 }

// belongs gives the statement that an item belongs to now: where its side is,
// or else where the item is that it was matched to.
func (s *split) belongs(k feeds.ItemKey, via []feeds.ItemKey) feeds.StatementID {
	if at, told := s.homes[k]; told {
		return at
	}
	ob := s.held[k]
	var at feeds.StatementID
	switch {
	case s.side[k] == leaving:
		at = s.target
	case ob == nil: // it is gone and stays
		at = slices.Min(slices.Collect(maps.Keys(s.stays)))
	case s.with[k] != "" && !slices.Contains(via, k):
		at = s.belongs(s.with[k], append(via, k))
	case s.side[k] == 0 && s.known(ob.Of) && !slices.Contains(via, k):
		at = s.belongs(ob.Of, append(via, k))
	default:
		at = s.root(ob.Statement)
	}
	s.homes[k] = at
	return at
}

// orphan words an item whose original is in another statement now: as the
// origin, or as a reprint of the one that left before it. What it was like is
// near it from now on.
func (s *split) orphan(ob *feeds.Observed, first *feeds.Observed) {
	why := s.why
	if ob.Why != "" {
		why = ob.Why + "; " + why
	}
	near := []feeds.Near{{Item: ob.Of, Statement: s.belongs(ob.Of, nil), Score: ob.Score, Threshold: ob.Threshold, Why: why, Related: true}}
	for _, n := range ob.Near {
		if n.Item != ob.Of && len(near) < mostNear {
			near = append(near, n)
		}
	}
	ob.Near = near
	ob.Relation, ob.Of, ob.Why, ob.Score, ob.Threshold, ob.Echo = feeds.IsOrigin, "", s.why, 0, 0, false
	if first != nil && s.side[ob.Item] == leaving {
		ob.Relation, ob.Of, ob.Why, ob.Score = feeds.IsReprint, first.Item, "same link "+ob.Copy.Link, 1
	}
}

// mostNear is how many near ones a fact holds (feeds.Observed).
const mostNear = 4

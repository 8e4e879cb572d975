package config

import (
	"fmt"
	"slices"
	"strings"

	"communique/feeds"
)

// PinConfig is a pin with its two addresses in the form that identifies pages
// (Options.Canonical).
type PinConfig struct {
	Links    [2]string
	Together bool
	Why      string
}

// Pins gives the operator's words on pairs of publications, in the order of the
// file. It is the configuration's own: not to be changed.
func (c *Config) Pins() []PinConfig { return c.pins }

// SourceGroups gives the groups that each source is in; nil when there are none.
func (c *Config) SourceGroups() map[feeds.SourceID][]string {
	if len(c.Dedup.Groups) == 0 {
		return nil
	}
	out := map[feeds.SourceID][]string{}
	for _, g := range c.Dedup.Groups {
		for _, id := range g.Sources {
			out[feeds.SourceID(id)] = append(out[feeds.SourceID(id)], string(g.Name))
		}
	}
	return out
}

// groups checks the groups of sources.
func (l *loader) groups(groups []Group, sources map[string]place) {
	names := map[string]place{}
	for i := range groups {
		g := &groups[i]
		l.unique(names, g.At, "name", string(g.Name))
		l.knownSources(g.At, g.Sources, sources)
		if len(g.Sources) == 0 && g.At.has("sources") {
			l.errorAt(g.At.at("sources"), "is empty; name its sources, or take the group out")
		}
		for j, id := range g.Sources {
			if id != "" && slices.Contains(g.Sources[:j], id) {
				l.errorAt(g.At.at("sources", j), fmt.Sprintf("%q is in the group already", id))
			}
		}
	}
}

// pins checks the pins, and gives those that are good.
func (l *loader) pins(pins []Pin) []PinConfig {
	var out []PinConfig
	var at []place // of the addresses of each
	for i := range pins {
		p := &pins[i]
		key, list := "apart", p.Apart
		switch apart, together := p.At.has("apart"), p.At.has("together"); {
		case apart && together:
			l.errorAt(p.At.at("together"), "stands beside apart; a pin says one of the two")
			continue
		case together:
			key, list = "together", p.Together
		case !apart:
			l.errorAt(p.At, "says neither apart nor together; give one of them two addresses")
			continue
		}
		if pin, ok := l.pin(p.At.at(key), list); ok {
			pin.Together, pin.Why = key == "together", p.Why
			out, at = append(out, pin), append(at, p.At.at(key))
		}
	}
	l.contradictions(out, at)
	return out
}

// pin checks the two addresses of a pin.
func (l *loader) pin(at place, list []URL) (pin PinConfig, ok bool) {
	if len(list) != 2 {
		l.errorAt(at, fmt.Sprintf("wants two addresses, got %d", len(list)))
		return pin, false
	}
	ok = true
	for i, u := range list {
		if u == "" {
			ok = false // an error at its own place already
		} else if pin.Links[i] = l.canonical(string(u)); pin.Links[i] == "" {
			l.errorAt(at.at(i), fmt.Sprintf("%q names no publication; give the address of one", u))
			ok = false
		}
	}
	if ok && pin.Links[0] == pin.Links[1] {
		l.errorAt(at.at(1), fmt.Sprintf("%q is the address of the same page as %q", list[1], list[0]))
		ok = false
	}
	return pin, ok
}

// contradictions reports pairs that are pinned apart and also together, be it by
// way of third ones.
func (l *loader) contradictions(pins []PinConfig, at []place) {
	together := map[string][]int{} // by address
	for i := range pins {
		for _, link := range pins[i].Links {
			if pins[i].Together {
				together[link] = append(together[link], i)
			}
		}
	}
	line := func(i int) string { return fmt.Sprintf("%s:%d", at[i].file.name, at[i].node.Line) }
	for i := range pins {
		if pins[i].Together {
			continue
		}
		way := wayOf(pins, together, pins[i].Links)
		switch {
		case len(way) == 0:
		case len(way) > 1:
			var lines []string
			for _, w := range way {
				lines = append(lines, line(w))
			}
			l.errorAt(at[i], "the two are together by way of others, in "+strings.Join(lines, ", ")+"; take one of these pins out")
		case way[0] > i:
			l.errorAt(at[way[0]], fmt.Sprintf("the same two are pinned apart in %s; take one of the pins out", line(i)))
		default:
			l.errorAt(at[i], fmt.Sprintf("the same two are pinned together in %s; take one of the pins out", line(way[0])))
		}
	}
}

// wayOf gives the pins by which two addresses are together, fewest first; none
// when they are not.
func wayOf(pins []PinConfig, together map[string][]int, links [2]string) []int {
	ways := map[string][]int{links[0]: {}}
	for next := []string{links[0]}; len(next) > 0; next = next[1:] {
		for _, i := range together[next[0]] {
			other := pins[i].Links[0]
			if other == next[0] {
				other = pins[i].Links[1]
			}
			if ways[other] != nil {
				continue
			}
			ways[other] = append(slices.Clone(ways[next[0]]), i)
			if other == links[1] {
				return ways[other]
			}
			next = append(next, other)
		}
	}
	return nil
}

// related lowers link.related to a threshold that is given without it.
func (l *loader) related(k *Link) {
	switch {
	case k.Related <= k.Threshold || k.Threshold == 0: // or it was an error already
	case k.At.has("related"):
		l.errorAt(k.At.at("related"), fmt.Sprintf("%v is more than the threshold of %v", k.Related, k.Threshold))
	default:
		k.Related = k.Threshold
	}
}

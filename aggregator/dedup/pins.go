package dedup

import (
	"slices"

	"communique/feeds"
)

// pinned gives the other links of the pins that name a draft's link.
func (p *Placer) pinned(d *feeds.Draft, together bool) []string {
	link := d.Canonical
	if link == "" {
		link = d.Permalink
	}
	var out []string
	for i := range p.o.Pins {
		pin := &p.o.Pins[i]
		if pin.Together != together || link == "" {
			continue
		}
		if at := slices.Index(pin.Links[:], link); at >= 0 {
			out = append(out, pin.Links[1-at])
		}
	}
	return out
}

// pins are what the pins say of one draft.
type pins struct {
	together []Known
	apart    []feeds.StatementID
}

func (p *Placer) pins(d *feeds.Draft, look func(feeds.Key) []Known) (out pins) {
	for _, link := range p.pinned(d, true) {
		out.together = append(out.together, look(LinkKey(link))...)
	}
	for _, link := range p.pinned(d, false) {
		for _, o := range look(LinkKey(link)) {
			out.apart = append(out.apart, o.Statement)
		}
	}
	return out
}

// pinnedApart reports whether a pin keeps two statements apart, by any of their
// copies.
func (p *Placer) pinnedApart(a, b feeds.StatementID) (bool, error) {
	for i := range p.o.Pins {
		pin := &p.o.Pins[i]
		if pin.Together {
			continue
		}
		x, y := LinkKey(pin.Links[0]), LinkKey(pin.Links[1])
		found, err := p.o.Find([]feeds.Key{x, y})
		if err != nil {
			return false, err
		}
		of := func(k feeds.Key, id feeds.StatementID) bool {
			return slices.ContainsFunc(slices.Concat(found[k], p.claims[k]), func(o Known) bool { return o.Statement == id })
		}
		if of(x, a) && of(y, b) || of(x, b) && of(y, a) {
			return true, nil
		}
	}
	return false, nil
}

// keepApart leaves out of the statements that an item shows to be one those
// that a pin keeps apart from the others.
func (p *Placer) keepApart(pl *Placement) error {
	var kept []feeds.StatementID
	for _, id := range pl.Join {
		against, err := p.pinnedApart(pl.Statement, id)
		for i := 0; i < len(kept) && err == nil && !against; i++ {
			against, err = p.pinnedApart(kept[i], id)
		}
		if err != nil {
			return err
		}
		if !against {
			kept = append(kept, id)
		}
	}
	pl.Join = kept
	return nil
}

package aggregator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"communique/aggregator/dedup"
	"communique/feeds"
)

// ErrPin means that a pin cannot be said or taken back.
var ErrPin = errors.New("no pin")

// Pin says for an operator that the publications at two canonical links (see
// normalize.Canonical) are one statement, or are not, as a pin of the
// configuration does. It holds for what is stored, from now on for what comes,
// and after a restart. It may run beside visits.
func (e *Engine) Pin(ctx context.Context, links [2]string, together bool, by, why string) (*feeds.Pinned, error) {
	links = sorted(links)
	defer e.allWords().end()
	was, held, err := e.o.Store.Pinned(links)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(e.o.Likeness.Pins, func(p dedup.Pin) bool { return sorted(p.Links) == links }) {
		return nil, fmt.Errorf("%w: the configuration pins these two; change it there", ErrPin)
	}
	pins, err := e.allPins(links)
	if err != nil {
		return nil, err
	}
	pin := dedup.Pin{Links: links, Together: together, Why: why}
	if against := contradicted(append(pins, pin)); against != nil {
		return nil, fmt.Errorf("%w: %s and %s are pinned %s already, which speaks against it; take that back first", ErrPin, against.Links[0], against.Links[1], word(against.Together))
	}
	p := pinning{e: e, now: e.o.Now()}
	f := &feeds.Pinned{Links: links, Together: together, By: by, Why: why, Were: was.Were}
	if !held || was.Lifted {
		sides, err := p.sides([2][]string{{links[0]}, {links[1]}})
		if err != nil {
			return nil, err
		}
		f.Were = slices.ContainsFunc(sides[0], func(a pinnedItem) bool {
			return slices.ContainsFunc(sides[1], func(b pinnedItem) bool { return a.statement == b.statement })
		})
	}
	if err := p.say(ctx, f); err != nil {
		return nil, err
	}
	e.o.Log.Info("pinned", "stage", "dedup", "pin", word(together), "a", links[0], "b", links[1], "by", by, "why", why)
	return f, e.usePins(ctx, append(pins, pin))
}

// Unpin takes a pin back that Pin has said, and puts the two where they were
// before it: apart when they were two statements, together when they were one.
// What comes in later may say otherwise.
func (e *Engine) Unpin(ctx context.Context, links [2]string, by, why string) (*feeds.Pinned, error) {
	links = sorted(links)
	defer e.allWords().end()
	was, held, err := e.o.Store.Pinned(links)
	switch {
	case err != nil:
		return nil, err
	case !held || was.Lifted:
		return nil, fmt.Errorf("%w of %s and %s that was said by `moderate`; one of the configuration is taken out there", ErrPin, links[0], links[1])
	}
	pins, err := e.allPins(links)
	if err != nil {
		return nil, err
	}
	e.pins = pins
	p := pinning{e: e, now: e.o.Now()}
	if was.Together != was.Were {
		back := dedup.Pin{Links: links, Together: was.Were, Why: "the pin was taken back"}
		if err := p.apply(ctx, &back); err != nil {
			return nil, err
		}
	}
	was.Lifted, was.By, was.Why = true, by, why
	if err := p.say(ctx, &was); err != nil {
		return nil, err
	}
	e.o.Log.Info("pin taken back", "stage", "dedup", "pin", word(was.Together), "a", links[0], "b", links[1], "by", by, "why", why)
	return &was, e.usePins(ctx, pins)
}

// usePins takes up other pins, brings them to bear on what is stored, and has
// dedup look at all that anew. All words are held.
func (e *Engine) usePins(ctx context.Context, pins []dedup.Pin) error {
	e.pins = pins
	err := e.bringPins(ctx)
	e.newPlacer()
	return err
}

// newPlacer makes dedup anew, which has seen nothing yet and goes by the pins as
// they are now.
func (e *Engine) newPlacer() {
	likeness := e.o.Likeness
	likeness.Pins = e.pins
	e.placer = dedup.New(dedup.Options{Find: e.remembered, Since: e.since, Text: e.text, Likeness: likeness})
	e.fillWindow = sync.OnceValue(e.restore)
}

// storedPins takes up the pins that the store remembers besides those of the
// configuration. All words are held, or nobody works yet.
func (e *Engine) storedPins() error {
	pins, err := e.allPins([2]string{})
	if err != nil || len(pins) == len(e.pins) { // they were taken up already, or there are none
		return err
	}
	e.pins = pins
	e.newPlacer()
	return nil
}

// allPins gives the configuration's pins and those that the store remembers,
// but for one of two links. Where both speak of the same two, the configuration
// does.
func (e *Engine) allPins(but [2]string) ([]dedup.Pin, error) {
	pins := slices.Clone(e.o.Likeness.Pins)
	stored, err := e.o.Store.Pins()
	if err != nil {
		return nil, err
	}
	for _, f := range stored {
		if !f.Lifted && f.Links != but && !slices.ContainsFunc(e.o.Likeness.Pins, func(p dedup.Pin) bool { return sorted(p.Links) == f.Links }) {
			pins = append(pins, dedup.Pin{Links: f.Links, Together: f.Together, Why: f.Why})
		}
	}
	return pins, nil
}

// contradicted gives a pin that the last of the list contradicts: two are pinned
// apart that are together, be it by way of others.
func contradicted(pins []dedup.Pin) *dedup.Pin {
	last := &pins[len(pins)-1]
	for i := range pins {
		if pins[i].Together {
			continue
		}
		reached := []string{pins[i].Links[0]}
		for at := 0; at < len(reached); at++ {
			for j := range pins {
				side := slices.Index(pins[j].Links[:], reached[at])
				if !pins[j].Together || side < 0 || slices.Contains(reached, pins[j].Links[1-side]) {
					continue
				}
				reached = append(reached, pins[j].Links[1-side])
			}
		}
		if !slices.Contains(reached, pins[i].Links[1]) {
			continue
		}
		if &pins[i] != last {
			return &pins[i]
		}
		for j := range pins { // the way between the two, of which one is named
			if pins[j].Together && slices.Contains(reached, pins[j].Links[0]) {
				return &pins[j]
			}
		}
	}
	return nil
}

func word(together bool) string {
	if together {
		return "together"
	}
	return "apart"
}

func sorted(links [2]string) [2]string {
	if links[1] < links[0] {
		links[0], links[1] = links[1], links[0]
	}
	return links
}

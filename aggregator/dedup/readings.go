package dedup

import (
	"container/list"
	"strings"

	"communique/feeds"
)

// readings keeps the latest readings, and the texts of what is not stored yet.
type readings struct {
	pinned map[feeds.ItemKey]pinned
	held   map[feeds.ItemKey]*list.Element
	order  list.List // of *kept, the latest first
}

type pinned struct {
	language string
	view     feeds.TextView
}

type kept struct {
	item feeds.ItemKey
	r    *reading
}

// mostReadings bounds the readings that are held: about 20 KB each.
const mostReadings = 256

func (k *readings) get(item feeds.ItemKey) *reading {
	if e := k.held[item]; e != nil {
		k.order.MoveToFront(e)
		return e.Value.(*kept).r
	}
	return nil
}

func (k *readings) put(item feeds.ItemKey, r *reading) {
	if k.held == nil {
		k.held = map[feeds.ItemKey]*list.Element{}
	}
	if e := k.held[item]; e != nil {
		e.Value.(*kept).r = r
		k.order.MoveToFront(e)
		return
	}
	r.letGo()
	k.held[item] = k.order.PushFront(&kept{item, r})
	if k.order.Len() > mostReadings {
		last := k.order.Back()
		delete(k.held, last.Value.(*kept).item)
		k.order.Remove(last)
	}
}

// letGo makes a reading's words its own, up to the last that was read. Till then they
// are cut from the document that they came in, which may be a hundred times as long and
// lives as long as they do.
func (r *reading) letGo() {
	upTo := func(s string, tokens []token) string {
		if len(tokens) == 0 {
			return ""
		}
		return strings.Clone(s[:tokens[len(tokens)-1].end])
	}
	r.language = strings.Clone(r.language)
	r.title, r.body = upTo(r.title, r.tokens[:r.titled]), upTo(r.body, r.tokens[r.titled:])
}

// pin keeps the text of an item until it is stored.
func (k *readings) pin(item feeds.ItemKey, d *feeds.Draft) {
	if k.pinned == nil {
		k.pinned = map[feeds.ItemKey]pinned{}
	}
	k.pinned[item] = pinned{d.Language, d.Text}
}

func (k *readings) unpin(item feeds.ItemKey) { delete(k.pinned, item) }

// reading gives the reading of an item that was placed; nil when it is gone.
func (p *Placer) reading(item feeds.ItemKey) (*reading, error) {
	if r := p.readings.get(item); r != nil {
		return r, nil
	}
	if d, ok := p.readings.pinned[item]; ok {
		r := p.desk.read(d.language, &d.view, false)
		p.readings.put(item, r)
		return r, nil
	}
	language, v, ok, err := p.o.Text(item)
	if err != nil || !ok {
		return nil, err
	}
	r := p.desk.read(language, &v, false)
	p.readings.put(item, r)
	return r, nil
}

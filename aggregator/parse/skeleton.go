package parse

import (
	"strconv"

	ext "github.com/mmcdole/gofeed/extensions"
)

// skeleton is the document that gofeed reads: the elements that this package
// knows, without prefixes to resolve, and with a number for every value. It is
// well-formed by construction, and no octet of it is the publisher's.
//
// What gofeed makes of an item depends on nothing but its elements' names and
// order, as numbers begin anew in each: so of items that are written alike, as
// most in a feed are, it reads one.
type skeleton struct {
	buf      []byte
	elements []*element
	from     int            // the element that is number 0: the present item's first
	once     map[string]int // single-valued elements of the present item, and what they hold
	items    map[string]int // by what is written: which of gofeed's items it is
}

// item writes an item's elements, unless another's are alike.
func (k *skeleton) item(it *item, name string, write func()) {
	start := len(k.buf)
	k.once = map[string]int{}
	k.from = len(k.elements)
	k.open(name)
	write()
	k.close(name)
	n, known := k.items[string(k.buf[start:])]
	if known {
		k.buf = k.buf[:start]
	} else {
		n = len(k.items)
		k.items[string(k.buf[start:])] = n
	}
	it.from, it.like = k.from, n
}

// number gives the element's number, which stands for it.
func (k *skeleton) number(e *element) string {
	k.elements = append(k.elements, e)
	return strconv.Itoa(len(k.elements) - 1 - k.from)
}

// at gives the element that a value of gofeed's stands for, nil when it stands
// for none.
func (k *skeleton) at(number string) *element {
	if number == "" {
		return nil
	}
	n, err := strconv.Atoi(number)
	if n += k.from; err != nil || n < k.from || n >= len(k.elements) {
		return nil
	}
	return k.elements[n]
}

func (k *skeleton) write(parts ...string) {
	for _, s := range parts {
		k.buf = append(k.buf, s...)
	}
}

func (k *skeleton) open(name string)  { k.write("<", name, ">") }
func (k *skeleton) close(name string) { k.write("</", name, ">") }

// leaf writes the element with its number for a text.
func (k *skeleton) leaf(name string, e *element) {
	k.write("<", name, ">", k.number(e), "</", name, ">")
}

// empty writes the element with its number in the attribute that gofeed looks
// for.
func (k *skeleton) empty(name, attribute string, e *element) {
	k.write("<", name, " ", attribute, `="`, k.number(e), `"/>`)
}

// extension writes an element of another vocabulary. gofeed keeps it under its
// prefix and name.
func (k *skeleton) extension(e *element) {
	k.leaf(skeletonPrefix[e.vocab]+e.local, e)
}

// extends reports whether the skeleton takes in elements of the vocabulary.
func extends(v vocab) bool {
	switch v {
	case atom, dc, dcterms, content, media, itunes, sy, xhtml, feedburner, googleplay, cc:
		return true
	}
	return false
}

// all gives the elements that gofeed filed under a prefix and a name, in
// document order.
func (k *skeleton) all(x ext.Extensions, prefix, name string) []*element {
	var out []*element
	for _, v := range x[prefix][name] {
		if e := k.at(v.Value); e != nil {
			out = append(out, e)
		}
	}
	return out
}

// first gives the first of all, nil when there is none.
func (k *skeleton) first(x ext.Extensions, prefix, name string) *element {
	if all := k.all(x, prefix, name); len(all) > 0 {
		return all[0]
	}
	return nil
}

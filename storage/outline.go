package storage

import (
	"encoding/binary"
	"errors"
	"math"
)

// outline is a part of an Observed, read from its row without decoding the
// rest; it shares the row's memory.
type outline struct {
	item, statement, link, language []byte
	firstSeen, changed              stamp
	published, copyPublished        stamp
	rules                           uint64
}

// The numbers of an outline's fields, see feeds.Observed and feeds.Copy.
const (
	fieldItem      = 1
	fieldStatement = 2
	fieldFirstSeen = 3
	fieldChanged   = 4
	fieldPublished = 6
	fieldRules     = 14
	fieldCopy      = 16

	fieldCopyLink      = 6
	fieldCopyPublished = 14
	fieldCopyLanguage  = 16
)

var errOutline = errors.New("a record is cut short or damaged")

// outlineOf reads the fields up to the number last, as far as there are any:
// fields are written in the order of their numbers.
func outlineOf(meta []byte, last uint64) (outline, error) {
	var o outline
	d := skimmer{reader{b: meta}}
	for range d.open(majorMap) {
		field := d.number()
		if d.bad || field > last {
			break
		}
		switch field {
		case fieldItem:
			o.item = d.octets()
		case fieldStatement:
			o.statement = d.octets()
		case fieldFirstSeen:
			o.firstSeen = d.stamp()
		case fieldChanged:
			o.changed = d.stamp()
		case fieldPublished:
			o.published = d.stamp()
		case fieldRules:
			o.rules = d.number()
		case fieldCopy:
			d.copy(&o)
		default:
			d.skip()
		}
	}
	if d.bad {
		return outline{}, errOutline
	}
	return o, nil
}

func (d *skimmer) copy(o *outline) {
	for range d.open(majorMap) {
		switch d.number() {
		case fieldCopyLink:
			o.link = d.octets()
		case fieldCopyPublished:
			o.copyPublished = d.stamp()
		case fieldCopyLanguage:
			o.language = d.octets()
		default:
			d.skip()
		}
	}
}

// skimmer walks over the CBOR of a record (RFC 8949 §3) and decodes nothing
// that is not asked for. It knows what newRecord writes: every length is
// definite. Once it meets anything else, it gives zeros and is bad.
type skimmer struct{ reader }

// The major types of CBOR.
const (
	majorUnsigned = iota
	majorNegative
	majorOctets
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple // floats among them
)

// head reads what an item starts with: its major type and its argument.
func (d *skimmer) head() (major byte, arg uint64) {
	c := d.byte()
	major, arg = c>>5, uint64(c&31)
	if arg < 24 {
		return major, arg
	}
	if arg > 27 || len(d.b) < 1<<(arg-24) {
		d.fail()
		return majorUnsigned, 0
	}
	var wide [8]byte
	n := 1 << (arg - 24)
	copy(wide[8-n:], d.b)
	d.b = d.b[n:]
	return major, binary.BigEndian.Uint64(wide[:])
}

// open gives how many members the list or map has that comes next.
func (d *skimmer) open(want byte) int {
	major, n := d.head()
	if major != want || n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *skimmer) number() uint64 {
	major, n := d.head()
	if major != majorUnsigned {
		d.fail()
		return 0
	}
	return n
}

func (d *skimmer) stamp() stamp {
	major, n := d.head()
	switch {
	case major > majorNegative || n > math.MaxInt64:
		d.fail()
		return 0
	case major == majorNegative:
		return -1 - stamp(n)
	}
	return stamp(n)
}

// octets reads a text or a string of octets.
func (d *skimmer) octets() []byte {
	major, n := d.head()
	if major != majorOctets && major != majorText || n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	out := d.b[:n:n]
	d.b = d.b[n:]
	return out
}

// skip passes over the next item with all that it holds.
func (d *skimmer) skip() {
	for left := uint64(1); left > 0 && !d.bad; left-- {
		major, n := d.head()
		switch major {
		case majorOctets, majorText:
			if n > uint64(len(d.b)) {
				d.fail()
				return
			}
			d.b = d.b[n:]
		case majorArray, majorMap:
			if n > uint64(len(d.b)) { // each member takes an octet or more
				d.fail()
				return
			}
			left += n * uint64(major-majorArray+1)
		case majorTag:
			left++
		}
	}
}

package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// A lot is a value of the bucket of contents: what one, or several records with
// consecutive numbers, have for content. It stands under the first of the
// numbers. Contents that come in together are often of one source and alike, so
// that together they pack to three quarters of what they would alone, and fill
// their pages better. A lot of one is packed as packer.pack does it; else
//
//	packing(1) n(1) length of each content (uvarint, 0 when it is gone) zstd of all
//
// The numbers have no gap, so no other lot's number can lie between them.

// packingLot is the first octet of a lot of several.
const packingLot = 2

const (
	// mostInLot is how many contents share a lot: to read one of them all are
	// unpacked.
	mostInLot = 4
	// fullLot is how many octets of contents a lot has at most, but for the last.
	fullLot = 32 << 10
)

// lot is contents that are packed together before they have their numbers.
type lot struct {
	contents [][]byte
	packed   []byte
}

// group makes lots of those of the records that have to be packed: neighbours
// only, since they will have consecutive numbers.
func (p *packer) group(records []record, toPack []int) {
	for len(toPack) > 0 {
		n, size := 1, len(records[toPack[0]].content)
		for n < min(len(toPack), mostInLot) && toPack[n] == toPack[0]+n && size < fullLot {
			size += len(records[toPack[n]].content)
			n++
		}
		l := &lot{}
		for _, i := range toPack[:n] {
			records[i].lot = l
			l.contents = append(l.contents, records[i].content)
		}
		l.packed = p.packLot(l.contents)
		toPack = toPack[n:]
	}
}

// packLot gives the value of a lot; contents of no octets are gone.
func (p *packer) packLot(contents [][]byte) []byte {
	if len(contents) == 1 {
		return p.pack(contents[0])
	}
	size := 0
	for _, c := range contents {
		size += len(c)
	}
	out := make([]byte, 0, 64+size/2)
	out = append(out, packingLot, byte(len(contents)))
	all := make([]byte, 0, size)
	for _, c := range contents {
		out = binary.AppendUvarint(out, uint64(len(c)))
		all = append(all, c...)
	}
	return p.enc.EncodeAll(all, out)
}

// lotSizes reads how long the contents of a lot are, and what of it is packed.
func lotSizes(packed []byte) (sizes []uint64, rest []byte, err error) {
	switch {
	case len(packed) < 2:
		return nil, nil, errors.New("a lot of contents that breaks off")
	case packed[0] != packingLot:
		return nil, nil, fmt.Errorf("content packed in way %d, this program reads up to %d", packed[0], packingLot)
	}
	sizes, rest = make([]uint64, packed[1]), packed[2:]
	for i := range sizes {
		size, n := binary.Uvarint(rest)
		if n <= 0 {
			return nil, nil, errors.New("a lot of contents that breaks off")
		}
		sizes[i], rest = size, rest[n:]
	}
	return sizes, rest, nil
}

// unpackLot gives the contents of a lot, nil for those that are gone. They share
// dst, or what takes its place.
func (p *packer) unpackLot(dst, packed []byte) (contents [][]byte, all []byte, err error) {
	if len(packed) > 0 && packed[0] == packingZstd {
		all, err = p.unpack(dst, packed)
		return [][]byte{all}, all, err
	}
	sizes, rest, err := lotSizes(packed)
	if err != nil {
		return nil, nil, err
	}
	if all, err = p.dec.DecodeAll(rest, dst); err != nil {
		return nil, nil, err
	}
	left := all
	for _, size := range sizes {
		if size > uint64(len(left)) {
			return nil, nil, errors.New("a lot of contents that is too short")
		}
		var c []byte
		if size > 0 {
			c = left[:size:size]
		}
		contents, left = append(contents, c), left[size:]
	}
	if len(left) > 0 {
		return nil, nil, errors.New("a lot of contents that is too long")
	}
	return contents, all, nil
}

// opened is the lot that a transaction read last: who reads records one after
// the other asks for the next content of it.
type opened struct {
	first    uint64
	contents [][]byte
	all      []byte
}

// contentAt gives the unpacked content with the number, nil when there is none.
// It is good until the next call.
func (t *tables) contentAt(p *packer, number uint64) ([]byte, error) {
	if i := slices.IndexFunc(t.unwritten, func(r *record) bool { return r.seq == number }); i >= 0 {
		return t.unwritten[i].content, nil
	}
	if i := number - t.opened.first; number >= t.opened.first && i < uint64(len(t.opened.contents)) {
		return t.opened.contents[i], nil
	}
	first, packed := t.lotOf(number)
	if packed == nil {
		return nil, nil
	}
	contents, all, err := p.unpackLot(t.opened.all[:0], packed)
	if t.opened = (opened{first, contents, all}); err != nil {
		t.opened = opened{}
		return nil, unread(err, "the lot of contents %d", first)
	}
	if i := number - first; i < uint64(len(contents)) {
		return contents[i], nil
	}
	return nil, nil
}

// lotOf gives the lot that a content would be in, and the number that it stands
// under; nil when there is none below.
func (t *tables) lotOf(number uint64) (first uint64, packed []byte) {
	k, v := floor(t.content.Cursor(), be(number))
	if k == nil {
		return 0, nil
	}
	return binary.BigEndian.Uint64(k), v
}

// hasContent reports whether a content has, or had, the number.
func (t *tables) hasContent(number uint64) bool {
	first, packed := t.lotOf(number)
	n := uint64(1)
	if len(packed) > 1 && packed[0] == packingLot {
		n = uint64(packed[1])
	}
	return packed != nil && number-first < n
}

// contents counts those that there are.
func (t *tables) contents() (int, error) {
	n := 0
	c := t.content.Cursor()
	for k, packed := c.First(); k != nil; k, packed = c.Next() {
		if len(packed) == 0 || packed[0] != packingLot {
			n++
			continue
		}
		sizes, _, err := lotSizes(packed)
		if err != nil {
			return n, fmt.Errorf("content %d: %w", binary.BigEndian.Uint64(k), err)
		}
		for _, size := range sizes {
			if size > 0 {
				n++
			}
		}
	}
	return n, nil
}

// writeContents writes what was put, in lots as it was packed, and takes out of
// their lots what was dropped.
func (b *batch) writeContents() error {
	p := b.store.packer
	said := b.unwritten
	slices.SortFunc(said, func(x, y *record) int { return cmp.Compare(x.seq, y.seq) })
	for len(said) > 0 {
		l, n := said[0].lot, 1
		for l != nil && n < len(said) && said[n].lot == l && said[n].seq == said[n-1].seq+1 {
			n++
		}
		var packed []byte
		if l != nil && n == len(l.contents) {
			packed = l.packed
		} else { // something came between, or some of it was said before
			var contents [][]byte
			for _, r := range said[:n] {
				contents = append(contents, r.content)
			}
			packed = p.packLot(contents)
		}
		if err := b.content.Put(be(said[0].seq), packed); err != nil {
			return err
		}
		said = said[n:]
	}
	b.unwritten, b.opened = nil, opened{}
	slices.Sort(b.dropped)
	for len(b.dropped) > 0 {
		first, packed := b.lotOf(b.dropped[0])
		contents, _, err := p.unpackLot(nil, packed)
		if err != nil {
			return unread(err, "the lot of contents %d", first)
		}
		n := 0
		for n < len(b.dropped) && b.dropped[n]-first < uint64(len(contents)) {
			contents[b.dropped[n]-first] = nil
			n++
		}
		if n == 0 {
			return fmt.Errorf("content %d is missing", b.dropped[0])
		}
		if slices.ContainsFunc(contents, func(c []byte) bool { return c != nil }) {
			err = b.content.Put(be(first), p.packLot(contents))
		} else {
			err = b.content.Delete(be(first))
		}
		if err != nil {
			return err
		}
		b.dropped = b.dropped[n:]
	}
	return nil
}

// dropContent takes a content away, at once when it has not been written yet.
func (b *batch) dropContent(number uint64) {
	before := len(b.unwritten)
	b.unwritten = slices.DeleteFunc(b.unwritten, func(r *record) bool { return r.seq == number })
	if len(b.unwritten) == before {
		b.dropped = append(b.dropped, number)
	}
}

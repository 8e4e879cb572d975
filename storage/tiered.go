package storage

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	"go.etcd.io/bbolt"
)

// tiered is a map with keys in no order of time, such as hashes, in two
// buckets. What a batch adds goes to the small one as a sheaf: its keys in
// order, in one value. A sheaf that is not twice as long as the next is merged
// with it, so there are few; when all have grown, they are poured into the large
// bucket in the order of the keys. So a transaction writes a few pages and not,
// for each key, a page of the large one.
type tiered struct {
	layout layout
	small  *bbolt.Bucket // sheaf number → sheaf, the longer sheaves first
	large  *bbolt.Bucket // key → value
	cached []sheaf
}

// pourAt is how many keys the sheaves may have together at the end of a batch.
const pourAt = 16 << 10

// layout is the most octets that the keys of a map have, and what its values
// have.
type layout struct{ key, value int }

func (l layout) size() int { return l.key + 1 + l.value }

// sheaf is keys in order with their values, each in as many octets: the key,
// filled up with zeros, its length, the value.
type sheaf struct {
	layout
	b []byte
}

func (r sheaf) len() int { return len(r.b) / r.size() }

func (r sheaf) at(i int) (key, value []byte) {
	e := r.b[i*r.size() : (i+1)*r.size()]
	return e[:min(int(e[r.key]), r.key)], e[r.key+1:]
}

// add appends a key to the sheaf.
func (r *sheaf) add(key, value []byte) {
	r.b = append(r.b, key...)
	r.b = append(r.b, make([]byte, r.key-len(key))...)
	r.b = append(append(r.b, byte(len(key))), value...)
}

// search gives the place of the first key that is not before the given one.
func (r sheaf) search(key []byte) int {
	return sort.Search(r.len(), func(i int) bool {
		k, _ := r.at(i)
		return bytes.Compare(k, key) >= 0
	})
}

// merged gives a sheaf of the keys of both.
func (r sheaf) merged(s sheaf) sheaf {
	out := sheaf{r.layout, make([]byte, 0, len(r.b)+len(s.b))}
	for r.len() > 0 && s.len() > 0 {
		first := &r
		a, _ := r.at(0)
		if b, _ := s.at(0); bytes.Compare(b, a) < 0 {
			first = &s
		}
		out.b = append(out.b, first.b[:r.size()]...)
		first.b = first.b[r.size():]
	}
	out.b = append(append(out.b, r.b...), s.b...)
	return out
}

func tieredOf(tx *bbolt.Tx, names [2][]byte, l layout) tiered {
	return tiered{layout: l, small: tx.Bucket(names[0]), large: tx.Bucket(names[1])}
}

// sheaves gives the sheaves as they stand in the file, in the order of their numbers.
func (t *tiered) sheaves() []sheaf {
	if t.cached == nil {
		t.cached = []sheaf{}
		c := t.small.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			t.cached = append(t.cached, sheaf{t.layout, v})
		}
	}
	return t.cached
}

// get gives the key's value, nil when it has none.
func (t *tiered) get(key []byte) []byte {
	for _, r := range t.sheaves() {
		if i := r.search(key); i < r.len() {
			if k, v := r.at(i); bytes.Equal(k, key) {
				return v
			}
		}
	}
	return t.large.Get(key)
}

// do puts keys that the map does not have and deletes keys that it has.
func (t *tiered) do(changes ops) error {
	if len(changes) == 0 {
		return nil
	}
	slices.SortFunc(changes, func(x, y op) int { return bytes.Compare(x.key, y.key) })
	added, gone := sheaf{layout: t.layout}, map[string]bool{}
	for _, x := range changes {
		if x.value != nil {
			added.add(x.key, x.value)
			continue
		}
		gone[string(x.key)] = true
		if err := t.large.Delete(x.key); err != nil {
			return err
		}
	}
	sheaves := slices.Clone(t.sheaves())
	from, total := len(sheaves), added.len() // sheaves from there on are written anew
	for i, r := range sheaves {
		if len(gone) > 0 {
			left := sheaf{layout: t.layout}
			for j := range r.len() {
				if k, v := r.at(j); !gone[string(k)] {
					left.add(k, v)
				}
			}
			if left.len() != r.len() {
				sheaves[i], from = left, min(from, i)
			}
		}
		total += sheaves[i].len()
	}
	if total >= pourAt {
		for _, r := range sheaves {
			added = added.merged(r)
		}
		for i := range added.len() {
			k, v := added.at(i)
			if err := t.large.Put(k, v); err != nil {
				return err
			}
		}
		sheaves, from = nil, 0
	} else if added.len() > 0 {
		for n := len(sheaves); n > 0 && sheaves[n-1].len() < 2*added.len(); n-- {
			added, sheaves = added.merged(sheaves[n-1]), sheaves[:n-1]
		}
		from = min(from, len(sheaves))
		sheaves = append(sheaves, added)
	}
	before := len(t.sheaves())
	t.cached = nil
	for i := from; i < max(before, len(sheaves)); i++ {
		number := binary.BigEndian.AppendUint32(nil, uint32(i))
		if i >= len(sheaves) {
			if err := t.small.Delete(number); err != nil {
				return err
			}
		} else if err := t.small.Put(number, sheaves[i].b); err != nil {
			return err
		}
	}
	return nil
}

// len gives how many keys the map has; it reads all of them.
func (t *tiered) len() int {
	n := size(t.large)
	for _, r := range t.sheaves() {
		n += r.len()
	}
	return n
}

// withPrefix calls fn with the rest of every key that starts with prefix. The
// cursor is for the large bucket; the same one will do for many prefixes.
func (t *tiered) withPrefix(c *bbolt.Cursor, prefix []byte, fn func(rest []byte) error) error {
	for _, r := range t.sheaves() {
		for i := r.search(prefix); i < r.len(); i++ {
			k, _ := r.at(i)
			if !bytes.HasPrefix(k, prefix) {
				break
			}
			if err := fn(k[len(prefix):]); err != nil {
				return err
			}
		}
	}
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		if err := fn(k[len(prefix):]); err != nil {
			return err
		}
	}
	return nil
}

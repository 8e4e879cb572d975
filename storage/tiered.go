package storage

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// tiered is a map with keys in no order of time, such as hashes, in two
// buckets. What is new goes to a small one; when that has grown, it is poured
// into the large one in the order of the keys. So a transaction writes a few
// pages of the small one and not, for each key, a page of the large one.
type tiered struct {
	tx    *bbolt.Tx
	names [2][]byte // small, large
	small *bbolt.Bucket
	large *bbolt.Bucket
}

// pourAt is how many keys the small bucket may have at the end of a batch. Its
// sequence counts them, as bbolt cannot without reading.
const pourAt = 16 << 10

func tieredOf(tx *bbolt.Tx, names [2][]byte) tiered {
	return tiered{tx: tx, names: names, small: tx.Bucket(names[0]), large: tx.Bucket(names[1])}
}

// get gives the key's value, nil when it has none.
func (t *tiered) get(key []byte) []byte {
	if v := t.small.Get(key); v != nil {
		return v
	}
	return t.large.Get(key)
}

// do puts keys that the map does not have and deletes keys that it has.
func (t *tiered) do(changes ops) error {
	if len(changes) == 0 {
		return nil
	}
	added := uint64(0)
	for _, x := range changes {
		if x.value != nil {
			added++
		} else if err := t.large.Delete(x.key); err != nil {
			return err
		}
	}
	if err := changes.do(t.small); err != nil {
		return err
	}
	if added += t.small.Sequence(); added < pourAt {
		return t.small.SetSequence(added)
	}
	c := t.small.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if err := t.large.Put(bytes.Clone(k), bytes.Clone(v)); err != nil {
			return err
		}
	}
	if err := t.tx.DeleteBucket(t.names[0]); err != nil {
		return err
	}
	var err error
	t.small, err = t.tx.CreateBucket(t.names[0])
	return err
}

// withPrefix calls fn with the rest of every key that starts with prefix.
func (t *tiered) withPrefix(cursors *[2]*bbolt.Cursor, prefix []byte, fn func(rest []byte) error) error {
	if cursors[0] == nil {
		cursors[0], cursors[1] = t.small.Cursor(), t.large.Cursor()
	}
	for _, c := range cursors {
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if err := fn(k[len(prefix):]); err != nil {
				return err
			}
		}
	}
	return nil
}

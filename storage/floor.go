package storage

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// floor moves a cursor to the last key that is not behind the given one; nil when
// there is none. Cursor.Prev alone would not do: in a transaction that has emptied
// a page it gives nil there, as it does at the beginning (bbolt 1.5).
func floor(c *bbolt.Cursor, key []byte) (k, v []byte) {
	if k, v = c.Seek(key); k == nil {
		return c.Last()
	}
	if bytes.Equal(k, key) {
		return k, v
	}
	if k, v = c.Prev(); k != nil {
		return k, v
	}
	if first, _ := c.First(); bytes.Compare(first, key) > 0 {
		return nil, nil
	}
	c.Seek(key)
	for k == nil {
		k, v = c.Prev()
	}
	return k, v
}

package storage

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
)

// TestFloorPassesOverEmptiedPages takes runs of keys out, as many as fill whole
// pages, and asks in the same transaction, and again when it is over.
func TestFloorPassesOverEmptiedPages(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "x.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const keys = 2000
	name := []byte("x")
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket(name)
		for n := uint64(10); err == nil && n < keys; n++ {
			err = b.Put(be(n), bytes.Repeat([]byte{byte(n)}, 300))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	emptied := false // a plain Prev has stopped where it should not: else this shows nothing
	for range 30 {
		check := func(tx *bbolt.Tx) error {
			b := tx.Bucket(name)
			var last []byte // the greatest key so far
			held := b.Cursor()
			next, _ := held.First()
			for n := range uint64(keys + 10) {
				for next != nil && bytes.Compare(next, be(n)) <= 0 {
					last = next
					next, _ = held.Next()
				}
				c := b.Cursor()
				k, v := floor(c, be(n))
				if !bytes.Equal(k, last) || k != nil && !bytes.Equal(v, b.Get(k)) {
					t.Fatalf("floor of %d is %x, want %x", n, k, last)
				}
				if after, _ := c.Next(); k != nil && !bytes.Equal(after, next) {
					t.Fatalf("behind the floor of %d stands %x, want %x", n, after, next)
				}
				if k, _ := c.Seek(be(n)); k != nil && !bytes.Equal(k, be(n)) && last != nil {
					k, _ = c.Prev()
					emptied = emptied || k == nil
				}
			}
			return nil
		}
		err := db.Update(func(tx *bbolt.Tx) error {
			b := tx.Bucket(name)
			from, n := random.Uint64N(keys), random.Uint64N(keys/8)
			for i := from; i < from+n; i++ {
				if err := b.Delete(be(i)); err != nil {
					return err
				}
			}
			return check(tx)
		})
		if err == nil {
			err = db.View(check)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !emptied {
		t.Error("no page was emptied")
	}
}

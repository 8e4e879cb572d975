package storage

import (
	"fmt"
	"go.etcd.io/bbolt"
	"os"
	"testing"
)

func TestDumpBuckets(t *testing.T) {
	p := os.Getenv("DUMP")
	if p == "" {
		t.Skip()
	}
	db, err := bbolt.Open(p, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			s := b.Stats()
			fmt.Printf("%-10s keys %7d leafpages %6d branch %5d overflow %5d leafalloc %9d inuse %9d depth %d\n", name, s.KeyN, s.LeafPageN, s.BranchPageN, s.LeafOverflowN, s.LeafAlloc, s.LeafInuse, s.Depth)
			return nil
		})
	})
}

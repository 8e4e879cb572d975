package storage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// rebuildBatch is how many records a transaction of a rebuild takes.
var rebuildBatch = 2000

// rebuild makes all that is derived anew from the log. The index version is
// taken away first and given back last, so that a rebuild that was broken off
// starts again.
func (s *Store) rebuild(progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	total := 0
	err := s.db().Update(func(tx *bbolt.Tx) error {
		for _, name := range derived {
			if err := tx.DeleteBucket(name); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
				return err
			}
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		st, err := decodeState(meta.Get(stateKey))
		if err != nil {
			return err
		}
		total = st.records
		st.statements, st.copies, st.next = 0, 0, 0
		return errors.Join(meta.Delete(indexKey), meta.Put(stateKey, st.encode()))
	})
	if err != nil {
		return err
	}
	clear(s.terms)
	s.names = nil
	var after uint64
	for done := 0; ; {
		n := 0
		err := s.db().Update(func(tx *bbolt.Tx) error {
			b, err := s.newBatch(tx)
			if err != nil {
				return err
			}
			c := b.log.Cursor()
			for k, v := c.Seek(be(after + 1)); k != nil && n < rebuildBatch; k, v = c.Next() {
				after = binary.BigEndian.Uint64(k)
				r, err := s.projected(b.tables, after, v)
				if err != nil {
					return err
				}
				if err := errors.Join(b.reword(&r, logRow{}), b.derive(&r, logRow{})); err != nil {
					return fmt.Errorf("record %d: %w", after, err)
				}
				n++
			}
			return b.finish()
		})
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		done += n
		progress(done, max(done, total))
	}
	return s.db().Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(indexKey, be(indexVersion)) })
}

// projected reads a record as far as derive needs it.
func (s *Store) projected(t *tables, seq uint64, v []byte) (record, error) {
	row, err := parseLogRow(v)
	if err != nil {
		return record{}, fmt.Errorf("record %d: %w", seq, err)
	}
	f, err := s.read(t, row, withContent) // for the tags
	if err != nil {
		return record{}, fmt.Errorf("record %d: %w", seq, err)
	}
	return record{seq: seq, at: row.at, key: f.Key(), kind: row.kind, fact: f}, nil
}

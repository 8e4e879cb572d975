package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// upgrade writes the records of an older format anew in the present one, under
// their numbers. The file takes the present format first, since programs that do
// not know it could not read what comes, and the records' version last, so that
// an upgrade that was broken off goes on. From format 2 to 3 that is all: contents
// that were packed alone are read as they are.
//
// It would do to read old records for ever, but for the digest: two nodes that
// were told the same must show the same, whichever program wrote it down.
func (s *Store) upgrade(progress func(done, total int)) error {
	if progress == nil {
		progress = func(int, int) {}
	}
	total, recordsAreOld := 0, true
	err := s.db().Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		st, err := decodeState(meta.Get(stateKey))
		if err != nil {
			return err
		}
		total, recordsAreOld = st.records, version(meta.Get(recordsKey)) != recordVersion
		_, err = tx.CreateBucketIfNotExists(bucketFeatures)
		return errors.Join(err, meta.Put(formatKey, be(formatVersion)))
	})
	if err != nil || !recordsAreOld {
		return err
	}
	var after uint64
	for done, seen := 0, -1; seen != 0; {
		seen = 0
		err := s.db().Update(func(tx *bbolt.Tx) error {
			b, err := s.newBatch(tx)
			if err != nil {
				return err
			}
			var old []uint64
			c := b.log.Cursor()
			for k, v := c.Seek(be(after + 1)); k != nil && seen < rebuildBatch; k, v = c.Next() {
				seen++
				after = binary.BigEndian.Uint64(k)
				if len(v) == 0 || v[0] != recordVersion {
					old = append(old, after)
				}
			}
			for _, seq := range old {
				if err := b.rewrite(seq); err != nil {
					return fmt.Errorf("record %d: %w", seq, err)
				}
			}
			if seen == 0 {
				return b.meta.Put(recordsKey, be(recordVersion))
			}
			return b.meta.Put(stateKey, b.state.encode())
		})
		if err != nil {
			return err
		}
		if done += seen; seen > 0 {
			progress(done, max(done, total))
		}
	}
	return nil
}

// rewrite writes a record anew in the present format, under its number.
func (b *batch) rewrite(seq uint64) error {
	raw := b.log.Get(be(seq))
	row, err := parseLogRow(raw)
	if err != nil {
		return err
	}
	f, err := b.store.read(b.tables, row, everything)
	if err != nil {
		return err
	}
	r, err := newRecord(row.at.time(), f)
	if err != nil {
		return err
	}
	b.state.digest.toggle(digestOf(seq, raw, &b.scratch))
	put := func(in *bbolt.Bucket, number uint64, value []byte) (uint64, error) {
		if number == 0 {
			number = seq
		}
		return number, in.Put(be(number), value)
	}
	var content, features uint64
	if r.content != nil {
		if content, err = put(b.content, row.content.number, b.store.packer.pack(r.content)); err != nil {
			return err
		}
	}
	if r.features != nil {
		if features, err = put(b.features, row.features.number, r.features); err != nil {
			return err
		}
	}
	now := r.row(content, features)
	b.state.digest.toggle(digestOf(seq, now, &b.scratch))
	// Only after a deletion are pages put together that hold little.
	return errors.Join(b.log.Delete(be(seq)), b.log.Put(be(seq), now))
}

// keep writes a copy of the file as it is, whole or not at all.
func (s *Store) keep(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it has another name when all went well
	_, err = s.Backup(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return Place(f.Name(), path)
}

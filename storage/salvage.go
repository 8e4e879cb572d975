package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"communique/feeds"
)

// RebuildOptions are the ways to rebuild; the zero value refuses a store of whose
// journal something cannot be read.
type RebuildOptions struct {
	// LeaveOut goes on without what of the journal cannot be read.
	LeaveOut bool
	// Progress is called with steps done and in all; nil for none.
	Progress func(done, total int)
}

// Lost is something of the journal that cannot be read.
type Lost struct {
	Seq, Through uint64 // the records, both 0 when that is not known
	Key          string // of the fact, "" when that is not known; see feeds.Fact
	Why          error
}

func (l *Lost) Error() string {
	what := "the journal"
	switch {
	case l.Seq != 0 && l.Seq == l.Through:
		what = fmt.Sprintf("record %d", l.Seq)
	case l.Seq != 0:
		what = fmt.Sprintf("the records from %d to %d", l.Seq, l.Through)
	}
	if l.Key != "" {
		what += fmt.Sprintf(" (%q)", l.Key)
	}
	return what + ": " + l.Why.Error()
}

func (l *Lost) Unwrap() error { return l.Why }

// Source gives the source that it was told of, "" when it is of none or that is
// not known.
func (l *Lost) Source() feeds.SourceID {
	switch l.Key[:min(1, len(l.Key))] {
	case "O":
		return feeds.ItemKey(l.Key[1:]).Source()
	case "F", "L":
		return feeds.SourceID(l.Key[1:])
	}
	return ""
}

// Rebuilt is a store that was made anew in a file of its own. Until it is closed
// nobody writes to the old one.
type Rebuilt struct {
	Path string
	Lost []*Lost // what was left out
	free func() error
}

// Close lets go of the old file, and removes the new one unless it has another
// name by now.
func (r *Rebuilt) Close() error {
	err := os.Remove(r.Path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, r.free())
}

// Rebuild writes a new file beside the one at path with the same journal, and all
// that is derived made anew from it. The old file is only read: nothing of what is
// derived there has to be well, but for the few times that are taken over from its
// rows where they can be read (row.touched). Whoever is content puts the new file
// in its place and closes what is returned.
func Rebuild(path string, o RebuildOptions) (out *Rebuilt, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("storage: %s: %w", path, err)
		}
	}()
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	var old *bbolt.DB
	if err := guarded(func() (err error) {
		// The list of free pages is not read: it may be what is damaged.
		old, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, ReadOnly: true})
		return err
	}); errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("it is %w", ErrInUse)
	} else if err != nil {
		return nil, err
	}
	part := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".rebuild")
	fresh, err := freshFile(part)
	if err != nil {
		return nil, errors.Join(err, old.Close())
	}
	s := &salvage{o: o, fresh: fresh, content: map[uint64]bool{}, features: map[uint64]bool{}}
	if s.packer, err = newPacker(); err == nil {
		defer s.packer.close()
		err = old.View(s.run)
	}
	if errFresh := errors.Join(fresh.Sync(), fresh.Close()); err == nil {
		err = errFresh
	}
	if err == nil && len(s.lost) > 0 && !o.LeaveOut {
		err = &Unread{s.lost}
	}
	if err == nil {
		err = s.derive(part)
	}
	if err != nil {
		return nil, errors.Join(err, old.Close(), os.Remove(part))
	}
	return &Rebuilt{Path: part, Lost: s.lost, free: old.Close}, nil
}

// Unread is why a store was not rebuilt: what of its journal cannot be read.
type Unread struct{ Lost []*Lost }

func (u *Unread) Error() string {
	return fmt.Sprintf("%d things in the journal itself cannot be read, the first is %v", len(u.Lost), u.Lost[0])
}

func (u *Unread) Unwrap() error { return ErrDamaged }

// freshFile makes an empty bbolt file, also where one was left by a rebuild that
// was broken off.
func freshFile(path string) (*bbolt.DB, error) {
	o := &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoSync: true}
	if _, err := os.Stat(path); err == nil {
		var left *bbolt.DB
		if err := guarded(func() (err error) { left, err = bbolt.Open(path, 0o600, o); return err }); errors.Is(err, berrors.ErrTimeout) {
			return nil, fmt.Errorf("another rebuild is under way: %s is %w", path, ErrInUse)
		} else if err == nil {
			defer left.Close()
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	return bbolt.Open(path, 0o600, o)
}

// salvage takes over what was said from one file into another.
type salvage struct {
	o      RebuildOptions
	fresh  *bbolt.DB
	packer *packer

	state   state // of the old file; its records and digest are those of the new one
	total   int
	lost    []*Lost
	touched map[feeds.StatementID]touch

	content, features map[uint64]bool // the numbers that records name
}

func (s *salvage) run(tx *bbolt.Tx) error {
	stored, err := s.head(tx)
	if err != nil {
		return err
	}
	t := &tables{}
	if err := guarded(func() error { t = factsOf(tx); return nil }); err != nil {
		return err
	}
	if t.log == nil || t.content == nil || t.features == nil {
		return fmt.Errorf("a part of the journal has no beginning any more; restore a backup")
	}
	if err := s.records(t); err != nil {
		return err
	}
	s.named(t, stored)
	if err := errors.Join(s.contents(t), s.featureLists(t)); err != nil {
		return err
	}
	s.touches(tx)
	return s.fresh.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(bucketMeta)
		return errors.Join(meta.Put(formatKey, be(formatVersion)), meta.Put(recordsKey, be(recordVersion)), meta.Put(stateKey, s.state.encode()))
	})
}

// head reads what is said of the file as a whole, and makes the buckets of the new
// one.
func (s *salvage) head(tx *bbolt.Tx) (stored state, err error) {
	if err := guarded(func() error {
		meta := tx.Bucket(bucketMeta)
		if meta == nil {
			return errors.New("it is no store of communique, or its beginning is damaged; restore a backup")
		}
		switch v, records := version(meta.Get(formatKey)), version(meta.Get(recordsKey)); {
		case v > formatVersion:
			return fmt.Errorf("it has format %d, this program reads up to %d; use a newer communique", v, formatVersion)
		case v != formatVersion || records != recordVersion:
			return errors.New("it was written by an older program; restore a backup, or open it once for writing, which brings it up to date and makes its indexes anew")
		}
		var err error
		stored, err = decodeState(meta.Get(stateKey))
		return err
	}); err != nil {
		return stored, err
	}
	s.state.position, s.total = stored.position, stored.records
	return stored, s.fresh.Update(func(tx *bbolt.Tx) error {
		for _, name := range original {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// lose notes that records cannot be taken over.
func (s *salvage) lose(from, to uint64, key string, why error) {
	s.lost = append(s.lost, &Lost{Seq: from, Through: to, Key: key, Why: unread(why, "it")})
}

// records takes over the records that can be read with all their parts.
func (s *salvage) records(t *tables) error {
	var scratch bytes.Buffer
	w := writer{db: s.fresh, bucket: bucketLog}
	done := 0
	reader := &Store{packer: s.packer}
	err := everyNumber(t.log, 8, s.state.position, func(seq uint64, raw []byte) error {
		if done++; done%rebuildBatch == 0 {
			s.o.Progress(done, 2*max(done, s.total))
		}
		var row logRow
		why := guarded(func() (err error) {
			if row, err = parseLogRow(raw); err != nil {
				return err
			}
			if row.content.number != 0 {
				content, err := reader.content(t, row)
				if err != nil {
					return err
				}
				if hashOf(content) != row.content.hash {
					return fmt.Errorf("content %d is another one", row.content.number)
				}
			}
			likeness, err := t.featuresOf(row)
			if err == nil && row.features.number != 0 && hashOf(likeness) != row.features.hash {
				err = fmt.Errorf("features %d are others", row.features.number)
			}
			if err == nil {
				_, err = reader.read(t, row, everything)
			}
			return err
		})
		if why != nil {
			s.lose(seq, seq, "", why)
			return nil
		}
		for _, of := range []struct {
			part
			in map[uint64]bool
		}{{row.content, s.content}, {row.features, s.features}} {
			if of.number != 0 {
				of.in[of.number] = true
			}
		}
		s.state.records++
		s.state.digest.toggle(digestOf(seq, raw, &scratch))
		return w.put(be(seq), raw)
	}, func(from, to uint64, why error) { s.lose(from, to, "", why) })
	return errors.Join(err, w.flush())
}

// named finds out, from the index by key as far as it can be read, which facts the
// lost records were, and which are missing altogether.
func (s *salvage) named(t *tables, stored state) {
	if s.state.records == stored.records && s.state.digest == stored.digest && len(s.lost) == 0 {
		return
	}
	type fact struct {
		seq uint64
		key string
	}
	var all []fact
	_ = guarded(func() error { // as far as it goes
		c := t.latest.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if len(v) == 8 {
				all = append(all, fact{binary.BigEndian.Uint64(v), string(k)})
			}
		}
		return nil
	})
	slices.SortFunc(all, func(x, y fact) int { return cmp.Compare(x.seq, y.seq) })
	var out []*Lost
	at := func(seq uint64) int {
		i, _ := slices.BinarySearchFunc(all, seq, func(f fact, seq uint64) int { return cmp.Compare(f.seq, seq) })
		return i
	}
	for _, l := range s.lost {
		named := all[at(l.Seq):at(l.Through+1)]
		for _, f := range named {
			out = append(out, &Lost{Seq: f.seq, Through: f.seq, Key: f.key, Why: l.Why})
		}
		if len(named) == 0 {
			out = append(out, l)
		}
	}
	_ = s.fresh.View(func(tx *bbolt.Tx) error { // nothing of it can fail: it was written just now
		log := tx.Bucket(bucketLog)
		for _, f := range all {
			lost := slices.ContainsFunc(s.lost, func(l *Lost) bool { return l.Seq <= f.seq && f.seq <= l.Through })
			if !lost && f.seq <= s.state.position && log.Get(be(f.seq)) == nil {
				out = append(out, &Lost{Seq: f.seq, Through: f.seq, Key: f.key, Why: unread(errMissing, "it")})
			}
		}
		return nil
	})
	if len(out) == 0 {
		why := fmt.Errorf("it has %d records, and %d are stored; some are missing, or others", s.state.records, stored.records)
		out = append(out, &Lost{Why: unread(why, "it")})
	}
	s.lost = out
}

// contents takes over the contents that records name, as they are packed.
func (s *salvage) contents(t *tables) error {
	w := writer{db: s.fresh, bucket: bucketContent}
	err := everyNumber(t.content, 8, s.state.position, func(first uint64, packed []byte) error {
		if s.content[first] && (len(packed) == 0 || packed[0] != packingLot) {
			return w.put(be(first), packed)
		}
		var contents [][]byte
		if err := guarded(func() (err error) {
			contents, _, err = s.packer.unpackLot(nil, packed)
			return err
		}); err != nil {
			return nil // no record that was taken over names any of it
		}
		wanted, left := 0, 0
		for i := range contents {
			switch {
			case len(contents[i]) == 0:
			case s.content[first+uint64(i)]:
				wanted++
			default:
				contents[i] = nil
				left++
			}
		}
		switch {
		case wanted == 0:
			return nil
		case left > 0:
			packed = s.packer.packLot(contents)
		}
		return w.put(be(first), packed)
	}, func(uint64, uint64, error) {})
	return errors.Join(err, w.flush())
}

func (s *salvage) featureLists(t *tables) error {
	w := writer{db: s.fresh, bucket: bucketFeatures}
	err := everyNumber(t.features, 8, s.state.position, func(number uint64, v []byte) error {
		if !s.features[number] {
			return nil
		}
		return w.put(be(number), v)
	}, func(uint64, uint64, error) {})
	return errors.Join(err, w.flush())
}

// touches reads from the old rows what no record leads to (row.touched).
func (s *salvage) touches(tx *bbolt.Tx) {
	s.touched = map[feeds.StatementID]touch{}
	_ = guarded(func() error { // as far as it goes
		rows := tx.Bucket(bucketRows)
		if rows == nil {
			return nil
		}
		return everyNumber(rows, 4, rows.Sequence(), func(number uint64, v []byte) error {
			_ = guarded(func() error { // one that cannot be read is left out
				r, err := decodeRow(uint32(number), v)
				if err == nil && r.touched.seq != 0 && r.touched.seq <= s.state.position {
					s.touched[r.id] = r.touched
				}
				return err
			})
			return nil
		}, func(uint64, uint64, error) {})
	})
}

// derive makes all that is derived, in the new file.
func (s *salvage) derive(path string) error {
	store, err := Open(path, Options{Progress: func(done, total int) { s.o.Progress(total+done, 2*total) }})
	if err != nil {
		return err
	}
	defer store.Close()
	if len(s.touched) == 0 {
		return store.Close()
	}
	err = store.db().Update(func(tx *bbolt.Tx) error {
		b, err := store.newBatch(tx)
		if err != nil {
			return err
		}
		for id, by := range s.touched {
			if b.ids.get([]byte(id)) == nil {
				continue
			}
			r, err := b.p.change(id)
			if err != nil {
				return err
			}
			r.touched.rise(by)
		}
		return b.finish()
	})
	return errors.Join(err, store.Close())
}

// writer puts what comes in the order of its keys into a bucket.
type writer struct {
	db     *bbolt.DB
	bucket []byte
	held   ops
	octets int
}

func (w *writer) put(key, value []byte) error {
	w.held = append(w.held, op{key, value})
	if w.octets += len(value); len(w.held) < rebuildBatch && w.octets < compactBatch {
		return nil
	}
	return w.flush()
}

func (w *writer) flush() error {
	held := w.held
	w.held, w.octets = nil, 0
	if len(held) == 0 {
		return nil
	}
	return w.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(w.bucket)
		b.FillPercent = 1 // as they grow
		return held.do(b)
	})
}

// everyNumber calls visit with the entries of a bucket whose keys are numbers of
// so many octets, up to last, in their order; the values are copies. Where a page
// cannot be read the next numbers are tried one by one, and lost is called with those
// that had to be passed over.
func everyNumber(b *bbolt.Bucket, octets int, last uint64, visit func(uint64, []byte) error, lost func(from, to uint64, why error)) error {
	var (
		c    *bbolt.Cursor
		next uint64 // the least that may come
		gap  uint64 // where what cannot be read began
		why  error  // nil outside of it
	)
	for next <= last {
		var k, v []byte
		err := attempt(func() {
			if c == nil {
				c = b.Cursor()
				k, v = c.Seek(be(next)[8-octets:])
			} else {
				k, v = c.Next()
			}
			k, v = bytes.Clone(k), append([]byte{}, v...)
		})
		var number uint64
		if err == nil && k != nil {
			for _, octet := range k[max(0, len(k)-8):] {
				number = number<<8 | uint64(octet)
			}
			if len(k) != octets || number < next || number > last {
				err = fmt.Errorf("a page is damaged: the key %x stands in it", k)
			}
		}
		if err != nil {
			if why == nil {
				gap, why = next, err
			}
			c = nil
			next++
			continue
		}
		if why != nil {
			lost(gap, next-1, why)
			why = nil
		}
		if k == nil {
			return nil
		}
		if err := visit(number, v); err != nil {
			return err
		}
		next = number + 1
	}
	if why != nil {
		lost(gap, last, why)
	}
	return nil
}

// attempt is guarded for what may fail a million times: it takes no stack.
func attempt(fn func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a page is damaged: %v", p)
		}
	}()
	fn()
	return nil
}

package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// spoil changes the value of a bucket's key.
func spoil(bucket, key []byte, how func([]byte) []byte) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		return b.Put(key, how(bytes.Clone(b.Get(key))))
	}
}

func cutShort(v []byte) []byte { return v[:min(3, len(v))] }
func noise(v []byte) []byte    { return bytes.Repeat([]byte{0xfe}, len(v)) }

// rowNumber is the key of a statement's row.
func rowNumber(t *testing.T, path string, id feeds.StatementID) (key []byte) {
	t.Helper()
	change(t, path, func(tx *bbolt.Tx) error {
		key = bytes.Clone(tablesOf(tx).ids.get([]byte(id)))
		return nil
	})
	return key
}

// One statement of which something cannot be read is left out; all others are
// there as before, and what is new comes in.
func TestWhatCannotBeReadIsLeftOutAndTheRestGoesOn(t *testing.T) {
	const victim = "sh" // record 8, of item h, whose content shares the second lot with those of e, f and g
	for name, c := range map[string]struct {
		fault func(t *testing.T, path string) func(*bbolt.Tx) error
		lost  []feeds.StatementID // when they are read
		heads int                 // that Select gives
	}{
		"record cut short": {func(*testing.T, string) func(*bbolt.Tx) error { return spoil(bucketLog, be(8), cutShort) }, []feeds.StatementID{victim}, 18},
		"record of noise": {func(*testing.T, string) func(*bbolt.Tx) error {
			return spoil(bucketLog, be(8), func(v []byte) []byte { return append(v[:rowObserved], noise(v[rowObserved:])...) })
		}, []feeds.StatementID{victim}, 18},
		"record lost": {func(*testing.T, string) func(*bbolt.Tx) error {
			return func(tx *bbolt.Tx) error { return tx.Bucket(bucketLog).Delete(be(8)) }
		}, []feeds.StatementID{victim}, 18},
		"lot of contents": {func(*testing.T, string) func(*bbolt.Tx) error { return spoil(bucketContent, be(5), cutShort) }, []feeds.StatementID{"se", "sf", "sg", victim}, 18},
		"row": {func(t *testing.T, path string) func(*bbolt.Tx) error {
			return spoil(bucketRows, rowNumber(t, path, victim), cutShort)
		}, []feeds.StatementID{victim}, 17},
	} {
		t.Run(name, func(t *testing.T) {
			path := sample(t)
			change(t, path, c.fault(t, path))
			s, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			page, err := s.Select(feeds.Query{Topics: []string{"health"}})
			if err != nil || len(page.Heads) != c.heads {
				t.Errorf("Select: %d heads, %v; want %d", len(page.Heads), err, c.heads)
			}
			var ids []feeds.StatementID
			for n := range 20 {
				ids = append(ids, statementNo(n).Statement)
			}
			sts, err := s.Statements(ids...)
			if err != nil || len(sts) != 19-len(c.lost) { // sa is joined to sb
				t.Errorf("Statements: %d, %v; want %d", len(sts), err, 19-len(c.lost))
			}
			for _, st := range sts {
				if slices.Contains(c.lost, st.ID) {
					t.Errorf("Statements: gives %s", st.ID)
				}
			}
			if _, _, _, err := s.Statement(victim); !errors.Is(err, ErrDamaged) {
				t.Errorf("Statement: %v", err)
			}
			if _, err := s.Latest(feeds.Query{}); err != nil {
				t.Errorf("Latest: %v", err)
			}
			recent := 0
			if err := s.Recent(context.Background(), time.Time{}, func(*feeds.Observed) error { recent++; return nil }); err != nil || recent < 19 {
				t.Errorf("Recent: %d, %v", recent, err)
			}
			if list, upTo, err := s.Changes(0); err != nil || upTo != s.Position() || len(list) < 18 {
				t.Errorf("Changes: %d up to %d, %v", len(list), upTo, err)
			}
			archive, err := NewArchive(feeds.Query{}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if now, err := s.Standing(archive); err != nil || len(now.Heads) < 17 {
				t.Errorf("Standing: %d heads, %v", len(now.Heads), err)
			}

			// What is said of it is refused, and nothing that comes in beside it.
			again := statementNo(7)
			again.Copy.Content = "another text"
			var both sync.WaitGroup
			var refused, taken error
			both.Go(func() { _, refused = s.Append(context.Background(), time.Unix(9, 0), again) })
			both.Go(func() { _, taken = s.Append(context.Background(), time.Unix(9, 0), statementNo(22)) })
			both.Wait()
			if !errors.Is(refused, ErrDamaged) || errors.Is(refused, ErrUnsafe) {
				t.Errorf("what is said of it: %v", refused)
			}
			if taken != nil {
				t.Errorf("what is said of another: %v", taken)
			}
			if _, _, ok, err := s.Statement("sw"); !ok || err != nil {
				t.Errorf("what was said of another: %v, %v", ok, err)
			}
			// The rest can be arranged: all that is published, the new one too.
			AlwaysArrange(t)
			if n, err := s.Arrange(t.Context(), nil); n != 19-len(c.lost) || err != nil {
				t.Errorf("arranged %d, %v; want %d", n, err, 19-len(c.lost))
			}
			if page, err := s.Select(feeds.Query{Topics: []string{"health"}}); err != nil || len(page.Heads) < c.heads {
				t.Errorf("Select then: %d heads, %v; want %d or more", len(page.Heads), err, c.heads)
			}
			if d := s.Damaged(); len(d) == 0 || len(d) > 3 {
				t.Errorf("Damaged: %q", d)
			}
		})
	}
}

// Those who share a transaction with what meets a damaged value are served all the
// same.
func TestOneDamagedValueFailsNoOtherAppend(t *testing.T) {
	path := sample(t)
	change(t, path, spoil(bucketLog, be(8), cutShort))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	reqs := make([]*request, 3)
	for i, n := range []int{21, 7, 22} {
		r, err := newRecord(time.Unix(9, 0), statementNo(n))
		if err != nil {
			t.Fatal(err)
		}
		reqs[i] = &request{records: []record{r}, append: true, done: make(chan answer, 1)}
	}
	s.commit(reqs) // nothing else is said, so the writer sleeps
	for i, wrong := range []bool{false, true, false} {
		if a := <-reqs[i].done; (a.err != nil) != wrong {
			t.Errorf("request %d: %v", i, a.err)
		}
	}
}

func TestWriterAfterADamagedRow(t *testing.T) {
	path := sample(t)
	change(t, path, spoil(bucketRows, rowNumber(t, path, "sh"), cutShort))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range 3 * listAt { // far enough for the register to go on
		o := statementNo(1)
		o.Item, o.Statement, o.Keys[0].Hash = feeds.ItemKey(fmt.Sprint("north/more", n)), feeds.StatementID(fmt.Sprint("more", n)), uint64(100+n)
		if _, err := s.Append(context.Background(), time.Unix(9, 0), o); err != nil {
			t.Fatal(n, err)
		}
	}
	if err := s.view(func(tb *tables) error {
		if tb.lists.last() < 2 {
			t.Errorf("%d lists: the register waits for what cannot be read", tb.lists.last())
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A source whose last visit cannot be read is there for those who ask how sources
// do, and does not hide the others.
func TestVisitThatCannotBeRead(t *testing.T) {
	path := sample(t)
	change(t, path, spoil(bucketLog, be(21), cutShort))
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append(context.Background(), time.Unix(9, 0), &feeds.Fetched{Source: "south", At: time.Unix(9, 0)}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Fetched("north"); !errors.Is(err, ErrDamaged) {
		t.Errorf("Fetched: %v", err)
	}
	f, visited, err := s.Visit("north")
	if err != nil || !visited || f.Source != "north" || f.Class != feeds.StoreFault || f.Failures != 1 {
		t.Errorf("Visit: %+v, %v, %v", f, visited, err)
	}
	all, err := s.AllFetched()
	if err != nil || len(all) != 2 || all[0].Source != "north" || all[0].Class != feeds.StoreFault || all[1].Source != "south" || all[1].Class != "" {
		t.Errorf("AllFetched: %+v, %v", all, err)
	}
}

// exercise asks an open store for everything, and wants that what fails says that
// something is damaged.
func exercise(t *testing.T, s *Store, name string) {
	t.Helper()
	must := func(what string, err error) {
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsafe) {
			t.Errorf("%s: %s: %v", name, what, err)
		}
	}
	for _, q := range []feeds.Query{{}, {Topics: []string{"health"}}, {Words: "text"}} {
		page, err := s.Select(q)
		must("Select", err)
		_, err = s.Latest(q)
		must("Latest", err)
		_, err = s.Census(q)
		must("Census", err)
		for _, h := range page.Heads {
			_, _, _, err := s.Statement(h.ID)
			must("Statement", err)
		}
		a, err := NewArchive(q, 0)
		must("NewArchive", err)
		_, err = s.Standing(a)
		must("Standing", err)
		_, _, err = s.Archived(a, 1, archiveSize)
		must("Archived", err)
	}
	_, err := s.Counts()
	must("Counts", err)
	_, err = s.AllFetched()
	must("AllFetched", err)
	_, _, err = s.Changes(0)
	must("Changes", err)
	for n := range 20 {
		_, err = s.Find(statementNo(n).Keys)
		must("Find", err)
		_, _, err = s.Observed(statementNo(n).Item)
		must("Observed", err)
	}
	_, err = s.Before(time.Unix(9, 0))
	must("Before", err)
	must("Recent", s.Recent(context.Background(), time.Time{}, func(*feeds.Observed) error { return nil }))
	for n := range 20 {
		o := statementNo(n)
		o.Copy.Content = "another text"
		_, err = s.Append(context.Background(), time.Unix(9, 0), o)
		must("Append", err)
	}
	_, err = s.Append(context.Background(), time.Unix(9, 0), &feeds.Joined{Loser: "sd", Winner: "se"}, &feeds.Fetched{Source: "north"}, &feeds.Gone{Item: "north/f", Statement: "sf"})
	must("Append", err)
}

// Whatever value is damaged, nobody panics, and whatever fails says that something
// is damaged.
func TestNoDamagedValueEndsTheProcess(t *testing.T) {
	for _, bucket := range append(slices.Clone(original), derived...) {
		for name, how := range map[string]func([]byte) []byte{"cut": cutShort, "empty": func([]byte) []byte { return nil }, "noise": noise} {
			path := sample(t)
			spoiled := 0
			change(t, path, func(tx *bbolt.Tx) error {
				c := tx.Bucket(bucket).Cursor()
				var keys [][]byte
				for k, v := c.First(); k != nil; k, v = c.Next() {
					if v != nil && !bytes.Equal(k, formatKey) && !bytes.Equal(k, recordsKey) && !bytes.Equal(k, indexKey) {
						keys = append(keys, bytes.Clone(k))
					}
				}
				for i := 0; i < len(keys); i += 3 {
					spoiled++
					if err := spoil(bucket, keys[i], how)(tx); err != nil {
						return err
					}
				}
				return nil
			})
			s, err := Open(path, Options{})
			if err != nil {
				if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore") {
					t.Errorf("%s %s: it cannot be opened, and the error says neither what nor what to do: %v", bucket, name, err)
				}
				continue
			}
			exercise(t, s, string(bucket)+" "+name)
			s.Close()
		}
	}
}

// Nor does a damaged page, at which bbolt panics.
func TestNoDamagedPageEndsTheProcess(t *testing.T) {
	path := sample(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	size, opened := os.Getpagesize(), 0
	for at := 2 * size; at < len(whole); at += size {
		if page := whole[at : at+size]; bytes.Equal(page, make([]byte, size)) {
			continue // never written
		}
		bad := bytes.Clone(whole)
		copy(bad[at:at+size], noise(bad[at:at+size]))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{})
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Errorf("page %d: %v", at/size, err)
			}
			continue
		}
		opened++
		exercise(t, s, fmt.Sprint("page ", at/size))
		s.Close()
	}
	if opened < 3 {
		t.Errorf("only %d of the files could be opened", opened)
	}
}

// What is said of the file as a whole is what going on depends on.
func TestDamageOfTheWholeIsRefused(t *testing.T) {
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.db().Update(spoil(bucketMeta, stateKey, cutShort)); err != nil { // under an open store
		t.Fatal(err)
	}
	_, err = s.Append(context.Background(), time.Unix(9, 0), statementNo(21))
	if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "communique verify") {
		t.Errorf("append: %v", err)
	}
	s.Close()
	if s, err := Open(path, Options{}); !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), path) {
		t.Errorf("open: %v", err)
		if err == nil {
			s.Close()
		}
	}

	path = sample(t)
	change(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket(bucketRows) })
	if s, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("without a bucket: %v", err)
		if err == nil {
			s.Close()
		}
	}
}

package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

func statementNo(n int) *feeds.Observed {
	name := string(rune('a' + n))
	return &feeds.Observed{Item: feeds.ItemKey("north/" + name), Statement: feeds.StatementID("s" + name), FirstSeen: time.Unix(9, 0), Order: time.Unix(int64(n), 0),
		Keys: []feeds.Key{{Kind: 'g', Hash: uint64(n)}}, Features: []byte("features of " + name), Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: "topic", Term: "health"}}},
		Copy: feeds.Copy{Title: name, Language: "fr", Content: strings.Repeat("the text of "+name+" ", 30)}}
}

// sample makes a closed store of some statements.
func sample(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "communique.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var said []feeds.Fact
	for n := range 20 {
		said = append(said, statementNo(n))
	}
	said = append(said, &feeds.Fetched{Source: "north"}, &feeds.Joined{Loser: "sa", Winner: "sb"}, &feeds.Moderated{Statement: "sc", Hide: true})
	if _, err := s.Append(context.Background(), time.Unix(9, 0), said...); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Verify(), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// change changes a closed store behind its back.
func change(t *testing.T, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(fn), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefusesClearly(t *testing.T) {
	write := func(t *testing.T, b []byte) string {
		path := filepath.Join(t.TempDir(), "communique.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T) string
		o    Options
		want string
	}{
		{"another process has it", func(t *testing.T) string {
			path := sample(t)
			s, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return path
		}, Options{}, "is in use by another process; stop it or use another --data"},
		{"a newer format", func(t *testing.T) string {
			path := sample(t)
			change(t, path, func(tx *bbolt.Tx) error { return tx.Bucket(bucketMeta).Put(formatKey, be(formatVersion+1)) })
			return path
		}, Options{}, "has format 4, this program reads up to 3; use a newer communique"},
		{"another program's file", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "communique.db")
			change(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("members")); return err })
			return path
		}, Options{}, "is a bbolt file of another program"},
		{"another program's meta", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "communique.db")
			change(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(bucketMeta); return err })
			return path
		}, Options{}, "is a bbolt file of another program"},
		{"no bbolt file", func(t *testing.T) string { return write(t, []byte(strings.Repeat("sources:\n", 4000))) }, Options{}, "is no store of communique"},
		{"a short file", func(t *testing.T) string { return write(t, []byte("sources:\n")) }, Options{}, "is no store of communique"},
		{"cut short", func(t *testing.T) string {
			b, err := os.ReadFile(sample(t))
			if err != nil {
				t.Fatal(err)
			}
			return write(t, b[:4096*8])
		}, Options{}, "restore a backup"},
		{"cut within its first pages", func(t *testing.T) string {
			b, err := os.ReadFile(sample(t))
			if err != nil {
				t.Fatal(err)
			}
			return write(t, b[:os.Getpagesize()+100])
		}, Options{}, "communique.db is no store of communique, or is cut short"},
		{"a folder", func(t *testing.T) string { return t.TempDir() }, Options{}, "is a directory"},
		{"nothing to read", func(t *testing.T) string { return filepath.Join(t.TempDir(), "communique.db") }, Options{ReadOnly: true}, "no such file"},
		{"an empty file to read", func(t *testing.T) string { return write(t, nil) }, Options{ReadOnly: true}, "communique.db is empty: nothing was stored in it yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.make(t)
			before, _ := os.ReadFile(path)
			s, err := Open(path, c.o)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if !strings.HasPrefix(err.Error(), "storage: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestReadOnlyStoresShareAFileAndTakeNothing(t *testing.T) {
	path := sample(t)
	for range 2 {
		s, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if page, err := s.Select(feeds.Query{}); err != nil || len(page.Heads) != 18 {
			t.Errorf("%d heads, %v", len(page.Heads), err)
		}
		if _, err := s.Append(context.Background(), time.Unix(9, 0), statementNo(1)); !errors.Is(err, errReadOnly) {
			t.Errorf("append: %v", err)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
	}
}

func TestIndexesOfAnotherFormatAreMadeAnew(t *testing.T) {
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	digest, position := s.Digest(), s.Position()
	s.Close()
	change(t, path, func(tx *bbolt.Tx) error {
		// As an older program would have left them, and broken off at that.
		return errors.Join(tx.Bucket(bucketMeta).Put(indexKey, be(indexVersion-1)), tx.DeleteBucket(bucketPostings),
			tx.Bucket(bucketLatest).Put([]byte("Onorth/z"), be(99)))
	})
	if s, err := Open(path, Options{ReadOnly: true}); err == nil {
		s.Close()
		t.Error("a reader opened it")
	}
	done := 0
	s, err = Open(path, Options{Progress: func(n, total int) {
		if done = n; n > total || total != 23 {
			t.Errorf("progress %d of %d, want up to 23", n, total)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	if s.Digest() != digest || s.Position() != position || done != 23 {
		t.Errorf("digest %s at %d after %d records, want %s at %d", s.Digest(), s.Position(), done, digest, position)
	}
	if page, err := s.Select(feeds.Query{Topics: []string{"health"}}); err != nil || len(page.Heads) != 18 {
		t.Errorf("%d heads, %v", len(page.Heads), err)
	}
}

// numberOf gives where the content of an item lies.
func numberOf(t *testing.T, s *Store, key string) (number uint64) {
	t.Helper()
	if err := s.view(func(tb *tables) error {
		row, err := tb.logRow(version(tb.latest.Get([]byte(key))))
		number = row.content.number
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return number
}

func TestContentSaidAgainIsNotWrittenAgain(t *testing.T) {
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := statementNo(3)
	before := numberOf(t, s, o.Key())
	o.Rules, o.Copy.Title = 7, "another title"
	if _, err := s.Append(context.Background(), time.Unix(9, 0), o); err != nil {
		t.Fatal(err)
	}
	if got := numberOf(t, s, o.Key()); got != before {
		t.Errorf("the content moved from %d to %d", before, got)
	}
	o.Copy.Content += "and more"
	seq, err := s.Append(context.Background(), time.Unix(9, 0), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := numberOf(t, s, o.Key()); got != seq {
		t.Errorf("another content lies at %d, want %d", got, seq)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestConcurrentAppendsShareATransaction(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "communique.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// The writer is held up, so that all but the first call come to wait.
	tx, err := s.db().Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	var reqs []*request
	for n := range 10 {
		r, err := newRecord(time.Unix(9, 0), statementNo(n))
		if err != nil {
			t.Fatal(err)
		}
		reqs = append(reqs, &request{records: []record{r}, append: true, done: make(chan answer, 1)})
		s.queue <- reqs[n]
	}
	before := tx.ID()
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for n, req := range reqs {
		if a := <-req.done; a.err != nil || a.last != uint64(n+1) {
			t.Errorf("call %d got %+v", n, a)
		}
	}
	if err := s.db().View(func(tx *bbolt.Tx) error {
		if n := tx.ID() - before + 1; n > 2 {
			t.Errorf("%d transactions for ten calls, want at most 2", n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Each fault is one that a bug could leave; Verify names it.
func TestVerifyFindsFaults(t *testing.T) {
	first := func(b *bbolt.Bucket) ([]byte, []byte) {
		k, v := b.Cursor().First()
		return append([]byte(nil), k...), append([]byte(nil), v...)
	}
	cut := func(name []byte) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { k, _ := first(tx.Bucket(name)); return tx.Bucket(name).Delete(k) }
	}
	edit := func(name []byte, at int) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error {
			k, v := first(tx.Bucket(name))
			v[at] ^= 1
			return tx.Bucket(name).Put(k, v)
		}
	}
	for name, fault := range map[string]func(*bbolt.Tx) error{
		"record lost":          cut(bucketLog),
		"record changed":       edit(bucketLog, 9),
		"content lost":         cut(bucketContent),
		"content changed":      edit(bucketContent, 12),
		"content without item": func(tx *bbolt.Tx) error { return tx.Bucket(bucketContent).Put(be(1000), []byte{1}) },
		"features lost":        cut(bucketFeatures),
		"features changed":     edit(bucketFeatures, 1),
		"features of nobody":   func(tx *bbolt.Tx) error { return tx.Bucket(bucketFeatures).Put(be(1000), []byte{1}) },
		"latest lost":          cut(bucketLatest),
		"latest changed":       edit(bucketLatest, 7),
		"row lost":             cut(bucketRows),
		"row changed":          edit(bucketRows, 9),
		"id lost":              cut(bucketsIDs[0]),
		"id changed":           edit(bucketsIDs[0], maxID+4),
		"key lost":             cut(bucketsKeys[0]),
		"key too many":         func(tx *bbolt.Tx) error { return tx.Bucket(bucketsKeys[1]).Put([]byte("g12345678nmbr"), nothing) },
		"posting lost":         cut(bucketPostings),
		"posting changed":      edit(bucketPostings, 1),
		"posting too many":     func(tx *bbolt.Tx) error { return tx.Bucket(bucketPostings).Put(postingKey(0, 77), []byte{0, 3}) },
		"segment lost":         cut(bucketSegments),
		"segment in disorder":  edit(bucketSegments, 1),
		"entry changed":        edit(bucketSegments, 20*rankSize+7),
		"term lost":            cut(bucketTerms),
		"count lost":           cut(bucketCounts),
		"count changed":        edit(bucketCounts, 7),
		"newest changed":       edit(bucketCounts, 15),
		"state changed": func(tx *bbolt.Tx) error {
			v := append([]byte(nil), tx.Bucket(bucketMeta).Get(stateKey)...)
			v[9] ^= 1
			return tx.Bucket(bucketMeta).Put(stateKey, v)
		},
	} {
		path := sample(t)
		change(t, path, fault)
		s, err := Open(path, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := s.Verify(); err == nil {
			t.Errorf("%s: not found", name)
		}
		s.Close()
	}
}

package storage

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// toldOld is what the programs told that made testdata/v1.db.gz and v2.db.gz.
// Never edit it: nobody can make those files again.
func toldOld() [][]feeds.Fact {
	at := time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)
	observed := func(n int) *feeds.Observed {
		source := feeds.SourceID("north")
		if n%3 == 0 {
			source = "south"
		}
		seen := at.Add(time.Duration(n/8) * time.Hour)
		return &feeds.Observed{
			Item: feeds.ItemKey(fmt.Sprintf("%s/%013x", source, n)), Statement: feeds.StatementID(fmt.Sprintf("statement%d", n)),
			FirstSeen: seen, Changed: seen.Add(-time.Hour), Order: seen.Add(-time.Hour), Published: seen.Add(-time.Hour),
			Revision: 1, Relation: feeds.IsOrigin, Keys: []feeds.Key{{Kind: 'g', Hash: uint64(n)}, {Kind: 'l', Hash: uint64(n)}}, Rules: 7, Priority: n % 2,
			Taggings: []feeds.Tagging{
				{Tag: feeds.Tag{Scheme: feeds.Topic, Term: []string{"health", "shelter", "water"}[n%3]}, Rule: "builtin:topic", Evidence: "title “a word”", Score: 2.5},
				{Tag: feeds.Tag{Scheme: feeds.Country, Term: "ke"}, Rule: "builtin:country", Evidence: "lede “Kenya”", Score: 4},
				{Tag: feeds.Tag{Scheme: feeds.Mention, Term: "ug"}, Rule: "builtin:country", Evidence: "“Uganda”"},
			},
			Near:     []feeds.Near{{Item: "east/1", Statement: "statement99", Score: .4, Threshold: .5, Why: "12 of 30 runs of words", Related: n%2 == 0}},
			Features: []byte(strings.Repeat(fmt.Sprintf("features %d ", n), 20)), Threshold: .5,
			Copy: feeds.Copy{
				Source: source, ID: fmt.Sprintf("urn:%d", n), Title: fmt.Sprintf("Title %d", n), Link: fmt.Sprintf("https://%s.example.org/%d", source, n), Language: "fr", LanguageRule: "feed",
				Published: seen.Add(-time.Hour), Summary: fmt.Sprintf("<p>summary %d</p>", n), Content: strings.Repeat(fmt.Sprintf("<p>the text of %d</p>", n), 40),
				Categories: []feeds.Category{{Term: "news"}}, Authors: []feeds.Person{{Name: "Office"}}, Origin: feeds.Origin{ID: "urn:" + string(source), Title: "Office " + string(source)},
				Hash: uint64(n), Notes: []string{"a note"},
			},
		}
	}
	var first, second []feeds.Fact
	for n := range 40 {
		first = append(first, observed(n))
	}
	first = append(first, &feeds.Observed{Item: "west/1", Statement: "bare", FirstSeen: at}, // neither content nor features
		&feeds.Fetched{Source: "north", At: at, URL: "https://north.example.org/feed", Items: []byte("12345678"), Baseline: true, NextDue: at.Add(time.Hour)})
	retagged, revised := observed(4), observed(5)
	retagged.Rules, retagged.Taggings = 8, retagged.Taggings[:1] // its content stays
	revised.Revision, revised.Changed, revised.Copy.Content = 2, at.Add(time.Hour), "<p>another text</p>"
	revised.Features = []byte(strings.Repeat("features of another text ", 9))
	second = append(second, retagged, revised,
		&feeds.Observed{Item: "north/echo", Statement: "statement7", FirstSeen: at.Add(time.Minute), Relation: feeds.IsReprint, Of: "north/0000000000007", Why: "same text", Score: 1, Echo: true,
			Taggings: []feeds.Tagging{{Tag: feeds.Tag{Scheme: feeds.Topic, Term: "protection"}, Rule: "r"}}, Copy: feeds.Copy{Title: "An echo", Language: "en"}},
		&feeds.Gone{Item: "south/0000000000003", Statement: "statement3", FirstSeen: at, Order: at, Reason: "withdrawn"},
		&feeds.Joined{Loser: "statement9", Winner: "statement8", Why: "same text"},
		&feeds.Moderated{Statement: "statement10", Hide: true, By: "an operator"},
		&feeds.Moderated{Statement: "statement11", Add: []feeds.Tag{{Scheme: feeds.Topic, Term: "health"}}, Why: "it is"})
	return [][]feeds.Fact{first, second}
}

// oldFile unpacks testdata/v1.db.gz or v2.db.gz, which a program of that file
// format wrote.
func oldFile(t *testing.T, format int) string {
	t.Helper()
	in, err := os.Open(fmt.Sprintf("testdata/v%d.db.gz", format))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "communique.db")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, z); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// told opens a new store and tells it what the old one was told.
func told(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "communique.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	seq := uint64(0)
	for _, said := range toldOld() {
		for _, f := range said {
			seq++
			// As of another journal: the store's own would keep a register, too.
			if err := s.Apply([]feeds.Record{{Seq: seq, At: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC), Fact: f}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// known is all that a store tells of its records and statements.
func known(t *testing.T, s *Store) (recs []feeds.Record, statements []feeds.Statement, recent []feeds.Observed) {
	t.Helper()
	for after := uint64(0); ; {
		more, err := s.after(after)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			break
		}
		recs, after = append(recs, more...), more[len(more)-1].Seq
	}
	page, err := s.Select(feeds.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range page.Heads {
		st, _, _, err := s.Statement(h.ID)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, st)
	}
	if err := s.Recent(context.Background(), time.Time{}, func(o *feeds.Observed) error {
		o.Features = append([]byte(nil), o.Features...)
		recent = append(recent, *o)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return recs, statements, recent
}

func checkSame(t *testing.T, got, want *Store) {
	t.Helper()
	gotRecs, gotStatements, gotRecent := known(t, got)
	wantRecs, wantStatements, wantRecent := known(t, want)
	if !reflect.DeepEqual(gotRecs, wantRecs) {
		t.Errorf("its records are\n%+v\nwant\n%+v", gotRecs, wantRecs)
	}
	if !reflect.DeepEqual(gotStatements, wantStatements) {
		t.Errorf("its statements are\n%+v\nwant\n%+v", gotStatements, wantStatements)
	}
	if !reflect.DeepEqual(gotRecent, wantRecent) || len(gotRecent) < 40 || len(gotRecent[0].Features) < 100 {
		t.Errorf("what came lately is\n%+v\nwant\n%+v", gotRecent, wantRecent)
	}
}

func TestFileOfFormat1IsBroughtUpToDate(t *testing.T) { checkUpgrade(t, 1) }
func TestFileOfFormat2IsBroughtUpToDate(t *testing.T) { checkUpgrade(t, 2) }

// logOf gives what the log of a file holds.
func logOf(tx *bbolt.Tx) (rows []string) {
	c := tx.Bucket(bucketLog).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		rows = append(rows, string(k)+string(v))
	}
	return rows
}

func checkUpgrade(t *testing.T, format int) {
	t.Helper()
	want := told(t)
	path := oldFile(t, format)
	var before, after []string
	change(t, path, func(tx *bbolt.Tx) error { before = logOf(tx); return nil })
	var done, of int
	s, err := Open(path, Options{Progress: func(n, total int) { done, of = n, total }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	if st := s.Stats(); done != st.Records || of != st.Records {
		t.Errorf("progress ended at %d of %d, want %d", done, of, st.Records)
	}
	// From format 2 on only the indexes are.
	if err := s.db().View(func(tx *bbolt.Tx) error { after = logOf(tx); return nil }); err != nil {
		t.Fatal(err)
	}
	if same := slices.Equal(after, before); same != (format != 1) {
		t.Errorf("of format %d, that its records are the same is %t", format, same)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	checkSame(t, s, want)
	if s.Position() != want.Position() || s.Digest() != want.Digest() {
		t.Errorf("digest %s at %d, want that of a store that was told now: %s at %d", s.Digest(), s.Position(), want.Digest(), want.Position())
	}
	// It goes on as a new one does.
	more := toldOld()[0][5].(*feeds.Observed)
	more.Copy.Content, more.Features = "<p>a third text</p>", []byte("other features")
	for _, s := range []*Store{s, want} {
		if _, err := s.Append(context.Background(), time.Date(2026, 5, 3, 0, 0, 0, 0, time.UTC), more, statementNo(3)); err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
	}
	if s.Digest() != want.Digest() {
		t.Errorf("after more was said: digest %s, want %s", s.Digest(), want.Digest())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, Options{Progress: func(int, int) { t.Error("it was brought up to date again") }}); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeThatWasBrokenOffGoesOn(t *testing.T) {
	path := oldFile(t, 1)
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	change(t, path, func(tx *bbolt.Tx) error { // as it is left after a lot
		if _, err := tx.CreateBucket(bucketFeatures); err != nil {
			return err
		}
		b, err := (&Store{packer: p}).newBatch(tx)
		if err != nil {
			return err
		}
		for seq := uint64(1); seq <= 13; seq++ {
			if b.log.Get(be(seq)) == nil {
				continue // something else was said since
			}
			if err := b.rewrite(seq); err != nil {
				return err
			}
		}
		return errors.Join(b.meta.Put(formatKey, be(formatVersion)), b.meta.Put(stateKey, b.state.encode()))
	})
	if reader, err := Open(path, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "open it once for writing") {
		t.Errorf("a reader opened half of it: %v, %v", reader, err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	if want := told(t); s.Digest() != want.Digest() {
		t.Errorf("digest %s, want %s", s.Digest(), want.Digest())
	}
}

func TestUpgradeKeepsACopyOrChangesNothing(t *testing.T) {
	for _, format := range []int{1, 2} {
		keepsACopy(t, format)
	}
}

func keepsACopy(t *testing.T, is int) {
	t.Helper()
	path := oldFile(t, is)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Where no copy can be put, the file stays as it is.
	kept := fmt.Sprintf("%s.before-format-%d", path, formatVersion)
	if err := os.MkdirAll(filepath.Join(kept, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "nothing has been changed") {
		t.Errorf("got %v, %v, want a refusal", s, err)
	}
	format := func(path string) (v uint64) {
		t.Helper()
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		err = db.View(func(tx *bbolt.Tx) error { v = version(tx.Bucket(bucketMeta).Get(formatKey)); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, was) {
		t.Errorf("the file has been changed, %v", err)
	}
	if err := os.RemoveAll(kept); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if format(path) != formatVersion || format(kept) != uint64(is) {
		t.Errorf("formats %d and, of the copy, %d; want %d and %d", format(path), format(kept), formatVersion, is)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// aged makes a closed store in which much has happened: archives that were cut,
// items that moved, what was withdrawn, who is told.
func aged(t *testing.T) string {
	t.Helper()
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, at := context.Background(), time.Unix(1000, 0)
	say := func(said ...feeds.Fact) {
		t.Helper()
		at = at.Add(time.Minute)
		if _, err := s.Append(ctx, at, said...); err != nil {
			t.Fatal(err)
		}
	}
	numbered := func(n int) *feeds.Observed {
		o := statementNo(n % 20)
		o.Item, o.Statement, o.Keys = feeds.ItemKey(fmt.Sprint("east/", n)), feeds.StatementID(fmt.Sprint("east", n)), []feeds.Key{{Kind: 'g', Hash: uint64(1000 + n)}}
		o.FirstSeen, o.Order = at, at
		o.Copy.Content = fmt.Sprintf("what statement %d of the east has to say of %d things", n, n%7)
		return o
	}
	for n := range 4 * listAt {
		say(numbered(n))
	}
	moved := numbered(3)
	moved.Statement = "east9"
	revised := numbered(4)
	revised.Copy.Content = "another text"
	say(moved, revised, &feeds.Gone{Item: "east/5", Statement: "east5", Reason: "withdrawn"}, &feeds.Joined{Loser: "east6", Winner: "east7"}, &feeds.Joined{Loser: "east8", Winner: "east7"})
	say(&feeds.Joined{Loser: "east8", Winner: "east8"}, &feeds.Moderated{Statement: "east10", Hide: true}, &feeds.Moderated{Statement: "east11", Hide: true})
	say(&feeds.Moderated{Statement: "east11"}, &feeds.Subscribed{Topic: "https://a.example/feeds/all.atom", Callback: "https://b.example/", Until: at.Add(time.Hour)},
		&feeds.Pushed{Line: "webhook:desk", Seq: 7}, &feeds.Leased{Source: "east", Hub: "https://hub.example/", Topic: "https://e.example/"},
		&feeds.Fetched{Source: "east", At: at, URL: "https://e.example/", Items: []byte("12345678"), Baseline: true})
	if err := errors.Join(s.Verify(), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// all is everything that a store tells, its records' numbers included.
type all struct {
	Records    []feeds.Record
	Statements []feeds.Statement
	Digest     string
	Count      int
	Position   uint64
	Archives   []Archived
	Found      [][]Found
	Visits     []feeds.Fetched
	Changes    []Change
	Searched   []Head
}

func allOf(t *testing.T, path string) (out all) {
	t.Helper()
	s, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(); err != nil {
		t.Errorf("verify: %v", err)
	}
	out.Digest, out.Position, out.Count = s.Digest(), s.Position(), s.Stats().Records
	out.Records, _, _ = known(t, s)
	for after := (feeds.Cursor{}); ; {
		page, err := s.Select(feeds.Query{After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page.Heads {
			st, _, _, err := s.Statement(h.ID)
			if err != nil {
				t.Fatal(err)
			}
			out.Statements = append(out.Statements, st)
		}
		if after = page.Next; !page.More {
			break
		}
	}
	a, err := NewArchive(feeds.Query{}, ArchiveKeep)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 4; n++ {
		doc, _, err := s.Archived(a, n, archiveSize)
		if err != nil {
			t.Fatal(err)
		}
		out.Archives = append(out.Archives, doc)
	}
	for n := range 20 {
		f, err := s.Find(statementNo(n).Keys)
		if err != nil {
			t.Fatal(err)
		}
		out.Found = append(out.Found, f)
	}
	if out.Visits, err = s.AllFetched(); err != nil {
		t.Fatal(err)
	}
	if out.Changes, _, err = s.Changes(0); err != nil {
		t.Fatal(err)
	}
	page, err := s.Select(feeds.Query{Words: "east"})
	if err != nil {
		t.Fatal(err)
	}
	out.Searched = page.Heads
	return out
}

// rebuilt rebuilds the store in its place.
func rebuilt(t *testing.T, path string, o RebuildOptions) []*Lost {
	t.Helper()
	r, err := Rebuild(path, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Place(r.Path, path), r.Close()); err != nil {
		t.Fatal(err)
	}
	return r.Lost
}

func TestARebuiltStoreTellsTheSame(t *testing.T) {
	path := aged(t)
	want := allOf(t, path)
	if len(want.Archives[0].Statements) == 0 || len(want.Searched) == 0 || len(want.Statements) < 200 {
		t.Fatal("the sample has no archives, or nothing to find")
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	r, err := Rebuild(path, RebuildOptions{Progress: func(done, total int) {
		if last = done; done > total {
			t.Errorf("%d of %d", done, total)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the old file has changed (%v)", err)
	}
	if _, err := Open(path, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("while it is not closed, another may write to the old file: %v", err)
	}
	if err := errors.Join(Place(r.Path, path), r.Close()); err != nil || len(r.Lost) > 0 || last == 0 {
		t.Errorf("%v, lost %v, progress %d", err, r.Lost, last)
	}
	if got := allOf(t, path); !reflect.DeepEqual(got, want) {
		t.Errorf("it tells\n%+v\nwant\n%+v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("it leaves %q", left)
	}
}

func TestWhateverIsDerivedCanBeDamaged(t *testing.T) {
	whole := aged(t)
	want := allOf(t, whole)
	text, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range derived {
		for name, how := range map[string]func([]byte) []byte{"cut": cutShort, "empty": func([]byte) []byte { return nil }, "noise": noise, "lost": nil} {
			path := filepath.Join(t.TempDir(), "communique.db")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			change(t, path, func(tx *bbolt.Tx) error {
				if how == nil {
					return tx.DeleteBucket(bucket)
				}
				var keys [][]byte
				if err := tx.Bucket(bucket).ForEach(func(k, _ []byte) error { keys = append(keys, bytes.Clone(k)); return nil }); err != nil {
					return err
				}
				for _, k := range keys {
					if err := spoil(bucket, k, how)(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if lost := rebuilt(t, path, RebuildOptions{}); len(lost) > 0 {
				t.Errorf("%s %s: lost %v", bucket, name, lost)
			}
			got := allOf(t, path)
			if bytes.Equal(bucket, bucketRows) { // what they alone remember is when something was taken from a statement
				got.Statements, got.Changes, got.Archives = want.Statements, want.Changes, want.Archives
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s %s: it tells\n%+v\nwant\n%+v", bucket, name, got, want)
			}
		}
	}
}

// A page of what is derived may be noise; one of the journal is told of, and the old
// file stays as it is.
func TestAnyPageCanBeDamaged(t *testing.T) {
	path := aged(t)
	want := allOf(t, path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, r := range want.Records {
		if _, is := r.Fact.(*feeds.Listed); !is {
			said++
		}
	}
	size, same, refused, without := os.Getpagesize(), 0, 0, 0
	for at := 2 * size; at < len(text); at += size {
		if bytes.Equal(text[at:at+size], make([]byte, size)) {
			continue // never written
		}
		bad := bytes.Clone(text)
		copy(bad[at:at+size], noise(bad[at:at+size]))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Rebuild(path, RebuildOptions{})
		if err == nil {
			if err := errors.Join(Place(r.Path, path), r.Close()); err != nil {
				t.Fatal(err)
			}
			if got := allOf(t, path); !reflect.DeepEqual(got.Records, want.Records) || got.Digest != want.Digest {
				t.Errorf("page %d: it has other records", at/size)
			}
			same++
			continue
		}
		refused++
		if is, _ := os.ReadFile(path); !bytes.Equal(is, bad) || !strings.Contains(err.Error(), path) {
			t.Errorf("page %d: %v; the file has changed: %v", at/size, err, !bytes.Equal(is, bad))
		}
		var unread *Unread
		if !errors.As(err, &unread) {
			continue // of what is said of the whole
		}
		r, err = Rebuild(path, RebuildOptions{LeaveOut: true})
		if err != nil { // the register of archives may need what is lost
			continue
		}
		s, err := Open(r.Path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		recs, _, _ := known(t, s)
		n := len(r.Lost) + len(slices.DeleteFunc(recs, func(r feeds.Record) bool { // what was listed may be listed anew
			_, is := r.Fact.(*feeds.Listed)
			return is
		}))
		for _, l := range r.Lost {
			if l.Key != "" && l.Key[0] == 'R' {
				n--
			}
		}
		if r.Lost[0].Key != "" && n != said {
			t.Errorf("page %d: %d records, those that were lost included, want %d", at/size, n, said)
		}
		if s.Verify() == nil {
			without++
		}
		if err := errors.Join(s.Close(), r.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if same < 10 || refused < 5 || without < 3 {
		t.Errorf("%d pages were made anew, %d refused, %d of them could be left out; want some of each", same, refused, without)
	}
}

func TestWhatOfTheJournalCannotBeReadIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*bbolt.Tx) error
		keys  []string
	}{
		"record":         {spoil(bucketLog, be(8), cutShort), []string{"Onorth/h"}},
		"record lost":    {func(tx *bbolt.Tx) error { return tx.Bucket(bucketLog).Delete(be(8)) }, []string{"Onorth/h"}},
		"lot":            {spoil(bucketContent, be(5), cutShort), []string{"Onorth/e", "Onorth/f", "Onorth/g", "Onorth/h"}},
		"features":       {spoil(bucketFeatures, be(8), cutShort), []string{"Onorth/h"}},
		"record altered": {spoil(bucketLog, be(21), func(v []byte) []byte { v[5]++; return v }), []string{""}},
		"and no index": {func(tx *bbolt.Tx) error {
			return errors.Join(spoil(bucketLog, be(8), cutShort)(tx), tx.DeleteBucket(bucketLatest))
		}, []string{""}},
	} {
		path := sample(t)
		change(t, path, c.fault)
		_, err := Rebuild(path, RebuildOptions{})
		var unread *Unread
		if !errors.As(err, &unread) || !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lost := rebuilt(t, path, RebuildOptions{LeaveOut: true})
		var keys []string
		for _, l := range lost {
			keys = append(keys, l.Key)
			if want := feeds.SourceID("north"); l.Key != "" && l.Source() != want || l.Error() == "" {
				t.Errorf("%s: %v is of %q", name, l, l.Source())
			}
		}
		if !slices.Equal(keys, c.keys) || len(unread.Lost) != len(lost) {
			t.Errorf("%s: lost %q, want %q", name, keys, c.keys)
		}
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Append(context.Background(), time.Unix(9, 0), statementNo(7), statementNo(22)); err != nil { // it comes again
			t.Errorf("%s: %v", name, err)
		}
		if err := errors.Join(s.Verify(), s.Close()); err != nil {
			t.Errorf("%s: after it came again: %v", name, err)
		}
	}
}

func TestRebuildRefusesClearly(t *testing.T) {
	path := sample(t)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(path, RebuildOptions{}); !errors.Is(err, ErrInUse) {
		t.Errorf("while a daemon has it: %v", err)
	}
	s.Close()
	r, err := Rebuild(path, RebuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Rebuild(oldFile(t, 2), RebuildOptions{}); err == nil || !strings.Contains(err.Error(), "older program") {
		t.Errorf("a file of an older format: %v", err)
	}
	change(t, path, spoil(bucketMeta, stateKey, cutShort))
	if _, err := Rebuild(path, RebuildOptions{LeaveOut: true}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("without what is said of the whole: %v", err)
	}
	if _, err := Rebuild(filepath.Join(t.TempDir(), "none.db"), RebuildOptions{}); err == nil {
		t.Error("a file that is not there was rebuilt")
	}
}

// A rebuild that is killed leaves the old file, and stands in nobody's way.
func TestAKilledRebuildLeavesTheOldFile(t *testing.T) {
	n := rebuildBatch
	rebuildBatch = 20
	defer func() { rebuildBatch = n }()
	if path := os.Getenv("REBUILD"); path != "" { // the process that is killed
		at := os.Getenv("REBUILD_AT")
		_, err := Rebuild(path, RebuildOptions{Progress: func(done, total int) {
			if at == "first" || done > total/2 {
				fmt.Println("here")
				_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
			}
		}})
		t.Fatal(err)
	}
	path := aged(t)
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"first", "derived"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAKilledRebuildLeavesTheOldFile$")
		cmd.Env = append(os.Environ(), "REBUILD="+path, "REBUILD_AT="+at)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 4)
		if _, err := out.Read(said); err != nil || string(said) != "here" {
			t.Errorf("%s: it says %q, %v", at, said, err)
		}
		if _, err := Rebuild(path, RebuildOptions{}); !errors.Is(err, ErrInUse) {
			t.Errorf("%s: a second one beside it: %v", at, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		if is, err := os.ReadFile(path); err != nil || !bytes.Equal(is, want) {
			t.Errorf("%s: the old file has changed (%v)", at, err)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), ".communique.db.rebuild")); err != nil {
			t.Errorf("%s: it was not killed in the middle: %v", at, err)
		}
	}
	told := allOf(t, path)
	rebuilt(t, path, RebuildOptions{})
	if got := allOf(t, path); !reflect.DeepEqual(got, told) {
		t.Errorf("after it: %+v, want %+v", got, told)
	}
}

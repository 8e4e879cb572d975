package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"communique/feeds"
)

// alike is an item whose content is like that of others of its source.
func alike(n, revision int) *feeds.Observed {
	at := time.Date(2026, 5, 1, 10, 0, n, 0, time.UTC)
	return &feeds.Observed{
		Item: feeds.ItemKey(fmt.Sprintf("north/%d", n)), Statement: feeds.StatementID(fmt.Sprintf("statement%d", n)), FirstSeen: at, Order: at, Changed: at,
		Relation: feeds.IsOrigin, Revision: revision,
		Copy: feeds.Copy{Source: "north", Language: "en", Title: fmt.Sprintf("Title %d", n),
			Content: strings.Repeat("<p>what all of them say</p>", 20) + fmt.Sprintf("<p>item %d, told %d times</p>", n, revision)},
	}
}

func openNew(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "communique.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return s
}

// lots gives how many lots there are, and the contents in them.
func lots(t *testing.T, s *Store) (lots, contents int) {
	t.Helper()
	if err := s.view(func(tb *tables) (err error) {
		lots = size(tb.content)
		contents, err = tb.contents()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return lots, contents
}

func TestContentsThatComeTogetherArePackedTogether(t *testing.T) {
	s := openNew(t)
	say := func(wantLots, wantContents int, said ...feeds.Fact) {
		t.Helper()
		if _, err := s.Append(context.Background(), time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC), said...); err != nil {
			t.Fatal(err)
		}
		if l, c := lots(t, s); l != wantLots || c != wantContents {
			t.Errorf("%d contents in %d lots, want %d in %d", c, l, wantContents, wantLots)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
	}
	var first []feeds.Fact
	for n := range 10 {
		first = append(first, alike(n, 1))
	}
	say(3, 10, first...)
	say(4, 10, alike(1, 2), alike(6, 2))                             // out of two lots, into one of their own
	say(4, 10, alike(0, 2), alike(2, 2), alike(3, 2))                // nothing is left of the first lot
	say(4, 10, alike(4, 1), alike(5, 1))                             // nothing new: neither is written
	say(5, 11, alike(20, 1), alike(1, 3), alike(20, 2), alike(1, 1)) // twice in one transaction: the first is never written
	for n, told := range map[int]int{0: 2, 1: 1, 6: 2, 7: 1, 20: 2} {
		got, _, err := s.Observed(alike(n, told).Item)
		if want := alike(n, told).Copy.Content; err != nil || got.Copy.Content != want {
			t.Errorf("item %d has %q, want %q, %v", n, got.Copy.Content, want, err)
		}
	}
}

// Whatever the order in which another journal's records come, contents are found
// under their numbers.
func TestContentsOfRecordsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var recs []feeds.Record
	for seq := 1; seq <= 60; seq++ {
		recs = append(recs, feeds.Record{Seq: uint64(seq), At: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC), Fact: alike(r.IntN(25), seq)})
	}
	want := openNew(t)
	if err := want.Apply(recs); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		s := openNew(t)
		shuffled := append([]feeds.Record(nil), recs...)
		r.Shuffle(len(shuffled), func(i, j int) {
			if r.IntN(3) > 0 { // so that some neighbours stay
				shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
			}
		})
		for len(shuffled) > 0 {
			n := min(1+r.IntN(20), len(shuffled))
			if err := s.Apply(shuffled[:n]); err != nil {
				t.Fatal(err)
			}
			shuffled = shuffled[n:]
		}
		if s.Digest() != want.Digest() {
			t.Errorf("digest %s, want %s", s.Digest(), want.Digest())
		}
	}
}

func TestLotThatIsDamagedIsSaid(t *testing.T) {
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	packed := p.packLot([][]byte{[]byte("one"), nil, []byte("three")})
	if contents, _, err := p.unpackLot(nil, packed); err != nil || string(contents[0]) != "one" || contents[1] != nil || string(contents[2]) != "three" {
		t.Errorf("got %q, %v", contents, err)
	}
	for n := range packed {
		if contents, _, err := p.unpackLot(nil, packed[:n]); err == nil {
			t.Errorf("cut at %d: got %q", n, contents)
		}
	}
	longer, newer := append([]byte(nil), packed...), append([]byte(nil), packed...)
	longer[2]++
	newer[0] = 3
	for _, b := range [][]byte{longer, newer} {
		if contents, _, err := p.unpackLot(nil, b); err == nil {
			t.Errorf("got %q", contents)
		}
	}
}

// TestContentsBesideThoseThatAreTakenAway takes so many away at once that whole
// pages of the file are empty until the transaction ends, and reads the others in it.
func TestContentsBesideThoseThatAreTakenAway(t *testing.T) {
	s := openNew(t)
	random := rand.New(rand.NewPCG(3, 4))
	const items = 600
	var facts []feeds.Fact
	for n := range items {
		o := alike(n, 1)
		noise := make([]byte, 1000)
		for i := range noise {
			noise[i] = 'a' + byte(random.UintN(26)) // packs badly: fills pages
		}
		o.Copy.Content += "<p>" + string(noise) + "</p>"
		facts = append(facts, o)
	}
	if _, err := s.Append(t.Context(), time.Now(), facts...); err != nil {
		t.Fatal(err)
	}
	rolledBack := errors.New("only tried")
	err := s.db().Update(func(tx *bbolt.Tx) error {
		b, err := s.newBatch(tx)
		if err != nil {
			return err
		}
		first, _ := b.lotOf(items / 4)
		from, to := first+2, uint64(items*3/4) // a lot of four ends before what is empty
		for n := uint64(from); n < to; n++ {
			b.dropContent(n)
		}
		if err := b.writeContents(); err != nil {
			return err
		}
		for n := uint64(1); n <= items; n++ {
			b.opened = opened{} // or the lot would be remembered
			content, err := b.contentAt(s.packer, n)
			if err != nil {
				return err
			}
			if gone := from <= n && n < to; gone != (content == nil) {
				t.Errorf("content %d: %d octets, and taken away: %v", n, len(content), gone)
			}
		}
		return rolledBack
	})
	if !errors.Is(err, rolledBack) {
		t.Fatal(err)
	}
}

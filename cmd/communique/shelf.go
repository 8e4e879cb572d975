package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"communique/aggregator/dedup"
	"communique/feeds"
)

// shelf holds what `classify` has placed, as the store does for the daemon. The
// bulk of it lies in a file that nobody else sees, so that memory stays small.
type shelf struct {
	file  *os.File
	size  int64
	items []shelved
	at    map[feeds.ItemKey]uint32                // place in items
	first map[feeds.Key]uint32                    // first of the entries under a key, plus one
	more  []entry                                 // chains of entries
	into  map[feeds.StatementID]feeds.StatementID // joined statements
}

// shelved is one item on the shelf.
type shelved struct {
	statement feeds.StatementID
	id        string // of the document
	at        int64  // of its record in the file
	size      int32
	seen      int64
}

type entry struct{ item, next uint32 }

// record is what lies in the file.
type record struct {
	Item      feeds.ItemKey
	GUID      string
	Link      string
	Title     string
	Published time.Time
	Language  string
	Text      feeds.TextView
}

func newShelf() (*shelf, error) {
	f, err := hiddenFile()
	if err != nil {
		return nil, err
	}
	return &shelf{file: f, at: map[feeds.ItemKey]uint32{}, first: map[feeds.Key]uint32{}, into: map[feeds.StatementID]feeds.StatementID{}}, nil
}

// hiddenFile gives a file for what memory should not hold. It is gone from its
// folder at once, and freed when the process ends, however it does.
func hiddenFile() (*os.File, error) {
	f, err := os.CreateTemp("", "communique-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s *shelf) Close() error { return s.file.Close() }

// put lays a placed document down.
func (s *shelf) put(id string, d *feeds.Draft, p *dedup.Placement, at time.Time) error {
	for _, loser := range p.Join {
		s.into[loser] = p.Statement
	}
	b, err := json.Marshal(record{p.Item, d.ID, d.Link, d.Title, d.Published, d.Language, d.Text})
	if err != nil {
		return err
	}
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return err
	}
	n := uint32(len(s.items))
	s.items = append(s.items, shelved{statement: p.Statement, id: id, at: s.size, size: int32(len(b)), seen: at.Unix()})
	s.size += int64(len(b))
	s.at[p.Item] = n
	for _, k := range p.Keys {
		s.more = append(s.more, entry{n, s.first[k]})
		s.first[k] = uint32(len(s.more))
	}
	return nil
}

// statement follows joins.
func (s *shelf) statement(id feeds.StatementID) feeds.StatementID {
	for {
		to, ok := s.into[id]
		if !ok {
			return id
		}
		id = to
	}
}

func (s *shelf) read(n uint32) (record, error) {
	it := s.items[n]
	b := make([]byte, it.size)
	var r record
	if _, err := s.file.ReadAt(b, it.at); err != nil && !errors.Is(err, io.EOF) {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// find is dedup.Options.Find.
func (s *shelf) find(keys []feeds.Key) (map[feeds.Key][]dedup.Known, error) {
	out := map[feeds.Key][]dedup.Known{}
	for _, k := range keys {
		var known []dedup.Known
		for e := s.first[k]; e != 0; e = s.more[e-1].next {
			n := s.more[e-1].item
			r, err := s.read(n)
			if err != nil {
				return nil, err
			}
			known = append([]dedup.Known{{Item: r.Item, Statement: s.statement(s.items[n].statement), FirstSeen: time.Unix(s.items[n].seen, 0).UTC(),
				GUID: r.GUID, Link: r.Link, Title: r.Title, Published: r.Published, Language: r.Language}}, known...)
		}
		if known != nil {
			out[k] = known
		}
	}
	return out, nil
}

// text is dedup.Options.Text.
func (s *shelf) text(item feeds.ItemKey) (string, feeds.TextView, bool, error) {
	n, ok := s.at[item]
	if !ok {
		return "", feeds.TextView{}, false, nil
	}
	r, err := s.read(n)
	return r.Language, r.Text, err == nil, err
}

// id gives the document that an item is; "" for none.
func (s *shelf) id(item feeds.ItemKey) string {
	if n, ok := s.at[item]; ok && item != "" {
		return s.items[n].id
	}
	return ""
}

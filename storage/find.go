package storage

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"communique/feeds"
)

// wanted are the parts of a record that a reader asks for. What stands in the
// others is empty.
type wanted uint8

const (
	withContent wanted = 1 << iota
	withFeatures

	rowOnly    wanted = 0
	everything        = withContent | withFeatures
)

// fact reads the latest record of a fact key; a nil fact when there is none.
func (s *Store) fact(t *tables, key string, want wanted) (feeds.Fact, error) {
	held := t.latest.Get([]byte(key))
	if held == nil {
		return nil, nil
	}
	return s.factAt(t, binary.BigEndian.Uint64(held), want)
}

// factAt reads the record with the number.
func (s *Store) factAt(t *tables, seq uint64, want wanted) (feeds.Fact, error) {
	row, err := t.logRow(seq)
	if err != nil {
		return nil, err
	}
	f, err := s.read(t, row, want)
	if err != nil {
		return nil, unread(err, "record %d", seq)
	}
	return f, nil
}

// read decodes a row with the wanted parts.
func (s *Store) read(t *tables, row logRow, want wanted) (feeds.Fact, error) {
	var (
		content, features []byte
		err               error
	)
	if want&withContent != 0 {
		if content, err = s.content(t, row); err != nil {
			return nil, err
		}
	}
	if want&withFeatures != 0 {
		if features, err = t.featuresOf(row); err != nil {
			return nil, err
		}
	}
	return row.fact(content, features)
}

// featuresOf gives a row's features, which share the file's memory; nil when it
// has none.
func (t *tables) featuresOf(row logRow) ([]byte, error) {
	if row.features.number == 0 {
		return nil, nil
	}
	b := t.features.Get(be(row.features.number))
	if b == nil {
		return nil, fmt.Errorf("features %d are missing", row.features.number)
	}
	return b, nil
}

// content unpacks a row's content; nil when it has none.
func (s *Store) content(t *tables, row logRow) ([]byte, error) {
	if row.content.number == 0 {
		return nil, nil
	}
	content, err := t.contentAt(s.packer, row.content.number)
	if err != nil {
		return nil, fmt.Errorf("content %d: %w", row.content.number, err)
	}
	if content == nil {
		return nil, fmt.Errorf("content %d is missing", row.content.number)
	}
	return content, nil
}

// Fetched gives what was said of the last visit to a source; false when it was
// never visited.
func (s *Store) Fetched(id feeds.SourceID) (feeds.Fetched, bool, error) {
	var out *feeds.Fetched
	err := s.viewFacts(func(t *tables) error {
		f, err := s.fact(t, (&feeds.Fetched{Source: id}).Key(), rowOnly)
		out, _ = f.(*feeds.Fetched)
		return err
	})
	if err != nil || out == nil {
		return feeds.Fetched{}, false, err
	}
	return *out, true, nil
}

// VisitedSince gives the last visits of sources that were told behind the given
// number, and the number up to which it has looked: go on from there while that is
// below Position. What cannot be read is left out (see Damaged).
func (s *Store) VisitedSince(after uint64) (visits []feeds.Fetched, upTo uint64, err error) {
	known := s.Position()
	err = s.viewFacts(func(t *tables) error {
		upTo = max(known, after)
		c, n := t.log.Cursor(), 0
		for k, v := c.Seek(be(after + 1)); k != nil; k, v = c.Next() {
			seq := binary.BigEndian.Uint64(k)
			if seq > upTo {
				return nil
			}
			if n++; n > changesScan {
				upTo = seq - 1
				return nil
			}
			row, err := parseLogRow(v)
			if err == nil && row.kind == kindFetched {
				var f feeds.Fact
				if f, err = row.fact(nil, nil); err == nil {
					visits = append(visits, *f.(*feeds.Fetched))
				}
			}
			if err != nil {
				if err := s.leave(unread(err, "record %d", seq)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, after, fmt.Errorf("visits after %d: %w", after, err)
	}
	return visits, upTo, nil
}

// Visit is Fetched for those who tell how a source does: of a last visit that
// cannot be read it gives no more than that.
func (s *Store) Visit(id feeds.SourceID) (feeds.Fetched, bool, error) {
	f, visited, err := s.Fetched(id)
	if errors.Is(err, ErrDamaged) {
		return *unknownVisit(id, err), true, nil
	}
	return f, visited, err
}

// unknownVisit stands for a last visit that cannot be read.
func unknownVisit(id feeds.SourceID, err error) *feeds.Fetched {
	return &feeds.Fetched{Source: id, Failures: 1, Class: feeds.StoreFault, Error: fmt.Sprint(err)}
}

// AllFetched gives the last visit to every source that ever was visited, by
// source, as Visit does.
func (s *Store) AllFetched() ([]feeds.Fetched, error) {
	var out []feeds.Fetched
	err := s.EachFetched(func(f *feeds.Fetched) { out = append(out, *f) })
	return out, err
}

// EachFetched calls fn with the last visit to every source that ever was visited,
// by source, as Visit gives it.
func (s *Store) EachFetched(fn func(*feeds.Fetched)) error {
	return s.view(func(t *tables) error {
		c := t.latest.Cursor()
		for k, v := c.Seek([]byte{kindFetched}); len(k) > 0 && k[0] == kindFetched; k, v = c.Next() {
			f, err := s.factAt(t, binary.BigEndian.Uint64(v), rowOnly)
			if f, ok := f.(*feeds.Fetched); ok && err == nil {
				fn(f)
				continue
			}
			id := feeds.SourceID(k[len((&feeds.Fetched{}).Key()):])
			if f := unknownVisit(id, err); s.leave(err) == nil {
				fn(f)
			} else {
				return err
			}
		}
		return nil
	})
}

// Observed gives an item as it was last observed; false when it never was or
// is gone.
func (s *Store) Observed(k feeds.ItemKey) (feeds.Observed, bool, error) {
	var out *feeds.Observed
	err := s.viewFacts(func(t *tables) error {
		f, err := s.fact(t, (&feeds.Observed{Item: k}).Key(), everything)
		out, _ = f.(*feeds.Observed)
		return err
	})
	if err != nil || out == nil {
		return feeds.Observed{}, false, err
	}
	return *out, true, nil
}

// Find gives the items that the keys lead to, gone ones included: for each
// key, in the order of the first mention, the oldest item first.
func (s *Store) Find(keys []feeds.Key) ([]Found, error) {
	var out []Found
	err := s.view(func(t *tables) error {
		// In the order of the bucket, each page is looked up while it is warm.
		sorted := slices.Clone(keys)
		slices.SortFunc(sorted, compareKeys)
		sorted = slices.Compact(sorted)
		var (
			cursor = t.keys.large.Cursor()
			prefix []byte
		)
		for _, key := range sorted {
			prefix = appendKey(prefix[:0], key)
			err := t.keys.withPrefix(cursor, prefix, func(number []byte) error {
				found, err := t.found(key, binary.BigEndian.Uint32(number))
				out = append(out, found...)
				return err
			})
			if err != nil {
				return fmt.Errorf("find %c%016x: %w", key.Kind, key.Hash, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(out) > 1 {
		rank := make(map[feeds.Key]int, len(keys))
		for i, k := range keys {
			if _, ok := rank[k]; !ok {
				rank[k] = i
			}
		}
		slices.SortFunc(out, func(a, b Found) int {
			return cmp.Or(cmp.Compare(rank[a.Key], rank[b.Key]), a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.Item, b.Item))
		})
	}
	return out, nil
}

func compareKeys(a, b feeds.Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Hash, b.Hash))
}

// found gives the items of a row that have the key.
func (t *tables) found(key feeds.Key, number uint32) ([]Found, error) {
	r, root, err := t.rootAt(number)
	if err != nil {
		return nil, err
	}
	var out []Found
	for i := range r.items {
		if it := &r.items[i]; slices.Contains(it.keys, key) {
			out = append(out, Found{Key: key, Item: it.key, Statement: root.id, FirstSeen: it.firstSeen.time()})
		}
	}
	return out, nil
}

// byKind puts what is known of a term where terms of its kind are.
func byKind[T any](term string, v T, tags map[feeds.Tag]T, sources map[feeds.SourceID]T, languages map[string]T) {
	switch name := term[1:]; term[0] {
	case termTag:
		if tag, ok := feeds.ParseTag(name); ok {
			tags[tag] = v
		}
	case termSource:
		sources[feeds.SourceID(name)] = v
	case termLanguage:
		languages[name] = v
	}
}

// HadLanguage reports whether there ever was a published statement in a language:
// also when all of them were withdrawn, where Counts knows of none.
func (s *Store) HadLanguage(tag string) (had bool, err error) {
	err = s.view(func(t *tables) error {
		had = t.terms.Get([]byte(languageTerm(tag))) != nil
		return nil
	})
	return had, err
}

// Counts gives how many published statements carry each tag, language and
// source.
func (s *Store) Counts() (Counts, error) {
	out := Counts{Tags: map[feeds.Tag]Count{}, Languages: map[string]Count{}, Sources: map[feeds.SourceID]Count{}}
	err := s.view(func(t *tables) error {
		st, err := decodeState(t.meta.Get(stateKey))
		if err != nil {
			return err
		}
		_, newest := t.count(allTerm)
		out.All = Count{Statements: st.statements, Newest: newest.time()}
		c := t.terms.Cursor()
		for term, number := c.First(); term != nil; term, number = c.Next() {
			if len(number) != 4 {
				if err := t.leave(unread(errors.New("its number is damaged"), "the term %q", term)); err != nil {
					return err
				}
				continue
			}
			count, newest := t.count(binary.BigEndian.Uint32(number))
			if count == 0 {
				continue
			}
			byKind(string(term), Count{Statements: count, Newest: newest.time()}, out.Tags, out.Sources, out.Languages)
		}
		return nil
	})
	return out, err
}

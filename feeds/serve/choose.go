package serve

import (
	"cmp"

	"communique/feeds"
	"communique/feeds/render"
	"communique/internal/recent"
	"communique/storage"
)

const (
	// usualLimit is how many entries a feed has that does not say.
	usualLimit = 50
	// maxShared is how many statements are looked at to fill a feed in which
	// each source has a share only.
	maxShared = 2000
)

// choose gives the statements of a feed in its order, no more of one source than
// its share. Beyond 2,000 that were looked at, a feed stays as short as it is.
func (s *Server) choose(f feeds.Feed) (storage.Page, error) {
	limit := cmp.Or(f.Query.Limit, usualLimit)
	most := f.Share.Of(limit)
	q := f.Query
	read := s.o.Store.Select
	if f.Order == feeds.ByUpdate {
		read = s.o.Store.Latest
		if most < limit {
			q.Limit = maxShared // of this order there is one page only
		}
	}
	if most >= limit {
		return read(q)
	}
	languages := render.Languages(f)
	count := map[feeds.SourceID]int{}
	var out storage.Page
	for looked := 0; ; {
		page, err := read(q)
		if err != nil {
			return out, err
		}
		for part := page.Heads; len(part) > 0; {
			n := min(len(part), limit)
			owners, err := s.owners(part[:n], languages)
			if err != nil {
				return out, err
			}
			for i, h := range part[:n] {
				if len(out.Heads) == limit {
					out.More = f.Order == feeds.ByOrder
					return out, nil
				}
				out.Next = feeds.Cursor{Order: h.Order, ID: h.ID}
				if owner := owners[i]; count[owner] < most {
					count[owner]++
					out.Heads = append(out.Heads, h)
				}
			}
			part = part[n:]
		}
		looked += max(len(page.Heads), 1)
		if !page.More || looked >= maxShared {
			out.More = page.More
			return out, nil
		}
		q.After = page.Next
	}
}

// owners gives the source whose copy of each statement is shown to readers of
// the languages; "" for one that is gone.
func (s *Server) owners(heads []storage.Head, languages []string) ([]feeds.SourceID, error) {
	out := make([]feeds.SourceID, len(heads))
	key := ownerKey{}
	for _, l := range languages {
		key.languages += l + ","
	}
	var missing []feeds.StatementID
	for i, h := range heads {
		key.id, key.seq = h.ID, h.Seq
		var held bool
		if out[i], held = s.shown.Get(key); !held {
			missing = append(missing, h.ID)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	sts, err := s.o.Store.Statements(missing...)
	if err != nil {
		return nil, err
	}
	fresh := make(map[feeds.StatementID]feeds.SourceID, len(sts))
	for i := range sts {
		st := &sts[i]
		owner := st.Lead(languages...).Source
		fresh[st.ID] = owner
		key.id, key.seq = st.ID, st.Seq
		s.shown.Put(key, owner)
	}
	for i, h := range heads {
		if out[i] == "" {
			out[i] = fresh[h.ID]
		}
	}
	return out, nil
}

// ownerCache remembers whose copy of a statement is shown.
type ownerCache = recent.Map[ownerKey, feeds.SourceID]

type ownerKey struct {
	id        feeds.StatementID
	seq       uint64
	languages string
}

const maxOwners = 10_000 // of a generation

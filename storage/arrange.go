package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"communique/feeds"
)

// The newest statements are what readers ask for. As they come, they take the last
// slots of the index, so the last segment or two have them all. But who brings many
// archives at once brings them office by office: then each segment has a few of the
// newest, and a selection has to open all of them. Arrange mends that.
//
// maxSpread is how many segments the newest segmentSize statements may lie in. Two
// hold them when they are in order; of the other two some may have come late.
var maxSpread = 4

// arrangeBatch is how many statements a transaction of Arrange takes, few enough
// that whoever has something to say meanwhile does not wait for long.
const arrangeBatch = 8

// Arrange gives the newest 4,096 statements new slots, one behind the other, when
// more than four segments of the index have some of them, and tells how many it
// moved. What was said stays as it is, and so does what anybody selects; it takes
// less time. What cannot be read stays where it is. Between two transactions it calls
// step, nil for nothing, and ends with its error. Broken off, it may begin again.
//
// After it 8,192 further statements have to come before there can be as many
// segments again, so it costs each half a slot at most.
func (s *Store) Arrange(ctx context.Context, step func() error) (moved int, err error) {
	var rows []uint32
	err = s.view(func(t *tables) error {
		rows, err = t.scattered()
		return err
	})
	if err != nil {
		return 0, err
	}
	for lot := range slices.Chunk(rows, arrangeBatch) {
		if moved > 0 && step != nil {
			if err := step(); err != nil {
				return moved, err
			}
		}
		n, err := s.moveAll(ctx, lot)
		if moved += n; err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// moveAll gives the statements of rows other slots, and tells how many got one. Those
// that cannot be read stay where they are.
func (s *Store) moveAll(ctx context.Context, rows []uint32) (int, error) {
	_, err := s.submit(ctx, &request{move: rows})
	if !errors.Is(err, ErrDamaged) {
		if err != nil {
			return 0, err
		}
		return len(rows), nil
	}
	if len(rows) == 1 {
		return 0, nil // it was told of
	}
	moved := 0
	for i := range rows {
		n, err := s.moveAll(ctx, rows[i:i+1])
		if moved += n; err != nil {
			return moved, err
		}
	}
	return moved, nil
}

// scattered gives the rows of the newest segmentSize statements, newest first, when
// they lie in too many segments.
func (t *tables) scattered() ([]uint32, error) {
	c, ok, err := t.condition(&feeds.Query{})
	if err != nil || !ok {
		return nil, err
	}
	m, err := t.merge(c, nil)
	if err != nil || len(m.segments) <= maxSpread {
		return nil, err
	}
	rows, segments := make([]uint32, 0, segmentSize), map[uint32]bool{}
	for len(rows) < segmentSize {
		at, err := m.next()
		if err != nil {
			return nil, err
		}
		if at == nil {
			break
		}
		rows = append(rows, at.row(at.rank(at.at)))
		segments[at.number] = true
	}
	if len(segments) <= maxSpread {
		return nil, nil
	}
	return rows, nil
}

// move gives the statement of a row the next slot, if it still is published.
func (b *batch) move(number uint32) error {
	if b.rows.Get(binary.BigEndian.AppendUint32(nil, number)) == nil {
		return nil // it was taken out
	}
	said, err := b.rowAt(number)
	if err != nil {
		return err
	}
	r, err := b.p.change(said.id)
	if err == nil {
		r.moves = true
	}
	return err
}
